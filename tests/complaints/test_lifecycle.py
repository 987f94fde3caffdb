"""The lifecycle of a complaint: what the table has may happen, and nothing else."""

from __future__ import annotations

from enum import Enum
from itertools import product
from typing import Any

import pytest

from crmkit.complaints.lifecycle import COMPLAINT_LIFECYCLE, Action, Status, word_of
from crmkit.errors import IllegalTransition
from crmkit.lifecycle import Lifecycle
from crmkit.testing.tables import surviving_mutants
from tests.complaints.builders import MATRIX, WAYS, received, standing

PAIRS = list(product(Status, Action))


def check_matrix(lifecycle: Lifecycle[Any, Any]) -> None:
    """Hold every cell of the matrix against the lifecycle, and where it begins and may end."""
    assert lifecycle.initial == "received"
    assert lifecycle.final == {"closed", "withdrawn"}
    for status, action in PAIRS:
        wanted = MATRIX[status].get(action)
        assert (action in lifecycle.allowed(status)) is (wanted is not None)
        if wanted is not None:
            assert lifecycle.after(status, action) == wanted
        else:
            with pytest.raises(IllegalTransition):
                lifecycle.after(status, action)


class TestTable:
    """ISO 10002, operation of complaints handling: from receipt to closing, and back again."""

    def test_every_pair_of_a_status_and_an_action(self):
        check_matrix(COMPLAINT_LIFECYCLE)

    def test_every_row_that_is_lost_redirected_or_added_is_noticed(self):
        assert surviving_mutants(COMPLAINT_LIFECYCLE, check_matrix) == []

    def test_it_has_every_status_and_every_action(self):
        assert set(COMPLAINT_LIFECYCLE.statuses) == set(Status) == set(MATRIX)
        assert set(COMPLAINT_LIFECYCLE.actions) == set(Action)

    def test_a_complaint_keeps_its_name_and_version(self):
        assert (COMPLAINT_LIFECYCLE.name, COMPLAINT_LIFECYCLE.version) == ("complaint", 1)
        assert received().lifecycle == ("complaint", 1)

    def test_the_words_are_those_that_are_kept(self):
        assert [status.value for status in Status] == list(MATRIX)
        assert {action.value for action in Action} == {a for row in MATRIX.values() for a in row}


class TestWays:
    """No status is out of reach, and none is a trap."""

    @pytest.mark.parametrize("status", Status)
    def test_a_complaint_can_come_to_every_status(self, status):
        assert standing(status).status == status

    @pytest.mark.parametrize("status", Status)
    def test_from_every_status_it_can_come_to_rest(self, status):
        seen = {str(status)}
        for _ in MATRIX:
            seen |= {target for each in seen for target in MATRIX[each].values()}
        assert seen & {"closed", "withdrawn"}

    def test_the_short_ways_follow_the_table(self):
        for status, actions in WAYS.items():
            at = "received"
            for action in actions:
                at = MATRIX[at][action]
            assert at == status


class TestWords:
    """A trail keeps plain texts, whatever the table of a host is made of."""

    def test_an_enumeration_is_kept_by_its_value(self):
        class Old(str, Enum):  # noqa: UP042 - as hosts of older Pythons have it
            BEGUN = "begun"

        assert word_of(Old.BEGUN) == "begun"
        assert word_of(Status.CLOSED) == word_of("closed") == "closed"
        assert {type(word_of(word)) for word in (Old.BEGUN, Status.CLOSED, "closed")} == {str}
