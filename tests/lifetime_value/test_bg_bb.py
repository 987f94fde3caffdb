"""BG/BB: who takes which opportunities, and who has stopped taking any."""

from __future__ import annotations

import math
import random
from itertools import accumulate, pairwise, product
from typing import Any

import mpmath
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mpf

from crmkit.errors import CannotFit, InvalidValue, NothingToFit, UnitMismatch
from crmkit.lifetime_value.facts import CountedFacts, RepeatPurchaseFacts
from crmkit.lifetime_value.models.bg_bb import BgBb
from crmkit.lifetime_value.models.bg_bb_fit import _LogLikelihood
from crmkit.lifetime_value.models.fitting import FitReport, FitWarning
from crmkit.period import Rate, Unit

PUBLISHED = BgBb(alpha=1.20, beta=0.75, gamma=0.66, delta=2.78)
THREE_OF_SIX = RepeatPurchaseFacts(3, 4, 6)
TENTH = Rate.annual("0.10")

parameters = st.floats(-2.0, 2.0).map(lambda e: 10.0**e)
models = st.builds(BgBb, alpha=parameters, beta=parameters, gamma=parameters, delta=parameters)


@st.composite
def histories(draw, unit: Unit | None = None):
    """Facts that count opportunities."""
    n = draw(st.integers(0, 40))
    last = draw(st.integers(0, n))
    return RepeatPurchaseFacts(draw(st.integers(min(last, 1), last)), last, n, unit=unit)


def all_histories(n: int) -> list[RepeatPurchaseFacts]:
    """The facts of each way to take or leave n opportunities."""
    found = []
    for taken in product((False, True), repeat=n):
        last = max((t for t, bought in enumerate(taken, 1) if bought), default=0)
        found.append(RepeatPurchaseFacts(sum(taken), last, n))
    return found


def likelihood(model: BgBb, facts: RepeatPurchaseFacts) -> float:
    return math.exp(model.log_likelihood(facts))


class TestPublishedFigures:
    """Fader, Hardie and Shang (2010), with alpha 1.20, beta .75, gamma .66, delta 2.78."""

    def test_expected_purchases_of_a_new_customer(self):
        assert PUBLISHED.expected_purchases_new(10) == pytest.approx(3.16499022, rel=1e-9)

    def test_probability_of_being_alive_at_the_next_opportunity(self):
        assert PUBLISHED.probability_alive(THREE_OF_SIX) == pytest.approx(0.4383438546, rel=1e-9)

    @pytest.mark.parametrize(("taken", "last", "expected"), [(0, 0, 0.1302169), (4, 5, 3.627858)])
    def test_donations_expected_of_two_donors_over_ten_years(self, taken, last, expected):
        """The walk-through of the R package BTYD, with the parameters of the paper's table 3."""
        donors = BgBb(alpha=1.204, beta=0.750, gamma=0.657, delta=2.783)
        found = donors.expected_purchases(RepeatPurchaseFacts(taken, last, 6), 10)
        assert found == pytest.approx(expected, rel=1e-3)


class TestAllHistories:
    """Customers take or leave each opportunity: all ways to do so together are certain."""

    @given(model=models, n=st.integers(0, 7))
    def test_one_of_all_histories_happens(self, model, n):
        total = math.fsum(likelihood(model, facts) for facts in all_histories(n))
        assert total == pytest.approx(1.0, rel=1e-12)

    @given(model=models, n=st.integers(0, 7))
    def test_the_number_of_purchases_is_that_of_the_histories(self, model, n):
        for purchases in range(n + 1):
            each = (f for f in all_histories(n) if f.repeat_purchases == purchases)
            total = math.fsum(likelihood(model, facts) for facts in each)
            assert model.pmf(purchases, n) == pytest.approx(total, rel=1e-11)

    @given(model=models, n=st.integers(0, 6), t=st.integers(0, 50))
    def test_what_is_expected_later_is_what_is_expected_of_each_history(self, model, n, t):
        """The tower law: a new customer's future is that of all their histories, weighed."""
        later = math.fsum(
            likelihood(model, facts) * (facts.repeat_purchases + model.expected_purchases(facts, t))
            for facts in all_histories(n)
        )
        assert later == pytest.approx(model.expected_purchases_new(n + t), rel=1e-11)

    @given(model=models, n=st.integers(0, 6))
    def test_alive_is_who_meets_the_next_opportunity(self, model, n):
        """Of all histories together, as many meet it as of new customers: B(g, d + n + 1)."""
        there = math.fsum(
            likelihood(model, facts) * model.probability_alive(facts) for facts in all_histories(n)
        )
        meet = math.prod((model.delta + k) / (model.gamma + model.delta + k) for k in range(n + 1))
        assert there == pytest.approx(meet, rel=1e-11)

    @given(model=models, facts=histories())
    def test_the_next_opportunity_is_taken_or_not(self, model, facts):
        """Bayes: a history and one opportunity more are the two histories that come of it."""
        x, last, n = facts.repeat_purchases, facts.age_at_last_purchase, facts.customer_age
        taken = RepeatPurchaseFacts(x + 1, n + 1, n + 1)
        left = RepeatPurchaseFacts(x, last, n + 1)
        before, buys = likelihood(model, facts), model.expected_purchases(facts, 1)
        assert likelihood(model, taken) == pytest.approx(before * buys, rel=1e-10)
        assert likelihood(model, taken) + likelihood(model, left) == pytest.approx(
            before, rel=1e-10
        )


class TestQuestions:
    """Alive or not, how many purchases, and what they are worth today."""

    @given(model=models, facts=histories(), silent=st.integers(1, 30))
    def test_silence_makes_it_less_likely_that_somebody_is_there(self, model, facts, silent):
        later = RepeatPurchaseFacts(
            facts.repeat_purchases, facts.age_at_last_purchase, facts.customer_age + silent
        )
        assert model.probability_alive(later) < model.probability_alive(facts) * (1 + 1e-12)

    @given(model=models, facts=histories())
    def test_a_later_last_purchase_makes_it_more_likely(self, model, facts):
        if facts.repeat_purchases:
            x, n = facts.repeat_purchases, facts.customer_age
            alive = [
                model.probability_alive(RepeatPurchaseFacts(x, last, n))
                for last in range(x, int(n) + 1)
            ]
            assert alive == sorted(alive)

    @given(model=models, facts=histories(), t=st.integers(0, 20))
    def test_probabilities_add_up_and_their_mean_is_what_is_expected(self, model, facts, t):
        each = [model.conditional_pmf(facts, n, t) for n in range(t + 1)]
        mean = math.fsum(n * p for n, p in enumerate(each))
        assert math.fsum(each) == pytest.approx(1.0, rel=1e-10)
        assert mean == pytest.approx(model.expected_purchases(facts, t), rel=1e-10)

    @pytest.mark.parametrize("model", [PUBLISHED, BgBb(alpha=40, beta=40, gamma=0.3, delta=90)])
    def test_probabilities_add_up_over_many_opportunities(self, model):
        """Leaving at once, and a peak far on: two stretches to sum."""
        assert math.fsum(model.pmf(n, 120) for n in range(121)) == pytest.approx(1.0, rel=1e-11)

    def test_more_purchases_than_opportunities_are_impossible(self):
        assert PUBLISHED.pmf(7, 6) == 0.0
        assert PUBLISHED.conditional_pmf(THREE_OF_SIX, 10**12, 6) == 0.0

    @given(model=models, facts=histories())
    def test_later_opportunities_bring_less_and_less(self, model, facts):
        sums = [model.expected_purchases(facts, t) for t in range(12)]
        gains = [later - before for before, later in pairwise(sums)]
        assert min(gains) > 0.0
        assert all(b <= a * (1 + 1e-9) + 1e-15 for a, b in pairwise(gains))

    @given(model=models, facts=histories(Unit.YEAR))
    def test_discounting_takes_each_opportunity_at_its_date(self, model, facts):
        sums = [model.expected_purchases(facts, t) for t in range(24)]
        today = math.fsum(
            (later - before) / 8.0**t for t, (before, later) in enumerate(pairwise(sums), 1)
        )
        found = model.residual_transactions(facts, Rate.annual("7.00"))
        assert found == pytest.approx(today, rel=1e-9)

    def test_a_new_customer_is_discounted_alike(self):
        model = BgBb(alpha=1.2, beta=0.75, gamma=0.66, delta=2.78, unit=Unit.YEAR)
        newcomer = RepeatPurchaseFacts(0, 0, 0)
        assert model.discounted_transactions_new(TENTH) == pytest.approx(
            model.residual_transactions(newcomer, TENTH), rel=1e-12
        )

    def test_the_same_rate_is_compounded_once_an_opportunity_whatever_its_unit(self):
        monthly = RepeatPurchaseFacts(3, 4, 6, unit=Unit.MONTH)
        for rate in (Rate.annual("0.12682503013196972"), Rate.of("0.01", Unit.MONTH)):
            assert PUBLISHED.residual_transactions(monthly, rate) == pytest.approx(
                float(oracle_discounted(PUBLISHED, monthly, 0.01)), rel=1e-9
            )

    def test_the_path_of_being_alive_falls_until_the_next_purchase(self):
        path = PUBLISHED.probability_alive_path([1, 4], range(8))
        assert path[2] > path[3]
        assert path[4] > path[3]
        assert path[4:] == sorted(path[4:], reverse=True)
        assert path[6] == PUBLISHED.probability_alive(RepeatPurchaseFacts(2, 4, 6))

    def test_many_customers_are_answered_like_one_by_one(self):
        each = [THREE_OF_SIX, RepeatPurchaseFacts(0, 0, 6), THREE_OF_SIX]
        assert PUBLISHED.expected_purchases_each(each, 5) == [
            PUBLISHED.expected_purchases(facts, 5) for facts in each
        ]


def oracle_row(model: BgBb, x: int, last: int, n: int) -> tuple[mpf, mpf]:
    """Equations 5 and 11 term by term: the log-likelihood, and the probability of being alive."""
    a, b, g, d = map(mpf, (model.alpha, model.beta, model.gamma, model.delta))
    b_rest, d_rest = b + (last - x), d + last
    buying = mpmath.beta(a + x, b_rest) / mpmath.beta(a, b)
    term = buying * mpmath.beta(g + 1, d_rest) / mpmath.beta(g, d)
    left = mpf(0)
    for i in range(n - last):
        left += term
        term *= (b_rest + i) / (a + x + b_rest + i) * (d_rest + i) / (g + 1 + d_rest + i)
    there = mpmath.beta(a + x, b + (n - x)) / mpmath.beta(a, b)
    there *= mpmath.beta(g, d + n) / mpmath.beta(g, d)
    return mpmath.log(there + left), there / (there + left) * (d + n) / (g + d + n)


def oracle_pmf(model: BgBb, x: int, n: int) -> mpf:
    """Equation 7 term by term."""
    a, b, g, d = map(mpf, (model.alpha, model.beta, model.gamma, model.delta))
    term = mpmath.beta(a + x, b) * mpmath.beta(g + 1, d + x)
    total = mpf(0)
    for i in range(x, n):
        total += term
        term *= mpf(i + 1) / (i + 1 - x) * (b + (i - x)) / (a + b + i)
        term *= (d + i) / (g + 1 + d + i)
    there = mpmath.binomial(n, x) * mpmath.beta(a + x, b + (n - x)) * mpmath.beta(g, d + n)
    return (total + there) / (mpmath.beta(a, b) * mpmath.beta(g, d))


def oracle_expected(model: BgBb, facts: RepeatPurchaseFacts, t: int) -> mpf:
    """Equation 13, with the digamma function in the place of its singularity at gamma = 1."""
    x, n = facts.repeat_purchases, int(facts.customer_age)
    _, alive = oracle_row(model, x, int(facts.age_at_last_purchase), n)
    a, b, g, d = map(mpf, (model.alpha, model.beta, model.gamma, model.delta))
    d += n + 1
    if g == 1:
        met = d * (mpmath.digamma(d + t) - mpmath.digamma(d))
    else:
        met = (g + d - 1 - mpmath.gammaprod([d + t, g + d], [d, g + d + t - 1])) / (g - 1)
    return alive * (a + x) / (a + b + n) * met


def oracle_discounted(model: BgBb, facts: RepeatPurchaseFacts, rate: float) -> mpf:
    """Equation 14."""
    x, n = facts.repeat_purchases, int(facts.customer_age)
    _, alive = oracle_row(model, x, int(facts.age_at_last_purchase), n)
    a, b, g, d = map(mpf, (model.alpha, model.beta, model.gamma, model.delta))
    factor = 1 / (1 + mpf(rate))
    met = mpmath.hyp2f1(1, d + n + 1, g + d + n + 1, factor)
    return alive * (a + x) / (a + b + n) * factor * met


CORNERS = (
    (1.0, 1.0, 1.0, 1.0),
    (1.2, 0.75, 1.0, 2.78),
    (1.2, 0.75, 1.0 + 1e-9, 2.78),
    (1e-6, 1e-6, 1e-6, 1e-6),
    (1e6, 1e6, 1e6, 1e6),
    (1e-6, 1e6, 1e-6, 1e6),
    (1e6, 1e-6, 1e6, 1e-6),
    (5e5, 1e6, 1e-3, 1e6),
    (0.4, 1e-6, 0.04, 0.5),
)


def domain(seed: int, cases: int):
    """Models and facts over the whole domain, at random; first the corners."""
    draw = random.Random(seed)
    for case in range(cases):
        at_random = tuple(10.0 ** draw.uniform(-6.0, 6.0) for _ in range(4))
        a, b, g, d = CORNERS[case] if case < len(CORNERS) else at_random
        n = int(10.0 ** draw.uniform(0.0, 3.2)) if case % 10 else 0
        last = draw.choice([0, n, draw.randint(0, n), draw.randint(0, min(n, 20))])
        x = draw.choice([min(1, last), last, draw.randint(min(1, last), last)])
        t = int(10.0 ** draw.uniform(0.0, 3.2)) if case % 11 else 0
        wanted = draw.choice([0, t, draw.randint(0, t), draw.randint(0, min(t, 20))])
        model = BgBb(alpha=a, beta=b, gamma=g, delta=d, unit=Unit.YEAR)
        yield model, RepeatPurchaseFacts(x, last, n), wanted, t


def agree(found: float, exact: mpf) -> bool:
    """To nine digits where the value is above 1e-12, else to 1e-12."""
    return bool(abs(found - exact) <= (1e-9 * abs(exact) if abs(exact) > 1e-12 else 1e-12))


class TestAccuracy:
    """Nine digits, against sums of all terms with 40 and more."""

    @pytest.mark.parametrize("seed", range(3))
    def test_answers_over_the_domain_agree_with_mpmath(self, seed):
        with mpmath.workdps(40):
            for model, facts, wanted, t in domain(seed, 30):
                x, last, n = facts.repeat_purchases, facts.age_at_last_purchase, facts.customer_age
                log, alive = oracle_row(model, x, int(last), int(n))
                assert agree(model.log_likelihood(facts), log), (model, facts)
                assert agree(model.probability_alive(facts), alive), (model, facts)
                assert agree(model.pmf(wanted, t), oracle_pmf(model, wanted, t)), (model, wanted, t)

    def test_expectations_over_the_domain_agree_with_mpmath(self):
        with mpmath.workdps(60):
            for model, facts, _, t in domain(7, 40):
                exact = oracle_expected(model, facts, t)
                assert agree(model.expected_purchases(facts, t), exact), (model, facts, t)

    @pytest.mark.parametrize("rate", ["0.001", "0.10", "2.5"])
    def test_discounted_transactions_agree_with_the_hypergeometric_function(self, rate):
        with mpmath.workdps(30):
            for model, facts, _, _ in domain(9, 25):
                if model.gamma + model.delta < 1e4:
                    exact = oracle_discounted(model, facts, float(rate))
                    found = model.residual_transactions(facts, Rate.annual(rate))
                    assert agree(found, exact), (model, facts)

    @pytest.mark.parametrize("t", [300_000, 1_000_000])
    def test_expectations_over_a_million_opportunities(self, t):
        with mpmath.workdps(60):
            for model, facts, _, _ in domain(11, 25):
                exact = oracle_expected(model, facts, t)
                assert agree(model.expected_purchases(facts, t), exact), (model, facts, t)

    def test_somebody_who_took_a_hundred_thousand_opportunities_and_then_left_one(self):
        """So sure to buy that leaving one opportunity says a lot: beta keeps its digits."""
        model = BgBb(alpha=1.2, beta=1e-6, gamma=1e-6, delta=1e-3)
        with mpmath.workdps(40):
            _, alive = oracle_row(model, 100_000, 100_000, 100_001)
        facts = RepeatPurchaseFacts(100_000, 100_000, 100_001)
        assert model.probability_alive(facts) == pytest.approx(float(alive), rel=1e-9)

    @pytest.mark.parametrize(
        ("model", "purchases"),
        [
            (BgBb(alpha=0.33, beta=26990, gamma=0.0782, delta=369), 4),
            (BgBb(alpha=30002, beta=3528, gamma=0.0216, delta=720356), 100_000),
            (BgBb(alpha=0.073, beta=0.0728, gamma=0.234, delta=714.5), 100_000),
        ],
    )
    def test_purchases_at_a_million_opportunities(self, model, purchases):
        exact = oracle_far(model, purchases, 1_000_000)
        assert model.pmf(purchases, 1_000_000) == pytest.approx(exact, rel=1e-9, abs=0.0)

    def test_every_answer_over_the_domain_is_a_finite_number(self):
        draw = random.Random(13)
        for model, _, _, _ in domain(13, 60):
            n, t = int(10.0 ** draw.uniform(0.0, 6.0)), int(10.0 ** draw.uniform(0.0, 6.0))
            last = draw.randint(0, n)
            facts = RepeatPurchaseFacts(draw.randint(min(1, last), min(last, 100_000)), last, n)
            found = (
                model.log_likelihood(facts),
                model.probability_alive(facts),
                model.expected_purchases(facts, t),
                model.residual_transactions(facts, TENTH),
                model.pmf(min(t, 100_000), t),
                model.conditional_pmf(facts, draw.randint(0, min(t, 100_000)), t),
            )
            assert all(map(math.isfinite, found)), (model, facts, t)

    def test_parameters_beyond_all_measure_still_give_probabilities(self):
        model = BgBb(alpha=1e155, beta=1e155, gamma=1e155, delta=1e155)
        assert 0.0 <= model.pmf(3, 10) <= 1.0


def oracle_far(model: BgBb, x: int, n: int) -> float:
    """Equation 7 with a great many terms, each by its ratio to the one before."""
    a, b, g, d = model.alpha, model.beta, model.gamma, model.delta
    log = math.log
    with mpmath.workdps(30):
        first = mpmath.beta(a + x, b) / mpmath.beta(a, b)
        first *= mpmath.beta(g + 1, d + x) / mpmath.beta(g, d)
        there = mpmath.binomial(n, x) * mpmath.beta(a + x, b + n - x) / mpmath.beta(a, b)
        there *= mpmath.beta(g, d + n) / mpmath.beta(g, d)
        start = float(mpmath.log(first))
    steps = (
        log((i + 1) / (i + 1 - x) * (b + i - x) / (a + b + i) * (d + i) / (g + 1 + d + i))
        for i in range(x, n - 1)
    )
    return math.fsum(map(math.exp, accumulate(steps, initial=start))) + float(there)


def expected_counts(model: BgBb, n: int, customers: int) -> CountedFacts:
    """As many customers of each history as the model expects, to the nearest one."""
    rows = {}
    for last in range(n + 1):
        for x in range(min(1, last), last + 1):
            ways = math.comb(last - 1, x - 1) if x else 1
            facts = RepeatPurchaseFacts(x, last, n)
            count = round(customers * ways * likelihood(model, facts))
            if count:
                rows[x, last, n] = count
    return CountedFacts(rows, Unit.YEAR)


def report(model: BgBb) -> FitReport:
    assert model.fitted is not None
    return model.fitted


class TestFit:
    """The parameters under which the customers are most likely."""

    @pytest.mark.parametrize(
        "model",
        [
            PUBLISHED,
            BgBb(alpha=2, beta=8, gamma=1.5, delta=12),
            BgBb(alpha=0.3, beta=2, gamma=0.5, delta=4),
        ],
    )
    def test_customers_as_expected_give_the_parameters_back(self, model):
        fitted = BgBb.fit(expected_counts(model, 8, 10**8))
        found = fitted.alpha, fitted.beta, fitted.gamma, fitted.delta
        assert found == pytest.approx((model.alpha, model.beta, model.gamma, model.delta), rel=2e-3)
        assert report(fitted).converged
        assert report(fitted).is_trustworthy
        assert fitted.unit is Unit.YEAR

    def test_customers_of_several_ages_are_fitted_together(self):
        rows = expected_counts(PUBLISHED, 6, 10**8).merge(expected_counts(PUBLISHED, 9, 10**8))
        fitted = BgBb.fit(rows)
        assert (fitted.alpha, fitted.gamma) == pytest.approx((1.20, 0.66), rel=2e-3)

    def test_the_likelihood_of_the_fit_is_that_of_the_model_fitted(self):
        rows = expected_counts(PUBLISHED, 6, 1000)
        fitted = BgBb.fit(rows)
        assert fitted.log_likelihood(rows) == pytest.approx(
            report(fitted).log_likelihood, rel=1e-12
        )

    @pytest.mark.parametrize("name", BgBb.PARAMETERS)
    def test_any_other_parameter_is_less_likely(self, name):
        rows = expected_counts(PUBLISHED, 6, 1000)
        fitted = BgBb.fit(rows)
        for factor in (0.99, 1.01):
            terms: dict[str, Any] = dict(report(fitted).parameters)
            terms[name] *= factor
            assert BgBb(**terms).log_likelihood(rows) < report(fitted).log_likelihood

    @pytest.mark.parametrize("name", BgBb.PARAMETERS)
    def test_standard_errors_are_the_curvature_of_the_likelihood(self, name):
        """The information is minus the second derivative, here by differences."""
        rows = expected_counts(PUBLISHED, 6, 1000)
        fitted = BgBb.fit(rows)
        step, place = 1e-3, BgBb.PARAMETERS.index(name)
        around = []
        for move in (-step, 0.0, step):
            terms: dict[str, Any] = dict(report(fitted).parameters)
            terms[name] *= math.exp(move)
            around.append(BgBb(**terms).log_likelihood(rows))
        curvature = -(around[0] - 2.0 * around[1] + around[2]) / step**2
        assert report(fitted).information[place][place] == pytest.approx(curvature, rel=1e-4)
        errors = report(fitted).standard_errors()
        assert errors is not None
        assert errors[name] > 0.0

    @pytest.mark.parametrize("terms", [(1.2, 0.75, 0.66, 2.78), (0.01, 30.0, 5.0, 0.2)])
    def test_derivatives_lead_up_from_anywhere(self, terms):
        """Newton's steps are those of the likelihood far from its top too."""
        rows = expected_counts(PUBLISHED, 6, 1000).merge(expected_counts(PUBLISHED, 3, 200))
        function, step = _LogLikelihood(rows), 1e-5
        point = tuple(map(math.log, terms))
        _, gradient, hessian = function(point)
        for i in range(4):
            above = function(tuple(x + step * (i == j) for j, x in enumerate(point)))
            below = function(tuple(x - step * (i == j) for j, x in enumerate(point)))
            slope = (above[0] - below[0]) / (2 * step)
            assert gradient[i] == pytest.approx(slope, rel=1e-6, abs=1e-4)
            bends = [(a - b) / (2 * step) for a, b in zip(above[1], below[1], strict=True)]
            assert hessian[i] == pytest.approx(bends, rel=1e-5, abs=1e-3)

    def test_who_never_leaves_makes_a_fit_that_is_flagged(self):
        rows = {
            (x, 6, 6): count for x, count in zip(range(1, 7), (5, 9, 20, 31, 29, 12), strict=True)
        }
        fitted = BgBb.fit(CountedFacts(rows))
        assert FitWarning.AT_BOUNDARY in report(fitted).warnings

    def test_few_who_came_back_make_a_fit_that_is_flagged(self):
        fitted = BgBb.fit(CountedFacts({(0, 0, 6): 50, (1, 2, 6): 5, (3, 5, 6): 5}))
        assert FitWarning.FEW_REPEATS in report(fitted).warnings

    @pytest.mark.parametrize(
        ("rows", "reason"),
        [
            ({(0, 0, 6): 100}, "nobody in these facts has bought again"),
            ({(2, 3, 6): 100}, "all customers are alike"),
            ({(0, 0, 6): 100, (2, 3, 100_001): 5}, "more than 100000 opportunities"),
        ],
    )
    def test_facts_that_cannot_tell_the_parameters_are_refused(self, rows, reason):
        with pytest.raises(CannotFit, match=reason):
            BgBb.fit(CountedFacts(rows))

    def test_nobody_is_nothing_to_fit_to(self):
        with pytest.raises(NothingToFit):
            BgBb.fit([])


class TestRefused:
    """What does not count opportunities is refused, with what would have worked."""

    @pytest.mark.parametrize(
        ("facts", "reason"),
        [
            (RepeatPurchaseFacts(2, 3.5, 6), "ages are whole: call opportunities"),
            (RepeatPurchaseFacts(2, 3, 6.5), "ages are whole: call opportunities"),
            (RepeatPurchaseFacts(4, 3, 6), "more repeat purchases .*: call opportunities"),
            (RepeatPurchaseFacts(7, 6, 6), "more repeat purchases .*: call opportunities"),
        ],
    )
    def test_facts_count_opportunities(self, facts, reason):
        for ask in (
            PUBLISHED.probability_alive,
            PUBLISHED.log_likelihood,
            lambda facts: PUBLISHED.expected_purchases(facts, 1),
            lambda facts: PUBLISHED.probability_alive_each([facts]),
            lambda facts: BgBb.fit([facts, THREE_OF_SIX]),
        ):
            with pytest.raises(InvalidValue, match=reason):
                ask(facts)

    @pytest.mark.parametrize("t", [0.5, 1e13, -1, math.inf, math.nan, True, "3"])
    def test_a_horizon_is_a_number_of_opportunities(self, t):
        for ask in (
            PUBLISHED.expected_purchases_new,
            lambda t: PUBLISHED.pmf(0, t),
            lambda t: PUBLISHED.expected_purchases(THREE_OF_SIX, t),
        ):
            with pytest.raises(InvalidValue, match="number"):
                ask(t)

    @pytest.mark.parametrize("name", BgBb.PARAMETERS)
    @pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf, True, "1"])
    def test_parameters_are_numbers_above_zero(self, name, value):
        terms = {"alpha": 1.0, "beta": 1.0, "gamma": 1.0, "delta": 1.0, name: value}
        with pytest.raises(InvalidValue, match=name):
            BgBb(**terms)

    @pytest.mark.parametrize("rate", [0.1, 0, "0.1", Rate.annual("0"), Rate.annual("-0.1")])
    def test_a_discount_is_a_rate_above_zero(self, rate):
        with pytest.raises(InvalidValue, match=r"rate|Rate"):
            PUBLISHED.residual_transactions(RepeatPurchaseFacts(3, 4, 6, unit=Unit.YEAR), rate)

    def test_a_discount_needs_to_know_how_far_apart_opportunities_are(self):
        with pytest.raises(InvalidValue, match="unit of time is not known"):
            PUBLISHED.residual_transactions(THREE_OF_SIX, TENTH)

    def test_units_of_time_are_not_mixed(self):
        yearly = BgBb(alpha=1.2, beta=0.75, gamma=0.66, delta=2.78, unit=Unit.YEAR)
        with pytest.raises(UnitMismatch):
            yearly.probability_alive(RepeatPurchaseFacts(3, 4, 6, unit=Unit.WEEK))
