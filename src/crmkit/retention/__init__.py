"""Retention: who is about to leave, who was lost and why, and whom to win back.

Signals that are independent of each other are weighed together; what is not known weighs nothing:

>>> from datetime import date
>>> weights = ChurnWeights(
...     base_rate=0.08,
...     signals=[
...         Signal("complaints", {"none": -0.3, "one": 0.6, "several": 1.4}, cuts=(1, 2)),
...         Signal("activity", {"holding": -0.6, "falling": 1.1, "silent": 1.7}),
...     ],
... )
>>> warning = ChurnWarning(weights=weights, watch_from=0.2, warn_from=0.4, agreeing=2)
>>> facts = ChurnFacts(
...     customer="C-7", as_of=date(2026, 5, 31), signals={"complaints": 2, "activity": "falling"}
... )
>>> warning(facts).outcome
<WarningLevel.WARN: 'warn'>
"""

from crmkit.retention.comparison.calibration_report import (
    CalibrationBand,
    CalibrationReport,
    Warned,
    calibration_report,
)
from crmkit.retention.facts.activity import ActivityFacts
from crmkit.retention.facts.loss import EndedBy, LossFacts, RivalOffer
from crmkit.retention.facts.signals import ChurnFacts, ChurnSignal, PastCustomer, SignalValue
from crmkit.retention.facts.win_back import WinBackFacts
from crmkit.retention.kept import STORED_TYPES, SUBJECT_DATA, WIN_BACK_CASES
from crmkit.retention.lifecycle import WIN_BACK_LIFECYCLE, WinBackAction, WinBackStatus
from crmkit.retention.policies.calibration import calibrate_churn_warning
from crmkit.retention.policies.decline import ActivityDecline, ActivityTrend
from crmkit.retention.policies.economics import (
    WinBackAccount,
    WinBackBenefits,
    WinBackCosts,
    WinBackEconomics,
    WinBackNet,
    WinBackOutlook,
)
from crmkit.retention.policies.hold_out import HoldOut
from crmkit.retention.policies.lost_class import LostClassPolicy, LostFinding
from crmkit.retention.policies.uplift import RecoveryUplift, recovery_uplift
from crmkit.retention.policies.uplift_verdict import UpliftFacts, UpliftTest, UpliftVerdict
from crmkit.retention.policies.warning import ChurnWarning, WarningLevel
from crmkit.retention.policies.weights import ChurnWeights, Level, Signal
from crmkit.retention.policies.win_back import (
    Measure,
    WinBackMeasure,
    WinBackPolicy,
    WinBackStep,
    WinBackVerdict,
)
from crmkit.retention.records.causes import ChurnCause, LosingBehaviour, Prevention, PreventionPlan
from crmkit.retention.records.losses import CustomerGivenUp, CustomerLeft, Loss
from crmkit.retention.records.lost import LostClass, LostMapping, LostType
from crmkit.retention.records.win_back import WinBackCase
from crmkit.retention.records.win_back_events import (
    Analysed,
    Contacted,
    Declined,
    Failed,
    Lost,
    Recovered,
    Targeted,
    WinBackEntry,
    WinBackEvent,
    WinBackRefused,
)
from crmkit.retention.tally.losses import LossSummary, summarize_losses

__all__ = [
    "STORED_TYPES",
    "SUBJECT_DATA",
    "WIN_BACK_CASES",
    "WIN_BACK_LIFECYCLE",
    "ActivityDecline",
    "ActivityFacts",
    "ActivityTrend",
    "Analysed",
    "CalibrationBand",
    "CalibrationReport",
    "ChurnCause",
    "ChurnFacts",
    "ChurnSignal",
    "ChurnWarning",
    "ChurnWeights",
    "Contacted",
    "CustomerGivenUp",
    "CustomerLeft",
    "Declined",
    "EndedBy",
    "Failed",
    "HoldOut",
    "Level",
    "LosingBehaviour",
    "Loss",
    "LossFacts",
    "LossSummary",
    "Lost",
    "LostClass",
    "LostClassPolicy",
    "LostFinding",
    "LostMapping",
    "LostType",
    "Measure",
    "PastCustomer",
    "Prevention",
    "PreventionPlan",
    "Recovered",
    "RecoveryUplift",
    "RivalOffer",
    "Signal",
    "SignalValue",
    "Targeted",
    "UpliftFacts",
    "UpliftTest",
    "UpliftVerdict",
    "Warned",
    "WarningLevel",
    "WinBackAccount",
    "WinBackAction",
    "WinBackBenefits",
    "WinBackCase",
    "WinBackCosts",
    "WinBackEconomics",
    "WinBackEntry",
    "WinBackEvent",
    "WinBackFacts",
    "WinBackMeasure",
    "WinBackNet",
    "WinBackOutlook",
    "WinBackPolicy",
    "WinBackRefused",
    "WinBackStatus",
    "WinBackStep",
    "WinBackVerdict",
    "calibrate_churn_warning",
    "calibration_report",
    "recovery_uplift",
    "summarize_losses",
]
