"""A year of a shop with five members: what happens, day by day, as commands with a key each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from random import Random
from typing import Any

from attrs import frozen

from crmkit.identifiers import Actor, CustomerId, OrderId, ProductId
from crmkit.loyalty import (
    COUPONS,
    BasketLine,
    CapPeriod,
    Coupon,
    CouponFacts,
    CouponId,
    CouponPolicy,
    EarningCap,
    EarningCondition,
    EarningFacts,
    EarningRule,
    EarningRules,
    ExpiresAtMonthEnd,
    FixedBonus,
    LedgerTerms,
    Lock,
    LoyaltyDesk,
    ManualTier,
    PointValue,
    Program,
    ReferralBonus,
    Reward,
    RewardCatalog,
    RewardLimit,
    RollingWindow,
    TierPolicy,
    TierThreshold,
)
from crmkit.money import Money
from crmkit.period import Period, Unit
from crmkit.storage import Store
from crmkit.tiering import ReviewCycle
from tests.loyalty.shop import BASE, BRONZE, GOLD, GOLD_DOUBLES, SILVER, euros

ANNA, BEN, CLARA, DORA, EMIL = MEMBERS = tuple(
    map(CustomerId, ("anna", "ben", "clara", "dora", "emil"))
)
LAMP, RUG = ProductId("lamp"), ProductId("rug")
SPRING = CouponId("spring-7")

CLUB = Program(
    name="club",
    earning=EarningRules(
        (
            BASE,
            GOLD_DOUBLES,
            EarningRule(
                "welcome",
                FixedBonus(50),
                priority=3,
                when=EarningCondition(first_purchase=True),
                qualifies=False,
            ),
            EarningRule(
                "friends",
                ReferralBonus(referrer=200, referred=100),
                priority=4,
                when=EarningCondition(minimum=euros("20.00")),
                qualifies=False,
            ),
        ),
        caps=(EarningCap(800, CapPeriod.MONTH),),
    ),
    terms=LedgerTerms(ExpiresAtMonthEnd(2), lock=Lock(14)),
    tiers=TierPolicy(
        BRONZE,
        (TierThreshold(tier=SILVER, points=700), TierThreshold(tier=GOLD, points=2_000)),
        RollingWindow(3, Unit.MONTH),
        reviews=ReviewCycle(date(2026, 1, 1), 1, Unit.QUARTER),
    ),
    point_value=PointValue(Money("1.00", "EUR"), per=100),
    rewards=RewardCatalog((Reward("mug", 100, stock=1, limits=(RewardLimit(1, CapPeriod.YEAR),)),)),
)
MATCH = ManualTier(
    tier=GOLD,
    from_on=date(2026, 4, 10),
    until=date(2026, 4, 30),
    reason="a match of another program",
    by=Actor("eva"),
)


def on(month: int, day: int) -> date:
    return date(2026, month, day)


def basket(member: CustomerId, day: date, *amounts: str, **what: Any) -> EarningFacts:
    """Lamps first, then rugs."""
    lines = zip(amounts, (LAMP, RUG), strict=False)
    found = tuple(BasketLine(euros(amount), product) for amount, product in lines)
    return EarningFacts(member, day, found, **what)


CLARAS = basket(CLARA, on(3, 5), "500.00", "400.00")
EMILS = basket(EMIL, on(1, 9), "60.00")


@frozen
class Doing:
    """One command: on which day, to whose ledgers, and what it asks of the desk."""

    on: date
    of: tuple[CustomerId, ...]
    do: Callable[[LoyaltyDesk], Any]


def _buys(
    day: date, member: CustomerId, key: str, *amounts: str, bought: date | None = None, **what: Any
) -> Doing:
    facts = basket(member, bought or day, *amounts, **what)
    touched = [each for each in (member, facts.referred_by) if each is not None]
    return Doing(day, tuple(touched), lambda desk: desk.purchase(facts, key=key, on=day))


def _asks(day: date, member: CustomerId, name: str, *what: Any, **how: Any) -> Doing:
    return Doing(day, (member,), lambda desk: getattr(desk, name)(member, *what, on=day, **how))


def _both(day: date, one: CustomerId, other: CustomerId, name: str, *what: Any, key: str) -> Doing:
    return Doing(
        day,
        (one, other),
        lambda desk: getattr(desk, name)(one, other, *what, on=day, key=key),
    )


def _issue_coupon(desk: LoyaltyDesk) -> None:
    """Its points and its coupon, in one unit of work of the host."""
    with desk.store.unit_of_work() as unit:
        done = desk.redeem(DORA, 30, on=on(4, 2), key="coupon", reward="spring", unit=unit)
        if done.is_new:
            coupon = Coupon.issue(
                SPRING, on(4, 2), euros("5.00"), valid=Period.month(2026, 4), member=DORA
            )
            unit.repository(COUPONS).add(coupon)
        unit.commit()


def _use_coupon(desk: LoyaltyDesk) -> None:
    """Five euros off a purchase of fifty, or neither."""
    with desk.store.unit_of_work() as unit:
        kept = unit.repository(COUPONS).get(SPRING)
        order, day = OrderId("d-2"), on(4, 15)
        shown = CouponFacts(
            coupon=kept.record, member=DORA, on=day, order=order, amount=euros("55.00")
        )
        verdict = CouponPolicy()(shown).outcome
        bought = basket(DORA, day, "50.00")
        if desk.purchase(bought, key="d-2", unit=unit).posted.is_new:
            assert (shown.amount - verdict.discount) == bought.total
            unit.repository(COUPONS).replace(kept.record.redeem(order, day), kept.version)
        unit.commit()


def _cancel_coupon(desk: LoyaltyDesk) -> None:
    """The order is cancelled: the points go, and the coupon is back, with its last day."""
    with desk.store.unit_of_work() as unit:
        kept = unit.repository(COUPONS).get(SPRING)
        done = desk.reverse(DORA, "d-2", on=on(4, 20), key="d-2-off", unit=unit)
        if done.is_new:
            back = kept.record.restore(OrderId("d-2"), on(4, 20))
            unit.repository(COUPONS).replace(back, kept.version)
        unit.commit()


def _runs(day: date) -> Doing:
    return Doing(day, MEMBERS, lambda desk: desk.retier(day))


def _gives(day: date, desk_gives: Callable[[LoyaltyDesk], Any], member: CustomerId) -> Doing:
    return Doing(day, (member,), desk_gives)


YEAR = (
    *(_asks(on(1, 5), member, "join") for member in (ANNA, BEN, CLARA, EMIL)),
    _buys(on(1, 7), ANNA, "a-1", "70.00", is_first_purchase=True),
    _buys(on(1, 10), BEN, "b-1", "1000.00"),
    _buys(on(1, 12), EMIL, "e-1", "60.00", bought=on(1, 9)),
    _asks(on(2, 2), DORA, "join"),
    _buys(on(2, 3), DORA, "d-1", "50.00", is_first_purchase=True, referred_by=ANNA),
    _asks(on(2, 10), ANNA, "hold", 100, key="till-1", lapses_on=on(2, 12)),
    _asks(on(2, 11), ANNA, "capture", "till-1", 80, key="till-1-paid", reward="grinder"),
    _asks(on(2, 20), ANNA, "hold", 30, key="till-2", lapses_on=on(2, 22)),
    _gives(on(2, 25), lambda desk: desk.redeem_reward(BEN, "mug", on=on(2, 25), key="mug-b"), BEN),
    _asks(on(3, 1), EMIL, "redeem", 60, key="e-coffee"),
    _buys(on(3, 5), CLARA, "c-1", "500.00", "400.00"),
    _gives(
        on(3, 10),
        lambda desk: desk.give_back(EMILS, EMILS.lines, purchase="e-1", on=on(3, 10), key="e-back"),
        EMIL,
    ),
    _buys(on(3, 12), EMIL, "e-2", "100.00"),
    _asks(on(3, 25), ANNA, "redeem", 40, key="a-coffee"),
    _gives(on(4, 2), _issue_coupon, DORA),
    _asks(on(4, 2), ANNA, "roll_back", "a-coffee", key="a-coffee-off"),
    _asks(on(4, 3), BEN, "roll_back", "mug-b", key="mug-b-off"),
    _gives(on(4, 8), lambda desk: desk.give_tier(DORA, MATCH), DORA),
    _gives(on(4, 15), _use_coupon, DORA),
    _gives(on(4, 20), _cancel_coupon, DORA),
    _both(on(4, 21), CLARA, EMIL, "transfer", 200, key="gift-1"),
    _both(on(5, 4), BEN, CLARA, "merge", key="same-1"),
    _gives(
        on(5, 11),
        lambda desk: desk.give_back(
            CLARAS, CLARAS.lines[1:], purchase="c-1", on=on(5, 11), key="c-back"
        ),
        BEN,
    ),
    _runs(on(7, 3)),
    _buys(on(9, 15), EMIL, "e-3", "790.00"),
    _buys(on(10, 2), EMIL, "e-4", "100.00", bought=on(9, 28)),
    _buys(on(10, 5), EMIL, "e-5", "500.00"),
    _buys(on(11, 3), EMIL, "e-6", "800.00"),
    _asks(on(12, 20), EMIL, "redeem", 600, key="e-watch"),
    _runs(on(12, 31)),
)


def tell(desk: LoyaltyDesk, doings: Iterable[Doing] = YEAR) -> LoyaltyDesk:
    """Let it happen, one command after another."""
    for doing in doings:
        doing.do(desk)
    return desk


def opened(store: Store) -> LoyaltyDesk:
    """The desk of the shop; snapshots are taken often, so that they matter."""
    return LoyaltyDesk(store=store, program=CLUB, snapshot_every=3)


def delivered_twice(seed: int) -> list[Doing]:
    """The year as a queue may deliver it: members in any order within a day, and every command a
    second time, at once or much later."""
    random, order, waiting = Random(seed), list[Doing](), list(YEAR)
    while waiting:
        today = [each for each in waiting if each.on == waiting[0].on]
        first = [
            each
            for number, each in enumerate(today)
            if not any(set(each.of) & set(earlier.of) for earlier in today[:number])
        ]
        order.append(random.choice(first))
        waiting.remove(order[-1])
    again = [(random.randrange(number, len(order)), each) for number, each in enumerate(order)]
    told = list[Doing]()
    for number, doing in enumerate(order):
        told.append(doing)
        second = [each for at, each in again if at == number]
        random.shuffle(second)
        told += second
    return told
