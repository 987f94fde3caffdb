"""Integrals of which the true value is known, in the shapes that the models ask for."""

from __future__ import annotations

import math
import random

import mpmath
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crmkit.lifetime_value.numerics.quadrature import log_integral
from crmkit.lifetime_value.numerics.special import log_beta, softplus

positive = st.floats(-6.0, 6.0).map(lambda power: 10.0**power)
gentle = st.floats(-6.0, 1.0).map(lambda power: 10.0**power)


class Counted:
    """A function that knows how often it was asked."""

    def __init__(self, function):
        self.function = function
        self.times = 0

    def __call__(self, *point):
        self.times += 1
        return self.function(*point)


def beta_density(a, b):
    """Slopes as gentle as a millionth, or a peak as narrow as a thousandth."""
    return lambda s: -a * softplus(-s) - b * softplus(s)


def gamma_density(r, alpha):
    """A cliff to the right: the density of the logarithm of a gamma distributed rate."""
    return lambda s: r * s - alpha * math.exp(s) if s < 700.0 else -math.inf


def normal_density(mean, deviation):
    return lambda s: -0.5 * ((s - mean) / deviation) ** 2


class TestWholeLine:
    """The integral of a positive function over all real numbers."""

    @given(positive, positive)
    @example(1e-6, 1e-6)
    @example(1e6, 1e6)
    @example(1e-6, 218721.6721199129)
    @example(5275.972802440068, 3.4747352577947433e-06)
    def test_beta_densities(self, a, b):
        found = log_integral(beta_density(a, b))
        assert found == pytest.approx(log_beta(a, b), rel=1e-14, abs=3e-12 + 2e-16 * (a + b))

    @given(positive, positive)
    @example(1e-6, 1e6)
    @example(1e6, 1e-6)
    def test_gamma_densities(self, r, alpha):
        true = math.lgamma(r) - r * math.log(alpha)
        found = log_integral(gamma_density(r, alpha))
        assert found == pytest.approx(true, rel=1e-14, abs=3e-12 + 3e-15 * r)

    @given(st.floats(-1e7, 1e7), st.floats(1e-3, 1e6))
    @example(0.0, 1e-6)
    @example(1e7, 1.0)
    def test_bells_of_any_width_anywhere(self, mean, deviation):
        true = math.log(deviation) + 0.5 * math.log(2.0 * math.pi)
        assert log_integral(normal_density(mean, deviation)) == pytest.approx(true, abs=1e-8)
        if abs(mean) < 1e3 * deviation:
            assert log_integral(normal_density(mean, deviation)) == pytest.approx(true, abs=1e-12)

    @given(gentle, gentle, gentle, st.floats(0.0, 60.0))
    @example(1.0, 1e-6, 1.0, 40.0)
    @example(1.0, 0.0, 2.0, 60.0)
    def test_a_plateau_between_two_slopes(self, left, middle, right, length):
        """As p^a min(1, r t p) / p q^b is flat in the middle where a = 1."""
        with mpmath.workdps(40):
            # Gradshteyn and Ryzhik (2007), 3.197.5, with exp(s) for x.
            high, up, down = 1 - mpmath.exp(-length), mpmath.mpf(left), mpmath.mpf(right)
            bend = mpmath.hyp2f1(down - middle, up, up + down, high)
            true = mpmath.log(mpmath.beta(up, down) * bend)

        def log_f(s):
            rise = left * s - (left + middle) * softplus(s)
            return rise - (right - middle) * softplus(s - length)

        assert log_integral(log_f) == pytest.approx(float(true), abs=1e-10)

    @given(st.floats(-50.0, 50.0), positive)
    def test_scaling_adds_a_constant(self, height, r):
        density = gamma_density(r, 1.0)
        scaled = log_integral(lambda s: density(s) + height)
        assert scaled == pytest.approx(log_integral(density) + height, rel=1e-13, abs=1e-11)

    @given(st.floats(1e-3, 1e3), st.floats(-30.0, 30.0))
    def test_stretching_and_moving_only_stretch_the_integral(self, stretch, move):
        density = beta_density(0.7, 2.5)
        moved = log_integral(lambda s: density(s / stretch + move))
        assert moved == pytest.approx(log_beta(0.7, 2.5) + math.log(stretch), abs=1e-11)

    @pytest.mark.parametrize("far", [-300.0, -3.0, 3.0, 300.0])
    def test_a_function_that_is_nothing_around_the_origin(self, far):
        def log_f(s):
            away = s / far - 1.0
            return -math.inf if away <= -0.5 else -abs(far) * away * away - 0.01 / (away + 0.5)

        with mpmath.workdps(30):
            true = abs(far) * mpmath.quad(
                lambda x: mpmath.exp(-abs(far) * x * x - 0.01 / (x + 0.5)),
                [-0.5, -0.45, -0.25, 0, 0.25, 1, 2, 5, 10],
            )
        assert log_integral(log_f) == pytest.approx(float(mpmath.log(true)), abs=1e-11)

    def test_nothing_at_all(self):
        assert log_integral(lambda s: -math.inf) == -math.inf

    def test_a_sharp_edge_is_no_trap(self):
        found = log_integral(lambda s: -s if s >= 0.1 else -math.inf)
        assert found == pytest.approx(-0.1, abs=1e-9)

    def test_what_is_no_number_ends_all_the_same(self):
        assert math.isnan(log_integral(lambda s: -s * s if abs(s) < 2.0 else math.nan))

    def test_a_few_hundred_points_are_enough(self):
        """Speed without a clock: the function is what costs."""
        drawn = random.Random(1)
        asked = []
        for _ in range(200):
            a, b = (10.0 ** drawn.uniform(-6.0, 6.0) for _ in range(2))
            counted = Counted(beta_density(a, b))
            log_integral(counted)
            asked.append(counted.times)
        assert max(asked) < 800
        assert sum(asked) / len(asked) < 450


def expectation_over_leaving(r, z, a, b):
    """BG/NBD: [1 - (1 + p z)^-r] / p over a beta distribution, for mpmath and by our quadrature."""

    def log_f(s):
        log_p, log_q = -softplus(-s), -softplus(s)
        if log_p < -60.0:
            return a * log_p + b * log_q + math.log(r * z)
        share = -math.expm1(-r * math.log1p(math.exp(log_p) * z))
        return a * log_p + b * log_q + math.log(share) - log_p

    found = log_integral(log_f) - log_beta(a, b)
    with mpmath.workdps(40):
        # E[(1 - (1 + p z)^-r) / p] = r times the integral over y in (0, z) of E[(1 + p y)^(-r-1)].
        inner = lambda y: mpmath.hyp2f1(r + 1, a, a + b, -y)  # noqa: E731
        cuts = [0, *(z * mpmath.mpf(10) ** k for k in range(-6, 1))]
        true = r * mpmath.quad(inner, cuts)
    return found, float(mpmath.log(true))


class TestModels:
    """The integrals of the models, against hypergeometric functions with forty digits."""

    @pytest.mark.parametrize(
        ("r", "z", "a", "b"),
        [
            (0.243, 39 / 4.414, 0.793, 2.426),
            (0.243, 39 / 4.414, 1.0, 2.426),
            (23.243, 39 / 43.4, 0.793, 25.4),
            (0.5, 1e4, 1.0, 0.5),
            (3.0, 2.5, 1e-3, 40.0),
            (40.0, 0.5, 1.0, 20.0),
        ],
    )
    def test_expected_purchases_of_who_may_leave_after_each(self, r, z, a, b):
        found, true = expectation_over_leaving(r, z, a, b)
        assert found == pytest.approx(true, rel=1e-11, abs=1e-11)
