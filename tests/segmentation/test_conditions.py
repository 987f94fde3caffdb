"""Conditions over facts, joined by and, or and not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from operator import eq, ge, gt, le, lt, ne
from types import SimpleNamespace
from typing import Any, NamedTuple

import attrs
import pytest
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

from crmkit.decision import Comparison, Decision, explain
from crmkit.errors import CurrencyMismatch, InvalidMoney, InvalidPolicy, NaiveDatetime
from crmkit.money import Money
from crmkit.segmentation.facts import RfmFacts
from crmkit.segmentation.policies.conditions import (
    AllOf,
    AnyCondition,
    AnyOf,
    Condition,
    FieldMismatch,
    Known,
    Not,
    OneOf,
    UnknownField,
)
from crmkit.segmentation.policies.fields import known_fields
from crmkit.tiering import Tier
from tests.segmentation.policy_laws import DAY, written_and_read

ORDERED: dict[Comparison, Callable[[Any, Any], bool]] = {
    Comparison.AT_LEAST: ge,
    Comparison.AT_MOST: le,
    Comparison.ABOVE: gt,
    Comparison.BELOW: lt,
    Comparison.EQUALS: eq,
    Comparison.DIFFERS: ne,
}
SAMENESS = [Comparison.EQUALS, Comparison.DIFFERS]


class Region(StrEnum):
    """Where a customer lives."""

    NORTH = "north"
    SOUTH = "south"


@frozen(kw_only=True)
class ShopFacts:
    """What a shop of these tests knows about a customer; anything can be missing."""

    visits: int | None = None
    spend: Money | None = None
    score: Decimal | None = None
    region: str | None = None
    member: bool | None = None
    joined_on: date | None = None
    seen_at: datetime | None = None
    stayed: timedelta | None = None
    tier: Tier | None = None


small = st.integers(0, 5)
# One strategy for the values of each field.
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "visits": small,
    "spend": small.map(lambda cents: Money.of_minor(cents, "EUR")),
    "score": small.map(lambda tenths: Decimal(tenths) / 10),
    "region": st.sampled_from(["north", "south", "east"]),
    "member": st.booleans(),
    "joined_on": small.map(lambda days: DAY + timedelta(days=days)),
    "seen_at": small.map(lambda hour: datetime(2026, 1, 1, hour, tzinfo=UTC)),
    "stayed": small.map(lambda minutes: timedelta(minutes=minutes)),
}
shop_facts = st.builds(ShopFacts, **{name: st.none() | values for name, values in VALUES.items()})


@st.composite
def comparisons(draw) -> Condition:
    """A condition on one field."""
    name = draw(st.sampled_from(list(VALUES)))
    without_order = name in ("region", "member")
    comparison = draw(st.sampled_from(SAMENESS if without_order else list(ORDERED)))
    return Condition(name, comparison, draw(VALUES[name]))


words = st.lists(VALUES["region"], min_size=1, max_size=2, unique=True).map(tuple)
leaves: st.SearchStrategy[AnyCondition] = st.one_of(
    comparisons(),
    st.builds(OneOf, st.just("region"), words),
    st.builds(Known, st.sampled_from(list(VALUES))),
)


def joined(parts: st.SearchStrategy[AnyCondition]) -> st.SearchStrategy[AnyCondition]:
    """Conditions on conditions."""
    several = st.lists(parts, min_size=1, max_size=3).map(tuple)
    return st.one_of(st.builds(AllOf, several), st.builds(AnyOf, several), st.builds(Not, parts))


conditions: st.SearchStrategy[AnyCondition] = st.recursive(leaves, joined, max_leaves=6)


def naive(condition: Any, facts: Any) -> bool:
    """An oracle: what a condition means, in one line each."""
    match condition:
        case AllOf():
            return all(naive(part, facts) for part in condition.conditions)
        case AnyOf():
            return any(naive(part, facts) for part in condition.conditions)
        case Not():
            return not naive(condition.condition, facts)
    fact = getattr(facts, condition.field)
    match condition:
        case Known():
            return fact is not None
        case OneOf():
            return fact is not None and fact in condition.values
    return fact is not None and ORDERED[condition.comparison](fact, condition.value)


class TestConditionLaws:
    """Conditions over facts composed with and, or and not, explained condition by condition."""

    @given(conditions, shop_facts)
    def test_a_condition_means_what_it_says(self, condition, facts):
        assert condition.holds(facts) is naive(condition, facts)

    @given(conditions, shop_facts)
    def test_the_evidence_comes_to_the_same_verdict(self, condition, facts):
        assert condition.evidence(facts).met is condition.holds(facts)

    @given(conditions, shop_facts)
    def test_under_the_name_of_a_segment_the_verdict_is_the_same(self, condition, facts):
        evidence = condition.evidence(facts, "regulars")
        assert (evidence.criterion, evidence.met) == ("regulars", condition.holds(facts))

    @given(conditions, conditions, shop_facts)
    def test_and_or_not_are_those_of_logic(self, one, other, facts):
        assert (one & other).holds(facts) is (one.holds(facts) and other.holds(facts))
        assert (one | other).holds(facts) is (one.holds(facts) or other.holds(facts))
        assert (~one).holds(facts) is not one.holds(facts)
        assert (~(one & other)).holds(facts) is (~one | ~other).holds(facts)

    @given(leaves, leaves, leaves)
    def test_a_chain_is_one_list(self, one, other, third):
        assert one & other & third == one & (other & third) == AllOf((one, other, third))
        assert one | other | third == one | (other | third) == AnyOf((one, other, third))
        assert (one & other) | third == AnyOf((AllOf((one, other)), third))

    @given(conditions)
    def test_the_leaves_are_all_conditions_on_single_facts(self, condition):
        single = {"Condition", "OneOf", "Known"}
        assert {type(leaf).__name__ for leaf in condition.leaves()} <= single
        assert str(condition).count("field=") == len(condition.leaves())

    @given(conditions)
    def test_a_condition_is_data(self, condition):
        assert written_and_read(condition) == condition

    @given(leaves)
    def test_a_missing_fact_meets_nothing(self, leaf):
        assert not leaf.holds(ShopFacts())
        assert leaf.evidence(ShopFacts()).met is False

    @given(conditions)
    def test_the_fields_of_a_class_of_facts_are_known_before_there_are_any(self, condition):
        assert condition.checked_for(ShopFacts) is condition


class TestWhatAConditionShows:
    """Every condition says what was found, what was asked, and whether that was met."""

    def test_each_kind_of_condition_in_words(self):
        condition = AllOf(
            (
                Condition("visits", Comparison.ABOVE, 3),
                AnyOf((OneOf("region", ("north", "south")), Known("score"))),
                ~Condition("spend", Comparison.AT_LEAST, Money(100, "EUR")),
            )
        )
        facts = ShopFacts(visits=3, region="east", spend=Money("99.99", "EUR"))
        decision = Decision("new", "rules", DAY, (condition.evidence(facts),))
        assert explain(decision).splitlines()[1:] == [
            "- not met: together; all of these are needed",
            "  - not met: visits is 3; more than 3 required",
            "  - not met: alternatively; one of these is enough",
            "    - not met: region is east; one of north, south required",
            "    - not met: score known is no; yes required",
            "  - met: exception; none of these may hold",
            "    - not met: spend is 99.99 EUR; at least 100.00 EUR required",
        ]

    def test_under_a_name_the_parts_stand_right_below_it(self):
        visits = Condition("visits", Comparison.ABOVE, 3)
        facts = ShopFacts(visits=4)
        shown = {
            how: [part.criterion for part in condition.evidence(facts, "x").parts]
            for how, condition in {
                "leaf": visits,
                "and": visits & Known("score"),
                "or": visits | Known("score"),
                "not": ~visits,
            }.items()
        }
        assert shown == {
            "leaf": ["visits"],
            "and": ["visits", "score-known"],
            "or": ["visits", "score-known"],
            "not": ["visits"],
        }

    def test_a_missing_fact_is_shown_as_missing(self):
        evidence = Condition("joined_on", Comparison.AT_MOST, DAY).evidence(ShopFacts())
        assert (evidence.criterion, evidence.observed, evidence.required) == (
            "joined-on",
            None,
            DAY,
        )

    def test_that_something_is_known_does_not_show_what(self):
        assert Known("region").evidence(ShopFacts(region="north")).observed is True


class TestKinds:
    """A fact is only compared with a value of its kind, and exactly."""

    @pytest.mark.parametrize(
        ("facts", "condition", "holds"),
        [
            (ShopFacts(visits=3), Condition("visits", Comparison.ABOVE, Decimal("2.9")), True),
            (ShopFacts(score=Decimal("0.3")), Condition("score", Comparison.AT_LEAST, 1), False),
            (
                ShopFacts(region=Region.NORTH),
                Condition("region", Comparison.EQUALS, "north"),
                True,
            ),
            (ShopFacts(region=Region.NORTH), OneOf("region", ("south",)), False),
            (ShopFacts(region="north"), OneOf("region", (Region.NORTH,)), True),
            (ShopFacts(tier=Tier("gold", 3)), OneOf("tier", ("gold", "platinum")), True),
            (ShopFacts(tier=Tier("gold", 3)), Condition("tier", Comparison.DIFFERS, "gold"), False),
            (ShopFacts(member=False), Condition("member", Comparison.EQUALS, False), True),
            (ShopFacts(visits=0), Known("visits"), True),
        ],
    )
    def test_what_compares(self, facts, condition, holds):
        assert condition.holds(facts) is holds
        assert condition.evidence(facts).met is holds

    @pytest.mark.parametrize(
        ("fact", "value", "found", "expected"),
        [
            (Money(3, "EUR"), 3, "money", "a number"),
            (3, Money(3, "EUR"), "a number", "money"),
            (True, 1, "yes or no", "a number"),
            (1, True, "a number", "yes or no"),
            ("1", 1, "text", "a number"),
            (0.5, 1, "a value of type float", "a number"),
            ((1, 2), 1, "a value of type tuple", "a number"),
            (datetime(2026, 1, 1, tzinfo=UTC), DAY, "an instant", "a day"),
            (timedelta(days=1), 1, "a duration", "a number"),
            (1, ("1", "2"), "a number", "text"),
        ],
    )
    def test_what_does_not_compare_is_refused(self, fact, value, found, expected):
        several = isinstance(value, tuple)
        condition = OneOf("fact", value) if several else Condition("fact", Comparison.EQUALS, value)
        facts = SimpleNamespace(fact=fact)
        for ask in (condition.holds, condition.evidence):
            with pytest.raises(FieldMismatch) as refused:
                ask(facts)
            error = refused.value
            assert (error.code, error.found, error.expected) == ("field-mismatch", found, expected)
            assert error.field in str(error)

    @pytest.mark.parametrize("comparison", [Comparison.AT_LEAST, Comparison.EQUALS])
    def test_currencies_do_not_mix(self, comparison):
        condition = Condition("spend", comparison, Money(3, "USD"))
        with pytest.raises(CurrencyMismatch):
            condition.holds(ShopFacts(spend=Money(3, "EUR")))

    @pytest.mark.parametrize("condition", [AllOf, AnyOf])
    def test_a_settled_verdict_does_not_hide_a_wrong_condition(self, condition):
        wrong = Condition("visits", Comparison.EQUALS, "three")
        for settled in (Known("visits"), Known("score")):
            with pytest.raises(FieldMismatch):
                condition((settled, wrong)).holds(ShopFacts(visits=3))


class TestFields:
    """Facts are named by the attributes of any object; an unknown one is told the known ones."""

    def test_an_unknown_field_lists_the_known_ones(self):
        condition = Condition("recency_dayz", Comparison.AT_MOST, 30)
        with pytest.raises(UnknownField) as refused:
            condition.holds(ShopFacts())
        error = refused.value
        assert (error.code, error.field) == ("unknown-field", "recency_dayz")
        assert error.known == tuple(sorted(attrs.fields_dict(ShopFacts)))
        assert "; they have joined_on, member, region" in str(error)

    def test_a_method_is_no_fact(self):
        with pytest.raises(UnknownField):
            Known("bit_count").holds(3)

    def test_a_field_can_be_checked_before_there_are_facts(self):
        fine, wrong = Known("recency_days"), Known("recency")
        assert fine.checked_for(RfmFacts) is fine
        with pytest.raises(UnknownField, match="recency_days"):
            AllOf((fine, ~wrong)).checked_for(RfmFacts)

    def test_the_fields_of_facts_of_any_make(self):
        class Named(NamedTuple):
            a: int

        @dataclass
        class Data:
            a: int
            b: int = 0

        @attrs.define(slots=False)
        class Plain:
            a: int

        class Written:
            kind = "not a fact of this customer"

            def __init__(self) -> None:
                self.a, self._hidden = 1, 2

            @property
            def b(self) -> int:
                return 2

            @cached_property
            def c(self) -> int:
                return 3

        assert known_fields(Named(1)) == known_fields(Named) == ("a",)
        assert known_fields(Data(1)) == known_fields(Data) == ("a", "b")
        assert known_fields(Plain(1)) == known_fields(Plain) == ("a",)
        assert known_fields(Written()) == ("a", "b", "c")
        assert known_fields(Written) == ("b", "c")
        assert known_fields(SimpleNamespace(z=1)) == ("z",)
        assert "recency_days" in known_fields(RfmFacts)
        assert "total" in known_fields(RfmFacts)


class TestTermsOfConditions:
    """A condition that could never be asked is refused when it is built."""

    @pytest.mark.parametrize("field", ["", "recency days", "_secret", "__class__", "a.b", "1st"])
    @pytest.mark.parametrize(
        "condition",
        [lambda f: Condition(f, Comparison.EQUALS, 1), lambda f: OneOf(f, ("a",)), Known],
        ids=["Condition", "OneOf", "Known"],
    )
    def test_a_field_is_a_public_attribute(self, condition, field):
        with pytest.raises(InvalidPolicy, match="names a public attribute"):
            condition(field)

    @pytest.mark.parametrize("value", [0.5, None, (1, 2), 1j, Tier("gold", 3)])
    def test_a_value_is_exact(self, value):
        with pytest.raises(InvalidPolicy, match="a Decimal stands for a float"):
            Condition("score", Comparison.AT_LEAST, value)

    @pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("Infinity"), Decimal("1E+99")])
    def test_a_decimal_is_finite_and_of_usual_size(self, value):
        with pytest.raises(InvalidMoney, match="the value of a condition"):
            Condition("score", Comparison.AT_LEAST, value)

    def test_an_instant_has_a_zone(self):
        with pytest.raises(NaiveDatetime):
            Condition("seen_at", Comparison.ABOVE, datetime(2026, 1, 1))  # noqa: DTZ001

    @pytest.mark.parametrize(
        "comparison",
        [Comparison.ONE_OF, Comparison.ALL_OF, Comparison.ANY_OF, Comparison.NONE_OF],
    )
    def test_joining_has_words_of_its_own(self, comparison):
        with pytest.raises(InvalidPolicy, match="use AllOf, AnyOf, Not or OneOf"):
            Condition("region", comparison, "north")

    @pytest.mark.parametrize("value", ["north", True, Region.NORTH])
    @pytest.mark.parametrize(
        "comparison",
        [Comparison.AT_LEAST, Comparison.AT_MOST, Comparison.ABOVE, Comparison.BELOW],
    )
    def test_words_have_no_order(self, comparison, value):
        with pytest.raises(InvalidPolicy, match="has no order"):
            Condition("region", comparison, value)

    @pytest.mark.parametrize("values", [(), "north"])
    def test_one_of_several_words(self, values):
        with pytest.raises(InvalidPolicy, match="name them in a tuple"):
            OneOf("region", values)

    @pytest.mark.parametrize("join", [AllOf, AnyOf])
    def test_nothing_cannot_be_joined(self, join):
        with pytest.raises(InvalidPolicy, match="name at least one condition"):
            join(())
