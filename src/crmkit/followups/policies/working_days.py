"""The working days of an owner in a period, and when customers may be contacted on them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

from attrs import define, field, frozen

from crmkit.business_time import BusinessCalendar
from crmkit.business_time.zones import in_utc
from crmkit.contact import Contact, ContactFacts, ContactPolicy, DoNotContact
from crmkit.contact.records import covers
from crmkit.followups.policies.board import mask_of, places_in
from crmkit.followups.policies.steps import before
from crmkit.period import Period, Unit

__all__ = ["Approach", "Leeway", "Moments", "Span", "WorkingDays", "first_moment"]

_MINUTE = timedelta(minutes=1)
_ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)

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

    @property
    def wishes(self) -> tuple[DoNotContact, ...]:
        """What the customer does not want that is about such a contact."""
        if not self.do_not_contact:
            return ()
        contact = Contact(_ANY_TIME, self.channel, self.purpose)
        return tuple(wish for wish in self.do_not_contact if covers(wish, contact))

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


_LONGEST = {Unit.DAY: 1, Unit.WEEK: 7, Unit.MONTH: 31, Unit.QUARTER: 92, Unit.YEAR: 366}
_MICROSECOND = timedelta(microseconds=1)


@frozen
class Leeway:
    """When caps and gaps cannot speak against a contact, whatever their channels and purposes.

    That is so if no other contact is nearer than any gap, and fewer than any cap bears are nearer
    than its days. It spares the policy a million questions, and changes no answer.
    """

    gap: timedelta
    span: timedelta
    fewest: int

    @classmethod
    def of(cls, policy: ContactPolicy) -> "Leeway":
        """That of a policy."""
        gap = max((rule.gap for rule in policy.gaps), default=_MICROSECOND)
        spans = (_LONGEST[rule.per] if rule.per else rule.days or 0 for rule in policy.caps)
        # A day more, for clocks that are put back make a month longer.
        span = timedelta(days=max(spans, default=0) + 1)
        fewest = min((rule.most for rule in policy.caps), default=0)
        return cls(gap, span, fewest)

    def holds(self, at: datetime, others: Iterable[datetime]) -> bool:
        """Whether it does at an instant, with other contacts at some instants, in UTC."""
        near = 0
        for other in others:
            away = abs(at - other)
            if away < self.gap:
                return False
            near += away < self.span
        return not self.fewest or near < self.fewest


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
    _usual: dict[tuple[str, str, str], tuple[int, Moments]] = field(factory=dict)

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

    def on(self, day: date) -> Sequence[Span]:
        """When the calendar is open on a day of the period."""
        mask = self.within(day, day)
        return self.spans[mask.bit_length() - 1] if mask else ()

    def begin_of(self, day: date, calendar: BusinessCalendar) -> datetime:
        """When a day begins: with the opening, if it is a working day of the period."""
        within = 0 <= (day - self._first).days < len(self._before) - 1
        spans = self.on(day) if within else ()
        return spans[0][0] if spans else calendar.end_of_day(before(day))

    def opening(self, place: int) -> datetime:
        """When the calendar opens on a working day."""
        return self.spans[place][0][0]

    def usual_moments(
        self, policy: ContactPolicy, channel: str, purpose: str, zone: str
    ) -> tuple[int, Moments]:
        """On which days, and from when on, somebody may be contacted with whom there is no more.

        Then nothing but quiet hours can speak against it.
        """
        key = (channel, purpose, zone)
        found = self._usual.get(key)
        if found is None:
            if policy.quiet_hours:
                approach = Approach(channel, purpose, zone)
                asked = (first_moment(policy, approach, spans) for spans in self.spans)
                moments = {place: at for place, at in enumerate(asked) if at is not None}
            else:
                moments = {place: self.opening(place) for place in range(len(self.days))}
            found = self._usual[key] = (mask_of(moments), moments)
        return found

    def moments(
        self, policy: ContactPolicy, leeway: Leeway, approach: Approach, window: int
    ) -> tuple[int, Moments]:
        """On which days of a window, and from when on, a contact is allowed."""
        allowed, usual = self.usual_moments(
            policy, approach.channel, approach.purpose, approach.zone
        )
        wishes = approach.wishes
        if any(wish.since is None and wish.until is None for wish in wishes):
            return 0, {}
        # On no other day is it allowed when there is something else as well.
        mask, others = window & allowed, [in_utc(contact.at) for contact in approach.contacts]
        doubtful = mask if wishes else mask & self._near(others, leeway)
        found = {}
        for place in places_in(doubtful):
            if wishes or not leeway.holds(usual[place], others):
                moment = first_moment(policy, approach, self.spans[place])
                if moment is None:
                    mask &= ~(1 << place)
                else:
                    found[place] = moment
        return mask, {**usual, **found} if found else usual

    def _near(self, others: Iterable[datetime], leeway: Leeway) -> int:
        """The days that are near enough to other contacts for a look; all, if there are many."""
        others = tuple(others)
        if leeway.fewest and len(others) >= leeway.fewest:
            return -1
        # By the clocks of two zones, an instant may lie on dates that are one day apart.
        reach, near = leeway.gap.days + 2, 0
        last = len(self._before) - 2
        for other in others:
            day = other.toordinal() - self._first.toordinal()
            low, high = max(day - reach, 0), min(day + reach, last)
            if low <= high:
                near |= (1 << self._before[high + 1]) - (1 << self._before[low])
        return near
