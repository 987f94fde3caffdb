"""What a unit of work commits on a host's connection is part of the host's own transaction."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import create_engine, event, text

from crmkit.errors import CorruptStore, StoreBusy, StoreError, VersionConflict
from crmkit.storage import Message
from crmkit.storage.sqlalchemy import SqlAlchemyStore
from tests.storage.sqlalchemy_stores import on_postgres, sqlite_in
from tests.storage.sqlite_files import ACCOUNTS, AT, LEDGER, Account, Earned, carry_out


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request, tmp_path):
    with sqlite_in(tmp_path) if request.param == "sqlite" else on_postgres() as made:
        made.made()
        with made.engine.begin() as connection:
            connection.execute(text(f"CREATE TABLE {made.named('orders')} (number INTEGER)"))
        yield made


def order(database, connection, number=1):
    """What the host itself writes."""
    connection.execute(database.table("orders", "number").insert(), {"number": number})


def orders(database):
    return [number for (number,) in database.rows(database.table("orders", "number").select())]


def add(store, *keys, points=0):
    with store.unit_of_work() as unit:
        for key in keys:
            unit.repository(ACCOUNTS).add(Account(key, points))
        unit.outbox.add("added", "{}")
        unit.commit()


def kept(database):
    with database.store().unit_of_work() as unit:
        return [stored.record.key for stored in unit.repository(ACCOUNTS).page().items]


class TestOneTransaction:
    """An order of the host and a record of crmkit: both are kept, or none."""

    def test_both_are_kept(self, database):
        with database.engine.begin() as connection:
            order(database, connection)
            add(database.store(connection), "a")
        assert (orders(database), kept(database)) == ([1], ["a"])
        assert database.store().deliver(lambda _: None) == 1

    def test_none_is_kept(self, database):
        with database.engine.connect() as connection:
            order(database, connection)
            add(database.store(connection), "a")
            connection.rollback()
        assert (orders(database), kept(database)) == ([], [])
        assert database.store().deliver(lambda _: None) == 0

    def test_none_is_kept_if_the_host_has_written_nothing_yet(self, database):
        """The driver of SQLite begins no transaction in front of a savepoint by itself."""
        with database.engine.connect() as connection:
            add(database.store(connection), "a")
            connection.rollback()
            add(database.store(connection), "b")
            order(database, connection)
            connection.rollback()
        assert (orders(database), kept(database)) == ([], [])

    def test_the_host_ends_a_transaction_that_began_with_a_unit(self, database):
        with database.engine.connect() as connection:
            add(database.store(connection), "a")
            assert connection.in_transaction()
            order(database, connection)
            connection.commit()
        assert (orders(database), kept(database)) == ([1], ["a"])

    def test_a_unit_sees_what_units_before_it_have_written(self, database):
        with database.engine.begin() as connection:
            store = database.store(connection)
            add(store, "a")
            with store.unit_of_work() as unit:
                accounts = unit.repository(ACCOUNTS)
                accounts.replace(Account("a", 7), accounts.get("a").version)
                unit.stream(LEDGER).append("a", [Earned(7)], 0)
                assert unit.once("key", "{}", lambda: "done", at=AT) == "done"
                unit.commit()
            with store.unit_of_work() as unit:
                assert unit.repository(ACCOUNTS).get("a").record.points == 7
                assert unit.stream(LEDGER).length("a") == 1
                assert unit.once("key", "{}", lambda: "again", at=AT) == "done"

    def test_what_is_not_committed_is_not_kept(self, database):
        with database.engine.begin() as connection:
            order(database, connection)
            with database.store(connection).unit_of_work() as unit:
                unit.repository(ACCOUNTS).add(Account("a"))
        assert (orders(database), kept(database)) == ([1], [])

    def test_upkeep_joins_too(self, database):
        add(database.store(), "a")
        carry_out(database.store(), "command")
        with database.engine.connect() as connection:
            store = database.store(connection)
            assert store.reindex(ACCOUNTS) == 1
            assert store.forget_answers(before=AT.replace(year=2030)) == 1
            connection.rollback()
        assert len(database.everything()["crmkit_answer"]) == 1


class TestConflict:
    """After a conflict the transaction of the host goes on without what the unit wanted."""

    def test_the_host_keeps_its_own(self, database):
        add(database.store(), "a")
        with database.engine.begin() as connection:
            unit = database.store(connection).unit_of_work()
            unit.repository(ACCOUNTS).replace(Account("a", 1), 1)
            changes = unit._work.changes
            changes.seen["accounts", "a"] = 7  # As if another had been there when it looked.
            with pytest.raises(VersionConflict) as caught:
                unit.commit()
            assert (caught.value.expected, caught.value.actual) == (7, 1)
            order(database, connection)
        assert (orders(database), kept(database)) == ([1], ["a"])

    def test_a_place_that_was_taken_is_named(self, database):
        with database.engine.begin() as connection:
            store = database.store(connection)
            first, second = store.unit_of_work(), store.unit_of_work()
            for unit in (first, second):
                unit.repository(ACCOUNTS).add(Account("a"))
            first.commit()
            with pytest.raises(VersionConflict) as caught:
                second.commit()
            assert (caught.value.expected, caught.value.actual) == (0, 1)
            order(database, connection)
        assert (orders(database), kept(database)) == ([1], ["a"])


class TestOnPostgresqlOnly:
    """Where the host's transaction does not see what others have kept since."""

    @pytest.fixture
    def postgres(self):
        with on_postgres() as made:
            made.made()
            yield made

    def test_who_cannot_see_the_other_is_told_to_begin_anew(self, postgres):
        engine = postgres.engine.execution_options(isolation_level="REPEATABLE READ")
        add(postgres.store(), "z")
        with engine.connect() as connection:
            with postgres.store(connection).unit_of_work() as unit:
                unit.repository(ACCOUNTS).add(Account("a"))
                add(postgres.store(), "a")
                with pytest.raises(StoreBusy):
                    unit.commit()
            assert connection.execute(text("SELECT 1")).scalar() == 1

    def test_who_is_overtaken_is_told_to_begin_anew(self, postgres):
        engine = postgres.engine.execution_options(isolation_level="REPEATABLE READ")
        add(postgres.store(), "a")
        with (
            engine.connect() as connection,
            postgres.store(connection).unit_of_work() as unit,
        ):
            unit.repository(ACCOUNTS).replace(Account("a", 1), 1)
            carry_out(postgres.store(), "command")
            with pytest.raises(StoreBusy):
                unit.commit()

    def test_a_connection_that_commits_by_itself_is_refused(self, postgres):
        engine = postgres.engine.execution_options(isolation_level="AUTOCOMMIT")
        with engine.connect() as connection, pytest.raises(StoreError, match="AUTOCOMMIT"):
            add(postgres.store(connection), "a")
        assert kept(postgres) == []


class TestMessages:
    """Messages leave after the host has committed, and by a store on the engine."""

    def test_none_is_handed_over_inside_a_transaction(self, database):
        with database.engine.begin() as connection:
            store = database.store(connection)
            add(store, "a")
            with pytest.raises(StoreError, match="on the engine"):
                store.deliver(lambda _: None)
            assert database.store().deliver(lambda _: None) == 0
        assert database.store().deliver(lambda _: None) == 1

    def test_one_of_a_transaction_that_stays_open_is_not_skipped(self):
        """Its number is lower than that of a message which was handed over long ago."""
        with on_postgres() as database:
            database.made()
            add(database.store(), "z")
            seen, by_position = list[Message](), list[int]()
            database.store().deliver(seen.append)

            def ask_for_what_lies_above(last):
                """The control: how a reader that takes numbers for positions would ask."""
                messages = database.table("crmkit_message", "id")
                found = database.rows(messages.select().where(messages.c.id > last))
                by_position.extend(number for (number,) in found)

            with database.engine.begin() as connection:
                add(database.store(connection), "a")
                add(database.store(), "b")
                ask_for_what_lies_above(seen[-1].id)
                assert database.store().deliver(seen.append) == 1
            ask_for_what_lies_above(by_position[-1])
            assert database.store().deliver(seen.append) == 1
            numbers = [message.id for message in seen]
            assert len(set(numbers)) == 3
            assert numbers != sorted(numbers)
            assert len(by_position) == 1  # The other one was skipped.


class TestSqliteOfAHost:
    """An engine on SQLite as hosts set it up; crmkit leaves it as it was."""

    def test_the_driver_goes_on_as_the_host_wants(self, tmp_path):
        with sqlite_in(tmp_path) as database:
            store = database.made()
            add(store, "a")
            carry_out(store, "command")
            with database.engine.connect() as connection:
                driver: Any = connection.connection.dbapi_connection
                assert (driver.isolation_level, driver.in_transaction) == ("", False)

    def test_an_engine_that_begins_transactions_itself(self, tmp_path):
        """The way that SQLAlchemy's own pages show."""
        with sqlite_in(tmp_path) as database:

            @event.listens_for(database.engine, "connect")
            def _quiet(driver, _):
                driver.isolation_level = None

            @event.listens_for(database.engine, "begin")
            def _begin(connection):
                connection.exec_driver_sql("BEGIN")

            database.engine.dispose()
            store = database.made()
            add(store, "a")
            with database.engine.begin() as connection:
                add(database.store(connection), "b")
                driver: Any = connection.connection.dbapi_connection
                assert driver.isolation_level is None
            assert kept(database) == ["a", "b"]

    def test_one_connection_for_all_is_refused_while_it_is_in_use(self):
        engine = create_engine("sqlite://")
        store = SqlAlchemyStore(engine)
        store.create_schema()
        with store.unit_of_work() as unit:
            unit.outbox.add("topic", "{}")
            with pytest.raises(StoreBusy, match="name a file"):
                store.unit_of_work()
            unit.commit()
        assert store.deliver(lambda _: None) == 1
        engine.dispose()


def test_entries_with_a_gap_are_noticed(database):
    add(database.store(), "a")
    for number in range(3):
        carry_out(database.store(), str(number))
    with database.engine.begin() as connection:
        entries = database.table("crmkit_entry", "number")
        connection.execute(entries.delete().where(entries.c.number == 2))
    with database.store().unit_of_work() as unit, pytest.raises(CorruptStore):
        unit.stream(LEDGER).read("a")
