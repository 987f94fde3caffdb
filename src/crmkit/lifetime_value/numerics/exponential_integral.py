"""The generalized exponential integral, scaled so that it neither overflows nor vanishes.

E_n(z) is the integral over v from 1 to infinity of exp(-z v) / v^n (DLMF 8.19.3).
"""

import math

__all__ = ["log_scaled_exponential_integral"]

_EPSILON = 1e-16
_FRACTION_FROM = 20.0
_FAR = 40.0
_NEXT_TO_NOTHING = -100.0
_SMALL = 0.01
_EULER = 0.57721566490153286
# Riemann's zeta at 2, 3, ...
_ZETA = (
    1.6449340668482264,
    1.2020569031595943,
    1.0823232337111382,
    1.0369277551433699,
    1.0173430619844491,
    1.0083492773819228,
    1.0040773561979443,
)


def log_scaled_exponential_integral(r: float, log_z: float) -> float:
    """The logarithm of ``r exp(z) E_(r+1)(z)`` for r above zero and z given by its logarithm.

    It is the mean of l / (l + c) over a gamma distributed l of shape r and rate k, with z = c k:
    what of a stream of purchases is left after discounting.
    """
    if log_z - math.log(r + 1.0) > _FAR:
        return math.log(r) - log_z
    z = math.exp(log_z)
    if z >= 1.0 or r > _FRACTION_FROM:
        return math.log(r) + math.log(_continued_fraction(r + 1.0, z))
    steps = round(r)
    if steps == 0:
        return math.log(_near_zero(r, z, log_z))
    if log_z < _NEXT_TO_NOTHING:
        return 0.0  # What is missing to one is of the order of z to the power of a half.
    # Up from the order next to one (DLMF 8.19.12); below z = 1 each step shrinks what was rounded.
    scaled = _near_zero(r - steps, z, log_z) / (r - steps) if r != steps else _at_one(z, log_z)
    for order in range(steps):
        n = r - steps + 1.0 + order
        scaled = (1.0 - z * scaled) / n
    return math.log(r * scaled)


def _continued_fraction(n: float, z: float) -> float:
    """exp(z) E_n(z) by its continued fraction (DLMF 8.19.17), evaluated forwards."""
    b = z + n
    d = 1.0 / b
    fraction, c, k = d, math.inf, 0
    change = 0.0
    while abs(change - 1.0) > _EPSILON * 2:
        k += 1
        a = -k * (n - 1.0 + k)
        b += 2.0
        d = 1.0 / (a * d + b)
        c = b + a / c
        change = c * d
        fraction *= change
    return fraction


def _near_zero(e: float, z: float, log_z: float) -> float:
    """``e exp(z) E_(1+e)(z)`` for e between -1/2 and 1/2, not zero, and z below one.

    DLMF 8.19.10, with the two terms that cancel for small e taken together.
    """
    total, power, k = 0.0, 1.0, 0
    while True:
        k += 1
        power *= -z / k
        term = power / (k - e)
        total += term
        if abs(term) <= _EPSILON * abs(total):
            break
    return math.exp(z) * (-math.expm1(_log_gamma_below_one(e) + e * log_z) - e * total)


def _log_gamma_below_one(e: float) -> float:
    """The logarithm of Gamma(1 - e), without losing a small e beside the one (DLMF 5.7.3)."""
    if abs(e) > _SMALL:
        return math.lgamma(1.0 - e)
    total = 0.0
    for order in range(len(_ZETA) + 1, 1, -1):
        total = e * (total + _ZETA[order - 2] / order)
    return e * (total + _EULER)


def _at_one(z: float, log_z: float) -> float:
    """``exp(z) E_1(z)`` for z below one (DLMF 6.6.2)."""
    total, power, k = 0.0, 1.0, 0
    while True:
        k += 1
        power *= -z / k
        total += power / k
        if abs(power) <= _EPSILON * abs(total):
            break
    return math.exp(z) * (-_EULER - log_z - total)
