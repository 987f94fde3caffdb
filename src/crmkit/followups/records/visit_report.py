"""What a visit brought to light: listen, search, solve, and tell the news last.

Source: FUP-04 of the requirements.
"""

from collections.abc import Iterable
from enum import StrEnum

from attrs import field, frozen
from attrs.converters import optional

from crmkit.errors import InvalidValue

__all__ = ["ProtocolStep", "VisitPoint", "VisitReport", "check_said"]


def check_said(text: str, what: str) -> None:
    """Refuse a text that says nothing.

    :raises InvalidValue: if it is no text, or nothing but blanks.
    """
    if not isinstance(text, str) or not text.strip():
        raise InvalidValue(f"{what} is said in words: pass a text that is not blank")


class ProtocolStep(StrEnum):
    """What is done on a visit, in this order."""

    LISTEN = "listen"
    """Hear what the customer has to say."""
    SEARCH = "search"
    """Look for what the customer does not know of yet."""
    SOLVE = "solve"
    """Put right what was heard and found, or say what comes next."""
    BRIEF = "brief"
    """Tell what is new: policies, promotions."""


@frozen(kw_only=True)
class VisitPoint:
    """Something that the customer said, or that was found, and what was done about it.

    It is put right, or it stays open with a next step; with neither, it is not settled.

    :raises InvalidValue: if a text is blank, or it is both put right and open.

    >>> VisitPoint(text="the pump drips", solution="new seal").is_settled
    True
    """

    text: str = field(repr=False, metadata={"personal": True})
    solution: str | None = field(default=None, repr=False, metadata={"personal": True})
    next_step: str | None = field(default=None, repr=False, metadata={"personal": True})

    def __attrs_post_init__(self) -> None:
        check_said(self.text, "what was heard or found")
        if self.solution is not None:
            check_said(self.solution, "a solution")
        if self.next_step is not None:
            check_said(self.next_step, "a next step")
        if self.solution is not None and self.next_step is not None:
            raise InvalidValue(
                "a point is put right or stays open: pass solution or next_step, or make it two"
            )

    @property
    def is_settled(self) -> bool:
        """Whether it is put right, or somebody knows what comes next."""
        return self.solution is not None or self.next_step is not None

    @property
    def is_open(self) -> bool:
        """Whether it is not put right yet."""
        return self.solution is None


def _points(points: Iterable[VisitPoint]) -> tuple[VisitPoint, ...]:
    found = tuple(points) if isinstance(points, Iterable) else (None,)
    if not all(isinstance(point, VisitPoint) for point in found):
        raise InvalidValue("what was heard or found are points, such as (VisitPoint(text=...),)")
    return tuple(point for point in found if point is not None)


def _news(topics: Iterable[str]) -> tuple[str, ...]:
    if isinstance(topics, str):
        raise InvalidValue("pass a tuple of topics, such as ('spring prices',)")
    found = tuple(topics)
    for topic in found:
        check_said(topic, "a topic")
    return found


@frozen(kw_only=True)
class VisitReport:
    """What was heard, what was found, what was done about it, and what was told, in this order.

    A step that was not taken is None, or left out. An empty one was taken: the customer had nothing
    to say, nothing was found, there was no news. Nothing is put right before somebody has searched,
    and no news is told before everything that was heard and found is settled: what the customer has
    to say comes first.

    :raises InvalidValue: if a step comes before the one that it has to wait for.

    >>> report = VisitReport(
    ...     heard=[VisitPoint(text="the pump drips", solution="new seal")],
    ...     found=[VisitPoint(text="the filter is full", next_step="bring one on Friday")],
    ... )
    >>> [str(step) for step in report.missing], [point.next_step for point in report.still_open]
    (['brief'], ['bring one on Friday'])
    """

    heard: tuple[VisitPoint, ...] | None = field(default=None, converter=optional(_points))
    found: tuple[VisitPoint, ...] | None = field(default=None, converter=optional(_points))
    told: tuple[str, ...] | None = field(default=None, converter=optional(_news))

    def __attrs_post_init__(self) -> None:
        if self.heard is None and self.found is not None:
            raise InvalidValue("listen before you search: pass heard=, which may be empty")
        if self.found is None and any(not point.is_open for point in self.points):
            raise InvalidValue("search before you solve: pass found=, which may be empty")
        if self.told is not None and self.heard is None:
            raise InvalidValue("listen before you tell the news: pass heard=, which may be empty")
        if self.told is not None and self._unsolved:
            raise InvalidValue(
                "the news come last: search, and give every point a solution or a next_step first"
            )

    @property
    def points(self) -> tuple[VisitPoint, ...]:
        """Everything that was heard, and then what was found."""
        return (self.heard or ()) + (self.found or ())

    @property
    def still_open(self) -> tuple[VisitPoint, ...]:
        """What was heard or found and is not put right yet."""
        return tuple(point for point in self.points if point.is_open)

    @property
    def _unsolved(self) -> bool:
        return self.found is None or not all(point.is_settled for point in self.points)

    @property
    def missing(self) -> tuple[ProtocolStep, ...]:
        """The steps that were not taken, or not to their end; none if the report is complete."""
        missing = {
            ProtocolStep.LISTEN: self.heard is None,
            ProtocolStep.SEARCH: self.found is None,
            ProtocolStep.SOLVE: self._unsolved,
            ProtocolStep.BRIEF: self.told is None,
        }
        return tuple(step for step, is_missing in missing.items() if is_missing)

    @property
    def is_complete(self) -> bool:
        """Whether every step was taken."""
        return not self.missing
