"""Who moved from which tier to which between two days."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum

from attrs import frozen

from crmkit.errors import InvalidValue
from crmkit.period import check_date
from crmkit.tiering.history import TierHistory
from crmkit.tiering.ladder import Tier

__all__ = ["Migration", "MigrationMatrix", "Movement", "migration_matrix"]


class Movement(StrEnum):
    """How a customer stands on one day, compared with an earlier one."""

    UP = "up"
    DOWN = "down"
    STAYED = "stayed"
    """In a tier of the same rank on both days, be it under another name."""
    ENTERED = "entered"
    """In no tier on the first day."""
    LEFT = "left"
    """In no tier on the second day."""
    OUTSIDE = "outside"
    """In no tier on either day."""


@frozen
class Migration:
    """How many customers went from one tier to another; None stands for being in no tier."""

    from_tier: Tier | None
    to_tier: Tier | None
    customers: int

    @property
    def movement(self) -> Movement:
        """Which way they went."""
        if self.from_tier is None:
            return Movement.OUTSIDE if self.to_tier is None else Movement.ENTERED
        if self.to_tier is None:
            return Movement.LEFT
        if self.to_tier > self.from_tier:
            return Movement.UP
        return Movement.DOWN if self.to_tier < self.from_tier else Movement.STAYED


@frozen(kw_only=True)
class MigrationMatrix:
    """Where the customers of each tier on one day were on a later day; each is counted once.

    :raises InvalidValue: if the second day lies before the first, or a way stands in it twice.
    """

    from_on: date
    to_on: date
    migrations: tuple[Migration, ...]

    def __attrs_post_init__(self) -> None:
        check_date(self.from_on, "the first day of a migration matrix")
        check_date(self.to_on, "the second day of a migration matrix")
        if self.to_on < self.from_on:
            raise InvalidValue("a migration matrix runs from a day to a later one: swap the days")
        if len({(m.from_tier, m.to_tier) for m in self.migrations}) < len(self.migrations):
            raise InvalidValue("a migration matrix counts each way from tier to tier once")

    def count(self, from_tier: Tier | None, to_tier: Tier | None) -> int:
        """How many customers went this way."""
        way = (from_tier, to_tier)
        return sum(m.customers for m in self.migrations if (m.from_tier, m.to_tier) == way)

    def were_in(self, tier: Tier | None) -> int:
        """How many customers the tier had on the first day: the sum of its row."""
        return sum(m.customers for m in self.migrations if m.from_tier == tier)

    def are_in(self, tier: Tier | None) -> int:
        """How many customers the tier has on the second day: the sum of its column."""
        return sum(m.customers for m in self.migrations if m.to_tier == tier)

    def total(self, movement: Movement) -> int:
        """How many customers moved so."""
        return sum(m.customers for m in self.migrations if m.movement is movement)

    @property
    def customers(self) -> int:
        """All customers, in a tier or not."""
        return sum(m.customers for m in self.migrations)

    @property
    def tiers(self) -> tuple[Tier, ...]:
        """Every tier that had a customer on one of the days, the highest first."""
        named = {tier for m in self.migrations for tier in (m.from_tier, m.to_tier)}
        return tuple(sorted((tier for tier in named if tier is not None), key=_highest_first))

    def to_table(self) -> str:
        """The matrix as a Markdown table: a row for each tier before, a column for each after."""
        places = [*self.tiers, None]
        heads = [str(place or "none") for place in places]
        lines = [["from \\ to", *heads], ["---", *("---:" for _ in places)]]
        for place, head in zip(places, heads, strict=True):
            lines.append([head, *(str(self.count(place, other)) for other in places)])
        return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _highest_first(tier: Tier) -> tuple[int, str]:
    return -tier.rank, tier.name


def migration_matrix(
    histories: Iterable[TierHistory],
    from_on: date,
    to_on: date,
    *,
    known_by: datetime | None = None,
) -> MigrationMatrix:
    """Count who went from which tier to which between the ends of two days.

    Pass one history for each customer; their number is conserved, also of those who are in no tier.

    :raises InvalidValue: if the second day lies before the first.

    >>> new = TierHistory("C-7").changed(Tier("gold", 2), on=date(2026, 3, 1), reason="earned")
    >>> matrix = migration_matrix([new], date(2026, 1, 1), date(2026, 6, 30))
    >>> print(matrix.to_table())
    | from \\ to | gold | none |
    | --- | ---: | ---: |
    | gold | 0 | 0 |
    | none | 1 | 0 |
    """
    counts = Counter(
        (
            history.tier_on(from_on, known_by=known_by),
            history.tier_on(to_on, known_by=known_by),
        )
        for history in histories
    )
    rows = [Migration(before, after, count) for (before, after), count in counts.items()]
    order = sorted(rows, key=lambda row: (_place(row.from_tier), _place(row.to_tier)))
    return MigrationMatrix(from_on=from_on, to_on=to_on, migrations=tuple(order))


def _place(tier: Tier | None) -> tuple[bool, tuple[int, str]]:
    """Highest first, and those in no tier last."""
    return tier is None, (0, "") if tier is None else _highest_first(tier)
