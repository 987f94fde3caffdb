"""What a company puts into the customers of one class: when, how often, and with what."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TypeVar

from attrs import field, frozen

from crmkit.errors import InvalidPolicy

__all__ = ["ServiceLevel", "check_every_class", "read_only"]

KeyT = TypeVar("KeyT")
ClassT = TypeVar("ClassT", bound=str)
ValueT = TypeVar("ValueT")


def _as_texts(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(texts)


@frozen(kw_only=True)
class ServiceLevel:
    """How well customers of one class are served: a term of the policy, not a constant of the code.

    ``priority`` says whose turn comes first (1 before 2), ``contacts_per_year`` how often they are
    contacted, and ``support`` names people, material and money in the words of the host.

    :raises InvalidPolicy: if the priority is below 1 or the contacts are below 0.

    >>> ServiceLevel(priority=1, contacts_per_year=12, support=("key account manager",)).priority
    1
    """

    priority: int
    contacts_per_year: int
    support: tuple[str, ...] = field(default=(), converter=_as_texts)

    def __attrs_post_init__(self) -> None:
        if self.priority < 1 or self.contacts_per_year < 0:
            raise InvalidPolicy("priorities count from 1, contacts per year from 0")


def read_only(table: Mapping[KeyT, ValueT]) -> Mapping[KeyT, ValueT]:
    """A table that nobody can change behind the back of the policy that holds it."""
    return MappingProxyType(dict(table))


def check_every_class(table: Mapping[ClassT, object], classes: Iterable[ClassT], what: str) -> None:
    """Refuse a table that leaves a class out, or names one that does not exist.

    :raises InvalidPolicy: with the names of both.
    """
    known = set(classes)
    missing = sorted(str(name) for name in known - table.keys())
    unknown = sorted(str(name) for name in table.keys() - known)
    if missing or unknown:
        raise InvalidPolicy(
            f"{what} names each class once; missing: {', '.join(missing) or 'none'}; "
            f"unknown: {', '.join(unknown) or 'none'}"
        )
