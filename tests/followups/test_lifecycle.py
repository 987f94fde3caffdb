"""The table of follow-ups, and every way through it."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import IllegalTransition
from crmkit.followups import (
    FOLLOW_UP_LIFECYCLE,
    FollowUpAction,
    FollowUpRefused,
    FollowUpStatus,
    Unassigned,
)
from tests.followups.builders import event_for, go, planned

# The plan, written down a second time: from -> by -> to.
PLAN = {
    "planned": {
        "assign": "assigned",
        "reschedule": "rescheduled",
        "do": "done",
        "miss": "missed",
        "cancel": "cancelled",
    },
    "assigned": {
        "assign": "assigned",
        "unassign": "planned",
        "confirm": "confirmed",
        "reschedule": "rescheduled",
        "do": "done",
        "miss": "missed",
        "cancel": "cancelled",
    },
    "confirmed": {
        "assign": "confirmed",
        "unassign": "confirmed",
        "reschedule": "rescheduled",
        "do": "done",
        "miss": "missed",
        "cancel": "cancelled",
    },
    "rescheduled": {
        "assign": "assigned",
        "unassign": "planned",
        "confirm": "confirmed",
        "reschedule": "rescheduled",
        "do": "done",
        "miss": "missed",
        "cancel": "cancelled",
    },
    "missed": {
        "assign": "missed",
        "unassign": "missed",
        "reschedule": "rescheduled",
        "do": "done",
        "cancel": "cancelled",
    },
    "done": {},
    "cancelled": {},
}
actions = st.sampled_from(FollowUpAction)


class TestTable:
    """A follow-up is planned, assigned, confirmed, rescheduled, done, missed or cancelled."""

    def test_every_move_is_on_the_plan_and_every_move_of_the_plan_is_there(self):
        assert {(str(a), str(b), str(c)) for a, b, c in FOLLOW_UP_LIFECYCLE.moves} == {
            (source, action, target)
            for source, ways in PLAN.items()
            for action, target in ways.items()
        }

    def test_what_is_done_or_called_off_is_over_and_what_was_missed_may_rest(self):
        assert FOLLOW_UP_LIFECYCLE.final == {"done", "missed", "cancelled"}
        assert not FOLLOW_UP_LIFECYCLE.allowed(FollowUpStatus.DONE)
        assert not FOLLOW_UP_LIFECYCLE.allowed(FollowUpStatus.CANCELLED)

    def test_it_begins_as_planned(self):
        assert planned().status is FOLLOW_UP_LIFECYCLE.initial is FollowUpStatus.PLANNED

    def test_whoever_comes_or_goes_the_appointment_stands(self):
        """CHU-10: nothing is lost when somebody leaves."""
        for action in ("assign", "unassign"):
            assert PLAN["confirmed"][action] == "confirmed"


class TestEveryWayThrough:
    """Every sequence of up to five actions, each held against the plan."""

    @pytest.mark.parametrize("first", FollowUpAction)
    def test_a_follow_up_goes_where_the_plan_says_or_nowhere(self, first):
        for sequence in product(FollowUpAction, repeat=4):
            follow_up, status = planned(), "planned"
            for action in (first, *sequence):
                event = event_for(action, follow_up)
                ways = PLAN[status]
                assert follow_up.allowed == tuple(ways)
                if action not in ways:
                    with pytest.raises(IllegalTransition) as refused:
                        go(follow_up, event)
                    assert refused.value.allowed == tuple(ways)
                    break
                if isinstance(event, Unassigned) and follow_up.owner is None:
                    with pytest.raises(FollowUpRefused, match="nobody has it"):
                        go(follow_up, event)
                    break
                follow_up = go(follow_up, event, on=follow_up.not_after)
                status = ways[action]
                assert follow_up.status == status
                assert follow_up.is_open == (status not in ("done", "missed", "cancelled"))
                assert follow_up.is_owed == (status not in ("done", "cancelled"))
                assert (follow_up.done is not None) == (status == "done")
                assert status != "assigned" or follow_up.owner is not None
                assert status != "confirmed" or follow_up.appointment is not None
                assert follow_up.not_before <= follow_up.due_on <= follow_up.not_after

    @given(st.lists(actions, max_size=30))
    def test_what_was_once_done_stays_done(self, wishes):
        follow_up = planned()
        for action in wishes:
            before = follow_up
            try:
                follow_up = go(follow_up, event_for(action, follow_up))
            except (IllegalTransition, FollowUpRefused):
                assert follow_up is before
            assert follow_up.trail[: len(before.trail)] == before.trail
            assert before.done is None or follow_up == before
