"""The class of a lost customer, found from what is known; what is not known is not guessed."""

from __future__ import annotations

from datetime import date
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import InvalidIdentifier, InvalidPolicy
from crmkit.identifiers import CustomerId
from crmkit.retention import (
    EndedBy,
    LossFacts,
    LostClass,
    LostClassPolicy,
    LostFinding,
    RivalOffer,
)

TODAY = date(2026, 5, 31)
C7 = CustomerId("C-7")
REASONS = {
    "rude-staff": LostClass.UNINTENTIONALLY_PUSHED,
    "too-dear": LostClass.BOUGHT_AWAY,
    "late-parcels": LostClass.UNINTENTIONALLY_PUSHED,
}
POLICY = LostClassPolicy(reasons=REASONS)


def lost(**known):
    return LossFacts(customer=C7, as_of=TODAY, **known)


facts = st.builds(
    lost,
    ended_by=st.none() | st.sampled_from(EndedBy),
    reason=st.none() | st.sampled_from([*REASONS, "no-word"]),
    rival_offer=st.none() | st.sampled_from(RivalOffer),
    moved=st.none() | st.booleans(),
)
policies = st.builds(
    LostClassPolicy,
    reasons=st.dictionaries(st.sampled_from([*REASONS]), st.sampled_from(LostClass)),
    order=st.permutations(list(LostClass)),
)


class TestLaws:
    """CHU-03: five classes, told apart by what parted customer and company."""

    @given(facts, policies)
    def test_the_outcome_can_be_worked_out_from_the_evidence(self, known, policy):
        decision = policy(known)
        met = [LostClass(item.criterion) for item in decision.evidence if item.met]
        found = LostFinding(met[0], tuple(met[1:])) if met else LostFinding(None)
        assert decision.outcome == found

    @given(facts, policies)
    def test_the_order_picks_among_the_same_classes(self, known, policy):
        one = policy(known).outcome
        usual = LostClassPolicy(reasons=policy.reasons)(known).outcome
        assert {one.lost_class, *one.others} == {usual.lost_class, *usual.others}

    @given(st.lists(facts, max_size=5), policies)
    def test_many_are_decided_as_one_by_one(self, known, policy):
        assert policy.outcomes(known) == [policy(each).outcome for each in known]

    @given(policies)
    def test_of_whom_nothing_is_known_the_class_is_unknown(self, policy):
        decision = policy(lost())
        assert decision.outcome == LostFinding(None)
        assert str(decision.outcome) == "unknown"


class TestEveryFact:
    """Each fact alone, held against a table."""

    @pytest.mark.parametrize(
        ("known", "lost_class"),
        [
            ({"ended_by": EndedBy.COMPANY}, "deliberately-pushed"),
            ({"ended_by": EndedBy.CUSTOMER}, "unknown"),
            ({"moved": True}, "moved"),
            ({"moved": False}, "unknown"),
            ({"rival_offer": RivalOffer.LOWER_PRICE}, "bought-away"),
            ({"rival_offer": RivalOffer.BETTER_OFFER}, "pulled-away"),
            ({"rival_offer": RivalOffer.NONE}, "unknown"),
            ({"reason": "rude-staff"}, "unintentionally-pushed"),
            ({"reason": "late-parcels"}, "unintentionally-pushed"),
            ({"reason": "too-dear"}, "bought-away"),
            ({"reason": "no-word"}, "unknown"),
        ],
    )
    def test_one_fact_decides(self, known, lost_class):
        outcome = POLICY(lost(**known)).outcome
        assert str(outcome) == lost_class
        assert outcome.others == ()

    def test_every_combination_takes_the_first_of_the_order(self):
        """Written a second time, as a chain of questions."""
        for ended_by, offer, moved, reason in product(
            (None, *EndedBy), (None, *RivalOffer), (None, True, False), (None, "rude-staff")
        ):
            if ended_by == "company":
                expected = "deliberately-pushed"
            elif moved:
                expected = "moved"
            elif offer == "lower-price":
                expected = "bought-away"
            elif offer == "better-offer":
                expected = "pulled-away"
            else:
                expected = "unintentionally-pushed" if reason else "unknown"
            known = lost(ended_by=ended_by, rival_offer=offer, moved=moved, reason=reason)
            assert str(POLICY(known).outcome) == expected

    def test_the_others_are_named(self):
        found = POLICY(lost(moved=True, reason="late-parcels")).outcome
        assert found == LostFinding(LostClass.MOVED, (LostClass.UNINTENTIONALLY_PUSHED,))


class TestTerms:
    @pytest.mark.parametrize("order", [[], [LostClass.MOVED] * 5, [*LostClass, LostClass.MOVED]])
    def test_the_order_holds_every_class_once(self, order):
        with pytest.raises(InvalidPolicy, match="each of the five classes once"):
            LostClassPolicy(order=order)

    def test_reasons_can_serve_as_keys(self):
        with pytest.raises(InvalidIdentifier):
            LostClassPolicy(reasons={"": LostClass.MOVED})
        with pytest.raises(InvalidIdentifier):
            lost(reason=" ")

    def test_without_reasons_nobody_was_pushed_unintentionally(self):
        assert str(LostClassPolicy()(lost(reason="rude-staff")).outcome) == "unknown"
