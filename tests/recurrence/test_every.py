"""Every so often from a day on: as told by the calendar, day by day, whatever a month lacks."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from datetime import date, datetime, timedelta
from itertools import islice, pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from crmkit.errors import InvalidValue
from crmkit.period import Period, Unit, add_units
from crmkit.recurrence import Every, MonthEnd
from tests.recurrence.oracle import days_of_every, each_day, is_last_of_month, is_the_turn

DAY = timedelta(days=1)
CLAMP, SKIP, LAST_DAY = MonthEnd.CLAMP, MonthEnd.SKIP, MonthEnd.LAST_DAY
IN_MONTHS = (Unit.MONTH, Unit.QUARTER, Unit.YEAR)

units = st.sampled_from(Unit)
intervals = st.one_of(st.integers(1, 13), st.integers(1, 1_000))
rhythms = st.builds(Every, intervals, units, st.sampled_from(MonthEnd))
days = st.one_of(
    st.dates(),
    st.dates(date(2020, 1, 1), date(2035, 12, 31)),
    # Month ends, where it can go wrong.
    st.builds(
        lambda year, month: date(year, month, 1) - DAY, st.integers(1890, 2110), st.integers(1, 12)
    ),
    st.sampled_from([date.min, date.max, date(2000, 2, 29), date(2096, 2, 29)]),
)


def all_days(every: Every, since: date, count: int) -> list[date]:
    """The first days, by asking again and again."""
    found: list[date] = []
    day = since - DAY
    while len(found) < count:
        following = every.next_after(day, since=since)
        assert following is not None
        found.append(following)
        day = following
    return found


# A leap year and its neighbours, with the ends of common and of leap Februaries.
ANCHORS = list(each_day(date(2023, 12, 25), date(2025, 3, 5)))
STEPS = [
    *((count, Unit.MONTH) for count in (1, 2, 3, 5, 7, 11, 12, 13)),
    *((count, Unit.QUARTER) for count in (1, 2, 3)),
    *((count, Unit.YEAR) for count in (1, 2, 4)),
]


class TestAgainstTheCalendar:
    """Each day of 48 months is one of them if and only if the calendar, asked day by day, says so.

    The first day is each day of a leap year and of what lies beside it.
    """

    @pytest.mark.parametrize("month_end", MonthEnd)
    def test_months_quarters_and_years(self, month_end):
        monthly = Every(1, Unit.MONTH, month_end)
        for since in ANCHORS:
            last = add_units(since, 48, Unit.MONTH)
            in_its_month = days_of_every(monthly, since, last)
            for count, unit in STEPS:
                every = Every(count, unit, month_end)
                self.check(every, since, last, in_its_month)

    @pytest.mark.parametrize("unit", [Unit.DAY, Unit.WEEK])
    @pytest.mark.parametrize("count", [1, 2, 3, 7, 10, 52, 365, 1_000])
    def test_days_and_weeks(self, count, unit):
        for since in ANCHORS[::40]:
            last = add_units(since, 48, Unit.MONTH)
            self.check(Every(count, unit), since, last, list(each_day(since, last)))

    def check(self, every, since, last, candidates):
        expected = [day for day in candidates if is_the_turn(day, since, every)]
        assert list(every.within(Period.through(since, last), since=since)) == expected
        assert all_days(every, since, len(expected)) == expected
        for before, day in pairwise(expected):
            assert every.last_before(day, since=since) == before

    @pytest.mark.parametrize("month_end", MonthEnd)
    @pytest.mark.parametrize("count", [1, 3, 12])
    def test_whichever_day_one_asks_on(self, count, month_end):
        every = Every(count, Unit.MONTH, month_end)
        for since in filter(is_last_of_month, ANCHORS):
            expected = days_of_every(every, since, add_units(since, 100, Unit.MONTH))
            for day in each_day(since - 40 * DAY, add_units(since, 48, Unit.MONTH)):
                following = expected[bisect_right(expected, day)]
                assert every.next_after(day, since=since) == following
                place = bisect_left(expected, day)
                before = expected[place - 1] if place else None
                assert every.last_before(day, since=since) == before


class TestLaws:
    """What holds for every rhythm, whenever it begins and whenever one asks."""

    @given(rhythms, days, st.integers(0, 200_000))
    def test_the_number_of_the_nth_day_is_n(self, every, since, number):
        day = every.nth(number, since=since)
        assume(day is not None)
        assert every.number_of(day, since=since) == number

    @given(rhythms, days, days)
    def test_a_day_with_a_number_is_the_day_of_that_number(self, every, since, day):
        number = every.number_of(day, since=since)
        before = every.last_before(day, since=since)
        following = since if before is None else every.next_after(before, since=since)
        assert (number is not None) == (following == day)
        assert number is None or every.nth(number, since=since) == day

    @given(rhythms, days, days)
    def test_the_next_day_is_later_and_none_lies_between(self, every, since, day):
        following = every.next_after(day, since=since)
        if following is not None:
            assert following > day
            assert following >= since
            before = every.last_before(following, since=since)
            assert before is None or before <= day
            assert before is not None or following == since

    @given(rhythms, days, days)
    def test_before_and_after_are_each_others_inverse(self, every, since, day):
        before = every.last_before(day, since=since)
        if before is None:
            assert day <= since
        else:
            following = every.next_after(before, since=since)
            assert since <= before < day
            assert following is None or following >= day

    @given(rhythms, days, days, days)
    def test_who_asks_later_is_never_told_an_earlier_day(self, every, since, one, other):
        early, late = sorted((one, other))
        soon, later = (every.next_after(day, since=since) for day in (early, late))
        assert later is None or (soon is not None and soon <= later)

    @given(rhythms, days, st.integers(0, 40), st.integers(0, 40))
    def test_numbers_are_in_the_order_of_their_days(self, every, since, one, other):
        early, late = sorted((one, other))
        first, second = (every.nth(number, since=since) for number in (early, late))
        if first is not None and second is not None:
            assert first <= second
            assert (first == second) == (early == late)

    @given(rhythms, days, days, st.integers(1, 800))
    def test_within_a_period_are_those_that_follow_one_another(self, every, since, start, length):
        end = date.fromordinal(min(start.toordinal() + length, date.max.toordinal()))
        assume(start < end)
        found = list(every.within(Period(start, end), since=since))
        assert found == sorted(set(found))
        expected, day = [], every.next_after(start, since=since)
        if every.number_of(start, since=since) is not None:
            expected.append(start)
        while day is not None and day < end:
            expected.append(day)
            day = every.next_after(day, since=since)
        assert found == expected

    @given(st.builds(Every, intervals, units), days, st.integers(0, 500))
    def test_clamped_it_is_the_first_day_and_so_many_units(self, every, since, number):
        """The units of :mod:`crmkit.period`, which another library counts, agree."""
        try:
            expected = add_units(since, number * every.interval, every.unit)
        except InvalidValue:
            expected = None
        assert every.nth(number, since=since) == expected

    @given(st.builds(Every, intervals, st.sampled_from(IN_MONTHS)), days, st.integers(0, 60))
    def test_a_month_end_never_drifts(self, every, since, number):
        """However many short months lie between, the day comes back where there is room for it."""
        day = every.nth(number, since=since)
        assume(day is not None)
        assert day.day == since.day or (is_last_of_month(day) and day.day < since.day)

    @given(st.builds(Every, intervals, st.sampled_from(IN_MONTHS), st.just(LAST_DAY)), days)
    def test_who_began_on_a_last_day_stays_on_last_days(self, every, since):
        assume(since != date.max and is_last_of_month(since))
        found = [every.nth(number, since=since) for number in range(1, 30)]
        assert all(is_last_of_month(day) for day in found if day is not None and day != date.max)

    @given(st.builds(Every, intervals, units, st.just(SKIP)), days, st.integers(0, 500))
    def test_skipping_leaves_out_and_moves_nothing(self, every, since, number):
        skipped = every.nth(number, since=since)
        clamped = Every(every.interval, every.unit).nth(number, since=since)
        on_its_day = every.unit not in IN_MONTHS or (
            clamped is not None and clamped.day == since.day
        )
        assert skipped == (clamped if on_its_day else None)


class TestMonthEnds:
    """The 31st comes back after February, and 29 February is a month end like any other."""

    @pytest.mark.parametrize(
        ("month_end", "since", "expected"),
        [
            (CLAMP, date(2026, 1, 31), ["2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"]),
            (SKIP, date(2026, 1, 31), ["2026-03-31", "2026-05-31", "2026-07-31", "2026-08-31"]),
            (LAST_DAY, date(2026, 1, 31), ["2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"]),
            (CLAMP, date(2026, 2, 28), ["2026-03-28", "2026-04-28", "2026-05-28", "2026-06-28"]),
            (LAST_DAY, date(2026, 2, 28), ["2026-03-31", "2026-04-30", "2026-05-31", "2026-06-30"]),
            # In a leap year the 28th is no last day, and the 30th of a long month is none.
            (LAST_DAY, date(2024, 2, 28), ["2024-03-28", "2024-04-28", "2024-05-28", "2024-06-28"]),
            (LAST_DAY, date(2026, 1, 30), ["2026-02-28", "2026-03-30", "2026-04-30", "2026-05-30"]),
            (CLAMP, date(2024, 1, 30), ["2024-02-29", "2024-03-30", "2024-04-30", "2024-05-30"]),
        ],
    )
    def test_monthly(self, month_end, since, expected):
        every = Every(1, Unit.MONTH, month_end)
        assert [str(day) for day in all_days(every, since, 5)[1:]] == expected

    @pytest.mark.parametrize(
        ("month_end", "since", "expected"),
        [
            (CLAMP, date(2024, 2, 29), ["2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"]),
            (SKIP, date(2024, 2, 29), ["2028-02-29", "2032-02-29", "2036-02-29", "2040-02-29"]),
            (LAST_DAY, date(2024, 2, 29), ["2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"]),
            (LAST_DAY, date(2026, 2, 28), ["2027-02-28", "2028-02-29", "2029-02-28", "2030-02-28"]),
            (CLAMP, date(2026, 2, 28), ["2027-02-28", "2028-02-28", "2029-02-28", "2030-02-28"]),
            # 1900 and 2100 are no leap years, 2000 is one.
            (CLAMP, date(1896, 2, 29), ["1897-02-28", "1898-02-28", "1899-02-28", "1900-02-28"]),
            (SKIP, date(1896, 2, 29), ["1904-02-29", "1908-02-29", "1912-02-29", "1916-02-29"]),
            (SKIP, date(1996, 2, 29), ["2000-02-29", "2004-02-29", "2008-02-29", "2012-02-29"]),
            (SKIP, date(2096, 2, 29), ["2104-02-29", "2108-02-29", "2112-02-29", "2116-02-29"]),
        ],
    )
    def test_birthdays_on_the_29th_of_february(self, month_end, since, expected):
        every = Every(1, Unit.YEAR, month_end)
        assert [str(day) for day in all_days(every, since, 5)[1:]] == expected

    def test_a_month_that_is_skipped_has_a_number(self):
        every = Every(1, Unit.MONTH, SKIP)
        assert every.nth(1, since=date(2026, 1, 31)) is None
        assert every.nth(2, since=date(2026, 1, 31)) == date(2026, 3, 31)

    @pytest.mark.parametrize("year", [1896, 2000, 2004, 2096])
    @pytest.mark.parametrize("unit", IN_MONTHS)
    def test_however_long_it_takes_until_there_is_such_a_day(self, year, unit):
        """A 29 February every 25 years is there once in 400."""
        since = date(year, 2, 29)
        for interval in range(1, 1_001):
            every = Every(interval, unit, SKIP)
            numbers = (every.nth(number, since=since) for number in range(1, 30))
            expected = next(filter(None, numbers), None)
            assert every.next_after(since, since=since) == expected
            if expected is not None:
                assert every.last_before(expected, since=since) == since

    def test_the_longest_wait(self):
        every = Every(25, Unit.YEAR, SKIP)
        assert every.next_after(date(2000, 2, 29), since=date(2000, 2, 29)) == date(2400, 2, 29)


class TestTheEndsOfTheCalendar:
    """Nothing falls off the calendar: after the year 9999 there is nothing, and no error."""

    @pytest.mark.parametrize("month_end", MonthEnd)
    @pytest.mark.parametrize("unit", Unit)
    def test_there_is_none_after_the_last_day(self, unit, month_end):
        every = Every(1, unit, month_end)
        assert every.next_after(date.max, since=date.min) is None
        assert every.next_after(date.max, since=date.max) is None
        assert every.last_before(date.min, since=date.min) is None
        assert every.last_before(date.min, since=date.max) is None
        assert every.next_after(date.min, since=date.max) == date.max
        assert every.nth(10**9, since=date(2026, 1, 1)) is None

    @pytest.mark.parametrize(
        ("unit", "last"),
        [
            (Unit.DAY, date(9999, 12, 31)),
            (Unit.WEEK, date(9999, 12, 27)),
            (Unit.MONTH, date(9999, 12, 1)),
            (Unit.QUARTER, date(9999, 10, 1)),
            (Unit.YEAR, date(9999, 1, 1)),
        ],
    )
    def test_it_runs_from_the_first_day_to_the_last(self, unit, last):
        every = Every(1, unit)
        before_the_end = every.last_before(date.max, since=date.min)
        assert before_the_end == last if last < date.max else last - DAY
        assert every.next_after(last - DAY, since=date.min) == last
        assert every.next_after(last, since=date.min) is None
        everything = Period(date.min, date.max)
        found = list(islice(every.within(everything, since=date.min), 2))
        assert found == [date.min, every.nth(1, since=date.min)]


class TestValues:
    """A rhythm is a value that says what it means."""

    def test_it_reads_as_it_is_said(self):
        assert str(Every(1, Unit.MONTH)) == "every month"
        assert str(Every(6, Unit.WEEK)) == "every 6 weeks"

    def test_before_it_begins_the_first_day_is_next(self):
        since = date(2026, 5, 4)
        assert Every(1, Unit.WEEK).next_after(date(2020, 1, 1), since=since) == since
        assert Every(1, Unit.WEEK).number_of(date(2026, 4, 27), since=since) is None
        year = Period.year(2025)
        assert list(Every(1, Unit.WEEK).within(year, since=since)) == []

    @pytest.mark.parametrize("interval", [0, -1, 1_001, 1.0, "1", True, None])
    def test_an_interval_is_a_whole_number(self, interval):
        with pytest.raises(InvalidValue, match="a whole number from 1 to 1,000"):
            Every(interval, Unit.DAY)

    @pytest.mark.parametrize(
        ("terms", "message"),
        [
            ({"unit": "month"}, r"a member of Unit, such as Unit\.MONTH"),
            ({"unit": Unit.MONTH, "month_end": "clamp"}, "a member of MonthEnd"),
        ],
    )
    def test_words_come_from_their_lists(self, terms, message):
        with pytest.raises(InvalidValue, match=message):
            Every(1, **terms)

    @pytest.mark.parametrize("number", [-1, 1.0, "1", True, None])
    def test_days_are_numbered_from_zero(self, number):
        with pytest.raises(InvalidValue, match="numbered 0, 1, 2"):
            Every(1, Unit.DAY).nth(number, since=date(2026, 1, 1))

    @pytest.mark.parametrize("bad", [datetime(2026, 1, 1), "2026-01-01", None])  # noqa: DTZ001
    def test_days_are_plain_dates(self, bad):
        every, day = Every(1, Unit.MONTH), date(2026, 1, 1)
        asked = [every.next_after, every.last_before, every.number_of]
        for ask in asked:
            with pytest.raises(InvalidValue, match="not a date"):
                ask(bad, since=day)
            with pytest.raises(InvalidValue, match="since is a"):
                ask(day, since=bad)
        with pytest.raises(InvalidValue, match="since is a"):
            every.nth(1, since=bad)
        with pytest.raises(InvalidValue, match="since is a"):
            every.within(Period.year(2026), since=bad)
        with pytest.raises(InvalidValue, match="within a Period"):
            every.within(bad, since=day)
