"""A check that calendars and clocks share."""

from collections.abc import Iterable
from typing import TypeVar

from crmkit.errors import InvalidPolicy

__all__ = ["all_of"]

T = TypeVar("T")


def all_of(kind: type[T], items: Iterable[T], message: str) -> tuple[T, ...]:
    """The items as a tuple; a list of plain dates is not taken for a list of closures.

    :raises InvalidPolicy: with the message, if an item is of another type.
    """
    try:
        kept = tuple(items)
    except TypeError:
        raise InvalidPolicy(message) from None
    if not all(isinstance(item, kind) for item in kept):
        raise InvalidPolicy(message)
    return kept
