"""Processes that are killed in the middle of what they do, and what they leave behind."""

from __future__ import annotations

import os
import random
import select as polling
import shutil
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

from crmkit.errors import StoreError
from crmkit.storage import Store
from crmkit.storage.sqlite import SqliteStore
from crmkit.storage.sqlite.file import Journal
from tests.reliability import Check, Outcome, Size, control
from tests.storage.fault_points import Fault, Shop
from tests.storage.sqlite_files import (
    ACCOUNTS,
    LEDGER,
    Account,
    Connecting,
    Earned,
    carry_out,
    folder_in_memory,
    new_file,
    points_in,
)
from tests.storage.use_cases import USE_CASES, UseCase

SEED = 4711
FRESH = 20
"""After so many kills a new file is begun: what is looked through each time stays short."""


def fork(act: Callable[[], object]) -> int:
    """Do something in a child, which never comes back from it; returns its number."""
    child = os.fork()
    if child:
        return child
    try:
        act()
    finally:
        os._exit(0)


def is_killed(child: int) -> bool:
    """Wait for the end of a child, and say whether it was killed."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


# --- while it commits -----------------------------------------------------------------------------


def kill_after(
    seconds: float,
    path: Path,
    command: Callable[[Store, int], int],
    before: int,
    journal: Journal,
) -> int:
    """Let a child count on and kill it; returns the last number that it acknowledged."""
    reading, writing = os.pipe()

    def act() -> None:
        with SqliteStore.open(path, journal=journal) as store:
            for number in range(before + 1, before + 100_000):
                os.write(writing, f"{command(store, number)}\n".encode())

    child = fork(act)
    os.close(writing)
    polling.select([reading], [], [], 30)  # It has begun: the first commit is done.
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    assert is_killed(child)
    with os.fdopen(reading) as acknowledgements:
        return int(acknowledgements.read().split()[-1])


def in_one_unit(store: Store, number: int) -> int:
    """A command that writes a record, its index, an entry, a snapshot, a message, an answer."""
    return int(carry_out(store, f"{number}"))


def in_two_units(store: Store, number: int) -> int:
    """The control: the record is kept in one unit, and its entry in another."""
    with store.unit_of_work() as unit:
        unit.repository(ACCOUNTS).replace(Account("a", number), number)
        unit.commit()
    with store.unit_of_work() as unit:
        unit.stream(LEDGER).append("a", [Earned()], number - 1)
        unit.commit()
    return number


def points_and_entries(store: SqliteStore) -> int:
    """How many points there are, if there are as many entries."""
    with store.unit_of_work() as unit:
        points = unit.repository(ACCOUNTS).get("a").record.points
        assert unit.stream(LEDGER).length("a") == points
    return points


def killed(
    times: int,
    command: Callable[[Store, int], int] = in_one_unit,
    count: Callable[[SqliteStore], int] = points_in,
    journal: Journal = "wal",
    seed: int = SEED,
) -> Outcome:
    """Kill a process that commits one thing after the other, at random moments.

    Whatever was acknowledged must be there, at most one commit more, and all of that one.
    """
    dice = random.Random(seed)
    commits, lost = 0, list[str]()
    with TemporaryDirectory() as folder:
        path, points = Path(), 0
        for number in range(times):
            if number % FRESH == 0 or lost:
                path, points = new_file(Path(folder) / f"{number}.crmkit"), 0
            acknowledged = kill_after(dice.uniform(0, 0.02), path, command, points, journal)
            commits += acknowledged - points
            try:
                with SqliteStore.open(path, journal=journal) as store:
                    points = count(store)
            except (StoreError, AssertionError) as error:
                lost.append(f"{type(error).__name__} after kill {number}")
                continue
            if points not in (acknowledged, acknowledged + 1):
                lost.append(f"{acknowledged} acknowledged, {points} there after kill {number}")
    return Outcome(
        promise=f"{journal}: after kill -9 an acknowledged commit is there, others wholly or not",
        cases=times,
        failures=len(lost),
        figure=f"{commits} commits acknowledged; " + ("; ".join(lost[:3]) or "none lost or halved"),
        seed=seed,
    )


# --- at every statement ---------------------------------------------------------------------------


def killed_at_every_statement(cases: Iterable[UseCase] = USE_CASES) -> Outcome:
    """Kill a process before the k-th statement of a use case, for every k there is."""
    points, wrong = 0, list[str]()
    for case in cases:
        with folder_in_memory() as folder:
            shop = Shop(case, Path(folder))
            at = 1
            while _dies_at(shop, at):
                points += 1
                found = shop.judged(failed=True) or _goes_on(shop)
                if found is not None:
                    wrong.append(f"{case.name}, statement {at}: {found}")
                at += 1
    return Outcome(
        promise="at whichever statement a process is killed, a use case has happened or it has not",
        cases=points,
        failures=len(wrong),
        figure="; ".join(wrong[:3]) or "each old or new, then new",
    )


def _dies_at(shop: Shop, at: int) -> bool:
    shop.begin()

    def act() -> None:
        fault = Fault(at, "killed")
        with mock.patch.object(sqlite3, "connect", Connecting(fault)):
            store = SqliteStore.open(shop.copy)
            fault.arm()
            shop.case.act(store)

    return is_killed(fork(act))


def _goes_on(shop: Shop) -> str | None:
    with SqliteStore.open(shop.copy) as store:
        shop.case.again(store)
    return shop.judged(failed=False)


# --- while it brings a file up to date ------------------------------------------------------------

GOLDEN = Path(__file__).parents[1] / "compat" / "v0.1" / "shop.crmkit"


def killed_in_a_step(times: int, seed: int = SEED) -> Outcome:
    """Kill a process that brings a file of version 0.1 up to date.

    Once before each statement of the opening, and then at random moments.
    """
    dice = random.Random(seed)
    with TemporaryDirectory() as folder:
        new = columns_of(_brought_up_to_date(Path(folder) / "new.crmkit"))
        left_at = Counter[str]()
        statements = 0
        while _die_while_opening(path := _old_file(folder, f"at-{statements}"), statements + 1):
            statements += 1
            left_at[_left_at(path, new)] += 1
        for number in range(times):
            path = _old_file(folder, f"{number}")
            _kill_while_opening(path, dice.uniform(0, 0.03))
            left_at[_left_at(path, new)] += 1
    return Outcome(
        promise="a step from one schema version to the next is killed: taken, or not taken",
        cases=statements + times,
        failures=left_at["half-way"],
        figure=", ".join(f"{count} {where}" for where, count in sorted(left_at.items())),
        seed=seed,
    )


def _left_at(path: Path, new: list[object]) -> str:
    """Where a file was left, if it opens from there and is as it should be then."""
    found = columns_of(path)
    with suppress(StoreError), SqliteStore.open(path) as store:
        store.verify()
    if found not in (columns_of(GOLDEN), new) or columns_of(path) != new:
        return "half-way"
    return "brought up to date" if found == new else "as before"


def _old_file(folder: str, name: str) -> Path:
    return Path(shutil.copy(GOLDEN, Path(folder) / f"{name}.crmkit"))


def _brought_up_to_date(path: Path) -> Path:
    shutil.copy(GOLDEN, path)
    SqliteStore.open(path).close()
    return path


def columns_of(path: Path) -> list[object]:
    """The version and the tables of a file, with their columns."""
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute("PRAGMA user_version").fetchall()
        return found + connection.execute("SELECT name, sql FROM sqlite_master").fetchall()


def _die_while_opening(path: Path, at: int) -> bool:
    def act() -> None:
        with mock.patch.object(sqlite3, "connect", Connecting(Fault(at, "killed", count=0))):
            SqliteStore.open(path).close()

    return is_killed(fork(act))


def _kill_while_opening(path: Path, seconds: float) -> None:
    reading, writing = os.pipe()

    def act() -> None:
        os.write(writing, b"go")
        SqliteStore.open(path)
        signal.pause()

    child = fork(act)
    os.read(reading, 2)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    assert is_killed(child)
    os.close(reading)
    os.close(writing)


# --- the checks -----------------------------------------------------------------------------------


def kills(size: Size) -> Outcome:
    return killed(size.of(36, 200, 1_000))


def kills_without_wal(size: Size) -> Outcome:
    return killed(size.of(36, 200, 1_000), journal="delete")


def kills_of_two_units(size: Size) -> Outcome:
    """The control: what is kept in two units is found half done."""
    return control(killed(size.of(20, 20, 100), in_two_units, points_and_entries))


def kills_in_a_step(size: Size) -> Outcome:
    return killed_in_a_step(size.of(20, 50, 200))


def kills_at_every_statement(size: Size) -> Outcome:
    return killed_at_every_statement(size.of(USE_CASES[1::9], USE_CASES[1::4], USE_CASES))


CHECKS: tuple[Check, ...] = (
    *(kills, kills_without_wal, kills_of_two_units),
    *(kills_at_every_statement, kills_in_a_step),
)
