"""Returns take points back: in proportion or by the goods that stay, and in the end all of them."""

from __future__ import annotations

from datetime import date
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.decision import explain
from crmkit.errors import CurrencyMismatch, InvalidValue
from crmkit.identifiers import CustomerId, ProductId
from crmkit.loyalty import (
    BaseRate,
    BasketLine,
    EarningCondition,
    EarningFacts,
    EarningRule,
    EarningRules,
    FixedBonus,
    PointsReturn,
    ReturnBasis,
    ReturnFacts,
    RuleShare,
    Stacking,
    TakenBack,
)
from crmkit.money import Money
from tests.loyalty.earning_strategies import cases, eur

ON, BACK_ON = date(2026, 3, 1), date(2026, 3, 9)
BY_LINE, PROPORTIONAL = ReturnBasis.BY_LINE, ReturnBasis.PROPORTIONAL


def line(amount: str, product: str | None = None) -> BasketLine:
    """A line."""
    return BasketLine(eur(amount), ProductId(product) if product else None)


def basket(*lines: BasketLine) -> EarningFacts:
    """A purchase."""
    return EarningFacts(CustomerId("M-7"), ON, lines)


def returned(
    rules: EarningRules, bought: EarningFacts, *back: BasketLine, **more: Any
) -> ReturnFacts:
    """The first return of a purchase."""
    earned = rules(bought).outcome.shares
    return ReturnFacts(purchase=bought, on=BACK_ON, earned=earned, returned=back, **more)


@st.composite
def returns(draw: st.DrawFn) -> tuple[EarningRules, EarningFacts, list[BasketLine]]:
    """Rules, a purchase, and all that was bought, coming back piece by piece."""
    rules, bought = draw(cases())
    pieces = []
    for each in bought.lines:
        cut = draw(st.integers(0, each.amount.minor))
        for minor in {cut, each.amount.minor - cut} if cut else {each.amount.minor}:
            count = 2 if cut and 2 * cut == each.amount.minor else 1
            piece = BasketLine(Money.of_minor(minor, each.amount.currency), each.product)
            pieces += [piece] * count
    return rules, bought, draw(st.permutations(pieces))


class TestEveryReturn:
    """Whatever comes back in whatever order, the sum of what was taken is the part that is due."""

    @given(case=returns(), by=st.sampled_from(ReturnBasis))
    def test_partial_returns_add_up_to_what_was_earned(self, case, by):
        """Rule by rule, and for the tier; and no return ever gives points."""
        rules, bought, pieces = case
        policy = PointsReturn(rules, by)
        earned = rules(bought).outcome
        taken: tuple[RuleShare, ...] = ()
        qualifying, total = 0, 0
        for number, piece in enumerate(pieces):
            facts = ReturnFacts(
                purchase=bought,
                on=BACK_ON,
                earned=earned.shares,
                returned=(piece,),
                before=tuple(pieces[:number]),
                taken=taken,
            )
            outcome = policy(facts).outcome
            assert outcome.points >= 0
            taken += outcome.shares
            total += outcome.points
            qualifying += outcome.qualifying_points
        assert total == earned.points
        assert qualifying == earned.qualifying_points
        left = {share.rule: share.points for share in earned.shares}
        for share in taken:
            left[share.rule] = left.get(share.rule, 0) + share.points
        assert set(left.values()) <= {0}

    @given(case=returns())
    def test_by_line_what_stays_has_earned_what_is_left(self, case):
        """As if the rest had never been bought, unless that were more than there is."""
        rules, bought, pieces = case
        facts = returned(rules, bought, pieces[0])
        if not facts.is_everything:
            taken = PointsReturn(rules, BY_LINE)(facts).outcome.points
            earned = rules(bought).outcome.points
            stays = rules(attrs.evolve(bought, lines=facts.kept)).outcome.points
            assert earned - taken == min(earned, stays)

    @given(case=returns())
    def test_in_proportion_two_returns_are_as_one(self, case):
        """It does not matter in how many parcels the goods come back."""
        rules, bought, pieces = case
        policy = PointsReturn(rules)
        both = policy(returned(rules, bought, *pieces[:2])).outcome.points
        first = policy(returned(rules, bought, pieces[0])).outcome
        then = [
            policy(
                returned(rules, bought, piece, before=(pieces[0],), taken=first.shares)
            ).outcome.points
            for piece in pieces[1:2]
        ]
        # Goods that cost nothing can be all there is, and then the first one takes everything.
        assert first.points + sum(then) == both


class TestOpenLoyalty:
    """Open Loyalty's own example: 40 euros earned 70 points, and goods of 20 that earned none
    come back."""

    rules = EarningRules(
        (
            EarningRule(
                "tea",
                BaseRate(7, per=Money("2.00", "EUR")),
                priority=1,
                when=EarningCondition(products={ProductId("tea")}),
            ),
        )
    )
    bought = basket(line("20.00", "tea"), line("20.00", "pot"))

    def test_in_proportion_it_takes_thirty_five(self):
        """As it does there."""
        assert self.rules(self.bought).outcome.points == 70
        facts = returned(self.rules, self.bought, line("20.00", "pot"))
        assert PointsReturn(self.rules)(facts).outcome == TakenBack(
            35, (RuleShare("tea", -35),), 35
        )

    def test_by_line_it_takes_none(self):
        """What came back had earned none."""
        facts = returned(self.rules, self.bought, line("20.00", "pot"))
        assert PointsReturn(self.rules, BY_LINE)(facts).outcome == TakenBack(0)
        tea = returned(self.rules, self.bought, line("20.00", "tea"))
        assert PointsReturn(self.rules, BY_LINE)(tea).outcome.points == 70

    def test_the_decision_says_why(self):
        """With what was paid, and what came back."""
        facts = returned(self.rules, self.bought, line("20.00", "pot"))
        assert explain(PointsReturn(self.rules, BY_LINE)(facts)) == (
            "0 points back for M-7, by points return, as of 2026-03-09\n"
            "- noted: basis is by-line\n"
            "- noted: paid is 40.00 EUR\n"
            "- noted: returned is 20.00 EUR\n"
            "- noted: points earned is 70\n"
            "- noted: points left is 70\n"
            "- noted: points of what stays is 70\n"
            "- noted: rounding is floor"
        )
        in_proportion = PointsReturn(self.rules)(facts)
        assert "points-of-what-stays" not in {each.criterion for each in in_proportion.evidence}


class TestByLine:
    """What stays earns again, by the same rules on the same day."""

    base = EarningRule("base", BaseRate(1, per=Money("1.00", "EUR")), priority=2)

    def test_a_bonus_goes_when_its_minimum_is_no_longer_reached(self):
        """Fifty for fifty: fifty stay with it, a cent less does not."""
        bonus = EarningRule(
            "bonus", FixedBonus(50), priority=3, when=EarningCondition(minimum=eur("50.00"))
        )
        rules = EarningRules((self.base, bonus))
        bought = basket(line("50.00", "tea"), line("10.00", "pot"))
        policy = PointsReturn(rules, BY_LINE)
        assert policy(returned(rules, bought, line("10.00", "pot"))).outcome.shares == (
            RuleShare("base", -10),
        )
        assert policy(returned(rules, bought, line("10.01", "tea"))).outcome.points == 61

    def test_what_would_earn_more_alone_takes_nothing_back(self):
        """A return never gives points; what is left over is taken at the end."""
        only = EarningRule(
            "only",
            FixedBonus(10),
            priority=1,
            when=EarningCondition(minimum=eur("50.00")),
            stacking=Stacking.EXCLUSIVE,
        )
        rules = EarningRules((self.base, only))
        bought = basket(line("60.00", "tea"))
        policy = PointsReturn(rules, BY_LINE)
        first = returned(rules, bought, line("20.00", "tea"))
        assert rules(bought).outcome.points == 10
        assert policy(first).outcome == TakenBack(0)
        second = attrs.evolve(first, before=first.returned, returned=(line("35.00", "tea"),))
        assert policy(second).outcome == TakenBack(
            5, (RuleShare("only", -10), RuleShare("base", 5)), 5
        )
        last = attrs.evolve(
            first,
            before=(*first.returned, *second.returned),
            returned=(line("5.00", "tea"),),
            taken=policy(second).outcome.shares,
        )
        assert policy(last).outcome == TakenBack(5, (RuleShare("base", -5),), 5)

    def test_goods_come_off_the_lines_of_their_product_one_after_the_other(self):
        """A free article stays until it is all there is."""
        bought = basket(line("5.00", "tea"), line("3.00", "tea"), line("0.00", "pot"), line("2.00"))
        rules = EarningRules((self.base,))
        facts = returned(rules, bought, line("6.00", "tea"))
        assert facts.kept == (line("2.00", "tea"), line("0.00", "pot"), line("2.00"))


class TestEdges:
    """The ends of a return."""

    rules = EarningRules((EarningRule("hello", FixedBonus(3), priority=1),))

    def test_the_first_piece_that_leaves_nothing_paid_takes_everything(self):
        """Also of goods that were free."""
        free = basket(line("0.00", "tea"), line("0.00", "pot"))
        for by in ReturnBasis:
            facts = returned(self.rules, free, line("0.00", "tea"))
            assert PointsReturn(self.rules, by)(facts).outcome.points == 3

    def test_what_is_not_whole_is_rounded_as_the_rules_round(self):
        """A third of three points, twice, and then the rest."""
        bought = basket(line("9.00"))
        facts = returned(self.rules, bought, line("4.00"))
        assert PointsReturn(self.rules)(facts).outcome.points == 1

    def test_what_was_taken_too_early_is_not_taken_again(self):
        """Earlier returns by line may have taken more than the proportion."""
        facts = returned(
            self.rules,
            basket(line("9.00")),
            line("1.00"),
            before=(line("1.00"),),
            taken=(RuleShare("hello", -3),),
        )
        assert PointsReturn(self.rules)(facts).outcome == TakenBack(0)

    @pytest.mark.parametrize(
        "terms",
        [
            {"on": date(2026, 2, 28)},
            {"returned": ()},
            {"returned": (line("9.01"),)},
            {"returned": (line("1.00", "tea"),)},
            {"before": (line("8.01"),)},
            {"taken": (RuleShare("hello", -4),)},
            {"taken": (RuleShare("other", -1),)},
            {"earned": (RuleShare("hello", -1),)},
        ],
    )
    def test_what_is_no_return(self, terms: dict[str, Any]):
        """Before the purchase, of nothing, of more than was bought, or after more was taken."""
        facts = returned(self.rules, basket(line("9.00")), line("1.00"))
        with pytest.raises(InvalidValue):
            attrs.evolve(facts, **terms)

    def test_a_return_is_in_the_currency_of_the_purchase(self):
        """Nothing is converted silently."""
        with pytest.raises(CurrencyMismatch):
            returned(self.rules, basket(line("9.00")), BasketLine(Money(1, "USD")))
