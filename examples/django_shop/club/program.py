"""The terms of the club: a point for a euro, and a card of the tier that they lead to."""

from club.store import DjangoStore
from crmkit.loyalty import (
    BaseRate,
    EarningRule,
    EarningRules,
    LoyaltyDesk,
    Program,
    RollingWindow,
    TierPolicy,
    TierThreshold,
)
from crmkit.money import Money
from crmkit.period import Unit
from crmkit.tiering import TierLadder

__all__ = ["DESK"]

_LADDER = TierLadder.of("bronze", "silver", "gold")
_PROGRAM = Program(
    name="club",
    earning=EarningRules(
        (EarningRule("one a euro", BaseRate(1, per=Money("1.00", "EUR")), priority=1),)
    ),
    tiers=TierPolicy(
        _LADDER.lowest,
        (
            TierThreshold(tier=_LADDER.tier("silver"), points=1_000),
            TierThreshold(tier=_LADDER.tier("gold"), points=5_000),
        ),
        RollingWindow(12, Unit.MONTH),
    ),
)

DESK = LoyaltyDesk(store=DjangoStore(), program=_PROGRAM)
