"""Pareto/NBD: who comes back, how often, and who has left at some moment without a word."""

from __future__ import annotations

import math
import random

import mpmath
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crmkit.errors import InvalidValue, UnitMismatch
from crmkit.lifetime_value.facts import RepeatPurchaseFacts
from crmkit.lifetime_value.models.pareto_nbd import ParetoNbd, ParetoNbdProcess
from crmkit.lifetime_value.numerics.decaying import Decay, decaying_integral
from crmkit.period import Rate, Unit

PUBLISHED = ParetoNbd(r=0.5629966, alpha=12.5590370, s=0.4081095, beta=10.5148048, unit=Unit.WEEK)
VIGNETTE = ParetoNbd(r=0.5533971, alpha=10.5801985, s=0.6060625, beta=11.6562237)

positive = st.floats(0.01, 100.0)
models = st.builds(ParetoNbd, r=positive, alpha=positive, s=positive, beta=positive)
ages = st.floats(0.1, 500.0)


@st.composite
def histories(draw):
    age = draw(ages)
    repeats = draw(st.integers(0, 60))
    last = age * draw(st.floats(0.001, 1.0)) if repeats else 0.0
    return RepeatPurchaseFacts(repeats, last, age)


class TestPublishedFigures:
    """Figures that others have computed with given parameters."""

    def test_discounted_residual_transactions_of_fader_hardie_lee_2005(self):
        facts = RepeatPurchaseFacts(7, 35, 77.86)
        rate = Rate.continuous("0.0027", Unit.WEEK)
        found = PUBLISHED.residual_transactions(facts, rate)
        assert found == pytest.approx(1.864183328, rel=1e-9)

    def test_expected_purchases_of_a_new_customer_in_the_vignette_of_btyd(self):
        assert VIGNETTE.expected_purchases_new(52) == pytest.approx(1.473, abs=5e-4)

    def test_a_customer_of_the_vignette_of_btyd(self):
        busy = RepeatPurchaseFacts(26, 30.86, 31)
        assert VIGNETTE.expected_purchases(busy, 52) == pytest.approx(25.46, abs=5e-3)
        assert VIGNETTE.probability_alive(busy) == pytest.approx(0.998, abs=5e-4)

    def test_who_has_not_come_back_in_the_manual_of_btyd(self):
        silent = RepeatPurchaseFacts(0, 0, 39)
        assert VIGNETTE.probability_alive(silent) == pytest.approx(0.2941633, abs=5e-8)


# --- exact arithmetic as an oracle ----------------------------------------------------------------


def in_digits(*numbers):
    return [mpmath.mpf(number) for number in numbers]


def closed_form_a0(model, x, t_x, age):
    """Fader and Hardie (2005), equations (19) and (20), as they stand."""
    r, alpha, s, beta, t_x, age = in_digits(model.r, model.alpha, model.s, model.beta, t_x, age)
    both, far, near = r + s + x, max(alpha, beta), min(alpha, beta)
    second = s + 1 if alpha >= beta else r + x

    def part(at):
        ratio = (far - near) / (far + at)
        return mpmath.hyp2f1(both, second, both + 1, ratio) / (far + at) ** both

    return s / both * (part(t_x) - part(age))


def closed_form_log_likelihood(model, x, t_x, age):
    """Equation (18)."""
    r, alpha, s, beta = in_digits(model.r, model.alpha, model.s, model.beta)
    there = (alpha + age) ** -(r + x) * (beta + age) ** -s
    likelihood = there + closed_form_a0(model, x, t_x, age)
    front = mpmath.loggamma(r + x) - mpmath.loggamma(r)
    return front + r * mpmath.log(alpha) + s * mpmath.log(beta) + mpmath.log(likelihood)


def closed_form_alive(model, x, t_x, age):
    """Equation (36)."""
    r, alpha, s, beta = in_digits(model.r, model.alpha, model.s, model.beta)
    odds = closed_form_a0(model, x, t_x, age) * (alpha + age) ** (r + x) * (beta + age) ** s
    return 1 / (1 + odds)


def closed_form_expected(r, alpha, s, beta, t):
    """Equation (27), and its limit at s = 1."""
    r, alpha, s, beta, t = in_digits(r, alpha, s, beta, t)
    if s == 1:
        return r * beta / alpha * mpmath.log((beta + t) / beta)
    return r * beta / (alpha * (s - 1)) * (1 - (beta / (beta + t)) ** (s - 1))


def exact_decay(p, a, q, b, k, length):
    """The integral in many digits, over stretches that grow until nothing is left."""
    p, a, q, b, k, length = in_digits(p, a, q, b, k, length)

    def log_f(t):
        return -p * mpmath.log1p(t / a) - q * mpmath.log1p(t / b) - k * t

    t = 1 / (p / a + q / b + k + 1 / min(a, b))
    edges = [mpmath.mpf(0)]
    while t < length and log_f(t) + mpmath.log(t / edges[1] if len(edges) > 1 else 1) > -80:
        edges.append(t)
        t *= 4
    edges.append(min(t, length))
    return mpmath.quad(lambda t: mpmath.exp(log_f(t)), edges)


def relative(found, exact):
    return abs(float((mpmath.mpf(found) - exact) / exact))


HISTORIES = [
    (0, 0.0, 39.0),
    (0, 0.0, 1e-6),
    (1, 39.0, 39.0),
    (2, 30.43, 38.86),
    (7, 35.0, 77.86),
    (7, 0.0, 77.0),  # In whole units, days within the first one.
    (300, 300.0, 500.0),
    (300, 499.999, 500.0),
]


class TestExactArithmetic:
    """The integral over the time of leaving against the closed forms in 100 digits."""

    @pytest.fixture(autouse=True)
    def many_digits(self):
        with mpmath.workdps(100):
            yield

    @pytest.mark.parametrize("history", HISTORIES)
    @pytest.mark.parametrize("s", [0.01, 1.0, 40.0])
    @pytest.mark.parametrize(("alpha", "beta"), [(10.6, 11.7), (5.0, 5.0), (0.2, 9.0), (30, 0.5)])
    def test_likelihood_and_probability_of_being_alive(self, history, s, alpha, beta):
        model = ParetoNbd(r=0.55, alpha=alpha, s=s, beta=beta)
        exact = closed_form_log_likelihood(model, *history)
        assert model._log_likelihood(*history) == pytest.approx(float(exact), rel=1e-12, abs=1e-12)
        alive = float(closed_form_alive(model, *history))
        assert model._alive(*history) == pytest.approx(alive, rel=2e-12, abs=1e-12)

    @pytest.mark.parametrize("s", [1e-6, 0.4, 1 - 1e-9, 1.0, 1 + 1e-14, 2.0, 1e6])
    @pytest.mark.parametrize("beta", [1e-6, 11.7, 1e6])
    @pytest.mark.parametrize("t", [1e-6, 1.0, 39.0, 1e6])
    def test_expected_purchases(self, s, beta, t):
        found = ParetoNbdProcess(0.55, 10.6, s, beta).expected(t)
        assert relative(found, closed_form_expected(0.55, 10.6, s, beta, t)) < 1e-12

    @pytest.mark.parametrize("s", [1e-6, 0.4, 1.0, 1.5, 2.0, 30.0, 1e4])
    @pytest.mark.parametrize("beta", [1e-3, 11.7, 1e4])
    @pytest.mark.parametrize("force", [1e-6, 0.0027, 3.0])
    def test_discounted_purchases_by_the_function_of_tricomi(self, s, beta, force):
        found = ParetoNbdProcess(0.55, 10.6, s, beta).discounted(force)
        s, beta, z = in_digits(s, beta, mpmath.mpf(force) * mpmath.mpf(beta))
        rate = mpmath.mpf(0.55) / mpmath.mpf(10.6)
        # Kummer's transformation (DLMF 13.2.40) is quicker to sum where s is large.
        exact = rate * beta * mpmath.exp(z) * mpmath.expint(s, z)
        assert relative(found, exact) < 2e-12


class TestWholeDomain:
    """Parameters from 1e-6 to 1e6, ages to 1e6, and 100,000 repeat purchases."""

    @staticmethod
    def spread(draw, low=1e-6, high=1e6):
        return math.exp(draw.uniform(math.log(low), math.log(high)))

    @pytest.mark.parametrize("seed", range(24))
    def test_the_integral_keeps_twelve_digits(self, seed):
        draw = random.Random(seed)
        p, a, q, b, length = (self.spread(draw) for _ in range(5))
        p += draw.choice([0, 1, 30, 100_000])
        k = draw.choice([0.0, self.spread(draw, 1e-6, 10.0)])
        found = decaying_integral(Decay(p, a, 1.0 + q, b, k), length)
        with mpmath.workdps(30):
            assert relative(found, exact_decay(p, a, 1.0 + q, b, k, length)) < 2e-12

    @pytest.mark.parametrize("seed", range(10))
    def test_so_does_the_probability_of_so_many_purchases(self, seed):
        draw = random.Random(seed)
        r, s = self.spread(draw, 1e-3, 1e3), draw.choice([1.0, self.spread(draw)])
        alpha, beta = self.spread(draw, 1e-3, 1e3), self.spread(draw)
        n = draw.choice([1, 2, 30])
        # Near as many as expected, so that the value is not all but zero.
        t = n / r * alpha * self.spread(draw, 0.5, 2.0)
        found = ParetoNbdProcess(r, alpha, s, beta).pmf(n, t)
        with mpmath.workdps(30):
            exact = exact_pmf(n, t, r, alpha, s, beta)
            assert exact < 1e-12 or relative(found, exact) < 1e-10

    def test_every_answer_is_a_number_within_its_bounds(self):
        draw = random.Random(20)
        for _ in range(1_000):
            r, alpha, beta, age, t = (self.spread(draw) for _ in range(5))
            s = draw.choice([1.0, self.spread(draw)])
            model = ParetoNbd(r=r, alpha=alpha, s=s, beta=beta)
            x = draw.choice([0, 1, int(self.spread(draw, 1, 1e5)), 100_000])
            last = age * draw.choice([1.0, 1 - 1e-14, draw.random(), 1e-9]) if x else 0.0
            facts = RepeatPurchaseFacts(x, last, age, unit=Unit.DAY)
            assert 0 <= model.probability_alive(facts) <= 1
            assert math.isfinite(model.log_likelihood(facts))
            assert 0 <= model.expected_purchases(facts, t) <= (r + x) / (alpha + age) * t * 1.000001
            assert 0 <= model.residual_transactions(facts, Rate.annual("0.1")) < math.inf

    def test_so_is_the_probability_of_any_number_of_purchases(self):
        draw = random.Random(21)
        for _ in range(300):
            r, alpha, s, beta, t = (self.spread(draw) for _ in range(5))
            n = draw.choice([0, 1, int(self.spread(draw, 1, 1e5)), 100_000])
            assert 0 <= ParetoNbd(r=r, alpha=alpha, s=s, beta=beta).pmf(n, t) <= 1 + 1e-12


def exact_pmf(n, t, r, alpha, s, beta):
    """Those still there and those who left before, integrated in the logarithm of time."""
    n, t, r, alpha, s, beta = in_digits(n, t, r, alpha, s, beta)
    front = mpmath.loggamma(r + n) - mpmath.loggamma(r) - mpmath.loggamma(n + 1)

    def log_f(age):
        bought = n * mpmath.log(age / (alpha + age)) - r * mpmath.log1p(age / alpha)
        return front + bought - (s + 1) * mpmath.log1p(age / beta)

    # Steps of a quarter of a standard deviation or less of the logarithm of time.
    step = min(1, 2 / mpmath.sqrt(n))
    edges, y = [mpmath.log(t)], mpmath.log(t)
    best = -mpmath.inf
    while (height := log_f(mpmath.exp(y)) + y) > best - 60:
        best = max(best, height)
        y -= step
        edges.append(y)
    left = mpmath.quad(lambda y: mpmath.exp(log_f(mpmath.exp(y)) + y), edges[::-1], maxdegree=4)
    return mpmath.exp(log_f(t)) * (1 + t / beta) + s / beta * left


class TestAlive:
    """The probability that a customer has not left."""

    @given(models, histories(), ages)
    def test_silence_makes_it_less_likely(self, model, facts, more):
        later = RepeatPurchaseFacts(
            facts.repeat_purchases, facts.age_at_last_purchase, facts.customer_age + more
        )
        before, after = model.probability_alive(facts), model.probability_alive(later)
        assert 0 <= after <= before * (1 + 1e-12) <= 1 + 1e-11

    @given(models, histories(), st.floats(0.0, 1.0))
    def test_a_more_recent_purchase_makes_it_more_likely(self, model, facts, share):
        x, last, age = (
            facts.repeat_purchases,
            facts.age_at_last_purchase,
            facts.customer_age,
        )
        if x:
            recent = RepeatPurchaseFacts(x, min(last + share * (age - last), age), age)
            before, after = model.probability_alive(facts), model.probability_alive(recent)
            assert after >= before * (1 - 1e-12)

    @given(models, ages)
    def test_who_has_just_bought_is_there(self, model, age):
        assert model.probability_alive(RepeatPurchaseFacts(3, age, age)) == 1.0

    @given(models, ages)
    def test_unlike_in_bg_nbd_silence_counts_against_who_has_not_come_back(self, model, age):
        assert model.probability_alive(RepeatPurchaseFacts(0, 0, age)) < 1.0

    def test_the_path_falls_in_silence_and_rises_with_a_purchase(self):
        path = VIGNETTE.probability_alive_path([3.0, 10.0], [0, 2, 3, 9, 10, 30])
        assert path[0] == path[2] == path[4] == 1.0
        assert path[1] > path[3] > path[5]


class TestExpectedPurchases:
    """What customers will buy."""

    @given(models, histories(), ages)
    @example(ParetoNbd(r=1, alpha=1, s=1, beta=1), RepeatPurchaseFacts(2, 30.43, 38.86), 10.0)
    def test_it_starts_at_nothing_and_grows_ever_more_slowly(self, model, facts, t):
        half, whole = model.expected_purchases(facts, t / 2), model.expected_purchases(facts, t)
        assert model.expected_purchases(facts, 0) == 0
        assert 0 <= half <= whole * (1 + 1e-12)
        assert whole <= 2 * half * (1 + 1e-9)

    @pytest.mark.parametrize("s", [0.5, 1.0, 3.0])
    @pytest.mark.parametrize("t", [0.0, 1.0, 39.0])
    def test_the_probabilities_add_up_to_one_and_to_the_expectation(self, s, t):
        model = ParetoNbd(r=1.5, alpha=10.6, s=s, beta=11.7)
        probabilities = [model.pmf(n, t) for n in range(120)]
        assert math.fsum(probabilities) == pytest.approx(1, abs=1e-12)
        mean = math.fsum(n * p for n, p in enumerate(probabilities))
        assert model.expected_purchases_new(t) == pytest.approx(mean, rel=1e-10, abs=1e-12)

    @given(models, ages)
    def test_nobody_buys_more_often_than_the_probability_of_nothing_allows(self, model, t):
        nothing = model.pmf(0, t)
        assert 0 <= nothing <= 1 + 1e-12
        assert 1 - nothing <= model.expected_purchases_new(t) * (1 + 1e-9) + 1e-12

    @given(models, histories(), ages, st.sampled_from([7.0, 1 / 7, 365.2425 / 12]))
    def test_the_unit_of_time_makes_no_difference(self, model, facts, t, c):
        scaled = ParetoNbd(r=model.r, alpha=model.alpha * c, s=model.s, beta=model.beta * c)
        other = RepeatPurchaseFacts(
            facts.repeat_purchases, facts.age_at_last_purchase * c, facts.customer_age * c
        )
        assert scaled.probability_alive(other) == pytest.approx(
            model.probability_alive(facts), rel=1e-9, abs=1e-300
        )
        assert scaled.expected_purchases(other, t * c) == pytest.approx(
            model.expected_purchases(facts, t), rel=1e-9, abs=1e-300
        )
        # A likelihood is a density of the times of purchase: it has that unit, to the power -x.
        assert scaled.log_likelihood(other) == pytest.approx(
            model.log_likelihood(facts) - facts.repeat_purchases * math.log(c), rel=1e-9, abs=1e-9
        )


class TestDiscounting:
    """All purchases to come, each discounted to today."""

    @given(models, histories())
    def test_it_is_the_discounted_sum_of_what_is_expected(self, model, facts):
        """An independent route: steps of expected purchases, each discounted."""
        future = model._future(facts.repeat_purchases, facts.customer_age)
        width, before = 0.1, 0.0
        low = high = 0.0
        for step in range(1, 400):
            so_far = future.expected(step * width)
            low += (so_far - before) * math.exp(-0.5 * step * width)
            high += (so_far - before) * math.exp(-0.5 * (step - 1) * width)
            before = so_far
        assert low * (1 - 1e-9) <= future.discounted(0.5) <= high * (1 + 1e-7)

    def test_a_bare_number_is_no_rate(self):
        with pytest.raises(InvalidValue, match="pass a Rate, which knows its unit of time"):
            PUBLISHED.residual_transactions(RepeatPurchaseFacts(7, 35, 77.86), 0.0027)  # type: ignore[arg-type]


class TestWhatIsRefused:
    @pytest.mark.parametrize("wrong", [0, -1.0, math.nan, math.inf, "1", True, None, 10**400])
    @pytest.mark.parametrize("name", ["r", "alpha", "s", "beta"])
    def test_parameters_that_are_no_numbers_above_zero(self, name, wrong):
        terms = {"r": 1.0, "alpha": 1.0, "s": 1.0, "beta": 1.0, name: wrong}
        with pytest.raises(InvalidValue, match=name):
            ParetoNbd(**terms)

    def test_facts_in_another_unit_than_the_model(self):
        daily = RepeatPurchaseFacts(7, 245, 545, unit=Unit.DAY)
        with pytest.raises(UnitMismatch, match="counts in weeks, the other in days"):
            PUBLISHED.probability_alive(daily)
