"""Value segments with their plans, and the spending review."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmkit.decision import Comparison
from crmkit.errors import CurrencyMismatch, InvalidPolicy, InvalidValue
from crmkit.identifiers import CustomerId
from crmkit.money import Money
from crmkit.segmentation.policies.conditions import Condition, OneOf
from crmkit.segmentation.policies.value_segments import (
    SegmentDimensions,
    SegmentPlan,
    SpendingAdvice,
    SpendingReview,
    ValueSegment,
    ValueSegments,
)
from tests.segmentation.policy_laws import DAY, assert_policy_laws

KEEP = SegmentPlan(
    strategy="keep", actions=["greet by name"], also_at={"call center": ["answer first"]}
)
GROW = SegmentPlan(strategy="grow", actions=["offer a second product"])
PLAIN = SegmentPlan(strategy="serve by automation")
CORE = ValueSegment(
    "core", Condition("profit_contribution", Comparison.AT_LEAST, Money(1_000, "EUR")), KEEP
)
YOUNG = ValueSegment(
    "young city",
    Condition("age", Comparison.BELOW, 30) & OneOf("region", ("Beijing", "Shanghai")),
    GROW,
)
SEGMENTS = ValueSegments(segments=[CORE, YOUNG], rest="others", rest_plan=PLAIN)


def person(**known: Any) -> SegmentDimensions:
    """A customer of whom only some dimensions are known."""
    return SegmentDimensions(customer=CustomerId("C-7"), as_of=DAY, **known)


euros = st.integers(-50, 2_000).map(lambda amount: Money(amount, "EUR"))
people = st.builds(
    person,
    region=st.none() | st.sampled_from(["Beijing", "Shanghai", "Xi'an"]),
    age=st.none() | st.integers(0, 99),
    profit_contribution=st.none() | euros,
    responsive=st.none() | st.booleans(),
)


class TestValueSegments:
    """Each value segment owns a strategy and an action plan."""

    @given(st.lists(people, min_size=1, max_size=8))
    def test_laws_of_a_policy(self, facts):
        assert_policy_laws(SEGMENTS, facts)

    @given(people)
    def test_everybody_has_a_segment_and_a_strategy(self, facts):
        decision = SEGMENTS(facts)
        met = [item.criterion for item in decision.evidence if item.met]
        assert decision.outcome == [*met, "others"][0]
        assert SEGMENTS.plan_for(decision.outcome).strategy in ("keep", "grow", PLAIN.strategy)

    @pytest.mark.parametrize(
        ("facts", "segment"),
        [
            (person(profit_contribution=Money(1_000, "EUR")), "core"),
            (person(profit_contribution=Money("999.99", "EUR")), "others"),
            (person(age=29, region="Beijing"), "young city"),
            (person(age=30, region="Beijing"), "others"),
            (person(age=29, region="Xi'an"), "others"),
            (person(age=29, region="Beijing", profit_contribution=Money(1_000, "EUR")), "core"),
            (person(), "others"),
        ],
    )
    def test_the_first_segment_that_fits(self, facts, segment):
        assert SEGMENTS(facts).outcome == segment

    def test_each_segment_has_its_plan(self):
        assert [SEGMENTS.plan_for(name) for name in SEGMENTS.names] == [KEEP, GROW, PLAIN]

    def test_there_is_no_plan_for_a_segment_that_is_not(self):
        with pytest.raises(InvalidValue, match="one of core, young city, others"):
            SEGMENTS.plan_for("diamond")

    def test_a_name_stands_for_one_segment(self):
        with pytest.raises(InvalidPolicy, match="segments need names of their own"):
            evolve(SEGMENTS, rest="core")

    def test_a_plan_is_valid_at_every_touchpoint(self):
        assert KEEP.actions_at("call center") == ("greet by name", "answer first")
        assert KEEP.actions_at("a stand at the fair") == ("greet by name",)
        assert PLAIN.actions_at("web") == ()

    def test_a_plan_without_a_strategy_is_none(self):
        with pytest.raises(InvalidPolicy, match="a segment owns a strategy"):
            SegmentPlan(strategy=" ", actions=["greet by name"])


class TestSegmentDimensions:
    """Region, consumption, value, income, age, need type and profit contribution."""

    @pytest.mark.parametrize(
        ("dimension", "known"),
        [
            ("region", "Beijing"),
            ("consumption", Money(90, "EUR")),
            ("value", Money(90, "EUR")),
            ("income", Money(90, "EUR")),
            ("age", 44),
            ("need_type", "comfort"),
            ("profit_contribution", Money(90, "EUR")),
        ],
    )
    def test_customers_can_be_segmented_by_each(self, dimension, known):
        like = ValueSegment("like this", Condition(dimension, Comparison.EQUALS, known), KEEP)
        segments = ValueSegments(segments=[like], rest="others", rest_plan=PLAIN)
        facts = [person(**{dimension: known}), person()]
        assert segments.outcomes(facts) == ["like this", "others"]

    def test_the_age_stays_out_of_what_is_printed(self):
        assert "44" not in repr(person(age=44))

    @pytest.mark.parametrize("changes", [{"age": -1}, {"customer": ""}, {"as_of": None}])
    def test_what_cannot_be_is_refused(self, changes: dict[str, Any]):
        with pytest.raises(InvalidValue):
            evolve(person(), **changes)

    def test_a_newborn_has_an_age(self):
        assert person(age=0).age == 0

    @pytest.mark.parametrize("other", ["consumption", "income", "profit_contribution"])
    def test_currencies_do_not_mix(self, other):
        with pytest.raises(CurrencyMismatch):
            person(**{"value": Money(1, "EUR"), other: Money(1, "USD")})


class TestSpendingReview:
    """Low contribution and insensitive: cut the spending."""

    REVIEW = SpendingReview(contribution_below=Money(50, "EUR"))

    @given(st.lists(people, min_size=1, max_size=8))
    def test_laws_of_a_policy(self, facts):
        assert_policy_laws(self.REVIEW, facts)

    @given(people)
    def test_it_agrees_with_the_rule_read_aloud(self, facts):
        contribution = facts.profit_contribution
        low = contribution is not None and contribution < Money(50, "EUR")
        cut = low and facts.responsive is False
        decision = self.REVIEW(facts)
        assert decision.outcome is (SpendingAdvice.CUT if cut else SpendingAdvice.KEEP)
        assert decision.evidence[0].met is cut

    @pytest.mark.parametrize(
        ("contribution", "responsive", "advice"),
        [
            ("49.99", False, "cut"),
            ("50.00", False, "keep"),
            ("49.99", True, "keep"),
            ("49.99", None, "keep"),
            (None, False, "keep"),
        ],
    )
    def test_both_have_to_be_known(self, contribution, responsive, advice):
        money = None if contribution is None else Money(contribution, "EUR")
        facts = person(profit_contribution=money, responsive=responsive)
        assert self.REVIEW(facts).outcome == advice

    def test_what_is_not_known_says_so(self):
        parts = self.REVIEW(person()).evidence[0].parts
        assert [(item.criterion, item.met) for item in parts] == [
            ("profit-contribution-known", False),
            ("response-known", False),
        ]
