"""Processes share a store file, and one that is killed leaves it whole."""

from __future__ import annotations

import multiprocessing
import os
import random
import select as polling
import shutil
import signal
import sqlite3
import time
from functools import partial

import pytest

from crmkit.storage.sqlite import SqliteStore
from tests.storage import workers
from tests.storage.sqlite_files import (
    ACCOUNTS,
    Account,
    Connecting,
    carry_out,
    new_file,
    points_in,
)

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="kills children that it forked")


@pytest.fixture
def path(tmp_path):
    return new_file(tmp_path / "shop.crmkit")


def fork(act):
    """Do something in a child, which never comes back from it; returns its number."""
    child = os.fork()
    if child:
        return child
    try:
        act()
    finally:
        os._exit(0)


def is_killed(child):
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


@needs_fork
class TestKill:
    """After ``kill -9`` an acknowledged commit is there, and any other is there or not at all."""

    def test_at_every_statement(self, path):
        """Killed before the k-th statement, for every k there is."""
        at = 0
        survived = False
        committed = []
        while not survived:
            copy = shutil.copy(path, path.with_suffix(f".{at}"))
            survived = not is_killed(fork(partial(self.carry_out_until, at, copy)))
            with SqliteStore.open(copy) as store:
                committed.append(points_in(store))
                assert carry_out(store, "command") == "1"
                assert points_in(store) == 1
            at += 1
        assert at > 25
        assert committed == sorted(committed)
        assert committed[-1] == 1

    def carry_out_until(self, left, path):
        def around(run, statement):
            nonlocal left
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left -= 1
            return run()

        vars(sqlite3)["connect"] = Connecting(around)  # This process is about to die.
        with SqliteStore.open(path) as store:
            carry_out(store, "command")

    def test_at_any_moment(self, path):
        """Killed in the middle of whatever it does, three dozen times over, on one file."""
        dice = random.Random(4711)
        acknowledged = 0
        for _ in range(36):
            acknowledged = max(acknowledged, self.kill_after(dice.uniform(0, 0.02), path))
            with SqliteStore.open(path) as store:
                points = points_in(store)
            assert points in (acknowledged, acknowledged + 1)
            acknowledged = points
        assert acknowledged > 36

    def kill_after(self, seconds, path):
        """Let a child earn points and kill it; returns the last number that it acknowledged."""
        reading, writing = os.pipe()
        with SqliteStore.open(path) as store:
            before = points_in(store)

        def act():
            with SqliteStore.open(path) as store:
                for number in range(before + 1, before + 10_000):
                    os.write(writing, carry_out(store, f"{number}").encode() + b"\n")

        child = fork(act)
        os.close(writing)
        polling.select([reading], [], [], 30)  # It has begun: the first commit is done.
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
        assert is_killed(child)
        with os.fdopen(reading) as acknowledgements:
            return int(acknowledgements.read().split()[-1])


@needs_fork
class TestFork:
    """A server that forks its workers after opening the store gives each its own connections."""

    def test_parent_and_child_both_go_on(self, path):
        with SqliteStore.open(path) as store:
            assert carry_out(store, "parent") == "1"

            def act():
                os._exit(int(carry_out(store, "child")))

            child = fork(act)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 2
            assert carry_out(store, "parent again") == "3"
            assert points_in(store) == 3


class TestTheFarSideOfAFork:
    """The same as the child has it, seen from within."""

    def test_connections_of_the_parent_are_neither_used_nor_closed(self, path, monkeypatch):
        with SqliteStore.open(path) as store:
            (inherited,) = store._idle
            monkeypatch.setattr(os, "getpid", lambda: -1)
            assert carry_out(store, "child") == "1"
            assert inherited not in store._idle
            assert inherited.execute("SELECT 1").fetchall() == [(1,)]
            inherited.close()


class TestManyProcesses:
    """Several processes that count on one record."""

    PROCESSES = 3
    TIMES = 15

    def run(self, target, path):
        context = multiprocessing.get_context("spawn")
        start = context.Barrier(self.PROCESSES)
        processes = [
            context.Process(target=target, args=(str(path), f"process {n}", self.TIMES, start))
            for n in range(self.PROCESSES)
        ]
        for process in processes:
            process.start()
        for process in processes:
            process.join(60)
        assert [process.exitcode for process in processes] == [0] * self.PROCESSES

    def test_no_update_is_lost_and_no_command_is_carried_out_twice(self, path):
        self.run(workers.earn_with_care, path)
        with SqliteStore.open(path) as store:
            assert points_in(store) == self.PROCESSES * self.TIMES

    def test_without_the_version_updates_would_be_lost(self, path):
        """The control: writing on top of whatever is there loses two of three."""
        self.run(workers.earn_carelessly, path)
        with SqliteStore.open(path) as store, store.unit_of_work() as unit:
            assert unit.repository(ACCOUNTS).get("a").record == Account("a", self.TIMES)
