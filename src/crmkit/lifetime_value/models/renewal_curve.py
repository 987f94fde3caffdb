"""The survival curve of customers who renew, and the fit of its parameters.

The clock of a contract runs with the number of renewals t raised to the power c; with c = 1 it is
the number itself. Survival is S(t) = B(alpha, beta + t^c) / B(alpha, beta). Everything is computed
from ratios S(t) / S(s), of which the logarithms are small where the ratio is near one.
"""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from crmkit.errors import CannotFit, NothingToFit
from crmkit.lifetime_value.models.fitting import FitReport, climb
from crmkit.lifetime_value.models.renewal import CountedRenewals
from crmkit.lifetime_value.numerics.newton import Evaluation, Vector
from crmkit.lifetime_value.numerics.special import (
    log1mexp,
    log_beta,
    log_beta_ratio,
    trigamma,
)

__all__ = ["fit_renewals", "log_survival"]

_LOWEST, _HIGHEST = 1e-6, 1e6
# exp(700) is near the largest float.
_LARGEST_EXPONENT = 700.0
_LARGEST_CLOCK = 300.0
# From here on, the series of the digamma function gives all digits that a fit needs.
_LARGE = 12.0


def log_survival(
    alpha: float, beta: float, c: float, since: float, more: float, log_more: float
) -> float:
    """``log S(since + more) - log S(since)``; ``more`` may be beyond the largest float."""
    if more <= 0.0:
        return 0.0
    if not since:
        return _log_survival_of_all(alpha, beta, c * log_more)
    log_since = math.log(since)
    stretch = math.log1p(more / since) if more < math.inf else log_more - log_since
    if c * (log_since + stretch) < _LARGEST_EXPONENT:
        passed = math.exp(c * log_since)
        return log_beta_ratio(alpha, beta + passed, passed * math.expm1(c * stretch))
    if c * log_since < _LARGEST_EXPONENT:
        start = _log_survival_of_all(alpha, beta, c * log_since)
        return _log_survival_of_all(alpha, beta, c * (log_since + stretch)) - start
    return -alpha * c * stretch


def _log_survival_of_all(alpha: float, beta: float, log_clock: float) -> float:
    """The logarithm of B(alpha, beta + y) / B(alpha, beta), from the logarithm of y."""
    if log_clock < _LARGEST_EXPONENT:
        return log_beta_ratio(alpha, beta, math.exp(log_clock))
    # B(alpha, y) for a clock y beyond any number is Gamma(alpha) / y^alpha.
    return math.lgamma(alpha) - alpha * log_clock - log_beta(alpha, beta)


def fit_renewals(facts: CountedRenewals, names: Sequence[str]) -> FitReport:
    """Find the parameters, with the shape ``c`` or without, under which the facts are most likely.

    :raises NothingToFit: if there is no customer.
    :raises CannotFit: if nobody has left, nobody has ever renewed, or too few renewals lie behind
        the customers to tell the parameters.
    """
    _check_fittable(facts, len(names))
    at_risk = sum(count * (k + 1) for k, count in facts.churned.items())
    at_risk += sum(count * k for k, count in facts.active.items())
    left = sum(facts.churned.values())
    start = [1.0, min(max(at_risk / left - 1.0, 1e-3), 1e3), 1.0]
    return climb(
        names,
        _LogLikelihood(facts, len(names)),
        start[: len(names)],
        lower=[_LOWEST] * len(names),
        upper=[_HIGHEST] * len(names),
        customers=facts.customers,
        rows=len(facts.churned) + len(facts.active),
    )


def _check_fittable(facts: CountedRenewals, parameters: int) -> None:
    if not facts.customers:
        raise NothingToFit("no customers to fit to: pass a cohort, such as [1000, 869, 743]")
    if not facts.churned:
        raise CannotFit("nobody has left", "pass facts of a longer time, in which some left")
    renewals = max(*facts.churned, *facts.active, 0, 0)
    if not renewals:
        raise CannotFit(
            "nobody has renewed even once", "pass facts of a longer time, in which some renewed"
        )
    periods = max(max(facts.churned) + 1, max(facts.active, default=0))
    if periods < parameters:
        raise CannotFit(
            f"the customers came to {periods} renewals",
            f"pass a cohort that came to {parameters} at least: each tells one parameter",
        )


class _Point(NamedTuple):
    """The derivatives of the logarithm of survival at a number of renewals."""

    slopes: list[float]
    bends: list[list[float]]


class _LogLikelihood:
    """The log-likelihood of counted renewals in the logarithms of the parameters."""

    def __init__(self, facts: CountedRenewals, parameters: int) -> None:
        self._churned: Mapping[int, int] = facts.churned
        self._active: Mapping[int, int] = facts.active
        self._size = parameters
        churned_at = [k + 1 for k in facts.churned]
        self._times = sorted({0, *facts.churned, *churned_at, *facts.active})

    def __call__(self, point: Vector) -> Evaluation:
        alpha, beta, *shape = map(math.exp, point)
        c = shape[0] if shape else 1.0
        size = self._size
        at = {t: _derivatives(alpha, beta, c, t) for t in self._times}
        value, g, h = 0.0, [0.0] * size, [[0.0] * size for _ in range(size)]
        for t, count in self._active.items():
            value += count * _log_survival_at(alpha, beta, c, 0, t)
            _add(count, at[t], g, h)
        for t, count in self._churned.items():
            # S(t) - S(t + 1) is S(t) times 1 - exp(-drop).
            drop = max(-_log_survival_at(alpha, beta, c, t, 1), 1e-300)
            value += count * (_log_survival_at(alpha, beta, c, 0, t) + log1mexp(drop))
            _add(count, _churn(at[t], at[t + 1], drop), g, h)
        return value, tuple(g), tuple(map(tuple, h))


def _log_survival_at(alpha: float, beta: float, c: float, since: int, more: int) -> float:
    return log_survival(alpha, beta, c, since, more, math.log(more) if more else -math.inf)


def _add(count: int, point: _Point, g: list[float], h: list[list[float]]) -> None:
    for i in range(len(g)):
        g[i] += count * point.slopes[i]
        for j in range(len(g)):
            h[i][j] += count * point.bends[i][j]


def _churn(here: _Point, there: _Point, drop: float) -> _Point:
    """The derivatives of log(S(t) - S(t + 1)) from those of the logarithms of both."""
    weight = 1.0 / math.expm1(drop) if drop < _LARGEST_EXPONENT else 0.0
    falls = [a - b for a, b in zip(here.slopes, there.slopes, strict=True)]
    slopes = [a + weight * fall for a, fall in zip(here.slopes, falls, strict=True)]
    bends = [
        [
            a + weight * (a - b) - weight * (1.0 + weight) * fall_i * fall_j
            for a, b, fall_j in zip(row, row_there, falls, strict=True)
        ]
        for row, row_there, fall_i in zip(here.bends, there.bends, falls, strict=True)
    ]
    return _Point(slopes, bends)


def _derivatives(alpha: float, beta: float, c: float, t: int) -> _Point:
    """The derivatives of log S(t) in the logarithms of alpha, beta and c."""
    if not t:
        return _Point([0.0] * 3, [[0.0] * 3 for _ in range(3)])
    log_t = math.log(t)
    y = math.exp(min(c * log_t, _LARGEST_CLOCK))
    # How the logarithm of c moves the clock, and how fast that changes.
    moves = y * c * log_t
    both = alpha + beta
    a = -_digamma_gain(both, y)
    b = _digamma_gain(beta, y) + a
    clock = -_digamma_gain(beta + y, alpha)
    aa = -_trigamma_gain(both, y)
    bb = _trigamma_gain(beta, y) + aa
    a_clock = -trigamma(both + y)
    b_clock = -_trigamma_gain(beta + y, alpha)
    slopes = [alpha * a, beta * b, moves * clock]
    ab = alpha * beta * aa
    ac = alpha * moves * a_clock
    bc = beta * moves * b_clock
    cc = moves * (moves * b_clock + clock * (1.0 + c * log_t))
    bends = [
        [alpha * alpha * aa + slopes[0], ab, ac],
        [ab, beta * beta * bb + slopes[1], bc],
        [ac, bc, cc],
    ]
    return _Point(slopes, bends)


def _digamma_gain(z: float, d: float) -> float:
    """digamma(z + d) - digamma(z), with the digits of a small difference."""
    if z < _LARGE:
        return d / (z * (z + d)) + _digamma_gain(z + 1.0, d)
    p, q = 1.0 / (z * z), 1.0 / ((z + d) * (z + d))
    fall = d / z * (p * z / (z + d) + q)  # p - q
    series = fall * (1.0 / 12.0 - (p + q) / 120.0 + (p * p + p * q + q * q) / 252.0)
    return math.log1p(d / z) + 0.5 * d / z / (z + d) + series


def _trigamma_gain(z: float, d: float) -> float:
    """trigamma(z + d) - trigamma(z), with the digits of a small difference."""
    if z < _LARGE:
        return _trigamma_gain(z + 1.0, d) - d / z / (z + d) * (1.0 / z + 1.0 / (z + d))
    p, q = 1.0 / z, 1.0 / (z + d)
    fall = d * p * q  # p - q
    cubes = p * p + p * q + q * q
    fifths = p**4 + p**3 * q + p * p * q * q + p * q**3 + q**4
    return -fall * (1.0 + 0.5 * (p + q) + cubes / 6.0 - fifths / 30.0)
