"""Follow-ups: who is to be contacted next, when, and for what.

>>> from datetime import date
>>> from crmkit.business_time import BusinessCalendar
>>> from crmkit.decision import explain
>>> from crmkit.identifiers import CustomerId
>>> facts = FollowUpFacts(
...     customer=CustomerId("C-7"),
...     as_of=date(2026, 5, 4),
...     anchors={Anchor.HAND_OVER: date(2025, 10, 31)},
... )
>>> office = BusinessCalendar.on_weekdays("09:00-18:00", zone="Europe/Berlin")
>>> cadences = (Cadence.after_hand_over(), Cadence.december_round())
>>> decision = next_follow_up(facts, cadences, calendar=office)
>>> decision.outcome.due_on, decision.outcome.purpose
(datetime.date(2026, 6, 1), 'return-visit')
>>> print(explain(decision))
due 2026-06-01 for C-7, by next follow up, as of 2026-05-04
- noted: cadence is after-hand-over
- noted: step is every month up to 1 year
- noted: hand over is 2025-10-31
- not met: day of the cadence is 2026-05-31; an open day or else the next one required
- noted: next by december round is 2026-12-01
"""

from crmkit.contact import ContactPolicy
from crmkit.followups.desk import (
    FOLLOW_UP_ESCALATED_TOPIC,
    FOLLOW_UP_MISSED_TOPIC,
    FollowUpDesk,
    HandedOver,
    KeptPlan,
    MissTold,
)
from crmkit.followups.facts import Anchor, FollowUpFacts
from crmkit.followups.kept import (
    FOLLOW_UPS,
    MISSED_AGENDAS,
    STORED_TYPES,
    SUBJECT_DATA,
    MissedAgenda,
)
from crmkit.followups.lifecycle import FOLLOW_UP_LIFECYCLE, FollowUpAction, FollowUpStatus
from crmkit.followups.policies.answer_rate import (
    AnswerRate,
    AnswerRateFacts,
    AnswerRateGoal,
    AnswerTrend,
    CallsIn,
)
from crmkit.followups.policies.appointment_match import (
    AppointmentMatch,
    KeptAppointment,
    MatchedAppointments,
    MatchFacts,
)
from crmkit.followups.policies.assignment import (
    Assignment,
    AssignmentFacts,
    AssignmentPolicy,
    CustomerAssigned,
    CustomerUnassigned,
    PortfolioOwner,
    WhyUnassigned,
)
from crmkit.followups.policies.cadence import Cadence
from crmkit.followups.policies.closed_days import ClosedDays
from crmkit.followups.policies.following import next_follow_up, next_occurrence
from crmkit.followups.policies.installation import (
    FIELD_SERVICE_REPORT,
    SATISFACTION_FORM,
    InstallationDuty,
    InstallationFacts,
    InstallationTask,
)
from crmkit.followups.policies.meeting import MeetingPack, MeetingTopic, MeetingWeek, WeeklyMeeting
from crmkit.followups.policies.missed_escalation import (
    DueLevel,
    DueLevels,
    MissedEscalation,
    MissedLevel,
)
from crmkit.followups.policies.neglect import NeglectPolicy
from crmkit.followups.policies.owners import Capacity, FollowUpOwner
from crmkit.followups.policies.placement import Placement, Unplaced, WhyUnplaced
from crmkit.followups.policies.plan import OwnerPlan, PlanCase, Smoothing
from crmkit.followups.policies.planning import FollowUpPlanner
from crmkit.followups.policies.priority import (
    FollowUpMethod,
    Priority,
    PriorityFacts,
    PriorityVerdict,
    UrgencyBand,
)
from crmkit.followups.policies.programs import (
    KEY_AREA,
    TOP_SPENDER,
    UpkeepTask,
    before_warranty_ends,
    executive_calls,
    key_area_visits,
    post_sale_call,
    upkeep_round,
)
from crmkit.followups.policies.routes import plan_route
from crmkit.followups.policies.spenders import SpenderFacts, TopSpenders, rank_spenders
from crmkit.followups.policies.steps import Age, CadenceStep, ExactAge
from crmkit.followups.policies.stops import PlannedVisit, Route, Stop, Unvisited, WhyUnvisited
from crmkit.followups.policies.travel import TravelTimes
from crmkit.followups.policies.triggers import (
    FallingSales,
    LongSilence,
    Response,
    Trigger,
    Unanswered,
)
from crmkit.followups.records.calendar_feed import to_icalendar
from crmkit.followups.records.entry import FollowUpEntry
from crmkit.followups.records.events import (
    Appointment,
    Assigned,
    Cancelled,
    Confirmed,
    Done,
    Escalated,
    FollowUpEvent,
    Missed,
    Planned,
    Rescheduled,
    Unassigned,
)
from crmkit.followups.records.feedback import CallFeedback, CallMeasure
from crmkit.followups.records.follow_up import FollowUp, follow_up_id
from crmkit.followups.records.occurrence import Occurrence
from crmkit.followups.records.opinions import OpinionRound, OpinionSheet, OpinionTopic
from crmkit.followups.records.owner_history import OwnerChange, OwnerChangeReason, OwnerHistory
from crmkit.followups.records.proposal import Cause, Proposal, Proposals
from crmkit.followups.records.refusals import FollowUpRefused, PapersMissing
from crmkit.followups.records.state import VISIT_REPORT
from crmkit.followups.records.visit_report import ProtocolStep, VisitPoint, VisitReport
from crmkit.followups.summary import CareEvent, NeglectFacts, OpenFollowUp, SalesIn, sales_by
from crmkit.followups.tally.appointments import BookedAppointment, booked_appointments
from crmkit.followups.tally.contact_file import ContactFile, ContactResult, ContactStep
from crmkit.followups.tally.efficiency import ContactEfficiency, WorkedOff, contact_efficiency
from crmkit.followups.tally.overdue import MissedFacts, Overdue, OverdueFollowUp, overdue

__all__ = [
    "FIELD_SERVICE_REPORT",
    "FOLLOW_UPS",
    "FOLLOW_UP_ESCALATED_TOPIC",
    "FOLLOW_UP_LIFECYCLE",
    "FOLLOW_UP_MISSED_TOPIC",
    "KEY_AREA",
    "MISSED_AGENDAS",
    "SATISFACTION_FORM",
    "STORED_TYPES",
    "SUBJECT_DATA",
    "TOP_SPENDER",
    "VISIT_REPORT",
    "Age",
    "Anchor",
    "AnswerRate",
    "AnswerRateFacts",
    "AnswerRateGoal",
    "AnswerTrend",
    "Appointment",
    "AppointmentMatch",
    "Assigned",
    "Assignment",
    "AssignmentFacts",
    "AssignmentPolicy",
    "BookedAppointment",
    "Cadence",
    "CadenceStep",
    "CallFeedback",
    "CallMeasure",
    "CallsIn",
    "Cancelled",
    "Capacity",
    "CareEvent",
    "Cause",
    "ClosedDays",
    "Confirmed",
    "ContactEfficiency",
    "ContactFile",
    "ContactPolicy",
    "ContactResult",
    "ContactStep",
    "CustomerAssigned",
    "CustomerUnassigned",
    "Done",
    "DueLevel",
    "DueLevels",
    "Escalated",
    "ExactAge",
    "FallingSales",
    "FollowUp",
    "FollowUpAction",
    "FollowUpDesk",
    "FollowUpEntry",
    "FollowUpEvent",
    "FollowUpFacts",
    "FollowUpMethod",
    "FollowUpOwner",
    "FollowUpPlanner",
    "FollowUpRefused",
    "FollowUpStatus",
    "HandedOver",
    "InstallationDuty",
    "InstallationFacts",
    "InstallationTask",
    "KeptAppointment",
    "KeptPlan",
    "LongSilence",
    "MatchFacts",
    "MatchedAppointments",
    "MeetingPack",
    "MeetingTopic",
    "MeetingWeek",
    "MissTold",
    "Missed",
    "MissedAgenda",
    "MissedEscalation",
    "MissedFacts",
    "MissedLevel",
    "NeglectFacts",
    "NeglectPolicy",
    "Occurrence",
    "OpenFollowUp",
    "OpinionRound",
    "OpinionSheet",
    "OpinionTopic",
    "Overdue",
    "OverdueFollowUp",
    "OwnerChange",
    "OwnerChangeReason",
    "OwnerHistory",
    "OwnerPlan",
    "PapersMissing",
    "Placement",
    "PlanCase",
    "Planned",
    "PlannedVisit",
    "PortfolioOwner",
    "Priority",
    "PriorityFacts",
    "PriorityVerdict",
    "Proposal",
    "Proposals",
    "ProtocolStep",
    "Rescheduled",
    "Response",
    "Route",
    "SalesIn",
    "Smoothing",
    "SpenderFacts",
    "Stop",
    "TopSpenders",
    "TravelTimes",
    "Trigger",
    "Unanswered",
    "Unassigned",
    "Unplaced",
    "Unvisited",
    "UpkeepTask",
    "UrgencyBand",
    "VisitPoint",
    "VisitReport",
    "WeeklyMeeting",
    "WhyUnassigned",
    "WhyUnplaced",
    "WhyUnvisited",
    "WorkedOff",
    "before_warranty_ends",
    "booked_appointments",
    "contact_efficiency",
    "executive_calls",
    "follow_up_id",
    "key_area_visits",
    "next_follow_up",
    "next_occurrence",
    "overdue",
    "plan_route",
    "post_sale_call",
    "rank_spenders",
    "sales_by",
    "to_icalendar",
    "upkeep_round",
]
