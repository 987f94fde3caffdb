"""Customer equity: what all customers together are worth, by segment (CLV-02).

The notion is that of R. C. Blattberg and J. Deighton, "Manage Marketing by the Customer Equity
Test", Harvard Business Review 74 (1996).
"""

from collections.abc import Iterable, Mapping
from datetime import date
from fractions import Fraction
from typing import Self

from attrs import field, frozen

from crmkit.errors import InvalidValue, NothingToFit
from crmkit.identifiers import CustomerId, check_identifier
from crmkit.lifetime_value.policies.exact import check_money, read_only
from crmkit.money import Money, sum_money
from crmkit.period import check_date

__all__ = ["CustomerEquity", "SegmentEquity", "SegmentedValue"]


@frozen(kw_only=True)
class SegmentedValue:
    """What one customer is worth as of a day, and the segment or tier that they belong to.

    :raises InvalidValue: if the day is not a plain date, or the segment could not serve as a key.
    """

    customer: CustomerId
    as_of: date
    value: Money
    segment: str

    def __attrs_post_init__(self) -> None:
        check_identifier(self.customer, "customer")
        check_identifier(self.segment, "segment")
        check_date(self.as_of, "as_of")
        check_money(self.value, "a value")


@frozen
class SegmentEquity:
    """How many customers a segment has, and what they are worth together."""

    customers: int
    value: Money

    def __add__(self, other: "SegmentEquity") -> "SegmentEquity":
        return SegmentEquity(self.customers + other.customers, self.value + other.value)


def _by_name(segments: Mapping[str, SegmentEquity]) -> Mapping[str, SegmentEquity]:
    return read_only(dict(sorted(segments.items())))


@frozen(kw_only=True)
class CustomerEquity:
    """What all customers together are worth as of a day: the sum of their values, by segment.

    Summaries of groups without a customer in common merge to that of all, in any order.

    :raises NothingToFit: if there is no segment.
    :raises CurrencyMismatch: if the values are of two currencies.

    >>> day = date(2026, 6, 30)
    >>> customers = [("C-1", 900, "gold"), ("C-2", 60, "iron"), ("C-3", 40, "iron")]
    >>> equity = CustomerEquity.of(
    ...     SegmentedValue(customer=name, as_of=day, value=Money(worth, "EUR"), segment=tier)
    ...     for name, worth, tier in customers
    ... )
    >>> equity.value, equity.customers
    (Money('1000.00', 'EUR'), 3)
    >>> equity.segments["iron"], equity.share("iron")
    (SegmentEquity(customers=2, value=Money('100.00', 'EUR')), Fraction(1, 10))
    """

    as_of: date
    segments: Mapping[str, SegmentEquity] = field(converter=_by_name, hash=False)

    def __attrs_post_init__(self) -> None:
        check_date(self.as_of, "as_of")
        if not self.segments:
            raise NothingToFit("no customers to add up: pass at least one")
        sum_money((segment.value for segment in self.segments.values()), self.currency)

    @classmethod
    def of(cls, values: Iterable[SegmentedValue]) -> Self:
        """Add up the values of customers by segment.

        :raises NothingToFit: if there is no customer.
        :raises InvalidValue: if they are of different days.
        :raises CurrencyMismatch: if they are of different currencies.
        """
        segments: dict[str, SegmentEquity] = {}
        days: set[date] = set()
        for item in values:
            one = SegmentEquity(1, item.value)
            known = segments.get(item.segment)
            segments[item.segment] = one if known is None else known + one
            days.add(item.as_of)
        if not days:
            raise NothingToFit("no customers to add up: pass at least one")
        as_of = days.pop()
        if days:
            raise InvalidValue("values of different days do not add up: take all as of one day")
        return cls(as_of=as_of, segments=segments)

    def merge(self, other: Self) -> Self:
        """Add up the equity of two groups of customers without a customer in common.

        :raises InvalidValue: if they are of different days.
        :raises CurrencyMismatch: if they are of different currencies.
        """
        if self.as_of != other.as_of:
            raise InvalidValue("values of different days do not add up: take both as of one day")
        segments = dict(self.segments)
        for name, segment in other.segments.items():
            segments[name] = segments[name] + segment if name in segments else segment
        return type(self)(as_of=self.as_of, segments=segments)

    @property
    def currency(self) -> str:
        """The currency of every value."""
        return next(iter(self.segments.values())).value.currency

    @property
    def customers(self) -> int:
        """How many customers there are."""
        return sum(segment.customers for segment in self.segments.values())

    @property
    def value(self) -> Money:
        """The customer equity: what all customers together are worth."""
        return sum_money((segment.value for segment in self.segments.values()), self.currency)

    def share(self, segment: str) -> Fraction | None:
        """What share of the equity a segment holds; None where the equity is not above zero.

        :raises InvalidValue: if there is no such segment.
        """
        if segment not in self.segments:
            raise InvalidValue(f"no such segment; there are: {', '.join(self.segments)}")
        total = self.value
        return self.segments[segment].value.ratio_to(total) if total.minor > 0 else None
