"""How policies of value and fitted models are kept, and found again."""

from datetime import date, timedelta
from typing import Generic, TypeVar

from attrs import frozen

from crmkit.identifiers import check_identifier
from crmkit.lifetime_value.models.beta_discrete_weibull import BetaDiscreteWeibull
from crmkit.lifetime_value.models.bg_bb import BgBb
from crmkit.lifetime_value.models.bg_nbd import BgNbd
from crmkit.lifetime_value.models.gamma_gamma import GammaGamma
from crmkit.lifetime_value.models.mbg_nbd import MbgNbd
from crmkit.lifetime_value.models.pareto_nbd import ParetoNbd
from crmkit.lifetime_value.models.shifted_beta_geometric import ShiftedBetaGeometric
from crmkit.lifetime_value.policies.abandonment import AbandonmentOption
from crmkit.lifetime_value.policies.contribution import ContributionReport, PowerAndContribution
from crmkit.lifetime_value.policies.drivers import EquityDrivers
from crmkit.lifetime_value.policies.equity import CustomerEquity
from crmkit.lifetime_value.policies.expected import ExpectedValue
from crmkit.lifetime_value.policies.history import HistoricValue, LifetimeProfit
from crmkit.lifetime_value.policies.markov import MarkovTable
from crmkit.lifetime_value.policies.markov_value import MarkovValue
from crmkit.lifetime_value.policies.parts import CrossSellValue, SumOfParts, ValueParts
from crmkit.lifetime_value.policies.payback import ExpectedPayback
from crmkit.lifetime_value.policies.present_potential import (
    CompanyValue,
    PresentAndPotentialValue,
)
from crmkit.lifetime_value.policies.renewals import RenewalValue
from crmkit.lifetime_value.policies.retention import PaybackTime, RetentionValue
from crmkit.lifetime_value.policies.risk import ExpectedLoss, RiskAdjustedValue
from crmkit.lifetime_value.policies.stopping import StopContacting
from crmkit.lifetime_value.policies.what_if import RetentionWhatIf, WhatIfResult
from crmkit.period import check_date
from crmkit.serialization import make_converter
from crmkit.storage import Collection, Index, Repository
from crmkit.storage.subjects import SubjectData

__all__ = ["FITTED_MODELS", "STORED_TYPES", "SUBJECT_DATA", "FittedModel", "model_on"]

ModelT = TypeVar("ModelT")


@frozen(kw_only=True)
class FittedModel(Generic[ModelT]):
    """A model as it was fitted to the purchases up to a day, under the name the shop gave it.

    A model that is fitted anew is a new one from a later day, so that a value of the past can be
    had again with the parameters of its day.

    :raises InvalidValue: if the name could not serve as a key, or the day is not a plain date.
    """

    name: str
    fitted_on: date
    model: ModelT

    def __attrs_post_init__(self) -> None:
        check_identifier(self.name, "the name of a model")
        check_date(self.fitted_on, "fitted_on")

    @property
    def key(self) -> str:
        """The key of this fit: one a day."""
        return f"{self.name} {self.fitted_on.isoformat()}"


STORED_TYPES = (
    AbandonmentOption,
    BetaDiscreteWeibull,
    BgBb,
    BgNbd,
    CompanyValue,
    ContributionReport,
    CrossSellValue,
    CustomerEquity,
    EquityDrivers,
    ExpectedLoss,
    ExpectedPayback,
    ExpectedValue,
    GammaGamma,
    HistoricValue,
    LifetimeProfit,
    MarkovTable,
    MarkovValue,
    MbgNbd,
    ParetoNbd,
    PaybackTime,
    PowerAndContribution,
    PresentAndPotentialValue,
    RenewalValue,
    RetentionValue,
    RetentionWhatIf,
    RiskAdjustedValue,
    ShiftedBetaGeometric,
    StopContacting,
    SumOfParts,
    ValueParts,
    WhatIfResult,
)
"""Every type of lifetime value that can be kept: ``make_converter(*STORED_TYPES)``."""


FITTED_MODELS: Collection[FittedModel[object]] = Collection(
    "fitted-models",
    FittedModel,
    key=lambda fitted: fitted.key,
    indexes=(Index("by-name", lambda fitted: (fitted.name, fitted.fitted_on)),),
    converter=make_converter(FittedModel, *STORED_TYPES),
)
"""Every fit of every model; ``by-name`` finds those of one model by the day of the fit."""

SUBJECT_DATA = (SubjectData(FITTED_MODELS),)
"""What is kept of a customer: nothing but the number, where a result names whom it is about."""


def model_on(
    models: Repository[FittedModel[object]], name: str, day: date
) -> FittedModel[object] | None:
    """The fit of a model that was the newest on a day, None before the first.

    :raises InvalidValue: if the day is not a plain date.
    """
    check_date(day, "the day")
    end = day + timedelta(days=1) if day < date.max else None
    page = models.query("by-name", prefix=(name,), end=end, descending=True, limit=1)
    return page.items[0].record if page.items else None
