"""A day of visits as whole numbers, and the best order of a few stops by looking at all of them.

Stops are numbered by their keys, so that nothing depends on the order in which they came. The start
has the number after the last stop and the end the one after that. Times are microseconds since the
start.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from attrs import frozen

__all__ = ["NEVER", "Day", "Order", "Score", "best_order"]

NEVER = 10**20
"""Later than any day of the calendar."""

Order = tuple[int, ...]


class Score(NamedTuple):
    """How good an order is; the smaller the better, by what comes first."""

    appointments: int
    """Below zero: how many are kept."""
    importance: int
    """Below zero: of all that are visited."""
    travel: int
    ends: int


_TOO_LATE = Score(1, 0, 0, 0)


@frozen
class Day:
    """The question: who is to be visited, when, and how long each way takes."""

    ways: Sequence[Sequence[int]]
    earliest: Sequence[int]
    latest: Sequence[int]
    stays: Sequence[int]
    fixed: Sequence[bool]
    importance: Sequence[int]
    limit: int

    @property
    def size(self) -> int:
        """How many stops there are."""
        return len(self.stays)

    @property
    def start(self) -> int:
        """The number of the place where the day begins."""
        return self.size

    @property
    def end(self) -> int:
        """The number of the place where the day ends."""
        return self.size + 1

    def begins(self, here: int, at: int, stop: int) -> int:
        """When a visit begins if one leaves for it at a time."""
        return max(at + self.ways[here][stop], self.earliest[stop])

    def walk(self, order: Iterable[int]) -> tuple[int, int] | None:
        """How long one travels in this order, and when it ends; None if something is too late."""
        here, at, travel = self.start, 0, 0
        for stop in order:
            way = self.ways[here][stop]
            travel += way
            # This is what begins() says; written out, it takes half of the time.
            at += way
            if at < self.earliest[stop]:
                at = self.earliest[stop]
            if at > self.latest[stop]:
                return None
            at += self.stays[stop]
            here = stop
        last = self.ways[here][self.end]
        return None if at + last > self.limit else (travel + last, at + last)

    def score(self, order: Order) -> Score:
        """How good an order is; one in which something is too late is worse than any other."""
        walked = self.walk(order)
        if walked is None:
            return _TOO_LATE
        kept = sum(self.fixed[stop] for stop in order)
        return Score(-kept, -sum(self.importance[stop] for stop in order), *walked)


class _Path(NamedTuple):
    """A way to some stops, ending at the last of them; compared by travel, time and order."""

    travel: int
    at: int
    order: Order


def best_order(day: Day) -> Order:
    """The best of all orders of all selections of the stops (Held and Karp 1962, with times).

    To the same stops with the same last one, a path is worth going on with unless another one
    travels no longer and is there no later.
    """
    nowhere: Order = ()
    best = (day.score(nowhere), nowhere)
    paths = {(0, day.start): [_Path(0, 0, nowhere)]}
    while paths:
        longer: dict[tuple[int, int], list[_Path]] = {}
        for (visited, here), known in paths.items():
            for path in known:
                best = min(best, (day.score(path.order), path.order))
            for stop in range(day.size):
                if not visited & 1 << stop:
                    found = longer.setdefault((visited | 1 << stop, stop), [])
                    found.extend(_step(day, path, here, stop) for path in known)
        paths = {state: _worth_going(day, state[1], found) for state, found in longer.items()}
    return best[1]


def _step(day: Day, path: _Path, here: int, stop: int) -> _Path:
    """A path with one more stop; the time is that at which the visit begins."""
    left = path.at + (day.stays[here] if path.order else 0)
    return _Path(
        path.travel + day.ways[here][stop], day.begins(here, left, stop), (*path.order, stop)
    )


def _worth_going(day: Day, stop: int, paths: list[_Path]) -> list[_Path]:
    worth: list[_Path] = []
    for path in sorted(paths):
        if path.at <= day.latest[stop] and (not worth or path.at < worth[-1].at):
            worth.append(path)
    return worth
