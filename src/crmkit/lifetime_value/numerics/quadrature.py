"""Integrals of positive functions that are given by their logarithm.

The trapezoidal rule on the whole line, after a substitution that stretches with the distance from
the mode: for smooth integrands its error falls faster than any power of the step, and a peak as
narrow as a thousandth and a tail as long as a million cost about the same number of points.

Source: H. Takahasi and M. Mori (1974), "Double Exponential Formulas for Numerical Integration".
"""

import math
from collections.abc import Callable

from crmkit.lifetime_value.numerics.special import softplus

__all__ = ["log_integral", "log_integral_between", "log_integral_unit"]

LogFunction = Callable[[float], float]

_GOLDEN = (math.sqrt(5.0) - 1.0) / 2.0
_COARSEST, _FINEST = 1.0 / 8.0, 1.0 / 512.0
_NEGLIGIBLE = 1e-18
_AGREEMENT = 1e-13
_QUIET = 3
"""So many negligible terms running end a tail."""


def log_integral(log_f: LogFunction) -> float:
    """The logarithm of the integral of ``exp(log_f(s))`` over all real ``s``.

    ``log_f`` is smooth, has about one mode and falls on both sides; it may be minus infinity.
    """
    mode, top = _mode(log_f)
    if top == -math.inf:
        return -math.inf
    width = _width(log_f, mode, top)

    def term(u: float) -> float:
        return math.exp(log_f(mode + width * math.sinh(u)) - top) * math.cosh(u)

    h = _COARSEST
    right, last = _tail(term, h)
    left, first = _tail(term, -h)
    total = term(0.0) + right + left
    before = math.inf
    while h > _FINEST:
        between = math.fsum(term((k + 0.5) * h) for k in range(-first, last))
        first, last = 2 * first, 2 * last
        total, refined = total + between, (between - total) / (total + between)
        h /= 2.0
        change = abs(refined)
        # The error is about squared with each halving.
        if change < _AGREEMENT or (change < 1e-8 and change < before**1.5):
            break
        before = change
    return top + math.log(total * h * width)


def _tail(term: Callable[[float], float], h: float) -> tuple[float, int]:
    total, quiet, k = 0.0, 0, 0
    while quiet < _QUIET:
        k += 1
        value = term(k * h)
        total += value
        quiet = quiet + 1 if value <= _NEGLIGIBLE * (1.0 + total) else 0
    return total, k


def _mode(log_f: LogFunction) -> tuple[float, float]:
    """About where ``log_f`` is highest, and how high it is there."""
    low, middle, high, top = _bracket(log_f)
    at_low, at_high = log_f(low), log_f(high)
    while top - min(at_low, at_high) > 0.25 and high - low > 1e-14 * (abs(low) + abs(high)):
        if high - middle > middle - low:
            s = middle + (1.0 - _GOLDEN) * (high - middle)
            at = log_f(s)
            if at > top:
                low, at_low, middle, top = middle, top, s, at
            else:
                high, at_high = s, at
        else:
            s = middle - (1.0 - _GOLDEN) * (middle - low)
            at = log_f(s)
            if at > top:
                high, at_high, middle, top = middle, top, s, at
            else:
                low, at_low = s, at
    return middle, top


def _bracket(log_f: LogFunction) -> tuple[float, float, float, float]:
    """Three points of which the middle one is the highest, and its height."""
    middle, top, step = 0.0, log_f(0.0), 1.0
    while top == -math.inf and step < 1e9:
        right, left = log_f(step), log_f(-step)
        middle, top = (step, right) if right > left else (-step, left)
        step *= 2.0
    step = 1.0
    direction = 1.0 if log_f(middle + step) > top else -1.0
    behind = middle - direction * step
    while (at := log_f(middle + direction * step)) > top:
        behind, middle, top = middle, middle + direction * step, at
        step *= 2.0
    ahead = middle + direction * step
    return (behind, middle, ahead, top) if direction > 0.0 else (ahead, middle, behind, top)


def _width(log_f: LogFunction, mode: float, top: float) -> float:
    """How far from the mode ``log_f`` has fallen by about a half, at most one."""
    width = 1.0
    while min(log_f(mode + width), log_f(mode - width)) < top - 1.0 and width > 1e-14:
        width *= 0.5
    return width


def log_integral_unit(log_f: Callable[[float, float], float]) -> float:
    """The logarithm of an integral over the probabilities ``p`` between 0 and 1.

    ``log_f`` is called with ``log(p)`` and ``log(1 - p)``, both accurate at either end.
    """

    def on_the_line(s: float) -> float:
        log_p, log_q = -softplus(-s), -softplus(s)
        return log_f(log_p, log_q) + log_p + log_q

    return log_integral(on_the_line)


def log_integral_between(
    log_f: Callable[[float, float], float], lower: float, upper: float
) -> float:
    """The logarithm of an integral over ``x`` between ``lower`` and ``upper``.

    ``log_f`` is called with ``x`` and with its distance from ``lower``, both accurate at either
    end: layers as thin as 1e-12 of the interval are resolved.
    """
    length = upper - lower
    if length <= 0.0:
        return -math.inf
    log_length = math.log(length)

    def on_the_line(s: float) -> float:
        log_p, log_q = -softplus(-s), -softplus(s)
        distance = length * math.exp(log_p)
        x = lower + distance if s < 0.0 else upper - length * math.exp(log_q)
        return log_f(x, distance) + log_p + log_q + log_length

    return log_integral(on_the_line)
