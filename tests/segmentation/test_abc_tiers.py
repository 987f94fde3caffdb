"""ABC classes by cumulative share."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import CurrencyMismatch, InvalidMoney, InvalidPolicy, NothingToFit
from crmkit.money import Money
from crmkit.segmentation.facts import Histogram
from crmkit.segmentation.policies.abc_tiers import AbcTiers
from crmkit.segmentation.policies.ladder import CutConvention
from crmkit.testing.vectors import ABC
from tests.segmentation.policy_laws import (
    assert_policy_laws,
    cents,
    euros,
    populations,
    shares,
    worth,
)

BEFORE = CutConvention.SHARE_BEFORE_BELOW
INCLUDING = CutConvention.SHARE_INCLUDING_AT_MOST
conventions = st.sampled_from(CutConvention)


def classes(abc: AbcTiers, values: list[Money]) -> str:
    """The classes of the customers with these values, in a row."""
    return "".join(abc.outcomes(worth(value) for value in values))


def naive_abc(values: list[int], cuts: list[Fraction], convention: CutConvention) -> list[int]:
    """An oracle: walk down the ranked list item by item, and settle the ties afterwards."""
    brought = sum(value for value in values if value > 0)
    so_far = 0
    found: dict[int, list[int]] = {}
    for value in sorted(values, reverse=True):
        number = len(cuts)
        if value > 0:
            before, including = Fraction(so_far, brought), Fraction(so_far + value, brought)
            so_far += value
            if convention is BEFORE:
                number = len([cut for cut in cuts if before >= cut])
            else:
                number = len([cut for cut in cuts if including > cut])
        found.setdefault(value, []).append(number)
    settle = min if convention is BEFORE else max
    return [settle(found[value]) for value in values]


class TestAbcTiersLaws:
    """Class A for the customers who bring the first 80 %, B up to 95 %, C for the rest."""

    @given(populations, shares(2), conventions)
    def test_it_agrees_with_a_walk_down_the_list(self, values, cuts, convention):
        abc = AbcTiers.fit(cents(values), cuts=cuts, convention=convention)
        assert classes(abc, cents(values)) == "".join(
            "ABC"[number] for number in naive_abc(values, cuts, convention)
        )

    @given(populations, conventions)
    def test_laws_of_a_policy(self, values, convention):
        abc = AbcTiers.fit(cents(values), convention=convention)
        assert_policy_laws(abc, [worth(value) for value in cents(values)])

    @given(populations, conventions)
    def test_the_class_can_be_read_off_the_evidence(self, values, convention):
        abc = AbcTiers.fit(cents(values), convention=convention)
        for value in cents(values):
            decision = abc(worth(value))
            met = [name for name, item in zip("AB", decision.evidence, strict=True) if item.met]
            assert decision.outcome == [*met, "C"][0]

    @given(populations, conventions, st.integers(-600, 11_000), st.integers(0, 5_000))
    def test_more_value_never_lowers_the_class(self, values, convention, value, more):
        abc = AbcTiers.fit(cents(values), convention=convention)
        lesser, better = abc.outcomes(worth(v) for v in cents([value, value + more]))
        assert better <= lesser

    @given(populations.flatmap(lambda v: st.tuples(st.just(v), st.permutations(v))))
    def test_the_order_of_the_customers_does_not_matter(self, both):
        assert AbcTiers.fit(cents(both[0])) == AbcTiers.fit(cents(both[1]))

    @given(populations, populations, conventions)
    def test_merged_counts_give_what_one_pass_gives(self, ones, others, convention):
        merged = Histogram.of_money(cents(ones)).merge(Histogram.of_money(cents(others)))
        together = cents([*ones, *others])
        assert AbcTiers.fit(merged, convention=convention) == AbcTiers.fit(
            together, convention=convention
        )

    @given(populations, st.integers(1, 1_000))
    def test_the_unit_of_money_does_not_matter(self, values, factor):
        before = classes(AbcTiers.fit(cents(values)), cents(values))
        scaled = cents(value * factor for value in values)
        assert classes(AbcTiers.fit(scaled), scaled) == before


class TestAbcTiersBorders:
    """The boundary convention changes the answer; equal values count as one item."""

    TEN = euros(*ABC[0].inputs["values"])

    @pytest.mark.parametrize("vector", ABC, ids=str)
    def test_ten_customers_of_the_published_vector(self, vector):
        """ABC by cumulative share, cuts 80 % and 95 %: the item of 30 stands on the border."""
        abc = AbcTiers.fit(self.TEN, convention=CutConvention(vector.asks))
        assert vector.agrees(classes(abc, self.TEN))

    def test_thresholds_are_the_smallest_values_of_their_classes(self):
        assert AbcTiers.fit(self.TEN).thresholds == tuple(euros(100, 30))

    def test_a_tie_across_a_cut_goes_up_by_the_share_before(self):
        """Before the twins of 30 stand 70 of 130: less than 80 %, so both are A."""
        assert classes(AbcTiers.fit(euros(70, 30, 30)), euros(70, 30, 30)) == "AAA"

    def test_a_tie_across_a_cut_goes_down_by_the_share_including(self):
        """With both twins of 30 all of 130 is reached: more than 95 %, so both are C."""
        abc = AbcTiers.fit(euros(70, 30, 30), convention=INCLUDING)
        assert classes(abc, euros(70, 30, 30)) == "ACC"

    def test_a_single_customer_is_a_by_the_share_before(self):
        assert classes(AbcTiers.fit(euros(5)), euros(5, 4)) == "AC"

    def test_a_single_customer_is_c_by_the_share_including(self):
        """Nobody brings at most 95 % of everything, so A and B stay empty, and say so."""
        abc = AbcTiers.fit(euros(5), convention=INCLUDING)
        assert abc.thresholds == (None, None)
        assert [item.criterion for item in abc(worth(Money(5, "EUR"))).unmet] == [
            "customers-in-A",
            "customers-in-B",
        ]

    def test_customers_at_zero_or_below_are_c_and_do_not_count(self):
        assert classes(AbcTiers.fit(euros(60, 40, 0, -900)), euros(60, 40, 0, -900)) == "AACC"

    def test_a_population_that_brought_nothing_is_all_c(self):
        assert classes(AbcTiers.fit(euros(0, -5)), euros(0, -5, 100)) == "CCC"

    @pytest.mark.parametrize(("convention", "found"), [(BEFORE, "ABBC"), (INCLUDING, "BBBC")])
    def test_a_cut_of_everything_leaves_only_those_who_brought_nothing(self, convention, found):
        abc = AbcTiers.fit(euros(90, 9, 1, 0), cuts=["0.5", "1"], convention=convention)
        assert classes(abc, euros(90, 9, 1, 0)) == found

    def test_shares_are_exact_where_floats_are_not(self):
        """A third and a third reach two thirds exactly: no rounding pushes the second item out."""
        abc = AbcTiers.fit(euros(2, 1), cuts=[Fraction(2, 3), 1], convention=INCLUDING)
        assert classes(abc, euros(2, 1)) == "AB"

    def test_a_new_customer_is_held_against_the_thresholds_of_the_population(self):
        assert classes(AbcTiers.fit(self.TEN), euros(9_000, 99, "29.99")) == "ABC"


class TestAbcTiersTerms:
    """Any number of classes can be named, and thresholds can be set by hand."""

    def test_five_classes(self):
        abc = AbcTiers.fit(
            euros(50, 20, 15, 10, 5),
            cuts=["0.5", "0.7", "0.8", "0.9"],
            names=["AA", "A", "B", "C", "D"],
        )
        assert abc.outcomes(worth(v) for v in euros(50, 20, 15, 10, 5)) == [
            "AA",
            "A",
            "B",
            "C",
            "D",
        ]

    def test_it_tells_how_it_was_fitted(self):
        abc = AbcTiers.fit(euros(9), cuts=["0.7", "0.9"], convention=INCLUDING)
        assert abc.cuts == (Fraction(7, 10), Fraction(9, 10))
        assert abc.convention is INCLUDING

    def test_thresholds_set_by_hand(self):
        assert classes(AbcTiers(thresholds=euros(1000, 100)), euros(1000, 999, 99)) == "ABC"

    @pytest.mark.parametrize(
        ("terms", "why"),
        [
            ({"thresholds": euros(9)}, "one name more"),
            ({"thresholds": euros(9, 5, 1)}, "one name more"),
            ({"thresholds": [], "names": ["all"]}, "one name more"),
            ({"thresholds": euros(9, 5), "names": ["A", "A", "B"]}, "names of their own"),
            ({"thresholds": euros(5, 9)}, "thresholds fall"),
            ({"thresholds": euros(9, 5), "cuts": ["0.8"]}, "comes from one cut"),
            ({"thresholds": euros(9, 5), "cuts": ["0.9", "0.8"]}, "cuts are shares that rise"),
        ],
    )
    def test_terms_that_contradict_each_other_are_refused(self, terms, why):
        with pytest.raises(InvalidPolicy, match=why):
            AbcTiers(**terms)

    def test_cuts_that_do_not_rise_are_refused(self):
        with pytest.raises(InvalidPolicy, match="cuts are shares that rise"):
            AbcTiers.fit(euros(9), cuts=["0.95", "0.80"])

    def test_a_cut_that_is_a_float_is_refused(self):
        with pytest.raises(InvalidMoney, match="a share is a float"):
            AbcTiers.fit(euros(9), cuts=[0.8, 0.95])  # type: ignore[list-item]

    def test_nobody_is_no_population(self):
        with pytest.raises(NothingToFit):
            AbcTiers.fit([])

    def test_two_currencies_do_not_mix(self):
        with pytest.raises(CurrencyMismatch):
            AbcTiers.fit([Money(1, "EUR"), Money(1, "USD")])
