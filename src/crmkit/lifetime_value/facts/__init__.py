"""What the models of lifetime value know of customers: how often they came back, and for how much.

The words are not those of segmentation: here a purchase is a *repeat* purchase, and age counts from
the customer's first purchase day, on which nothing is repeated yet. Models fit on *counted* facts:
customers with equal facts are one row with a count.
"""

from crmkit.lifetime_value.facts.ages import age_of, days_of
from crmkit.lifetime_value.facts.counted import (
    Countable,
    CountedFacts,
    RepeatPurchaseColumns,
    Row,
    counted,
)
from crmkit.lifetime_value.facts.repeat import (
    MAX_AGE,
    MAX_REPEAT_PURCHASES,
    RepeatPurchaseFacts,
)
from crmkit.lifetime_value.facts.spend import (
    CountableSpend,
    CountedSpend,
    SpendRow,
    counted_spend,
    mean_spend_of,
)

__all__ = [
    "MAX_AGE",
    "MAX_REPEAT_PURCHASES",
    "Countable",
    "CountableSpend",
    "CountedFacts",
    "CountedSpend",
    "RepeatPurchaseColumns",
    "RepeatPurchaseFacts",
    "Row",
    "SpendRow",
    "age_of",
    "counted",
    "counted_spend",
    "days_of",
    "mean_spend_of",
]
