"""What a model foresaw of each customer, against what they did in the time held out."""

from __future__ import annotations

import math
from itertools import pairwise
from statistics import correlation

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import InvalidValue, NothingToFit, UnitMismatch
from crmkit.lifetime_value.comparison import holdout_fit, purchase_calibration
from crmkit.lifetime_value.models.bg_nbd import BgNbd
from crmkit.period import Unit
from tests.lifetime_value.judging import Nbd, cdnow_split, split_after

purchases = st.tuples(st.sampled_from("abcdefg"), st.integers(0, 90))
splits = st.builds(
    lambda history, whole: split_after([("a", 0), *history], 50, 90, whole_units=whole),
    st.lists(purchases, max_size=50),
    st.booleans(),
)
shapes = st.floats(0.05, 20.0)
models = st.builds(Nbd, r=shapes, alpha=shapes, stays=st.floats(0.1, 1.0))


def each_customer(model, split):
    """What was expected of each customer, and what they did, one by one."""
    expected = [
        model.expected_purchases(facts, split.duration) for facts in split.calibration.values()
    ]
    return expected, list(split.holdout_purchases)


class TestPurchasesInTheHoldout:
    """Expected against actual, by the number of repeat purchases in the calibration."""

    @given(split=splits, model=models, top=st.integers(1, 8))
    def test_the_rows_add_up_to_all_customers_one_by_one(self, split, model, top):
        fit = holdout_fit(model, split, top=top)
        expected, actual = each_customer(model, split)
        assert fit.customers == len(split.calibration)
        assert fit.actual == sum(actual)
        assert fit.expected == pytest.approx(math.fsum(expected))
        assert [row.repeat_purchases for row in fit.rows] == list(range(top + 1))
        assert [row.or_more for row in fit.rows] == [False] * top + [True]

    @given(split=splits, model=models, top=st.integers(1, 8))
    def test_each_customer_is_in_the_row_of_their_repeats(self, split, model, top):
        fit = holdout_fit(model, split, top=top)
        expected, actual = each_customer(model, split)
        for row in fit.rows:
            members = [
                at
                for at, facts in enumerate(split.calibration.values())
                if min(facts.repeat_purchases, top) == row.repeat_purchases
            ]
            assert row.customers == len(members)
            assert row.actual == sum(actual[at] for at in members)
            assert row.expected == pytest.approx(math.fsum(expected[at] for at in members))

    @given(split=splits, model=models)
    def test_the_errors_are_those_of_single_customers(self, split, model):
        fit = holdout_fit(model, split)
        expected, actual = each_customer(model, split)
        misses = [e - a for e, a in zip(expected, actual, strict=True)]
        mean = math.fsum(map(abs, misses)) / len(misses)
        squared = math.fsum(miss * miss for miss in misses) / len(misses)
        assert fit.bias == pytest.approx(math.fsum(misses) / len(misses), abs=1e-9)
        assert fit.mean_absolute_error == pytest.approx(mean)
        assert fit.root_mean_squared_error == pytest.approx(math.sqrt(squared))

    @given(split=splits, model=models)
    def test_errors_are_in_their_order(self, split, model):
        """Misses of single customers cancel within a row, and those of rows in the whole."""
        fit = holdout_fit(model, split)
        least = abs(fit.bias)
        assert least <= fit.weighted_row_error + 1e-9
        assert fit.weighted_row_error <= fit.mean_absolute_error + 1e-9
        assert fit.mean_absolute_error <= fit.root_mean_squared_error + 1e-9

    @given(split=splits, model=models)
    def test_the_correlation_is_that_of_single_customers(self, split, model):
        fit = holdout_fit(model, split)
        expected, actual = each_customer(model, split)
        if len(set(expected)) > 1 and len(set(actual)) > 1:
            assert fit.correlation == pytest.approx(correlation(expected, actual), abs=1e-6)

    def test_no_correlation_where_all_did_the_same(self):
        split = split_after([("a", 0), ("b", 3)], 20, 40)
        assert holdout_fit(Nbd(r=1.0, alpha=1.0), split).correlation is None

    def test_no_correlation_where_the_same_is_expected_of_all(self):
        split = split_after([("a", 0), ("b", 0), ("b", 30)], 20, 40)
        assert holdout_fit(Nbd(r=1.0, alpha=1.0), split).correlation is None

    def test_no_correlation_where_the_same_is_expected_but_for_rounding(self):
        """Three customers of one age: the mean of 0.1 + 0.1 + 0.1 is not 0.1."""
        split = split_after([("a", 0), ("b", 0), ("c", 0), ("c", 30)], 20, 41)
        for alpha in (0.3, 0.7, 1.1, 1.3):
            assert holdout_fit(Nbd(r=0.1, alpha=alpha), split).correlation is None

    def test_a_row_without_customers_has_no_means(self):
        rows = holdout_fit(Nbd(r=1.0, alpha=1.0), split_after([("a", 0)], 20, 41)).rows
        assert (rows[1].expected_mean, rows[1].actual_mean) == (None, None)
        assert rows[0].expected_mean == pytest.approx(1 / (1 + 20 / 7) * 3)
        assert rows[0].actual_mean == 0.0

    def test_newcomers_of_the_holdout_are_left_out(self):
        split = split_after([("a", 0), ("b", 30), ("b", 35)], 20, 41)
        fit = holdout_fit(Nbd(r=1.0, alpha=1.0), split)
        assert (fit.customers, fit.actual, fit.horizon) == (1, 0, 3.0)


class TestProbabilityOfComingBack:
    """Predicted against actual shares of customers with a purchase in the holdout."""

    @given(split=splits, model=models, groups=st.integers(1, 12))
    def test_every_customer_is_in_one_group(self, split, model, groups):
        calibration = purchase_calibration(model, split, groups=groups)
        came_back = sum(1 for bought in split.holdout_purchases if bought)
        assert calibration.customers == len(split.calibration)
        assert calibration.actual == pytest.approx(came_back / len(split.calibration))
        assert 1 <= len(calibration.groups) <= groups

    @given(split=splits, model=models, groups=st.integers(1, 12))
    def test_groups_are_in_order_and_equals_are_together(self, split, model, groups):
        found = purchase_calibration(model, split, groups=groups).groups
        for group in found:
            assert 0.0 <= group.lowest <= group.predicted + 1e-12
            assert group.predicted <= group.highest + 1e-12 <= 1.0 + 1e-12
            assert 0 <= group.came_back <= group.customers
        for lower, higher in pairwise(found):
            assert lower.highest < higher.lowest

    @given(split=splits, model=models)
    def test_the_score_is_the_mean_of_single_customers(self, split, model):
        calibration = purchase_calibration(model, split)
        squares = [
            (1.0 - model.conditional_pmf(facts, 0, split.duration) - bool(bought)) ** 2
            for facts, bought in zip(
                split.calibration.values(), split.holdout_purchases, strict=True
            )
        ]
        assert calibration.brier_score == pytest.approx(math.fsum(squares) / len(squares))
        chances = [
            1.0 - model.conditional_pmf(facts, 0, split.duration)
            for facts in split.calibration.values()
        ]
        assert calibration.predicted == pytest.approx(math.fsum(chances) / len(chances))

    @given(split=splits, model=models)
    def test_in_one_group_predicted_and_actual_are_those_of_all(self, split, model):
        (group,) = purchase_calibration(model, split, groups=1).groups
        whole = purchase_calibration(model, split)
        assert group.predicted == pytest.approx(whole.predicted)
        assert group.actual == pytest.approx(whole.actual)
        error = purchase_calibration(model, split, groups=1).expected_error
        assert error == pytest.approx(abs(whole.predicted - whole.actual), abs=1e-12)

    def test_groups_are_equally_large_where_nobody_is_equal(self):
        history = [(f"c{n}", n) for n in range(20)]
        calibration = purchase_calibration(
            Nbd(r=1.0, alpha=1.0), split_after(history, 30, 60), groups=4
        )
        assert [group.customers for group in calibration.groups] == [5, 5, 5, 5]

    def test_equal_customers_fill_a_group_together(self):
        history = [(f"c{n}", 0) for n in range(9)] + [("late", 20)]
        calibration = purchase_calibration(
            Nbd(r=1.0, alpha=1.0), split_after(history, 30, 60), groups=5
        )
        assert [group.customers for group in calibration.groups] == [9, 1]

    def test_equals_are_in_the_group_where_the_middle_of_them_is(self):
        """Three, four and three customers in halves: the middle four begin the upper one."""
        days = [0] * 3 + [10] * 4 + [20] * 3
        history = [(f"c{number}", day) for number, day in enumerate(days)]
        calibration = purchase_calibration(
            Nbd(r=1.0, alpha=1.0), split_after(history, 30, 60), groups=2
        )
        assert [group.customers for group in calibration.groups] == [3, 7]

    def test_saying_the_same_of_everybody_scores_the_reference(self):
        history = [("a", 0), ("b", 0), ("c", 0), ("d", 0), ("d", 35)]
        certain = purchase_calibration(Nbd(r=1.0, alpha=1.0), split_after(history, 30, 60))
        assert certain.reference_score == pytest.approx(0.25 * 0.75)
        off = certain.predicted - 0.25
        assert certain.brier_score == pytest.approx(certain.reference_score + off * off)

    @pytest.mark.parametrize("groups", [0, -3, 2.5, True, None])
    def test_a_number_of_groups_is_whole_and_at_least_one(self, groups):
        with pytest.raises(InvalidValue, match="1 or more"):
            purchase_calibration(Nbd(r=1.0, alpha=1.0), cdnow_split(), groups=groups)


@pytest.mark.parametrize("judge", [holdout_fit, purchase_calibration])
class TestRefusals:
    """Bad input says what would have worked."""

    def test_a_calibration_before_the_first_purchase(self, judge):
        with pytest.raises(NothingToFit, match="name a later end"):
            judge(Nbd(r=1.0, alpha=1.0), split_after([("a", 30)], 20, 40))

    def test_a_model_in_days_for_a_split_in_weeks(self, judge):
        with pytest.raises(UnitMismatch):
            judge(Nbd(r=1.0, alpha=1.0, unit=Unit.DAY), split_after([("a", 0)], 20, 40))


@pytest.fixture(scope="module")
def model():
    return BgNbd.fit(cdnow_split().calibration)


class TestCdnow:
    """CDNOW's sample: what a BG/NBD model of 39 weeks foresees of the next 39."""

    def test_the_conditional_expectations_of_fader_hardie_lee_2005(self, model):
        """Figure 4: what was bought by customers with 0 to 6 and 7 or more calibration repeats."""
        rows = holdout_fit(model, cdnow_split()).rows
        assert [row.customers for row in rows] == [1411, 439, 214, 100, 62, 38, 29, 64]
        actual = [row.actual_mean for row in rows]
        assert actual == pytest.approx(
            [0.2367, 0.6970, 1.3925, 1.5600, 2.5323, 2.9474, 3.8621, 6.3594], abs=5e-5
        )
        for row in rows:
            assert row.expected == pytest.approx(row.actual, rel=0.26)

    def test_the_correlation_of_fader_hardie_lee_2005(self, model):
        """Table 4: .626 between BG/NBD and what customers did."""
        assert holdout_fit(model, cdnow_split()).correlation == pytest.approx(0.626, abs=5e-4)

    def test_a_model_in_which_nobody_leaves_foresees_worse(self, model):
        """The NBD benchmark of Fader and Hardie (2004, note 005)."""
        nbd = holdout_fit(Nbd(r=0.385, alpha=12.072), cdnow_split())
        fit = holdout_fit(model, cdnow_split())
        assert abs(fit.bias) < abs(nbd.bias)
        assert fit.root_mean_squared_error < nbd.root_mean_squared_error

    def test_expecting_the_mean_of_everybody_misses_more(self, model):
        fit = holdout_fit(model, cdnow_split())
        bought = cdnow_split().holdout_purchases
        mean = sum(bought) / len(bought)
        spread = math.sqrt(sum((b - mean) ** 2 for b in bought) / len(bought))
        assert fit.root_mean_squared_error < 0.8 * spread

    def test_its_probabilities_beat_saying_the_same_of_all(self, model):
        calibration = purchase_calibration(model, cdnow_split())
        assert calibration.brier_score < 0.8 * calibration.reference_score
        assert calibration.expected_error < 0.06

    def test_the_least_likely_tenth_came_back_more_often_than_foreseen(self, model):
        """Busy customers fallen silent: BG/NBD writes some of them off too soon."""
        least = purchase_calibration(model, cdnow_split()).groups[0]
        assert least.lowest < 1e-9
        assert least.actual > least.predicted
