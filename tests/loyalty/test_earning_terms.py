"""The terms and facts of earning: what is refused, and that a shop can keep them as documents."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given

from crmkit.business_time import Weekday
from crmkit.errors import (
    CurrencyMismatch,
    InvalidDocument,
    InvalidIdentifier,
    InvalidMoney,
    InvalidPolicy,
    InvalidValue,
)
from crmkit.identifiers import CustomerId, OrderId, ProductId
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
    PointsReturn,
    ReferralBonus,
    ReferralCredit,
    ReturnBasis,
    RuleShare,
    Stacking,
    TakenBack,
)
from crmkit.money import Money, Rounding
from crmkit.period import Period
from crmkit.records import Purchase
from crmkit.serialization import make_converter
from tests.loyalty.earning_strategies import cases, eur, rule_sets

ON, MEMBER = date(2026, 3, 1), CustomerId("M-7")
TEA = BasketLine(eur("12.00"), ProductId("tea"))


class TestDocuments:
    """A shop keeps its rules in a file."""

    converter = make_converter(EarningRules, PointsReturn, EarningFacts, Accrued)

    @given(rules=rule_sets())
    def test_rules_come_back_as_they_were(self, rules):
        """With all conditions, caps and groups."""
        assert self.converter.loads(self.converter.dumps(rules)) == rules
        returns = PointsReturn(rules, ReturnBasis.BY_LINE)
        assert self.converter.loads(self.converter.dumps(returns)) == returns

    @given(case=cases())
    def test_facts_and_outcomes_come_back_as_they_were(self, case):
        """So that a decision can be shown again."""
        rules, facts = case
        assert self.converter.loads(self.converter.dumps(facts)) == facts
        accrued = rules(facts).outcome
        assert self.converter.loads(self.converter.dumps(accrued)) == accrued

    def test_rules_can_be_written_by_hand(self):
        """As TOML, with what is not named left to its default."""
        text = """
kind = "earning-rules"
version = 1
[data]
rounding = "half-up"
multipliers = "compound"
caps = [{ points = 5000, per = "year" }]
[[data.rules]]
name = "one a euro"
priority = 1
gives = { kind = "base-rate", points = 1, per = "1.00 EUR" }
when = { except_products = ["delivery"] }
[[data.rules]]
name = "gold Sundays"
priority = 2
gives = { kind = "multiplier", factor = 1.5 }
stacking = "exclusive"
[data.rules.when]
tiers = ["gold"]
weekdays = ["sunday"]
days = { start = 2026-01-01, end = 2027-01-01 }
"""
        assert self.converter.loads_toml(text) == EarningRules(
            (
                EarningRule(
                    "one a euro",
                    BaseRate(1, per=eur("1.00")),
                    priority=1,
                    when=EarningCondition(except_products={ProductId("delivery")}),
                ),
                EarningRule(
                    "gold Sundays",
                    Multiplier(Fraction(3, 2)),
                    priority=2,
                    when=EarningCondition(
                        tiers={"gold"}, weekdays={Weekday.SUNDAY}, days=Period.year(2026)
                    ),
                    stacking=Stacking.EXCLUSIVE,
                ),
            ),
            caps=(EarningCap(5000, CapPeriod.YEAR),),
            rounding=Rounding.HALF_UP,
            multipliers=Multiplying.COMPOUND,
        )

    def test_rules_that_contradict_each_other_are_refused_in_a_file_as_well(self):
        """With the finding."""
        text = """
kind = "earning-rules"
version = 1
[data]
rules = [{ name = "double", priority = 1, gives = { kind = "multiplier", factor = 2.0 } }]
"""
        with pytest.raises(InvalidDocument, match="nothing to multiply"):
            self.converter.loads_toml(text)


class TestTerms:
    """Terms that mean nothing are refused when they are written."""

    @pytest.mark.parametrize("points", [0, -1, True, 1.0, Decimal(1), 10**9 + 1])
    def test_points_are_whole_and_at_least_one(self, points: Any):
        """Not even a Decimal of one."""
        for make in (lambda p: BaseRate(p, per=eur(1)), FixedBonus):
            with pytest.raises(InvalidPolicy, match="whole number of points from 1"):
                make(points)

    def test_the_most_points_are_a_thousand_million(self):
        """That many are still taken."""
        assert FixedBonus(10**9).points == 10**9

    @pytest.mark.parametrize("per", [eur(0), -eur(1), 1])
    def test_a_base_rate_is_per_an_amount(self, per: Any):
        """Above zero."""
        with pytest.raises(InvalidPolicy, match="per an amount above zero"):
            BaseRate(1, per=per)

    @pytest.mark.parametrize("factor", [1, 0, -2, "0.5", "1000.01"])
    def test_a_multiplier_gives_more(self, factor):
        """Less is a base rate of its own."""
        with pytest.raises(InvalidPolicy, match="a multiplier is above 1"):
            Multiplier(factor)

    @pytest.mark.parametrize(
        ("factor", "exact"), [("1.5", Fraction(3, 2)), (1000, 1000), (Decimal("1.1"), "11/10")]
    )
    def test_a_multiplier_is_exact(self, factor: Any, exact):
        """A thousand is the most."""
        assert Multiplier(factor).factor == Fraction(exact)

    def test_a_float_is_no_factor(self):
        """1.1 is none of the numbers that a float knows."""
        with pytest.raises(InvalidMoney, match="factor of a multiplier is a float"):
            Multiplier(1.1)  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        ("referrer", "referred"), [(0, 0), (-1, 5), (5, -1), (True, 1), (1, False)]
    )
    def test_a_referral_gives_points_to_one_side_at_least(self, referrer, referred):
        """And takes none from the other."""
        with pytest.raises(InvalidPolicy):
            ReferralBonus(referrer=referrer, referred=referred)

    @pytest.mark.parametrize("name", ["tiers", "products", "except_products", "channels"])
    def test_a_text_is_no_set_of_words(self, name):
        """Its letters are not meant."""
        text: dict[str, Any] = {name: "gold"}
        with pytest.raises(InvalidPolicy, match="several words"):
            EarningCondition(**text)
        blank: dict[str, Any] = {name: {" gold"}}
        with pytest.raises(InvalidIdentifier):
            EarningCondition(**blank)

    def test_a_weekday_is_one(self):
        """Not just its name."""
        with pytest.raises(InvalidPolicy, match="a weekday is a member"):
            EarningCondition(weekdays={"sunday"})  # type: ignore[arg-type]

    def test_a_minimum_is_above_zero(self):
        """Zero is none."""
        with pytest.raises(InvalidPolicy, match="a minimum is above zero"):
            EarningCondition(minimum=eur(0))
        assert EarningCondition(minimum=eur("0.01")).minimum == eur("0.01")

    @pytest.mark.parametrize("points", [-1, True, 1.5])
    def test_a_cap_is_a_whole_number(self, points):
        """Zero is left to the set, which tells all that is wrong at once."""
        with pytest.raises(InvalidPolicy, match="a cap"):
            EarningCap(points, CapPeriod.DAY)
        assert EarningCap(0, CapPeriod.DAY).points == 0

    @pytest.mark.parametrize(
        ("terms", "message"),
        [
            ({"priority": True}, "a whole number: 1 is asked before 2"),
            ({"priority": "1"}, "a whole number"),
            ({"priority": 1, "group": "g"}, "names its group if, and only if"),
            ({"priority": 1, "stacking": Stacking.BEST_OF_GROUP}, "names its group if"),
        ],
    )
    def test_a_rule_says_where_it_stands(self, terms, message):
        """By priority, and by group if it is the best of one."""
        with pytest.raises(InvalidPolicy, match=message):
            EarningRule("rule", FixedBonus(1), **terms)

    def test_a_rule_has_a_name_and_a_group_has_one(self):
        """Both are keys."""
        with pytest.raises(InvalidIdentifier):
            EarningRule("", FixedBonus(1), priority=1)
        with pytest.raises(InvalidIdentifier):
            EarningRule("a", FixedBonus(1), priority=1, stacking=Stacking.BEST_OF_GROUP, group=" ")

    def test_the_worth_of_a_referral_is_that_of_the_member(self):
        """Groups refuse referrals, but sort before they are asked."""
        rule = EarningRule("a", ReferralBonus(referrer=7, referred=3), priority=1)
        assert rule.worth == 3
        assert rule.preference == (Fraction(-3), 1, "a")


class TestFacts:
    """A purchase is one basket of one member on one day."""

    @pytest.mark.parametrize(
        "terms",
        [
            {"on": datetime(2026, 3, 1)},  # noqa: DTZ001
            {"lines": ()},
            {"member": " M-7"},
            {"tier": ""},
            {"channel": " "},
            {"referred_by": ""},
            {"referred_by": MEMBER},
        ],
    )
    def test_what_is_no_purchase(self, terms: dict[str, Any]):
        """No day, no line, no key, or a member who brought themselves."""
        with pytest.raises(InvalidValue):
            EarningFacts(**dict[str, Any](member=MEMBER, on=ON, lines=(TEA,)) | terms)

    def test_a_basket_is_paid_in_one_currency(self):
        """Nothing is converted silently."""
        with pytest.raises(CurrencyMismatch):
            EarningFacts(MEMBER, ON, (TEA, BasketLine(Money(1, "USD"))))

    @pytest.mark.parametrize(("amount", "product"), [(-eur(1), None), (5, None), (eur(1), " tea")])
    def test_what_is_no_line(self, amount: Any, product: Any):
        """Below zero is a return."""
        with pytest.raises(InvalidValue):
            BasketLine(amount, product)

    def test_two_purchases_never_share_one(self):
        """Not even on one day."""
        assert not CapPeriod.PURCHASE.shared_by(ON, ON)
        assert CapPeriod.DAY.shared_by(ON, ON)

    @pytest.mark.parametrize(("points", "rule"), [(1.0, None), (True, None), (1, "")])
    def test_what_was_credited_is_whole(self, points: Any, rule: Any):
        """And of a rule with a name, or of all."""
        with pytest.raises(InvalidValue):
            Credited(CapPeriod.DAY, points, rule)

    def test_the_lines_of_an_order_make_a_purchase(self):
        """As they come from a file."""
        lines = [
            Purchase(MEMBER, ON, eur("12.00"), product=ProductId("tea"), channel="app"),
            Purchase(MEMBER, ON, eur("5.00"), product=ProductId("delivery"), channel="app"),
        ]
        used = (Credited(CapPeriod.DAY, 3),)
        facts = EarningFacts.of(
            lines,
            tier="gold",
            is_first_purchase=True,
            referred_by=CustomerId("M-1"),
            referral_settled=True,
            credited=used,
            referrer_credited=used * 2,
        )
        assert facts == EarningFacts(
            MEMBER,
            ON,
            (TEA, BasketLine(eur("5.00"), ProductId("delivery"))),
            "gold",
            "app",
            True,
            CustomerId("M-1"),
            True,
            used,
            used * 2,
        )
        assert (facts.total, facts.currency) == (eur("17.00"), "EUR")

    @pytest.mark.parametrize(
        "other",
        [
            {"customer": "M-8"},
            {"on": date(2026, 3, 2)},
            {"order": "O-2"},
            {"channel": "till"},
        ],
    )
    def test_lines_of_several_purchases_make_none(self, other: dict[str, Any]):
        """Nor do none at all."""
        terms: dict[str, Any] = {
            "customer": MEMBER,
            "on": ON,
            "amount": eur(1),
            "order": OrderId("O-1"),
        }
        with pytest.raises(InvalidValue, match="not the lines of one purchase"):
            EarningFacts.of([Purchase(**terms), Purchase(**(terms | other))])
        with pytest.raises(InvalidValue, match="not the lines of one purchase"):
            EarningFacts.of([])

    def test_a_refund_earns_nothing(self):
        """It is a return, and takes points back."""
        with pytest.raises(InvalidValue, match="hand it to PointsReturn"):
            EarningFacts.of([Purchase(MEMBER, ON, -eur(1))])


class TestOutcomes:
    """An outcome adds up, or there is none."""

    shares = (RuleShare("a", 3), RuleShare("b", 4))

    @pytest.mark.parametrize(
        "make",
        [
            lambda s: Accrued(8, s),
            lambda s: Accrued(6, s),
            lambda s: Accrued(6, (RuleShare("a", 3), RuleShare("a", 3))),
            lambda s: Accrued(-1, (RuleShare("a", -1),)),
            lambda s: Accrued(True, (RuleShare("a", 1),)),
            lambda s: Accrued(7, s, -1),
            lambda s: Accrued(7, s, 1.0),  # type: ignore[arg-type]
            lambda s: TakenBack(7, s),
            lambda s: TakenBack(-7, s),
            lambda s: TakenBack(0, (), True),
            lambda s: ReferralCredit(MEMBER, 6, s),
            lambda s: ReferralCredit(MEMBER, 0, ()),
            lambda s: ReferralCredit(CustomerId(""), 7, s),
            lambda s: RuleShare("a", 1.0),  # type: ignore[arg-type]
            lambda s: RuleShare("a", True),
            lambda s: RuleShare("", 1),
        ],
    )
    def test_what_does_not_add_up_is_refused(self, make):
        """Not one point more or less, none of them broken."""
        with pytest.raises(InvalidValue):
            make(self.shares)

    def test_what_adds_up_is_kept(self):
        """Either way round."""
        assert Accrued(7, self.shares, 3).points == 7
        back = TakenBack(7, (RuleShare("a", -9), RuleShare("b", 2)))
        assert str(back) == "7 points back"
