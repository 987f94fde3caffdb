"""Earning: every point of a purchase comes from a rule, exactly, and can be explained."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.business_time import Weekday
from crmkit.decision import Decision, Evidence, explain
from crmkit.identifiers import CustomerId, ProductId
from crmkit.loyalty import (
    Accrued,
    BaseRate,
    BasketLine,
    CapPeriod,
    Credited,
    EarningCap,
    EarningCondition,
    EarningFacts,
    EarningRule,
    EarningRules,
    FixedBonus,
    Multiplier,
    Multiplying,
    ReferralBonus,
    ReferralCredit,
    RuleShare,
    Stacking,
)
from crmkit.money import Money, Rounding, round_fraction
from crmkit.period import Period
from tests.loyalty import earning_oracle as oracle
from tests.loyalty.earning_strategies import cases, eur, facts, lines, rule_sets

SUNDAY = date(2026, 3, 1)
MEMBER, FRIEND = CustomerId("M-7"), CustomerId("M-1")


def base(**terms: Any) -> EarningRule:
    """One point a euro."""
    return EarningRule("base", BaseRate(1, per=eur("1.00")), **{"priority": 1} | terms)


def double(**terms: Any) -> EarningRule:
    """Twice the base."""
    return EarningRule("double", Multiplier(2), **{"priority": 2} | terms)


def bonus(points: int = 50, **terms: Any) -> EarningRule:
    """Points on top."""
    return EarningRule("bonus", FixedBonus(points), **{"priority": 3} | terms)


def when(**terms: Any) -> EarningCondition:
    """A condition."""
    return EarningCondition(**terms)


def bought(amount: str, on: date = SUNDAY, **more: Any) -> EarningFacts:
    """A purchase of one line."""
    return EarningFacts.single(MEMBER, on, eur(amount), **more)


def basket(*lines: tuple[str, str | None], **more: Any) -> EarningFacts:
    """A purchase of several lines."""
    made = tuple(
        BasketLine(eur(amount), ProductId(product) if product else None)
        for amount, product in lines
    )
    return EarningFacts(MEMBER, SUNDAY, made, **more)


def points(rules: EarningRules, facts: EarningFacts) -> int:
    """How many points the member has."""
    return rules(facts).outcome.points


def shares(rules: EarningRules, facts: EarningFacts) -> dict[str, int]:
    """How many points each rule gives."""
    return {share.rule: share.points for share in rules(facts).outcome.shares}


# --- laws -----------------------------------------------------------------------------------------


class TestEveryPurchase:
    """Whatever the rules are, points are whole, explained, and never more than the caps let by."""

    @given(case=cases())
    def test_a_second_slow_reckoning_agrees(self, case):
        """An oracle with fractions, line by line, gives the same points to the same rules."""
        rules, facts = case
        exact = oracle.capped(rules, oracle.exact_points(rules, facts), facts.credited)
        total = oracle.whole_points(sum(exact.values(), Fraction(0)), rules.rounding)
        outcome = rules(facts).outcome
        assert outcome.points == total
        assert shares(rules, facts) == oracle.shared(exact, total)
        qualifying = {rule.name for rule in rules.rules if rule.qualifies}
        assert outcome.qualifying_points == sum(
            share.points for share in outcome.shares if share.rule in qualifying
        )

    @given(case=cases())
    def test_the_same_for_whoever_brought_the_customer(self, case):
        """The referrer's side is reckoned like the member's, with the referrer's own caps."""
        rules, facts = case
        exact = oracle.referrer_points(rules, facts)
        left = oracle.capped(rules, exact, facts.referrer_credited)
        referral = rules(facts).outcome.referral
        theirs = {} if referral is None else {s.rule: s.points for s in referral.shares}
        assert theirs == {name: part for name, part in left.items() if part}
        assert referral is None or referral.referrer == facts.referred_by

    @given(case=cases(), data=st.data())
    def test_the_order_of_the_rules_does_not_matter(self, case, data):
        """A priority decides, never the place in a list or the day of an edit."""
        rules, facts = case
        mixed = attrs.evolve(rules, rules=tuple(data.draw(st.permutations(rules.rules))))
        assert mixed(facts) == rules(facts)

    @given(case=cases())
    def test_the_shares_sum_to_the_points_which_are_never_below_zero(self, case):
        """Not one point is without a rule."""
        rules, facts = case
        outcome = rules(facts).outcome
        assert sum(share.points for share in outcome.shares) == outcome.points >= 0
        assert all(share.points > 0 for share in outcome.shares)

    @given(case=cases())
    def test_the_points_can_be_recomputed_from_the_evidence(self, case):
        """The exact parts and the rounding are all there."""
        rules, facts = case
        decision = rules(facts)
        assert recomputed(decision) == decision.outcome.points

    @given(case=cases())
    def test_a_rule_that_is_not_met_gives_nothing(self, case):
        """And a rule that gives something is met."""
        rules, facts = case
        decision = rules(facts)
        met = {each.criterion for each in decision.evidence if each.met}
        assert {f"rule {name}" for name in shares(rules, facts)} <= met
        left = oracle.lines_left(rules, facts)
        assert {f"rule {name}" for name, taken in left.items() if taken} == {
            criterion for criterion in met if criterion.startswith("rule ")
        }

    @given(rules=rule_sets(), data=st.data())
    def test_many_at_once_are_as_one_by_one(self, rules, data):
        """``outcomes`` and ``points`` say what the call says."""
        many = data.draw(st.lists(facts(rules), max_size=4))
        alone = [rules(each).outcome for each in many]
        assert rules.outcomes(many) == alone
        assert rules.points(many) == [each.points for each in alone]

    @given(
        rounding=st.sampled_from(Rounding),
        minor=st.integers(0, 10**6),
        per=st.integers(1, 999),
    )
    def test_rounding_is_the_named_one(self, rounding, minor, per):
        """Once, at the end, as everywhere in the library."""
        rule = EarningRule("base", BaseRate(1, per=Money.of_minor(per, "EUR")), priority=1)
        facts = EarningFacts.single(MEMBER, SUNDAY, Money.of_minor(minor, "EUR"))
        expected = round_fraction(Fraction(minor, per), rounding)
        assert points(EarningRules((rule,), rounding=rounding), facts) == expected


def recomputed(decision: Decision[Accrued]) -> int:
    """The points, from nothing but the evidence."""
    exact, rounding = Fraction(0), Rounding.FLOOR
    for item in decision.evidence:
        if item.criterion.startswith("exact-points "):
            exact += Fraction(str(item.observed))
        if item.criterion == "rounding":
            rounding = Rounding(str(item.observed))
    return round_fraction(exact, rounding)


class TestMoreMoney:
    """Under base rates, whoever pays more never has fewer points."""

    @given(
        first=lines(),
        more=st.integers(0, 2000),
        rates=st.lists(st.tuples(st.integers(1, 5), st.integers(1, 900)), min_size=1, max_size=3),
        rounding=st.sampled_from(Rounding),
    )
    def test_more_is_never_less(self, first, more, rates, rounding):
        """Whatever the rounding."""
        rules = EarningRules(
            tuple(
                EarningRule(f"rate {n}", BaseRate(p, per=Money.of_minor(per, "EUR")), priority=n)
                for n, (p, per) in enumerate(rates)
            ),
            rounding=rounding,
        )
        larger = BasketLine(first.amount + Money.of_minor(more, "EUR"), first.product)
        less, more_points = rules.points(
            [EarningFacts(MEMBER, SUNDAY, (line,)) for line in (first, larger)]
        )
        assert less <= more_points


class TestCapsOverTime:
    """No sequence of purchases gets more through a cap than it lets by."""

    @given(rules=rule_sets(), data=st.data())
    def test_caps_are_never_exceeded(self, rules, data):
        """Each purchase is told what the ones before it had."""
        past: list[tuple[date, tuple[RuleShare, ...]]] = []
        drawn = sorted(data.draw(st.lists(facts(), max_size=8)), key=lambda each: each.on)
        for each in drawn:
            now = attrs.evolve(each, credited=rules.credited(past, each.on), referrer_credited=())
            past.append((each.on, rules(now).outcome.shares))
        for cap in rules.caps:
            assert all(total <= cap.points for total in in_periods(past, cap.per, None))
        for rule in rules.rules:
            for cap in rule.caps:
                assert all(total <= cap.points for total in in_periods(past, cap.per, rule.name))

    def test_what_is_left_of_a_cap_is_given(self):
        """Ninety had, of a hundred: the next thirty are ten, and then none."""
        rules = EarningRules((base(caps=(EarningCap(100, CapPeriod.MONTH),)),))
        history: list[tuple[date, tuple[RuleShare, ...]]]
        history = [(date(2026, 3, 1), (RuleShare("base", 90),))]
        on = date(2026, 3, 31)
        first = rules(bought("30.00", on, credited=rules.credited(history, on))).outcome
        assert first.points == 10
        history.append((on, first.shares))
        assert points(rules, bought("30.00", on, credited=rules.credited(history, on))) == 0

    @pytest.mark.parametrize(
        ("per", "on", "left"),
        [
            (CapPeriod.PURCHASE, date(2026, 1, 31), 100),
            (CapPeriod.DAY, date(2026, 1, 31), 40),
            (CapPeriod.DAY, date(2026, 2, 1), 100),
            (CapPeriod.MONTH, date(2026, 1, 31), 40),
            (CapPeriod.MONTH, date(2026, 1, 1), 40),
            (CapPeriod.MONTH, date(2026, 2, 1), 100),
            (CapPeriod.MONTH, date(2027, 1, 31), 100),
            (CapPeriod.YEAR, date(2026, 12, 31), 40),
            (CapPeriod.YEAR, date(2027, 1, 1), 100),
            (CapPeriod.PROGRAM, date(2099, 1, 1), 40),
        ],
    )
    def test_a_cap_begins_again_with_its_period(self, per, on, left):
        """Sixty were had on 31 January 2026, of a hundred."""
        history = [(date(2026, 1, 31), (RuleShare("base", 60),))]
        for rules in (
            EarningRules((base(caps=(EarningCap(100, per),)),)),
            EarningRules((base(),), caps=(EarningCap(100, per),)),
        ):
            credited = rules.credited(history, on)
            assert points(rules, bought("500.00", on, credited=credited)) == left
            assert rules.looks_back is (per is not CapPeriod.PURCHASE)

    def test_a_cap_for_the_purchase_forgets_what_was_had(self):
        """Even if a host hands in what earlier purchases had."""
        rules = EarningRules((base(caps=(EarningCap(100, CapPeriod.PURCHASE),)),))
        had = Credited(CapPeriod.PURCHASE, 60, "base")
        assert points(rules, bought("500.00", credited=(had,))) == 100

    def test_a_return_makes_room_again(self):
        """Its shares are below zero."""
        rules = EarningRules((base(caps=(EarningCap(100, CapPeriod.YEAR),)),))
        history = [(SUNDAY, (RuleShare("base", 100),)), (SUNDAY, (RuleShare("base", -30),))]
        credited = rules.credited(history, SUNDAY)
        assert points(rules, bought("500.00", credited=credited)) == 30

    def test_a_cap_counts_only_its_own_rule(self):
        """The set counts all of them, also rules that it no longer has."""
        rules = EarningRules(
            (base(caps=(EarningCap(9, CapPeriod.DAY),)),), caps=(EarningCap(99, CapPeriod.DAY),)
        )
        history = [(SUNDAY, (RuleShare("base", 2), RuleShare("gone", 5)))]
        assert {(c.rule, c.points) for c in rules.credited(history, SUNDAY)} == {
            ("base", 2),
            (None, 7),
        }

    @pytest.mark.parametrize(
        ("amount", "met"), [("99.99", True), ("100.00", True), ("100.01", False)]
    )
    def test_a_cap_reached_exactly_does_not_bite(self, amount, met):
        """A hundred of a hundred is all there is to have."""
        rules = EarningRules(
            (base(caps=(EarningCap(100, CapPeriod.PURCHASE),)),), rounding=Rounding.UP
        )
        decision = rules(bought(amount))
        assert decision.outcome.points == 100
        assert named(decision, "cap of rule base per purchase").met is met

    def test_the_last_rules_lose_to_the_cap_of_the_set(self):
        """Thirty of base, thirty by twice, fifty on top, and forty in all."""
        rules = EarningRules(
            (base(), double(), bonus()), caps=(EarningCap(40, CapPeriod.PURCHASE),)
        )
        decision = rules(bought("30.00"))
        assert shares(rules, bought("30.00")) == {"base": 30, "double": 10}
        cap = named(decision, "cap of all rules per purchase")
        assert (cap.observed, cap.required, cap.met) == (110, 40, False)


def in_periods(
    past: list[tuple[date, tuple[RuleShare, ...]]], per: CapPeriod, rule: str | None
) -> list[int]:
    """What was had in each period, one number for each purchase or period."""
    totals: dict[Any, int] = {}
    for number, (day, had) in enumerate(past):
        key = {
            CapPeriod.PURCHASE: number,
            CapPeriod.DAY: day,
            CapPeriod.MONTH: (day.year, day.month),
            CapPeriod.YEAR: day.year,
            CapPeriod.PROGRAM: None,
        }[per]
        of_rule = sum(share.points for share in had if rule in (None, share.rule))
        totals[key] = totals.get(key, 0) + of_rule
    return list(totals.values())


def named(decision: Decision[Any], criterion: str) -> Evidence:
    """The one piece of evidence of that name."""
    (found,) = [each for each in decision.evidence if each.criterion == criterion]
    return found


# --- examples -------------------------------------------------------------------------------------


class TestSetonoFloat:
    """Pain 6: a multiplier applied as a float product and then floored loses points."""

    @pytest.mark.parametrize(
        ("factor", "amount", "points_due"),
        [
            ("1.1", "10.00", 11),
            ("1.1", "30.00", 33),
            ("2.3", "100.00", 230),
            ("1.15", "100.00", 115),
        ],
    )
    def test_a_multiplier_is_exact(self, factor, amount, points_due):
        """100 x 1.15 is 114.99999999999999 in floats."""
        rules = EarningRules((base(), EarningRule("more", Multiplier(factor), priority=2)))
        assert points(rules, bought(amount)) == points_due

    def test_a_float_would_have_lost_a_point(self):
        """The case is a real one."""
        assert int(100 * 1.15) == 114

    def test_an_amount_beyond_what_a_float_can_count_is_exact_as_well(self):
        """To the last cent, at a point a cent."""
        cents = EarningRule("cents", BaseRate(1, per=eur("0.01")), priority=1)
        rules = EarningRules((cents, EarningRule("more", Multiplier("2.33"), priority=2)))
        minor = 977_329_965_204_690_299
        most = EarningFacts.single(MEMBER, SUNDAY, Money.of_minor(minor, "EUR"))
        assert shares(rules, most) == {"cents": minor, "more": minor * 133 // 100}

    def test_rounding_happens_once(self):
        """Half a point of base and half a point by twice make one."""
        rules = EarningRules((base(), double()))
        assert points(rules, bought("0.50")) == 1
        assert shares(rules, bought("0.50")) == {"base": 1}

    def test_lines_are_not_rounded_one_by_one(self):
        """Three lines of 0.40 are 1.20."""
        rules = EarningRules((base(),))
        assert points(rules, basket(("0.40", "a"), ("0.40", "b"), ("0.40", None))) == 1


class TestEditTime:
    """Open Loyalty: of several multipliers only the most recently edited fired."""

    def test_every_multiplier_counts_and_they_add_or_compound_by_name(self):
        """Twice and three times are four times or six times the base."""
        triple = EarningRule("triple", Multiplier(3), priority=3)
        rules = EarningRules((base(), double(), triple))
        assert points(rules, bought("10.00")) == 40
        compound = attrs.evolve(rules, multipliers=Multiplying.COMPOUND)
        assert points(compound, bought("10.00")) == 60
        assert shares(compound, bought("10.00")) == {"base": 10, "double": 10, "triple": 40}

    def test_two_rules_of_one_priority_go_by_name(self):
        """Which of two additions the cap of the set cuts first does not depend on a list."""
        tea = EarningRule("tea", FixedBonus(5), priority=1)
        pot = EarningRule("pot", FixedBonus(5), priority=1)
        for order in ((tea, pot), (pot, tea)):
            rules = EarningRules(order, caps=(EarningCap(7, CapPeriod.PURCHASE),))
            assert shares(rules, bought("1.00")) == {"pot": 5, "tea": 2}

    def test_equal_remainders_go_to_the_earlier_rule(self):
        """As in the allocation of money."""
        rules = EarningRules((base(), double()))
        assert shares(rules, bought("1.50")) == {"base": 2, "double": 1}


class TestConditions:
    """A rule applies when all that it names holds, on the borders as well."""

    @pytest.mark.parametrize(("tier", "met"), [("gold", True), ("silver", False), (None, False)])
    def test_tiers(self, tier, met):
        """A member without a tier is in none."""
        rules = EarningRules((base(), double(when=when(tiers={"gold", "black"}))))
        decision = rules(bought("10.00", tier=tier))
        assert decision.outcome.points == (20 if met else 10)
        assert named(decision, "rule double").met is met

    @pytest.mark.parametrize(("channel", "met"), [("app", True), ("till", False), (None, False)])
    def test_channels(self, channel, met):
        """A purchase whose channel nobody knows came by none."""
        rules = EarningRules((base(), double(when=when(channels=["app"]))))
        assert points(rules, bought("10.00", channel=channel)) == (20 if met else 10)

    @pytest.mark.parametrize(
        ("on", "due"),
        [(date(2026, 2, 28), 10), (date(2026, 3, 1), 20), (date(2026, 3, 2), 10)],
    )
    def test_weekdays(self, on, due):
        """1 March 2026 is a Sunday."""
        rules = EarningRules((base(), double(when=when(weekdays={Weekday.SUNDAY}))))
        assert points(rules, bought("10.00", on)) == due

    @pytest.mark.parametrize(
        ("on", "due"),
        [
            (date(2025, 12, 31), 10),
            (date(2026, 1, 1), 20),
            (date(2026, 1, 31), 20),
            (date(2026, 2, 1), 10),
        ],
    )
    def test_the_last_day_of_a_period_is_in_it(self, on, due):
        """January has a 31st."""
        rules = EarningRules((base(), double(when=when(days=Period.month(2026, 1)))))
        assert points(rules, bought("10.00", on)) == due

    @pytest.mark.parametrize(("amount", "due"), [("49.99", 0), ("50.00", 7), ("50.01", 7)])
    def test_reaching_the_minimum_is_enough(self, amount, due):
        """Fifty is fifty."""
        rules = EarningRules((bonus(7, when=when(minimum=eur("50.00"))),))
        assert points(rules, bought(amount)) == due

    def test_the_minimum_counts_the_lines_that_the_rule_covers(self):
        """Delivery does not help to reach it."""
        rule = bonus(7, when=when(minimum=eur("50.00"), except_products={"delivery"}))
        rules = EarningRules((rule,))
        assert points(rules, basket(("49.00", "tea"), ("5.00", "delivery"))) == 0
        assert points(rules, basket(("30.00", "tea"), ("20.00", None))) == 7

    def test_delivery_and_excluded_goods_earn_nothing(self):
        """A line without a product is not left out."""
        rules = EarningRules((base(when=when(except_products={"delivery", "stamps"})),))
        facts = basket(("10.00", "tea"), ("5.00", "delivery"), ("3.00", None), ("9.00", "stamps"))
        assert points(rules, facts) == 13

    def test_a_multiplier_multiplies_the_lines_it_is_for(self):
        """Twice on tea is not twice on the pot."""
        rules = EarningRules((base(), double(when=when(products={"tea"}))))
        assert points(rules, basket(("10.00", "tea"), ("25.00", "pot"), ("1.00", None))) == 46

    def test_a_multiplier_multiplies_no_bonus(self):
        """It multiplies the base."""
        rules = EarningRules((base(), bonus(50, priority=1), double()))
        assert points(rules, bought("10.00")) == 70

    def test_the_first_purchase(self):
        """A welcome comes once: the host says which purchase is the first."""
        rules = EarningRules((bonus(when=when(first_purchase=True)),))
        assert points(rules, bought("0.00", is_first_purchase=True)) == 50
        assert points(rules, bought("10.00")) == 0

    def test_another_currency_earns_by_a_rate_of_its_own(self):
        """And not at all where there is none."""
        dollars = EarningRule("dollars", BaseRate(2, per=Money("1.00", "USD")), priority=1)
        rules = EarningRules((base(), dollars, double(when=when(minimum=eur("1.00")))))
        in_dollars = EarningFacts.single(MEMBER, SUNDAY, Money("10.00", "USD"))
        in_yen = EarningFacts.single(MEMBER, SUNDAY, Money("1000", "JPY"))
        assert [points(rules, each) for each in (in_dollars, in_yen)] == [20, 0]
        assert points(rules, bought("10.00")) == 20

    def test_a_free_article_earns_nothing_by_rate(self):
        """Zero is an amount."""
        assert rules_of_one(base())(bought("0.00")).outcome == Accrued(0)


def rules_of_one(rule: EarningRule) -> EarningRules:
    """A set of one rule."""
    return EarningRules((rule,))


class TestStacking:
    """Rules add up, are the best of their group, or leave nothing to those after them."""

    def test_an_exclusive_rule_takes_its_lines_from_the_rules_after_it(self):
        """Five a euro on tea and nothing else on tea; the pot earns as always."""
        tea = EarningRule(
            "tea",
            BaseRate(5, per=eur("1.00")),
            priority=0,
            when=when(products={"tea"}),
            stacking=Stacking.EXCLUSIVE,
        )
        rules = EarningRules((base(), double(), tea))
        facts = basket(("10.00", "tea"), ("10.00", "pot"))
        assert shares(rules, facts) == {"tea": 50, "base": 10, "double": 10}

    def test_it_stops_those_after_it_and_not_those_before(self):
        """The bonus comes first, the multiplier after."""
        rules = EarningRules(
            (
                base(priority=1),
                bonus(5, priority=0),
                EarningRule(
                    "staff",
                    FixedBonus(1),
                    priority=2,
                    when=when(tiers={"staff"}),
                    stacking=Stacking.EXCLUSIVE,
                ),
                double(priority=3),
            )
        )
        decision = rules(bought("10.00", tier="staff"))
        assert decision.outcome.points == 16
        stopped = named(decision, "rule double")
        assert [(each.criterion, each.observed) for each in stopped.parts] == [
            ("taken-by", "staff")
        ]
        assert points(rules, bought("10.00", tier="gold")) == 25

    def test_an_exclusive_rule_that_does_not_apply_stops_nothing(self):
        """Its minimum is not reached."""
        only = bonus(7, priority=0, when=when(minimum=eur("50.00")), stacking=Stacking.EXCLUSIVE)
        rules = EarningRules((base(), only))
        assert points(rules, bought("49.00")) == 49
        assert points(rules, bought("50.00")) == 7

    def test_of_a_group_each_line_has_the_best_multiplier(self):
        """Twice for gold, three times for tea: tea three times, the rest twice."""
        group: dict[str, Any] = {"stacking": Stacking.BEST_OF_GROUP, "group": "campaign"}
        gold = double(when=when(tiers={"gold"}), **group)
        tea = EarningRule("tea", Multiplier(3), priority=3, when=when(products={"tea"}), **group)
        rules = EarningRules((base(), gold, tea))
        facts = basket(("10.00", "tea"), ("10.00", "pot"), tier="gold")
        assert shares(rules, facts) == {"base": 20, "double": 10, "tea": 20}

    def test_of_a_group_of_bonuses_the_largest_comes_alone(self):
        """Even if they are for different goods of one purchase."""
        group: dict[str, Any] = {"stacking": Stacking.BEST_OF_GROUP, "group": "thanks"}
        tea = EarningRule("tea", FixedBonus(5), priority=1, when=when(products={"tea"}), **group)
        pot = EarningRule("pot", FixedBonus(9), priority=2, when=when(products={"pot"}), **group)
        rules = EarningRules((tea, pot))
        both = basket(("1.00", "tea"), ("1.00", "pot"))
        decision = rules(both)
        assert shares(rules, both) == {"pot": 9}
        assert named(decision, "rule tea").parts[-1].observed == "pot"
        assert shares(rules, basket(("1.00", "tea"))) == {"tea": 5}

    def test_of_equal_ones_the_earlier_priority_gives(self):
        """So that the breakdown, and a cap, do not depend on luck."""
        group: dict[str, Any] = {"stacking": Stacking.BEST_OF_GROUP, "group": "thanks"}
        early = EarningRule("z", FixedBonus(5), priority=1, when=when(tiers={"gold"}), **group)
        late = EarningRule("a", FixedBonus(5), priority=2, when=when(channels={"app"}), **group)
        rules = EarningRules((late, early))
        assert shares(rules, bought("1.00", tier="gold", channel="app")) == {"z": 5}

    def test_of_a_group_of_rates_each_line_has_the_best(self):
        """Two points a euro are better than fifteen for ten."""
        group: dict[str, Any] = {"stacking": Stacking.BEST_OF_GROUP, "group": "rates"}
        tea = EarningRule(
            "tea", BaseRate(2, per=eur("1.00")), priority=3, when=when(products={"tea"}), **group
        )
        general = EarningRule("all", BaseRate(15, per=eur("10.00")), priority=2, **group)
        rules = EarningRules((tea, general))
        assert shares(rules, basket(("10.00", "tea"), ("10.00", None))) == {"all": 15, "tea": 20}


class TestReferral:
    """Both sides have their points once, at the first purchase that reaches the minimum."""

    rules = EarningRules(
        (
            base(),
            EarningRule(
                "friends",
                ReferralBonus(referrer=500, referred=200),
                priority=2,
                when=EarningCondition(minimum=Money("20.00", "EUR")),
            ),
        )
    )

    def test_both_sides_have_points(self):
        """The referrer's are for another account."""
        outcome = self.rules(bought("20.00", referred_by=FRIEND)).outcome
        assert outcome.points == 220
        assert outcome.referral == ReferralCredit(FRIEND, 500, (RuleShare("friends", 500),))

    @pytest.mark.parametrize(
        "more",
        [
            {"amount": "19.99", "referred_by": FRIEND},
            {"amount": "20.00", "referred_by": FRIEND, "referral_settled": True},
            {"amount": "20.00"},
        ],
    )
    def test_below_the_minimum_or_settled_or_alone_nobody_has_any(self, more):
        """A referral is no reward for coming again."""
        outcome = self.rules(bought(**more)).outcome
        assert outcome.referral is None
        assert outcome.points == int(Decimal(more["amount"]))

    @given(amounts=st.lists(st.integers(0, 4000), max_size=12))
    def test_over_any_sequence_each_side_has_them_exactly_once(self, amounts):
        """If a purchase reached the minimum, and not at all if none did."""
        settled, referrer, referred = False, 0, 0
        for minor in amounts:
            facts = EarningFacts.single(
                MEMBER,
                SUNDAY,
                Money.of_minor(minor, "EUR"),
                referred_by=FRIEND,
                referral_settled=settled,
            )
            outcome = self.rules(facts).outcome
            referred += sum(s.points for s in outcome.shares if s.rule == "friends")
            if outcome.referral is not None:
                referrer += outcome.referral.points
                settled = True
        reached = any(minor >= 2000 for minor in amounts)
        assert (referrer, referred) == ((500, 200) if reached else (0, 0))

    def test_one_side_alone(self):
        """A shop may thank only the one who brought the customer, or only the customer."""
        one = EarningRules((EarningRule("thanks", ReferralBonus(referrer=5), priority=1),))
        outcome = one(bought("1.00", referred_by=FRIEND)).outcome
        assert outcome == Accrued(0, (), 0, ReferralCredit(FRIEND, 5, (RuleShare("thanks", 5),)))
        other = EarningRules((EarningRule("thanks", ReferralBonus(referred=5), priority=1),))
        assert other(bought("1.00", referred_by=FRIEND)).outcome.referral is None

    def test_a_referrer_has_caps_of_their_own(self):
        """Two friends a year bring points, the third does not."""
        rule = EarningRule(
            "friends",
            ReferralBonus(referrer=500, referred=200),
            priority=2,
            caps=(EarningCap(1000, CapPeriod.YEAR),),
        )
        rules = EarningRules((rule,))
        history = [(SUNDAY, (RuleShare("friends", 500),)), (SUNDAY, (RuleShare("friends", 500),))]
        used = rules.credited(history, SUNDAY)
        decision = rules(bought("1.00", referred_by=FRIEND, referrer_credited=used))
        assert (decision.outcome.points, decision.outcome.referral) == (200, None)


class TestExplanation:
    """A member can be told which rule gave what, and why another did not."""

    def test_every_rule_is_told_met_or_not(self):
        """In the order in which they are asked."""
        gold = double(when=when(tiers={"gold"}, minimum=eur("20.00")))
        rules = EarningRules((gold, base(caps=(EarningCap(10, CapPeriod.DAY),))))
        assert explain(rules(bought("12.50", tier="gold"))) == (
            "10 points for M-7, by earning rules, as of 2026-03-01\n"
            "- met: rule base; all of these are needed\n"
            "  - met: currency is EUR; EUR required\n"
            "- not met: rule double; all of these are needed\n"
            "  - met: currency is EUR; EUR required\n"
            "  - met: tier is gold; one of gold required\n"
            "  - not met: amount is 12.50 EUR; at least 20.00 EUR required\n"
            "- not met: cap of rule base per day is 13; at most 10 allowed\n"
            "- noted: exact points base is 10\n"
            "- noted: rounding is floor"
        )

    def test_the_parts_of_a_rule_are_its_conditions(self):
        """Days, weekdays, goods, first purchase, referral."""
        rule = EarningRule(
            "all",
            ReferralBonus(referrer=1, referred=1),
            priority=1,
            when=when(
                weekdays={Weekday.SUNDAY, Weekday.MONDAY},
                days=Period.month(2026, 3),
                products={"tea"},
                channels={"app"},
                first_purchase=True,
            ),
        )
        decision = EarningRules((rule,))(bought("1.00", product="tea"))
        parts = {part.criterion: part for part in decision.evidence[0].parts}
        assert list(parts) == [
            "channel",
            "weekday",
            "day",
            "first-purchase",
            "referred",
            "referral-settled",
            "lines-covered",
        ]
        assert {name for name, part in parts.items() if not part.met} == {
            "channel",
            "first-purchase",
            "referred",
        }
        days = [p.required for p in decision.evidence[0].parts if p.criterion == "day"]
        assert days == [date(2026, 3, 1), date(2026, 3, 31)]
        assert parts["weekday"].required == "monday, sunday"

    def test_the_referrers_points_are_explained_beside_the_members(self):
        """With a name of their own, so that they are not summed up with them."""
        decision = TestReferral.rules(bought("20.00", referred_by=FRIEND))
        assert named(decision, "exact-points-of-referrer friends").observed == 500
        assert recomputed(decision) == 220
        assert decision.subject == "M-7"

    def test_a_decision_says_the_points(self):
        """Grouped, as a person reads them."""
        assert str(Accrued(1200, (RuleShare("base", 1200),))) == "1,200 points"


def test_days_in_a_row_are_all_looked_at():
    """Each weekday is the one of the calendar."""
    for number, weekday in enumerate(Weekday):
        rules = EarningRules((bonus(1, when=when(weekdays={weekday})),))
        monday = date(2026, 2, 23)
        earned = [points(rules, bought("1.00", monday + timedelta(days=n))) for n in range(7)]
        assert [n for n, each in enumerate(earned) if each] == [number]
