"""Chances: odds put together, and how sure a share is that was counted.

Floats live here and stay here; no amount of money comes near them.
"""

import math
from statistics import NormalDist

from crmkit.errors import InvalidValue

__all__ = ["Bounds", "difference_bounds", "log_odds", "probability_of", "share_bounds"]

Bounds = tuple[float, float]
"""A lower and an upper bound."""


def log_odds(probability: float) -> float:
    """The natural logarithm of the odds: 0 for one in two."""
    return math.log(probability) - math.log1p(-probability)


def probability_of(log_odds: float) -> float:
    """The chance that belongs to log-odds, without overflow however large they are."""
    if log_odds >= 0:
        return 1 / (1 + math.exp(-log_odds))
    odds = math.exp(log_odds)
    return odds / (1 + odds)


def share_bounds(count: int, total: int, confidence: float) -> Bounds:
    """Where the true share lies, where so many of so many were counted: Wilson (1927).

    With nobody counted the share may be anything.

    :raises InvalidValue: if the counts contradict each other, or the confidence is not inside 0
        and 1.
    """
    if not 0 <= count <= total:
        raise InvalidValue("of a total of 0 or more, no more are counted than there are")
    if not 0 < confidence < 1:
        raise InvalidValue("a confidence is above 0 and below 1, such as 0.95")
    if not total:
        return 0.0, 1.0
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    middle = count + z * z / 2
    half = z * math.sqrt(count * (total - count) / total + z * z / 4)
    # At the ends the formula gives exactly 0 and 1, and floats may miss them by a digit.
    low = 0.0 if count == 0 else (middle - half) / (total + z * z)
    high = 1.0 if count == total else (middle + half) / (total + z * z)
    return low, high


def difference_bounds(
    count: int, total: int, other_count: int, other_total: int, confidence: float
) -> Bounds:
    """Where the difference of two shares lies: Newcombe (1998), method 10.

    :raises InvalidValue: as :func:`share_bounds`.
    """
    low, high = share_bounds(count, total, confidence)
    other_low, other_high = share_bounds(other_count, other_total, confidence)
    if not total or not other_total:
        return low - other_high, high - other_low
    share, other = count / total, other_count / other_total
    difference = share - other
    down = math.hypot(share - low, other_high - other)
    up = math.hypot(high - share, other - other_low)
    return max(-1.0, difference - down), min(1.0, difference + up)
