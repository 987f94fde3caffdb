"""The report of a fit, which a model that was given its parameters does not have."""

from __future__ import annotations

from crmkit.lifetime_value.models.base import RepeatPurchaseModel
from crmkit.lifetime_value.models.fitting import FitReport


def report_of(model: RepeatPurchaseModel) -> FitReport:
    """How the model was fitted; a model that was not fails the test."""
    assert model.fitted is not None
    return model.fitted
