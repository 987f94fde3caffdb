"""Shifted beta-geometric: who renews, who leaves, and how long customers stay."""

from __future__ import annotations

import math
from itertools import pairwise

import mpmath
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from mpmath import mpf

from crmkit.errors import CannotFit, InvalidValue, NothingToFit, UnitMismatch
from crmkit.lifetime_value.models.fitting import FitReport, FitWarning
from crmkit.lifetime_value.models.renewal import CountedRenewals, RenewalFacts
from crmkit.lifetime_value.models.shifted_beta_geometric import ShiftedBetaGeometric
from crmkit.period import Rate, Unit

HIGH_END = [1000, 869, 743, 653, 593, 551, 517, 491]
REGULAR = [1000, 631, 468, 382, 326, 289, 262, 241]
TENTH = Rate.annual("0.10")

parameters = st.floats(-6.0, 6.0).map(lambda e: 10.0**e)
models = st.builds(ShiftedBetaGeometric, alpha=parameters, beta=parameters, unit=st.just(Unit.YEAR))
mild = st.floats(-1.0, 1.0).map(lambda e: 10.0**e)
mild_models = st.builds(ShiftedBetaGeometric, alpha=mild, beta=mild, unit=st.just(Unit.YEAR))
periods = st.floats(0.0, 6.0).map(lambda e: int(10.0**e))
rates = st.integers(1, 30_000).map(lambda permille: Rate.annual(f"0.{permille:05}"))


def active(renewals: int) -> RenewalFacts:
    return RenewalFacts(renewals, active=True)


def report(model: ShiftedBetaGeometric) -> FitReport:
    assert model.fitted is not None
    return model.fitted


def oracle_survival(model: ShiftedBetaGeometric, t: int) -> mpf:
    """Equation 6: B(alpha, beta + t) / B(alpha, beta)."""
    a, b = mpf(model.alpha), mpf(model.beta)
    return mpmath.gammaprod([b + t, a + b], [b, a + b + t])


class TestPublishedFigures:
    """Fader and Hardie (2007), the two segments, fitted on seven years."""

    def test_high_end_customers(self):
        fitted = ShiftedBetaGeometric.fit(HIGH_END)
        assert (fitted.alpha, fitted.beta) == pytest.approx((0.668088, 3.806095), abs=1e-6)
        assert report(fitted).log_likelihood == pytest.approx(-1611.158, abs=1e-3)
        assert report(fitted).is_trustworthy

    def test_regular_customers(self):
        fitted = ShiftedBetaGeometric.fit(REGULAR)
        assert (fitted.alpha, fitted.beta) == pytest.approx((0.704, 1.182), abs=5e-4)
        assert report(fitted).log_likelihood == pytest.approx(-1680.265, abs=1e-3)

    @pytest.mark.parametrize(
        ("model", "survivors"),
        [
            (ShiftedBetaGeometric(alpha=0.668, beta=3.806), [46.8, 44.5, 42.7, 40.9, 39.4]),
            (ShiftedBetaGeometric(alpha=0.704, beta=1.182), [22.3, 20.7, 19.4, 18.3, 17.3]),
        ],
    )
    def test_later_years_come_out_as_they_did(self, model, survivors):
        """Table 1, years 8 to 12, which the fit has not seen."""
        found = [100.0 * model.survival(t) for t in range(8, 13)]
        assert found == pytest.approx(survivors, abs=1.7)


class TestCurve:
    """Who is left, who renews, who goes."""

    @given(model=models, t=periods)
    @example(ShiftedBetaGeometric(alpha=1e-6, beta=1e6), 1)
    @example(ShiftedBetaGeometric(alpha=1e-6, beta=1e6), 1_000_000)
    @example(ShiftedBetaGeometric(alpha=1e6, beta=1e-6), 1)
    @example(ShiftedBetaGeometric(alpha=1.0, beta=1.0), 1_000_000)
    def test_the_curve_is_that_of_the_paper(self, model, t):
        a, b = mpf(model.alpha), mpf(model.beta)
        with mpmath.workdps(60):
            curve, before = oracle_survival(model, t), oracle_survival(model, t - 1)
            pairs = (
                (model.survival(t), curve),
                (model.retention(t), (b + t - 1) / (a + b + t - 1)),
                (model.pmf(t), before * a / (a + b + t - 1)),
            )
            for found, exact in pairs:
                assert abs(found - exact) <= (1e-9 * exact if exact > 1e-12 else 1e-12)

    @given(model=models)
    def test_everybody_is_there_at_first(self, model):
        assert model.survival(0) == 1.0

    @given(model=mild_models, t=st.integers(1, 200))
    def test_who_leaves_and_who_stays_are_all(self, model, t):
        left = math.fsum(model.pmf(k) for k in range(1, t + 1))
        assert left + model.survival(t) == pytest.approx(1.0, rel=1e-12)

    @given(model=mild_models, t=st.integers(1, 200))
    def test_survival_is_the_product_of_retention(self, model, t):
        product = math.prod(model.retention(k) for k in range(1, t + 1))
        assert model.survival(t) == pytest.approx(product, rel=1e-10)

    @given(model=models)
    def test_retention_rises_though_nobody_grows_more_loyal(self, model):
        curve = [model.retention(t) for t in range(1, 30)]
        assert all(after >= before * (1 - 1e-15) for before, after in pairwise(curve))

    @given(model=mild_models, since=st.integers(0, 50), t=st.integers(0, 50))
    def test_the_future_of_a_customer_is_that_of_an_updated_model(self, model, since, t):
        """Renewals so far only add to beta."""
        later = ShiftedBetaGeometric(alpha=model.alpha, beta=model.beta + since)
        facts = active(since)
        assert model.conditional_survival(facts, t) == pytest.approx(later.survival(t), rel=1e-11)
        assert model.expected_renewals(facts, t) == pytest.approx(
            later.expected_renewals(active(0), t), rel=1e-11
        )


class TestLifetime:
    """How long customers stay, and what the payments are worth today."""

    @given(model=mild_models, t=st.integers(1, 100), since=st.integers(0, 20))
    def test_renewals_expected_are_the_chances_of_each(self, model, t, since):
        each = math.fsum(model.conditional_survival(active(since), k) for k in range(1, t + 1))
        assert model.expected_renewals(active(since), t) == pytest.approx(each, rel=1e-11)

    @pytest.mark.parametrize("t", [1_000, 1_000_000])
    @pytest.mark.parametrize(("alpha", "beta"), [(0.7, 3.8), (1.0, 1e-6), (1e-6, 1e6), (50, 1e6)])
    def test_renewals_of_a_million_periods(self, alpha, beta, t):
        model = ShiftedBetaGeometric(alpha=alpha, beta=beta)
        with mpmath.workdps(60):
            a, b = mpf(alpha), mpf(beta)
            if alpha == 1.0:
                exact = b * (mpmath.digamma(b + t + 1) - mpmath.digamma(b + 1))
            else:
                exact = (b - oracle_survival(model, t) * (b + t)) / (a - 1)
            assert model.expected_renewals(active(0), t) == pytest.approx(float(exact), rel=1e-9)

    @given(alpha=st.floats(1.0001, 1e6), beta=parameters, since=st.integers(0, 1_000_000))
    def test_a_customer_stays_one_period_and_those_renewed(self, alpha, beta, since):
        model = ShiftedBetaGeometric(alpha=alpha, beta=beta)
        assert model.expected_lifetime() == pytest.approx(
            (alpha + beta - 1.0) / (alpha - 1.0), rel=1e-9
        )
        assert model.expected_lifetime() == 1.0 + model.expected_residual_lifetime(active(0))
        assert model.expected_residual_lifetime(active(since)) == pytest.approx(
            (beta + since) / (alpha - 1.0), rel=1e-9
        )

    @pytest.mark.parametrize("alpha", [1.0, 0.668, 1e-6])
    def test_an_infinite_lifetime_is_refused_and_its_value_is_not(self, alpha):
        model = ShiftedBetaGeometric(alpha=alpha, beta=3.8, unit=Unit.YEAR)
        for ask in (model.expected_lifetime, lambda: model.expected_residual_lifetime(active(3))):
            with pytest.raises(InvalidValue, match="ask for the discounted one"):
                ask()
        assert 1.0 < model.discounted_expected_lifetime(TENTH) <= 11.0

    @given(model=mild_models, since=st.integers(0, 100), rate=rates)
    def test_discounted_lifetimes_are_hypergeometric(self, model, since, rate):
        """Fader and Hardie (2010), equation 6, and DEL."""
        with mpmath.workdps(30):
            a, b = mpf(model.alpha), mpf(model.beta)
            factor = 1 / (1 + mpf(str(rate.per(Unit.YEAR))))
            lifetime = mpmath.hyp2f1(1, b, a + b, factor)
            residual = mpmath.hyp2f1(1, b + since + 1, a + b + since + 1, factor)
            residual *= (b + since) / (a + b + since)
        assert model.discounted_expected_lifetime(rate) == pytest.approx(float(lifetime), rel=1e-9)
        assert model.discounted_residual_lifetime(active(since), rate) == pytest.approx(
            float(residual), rel=1e-9
        )

    @given(model=mild_models)
    def test_a_tiny_discount_leaves_the_lifetime(self, model):
        if model.alpha > 3.0:
            nearly = model.discounted_expected_lifetime(Rate.annual("0.000000001"))
            assert nearly == pytest.approx(model.expected_lifetime(), rel=1e-6)

    @given(model=models, since=st.integers(0, 100), rate=rates)
    def test_a_new_customer_is_worth_a_payment_and_what_is_left_after_it(self, model, since, rate):
        """DEL is the first payment, and DERL one period later."""
        later = model.discounted_residual_lifetime(active(0), rate, periods_until_renewal=1)
        assert model.discounted_expected_lifetime(rate) == pytest.approx(1.0 + later, rel=1e-12)

    def test_payments_farther_away_are_worth_less_by_the_discount(self):
        model = ShiftedBetaGeometric(alpha=0.668, beta=3.806, unit=Unit.YEAR)
        due = model.discounted_residual_lifetime(active(2), TENTH)
        in_half_a_year = model.discounted_residual_lifetime(
            active(2), TENTH, periods_until_renewal=0.5
        )
        assert in_half_a_year == pytest.approx(due / math.sqrt(1.1), rel=1e-12)

    def test_the_longer_a_customer_has_stayed_the_more_is_left(self):
        model = ShiftedBetaGeometric(alpha=3.8, beta=15.2, unit=Unit.YEAR)
        left = [model.discounted_residual_lifetime(active(k), TENTH) for k in range(10)]
        assert left == sorted(left)

    def test_the_unit_of_the_facts_will_do_for_a_discount(self):
        bare = ShiftedBetaGeometric(alpha=0.668, beta=3.806)
        monthly = RenewalFacts(2, active=True, unit=Unit.MONTH)
        named = ShiftedBetaGeometric(alpha=0.668, beta=3.806, unit=Unit.MONTH)
        assert bare.discounted_residual_lifetime(monthly, TENTH) == (
            named.discounted_residual_lifetime(active(2), TENTH)
        )

    def test_nothing_is_left_of_who_has_left(self):
        model = ShiftedBetaGeometric(alpha=0.668, beta=3.806, unit=Unit.YEAR)
        gone = RenewalFacts(4, active=False)
        assert model.conditional_survival(gone, 1) == 0.0
        assert model.expected_renewals(gone, 10) == 0.0
        assert model.expected_residual_lifetime(gone) == 0.0
        assert model.discounted_residual_lifetime(gone, TENTH) == 0.0


class TestFit:
    """The parameters under which a cohort is most likely."""

    @given(model=st.builds(ShiftedBetaGeometric, alpha=mild, beta=mild))
    @example(ShiftedBetaGeometric(alpha=3.8, beta=15.2))
    @example(ShiftedBetaGeometric(alpha=0.1, beta=10.0))
    def test_a_cohort_as_expected_gives_the_parameters_back(self, model):
        survivors = [round(10**9 * model.survival(t)) for t in range(9)]
        fitted = ShiftedBetaGeometric.fit(survivors)
        assert (fitted.alpha, fitted.beta) == pytest.approx((model.alpha, model.beta), rel=0.01)
        assert report(fitted).converged

    def test_all_forms_of_the_same_facts_give_the_same_fit(self):
        survivors = [10, 8, 7, 6]
        one_by_one = [
            *(RenewalFacts(0, active=False) for _ in range(2)),
            RenewalFacts(1, active=False),
            RenewalFacts(2, active=False),
            *(RenewalFacts(3, active=True) for _ in range(6)),
        ]
        fits = [
            ShiftedBetaGeometric.fit(survivors),
            ShiftedBetaGeometric.fit(one_by_one),
            ShiftedBetaGeometric.fit(CountedRenewals.of_survivors(survivors)),
        ]
        assert fits[0] == fits[1] == fits[2]

    def test_cohorts_of_different_age_are_fitted_together(self):
        model = ShiftedBetaGeometric(alpha=0.7, beta=1.2)
        cohorts = [
            CountedRenewals.of_survivors(
                [round(10**10 * model.survival(t)) for t in range(years)], Unit.YEAR
            )
            for years in (3, 5, 8)
        ]
        fitted = ShiftedBetaGeometric.fit(cohorts[0].merge(cohorts[1]).merge(cohorts[2]))
        assert (fitted.alpha, fitted.beta) == pytest.approx((0.7, 1.2), rel=1e-5)
        assert fitted.unit is Unit.YEAR

    def test_customers_of_a_million_renewals_are_no_more_work(self):
        counts = CountedRenewals({0: 500, 10: 30, 10_000: 20}, {1_000_000: 10})
        fitted = ShiftedBetaGeometric.fit(counts)
        assert report(fitted).converged
        assert fitted.log_likelihood(counts) == pytest.approx(
            report(fitted).log_likelihood, rel=1e-12
        )

    @pytest.mark.parametrize("factor", [0.99, 1.01])
    def test_any_other_parameter_is_less_likely(self, factor):
        best = ShiftedBetaGeometric.fit(REGULAR)
        for alpha, beta in ((best.alpha * factor, best.beta), (best.alpha, best.beta * factor)):
            other = ShiftedBetaGeometric(alpha=alpha, beta=beta)
            assert other.log_likelihood(REGULAR) < report(best).log_likelihood

    def test_the_information_is_the_curvature_of_the_likelihood(self):
        best = ShiftedBetaGeometric.fit(REGULAR)
        step = 1e-3

        def at(i: int, j: int) -> float:
            moved = ShiftedBetaGeometric(
                alpha=best.alpha * math.exp(i * step), beta=best.beta * math.exp(j * step)
            )
            return moved.log_likelihood(REGULAR)

        (aa, ab), (_, bb) = report(best).information
        assert aa == pytest.approx(-(at(1, 0) - 2 * at(0, 0) + at(-1, 0)) / step**2, rel=1e-4)
        assert bb == pytest.approx(-(at(0, 1) - 2 * at(0, 0) + at(0, -1)) / step**2, rel=1e-4)
        mixed = at(1, 1) - at(1, -1) - at(-1, 1) + at(-1, -1)
        assert ab == pytest.approx(-mixed / (4 * step**2), rel=1e-4)

    def test_a_cohort_that_loses_the_same_share_each_year_is_flagged(self):
        """Customers who do not differ: alpha and beta run off together."""
        fitted = ShiftedBetaGeometric.fit([1024, 512, 256, 128, 64, 32])
        assert not report(fitted).is_trustworthy
        assert fitted.retention(3) == pytest.approx(0.5, rel=1e-3)

    def test_a_cohort_that_loses_a_growing_share_is_flagged(self):
        fitted = ShiftedBetaGeometric.fit([1000, 950, 800, 500, 150])
        assert FitWarning.AT_BOUNDARY in report(fitted).warnings

    @pytest.mark.parametrize(
        ("facts", "reason"),
        [
            ([1000, 1000, 1000], "nobody has left"),
            (CountedRenewals({0: 5}, {}), "nobody has renewed even once"),
            (CountedRenewals({0: 5}, {0: 3}), "nobody has renewed even once"),
            ([1000, 900], "the customers came to 1 renewals"),
        ],
    )
    def test_facts_that_cannot_tell_the_parameters_are_refused(self, facts, reason):
        with pytest.raises(CannotFit, match=reason):
            ShiftedBetaGeometric.fit(facts)

    def test_nobody_is_nothing_to_fit_to(self):
        with pytest.raises(NothingToFit):
            ShiftedBetaGeometric.fit(CountedRenewals({}, {}))


class TestRefused:
    """What makes no sense is refused, with what would have worked."""

    MODEL = ShiftedBetaGeometric(alpha=0.668, beta=3.806, unit=Unit.YEAR)

    @pytest.mark.parametrize("t", [-1, 1.5, 2.0, True, "3", math.nan, 10**13])
    def test_periods_are_whole(self, t):
        model = self.MODEL
        for ask in (
            model.survival,
            model.retention,
            model.pmf,
            lambda t: model.conditional_survival(active(1), t),
            lambda t: model.expected_renewals(active(1), t),
        ):
            with pytest.raises(InvalidValue, match="a whole number"):
                ask(t)

    def test_the_first_renewal_is_number_one(self):
        for ask in (self.MODEL.retention, self.MODEL.pmf):
            with pytest.raises(InvalidValue, match="at least 1"):
                ask(0)

    @pytest.mark.parametrize("name", ["alpha", "beta"])
    @pytest.mark.parametrize("value", [0, -1.0, math.nan, math.inf, True, "1"])
    def test_parameters_are_numbers_above_zero(self, name, value):
        with pytest.raises(InvalidValue, match=name):
            ShiftedBetaGeometric(**{"alpha": 1.0, "beta": 1.0, name: value})

    @pytest.mark.parametrize("rate", [0.1, 0, "0.1", Rate.annual("0"), Rate.annual("-0.1")])
    def test_a_discount_is_a_rate_above_zero(self, rate):
        for ask in (
            self.MODEL.discounted_expected_lifetime,
            lambda rate: self.MODEL.discounted_residual_lifetime(active(1), rate),
        ):
            with pytest.raises(InvalidValue, match=r"rate|Rate"):
                ask(rate)

    @pytest.mark.parametrize("wait", [-1, math.inf, math.nan, True, "1", 10**400])
    def test_the_next_renewal_lies_ahead(self, wait):
        with pytest.raises(InvalidValue, match="periods until the next renewal"):
            self.MODEL.discounted_residual_lifetime(active(1), TENTH, periods_until_renewal=wait)

    def test_a_discount_needs_a_unit_of_time(self):
        bare = ShiftedBetaGeometric(alpha=0.668, beta=3.806)
        with pytest.raises(InvalidValue, match="unit of time is not known"):
            bare.discounted_expected_lifetime(TENTH)

    @pytest.mark.parametrize("facts", [3, None, [active(1)]])
    def test_other_things_are_no_facts_of_renewals(self, facts):
        for ask in (
            self.MODEL.expected_residual_lifetime,
            lambda facts: self.MODEL.discounted_residual_lifetime(facts, TENTH),
        ):
            with pytest.raises(InvalidValue, match="pass RenewalFacts"):
                ask(facts)

    def test_units_of_time_are_not_mixed(self):
        monthly = RenewalFacts(1, active=True, unit=Unit.MONTH)
        for ask in (
            self.MODEL.log_likelihood,
            lambda facts: self.MODEL.expected_renewals(facts, 3),
            lambda facts: self.MODEL.discounted_residual_lifetime(facts, TENTH),
        ):
            with pytest.raises(UnitMismatch):
                ask(monthly)
