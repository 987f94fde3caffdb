"""Every so many days, weeks, months, quarters or years, always counted from the first day.

Nothing here walks over the past: who has been a customer for thirty years costs no more than who
came last week.
"""

from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from functools import cached_property

from attrs import frozen

from crmkit.errors import InvalidValue
from crmkit.period import Period, Unit, check_date
from crmkit.recurrence.months import days_in_month

__all__ = ["MOST_INTERVAL", "Every", "MonthEnd", "check_period"]

MOST_INTERVAL = 1_000

_LAST = date.max.toordinal()
_MONTHS = {Unit.MONTH: 1, Unit.QUARTER: 3, Unit.YEAR: 12}
_DAYS = {Unit.DAY: 1, Unit.WEEK: 7}
# Of a 29 February every 25 years, 15 in a row can be missing: 2025 to 2375, after that of 2000.
_LOOK_AHEAD = 17


class MonthEnd(StrEnum):
    """What becomes of the 29th, 30th and 31st in a month that is shorter."""

    CLAMP = "clamp"
    """It falls on the last day of that month: 31 January, 28 February, 31 March."""
    SKIP = "skip"
    """That month has none, as in the rules of calendar files: 31 January, 31 March, 31 May."""
    LAST_DAY = "last-day"
    """Who begins on the last day of a month stays on last days: 28 February, 31 March, 30 April.
    Any other day is clamped."""


# Looked up once: Python 3.11 takes as long to find a member of an enumeration as to make a date.
_SKIP, _TO_LAST = MonthEnd.SKIP, MonthEnd.LAST_DAY


@frozen
class Every:
    """So often: ``Every(3, Unit.MONTH)`` is once a quarter, counted from the day it begins on.

    The day that it begins on, ``since``, is number 0. The others are each counted from there, never
    from the one before, so that the 31st comes back after a February. 29 February is a month end
    like any other: ``month_end`` says what it becomes in a year without one.

    :raises InvalidValue: if the interval is no whole number from 1 to 1,000, or the unit or the
        month end is no member of its enumeration.

    >>> monthly = Every(1, Unit.MONTH)
    >>> monthly.nth(1, since=date(2026, 1, 31))
    datetime.date(2026, 2, 28)
    >>> monthly.next_after(date(2026, 2, 28), since=date(2026, 1, 31))
    datetime.date(2026, 3, 31)
    """

    interval: int
    unit: Unit
    month_end: MonthEnd = MonthEnd.CLAMP

    def __attrs_post_init__(self) -> None:
        if type(self.interval) is not int or not 1 <= self.interval <= MOST_INTERVAL:
            raise InvalidValue(f"an interval is a whole number from 1 to {MOST_INTERVAL:,}")
        if not isinstance(self.unit, Unit):
            raise InvalidValue("a unit of time is a member of Unit, such as Unit.MONTH")
        if not isinstance(self.month_end, MonthEnd):
            raise InvalidValue("a month end is a member of MonthEnd, such as MonthEnd.CLAMP")

    def __str__(self) -> str:
        return f"every {self.unit}" if self.interval == 1 else f"every {self.interval} {self.unit}s"

    # --- by number ---

    def nth(self, number: int, *, since: date) -> date | None:
        """The day with a number; ``since`` has 0.

        None if its month is skipped, or it lies after the year 9999.

        :raises InvalidValue: if the number is no whole number of 0 or more, or ``since`` is no
            plain date.
        """
        check_date(since, "since")
        if type(number) is not int or number < 0:
            raise InvalidValue("days are numbered 0, 1, 2 and so on: 0 is the day it begins on")
        return self._nth(number, since)

    def number_of(self, day: date, *, since: date) -> int | None:
        """The number of a day; None if it is none of the days.

        A month that is skipped has a number too, which no day bears.

        :raises InvalidValue: if a day is no plain date.
        """
        _check_days(day, since)
        number = self._turn(day, since)
        return number if number >= 0 and self._nth(number, since) == day else None

    # --- by day ---

    def next_after(self, day: date, *, since: date) -> date | None:
        """The first of the days after a day; None if there is none until the end of the year 9999.

        :raises InvalidValue: if a day is no plain date.
        """
        # This is asked a million times a day: the checks are spared their calls.
        if type(day) is not date or type(since) is not date:
            _check_days(day, since)
        if day < since:
            return since
        # Counted from the other end: the first number whose month does not lie before the day's.
        turn = -self._turn(since, day)
        for number in range(turn, turn + _LOOK_AHEAD):
            found = self._nth(number, since)
            if found is not None and found > day:
                return found
        return None

    def last_before(self, day: date, *, since: date) -> date | None:
        """The last of the days before a day; None if it had not begun by then.

        :raises InvalidValue: if a day is no plain date.
        """
        _check_days(day, since)
        # Number 0 is never skipped, so that this ends with a day if there is one.
        for number in range(self._turn(day, since), -1, -1):
            found = self._nth(number, since)
            if found is not None and found < day:
                return found
        return None

    def within(self, period: Period, *, since: date) -> Iterator[date]:
        """The days in a period, in order.

        :raises InvalidValue: if the period is no Period, or ``since`` no plain date.
        """
        check_date(since, "since")
        check_period(period)
        first, last = self._turn(period.start, since), self._turn(period.last, since)
        found = (self._nth(number, since) for number in range(max(first, 0), last + 1))
        return (day for day in found if day is not None and day in period)

    # --- the arithmetic ---

    @cached_property
    def _step(self) -> tuple[int, int]:
        """How many months it takes from one to the next, or else how many days."""
        return self.interval * _MONTHS.get(self.unit, 0), self.interval * _DAYS.get(self.unit, 0)

    def _turn(self, day: date, since: date) -> int:
        """The number in whose month a day lies, or the last one before; below 0 before it begins.

        Every day with a higher number is later.
        """
        months, days = self._step
        if days:
            return (day.toordinal() - since.toordinal()) // days
        return ((day.year - since.year) * 12 + day.month - since.month) // months

    def _nth(self, number: int, since: date) -> date | None:
        months, days = self._step
        if days:
            ordinal = since.toordinal() + number * days
            return date.fromordinal(ordinal) if ordinal <= _LAST else None
        year, month = divmod(since.year * 12 + since.month - 1 + number * months, 12)
        if year > date.max.year:
            return None
        if since.day < 28:
            return date(year, month + 1, since.day)
        return self._month_end(year, month + 1, since)

    def _month_end(self, year: int, month: int, since: date) -> date | None:
        """The day that the 28th or a later one becomes in a month."""
        last, month_end = days_in_month(year, month), self.month_end
        if month_end is _TO_LAST and since.day == days_in_month(since.year, since.month):
            return date(year, month, last)
        if since.day > last:
            return None if month_end is _SKIP else date(year, month, last)
        return date(year, month, since.day)


def check_period(period: Period) -> None:
    """Refuse what is no Period.

    :raises InvalidValue: if it is none.
    """
    if not isinstance(period, Period):
        raise InvalidValue("days are asked for within a Period, such as Period.year(2026)")


def _check_days(day: date, since: date) -> None:
    check_date(day, "the day asked about")
    check_date(since, "since")
