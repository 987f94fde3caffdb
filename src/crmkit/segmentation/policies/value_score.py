"""Scoring the value of a customer by many factors, because miles flown alone say little."""

from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from itertools import accumulate, pairwise

from attrs import field, frozen

from crmkit.decision import Decision, Evidence, EvidenceValue, noted
from crmkit.errors import InvalidPolicy, InvalidValue
from crmkit.money import as_fraction
from crmkit.segmentation.policies.fields import (
    CustomerFacts,
    check_field,
    criterion_of,
    read_field,
)
from crmkit.segmentation.policies.ladder import ExactNumber, check_names
from crmkit.segmentation.policies.normalization import Normalization
from crmkit.segmentation.policies.quantities import exact_decimal

__all__ = ["MissingFactor", "ValueFactor", "ValueScale", "ValueScore"]


@frozen(kw_only=True)
class ValueScore:
    """A score that carries its scale: 72.50 of 100."""

    points: Decimal
    out_of: int

    def __attrs_post_init__(self) -> None:
        if not 0 <= self.points <= self.out_of:
            raise InvalidValue("a score lies between 0 and what it is out of")

    def __str__(self) -> str:
        return f"{self.points} of {self.out_of}"


class MissingFactor(StrEnum):
    """What becomes of a factor that nothing is known about (the fact is None)."""

    COUNTS_AS_NOTHING = "counts-as-nothing"
    """It earns no points, so that what is known can only raise the score."""
    LEFT_OUT = "left-out"
    """The other factors share its points by their weights; all left out, the score is 0."""


def _as_weight(weight: ExactNumber) -> Fraction:
    return as_fraction(weight, "a weight")


@frozen
class ValueFactor:
    """One thing that makes a customer valuable: a fact, how much it weighs, how it is measured.

    :raises InvalidPolicy: if the fact is no public attribute or the weight is not above zero.
    """

    fact: str
    weight: Fraction = field(converter=_as_weight)
    by: Normalization

    def __attrs_post_init__(self) -> None:
        check_field(self.fact)
        if self.weight <= 0:
            raise InvalidPolicy(f"the weight of {self.fact} is above zero, or leave the factor out")

    def observe(self, facts: CustomerFacts) -> tuple[EvidenceValue | None, Fraction]:
        """What is known of a customer, and the part of the points that it earns."""
        if read_field(facts, self.fact) is None:
            return None, Fraction(0)
        # Each rule reads what it can measure, which no type can say of a union of rules.
        value = self.by.observe(facts, self.fact)
        return value, self.by.part(value)  # type: ignore[arg-type]


def _as_factors(factors: Iterable[ValueFactor]) -> tuple[ValueFactor, ...]:
    return tuple(factors)


@frozen(kw_only=True)
class ValueScale:
    """How valuable a customer is, by many factors with weights, each measured by a named rule.

    The points of the scale are handed out to the factors by weight, to the last digit; a factor
    earns its part of them, rounded half to even; the score is the sum of what was earned. So the
    best customer has all points, and the list in the evidence adds up.

    :raises InvalidPolicy: if there is no factor, one fact stands twice, or the scale is out of
        range (1 to 1,000,000 points, 0 to 6 digits).

    >>> from attrs import frozen
    >>> from datetime import date
    >>> from crmkit.decision import explain
    >>> from crmkit.money import Money
    >>> from crmkit.segmentation.policies.normalization import FixedBounds, WordParts
    >>> @frozen
    ... class FlyerFacts:
    ...     customer: str
    ...     as_of: date
    ...     recent_flights: int
    ...     revenue: Money
    ...     would_fly_again: str | None
    >>> intention = WordParts(parts={"no": 0, "perhaps": "0.5", "surely": 1})
    >>> scale = ValueScale(factors=[
    ...     ValueFactor("recent_flights", 3, FixedBounds(worst=0, best=20)),
    ...     ValueFactor("revenue", 5, FixedBounds(worst=Money(0, "EUR"), best=Money(8000, "EUR"))),
    ...     ValueFactor("would_fly_again", 2, intention),
    ... ])
    >>> decision = scale(FlyerFacts("M-1", date(2004, 3, 31), 5, Money(3000, "EUR"), "surely"))
    >>> print(explain(decision))
    46.25 of 100 for M-1, by value score, as of 2004-03-31
    - noted: recent flights is 5
      - noted: points is 7.50
      - noted: points at most is 30.00
    - noted: revenue is 3,000.00 EUR
      - noted: points is 18.75
      - noted: points at most is 50.00
    - noted: would fly again is surely
      - noted: points is 20.00
      - noted: points at most is 20.00
    """

    factors: tuple[ValueFactor, ...] = field(converter=_as_factors)
    out_of: int = 100
    digits: int = 2
    missing: MissingFactor = MissingFactor.COUNTS_AS_NOTHING
    # What each factor can earn when all count, in units of the last digit: worked out once.
    _most: tuple[int, ...] = field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        check_names([factor.fact for factor in self.factors], "factors")
        if not self.factors:
            raise InvalidPolicy("a score needs at least one factor")
        if not (1 <= self.out_of <= 1_000_000 and 0 <= self.digits <= 6):
            raise InvalidPolicy("a scale has 1 to 1,000,000 points and 0 to 6 digits")
        weights = [factor.weight for factor in self.factors]
        object.__setattr__(self, "_most", _handed_out(self._units, weights))

    @property
    def _units(self) -> int:
        return self.out_of * int(10**self.digits)

    def __call__(self, facts: CustomerFacts, /) -> Decision[ValueScore]:
        """Score one customer, with what each factor earned of what it could have earned."""
        evidence = tuple(
            Evidence(
                criterion_of(factor.fact),
                "unknown" if observed is None else observed,
                parts=(
                    noted("points", exact_decimal(earned, self.digits)),
                    noted("points-at-most", exact_decimal(most, self.digits)),
                ),
            )
            for factor, (observed, earned, most) in zip(
                self.factors, self._earned(facts), strict=True
            )
        )
        return Decision(
            self.score_of(evidence), "value-score", facts.as_of, evidence, subject=facts.customer
        )

    def score_of(self, evidence: Iterable[Evidence]) -> ValueScore:
        """Add up the points that stand in the evidence."""
        points = (item.parts[0].observed for item in evidence)
        exact = sum((Fraction(p) for p in points if isinstance(p, Decimal)), Fraction(0))
        return self._score(int(exact * 10**self.digits))

    def outcomes(self, facts: Iterable[CustomerFacts]) -> list[ValueScore]:
        """The scores of many customers, as the call gives them one by one."""
        return [self._score(sum(earned for _, earned, _ in self._earned(item))) for item in facts]

    def _score(self, units: int) -> ValueScore:
        return ValueScore(points=exact_decimal(units, self.digits), out_of=self.out_of)

    def _earned(self, facts: CustomerFacts) -> list[tuple[EvidenceValue | None, int, int]]:
        """For each factor what was observed, earned, and to be earned, in units."""
        seen = [factor.observe(facts) for factor in self.factors]
        return [
            (observed, _half_even(part, most), most)
            for (observed, part), most in zip(seen, self._to_be_earned(seen), strict=True)
        ]

    def _to_be_earned(
        self, seen: Iterable[tuple[EvidenceValue | None, Fraction]]
    ) -> tuple[int, ...]:
        if self.missing is MissingFactor.COUNTS_AS_NOTHING:
            return self._most
        pairs = zip(self.factors, seen, strict=True)
        known = [f.weight if value is not None else Fraction(0) for f, (value, _) in pairs]
        return _handed_out(self._units, known)


def _handed_out(units: int, weights: Iterable[Fraction]) -> tuple[int, ...]:
    """Share out whole units by weight, none lost; where all weights are 0, nobody gets any."""
    ends = list(accumulate(weights, initial=Fraction(0)))
    whole = ends[-1] or Fraction(1)
    rounded = [_half_even(end / whole, units) for end in ends]
    return tuple(end - start for start, end in pairwise(rounded))


def _half_even(part: Fraction, units: int) -> int:
    """A part of whole units, rounded half to even: in whole numbers, for the sake of speed."""
    whole, rest = divmod(part.numerator * units, part.denominator)
    return whole + (2 * rest > part.denominator or (2 * rest == part.denominator and whole % 2))
