"""What a review finds out: segments, classes and layers in figures, and the best customers.

Everything here is a pure function of the summary and the policy. Customers are rows of the columns
of the summary, because there may be millions of them.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from fractions import Fraction
from heapq import nsmallest
from typing import Any, NamedTuple

from attrs import frozen

from crmkit.cli.review.policy import ReviewPolicy
from crmkit.decision import Decision
from crmkit.identifiers import CustomerId
from crmkit.money import Money
from crmkit.segmentation import (
    ParetoReport,
    PyramidLayer,
    RfmFacts,
    RfmScore,
    RfmSummary,
)

__all__ = [
    "BestCustomer",
    "Figures",
    "Group",
    "Outcomes",
    "decide",
    "decisions_on",
    "figures_of",
]

_BEST = 10


# --- deciding -------------------------------------------------------------------------------------


class _Worth(NamedTuple):
    """The least that a policy on value asks to know of a customer."""

    customer: CustomerId
    as_of: date
    value: Money


@frozen(kw_only=True)
class Outcomes:
    """What was decided on each customer, in the order of the columns of the summary."""

    scores: Sequence[RfmScore]
    segments: Sequence[str]
    abc: Sequence[str]
    pyramid: Sequence[str]

    @property
    def by_ladder(self) -> dict[str, Sequence[str]]:
        """The names that each policy gave."""
        return {"segment": self.segments, "abc": self.abc, "pyramid": self.pyramid}


def decide(policy: ReviewPolicy, summary: RfmSummary) -> Outcomes:
    """Decide on every customer, without evidence.

    :raises CurrencyMismatch: if the policy is in another currency than the purchases.
    """
    columns = summary.columns
    currency = str(summary.currency)
    amounts = {minor: Money.of_minor(minor, currency) for minor in set(columns.totals)}
    worths = [
        _Worth(customer, summary.as_of, amounts[minor])
        for customer, minor in zip(columns.customers, columns.totals, strict=True)
    ]
    scores = policy.segmentation.scale.outcomes(summary)
    return Outcomes(
        scores=scores,
        segments=policy.segmentation.segments.outcomes(scores),
        abc=policy.abc.outcomes(worths),
        pyramid=[layer.value for layer in policy.pyramid.outcomes(worths)],
    )


def decisions_on(policy: ReviewPolicy, facts: RfmFacts) -> tuple[Decision[Any], ...]:
    """Decide on one customer, with the evidence: the segment, the class and the layer."""
    return policy.segmentation(facts), policy.abc(facts), policy.pyramid(facts)


# --- figures --------------------------------------------------------------------------------------


@frozen(kw_only=True)
class Group:
    """The customers of one segment, class or layer; the medians are None where there is nobody.

    A median lies half-way between the two in the middle where their number is even; that of money
    is rounded to the minor unit, half to even.
    """

    name: str
    customers: int
    share_of_customers: Fraction
    revenue: Money
    share_of_revenue: Fraction
    median_recency_days: Fraction | None
    median_spend: Money | None


@frozen(kw_only=True)
class BestCustomer:
    """One of those who brought most, with what was decided on them."""

    facts: RfmFacts
    score: RfmScore
    decisions: tuple[Decision[Any], ...]


@frozen(kw_only=True)
class Figures:
    """All that a review shows about the customers of a shop as of a day."""

    as_of: date
    customers: int
    revenue: Money
    segments: tuple[Group, ...]
    tiers: tuple[Group, ...]
    pyramid: tuple[Group, ...]
    pareto: ParetoReport
    grid: Mapping[tuple[int, int], int]
    """How many customers have a recency score and a frequency score."""
    best: tuple[BestCustomer, ...]
    """By what they brought; of equals the one with more purchases, then the more recent one."""


def figures_of(policy: ReviewPolicy, summary: RfmSummary, outcomes: Outcomes) -> Figures:
    """Count and sum up what was decided."""
    group = _Grouping(summary)
    return Figures(
        as_of=summary.as_of,
        customers=len(summary),
        revenue=summary.revenue,
        segments=group(outcomes.segments, policy.segmentation.segments.names),
        tiers=group(outcomes.abc, policy.abc.names),
        pyramid=group(outcomes.pyramid, [layer.value for layer in PyramidLayer]),
        pareto=ParetoReport.of(summary.monetary_histogram()),
        grid=Counter((score.recency, score.frequency) for score in outcomes.scores),
        best=tuple(_best_customer(policy, summary, outcomes, row) for row in _best_rows(summary)),
    )


def _best_rows(summary: RfmSummary) -> list[int]:
    columns = summary.columns

    def place(row: int) -> tuple[int, int, int, str]:
        return (
            -columns.totals[row],
            -columns.frequency[row],
            -columns.last_days[row],
            columns.customers[row],
        )

    return nsmallest(_BEST, range(len(columns.customers)), key=place)


def _best_customer(
    policy: ReviewPolicy, summary: RfmSummary, outcomes: Outcomes, row: int
) -> BestCustomer:
    facts = summary[summary.columns.customers[row]]
    return BestCustomer(
        facts=facts, score=outcomes.scores[row], decisions=decisions_on(policy, facts)
    )


class _Grouping:
    """Sums customers up by what was decided on them."""

    def __init__(self, summary: RfmSummary) -> None:
        self._summary = summary
        self._today = summary.as_of.toordinal()
        self._currency = str(summary.currency)
        self._revenue = sum(summary.columns.totals)

    def __call__(self, outcomes: Sequence[str], names: Iterable[str]) -> tuple[Group, ...]:
        """One group for each name, in that order, those with nobody in them too."""
        days: dict[str, list[int]] = {name: [] for name in names}
        totals: dict[str, list[int]] = {name: [] for name in days}
        columns = self._summary.columns
        for name, day, total in zip(outcomes, columns.last_days, columns.totals, strict=True):
            days[name].append(day)
            totals[name].append(total)
        return tuple(self._group(name, days[name], totals[name]) for name in days)

    def _group(self, name: str, days: list[int], totals: list[int]) -> Group:
        revenue = sum(totals)
        recency = _median(days)
        spend = _median(totals)
        return Group(
            name=name,
            customers=len(days),
            share_of_customers=Fraction(len(days), len(self._summary)),
            revenue=Money.of_minor(revenue, self._currency),
            # Where refunds outweigh all sales there is nothing to have a share in.
            share_of_revenue=Fraction(revenue, self._revenue) if self._revenue > 0 else Fraction(0),
            median_recency_days=None if recency is None else self._today - recency,
            median_spend=None if spend is None else Money.of_minor(round(spend), self._currency),
        )


def _median(values: list[int]) -> Fraction | None:
    if not values:
        return None
    values.sort()
    return Fraction(values[(len(values) - 1) // 2] + values[len(values) // 2], 2)
