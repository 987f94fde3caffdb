"""Segments by rules."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from attrs import evolve, frozen
from hypothesis import given
from hypothesis import strategies as st

from crmkit.decision import Comparison, explain
from crmkit.errors import CurrencyMismatch, InvalidPolicy, InvalidSegmentMap
from crmkit.identifiers import CustomerId
from crmkit.money import MAX_MINOR, Money
from crmkit.segmentation.facts import RfmFacts
from crmkit.segmentation.policies.conditions import (
    AnyCondition,
    Condition,
    FieldMismatch,
    Known,
    OneOf,
    UnknownField,
)
from crmkit.segmentation.policies.rules import Overlap, RuleSegments, SegmentRule
from crmkit.serialization import make_converter
from tests.segmentation.policy_laws import DAY, assert_policy_laws

CUSTOMER = CustomerId("C-7")


@frozen(kw_only=True)
class ShopFacts:
    """What the shop of these tests knows; anything but the customer and the day can be missing."""

    customer: CustomerId = CUSTOMER
    as_of: date = DAY
    visits: int | None = None
    orders: int | None = None
    region: str | None = None


# The verdicts turn between 0 and 2; the whole numbers from -1 to 3 are all there is to see.
REGIONS = ("north", "south", "elsewhere", None)
NUMBERS = (*range(-1, 4), None)
EVERYBODY = [
    ShopFacts(visits=visits, orders=orders, region=region)
    for visits, orders, region in product(NUMBERS, NUMBERS, REGIONS)
]
numbers = st.builds(
    Condition,
    st.sampled_from(["visits", "orders"]),
    st.sampled_from(
        [
            Comparison.AT_LEAST,
            Comparison.AT_MOST,
            Comparison.ABOVE,
            Comparison.BELOW,
            Comparison.EQUALS,
            Comparison.DIFFERS,
        ]
    ),
    st.integers(0, 2),
)
regions = st.sampled_from(["north", "south"])
leaves: st.SearchStrategy[AnyCondition] = st.one_of(
    numbers,
    st.builds(OneOf, st.just("region"), st.lists(regions, min_size=1, max_size=1).map(tuple)),
    st.builds(Known, st.sampled_from(["visits", "region"])),
)
conditions = st.recursive(
    leaves,
    lambda parts: st.one_of(
        st.builds(lambda a, b: a & b, parts, parts),
        st.builds(lambda a, b: a | b, parts, parts),
        st.builds(lambda a: ~a, parts),
    ),
    max_leaves=3,
)


def segments(*conditions: AnyCondition, **terms: Any) -> RuleSegments:
    """Segments a, b, c by conditions."""
    rules = zip("abcdefgh", conditions, strict=False)
    return RuleSegments(tuple(SegmentRule(name, each) for name, each in rules), **terms)


policies = st.lists(conditions, min_size=1, max_size=3).map(lambda found: segments(*found))


def visits(comparison: str, value: Any) -> Condition:
    """A condition on visits: ``visits("at-least", 3)``."""
    return Condition("visits", Comparison(comparison), value)


RECENT = Condition("recency_days", Comparison.AT_MOST, 30)
OFTEN = Condition("frequency", Comparison.AT_LEAST, 5)
REGULARS = RuleSegments((SegmentRule("regular", RECENT & OFTEN), SegmentRule("new", RECENT)))


def bought(*, days_ago: int = 0, times: int = 1) -> RfmFacts:
    """A customer by when and how often they bought."""
    return RfmFacts(
        customer=CUSTOMER,
        as_of=DAY,
        first_purchase_on=date(2020, 1, 1),
        last_purchase_on=DAY - timedelta(days=days_ago),
        frequency=times,
        monetary=Money(90, "EUR"),
        total=Money(90, "EUR"),
    )


class TestRuleSegmentsLaws:
    """The first rule that a customer meets says which segment they are in."""

    @given(policies, st.lists(st.sampled_from(EVERYBODY), max_size=6))
    def test_laws_of_a_policy(self, policy, facts):
        assert_policy_laws(policy, facts)

    @given(policies, st.sampled_from(EVERYBODY))
    def test_the_first_of_all_rules_that_are_met_decides(self, policy, facts):
        met = [rule.name for rule in policy.rules if rule.condition.holds(facts)]
        assert policy.matching(facts) == tuple(met)
        assert policy(facts).outcome == (met[0] if met else "rest")

    @given(policies, st.sampled_from(EVERYBODY))
    def test_the_outcome_can_be_read_off_the_evidence(self, policy, facts):
        decision = policy(facts)
        *earlier, last = decision.evidence
        assert not any(item.met for item in earlier)
        assert decision.outcome == (last.criterion if last.met else "rest")
        shown = [rule.name for rule in policy.rules][: len(decision.evidence)]
        assert [item.criterion for item in decision.evidence] == shown

    @given(policies)
    def test_overlaps_are_those_that_trying_everybody_finds(self, policy):
        found = {(overlap.first, overlap.second) for overlap in policy.overlaps()}
        names = [rule.name for rule in policy.rules]
        pairs = [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]]
        matching = [policy.matching(facts) for facts in EVERYBODY]
        assert found == {pair for pair in pairs if any({*pair} <= {*met} for met in matching)}

    @given(policies)
    def test_the_example_of_an_overlap_is_one(self, policy):
        for overlap in policy.overlaps():
            facts = evolve(ShopFacts(), **overlap.example)
            for name in (overlap.first, overlap.second):
                rule = policy.rule_of(name)
                assert rule is not None
                assert rule.condition.holds(facts)

    @given(policies)
    def test_a_segment_is_unreachable_if_nobody_gets_into_it(self, policy):
        inhabited = set(policy.outcomes(EVERYBODY))
        empty = tuple(rule.name for rule in policy.rules if rule.name not in inhabited)
        assert policy.unreachable() == empty

    @given(st.lists(conditions, min_size=2, max_size=3), st.permutations("abc"))
    def test_the_order_of_exclusive_rules_does_not_matter(self, found, order):
        policy = segments(*found)
        if policy.overlaps():
            with pytest.raises(InvalidSegmentMap):
                evolve(policy, exclusive=True)
            return
        exclusive = evolve(policy, exclusive=True)
        shuffled = sorted(exclusive.rules, key=lambda rule: order.index(rule.name))
        again = evolve(exclusive, rules=tuple(shuffled))
        assert again.outcomes(EVERYBODY) == policy.outcomes(EVERYBODY)


class TestRuleSegments:
    """Conditions over facts as data, first match, and the reasons why it was no earlier one."""

    @pytest.mark.parametrize(
        ("days_ago", "times", "segment"),
        [(30, 5, "regular"), (31, 5, "rest"), (30, 4, "new"), (0, 1, "new")],
    )
    def test_reaching_a_value_is_enough(self, days_ago, times, segment):
        assert REGULARS(bought(days_ago=days_ago, times=times)).outcome == segment

    def test_the_decision_says_why_it_was_no_earlier_segment(self):
        assert explain(REGULARS(bought(days_ago=2, times=3))) == (
            "new for C-7, by rule segments, as of 2026-06-30\n"
            "- not met: regular; all of these are needed\n"
            "  - met: recency days is 2; at most 30 allowed\n"
            "  - not met: frequency is 3; at least 5 required\n"
            "- met: new; all of these are needed\n"
            "  - met: recency days is 2; at most 30 allowed"
        )

    def test_who_meets_no_rule_sees_all_of_them(self):
        decision = REGULARS(bought(days_ago=40))
        assert decision.outcome == "rest"
        assert [item.criterion for item in decision.unmet] == ["regular", "new"]

    def test_facts_need_no_customer(self):
        @frozen
        class Anonymous:
            as_of: datetime
            visits: int

        at = datetime(2026, 6, 30, 9, tzinfo=UTC)
        decision = segments(visits("at-least", 3))(Anonymous(at, 3))
        assert (decision.outcome, decision.subject, decision.as_of) == ("a", None, at)

    def test_an_unknown_field_is_refused_when_asked_and_before(self):
        with pytest.raises(UnknownField, match="frequency"):
            segments(visits("at-least", 3))(bought())
        with pytest.raises(UnknownField, match="frequency"):
            segments(RECENT, visits("at-least", 3)).checked_for(RfmFacts)
        assert REGULARS.checked_for(RfmFacts) is REGULARS

    def test_each_segment_owns_its_strategy_and_actions(self):
        rule = SegmentRule(
            "cherry pickers",
            visits("at-most", 3),
            strategy="spend less on them",
            actions=("no printed catalogue",),
        )
        policy = RuleSegments((rule,), otherwise="others")
        assert policy.rule_of("cherry pickers") is rule
        assert policy.rule_of("others") is None
        with pytest.raises(InvalidPolicy, match="there are cherry pickers, others"):
            policy.rule_of("cherries")

    @pytest.mark.parametrize("names", [("a", "a"), ("a", "rest"), ("rest",)])
    def test_segments_have_names_of_their_own(self, names):
        with pytest.raises(InvalidPolicy, match="join two rules for one segment with AnyOf"):
            RuleSegments(tuple(SegmentRule(name, RECENT) for name in names))

    def test_there_is_a_rule(self):
        with pytest.raises(InvalidPolicy, match="name at least one segment"):
            RuleSegments(())

    @pytest.mark.parametrize("name", ["", " a"])
    def test_names_can_serve_as_keys(self, name):
        with pytest.raises(ValueError, match="the name of a segment"):
            SegmentRule(name, RECENT)
        with pytest.raises(ValueError, match="the name of a segment"):
            segments(RECENT, otherwise=name)

    def test_a_field_is_of_one_kind_in_all_rules(self):
        with pytest.raises(FieldMismatch, match="visits holds money"):
            segments(visits("at-least", 3), visits("at-least", Money(3, "EUR")))
        with pytest.raises(CurrencyMismatch):
            segments(visits("above", Money(3, "EUR")), ~visits("above", Money(3, "USD")))

    def test_a_shop_owner_can_write_them_down(self):
        text = """
            kind = "rule-segments"
            version = 1

            [data]
            otherwise = "rest"

            [[data.rules]]
            name = "regular"
            condition = { kind = "all-of", conditions = [
              { kind = "condition", field = "recency_days", comparison = "at-most", value = 30 },
              { kind = "condition", field = "frequency", comparison = "at-least", value = 5 },
            ] }

            [[data.rules]]
            name = "new"
            [data.rules.condition]
            kind = "condition"
            field = "recency_days"
            comparison = "at-most"
            value = 30
        """
        assert make_converter(RuleSegments).loads_toml(text) == REGULARS


class TestExclusiveRules:
    """Rules that exclude each other are checked when the policy is built."""

    def test_every_overlap_is_listed_with_an_example(self):
        with pytest.raises(InvalidSegmentMap) as refused:
            segments(
                visits("at-least", 3),
                visits("at-most", 3),
                OneOf("region", ("north",)) & ~Known("orders"),
                exclusive=True,
            )
        assert str(refused.value) == (
            "rules overlap: a and b (where visits is 3); a and c (where visits is 3, region is "
            "north, orders is missing); b and c (where visits is 3, region is north, orders is "
            "missing); narrow one of each pair, or let the first match win with exclusive=False"
        )
        assert [type(each) for each in refused.value.overlaps] == [Overlap] * 3

    @pytest.mark.parametrize(
        ("below", "above"),
        [
            (visits("at-most", 3), visits("at-least", 4)),
            (visits("below", 3), visits("at-least", 3)),
            (visits("below", Decimal("2.5")), visits("at-least", Decimal("2.5"))),
            (visits("below", Decimal("2.5")), visits("at-least", 3)),
            (visits("at-most", Money("9.99", "EUR")), visits("at-least", Money(10, "EUR"))),
            (visits("at-most", DAY), visits("above", DAY)),
            (visits("at-most", date(2026, 6, 30)), visits("at-least", date(2026, 7, 1))),
            (visits("at-most", timedelta(hours=1)), visits("above", timedelta(hours=1))),
            (visits("equals", True), visits("equals", False)),
            (visits("equals", "web"), visits("equals", "shop")),
            (visits("equals", "web"), visits("differs", "web")),
            (visits("equals", "web"), OneOf("visits", ("shop", "app"))),
            (visits("equals", date.max), visits("below", date.max)),
            (visits("below", date.min), visits("at-least", date.min)),
            (
                visits("above", Money.of_minor(MAX_MINOR, "EUR")),
                visits("at-least", Money(1, "EUR")),
            ),
            (Known("visits"), ~Known("visits")),
        ],
    )
    def test_neighbours_do_not_overlap(self, below, above):
        policy = segments(below, above, exclusive=True)
        assert policy.overlaps() == ()

    @pytest.mark.parametrize(
        ("below", "above", "example"),
        [
            (visits("at-most", 3), visits("at-least", 3), 3),
            (visits("at-most", 4), visits("above", 2), 4),
            (visits("below", Decimal("2.5")), visits("above", 2), Decimal("2.49")),
            (visits("below", 3), visits("above", Decimal("2.9")), Decimal("2.99")),
            (visits("below", Money(11, "EUR")), visits("above", Money(9, "EUR")), None),
            (visits("below", date(2026, 7, 2)), visits("above", DAY), date(2026, 7, 1)),
            (visits("differs", "web"), visits("differs", "shop"), "anything but web, shop"),
            (visits("differs", True), Known("visits"), False),
            (~visits("equals", 3), ~visits("equals", 4), None),
            (Known("visits"), Known("orders"), "anything"),
        ],
    )
    def test_an_overlap_of_a_single_value_is_found(self, below, above, example):
        found = segments(below, above).overlaps()
        assert [(each.first, each.second) for each in found] == [("a", "b")]
        assert example in (None, found[0].example["visits"])

    def test_an_example_is_shown_in_words(self):
        overlap = Overlap("a", "b", {"member": True, "new": False, "region": None, "visits": 3})
        assert str(overlap) == (
            "a and b (where member is yes, new is no, region is missing, visits is 3)"
        )

    def test_instants_are_told_apart_to_the_microsecond(self):
        at = datetime(2026, 1, 1, tzinfo=UTC)
        segments(visits("at-most", at), visits("above", at), exclusive=True)
        later = at + timedelta(microseconds=2)
        assert len(segments(visits("above", at), visits("below", later)).overlaps()) == 1

    def test_what_earlier_rules_take_away_is_unreachable(self):
        policy = segments(
            visits("at-least", 3), visits("below", 3), visits("equals", 7), ~Known("visits")
        )
        assert policy.unreachable() == ("c",)

    def test_too_many_combinations_are_not_tried(self):
        wide = Known("a0")
        for number in range(17):
            wide = wide & Known(f"a{number}")  # type: ignore[assignment]
        policy = segments(wide, Known("b"))
        with pytest.raises(InvalidPolicy, match=r"ask policy.matching\(facts\)"):
            policy.overlaps()
        with pytest.raises(InvalidPolicy, match=r"ask policy.matching\(facts\)"):
            evolve(policy, exclusive=True)
