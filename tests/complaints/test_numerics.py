"""Chances of counts agree with sums in sixty digits, from tiny counts to a hundred million."""

from __future__ import annotations

import math
from fractions import Fraction

import mpmath
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crmkit.complaints.numerics import (
    binomial_at_least,
    binomial_at_most,
    first_true,
    hypergeometric_at_least,
    poisson_at_least,
    poisson_at_most,
    poisson_mean_bounds,
)
from tests.reliability import chosen_size

CLOSE = 1e-10


def oracle_poisson(k: int, mean: float) -> tuple[float, float]:
    """At least k, at most k, by the incomplete gamma function in sixty digits."""
    with mpmath.workdps(60):
        at_least = mpmath.gammainc(k, 0, mean, regularized=True) if k > 0 else mpmath.mpf(1)
        at_most = mpmath.gammainc(k + 1, mean, mpmath.inf, regularized=True)
        return float(at_least), float(at_most)


def brute_binomial(k: int, n: int, p: float) -> tuple[float, float]:
    """At least k, at most k, summed up as fractions."""
    q = Fraction(p)
    points = [math.comb(n, j) * q**j * (1 - q) ** (n - j) for j in range(n + 1)]
    return float(sum(points[max(k, 0) :])), float(sum(points[: k + 1]))


def assert_close(found: float, true: float) -> None:
    """Equal to ten digits; a chance below 1e-290 may vanish."""
    assert found == pytest.approx(true, rel=CLOSE, abs=1e-290)


class TestPoisson:
    """The chance of so many events where so many are expected."""

    @pytest.mark.parametrize("mean", [1e-9, 0.3, 1.0, 4.1, 15.5, 16.0, 80.0, 997.3, 20_000.0])
    @pytest.mark.parametrize("offset", [-6, -3, -1, -0.2, 0, 0.2, 1, 3, 6, 12])
    def test_tails_agree_with_the_incomplete_gamma_function(self, mean, offset):
        k = max(0, round(mean + offset * math.sqrt(mean)))
        at_least, at_most = oracle_poisson(k, mean)
        # What is near one is exact to 1e-10 of one; what is small keeps its digits.
        assert_close(poisson_at_least(k, mean), at_least)
        assert_close(poisson_at_most(k, mean), at_most)

    @given(st.integers(0, 40), st.floats(0.01, 40))
    def test_tails_are_plain_sums(self, k, mean):
        points = [math.exp(-mean) * mean**j / math.factorial(j) for j in range(k)]
        assert poisson_at_most(k - 1, mean) == pytest.approx(math.fsum(points), abs=1e-12)
        assert poisson_at_least(k, mean) == pytest.approx(1 - math.fsum(points), abs=1e-12)

    @pytest.mark.parametrize("mean", [1e8, 3.3e7])
    def test_a_hundred_million_events(self, mean):
        k = round(mean + 4 * math.sqrt(mean))
        # By the normal law, to the order of its own error.
        assert poisson_at_least(k, mean) == pytest.approx(3.167e-5, rel=0.01)
        assert poisson_at_least(k, mean) + poisson_at_most(k - 1, mean) == pytest.approx(1)

    def test_where_nothing_is_expected_nothing_happens(self):
        assert poisson_at_least(1, 0.0) == 0
        assert poisson_at_least(0, 0.0) == 1
        assert poisson_at_most(0, 0.0) == 1
        assert poisson_at_most(-1, 3.0) == 0

    def test_what_cannot_be_written_as_a_float_is_nought(self):
        assert poisson_at_least(1_000, 1e-9) == 0


class TestBinomial:
    """The chance that so many of all events fall into one part."""

    @given(st.integers(1, 60), st.integers(-1, 61), st.floats(1e-6, 1 - 1e-6))
    @example(20, 20, 0.5)
    @example(20, 0, 0.5)
    @example(1, 1, 0.01)
    def test_tails_are_plain_sums(self, n, k, p):
        k = min(k, n + 1)
        at_least, at_most = brute_binomial(k, n, p)
        assert binomial_at_least(k, n, p) == pytest.approx(at_least, rel=CLOSE, abs=1e-300)
        assert binomial_at_most(k, n, p) == pytest.approx(at_most, rel=CLOSE, abs=1e-300)

    @pytest.mark.parametrize(("k", "n", "p"), [(4_300, 40_000, 0.1), (260, 100_000, 0.002)])
    def test_large_counts_agree_with_a_sum_in_forty_digits(self, k, n, p):
        with mpmath.workdps(40):
            odds = mpmath.mpf(p) / (1 - mpmath.mpf(p))
            term = mpmath.binomial(n, k) * mpmath.mpf(p) ** k * (1 - mpmath.mpf(p)) ** (n - k)
            total = mpmath.mpf(0)
            for j in range(k, k + 1_500):
                total += term
                term *= odds * (n - j) / (j + 1)
        assert_close(binomial_at_least(k, n, p), float(total))

    @pytest.mark.parametrize("n", [0, 1, 5])
    def test_a_part_that_is_nothing_or_everything(self, n):
        assert binomial_at_most(0, n, 0.0) == 1
        assert binomial_at_least(1, n, 0.0) == 0
        assert binomial_at_least(n, n, 1.0) == 1
        assert binomial_at_most(n - 1, n, 1.0) == 0


def brute_hypergeometric(k: int, drawn: int, marked: int, whole: int) -> Fraction:
    """At least k marked among those drawn, counted hand by hand."""
    hands = sum(
        math.comb(marked, j) * math.comb(whole - marked, drawn - j)
        for j in range(max(k, 0), min(drawn, marked) + 1)
    )
    return Fraction(hands, math.comb(whole, drawn))


class TestHypergeometric:
    """The chance of so many among those drawn, where each can be drawn once."""

    @given(st.data())
    def test_tails_are_plain_counts(self, data):
        whole = data.draw(st.integers(0, 60))
        drawn, marked = data.draw(st.integers(0, whole)), data.draw(st.integers(0, whole))
        k = data.draw(st.integers(-1, whole + 1))
        true = float(brute_hypergeometric(k, drawn, marked, whole))
        assert hypergeometric_at_least(k, drawn, marked, whole) == pytest.approx(true, abs=1e-12)
        if k > drawn * marked / max(whole, 1):
            assert_close(hypergeometric_at_least(k, drawn, marked, whole), true)

    @pytest.mark.parametrize(
        ("k", "drawn", "marked", "whole"),
        # Whole numbers of a hundred thousand digits take their time.
        [(42, 55, 1_874, 3_804), (700, 5_000, 1_200, 10_000), (40, 30_000, 100, 400_000)][
            : chosen_size().of(2, 3, 3)
        ],
    )
    def test_large_numbers_agree_with_whole_numbers(self, k, drawn, marked, whole):
        true = float(brute_hypergeometric(k, drawn, marked, whole))
        assert_close(hypergeometric_at_least(k, drawn, marked, whole), true)

    def test_the_lady_tasting_tea(self):
        """Fisher, "The Design of Experiments" (1935): all four cups right by chance 1 in 70."""
        assert hypergeometric_at_least(4, 4, 4, 8) == pytest.approx(1 / 70, rel=1e-12)
        assert hypergeometric_at_least(3, 4, 4, 8) == pytest.approx(17 / 70, rel=1e-12)


class TestMeanBounds:
    """The exact interval of Garwood, "Fiducial limits for the Poisson distribution" (1936)."""

    # Pearson and Hartley's table 40, as quoted in many books: 95 % limits of a count.
    @pytest.mark.parametrize(
        ("k", "low", "high"),
        [
            (0, 0.0, 3.689),
            (1, 0.0253, 5.572),
            (2, 0.242, 7.225),
            (3, 0.619, 8.767),
            (10, 4.795, 18.39),
            (50, 37.11, 65.92),
        ],
    )
    def test_limits_agree_with_the_published_table(self, k, low, high):
        found = poisson_mean_bounds(k, 0.025)
        assert found[0] == pytest.approx(low, rel=1e-3)
        assert found[1] == pytest.approx(high, rel=1e-3)

    @given(st.integers(0, 200), st.sampled_from([0.005, 0.025, 0.1]))
    def test_at_the_limits_the_tails_have_the_chance_stated(self, k, tail):
        low, high = poisson_mean_bounds(k, tail)
        assert oracle_poisson(k, high)[1] == pytest.approx(tail, rel=1e-9)
        if k:
            assert oracle_poisson(k, low)[0] == pytest.approx(tail, rel=1e-9)

    def test_a_million(self):
        low, high = poisson_mean_bounds(10**6, 0.025)
        assert (low, high) == pytest.approx((1e6 - 1_959, 1e6 + 1_961), rel=2e-6)


class TestFirstTrue:
    """Doubling and halving find what walking would."""

    @given(st.integers(-5, 60), st.integers(-5, 5))
    def test_it_is_what_walking_finds(self, border, start):
        assert first_true(lambda n: n >= border, start) == max(border, start)
