"""What the scales of recency, frequency and money share: scores, ties, thresholds.

All values are whole numbers (days, purchases, minor units) in which more is better, so that every
threshold is one that is *reached*.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from functools import cache
from itertools import accumulate, repeat
from typing import TypeVar

from attrs import frozen

from crmkit.errors import CurrencyMismatch, InvalidPolicy, NothingToFit
from crmkit.identifiers import CustomerId
from crmkit.money import Money
from crmkit.segmentation.facts import Histogram, RfmFacts
from crmkit.segmentation.summary import RfmSummary

__all__ = ["Population", "RfmScore", "Steps", "Ties"]

KeyT = TypeVar("KeyT")


class Ties(StrEnum):
    """How equal values are scored when a scale is fitted."""

    SAME_SCORE = "same-score"
    """By the share of customers strictly below: equal values always get equal scores. A large tie
    can leave a score empty: with half of all customers buying once, nobody has a frequency of 2."""
    DENSE_RANK = "dense-rank"
    """By the share of *distinct values* below: equal values get equal scores, and large ties do not
    push the others up."""
    BY_CUSTOMER_ID = "by-customer-id"
    """As the SQL function ``NTILE``, ordered by value and then by customer: bins of equal size, at
    the price that equal customers can get different scores. For comparison with other systems."""


@frozen(order=True)
class RfmScore:
    """How a customer stands in recency, frequency and money: each from 1 to 5, 5 best.

    >>> str(RfmScore(5, 4, 3))
    '543'
    """

    recency: int
    frequency: int
    monetary: int

    def __str__(self) -> str:
        parts = (self.recency, self.frequency, self.monetary)
        return ("" if max(parts) < 10 else "-").join(map(str, parts))


@cache
def score_table(bins: int) -> tuple[tuple[tuple[RfmScore, ...], ...], ...]:
    """Every score there is, made once: millions of outcomes share a few hundred values."""
    steps = range(1, bins + 1)
    return tuple(tuple(tuple(RfmScore(r, f, m) for m in steps) for f in steps) for r in steps)


def every_score(bins: int) -> Iterator[RfmScore]:
    """Every score there is, from 111 upwards."""
    return (score for plane in score_table(bins) for row in plane for score in row)


# --- a population as columns, more being better ---------------------------------------------------


@frozen
class Population:
    """Customers as columns of whole numbers in which more is better: days since are negative."""

    customers: Sequence[CustomerId]
    recency: Sequence[int]
    frequency: Sequence[int]
    monetary: Sequence[int]
    currency: str

    @classmethod
    def of(cls, facts: RfmSummary | Iterable[RfmFacts]) -> "Population":
        """The columns of a summary, or of any facts in one currency."""
        if isinstance(facts, RfmSummary):
            today = facts.as_of.toordinal()
            columns = facts.columns
            ago = {day: day - today for day in set(columns.last_days)}
            recency = list(map(ago.__getitem__, columns.last_days))
            return cls(
                columns.customers, recency, columns.frequency, columns.monetary, str(facts.currency)
            )
        listed = list(facts)
        currencies = dict.fromkeys(f.monetary.currency for f in listed)
        if len(currencies) > 1:
            raise CurrencyMismatch(*list(currencies)[:2])
        return cls(
            [f.customer for f in listed],
            [-f.recency_days for f in listed],
            [f.frequency for f in listed],
            [f.monetary.minor for f in listed],
            next(iter(currencies), ""),
        )

    def require(self) -> None:
        """Refuse a population of nobody."""
        if not self.customers:
            raise NothingToFit("no customers to fit a scale to: pass at least one with a purchase")

    def recency_histogram(self) -> Histogram:
        """How many customers have bought how many days ago."""
        return Histogram.of(-step for step in self.recency)

    def frequency_histogram(self) -> Histogram:
        """How many customers have bought how often."""
        return Histogram.of(self.frequency)

    def monetary_histogram(self) -> Histogram:
        """How many customers have spent how much, in minor units."""
        return Histogram.of(self.monetary, self.currency)


def thresholds_of(counts: Mapping[int, int], bins: int, ties: Ties) -> tuple[int, ...]:
    """The values from which the scores 2, 3, ... are reached.

    The rule is score = 1 + bins * below // n, where *below* counts the customers (or the distinct
    values) strictly below, and n all of them. So score s needs ``(s - 1) * n / bins`` below,
    rounded up, and is reached by every value above the first one that makes up that count.

    :raises InvalidPolicy: if the rule for ties is none.
    """
    if not isinstance(ties, Ties):
        raise InvalidPolicy("a rule for ties is one of Ties, such as Ties.SAME_SCORE")
    values = sorted(counts)
    weights = map(counts.__getitem__, values) if ties is Ties.SAME_SCORE else repeat(1, len(values))
    not_above = list(accumulate(weights))
    return tuple(
        values[bisect_left(not_above, _needed(score, not_above[-1], bins))] + 1
        for score in range(2, bins + 1)
    )


def _needed(score: int, population: int, bins: int) -> int:
    """How many must stand below for a score: (score - 1) / bins of all, rounded up."""
    return -(-(score - 1) * population // bins)


def ntile(
    values: Sequence[int], customers: Sequence[CustomerId], bins: int
) -> tuple[tuple[int, ...], tuple[CustomerId, ...]]:
    """The pairs (value, customer) from which the tiles 2, 3, ... of SQL's ``NTILE`` begin."""
    pairs = sorted(zip(values, customers, strict=True))
    size, larger = divmod(len(pairs), bins)
    starts = [(tile * size) + min(tile, larger) for tile in range(1, bins)]
    # With fewer customers than bins the last tiles stay empty: nobody may reach them.
    beyond = (pairs[-1][0] + 1, CustomerId(""))
    cuts = [pairs[start] if start < len(pairs) else beyond for start in starts]
    return tuple(value for value, _ in cuts), tuple(customer for _, customer in cuts)


@frozen
class Steps:
    """The thresholds of one dimension, ascending, more being better; ties by customer if named."""

    reach: tuple[int, ...]
    customers: tuple[CustomerId, ...] | None

    def check(self) -> None:
        """Refuse ties that do not go with the thresholds."""
        if self.customers is None:
            return
        pairs = list(zip(self.reach, self.customers, strict=False))
        if len(self.customers) != len(self.reach) or pairs != sorted(pairs):
            raise InvalidPolicy(
                "tie breaks name a customer for each threshold, upwards where thresholds are equal"
            )

    def score(self, value: int, customer: CustomerId) -> int:
        """The score of one value."""
        return self.scores([value], [customer])[0]

    def scores(self, values: Sequence[int], customers: Sequence[CustomerId]) -> list[int]:
        """The scores of a column of values."""
        if self.customers is None:
            return scored(self.reach, values)
        pairs = list(zip(self.reach, self.customers, strict=True))
        return [1 + bisect_right(pairs, pair) for pair in zip(values, customers, strict=True)]


def scored(reach: tuple[int, ...], values: Sequence[int]) -> list[int]:
    """Score a column of values."""
    return [1 + bisect_right(reach, value) for value in values]


def grouped(pairs: Iterable[tuple[KeyT, int]]) -> dict[KeyT, Counter[int]]:
    """Count the values of each group."""
    groups: dict[KeyT, Counter[int]] = {}
    for key, value in pairs:
        groups.setdefault(key, Counter())[value] += 1
    return groups


def check_bins(bins: int) -> None:
    """Refuse a scale that tells nobody apart."""
    if bins < 2:
        raise InvalidPolicy("a scale has at least two bins")


def check_currency(currency: str, thresholds: Sequence[Money]) -> None:
    """Refuse money that cannot be held against the thresholds."""
    if currency != thresholds[0].currency:
        raise CurrencyMismatch(thresholds[0].currency, currency)


def check_thresholds(
    recency: Sequence[int], frequency: Sequence[int], monetary: Sequence[Money]
) -> None:
    """Refuse thresholds that are not one for each score, or run the wrong way."""
    if not len(recency) == len(frequency) == len(monetary) or not recency:
        raise InvalidPolicy(
            "a scale needs equally many thresholds for recency, frequency and money, at least one"
        )
    if len({money.currency for money in monetary}) > 1:
        raise InvalidPolicy("the money thresholds of a scale are in one currency")
    if (
        list(recency) != sorted(recency, reverse=True)
        or list(frequency) != sorted(frequency)
        or list(monetary) != sorted(monetary)
    ):
        raise InvalidPolicy(
            "thresholds run from the worst score to the best: recency_at_most downwards, "
            "frequency_at_least and monetary_at_least upwards"
        )
