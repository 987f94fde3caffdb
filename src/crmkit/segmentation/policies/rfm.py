"""Recency, frequency and money as scores, each dimension for itself, 5 being best.

A scale is fitted to a population once and is then a frozen value: twelve thresholds that decide for
one customer at a time, can be kept, versioned and shown.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Self

from attrs import evolve, field, frozen

from crmkit.decision import Decision, Evidence, EvidenceValue, at_least, at_most, noted
from crmkit.errors import InvalidPolicy
from crmkit.identifiers import CustomerId
from crmkit.money import Money
from crmkit.segmentation.facts import Histogram, RfmFacts
from crmkit.segmentation.policies.scoring import (
    Population,
    RfmScore,
    Steps,
    Ties,
    check_bins,
    check_currency,
    check_thresholds,
    ntile,
    score_table,
    thresholds_of,
)
from crmkit.segmentation.summary import RfmSummary

__all__ = ["RfmScale", "TieBreaks"]

_Judge = Callable[[str, EvidenceValue, EvidenceValue], Evidence]


@frozen(kw_only=True)
class TieBreaks:
    """From which customer on a threshold is reached, among those whose value equals it."""

    recency: tuple[CustomerId, ...]
    frequency: tuple[CustomerId, ...]
    monetary: tuple[CustomerId, ...]


@frozen(kw_only=True)
class RfmScale:
    """Score recency, frequency and money independently of each other.

    Each tuple holds the thresholds of the scores 2, 3, ... in that order: at most so many days
    since the last purchase, at least so many purchases, at least so much money. So four thresholds
    make five scores. Fixed thresholds are given as they are; :meth:`fit` reads them off a
    population.

    Source of the method: Hughes, *Strategic Database Marketing* (1994), with quintiles.

    :raises InvalidPolicy: if the three differ in length, run the wrong way, or mix currencies, or
        the tie breaks do not go with them.

    >>> from datetime import date
    >>> scale = RfmScale(
    ...     recency_at_most=(180, 30),
    ...     frequency_at_least=(2, 6),
    ...     monetary_at_least=(Money(50, "EUR"), Money(500, "EUR")),
    ... )
    >>> facts = RfmFacts(
    ...     customer=CustomerId("C-7"), as_of=date(2026, 6, 30),
    ...     first_purchase_on=date(2025, 1, 5), last_purchase_on=date(2026, 6, 10),
    ...     frequency=4, monetary=Money("620.00", "EUR"), total=Money("620.00", "EUR"),
    ... )
    >>> str(scale(facts).outcome)
    '323'
    """

    recency_at_most: tuple[int, ...]
    frequency_at_least: tuple[int, ...]
    monetary_at_least: tuple[Money, ...]
    tie_breaks: TieBreaks | None = None
    _reach: tuple[Steps, ...] = field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        check_thresholds(self.recency_at_most, self.frequency_at_least, self.monetary_at_least)
        reach = (
            tuple(-days for days in self.recency_at_most),
            self.frequency_at_least,
            tuple(money.minor for money in self.monetary_at_least),
        )
        breaks = self.tie_breaks
        customers = (
            (None, None, None)
            if breaks is None
            else (breaks.recency, breaks.frequency, breaks.monetary)
        )
        steps = tuple(Steps(r, c) for r, c in zip(reach, customers, strict=True))
        for dimension in steps:
            dimension.check()
        object.__setattr__(self, "_reach", steps)

    def with_renamed(self, changes: Mapping[str, Any]) -> Self:
        """The scale with other numbers in its tie breaks, as after a customer was erased.

        They are put in order again where thresholds are equal, so a few customers whose values
        equal a threshold may get another score.
        """
        breaks: TieBreaks = changes["tie_breaks"]
        named = (breaks.recency, breaks.frequency, breaks.monetary)
        pairs = zip((each.reach for each in self._reach), named, strict=True)
        recency, frequency, monetary = (_in_order(*each) for each in pairs)
        in_order = TieBreaks(recency=recency, frequency=frequency, monetary=monetary)
        return evolve(self, tie_breaks=in_order)

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
        """Read the thresholds off a population, by quintiles unless ``bins`` says otherwise.

        One customer, a population of equals and fewer customers than bins all work; nobody stands
        above equals, so a population of equals gets the lowest score.

        :raises NothingToFit: if there is no customer.
        :raises InvalidPolicy: if there are fewer than two bins.
        """
        if ties is Ties.BY_CUSTOMER_ID:
            return cls._fit_by_id(Population.of(population), bins)
        counted = population if isinstance(population, RfmSummary) else Population.of(population)
        return cls.fit_histograms(
            recency=counted.recency_histogram(),
            frequency=counted.frequency_histogram(),
            monetary=counted.monetary_histogram(),
            bins=bins,
            ties=ties,
        )

    @classmethod
    def fit_histograms(
        cls,
        *,
        recency: Histogram,
        frequency: Histogram,
        monetary: Histogram,
        bins: int = 5,
        ties: Ties = Ties.SAME_SCORE,
    ) -> Self:
        """Read the thresholds off counts alone: days since, purchases, and minor units.

        Histograms merge, so parts of a population can be counted where their records are.

        :raises NothingToFit: if a histogram is empty.
        :raises InvalidPolicy: if ties need customers, or the money has no currency.
        """
        check_bins(bins)
        if ties is Ties.BY_CUSTOMER_ID:
            raise InvalidPolicy("histograms hold no customers: fit ties by customer with fit()")
        for histogram in (recency, frequency, monetary):
            histogram.require_customers()
        if monetary.currency is None:
            raise InvalidPolicy("the histogram of money needs its currency: Histogram.of_money")
        return cls._of_steps(
            thresholds_of({-days: n for days, n in recency.counts.items()}, bins, ties),
            thresholds_of(frequency.counts, bins, ties),
            thresholds_of(monetary.counts, bins, ties),
            monetary.currency,
        )

    @classmethod
    def _fit_by_id(cls, people: Population, bins: int) -> Self:
        people.require()
        check_bins(bins)
        recency, by_recency = ntile(people.recency, people.customers, bins)
        frequency, by_frequency = ntile(people.frequency, people.customers, bins)
        monetary, by_monetary = ntile(people.monetary, people.customers, bins)
        breaks = TieBreaks(recency=by_recency, frequency=by_frequency, monetary=by_monetary)
        return cls._of_steps(recency, frequency, monetary, people.currency, breaks)

    @classmethod
    def _of_steps(
        cls,
        recency: Sequence[int],
        frequency: Sequence[int],
        monetary: Sequence[int],
        currency: str,
        breaks: TieBreaks | None = None,
    ) -> Self:
        return cls(
            recency_at_most=tuple(-step for step in recency),
            frequency_at_least=tuple(frequency),
            monetary_at_least=tuple(Money.of_minor(step, currency) for step in monetary),
            tie_breaks=breaks,
        )

    def __call__(self, facts: RfmFacts, /) -> Decision[RfmScore]:
        """Score one customer; the evidence names the thresholds reached and the next ones.

        :raises CurrencyMismatch: if the money is in another currency than the thresholds.
        """
        values = (-facts.recency_days, facts.frequency, facts.monetary.minor)
        score = RfmScore(
            *(
                steps.score(value, facts.customer)
                for steps, value in zip(self._reach, values, strict=True)
            )
        )
        evidence = tuple(_evidence(facts, score, self))
        return Decision(score, "rfm-scale", facts.as_of, evidence, facts.customer)

    def outcomes(self, facts: RfmSummary | Iterable[RfmFacts], /) -> list[RfmScore]:
        """Score many customers at once, without evidence; a summary is scored in its own order."""
        people = Population.of(facts)
        if people.customers:
            check_currency(people.currency, self.monetary_at_least)
        recency, frequency, monetary = (
            steps.scores(column, people.customers)
            for steps, column in zip(
                self._reach, (people.recency, people.frequency, people.monetary), strict=True
            )
        )
        table = score_table(self.bins)
        return [
            table[r - 1][f - 1][m - 1] for r, f, m in zip(recency, frequency, monetary, strict=True)
        ]


def _in_order(reach: tuple[int, ...], named: tuple[CustomerId, ...]) -> tuple[CustomerId, ...]:
    return tuple(customer for _, customer in sorted(zip(reach, named, strict=True)))


def _evidence(facts: RfmFacts, score: RfmScore, scale: RfmScale) -> Iterator[Evidence]:
    """For each dimension the threshold that was reached and the next one that was not."""
    by_id = scale.tie_breaks is not None
    # Nobody buys later than today: where many bought last on one day, nobody stands above them.
    out_of_reach = [score for score, days in enumerate(scale.recency_at_most, 2) if days < 0]
    dimensions: tuple[tuple[str, EvidenceValue, int, Sequence[EvidenceValue], _Judge], ...] = (
        ("recency-days", facts.recency_days, score.recency, scale.recency_at_most, at_most),
        ("frequency", facts.frequency, score.frequency, scale.frequency_at_least, at_least),
        ("monetary", facts.monetary, score.monetary, scale.monetary_at_least, at_least),
    )
    for name, observed, reached, steps, judge in dimensions:
        # Where customers break ties, equal thresholds are steps of their own.
        for target in _neighbours(reached, range(len(steps)) if by_id else steps):
            criterion = f"{name} for a score of {target}"
            required = steps[target - 2]
            if by_id and observed == required:
                # The value equals the threshold, and the order of customers has decided.
                yield Evidence(f"{criterion}, in the order of equals", met=target <= reached)
            elif name != "recency-days" or target not in out_of_reach:
                yield judge(criterion, observed, required)
    if by_id:
        yield noted("ties", Ties.BY_CUSTOMER_ID.value)


def _neighbours(score: int, steps: Sequence[object]) -> list[int]:
    """The score that was reached and the next that could be; equal thresholds are one step."""
    reached = [score] if score > 1 else []
    if score > len(steps):
        return reached
    same = [s for s in range(score + 1, len(steps) + 2) if steps[s - 2] == steps[score - 1]]
    return [*reached, same[-1]]
