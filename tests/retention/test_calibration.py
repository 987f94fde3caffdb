"""Weights counted from the past, and how far they can be trusted."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import CannotFit, InvalidPolicy, InvalidValue, NothingToFit
from crmkit.retention import (
    ChurnWarning,
    ChurnWeights,
    PastCustomer,
    Signal,
    WarningLevel,
    calibrate_churn_warning,
    calibration_report,
)
from tests.retention.signals import LEVELS, NAMES, about, histories, known, past, with_signals

SIGNALS = [Signal(name, LEVELS) for name in NAMES[2:]]
smoothings = st.fractions(Fraction(1, 100), 5, max_denominator=100)


def exact_probability(history, facts, added):
    """Bayes' rule in fractions, customer by customer: those added are added, and then counted."""
    left = Fraction(sum(each.left for each in history), len(history))
    odds = left / (1 - left)
    for name, level in facts.signals.items():
        told = [(e.facts.signals[name], e.left) for e in history if name in e.facts.signals]
        share = Fraction(sum(left for _, left in told), len(told)) if told else 0
        if 0 < share < 1:
            gone = sum(left for said, left in told if said == level) + added * share
            stayed = sum(not left for said, left in told if said == level) + added * (1 - share)
            odds *= gone / stayed / (share / (1 - share))
    return odds / (1 + odds)


class TestCounting:
    """The weight of a level: how many times more often who left showed it than who stayed."""

    @given(histories, known, smoothings)
    def test_the_probability_is_the_one_of_bayes_rule_in_fractions(self, history, signals, added):
        found = calibrate_churn_warning(history, signals=SIGNALS, smoothing=added)
        facts = with_signals(signals)
        probability = ChurnWarning(weights=found, watch_from=0.5, warn_from=0.5).probability(facts)
        assert probability == pytest.approx(float(exact_probability(history, facts, added)))

    @given(histories, st.randoms(use_true_random=False))
    def test_the_order_of_the_past_does_not_matter(self, history, chance):
        mixed = list(history)
        chance.shuffle(mixed)
        assert calibrate_churn_warning(mixed, signals=SIGNALS) == calibrate_churn_warning(
            history, signals=SIGNALS
        )

    @given(histories)
    def test_had_those_left_who_stayed_every_weight_would_turn_around(self, history):
        turned = [PastCustomer(each.facts, left=not each.left) for each in history]
        one = calibrate_churn_warning(history, signals=SIGNALS)
        other = calibrate_churn_warning(turned, signals=SIGNALS)
        assert one.base_rate + other.base_rate == pytest.approx(1)
        assert other.left == len(history) - (one.left or 0)
        for signal in one.signals:
            for level, turned_level in zip(
                signal.levels, other.signal(signal.name).levels, strict=True
            ):
                assert level.weight == pytest.approx(-turned_level.weight)
                assert (level.left, level.stayed) == (turned_level.stayed, turned_level.left)

    @given(histories, st.booleans())
    def test_of_whom_a_signal_is_not_known_its_weights_do_not_depend(self, history, left):
        one = calibrate_churn_warning(history, signals=SIGNALS)
        more = calibrate_churn_warning([*history, *past(left)], signals=SIGNALS)
        assert one.signals == more.signals
        assert (more.customers, one.customers) == (len(history) + 1, len(history))

    def test_by_hand(self):
        history = [
            *past(True, 30, complaints=1),
            *past(True, 10, complaints=0),
            *past(False, 90, complaints=2),
            *past(False, 270, complaints=0),
        ]
        found = calibrate_churn_warning(
            history, signals=[Signal("complaints", ["none", "some"], cuts=(1,))], smoothing=1
        )
        none, some = found.signal("complaints").levels
        assert found.base_rate == 0.1
        assert some.weight == pytest.approx(math.log((30.1 / 40) / (90.9 / 360)))
        assert none.weight == pytest.approx(math.log((10.1 / 40) / (270.9 / 360)))
        assert (some.left, some.stayed, none.left, none.stayed) == (30, 90, 10, 270)
        assert (found.customers, found.left, found.smoothing) == (400, 40, Fraction(1))

    def test_one_customer_is_added_unless_said_otherwise(self):
        history = [*past(True, 1, activity="low"), *past(False, 2, activity="high")]
        one = calibrate_churn_warning(history, signals=SIGNALS, smoothing=1)
        assert calibrate_churn_warning(history, signals=SIGNALS) == one

    @given(histories, st.sampled_from(LEVELS), smoothings)
    def test_more_smoothing_never_makes_a_weight_heavier(self, history, level, added):
        little, much = (
            calibrate_churn_warning(history, signals=SIGNALS, smoothing=size)
            for size in (added, added * 2)
        )
        for one, other in zip(little.signals, much.signals, strict=True):
            light, heavy = other.level_of(level).weight, one.level_of(level).weight
            assert abs(light) <= abs(heavy) + 1e-12
            assert light * heavy >= 0

    @pytest.mark.parametrize("left", [True, False])
    def test_a_signal_that_is_known_of_one_side_alone_says_nothing(self, left):
        history = [*past(left, 9, activity="low"), *past(not left, 9)]
        found = calibrate_churn_warning(history, signals=[Signal("activity", LEVELS)])
        assert [level.weight for level in found.signal("activity").levels] == [0, 0, 0]

    def test_what_nobody_has_shown_weighs_nothing(self):
        """Whatever the base rate: nothing was learned of it."""
        history = [*past(True, 5, activity="low"), *past(False, 95, activity="high")]
        found = calibrate_churn_warning(history, signals=[Signal("activity", LEVELS)])
        low, middle, high = found.signal("activity").levels
        assert middle.weight == 0
        assert low.weight > 0 > high.weight

    def test_what_was_seen_on_one_side_alone_does_not_weigh_infinitely_much(self):
        history = [*past(True, 5, activity="low"), *past(False, 95, activity="high")]
        found = calibrate_churn_warning(history, signals=[Signal("activity", LEVELS)])
        assert found.signal("activity").levels[0].weight == pytest.approx(math.log(101))

    def test_weights_set_before_are_not_looked_at_and_kinds_stay(self):
        before = Signal("activity", dict.fromkeys(LEVELS, 5.0), kind="purchases")
        history = [*past(True, 5, activity="low"), *past(False, 5, activity="low")]
        (after,) = calibrate_churn_warning(history, signals=[before]).signals
        assert after.kind == "purchases"
        assert after.levels[0].weight == 0

    def test_nobody_says_nothing(self):
        with pytest.raises(NothingToFit):
            calibrate_churn_warning([], signals=SIGNALS)

    @pytest.mark.parametrize(
        ("left", "problem"), [(True, "all of them left"), (False, "nobody left")]
    )
    def test_a_history_has_both_sides(self, left, problem):
        with pytest.raises(CannotFit, match=problem):
            calibrate_churn_warning(past(left, 3), signals=SIGNALS)

    @pytest.mark.parametrize("added", [0, "-0.5"])
    def test_smoothing_is_above_0(self, added):
        with pytest.raises(InvalidPolicy, match="smoothing"):
            calibrate_churn_warning(past(True), signals=SIGNALS, smoothing=added)


LOG_4 = math.log(4)


def sure(base_rate=0.5, *, high=LOG_4, low=-LOG_4):
    """With one in two leaving: 0.8 for whom the activity is low, 0.2 for whom it is high."""
    found = ChurnWeights(base_rate=base_rate, signals=[Signal("activity", {"l": high, "h": low})])
    return ChurnWarning(weights=found, watch_from=0.5, warn_from=0.7)


HELD_OUT = [
    *past(True, 8, activity="l"),
    *past(False, 2, activity="l"),
    *past(True, 1, activity="h"),
    *past(False, 9, activity="h"),
]


class TestReport:
    """What was said of customers that the weights were not counted from, against what they did."""

    def test_by_hand(self):
        report = calibration_report(sure(), HELD_OUT, bands=[0.5])
        assert (report.customers, report.left) == (20, 9)
        squares = 8 * 0.2**2 + 2 * 0.8**2 + 1 * 0.8**2 + 9 * 0.2**2
        assert report.brier == pytest.approx(squares / 20)
        assert report.brier_of_base_rate == pytest.approx(0.25)
        assert report.skill == pytest.approx(1 - squares / 20 / 0.25)
        low, high = report.bands
        assert (low.start, low.end, low.customers, low.left) == (0, 0.5, 10, 1)
        assert low.predicted == pytest.approx(0.2)
        assert low.observed == 0.1
        assert high.predicted == pytest.approx(0.8)
        assert high.observed == 0.8
        assert report.misfits == ()
        warned = report.by_level[WarningLevel.WARN]
        assert (warned.customers, warned.left) == (10, 8)
        assert report.by_level[WarningLevel.WATCH].customers == 0

    @given(histories, st.lists(st.floats(0.01, 0.99), unique=True).map(sorted))
    def test_every_customer_is_in_one_band_and_one_level(self, history, bands):
        found = calibrate_churn_warning(history, signals=SIGNALS)
        warning = ChurnWarning(weights=found, watch_from=0.3, warn_from=0.6)
        report = calibration_report(warning, history, bands=bands)
        assert len(report.bands) == len(bands) + 1
        assert sum(band.customers for band in report.bands) == report.customers == len(history)
        assert sum(band.left for band in report.bands) == report.left
        assert sum(said.customers for said in report.by_level.values()) == len(history)
        assert sum(said.left for said in report.by_level.values()) == report.left
        for band in report.bands:
            if band.predicted is not None:
                assert band.start <= band.predicted + 1e-9
                assert band.predicted <= band.end + 1e-9

    @given(histories, st.randoms(use_true_random=False))
    def test_the_order_does_not_matter(self, history, chance):
        mixed = list(history)
        chance.shuffle(mixed)
        found = calibrate_churn_warning(history, signals=SIGNALS)
        warning = ChurnWarning(weights=found, watch_from=0.3, warn_from=0.6)
        assert calibration_report(warning, mixed) == calibration_report(warning, history)

    def test_a_warning_that_says_too_much_is_found_out(self):
        loud = sure(high=5, low=5)
        report = calibration_report(loud, HELD_OUT)
        assert len(report.misfits) == 1
        assert report.skill < 0

    def test_a_probability_belongs_to_the_band_that_begins_there(self):
        even = sure(high=0, low=0)
        low, high = calibration_report(even, HELD_OUT, bands=[0.5]).bands
        assert (low.customers, high.customers) == (0, 20)
        assert (low.predicted, low.observed) == (None, None)
        assert low.fits

    def test_who_is_sure_to_leave_is_in_the_last_band(self):
        certain = sure(high=100, low=100)
        assert calibration_report(certain, HELD_OUT).bands[-1].customers == 20

    def test_there_are_ten_bands_unless_said_otherwise(self):
        assert len(calibration_report(sure(), HELD_OUT).bands) == 10

    @pytest.mark.parametrize("bands", [[0], [1], [0.5, 0.5], [0.6, 0.5]])
    def test_bands_rise_inside_0_and_1(self, bands):
        with pytest.raises(InvalidValue, match="bands begin"):
            calibration_report(sure(), HELD_OUT, bands=bands)

    def test_nobody_says_nothing(self):
        with pytest.raises(NothingToFit):
            calibration_report(sure(), [])

    def test_what_was_learned_makes_better_predictions_than_the_base_rate(self):
        history = [
            *past(True, 40, activity="low"),
            *past(True, 10, activity="high"),
            *past(False, 50, activity="low"),
            *past(False, 300, activity="high"),
        ]
        found = calibrate_churn_warning(history, signals=[Signal("activity", LEVELS)])
        warning = ChurnWarning(weights=found, watch_from=0.3, warn_from=0.4)
        report = calibration_report(warning, history)
        assert report.skill > 0.1
        assert report.misfits == ()
        blind = evolve(found, signals=[Signal("activity", dict.fromkeys(LEVELS, 0.0))])
        assert calibration_report(evolve(warning, weights=blind), history).skill == pytest.approx(0)
        assert about() == with_signals({})
