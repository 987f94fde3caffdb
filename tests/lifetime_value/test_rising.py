"""Sums of logarithms of rising factorials, against the gamma function itself."""

from __future__ import annotations

import mpmath
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crmkit.lifetime_value.numerics.rising import RisingFactorials

counts = st.dictionaries(st.integers(0, 400), st.integers(1, 1000), max_size=12)


class TestRisingFactorials:
    """The sum over a population of log Gamma(c + x) - log Gamma(c), and how it bends."""

    @given(counts, st.floats(1e-6, 1e6))
    @example({0: 5}, 1.0)
    @example({1: 1, 41: 1, 42: 1, 100_000: 3}, 0.243)
    def test_it_is_what_the_gamma_function_says(self, population, c):
        with mpmath.workdps(40):
            exact = mpmath.mpf(c)
            value, slope, bend = (
                mpmath.fsum(n * (of(exact + x) - of(exact)) for x, n in population.items())
                for of in (mpmath.loggamma, mpmath.digamma, lambda z: mpmath.polygamma(1, z))
            )
            total = sum(n * x for x, n in population.items())
            found = RisingFactorials(population)(c)
            assert found[0] == pytest.approx(float(value), rel=1e-12, abs=1e-12 * (1 + total))
            assert found[1] == pytest.approx(float(slope), rel=1e-10)
            assert found[2] == pytest.approx(float(bend), rel=1e-10)

    def test_nobody_adds_up_to_nothing(self):
        assert RisingFactorials({})(2.5) == (0, 0, 0)
