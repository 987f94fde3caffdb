"""What the policies of value share: exact terms, exact amounts, and one rounding at the end.

Inside a formula an amount is a fraction of major units of its currency, so nothing is rounded on
the way; rates are asked for their unit. :func:`to_money` rounds once, by a named rule, and
:func:`split_money` rounds parts so that they add up to the rounded whole.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from itertools import accumulate, pairwise
from types import MappingProxyType
from typing import TypeVar

from crmkit.decision import Evidence, noted
from crmkit.errors import InvalidPolicy, InvalidValue
from crmkit.money import Money, Rounding, as_fraction, digits_of, round_fraction, sum_money
from crmkit.period import Rate, Unit

__all__ = [
    "MOST_PERIODS",
    "ExactNumber",
    "as_ratio",
    "as_ratios",
    "check_money",
    "check_periods",
    "check_probability",
    "check_rate",
    "check_rounding",
    "check_unit",
    "check_word",
    "discount_factor",
    "exact",
    "note_factor",
    "note_number",
    "note_rate",
    "per_unit",
    "read_only",
    "shown",
    "split_money",
    "split_to",
    "to_money",
]

ExactNumber = int | str | Decimal | Fraction
"""A number in any exact form; a float is refused."""

MOST_PERIODS = 1_200
"""The longest finite run of periods, a hundred years of months; beyond it there is "for ever"."""

_RATE_DIGITS = 28
_SHOWN_DIGITS = 18
_FACTOR_DIGITS = 12
_NOTHING_LEFT = -60
_TOO_MUCH = 40
_HIGHEST_DAILY_FORCE = Decimal("0.1")

KeyT = TypeVar("KeyT")
ValueT = TypeVar("ValueT")


# --- terms ----------------------------------------------------------------------------------------


def as_ratio(number: ExactNumber) -> Fraction:
    """Take a share, a probability or a factor such as ``"0.80"`` exactly.

    :raises InvalidMoney: for a float.
    """
    return as_fraction(number, "a ratio")


def as_ratios(numbers: Iterable[ExactNumber]) -> tuple[Fraction, ...]:
    """Take several ratios exactly, in their order."""
    return tuple(as_ratio(number) for number in numbers)


def read_only(items: Mapping[KeyT, ValueT]) -> Mapping[KeyT, ValueT]:
    """Keep a mapping so that nobody changes it."""
    return MappingProxyType(dict(items))


def check_probability(number: Fraction, what: str) -> None:
    """Refuse what is no probability and no share.

    :raises InvalidPolicy: with what would have worked.
    """
    if not 0 <= number <= 1:
        raise InvalidPolicy(f"{what} lies between 0 and 1, such as '0.80'")


def check_rate(rate: Rate, what: str = "a discount") -> None:
    """Refuse a bare number, which does not say its unit of time, and a rate beyond all use.

    :raises InvalidPolicy: with what would have worked.
    """
    if not isinstance(rate, Rate):
        raise InvalidPolicy(
            f"{what} is a Rate, which knows its unit of time: pass Rate.annual('0.12') or "
            f"Rate.of('0.01', Unit.MONTH), not a bare number"
        )
    if not -_HIGHEST_DAILY_FORCE <= rate.daily_force <= _HIGHEST_DAILY_FORCE:
        raise InvalidPolicy(
            f"{what} is at most some 10 % a day: check the unit of time of the rate"
        )


def check_money(amount: Money, what: str) -> None:
    """Refuse a bare number, which does not say its currency.

    :raises InvalidPolicy: with what would have worked.
    """
    if not isinstance(amount, Money):
        raise InvalidPolicy(f"{what} is Money, such as Money('12.30', 'EUR'), not a bare number")


def check_unit(unit: Unit) -> None:
    """Refuse a unit of time that there is not.

    :raises InvalidPolicy: with those that there are.
    """
    if not isinstance(unit, Unit):
        raise InvalidPolicy("a unit of time is one of Unit, such as Unit.YEAR")


def check_word(word: StrEnum, words: type[StrEnum], what: str) -> None:
    """Refuse a word that is not of an enumeration.

    :raises InvalidPolicy: with those that are.
    """
    if not isinstance(word, words):
        raise InvalidPolicy(f"{what} is one of {words.__name__}: {', '.join(words)}")


def check_rounding(rounding: Rounding) -> None:
    """Refuse a rounding that there is not.

    :raises InvalidMoney: with those that there are.
    """
    round_fraction(Fraction(0), rounding)


def check_periods(periods: int | None) -> None:
    """Refuse a run of periods that is no count, or longer than anybody plans.

    :raises InvalidPolicy: with what would have worked.
    """
    if periods is not None and (type(periods) is not int or not 0 <= periods <= MOST_PERIODS):
        raise InvalidPolicy(f"periods are counted from 0 to {MOST_PERIODS:,}; None is for ever")


# --- rates and time -------------------------------------------------------------------------------


def per_unit(rate: Rate, unit: Unit) -> Fraction:
    """The rate compounded once a unit, to 28 decimal digits.

    A ``Rate`` is kept as a continuous rate of 34 digits. The digits beyond the 28th are dropped, so
    that a rate which was stated a unit is, in a formula by that unit, exactly what was stated.
    """
    scale = 10**_RATE_DIGITS
    stated = Fraction(rate.per(unit)) * scale
    return Fraction(round_fraction(stated, Rounding.HALF_EVEN), scale)


def discount_factor(rate: Rate, days: int | Fraction) -> Fraction:
    """What one unit of money so many days ahead is worth now; of days that are past, what it grew.

    :raises InvalidValue: if it grew beyond any amount of money.
    """
    factor = rate.discount_factor(days, Unit.DAY)
    if factor.adjusted() > _TOO_MUCH:
        raise InvalidValue(
            "over so long a time at this rate money grows beyond any amount: check both days and "
            "the unit of time of the rate"
        )
    # Of the largest amount there is, nothing would be left; its digits would be millions.
    return Fraction(0) if factor.adjusted() < _NOTHING_LEFT else Fraction(factor)


# --- amounts --------------------------------------------------------------------------------------


def exact(money: Money) -> Fraction:
    """An amount in major units, as a fraction."""
    return Fraction(money.minor, 10 ** digits_of(money.currency))


def to_money(amount: Fraction, currency: str, rounding: Rounding) -> Money:
    """Round an exact amount of major units once.

    :raises InvalidMoney: if it is more than can be kept.
    """
    return Money.rounded(amount, currency, rounding=rounding)


def split_money(
    amounts: Iterable[Fraction], currency: str, rounding: Rounding
) -> tuple[Money, ...]:
    """Round parts so that they add up to the rounded sum: each is within a minor unit of itself.

    What is rounded are the running totals; a part is the step from one to the next.

    >>> thirds = [Fraction(1, 3)] * 3
    >>> [str(part) for part in split_money(thirds, "EUR", Rounding.HALF_EVEN)]
    ['0.33 EUR', '0.34 EUR', '0.33 EUR']
    """
    totals = [to_money(t, currency, rounding) for t in accumulate(amounts, initial=Fraction(0))]
    return tuple(later - earlier for earlier, later in pairwise(totals))


def split_to(whole: Money, amounts: Iterable[Fraction], rounding: Rounding) -> tuple[Money, ...]:
    """Round parts so that they add up to a whole that was summed in floats.

    What the last digits of the floats make, if they make a minor unit, is the last part's.
    """
    parts = split_money(amounts, whole.currency, rounding)
    return (*parts[:-1], whole - sum_money(parts[:-1], whole.currency)) if parts else ()


# --- evidence -------------------------------------------------------------------------------------


def shown(number: Fraction, digits: int = _SHOWN_DIGITS) -> Decimal:
    """A number as evidence shows it, rounded to so many decimal digits if it has more."""
    units = round_fraction(number * 10**digits, Rounding.HALF_EVEN)
    sign, text = int(units < 0), str(abs(units)).rjust(digits + 1, "0")
    whole, parts = text[:-digits], text[-digits:].rstrip("0")
    return Decimal((sign, tuple(map(int, whole + parts)), -len(parts)))


def note_number(criterion: str, number: Fraction) -> Evidence:
    """Note a term of a formula."""
    return noted(criterion, shown(number))


def note_factor(criterion: str, number: Fraction) -> Evidence:
    """Note what was computed on the way, to 12 decimal digits."""
    return noted(criterion, shown(number, _FACTOR_DIGITS))


def note_rate(criterion: str, rate: Rate, unit: Unit) -> Evidence:
    """Note a rate by a unit of time: ``discount a year``."""
    return note_number(f"{criterion} a {unit}", per_unit(rate, unit))
