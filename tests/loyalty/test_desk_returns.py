"""Goods that come back to a member's account, and rewards that go out of stock, at the desk."""

from __future__ import annotations

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import IdempotencyMismatch, InvalidPolicy, InvalidValue
from crmkit.identifiers import ProductId
from crmkit.loyalty import (
    BasketLine,
    CapPeriod,
    EarningCap,
    EarningCondition,
    EarningFacts,
    LedgerRefused,
    LoyaltyDesk,
    NotAMember,
    Redemption,
    ReturnBasis,
    Reward,
    RewardCatalog,
    RewardLimit,
)
from tests.loyalty.shop import (
    ANNA,
    BASE,
    BEN,
    CLARA,
    DAY,
    JANUARY,
    WELCOME,
    bought,
    desk_in_memory,
    euros,
    joined,
    program,
)

BOOK, PEN = ProductId("book"), ProductId("pen")
TODAY = JANUARY + DAY


def line(amount, product=None):
    return BasketLine(euros(amount), product)


class TestGoodsThatComeBack:
    """What comes back takes its points with it, exactly and once."""

    BOUGHT = EarningFacts(ANNA, JANUARY, (line("40.00", BOOK), line("20.00", PEN)))

    @pytest.fixture
    def desk(self, store):
        desk = joined(LoyaltyDesk(store=store, program=program(BASE)))
        desk.purchase(self.BOUGHT, key="o-1")
        return desk

    def back(self, desk, *lines, key="b-1", on=TODAY, before=(), purchase="o-1"):
        return desk.give_back(self.BOUGHT, lines, purchase=purchase, on=on, key=key, before=before)

    def test_the_pen_takes_its_points(self, desk):
        done = self.back(desk, line("20.00", PEN))
        assert done.decision.outcome.points == 20
        assert done.posted.entry.posting.breakdown[0].points == -20
        assert done.posted.balance.available == 40

    def test_again_under_the_same_key_nothing_more_is_taken(self, desk):
        self.back(desk, line("20.00", PEN))
        again = self.back(desk, line("20.00", PEN))
        assert again.decision is None
        assert (again.posted.is_new, again.posted.balance.available) == (False, 40)

    @pytest.mark.parametrize("other", ["19.00", "21.00"])
    def test_another_return_under_the_key_is_refused(self, desk, other):
        self.back(desk, line("20.00", PEN))
        with pytest.raises(IdempotencyMismatch):
            self.back(desk, line(other, BOOK))

    def test_piece_by_piece_everything_goes_and_the_visit_with_it(self, desk):
        self.back(desk, line("20.00", PEN))
        self.back(desk, line("40.00", BOOK), key="b-2", before=(line("20.00", PEN),))
        assert desk.balance(ANNA, TODAY).available == 0
        counted = desk.ledger(ANNA).qualifications()
        assert [each.visits for each in counted] == [1, 0, -1]
        assert sum(each.points for each in counted) == 0
        assert {each.counts_for for each in counted} == {JANUARY}

    def test_more_than_was_bought_does_not_come_back(self, desk):
        with pytest.raises(InvalidValue, match="more of a product"):
            self.back(desk, line("20.01", PEN))

    @pytest.mark.parametrize("purchase", ["o-2", "r-1"])
    def test_a_purchase_that_was_never_posted_is_refused(self, desk, purchase):
        desk.redeem(ANNA, 1, on=JANUARY, key="r-1")
        with pytest.raises(LedgerRefused, match="no purchase"):
            self.back(desk, line("20.00", PEN), purchase=purchase)

    def test_a_stranger_gives_nothing_back(self, desk):
        strange = evolve(self.BOUGHT, member=CLARA)
        with pytest.raises(NotAMember):
            desk.give_back(strange, [line("20.00", PEN)], purchase="o-1", on=TODAY, key="b")

    def test_a_purchase_that_earned_nothing_no_longer_counts(self, desk):
        small = bought(ANNA, JANUARY, "0.50")
        desk.purchase(small, key="o-2")
        done = desk.give_back(small, [line("0.50")], purchase="o-2", on=JANUARY, key="b-2")
        assert done.decision.outcome.points == 0
        counted = [each.spend for each in desk.ledger(ANNA).qualifications()[1:]]
        assert counted == [euros("0.50"), euros("-0.50")]
        assert not desk.give_back(
            small, [line("0.50")], purchase="o-2", on=JANUARY, key="b-2"
        ).posted.is_new

    def test_by_line_a_bonus_goes_when_its_minimum_is_no_longer_reached(self):
        bonus = evolve(WELCOME, when=EarningCondition(minimum=euros("50.00")))
        desk = joined(desk_in_memory(BASE, bonus, returns=ReturnBasis.BY_LINE))
        desk.purchase(self.BOUGHT, key="o-1")
        assert self.back(desk, line("20.00", PEN)).decision.outcome.points == 70

    def test_a_return_makes_room_under_a_cap(self):
        capped = evolve(BASE, caps=(EarningCap(60, CapPeriod.MONTH),))
        desk = joined(desk_in_memory(capped))
        desk.purchase(self.BOUGHT, key="o-1")
        self.back(desk, line("20.00", PEN))
        more = desk.purchase(bought(ANNA, TODAY, "100.00"), key="o-2")
        assert more.posted.balance.available == 60

    @given(parts=st.lists(st.integers(1, 4000), min_size=1, max_size=5), spent=st.integers(0, 60))
    def test_parts_take_exactly_what_was_earned(self, parts, spent):
        """However a purchase comes back, and whatever was spent of its points meanwhile."""
        whole = sum(parts)
        desk = joined(desk_in_memory(BASE))
        basket = EarningFacts(ANNA, JANUARY, (BasketLine(euros("0.01") * whole),))
        earned = desk.purchase(basket, key="o").decision
        assert earned is not None
        if 0 < spent <= earned.outcome.points:
            desk.redeem(ANNA, spent, on=JANUARY, key="r")
        before: tuple[BasketLine, ...] = ()
        for number, part in enumerate(parts):
            now = BasketLine(euros("0.01") * part)
            desk.give_back(basket, [now], purchase="o", on=TODAY, key=f"b-{number}", before=before)
            before = (*before, now)
        balance = desk.balance(ANNA, TODAY)
        assert balance.reversed == earned.outcome.points
        assert balance.total == -balance.redeemed
        assert sum(each.points for each in desk.ledger(ANNA).qualifications()) == 0
        assert balance.is_conserved


MUG = Reward("mug", 100, stock=2, limits=(RewardLimit(1, CapPeriod.MONTH),))
LOUNGE = Reward("lounge", 50, tiers=frozenset({"silver"}), member_days=1)
REWARDS = RewardCatalog((MUG, LOUNGE))


class TestRewards:
    """A member takes a reward: the points and the piece go, or neither does."""

    @pytest.fixture
    def desk(self, store):
        desk = joined(LoyaltyDesk(store=store, program=program(rewards=REWARDS)), ANNA, BEN)
        for member in (ANNA, BEN):
            desk.credit(member, 500, on=JANUARY, key="gift", reason="hello")
        return desk

    def left(self, desk):
        reason = [
            each.observed
            for each in desk.can_redeem(BEN, "mug", TODAY).evidence
            if each.criterion == "pieces-left"
        ]
        return reason[0]

    def take(self, desk, member=ANNA, reward="mug", key="k", on=TODAY):
        return desk.redeem_reward(member, reward, on=on, key=key)

    def test_points_and_piece_go(self, desk):
        done = self.take(desk)
        assert done.decision.outcome.allowed
        assert isinstance(done.posted.entry.posting, Redemption)
        assert done.posted.entry.posting.reward == "mug"
        assert done.posted.balance.available == 400
        assert self.left(desk) == 1

    def test_again_under_the_same_key_nothing_more_goes(self, desk):
        self.take(desk)
        again = self.take(desk)
        assert (again.decision, again.posted.is_new) == (None, False)
        assert again.posted.balance.available == 400
        assert self.left(desk) == 1

    @pytest.mark.parametrize("reward", ["lounge", "mug"])
    def test_the_key_of_something_else_is_refused(self, desk, reward):
        desk.redeem(ANNA, 10, on=TODAY, key="k")
        with pytest.raises(IdempotencyMismatch):
            self.take(desk, reward=reward)

    def test_who_cannot_have_it_is_told_why_and_nothing_is_posted(self, desk):
        done = self.take(desk, reward="lounge", on=JANUARY)
        assert done.posted is None
        assert [each.criterion for each in done.decision.evidence if not each.met] == [
            "tier",
            "days-as-member",
        ]
        assert desk.balance(ANNA, JANUARY).redeemed == 0

    def test_the_tier_opens_doors(self, desk):
        desk.purchase(bought(ANNA, JANUARY, "1000.00"), key="o-1")
        assert desk.rewards(ANNA, TODAY).outcome == ("mug", "lounge")
        assert desk.rewards(BEN, TODAY).outcome == ("mug",)
        assert self.take(desk, reward="lounge").posted.balance.redeemed == 50

    def test_once_a_month_is_once_a_month(self, desk):
        self.take(desk)
        assert self.take(desk, key="l").posted is None
        assert self.take(desk, key="l", on=JANUARY + 31 * DAY).posted is not None

    def test_what_is_gone_is_gone(self, desk):
        joined(desk, CLARA)
        desk.credit(CLARA, 500, on=JANUARY, key="gift", reason="hello")
        for member in (ANNA, BEN):
            assert self.take(desk, member).posted is not None
        assert self.take(desk, CLARA).posted is None
        stock = desk.restock("mug", 1, on=TODAY, key="delivery-1")
        assert stock.left == 1
        assert desk.restock("mug", 1, on=TODAY, key="delivery-1") == stock
        assert self.take(desk, CLARA).posted is not None

    def test_a_delivery_may_come_before_anybody_asks(self, desk):
        assert desk.restock("mug", 5, on=TODAY, key="delivery-1").left == 7

    def test_a_reward_that_is_cancelled_is_in_stock_again(self, desk):
        self.take(desk)
        desk.roll_back(ANNA, "k", 40, on=TODAY, key="b-1")
        assert self.left(desk) == 1
        for _ in range(2):
            desk.roll_back(ANNA, "k", on=TODAY, key="b-2")
        assert self.left(desk) == 2
        assert self.take(desk, key="l").posted is not None

    def test_a_reward_without_a_stock_has_nothing_to_go_back_to(self, desk):
        desk.purchase(bought(ANNA, JANUARY, "1000.00"), key="o-1")
        self.take(desk, reward="lounge")
        assert desk.roll_back(ANNA, "k", on=TODAY, key="b").balance.redeemed == 0

    def test_what_the_host_called_a_reward_is_none_of_the_catalog(self, desk):
        self.take(desk)
        desk.redeem(ANNA, 10, on=TODAY, key="own", reward="mug")
        desk.redeem(ANNA, 10, on=TODAY, key="plain")
        for key in ("own", "plain"):
            desk.roll_back(ANNA, key, on=TODAY, key=f"b-{key}")
        assert self.left(desk) == 1

    def test_a_captured_hold_is_cancelled_without_a_stock(self, desk):
        desk.hold(ANNA, 10, on=TODAY, key="h")
        desk.capture(ANNA, "h", on=TODAY, key="c", reward="mug")
        assert self.take(desk).posted is None
        desk.roll_back(ANNA, "c", on=TODAY, key="b")
        assert self.take(desk).posted is not None

    def test_members_are_served_in_any_order_of_days(self, desk):
        self.take(desk, BEN, on=TODAY + DAY)
        assert self.take(desk, ANNA, on=TODAY).posted is not None
        assert desk.restock("mug", 3, on=JANUARY, key="d").left == 3

    @pytest.mark.parametrize("ask", ["rewards", "can_redeem", "redeem_reward", "restock"])
    def test_a_program_without_rewards_says_so(self, ask):
        desk = joined(desk_in_memory())
        ways = {
            "rewards": lambda: desk.rewards(ANNA, TODAY),
            "can_redeem": lambda: desk.can_redeem(ANNA, "mug", TODAY),
            "redeem_reward": lambda: desk.redeem_reward(ANNA, "mug", on=TODAY, key="k"),
            "restock": lambda: desk.restock("mug", 1, on=TODAY, key="k"),
        }
        with pytest.raises(InvalidValue, match="no rewards"):
            ways[ask]()

    def test_a_program_without_tiers_has_rewards_for_everybody(self):
        desk = joined(desk_in_memory(BASE, tiers=None, rewards=RewardCatalog((MUG,))))
        desk.credit(ANNA, 100, on=JANUARY, key="gift", reason="hello")
        assert self.take(desk).posted is not None
        desk.roll_back(ANNA, "k", on=TODAY, key="b")

    def test_rewards_are_for_tiers_that_there_are(self):
        with pytest.raises(InvalidPolicy, match=r"lounge is for tiers.*platinum"):
            program(rewards=RewardCatalog((evolve(LOUNGE, tiers=frozenset({"platinum"})),)))
