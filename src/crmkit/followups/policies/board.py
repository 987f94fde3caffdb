"""Who is put where, if each can go to some places and each place has so much room.

Places are numbers from 0 on, and so are items, the most important first. Which places an item can
go to is a mask: an integer with the bit of each such place set. There are few places (the days of a
month, the owners of a unit) and many items, so all searching goes from place to place: from one to
another that somebody who is there could go to instead.

Putting in one item after another, and making room for it by moving others if need be, places as
many as can be placed at all, and of all such choices the one with the most important items in it:
what is refused could only be placed instead of something more important (a transversal matroid).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

from attrs import define, field

__all__ = ["Board", "mask_of", "places_in"]


def places_in(mask: int) -> Iterator[int]:
    """The places of a mask, in order."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


def mask_of(places: Iterable[int]) -> int:
    """The mask of some places."""
    return sum(1 << place for place in places)


def _no_cost(item: int, place: int) -> int:
    return 0


@define(eq=False)
class Board:
    """Places with room, and who has been put there.

    ``load`` counts who is at each place, with those who were there before and never move; ``room``
    is how many more fit. ``cost`` says how badly a place suits an item; of places that would do,
    an item is put where that is least.
    """

    load: list[int]
    room: list[int]
    cost: Callable[[int, int], int] = _no_cost
    even: bool = False
    """Whether what counts first is how few are at a place, and its cost comes second."""
    where: dict[int, int] = field(factory=dict)
    """The place of each item that has one."""
    _masks: dict[int, int] = field(factory=dict)
    """The places of each item that may be moved."""
    _there: list[set[int]] = field(factory=list)
    _reach: list[int] = field(factory=list)
    """By place: where those could go who are there."""
    _stale: int = 0
    """The places whose reach has to be looked up again."""
    _free: int = 0
    _full: int = 0
    """Places out of which no way leads to a free one any more."""
    _seen: int = 0
    """The places that the last search came to that found no way."""

    def __attrs_post_init__(self) -> None:
        self._there = [set() for _ in self.room]
        self._reach = [0 for _ in self.room]
        self._free = mask_of(place for place, room in enumerate(self.room) if room > 0)

    def put(self, item: int, mask: int, *, stays: bool = False) -> bool:
        """Put an item somewhere, moving others if need be; say whether there was a way.

        Who ``stays`` is not moved later on.
        """
        free = mask & self._free
        if free:
            self._seat(item, self._best(item, free), mask, stays)
            return True
        way = self._way(mask & ~self._full, self._free)
        if way is None:
            # Whoever can be reached from there has no way to a free place, now or ever after.
            self._full |= self._seen
            return False
        self._move_along(way)
        self._seat(item, way[0], mask, stays)
        return True

    # --- ways from place to place ---

    def _way(self, begin: int, wanted: int) -> list[int] | None:
        """The shortest way from one of some places to a wanted one, from mover to mover."""
        came = dict.fromkeys(places_in(begin), -1)
        queue, seen = list(came), begin | self._full
        for place in queue:
            further = self._reached_from(place) & ~seen
            if hit := further & wanted:
                way = [next(places_in(hit)), place]
                while came[way[-1]] >= 0:
                    way.append(came[way[-1]])
                return way[::-1]
            seen |= further
            for one in places_in(further):
                came[one] = place
                queue.append(one)
        self._seen = seen
        return None

    def _reached_from(self, place: int) -> int:
        bit = 1 << place
        if self._stale & bit:
            reach = 0
            for item in self._there[place]:
                reach |= self._masks[item]
            self._reach[place] = reach
            self._stale ^= bit
        return self._reach[place]

    def _move_along(self, way: Sequence[int]) -> None:
        """Make room at the first place of a way that ends at a free one."""
        for start, end in zip(way[-2::-1], way[:0:-1], strict=True):
            bit = 1 << end
            movers = (item for item in self._there[start] if self._masks[item] & bit)
            self._move(min(movers, key=lambda item: (self._loss(item, start, end), -item)), end)

    def _loss(self, item: int, start: int, end: int) -> int:
        return self.cost(item, end) - self.cost(item, start)

    # --- taking and leaving places ---

    def _best(self, item: int, free: int) -> int:
        if not free & (free - 1):
            return free.bit_length() - 1  # There is one place only.
        if self.even:
            return min(places_in(free), key=lambda at: (self.load[at], self.cost(item, at), at))
        return min(places_in(free), key=lambda at: (self.cost(item, at), at))

    def _seat(self, item: int, place: int, mask: int, stays: bool) -> None:
        if not stays:
            self._masks[item] = mask
        self._arrive(item, place)

    def _arrive(self, item: int, place: int) -> None:
        self.where[item] = place
        self.load[place] += 1
        self.room[place] -= 1
        if not self.room[place]:
            self._free &= ~(1 << place)
        if item in self._masks:
            self._there[place].add(item)
            self._reach[place] |= self._masks[item]

    def _move(self, item: int, place: int) -> None:
        before = self.where[item]
        self._there[before].discard(item)
        self._stale |= 1 << before
        self.load[before] -= 1
        self.room[before] += 1
        self._free |= 1 << before
        self._arrive(item, place)

    # --- afterwards ---

    def settle(self) -> None:
        """Move each to a place that suits it better, as long as one has room."""
        moved = True
        while moved:
            moved = False
            for item in sorted(self._masks):
                place = self.where[item]
                free = self._masks[item] & self._free
                if free and self.cost(item, place):
                    better = min(places_in(free), key=lambda at: (self.cost(item, at), at))
                    if self.cost(item, better) < self.cost(item, place):
                        self._move(item, better)
                        moved = True

    def level(self) -> None:
        """Move items until the sum of the squares of all loads is the least there can be.

        It is as soon as no way leads from a place to one with room that has two fewer or less: then
        no chain of moves makes the loads more even, and no other arrangement does either.
        """
        moved = True
        while moved:
            moved = False
            for start in sorted(range(len(self.load)), key=lambda at: (-self.load[at], at)):
                while way := self._downhill(start):
                    self._move_along(way)
                    moved = True

    def _downhill(self, start: int) -> list[int] | None:
        low = self.load[start] - 2
        wanted = mask_of(at for at in places_in(self._free) if self.load[at] <= low)
        return self._way(1 << start, wanted) if wanted else None
