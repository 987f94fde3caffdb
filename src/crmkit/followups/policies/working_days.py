"""The working days of an owner in a period, and when customers may be contacted on them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

from attrs import define, field, frozen

from crmkit.business_time import BusinessCalendar
from crmkit.business_time.zones import in_utc
from crmkit.contact import Contact, ContactFacts, ContactPolicy, DoNotContact
from crmkit.followups.policies.board import places_in
from crmkit.followups.policies.steps import before
from crmkit.period import Period

__all__ = ["Approach", "Moments", "WorkingDays", "first_moment"]

_MINUTE = timedelta(minutes=1)

Span = tuple[datetime, datetime]
Moments = Mapping[int, datetime]
"""By working day, from when on a customer may be contacted; it is none of these otherwise."""


@frozen
class Approach:
    """How somebody would be contacted, and what else there is between us and them."""

    channel: str
    purpose: str
    zone: str
    contacts: tuple[Contact, ...] = ()
    do_not_contact: tuple[DoNotContact, ...] = ()

    def facts_at(self, at: datetime) -> ContactFacts:
        """The contact at an instant, as a policy judges it."""
        return ContactFacts(
            proposed=Contact(at, self.channel, self.purpose),
            zone=self.zone,
            contacts=self.contacts,
            do_not_contact=self.do_not_contact,
        )


def first_moment(
    policy: ContactPolicy, approach: Approach, spans: Iterable[Span]
) -> datetime | None:
    """The first instant of working time at which a contact is allowed; None if there is none.

    Nobody is contacted about two things at the very same instant: the second comes a minute later.
    """
    taken = {in_utc(contact.at) for contact in approach.contacts}
    for start, end in spans:
        at, last = in_utc(start), in_utc(end)
        while at < last:
            if at in taken:
                at += _MINUTE
                continue
            verdict = policy(approach.facts_at(at)).outcome
            if verdict.allowed:
                return at.astimezone(start.tzinfo)
            if verdict.allowed_from is None:
                return None
            at = in_utc(verdict.allowed_from)
    return None


@define(eq=False)
class WorkingDays:
    """The days of a period on which a calendar opens, numbered from 0 on, as places of a board."""

    days: Sequence[date]
    spans: Sequence[Sequence[Span]]
    """When the calendar is open on each of them."""
    zone: str
    _first: date
    _before: Sequence[int]
    """How many working days come before each day of the period."""
    _usual: dict[tuple[str, str, str], Moments] = field(factory=dict)

    @classmethod
    def of(cls, calendar: BusinessCalendar, period: Period) -> "WorkingDays":
        """Those of a calendar."""
        start = calendar.end_of_day(before(period.start))
        open_days = [
            day for day in calendar.trace(start, calendar.end_of_day(period.last)).days if day.spans
        ]
        days = [day.on for day in open_days]
        numbered, counts = set(days), [0]
        for number in range(period.days):
            is_open = period.start + timedelta(days=number) in numbered
            counts.append(counts[-1] + is_open)
        spans = [day.spans for day in open_days]
        return cls(days, spans, calendar.zone, period.start, counts)

    def within(self, first: date, last: date) -> int:
        """A mask of the working days from a day of the period to another one, both included."""
        low = self._before[(first - self._first).days]
        high = self._before[(last - self._first).days + 1]
        return (1 << high) - (1 << low)

    def opening(self, place: int) -> datetime:
        """When the calendar opens on a working day."""
        return self.spans[place][0][0]

    def usual_moments(
        self, policy: ContactPolicy, channel: str, purpose: str, zone: str
    ) -> Moments:
        """From when on somebody may be contacted with whom there is nothing else.

        Then nothing but quiet hours can speak against it.
        """
        key = (channel, purpose, zone)
        found = self._usual.get(key)
        if found is None:
            if policy.quiet_hours:
                approach = Approach(channel, purpose, zone)
                found = self.moments(policy, approach, (1 << len(self.days)) - 1)
            else:
                found = {place: self.opening(place) for place in range(len(self.days))}
            self._usual[key] = found
        return found

    def moments(self, policy: ContactPolicy, approach: Approach, mask: int) -> Moments:
        """By working day of a mask, from when on a contact is allowed; no more than those days."""
        asked = ((at, first_moment(policy, approach, self.spans[at])) for at in places_in(mask))
        return {place: moment for place, moment in asked if moment is not None}
