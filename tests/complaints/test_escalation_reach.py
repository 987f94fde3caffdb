"""A level that can never fire is refused, and every other one has a case in which it fires."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve
from hypothesis import assume, event, given
from hypothesis import strategies as st

from crmkit.business_time import BusinessCalendar, Closure, Opening
from crmkit.complaints.facts.history import CaseHistory, Mark, Wait
from crmkit.complaints.policies.escalation import (
    Delay,
    DelayUnit,
    EscalationLevel,
    EscalationPolicy,
    EscalationRule,
)
from crmkit.complaints.policies.escalation_reach import unreachable
from crmkit.complaints.policies.escalation_schedule import RuleClock, occurrences
from crmkit.errors import InvalidPolicy
from crmkit.identifiers import ComplaintId
from tests.complaints.escalation_cases import CALENDARS, delays

MONDAY = datetime(2026, 6, 1, tzinfo=UTC)
HOLIDAY_WEEK = datetime(2026, 3, 23, tzinfo=UTC)
LATER = MONDAY + timedelta(days=400)
TICK = timedelta(microseconds=1)
LUNCH = BusinessCalendar.on_weekdays("09:00-12:00", "13:00-18:00", zone="Europe/Berlin")
NIGHTS = BusinessCalendar.every_day("22:00-06:00", zone="America/New_York")
PLACES = {**CALENDARS, "lunch": LUNCH, "nights": NIGHTS}


def delay(text: str) -> Delay:
    count, unit = text.split()
    return Delay(int(count), DelayUnit(unit))


def rule(after: str, stops: str, **terms: Any) -> EscalationRule:
    levels = [EscalationLevel(level=1, after=delay(after), role="lead")]
    terms = {"calendar": "desk", "stops_after": delay(stops), **terms}
    return EscalationRule(name="unanswered", levels=levels, **terms)


@st.composite
def stopping(draw: Callable[[st.SearchStrategy[Any]], Any]) -> EscalationRule:
    """Rules of one level that stop after a time, counted in any two ways."""
    try:
        return EscalationRule(
            name="unanswered",
            calendar=draw(st.sampled_from(sorted(PLACES))),
            levels=[EscalationLevel(level=1, after=draw(delays()), role="lead")],
            stops_after=draw(delays(least=1)),
            counted_from=draw(st.sampled_from([None, "deadline"])),
        )
    except InvalidPolicy:
        assume(False)
        raise


def received(start: datetime, **terms: Any) -> CaseHistory:
    """A case that begins at an instant, and whose deadline, if there is one, is then as well."""
    marks = (Mark("receive", start), Mark("deadline", start))
    return CaseHistory(complaint=ComplaintId("K-1"), marks=marks, **terms)


def fires(rule: EscalationRule, history: CaseHistory) -> bool:
    clock = RuleClock.of(rule, PLACES[rule.calendar or ""], history)
    return any(occurrences(rule, clock, history, frozenset({"close"}), LATER))


def beginnings() -> Iterator[datetime]:
    """Every half hour of some weeks, and the instants next to it; a holiday lies among them."""
    for begin in (MONDAY, HOLIDAY_WEEK):
        for number in range(14 * 48):
            half_hour = begin + number * timedelta(minutes=30)
            yield from (half_hour, half_hour - TICK, half_hour + TICK)


class TestReach:
    """Found by trying every beginning of some weeks, and refused only where none of them does."""

    @given(stopping())
    def test_what_is_accepted_can_fire_and_what_is_refused_can_not(self, rule):
        lost = unreachable(rule, PLACES[rule.calendar or ""])
        event(f"refused: {lost is not None}")
        assert any(fires(rule, received(start)) for start in beginnings()) is (lost is None)

    @pytest.mark.parametrize(
        ("after", "stops"),
        [
            # An office of nine hours a day.
            ("20 working-hours", "1 business-days"),
            ("10 working-hours", "12 hours"),
            ("4 business-days", "26 working-hours"),
            ("5 calendar-days", "3 business-days"),
            # Open every day, the one is over together with the other.
            ("1 calendar-days", "1 business-days"),
        ],
    )
    def test_a_level_that_its_calendar_never_lets_fire_is_refused(self, after, stops):
        desk = BusinessCalendar.every_day("09:00-18:00", zone="UTC")
        with pytest.raises(InvalidPolicy, match="'unanswered': level 1 can never fire: by its cal"):
            EscalationPolicy(rules=[rule(after, stops)], calendars={"desk": desk})

    @pytest.mark.parametrize(
        ("after", "stops"),
        [
            ("17 working-hours", "1 business-days"),
            ("9 working-hours", "12 hours"),
            ("3 business-days", "28 working-hours"),
            ("3 calendar-days", "3 business-days"),
        ],
    )
    def test_one_that_it_lets_fire_at_some_time_is_not(self, after, stops):
        office = BusinessCalendar.on_weekdays("09:00-18:00", zone="UTC")
        assert EscalationPolicy(rules=[rule(after, stops)], calendars={"desk": office}).rules

    def test_the_level_is_named(self):
        levels = [
            EscalationLevel(level=2, after=delay("4 working-hours"), role="lead"),
            EscalationLevel(level=5, after=delay("20 working-hours"), role="head"),
        ]
        two = evolve(rule("1 hours", "1 business-days"), levels=levels)
        message = "level 5 can never fire: by its calendar, 1 business days are always over before"
        with pytest.raises(InvalidPolicy, match=message):
            EscalationPolicy(rules=[two], calendars={"desk": PLACES["office"]})

    def test_a_single_long_day_is_enough(self):
        """Twelve hours by the clock hold ten working hours on the day of the stocktaking only."""
        long_day = Opening(date(2026, 6, 10), "07:00-20:00")
        short = [Closure(date(2024, 5, day)) for day in range(1, 4)]
        once = BusinessCalendar.on_weekdays(
            "09:00-18:00", zone="UTC", openings=[long_day], closures=short
        )
        ten = rule("10 working-hours", "12 hours")
        assert EscalationPolicy(rules=[ten], calendars={"desk": once}).rules
        with pytest.raises(InvalidPolicy, match="can never fire"):
            EscalationPolicy(rules=[ten], calendars={"desk": evolve(once, openings=())})

    @pytest.mark.parametrize("year", [1, 9999])
    def test_a_calendar_may_have_exceptions_at_the_end_of_time(self, year):
        closed = BusinessCalendar.on_weekdays(
            "09:00-18:00", zone="UTC", closures=[Closure(date(year, 1, 1))]
        )
        assert EscalationPolicy(
            rules=[rule("1 hours", "2 hours")], calendars={"desk": closed}
        ).rules

    def test_a_pause_can_put_off_when_a_rule_stops(self):
        """While the case waits, the hours after which it stops stand still, and days go by."""
        waiting = rule("3 business-days", "9 working-hours", paused_by={"complainant"})
        policy = EscalationPolicy(rules=[waiting], calendars={"desk": PLACES["office"]})
        wait = Wait("complainant", MONDAY)
        history = CaseHistory(
            complaint=ComplaintId("K-1"), marks=(Mark("receive", MONDAY),), waits=(wait,)
        )
        assert [due.level for due in policy.due(history, LATER)] == [1]
        hours = rule("20 working-hours", "1 calendar-days", paused_by={"complainant"})
        with pytest.raises(InvalidPolicy, match="can never fire"):
            EscalationPolicy(rules=[hours], calendars={"desk": PLACES["office"]})


class TestMarks:
    """A mark that nobody ever sets lets a rule never begin, or never end."""

    MARKS = ("receive", "reopen", "respond", "dispute")

    def test_those_of_the_host_are_known(self):
        known = EscalationPolicy(
            rules=[rule("1 hours", "2 hours", calendar=None)], marks=self.MARKS
        )
        assert known.marks == set(self.MARKS)

    @pytest.mark.parametrize(
        "terms",
        [
            {"since": {"receive", "recieve"}},
            {"until": {"recieve"}},
            {"counted_from": "recieve"},
        ],
    )
    def test_a_slip_of_the_pen_is_found(self, terms):
        slip = rule("1 hours", "2 hours", calendar=None, **terms)
        message = (
            "'unanswered': no such marks: recieve; there are dispute, receive, reopen, respond"
        )
        with pytest.raises(InvalidPolicy, match=message):
            EscalationPolicy(rules=[slip], marks=self.MARKS)
        assert EscalationPolicy(rules=[slip]).marks == frozenset()
