"""The days of a rule: as dateutil and RFC 5545 have them, within bounds that no rule escapes."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from itertools import takewhile

import pytest
from dateutil.rrule import rrulestr
from hypothesis import assume, given
from hypothesis import strategies as st

from crmkit.errors import InvalidValue
from crmkit.recurrence.grammar import parse_rule
from crmkit.recurrence.turns import Patience, days_of_rule, days_of_rule_backwards
from tests.patience import patience as in_patience
from tests.recurrence import oracle
from tests.recurrence.strategies import FIRST_DAYS, rules


def followed(rule, since, low, high, patience=1_000_000):
    return days_of_rule(parse_rule(rule), since, low, high, Patience(patience))


def days(rule, since, low=date(2020, 1, 1), high=date(2035, 12, 31), patience=1_000_000):
    return list(followed(rule, since, low, high, patience))


def by_dateutil(rule, since, high):
    """What dateutil gives; it is asked only if there is something later too.

    Where nothing follows, it looks for a day until the year 9999, whatever UNTIL says.
    """
    found = oracle.days_of_rule(rule, since, high + timedelta(days=3_000))
    assume(f"COUNT={len(found)}" in rule.split(";") or found[-1:] > [high])
    moments = rrulestr(rule, dtstart=datetime.combine(since, time()))
    return [at.date() for at in takewhile(lambda at: at.date() <= high, moments)]


class TestTheDays:
    """The days of a rule are those of RFC 5545, found by asking every day of the calendar."""

    @given(
        rules(until=False), st.dates(*FIRST_DAYS), st.integers(-400, 3_000), st.integers(0, 1_461)
    )
    def test_each_day_is_one_of_them_if_and_only_if_it_obeys_the_rule(
        self, rule, since, later, length
    ):
        low = since + timedelta(days=later)
        high = low + timedelta(days=length)
        expected = [day for day in oracle.days_of_rule(rule, since, high) if day >= low]
        assert days(rule, since, low, high) == expected

    @given(rules(until=False), st.dates(*FIRST_DAYS), st.integers(0, 3_000))
    def test_backwards_they_are_the_same(self, rule, since, length):
        high = since + timedelta(days=length)
        backwards = list(days_of_rule_backwards(parse_rule(rule), since, high, Patience(10**6)))
        assert backwards[::-1] == days(rule, since, since, high)

    @given(rules(as_others_mean_it=True, until=False), st.dates(*FIRST_DAYS), st.integers(0, 1_461))
    def test_dateutil_agrees(self, rule, since, length):
        high = since + timedelta(days=length)
        assert days(rule, since, since, high) == by_dateutil(rule, since, high)

    @pytest.mark.parametrize(
        ("rule", "since", "expected"),
        [
            # Thanksgiving in the United States.
            ("FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", date(2020, 11, 26), date(2026, 11, 26)),
            # The spring bank holiday in England: the last Monday of May.
            ("FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO", date(2020, 5, 25), date(2026, 5, 25)),
            # Election day: the Tuesday after the first Monday of November.
            (
                "FREQ=YEARLY;BYMONTH=11;BYMONTHDAY=2,3,4,5,6,7,8;BYDAY=TU",
                date(2020, 11, 3),
                date(2026, 11, 3),
            ),
            # The last working day of the year.
            (
                "FREQ=YEARLY;BYMONTH=12;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
                date(2020, 12, 31),
                date(2026, 12, 31),
            ),
        ],
    )
    def test_well_known_days(self, rule, since, expected):
        assert days(rule, since, date(2026, 1, 1), date(2026, 12, 31)) == [expected]

    def test_the_first_week_is_a_whole_one_to_choose_from(self):
        """The first of Monday and Tuesday, from a Tuesday on, is the Monday after."""
        rule = "FREQ=WEEKLY;BYDAY=MO,TU;BYSETPOS=1"
        assert days(rule, date(2026, 1, 6), high=date(2026, 1, 13)) == [date(2026, 1, 12)]

    def test_a_week_in_two_months_has_days_of_the_one_that_is_named(self):
        """Monday is 29 June 2026, Wednesday 1 July."""
        rule = "FREQ=WEEKLY;BYMONTH=7;BYDAY=MO,TU,WE,TH;BYSETPOS=1"
        high = date(2026, 7, 13)
        assert days(rule, date(2026, 6, 1), high=high) == [
            *(date(2026, 7, 1), date(2026, 7, 6), date(2026, 7, 13)),
        ]

    def test_a_month_without_the_day_is_passed_over(self):
        assert days("FREQ=MONTHLY", date(2026, 1, 31), high=date(2026, 5, 31)) == [
            *(date(2026, 1, 31), date(2026, 3, 31), date(2026, 5, 31)),
        ]

    def test_the_29th_of_february_comes_in_leap_years(self):
        assert days("FREQ=YEARLY", date(2020, 2, 29)) == [
            date(year, 2, 29) for year in (2020, 2024, 2028, 2032)
        ]

    def test_plain_and_numbered_weekdays_are_both_meant(self):
        """Every Sunday, and the first Monday."""
        found = days("FREQ=MONTHLY;BYDAY=SU,1MO", date(2026, 2, 1), high=date(2026, 2, 28))
        assert [day.day for day in found] == [1, 2, 8, 15, 22]

    def test_a_numbered_weekday_of_a_year_is_counted_in_the_year(self):
        found = days("FREQ=YEARLY;BYDAY=1MO,-1SU", date(2024, 1, 1), high=date(2024, 12, 31))
        assert found == [date(2024, 1, 1), date(2024, 12, 29)]

    @pytest.mark.parametrize("year", [1896, 1900, 2000, 2096, 2100])
    def test_leap_years_are_those_of_the_calendar(self, year):
        since, high = date(year, 1, 1), date(year + 8, 12, 31)
        for rule in ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1", "FREQ=YEARLY;BYDAY=-1MO,53SU,-53FR"):
            assert days(rule, since, since, high) == oracle.days_of_rule(rule, since, high)

    @pytest.mark.parametrize("frequency", ["DAILY", "WEEKLY", "MONTHLY", "YEARLY"])
    @pytest.mark.parametrize("more", ["", ";BYMONTH=1,12", ";BYDAY=MO,FR"])
    def test_a_rule_runs_to_the_end_of_the_calendar_and_no_further(self, frequency, more):
        since, last = date(9997, 12, 31), date(9999, 12, 31)
        found = days(f"FREQ={frequency}{more}", since, date(9999, 1, 1), last)
        assert found
        assert all(date(9999, 1, 1) <= day <= last for day in found)

    def test_a_week_that_began_before_the_calendar_is_one(self):
        """The first day of year 1 is a Monday; a week from Sunday on begins a day earlier."""
        first = date(1, 1, 1)
        found = days("FREQ=WEEKLY;WKST=SU;BYDAY=SU,MO", first, first, date(1, 1, 8))
        assert found == [date(1, 1, 1), date(1, 1, 7), date(1, 1, 8)]
        in_january = days("FREQ=WEEKLY;WKST=SU;BYMONTH=1;BYDAY=SU,MO", first, first, date(1, 1, 8))
        assert in_january == found


class TestPatience:
    """A rule that gives next to nothing ends soon all the same."""

    @pytest.mark.parametrize(
        "rule",
        [
            "FREQ=MONTHLY;BYDAY=5MO;BYSETPOS=300",
            "FREQ=MONTHLY;COUNT=10000;BYMONTH=2;BYMONTHDAY=29;BYDAY=SU",
            "FREQ=DAILY;COUNT=10000;BYMONTH=2;BYMONTHDAY=29",
            "FREQ=DAILY;INTERVAL=999;BYMONTH=2;BYMONTHDAY=29;BYDAY=SU",
            "FREQ=WEEKLY;BYMONTH=2;BYDAY=MO;BYSETPOS=7",
        ],
    )
    def test_over_ten_thousand_years_it_is_refused(self, rule):
        """dateutil takes seconds for some, and hours for others."""
        with in_patience(), pytest.raises(InvalidValue, match="too many steps"):
            days(rule, date(1, 1, 1), date(1, 1, 1), date.max, 100_000)
        with in_patience(), pytest.raises(InvalidValue, match="too many steps"):
            list(days_of_rule_backwards(parse_rule(rule), date.min, date.max, Patience(100_000)))

    @pytest.mark.parametrize(
        ("rule", "turns"),
        [("FREQ=DAILY", 2), ("FREQ=WEEKLY", 6), ("FREQ=MONTHLY;BYDAY=MO", 2), ("FREQ=YEARLY", 1)],
    )
    def test_who_does_not_count_begins_shortly_before_the_period(self, rule, turns):
        """A rule since the year 1900 takes no more turns than one since last week."""
        low, high = date(2026, 1, 10), date(2026, 2, 10)
        assert days(rule, date(1900, 2, 1), low, high, patience=turns)
        with pytest.raises(InvalidValue, match="too many steps"):
            days(rule, date(1900, 2, 1), low, high, patience=turns - 1)

    def test_who_counts_stops_at_the_last(self):
        since, high = date(2026, 1, 1), date.max
        assert len(days("FREQ=MONTHLY;COUNT=24", since, since, high, patience=24)) == 24

    def test_patience_is_shared(self):
        patience = Patience(3)
        patience.spend(1)
        patience.spend(2)
        with pytest.raises(InvalidValue, match="or begin later, or ask for a shorter period"):
            patience.spend(1)
