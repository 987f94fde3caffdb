"""Limits hold for small numbers, and say how often they are wrong."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.complaints.policies.control_limits import (
    THREE_SIGMA,
    ControlLimits,
    Correction,
    binomial_limits,
    level_of,
    poisson_limits,
    prediction_limits,
)
from crmkit.errors import InvalidValue

FALSE = [Fraction(1, 10), Fraction(1, 20), THREE_SIGMA]
false_alarms = st.sampled_from(FALSE)


def poisson(mean: float, most: int) -> list[float]:
    """The chance of each count."""
    points = [math.exp(-mean)]
    for k in range(1, most + 1):
        points.append(points[-1] * mean / k)
    return points


def binomial(total: int, share: Fraction) -> list[Fraction]:
    """The chance of each count, exactly."""
    return [math.comb(total, k) * share**k * (1 - share) ** (total - k) for k in range(total + 1)]


def walked(points: list, tail: Fraction) -> ControlLimits:
    """The limits found by walking inwards from each end."""
    lower = next(k for k in range(len(points)) if sum(points[: k + 1]) > tail)
    upper = next(k for k in range(len(points), -1, -1) if sum(points[k:]) > tail)
    return ControlLimits(lower, upper)


class TestPoissonLimits:
    """At a known rate, counts beyond the limits come as seldom as stated."""

    @given(st.fractions(0, 40, max_denominator=100), false_alarms)
    def test_they_are_what_walking_along_the_counts_finds(self, expected, false_alarm):
        points = poisson(float(expected), 140)
        assert poisson_limits(expected, false_alarm) == walked(points, false_alarm / 2)

    @given(st.fractions(0, 40, max_denominator=100), false_alarms)
    def test_false_alarms_are_no_more_than_stated_and_one_count_less_would_be(self, mean, false):
        limits = poisson_limits(mean, false)
        points = poisson(float(mean), 140)
        assert (
            math.fsum(points[limits.upper + 1 :]) <= false / 2 < math.fsum(points[limits.upper :])
        )
        assert math.fsum(points[: limits.lower]) <= false / 2

    def test_three_standard_deviations_would_cry_wolf(self):
        """Where one complaint is expected, mean + 3 sd = 4, and five come in 0.37 % of months."""
        points = poisson(1.0, 60)
        assert math.fsum(points[5:]) > 2 * THREE_SIGMA / 2
        assert poisson_limits(Fraction(1), THREE_SIGMA).upper == 5

    def test_where_nothing_is_expected_one_complaint_is_too_many(self):
        assert poisson_limits(Fraction(0), THREE_SIGMA) == ControlLimits(0, 0)

    def test_less_than_nothing_is_not_expected(self):
        with pytest.raises(InvalidValue, match="nothing or more"):
            poisson_limits(Fraction(-1), THREE_SIGMA)

    def test_wide_limits_for_small_places_narrow_ones_for_large(self):
        """The funnel: relative to what is expected, limits close in as the exposure grows."""
        widths = []
        for expected in (2, 20, 200, 2_000):
            limits = poisson_limits(Fraction(expected), THREE_SIGMA)
            widths.append((limits.upper - limits.lower) / expected)
        assert widths == sorted(widths, reverse=True)


class TestBinomialLimits:
    """A place is held against the others, given how many complained in all."""

    @given(st.integers(0, 40), st.fractions(0, 1, max_denominator=50), false_alarms)
    def test_they_are_what_walking_along_exact_chances_finds(self, total, share, false_alarm):
        limits = binomial_limits(total, share, false_alarm)
        assert limits == walked(binomial(total, share), false_alarm / 2)

    @pytest.mark.parametrize(("total", "share"), [(-1, 0), (1, Fraction(-1, 9)), (1, 2)])
    def test_shares_and_totals_out_of_range(self, total, share):
        with pytest.raises(InvalidValue, match="share from 0 to 1"):
            binomial_limits(total, Fraction(share), THREE_SIGMA)


class TestPredictionLimits:
    """A baseline of a few complaints says little, and the limits are as wide."""

    @given(st.integers(0, 30), st.integers(1, 20), st.integers(0, 20), false_alarms)
    def test_a_count_is_within_if_neither_tail_is_small(self, baseline, base, exposure, false):
        limits = prediction_limits(baseline, base, exposure, false)
        share = Fraction(exposure, exposure + base)
        for count in (limits.lower - 1, limits.lower, limits.upper, limits.upper + 1):
            if 0 <= count < 300:
                points = binomial(baseline + count, share)
                surprising = (
                    sum(points[count:]) <= false / 2 or sum(points[: count + 1]) <= false / 2
                )
                assert surprising is (count not in limits)

    def test_a_large_baseline_is_as_good_as_knowing_the_rate(self):
        wide = prediction_limits(4, 1_000, 1_000, THREE_SIGMA)
        narrow = prediction_limits(4_000_000, 10**9, 1_000, THREE_SIGMA)
        assert narrow == poisson_limits(Fraction(4), THREE_SIGMA)
        assert wide.upper > narrow.upper

    def test_after_a_baseline_without_complaints_one_is_no_alarm_yet(self):
        assert 1 in prediction_limits(0, 1_000, 1_000, Fraction(1, 20))

    @pytest.mark.parametrize(("count", "base", "exposure"), [(-1, 1, 1), (1, 0, 1), (1, 1, -1)])
    def test_numbers_out_of_range(self, count, base, exposure):
        with pytest.raises(InvalidValue, match="baseline has an exposure"):
            prediction_limits(count, base, exposure, THREE_SIGMA)

    @given(st.floats(0.5, 30), st.sampled_from([1, 4]))
    def test_the_luck_of_the_baseline_is_counted_in(self, mean, times):
        """Summed over every baseline and every next count there can be."""
        false = Fraction(1, 10)
        base, following = poisson(mean * times, 200), poisson(mean, 200)
        alarms = 0.0
        for baseline, chance in enumerate(base):
            if chance > 1e-9:
                limits = prediction_limits(baseline, times, 1, false)
                outside = 1 - math.fsum(following[limits.lower : limits.upper + 1])
                alarms += chance * outside
        assert alarms <= false


class TestRange:
    """Beyond a hundred million cases a float is no count, and no limit is given."""

    MOST = 10**8

    @pytest.mark.parametrize(
        "limits",
        [
            lambda count: poisson_limits(Fraction(count), THREE_SIGMA),
            lambda count: binomial_limits(count, Fraction(1, 10**6), THREE_SIGMA),
            lambda count: prediction_limits(count, 10**6, 1, THREE_SIGMA),
            lambda count: prediction_limits(1, 1, count, THREE_SIGMA),
        ],
    )
    def test_a_hundred_million_have_limits_and_one_more_has_none(self, limits):
        assert isinstance(limits(self.MOST), ControlLimits)
        with pytest.raises(InvalidValue, match="at most 100,000,000"):
            limits(self.MOST + 1)

    def test_the_limits_of_a_hundred_million_are_three_standard_deviations(self):
        found = poisson_limits(Fraction(self.MOST), THREE_SIGMA)
        assert (found.lower, found.upper) == pytest.approx((1e8 - 3e4, 1e8 + 3e4), rel=1e-7)


class TestChances:
    """A chance is above nothing and below certainty."""

    @pytest.mark.parametrize("chance", [Fraction(0), Fraction(1)])
    def test_out_of_range(self, chance):
        for build in (
            lambda: poisson_limits(Fraction(1), chance),
            lambda: binomial_limits(1, Fraction(1, 2), chance),
            lambda: prediction_limits(1, 1, 1, chance),
        ):
            with pytest.raises(InvalidValue, match="above 0 and below 1"):
                build()

    def test_only_whole_counts_are_within(self):
        assert 1 in ControlLimits(0, 2)
        assert 3 not in ControlLimits(0, 2)
        assert "1" not in ControlLimits(0, 2)


def naive_rejections(chances: list[float], level: Fraction) -> set[int]:
    """Benjamini and Hochberg 1995, as it stands in the paper."""
    order = sorted(range(len(chances)), key=lambda i: chances[i])
    last = 0
    for rank, i in enumerate(order, start=1):
        if chances[i] <= float(rank * level / len(chances)):
            last = rank
    return set(order[:last])


class TestManyComparisons:
    """Among a hundred places one is always the worst."""

    def test_uncorrected(self):
        assert level_of([0.1] * 20, Fraction(1, 20), Correction.NONE) == 0.05

    def test_bonferroni_shares_the_chance_among_the_places(self):
        assert level_of([0.1] * 20, Fraction(1, 20), Correction.BONFERRONI) == 0.0025

    @given(st.lists(st.floats(0, 1) | st.floats(0, 0.05), min_size=1, max_size=15))
    def test_benjamini_hochberg_is_the_procedure_of_the_paper(self, chances):
        level = level_of(chances, Fraction(1, 10), Correction.BENJAMINI_HOCHBERG)
        rejected = {i for i, chance in enumerate(chances) if chance <= level}
        ties = {chances[i] for i in naive_rejections(chances, Fraction(1, 10))}
        assert rejected == {i for i, chance in enumerate(chances) if chance in ties}

    @given(st.lists(st.floats(0, 1), min_size=1, max_size=15))
    def test_a_correction_never_adds_alarms(self, chances):
        none, bonferroni, procedure = (
            level_of(chances, Fraction(1, 10), way)
            for way in (Correction.NONE, Correction.BONFERRONI, Correction.BENJAMINI_HOCHBERG)
        )
        assert bonferroni <= procedure <= none

    @pytest.mark.parametrize("correction", Correction)
    def test_without_places_nothing_is_divided(self, correction):
        assert level_of([], Fraction(1, 20), correction) == 0.05
