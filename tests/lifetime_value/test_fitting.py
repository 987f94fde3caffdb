"""What a fit has to say for itself."""

from __future__ import annotations

import math

import pytest

from crmkit.errors import InvalidValue
from crmkit.lifetime_value.models.fitting import Ending, FitReport, FitWarning, climb


def report(**changes):
    terms = {
        "parameters": {"r": 2.0, "alpha": 8.0},
        "log_likelihood": -100.0,
        "customers": 50,
        "rows": 20,
        "iterations": 4,
        "ending": Ending.CONVERGED,
        "information": ((4.0, 0.0), (0.0, 25.0)),
    }
    return FitReport(**{**terms, **changes})


class TestFitReport:
    """How sure the parameters are, worked out when asked."""

    def test_standard_errors_come_from_the_inverse_of_the_information(self):
        assert report().standard_errors() == {"r": 1.0, "alpha": 1.6}

    def test_intervals_never_reach_below_zero(self):
        found = report().intervals(0.95)["r"]
        assert found.low == pytest.approx(2 * math.exp(-1.959963984540054 / 2), rel=1e-12)
        assert found.high == pytest.approx(2 * math.exp(1.959963984540054 / 2), rel=1e-12)
        wide = report().intervals(0.999999)["r"]
        assert 0 < wide.low < found.low < 2 < found.high < wide.high

    @pytest.mark.parametrize("spread", [300.0, 1e9])
    def test_an_interval_too_wide_for_a_number_is_open_above(self, spread):
        """Data that say next to nothing of a parameter give a tiny information, but some."""
        found = report(information=((spread**-2, 0.0), (0.0, 25.0))).intervals(0.99)["r"]
        assert (found.low, found.high) == (pytest.approx(0.0, abs=1e-300), math.inf)

    def test_the_level_next_to_certainty_has_an_interval(self):
        found = report().intervals(math.nextafter(1.0, 0.0))["r"]
        assert 0 < found.low < 2 < found.high < math.inf

    @pytest.mark.parametrize("level", [0, 1, -0.5, 95, math.nan, "0.95"])
    def test_a_level_lies_between_zero_and_one(self, level):
        with pytest.raises(InvalidValue, match=r"such as 0\.95"):
            report().intervals(level)

    def test_the_order_in_which_parameters_are_written_down_does_not_matter(self):
        turned = report(parameters={"alpha": 8.0, "r": 2.0}, names=("r", "alpha"))
        assert turned.standard_errors() == report().standard_errors()
        assert turned.intervals() == report().intervals()

    def test_the_names_are_those_of_the_parameters(self):
        with pytest.raises(InvalidValue, match="each once"):
            report(names=("r", "beta"))

    def test_a_parameter_left_open_has_no_error(self):
        flat = report(information=((1.0, 1.0), (1.0, 1.0)))
        assert flat.standard_errors() is None
        assert flat.intervals() is None

    def test_criteria_ask_for_a_price_of_each_parameter(self):
        assert report().aic == 204.0
        assert report().bic == pytest.approx(200.0 + 2 * math.log(50), rel=1e-12)

    def test_only_a_fit_without_a_warning_is_trustworthy(self):
        assert report().is_trustworthy
        assert report().converged
        flagged = report(ending=Ending.GAVE_UP, warnings=(FitWarning.NOT_CONVERGED,))
        assert not flagged.is_trustworthy
        assert not flagged.converged


class TestClimb:
    """The search, and how its end is told."""

    @staticmethod
    def hill(point):
        x, y = point[0] - 1.0, point[1] + 0.5
        return -(x**2) - 2 * y**2 - x * y, (-2 * x - y, -4 * y - x), ((-2.0, -1.0), (-1.0, -4.0))

    def search(self, function, **bounds):
        terms = {"lower": (1e-3, 1e-3), "upper": (1e3, 1e3), **bounds}
        return climb(("a", "b"), function, (5.0, 5.0), customers=1, rows=1, **terms)

    def test_a_hill_is_climbed(self):
        found = self.search(self.hill)
        assert found.parameters["a"] == pytest.approx(math.e, rel=1e-9)
        assert found.parameters["b"] == pytest.approx(math.exp(-0.5), rel=1e-9)
        assert found.warnings == ()

    def test_a_top_outside_the_bounds_is_flagged(self):
        found = self.search(self.hill, upper=(2.0, 1e3))
        assert found.ending is Ending.AT_BOUNDARY
        assert FitWarning.AT_BOUNDARY in found.warnings
        assert found.parameters["a"] == pytest.approx(2.0, rel=1e-12)

    def test_a_ridge_that_does_not_fall_off_is_flagged(self):
        def ridge(point):
            s = point[0] + point[1]
            return -(s**2), (-2 * s, -2 * s), ((-2.0, -2.0), (-2.0, -2.0))

        assert FitWarning.NOT_IDENTIFIED in self.search(ridge).warnings

    def test_a_slope_without_end_within_the_steps_is_flagged(self):
        def slope(point):
            return point[0] * 1e-4, (1e-4, 0.0), ((-1e-9, 0.0), (0.0, -1.0))

        found = self.search(slope, upper=(1e300, 1e3))
        assert found.ending is Ending.GAVE_UP
        assert FitWarning.NOT_CONVERGED in found.warnings

    def test_a_long_last_step_is_looked_at_before_it_is_taken(self):
        """A plain so flat that a step to its supposed top would gain nothing, with a cliff."""

        def plain(point):
            x = point[0] - math.log(5.0)
            cliff = 100.0 * max(0.0, x - 0.5) ** 2
            return 1e-8 * x - 5e-9 * x**2 - cliff, (1e-8 - 1e-8 * x, 0.0), ((-1e-8, 0.0), (0, -1))

        found = self.search(plain)
        assert found.parameters["a"] == pytest.approx(5.0, rel=1e-12)
        assert found.log_likelihood == 0.0
