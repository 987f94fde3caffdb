"""What to do about a customer's loyalty, by its type: whom to develop, and whom not."""

from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from attrs import field, frozen

from crmkit.decision import Comparison, Decision, Evidence, above, equals, noted
from crmkit.errors import InvalidPolicy, InvalidValue
from crmkit.identifiers import CustomerId, check_identifier
from crmkit.loyalty.policies.types import LoyaltyType
from crmkit.loyalty.records.answers import as_words
from crmkit.period import check_date

__all__ = [
    "DevelopmentAdvice",
    "DevelopmentFacts",
    "DevelopmentStance",
    "LoyaltyDevelopment",
    "Obstacle",
    "ObstacleKind",
]


class ObstacleKind(StrEnum):
    """What keeps a latently loyal customer from buying more."""

    COMPANY_RULE = "company-rule"
    """A rule of ours, which we can change."""
    ENVIRONMENT = "environment"
    """The surroundings: no branch nearby, a law, the budget of the customer."""


@frozen
class Obstacle:
    """One thing that stands in the way, in the shop's words.

    :raises InvalidValue: if the kind is no ObstacleKind, or the text could not be shown.
    """

    kind: ObstacleKind
    what: str

    def __attrs_post_init__(self) -> None:
        if not isinstance(self.kind, ObstacleKind):
            raise InvalidValue("an obstacle is an ObstacleKind: a company rule, or environment")
        check_identifier(self.what, "an obstacle")


def _as_obstacles(obstacles: Iterable[Obstacle]) -> tuple[Obstacle, ...]:
    found = tuple(obstacles)
    if not all(isinstance(each, Obstacle) for each in found):
        raise InvalidValue("obstacles are (Obstacle(ObstacleKind.COMPANY_RULE, 'no delivery'),)")
    return found


@frozen(kw_only=True)
class DevelopmentFacts:
    """The type of a customer's loyalty, None if it is not certain, and what stands in the way.

    :raises InvalidValue: if a fact is of another type.
    """

    customer: CustomerId
    as_of: date
    type: LoyaltyType | None
    obstacles: tuple[Obstacle, ...] = field(default=(), converter=_as_obstacles)

    def __attrs_post_init__(self) -> None:
        check_identifier(self.customer, "customer")
        check_date(self.as_of, "as_of")
        if not isinstance(self.type, LoyaltyType | None):
            raise InvalidValue("a type is a LoyaltyType, or None while it is not certain")


class DevelopmentStance(StrEnum):
    """What to do about the loyalty of a customer."""

    ASK_FIRST = "ask-first"
    """The type is not certain: ask for the reason."""
    LEAVE = "leave"
    """Whoever follows the lowest price does not become loyal: serve, and do not invest."""
    REMOVE_OBSTACLE = "remove-obstacle"
    """Take away what stands in the way; nothing else is missing."""
    DEVELOP = "develop"
    """Give the customer a reason to stay that is not a cage, a habit or a reward."""
    CHERISH = "cherish"
    """The customer wants us: keep it so, and listen."""


_STANCES = {
    None: DevelopmentStance.ASK_FIRST,
    LoyaltyType.PRICE: DevelopmentStance.LEAVE,
    LoyaltyType.LATENT: DevelopmentStance.REMOVE_OBSTACLE,
    LoyaltyType.SUPER_VALUE: DevelopmentStance.CHERISH,
}


@frozen(kw_only=True)
class DevelopmentAdvice:
    """What to do, in which ways, and for the latent type what to remove."""

    stance: DevelopmentStance
    is_emotional: bool
    """Whether the customer is loyal to the brand by feeling, which only the super-value type is."""
    ways: tuple[str, ...] = ()
    obstacles: tuple[Obstacle, ...] = ()

    def __str__(self) -> str:
        return str(self.stance)


def _as_ways(
    ways: Mapping[LoyaltyType, Iterable[str]],
) -> Mapping[LoyaltyType, tuple[str, ...]]:
    return MappingProxyType({kind: as_words(words) for kind, words in ways.items()})


@frozen(kw_only=True)
class LoyaltyDevelopment:
    """What to do by type: the price type is left out, the latent type has its obstacles removed.

    Only the super-value type is emotional loyalty to the brand; all others would be gone with what
    holds them. Source: LOY-05. ``ways`` are what the shop does for the types it develops, in its
    own words; a type may be left out.

    :raises InvalidPolicy: if there are ways to develop the price type.

    >>> from crmkit.decision import explain
    >>> advise = LoyaltyDevelopment(ways={LoyaltyType.INERTIA: ["a named contact"]})
    >>> far = Obstacle(ObstacleKind.COMPANY_RULE, "no delivery outside the city")
    >>> facts = DevelopmentFacts(
    ...     customer="bert", as_of=date(2026, 6, 30), type=LoyaltyType.LATENT, obstacles=[far]
    ... )
    >>> print(explain(advise(facts)))
    remove obstacle for bert, by loyalty development, as of 2026-06-30
    - not met: emotional loyalty is latent; super-value required
    - met: obstacles on record is 1; more than 0 required
    - noted: company rule is no delivery outside the city
    """

    ways: Mapping[LoyaltyType, tuple[str, ...]] = field(
        factory=dict, converter=_as_ways, hash=False
    )

    def __attrs_post_init__(self) -> None:
        if not all(isinstance(kind, LoyaltyType) for kind in self.ways):
            raise InvalidPolicy("ways are texts by LoyaltyType")
        if LoyaltyType.PRICE in self.ways:
            raise InvalidPolicy("the price type does not become loyal: it has no ways")

    def __call__(self, facts: DevelopmentFacts, /) -> Decision[DevelopmentAdvice]:
        """What to do about the loyalty of one customer, and why."""
        evidence = (
            self._emotional(facts.type),
            *(self._in_the_way(facts) if facts.type is LoyaltyType.LATENT else ()),
        )
        return Decision(
            self._advice(facts),
            "loyalty-development",
            facts.as_of,
            evidence,
            subject=facts.customer,
        )

    def outcomes(self, facts: Iterable[DevelopmentFacts]) -> list[DevelopmentAdvice]:
        """The advice for many customers, as the call gives it one by one."""
        return [self._advice(item) for item in facts]

    def _advice(self, facts: DevelopmentFacts) -> DevelopmentAdvice:
        kind = facts.type
        return DevelopmentAdvice(
            stance=_STANCES.get(kind, DevelopmentStance.DEVELOP),
            is_emotional=kind is LoyaltyType.SUPER_VALUE,
            ways=() if kind is None else self.ways.get(kind, ()),
            obstacles=facts.obstacles if kind is LoyaltyType.LATENT else (),
        )

    def _emotional(self, kind: LoyaltyType | None) -> Evidence:
        required = str(LoyaltyType.SUPER_VALUE)
        if kind is None:
            return Evidence("emotional-loyalty", None, required, None, Comparison.EQUALS)
        return equals("emotional-loyalty", str(kind), required)

    def _in_the_way(self, facts: DevelopmentFacts) -> tuple[Evidence, ...]:
        """Latent loyalty without an obstacle on record: somebody has to find it."""
        return (
            above("obstacles-on-record", len(facts.obstacles), 0),
            *(noted(each.kind, each.what) for each in facts.obstacles),
        )
