"""A tier that somebody gave by hand, for a time."""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum

from attrs import field, frozen

from crmkit.errors import InvalidValue
from crmkit.identifiers import Actor, check_identifier
from crmkit.period import check_date
from crmkit.tiering import Tier

__all__ = ["AfterManual", "ManualTier", "ManualWins", "tier_in_force"]


class ManualWins(StrEnum):
    """Against what is held by the terms, how a tier given by hand wins."""

    FLOOR = "floor"
    """The member holds at least this tier."""
    FIXED = "fixed"
    """The member holds this tier, whatever they earn."""


class AfterManual(StrEnum):
    """What happens on the day after a tier given by hand ends."""

    RESUME = "resume"
    """The member holds what they would hold if it had never been given."""
    FALL = "fall"
    """The member holds it on, as if reached on its last day, and it falls under the terms: at the
    next review, after the grace period, one step at a time. Without such terms that is the next
    day. Only a tier above the one held by the terms can fall so."""


@frozen(kw_only=True)
class ManualTier:
    """A tier given by hand, such as a match of another program's status: for a time, by a person.

    It is held from ``from_on`` through ``until``, its last day, and then ends by itself: no job has
    to take it back.

    :raises InvalidValue: if it ends before it begins, or has no reason.

    >>> gold = Tier("gold", 3)
    >>> match = ManualTier(
    ...     tier=gold, from_on=date(2026, 1, 1), until=date(2026, 6, 30), reason="status match",
    ...     by="desk-4",
    ... )
    >>> match.holds_on(date(2026, 6, 30)), match.holds_on(date(2026, 7, 1))
    (True, False)
    """

    tier: Tier
    from_on: date
    until: date
    reason: str = field(repr=False, metadata={"personal": True})
    by: Actor = field(repr=False)
    wins: ManualWins = ManualWins.FLOOR
    then: AfterManual = AfterManual.RESUME

    def __attrs_post_init__(self) -> None:
        check_date(self.from_on, "the first day of a tier given by hand")
        check_date(self.until, "the last day of a tier given by hand")
        check_identifier(self.by, "who gave a tier by hand")
        if self.until < self.from_on:
            raise InvalidValue("a tier given by hand ends on the day it begins, or later")
        if not self.reason.strip():
            raise InvalidValue("a tier given by hand has a reason: the member may ask")
        if not isinstance(self.wins, ManualWins) or not isinstance(self.then, AfterManual):
            raise InvalidValue("say how it wins with ManualWins, and what then with AfterManual")

    def holds_on(self, day: date) -> bool:
        """Whether it is in force on a day."""
        return self.from_on <= day <= self.until


def tier_in_force(
    manual: Iterable[ManualTier], day: date, by_terms: Tier
) -> tuple[Tier, ManualTier | None]:
    """The tier held on a day, and the one given by hand that makes it so, if one does.

    A fixed tier wins over floors, of several fixed ones that which began last (of those that began
    together, the later one in the list); of several floors the highest wins.
    """
    held = [each for each in manual if each.holds_on(day)]
    fixed = [each for each in held if each.wins is ManualWins.FIXED]
    if fixed:
        last = max(enumerate(fixed), key=lambda pair: (pair[1].from_on, pair[0]))[1]
        return last.tier, last
    floor = max(held, key=lambda each: each.tier, default=None)
    if floor is None or floor.tier <= by_terms:
        return by_terms, None
    return floor.tier, floor
