"""Rules of repetition as values: second Tuesdays, last working days, every other Friday."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cached_property
from typing import Self

from attrs import field, frozen

from crmkit.errors import InvalidValue
from crmkit.period import Period, Unit, check_date
from crmkit.recurrence.every import Every, MonthEnd, check_period
from crmkit.recurrence.grammar import Rule, parse_rule, text_of_rule
from crmkit.recurrence.months import days_in_month
from crmkit.recurrence.turns import Patience, days_of_rule, days_of_rule_backwards

__all__ = ["RecurrenceRule"]

# Months repeat after 4,800 and years after 400: what gives no day in so many turns never does.
MOST_TURNS = 5_000

_DAY = timedelta(days=1)
_UNTIL = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})", re.ASCII)
_UNITS = {
    "DAILY": Unit.DAY,
    "WEEKLY": Unit.WEEK,
    "MONTHLY": Unit.MONTH,
    "YEARLY": Unit.YEAR,
}


def _as_written_best(text: str) -> str:
    if isinstance(text, str):
        if len(text.splitlines()) > 1 or text[:7].upper() == "DTSTART":
            raise InvalidValue(
                "a rule is one line: pass that of RRULE, and the day of DTSTART as since"
            )
        text = text[6:] if text[:6].upper() == "RRULE:" else text
    rule = parse_rule(text)
    _until(rule)
    return text_of_rule(rule)


@frozen
class RecurrenceRule:
    """A rule as calendar files write it (RFC 5545, RRULE): ``FREQ=MONTHLY;BYDAY=2TU``.

    Known are FREQ from DAILY to YEARLY, INTERVAL up to 1,000, COUNT up to 10,000 or UNTIL (a day),
    BYMONTH, BYMONTHDAY, BYDAY, BYSETPOS and WKST; anything else is refused. ``RRULE:`` may stand
    before it. The text is kept in one form, so that rules which say the same in another order are
    equal; ``str()`` gives it, for calendar files and for ``dateutil.rrule.rrulestr``.

    The day that a rule begins on, ``since``, is what calendar files call DTSTART. What the rule
    leaves open is taken from it, and intervals are counted from it, but it is one of the days only
    if it obeys the rule. A month without the day is skipped. COUNT counts days that there are.

    :raises InvalidValue: if a part is unknown, stands twice or has no such value, the rule ends
        twice, or no calendar has such a day; also for more than 2,000 characters.

    >>> second_tuesdays = RecurrenceRule("FREQ=MONTHLY;BYDAY=2TU")
    >>> second_tuesdays.next_after(date(2026, 1, 14), since=date(2025, 6, 1))
    datetime.date(2026, 2, 10)
    """

    text: str = field(converter=_as_written_best)

    @classmethod
    def of(cls, every: Every, *, since: date) -> Self:
        """The rule that gives the same days from ``since`` on, for programs that read calendars.

        :raises InvalidValue: if ``since`` is no plain date, or no rule that is known here says the
            same: more than 333 quarters.

        >>> str(RecurrenceRule.of(Every(1, Unit.MONTH), since=date(2026, 1, 30)))
        'FREQ=MONTHLY;BYMONTHDAY=28,29,30;BYSETPOS=-1'
        """
        check_date(since, "since")
        if every.unit is Unit.QUARTER:
            frequency, interval = "MONTHLY", 3 * every.interval
        else:
            frequency = next(name for name, unit in _UNITS.items() if unit is every.unit)
            interval = every.interval
        days = _days_meant(every, since) if frequency in ("MONTHLY", "YEARLY") else ""
        return cls(f"FREQ={frequency};INTERVAL={interval}{days}")

    def __str__(self) -> str:
        return self.text

    def next_after(self, day: date, *, since: date) -> date | None:
        """The first of the days after a day.

        None if the rule has ended by then, or there is none until the end of the year 9999.

        :raises InvalidValue: if a day is no plain date, or the next of the days takes too many
            steps to find: the rule gives next to nothing, or counts from ages ago.
        """
        _check_days(day, since)
        if self._plain is not None:
            found = self._plain.next_after(day, since=since)
            return found if found is not None and found <= self._last else None
        if day >= self._last:
            return None
        return next(self._days(since, max(day + _DAY, since), self._last), None)

    def last_before(self, day: date, *, since: date) -> date | None:
        """The last of the days before a day; None if there was none.

        :raises InvalidValue: if a day is no plain date, or it takes too many steps to find.
        """
        _check_days(day, since)
        if day <= since:
            return None
        last = min(day - _DAY, self._last)
        if self._plain is not None:
            return self._plain.last_before(last + _DAY, since=since)
        return next(days_of_rule_backwards(self._rule, since, last, Patience(MOST_TURNS)), None)

    def within(self, period: Period, *, since: date) -> Iterator[date]:
        """The days in a period, in order.

        :raises InvalidValue: if the period is no Period, or ``since`` no plain date; while it is
            iterated over, if one of the days takes too many steps to find.
        """
        check_date(since, "since")
        check_period(period)
        return self._days(since, period.start, min(period.last, self._last))

    def _days(self, since: date, low: date, high: date) -> Iterator[date]:
        patience = Patience(MOST_TURNS)
        for day in days_of_rule(self._rule, since, low, high, patience):
            yield day
            patience.left = MOST_TURNS

    @cached_property
    def _rule(self) -> Rule:
        return parse_rule(self.text)

    @cached_property
    def _last(self) -> date:
        return _until(self._rule) or date.max

    @cached_property
    def _plain(self) -> Every | None:
        """The same without a rule, if it says nothing but how often."""
        rule = self._rule
        if rule.count or rule.months or rule.month_days or rule.weekdays:
            return None
        return Every(rule.interval, _UNITS[rule.frequency], MonthEnd.SKIP)


def _until(rule: Rule) -> date | None:
    if rule.until is None:
        return None
    match = _UNTIL.fullmatch(rule.until)
    try:
        if match:
            return date(*map(int, match.groups()))
    except ValueError:
        pass
    raise InvalidValue("UNTIL is a day such as 20261231, the last one that may be among the days")


def _days_meant(every: Every, since: date) -> str:
    """How a rule says which day of a month is meant, where it is not simply the same."""
    length = days_in_month(since.year, since.month)
    if every.month_end is MonthEnd.SKIP or (every.unit is Unit.YEAR and since.month != 2):
        return ""
    prefix = ";BYMONTH=2" if every.unit is Unit.YEAR else ""
    to_last = every.month_end is MonthEnd.LAST_DAY and since.day == length
    if to_last or since.day == 31:
        return f"{prefix};BYMONTHDAY=-1"
    if since.day > 28:
        days = ",".join(map(str, range(28, since.day + 1)))
        return f"{prefix};BYMONTHDAY={days};BYSETPOS=-1"
    return ""


def _check_days(day: date, since: date) -> None:
    check_date(day, "the day asked about")
    check_date(since, "since")
