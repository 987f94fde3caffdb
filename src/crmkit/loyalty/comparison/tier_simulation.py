"""What another tier policy would have done with last year's members, and what it costs."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from itertools import pairwise

from attrs import define, field, frozen

from crmkit.errors import InvalidValue
from crmkit.identifiers import CustomerId
from crmkit.loyalty.comparison.tier_costs import TierCost, TierCosts, TierCostTable
from crmkit.loyalty.facts.tier_facts import TierMember
from crmkit.loyalty.policies.tier_policy import TierPolicy
from crmkit.loyalty.policies.tier_replay import replay_tiers
from crmkit.money import Money
from crmkit.period import Period
from crmkit.tiering import Migration, MigrationMatrix, Tier, TierHistory

__all__ = ["TierMover", "TierSimulation", "TierUse", "simulate_tiers"]

Way = tuple[Tier | None, Tier | None]


@frozen
class TierMover:
    """A member whom the other policy leaves in another tier; None stands for no tier."""

    member: CustomerId
    current: Tier | None
    other: Tier | None


@frozen
class TierUse:
    """How long members held a tier in the period, and what they qualified with in it.

    ``points`` are those of the days of the period, by the tier held when the day began, or came in
    at: a purchase earns what the tier before it gives.
    """

    tier: Tier
    days: int
    points: int


@frozen(kw_only=True)
class TierSimulation:
    """Two tier policies held against each other over the same members and the same days.

    ``matrix`` counts who is where at the end of the last day: a row for each tier of the current
    policy, a column for each of the other. Simulations of shards are put together by
    :meth:`merged`, which gives the same as simulating all at once.
    """

    over: Period
    matrix: MigrationMatrix
    movers: tuple[TierMover, ...]
    current: tuple[TierUse, ...]
    other: tuple[TierUse, ...]

    @property
    def moved(self) -> int:
        """How many members end in another tier."""
        matrix = self.matrix.migrations
        return sum(each.customers for each in matrix if each.from_tier != each.to_tier)

    def cost(self, costs: TierCosts) -> TierCostTable:
        """What each tier costs under both policies in the period."""
        current = {each.tier.name: each for each in self.current}
        other = {each.tier.name: each for each in self.other}
        tiers = sorted({each.tier for each in (*self.current, *self.other)}, key=_highest_first)
        names = dict.fromkeys(tier.name for tier in tiers)
        rows = (
            TierCost(name, _cost(costs, name, current), _cost(costs, name, other)) for name in names
        )
        return TierCostTable(tuple(rows), costs.currency)

    def merged(self, shard: "TierSimulation") -> "TierSimulation":
        """Put the simulation of other members beside this one.

        :raises InvalidValue: if it is about other days.
        """
        if shard.over != self.over:
            raise InvalidValue("simulations that are put together are about the same days")
        count = _Count(self.over)
        for each in (self, shard):
            for row in each.matrix.migrations:
                count.ways[row.from_tier, row.to_tier] += row.customers
            count.movers += each.movers
            for side, uses in zip(count.sides, (each.current, each.other), strict=True):
                side.take(uses)
        return count.result()


def simulate_tiers(
    current: TierPolicy,
    other: TierPolicy,
    members: Iterable[TierMember],
    over: Period,
    *,
    keep_movers: int | None = None,
) -> TierSimulation:
    """Replay members under both policies: who ends elsewhere, and how long each tier is held.

    Members are replayed from the day on which they joined, so hand over all that qualified them
    since; what is counted are the days of ``over``. For millions of members, ``keep_movers`` bounds
    how many movers are kept, while all are counted.

    :raises InvalidValue: if ``keep_movers`` is negative, or a tier is not on the ladder of a
        policy.
    :raises CurrencyMismatch: if spend qualifies in another currency than a table names.
    """
    if keep_movers is not None and keep_movers < 0:
        raise InvalidValue("keep_movers is how many movers to keep: 0 or more, or None for all")
    count = _Count(over)
    for member in members:
        tiers = [
            side.add(_replayed(policy, member, over), member, policy.entry, over)
            for side, policy in zip(count.sides, (current, other), strict=True)
        ]
        way = (tiers[0], tiers[1])
        count.ways[way] += 1
        if way[0] != way[1] and (keep_movers is None or len(count.movers) < keep_movers):
            count.movers.append(TierMover(member.member, *way))
    return count.result()


def _replayed(policy: TierPolicy, member: TierMember, over: Period) -> TierHistory:
    return replay_tiers(
        policy,
        member.member,
        member.joined_on,
        member.qualifications,
        over.last,
        manual=member.manual,
    )


@define
class _Side:
    """How the tiers of one policy are used."""

    days: Counter[Tier] = field(factory=Counter)
    points: Counter[Tier] = field(factory=Counter)

    def add(self, held: TierHistory, member: TierMember, entry: Tier, over: Period) -> Tier | None:
        """Count the days and the points of one member, and say which tier they end in."""
        starts = [change.on for change in held.changes]
        spans = pairwise([*starts, over.end])
        for change, (start, end) in zip(held.changes, spans, strict=True):
            days = (end - max(start, over.start)).days
            if change.to_tier is not None and days > 0:
                self.days[change.to_tier] += days
        for each in member.qualifications:
            if each.on in over:
                position = bisect_right(starts, each.on - date.resolution)
                tier = held.changes[position - 1].to_tier if position else None
                self.points[tier or entry] += each.points
        return held.tier

    def take(self, uses: Iterable[TierUse]) -> None:
        """Count what was counted elsewhere."""
        for use in uses:
            self.days[use.tier] += use.days
            self.points[use.tier] += use.points

    def uses(self) -> tuple[TierUse, ...]:
        """The tiers that were used, the highest first."""
        tiers = sorted({*self.days, *self.points}, key=_highest_first)
        return tuple(TierUse(tier, self.days[tier], self.points[tier]) for tier in tiers)


@define
class _Count:
    """The counts of a simulation while it runs."""

    over: Period
    ways: Counter[Way] = field(factory=Counter)
    movers: list[TierMover] = field(factory=list)
    sides: tuple[_Side, _Side] = field(factory=lambda: (_Side(), _Side()))

    def result(self) -> TierSimulation:
        last = self.over.last
        rows = sorted(self.ways, key=lambda way: (_place(way[0]), _place(way[1])))
        migrations = tuple(Migration(*way, self.ways[way]) for way in rows)
        return TierSimulation(
            over=self.over,
            matrix=MigrationMatrix(from_on=last, to_on=last, migrations=migrations),
            movers=tuple(self.movers),
            current=self.sides[0].uses(),
            other=self.sides[1].uses(),
        )


def _cost(costs: TierCosts, tier: str, uses: Mapping[str, TierUse]) -> Money:
    use = uses.get(tier)
    if use is None:
        return Money.zero(costs.currency)
    return costs.of_tier(tier, days=use.days, points=use.points)


def _highest_first(tier: Tier) -> tuple[int, str]:
    return -tier.rank, tier.name


def _place(tier: Tier | None) -> tuple[bool, tuple[int, str]]:
    """Highest first, and those in no tier last."""
    return tier is None, (0, "") if tier is None else _highest_first(tier)
