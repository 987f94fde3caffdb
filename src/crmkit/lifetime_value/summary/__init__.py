"""From purchases to the facts of repeat purchases: one pass, mergeable, exact."""

from crmkit.lifetime_value.summary.columns import SummaryColumns
from crmkit.lifetime_value.summary.holdout import HoldoutFacts, HoldoutSplit, split_holdout
from crmkit.lifetime_value.summary.repeat import (
    RepeatPurchaseSummary,
    summarize_repeat_purchases,
)

__all__ = [
    "HoldoutFacts",
    "HoldoutSplit",
    "RepeatPurchaseSummary",
    "SummaryColumns",
    "split_holdout",
    "summarize_repeat_purchases",
]
