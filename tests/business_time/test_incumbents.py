"""Cases in which systems in use get working time wrong, each as it was reported or reproduced.

Monday is 11 May 2026. Unless told otherwise an office is open from Monday to Friday, 9 to 18.
"""

from __future__ import annotations

from datetime import UTC, date, timedelta

import pytest

from crmkit.business_time import BusinessCalendar, CaseClock, ClockTerms, Closure, Pause
from crmkit.errors import InvalidPolicy
from tests.business_time.builders import DESK, OFFICE, at, hours, minutes, utc, weekly


def clock(since: str, target: timedelta, *pauses: Pause, **more: object) -> CaseClock:
    terms = ClockTerms(since=at(since), calendar=OFFICE, target=target)
    return CaseClock(terms=(terms,), pauses=pauses, **more)  # type: ignore[arg-type]


class TestOutsideOfHours:
    """A budget that starts while nobody is there begins with the next opening, not later."""

    @pytest.mark.parametrize("start", ["2026-05-09 07:00", "2026-05-09 12:00", "2026-05-09 20:00"])
    def test_an_hour_from_saturday_is_due_on_monday_at_ten(self, start):
        """At whatever time of day; a walker that keeps it says 13:00, or Tuesday."""
        assert OFFICE.due(at(start), hours(1)) == at("2026-05-11 10:00")

    def test_a_ticket_of_saturday_answered_on_monday_took_half_an_hour(self):
        """More than a day was shown for it."""
        assert OFFICE.elapsed(at("2026-05-09 11:00"), at("2026-05-11 09:30")) == minutes(30)

    def test_minutes_are_not_rounded_to_hours(self):
        assert OFFICE.due(at("2026-05-11 10:17"), hours(1)) == at("2026-05-11 11:17")
        assert OFFICE.due(at("2026-05-11 10:17"), minutes(1)) == at("2026-05-11 10:18")

    def test_exactly_the_last_hour_does_not_run_over_to_the_next_day(self):
        assert OFFICE.due(at("2026-05-11 17:00"), hours(1)) == at("2026-05-11 18:00")


class TestRoundTheClock:
    """Open round the clock, so many hours are so many hours."""

    @pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Europe/Berlin"])
    @pytest.mark.parametrize("start", ["2026-05-08 13:37", "2026-03-07 20:00", "2026-10-24 20:00"])
    def test_forty_eight_hours_are_forty_eight_hours(self, zone, start):
        """Not two minutes more for two midnights, nor an hour for a change of the clock."""
        always = BusinessCalendar.round_the_clock(zone)
        assert always.due(utc(start), hours(48)) == utc(start) + hours(48)

    def test_midnight_is_written_as_the_end_of_the_day(self):
        """00:00-23:59 says that the last minute is closed, and is taken at its word."""
        almost = BusinessCalendar.every_day("00:00-23:59", zone="UTC")
        whole = BusinessCalendar.every_day("00:00-24:00", zone="UTC")
        start = at("2026-05-11 00:00")
        assert whole.elapsed(start, at("2026-05-12 00:00")) == hours(24)
        assert almost.elapsed(start, at("2026-05-12 00:00")) == hours(24) - minutes(1)
        assert "00:00-24:00" in str(whole.trace(start, at("2026-05-12 00:00")))


class TestNights:
    """Hours may run past midnight; a night shift is not taken for no hours at all."""

    def test_eight_hours_of_a_night_shift(self):
        nights = BusinessCalendar.every_day("22:00-06:00", zone="UTC")
        assert nights.due(at("2026-05-11 23:00"), hours(8)) == at("2026-05-12 23:00")

    def test_by_day_the_night_shift_is_closed(self):
        nights = BusinessCalendar.every_day("22:00-06:00", zone="UTC")
        assert not nights.is_open(at("2026-05-11 12:00"))
        assert nights.elapsed(at("2026-05-11 06:00"), at("2026-05-11 22:00")) == timedelta()


class TestClockChanges:
    """Durations are real time, whatever the wall clock does meanwhile."""

    def test_new_york_has_five_of_six_hours_on_8_march_2026(self):
        nights = BusinessCalendar.every_day("00:00-06:00", zone="America/New_York")
        midnight = at("2026-03-08 00:00", "America/New_York")
        six = at("2026-03-08 06:00", "America/New_York")
        assert nights.elapsed(midnight, six) == hours(5)
        assert nights.due(midnight, hours(5)).astimezone(UTC) == six.astimezone(UTC)

    def test_new_york_has_seven_on_1_november_2026(self):
        nights = BusinessCalendar.every_day("00:00-06:00", zone="America/New_York")
        midnight = at("2026-11-01 00:00", "America/New_York")
        six = at("2026-11-01 06:00", "America/New_York")
        assert nights.elapsed(midnight, six) == hours(7)
        assert nights.due(midnight, hours(7)).astimezone(UTC) == six.astimezone(UTC)

    def test_the_zone_of_the_asker_does_not_matter(self):
        """Hours are those of the office, not of the server or of the customer."""
        berlin = BusinessCalendar.on_weekdays("09:00-18:00", zone="Europe/Berlin")
        from_tokyo = at("2026-05-09 00:30", "Asia/Tokyo")
        assert berlin.due(from_tokyo, hours(1)).astimezone(UTC) == utc("2026-05-11 07:30")


class TestSeveralWindowsAndHolidays:
    """A day may have a lunch break, and a break is no holiday."""

    def test_a_lunch_break_is_left_out(self):
        calendar = BusinessCalendar.on_weekdays("09:00-12:00", "13:00-17:00", zone="UTC")
        assert calendar.due(at("2026-05-11 11:00"), hours(2)) == at("2026-05-11 14:00")
        assert calendar.elapsed(at("2026-05-11 09:00"), at("2026-05-11 17:00")) == hours(7)

    def test_a_break_of_one_day_written_as_a_partial_holiday(self):
        lunch = Closure(date(2026, 5, 11), "lunch", hours="12:00-13:00")
        calendar = BusinessCalendar.on_weekdays("09:00-17:00", zone="UTC", closures=[lunch])
        assert calendar.due(at("2026-05-11 11:00"), hours(2)) == at("2026-05-11 14:00")
        assert calendar.due(at("2026-05-12 11:00"), hours(2)) == at("2026-05-12 13:00")

    def test_any_single_day_of_the_week_may_be_the_only_one(self):
        """Not only calendars that are open on Monday or on Thursday."""
        calendar = weekly(tuesday="09:00-17:00")
        assert calendar.due(at("2026-05-13 12:00"), hours(9)) == at("2026-05-26 10:00")

    @pytest.mark.parametrize("holidays", [1, 5, 250])
    def test_a_row_of_holidays_is_gone_over(self, holidays):
        days = [date(2026, 5, 11) + timedelta(days=n) for n in range(holidays)]
        calendar = BusinessCalendar.every_day(
            "09:00-17:00", zone="UTC", closures=[Closure(day) for day in days]
        )
        due = calendar.due(at("2026-05-11 09:00"), hours(1))
        assert due == at("2026-05-11 10:00") + timedelta(days=holidays)

    def test_closed_all_week_is_refused_and_not_searched_for_ever(self):
        with pytest.raises(InvalidPolicy, match="never open"):
            BusinessCalendar.on_weekdays(zone="UTC")


class TestWaitingForTheCustomer:
    """A pause takes its working time out, and nothing else."""

    def test_a_pause_over_the_weekend_moves_nothing(self):
        """64 hours of wall time were added; the deadline fell into a night."""
        start, target = "2026-05-08 15:00", hours(6)
        weekend = Pause(at("2026-05-08 18:00"), at("2026-05-11 09:00"))
        assert clock(start, target).due(at(start)) == at("2026-05-11 12:00")
        assert clock(start, target, weekend).due(at(start)) == at("2026-05-11 12:00")

    def test_of_a_pause_from_friday_at_five_one_hour_counts(self):
        start, target = "2026-05-08 15:00", hours(6)
        pause = Pause(at("2026-05-08 17:00"), at("2026-05-11 09:00"))
        assert clock(start, target, pause).due(at(start)) == at("2026-05-11 13:00")

    def test_the_time_before_a_pause_is_kept(self):
        """Hold time was once added to the time of creation."""
        pause = Pause(at("2026-05-11 11:00"), at("2026-05-12 11:00"))
        case = clock("2026-05-11 09:00", hours(4), pause)
        assert case.consumed(at("2026-05-12 12:00")) == hours(3)
        assert case.due(at("2026-05-12 12:00")) == at("2026-05-12 13:00")

    def test_while_it_waits_there_is_no_deadline(self):
        case = clock("2026-05-11 09:00", hours(4), Pause(at("2026-05-11 11:00")))
        assert case.due(at("2026-05-15 09:00")) is None
        assert not case.is_breached(at("2027-05-15 09:00"))

    def test_pauses_that_overlap_count_once(self):
        pauses = (
            Pause(at("2026-05-11 10:00"), at("2026-05-11 12:00")),
            Pause(at("2026-05-11 11:00"), at("2026-05-11 11:30")),
            Pause(at("2026-05-11 11:00"), at("2026-05-11 13:00")),
        )
        assert clock("2026-05-11 09:00", hours(2), *pauses).due(at("2026-05-11 09:00")) == at(
            "2026-05-11 14:00"
        )


class TestLateAnswers:
    """A breach is a fact: the answer that comes late does not take it back."""

    def test_a_late_answer_does_not_heal_a_breach(self):
        waiting = clock("2026-05-11 09:00", hours(4))
        answered = clock("2026-05-11 09:00", hours(4), stopped_at=at("2026-05-11 15:00"))
        for case in (waiting, answered):
            assert case.breached_at(at("2026-05-11 16:00")) == at("2026-05-11 13:00")
            assert case.is_breached(at("2026-05-11 14:00"))
            assert not case.is_breached(at("2026-05-11 12:00"))

    def test_the_deadline_of_a_closed_case_does_not_move(self):
        closed = clock("2026-05-11 09:00", hours(4), stopped_at=at("2026-05-11 15:00"))
        for asked in ("2026-05-11 15:00", "2026-05-12 15:00", "2027-05-12 15:00"):
            assert closed.due(at(asked)) == at("2026-05-11 13:00")
            assert closed.consumed(at(asked)) == hours(6)

    def test_there_is_one_truth(self):
        """Breach, deadline and consumed time were worked out by three different clocks."""
        pause = Pause(at("2026-05-11 10:00"), at("2026-05-12 10:00"))
        case = clock("2026-05-11 09:00", hours(4), pause)
        due = case.due(at("2026-05-13 09:00"))
        assert due is not None
        assert case.consumed(due) == hours(4)
        assert case.breached_at(at("2026-05-13 09:00")) == due


class TestOtherTerms:
    """Another agreement or calendar takes over from its instant on; what was consumed is kept."""

    def swapped(self, **more: object) -> CaseClock:
        terms = (
            ClockTerms(since=at("2026-05-11 09:00"), calendar=OFFICE, target=hours(4)),
            ClockTerms(since=at("2026-05-12 12:00"), calendar=DESK, target=hours(8)),
        )
        return CaseClock(terms=terms, **more)  # type: ignore[arg-type]

    def test_it_keeps_the_pause_and_what_was_consumed(self):
        pause = Pause(at("2026-05-11 11:00"), at("2026-05-12 11:00"))
        case = self.swapped(pauses=[pause])
        assert case.consumed(at("2026-05-12 12:00")) == hours(3)
        assert case.due(at("2026-05-12 12:00")) == at("2026-05-12 17:00")

    def test_a_pause_across_the_change_is_a_pause_under_both(self):
        pause = Pause(at("2026-05-11 11:00"), at("2026-05-12 15:00"))
        case = self.swapped(pauses=[pause])
        assert case.consumed(at("2026-05-12 16:00")) == hours(3)
        assert case.due(at("2026-05-12 16:00")) == at("2026-05-13 13:00")

    def test_a_breach_under_the_old_terms_stays_one(self):
        case = self.swapped()
        assert case.breached_at(at("2026-05-13 09:00")) == at("2026-05-11 13:00")
