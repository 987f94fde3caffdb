"""Answers of the models against forty digits and more: a relative error of 1e-9 at most.

The normal run takes a few cases a model, each with one of the questions in turn, because
mpmath takes a third of a second for an integral. For all questions to 300 cases a model (about
half an hour)::

    CRMKIT_ACCURACY_CASES=300 python -m pytest tests/lifetime_value/test_accuracy.py -p no:randomly
"""

from __future__ import annotations

from itertools import cycle, islice
from typing import Any

import mpmath
import pytest

from crmkit.lifetime_value.facts import RepeatPurchaseFacts
from crmkit.lifetime_value.models.bg_bb import BgBb
from crmkit.lifetime_value.models.bg_nbd import BgNbd
from crmkit.lifetime_value.models.gamma_gamma import GammaGamma
from crmkit.lifetime_value.models.mbg_nbd import MbgNbd
from crmkit.lifetime_value.models.pareto_nbd import ParetoNbd
from crmkit.lifetime_value.models.renewal import RenewalFacts
from crmkit.lifetime_value.models.shifted_beta_geometric import ShiftedBetaGeometric
from crmkit.period import Unit
from tests.lifetime_value import oracle
from tests.lifetime_value.domain import Case, cases, cases_from_environment

CASES = cases_from_environment("CRMKIT_ACCURACY_CASES", 0)
FEW = 6
# The normal run asks each case one question, the next case the next one.
QUESTIONS_A_CASE = 10 if CASES else 1


@pytest.fixture(autouse=True)
def many_digits():
    with mpmath.workdps(oracle.DIGITS):
        yield


def assert_accurate(found: float, true: mpmath.mpf, about: object) -> None:
    """A relative error of 1e-9 where the value is above 1e-12, and as small an error below."""
    allowed = 1e-9 * max(abs(true), mpmath.mpf(10) ** -12)
    assert abs(found - true) <= allowed, f"{found!r} is {mpmath.nstr(true, 17)}: {about}"


def built(kind: Any, case: Case) -> Any:
    return kind(**dict(zip(kind.PARAMETERS, case.parameters, strict=True)), unit=Unit.WEEK)


def force_of(case: Case) -> mpmath.mpf:
    return mpmath.mpf(str(case.rate.force_per(Unit.WEEK)))


def ask_about_purchases(question: str, model: Any, true: Any, case: Case) -> None:
    facts, t, few = case.facts, case.horizon, case.n % 500
    row = case.x, case.t_x, case.age
    found, exact = {
        "log-likelihood": lambda: (model.log_likelihood([facts]), true.log_likelihood(*row)),
        "alive": lambda: (model.probability_alive(facts), true.alive(*row)),
        "new": lambda: (model.expected_purchases_new(t), true.expected_new(t)),
        "expected": lambda: (model.expected_purchases(facts, t), true.expected(*row, t)),
        "pmf": lambda: (model.pmf(few, t), true.pmf(few, t)),
        "residual": lambda: (
            model.residual_transactions(facts, case.rate),
            true.residual(*row, force_of(case)),
        ),
    }[question]()
    assert_accurate(found, exact, (question, case))


QUESTIONS = ("new", "expected", "pmf", "residual", "log-likelihood", "alive")


class TestRepeatPurchases:
    """Over all of the documented domain, its edges and its removable singularities."""

    @pytest.mark.parametrize(
        ("kind", "exact"),
        [
            (BgNbd, oracle.BgNbd),
            (MbgNbd, oracle.MbgNbd),
            (ParetoNbd, oracle.ParetoNbd),
        ],
    )
    def test_every_answer(self, kind, exact):
        turn = cycle(QUESTIONS)
        for case in cases(5, CASES or FEW, parameters=4):
            true = exact(*case.parameters)
            for question in islice(turn, min(QUESTIONS_A_CASE, len(QUESTIONS))):
                ask_about_purchases(question, built(kind, case), true, case)

    def test_every_answer_about_opportunities(self):
        turn = cycle(QUESTIONS)
        for case in cases(6, CASES or 6 * FEW, parameters=4, whole=True):
            # The oracle adds up term by term.
            if case.age - case.t_x > 2_000 or case.horizon > 2_000:
                continue
            true = oracle.BgBb(*case.parameters)
            whole = Case(
                case.parameters,
                case.x,
                int(case.t_x),
                int(case.age),
                int(case.horizon),
                case.n,
                max(case.force, abs(case.force) + 1),
            )
            for question in islice(turn, min(QUESTIONS_A_CASE, len(QUESTIONS))):
                ask_about_purchases(question, built(BgBb, case), true, whole)


class TestSingularities:
    """Where the closed forms divide by zero, and next to it, where they cancel."""

    ANNA = RepeatPurchaseFacts(2, 30.43, 38.86)

    @pytest.mark.parametrize("a", [1.0, 1.0 + 1e-9, 1.0 - 1e-14])
    def test_bg_nbd_where_a_is_one(self, a):
        model, true = (
            BgNbd(r=0.243, alpha=4.414, a=a, b=2.426),
            oracle.BgNbd(0.243, 4.414, a, 2.426),
        )
        assert_accurate(model.expected_purchases_new(39.0), true.expected_new_closed(39.0), a)
        found = model.expected_purchases(self.ANNA, 39.0)
        assert_accurate(found, true.expected_closed(2, 30.43, 38.86, 39.0), a)

    @pytest.mark.parametrize("b", [0.25, 0.25 + 1e-12])
    def test_bg_nbd_where_a_and_b_add_up_to_one(self, b):
        model, true = BgNbd(r=3.0, alpha=4.0, a=0.75, b=b), oracle.BgNbd(3.0, 4.0, 0.75, b)
        assert_accurate(model.expected_purchases_new(39.0), true.expected_new_closed(39.0), b)

    @pytest.mark.parametrize("s", [1.0, 1.0 + 1e-9, 1.0 - 1e-14])
    def test_pareto_nbd_where_s_is_one(self, s):
        model = ParetoNbd(r=0.553, alpha=10.578, s=s, beta=11.669)
        true = oracle.ParetoNbd(0.553, 10.578, s, 11.669)
        assert_accurate(model.expected_purchases_new(39.0), true.expected_new(39.0), s)
        row = 2, 30.43, 38.86
        assert_accurate(model.probability_alive(self.ANNA), true.alive_closed(*row), s)
        assert_accurate(model.log_likelihood([self.ANNA]), true.log_likelihood_closed(*row), s)

    @pytest.mark.parametrize("beta", [10.578, 10.578 * (1 + 1e-12), 1e-3, 1e4])
    def test_pareto_nbd_where_alpha_and_beta_are_equal_or_far_apart(self, beta):
        model = ParetoNbd(r=0.553, alpha=10.578, s=0.606, beta=beta)
        true = oracle.ParetoNbd(0.553, 10.578, 0.606, beta)
        found = model.log_likelihood([self.ANNA])
        assert_accurate(found, true.log_likelihood_closed(2, 30.43, 38.86), beta)

    @pytest.mark.parametrize("gamma", [1.0, 1.0 + 1e-9])
    def test_bg_bb_where_gamma_is_one(self, gamma):
        model = BgBb(alpha=1.2, beta=0.75, gamma=gamma, delta=2.78)
        true = oracle.BgBb(1.2, 0.75, gamma, 2.78)
        assert_accurate(model.expected_purchases_new(10), true.expected_new(10), gamma)


class TestHardlyAnybodyComesBack:
    """The logarithm of a probability next to one is as exact as what is missing from it."""

    @pytest.mark.parametrize("age", [1e-6, 0.7, 1e6])
    @pytest.mark.parametrize(
        ("kind", "exact"),
        [
            (BgNbd, oracle.BgNbd),
            (MbgNbd, oracle.MbgNbd),
            (ParetoNbd, oracle.ParetoNbd),
        ],
    )
    def test_so_many_customers_without_a_repeat_are_no_rounding_error(self, kind, exact, age):
        parameters = 1.0855131604598987, 6198.999076469523, 4687.425738523398, 0.0003704326927822559
        nobody = RepeatPurchaseFacts(0, 0, age)
        model = kind(**dict(zip(kind.PARAMETERS, parameters, strict=True)))
        true = exact(*parameters).log_likelihood(0, 0, age)
        assert_accurate(model.log_likelihood([nobody]), true, age)


class TestOracles:
    """Two independent ways to the same figure, one closed and one by integration."""

    @pytest.mark.parametrize(
        "parameters", [(0.243, 4.414, 0.793, 2.426), (1.0, 1.0, 1.0, 1.0), (30.0, 2.0, 0.02, 5.0)]
    )
    def test_bg_nbd(self, parameters):
        true, row = oracle.BgNbd(*parameters), (2, 30.43, 38.86)
        closed = true.expected_closed(*row, 39.0)
        assert abs(true.expected(*row, 39.0) / closed - 1) < 1e-14
        assert abs(true.expected_new(39.0) / true.expected_new_closed(39.0) - 1) < 1e-14

    @pytest.mark.parametrize(
        "parameters", [(0.553, 10.578, 0.606, 11.669), (1.0, 1.0, 1.0, 1.0), (9.0, 2.0, 0.3, 50.0)]
    )
    def test_pareto_nbd(self, parameters):
        true, row = oracle.ParetoNbd(*parameters), (2, 30.43, 38.86)
        assert abs(true.log_likelihood(*row) / true.log_likelihood_closed(*row) - 1) < 1e-14
        assert abs(true.alive(*row) / true.alive_closed(*row) - 1) < 1e-14

    def test_discounting(self):
        terms = [mpmath.mpf(text) for text in ("2.243", "43.274", "0.793", "4.426", "0.0022")]
        closed = oracle.bg_discounted_closed(*terms)
        assert abs(oracle.bg_discounted(*terms) / closed - 1) < 1e-14


class TestSpend:
    """Density of the mean spend, and what is expected of a customer."""

    def test_every_answer(self):
        for case in cases(7, CASES or 200, parameters=3):
            p, q, v = case.parameters
            mean = case.horizon + 0.01
            if not case.x:
                continue
            facts = RepeatPurchaseFacts(case.x, case.t_x, case.age, mean)
            model, true = GammaGamma(p=p, q=q, v=v), oracle.GammaGamma(p, q, v)
            assert_accurate(model.log_likelihood([facts]), true.log_likelihood(case.x, mean), case)
            if true.p * case.x + true.q > 1:
                exact = true.expected(case.x, mean)
                assert_accurate(model.expected_mean_spend(facts), exact, case)


class TestRenewals:
    """Survival, retention, and what is left of a customer."""

    def test_every_answer(self):
        for case in cases(8, CASES or 60, parameters=2, whole=True):
            model, true = (
                built(ShiftedBetaGeometric, case),
                oracle.ShiftedBetaGeometric(*case.parameters),
            )
            t, renewals = int(case.horizon), int(case.age)
            facts = RenewalFacts(renewals, active=True)
            assert_accurate(model.survival(t), true.survival(t), case)
            assert_accurate(model.retention(t + 1), true.retention(t + 1), case)
            assert_accurate(model.pmf(t + 1), true.churn(t + 1), case)
            if model.alpha > 1.0:
                found = model.expected_residual_lifetime(facts)
                assert_accurate(found, true.residual_lifetime(renewals), case)

    def test_discounted(self):
        for case in cases(9, CASES or 60, parameters=2, whole=True):
            # The hypergeometric function of mpmath is at its best for parameters that are not huge.
            if max(*case.parameters, case.age) > 3e3 or case.force < 1e-3:
                continue
            model, true = (
                built(ShiftedBetaGeometric, case),
                oracle.ShiftedBetaGeometric(*case.parameters),
            )
            facts = RenewalFacts(int(case.age), active=True)
            found = model.discounted_residual_lifetime(facts, case.rate)
            exact = true.discounted_residual(int(case.age), force_of(case))
            assert_accurate(found, exact, case)
