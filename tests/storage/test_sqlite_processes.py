"""Processes share a store file, and one that is killed leaves it whole."""

from __future__ import annotations

import os

import pytest

from crmkit.storage.sqlite import SqliteStore
from tests.reliability import chosen_size
from tests.storage import crash, crowds
from tests.storage.sqlite_files import (
    carry_out,
    new_file,
    points_in,
)

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="kills children that it forked")


@pytest.fixture
def path(tmp_path):
    return new_file(tmp_path / "shop.crmkit")


@needs_fork
class TestKill:
    """After ``kill -9`` an acknowledged commit is there, and any other is there or not at all."""

    @pytest.mark.parametrize("check", [crash.kills, crash.kills_without_wal])
    def test_at_any_moment(self, check):
        outcome = check(chosen_size())
        assert outcome.held, outcome.figure

    def test_in_two_units_it_would_be_found_half_done(self):
        """The control: the check above can fail."""
        outcome = crash.kills_of_two_units(chosen_size())
        assert outcome.held, outcome.figure

    def test_at_every_statement(self):
        outcome = crash.kills_at_every_statement(chosen_size())
        assert outcome.held, outcome.figure
        assert outcome.cases > 50

    def test_while_a_file_of_an_earlier_release_is_brought_up_to_date(self):
        outcome = crash.kills_in_a_step(chosen_size())
        assert outcome.held, outcome.figure


@needs_fork
class TestFork:
    """A server that forks its workers after opening the store gives each its own connections."""

    def test_parent_and_child_both_go_on(self, path):
        with SqliteStore.open(path) as store:
            assert carry_out(store, "parent") == "1"

            def act():
                os._exit(int(carry_out(store, "child")))

            child = crash.fork(act)
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
    """Several processes at one file; and the controls, which show that it could go wrong."""

    @pytest.mark.parametrize("check", crowds.CHECKS, ids=lambda check: check.__name__)
    def test_nothing_is_lost_doubled_or_overspent(self, check):
        outcome = check(chosen_size())
        assert outcome.held, outcome.figure
