"""Retention: who is about to leave, who was lost and why, and whom to win back."""

from crmkit.retention.records.causes import ChurnCause, LosingBehaviour, Prevention, PreventionPlan
from crmkit.retention.records.losses import CustomerGivenUp, CustomerLeft, Loss
from crmkit.retention.records.lost import LostClass, LostMapping, LostType
from crmkit.retention.tally.losses import LossSummary, summarize_losses

__all__ = [
    "ChurnCause",
    "CustomerGivenUp",
    "CustomerLeft",
    "LosingBehaviour",
    "Loss",
    "LossSummary",
    "LostClass",
    "LostMapping",
    "LostType",
    "Prevention",
    "PreventionPlan",
    "summarize_losses",
]
