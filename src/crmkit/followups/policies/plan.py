"""The plan of an owner: which follow-up on which day, and what could not be placed, and why."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from typing import Self

from attrs import evolve, field, frozen
from attrs.converters import optional

from crmkit.business_time.zones import in_utc
from crmkit.contact import Contact, DoNotContact
from crmkit.contact.records import zone_name
from crmkit.errors import InvalidValue
from crmkit.followups.facts import FollowUpFacts
from crmkit.followups.policies.placement import Placement, Unplaced, occurrence_of, order_of
from crmkit.followups.policies.steps import shifted
from crmkit.followups.records.follow_up import FollowUp
from crmkit.followups.records.occurrence import Occurrence
from crmkit.identifiers import Actor, check_identifier
from crmkit.period import Period, check_date
from crmkit.records import Direction, Interaction

__all__ = ["OwnerPlan", "PlanCase", "Smoothing"]


class Smoothing(StrEnum):
    """How the days are chosen on which follow-ups are done, within their windows."""

    DUE_DAY = "due-day"
    """As near to the day it is due as there is room."""
    EVEN = "even"
    """As evenly over the days as windows allow."""


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


def _settled(keys: Iterable[tuple[str, date]]) -> frozenset[tuple[str, date]]:
    found = frozenset(keys)
    for cadence, nominal_on in found:
        check_identifier(cadence, "the name of a cadence")
        check_date(nominal_on, "the day of a follow-up that is settled")
    return found


def _contacts(contacts: Iterable[Contact]) -> tuple[Contact, ...]:
    found = tuple(contacts)
    if not found:
        return found
    if not all(isinstance(one, Contact) for one in found):
        raise InvalidValue("contacts are Contact(at, 'telephone', 'demand plan')")
    return tuple(
        sorted(set(found), key=lambda one: (in_utc(one.at), one.channel, one.purpose or ""))
    )


def _stops(stops: Iterable[DoNotContact]) -> tuple[DoNotContact, ...]:
    found = tuple(stops)
    if not all(isinstance(stop, DoNotContact) for stop in found):
        raise InvalidValue("what a customer does not want is DoNotContact(channels=('telephone',))")
    return found


@frozen(kw_only=True)
class PlanCase:
    """A customer to be planned for: the facts, what is fixed already, and what is not wanted.

    ``kept`` are the follow-ups that have a day already, as a plan before gave them: they keep it.
    ``more`` are follow-ups that no cadence asks for, such as a call because sales fall, or one that
    was put off; one that a cadence asks for as well, by the same day, takes its place. ``settled``
    are those that were done or called off, by cadence and its day: they do not come back.
    ``contacts`` are those that happened, or are planned by others. ``zone`` is the time zone of the
    customer; without one, that of the owner.

    :raises InvalidValue: if something is of another type, of another customer, or contradicts
        itself.
    """

    facts: FollowUpFacts
    kept: tuple[Placement, ...] = field(default=(), converter=_kept)
    more: tuple[Occurrence, ...] = field(default=(), converter=_more)
    settled: frozenset[tuple[str, date]] = field(default=frozenset(), converter=_settled)
    contacts: tuple[Contact, ...] = field(default=(), converter=_contacts)
    do_not_contact: tuple[DoNotContact, ...] = field(default=(), converter=_stops)
    zone: str | None = field(default=None, converter=optional(zone_name))

    def __attrs_post_init__(self) -> None:
        if not isinstance(self.facts, FollowUpFacts):
            raise InvalidValue("a customer is planned for by FollowUpFacts")
        if any(one.customer != self.facts.customer for one in self.kept):
            raise InvalidValue("what is kept belongs to another customer")

    @classmethod
    def of(
        cls,
        facts: FollowUpFacts,
        follow_ups: Iterable[FollowUp],
        *,
        contacts: Iterable[Contact] = (),
        interactions: Iterable[Interaction] = (),
        do_not_contact: Iterable[DoNotContact] = (),
        zone: str | None = None,
    ) -> Self:
        """A customer by what is on record: open follow-ups keep their day if somebody has them.

        Those that nobody has are planned like any other, but for an appointment, which stays on its
        day. So are those that are open while their day is over by the ``as_of`` of the facts: they
        get another day of their window, or are listed with the reason. Those that were done, missed
        or cancelled are settled: what was missed is for the overdue list.

        Of the ``interactions``, those are contacts in which the company turned to this customer.

        :raises InvalidValue: if a follow-up belongs to another customer.
        """
        kept, more, settled = list[Placement](), list[Occurrence](), set[tuple[str, date]]()
        for one in follow_ups:
            if one.customer != facts.customer:
                raise InvalidValue("what is on record belongs to another customer")
            asked = occurrence_of(one)
            is_ahead = one.due_on >= facts.as_of
            if not one.is_open:
                settled.add((asked.cadence, asked.nominal_on))
            elif is_ahead and one.owner is not None:
                kept.append(Placement.of(one))
            elif is_ahead and one.appointment is not None:
                more.append(evolve(asked, not_before=one.due_on, not_after=one.due_on))
            else:
                more.append(asked)
        turned_to = (
            Contact.of(each)
            for each in interactions
            if each.customer == facts.customer and each.direction is Direction.OUTBOUND
        )
        return cls(
            facts=facts,
            kept=kept,
            more=more,
            settled=settled,
            contacts=(*contacts, *turned_to),
            do_not_contact=do_not_contact,
            zone=zone,
        )

    def left_by(self, leaver: Actor, last_day: date, to: Actor | None = None) -> Self:
        """The same customer when an owner has a last day, and ``to`` has them afterwards, if any.

        What the leaver was to do later is planned anew, by its window and as near to its day as can
        be; what was agreed with the customer goes over as it is.
        """
        kept, moved = list[Placement](), list[Occurrence]()
        for one in self.kept:
            if one.owner != leaver or one.on <= last_day:
                kept.append(one)
            elif one.is_agreed:
                kept.append(evolve(one, owner=to or leaver))
            else:
                asked = one.occurrence
                due = min(max(one.on, asked.not_before), asked.not_after)
                moved.append(evolve(asked, due_on=due))
        anew = {(one.cadence, one.nominal_on) for one in moved}
        others = (one for one in self.more if (one.cadence, one.nominal_on) not in anew)
        facts = self.facts
        if to is not None:
            facts = evolve(facts, as_of=max(facts.as_of, shifted(last_day, 1)))
        return evolve(self, facts=facts, kept=kept, more=(*others, *moved))

    def until(self, last_day: date) -> Self:
        """The same customer with nothing but what has a day already, up to a last one."""
        kept = [one for one in self.kept if one.on <= last_day]
        nothing_more = evolve(self.facts, ends_on=date.min)
        return evolve(self, facts=nothing_more, kept=kept, more=())

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
