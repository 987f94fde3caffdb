"""How many units of time a number of days is."""

from decimal import Decimal
from fractions import Fraction

from crmkit.period import MEAN_GREGORIAN_YEAR, Unit, days_of

__all__ = ["age_of", "days_of"]


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
