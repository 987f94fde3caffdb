"""How many customers with a contract were expected to stay on, against how many did.

The oracle knows of each customer when they were won and how often they renew in their life, and
looks at each of them at two dates.
"""

from __future__ import annotations

import math
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from attrs import evolve, frozen
from hypothesis import example, given
from hypothesis import strategies as st

from crmkit.errors import InvalidValue, NothingToFit, UnitMismatch
from crmkit.identifiers import CustomerId
from crmkit.lifetime_value.comparison import (
    RenewalHoldout,
    RenewalHoldoutRow,
    RenewalSplit,
    renewal_holdout,
    split_renewals,
)
from crmkit.lifetime_value.models.beta_discrete_weibull import BetaDiscreteWeibull
from crmkit.lifetime_value.models.renewal import CountedRenewals, RenewalFacts, counted_renewals
from crmkit.lifetime_value.models.renewal_model import RenewalModel
from crmkit.lifetime_value.models.shifted_beta_geometric import ShiftedBetaGeometric
from crmkit.lifetime_value.simulation import simulate_contracts
from crmkit.period import Unit

HIGH_END = [1000, 869, 743, 653, 593, 551, 517, 491, 468, 445, 427, 409, 394]
REGULAR = [1000, 631, 468, 382, 326, 289, 262, 241, 223, 207, 194, 183, 173]


@frozen
class Contract:
    """A customer won so many periods before the end of all, and the renewals of their life."""

    won: int
    renewals: int

    def facts(self, before_the_end: int) -> RenewalFacts | None:
        """What is known so many periods before the end: nothing of who was not won yet."""
        come_up = self.won - before_the_end
        if come_up < 0:
            return None
        return RenewalFacts(
            min(self.renewals, come_up), active=self.renewals >= come_up, unit=Unit.YEAR
        )


contracts = st.lists(st.builds(Contract, st.integers(0, 9), st.integers(0, 12)), max_size=40)
held_back = st.integers(1, 5)
mild = st.floats(-1.0, 1.0).map(lambda e: 10.0**e)
models = st.one_of(
    st.builds(ShiftedBetaGeometric, alpha=mild, beta=mild),
    st.builds(BetaDiscreteWeibull, alpha=mild, beta=mild, c=mild),
)


def known(base: list[Contract], before_the_end: int) -> dict[CustomerId, RenewalFacts]:
    each = ((f"C-{number}", one.facts(before_the_end)) for number, one in enumerate(base))
    return {CustomerId(name): facts for name, facts in each if facts is not None}


def cohorts(base: list[Contract]) -> list[list[int]]:
    """The survivors of each cohort of the base at its end."""
    return [
        [sum(one.renewals >= t for one in base if one.won == won) for t in range(won + 1)]
        for won in sorted({one.won for one in base})
    ]


def at_risk(base: list[Contract], periods: int) -> list[tuple[int, int]]:
    """Who was active when the holdout began: renewals made by then, and in the whole life."""
    begun = [(one.won - periods, one.renewals) for one in base if one.won >= periods]
    return [(made, renewals) for made, renewals in begun if renewals >= made]


class TestSplits:
    """The calibration knows nothing of the renewals that are held back."""

    @given(base=contracts, periods=held_back)
    def test_the_calibration_is_what_was_known_by_then(self, base, periods):
        split = split_renewals(cohorts(base), periods, unit=Unit.YEAR)
        then = counted_renewals(known(base, periods))
        assert (split.calibration.churned, split.calibration.active) == (then.churned, then.active)
        assert (split.calibration.unit, split.periods) == (Unit.YEAR, periods)

    @given(base=contracts, periods=held_back)
    def test_later_is_who_was_left_of_them(self, base, periods):
        split = split_renewals(cohorts(base), periods)
        risk = at_risk(base, periods)
        assert dict(split.later) == {
            since: tuple(
                sum(made == since and renewals >= since + n for made, renewals in risk)
                for n in range(1, periods + 1)
            )
            for since in {made for made, _ in risk}
        }

    @given(base=contracts, periods=held_back)
    @example([Contract(3, 0), Contract(3, 3), Contract(2, 0), Contract(0, 5)], 2)
    def test_customers_one_by_one_are_split_as_their_cohorts(self, base, periods):
        named = RenewalSplit.of_customers(known(base, periods), known(base, 0), periods=periods)
        counted = split_renewals(cohorts(base), periods, unit=named.calibration.unit)
        assert named == counted

    @given(base=contracts, others=contracts, periods=held_back)
    def test_splits_of_parts_merge_to_the_split_of_all(self, base, others, periods):
        one, other = (split_renewals(cohorts(part), periods) for part in (base, others))
        together = split_renewals(cohorts(base) + cohorts(others), periods)
        assert one.merge(other) == other.merge(one) == together
        assert together == split_renewals(cohorts(base + others), periods)

    @given(base=contracts, periods=held_back, data=st.data())
    def test_the_order_of_cohorts_does_not_matter(self, base, periods, data):
        listed = cohorts(base)
        mixed = data.draw(st.permutations(listed))
        assert split_renewals(mixed, periods) == split_renewals(listed, periods)

    def test_whole_numbers_alone_are_one_cohort(self):
        assert split_renewals(HIGH_END, 5) == split_renewals([HIGH_END], 5)
        assert split_renewals(tuple(HIGH_END), 5) == split_renewals(iter([HIGH_END]), 5)

    @pytest.mark.parametrize(
        ("cohort", "active", "later"),
        [
            ([10, 8, 7], {0: 10}, {0: (8, 7)}),
            ([10, 8], {}, {}),
            ([10], {}, {}),
            ([10, 8, 7, 5], {1: 8}, {1: (7, 5)}),
            ([10, 8, 0, 0], {1: 8}, {1: (0, 0)}),
            ([10, 0, 0, 0], {}, {}),
        ],
    )
    def test_a_cohort_won_in_the_holdout_is_left_out(self, cohort, active, later):
        """One that was won on the last day of the calibration is not."""
        split = split_renewals(cohort, 2)
        assert (dict(split.calibration.active), dict(split.later)) == (active, later)


class TestRenewalsInTheHoldout:
    """Expected against actual customers after each renewal that was held back."""

    @given(base=contracts, periods=held_back, model=models)
    def test_each_customer_is_expected_to_renew_as_often_as_the_model_retains(
        self, base, periods, model
    ):
        """By the product of retention, renewal by renewal, where the library divides survival."""
        risk = at_risk(base, periods)
        if not risk:
            return
        held = renewal_holdout(model, split_renewals(cohorts(base), periods))
        assert held.customers == len(risk)
        assert [row.period for row in held.rows] == list(range(1, periods + 1))
        for row in held.rows:
            ahead = range(1, row.period + 1)
            each = (math.prod(model.retention(made + n) for n in ahead) for made, _ in risk)
            assert row.expected == pytest.approx(math.fsum(each), rel=1e-9)
            assert row.actual == sum(renewals >= made + row.period for made, renewals in risk)

    @given(base=contracts, periods=held_back, model=models)
    def test_fewer_and_fewer_are_left(self, base, periods, model):
        split = split_renewals([[5, 4, 3, 3, 2, 1], *cohorts(base)], periods)
        held = renewal_holdout(model, split)
        start = RenewalHoldoutRow(period=0, expected=held.customers, actual=held.customers)
        for before, after in pairwise((start, *held.rows)):
            assert after.actual <= before.actual
            assert 0.0 < after.expected < before.expected

    @given(base=contracts, others=contracts, periods=held_back, model=models)
    def test_two_bases_together_do_what_each_does(self, base, others, periods, model):
        cohort = [5, 4, 3, 3, 2, 1]
        one = split_renewals([cohort, *cohorts(base)], periods)
        other = split_renewals([cohort, *cohorts(others)], periods)
        rows = renewal_holdout(model, one.merge(other)).rows
        parts = renewal_holdout(model, one).rows, renewal_holdout(model, other).rows
        for row, a, b in zip(rows, *parts, strict=True):
            assert row.actual == a.actual + b.actual
            assert row.expected == pytest.approx(a.expected + b.expected)

    def test_of_who_hardly_ever_leave_all_are_expected_to_stay(self):
        faithful = ShiftedBetaGeometric(alpha=1e-6, beta=1e6)
        held = renewal_holdout(faithful, split_renewals([10, 9, 9, 8], 2))
        assert [row.expected for row in held.rows] == pytest.approx([9.0, 9.0])

    def test_errors_are_means_over_the_periods(self):
        held = RenewalHoldout(customers=50, rows=(row(1, 42.0, 40), row(2, 24.0, 30)))
        assert held.deviation == pytest.approx(-0.2)
        assert held.mean_absolute_error == 4.0
        assert held.mean_absolute_percentage_error == pytest.approx((0.05 + 0.2) / 2)

    def test_where_nobody_is_left_any_expectation_is_infinitely_too_much(self):
        held = RenewalHoldout(customers=50, rows=(row(1, 0.5, 0),))
        assert held.deviation == held.mean_absolute_percentage_error == math.inf


def row(period: int, expected: float, actual: int) -> RenewalHoldoutRow:
    return RenewalHoldoutRow(period=period, expected=expected, actual=actual)


def fitted(kind: type[RenewalModel], cohort: list[int]) -> RenewalHoldout:
    split = split_renewals(cohort, 5, unit=Unit.YEAR)
    return renewal_holdout(kind.fit(split.calibration), split)


class TestPublishedFigures:
    """Fader and Hardie (2007), Table 1: twelve years of two cohorts, of which seven are known."""

    @pytest.mark.parametrize(
        ("cohort", "parameters"), [(HIGH_END, (0.668, 3.806)), (REGULAR, (0.704, 1.182))]
    )
    def test_the_calibration_is_what_the_paper_fitted(self, cohort, parameters):
        split = split_renewals(cohort, 5)
        assert split.calibration == CountedRenewals.of_survivors(cohort[:8])
        model = ShiftedBetaGeometric.fit(split.calibration)
        assert (model.alpha, model.beta) == pytest.approx(parameters, abs=5e-4)

    @pytest.mark.parametrize(
        ("cohort", "alpha", "beta"), [(HIGH_END, 0.668, 3.806), (REGULAR, 0.704, 1.182)]
    )
    def test_what_is_expected_follows_equation_8(self, cohort, alpha, beta):
        """Retention (beta + t - 1) / (alpha + beta + t - 1), year by year from the seventh on."""
        model = ShiftedBetaGeometric(alpha=alpha, beta=beta)
        held = renewal_holdout(model, split_renewals(cohort, 5))
        left = float(cohort[7])
        for t, found in enumerate(held.rows, 8):
            left *= (beta + t - 1) / (alpha + beta + t - 1)
            assert found.expected == pytest.approx(left, rel=1e-12)
            assert found.actual == cohort[t]

    @pytest.mark.parametrize(("cohort", "off"), [(HIGH_END, 0.03), (REGULAR, 0.01)])
    def test_later_years_come_out_as_they_did(self, cohort, off):
        held = fitted(ShiftedBetaGeometric, cohort)
        assert held.mean_absolute_percentage_error < off
        assert abs(held.deviation) < 2 * off

    def test_both_cohorts_fitted_as_one_are_foreseen_together(self):
        split = split_renewals([HIGH_END, REGULAR], 5, unit=Unit.YEAR)
        held = renewal_holdout(ShiftedBetaGeometric.fit(split.calibration), split)
        assert held.customers == 491 + 241
        assert [one.actual for one in held.rows] == [691, 652, 621, 592, 567]
        assert held.mean_absolute_percentage_error < 0.05

    def test_a_shape_foresees_high_end_customers_better(self):
        """Fader and others (2018): customers' own churn changes with time."""
        with_shape, without = (
            fitted(BetaDiscreteWeibull, HIGH_END),
            fitted(ShiftedBetaGeometric, HIGH_END),
        )
        assert with_shape.mean_absolute_error < 0.75 * without.mean_absolute_error

    @pytest.mark.parametrize("cohort", [HIGH_END, REGULAR])
    def test_leaving_at_one_rate_for_all_foresees_far_too_few(self, cohort):
        """The naive model of a constant churn, which the paper argues against."""
        counts = split_renewals(cohort, 5).calibration
        left = sum(counts.churned.values())
        at_risk = sum(n * (k + 1) for k, n in counts.churned.items()) + 7 * counts.active[7]
        churn = left / at_risk
        same = ShiftedBetaGeometric(alpha=1e6 * churn, beta=1e6 * (1.0 - churn))
        held = renewal_holdout(same, split_renewals(cohort, 5))
        assert held.deviation < -0.15


class TestCustomersWhoFollowTheModel:
    """Made-up cohorts, of which it is known what is true."""

    @pytest.mark.parametrize(
        "truth",
        [
            ShiftedBetaGeometric(alpha=0.7, beta=3.0, unit=Unit.YEAR),
            BetaDiscreteWeibull(alpha=0.5, beta=2.0, c=1.4, unit=Unit.YEAR),
        ],
    )
    def test_they_stay_as_long_as_foreseen(self, truth):
        won = [4 + number % 9 for number in range(20_000)]
        made = simulate_contracts(truth, won, random=Random(3))
        split = RenewalSplit.of_customers(
            {CustomerId(f"C-{n}"): one.facts(one.observed_for - 4) for n, one in enumerate(made)},
            {CustomerId(f"C-{n}"): one.facts() for n, one in enumerate(made)},
            periods=4,
        )
        for model in (truth, type(truth).fit(split.calibration)):
            held = renewal_holdout(model, split)
            for one in held.rows:
                assert one.expected == pytest.approx(one.actual, rel=0.015)


class TestRefusals:
    """Bad input says what would have worked."""

    MODEL = ShiftedBetaGeometric(alpha=1.0, beta=1.0, unit=Unit.YEAR)

    @pytest.mark.parametrize("cohorts", [[], [10, 8], [[10, 0, 0, 0], [10, 9]]])
    def test_nobody_had_a_contract(self, cohorts):
        with pytest.raises(NothingToFit, match="hold back fewer periods"):
            renewal_holdout(self.MODEL, split_renewals(cohorts, 2))

    def test_a_model_in_years_for_contracts_by_the_month(self):
        with pytest.raises(UnitMismatch):
            renewal_holdout(self.MODEL, split_renewals([10, 8, 7], 1, unit=Unit.MONTH))

    @pytest.mark.parametrize("periods", [0, -1, 2.0, True, "2", 10_001, None])
    def test_periods_held_back_are_a_whole_number(self, periods):
        with pytest.raises(InvalidValue, match="from 1 to 10,000"):
            split_renewals(HIGH_END, periods)
        with pytest.raises(InvalidValue, match="from 1 to 10,000"):
            RenewalSplit.of_customers({}, {}, periods=periods)

    @pytest.mark.parametrize("cohorts", [5, [[10, 8], 5], None])
    def test_cohorts_are_survivors(self, cohorts):
        with pytest.raises(InvalidValue, match="cohorts are survivors"):
            split_renewals(cohorts, 1)

    @pytest.mark.parametrize("cohort", [[], [10, 11, 9], [10, -1], [0, 0], [10, 9.5, 9]])
    def test_survivors_never_rise(self, cohort):
        """In the holdout neither."""
        for periods in (1, 2, 5):
            with pytest.raises(InvalidValue, match="survivors are whole numbers"):
                split_renewals([cohort], periods)

    @pytest.mark.parametrize(
        "later",
        [
            RenewalFacts(5, active=True),
            RenewalFacts(3, active=True),
            RenewalFacts(4, active=False),
            RenewalFacts(1, active=False),
        ],
    )
    def test_everybody_comes_to_the_renewals_of_the_holdout(self, later):
        """After two renewals and two more, one is active with four or left with two or three."""
        then = {CustomerId("anna"): RenewalFacts(2, active=True)}
        with pytest.raises(InvalidValue, match="everybody comes to 2 renewals in the holdout"):
            RenewalSplit.of_customers(then, {CustomerId("anna"): later}, periods=2)

    @pytest.mark.parametrize(
        ("renewals", "active", "left"), [(2, False, (0, 0)), (3, False, (1, 0)), (4, True, (1, 1))]
    )
    def test_who_leaves_when_can_be_read(self, renewals, active, left):
        then = {CustomerId("anna"): RenewalFacts(2, active=True)}
        now = {CustomerId("anna"): RenewalFacts(renewals, active=active)}
        assert dict(RenewalSplit.of_customers(then, now, periods=2).later) == {2: left}

    def test_nobody_disappears_between_two_dates(self):
        then = {CustomerId("anna"): RenewalFacts(2, active=True)}
        with pytest.raises(InvalidValue, match="pass who has left too"):
            RenewalSplit.of_customers(then, {}, periods=1)

    def test_the_time_between_renewals_does_not_change(self):
        then = {CustomerId("anna"): RenewalFacts(2, active=True, unit=Unit.YEAR)}
        now = {CustomerId("anna"): RenewalFacts(3, active=True)}
        with pytest.raises(UnitMismatch):
            RenewalSplit.of_customers(then, now, periods=1)

    @pytest.mark.parametrize("place", [0, 1])
    def test_customers_are_known_by_name(self, place):
        """Of a list nobody knows who is who later."""
        facts: list[Any] = [{CustomerId("anna"): RenewalFacts(2, active=True)}, {}]
        facts[place] = [RenewalFacts(2, active=True)]
        with pytest.raises(InvalidValue, match="mappings by customer"):
            RenewalSplit.of_customers(*facts, periods=1)

    @pytest.mark.parametrize(
        ("later", "reason"),
        [
            ({}, "goes on from"),
            ({3: (8, 7), 4: (1, 1)}, "goes on from"),
            ({3: (8,)}, "for each period"),
            ({3: (8, 7.0)}, "for each period"),
            ({3: (8, -1)}, "for each period"),
            ({3: (10, 7)}, "does not come back"),
            ({3: (7, 8)}, "does not come back"),
        ],
    )
    def test_a_split_does_not_contradict_itself(self, later, reason):
        calibration = CountedRenewals({}, {3: 9})
        with pytest.raises(InvalidValue, match=reason):
            RenewalSplit(calibration=calibration, later=later, periods=2)

    def test_only_splits_of_equally_many_periods_merge(self):
        split = split_renewals(HIGH_END, 5)
        with pytest.raises(InvalidValue, match="equally many periods"):
            split.merge(split_renewals(HIGH_END, 4))

    def test_only_splits_in_one_unit_of_time_merge(self):
        with pytest.raises(UnitMismatch):
            split_renewals(HIGH_END, 5, unit=Unit.YEAR).merge(split_renewals(HIGH_END, 5))

    def test_the_holdout_cannot_be_changed(self):
        split = split_renewals(HIGH_END, 5)
        with pytest.raises(TypeError):
            split.later[7] = (1, 1, 1, 1, 1)  # type: ignore[index]
        assert evolve(split) == split
        assert hash(split) == hash(evolve(split))
