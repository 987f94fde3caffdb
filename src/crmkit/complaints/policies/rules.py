"""The rules of complaints handling: the table and the conditions, asked before anything is done."""

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from attrs import field, frozen

from crmkit.complaints.lifecycle import COMPLAINT_LIFECYCLE, word_of
from crmkit.complaints.policies.guards import DEFAULT_GUARDS, Guard, Proposal
from crmkit.complaints.records.complaint import Complaint
from crmkit.complaints.records.entry import Entry, Override
from crmkit.complaints.records.events import (
    Absorbed,
    Event,
    LifecycleAdopted,
    Merged,
    Released,
    StatusChanged,
    Unmerged,
)
from crmkit.complaints.records.receipt import Receipt
from crmkit.decision import Decision, Evidence, equals, one_of
from crmkit.errors import CrmkitError, IllegalTransition, InvalidPolicy, InvalidValue
from crmkit.identifiers import Actor
from crmkit.lifecycle import Lifecycle

__all__ = ["ActionRefused", "ComplaintRules"]


class ActionRefused(CrmkitError):
    """A condition does not hold, so nothing was done: the decision says which, and what is missing.

    :ivar decision: the verdict with its evidence, for :func:`crmkit.decision.explain`.
    :ivar remedies: for each condition that was not met, what would have worked.
    :ivar allowed: the actions that the lifecycle has from there.
    """

    code = "action-refused"

    def __init__(
        self, decision: Decision[bool], remedies: tuple[str, ...], allowed: tuple[str, ...]
    ) -> None:
        """Keep the verdict and what would have worked."""
        unmet = ", ".join(item.criterion for item in decision.unmet)
        super().__init__(f"refused, not met: {unmet}; {'; '.join(remedies)}")
        self.decision = decision
        self.remedies = remedies
        self.allowed = allowed


Table = Lifecycle[Any, Any]

_MERGED = "act on the complaint that it was merged into, or unmerge it first"


_IN_BOTH = (Merged, Unmerged, Absorbed, Released)


def _check_watched(guard: Guard, words: tuple[str, ...], known: set[str]) -> None:
    """A condition on a word that never comes up would let everything pass."""
    unknown = sorted(set(words) - known)
    if unknown:
        raise InvalidPolicy(
            f"{type(guard).__name__} watches {', '.join(unknown)}, which no lifecycle has; "
            f"there are {', '.join(sorted(known))}"
        )


class _Move(NamedTuple):
    """A row of a table: the event that goes on the trail, and the guards that could object."""

    what: StatusChanged
    guards: tuple[Guard, ...]


@lru_cache  # A table has only so many rows.
def _in_table(action: str, allowed: tuple[str, ...]) -> Evidence:
    return one_of("action", action, allowed)


def _may_watch(guard: Guard, action: str) -> bool:
    actions: tuple[str, ...] | None = getattr(guard, "actions", None)
    return actions is None or action in actions


@frozen(kw_only=True)
class ComplaintRules:
    """What may be done with a complaint: a lifecycle and the conditions that go with it.

    A host's own table is served as well as ours: pass it with the guards that name its actions.
    ``former`` are tables that older complaints still follow; each complaint goes by the one whose
    name and version stand on its trail.

    :raises InvalidPolicy: if two tables share name and version, or a guard watches an action or a
        status that no table has.

    >>> from datetime import datetime, UTC
    >>> from crmkit.identifiers import Actor, ComplaintId
    >>> rules = ComplaintRules()
    >>> monday = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
    >>> complaint = rules.receive(Receipt(
    ...     id=ComplaintId("K-1"), received_at=monday, channel="phone", received_by=Actor("anna"),
    ... ))
    >>> complaint = rules.act(
    ...     complaint, "acknowledge", by=Actor("anna"), at=monday, reason="wrote to say we have it",
    ... )
    >>> complaint.status
    'acknowledged'
    >>> rules.act(complaint, "assess", by=Actor("anna"), at=monday, reason="looked at it")
    Traceback (most recent call last):
    ...
    crmkit...ActionRefused: refused, not met: severity-assessed; record Assessed(...) first
    """

    lifecycle: Table = COMPLAINT_LIFECYCLE
    guards: tuple[Guard, ...] = DEFAULT_GUARDS
    former: tuple[Table, ...] = ()
    _tables: dict[tuple[str, int], Table] = field(init=False, repr=False, eq=False)
    # For each place where a complaint can stand, its moves by the word of the action.
    _ways: dict[tuple[str, tuple[str, int]], dict[str, _Move]] = field(
        init=False, repr=False, eq=False
    )

    def __attrs_post_init__(self) -> None:
        tables = (self.lifecycle, *self.former)
        object.__setattr__(self, "_tables", {(t.name, t.version): t for t in tables})
        if len(self._tables) != len(tables):
            raise InvalidPolicy("two lifecycles share name and version: raise one of the versions")
        actions = {word_of(action) for table in tables for action in table.actions}
        statuses = {word_of(status) for table in tables for status in table.statuses}
        for guard in self.guards:
            for term in ("actions", "doing", "checking", "anew_after"):
                _check_watched(guard, getattr(guard, term, ()), actions)
            _check_watched(guard, getattr(guard, "statuses", ()), statuses)
        ways = {
            (word_of(status), (table.name, table.version)): self._moves_from(table, status)
            for table in tables
            for status in table.statuses
        }
        object.__setattr__(self, "_ways", ways)

    def _moves_from(self, table: Table, status: str) -> dict[str, _Move]:
        moves = {}
        for action in map(word_of, table.allowed(status)):
            what = StatusChanged(action, word_of(status), word_of(table.after(status, action)))
            guards = tuple(guard for guard in self.guards if _may_watch(guard, action))
            moves[action] = _Move(what, guards)
        return moves

    # --- questions ---

    def table_of(self, complaint: Complaint) -> Table:
        """The lifecycle that a complaint follows.

        :raises InvalidPolicy: if it is none of those that the rules know.
        """
        table = self._tables.get(complaint.lifecycle)
        if table is None:
            name, version = complaint.lifecycle
            raise InvalidPolicy(
                f"the complaint follows {name}, version {version}: pass that table as one of former"
            )
        return table

    def allowed(self, complaint: Complaint) -> tuple[str, ...]:
        """The actions that the lifecycle has from where the complaint stands; none while merged."""
        if complaint.merged_into is not None:
            return ()
        return tuple(self._ways_from(complaint))

    def _ways_from(self, complaint: Complaint) -> dict[str, _Move]:
        ways = self._ways.get(complaint.standing)
        if ways is None:
            statuses = map(word_of, self.table_of(complaint).statuses)
            raise InvalidPolicy(f"unknown status; this lifecycle knows {', '.join(statuses)}")
        return ways

    def is_final(self, complaint: Complaint) -> bool:
        """Whether the complaint may rest where it stands."""
        return self.table_of(complaint).is_final(complaint.status)

    def __call__(self, proposal: Proposal, /) -> Decision[bool]:
        """Whether something may be done, on which evidence."""
        asked = (guard(proposal) for guard in self.guards if guard.watches(proposal))
        return self._decide(proposal, asked)

    def _decide(self, proposal: Proposal, by_guards: Iterable[Evidence]) -> Decision[bool]:
        evidence = (*self._by_table(proposal), *by_guards)
        refused = any(item.met is False for item in evidence)
        return Decision(
            not refused,
            "complaint-rules",
            proposal.entry.at,
            evidence,
            proposal.complaint.id,
        )

    def _by_table(self, proposal: Proposal) -> tuple[Evidence, ...]:
        complaint, what = proposal.complaint, proposal.entry.what
        if not isinstance(what, StatusChanged):  # What is no move, no table can refuse.
            return ()
        if complaint.merged_into is not None:
            return (equals("merged", True, False),)
        return (_in_table(what.action, self.allowed(complaint)),)

    # --- what is done ---

    def receive(
        self, receipt: Receipt, *, by: Actor | None = None, reason: str = "received"
    ) -> Complaint:
        """Open the trail of a complaint that came in.

        :raises InvalidValue: if nobody recorded it.
        """
        return Complaint.received(receipt, lifecycle=self.lifecycle, by=by, reason=reason)

    def act(
        self,
        complaint: Complaint,
        action: str,
        *,
        by: Actor,
        at: datetime,
        reason: str,
        role: str | None = None,
        override: Override | None = None,
        recorded_at: datetime | None = None,
        open_children: int = 0,
    ) -> Complaint:
        """Take an action, if the table and every condition allow it.

        :raises IllegalTransition: if the lifecycle has no such action from there; it lists those
            that it has.
        :raises ActionRefused: if a condition does not hold, or the complaint is merged into
            another.
        """
        ways = self._ways_from(complaint)
        move = ways.get(action)
        if move is None:
            raise IllegalTransition(complaint.status, action, tuple(ways))
        entry = Entry.written(move.what, by, at, reason, role, override, recorded_at)
        if complaint.merged_into is not None:
            return self._append(complaint, entry, move.guards, open_children, (_MERGED,))
        if not move.guards:
            return complaint.after(entry)
        return self._append(complaint, entry, move.guards, open_children)

    def record(
        self,
        complaint: Complaint,
        what: Event,
        *,
        by: Actor,
        at: datetime,
        reason: str,
        role: str | None = None,
        override: Override | None = None,
        recorded_at: datetime | None = None,
    ) -> Complaint:
        """Put something on record that does not change the status.

        :raises ActionRefused: if a condition does not hold.
        :raises InvalidValue: if it does not go on from where the complaint stands, is a change of
            status, which is an action, or a merging, which is on record in both complaints.
        :raises InvalidPolicy: if it adopts a lifecycle that the rules do not know, or in which the
            complaint would stand elsewhere.
        """
        if isinstance(what, StatusChanged):
            raise InvalidValue("a change of status is an action: use act(complaint, action, ...)")
        if isinstance(what, _IN_BOTH):
            raise InvalidValue("both complaints say that they were merged: use merge or unmerge")
        if isinstance(what, LifecycleAdopted):
            self._check_goes_forward(complaint, what)
            self._check_stays(self.table_of(complaint), complaint.status, self._adopted(what), what)
        entry = Entry.written(what, by, at, reason, role, override, recorded_at)
        return self._append(complaint, entry, self.guards, 0)

    def _adopted(self, what: LifecycleAdopted) -> Table:
        """The table that a complaint adopts, if the rules know it and its status."""
        table = self._tables.get((what.name, what.version))
        if table is None or what.status not in table.statuses:
            raise InvalidPolicy(
                f"no status {what.status} of lifecycle {what.name}, version {what.version}, is "
                f"known: pass the table to ComplaintRules(lifecycle=..., former=...)"
            )
        return table

    def _check_goes_forward(self, complaint: Complaint, what: LifecycleAdopted) -> None:
        """To and fro between two tables, a complaint could be brought to any status."""
        self._adopted(what)
        current = self.lifecycle
        if (what.name, what.version) not in ((current.name, current.version), complaint.lifecycle):
            raise InvalidPolicy(
                f"a former lifecycle is not taken up again: adopt {current.name}, version "
                f"{current.version}"
            )

    def _check_stays(
        self, before: Table, status: str, table: Table, what: LifecycleAdopted
    ) -> None:
        """Another table is no way round the conditions: only an unknown status is renamed."""
        known = status in table.statuses
        if known and what.status != status:
            raise InvalidPolicy(f"the lifecycle knows {status} as well: adopt it at that status")
        if table.is_final(what.status) != before.is_final(status):
            raise InvalidPolicy(
                "a complaint does not come to rest, or back, by another lifecycle: adopt it at a "
                "status that is as final as the one it stands at"
            )

    def _append(
        self,
        complaint: Complaint,
        entry: Entry,
        guards: tuple[Guard, ...],
        open_children: int,
        refused: tuple[str, ...] = (),
    ) -> Complaint:
        """The complaint with the entry, unless a guard objects, or ``refused`` says why not."""
        # The class itself would take twice as long, and one is made for every action.
        proposal = tuple.__new__(Proposal, (complaint, entry, open_children))
        evidence, remedies = [], list(refused)
        for guard in guards:
            if guard.watches(proposal):
                item = guard(proposal)
                evidence.append(item)
                if item.met is False:
                    remedies.append(guard.remedy)
        if remedies:
            decision = self._decide(proposal, evidence)
            raise ActionRefused(decision, tuple(remedies), self.allowed(complaint))
        return complaint.after(entry)

    def verify(self, complaint: Complaint) -> None:
        """Replay the trail of a complaint against the tables that it names.

        :raises InvalidPolicy: if it follows a lifecycle that the rules do not know, or adopts one
            as no complaint could.
        :raises IllegalTransition: if it does not begin where its lifecycle begins, or its trail
            holds a move that its table does not have.
        """
        table, status, left = self.lifecycle, "", list[Table]()
        for number, entry in enumerate(complaint.trail):
            match entry.what:
                case LifecycleAdopted() as what if not number:
                    table, status = self._begun(what), what.status
                case LifecycleAdopted() as what:
                    adopted = self._adopted(what)
                    if adopted in left:
                        raise InvalidPolicy("a lifecycle that was left is not taken up again")
                    self._check_stays(table, status, adopted, what)
                    if adopted is not table:
                        left.append(table)
                    table, status = adopted, what.status
                case StatusChanged(action, source, to):
                    if table.after(source, action) != to:
                        raise IllegalTransition(source, f"{action} to {to}", table.allowed(source))
                    status = to
                case _:
                    pass

    def _begun(self, what: LifecycleAdopted) -> Table:
        """The table by which a complaint began, if that was at the table's own beginning."""
        table, initial = self._adopted(what), word_of(self._adopted(what).initial)
        if what.status != initial:
            raise IllegalTransition(initial, f"begin at {what.status}", table.allowed(initial))
        return table
