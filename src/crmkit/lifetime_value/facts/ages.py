"""How many units of time a number of days is."""

from decimal import Decimal
from fractions import Fraction

from crmkit.errors import InvalidValue
from crmkit.money import as_fraction
from crmkit.period import MEAN_GREGORIAN_YEAR, Unit

__all__ = ["age_of", "days_of"]

_DAYS = {Unit.DAY: Fraction(1), Unit.WEEK: Fraction(7)}
_PARTS_OF_YEAR = {Unit.MONTH: 12, Unit.QUARTER: 4, Unit.YEAR: 1}


def days_of(unit: Unit, days_in_year: Decimal = MEAN_GREGORIAN_YEAR) -> Fraction:
    """The length of a unit of time in days: a week has 7, a month is a twelfth of the year named.

    :raises InvalidValue: if the unit is no member of :class:`~crmkit.period.Unit`, or the year has
        no days.

    >>> days_of(Unit.WEEK)
    Fraction(7, 1)
    """
    if not isinstance(unit, Unit):
        raise InvalidValue("a unit of time is a member of Unit, such as Unit.WEEK")
    if unit in _DAYS:
        return _DAYS[unit]
    year = as_fraction(days_in_year, "days_in_year")
    if year <= 0:
        raise InvalidValue("a year has days: days_in_year is above zero")
    return year / _PARTS_OF_YEAR[unit]


def age_of(
    days: int,
    unit: Unit,
    *,
    whole_units: bool = False,
    days_in_year: Decimal = MEAN_GREGORIAN_YEAR,
) -> float:
    """A number of days in units of time: 213 days are 30.43 weeks, or 30 whole ones.

    >>> round(age_of(213, Unit.WEEK), 2), age_of(213, Unit.WEEK, whole_units=True)
    (30.43, 30.0)
    """
    return age_in(days, days_of(unit, days_in_year), whole_units=whole_units)


def age_in(days: int, length: Fraction, *, whole_units: bool) -> float:
    """A number of days in units of a length, rounded down to whole ones if so wanted."""
    scaled = days * length.denominator
    if whole_units:
        return float(scaled // length.numerator)
    return scaled / length.numerator  # One exact quotient, rounded once to the nearest float.
