"""What segmentation knows of a customer, and of a population, as of a day.

Facts about one customer go into policies. A :class:`Histogram` (value -> how many customers) is all
that fitting a policy to a population needs; histograms merge, so a database or a cluster can count.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from fractions import Fraction
from types import MappingProxyType
from typing import Protocol, Self

from attrs import field, frozen

from crmkit.errors import CurrencyMismatch, InvalidValue, NothingToFit
from crmkit.identifiers import CustomerId, check_identifier
from crmkit.money import Money
from crmkit.period import check_date

__all__ = ["CustomerValue", "Histogram", "RfmFacts", "ValuedFacts"]


class ValuedFacts(Protocol):
    """Any facts that put a value on a customer: revenue, profit, or a lifetime value."""

    @property
    def customer(self) -> CustomerId:
        """Whom the facts are about."""

    @property
    def as_of(self) -> date:
        """The last day that they include."""

    @property
    def value(self) -> Money:
        """What the customer is worth by the measure of the host."""


@frozen(kw_only=True)
class CustomerValue:
    """What one customer is worth as of a day, by whatever measure the host chose.

    :raises InvalidValue: if the day is not a plain date.
    """

    customer: CustomerId
    as_of: date
    value: Money

    def __attrs_post_init__(self) -> None:
        check_identifier(self.customer, "customer")
        check_date(self.as_of, "as_of")


def _read_only(totals: Mapping[int, Money]) -> Mapping[int, Money]:
    return MappingProxyType(dict(sorted(totals.items())))


@frozen(kw_only=True)
class RfmFacts:
    """Recency, frequency and money of one customer as of a day.

    ``frequency`` counts *all* purchases (purchase days or orders, as the summary chose) and
    ``recency_days`` are the days *since* the last one: the words of segmentation, not those of the
    lifetime-value literature. ``monetary`` is the sum or the mean, as the summary chose; ``total``
    is always the sum, net of refunds as the summary's rule says. ``yearly_totals`` are its parts
    by calendar year: those from the first purchase to ``as_of``, quiet years with a zero, and any
    earlier year in which money was paid back.

    :raises InvalidValue: if a purchase lies after ``as_of``, the first after the last, or the
        frequency is below one.
    :raises CurrencyMismatch: if the amounts are in different currencies.
    """

    customer: CustomerId
    as_of: date
    first_purchase_on: date
    last_purchase_on: date
    frequency: int
    monetary: Money
    total: Money
    yearly_totals: Mapping[int, Money] = field(factory=dict, converter=_read_only, hash=False)

    def __attrs_post_init__(self) -> None:
        check_identifier(self.customer, "customer")
        for what in ("as_of", "first_purchase_on", "last_purchase_on"):
            check_date(getattr(self, what), what)
        if not self.first_purchase_on <= self.last_purchase_on <= self.as_of:
            raise InvalidValue("purchases run from the first to the last, none after as_of")
        if self.frequency < 1:
            raise InvalidValue("a customer with facts has bought at least once: frequency >= 1")
        for money in (self.monetary, *self.yearly_totals.values()):
            if money.currency != self.total.currency:
                raise CurrencyMismatch(self.total.currency, money.currency)

    @property
    def recency_days(self) -> int:
        """Days since the last purchase; 0 on the day itself."""
        return (self.as_of - self.last_purchase_on).days

    @property
    def value(self) -> Money:
        """The total, as what the customer is worth to policies that rank by value."""
        return self.total


def _counted(counts: Mapping[int, int]) -> Mapping[int, int]:
    customers = list(counts.values())
    if {*map(type, counts), *map(type, customers)} - {int} or min(customers, default=1) < 1:
        raise InvalidValue("a histogram maps whole numbers to how many customers have them")
    return MappingProxyType({value: counts[value] for value in sorted(counts)})


@frozen
class Histogram:
    """How many customers have each value: all that fitting a policy to a population needs.

    Values are whole numbers: days, purchases, or minor units of ``currency``. Histograms of parts
    of the population merge to that of the whole, in any order.

    :raises InvalidValue: if a value or a count is not a whole number, or a count is below one.

    >>> half = Histogram.of([3, 1, 1])
    >>> dict(half.merge(Histogram.of([2])).counts)
    {1: 2, 2: 1, 3: 1}
    """

    counts: Mapping[int, int] = field(converter=_counted, hash=False)
    currency: str | None = None

    @classmethod
    def of(cls, values: Iterable[int], currency: str | None = None) -> Self:
        """Count whole numbers."""
        return cls(Counter(values), currency)

    @classmethod
    def of_money(cls, values: Iterable[Money]) -> Self:
        """Count amounts of one currency.

        :raises CurrencyMismatch: if there are two.
        :raises NothingToFit: if there is no amount.
        """
        counts: Counter[int] = Counter()
        currency: str | None = None
        for money in values:
            if currency is None:
                currency = money.currency
            elif money.currency != currency:
                raise CurrencyMismatch(currency, money.currency)
            counts[money.minor] += 1
        if currency is None:
            raise NothingToFit("no amounts to count: pass at least one customer")
        return cls(counts, currency)

    def merge(self, other: "Histogram") -> "Histogram":
        """Count both populations together.

        :raises CurrencyMismatch: if they count minor units of different currencies.
        """
        if self.currency != other.currency:
            raise CurrencyMismatch(str(self.currency), str(other.currency))
        return Histogram(Counter(self.counts) + Counter(other.counts), self.currency)

    @property
    def customers(self) -> int:
        """How many customers are counted."""
        return sum(self.counts.values())

    @property
    def total(self) -> int:
        """The sum of the values of all customers."""
        return sum(value * count for value, count in self.counts.items())

    def ascending(self) -> Iterator[tuple[int, int]]:
        """The values with their counts, the smallest first."""
        return iter(self.counts.items())

    def descending(self) -> Iterator[tuple[int, int]]:
        """The values with their counts, the largest first."""
        values = list(self.counts)[::-1]
        return zip(values, map(self.counts.__getitem__, values), strict=True)

    def require_customers(self) -> int:
        """How many customers are counted, at least one.

        :raises NothingToFit: if there is none.
        """
        customers = self.customers
        if not customers:
            raise NothingToFit("no customers to fit to: pass a population of at least one")
        return customers

    def share_of_customers(self, count: int) -> Fraction:
        """What part of all customers a number of them is."""
        return Fraction(count, self.require_customers())
