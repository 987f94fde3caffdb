"""Gamma-Gamma: what customers spend each time, apart from how often they come."""

from __future__ import annotations

import math
from fractions import Fraction
from random import Random

import mpmath
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from crmkit.errors import CannotFit, CurrencyMismatch, InvalidMoney, InvalidValue, NothingToFit
from crmkit.identifiers import CustomerId
from crmkit.lifetime_value.facts import CountedSpend, RepeatPurchaseFacts, counted_spend
from crmkit.lifetime_value.models.fitting import Ending, FitReport, FitWarning, Interval
from crmkit.lifetime_value.models.gamma_gamma import (
    INDEPENDENCE_BOUND,
    GammaGamma,
    Independence,
)
from crmkit.money import Money, Rounding
from tests.lifetime_value.cdnow import calibration_sample

PUBLISHED = GammaGamma(p=6.25, q=3.74, v=15.44)
PARAMETERS = ("p", "q", "v")

wide = st.floats(math.log(1e-6), math.log(1e6)).map(math.exp)
usual = st.floats(0.2, 20.0)
amounts = st.floats(math.log(1e-2), math.log(1e9)).map(math.exp)
repeats = st.one_of(st.integers(1, 20), st.integers(1, 100_000))


def spent(repeat_purchases: int, mean: Money | float | None) -> RepeatPurchaseFacts:
    """A customer of 40 weeks who came back so often and spent so much each time."""
    last = 30.0 if repeat_purchases else 0.0
    return RepeatPurchaseFacts(repeat_purchases, last, 40.0, mean)


def spends(*rows: tuple[int, float]) -> CountedSpend:
    return CountedSpend.of_means([x for x, _ in rows], [mean for _, mean in rows])


def report_of(model: GammaGamma) -> FitReport:
    assert model.fitted is not None
    return model.fitted


def independence_of(model: GammaGamma) -> Independence:
    assert model.independence is not None
    return model.independence


def drawn(p: float, q: float, v: float, customers: int, seed: int = 1) -> CountedSpend:
    """Customers with one to four repeats, drawn as the model says, by the plain recipe."""
    random = Random(seed)
    rows = []
    for number in range(customers):
        x, rate = 1 + number % 4, random.gammavariate(q, 1.0 / v)
        rows.append((x, sum(random.gammavariate(p, 1.0 / rate) for _ in range(x)) / x))
    return spends(*rows)


def exact_log_density(model: GammaGamma, x: int, mean: float) -> mpmath.mpf:
    """Equation (1a) of Fader and Hardie (2013), as printed, with 80 digits."""
    with mpmath.workdps(80):
        p, q, v, m = (mpmath.mpf(each) for each in (model.p, model.q, model.v, mean))
        gammas = mpmath.loggamma(p * x + q) - mpmath.loggamma(p * x) - mpmath.loggamma(q)
        powers = q * mpmath.log(v) + (p * x - 1) * mpmath.log(m) + p * x * mpmath.log(x)
        return gammas + powers - (p * x + q) * mpmath.log(x * m + v)


class TestPublishedFigures:
    """Fader and Hardie (2013), note 25, with p 6.25, q 3.74, v 15.44."""

    def test_the_mean_of_all_customers(self):
        assert PUBLISHED.population_mean == pytest.approx(35.2189781, rel=1e-9)

    def test_the_mean_of_a_customer_with_two_repeats(self):
        assert PUBLISHED.expected_mean_spend(spent(2, 22.35)) == pytest.approx(24.663714, abs=5e-7)

    def test_the_fit_to_the_946_repeat_customers_of_the_sample(self):
        fitted = GammaGamma.fit(calibration_sample())
        assert report_of(fitted).customers == 946
        assert (fitted.p, fitted.q, fitted.v) == pytest.approx((6.25, 3.74, 15.45), abs=0.01)
        assert report_of(fitted).log_likelihood == pytest.approx(-4055.92, abs=0.005)
        assert fitted.currency == "USD"
        assert report_of(fitted).converged
        assert report_of(fitted).warnings == ()

    def test_the_correlation_of_spend_and_frequency(self):
        """Published as 0.1139, which Fader and Hardie take for none."""
        independence = independence_of(GammaGamma.fit(calibration_sample()))
        assert independence.correlation == pytest.approx(0.1139, abs=5e-5)
        assert independence.customers == 946
        assert independence.holds


class TestLogLikelihood:
    """Relative 1e-9 over the whole domain, against equation (1a) in 80-digit arithmetic."""

    @given(p=wide, q=wide, v=wide, x=repeats, mean=amounts)
    @example(p=1e6, q=1e6, v=1e-6, x=100_000, mean=1e9)
    @example(p=1e-6, q=1e-6, v=1e6, x=1, mean=1e-2)
    @example(p=1.0, q=1.0, v=1.0, x=1, mean=1.0)
    def test_it_is_that_of_exact_arithmetic(self, p, q, v, x, mean):
        model = GammaGamma(p=p, q=q, v=v)
        found = model.log_likelihood(spent(x, mean))
        exact = exact_log_density(model, x, mean)
        assert abs(found - exact) <= 1e-9 * abs(exact) + 1e-12

    @given(p=wide, q=wide, v=wide, x=repeats, away=st.floats(-3.0, 3.0))
    def test_it_is_so_where_the_customers_are(self, p, q, v, x, away):
        """Next to the likeliest spend all large terms cancel."""
        model = GammaGamma(p=p, q=q, v=v)
        log_mean = math.log(p * v / q) + away * math.sqrt(1.0 / (p * x) + 1.0 / q)
        assume(math.log(1e-2) <= log_mean <= math.log(1e9))
        mean = math.exp(log_mean)
        found = model.log_likelihood(spent(x, mean))
        exact = exact_log_density(model, x, mean)
        assert abs(found - exact) <= 1e-9 * abs(exact) + 1e-12

    @given(p=usual, q=usual, v=usual, x=st.integers(1, 30))
    def test_the_density_is_one(self, p, q, v, x):
        """Integrated over the logarithm of the spend by the trapezoidal rule."""
        model = GammaGamma(p=p, q=q, v=v)
        step = 1 / 8
        total = sum(
            math.exp(k * step) * model.density(math.exp(k * step), x) * step
            for k in range(-1_200, 1_200)
        )
        assert total == pytest.approx(1.0, rel=1e-9)

    def test_equal_customers_count_as_often_as_they_are(self):
        anna, bob = spent(2, 22.35), spent(1, 10.0)
        each = PUBLISHED.log_likelihood(anna), PUBLISHED.log_likelihood(bob)
        both = PUBLISHED.log_likelihood([anna, bob, anna])
        assert both == pytest.approx(2 * each[0] + each[1], rel=1e-15)

    def test_who_spent_nothing_or_did_not_come_back_takes_no_part(self):
        alone = PUBLISHED.log_likelihood(spent(2, 22.35))
        with_others = PUBLISHED.log_likelihood([spent(2, 22.35), spent(3, 0.0), spent(0, None)])
        assert with_others == alone

    def test_the_density_beside_a_pole_is_a_number(self):
        assert math.isfinite(GammaGamma(p=1e-6, q=1e-6, v=1e-6).density(1e-140, 1))

    @pytest.mark.parametrize("mean", [0.0, -1.0, math.nan, math.inf, True, "12"])
    def test_a_density_is_that_of_an_amount(self, mean):
        with pytest.raises(InvalidValue, match="mean spend"):
            PUBLISHED.density(mean, 1)

    @pytest.mark.parametrize("count", [0, -1, 1.0, True, 10**400])
    def test_a_density_is_that_of_a_mean_of_purchases(self, count):
        with pytest.raises(InvalidValue, match="whole number above zero"):
            PUBLISHED.density(12.0, count)

    @pytest.mark.parametrize("mean", [1e200, 1e-200])
    def test_spend_beyond_any_money_is_refused(self, mean):
        with pytest.raises(InvalidValue, match="beyond any amount"):
            PUBLISHED.log_likelihood(spent(1, mean))


class TestExpectedMeanSpend:
    """ "A weighted average of the population mean and the observed mean" (equation 5)."""

    @given(p=wide, q=wide, v=wide, x=repeats, mean=amounts)
    @example(p=1e-6, q=math.nextafter(1.0, 0.0), v=1.0, x=1, mean=1.0)
    @example(p=0.5, q=0.5 + 1e-13, v=1.0, x=1, mean=1.0)
    def test_it_is_that_of_exact_arithmetic(self, p, q, v, x, mean):
        model = GammaGamma(p=p, q=q, v=v)
        above = Fraction(p) * x + Fraction(q) - 1
        if above > 0:
            exact = Fraction(p) * (Fraction(v) + x * Fraction(mean)) / above
            found = model.expected_mean_spend(spent(x, mean))
            assert abs(Fraction(found) - exact) <= exact * Fraction(1, 10**12)
        else:
            with pytest.raises(InvalidValue, match="does not exist"):
                model.expected_mean_spend(spent(x, mean))

    @given(p=usual, q=st.floats(1.01, 20.0), v=usual, x=st.integers(1, 500), mean=amounts)
    def test_it_lies_between_the_own_mean_and_that_of_all(self, p, q, v, x, mean):
        model = GammaGamma(p=p, q=q, v=v)
        low, high = sorted([mean, model.population_mean])
        expected = model.expected_mean_spend(spent(x, mean))
        assert low * (1 - 1e-12) <= expected <= high * (1 + 1e-12)

    @given(p=usual, q=st.floats(1.01, 20.0), v=usual, x=st.integers(1, 500), mean=amounts)
    def test_more_purchases_of_the_same_spend_draw_it_to_the_own_mean(self, p, q, v, x, mean):
        model = GammaGamma(p=p, q=q, v=v)
        few, more = (abs(model.expected_mean_spend(spent(n, mean)) - mean) for n in (x, x + 1))
        assert more <= few * (1 + 1e-9) + 1e-9 * mean

    @given(p=usual, q=usual, v=usual, x=st.integers(1, 50), mean=amounts, more=st.floats(1.0, 9.0))
    def test_who_spent_more_is_expected_to_spend_more(self, p, q, v, x, mean, more):
        assume(p * x + q > 1.001)
        model = GammaGamma(p=p, q=q, v=v)
        assert model.expected_mean_spend(spent(x, mean)) <= model.expected_mean_spend(
            spent(x, mean * more)
        ) * (1 + 1e-12)

    def test_of_who_has_not_come_back_it_is_that_of_all(self):
        assert PUBLISHED.expected_mean_spend(spent(0, None)) == PUBLISHED.population_mean

    def test_who_spent_nothing_on_two_repeats_is_expected_to_spend_something(self):
        """Closed form (5) with an own mean of 0: p v / (2 p + q - 1)."""
        expected = PUBLISHED.expected_mean_spend(spent(2, 0.0))
        assert expected == pytest.approx(6.25 * 15.44 / (2 * 6.25 + 3.74 - 1), rel=1e-12)

    def test_more_given_back_than_paid_counts_as_nothing(self):
        refunded = RepeatPurchaseFacts(
            2, 30.0, 40.0, Money("-1.00", "EUR"), repeat_spend=Money("-2.00", "EUR")
        )
        assert PUBLISHED.expected_mean_spend(refunded) == PUBLISHED.expected_mean_spend(
            spent(2, 0.0)
        )

    @pytest.mark.parametrize("q", [1.0, 0.5])
    def test_customers_too_uneven_for_a_mean_are_an_error(self, q):
        uneven = GammaGamma(p=6.25, q=q, v=15.44)
        with pytest.raises(InvalidValue, match="does not exist"):
            _ = uneven.population_mean
        assert uneven.expected_mean_spend(spent(1, 20.0)) > 0.0

    def test_a_mean_beyond_any_money_is_an_error(self):
        with pytest.raises(InvalidValue, match="check the parameters"):
            _ = GammaGamma(p=1e300, q=2.0, v=1e300).population_mean

    def test_each_of_many_is_not_asked_of_one(self):
        with pytest.raises(InvalidValue, match="pass a summary, or a list"):
            PUBLISHED.expected_mean_spend_each(spent(2, 22.35))  # type: ignore[arg-type]

    def test_each_of_many_in_their_order(self):
        facts = [spent(2, 22.35), spent(0, None), spent(2, 9.99)]
        base = {CustomerId(f"C-{number}"): each for number, each in enumerate(facts)}
        each = [PUBLISHED.expected_mean_spend(one) for one in facts]
        assert PUBLISHED.expected_mean_spend_each(base) == each
        assert PUBLISHED.expected_mean_spend_each(base.values()) == each

    def test_an_own_mean_beyond_any_money_is_an_error(self):
        with pytest.raises(InvalidValue, match="beyond any amount"):
            PUBLISHED.expected_mean_spend(spent(1, 1e200))

    def test_a_row_is_no_customer(self):
        with pytest.raises(InvalidValue, match="RepeatPurchaseFacts"):
            PUBLISHED.expected_mean_spend((2, 22.35))  # type: ignore[arg-type]

    def test_unknown_spend_of_a_repeat_customer_is_an_error(self):
        with pytest.raises(InvalidValue, match="not known"):
            PUBLISHED.expected_mean_spend(spent(2, None))


class TestDomain:
    """20,000 customers and models of any size: a finite number, or an error that says why."""

    def test_no_case_ends_in_anything_else(self):
        random = Random(8)

        def of_any_size(low: float, high: float) -> float:
            return math.exp(random.uniform(math.log(low), math.log(high)))

        without_mean = 0
        for number in range(20_000):
            p, q, v = (of_any_size(1e-6, 1e6) for _ in range(3))
            x, mean = int(of_any_size(1.0, 1e5)), of_any_size(1e-2, 1e9)
            model = GammaGamma(p=p, q=[q, 1.0, 1.0 - p][number % 3] if p < 1.0 else q, v=v)
            facts = spent(x if number % 4 else 0, mean if number % 4 else None)
            assert math.isfinite(model.log_likelihood(facts))
            try:
                assert 0.0 < model.expected_mean_spend(facts) < math.inf
            except InvalidValue:
                without_mean += 1
                assert Fraction(model.p) * facts.repeat_purchases + Fraction(model.q) <= 1
        assert without_mean > 0


class TestMoney:
    """Money in, money out, with one named rounding; currencies never mix."""

    IN_DOLLARS = GammaGamma(p=6.25, q=3.74, v=15.44, currency="USD")

    @pytest.mark.parametrize(
        ("rounding", "amount"), [(Rounding.HALF_EVEN, "24.66"), (Rounding.UP, "24.67")]
    )
    def test_the_expected_spend_as_money(self, rounding, amount):
        facts = spent(2, Money("22.35", "USD"))
        found = self.IN_DOLLARS.expected_mean_spend_money(facts, rounding=rounding)
        assert found == Money(amount, "USD")

    def test_rounded_half_even_unless_said_otherwise(self):
        """6 (4 + 2 m) / 12 = 2 + m is exact in floats: 4.125 with a mean of 2.125."""
        model = GammaGamma(p=6.0, q=1.0, v=4.0, currency="KWD")
        facts = spent(2, Money("2.125", "KWD"))
        assert model.expected_mean_spend_money(facts) == Money("4.125", "KWD")
        in_cents = GammaGamma(p=6.0, q=1.0, v=4.25, currency="EUR")
        assert in_cents.expected_mean_spend_money(spent(2, 2.0)) == Money("4.12", "EUR")

    def test_the_exact_total_counts_not_its_rounded_mean(self):
        facts = RepeatPurchaseFacts(
            3, 30.0, 40.0, Money("3.33", "USD"), repeat_spend=Money("10.00", "USD")
        )
        expected = self.IN_DOLLARS.expected_mean_spend(facts)
        assert expected == pytest.approx(6.25 * (15.44 + 10) / (3 * 6.25 + 3.74 - 1), rel=1e-12)

    def test_a_bare_number_is_taken_to_be_in_the_currency_of_the_model(self):
        assert self.IN_DOLLARS.expected_mean_spend(spent(2, 22.35)) == pytest.approx(
            self.IN_DOLLARS.expected_mean_spend(spent(2, Money("22.35", "USD"))), rel=1e-15
        )

    def test_another_currency_is_refused(self):
        euro = spent(2, Money("22.35", "EUR"))
        for ask in (self.IN_DOLLARS.expected_mean_spend, self.IN_DOLLARS.log_likelihood):
            with pytest.raises(CurrencyMismatch):
                ask(euro)
        with pytest.raises(CurrencyMismatch):
            GammaGamma.fit([euro, spent(2, Money("22.35", "USD"))])

    def test_money_without_a_currency_is_refused(self):
        with pytest.raises(InvalidValue, match="names no currency"):
            PUBLISHED.expected_mean_spend_money(spent(2, 22.35))

    def test_an_unknown_currency_is_refused(self):
        with pytest.raises(InvalidMoney):
            GammaGamma(p=6.25, q=3.74, v=15.44, currency="dollars")

    @pytest.mark.parametrize("name", PARAMETERS)
    @pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf, "1", True])
    def test_parameters_are_finite_and_above_zero(self, name, value):
        with pytest.raises(InvalidValue, match=name):
            GammaGamma(**{"p": 1.0, "q": 1.0, "v": 1.0} | {name: value})


class TestFit:
    """The parameters under which the spend is most likely, or a word on why there are none."""

    @pytest.mark.parametrize("name", PARAMETERS)
    @pytest.mark.parametrize("factor", [0.98, 1.02])
    def test_any_other_parameter_is_less_likely(self, name, factor):
        spend = calibration_sample().counted_spend()
        fitted = GammaGamma.fit(spend)
        terms = {each: getattr(fitted, each) for each in PARAMETERS}
        terms[name] *= factor
        assert GammaGamma(**terms).log_likelihood(spend) < report_of(fitted).log_likelihood

    def test_the_likelihood_of_the_fit_is_that_of_the_model_fitted(self):
        spend = calibration_sample().counted_spend()
        fitted = GammaGamma.fit(spend)
        assert fitted.log_likelihood(spend) == pytest.approx(
            report_of(fitted).log_likelihood, rel=1e-12
        )

    @pytest.mark.parametrize("v", [0.02, 15.0, 3000.0])
    def test_its_curvature_is_that_of_the_likelihood(self, v):
        """Second differences of the log-likelihood of the logarithms of the parameters."""
        spend = drawn(2.0, 3.0, v, 400)
        fitted = GammaGamma.fit(spend)
        top = [math.log(getattr(fitted, name)) for name in PARAMETERS]

        def value(*away: float) -> float:
            p, q, v = (math.exp(at + step) for at, step in zip(top, away, strict=True))
            return GammaGamma(p=p, q=q, v=v).log_likelihood(spend)

        h = 1e-3
        for i in range(3):
            for j in range(3):
                corners = [
                    value(*[si * h * (k == i) + sj * h * (k == j) for k in range(3)])
                    for si, sj in ((1, 1), (1, -1), (-1, 1), (-1, -1))
                ]
                bend = (corners[0] - corners[1] - corners[2] + corners[3]) / (4 * h * h)
                assert -report_of(fitted).information[i][j] == pytest.approx(
                    bend, rel=2e-4, abs=1e-3
                )

    def test_the_currency_of_account_does_not_matter(self):
        """A shop that counts in yen has the same customers as one that counts in dollars."""
        spend = drawn(2.0, 3.0, 15.0, 300)
        dollars = GammaGamma.fit(spend)
        for factor in (1e-6, 150.0, 1e12):
            rows = {(x, mean * factor): count for (x, mean), count in spend.rows.items()}
            other = GammaGamma.fit(CountedSpend(rows))
            assert (other.p, other.q) == pytest.approx((dollars.p, dollars.q), rel=1e-6)
            assert other.v == pytest.approx(dollars.v * factor, rel=1e-6)

    def test_counted_or_one_by_one_it_is_the_same(self):
        rows = {(1, 10.0): 40, (2, 30.0): 25, (3, 12.5): 30, (1, 55.0): 12}
        counted = GammaGamma.fit(CountedSpend(rows))
        each = GammaGamma.fit([spent(*row) for row, count in rows.items() for _ in range(count)])
        assert report_of(each) == report_of(counted)
        assert report_of(each).rows == 4
        assert report_of(each).customers == 107

    def test_who_did_not_come_back_takes_no_part(self):
        spend = drawn(2.0, 3.0, 15.0, 50)
        others = CountedSpend(spend.rows, None, left_out=7, without_repeats=1000)
        assert report_of(GammaGamma.fit(others)) == report_of(GammaGamma.fit(spend))

    @pytest.mark.parametrize(("customers", "few"), [(29, True), (30, False)])
    def test_few_customers_are_a_warning(self, customers, few):
        report = report_of(GammaGamma.fit(drawn(2.0, 3.0, 15.0, customers)))
        assert (FitWarning.FEW_REPEATS in report.warnings) is few

    @pytest.mark.parametrize("facts", [[], [spent(0, None)], [spent(3, 0.0), spent(0, None)]])
    def test_nobody_who_came_back_and_paid_is_an_error(self, facts):
        with pytest.raises(NothingToFit):
            GammaGamma.fit(facts)

    @pytest.mark.parametrize(
        "facts",
        [[spent(2, 22.35)], [spent(2, 9.99)] * 100, [spent(1, 9.99), spent(2, 9.99)]],
        ids=["one customer", "equal customers", "one price for all"],
    )
    def test_the_same_spend_each_time_is_an_error(self, facts):
        with pytest.raises(CannotFit, match="spend the same"):
            GammaGamma.fit(facts)

    def test_two_customers_cannot_tell_three_parameters(self):
        with pytest.raises(CannotFit, match="three parameters"):
            GammaGamma.fit([spent(2, 22.35), spent(1, 10.0)])

    def test_customers_who_are_nearly_alike_are_flagged(self):
        """Each spends a little around 10, and nothing says whose mean differs."""
        alike = spends(*[(1, 10.0 + 1e-9 * k) for k in range(40)])
        fitted = report_of(GammaGamma.fit(alike))
        assert not fitted.is_trustworthy

    def test_customers_who_never_vary_are_flagged(self):
        """With one price each, p has no upper end; the best model lies at the boundary."""
        random = Random(3)
        prices = [10.0 / random.gammavariate(3.0, 1.0) for _ in range(300)]
        fitted = GammaGamma.fit(spends(*[(1 + k % 40, m) for k, m in enumerate(prices)]))
        assert {FitWarning.AT_BOUNDARY, FitWarning.NOT_IDENTIFIED} & {*report_of(fitted).warnings}

    @pytest.mark.parametrize("customers", [12, 200])
    @pytest.mark.parametrize("seed", range(20))
    def test_whatever_the_shop_the_fit_is_no_worse_than_the_truth(self, seed, customers):
        """Few customers can make two tops, of which the higher one is wanted."""
        random = Random(seed)
        p, q, v = (math.exp(random.uniform(-2.0, 4.0)) for _ in range(3))
        spend = drawn(p, q, v, customers, seed)
        fitted = GammaGamma.fit(spend)
        truth = GammaGamma(p=p, q=q, v=v).log_likelihood(spend)
        assert report_of(fitted).log_likelihood >= truth
        assert report_of(fitted).ending is not Ending.GAVE_UP
        assert all(math.isfinite(getattr(fitted, name)) for name in PARAMETERS)

    def test_of_two_tops_the_higher_one_is_found(self):
        """Ten customers whose spend is worlds apart, against a net of other parameters."""
        random = Random(258)
        p, q, v = (math.exp(random.uniform(-3.0, 1.0)) for _ in range(3))
        spend = drawn(p, q, v, 10, 258)
        top = report_of(GammaGamma.fit(spend)).log_likelihood
        shapes = [10.0 ** (z / 2) for z in range(-6, 7)]
        scales = [10.0**z for z in range(-10, 11)]
        net = [GammaGamma(p=p, q=q, v=v) for p in shapes for q in shapes for v in scales]
        assert all(other.log_likelihood(spend) <= top for other in net)

    def test_means_that_differ_in_the_last_digit_alone_are_flagged(self):
        """Their logarithms are equal, so that not even a spread can be measured."""
        means = [1e10, math.nextafter(1e10, math.inf), math.nextafter(1e10, 0.0)]
        assert not report_of(GammaGamma.fit(spends(*[(1, mean) for mean in means]))).is_trustworthy

    def test_a_model_given_by_hand_has_no_report(self):
        assert PUBLISHED.fitted is None
        assert PUBLISHED.independence is None

    def test_models_of_the_same_parameters_are_equal(self):
        fitted = GammaGamma.fit(drawn(2.0, 3.0, 15.0, 50))
        assert fitted == GammaGamma(p=fitted.p, q=fitted.q, v=fitted.v)


class TestIndependence:
    """Spend and frequency are taken to have nothing to do with each other; here it is checked."""

    def test_it_is_the_correlation_over_customers(self):
        """Checked against the definition, customer by customer."""
        spend = CountedSpend({(1, 10.0): 3, (2, 30.0): 2, (5, 12.5): 4})
        each = [row for row, count in spend.rows.items() for _ in range(count)]
        x, m = [Fraction(a) for a, _ in each], [Fraction(b) for _, b in each]
        mean_x, mean_m = sum(x) / len(x), sum(m) / len(m)
        xm = sum((a - mean_x) * (b - mean_m) for a, b in zip(x, m, strict=True))
        xx, mm = sum((a - mean_x) ** 2 for a in x), sum((b - mean_m) ** 2 for b in m)
        exact = float(xm) / math.sqrt(float(xx * mm))
        assert independence_of(GammaGamma.fit(spend)).correlation == pytest.approx(exact, rel=1e-12)

    @pytest.mark.parametrize("sign", [1, -1])
    def test_spend_that_follows_frequency_is_a_warning(self, sign):
        rows = [(x, 50.0 + sign * 4.0 * x + 5.0 * (k % 3)) for k, x in enumerate([1, 2, 4, 8] * 20)]
        fitted = GammaGamma.fit(spends(*rows))
        assert not independence_of(fitted).holds
        assert FitWarning.SPEND_FOLLOWS_FREQUENCY in report_of(fitted).warnings
        assert sign * independence_of(fitted).correlation > INDEPENDENCE_BOUND

    def test_spend_drawn_from_the_model_is_none(self):
        fitted = GammaGamma.fit(drawn(6.25, 3.74, 15.44, 500))
        assert independence_of(fitted).holds
        assert FitWarning.SPEND_FOLLOWS_FREQUENCY not in report_of(fitted).warnings

    def test_customers_who_all_came_back_once_say_nothing_of_it(self):
        independence = independence_of(GammaGamma.fit(spends(*[(1, 10.0 + k) for k in range(40)])))
        assert independence == Independence(None, 40)
        assert independence.holds
        assert independence.interval() is None

    @staticmethod
    def interval_of(correlation: float, customers: int) -> Interval:
        interval = Independence(correlation, customers).interval()
        assert interval is not None
        return interval

    def test_the_interval_of_the_correlation(self):
        """Fisher's z: the hyperbolic tangent of artanh r, 1.959964 / sqrt(n - 3) either way."""
        interval = self.interval_of(0.1139, 946)
        reach = 1.959963984540054 / math.sqrt(943)
        assert interval.low == pytest.approx(math.tanh(math.atanh(0.1139) - reach), rel=1e-12)
        assert interval.high == pytest.approx(math.tanh(math.atanh(0.1139) + reach), rel=1e-12)

    @pytest.mark.parametrize("correlation", [1.0, -1.0])
    def test_a_perfect_correlation_has_an_interval(self, correlation):
        interval = self.interval_of(correlation, 10)
        assert -1.0 <= interval.low <= interval.high <= 1.0

    def test_three_customers_have_no_interval(self):
        assert Independence(0.5, 3).interval() is None

    @pytest.mark.parametrize("level", [0.0, 1.0, -0.5])
    def test_a_level_lies_between_0_and_1(self, level):
        with pytest.raises(InvalidValue, match="level"):
            Independence(0.5, 100).interval(level)


def test_counted_spend_is_what_the_fit_is_made_of():
    """A summary, its counted spend, and its facts one by one give the same parameters."""
    summary = calibration_sample()
    fits = [GammaGamma.fit(f) for f in (summary, counted_spend(summary), list(summary.values()))]
    assert {(fit.p, fit.q, fit.v) for fit in fits} == {(fits[0].p, fits[0].q, fits[0].v)}
