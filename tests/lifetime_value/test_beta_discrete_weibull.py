"""Beta-discrete-Weibull: customers whose own churn changes over time."""

from __future__ import annotations

import math
import random
from typing import Any

import mpmath
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from mpmath import mpf

from crmkit.errors import CannotFit, InvalidValue
from crmkit.lifetime_value.models.beta_discrete_weibull import BetaDiscreteWeibull
from crmkit.lifetime_value.models.fitting import FitReport, FitWarning
from crmkit.lifetime_value.models.renewal import CountedRenewals, RenewalFacts
from crmkit.lifetime_value.models.renewal_curve import _LogLikelihood
from crmkit.lifetime_value.models.shifted_beta_geometric import ShiftedBetaGeometric
from crmkit.period import Rate, Unit

HIGH_END = [1000, 869, 743, 653, 593, 551, 517, 491]
REGULAR = [1000, 631, 468, 382, 326, 289, 262, 241]
TENTH = Rate.annual("0.10")

mild = st.floats(-1.0, 1.0).map(lambda e: 10.0**e)
models = st.builds(BetaDiscreteWeibull, alpha=mild, beta=mild, c=mild, unit=st.just(Unit.YEAR))


def active(renewals: int) -> RenewalFacts:
    return RenewalFacts(renewals, active=True)


def report(model: BetaDiscreteWeibull) -> FitReport:
    assert model.fitted is not None
    return model.fitted


def oracle_survival(model: BetaDiscreteWeibull, t: int) -> mpf:
    """B(alpha, beta + t^c) / B(alpha, beta); of a clock beyond 10^60, its limit."""
    a, b, c = map(mpf, (model.alpha, model.beta, model.c))
    clock = mpf(t) ** c if t else mpf(0)
    if clock > mpf(10) ** 60:
        return mpmath.gammaprod([a + b], [b]) * clock**-a
    return mpmath.gammaprod([b + clock, a + b], [b, a + b + clock])


def agree(found: float, exact: mpf) -> bool:
    """To nine digits where the value is above 1e-12, else to 1e-12."""
    return bool(abs(found - exact) <= (1e-9 * abs(exact) if abs(exact) > 1e-12 else 1e-12))


def domain(seed: int, cases: int):
    """Models, renewals so far and periods to come over the whole domain."""
    draw = random.Random(seed)
    for case in range(cases):
        a, b, c = (10.0 ** draw.uniform(-6.0, 6.0) for _ in range(3))
        if case % 3 == 0:
            c = 10.0 ** draw.uniform(-1.0, 1.0)
        since = draw.choice([0, 1, draw.randint(0, 100), int(10.0 ** draw.uniform(0.0, 6.0))])
        t = int(10.0 ** draw.uniform(0.0, 6.0))
        yield BetaDiscreteWeibull(alpha=a, beta=b, c=c, unit=Unit.YEAR), since, t


class TestCurve:
    """Survival, retention and churn."""

    @given(alpha=mild, beta=mild, t=st.integers(1, 1000), since=st.integers(0, 50))
    def test_a_steady_clock_makes_it_shifted_beta_geometric(self, alpha, beta, t, since):
        bdw = BetaDiscreteWeibull(alpha=alpha, beta=beta, c=1.0, unit=Unit.YEAR)
        sbg = ShiftedBetaGeometric(alpha=alpha, beta=beta, unit=Unit.YEAR)
        for ask in ("survival", "retention", "pmf"):
            assert getattr(bdw, ask)(t) == pytest.approx(getattr(sbg, ask)(t), rel=1e-12)
        rate = TENTH
        assert bdw.discounted_residual_lifetime(active(since), rate) == pytest.approx(
            sbg.discounted_residual_lifetime(active(since), rate), rel=1e-12
        )
        if alpha > 1.001:
            assert bdw.expected_lifetime() == pytest.approx(sbg.expected_lifetime(), rel=1e-9)
            assert bdw.expected_residual_lifetime(active(since)) == pytest.approx(
                sbg.expected_residual_lifetime(active(since)), rel=1e-9
            )

    @pytest.mark.parametrize("seed", range(3))
    def test_the_curve_over_the_domain_agrees_with_mpmath(self, seed):
        with mpmath.workdps(150):
            for model, _, t in domain(seed, 60):
                before, after = oracle_survival(model, t - 1), oracle_survival(model, t)
                assert agree(model.survival(t), after), (model, t)
                assert agree(model.retention(t), after / before), (model, t)
                assert agree(model.pmf(t), before - after), (model, t)

    @given(model=models)
    def test_the_first_renewal_is_that_of_shifted_beta_geometric(self, model):
        """One to any power is one."""
        assert model.retention(1) == pytest.approx(model.beta / (model.alpha + model.beta))

    @given(model=models, t=st.integers(1, 100))
    def test_who_leaves_and_who_stays_are_all(self, model, t):
        left = math.fsum(model.pmf(k) for k in range(1, t + 1))
        assert left + model.survival(t) == pytest.approx(1.0, rel=1e-12)

    def test_customers_who_do_not_differ_show_how_their_own_churn_changes(self):
        """With alpha and beta large, retention of the cohort is that of each customer."""

        def retention(c: float) -> list[float]:
            model = BetaDiscreteWeibull(alpha=1e5, beta=9e5, c=c)
            return [model.retention(t) for t in range(1, 20)]

        falling, rising = retention(0.7), retention(1.5)
        assert falling == sorted(falling)
        assert rising == sorted(rising, reverse=True)

    @pytest.mark.parametrize("since", [1, 40, 10**6])
    def test_clocks_beyond_any_number_leave_a_power_of_time(self, since):
        model = BetaDiscreteWeibull(alpha=2e-4, beta=3.0, c=400.0)
        with mpmath.workdps(60):
            a, b = mpf(model.alpha), mpf(model.beta)
            before = oracle_survival(model, since)
            exact = mpmath.gammaprod([a + b], [b]) * mpf(since + 90) ** (-a * model.c) / before
        assert model.conditional_survival(active(since), 90) == pytest.approx(
            float(exact), rel=1e-9
        )


class TestLifetime:
    """How long customers stay, and what the payments are worth today."""

    def test_renewals_expected_over_the_domain_agree_with_mpmath(self):
        draw = random.Random(5)
        with mpmath.workdps(150):
            for model, since, _ in domain(5, 30):
                t = int(10.0 ** draw.uniform(0.0, 2.3))
                before = oracle_survival(model, since)
                each = mpmath.fsum(oracle_survival(model, since + k) for k in range(1, t + 1))
                exact = each / before
                assert agree(model.expected_renewals(active(since), t), exact), (model, since, t)

    @pytest.mark.parametrize(
        ("alpha", "beta", "c"),
        [(0.26, 1.7, 1.6), (2.0, 1e5, 1.3), (0.5, 20.0, 0.4), (1e-3, 1.0, 9.0)],
    )
    def test_renewals_of_many_periods(self, alpha, beta, c):
        model = BetaDiscreteWeibull(alpha=alpha, beta=beta, c=c)
        with mpmath.workdps(50):
            exact = mpmath.fsum(oracle_survival(model, t) for t in range(1, 1501))
        assert model.expected_renewals(active(0), 1500) == pytest.approx(float(exact), rel=1e-10)

    def test_no_renewals_are_expected_in_no_time(self):
        model = BetaDiscreteWeibull(alpha=0.26, beta=1.7, c=1.6)
        assert model.expected_renewals(active(3), 0) == 0.0
        assert model.conditional_survival(active(3), 0) == 1.0

    @given(model=models, since=st.integers(0, 30))
    @example(BetaDiscreteWeibull(alpha=1e-3, beta=1.0, c=9.0, unit=Unit.YEAR), 3)
    def test_discounting_takes_each_renewal_at_its_date(self, model, since):
        """Doubling each year: after 60 years nothing is left to count."""
        facts = active(since)
        today = math.fsum(model.conditional_survival(facts, t + 1) / 2.0**t for t in range(60))
        found = model.discounted_residual_lifetime(facts, Rate.annual("1.00"))
        assert found == pytest.approx(today, rel=1e-11)

    def test_lifetimes_without_end_add_up(self):
        """With alpha 1, survival is beta / (beta + t^c): 2 / (2 + t^2) has a known sum."""
        model = BetaDiscreteWeibull(alpha=1.0, beta=2.0, c=2.0)
        root = math.sqrt(2.0)
        exact = (1.0 + math.pi * root / math.tanh(math.pi * root)) / 2.0
        assert model.expected_lifetime() == pytest.approx(exact, rel=1e-11)

    @pytest.mark.parametrize("c", [1.0 + 1e-5, 1.01, 1.3])
    def test_lifetimes_that_barely_end_add_up(self, c):
        """1 / (1 + t^c) is a sum of powers from the second period on: eta functions."""
        model = BetaDiscreteWeibull(alpha=1.0, beta=1.0, c=c)
        with mpmath.workdps(30):
            # Of the first terms the sum, of the others the alternating series of their powers.
            first = mpmath.fsum(1 / (1 + mpf(t) ** c) for t in range(30))
            rest = mpmath.fsum((-1) ** (k + 1) * mpmath.zeta(k * mpf(c), 30) for k in range(1, 40))
        assert model.expected_lifetime() == pytest.approx(float(first + rest), rel=1e-9)

    @pytest.mark.parametrize(("alpha", "c"), [(0.5, 2.0), (0.1, 5.0), (1.0, 1.0), (1e-6, 1e6)])
    def test_an_infinite_lifetime_is_refused(self, alpha, c):
        model = BetaDiscreteWeibull(alpha=alpha, beta=3.0, c=c)
        with pytest.raises(InvalidValue, match="the expected lifetime is infinite"):
            model.expected_lifetime()

    def test_a_lifetime_beyond_any_number_is_refused(self):
        model = BetaDiscreteWeibull(alpha=674702.0, beta=404.67, c=2.44e-6)
        with pytest.raises(InvalidValue, match="beyond any number"):
            model.expected_lifetime()

    def test_every_answer_over_the_domain_is_a_finite_number(self):
        for model, since, t in domain(17, 60):
            found = [
                model.survival(t),
                model.retention(t),
                model.pmf(t),
                model.expected_renewals(active(since), t),
                model.discounted_expected_lifetime(TENTH),
                model.discounted_residual_lifetime(active(since), Rate.annual("0.000001")),
            ]
            if model.alpha * model.c <= 1.0:
                with pytest.raises(InvalidValue):
                    model.expected_residual_lifetime(active(since))
            assert all(map(math.isfinite, found)), (model, since, t)


class TestFit:
    """The parameters under which a cohort is most likely."""

    @given(
        model=st.builds(
            BetaDiscreteWeibull,
            alpha=st.floats(0.2, 5.0),
            beta=st.floats(0.5, 10.0),
            c=st.floats(0.5, 2.0),
        )
    )
    def test_a_cohort_as_expected_gives_the_curve_back(self, model):
        survivors = [round(10**9 * model.survival(t)) for t in range(12)]
        fitted = BetaDiscreteWeibull.fit(survivors)
        assert report(fitted).log_likelihood == pytest.approx(
            model.log_likelihood(survivors), rel=1e-9
        )
        assert fitted.survival(11) == pytest.approx(model.survival(11), rel=1e-3)

    @pytest.mark.parametrize(
        ("alpha", "beta", "c"), [(0.5, 1.2, 1.5), (0.7, 3.8, 1.0), (2.0, 6.0, 0.7)]
    )
    def test_a_cohort_as_expected_gives_the_parameters_back(self, alpha, beta, c):
        model = BetaDiscreteWeibull(alpha=alpha, beta=beta, c=c)
        fitted = BetaDiscreteWeibull.fit([round(10**11 * model.survival(t)) for t in range(15)])
        assert (fitted.alpha, fitted.beta, fitted.c) == pytest.approx((alpha, beta, c), rel=1e-3)

    @pytest.mark.parametrize("cohort", [HIGH_END, REGULAR])
    def test_the_two_segments_fit_better_than_without_a_shape(self, cohort):
        """Fader and others (2018): for both segments, customers' own churn rises (c above 1)."""
        with_shape, without = BetaDiscreteWeibull.fit(cohort), ShiftedBetaGeometric.fit(cohort)
        assert without.fitted is not None
        assert report(with_shape).log_likelihood > without.fitted.log_likelihood
        assert with_shape.c > 1.0
        assert report(with_shape).converged

    def test_later_years_of_high_end_customers_come_out_better_than_without_a_shape(self):
        """Table 1 of Fader and Hardie (2007), years 8 to 12."""
        actual = [0.468, 0.445, 0.427, 0.409, 0.394]

        def miss(model: BetaDiscreteWeibull | ShiftedBetaGeometric) -> float:
            return sum(abs(model.survival(t) - s) for t, s in enumerate(actual, 8))

        with_shape, without = BetaDiscreteWeibull.fit(HIGH_END), ShiftedBetaGeometric.fit(HIGH_END)
        assert miss(with_shape) < 0.75 * miss(without)

    @pytest.mark.parametrize("name", BetaDiscreteWeibull.PARAMETERS)
    def test_the_information_is_the_curvature_of_the_likelihood(self, name):
        best = BetaDiscreteWeibull.fit(REGULAR)
        step, place = 1e-3, BetaDiscreteWeibull.PARAMETERS.index(name)
        around = []
        for move in (-step, 0.0, step):
            terms: dict[str, Any] = dict(report(best).parameters)
            terms[name] *= math.exp(move)
            around.append(BetaDiscreteWeibull(**terms).log_likelihood(REGULAR))
        curvature = -(around[0] - 2.0 * around[1] + around[2]) / step**2
        assert max(around) == around[1]
        assert report(best).information[place][place] == pytest.approx(curvature, rel=1e-4)

    @pytest.mark.parametrize("terms", [(0.7, 1.2, 1.3), (0.05, 40.0, 0.3), (20.0, 1e4, 2.5)])
    def test_derivatives_lead_up_from_anywhere(self, terms):
        """Newton's steps are those of the likelihood far from its top too."""
        counts = CountedRenewals.of_survivors(REGULAR).merge(CountedRenewals({40: 3}, {900: 2}))
        function, step = _LogLikelihood(counts, 3), 1e-5
        point = tuple(map(math.log, terms))
        _, gradient, hessian = function(point)
        for i in range(3):
            above = function(tuple(x + step * (i == j) for j, x in enumerate(point)))
            below = function(tuple(x - step * (i == j) for j, x in enumerate(point)))
            slope = (above[0] - below[0]) / (2 * step)
            assert gradient[i] == pytest.approx(slope, rel=1e-6, abs=1e-4)
            bends = [(a - b) / (2 * step) for a, b in zip(above[1], below[1], strict=True)]
            assert hessian[i] == pytest.approx(bends, rel=1e-5, abs=1e-3)

    def test_all_leaving_at_once_is_a_fit_that_is_flagged(self):
        """Nobody left for three years, then all did: the shape runs to an extreme."""
        fitted = BetaDiscreteWeibull.fit(CountedRenewals({0: 1, 3: 999}, {}))
        assert not report(fitted).is_trustworthy

    def test_a_shape_takes_three_renewals_to_tell(self):
        with pytest.raises(CannotFit, match="pass a cohort that came to 3"):
            BetaDiscreteWeibull.fit([1000, 900, 850])

    def test_customers_of_very_many_renewals_can_be_fitted(self):
        counts = CountedRenewals({0: 300, 5: 200, 100: 90, 5_000: 20}, {1_000_000: 30})
        fitted = BetaDiscreteWeibull.fit(counts)
        assert fitted.log_likelihood(counts) == pytest.approx(
            report(fitted).log_likelihood, rel=1e-9
        )

    def test_a_fit_that_hangs_on_a_few_customers_says_how_sure_it_is(self):
        fitted = BetaDiscreteWeibull.fit([20, 18, 17, 16])
        assert report(fitted).warnings or report(fitted).standard_errors()
        assert FitWarning.NOT_CONVERGED not in report(fitted).warnings


class TestRefused:
    """Parameters that make no sense are refused."""

    @pytest.mark.parametrize("name", ["alpha", "beta", "c"])
    @pytest.mark.parametrize("value", [0, -1.0, math.nan, math.inf, True, "1"])
    def test_parameters_are_numbers_above_zero(self, name, value):
        with pytest.raises(InvalidValue, match=f"{name} is"):
            BetaDiscreteWeibull(**{"alpha": 1.0, "beta": 1.0, "c": 1.0, name: value})
