"""Special functions that keep their digits for arguments between 1e-6 and 1e6, and beyond.

Differences of logarithms of the gamma function are never taken of two large numbers: Stirling's
formula is subtracted on paper, and only what remains of it (the Stirling error) is computed. Small
arguments are first shifted up by the recurrence of the gamma function, whose factors are collected
as ``1 + e`` so that a tiny step keeps all its digits.

Sources: Abramowitz and Stegun (1964), 6.1.40 (Stirling's series), 6.3.18 and 6.4.12 (its
derivatives), 26.5.8 (the continued fraction of the incomplete beta function) and 26.5.26 (the
negative binomial as one); C. Loader (2000), "Fast and Accurate Computation of Binomial
Probabilities" (the deviance form).
"""

import math

__all__ = [
    "digamma",
    "log1mexp",
    "log_add",
    "log_beta",
    "log_beta_ratio",
    "log_gamma_ratio",
    "log_negative_binomial",
    "log_negative_binomial_tail",
    "softplus",
    "stirling_error",
    "trigamma",
]

_LARGE = 10.0
"""From here on, Stirling's series gives all digits."""
_HALF_LOG_TWO_PI = 0.9189385332046727
_LOG_TWO = math.log(2.0)
_SMALLEST = math.ulp(0.0)
_ROUNDING = 2e-15

# B(2k) / (2k (2k - 1)), for k = 1 to 8.
_STIRLING = (
    1.0 / 12.0,
    -1.0 / 360.0,
    1.0 / 1260.0,
    -1.0 / 1680.0,
    1.0 / 1188.0,
    -691.0 / 360360.0,
    1.0 / 156.0,
    -3617.0 / 122400.0,
)
_DIGAMMA = tuple((2 * k - 1) * c for k, c in enumerate(_STIRLING, 1))
_TRIGAMMA = tuple(2 * k * c for k, c in enumerate(_DIGAMMA, 1))


def softplus(z: float) -> float:
    """``log(1 + exp(z))`` for any ``z``."""
    return z + math.log1p(math.exp(-z)) if z > 0.0 else math.log1p(math.exp(z))


def log_add(a: float, b: float) -> float:
    """``log(exp(a) + exp(b))``; either may be minus infinity."""
    low, high = (a, b) if a < b else (b, a)
    return high if low == -math.inf else high + math.log1p(math.exp(low - high))


def log1mexp(x: float) -> float:
    """``log(1 - exp(-x))`` for ``x >= 0``."""
    if x <= 0.0:
        return -math.inf
    return math.log(-math.expm1(-x)) if x < _LOG_TWO else math.log1p(-math.exp(-x))


def _series(coefficients: tuple[float, ...], square: float) -> float:
    total = 0.0
    for coefficient in reversed(coefficients):
        total = total * square + coefficient
    return total


def stirling_error(z: float) -> float:
    """What Stirling's formula leaves out of log Gamma: it tends to 1/(12 z)."""
    if z >= _LARGE:
        return _series(_STIRLING, 1.0 / (z * z)) / z
    return math.lgamma(z) - (z - 0.5) * math.log(z) + z - _HALF_LOG_TWO_PI


def digamma(x: float) -> float:
    """The derivative of log Gamma, for ``x > 0``."""
    below = 0.0
    while x < _LARGE:
        below += 1.0 / x
        x += 1.0
    square = 1.0 / (x * x)
    return math.log(x) - 0.5 / x - square * _series(_DIGAMMA, square) - below


def trigamma(x: float) -> float:
    """The second derivative of log Gamma, for ``x > 0``."""
    below = 0.0
    while x < _LARGE:
        below += 1.0 / (x * x)
        x += 1.0
    square = 1.0 / (x * x)
    return (1.0 + 0.5 / x + square * _series(_TRIGAMMA, square)) / x + below


def _stirling_difference(z: float, d: float) -> float:
    """``stirling_error(z + d) - stirling_error(z)`` for ``z`` large and ``d >= 0``."""
    high, low = 1.0 / (z + d), 1.0 / z
    square = high * high
    difference = -d * high * low
    growth = difference * (high + low)
    power, total = low, 0.0
    for coefficient in _STIRLING:
        total += coefficient * difference
        difference = square * difference + power * growth
        power *= low * low
    return total


def log_gamma_ratio(z: float, d: float) -> float:
    """``log Gamma(z + d) - log Gamma(z)``, for ``z > 0`` and ``z + d > 0``.

    Exact to a few units in the last place of ``d`` times the logarithm, however small ``d`` is.
    """
    if d < 0.0:
        return -log_gamma_ratio(z + d, -d)
    if z < _LARGE and d >= 1.0:
        return math.lgamma(z + d) - math.lgamma(z)
    grown = 0.0
    while z < _LARGE:
        grown += d / z * (1.0 + grown)
        z += 1.0
    growth = math.log1p(d / z)
    rest = (z - 0.5) * growth - d + _stirling_difference(z, d)
    return d * math.log(z + d) + rest - math.log1p(grown)


def log_beta(a: float, b: float) -> float:
    """The logarithm of the beta function, for ``a > 0`` and ``b > 0``."""
    low, high = (a, b) if a < b else (b, a)
    if low < _LARGE:
        return math.lgamma(low) - log_gamma_ratio(high, low)
    total = low + high
    errors = stirling_error(low) + stirling_error(high) - stirling_error(total)
    powers = (low - 0.5) * math.log(low / total) + (high - 0.5) * math.log1p(-low / total)
    return powers + _HALF_LOG_TWO_PI - 0.5 * math.log(total) + errors


def _log1p_minus(x: float) -> float:
    """``log(1 + x) - x`` for ``x > -1``."""
    if abs(x) > 0.25:
        return math.log1p(x) - x
    # With v = x / (2 + x), log(1 + x) is 2 artanh v.
    v = x / (2.0 + x)
    square = v * v
    total, power, odd = 0.0, v * square, 3.0
    while abs(power) > 1e-18 * abs(x * x):
        total += power / odd
        power *= square
        odd += 2.0
    return 2.0 * total - x * v


def log_beta_ratio(a: float, b: float, x: float) -> float:
    """``log B(a, b + x) - log B(a, b)``, for ``a > 0``, ``b > 0`` and ``b + x > 0``.

    A second difference of log Gamma: it is the same with ``a`` and ``x`` exchanged, and all that
    is added up here has one sign, so it keeps its digits whatever is small or large.
    """
    if x < 0.0:
        return -log_beta_ratio(a, b + x, -x)
    a, x = (a, x) if x < a else (x, a)
    shifted = 0.0
    while b < _LARGE:
        c = a + b
        share = a * x / ((b + x) * c)
        kept = b * (c + x) / ((b + x) * c)
        shifted += math.log1p(-share) if share < 0.5 else math.log(kept)
        b += 1.0
    c = a + b
    bend = b * _log1p_minus(x / b) - c * _log1p_minus(x / c)
    slope = x * math.log((b + x) / (c + x)) if a > b else x * math.log1p(-a / (c + x))
    errors = _stirling_difference(b, x) - _stirling_difference(c, x)
    return slope + bend - 0.5 * math.log1p(a * x / (b * (c + x))) + errors + shifted


def _deviance(x: float, mean: float) -> float:
    """``x log(x / mean) + mean - x``, Loader's deviance."""
    difference = x - mean
    if abs(difference) < 0.25 * mean:
        ratio = difference / mean
        return difference * ratio + x * _log1p_minus(ratio)
    return x * math.log(x / mean) - difference


def log_negative_binomial(n: float, r: float, alpha: float, t: float) -> float:
    """The logarithm of the probability of ``n`` events in a time ``t``.

    The number of events is Poisson with a rate that has a gamma distribution of shape ``r`` and
    rate ``alpha``: the number of purchases of a customer base that nobody leaves.
    """
    if n == 0:
        return -r * math.log1p(t / alpha)
    q = t / (alpha + t)
    if q == 0.0:
        return -math.inf
    p = max(alpha / (alpha + t), _SMALLEST)
    total = n + r
    errors = stirling_error(total) - stirling_error(n) - stirling_error(r)
    away = _deviance(r, total * p) + _deviance(n, total * q)
    return errors - away - _HALF_LOG_TWO_PI + 0.5 * math.log(r / (n * total))


def log_negative_binomial_tail(n: int, r: float, alpha: float, t: float) -> float:
    """The logarithm of the probability of ``n`` or more events in a time ``t``.

    It is the incomplete beta function I_q(n, r) with ``q = t / (alpha + t)``, which keeps its
    relative accuracy in both tails.
    """
    if n == 0:
        return 0.0
    p, q = alpha / (alpha + t), t / (alpha + t)
    if q == 0.0:
        return -math.inf
    if q * (n + r + 2.0) < n + 1.0:
        return log_negative_binomial(n, r, alpha, t) + math.log(_fraction(n, r, q))
    if r < 1.0:
        return log1mexp(-_log_lower_of_few(n, r, p))
    lower = log_negative_binomial(n, r, alpha, t) + math.log(n / r * _fraction(r, n, p))
    return log1mexp(-lower)


def _log_lower_of_few(n: int, r: float, p: float) -> float:
    """``log I_p(r, n)`` for a small ``r`` and ``n p`` of at most about two.

    With a tiny ``r`` the value is near zero and in proportion to ``r``, so each part is taken in
    that proportion: the power series of the hypergeometric function, less its leading one.
    """
    total, power, k = 0.0, 1.0, 0
    while abs(power) > 1e-18:
        k += 1
        power *= (k - n) * p / k
        total += power / (r + k)
    return r * math.log(p) + log_gamma_ratio(n, r) - log_gamma_ratio(1.0, r) + math.log1p(r * total)


def _fraction(a: float, b: float, x: float) -> float:
    """The continued fraction of ``I_x(a, b)``, by the modified algorithm of Lentz."""
    c, d = 1.0, 1.0 / (1.0 - (a + b) * x / (a + 1.0))
    value, change, m = d, 0.0, 0
    while abs(change - 1.0) > _ROUNDING:
        m += 1
        even = m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0))
        d, c = 1.0 / (1.0 + even * d), 1.0 + even / c
        value *= d * c
        d, c = 1.0 / (1.0 + odd * d), 1.0 + odd / c
        change = d * c
        value *= change
    return value
