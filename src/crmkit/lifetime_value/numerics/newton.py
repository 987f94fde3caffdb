"""Newton's method for the maximum of a log-likelihood, kept inside a box.

The parameters of all models are positive, so they are sought as logarithms: there the likelihoods
are close to quadratic, no step leads to a forbidden value, and the box is symmetric.
"""

import math
from collections.abc import Callable, Sequence
from enum import StrEnum

from attrs import frozen

__all__ = ["SMALLEST_GAIN", "Ending", "Evaluation", "Optimum", "cholesky", "inverse", "maximize"]

Vector = tuple[float, ...]
Matrix = tuple[Vector, ...]

Evaluation = tuple[float, Vector, Matrix]
"""A value with its gradient and its matrix of second derivatives."""

_LONGEST_STEP = 1.5
# A millionth of a unit of log-likelihood: a thousandth of a standard error.
SMALLEST_GAIN = 1e-6
_TRUSTED_STEP = 0.02
_MOST_TRIES = 30
_DROWNED = 1e-9


class Ending(StrEnum):
    """How a search for the best parameters ended."""

    CONVERGED = "converged"
    """No step would raise the likelihood any more."""
    AT_BOUNDARY = "at-boundary"
    """The likelihood still rises where the search had to stop: a parameter runs to an extreme."""
    GAVE_UP = "gave-up"
    """The steps allowed were used up."""


@frozen
class Optimum:
    """Where the search ended, and what the function looks like there."""

    point: Vector
    value: float
    gradient: Vector
    hessian: Matrix
    iterations: int
    ending: Ending


def maximize(
    function: Callable[[Vector], Evaluation],
    start: Sequence[float],
    *,
    lower: Sequence[float],
    upper: Sequence[float],
    gain: float = SMALLEST_GAIN,
    most_iterations: int = 100,
) -> Optimum:
    """Climb to a maximum by damped Newton steps; a coordinate pushing on at its bound stays there.

    The search is over when a full step would gain less than ``gain``. If that last step is short,
    it is taken without asking the function again: what the quadratic model misses there is a higher
    power of a very small number.
    """
    point = tuple(start)
    value, gradient, hessian = function(point)
    damping = 0.0
    for iteration in range(1, most_iterations + 1):
        free = _free(point, gradient, lower, upper)
        if not free:
            return Optimum(point, value, gradient, hessian, iteration, Ending.AT_BOUNDARY)
        for _ in range(_MOST_TRIES):
            step, damping = _step(gradient, hessian, free, damping)
            target = _inside(point, step, gradient, hessian, free, damping, lower, upper)
            promised = _promised(point, target, gradient, hessian)
            if promised <= gain and damping == 0.0:
                ending = _ending(point, target, free, lower, upper)
                if _distance(point, target) <= _TRUSTED_STEP:
                    last = value + max(promised, 0.0)
                    return Optimum(target, last, gradient, hessian, iteration, ending)
                found = function(target)
                if found[0] > value:
                    point, (value, gradient, hessian) = target, found
                return Optimum(point, value, gradient, hessian, iteration, ending)
            found = function(target)
            if found[0] > value:
                break
            damping = max(4.0 * damping, 1e-3 * _largest(hessian))
        else:
            # No step is better, however short. If a full one would not gain much either, rounding
            # drowns what is left: the point is as good as this arithmetic allows.
            step, _ = _step(gradient, hessian, free, 0.0)
            target = _inside(point, step, gradient, hessian, free, 0.0, lower, upper)
            settled = _promised(point, target, gradient, hessian) <= _DROWNED * max(1.0, abs(value))
            ending = _ending(point, target, free, lower, upper) if settled else Ending.GAVE_UP
            return Optimum(point, value, gradient, hessian, iteration, ending)
        better_than_promised = found[0] - value >= 0.25 * promised
        damping = 0.0 if better_than_promised else damping
        point, (value, gradient, hessian) = target, found
    return Optimum(point, value, gradient, hessian, most_iterations, Ending.GAVE_UP)


def _free(
    point: Vector, gradient: Vector, lower: Sequence[float], upper: Sequence[float]
) -> list[int]:
    """The coordinates that may move: all but those at a bound that push against it."""
    return [
        i
        for i, (x, g) in enumerate(zip(point, gradient, strict=True))
        if not (x <= lower[i] and g <= 0.0) and not (x >= upper[i] and g >= 0.0)
    ]


def _step(
    gradient: Vector, hessian: Matrix, free: list[int], damping: float
) -> tuple[Vector, float]:
    """The Newton step of the free coordinates, damped until the matrix is one of a maximum."""
    while True:
        curvature = tuple(
            tuple(-hessian[i][j] + (damping if i == j else 0.0) for j in free) for i in free
        )
        factor = cholesky(curvature)
        if factor is not None:
            break
        # From very little: along a ridge that hardly bends, more would turn strides into shuffles.
        damping = max(4.0 * damping, 1e-9 * _largest(hessian))
    solved = _solve(factor, [gradient[i] for i in free])
    longest = max(map(abs, solved))
    scale = min(1.0, _LONGEST_STEP / longest) if longest > 0.0 else 1.0
    step = [0.0] * len(gradient)
    for i, move in zip(free, solved, strict=True):
        step[i] = move * scale
    return tuple(step), damping


def _inside(
    point: Vector,
    step: Vector,
    gradient: Vector,
    hessian: Matrix,
    free: list[int],
    damping: float,
    lower: Sequence[float],
    upper: Sequence[float],
) -> Vector:
    """Where a step leads inside the box.

    A coordinate that would leave goes to its bound, and the others are sought anew given that:
    along a slanting ridge they would be far off where the whole step was to take them.
    """
    target = _boxed(point, step, lower, upper)
    while True:
        staying = [i for i in free if target[i] == point[i] + step[i]]
        if not staying or len(staying) == len(free):
            return target
        moved = [there - here for here, there in zip(point, target, strict=True)]
        gone = [i for i in range(len(point)) if i not in staying]
        slopes = tuple(
            g + sum(row[j] * moved[j] for j in gone)
            for g, row in zip(gradient, hessian, strict=True)
        )
        onward, _ = _step(slopes, hessian, staying, damping)
        step = tuple(onward[i] if i in staying else moved[i] for i in range(len(point)))
        target = _boxed(point, step, lower, upper)
        free = staying


def _boxed(point: Vector, step: Vector, lower: Sequence[float], upper: Sequence[float]) -> Vector:
    return tuple(
        min(max(x + d, low), high)
        for x, d, low, high in zip(point, step, lower, upper, strict=True)
    )


def _distance(point: Vector, target: Vector) -> float:
    return max(abs(there - here) for here, there in zip(point, target, strict=True))


def _promised(point: Vector, target: Vector, gradient: Vector, hessian: Matrix) -> float:
    """What the quadratic model says the step gains."""
    step = [there - here for here, there in zip(point, target, strict=True)]
    linear = sum(g * d for g, d in zip(gradient, step, strict=True))
    bent = sum(
        hessian[i][j] * step[i] * step[j] for i in range(len(step)) for j in range(len(step))
    )
    return linear + bent / 2.0


def _ending(
    point: Vector, target: Vector, free: list[int], lower: Sequence[float], upper: Sequence[float]
) -> Ending:
    stuck = len(free) < len(point) or any(t in (lower[i], upper[i]) for i, t in enumerate(target))
    return Ending.AT_BOUNDARY if stuck else Ending.CONVERGED


def _largest(hessian: Matrix) -> float:
    return max(1e-12, max(abs(entry) for row in hessian for entry in row))


def cholesky(matrix: Matrix) -> Matrix | None:
    """The lower triangle whose product with its transpose is the matrix; None if there is none."""
    size = len(matrix)
    factor = [[0.0] * size for _ in range(size)]
    for i in range(size):
        for j in range(i + 1):
            rest = matrix[i][j] - sum(factor[i][k] * factor[j][k] for k in range(j))
            if i == j:
                # Compared with the diagonal: what rounding leaves of nothing is nothing.
                if not rest > 1e-14 * abs(matrix[i][i]):
                    return None
                factor[i][i] = math.sqrt(rest)
            else:
                factor[i][j] = rest / factor[j][j]
    return tuple(map(tuple, factor))


def _solve(factor: Matrix, right: Sequence[float]) -> list[float]:
    size = len(right)
    middle = [0.0] * size
    for i in range(size):
        middle[i] = (right[i] - sum(factor[i][k] * middle[k] for k in range(i))) / factor[i][i]
    solved = [0.0] * size
    for i in reversed(range(size)):
        above = sum(factor[k][i] * solved[k] for k in range(i + 1, size))
        solved[i] = (middle[i] - above) / factor[i][i]
    return solved


def inverse(matrix: Matrix) -> Matrix | None:
    """The inverse of a positive definite matrix; None if it is none."""
    factor = cholesky(matrix)
    if factor is None:
        return None
    size = len(matrix)
    units = [[1.0 if i == j else 0.0 for j in range(size)] for i in range(size)]
    return tuple(tuple(_solve(factor, unit)) for unit in units)
