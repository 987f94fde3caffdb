"""Newton's method in a box: tops that are known, tops at the edge, and tops that are none."""

from __future__ import annotations

import math

import mpmath
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from crmkit.lifetime_value.numerics.newton import Ending, cholesky, inverse, maximize
from crmkit.lifetime_value.numerics.special import digamma, trigamma

coordinates = st.floats(-5.0, 5.0)
curvatures = st.floats(0.1, 10.0)


def hill(top, curvature, tilt=0.0):
    """A quadratic in two unknowns with its maximum of zero at ``top``."""

    def function(point):
        x, y = (here - there for here, there in zip(point, top, strict=True))
        first, second = curvature
        value = -0.5 * (first * x * x + second * y * y) - tilt * x * y
        slope = (-first * x - tilt * y, -second * y - tilt * x)
        return value, slope, ((-first, -tilt), (-tilt, -second))

    return function


def ripple(point):
    """Curved the wrong way far from its tops at whole numbers of turns."""
    (x,) = point
    return math.cos(x), (-math.sin(x),), ((-math.cos(x),),)


def gamma_likelihood(mean, mean_log):
    """A thousand amounts with a gamma distribution, in the logarithms of shape and rate."""

    def function(point):
        shape, rate = map(math.exp, point)
        ways = shape * math.log(rate) - math.lgamma(shape)
        value = ways + (shape - 1.0) * mean_log - rate * mean
        by_shape = shape * (math.log(rate) - digamma(shape) + mean_log)
        by_rate = shape - rate * mean
        bend = by_shape - shape * shape * trigamma(shape)
        hessian = ((1e3 * bend, 1e3 * shape), (1e3 * shape, -1e3 * rate * mean))
        return 1e3 * value, (1e3 * by_shape, 1e3 * by_rate), hessian

    return function


class TestTops:
    """The search ends where no step would raise the likelihood any more."""

    @given(st.tuples(coordinates, coordinates), st.tuples(curvatures, curvatures))
    def test_a_quadratic_is_climbed_to_its_top(self, top, curvature):
        end = maximize(hill(top, curvature), (0.0, 0.0), lower=(-9, -9), upper=(9, 9), gain=1e-12)
        assert end.ending is Ending.CONVERGED
        assert end.point == pytest.approx(top, abs=1e-6)
        assert end.value == pytest.approx(0.0, abs=1e-10)

    @given(st.floats(0.05, 50.0), st.floats(0.01, 100.0))
    def test_a_gamma_distribution_is_found_again(self, shape, rate):
        mean, mean_log = shape / rate, digamma(shape) - math.log(rate)
        function = gamma_likelihood(mean, mean_log)
        end = maximize(function, (0.0, 0.0), lower=(-14, -14), upper=(14, 14))
        assert end.ending is Ending.CONVERGED
        best = function((math.log(shape), math.log(rate)))[0]
        assert end.value == pytest.approx(best, abs=1e-5)
        assert tuple(map(math.exp, end.point)) == pytest.approx((shape, rate), rel=1e-3)

    @given(st.floats(-2.9, 2.9))
    def test_where_the_function_is_curved_upwards_it_still_climbs(self, start):
        assume(abs(start) > 1e-3)
        end = maximize(ripple, (start,), lower=(-6.5,), upper=(6.5,))
        assert end.ending is Ending.CONVERGED
        assert math.cos(end.point[0]) == pytest.approx(1.0, abs=1e-5)

    @given(st.tuples(coordinates, coordinates), st.tuples(curvatures, curvatures))
    def test_the_end_is_never_lower_than_the_start(self, top, curvature):
        function = hill(top, curvature, tilt=0.05)
        end = maximize(function, (1.0, -1.0), lower=(-2, -2), upper=(2, 2))
        assert end.value >= function((1.0, -1.0))[0]
        assert all(-2 <= x <= 2 for x in end.point)

    def test_a_long_last_step_on_flat_ground_is_taken_only_if_it_is_better(self):
        def flat(point, wrong=0.0):
            (x,) = point
            return -1e-3 * x**4 - wrong * (x != 0.3), (-4e-3 * x**3,), ((-12e-3 * x * x,),)

        end = maximize(flat, (0.3,), lower=(-2,), upper=(2,), gain=1e-4)
        assert end.point == pytest.approx((0.2,))
        assert end.value == flat(end.point)[0]
        stays = maximize(lambda x: flat(x, 1.0), (0.3,), lower=(-2,), upper=(2,), gain=1e-4)
        assert stays.point == (0.3,)

    def test_starting_at_the_top_is_over_at_once(self):
        end = maximize(hill((1.0, 2.0), (1.0, 1.0)), (1.0, 2.0), lower=(-9, -9), upper=(9, 9))
        assert (end.point, end.ending, end.iterations) == ((1.0, 2.0), Ending.CONVERGED, 1)


class TestEdges:
    """A parameter that runs to an extreme stops at its bound, and is said to."""

    @given(st.floats(2.1, 50.0), coordinates)
    def test_a_top_outside_the_box_is_approached_as_far_as_allowed(self, far, near):
        near = max(-1.9, min(1.9, near))
        end = maximize(hill((far, near), (1, 1)), (0.0, 0.0), lower=(-2, -2), upper=(2, 2))
        assert end.ending is Ending.AT_BOUNDARY
        assert end.point == pytest.approx((2.0, near), abs=1e-3)

    @given(
        top=st.tuples(st.floats(1.01, 6.0), coordinates),
        curvature=st.tuples(curvatures, curvatures),
        lean=st.floats(-0.9999, 0.9999),
    )
    @example(top=(3.0, 3.0), curvature=(1.0, 1.0), lean=-0.999)
    def test_along_a_slanting_ridge_the_highest_place_at_the_edge_is_found(
        self, top, curvature, lean
    ):
        """Straight ahead the ridge leaves the box, and beside it all is lower than the start."""
        (x, y), (first, second) = top, curvature
        tilt = lean * math.sqrt(first * second)
        best = (1.0, y - tilt / second * (1.0 - x))
        assume(abs(best[1]) < 99)
        function = hill(top, curvature, tilt)
        end = maximize(function, (0.0, 0.0), lower=(-99, -99), upper=(1, 99), gain=1e-12)
        assert end.ending is Ending.AT_BOUNDARY
        assert end.value == pytest.approx(function(best)[0], rel=1e-6, abs=1e-9)

    def test_a_top_beyond_a_corner_ends_in_the_corner(self):
        end = maximize(hill((-30, 30), (1, 1)), (0.0, 0.0), lower=(-2, -2), upper=(2, 2))
        assert (end.ending, end.point) == (Ending.AT_BOUNDARY, (-2.0, 2.0))

    def test_a_start_at_an_edge_that_leads_inwards_leaves_it(self):
        end = maximize(hill((0.5, 0.5), (1, 1)), (2.0, -2.0), lower=(-2, -2), upper=(2, 2))
        assert end.ending is Ending.CONVERGED
        assert end.point == pytest.approx((0.5, 0.5), abs=1e-3)

    def test_a_slope_without_end_runs_to_the_edge(self):
        end = maximize(
            lambda point: (point[0], (1.0,), ((0.0,),)), (0.0,), lower=(-2.0,), upper=(20.0,)
        )
        assert (end.ending, end.point) == (Ending.AT_BOUNDARY, (20.0,))


class TestGivingUp:
    """A search that does not get there says so."""

    def test_too_few_steps(self):
        end = maximize(
            hill((8, 8), (1, 1)), (0.0, 0.0), lower=(-9, -9), upper=(9, 9), most_iterations=2
        )
        assert (end.ending, end.iterations) == (Ending.GAVE_UP, 2)

    def test_slopes_that_lie_lead_nowhere(self):
        """The gradient promises much, and every step is lower than the last."""
        end = maximize(
            lambda point: (-abs(point[0]), (100.0,), ((-100.0,),)),
            (0.0,),
            lower=(-9,),
            upper=(9,),
        )
        assert end.ending is Ending.GAVE_UP
        assert end.point == (0.0,)

    def test_a_gain_that_rounding_drowns_is_no_gain(self):
        """A sum of a million terms is only as exact as its last digit."""

        def grainy(point):
            value, slope, bend = hill((1e-4, 0.0), (1e3, 1e3))(point)
            return round((value - 1e6) / 2e-5) * 2e-5, slope, bend

        end = maximize(grainy, (0.0, 0.0), lower=(-9, -9), upper=(9, 9), gain=1e-12)
        assert end.ending is Ending.CONVERGED
        assert end.value == pytest.approx(-1e6)


@st.composite
def positive_definite(draw):
    size = draw(st.integers(1, 4))
    entry = st.floats(-3.0, 3.0)
    root = [[draw(entry) for _ in range(size)] for _ in range(size)]
    return tuple(
        tuple(
            sum(root[i][k] * root[j][k] for k in range(size)) + (0.5 if i == j else 0.0)
            for j in range(size)
        )
        for i in range(size)
    )


class TestMatrices:
    """Covariances are inverses of curvatures, if there are any."""

    @given(positive_definite())
    def test_the_square_of_the_factor_is_the_matrix(self, matrix):
        factor = cholesky(matrix) or ()
        size = len(matrix)
        for i in range(size):
            assert factor[i][i + 1 :] == (0.0,) * (size - i - 1)
            for j in range(size):
                product = sum(a * b for a, b in zip(factor[i], factor[j], strict=True))
                assert product == pytest.approx(matrix[i][j], rel=1e-12, abs=1e-12)

    @given(positive_definite())
    def test_the_inverse_is_that_of_linear_algebra(self, matrix):
        with mpmath.workdps(40):
            true = mpmath.matrix([list(row) for row in matrix]) ** -1
        found = inverse(matrix) or ()
        for i in range(len(matrix)):
            assert found[i] == pytest.approx([float(x) for x in true[i, :]], rel=1e-9, abs=1e-11)

    @pytest.mark.parametrize(
        "matrix",
        [((0.0,),), ((-1.0,),), ((1.0, 1.0), (1.0, 1.0)), ((1.0, 2.0), (2.0, 1.0)), ((math.nan,),)],
    )
    def test_what_leaves_a_direction_open_has_none(self, matrix):
        assert cholesky(matrix) is None
        assert inverse(matrix) is None
