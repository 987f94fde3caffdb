"""Value policies and fitted models are data: nothing is forgotten, and all of it reads back."""

from __future__ import annotations

import pkgutil
from datetime import date
from fractions import Fraction
from importlib import import_module
from types import MappingProxyType
from typing import Any

import attrs
import pytest
from attrs import evolve

import crmkit.lifetime_value.policies
from crmkit.errors import InvalidValue
from crmkit.identifiers import CustomerId
from crmkit.lifetime_value.facts import RepeatPurchaseFacts
from crmkit.lifetime_value.kept import FITTED_MODELS, STORED_TYPES, FittedModel, model_on
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
from crmkit.lifetime_value.policies.equity import CustomerEquity, SegmentedValue
from crmkit.lifetime_value.policies.expected import ExpectedValue
from crmkit.lifetime_value.policies.history import HistoricValue, LifetimeProfit
from crmkit.lifetime_value.policies.horizon import Horizon, PaidWithin
from crmkit.lifetime_value.policies.markov_value import MarkovValue
from crmkit.lifetime_value.policies.parts import CrossSellValue, SumOfParts, ValueParts
from crmkit.lifetime_value.policies.payback import ExpectedPayback
from crmkit.lifetime_value.policies.present_potential import (
    CompanyValue,
    PresentAndPotentialValue,
)
from crmkit.lifetime_value.policies.renewals import RenewalValue
from crmkit.lifetime_value.policies.retention import FirstMargin, PaybackTime, RetentionValue
from crmkit.lifetime_value.policies.risk import ExpectedLoss, RiskAdjustedValue
from crmkit.lifetime_value.policies.stopping import StopContacting
from crmkit.lifetime_value.policies.what_if import RetentionWhatIf, WhatIfResult
from crmkit.money import Rounding
from crmkit.period import Period, Rate, Unit
from crmkit.segmentation import STORED_TYPES as SEGMENTATION_TYPES
from crmkit.serialization import kind_of, make_converter
from crmkit.storage.memory import MemoryStore
from tests.lifetime_value.value_laws import CONVERTER, DAY, euros, written_and_read
from tests.segmentation.documents import in_toml

ANNA = CustomerId("anna")


MODELS: list[Any] = [
    BgNbd(r=0.2, alpha=4.4, a=0.8, b=2.4, unit=Unit.WEEK),
    MbgNbd(r=0.5, alpha=6.2, a=0.9, b=1.6),
    ParetoNbd(r=0.6, alpha=10.6, s=0.6, beta=11.7, unit=Unit.DAY),
    BgBb(alpha=1.2, beta=0.75, gamma=0.66, delta=2.78, unit=Unit.YEAR),
    GammaGamma(p=6.25, q=3.74, v=15.44, currency="USD"),
    ShiftedBetaGeometric(alpha=0.7, beta=3.8, unit=Unit.YEAR),
    BetaDiscreteWeibull(alpha=0.7, beta=3.0, c=1.4),
]


SBG, WEEKLY, RATE = MODELS[5], MODELS[0], Rate.annual("0.1")
LOSS = ExpectedLoss(loss_given_default="0.45", rounding=Rounding.DOWN)
CONTRACT = RenewalValue(renewals=SBG, margin=euros(60), discount=RATE, periods=3)
RETAINED = RetentionValue(
    margin=euros(100),
    retention="0.8",
    discount=RATE,
    unit=Unit.MONTH,
    first_margin=FirstMargin.AT_ONCE,
    periods=7,
)
CATALOGUE = MarkovValue(
    margin=euros(40), contact_cost=euros(4), discount=RATE, purchase_probabilities=("0.3", "0.1")
)
WORTH = PresentAndPotentialValue(customer=ANNA, as_of=DAY, present=euros(1), potential=euros(2))
SEGMENTED = SegmentedValue(customer=ANNA, as_of=DAY, value=euros(9), segment="gold")
SAMPLES: list[Any] = [
    *MODELS,
    AbandonmentOption(
        rise="1.5",
        fall="0.5",
        rise_probability=Fraction(1, 3),
        service_cost=euros(80),
        discount=RATE,
        periods=2,
    ),
    CompanyValue.of([WORTH]),
    ContributionReport.of({ANNA: euros(3)}, Period.month(2026, 6)),
    CrossSellValue(discount=RATE),
    CustomerEquity.of([SEGMENTED]),
    EquityDrivers(value="0.5", brand="0.2", relationship="0.3"),
    LOSS,
    ExpectedPayback(acquisition_cost=euros(20), value=CONTRACT),
    ExpectedValue(purchases=WEEKLY, spend=MODELS[4], margin="0.25", discount=RATE),
    ExpectedValue(
        purchases=MODELS[2],
        spend=euros(12),
        margin="0.25",
        discount=RATE,
        horizon=Horizon(1, Unit.YEAR, step=Unit.MONTH, paid=PaidWithin.END),
    ),
    HistoricValue(margin="0.25", compounding=RATE),
    HistoricValue(),
    LifetimeProfit(discount=RATE, margin="0.5"),
    CATALOGUE.table,
    CATALOGUE,
    PaybackTime(acquisition_cost=euros(20), value=RETAINED, within=24),
    PowerAndContribution(buying_power_from=euros(2000), rank_up_to=3),
    WORTH,
    CONTRACT,
    RETAINED,
    RetentionWhatIf.illustrative(acquisition_to_retention=8),
    RiskAdjustedValue(LOSS),
    StopContacting(CATALOGUE.table),
    SumOfParts(leaving_out=["growth-value"]),
    ValueParts.of(customer=ANNA, as_of=DAY, transactions=euros(5), growth=euros(1)),
    WhatIfResult(
        cost_change=euros(-5),
        profit_after=euros(9),
        customers_kept=Fraction(20),
        cost_of_keeping=euros(5),
        cost_of_winning=euros(40),
    ),
]


def is_policy(cls: object) -> bool:
    """Whether a class is one of frozen values that can be called with facts."""
    if not (isinstance(cls, type) and attrs.has(cls)):
        return False
    return any("__call__" in vars(base) for base in cls.__mro__)


class TestStoredTypes:
    """Any policy and any model of the room can be kept."""

    def test_every_policy_of_the_room_is_kept(self):
        places = crmkit.lifetime_value.policies
        modules = [
            import_module(f"{places.__name__}.{module.name}")
            for module in pkgutil.iter_modules(places.__path__)
        ]
        made = {cls for module in modules for cls in vars(module).values() if is_policy(cls)}
        assert made
        assert {cls.__name__ for cls in made} <= {cls.__name__ for cls in STORED_TYPES}

    def test_each_has_a_kind_of_its_own_beside_those_of_segmentation(self):
        kinds = [kind_of(cls) for cls in (*STORED_TYPES, *SEGMENTATION_TYPES)]
        assert sorted(set(kinds)) == sorted(kinds)
        make_converter(*STORED_TYPES, *SEGMENTATION_TYPES)

    def test_every_type_that_is_kept_has_a_sample(self):
        assert {type(sample) for sample in SAMPLES} == set(STORED_TYPES)

    @pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: type(sample).__name__)
    def test_json_reads_back(self, sample):
        again = written_and_read(sample)
        assert again == sample
        assert CONVERTER.dumps(again) == CONVERTER.dumps(sample)

    @pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: type(sample).__name__)
    def test_toml_reads_back_with_what_is_none_left_out(self, sample):
        assert CONVERTER.loads_toml(in_toml(CONVERTER.dumps(sample))) == sample

    def test_a_policy_of_older_terms_is_told_apart(self):
        digests = {CONVERTER.digest(sample) for sample in SAMPLES}
        assert len(digests) == len(SAMPLES)

    def test_a_fit_reads_back_with_its_report(self):
        model = fitted()
        again = written_and_read(model)
        assert again.fitted == model.fitted
        assert isinstance(again.fitted.parameters, MappingProxyType)

    def test_the_standard_errors_are_the_same_after(self):
        model: Any = fitted()
        again = written_and_read(model)
        assert again.fitted.standard_errors() == model.fitted.standard_errors()


def fitted() -> BgNbd:
    """A fit to a few dozen customers."""
    facts = [
        RepeatPurchaseFacts(x, x and 10 + x, 30 + age, unit=Unit.WEEK)
        for x in (0, 1, 2, 5)
        for age in range(9)
    ]
    return BgNbd.fit(facts)


class TestFittedModels:
    """A model is fitted, kept, and had again as of its day."""

    def test_the_newest_fit_on_a_day_is_found(self):
        old: FittedModel[object] = FittedModel(
            name="shop", fitted_on=date(2026, 1, 1), model=BgNbd(r=1.0, alpha=2.0, a=1.0, b=2.0)
        )
        new = evolve(old, fitted_on=DAY, model=BgNbd(r=2.0, alpha=2.0, a=1.0, b=2.0))
        with MemoryStore().unit_of_work() as unit:
            models = unit.repository(FITTED_MODELS)
            models.add(old)
            models.add(new)
            assert model_on(models, "shop", date(2025, 12, 31)) is None
            assert model_on(models, "shop", date(2026, 6, 29)) == old
            assert model_on(models, "shop", DAY) == new
            assert model_on(models, "shop", date.max) == new
            assert model_on(models, "other shop", DAY) is None

    def test_a_fit_has_a_name_and_a_day(self):
        with pytest.raises(InvalidValue, match="the name of a model"):
            FittedModel(name="", fitted_on=DAY, model=MODELS[0])
        with pytest.raises(InvalidValue, match="fitted_on"):
            FittedModel(name="shop", fitted_on="2026-06-30", model=MODELS[0])  # type: ignore[arg-type]
