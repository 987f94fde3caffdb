"""The fit of Pareto/NBD: the parameters that make the facts most likely, or a clear refusal."""

from __future__ import annotations

import math
import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import CannotFit, NothingToFit
from crmkit.lifetime_value.facts import (
    CountedFacts,
    RepeatPurchaseColumns,
    RepeatPurchaseFacts,
    Row,
)
from crmkit.lifetime_value.models import pareto_nbd_fit
from crmkit.lifetime_value.models.fitting import Ending, FitWarning
from crmkit.lifetime_value.models.pareto_nbd import ParetoNbd
from crmkit.lifetime_value.models.pareto_nbd_fit import ParetoNbdLikelihood
from crmkit.period import Unit
from tests.lifetime_value.cdnow import calibration_sample
from tests.lifetime_value.reports import report_of
from tests.lifetime_value.test_pareto_nbd import histories

NAMES = ParetoNbd.PARAMETERS


def drawn(seed, customers, r, alpha, s, beta, *, longest, grid):
    """Customers as the model says they come about, one by one; ages on a grid if it is not 0."""
    draw = random.Random(seed)
    rows: Counter[Row] = Counter()
    for _ in range(customers):
        age = draw.uniform(longest / 2, longest)
        age = grid * round(age / grid) if grid else age
        rate = draw.gammavariate(r, 1 / alpha)
        end = min(age, draw.expovariate(draw.gammavariate(s, 1 / beta) + 1e-300))
        last, repeats, t = 0.0, 0, draw.expovariate(rate + 1e-300)
        while t < end:
            on = grid * math.floor(t / grid) if grid else t
            repeats += on > last
            last = on
            t += draw.expovariate(rate + 1e-300)
        rows[repeats, last, age] += 1
    return CountedFacts(rows)


def model_of(parameters):
    r, alpha, s, beta = parameters
    return ParetoNbd(r=r, alpha=alpha, s=s, beta=beta)


def log_parameters(model):
    return tuple(math.log(getattr(model, name)) for name in NAMES)


class TestCdnow:
    """The customers of CDNOW up to the end of the calibration, in weeks."""

    def test_the_fit_gives_the_published_parameters(self):
        fitted = ParetoNbd.fit(calibration_sample())
        found = fitted.r, fitted.alpha, fitted.s, fitted.beta
        assert found == pytest.approx((0.553, 10.578, 0.606, 11.668), abs=1e-3)
        assert report_of(fitted).log_likelihood == pytest.approx(-9594.976, abs=1e-3)
        assert fitted.unit is Unit.WEEK
        assert report_of(fitted).converged
        assert report_of(fitted).is_trustworthy
        assert report_of(fitted).customers == 2357

    def test_the_likelihood_of_the_fit_is_that_of_the_model_fitted(self):
        """The running integrals of the fit against one integral for each row."""
        rows = calibration_sample().counted()
        fitted = ParetoNbd.fit(rows)
        assert fitted.log_likelihood(rows) == pytest.approx(
            report_of(fitted).log_likelihood, rel=1e-11
        )

    @pytest.mark.parametrize("name", NAMES)
    @pytest.mark.parametrize("factor", [0.98, 1.02])
    def test_any_other_parameter_is_less_likely(self, name, factor):
        rows = calibration_sample().counted()
        fitted = ParetoNbd.fit(rows)
        terms = {each: getattr(fitted, each) for each in NAMES}
        terms[name] *= factor
        assert ParetoNbd(**terms).log_likelihood(rows) < report_of(fitted).log_likelihood

    def test_many_rows_are_first_climbed_in_coarse_ones_and_end_at_the_same_top(self, monkeypatch):
        rows = calibration_sample().counted()
        direct = ParetoNbd.fit(rows)
        monkeypatch.setattr(pareto_nbd_fit, "_COARSE_FROM", 100)
        warm = ParetoNbd.fit(rows)
        assert report_of(warm).log_likelihood == pytest.approx(
            report_of(direct).log_likelihood, rel=1e-9
        )
        assert report_of(warm).iterations < report_of(direct).iterations

    def test_columns_give_the_same_fit(self):
        summary = calibration_sample()
        facts = list(summary.values())
        columns = RepeatPurchaseColumns(
            [fact.repeat_purchases for fact in facts],
            [fact.age_at_last_purchase for fact in facts],
            [fact.customer_age for fact in facts],
            Unit.WEEK,
        )
        fitted = ParetoNbd.fit(columns)
        assert report_of(fitted).log_likelihood == pytest.approx(
            report_of(ParetoNbd.fit(summary)).log_likelihood, rel=1e-12
        )


class TestLikelihood:
    """One running integral for all rows with the same number of purchases."""

    @given(
        st.lists(st.tuples(histories(), st.integers(1, 50)), min_size=1, max_size=12),
        st.tuples(*[st.floats(math.log(0.02), math.log(50.0))] * 4),
    )
    def test_it_is_the_sum_of_one_integral_for_each_row(self, facts, point):
        rows: Counter[Row] = Counter()
        for fact, count in facts:
            history = fact.repeat_purchases, fact.age_at_last_purchase, fact.customer_age
            rows[history] += count
        value, _, _ = ParetoNbdLikelihood(rows, shortest=1e-4)(point)
        model = model_of(map(math.exp, point))
        assert value == pytest.approx(model.log_likelihood(CountedFacts(rows)), rel=1e-10, abs=1e-9)

    @pytest.mark.parametrize(
        "parameters",
        [(0.553, 10.578, 0.606, 11.668), (2.0, 0.5, 1.0, 0.5), (0.1, 40.0, 5.0, 3.0)],
    )
    def test_its_derivatives_are_those_of_its_values(self, parameters):
        """By differences: in the logarithm of each parameter, of the value and of the gradient."""
        rows = {
            (0, 0.0, 20.0): 7,
            (0, 0.0, 38.86): 5,
            (2, 30.43, 38.86): 3,
            (2, 5.0, 38.86): 4,
            (2, 38.0, 38.0): 1,
            (9, 0.0, 30.0): 1,  # In whole weeks, all within the first one.
            (60, 2.0, 30.0): 1,
            (60, 29.0, 30.0): 2,
        }
        likelihood = ParetoNbdLikelihood(rows, shortest=1e-4)
        point = tuple(map(math.log, parameters))
        _, gradient, hessian = likelihood(point)
        step = 1e-4
        for i in range(4):
            up = likelihood(tuple(x + step * (i == j) for j, x in enumerate(point)))
            down = likelihood(tuple(x - step * (i == j) for j, x in enumerate(point)))
            assert (up[0] - down[0]) / (2 * step) == pytest.approx(gradient[i], rel=1e-5, abs=1e-5)
            for j in range(4):
                bend = (up[1][j] - down[1][j]) / (2 * step)
                assert bend == pytest.approx(hessian[i][j], rel=1e-5, abs=1e-5)
                assert hessian[i][j] == hessian[j][i]

    def test_busy_customers_who_fell_silent_long_ago_lose_no_digits(self):
        """Between these two, the integrand falls by more than a float can tell."""
        rows = {(5_000, 1.0, 1_000.0): 1, (5_000, 900.0, 1_000.0): 1, (100_000, 1e-3, 1e6): 1}
        model = ParetoNbd(r=2.0, alpha=0.5, s=1.0, beta=3.0)
        value, gradient, hessian = ParetoNbdLikelihood(rows, shortest=1e-4)(log_parameters(model))
        assert value == pytest.approx(model.log_likelihood(CountedFacts(rows)), rel=1e-12)
        assert all(map(math.isfinite, [*gradient, *(x for row in hessian for x in row)]))

    def test_where_a_row_is_too_unlikely_to_tell_it_is_minus_infinity(self):
        """So that no step of the climb goes there."""
        rows = {(1, 1.0, 39.0): 1, (1, 39.0, 39.0): 1}
        absurd = tuple(map(math.log, (1e6, 1e-3, 1e6, 1e-3)))
        assert ParetoNbdLikelihood(rows, shortest=1e-4)(absurd)[0] == -math.inf


class TestSimulatedCustomers:
    """Customers drawn from the model give its parameters back."""

    @pytest.mark.parametrize(
        ("parameters", "longest", "grid"),
        [
            ((0.5, 10.0, 0.6, 12.0), 39.0, 1 / 7),
            ((2.0, 10.0, 1.0, 40.0), 80.0, 0.0),
            ((1.0, 0.05, 1.5, 6.0), 4.0, 0.0),  # Busy ones: hundreds of purchases.
        ],
    )
    def test_the_true_parameters_lie_within_a_few_standard_errors(self, parameters, longest, grid):
        rows = drawn(7, 800, *parameters, longest=longest, grid=grid)
        fitted = ParetoNbd.fit(rows)
        report = report_of(fitted)
        assert report.converged
        errors = report.standard_errors()
        assert errors is not None
        for name, true in zip(NAMES, parameters, strict=True):
            away = math.log(getattr(fitted, name) / true)
            assert abs(away) <= 3.5 * errors[name] / getattr(fitted, name)
        truth = model_of(parameters)
        assert 0 <= report.log_likelihood - truth.log_likelihood(rows) <= 12

    @pytest.mark.parametrize("c", [7.0, 1 / 24])
    def test_the_unit_of_time_makes_no_difference(self, c):
        rows = drawn(3, 400, 1.0, 10.0, 0.6, 12.0, longest=39.0, grid=1.0)
        other = CountedFacts({(x, t_x * c, age * c): n for (x, t_x, age), n in rows.rows.items()})
        fitted, scaled = ParetoNbd.fit(rows), ParetoNbd.fit(other)
        assert scaled.r == pytest.approx(fitted.r, rel=1e-6)
        assert scaled.alpha == pytest.approx(fitted.alpha * c, rel=1e-6)
        assert scaled.s == pytest.approx(fitted.s, rel=1e-6)
        assert scaled.beta == pytest.approx(fitted.beta * c, rel=1e-6)


class TestFitsThatCannotBeTrusted:
    """An error or a flag, never silent garbage."""

    def test_nobody(self):
        with pytest.raises(NothingToFit):
            ParetoNbd.fit([])

    def test_nobody_came_back(self):
        with pytest.raises(CannotFit, match="nobody in these facts has bought again"):
            ParetoNbd.fit([RepeatPurchaseFacts(0, 0, age) for age in (10, 20, 30)])

    @pytest.mark.parametrize("customers", [1, 1000])
    def test_one_customer_or_all_alike(self, customers):
        with pytest.raises(CannotFit, match="all customers are alike"):
            ParetoNbd.fit([RepeatPurchaseFacts(2, 30.43, 38.86)] * customers)

    def test_no_time_has_passed(self):
        rows = CountedFacts({(0, 0, 0): 50, (1, 0, 0): 40}, Unit.WEEK, whole_units=True)
        with pytest.raises(CannotFit, match="no time has passed"):
            ParetoNbd.fit(rows)

    def test_nobody_ever_leaves(self):
        report = report_of(
            ParetoNbd.fit(drawn(5, 300, 0.5, 10.0, 1.0, 1e9, longest=39.0, grid=1.0))
        )
        assert report.ending is not Ending.GAVE_UP
        assert {FitWarning.AT_BOUNDARY, FitWarning.NOT_IDENTIFIED} & set(report.warnings)

    def test_few_customers_who_came_back_are_flagged(self):
        facts = [RepeatPurchaseFacts(0, 0, age) for age in range(10, 60)]
        facts += [RepeatPurchaseFacts(x, 3.0 * x, 40.0) for x in (1, 1, 2, 3, 5)]
        assert FitWarning.FEW_REPEATS in report_of(ParetoNbd.fit(facts)).warnings

    @given(st.lists(histories(), min_size=2, max_size=30))
    def test_whatever_the_data_the_fit_ends_with_finite_parameters_or_a_clear_error(self, facts):
        try:
            fitted = ParetoNbd.fit(facts)
        except CannotFit:
            return
        report = report_of(fitted)
        assert all(map(math.isfinite, (*report.parameters.values(), report.log_likelihood)))
        errors = report.standard_errors()
        assert errors is None or all(map(math.isfinite, errors.values()))
        assert fitted.log_likelihood(facts) == pytest.approx(
            report.log_likelihood, rel=1e-7, abs=1e-4
        )
