"""One figure from the five measures of loyalty, with what each of them added to it."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from types import MappingProxyType

from attrs import field, frozen

from crmkit.decision import Decision, Evidence, noted
from crmkit.errors import InvalidPolicy, InvalidValue
from crmkit.identifiers import check_identifier
from crmkit.loyalty.facts.profile import (
    LoyaltyMeasure,
    Measurement,
    MeasureProfile,
    Reading,
    as_exact,
)
from crmkit.loyalty.records.answers import AnswerScale, ScaledAnswer, as_word
from crmkit.money import Rounding, round_fraction

__all__ = [
    "AnswerParts",
    "LoyaltyIndex",
    "LoyaltyScore",
    "MeasureRange",
    "MeasureTerm",
    "MissingMeasure",
]

_SHOWN = 100


@frozen(kw_only=True)
class MeasureRange:
    """Between which two numbers a measure is told apart; beyond them it is no more and no less.

    Both are terms of the shop and not the extremes of its customers, so that one odd customer does
    not move the figure of all others.

    :raises InvalidPolicy: if the low number is not below the high one.
    """

    low: Fraction = field(converter=as_exact)
    high: Fraction = field(converter=as_exact)
    unit: str = field(converter=as_word)

    def __attrs_post_init__(self) -> None:
        check_identifier(self.unit, "the unit of a range")
        if self.low >= self.high:
            raise InvalidPolicy("a range goes from a low number up to a high one")

    def part(self, measured: Measurement) -> Fraction:
        """How far a reading lies from the low number (0) to the high one (1).

        :raises InvalidValue: if it is in another unit, or a word.
        """
        if not isinstance(measured, Reading) or measured.unit != self.unit:
            raise InvalidValue(f"a measurement is held against a range in {self.unit}: measure so")
        inside = min(max(measured.value, self.low), self.high)
        return (inside - self.low) / (self.high - self.low)


def _as_parts(parts: Mapping[str, "int | str | Fraction"]) -> Mapping[str, Fraction]:
    return MappingProxyType({as_word(word): as_exact(part) for word, part in parts.items()})


@frozen(kw_only=True)
class AnswerParts:
    """What each word of a scale counts for, between 0 and 1.

    A word has no number of its own (note N-07): here the shop says what it takes it for.

    :raises InvalidPolicy: if a word of the scale has no part, a part is no share, or they fall.
    """

    scale: AnswerScale
    parts: Mapping[str, Fraction] = field(converter=_as_parts, hash=False)

    def __attrs_post_init__(self) -> None:
        if set(self.parts) != set(self.scale.words):
            raise InvalidPolicy(f"each word has its part: {', '.join(self.scale.words)}")
        rising = [self.parts[word] for word in self.scale.words]
        if any(low > high for low, high in pairwise([Fraction(0), *rising, Fraction(1)])):
            raise InvalidPolicy("parts lie between 0 and 1 and do not fall from word to word")

    def part(self, measured: Measurement) -> Fraction:
        """What an answer counts for.

        :raises InvalidValue: if it is on another scale, or a number.
        """
        if not isinstance(measured, ScaledAnswer):
            raise InvalidValue(f"a measurement is held against the scale {self.scale.name}: ask so")
        self.scale.step_of(measured)
        return self.parts[measured.word]


@frozen
class MeasureTerm:
    """How much a measure weighs, and how it is brought to a part between 0 and 1.

    Whether it speaks for loyalty or against it belongs to the measure and is no term.

    :raises InvalidPolicy: if the weight is not above zero.
    """

    measure: LoyaltyMeasure
    weight: Fraction = field(converter=as_exact)
    by: MeasureRange | AnswerParts

    def __attrs_post_init__(self) -> None:
        if not isinstance(self.measure, LoyaltyMeasure):
            raise InvalidPolicy("a term is for a LoyaltyMeasure")
        if self.weight <= 0:
            raise InvalidPolicy(f"{self.measure} weighs more than nothing, or is left out")

    def loyal_part(self, measured: Measurement) -> Fraction:
        """How loyal the measurement looks: 0 not at all, 1 as much as can be."""
        part = self.by.part(measured)
        return part if self.measure.speaks_for_loyalty else 1 - part


class MissingMeasure(StrEnum):
    """What becomes of the figure where something was not measured."""

    REFUSE = "refuse"
    """There is no figure."""
    REWEIGHT = "reweight"
    """The others share its weight, and the figure says on how many measures it stands."""


@frozen(kw_only=True)
class LoyaltyScore:
    """A figure that carries its scale and what it stands on: 62.50 of 100, by 4 of 5 measures.

    ``points`` is exact; only the text rounds, half to even.

    :raises InvalidValue: if the points lie outside the scale.
    """

    points: Fraction = field(converter=as_exact)
    out_of: int
    measures: tuple[LoyaltyMeasure, ...]
    of_measures: int

    def __attrs_post_init__(self) -> None:
        if not 0 <= self.points <= self.out_of:
            raise InvalidValue("a score lies between 0 and what it is out of")

    def __str__(self) -> str:
        shown = round_fraction(self.points * _SHOWN, Rounding.HALF_EVEN)
        whole, rest = divmod(shown, _SHOWN)
        text = f"{whole}.{rest:02} of {self.out_of}"
        if len(self.measures) == self.of_measures:
            return text
        return f"{text}, by {len(self.measures)} of {self.of_measures} measures"


def _as_terms(terms: Iterable[MeasureTerm]) -> tuple[MeasureTerm, ...]:
    return tuple(terms)


@frozen(kw_only=True)
class LoyaltyIndex:
    """How loyal a customer looks by what was measured, in one figure.

    Each measure is brought to a part between 0 and 1 of what loyalty could show in it, the parts
    are weighed, and the evidence says what each added. Weights and ranges are the shop's; that
    long choosing, sensitivity to prices and warmth to rivals speak against loyalty is LOY-02.

    A measure that is missing leaves no figure, or has its weight shared by the others as long as
    ``least_known`` of them are there: which, is said by ``missing``.

    :raises InvalidPolicy: if there is no term, one measure has two, or the scale has no points.

    >>> from datetime import date
    >>> from crmkit.decision import explain
    >>> index = LoyaltyIndex(
    ...     terms=[
    ...         MeasureTerm(LoyaltyMeasure.REPEAT_PURCHASES, 3,
    ...                     MeasureRange(low=0, high=12, unit="purchases in 12 months")),
    ...         MeasureTerm(LoyaltyMeasure.CHOOSING_TIME, 1,
    ...                     MeasureRange(low=0, high=60, unit="minutes")),
    ...     ],
    ...     missing=MissingMeasure.REFUSE,
    ... )
    >>> profile = MeasureProfile(customer="anna", as_of=date(2026, 6, 30), measured={
    ...     LoyaltyMeasure.REPEAT_PURCHASES: Reading(9, "purchases in 12 months"),
    ...     LoyaltyMeasure.CHOOSING_TIME: Reading(15, "minutes"),
    ... })
    >>> print(explain(index(profile)))
    75.00 of 100 for anna, by loyalty index, as of 2026-06-30
    - noted: repeat purchases is 9 purchases in 12 months
      - noted: part is 3/4
      - noted: weight is 3/4
      - noted: points is 225/4
    - noted: choosing time is 15 minutes
      - noted: part is 3/4
      - noted: weight is 1/4
      - noted: points is 75/4
    """

    terms: tuple[MeasureTerm, ...] = field(converter=_as_terms)
    missing: MissingMeasure
    least_known: int = 1
    out_of: int = 100

    def __attrs_post_init__(self) -> None:
        measures = [term.measure for term in self.terms]
        if not measures or len(set(measures)) < len(measures):
            raise InvalidPolicy("an index has one term for each measure that it counts")
        if not isinstance(self.missing, MissingMeasure):
            raise InvalidPolicy("what becomes of a missing measure is a MissingMeasure: name one")
        if type(self.least_known) is not int or not 1 <= self.least_known <= len(measures):
            raise InvalidPolicy("least_known is a number of measures, from 1 to all of them")
        if type(self.out_of) is not int or not 1 <= self.out_of <= 1_000_000:
            raise InvalidPolicy("a scale has 1 to 1,000,000 points")

    def __call__(self, profile: MeasureProfile, /) -> Decision[LoyaltyScore | None]:
        """The figure of one customer, and what each measure added; None where too much is missing.

        :raises InvalidValue: if something was measured in another unit or on another scale.
        """
        return Decision(
            self._score(profile),
            "loyalty-index",
            profile.as_of,
            tuple(self._evidence(profile)),
            subject=profile.customer,
        )

    def outcomes(self, profiles: Iterable[MeasureProfile]) -> list[LoyaltyScore | None]:
        """The figures of many customers, as the call gives them one by one."""
        return [self._score(profile) for profile in profiles]

    def _known(self, profile: MeasureProfile) -> tuple[MeasureTerm, ...]:
        return tuple(term for term in self.terms if term.measure in profile.measured)

    def _is_enough(self, known: tuple[MeasureTerm, ...]) -> bool:
        refused = self.missing is MissingMeasure.REFUSE
        return len(known) >= (len(self.terms) if refused else self.least_known)

    def _points(self, profile: MeasureProfile) -> dict[LoyaltyMeasure, Fraction]:
        """What each known measure adds to the figure, if there is one."""
        known = self._known(profile)
        weights = sum((term.weight for term in known), Fraction(0))
        return {
            term.measure: self.out_of
            * term.loyal_part(profile.measured[term.measure])
            * (term.weight / weights)
            for term in known
        }

    def _score(self, profile: MeasureProfile) -> LoyaltyScore | None:
        points = self._points(profile)
        if not self._is_enough(self._known(profile)):
            return None
        return LoyaltyScore(
            points=sum(points.values(), Fraction(0)),
            out_of=self.out_of,
            measures=tuple(points),
            of_measures=len(self.terms),
        )

    def _evidence(self, profile: MeasureProfile) -> Iterable[Evidence]:
        points = self._points(profile)
        weights = sum((term.weight for term in self._known(profile)), Fraction(0))
        for term in self.terms:
            if term.measure not in points:
                yield self._unknown(term)
                continue
            measured = profile.measured[term.measure]
            yield Evidence(
                term.measure,
                str(measured),
                parts=(
                    noted("part", str(term.loyal_part(measured))),
                    noted("weight", str(term.weight / weights)),
                    noted("points", str(points[term.measure])),
                ),
            )

    def _unknown(self, term: MeasureTerm) -> Evidence:
        """A measure that is missing stands in the way, or is only noted."""
        refused = self.missing is MissingMeasure.REFUSE
        return Evidence(term.measure, None, "a measurement", False if refused else None)
