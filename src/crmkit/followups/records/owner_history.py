"""Whose customer it was, and from when on: the file stays with the company."""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from itertools import pairwise
from typing import Self

from attrs import evolve, field, frozen

from crmkit.errors import InvalidValue
from crmkit.identifiers import Actor, CustomerId, check_identifier
from crmkit.period import check_date

__all__ = ["OwnerChange", "OwnerChangeReason", "OwnerHistory"]


class OwnerChangeReason(StrEnum):
    """Why a customer gets another owner, or none."""

    ASSIGNED = "assigned"
    """The customer had nobody."""
    OWNER_LEFT = "owner-left"
    """Whoever had the customer has left."""
    HANDED_OVER = "handed-over"
    """Somebody else is to have the customer from now on."""
    DELIBERATE_EXIT = "deliberate-exit"
    """The company gives the customer up on purpose: that is no churn."""
    CUSTOMER_LOST = "customer-lost"
    """The customer has left: that is churn."""


_ENDS = (OwnerChangeReason.DELIBERATE_EXIT, OwnerChangeReason.CUSTOMER_LOST)


@frozen(kw_only=True)
class OwnerChange:
    """From a day on, a customer has another owner; None if nobody.

    :raises InvalidValue: if the day is no plain date, the reason none, or somebody is named for a
        customer who was given up or lost.
    """

    on: date
    to: Actor | None
    reason: OwnerChangeReason
    by: Actor

    def __attrs_post_init__(self) -> None:
        check_date(self.on, "the day of a change of owner")
        check_identifier(self.by, "who changed the owner")
        if self.to is not None:
            check_identifier(self.to, "owner")
        if not isinstance(self.reason, OwnerChangeReason):
            raise InvalidValue(
                f"pass a member of OwnerChangeReason: {', '.join(OwnerChangeReason)}"
            )
        if self.to is not None and self.reason in _ENDS:
            raise InvalidValue("who was given up or lost has no owner: pass to=None")


def _changes(changes: Iterable[OwnerChange]) -> tuple[OwnerChange, ...]:
    found = tuple(changes)
    if not all(isinstance(change, OwnerChange) for change in found):
        raise InvalidValue("a history of owners is made of OwnerChange")
    return found


@frozen(kw_only=True)
class OwnerHistory:
    """Everybody who had a customer, in order; it only grows, whoever leaves.

    :raises InvalidValue: if a change lies before the one before it, or changes nothing.

    >>> history = OwnerHistory(customer=CustomerId("C-7")).after(
    ...     OwnerChange(on=date(2026, 1, 1), to=Actor("anna"), by=Actor("head of sales"),
    ...                 reason=OwnerChangeReason.ASSIGNED)
    ... ).after(
    ...     OwnerChange(on=date(2026, 6, 1), to=Actor("ben"), by=Actor("head of sales"),
    ...                 reason=OwnerChangeReason.OWNER_LEFT)
    ... )
    >>> history.owner_on(date(2026, 5, 31)), history.owner
    ('anna', 'ben')
    """

    customer: CustomerId
    changes: tuple[OwnerChange, ...] = field(default=(), converter=_changes)

    def __attrs_post_init__(self) -> None:
        check_identifier(self.customer, "customer")
        for one, other in pairwise(self.changes):
            if other.on < one.on:
                raise InvalidValue("owners change in order: no change lies before the last one")
            if other.to == one.to and other.reason == one.reason:
                raise InvalidValue("the owner stays who it was: leave such a change out")

    def after(self, change: OwnerChange) -> Self:
        """The history with one more change.

        :raises InvalidValue: if it lies before the last one, or changes nothing.
        """
        return evolve(self, changes=(*self.changes, change))

    @property
    def owner(self) -> Actor | None:
        """Whose customer it is now."""
        return self.changes[-1].to if self.changes else None

    def owner_on(self, day: date) -> Actor | None:
        """Whose customer it was at the end of a day."""
        check_date(day, "the day asked about")
        return next((change.to for change in reversed(self.changes) if change.on <= day), None)
