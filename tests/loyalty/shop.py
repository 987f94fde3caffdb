"""A program, its members and a few days, for the tests of the desk."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from crmkit.identifiers import CustomerId
from crmkit.loyalty import (
    BaseRate,
    EarningCondition,
    EarningFacts,
    EarningRule,
    EarningRules,
    ExpiresAfter,
    FixedBonus,
    LedgerTerms,
    Lock,
    LoyaltyDesk,
    Multiplier,
    Program,
    ReferralBonus,
    RollingWindow,
    TierPolicy,
    TierThreshold,
)
from crmkit.money import Money
from crmkit.period import Unit
from crmkit.storage.memory import MemoryStore
from crmkit.tiering import TierLadder

LADDER = TierLadder.of("bronze", "silver", "gold")
BRONZE, SILVER, GOLD = LADDER
ANNA, BEN, CLARA = CustomerId("anna"), CustomerId("ben"), CustomerId("clara")
JANUARY = date(2026, 1, 5)
DAY = timedelta(days=1)

BASE = EarningRule("one a euro", BaseRate(1, per=Money("1.00", "EUR")), priority=1)
GOLD_DOUBLES = EarningRule(
    "gold doubles", Multiplier("2"), priority=2, when=EarningCondition(tiers=frozenset({"gold"}))
)
WELCOME = EarningRule(
    "welcome", FixedBonus(50), priority=3, when=EarningCondition(first_purchase=True)
)
FRIENDS = EarningRule("friends", ReferralBonus(referrer=200, referred=100), priority=4)
TIERS = TierPolicy(
    BRONZE,
    (TierThreshold(tier=SILVER, points=1_000), TierThreshold(tier=GOLD, points=5_000)),
    RollingWindow(12, Unit.MONTH),
)


def euros(amount: str) -> Money:
    return Money(amount, "EUR")


def program(*rules: EarningRule, **terms: Any) -> Program:
    found: dict[str, Any] = {
        "name": "club",
        "earning": EarningRules(rules or (BASE, GOLD_DOUBLES)),
        "terms": LedgerTerms(ExpiresAfter(1, Unit.YEAR)),
        "tiers": TIERS,
    }
    return Program(**{**found, **terms})


LOCKED = LedgerTerms(ExpiresAfter(1, Unit.YEAR), lock=Lock(14))


def desk_in_memory(*rules: EarningRule, **terms: Any) -> LoyaltyDesk:
    return LoyaltyDesk(store=MemoryStore(), program=program(*rules, **terms))


def bought(member: CustomerId, on: date, amount: str, **what: Any) -> EarningFacts:
    return EarningFacts.single(member, on, euros(amount), **what)


def joined(desk: LoyaltyDesk, *members: CustomerId) -> LoyaltyDesk:
    for member in members or (ANNA,):
        desk.join(member, on=JANUARY)
    return desk
