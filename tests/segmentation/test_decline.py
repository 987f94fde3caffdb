"""The decline detector."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import CurrencyMismatch, InvalidMoney, InvalidPolicy, InvalidValue
from crmkit.identifiers import CustomerId
from crmkit.money import Money
from crmkit.segmentation.policies.decline import (
    DeclineDetector,
    RelationshipFacts,
    RelationshipTrend,
)
from tests.segmentation.policy_laws import DAY, assert_policy_laws

HOLDING, DECLINING = RelationshipTrend
SIGNS = ("renewal put off", "talks with a rival", "late payment")
DETECTOR = DeclineDetector(shrinks_by="0.20")


def relationship(before: int | str = 500, now: int | str = 400, *cracks: str) -> RelationshipFacts:
    """An old customer whose trading changed, and the signs that were seen."""
    return RelationshipFacts(
        customer=CustomerId("C-7"),
        as_of=DAY,
        since=date(2021, 3, 1),
        purchases=40,
        trading_before=Money(before, "EUR"),
        trading_now=Money(now, "EUR"),
        cracks=frozenset(cracks),
    )


amounts = st.integers(-50, 600)
relationships = st.builds(
    lambda before, now, cracks: relationship(before, now, *cracks),
    amounts,
    amounts,
    st.sets(st.sampled_from(SIGNS)),
)
detectors = st.builds(
    DeclineDetector,
    shrinks_by=st.integers(1, 60).map(lambda part: Fraction(part, 60)),
    cracks_from=st.integers(1, 3),
    signs=st.sets(st.sampled_from(SIGNS)).map(frozenset),
)


class TestDeclineDetector:
    """The level of a relationship reverses: commitment cracks and trading shrinks."""

    @given(detectors, st.lists(relationships, min_size=1, max_size=8))
    def test_laws_of_a_policy(self, detector, facts):
        assert_policy_laws(detector, facts)

    @given(detectors, relationships)
    def test_it_agrees_with_the_rule_read_aloud(self, detector, facts):
        before, now = facts.trading_before.minor, facts.trading_now.minor
        shrinks = before > 0 and Fraction(before - now, before) >= detector.shrinks_by
        counted = [sign for sign in facts.cracks if not detector.signs or sign in detector.signs]
        expected = DECLINING if shrinks and len(counted) >= detector.cracks_from else HOLDING
        decision = detector(facts)
        assert decision.outcome is expected
        assert decision.evidence[0].met is (expected is DECLINING)

    @given(detectors, relationships, st.integers(0, 600))
    def test_more_trading_never_turns_a_relationship_down(self, detector, facts, more):
        better = evolve(facts, trading_now=facts.trading_now + Money(more, "EUR"))
        if detector(facts).outcome is HOLDING:
            assert detector(better).outcome is HOLDING

    @pytest.mark.parametrize(
        ("before", "now", "trend"),
        [(500, 400, DECLINING), (500, "400.01", HOLDING), (0, -5, HOLDING), (0, 0, HOLDING)],
    )
    def test_losing_exactly_the_share_is_enough(self, before, now, trend):
        assert DETECTOR(relationship(before, now, "late payment")).outcome is trend

    def test_the_share_is_exact_to_the_cent(self):
        """80 % of 100.01 is 80.008: 80.00 lies below it, 80.01 does not."""
        assert DETECTOR(relationship("100.01", "80.00", "late payment")).outcome is DECLINING
        assert DETECTOR(relationship("100.01", "80.01", "late payment")).outcome is HOLDING

    def test_losing_everything_is_the_most_that_can_be_asked(self):
        everything = DeclineDetector(shrinks_by=1)
        assert everything(relationship(500, 0, "late payment")).outcome is DECLINING
        assert everything(relationship(500, "0.01", "late payment")).outcome is HOLDING

    def test_shrinking_alone_is_no_decline(self):
        decision = DETECTOR(relationship())
        assert decision.outcome is HOLDING
        (unmet,) = [item for item in decision.evidence[0].parts if not item.met]
        assert unmet.criterion == "signs-of-failing-commitment"

    def test_cracks_alone_are_no_decline(self):
        assert DETECTOR(relationship(500, 500, *SIGNS)).outcome is HOLDING

    def test_only_named_signs_count(self):
        detector = DeclineDetector(shrinks_by="0.20", cracks_from=2, signs=frozenset(SIGNS))
        assert detector(relationship(500, 0, *SIGNS[:2])).outcome is DECLINING
        assert detector(relationship(500, 0, SIGNS[0], "rain")).outcome is HOLDING

    @pytest.mark.parametrize("terms", [{"shrinks_by": 0}, {"shrinks_by": "1.01"}])
    def test_a_share_lies_above_0_and_at_most_at_1(self, terms):
        with pytest.raises(InvalidPolicy, match="a decline takes 1 sign"):
            DeclineDetector(**terms)

    def test_a_decline_takes_a_sign(self):
        with pytest.raises(InvalidPolicy, match="a decline takes 1 sign"):
            DeclineDetector(shrinks_by="0.2", cracks_from=0)

    def test_a_share_is_no_float(self):
        with pytest.raises(InvalidMoney):
            DeclineDetector(shrinks_by=0.2)  # type: ignore[arg-type]


class TestRelationshipFacts:
    """Facts about a relationship cannot contradict themselves."""

    def test_days_are_counted_to_the_day_of_the_facts(self):
        assert evolve(relationship(), since=date(2026, 6, 28)).days == 2
        assert evolve(relationship(), since=DAY).days == 0

    @pytest.mark.parametrize(
        ("changes", "why"),
        [
            ({"since": date(2026, 7, 1)}, "begins by as_of"),
            ({"purchases": -1}, "counts its purchases from 0"),
            ({"customer": ""}, "customer is empty"),
            ({"as_of": None}, "as_of"),
            ({"since": None}, "since"),
        ],
    )
    def test_what_cannot_be_is_refused(self, changes: dict[str, Any], why: str):
        with pytest.raises(InvalidValue, match=why):
            evolve(relationship(), **changes)

    def test_currencies_do_not_mix(self):
        with pytest.raises(CurrencyMismatch):
            evolve(relationship(), trading_now=Money(1, "USD"))
