"""The contract of rules for complaints: what crmkit relies on, whoever wrote table and conditions.

A host brings its own lifecycle and its own guards, and gets every guarantee all the same, as long
as they keep these promises. Hand :func:`check_complaint_rules` the rules, or derive a test class
from :class:`ComplaintRulesContract`, which pytest then runs promise by promise.

>>> check_complaint_rules(ComplaintRules(), max_examples=3)
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, ClassVar

from attrs import Factory, define

from crmkit.complaints import (
    Absorbed,
    ActionRefused,
    Complaint,
    ComplaintRules,
    Entry,
    Event,
    Merged,
    Proposal,
    Receipt,
    Released,
    StatusChanged,
    Unmerged,
)
from crmkit.errors import CrmkitError, IllegalTransition, MissingExtra
from crmkit.identifiers import Actor, ComplaintId
from crmkit.testing.complaint_walks import REMEDIES, act_prepared
from crmkit.testing.complaints import complaints
from crmkit.testing.model import ContractBroken, promise

try:
    from hypothesis import given, settings
except ImportError:
    raise MissingExtra("hypothesis", "testing") from None

__all__ = ["ComplaintRulesContract", "ContractBroken", "check_complaint_rules"]

_CLERKS = (Actor("anna"), Actor("ben"))
_RECEIPT = Receipt(
    id=ComplaintId("K-1"),
    received_at=datetime(2026, 5, 4, 9, 30, tzinfo=UTC),
    channel="phone",
    received_by=_CLERKS[0],
)
_HOUR = timedelta(hours=1)


def check_complaint_rules(
    rules: ComplaintRules,
    *,
    remedies: Mapping[str, Event] | None = None,
    max_examples: int | None = None,
) -> None:
    """Hold rules to their whole contract.

    ``remedies`` say what the host's own conditions ask for, by the criterion that was not met:
    ``{"boss-informed": Noted("boss")}``. ``max_examples`` says how many complaints are tried; left
    out, the Hypothesis profile does.

    :raises ContractBroken: with the promise that was not kept.
    """

    class Contract(ComplaintRulesContract):
        def rules(self) -> ComplaintRules:
            return rules

    Contract.remedies = remedies or {}
    Contract.max_examples = max_examples
    contract = Contract()
    for name in dir(contract):
        if name.startswith("test_"):
            getattr(contract, name)()


class ComplaintRulesContract:
    """The promises of rules as tests: derive a class and say which rules they are."""

    remedies: ClassVar[Mapping[str, Event]] = MappingProxyType({})
    """What the host's own conditions ask for, by the criterion that was not met."""

    max_examples: int | None = None
    """How many complaints are tried; None leaves it to the Hypothesis profile."""

    def rules(self) -> ComplaintRules:
        """The rules that are held to the contract."""
        raise NotImplementedError("derive from ComplaintRulesContract and return your rules here")

    # --- whatever the case ---

    def test_a_refused_action_changes_nothing(self) -> None:
        """Who is refused finds the complaint as it was; who is not, finds one entry more."""
        rules = self.rules()

        def check(complaint: Complaint) -> None:
            before = (complaint.receipt, complaint.trail, complaint.standing)
            for attempt in _attempts(rules, complaint):
                after = (complaint.receipt, complaint.trail, complaint.standing)
                promise(before == after, f"to {attempt.action} changes no complaint that there is")
                if attempt.after is not None:
                    grown = attempt.after.trail[:-1] == complaint.trail
                    promise(grown, f"to {attempt.action} adds one entry to the trail")

        self._for_all(check)

    def test_a_refusal_says_what_would_have_worked(self) -> None:
        """Nobody is left with a bare no: an action is named, or what is missing."""
        rules = self.rules()

        def check(complaint: Complaint) -> None:
            for attempt in _attempts(rules, complaint):
                match attempt.refused:
                    case IllegalTransition() as refused:
                        there = rules.table_of(complaint).allowed(complaint.status)
                        listed = tuple(refused.allowed) == there
                        promise(listed, "a refusal lists the actions that the table has")
                    case ActionRefused() as refused:
                        said = [type(each) is str and each.strip() for each in refused.remedies]
                        promise(bool(said) and all(said), "a refusal says what would have worked")
                    case error:
                        promise(error is None, f"an action is refused by a refusal, not {error!r}")

        self._for_all(check)

    def test_asking_and_acting_agree(self) -> None:
        """What the rules say when asked is what they do: no condition is passed over.

        A guard that lists its ``actions`` is not asked about others, so it must not watch them.
        """
        rules = self.rules()

        def check(complaint: Complaint) -> None:
            for attempt in _attempts(rules, complaint):
                if attempt.proposal is not None:
                    decision = rules(attempt.proposal)
                    agreed = decision.outcome is (attempt.after is not None)
                    promise(agreed, f"to {attempt.action} is allowed if the decision says so")

        self._for_all(check)

    def test_the_same_question_gets_the_same_answer(self) -> None:
        """A decision follows from the complaint and the entry, and from nothing else."""
        rules = self.rules()

        def check(complaint: Complaint) -> None:
            for attempt in _attempts(rules, complaint):
                if attempt.proposal is not None:
                    same = rules(attempt.proposal) == rules(attempt.proposal)
                    promise(same, f"to {attempt.action} is decided alike when asked twice")

        self._for_all(check)

    def test_a_trail_can_be_done_again(self) -> None:
        """The same acts in the same order lead to the same complaint."""
        rules = self.rules()

        def check(complaint: Complaint) -> None:
            try:
                again = _done_again(rules, complaint)
            except CrmkitError as refused:
                raise ContractBroken(f"what was allowed is allowed again: {refused}") from refused
            promise(again == complaint, "the same acts lead to the same complaint")

        self._for_all(check)

    # --- the table with its conditions ---

    def test_every_status_can_be_reached(self) -> None:
        """The conditions leave a way to every status of every table."""
        for found in self._explored():
            lost = sorted(set(found.statuses) - found.reached.keys())
            promise(
                not lost, f"every status can be reached: {', '.join(lost)} can not{found.why()}"
            )

    def test_no_status_is_a_trap(self) -> None:
        """From wherever a complaint gets, it can come to rest."""
        for found in self._explored():
            stuck = sorted(found.reached.keys() - found.ending())
            promise(not stuck, f"no status is a trap: no end after {', '.join(stuck)}{found.why()}")

    # --- inside ---

    def _for_all(self, check: Callable[[Complaint], None]) -> None:
        effort = settings(deadline=None)
        if self.max_examples is not None:
            effort = settings(effort, max_examples=self.max_examples)
        effort(given(complaints(self.rules(), remedies=self.remedies))(check))()

    def _explored(self) -> "Iterator[_Explored]":
        rules = self.rules()
        for table in (rules.lifecycle, *rules.former):
            first = Complaint.received(_RECEIPT, lifecycle=table)
            found = _Explored(rules, {**REMEDIES, **self.remedies}, table.statuses, table.final)
            found.explore(first)
            yield found


@define
class _Attempt:
    """An action that somebody tried to take, and what came of it; what there was to ask before."""

    action: str
    proposal: Proposal | None
    after: Complaint | None = None
    refused: Exception | None = None


def _attempts(rules: ComplaintRules, complaint: Complaint) -> Iterator[_Attempt]:
    """Every action of every table, tried on one complaint."""
    tables = (rules.lifecycle, *rules.former)
    table, at = rules.table_of(complaint), complaint.trail[-1].at + _HOUR
    for action in dict.fromkeys(str(action) for each in tables for action in each.actions):
        proposal = None
        if action in table.allowed(complaint.status):
            what = StatusChanged(
                action, complaint.status, str(table.after(complaint.status, action))
            )
            entry = Entry(what=what, by=_CLERKS[1], at=at, reason="tried")
            proposal = Proposal(complaint, entry)
        attempt = _Attempt(action, proposal)
        try:
            attempt.after = rules.act(complaint, action, by=_CLERKS[1], at=at, reason="tried")
        except Exception as error:  # Whatever a guard of the host raises is shown as it is.
            attempt.refused = error
        yield attempt


def _done_again(rules: ComplaintRules, complaint: Complaint) -> Complaint:
    """The same acts once more, from the receipt on."""
    again = Complaint(complaint.receipt, complaint.trail[:1])
    for entry in complaint.trail[1:]:
        said: dict[str, Any] = {
            "by": entry.by,
            "at": entry.at,
            "reason": entry.reason,
            "role": entry.role,
            "override": entry.override,
            "recorded_at": entry.recorded_at,
        }
        match entry.what:
            case StatusChanged(action):
                again = rules.act(again, action, **said)
            case Merged() | Unmerged() | Absorbed() | Released():
                again = again.after(entry)
            case what:
                again = rules.record(again, what, **said)
    return again


@define
class _Explored:
    """What can be reached in one table when every condition is met as well as it can be."""

    rules: ComplaintRules
    remedies: Mapping[str, Event]
    statuses: tuple[str, ...]
    final: frozenset[str]
    reached: dict[str, Complaint] = Factory(dict)
    moves: set[tuple[str, str]] = Factory(set)
    unmet: set[str] = Factory(set)

    def explore(self, first: Complaint) -> None:
        """Try every action wherever it leads to."""
        self.reached[first.status] = first
        waiting = [first]
        while waiting:
            complaint = waiting.pop(0)
            for action in self.rules.allowed(complaint):
                after = self._after(complaint, action)
                if after is not None:
                    self.moves.add((complaint.status, after.status))
                    if after.status not in self.reached:
                        self.reached[after.status] = after
                        waiting.append(after)

    def _after(self, complaint: Complaint, action: str) -> Complaint | None:
        try:
            return act_prepared(
                self.rules,
                complaint,
                action,
                by=_CLERKS[0],
                other=_CLERKS[1],
                at=complaint.trail[-1].at + _HOUR,
                remedies=self.remedies,
            )
        except ActionRefused as refused:
            self.unmet |= {item.criterion for item in refused.decision.unmet}
            return None

    def ending(self) -> frozenset[str]:
        """From where a complaint comes to rest; or on, in a table in which nothing is final."""
        ends = set(self.final) or {source for source, _ in self.moves}
        while more := {source for source, target in self.moves if target in ends} - ends:
            ends |= more
        return frozenset(ends)

    def why(self) -> str:
        """Which conditions were in the way."""
        return f"; not met on the way: {', '.join(sorted(self.unmet))}" if self.unmet else ""
