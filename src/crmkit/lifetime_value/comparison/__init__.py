"""How well a model does: on the customers it was fitted to, and on what they did afterwards.

:func:`frequency_fit` and :func:`tracking` hold a model against what it was fitted to, customers by
repeat purchases and repeat purchases by week. :func:`holdout_fit` and :func:`purchase_calibration`
hold its predictions for single customers against a time that it has not seen, and
:func:`renewal_holdout` does so for customers with a contract, as :func:`split_renewals` parts them.
:func:`compare_models` puts several models side by side.
"""

from crmkit.lifetime_value.comparison.calibration import (
    Calibration,
    CalibrationGroup,
    purchase_calibration,
)
from crmkit.lifetime_value.comparison.frequency import FrequencyFit, FrequencyRow, frequency_fit
from crmkit.lifetime_value.comparison.holdout import HoldoutFit, HoldoutRow, holdout_fit
from crmkit.lifetime_value.comparison.ranking import (
    Criterion,
    ModelComparison,
    ModelStanding,
    compare_models,
)
from crmkit.lifetime_value.comparison.renewal_split import RenewalSplit, split_renewals
from crmkit.lifetime_value.comparison.renewals import (
    RenewalHoldout,
    RenewalHoldoutRow,
    renewal_holdout,
)
from crmkit.lifetime_value.comparison.tracking import Tracking, TrackingRow, tracking

__all__ = [
    "Calibration",
    "CalibrationGroup",
    "Criterion",
    "FrequencyFit",
    "FrequencyRow",
    "HoldoutFit",
    "HoldoutRow",
    "ModelComparison",
    "ModelStanding",
    "RenewalHoldout",
    "RenewalHoldoutRow",
    "RenewalSplit",
    "Tracking",
    "TrackingRow",
    "compare_models",
    "frequency_fit",
    "holdout_fit",
    "purchase_calibration",
    "renewal_holdout",
    "split_renewals",
    "tracking",
]
