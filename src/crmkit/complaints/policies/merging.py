"""Merging two complaints about one matter, and taking them apart again without a trace lost."""

from datetime import UTC, datetime

from attrs import frozen

from crmkit.complaints.policies.guards import FactsBeforeResponse
from crmkit.complaints.policies.rules import ActionRefused, ComplaintRules
from crmkit.complaints.records.complaint import Complaint
from crmkit.complaints.records.entry import Entry, Override
from crmkit.complaints.records.events import (
    Absorbed,
    Merged,
    Released,
    StatusChanged,
    Unmerged,
)
from crmkit.complaints.records.said import ERASED
from crmkit.decision import Comparison, Decision, Evidence, any_of, at_least, equals
from crmkit.errors import InvalidValue
from crmkit.identifiers import Actor
from crmkit.ownership import same_actor

__all__ = ["MergeConditions", "MergeProposal", "Together", "merge_complaints", "unmerge_complaint"]


@frozen(kw_only=True)
class MergeProposal:
    """Somebody wants one complaint to go on in another.

    ``into_is_answered`` says that nobody owes an answer there any more.
    """

    complaint: Complaint
    into: Complaint
    into_is_final: bool
    into_is_answered: bool
    by: Actor
    at: datetime
    override: Override | None = None


@frozen
class MergeConditions:
    """When one complaint may go on in another: nothing that is owed to the complainant gets lost.

    The one that goes on was received no later, so that every deadline falls no later; it is open
    and not merged itself. It is not answered either, or nobody would owe an answer to what comes in
    with the other; and both are the same complainant's: unless somebody else allows it.
    """

    def __call__(self, facts: MergeProposal, /) -> Decision[bool]:
        """Decide whether they may be merged."""
        one, other = facts.complaint, facts.into
        evidence = (
            Evidence("another-complaint", one.id, other.id, one.id != other.id, _DIFFERS),
            equals("merged-already", one.merged_into is not None, False),
            equals("the-other-is-merged", other.merged_into is not None, False),
            equals("the-other-is-closed", facts.into_is_final, False),
            at_least(
                "received", one.received_at.astimezone(UTC), other.received_at.astimezone(UTC)
            ),
            _unless_allowed(facts, equals("the-other-is-answered", facts.into_is_answered, False)),
            self._same_complainant(facts),
        )
        met = all(item.met for item in evidence)
        return Decision(met, "merge-conditions", facts.at, evidence, one.id)

    def _same_complainant(self, facts: MergeProposal) -> Evidence:
        # The complainants stay out of the evidence: it is kept and shown, and they are persons.
        mine, theirs = facts.complaint.receipt.complainant, facts.into.receipt.complainant
        same = mine not in (None, ERASED) and mine == theirs  # The erased are not one person.
        return _unless_allowed(facts, equals("same-complainant", same, True))


def _unless_allowed(facts: MergeProposal, evidence: Evidence) -> Evidence:
    """The evidence, or an override by somebody else."""
    if facts.override is None:
        return evidence
    other = not same_actor(facts.override.by, facts.by)
    allowed = Evidence("override-by-another", facts.override.by, facts.by, other, _DIFFERS)
    return any_of(f"{evidence.criterion}-or-override", evidence, allowed)


def _is_answered(rules: ComplaintRules, complaint: Complaint) -> bool:
    """Whether it has its answer, by what the rules take for one, and nothing has called it up."""
    guards = [guard for guard in rules.guards if isinstance(guard, FactsBeforeResponse)]
    answers = {action for guard in guards for action in guard.actions}
    anew = {action for guard in guards for action in guard.anew_after}
    moves = (each.action for each in complaint.events(StatusChanged))
    last = [action for action in moves if action in answers | anew][-1:]
    return bool(answers.intersection(last))


_DIFFERS = Comparison.DIFFERS
_REMEDY = (
    "merge the later complaint into the earlier one that is still open and unanswered; for an "
    "answered one, or for different complainants, pass override=Override(by=..., reason=...) of a "
    "colleague"
)


@frozen
class Together:
    """Two complaints after they were merged, or taken apart: the one, and the one it is in."""

    complaint: Complaint
    into: Complaint


def merge_complaints(
    rules: ComplaintRules,
    complaint: Complaint,
    into: Complaint,
    *,
    by: Actor,
    at: datetime,
    reason: str,
    override: Override | None = None,
) -> Together:
    """Let a complaint go on in another: both trails say so, and nothing of either is lost.

    :raises ActionRefused: if a condition does not hold; see :class:`MergeConditions`.
    """
    verdict = MergeConditions()(
        MergeProposal(
            complaint=complaint,
            into=into,
            into_is_final=rules.is_final(into),
            into_is_answered=_is_answered(rules, into),
            by=by,
            at=at,
            override=override,
        )
    )
    if not verdict.outcome:
        raise ActionRefused(verdict, (_REMEDY,), ())
    merged = Entry(what=Merged(into.id), by=by, at=at, reason=reason, override=override)
    absorbed = Entry(what=Absorbed(complaint.id), by=by, at=at, reason=reason, override=override)
    return Together(complaint.after(merged), into.after(absorbed))


def unmerge_complaint(
    complaint: Complaint, into: Complaint, *, by: Actor, at: datetime, reason: str
) -> Together:
    """Take a merged complaint out again: it stands where it stood, and both trails say so.

    :raises InvalidValue: if it is not merged into the other.
    """
    if complaint.merged_into != into.id:
        raise InvalidValue("the complaint is not merged into this one: pass the one it is in")
    unmerged = Entry(what=Unmerged(), by=by, at=at, reason=reason)
    released = Entry(what=Released(complaint.id), by=by, at=at, reason=reason)
    return Together(complaint.after(unmerged), into.after(released))
