"""Words to tell stories of tiers with."""

from __future__ import annotations

from datetime import date, datetime

from hypothesis import strategies as st

from crmkit.decision import Decision
from crmkit.identifiers import CustomerId
from crmkit.period import Unit
from crmkit.serialization import make_converter
from crmkit.tiering import (
    MigrationMatrix,
    RetieringFacts,
    RetieringPolicy,
    Tier,
    TierHistory,
    TierLadder,
)

LADDER = TierLadder.of("bronze", "silver", "gold", "platinum")
BRONZE, SILVER, GOLD, PLATINUM = LADDER
CUSTOMER = CustomerId("C-7")
NEW_YEAR = date(2026, 1, 1)
KEPT = make_converter(TierHistory, RetieringPolicy, RetieringFacts, MigrationMatrix)

tiers = st.sampled_from(LADDER.tiers)
days = st.dates(date(2025, 1, 1), date(2027, 12, 31))
units = st.sampled_from(Unit)


def day(text: str) -> date:
    """A day of 2026: ``day("03-01")``."""
    return date.fromisoformat(f"2026-{text}")


def noon(text: str) -> datetime:
    """Noon of a day of 2026, in UTC."""
    return datetime.fromisoformat(f"2026-{text}T12:00+00:00")


def history(*changes: str) -> TierHistory:
    """A history in words: ``history("01-01 silver", "03-01 gold", "06-01 none")``."""
    kept = TierHistory(CUSTOMER)
    for change in changes:
        on, name = change.split()
        to = None if name == "none" else LADDER.tier(name)
        kept = kept.changed(to, on=day(on), reason="as earned")
    return kept


def earned(name: str, on: str, *evidence) -> Decision[Tier]:
    """What the customer has earned by a day: ``earned("silver", "03-01")``."""
    return Decision(LADDER.tier(name), "yearly-spend", day(on), evidence)


def steps(to: st.SearchStrategy[Tier | None]) -> st.SearchStrategy[list[tuple[date, Tier | None]]]:
    """Days in order, each with a tier; some days stand twice."""
    pairs = st.lists(st.tuples(days, to), max_size=8)
    return pairs.map(lambda found: sorted(found, key=lambda pair: pair[0]))


def kept(moves: list[tuple[date, Tier | None]]) -> TierHistory:
    """A history of those moves that lead anywhere."""
    found = TierHistory(CUSTOMER)
    for on, to in moves:
        if to != found.tier:
            found = found.changed(to, on=on, reason="as earned")
    return found


histories = steps(tiers | st.none()).map(kept)
