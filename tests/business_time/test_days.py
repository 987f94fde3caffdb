"""Business days, and when a day is over."""

from __future__ import annotations

from datetime import UTC, date, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.business_time import BusinessCalendar, Closure, Opening
from crmkit.errors import InvalidValue
from tests.business_time.builders import OFFICE, at, closures, one_opening, weekly
from tests.business_time.strategies import cases

TICK = timedelta(microseconds=1)
DAY = timedelta(days=1)


def day_after_day(calendar: BusinessCalendar, day: date, count: int) -> date:
    """Count by walking, and ask of each date whether the calendar opens on it."""
    if count == 0:
        while not calendar.is_business_day(day):
            day += DAY
        return day
    while count:
        day += DAY
        count -= calendar.is_business_day(day)
    return day


class TestBusinessDays:
    """A business day is a date on which the calendar opens."""

    @given(st.data(), st.integers(0, 80))
    def test_counting_is_walking_from_day_to_day(self, data, count):
        case = data.draw(cases())
        day = data.draw(case.days())
        assert case.calendar.business_day_after(day, count) == day_after_day(
            case.calendar, day, count
        )

    @given(st.data(), st.integers(1, 3_000), st.integers(1, 3_000))
    def test_so_many_and_then_so_many_is_all_of_them(self, data, first, then):
        case = data.draw(cases())
        day = data.draw(case.days())
        after = case.calendar.business_day_after
        assert after(after(day, first), then) == after(day, first + then)

    @given(st.data())
    def test_on_a_business_day_time_passes_and_on_others_none(self, data):
        """But where a clock change takes the hours away."""
        case = data.draw(cases())
        day = data.draw(case.days().filter(lambda day: abs(day - case.around) > DAY))
        ends = case.calendar.end_of_day
        passes = case.calendar.elapsed(ends(day - DAY), ends(day)) > timedelta()
        assert passes is case.calendar.is_business_day(day)

    @pytest.mark.parametrize(
        ("day", "count", "result"),
        [
            ("2026-05-08", 1, "2026-05-11"),
            ("2026-05-08", 3, "2026-05-13"),
            ("2026-05-09", 1, "2026-05-11"),
            ("2026-05-10", 5, "2026-05-15"),
            ("2026-05-08", 0, "2026-05-08"),
            ("2026-05-09", 0, "2026-05-11"),
            ("2026-05-07", 260, "2027-05-06"),
        ],
    )
    def test_the_third_business_day_following_receipt(self, day, count, result):
        """The day of receipt does not count; zero asks for the day itself, or the next."""
        start = date.fromisoformat(day)
        assert OFFICE.business_day_after(start, count) == date.fromisoformat(result)

    def test_a_holiday_is_none_and_an_opening_is_one(self):
        saturday = Opening(date(2026, 5, 9), "10:00-12:00")
        office = BusinessCalendar.on_weekdays(
            "09:00-18:00", zone="UTC", closures=closures("2026-05-11"), openings=[saturday]
        )
        assert not office.is_business_day(date(2026, 5, 11))
        assert office.is_business_day(date(2026, 5, 9))
        assert office.business_day_after(date(2026, 5, 8), 2) == date(2026, 5, 12)

    def test_half_a_holiday_still_is_one(self):
        afternoon = Closure(date(2026, 12, 24), hours="12:00-24:00")
        office = BusinessCalendar.on_weekdays("09:00-18:00", zone="UTC", closures=[afternoon])
        assert office.is_business_day(date(2026, 12, 24))

    def test_the_morning_after_a_night_shift_is_one(self):
        """What matters is that somebody is there on that date."""
        friday_night = weekly(friday="22:00-06:00")
        assert friday_night.is_business_day(date(2026, 5, 9))
        assert not friday_night.is_business_day(date(2026, 5, 10))

    def test_openings_are_counted_and_run_out(self):
        calendar = one_opening()
        assert calendar.business_day_after(date(2, 1, 1), 1) == date(2026, 5, 9)
        for day, count in [(date(2, 1, 1), 2), (date(2026, 5, 9), 1), (date.max, 0)]:
            with pytest.raises(InvalidValue, match="no further opening"):
                calendar.business_day_after(day, count)

    def test_far_away_days_are_found_without_walking(self):
        assert OFFICE.business_day_after(date(2026, 5, 8), 5 * 52 * 7_000) == date(
            2026, 5, 8
        ) + timedelta(weeks=52 * 7_000)

    @pytest.mark.parametrize("count", [10**7, 10**100])
    def test_more_days_than_the_calendar_has_are_refused(self, count):
        with pytest.raises(InvalidValue, match="no further opening"):
            OFFICE.business_day_after(date(2026, 5, 8), count)

    @pytest.mark.parametrize("count", [-1, 1.0, "1", None, True])
    def test_days_are_counted_in_whole_numbers(self, count):
        with pytest.raises(InvalidValue, match="whole number"):
            OFFICE.business_day_after(date(2026, 5, 8), count)

    @pytest.mark.parametrize("day", [at("2026-05-08 00:00"), "2026-05-08", None])
    def test_a_day_is_a_plain_date(self, day):
        """An instant is on different days in different zones."""
        for ask in (
            OFFICE.is_business_day,
            OFFICE.end_of_day,
            lambda day: OFFICE.business_day_after(day, 1),
        ):
            with pytest.raises(InvalidValue, match="not a date"):
                ask(day)


class TestEndOfDay:
    """From that instant on, the wall clock no longer shows the date."""

    @given(st.data())
    def test_just_before_it_the_clock_shows_the_date_and_from_then_on_a_later_one(self, data):
        case = data.draw(cases())
        day = data.draw(case.days())
        end = case.calendar.end_of_day(day).astimezone(UTC)
        zone = ZoneInfo(case.calendar.zone)
        assert (end - TICK).astimezone(zone).date() <= day
        for minutes in (0, 1, 30, 59, 60, 61, 120, 1440):
            assert (end + timedelta(minutes=minutes)).astimezone(zone).date() > day

    @pytest.mark.parametrize(
        ("zone", "day", "end"),
        [
            ("Europe/Berlin", "2026-05-08", "2026-05-08 22:00"),
            ("Europe/Berlin", "2026-03-29", "2026-03-29 22:00"),
            # The clock jumps over midnight, or back to it.
            ("America/Havana", "2026-03-07", "2026-03-08 05:00"),
            ("America/Havana", "2026-10-31", "2026-11-01 04:00"),
            ("Asia/Beirut", "2026-03-28", "2026-03-28 22:00"),
            # At midnight it goes back to 23:00 of the day that seemed over.
            ("Asia/Beirut", "2026-10-24", "2026-10-24 22:00"),
            ("Africa/Cairo", "2026-10-29", "2026-10-29 22:00"),
            # At 00:01 it went back to 23:01.
            ("America/St_Johns", "2006-10-28", "2006-10-29 03:30"),
            # It jumped from 23:30 to 00:30.
            ("America/Toronto", "1919-03-30", "1919-03-31 04:30"),
            # A date that there was not ends as the one before it.
            ("Pacific/Apia", "2011-12-29", "2011-12-30 10:00"),
            ("Pacific/Apia", "2011-12-30", "2011-12-30 10:00"),
        ],
    )
    def test_midnight_when_clocks_change(self, zone, day, end):
        calendar = BusinessCalendar.round_the_clock(zone)
        assert calendar.end_of_day(date.fromisoformat(day)).astimezone(UTC) == at(end)

    def test_it_is_told_in_the_zone_of_the_calendar(self):
        end = BusinessCalendar.round_the_clock("Asia/Tokyo").end_of_day(date(2026, 5, 8))
        assert end.isoformat() == "2026-05-09T00:00:00+09:00"

    @pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/New_York"])
    def test_days_at_the_ends_of_time_are_refused(self, zone):
        calendar = BusinessCalendar.round_the_clock(zone)
        assert calendar.end_of_day(date(2, 1, 1)).date() == date(2, 1, 2)
        assert calendar.end_of_day(date(9998, 12, 30)).date() == date(9998, 12, 31)
        for day in (date.min, date(1, 12, 31), date(9998, 12, 31), date.max):
            with pytest.raises(InvalidValue, match="from the year 2 to the year 9998"):
                calendar.end_of_day(day)
