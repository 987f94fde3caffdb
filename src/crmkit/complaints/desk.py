"""The desk of complaints: load, ask the rules, keep, and know what is due next.

One class and long, because it is the only door to what is kept: each of its methods loads, asks the
pure part, and keeps, and nothing else does.
"""

from collections.abc import Callable, Iterator
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
from crmkit.complaints.policies.relatives import (
    check_goes_on,
    check_part_of,
    come_back,
    whole_matter,
)
from crmkit.complaints.policies.rules import ComplaintRules
from crmkit.complaints.records.complaint import Complaint
from crmkit.complaints.records.entry import Override
from crmkit.complaints.records.events import Escalated, Event, ParentNamed
from crmkit.complaints.records.receipt import Receipt
from crmkit.errors import InvalidValue
from crmkit.identifiers import Actor, ComplaintId
from crmkit.period import check_instant
from crmkit.storage import Page, Repository, Store, Stored, UnitOfWork, walk

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


@frozen
class _Change:
    """What becomes of a complaint, and what is due next in it."""

    complaint: Complaint
    version: int
    agenda: AgendaEntry


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
        :raises InvalidPolicy: if it follows a lifecycle that the rules do not know, or adopts one
            as no complaint could.
        :raises IllegalTransition: if its trail holds a move that its lifecycle does not have.
        :raises InvalidValue: if it is merged into a complaint that does not hold it.
        """
        self.rules.verify(complaint)
        entry = self._agenda(complaint)
        with self._joined(unit) as joined:
            check_goes_on(complaint, self._finding(joined))
            joined.repository(COMPLAINTS).add(complaint)
            joined.repository(COMPLAINT_AGENDAS).add(entry)
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
                open_children=self._open_children(joined, stored.record),
            )
            self._write(joined, self._change(stored, after))
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
        :raises InvalidValue: if it does not go on from where the complaint stands, makes it a part
            of itself or of a complaint that is not kept, or is an escalation of the desk's own
            rules: :meth:`escalate` tells whom it concerns as well.
        """
        with self._joined(unit) as joined:
            stored = self._stored(joined, number)
            if isinstance(what, Escalated):
                self._check_foreign(what)
            if isinstance(what, ParentNamed) and what.parent is not None:
                check_part_of(stored.record, what.parent, self._finding(joined))
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
            self._write(joined, self._change(stored, after))
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

    def repeat_contacts(self, number: ComplaintId, *, unit: UnitOfWork | None = None) -> int:
        """How often the complainant had to come back about the matter; none is the aim.

        What was noted in the complaints that are merged into this one counts, and so do they
        themselves, as far as they are the same complainant's.

        :raises NotKept: if there is no such complaint.
        """
        with self._joined(unit) as joined:
            return come_back(self._matter(joined, self._stored(joined, number).record))

    def history(self, number: ComplaintId, *, unit: UnitOfWork | None = None) -> CaseHistory:
        """What deadlines and escalations read off a complaint; for a trace, among others.

        :raises NotKept: if there is no such complaint.
        """
        return self._history_of(self.get(number, unit=unit))

    def agenda(
        self, number: ComplaintId, at: datetime, *, unit: UnitOfWork | None = None
    ) -> tuple[ObligationState, ...]:
        """How every obligation of a complaint stands at an instant, profile by profile.

        :raises NotKept: if there is no such complaint.
        :raises NaiveDatetime: if the instant has no time zone.
        """
        history = self.history(number, unit=unit)
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
            cases = [
                self._escalated(joined, policy, entry.record.complaint, at, last or at, by)
                for entry in page.items
            ]
            self._write(joined, *(change for change, _ in cases))
            due = [each for _, found in cases for each in found]
            due.sort(key=lambda each: each.fell_due_at)
            for each in due:
                addressee = each.target or each.role or ""
                joined.outbox.add(
                    ESCALATED_TOPIC, f"{each.complaint}\n{each.rule}\n{each.level}\n{addressee}"
                )
            self._finish(joined, unit)
        return tuple(due)

    def _escalated(
        self,
        unit: UnitOfWork,
        policy: EscalationPolicy,
        number: ComplaintId,
        at: datetime,
        until: datetime,
        by: Actor,
    ) -> tuple[_Change, tuple[DueEscalation, ...]]:
        """What becomes of a complaint by its escalations up to an instant, and which they are."""
        stored = self._stored(unit, number)
        due = tuple(
            each
            for each in policy.due(self._history_of(stored.record), at)
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
        return self._change(stored, after), due

    def refresh(self, *, limit: int = 1000, unit: UnitOfWork | None = None) -> int:
        """Work out anew what is due in every complaint; once the policies of the desk have changed.

        Says how many complaints have something else due now.
        """
        changed = 0
        with self._joined(unit) as joined:
            agendas = joined.repository(COMPLAINT_AGENDAS)
            complaints = joined.repository(COMPLAINTS)
            for stored in walk(lambda after: complaints.page(limit=limit, after=after)):
                fresh = self._agenda(stored.record)
                changed += self._put_on_agenda(agendas, fresh)
            self._finish(joined, unit)
        return changed

    # --- inside ---

    def _history_of(self, complaint: Complaint) -> CaseHistory:
        return summarize_case(complaint, self.rules.table_of(complaint))

    def _agenda(self, complaint: Complaint) -> AgendaEntry:
        """What is due next, by all that is on the trail.

        What is still owed when a complaint is closed stays due; of one that is merged into another,
        that one has the deadlines. An escalation that nobody has asked about in time stays too.
        """
        history = self._history_of(complaint)
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

    def _change(self, stored: Stored[Complaint], after: Complaint) -> _Change:
        return _Change(after, stored.version, self._agenda(after))

    def _write(self, unit: UnitOfWork, *changes: _Change) -> None:
        """Write what was worked out before: whatever fails, fails before the first is written."""
        complaints, agendas = unit.repository(COMPLAINTS), unit.repository(COMPLAINT_AGENDAS)
        for change in changes:
            complaints.replace(change.complaint, change.version)
            self._put_on_agenda(agendas, change.agenda)

    def _put_on_agenda(self, agendas: Repository[AgendaEntry], fresh: AgendaEntry) -> bool:
        """Keep what is due next, and say whether that is news.

        A complaint that was kept without a desk has no such entry yet.
        """
        entry = agendas.find(fresh.complaint)
        if entry is None:
            agendas.add(fresh)
        elif fresh != entry.record:
            agendas.replace(fresh, entry.version)
        return entry is None or fresh != entry.record

    def _check_foreign(self, what: Escalated) -> None:
        """An escalation that is only written down would never be told to anybody."""
        policy = self.escalation
        if policy is not None and any(rule.name == what.rule for rule in policy.rules):
            raise InvalidValue("an escalation of this desk is carried out by escalate(at, by=...)")

    def _keep_both(
        self,
        unit: UnitOfWork,
        one: Stored[Complaint],
        other: Stored[Complaint],
        together: Together,
    ) -> None:
        self._write(unit, self._change(one, together.complaint), self._change(other, together.into))

    def _finding(self, unit: UnitOfWork) -> Callable[[ComplaintId], Complaint | None]:
        complaints = unit.repository(COMPLAINTS)

        def find(number: ComplaintId) -> Complaint | None:
            stored = complaints.find(number)
            return None if stored is None else stored.record

        return find

    def _matter(self, unit: UnitOfWork, complaint: Complaint) -> tuple[Complaint, ...]:
        return whole_matter(complaint, self._finding(unit))

    def _open_children(self, unit: UnitOfWork, complaint: Complaint) -> int:
        """How many parts are open, those of complaints that are merged into this one included."""
        matter = self._matter(unit, complaint)
        return sum(
            not self.rules.is_final(child) and child.merged_into is None
            for each in matter
            for child in self._children(unit, each.id)
            if child.id != complaint.id
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
