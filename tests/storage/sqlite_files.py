"""What the tests of store files share: a record, a command on it, and looks past the store."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from attrs import frozen

from crmkit.storage import Collection, Fold, Index, Store, Stream, UnitOfWork
from crmkit.storage.sqlite import SqliteStore

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


@frozen
class Account:
    """A record that counts."""

    key: str
    points: int = 0
    note: str = ""


@frozen
class Earned:
    """An entry of one point."""

    points: int = 1


ACCOUNTS: Collection[Account] = Collection(
    "accounts",
    Account,
    lambda account: account.key,
    (Index("by-points", lambda account: (account.points,)),),
)
LEDGER: Stream[Earned] = Stream("ledger", (Earned,))
BALANCE: Fold[Earned, int] = Fold("balance", int, 0, lambda points, entry: points + entry.points)


def earn(unit: UnitOfWork, command: str) -> str:
    """Add one point to an account, with entry, message and answer: a command as a desk has them."""

    def act() -> str:
        accounts = unit.repository(ACCOUNTS)
        stored = accounts.get("a")
        points = stored.record.points + 1
        accounts.replace(Account("a", points), stored.version)
        unit.stream(LEDGER).append("a", [Earned()], stored.record.points)
        unit.stream(LEDGER).snapshot("a", BALANCE)
        unit.outbox.add("earned", str(points))
        return str(points)

    return unit.once(command, "{}", act, at=AT)


def carry_out(store: Store, command: str) -> str:
    """Earn a point and commit."""
    with store.unit_of_work() as unit:
        answer = earn(unit, command)
        unit.commit()
    return answer


def points_in(store: SqliteStore) -> int:
    """How many points were earned, if record, index, entries, snapshot and messages agree."""
    store.verify()
    with store.unit_of_work() as unit:
        stored = unit.repository(ACCOUNTS).get("a")
        points = stored.record.points
        assert stored.version == points + 1
        listed = unit.repository(ACCOUNTS).query("by-points").items
        assert [each.record.points for each in listed] == [points]
        assert unit.stream(LEDGER).length("a") == points
        assert unit.stream(LEDGER).verify("a", BALANCE) == points
    assert select(store.path, "SELECT count(*) FROM message") == [(points,)]
    assert select(store.path, "SELECT count(*) FROM answer") == [(points,)]
    return points


def folder_in_memory() -> TemporaryDirectory[str]:
    """A folder for what is tried thousands of times, in memory where the system has such a place.

    A fault that a test plants needs no real disk; a real one would be waited for at each commit.
    """
    memory = Path("/dev/shm")
    return TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None)


def new_file(path: Path, *accounts: Account) -> Path:
    """Make a store with some accounts, by default one without points, and close it."""
    with SqliteStore.open(path, create=True) as store, store.unit_of_work() as unit:
        for account in accounts or (Account("a"),):
            unit.repository(ACCOUNTS).add(account)
        unit.commit()
    return path


def select(path: Path, statement: str) -> list[Any]:
    """Look at a file past the store."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(statement).fetchall()


def everything_kept(path: Path) -> dict[str, list[Any]]:
    """Every row of every table, to hold two files against each other.

    :raises AssertionError: if the file is damaged.
    """
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA quick_check").fetchall() == [("ok",)]
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        return {
            name: sorted(connection.execute(f'SELECT * FROM "{name}"'), key=repr)  # noqa: S608
            for (name,) in tables.fetchall()
        }


def change(path: Path, *statements: str) -> Path:
    """Change a file past the store."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement).fetchall()
    return path


class Connecting:
    """Stands in for ``sqlite3.connect``, so that a test can act on every statement."""

    def __init__(self, around: Callable[[Callable[[], Any], str], Any]) -> None:
        self.around = around
        self.connect = sqlite3.connect

    def __call__(self, *args: Any, **options: Any) -> sqlite3.Connection:
        around = self.around

        class Watched(sqlite3.Connection):
            def execute(self, statement: str, *rest: Any) -> Any:
                return around(lambda: super(Watched, self).execute(statement, *rest), statement)

            def executemany(self, statement: str, *rest: Any) -> Any:
                return around(lambda: super(Watched, self).executemany(statement, *rest), statement)

        return self.connect(*args, factory=Watched, **options)
