"""How complaints are kept, and found again: by status, by owner, and by what is due next."""

from datetime import datetime

from attrs import frozen

from crmkit.complaints.records.complaint import Complaint
from crmkit.complaints.records.seal import ERASED
from crmkit.identifiers import Actor, ComplaintId, check_identifier
from crmkit.period import check_instant
from crmkit.storage import Collection, Index, IndexValue

__all__ = ["COMPLAINTS", "COMPLAINT_AGENDAS", "AgendaEntry"]

Places = list[tuple[IndexValue, ...]]


@frozen(kw_only=True)
class AgendaEntry:
    """What is due next in one complaint: a deadline of an obligation, an escalation, or nothing.

    It is worked out anew with every entry of the trail. ``due_at`` may lie in the past: then the
    deadline was missed and is still owed.

    :raises NaiveDatetime: if an instant has no time zone.
    """

    complaint: ComplaintId
    owner: Actor | None = None
    due_at: datetime | None = None
    profile: str | None = None
    obligation: str | None = None
    escalates_at: datetime | None = None

    def __attrs_post_init__(self) -> None:
        check_identifier(self.complaint, "complaint")
        for instant in (self.due_at, self.escalates_at):
            if instant is not None:
                check_instant(instant, "the instant of an agenda")


def _by_owner(complaint: Complaint) -> Places:
    owner = complaint.owner
    return [] if owner is None else [(owner, complaint.received_at)]


def _by_complainant(complaint: Complaint) -> Places:
    complainant = complaint.receipt.complainant
    return [] if complainant in (None, ERASED) else [(complainant, complaint.received_at)]


def _by_parent(complaint: Complaint) -> Places:
    return [] if complaint.parent is None else [(complaint.parent,)]


COMPLAINTS = Collection(
    "complaints",
    Complaint,
    key=lambda complaint: complaint.id,
    indexes=(
        Index("by-status", lambda complaint: (complaint.status, complaint.received_at)),
        Index("by-owner", _by_owner),
        Index("by-complainant", _by_complainant),
        Index("by-parent", _by_parent),
    ),
)
"""Every complaint with its trail. One record, one version: of two people who act at the same time,
one is told to look again."""


def _by_due(entry: AgendaEntry) -> Places:
    return [] if entry.due_at is None else [(entry.due_at,)]


def _by_owner_and_due(entry: AgendaEntry) -> Places:
    if entry.due_at is None or entry.owner is None:
        return []
    return [(entry.owner, entry.due_at)]


def _by_escalation(entry: AgendaEntry) -> Places:
    return [] if entry.escalates_at is None else [(entry.escalates_at,)]


COMPLAINT_AGENDAS = Collection(
    "complaint-agendas",
    AgendaEntry,
    key=lambda entry: entry.complaint,
    indexes=(
        Index("by-due", _by_due),
        Index("by-owner", _by_owner_and_due),
        Index("by-escalation", _by_escalation),
    ),
)
"""What is due next in each complaint. It depends on the policies of the desk, so the desk writes it
with every change, and ``ComplaintDesk.refresh`` once the policies have changed."""
