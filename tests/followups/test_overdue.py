"""FUP-11: who is left without care is on a list, the longest first."""

from __future__ import annotations

from itertools import permutations

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import InvalidValue
from crmkit.followups import (
    Assigned,
    Cancelled,
    FollowUp,
    Missed,
    MissedFacts,
    Rescheduled,
    overdue,
)
from crmkit.identifiers import CustomerId
from tests.followups.builders import ANNA, BEN, DAY, FRIDAY, MONDAY, NOON, done, go, planned

SATURDAY = FRIDAY + DAY
C8 = CustomerId("C-8")


@st.composite
def follow_ups(draw, customers=("C-7", "C-8"), number=None):
    """A follow-up of one of two customers in some weeks of May, however it went."""
    first = MONDAY + draw(st.integers(0, 20)) * DAY
    length = draw(st.integers(0, 5))
    due = first + draw(st.integers(0, length)) * DAY
    customer = CustomerId(draw(st.sampled_from(customers)))
    call = planned(
        number or f"F-{draw(st.integers(1, 10**9))}",
        customer=customer,
        purpose=draw(st.sampled_from(["visit", "call"])),
        due_on=due,
        not_before=first,
        not_after=first + length * DAY,
        owner=draw(st.sampled_from([None, ANNA, BEN])),
    )
    last = call.not_after + 60 * DAY
    match draw(st.sampled_from(["open", "missed", "made up", "done", "cancelled", "moved"])):
        case "missed":
            return go(call, Missed(call.not_after + DAY), on=last)
        case "made up":
            found = done(call.not_after + draw(st.integers(1, 9)) * DAY)
            missed = go(call, Missed(call.not_after + DAY), on=last)
            return go(missed, evolve(found, customer=customer), on=last)
        case "done":
            found = done(first + draw(st.integers(0, length)) * DAY)
            return go(call, evolve(found, customer=customer), on=last)
        case "cancelled":
            return go(call, Cancelled(), on=last)
        case "moved":
            return go(call, Rescheduled(due + draw(st.integers(1, 9)) * DAY), on=last)
        case _:
            return call


as_of_days = st.integers(-2, 45).map(lambda count: MONDAY + count * DAY)
lists = st.lists(follow_ups(), max_size=8, unique_by=lambda each: each.id)


def slowly(found: list[FollowUp], as_of):
    """One look at each, without any help."""
    late = []
    for each in found:
        if each.status in ("done", "cancelled") or not as_of > each.not_after:
            continue
        day, there = each.not_before, False
        while day <= as_of:
            there |= any(
                other.done is not None
                and other.done.on == day
                and (other.customer, other.purpose) == (each.customer, each.purpose)
                for other in found
            )
            day += DAY
        if not there:
            late.append(((as_of - each.not_after).days, each.id))
    return sorted(late, key=lambda item: (-item[0], item[1]))


class TestOverdue:
    """Overdue is what nobody did until its last day, and nobody made up for since."""

    @given(lists, as_of_days)
    def test_it_is_what_a_slow_look_finds(self, found, as_of):
        late = overdue(found, as_of)
        assert [(item.days, item.follow_up.id) for item in late] == slowly(found, as_of)
        assert late.as_of == as_of

    @given(lists, as_of_days, st.randoms())
    def test_order_and_duplicates_make_no_difference(self, found, as_of, chance):
        mixed = [*found, *found]
        chance.shuffle(mixed)
        assert overdue(mixed, as_of) == overdue(found, as_of)

    @given(lists, as_of_days)
    def test_a_recorded_miss_makes_no_difference(self, found, as_of):
        recorded = [
            go(each, Missed(as_of)) if each.is_open and each.not_after < as_of else each
            for each in found
        ]
        assert [item.follow_up.id for item in overdue(recorded, as_of)] == [
            item.follow_up.id for item in overdue(found, as_of)
        ]

    @given(lists, as_of_days)
    def test_every_one_is_counted_with_its_owner(self, found, as_of):
        late = overdue(found, as_of)
        assert sum(late.by_owner.values()) == len(late)
        for owner, count in late.by_owner.items():
            assert [item.follow_up.owner for item in late.of(owner)] == [owner] * count
        assert list(late.by_owner.values()) == sorted(late.by_owner.values(), reverse=True)

    def test_on_its_last_day_it_is_not_overdue_yet(self):
        assert len(overdue([planned()], FRIDAY)) == 0
        assert [item.days for item in overdue([planned()], SATURDAY)] == [1]

    def test_who_has_waited_longest_comes_first(self):
        calls = [planned(f"F-{n}", due_on=MONDAY + n * DAY, not_after=None) for n in range(3)]
        for order in permutations(calls):
            assert [item.follow_up.id for item in overdue(order, SATURDAY)] == ["F-0", "F-1", "F-2"]

    def test_what_waits_for_an_owner_is_counted_too(self):
        calls = [planned("F-1"), planned("F-2", owner=ANNA), planned("F-3", owner=ANNA)]
        assert dict(overdue(calls, SATURDAY).by_owner) == {ANNA: 2, None: 1}
        assert len(overdue(calls, SATURDAY).of(None)) == 1

    def test_the_next_visit_makes_up_for_the_one_that_was_missed(self):
        missed = go(planned(), Missed(SATURDAY))
        june = planned("F-2", due_on=MONDAY + 28 * DAY, not_after=None)
        then = MONDAY + 28 * DAY
        assert [item.follow_up for item in overdue([missed, june], then)] == [missed]
        visited = go(june, done(then), on=then)
        assert len(overdue([missed, visited], then)) == 0
        assert [item.follow_up for item in overdue([missed, visited], then - DAY)] == [missed]

    def test_a_contact_for_another_purpose_or_of_another_customer_does_not(self):
        missed = go(planned(), Missed(SATURDAY))
        other = go(planned("F-2", purpose="invoice"), done(FRIDAY))
        theirs = planned("F-3", customer=C8)
        theirs = go(theirs, evolve(done(FRIDAY), customer=C8))
        assert [item.follow_up for item in overdue([missed, other, theirs], SATURDAY)] == [missed]

    def test_nor_does_one_before_its_first_day(self):
        missed = go(planned(), Missed(SATURDAY))
        before = go(planned("F-2"), done(MONDAY - DAY))
        at_first = go(planned("F-2"), done(MONDAY))
        assert len(overdue([missed, before], SATURDAY)) == 1
        assert len(overdue([missed, at_first], SATURDAY)) == 0

    def test_one_number_stands_for_one_follow_up(self):
        with pytest.raises(InvalidValue, match="two follow-ups have one number"):
            overdue([planned(), go(planned(), Assigned(ANNA))], SATURDAY)

    def test_a_day_is_a_day(self):
        with pytest.raises(InvalidValue, match="not a date"):
            overdue([], NOON)


class TestMissedFacts:
    def test_they_are_read_off_the_follow_up(self):
        missed = go(planned(importance="platinum"), Missed(SATURDAY))
        facts = MissedFacts.of(missed, SATURDAY)
        assert facts == MissedFacts(
            follow_up=missed.id, as_of=SATURDAY, last_day=FRIDAY, importance="platinum"
        )

    def test_with_the_day_on_which_it_was_made_up_for(self):
        missed = go(planned(), Missed(SATURDAY))
        other = go(planned("F-2"), done(SATURDAY), on=SATURDAY)
        facts = [MissedFacts.of(missed, day, others=[missed, other]) for day in (FRIDAY, SATURDAY)]
        assert [each.made_up_on for each in facts] == [None, SATURDAY]

    def test_there_are_none_of_what_was_not_missed(self):
        with pytest.raises(InvalidValue, match="only what was missed is escalated"):
            MissedFacts.of(planned(), SATURDAY)

    @pytest.mark.parametrize(
        "terms",
        [
            {"follow_up": ""},
            {"as_of": NOON},
            {"last_day": NOON},
            {"importance": ""},
            {"made_up_on": NOON},
        ],
    )
    def test_what_is_wrong_is_said(self, terms):
        known = {"follow_up": "F-1", "as_of": SATURDAY, "last_day": FRIDAY}
        with pytest.raises(InvalidValue):
            MissedFacts(**{**known, **terms})
