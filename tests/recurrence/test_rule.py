"""Rules of repetition as values: the days of a calendar file's rule, asked for one at a time."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from datetime import date, datetime, timedelta
from itertools import islice

import pytest
from dateutil.rrule import MONTHLY, TU, rrule, rrulestr
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import InvalidValue
from crmkit.period import Period, Unit, add_units
from crmkit.recurrence import Every, MonthEnd, RecurrenceRule
from tests.patience import patience
from tests.recurrence.oracle import days_of_every, days_of_rule
from tests.recurrence.strategies import FIRST_DAYS, rules
from tests.recurrence.test_grammar import HOSTILE

DAY = timedelta(days=1)
FAR = date(2100, 1, 1)


class TestAgainstTheCalendar:
    """What a rule answers is what asking every day of the calendar answers."""

    @given(rules(), st.dates(*FIRST_DAYS), st.integers(-200, 1_461))
    def test_after_before_and_within(self, text, since, later):
        rule, day = RecurrenceRule(text), since + timedelta(days=later)
        expected = days_of_rule(text, since, day + 1_500 * DAY)
        before = expected[: bisect_left(expected, day)]
        assert rule.last_before(day, since=since) == (before[-1] if before else None)
        after = expected[bisect_right(expected, day) :]
        if after:
            assert rule.next_after(day, since=since) == after[0]
        period = Period(day, day + 400 * DAY)
        within = [other for other in expected if other in period]
        assert list(rule.within(period, since=since)) == within

    @given(rules(), st.dates(*FIRST_DAYS), st.dates(*FIRST_DAYS))
    def test_before_and_after_are_each_others_inverse(self, text, since, day):
        rule = RecurrenceRule(text)
        before = rule.last_before(day, since=since)
        if before is not None:
            assert since <= before < day
            soon = Period(before + DAY, before + 1_500 * DAY)
            following = next(rule.within(soon, since=since), None)
            assert following is None or following >= day
            assert following is None or rule.next_after(before, since=since) == following

    @given(rules(), st.dates(*FIRST_DAYS))
    def test_one_after_another_they_are_those_of_a_period(self, text, since):
        rule = RecurrenceRule(text)
        found = list(islice(rule.within(Period(since, since + 1_500 * DAY), since=since), 12))
        day = since - DAY
        for expected in found:
            day = rule.next_after(day, since=since)
            assert day == expected

    @pytest.mark.parametrize("text", ["FREQ=MONTHLY", "FREQ=MONTHLY;UNTIL=20260430"])
    def test_an_end_holds_for_every_question(self, text):
        rule, since = RecurrenceRule(text), date(2026, 1, 31)
        ends = "UNTIL" in text
        march, may = date(2026, 3, 31), date(2026, 5, 31)
        assert rule.next_after(march, since=since) == (None if ends else may)
        assert rule.last_before(date(2027, 1, 1), since=since) == (
            march if ends else date(2026, 12, 31)
        )
        assert rule.last_before(march, since=since) == since
        assert list(rule.within(Period.quarter(2026, 2), since=since)) == ([] if ends else [may])

    @pytest.mark.parametrize("text", ["FREQ=DAILY;UNTIL=20260110", "FREQ=DAILY;COUNT=10"])
    @pytest.mark.parametrize("more", ["", ";BYDAY=MO,TU,WE,TH,FR,SA,SU"])
    def test_the_last_day_is_the_last(self, text, more):
        rule, since = RecurrenceRule(text + more), date(2026, 1, 1)
        assert rule.next_after(date(2026, 1, 9), since=since) == date(2026, 1, 10)
        assert rule.next_after(date(2026, 1, 10), since=since) is None
        assert rule.next_after(date.max, since=since) is None
        assert rule.last_before(date(2026, 1, 10), since=since) == date(2026, 1, 9)
        assert rule.last_before(date.max, since=since) == date(2026, 1, 10)

    @pytest.mark.parametrize("more", ["", ";BYDAY=MO,TU,WE,TH,FR,SA,SU"])
    def test_a_rule_that_ended_before_it_began_gives_nothing(self, more):
        rule, since = RecurrenceRule(f"FREQ=DAILY;UNTIL=20251231{more}"), date(2026, 1, 1)
        for day in (date(2020, 1, 1), since, date(2026, 2, 1)):
            assert rule.next_after(day, since=since) is None
            assert rule.last_before(day, since=since) is None
        assert list(rule.within(Period(date(2025, 1, 1), date(2030, 1, 1)), since=since)) == []

    @pytest.mark.parametrize("text", ["FREQ=YEARLY;INTERVAL=999", "FREQ=MONTHLY;BYDAY=TH"])
    @pytest.mark.parametrize("more", ["", ";COUNT=5"])
    def test_a_period_may_begin_long_before_the_rule(self, text, more):
        rule, since = RecurrenceRule(text + more), date(2026, 1, 1)
        period = Period(date.min, date(2026, 1, 3))
        assert list(rule.within(period, since=since)) == [since]

    def test_the_first_day_is_one_of_them_only_if_it_obeys_the_rule(self):
        mondays, wednesday = RecurrenceRule("FREQ=WEEKLY;BYDAY=MO"), date(2026, 1, 7)
        assert mondays.next_after(date(2025, 1, 1), since=wednesday) == date(2026, 1, 12)
        assert mondays.last_before(date(2026, 1, 12), since=wednesday) is None

    @pytest.mark.parametrize("frequency", ["DAILY", "WEEKLY", "MONTHLY", "YEARLY"])
    @pytest.mark.parametrize("more", ["", ";BYDAY=MO,TU,WE,TH,FR,SA,SU"])
    def test_the_ends_of_the_calendar(self, frequency, more):
        rule = RecurrenceRule(f"FREQ={frequency}{more}")
        assert rule.next_after(date.max, since=date.min) is None
        assert rule.last_before(date.min, since=date.min) is None
        assert rule.next_after(date.min, since=date.max) == date.max
        assert rule.last_before(date.max, since=date.max) is None
        assert rule.next_after(date.min, since=date.min) is not None
        assert rule.last_before(date.max, since=date.min) is not None


class TestEveryAsARule:
    """So often from a day on, said to a program that reads calendars."""

    ANCHORS = (
        *("2023-12-31", "2024-01-28", "2024-01-29", "2024-01-30", "2024-01-31", "2024-02-27"),
        *("2024-02-28", "2024-02-29", "2024-04-29", "2024-04-30", "2024-10-15", "2025-02-28"),
    )

    @pytest.mark.parametrize("month_end", MonthEnd)
    @pytest.mark.parametrize("interval", [1, 5, 12])
    @pytest.mark.parametrize("unit", Unit)
    def test_the_rule_gives_the_same_days(self, interval, unit, month_end):
        every = Every(interval, unit, month_end)
        for since in map(date.fromisoformat, self.ANCHORS):
            last = add_units(since, 100, Unit.MONTH)
            text = str(RecurrenceRule.of(every, since=since))
            period = Period.through(since, last)
            mine = list(every.within(period, since=since))
            assert list(RecurrenceRule(text).within(period, since=since)) == mine
            assert days_of_rule(text, since, last) == mine == days_of_every(every, since, last)

    @pytest.mark.parametrize(
        ("every", "since", "text"),
        [
            (Every(10, Unit.DAY), date(2026, 1, 31), "FREQ=DAILY;INTERVAL=10"),
            (Every(2, Unit.WEEK), date(2026, 1, 31), "FREQ=WEEKLY;INTERVAL=2"),
            (Every(1, Unit.MONTH), date(2026, 1, 28), "FREQ=MONTHLY"),
            (
                Every(1, Unit.QUARTER),
                date(2026, 1, 29),
                "FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=28,29;BYSETPOS=-1",
            ),
            (Every(1, Unit.MONTH), date(2026, 1, 31), "FREQ=MONTHLY;BYMONTHDAY=-1"),
            (Every(1, Unit.MONTH, MonthEnd.SKIP), date(2026, 1, 31), "FREQ=MONTHLY"),
            (
                Every(1, Unit.MONTH, MonthEnd.LAST_DAY),
                date(2026, 2, 28),
                "FREQ=MONTHLY;BYMONTHDAY=-1",
            ),
            (Every(1, Unit.YEAR), date(2026, 1, 31), "FREQ=YEARLY"),
            (
                Every(1, Unit.YEAR),
                date(2024, 2, 29),
                "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=28,29;BYSETPOS=-1",
            ),
            (
                Every(1, Unit.YEAR, MonthEnd.LAST_DAY),
                date(2026, 2, 28),
                "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1",
            ),
        ],
    )
    def test_how_it_is_said(self, every, since, text):
        assert str(RecurrenceRule.of(every, since=since)) == text

    def test_what_no_rule_says_is_refused(self):
        since = date(2026, 1, 1)
        assert str(RecurrenceRule.of(Every(333, Unit.QUARTER), since=since)).endswith("=999")
        with pytest.raises(InvalidValue, match="INTERVAL is a whole number from 1 to 1000"):
            RecurrenceRule.of(Every(334, Unit.QUARTER), since=since)


class TestHostileRules:
    """No rule keeps a host busy: it is refused when it is read, or soon after it is asked."""

    @pytest.mark.parametrize(("text", "message"), HOSTILE)
    def test_what_cannot_be_is_refused_when_it_is_read(self, text, message):
        with patience(), pytest.raises(InvalidValue, match=message):
            RecurrenceRule(text)

    @pytest.mark.parametrize(
        "text",
        [
            "FREQ=DAILY;UNTIL=",
            "FREQ=DAILY;UNTIL=20260230",
            "FREQ=DAILY;UNTIL=00000101",
            "FREQ=DAILY;UNTIL=2026-01-01",
            "FREQ=DAILY;UNTIL=20260101T000000Z",
        ],
    )
    def test_it_ends_on_a_day(self, text):
        with pytest.raises(InvalidValue, match="UNTIL is a day such as 20261231"):
            RecurrenceRule(text)

    @pytest.mark.parametrize(
        "text",
        [
            "FREQ=MONTHLY;BYDAY=5MO;BYSETPOS=300",
            "FREQ=YEARLY;BYDAY=53MO;BYSETPOS=300",
            "FREQ=YEARLY;COUNT=10000;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=300",
            "FREQ=WEEKLY;BYMONTH=2;BYDAY=MO;BYSETPOS=7",
            "FREQ=DAILY;INTERVAL=1000;BYMONTH=2;BYMONTHDAY=29;BYDAY=SU",
            "FREQ=DAILY;BYMONTHDAY=1;BYSETPOS=2",
        ],
    )
    def test_what_gives_next_to_nothing_is_refused_soon(self, text):
        rule, since, late = RecurrenceRule(text), date(1, 1, 1), date(9990, 1, 1)
        with patience(), pytest.raises(InvalidValue, match="too many steps"):
            rule.next_after(since, since=since)
        with patience(), pytest.raises(InvalidValue, match="too many steps"):
            rule.last_before(late, since=since)
        with patience(), pytest.raises(InvalidValue, match="too many steps"):
            list(rule.within(Period(since, late), since=since))

    @pytest.mark.parametrize("text", ["FREQ=DAILY;COUNT=10000", "FREQ=DAILY;BYDAY=MO;COUNT=9999"])
    def test_the_longest_count_is_counted(self, text):
        rule, since = RecurrenceRule(text), date(2026, 1, 5)
        last = since + (9_999 * DAY if "BYDAY" not in text else 9_998 * 7 * DAY)
        assert rule.next_after(last - DAY, since=since) == last
        assert rule.next_after(last, since=since) is None
        assert rule.last_before(date.max, since=since) == last

    @pytest.mark.parametrize("text", ["FREQ=MONTHLY", "FREQ=DAILY;INTERVAL=2", "FREQ=WEEKLY"])
    def test_a_count_that_ended_ages_ago_is_no_matter(self, text):
        rule, since = RecurrenceRule(f"{text};COUNT=60"), date(2026, 1, 1)
        endless = RecurrenceRule(text).within(Period.trailing(FAR, 100, Unit.YEAR), since=since)
        last = next(islice(endless, 59, None))
        assert rule.last_before(date.max, since=since) == last
        assert rule.next_after(last - DAY, since=since) == last
        assert rule.next_after(last, since=since) is None
        assert rule.next_after(date(9990, 1, 1), since=since) is None

    def test_patience_is_for_one_day_at_a_time(self):
        """A leap day on a Sunday comes once in 28 years; a thousand years of them are no matter."""
        rule = RecurrenceRule("FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=SU")
        found = list(rule.within(Period(date(1600, 1, 1), date(4000, 1, 1)), since=date(1, 1, 1)))
        # In 400 years there are 13 of them.
        assert len(found) == 6 * 13
        assert all((day.month, day.day, day.weekday()) == (2, 29, 6) for day in found)

    def test_a_period_of_ten_thousand_years_is_iterated_over_as_far_as_one_likes(self):
        rule = RecurrenceRule("FREQ=DAILY;BYDAY=MO")
        found = rule.within(Period(date.min, date.max), since=date.min)
        assert list(islice(found, 2)) == [date(1, 1, 1), date(1, 1, 8)]


class TestValues:
    """A rule is a value: its text."""

    @given(rules())
    def test_it_comes_back_from_its_text(self, text):
        rule = RecurrenceRule(text)
        assert RecurrenceRule(str(rule)) == rule
        assert RecurrenceRule(text.lower()) == rule
        assert hash(RecurrenceRule(text.lower())) == hash(rule)
        assert rule.text == str(rule)

    def test_it_goes_to_dateutil_and_comes_back(self):
        """As a line of a calendar file; the day of DTSTART is no part of it."""
        theirs = rrule(MONTHLY, byweekday=TU(2), dtstart=datetime(2026, 1, 1))  # noqa: DTZ001
        first, line = str(theirs).splitlines()
        rule = RecurrenceRule(line)
        assert (line, str(rule)) == ("RRULE:FREQ=MONTHLY;BYDAY=+2TU", "FREQ=MONTHLY;BYDAY=2TU")
        back = rrulestr(f"{first}\nRRULE:{rule}")
        assert [at.date() for at in islice(back, 30)] == list(
            islice(rule.within(Period(date(2026, 1, 1), FAR), since=date(2026, 1, 1)), 30)
        )
        for more in (str(theirs), first):
            with pytest.raises(InvalidValue, match="pass that of RRULE, and the day of DTSTART"):
                RecurrenceRule(more)

    @given(rules())
    def test_a_line_of_a_file_says_the_same_as_the_rule(self, text):
        assert RecurrenceRule(f"RRULE:{text}") == RecurrenceRule(text)

    @pytest.mark.parametrize("bad", [datetime(2026, 1, 1), "2026-01-01", None])  # noqa: DTZ001
    @pytest.mark.parametrize("text", ["FREQ=MONTHLY", "FREQ=MONTHLY;BYDAY=2TU"])
    def test_days_are_plain_dates(self, text, bad):
        rule, day = RecurrenceRule(text), date(2026, 1, 1)
        for ask in (rule.next_after, rule.last_before):
            with pytest.raises(InvalidValue, match="not a date"):
                ask(bad, since=day)
            with pytest.raises(InvalidValue, match="since is a"):
                ask(day, since=bad)
        with pytest.raises(InvalidValue, match="since is a"):
            RecurrenceRule.of(Every(1, Unit.DAY), since=bad)
        with pytest.raises(InvalidValue, match="since is a"):
            rule.within(Period.year(2026), since=bad)
        with pytest.raises(InvalidValue, match="within a Period"):
            rule.within(bad, since=day)
