"""Every table of the room: each row that is lost, redirected or added is noticed."""

from __future__ import annotations

import importlib
import pkgutil
from itertools import product
from typing import Any

import pytest

import crmkit.complaints
from crmkit.complaints.lifecycle import COMPLAINT_LIFECYCLE
from crmkit.complaints.records.ideas import IDEA_LIFECYCLE
from crmkit.errors import IllegalTransition
from crmkit.lifecycle import Lifecycle
from crmkit.testing.tables import surviving_mutants, table_mutants
from tests.complaints.builders import MATRIX

Matrix = dict[str, dict[str, str]]

IDEAS: Matrix = {
    "proposed": {"review": "under-review"},
    "under-review": {"accept": "accepted", "reject": "rejected"},
    "accepted": {"realize": "realized", "reject": "rejected"},
    "rejected": {"reconsider": "under-review"},
    "realized": {},
}

# Each table with its matrix, where it begins, and where it may end.
TABLES: list[tuple[Lifecycle[Any, Any], Matrix, str, set[str]]] = [
    (COMPLAINT_LIFECYCLE, MATRIX, "received", {"closed", "withdrawn"}),
    (IDEA_LIFECYCLE, IDEAS, "proposed", {"rejected", "realized"}),
]
NAMES = [lifecycle.name for lifecycle, *_ in TABLES]


def tables_of_the_room() -> list[Lifecycle[Any, Any]]:
    """Every lifecycle that a module of the room holds, each once."""
    found: list[Lifecycle[Any, Any]] = []
    for module in pkgutil.walk_packages(crmkit.complaints.__path__, "crmkit.complaints."):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, Lifecycle) and value not in found:
                found.append(value)
    return found


def check(lifecycle: Lifecycle[Any, Any], matrix: Matrix, initial: str, final: set[str]) -> None:
    """Hold every cell of the matrix against a table, and where it begins and may end."""
    assert lifecycle.initial == initial
    assert lifecycle.final == final
    assert set(lifecycle.statuses) == set(matrix)
    actions = {action for row in matrix.values() for action in row}
    assert set(lifecycle.actions) == actions
    for status, action in product(matrix, actions):
        to = matrix[status].get(action)
        assert (action in lifecycle.allowed(status)) is (to is not None)
        if to is not None:
            assert lifecycle.after(status, action) == to
        else:
            with pytest.raises(IllegalTransition):
                lifecycle.after(status, action)


class TestEveryTable:
    """A table is data, so that each of its rows can be held against a second one."""

    def test_none_is_left_out(self):
        found = {lifecycle.name for lifecycle in tables_of_the_room()}
        assert found == set(NAMES)

    def test_each_has_a_name_and_a_version_to_go_by(self):
        assert [(each.name, each.version) for each, *_ in TABLES] == [
            ("complaint", 1),
            ("complaint-idea", 1),
        ]

    @pytest.mark.parametrize(("lifecycle", "matrix", "initial", "final"), TABLES, ids=NAMES)
    def test_every_pair_of_a_status_and_an_action(self, lifecycle, matrix, initial, final):
        check(lifecycle, matrix, initial, final)

    @pytest.mark.parametrize(("lifecycle", "matrix", "initial", "final"), TABLES, ids=NAMES)
    def test_every_row_that_is_lost_redirected_or_added_is_noticed(
        self, lifecycle, matrix, initial, final
    ):
        changes = [mutant.change for mutant in table_mutants(lifecycle)]
        survivors = surviving_mutants(lifecycle, lambda it: check(it, matrix, initial, final))
        print(f"{lifecycle.name}: {len(changes):,} changes tried")  # noqa: T201 - for pytest -s
        assert survivors == []
        assert len(changes) > len(lifecycle.moves) * len(lifecycle.statuses)
