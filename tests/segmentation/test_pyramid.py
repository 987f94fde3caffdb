"""The customer pyramid."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import CurrencyMismatch, InvalidPolicy, NothingToFit
from crmkit.money import Money
from crmkit.segmentation.facts import Histogram
from crmkit.segmentation.policies.ladder import CutConvention
from crmkit.segmentation.policies.pyramid import CustomerPyramid, PyramidLayer
from tests.segmentation.policy_laws import (
    assert_policy_laws,
    cents,
    euros,
    populations,
    worth,
)

LAYERS = list(PyramidLayer)
BEFORE = CutConvention.SHARE_BEFORE_BELOW
INCLUDING = CutConvention.SHARE_INCLUDING_AT_MOST
conventions = st.sampled_from(CutConvention)
# Each layer takes a part of the heads; together they leave some for the lead layer.
layer_shares = st.tuples(*[st.integers(1, 20).map(lambda part: Fraction(part, 60))] * 3)


def fitted(values: list[Money], parts: tuple[Fraction, ...] | None = None, **terms) -> str:
    """The first letters of the layers of a population that the pyramid is fitted to."""
    named: Any = dict(zip(("platinum", "gold", "iron"), parts, strict=True)) if parts else {}
    pyramid = CustomerPyramid.fit(values, **named, **terms)
    return "".join(layer[0] for layer in pyramid.outcomes(worth(value) for value in values))


def naive_pyramid(values: list[int], parts, convention, losses_are_lead: bool) -> str:
    """An oracle: place the customers one by one down the ranked list, then settle the ties."""
    found: dict[int, list[int]] = {}
    for position, value in enumerate(sorted(values, reverse=True)):
        place = Fraction(position + (convention is INCLUDING), len(values))
        filled, number = Fraction(0), 0
        for part in parts:
            filled += part
            number += place > filled if convention is INCLUDING else place >= filled
        found.setdefault(value, []).append(3 if losses_are_lead and value < 0 else number)
    settle = min if convention is BEFORE else max
    return "".join(LAYERS[settle(found[value])][0] for value in values)


class TestCustomerPyramidLaws:
    """Platinum, gold, iron, lead: layers of profitability, the best heads first."""

    @given(populations, layer_shares, conventions, st.booleans())
    def test_it_agrees_with_a_walk_down_the_list(self, values, parts, convention, losses):
        found = fitted(cents(values), parts, convention=convention, losses_are_lead=losses)
        assert found == naive_pyramid(values, parts, convention, losses)

    @given(populations, conventions)
    def test_laws_of_a_policy(self, values, convention):
        pyramid = CustomerPyramid.fit(cents(values), convention=convention)
        assert_policy_laws(pyramid, [worth(value) for value in cents(values)])

    @given(populations, layer_shares, conventions)
    def test_the_layer_can_be_read_off_the_evidence(self, values, parts, convention):
        platinum, gold, iron = parts
        pyramid = CustomerPyramid.fit(
            cents(values), platinum=platinum, gold=gold, iron=iron, convention=convention
        )
        for value in cents(values):
            decision = pyramid(worth(value))
            met = [
                layer for layer, item in zip(LAYERS, decision.evidence, strict=False) if item.met
            ]
            assert decision.outcome is [*met, PyramidLayer.LEAD][0]

    @given(populations, layer_shares, st.integers(-600, 11_000), st.integers(0, 5_000))
    def test_more_profit_never_lowers_the_layer(self, values, parts, value, more):
        platinum, gold, iron = parts
        pyramid = CustomerPyramid.fit(cents(values), platinum=platinum, gold=gold, iron=iron)
        lesser, better = pyramid.outcomes(worth(v) for v in cents([value, value + more]))
        assert LAYERS.index(better) <= LAYERS.index(lesser)

    @given(populations.flatmap(lambda v: st.tuples(st.just(v), st.permutations(v))))
    def test_the_order_of_the_customers_does_not_matter(self, both):
        assert CustomerPyramid.fit(cents(both[0])) == CustomerPyramid.fit(cents(both[1]))

    @given(populations, populations)
    def test_merged_counts_give_what_one_pass_gives(self, ones, others):
        merged = Histogram.of_money(cents(ones)).merge(Histogram.of_money(cents(others)))
        assert CustomerPyramid.fit(merged) == CustomerPyramid.fit(cents([*ones, *others]))


class TestCustomerPyramidBorders:
    """1 % platinum, 4 % gold, 15 % iron and 80 % lead, unless the shop says otherwise."""

    def test_a_hundred_customers_by_the_default_shares(self):
        layers = fitted(euros(*range(1, 101)))
        assert [layers.count(letter) for letter in "pgil"] == [1, 4, 15, 80]

    def test_a_share_of_its_own_for_each_layer(self):
        parts = (Fraction(1, 5), Fraction(2, 5), Fraction(1, 5))
        assert fitted(euros(5, 4, 3, 2, 1), parts) == "pggil"

    def test_a_population_of_one_is_platinum(self):
        assert fitted(euros(5)) == "p"

    def test_a_population_of_one_that_costs_money_is_lead(self):
        assert fitted(euros(-5)) == "l"

    def test_a_population_of_equals_is_one_layer(self):
        assert fitted(euros(5, 5, 5)) == "ppp"
        assert fitted(euros(5, 5, 5), convention=INCLUDING) == "lll"

    def test_a_loss_is_lead_and_zero_is_none(self):
        parts = (Fraction(1, 4), Fraction(1, 4), Fraction(1, 2))
        assert fitted(euros(9, 1, 0, "-0.01"), parts) == "pgil"
        assert fitted(euros(9, 1, 0, "-0.01"), parts, losses_are_lead=False) == "pgii"

    def test_it_tells_how_it_was_fitted(self):
        pyramid = CustomerPyramid.fit(euros(9), gold="0.05", convention=INCLUDING)
        assert pyramid.shares == (Fraction(1, 100), Fraction(5, 100), Fraction(15, 100))
        assert pyramid.convention is INCLUDING

    def test_a_layer_without_members_says_so(self):
        pyramid = CustomerPyramid.fit(euros(5, 4), convention=INCLUDING)
        assert pyramid.thresholds == (None, None, None)
        assert pyramid(worth(Money(5, "EUR"))).evidence[0].criterion == "customers-in-platinum"

    def test_reaching_the_threshold_is_enough(self):
        platinum, gold, iron = euros(100, 50, 10)
        by_hand = CustomerPyramid(platinum_from=platinum, gold_from=gold, iron_from=iron)
        values = euros(100, "99.99", 50, "49.99", 10, "9.99")
        assert by_hand.outcomes(worth(value) for value in values) == [
            LAYERS[number] for number in (0, 1, 1, 2, 2, 3)
        ]

    @pytest.mark.parametrize(
        "parts", [("0", "0.1", "0.1"), ("0.5", "0.4", "0.2"), ("0.1", "-0.1", "0.1")]
    )
    def test_shares_of_the_heads_are_above_zero_and_at_most_all(self, parts):
        with pytest.raises(InvalidPolicy, match="cuts are shares that rise"):
            fitted(euros(5), parts)

    def test_a_layer_asks_for_no_more_than_the_one_above(self):
        platinum, gold, iron = euros(10, 50, 5)
        with pytest.raises(InvalidPolicy, match="thresholds fall"):
            CustomerPyramid(platinum_from=platinum, gold_from=gold, iron_from=iron)

    def test_shares_belong_to_three_layers(self):
        with pytest.raises(InvalidPolicy, match="three layers"):
            CustomerPyramid(
                platinum_from=None, gold_from=None, iron_from=None, shares=["0.1", "0.2"]
            )

    def test_nobody_is_no_population(self):
        with pytest.raises(NothingToFit):
            CustomerPyramid.fit([])

    def test_two_currencies_do_not_mix(self):
        with pytest.raises(CurrencyMismatch):
            CustomerPyramid.fit([Money(1, "EUR"), Money(1, "USD")])
