"""What another policy would change, and what would change a decision."""

from __future__ import annotations

import dataclasses
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from itertools import count
from typing import Any

import pytest
from attrs import evolve, field, frozen
from hypothesis import given
from hypothesis import strategies as st

from crmkit.decision import Comparison, Decision, Evidence, at_least, noted
from crmkit.errors import InvalidValue
from crmkit.identifiers import CustomerId
from crmkit.money import MAX_MINOR, Money
from crmkit.segmentation.comparison import (
    Change,
    Mover,
    compare_policies,
    possible_changes,
    smallest_change,
)
from crmkit.segmentation.comparison.changes import Sizable
from crmkit.segmentation.facts import CustomerValue, RfmFacts
from crmkit.segmentation.policies.conditions import AnyCondition, Condition
from crmkit.segmentation.policies.rules import RuleSegments, SegmentRule
from crmkit.tiering import RetieringFacts, RetieringPolicy, Tier, TierHistory, TierLadder
from tests.segmentation.policy_laws import DAY, worth

CUSTOMER = CustomerId("C-7")


@frozen(kw_only=True)
class ShopFacts:
    """What the shop of these tests knows about a customer."""

    customer: CustomerId = CUSTOMER
    as_of: date = DAY
    visits: int = 0
    orders: int = 0


NUMBERS = range(-1, 5)
shop_facts = st.builds(ShopFacts, visits=st.sampled_from(NUMBERS), orders=st.sampled_from(NUMBERS))
leaves: st.SearchStrategy[AnyCondition] = st.builds(
    Condition,
    st.sampled_from(["visits", "orders"]),
    st.sampled_from(list(Comparison)[:6]),
    st.integers(0, 3),
)
conditions = st.recursive(
    leaves,
    lambda parts: st.one_of(
        st.builds(lambda a, b: a & b, parts, parts),
        st.builds(lambda a, b: a | b, parts, parts),
        st.builds(lambda a: ~a, parts),
    ),
    max_leaves=4,
)


def segments(*conditions: AnyCondition) -> RuleSegments:
    """Segments a, b, c by conditions."""
    rules = zip("abc", conditions, strict=False)
    return RuleSegments(tuple(SegmentRule(name, each) for name, each in rules))


policies = st.lists(conditions, min_size=1, max_size=3).map(lambda found: segments(*found))


def spend_tiers(**thresholds: int) -> Any:
    """A policy of a host, just a function: ``spend_tiers(gold=5_000)``, the lowest first."""
    ladder = TierLadder.of("base", *thresholds)

    def policy(facts: CustomerValue, /) -> Decision[Tier]:
        evidence = tuple(
            at_least(f"spend for {name}", facts.value, Money(amount, "EUR"))
            for name, amount in thresholds.items()
        )
        reached = sum(item.met is True for item in evidence)
        return Decision(ladder.tiers[reached], "spend", facts.as_of, evidence, facts.customer)

    return policy


SPEND = spend_tiers(silver=1_000, gold=5_000)


class TestComparePoliciesLaws:
    """Given two policies and the same facts: who moves, from where to where."""

    @given(policies, policies, st.lists(shop_facts, max_size=20))
    def test_everybody_is_counted_once_by_both_outcomes(self, old, new, facts):
        comparison = compare_policies(old, new, facts)
        assert comparison.customers == len(facts) == comparison.unchanged + comparison.moved
        for (before, after), heads in comparison.counts.items():
            ways = [(old(each).outcome, new(each).outcome) for each in facts]
            assert heads == comparison.count(before, after) == ways.count((before, after))

    @given(policies, policies, st.lists(shop_facts, max_size=20))
    def test_the_movers_are_those_whose_outcome_differs(self, old, new, facts):
        comparison = compare_policies(old, new, iter(facts))
        assert [mover.facts for mover in comparison.movers] == [
            each for each in facts if old(each).outcome != new(each).outcome
        ]
        assert len(comparison.movers) == comparison.moved
        for mover in comparison.movers:
            assert (mover.before, mover.after) == (
                old(mover.facts).outcome,
                new(mover.facts).outcome,
            )

    @given(policies, policies, st.lists(shop_facts, max_size=20), st.integers(0, 20))
    def test_a_bound_on_the_movers_kept_does_not_change_the_counts(self, old, new, facts, keep):
        full = compare_policies(old, new, facts)
        bounded = compare_policies(old, new, facts, keep_movers=keep)
        assert (bounded.counts, bounded.moved) == (full.counts, full.moved)
        assert bounded.movers == full.movers[:keep]

    @given(policies, st.lists(shop_facts, max_size=20))
    def test_nobody_moves_to_the_same_policy(self, policy, facts):
        comparison = compare_policies(policy, policy, facts)
        assert (comparison.moved, comparison.movers) == (0, ())

    @given(policies, policies, st.lists(shop_facts, max_size=20))
    def test_the_way_back_is_the_way_there_reversed(self, old, new, facts):
        there, back = compare_policies(old, new, facts), compare_policies(new, old, facts)
        assert back.counts == {(b, a): heads for (a, b), heads in there.counts.items()}

    @given(policies, policies, shop_facts)
    def test_the_reasons_are_what_the_two_do_not_agree_on(self, old, new, facts):
        why = compare_policies(old, new, [facts]).why(Mover(facts, "", ""))
        assert (why.before.outcome, why.after.outcome) == (old(facts).outcome, new(facts).outcome)
        for trimmed, own, other in ((why.before, old, new), (why.after, new, old)):
            theirs = other(facts).evidence
            assert trimmed.evidence == tuple(
                item for item in own(facts).evidence if item not in theirs
            )


class TestComparePolicies:
    """Who moves, from where to where, and why."""

    def test_a_lower_threshold_moves_those_between_the_two(self):
        facts = [worth(Money(amount, "EUR"), f"C-{amount}") for amount in (3_999, 4_000, 5_000)]
        comparison = compare_policies(spend_tiers(gold=5_000), spend_tiers(gold=4_000), facts)
        base, gold = Tier("base", 1), Tier("gold", 2)
        assert [mover.customer for mover in comparison.movers] == ["C-4000"]
        assert comparison.counts == {(base, base): 1, (base, gold): 1, (gold, gold): 1}
        assert comparison.count(gold, base) == 0
        assert str(comparison.why(comparison.movers[0])) == (
            "before: base for C-4000, by spend, as of 2026-06-30\n"
            "- not met: spend for gold is 4,000.00 EUR; at least 5,000.00 EUR required\n"
            "after: gold for C-4000, by spend, as of 2026-06-30\n"
            "- met: spend for gold is 4,000.00 EUR; at least 4,000.00 EUR required"
        )

    def test_what_both_agree_on_is_no_reason(self):
        old, new = spend_tiers(silver=1_000, gold=5_000), spend_tiers(silver=1_000, gold=4_000)
        comparison = compare_policies(old, new, [worth(Money(4_500, "EUR"))])
        why = comparison.why(comparison.movers[0])
        assert [item.criterion for item in why.before.evidence] == ["spend for gold"]
        assert [item.criterion for item in why.after.evidence] == ["spend for gold"]

    def test_the_table_lists_the_best_tier_first(self):
        facts = [worth(Money(amount, "EUR")) for amount in (0, 4_500, 9_000)]
        old, new = spend_tiers(silver=4_000, gold=5_000), spend_tiers(gold=4_000)
        renamed = compare_policies(old, old, facts)
        assert renamed.to_table().splitlines() == [
            r"| old \ new | gold | silver | base |",
            "| --- | ---: | ---: | ---: |",
            "| gold | 1 | 0 | 0 |",
            "| silver | 0 | 1 | 0 |",
            "| base | 0 | 0 | 1 |",
        ]
        assert compare_policies(old, new, facts).moved == 2

    def test_outcomes_can_be_words_of_two_kinds(self):
        class Layer(StrEnum):
            REST = "rest"
            TOP = "top"

        def layers(facts: ShopFacts, /) -> Decision[str]:
            return Decision(Layer.TOP if facts.visits else Layer.REST, "layers", facts.as_of)

        facts = [ShopFacts(), ShopFacts(visits=3)]
        comparison = compare_policies(
            segments(Condition("visits", Comparison.ABOVE, 0)), layers, facts
        )
        assert (comparison.unchanged, comparison.count("a", "top")) == (1, 1)
        assert comparison.to_table().splitlines()[0] == r"| old \ new | a | rest | top |"

    def test_facts_without_a_customer_can_move_too(self):
        assert Mover(object(), "a", "b").customer is None

    def test_millions_are_read_from_a_stream_in_batches(self):
        class Batches:
            sizes: list[int] = []

            def __call__(self, facts: ShopFacts, /) -> Decision[str]:
                raise AssertionError("a batch was offered")

            def outcomes(self, facts: list[ShopFacts]) -> list[str]:
                self.sizes.append(len(facts))
                return ["all"] * len(facts)

        stream = (ShopFacts(visits=n) for n, _ in zip(count(), range(25_000), strict=False))
        comparison = compare_policies(Batches(), Batches(), stream)
        assert comparison.unchanged == 25_000
        assert Batches.sizes == [10_000, 10_000, 10_000, 10_000, 5_000, 5_000]

    def test_a_bound_holds_over_all_batches(self):
        def never(facts: ShopFacts, /) -> Decision[str]:
            return Decision("never", "never", facts.as_of)

        policy = segments(Condition("visits", Comparison.AT_LEAST, 0))
        stream = [ShopFacts()] * 10_001
        comparison = compare_policies(never, policy, stream, keep_movers=10_000)
        assert (comparison.moved, len(comparison.movers)) == (10_001, 10_000)

    def test_a_bound_is_a_count(self):
        policy = segments(Condition("visits", Comparison.ABOVE, 0))
        with pytest.raises(InvalidValue, match="keep_movers is how many"):
            compare_policies(policy, policy, [], keep_movers=-1)

    def test_rules_of_re_tiering_are_compared_like_any_policy(self):
        ladder = TierLadder.of("silver", "gold")
        held = TierHistory(CUSTOMER).changed(ladder.highest, on=date(2026, 1, 1), reason="earned")
        facts = RetieringFacts.of(held, Decision(ladder.lowest, "spend", DAY))
        never = RetieringPolicy(ladder, downgrade=RetieringPolicy(ladder).downgrade.NEVER)
        comparison = compare_policies(never, RetieringPolicy(ladder), [facts])
        assert comparison.count(ladder.highest, ladder.lowest) == 1


def distance(change: Change[str]) -> int:
    """How far a whole number has to move."""
    assert isinstance(change.difference, int)
    return abs(change.difference)


class TestSmallestChangeLaws:
    """Given a decision, the smallest change of one fact that would change it."""

    @given(policies, shop_facts)
    def test_it_is_what_trying_every_number_finds(self, policy, facts):
        here = policy(facts).outcome
        for name in ("visits", "orders"):
            now = getattr(facts, name)
            nearest: dict[str, int] = {}
            for value in range(-8, 12):
                outcome = policy(evolve(facts, **{name: value})).outcome
                size = abs(value - now)
                nearest[outcome] = min(nearest.get(outcome, size), size)
            del nearest[here]
            found = {
                change.outcome: distance(change)
                for change in possible_changes(policy, facts)
                if change.fact == name
            }
            # A rule that was not looked at does not show its values: the nearest change of all does
            # not need them, one to a certain segment may.
            assert min(found.values(), default=None) == min(nearest.values(), default=None)
            assert all(nearest[outcome] <= size for outcome, size in found.items())

    @given(policies, shop_facts)
    def test_every_change_changes_the_decision_as_it_says(self, policy, facts):
        for change in possible_changes(policy, facts):
            assert change.fact is not None
            assert getattr(facts, change.fact) == change.observed
            changed = evolve(facts, **{change.fact: change.needed})
            assert policy(changed).outcome == change.outcome != policy(facts).outcome

    @given(policies, shop_facts, st.sampled_from(["a", "b", "c", "rest"]))
    def test_of_all_changes_the_smallest_is_named(self, policy, facts, to):
        changes = possible_changes(policy, facts)
        smallest = smallest_change(policy, facts)
        wanted = smallest_change(policy, facts, to=to)
        assert (smallest is None) is (not changes)
        assert smallest is None or smallest.relative_size == min(c.relative_size for c in changes)
        assert wanted is None or wanted.outcome == to
        assert (wanted is None) is all(change.outcome != to for change in changes)


class TestSmallestChange:
    """ "800 more points": said where the policy can say it, and None where it cannot."""

    def test_so_much_more_for_the_next_tier(self):
        change = smallest_change(SPEND, worth(Money("4200.00", "EUR")))
        assert change == Change(
            "spend for gold",
            observed=Money(4_200, "EUR"),
            needed=Money(5_000, "EUR"),
            outcome=Tier("gold", 3),
            fact="value",
        )
        assert change.difference == Money(800, "EUR")
        assert change.relative_size == Fraction(800, 5_000)
        assert str(change) == (
            "spend for gold: 800.00 EUR more (5000.00 EUR instead of 4200.00 EUR) gives gold"
        )

    def test_so_little_less_for_a_lower_one(self):
        facts = worth(Money("1000.00", "EUR"))
        change = smallest_change(SPEND, facts)
        assert str(change) == (
            "spend for silver: 0.01 EUR less (999.99 EUR instead of 1000.00 EUR) gives base"
        )
        assert str(smallest_change(SPEND, facts, to=Tier("gold", 3))) == (
            "spend for gold: 4000.00 EUR more (5000.00 EUR instead of 1000.00 EUR) gives gold"
        )

    def test_days_since_a_purchase_change_with_the_day_of_the_purchase(self):
        facts = RfmFacts(
            customer=CUSTOMER,
            as_of=DAY,
            first_purchase_on=date(2025, 1, 1),
            last_purchase_on=DAY - timedelta(days=40),
            frequency=40,
            monetary=Money(90, "EUR"),
            total=Money(90, "EUR"),
        )
        policy = segments(Condition("recency_days", Comparison.AT_MOST, 30))
        change = smallest_change(policy, facts)
        assert str(change) == "recency-days: 10 less (30 instead of 40) gives a".replace("-", " ")
        assert change is not None
        assert change.fact == "last_purchase_on"

    def test_a_date_is_earlier_or_later(self):
        @frozen
        class Joined:
            as_of: date
            joined_on: date

        policy = segments(Condition("joined_on", Comparison.BELOW, date(2026, 1, 1)))
        early = smallest_change(policy, Joined(DAY, date(2025, 12, 31)))
        late = smallest_change(policy, Joined(DAY, date(2026, 1, 10)))
        assert str(early) == (
            "joined on: 1 day later (2026-01-01 instead of 2025-12-31) gives rest"
        )
        assert str(late) == "joined on: 10 days earlier (2025-12-31 instead of 2026-01-10) gives a"
        assert late is not None
        assert late.relative_size == Fraction(10, 365)

    def test_of_two_facts_the_one_that_changes_less_in_proportion(self):
        visits = Condition("visits", Comparison.AT_LEAST, 3)
        orders = Condition("orders", Comparison.AT_LEAST, 30)
        facts = ShopFacts(visits=1, orders=25)
        change = smallest_change(segments(visits | orders), facts)
        assert (change and change.fact, change and change.difference) == ("orders", 5)

    def test_two_facts_that_must_change_together_are_no_single_change(self):
        visits = Condition("visits", Comparison.AT_LEAST, 3)
        orders = Condition("orders", Comparison.AT_LEAST, 3)
        assert smallest_change(segments(visits & orders), ShopFacts()) is None

    def test_the_fact_that_moves_the_criterion_is_told_from_one_with_the_same_value(self):
        policy = segments(Condition("orders", Comparison.AT_LEAST, 3))
        assert [change.fact for change in possible_changes(policy, ShopFacts())] == ["orders"]

    def test_a_fact_that_decides_unseen_is_not_taken_for_one_with_the_same_value(self):
        @frozen
        class Aging:
            as_of: date
            visits: int

            @property
            def years(self) -> int:
                return 1

        def secretive(facts: Aging, /) -> Decision[str]:
            evidence = (at_least("years", facts.years, 3), noted("visits", facts.visits))
            return Decision("old" if facts.visits > 2 else "young", "x", facts.as_of, evidence)

        assert possible_changes(secretive, Aging(DAY, 1)) == ()

    def test_words_yes_and_no_and_what_was_only_noted_have_no_size(self):
        def wordy(facts: ShopFacts, /) -> Decision[str]:
            evidence = (
                noted("visits", facts.visits),
                Evidence("visits", facts.visits, 3),
                Evidence("visits", facts.visits, Decimal(3), False, Comparison.AT_LEAST),
                Evidence("word", "a", "b", False, Comparison.EQUALS),
                Evidence("asked", False, True, False, Comparison.EQUALS),
                Evidence("missing", None, 3, False, Comparison.AT_LEAST),
            )
            return Decision(str(facts.visits), "wordy", facts.as_of, evidence)

        assert possible_changes(wordy, ShopFacts()) == ()

    def test_facts_that_cannot_be_varied_say_nothing(self):
        class Written:
            as_of, visits = DAY, 1

        policy = segments(Condition("visits", Comparison.AT_LEAST, 3))
        assert policy(Written()).outcome == "rest"
        assert smallest_change(policy, Written()) is None

    def test_what_the_facts_or_the_policy_refuse_is_not_proposed(self):
        @frozen
        class Careful:
            as_of: date
            visits: int

            def __attrs_post_init__(self) -> None:
                if self.visits > 3:
                    raise TypeError

        limited = segments(Condition("visits", Comparison.AT_LEAST, 5))
        assert smallest_change(limited, Careful(DAY, 1)) is None

        def strict(facts: ShopFacts, /) -> Decision[str]:
            if facts.visits > 3:
                raise InvalidValue("too many")
            return limited(facts)

        assert smallest_change(strict, ShopFacts()) is None

    def test_data_classes_are_varied_too(self):
        @dataclasses.dataclass(frozen=True)
        class Data:
            as_of: date
            visits: int
            derived: int = dataclasses.field(init=False, default=1)

        policy = segments(Condition("visits", Comparison.AT_LEAST, 3))
        assert str(smallest_change(policy, Data(DAY, 1))) == (
            "visits: 2 more (3 instead of 1) gives a"
        )

    def test_fields_that_are_not_given_are_not_varied(self):
        @frozen
        class Derived:
            as_of: date
            visits: int = field(init=False, default=1)
            _orders: int = 1

            @property
            def orders(self) -> int:
                return self._orders

        for name in ("visits", "orders"):
            policy = segments(Condition(name, Comparison.AT_LEAST, 3))
            assert possible_changes(policy, Derived(DAY)) == ()

    def test_the_day_of_the_facts_stays(self):
        policy = segments(Condition("as_of", Comparison.AT_LEAST, date(2026, 7, 1)))
        assert possible_changes(policy, ShopFacts()) == ()

    def test_at_the_ends_of_the_calendar_and_of_money_there_is_nothing_beyond(self):
        @frozen
        class Extreme:
            as_of: date
            on: date
            days: int
            value: Money

        facts = Extreme(DAY, date.max, 3, Money.of_minor(MAX_MINOR, "EUR"))
        policy = segments(
            Condition("on", Comparison.BELOW, date.max)
            | Condition("value", Comparison.BELOW, Money.of_minor(MAX_MINOR, "EUR"))
            | Condition("days", Comparison.ABOVE, 3)
        )
        assert {change.fact for change in possible_changes(policy, facts)} == {
            "on",
            "days",
            "value",
        }

    @pytest.mark.parametrize(
        ("observed", "required", "text"),
        [
            (Decimal("1.5"), Decimal("2.25"), "0.75 more (2.25 instead of 1.5)"),
            (9_000, 10_000, "1,000 more (10,000 instead of 9,000)"),
            (timedelta(days=3), timedelta(days=1), "2 days less (1 day instead of 3 days)"),
            (timedelta(hours=3), timedelta(hours=1), "2:00:00 less (1:00:00 instead of 3:00:00)"),
            (timedelta(days=2), timedelta(days=3), "1 day more (3 days instead of 2 days)"),
        ],
    )
    def test_each_kind_of_size_in_words(self, observed, required, text):
        @frozen
        class Measured:
            as_of: date
            size: Sizable

        comparison = Comparison.AT_LEAST if required > observed else Comparison.AT_MOST
        policy = segments(Condition("size", comparison, required))
        change = smallest_change(policy, Measured(DAY, observed))
        assert str(change) == f"size: {text} gives a"
        assert change is not None
        assert 0 < change.relative_size < 1

    def test_a_policy_that_knows_better_is_asked(self):
        class Knowing:
            def __call__(self, facts: ShopFacts, /) -> Decision[str]:
                return Decision("rest", "knowing", facts.as_of)

            def possible_changes(self, facts: ShopFacts) -> list[Change[str]]:
                return [Change("points", 4_200, 5_000, "gold"), Change("points", 4_200, 4_100, "a")]

        assert str(smallest_change(Knowing(), ShopFacts(), to="gold")) == (
            "points: 800 more (5,000 instead of 4,200) gives gold"
        )
        assert len(possible_changes(Knowing(), ShopFacts())) == 2

    def test_an_instant_has_no_nearest_one(self):
        @frozen
        class Seen:
            as_of: date
            seen_at: datetime

        at = datetime.fromisoformat("2026-01-01T00:00+00:00")
        policy = segments(Condition("seen_at", Comparison.ABOVE, at))
        assert possible_changes(policy, Seen(DAY, at)) == ()
