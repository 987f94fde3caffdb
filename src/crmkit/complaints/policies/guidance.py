"""How to speak with a complainant, and what never to do: checklists that a host can show."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from attrs import field, frozen

from crmkit.complaints.records.complainant import ComplainantType
from crmkit.errors import InvalidPolicy

__all__ = ["GUIDANCE", "WRONG_MOVES", "Guidance", "HandlingGuide", "WrongMove", "WrongMoveNote"]


class WrongMove(StrEnum):
    """Six ways to make a complaint worse."""

    EARLY_LIABILITY = "early-liability"
    ARGUING = "arguing"
    LECTURING = "lecturing"
    BELITTLING = "belittling"
    POINTLESS_QUESTIONS = "pointless-questions"
    NOT_DOING = "not-doing"


@frozen
class WrongMoveNote:
    """A wrong move, how it shows, and what to do in its place."""

    move: WrongMove
    shows_as: str
    instead: str


WRONG_MOVES: tuple[WrongMoveNote, ...] = (
    WrongMoveNote(
        WrongMove.EARLY_LIABILITY,
        "accepting liability before the facts are known, or blaming a colleague",
        "say that you are sorry for the trouble, and find out what happened",
    ),
    WrongMoveNote(
        WrongMove.ARGUING,
        "disputing with the customer over who is right",
        "let the customer finish, then repeat what you understood",
    ),
    WrongMoveNote(
        WrongMove.LECTURING,
        "teaching, mocking or turning the customer away",
        "take the matter as it is put, and ask what would help",
    ),
    WrongMoveNote(
        WrongMove.BELITTLING,
        "playing the matter down, or putting obstacles in its way",
        "write it down in full, and take every further step yourself",
    ),
    WrongMoveNote(
        WrongMove.POINTLESS_QUESTIONS,
        "asking for what is known already, or is not needed",
        "read what is there, and ask only for what decides the matter",
    ),
    WrongMoveNote(
        WrongMove.NOT_DOING,
        "promising without doing, delaying, or hiding what went wrong",
        "say what happens by when, and report before you are asked",
    ),
)
"""The checklist by which the handling of a complaint is reviewed."""


@frozen(kw_only=True)
class Guidance:
    """How to speak with one type of complainant.

    :raises InvalidPolicy: if there is nothing to do.
    """

    steps: tuple[str, ...]
    beware: tuple[str, ...] = ()

    def __attrs_post_init__(self) -> None:
        if not self.steps:
            raise InvalidPolicy("guidance names one step or more")


def _as_guides(
    guides: Mapping[ComplainantType, Guidance],
) -> Mapping[ComplainantType, Guidance]:
    return MappingProxyType(dict(guides))


@frozen
class HandlingGuide:
    """Guidance for every type of complainant; a shop puts its own words in their place.

    :raises InvalidPolicy: if a type is left out.

    >>> GUIDANCE.for_type(ComplainantType.EMOTIONAL).steps[0]
    'stay calm, and do not take it personally'
    """

    guides: Mapping[ComplainantType, Guidance] = field(converter=_as_guides, hash=False)

    def __attrs_post_init__(self) -> None:
        missing = [str(kind) for kind in ComplainantType if kind not in self.guides]
        if missing:
            raise InvalidPolicy(f"every type has its guidance; missing: {', '.join(missing)}")

    def for_type(self, kind: ComplainantType) -> Guidance:
        """What to do, and what to beware of, with one type of complainant."""
        return self.guides[kind]

    def to_text(self, kind: ComplainantType) -> str:
        """The guidance for one type as lines that can be shown beside the case."""
        guidance = self.for_type(kind)
        lines = [f"- {step}" for step in guidance.steps]
        lines += [f"- beware: {point}" for point in guidance.beware]
        return "\n".join(lines)


GUIDANCE = HandlingGuide(
    {
        ComplainantType.EMOTIONAL: Guidance(
            steps=(
                "stay calm, and do not take it personally",
                "let the customer say all of it, and listen",
                "comfort first, settle afterwards",
                "stay with what the rules allow",
            ),
        ),
        ComplainantType.STUBBORN: Guidance(
            steps=(
                "show that you understand the view before you add yours",
                "persuade step by step, with what can be checked",
            ),
        ),
        ComplainantType.PREPARED: Guidance(
            steps=(
                "be on your guard, and know the facts before you answer",
                "be confident and sincere",
            ),
            beware=("a promise in writing: it needs somebody to allow it",),
        ),
    }
)
"""How to speak with emotional, stubborn and prepared complainants."""
