"""Whatever fails in the middle of what a host does, it was done or it was not."""

from __future__ import annotations

import pytest

from tests.reliability import chosen_size
from tests.storage.fault_points import a_command_in_two_units, faults
from tests.storage.use_cases import USE_CASES


@pytest.mark.parametrize("case", USE_CASES, ids=lambda case: case.name)
def test_it_is_old_or_new_and_doing_it_again_converges(case):
    """At every statement, whether it fails before, after, or with all that follow."""
    outcome = faults([case], every=chosen_size().of(3, 1, 1))
    assert outcome.held, outcome.figure
    assert outcome.cases > 10


def test_what_is_kept_in_two_units_is_seen_half_done():
    """The control: the check above can fail."""
    outcome = a_command_in_two_units(chosen_size())
    assert outcome.held, outcome.figure
