"""One round of crmkit in ``complaints.py``; prints JSON."""

from benchmarks._complaints_steps import MONDAY, STEPS, Line, Step, made, walk, write
from crmkit.complaints.policies.rules import ActionRefused, ComplaintRules
from crmkit.complaints.records.complaint import Complaint
from crmkit.complaints.records.events import (
    Assessed,
    Event,
    FactsRecorded,
    Level,
    Satisfaction,
    SatisfactionChecked,
    Severity,
    StatusChanged,
)
from crmkit.complaints.records.receipt import Receipt
from crmkit.identifiers import Actor, ComplaintId, CustomerId

RULES = ComplaintRules()
NUMBER, COMPLAINANT = ComplaintId("K-1017"), CustomerId("C-4711")
ACTORS = {step.by: Actor(step.by) for step in STEPS}
EVENTS: dict[str, Event] = {
    "severity": Assessed(Severity(safety=Level.HIGH)),
    "facts": FactsRecorded("in the file"),
    "satisfaction": SatisfactionChecked(
        outcome=Satisfaction.SATISFIED, process=Satisfaction.NEITHER
    ),
}


def begin() -> Complaint:
    """A complaint comes in."""
    receipt = Receipt(
        id=NUMBER,
        received_at=MONDAY,
        channel="phone",
        complainant=COMPLAINANT,
        received_by=ACTORS["anna"],
    )
    return RULES.receive(receipt)


def go(complaint: Complaint, step: Step) -> Complaint:
    """Take a step."""
    by = ACTORS[step.by]
    if not step.is_action:
        return RULES.record(complaint, EVENTS[step.name], by=by, at=step.at, reason=step.reason)
    try:
        after = RULES.act(complaint, step.name, by=by, at=step.at, reason=step.reason)
    except ActionRefused:
        assert step.refused
        return complaint
    assert not step.refused
    return after


def read(complaint: Complaint) -> list[Line]:
    """The audit, as both sides can say it."""
    moves = ((entry, entry.what) for entry in complaint.trail)
    return [
        (entry.by, entry.at.isoformat(), entry.reason, what.source, what.to)
        for entry, what in moves
        if isinstance(what, StatusChanged)
    ]


def main() -> None:
    """Measure everything."""
    first = STEPS[0]
    seconds, audit = walk(begin, go, read)
    seconds["created"] = made(lambda: go(begin(), first))
    write(seconds, audit)


if __name__ == "__main__":
    main()
