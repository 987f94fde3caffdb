"""Integrals of functions that first rise by a power of time and then decay by powers.

The integrand is ``(t/(a + t))^n (1 + t/a)^-p (1 + t/b)^-q`` with n of one or more: how probable n
purchases by time t are, with what is lost meanwhile. In the logarithm of time it is a hill whose
logarithm is concave, with slopes and bends known beforehand, so that panels of a Gauss-Legendre
rule can be laid from its top down both sides. It is taken relative to the top, where large powers
lose no digits.
"""

import math
from collections.abc import Iterator

from attrs import frozen

from crmkit.lifetime_value.numerics.decaying import RULE, STEEPEST

__all__ = ["Peaked"]

_NEGLIGIBLE = 55.0
# What the derivatives of a bell curve, and of a function with poles at distance pi, add to the
# slope of a panel.
_BELL, _POLES = 2.5, 2.2


@frozen
class Peaked:
    """A function of time that rises and then falls: ``(t/(a + t))^n (1 + t/a)^-p (1 + t/b)^-q``."""

    n: int
    p: float
    a: float
    q: float
    b: float

    def slope(self, t: float) -> float:
        """The slope of the logarithm of the hill, in the logarithm of time."""
        return self.n + 1 - (self.n + self.p) * t / (self.a + t) - self.q * t / (self.b + t)

    def bend(self, t: float) -> float:
        """How fast that slope falls."""
        near, far = t / (self.a + t), t / (self.b + t)
        return (self.n + self.p) * near * (1.0 - near) + self.q * far * (1.0 - far)

    def top(self, length: float) -> float:
        """About where the hill is highest up to ``length``."""
        if self.slope(length) >= 0.0:
            return length
        low, high = length, length
        while self.slope(low) < 0.0:
            low /= 16.0
        while True:
            middle = math.sqrt(low) * math.sqrt(high)
            slope = self.slope(middle)
            if slope**2 <= self.bend(middle) or high <= low * (1.0 + 1e-12):
                return middle
            low, high = (middle, high) if slope > 0.0 else (low, middle)

    def integral(self, top: float, length: float) -> float:
        """The integral from 0 to ``length``, divided by the value at ``top`` and by ``top``."""
        n, p, a, q, b = self.n, self.p, self.a, self.q, self.b
        exp, expm1, log1p, log = math.exp, math.expm1, math.log1p, math.log
        total = 0.0
        for start, width in self._panels(top, length):
            for x, w in zip(*RULE, strict=True):
                u = start + width * x
                more = top * expm1(u)
                if u > -1.0:
                    falls = (n + p) * log1p(more / (a + top)) + q * log1p(more / (b + top))
                else:
                    t = top + more
                    falls = (n + p) * log((a + t) / (a + top)) + q * log((b + t) / (b + top))
                total += abs(width) * w * exp((n + 1) * u - falls)
        return total

    def _panels(self, top: float, length: float) -> Iterator[tuple[float, float]]:
        """Starts and widths in the logarithm of time from the top: upwards, then downwards."""
        for sign, end in ((1.0, math.log(length / top)), (-1.0, math.inf)):
            at = fallen = 0.0
            while at < end and fallen < _NEGLIGIBLE:
                t = top * math.exp(sign * at)
                slope, bend = abs(self.slope(t)), self.bend(t)
                steep = slope + _BELL * math.sqrt(bend) + _POLES
                width = STEEPEST / steep
                width = min(STEEPEST / (steep + bend * width), end - at)
                yield sign * at, sign * width
                fallen += slope * width
                at += width
