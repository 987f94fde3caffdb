"""Sums of logarithms of rising factorials, without a gamma function.

For a whole x, Gamma(c + x) / Gamma(c) is the product of c, c + 1, ... c + x - 1. Over a population,
log(c + i) then counts once for everybody with an x above i: a short table of how many there are
takes the place of a gamma function for every row.
"""

import math
from collections.abc import Mapping
from operator import mul

from crmkit.lifetime_value.numerics.special import digamma, log_gamma_ratio, trigamma

__all__ = ["RisingFactorials"]

_LONG = 40


class RisingFactorials:
    """The sum over a population of log (c)_x, with its first two derivatives in c.

    ``counts`` says how many there are with each whole x.
    """

    def __init__(self, counts: Mapping[int, int]) -> None:
        self._offsets: list[int] = []
        self._above: list[int] = []
        self._stretches: list[tuple[int, int, int]] = []
        above, low = sum(counts.values()), 0
        for x in sorted(counts):
            if x - low > _LONG:
                self._stretches.append((low, x - low, above))
            else:
                self._offsets.extend(range(low, x))
                self._above.extend([above] * (x - low))
            low = x
            above -= counts[x]

    def __call__(self, c: float) -> tuple[float, float, float]:
        """The sum, and its first and second derivative."""
        factors = [c + i for i in self._offsets]
        slopes = [above / factor for above, factor in zip(self._above, factors, strict=True)]
        value = sum(map(mul, self._above, map(math.log, factors)))
        slope = sum(slopes)
        bend = -sum(s / factor for s, factor in zip(slopes, factors, strict=True))
        for low, length, above in self._stretches:
            value += above * log_gamma_ratio(c + low, length)
            slope += above * (digamma(c + low + length) - digamma(c + low))
            bend += above * (trigamma(c + low + length) - trigamma(c + low))
        return value, slope, bend
