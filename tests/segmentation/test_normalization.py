"""Bringing what was measured to a part between 0 and 1."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import CurrencyMismatch, InvalidPolicy, InvalidValue, NothingToFit
from crmkit.money import Money
from crmkit.segmentation.facts import Histogram
from crmkit.segmentation.policies.normalization import (
    FixedBounds,
    RankCuts,
    ScoreStep,
    StepTable,
    WordParts,
)
from tests.segmentation.policy_laws import euros, populations

numbers = st.integers(-50, 50)


def facts(**values: Any) -> Any:
    """Facts of a host's own making."""
    return SimpleNamespace(**values)


class TestFixedBounds:
    """Evenly from the worst value to the best; beyond them no worse and no better."""

    @given(numbers, numbers, numbers, st.integers(0, 20))
    def test_a_better_value_never_earns_less(self, worst, best, value, more):
        if worst == best:
            best += 1
        bounds = FixedBounds(worst=worst, best=best)
        better = value + more if best > worst else value - more
        assert 0 <= bounds.part(value) <= bounds.part(better) <= 1

    @pytest.mark.parametrize(
        ("value", "part"), [(-1, 0), (0, 0), (1, "0.1"), (9, "0.9"), (10, 1), (11, 1)]
    )
    def test_parts_of_the_way(self, value, part):
        assert FixedBounds(worst=0, best=10).part(value) == Fraction(part)

    def test_less_can_be_better(self):
        assert FixedBounds(worst=365, best=0).part(73) == Fraction(4, 5)

    def test_money_by_money(self):
        bounds = FixedBounds(worst=Money(0, "EUR"), best=Money(300, "EUR"))
        assert bounds.part(bounds.observe(facts(spend=Money(100, "EUR")), "spend")) == Fraction(
            1, 3
        )
        with pytest.raises(CurrencyMismatch):
            bounds.observe(facts(spend=Money(100, "USD")), "spend")

    @pytest.mark.parametrize(
        ("worst", "best"), [(5, 5), (5, "5.0"), (5, Money(9, "EUR")), euros(5, 5)]
    )
    def test_bounds_lie_apart_and_are_of_one_kind(self, worst, best):
        with pytest.raises(InvalidPolicy):
            FixedBounds(worst=worst, best=best)


class TestRankCuts:
    """By how many cut points of a population the value reaches; equal values get equal parts."""

    @given(populations, st.integers(2, 6), st.booleans())
    def test_the_part_is_the_share_of_bins_that_are_strictly_worse(self, values, bins, smaller):
        """In the best of n bins when less than 1/n of all are strictly better, and so on down."""
        ranks = RankCuts.fit(values, bins=bins, smaller_is_better=smaller)
        for value in values:
            better = [other for other in values if (other < value if smaller else other > value)]
            place = Fraction(len(better), len(values))
            reached = len([k for k in range(1, bins) if place < Fraction(k, bins)])
            assert ranks.part(value) == Fraction(reached, bins - 1)

    @given(populations, numbers, st.integers(0, 20))
    def test_a_better_value_never_earns_less(self, values, value, more):
        assert RankCuts.fit(values).part(value) <= RankCuts.fit(values).part(value + more)
        fewer = RankCuts.fit(values, smaller_is_better=True)
        assert fewer.part(value) >= fewer.part(value + more)

    @given(populations, populations)
    def test_merged_counts_give_what_one_pass_gives(self, ones, others):
        merged = Histogram.of(ones).merge(Histogram.of(others))
        assert RankCuts.fit(merged) == RankCuts.fit([*ones, *others])

    def test_quintiles_of_a_hundred(self):
        ranks = RankCuts.fit(range(1, 101))
        assert ranks.cuts == (21, 41, 61, 81)
        assert [ranks.part(value) for value in (20, 21, 81)] == [0, Fraction(1, 4), 1]

    def test_quintiles_where_less_is_better(self):
        ranks = RankCuts.fit(range(1, 101), smaller_is_better=True)
        assert ranks.cuts == (20, 40, 60, 80)
        assert [ranks.part(value) for value in (81, 80, 20)] == [0, Fraction(1, 4), 1]

    def test_money_and_decimals_rank_too(self):
        assert RankCuts.fit(euros(1, 2), bins=2).cuts == tuple(euros(2))
        assert RankCuts.fit(Histogram.of_money(euros(1, 2)), bins=2).cuts == tuple(euros(2))
        assert RankCuts.fit([Decimal("0.5"), 2], bins=2).cuts == (2,)

    def test_it_observes_what_it_ranks(self):
        assert RankCuts(cuts=[3]).observe(facts(visits=5), "visits") == 5
        with pytest.raises(InvalidValue, match="compares it with a number"):
            RankCuts(cuts=[3]).observe(facts(visits=None), "visits")

    @pytest.mark.parametrize("cuts", [[], [3, 2], [3, Money(4, "EUR")]])
    def test_cuts_do_not_fall_and_are_of_one_kind(self, cuts):
        with pytest.raises(InvalidPolicy):
            RankCuts(cuts=cuts)

    def test_equal_cuts_come_from_ties(self):
        assert RankCuts.fit([7, 7, 7, 7]).cuts == (7, 7, 7, 7)

    def test_ranks_need_two_bins(self):
        assert RankCuts.fit([1, 2], bins=2).cuts == (2,)
        with pytest.raises(InvalidPolicy, match="2 bins or more"):
            RankCuts.fit([1, 2], bins=1)

    @pytest.mark.parametrize("nobody", [[], Histogram({})])
    def test_nobody_is_no_population(self, nobody):
        with pytest.raises(NothingToFit):
            RankCuts.fit(nobody)

    def test_values_of_two_kinds_do_not_rank(self):
        with pytest.raises(InvalidPolicy, match="the values of a population"):
            RankCuts.fit([1, Money(1, "EUR")])


class TestStepTable:
    """The part of the highest step that the value reaches."""

    TABLE = StepTable(steps=[ScoreStep(1, "0.5"), ScoreStep("2.5", 1)], below="0.1")

    @pytest.mark.parametrize(
        ("value", "part"), [(0, "0.1"), (1, "0.5"), (Decimal("2.49"), "0.5"), (3, 1)]
    )
    def test_reaching_a_step_is_enough(self, value, part):
        assert self.TABLE.part(value) == Fraction(part)

    def test_it_observes_what_it_measures(self):
        assert self.TABLE.observe(facts(years=3), "years") == 3

    @pytest.mark.parametrize(
        ("steps", "below"),
        [
            ([], 0),
            ([ScoreStep(2, 0), ScoreStep(1, 1)], 0),
            ([ScoreStep(1, 0), ScoreStep(1, 1)], 0),
            ([ScoreStep(1, 0), ScoreStep(Money(2, "EUR"), 1)], 0),
            ([ScoreStep(1, "1.1")], 0),
            ([ScoreStep(1, 1)], "-0.1"),
        ],
    )
    def test_steps_rise_and_parts_lie_between_0_and_1(self, steps, below):
        with pytest.raises(InvalidPolicy):
            StepTable(steps=steps, below=below)


class TestWordParts:
    """By an answer in words."""

    TABLE = WordParts(parts={"no": 0, "surely": 1})

    def test_an_answer_earns_its_part(self):
        assert self.TABLE.part(self.TABLE.observe(facts(again="surely"), "again")) == 1

    def test_another_answer_is_refused_without_repeating_it(self):
        with pytest.raises(InvalidValue) as caught:
            self.TABLE.observe(facts(again="ask my lawyer"), "again")
        assert str(caught.value) == "again is not in its table: one of no, surely"

    @pytest.mark.parametrize("parts", [{}, {"no": "-0.1"}, {"yes": 2}])
    def test_there_are_answers_and_parts_lie_between_0_and_1(self, parts):
        with pytest.raises(InvalidPolicy):
            WordParts(parts=parts)
