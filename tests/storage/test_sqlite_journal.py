"""A store on a file system whose processes share no memory: commits wait for open units."""

from __future__ import annotations

import shutil
import sqlite3
import threading

import pytest

from crmkit.errors import StoreBusy
from crmkit.storage import StoreUnavailable
from crmkit.storage.sqlite import SqliteStore
from crmkit.storage.sqlite.file import Journal
from tests.storage.sqlite_files import ACCOUNTS, Connecting, carry_out, new_file, points_in, select


@pytest.fixture
def path(tmp_path):
    return new_file(tmp_path / "shop.crmkit")


def opened(path, timeout=0.05):
    return SqliteStore.open(path, timeout=timeout, journal="delete")


class TestWithoutALog:
    """``journal="delete"`` leaves nothing beside the file, and keeps every promise about data."""

    def test_no_log_is_left_beside_the_file(self, path):
        with opened(path) as store:
            carry_out(store, "command")
            assert select(path, "PRAGMA journal_mode") == [("delete",)]
            assert [each.name for each in path.parent.iterdir()] == [path.name]
            store.compact()
            assert points_in(store) == 1

    def test_a_file_may_change_over_while_nobody_else_uses_it(self, path):
        journals: tuple[Journal, ...] = ("wal", "delete", "wal")
        for number, journal in enumerate(journals, start=1):
            with SqliteStore.open(path, journal=journal) as store:
                assert carry_out(store, f"{number}") == f"{number}"
                assert select(path, "PRAGMA journal_mode") == [(journal,)]

    def test_it_does_not_change_over_under_somebody_else(self, path):
        with SqliteStore.open(path) as store, store.unit_of_work() as unit:
            unit.repository(ACCOUNTS).get("a")
            with pytest.raises(StoreBusy):
                opened(path)
            assert carry_out(store, "command") == "1"

    def test_a_commit_that_was_cut_short_is_taken_back(self, path, tmp_path):
        """What a killed process leaves: pages half written, and the journal that says so."""
        left = tmp_path / "left"
        left.mkdir()

        def copy(run, statement):
            if statement == "COMMIT":
                for each in path.parent.glob(f"{path.name}*"):
                    shutil.copy(each, left)
            return run()

        with opened(path) as store:
            carry_out(store, "first")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sqlite3, "connect", Connecting(copy))
            with opened(path) as store:
                carry_out(store, "second")
        assert sorted(each.name for each in left.iterdir()) == [path.name, f"{path.name}-journal"]
        with opened(left / path.name) as store:
            assert points_in(store) == 1

    def test_a_file_system_that_cannot_keep_a_log_says_so(self, path, monkeypatch):
        """SQLite would go on without one, and an open unit would keep others waiting unseen."""

        def refuse(run, statement):
            if statement == "PRAGMA journal_mode = WAL":
                return run().connection.execute("SELECT 'delete'")
            return run()

        monkeypatch.setattr(sqlite3, "connect", Connecting(refuse))
        with pytest.raises(StoreUnavailable, match="journal='delete'"):
            SqliteStore.open(path)


class TestWaiting:
    """A commit waits for the units of others that are open, and not for ever."""

    def test_it_gives_up_after_its_timeout_and_may_try_again(self, path):
        with opened(path) as store:
            with store.unit_of_work() as reader:
                reader.repository(ACCOUNTS).get("a")
                with pytest.raises(StoreBusy, match="try again"):
                    carry_out(store, "command")
                assert reader.repository(ACCOUNTS).get("a").record.points == 0
            assert carry_out(store, "command") == "1"
            assert points_in(store) == 1

    def test_it_goes_on_once_the_reader_has_ended(self, path):
        with opened(path, timeout=30) as store:
            reader = store.unit_of_work()
            reader.repository(ACCOUNTS).get("a")
            writer = threading.Thread(target=carry_out, args=(store, "command"))
            writer.start()
            reader.rollback()
            writer.join()
            assert points_in(store) == 1

    def test_readers_that_come_and_go_do_not_keep_it_waiting_for_ever(self, path):
        """Units that begin while a commit waits let it go first."""
        with opened(path, timeout=30) as store:
            done = threading.Event()

            def read():
                while not done.is_set():
                    with store.unit_of_work() as unit:
                        unit.repository(ACCOUNTS).get("a")

            readers = [threading.Thread(target=read) for _ in range(3)]
            for each in readers:
                each.start()
            for number in range(1, 6):
                assert carry_out(store, f"{number}") == f"{number}"
            done.set()
            for each in readers:
                each.join()
            assert points_in(store) == 5
