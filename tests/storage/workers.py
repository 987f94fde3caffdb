"""What other processes do in the tests: they import no more than they need."""

from __future__ import annotations

from typing import Any

from crmkit.storage import UnitOfWork, retry_on_conflict
from crmkit.storage.sqlite import SqliteStore
from tests.storage.sqlite_files import ACCOUNTS, Account, earn


def earn_with_care(path: str, name: str, times: int, start: Any) -> None:
    """Earn points, deciding anew after each conflict; every command comes twice."""
    with SqliteStore.open(path, timeout=30) as store:
        start.wait()
        for number in range(times):
            for _ in ("first", "again"):

                def work(unit: UnitOfWork, command: str = f"{name}-{number}") -> str:
                    return earn(unit, command)

                retry_on_conflict(store, work, attempts=1_000)


def earn_carelessly(path: str, name: str, times: int, start: Any) -> None:
    """Read in one unit of work and write in another, without looking whether it still holds."""
    with SqliteStore.open(path, timeout=30) as store:
        for _ in range(times):
            with store.unit_of_work() as unit:
                points = unit.repository(ACCOUNTS).get("a").record.points
            start.wait()

            def write(unit: UnitOfWork, points: int = points) -> None:
                accounts = unit.repository(ACCOUNTS)
                accounts.replace(Account("a", points + 1), accounts.get("a").version)

            retry_on_conflict(store, write, attempts=1_000)
            start.wait()
