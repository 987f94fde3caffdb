"""What can happen to a follow-up: each entry of its trail holds one of these."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Self
from zoneinfo import ZoneInfo

from attrs import field, frozen

from crmkit.contact.records import zone_name
from crmkit.errors import InvalidValue
from crmkit.followups.records.visit_report import VisitReport, check_said
from crmkit.identifiers import Actor, CustomerId, InteractionId, check_identifier
from crmkit.period import check_date, check_instant
from crmkit.records import Interaction

__all__ = [
    "Appointment",
    "Assigned",
    "Cancelled",
    "Confirmed",
    "Done",
    "Escalated",
    "FollowUpEvent",
    "Missed",
    "Planned",
    "Rescheduled",
    "Unassigned",
    "as_papers",
    "day_in",
]

_LONGEST = timedelta(days=7)


def as_papers(papers: Iterable[str]) -> tuple[str, ...]:
    """The names of papers, each once and in order; a single text is not cut into letters.

    :raises InvalidValue: if it is a single text, or one of them could not serve as a key.
    """
    if isinstance(papers, str):
        raise InvalidValue(f"pass a tuple of papers, such as ({papers!r},)")
    found = sorted({str(paper) for paper in papers})
    for paper in found:
        check_identifier(paper, "the name of a paper")
    return tuple(found)


@frozen
class Appointment:
    """When the customer expects somebody: the first instant, how long, and in which time zone.

    :raises NaiveDatetime: if the start has no time zone.
    :raises InvalidValue: if it does not last, lasts for more than a week, or there is no such zone.

    >>> from datetime import UTC
    >>> visit = Appointment(datetime(2026, 5, 4, 22, 30, tzinfo=UTC), timedelta(hours=1),
    ...                     "Asia/Shanghai")
    >>> visit.on
    datetime.date(2026, 5, 5)
    """

    start: datetime
    length: timedelta
    zone: str = field(converter=zone_name)

    def __attrs_post_init__(self) -> None:
        check_instant(self.start, "the start of an appointment")
        if not isinstance(self.length, timedelta) or not timedelta(0) < self.length <= _LONGEST:
            raise InvalidValue("an appointment lasts for some time, and for a week at most")
        day_in(self.start, ZoneInfo(self.zone))

    @property
    def on(self) -> date:
        """The day on which it begins, in its time zone."""
        return day_in(self.start, ZoneInfo(self.zone))


def day_in(at: datetime, zone: tzinfo) -> date:
    """The day that an instant belongs to in a time zone.

    :raises InvalidValue: if the zone is no tzinfo, or the day is outside the calendar.
    """
    # None would stand for the zone of this machine, and the same instant for another day elsewhere.
    if not isinstance(zone, tzinfo):
        raise InvalidValue("the zone is a tzinfo: pass ZoneInfo('Europe/Berlin')")
    try:
        # By way of UTC: a day that a zone left out, as Samoa did in 2011, is the one after it.
        return at.astimezone(UTC).astimezone(zone).date()
    except OverflowError:
        raise InvalidValue(
            "that is outside the calendar: stay within the years 1 to 9999"
        ) from None


# --- what happens ---------------------------------------------------------------------------------


@frozen
class _Days:
    """The days on which it is to be done; left out, the day it is due and no other.

    :raises InvalidValue: if it is not due within the days in which it may be done.
    """

    due_on: date
    not_before: date = field(kw_only=True)
    not_after: date = field(kw_only=True)

    @not_before.default
    def _from_due(self) -> date:
        return self.due_on

    @not_after.default
    def _to_due(self) -> date:
        return self.due_on

    def __attrs_post_init__(self) -> None:
        check_date(self.due_on, "due_on")
        check_date(self.not_before, "not_before")
        check_date(self.not_after, "not_after")
        if not self.not_before <= self.due_on <= self.not_after:
            raise InvalidValue("a follow-up is due within the days in which it may be done")


@frozen
class Planned(_Days):
    """It is to be done on a day, or from a first to a last one, both included.

    Left out, ``not_before`` and ``not_after`` are the day it is due. The first entry of every trail
    holds this, and no other does.

    :raises InvalidValue: if it is not due within the days in which it may be done.
    """


@frozen
class Rescheduled(_Days):
    """It is to be done on other days; an appointment that was made does not hold any more.

    Left out, ``not_before`` and ``not_after`` are the day it is due.

    :raises InvalidValue: if it is not due within the days in which it may be done.
    """


@frozen
class Assigned:
    """Somebody has it now; whoever had it before does not.

    :raises InvalidIdentifier: if the name could not serve as a key.
    """

    to: Actor

    def __attrs_post_init__(self) -> None:
        check_identifier(self.to, "owner")


@frozen
class Unassigned:
    """Nobody has it any more; it waits for an owner, and an appointment still stands."""


@frozen
class Confirmed:
    """The customer agreed to an appointment; its day is the one on which it is due now."""

    appointment: Appointment

    def __attrs_post_init__(self) -> None:
        if not isinstance(self.appointment, Appointment):
            raise InvalidValue("an appointment has a start, a length and a zone: Appointment(...)")


@frozen(kw_only=True)
class Done:
    """It was done through a contact that has happened; :meth:`through` reads one.

    ``on`` is the day of the contact, ``outcome`` what came of it, in a few words. ``papers`` are
    those that are in.

    :raises InvalidValue: if an identifier could not serve as a key, or the outcome is blank.
    :raises NaiveDatetime: if the instant has no time zone.
    """

    interaction: InteractionId
    customer: CustomerId
    at: datetime
    on: date
    channel: str
    actor: Actor | None = None
    outcome: str | None = field(default=None, repr=False, metadata={"personal": True})
    report: VisitReport | None = None
    papers: tuple[str, ...] = field(default=(), converter=as_papers)

    def __attrs_post_init__(self) -> None:
        check_identifier(self.interaction, "interaction")
        check_identifier(self.customer, "customer")
        check_instant(self.at, "the instant of a contact")
        check_date(self.on, "the day of a contact")
        check_identifier(self.channel, "channel")
        if self.actor is not None:
            check_identifier(self.actor, "actor")
        if self.outcome is not None:
            check_said(self.outcome, "an outcome")

    @classmethod
    def through(
        cls,
        interaction: Interaction,
        *,
        zone: tzinfo,
        outcome: str | None = None,
        report: VisitReport | None = None,
        papers: Iterable[str] = (),
    ) -> Self:
        """Done through an interaction, on the day that it was in the named zone.

        :raises InvalidValue: if the zone is no tzinfo.

        >>> from datetime import UTC
        >>> from crmkit.records import Direction
        >>> late = Interaction(
        ...     id=InteractionId("I-1"), customer=CustomerId("C-7"), channel="telephone",
        ...     at=datetime(2026, 5, 4, 22, 30, tzinfo=UTC), direction=Direction.OUTBOUND,
        ... )
        >>> Done.through(late, zone=ZoneInfo("Europe/Berlin"), outcome="all is well").on
        datetime.date(2026, 5, 5)
        """
        return cls(
            interaction=interaction.id,
            customer=interaction.customer,
            at=interaction.at,
            on=day_in(interaction.at, zone),
            channel=interaction.channel,
            actor=interaction.actor,
            outcome=outcome,
            report=report,
            papers=papers,
        )


@frozen
class Missed:
    """Its last day was over on this day, and it was not done."""

    found_on: date

    def __attrs_post_init__(self) -> None:
        check_date(self.found_on, "found_on")


@frozen
class Cancelled:
    """It is not to be done any more; the entry says why."""


@frozen(kw_only=True)
class Escalated:
    """Somebody was told that it was missed: of which level of the rules, and when that fell due.

    :raises InvalidValue: if the level is below 1, or whom it went to could not serve as a key.
    """

    level: int
    to: str
    fell_due_on: date

    def __attrs_post_init__(self) -> None:
        if type(self.level) is not int or self.level < 1:
            raise InvalidValue("the levels of an escalation count from 1")
        check_identifier(self.to, "whom an escalation goes to")
        check_date(self.fell_due_on, "fell_due_on")


FollowUpEvent = (
    Planned
    | Assigned
    | Unassigned
    | Confirmed
    | Rescheduled
    | Done
    | Missed
    | Cancelled
    | Escalated
)
"""Everything that can happen to a follow-up."""
