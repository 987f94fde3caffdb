"""The trace: how working time was counted, day by day, so that a person can add it up."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.business_time import BusinessCalendar, Closure, Opening
from crmkit.errors import InvalidValue
from tests.business_time.builders import OFFICE, at, hours, real, weekly
from tests.business_time.strategies import cases, spans


def lines(calendar: BusinessCalendar, start: datetime, end: datetime) -> list[str]:
    return str(calendar.trace(start, end)).splitlines()


class TestAddingUp:
    """A trace never tells another story than the sum."""

    @given(st.data())
    def test_the_days_add_up_to_what_has_elapsed(self, data):
        case = data.draw(cases())
        start, end = data.draw(spans(case))
        trace = case.calendar.trace(start, end)
        assert trace.counted == case.calendar.elapsed(start, end)
        assert sum((day.counted for day in trace.days), timedelta()) == trace.counted
        total = timedelta()
        for day in trace.days:
            total += day.counted
            assert day.total == total

    @given(st.data())
    def test_the_spans_of_a_day_add_up_and_are_open(self, data):
        case = data.draw(cases())
        trace = case.calendar.trace(*data.draw(spans(case)))
        for day in trace.days:
            assert sum((real(a, b) for a, b in day.spans), timedelta()) == day.counted
            for start, end in day.spans:
                assert case.calendar.elapsed(start, end) == real(start, end) > timedelta()
                assert start.date() == day.on

    @given(st.data())
    def test_every_date_that_the_clock_shows_has_one_line(self, data):
        case = data.draw(cases())
        start, end = data.draw(spans(case))
        zone = ZoneInfo(case.calendar.zone)
        length, first = real(start, end), start.astimezone(UTC)
        counts = range(-(-length // hours(1)))
        shown = {(first + hours(count)).astimezone(zone).date() for count in counts}
        days = [day.on for day in case.calendar.trace(start, end).days]
        assert days == sorted(set(days))
        assert set(days) >= shown

    @given(st.data())
    def test_the_hours_of_a_line_add_up_to_its_sum(self, data):
        """As read by a person who knows nothing of clock changes."""
        case = data.draw(cases())
        start, end = data.draw(spans(case))
        for day in case.calendar.trace(start, end).days:
            line = str(day)
            if "closed" in line or "." in line:
                continue
            pairs = [pair.strip().split("-") for pair in line.split("  ")[1].split(",")]
            read = sum((_read(b) - _read(a) for a, b in pairs), timedelta())
            assert read == day.counted

    def test_between_an_instant_and_itself_there_is_nothing_to_tell(self):
        trace = OFFICE.trace(at("2026-05-08 16:00"), at("2026-05-08 16:00"))
        assert (trace.days, trace.counted, str(trace)) == ((), timedelta(), "")

    def test_a_trace_runs_forwards(self):
        with pytest.raises(InvalidValue, match="runs forwards"):
            OFFICE.trace(at("2026-05-08 16:00"), at("2026-05-08 15:00"))


def _read(text: str) -> timedelta:
    parts = [int(part) for part in text.split(":")]
    return timedelta(hours=parts[0], minutes=parts[1], seconds=sum(parts[2:]))


class TestReading:
    """What a person reads."""

    def test_from_friday_to_monday(self):
        assert lines(OFFICE, at("2026-05-08 16:00"), at("2026-05-11 11:00")) == [
            "Fri 2026-05-08  16:00-18:00  2 h 00 min, 2 h 00 min in all",
            "Sat 2026-05-09  closed",
            "Sun 2026-05-10  closed",
            "Mon 2026-05-11  09:00-11:00  2 h 00 min, 4 h 00 min in all",
        ]

    def test_a_holiday_and_an_opening_say_their_names(self):
        office = BusinessCalendar.on_weekdays(
            "09:00-18:00",
            zone="UTC",
            closures=[Closure(date(2026, 12, 25), "Christmas Day"), Closure(date(2026, 12, 28))],
            openings=[Opening(date(2026, 12, 26), "10:00-12:00", "sale")],
        )
        assert lines(office, at("2026-12-25 00:00"), at("2026-12-29 00:00")) == [
            "Fri 2026-12-25  closed  (Christmas Day)",
            "Sat 2026-12-26  10:00-12:00  2 h 00 min, 2 h 00 min in all  (sale)",
            "Sun 2026-12-27  closed",
            "Mon 2026-12-28  closed",
        ]

    def test_a_lunch_break_and_a_night(self):
        calendar = weekly(monday="09:00-12:30 13:00-17:00 22:00-02:00")
        assert lines(calendar, at("2026-05-11 00:00"), at("2026-05-13 00:00")) == [
            "Mon 2026-05-11  09:00-12:30, 13:00-17:00, 22:00-24:00  9 h 30 min, 9 h 30 min in all",
            "Tue 2026-05-12  00:00-02:00  2 h 00 min, 11 h 30 min in all",
        ]

    @pytest.mark.parametrize(
        ("zone", "window", "day", "line"),
        [
            ("America/New_York", "00:00-06:00", "2026-03-08", "00:00-02:00, 03:00-06:00  5 h"),
            ("America/New_York", "00:00-06:00", "2026-11-01", "00:00-02:00, 01:00-06:00  7 h"),
            ("America/Havana", "00:00-24:00", "2026-03-08", "01:00-24:00  23 h"),
            ("Asia/Beirut", "22:00-24:00", "2026-10-24", "22:00-24:00, 23:00-24:00  3 h"),
            ("America/New_York", "00:00-24:00", "2026-12-31", "00:00-24:00  24 h"),
        ],
    )
    def test_a_change_of_the_clock_is_told_by_the_clock(self, zone, window, day, line):
        """The turn of the year, by UTC, is no change of the clock."""
        on = date.fromisoformat(day)
        calendar = BusinessCalendar.every_day(window, zone=zone)
        before = datetime.combine(on - timedelta(days=1), time(12), ZoneInfo(zone))
        (told,) = (t for t in calendar.trace(before, before + hours(48)).days if t.on == on)
        assert line in str(told)

    def test_seconds_and_less_are_told_if_there_are_any(self):
        trace = lines(OFFICE, at("2026-05-08 16:00:30"), at("2026-05-08 16:01:30.250000"))
        assert trace == [
            "Fri 2026-05-08  16:00:30-16:01:30.250000  0 h 01 min 0.25 s, 0 h 01 min 0.25 s in all"
        ]

    @pytest.mark.parametrize(
        ("microseconds", "told"),
        [(1, "0.000001 s"), (59_999_999, "59.999999 s"), (30_000_000, "30 s"), (0, "min,")],
    )
    def test_no_microsecond_is_rounded_away(self, microseconds, told):
        start = at("2026-05-08 16:00")
        (line,) = lines(OFFICE, start, start + timedelta(minutes=1, microseconds=microseconds))
        assert f" {told}" in line

    def test_it_is_told_by_the_wall_clock_of_the_calendar(self):
        office = BusinessCalendar.on_weekdays("09:00-18:00", zone="Asia/Tokyo")
        assert lines(office, at("2026-05-08 00:00"), at("2026-05-08 03:00")) == [
            "Fri 2026-05-08  09:00-12:00  3 h 00 min, 3 h 00 min in all"
        ]
