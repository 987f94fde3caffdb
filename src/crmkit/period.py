"""Spans of days, units of time, and rates that know their unit.

A :class:`Period` is half-open: ``start`` is its first day, ``end`` the first day after it. Months,
quarters and years are those of the calendar; where a mean length is needed (a rate by the week from
a rate by the year), the length of the year is a named argument with a stated default, never a
hidden month of thirty days.

>>> from datetime import date
>>> Period.month(2026, 2).days
28
>>> Period.trailing(date(2026, 3, 31), 1, Unit.MONTH)
Period(start=datetime.date(2026, 3, 1), end=datetime.date(2026, 4, 1))
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import (
    ROUND_HALF_EVEN,
    Context,
    Decimal,
    DivisionByZero,
    InvalidOperation,
    Overflow,
)
from enum import StrEnum
from fractions import Fraction
from typing import Self

from attrs import frozen
from dateutil.relativedelta import relativedelta

from crmkit.errors import InvalidValue, NaiveDatetime
from crmkit.money import as_fraction

__all__ = [
    "MEAN_GREGORIAN_YEAR",
    "Period",
    "Rate",
    "Unit",
    "add_units",
    "check_date",
    "check_instant",
    "days_of",
]

MEAN_GREGORIAN_YEAR = Decimal("365.2425")
"""Days in the mean year of the Gregorian calendar: 146,097 days in 400 years."""

# Every setting is named: what is left out would be taken from a default that a host may change.
_CONTEXT = Context(
    prec=34,
    rounding=ROUND_HALF_EVEN,
    Emin=-999_999,
    Emax=999_999,
    capitals=1,
    clamp=0,
    flags=[],
    traps=[DivisionByZero, InvalidOperation, Overflow],
)
_LARGEST_FORCE = 10**18


class Unit(StrEnum):
    """A unit of time."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


_STEPS = {
    Unit.DAY: relativedelta(days=1),
    Unit.WEEK: relativedelta(weeks=1),
    Unit.MONTH: relativedelta(months=1),
    Unit.QUARTER: relativedelta(months=3),
    Unit.YEAR: relativedelta(years=1),
}
# Exact lengths: in days where a unit is a fixed number of them, otherwise in parts of the year.
_DAYS = {Unit.DAY: Fraction(1), Unit.WEEK: Fraction(7)}
_PARTS_OF_YEAR = {Unit.MONTH: 12, Unit.QUARTER: 4, Unit.YEAR: 1}


def days_of(unit: Unit, days_in_year: Decimal = MEAN_GREGORIAN_YEAR) -> Fraction:
    """The mean length of a unit of time in days: a week has 7, a month a twelfth of the year named.

    :raises InvalidValue: if the unit is no member of :class:`Unit`, or the year has no days.

    >>> days_of(Unit.WEEK), days_of(Unit.YEAR, Decimal(360))
    (Fraction(7, 1), Fraction(360, 1))
    """
    if not isinstance(unit, Unit):
        raise InvalidValue("a unit of time is a member of Unit, such as Unit.WEEK")
    if unit in _DAYS:
        return _DAYS[unit]
    year = as_fraction(days_in_year, "days_in_year")
    if year <= 0:
        raise InvalidValue("a year has days: days_in_year is above zero")
    return year / _PARTS_OF_YEAR[unit]


def check_date(value: date, what: str) -> None:
    """Refuse anything but a plain date, which a datetime is not.

    :raises InvalidValue: for a datetime (say which day it is in which zone) or another type.
    """
    if type(value) is not date:
        hint = (
            ": say which day it is, for example at.astimezone(ZoneInfo('Europe/Berlin')).date()"
            if isinstance(value, datetime)
            else ": pass a datetime.date"
        )
        raise InvalidValue(f"{what} is a {type(value).__name__}, not a date{hint}")


def check_instant(value: datetime, what: str) -> None:
    """Refuse a datetime that names no instant.

    :raises NaiveDatetime: if it has no time zone.
    :raises InvalidValue: if it is no datetime at all.
    """
    if not isinstance(value, datetime):
        raise InvalidValue(f"{what} is a {type(value).__name__}: pass an aware datetime")
    if value.utcoffset() is None:
        raise NaiveDatetime(what)


def add_units(day: date, count: int, unit: Unit) -> date:
    """Move a day by whole units; a day that the target month lacks becomes its last day.

    :raises InvalidValue: if the day is not a plain date, the count is not an int, or the result
        lies outside the years 1 to 9999.

    >>> from datetime import date
    >>> add_units(date(2024, 1, 31), 1, Unit.MONTH)
    datetime.date(2024, 2, 29)
    """
    check_date(day, "the day to count from")
    if type(count) is not int:
        raise InvalidValue(f"the count of units is a {type(count).__name__}: pass an int")
    try:
        return day + _STEPS[unit] * count
    except (ValueError, OverflowError):
        raise InvalidValue(
            f"{count} {unit}s from there is outside the calendar: stay within the years 1 to 9999"
        ) from None


@frozen
class Period:
    """A span of days, such as a financial year or a review period: ``start`` is in it, ``end`` not.

    :raises InvalidValue: if the end does not lie after the start, or either is not a plain date.
    """

    start: date
    end: date

    def __attrs_post_init__(self) -> None:
        check_date(self.start, "the start of a period")
        check_date(self.end, "the end of a period")
        if self.end <= self.start:
            raise InvalidValue("a period ends after it starts: its end is the first day not in it")

    # --- the usual ones ---

    @classmethod
    def year(cls, year: int) -> Self:
        """A calendar year."""
        start = _first_of(year, 1)
        return cls(start, add_units(start, 1, Unit.YEAR))

    @classmethod
    def quarter(cls, year: int, quarter: int) -> Self:
        """A calendar quarter, 1 to 4."""
        start = _first_of(year, 3 * quarter - 2)
        return cls(start, add_units(start, 1, Unit.QUARTER))

    @classmethod
    def month(cls, year: int, month: int) -> Self:
        """A calendar month, 1 to 12."""
        start = _first_of(year, month)
        return cls(start, add_units(start, 1, Unit.MONTH))

    @classmethod
    def through(cls, first: date, last: date) -> Self:
        """A span from the first to the last day, both included."""
        return cls(first, add_units(last, 1, Unit.DAY))

    @classmethod
    def trailing(cls, as_of: date, count: int, unit: Unit) -> Self:
        """The last so many units up to and including a day.

        The window opens as many units before the day after ``as_of``: the trailing month of
        31 March is March, that of 15 March begins on 16 February.
        """
        end = add_units(as_of, 1, Unit.DAY)
        return cls(add_units(end, -count, unit), end)

    # --- questions ---

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.end - self.start).days

    @property
    def last(self) -> date:
        """Its last day."""
        return self.end - timedelta(days=1)

    def __contains__(self, day: date) -> bool:
        check_date(day, "the day looked for in a period")
        return self.start <= day < self.end

    def overlaps(self, other: "Period") -> bool:
        """Whether the two share a day."""
        return self.start < other.end and other.start < self.end

    def split(self, unit: Unit) -> Iterator["Period"]:
        """Cut into units counted from the start; the last piece may be shorter.

        The n-th cut is always counted from the start, so that a month end is not worn down.
        """
        start = self.start
        count = 0
        while start < self.end:
            count += 1
            end = self._cut(count, unit)
            yield Period(start, end)
            start = end

    def _cut(self, count: int, unit: Unit) -> date:
        try:
            return min(add_units(self.start, count, unit), self.end)
        except InvalidValue:
            return self.end  # The unit would run past the last day of the calendar.


@frozen
class Rate:
    """A rate of growth, discount or churn that knows its unit of time.

    Made by :meth:`annual` (so much a year, compounded yearly), :meth:`of` (so much a unit,
    compounded each unit) or :meth:`continuous` (compounded all the time), and asked for in any unit
    by :meth:`per`. Inside it is one number: the continuous rate a day (the force of interest),
    which adds up over time and makes all conversions agree with each other.

    :raises InvalidValue: if the rate or the length of the year is not exact, the year has no days,
        or what it grows to is beyond any number.

    >>> weekly = Rate.annual("0.12").per(Unit.WEEK)
    >>> round(weekly, 8)
    Decimal('0.00217434')
    """

    daily_force: Decimal
    """The continuously compounded rate a day."""

    def __attrs_post_init__(self) -> None:
        if not isinstance(self.daily_force, Decimal) or not self.daily_force.is_finite():
            raise InvalidValue(
                "a rate is built by Rate.annual('0.12'), Rate.of('0.01', Unit.MONTH) or "
                "Rate.continuous('0.0027', Unit.WEEK), so that its unit of time is known"
            )
        if not -_LARGEST_FORCE <= self.daily_force <= _LARGEST_FORCE:
            raise InvalidValue("a rate out of range: at most 18 digits before the point")

    @classmethod
    def annual(
        cls,
        rate: int | str | Decimal | Fraction,
        *,
        days_in_year: Decimal = MEAN_GREGORIAN_YEAR,
    ) -> Self:
        """So much a year, compounded once a year: ``Rate.annual("0.12")`` is 12 % a year."""
        return cls.of(rate, Unit.YEAR, days_in_year=days_in_year)

    @classmethod
    def of(
        cls,
        rate: int | str | Decimal | Fraction,
        unit: Unit,
        *,
        days_in_year: Decimal = MEAN_GREGORIAN_YEAR,
    ) -> Self:
        """So much a unit, compounded once a unit.

        :raises InvalidValue: if the rate is -100 % or less, or not exact.
        """
        growth = as_fraction(rate, "rate") + 1
        if growth <= 0:
            raise InvalidValue("a rate is above -1: at -1 everything is gone after one unit")
        days = _decimal(days_of(unit, days_in_year))
        return cls(_CONTEXT.divide(_CONTEXT.ln(_decimal(growth)), days))

    @classmethod
    def continuous(
        cls,
        rate: int | str | Decimal | Fraction,
        unit: Unit,
        *,
        days_in_year: Decimal = MEAN_GREGORIAN_YEAR,
    ) -> Self:
        """So much a unit, compounded all the time: what present values of rates in papers use."""
        return cls(_decimal(as_fraction(rate, "rate") / days_of(unit, days_in_year)))

    def per(self, unit: Unit, *, days_in_year: Decimal = MEAN_GREGORIAN_YEAR) -> Decimal:
        """The equal rate compounded once a unit."""
        return _CONTEXT.subtract(_exp(self.force_per(unit, days_in_year=days_in_year)), 1)

    def force_per(self, unit: Unit, *, days_in_year: Decimal = MEAN_GREGORIAN_YEAR) -> Decimal:
        """The equal continuous rate a unit."""
        return _CONTEXT.multiply(self.daily_force, _decimal(days_of(unit, days_in_year)))

    def discount_factor(
        self,
        count: int | str | Decimal | Fraction,
        unit: Unit,
        *,
        days_in_year: Decimal = MEAN_GREGORIAN_YEAR,
    ) -> Decimal:
        """What one unit of money paid so much later is worth today."""
        force = self.force_per(unit, days_in_year=days_in_year)
        exponent = _CONTEXT.multiply(force, _decimal(as_fraction(count, "count")))
        return _exp(_CONTEXT.minus(exponent))


def _first_of(year: int, month: int) -> date:
    try:
        return date(year, month, 1)
    except ValueError:
        raise InvalidValue(
            "no such month: years run from 1 to 9999, months from 1 to 12, quarters from 1 to 4"
        ) from None


def _exp(force: Decimal) -> Decimal:
    try:
        return _CONTEXT.exp(force)
    except Overflow:
        raise InvalidValue(
            "that grows beyond any number: give the rate as a part of one ('0.12', not '12'), and "
            "check the unit"
        ) from None


def _decimal(number: Fraction) -> Decimal:
    return _CONTEXT.divide(Decimal(number.numerator), Decimal(number.denominator))
