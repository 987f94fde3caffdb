"""What a cadence asks for: one follow-up, and the days on which it may be done."""

from datetime import date

from attrs import frozen

from crmkit.errors import InvalidValue

__all__ = ["Occurrence"]


@frozen
class Occurrence:
    """One follow-up that a cadence asks for: what for, through which channel, and when.

    ``nominal_on`` is the day that the cadence gives; within the cadence it names the follow-up, and
    is what ``handled`` of the facts takes. ``due_on`` is where it was moved if that day is closed.
    It may be done from ``not_before`` to ``not_after``, both included. ``step`` is the place among
    the steps of the cadence, the first being 0.

    :raises InvalidValue: if it is not due within the days in which it may be done.
    """

    cadence: str
    step: int
    purpose: str
    channel: str | None
    nominal_on: date
    due_on: date
    not_before: date
    not_after: date

    def __attrs_post_init__(self) -> None:
        if not self.not_before <= self.due_on <= self.not_after:
            raise InvalidValue("a follow-up is due within the days in which it may be done")

    def __str__(self) -> str:
        """The day it is due."""
        return f"due {self.due_on}"

    @property
    def is_moved(self) -> bool:
        """Whether it is due on another day than the one that the cadence gives."""
        return self.due_on != self.nominal_on
