"""A win-back from the loss to the return: its table, and every way through it."""

from __future__ import annotations

from datetime import date
from itertools import product

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import CurrencyMismatch, IllegalTransition, InvalidIdentifier, InvalidValue
from crmkit.identifiers import Actor, CustomerId
from crmkit.money import Money
from crmkit.retention import (
    WIN_BACK_LIFECYCLE,
    Analysed,
    Contacted,
    Declined,
    Failed,
    Lost,
    LostClass,
    Recovered,
    Targeted,
    WinBackAction,
    WinBackCase,
    WinBackEntry,
    WinBackRefused,
    WinBackStatus,
)
from tests.retention.cases import CENTRE, DAY, LOST_ON, NOON, event_for, go, held_out, opened

# The plan, written down a second time: from -> by -> to.
PLAN = {
    "lost": {"analyse": "analysed", "recover": "recovered"},
    "analysed": {"decline": "declined", "target": "targeted", "recover": "recovered"},
    "declined": {"analyse": "analysed", "recover": "recovered"},
    "targeted": {
        "contact": "contacted",
        "decline": "declined",
        "recover": "recovered",
        "fail": "failed",
    },
    "contacted": {"contact": "contacted", "recover": "recovered", "fail": "failed"},
    "failed": {"recover": "recovered"},
    "recovered": {},
}
FINAL = ("declined", "recovered", "failed")
actions = st.sampled_from(WinBackAction)


class TestTable:
    """CHU-08: lost, analysed, declined, targeted, contacted, recovered, failed."""

    def test_every_move_is_on_the_plan_and_every_move_of_the_plan_is_there(self):
        assert {(str(a), str(b), str(c)) for a, b, c in WIN_BACK_LIFECYCLE.moves} == {
            (source, action, target)
            for source, ways in PLAN.items()
            for action, target in ways.items()
        }

    def test_every_status_is_there_and_every_status_is_used(self):
        assert set(WIN_BACK_LIFECYCLE.statuses) == set(WinBackStatus) == set(PLAN)
        assert set(WIN_BACK_LIFECYCLE.actions) == set(WinBackAction)

    def test_it_may_rest_where_nothing_is_to_be_done(self):
        assert WIN_BACK_LIFECYCLE.final == set(FINAL)

    def test_from_everywhere_a_customer_may_come_back_by_themselves(self):
        assert [s for s, ways in PLAN.items() if "recover" not in ways] == ["recovered"]


class TestEveryWayThrough:
    """Every sequence of up to five actions, each held against the plan."""

    @pytest.mark.parametrize("first", WinBackAction)
    def test_a_case_goes_where_the_plan_says_or_nowhere(self, first):
        for sequence in product(WinBackAction, repeat=4):
            case, status, on = opened(), "lost", LOST_ON
            for action in (first, *sequence):
                on += DAY
                ways = PLAN[status]
                assert case.allowed == tuple(ways)
                event = event_for(action, on)
                if action not in ways:
                    with pytest.raises(IllegalTransition) as refused:
                        go(case, event)
                    assert refused.value.allowed == tuple(ways)
                    break
                case = go(case, event)
                status = ways[action]
                assert case.status == status
                assert case.is_open == (status not in FINAL)
                assert (case.recovered_on is not None) == (status == "recovered")
                assert (case.contact_from is not None) == (status in ("targeted", "contacted"))

    @given(st.lists(actions, max_size=30))
    def test_a_random_walk_stays_on_the_table_and_the_trail_only_grows(self, wishes):
        case, on = opened(), LOST_ON
        for action in wishes:
            before, on = case, on + DAY
            try:
                case = go(case, event_for(action, on))
            except IllegalTransition:
                assert case is before
            assert case.trail[: len(before.trail)] == before.trail
            assert case.lost_on == LOST_ON
            assert before.recovered_on is None or case == before

    @given(st.lists(actions, max_size=30))
    def test_a_trail_that_is_read_back_stands_where_it_stood(self, wishes):
        case, on = opened(), LOST_ON
        for action in wishes:
            on += DAY
            if action in case.allowed:
                case = go(case, event_for(action, on))
        again = WinBackCase(id=case.id, customer=case.customer, trail=list(case.trail))
        assert (again, again.status) == (case, case.status)


TARGETED = go(
    opened(),
    Analysed(on=LOST_ON, causes=["weak-service"], lost_class=LostClass.PULLED_AWAY),
    Targeted(on=LOST_ON + DAY, measures=["explain"], contact_from=LOST_ON + 3 * DAY),
)


def contacted(on, again_from=None):
    return Contacted(on=on, channel="telephone", again_from=again_from)


class TestContacts:
    """Nobody is pressed: cool-down, last attempt, and who is held out."""

    @pytest.mark.parametrize("days", [1, 2])
    def test_before_the_first_day_nobody_turns_to_the_customer(self, days):
        with pytest.raises(WinBackRefused, match="too soon; wait until 2026-05-04") as refused:
            go(TARGETED, contacted(LOST_ON + days * DAY))
        assert (refused.value.action, refused.value.instead) == (
            "contact",
            "wait until 2026-05-04",
        )

    def test_on_the_first_day_somebody_may(self):
        case = go(TARGETED, contacted(LOST_ON + 3 * DAY, LOST_ON + 30 * DAY))
        assert case.attempts == (LOST_ON + 3 * DAY,)
        assert case.contact_from == LOST_ON + 30 * DAY
        with pytest.raises(WinBackRefused, match="too soon"):
            go(case, contacted(LOST_ON + 29 * DAY))
        assert len(go(case, contacted(LOST_ON + 30 * DAY)).attempts) == 2

    def test_after_the_last_attempt_there_is_none(self):
        case = go(TARGETED, contacted(LOST_ON + 3 * DAY))
        assert case.contact_from is None
        with pytest.raises(WinBackRefused, match="last attempt"):
            go(case, contacted(LOST_ON + 300 * DAY))

    def test_without_a_first_day_it_is_the_day_of_the_decision(self):
        case = go(opened(), Analysed(on=LOST_ON), Targeted(on=LOST_ON, measures=["explain"]))
        assert case.contact_from == LOST_ON
        assert go(case, contacted(LOST_ON)).status is WinBackStatus.CONTACTED

    def test_who_is_held_out_is_left_alone(self):
        case = go(opened(), Analysed(on=LOST_ON), held_out(LOST_ON))
        assert case.held_out
        assert case.contact_from is None
        with pytest.raises(WinBackRefused, match="held out"):
            go(case, contacted(LOST_ON + 300 * DAY))
        assert go(case, Recovered(LOST_ON + DAY)).recovered_on == LOST_ON + DAY
        assert go(case, Failed(LOST_ON + DAY)).held_out

    @pytest.mark.parametrize("first", [True, False])
    def test_nobody_changes_sides(self, first):
        sides = {
            True: held_out(LOST_ON),
            False: Targeted(on=LOST_ON, measures=["explain"]),
        }
        case = go(opened(), Analysed(on=LOST_ON), sides[first], Declined(LOST_ON))
        case = go(case, Analysed(on=LOST_ON))
        with pytest.raises(WinBackRefused, match="changes sides"):
            go(case, sides[not first])
        assert go(case, sides[first]).held_out is first


class TestDays:
    """Things happen one after another; a return may come to light late."""

    def test_nothing_lies_before_what_it_follows(self):
        case = go(opened(), Analysed(on=LOST_ON + 5 * DAY))
        with pytest.raises(WinBackRefused, match="not before 2026-05-06"):
            go(case, Declined(LOST_ON + 4 * DAY))
        assert go(case, Declined(LOST_ON + 5 * DAY)).status is WinBackStatus.DECLINED

    def test_a_return_may_lie_before_what_was_recorded_last_and_not_before_the_loss(self):
        case = go(opened(), Analysed(on=LOST_ON + 5 * DAY))
        assert go(case, Recovered(LOST_ON)).recovered_on == LOST_ON
        with pytest.raises(WinBackRefused, match="not before 2026-05-01"):
            go(case, Recovered(LOST_ON - DAY))

    def test_what_is_measured_from_is_the_first_decision(self):
        case = go(TARGETED, Declined(LOST_ON + 2 * DAY), Analysed(on=LOST_ON + 9 * DAY))
        later = go(case, Targeted(on=LOST_ON + 9 * DAY, measures=["offer"]))
        assert later.targeted_on == TARGETED.targeted_on == LOST_ON + DAY
        assert later.target is not None
        assert later.target.measures == ("offer",)
        assert later.contact_from == LOST_ON + 9 * DAY
        assert case.contact_from is None

    def test_before_anything_was_decided_nothing_is_known(self):
        case = opened()
        assert (case.analysis, case.target, case.targeted_on) == (None, None, None)
        assert (case.attempts, case.contact_from, case.held_out) == ((), None, False)


class TestRecords:
    """What cannot be true is refused."""

    def test_a_trail_begins_with_the_loss_and_has_one(self):
        with pytest.raises(InvalidValue, match="begins with Lost"):
            WinBackCase(id="W-1", customer=CustomerId("C-7"), trail=[])
        with pytest.raises(InvalidValue, match="begins with Lost"):
            evolve(TARGETED, trail=TARGETED.trail[1:])
        with pytest.raises(InvalidValue, match="lost once in a case"):
            go(opened(), Lost(LOST_ON))

    def test_an_entry_says_who_and_why(self):
        with pytest.raises(InvalidValue, match="a reason"):
            WinBackEntry(what=Lost(LOST_ON), by=CENTRE, at=NOON, reason=" ")
        with pytest.raises(InvalidIdentifier):
            WinBackEntry(what=Lost(LOST_ON), by=Actor(""), at=NOON, reason="gone")
        assert "contract ended" not in repr(opened())

    def test_who_is_held_out_has_no_measures_and_who_is_not_has_one(self):
        for parts in ({"measures": ["explain"]}, {"contact_from": LOST_ON}):
            with pytest.raises(InvalidValue, match="left alone"):
                Targeted(on=LOST_ON, held_out=True, **parts)
        with pytest.raises(InvalidValue, match="one measure or more"):
            Targeted(on=LOST_ON)
        with pytest.raises(InvalidValue, match="pass a tuple of measures"):
            Targeted(on=LOST_ON, measures="explain")

    def test_the_next_attempt_is_on_a_later_day(self):
        with pytest.raises(InvalidValue, match="on a later day"):
            contacted(LOST_ON, LOST_ON)
        assert contacted(LOST_ON, LOST_ON + DAY).again_from == date(2026, 5, 2)

    def test_a_measure_of_a_contact_can_serve_as_a_key(self):
        with pytest.raises(InvalidIdentifier):
            Contacted(on=LOST_ON, channel="telephone", measure="")
        assert Contacted(on=LOST_ON, channel="telephone", measure="explain").measure == "explain"

    def test_values_are_of_one_currency(self):
        euro, dollar = Money(1, "EUR"), Money(1, "USD")
        with pytest.raises(CurrencyMismatch):
            Analysed(on=LOST_ON, present_value=euro, future_value=dollar)
        assert Analysed(on=LOST_ON, present_value=euro).future_value is None
