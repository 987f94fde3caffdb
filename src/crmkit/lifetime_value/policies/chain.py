"""The exact value of each state of a Markov chain with rewards, with and without a right to stop.

Going on from a state costs what the state costs and brings the discounted value of the states that
follow; a state is worth its income and, unless one stops there, going on.
"""

from collections.abc import Sequence
from fractions import Fraction
from math import lcm
from typing import NamedTuple

from attrs import frozen

from crmkit.lifetime_value.policies.linear import solve

__all__ = ["Chain", "StateValues"]


class StateValues(NamedTuple):
    """The values of the states now, and those one period later that they were made of."""

    current: tuple[Fraction, ...]
    later: tuple[Fraction, ...]


@frozen
class Chain:
    """Incomes and costs of the states in one unit of money, transitions, and the discount factor.

    With a right to stop, stopping is chosen where going on is not worth more than nothing.
    """

    incomes: Sequence[Fraction]
    costs: Sequence[Fraction]
    transitions: Sequence[Sequence[Fraction]]
    factor: Fraction

    def values(self, periods: int | None, *, may_stop: bool = False) -> StateValues:
        """The value of each state over so many periods ahead, or for ever."""
        if periods is not None:
            return self._finite(periods, may_stop)
        now = self._for_ever(self._stops() if may_stop else frozenset())
        return StateValues(now, now)

    def going_on(self, later: Sequence[Fraction]) -> tuple[Fraction, ...]:
        """What going on from each state brings, by the values of the states one period later."""
        return tuple(sum(self.ahead(state, later), -cost) for state, cost in enumerate(self.costs))

    def ahead(self, state: int, later: Sequence[Fraction]) -> list[Fraction]:
        """What each next state adds to the value of a state."""
        row = self.transitions[state]
        return [self.factor * p * value for p, value in zip(row, later, strict=True)]

    # --- for ever ---

    def _for_ever(self, stops: frozenset[int]) -> tuple[Fraction, ...]:
        """The values if one stops in some states: V = R + factor P V, a system of equations."""
        size = len(self.incomes)
        matrix = [[Fraction(i == j) for j in range(size)] for i in range(size)]
        right = list(self.incomes)
        for i in set(range(size)) - stops:
            right[i] -= self.costs[i]
            for j, p in enumerate(self.transitions[i]):
                matrix[i][j] -= self.factor * p
        return tuple(solve(matrix, right))

    def _stops(self) -> frozenset[int]:
        """Where to stop: from never, stop wherever going on is worth nothing, until it settles.

        Each round is at least as good as the last: R. A. Howard, "Dynamic Programming and Markov
        Processes" (1960), chapter 7.
        """
        stops, better = None, frozenset[int]()
        while better != stops:
            stops = better
            worth = self.going_on(self._for_ever(stops))
            better = frozenset(i for i, value in enumerate(worth) if value <= 0)
        return better

    # --- over periods ---

    def _finite(self, periods: int, may_stop: bool) -> StateValues:
        """From the last period back, in whole numbers over one denominator that grows with them."""
        steps = [[self.factor * p for p in row] for row in self.transitions]
        scale = lcm(*(entry.denominator for row in steps for entry in row))
        whole = [[(j, int(p * scale)) for j, p in enumerate(row) if p] for row in steps]
        unit = lcm(*(amount.denominator for amount in (*self.incomes, *self.costs)))
        incomes = [int(amount * unit) for amount in self.incomes]
        costs = [int(amount * unit) for amount in self.costs]
        now, later, power = [0] * len(costs), [0] * len(costs), 1
        for _ in range(periods + 1):
            later = now
            worth = [
                sum(p * later[j] for j, p in row) - cost * power
                for row, cost in zip(whole, costs, strict=True)
            ]
            kept = [max(value, 0) for value in worth] if may_stop else worth
            now = [income * power + w for income, w in zip(incomes, kept, strict=True)]
            power *= scale
        # The last power was one too many; the values one period later lack a further one.
        return StateValues(
            tuple(Fraction(n * scale, unit * power) for n in now),
            tuple(Fraction(n * scale * scale, unit * power) for n in later),
        )
