"""Several processes at one store at the same moment: nothing lost, nothing doubled or overspent."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from crmkit.storage import Store
from crmkit.storage.sqlite import SqliteStore
from tests.reliability import Check, Outcome, Size, control
from tests.storage import workers
from tests.storage.sqlite_files import ACCOUNTS, Account, new_file, points_in
from tests.storage.workers import BANK, PRICE, TOTAL, Job, Opener, held, open_file, wallets


def at_once(
    target: Callable[[Job], Any], opener: Opener, address: str, processes: int, times: int
) -> list[Any]:
    """Let processes do something together, and gather what each of them returns.

    :raises AssertionError: if one of them failed.
    """
    context = multiprocessing.get_context("spawn")
    start, results = context.Barrier(processes), context.SimpleQueue()
    jobs = [Job(opener, address, number, times, start) for number in range(processes)]
    crowd = [context.Process(target=_report, args=(target, job, results)) for job in jobs]
    for each in crowd:
        each.start()
    for each in crowd:
        each.join()
    assert [each.exitcode for each in crowd] == [0] * processes
    return [results.get() for _ in crowd]


def _report(target: Callable[[Job], Any], job: Job, results: Any) -> None:
    results.put(target(job))


def add_all(store: Store, accounts: Iterable[Account]) -> None:
    with store.unit_of_work() as unit:
        for account in accounts:
            unit.repository(ACCOUNTS).add(account)
        unit.commit()


# --- many on one record ---------------------------------------------------------------------------


def crowd(processes: int, times: int, opener: Opener = open_file) -> Outcome:
    """Many processes earn points on one account, every fifth command twice."""
    with TemporaryDirectory() as folder:
        path = new_file(Path(folder) / "shop.crmkit")
        with opener(str(path)):  # A file changes over to another journal for one process alone.
            pass
        conflicts = sum(at_once(workers.earn_with_care, opener, str(path), processes, times))
        with SqliteStore.open(path) as store:
            found = points_in(store)
    asked = processes * times
    return Outcome(
        promise="many processes on one record: nothing lost, nothing done twice",
        cases=asked,
        failures=abs(asked - found),
        figure=f"{processes} processes, {asked} commands and every fifth twice, {found} kept; "
        f"{conflicts} conflicts",
    )


def careless_crowd(processes: int, times: int) -> Outcome:
    """The same without a look at the version."""
    with TemporaryDirectory() as folder:
        path = new_file(Path(folder) / "shop.crmkit")
        at_once(workers.earn_carelessly, open_file, str(path), processes, times)
        with SqliteStore.open(path) as store, store.unit_of_work() as unit:
            found = unit.repository(ACCOUNTS).get("a").record.points
    asked = processes * times
    return Outcome(
        promise="many processes write on top of whatever is there",
        cases=asked,
        failures=asked - found if asked - found > asked / 10 else 0,
        figure=f"{(asked - found) / asked:.0%} of {asked} updates lost",
    )


# --- two wallets ----------------------------------------------------------------------------------


def overspent(races: int, spend: Callable[[Job], int] = workers.spend_with_care) -> Outcome:
    """Two processes spend out of two wallets that hold enough for one of them."""
    with TemporaryDirectory() as folder:
        path = str(Path(folder) / "shop.crmkit")
        with SqliteStore.open(path, create=True) as store:
            keys = [key for pair in range(races) for key in wallets(pair)]
            add_all(store, (Account(key, 60) for key in keys))
            spent = sum(at_once(spend, open_file, path, 2, races))
            with store.unit_of_work() as unit:
                left = [held(unit, pair) for pair in range(races)]
    return Outcome(
        promise="points over two wallets are never overspent",
        cases=races,
        failures=sum(each != 120 - PRICE for each in left),
        figure=f"{spent} of {2 * races} got their points in {races} races; "
        f"{sum(each < 0 for each in left)} overspent",
    )


# --- a bank ---------------------------------------------------------------------------------------


def bank(
    processes: int,
    times: int,
    work: Callable[[Job], tuple[int, int]] = workers.transfer_or_read,
) -> Outcome:
    """Points are moved among accounts while others read: every read sums to the total."""
    with TemporaryDirectory() as folder:
        path = str(Path(folder) / "shop.crmkit")
        with SqliteStore.open(path, create=True) as store:
            add_all(store, (Account(key, TOTAL // len(BANK)) for key in BANK))
            found = at_once(work, open_file, path, processes, times)
    reads, wrong = (sum(each) for each in zip(*found, strict=True))
    return Outcome(
        promise="whoever reads while points are moved sees every point once",
        cases=reads,
        failures=wrong,
        figure=f"{wrong} of {reads} reads saw another total than {TOTAL}",
    )


# --- the checks -----------------------------------------------------------------------------------


def nothing_lost(size: Size) -> Outcome:
    return crowd(*size.of((3, 25), (8, 250), (8, 250)))


def nothing_lost_without_wal(size: Size) -> Outcome:
    return crowd(*size.of((3, 25), (4, 100), (8, 250)), opener=workers.open_file_without_wal)


def lost_without_versions(size: Size) -> Outcome:
    return control(careless_crowd(*size.of((4, 50), (8, 250), (8, 250))))


def never_overspent(size: Size) -> Outcome:
    return overspent(size.of(50, 300, 1_000))


def overspent_without_looking_at_both(size: Size) -> Outcome:
    return control(overspent(size.of(50, 100, 100), workers.spend_carelessly))


def every_point_once(size: Size) -> Outcome:
    return bank(4, size.of(100, 500, 2_500))


def torn_reads(size: Size) -> Outcome:
    return control(bank(4, size.of(200, 500, 500), workers.transfer_or_read_carelessly))


CHECKS: tuple[Check, ...] = (
    *(nothing_lost, nothing_lost_without_wal, lost_without_versions),
    *(never_overspent, overspent_without_looking_at_both),
    *(every_point_once, torn_reads),
)
