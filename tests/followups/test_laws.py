"""What holds for every cadence, every customer and every working calendar."""

import sys
from datetime import date
from functools import partial
from itertools import islice, pairwise, permutations
from pathlib import Path

import pytest
from attrs import evolve
from hypothesis import assume, given
from hypothesis import strategies as st

import crmkit
from crmkit.followups import (
    Age,
    Cadence,
    CadenceStep,
    ClosedDays,
    ExactAge,
    FollowUpFacts,
    next_follow_up,
    next_occurrence,
)
from crmkit.identifiers import CustomerId
from crmkit.period import Period, Unit, add_units
from crmkit.recurrence import Every, MonthEnd, RecurrenceRule
from tests.followups.oracle import DAY, Slow, each_day, follow_ups, is_month_end
from tests.followups.strategies import CALENDARS, cadences, calendars, customers, days

# The slow look ends there.
FAR = date(2036, 12, 31)


def as_slow(found):
    days = (found.nominal_on, found.due_on, found.step, found.not_before, found.not_after)
    return Slow(*days)


def anchor_of(cadence, facts):
    """The day to count from, and what the questions of a cadence take for it."""
    if isinstance(cadence.anchor, date):
        return cadence.anchor, None
    return facts.anchors[cadence.anchor], facts.anchors[cadence.anchor]


def slow_list(cadence, facts, calendar):
    return follow_ups(
        cadence,
        anchor_of(cadence, facts)[0],
        FAR,
        calendar=calendar,
        pauses=facts.pauses,
        ends_on=facts.ends_on,
    )


def all_by_handling(cadence, facts, calendar):
    """One after another, as they are done."""
    while (found := next_occurrence(facts, [cadence], calendar=calendar)) is not None:
        yield found
        facts = evolve(facts, handled={cadence.name: found.nominal_on})


class TestAgainstTheCalendar:
    """A slow walk over the calendar, day by day, comes to the same."""

    @given(cadences(), customers(), calendars())
    def test_the_next_is_the_first_that_may_still_be_done(self, cadence, facts, calendar):
        handled = facts.handled.get(cadence.name, date.min)
        expected = [
            one
            for one in slow_list(cadence, facts, calendar)
            if one.not_after >= facts.as_of and one.nominal_on > handled and one.due_on > handled
        ]
        found = next_occurrence(facts, [cadence], calendar=calendar)
        if expected:
            assert found is not None
            assert as_slow(found) == expected[0]
        else:
            assert found is None or found.due_on > FAR - 400 * DAY

    @given(cadences(), customers(), calendars(), st.integers(1, 800))
    def test_all_that_are_due_in_a_period(self, cadence, facts, calendar, length):
        period = Period(facts.as_of, facts.as_of + length * DAY)
        found = cadence.due_within(
            period,
            anchor=anchor_of(cadence, facts)[1],
            calendar=calendar,
            pauses=facts.pauses,
            ends_on=facts.ends_on,
        )
        slow = slow_list(cadence, facts, calendar)
        assert list(map(as_slow, found)) == [one for one in slow if one.due_on in period]

    # Each month end of a leap year and its neighbours, the days around them, and some others.
    ANCHORS = [
        day
        for day in each_day(date(2023, 12, 25), date(2025, 3, 5))
        if is_month_end(day) or day.day in (1, 2, 15, 28, 29, 30)
    ]

    @pytest.mark.parametrize("month_end", MonthEnd)
    @pytest.mark.parametrize("exact_age", ExactAge)
    def test_return_visits_of_48_months(self, exact_age, month_end):
        """FUP-01, whatever the day of the hand-over."""
        cadence = Cadence.after_hand_over(exact_age=exact_age, month_end=month_end)
        for anchor in self.ANCHORS:
            last = add_units(anchor, 48, Unit.MONTH)
            found = cadence.due_within(Period.through(anchor, last), anchor=anchor)
            assert list(map(as_slow, found)) == follow_ups(cadence, anchor, last)

    @pytest.mark.parametrize("calendar", CALENDARS.values(), ids=CALENDARS)
    @pytest.mark.parametrize("closed_days", ClosedDays)
    @pytest.mark.parametrize("exact_age", ExactAge)
    def test_48_months_with_closed_days(self, exact_age, closed_days, calendar):
        """Daily for a week, then by the week, by the month, by a rule and by the quarter."""
        cadence = Cadence(
            name="all sorts",
            anchor="purchase",
            steps=[
                CadenceStep(Every(1, Unit.DAY), until=Age(1, Unit.WEEK)),
                CadenceStep(Every(1, Unit.WEEK), times=6),
                CadenceStep(Every(1, Unit.MONTH), until=Age(1, Unit.YEAR)),
                CadenceStep(RecurrenceRule("FREQ=MONTHLY;BYDAY=-1SU"), until=Age(2, Unit.YEAR)),
                CadenceStep(Every(1, Unit.QUARTER)),
            ],
            purpose="keeping in touch",
            exact_age=exact_age,
            closed_days=closed_days,
            days_early=3,
            days_late=10,
        )
        for anchor in self.ANCHORS[::11]:
            last = add_units(anchor, 48, Unit.MONTH)
            # What falls on the last days may go beyond them.
            period = Period.through(anchor - 30 * DAY, last - 30 * DAY)
            found = cadence.due_within(period, anchor=anchor, calendar=calendar)
            slow = follow_ups(cadence, anchor, last, calendar=calendar)
            assert list(map(as_slow, found)) == [one for one in slow if one.due_on in period]


class TestLaws:
    @given(cadences(), customers(), calendars(), days)
    def test_asked_later_it_is_never_due_earlier(self, cadence, facts, calendar, other):
        earlier, later = sorted([facts.as_of, other])
        first = next_occurrence(evolve(facts, as_of=earlier), [cadence], calendar=calendar)
        second = next_occurrence(evolve(facts, as_of=later), [cadence], calendar=calendar)
        if second is not None:
            assert first is not None
            assert (first.nominal_on, first.due_on) <= (second.nominal_on, second.due_on)

    @given(cadences(), customers(), calendars(), st.integers(0, 30))
    def test_as_long_as_it_may_be_done_the_answer_stays(self, cadence, facts, calendar, wait):
        found = next_occurrence(facts, [cadence], calendar=calendar)
        assume(found)
        assert found is not None
        assert found.not_after >= facts.as_of
        until = max(facts.as_of, found.not_after - wait * DAY)
        assert next_occurrence(evolve(facts, as_of=until), [cadence], calendar=calendar) == found

    @given(cadences(), customers(), calendars(), st.booleans())
    def test_what_was_handled_never_comes_back(self, cadence, facts, calendar, by_due_day):
        found = next_occurrence(facts, [cadence], calendar=calendar)
        assume(found)
        assert found is not None
        day = found.due_on if by_due_day else found.nominal_on
        day = max(day, facts.handled.get(cadence.name, day))
        handled = evolve(facts, handled={cadence.name: day})
        following = next_occurrence(handled, [cadence], calendar=calendar)
        assert following is None or following.due_on > found.due_on

    @given(cadences(), customers(), calendars())
    def test_done_one_after_another_none_is_forgotten(self, cadence, facts, calendar):
        facts = evolve(facts, handled={}, as_of=date(2022, 1, 1))
        done = list(islice(all_by_handling(cadence, facts, calendar), 8))
        expected = slow_list(cadence, facts, calendar)[: len(done)]
        assert list(map(as_slow, done))[: len(expected)] == expected
        assert len(expected) == len(done) or done[-1].due_on > FAR - 400 * DAY
        assert len({one.due_on for one in done}) == len(done)

    @given(cadences(), customers(), calendars())
    def test_it_is_due_on_a_working_day_outside_of_pauses(self, cadence, facts, calendar):
        for found in islice(all_by_handling(cadence, facts, calendar), 3):
            assert found.not_before <= found.due_on <= found.not_after
            assert not any(found.due_on in one for one in (*facts.pauses, *cadence.pauses))
            if calendar is not None and cadence.closed_days is not ClosedDays.STAY:
                assert calendar.is_business_day(found.due_on)

    @given(st.lists(cadences(), min_size=2, max_size=3), customers(), calendars())
    def test_the_order_of_cadences_matters_for_ties_only(self, drawn, facts, calendar):
        named = [evolve(cadence, name=f"c-{place}") for place, cadence in enumerate(drawn)]
        alone = [next_occurrence(facts, [cadence], calendar=calendar) for cadence in named]
        due = [one.due_on for one in alone if one is not None]
        for order in permutations(named):
            found = next_occurrence(facts, order, calendar=calendar)
            assert (found and found.due_on) == min(due, default=None)
            tied = [one for one in alone if one is not None and one.due_on == min(due)]
            if found is not None:
                names = [cadence.name for cadence in order]
                assert found == min(tied, key=lambda one: names.index(one.cadence))

    @given(cadences(), customers(), calendars(), st.randoms())
    def test_telling_a_pause_twice_or_in_another_order_changes_nothing(
        self, cadence, facts, calendar, dice
    ):
        told = [*facts.pauses, *facts.pauses, *cadence.pauses]
        dice.shuffle(told)
        again = next_occurrence(evolve(facts, pauses=told), [cadence], calendar=calendar)
        assert again == next_occurrence(facts, [cadence], calendar=calendar)

    @given(st.lists(cadences(), max_size=3), customers(), calendars())
    def test_a_decision_says_the_same_each_time_and_with_or_without_evidence(
        self, drawn, facts, calendar
    ):
        named = [evolve(cadence, name=f"c-{place}") for place, cadence in enumerate(drawn)]
        decision = next_follow_up(facts, named, calendar=calendar)
        assert decision == next_follow_up(facts, iter(named), calendar=calendar)
        assert decision.outcome == next_occurrence(facts, named, calendar=calendar)
        for cadence in named:
            assert any(
                cadence.name in f"{item.criterion} {item.observed}" for item in decision.evidence
            )

    @given(cadences(), customers(), calendars())
    def test_where_it_goes_is_never_before_what_falls_earlier(self, cadence, facts, calendar):
        found = list(islice(all_by_handling(cadence, facts, calendar), 6))
        for before, after in pairwise(found):
            assert before.nominal_on < after.nominal_on
            assert before.due_on < after.due_on


def steps_taken(ask):
    """How many functions of crmkit are called until there is an answer."""
    calls = 0
    home = Path(crmkit.__file__).parent

    def count(frame, event, argument):
        nonlocal calls
        calls += event == "call" and home in Path(frame.f_code.co_filename).parents

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        ask()
    finally:
        sys.setprofile(before)
    return calls


class TestCost:
    """Who has been a customer for centuries costs no more than who came two years ago."""

    CADENCES = (
        Cadence.after_hand_over(),
        Cadence.december_round(),
        *(
            Cadence(
                name=str(repeat),
                anchor="hand-over",
                steps=[
                    CadenceStep(Every(1, Unit.WEEK), times=3),
                    CadenceStep(Every(1, Unit.MONTH), until=Age(1, Unit.YEAR)),
                    CadenceStep(repeat),
                ],
                purpose="keeping in touch",
                days_late=10,
            )
            for repeat in (
                Every(3, Unit.WEEK),
                Every(1, Unit.YEAR, MonthEnd.LAST_DAY),
                RecurrenceRule("FREQ=MONTHLY;BYDAY=2TU"),
                RecurrenceRule("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1"),
                RecurrenceRule("FREQ=YEARLY;BYMONTH=6;BYDAY=1MO"),
            )
        ),
    )

    @pytest.mark.parametrize("cadence", CADENCES, ids=lambda cadence: cadence.name)
    @pytest.mark.parametrize("calendar", CALENDARS.values(), ids=CALENDARS)
    def test_the_age_of_a_customer_does_not_matter(self, calendar, cadence):
        taken = set()
        # After 400 years the calendar repeats, also by three weeks: nothing else differs.
        for years in (0, 400, 800, 1_200):
            facts = FollowUpFacts(
                customer=CustomerId("C-7"),
                as_of=date(2026, 5, 4),
                anchors={"hand-over": date(2016 - years, 3, 31)},
                pauses=[Period.month(2026, 7)],
            )
            asked = partial(next_occurrence, facts, [cadence], calendar=calendar)
            asked()
            taken.add(steps_taken(asked))
        assert len(taken) == 1

    def test_a_long_pause_is_not_walked_through(self):
        daily = Cadence(
            name="daily",
            anchor="hand-over",
            steps=[CadenceStep(Every(1, Unit.DAY))],
            purpose="keeping in touch",
        )
        taken = set()
        for years in (1, 1_000):
            pauses = [Period(date(2026, 5, 1), date(2026 + years, 6, 1))]
            asked = partial(
                daily.next_due, date(2026, 5, 4), anchor=date(2026, 1, 1), pauses=pauses
            )
            asked()
            taken.add(steps_taken(asked))
        assert len(taken) == 1
