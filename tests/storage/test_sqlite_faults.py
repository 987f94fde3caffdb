"""Whatever fails, a store is as it was before or after, says so in crmkit's words, and goes on."""

from __future__ import annotations

import ast
import os
import shutil
import signal
import sqlite3
import threading
import traceback
from contextlib import closing, suppress
from functools import partial
from pathlib import Path

import pytest

from crmkit.errors import (
    AlreadyKept,
    CorruptStore,
    CrmkitError,
    IdempotencyMismatch,
    NotKept,
    StoreBusy,
    StoreError,
    StoreFull,
    VersionConflict,
)
from crmkit.storage import StoreUnavailable
from crmkit.storage import sqlite as adapter
from crmkit.storage.sqlite import SqliteStore
from crmkit.storage.sqlite.faults import typed_errors
from tests.storage.sqlite_files import (
    ACCOUNTS,
    AT,
    LEDGER,
    Account,
    Connecting,
    Earned,
    carry_out,
    change,
    new_file,
    points_in,
    select,
)


@pytest.fixture
def path(tmp_path):
    return new_file(tmp_path / "shop.crmkit")


@pytest.fixture
def store(path):
    with SqliteStore.open(path, timeout=0.05) as store:
        yield store


class Fault:
    """Lets the k-th statement fail, before it was run or after it."""

    def __init__(self, at, *, after):
        self.left = at
        self.after = after
        self.statements = []

    def __call__(self, run, statement):
        self.statements.append(statement)
        self.left -= 1
        if self.left == 0 and not self.after:
            raise self.error()
        result = run()
        if self.left == 0:
            raise self.error()
        return result

    def error(self):
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
        return error


class TestEveryFault:
    """At whichever statement a disk fails, all of a unit has happened, or none of it."""

    @pytest.mark.parametrize("after", [False, True])
    def test_the_store_is_old_or_new_and_trying_again_converges(self, path, monkeypatch, after):
        outcomes = set()
        statements = set()
        at = 0
        while True:
            at += 1
            copy = shutil.copy(path, path.with_suffix(f".{at}"))
            fault = Fault(at, after=after)
            with monkeypatch.context() as patch:
                patch.setattr(sqlite3, "connect", Connecting(fault))
                failed = self.try_it(copy)
            statements |= set(fault.statements)
            with SqliteStore.open(copy) as store:
                outcomes.add((failed, points_in(store)))
                assert carry_out(store, "command") == "1"
                assert points_in(store) == 1
            if fault.left > 0:
                break
        assert at > 25
        assert outcomes == {(True, 0), (False, 1), *({(True, 1)} if after else ())}
        assert {"BEGIN IMMEDIATE", "COMMIT", "PRAGMA synchronous = FULL"} <= statements

    def try_it(self, path):
        """Carry a command out, and say whether that failed as promised."""
        try:
            with SqliteStore.open(path) as store:
                carry_out(store, "command")
        except StoreUnavailable:
            return True
        return False

    @pytest.mark.parametrize("at", range(1, 12))
    def test_a_store_that_failed_goes_on(self, path, monkeypatch, at):
        with SqliteStore.open(path) as store:
            with monkeypatch.context() as patch:
                patch.setattr(sqlite3, "connect", Connecting(Fault(at, after=False)))
                store._idle.pop().close()
                for _ in range(3):
                    with suppress(StoreUnavailable):
                        carry_out(store, "command")
            assert carry_out(store, "command") == "1"
            assert points_in(store) == 1

    def test_a_command_in_two_units_would_be_seen_half_done(self, path, monkeypatch):
        """The control: the check above can fail."""
        halves = set()
        for at in range(1, 60):
            copy = shutil.copy(path, path.with_suffix(f".{at}"))
            with monkeypatch.context() as patch:
                patch.setattr(sqlite3, "connect", Connecting(Fault(at, after=False)))
                with suppress(StoreError), SqliteStore.open(copy) as store:
                    self.carry_out_in_two_units(store)
            with SqliteStore.open(copy) as store, store.unit_of_work() as unit:
                points = unit.repository(ACCOUNTS).get("a").record.points
                halves.add((points, unit.stream(LEDGER).length("a")))
        assert halves == {(0, 0), (1, 0), (1, 1)}

    def carry_out_in_two_units(self, store):
        with store.unit_of_work() as unit:
            unit.repository(ACCOUNTS).replace(Account("a", 1), 1)
            unit.commit()
        with store.unit_of_work() as unit:
            unit.stream(LEDGER).append("a", [Earned()], 0)
            unit.commit()


class TestAFullDisk:
    """No room is a typed error; what was kept is intact, and with room the store goes on."""

    def test_it_stays_usable(self, path, monkeypatch):
        pages = 40

        def limit(run, statement):
            result = run()
            if statement.startswith("PRAGMA foreign_keys"):
                result.connection.execute(f"PRAGMA max_page_count = {pages}")
            return result

        monkeypatch.setattr(sqlite3, "connect", Connecting(limit))
        with SqliteStore.open(path) as store:
            with pytest.raises(StoreFull, match="what was kept before is intact"):
                self.fill(store)
            assert points_in(store) == 0
            with store.unit_of_work() as unit:
                stored = unit.repository(ACCOUNTS).get("a")
                unit.repository(ACCOUNTS).replace(stored.record, stored.version)
                unit.commit()
            with pytest.raises(StoreFull):
                self.fill(store)
            store._idle.pop().close()
            pages = 4_000
            self.fill(store)
            store.verify()

    def fill(self, store):
        with store.unit_of_work() as unit:
            for number in range(50):
                unit.repository(ACCOUNTS).add(Account(f"b{number}", note="x" * 4_000))
            unit.commit()

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a child with a limit of its own")
    def test_a_limit_on_the_size_of_files_is_a_full_disk_too(self, path):
        import resource

        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
            with SqliteStore.open(path) as store:
                try:
                    self.fill(store)
                except StoreFull:
                    os._exit(7)
            os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
        with SqliteStore.open(path) as store:
            assert points_in(store) == 0

    def test_a_full_disk_leaves_no_half_made_store(self, tmp_path, monkeypatch):
        def refuse(run, statement):
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorcode = sqlite3.SQLITE_FULL
            raise error

        monkeypatch.setattr(sqlite3, "connect", Connecting(refuse))
        with pytest.raises(StoreFull):
            SqliteStore.open(tmp_path / "shop", create=True)
        assert list(tmp_path.iterdir()) == []

    def test_so_does_one_that_cannot_even_name_a_file(self, tmp_path, monkeypatch):
        def refuse(*_, **__):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("crmkit.storage.sqlite.file.NamedTemporaryFile", refuse)
        with pytest.raises(StoreFull):
            SqliteStore.open(tmp_path / "shop", create=True)


class TestNames:
    """No error of SQLite leaves the store: each has a name that hosts can rely on."""

    @pytest.mark.parametrize(
        ("code", "expected"),
        [
            (sqlite3.SQLITE_BUSY, StoreBusy),
            (sqlite3.SQLITE_BUSY_SNAPSHOT, StoreBusy),
            (sqlite3.SQLITE_LOCKED, StoreBusy),
            (sqlite3.SQLITE_FULL, StoreFull),
            (sqlite3.SQLITE_IOERR_WRITE, StoreFull),
            (sqlite3.SQLITE_IOERR_READ, StoreUnavailable),
            (sqlite3.SQLITE_CANTOPEN, StoreUnavailable),
            (sqlite3.SQLITE_READONLY_DBMOVED, StoreUnavailable),
            (sqlite3.SQLITE_CORRUPT_INDEX, CorruptStore),
            (sqlite3.SQLITE_NOTADB, CorruptStore),
            (sqlite3.SQLITE_CONSTRAINT_CHECK, CorruptStore),
            (sqlite3.SQLITE_ERROR, CorruptStore),
        ],
    )
    def test_what_sqlite_reports_has_a_name_here(self, code, expected):
        error = sqlite3.OperationalError("a text that may hold what was kept")
        error.sqlite_errorcode = code
        with pytest.raises(expected) as raised, typed_errors():
            raise error
        assert "may hold" not in str(raised.value)
        assert raised.value.__suppress_context__


class TestABusyStore:
    """Writers wait for each other, readers for nobody, and nobody waits for ever."""

    @pytest.fixture
    def other(self, path):
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield other

    def test_a_writer_gives_up_after_its_timeout_and_may_try_again(self, store, other):
        for action in (
            lambda: carry_out(store, "command"),
            lambda: store.reindex(ACCOUNTS),
            lambda: store.forget_answers(before=AT),
            store.compact,
        ):
            with pytest.raises(StoreBusy, match="try again"):
                action()
        other.execute("ROLLBACK")
        assert carry_out(store, "command") == "1"

    def test_a_reader_does_not_wait(self, store, other):
        with store.unit_of_work() as unit:
            assert unit.repository(ACCOUNTS).get("a").record == Account("a")
        assert points_in(store) == 0

    def test_a_store_can_be_opened_meanwhile(self, path, other):
        with SqliteStore.open(path) as store:
            assert points_in(store) == 0

    def test_a_writer_waits_for_a_short_one(self, path, other):
        with SqliteStore.open(path, timeout=10) as store:
            release = threading.Thread(target=carry_out, args=(store, "command"))
            release.start()
            other.execute("ROLLBACK")
            release.join()
            assert points_in(store) == 1

    def test_a_message_that_could_not_be_forgotten_comes_again(self, store, path):
        carry_out(store, "command")
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            told = []

            def handler(message):
                told.append(message.payload)
                other.execute("BEGIN IMMEDIATE")

            with pytest.raises(StoreBusy):
                store.deliver(handler)
        assert store.deliver(lambda message: told.append(message.payload)) == 1
        assert told == ["1", "1"]

    def test_compacting_needs_the_store_for_itself(self, store):
        carry_out(store, "command")
        with store.unit_of_work() as unit:
            unit.repository(ACCOUNTS).get("a")
            with pytest.raises(StoreBusy, match="when there is none"):
                store.compact()
        store.compact()
        assert points_in(store) == 1


class TestClosing:
    """A closed store lets go of its file."""

    def test_it_does_nothing_more(self, path):
        store = SqliteStore.open(path)
        store.close()
        store.close()
        for action in (store.unit_of_work, lambda: store.deliver(print), store.verify):
            with pytest.raises(StoreError, match="open it again"):
                action()

    def test_a_unit_that_is_still_open_lets_go_when_it_ends(self, path):
        store = SqliteStore.open(path)
        unit = store.unit_of_work()
        unit.outbox.add("topic", "")
        store.close()
        with pytest.raises(StoreError, match="open it again"):
            unit.commit()
        assert sorted(each.name for each in path.parent.iterdir()) == [path.name]

    def test_a_unit_that_cannot_begin_keeps_no_connection_busy(self, store, monkeypatch):
        def fail(_):
            raise KeyboardInterrupt

        monkeypatch.setattr(adapter, "check_version", fail)
        with pytest.raises(KeyboardInterrupt):
            store.unit_of_work()
        monkeypatch.undo()
        assert carry_out(store, "command") == "1"
        assert len(store._idle) == 1


class TestPersonalData:
    """No error tells what was kept, and what was removed is gone from the file."""

    SECRET = "Canary-4711"

    def errors(self, store, path):
        """Every error there is, met with a secret in key, record, entry, payload and answer."""
        secret = Account(self.SECRET, 1, self.SECRET)
        with store.unit_of_work() as unit:
            accounts = unit.repository(ACCOUNTS)
            accounts.add(secret)
            unit.once(self.SECRET, self.SECRET, lambda: self.SECRET, at=AT)
            unit.outbox.add(self.SECRET, self.SECRET)
            yield AlreadyKept, lambda: accounts.add(secret)
            yield NotKept, lambda: accounts.get(self.SECRET + "x")
            yield VersionConflict, lambda: accounts.replace(secret, 9)
            yield VersionConflict, lambda: accounts.remove(self.SECRET, 9)
            yield IdempotencyMismatch, lambda: unit.once(self.SECRET, "", str, at=AT)
            yield CrmkitError, lambda: accounts.find(self.SECRET + "\0")
            yield CrmkitError, lambda: accounts.query("by-points", after=self.SECRET)
            yield CrmkitError, lambda: accounts.query(self.SECRET)
            unit.commit()
        for statement in (
            "UPDATE record SET document = document || ' '",
            "UPDATE record SET document = CAST(document || x'ff' AS TEXT)",
            "UPDATE record SET checksum = CAST(document || x'ff' AS TEXT)",
        ):
            change(path, "PRAGMA ignore_check_constraints = ON", statement)
            with store.unit_of_work() as unit:
                yield StoreError, partial(unit.repository(ACCOUNTS).get, self.SECRET)
                yield StoreError, unit.repository(ACCOUNTS).page

    def test_no_error_tells_it(self, store, path):
        seen = 0
        for error, action in self.errors(store, path):
            with pytest.raises(error) as raised:
                action()
            told = "".join(traceback.format_exception(raised.value)) + repr(raised.value)
            lines = [line for line in told.splitlines() if not line.startswith("    ")]
            assert self.SECRET not in "\n".join(lines)
            seen += 1
        assert seen == 14

    def bytes_in(self, path):
        return b"".join(each.read_bytes() for each in path.parent.iterdir())

    def test_what_was_removed_is_gone_after_compacting(self, store, path):
        secret = self.SECRET.encode()
        with store.unit_of_work() as unit:
            accounts = unit.repository(ACCOUNTS)
            for number in range(30):
                accounts.add(Account(f"{self.SECRET}-{number}", number, self.SECRET * 50))
            unit.once(self.SECRET, "", lambda: self.SECRET, at=AT)
            unit.outbox.add("topic", self.SECRET)
            unit.commit()
        assert secret in self.bytes_in(path)
        with store.unit_of_work() as unit:
            accounts = unit.repository(ACCOUNTS)
            for number in range(30):
                accounts.remove(f"{self.SECRET}-{number}", 1)
            unit.commit()
        store.forget_answers(before=AT.replace(year=AT.year + 1))
        store.deliver(lambda _: None)
        store.compact()
        assert secret not in self.bytes_in(path)
        assert select(path, "SELECT count(*) FROM listing") == [(1,)]


class TestStatements:
    """No statement is put together: values are parameters, and nobody's text is run."""

    def calls(self):
        names = ("execute", "executemany", "executescript", "_all")
        for file in Path(adapter.__file__).parent.glob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Call) and getattr(node.func, "attr", None) in names:
                    yield node.args[0]
                elif isinstance(node, ast.Call) and getattr(node.func, "id", None) == "_many":
                    yield node.args[1]

    def test_every_statement_is_a_text_that_stands_in_the_code(self):
        built = (ast.JoinedStr, ast.BinOp, ast.Call, ast.Attribute, ast.Subscript)
        calls = list(self.calls())
        assert len(calls) > 30
        assert [ast.unparse(call) for call in calls if isinstance(call, built)] == []

    def test_nothing_that_is_kept_changes_the_tables(self, path, monkeypatch):
        denied = []
        refused = {
            sqlite3.SQLITE_ATTACH,
            sqlite3.SQLITE_ALTER_TABLE,
            sqlite3.SQLITE_CREATE_TABLE,
            sqlite3.SQLITE_CREATE_TRIGGER,
            sqlite3.SQLITE_DROP_TABLE,
            sqlite3.SQLITE_DROP_INDEX,
        }

        def authorize(action, *_):
            if action in refused:
                denied.append(action)
                return sqlite3.SQLITE_DENY
            return sqlite3.SQLITE_OK

        def watch(run, statement):
            result = run()
            if statement.startswith("PRAGMA foreign_keys"):
                result.connection.set_authorizer(authorize)
            return result

        monkeypatch.setattr(sqlite3, "connect", Connecting(watch))
        with SqliteStore.open(path) as store:
            for text in ("'; DROP TABLE record; --", '"', "x'); ATTACH 'a' AS b; --", "?1", ":key"):
                with store.unit_of_work() as unit:
                    unit.repository(ACCOUNTS).add(Account(text, 0, text))
                    unit.once(text, text, text.strip, at=AT)
                    unit.outbox.add(text, text)
                    unit.commit()
                with store.unit_of_work() as unit:
                    assert unit.repository(ACCOUNTS).get(text).record.note == text
            with pytest.raises(StoreError), store._borrowed() as connection:
                connection.execute("DROP TABLE record")  # The control: the guard is awake.
        assert denied == [sqlite3.SQLITE_DROP_TABLE]
