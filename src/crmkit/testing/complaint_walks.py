"""How a complaint is led through rules that object: what is missing is put on record first."""

from collections import deque
from collections.abc import Mapping
from datetime import datetime

from crmkit.complaints import (
    ActionRefused,
    Assessed,
    Complaint,
    ComplaintRules,
    Event,
    FactsRecorded,
    Override,
    RecourseExhausted,
    Satisfaction,
    SatisfactionChecked,
    Severity,
)
from crmkit.identifiers import Actor

__all__ = ["REMEDIES", "act_prepared", "statuses_before", "way_to"]

REMEDIES: Mapping[str, Event] = {
    "severity-assessed": Assessed(Severity()),
    "facts-recorded": FactsRecorded("what was found"),
    "satisfaction-checked": SatisfactionChecked(
        outcome=Satisfaction.NO_ANSWER, process=Satisfaction.NO_ANSWER
    ),
    "recourse-exhausted": RecourseExhausted(),
}
"""What the conditions of crmkit ask for, by the criterion that was not met."""


def act_prepared(
    rules: ComplaintRules,
    complaint: Complaint,
    action: str,
    *,
    by: Actor,
    other: Actor,
    at: datetime,
    remedies: Mapping[str, Event] = REMEDIES,
) -> Complaint:
    """Take an action; if it is refused, record what was missing, and ask somebody else.

    :raises ActionRefused: if a condition does not hold even then.
    """
    try:
        return rules.act(complaint, action, by=by, at=at, reason="it is time")
    except ActionRefused as refused:
        missing = [item.criterion for item in refused.decision.unmet]
    for criterion in missing:
        if criterion in remedies:
            complaint = rules.record(
                complaint, remedies[criterion], by=by, at=at, reason="was missing"
            )
    try:
        return _act_allowed(rules, complaint, action, by, at, allowed_by=other)
    except ActionRefused:
        return _act_allowed(rules, complaint, action, other, at, allowed_by=by)


def _act_allowed(
    rules: ComplaintRules,
    complaint: Complaint,
    action: str,
    by: Actor,
    at: datetime,
    *,
    allowed_by: Actor,
) -> Complaint:
    allowed = Override(by=allowed_by, reason="somebody else looked at it")
    return rules.act(complaint, action, by=by, at=at, reason="it is time", override=allowed)


def way_to(rules: ComplaintRules, complaint: Complaint, status: str) -> tuple[str, ...] | None:
    """The shortest way to a status by the table that a complaint follows, None if there is none."""
    moves = rules.table_of(complaint).moves
    ways: dict[str, tuple[str, ...]] = {complaint.status: ()}
    waiting = deque([complaint.status])
    while waiting:
        here = waiting.popleft()
        for source, action, target in moves:
            if source == here and target not in ways:
                ways[target] = (*ways[here], action)
                waiting.append(target)
    return ways.get(status)


def statuses_before(rules: ComplaintRules, complaint: Complaint, status: str) -> frozenset[str]:
    """From where a status can be reached by the table that a complaint follows, itself included."""
    moves = rules.table_of(complaint).moves
    found = {status}
    grown = True
    while grown:
        more = {source for source, _, target in moves if target in found} - found
        found |= more
        grown = bool(more)
    return frozenset(found)
