"""What was paid, counted or taken once stays so: after merges, late news and refusals."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from attrs import evolve

from crmkit.errors import IdempotencyMismatch
from crmkit.identifiers import CustomerId, ProductId
from crmkit.loyalty import (
    COUPONS,
    AfterReturn,
    BasketLine,
    CapPeriod,
    Coupon,
    CouponId,
    EarningCap,
    EarningCondition,
    EarningFacts,
    FixedBonus,
    LedgerRefused,
    Qualification,
    ReferralBonus,
    ReturnBasis,
    Reward,
    RewardCatalog,
    RewardLimit,
    RuleShare,
)
from crmkit.period import Period
from crmkit.storage.memory import MemoryStore
from tests.loyalty.shop import (
    ANNA,
    BASE,
    BEN,
    BRONZE,
    CLARA,
    DAY,
    FRIENDS,
    GOLD_DOUBLES,
    JANUARY,
    SILVER,
    TIERS,
    WELCOME,
    bought,
    desk_in_memory,
    euros,
)
from tests.loyalty.shop import joined as with_members

DORA = CustomerId("dora")
BOOK, PEN = ProductId("book"), ProductId("pen")
CAPPED = evolve(BASE, caps=(EarningCap(100, CapPeriod.MONTH),))
TODAY = JANUARY + DAY


def joined(desk: Any, *members: CustomerId) -> Any:
    """A desk with members, each of whose decisions is taken to be there."""
    return with_members(desk, *members)


def line(amount, product=None):
    return BasketLine(euros(amount), product)


class TestReferrals:
    """A member is brought by one other, and that is paid for once, whoever is named later."""

    def earned(self, desk, *referrers):
        return [
            desk.purchase(
                bought(BEN, JANUARY + number * DAY, "10.00", referred_by=referrer),
                key=f"o-{number}",
            ).decision.outcome.points
            for number, referrer in enumerate(referrers)
        ]

    def test_another_friend_is_not_paid_for_the_same_member(self):
        desk = joined(desk_in_memory(BASE, FRIENDS), ANNA, BEN, CLARA)
        assert self.earned(desk, ANNA, CLARA) == [110, 10]
        assert desk.balance(CLARA, TODAY).accrued == 0
        assert desk.membership(BEN).referred_by == ANNA

    def test_a_friend_who_is_no_member_brings_somebody_once(self):
        desk = joined(desk_in_memory(BASE, FRIENDS), BEN)
        assert self.earned(desk, DORA, DORA) == [110, 10]

    def test_so_does_a_friend_who_gets_nothing_for_it(self):
        for_one_side = evolve(FRIENDS, gives=ReferralBonus(referred=100))
        desk = joined(desk_in_memory(BASE, for_one_side), ANNA, BEN)
        assert self.earned(desk, ANNA, ANNA) == [110, 10]

    def test_a_purchase_that_is_too_small_settles_nothing(self):
        when = EarningCondition(minimum=euros("5.00"))
        desk = joined(desk_in_memory(BASE, evolve(FRIENDS, when=when)), ANNA, BEN)
        desk.purchase(bought(BEN, JANUARY, "4.99", referred_by=ANNA), key="small")
        assert desk.membership(BEN).referred_by is None
        assert self.earned(desk, ANNA) == [110]

    def test_after_a_merge_it_was_paid_for_too(self):
        desk = joined(desk_in_memory(BASE, FRIENDS), ANNA, BEN, CLARA)
        self.earned(desk, ANNA)
        desk.merge(CLARA, BEN, on=TODAY, key="m")
        again = desk.purchase(bought(CLARA, TODAY, "10.00", referred_by=ANNA), key="o-9")
        assert again.decision.outcome.points == 10
        desk.merge(CLARA, ANNA, on=TODAY, key="m-2")
        assert desk.membership(CLARA).referred_by == ANNA

    def test_heard_of_late_it_counts_in_the_month_of_the_purchase(self):
        capped = evolve(FRIENDS, caps=(EarningCap(200, CapPeriod.MONTH),))
        desk = joined(desk_in_memory(BASE, capped), ANNA, BEN, CLARA)
        january, february = date(2026, 1, 31), date(2026, 2, 2)
        paid = [
            desk.purchase(bought(friend, january, "1.00", referred_by=ANNA), key="o", on=february)
            for friend in (BEN, CLARA)
        ]
        assert paid[0].referral.entry.posting.lot.earned_on == january
        assert paid[1].referral is None


class TestAfterAMerge:
    """Two who turn out to be one have one cap, one limit, and take back what either had bought."""

    THEIRS = EarningFacts(BEN, JANUARY, (line("40.00", BOOK), line("20.00", PEN)))

    def test_a_cap_is_one_cap(self):
        desk = joined(desk_in_memory(CAPPED), ANNA, BEN)
        desk.purchase(bought(BEN, JANUARY, "60.00"), key="o-1")
        desk.purchase(bought(ANNA, JANUARY, "10.00"), key="o-1")
        desk.merge(ANNA, BEN, on=JANUARY, key="m")
        done = desk.purchase(bought(ANNA, TODAY, "100.00"), key="o-2")
        assert done.decision.outcome.points == 30

    def test_goods_of_the_other_make_room_under_it(self):
        desk = joined(desk_in_memory(CAPPED), ANNA, BEN)
        desk.purchase(self.THEIRS, key="o-1")
        desk.purchase(bought(ANNA, JANUARY, "10.00"), key="o-1")
        desk.merge(ANNA, BEN, on=JANUARY, key="m")
        back = (RuleShare("one a euro", -60),)
        desk.reverse(ANNA, "o-1", 60, on=TODAY, key="b", of=BEN, breakdown=back)
        done = desk.purchase(bought(ANNA, TODAY, "100.00"), key="o-2")
        assert done.decision.outcome.points == 90

    def test_what_the_other_bought_is_given_back_by_the_line(self):
        desk = joined(desk_in_memory(BASE), ANNA, BEN, CLARA)
        desk.purchase(self.THEIRS, key="o-1")
        pen, book = (line("20.00", PEN),), (line("40.00", BOOK),)
        desk.give_back(self.THEIRS, pen, purchase="o-1", on=JANUARY, key="b-1")
        desk.merge(ANNA, BEN, on=JANUARY, key="m")
        desk.merge(CLARA, ANNA, on=JANUARY, key="m-2")
        for _ in range(2):
            again = desk.give_back(self.THEIRS, pen, purchase="o-1", on=TODAY, key="b-1")
            assert not again.posted.is_new
            done = desk.give_back(
                self.THEIRS, book, purchase="o-1", on=TODAY, key="b-2", before=pen
            )
            assert done.posted.balance.credited == 40
        balance = desk.balance(CLARA, TODAY)
        assert (balance.available, balance.reversed, balance.is_conserved) == (0, 40, True)
        counted = desk.tier_facts(CLARA, TODAY).qualifications
        assert sum(each.points for each in counted) == sum(each.visits for each in counted) == 0

    def test_a_purchase_of_the_same_key_is_another_one(self):
        desk = joined(desk_in_memory(BASE), ANNA, BEN)
        own = bought(ANNA, JANUARY, "70.00")
        desk.purchase(self.THEIRS, key="o-1")
        desk.purchase(own, key="o-1")
        desk.merge(ANNA, BEN, on=JANUARY, key="m")
        theirs = desk.give_back(self.THEIRS, self.THEIRS.lines, purchase="o-1", on=TODAY, key="b-1")
        ours = desk.give_back(own, own.lines, purchase="o-1", on=TODAY, key="b-2")
        taken = [theirs.decision.outcome.points, ours.decision.outcome.points]
        assert taken == [60, 70]
        assert ours.posted.balance.available == 0


class TestGoodsThatStay:
    """By the line, goods that stay earn what they earned on their day."""

    def test_of_a_gold_member_twice(self):
        desk = joined(desk_in_memory(BASE, GOLD_DOUBLES, returns=ReturnBasis.BY_LINE))
        desk.purchase(bought(ANNA, JANUARY, "5000.00"), key="o-1")
        basket = EarningFacts(ANNA, TODAY, (line("50.00", BOOK), line("50.00", PEN)))
        assert desk.purchase(basket, key="o-2").decision.outcome.points == 200
        back = desk.give_back(basket, basket.lines[1:], purchase="o-2", on=TODAY, key="b")
        assert back.decision.outcome.points == 100

    def test_under_the_cap_as_it_was(self):
        """Forty points were left under the cap, and the goods that stay use them up."""
        desk = joined(desk_in_memory(CAPPED, returns=ReturnBasis.BY_LINE))
        desk.purchase(bought(ANNA, JANUARY, "60.00"), key="o-1")
        basket = EarningFacts(ANNA, JANUARY, (line("50.00", BOOK), line("50.00", PEN)))
        assert desk.purchase(basket, key="o-2").decision.outcome.points == 40
        back = desk.give_back(basket, basket.lines[1:], purchase="o-2", on=TODAY, key="b")
        assert back.decision.outcome.points == 0
        kept = evolve(basket.lines[0], amount=euros("20.00"))
        rest = desk.give_back(
            basket, (kept,), purchase="o-2", on=TODAY, key="b-2", before=basket.lines[1:]
        )
        assert rest.decision.outcome.points == 10

    def test_what_is_over_the_cap_does_not_pay_for_a_bonus_that_goes(self):
        when = EarningCondition(minimum=euros("80.00"))
        bonus = evolve(FRIENDS, name="big basket", gives=FixedBonus(50), when=when)
        desk = joined(desk_in_memory(CAPPED, bonus, returns=ReturnBasis.BY_LINE))
        desk.purchase(bought(ANNA, JANUARY, "60.00"), key="o-1")
        basket = EarningFacts(ANNA, JANUARY, (line("50.00", BOOK), line("50.00", PEN)))
        assert desk.purchase(basket, key="o-2").decision.outcome.points == 40 + 50
        desk.purchase(bought(ANNA, TODAY, "1.00"), key="o-3")
        back = desk.give_back(basket, basket.lines[1:], purchase="o-2", on=TODAY, key="b")
        assert back.decision.outcome.points == 50

    def test_a_referral_that_was_settled_before_is_not_given_back(self):
        desk = joined(desk_in_memory(BASE, FRIENDS, returns=ReturnBasis.BY_LINE), ANNA, BEN)
        first, second = (
            EarningFacts(BEN, day, (line("30.00", BOOK), line("10.00", PEN)), referred_by=ANNA)
            for day in (JANUARY, TODAY)
        )
        earned = [
            desk.purchase(facts, key=key).decision.outcome.points
            for facts, key in ((first, "o-1"), (second, "o-2"))
        ]
        assert earned == [140, 40]
        taken = [
            desk.give_back(facts, facts.lines[1:], purchase=key, on=TODAY, key=f"b-{key}")
            for facts, key in ((first, "o-1"), (second, "o-2"))
        ]
        assert [each.decision.outcome.points for each in taken] == [10, 10]

    def test_a_free_article_that_comes_back_last_is_no_second_visit(self):
        desk = joined(desk_in_memory(BASE))
        basket = EarningFacts(ANNA, JANUARY, (line("50.00", BOOK), line("0.00", PEN)))
        desk.purchase(basket, key="o-1")
        book, pen = ((each,) for each in basket.lines)
        desk.give_back(basket, book, purchase="o-1", on=TODAY, key="b-1")
        desk.give_back(basket, pen, purchase="o-1", on=TODAY, key="b-2", before=book)
        assert [each.visits for each in desk.ledger(ANNA).qualifications()] == [1, -1, 0]

    def test_a_purchase_that_was_free_is_no_visit_once_it_is_back(self):
        desk = joined(desk_in_memory(BASE))
        free = bought(ANNA, JANUARY, "0.00")
        desk.purchase(free, key="o-1")
        desk.give_back(free, free.lines, purchase="o-1", on=TODAY, key="b-1")
        assert [each.visits for each in desk.ledger(ANNA).qualifications()] == [1, -1]


class TestWhenItCounts:
    """What comes late counts for its own day in the caps, and for the tier once it is known."""

    def test_a_return_makes_room_in_the_month_of_the_purchase(self):
        desk = joined(desk_in_memory(CAPPED))
        january, february = date(2026, 1, 31), date(2026, 2, 2)
        basket = bought(ANNA, january, "100.00")
        desk.purchase(basket, key="o-1")
        desk.give_back(basket, basket.lines, purchase="o-1", on=february, key="b-1")
        now = desk.purchase(bought(ANNA, february, "150.00"), key="o-2")
        late = desk.purchase(bought(ANNA, january, "150.00"), key="o-3", on=february)
        assert [each.decision.outcome.points for each in (now, late)] == [100, 100]

    def test_a_late_purchase_lifts_on_the_day_it_is_known(self):
        desk = joined(desk_in_memory(BASE))
        known_on = JANUARY + 20 * DAY
        desk.purchase(bought(ANNA, TODAY, "1000.00"), key="o-1", on=known_on)
        tiers = desk.membership(ANNA).tiers
        assert (tiers.tier, tiers.since) == (SILVER, known_on)

    def test_one_that_earns_nothing_says_where_it_was_all_the_same(self):
        desk = joined(desk_in_memory(BASE))
        done = desk.purchase(bought(ANNA, JANUARY, "0.50"), key="o-1", source="shop-3")
        assert done.posted.entry.posting.source == "shop-3"

    def test_goods_that_come_back_can_take_a_tier_with_them(self):
        desk = joined(desk_in_memory(BASE, tiers=evolve(TIERS, returns=AfterReturn.AT_ONCE)))
        basket = bought(ANNA, JANUARY, "1000.00")
        desk.purchase(basket, key="o-1")
        desk.give_back(basket, basket.lines, purchase="o-1", on=TODAY, key="b-1")
        assert desk.membership(ANNA).tiers.tier == BRONZE

    def test_whoever_takes_points_back_may_say_what_counts_no_more(self):
        desk = joined(desk_in_memory(BASE))
        desk.purchase(bought(ANNA, JANUARY, "10.00"), key="o-1")
        visit = Qualification(TODAY, visits=-1)
        desk.reverse(ANNA, "o-1", 4, on=TODAY, key="b-1", qualification=visit)
        assert desk.ledger(ANNA).qualifications()[1] == visit

    def test_only_what_counted_is_taken_back_from_the_tier(self):
        desk = joined(desk_in_memory(BASE, evolve(WELCOME, qualifies=False)))
        basket = bought(ANNA, JANUARY, "10.00", is_first_purchase=True)
        desk.purchase(basket, key="o-1")
        back = desk.give_back(basket, basket.lines, purchase="o-1", on=TODAY, key="b-1")
        assert back.decision.outcome.points == 60
        assert [each.points for each in desk.ledger(ANNA).qualifications()] == [10, -10]


MUG = Reward("mug", 100, stock=2, limits=(RewardLimit(1, CapPeriod.YEAR),))


class TestRewards:
    """The points and the piece, or neither; and one customer has a reward as often as one."""

    @pytest.fixture
    def desk(self):
        desk = joined(desk_in_memory(rewards=RewardCatalog((MUG,))), ANNA, BEN)
        for member in (ANNA, BEN):
            desk.credit(member, 500, on=JANUARY, key="gift", reason="hello")
        return desk

    def noted(self, desk, criterion):
        evidence = desk.can_redeem(ANNA, "mug", TODAY).evidence
        return next(each.observed for each in evidence if each.criterion == criterion)

    def test_a_day_that_the_ledger_refuses_takes_no_piece(self, desk):
        desk.redeem(ANNA, 1, on=TODAY, key="r")
        with desk.store.unit_of_work() as unit:
            with pytest.raises(LedgerRefused):
                desk.redeem_reward(ANNA, "mug", on=JANUARY, key="k", unit=unit)
            unit.commit()
        assert self.noted(desk, "pieces-left") == 2

    def test_a_piece_that_is_given_is_taken_and_not_put_aside(self, desk):
        for member in (ANNA, BEN):
            desk.redeem_reward(member, "mug", on=JANUARY, key="k")
        stock = desk.restock("mug", 1, on=TODAY, key="d-1")
        assert (stock.taken, stock.reserved, stock.left) == (2, 0, 1)

    def test_what_the_other_had_counts_after_a_merge(self, desk):
        desk.redeem_reward(BEN, "mug", on=JANUARY, key="k")
        desk.merge(ANNA, BEN, on=JANUARY, key="m")
        assert desk.redeem_reward(ANNA, "mug", on=TODAY, key="l").posted is None

    def test_and_goes_back_into_stock_when_it_is_cancelled(self, desk):
        desk.redeem_reward(BEN, "mug", on=JANUARY, key="k")
        desk.roll_back(BEN, "k", 40, on=JANUARY, key="b-1")
        desk.merge(ANNA, BEN, on=JANUARY, key="m")
        desk.roll_back(ANNA, "k", 10, on=TODAY, key="b-2", of=BEN)
        assert (self.noted(desk, "pieces-left"), self.noted(desk, "had-this-year")) == (1, 1)
        desk.roll_back(ANNA, "k", on=TODAY, key="b-3", of=BEN)
        assert (self.noted(desk, "pieces-left"), self.noted(desk, "had-this-year")) == (2, 0)
        assert desk.redeem_reward(ANNA, "mug", on=TODAY, key="k").posted is not None

    def test_another_delivery_under_a_key_is_refused(self, desk):
        first = desk.restock("mug", 5, on=JANUARY, key="d-1")
        with pytest.raises(IdempotencyMismatch):
            desk.restock("mug", 6, on=JANUARY, key="d-1")
        assert desk.restock("mug", 5, on=TODAY, key="d-1") == first
        assert desk.restock("mug", 6, on=TODAY, key="d-2").left == 13


def test_coupons_of_a_member_are_found_the_first_to_begin_first():
    """And those that anybody may use are nobody's."""
    store = MemoryStore()
    months = {"z": Period.month(2026, 2), "a": Period.month(2026, 3), "m": Period.month(2026, 1)}
    with store.unit_of_work() as unit:
        kept = unit.repository(COUPONS)
        for name, month in months.items():
            member = None if name == "m" else ANNA
            coupon = Coupon.issue(
                CouponId(name), JANUARY, euros("5.00"), valid=month, member=member
            )
            kept.add(coupon)
        found = kept.query("by-member", prefix=(ANNA,)).items
        assert [stored.record.id for stored in found] == ["z", "a"]
