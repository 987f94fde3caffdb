"""Buyers of property."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import InvalidValue
from crmkit.identifiers import CustomerId
from crmkit.money import Money
from crmkit.records import Purchase
from crmkit.segmentation.policies.buyer_class import (
    INCLINATION,
    BuyerClass,
    BuyerClasses,
    BuyerFacts,
)
from crmkit.segmentation.policies.ordinal import OrdinalScale
from tests.segmentation.policy_laws import DAY, assert_policy_laws

HOME = Purchase(CustomerId("P-1"), date(2026, 7, 1), Money(320_000, "EUR"))


def visitor(inclination: str = "interested", purchases: int = 0) -> BuyerFacts:
    """Somebody who came to look at a home."""
    return BuyerFacts(
        customer=CustomerId("P-1"), as_of=DAY, inclination=inclination, purchases=purchases
    )


visitors = st.builds(visitor, st.sampled_from(INCLINATION.words), st.integers(0, 2))


class TestBuyerClasses:
    """Owner (bought), intent (strongly inclined), potential (interested, neither)."""

    @given(st.lists(visitors, min_size=1, max_size=8))
    def test_laws_of_a_policy(self, facts):
        assert_policy_laws(BuyerClasses(), facts)

    @given(visitors)
    def test_classes_exclude_each_other_and_leave_nobody_out(self, facts):
        """Exactly one of the four sentences is true, and it is the outcome."""
        decision = BuyerClasses()(facts)
        bought, strong = facts.purchases > 0, facts.inclination == "strong"
        interested = facts.inclination != "none"
        sentences = {
            BuyerClass.OWNER: bought,
            BuyerClass.INTENT: not bought and strong,
            BuyerClass.POTENTIAL: not bought and not strong and interested,
            BuyerClass.NONE: not bought and not interested,
        }
        assert [name for name, true in sentences.items() if true] == [decision.outcome]
        met = [c for c, item in zip(BuyerClass, decision.evidence, strict=False) if item.met]
        assert decision.outcome is [*met, BuyerClass.NONE][0]

    @given(visitors)
    def test_a_purchase_promotes_to_owner(self, facts):
        assert BuyerClasses()(facts.after(HOME)).outcome is BuyerClass.OWNER

    def test_words_of_ones_own(self):
        classes = BuyerClasses(
            scale=OrdinalScale(["cold", "warm", "hot", "burning"]),
            potential_from="warm",
            intent_from="hot",
        )
        facts = [visitor(word) for word in classes.scale.words]
        assert classes.outcomes(facts) == [
            BuyerClass.NONE,
            BuyerClass.POTENTIAL,
            BuyerClass.INTENT,
            BuyerClass.INTENT,
        ]

    @pytest.mark.parametrize("intent", ["interested", "none"])
    def test_intent_takes_more_than_interest(self, intent):
        with pytest.raises(InvalidValue, match="a stronger inclination"):
            BuyerClasses(intent_from=intent)

    @pytest.mark.parametrize("terms", [{"intent_from": "hot"}, {"potential_from": "warm"}])
    def test_a_word_off_the_scale_is_refused(self, terms: dict[str, Any]):
        with pytest.raises(InvalidValue, match="is not on its scale"):
            BuyerClasses(**terms)


class TestBuyerFactsAfterAPurchase:
    """The facts as of the day of a purchase."""

    def test_the_day_and_the_number_move_on(self):
        assert visitor().after(HOME) == evolve(visitor(), as_of=HOME.on, purchases=1)

    @pytest.mark.parametrize(
        "purchase",
        [
            evolve(HOME, on=DAY),
            evolve(HOME, customer=CustomerId("P-2")),
            evolve(HOME, amount=-HOME.amount),
        ],
    )
    def test_only_a_later_purchase_of_the_same_customer_counts(self, purchase):
        with pytest.raises(InvalidValue, match="a later purchase of the same customer"):
            visitor().after(purchase)

    @pytest.mark.parametrize("changes", [{"customer": ""}, {"as_of": None}, {"purchases": -1}])
    def test_facts_that_cannot_be_are_refused(self, changes: dict[str, Any]):
        with pytest.raises(InvalidValue):
            evolve(visitor(), **changes)
