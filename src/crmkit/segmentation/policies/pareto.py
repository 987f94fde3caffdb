"""The Pareto report: how few customers bring how much, and whom to look after first.

What is shared out is what customers brought: those at zero or below count as heads and bring
nothing.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from fractions import Fraction
from itertools import accumulate, pairwise
from typing import Self

from attrs import field, frozen

from crmkit.decision import Decision
from crmkit.errors import InvalidPolicy, InvalidValue
from crmkit.money import Money, Rounding, round_fraction
from crmkit.segmentation.facts import Histogram, ValuedFacts
from crmkit.segmentation.policies.ladder import (
    ExactNumber,
    as_share,
    brought_by,
    check_rising_shares,
    count_money,
    first_met,
    fit_thresholds,
    ladder_evidence,
    ladder_outcomes,
)
from crmkit.segmentation.policies.service_level import ServiceLevel, check_every_class, read_only
from crmkit.segmentation.summary import RfmSummary

__all__ = [
    "CurvePoint",
    "Focus",
    "ParetoFocus",
    "ParetoReport",
    "concentration_curve",
    "gini",
]


# --- the report -----------------------------------------------------------------------------------


@frozen(kw_only=True)
class ParetoReport:
    """The smallest number of customers who together bring a given share of the value.

    >>> report = ParetoReport.of([Money(n, "EUR") for n in (70, 10, 10, 5, 5)], share="0.80")
    >>> report.customers, report.share_of_customers
    (2, Fraction(2, 5))
    >>> print(report)
    2 of 5 customers (40.0 %) bring 80.00 EUR of 100.00 EUR (80.0 %)
    """

    share: Fraction
    """The share that was asked for."""
    customers: int
    """How few customers bring it, the best first."""
    of_customers: int
    """How many customers there are."""
    value: Money
    """What those few bring together; the last of them may carry it past the share."""
    of_value: Money
    """What all customers bring together."""

    @classmethod
    def of(
        cls, population: Histogram | Iterable[Money], *, share: ExactNumber = Fraction(80, 100)
    ) -> Self:
        """Count how few bring the share; where nobody brings anything, nobody is needed.

        :raises InvalidPolicy: if the share is not above 0 and at most 1.
        :raises NothingToFit: if the population is empty.
        :raises CurrencyMismatch: if the amounts are of two currencies.
        """
        counted, currency = count_money(population)
        exact = as_share(share)
        check_rising_shares([exact])
        brought = list(brought_by(counted))
        wanted = exact * sum(value * heads for value, heads in brought)
        few, sum_of_few = 0, 0
        for value, heads in brought:
            # Of customers with one value, only as many as are still needed.
            missing = max(wanted - sum_of_few, Fraction(0))
            needed = min(heads, round_fraction(missing / value, Rounding.CEILING))
            few, sum_of_few = few + needed, sum_of_few + needed * value
        return cls(
            share=exact,
            customers=few,
            of_customers=counted.customers,
            value=Money.of_minor(sum_of_few, currency),
            of_value=Money.of_minor(sum(value * heads for value, heads in brought), currency),
        )

    @property
    def share_of_customers(self) -> Fraction:
        """The few as a part of all customers."""
        return Fraction(self.customers, self.of_customers)

    @property
    def share_of_value(self) -> Fraction:
        """What the few bring as a part of everything; 0 where there is nothing."""
        return Fraction(self.value.minor, self.of_value.minor or 1)

    def __str__(self) -> str:
        return (
            f"{self.customers} of {self.of_customers} customers "
            f"({_percent(self.share_of_customers)}) bring {self.value} of {self.of_value} "
            f"({_percent(self.share_of_value)})"
        )


def _percent(part: Fraction) -> str:
    whole, tenths = divmod(round_fraction(part * 1000, Rounding.HALF_EVEN), 10)
    return f"{whole}.{tenths} %"


# --- the picture ----------------------------------------------------------------------------------


@frozen
class CurvePoint:
    """A point of the concentration curve: so many of the heads bring so much of the value."""

    customers: Fraction
    value: Fraction


def concentration_curve(
    population: Histogram | Iterable[Money], *, points: int | None = None
) -> tuple[CurvePoint, ...]:
    """The curve of a Pareto picture, from (0, 0) to (1, 1), the best customers first.

    There is one point for each distinct value; ``points`` thins them out for a drawing, both ends
    kept. Where nobody brings anything, all bring alike: the curve is the diagonal.

    :raises NothingToFit: if the population is empty.
    :raises InvalidValue: if fewer than two points are asked for.

    >>> curve = concentration_curve([Money(3, "EUR"), Money(1, "EUR")])
    >>> [(str(point.customers), str(point.value)) for point in curve]
    [('0', '0'), ('1/2', '3/4'), ('1', '1')]
    """
    if points is not None and points < 2:
        raise InvalidValue("a curve has two ends: ask for at least 2 points")
    counted, _ = count_money(population)
    brought = list(brought_by(counted))
    customers = counted.customers
    total = sum(value * heads for value, heads in brought)
    heads_so_far = accumulate((heads for _, heads in brought), initial=0)
    value_so_far = accumulate((value * heads for value, heads in brought), initial=0)
    curve = [
        CurvePoint(Fraction(heads, customers), Fraction(value, total or 1))
        for heads, value in zip(heads_so_far, value_so_far, strict=True)
    ]
    if curve[-1].customers < 1:
        curve.append(CurvePoint(Fraction(1), Fraction(1)))
    return tuple(curve if points is None else _thinned(curve, points))


def _thinned(curve: list[CurvePoint], points: int) -> list[CurvePoint]:
    last = len(curve) - 1
    kept = dict.fromkeys(last * i // (points - 1) for i in range(points))
    return [curve[i] for i in kept]


def gini(population: Histogram | Iterable[Money]) -> Fraction:
    """How unevenly value is spread: 0 when all bring alike, close to 1 when one brings everything.

    The Gini coefficient is the area between the curve and the diagonal as a part of the area above
    the diagonal (C. Gini, 1912); exact, no correction for small populations.

    :raises NothingToFit: if the population is empty.

    >>> gini([Money(1, "EUR"), Money(1, "EUR")]), gini([Money(0, "EUR"), Money(1, "EUR")])
    (Fraction(0, 1), Fraction(1, 2))
    """
    curve = concentration_curve(population)
    steps = pairwise(curve)
    # Twice the area of each trapezoid under the curve: its width times the sum of its sides.
    doubled = sum(
        ((b.customers - a.customers) * (a.value + b.value) for a, b in steps), Fraction(0)
    )
    return doubled - 1


# --- the policy -----------------------------------------------------------------------------------


class Focus(StrEnum):
    """Whether a customer is one of the few who bring most."""

    KEY = "key"
    OTHER = "other"


_FOCUS = tuple(Focus)


def _as_service(service: Mapping[Focus, ServiceLevel]) -> Mapping[Focus, ServiceLevel]:
    return read_only(service)


@frozen(kw_only=True)
class ParetoFocus:
    """Key customers come first with people, material and money; the others are still served.

    ``key_from`` is the smallest value of a key customer (None: nobody brought anything); customers
    of equal value are key together. ``service`` says what each of the two gets.

    :raises InvalidPolicy: if a class lacks its service, the others do not come after the key
        customers, are contacted as often, or not at all.

    >>> service = {
    ...     Focus.KEY: ServiceLevel(priority=1, contacts_per_year=12),
    ...     Focus.OTHER: ServiceLevel(priority=2, contacts_per_year=2),
    ... }
    >>> focus = ParetoFocus.fit([Money(n, "EUR") for n in (70, 10, 10, 5, 5)], service=service)
    >>> focus.key_from
    Money('10.00', 'EUR')
    >>> focus.service_for(Focus.OTHER).contacts_per_year
    2
    """

    key_from: Money | None = None
    service: Mapping[Focus, ServiceLevel] = field(converter=_as_service, hash=False)
    share: Fraction = field(default=Fraction(80, 100), converter=as_share)

    def __attrs_post_init__(self) -> None:
        check_rising_shares([self.share])
        check_every_class(self.service, Focus, "the service")
        key, other = self.service[Focus.KEY], self.service[Focus.OTHER]
        if other.priority <= key.priority or other.contacts_per_year >= key.contacts_per_year:
            raise InvalidPolicy("key customers come first, and are contacted more than the others")
        if not other.contacts_per_year:
            raise InvalidPolicy("the others are served less, not dropped: contact them once a year")

    @classmethod
    def fit(
        cls,
        population: Histogram | Iterable[Money],
        *,
        service: Mapping[Focus, ServiceLevel],
        share: ExactNumber = Fraction(80, 100),
    ) -> Self:
        """Find the smallest value among the few who bring the share.

        :raises NothingToFit: if the population is empty.
        :raises CurrencyMismatch: if the amounts are of two currencies.
        """
        counted, currency = count_money(population)
        exact = as_share(share)
        brought = ((value, value * heads) for value, heads in brought_by(counted))
        (key_from,) = fit_thresholds(brought, [exact], currency)
        return cls(key_from=key_from, service=service, share=exact)

    def service_for(self, focus: Focus) -> ServiceLevel:
        """What the customers of one class get."""
        return self.service[focus]

    def __call__(self, facts: ValuedFacts, /) -> Decision[Focus]:
        """Say whether one customer is a key customer, and what that takes."""
        evidence = ladder_evidence(_FOCUS, (self.key_from,), facts.value)
        outcome = first_met(_FOCUS, evidence)
        return Decision(outcome, "pareto-focus", facts.as_of, evidence, subject=facts.customer)

    def outcomes(self, facts: RfmSummary | Iterable[ValuedFacts]) -> list[Focus]:
        """The focus on many customers, as the call gives it one by one."""
        return ladder_outcomes(_FOCUS, (self.key_from,), facts)
