"""Lifetime value: what a customer is worth, how sure that is, and whether they are still there.

Purchases are summed up into facts, a model is fitted to the facts of all, and a policy turns the
model's expectation into money, with its evidence.

>>> from datetime import date
>>> from crmkit.identifiers import CustomerId
>>> from crmkit.money import Money
>>> from crmkit.period import Rate, Unit
>>> from crmkit.records import Purchase
>>> bought = [
...     Purchase(CustomerId("anna"), date(2026, 1, 5), Money("40.00", "EUR")),
...     Purchase(CustomerId("anna"), date(2026, 2, 16), Money("60.00", "EUR")),
...     Purchase(CustomerId("bert"), date(2026, 1, 5), Money("15.00", "EUR")),
... ]
>>> summary = summarize_repeat_purchases(bought, as_of=date(2026, 3, 30), unit=Unit.WEEK)
>>> anna = summary[CustomerId("anna")]
>>> anna.repeat_purchases, anna.age_at_last_purchase, anna.customer_age
(1, 6.0, 12.0)
>>> model = BgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426, unit=Unit.WEEK)
>>> round(model.probability_alive(anna), 3)
0.635
>>> value = ExpectedValue(
...     purchases=model,
...     spend=Money("50.00", "EUR"),
...     margin="0.30",
...     discount=Rate.annual("0.12"),
...     horizon=Horizon(1, Unit.YEAR),
... )
>>> str(value(anna).outcome)
'23.64 EUR'
"""

from crmkit.lifetime_value.comparison import (
    Calibration,
    CalibrationGroup,
    Criterion,
    FrequencyFit,
    FrequencyRow,
    HoldoutFit,
    HoldoutRow,
    ModelComparison,
    ModelStanding,
    RenewalHoldout,
    RenewalHoldoutRow,
    RenewalSplit,
    Tracking,
    TrackingRow,
    compare_models,
    frequency_fit,
    holdout_fit,
    purchase_calibration,
    renewal_holdout,
    split_renewals,
    tracking,
)
from crmkit.lifetime_value.facts import (
    Countable,
    CountableSpend,
    CountedFacts,
    CountedSpend,
    RepeatPurchaseColumns,
    RepeatPurchaseFacts,
    mean_spend_of,
)
from crmkit.lifetime_value.kept import (
    FITTED_MODELS,
    STORED_TYPES,
    SUBJECT_DATA,
    FittedModel,
    model_on,
)
from crmkit.lifetime_value.models.base import FactsOfMany, RepeatPurchaseModel
from crmkit.lifetime_value.models.beta_discrete_weibull import BetaDiscreteWeibull
from crmkit.lifetime_value.models.bg_bb import BgBb
from crmkit.lifetime_value.models.bg_nbd import BgNbd
from crmkit.lifetime_value.models.fitting import Ending, FitReport, FitWarning, Interval, reach_of
from crmkit.lifetime_value.models.gamma_gamma import INDEPENDENCE_BOUND, GammaGamma, Independence
from crmkit.lifetime_value.models.mbg_nbd import MbgNbd
from crmkit.lifetime_value.models.pareto_nbd import ParetoNbd
from crmkit.lifetime_value.models.renewal import CountableRenewals, CountedRenewals, RenewalFacts
from crmkit.lifetime_value.models.renewal_model import RenewalModel
from crmkit.lifetime_value.models.shifted_beta_geometric import ShiftedBetaGeometric
from crmkit.lifetime_value.policies.abandonment import AbandonmentOption, ServedFacts
from crmkit.lifetime_value.policies.cash_flows import (
    CashFlowFacts,
    DatedCashFlow,
    discounted_payback,
    exact_present_value,
    net_present_value,
    summarize_cash_flows,
)
from crmkit.lifetime_value.policies.contribution import (
    Contribution,
    ContributionFacts,
    ContributionReport,
    PowerAndContribution,
)
from crmkit.lifetime_value.policies.drivers import EquityChange, EquityDriver, EquityDrivers
from crmkit.lifetime_value.policies.equity import CustomerEquity, SegmentedValue, SegmentEquity
from crmkit.lifetime_value.policies.expected import ExpectedValue, PurchaseModel, SpendModel
from crmkit.lifetime_value.policies.history import HistoricValue, LifetimeProfit
from crmkit.lifetime_value.policies.horizon import Horizon, PaidWithin
from crmkit.lifetime_value.policies.markov import MarkovState, MarkovTable, StateFacts
from crmkit.lifetime_value.policies.markov_value import MarkovValue, RecencyFacts
from crmkit.lifetime_value.policies.parts import (
    GROWTH,
    TRANSACTIONS,
    CrossSellChance,
    CrossSellFacts,
    CrossSellValue,
    SumOfParts,
    ValueParts,
)
from crmkit.lifetime_value.policies.payback import ExpectedPayback, SteppedValue
from crmkit.lifetime_value.policies.present_potential import CompanyValue, PresentAndPotentialValue
from crmkit.lifetime_value.policies.renewals import RenewalForecast, RenewalValue
from crmkit.lifetime_value.policies.retention import (
    FirstMargin,
    PaybackTime,
    RetentionFacts,
    RetentionValue,
)
from crmkit.lifetime_value.policies.risk import (
    ExpectedLoss,
    RiskAdjustedValue,
    RiskFacts,
    RiskMethod,
    ValueAtRisk,
)
from crmkit.lifetime_value.policies.stopping import ContactVerdict, StopContacting
from crmkit.lifetime_value.policies.what_if import (
    ILLUSTRATIVE_COST_RATIOS,
    ILLUSTRATIVE_RULES,
    IllustrativeRule,
    RetentionScenario,
    RetentionWhatIf,
    SourceClass,
    WhatIfResult,
)
from crmkit.lifetime_value.simulation import (
    ContractModel,
    RandomSource,
    SimulatedContract,
    SimulatedCustomer,
    SimulatedShop,
    Spend,
    simulate_contracts,
    simulate_customers,
    simulate_purchases,
    simulate_spend,
)
from crmkit.lifetime_value.summary import (
    HoldoutFacts,
    HoldoutSplit,
    RepeatPurchaseSummary,
    SummaryColumns,
    split_holdout,
    summarize_repeat_purchases,
)
from crmkit.lifetime_value.tally import RefundRule, RepeatPurchaseRules

__all__ = [
    "FITTED_MODELS",
    "GROWTH",
    "ILLUSTRATIVE_COST_RATIOS",
    "ILLUSTRATIVE_RULES",
    "INDEPENDENCE_BOUND",
    "STORED_TYPES",
    "SUBJECT_DATA",
    "TRANSACTIONS",
    "AbandonmentOption",
    "BetaDiscreteWeibull",
    "BgBb",
    "BgNbd",
    "Calibration",
    "CalibrationGroup",
    "CashFlowFacts",
    "CompanyValue",
    "ContactVerdict",
    "ContractModel",
    "Contribution",
    "ContributionFacts",
    "ContributionReport",
    "Countable",
    "CountableRenewals",
    "CountableSpend",
    "CountedFacts",
    "CountedRenewals",
    "CountedSpend",
    "Criterion",
    "CrossSellChance",
    "CrossSellFacts",
    "CrossSellValue",
    "CustomerEquity",
    "DatedCashFlow",
    "Ending",
    "EquityChange",
    "EquityDriver",
    "EquityDrivers",
    "ExpectedLoss",
    "ExpectedPayback",
    "ExpectedValue",
    "FactsOfMany",
    "FirstMargin",
    "FitReport",
    "FitWarning",
    "FittedModel",
    "FrequencyFit",
    "FrequencyRow",
    "GammaGamma",
    "HistoricValue",
    "HoldoutFacts",
    "HoldoutFit",
    "HoldoutRow",
    "HoldoutSplit",
    "Horizon",
    "IllustrativeRule",
    "Independence",
    "Interval",
    "LifetimeProfit",
    "MarkovState",
    "MarkovTable",
    "MarkovValue",
    "MbgNbd",
    "ModelComparison",
    "ModelStanding",
    "PaidWithin",
    "ParetoNbd",
    "PaybackTime",
    "PowerAndContribution",
    "PresentAndPotentialValue",
    "PurchaseModel",
    "RandomSource",
    "RecencyFacts",
    "RefundRule",
    "RenewalFacts",
    "RenewalForecast",
    "RenewalHoldout",
    "RenewalHoldoutRow",
    "RenewalModel",
    "RenewalSplit",
    "RenewalValue",
    "RepeatPurchaseColumns",
    "RepeatPurchaseFacts",
    "RepeatPurchaseModel",
    "RepeatPurchaseRules",
    "RepeatPurchaseSummary",
    "RetentionFacts",
    "RetentionScenario",
    "RetentionValue",
    "RetentionWhatIf",
    "RiskAdjustedValue",
    "RiskFacts",
    "RiskMethod",
    "SegmentEquity",
    "SegmentedValue",
    "ServedFacts",
    "ShiftedBetaGeometric",
    "SimulatedContract",
    "SimulatedCustomer",
    "SimulatedShop",
    "SourceClass",
    "Spend",
    "SpendModel",
    "StateFacts",
    "SteppedValue",
    "StopContacting",
    "SumOfParts",
    "SummaryColumns",
    "Tracking",
    "TrackingRow",
    "ValueAtRisk",
    "ValueParts",
    "WhatIfResult",
    "compare_models",
    "discounted_payback",
    "exact_present_value",
    "frequency_fit",
    "holdout_fit",
    "mean_spend_of",
    "model_on",
    "net_present_value",
    "purchase_calibration",
    "reach_of",
    "renewal_holdout",
    "simulate_contracts",
    "simulate_customers",
    "simulate_purchases",
    "simulate_spend",
    "split_holdout",
    "split_renewals",
    "summarize_cash_flows",
    "summarize_repeat_purchases",
    "tracking",
]
