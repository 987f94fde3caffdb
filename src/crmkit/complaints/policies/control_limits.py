"""How many complaints are too many: limits that hold for small numbers, and for many places.

Three standard deviations of a normal curve are wrong where four complaints are expected: they raise
false alarms far more often than the table says. The limits here are exact tail sums of the Poisson
and the binomial distribution.
"""

from collections.abc import Sequence
from enum import StrEnum
from fractions import Fraction

from attrs import frozen

from crmkit.complaints.facts.counts import MAX_COUNT
from crmkit.complaints.numerics import (
    binomial_at_least,
    binomial_at_most,
    first_true,
    poisson_at_least,
    poisson_at_most,
)
from crmkit.errors import InvalidValue

__all__ = [
    "THREE_SIGMA",
    "ControlLimits",
    "Correction",
    "binomial_limits",
    "level_of",
    "poisson_limits",
    "prediction_limits",
]

THREE_SIGMA = Fraction(27, 10_000)
"""The false alarms that Shewhart's charts at three standard deviations would have if counts were
normal: 27 in 10,000 looks, both sides together."""


class Correction(StrEnum):
    """What is done about asking many times: among a hundred places one is always the worst."""

    NONE = "none"
    """Nothing: each place raises a false alarm as often as stated."""
    BONFERRONI = "bonferroni"
    """All places together raise one false alarm or more as often as stated, or less."""
    BENJAMINI_HOCHBERG = "benjamini-hochberg"
    """Of all alarms, the share stated is false on average (Benjamini and Hochberg 1995).

    Shown for independent and for positively dependent places; places that share one total depend
    on each other slightly the other way. Bonferroni holds for any dependence.
    """


def level_of(chances: Sequence[float], false_alarm: Fraction, correction: Correction) -> float:
    """The chance at or below which one comparison among all of these is an alarm."""
    places = max(1, len(chances))
    # Each level is rounded once, from an exact fraction, so that levels keep their order.
    levels = [float(false_alarm * rank / places) for rank in range(1, places + 1)]
    match correction:
        case Correction.NONE:
            return levels[-1]
        case Correction.BONFERRONI:
            return levels[0]
        case _:
            reached = zip(sorted(chances), levels, strict=False)
            return max((at for chance, at in reached if chance <= at), default=levels[0])


@frozen
class ControlLimits:
    """Counts from ``lower`` to ``upper``, both included, are no surprise; others are."""

    lower: int
    upper: int

    def __contains__(self, count: object) -> bool:
        """Whether a count lies within the limits."""
        return isinstance(count, int) and self.lower <= count <= self.upper


def poisson_limits(expected: Fraction, false_alarm: Fraction) -> ControlLimits:
    """Limits of a count where so many are expected, at a rate that is known.

    Half of the false alarms lie on each side, at most. This is the line of a funnel plot at one
    exposure (Spiegelhalter 2005), with exact tails.

    :raises InvalidValue: if less than nothing is expected or more than statistics are made of, or
        the chance is not between 0 and 1.

    >>> poisson_limits(Fraction("4.1"), THREE_SIGMA)
    ControlLimits(lower=0, upper=11)
    """
    tail = _tail_of(false_alarm)
    if expected < 0:
        raise InvalidValue("nothing or more is expected, never less than nothing")
    _check_most(expected)
    mean = float(expected)
    return ControlLimits(
        first_true(lambda k: poisson_at_most(k, mean) > tail, 0),
        first_true(lambda k: poisson_at_least(k, mean) <= tail, 0) - 1,
    )


def binomial_limits(total: int, share: Fraction, false_alarm: Fraction) -> ControlLimits:
    """Limits of the count of one place, which holds a share of all those who could complain.

    Given how many complained in all, the place is compared with the others and nothing about the
    rate has to be known: the exact conditional test of Przyborowski and Wilenski (1940).

    :raises InvalidValue: if the share, the total or the chance is out of range.

    >>> binomial_limits(41, Fraction(1, 10), THREE_SIGMA)
    ControlLimits(lower=0, upper=11)
    """
    tail = _tail_of(false_alarm)
    if total < 0 or not 0 <= share <= 1:
        raise InvalidValue("a place has a share from 0 to 1 of a total of 0 or more")
    _check_most(total)
    p = float(share)
    return ControlLimits(
        first_true(lambda k: binomial_at_most(k, total, p) > tail, 0),
        first_true(lambda k: binomial_at_least(k, total, p) <= tail, 0) - 1,
    )


def prediction_limits(
    baseline: int, baseline_exposure: int, exposure: int, false_alarm: Fraction
) -> ControlLimits:
    """Limits of the next count, where the rate is known from a baseline period alone.

    A baseline of three complaints says little about the rate, and the limits are as wide as that:
    they hold the next count against the baseline by the exact conditional test, so the stated
    chance includes the luck of the baseline.

    :raises InvalidValue: if the baseline has no exposure, a number is below 0, more is expected
        than statistics are made of, or the chance is out of range.

    >>> prediction_limits(41, 10_000, 1_000, THREE_SIGMA)
    ControlLimits(lower=0, upper=12)
    """
    tail = _tail_of(false_alarm)
    if baseline < 0 or baseline_exposure <= 0 or exposure < 0:
        raise InvalidValue("a baseline has an exposure above 0, and no number is below 0")
    _check_most(baseline)
    _check_most(Fraction(baseline * exposure, baseline_exposure))
    p = float(Fraction(exposure, exposure + baseline_exposure))
    return ControlLimits(
        first_true(lambda k: binomial_at_most(k, baseline + k, p) > tail, 0),
        first_true(lambda k: binomial_at_least(k, baseline + k, p) <= tail, 0) - 1,
    )


def _tail_of(false_alarm: Fraction) -> float:
    if not 0 < false_alarm < 1:
        raise InvalidValue("the chance of a false alarm is above 0 and below 1")
    return float(false_alarm / 2)


def _check_most(expected: int | Fraction) -> None:
    if expected > MAX_COUNT:
        raise InvalidValue(f"limits are worked out for at most {MAX_COUNT:,} cases")
