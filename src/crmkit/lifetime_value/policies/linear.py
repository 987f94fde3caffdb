"""Linear equations in whole numbers, so that nothing is rounded."""

from collections.abc import Sequence
from fractions import Fraction
from math import lcm

__all__ = ["solve"]

Matrix = Sequence[Sequence[Fraction]]


def solve(matrix: Matrix, right: Sequence[Fraction]) -> list[Fraction]:
    """Solve a system whose leading minors are not zero, as of every diagonally dominant matrix.

    Elimination without fractions: E. H. Bareiss, "Sylvester's identity and multistep
    integer-preserving Gaussian elimination", Mathematics of Computation 22 (1968), equation (8).

    >>> solve([[Fraction(2), Fraction(1)], [Fraction(1), Fraction(3)]], [Fraction(4), Fraction(7)])
    [Fraction(1, 1), Fraction(2, 1)]
    """
    rows = [_whole([*row, entry]) for row, entry in zip(matrix, right, strict=True)]
    size, divisor = len(rows), 1
    for step, pivot in enumerate(rows):
        for row in rows[step + 1 :]:
            factor = row[step]
            for column in range(step, size + 1):
                row[column] = (row[column] * pivot[step] - factor * pivot[column]) // divisor
        divisor = pivot[step]
    return _substituted(rows)


def _whole(row: Sequence[Fraction]) -> list[int]:
    scale = lcm(*(entry.denominator for entry in row))
    return [int(entry * scale) for entry in row]


def _substituted(rows: Sequence[Sequence[int]]) -> list[Fraction]:
    """The unknowns of a triangular system, from the last to the first."""
    size = len(rows)
    found = [Fraction(0)] * size
    for at in reversed(range(size)):
        row = rows[at]
        known = sum((row[j] * found[j] for j in range(at + 1, size)), Fraction(0))
        found[at] = (row[size] - known) / row[at]
    return found
