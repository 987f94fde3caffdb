"""Where transactions come from: the host's engine, or a transaction that the host has begun.

On an engine, a unit reads in one transaction that sees the database as it was when the unit began,
and its changes are applied in a second, short one. On a connection, both happen inside the
transaction of the host, which alone commits it or rolls it back.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any, Protocol

from attrs import frozen
from sqlalchemy import Connection, Engine, exc

from crmkit.errors import InvalidValue, StoreBusy, StoreError
from crmkit.storage.sqlalchemy.faults import typed_errors

__all__ = ["Bind", "Reading", "bind_to"]

Release = Callable[[], None]


@frozen
class Reading:
    """A connection that sees one moment, what was asked first, and how to let go of it."""

    connection: Connection
    first: Any
    release: Release


class Bind(Protocol):
    """Where the transactions of a store come from."""

    owns_transactions: bool
    """Whether a transaction that was undone may be begun again from here."""

    def reading(self, question: str) -> Reading:
        """Begin to see the database as it is now, with the answer to a first question."""
        ...

    def writing(self) -> AbstractContextManager[Connection]:
        """A connection whose changes are kept together at the end, or not at all."""
        ...


def bind_to(bind: Engine | Connection) -> Bind:
    """Say where transactions come from.

    :raises InvalidValue: for a database that the store was never tried with, or for something
        else than an engine or a connection.
    """
    if not isinstance(bind, Engine | Connection):
        raise InvalidValue(
            f"a store takes an Engine or a Connection, not a {type(bind).__name__}: pass "
            f"create_engine(url), or session.connection() to join the transaction of a session"
        )
    name = bind.dialect.name
    if name != "sqlite" and name not in _OPTIONS:
        raise InvalidValue(
            f"{name} is no database that the store knows: postgresql, mysql, mariadb or sqlite"
        )
    if isinstance(bind, Connection):
        return HostTransaction(bind)
    if name == "sqlite":
        return SqliteTransactions(bind)
    reading, writing = _OPTIONS[name]
    kind = OwnTransactions
    if bind.dialect.driver == "psycopg":
        kind, reading = PsycopgTransactions, {"isolation_level": "AUTOCOMMIT"}
    return kind(
        bind.execution_options(**reading),
        bind.execution_options(**writing),
        bind.dialect.loaded_dbapi.Error,
    )


# A unit sees one snapshot. A commit looks at rows under a lock, and wants to see the newest.
_MYSQL = ({"isolation_level": "REPEATABLE READ"}, {"isolation_level": "READ COMMITTED"})
_OPTIONS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "postgresql": (
        {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
        {"isolation_level": "READ COMMITTED", "postgresql_readonly": False},
    ),
    "mysql": _MYSQL,
    "mariadb": _MYSQL,
}


# --- on an engine ---------------------------------------------------------------------------------


@frozen
class OwnTransactions:
    """Transactions on connections of the host's pool."""

    _reading: Engine
    _writing: Engine
    _driver_error: type[Exception]
    """What comes past SQLAlchemy where a connection is handed out and taken back."""
    owns_transactions = True

    def reading(self, question: str) -> Reading:
        """Take a connection; its first statement fixes what it sees."""
        with typed_errors(self._driver_error):
            connection = self._reading.connect()
            try:
                first = self._begun(connection, question)
            except BaseException:
                connection.invalidate()
                connection.close()
                raise
        return Reading(connection, first, lambda: self._release(connection))

    def _begun(self, connection: Connection, question: str) -> Any:
        return connection.exec_driver_sql(question).scalar()

    def _release(self, connection: Connection) -> None:
        # Nothing was written, so that it does not matter whether the database still answers. At a
        # rollback the driver would forget the statements that it has prepared.
        with typed_errors(self._driver_error):
            try:
                self._end(connection)
            except (exc.SQLAlchemyError, self._driver_error):
                connection.invalidate()
            connection.close()

    def _end(self, connection: Connection) -> None:
        connection.commit()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Write all of it or nothing."""
        with typed_errors(self._driver_error), self._writing.begin() as connection:
            yield connection


@frozen
class PsycopgTransactions(OwnTransactions):
    """The same through psycopg 3, which can begin and ask with one message to the server.

    SQLAlchemy is told that the connection commits by itself, and leaves transactions to us.
    """

    def _begun(self, connection: Connection, question: str) -> Any:
        begin = f"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {question}"
        cursor = _driver(connection).execute(begin, prepare=False)
        cursor.nextset()
        (first,) = cursor.fetchone() or (None,)
        return first

    def _end(self, connection: Connection) -> None:
        _driver(connection).execute("COMMIT")


@frozen
class SqliteTransactions:
    """Transactions on SQLite, begun and ended by nobody but us.

    The driver would begin them by itself, and only in front of a change. While we hold a connection
    it does not; afterwards it does again what the host wants.
    """

    _engine: Engine
    owns_transactions = True

    def reading(self, question: str) -> Reading:
        """Begin a transaction; its first statement fixes what it sees."""
        connection, release = self._begun("BEGIN")
        try:
            with typed_errors(sqlite3.Error):
                (first,) = _driver(connection).execute(question).fetchone() or (None,)
        except BaseException:
            release()
            raise
        return Reading(connection, first, release)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Write all of it or nothing, as the only writer there is.

        ``BEGIN IMMEDIATE`` waits for another writer before anything is read; taking the lock later
        would fail at once.
        """
        with typed_errors(sqlite3.Error):
            connection, release = self._begun("BEGIN IMMEDIATE")
            try:
                yield connection
                _driver(connection).execute("COMMIT")
            finally:
                release()

    def _begun(self, statement: str) -> tuple[Connection, Release]:
        with typed_errors(sqlite3.Error):
            connection = self._engine.connect()
            driver = _driver(connection)
            if driver.in_transaction and getattr(driver, "autocommit", None) is not False:
                connection.close()
                raise StoreBusy(
                    "the engine hands out a connection that is in use: name a file, as a database "
                    "in memory has one connection for all"
                )
            restore = _take_over(driver)

            def release() -> None:
                with suppress(sqlite3.Error):
                    _roll_back(driver)
                restore()
                connection.close()

            try:
                connection.begin()
                _roll_back(driver)  # The host's engine may say BEGIN by itself.
                driver.execute(statement)
            except BaseException:
                release()
                raise
        return connection, release


def _driver(connection: Connection) -> Any:
    """What SQLAlchemy speaks to."""
    return connection.connection.dbapi_connection


def _roll_back(driver: Any) -> None:
    if driver.in_transaction:
        driver.execute("ROLLBACK")


def _take_over(driver: Any) -> Release:
    """Let the driver send nothing by itself, until what is returned is called."""
    modes = [
        (name, ours, getattr(driver, name))
        for name, ours in (("autocommit", -1), ("isolation_level", None))
        if hasattr(driver, name)
    ]
    for name, ours, _ in modes:
        setattr(driver, name, ours)

    def restore() -> None:
        for name, _, before in reversed(modes):
            setattr(driver, name, before)

    return restore


# --- on a connection ------------------------------------------------------------------------------


@frozen
class HostTransaction:
    """The transaction of the host; it is never committed and never rolled back from here."""

    _connection: Connection
    owns_transactions = False

    def reading(self, question: str) -> Reading:
        """See what the host's transaction sees."""
        with typed_errors():
            first = self._connection.exec_driver_sql(question).scalar()
        return Reading(self._connection, first, _nothing)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Write inside a savepoint, so that a conflict leaves the host's transaction usable."""
        with typed_errors():
            self._make_sure_of_a_transaction()
            with self._connection.begin_nested():
                yield self._connection

    def _make_sure_of_a_transaction(self) -> None:
        """A savepoint outside of a transaction would commit by itself."""
        if not self._connection.in_transaction():
            self._connection.begin()
        driver = _driver(self._connection)
        if self._connection.dialect.name != "sqlite":
            _refuse_autocommit(driver)
        elif not driver.in_transaction:
            # The driver has put it off until there is a change, and does not know savepoints.
            self._connection.exec_driver_sql("BEGIN IMMEDIATE")


def _refuse_autocommit(driver: Any) -> None:
    is_on = getattr(driver, "autocommit", False) is True
    ask = getattr(driver, "get_autocommit", None)
    if is_on or (ask is not None and ask()):
        raise StoreError(
            "the connection commits every statement by itself: take one whose isolation level is "
            "not AUTOCOMMIT, or give the store the engine"
        )


def _nothing() -> None:
    """The host lets go of its connection itself."""
