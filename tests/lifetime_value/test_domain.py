"""Every question to every model, over the whole documented domain: finite, and within its bounds.

The normal run asks some hundred cases a model. For the 20,000 cases a model that are promised
(about half an hour)::

    CRMKIT_DOMAIN_CASES=20000 python -m pytest tests/lifetime_value/test_domain.py -p no:randomly
"""

from __future__ import annotations

import math
from typing import Any

import pytest

from crmkit.errors import InvalidValue
from crmkit.lifetime_value.facts import RepeatPurchaseFacts
from crmkit.lifetime_value.models.bg_bb import BgBb
from crmkit.lifetime_value.models.bg_nbd import BgNbd
from crmkit.lifetime_value.models.gamma_gamma import GammaGamma
from crmkit.lifetime_value.models.mbg_nbd import MbgNbd
from crmkit.lifetime_value.models.pareto_nbd import ParetoNbd
from crmkit.lifetime_value.models.renewal import RenewalFacts
from crmkit.lifetime_value.models.shifted_beta_geometric import ShiftedBetaGeometric
from crmkit.period import Unit
from tests.lifetime_value.domain import Case, cases, cases_from_environment

CASES = cases_from_environment("CRMKIT_DOMAIN_CASES", 300)
# A probability may be one and a rounding more where two are added up.
ONE = 1.0 + 1e-12


def built(kind: Any, case: Case) -> Any:
    return kind(**dict(zip(kind.PARAMETERS, case.parameters, strict=True)), unit=Unit.WEEK)


def check_repeat_purchases(model: Any, case: Case) -> None:
    facts, t = case.facts, case.horizon
    assert -math.inf < model.log_likelihood([facts]) < math.inf
    alive = model.probability_alive(facts)
    assert 0.0 <= alive <= 1.0
    new, expected = model.expected_purchases_new(t), model.expected_purchases(facts, t)
    for purchases in (new, expected):
        assert 0.0 <= purchases < math.inf
    if t == 0.0:
        assert new == expected == 0.0
    assert 0.0 <= model.pmf(case.n, t) <= ONE
    nothing = model.pmf(0, t)
    assert 0.0 <= nothing <= ONE
    # Whoever buys, buys once at least.
    assert 1.0 - nothing <= new * ONE + 1e-12
    assert 0.0 <= model.conditional_pmf(facts, case.n, t) <= ONE
    residual = model.residual_transactions(facts, case.rate)
    assert 0.0 <= residual < math.inf
    # What is discounted for ever is at least what is expected soon, discounted by all of that time.
    assert expected * math.exp(-float(case.force) * t) <= residual * (1.0 + 1e-9) + 1e-300


class TestRepeatPurchases:
    """Parameters between 1e-6 and 1e6, up to 100,000 repeats, ages and horizons up to 1e6."""

    @pytest.mark.parametrize("kind", [BgNbd, MbgNbd, ParetoNbd])
    def test_every_answer_is_finite_and_within_its_bounds(self, kind):
        for case in cases(1, CASES, parameters=4):
            try:
                check_repeat_purchases(built(kind, case), case)
            except (ArithmeticError, ValueError, AssertionError) as error:
                raise AssertionError(f"{kind.__name__} fails {case}") from error

    def test_of_opportunities_too(self):
        for case in cases(2, CASES, parameters=4, whole=True):
            try:
                check_repeat_purchases(built(BgBb, case), case)
            except (ArithmeticError, ValueError, AssertionError) as error:
                raise AssertionError(f"BgBb fails {case}") from error


class TestSpend:
    """The expected spend is a number, or the error says that there is no mean."""

    def test_every_answer_is_finite_or_refused_with_the_reason(self):
        for case in cases(3, CASES, parameters=3):
            p, q, v = case.parameters
            model = GammaGamma(p=p, q=q, v=v)
            mean = case.horizon + 0.01
            facts = (
                RepeatPurchaseFacts(case.x, case.t_x, case.age, mean, unit=Unit.WEEK)
                if case.x
                else case.facts
            )
            if case.x:
                assert -math.inf < model.log_likelihood([facts]) < math.inf, case
                assert 0.0 <= model.density(mean, case.x) < math.inf, case
            if p * case.x + q > 1.0 + 1e-12:
                assert 0.0 < model.expected_mean_spend(facts) < math.inf, case
            elif p * case.x + q < 1.0 - 1e-12:
                with pytest.raises(InvalidValue, match="does not exist"):
                    model.expected_mean_spend(facts)


class TestRenewals:
    """Contracts of up to a million periods."""

    def test_every_answer_is_finite_or_refused_with_the_reason(self):
        for case in cases(4, CASES, parameters=2, whole=True):
            model = built(ShiftedBetaGeometric, case)
            facts = RenewalFacts(int(case.age), active=True, unit=Unit.WEEK)
            t = int(case.horizon)
            assert -math.inf < model.log_likelihood([facts]) <= 0.0, case
            left = RenewalFacts(int(case.t_x), active=False, unit=Unit.WEEK)
            assert -math.inf < model.log_likelihood([left]) <= 0.0, case
            probabilities = [
                model.survival(t),
                model.retention(t + 1),
                model.pmf(t + 1),
                model.conditional_survival(facts, t),
            ]
            assert all(0.0 <= probability <= 1.0 for probability in probabilities), case
            assert 0.0 <= model.expected_renewals(facts, t) <= t * ONE, case
            assert 0.0 <= model.discounted_residual_lifetime(facts, case.rate) < math.inf, case
            assert 1.0 <= model.discounted_expected_lifetime(case.rate) < math.inf, case
            if model.alpha > 1.0:
                assert 0.0 < model.expected_residual_lifetime(facts) < math.inf, case
            else:
                with pytest.raises(InvalidValue, match="infinite"):
                    model.expected_residual_lifetime(facts)
