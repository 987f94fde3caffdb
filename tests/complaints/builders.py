"""Complaints in the language of the field: received, acknowledged, answered, disputed, closed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from crmkit.complaints.lifecycle import Action, Status, word_of
from crmkit.complaints.policies.guards import Proposal
from crmkit.complaints.policies.rules import ComplaintRules
from crmkit.complaints.records.complaint import Complaint
from crmkit.complaints.records.entry import Entry, Override
from crmkit.complaints.records.events import (
    Assessed,
    Event,
    FactsRecorded,
    RecourseExhausted,
    Satisfaction,
    SatisfactionChecked,
    Severity,
    StatusChanged,
)
from crmkit.complaints.records.receipt import Receipt
from crmkit.identifiers import Actor, ComplaintId

MONDAY = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

ANNA = Actor("anna")
BEN = Actor("ben")
CARLA = Actor("carla")

RULES = ComplaintRules()

ASKED = SatisfactionChecked(outcome=Satisfaction.SATISFIED, process=Satisfaction.NEITHER)

NEEDED: dict[str, tuple[Event, ...]] = {
    Action.ASSESS: (Assessed(Severity()),),
    Action.RESPOND: (FactsRecorded("the parcel was lost"),),
    Action.CLOSE: (ASKED, RecourseExhausted()),
}
"""What has to be on record before an action."""

_RESPONDED = (Action.ACKNOWLEDGE, Action.ASSESS, Action.INVESTIGATE, Action.RESPOND)
WAYS: dict[Status, tuple[Action, ...]] = {
    Status.RECEIVED: (),
    Status.ACKNOWLEDGED: _RESPONDED[:1],
    Status.ASSESSED: _RESPONDED[:2],
    Status.UNDER_INVESTIGATION: _RESPONDED[:3],
    Status.RESPONDED: _RESPONDED,
    Status.ACCEPTED: (*_RESPONDED, Action.ACCEPT),
    Status.DISPUTED: (*_RESPONDED, Action.DISPUTE),
    Status.REFERRED: (Action.REFER,),
    Status.CLOSED: (*_RESPONDED, Action.ACCEPT, Action.CLOSE),
    Status.WITHDRAWN: (Action.WITHDRAW,),
    Status.REOPENED: (*_RESPONDED, Action.ACCEPT, Action.CLOSE, Action.REOPEN),
}
"""A short way to each status."""

# The table of the lifecycle once more: whatever does not stand here is refused.
MATRIX: dict[str, dict[str, str]] = {
    "received": {
        "acknowledge": "acknowledged",
        "refer": "referred",
        "withdraw": "withdrawn",
    },
    "acknowledged": {"assess": "assessed", "refer": "referred", "withdraw": "withdrawn"},
    "assessed": {
        "investigate": "under-investigation",
        "refer": "referred",
        "withdraw": "withdrawn",
    },
    "under-investigation": {
        "respond": "responded",
        "refer": "referred",
        "withdraw": "withdrawn",
    },
    "responded": {
        "accept": "accepted",
        "dispute": "disputed",
        "refer": "referred",
        "withdraw": "withdrawn",
        "close": "closed",
    },
    "accepted": {"close": "closed"},
    "disputed": {
        "investigate": "under-investigation",
        "refer": "referred",
        "withdraw": "withdrawn",
        "close": "closed",
    },
    "referred": {
        "investigate": "under-investigation",
        "withdraw": "withdrawn",
        "close": "closed",
    },
    "closed": {"reopen": "reopened", "refer": "referred"},
    "withdrawn": {"reopen": "reopened"},
    "reopened": {"assess": "assessed", "refer": "referred", "withdraw": "withdrawn"},
}


def receipt(number: str = "K-1", **terms: Any) -> Receipt:
    """A complaint that Anna took on the phone on Monday morning."""
    given: dict[str, Any] = {"received_at": MONDAY, "channel": "phone", "received_by": ANNA}
    return Receipt(id=ComplaintId(number), **(given | terms))


def received(number: str = "K-1", *, rules: ComplaintRules = RULES, **terms: Any) -> Complaint:
    return rules.receive(receipt(number, **terms))


def entry(what: Event, *, by: Actor = ANNA, at: datetime = MONDAY, **terms: Any) -> Entry:
    return Entry(what=what, by=by, at=at, **({"reason": "because"} | terms))


def note(
    complaint: Complaint,
    *events: Event,
    by: Actor = ANNA,
    at: datetime = MONDAY,
    rules: ComplaintRules = RULES,
    **terms: Any,
) -> Complaint:
    """Put things on record, one after another."""
    for what in events:
        complaint = rules.record(complaint, what, by=by, at=at, reason="because", **terms)
    return complaint


def act(
    complaint: Complaint,
    action: str,
    *,
    by: Actor = ANNA,
    at: datetime = MONDAY,
    rules: ComplaintRules = RULES,
    **terms: Any,
) -> Complaint:
    """Take an action without preparing it."""
    return rules.act(complaint, action, by=by, at=at, reason="because", **terms)


def go(
    complaint: Complaint, *actions: str, at: datetime = MONDAY, rules: ComplaintRules = RULES
) -> Complaint:
    """Take actions one after another, each well prepared: Anna works, and Ben closes."""
    for action in actions:
        complaint = note(complaint, *NEEDED.get(action, ()), at=at, rules=rules)
        by = BEN if action == Action.CLOSE else ANNA
        complaint = act(complaint, action, by=by, at=at, rules=rules)
    return complaint


def standing(status: Status, number: str = "K-1", **terms: Any) -> Complaint:
    """A complaint that has come to a status on a short way."""
    return go(received(number, **terms), *WAYS[status])


def proposal(
    complaint: Complaint, action: str, to: str = "anywhere", *, open_children: int = 0, **terms: Any
) -> Proposal:
    """An action that somebody wants to take."""
    what = StatusChanged(word_of(action), complaint.status, word_of(to))
    return Proposal(complaint, entry(what, **terms), open_children)


def allowed_by(actor: Actor) -> Override:
    return Override(by=actor, reason="the board wants it")
