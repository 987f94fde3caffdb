"""What the policies that rank customers by value share: cuts of a population, and thresholds.

A population is cut by shares (of what customers bring, or of heads), the best first; each cut
becomes a threshold, the smallest value that still belongs above it. Customers of equal value are
treated as one: they stand above a cut together or below it together.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from typing import TypeVar

from crmkit.decision import Evidence, at_least
from crmkit.errors import CurrencyMismatch, InvalidPolicy, InvalidValue
from crmkit.identifiers import check_identifier
from crmkit.money import Money, as_fraction
from crmkit.segmentation.facts import Histogram, ValuedFacts
from crmkit.segmentation.summary import RfmSummary

__all__ = [
    "CutConvention",
    "ExactNumber",
    "as_names",
    "as_share",
    "as_shares",
    "brought_by",
    "check_names",
    "check_rising_shares",
    "check_thresholds",
    "count_money",
    "cut_points",
    "first_met",
    "fit_thresholds",
    "ladder_evidence",
    "ladder_outcomes",
]

ExactNumber = int | str | Decimal | Fraction
"""A number in any exact form; a float is refused."""

NameT = TypeVar("NameT", bound=str)
ValueT = TypeVar("ValueT")


class CutConvention(StrEnum):
    """On which side of a cut an item stands whose share crosses it: it changes who is in A."""

    SHARE_BEFORE_BELOW = "share-before-is-below-the-cut"
    """The share of all that rank strictly before is below the cut: who crosses it stands above."""
    SHARE_INCLUDING_AT_MOST = "share-including-is-at-most-the-cut"
    """The share that includes it and all of equal value is at most the cut: who crosses is out."""


# --- shares ---------------------------------------------------------------------------------------


def as_share(share: ExactNumber) -> Fraction:
    """Take a share such as ``"0.80"`` exactly."""
    return as_fraction(share, "a share")


def as_shares(shares: Iterable[ExactNumber]) -> tuple[Fraction, ...]:
    """Take several shares exactly, in their order."""
    return tuple(as_share(share) for share in shares)


def check_rising_shares(shares: Sequence[Fraction]) -> None:
    """Refuse cumulative cuts that do not rise from above 0 to at most 1.

    :raises InvalidPolicy: with what would have worked.
    """
    edges = [Fraction(0), *shares]
    if any(low >= high for low, high in zip(edges, shares, strict=False)) or edges[-1] > 1:
        raise InvalidPolicy("cuts are shares that rise, above 0 and at most 1: such as 0.80, 0.95")


# --- fitting --------------------------------------------------------------------------------------


def count_money(population: Histogram | Iterable[Money]) -> tuple[Histogram, str]:
    """Count a population of amounts, and say their currency.

    :raises NothingToFit: if there is nobody.
    :raises InvalidValue: if a histogram counts something else than money.
    """
    counted = population if isinstance(population, Histogram) else Histogram.of_money(population)
    counted.require_customers()
    if counted.currency is None:
        raise InvalidValue("this histogram has no currency: count Histogram.of_money(amounts)")
    return counted, counted.currency


def brought_by(counted: Histogram) -> Iterator[tuple[int, int]]:
    """The values above zero with their heads, the largest first: what there is to share out."""
    return ((value, heads) for value, heads in counted.descending() if value > 0)


def fit_thresholds(
    weights: Iterable[tuple[int, int]],
    cuts: Sequence[Fraction],
    currency: str,
    convention: CutConvention = CutConvention.SHARE_BEFORE_BELOW,
) -> tuple[Money | None, ...]:
    """Find the smallest amount above each cut; None where nobody stands above it.

    ``weights`` are those of :func:`cut_points`, in minor units.

    :raises InvalidPolicy: if the cuts do not rise from above 0 to at most 1.
    """
    check_rising_shares(cuts)
    points = cut_points(weights, cuts, convention)
    return tuple(None if p is None else Money.of_minor(p, currency) for p in points)


def cut_points(
    weights: Iterable[tuple[ValueT, int]], cuts: Sequence[Fraction], convention: CutConvention
) -> list[ValueT | None]:
    """Find, for each cut, the last value that stands above it; None where nobody does.

    ``weights`` holds each value with the weight of all who have it (their number, or what they
    bring together), above zero, the best value first.

    :raises InvalidPolicy: if the convention is none of the two.
    """
    # A text that equals a convention is not it, and would silently stand for the other one.
    if not isinstance(convention, CutConvention):
        raise InvalidPolicy("a convention is a CutConvention: name CutConvention.SHARE_...")
    values: list[ValueT] = []
    including: list[int] = []
    total = 0
    for value, weight in weights:
        total += weight
        values.append(value)
        including.append(total)
    points: list[ValueT | None] = []
    for cut in cuts:
        # Whole numbers all the way: a share below a cut is a sum below the next whole number.
        limit = cut.numerator * total
        if convention is CutConvention.SHARE_BEFORE_BELOW:
            # What stands before a value is what the one above it includes: nothing for the first.
            above = 1 + bisect_left(including, -(-limit // cut.denominator))
            standing = min(above, len(values))
        else:
            standing = bisect_right(including, limit // cut.denominator)
        points.append(values[standing - 1] if standing else None)
    return points


# --- thresholds, the hardest first ----------------------------------------------------------------


def as_names(names: Iterable[str]) -> tuple[str, ...]:
    """Take names as plain words: a member of an enumeration is the word it stands for."""
    return tuple(str(name) for name in names)


def check_names(names: Sequence[str], what: str = "classes") -> None:
    """Refuse names that are empty or stand for two things.

    :raises InvalidPolicy: if a name repeats.
    :raises InvalidIdentifier: if a name is blank or could not be kept as a key.
    """
    for name in names:
        check_identifier(name, "a name")
    if len(set(names)) != len(names):
        raise InvalidPolicy(f"{what} need names of their own: one of them stands twice")


def check_thresholds(thresholds: Sequence[Money | None]) -> None:
    """Refuse thresholds that rise from a better class to a lesser one.

    :raises InvalidPolicy: if they rise, or an empty class stands below one with members.
    :raises CurrencyMismatch: if they are of two currencies.
    """
    reached = [threshold for threshold in thresholds if threshold is not None]
    if None in thresholds[len(thresholds) - len(reached) :]:
        raise InvalidPolicy("only the best classes can be empty: a lesser one includes the better")
    if any(better < lesser for better, lesser in pairwise(reached)):
        raise InvalidPolicy("thresholds fall from class to class: the best class asks for the most")


def ladder_evidence(
    names: Iterable[str], thresholds: Iterable[Money | None], value: Money
) -> tuple[Evidence, ...]:
    """Hold a value against the threshold of each class, the best class first."""
    return tuple(
        # A class without members has no threshold: what is missing is somebody to set it.
        at_least(f"customers-in-{name}", 0, 1)
        if threshold is None
        else at_least(f"value-for-{name}", value, threshold)
        for name, threshold in zip(names, thresholds, strict=False)
    )


def first_met(names: Sequence[NameT], evidence: Iterable[Evidence]) -> NameT:
    """The first class whose evidence is met; the last name is for those who meet none."""
    met = (name for name, item in zip(names, evidence, strict=False) if item.met)
    return next(met, names[-1])


def ladder_outcomes(
    names: Sequence[NameT],
    thresholds: Sequence[Money | None],
    facts: RfmSummary | Iterable[ValuedFacts],
) -> list[NameT]:
    """The classes of many customers without their evidence; a summary is read in its own order."""
    reached = [threshold for threshold in thresholds if threshold is not None]
    if not reached:
        return [names[-1] for _ in facts]
    edges = [threshold.minor for threshold in reversed(reached)]
    # Whoever reaches n thresholds stands n classes above the last.
    by_reached = tuple(reversed(names))
    return [by_reached[bisect_right(edges, n)] for n in _minors(facts, reached[0].currency)]


def _minors(facts: RfmSummary | Iterable[ValuedFacts], currency: str) -> Iterable[int]:
    """The values of customers in minor units of one currency."""
    if isinstance(facts, RfmSummary):
        if facts and facts.currency != currency:
            raise CurrencyMismatch(str(facts.currency), currency)
        return facts.columns.totals
    return (_minor(item.value, currency) for item in facts)


def _minor(value: Money, currency: str) -> int:
    if value.currency != currency:
        raise CurrencyMismatch(value.currency, currency)
    return value.minor
