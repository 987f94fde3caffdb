"""How many appointments were followed by the visit that had been agreed on.

>>> from zoneinfo import ZoneInfo
>>> from crmkit.decision import explain
>>> from crmkit.identifiers import Actor, FollowUpId, InteractionId
>>> from crmkit.records import Direction
>>> morning = datetime(2026, 5, 4, 9, 0, tzinfo=ZoneInfo("Europe/Berlin"))
>>> booked = [
...     BookedAppointment(
...         FollowUpId(number), CustomerId(customer), Actor("anna"),
...         Appointment(morning, timedelta(hours=1), "Europe/Berlin"),
...     )
...     for number, customer in (("F-1", "C-7"), ("F-2", "C-8"))
... ]
>>> visit = Interaction(
...     id=InteractionId("I-1"), customer=CustomerId("C-7"), at=morning + timedelta(minutes=10),
...     channel="visit", direction=Direction.OUTBOUND,
... )
>>> facts = MatchFacts(as_of=date(2026, 5, 31), appointments=booked, visits=[visit])
>>> print(explain(AppointmentMatch(within=timedelta(minutes=30))(facts)))
1 of 2 appointments kept, by appointment match, as of 2026-05-31
- noted: appointments is 2
- noted: appointments with a visit is 1
- noted: visits without an appointment is 0
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from fractions import Fraction
from itertools import groupby
from types import MappingProxyType
from zoneinfo import ZoneInfo

from attrs import field, frozen

from crmkit.business_time.zones import in_utc
from crmkit.decision import Decision, noted
from crmkit.errors import InvalidPolicy, InvalidValue
from crmkit.followups.facts import as_names
from crmkit.followups.records.events import Appointment, day_in
from crmkit.followups.tally.appointments import BookedAppointment
from crmkit.identifiers import Actor, CustomerId
from crmkit.period import Period, check_date
from crmkit.records import Interaction

__all__ = ["AppointmentMatch", "KeptAppointment", "MatchFacts", "MatchedAppointments"]

_WIDEST = timedelta(days=31)
_MICROSECOND = timedelta(microseconds=1)


def _place(booked: BookedAppointment) -> tuple[str, datetime, str, str, timedelta, str]:
    """Where an appointment stands among others: no two that differ share a place."""
    what = booked.appointment
    start = in_utc(what.start)
    return booked.customer, start, booked.follow_up, booked.owner or "", what.length, what.zone


def _booked(appointments: Iterable[BookedAppointment]) -> tuple[BookedAppointment, ...]:
    return tuple(sorted(dict.fromkeys(appointments), key=_place))


def _visits(visits: Iterable[Interaction]) -> tuple[Interaction, ...]:
    found: dict[str, Interaction] = {}
    for visit in visits:
        if found.setdefault(visit.id, visit) != visit:
            raise InvalidValue("two visits have one number: give each its own")
    return tuple(sorted(found.values(), key=lambda each: (each.customer, in_utc(each.at), each.id)))


@frozen(kw_only=True)
class MatchFacts:
    """Appointments and visits as of a day; order and duplicates make no difference.

    With a ``period``, only the appointments of its days are counted; what lies around it may be
    handed in, so that a visit is not taken for another appointment.

    :raises InvalidValue: if the day is no plain date, the period no Period, or two visits have one
        number.
    """

    as_of: date
    appointments: tuple[BookedAppointment, ...] = field(converter=_booked)
    visits: tuple[Interaction, ...] = field(converter=_visits)
    period: Period | None = None

    def __attrs_post_init__(self) -> None:
        check_date(self.as_of, "as_of")
        if self.period is not None and not isinstance(self.period, Period):
            raise InvalidValue(
                "appointments are counted in a Period, such as Period.month(2026, 5)"
            )


@frozen
class KeptAppointment:
    """An appointment, and the visit that kept it."""

    booked: BookedAppointment
    visit: Interaction


@frozen(kw_only=True)
class MatchedAppointments:
    """Which appointments were kept by which visits, and what is left on either side."""

    kept: tuple[KeptAppointment, ...]
    not_kept: tuple[BookedAppointment, ...]
    without_appointment: tuple[Interaction, ...]

    @property
    def appointments(self) -> int:
        """How many appointments there were."""
        return len(self.kept) + len(self.not_kept)

    @property
    def share(self) -> Fraction | None:
        """The share of appointments that were kept; None if there was none."""
        return Fraction(len(self.kept), self.appointments) if self.appointments else None

    def of(self, owner: Actor | None) -> "MatchedAppointments":
        """The appointments of one owner, and the visits without one that they made."""
        return MatchedAppointments(
            kept=tuple(each for each in self.kept if each.booked.owner == owner),
            not_kept=tuple(each for each in self.not_kept if each.owner == owner),
            without_appointment=tuple(
                visit for visit in self.without_appointment if visit.actor == owner
            ),
        )

    @property
    def by_owner(self) -> Mapping[Actor | None, Fraction]:
        """The share of each owner who had an appointment, by name; nobody's come first."""
        owners = {each.booked.owner for each in self.kept} | {each.owner for each in self.not_kept}
        shares = ((owner, self.of(owner).share) for owner in sorted(owners, key=lambda o: o or ""))
        return MappingProxyType({owner: share for owner, share in shares if share is not None})

    def __str__(self) -> str:
        if not self.appointments:
            return "no appointments"
        return f"{len(self.kept)} of {self.appointments} appointments kept"


@frozen(kw_only=True)
class AppointmentMatch:
    """An appointment is kept if somebody visited the customer at that time; each visit keeps one.

    Without ``within``, the day is enough: that of the appointment, in its time zone. With it, the
    visit began at most so long before or after the start. ``channels`` names what counts as a
    visit; naming none, any contact does.

    As many appointments are matched as can be, and of all ways to do that, the one that leaves the
    least time in all between appointments and their visits. Appointments after ``as_of`` do not
    count yet. Source: FUP-09 of the requirements.

    :raises InvalidPolicy: if ``within`` is below zero or longer than 31 days.
    """

    within: timedelta | None = None
    channels: tuple[str, ...] = field(default=(), converter=as_names)

    def __attrs_post_init__(self) -> None:
        if self.within is not None and not (
            isinstance(self.within, timedelta) and timedelta(0) <= self.within <= _WIDEST
        ):
            raise InvalidPolicy("a visit begins within a time of 0 to 31 days, or on the same day")

    def __call__(self, facts: MatchFacts, /) -> Decision[MatchedAppointments]:
        """Which appointments were kept, and how many."""
        due = [each for each in facts.appointments if each.appointment.on <= facts.as_of]
        visits = [
            visit for visit in facts.visits if not self.channels or visit.channel in self.channels
        ]
        kept = [
            KeptAppointment(booked, visit)
            for mine, theirs in _by_customer(due, visits)
            for booked, visit in self._matched(mine, theirs)
        ]
        taken = {each.visit.id for each in kept}
        matched = {each.booked for each in kept}
        counts = facts.period.__contains__ if facts.period is not None else _always
        outcome = MatchedAppointments(
            kept=tuple(each for each in kept if counts(each.booked.appointment.on)),
            not_kept=tuple(
                each for each in due if each not in matched and counts(each.appointment.on)
            ),
            without_appointment=tuple(visit for visit in visits if visit.id not in taken),
        )
        return Decision(
            outcome,
            "appointment-match",
            facts.as_of,
            (
                noted("appointments", outcome.appointments),
                noted("appointments with a visit", len(outcome.kept)),
                noted("visits without an appointment", len(outcome.without_appointment)),
            ),
        )

    def _matched(
        self, booked: Sequence[BookedAppointment], visits: Sequence[Interaction]
    ) -> Iterator[tuple[BookedAppointment, Interaction]]:
        costs = [
            {
                number: abs(in_utc(visit.at) - in_utc(one.appointment.start)) // _MICROSECOND
                for number, visit in enumerate(visits)
                if self._fits(one.appointment, visit.at)
            }
            for one in booked
        ]
        for row, column in sorted(_assign(costs).items()):
            yield booked[row], visits[column]

    def _fits(self, appointment: Appointment, at: datetime) -> bool:
        if self.within is None:
            return day_in(at, ZoneInfo(appointment.zone)) == appointment.on
        return abs(in_utc(at) - in_utc(appointment.start)) <= self.within


def _always(_day: date) -> bool:
    return True


def _by_customer(
    booked: Iterable[BookedAppointment], visits: Iterable[Interaction]
) -> Iterator[tuple[list[BookedAppointment], list[Interaction]]]:
    theirs: dict[CustomerId, list[Interaction]] = {
        customer: list(found) for customer, found in groupby(visits, lambda each: each.customer)
    }
    for customer, mine in groupby(booked, lambda each: each.customer):
        yield list(mine), theirs.get(customer, [])


# --- as many as can be, at the least cost ---------------------------------------------------------


def _assign(costs: Sequence[Mapping[int, int]]) -> dict[int, int]:
    """Give rows columns of their own, as many as can be, at the least cost in all.

    ``costs`` says for each row what its columns cost. One row more is served at a time, by the
    cheapest chain of changes that makes room for it (successive shortest paths): what is served
    then is the cheapest of its size.
    """
    chosen: dict[int, int] = {}
    while (chain := _cheapest_chain(costs, chosen)) is not None:
        chosen.update(chain)
    return chosen


def _cheapest_chain(
    costs: Sequence[Mapping[int, int]], chosen: Mapping[int, int]
) -> dict[int, int] | None:
    """The cheapest way to serve one row more: the rows that it changes, and their new columns."""
    holder = {column: row for row, column in chosen.items()}
    best: dict[int, int] = {row: 0 for row in range(len(costs)) if row not in chosen}
    came: dict[int, tuple[int, int]] = {}  # column -> the row it goes to, and what it costs by then
    waiting = deque(best)
    while waiting:
        row = waiting.popleft()
        for column, cost in costs[row].items():
            spent = best[row] + cost
            if column in came and came[column][1] <= spent:
                continue
            came[column] = (row, spent)
            other = holder.get(column)
            if other is not None:
                # Whoever holds a column comes in by it alone, so this is better than before.
                best[other] = spent - costs[other][column]
                waiting.append(other)
    free = [(spent, column) for column, (_, spent) in came.items() if column not in holder]
    if not free:
        return None
    _, column = min(free)
    chain: dict[int, int] = {}
    while True:
        row = came[column][0]
        chain[row] = column
        if row not in chosen:
            return chain
        column = chosen[row]
