"""How much time an obligation leaves: one rule of counting, held against counting the slow way."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.business_time import BusinessCalendar, Closure, Opening, Pause
from crmkit.complaints.policies.allowances import (
    Allowance,
    BusinessDays,
    CalendarDays,
    DayCount,
    DayEnd,
    Months,
    Weeks,
    WorkingHours,
    Years,
    merged,
)
from crmkit.errors import InvalidPolicy, InvalidValue, NaiveDatetime
from tests.complaints.deadline_builders import (
    DAY,
    EASTER_2026,
    at,
    midnight_after,
    same,
    slow_business_day,
    slow_months,
    weekdays,
)

ZONES = ["UTC", "Europe/London", "Europe/Dublin", "Australia/Sydney", "America/New_York"]
EVERY_KIND: list[Any] = [
    WorkingHours(8),
    BusinessDays(3),
    BusinessDays(3, until=DayEnd.CLOSE_OF_BUSINESS),
    BusinessDays(1, counting=DayCount.INCLUDING),
    CalendarDays(30),
    CalendarDays(1, counting=DayCount.INCLUDING),
    Weeks(8),
    Months(6),
    Years(3),
]

starts = st.builds(
    lambda zone, minutes: (
        datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    ).astimezone(ZoneInfo(zone)),
    st.sampled_from(ZONES),
    st.integers(0, 400 * 1440),
)
holidays = st.frozensets(
    st.integers(0, 500).map(lambda count: date(2026, 1, 1) + count * DAY), max_size=12
)


@st.composite
def some_pauses(draw: Any, start: datetime, days: int = 12, max_size: int = 4) -> list[Pause]:
    """Pauses around a start, some of which overlap or touch midnight; perhaps one is open."""
    minutes = st.one_of(
        st.integers(-1440, days * 1440), st.integers(-1, days).map(lambda count: count * 1440)
    )
    begin = datetime.combine(start.date(), time(0), start.tzinfo).astimezone(UTC)
    pauses = []
    for _ in range(draw(st.integers(0, max_size))):
        low, high = sorted([draw(minutes), draw(minutes)])
        pauses.append(Pause(begin + timedelta(minutes=low), begin + timedelta(minutes=high)))
    if draw(st.booleans()) and draw(st.booleans()):
        pauses.append(Pause(begin + timedelta(minutes=draw(minutes))))
    return pauses


class TestCountingDays:
    """The day it begins on does not count, and the last day counts until it is over."""

    @given(start=starts, count=st.integers(1, 60), closed=holidays, zone=st.sampled_from(ZONES))
    def test_business_days_agree_with_one_step_a_day(self, start, count, closed, zone):
        calendar = weekdays(zone, holidays=tuple(closed))
        begins = start.astimezone(ZoneInfo(zone)).date()
        last = slow_business_day(begins, count, closed)
        assert same(BusinessDays(count).due(start, calendar), midnight_after(last, zone))
        closes = datetime.combine(last, time(17), ZoneInfo(zone))
        until = DayEnd.CLOSE_OF_BUSINESS
        assert same(BusinessDays(count, until=until).due(start, calendar), closes)

    @given(start=starts, count=st.integers(1, 60), closed=holidays, zone=st.sampled_from(ZONES))
    def test_the_first_day_counts_where_an_allowance_says_so(self, start, count, closed, zone):
        calendar = weekdays(zone, holidays=tuple(closed))
        begins = start.astimezone(ZoneInfo(zone)).date()
        including = BusinessDays(count, counting=DayCount.INCLUDING)
        last = slow_business_day(begins - DAY, count, closed)
        assert same(including.due(start, calendar), midnight_after(last, zone))

    @given(start=starts, count=st.integers(1, 60), zone=st.sampled_from(ZONES))
    def test_other_days_weeks_months_and_years_need_no_business(self, start, count, zone):
        calendar = weekdays(zone)
        day = start.astimezone(ZoneInfo(zone)).date()
        counted: list[tuple[Allowance, date]] = [
            (CalendarDays(count), day + count * DAY),
            (CalendarDays(count, counting=DayCount.INCLUDING), day + (count - 1) * DAY),
            (Weeks(count), day + 7 * count * DAY),
            (Weeks(count, counting=DayCount.INCLUDING), day + (7 * count - 1) * DAY),
            (Months(count), slow_months(day, count)),
            (Months(count, counting=DayCount.INCLUDING), slow_months(day, count) - DAY),
            (Years(count), slow_months(day, 12 * count)),
            (Years(count, counting=DayCount.INCLUDING), slow_months(day, 12 * count) - DAY),
        ]
        for allowance, last in counted:
            assert same(allowance.due(start, calendar), midnight_after(last, zone)), allowance

    @pytest.mark.parametrize("allowance", EVERY_KIND)
    @given(start=starts)
    def test_a_deadline_reads_on_the_wall_clock_of_the_calendar(self, allowance, start):
        due = allowance.due(start, weekdays("Australia/Sydney"))
        assert due.tzinfo == ZoneInfo("Australia/Sydney")
        assert due.astimezone(UTC) > start.astimezone(UTC) or allowance.counting == "including"


class TestBoundaries:
    """Where random search would not look."""

    def test_the_third_business_day_over_easter(self):
        """Received on Maundy Thursday; Friday and Monday are holidays in England."""
        bank = weekdays("Europe/London", holidays=EASTER_2026)
        received = at("2026-04-02 10:00", "Europe/London")
        third = BusinessDays(3, until=DayEnd.CLOSE_OF_BUSINESS)
        assert third.due(received, bank).isoformat() == "2026-04-09T17:00:00+01:00"
        assert BusinessDays(3).due(received, bank).isoformat() == "2026-04-10T00:00:00+01:00"

    @pytest.mark.parametrize("received", ["2026-05-09 00:00", "2026-05-10 23:59"])
    def test_what_comes_at_a_weekend_counts_from_monday_on(self, received):
        due = BusinessDays(1).due(at(received), weekdays())
        assert due.isoformat() == "2026-05-12T00:00:00+00:00"

    def test_the_date_is_that_of_the_zone(self):
        """Eight in the evening in New York is past midnight in London."""
        received = at("2026-05-05 20:00", "America/New_York")
        due = CalendarDays(1).due(received, weekdays("Europe/London"))
        assert due is not None
        assert due.isoformat() == "2026-05-08T00:00:00+01:00"

    def test_eight_weeks_end_with_the_day_although_clocks_were_changed(self):
        """Clocks go forward on 29 March: the end of the day is an hour earlier by UTC."""
        due = Weeks(8).due(at("2026-02-10 15:00", "Europe/London"), weekdays("Europe/London"))
        assert due.isoformat() == "2026-04-08T00:00:00+01:00"

    @pytest.mark.parametrize(
        ("received", "due"),
        [
            ("2026-03-28 12:00", "2026-03-29T13:00:00+02:00"),
            ("2026-10-24 12:00", "2026-10-25T11:00:00+01:00"),
        ],
    )
    def test_24_hours_are_24_hours_when_clocks_are_changed(self, received, due):
        always = BusinessCalendar.round_the_clock("Europe/Berlin")
        found = WorkingHours(24).due(at(received, "Europe/Berlin"), always)
        assert found is not None
        assert found.isoformat() == due

    def test_a_month_without_the_day_gives_its_last(self):
        due = Months(6).due(at("2025-08-31 09:00"), weekdays())
        assert due.isoformat() == "2026-03-01T00:00:00+00:00"

    def test_a_leap_day_has_its_anniversary_at_the_end_of_february(self):
        due = Years(3).due(at("2024-02-29 09:00"), weekdays())
        assert due.isoformat() == "2027-03-01T00:00:00+00:00"

    def test_business_closes_with_its_last_hours(self):
        office = BusinessCalendar.on_weekdays(
            "09:00-12:00",
            "13:00-18:00",
            zone="UTC",
            closures=[Closure(date(2026, 5, 6), "half day", "12:00-24:00")],
            openings=[Opening(date(2026, 5, 7), "20:00-21:00")],
        )
        until = DayEnd.CLOSE_OF_BUSINESS
        closes = [
            BusinessDays(n, until=until).due(at("2026-05-04 10:00"), office) for n in (1, 2, 3)
        ]
        assert [f"{due:%d %H:%M}" for due in closes] == ["05 18:00", "06 12:00", "07 21:00"]

    def test_hours_that_the_clock_jumps_over_leave_the_end_of_the_day(self):
        """On 29 March 2026 there is no time from two to three in Berlin."""
        night = BusinessCalendar.every_day("02:00-03:00", zone="Europe/Berlin")
        due = BusinessDays(1, until=DayEnd.CLOSE_OF_BUSINESS).due(
            at("2026-03-28 10:00", "Europe/Berlin"), night
        )
        assert due.isoformat() == "2026-03-30T00:00:00+02:00"


class TestSuspension:
    """While a case waits for somebody, working hours and calendar days do not run."""

    @given(st.data())
    def test_working_hours_agree_with_one_step_a_minute(self, data):
        zone = "Europe/Berlin"
        start = datetime(2026, 3, 24, tzinfo=UTC) + timedelta(
            minutes=data.draw(st.integers(0, 7 * 1440))
        )
        pauses = data.draw(some_pauses(start, days=8))
        hours = data.draw(st.integers(1, 20))
        due = WorkingHours(hours).due(start, weekdays(zone, "09:00-18:00"), pauses)
        assert same(due, slow_working_hours(start, hours, zone, pauses))

    @given(st.data())
    def test_calendar_days_agree_with_one_step_a_day(self, data):
        start = data.draw(starts)
        zone = data.draw(st.sampled_from(ZONES))
        pauses = data.draw(some_pauses(start))
        counting = data.draw(st.sampled_from(DayCount))
        count = data.draw(st.integers(1, 12))
        due = CalendarDays(count, counting).due(start, weekdays(zone), pauses)
        day = start.astimezone(ZoneInfo(zone)).date() - (counting is DayCount.INCLUDING) * DAY
        assert same(due, slow_calendar_days(day, count, zone, pauses))

    @given(st.data())
    def test_waiting_out_of_hours_moves_nothing(self, data):
        desk = weekdays("Europe/Berlin", "09:00-18:00")
        start = data.draw(starts)
        evening = datetime.combine(
            start.date() + data.draw(st.integers(-3, 20)) * DAY, time(18), ZoneInfo("Europe/Berlin")
        )
        wait = Pause(evening, desk.next_opening(evening))
        hours = WorkingHours(data.draw(st.integers(1, 60)))
        assert same(hours.due(start, desk, [wait]), hours.due(start, desk))

    @given(st.data())
    def test_neither_order_nor_overlap_of_pauses_matters(self, data):
        start = data.draw(starts)
        pauses = data.draw(some_pauses(start))
        shuffled = data.draw(st.permutations([*pauses, *pauses]))
        assert merged(shuffled) == merged(pauses)
        for allowance in (WorkingHours(30), CalendarDays(5)):
            due = allowance.due(start, weekdays(), pauses)
            assert same(due, allowance.due(start, weekdays(), shuffled))

    @given(st.data())
    def test_more_waiting_never_makes_it_due_earlier(self, data):
        start = data.draw(starts)
        pauses = data.draw(some_pauses(start))
        for allowance in (WorkingHours(30), CalendarDays(5)):
            due = allowance.due(start, weekdays(), pauses[1:])
            later = allowance.due(start, weekdays(), pauses)
            assert later is None or (due is not None and due.astimezone(UTC) <= later)

    @pytest.mark.parametrize(
        ("wait", "due"),
        [
            ("2026-05-05 00:00/2026-05-06 00:00", "2026-05-08"),
            ("2026-05-05 10:00/2026-05-05 20:00", "2026-05-07"),
            ("2026-05-05 23:59/2026-05-06 00:00", "2026-05-08"),
            ("2026-05-06 23:59/2026-05-20 00:00", "2026-05-21"),
            ("2026-05-07 00:00/2026-05-20 00:00", "2026-05-07"),
            ("2026-05-01 00:00/2026-05-05 00:00", "2026-05-07"),
            ("2026-05-01 00:00/2026-05-06 00:00", "2026-05-08"),
        ],
    )
    def test_a_day_at_whose_end_the_case_waits_does_not_count(self, wait, due):
        """Received on Monday the fourth, two days: due at the end of Wednesday the sixth."""
        start, end = wait.split("/")
        found = CalendarDays(2).due(at("2026-05-04 12:00"), weekdays(), [Pause(at(start), at(end))])
        assert found is not None
        assert found.isoformat() == f"{due}T00:00:00+00:00"

    def test_where_the_clock_goes_back_over_midnight_the_day_is_over_later(self):
        """At one minute past midnight it was 23:01 again in St John's."""
        zone = "America/St_Johns"
        wait = Pause(at("2006-10-29 00:00:30", zone), at("2006-10-29 10:00", zone))
        found = CalendarDays(1).due(at("2006-10-27 12:00", zone), weekdays(zone), [wait])
        assert found is not None
        assert found.isoformat() == "2006-10-30T00:00:00-03:30"

    def test_while_the_wait_goes_on_nothing_is_due(self):
        waiting = [Pause(at("2026-05-05 10:00"))]
        received = at("2026-05-04 12:00")
        assert WorkingHours(20).due(received, weekdays(), waiting) is None
        assert CalendarDays(2).due(received, weekdays(), waiting) is None

    def test_what_was_due_before_the_wait_stays_due(self):
        waiting = [Pause(at("2026-05-08 10:00"))]
        received = at("2026-05-04 12:00")
        assert same(WorkingHours(8).due(received, weekdays(), waiting), at("2026-05-05 12:00"))
        assert same(CalendarDays(2).due(received, weekdays(), waiting), at("2026-05-07 00:00"))


class TestWhatIsRefused:
    @pytest.mark.parametrize("kind", [BusinessDays, CalendarDays, Weeks, Months, Years])
    @pytest.mark.parametrize("count", [0, -1, True, "3", 1.5])
    def test_a_count_is_a_whole_number_above_zero(self, kind, count):
        with pytest.raises(InvalidPolicy, match="a whole number, one or more"):
            kind(count)

    @pytest.mark.parametrize("hours", [0, -1, timedelta(), "24", True])
    def test_working_hours_are_above_zero(self, hours):
        with pytest.raises(InvalidPolicy, match="above zero"):
            WorkingHours(hours)

    @pytest.mark.parametrize("allowance", EVERY_KIND)
    def test_what_lies_beyond_the_calendar_is_an_error(self, allowance):
        with pytest.raises(InvalidValue, match=r"year|calendar"):
            type(allowance)(100_000_000).due(at("2026-05-04 12:00"), weekdays())

    @pytest.mark.parametrize("allowance", EVERY_KIND)
    def test_a_start_has_a_time_zone(self, allowance):
        with pytest.raises(NaiveDatetime):
            allowance.due(at("2026-05-04 12:00").replace(tzinfo=None), weekdays())


def slow_working_hours(
    start: datetime, hours: int, zone: str, pauses: list[Pause]
) -> datetime | None:
    """Minute by minute, Monday to Friday from nine to six, but for the pauses."""
    minute, left = start, hours * 60
    while left:
        if any(p.start <= minute and p.end is None for p in pauses):
            return None
        local = minute.astimezone(ZoneInfo(zone))
        is_open = local.weekday() < 5 and 9 <= local.hour < 18
        waits = any(p.start <= minute and p.end is not None and minute < p.end for p in pauses)
        left -= is_open and not waits
        minute += timedelta(minutes=1)
    return minute


def slow_calendar_days(day: date, count: int, zone: str, pauses: list[Pause]) -> datetime | None:
    """Midnight by midnight: one in a pause takes no day."""
    while count:
        day += DAY
        end = midnight_after(day, zone).astimezone(UTC)
        if any(p.start < end and p.end is None for p in pauses):
            return None
        count -= not any(p.start < end and p.end is not None and end <= p.end for p in pauses)
    return midnight_after(day, zone)
