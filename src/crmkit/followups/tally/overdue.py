"""Who waits for a contact that should have been there already."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from types import MappingProxyType

from attrs import field, frozen

from crmkit.errors import InvalidValue
from crmkit.followups.lifecycle import FollowUpStatus
from crmkit.followups.records.follow_up import FollowUp
from crmkit.identifiers import Actor, CustomerId, FollowUpId, check_identifier
from crmkit.period import check_date

__all__ = ["MissedFacts", "Overdue", "OverdueFollowUp", "made_up_on", "overdue", "told_apart"]


@frozen
class OverdueFollowUp:
    """A follow-up whose last day is over, and since how many days."""

    follow_up: FollowUp
    days: int


@frozen
class Overdue:
    """Everything that is overdue as of a day, the longest first."""

    as_of: date
    items: tuple[OverdueFollowUp, ...] = ()

    def __iter__(self) -> Iterator[OverdueFollowUp]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    @property
    def by_owner(self) -> Mapping[Actor | None, int]:
        """How many each owner has, who has most first; those without an owner under None."""
        counted = Counter(item.follow_up.owner for item in self.items)
        ordered = sorted(counted.items(), key=lambda each: (-each[1], each[0] or ""))
        return MappingProxyType(dict(ordered))

    def of(self, owner: Actor | None) -> "Overdue":
        """What is overdue with one owner; None asks for what waits for one."""
        found = tuple(item for item in self.items if item.follow_up.owner == owner)
        return Overdue(self.as_of, found)


def told_apart(follow_ups: Iterable[FollowUp]) -> tuple[FollowUp, ...]:
    """The follow-ups in the order of their numbers, each once.

    :raises InvalidValue: if one number stands for two of them that are not the same.
    """
    found: dict[FollowUpId, FollowUp] = {}
    for each in follow_ups:
        if found.setdefault(each.id, each) != each:
            raise InvalidValue(
                "two follow-ups have one number: pass each once, as it stands, or number them anew"
            )
    return tuple(found[number] for number in sorted(found))


Contacts = Mapping[tuple[CustomerId, str], tuple[date, ...]]


def _contacts(follow_ups: Iterable[FollowUp], as_of: date) -> Contacts:
    """By customer and purpose, the days up to a day on which somebody was there, in order."""
    days: dict[tuple[CustomerId, str], list[date]] = {}
    for each in follow_ups:
        if each.done is not None and each.done.on <= as_of:
            days.setdefault((each.customer, each.purpose), []).append(each.done.on)
    return {key: tuple(sorted(found)) for key, found in days.items()}


def _first_since(contacts: Contacts, follow_up: FollowUp) -> date | None:
    days = contacts.get((follow_up.customer, follow_up.purpose), ())
    place = bisect_left(days, follow_up.not_before)
    return days[place] if place < len(days) else None


def made_up_on(follow_up: FollowUp, others: Iterable[FollowUp], as_of: date) -> date | None:
    """The first day up to a day on which another follow-up did what this one was for.

    It had the same customer and the same purpose, and was done on the first day of this one or
    later. None if there is none.
    """
    return _first_since(_contacts(others, as_of), follow_up)


def overdue(follow_ups: Iterable[FollowUp], as_of: date) -> Overdue:
    """What is overdue as of a day: its last day is over, and nobody has been there.

    Whether somebody recorded the miss makes no difference. What was missed and made up for by
    another one with the same customer and purpose is not overdue any more, so hand in those that
    are done as well. Order and duplicates make no difference. Source: FUP-11 of the requirements.

    :raises InvalidValue: if the day is no plain date, or one number stands for two follow-ups.
    """
    check_date(as_of, "as_of")
    every = told_apart(follow_ups)
    contacts = _contacts(every, as_of)
    found = [
        OverdueFollowUp(each, (as_of - each.not_after).days)
        for each in every
        if each.is_owed and each.not_after < as_of and _first_since(contacts, each) is None
    ]
    found.sort(key=lambda item: -item.days)
    return Overdue(as_of, tuple(found))


# --- what an escalation looks at ------------------------------------------------------------------


def _levels(levels: Iterable[int]) -> frozenset[int]:
    return frozenset(levels)


@frozen(kw_only=True)
class MissedFacts:
    """A follow-up that was missed, as of a day: since when, how much depends on it, who was told.

    ``last_day`` is the last day on which it could have been done, ``made_up_on`` the day on which
    another one did what it was for.

    :raises InvalidValue: if a day is no plain date, or a word could not serve as a key.
    """

    follow_up: FollowUpId
    as_of: date
    last_day: date
    importance: str | None = None
    told: frozenset[int] = field(default=frozenset(), converter=_levels)
    made_up_on: date | None = None

    def __attrs_post_init__(self) -> None:
        check_identifier(self.follow_up, "follow-up")
        check_date(self.as_of, "as_of")
        check_date(self.last_day, "last_day")
        if self.importance is not None:
            check_identifier(self.importance, "importance")
        if self.made_up_on is not None:
            check_date(self.made_up_on, "made_up_on")

    @classmethod
    def of(
        cls, follow_up: FollowUp, as_of: date, *, others: Iterable[FollowUp] = ()
    ) -> "MissedFacts":
        """The facts of a follow-up that was missed; ``others`` are those of the same customer.

        :raises InvalidValue: if it is not missed, or the day is no plain date.
        """
        if follow_up.status is not FollowUpStatus.MISSED:
            raise InvalidValue("only what was missed is escalated: record Missed(...) first")
        return cls(
            follow_up=follow_up.id,
            as_of=as_of,
            last_day=follow_up.not_after,
            importance=follow_up.importance,
            told=frozenset(follow_up.told),
            made_up_on=made_up_on(follow_up, others, as_of),
        )
