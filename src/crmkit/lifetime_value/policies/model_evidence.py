"""Which model a value was computed with, its parameters, and how far its fit can be trusted."""

import math
from fractions import Fraction

from crmkit.decision import Evidence, noted
from crmkit.errors import InvalidValue
from crmkit.lifetime_value.models.fitting import FitReport

__all__ = ["exact_answer", "note_model"]


def note_model(criterion: str, model: object) -> Evidence:
    """Name a model with its parameters and, if it was fitted, what its fit warns of."""
    names: tuple[str, ...] = getattr(model, "PARAMETERS", ())
    parts = [noted(name, float(getattr(model, name))) for name in names]
    report = getattr(model, "fitted", None)
    if isinstance(report, FitReport):
        parts.append(noted("customers-fitted-to", report.customers))
        parts.append(noted("fit-warnings", ", ".join(report.warnings) or "none"))
    return Evidence(criterion, type(model).__name__, parts=tuple(parts))


def exact_answer(number: float, what: str) -> Fraction:
    """The exact value of a float that a model gave.

    :raises InvalidValue: if it is not a finite number, which a model of this room never gives.
    """
    if not math.isfinite(number):
        raise InvalidValue(f"{what}: the model gives no finite number for these facts")
    return Fraction(number)
