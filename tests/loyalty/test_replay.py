"""A purchase file through a program: the same as if the desk had posted it day by day."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from crmkit.business_time import Weekday
from crmkit.errors import CurrencyMismatch, InvalidPolicy, InvalidValue
from crmkit.identifiers import CustomerId, OrderId, ProductId
from crmkit.loyalty import (
    Balance,
    BaseRate,
    BasketLine,
    Breakage,
    CapPeriod,
    EarningCap,
    EarningCondition,
    EarningFacts,
    EarningRule,
    EarningRules,
    ExpiresAfter,
    ExpiresAtMonthEnd,
    FixedBonus,
    LedgerTerms,
    Lock,
    LoyaltyDesk,
    Multiplier,
    OverReturn,
    PointValue,
    Program,
    ReturnBasis,
    RollingWindow,
    TierPolicy,
    TierThreshold,
    points_by_month,
)
from crmkit.loyalty.comparison.replay import replay_program
from crmkit.loyalty.comparison.replay_difference import compare_replays
from crmkit.loyalty.comparison.replay_events import (
    PointsRedeemed,
    RefusedRedemption,
    UnmatchedRefund,
    baskets,
)
from crmkit.loyalty.comparison.replay_ledger import replay_member
from crmkit.money import Money
from crmkit.period import Unit
from crmkit.records import Purchase
from crmkit.storage.memory import MemoryStore
from crmkit.tiering import Grace, TierLadder

LADDER = TierLadder.of("blue", "silver", "gold")
AS_OF = date(2026, 6, 30)
TERMS = LedgerTerms(ExpiresAfter(3, Unit.MONTH), lock=Lock(14))


def euro(amount: object) -> Money:
    return Money(str(amount), "EUR")


def tiers(*, spend: bool = False) -> TierPolicy:
    amounts = {"silver": 100, "gold": 300}
    thresholds = tuple(
        TierThreshold(tier=LADDER.tier(name), spend=euro(least))
        if spend
        else TierThreshold(tier=LADDER.tier(name), points=least)
        for name, least in amounts.items()
    )
    return TierPolicy(LADDER.tier("blue"), thresholds, RollingWindow(2, Unit.MONTH))


BASE = EarningRule("base", BaseRate(1, per=euro("1.00")), priority=1)
SILVER = EarningRule(
    "silver", Multiplier("1.5"), priority=2, when=EarningCondition(tiers=frozenset({"silver"}))
)
GOLD = EarningRule(
    "gold", Multiplier("3"), priority=2, when=EarningCondition(tiers=frozenset({"gold"}))
)
WELCOME = EarningRule(
    "welcome", FixedBonus(20), priority=3, when=EarningCondition(first_purchase=True)
)
SUNDAY = EarningRule(
    "sunday", Multiplier("2"), priority=4, when=EarningCondition(weekdays={Weekday.SUNDAY})
)
NO_POINTS = EarningRule(
    "status", Multiplier("2"), priority=2, when=EarningCondition(tiers={"gold"}), qualifies=False
)
CAPPED = evolve(BASE, caps=(EarningCap(150, CapPeriod.MONTH),))


def program(*rules: EarningRule, **terms: Any) -> Program:
    said: dict[str, Any] = {"name": "club", "terms": TERMS, "tiers": tiers(), **terms}
    return Program(earning=EarningRules(rules or (BASE, SILVER, GOLD, WELCOME)), **said)


PROGRAMS = [
    program(),
    program(BASE, SILVER, SUNDAY, GOLD),
    program(BASE, NO_POINTS),
    program(BASE, SILVER, tiers=evolve(tiers(), grace=Grace(1, Unit.MONTH))),
    program(CAPPED, SILVER),
    program(BASE, SILVER, tiers=tiers(spend=True), returns=ReturnBasis.BY_LINE),
    program(BASE, WELCOME, tiers=None, terms=LedgerTerms(over_return=OverReturn.CLAMP)),
    program(BASE, terms=LedgerTerms(ExpiresAtMonthEnd(), lock=Lock(20))),
]


def line(text: str, **more: Any) -> Purchase:
    """``"C-7 2026-03-01 12.30"``, with the order and the product after it."""
    customer, on, amount, *rest = text.split()
    order, product = (*rest, None, None)[:2]
    return Purchase(
        CustomerId(customer),
        date.fromisoformat(on),
        euro(amount),
        order=None if order in (None, "-") else OrderId(order),
        product=None if product is None else ProductId(product),
        **more,
    )


def replay(*texts: str, of: Program | None = None, **more: Any) -> Any:
    lines = [line(text) for text in texts]
    return replay_program(of or program(BASE), lines, as_of=AS_OF, **more)


def ledger(of: Program, lines: list[Purchase]) -> Any:
    """The whole ledger of one member."""
    return replay_member(of, lines, as_of=AS_OF)


def points(found: Any, member: str = "C-1") -> tuple[int, int, int, int]:
    balance: Balance = found.members[CustomerId(member)].balance
    return balance.accrued, balance.reversed, balance.expired, balance.total


# --- strategies -----------------------------------------------------------------------------------

DAYS = st.dates(date(2026, 1, 1), date(2026, 7, 10))
BOUGHT = st.builds(
    Purchase,
    st.sampled_from(["C-1", "C-2", "C-3"]).map(CustomerId),
    DAYS,
    st.sampled_from([0, 99, 100, 1250, 5000, 9999, 20000]).map(lambda n: Money.of_minor(n, "EUR")),
    order=st.sampled_from([None, None, OrderId("A-1"), OrderId("A-2")]),
    product=st.sampled_from([None, ProductId("tea"), ProductId("cup")]),
    channel=st.sampled_from([None, "web"]),
)
REFUNDED = st.builds(
    Purchase,
    st.sampled_from(["C-1", "C-2"]).map(CustomerId),
    DAYS,
    st.sampled_from([-50, -1250, -9999]).map(lambda n: Money.of_minor(n, "EUR")),
    order=st.sampled_from([None, OrderId("A-1")]),
    product=st.sampled_from([None, ProductId("tea")]),
    refund_of=st.sampled_from([None, None, OrderId("A-1"), OrderId("A-9")]),
)
LINES = st.lists(BOUGHT | REFUNDED, max_size=14)
REDEEMED = st.lists(
    st.builds(
        PointsRedeemed,
        st.sampled_from(["C-1", "C-2", "C-4"]).map(CustomerId),
        DAYS,
        st.sampled_from([1, 40, 90]),
    ),
    max_size=3,
)


class TestTheSameAsTheDesk:
    """A replay is what the desk would have posted, day by day."""

    @settings(max_examples=60)
    @given(
        lines=st.lists(BOUGHT, max_size=10),
        redeemed=REDEEMED,
        of=st.sampled_from(PROGRAMS),
    )
    def test_purchases_and_redemptions(self, lines, redeemed, of):
        found = replay_program(of, lines, as_of=AS_OF, redeemed=redeemed)
        desk = LoyaltyDesk(store=MemoryStore(), program=of)
        for member in found.members:
            own = [each for each in lines if each.customer == member and each.on <= AS_OF]
            bought = baskets(own)
            desk.join(member, on=bought[0].on)
            refused = {id(each.redemption) for each in found.refused}
            events: list[Any] = [(basket.on, 1, basket) for basket in bought]
            events += [
                (each.on, 2, each)
                for each in redeemed
                if each.member == member and each.on <= AS_OF and id(each) not in refused
            ]
            for number, (on, kind, what) in enumerate(sorted(events, key=lambda each: each[:2])):
                if kind == 1:
                    first = what is bought[0]
                    facts = EarningFacts.of(what.lines, is_first_purchase=first)
                    desk.purchase(facts, key=f"{number}")
                else:
                    desk.redeem(member, what.points, on=on, key=f"{number}")
            assert desk.balance(member, AS_OF) == found.members[member].balance
            if of.tiers is not None:
                desk.retier(AS_OF)
                assert desk.membership(member).tiers == found.members[member].tiers
        ledgers = [desk.ledger(member) for member in found.members]
        assert points_by_month(ledgers, AS_OF) == found.points

    @settings(max_examples=40)
    @given(
        first=st.sampled_from(["20.00", "120.00"]),
        parts=st.lists(st.sampled_from([100, 999, 2500]), min_size=1, max_size=3),
        of=st.sampled_from(PROGRAMS),
    )
    def test_what_comes_back(self, first, parts, of):
        """Parts of the second of two orders, one after the other."""
        member, bought_on = CustomerId("C-1"), date(2026, 4, 1)
        lines = [line(f"C-1 2026-03-20 {first} A-1"), line("C-1 2026-04-01 80.00 A-2 tea")]
        back_on = [bought_on + timedelta(days=7 * number) for number in range(len(parts))]
        refunds = [
            Purchase(member, on, Money.of_minor(-part, "EUR"), refund_of=OrderId("A-2"))
            for part, on in zip(parts, back_on, strict=True)
        ]
        found = replay_program(of, [*refunds, *lines], as_of=AS_OF).members[member]
        desk = LoyaltyDesk(store=MemoryStore(), program=of)
        desk.join(member, on=date(2026, 3, 20))
        desk.purchase(EarningFacts.of(lines[:1], is_first_purchase=True), key="1")
        facts = EarningFacts.of(lines[1:])
        desk.purchase(facts, key="2")
        before: tuple[BasketLine, ...] = ()
        for number, (part, on) in enumerate(zip(parts, back_on, strict=True)):
            back = (BasketLine(Money.of_minor(part, "EUR"), ProductId("tea")),)
            desk.give_back(facts, back, purchase="2", on=on, key=f"b{number}", before=before)
            before += back
        assert desk.balance(member, AS_OF) == found.balance
        if of.tiers is not None:
            desk.retier(AS_OF)
            assert desk.membership(member).tiers == found.tiers


class TestLaws:
    @given(lines=LINES, redeemed=REDEEMED, of=st.sampled_from(PROGRAMS), data=st.data())
    def test_the_order_of_the_lines_does_not_matter(self, lines, redeemed, of, data):
        other = data.draw(st.permutations(lines))
        asked = data.draw(st.permutations(redeemed))
        assert replay_program(of, lines, as_of=AS_OF, redeemed=redeemed) == replay_program(
            of, other, as_of=AS_OF, redeemed=asked
        )

    @given(lines=LINES, redeemed=REDEEMED, of=st.sampled_from(PROGRAMS))
    def test_shards_of_members_merge_to_the_whole(self, lines, redeemed, of):
        whole = replay_program(of, lines, as_of=AS_OF, redeemed=redeemed)
        one, other = (
            replay_program(
                of,
                [each for each in lines if (each.customer == "C-2") is is_other],
                as_of=AS_OF,
                redeemed=[each for each in redeemed if (each.member == "C-2") is is_other],
            )
            for is_other in (False, True)
        )
        assert one | other == whole
        assert other | one == whole

    @given(lines=LINES, redeemed=REDEEMED, of=st.sampled_from(PROGRAMS))
    def test_one_member_with_every_entry_comes_to_the_same(self, lines, redeemed, of):
        whole = replay_program(of, lines, as_of=AS_OF, redeemed=redeemed)
        for member, found in whole.members.items():
            alone = replay_member(
                of,
                [each for each in lines if each.customer == member],
                as_of=AS_OF,
                redeemed=[each for each in redeemed if each.member == member],
            )
            assert alone.ledger.balance(AS_OF) == found.balance
            assert (alone.joined_on, alone.tiers) == (found.joined_on, found.tiers)
            assert alone.unmatched == tuple(e for e in whole.unmatched if e.member == member)
            assert alone.refused == tuple(e for e in whole.refused if e.redemption.member == member)

    @given(lines=LINES, redeemed=REDEEMED, of=st.sampled_from(PROGRAMS))
    def test_no_line_no_money_and_no_point_is_lost(self, lines, redeemed, of):
        found = replay_program(of, lines, as_of=AS_OF, redeemed=redeemed)
        assert found.purchases + found.refunds + found.later == len(lines)
        assert found.total.is_conserved
        assert found.points.total.open == found.total.available + found.total.pending
        asked = sum(each.points for each in redeemed if each.on <= AS_OF)
        assert found.total.redeemed == asked - sum(e.redemption.points for e in found.refused)
        assert sum(group.members for group in found.by_tier()) == len(found.members)

    @given(lines=LINES, of=st.sampled_from(PROGRAMS))
    def test_what_comes_back_takes_no_more_than_was_earned(self, lines, of):
        found = replay_program(of, lines, as_of=AS_OF)
        for each in found.members.values():
            assert 0 <= each.balance.reversed <= each.balance.accrued


class TestBaskets:
    def test_the_lines_of_an_order_are_one_basket(self):
        """Three lines of 40 cents: a whole euro only together."""
        one = replay("C-1 2026-06-01 0.40 A-1", *["C-1 2026-06-01 0.40 A-1"] * 2)
        each = replay(*["C-1 2026-06-01 0.40"] * 3)
        assert (points(one)[0], one.members["C-1"].purchases) == (1, 1)
        assert (points(each)[0], each.members["C-1"].purchases) == (0, 3)

    def test_an_order_of_two_days_is_two_baskets(self):
        found = replay("C-1 2026-06-01 0.60 A-1", "C-1 2026-06-02 0.60 A-1")
        assert (points(found)[0], found.members["C-1"].purchases) == (0, 2)

    def test_customers_can_use_the_same_number(self):
        found = replay("C-1 2026-06-01 5 A-1", "C-2 2026-06-01 7 A-1")
        assert (points(found, "C-1")[0], points(found, "C-2")[0]) == (5, 7)

    def test_only_the_first_basket_is_a_first_purchase(self):
        found = replay("C-1 2026-06-01 5", "C-1 2026-06-02 5", of=program(BASE, WELCOME))
        assert points(found)[0] == 5 + 20 + 5

    def test_products_earn_by_their_own_rules(self):
        """Baskets that differ in nothing but the product are not alike."""
        tea = EarningRule(
            "tea", Multiplier("2"), priority=2, when=EarningCondition(products={ProductId("tea")})
        )
        texts = ("C-1 2026-06-01 5 - tea", "C-1 2026-06-01 5 - cup", "C-1 2026-06-01 5 - tea")
        assert points(replay(*texts, of=program(BASE, tea)))[0] == 10 + 5 + 10

    def test_channels_earn_by_their_own_rules(self):
        web = EarningRule(
            "web", Multiplier("2"), priority=2, when=EarningCondition(channels={"web"})
        )
        lines = [line("C-1 2026-06-01 5"), line("C-1 2026-06-02 5", channel="web")]
        found = replay_program(program(BASE, web), lines, as_of=AS_OF)
        assert points(found)[0] == 5 + 10

    def test_a_day_of_the_week_counts_on_its_day(self):
        """31 May 2026 is a Sunday."""
        found = replay("C-1 2026-05-31 5", "C-1 2026-06-01 5", of=program(BASE, SUNDAY))
        assert points(found)[0] == 10 + 5

    def test_a_cap_looks_back_at_the_month(self):
        texts = ("C-1 2026-05-01 100", "C-1 2026-05-31 100", "C-1 2026-06-01 100")
        assert points(replay(*texts, of=program(CAPPED)))[0] == 100 + 50 + 100

    def test_what_came_back_makes_room_under_a_cap(self):
        texts = ("C-1 2026-06-01 100 A-1", "C-1 2026-06-02 -80 A-1", "C-1 2026-06-03 100")
        assert points(replay(*texts, of=program(CAPPED)))[:2] == (200, 80)

    def test_what_is_not_remembered_any_more_is_reckoned_again(self, monkeypatch):
        monkeypatch.setattr("crmkit.loyalty.comparison.replay_earning._MOST_KEPT", 1)
        texts = [f"C-{number} 2026-06-01 {number % 3 + 1}.00" for number in range(9)]
        found = replay(*texts)
        assert [found.members[f"C-{n}"].balance.accrued for n in range(9)] == [1, 2, 3] * 3


class TestTiers:
    SHOP = program(BASE, SILVER, GOLD)

    def test_a_purchase_earns_by_the_tier_of_the_day_before(self):
        """The one that lifts a member does not earn more yet, nor does another of that day."""
        texts = ("C-1 2026-06-01 100", "C-1 2026-06-01 100", "C-1 2026-06-02 100")
        found = replay(*texts, of=self.SHOP)
        assert points(found)[0] == 100 + 100 + 150
        assert [(str(c.on), str(c.to_tier)) for c in found.members["C-1"].tiers.changes] == [
            ("2026-06-01", "silver"),
            ("2026-06-02", "gold"),
        ]

    def test_points_by_tier_lead_to_the_next_tier(self):
        """100, 150, 50 by 1.5: gold on the third day, which no purchase alone explains."""
        texts = ("C-1 2026-06-01 100", "C-1 2026-06-02 100", "C-1 2026-06-03 34")
        found = replay(*texts, "C-1 2026-06-04 10", of=self.SHOP)
        assert str(found.members["C-1"].tier) == "gold"
        assert points(found)[0] == 100 + 150 + 51 + 30

    def test_a_tier_that_was_lost_earns_no_more(self):
        texts = ("C-1 2026-01-05 100", "C-1 2026-03-06 10")
        found = replay(*texts, of=self.SHOP)
        assert points(found)[0] == 100 + 10
        assert str(found.members["C-1"].tier) == "blue"

    @pytest.mark.parametrize("counts", [True, False])
    def test_a_tier_in_its_grace_period_still_earns(self, counts):
        """What made it silver has left the window on 5 March, and it falls on 5 April."""
        waiting = evolve(tiers(), grace=Grace(1, Unit.MONTH))
        of = program(BASE, evolve(SILVER, qualifies=counts), tiers=waiting)
        texts = ("C-1 2026-01-05 100", "C-1 2026-04-04 10", "C-1 2026-04-05 10")
        found = replay(*texts, "C-1 2026-04-06 10", of=of)
        assert points(found)[0] == 100 + 15 + 15 + 10

    def test_two_purchases_of_one_day_have_one_tier(self):
        texts = ("C-1 2026-06-01 100", "C-1 2026-06-02 10", "C-1 2026-06-02 10")
        assert points(replay(*texts, of=self.SHOP))[0] == 100 + 15 + 15

    def test_who_never_rises_is_in_the_entry_tier(self):
        found = replay("C-1 2026-06-01 99", of=self.SHOP).members["C-1"]
        assert [(str(each.on), str(each.to_tier)) for each in found.tiers.changes] == [
            ("2026-06-01", "blue")
        ]

    def test_purchases_without_points_count_for_the_tier(self):
        """A program for visits: coffees of 50 cents earn nothing, and three of them are silver."""
        visits = TierPolicy(
            LADDER.tier("blue"),
            (TierThreshold(tier=LADDER.tier("silver"), visits=3),),
            RollingWindow(2, Unit.MONTH),
        )
        texts = [f"C-1 2026-06-0{day} 0.50" for day in (1, 2, 3)]
        found = replay(*texts, of=program(BASE, tiers=visits)).members["C-1"]
        assert (found.balance.accrued, str(found.tier)) == (0, "silver")
        few = replay(*texts[:2], of=program(BASE, tiers=visits)).members["C-1"]
        assert str(few.tier) == "blue"

    def test_what_comes_back_takes_the_tier_with_it(self):
        found = replay("C-1 2026-06-01 100 A-1", "C-1 2026-06-09 -1 A-1").members["C-1"]
        assert [str(change.to_tier) for change in found.tiers.changes] == ["silver", "blue"]

    def test_a_tier_by_spend_asks_for_its_currency(self):
        lines = [Purchase(CustomerId("C-1"), date(2026, 6, 1), Money("5", "USD"))]
        with pytest.raises(CurrencyMismatch):
            replay_program(program(BASE, tiers=tiers(spend=True)), lines, as_of=AS_OF)

    def test_without_tiers_everybody_is_in_one_group(self):
        of = program(BASE, tiers=None)
        found = replay("C-1 2026-06-01 5", "C-2 2026-06-01 5", of=of)
        (group,) = found.by_tier()
        assert (group.tier, group.members, group.points.accrued) == (None, 2, 10)
        with pytest.raises(InvalidPolicy, match="no tiers"):
            found.tier_flow(AS_OF, AS_OF)

    def test_every_tier_is_listed_and_flows(self):
        texts = ("C-1 2026-03-01 100", "C-2 2026-06-01 300")
        found = replay(*texts)
        assert [(str(each.tier), each.members) for each in found.by_tier()] == [
            ("gold", 1),
            ("silver", 0),
            ("blue", 1),
        ]
        flow = found.tier_flow(date(2026, 3, 31), AS_OF)
        assert flow.count(LADDER.tier("silver"), LADDER.tier("blue")) == 1
        assert flow.count(None, LADDER.tier("gold")) == 1


class TestPoints:
    def test_the_last_day_is_good_and_the_next_is_not(self):
        """Good for three months: what was earned on 30 March is good on 30 June."""
        found = replay("C-1 2026-03-30 7", "C-1 2026-03-29 5")
        assert points(found) == (12, 0, 5, 7)

    def test_points_wait_for_the_end_of_their_lock(self):
        found = replay("C-1 2026-06-16 7", "C-1 2026-06-17 5").total
        assert (found.available, found.pending) == (7, 5)

    def test_points_that_expired_before_their_lock_ended_are_expired(self):
        of = program(BASE, terms=LedgerTerms(ExpiresAtMonthEnd(), lock=Lock(60)))
        assert points(replay("C-1 2026-05-20 7", of=of)) == (7, 0, 7, 0)

    def test_they_cost_what_the_program_says(self):
        of = program(BASE, point_value=PointValue(euro("1.00"), per=100))
        found = replay("C-1 2026-06-01 250", of=of)
        assert found.liability().outcome == euro("2.50")
        assert found.liability(Breakage(Fraction(1, 5))).outcome == euro("2.00")

    def test_without_a_value_there_is_no_liability(self):
        with pytest.raises(InvalidPolicy, match="PointValue"):
            replay("C-1 2026-06-01 250").liability()

    def test_later_purchases_are_left_out_and_counted(self):
        found = replay("C-1 2026-06-30 5", "C-1 2026-07-01 5", "C-2 2026-07-01 5")
        assert (found.purchases, found.later, list(found.members)) == (1, 2, ["C-1"])


class TestRefunds:
    def test_a_refund_takes_back_from_the_order_it_names(self):
        lines = [
            line("C-1 2026-06-01 50 A-1"),
            line("C-1 2026-06-02 60 A-2"),
            line("C-1 2026-06-03 -50", refund_of=OrderId("A-1")),
        ]
        found = ledger(program(BASE), lines)
        last = found.ledger.entries[-1].posting
        assert (last.accrual, last.points) == ("purchase-1", 50)
        assert found.unmatched == ()

    @pytest.mark.parametrize(("amount", "left"), [("-60", (50, 0)), ("-80", (30, 0))])
    def test_without_a_name_it_is_the_latest_purchase_and_then_those_before(self, amount, left):
        found = replay("C-1 2026-06-01 50", "C-1 2026-06-02 60", f"C-1 2026-06-03 {amount}")
        assert (points(found)[3], len(found.unmatched)) == left

    def test_it_is_the_latest_purchase_that_has_its_product(self):
        texts = ("C-1 2026-06-01 50 - tea", "C-1 2026-06-02 60 - cup", "C-1 2026-06-03 -10 - tea")
        found = ledger(program(BASE), [line(text) for text in texts])
        assert found.ledger.entries[-1].posting.accrual == "purchase-1"

    def test_a_number_of_its_own_is_no_name(self):
        found = replay("C-1 2026-06-01 50 A-1", "C-1 2026-06-03 -10 R-1")
        assert (points(found)[3], found.unmatched) == (40, ())

    def test_more_than_the_order_came_to_is_not_matched(self):
        found = replay("C-1 2026-06-01 50", "C-1 2026-06-01 20 A-1", "C-1 2026-06-03 -30 A-1")
        assert points(found)[3] == 50
        assert found.unmatched == (
            UnmatchedRefund(CustomerId("C-1"), date(2026, 6, 3), euro("10"), OrderId("A-1")),
        )

    def test_an_order_that_nobody_knows_is_not_matched(self):
        lines = [
            line("C-1 2026-06-01 50 A-1"),
            line("C-1 2026-06-03 -30", refund_of=OrderId("A-9")),
            line("C-2 2026-06-03 -30", refund_of=OrderId("A-1")),
        ]
        found = replay_program(program(BASE), lines, as_of=AS_OF)
        assert [(each.member, each.order) for each in found.unmatched] == [
            ("C-1", "A-9"),
            ("C-2", "A-1"),
        ]
        assert (list(found.members), points(found)[3], found.refunds) == (["C-1"], 50, 2)

    def test_it_comes_after_the_purchases_of_its_day_and_not_before_them(self):
        assert points(replay("C-1 2026-06-01 -50", "C-1 2026-06-01 50"))[3] == 0
        early = replay("C-1 2026-05-31 -50", "C-1 2026-06-01 50")
        assert (points(early)[3], early.unmatched[0].amount) == (50, euro("50"))

    def test_another_currency_is_another_purchase(self):
        back = Purchase(CustomerId("C-1"), date(2026, 6, 2), Money("-5", "USD"))
        found = replay_program(program(BASE), [line("C-1 2026-06-01 50"), back], as_of=AS_OF)
        assert found.unmatched[0].amount == Money("5", "USD")

    def test_points_that_were_spent_are_owed(self):
        spent = [PointsRedeemed(CustomerId("C-1"), date(2026, 5, 20), 50)]
        texts = ("C-1 2026-05-01 50 A-1", "C-1 2026-06-03 -50 A-1")
        found = replay(*texts, redeemed=spent)
        assert (found.total.deficit, found.total.redeemed, found.points.total.open) == (50, 50, 0)

    def test_a_refund_of_what_earned_nothing_counts_no_more(self):
        found = ledger(
            program(BASE), [line("C-1 2026-06-01 0.50 A-1"), line("C-1 2026-06-02 -0.50 A-1")]
        )
        counted = found.ledger.qualifications()
        assert [(each.visits, each.spend) for each in counted] == [
            (1, euro("0.50")),
            (-1, euro("-0.50")),
        ]


class TestRedemptions:
    def test_points_are_redeemed_on_their_day(self):
        spent = [PointsRedeemed(CustomerId("C-1"), date(2026, 6, 15), 30)]
        found = replay("C-1 2026-06-01 50", "C-1 2026-06-20 5", redeemed=spent)
        assert (found.total.redeemed, found.total.total, found.refused) == (30, 25, ())
        assert found.points.months[date(2026, 6, 1)].redeemed == 30

    def test_without_the_points_it_is_refused_and_listed(self):
        """Locked points cannot be spent, and nobody without a purchase has any."""
        spent = [
            PointsRedeemed(CustomerId("C-9"), date(2026, 6, 2), 1),
            PointsRedeemed(CustomerId("C-1"), date(2026, 6, 14), 30),
        ]
        found = replay("C-1 2026-06-01 50", redeemed=spent)
        assert found.refused == (RefusedRedemption(spent[1], 0), RefusedRedemption(spent[0], 0))
        assert found.total.redeemed == 0

    def test_later_ones_are_left_out(self):
        spent = [PointsRedeemed(CustomerId("C-1"), date(2026, 7, 1), 30)]
        assert replay("C-1 2026-06-01 50", redeemed=spent).refused == ()

    @pytest.mark.parametrize("wrong", [0, -1, True, 1.0])
    def test_only_whole_points_are_redeemed(self, wrong):
        with pytest.raises(InvalidValue):
            PointsRedeemed(CustomerId("C-1"), AS_OF, wrong)


class TestMerging:
    def test_a_member_is_in_one_shard(self):
        one = replay("C-1 2026-06-01 50")
        with pytest.raises(InvalidValue, match="in both"):
            _ = one | one

    def test_shards_are_of_one_program_and_day(self):
        with pytest.raises(InvalidValue, match="one program"):
            _ = replay("C-1 2026-06-01 5") | replay("C-2 2026-06-01 5", of=program(BASE, SILVER))

    def test_one_member_is_one(self):
        with pytest.raises(InvalidValue, match="several members"):
            replay_member(
                program(BASE), [line("C-1 2026-06-01 5"), line("C-2 2026-06-01 5")], as_of=AS_OF
            )
        with pytest.raises(InvalidValue, match="no purchase"):
            replay_member(program(BASE), [line("C-1 2026-07-01 5")], as_of=AS_OF)


class TestAnotherProgram:
    VALUE = PointValue(Money("1.00", "EUR"), per=100)

    def test_who_moves_and_what_it_costs(self):
        texts = ("C-1 2026-06-01 100", "C-1 2026-06-20 100", "C-2 2026-06-01 50")
        was = replay(*texts, of=program(BASE, point_value=self.VALUE))
        now = replay(*texts, of=program(BASE, SILVER, WELCOME, point_value=self.VALUE))
        found = compare_replays(was, now)
        assert (found.issued, found.open, found.expired) == (50 + 40, 90, 0)
        assert (found.cost, found.liability) == (euro("0.90"), euro("0.90"))
        assert found.movers == ()
        lower = evolve(tiers(), thresholds=(TierThreshold(tier=LADDER.tier("silver"), points=40),))
        found = compare_replays(was, replay(*texts, of=program(BASE, tiers=lower)))
        assert [(m.member, str(m.current), str(m.other)) for m in found.movers] == [
            ("C-2", "blue", "silver")
        ]
        assert found.tiers.count(LADDER.tier("silver"), LADDER.tier("silver")) == 1
        assert (found.issued, found.cost, found.liability) == (0, None, None)

    @given(lines=LINES, one=st.sampled_from(PROGRAMS), other=st.sampled_from(PROGRAMS))
    def test_there_and_back_is_nothing(self, lines, one, other):
        one, other = (evolve(each, point_value=self.VALUE) for each in (one, other))
        was, now = (replay_program(each, lines, as_of=AS_OF) for each in (one, other))
        there, back = compare_replays(was, now), compare_replays(now, was)
        assert there.tiers.customers == len(was.members)
        assert len(there.movers) == len(back.movers)
        assert there.issued == -back.issued
        assert back.cost is not None
        assert there.cost == -back.cost
        assert compare_replays(was, was).issued == 0

    def test_only_the_same_purchases_are_compared(self):
        with pytest.raises(InvalidValue, match="same purchases"):
            compare_replays(replay("C-1 2026-06-01 5"), replay("C-2 2026-06-01 5"))
