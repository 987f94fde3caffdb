"""A store in a file of SQLite: the embedded default, durable, without a server.

Any number of processes and threads may use one file. Readers never wait; a commit waits for the
commit before it, and for no longer than ``timeout``. Each unit of work has a connection of its own,
because a transaction of SQLite belongs to its connection; connections that are done are kept for
the next unit.

>>> store = SqliteStore.open("shop.crmkit", create=True)
>>> with store.unit_of_work() as unit:
...     unit.outbox.add("greeting", "hello")
...     unit.commit()
>>> store.close()
>>> with SqliteStore.open("shop.crmkit") as store:
...     store.deliver(lambda message: print(message.payload))
hello
1
"""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, Self

from crmkit.errors import InvalidValue, StoreError
from crmkit.storage import Collection, Message
from crmkit.storage.ordering import microseconds
from crmkit.storage.sqlite import upkeep
from crmkit.storage.sqlite.faults import typed_errors, unavailable
from crmkit.storage.sqlite.file import (
    Journal,
    bring_up_to_date,
    check_ours,
    check_version,
    connect,
    create_file,
    look_at,
    set_journal,
    transaction,
)
from crmkit.storage.sqlite.rows import SqliteView, waiting_messages
from crmkit.storage.sqlite.writing import write
from crmkit.storage.unit import Unit
from crmkit.storage.unit.changes import Changes, check_limit, hand_over

__all__ = ["SqliteStore"]


class SqliteStore:
    """A store in a file; opened by :meth:`open`, and shared by any number of threads."""

    def __init__(self, path: Path, timeout: float) -> None:
        """Remember a file that :meth:`open` has looked at."""
        self.path = path
        self._timeout = timeout
        self._lock = Lock()
        self._idle: list[sqlite3.Connection] = []
        self._process = os.getpid()
        self._inherited: list[sqlite3.Connection] = []
        self._closed = False

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        *,
        create: bool = False,
        timeout: float = 5.0,
        journal: Journal = "wal",
    ) -> Self:
        """Open a store file, and make it first if ``create`` says so and there is none.

        Only the user who made it may read the file. ``timeout`` is how many seconds a commit waits
        for others.

        ``journal="delete"`` is for file systems on which processes cannot share memory, as on a
        network drive. A commit then waits for the units of others that are open, those that only
        read too, for no longer than ``timeout``; units that begin meanwhile wait for it. So keep
        units short there, and commit no other unit while one is open in the same thread. All
        processes that use the file at once name the same.

        :raises InvalidValue: for another journal.
        :raises StoreUnavailable: if there is no such file, the system refuses it, or the file
            system is one that needs ``journal="delete"``.
        :raises StoreBusy: if others use the file with another journal.
        :raises ForeignStore: if the file belongs to another program.
        :raises NewerSchema: if a newer release has written it.
        :raises CorruptStore: if it is empty, truncated or damaged.
        """
        if journal not in ("wal", "delete"):
            raise InvalidValue("journal is 'wal' or 'delete'")
        if "\0" in os.fspath(path):
            raise unavailable()
        place = Path(path).absolute()
        if create and not os.path.lexists(place):
            create_file(place)
        look_at(place)
        store = cls(place, timeout)
        try:
            with store._borrowed() as connection:
                check_ours(connection)
                check_version(connection)
                bring_up_to_date(connection)
                # A copy made by VACUUM INTO has lost it; set again, it costs nothing.
                set_journal(connection, journal)
        except BaseException:
            store.close()
            raise
        return store

    # --- what every store does ---

    def unit_of_work(self) -> Unit:
        """Begin a unit of work."""
        connection = self._take()
        try:
            with typed_errors():
                connection.execute("BEGIN")
                check_version(connection)  # The first read: from here on the view stands still.
        except BaseException:
            self._give_back(connection)
            raise
        return Unit(SqliteView(connection, lambda: self._give_back(connection)), self._apply)

    def deliver(self, handler: Callable[[Message], None], *, limit: int = 100) -> int:
        """Hand the oldest messages over; see :meth:`crmkit.storage.Store.deliver`."""
        check_limit(limit)
        with self._borrowed() as connection:
            oldest = waiting_messages(connection, 0, limit)
        return hand_over(oldest, handler, self._forget_messages)

    def reindex(self, collection: Collection[Any]) -> int:
        """List all records of a collection anew; see :meth:`crmkit.storage.Store.reindex`."""
        with self._writing() as connection:
            return upkeep.reindex(connection, collection)

    def forget_answers(self, *, before: datetime) -> int:
        """Forget old answers to commands; see :meth:`crmkit.storage.Store.forget_answers`."""
        with self._writing() as connection:
            return upkeep.forget_answers(connection, microseconds(before))

    def close(self) -> None:
        """Close the file; units of work that are still open let go of it when they end."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def __enter__(self) -> Self:
        """Use the store, and close it."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the store."""
        self.close()

    # --- what only a file needs ---

    def verify(self) -> None:
        """Read the whole file, and refuse it if a page or a row is not as it was written.

        Opening a store looks at its header and its length only; run this on a copy that was
        restored, or after trouble with a disk. It takes as long as reading the file takes.

        :raises CorruptStore: if there is any damage.
        """
        with self._borrowed() as connection:
            check_version(connection)
            upkeep.verify(connection)

    def compact(self) -> None:
        """Write the file anew, so that nothing of what was removed is left in it or beside it.

        :raises StoreBusy: if a unit of work is open on it.
        """
        with self._borrowed() as connection:
            check_version(connection)
            upkeep.compact(connection)

    # --- connections ---

    def _apply(self, changes: Changes) -> None:
        with self._writing() as connection:
            write(connection, changes)

    def _forget_messages(self, taken: list[int]) -> None:
        with self._writing() as connection:
            upkeep.forget_messages(connection, taken)

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._borrowed() as connection, transaction(connection):
            check_version(connection)
            yield connection

    @contextmanager
    def _borrowed(self) -> Iterator[sqlite3.Connection]:
        connection = self._take()
        try:
            with typed_errors():
                yield connection
        finally:
            self._give_back(connection)

    def _take(self) -> sqlite3.Connection:
        with self._lock:
            if self._closed:
                raise StoreError("the store was closed: open it again")
            if self._process != os.getpid():
                # Connections must not be used, and not even be closed, on the far side of a fork.
                self._inherited += self._idle
                self._idle = []
                self._process = os.getpid()
            if self._idle:
                return self._idle.pop()
        with typed_errors():
            return connect(self.path, self._timeout)

    def _give_back(self, connection: sqlite3.Connection) -> None:
        with suppress(sqlite3.Error):
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        with self._lock:
            if not self._closed and not connection.in_transaction:
                self._idle.append(connection)
                return
        connection.close()
