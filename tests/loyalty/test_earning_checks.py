"""Earning rules are checked when they are put together, not at the till."""

from __future__ import annotations

import pickle
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.business_time import Weekday
from crmkit.errors import InvalidPolicy
from crmkit.loyalty import (
    BaseRate,
    CapPeriod,
    EarningCap,
    EarningCondition,
    EarningEffect,
    EarningRule,
    EarningRules,
    FixedBonus,
    InvalidEarningRules,
    Multiplier,
    ReferralBonus,
    RuleFinding,
    RuleFlaw,
    Stacking,
)
from crmkit.loyalty.policies.earning_reach import can_meet, contradiction, covers
from crmkit.money import Money
from crmkit.period import Period
from crmkit.tiering import TierLadder
from tests.loyalty import earning_oracle as oracle
from tests.loyalty.earning_strategies import eur, facts, rules

RATE = BaseRate(1, per=eur("1.00"))
EXCLUSIVE = Stacking.EXCLUSIVE
SUNDAYS = frozenset({Weekday.SUNDAY})


def rule(name: str, gives: EarningEffect = RATE, priority: int = 1, **terms: Any) -> EarningRule:
    """A rule; what is no term of a rule is one of its condition."""
    own = {key: terms.pop(key) for key in ("stacking", "group", "caps") if key in terms}
    if "group" in own:
        own["stacking"] = Stacking.BEST_OF_GROUP
    return EarningRule(name, gives, priority=priority, when=EarningCondition(**terms), **own)


def found(*rules: EarningRule, caps: tuple[EarningCap, ...] = ()) -> list[tuple[str, Any]]:
    """What is found in the set: each flaw with the rules that it names."""
    try:
        EarningRules(rules, caps=caps)
    except InvalidEarningRules as invalid:
        return [(finding.flaw.value, finding.rules) for finding in invalid.findings]
    return []


# --- laws -----------------------------------------------------------------------------------------


class TestReach:
    """Whether rules meet or cover each other is told without a single customer, and rightly."""

    @given(one=rules("one"), other=rules("other"), data=st.data())
    def test_who_can_not_meet_never_does(self, one, other, data):
        """Nor do lines that both would cover."""
        bought = data.draw(facts())
        first, second = oracle.applies(one, bought), oracle.applies(other, bought)
        if first and second:
            assert can_meet(one, other, on_a_line=False)
        if set(first) & set(second):
            assert can_meet(one, other, on_a_line=True)

    @given(one=rules("one"), other=rules("other"), data=st.data())
    def test_what_is_covered_is_covered_always(self, one, other, data):
        """Each line of the narrower rule is one of the wider."""
        if covers(one, other):
            bought = data.draw(facts())
            assert set(oracle.applies(other, bought)) <= set(oracle.applies(one, bought))

    @given(one=rules("one"), data=st.data())
    def test_what_contradicts_itself_never_applies(self, one, data):
        """And every rule covers itself and can meet itself, if it can apply at all."""
        bought = data.draw(facts())
        if contradiction(one) is not None:
            assert oracle.applies(one, bought) == []
        else:
            assert covers(one, one)
            assert can_meet(one, one, on_a_line=True)

    @given(drawn=st.lists(rules(), min_size=1, max_size=4), data=st.data())
    def test_the_order_of_the_rules_does_not_matter(self, drawn, data):
        """The same is found, in the same order."""
        named = [
            EarningRule(
                f"r{n}",
                r.gives,
                priority=n % 2,
                when=r.when,
                stacking=r.stacking,
                group=r.group,
                caps=r.caps,
            )
            for n, r in enumerate(drawn)
        ]
        assert found(*named) == found(*data.draw(st.permutations(named)))

    @given(drawn=st.lists(rules(), min_size=1, max_size=4), data=st.data())
    def test_a_hidden_rule_never_gives_anything(self, drawn, data):
        """Left in, it would not change one point."""
        named = [
            EarningRule(
                f"r{n}", r.gives, priority=n, when=r.when, stacking=r.stacking, group=r.group
            )
            for n, r in enumerate(drawn)
        ]
        flaws = found(*named)
        hidden = {who[0] for flaw, who in flaws if flaw in ("hidden", "empty-condition")}
        if not any(flaw == "mixed-group" for flaw, _ in flaws) and hidden:
            bought = data.draw(facts())
            # The oracle knows nothing of the checks, so it takes sets that they refuse.
            reached = oracle.lines_left(_Unchecked(tuple(named)), bought)  # type: ignore[arg-type]
            assert not any(reached[name] for name in hidden)


class _Unchecked:
    """Rules as a set has them, whatever is wrong with them."""

    def __init__(self, rules: tuple[EarningRule, ...]) -> None:
        self.rules = rules


# --- examples -------------------------------------------------------------------------------------


class TestOneRule:
    """A rule that can never do what it says is named."""

    def test_two_rules_of_one_name(self):
        """A breakdown could not tell them apart."""
        assert found(rule("a"), rule("b"), rule("a")) == [("same-name", ("a",))]

    @pytest.mark.parametrize(
        "terms",
        [
            {"products": {"tea"}, "except_products": {"tea", "pot"}},
            # Monday to Saturday.
            {"weekdays": SUNDAYS, "days": Period(date(2026, 3, 2), date(2026, 3, 8))},
            {"minimum": Money(5, "USD")},
        ],
    )
    def test_a_condition_that_nothing_can_meet(self, terms):
        """Everything it names is left out again, or its days and weekdays never meet."""
        assert found(rule("a", **terms), rule("b", FixedBonus(1))) == [("empty-condition", ("a",))]

    @pytest.mark.parametrize(
        "terms",
        [
            {"products": {"tea", "pot"}, "except_products": {"tea"}},
            {"weekdays": SUNDAYS, "days": Period(date(2026, 3, 2), date(2026, 3, 9))},
            {"minimum": eur(5)},
        ],
    )
    def test_a_condition_that_something_can_meet(self, terms):
        """One product, or one Sunday, is enough."""
        assert found(rule("a", **terms)) == []

    def test_a_cap_of_nothing(self):
        """On a rule, or on the set."""
        nothing = (EarningCap(0, CapPeriod.DAY),)
        assert found(rule("a", caps=nothing)) == [("cap-of-zero", ("a",))]
        assert found(rule("a"), caps=nothing) == [("cap-of-zero", ())]

    def test_two_caps_for_one_period(self):
        """Only the lower one could ever bite."""
        caps = (EarningCap(5, CapPeriod.DAY), EarningCap(9, CapPeriod.DAY))
        assert found(rule("a", caps=caps)) == [("same-cap", ("a",))]

    def test_a_tier_that_the_ladder_does_not_know(self):
        """Every one is listed with the ladder, when one is handed in."""
        rules = EarningRules((rule("b", tiers={"black", "gold"}), rule("a", tiers={"lead"})))
        assert rules.checked_for(TierLadder.of("lead", "gold", "black")) is rules
        with pytest.raises(InvalidEarningRules) as caught:
            rules.checked_for(TierLadder.of("silver", "gold"))
        assert [(f.flaw, f.rules) for f in caught.value.findings] == [
            (RuleFlaw.UNKNOWN_TIER, ("a",)),
            (RuleFlaw.UNKNOWN_TIER, ("b",)),
        ]
        assert str(caught.value) == (
            "a: no tier lead on the ladder; there are silver, gold; "
            "b: no tier black on the ladder; there are silver, gold"
        )


class TestSamePriority:
    """Where the order matters, the priority has to say it."""

    def test_in_one_group(self):
        """Which of two equal bonuses gives would be luck."""
        a = rule("a", FixedBonus(5), group="g", tiers={"gold"})
        b = rule("b", FixedBonus(5), group="g", channels={"app"})
        assert found(a, b) == [("same-priority", ("a", "b"))]
        assert found(a, rule("b", FixedBonus(5), 2, group="g", channels={"app"})) == []

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ({"tiers": {"gold"}}, {"tiers": {"silver"}}),
            ({"channels": {"app"}}, {"channels": {"till"}}),
            ({"weekdays": {Weekday.MONDAY}}, {"weekdays": SUNDAYS}),
            ({"days": Period.month(2026, 1)}, {"days": Period.month(2026, 2)}),
            # Three days without a Sunday among them.
            (
                {"days": Period(date(2026, 3, 1), date(2026, 3, 5))},
                {"days": Period(date(2026, 3, 2), date(2026, 3, 20)), "weekdays": SUNDAYS},
            ),
            ({"minimum": eur(5)}, {"minimum": Money(5, "USD")}),
        ],
    )
    def test_rules_that_never_meet_may_share_one(self, one, other):
        """They never stand beside each other."""
        a, b = (
            rule("a", FixedBonus(5), group="g", **one),
            rule("b", FixedBonus(5), group="g", **other),
        )
        assert found(a, b) == []
        exclusive = rule("b", FixedBonus(5), stacking=EXCLUSIVE, **other)
        assert found(rule("a", FixedBonus(5), **one), exclusive) == []

    def test_bonuses_for_different_goods_meet_in_one_purchase(self):
        """Multipliers for different goods do not: they work line by line."""
        tea: dict[str, Any] = {"products": {"tea"}}
        pot: dict[str, Any] = {"products": {"pot"}}
        a, b = (
            rule("a", FixedBonus(5), group="g", **tea),
            rule("b", FixedBonus(5), group="g", **pot),
        )
        assert found(a, b) == [("same-priority", ("a", "b"))]
        c, d = (
            rule("c", Multiplier(2), group="g", **tea),
            rule("d", Multiplier(2), group="g", **pot),
        )
        assert found(rule("base", RATE, 0), c, d) == []

    def test_an_exclusive_rule_and_any_other(self):
        """Whether the other comes before or after would be open."""
        assert found(rule("a", FixedBonus(1)), rule("b", FixedBonus(1), stacking=EXCLUSIVE)) == [
            ("same-priority", ("a", "b"))
        ]
        assert (
            found(
                rule("a", FixedBonus(1), products={"tea"}),
                rule("b", FixedBonus(1), stacking=EXCLUSIVE, except_products={"tea"}),
            )
            == []
        )

    def test_rules_that_add_up_may_share_one(self):
        """Their sum is the same in every order."""
        assert found(rule("a"), rule("b", FixedBonus(1)), rule("c", Multiplier(2))) == []


class TestHidden:
    """A rule that another always comes before could as well be left out."""

    def hidden(self, wide: dict[str, Any], narrow: dict[str, Any]) -> bool:
        """Whether an exclusive bonus with the wide condition hides one with the narrow."""
        flaws = found(
            rule("wide", FixedBonus(1), 1, stacking=EXCLUSIVE, **wide),
            rule("narrow", FixedBonus(9), 2, **narrow),
        )
        assert flaws in ([], [("hidden", ("narrow", "wide"))])
        return bool(flaws)

    @pytest.mark.parametrize(
        ("wide", "narrow"),
        [
            ({}, {}),
            ({}, {"tiers": {"gold"}, "products": {"tea"}, "minimum": eur(5)}),
            ({"tiers": {"gold", "black"}}, {"tiers": {"gold"}}),
            ({"channels": {"app"}}, {"channels": {"app"}}),
            ({"products": {"tea", "pot"}}, {"products": {"tea"}}),
            ({"products": {"tea"}}, {"products": {"tea", "pot"}, "except_products": {"pot"}}),
            ({"except_products": {"pot"}}, {"products": {"tea"}}),
            ({"except_products": {"pot"}}, {"except_products": {"pot", "tea"}}),
            ({"days": Period.year(2026)}, {"days": Period.month(2026, 3)}),
            ({"weekdays": SUNDAYS}, {"weekdays": SUNDAYS, "days": Period.month(2026, 3)}),
            # The one Sunday of these days, and days around them that are none.
            (
                {"days": Period(date(2026, 3, 1), date(2026, 3, 2))},
                {"days": Period(date(2026, 2, 23), date(2026, 3, 8)), "weekdays": SUNDAYS},
            ),
            # From Saturday to Sunday: no other day is asked for.
            (
                {"weekdays": {Weekday.SATURDAY, Weekday.SUNDAY}},
                {"days": Period(date(2026, 2, 28), date(2026, 3, 2))},
            ),
            ({"minimum": eur(5)}, {"minimum": eur(5)}),
            ({"minimum": eur(5)}, {"minimum": eur(6)}),
            ({}, {"first_purchase": True}),
            ({"first_purchase": True}, {"first_purchase": True}),
        ],
    )
    def test_by_an_exclusive_one_that_covers_all_of_it(self, wide, narrow):
        """It never comes to its turn."""
        assert self.hidden(wide, narrow)

    @pytest.mark.parametrize(
        ("wide", "narrow"),
        [
            ({"tiers": {"gold"}}, {}),
            ({"tiers": {"gold"}}, {"tiers": {"gold", "black"}}),
            ({"channels": {"app"}}, {"channels": {"app", "till"}}),
            ({"products": {"tea"}}, {}),
            ({"products": {"tea"}}, {"products": {"tea", "pot"}}),
            ({"except_products": {"pot"}}, {"products": {"pot", "tea"}}),
            ({"except_products": {"pot"}}, {"except_products": {"tea"}}),
            ({"days": Period.year(2026)}, {}),
            ({"days": Period.month(2026, 3)}, {"days": Period(date(2026, 3, 1), date(2026, 4, 2))}),
            (
                {"days": Period.month(2026, 3)},
                {"days": Period(date(2026, 2, 28), date(2026, 4, 1))},
            ),
            ({"weekdays": SUNDAYS}, {}),
            ({"days": Period.year(2026), "weekdays": SUNDAYS}, {"days": Period.month(2026, 3)}),
            ({"minimum": eur("5.01")}, {"minimum": eur(5)}),
            ({"minimum": eur(5)}, {}),
            ({"minimum": eur(5)}, {"minimum": Money(5, "USD")}),
            ({"first_purchase": True}, {}),
        ],
    )
    def test_not_by_one_that_leaves_something(self, wide, narrow):
        """Something that the later rule covers and the earlier does not."""
        assert not self.hidden(wide, narrow)

    def test_not_by_one_that_only_adds_or_comes_later(self):
        """Nothing is taken then."""
        assert found(rule("wide", FixedBonus(1)), rule("narrow", FixedBonus(9), 2)) == []
        later = rule("wide", FixedBonus(1), 3, stacking=EXCLUSIVE)
        assert found(later, rule("narrow", FixedBonus(9), 2)) == []

    def test_not_by_a_referral_which_has_to_be_one(self):
        """A referral is covered by anything, and covers only referrals."""
        friends = ReferralBonus(referrer=1)
        only = rule("friends", friends, stacking=EXCLUSIVE)
        assert found(only, rule("narrow", FixedBonus(9), 2)) == []
        assert found(only, rule("more", friends, 2)) == [("hidden", ("more", "friends"))]

    def test_by_a_better_one_of_its_group(self):
        """Three times is always better than twice, whichever is asked first."""
        base = rule("base", RATE, 0)
        triple = rule("triple", Multiplier(3), 2, group="g")
        double = rule("double", Multiplier(2), 1, group="g", tiers={"gold"})
        assert found(base, triple, double) == [("hidden", ("double", "triple"))]
        assert found(base, rule("double", Multiplier(2), 1, group="g"), triple) == [
            ("hidden", ("double", "triple"))
        ]
        assert found(base, triple, rule("double", Multiplier(2), 1, group="other")) == []
        assert (
            found(
                base,
                rule("triple", Multiplier(3), 2, group="g", tiers={"gold"}),
                rule("double", Multiplier(2), 1, group="g"),
            )
            == []
        )

    def test_not_if_an_exclusive_rule_may_stop_the_better_one(self):
        """Where that stands between the two, the weaker one gives."""
        base = rule("base", RATE, 0)
        double = rule("double", Multiplier(2), 1, group="g")
        staff = rule("staff", FixedBonus(1), 2, stacking=EXCLUSIVE, tiers={"staff"})
        triple = rule("triple", Multiplier(3), 3, group="g")
        assert found(base, double, staff, triple) == []


class TestGroups:
    """Only like is held against like."""

    def test_a_group_of_two_kinds(self):
        """Times the base and points a purchase have no common measure."""
        base = rule("base", RATE, 0)
        assert found(
            base, rule("a", Multiplier(2), 1, group="g"), rule("b", FixedBonus(2), 2, group="g")
        ) == [("mixed-group", ("a", "b"))]

    def test_a_group_of_referrals(self):
        """They pay two accounts."""
        friends = rule("a", ReferralBonus(referred=1), 1, group="g")
        assert found(friends) == [("mixed-group", ("a",))]


class TestNothingToMultiply:
    """A multiplier needs base points on the lines that it covers."""

    @pytest.mark.parametrize(
        "base",
        [
            rule("bonus", FixedBonus(1)),
            rule("base", products={"pot"}),
            rule("base", tiers={"silver"}),
            rule("base", BaseRate(1, per=Money(1, "USD"))),
            rule("base", stacking=EXCLUSIVE, tiers={"gold", "lead"}),
        ],
    )
    def test_without_a_base_rate(self, base):
        """None at all, none for these goods, tiers or currency, or one that leaves nothing."""
        times = rule(
            "times", Multiplier(2), 2, products={"tea"}, tiers={"gold", "black"}, minimum=eur(1)
        )
        assert ("nothing-to-multiply", ("times",)) in found(base, times)

    def test_an_exclusive_multiplier_before_the_base_multiplies_nothing(self):
        """It takes the lines from the base rate; after it, it does what it should."""
        times = rule("times", Multiplier(2), 1, stacking=EXCLUSIVE, tiers={"gold"})
        assert found(times, rule("base", RATE, 2)) == [("nothing-to-multiply", ("times",))]
        assert found(times, rule("base", RATE, 0)) == []

    def test_with_a_base_rate(self):
        """One is enough."""
        times = rule("times", Multiplier(2), 2, products={"tea"})
        assert found(rule("base", products={"pot"}), rule("other"), times) == []


class TestTheError:
    """Everything is told at once."""

    def test_it_lists_every_finding_with_the_names(self):
        """So that a shop mends its file in one go."""
        times = rule("times", Multiplier(2), caps=(EarningCap(0, CapPeriod.DAY),))
        with pytest.raises(InvalidEarningRules) as caught:
            EarningRules((times, times))
        assert isinstance(caught.value, InvalidPolicy)
        assert caught.value.code == "invalid-earning-rules"
        assert [finding.flaw for finding in caught.value.findings] == [
            RuleFlaw.SAME_NAME,
            RuleFlaw.CAP_OF_ZERO,
            RuleFlaw.CAP_OF_ZERO,
            RuleFlaw.NOTHING_TO_MULTIPLY,
            RuleFlaw.NOTHING_TO_MULTIPLY,
        ]
        assert str(caught.value).startswith("times: 2 rules share this name: give each its own; ")

    def test_it_travels_from_one_process_to_another(self):
        """With its findings."""
        finding = RuleFinding(RuleFlaw.SAME_NAME, ("a", "b"), "why")
        again = pickle.loads(pickle.dumps(InvalidEarningRules([finding])))  # noqa: S301
        assert (again.findings, str(again)) == ((finding,), "a and b: why")

    def test_a_set_has_a_rule(self):
        """None at all is a slip."""
        with pytest.raises(InvalidPolicy, match="there is no rule"):
            EarningRules(())
