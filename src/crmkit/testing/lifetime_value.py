"""Hypothesis strategies for lifetime value: counted facts, models and policies of value.

>>> from hypothesis import given, settings
>>> @settings(max_examples=20, deadline=None)
... @given(repeat_purchase_models(), repeat_purchase_facts(unit=None, max_age=200, max_repeats=50))
... def nobody_is_more_than_certainly_there(model, facts):
...     assert 0 <= model.probability_alive(facts) <= 1
>>> nobody_is_more_than_certainly_there()
"""

from typing import Any

from crmkit.errors import MissingExtra
from crmkit.lifetime_value import (
    BgNbd,
    CountedFacts,
    CountedRenewals,
    CountedSpend,
    ExpectedValue,
    GammaGamma,
    HoldoutSplit,
    MarkovTable,
    MbgNbd,
    ParetoNbd,
    RenewalValue,
    RepeatPurchaseModel,
    RepeatPurchaseSummary,
    RetentionValue,
    ShiftedBetaGeometric,
)
from crmkit.testing.drawing import values
from crmkit.testing.shared import repeat_purchase_facts

try:
    from hypothesis import strategies as st
except ImportError:
    raise MissingExtra("hypothesis", "testing") from None

__all__ = [
    "counted_facts",
    "counted_renewals",
    "counted_spend",
    "expected_values",
    "holdout_splits",
    "markov_tables",
    "renewal_models",
    "renewal_values",
    "repeat_purchase_facts",
    "repeat_purchase_models",
    "repeat_purchase_summaries",
    "retention_values",
    "spend_models",
]

Strategy = st.SearchStrategy


def counted_facts() -> Strategy[CountedFacts]:
    """How many customers have which history of repeat purchases."""
    return values(CountedFacts)


def counted_spend(currency: str | None = None) -> Strategy[CountedSpend]:
    """How many customers spend how much on average, how often."""
    return values(CountedSpend, currency)


def counted_renewals() -> Strategy[CountedRenewals]:
    """How many customers renewed how often, and who of them is still there."""
    return values(CountedRenewals)


def repeat_purchase_summaries(currency: str | None = None) -> Strategy[RepeatPurchaseSummary]:
    """The summaries of whole purchase histories."""
    return values(RepeatPurchaseSummary, currency)


def holdout_splits(currency: str | None = None) -> Strategy[HoldoutSplit]:
    """Histories that are cut in two: one part to fit to, one to hold the model against."""
    return values(HoldoutSplit, currency)


def repeat_purchase_models() -> Strategy[RepeatPurchaseModel]:
    """Models of when customers buy and leave, with parameters put in by hand."""
    return st.one_of(values(BgNbd), values(MbgNbd), values(ParetoNbd))


def spend_models(currency: str | None = None) -> Strategy[GammaGamma]:
    """Models of how much customers spend."""
    return values(GammaGamma, currency)


def renewal_models() -> Strategy[ShiftedBetaGeometric]:
    """Models of how customers with a contract renew."""
    return values(ShiftedBetaGeometric)


def expected_values(currency: str | None = None) -> Strategy[ExpectedValue[Any, Any]]:
    """What customers are expected to be worth, within a horizon."""
    return values(ExpectedValue, currency)


def renewal_values(currency: str | None = None) -> Strategy[RenewalValue[Any]]:
    """What contracts are expected to be worth."""
    return values(RenewalValue, currency)


def retention_values(currency: str | None = None) -> Strategy[RetentionValue]:
    """What a customer with a margin and a rate of retention is worth."""
    return values(RetentionValue, currency)


def markov_tables(currency: str | None = None) -> Strategy[MarkovTable]:
    """States of a customer, and the chances of moving between them, which add up to one."""
    return values(MarkovTable, currency)
