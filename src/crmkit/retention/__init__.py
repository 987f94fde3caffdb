"""Retention: who is about to leave, who was lost and why, and whom to win back."""

from crmkit.retention.comparison.calibration_report import (
    CalibrationBand,
    CalibrationReport,
    Warned,
    calibration_report,
)
from crmkit.retention.facts.activity import ActivityFacts
from crmkit.retention.facts.signals import ChurnFacts, ChurnSignal, PastCustomer, SignalValue
from crmkit.retention.policies.calibration import calibrate_churn_warning
from crmkit.retention.policies.decline import ActivityDecline, ActivityTrend
from crmkit.retention.policies.warning import ChurnWarning, WarningLevel
from crmkit.retention.policies.weights import NOT_KNOWN, ChurnWeights, Level, Signal
from crmkit.retention.records.causes import ChurnCause, LosingBehaviour, Prevention, PreventionPlan
from crmkit.retention.records.losses import CustomerGivenUp, CustomerLeft, Loss
from crmkit.retention.records.lost import LostClass, LostMapping, LostType
from crmkit.retention.tally.losses import LossSummary, summarize_losses

__all__ = [
    "NOT_KNOWN",
    "ActivityDecline",
    "ActivityFacts",
    "ActivityTrend",
    "CalibrationBand",
    "CalibrationReport",
    "ChurnCause",
    "ChurnFacts",
    "ChurnSignal",
    "ChurnWarning",
    "ChurnWeights",
    "CustomerGivenUp",
    "CustomerLeft",
    "Level",
    "LosingBehaviour",
    "Loss",
    "LossSummary",
    "LostClass",
    "LostMapping",
    "LostType",
    "PastCustomer",
    "Prevention",
    "PreventionPlan",
    "Signal",
    "SignalValue",
    "Warned",
    "WarningLevel",
    "calibrate_churn_warning",
    "calibration_report",
    "summarize_losses",
]
