"""A store file is made whole or not at all, and only a whole one of ours is opened."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
from contextlib import closing

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from crmkit.errors import CorruptStore, ForeignStore, NewerSchema, StoreError
from crmkit.storage import Message, StoreUnavailable
from crmkit.storage.sqlite import SqliteStore, file, schema
from tests.reliability import chosen_size
from tests.storage import damage
from tests.storage.sqlite_files import (
    ACCOUNTS,
    BALANCE,
    LEDGER,
    Account,
    Earned,
    carry_out,
    change,
    earn,
    new_file,
    points_in,
    select,
)


@pytest.fixture
def path(tmp_path):
    return new_file(tmp_path / "shop.crmkit")


def everything_in(path):
    """Read all that is kept, by every way there is to it."""
    with SqliteStore.open(path) as store:
        store.verify()
        with store.unit_of_work() as unit:
            accounts = unit.repository(ACCOUNTS)
            log = unit.stream(LEDGER)
            messages: list[Message] = []
            store.deliver(messages.append)
            return (
                accounts.page().items,
                accounts.query("by-points").items,
                [accounts.find(key) for key in ("a", "b")],
                log.read("a"),
                log.fold("a", BALANCE),
                messages,
            )


class TestMaking:
    """A store is made only when asked for, and no process ever sees half of one."""

    def test_a_mistyped_path_makes_no_store(self, tmp_path):
        with pytest.raises(StoreUnavailable, match="unless create=True makes it"):
            SqliteStore.open(tmp_path / "shpo.crmkit")
        assert list(tmp_path.iterdir()) == []

    def test_create_makes_one_and_nothing_else(self, tmp_path):
        SqliteStore.open(tmp_path / "shop.crmkit", create=True).close()
        assert [each.name for each in tmp_path.iterdir()] == ["shop.crmkit"]

    def test_create_opens_the_one_that_is_there(self, path):
        with SqliteStore.open(path, create=True) as store, store.unit_of_work() as unit:
            assert unit.repository(ACCOUNTS).find("a") is not None

    @pytest.mark.skipif(os.name != "posix", reason="other systems have no such permissions")
    def test_only_the_user_who_made_it_may_read_it(self, path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600

    def test_the_file_says_what_it_is(self, path):
        assert path.read_bytes()[68:72] == b"CRMK"
        assert select(path, "PRAGMA user_version") == [(schema.SCHEMA_VERSION,)]
        assert select(path, "PRAGMA journal_mode") == [("wal",)]

    @pytest.mark.parametrize(
        "name", ["a?mode=memory&x=1", "a#b", "a%41", "a b", "ä客", "file:a", "-a", "'a'"]
    )
    def test_a_path_means_what_it_says(self, tmp_path, name):
        new_file(tmp_path / name)
        assert [each.name for each in tmp_path.iterdir()] == [name]

    def test_a_path_may_be_text_and_relative(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        SqliteStore.open("shop.crmkit", create=True).close()
        assert (tmp_path / "shop.crmkit").exists()

    @pytest.mark.parametrize("create", [True, False])
    @pytest.mark.parametrize("name", ["", "missing/shop.crmkit", "shop\0.crmkit"])
    def test_a_place_without_room_for_a_file_is_refused(self, tmp_path, name, create):
        with pytest.raises(StoreUnavailable):
            SqliteStore.open(f"{tmp_path}/{name}", create=create)
        assert list(tmp_path.iterdir()) == []

    def test_what_another_process_made_in_between_is_left_as_it_is(self, tmp_path, monkeypatch):
        link = os.link
        theirs = new_file(tmp_path / "theirs", Account("theirs"))

        def link_too_late(new, place):
            shutil.copy(theirs, place)
            link(new, place)

        monkeypatch.setattr(os, "link", link_too_late)
        store = SqliteStore.open(tmp_path / "shop", create=True)
        with store, store.unit_of_work() as unit:
            assert unit.repository(ACCOUNTS).find("theirs") is not None

    def test_a_file_system_without_hard_links_will_do(self, tmp_path, monkeypatch):
        def refuse(new, place):
            raise PermissionError("no hard links here")

        monkeypatch.setattr(os, "link", refuse)
        path = new_file(tmp_path / "shop")
        assert [each.name for each in tmp_path.iterdir()] == ["shop"]
        file.create_file(path)  # Somebody else was quicker.
        assert everything_in(path)[0] != ()

    def test_a_failure_leaves_no_rubbish_behind(self, tmp_path, monkeypatch):
        monkeypatch.setattr(schema, "STEPS", (("CREATE NONSENSE",),))
        with pytest.raises(StoreError):
            SqliteStore.open(tmp_path / "shop", create=True)
        assert list(tmp_path.iterdir()) == []


class TestBackups:
    """A copy made with SQLite's own means is a store."""

    def test_it_opens_and_readers_still_keep_nobody_waiting(self, path, tmp_path):
        backup = tmp_path / "backup.crmkit"
        with SqliteStore.open(path) as store:
            carry_out(store, "before")
            change(path, f"VACUUM INTO '{backup}'")
            carry_out(store, "after")
        with SqliteStore.open(backup, timeout=0) as store:
            assert points_in(store) == 1
            with store.unit_of_work() as reader:
                reader.repository(ACCOUNTS).get("a")
                assert carry_out(store, "meanwhile") == "2"
                assert reader.repository(ACCOUNTS).get("a").record.points == 1


class TestForeignFiles:
    """A file of another program is refused, and not a byte of it is touched."""

    @pytest.mark.parametrize("create", [True, False])
    @pytest.mark.parametrize(
        "text", ["a", "key,amount\na,12.30\n", "\0" * 8192, "SQLite format 4\0"]
    )
    def test_it_is_no_database(self, tmp_path, text, create):
        path = tmp_path / "notes.txt"
        path.write_text(text)
        with pytest.raises(ForeignStore, match="not a crmkit store"):
            SqliteStore.open(path, create=create)
        assert path.read_text() == text
        assert list(tmp_path.iterdir()) == [path]

    @pytest.mark.parametrize("application_id", [0, 1, 252006674])
    def test_it_is_a_database_of_another_program(self, tmp_path, application_id):
        path = tmp_path / "other.db"
        change(path, f"PRAGMA application_id = {application_id}", "CREATE TABLE record (a)")
        before = path.read_bytes()
        with pytest.raises(ForeignStore):
            SqliteStore.open(path)
        assert path.read_bytes() == before
        assert list(tmp_path.iterdir()) == [path]

    def test_it_is_a_database_that_another_program_has_open(self, tmp_path):
        path = tmp_path / "other.db"
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("PRAGMA journal_mode = WAL")
            other.execute("CREATE TABLE record (a)")
            before = {each.name: each.read_bytes() for each in tmp_path.iterdir()}
            with pytest.raises(ForeignStore):
                SqliteStore.open(path)
            after = {each.name: each.read_bytes() for each in tmp_path.iterdir()}
        assert after == before

    def test_it_is_a_database_with_a_journal_to_roll_back(self, tmp_path):
        path = tmp_path / "other.db"
        change(path, "CREATE TABLE record (a)")
        journal = tmp_path / "other.db-journal"
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            other.execute("INSERT INTO record VALUES (1)")
            kept = journal.read_bytes()
        journal.write_bytes(kept)
        with pytest.raises(ForeignStore):
            SqliteStore.open(path)
        assert journal.read_bytes() == kept

    def test_its_header_can_only_be_read_by_opening_it(self, tmp_path, monkeypatch):
        path = change(tmp_path / "other.db", "CREATE TABLE record (a)")
        monkeypatch.setattr(file, "_header", lambda _: (schema.APPLICATION_ID, 512))
        with pytest.raises(ForeignStore):
            SqliteStore.open(path)

    @given(garbage=st.binary(min_size=1, max_size=2_000))
    @example(b"\0")
    @example(b"T")
    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_it_is_anything_at_all(self, tmp_path, garbage):
        path = tmp_path / "garbage"
        path.write_bytes(garbage)
        with pytest.raises((ForeignStore, CorruptStore)):
            SqliteStore.open(path)
        assert path.read_bytes() == garbage


class TestDamagedFiles:
    """A file that is not whole is refused: what is read is what was written."""

    @pytest.mark.parametrize("create", [True, False])
    def test_an_empty_file_is_no_store(self, tmp_path, create):
        path = tmp_path / "empty"
        path.touch()
        with pytest.raises(CorruptStore, match="damaged or truncated"):
            SqliteStore.open(path, create=create)
        assert path.read_bytes() == b""
        assert list(tmp_path.iterdir()) == [path]

    @pytest.mark.parametrize("check", damage.CHECKS, ids=lambda check: check.__name__)
    def test_what_is_read_is_what_was_written_or_it_is_refused(self, check):
        """Cut off at every 512 bytes, flipped byte by byte, overwritten; and the control."""
        outcome = check(chosen_size())
        assert outcome.held, outcome.figure

    def test_a_store_without_a_schema_is_refused(self, path):
        change(path, "PRAGMA user_version = 0")
        with pytest.raises(CorruptStore):
            SqliteStore.open(path)

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE record SET document = replace(document, '2', '9')",
            "UPDATE record SET version = version + 1",
            "UPDATE record SET document = CAST(x'ff' AS TEXT)",
            "UPDATE listing SET entry = CAST(entry || x'00' AS BLOB)",
            "UPDATE entry SET document = replace(document, '1', '2')",
            "DELETE FROM entry WHERE number = 1",
            "UPDATE snapshot SET length = length + 1",
            "UPDATE answer SET document = 'another'",
            "UPDATE message SET payload = 'another'",
            "UPDATE message SET id = id + 7",
            "UPDATE shelf SET floor = 100",
            "DROP TABLE record",
            "ALTER TABLE record RENAME COLUMN document TO text",
        ],
    )
    def test_what_was_changed_past_the_store_is_not_believed(self, path, statement):
        with SqliteStore.open(path) as store:
            for command in ("first", "second"):
                carry_out(store, command)
        change(path, statement)
        with SqliteStore.open(path) as store, pytest.raises(CorruptStore):
            self.read_everything(store)

    def test_a_stream_that_was_written_anew_misses_its_first_entry_too(self, path):
        """Its entries are numbered on; where they begin stands in the first of them."""
        with SqliteStore.open(path) as store:
            for command in ("first", "second"):
                carry_out(store, command)
            with store.unit_of_work() as unit:
                unit.stream(LEDGER).rewrite("a", [Earned(7), Earned(8)], 2)
                unit.commit()
            with store.unit_of_work() as unit:
                assert unit.stream(LEDGER).append("a", [Earned(9)], 2) == 3
                unit.commit()
            store.verify()
            with store.unit_of_work() as unit:
                assert unit.stream(LEDGER).read("a") == (Earned(7), Earned(8), Earned(9))
        change(path, "DELETE FROM entry WHERE number = 4")
        with SqliteStore.open(path) as store:
            with store.unit_of_work() as unit, pytest.raises(CorruptStore):
                unit.stream(LEDGER).read("a")
            change(path, "DELETE FROM entry WHERE number = 3")
            with pytest.raises(CorruptStore):
                store.verify()
            with store.unit_of_work() as unit, pytest.raises(CorruptStore):
                unit.stream(LEDGER).length("a")

    def read_everything(self, store):
        with store.unit_of_work() as unit:
            unit.repository(ACCOUNTS).page()
            unit.repository(ACCOUNTS).query("by-points")
            unit.stream(LEDGER).read("a")
            unit.stream(LEDGER).fold("a", BALANCE)
            earn(unit, "first")
        store.deliver(lambda _: None)

    @pytest.mark.parametrize(
        "statement",
        [
            "DELETE FROM record WHERE key = 'a'",
            "UPDATE message SET topic = 'another'",
            "UPDATE listing SET entry = x'ff'",
        ],
    )
    def test_a_whole_reading_finds_what_a_search_cannot(self, path, statement):
        with SqliteStore.open(path) as store:
            carry_out(store, "first")
        change(path, statement)
        with SqliteStore.open(path) as store, pytest.raises(CorruptStore):
            store.verify()

    def test_a_whole_reading_finds_damage_to_the_pages_themselves(self, path):
        whole = bytearray(path.read_bytes())
        root = select(path, "SELECT rootpage FROM sqlite_master WHERE name = 'listing'")[0][0]
        whole[(root - 1) * 4096 + 4] = 0  # The page says that it has no cells.
        path.write_bytes(whole)
        with SqliteStore.open(path) as store, pytest.raises(CorruptStore):
            store.verify()


class TestSchemaVersions:
    """A newer file is refused, an older one is brought up to date, all of it or nothing."""

    def test_a_newer_file_is_refused_and_left_as_it_is(self, path):
        change(path, "PRAGMA user_version = 7")
        before = path.read_bytes()
        with pytest.raises(NewerSchema) as raised:
            SqliteStore.open(path)
        assert (raised.value.found, raised.value.known) == (7, schema.SCHEMA_VERSION)
        assert path.read_bytes() == before

    def test_a_store_that_could_not_be_opened_lets_go_of_the_file(self, path, monkeypatch):
        change(path, "PRAGMA user_version = 7")
        opened = []
        connect = sqlite3.connect

        def remember(*args, **options):
            opened.append(connect(*args, **options))
            return opened[-1]

        monkeypatch.setattr(sqlite3, "connect", remember)
        with pytest.raises(NewerSchema):
            SqliteStore.open(path)
        for connection in opened:
            with pytest.raises(sqlite3.ProgrammingError, match="closed"):
                connection.execute("SELECT 1")
        assert len(opened) == 2

    def test_an_open_store_notices_that_a_newer_release_has_taken_over(self, path):
        with SqliteStore.open(path) as store:
            unit = store.unit_of_work()
            unit.outbox.add("topic", "")
            change(path, "PRAGMA user_version = 7")
            for action in (
                unit.commit,
                store.unit_of_work,
                store.verify,
                store.compact,
                lambda: store.reindex(ACCOUNTS),
            ):
                with pytest.raises(NewerSchema):
                    action()

    def test_an_older_file_is_brought_up_to_date_when_it_is_opened(self, path, monkeypatch):
        another = ("CREATE TABLE added (a)", f"PRAGMA user_version = {schema.SCHEMA_VERSION + 1}")
        monkeypatch.setattr(schema, "STEPS", (*schema.STEPS, another))
        with SqliteStore.open(path) as store:
            assert points_in(store) == 0
        assert select(path, "PRAGMA user_version") == [(schema.SCHEMA_VERSION + 1,)]
        assert select(path, "SELECT * FROM added") == []

    def test_a_step_that_fails_leaves_the_file_at_the_version_it_had(self, path, monkeypatch):
        another = ("CREATE TABLE added (a)", "PRAGMA user_version = 3", "CREATE NONSENSE")
        with monkeypatch.context() as patch:
            patch.setattr(schema, "STEPS", (*schema.STEPS, another))
            with pytest.raises(StoreError):
                SqliteStore.open(path)
        assert select(path, "PRAGMA user_version") == [(schema.SCHEMA_VERSION,)]
        with SqliteStore.open(path) as store:
            assert points_in(store) == 0

    def test_a_step_that_another_process_has_taken_is_not_taken_again(self, path, monkeypatch):
        another = ("CREATE TABLE added (a)", f"PRAGMA user_version = {schema.SCHEMA_VERSION + 1}")
        monkeypatch.setattr(schema, "STEPS", (*schema.STEPS, another))
        asked = []

        def version_before_the_lock(connection):
            asked.append(connection.in_transaction)
            if not connection.in_transaction and asked.count(False) == 2:
                change(path, *another)
                return schema.SCHEMA_VERSION
            return original(connection)

        original = file._version
        monkeypatch.setattr(file, "_version", version_before_the_lock)
        with SqliteStore.open(path) as store:
            assert points_in(store) == 0
        assert True in asked
