"""What is known of a customer's loyalty: how they feel about us, and whether they come back.

The two are kept apart, because neither follows from the other: a captive comes back without any
liking, and a fan may have no shop nearby. Whether the customer is content is a third thing; no
policy of this room asks for it (note N-08 of the requirements).
"""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import Self

from attrs import field, frozen

from crmkit.errors import InvalidValue
from crmkit.identifiers import CustomerId, check_identifier
from crmkit.loyalty.records.answers import ScaledAnswer, as_words
from crmkit.period import Period, Unit, check_date
from crmkit.records import Purchase

__all__ = ["LoyaltyFacts", "LoyaltyReason", "RepeatPurchasing", "Span"]

_MOST = 10**9
_IN_SMALLER = {Unit.WEEK: (7, Unit.DAY), Unit.QUARTER: (3, Unit.MONTH), Unit.YEAR: (12, Unit.MONTH)}


@frozen
class Span:
    """How far back something is counted: so many days or months, the day itself included.

    Weeks are taken as days, quarters and years as months, so that a year and twelve months are the
    same span.

    :raises InvalidValue: if the count is no whole number above zero, or the unit no Unit.

    >>> Span(1, Unit.YEAR) == Span(12, Unit.MONTH)
    True
    """

    count: int
    unit: Unit

    def __attrs_post_init__(self) -> None:
        if type(self.count) is not int or not 1 <= self.count <= _MOST:
            raise InvalidValue("a span has a whole number of units, one or more")
        if not isinstance(self.unit, Unit):
            raise InvalidValue("the unit of a span is a member of Unit, such as Unit.MONTH")
        times, unit = _IN_SMALLER.get(self.unit, (1, self.unit))
        object.__setattr__(self, "count", self.count * times)
        object.__setattr__(self, "unit", unit)

    def until(self, day: date) -> Period:
        """The period of this span whose last day is the one given."""
        return Period.trailing(day, self.count, self.unit)

    def __str__(self) -> str:
        return f"{self.count:,} {self.unit}{'' if self.count == 1 else 's'}"


@frozen
class RepeatPurchasing:
    """How often a customer came back, and over how long that was counted.

    A count without its span says nothing: nine times in a year is a regular, in ten years a guest.

    :raises InvalidValue: if the number is not whole or below 0, or the span is no Span.
    """

    repeats: int
    over: Span

    def __attrs_post_init__(self) -> None:
        if type(self.repeats) is not int or not 0 <= self.repeats <= _MOST:
            raise InvalidValue("repeat purchases are counted in whole numbers, from 0")
        if not isinstance(self.over, Span):
            raise InvalidValue("repeat purchases are counted over a Span, as Span(1, Unit.YEAR)")

    @classmethod
    def of(cls, purchases: Iterable[Purchase], *, as_of: date, over: Span) -> Self:
        """Count on how many days one customer bought again, up to ``as_of``.

        The first day on which they ever bought repeats nothing, so pass all purchases and not only
        those of the span. Refunds and what comes later are left out.

        :raises InvalidValue: if they are of several customers.

        >>> from crmkit.money import Money
        >>> days = [date(2024, 5, 1), date(2025, 9, 2), date(2026, 3, 7), date(2026, 3, 7)]
        >>> bought = [Purchase(CustomerId("anna"), day, Money(20, "EUR")) for day in days]
        >>> RepeatPurchasing.of(bought, as_of=date(2026, 6, 30), over=Span(1, Unit.YEAR)).repeats
        2
        """
        known = [each for each in purchases if each.on <= as_of]
        if len({each.customer for each in known}) > 1:
            raise InvalidValue("repeat purchases are counted for one customer at a time")
        days = sorted({each.on for each in known if not each.is_refund})
        period = over.until(as_of)
        return cls(sum(day in period for day in days[1:]), over)


class LoyaltyReason(StrEnum):
    """Why a customer comes back or does not: what the two axes cannot tell, and has to be asked."""

    NO_CHOICE = "no-choice"
    """There is nobody else to buy from."""
    HABIT = "habit"
    """Nothing holds the customer but the bother of a change."""
    BLOCKED = "blocked"
    """A rule of the company, or the surroundings, stand in the way of buying more."""
    CONVENIENCE = "convenience"
    """It is near, quick or easy."""
    LOWEST_PRICE = "lowest-price"
    """Whoever is cheapest gets the order."""
    REWARD = "reward"
    """There is a reward for it."""
    PREFERENCE = "preference"
    """The customer wants us, and says so to others."""


def _signs(signs: Iterable[str]) -> frozenset[str]:
    return frozenset(as_words(signs))


@frozen(kw_only=True)
class LoyaltyFacts:
    """What is known of one customer's loyalty, as of a day: attitude and behaviour kept apart.

    ``attachment`` is what the customer answered when asked how attached they are, ``repeat`` how
    often they came back; either may be unknown. ``reason`` is why, if somebody asked. ``signs`` are
    what was seen beyond buying, in the shop's words, such as "recommends us". Source: LOY-01.

    :raises InvalidValue: if the day is no plain date, or a fact is of another type.

    >>> from crmkit.loyalty.records.answers import AnswerScale
    >>> scale = AnswerScale("attachment", ["none", "some", "strong"])
    >>> anna = LoyaltyFacts(
    ...     customer=CustomerId("anna"), as_of=date(2026, 6, 30),
    ...     attachment=scale.answer("none"), repeat=RepeatPurchasing(9, Span(1, Unit.YEAR)),
    ... )
    >>> print(anna.attachment, anna.repeat.repeats)
    none (of none, some, strong) 9
    """

    customer: CustomerId
    as_of: date
    attachment: ScaledAnswer | None = None
    repeat: RepeatPurchasing | None = None
    reason: LoyaltyReason | None = None
    signs: frozenset[str] = field(default=frozenset(), converter=_signs)

    def __attrs_post_init__(self) -> None:
        check_identifier(self.customer, "customer")
        check_date(self.as_of, "as_of")
        if not isinstance(self.attachment, ScaledAnswer | None):
            raise InvalidValue("attachment is an answer on a scale: write scale.answer('some')")
        if not isinstance(self.repeat, RepeatPurchasing | None):
            raise InvalidValue("repeat is RepeatPurchasing(9, Span(1, Unit.YEAR)), or None")
        if not isinstance(self.reason, LoyaltyReason | None):
            raise InvalidValue("a reason is a member of LoyaltyReason, or None if nobody asked")
        for sign in self.signs:
            check_identifier(sign, "a sign")
