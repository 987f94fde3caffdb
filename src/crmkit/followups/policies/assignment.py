"""Whose customer it is: select, then assign, keep who is looked after, and leave nobody behind."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from functools import cached_property

from attrs import field, frozen
from attrs.converters import optional

from crmkit.errors import InvalidPolicy, InvalidValue
from crmkit.followups.facts import as_names, as_text
from crmkit.followups.policies.board import Board, mask_of
from crmkit.followups.records.owner_history import OwnerChange, OwnerChangeReason
from crmkit.identifiers import Actor, CustomerId, check_identifier
from crmkit.period import check_date

__all__ = [
    "Assignment",
    "AssignmentFacts",
    "AssignmentPolicy",
    "CustomerAssigned",
    "CustomerUnassigned",
    "PortfolioOwner",
    "WhyUnassigned",
]

_MOST = 10_000_000


class WhyUnassigned(StrEnum):
    """Why a customer has no owner."""

    NOT_SELECTED = "not-selected"
    """The customer is none of those who get one."""
    NOBODY_SUITS = "nobody-suits"
    """Nobody who stays looks after customers of that tier or segment."""
    FULL = "full"
    """Everybody who would suit has as many customers as they can have."""


def _segments(names: Iterable[str]) -> frozenset[str]:
    return frozenset(as_names(names))


@frozen(kw_only=True)
class AssignmentFacts:
    """A customer who may need an owner, as of a day: what they are, and who has them now.

    ``score`` says who comes first if there is not room for all: the higher, the sooner.
    """

    customer: CustomerId
    as_of: date
    owner: Actor | None = None
    tier: str | None = field(default=None, converter=optional(as_text))
    segments: frozenset[str] = field(default=frozenset(), converter=_segments)
    score: int = 0

    def __attrs_post_init__(self) -> None:
        check_identifier(self.customer, "customer")
        check_date(self.as_of, "as_of")
        for name, what in ((self.owner, "owner"), (self.tier, "tier")):
            if name is not None:
                check_identifier(name, what)
        if type(self.score) is not int:
            raise InvalidValue("what comes first is told by a whole number")


@frozen(kw_only=True)
class PortfolioOwner:
    """Somebody who looks after customers: how many at most, of which tiers and segments.

    ``has`` counts customers of theirs that are not handed in. Who leaves, ``leaves_on`` being the
    last day, gets nobody new, and after that day has nobody.

    :raises InvalidPolicy: if a count is no whole number from 0 to 10,000,000.
    """

    actor: Actor
    most: int
    has: int = 0
    tiers: tuple[str, ...] = field(default=(), converter=as_names)
    segments: tuple[str, ...] = field(default=(), converter=as_names)
    leaves_on: date | None = None

    def __attrs_post_init__(self) -> None:
        check_identifier(self.actor, "actor")
        for count in (self.most, self.has):
            if type(count) is not int or not 0 <= count <= _MOST:
                raise InvalidPolicy(f"somebody has 0 to {_MOST:,} customers: pass a whole number")
        if self.leaves_on is not None:
            check_date(self.leaves_on, "leaves_on")

    def is_there_on(self, day: date) -> bool:
        """Whether they have not left before a day."""
        return self.leaves_on is None or day <= self.leaves_on


@frozen
class CustomerAssigned:
    """A customer who has an owner: ``before`` is who had them, the same if they were kept."""

    customer: CustomerId
    to: Actor
    before: Actor | None = None

    @property
    def is_new(self) -> bool:
        """Whether somebody else has the customer now."""
        return self.to != self.before

    def change(self, *, on: date, by: Actor) -> OwnerChange:
        """What the history of the customer's owners takes, if somebody else has them now."""
        left = OwnerChangeReason.OWNER_LEFT if self.before else OwnerChangeReason.ASSIGNED
        return OwnerChange(on=on, to=self.to, reason=left, by=by)


@frozen
class CustomerUnassigned:
    """A customer who has no owner, and why."""

    customer: CustomerId
    why: WhyUnassigned
    before: Actor | None = None


@frozen
class Assignment:
    """Who has which customer: every customer who was handed in stands in one of the two lists."""

    assigned: tuple[CustomerAssigned, ...]
    unassigned: tuple[CustomerUnassigned, ...]

    def __str__(self) -> str:
        return f"{len(self.assigned):,} assigned, {len(self.unassigned):,} not assigned"

    @property
    def moved(self) -> tuple[CustomerAssigned, ...]:
        """Those whom somebody else has now."""
        return tuple(one for one in self.assigned if one.is_new)

    @property
    def loads(self) -> Mapping[Actor, int]:
        """How many of these customers each owner has, if any."""
        return dict(sorted(Counter(one.to for one in self.assigned).items()))

    def owner_of(self, customer: CustomerId) -> Actor | None:
        """Who has a customer; None if nobody, or if it is none of these."""
        return self._owners.get(customer)

    @cached_property
    def _owners(self) -> Mapping[CustomerId, Actor]:
        return {one.customer: one.to for one in self.assigned}


def _owners(owners: Iterable[PortfolioOwner]) -> tuple[PortfolioOwner, ...]:
    found = tuple(owners)
    if not all(isinstance(owner, PortfolioOwner) for owner in found):
        raise InvalidPolicy("customers are assigned to PortfolioOwner(actor='anna', most=200)")
    if len({owner.actor for owner in found}) < len(found):
        raise InvalidPolicy("an owner stands twice: add up what they can have")
    return tuple(sorted(found, key=lambda owner: owner.actor))


@frozen(kw_only=True)
class AssignmentPolicy:
    """Gives customers to owners: whoever looks after somebody goes on, until they leave.

    ``tiers`` and ``segments`` select who gets an owner at all; naming none means all. A selected
    customer stays with an owner who is there, even if that owner has too many. Everybody else goes
    to somebody who looks after such customers and has room: as many as can be, the most important
    first, and then so that the sum of the squares of all numbers of customers is the least there
    can be. Source: ORG-02 and CHU-10 of the requirements: customers belong to the company.

    The time that it takes grows with the customers who need somebody times the owners.

    :raises InvalidPolicy: if an owner stands twice.

    >>> policy = AssignmentPolicy(owners=[
    ...     PortfolioOwner(actor="anna", most=200, leaves_on=date(2026, 5, 31)),
    ...     PortfolioOwner(actor="ben", most=200, has=150),
    ...     PortfolioOwner(actor="eva", most=200, has=149),
    ... ])
    >>> assignment = policy.assign([
    ...     AssignmentFacts(customer=customer, as_of=date(2026, 6, 1), owner="anna")
    ...     for customer in ("C-7", "C-8", "C-9")
    ... ])
    >>> assignment.loads
    {'ben': 1, 'eva': 2}
    """

    owners: tuple[PortfolioOwner, ...] = field(converter=_owners)
    tiers: tuple[str, ...] = field(default=(), converter=as_names)
    segments: tuple[str, ...] = field(default=(), converter=as_names)

    def assign(self, customers: Iterable[AssignmentFacts]) -> Assignment:
        """Say who has which customer; their order does not matter, and duplicates count once.

        :raises InvalidValue: if a customer comes twice with different facts.
        """
        kept: list[CustomerAssigned] = []
        looking: list[AssignmentFacts] = []
        unassigned: list[CustomerUnassigned] = []
        by_actor = {owner.actor: owner for owner in self.owners}
        for facts in _told_apart(customers):
            owner = None if facts.owner is None else by_actor.get(facts.owner)
            if not _is_for(self, facts):
                why = WhyUnassigned.NOT_SELECTED
                unassigned.append(CustomerUnassigned(facts.customer, why, facts.owner))
            elif owner is not None and owner.is_there_on(facts.as_of):
                kept.append(CustomerAssigned(facts.customer, owner.actor, owner.actor))
            else:
                looking.append(facts)
        found, left = self._placed(looking, Counter(one.to for one in kept))
        return Assignment(
            tuple(sorted((*kept, *found), key=lambda one: one.customer)),
            tuple(sorted((*unassigned, *left), key=lambda one: one.customer)),
        )

    def _placed(
        self, looking: Iterable[AssignmentFacts], has: Mapping[Actor, int]
    ) -> tuple[list[CustomerAssigned], list[CustomerUnassigned]]:
        looking = sorted(looking, key=lambda facts: (-facts.score, facts.customer))
        load = [owner.has + has.get(owner.actor, 0) for owner in self.owners]
        room = [owner.most - count for owner, count in zip(self.owners, load, strict=True)]
        board = Board(load, room, even=True)
        left = []
        for number, facts in enumerate(looking):
            mask = mask_of(
                place
                for place, owner in enumerate(self.owners)
                if owner.leaves_on is None and _is_for(owner, facts)
            )
            if not board.put(number, mask):
                why = WhyUnassigned.FULL if mask else WhyUnassigned.NOBODY_SUITS
                left.append(CustomerUnassigned(facts.customer, why, facts.owner))
        board.level()
        found = [
            CustomerAssigned(
                looking[number].customer, self.owners[place].actor, looking[number].owner
            )
            for number, place in board.where.items()
        ]
        return found, left


def _is_for(scope: AssignmentPolicy | PortfolioOwner, facts: AssignmentFacts) -> bool:
    """Whether a customer is of the tiers and segments that are named."""
    has_tier = not scope.tiers or facts.tier in scope.tiers
    return has_tier and (not scope.segments or not facts.segments.isdisjoint(scope.segments))


def _told_apart(customers: Iterable[AssignmentFacts]) -> Iterable[AssignmentFacts]:
    found: dict[CustomerId, AssignmentFacts] = {}
    for facts in customers:
        if not isinstance(facts, AssignmentFacts):
            raise InvalidValue("customers are assigned by AssignmentFacts")
        if found.setdefault(facts.customer, facts) != facts:
            raise InvalidValue("a customer comes twice with different facts: pass one of the two")
    return found.values()
