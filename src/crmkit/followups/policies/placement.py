"""A follow-up that has a day of its owner, or none, and what the records make of it."""

from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum
from typing import Self

from attrs import evolve, frozen

from crmkit.errors import InvalidValue
from crmkit.followups.records.events import Assigned, FollowUpEvent, Planned, Rescheduled
from crmkit.followups.records.follow_up import FollowUp
from crmkit.followups.records.occurrence import Occurrence
from crmkit.identifiers import Actor, CustomerId
from crmkit.period import check_date, check_instant

__all__ = ["Placement", "Unplaced", "WhyUnplaced", "occurrence_of", "order_of"]


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
        return f"on {self.on}"

    @classmethod
    def of(cls, follow_up: FollowUp) -> Self:
        """The day that a follow-up on record has; an appointment with the customer is agreed.

        :raises InvalidValue: if nobody has it.
        """
        if follow_up.owner is None:
            raise InvalidValue("nobody has this follow-up: plan it as more=(occurrence_of(...),)")
        appointment = follow_up.appointment
        return cls(
            follow_up.owner,
            follow_up.customer,
            occurrence_of(follow_up),
            follow_up.due_on,
            None if appointment is None else appointment.start,
            follow_up.channel,
            is_agreed=appointment is not None,
        )

    def follow_up(
        self,
        *,
        target: str,
        by: Actor,
        at: datetime,
        importance: str | None = None,
        needs: Iterable[str] = (),
    ) -> FollowUp:
        """The record of it, for what a cadence asked for: assigned, and due on its day.

        ``target`` says what is to be reached, ``needs`` which papers have to be in before it counts
        as done. Planned again, it has the same number. What is on record already has its own, and
        is put on its day by ``FollowUpDesk.place``.
        """
        return FollowUp.of(
            evolve(self.occurrence, channel=self.channel),
            self.customer,
            target=target,
            by=by,
            at=at,
            due_on=self.on,
            owner=self.owner,
            importance=importance,
            needs=needs,
        )

    def is_of(self, follow_up: FollowUp) -> bool:
        """Whether a follow-up on record is the one that was placed."""
        one = occurrence_of(follow_up)
        return (follow_up.customer, one.cadence, one.nominal_on) == self.key

    def events(self, follow_up: FollowUp) -> tuple[FollowUpEvent, ...]:
        """What has to be recorded of a follow-up that is on record already, if it is elsewhere.

        :raises InvalidValue: if it is another follow-up.
        """
        if not self.is_of(follow_up):
            raise InvalidValue("that is another follow-up than the one that was placed")
        one = occurrence_of(follow_up)
        found: list[FollowUpEvent] = []
        if follow_up.due_on != self.on:
            found.append(Rescheduled(self.on, not_before=one.not_before, not_after=one.not_after))
        if follow_up.owner != self.owner:
            found.append(Assigned(self.owner))
        return tuple(found)

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
        return f"not placed: {self.why}"

    @property
    def key(self) -> tuple[CustomerId, str, date]:
        """What tells it apart from every other follow-up."""
        return (self.customer, self.occurrence.cadence, self.occurrence.nominal_on)


def occurrence_of(follow_up: FollowUp) -> Occurrence:
    """What a follow-up on record asks for; if no cadence did, its number stands for the cadence."""
    planned = (one.what.due_on for one in follow_up.trail if isinstance(one.what, Planned))
    return Occurrence(
        follow_up.cadence or follow_up.id,
        0,
        follow_up.purpose,
        follow_up.channel,
        follow_up.nominal_on or next(planned),
        follow_up.due_on,
        follow_up.not_before,
        follow_up.not_after,
    )


def order_of(one: Placement) -> tuple[date, int, tuple[CustomerId, str, date]]:
    """Day by day, the most important first."""
    return (one.on, -one.score, one.key)
