"""The exponential integral that is left of a stream of purchases after discounting."""

from __future__ import annotations

import math
from random import Random

import mpmath
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.lifetime_value.numerics.exponential_integral import log_scaled_exponential_integral


def exact(r: float, log_z: float) -> float:
    with mpmath.workdps(50):
        z = mpmath.exp(mpmath.mpf(log_z))
        value = mpmath.mpf(r) * mpmath.exp(z) * mpmath.expint(mpmath.mpf(r) + 1, z)
        return float(mpmath.log(value))


class TestAccuracy:
    """Against mpmath at 50 digits; the error of the logarithm is the relative error."""

    @pytest.mark.parametrize("r", [1e-6, 1e-3, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 7.0, 20.0, 20.5])
    @pytest.mark.parametrize("z", [1e-12, 1e-6, 0.01, 0.5, 0.999, 1.0, 2.0, 50.0, 1e6])
    def test_at_the_borders_of_the_methods(self, r, z):
        log_z = math.log(z)
        assert log_scaled_exponential_integral(r, log_z) == pytest.approx(
            exact(r, log_z), rel=1e-12, abs=2e-13
        )

    @pytest.mark.parametrize("r", [1e-6, 0.49, 0.5, 0.75, 1.0, 1.5, 1.51, 20.0])
    @pytest.mark.parametrize("log_z", [-80.0, -99.9, -100.1, -700.0, -1419.0, -1420.0, -1e4])
    def test_for_next_to_nothing(self, r, log_z):
        assert log_scaled_exponential_integral(r, log_z) == pytest.approx(
            exact(r, log_z), rel=1e-12, abs=2e-13
        )

    def test_next_to_whole_orders_nothing_cancels(self):
        random = Random(1)
        for _ in range(150):
            r = random.randint(1, 20) + random.choice([-1, 1]) * 10 ** random.uniform(-15, -1)
            log_z = random.uniform(-27, 1)
            assert log_scaled_exponential_integral(r, log_z) == pytest.approx(
                exact(r, log_z), rel=1e-12, abs=2e-13
            )

    @given(st.floats(1e-6, 1e6), st.floats(-1e6, 1e6))
    def test_it_lies_between_its_bounds(self, r, log_z):
        """DLMF 8.19.21: 1 / (z + n) < exp(z) E_n(z) <= 1 / (z + n - 1)."""
        found = log_scaled_exponential_integral(r, log_z)
        assert math.isfinite(found)
        if log_z < 700:
            z = math.exp(log_z)
            low, high = math.log(r) - math.log(z + r + 1), math.log(r) - math.log(z + r)
            assert low - 1e-9 <= found <= high + 1e-9
