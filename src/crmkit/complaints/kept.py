"""How complaints are kept, and found again: by status, by owner, and by what is due next.

What prevents the next complaint is kept beside them, and so is every policy of the room.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

from attrs import frozen

from crmkit.complaints.facts.case import count_case
from crmkit.complaints.facts.counts import ComplaintCounts, CountedCase, Exposure
from crmkit.complaints.policies.barriers import BarrierRemoval
from crmkit.complaints.policies.conduct import ConductPenalty, ShirkingPenalty
from crmkit.complaints.policies.escalation import EscalationPolicy
from crmkit.complaints.policies.guarantee import ServiceGuarantee
from crmkit.complaints.policies.guidance import HandlingGuide, WrongMoveNote
from crmkit.complaints.policies.hot_spots import HotSpotAlarm, RedesignAlarm
from crmkit.complaints.policies.kept_rules import KeptRules
from crmkit.complaints.policies.profiles import ObligationProfile
from crmkit.complaints.policies.rates import ComplaintRate, SilentDissatisfied
from crmkit.complaints.policies.recovery import ValueBasedRecovery
from crmkit.complaints.policies.rising import RisingComplaints
from crmkit.complaints.policies.supervision import SupervisionFacts
from crmkit.complaints.policies.word_of_mouth import WordOfMouth
from crmkit.complaints.records.causes import CauseTaxonomy
from crmkit.complaints.records.complaint import Complaint
from crmkit.complaints.records.ideas import Idea
from crmkit.complaints.records.prevention import (
    CaseStudy,
    CorrectiveAction,
    InternalNotice,
    RootCause,
)
from crmkit.complaints.records.remedies import GivenRemedy
from crmkit.complaints.records.seal import ERASED, SealAnchor, TrailSeal, without_salts
from crmkit.complaints.records.sealed_text import without_personal_texts
from crmkit.complaints.records.verification import SealReport
from crmkit.identifiers import Actor, ComplaintId, check_identifier
from crmkit.period import check_instant
from crmkit.storage import Collection, Index, IndexValue
from crmkit.storage.subjects import SubjectData

__all__ = [
    "CASE_STUDIES",
    "COMPLAINTS",
    "COMPLAINT_AGENDAS",
    "CORRECTIVE_ACTIONS",
    "GIVEN_REMEDIES",
    "IDEAS",
    "INTERNAL_NOTICES",
    "ROOT_CAUSES",
    "STORED_TYPES",
    "SUBJECT_DATA",
    "TRAIL_SEALS",
    "AgendaEntry",
]

Places = list[tuple[IndexValue, ...]]

# --- complaints and what is due next --------------------------------------------------------------


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


def _by_place(complaint: Complaint) -> Places:
    # Each matter counts once in the statistics: one that goes on in another counts there.
    places = () if complaint.merged_into else count_case(complaint, UTC).places()
    return [(dimension, value, complaint.received_at) for dimension, value in places]


COMPLAINTS = Collection(
    "complaints",
    Complaint,
    key=lambda complaint: complaint.id,
    indexes=(
        Index("by-status", lambda complaint: (complaint.status, complaint.received_at)),
        Index("by-owner", _by_owner),
        Index("by-complainant", _by_complainant),
        Index("by-parent", _by_parent),
        Index("by-received", lambda complaint: (complaint.received_at,)),
        Index("by-place", _by_place),
    ),
)
"""Every complaint with its trail. One record, one version: of two people who act at the same time,
one is told to look again.

``by-received`` finds those of a month. ``by-place`` finds those behind a number of the statistics,
by dimension and value: ``prefix=(Dimension.REGION, "north")``."""


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


# --- what prevents the next -----------------------------------------------------------------------


def _by_due_date(action: CorrectiveAction) -> Places:
    return [] if action.done_on is not None else [(action.due_on,)]


def _by_owner_and_date(action: CorrectiveAction) -> Places:
    return [] if action.done_on is not None else [(action.owner, action.due_on)]


def _last_recurrence(action: CorrectiveAction) -> date | None:
    """When the same happened again after the action was done, the last time."""
    if action.done_on is None:
        return None
    again = (each.on for each in action.recurrences if each.on > action.done_on)
    return max(again, default=None)


def _by_check_date(action: CorrectiveAction) -> Places:
    judged = action.check.checked_on is not None or _last_recurrence(action) is not None
    return [] if action.done_on is None or judged else [(action.check.due_on,)]


def _by_recurrence(action: CorrectiveAction) -> Places:
    again = _last_recurrence(action)
    return [] if again is None else [(again,)]


def _by_all_complaints(action: CorrectiveAction) -> Places:
    again = (each.complaint for each in action.recurrences)
    return [(number,) for number in dict.fromkeys((*action.complaints, *again))]


def _each(complaints: Iterable[ComplaintId]) -> Places:
    return [(number,) for number in complaints]


CORRECTIVE_ACTIONS = Collection(
    "corrective-actions",
    CorrectiveAction,
    key=lambda action: action.id,
    indexes=(
        Index("by-due", _by_due_date),
        Index("by-owner", _by_owner_and_date),
        Index("by-check", _by_check_date),
        Index("by-recurrence", _by_recurrence),
        Index("by-complaint", _by_all_complaints),
    ),
)
"""What is done against causes: ``by-due`` and ``by-owner`` list what is not done yet, ``by-check``
what is done and not judged, ``by-recurrence`` what was done in vain, by the day on which the same
happened again. ``by-complaint`` finds an action by what it was for, and by what came after it."""

ROOT_CAUSES = Collection(
    "root-causes",
    RootCause,
    key=lambda cause: cause.id,
    indexes=(
        Index("by-cause", lambda cause: (cause.cause, cause.found_on)),
        Index("by-unit", lambda cause: (cause.unit, cause.found_on)),
        Index("by-complaint", lambda cause: _each(cause.complaints)),
    ),
)
"""Why things happened, and who answers for it: by cause and by unit, in the order of the days."""

INTERNAL_NOTICES = Collection(
    "internal-notices",
    InternalNotice,
    key=lambda notice: notice.id,
    indexes=(
        Index("by-unit", lambda notice: [(unit, notice.on) for unit in notice.to_units]),
        Index("by-complaint", lambda notice: _each(notice.complaints)),
    ),
)
"""What each unit was told to mind, in the order of the days."""

CASE_STUDIES = Collection(
    "case-studies",
    CaseStudy,
    key=lambda study: study.id,
    indexes=(
        Index("by-area", lambda study: (study.area, study.written_on)),
        Index("by-complaint", lambda study: _each(study.complaints)),
    ),
)
"""The case library, by the area in which designers look."""

IDEAS = Collection(
    "complaint-ideas",
    Idea,
    key=lambda idea: idea.id,
    indexes=(
        Index("by-status", lambda idea: (idea.status,)),
        Index("by-complaint", lambda idea: _each(idea.complaints)),
    ),
)
"""Ideas that complaints gave, by how far they have come."""

GIVEN_REMEDIES = Collection(
    "given-remedies",
    GivenRemedy,
    key=lambda remedy: remedy.promise,
    indexes=(Index("by-customer", lambda remedy: (remedy.customer, remedy.due_at)),),
)
"""The remedies of broken promises, one a promise: a second is refused when it is added. What a
customer was given before is found by when the promises were due."""

# --- what is personal in it -----------------------------------------------------------------------


def _without_texts(complaint: Complaint) -> Complaint:
    receipt, trail = complaint.receipt, complaint.trail
    return Complaint(without_personal_texts(receipt), without_personal_texts(trail))


_STAYS = "the trail shows what was done, and its seal holds"
_LEARNT = "the shop has learnt from it"


_FROM_COMPLAINTS: tuple[Collection[Any], ...] = (
    *(ROOT_CAUSES, INTERNAL_NOTICES, CORRECTIVE_ACTIONS, CASE_STUDIES, IDEAS),
)

SUBJECT_DATA = (
    SubjectData(
        COMPLAINTS,
        whose=lambda complaint: (complaint.receipt.complainant,),
        stays=_STAYS,
        erased=_without_texts,
        is_sealed=True,
    ),
    SubjectData(
        TRAIL_SEALS,
        whose=lambda sealed: (sealed.complaint,),
        through=COMPLAINTS,
        stays=_STAYS,
        erased=without_salts,
        is_sealed=True,
    ),
    SubjectData(
        COMPLAINT_AGENDAS,
        whose=lambda entry: (entry.complaint,),
        through=COMPLAINTS,
        stays="what is owed is still owed",
    ),
    *(
        SubjectData(kept, whose=lambda each: each.complaints, through=COMPLAINTS, stays=_LEARNT)
        for kept in _FROM_COMPLAINTS
    ),
    SubjectData(
        GIVEN_REMEDIES,
        whose=lambda remedy: (remedy.customer,),
        stays="no promise is remedied twice",
    ),
)
"""What is kept of a complainant: all of it stays without personal texts. A complaint has no
complainant any more, a remedy that was given has a pseudonym."""

# --- everything that can be kept ------------------------------------------------------------------

STORED_TYPES = (
    AgendaEntry,
    BarrierRemoval,
    CaseStudy,
    CauseTaxonomy,
    Complaint,
    ComplaintCounts,
    ComplaintRate,
    ConductPenalty,
    CorrectiveAction,
    CountedCase,
    EscalationPolicy,
    Exposure,
    GivenRemedy,
    HandlingGuide,
    HotSpotAlarm,
    Idea,
    InternalNotice,
    KeptRules,
    ObligationProfile,
    RedesignAlarm,
    RisingComplaints,
    RootCause,
    SealAnchor,
    SealReport,
    ServiceGuarantee,
    ShirkingPenalty,
    SilentDissatisfied,
    SupervisionFacts,
    TrailSeal,
    ValueBasedRecovery,
    WordOfMouth,
    WrongMoveNote,
)
"""Every type of complaints that can be kept: ``make_converter(*STORED_TYPES)``."""
