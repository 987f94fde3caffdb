"""Scores and classes of many customers, without a look at all of them at once.

Counting how many customers have each value is all that fitting needs, and counts of parts of the
base add up. Out of them come cut points, a few numbers that decide for one customer at a time: no
engine ranks all customers in one place.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, Self

from attrs import field, frozen

from crmkit.errors import CurrencyMismatch, InvalidPolicy
from crmkit.segmentation import AbcTiers, CutConvention, Histogram, RfmScale, Ties
from crmkit.segmentation.policies.abc_tiers import DEFAULT_ABC_CUTS, DEFAULT_ABC_NAMES
from crmkit.segmentation.policies.ladder import ExactNumber
from crmkit.warehouse.kernel import CustomerSummary

__all__ = ["CutPoints", "Histograms", "ScoredCustomer"]


class ScoredCustomer(NamedTuple):
    """Where one customer stands: three scores from 1 up, and a class by money."""

    customer_id: str
    recency_score: int
    frequency_score: int
    monetary_score: int
    tier: str


@frozen(kw_only=True)
class Histograms:
    """How many customers have which recency (days), frequency (purchase days) and money.

    Histograms of parts of the base merge to those of the whole, in any order.
    """

    recency: Histogram
    frequency: Histogram
    monetary: Histogram

    @classmethod
    def of(cls, summaries: Iterable[CustomerSummary], currency: str) -> Self:
        """Count summaries; they are read once.

        >>> anna = CustomerSummary("anna", 0, 7, 2, 3, 1, 7, 10, 800, 300)
        >>> dict(Histograms.of([anna], "EUR").frequency.counts)
        {2: 1}
        """
        counts: tuple[Counter[int], Counter[int], Counter[int]] = Counter(), Counter(), Counter()
        recency, frequency, monetary = counts
        for summary in summaries:
            recency[summary.recency_days] += 1
            frequency[summary.purchase_days] += 1
            monetary[summary.total_minor] += 1
        return cls.of_counts(
            recency=recency, frequency=frequency, monetary=monetary, currency=currency
        )

    @classmethod
    def of_counts(
        cls,
        *,
        recency: Mapping[int, int],
        frequency: Mapping[int, int],
        monetary: Mapping[int, int],
        currency: str,
    ) -> Self:
        """Take counts as an engine made them: each value with the number of customers who have it.

        :raises InvalidValue: if a value or a count is no whole number, or a count is below one.
        """
        return cls(
            recency=Histogram(recency),
            frequency=Histogram(frequency),
            monetary=Histogram(monetary, currency),
        )

    def merge(self, other: "Histograms") -> "Histograms":
        """Count both parts of the base together.

        :raises CurrencyMismatch: if they count minor units of different currencies.
        """
        return Histograms(
            recency=self.recency.merge(other.recency),
            frequency=self.frequency.merge(other.frequency),
            monetary=self.monetary.merge(other.monetary),
        )


@frozen(kw_only=True)
class CutPoints:
    """From which recency, frequency and money on a customer has which score, and which class.

    The policies are those of the embedded library, fitted or set by hand; they can be kept,
    versioned and shown, and here they decide row by row.

    :raises InvalidPolicy: if customers break the ties of the scale, which takes all customers in
        one order.
    :raises CurrencyMismatch: if scale and classes are in different currencies.
    """

    scale: RfmScale
    tiers: AbcTiers
    _edges: tuple[Sequence[int], ...] = field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        if self.scale.tie_breaks is not None:
            raise InvalidPolicy(
                "customers break the ties of this scale: fit it with Ties.SAME_SCORE to score row "
                "by row"
            )
        for money in self.tiers.thresholds:
            if money is not None and money.currency != self.currency:
                raise CurrencyMismatch(self.currency, money.currency)
        edges = (
            [-days for days in self.scale.recency_at_most],
            self.scale.frequency_at_least,
            [money.minor for money in self.scale.monetary_at_least],
            [money.minor for money in reversed(self.tiers.thresholds) if money is not None],
        )
        object.__setattr__(self, "_edges", edges)

    @property
    def currency(self) -> str:
        """The currency of all thresholds."""
        return self.scale.monetary_at_least[0].currency

    @classmethod
    def fit(
        cls,
        histograms: Histograms,
        *,
        bins: int = 5,
        ties: Ties = Ties.SAME_SCORE,
        cuts: Iterable[ExactNumber] = DEFAULT_ABC_CUTS,
        names: Sequence[str] = DEFAULT_ABC_NAMES,
        convention: CutConvention = CutConvention.SHARE_BEFORE_BELOW,
    ) -> Self:
        """Read the cut points off merged histograms: quintiles, and the classes A, B and C.

        They are those of :meth:`RfmScale.fit <crmkit.segmentation.RfmScale.fit>` and
        :meth:`AbcTiers.fit <crmkit.segmentation.AbcTiers.fit>` for the same customers.

        :raises NothingToFit: if there is no customer.
        :raises InvalidPolicy: if the terms make no scale or no classes.
        """
        scale = RfmScale.fit_histograms(
            recency=histograms.recency,
            frequency=histograms.frequency,
            monetary=histograms.monetary,
            bins=bins,
            ties=ties,
        )
        tiers = AbcTiers.fit(histograms.monetary, cuts=cuts, names=names, convention=convention)
        return cls(scale=scale, tiers=tiers)

    def score(self, summaries: Iterable[CustomerSummary]) -> Iterator[ScoredCustomer]:
        """Score customers one by one, as the policies do; nothing is remembered between two.

        >>> from crmkit.money import Money
        >>> cuts = CutPoints(
        ...     scale=RfmScale(
        ...         recency_at_most=(180, 30),
        ...         frequency_at_least=(2, 6),
        ...         monetary_at_least=(Money(50, "EUR"), Money(500, "EUR")),
        ...     ),
        ...     tiers=AbcTiers(thresholds=(Money(400, "EUR"), Money(100, "EUR"))),
        ... )
        >>> anna = CustomerSummary("anna", 0, 360, 4, 20, 3, 360, 380, 62_000, 40_000)
        >>> tuple(*cuts.score([anna]))
        ('anna', 3, 2, 3, 'A')
        """
        recency, frequency, monetary, money = self._edges
        by_reached = self.tiers.names[-len(money) - 1 :][::-1]
        for summary in summaries:
            total = summary.total_minor
            yield ScoredCustomer(
                summary.customer_id,
                1 + bisect_right(recency, -summary.recency_days),
                1 + bisect_right(frequency, summary.purchase_days),
                1 + bisect_right(monetary, total),
                by_reached[bisect_right(money, total)],
            )
