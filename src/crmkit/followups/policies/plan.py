"""The plan of an owner: which follow-up on which day, and what could not be placed, and why."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Self

from attrs import evolve, field, frozen
from attrs.converters import optional

from crmkit.business_time.zones import in_utc
from crmkit.contact import Contact, DoNotContact
from crmkit.contact.records import zone_name
from crmkit.errors import InvalidValue
from crmkit.followups.facts import FollowUpFacts
from crmkit.followups.records.occurrence import Occurrence
from crmkit.identifiers import Actor, CustomerId, check_identifier
from crmkit.period import Period, check_date, check_instant

__all__ = [
    "OwnerPlan",
    "Placement",
    "PlanCase",
    "Smoothing",
    "Unplaced",
    "WhyUnplaced",
    "order_of",
]


class Smoothing(StrEnum):
    """How the days are chosen on which follow-ups are done, within their windows."""

    DUE_DAY = "due-day"
    """As near to the day it is due as there is room."""
    EVEN = "even"
    """As evenly over the days as windows allow."""


class WhyUnplaced(StrEnum):
    """Why a follow-up has no day in a plan."""

    OVER = "over"
    """No day is left in the period on which it may be done."""
    CLOSED = "closed"
    """The owner works on none of the days on which it may be done."""
    OWNER_LEAVES = "owner-leaves"
    """The owner has left before the first working day on which it may be done."""
    CONTACT_RULES = "contact-rules"
    """Contact rules or the wish of the customer forbid it on every working day of its window."""
    FULL = "full"
    """No room is left on the days on which it may be done, and nothing there could give way."""


@frozen
class Placement:
    """A follow-up of a customer on a day of its owner.

    ``at`` is the first instant of that day at which the owner works and the customer may be
    contacted. ``channel`` is that of the cadence, or else what the priority says. ``is_agreed`` if
    the customer has been told: then it stays where it is, even if the owner leaves.

    :raises InvalidValue: if a day is no plain date.
    :raises NaiveDatetime: if the instant has no time zone.
    """

    owner: Actor
    customer: CustomerId
    occurrence: Occurrence
    on: date
    at: datetime | None = None
    channel: str | None = None
    score: int = 0
    is_agreed: bool = False

    def __attrs_post_init__(self) -> None:
        if type(self.on) is not date:
            check_date(self.on, "the day of a follow-up")
        if self.at is not None:
            check_instant(self.at, "the instant of a follow-up")

    def __str__(self) -> str:
        return f"{self.customer} on {self.on}"

    @property
    def key(self) -> tuple[CustomerId, str, date]:
        """What tells it apart from every other follow-up."""
        return (self.customer, self.occurrence.cadence, self.occurrence.nominal_on)


@frozen
class Unplaced:
    """A follow-up that has no day in a plan, and why.

    ``can_wait`` if it may still be done after the period: then the next plan takes it up.
    """

    owner: Actor
    customer: CustomerId
    occurrence: Occurrence
    why: WhyUnplaced
    can_wait: bool
    score: int = 0

    def __str__(self) -> str:
        return f"{self.customer} not placed: {self.why}"

    @property
    def key(self) -> tuple[CustomerId, str, date]:
        """What tells it apart from every other follow-up."""
        return (self.customer, self.occurrence.cadence, self.occurrence.nominal_on)


def _kept(placements: Iterable[Placement]) -> tuple[Placement, ...]:
    found = tuple(placements)
    if not found:
        return found
    if not all(isinstance(one, Placement) for one in found):
        raise InvalidValue("what is kept are placements, such as those of the plan before")
    by_key = {one.key: one for one in found}
    if any(by_key[one.key] != one for one in found):
        raise InvalidValue("a follow-up is kept on two days: keep one of them")
    return tuple(by_key[key] for key in sorted(by_key))


def _more(occurrences: Iterable[Occurrence]) -> tuple[Occurrence, ...]:
    found = tuple(occurrences)
    if not found:
        return found
    if not all(isinstance(one, Occurrence) for one in found):
        raise InvalidValue("further follow-ups are occurrences, with the days of their window")
    by_key = {(one.cadence, one.nominal_on): one for one in found}
    if any(by_key[one.cadence, one.nominal_on] != one for one in found):
        raise InvalidValue("a further follow-up stands twice with different terms: pass one")
    return tuple(by_key[key] for key in sorted(by_key))


def _contacts(contacts: Iterable[Contact]) -> tuple[Contact, ...]:
    found = tuple(contacts)
    if not found:
        return found
    if not all(isinstance(one, Contact) for one in found):
        raise InvalidValue("contacts are Contact(at, 'phone', 'demand plan')")
    return tuple(
        sorted(set(found), key=lambda one: (in_utc(one.at), one.channel, one.purpose or ""))
    )


def _stops(stops: Iterable[DoNotContact]) -> tuple[DoNotContact, ...]:
    found = tuple(stops)
    if not all(isinstance(stop, DoNotContact) for stop in found):
        raise InvalidValue("what a customer does not want is DoNotContact(channels=('phone',))")
    return found


@frozen(kw_only=True)
class PlanCase:
    """A customer to be planned for: the facts, what is fixed already, and what is not wanted.

    ``kept`` are the follow-ups that have a day already, as a plan before gave them: they keep it.
    ``more`` are follow-ups that no cadence asks for, such as a call because sales fall, or one that
    was put off; one that a cadence asks for as well, by the same day, takes its place. ``contacts``
    are those that happened, or are planned by others. ``zone`` is the time zone of the customer;
    without one, that of the owner.

    :raises InvalidValue: if something is of another type, of another customer, or contradicts
        itself.
    """

    facts: FollowUpFacts
    kept: tuple[Placement, ...] = field(default=(), converter=_kept)
    more: tuple[Occurrence, ...] = field(default=(), converter=_more)
    contacts: tuple[Contact, ...] = field(default=(), converter=_contacts)
    do_not_contact: tuple[DoNotContact, ...] = field(default=(), converter=_stops)
    zone: str | None = field(default=None, converter=optional(zone_name))

    def __attrs_post_init__(self) -> None:
        if not isinstance(self.facts, FollowUpFacts):
            raise InvalidValue("a customer is planned for by FollowUpFacts")
        if any(one.customer != self.facts.customer for one in self.kept):
            raise InvalidValue("what is kept belongs to another customer")

    def with_kept(self, plan: "OwnerPlan") -> Self:
        """The same customer, with what a plan has placed."""
        placed = [one for one in plan.placements if one.customer == self.facts.customer]
        return evolve(self, kept=(*self.kept, *placed)) if placed else self


@frozen(kw_only=True)
class OwnerPlan:
    """Follow-ups of an owner in a period: what was placed, what was kept, what has no place.

    ``placements`` are the new ones, in the order of their days, on each day the most important
    first. ``kept`` had their day before, and ``clashes`` are those of them on a day on which the
    owner does not work. Every follow-up that there is to do stands in one of the three lists.
    """

    owner: Actor
    period: Period
    placements: tuple[Placement, ...]
    unplaced: tuple[Unplaced, ...]
    kept: tuple[Placement, ...] = ()
    clashes: tuple[Placement, ...] = ()

    def __attrs_post_init__(self) -> None:
        check_identifier(self.owner, "owner")

    def __str__(self) -> str:
        text = f"{len(self.placements):,} placed, {len(self.unplaced):,} not placed"
        return f"{text}, {len(self.kept):,} kept" if self.kept else text

    @property
    def schedule(self) -> tuple[Placement, ...]:
        """What there is to do, day by day: what was kept and what is new."""
        return tuple(sorted((*self.kept, *self.placements), key=order_of))

    @property
    def loads(self) -> Mapping[date, int]:
        """How many follow-ups there are on each day that has any."""
        return dict(sorted(Counter(one.on for one in (*self.kept, *self.placements)).items()))


def order_of(one: Placement) -> tuple[date, int, tuple[CustomerId, str, date]]:
    """Day by day, the most important first."""
    return (one.on, -one.score, one.key)
