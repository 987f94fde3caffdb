"""Lots: points that were earned on one day, unlock on one day and expire on one day."""

from collections.abc import Iterable
from datetime import date

from attrs import frozen

from crmkit.errors import CrmkitError, InvalidValue
from crmkit.period import check_date

__all__ = [
    "MOST_POINTS",
    "InsufficientPoints",
    "Lot",
    "check_points",
    "in_order",
    "points_in",
    "take",
]

MOST_POINTS = 10**15
"""The most points of one entry: every database can keep a sum of thousands of them."""


class InsufficientPoints(CrmkitError):
    """More points were asked for than there are; nothing was changed."""

    code = "insufficient-points"

    def __init__(self, wanted: int, available: int) -> None:
        """Keep both numbers."""
        super().__init__(f"{wanted} points are not there: at most {available} can be taken")
        self.wanted = wanted
        self.available = available


def check_points(points: int, what: str = "points", least: int = 1) -> None:
    """Refuse anything but whole points.

    :raises InvalidValue: for a float, a bool, or a number that is out of bounds.
    """
    if type(points) is not int:
        raise InvalidValue(f"{what} are a whole number: pass an int, not {type(points).__name__}")
    if not least <= points <= MOST_POINTS:
        raise InvalidValue(f"{what} are a number from {least} to {MOST_POINTS}")


@frozen
class Lot:
    """Points of a member that share the day they were earned, can be spent from, and expire.

    They can be spent from ``unlocks_on`` until ``valid_through``, both days included; without a
    last day they never expire. A lot that was spent in part is a lot with fewer points: the ``id``
    is that of the entry that brought them.

    :raises InvalidValue: if there is no point in it, or a day is no plain date.

    >>> lot = Lot("order-1", 100, date(2026, 1, 5), date(2026, 1, 19), date(2026, 12, 31))
    >>> lot.is_spendable(date(2026, 1, 19)), lot.is_expired(date(2026, 12, 31))
    (True, False)
    """

    id: str
    points: int
    earned_on: date
    unlocks_on: date
    valid_through: date | None = None

    def __attrs_post_init__(self) -> None:
        if type(self.points) is not int or not 0 < self.points <= MOST_POINTS:
            check_points(self.points, "the points of a lot")
        if not (type(self.earned_on) is type(self.unlocks_on) is date):
            check_date(self.earned_on, "earned_on")
            check_date(self.unlocks_on, "unlocks_on")
        if self.valid_through is not None:
            check_date(self.valid_through, "valid_through")

    def is_expired(self, on: date) -> bool:
        """Whether the last day is over."""
        return self.valid_through is not None and self.valid_through < on

    def is_pending(self, on: date) -> bool:
        """Whether the points wait for their lock to end."""
        return on < self.unlocks_on

    def is_spendable(self, on: date) -> bool:
        """Whether the points can be spent on a day."""
        return self.unlocks_on <= on and not self.is_expired(on)

    def part(self, points: int) -> "Lot":
        """So many of the points, as a lot of the same days."""
        if points == self.points:
            return self
        return Lot(self.id, points, self.earned_on, self.unlocks_on, self.valid_through)

    @property
    def order(self) -> tuple[bool, date, date, str]:
        """What is spent first: what expires first, then what was earned first; for ever comes
        last."""
        last_day = self.valid_through
        return last_day is None, last_day or date.max, self.earned_on, self.id


def in_order(lots: Iterable[Lot]) -> tuple[Lot, ...]:
    """Put lots in the order in which they are spent."""
    return tuple(sorted(lots, key=_order))


def _order(lot: Lot) -> tuple[bool, date, date, str]:
    return lot.order


def points_in(lots: Iterable[Lot]) -> int:
    """How many points there are in lots."""
    return sum(lot.points for lot in lots)


def take(lots: Iterable[Lot], points: int) -> tuple[Lot, ...]:
    """Take points from the first lots on, as many as there are."""
    taken = list[Lot]()
    for lot in lots:
        if points <= 0:
            break
        part = lot.part(min(points, lot.points))
        taken.append(part)
        points -= part.points
    return tuple(taken)
