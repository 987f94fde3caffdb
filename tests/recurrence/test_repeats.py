"""Rules of repetition: as dateutil reads them, within bounds that no rule can escape."""

from datetime import date, datetime, time, timedelta

import pytest
from dateutil.rrule import rrulestr
from hypothesis import assume, given
from hypothesis import strategies as st

from crmkit.recurrence.repeats import WEEKDAYS, Patience, days_of_rule, parse_rule
from crmkit.errors import InvalidValue
from tests.patience import patience as in_patience


def followed(rule, first, low, high, patience=1_000_000):
    return days_of_rule(parse_rule(rule), first, low, high, Patience(patience))


def days(rule, first, low=date(2020, 1, 1), high=date(2035, 12, 31), patience=1_000_000):
    return list(followed(rule, first, low, high, patience))


@st.composite
def rules(draw):
    """A rule that gives a day now and then: dateutil looks until the year 9999 for one."""
    frequency = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))
    parts = [f"FREQ={frequency}"]

    def some(values, size=3):
        return ",".join(map(str, draw(st.lists(values, min_size=1, max_size=size, unique=True))))

    if draw(st.booleans()):
        parts.append(f"INTERVAL={draw(st.integers(1, 4))}")
    if draw(st.booleans()):
        parts.append(f"COUNT={draw(st.integers(1, 40))}")
    by = draw(st.sampled_from(["nothing", "months", "weekdays", "numbered", "month days", "all"]))
    if by in ("months", "all"):
        parts.append(f"BYMONTH={some(st.integers(1, 12))}")
    if by in ("month days", "all") and frequency != "WEEKLY":
        parts.append(f"BYMONTHDAY={some(st.sampled_from([1, 2, 13, 28, -1, -2, -28]))}")
    if by in ("weekdays", "all"):
        parts.append(f"BYDAY={some(st.sampled_from(WEEKDAYS), 4)}")
    if by == "numbered" and frequency in ("MONTHLY", "YEARLY"):
        # Numbered and plain weekdays side by side are a union; dateutil takes what is in both.
        numbered = st.tuples(st.sampled_from([1, 2, 4, -1, -3]), st.sampled_from(WEEKDAYS))
        parts.append(f"BYDAY={some(numbered.map(lambda pair: f'{pair[0]}{pair[1]}'))}")
    # In the week of the first day dateutil chooses among the days from that one on.
    if frequency != "WEEKLY" and parts[-1].startswith("BY") and draw(st.booleans()):
        parts.append(f"BYSETPOS={some(st.sampled_from([1, -1, 2]), 2)}")
    if draw(st.booleans()):
        parts.append(f"WKST={draw(st.sampled_from(WEEKDAYS))}")
    return ";".join(parts)


class TestTheDays:
    """The days of a rule are those that dateutil gives."""

    @given(
        rules(),
        st.dates(date(2005, 1, 1), date(2030, 12, 31)),
        st.dates(date(2004, 1, 1), date(2030, 12, 31)),
        st.integers(0, 900),
    )
    def test_dateutil_agrees(self, rule, first, low, length):
        high = low + timedelta(days=length)
        mine = days(rule, first, low, high)
        # Where no day follows, dateutil looks for one until the year 9999.
        assume("COUNT" in rule or any(followed(rule, first, high, date(2070, 1, 1))))
        assume(any(followed(rule, first, first, date(2070, 1, 1))))
        theirs = []
        for moment in rrulestr(rule, dtstart=datetime.combine(first, time())):
            if moment.date() > high:
                break
            theirs += [moment.date()] if moment.date() >= low else []
        assert mine == theirs

    @pytest.mark.parametrize(
        ("rule", "first", "expected"),
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
    def test_well_known_days(self, rule, first, expected):
        assert days(rule, first, date(2026, 1, 1), date(2026, 12, 31)) == [expected]

    def test_the_first_week_is_a_whole_one_to_choose_from(self):
        """The first of Monday and Tuesday, from a Tuesday on, is the Monday after."""
        rule = "FREQ=WEEKLY;BYDAY=MO,TU;BYSETPOS=1"
        assert days(rule, date(2026, 1, 6), high=date(2026, 1, 13)) == [date(2026, 1, 12)]

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

    @pytest.mark.parametrize("frequency", ["DAILY", "WEEKLY", "MONTHLY", "YEARLY"])
    def test_a_rule_runs_to_the_end_of_the_calendar_and_no_further(self, frequency):
        first, last = date(9997, 12, 31), date(9999, 12, 31)
        found = days(f"FREQ={frequency}", first, date(9999, 1, 1), last)
        assert found
        assert all(date(9999, 1, 1) <= day <= last for day in found)

    def test_a_week_that_began_before_the_calendar_is_one(self):
        """The first day of year 1 is a Monday; a week from Sunday on begins a day earlier."""
        first = date(1, 1, 1)
        found = days("FREQ=WEEKLY;WKST=SU;BYDAY=SU,MO", first, first, date(1, 1, 8))
        assert found == [date(1, 1, 1), date(1, 1, 7), date(1, 1, 8)]


class TestRefusals:
    """A rule that is hostile, mistaken or not supported is refused, and says why."""

    @pytest.mark.parametrize(
        ("rule", "message"),
        [
            ("FREQ=SECONDLY", "FREQ is one of DAILY"),
            ("FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30", "FREQ is one of DAILY"),
            ("FREQ=DAILY;COUNT=1000000000", "COUNT is a whole number from 1 to 10000"),
            ("FREQ=DAILY;COUNT=0", "COUNT is a whole number"),
            ("FREQ=DAILY;INTERVAL=0", "INTERVAL is a whole number from 1 to 1000"),
            ("FREQ=DAILY;INTERVAL=-1", "INTERVAL is a whole number"),
            ("FREQ=DAILY;INTERVAL=1001", "INTERVAL is a whole number"),
            ("FREQ=DAILY;INTERVAL=two", "INTERVAL is a whole number"),
            ("FREQ=DAILY;INTERVAL=" + "9" * 5000, "INTERVAL is a whole number"),
            ("FREQ=YEARLY;BYMONTH=13", "BYMONTH is a whole number from 1 to 12$"),
            ("FREQ=YEARLY;BYMONTH=-1", "BYMONTH is a whole number from 1 to 12$"),
            ("FREQ=YEARLY;BYMONTH=5L", "BYMONTH is a whole number"),
            ("FREQ=YEARLY;BYMONTH=", "BYMONTH is a whole number"),
            ("FREQ=MONTHLY;BYMONTHDAY=0", "from 1 to 31, or -31 to -1 from the end"),
            ("FREQ=MONTHLY;BYMONTHDAY=32", "from 1 to 31, or -31 to -1 from the end"),
            ("FREQ=MONTHLY;BYMONTHDAY=-32", "from 1 to 31, or -31 to -1 from the end"),
            ("FREQ=MONTHLY;BYDAY=XX", "written like MO,WE or 4TH or -1MO"),
            ("FREQ=MONTHLY;BYDAY=54MO", "written like MO,WE or 4TH or -1MO"),
            ("FREQ=WEEKLY;BYDAY=1MO", "a number only in a rule that is MONTHLY or YEARLY"),
            ("FREQ=WEEKLY;BYMONTHDAY=1", "no meaning in a WEEKLY rule"),
            ("FREQ=MONTHLY;BYSETPOS=1", "BYSETPOS chooses among days"),
            ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=0", "BYSETPOS is a whole number from 1 to 366"),
            ("FREQ=WEEKLY;WKST=1", "WKST is one of MO"),
            ("FREQ=DAILY;COUNT=2;UNTIL=20270101", "COUNT or UNTIL, not both"),
            ("FREQ=DAILY;FREQ=DAILY", "FREQ stands twice"),
            ("INTERVAL=2", "the rule has no FREQ"),
            ("FREQ=YEARLY;BYWEEKNO=20", "a part of the rule is not known"),
            ("FREQ=YEARLY;BYEASTER=0", "a part of the rule is not known"),
            ("", "a part of the rule is not known"),
            ("garbage", "a part of the rule is not known"),
        ],
    )
    def test_what_is_refused(self, rule, message):
        with pytest.raises(InvalidValue, match=message):
            parse_rule(rule)

    def test_a_semicolon_at_the_end_and_small_letters_do_no_harm(self):
        assert parse_rule("freq=weekly;byday=mo;") == parse_rule("FREQ=WEEKLY;BYDAY=MO")

    @pytest.mark.parametrize(
        "rule",
        [
            "FREQ=DAILY",
            "FREQ=DAILY;COUNT=10000;BYMONTH=2;BYMONTHDAY=30",
            "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
            "FREQ=WEEKLY;COUNT=10000;BYMONTH=2",
            "FREQ=MONTHLY;BYDAY=5MO;BYSETPOS=300",
            "FREQ=YEARLY;BYDAY=53MO;BYSETPOS=300",
            "FREQ=YEARLY;COUNT=10000;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=300",
        ],
    )
    def test_a_rule_that_gives_next_to_nothing_ends_soon(self, rule):
        """Over ten thousand years; dateutil takes seconds for some, and hours for others."""
        with in_patience(), pytest.raises(InvalidValue, match="too many steps"):
            days(rule, date(1, 1, 1), date(1, 1, 1), date.max, 100_000)

    def test_who_does_not_count_begins_shortly_before_the_period(self):
        """A daily rule since the year 1900 takes no longer than one since last week."""
        low, high = date(2026, 1, 1), date(2026, 1, 31)
        assert len(days("FREQ=DAILY", date(1900, 1, 1), low, high, patience=100)) == 31
