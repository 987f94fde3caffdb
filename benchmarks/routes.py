"""How good routes are: against the best of all orders, and against the nearest stop first.

Towns are made up: stops and a depot anywhere in a square, travel as long as the straight line. Up
to nine stops ``plan_route`` looks at all orders. What it does with more is held here against the
best order of 8 to 12 stops, and against going to the nearest stop each time for 30 to 50. A part of
the stops of a town may have appointments, which leaves less to choose.

A gap is how much more travel there is than in the best order, a saving how much less than by the
nearest stop first. Exit status 1 if a mean passes its limit.

Run: ``make bench``, or ``python benchmarks/routes.py [TOWNS]``.
"""

import sys
from collections.abc import Iterator
from random import Random
from statistics import fmean
from time import process_time

from crmkit.followups.policies.route_order import NEVER, Day, Order, best_order
from crmkit.followups.policies.route_search import good_order, nearest_neighbour

GAP, SAVING = 0.02, 0.10
"""The most by which routes may be longer than the best on average, and the least that they save."""
FEW, MANY = (8, 9, 10, 11, 12), (30, 40, 50)
SIDE = 10_000


def town(size: int, seed: int) -> Day:
    """Stops anywhere; the depot is the last point and where the day ends as well."""
    random = Random(size * 1_000 + seed)
    points = [(random.randrange(SIDE), random.randrange(SIDE)) for _ in range(size + 1)]
    points.append(points[-1])
    return Day(
        ways=[[round(((a - c) ** 2 + (b - d) ** 2) ** 0.5) for c, d in points] for a, b in points],
        earliest=[0] * size,
        latest=[NEVER] * size,
        stays=[600] * size,
        fixed=[False] * size,
        importance=[1] * size,
        limit=NEVER,
    )


def with_appointments(day: Day, seed: int) -> Day:
    """The same town; a fourth of its stops is expected when a day at random would bring one."""
    order = list(range(day.size))
    Random(seed).shuffle(order)
    fixed, earliest, latest = [False] * day.size, [0] * day.size, [NEVER] * day.size
    here, at = day.start, 0
    for place, stop in enumerate(order):
        at += day.ways[here][stop]
        if place % 4 == 2:
            fixed[stop], earliest[stop], latest[stop] = True, at, at
        here, at = stop, at + day.stays[stop]
    return Day(day.ways, earliest, latest, day.stays, fixed, day.importance, day.limit)


def travel(day: Day, order: Order) -> int:
    """How long one is on the way; every stop has to be visited."""
    walked = day.walk(order)
    assert walked is not None
    assert len(order) == day.size
    return walked[0]


def gaps(size: int, towns: int, appointments: bool) -> Iterator[float]:
    """How much longer the routes are than the best order."""
    for seed in range(towns):
        day = with_appointments(town(size, seed), seed) if appointments else town(size, seed)
        good, best = good_order(day), best_order(day)
        if len(good) == len(best) == day.size:
            yield travel(day, good) / travel(day, best) - 1


def savings(size: int, towns: int) -> Iterator[float]:
    """How much shorter the routes are than by the nearest stop first."""
    for seed in range(towns):
        day = town(size, seed)
        yield 1 - travel(day, good_order(day)) / travel(day, nearest_neighbour(day))


def savings_around_appointments(size: int, towns: int) -> Iterator[float]:
    """The same with appointments, where both of them come to as many visits."""
    for seed in range(towns):
        day = with_appointments(town(size, seed), seed)
        good, nearest = good_order(day), nearest_neighbour(day)
        assert day.score(good) <= day.score(nearest)
        if len(good) == len(nearest) == day.size:
            yield 1 - travel(day, good) / travel(day, nearest)


def seconds(size: int) -> float:
    """Processor seconds for the route of one town."""
    day = town(size, 0)
    begun = process_time()
    good_order(day)
    return process_time() - begun


def main(towns: int) -> int:
    """Print the figures; 1 if one of them passes its limit."""
    passed = 0
    print(f"{towns} towns of each size")
    for size in FEW:
        found = list(gaps(size, towns, appointments=False))
        around = list(gaps(size, towns, appointments=True)) or [0.0]
        passed |= fmean(found) > GAP
        exact = sum(gap == 0 for gap in found)
        print(
            f"{size:3} stops  gap to the best {fmean(found):6.2%} (at most {max(found):.2%}, none "
            f"in {exact}), {fmean(around):.2%} around appointments; limit {GAP:.0%}"
        )
    for size in MANY:
        found = list(savings(size, towns))
        passed |= fmean(found) < SAVING
        around = list(savings_around_appointments(size, towns)) or [0.0]
        print(
            f"{size:3} stops  saves {fmean(found):6.2%} (at least {min(found):.2%}) of the nearest "
            f"stop first, {fmean(around):.2%} around appointments, in {seconds(size):.2f} s; "
            f"limit {SAVING:.0%}"
        )
    return passed


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 5))
