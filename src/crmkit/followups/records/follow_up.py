"""A follow-up: who is to be contacted, for what, and the trail of what became of it."""

from collections.abc import Iterable
from datetime import date, datetime
from hashlib import sha256
from typing import Self

from attrs import evolve, field, frozen
from attrs.converters import optional

from crmkit.errors import InvalidValue
from crmkit.followups.lifecycle import FOLLOW_UP_LIFECYCLE, FollowUpAction, FollowUpStatus
from crmkit.followups.records.entry import FollowUpEntry
from crmkit.followups.records.events import (
    Appointment,
    Assigned,
    Done,
    FollowUpEvent,
    Planned,
    as_papers,
)
from crmkit.followups.records.occurrence import Occurrence
from crmkit.followups.records.state import State, Terms, begin, step
from crmkit.followups.records.visit_report import check_said
from crmkit.followups.records.words import as_text
from crmkit.identifiers import Actor, CustomerId, FollowUpId, check_identifier
from crmkit.period import check_date

__all__ = ["FollowUp", "follow_up_id"]


def follow_up_id(customer: CustomerId, cadence: str, nominal_on: date) -> FollowUpId:
    """The number of the follow-up that a cadence gives a customer on a day: always the same.

    Whatever is planned twice has one number, so the second plan finds the first. ``nominal_on`` is
    the day that the cadence gives, which stays when the follow-up is moved. Neither the customer
    nor the cadence can be read off the number.

    >>> follow_up_id(CustomerId("C-7"), "after-hand-over", date(2026, 5, 31))
    '2026-05-31-99d79885d0b07a0967e22894994b596a'
    """
    check_identifier(customer, "customer")
    check_identifier(cadence, "the name of a cadence")
    check_date(nominal_on, "nominal_on")
    # With its length before it, the name ends where it ends, and no two pairs read the same.
    text = f"{len(cadence)}:{cadence}{customer}"
    return FollowUpId(f"{nominal_on}-{sha256(text.encode()).hexdigest()[:32]}")


def _trail(entries: Iterable[FollowUpEntry]) -> tuple[FollowUpEntry, ...]:
    return tuple(entries)


@frozen(kw_only=True)
class FollowUp:
    """A contact with a customer that is planned, and the trail of what became of it.

    ``purpose`` says what kind of follow-up it is, in a word of the host, and ``target`` what is to
    be reached with it. ``cadence`` and ``nominal_on`` name the follow-up of a cadence;
    one that no cadence asked for has neither, and may have a ``proposed_by``: the rule that did.
    ``importance`` is a word of the host for how much depends on it. ``needs`` are the papers that
    must be in before it counts as done; :data:`VISIT_REPORT` is in with a complete report.

    Where it stands is read off the trail, which only grows, in the order in which things were
    recorded: nothing is stored beside it that could contradict it.

    :raises InvalidValue: if the trail does not begin with ``Planned``, the target is blank, or one
        of cadence and nominal_on stands without the other.
    :raises IllegalTransition: if the trail leaves the table.
    :raises FollowUpRefused: if something on the trail cannot be true of this follow-up.

    >>> from datetime import UTC
    >>> monday = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
    >>> call = FollowUp.planned(
    ...     id=FollowUpId("F-1"), customer=CustomerId("C-7"), purpose="post-sale call",
    ...     target="hear whether all is well", by=Actor("planner"), at=monday,
    ...     due_on=date(2026, 5, 11), not_after=date(2026, 5, 15),
    ... )
    >>> call = call.after(Assigned(Actor("anna")), by=Actor("ben"), at=monday, reason="her region")
    >>> str(call.status), call.owner, str(call.due_on)
    ('assigned', 'anna', '2026-05-11')
    """

    id: FollowUpId
    customer: CustomerId
    purpose: str = field(converter=as_text)
    target: str = field(repr=False, metadata={"personal": True})
    channel: str | None = field(default=None, converter=optional(as_text))
    cadence: str | None = field(default=None, converter=optional(as_text))
    nominal_on: date | None = None
    proposed_by: str | None = field(default=None, converter=optional(as_text))
    importance: str | None = field(default=None, converter=optional(as_text))
    needs: tuple[str, ...] = field(default=(), converter=as_papers)
    trail: tuple[FollowUpEntry, ...] = field(converter=_trail)
    _state: State = field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        check_identifier(self.id, "follow-up")
        check_identifier(self.customer, "customer")
        check_identifier(self.purpose, "purpose")
        check_said(self.target, "the target of a follow-up")
        for word in (self.channel, self.cadence, self.proposed_by, self.importance):
            if word is not None:
                check_identifier(word, "a word of a follow-up")
        if self.nominal_on is not None:
            check_date(self.nominal_on, "nominal_on")
        if (self.cadence is None) is not (self.nominal_on is None):
            raise InvalidValue(
                "the follow-up of a cadence has its day: pass cadence and nominal_on"
            )
        state = begin(self.trail)
        terms = Terms(self.customer, self.needs)
        for entry in self.trail[1:]:
            state = step(terms, state, entry)
        object.__setattr__(self, "_state", state)

    # --- how it comes about ---

    @classmethod
    def of(
        cls,
        occurrence: Occurrence,
        customer: CustomerId,
        *,
        target: str,
        by: Actor,
        at: datetime,
        reason: str = "planned",
        due_on: date | None = None,
        owner: Actor | None = None,
        importance: str | None = None,
        needs: Iterable[str] = (),
    ) -> Self:
        """What a cadence asks for, planned for a customer; its number is :func:`follow_up_id`.

        ``due_on`` puts it on another of the days in which it may be done, ``owner`` assigns it as
        well.

        :raises InvalidValue: if ``due_on`` is none of these days, or the target is blank.
        """
        return cls.planned(
            id=follow_up_id(customer, occurrence.cadence, occurrence.nominal_on),
            customer=customer,
            purpose=occurrence.purpose,
            target=target,
            channel=occurrence.channel,
            due_on=occurrence.due_on if due_on is None else due_on,
            not_before=occurrence.not_before,
            not_after=occurrence.not_after,
            cadence=occurrence.cadence,
            nominal_on=occurrence.nominal_on,
            owner=owner,
            importance=importance,
            needs=needs,
            by=by,
            at=at,
            reason=reason,
        )

    @classmethod
    def planned(
        cls,
        *,
        id: FollowUpId,
        customer: CustomerId,
        purpose: str,
        target: str,
        due_on: date,
        not_before: date | None = None,
        not_after: date | None = None,
        channel: str | None = None,
        cadence: str | None = None,
        nominal_on: date | None = None,
        proposed_by: str | None = None,
        owner: Actor | None = None,
        importance: str | None = None,
        needs: Iterable[str] = (),
        by: Actor,
        at: datetime,
        reason: str = "planned",
    ) -> Self:
        """Open the trail of a follow-up; :meth:`of` does it for what a cadence asks for.

        Without ``not_before`` or ``not_after``, the day it is due is the first or the last one.
        ``owner`` assigns it as well.

        :raises InvalidValue: if it is not due within the days in which it may be done, or the
            target is blank.
        """
        days = Planned(
            due_on,
            not_before=due_on if not_before is None else not_before,
            not_after=due_on if not_after is None else not_after,
        )
        events: tuple[FollowUpEvent, ...] = (days,) if owner is None else (days, Assigned(owner))
        return cls(
            id=id,
            customer=customer,
            purpose=purpose,
            target=target,
            channel=channel,
            cadence=cadence,
            nominal_on=nominal_on,
            proposed_by=proposed_by,
            importance=importance,
            needs=needs,
            trail=[FollowUpEntry(what=event, by=by, at=at, reason=reason) for event in events],
        )

    def after(self, event: FollowUpEvent, *, by: Actor, at: datetime, reason: str) -> Self:
        """The follow-up after something happened, recorded by somebody, at an instant.

        :raises IllegalTransition: if the lifecycle does not have it from there.
        :raises FollowUpRefused: if it cannot be true: a contact with another customer or of later,
            an appointment outside its days, a miss before its last day is over, a level of the
            escalation that was told. :class:`PapersMissing` says which papers are not in.
        """
        entry = FollowUpEntry(what=event, by=by, at=at, reason=reason)
        return evolve(self, trail=(*self.trail, entry))

    # --- where it stands ---

    @property
    def status(self) -> FollowUpStatus:
        """Where it stands."""
        return self._state.status

    @property
    def allowed(self) -> tuple[FollowUpAction, ...]:
        """What may be done with it."""
        return FOLLOW_UP_LIFECYCLE.allowed(self._state.status)

    @property
    def owner(self) -> Actor | None:
        """Whose it is; None while it waits for somebody."""
        return self._state.owner

    @property
    def due_on(self) -> date:
        """The day on which it is to be done."""
        return self._state.due_on

    @property
    def not_before(self) -> date:
        """The first day on which it may be done."""
        return self._state.not_before

    @property
    def not_after(self) -> date:
        """The last day on which it may be done."""
        return self._state.not_after

    @property
    def appointment(self) -> Appointment | None:
        """The appointment that stands, or that it was done by."""
        return self._state.appointment

    @property
    def told(self) -> tuple[int, ...]:
        """The levels of the escalation that were told since it was missed."""
        return self._state.told

    @property
    def is_open(self) -> bool:
        """Whether it is still to be done: neither done nor cancelled nor missed."""
        return not FOLLOW_UP_LIFECYCLE.is_final(self._state.status)

    @property
    def is_owed(self) -> bool:
        """Whether the customer has not been contacted and nobody called it off: open, or missed."""
        return self.is_open or self._state.status is FollowUpStatus.MISSED

    # --- planned and happened ---

    @property
    def done(self) -> Done | None:
        """What was done; None while it is not."""
        return self._state.done

    @property
    def days_late(self) -> int | None:
        """How many days after its last day it was done, 0 if in time; None while it is not done."""
        done = self._state.done
        return None if done is None else max(0, (done.on - self._state.not_after).days)

    @property
    def is_late(self) -> bool:
        """Whether it was done after its last day."""
        return bool(self.days_late)
