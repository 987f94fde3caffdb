"""Integrals of positive functions that are given by their logarithm.

The range is walked in panels from the mode to either side. Each panel is integrated by the pair of
rules of Gauss and Kronrod, taken again at half its width where the two differ too much, and
followed by a wider one where they hardly differ: so a peak as narrow as a thousandth, a plateau, a
cliff far away from the mode and a tail as long as a million all cost a few hundred points at most.

Source: R. Piessens, E. de Doncker-Kapenga, C. W. Überhuber and D. K. Kahaner (1983), QUADPACK,
which tabulates the rule of 7 and 15 points.
"""

import math
from collections.abc import Callable

__all__ = ["log_integral"]

LogFunction = Callable[[float], float]

_GOLDEN = (math.sqrt(5.0) - 1.0) / 2.0

# Nodes with their weights of Kronrod (15 points) and of Gauss (7 of them), from the outside in.
_HALF_RULE = (
    (0.9914553711208126, 0.02293532201052922, 0.0),
    (0.9491079123427585, 0.06309209262997855, 0.1294849661688697),
    (0.8648644233597691, 0.1047900103222502, 0.0),
    (0.7415311855993944, 0.1406532597155259, 0.2797053914892767),
    (0.5860872354676911, 0.1690047266392679, 0.0),
    (0.4058451513773972, 0.1903505780647854, 0.3818300505051189),
    (0.2077849550078985, 0.2044329400752989, 0.0),
)
_MIDDLE = (0.0, 0.2094821410847278, 0.4179591836734694)
_RULE = (
    *((-x, kronrod, gauss) for x, kronrod, gauss in _HALF_RULE),
    _MIDDLE,
    *reversed(_HALF_RULE),
)
# For a panel from 0 to 1; the differences are the weights of Kronrod less those of Gauss.
_NODES = tuple(0.5 + 0.5 * x for x, _, _ in _RULE)
_WEIGHTS = tuple(0.5 * kronrod for _, kronrod, _ in _RULE)
_DIFFERENCES = tuple(0.5 * (kronrod - gauss) for _, kronrod, gauss in _RULE)

_TOLERANCE = 1e-11
"""How far the two rules may differ, as a part of the total; the better one is much closer."""
_EASY = 1e-4
_NEGLIGIBLE = 1e-17
_OVERLOOKED = 1e-3
_ROUNDING = 4e-16
_PATIENCE = 100
"""So many panels are halved on a side: enough for sharp edges, and an end to chasing noise."""


def log_integral(log_f: LogFunction) -> float:
    """The logarithm of the integral of ``exp(log_f(s))`` over all real ``s``.

    ``log_f`` is smooth, has about one mode and falls on both sides; it may be minus infinity.
    """
    mode, top = _mode(log_f)
    if top == -math.inf:
        return -math.inf
    width = _width(log_f, mode, top)
    right = _side(log_f, mode, 3.0 * width, top, width)
    left = _side(log_f, mode, -3.0 * width, top, width + right)
    return top + math.log(right + left)


def _side(log_f: LogFunction, edge: float, size: float, top: float, beside: float) -> float:
    """The integral of ``exp(log_f(s) - top)`` on one side of an edge, to a part of all there is."""
    exp, noise = math.exp, _ROUNDING * abs(top)
    total, at_edge, patience = 0.0, 1.0, _PATIENCE
    while True:
        values = [exp(log_f(edge + size * x) - top) for x in _NODES]
        mean = sum(map(float.__mul__, values, _WEIGHTS))
        length = abs(size)
        part = mean * length
        difference = abs(sum(map(float.__mul__, values, _DIFFERENCES))) * length
        allowed = _TOLERANCE * (total + beside)
        # A panel much too wide has all its nodes where nothing is left, and both rules agree.
        overlooked = mean < _OVERLOOKED * at_edge and at_edge * length > allowed
        if patience and (overlooked or difference > max(allowed, noise * part)):
            size *= 0.5
            patience -= 1
            continue
        total += part
        if not part > _NEGLIGIBLE * (total + beside):
            return total
        edge += size
        at_edge = values[-1]
        size *= 4.0 if difference < _EASY * allowed else 2.0


def _mode(log_f: LogFunction) -> tuple[float, float]:
    """About where ``log_f`` is highest, and how high it is there."""
    low, middle, high, top = _bracket(log_f)
    at_low, at_high = log_f(low), log_f(high)
    while top - min(at_low, at_high) > 1.0 and high - low > 1e-14 * (abs(low) + abs(high)):
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
    """How far from the mode ``log_f`` has fallen by about one, at most one."""
    width = 1.0
    while min(log_f(mode + width), log_f(mode - width)) < top - 1.0 and width > 1e-12:
        width *= 0.5
    return width
