"""Special functions against sixty digits, over the whole range that the models promise.

For more points of the grids: ``CRMKIT_DOMAIN_CASES=20000 python -m pytest`` with this file.
"""

from __future__ import annotations

import math
import os
import random

import mpmath
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from crmkit.lifetime_value.numerics.special import (
    digamma,
    log1mexp,
    log_add,
    log_beta,
    log_beta_ratio,
    log_gamma_ratio,
    log_negative_binomial,
    log_negative_binomial_tail,
    softplus,
    stirling_error,
    trigamma,
)

GRID = int(os.environ.get("CRMKIT_DOMAIN_CASES", "300"))
positive = st.floats(-6.0, 6.0).map(lambda power: 10.0**power)
logarithms = st.floats(-800.0, 800.0)


@pytest.fixture(autouse=True)
def sixty_digits():
    with mpmath.workdps(60):
        yield


def log_uniform(seed):
    """Numbers between a millionth and a million, equally likely in each power of ten."""
    drawn = random.Random(seed)
    return lambda low=-6.0, high=6.0: 10.0 ** drawn.uniform(low, high)


def exact(*numbers):
    return tuple(map(mpmath.mpf, numbers))


class TestLogarithmsOfSums:
    """Sums and differences of numbers that are given by their logarithms."""

    @given(logarithms)
    def test_softplus(self, z):
        true = mpmath.log1p(mpmath.exp(z))
        assert softplus(z) == pytest.approx(float(true), rel=1e-15, abs=0)

    @given(logarithms, logarithms)
    def test_adding(self, a, b):
        true = mpmath.log(mpmath.exp(a) + mpmath.exp(b))
        assert log_add(a, b) == log_add(b, a) == pytest.approx(float(true), rel=1e-15, abs=1e-15)

    @given(logarithms)
    def test_adding_nothing_changes_nothing(self, a):
        assert log_add(a, -math.inf) == log_add(-math.inf, a) == a
        assert log_add(-math.inf, -math.inf) == -math.inf

    @given(st.floats(1e-300, 700.0))
    @example(math.log(2.0))
    @example(1e-300)
    def test_one_less_a_part(self, x):
        with mpmath.workdps(400):
            true = mpmath.log(-mpmath.expm1(-mpmath.mpf(x)))
        assert log1mexp(x) == pytest.approx(float(true), rel=1e-15, abs=0)

    @pytest.mark.parametrize("x", [0.0, -1e-18])
    def test_one_less_one_is_nothing(self, x):
        """Rounding may leave a little less than zero of what is never below it."""
        assert log1mexp(x) == -math.inf


class TestGamma:
    """What is left of the gamma function when Stirling's formula is taken off."""

    @given(positive)
    @example(10.0)
    @example(math.nextafter(10.0, 0.0))
    def test_stirling_error(self, z):
        (x,) = exact(z)
        stirling = (x - 0.5) * mpmath.log(x) - x + mpmath.log(2 * mpmath.pi) / 2
        true = float(mpmath.loggamma(x) - stirling)
        assert stirling_error(z) == pytest.approx(true, rel=1e-14, abs=0 if z >= 10 else 1e-14)

    @given(positive)
    @example(1.4616321449683623)
    def test_digamma(self, x):
        true = float(mpmath.digamma(x))
        assert digamma(x) == pytest.approx(true, rel=3e-15, abs=3e-15)

    @given(positive)
    def test_trigamma(self, x):
        true = float(mpmath.polygamma(1, x))
        assert trigamma(x) == pytest.approx(true, rel=3e-15, abs=0)

    def test_ratio_over_the_whole_range(self):
        draw = log_uniform(1)
        for _ in range(GRID):
            z, d = draw(), draw(-12.0)
            x, step = exact(z, d)
            true = mpmath.loggamma(x + step) - mpmath.loggamma(x)
            # A small step is as exact as the step itself, times how fast log Gamma changes there.
            scale = abs(true) + min(step, 1) * (1 + abs(mpmath.digamma(x)))
            assert abs(log_gamma_ratio(z, d) - true) <= 3e-15 * scale

    @given(positive, st.floats(0.0, 1.0, exclude_max=True))
    @example(1e6, 1.0 - 1e-12)
    @example(11.0, 0.25)
    def test_steps_down_are_steps_up_turned_round(self, z, share):
        d = z * share
        x, step = exact(z, d)
        true = mpmath.loggamma(x - step) - mpmath.loggamma(x)
        assert log_gamma_ratio(z, -d) == pytest.approx(float(true), rel=1e-13, abs=1e-14)

    @given(positive, st.integers(0, 30))
    def test_a_step_of_a_whole_number_is_a_rising_factorial(self, z, n):
        true = mpmath.fsum(mpmath.log(mpmath.mpf(z) + k) for k in range(n))
        assert log_gamma_ratio(z, n) == pytest.approx(float(true), rel=1e-13, abs=3e-14)

    def test_no_step_no_change(self):
        assert log_gamma_ratio(0.3, 0.0) == log_gamma_ratio(3e5, 0.0) == 0.0


class TestBeta:
    """The beta function, and what one of its arguments does to it."""

    def test_it_over_the_whole_range(self):
        draw = log_uniform(2)
        for _ in range(GRID):
            a, b = draw(), draw()
            x, y = exact(a, b)
            true = mpmath.loggamma(x) + mpmath.loggamma(y) - mpmath.loggamma(x + y)
            assert abs(log_beta(a, b) - true) <= 3e-15 * max(1, abs(true))

    @given(positive, positive)
    def test_its_arguments_can_be_exchanged(self, a, b):
        assert log_beta(a, b) == log_beta(b, a)

    @given(positive)
    def test_with_one_it_is_a_reciprocal(self, b):
        assert log_beta(1.0, b) == pytest.approx(-math.log(b), rel=1e-14, abs=1e-14)

    def test_ratio_over_the_whole_range(self):
        draw = log_uniform(3)
        for _ in range(GRID):
            a, b, more = draw(), draw(), draw()
            x, y, step = exact(a, b, more)
            true = (
                mpmath.loggamma(y + step)
                - mpmath.loggamma(y)
                - mpmath.loggamma(x + y + step)
                + mpmath.loggamma(x + y)
            )
            assert log_beta_ratio(a, b, more) == pytest.approx(float(true), rel=1e-11, abs=0)

    @given(positive, positive, st.integers(0, 30))
    def test_whole_steps_are_a_product_of_shares(self, a, b, n):
        x, y = exact(a, b)
        true = mpmath.fsum(mpmath.log((y + k) / (x + y + k)) for k in range(n))
        assert log_beta_ratio(a, b, n) == pytest.approx(float(true), rel=1e-12, abs=0)

    @given(positive, positive, st.floats(0.001, 0.999))
    def test_steps_down_are_steps_up_turned_round(self, a, b, share):
        there = b * (1.0 - share)
        assume(there < b)
        assert log_beta_ratio(a, b, there - b) == -log_beta_ratio(a, b + (there - b), b - there)

    def test_no_step_no_change(self):
        assert log_beta_ratio(2.0, 3.0, 0.0) == 0.0


def exact_negative_binomial(n, r, alpha, t):
    r, alpha, t = exact(r, alpha, t)
    ways = mpmath.loggamma(r + n) - mpmath.loggamma(r) - mpmath.loggamma(n + 1)
    return ways - r * mpmath.log1p(t / alpha) - n * mpmath.log1p(alpha / t)


def exact_tail(n, r, alpha, t):
    """Sums of terms, from the far end of whichever side is the smaller one."""
    q = mpmath.mpf(t) / (mpmath.mpf(alpha) + t)
    above = n >= mpmath.mpf(r) * t / alpha
    k = n if above else n - 1
    term = total = mpmath.exp(exact_negative_binomial(k, r, alpha, t))
    while k and term > total * mpmath.mpf(10) ** -25:
        term = term * (r + k) / (k + 1) * q if above else term * k / ((r + k - 1) * q)
        k += 1 if above else -1
        total += term
    return mpmath.log(total) if above else mpmath.log1p(-total)


class TestNegativeBinomial:
    """How many purchases a customer makes in a time if nobody ever leaves."""

    def test_probability_over_the_whole_range(self):
        draw = log_uniform(4)
        for _ in range(GRID):
            n, r, alpha, t = int(draw(0, 5)), draw(), draw(), draw()
            true = exact_negative_binomial(n, r, alpha, t)
            found = log_negative_binomial(n, r, alpha, t)
            assert found == pytest.approx(float(true), rel=1e-13, abs=1e-13)

    @given(positive, positive, positive, st.floats(-5.0, 5.0))
    @example(1e6, 10.0, 1.0, 0.0)
    @example(1e5, 1.0, 1.0, 1.0)
    def test_probability_near_its_peak(self, r, alpha, t, away):
        """Where the probability counts, all digits of its logarithm are there."""
        mean = r * t / alpha
        n = int(mean + away * math.sqrt(mean * (1.0 + t / alpha)))
        assume(0 <= n <= 100_000)
        true = exact_negative_binomial(n, r, alpha, t)
        assert log_negative_binomial(n, r, alpha, t) == pytest.approx(
            float(true), rel=3e-13, abs=3e-13
        )

    def test_tail_over_the_whole_range(self):
        drawn = random.Random(5)
        draw = log_uniform(6)
        for _ in range(GRID):
            r, alpha, t = draw(), draw(), draw(-6.0, 4.0)
            mean = r * t / alpha
            spread = math.sqrt(mean * (1.0 + t / alpha))
            near = int(mean + drawn.gauss(0.0, 2.0) * spread)
            n = near if 0 < near < 800 else int(draw(0.0, 2.0))
            true = exact_tail(n, r, alpha, t) if t / alpha < 50.0 else None
            found = log_negative_binomial_tail(n, r, alpha, t)
            assert -math.inf < found <= 0.0
            if true is not None:
                assert found == pytest.approx(float(true), rel=1e-10, abs=0)

    @given(st.integers(1, 50), positive, positive, positive)
    @example(1, 1e-6, 1e-6, 1e6)
    @example(40, 1e-6, 1.0, 42.0)
    @example(7, 0.999, 1.0, 8.0)
    @example(7, 1.0, 1.0, 8.0)
    def test_the_tail_is_one_less_those_before(self, n, r, alpha, t):
        before = mpmath.fsum(mpmath.exp(exact_negative_binomial(k, r, alpha, t)) for k in range(n))
        found = log_negative_binomial_tail(n, r, alpha, t)
        assert math.exp(found) == pytest.approx(float(1 - before), rel=1e-10, abs=1e-40)

    @pytest.mark.parametrize(
        ("n", "r"), [(50_000, 1e5), (100_000, 1e6), (2, 1e-6), (100_000, 1e-6)]
    )
    def test_extreme_customers(self, n, r):
        for t in (1e-6, 1e-3, 0.1, 0.5, 1.0, 10.0, 1e3, 1e6):
            here, next_one = (log_negative_binomial_tail(k, r, 1.0, t) for k in (n, n + 1))
            lost = log_negative_binomial(n, r, 1.0, t)
            assert math.exp(next_one) + math.exp(lost) == pytest.approx(math.exp(here), rel=1e-10)

    @given(positive, positive, st.integers(1, 9))
    def test_in_no_time_nothing_happens(self, r, alpha, n):
        for log_probability in (log_negative_binomial, log_negative_binomial_tail):
            assert log_probability(0, r, alpha, 0.0) == 0.0
            assert log_probability(n, r, alpha, 0.0) == -math.inf
