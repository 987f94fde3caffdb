"""Rewards: what points can be spent on, by whom, and what is missing.

>>> from crmkit.decision import explain
>>> catalog = RewardCatalog((
...     Reward("mug", 500, stock=20),
...     Reward("lounge", 3_000, tiers={"gold"}, member_days=365),
... ))
>>> facts = RewardFacts(
...     member=CustomerId("M-7"), on=date(2026, 3, 1), points=420, member_since=date(2025, 1, 1),
...     left={"mug": 3},
... )
>>> decision = catalog.can_redeem("mug", facts)
>>> decision.outcome.missing_points
80
>>> print(explain(decision))
mug refused, 80 points missing for M-7, by reward policy, as of 2026-03-01
- not met: points is 420; at least 500 required
- met: pieces left is 3; at least 1 required
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from types import MappingProxyType

from attrs import field, frozen

from crmkit.decision import Comparison, Decision, Evidence, all_of, at_least, at_most, below
from crmkit.errors import InvalidPolicy, InvalidValue
from crmkit.identifiers import CustomerId, check_identifier
from crmkit.loyalty.facts.earning import CapPeriod
from crmkit.loyalty.records.shares import check_points
from crmkit.loyalty.records.terms import ExpiresAfter
from crmkit.money import Money
from crmkit.period import Period, Unit, add_units, check_date

__all__ = [
    "Redeemed",
    "Reward",
    "RewardCatalog",
    "RewardFacts",
    "RewardLimit",
    "RewardPolicy",
    "RewardVerdict",
]


# --- the terms ------------------------------------------------------------------------------------


def _words(words: Iterable[str]) -> frozenset[str]:
    if isinstance(words, str):
        raise InvalidPolicy("a reward is for several tiers: pass a set, such as {'gold'}")
    return frozenset(words)


@frozen
class RewardLimit:
    """At most so often for one member in a period: ``RewardLimit(1, CapPeriod.YEAR)``.

    :raises InvalidPolicy: if it is not at least once, or the period is a purchase.
    """

    times: int
    per: CapPeriod

    def __attrs_post_init__(self) -> None:
        if type(self.times) is not int or self.times < 1:
            raise InvalidPolicy("a reward is given a whole number of times, once at least")
        if self.per is CapPeriod.PURCHASE:
            raise InvalidPolicy("a reward is limited by day, month, year or program")


@frozen
class Reward:
    """Something that points can be spent on.

    ``points`` is what it costs, ``pays`` the money that the member adds. ``stock`` is how many
    pieces there are; None stands for as many as anybody wants. It is for members of the ``tiers``
    (empty: of any or none) who have been members for ``member_days`` at least. ``offered`` is when
    it can be redeemed, last day included; ``valid`` when, once redeemed, it can be used: on fixed
    days, or for so long after the day it was redeemed; None is for ever.

    :raises InvalidPolicy: if the cost is not a whole number above zero, the money is not above
        zero, stock or days are below zero, two limits are for one period, or the reward is offered
        only after its validity is over.
    :raises InvalidIdentifier: if a name could not serve as a key.
    """

    name: str
    points: int
    pays: Money | None = field(default=None, kw_only=True)
    stock: int | None = field(default=None, kw_only=True)
    tiers: frozenset[str] = field(default=frozenset(), converter=_words, kw_only=True)
    member_days: int = field(default=0, kw_only=True)
    limits: tuple[RewardLimit, ...] = field(default=(), kw_only=True)
    offered: Period | None = field(default=None, kw_only=True)
    valid: Period | ExpiresAfter | None = field(default=None, kw_only=True)

    def __attrs_post_init__(self) -> None:
        check_identifier(self.name, "the name of a reward")
        for tier in self.tiers:
            check_identifier(tier, "the name of a tier")
        if type(self.points) is not int or self.points < 1:
            raise InvalidPolicy("a reward costs a whole number of points, one at least")
        if self.pays is not None and self.pays.minor <= 0:
            raise InvalidPolicy("what a member adds is above zero: leave it out otherwise")
        for count in (0 if self.stock is None else self.stock, self.member_days):
            if type(count) is not int or count < 0:
                raise InvalidPolicy("pieces and days are whole numbers of zero or more")
        if len({limit.per for limit in self.limits}) != len(self.limits):
            raise InvalidPolicy("two limits for one period: keep the lower one")
        if (
            isinstance(self.valid, Period)
            and self.offered is not None
            and self.offered.start > self.valid.last
        ):
            raise InvalidPolicy("the reward is offered only when its validity is over")

    def usable(self, on: date) -> Period | None:
        """When the reward can be used if it is redeemed on a day; None: from then on, for ever.

        :raises InvalidValue: if its validity is over by then.
        """
        match self.valid:
            case None:
                return None
            case Period():
                return Period.through(max(on, self.valid.start), self.valid.last)
            case _:
                last = add_units(on, self.valid.count, self.valid.unit)
                return Period.through(on, last)


# --- the facts ------------------------------------------------------------------------------------


@frozen
class Redeemed:
    """That the member had a reward on a day; what was given back is left out."""

    reward: str
    on: date


def _counts(left: Mapping[str, int]) -> Mapping[str, int]:
    return MappingProxyType(dict(left))


@frozen(kw_only=True)
class RewardFacts:
    """A member who looks at the rewards: what they have, since when, and what they had before.

    ``points`` are those that can be spent on the day. ``left`` says how many pieces are left of
    each reward with a stock (:attr:`RewardStock.left <crmkit.loyalty.RewardStock.left>`); a reward
    that is not named there has all its pieces.

    :raises InvalidValue: if a day is no plain date, the member joins later than the day, or the
        points are not whole.
    """

    member: CustomerId
    on: date
    points: int
    member_since: date
    tier: str | None = None
    redeemed: tuple[Redeemed, ...] = ()
    left: Mapping[str, int] = field(factory=dict, converter=_counts, hash=False)

    def __attrs_post_init__(self) -> None:
        check_identifier(self.member, "member")
        check_date(self.on, "the day of a redemption")
        check_date(self.member_since, "member_since")
        check_points(self.points, "the points of a member")
        if self.member_since > self.on:
            raise InvalidValue("a member redeems from the day they joined on")


# --- the policy -----------------------------------------------------------------------------------


@frozen
class RewardVerdict:
    """Whether a member can have a reward, for what, and how many points are missing.

    ``member_from`` is the first day on which they have been members for long enough. ``usable`` is
    when the reward can be used, if it is allowed; None is for ever.
    """

    reward: str
    allowed: bool
    points: int
    pays: Money | None
    missing_points: int
    member_from: date
    usable: Period | None = None

    def __str__(self) -> str:
        if self.allowed:
            money = "" if self.pays is None else f" and {self.pays}"
            return f"{self.reward} for {self.points:,} points{money}"
        missing = f", {self.missing_points:,} points missing" if self.missing_points else ""
        return f"{self.reward} refused{missing}"


@frozen
class RewardPolicy:
    """Give a reward to whoever it is for, while it is offered, in stock, and paid for in points."""

    reward: Reward

    def __call__(self, facts: RewardFacts, /) -> Decision[RewardVerdict]:
        """Whether the member can have the reward, and everything that is in the way."""
        reward = self.reward
        evidence = tuple(_evidence(reward, facts))
        allowed = all(each.met for each in evidence)
        verdict = RewardVerdict(
            reward.name,
            allowed,
            reward.points,
            reward.pays,
            max(0, reward.points - facts.points),
            add_units(facts.member_since, reward.member_days, Unit.DAY),
            reward.usable(facts.on) if allowed else None,
        )
        return Decision(verdict, "reward-policy", facts.on, evidence, subject=facts.member)

    def outcomes(self, facts: Iterable[RewardFacts], /) -> list[RewardVerdict]:
        """Whether many members can have the reward."""
        return [self(each).outcome for each in facts]


def _evidence(reward: Reward, facts: RewardFacts) -> Iterator[Evidence]:
    yield at_least("points", facts.points, reward.points)
    if reward.stock is not None:
        yield at_least("pieces-left", facts.left.get(reward.name, reward.stock), 1)
    if reward.tiers:
        tiers = ", ".join(sorted(reward.tiers))
        yield Evidence("tier", facts.tier, tiers, facts.tier in reward.tiers, Comparison.ONE_OF)
    if reward.member_days:
        days = (facts.on - facts.member_since).days
        yield at_least("days-as-member", days, reward.member_days)
    if reward.offered is not None:
        yield at_least("day", facts.on, reward.offered.start)
        yield at_most("day", facts.on, reward.offered.last)
    if isinstance(reward.valid, Period):
        yield at_most("day", facts.on, reward.valid.last)
    for limit in reward.limits:
        had = sum(
            each.reward == reward.name and limit.per.shared_by(each.on, facts.on)
            for each in facts.redeemed
        )
        yield below(f"had-this-{limit.per}", had, limit.times)


@frozen
class RewardCatalog:
    """All the rewards of a program.

    :raises InvalidPolicy: if there is none, or two share a name.
    """

    rewards: tuple[Reward, ...]

    def __attrs_post_init__(self) -> None:
        if not self.rewards or len({each.name for each in self.rewards}) != len(self.rewards):
            raise InvalidPolicy("a catalog has rewards, each with a name of its own")

    def reward(self, name: str) -> Reward:
        """The reward of that name.

        :raises InvalidValue: if there is none; it lists those there are.
        """
        for reward in self.rewards:
            if reward.name == name:
                return reward
        names = ", ".join(reward.name for reward in self.rewards)
        raise InvalidValue(f"no such reward in the catalog; there are {names}")

    def can_redeem(self, name: str, facts: RewardFacts) -> Decision[RewardVerdict]:
        """Whether a member can have one reward, and everything that is in the way.

        :raises InvalidValue: if there is no such reward.
        """
        return RewardPolicy(self.reward(name))(facts)

    def __call__(self, facts: RewardFacts, /) -> Decision[tuple[str, ...]]:
        """Which rewards a member can have, in the order of the catalog, and why not the others."""
        each = [RewardPolicy(reward)(facts) for reward in self.rewards]
        names = tuple(decision.outcome.reward for decision in each if decision.outcome.allowed)
        evidence = tuple(
            all_of(f"reward {decision.outcome.reward}", *decision.evidence) for decision in each
        )
        return Decision(names, "reward-catalog", facts.on, evidence, subject=facts.member)
