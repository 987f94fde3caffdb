"""What the simulators draw from a source of randomness that the host hands in.

Everything is drawn as a logarithm: a shape of 1e-6 makes rates that no float can hold, and a beta
distribution of two such shapes is a coin of which the heads and the tails are both still counted.
"""

import math
from collections.abc import Iterable
from typing import Protocol, TypeVar, runtime_checkable

from crmkit.errors import InvalidValue
from crmkit.lifetime_value.numerics.special import softplus

__all__ = [
    "RandomSource",
    "check_random",
    "check_series",
    "draw_hazard",
    "draw_log_gamma",
    "draw_probability",
    "draw_rate",
    "draw_wait",
    "exp_within",
]

T = TypeVar("T")

_TINY = math.ulp(0.0)
_LARGEST_LOG = 600.0
_SMALLEST_LOG = -1e300


@runtime_checkable
class RandomSource(Protocol):
    """Where chance comes from: ``random.Random(7)`` of the standard library, or the like.

    A simulation is a pure function of its source: the same seed makes the same customers.
    """

    def random(self) -> float:
        """A number from 0 (included) to 1 (not included), all equally likely."""

    def gammavariate(self, alpha: float, beta: float, /) -> float:
        """A number from a gamma distribution of shape ``alpha``, above 1, and scale ``beta``."""


def check_random(source: RandomSource) -> None:
    """Refuse what no numbers can be drawn from.

    :raises InvalidValue: if it is no source of randomness.
    """
    if not isinstance(source, RandomSource):
        raise InvalidValue("chance comes from outside: pass random=random.Random(7), or any seed")


def check_series(values: Iterable[T], what: str) -> list[T]:
    """List what there is one of for each customer; refuse a single value for all.

    :raises InvalidValue: if it is no series, with what it should be.
    """
    try:
        return list(values)
    except TypeError:
        raise InvalidValue(what) from None


def exp_within(z: float) -> float:
    """The exponential, at most so large that a million of them can be added up."""
    return math.exp(min(z, _LARGEST_LOG))


def draw_log_gamma(random: RandomSource, shape: float) -> float:
    """The logarithm of a draw from a gamma distribution of a shape and rate one.

    A draw of a shape up to 1 may be too small for a float, so that it is made out of one of the
    next larger shape (Devroye 1986, Non-Uniform Random Variate Generation, section IX.3).
    """
    if shape > 1.0:
        return math.log(max(random.gammavariate(shape, 1.0), _TINY))
    larger = math.log(max(random.gammavariate(shape + 1.0, 1.0), _TINY))
    return larger + max(math.log1p(-random.random()) / shape, _SMALLEST_LOG)


def draw_rate(random: RandomSource, shape: float, inverse_scale: float) -> float:
    """A rate, such as of buying, from a gamma distribution."""
    return exp_within(draw_log_gamma(random, shape) - math.log(inverse_scale))


def draw_hazard(random: RandomSource, a: float, b: float) -> float:
    """The rate -log(1 - p) that goes with a probability p from a beta distribution."""
    return softplus(draw_log_gamma(random, a) - draw_log_gamma(random, b))


def draw_probability(random: RandomSource, a: float, b: float) -> float:
    """A probability, such as of leaving, from a beta distribution."""
    return -math.expm1(-draw_hazard(random, a, b))


def draw_wait(random: RandomSource, rate: float) -> float:
    """How long the next event of a rate is waited for; for ever if the rate is nothing."""
    return -math.log1p(-random.random()) / rate if rate > 0.0 else math.inf
