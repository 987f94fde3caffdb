"""How complaints are kept, and found again: by status, by owner, and by what is due next."""

from datetime import datetime

from attrs import frozen

from crmkit.complaints.policies.escalation import EscalationPolicy
from crmkit.complaints.policies.profiles import ObligationProfile
from crmkit.complaints.records.causes import CauseTaxonomy
from crmkit.complaints.records.complaint import Complaint
from crmkit.complaints.records.ideas import Idea
from crmkit.complaints.records.prevention import (
    CaseStudy,
    CorrectiveAction,
    InternalNotice,
    RootCause,
)
from crmkit.complaints.records.seal import ERASED, SealAnchor, TrailSeal
from crmkit.identifiers import Actor, ComplaintId, check_identifier
from crmkit.period import check_instant
from crmkit.storage import Collection, Index, IndexValue

__all__ = [
    "CASE_STUDIES",
    "COMPLAINTS",
    "COMPLAINT_AGENDAS",
    "CORRECTIVE_ACTIONS",
    "IDEAS",
    "STORED_TYPES",
    "TRAIL_SEALS",
    "AgendaEntry",
]

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

TRAIL_SEALS = Collection("trail-seals", TrailSeal, key=lambda seal: seal.complaint)
"""The seal of each trail, where trails are sealed."""


def _by_due_date(action: CorrectiveAction) -> Places:
    return [] if action.done_on is not None else [(action.due_on,)]


def _by_owner_and_date(action: CorrectiveAction) -> Places:
    return [] if action.done_on is not None else [(action.owner, action.due_on)]


def _by_check_date(action: CorrectiveAction) -> Places:
    waits = action.done_on is not None and action.check.checked_on is None
    return [(action.check.due_on,)] if waits else []


CORRECTIVE_ACTIONS = Collection(
    "corrective-actions",
    CorrectiveAction,
    key=lambda action: action.id,
    indexes=(
        Index("by-due", _by_due_date),
        Index("by-owner", _by_owner_and_date),
        Index("by-check", _by_check_date),
        Index("by-complaint", lambda action: [(number,) for number in action.complaints]),
    ),
)
"""What is done against causes: ``by-due`` and ``by-owner`` list what is not done yet, ``by-check``
what is done and not judged."""

CASE_STUDIES = Collection(
    "case-studies",
    CaseStudy,
    key=lambda study: study.id,
    indexes=(Index("by-area", lambda study: (study.area, study.written_on)),),
)
"""The case library, by the area in which designers look."""

IDEAS = Collection(
    "complaint-ideas",
    Idea,
    key=lambda idea: idea.id,
    indexes=(Index("by-status", lambda idea: (idea.status,)),),
)
"""Ideas that complaints gave, by how far they have come."""

STORED_TYPES = (
    AgendaEntry,
    CaseStudy,
    CauseTaxonomy,
    Complaint,
    CorrectiveAction,
    EscalationPolicy,
    Idea,
    InternalNotice,
    ObligationProfile,
    RootCause,
    SealAnchor,
    TrailSeal,
)
"""Every type of complaints that can be kept: ``make_converter(*STORED_TYPES)``."""
