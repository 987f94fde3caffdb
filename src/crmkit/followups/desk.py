"""The desk of follow-ups: load, ask the pure part, keep, and know what is due."""

from collections.abc import Callable, Iterable
from contextlib import nullcontext
from datetime import date, datetime

from attrs import field, frozen

from crmkit.errors import InvalidValue
from crmkit.followups.kept import FOLLOW_UPS, MISSED_AGENDAS, MissedAgenda
from crmkit.followups.lifecycle import FollowUpStatus
from crmkit.followups.policies.missed_escalation import DueLevel, MissedEscalation
from crmkit.followups.policies.placement import Placement
from crmkit.followups.policies.steps import shifted
from crmkit.followups.records.events import Assigned, Escalated, FollowUpEvent, Missed, Unassigned
from crmkit.followups.records.follow_up import FollowUp, follow_up_id
from crmkit.followups.tally.overdue import MissedFacts, Overdue, overdue, told_apart
from crmkit.identifiers import Actor, CustomerId, FollowUpId, check_identifier
from crmkit.period import check_date
from crmkit.storage import Page, Repository, Store, Stored, UnitOfWork, walk

__all__ = [
    "FOLLOW_UP_ESCALATED_TOPIC",
    "FOLLOW_UP_MISSED_TOPIC",
    "FollowUpDesk",
    "HandedOver",
    "KeptPlan",
    "MissTold",
]

FOLLOW_UP_MISSED_TOPIC = "follow-up-missed"
"""The topic of the messages that a miss leaves in the outbox; their text is the number of the
follow-up and its owner, one a line. The line of the owner is empty if it has none."""

FOLLOW_UP_ESCALATED_TOPIC = "follow-up-escalated"
"""The topic of the messages that an escalation leaves in the outbox; their text is the number of
the follow-up, the level, and who is to be told, one a line."""


@frozen
class KeptPlan:
    """What became of a plan that was handed in.

    ``added`` is new, ``known`` was kept before and stays as it is, and ``moved`` was kept before
    and has the day and the owner of the plan now.
    """

    added: tuple[FollowUp, ...]
    known: tuple[FollowUp, ...]
    moved: tuple[FollowUp, ...] = ()


@frozen
class HandedOver:
    """What became of the follow-ups of somebody who leaves.

    ``given`` have another owner now, ``waiting`` have none.
    """

    given: tuple[FollowUp, ...]
    waiting: tuple[FollowUp, ...]


@frozen
class MissTold:
    """Somebody is to be told that a follow-up was missed; the message is in the outbox."""

    follow_up: FollowUpId
    level: DueLevel


Successor = Actor | None | Callable[[FollowUp], Actor | None]


@frozen(kw_only=True)
class FollowUpDesk:
    """Keeps what is planned, acts on it, and knows what is due, overdue and missed.

    ``escalation`` says who is told when a follow-up was missed. Every method takes an open unit of
    work of the host, which it joins and never commits; without one it opens its own and commits it.

    >>> from crmkit.followups.records.follow_up import follow_up_id
    >>> from crmkit.storage.memory import MemoryStore
    >>> from datetime import UTC
    >>> desk = FollowUpDesk(store=MemoryStore())
    >>> monday = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
    >>> call = FollowUp.planned(
    ...     id=follow_up_id(CustomerId("C-7"), "after-hand-over", date(2026, 5, 11)),
    ...     customer=CustomerId("C-7"), purpose="return-visit", target="hear how it runs",
    ...     due_on=date(2026, 5, 11), owner=Actor("anna"), by=Actor("planner"), at=monday,
    ... )
    >>> len(desk.plan([call]).added), len(desk.plan([call]).added)
    (1, 0)
    >>> [stored.record.id == call.id for stored in desk.due(owner=Actor("anna")).items]
    [True]
    """

    store: Store
    escalation: MissedEscalation | None = field(default=None)

    # --- what is done ---

    def plan(self, follow_ups: Iterable[FollowUp], *, unit: UnitOfWork | None = None) -> KeptPlan:
        """Keep what is new of a plan; what is kept already stays as it is, whatever became of it.

        So a plan may be made again at any time: nothing is planned twice, and nothing that was
        done, moved or called off comes back.

        :raises InvalidValue: if one number stands for two follow-ups that are not the same.
        """
        added, known = list[FollowUp](), list[FollowUp]()
        with self._joined(unit) as joined:
            kept = joined.repository(FOLLOW_UPS)
            for each in told_apart(follow_ups):
                stored = kept.find(each.id)
                if stored is None:
                    kept.add(each)
                    self._put_on_agenda(joined, each)
                    added.append(each)
                else:
                    known.append(stored.record)
            self._finish(joined, unit)
        return KeptPlan(tuple(added), tuple(known))

    def place(
        self,
        placements: Iterable[Placement],
        record: Callable[[Placement], FollowUp],
        *,
        by: Actor,
        at: datetime,
        reason: str = "planned",
        unit: UnitOfWork | None = None,
    ) -> KeptPlan:
        """Keep what a planner has placed: once, whether it is on record already or not.

        ``record`` makes the follow-up of what is new, as :meth:`Placement.follow_up` does. What is
        on record gets its day and its owner, if it is open and stands where it stood when it was
        planned. What was moved since, or given to somebody else, stays as it is: the same plan may
        be handed in again. It is :meth:`hand_over` that takes follow-ups from somebody who leaves,
        and it comes first.

        :raises InvalidValue: if what ``record`` made is another follow-up.
        """
        added, known, moved = list[FollowUp](), list[FollowUp](), list[FollowUp]()
        with self._joined(unit) as joined:
            kept = joined.repository(FOLLOW_UPS)
            for one in placements:
                stored = _on_record(kept, one)
                if stored is None:
                    fresh = record(one)
                    if one.events(fresh):
                        raise InvalidValue("the record of a placement has its day and its owner")
                    kept.add(fresh)
                    self._put_on_agenda(joined, fresh)
                    added.append(fresh)
                    continue
                after = stored.record
                for event in _still_to_record(one, stored.record):
                    after = after.after(event, by=by, at=at, reason=reason)
                self._write(joined, stored, after)
                (known if after is stored.record else moved).append(after)
            self._finish(joined, unit)
        return KeptPlan(tuple(added), tuple(known), tuple(moved))

    def act(
        self,
        number: FollowUpId,
        event: FollowUpEvent,
        *,
        by: Actor,
        at: datetime,
        reason: str,
        unit: UnitOfWork | None = None,
    ) -> FollowUp:
        """Record what happened to a follow-up, if it can be; else nothing changes.

        :raises NotKept: if there is no such follow-up.
        :raises IllegalTransition: if the lifecycle does not have it from there.
        :raises FollowUpRefused: if it cannot be true of this follow-up.
        :raises InvalidValue: if it is an escalation: :meth:`escalate` tells whom it concerns as
            well.
        """
        if isinstance(event, Escalated):
            raise InvalidValue("an escalation is carried out by escalate(on, by=..., at=...)")
        with self._joined(unit) as joined:
            stored = joined.repository(FOLLOW_UPS).get(number)
            after = stored.record.after(event, by=by, at=at, reason=reason)
            self._write(joined, stored, after)
            self._finish(joined, unit)
        return after

    def hand_over(
        self,
        leaver: Actor,
        to: Successor,
        *,
        by: Actor,
        at: datetime,
        reason: str,
        unit: UnitOfWork | None = None,
    ) -> HandedOver:
        """Give everything that somebody still owes to others: what is open, and what was missed.

        ``to`` is who gets all of it, or is asked for each follow-up. What nobody gets waits for an
        owner; appointments stand. All of it is handed over, or nothing is.

        :raises InvalidValue: if it would stay where it is.
        """
        check_identifier(leaver, "who leaves")
        given, waiting = list[FollowUp](), list[FollowUp]()
        with self._joined(unit) as joined:
            for stored in [
                *self._found(joined, "by-owner", leaver),
                *self._found(joined, "by-owner-missed", leaver),
            ]:
                heir = to(stored.record) if callable(to) else to
                if heir == leaver:
                    raise InvalidValue("whoever leaves keeps nothing: name somebody else, or None")
                what = Unassigned() if heir is None else Assigned(heir)
                after = stored.record.after(what, by=by, at=at, reason=reason)
                self._write(joined, stored, after)
                (waiting if heir is None else given).append(after)
            self._finish(joined, unit)
        return HandedOver(tuple(given), tuple(waiting))

    # --- what is due ---

    def get(self, number: FollowUpId, *, unit: UnitOfWork | None = None) -> FollowUp:
        """A follow-up with its trail.

        :raises NotKept: if there is no such follow-up.
        """
        with self._joined(unit) as joined:
            return joined.repository(FOLLOW_UPS).get(number).record

    def of_customer(
        self, customer: CustomerId, *, unit: UnitOfWork | None = None
    ) -> tuple[FollowUp, ...]:
        """Everything that was ever planned for a customer, in the order of the days it is due."""
        with self._joined(unit) as joined:
            return self._of_customer(joined, customer)

    def of_owner(
        self,
        owner: Actor,
        *,
        since: date | None = None,
        before: date | None = None,
        unit: UnitOfWork | None = None,
    ) -> tuple[FollowUp, ...]:
        """Everything that somebody has or ever had, in the order of the days it is due.

        A calendar file is made of this: what was handed over or cancelled is struck out there.
        ``since`` and ``before`` leave out what is due on other days.
        """
        with self._joined(unit) as joined:
            found = self._found(joined, "by-owner-ever", owner, start=since, end=before)
        return tuple(stored.record for stored in found)

    def owed(
        self, *, before: date | None = None, unit: UnitOfWork | None = None
    ) -> tuple[FollowUp, ...]:
        """What is neither done nor cancelled: open or missed, in the order of the days it is due.

        ``before`` asks for what is due before a day. The pack of a meeting is made of this.
        """
        with self._joined(unit) as joined:
            due = self._found(joined, "by-due", end=before)
            # What is due before a day may have been missed on a later one.
            missed = self._found(joined, "by-missed")
        owed = [stored.record for stored in (*due, *missed)]
        return tuple(
            sorted(
                (each for each in owed if before is None or each.due_on < before),
                key=lambda each: (each.due_on, each.id),
            )
        )

    def due(
        self,
        *,
        owner: Actor | None = None,
        before: date | None = None,
        limit: int = 100,
        after: str | None = None,
        unit: UnitOfWork | None = None,
    ) -> Page[FollowUp]:
        """The queue: what is open, the earliest first, page by page.

        ``owner`` asks for one person's, ``before`` for what is due before a day.
        """
        with self._joined(unit) as joined:
            return joined.repository(FOLLOW_UPS).query(
                "by-due" if owner is None else "by-owner",
                prefix=() if owner is None else (owner,),
                end=before,
                limit=limit,
                after=after,
            )

    def without_owner(
        self,
        *,
        before: date | None = None,
        limit: int = 100,
        after: str | None = None,
        unit: UnitOfWork | None = None,
    ) -> Page[FollowUp]:
        """What is open and waits for an owner, the earliest first, page by page."""
        with self._joined(unit) as joined:
            return joined.repository(FOLLOW_UPS).query(
                "by-owner", prefix=(None,), end=before, limit=limit, after=after
            )

    def overdue(
        self, on: date, *, since: date | None = None, unit: UnitOfWork | None = None
    ) -> Overdue:
        """Everything that is overdue on a day, the longest first; see :func:`overdue`.

        ``since`` leaves out what was to be done before a day.

        :raises InvalidValue: if the day is no plain date.
        """
        check_date(on, "the day asked about")
        with self._joined(unit) as joined:
            owed = [
                stored.record
                for index in ("by-last-day", "by-missed")
                for stored in self._found(joined, index, start=since, end=on)
            ]
            customers = dict.fromkeys(each.customer for each in owed)
            done = [
                each
                for customer in customers
                for each in self._of_customer(joined, customer)
                if each.done is not None
            ]
        return overdue((*owed, *done), on)

    # --- what happens if it does not happen ---

    def miss(
        self,
        on: date,
        *,
        by: Actor,
        at: datetime,
        limit: int = 100,
        unit: UnitOfWork | None = None,
    ) -> tuple[FollowUp, ...]:
        """Record the miss of up to ``limit`` follow-ups whose last day is over: each once.

        Each leaves a message in the outbox, those first whose last day was first. Call again until
        nothing comes back.

        :raises InvalidValue: if the day is no plain date.
        """
        check_date(on, "the day asked about")
        missed = []
        with self._joined(unit) as joined:
            page = joined.repository(FOLLOW_UPS).query("by-last-day", end=on, limit=limit)
            for stored in page.items:
                after = stored.record.after(Missed(on), by=by, at=at, reason="the last day is over")
                self._write(joined, stored, after)
                missed.append(after)
            self._finish(joined, unit)
        return tuple(missed)

    def escalate(
        self,
        on: date,
        *,
        by: Actor,
        at: datetime,
        limit: int = 100,
        unit: UnitOfWork | None = None,
    ) -> tuple[MissTold, ...]:
        """Carry out what has fallen due in up to ``limit`` follow-ups: each level once.

        Each is recorded on the trail and leaves a message in the outbox. Call again until nothing
        comes back.

        :raises InvalidValue: if the desk has no escalation, or the day is no plain date.
        """
        check_date(on, "the day asked about")
        policy = self.escalation
        if policy is None:
            raise InvalidValue("this desk has no escalation: pass FollowUpDesk(escalation=...)")
        told = list[MissTold]()
        with self._joined(unit) as joined:
            agendas = joined.repository(MISSED_AGENDAS)
            end, after = shifted(on, 1), None
            # What was made up for in the meantime leaves the agenda without anybody being told.
            while not told:
                page = agendas.query("by-escalation", end=end, limit=limit, after=after)
                for entry in page.items:
                    told += self._escalated(joined, policy, entry.record.follow_up, on, by, at)
                after = page.next
                if after is None:
                    break
            self._finish(joined, unit)
        return tuple(told)

    def _escalated(
        self,
        unit: UnitOfWork,
        policy: MissedEscalation,
        number: FollowUpId,
        on: date,
        by: Actor,
        at: datetime,
    ) -> list[MissTold]:
        stored = unit.repository(FOLLOW_UPS).get(number)
        if stored.record.status is not FollowUpStatus.MISSED:  # Somebody kept it without a desk.
            self._put_on_agenda(unit, stored.record)
            return []
        due = policy(self._facts(unit, stored.record, on)).outcome
        after = stored.record
        for each in due:
            what = Escalated(level=each.level, to=each.to, fell_due_on=each.fell_due_on)
            after = after.after(what, by=by, at=at, reason="fell due")
            unit.outbox.add(FOLLOW_UP_ESCALATED_TOPIC, f"{number}\n{each.level}\n{each.to}")
        self._write(unit, stored, after, on)
        return [MissTold(number, each) for each in due]

    def refresh(self, on: date, *, unit: UnitOfWork | None = None) -> int:
        """Work out anew when what was missed is escalated; once the escalation has changed.

        Says of how many follow-ups the next day is another one now.

        :raises InvalidValue: if the day is no plain date.
        """
        check_date(on, "the day asked about")
        with self._joined(unit) as joined:
            changed = sum(
                self._put_on_agenda(joined, stored.record, on)
                for stored in self._found(joined, "by-missed")
            )
            self._finish(joined, unit)
        return changed

    # --- inside ---

    def _found(
        self,
        unit: UnitOfWork,
        index: str,
        *prefix: str | None,
        start: date | None = None,
        end: date | None = None,
    ) -> list[Stored[FollowUp]]:
        """All that an index lists, read before anything of it is changed."""
        kept = unit.repository(FOLLOW_UPS)
        return list(
            walk(lambda after: kept.query(index, prefix=prefix, start=start, end=end, after=after))
        )

    def _of_customer(self, unit: UnitOfWork, customer: CustomerId) -> tuple[FollowUp, ...]:
        return tuple(stored.record for stored in self._found(unit, "by-customer", customer))

    def _facts(self, unit: UnitOfWork, follow_up: FollowUp, on: date) -> MissedFacts:
        others = self._of_customer(unit, follow_up.customer)
        return MissedFacts.of(follow_up, on, others=others)

    def _write(
        self,
        unit: UnitOfWork,
        stored: Stored[FollowUp],
        after: FollowUp,
        on: date | None = None,
    ) -> None:
        if after is not stored.record:
            unit.repository(FOLLOW_UPS).replace(after, stored.version)
        if isinstance(after.trail[-1].what, Missed) and stored.record.is_open:
            unit.outbox.add(FOLLOW_UP_MISSED_TOPIC, f"{after.id}\n{after.owner or ''}")
        self._put_on_agenda(unit, after, on)

    def _put_on_agenda(self, unit: UnitOfWork, follow_up: FollowUp, on: date | None = None) -> bool:
        """Keep when a follow-up is escalated next, if at all, and say whether that is news."""
        agendas = unit.repository(MISSED_AGENDAS)
        entry = agendas.find(follow_up.id)
        next_on = None
        if self.escalation is not None and follow_up.status is FollowUpStatus.MISSED:
            # No level falls due before the last day is over, so that day will do to begin with.
            facts = self._facts(unit, follow_up, on or follow_up.not_after)
            next_on = self.escalation.next_due(facts)
        if next_on is None:
            if entry is not None:
                agendas.remove(follow_up.id, entry.version)
            return entry is not None
        fresh = MissedAgenda(follow_up.id, next_on)
        if entry is None:
            agendas.add(fresh)
        elif fresh != entry.record:
            agendas.replace(fresh, entry.version)
        return entry is None or fresh != entry.record

    def _joined(self, unit: UnitOfWork | None) -> "UnitOfWork | nullcontext[UnitOfWork]":
        return self.store.unit_of_work() if unit is None else nullcontext(unit)

    def _finish(self, joined: UnitOfWork, unit: UnitOfWork | None) -> None:
        """Commit a unit of our own; one that was handed in is the host's to commit."""
        if unit is None:
            joined.commit()


def _on_record(kept: Repository[FollowUp], one: Placement) -> Stored[FollowUp] | None:
    """The follow-up of a placement, if it is kept: by its cadence, or else by its own number."""
    occurrence = one.occurrence
    number = follow_up_id(one.customer, occurrence.cadence, occurrence.nominal_on)
    found = (kept.find(each) for each in (number, FollowUpId(occurrence.cadence)))
    return next((each for each in found if each is not None and one.is_of(each.record)), None)


def _still_to_record(one: Placement, follow_up: FollowUp) -> tuple[FollowUpEvent, ...]:
    """What a placement changes, unless the follow-up was changed since it was planned."""
    if not follow_up.is_open:
        return ()
    if follow_up.due_on == one.on:
        return one.events(follow_up) if follow_up.owner is None else ()
    return one.events(follow_up) if follow_up.due_on == one.occurrence.due_on else ()
