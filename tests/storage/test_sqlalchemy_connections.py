"""How a store treats the connections of a host's engine: few messages, and given back as they were.

A host may say something at the beginning of each transaction, may have an engine that commits by
itself, may name its schema as it likes, and may lend one connection only.
"""

from __future__ import annotations

import gc
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

import pytest
from attrs import frozen
from sqlalchemy import create_engine, event, text
from sqlalchemy.pool import SingletonThreadPool

from crmkit.errors import InvalidValue, StoreError, VersionConflict
from crmkit.storage import Collection, Index, StoreUnavailable
from crmkit.storage.sqlalchemy import SqlAlchemyStore
from crmkit.storage.sqlalchemy.binds import PsycopgTransactions
from tests.storage.postgres import fresh_schema, postgres_url
from tests.storage.sqlalchemy_stores import Database, on_postgres, sqlite_in
from tests.storage.sqlite_files import ACCOUNTS, Account, carry_out


@frozen
class Tagged:
    """A record that is listed as often as it has tags."""

    key: str
    tags: tuple[str, ...] = ()


TAGGED: Collection[Tagged] = Collection(
    "tagged",
    Tagged,
    lambda tagged: tagged.key,
    (
        Index("by-tag", lambda tagged: [(tag,) for tag in tagged.tags]),
        Index("by-count", lambda tagged: (len(tagged.tags),)),
    ),
)


@contextmanager
def lent(**options: Any):
    """A schema on PostgreSQL, and an engine of this test's own."""
    engine = create_engine(postgres_url(), **options)
    try:
        with fresh_schema() as schema:
            yield Database(engine, schema)
    finally:
        engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request, tmp_path):
    with sqlite_in(tmp_path) if request.param == "sqlite" else on_postgres() as made:
        made.made()
        yield made


def save(store, points):
    with store.unit_of_work() as unit:
        accounts = unit.repository(ACCOUNTS)
        stored = accounts.get("a")
        accounts.replace(Account("a", points), stored.version)
        unit.commit()


def add(store, *accounts):
    with store.unit_of_work() as unit:
        for account in accounts:
            unit.repository(ACCOUNTS).add(account)
        unit.commit()


def save_one(store):
    add(store, Account("a"))
    save(store, 1)


def mode(engine):
    """How a connection of the pool begins transactions, and whether one is open."""
    with engine.connect() as connection:
        driver: Any = connection.connection.dbapi_connection
        if engine.dialect.name == "sqlite":
            return driver.isolation_level, driver.in_transaction
        return driver.autocommit, driver.info.transaction_status.name


def points(store):
    with store.unit_of_work() as unit:
        return [each.record.points for each in unit.repository(ACCOUNTS).query("by-points").items]


class TestListings:
    """A record is found where it belongs after each change, and nowhere else."""

    def tags(self, store):
        found = []
        with store.unit_of_work() as unit:
            tagged = unit.repository(TAGGED)
            for tag in "abcde":
                found += [tag for _ in tagged.query("by-tag", prefix=(tag,)).items]
            counts = [len(each.record.tags) for each in tagged.query("by-count").items]
        return "".join(found), counts

    def test_whether_it_is_listed_more_often_or_less(self, database):
        store = database.store()
        with store.unit_of_work() as unit:
            unit.repository(TAGGED).add(Tagged("x", ("a", "b")))
            unit.commit()
        assert self.tags(store) == ("ab", [2])
        for tags in ("bcd", "", "e", "ae", "ea", "a", "cd"):
            with store.unit_of_work() as unit:
                version = unit.repository(TAGGED).get("x").version
                unit.repository(TAGGED).replace(Tagged("x", tuple(tags)), version)
                unit.commit()
            assert self.tags(store) == ("".join(sorted(tags)), [len(tags)])

    def test_many_at_once(self, database):
        store = database.store()
        with store.unit_of_work() as unit:
            for key in "xyz":
                unit.repository(TAGGED).add(Tagged(key, ("a", "b")))
            unit.commit()
        with store.unit_of_work() as unit:
            for key, tags in (("x", "bc"), ("y", "d"), ("z", "abe")):
                unit.repository(TAGGED).replace(Tagged(key, tuple(tags)), 1)
            unit.commit()
        assert self.tags(store) == ("abbcde", [1, 2, 3])

    def test_a_conflict_lists_nothing(self, database):
        store = database.store()
        add(store, Account("a"))
        with store.unit_of_work() as unit:
            unit.repository(ACCOUNTS).replace(Account("a", 7), 1)
            save(store, 1)
            with pytest.raises(VersionConflict) as caught:
                unit.commit()
        assert (caught.value.expected, caught.value.actual) == (1, 2)
        assert points(store) == [1]


class TestMessagesToTheServer:
    """A wait for the server costs more than anything else that a small unit does."""

    @pytest.fixture
    def sent(self):
        with lent() as database:
            sent: list[str] = []

            @event.listens_for(database.engine, "connect")
            def _listen(driver, _):
                commit = driver.commit

                def committed():
                    if driver.info.transaction_status.name != "IDLE":
                        sent.append("COMMIT")
                    commit()

                driver.commit = committed

            send = PsycopgTransactions._send

            def sends(self, connection, statements):
                sent.append(statements)
                return send(self, connection, statements)

            @event.listens_for(database.engine, "before_cursor_execute")
            def _note(connection, cursor, statement, *rest):
                sent.append(statement)

            store = database.made()
            add(store, Account("a"))
            sent.clear()
            with mock.patch.object(PsycopgTransactions, "_send", sends):
                yield store, sent

    def test_a_load_sends_three(self, sent):
        store, statements = sent
        with store.unit_of_work() as unit:
            unit.repository(ACCOUNTS).get("a")
        assert len(statements) == 3

    def test_a_save_sends_five(self, sent):
        """One fewer than six by hand: begin, read, write, unlist, list, commit."""
        store, statements = sent
        save(store, 1)
        assert len(statements) == 5
        assert statements[2].startswith("COMMIT; BEGIN")

    @pytest.mark.parametrize(
        ("works", "lock"), [("replaces", "FOR SHARE"), ("removes", "FOR UPDATE")]
    )
    def test_writers_hold_the_collection_together_and_who_removes_holds_it_alone(
        self, sent, works, lock
    ):
        """Two that hold it together could not both write to it: one would have to begin anew."""
        store, statements = sent
        with store.unit_of_work() as unit:
            accounts = unit.repository(ACCOUNTS)
            if works == "removes":
                accounts.remove("a", 1)
            else:
                accounts.replace(Account("a", 1), 1)
            unit.commit()
        (held,) = (each for each in statements if "crmkit_shelf" in each and " FOR " in each)
        assert held.endswith(lock)

    def test_and_a_unit_that_changes_nothing_sends_no_more_than_what_it_reads(self, sent):
        store, statements = sent
        with store.unit_of_work() as unit:
            unit.commit()
        assert len(statements) == 2


class TestWhileARemovalIsOpen:
    """A version that was once seen never comes back, so that nobody takes two records for one."""

    def test_a_new_record_waits_for_its_end_and_is_refused(self):
        with lent() as database:
            store = database.made()
            unit = store.unit_of_work()
            unit.repository(ACCOUNTS).add(Account("a", 7))
            add(store, Account("a"))
            with ThreadPoolExecutor(1) as clerk:
                with database.engine.begin() as connection:
                    with database.store(connection).unit_of_work() as other:
                        other.repository(ACCOUNTS).remove("a", 1)
                        other.commit()
                    begun = clerk.submit(unit.commit)
                    with pytest.raises(TimeoutError):
                        begun.result(timeout=0.3)
                with pytest.raises(VersionConflict):
                    begun.result(timeout=30)
            add(store, Account("a", 8))
            with store.unit_of_work() as unit:
                assert unit.repository(ACCOUNTS).get("a").version == 2


class TestOneConnection:
    """An engine that lends one connection is enough for one unit at a time."""

    @pytest.fixture(params=["sqlite", "postgresql"])
    def store(self, request, tmp_path):
        made = []

        def connected(driver, _):
            made.append(driver)

        small = {"pool_size": 1, "max_overflow": 0, "pool_timeout": 0.1}
        with ExitStack() as stack:
            if request.param == "postgresql":
                database = stack.enter_context(lent(**small))
            else:
                database = Database(create_engine(f"sqlite:///{tmp_path}/shop.db", **small))
                stack.callback(database.engine.dispose)
            event.listen(database.engine, "connect", connected)
            yield database.made()
        assert len(made) == 1, "none had to be thrown away"

    def test_through_saves_conflicts_and_upkeep(self, store):
        add(store, Account("a"))
        assert carry_out(store, "command") == "1"
        for number in range(3):
            with store.unit_of_work() as unit:
                unit.repository(ACCOUNTS).replace(Account("a", number), number + 2)
                unit._work.changes.seen["accounts", "a"] = 1
                with pytest.raises(VersionConflict):
                    unit.commit()
            with store.unit_of_work() as unit:
                unit.repository(ACCOUNTS).get("a")
            save(store, number + 1)
        assert store.reindex(ACCOUNTS) == 1
        assert store.deliver(lambda _: None) == 1
        assert points(store) == [3]


class TestAsTheHostLeftIt:
    """On PostgreSQL a connection goes back to the pool as it was."""

    @pytest.mark.parametrize("level", [None, "AUTOCOMMIT", "SERIALIZABLE"])
    def test_whatever_isolation_the_host_has_chosen(self, level):
        options = {} if level is None else {"isolation_level": level}
        with lent(pool_size=1, max_overflow=0, **options) as database:
            with database.engine.connect() as connection:
                before = connection.get_isolation_level()
            store = database.made()
            add(store, Account("a"))
            save(store, 3)
            assert points(store) == [3]
            with database.engine.connect() as connection:
                driver: Any = connection.connection.dbapi_connection
                assert driver.autocommit == (level == "AUTOCOMMIT")
                assert driver.info.transaction_status.name == "IDLE"
                assert connection.get_isolation_level() == before

    def test_who_speaks_at_the_beginning_of_a_transaction_is_heard_in_each(self):
        """Such as a host whose rules for rows ask who the tenant is."""
        with lent() as database:
            heard = []

            @event.listens_for(database.engine, "begin")
            def _speak(connection):
                connection.exec_driver_sql("SET LOCAL application_name = 'tenant-7'")

            @event.listens_for(database.engine, "commit")
            def _listen(connection):
                name = connection.exec_driver_sql("SHOW application_name").scalar()
                heard.append(name)

            store = database.made()
            add(store, Account("a"))
            heard.clear()
            save(store, 1)
            assert heard == ["tenant-7", "tenant-7"]
            assert points(store) == [1]

    def test_a_schema_may_have_any_name(self):
        with lent() as database:
            schema = 'per%cent {brace} "quote" client\'s Ä'
            quoted = schema.replace('"', '""').replace("%", "%%")
            with database.engine.begin() as connection:
                connection.exec_driver_sql(f'CREATE SCHEMA "{quoted}"')
            try:
                store = Database(database.engine, schema).made()
                add(store, Account("a"))
                save(store, 2)
                assert points(store) == [2]
                with database.engine.begin() as connection:
                    add(Database(database.engine, schema).store(connection), Account("b"))
                assert points(store) == [0, 2]
            finally:
                with database.engine.begin() as connection:
                    connection.exec_driver_sql(f'DROP SCHEMA "{quoted}" CASCADE')

    def test_who_shares_the_pool_in_another_mode_is_not_disturbed(self):
        with lent(pool_size=1, max_overflow=0) as database:
            other = database.engine.execution_options(isolation_level="AUTOCOMMIT")
            Database(other, database.schema).made()
            save_one(database.store())
            assert mode(database.engine) == (False, "IDLE")

    @pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
    def test_a_unit_that_was_forgotten_gives_its_connection_back(self, kind, tmp_path):
        with ExitStack() as stack:
            if kind == "postgresql":
                database = stack.enter_context(lent(pool_size=1, max_overflow=0))
            else:
                database = stack.enter_context(sqlite_in(tmp_path))
            store = database.made()
            add(store, Account("a"))
            before = mode(database.engine)
            unit = store.unit_of_work()
            assert unit.repository(ACCOUNTS).get("a").version == 1
            del unit
            gc.collect()
            assert mode(database.engine) == before
            save(store, 1)
            assert points(store) == [1]

    @pytest.mark.parametrize("at", [0, 1])
    def test_who_loses_patience_leaves_nothing_behind(self, at):
        """At the end of what was read, and of what was written."""
        with lent(pool_size=1, max_overflow=0) as database:
            left = [-1]

            @event.listens_for(database.engine, "connect")
            def _impatient(driver, _):
                commit = driver.commit

                def committed():
                    commit()
                    left[0] -= 1
                    if left[0] == -1:
                        raise KeyboardInterrupt

                driver.commit = committed

            store = database.made()
            add(store, Account("a"))
            left[0] = at
            with pytest.raises(KeyboardInterrupt):
                save(store, 5) if at else points(store)
            assert mode(database.engine) == (False, "IDLE")
            assert points(store) == [5 if at else 0]

    def test_a_connection_in_use_is_refused_and_left_alone(self):
        """A pool may hand out the connection on which the host's transaction is open."""
        with lent(poolclass=SingletonThreadPool) as database:
            store = database.made()
            with database.engine.begin() as connection:
                connection.exec_driver_sql(f"CREATE TABLE {database.named('orders')} (n INTEGER)")
            with database.engine.begin() as connection:
                connection.execute(database.table("orders", "n").insert(), {"n": 1})
                with pytest.raises(StoreError, match="one at a time"):
                    store.unit_of_work()
            assert len(database.rows(database.table("orders", "n").select())) == 1

    def test_a_host_that_fails_at_the_beginning_leaves_nothing_behind(self, tmp_path):
        with sqlite_in(tmp_path) as database:
            store = database.made()
            before = mode(database.engine)

            @event.listens_for(database.engine, "begin")
            def _fail(_):
                raise ZeroDivisionError

            with pytest.raises(ZeroDivisionError):
                store.unit_of_work()
            event.remove(database.engine, "begin", _fail)
            assert mode(database.engine) == before
            save_one(store)


class TestSchemas:
    """Hosts that keep a schema for each tenant may let SQLAlchemy translate its name."""

    def test_a_translated_name_is_followed_everywhere(self):
        with lent() as mine, fresh_schema() as theirs:
            for schema in (mine.schema, theirs):
                add(Database(mine.engine, schema).made(), Account("x"))
            translating = mine.engine.execution_options(
                schema_translate_map={None: mine.schema, mine.schema: mine.schema}
            )
            store = SqlAlchemyStore(translating)
            add(store, Account("a", 4))
            with store.unit_of_work() as unit:
                unit.repository(ACCOUNTS).remove("a", 1)
                unit.commit()
            add(store, Account("a", 5))
            with translating.begin() as connection:
                save(SqlAlchemyStore(connection), 6)
            assert points(mine.store()) == [0, 6]
            assert points(Database(mine.engine, theirs).store()) == [0]

    def test_a_map_that_leads_in_circles_is_refused(self):
        with lent() as database:
            swapping = database.engine.execution_options(
                schema_translate_map={"one": "two", "two": "one"}
            )
            with pytest.raises(InvalidValue, match="third"):
                SqlAlchemyStore(swapping, schema="one")


class TestTheServerHangsUp:
    """Nothing was written before the commit begins, so that it may begin on another connection."""

    def hang_up(self, database):
        """End the connections of the shop."""
        admin = create_engine(postgres_url(), isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            ours = text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = :name"
            )
            connection.execute(ours, {"name": database.schema})
        admin.dispose()

    @pytest.fixture
    def database(self):
        with fresh_schema() as schema:
            engine = create_engine(
                postgres_url(),
                connect_args={
                    "application_name": schema,
                    "options": "-c idle_in_transaction_session_timeout=200",
                },
            )
            yield Database(engine, schema)
            engine.dispose()

    def test_between_reading_and_committing(self, database):
        store = database.made()
        add(store, Account("a"))
        with store.unit_of_work() as unit:
            stored = unit.repository(ACCOUNTS).get("a")
            self.hang_up(database)
            unit.repository(ACCOUNTS).replace(Account("a", 3), stored.version)
            unit.commit()
        assert points(store) == [3]

    def test_because_the_unit_took_too_long(self, database):
        store = database.made()
        add(store, Account("a"))
        with store.unit_of_work() as unit:
            stored = unit.repository(ACCOUNTS).get("a")
            time.sleep(0.5)
            unit.repository(ACCOUNTS).replace(Account("a", 3), stored.version)
            unit.commit()
        assert points(store) == [3]

    def test_and_a_read_has_noticed(self, database):
        store = database.made()
        add(store, Account("a"))
        with store.unit_of_work() as unit:
            stored = unit.repository(ACCOUNTS).get("a")
            time.sleep(0.5)
            with pytest.raises(StoreUnavailable):
                unit.repository(ACCOUNTS).find("b")
            unit.repository(ACCOUNTS).replace(Account("a", 3), stored.version)
            unit.commit()
        assert points(store) == [3]
