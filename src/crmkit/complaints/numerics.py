"""Exact chances of counts: tails of the Poisson, binomial and hypergeometric distributions.

Floats live here and stay here. Point probabilities follow Loader, "Fast and accurate computation of
binomial probabilities" (2000), which cancels nothing however large the counts are; tails are sums
of them from the edge inwards, so that small chances keep their digits. Counts may reach 10^8.
"""

import math
from collections.abc import Callable

__all__ = [
    "binomial_at_least",
    "binomial_at_most",
    "first_true",
    "hypergeometric_at_least",
    "poisson_at_least",
    "poisson_at_most",
    "poisson_mean_bounds",
]

_HALF_LOG_TWO_PI = 0.5 * math.log(2 * math.pi)
_SMALL = 16
_NEGLIGIBLE = 1e-18


def _stirling_error(n: int) -> float:
    """How far Stirling's formula is off: log n! - log(sqrt(2 pi n) (n/e)^n)."""
    if n < _SMALL:
        return math.lgamma(n + 1) - (n + 0.5) * math.log(n) + n - _HALF_LOG_TWO_PI
    square = float(n) * n
    inner = 1 / 1260 - (1 / 1680 - 1 / (1188 * square)) / square
    return (1 / 12 - (1 / 360 - inner / square) / square) / n


def _deviance(x: float, mean: float) -> float:
    """Loader's bd0: x log(x / mean) + mean - x, without cancellation where the two are close."""
    if abs(x - mean) >= 0.1 * (x + mean):
        return x * math.log(x / mean) + mean - x
    v = (x - mean) / (x + mean)
    total, term, k = (x - mean) * v, 2 * x * v, 1
    while True:
        term *= v * v
        k += 2
        grown = total + term / k
        if grown == total:
            return total
        total = grown


def _poisson_point(k: int, mean: float) -> float:
    if k == 0:
        return math.exp(-mean)
    return math.exp(-_stirling_error(k) - _deviance(k, mean)) / math.sqrt(2 * math.pi * k)


def _binomial_point(k: int, n: int, p: float) -> float:
    if k == 0:
        return math.exp(n * math.log1p(-p))
    if k == n:
        return math.exp(n * math.log(p))
    exponent = _stirling_error(n) - _stirling_error(k) - _stirling_error(n - k)
    exponent -= _deviance(k, n * p) + _deviance(n - k, n * (1 - p))
    return math.exp(exponent) * math.sqrt(n / (2 * math.pi * k * (n - k)))


def _tail(first: float, ratio: Callable[[int], float]) -> float:
    """The sum of a first term and those after it, each the one before times a falling ratio."""
    total, term, step = first, first, 0
    while term > total * _NEGLIGIBLE:
        term *= ratio(step)
        total += term
        step += 1
    return min(1.0, total)


def poisson_at_least(k: int, mean: float) -> float:
    """The chance of k events or more where so many are expected."""
    if k <= 0:
        return 1.0
    if mean == 0:
        return 0.0
    if k <= mean:
        return 1 - poisson_at_most(k - 1, mean)
    return _tail(_poisson_point(k, mean), lambda step: mean / (k + step + 1))


def poisson_at_most(k: int, mean: float) -> float:
    """The chance of k events or fewer where so many are expected."""
    if k < 0:
        return 0.0
    if k >= mean:
        return 1 - poisson_at_least(k + 1, mean)
    return _tail(_poisson_point(k, mean), lambda step: (k - step) / mean)


def binomial_at_least(k: int, n: int, p: float) -> float:
    """The chance that k or more of n events fall into a part in which each falls with chance p."""
    if k <= 0:
        return 1.0
    if k > n or p == 0:
        return 0.0
    if p == 1:
        return 1.0
    if k <= n * p:
        return 1 - binomial_at_most(k - 1, n, p)
    odds = p / (1 - p)
    return _tail(_binomial_point(k, n, p), lambda step: (n - k - step) / (k + step + 1) * odds)


def binomial_at_most(k: int, n: int, p: float) -> float:
    """The chance that k or fewer of n events fall into a part in which each falls with chance p."""
    if k < 0:
        return 0.0
    if k >= n or p == 0:
        return 1.0
    if p == 1:
        return 0.0
    if k >= n * p:
        return 1 - binomial_at_least(k + 1, n, p)
    odds = (1 - p) / p
    return _tail(_binomial_point(k, n, p), lambda step: (k - step) / (n - k + step + 1) * odds)


def hypergeometric_at_least(k: int, drawn: int, marked: int, whole: int) -> float:
    """The chance that k or more of so many drawn are marked, of so many marked in the whole."""
    low, high = max(0, drawn + marked - whole), min(drawn, marked)
    if k <= low:
        return 1.0
    if k > high:
        return 0.0
    if k * whole <= drawn * marked:
        # What is not marked falls outside as often as what is marked falls inside.
        return 1 - hypergeometric_at_least(marked - k + 1, whole - drawn, marked, whole)
    rest = whole - drawn - marked
    return _tail(
        _hypergeometric_point(k, drawn, marked, whole),
        lambda step: (
            (drawn - k - step) / (k + step + 1) * (marked - k - step) / (rest + k + step + 1)
        ),
    )


def _hypergeometric_point(k: int, drawn: int, marked: int, whole: int) -> float:
    """Loader: the same whatever p is taken; this one keeps all three factors of usual size."""
    p = marked / whole
    inside = _binomial_point(k, drawn, p)
    return (
        inside * _binomial_point(marked - k, whole - drawn, p) / _binomial_point(marked, whole, p)
    )


def first_true(holds: Callable[[int], bool], start: int) -> int:
    """The first whole number from ``start`` on from which something holds, and keeps holding."""
    step = 1
    while not holds(start + step - 1):
        step *= 2
    low, high = start + step // 2, start + step - 1
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)
    return high


def poisson_mean_bounds(k: int, tail: float) -> tuple[float, float]:
    """The means between which a count of k is not surprising (Garwood 1936).

    At the lower bound k events or more have the chance ``tail``, at the upper one k or fewer.
    """
    low = 0.0 if k == 0 else _crossing(lambda mean: poisson_at_least(k, mean) >= tail, 0.0, k)
    span = k + 1.0
    while poisson_at_most(k, span) > tail:
        span *= 2
    return low, _crossing(lambda mean: poisson_at_most(k, mean) <= tail, float(k), span)


def _crossing(holds: Callable[[float], bool], low: float, high: float) -> float:
    """Where something begins to hold, to the last digit: halving until nothing lies between."""
    while low < (middle := (low + high) / 2) < high:
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
