"""Recency, frequency and money as scores, each dimension within the one before."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from typing import Self

from attrs import evolve, frozen

from crmkit.decision import Decision
from crmkit.errors import InvalidPolicy
from crmkit.money import Money
from crmkit.segmentation.facts import RfmFacts
from crmkit.segmentation.policies.rfm import RfmScale
from crmkit.segmentation.policies.scoring import (
    Population,
    RfmScore,
    Ties,
    check_bins,
    check_currency,
    check_thresholds,
    grouped,
    score_table,
    scored,
    thresholds_of,
)
from crmkit.segmentation.summary import RfmSummary

__all__ = ["NestedRfmScale"]


@frozen(kw_only=True)
class NestedRfmScale:
    """Score frequency among customers of equal recency score, and money among those equal in both.

    Nesting fills every cell with about the same number of customers, at the price that a frequency
    score means something else in each recency score. A group that was empty when the scale was
    fitted is scored by the thresholds of the whole population.

    ``frequency_at_least`` holds one tuple of thresholds for each recency score,
    ``monetary_at_least`` one for each recency score and, within it, each frequency score.

    Source of the method: Hughes, *Strategic Database Marketing* (1994).

    :raises InvalidPolicy: if thresholds are missing, run the wrong way, or mix currencies.
    """

    recency_at_most: tuple[int, ...]
    frequency_at_least: tuple[tuple[int, ...], ...]
    monetary_at_least: tuple[tuple[tuple[Money, ...], ...], ...]

    def __attrs_post_init__(self) -> None:
        shape = [len(group) for group in self.monetary_at_least]
        if len(self.frequency_at_least) != self.bins or shape != [self.bins] * self.bins:
            raise InvalidPolicy(
                "a nested scale needs frequency thresholds for each recency score and money "
                "thresholds for each pair of scores"
            )
        for frequency, group in zip(self.frequency_at_least, self.monetary_at_least, strict=True):
            for monetary in group:
                check_thresholds(self.recency_at_most, frequency, monetary)
        cells = [cell for group in self.monetary_at_least for cell in group]
        if len({money.currency for cell in cells for money in cell}) > 1:
            raise InvalidPolicy("the money thresholds of a scale are in one currency")

    @property
    def bins(self) -> int:
        """How many scores there are: 5 unless said otherwise."""
        return len(self.recency_at_most) + 1

    @classmethod
    def fit(
        cls,
        population: RfmSummary | Iterable[RfmFacts],
        *,
        bins: int = 5,
        ties: Ties = Ties.SAME_SCORE,
    ) -> Self:
        """Read the thresholds off a population, group by group.

        :raises NothingToFit: if there is no customer.
        :raises InvalidPolicy: if there are fewer than two bins, or ties are to go by customer.
        """
        people = Population.of(population)
        people.require()
        check_bins(bins)
        if ties is Ties.BY_CUSTOMER_ID:
            raise InvalidPolicy("a nested scale knows same-score and dense-rank ties")
        steps = range(1, bins + 1)
        recency = thresholds_of(Counter(people.recency), bins, ties)
        by_recency = grouped(zip(scored(recency, people.recency), people.frequency, strict=True))
        whole = thresholds_of(Counter(people.frequency), bins, ties)
        frequency = [
            thresholds_of(by_recency[r], bins, ties) if r in by_recency else whole for r in steps
        ]
        pairs = [
            (r, 1 + bisect_right(frequency[r - 1], f))
            for r, f in zip(scored(recency, people.recency), people.frequency, strict=True)
        ]
        by_pair = grouped(zip(pairs, people.monetary, strict=True))
        rest = thresholds_of(Counter(people.monetary), bins, ties)
        return cls(
            recency_at_most=tuple(-step for step in recency),
            frequency_at_least=tuple(frequency),
            monetary_at_least=tuple(
                tuple(
                    tuple(
                        Money.of_minor(step, people.currency)
                        for step in (
                            thresholds_of(by_pair[r, f], bins, ties) if (r, f) in by_pair else rest
                        )
                    )
                    for f in steps
                )
                for r in steps
            ),
        )

    def _thresholds_for(self, facts: RfmFacts) -> "RfmScale":
        """The independent scale that holds for customers like this one."""
        r = scored(tuple(-d for d in self.recency_at_most), [-facts.recency_days])[0]
        frequency = self.frequency_at_least[r - 1]
        f = 1 + bisect_right(frequency, facts.frequency)
        return RfmScale(
            recency_at_most=self.recency_at_most,
            frequency_at_least=frequency,
            monetary_at_least=self.monetary_at_least[r - 1][f - 1],
        )

    def __call__(self, facts: RfmFacts, /) -> Decision[RfmScore]:
        """Score one customer; the evidence names the thresholds of the customer's own group.

        :raises CurrencyMismatch: if the money is in another currency than the thresholds.
        """
        return evolve(self._thresholds_for(facts)(facts), policy="nested-rfm-scale")

    def outcomes(self, facts: RfmSummary | Iterable[RfmFacts], /) -> list[RfmScore]:
        """Score many customers at once, without evidence; a summary is scored in its own order."""
        people = Population.of(facts)
        if people.customers:
            check_currency(people.currency, self.monetary_at_least[0][0])
        table = score_table(self.bins)
        recency = scored(tuple(-d for d in self.recency_at_most), people.recency)
        money = [[tuple(m.minor for m in cell) for cell in row] for row in self.monetary_at_least]
        scores = []
        for r, frequency, monetary in zip(recency, people.frequency, people.monetary, strict=True):
            f = bisect_right(self.frequency_at_least[r - 1], frequency)
            scores.append(table[r - 1][f][bisect_right(money[r - 1][f], monetary)])
        return scores
