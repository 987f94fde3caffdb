"""Five things by which loyalty shows, measured one by one and not yet added up."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType

from attrs import field, frozen

from crmkit.errors import InvalidValue
from crmkit.identifiers import CustomerId, check_identifier
from crmkit.loyalty.facts.loyal import RepeatPurchasing
from crmkit.loyalty.records.answers import ScaledAnswer, as_word
from crmkit.money import as_fraction
from crmkit.period import check_date

__all__ = ["LoyaltyMeasure", "MeasureProfile", "Measurement", "Reading", "as_exact"]


class LoyaltyMeasure(StrEnum):
    """By what loyalty shows; source: LOY-02. Two measures rise with it, three fall."""

    REPEAT_PURCHASES = "repeat-purchases"
    CHOOSING_TIME = "choosing-time"
    """How long the customer looks around before buying: the loyal choose quickly."""
    PRICE_SENSITIVITY = "price-sensitivity"
    WARMTH_TO_RIVALS = "warmth-to-rivals"
    """How kindly the customer looks at what rivals sell."""
    FAULT_TOLERANCE = "fault-tolerance"
    """How much the customer forgives when something is not as it should be."""

    @property
    def speaks_for_loyalty(self) -> bool:
        """Whether more of it means more loyalty; of the others, more means less."""
        return self in (LoyaltyMeasure.REPEAT_PURCHASES, LoyaltyMeasure.FAULT_TOLERANCE)


_LARGEST = 10**18
_DIGITS = 6


def as_exact(number: "int | str | Decimal | Fraction") -> Fraction:
    """Take a number in any exact form; a float is refused, and what no shop would measure.

    :raises InvalidMoney: for a float, a bool, NaN or infinity.
    :raises InvalidValue: beyond 18 digits, or with a denominator of more.
    """
    exact = as_fraction(number, "a measured number")
    if max(abs(exact.numerator), exact.denominator) > _LARGEST:
        raise InvalidValue("a measured number has at most 18 digits, and so has its denominator")
    return exact


@frozen
class Reading:
    """A number that was measured, and in what: 12 minutes, 0.8 of a share.

    :raises InvalidMoney: if the number is a float, or not finite.
    :raises InvalidIdentifier: if the unit could not serve as a key.

    >>> print(Reading("12.5", "minutes"))
    12.5 minutes
    """

    value: Fraction = field(converter=as_exact)
    unit: str = field(converter=as_word)

    def __attrs_post_init__(self) -> None:
        check_identifier(self.unit, "the unit of a reading")

    @classmethod
    def of(cls, repeat: RepeatPurchasing) -> "Reading":
        """Repeat purchases as a reading, with their span in the unit."""
        return cls(repeat.repeats, f"purchases in {repeat.over}")

    def __str__(self) -> str:
        return f"{_text_of(self.value)} {self.unit}"


def _text_of(number: Fraction) -> str:
    """A number as it is usually written, if that is exact, and as a fraction if not."""
    for digits in range(_DIGITS + 1):
        if 10**digits % number.denominator == 0:
            units = int(abs(number) * 10**digits)
            figures = tuple(int(figure) for figure in str(units))
            return f"{Decimal((int(number < 0), figures, -digits)):f}"
    return str(number)


Measurement = Reading | ScaledAnswer
"""A number with its unit, or a word with its scale."""


def _as_measured(
    measured: Mapping[LoyaltyMeasure, Measurement],
) -> Mapping[LoyaltyMeasure, Measurement]:
    found = dict(measured)
    for measure, value in found.items():
        if not isinstance(measure, LoyaltyMeasure) or not isinstance(value, Measurement):
            raise InvalidValue(
                "a profile has a Reading(12, 'minutes') or scale.answer('some') by LoyaltyMeasure; "
                "what was not measured is left out"
            )
    return MappingProxyType({each: found[each] for each in LoyaltyMeasure if each in found})


@frozen(kw_only=True)
class MeasureProfile:
    """What was measured of one customer, as of a day; what was not measured is left out.

    :raises InvalidValue: if a measure is unknown, or a measurement has neither unit nor scale.

    >>> profile = MeasureProfile(
    ...     customer="anna", as_of=date(2026, 6, 30),
    ...     measured={LoyaltyMeasure.CHOOSING_TIME: Reading(12, "minutes")},
    ... )
    >>> [str(measure) for measure in profile.missing]
    ['repeat-purchases', 'price-sensitivity', 'warmth-to-rivals', 'fault-tolerance']
    """

    customer: CustomerId
    as_of: date
    measured: Mapping[LoyaltyMeasure, Measurement] = field(converter=_as_measured, hash=False)

    def __attrs_post_init__(self) -> None:
        check_identifier(self.customer, "customer")
        check_date(self.as_of, "as_of")

    @property
    def missing(self) -> tuple[LoyaltyMeasure, ...]:
        """What was not measured, in the order of :class:`LoyaltyMeasure`."""
        return tuple(measure for measure in LoyaltyMeasure if measure not in self.measured)
