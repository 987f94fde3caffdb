"""Bringing what was measured to a part between 0 and 1, by a rule with a name.

Every rule here is exact and can be written down; what it does to a customer can be told in a
sentence. Fitting one to a population is explicit and gives fixed cut points.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping
from fractions import Fraction
from itertools import pairwise
from typing import Self

from attrs import field, frozen

from crmkit.errors import InvalidPolicy, InvalidValue, NothingToFit
from crmkit.money import Money
from crmkit.segmentation.facts import Histogram
from crmkit.segmentation.policies.fields import read_quantity, read_word
from crmkit.segmentation.policies.ladder import (
    CutConvention,
    ExactNumber,
    as_share,
    cut_points,
)
from crmkit.segmentation.policies.quantities import (
    Quantity,
    as_quantities,
    as_quantity,
    check_one_kind,
    magnitude,
)
from crmkit.segmentation.policies.service_level import read_only

__all__ = ["FixedBounds", "Normalization", "RankCuts", "ScoreStep", "StepTable", "WordParts"]

_NOTHING, _ALL = Fraction(0), Fraction(1)


def _check_parts(parts: Iterable[Fraction]) -> None:
    if any(not _NOTHING <= part <= _ALL for part in parts):
        raise InvalidPolicy("a part lies between 0 (nothing) and 1 (everything)")


# --- between two fixed ends -----------------------------------------------------------------------


@frozen(kw_only=True)
class FixedBounds:
    """Evenly from the worst value to the best; beyond them it is no worse and no better.

    Where less is better, such as days since the last purchase, the worst is above the best. The
    bounds are terms of the policy and not the extremes of a population, so that one odd customer
    does not move the score of all the others.

    :raises InvalidPolicy: if the two are equal, or not of one kind.

    >>> FixedBounds(worst=0, best=10).part(4)
    Fraction(2, 5)
    >>> FixedBounds(worst=365, best=0).part(400)
    Fraction(0, 1)
    """

    worst: Quantity = field(converter=as_quantity)
    best: Quantity = field(converter=as_quantity)

    def __attrs_post_init__(self) -> None:
        check_one_kind([self.worst, self.best], "bounds")
        if magnitude(self.worst) == magnitude(self.best):
            raise InvalidPolicy("bounds lie apart: the worst value and the best differ")

    def observe(self, facts: object, fact: str) -> Quantity:
        """Read the fact as what this rule measures."""
        return read_quantity(facts, fact, self.worst)

    def part(self, value: Quantity) -> Fraction:
        """How far the value lies from the worst towards the best."""
        worst = magnitude(self.worst)
        way, gone = magnitude(self.best) - worst, magnitude(value) - worst
        if way < 0:
            way, gone = -way, -gone
        return Fraction(min(max(gone, 0), way), way)


# --- by rank in a population ----------------------------------------------------------------------


@frozen(kw_only=True)
class RankCuts:
    """By how many cut points the value reaches, such as the quintiles of a population.

    With four cuts the parts are 0, 1/4, 1/2, 3/4 and 1. Equal values get equal parts.

    :raises InvalidPolicy: if there is no cut, or they fall, or are not of one kind.

    >>> quartiles = RankCuts.fit([1, 2, 3, 4, 5, 6, 7, 8], bins=4)
    >>> quartiles.cuts
    (3, 5, 7)
    >>> quartiles.part(5)
    Fraction(2, 3)
    """

    cuts: tuple[Quantity, ...] = field(converter=as_quantities)
    smaller_is_better: bool = False

    def __attrs_post_init__(self) -> None:
        check_one_kind(self.cuts, "cuts")
        if not self.cuts or any(magnitude(a) > magnitude(b) for a, b in pairwise(self.cuts)):
            raise InvalidPolicy("ranks need one cut or more, which do not fall")

    @classmethod
    def fit(
        cls,
        population: Histogram | Iterable[Quantity],
        *,
        bins: int = 5,
        smaller_is_better: bool = False,
    ) -> Self:
        """Find the cut points that part a population into bins of equal size.

        A customer reaches the cut of the best 20 % when less than 20 % of all are strictly better;
        equal values stay together, so ties can leave a bin empty.

        :raises NothingToFit: if the population is empty.
        :raises InvalidPolicy: if there are fewer than two bins, or values of two kinds.
        """
        if bins < 2:
            raise InvalidPolicy("ranks part a population: ask for 2 bins or more")
        counted = _counted(population)
        counted.sort(key=lambda pair: magnitude(pair[0]), reverse=not smaller_is_better)
        shares = [Fraction(best, bins) for best in range(1, bins)]
        cuts = cut_points(counted, shares, CutConvention.SHARE_BEFORE_BELOW)
        # Somebody is the best, so there is a value for each cut; they are listed as they rise.
        found = [cut for cut in cuts if cut is not None]
        found.sort(key=magnitude)
        return cls(cuts=found, smaller_is_better=smaller_is_better)

    def observe(self, facts: object, fact: str) -> Quantity:
        """Read the fact as what this rule measures."""
        return read_quantity(facts, fact, self.cuts[0])

    def part(self, value: Quantity) -> Fraction:
        """The part of the cuts that the value reaches."""
        size, cuts = magnitude(value), len(self.cuts)
        if self.smaller_is_better:
            return Fraction(cuts - bisect_left(self.cuts, size, key=magnitude), cuts)
        return Fraction(bisect_right(self.cuts, size, key=magnitude), cuts)


def _counted(population: Histogram | Iterable[Quantity]) -> list[tuple[Quantity, int]]:
    """Each value with how many have it."""
    counted: list[tuple[Quantity, int]]
    if isinstance(population, Histogram):
        currency = population.currency
        counted = [
            (value if currency is None else Money.of_minor(value, currency), heads)
            for value, heads in population.ascending()
        ]
    else:
        counted = list(Counter(as_quantities(population)).items())
    check_one_kind([value for value, _ in counted], "the values of a population")
    if not counted:
        raise NothingToFit("no values to rank: pass those of at least one customer")
    return counted


# --- by tables ------------------------------------------------------------------------------------


@frozen
class ScoreStep:
    """From this value on, this part."""

    at_least: Quantity = field(converter=as_quantity)
    part: Fraction = field(converter=as_share)


def _as_steps(steps: Iterable[ScoreStep]) -> tuple[ScoreStep, ...]:
    return tuple(steps)


@frozen(kw_only=True)
class StepTable:
    """By a table of steps: the part of the highest step that the value reaches.

    :raises InvalidPolicy: if there is no step, they do not rise in value, are not of one kind, or a
        part lies outside 0 to 1.

    >>> known_for = StepTable(steps=[ScoreStep(1, "0.5"), ScoreStep(5, 1)])
    >>> known_for.part(4)
    Fraction(1, 2)
    """

    steps: tuple[ScoreStep, ...] = field(converter=_as_steps)
    below: Fraction = field(default=_NOTHING, converter=as_share)

    def __attrs_post_init__(self) -> None:
        _check_parts([self.below, *(step.part for step in self.steps)])
        edges = [step.at_least for step in self.steps]
        check_one_kind(edges, "steps")
        if not edges or any(magnitude(a) >= magnitude(b) for a, b in pairwise(edges)):
            raise InvalidPolicy("a table has one step or more, which rise in value")

    def observe(self, facts: object, fact: str) -> Quantity:
        """Read the fact as what this rule measures."""
        return read_quantity(facts, fact, self.steps[0].at_least)

    def part(self, value: Quantity) -> Fraction:
        """The part of the highest step reached."""
        size = magnitude(value)
        reached = [step.part for step in self.steps if magnitude(step.at_least) <= size]
        return reached[-1] if reached else self.below


def _as_word_parts(parts: Mapping[str, ExactNumber]) -> Mapping[str, Fraction]:
    return read_only({word: as_share(part) for word, part in parts.items()})


@frozen(kw_only=True)
class WordParts:
    """By an answer in words, such as an intention to buy again.

    :raises InvalidPolicy: if there is no word, or a part lies outside 0 to 1.

    >>> WordParts(parts={"no": 0, "perhaps": "0.5", "surely": 1}).part("perhaps")
    Fraction(1, 2)
    """

    parts: Mapping[str, Fraction] = field(converter=_as_word_parts, hash=False)

    def __attrs_post_init__(self) -> None:
        _check_parts(self.parts.values())
        if not self.parts:
            raise InvalidPolicy("answers need a table: name at least one word")

    def observe(self, facts: object, fact: str) -> str:
        """Read the fact as an answer of the table.

        :raises InvalidValue: if it is not among the words.
        """
        word = read_word(facts, fact)
        if word not in self.parts:
            raise InvalidValue(f"{fact} is not in its table: one of {', '.join(self.parts)}")
        return word

    def part(self, value: str) -> Fraction:
        """The part that the answer earns."""
        return self.parts[value]


Normalization = FixedBounds | RankCuts | StepTable | WordParts
"""The rules that a factor can be brought to a part by."""
