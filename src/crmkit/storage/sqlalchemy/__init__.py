"""A store in a host's own database, through SQLAlchemy Core: PostgreSQL first, MySQL, MariaDB and
SQLite too.

Give it the host's engine, and each unit of work has transactions of its own; or give it a
connection, and what a unit commits becomes part of the transaction that the host has begun: kept
with the host's own rows, or not at all. The tables are made by
:meth:`SqlAlchemyStore.create_schema` or by the host's migrations, which find them in
:func:`metadata`; nothing is ever made in passing.

>>> from sqlalchemy import create_engine
>>> engine = create_engine("sqlite:///shop.db")
>>> store = SqlAlchemyStore(engine)
>>> store.create_schema()
>>> with store.unit_of_work() as unit:
...     unit.outbox.add("greeting", "hello")
...     unit.commit()
>>> store.deliver(lambda message: print(message.payload))
hello
1
"""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from types import TracebackType
from typing import Any, Self, TypeVar

from crmkit.errors import MissingExtra, StoreError

try:
    from sqlalchemy import Connection, Engine
except ImportError:
    raise MissingExtra("sqlalchemy", "sqlalchemy") from None

from crmkit.storage import Collection, Message
from crmkit.storage.ordering import microseconds
from crmkit.storage.sqlalchemy import upkeep
from crmkit.storage.sqlalchemy.binds import (
    NOTHING,
    Reading,
    Writing,
    bind_to,
    check_bind,
    schema_behind,
)
from crmkit.storage.sqlalchemy.faults import Again, Taken, TypedErrors, busy
from crmkit.storage.sqlalchemy.holding import Hold
from crmkit.storage.sqlalchemy.reading import TableView
from crmkit.storage.sqlalchemy.statements import Statements
from crmkit.storage.sqlalchemy.tables import Tables, check_version, create, metadata
from crmkit.storage.sqlalchemy.writing import check, write
from crmkit.storage.unit import Unit
from crmkit.storage.unit.changes import Changes, check_limit, hand_over

__all__ = ["SqlAlchemyStore", "metadata"]

ResultT = TypeVar("ResultT")

_ATTEMPTS = 5
"""How often changes are applied anew that made way for others without being overtaken by them."""


class SqlAlchemyStore:
    """A store in the tables of a host's database.

    On an engine it may be shared by any number of threads; on a connection it belongs to the
    thread and the transaction of the host. The engine and the connection stay the host's: the store
    never disposes of the one, and never commits, rolls back or closes the other.
    """

    def __init__(
        self, bind: Engine | Connection, *, prefix: str = "crmkit_", schema: str | None = None
    ) -> None:
        """Say where the tables are: under which prefix, and in which schema of the database.

        A ``schema_translate_map`` of the engine or connection is followed, as it is now.

        :raises InvalidPolicy: if the prefix could not begin a name in every database.
        :raises InvalidValue: for a database that the store was never tried with.
        """
        check_bind(bind)
        self._tables = Tables.of(prefix, schema_behind(bind, schema))
        self._ask = Statements(self._tables)
        self._bind = bind_to(bind, self._ask)

    def create_schema(self) -> None:
        """Make the tables that are not there yet; where all are, nothing happens.

        Tables that a migration has made are noted as complete, so call it at the end of one. A
        ``schema`` of the database must exist. On MySQL and MariaDB making a table ends the
        transaction it is made in: give the store the engine there.

        :raises ForeignStore: if tables of these names belong to somebody else.
        :raises NewerSchema: if a newer release has made them.
        """
        self._write(lambda writing: create(writing.connection, self._tables))

    # --- what every store does ---

    def unit_of_work(self) -> Unit:
        """Begin a unit of work.

        On an engine it sees the database as it is now. On a connection it sees what the transaction
        of the host sees, and its commit is a part of that transaction.

        :raises StoreUnavailable: if the tables are not there, or the database is not.
        :raises NewerSchema: if a newer release has made the tables.
        """
        reading = self._bind.reading()
        try:
            check_version(reading.version)
        except BaseException:
            reading.release()
            raise
        return _TableUnit(TableView(reading, self._ask), partial(self._apply, reading))

    def deliver(self, handler: Callable[[Message], None], *, limit: int = 100) -> int:
        """Hand the oldest messages over; see :meth:`crmkit.storage.Store.deliver`.

        :raises StoreError: on a connection; messages leave after the host has committed.
        """
        check_limit(limit)
        if not self._bind.owns_transactions:
            raise StoreError(
                "messages leave after the host has committed: deliver them with a store on the "
                "engine"
            )
        with self.unit_of_work() as unit:
            oldest = unit.outbox.waiting(limit=limit)
        return hand_over(oldest, handler, self._forget_messages)

    def reindex(self, collection: Collection[Any]) -> int:
        """List all records of a collection anew; see :meth:`crmkit.storage.Store.reindex`."""
        hold = Hold((collection.name,), alone=True)
        return self._write(lambda writing: upkeep.reindex(writing, self._ask, collection), hold)

    def forget_answers(self, *, before: datetime) -> int:
        """Forget old answers to commands; see :meth:`crmkit.storage.Store.forget_answers`."""
        moment = microseconds(before)
        return self._write(
            lambda writing: upkeep.forget_answers(writing.connection, self._ask, moment)
        )

    def close(self) -> None:
        """There is nothing to let go of: the engine and the connection are the host's."""

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

    # --- transactions ---

    def _apply(self, reading: Reading, changes: Changes) -> None:
        def explain() -> None:
            reading = self._bind.reading()
            try:
                with TypedErrors():
                    check(reading.connection, self._ask, changes)
            finally:
                reading.release()

        hold = Hold(tuple(sorted(changes.shelves)), alone=bool(changes.floors))
        self._write(
            lambda writing: write(writing, self._ask, changes), hold, explain, after=reading
        )

    def _forget_messages(self, taken: list[int]) -> None:
        self._write(lambda writing: upkeep.forget_messages(writing.connection, self._ask, taken))

    def _write(
        self,
        work: Callable[[Writing], ResultT],
        hold: Hold = NOTHING,
        explain: Callable[[], None] = lambda: None,
        after: Reading | None = None,
    ) -> ResultT:
        """Do some work in a transaction that writes, and anew if it had to make way for another."""
        for _ in range(_ATTEMPTS):
            try:
                with self._bind.writing(hold, after) as writing:
                    return work(writing)
            except Taken:
                explain()
            except Again:
                if not self._bind.owns_transactions:
                    break  # The host's transaction may be gone: it is the host who begins anew.
            after = None
        raise busy()


class _TableUnit(Unit):
    """A unit that hands the connection it has read from over to the one who writes."""

    def __init__(self, view: TableView, apply: Callable[[Changes], None]) -> None:
        super().__init__(view, apply)
        self._view = view

    def commit(self) -> None:
        """Keep everything, and end."""
        self._view.is_ours = not self._work.changes
        super().commit()
