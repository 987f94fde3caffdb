"""Integrals of functions that only decay: by two powers, and perhaps exponentially.

The integrand is ``(1 + t/a)^-p (1 + t/b)^-q exp(-k t)``. All that it can do is known beforehand:
how steeply it falls at a time, and how far off its nearest singularity is (at ``-a`` or ``-b``). So
the range is cut into panels in which a Gauss-Legendre rule of a few nodes is known to be enough,
without trial and error, and it ends where no more than rounding is left.

Source: P. J. Davis and P. Rabinowitz (1984), Methods of Numerical Integration, 2nd edition, section
2.7, for the error of the rule: a 2n-th derivative times (n!)^4 / ((2n + 1) ((2n)!)^3).
"""

import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import pairwise

from attrs import frozen

__all__ = ["RULE", "STEEPEST", "Decay", "decaying_integral", "nodes_down"]

_TOLERANCE = 1e-12
_SIZES = (2, 3, 4, 5, 6, 8)
_NEGLIGIBLE = 30.0
"""A fall by so much, as a logarithm, is one to nothing beside a float's last digit."""


def _gauss_legendre(n: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The nodes between 0 and 1, the highest first, and their weights."""
    nodes, weights = [], []
    for i in range(n):
        x = math.cos(math.pi * (i + 0.75) / (n + 0.5))
        # Newton's method doubles the digits of that guess each time.
        for _ in range(5):
            before, value = 1.0, x
            for k in range(2, n + 1):
                before, value = value, ((2 * k - 1) * x * value - (k - 1) * before) / k
            slope = n * (x * value - before) / (x * x - 1.0)
            x -= value / slope
        nodes.append((1.0 + x) / 2.0)
        weights.append(1.0 / ((1.0 - x * x) * slope * slope))
    return tuple(nodes), tuple(weights)


def _steepest(n: int) -> float:
    """How steep a panel may be, in falls of its logarithm, for n nodes to be enough."""
    error = math.factorial(n) ** 4 / ((2 * n + 1) * math.factorial(2 * n) ** 3)
    return float((_TOLERANCE / error) ** (0.5 / n))


_ORDER = 2 * _SIZES[-1]
_RULES = tuple(map(_gauss_legendre, _SIZES))
_STEEPEST = tuple(map(_steepest, _SIZES))
RULE, STEEPEST = _RULES[-1], _STEEPEST[-1]
"""The longest rule (nodes between 0 and 1, and weights), and how steep a panel it can take."""
# A power of p has 2n-th derivatives like that of an exponential of p plus about this.
_CURVED = float(math.factorial(_ORDER) ** (1.0 / _ORDER))


@frozen
class Decay:
    """A function of time that falls from 1 at time 0: ``(1 + t/a)^-p (1 + t/b)^-q exp(-k t)``."""

    p: float
    a: float
    q: float
    b: float
    k: float = 0.0

    def steepness(self, t: float) -> float:
        """How fast it falls at ``t``, as a logarithm, or could seem to fall as it is curved."""
        near = min(self.a, self.b) + t
        return self.p / (self.a + t) + self.q / (self.b + t) + self.k + _CURVED / near

    def panels(self, low: float, high: float) -> Iterator[tuple[float, float]]:
        """Cut a range, which may be infinite if ``k`` is above zero, into starts and widths."""
        reach = min(high - low, 1.0 / self.k if self.k else math.inf)
        steep = self.steepness(low)
        enough = _NEGLIGIBLE + math.log1p(reach * steep)
        first = width = STEEPEST / steep
        fallen = 0.0
        while low < high and fallen < enough:
            # The less a panel adds, the fewer of its digits count, and the wider it may be.
            lesser = max(0.0, fallen - math.log(width / first))
            width = min(width * math.exp(lesser / _ORDER), high - low)
            yield low, width
            fallen += self.p * math.log1p(width / (self.a + low))
            fallen += self.q * math.log1p(width / (self.b + low)) + self.k * width
            low = high if width == high - low else low + width
            width = STEEPEST / self.steepness(low)


def decaying_integral(decay: Decay, length: float) -> float:
    """The integral from 0 to ``length`` (which may be infinite if ``k`` is above zero)."""
    p, a, q, b, k = decay.p, decay.a, decay.q, decay.b, decay.k
    exp, log1p = math.exp, math.log1p
    total = 0.0
    for low, width in decay.panels(0.0, length):
        rule = _RULES[bisect_left(_STEEPEST, width * decay.steepness(low), hi=len(_SIZES) - 1)]
        total += width * sum(
            w * exp(-p * log1p(t / a) - q * log1p(t / b) - k * t)
            for x, w in zip(*rule, strict=True)
            for t in (low + width * x,)
        )
    return total


def nodes_down(decay: Decay, ages: Sequence[float]) -> tuple[list[float], list[float], list[int]]:
    """Nodes and weights between descending ages, and how many nodes lie above each age.

    What a sum over the first of them leaves out is nothing beside the integral up to the next age.
    """
    p, a, q, b, k = decay.p, decay.a, decay.q, decay.b, decay.k
    near = min(a, b)
    nodes: list[float] = []
    weights: list[float] = []
    above = [0]
    for high, low in pairwise(ages):
        width = high - low
        steep = width * (p / (a + low) + q / (b + low) + k + _CURVED / (near + low))
        if steep <= STEEPEST:
            xs, ws = _RULES[bisect_left(_STEEPEST, steep)]
            nodes += [low + width * x for x in xs]
            weights += [width * w for w in ws]
        else:
            for start, part in reversed(list(decay.panels(low, high))):
                xs, ws = RULE
                nodes += [start + part * x for x in xs]
                weights += [part * w for w in ws]
        above.append(len(nodes))
    return nodes, weights, above
