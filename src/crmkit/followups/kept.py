"""How follow-ups are kept, and found again: by owner, by customer, and by what is due."""

from datetime import date

from attrs import frozen

from crmkit.contact import ContactPolicy
from crmkit.followups.lifecycle import FollowUpStatus
from crmkit.followups.policies.answer_rate import AnswerRateGoal
from crmkit.followups.policies.appointment_match import AppointmentMatch
from crmkit.followups.policies.assignment import AssignmentPolicy
from crmkit.followups.policies.cadence import Cadence
from crmkit.followups.policies.installation import InstallationDuty
from crmkit.followups.policies.meeting import WeeklyMeeting
from crmkit.followups.policies.missed_escalation import MissedEscalation
from crmkit.followups.policies.neglect import NeglectPolicy
from crmkit.followups.policies.owners import Capacity, FollowUpOwner
from crmkit.followups.policies.plan import OwnerPlan
from crmkit.followups.policies.planning import FollowUpPlanner
from crmkit.followups.policies.priority import Priority
from crmkit.followups.policies.spenders import TopSpenders
from crmkit.followups.policies.stops import Route
from crmkit.followups.records.events import Assigned
from crmkit.followups.records.feedback import CallFeedback
from crmkit.followups.records.follow_up import FollowUp
from crmkit.followups.records.opinions import OpinionSheet
from crmkit.followups.records.owner_history import OwnerHistory
from crmkit.followups.records.proposal import Proposal
from crmkit.identifiers import FollowUpId, check_identifier
from crmkit.period import check_date
from crmkit.storage import Collection, Index, IndexValue
from crmkit.storage.subjects import SubjectData

__all__ = ["FOLLOW_UPS", "MISSED_AGENDAS", "STORED_TYPES", "SUBJECT_DATA", "MissedAgenda"]

Places = list[tuple[IndexValue, ...]]


def _by_owner(follow_up: FollowUp) -> Places:
    return [(follow_up.owner, follow_up.due_on)] if follow_up.is_open else []


def _by_due(follow_up: FollowUp) -> Places:
    return [(follow_up.due_on,)] if follow_up.is_open else []


def _by_last_day(follow_up: FollowUp) -> Places:
    return [(follow_up.not_after,)] if follow_up.is_open else []


def _missed(follow_up: FollowUp) -> Places:
    is_missed = follow_up.status is FollowUpStatus.MISSED
    return [(follow_up.not_after,)] if is_missed else []


def _missed_by_owner(follow_up: FollowUp) -> Places:
    is_missed = follow_up.status is FollowUpStatus.MISSED
    return [(follow_up.owner, follow_up.not_after)] if is_missed else []


def _by_owner_ever(follow_up: FollowUp) -> Places:
    events = (entry.what for entry in follow_up.trail)
    owners = dict.fromkeys(what.to for what in events if isinstance(what, Assigned))
    return [(owner, follow_up.due_on) for owner in owners]


FOLLOW_UPS = Collection(
    "follow-ups",
    FollowUp,
    key=lambda follow_up: follow_up.id,
    indexes=(
        Index("by-owner", _by_owner),
        Index("by-due", _by_due),
        Index("by-last-day", _by_last_day),
        Index("by-missed", _missed),
        Index("by-owner-missed", _missed_by_owner),
        Index("by-owner-ever", _by_owner_ever),
        Index("by-customer", lambda follow_up: (follow_up.customer, follow_up.due_on)),
    ),
)
"""Every follow-up with its trail. One record, one version: of two people who act at the same time,
one is told to look again.

``by-owner`` and ``by-due`` list what is open by the day it is due, ``by-last-day`` by the last day
on which it may be done, and ``by-missed`` and ``by-owner-missed`` what was missed by that day. What
waits for an owner is found under None: ``prefix=(None,)``. ``by-owner-ever`` lists whatever
somebody has or had, and ``by-customer`` all there is."""


@frozen
class MissedAgenda:
    """When a follow-up that was missed is escalated next.

    :raises InvalidValue: if the day is no plain date.
    """

    follow_up: FollowUpId
    escalates_on: date

    def __attrs_post_init__(self) -> None:
        check_identifier(self.follow_up, "follow-up")
        check_date(self.escalates_on, "escalates_on")


MISSED_AGENDAS = Collection(
    "missed-agendas",
    MissedAgenda,
    key=lambda entry: entry.follow_up,
    indexes=(Index("by-escalation", lambda entry: (entry.escalates_on,)),),
)
"""What is escalated next, and when. It depends on the escalation of the desk, so the desk writes it
with every change, and ``FollowUpDesk.refresh`` once the escalation has changed."""

SUBJECT_DATA = (
    SubjectData(FOLLOW_UPS, whose=lambda follow_up: (follow_up.customer,)),
    SubjectData(MISSED_AGENDAS, whose=lambda entry: (entry.follow_up,), through=FOLLOW_UPS),
)
"""What is kept of a customer: all of it goes, because nothing else adds up with it."""

STORED_TYPES = (
    AnswerRateGoal,
    AppointmentMatch,
    AssignmentPolicy,
    Cadence,
    CallFeedback,
    Capacity,
    ContactPolicy,
    FollowUp,
    FollowUpOwner,
    FollowUpPlanner,
    InstallationDuty,
    MissedAgenda,
    MissedEscalation,
    NeglectPolicy,
    OpinionSheet,
    OwnerHistory,
    OwnerPlan,
    Priority,
    Proposal,
    Route,
    TopSpenders,
    WeeklyMeeting,
)
"""Every type of follow-ups that can be kept: ``make_converter(*STORED_TYPES)``."""
