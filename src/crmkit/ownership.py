"""Whose a matter is: whoever was asked first, until a hand-over is accepted.

A customer who has turned to somebody does not look for somebody else: the person who was asked
first owns the matter. They settle it, or offer it to a colleague, or, where that one is away, to
the colleague in charge; and it stays theirs until the offer is accepted. So from the first moment
on there is exactly one owner. Where an owner has left, a supervisor may assign the matter to
another without anybody accepting it; that is an act of its own, and on record as such.

>>> from crmkit.identifiers import Actor
>>> anna, ben = Actor("anna"), Actor("ben")
>>> matter = Ownership.first_asked(anna).after(OwnershipChange.offer(ben), by=anna)
>>> matter.owner, matter.offered_to
('anna', 'ben')
>>> matter.after(OwnershipChange(OwnershipAct.ACCEPT), by=ben).owner
'ben'
>>> matter.after(OwnershipChange(OwnershipAct.ACCEPT), by=anna)
Traceback (most recent call last):
...
crmkit.errors.WrongActor: cannot accept: only the one it was offered to can; allowed to this \
actor: withdraw
"""

from enum import StrEnum
from typing import Self

from attrs import frozen

from crmkit.errors import InvalidValue, WrongActor
from crmkit.identifiers import Actor, check_identifier
from crmkit.lifecycle import Lifecycle

__all__ = [
    "OWNERSHIP_LIFECYCLE",
    "Ownership",
    "OwnershipAct",
    "OwnershipChange",
    "OwnershipStatus",
]


class OwnershipStatus(StrEnum):
    """Whether a matter has an owner, and whether it is being handed over."""

    UNOWNED = "unowned"
    OWNED = "owned"
    OFFERED = "offered"
    """It is still its owner's, who has offered it to somebody who has not answered."""


class OwnershipAct(StrEnum):
    """What can be done about the ownership of a matter."""

    TAKE = "take"
    """Somebody is asked first, and owns the matter from then on."""
    OFFER = "offer"
    ACCEPT = "accept"
    DECLINE = "decline"
    WITHDRAW = "withdraw"
    """The owner takes an offer back."""
    ASSIGN = "assign"
    """Somebody other than the owner gives the matter to another, who is not asked."""


_NOBODY, _OWNED, _OFFERED = OwnershipStatus
_TO_SOMEBODY = frozenset({OwnershipAct.OFFER, OwnershipAct.ASSIGN})

OWNERSHIP_LIFECYCLE = Lifecycle(
    name="ownership",
    version=1,
    initial=OwnershipStatus.UNOWNED,
    final=(OwnershipStatus.OWNED,),
    moves=[
        # from, by, to
        (_NOBODY, OwnershipAct.TAKE, _OWNED),
        (_NOBODY, OwnershipAct.ASSIGN, _OWNED),
        (_OWNED, OwnershipAct.OFFER, _OFFERED),
        (_OWNED, OwnershipAct.ASSIGN, _OWNED),
        (_OFFERED, OwnershipAct.ACCEPT, _OWNED),
        (_OFFERED, OwnershipAct.DECLINE, _OWNED),
        (_OFFERED, OwnershipAct.WITHDRAW, _OWNED),
        (_OFFERED, OwnershipAct.ASSIGN, _OWNED),
    ],
)
"""What can be done with a matter that nobody owns, that is owned, and that is being offered."""


@frozen
class OwnershipChange:
    """One act about the ownership of a matter; who did it, when and why stands in its entry.

    :raises InvalidIdentifier: if the actor could not serve as a key.
    :raises InvalidValue: if an offer or an assignment goes to nobody, or another act to somebody.
    """

    act: OwnershipAct
    to: Actor | None = None

    def __attrs_post_init__(self) -> None:
        if not isinstance(self.act, OwnershipAct):
            raise InvalidValue("an act is a member of OwnershipAct, such as OwnershipAct.OFFER")
        if self.to is not None:
            check_identifier(self.to, "the next owner")
        if self.act in _TO_SOMEBODY and self.to is None:
            raise InvalidValue(f"ownership: {self.act} goes to somebody: pass to=")
        if self.act not in _TO_SOMEBODY and self.to is not None:
            raise InvalidValue(f"ownership: {self.act} is its actor's own: leave to= out")

    @classmethod
    def offer(cls, to: Actor) -> Self:
        """The owner offers the matter to a colleague, who accepts or declines.

        Where the competent colleague is away, offer it to the one in charge meanwhile.
        """
        return cls(OwnershipAct.OFFER, to)

    @classmethod
    def assign(cls, to: Actor) -> Self:
        """The matter is given to somebody without their acceptance, because its owner has left."""
        return cls(OwnershipAct.ASSIGN, to)


@frozen
class Ownership:
    """Whose a matter is, and to whom it is being offered.

    :raises InvalidIdentifier: if an actor could not serve as a key.
    :raises InvalidValue: if it is offered without an owner, or to its owner.
    """

    owner: Actor | None = None
    offered_to: Actor | None = None

    def __attrs_post_init__(self) -> None:
        if self.owner is not None:
            check_identifier(self.owner, "owner")
        if self.offered_to is not None:
            check_identifier(self.offered_to, "the next owner")
            if self.owner is None:
                raise InvalidValue("a matter that nobody owns cannot be offered: take it first")
            if self.offered_to == self.owner:
                raise InvalidValue("a matter is offered to somebody else than its owner")

    @classmethod
    def first_asked(cls, actor: Actor) -> Self:
        """Whoever is asked first owns the matter."""
        return cls(actor)

    @property
    def status(self) -> OwnershipStatus:
        """Whether the matter has an owner, and whether it is being offered."""
        if self.offered_to is not None:
            return OwnershipStatus.OFFERED
        return OwnershipStatus.UNOWNED if self.owner is None else OwnershipStatus.OWNED

    def allowed_to(self, actor: Actor) -> tuple[OwnershipAct, ...]:
        """What an actor can do about the ownership, in the order of the table.

        Who may assign a matter is for the host to say; here it can be anybody but its owner.

        >>> [str(act) for act in Ownership.first_asked(Actor("anna")).allowed_to(Actor("anna"))]
        ['offer']
        """
        possible = OWNERSHIP_LIFECYCLE.allowed(self.status)
        return tuple(act for act in possible if self._is_for(act, actor))

    def after(self, change: OwnershipChange, *, by: Actor) -> "Ownership":
        """Whose the matter is after an act of somebody.

        :raises IllegalTransition: if the act is not possible now: there is an owner already, or no
            open offer.
        :raises InvalidIdentifier: if the actor could not serve as a key.
        :raises InvalidValue: if the matter is offered or assigned to its owner.
        :raises WrongActor: if the act is for somebody else to do.
        """
        check_identifier(by, "actor")
        OWNERSHIP_LIFECYCLE.after(self.status, change.act)
        if not self._is_for(change.act, by):
            raise WrongActor(change.act, _WHOSE[change.act], self.allowed_to(by))
        if change.to is not None and change.to == self.owner:
            raise InvalidValue(f"ownership: {change.act} goes to somebody else than the owner")
        match change.act:
            case OwnershipAct.OFFER:
                return Ownership(self.owner, change.to)
            case OwnershipAct.ASSIGN:
                return Ownership(change.to)
            case OwnershipAct.TAKE | OwnershipAct.ACCEPT:
                return Ownership(by)
            case _:  # It was declined or withdrawn.
                return Ownership(self.owner)

    def _is_for(self, act: OwnershipAct, actor: Actor) -> bool:
        match act:
            case OwnershipAct.OFFER | OwnershipAct.WITHDRAW:
                return actor == self.owner
            case OwnershipAct.ACCEPT | OwnershipAct.DECLINE:
                return actor == self.offered_to
            case OwnershipAct.ASSIGN:
                # An owner who could assign would hand over without being relieved of it.
                return actor != self.owner
            case _:  # Whoever is asked first takes what nobody owns.
                return True


_WHOSE = {
    OwnershipAct.OFFER: "the owner",
    OwnershipAct.WITHDRAW: "the owner",
    OwnershipAct.ACCEPT: "the one it was offered to",
    OwnershipAct.DECLINE: "the one it was offered to",
    OwnershipAct.ASSIGN: "somebody other than the owner",
}
