"""A good order of many stops: built up stop by stop, then mended until no small change helps.

Small changes are those of Croes (1958), who turns a stretch around (2-opt), and of Or (1976), who
moves a stretch of up to three stops; a stop that was left out is put in, or in the place of a less
important one. What is built by going to the nearest stop each time is among the beginnings, so that
the result is never worse than that.
"""

from collections.abc import Iterator
from itertools import accumulate, pairwise

from crmkit.followups.policies.route_order import Day, Order

__all__ = ["good_order", "kept_appointments", "mended", "nearest_neighbour"]

_LONGEST_MOVED = 3


def good_order(day: Day) -> Order:
    """The best order that is found from three beginnings."""
    beginnings = (nearest_neighbour(day), _inserted(day, False), _inserted(day, True))
    found = (mended(day, order) for order in beginnings)
    return min(found, key=lambda order: (day.score(order), order))


# --- beginnings -----------------------------------------------------------------------------------


def kept_appointments(day: Day) -> Order:
    """As many appointments as one can go to, one after another, and of those the more important."""
    chains: list[tuple[int, int, Order]] = [(0, 0, ())]
    numbers = [stop for stop in range(day.size) if day.fixed[stop]]
    for stop in sorted(numbers, key=lambda number: day.earliest[number]):
        longer = [
            (count - 1, importance - day.importance[stop], (*order, stop))
            for count, importance, order in chains
            if day.walk((*order, stop)) is not None
        ]
        chains.extend([min(longer)] if longer else [])
    return min(chains)[2]


def nearest_neighbour(day: Day) -> Order:
    """Go to the nearest stop each time that one can still go to and keep all appointments."""
    ahead = kept_appointments(day)
    order: Order = ()
    left = {stop for stop in range(day.size) if not day.fixed[stop]}
    while True:
        here = order[-1] if order else day.start
        near = sorted({*left, *ahead[:1]}, key=lambda stop: (day.ways[here][stop], stop))
        for stop in near:
            rest = tuple(other for other in ahead if other != stop)
            if day.walk((*order, stop, *rest)) is not None:
                order, ahead = (*order, stop), rest
                left.discard(stop)
                break
        else:
            return order


def _inserted(day: Day, far_first: bool) -> Order:
    """Begin with the appointments; put in one stop after another where it costs the least travel.

    The more important ones come first, and among those the one that costs the least, or the most.
    """
    order = kept_appointments(day)
    left = {stop for stop in range(day.size) if not day.fixed[stop]}
    while found := [place for stop in sorted(left) if (place := _place(day, order, stop))]:
        _, _, order, stop = min(
            (-day.importance[stop], -cost if far_first else cost, longer, stop)
            for cost, longer, stop in found
        )
        left.discard(stop)
    return order


def _place(day: Day, order: Order, stop: int) -> tuple[int, Order, int] | None:
    """Where a stop costs the least travel, and how much; None if it fits nowhere."""
    legs = (day.start, *order, day.end)
    leaves, due = _times(day, order)
    for cost, place in _costs(day, order, stop):
        begins = day.begins(legs[place], leaves[place], stop)
        there = begins + day.stays[stop] + day.ways[stop][legs[place + 1]]
        if begins <= day.latest[stop] and there <= due[place]:
            return cost, (*order[:place], stop, *order[place:]), stop
    return None


def _times(day: Day, order: Order) -> tuple[list[int], list[int]]:
    """When one leaves the start and each stop, and when one has to be at each stop and the end."""
    leaves = [0]
    for here, stop in pairwise((day.start, *order)):
        leaves.append(day.begins(here, leaves[-1], stop) + day.stays[stop])
    due = [day.limit]
    for stop, following in pairwise((day.end, *reversed(order))):
        latest = due[-1] - day.ways[following][stop] - day.stays[following]
        due.append(min(day.latest[following], latest))
    return leaves, due[::-1]


def _costs(day: Day, order: Order, stop: int) -> list[tuple[int, int]]:
    """How much more travel a stop is at each place of an order, the least first."""
    ways, legs = day.ways, (day.start, *order, day.end)
    return sorted(
        (ways[a][stop] + ways[stop][b] - ways[a][b], place)
        for place, (a, b) in enumerate(pairwise(legs))
    )


# --- mending --------------------------------------------------------------------------------------


def mended(day: Day, order: Order) -> Order:
    """Change it until no small change makes it better."""
    while better := _shorter(day, order) or _fuller(day, order):
        order = better
    return order


def _fuller(day: Day, order: Order) -> Order | None:
    """With a stop more, or with one in the place of another that is better; None if none fits.

    A stop of the same importance is better if it takes less travel, which makes room for more.
    """

    def rank(stop: int) -> tuple[bool, int]:
        return not day.fixed[stop], -day.importance[stop]

    left = sorted(set(range(day.size)) - set(order), key=lambda stop: (rank(stop), stop))
    for stop in left:
        if found := _place(day, order, stop):
            return found[1]
    for stop in left:
        costs = _costs(day, order, stop)
        for place in sorted(range(len(order)), key=lambda at: (rank(order[at]), at), reverse=True):
            if rank(stop) > rank(order[place]):
                break
            if rank(stop) < rank(order[place]) or _takes_less(day, order, place, stop, costs):
                found = _place(day, order[:place] + order[place + 1 :], stop)
                if found and day.score(found[1]) < day.score(order):
                    return found[1]
    return None


def _takes_less(
    day: Day, order: Order, place: int, stop: int, costs: list[tuple[int, int]]
) -> bool:
    """Whether it takes less travel to leave a stop out and put another in where it is cheapest."""
    ways, legs = day.ways, (day.start, *order, day.end)
    before, other, after = legs[place : place + 3]
    elsewhere = (cost for cost, at in costs if at not in (place, place + 1))
    there = ways[before][stop] + ways[stop][after] - ways[before][after]
    saved = ways[before][other] + ways[other][after] - ways[before][after]
    return min(there, next(elsewhere, there)) < saved


def _shorter(day: Day, order: Order) -> Order | None:
    """With a stretch turned around or moved so that it takes less travel; None if none does."""
    return next((new for new in _changes(day, order) if day.walk(new) is not None), None)


def _changes(day: Day, order: Order) -> Iterator[Order]:
    """Each order that a small change makes, if it saves travel; it may be too late."""
    legs = (day.start, *order, day.end)
    ways = day.ways
    onward = (0, *accumulate(ways[a][b] for a, b in pairwise(legs)))
    back = (0, *accumulate(ways[b][a] for a, b in pairwise(legs)))
    for i in range(1, len(legs) - 1):
        for j in range(i, len(legs) - 1):
            first, last, before, after = legs[i], legs[j], legs[i - 1], legs[j + 1]
            turned = back[j] - back[i] - onward[j] + onward[i]
            joined = ways[before][first] + ways[last][after]
            if ways[before][last] + ways[first][after] + turned < joined:
                yield (*legs[1:i], *legs[j : i - 1 : -1], *legs[j + 1 : -1])
            if j - i >= _LONGEST_MOVED:
                continue
            saved = joined - ways[before][after]
            rest = legs[:i] + legs[j + 1 :]
            for k, (a, b) in enumerate(pairwise(rest), 1):
                room = saved + ways[a][b]
                if ways[a][first] + ways[last][b] < room:
                    yield (*rest[1:k], *legs[i : j + 1], *rest[k:-1])
                if ways[a][last] + ways[first][b] + turned < room:
                    yield (*rest[1:k], *legs[j : i - 1 : -1], *rest[k:-1])
