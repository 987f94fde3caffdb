"""Whatever a database reports leaves the store as a typed error, and nothing is half done."""

from __future__ import annotations

import importlib
import sqlite3
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from unittest import mock

import psycopg.errors
import pymysql
import pytest
from attrs import define
from sqlalchemy import create_engine, event, exc
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.schema import CreateTable

from crmkit.errors import (
    AlreadyKept,
    CrmkitError,
    ForeignStore,
    InvalidPolicy,
    InvalidValue,
    MissingExtra,
    NewerSchema,
    StoreBusy,
    StoreError,
    StoreFull,
    VersionConflict,
)
from crmkit.storage import Collection, Index, StoreUnavailable
from crmkit.storage.sqlalchemy import SqlAlchemyStore, metadata
from crmkit.storage.sqlalchemy.binds import PsycopgTransactions, _refuse_autocommit, _take_over
from crmkit.storage.sqlalchemy.faults import Again, Taken, TypedErrors
from tests.reliability import chosen_size
from tests.storage.fault_points import WAYS, Fault
from tests.storage.postgres import fresh_schema, postgres_url
from tests.storage.sqlalchemy_stores import Database, on_postgres, points_in, sqlite_in
from tests.storage.sqlite_files import (
    ACCOUNTS,
    LEDGER,
    Account,
    Earned,
    carry_out,
    folder_in_memory,
)
from tests.storage.use_cases import HALF_DONE, USE_CASES, UseCase

CASES = {case.name: case for case in USE_CASES}


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request, tmp_path):
    with sqlite_in(tmp_path) if request.param == "sqlite" else on_postgres() as made:
        yield made


@pytest.fixture
def database(empty):
    empty.made()
    return empty


def add(store, *accounts):
    with store.unit_of_work() as unit:
        for account in accounts:
            unit.repository(ACCOUNTS).add(account)
        unit.commit()


# --- a fault at every statement -------------------------------------------------------------------


@define
class ServerFault(Fault):
    """What a PostgreSQL says that fails: it shuts down, is full, or lets another go first."""

    def error(self) -> Any:
        kinds = (
            psycopg.errors.AdminShutdown,
            psycopg.errors.DiskFull,
            psycopg.errors.DeadlockDetected,
        )
        return kinds[self.at % 3]("a fault that the test has planted")


def listen_in(engine: Any, fault: Fault) -> None:
    """Let a fault happen at any statement and any commit of an engine."""

    def execute(cursor: Any, statement: str, parameters: Any, _: Any) -> bool:
        fault(lambda: cursor.execute(statement, parameters), statement)
        return True

    def execute_many(cursor: Any, statement: str, parameters: Any, _: Any) -> bool:
        fault(lambda: cursor.executemany(statement, parameters), statement)
        return True

    def past_sqlalchemy(driver: Any, _: Any) -> None:
        commit = driver.commit
        driver.commit = lambda: fault(commit, "COMMIT")

    event.listen(engine, "do_execute", execute)
    event.listen(engine, "do_executemany", execute_many)
    if engine.dialect.name == "postgresql":
        event.listen(engine, "connect", past_sqlalchemy)


@contextmanager
def faulty_sqlite(folder: Path, fault: Fault) -> Iterator[Database]:
    class Driver(sqlite3.Connection):
        def execute(self, statement: str, *rest: Any) -> Any:
            return fault(lambda: super(Driver, self).execute(statement, *rest), statement)

    with sqlite_in(folder, factory=Driver) as database:
        listen_in(database.engine, fault)
        yield database


@contextmanager
def faulty_postgres(fault: Fault) -> Iterator[Database]:
    engine = create_engine(postgres_url())
    listen_in(engine, fault)
    send = PsycopgTransactions._send

    def sent(self: Any, connection: Any, statements: str) -> Any:
        return fault(lambda: send(self, connection, statements), statements)

    try:
        with mock.patch.object(PsycopgTransactions, "_send", sent), fresh_schema() as schema:
            yield Database(engine, schema)
            fault.disarm()
            engine.dispose()
    finally:
        engine.dispose()


def begun(case: UseCase, database: Database) -> SqlAlchemyStore:
    store = database.made()
    case.before(store)
    return store


def what_went_wrong(
    case: UseCase, kind: type[Fault], place: Callable[[Fault], Any], every: int
) -> tuple[int, list[str]]:
    """Let each statement fail in each way: how many points there were, and what was half done."""
    with place(kind()) as database:
        store = begun(case, database)
        old = database.everything()
        case.act(store)
        new = database.everything()
    points, wrong = 0, list[str]()
    for way in WAYS:
        at = 1
        while True:
            fault = kind(at, way)
            with place(fault) as database:
                found = _with_fault(case, begun(case, database), database, fault, (old, new))
            if fault.met is None:
                break
            points, at = points + 1, at + every
            wrong += [f"{way} {fault.met!r}: {found}"] if found else []
    return points, wrong


def _with_fault(
    case: UseCase, store: SqlAlchemyStore, database: Database, fault: Fault, states: Any
) -> str | None:
    old, new = states
    fault.arm()
    try:
        case.act(store)
        failed = False
    except StoreError:
        failed = True
    fault.disarm()
    kept = database.everything()
    if kept not in (old, new):
        return "half done"
    if kept != new and not failed:
        return "acknowledged, and not done"
    case.again(store)
    return None if database.everything() == new else "not done again"


class TestEveryStatement:
    """State is old or new, and doing it again with the same key converges."""

    @pytest.mark.parametrize("name", ["a command with a key", "two records become one"])
    def test_on_postgresql(self, name):
        every = chosen_size().of(4, 1, 1)
        points, wrong = what_went_wrong(CASES[name], ServerFault, faulty_postgres, every)
        assert wrong == []
        assert points > 8

    @pytest.mark.parametrize(
        "name", ["a command with a key", "two records become one", "two members become one"]
    )
    def test_on_sqlite(self, name):
        points, wrong = self.on_sqlite(CASES[name], every=chosen_size().of(4, 1, 1))
        assert wrong == []
        assert points > 8

    def test_what_is_kept_in_two_units_is_seen_half_done(self):
        """The control: the check above can fail."""
        _, wrong = self.on_sqlite(HALF_DONE, every=1)
        assert any("half done" in each for each in wrong)

    def on_sqlite(self, case, every):
        @contextmanager
        def place(fault):
            with folder_in_memory() as folder, faulty_sqlite(Path(folder), fault) as database:
                yield database

        return what_went_wrong(case, Fault, place, every)


class TestAnswerLost:
    """Who does not hear whether it was kept asks again with the same key."""

    @pytest.mark.parametrize(("key", "points"), [("command", 1), ("another", 2)])
    def test_the_same_key_does_it_once(self, key, points):
        """And another key, the control, does it twice."""
        with faulty_postgres(Fault()) as database:
            store = database.made()
            add(store, Account("a"))
            dialect: Any = database.engine.dialect
            answered, lost = dialect.do_commit, iter([True])

            def committed(driver):
                answered(driver)
                if not driver.read_only and next(lost, False):
                    raise psycopg.errors.AdminShutdown("the answer is lost")

            dialect.do_commit = committed
            with pytest.raises(StoreUnavailable, match="same idempotency key"):
                carry_out(store, "command")
            carry_out(store, key)
            assert points_in(database) == points


@define
class Deadlocks(Fault):
    """The database undoes so many of our changes for the sake of another transaction."""

    left: int = 0

    def __call__(self, run: Callable[[], Any], statement: str) -> Any:
        if statement.startswith("UPDATE") and self.left:
            self.left -= 1
            raise psycopg.errors.DeadlockDetected("the text names a customer")
        return run()


class TestMakingWay:
    """A transaction that the database has undone for another is applied anew."""

    @pytest.fixture
    def fault(self):
        return Deadlocks()

    @pytest.fixture
    def database(self, fault):
        with faulty_postgres(fault) as database:
            add(database.made(), Account("a"))
            yield database

    def test_a_few_times(self, database, fault):
        fault.left = 2
        assert carry_out(database.store(), "command") == "1"
        assert (points_in(database), fault.left) == (1, 0)

    def test_not_for_ever(self, database, fault):
        fault.left = 1_000
        with pytest.raises(StoreBusy):
            carry_out(database.store(), "command")
        assert fault.left == 995

    def test_on_the_connection_of_a_host_it_is_for_the_host_to_begin_anew(self, database, fault):
        fault.left = 1
        with database.engine.connect() as connection, pytest.raises(StoreBusy):
            carry_out(database.store(connection), "command")


# --- what errors say ------------------------------------------------------------------------------

CANARY = "Änne Müller, 7 Rose Street"


def commit(store, work):
    with store.unit_of_work() as unit:
        work(unit)
        unit.commit()


class TestPersonalData:
    """No error carries what was kept, in whatever way it is shown."""

    def break_everything(self, database):
        """Ways in which the database complains about a row, and shows it."""
        store = database.made()
        add(store, Account("a", note=CANARY), Account(CANARY))
        tables = metadata(schema=database.schema).tables
        named = {name.rpartition("crmkit_")[2]: table for name, table in tables.items()}

        def again(unit):
            unit.repository(ACCOUNTS).replace(Account("a", 1, CANARY), 1)
            unit.stream(LEDGER).append(CANARY, [Earned()], 0)
            unit.once(CANARY, CANARY, lambda: CANARY, at=datetime(2026, 1, 1, tzinfo=UTC))
            unit.outbox.add(CANARY, CANARY)

        def taken(unit):
            again(unit)
            unit._work.changes.seen["accounts", CANARY] = 0
            unit._work.changes.records["accounts", CANARY] = unit._work.changes.records[
                "accounts", "a"
            ]

        def statement(table, kind, what):
            """A rule of the host's own that refuses the row."""
            refuses = f"{table} ADD CONSTRAINT {kind}_ours CHECK ({what})"
            with database.engine.begin() as connection:
                connection.exec_driver_sql(f"ALTER TABLE {refuses}")

        yield store, taken
        if not database.is_sqlite:
            full = database.named("crmkit_message")
            statement(full, "length", "length(payload) < 3")
            yield store, again
        with database.engine.begin() as connection:
            named["message"].drop(connection)
        yield store, again

    def test_no_error_shows_what_was_kept(self, empty):
        shown = 0
        for store, work in self.break_everything(empty):
            with pytest.raises(CrmkitError) as caught:
                commit(store, work)
            error = caught.value
            told = "".join(traceback.format_exception(error)) + str(error) + repr(error)
            told += repr(error.args) + repr(vars(error))
            assert CANARY not in told
            assert "Rose Street" not in told
            shown += 1
        assert shown >= 2

    def test_the_driver_would_have_shown_it(self):
        """The control: hiding the parameters does not suffice."""
        with on_postgres() as database:
            add(database.made(), Account(CANARY))
            engine = create_engine(postgres_url(), hide_parameters=True)
            table = metadata(schema=database.schema).tables[f"{database.schema}.crmkit_record"]
            row = {"collection": "accounts", "key": CANARY, "version": 1, "document": "{}"}
            with engine.connect() as connection, pytest.raises(exc.IntegrityError) as caught:
                connection.execute(table.insert(), row)
            assert CANARY in str(caught.value)
            engine.dispose()


def state(code):
    return SimpleNamespace(sqlstate=code, args=("a customer",))


def errno(number):
    return pymysql.err.OperationalError(number, "a customer")


def result(code):
    error = sqlite3.OperationalError("a customer")
    error.sqlite_errorcode = code
    return error


class TestCodes:
    """Only the number of an error is looked at."""

    @pytest.mark.parametrize(
        ("driver", "kind"),
        [
            (state("40001"), Again),
            (state("40P01"), Again),
            (state("42P07"), Again),
            (state("23505"), Taken),
            (state("55P03"), StoreBusy),
            (state("57014"), StoreBusy),
            (state("53100"), StoreFull),
            (state("08006"), StoreUnavailable),
            (state("57P01"), StoreUnavailable),
            (state("42P01"), StoreUnavailable),
            (state("3F000"), StoreUnavailable),
            (state("42501"), StoreUnavailable),
            (state("42703"), ForeignStore),
            (state("22001"), StoreError),
            (SimpleNamespace(pgcode="53100", args=()), StoreFull),
            (errno(1213), Again),
            (errno(1205), Again),
            (errno(1062), Taken),
            (errno(1040), StoreBusy),
            (errno(1114), StoreFull),
            (errno(2006), StoreUnavailable),
            (errno(1146), StoreUnavailable),
            (errno(1142), StoreUnavailable),
            (errno(1054), ForeignStore),
            (errno(1406), StoreError),
            (result(sqlite3.SQLITE_BUSY_SNAPSHOT), StoreBusy),
            (result(sqlite3.SQLITE_FULL), StoreFull),
            (result(sqlite3.SQLITE_IOERR_READ), StoreUnavailable),
            (result(sqlite3.SQLITE_READONLY), StoreUnavailable),
            (result(sqlite3.SQLITE_CONSTRAINT_UNIQUE), Taken),
            (result(sqlite3.SQLITE_CORRUPT), StoreError),
            (Exception(), StoreUnavailable),
        ],
    )
    def test_each_is_an_error_that_crmkit_promises(self, driver, kind):
        with pytest.raises(kind) as caught, TypedErrors():
            raise exc.DBAPIError("SELECT 1", {}, cast(Any, driver))
        assert type(caught.value) is kind
        assert "customer" not in str(caught.value)

    def test_an_error_of_the_driver_itself(self):
        with pytest.raises(StoreFull), TypedErrors(sqlite3.Error):
            raise result(sqlite3.SQLITE_FULL)

    def test_an_error_of_sqlalchemy_that_no_database_has_reported(self):
        with pytest.raises(StoreError, match="roll back"), TypedErrors():
            raise exc.PendingRollbackError("INSERT a customer")

    def test_a_pool_without_connections(self, tmp_path):
        engine = create_engine(
            f"sqlite:///{tmp_path}/shop.db", pool_size=1, max_overflow=0, pool_timeout=0
        )
        store = SqlAlchemyStore(engine)
        store.create_schema()
        with store.unit_of_work(), pytest.raises(StoreBusy, match="pool"):
            store.unit_of_work()
        engine.dispose()

    def test_a_server_that_is_not_there(self):
        engine = create_engine("postgresql+psycopg://nobody@/nothing?host=/nowhere")
        with pytest.raises(StoreUnavailable):
            SqlAlchemyStore(engine).unit_of_work()


# --- tables ---------------------------------------------------------------------------------------


class TestTables:
    """Nothing is made in passing, and what belongs to others is left alone."""

    def test_without_tables_nothing_works_and_nothing_is_made(self, empty):
        store = empty.store()
        for ask in (store.unit_of_work, lambda: store.deliver(print)):
            with pytest.raises(StoreUnavailable, match="create_schema"):
                ask()
        with pytest.raises(StoreUnavailable, match="create_schema"):
            store.reindex(ACCOUNTS)

    def test_making_them_twice_does_no_harm(self, database):
        add(database.store(), Account("a"))
        database.made()
        assert len(database.everything()["crmkit_record"]) == 1

    def test_a_migration_makes_them_and_then_they_are_noted_as_complete(self, empty):
        metadata(schema=empty.schema).create_all(empty.engine)
        with pytest.raises(StoreUnavailable, match="unfinished"):
            empty.store().unit_of_work()
        add(empty.made(), Account("a"))

    def test_they_are_made_in_the_transaction_of_a_host(self, empty):
        with empty.engine.connect() as connection:
            empty.store(connection).create_schema()
            connection.rollback()
        with pytest.raises(StoreUnavailable):
            empty.store().unit_of_work()

    def test_tables_that_are_missing_in_part_are_made(self, database):
        with database.engine.begin() as connection:
            connection.exec_driver_sql(f"DROP TABLE {database.named('crmkit_answer')}")
        add(database.store(), Account("a"))
        with pytest.raises(StoreUnavailable, match="create_schema"):
            carry_out(database.store(), "command")
        database.made()
        assert carry_out(database.store(), "command") == "1"

    def test_newer_ones_are_refused(self, database):
        with database.engine.begin() as connection:
            named = database.named("crmkit_schema")
            connection.exec_driver_sql(f"UPDATE {named} SET version = 2")  # noqa: S608
        for ask in (database.store().unit_of_work, database.store().create_schema):
            with pytest.raises(NewerSchema):
                ask()

    def test_those_of_others_are_refused(self, empty):
        with empty.engine.begin() as connection:
            connection.exec_driver_sql(f"CREATE TABLE {empty.named('crmkit_record')} (x INTEGER)")
        with pytest.raises(ForeignStore):
            empty.made()

    @pytest.mark.parametrize("prefix", ["", "1", "Shop_", "a" * 40, "a-b", 'a"', None])
    def test_a_prefix_that_could_not_begin_a_name_is_refused(self, prefix):
        with pytest.raises(InvalidPolicy):
            metadata(prefix=prefix)

    def test_a_database_that_was_never_tried_is_refused(self):
        engine = create_engine("sqlite://")
        engine.dialect.name = "oracle"
        with pytest.raises(InvalidValue, match="oracle is no database that the store knows"):
            SqlAlchemyStore(engine)

    def test_keys_compare_by_code_point_on_every_database(self):
        record = metadata().tables["crmkit_record"]
        on_server = str(CreateTable(record).compile(dialect=postgresql.dialect()))
        assert on_server.count('TEXT COLLATE "C"') == 2
        on_mysql = str(CreateTable(record).compile(dialect=mysql.dialect()))
        assert on_mysql.count("COLLATE utf8mb4_bin") >= 3
        listing = metadata().tables["crmkit_listing"]
        assert "VARBINARY" in str(CreateTable(listing).compile(dialect=mysql.dialect()))


class TestTheLibrary:
    """SQLAlchemy is there for those who ask for it."""

    def test_without_it_the_error_names_the_extra(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "sqlalchemy", None)
        monkeypatch.delitem(sys.modules, "crmkit.storage.sqlalchemy")
        with pytest.raises(MissingExtra, match=r"crmkit\[sqlalchemy\]"):
            importlib.import_module("crmkit.storage.sqlalchemy")

    def test_the_engine_of_a_host_outlives_the_store(self, database):
        with database.store() as store:
            add(store, Account("a"))
        assert carry_out(store, "command") == "1"


class TestDrivers:
    """What differs between drivers is asked of them, and set back."""

    def test_the_newer_way_of_sqlite_to_say_who_begins(self):
        driver = SimpleNamespace(autocommit=False, isolation_level="")
        restore = _take_over(driver)
        assert (driver.autocommit, driver.isolation_level) == (-1, None)
        restore()
        assert (driver.autocommit, driver.isolation_level) == (False, "")

    @pytest.mark.parametrize("commits", [True, False])
    def test_the_way_of_mysql_to_say_that_every_statement_is_committed(self, commits):
        driver = SimpleNamespace(autocommit=lambda value: None, get_autocommit=lambda: commits)
        if commits:
            with pytest.raises(StoreError, match="AUTOCOMMIT"):
                _refuse_autocommit(driver)
        else:
            _refuse_autocommit(driver)


# --- looking and writing --------------------------------------------------------------------------

LISTED = Collection(
    "listed", Account, lambda account: account.key, (Index("by", lambda a: (a.note,) * 6),)
)


@contextmanager
def counted(database) -> Iterator[list[str]]:
    """The statements that are sent."""
    sent: list[str] = []

    def note(_connection, _cursor, statement, *_):
        sent.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


class TestManyAtOnce:
    """A unit with many records does not ask as many questions."""

    def test_adding_to_what_is_there(self, database):
        add(database.store(), *(Account(f"m{number:04}") for number in range(0, 900, 300)))
        new = [Account(f"n{number:04}") for number in range(1_000)]
        with counted(database) as sent:
            add(database.store(), *new)
        assert len(sent) < 30
        with database.store().unit_of_work() as unit:
            assert len(unit.repository(ACCOUNTS).page(limit=10_000).items) == 1_003

    def test_replacing_and_removing(self, database):
        keys = [f"k{number:04}" for number in range(700)]
        add(database.store(), *map(Account, keys))
        with database.store().unit_of_work() as unit:
            accounts = unit.repository(ACCOUNTS)
            for key in keys[:600]:
                accounts.replace(Account(key, 1), 1)
            for key in keys[600:]:
                accounts.remove(key, 1)
            with counted(database) as sent:
                unit.commit()
        assert len(sent) < 20
        with database.store().unit_of_work() as unit:
            found = unit.repository(ACCOUNTS).query("by-points", prefix=(1,), limit=10_000)
            assert [stored.record.key for stored in found.items] == keys[:600]

    def test_many_ledgers(self, database):
        with database.store().unit_of_work() as unit:
            for number in range(100):
                unit.stream(LEDGER).append(str(number), [Earned()], 0)
            unit.commit()
        with database.store().unit_of_work() as unit:
            for number in range(100):
                unit.stream(LEDGER).append(str(number), [Earned()], 1)
            with counted(database) as sent:
                unit.commit()
        assert len(sent) < 10

    def test_a_key_that_is_taken_is_noticed_among_many_that_are_free(self, database):
        add(database.store(), Account("c"), Account("h"), Account("z"))
        with database.store().unit_of_work() as unit:
            accounts = unit.repository(ACCOUNTS)
            for key in "abdefgijk":
                accounts.add(Account(key))
                for there in "ch":
                    with pytest.raises(AlreadyKept):
                        accounts.add(Account(there))
            for key in "lmnopq":
                assert accounts.find(key) is None or key <= "k"
            for there in "zhc":
                with pytest.raises(AlreadyKept):
                    accounts.add(Account(there))

    def test_reading_many_one_by_one(self, database):
        add(database.store(), *(Account(f"k{number:04}") for number in range(1_100)))
        with database.store().unit_of_work() as unit:
            for _ in range(2):
                for number in range(1_100):
                    assert unit.repository(ACCOUNTS).get(f"k{number:04}").version == 1

    def test_listing_all_anew(self, database):
        add(database.store(), *(Account(f"k{number:04}") for number in range(1_050)))
        assert database.store().reindex(ACCOUNTS) == 1_050
        assert database.store().reindex(LISTED) == 0


class TestGuards:
    """Whatever a decision rests on is as it was, or the decision is taken again."""

    def test_a_place_that_was_seen_free(self, database):
        add(database.store(), Account("a"))
        with database.store().unit_of_work() as unit:
            accounts = unit.repository(ACCOUNTS)
            assert accounts.find("b") is None
            accounts.replace(Account("a", 1), 1)
            add(database.store(), Account("b"))
            with pytest.raises(VersionConflict) as caught:
                unit.commit()
        assert (caught.value.expected, caught.value.actual) == (0, 1)

    def test_a_place_where_something_was_kept_and_removed(self, database):
        """What is added there now would have a version that was there before."""
        with database.store().unit_of_work() as unit:
            unit.repository(ACCOUNTS).add(Account("a"))
            add(database.store(), Account("a"))
            carry_out(database.store(), "command")
            with database.store().unit_of_work() as other:
                other.repository(ACCOUNTS).remove("a", 2)
                other.commit()
            with pytest.raises(VersionConflict) as caught:
                unit.commit()
        assert (caught.value.expected, caught.value.actual) == (0, None)

    @pytest.mark.parametrize(("gone", "actual"), [(False, 2), (True, None)])
    def test_a_record_that_was_changed_or_removed(self, database, gone, actual):
        add(database.store(), Account("a"))
        with database.store().unit_of_work() as unit:
            unit.repository(ACCOUNTS).replace(Account("a", 7), 1)
            carry_out(database.store(), "command")
            if gone:
                with database.store().unit_of_work() as other:
                    other.repository(ACCOUNTS).remove("a", 2)
                    other.commit()
            with pytest.raises(VersionConflict) as caught:
                unit.commit()
        assert (caught.value.expected, caught.value.actual) == (1, actual)

    def test_a_ledger_that_was_only_looked_at(self, database):
        with database.store().unit_of_work() as unit:
            assert unit.stream(LEDGER).length("x") == 0
            unit.repository(ACCOUNTS).add(Account("a"))
            with database.store().unit_of_work() as other:
                other.stream(LEDGER).append("x", [Earned()], 0)
                other.commit()
            with pytest.raises(VersionConflict) as caught:
                unit.commit()
        assert (caught.value.expected, caught.value.actual) == (0, 1)

    def test_a_place_that_stays_free_is_left_free(self, database):
        with database.store().unit_of_work() as unit:
            assert unit.repository(ACCOUNTS).find("b") is None
            assert unit.stream(LEDGER).length("x") == 0
            unit.outbox.add("topic", "{}")
            unit.commit()
        kept = database.everything()
        assert kept["crmkit_record"] == kept["crmkit_entry"] == []

    @pytest.mark.parametrize(("anew", "actual"), [((Earned(7),), 3), ((), 0)])
    def test_a_ledger_that_was_written_anew_or_erased(self, database, anew, actual):
        with database.store().unit_of_work() as unit:
            unit.stream(LEDGER).append("x", [Earned(), Earned()], 0)
            unit.commit()
        with database.store().unit_of_work() as late:
            late.stream(LEDGER).append("x", [Earned(3)], 2)
            with database.store().unit_of_work() as unit:
                unit.stream(LEDGER).rewrite("x", anew, 2)
                unit.commit()
            with pytest.raises(VersionConflict) as caught:
                late.commit()
        assert (caught.value.expected, caught.value.actual) == (2, actual)
        with database.store().unit_of_work() as unit:
            assert unit.stream(LEDGER).read("x") == anew

    def test_a_command_that_came_twice_at_once(self, database):
        add(database.store(), Account("a"))
        with database.store().unit_of_work() as first, database.store().unit_of_work() as second:
            for unit, key in ((first, "a"), (second, "b")):
                at = datetime(2026, 1, 1, tzinfo=UTC)
                unit.once("command", "{}", lambda: "done", at=at)
                unit.stream(LEDGER).append(key, [Earned()], 0)
            first.commit()
            with pytest.raises(VersionConflict):
                second.commit()
        with database.store().unit_of_work() as unit:
            assert unit.stream(LEDGER).keys() == ("a",)

    def test_an_index_that_lists_by_too_much(self, database):
        with database.store().unit_of_work() as unit:
            with pytest.raises(InvalidValue, match="1400 bytes") as caught:
                unit.repository(LISTED).add(Account("a", note="客" * 250))
            unit.commit()
        assert "客" not in str(caught.value)


class TestAnotherDriver:
    """A driver of PostgreSQL that crmkit knows no short cut for does the same."""

    @pytest.fixture
    def fault(self):
        return Fault()

    @pytest.fixture
    def database(self, fault):
        with faulty_postgres(fault) as database:
            database.engine.dialect.driver = "another"
            yield database

    def test_it_keeps_and_finds(self, database):
        add(database.made(), Account("a"))
        assert carry_out(database.store(), "command") == "1"
        assert points_in(database) == 1

    def test_without_tables_nothing_works(self, database):
        with pytest.raises(StoreUnavailable, match="create_schema"):
            database.store().unit_of_work()

    def test_an_end_that_fails_leaves_no_transaction_behind(self, database):
        """Nothing was written, so that nobody needs to know."""
        unit = database.made().unit_of_work()
        dialect: Any = database.engine.dialect
        commit = dialect.do_commit

        def fails(driver):
            raise psycopg.errors.AdminShutdown("it is gone")

        dialect.do_commit = fails
        unit.rollback()
        dialect.do_commit = commit
        assert database.store().deliver(lambda _: None) == 0
