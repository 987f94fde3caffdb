"""On which days a customer bought, as of a day."""

from collections.abc import Iterable
from datetime import date
from fractions import Fraction
from itertools import pairwise
from statistics import median
from typing import Self

from attrs import field, frozen

from crmkit.errors import InvalidValue
from crmkit.identifiers import CustomerId, check_identifier
from crmkit.period import check_date
from crmkit.records import Purchase

__all__ = ["ActivityFacts"]


def _as_days(days: Iterable[date]) -> tuple[date, ...]:
    found = tuple(days)
    for day in found:
        check_date(day, "a day of purchase")
    return tuple(sorted(set(found)))


@frozen(kw_only=True)
class ActivityFacts:
    """The days on which a customer bought, up to and including ``as_of``; two purchases on one day
    are one visit.

    :raises InvalidValue: if a day is no plain date, or lies after ``as_of``.
    """

    customer: CustomerId
    as_of: date
    bought_on: tuple[date, ...] = field(converter=_as_days)

    def __attrs_post_init__(self) -> None:
        check_identifier(self.customer, "customer")
        check_date(self.as_of, "as_of")
        if self.bought_on and self.bought_on[-1] > self.as_of:
            raise InvalidValue("a day of purchase lies after as_of: leave out what comes later")

    @classmethod
    def of(cls, customer: CustomerId, purchases: Iterable[Purchase], as_of: date) -> Self:
        """What the purchases of one customer say; refunds and what comes later do not count."""
        days = (
            purchase.on
            for purchase in purchases
            if purchase.customer == customer and purchase.on <= as_of and not purchase.is_refund
        )
        return cls(customer=customer, as_of=as_of, bought_on=days)

    @property
    def gaps(self) -> tuple[int, ...]:
        """The days from each day of purchase to the next one."""
        return tuple((late - soon).days for soon, late in pairwise(self.bought_on))

    @property
    def usual_gap(self) -> Fraction | None:
        """The middle one of the customer's own gaps, in days; None with less than two purchases.

        The median, so that one long holiday does not make a rare buyer of a regular one.
        """
        gaps = self.gaps
        return median(Fraction(gap) for gap in gaps) if gaps else None

    @property
    def silence(self) -> int | None:
        """The days since the last purchase; None if there was none."""
        return (self.as_of - self.bought_on[-1]).days if self.bought_on else None
