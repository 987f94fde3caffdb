"""Sums of falling terms, however many there are, against closed forms and 50 digits."""

from __future__ import annotations

import math

import mpmath
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from mpmath import mpf

from crmkit.lifetime_value.numerics.special import log_beta_ratio
from crmkit.lifetime_value.numerics.summation import log_falling_sum

exponents = st.floats(-6.0, 6.0).map(lambda e: 10.0**e)
counts = st.floats(0.0, 6.0).map(lambda e: int(10.0**e))


def sum_of_beta_ratios(a: float, b: float, count: int) -> mpf:
    """The sum of B(a, b + i) / B(a, b) for i below count: a telescoping sum, but for a = 1."""
    with mpmath.workdps(60):
        a, b = mpf(a), mpf(b)
        if a == 1:
            return b * (mpmath.digamma(b + count) - mpmath.digamma(b))
        after = mpmath.gammaprod([b + count, a + b], [b, a + b + count - 1])
        return (a + b - 1 - after) / (a - 1)


class TestManyTerms:
    """A sum of a million terms is as exact as one of ten."""

    @given(a=exponents, b=exponents, count=counts)
    @example(a=1.0, b=1e-6, count=1_000_000)
    @example(a=1.0 + 1e-9, b=1e6, count=1_000_000)
    @example(a=1e-6, b=1e-6, count=1_000_000)
    @example(a=1e6, b=1e6, count=1_000_000)
    @example(a=1_500.0, b=2e5, count=1_000_000)
    @example(a=5_600.0, b=170_000.0, count=660_000)
    @example(a=0.5, b=1.0, count=96)
    @example(a=0.5, b=1.0, count=97)
    @example(a=2.5, b=1e-6, count=100_000)
    def test_beta_ratios_add_up_to_their_closed_form(self, a, b, count):
        found = math.exp(log_falling_sum(lambda i, _: log_beta_ratio(a, b, i), count))
        assert found == pytest.approx(float(sum_of_beta_ratios(a, b, count)), rel=1e-12)

    @pytest.mark.parametrize("force", [1e-12, 1e-6, 0.001, 0.02, 0.5, 30.0])
    def test_an_endless_discount_adds_up_to_an_annuity(self, force):
        found = log_falling_sum(lambda i, _: -force * i, math.inf)
        assert math.exp(found) == pytest.approx(-1.0 / math.expm1(-force), rel=1e-12)

    @pytest.mark.parametrize("power", [1.0 + 1e-6, 1.001, 1.5, 3.0, 50.0])
    def test_powers_without_end_add_up_to_zeta(self, power):
        """Beyond the largest float, the logarithm of the index is all there is."""

        def log_term(i, log_i):
            return -power * (math.log1p(i) if i < 1e300 else log_i)

        assert math.exp(log_falling_sum(log_term, math.inf)) == pytest.approx(
            float(mpmath.zeta(power)), rel=1e-11
        )

    @pytest.mark.parametrize("width", [3.0, 40.0, 1e3, 1e5])
    def test_terms_that_fall_slowly_at_first_and_then_steeply(self, width):
        """Half a bell, of which the sum is the integral and half of the first term."""
        found = math.exp(log_falling_sum(lambda i, _: -0.5 * (i / width) ** 2, 1_000_000))
        assert found == pytest.approx(width * math.sqrt(math.pi / 2.0) + 0.5, rel=1e-12)


class TestEdges:
    """One term, none worth adding, and more than a float can hold."""

    def test_one_term_is_its_own_sum(self):
        assert log_falling_sum(lambda i, _: -3.0 - i, 1) == -3.0

    def test_nothing_adds_up_to_nothing(self):
        assert log_falling_sum(lambda i, _: -math.inf, 10) == -math.inf

    def test_all_after_the_first_may_be_nothing(self):
        assert log_falling_sum(lambda i, _: 2.0 if i == 0 else -math.inf, 10_000) == 2.0

    def test_nothing_may_be_left_all_of_a_sudden(self):
        found = log_falling_sum(lambda i, _: 0.0 if i < 1000 else -math.inf, 1_000_000)
        assert math.exp(found) == pytest.approx(1000.0, rel=1e-3)

    def test_a_sum_beyond_any_float_says_so_by_its_logarithm(self):
        assert log_falling_sum(lambda i, log_i: 0.001 * log_i if i else 0.0, math.inf) > 709.8
