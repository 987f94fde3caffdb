"""Who owns a matter: whoever was asked first, until a hand-over is accepted.

Nobody gets rid of a matter by passing it on: it stays with its owner until somebody else has said
yes. An owner who has left cannot offer anything; then a matter is reassigned, which is an act of
its own that stands on record.

>>> matter = Ownership.first_asked(Actor("anna"))
>>> matter = matter.after(OwnershipChange(OwnershipAct.OFFER, Actor("ben")), by=Actor("anna"))
>>> matter.owner
'anna'
>>> matter.after(OwnershipChange(OwnershipAct.ACCEPT), by=Actor("ben")).owner
'ben'
"""

import re
import unicodedata
from enum import StrEnum
from typing import Self

from attrs import frozen

from crmkit.errors import CrmkitError, InvalidValue
from crmkit.identifiers import Actor, check_identifier

__all__ = ["HandOverRefused", "Ownership", "OwnershipAct", "OwnershipChange", "same_actor"]

# Marks and letters that nobody sees; what Unicode calls default ignorable, without the format
# characters, which no identifier holds.
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)


def same_actor(one: Actor | None, other: Actor | None) -> bool:
    """Whether two names read as one: nobody becomes a second person by writing theirs otherwise.

    Case, width, accents in one piece or two, and the number of blanks make no difference. Where a
    rule asks for somebody else, such a name is nobody else. Two accounts of one person that read
    differently only the host can tell.

    >>> same_actor(Actor("anna"), Actor("Anna")), same_actor(Actor("anna"), Actor("hanna"))
    (True, False)
    """
    if one is None or other is None:
        return False
    return one == other or _as_read(one) == _as_read(other)


def _as_read(actor: Actor) -> str:
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", actor).casefold())
    return " ".join(_UNSEEN.sub("", folded).split())


class OwnershipAct(StrEnum):
    """What can be done about whose matter it is."""

    TAKE = "take"
    """Somebody takes a matter that nobody owns."""
    OFFER = "offer"
    """The owner offers it to somebody, such as the manager in charge, or their deputy."""
    ACCEPT = "accept"
    """The one to whom it was offered takes it over."""
    DECLINE = "decline"
    """The one to whom it was offered does not: it stays where it is."""
    RETRACT = "retract"
    """The owner takes the offer back."""
    REASSIGN = "reassign"
    """Somebody else gives it to a new owner, because the owner cannot: ill, or gone."""


_NAMES_SOMEBODY = frozenset({OwnershipAct.OFFER, OwnershipAct.REASSIGN})


class HandOverRefused(CrmkitError):
    """Ownership cannot change in this way; nothing was changed."""

    code = "hand-over-refused"


@frozen
class OwnershipChange:
    """One act about whose matter it is; ``to`` names whom it is offered or reassigned to.

    :raises InvalidValue: if an offer or a reassignment names nobody, or another act somebody.
    :raises InvalidIdentifier: if the name could not serve as a key.
    """

    act: OwnershipAct
    to: Actor | None = None

    def __attrs_post_init__(self) -> None:
        if self.to is not None:
            check_identifier(self.to, "actor")
        if (self.to is not None) != (self.act in _NAMES_SOMEBODY):
            raise InvalidValue(
                "offer and reassign name whom the matter goes to; the other acts name nobody"
            )


@frozen
class Ownership:
    """Whose a matter is, and to whom it has been offered.

    :raises InvalidIdentifier: if a name could not serve as a key.
    :raises InvalidValue: if what nobody owns is offered, or something to its owner.
    """

    owner: Actor | None = None
    offered_to: Actor | None = None

    def __attrs_post_init__(self) -> None:
        if self.owner is not None:
            check_identifier(self.owner, "actor")
        if self.offered_to is not None:
            check_identifier(self.offered_to, "actor")
            if self.owner is None or same_actor(self.owner, self.offered_to):
                raise InvalidValue("a matter is offered by its owner, to somebody else")

    @classmethod
    def first_asked(cls, actor: Actor) -> Self:
        """Whoever is asked first owns the matter.

        :raises InvalidIdentifier: if the actor could not serve as a key.
        """
        return cls(actor)

    def after(self, change: OwnershipChange, *, by: Actor) -> Self:
        """Whose it is after an act.

        An offer stands until it is accepted, declined or retracted; a reassignment ends it. An
        owner under another spelling is the owner: see :func:`same_actor`.

        :raises HandOverRefused: if ``by`` may not do that, or there is nothing to do it to.
        """
        match change.act:
            case OwnershipAct.TAKE:
                _require(self.owner is None, "somebody owns the matter: let them offer it")
                return type(self)(by)
            case OwnershipAct.OFFER:
                _require(self.owner == by, "only the owner offers a matter")
                _require(self.offered_to is None, "it is offered already: retract that first")
                theirs = same_actor(change.to, by)
                _require(not theirs, "it is theirs: offer it to somebody else")
                return type(self)(self.owner, change.to)
            case OwnershipAct.ACCEPT:
                _require(self.offered_to == by, "only the one it was offered to can accept it")
                return type(self)(by)
            case OwnershipAct.DECLINE:
                _require(self.offered_to == by, "only the one it was offered to can decline it")
                return type(self)(self.owner)
            case OwnershipAct.RETRACT:
                offered = self.offered_to is not None
                _require(offered and self.owner == by, "only the owner retracts an offer they made")
                return type(self)(self.owner)
        # What is left is to reassign. If an owner could, they would get rid of a matter without
        # anybody's yes.
        by_owner, to_owner = same_actor(self.owner, by), same_actor(self.owner, change.to)
        _require(not by_owner, "an owner offers a matter; others reassign it")
        _require(not to_owner, "it is theirs: reassign it to somebody else")
        return type(self)(change.to)


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise HandOverRefused(f"ownership stays as it is: {otherwise}")
