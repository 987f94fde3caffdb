"""What kind of complainant somebody proved to be, which says how to speak with them."""

from enum import StrEnum

__all__ = ["ComplainantType"]


class ComplainantType(StrEnum):
    """How a complainant comes across in this matter; a note on the talk, not on the person."""

    EMOTIONAL = "emotional"
    """Upset: needs to be heard before anything can be settled."""
    STUBBORN = "stubborn"
    """Holds on to one view: needs to feel understood before an argument is heard."""
    PREPARED = "prepared"
    """Knows the rules and keeps papers: a written promise to them needs a second look."""
