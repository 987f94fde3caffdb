"""The last days of points, and the tiers of members through the years, as text to be compared."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import product

from crmkit.errors import InvalidPolicy
from crmkit.identifiers import Actor, CustomerId
from crmkit.loyalty import (
    AfterManual,
    AfterReturn,
    AnniversaryWindow,
    AtReset,
    CalendarWindow,
    ExpiresAfter,
    ExpiresAtMonthEnd,
    ExpiresAtYearEnd,
    Expiry,
    LedgerTerms,
    Lock,
    ManualTier,
    NeverExpires,
    PointsLedger,
    Qualification,
    RollingWindow,
    SinceJoining,
    SinceLastChange,
    TierFacts,
    TierPolicy,
    TierThreshold,
    TierWindow,
    replay_tiers,
    tier_standing,
)
from crmkit.period import Unit
from crmkit.tiering import Downgrade, Grace, ReviewCycle, TierLadder

DAY = timedelta(days=1)
EXPIRIES: tuple[Expiry, ...] = (
    *(ExpiresAfter(count, unit) for unit in Unit for count in (1, 3, 13)),
    *(ExpiresAtMonthEnd(months) for months in (0, 1, 2, 12, 25)),
    *(ExpiresAtYearEnd(years, month) for years, month in product((0, 1), (2, 3, 12))),
    NeverExpires(),
)
LOCKS = (None, Lock(14), Lock(1, Unit.MONTH), Lock(1, Unit.YEAR))
# Around leap years, years that are none though they end in 00, and the ends of months.
SPANS = ((date(1899, 12, 25), 80), (date(1999, 12, 25), 80), (date(2023, 12, 25), 440))
WINDOWS: tuple[TierWindow, ...] = (
    RollingWindow(30, Unit.DAY),
    RollingWindow(12, Unit.MONTH),
    RollingWindow(1, Unit.QUARTER),
    CalendarWindow(),
    CalendarWindow(Unit.YEAR, 3),
    CalendarWindow(Unit.QUARTER),
    AnniversaryWindow(),
    AnniversaryWindow(1, Unit.MONTH),
    SinceLastChange(),
    SinceLastChange(1, Unit.YEAR),
    SinceJoining(),
)
LADDER = TierLadder.of("bronze", "silver", "gold")
MEMBER = CustomerId("M-29")


def days() -> Iterator[date]:
    for first, count in SPANS:
        yield from (first + number * DAY for number in range(count))


def last_days() -> Iterator[str]:
    for expiry in EXPIRIES:
        for lock in LOCKS:
            terms = LedgerTerms(expiry, lock=lock)
            lasts = (terms.lasts(day) for day in days())
            found = " ".join(f"{first}/{last or 'never'}" for first, last in lasts)
            yield f"{expiry} {lock}: {found}"


def balances() -> Iterator[str]:
    """What is left of points earned on the last days of months, a month and a year on."""
    for expiry in EXPIRIES:
        ledger = PointsLedger(MEMBER, LedgerTerms(expiry, lock=Lock(1, Unit.MONTH)))
        for number, day in enumerate((date(2024, 1, 31), date(2024, 2, 29), date(2024, 4, 30))):
            ledger = ledger.accrue(100 + number, on=day, key=f"o-{number}")
        looked_at = [date(2024, 4, 30) + number * DAY for number in range(0, 500, 7)]
        each = (ledger.balance(day) for day in looked_at)
        yield f"{expiry}: " + " ".join(f"{b.available}+{b.pending}-{b.expired}" for b in each)


def policies() -> Iterator[TierPolicy]:
    thresholds = (
        TierThreshold(tier=LADDER.tier("silver"), points=300),
        TierThreshold(tier=LADDER.tier("gold"), points=900),
    )
    reviews = (None, AtReset(), ReviewCycle(date(2023, 1, 31), 1, Unit.MONTH))
    graces = (None, Grace(1, Unit.MONTH))
    for window, down, review, grace, returns in product(
        WINDOWS, Downgrade, reviews, graces, AfterReturn
    ):
        try:
            yield TierPolicy(
                LADDER.lowest,
                thresholds,
                window,
                downgrade=down,
                reviews=review,
                grace=grace,
                returns=returns,
            )
        except InvalidPolicy:  # What contradicts itself is no policy.
            continue


def purchases(seed: int) -> Iterator[Qualification]:
    """Purchases and returns over some years, by a counter that needs no library."""
    day, state = date(2023, 2, 28), seed
    for _ in range(40):
        state = (state * 1_103_515_245 + 12_345) % 2**31
        day += (1 + (state >> 8) % 50) * DAY
        points = 100 + (state >> 16) % 500
        yield Qualification(day, points=points)
        if not state % 7:
            late = day + (state >> 20) % 30 * DAY
            earned_on = None if late == day else day
            yield Qualification(late, points=-points, earned_on=earned_on)


def tiers() -> Iterator[str]:
    given = ManualTier(
        tier=LADDER.highest,
        from_on=date(2024, 2, 29),
        until=date(2024, 3, 31),
        reason="a match",
        by=Actor("eva"),
        then=AfterManual.FALL,
    )
    for number, policy in enumerate(policies()):
        counted = sorted(purchases(number), key=lambda each: each.on)
        joined_on, until = date(2023, 1, 31), date(2028, 3, 1)
        manual = (given,) if number % 3 == 0 else ()
        history = replay_tiers(policy, MEMBER, joined_on, counted, until, manual=manual)
        changes = " ".join(f"{each.on}:{each.to_tier}" for each in history.changes)
        facts = TierFacts.of(MEMBER, joined_on, counted, date(2025, 2, 28), None, manual)
        yield f"{number}: {changes}; falls {tier_standing(policy, facts).falls_on}"


def calendar_of_points() -> str:
    """All of it."""
    return "\n".join([*last_days(), *balances(), *tiers(), ""])


if __name__ == "__main__":
    sys.stdout.write(calendar_of_points())
