"""Tiers, and the ladder they form."""

from collections.abc import Iterable, Iterator
from typing import Self

from attrs import field, frozen

from crmkit.decision import Decision
from crmkit.errors import InvalidPolicy, InvalidValue
from crmkit.identifiers import check_identifier

__all__ = ["Tier", "TierLadder"]


@frozen(order=True)
class Tier:
    """A class of customers that is better or worse than others: a higher ``rank`` is better.

    Tiers are ordered by their rank alone; two tiers are the same if name and rank are. Ranks may
    leave gaps (10, 20, 30), so that a tier can come between two others later.

    :raises InvalidValue: if the name could not serve as a key, or the rank is not a whole number.

    >>> Tier("gold", 3) > Tier("silver", 2)
    True
    >>> print(Tier("gold", 3))
    gold
    """

    name: str = field(order=False)
    rank: int

    def __attrs_post_init__(self) -> None:
        check_identifier(self.name, "the name of a tier")
        if type(self.rank) is not int:
            raise InvalidValue("the rank of a tier is a whole number: the higher, the better")

    def __str__(self) -> str:
        return self.name


def _ascending(tiers: Iterable[Tier]) -> tuple[Tier, ...]:
    return tuple(sorted(tiers))


@frozen
class TierLadder:
    """All the tiers of a shop, the lowest first: what "one step down" means.

    :raises InvalidPolicy: if there is no tier, or two share a name or a rank.
    """

    tiers: tuple[Tier, ...] = field(converter=_ascending)

    def __attrs_post_init__(self) -> None:
        names = {tier.name for tier in self.tiers}
        ranks = {tier.rank for tier in self.tiers}
        if not self.tiers or not len(names) == len(ranks) == len(self.tiers):
            raise InvalidPolicy(
                "a ladder has at least one tier, and each has a name and a rank of its own"
            )

    @classmethod
    def of(cls, *names: str) -> Self:
        """Name the tiers from the lowest to the highest; their ranks are 1, 2, 3 and so on."""
        return cls(tuple(Tier(name, rank) for rank, name in enumerate(names, start=1)))

    def __iter__(self) -> Iterator[Tier]:
        return iter(self.tiers)

    @property
    def lowest(self) -> Tier:
        """The entry of the ladder."""
        return self.tiers[0]

    @property
    def highest(self) -> Tier:
        """The top of the ladder."""
        return self.tiers[-1]

    def tier(self, name: str) -> Tier:
        """The tier of that name.

        :raises InvalidValue: if there is none; it lists the names there are.
        """
        for tier in self.tiers:
            if tier.name == name:
                return tier
        raise InvalidValue(f"no such tier on the ladder: {self._names()}")

    def place(self, decision: Decision[str]) -> Decision[Tier]:
        """Put a decision that names a class, such as a pyramid layer, on the ladder.

        The evidence stays; the outcome becomes the tier of that name.

        :raises InvalidValue: if the ladder has no tier of that name.

        >>> from datetime import date
        >>> ladder = TierLadder.of("lead", "iron", "gold", "platinum")
        >>> ladder.place(Decision("iron", "customer-pyramid", date(2026, 6, 30))).outcome
        Tier(name='iron', rank=2)
        """
        return Decision(
            self.tier(decision.outcome),
            decision.policy,
            decision.as_of,
            decision.evidence,
            decision.subject,
            decision.policy_digest,
        )

    def below(self, tier: Tier) -> Tier | None:
        """The next tier down, None below the lowest.

        :raises InvalidValue: if the tier is not on the ladder.
        """
        position = self.position(tier)
        return self.tiers[position - 1] if position else None

    def above(self, tier: Tier) -> Tier | None:
        """The next tier up, None above the highest.

        :raises InvalidValue: if the tier is not on the ladder.
        """
        position = self.position(tier) + 1
        return self.tiers[position] if position < len(self.tiers) else None

    def position(self, tier: Tier) -> int:
        """How many steps a tier stands above the lowest.

        :raises InvalidValue: if the tier, with this name and rank, is not on the ladder.
        """
        try:
            return self.tiers.index(tier)
        except ValueError:
            raise InvalidValue(
                f"a tier is not on the ladder, which has {self._names()}: if the ladder has "
                f"changed, leave the tiers that customers hold on it, with their ranks"
            ) from None

    def _names(self) -> str:
        return ", ".join(f"{tier.name} (rank {tier.rank})" for tier in self.tiers)
