"""Where transactions come from: the host's engine, or a transaction that the host has begun.

On an engine, a unit reads in one transaction that sees the database as it was when the unit began,
and its changes are applied in a second, short one; where the driver allows it, the first ends and
the second begins with one message on the same connection. On a connection of the host, both happen
inside the transaction of the host, which alone commits it or rolls it back.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import lru_cache, partial
from importlib import import_module
from typing import Any, Protocol

from attrs import field, frozen
from sqlalchemy import Connection, Engine, exc

from crmkit.errors import InvalidValue, StoreBusy, StoreError
from crmkit.storage.sqlalchemy.faults import TypedErrors
from crmkit.storage.sqlalchemy.holding import Hold, hold_shelves, holding_text
from crmkit.storage.sqlalchemy.statements import Statements
from crmkit.storage.sqlalchemy.tables import version_question
from crmkit.storage.unit.changes import Shelf

__all__ = ["Bind", "Reading", "Writing", "bind_to", "check_bind", "schema_behind"]

Release = Callable[[], None]


@frozen
class Reading:
    """A connection that sees one moment, the version of the tables, and how to let go of it."""

    connection: Connection
    version: int | None
    release: Release


@frozen
class Writing:
    """A connection that writes, and what stands still meanwhile."""

    connection: Connection
    shelves: dict[str, Shelf]


NOTHING = Hold(())


class Bind(Protocol):
    """Where the transactions of a store come from."""

    owns_transactions: bool
    """Whether a transaction that was undone may be begun again from here."""

    def reading(self) -> Reading:
        """Begin to see the database as it is now."""
        ...

    def writing(
        self, hold: Hold = NOTHING, after: Reading | None = None
    ) -> AbstractContextManager[Writing]:
        """Where changes are kept together at the end, or not at all.

        What was read before is let go of: ``after``, which is not to be released any more.
        """
        ...


def check_bind(bind: Engine | Connection) -> None:
    """Refuse what is neither an engine nor a connection.

    :raises InvalidValue: for that, and for a database that the store was never tried with.
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


def bind_to(bind: Engine | Connection, ask: Statements) -> Bind:
    """Say where transactions come from."""
    name = bind.dialect.name
    question = version_question(ask.tables, bind.dialect)
    if isinstance(bind, Connection):
        return HostTransaction(bind, ask, question)
    if name == "sqlite":
        return SqliteTransactions(bind, ask, question)
    driver = bind.dialect.loaded_dbapi
    # Who listens to the beginning of transactions wants to say something in each of them.
    if bind.dialect.driver == "psycopg" and not bind.dispatch.begin:
        # What goes past SQLAlchemy has no parameters, so that it must not double a percent sign.
        named: dict[str, Any] = {"paramstyle": "named"}
        dialect = type(bind.dialect)(**named)
        texts = lru_cache(partial(holding_text, ask, dialect))
        question = version_question(ask.tables, dialect)
        return PsycopgTransactions(bind, import_module("psycopg"), question, texts)
    reading, writing = (bind.execution_options(**options) for options in _OPTIONS[name])
    return OwnTransactions(reading, writing, driver.Error, ask, question)


def schema_behind(bind: Engine | Connection, schema: str | None) -> str | None:
    """The schema to which the host's ``schema_translate_map`` leads.

    What goes past SQLAlchemy would not be translated, so that the tables have the name behind it.

    :raises InvalidValue: if the map leads on from there.
    """
    names = bind.get_execution_options().get("schema_translate_map") or {}
    behind: str | None = names.get(schema, schema)
    if names.get(behind, behind) != behind:
        raise InvalidValue(
            "the schema_translate_map leads from the schema to another, and from there to a third: "
            "give the store an engine without it, and the name of the schema"
        )
    return behind


# A unit sees one snapshot. A commit looks at rows under a lock, and wants to see the newest.
_MYSQL = ({"isolation_level": "REPEATABLE READ"}, {"isolation_level": "READ COMMITTED"})
_OPTIONS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "postgresql": (  # Through another driver than psycopg 3, or with somebody who listens.
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
    _ask: Statements
    _question: str
    owns_transactions = True

    def reading(self) -> Reading:
        """Take a connection; its first statement fixes what it sees."""
        with TypedErrors(self._driver_error):
            connection = self._reading.connect()
            try:
                version = connection.exec_driver_sql(self._question).scalar()
            except BaseException:
                connection.invalidate()
                connection.close()
                raise
        return Reading(connection, version, lambda: self._release(connection))

    def _release(self, connection: Connection) -> None:
        # Nothing was written, so that it does not matter whether the database still answers.
        with TypedErrors(self._driver_error):
            _let_go(connection, connection.commit, self._driver_error)

    @contextmanager
    def writing(self, hold: Hold = NOTHING, after: Reading | None = None) -> Iterator[Writing]:
        """Write all of it or nothing."""
        if after is not None:
            after.release()
        with TypedErrors(self._driver_error), self._writing.begin() as connection:
            yield Writing(connection, hold_shelves(connection, self._ask, hold))


@frozen
class PsycopgTransactions:
    """The same through psycopg 3, which can end, begin and ask with one message to the server.

    Such a message goes past the cursors of the driver, which would begin a transaction of their own
    in front of it. As soon as one is open they do not.
    """

    _engine: Engine
    _psycopg: Any
    """The package itself."""
    _question: str
    _holding: Callable[[Hold], str]
    _driver_error: type[Exception] = field(init=False)
    owns_transactions = True

    @_driver_error.default
    def _error_of_driver(self) -> type[Exception]:
        error: type[Exception] = self._psycopg.Error
        return error

    def reading(self) -> Reading:
        """Take a connection; its first statement fixes what it sees."""
        with TypedErrors(self._driver_error):
            connection = self._connected()
            try:
                found = self._send(connection, f"{_BEGIN_TO_READ}; {self._question}")
                version = int(found.get_value(0, 0)) if found.ntuples else None
            except BaseException:
                self._undo(connection)
                raise
        return Reading(connection, version, lambda: self._release(connection))

    def _connected(self) -> Connection:
        connection = self._engine.connect()
        if _driver(connection).pgconn.transaction_status != self._psycopg.pq.TransactionStatus.IDLE:
            connection.close()
            raise StoreError(
                "the engine hands out a connection inside a transaction: let its pool lend each to "
                "one at a time, and commit what its listeners do"
            )
        return connection

    def _send(self, connection: Connection, statements: str) -> Any:
        """Send some statements in one message; what the last of them has found."""
        driver = _driver(connection)
        text = statements.encode("ascii" if statements.isascii() else driver.info.encoding)
        driver.pgconn.send_query(text)
        found = driver.wait(self._psycopg.generators.execute(driver.pgconn))[-1]
        if found.status not in (
            self._psycopg.pq.ExecStatus.TUPLES_OK,
            self._psycopg.pq.ExecStatus.COMMAND_OK,
        ):
            raise self._psycopg.errors.error_from_result(found, encoding=driver.info.encoding)
        return found

    def _release(self, connection: Connection) -> None:
        """Give a connection back on which nothing is left to be kept."""
        # At a rollback the driver would forget the statements that it has prepared.
        with TypedErrors(self._driver_error):
            _let_go(connection, lambda: _driver(connection).commit(), self._driver_error)

    def _undo(self, connection: Connection) -> None:
        _let_go(connection, lambda: _driver(connection).rollback(), self._driver_error)

    @contextmanager
    def writing(self, hold: Hold = NOTHING, after: Reading | None = None) -> Iterator[Writing]:
        """Write all of it or nothing, on the connection that was read from if there is one."""
        with TypedErrors(self._driver_error):
            writing = None if after is None else self._gone_on(after.connection, hold)
            if writing is None:
                writing = self._begun(self._connected(), _BEGIN_TO_WRITE, hold)
            try:
                yield writing
                writing.connection.commit()
            except BaseException:
                self._undo(writing.connection)
                raise
            self._release(writing.connection)

    def _gone_on(self, connection: Connection, hold: Hold) -> Writing | None:
        """Go on from reading to writing; None if the server has ended the connection meanwhile.

        Nothing was written there, so that another connection does as well.
        """
        if connection.invalidated:
            connection.close()
            return None
        driver = _driver(connection)
        try:
            return self._begun(connection, f"COMMIT; {_BEGIN_TO_WRITE}", hold)
        except self._driver_error:
            if not driver.closed:
                raise
            return None

    def _begun(self, connection: Connection, begin: str, hold: Hold) -> Writing:
        try:
            if not connection.in_transaction():
                connection.begin()  # Otherwise SQLAlchemy would see nothing to commit.
            if not hold.names:
                self._send(connection, begin)
                return Writing(connection, {})
            found = self._send(connection, f"{begin}; {self._holding(hold)}")
        except BaseException:
            self._undo(connection)
            raise
        shelves = {}
        for row in range(found.ntuples):
            name, floor, signature = (found.get_value(row, column) for column in range(3))
            shelves[name.decode()] = Shelf(int(floor), signature.decode())
        return Writing(connection, shelves)


def _let_go(connection: Connection, end: Callable[[], None], driver: type[Exception]) -> None:
    """End what is left of a transaction and give the connection back, or throw it away."""
    try:
        end()
    except (exc.SQLAlchemyError, driver):
        connection.invalidate()
    finally:
        connection.close()


_BEGIN_TO_READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_BEGIN_TO_WRITE = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"


@frozen
class SqliteTransactions:
    """Transactions on SQLite, begun and ended by nobody but us.

    The driver would begin them by itself, and only in front of a change. While we hold a connection
    it does not; afterwards it does again what the host wants.
    """

    _engine: Engine
    _ask: Statements
    _question: str
    owns_transactions = True

    def reading(self) -> Reading:
        """Begin a transaction; its first statement fixes what it sees."""
        with TypedErrors(sqlite3.Error):
            connection, driver, release = self._taken_over()
            try:
                driver.execute("BEGIN")
                (version,) = driver.execute(self._question).fetchone() or (None,)
            except BaseException:
                release()
                raise
        return Reading(connection, version, release)

    @contextmanager
    def writing(self, hold: Hold = NOTHING, after: Reading | None = None) -> Iterator[Writing]:
        """Write all of it or nothing, as the only writer there is.

        ``BEGIN IMMEDIATE`` waits for another writer before anything is read; taking the lock later
        would fail at once.
        """
        with TypedErrors(sqlite3.Error):
            if after is None:
                connection, driver, release = self._taken_over()
            else:
                connection, release = after.connection, after.release
                driver = _driver(connection)
            try:
                _roll_back(driver)
                driver.execute("BEGIN IMMEDIATE")
                yield Writing(connection, hold_shelves(connection, self._ask, hold))
                driver.execute("COMMIT")
            finally:
                release()

    def _taken_over(self) -> tuple[Connection, Any, Release]:
        """A connection on which no transaction begins by itself, and how to give it back."""
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
        except BaseException:
            release()
            raise
        return connection, driver, release


def _driver(connection: Connection) -> Any:
    """What SQLAlchemy speaks to."""
    return connection.connection.dbapi_connection


def _roll_back(driver: Any) -> None:
    if driver.in_transaction:
        driver.execute("ROLLBACK")


def _take_over(driver: Any) -> Release:
    """Let the driver send nothing by itself, until what is returned is called."""
    level, autocommit = driver.isolation_level, getattr(driver, "autocommit", None)
    if autocommit is not None:  # Since Python 3.12.
        driver.autocommit = -1
    driver.isolation_level = None

    def restore() -> None:
        driver.isolation_level = level
        if autocommit is not None:
            driver.autocommit = autocommit

    return restore


# --- on a connection ------------------------------------------------------------------------------


@frozen
class HostTransaction:
    """The transaction of the host; it is never committed and never rolled back from here."""

    _connection: Connection
    _ask: Statements
    _question: str
    owns_transactions = False

    def reading(self) -> Reading:
        """See what the host's transaction sees."""
        with TypedErrors():
            version = self._connection.exec_driver_sql(self._question).scalar()
        return Reading(self._connection, version, _nothing)

    @contextmanager
    def writing(self, hold: Hold = NOTHING, after: Reading | None = None) -> Iterator[Writing]:
        """Write inside a savepoint, so that a conflict leaves the host's transaction usable."""
        with TypedErrors():
            self._make_sure_of_a_transaction()
            with self._connection.begin_nested():
                yield Writing(self._connection, hold_shelves(self._connection, self._ask, hold))

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
