"""What other processes do in the tests: they import no more than they need.

Each is handed a function that opens the store (one that can be sent to another process), where to
find it, and who it is; what it returns comes back to the test.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

from attrs import frozen

from crmkit.storage import Store, UnitOfWork
from crmkit.storage.retrying import retry
from crmkit.storage.sqlite import SqliteStore
from tests.storage.sqlite_files import ACCOUNTS, Account, earn

TOTAL = 500
"""What all accounts of the bank hold together."""
PRICE = 100
"""What is taken out of two wallets that hold 60 each: once, and not twice."""

Opener = Callable[[str], AbstractContextManager[Any]]


def open_file(address: str) -> SqliteStore:
    """Open a store file, patiently."""
    return SqliteStore.open(address, timeout=60)


def open_file_without_wal(address: str) -> SqliteStore:
    """The same on a file system without memory that processes share."""
    return SqliteStore.open(address, timeout=60, journal="delete")


@frozen
class Job:
    """Which store a process works on, as which one of them, how often, and when it begins."""

    opener: Opener
    address: str
    number: int
    times: int
    start: Any

    def opened(self) -> AbstractContextManager[Any]:
        return self.opener(self.address)

    def wait(self) -> None:
        """Wait for the others."""
        self.start.wait(120)


def again_and_again(store: Store, work: Callable[[UnitOfWork], object]) -> int:
    """Do some work until nobody is in the way; how often somebody was."""
    tried = 0

    def attempt(unit: UnitOfWork) -> None:
        nonlocal tried
        tried += 1
        work(unit)

    pause = timedelta(milliseconds=20)
    retry(store, attempt, attempts=100_000, deadline=timedelta(minutes=9), longest_pause=pause)
    return tried - 1


# --- many on one record ---------------------------------------------------------------------------


def earn_with_care(job: Job) -> int:
    """Earn points, deciding anew after each conflict; every fifth command comes twice."""
    conflicts = 0
    with job.opened() as store:
        job.wait()
        for number in range(job.times):
            command = f"process {job.number}, {number}"
            for _ in range(2 if number % 5 == 0 else 1):
                conflicts += again_and_again(store, lambda unit, it=command: earn(unit, it))  # type: ignore[misc]
    return conflicts


def earn_carelessly(job: Job) -> int:
    """Read in one unit of work and write in another, without looking whether it still holds."""
    with job.opened() as store:
        job.wait()
        for _ in range(job.times):
            with store.unit_of_work() as unit:
                points = unit.repository(ACCOUNTS).get("a").record.points

            def write(unit: UnitOfWork, points: int = points) -> None:
                accounts = unit.repository(ACCOUNTS)
                accounts.replace(Account("a", points + 1), accounts.get("a").version)

            again_and_again(store, write)
    return 0


# --- two wallets ----------------------------------------------------------------------------------


def wallets(pair: int) -> tuple[str, str]:
    return f"wallet {pair} a", f"wallet {pair} b"


def held(unit: UnitOfWork, pair: int) -> int:
    """What both wallets of a pair hold together."""
    return sum(unit.repository(ACCOUNTS).get(key).record.points for key in wallets(pair))


def take(unit: UnitOfWork, key: str) -> None:
    accounts = unit.repository(ACCOUNTS)
    stored = accounts.get(key)
    accounts.replace(Account(key, stored.record.points - PRICE), stored.version)


def spend_with_care(job: Job) -> int:
    """Spend out of one of two wallets if both together hold enough; how often it was enough."""
    spent = 0
    with job.opened() as store:
        for pair in range(job.times):
            key = wallets(pair)[job.number % 2]
            enough = False

            def work(unit: UnitOfWork, pair: int = pair, key: str = key) -> None:
                nonlocal enough
                enough = held(unit, pair) >= PRICE
                if enough:
                    take(unit, key)

            job.wait()
            again_and_again(store, work)
            spent += enough
    return spent


def spend_carelessly(job: Job) -> int:
    """Look at both wallets in one unit, and guard only one of them with the other."""
    spent = 0
    with job.opened() as store:
        for pair in range(job.times):
            key = wallets(pair)[job.number % 2]
            job.wait()
            with store.unit_of_work() as unit:
                enough = held(unit, pair) >= PRICE
            if enough:
                again_and_again(store, lambda unit, key=key: take(unit, key))  # type: ignore[misc]
            spent += enough
    return spent


# --- a bank ---------------------------------------------------------------------------------------

BANK = tuple(f"bank {number}" for number in range(5))


def transfer_or_read(job: Job) -> tuple[int, int]:
    """Half of the processes transfer, the others read: how many reads, and how many were wrong."""
    return _bank(job, _wrong_in_one_unit)


def transfer_or_read_carelessly(job: Job) -> tuple[int, int]:
    """The control: each account is read in a unit of its own."""
    return _bank(job, _wrong_in_many_units)


def _bank(job: Job, wrong: Callable[[Store], bool]) -> tuple[int, int]:
    with job.opened() as store:
        job.wait()
        if job.number % 2:
            return job.times, sum(wrong(store) for _ in range(job.times))
        for number in range(job.times):
            sender, to = BANK[number * 3 % 5], BANK[(number * 3 + 1 + job.number) % 5]
            again_and_again(store, lambda unit, pair=(sender, to): _transfer(unit, *pair))  # type: ignore[misc]
        return 0, 0


def _transfer(unit: UnitOfWork, sender: str, to: str) -> None:
    accounts = unit.repository(ACCOUNTS)
    gives, gets = accounts.get(sender), accounts.get(to)
    points = min(gives.record.points, 30)
    if sender != to:
        accounts.replace(Account(sender, gives.record.points - points), gives.version)
        accounts.replace(Account(to, gets.record.points + points), gets.version)


def _wrong_in_one_unit(store: Store) -> bool:
    with store.unit_of_work() as unit:
        one_by_one = [unit.repository(ACCOUNTS).get(key).record.points for key in BANK]
        page = [each.record.points for each in unit.repository(ACCOUNTS).page().items]
        found = unit.repository(ACCOUNTS).query("by-points").items
    listed = [each.record.points for each in found]
    sums = {sum(one_by_one), sum(page), sum(listed)}
    return sums != {TOTAL} or min(listed) < 0 or listed != sorted(listed)


def _wrong_in_many_units(store: Store) -> bool:
    points = 0
    for key in BANK:
        with store.unit_of_work() as unit:
            points += unit.repository(ACCOUNTS).get(key).record.points
    return points != TOTAL
