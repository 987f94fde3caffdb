"""Complaints that rise at one place: a control chart over time, with exact limits."""

from datetime import date
from enum import StrEnum
from fractions import Fraction

from attrs import field, frozen

from crmkit.complaints.facts.counts import MAX_COUNT, MAX_EXPOSURE
from crmkit.complaints.facts.places import Measure
from crmkit.complaints.numerics import (
    binomial_at_least,
    binomial_at_most,
    poisson_at_least,
    poisson_at_most,
)
from crmkit.complaints.policies.control_limits import (
    ControlLimits,
    Correction,
    level_of,
    poisson_limits,
    prediction_limits,
)
from crmkit.complaints.policies.rates import check_share, decimal_of
from crmkit.decision import Comparison, Decision, Evidence, at_least, noted
from crmkit.errors import InvalidPolicy, InvalidValue
from crmkit.identifiers import check_identifier
from crmkit.money import as_fraction
from crmkit.period import Period, check_date

__all__ = [
    "Baseline",
    "CountIn",
    "KnownRate",
    "RisingComplaints",
    "SeriesFacts",
    "Trend",
]


class Trend(StrEnum):
    """How a place does against its own past."""

    RISING = "rising"
    """At least one period has more complaints than chance explains: look for a local fault."""
    FALLING = "falling"
    """None has more, at least one has fewer: something got better, or is no longer reported."""
    STEADY = "steady"
    """Every period is within its limits."""


def _check_numbers(count: int, exposure: int) -> None:
    if type(count) is not int or not 0 <= count <= MAX_COUNT:
        raise InvalidValue(f"a count is a whole number from 0 to {MAX_COUNT:,}")
    if type(exposure) is not int or not 0 <= exposure <= MAX_EXPOSURE:
        raise InvalidValue(f"an exposure is a whole number from 0 to {MAX_EXPOSURE:,}")


@frozen
class CountIn:
    """The complaints of one period, among how many; with equal exposures it is a c-chart."""

    period: Period
    count: int
    exposure: int = 1

    def __attrs_post_init__(self) -> None:
        _check_numbers(self.count, self.exposure)
        if self.count and not self.exposure:
            raise InvalidValue("something happened among nobody: find out the exposure first")


@frozen
class Baseline:
    """The complaints of the periods before, among how many: all that is known of the rate."""

    count: int
    exposure: int

    def __attrs_post_init__(self) -> None:
        _check_numbers(self.count, self.exposure)
        if not self.exposure:
            raise InvalidValue("a baseline is of somebody: pass an exposure of 1 or more")

    @property
    def rate(self) -> Fraction:
        """Complaints by unit of exposure."""
        return Fraction(self.count, self.exposure)

    def limits(self, exposure: int, false_alarm: Fraction) -> ControlLimits:
        """Limits of the next count, the luck of the baseline included."""
        return prediction_limits(self.count, self.exposure, exposure, false_alarm)

    def chance(self, point: CountIn) -> float:
        """How likely a count as far out as this is, on either side."""
        total = self.count + point.count
        p = float(Fraction(point.exposure, point.exposure + self.exposure))
        high = binomial_at_least(point.count, total, p)
        low = binomial_at_most(point.count, total, p)
        return min(1.0, 2 * min(high, low))


def _as_rate(rate: "int | str | Fraction") -> Fraction:
    return as_fraction(rate, "a rate")


@frozen
class KnownRate:
    """A rate that is agreed or known, by unit of exposure: a standard, not an estimate."""

    rate: Fraction = field(converter=_as_rate)

    def __attrs_post_init__(self) -> None:
        if self.rate < 0:
            raise InvalidValue("a rate is 0 or more")

    def limits(self, exposure: int, false_alarm: Fraction) -> ControlLimits:
        """Limits of a count at this rate."""
        return poisson_limits(self.rate * exposure, false_alarm)

    def chance(self, point: CountIn) -> float:
        """How likely a count as far out as this is, on either side."""
        mean = float(self.rate * point.exposure)
        high, low = poisson_at_least(point.count, mean), poisson_at_most(point.count, mean)
        return min(1.0, 2 * min(high, low))


@frozen(kw_only=True)
class SeriesFacts:
    """The complaints of one place, period by period, and what they are held against.

    The periods lie in order and after those of the baseline. ``measure`` says what was counted, if
    it was not complaints: a region that loses customers signals a local fault as well.

    :raises InvalidValue: if a period begins before the one before it ends, or more is expected in
        one than can be counted.
    """

    as_of: date
    place: str
    reference: Baseline | KnownRate
    points: tuple[CountIn, ...]
    of: str = "customers"
    measure: Measure = Measure.COMPLAINTS

    def __attrs_post_init__(self) -> None:
        check_date(self.as_of, "as_of")
        check_identifier(self.place, "the name of a place")
        check_identifier(self.of, "what an exposure counts")
        ends = [point.period.end for point in self.points[:-1]]
        starts = [point.period.start for point in self.points[1:]]
        if any(start < end for start, end in zip(starts, ends, strict=True)):
            raise InvalidValue("periods stand in order and share no day")
        if any(self.reference.rate * point.exposure > MAX_COUNT for point in self.points):
            raise InvalidValue(
                f"more than {MAX_COUNT:,} are expected in a period: is the rate that by one unit "
                f"of the exposure?"
            )


def _as_exact(number: "int | str | Fraction") -> Fraction:
    return as_fraction(number, "a term of an alarm")


@frozen(kw_only=True)
class RisingComplaints:
    """A region with rising complaints signals a local fault: hold each period against the past.

    Like a u-chart, but with exact limits, and with limits that know how little a short baseline
    says. ``false_alarm`` counts both sides; ``correction`` says whether it is the chance of each
    period or of all of them together. One place is judged at a time: whoever watches many side by
    side says so with ``places``, and a chance for all of them together is shared among them. Fewer
    complaints than ``minimum_count`` raise no alarm.

    :raises InvalidPolicy: if a term is out of range.

    >>> policy = RisingComplaints(
    ...     false_alarm="0.01", correction=Correction.BONFERRONI, minimum_count=5
    ... )
    >>> months = [Period.month(2026, month) for month in (4, 5)]
    >>> facts = SeriesFacts(
    ...     as_of=date(2026, 5, 31), place="north", reference=Baseline(24, 4_900),
    ...     points=(CountIn(months[0], 5, 810), CountIn(months[1], 15, 820)),
    ... )
    >>> from crmkit.decision import explain
    >>> print(explain(policy(facts)))
    rising for north, by rising complaints, as of 2026-05-31
    - noted: periods judged is 2
    - noted: correction is bonferroni
    - met: complaints from 2026-04-01 to 2026-04-30 is 5; at most 12 allowed
      - met: complaints is 5; at least 0 required
      - noted: expected is 3.96735
      - noted: customers is 810
    - not met: complaints from 2026-05-01 to 2026-05-31 is 15; at most 12 allowed
      - met: complaints is 15; at least 0 required
      - noted: expected is 4.01633
      - noted: customers is 820
    """

    false_alarm: Fraction = field(converter=_as_exact)
    correction: Correction
    minimum_count: int
    places: int = 1

    def __attrs_post_init__(self) -> None:
        check_share(self.false_alarm, "the chance of a false alarm")
        if self.minimum_count < 1 or self.places < 1:
            raise InvalidPolicy("an alarm takes one complaint or more, at one place or more")

    def __call__(self, facts: SeriesFacts, /) -> Decision[Trend]:
        """Say how a place does, with the limits of every period."""
        chances = [facts.reference.chance(point) for point in facts.points]
        shared = 1 if self.correction is Correction.NONE else self.places
        level = Fraction(level_of(chances, self.false_alarm / shared, self.correction))
        judged = [self._judge(facts, point, level) for point in facts.points]
        evidence = (
            noted("periods-judged", len(facts.points)),
            noted("correction", str(self.correction)),
            *([noted("places-watched", self.places)] if self.places > 1 else []),
            *judged,
        )
        return Decision(
            _trend_of(judged), "rising-complaints", facts.as_of, evidence, subject=facts.place
        )

    def _judge(self, facts: SeriesFacts, point: CountIn, level: Fraction) -> Evidence:
        limits = facts.reference.limits(point.exposure, level)
        upper = max(limits.upper, self.minimum_count - 1)
        return Evidence(
            f"{facts.measure} from {point.period.start} to {point.period.last}",
            point.count,
            upper,
            point.count <= upper,
            Comparison.AT_MOST,
            parts=(
                at_least(str(facts.measure), point.count, limits.lower),
                noted("expected", decimal_of(facts.reference.rate * point.exposure)),
                noted(facts.of, point.exposure),
            ),
        )


def _trend_of(judged: list[Evidence]) -> Trend:
    if not all(item.met for item in judged):
        return Trend.RISING
    return Trend.STEADY if all(item.parts[0].met for item in judged) else Trend.FALLING
