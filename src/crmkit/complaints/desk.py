"""The desk of complaints: load, ask the rules, keep, and know what is due next."""

from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta

from attrs import field, frozen

from crmkit.complaints.facts.case import summarize_case
from crmkit.complaints.facts.history import CaseHistory
from crmkit.complaints.kept import COMPLAINT_AGENDAS, COMPLAINTS, AgendaEntry
from crmkit.complaints.policies.escalation import DueEscalation, EscalationPolicy
from crmkit.complaints.policies.merging import Together, merge_complaints, unmerge_complaint
from crmkit.complaints.policies.obligations import ObligationState
from crmkit.complaints.policies.profiles import ObligationProfile
from crmkit.complaints.policies.rules import ComplaintRules
from crmkit.complaints.records.complaint import Complaint
from crmkit.complaints.records.entry import Override
from crmkit.complaints.records.events import Escalated, Event
from crmkit.complaints.records.receipt import Receipt
from crmkit.errors import InvalidValue
from crmkit.identifiers import Actor, ComplaintId
from crmkit.period import check_instant
from crmkit.storage import Page, Store, Stored, UnitOfWork, walk

__all__ = ["ESCALATED_TOPIC", "ComplaintDesk"]

ESCALATED_TOPIC = "complaint-escalated"
"""The topic of the messages that an escalation leaves in the outbox; their text is the complaint's
number, the rule, the level and the addressee (the target, or else the role), one a line."""

_TICK = timedelta(microseconds=1)


@frozen
class _Deadline:
    due_at: datetime
    profile: str
    obligation: str


@frozen(kw_only=True)
class ComplaintDesk:
    """Receives complaints, acts on them by the rules, and knows what is due next in each.

    ``profiles`` are the obligations that run on every complaint, side by side; ``escalation`` says
    who is told when nothing happens. Every method takes an open unit of work of the host, which it
    joins and never commits; without one it opens its own and commits it.

    >>> from crmkit.storage.memory import MemoryStore
    >>> desk = ComplaintDesk(store=MemoryStore())
    >>> monday = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
    >>> number = desk.receive(Receipt(
    ...     id=ComplaintId("K-1"), received_at=monday, channel="phone", received_by=Actor("anna"),
    ... )).id
    >>> desk.act(number, "acknowledge", by=Actor("anna"), at=monday, reason="wrote to them").status
    'acknowledged'
    """

    store: Store
    rules: ComplaintRules = field(factory=ComplaintRules)
    profiles: tuple[ObligationProfile, ...] = ()
    escalation: EscalationPolicy | None = None

    # --- what is done ---

    def receive(
        self,
        receipt: Receipt,
        *,
        by: Actor | None = None,
        reason: str = "received",
        unit: UnitOfWork | None = None,
    ) -> Complaint:
        """Keep a complaint that came in.

        :raises AlreadyKept: if its number is taken.
        :raises InvalidValue: if nobody recorded it.
        """
        return self.keep(self.rules.receive(receipt, by=by, reason=reason), unit=unit)

    def keep(self, complaint: Complaint, *, unit: UnitOfWork | None = None) -> Complaint:
        """Keep a complaint that was handled elsewhere, with its whole trail.

        :raises AlreadyKept: if its number is taken.
        :raises InvalidPolicy: if it follows a lifecycle that the rules do not know.
        :raises IllegalTransition: if its trail holds a move that its lifecycle does not have.
        """
        self.rules.verify(complaint)
        with self._joined(unit) as joined:
            joined.repository(COMPLAINTS).add(complaint)
            joined.repository(COMPLAINT_AGENDAS).add(self._agenda(complaint))
            self._finish(joined, unit)
        return complaint

    def act(
        self,
        number: ComplaintId,
        action: str,
        *,
        by: Actor,
        at: datetime,
        reason: str,
        role: str | None = None,
        override: Override | None = None,
        recorded_at: datetime | None = None,
        unit: UnitOfWork | None = None,
    ) -> Complaint:
        """Take an action, if the lifecycle and every condition allow it; else nothing changes.

        :raises NotKept: if there is no such complaint.
        :raises IllegalTransition: if the lifecycle has no such action from there.
        :raises ActionRefused: if a condition does not hold.
        """
        with self._joined(unit) as joined:
            stored = self._stored(joined, number)
            after = self.rules.act(
                stored.record,
                action,
                by=by,
                at=at,
                reason=reason,
                role=role,
                override=override,
                recorded_at=recorded_at,
                open_children=self._open_children(joined, number),
            )
            self._replace(joined, stored, after)
            self._finish(joined, unit)
        return after

    def record(
        self,
        number: ComplaintId,
        what: Event,
        *,
        by: Actor,
        at: datetime,
        reason: str,
        role: str | None = None,
        override: Override | None = None,
        recorded_at: datetime | None = None,
        unit: UnitOfWork | None = None,
    ) -> Complaint:
        """Put something on record that does not change the status.

        :raises NotKept: if there is no such complaint.
        :raises ActionRefused: if a condition does not hold.
        :raises InvalidValue: if it does not go on from where the complaint stands.
        """
        with self._joined(unit) as joined:
            stored = self._stored(joined, number)
            after = self.rules.record(
                stored.record,
                what,
                by=by,
                at=at,
                reason=reason,
                role=role,
                override=override,
                recorded_at=recorded_at,
            )
            self._replace(joined, stored, after)
            self._finish(joined, unit)
        return after

    def merge(
        self,
        number: ComplaintId,
        into: ComplaintId,
        *,
        by: Actor,
        at: datetime,
        reason: str,
        override: Override | None = None,
        unit: UnitOfWork | None = None,
    ) -> Together:
        """Let a complaint go on in another; both trails say so.

        :raises NotKept: if one of them does not exist.
        :raises ActionRefused: if a condition does not hold.
        """
        with self._joined(unit) as joined:
            one, other = self._stored(joined, number), self._stored(joined, into)
            together = merge_complaints(
                self.rules,
                one.record,
                other.record,
                by=by,
                at=at,
                reason=reason,
                override=override,
            )
            self._keep_both(joined, one, other, together)
            self._finish(joined, unit)
        return together

    def unmerge(
        self,
        number: ComplaintId,
        *,
        by: Actor,
        at: datetime,
        reason: str,
        unit: UnitOfWork | None = None,
    ) -> Together:
        """Take a merged complaint out again: it stands where it stood.

        :raises NotKept: if there is no such complaint.
        :raises InvalidValue: if it is not merged.
        """
        with self._joined(unit) as joined:
            one = self._stored(joined, number)
            if one.record.merged_into is None:
                raise InvalidValue("the complaint is not merged: nothing to take apart")
            other = self._stored(joined, one.record.merged_into)
            together = unmerge_complaint(one.record, other.record, by=by, at=at, reason=reason)
            self._keep_both(joined, one, other, together)
            self._finish(joined, unit)
        return together

    # --- what is due ---

    def get(self, number: ComplaintId, *, unit: UnitOfWork | None = None) -> Complaint:
        """A complaint with its trail, checked against the lifecycle that it follows.

        :raises NotKept: if there is no such complaint.
        """
        with self._joined(unit) as joined:
            return self._stored(joined, number).record

    def agenda(
        self, number: ComplaintId, at: datetime, *, unit: UnitOfWork | None = None
    ) -> tuple[ObligationState, ...]:
        """How every obligation of a complaint stands at an instant, profile by profile.

        :raises NotKept: if there is no such complaint.
        :raises NaiveDatetime: if the instant has no time zone.
        """
        history = self._history(self.get(number, unit=unit))
        return tuple(state for profile in self.profiles for state in profile.agenda(history, at))

    def due(
        self,
        *,
        owner: Actor | None = None,
        before: datetime | None = None,
        limit: int = 100,
        after: str | None = None,
        unit: UnitOfWork | None = None,
    ) -> Page[AgendaEntry]:
        """The queue: what is due next in each open complaint, the earliest first, page by page.

        ``owner`` asks for one person's, ``before`` for what is due before an instant: what is
        overdue then.
        """
        with self._joined(unit) as joined:
            return joined.repository(COMPLAINT_AGENDAS).query(
                "by-due" if owner is None else "by-owner",
                prefix=() if owner is None else (owner,),
                end=before,
                limit=limit,
                after=after,
            )

    def escalate(
        self,
        at: datetime,
        *,
        by: Actor,
        limit: int = 100,
        unit: UnitOfWork | None = None,
    ) -> tuple[DueEscalation, ...]:
        """Carry out what has fallen due in up to ``limit`` complaints: each escalation once.

        Each is recorded on the trail and leaves a message in the outbox, in the order in which they
        fell due. Call again until nothing comes back; what comes then fell due no earlier.

        :raises InvalidValue: if the desk has no escalation policy.
        :raises NaiveDatetime: if the instant has no time zone.
        """
        check_instant(at, "the instant asked about")
        policy = self.escalation
        if policy is None:
            raise InvalidValue("this desk has no escalation: pass ComplaintDesk(escalation=...)")
        with self._joined(unit) as joined:
            page = joined.repository(COMPLAINT_AGENDAS).query(
                "by-escalation", end=at.astimezone(UTC) + _TICK, limit=limit
            )
            # In the complaints of the next page something may have fallen due before the rest.
            last = page.items[-1].record.escalates_at if page.next is not None else None
            due = [
                each
                for entry in page.items
                for each in self._escalate_one(
                    joined, policy, entry.record.complaint, at, last or at, by
                )
            ]
            due.sort(key=lambda each: each.fell_due_at)
            for each in due:
                addressee = each.target or each.role or ""
                joined.outbox.add(
                    ESCALATED_TOPIC, f"{each.complaint}\n{each.rule}\n{each.level}\n{addressee}"
                )
            self._finish(joined, unit)
        return tuple(due)

    def _escalate_one(
        self,
        unit: UnitOfWork,
        policy: EscalationPolicy,
        number: ComplaintId,
        at: datetime,
        until: datetime,
        by: Actor,
    ) -> tuple[DueEscalation, ...]:
        stored = self._stored(unit, number)
        due = tuple(
            each
            for each in policy.due(self._history(stored.record), at)
            if each.fell_due_at <= until.astimezone(UTC)
        )
        after = stored.record
        for each in due:
            what = Escalated(
                rule=each.rule,
                level=each.level,
                fell_due_at=each.fell_due_at,
                to=each.target or each.role or "",
            )
            after = self.rules.record(after, what, by=by, at=at, reason="fell due")
        self._replace(unit, stored, after)
        return due

    def refresh(self, *, limit: int = 1000, unit: UnitOfWork | None = None) -> int:
        """Work out anew what is due in every complaint; once the policies of the desk have changed.

        Says how many complaints have something else due now.
        """
        changed = 0
        with self._joined(unit) as joined:
            agendas = joined.repository(COMPLAINT_AGENDAS)
            complaints = joined.repository(COMPLAINTS)
            for stored in walk(lambda after: complaints.page(limit=limit, after=after)):
                entry = agendas.get(stored.record.id)
                fresh = self._agenda(stored.record)
                if fresh != entry.record:
                    agendas.replace(fresh, entry.version)
                    changed += 1
            self._finish(joined, unit)
        return changed

    # --- inside ---

    def _history(self, complaint: Complaint) -> CaseHistory:
        return summarize_case(complaint, self.rules.table_of(complaint))

    def _agenda(self, complaint: Complaint) -> AgendaEntry:
        """What is due next, by all that is on the trail.

        What is still owed when a complaint is closed stays due; of one that is merged into another,
        that one has the deadlines. An escalation that nobody has asked about in time stays too.
        """
        history = self._history(complaint)
        at = max(entry.at.astimezone(UTC) for entry in complaint.trail)
        state = self._next_due(complaint, history, at)
        escalation = self.escalation
        return AgendaEntry(
            complaint=complaint.id,
            owner=complaint.owner,
            due_at=None if state is None else state.due_at,
            profile=None if state is None else state.profile,
            obligation=None if state is None else state.obligation,
            escalates_at=None if escalation is None else escalation.next_due(history, at),
        )

    def _next_due(
        self, complaint: Complaint, history: CaseHistory, at: datetime
    ) -> _Deadline | None:
        """The earliest deadline that is open, of all profiles."""
        if complaint.merged_into is not None:
            return None
        found = [
            _Deadline(state.due_at.astimezone(UTC), profile.name, state.obligation)
            for profile in self.profiles
            if (state := profile.next_due(history, at)) is not None and state.due_at is not None
        ]
        return min(found, key=lambda each: each.due_at, default=None)

    def _stored(self, unit: UnitOfWork, number: ComplaintId) -> Stored[Complaint]:
        stored = unit.repository(COMPLAINTS).get(number)
        self.rules.verify(stored.record)
        return stored

    def _replace(self, unit: UnitOfWork, stored: Stored[Complaint], after: Complaint) -> None:
        unit.repository(COMPLAINTS).replace(after, stored.version)
        agendas = unit.repository(COMPLAINT_AGENDAS)
        entry = agendas.get(after.id)
        fresh = self._agenda(after)
        if fresh != entry.record:
            agendas.replace(fresh, entry.version)

    def _keep_both(
        self,
        unit: UnitOfWork,
        one: Stored[Complaint],
        other: Stored[Complaint],
        together: Together,
    ) -> None:
        self._replace(unit, one, together.complaint)
        self._replace(unit, other, together.into)

    def _open_children(self, unit: UnitOfWork, number: ComplaintId) -> int:
        return sum(
            not self.rules.is_final(child) and child.merged_into is None
            for child in self._children(unit, number)
        )

    def _children(self, unit: UnitOfWork, number: ComplaintId) -> Iterator[Complaint]:
        complaints = unit.repository(COMPLAINTS)
        found = walk(lambda after: complaints.query("by-parent", prefix=(number,), after=after))
        return (stored.record for stored in found)

    def _joined(self, unit: UnitOfWork | None) -> "UnitOfWork | nullcontext[UnitOfWork]":
        return self.store.unit_of_work() if unit is None else nullcontext(unit)

    def _finish(self, joined: UnitOfWork, unit: UnitOfWork | None) -> None:
        """Commit a unit of our own; one that was handed in is the host's to commit."""
        if unit is None:
            joined.commit()
