"""The clock of one case: what it has taken, by when it is due, and whether it was missed."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta, timezone
from random import Random
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmkit.business_time import BusinessCalendar, CaseClock, ClockTerms, Pause
from crmkit.errors import InvalidValue, NaiveDatetime
from crmkit.serialization import make_converter
from tests.business_time.builders import DESK, OFFICE, at, hours, minutes, one_opening, real, utc
from tests.business_time.oracle import MINUTE, Minutes, rules
from tests.business_time.strategies import Case, cases, clocks, spans

TICK = timedelta(microseconds=1)
CLOCKS = int(os.environ.get("CRMKIT_ORACLE_CLOCKS", "40"))
SPAN = 4 * 1440


def terms(since: str, target: timedelta, calendar: BusinessCalendar = OFFICE) -> ClockTerms:
    return ClockTerms(since=at(since), calendar=calendar, target=target)


def pause(start: str, end: str | None = None) -> Pause:
    return Pause(at(start), None if end is None else at(end))


def running(*pauses: Pause, target: int = 4) -> CaseClock:
    """A case of Monday at nine, to be answered within so many office hours."""
    return CaseClock(terms=[terms("2026-05-11 09:00", hours(target))], pauses=pauses)


class TestOneTruth:
    """Consumed time, deadline and breach are three views of one history."""

    @given(st.data())
    def test_at_its_due_a_case_has_consumed_the_target_in_force(self, data):
        """More than it only if a smaller target took over at that instant."""
        case = data.draw(cases())
        clock = data.draw(clocks(case))
        due = clock.due(clock.started_at)
        if due is not None:
            target = clock.terms_at(due).target
            before = [t for t in clock.terms if real(t.since, due) == timedelta()]
            assert clock.consumed(due) == target or (before and clock.consumed(due) > target)

    @given(st.data())
    def test_up_to_its_due_a_case_is_not_missed_and_after_it_always(self, data):
        case = data.draw(cases())
        clock = data.draw(clocks(case))
        due = clock.due(clock.started_at)
        if due is None:
            assert not clock.is_breached(data.draw(case.instants()))
            return
        due = due.astimezone(UTC)
        assert not clock.is_breached(due)
        assert clock.breached_at(due + TICK) == due
        asked = data.draw(case.instants())
        assert clock.is_breached(asked) is (real(due, asked) > timedelta())

    @given(st.data())
    def test_when_it_is_asked_does_not_move_a_deadline(self, data):
        case = data.draw(cases())
        clock = data.draw(clocks(case))
        first, second = (clock.due(data.draw(case.instants())) for _ in range(2))
        assert (first is None) is (second is None)
        if first is not None and second is not None:
            assert real(first, second) == timedelta()

    @given(st.data())
    def test_a_later_answer_changes_nothing_that_was_said_before_it(self, data):
        case = data.draw(cases())
        clock = data.draw(clocks(case))
        asked, answered = data.draw(spans(case))
        if real(clock.started_at, answered) < timedelta():
            answered = clock.started_at
        stopped = evolve(clock, stopped_at=answered)
        if real(asked, answered) >= timedelta():
            assert stopped.breached_at(asked) == clock.breached_at(asked)
            assert stopped.consumed(asked) == clock.consumed(asked)
        missed = clock.breached_at(answered)
        for later in (answered, data.draw(case.instants())):
            if real(answered, later) >= timedelta():
                assert stopped.breached_at(later) == missed
                assert stopped.due(later) == missed
                assert stopped.consumed(later) == clock.consumed(answered)

    @given(st.data())
    def test_consumed_time_never_runs_back_and_never_faster_than_time(self, data):
        case = data.draw(cases())
        clock = data.draw(clocks(case))
        first, second = data.draw(spans(case))
        grown = clock.consumed(second) - clock.consumed(first)
        assert timedelta() <= grown <= real(first, second)

    @given(st.data())
    def test_while_it_is_paused_it_stands_still(self, data):
        case = data.draw(cases())
        clock = data.draw(clocks(case))
        instant = data.draw(case.instants()).astimezone(UTC)
        if clock.is_paused(instant):
            assert clock.consumed(instant) == clock.consumed(instant + TICK)

    @given(st.data())
    def test_without_pauses_and_changes_it_is_the_calendar(self, data):
        case = data.draw(cases())
        start, asked = data.draw(spans(case))
        target = data.draw(st.integers(1, 100).map(hours))
        clock = CaseClock(terms=[ClockTerms(since=start, calendar=case.calendar, target=target)])
        assert clock.consumed(asked) == case.calendar.elapsed(start, asked)
        due = clock.due(asked)
        assert due is not None
        assert real(due, case.calendar.due(start, target)) == timedelta()

    @given(st.data())
    def test_a_pause_over_closed_time_moves_nothing(self, data):
        case = data.draw(cases())
        start = data.draw(case.instants()).astimezone(UTC)
        clock = CaseClock(terms=[ClockTerms(since=start, calendar=case.calendar, target=hours(30))])
        closed = closed_times(case, start)
        paused = evolve(clock, pauses=[Pause(low, high) for low, high in closed])
        asked = data.draw(case.instants())
        assert paused.due(asked) == clock.due(asked)
        assert paused.consumed(asked) == clock.consumed(asked)
        assert paused.breached_at(asked) == clock.breached_at(asked)

    @given(st.data())
    def test_the_same_terms_again_change_nothing(self, data):
        """What was consumed is kept, under one agreement as under two that say the same."""
        case = data.draw(cases())
        start, again = data.draw(spans(case).filter(lambda span: real(*span) > timedelta()))
        first = ClockTerms(since=start, calendar=case.calendar, target=hours(30))
        pauses = [Pause(*data.draw(spans(case)))]
        one = CaseClock(terms=[first], pauses=pauses)
        two = CaseClock(terms=[first, evolve(first, since=again)], pauses=pauses)
        asked = data.draw(case.instants())
        assert two.consumed(asked) == one.consumed(asked)
        assert two.breached_at(asked) == one.breached_at(asked)
        assert two.due(asked) == one.due(asked)

    @given(st.data())
    def test_the_order_in_which_pauses_are_told_does_not_matter(self, data):
        case = data.draw(cases())
        clock = data.draw(clocks(case))
        turned = evolve(clock, pauses=clock.pauses[::-1])
        asked = data.draw(case.instants())
        assert turned.consumed(asked) == clock.consumed(asked)
        assert turned.breached_at(asked) == clock.breached_at(asked)


def closed_times(case: Case, start: datetime) -> list[tuple[datetime, datetime]]:
    """Some spans after an instant in which nobody is there."""
    found, instant = [], start
    for _ in range(5):
        opening = case.calendar.next_opening(instant)
        if real(instant, opening):
            found.append((instant, opening))
        instant = case.calendar.due(opening, hours(9))
    return found


class TestEveryMinute:
    """Adding up the minutes that are open and not paused gives the same."""

    @pytest.mark.parametrize("number", range(CLOCKS))
    def test_counting_every_minute_gives_the_same(self, number):
        """The oracle knows of each minute which terms are in force; set CRMKIT_ORACLE_CLOCKS."""
        random = Random(number)
        zone = ZoneInfo(random.choice(["Europe/Berlin", "America/New_York", "Africa/Cairo"]))
        start = datetime(2026, random.choice([3, 5, 10]), random.randint(1, 28), tzinfo=UTC)
        made = [rules(random, zone, start.date()) for _ in range(2)]
        lines = [Minutes(made_of, start, SPAN) for made_of in made]
        swap = random.randrange(1, SPAN)
        targets = [random.randint(1, 2_000) for _ in made]
        stops = [sorted(random.sample(range(SPAN), 2)) for _ in range(random.randint(0, 3))]
        clock = CaseClock(
            terms=[
                ClockTerms(since=start + n * MINUTE, calendar=m.calendar(), target=t * MINUTE)
                for n, m, t in zip([0, swap], made, targets, strict=True)
            ],
            pauses=[Pause(start + low * MINUTE, start + high * MINUTE) for low, high in stops],
        )
        consumed, due = 0, None
        for minute in range(SPAN):
            now, force = start + minute * MINUTE, minute >= swap
            assert minute % 97 or clock.consumed(now) == consumed * MINUTE
            if due is None and consumed >= targets[force]:
                due = now
            paused = any(low <= minute < high for low, high in stops)
            consumed += lines[force].open[minute] and not paused
        assert clock.breached_at(start + (SPAN - 1) * MINUTE + TICK) == due
        assert due is None or clock.due(start) == due


class TestBoundaries:
    """A random search misses the borders."""

    def test_answered_exactly_when_it_is_due_is_in_time(self):
        in_time = evolve(running(), stopped_at=at("2026-05-11 13:00"))
        late = evolve(running(), stopped_at=at("2026-05-11 13:00:00.000001"))
        later = at("2026-05-12 09:00")
        assert not in_time.is_breached(later)
        assert in_time.due(later) is None
        assert late.breached_at(later) == at("2026-05-11 13:00")

    def test_at_the_instant_itself_there_is_still_time(self):
        assert not running().is_breached(at("2026-05-11 13:00"))
        assert running().is_breached(at("2026-05-11 13:00") + TICK)

    def test_used_up_at_closing_time_it_is_missed_over_night(self):
        clock = running(target=9)
        assert clock.due(at("2026-05-11 09:00")) == at("2026-05-11 18:00")
        assert clock.is_breached(at("2026-05-11 18:00") + TICK)

    def test_before_the_start_nothing_is_consumed_and_the_deadline_is_known(self):
        early = at("2026-05-10 09:00")
        assert running().consumed(early) == timedelta()
        assert not running().is_breached(early)
        assert running().due(early) == at("2026-05-11 13:00")
        assert running().terms_at(early) == running().terms[0]

    def test_stopped_as_it_starts_it_has_taken_nothing(self):
        clock = evolve(running(), stopped_at=at("2026-05-11 09:00"))
        assert clock.consumed(at("2026-05-12 09:00")) == timedelta()
        assert clock.due(at("2026-05-12 09:00")) is None

    def test_before_it_is_stopped_the_deadline_stands(self):
        clock = evolve(running(), stopped_at=at("2026-05-11 12:00"))
        assert clock.due(at("2026-05-11 11:00")) == at("2026-05-11 13:00")
        assert clock.due(at("2026-05-11 12:00")) is None

    def test_a_standstill_agreed_in_advance_is_gone_around(self):
        clock = running(pause("2026-05-11 12:00", "2026-05-11 14:00"))
        assert clock.due(at("2026-05-11 09:00")) == at("2026-05-11 15:00")
        assert clock.due(at("2026-05-11 12:30")) == at("2026-05-11 15:00")

    def test_a_standstill_after_the_deadline_does_not_move_it(self):
        clock = running(pause("2026-05-11 13:00", "2026-05-11 14:00"), pause("2026-05-11 16:00"))
        assert clock.due(at("2026-05-11 09:00")) == at("2026-05-11 13:00")

    def test_an_open_pause_that_lies_ahead_leaves_no_deadline(self):
        assert running(pause("2026-05-11 12:00")).due(at("2026-05-11 09:00")) is None

    def test_a_target_used_up_as_a_pause_begins_is_used_up(self):
        clock = running(pause("2026-05-11 13:00"))
        assert clock.due(at("2026-05-11 09:00")) == at("2026-05-11 13:00")
        assert clock.breached_at(at("2026-05-11 14:00")) == at("2026-05-11 13:00")

    def test_a_pause_from_before_the_start_counts_from_the_start(self):
        clock = running(pause("2026-05-11 08:00", "2026-05-11 10:00"))
        assert clock.due(at("2026-05-11 09:00")) == at("2026-05-11 14:00")

    def test_a_pause_of_no_length_is_none(self):
        clock = running(pause("2026-05-11 10:00", "2026-05-11 10:00"))
        assert clock.due(at("2026-05-11 09:00")) == at("2026-05-11 13:00")
        assert not clock.is_paused(at("2026-05-11 10:00"))

    @pytest.mark.parametrize(
        ("instant", "is_paused"),
        [
            ("2026-05-11 09:59", False),
            ("2026-05-11 10:00", True),
            ("2026-05-11 11:00", False),
            ("2026-05-11 12:00", True),
            ("2027-05-11 12:00", True),
        ],
    )
    def test_a_pause_begins_at_its_first_instant_and_is_over_at_its_last(self, instant, is_paused):
        clock = running(pause("2026-05-11 10:00", "2026-05-11 11:00"), pause("2026-05-11 12:00"))
        assert clock.is_paused(at(instant)) is is_paused

    def test_a_smaller_target_that_is_used_up_already_is_missed_as_it_takes_over(self):
        clock = CaseClock(
            terms=[terms("2026-05-11 09:00", hours(8)), terms("2026-05-11 15:00", hours(2))]
        )
        takes_over = at("2026-05-11 15:00")
        assert clock.due(at("2026-05-11 09:00")) == takes_over
        assert not clock.is_breached(takes_over)
        assert clock.breached_at(takes_over + TICK) == takes_over
        assert not evolve(clock, stopped_at=takes_over).is_breached(at("2026-05-12 09:00"))

    def test_also_while_the_clock_stands_still_or_the_office_is_closed(self):
        """The target is used up when it takes over, not when somebody is there again."""
        for since in ("2026-05-11 15:00", "2026-05-11 20:00"):
            clock = CaseClock(
                terms=[terms("2026-05-11 09:00", hours(20)), terms(since, hours(2))],
                pauses=[pause("2026-05-11 14:00", "2026-05-12 14:00")],
            )
            assert clock.breached_at(at("2026-05-12 09:00")) == at(since)

    def test_terms_from_next_week_on_are_heeded_today(self):
        clock = CaseClock(
            terms=[terms("2026-05-08 16:00", hours(20)), terms("2026-05-11 10:00", hours(6), DESK)]
        )
        assert clock.due(at("2026-05-08 16:00")) == at("2026-05-11 13:00")
        assert clock.terms_at(at("2026-05-11 10:00")) == clock.terms[1]
        assert clock.terms_at(at("2026-05-11 10:00") - TICK) == clock.terms[0]

    def test_more_time_given_at_the_last_instant_is_in_time(self):
        clock = CaseClock(
            terms=[terms("2026-05-11 09:00", hours(4)), terms("2026-05-11 13:00", hours(6))]
        )
        assert clock.due(at("2026-05-11 09:00")) == at("2026-05-11 15:00")
        assert not clock.is_breached(at("2026-05-11 15:00"))

    def test_a_calendar_that_never_opens_again_misses_nothing(self):
        clock = CaseClock(terms=[terms("2026-05-09 09:00", hours(4), one_opening())])
        assert clock.consumed(at("2027-05-09 09:00")) == hours(2)
        assert not clock.is_breached(at("2027-05-09 09:00"))
        assert evolve(clock, stopped_at=at("2026-06-01 09:00")).due(at("2026-07-01 09:00")) is None
        with pytest.raises(InvalidValue, match="no further opening"):
            clock.due(at("2026-05-09 09:00"))

    def test_two_passes_of_one_hour_are_told_apart(self):
        """02:30 of the first pass lies before 02:15 of the second."""
        always = BusinessCalendar.round_the_clock("Europe/Berlin")
        first = at("2026-10-25 02:30", "Europe/Berlin")
        second = at("2026-10-25 02:15", "Europe/Berlin", fold=1)
        since = ClockTerms(since=first, calendar=always, target=minutes(50))
        later = ClockTerms(since=second, calendar=always, target=minutes(50))
        clock = CaseClock(terms=[since, later], stopped_at=second)
        assert clock.consumed(second) == minutes(45)
        assert CaseClock(terms=[since], pauses=[Pause(first, second)]).consumed(
            utc("2026-10-25 02:00")
        ) == minutes(45)
        assert clock.terms_at(second) == later
        with pytest.raises(InvalidValue):
            Pause(second, first)
        with pytest.raises(InvalidValue):
            CaseClock(terms=[later], stopped_at=first)
        with pytest.raises(InvalidValue):
            CaseClock(terms=[later, since])

    def test_answered_when_it_is_due_in_the_hour_that_is_there_twice(self):
        """Instants are compared, not wall times: Python calls these two unequal."""
        always = BusinessCalendar.round_the_clock("Europe/Berlin")
        since = ClockTerms(since=utc("2026-10-25 00:00"), calendar=always, target=minutes(75))
        answered = at("2026-10-25 02:15", "Europe/Berlin", fold=1)
        clock = CaseClock(terms=[since], stopped_at=answered)
        assert not clock.is_breached(utc("2026-10-26 00:00"))

    def test_answers_are_in_the_zone_of_the_question(self):
        asked = at("2026-05-11 20:00", "Asia/Tokyo")
        due, missed = running().due(asked), running().breached_at(at("2026-05-12", "Asia/Tokyo"))
        assert due is not None
        assert missed is not None
        assert due.isoformat() == missed.isoformat() == "2026-05-11T22:00:00+09:00"


class TestBuilding:
    """A clock that contradicts itself is refused."""

    def test_without_terms_it_does_not_run(self):
        with pytest.raises(InvalidValue, match="at least one"):
            CaseClock(terms=())

    @pytest.mark.parametrize("second", ["2026-05-11 09:00", "2026-05-11 08:00"])
    def test_terms_take_over_one_after_the_other(self, second):
        with pytest.raises(InvalidValue, match="one after the other"):
            CaseClock(terms=[terms("2026-05-11 09:00", hours(4)), terms(second, hours(8))])

    def test_a_pause_does_not_end_before_it_starts(self):
        with pytest.raises(InvalidValue, match="does not end before"):
            pause("2026-05-11 10:00", "2026-05-11 09:59")

    def test_a_forgotten_pause_is_not_taken_for_endless_waiting(self):
        """A case that nobody closed the pause of would never be due again."""
        with pytest.raises(InvalidValue, match="only the last pause may be open"):
            running(pause("2026-05-11 10:00"), pause("2026-05-11 12:00", "2026-05-11 13:00"))
        with pytest.raises(InvalidValue, match="only the last pause may be open"):
            running(pause("2026-05-11 10:00"), pause("2026-05-11 10:00"))
        both = [pause("2026-05-11 10:00"), pause("2026-05-11 10:00", "2026-05-11 12:00")]
        assert running(*both).pauses == (both[1], both[0])

    def test_a_clock_does_not_stop_before_it_starts(self):
        with pytest.raises(InvalidValue, match="does not stop before"):
            evolve(running(), stopped_at=at("2026-05-11 08:59"))

    @pytest.mark.parametrize("target", [timedelta(), -TICK, 4, 4.0, None])
    def test_a_target_is_a_duration_above_zero(self, target):
        with pytest.raises(InvalidValue, match="timedelta above zero"):
            terms("2026-05-11 09:00", target)

    @pytest.mark.parametrize("calendar", [None, "office", BusinessCalendar])
    def test_terms_have_a_calendar(self, calendar):
        with pytest.raises(InvalidValue, match="BusinessCalendar"):
            terms("2026-05-11 09:00", hours(4), calendar)

    @pytest.mark.parametrize("items", [5, None, [at("2026-05-11 09:00")], ["monday"]])
    def test_other_things_are_no_terms_and_no_pauses(self, items):
        with pytest.raises(InvalidValue, match="tuple of ClockTerms"):
            CaseClock(terms=items)
        with pytest.raises(InvalidValue, match="tuple of Pause"):
            CaseClock(terms=[terms("2026-05-11 09:00", hours(4))], pauses=items)

    @pytest.mark.parametrize(
        "ask",
        [
            lambda bad: Pause(bad),
            lambda bad: Pause(at("2026-05-11 09:00"), bad),
            lambda bad: ClockTerms(since=bad, calendar=OFFICE, target=hours(4)),
            lambda bad: evolve(running(), stopped_at=bad),
            lambda bad: running().consumed(bad),
            lambda bad: running().due(bad),
            lambda bad: running().breached_at(bad),
            lambda bad: running().is_breached(bad),
            lambda bad: running().is_paused(bad),
            lambda bad: running().terms_at(bad),
        ],
    )
    def test_instants_without_a_zone_or_beyond_the_calendar_are_refused(self, ask):
        with pytest.raises(NaiveDatetime):
            ask(at("2026-05-11 09:00").replace(tzinfo=None))
        with pytest.raises(InvalidValue, match="from the year 2 to the year 9998"):
            ask(datetime.max.replace(tzinfo=timezone(timedelta(hours=-12))))
        for other in (date(2026, 5, 11), "2026-05-11", 0):
            with pytest.raises(InvalidValue, match="pass an aware datetime"):
                ask(other)


def test_a_clock_can_be_kept():
    """The history is data: terms, pauses, and the answer."""
    converter = make_converter(CaseClock)
    clock = evolve(
        running(pause("2026-05-11 10:00", "2026-05-11 11:00")), stopped_at=at("2026-05-12 09:00")
    )
    again = converter.loads(converter.dumps(clock))
    assert again.breached_at(at("2026-05-13 09:00")) == clock.breached_at(at("2026-05-13 09:00"))
    assert converter.dumps(again) == converter.dumps(clock)
