"""What was read from a file: the cases, and what became of every row."""

from datetime import datetime

from attrs import frozen

from crmkit.cli.complaints.layout import CaseLifecycle
from crmkit.cli.complaints.rows import Account
from crmkit.complaints.policies.rules import ComplaintRules
from crmkit.complaints.records.complaint import Complaint
from crmkit.identifiers import Actor

__all__ = ["IMPORTER", "REFUSED_TOPIC", "CaseFile", "Replay", "rules_of"]

IMPORTER = Actor("import")
"""Who records what comes from a file: the file does not say who did it."""

REFUSED_TOPIC = "refused-by-lifecycle"
"""The topic under which an event that the lifecycle does not have stands on the trail."""


@frozen(kw_only=True)
class Replay:
    """What became of the events of a log: each was a move, refused, or after the day asked about.

    ``ambiguous`` and ``skipped`` are times that came twice or not at all when clocks were changed,
    ``disordered`` those that stood before an earlier one of the same case.
    """

    events: int
    moves: int
    refused: int
    later: int
    ambiguous: int
    skipped: int
    disordered: int


@frozen(kw_only=True)
class CaseFile:
    """The cases of a file, as of an instant.

    ``later`` are cases that begin after it and are left out. ``undated_at`` is the instant at which
    entries stand of which the file does not say when they were; None if there is no such entry.
    """

    name: str
    account: Account
    rules: CaseLifecycle
    as_of: datetime
    cases: tuple[Complaint, ...]
    later: int
    undated: int = 0
    undated_at: datetime | None = None
    replay: Replay | None = None


def rules_of(table: CaseLifecycle) -> ComplaintRules:
    """The rules of a host's own table; what a file tells has happened: nothing is asked first."""
    return ComplaintRules(lifecycle=table.lifecycle, guards=())
