"""What BG/BB foresaw of each customer, against the opportunities they took in the time held out.

The oracle goes from the days of purchase to opportunities by hand, one customer after the other.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from fractions import Fraction
from random import Random

import pytest
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import InvalidValue, NothingToFit, UnitMismatch
from crmkit.lifetime_value.comparison import holdout_fit, purchase_calibration
from crmkit.lifetime_value.facts import RepeatPurchaseFacts
from crmkit.lifetime_value.models.bg_bb import BgBb
from crmkit.lifetime_value.models.gamma_gamma import GammaGamma
from crmkit.lifetime_value.models.pareto_nbd import ParetoNbd
from crmkit.lifetime_value.simulation import simulate_purchases
from crmkit.lifetime_value.summary import HoldoutSplit, split_holdout
from crmkit.period import MEAN_GREGORIAN_YEAR, Unit
from tests.lifetime_value.judging import CALIBRATED, HELD_OUT, cdnow_split, split_after
from tests.shared_data import shared_file

MONTH = Fraction(MEAN_GREGORIAN_YEAR) / 12
LENGTHS = {Unit.DAY: Fraction(1), Unit.WEEK: Fraction(7), Unit.MONTH: MONTH}


@frozen
class Naive:
    """What is known of one customer, and which opportunities they then took."""

    taken: int
    last: int
    met: int
    later: int

    @property
    def facts(self) -> RepeatPurchaseFacts:
        return RepeatPurchaseFacts(self.taken, self.last, self.met)


def naive(
    history: Iterable[tuple[str, int]], calibrated: int, last: int, length: Fraction
) -> list[Naive]:
    """Walk through the opportunities of each customer, from the day after the first purchase on."""
    days_of = defaultdict(set)
    for who, day in history:
        days_of[who].add(day)
    found = []
    for days in days_of.values():
        first = min(days)
        if first > calibrated:
            continue
        known: list[bool] = []
        held_out: list[bool] = []
        number = 0
        while first + (number + 1) * length <= last:
            begins, ends = first + number * length, first + (number + 1) * length
            number += 1
            taken = any(begins < day <= ends for day in days)
            (known if ends <= calibrated else held_out).append(taken)
        # All have as many opportunities ahead, even where the last day of one more would be seen.
        ahead = held_out[: (last - calibrated) // length]
        at = [place for place, taken in enumerate(known, 1) if taken]
        found.append(Naive(len(at), max(at, default=0), len(known), sum(ahead)))
    return found


days = st.integers(0, 130)
histories = st.lists(st.tuples(st.sampled_from("abcdefg"), days), max_size=60).map(
    lambda drawn: [("a", 0), *drawn]
)
parameters = st.floats(-1.0, 1.5).map(lambda e: 10.0**e)
models = st.builds(BgBb, alpha=parameters, beta=parameters, gamma=parameters, delta=parameters)
units = st.sampled_from(sorted(LENGTHS))


TRUTH = BgBb(alpha=1.2, beta=4.0, gamma=0.8, delta=20.0, unit=Unit.WEEK)


@pytest.fixture(scope="module")
def made_up() -> HoldoutSplit:
    """The books of a shop whose customers do as TRUTH says."""
    shop = simulate_purchases(
        TRUTH,
        GammaGamma(p=6.25, q=3.74, v=15.44, currency="USD"),
        [date(2025, 1, 1) + timedelta(number % 90) for number in range(6_000)],
        as_of=date(2026, 6, 30),
        random=Random(4),
    )
    return split_holdout(shop.purchases, date(2025, 9, 30), date(2026, 6, 30), unit=Unit.WEEK)


@pytest.fixture(scope="module")
def cdnow() -> BgBb:
    return BgBb.fit(cdnow_split().calibration.opportunities())


class TestOpportunitiesInTheHoldout:
    """Expected against actual, by the number of opportunities taken in the calibration."""

    @given(history=histories, model=models, unit=units, top=st.integers(1, 8))
    def test_each_customer_is_in_the_row_of_what_they_took(self, history, model, unit, top):
        fit = holdout_fit(model, split_after(history, 70, 130, unit=unit), top=top)
        each = naive(history, 70, 130, LENGTHS[unit])
        ahead = 60 // LENGTHS[unit]
        assert fit.horizon == ahead
        assert [row.repeat_purchases for row in fit.rows] == list(range(top + 1))
        for row in fit.rows:
            own = [one for one in each if min(one.taken, top) == row.repeat_purchases]
            expected = math.fsum(model.expected_purchases(one.facts, ahead) for one in own)
            assert (row.customers, row.actual) == (len(own), sum(one.later for one in own))
            assert row.expected == pytest.approx(expected)

    @given(history=histories, model=models, unit=units)
    def test_the_errors_are_those_of_single_customers(self, history, model, unit):
        fit = holdout_fit(model, split_after(history, 70, 130, unit=unit))
        misses = [
            model.expected_purchases(one.facts, fit.horizon) - one.later
            for one in naive(history, 70, 130, LENGTHS[unit])
        ]
        squared = math.fsum(miss * miss for miss in misses) / len(misses)
        assert fit.bias == pytest.approx(math.fsum(misses) / len(misses), abs=1e-9)
        assert fit.mean_absolute_error == pytest.approx(
            math.fsum(map(abs, misses)) / len(misses), abs=1e-9
        )
        assert fit.root_mean_squared_error == pytest.approx(math.sqrt(squared), abs=1e-9)

    @given(history=histories, model=models, unit=units)
    def test_nobody_takes_more_than_there_are(self, history, model, unit):
        fit = holdout_fit(model, split_after(history, 70, 130, unit=unit))
        for row in fit.rows:
            assert row.actual <= fit.horizon * row.customers
            assert row.expected <= fit.horizon * row.customers * (1.0 + 1e-12)

    @given(history=histories, model=models)
    def test_rounding_ages_down_changes_nothing(self, history, model):
        """Opportunities are whole anyway."""
        whole = split_after(history, 70, 130, whole_units=True)
        assert holdout_fit(model, whole) == holdout_fit(model, split_after(history, 70, 130))

    def test_who_never_misses_an_opportunity_does_what_is_foreseen(self):
        always = BgBb(alpha=1e6, beta=1e-6, gamma=1e-6, delta=1e6)
        split = split_after([("a", 7 * week) for week in range(10)], 35, 63)
        fit = holdout_fit(always, split)
        assert (fit.horizon, fit.actual) == (4.0, 4)
        assert fit.expected == pytest.approx(4.0, abs=1e-9)

    def test_an_opportunity_is_taken_once_however_often(self):
        split = split_after([("a", 0), ("a", 36), ("a", 39), ("a", 42), ("a", 43)], 35, 49)
        model = BgBb(alpha=1.0, beta=1.0, gamma=1.0, delta=1.0)
        assert holdout_fit(model, split).actual == 2


class TestProbabilityOfComingBack:
    """Predicted against actual shares of customers who take an opportunity in the holdout."""

    @given(history=histories, model=models, unit=units)
    def test_the_score_is_the_mean_of_single_customers(self, history, model, unit):
        calibration = purchase_calibration(model, split_after(history, 70, 130, unit=unit))
        each = naive(history, 70, 130, LENGTHS[unit])
        ahead = 60 // LENGTHS[unit]
        chances = [1.0 - model.conditional_pmf(one.facts, 0, ahead) for one in each]
        squares = [
            (chance - bool(one.later)) ** 2 for chance, one in zip(chances, each, strict=True)
        ]
        came_back = sum(1 for one in each if one.later)
        assert calibration.brier_score == pytest.approx(math.fsum(squares) / len(each), abs=1e-9)
        assert calibration.predicted == pytest.approx(math.fsum(chances) / len(each))
        assert calibration.actual == pytest.approx(came_back / len(each))


class TestCustomersWhoFollowTheModel:
    """A made-up shop of 6,000 customers, of whom it is known what is true."""

    def test_they_do_what_is_foreseen_of_them(self, made_up):
        fit = holdout_fit(TRUTH, made_up)
        assert (fit.customers, fit.horizon) == (6_000, 39.0)
        assert fit.expected == pytest.approx(fit.actual, rel=0.02)
        for row in fit.rows:
            assert row.expected == pytest.approx(row.actual, rel=0.15)

    def test_they_come_back_as_likely_as_foreseen(self, made_up):
        calibration = purchase_calibration(TRUTH, made_up)
        assert calibration.predicted == pytest.approx(calibration.actual, abs=0.01)
        assert calibration.expected_error < 0.02
        assert calibration.brier_score < 0.75 * calibration.reference_score

    def test_a_fit_to_the_calibration_foresees_as_well_as_the_truth(self, made_up):
        fitted = BgBb.fit(made_up.calibration.opportunities())
        best, found = holdout_fit(TRUTH, made_up), holdout_fit(fitted, made_up)
        assert found.expected == pytest.approx(best.expected, rel=0.05)
        assert found.root_mean_squared_error == pytest.approx(
            best.root_mean_squared_error, rel=0.01
        )


class TestCdnow:
    """CDNOW's sample: what BG/BB, by weeks from the first purchase, foresees of the next 39."""

    @staticmethod
    def by_hand() -> list[Naive]:
        lines = shared_file("cdnow_sample.csv").read_text(encoding="ascii").splitlines()
        rows = (line.split(",") for line in lines[1:])
        history = [(row[0], date.fromisoformat(row[2]).toordinal()) for row in rows]
        return naive(history, CALIBRATED.toordinal(), HELD_OUT.toordinal(), Fraction(7))

    def test_customers_are_counted_as_by_hand(self, cdnow):
        fit, each = holdout_fit(cdnow, cdnow_split()), self.by_hand()
        assert (fit.customers, fit.horizon) == (2_357, 39.0)
        for row in fit.rows:
            own = [one for one in each if min(one.taken, 7) == row.repeat_purchases]
            assert (row.customers, row.actual) == (len(own), sum(one.later for one in own))

    def test_it_foresees_what_pareto_nbd_does(self, cdnow):
        """The two tell one story, in weeks and in instants; a week holds several purchases once."""
        instants = ParetoNbd.fit(cdnow_split().calibration)
        weeks = [row.expected_mean for row in holdout_fit(cdnow, cdnow_split()).rows]
        others = [row.expected_mean for row in holdout_fit(instants, cdnow_split()).rows]
        assert weeks == pytest.approx(others, rel=0.08)

    def test_it_foresees_better_than_the_mean_of_everybody(self, cdnow):
        fit, bought = holdout_fit(cdnow, cdnow_split()), cdnow_split().opportunities_taken
        mean = sum(bought) / len(bought)
        spread = math.sqrt(sum((b - mean) ** 2 for b in bought) / len(bought))
        assert fit.root_mean_squared_error < 0.8 * spread
        calibration = purchase_calibration(cdnow, cdnow_split())
        assert calibration.brier_score < 0.81 * calibration.reference_score


@pytest.mark.parametrize("judge", [holdout_fit, purchase_calibration])
class TestRefusals:
    """Bad input says what would have worked."""

    MODEL = BgBb(alpha=1.0, beta=1.0, gamma=1.0, delta=1.0, unit=Unit.WEEK)

    def test_a_holdout_shorter_than_one_opportunity(self, judge):
        with pytest.raises(InvalidValue, match="shorter than one opportunity to buy: name a later"):
            judge(self.MODEL, split_after([("a", 0)], 20, 26))
        assert judge(self.MODEL, split_after([("a", 0)], 20, 27)).customers == 1

    def test_a_calibration_before_the_first_purchase(self, judge):
        with pytest.raises(NothingToFit, match="name a later end"):
            judge(self.MODEL, split_after([("a", 30)], 20, 40))

    def test_a_model_in_weeks_for_a_split_in_days(self, judge):
        with pytest.raises(UnitMismatch):
            judge(self.MODEL, split_after([("a", 0)], 20, 40, unit=Unit.DAY))
