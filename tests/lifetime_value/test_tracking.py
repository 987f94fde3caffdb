"""Repeat purchases as time goes by: expected against actual, week by week."""

from __future__ import annotations

import math
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import InvalidValue, UnitMismatch
from crmkit.lifetime_value.comparison import Tracking, TrackingRow, tracking
from crmkit.lifetime_value.models.bg_bb import BgBb
from crmkit.lifetime_value.models.bg_nbd import BgNbd
from crmkit.period import Period, Unit
from tests.lifetime_value.judging import CALIBRATED, FIRST, Nbd, cdnow_split, summed_up

histories = st.lists(
    st.tuples(st.sampled_from("abcdefg"), st.integers(0, 60)), min_size=1, max_size=40
)
models = st.builds(
    Nbd,
    r=st.floats(0.05, 20.0),
    alpha=st.floats(0.05, 20.0),
    stays=st.floats(0.1, 1.0),
)


class TestLaws:
    """Whatever the customers and the model."""

    @given(history=histories, model=models, by=st.sampled_from([Unit.DAY, Unit.WEEK, Unit.MONTH]))
    def test_the_sums_so_far_are_sums_of_the_weeks(self, history, model, by):
        rows = tracking(model, summed_up(history, last=95), by=by).rows
        assert rows[-1].actual_so_far == sum(row.actual for row in rows)
        expected = math.fsum(row.expected for row in rows)
        assert rows[-1].expected_so_far == pytest.approx(expected, abs=1e-9)

    @given(history=histories, model=models)
    def test_weeks_follow_each_other_from_the_first_purchase_day_on(self, history, model):
        summary = summed_up(history, last=70)
        rows = tracking(model, summary).rows
        assert rows[0].period.start == min(summary.first_days)
        assert {row.period.days for row in rows} == {7}
        for before, after in pairwise(rows):
            assert before.period.end == after.period.start
        assert 0 <= (summary.as_of - rows[-1].period.last).days < 7

    @given(history=histories, model=models)
    def test_by_days_every_repeat_purchase_is_on_its_day(self, history, model):
        summary = summed_up(history, last=70)
        rows = tracking(model, summary, by=Unit.DAY).rows
        came_back = {row.period.start: row.actual for row in rows if row.actual}
        assert came_back == summary.repeat_days

    @given(history=histories, model=models)
    def test_at_the_end_each_customer_is_expected_to_have_done_what_their_age_says(
        self, history, model
    ):
        summary = summed_up(history, last=70)
        last = tracking(model, summary, by=Unit.DAY).rows[-1]
        each = [model.expected_purchases_new(facts.customer_age) for facts in summary.values()]
        assert last.expected_so_far == pytest.approx(math.fsum(each))

    @given(history=histories, model=models)
    def test_more_is_expected_every_week(self, history, model):
        rows = tracking(model, summed_up(history, last=70)).rows
        assert all(row.expected > 0.0 for row in rows)

    @given(history=histories, model=models, later=histories)
    def test_two_bases_together_are_expected_to_do_what_each_does(self, history, model, later):
        """Of which the one began earlier, so that its weeks are those of both."""
        one = summed_up([*history, ("z", 0)], last=70)
        other = summed_up([(f"other {who}", day) for who, day in [*later, ("z", 0)]], last=70)
        rows = tracking(model, one.merge(other)).rows
        for row, a, b in zip(
            rows, tracking(model, one).rows, tracking(model, other).rows, strict=True
        ):
            assert row.actual == a.actual + b.actual
            assert row.expected == pytest.approx(a.expected + b.expected)


class TestOpportunities:
    """Of a model that counts opportunities, those taken are tracked when they are over."""

    MODEL = BgBb(alpha=1.2, beta=4.0, gamma=0.8, delta=20.0)

    @given(
        history=histories,
        unit=st.sampled_from([Unit.DAY, Unit.WEEK, Unit.MONTH]),
        by=st.sampled_from([Unit.DAY, Unit.WEEK, Unit.MONTH]),
    )
    def test_each_row_is_what_a_summary_of_its_last_day_counts(self, history, unit, by):
        for row in tracking(self.MODEL, summed_up(history, last=95, unit=unit), by=by).rows:
            then = summed_up(history, last=(row.period.last - FIRST).days, unit=unit)
            each = then.opportunities().values()
            expected = math.fsum(
                self.MODEL.expected_purchases_new(facts.customer_age) for facts in each
            )
            assert row.actual_so_far == sum(facts.repeat_purchases for facts in each)
            assert row.expected_so_far == pytest.approx(expected)

    def test_a_week_begun_is_neither_expected_nor_counted(self):
        """The week that begins on the day after the first purchase is over on day 7."""
        rows = tracking(self.MODEL, summed_up([("a", 0), ("a", 1)], last=7), by=Unit.DAY).rows
        assert [row.actual for row in rows] == [0] * 7 + [1]
        assert [row.expected_so_far for row in rows[:7]] == [0.0] * 7
        assert rows[7].expected == pytest.approx(1.2 / 5.2 * 20.0 / 20.8)

    def test_opportunities_end_on_days_in_their_order(self):
        summary = summed_up([("b", 3), ("b", 8), ("b", 9), ("a", 0), ("a", 20), ("a", 1)], last=20)
        ends = {day: (day - FIRST).days for day in summary.opportunity_days}
        assert list(ends.values()) == [7, 10]
        assert list(summary.opportunity_days.values()) == [1, 1]


class TestBorders:
    """Days on which a week begins or ends."""

    MODEL = Nbd(r=2.0, alpha=4.0)

    def test_a_week_that_is_not_over_is_left_out(self):
        assert len(tracking(self.MODEL, summed_up([("a", 0)], last=13)).rows) == 2
        assert len(tracking(self.MODEL, summed_up([("a", 0)], last=12)).rows) == 1

    def test_the_last_day_of_a_week_is_in_it_and_the_next_day_is_not(self):
        rows = tracking(
            self.MODEL, summed_up([("a", 0), ("a", 6), ("b", 0), ("b", 7)], last=13)
        ).rows
        assert [row.actual for row in rows] == [1, 1]

    def test_a_customer_is_as_old_at_the_end_of_a_week_as_on_its_last_day(self):
        """Half a purchase a week: 6 days after the first one, 6 sevenths of a half."""
        (row,) = tracking(self.MODEL, summed_up([("a", 0)], last=6)).rows
        assert row.expected == pytest.approx(0.5 * 6 / 7)

    def test_nothing_is_expected_of_customers_before_they_come(self):
        rows = tracking(self.MODEL, summed_up([("a", 0), ("b", 13)], last=13)).rows
        alone = tracking(self.MODEL, summed_up([("a", 0)], last=13)).rows
        assert [row.expected for row in rows] == [row.expected for row in alone]

    def test_whole_weeks_are_expected_where_ages_are_rounded_down(self):
        rows = tracking(self.MODEL, summed_up([("a", 0)], last=13, whole_units=True)).rows
        assert [row.expected_so_far for row in rows] == [0.0, 0.5]

    def test_months_are_those_of_the_calendar(self):
        rows = tracking(self.MODEL, summed_up([("a", 30)], last=88), by=Unit.MONTH).rows
        days = [row.period.start for row in rows] + [rows[-1].period.end]
        assert days == [date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31)]

    def test_ages_are_in_the_unit_of_the_summary_whatever_it_is_tracked_by(self):
        days = tracking(Nbd(r=2.0, alpha=4.0), summed_up([("a", 0)], last=13, unit=Unit.DAY)).rows
        assert days[-1].expected_so_far == pytest.approx(0.5 * 13)

    def test_the_length_of_the_year_is_that_of_the_summary(self):
        by_month = summed_up([("a", 0)], last=29, unit=Unit.MONTH, days_in_year=Decimal(360))
        rows = tracking(Nbd(r=2.0, alpha=4.0), by_month, by=Unit.DAY).rows
        assert rows[-1].expected_so_far == pytest.approx(0.5 * 29 / 30)


def row_of(week: int, expected: float, actual: int) -> TrackingRow:
    start = FIRST + timedelta(weeks=week)
    return TrackingRow(
        period=Period(start, start + timedelta(weeks=1)),
        expected=expected,
        actual=actual,
        expected_so_far=expected,
        actual_so_far=actual,
    )


class TestDistances:
    """One number for how far a model is off."""

    def test_a_model_that_expects_too_little_deviates_downwards(self):
        assert Tracking((row_of(0, 96.0, 100),)).deviation == pytest.approx(-0.04)

    def test_errors_are_means_over_the_weeks(self):
        track = Tracking((row_of(0, 8.0, 10), row_of(1, 26.0, 20)))
        assert track.mean_absolute_error == 4.0
        assert track.mean_absolute_percentage_error == pytest.approx((0.2 + 0.3) / 2)

    @pytest.mark.parametrize(("expected", "deviation"), [(0.5, math.inf), (0.0, 0.0)])
    def test_where_nobody_came_back_any_expectation_is_infinitely_too_much(
        self, expected, deviation
    ):
        assert Tracking((row_of(0, expected, 0),)).deviation == deviation

    def test_only_whole_weeks_after_the_day_are_kept(self):
        track = Tracking((row_of(0, 1.0, 1), row_of(1, 1.0, 1), row_of(2, 1.0, 1)))
        assert len(track.after(FIRST + timedelta(days=6)).rows) == 2
        assert len(track.after(FIRST + timedelta(days=7)).rows) == 1

    def test_a_day_with_nothing_after_it_is_refused(self):
        with pytest.raises(InvalidValue, match="name a day before 2026-01-01"):
            Tracking((row_of(0, 1.0, 1),)).after(FIRST)

    def test_a_day_is_a_plain_date(self):
        with pytest.raises(InvalidValue):
            Tracking((row_of(0, 1.0, 1),)).after("2026-01-01")  # type: ignore[arg-type]


class TestRefusals:
    """Bad input says what would have worked."""

    MODEL = Nbd(r=2.0, alpha=4.0, unit=Unit.WEEK)

    @pytest.mark.parametrize("history", [[], [("a", 0)]])
    def test_less_than_a_week_cannot_be_tracked_by_weeks(self, history):
        with pytest.raises(InvalidValue, match="not one week is over"):
            tracking(self.MODEL, summed_up(history, last=5))

    def test_a_model_in_weeks_does_not_track_days(self):
        with pytest.raises(UnitMismatch):
            tracking(self.MODEL, summed_up([("a", 0)], last=50, unit=Unit.DAY))

    def test_a_unit_is_no_text(self):
        with pytest.raises(InvalidValue, match=r"Unit\.WEEK"):
            tracking(self.MODEL, summed_up([("a", 0)], last=50), by="week")  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def track():
    split = cdnow_split()
    return tracking(BgNbd.fit(split.calibration), split.observed)


class TestCdnowByOpportunities:
    """The same weeks as BG/BB sees them, each customer's own from the first purchase on."""

    def test_it_stays_close_in_the_weeks_it_has_not_seen(self):
        split = cdnow_split()
        model = BgBb.fit(split.calibration.opportunities())
        track = tracking(model, split.observed)
        assert len(track.rows) == 78
        taken = sum(f.repeat_purchases for f in split.observed.opportunities().values())
        assert track.rows[-1].actual_so_far == taken
        assert track.after(CALIBRATED).mean_absolute_percentage_error < 0.05


class TestCdnow:
    """CDNOW's sample: 78 weeks, of which a model has seen the first 39."""

    def test_bg_nbd_expects_4_percent_too_little_after_78_weeks(self, track):
        """Fader, Hardie and Lee (2005), section 4.2 and Figure 3."""
        assert len(track.rows) == 78
        assert track.deviation == pytest.approx(-0.04, abs=0.005)

    def test_it_stays_close_in_the_weeks_it_has_not_seen(self, track):
        later = track.after(CALIBRATED)
        assert len(later.rows) == 39
        assert later.mean_absolute_percentage_error < 0.03

    def test_every_repeat_purchase_is_tracked(self, track):
        assert track.rows[38].actual_so_far == 2_457
        assert track.rows[-1].actual_so_far == 2_457 + 1_882

    def test_a_model_in_which_nobody_leaves_expects_too_much(self, track):
        """The NBD benchmark of Fader and Hardie (2004, note 005) runs straight on."""
        nbd = tracking(Nbd(r=0.385, alpha=12.072), cdnow_split().observed)
        assert nbd.deviation > 4 * abs(track.deviation)
