"""Tiers, and the ladder they form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.decision import Decision, at_least, explain
from crmkit.errors import InvalidPolicy, InvalidValue
from crmkit.tiering import Tier, TierLadder
from tests.tiering.words import BRONZE, GOLD, LADDER, NEW_YEAR, PLATINUM, SILVER, earned, tiers


class TestTier:
    """A tier has a name and a rank, and a higher rank is better."""

    @given(st.integers(), st.integers())
    def test_tiers_are_ordered_by_rank_alone(self, one, other):
        assert (Tier("zinc", one) < Tier("amber", other)) is (one < other)
        assert (Tier("zinc", one) >= Tier("amber", other)) is (one >= other)

    def test_tiers_of_one_rank_and_two_names_are_two_tiers(self):
        assert Tier("gold", 3) != Tier("golden", 3)
        assert not Tier("gold", 3) < Tier("golden", 3)

    def test_a_decision_shows_its_tier_by_name(self):
        assert explain(earned("gold", "03-01")) == "gold, by yearly spend, as of 2026-03-01"

    @pytest.mark.parametrize("rank", [True, "3", 3.0, None])
    def test_a_rank_is_a_whole_number(self, rank):
        with pytest.raises(InvalidValue, match="whole number"):
            Tier("gold", rank)

    @pytest.mark.parametrize("name", ["", " gold", "go\nld"])
    def test_a_name_can_serve_as_a_key(self, name):
        with pytest.raises(InvalidValue, match="the name of a tier"):
            Tier(name, 3)


class TestTierLadder:
    """A ladder lists the tiers of a shop from the lowest to the highest."""

    @given(st.permutations(LADDER.tiers))
    def test_the_order_in_which_tiers_are_named_does_not_matter(self, shuffled):
        assert TierLadder(tuple(shuffled)) == LADDER

    def test_ends_and_neighbours(self):
        assert (LADDER.lowest, LADDER.highest) == (BRONZE, PLATINUM)
        assert (LADDER.below(SILVER), LADDER.above(SILVER)) == (BRONZE, GOLD)
        assert (LADDER.below(BRONZE), LADDER.above(PLATINUM)) == (None, None)
        assert [LADDER.position(tier) for tier in LADDER] == [0, 1, 2, 3]

    @given(tiers)
    def test_up_and_down_again_leads_back(self, tier):
        above = LADDER.above(tier)
        assert above is None or LADDER.below(above) == tier

    @pytest.mark.parametrize(
        "tiers",
        [
            (),
            (Tier("gold", 1), Tier("gold", 2)),
            (Tier("gold", 1), Tier("silver", 1)),
            (Tier("gold", 1), Tier("gold", 1)),
        ],
        ids=["no tier", "one name twice", "one rank twice", "one tier twice"],
    )
    def test_each_tier_has_a_name_and_a_rank_of_its_own(self, tiers):
        with pytest.raises(InvalidPolicy, match="at least one tier, and each has a name"):
            TierLadder(tiers)

    def test_gaps_between_ranks_leave_room_for_another_tier(self):
        before = TierLadder((Tier("silver", 10), Tier("gold", 20)))
        after = TierLadder((*before, Tier("rose gold", 15)))
        assert after.below(before.tier("gold")) == Tier("rose gold", 15)

    def test_an_unknown_name_is_told_the_known_ones(self):
        with pytest.raises(InvalidValue, match=r"bronze \(rank 1\), silver \(rank 2\), gold"):
            LADDER.tier("diamond")

    @pytest.mark.parametrize("tier", [Tier("diamond", 9), Tier("gold", 9), Tier("golden", 3)])
    def test_a_tier_of_another_ladder_has_no_place(self, tier):
        with pytest.raises(InvalidValue, match=r"not on the ladder, which has bronze \(rank 1\)"):
            LADDER.position(tier)

    def test_a_named_class_is_placed_on_the_ladder_with_its_reasons(self):
        spend = at_least("spend", 4_200, 5_000)
        layer = Decision("silver", "pyramid", NEW_YEAR, (spend,), "C-7", "digest")
        placed = LADDER.place(layer)
        assert placed == Decision(SILVER, "pyramid", NEW_YEAR, (spend,), "C-7", "digest")
