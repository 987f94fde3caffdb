"""Sums of a great many falling positive terms, in the time of a few hundred.

A sum over opportunities or periods may have a million terms, or be without end, and fall as slowly
as a small power. Its first terms are added one by one; as soon as they change little from one to
the next, the rest is an integral, with Gauss's central-difference form of the summation formula of
Euler and Maclaurin for what the two differ in. The integral runs over the logarithm of the index,
in which a power is an exponential, by Gauss-Legendre panels that are halved until they agree.

Sources: Abramowitz and Stegun (1964), 23.1.30 (Euler and Maclaurin) and 25.4.29 (Gauss-Legendre).
"""

import math
from collections.abc import Callable

from crmkit.lifetime_value.numerics.special import log_add

__all__ = ["log_falling_sum"]

LogTerm = Callable[[float, float], float]

_HEAD = 64
"""So many terms at least are added one by one, ..."""
_GENTLE = 0.98
"""... and more while each is smaller than this part of the one before."""
_TAIL = 32
"""So many terms at the far end are added one by one: there the terms may change abruptly."""
_LOG_NEGLIGIBLE = -42.0
_NODES = 10
_FIRST_WIDTH, _GROWTH = 1.4, 1.5
_AGREEMENT = 1e-9
_DEEPEST = 40
_LARGEST_EXPONENT = 709.0
_BEYOND = 800.0
"""A sum with a logarithm above this is beyond any float, so how far does not matter."""


def _gauss_legendre(count: int) -> list[tuple[float, float]]:
    """The nodes and weights between -1 and 1, by Newton's method."""
    found = []
    for k in range(count):
        x = math.cos(math.pi * (k + 0.75) / (count + 0.5))
        for _ in range(6):
            before, value = 0.0, 1.0
            for j in range(count):
                before, value = value, ((2 * j + 1) * x * value - j * before) / (j + 1)
            slope = count * (x * value - before) / (x * x - 1.0)
            x -= value / slope
        found.append((x, 2.0 / ((1.0 - x * x) * slope * slope)))
    return found


_RULE = _gauss_legendre(_NODES)


def log_falling_sum(log_term: LogTerm, count: float) -> float:
    """The logarithm of the sum of ``exp(log_term(i, log(i)))`` for ``i`` from 0 below ``count``.

    The first term is about the largest, and the others fall; ``log_term`` is smooth in a real
    ``i``. ``count`` is whole, above zero, and may be infinite if the sum is not. The logarithm of
    the index is handed in because the index itself may be beyond the largest float (infinite). Of a
    sum that is beyond the largest float, the result says no more than that.
    """
    top = log_term(0.0, -math.inf)
    if top == -math.inf:
        return top

    def term(i: int) -> float:
        return math.exp(log_term(float(i), math.log(i)) - top)

    last = count - _TAIL
    total = before = 1.0
    i = 1
    while i < count:
        value = term(i)
        if value <= 1e-20 * total and value < _GENTLE * before:
            return top + math.log(total)
        if _HEAD <= i < last and value >= _GENTLE * before:
            return top + _rest(log_term, term, top, math.log(total), i, count)
        total += value
        before = value
        i += 1
    return top + math.log(total)


def _rest(
    log_term: LogTerm,
    term: Callable[[int], float],
    top: float,
    log_total: float,
    first: int,
    count: float,
) -> float:
    """The logarithm of the sum, of which the terms below ``first`` are in ``log_total``."""

    def log_integrand(s: float) -> float:
        i = math.exp(s) if s < _LARGEST_EXPONENT else math.inf
        return log_term(i, s) - top + s

    start = math.log(first - 0.5)
    if count == math.inf:
        log_total = _integrated(log_integrand, start, math.inf, log_total)
        return log_total + math.log1p(_overhang(term, first) * math.exp(-log_total))
    last = int(count) - _TAIL
    log_total = _integrated(log_integrand, start, math.log(last - 0.5), log_total)
    others = math.fsum(map(term, range(last, int(count))))
    others += _overhang(term, first) - _overhang(term, last)
    return log_total + math.log1p(others * math.exp(-log_total))


def _overhang(term: Callable[[int], float], i: int) -> float:
    """By how much an integral up to ``i - 1/2`` exceeds the sum of the terms below ``i``."""
    a, b, c, d, e, f = map(term, range(i - 3, i + 3))
    first = d - c
    third = e - 3.0 * d + 3.0 * c - b
    fifth = f - 5.0 * e + 10.0 * d - 10.0 * c + 5.0 * b - a
    return first / 24.0 - 17.0 * third / 5760.0 + 367.0 * fifth / 967680.0


def _integrated(
    log_f: Callable[[float], float], start: float, end: float, log_total: float
) -> float:
    """Add the integral between two points to a total, both as logarithms."""
    width = _FIRST_WIDTH
    while start < end:
        stop = min(start + width, end)
        whole = _panel(log_f, start, stop)
        if whole > _BEYOND:
            return whole
        part = _panels(log_f, start, stop, whole, log_total, _DEEPEST)
        log_total = log_add(log_total, part)
        if part < log_total + _LOG_NEGLIGIBLE and log_f(stop) <= log_f(start):
            break
        start, width = stop, width * _GROWTH
    return log_total


def _panels(
    log_f: Callable[[float], float],
    start: float,
    stop: float,
    whole: float,
    log_total: float,
    depth: int,
) -> float:
    middle = 0.5 * (start + stop)
    left, right = _panel(log_f, start, middle), _panel(log_f, middle, stop)
    both = log_add(left, right)
    scale = max(log_add(both, log_total), whole)
    change = abs(math.exp(both - scale) - math.exp(whole - scale))
    # Far out, the logarithm of the index times a parameter has lost digits of its own.
    if change <= max(_AGREEMENT, 1e-14 * stop) or not depth:
        return both
    return log_add(
        _panels(log_f, start, middle, left, log_total, depth - 1),
        _panels(log_f, middle, stop, right, log_total, depth - 1),
    )


def _panel(log_f: Callable[[float], float], start: float, stop: float) -> float:
    half, middle = 0.5 * (stop - start), 0.5 * (start + stop)
    logs = [log_f(middle + half * x) for x, _ in _RULE]
    peak = max(logs)
    if peak == -math.inf:
        return peak
    total = sum(w * math.exp(at - peak) for at, (_, w) in zip(logs, _RULE, strict=True))
    return peak + math.log(half * total)
