"""In which way a customer was lost: the classes of both sources, and how they map."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Self

from attrs import field, frozen

from crmkit.errors import InvalidPolicy

__all__ = ["LostClass", "LostMapping", "LostType"]


class LostClass(StrEnum):
    """Five classes of lost customers, by what parted them from the company (CHU-03)."""

    DELIBERATELY_PUSHED = "deliberately-pushed"
    """The company gave the customer up on purpose."""
    UNINTENTIONALLY_PUSHED = "unintentionally-pushed"
    """The company drove the customer away without wanting to: a failure, an unmet need."""
    BOUGHT_AWAY = "bought-away"
    """A rival took the customer with a lower price."""
    PULLED_AWAY = "pulled-away"
    """A rival took the customer with something better than the price."""
    MOVED = "moved"
    """The customer's life moved on: place, age or stage of life, and the need with it."""


class LostType(StrEnum):
    """Four types of lost customers, as another source counts them (CHU-02)."""

    NON_DELIBERATELY_ABANDONED = "non-deliberately-abandoned"
    """The company tried to keep the customer, and did not meet the need."""
    DELIBERATELY_ABANDONED = "deliberately-abandoned"
    """The company let go a customer without potential value."""
    LOW_PRICE_SEEKER = "low-price-seeker"
    """The customer followed a rival's cut price."""
    CONDITION_LOST = "condition-lost"
    """Age, stage of life or place took the customer away."""


_USUAL = {
    LostClass.DELIBERATELY_PUSHED: LostType.DELIBERATELY_ABANDONED,
    LostClass.UNINTENTIONALLY_PUSHED: LostType.NON_DELIBERATELY_ABANDONED,
    LostClass.BOUGHT_AWAY: LostType.LOW_PRICE_SEEKER,
    LostClass.PULLED_AWAY: LostType.NON_DELIBERATELY_ABANDONED,
    LostClass.MOVED: LostType.CONDITION_LOST,
}


def _in_order(table: Mapping[LostClass, LostType]) -> Mapping[LostClass, LostType]:
    if set(table) != set(LostClass) or set(table.values()) != set(LostType):
        raise InvalidPolicy(
            "a mapping gives each of the five classes a type, and uses all four types"
        )
    return MappingProxyType({one: LostType(table[one]) for one in LostClass})


@frozen
class LostMapping:
    """How the five classes and the four types of lost customers go together, as data.

    From class to type there is one answer. Back, a type may stand for several classes: five do not
    fit into four. By :meth:`usual`, who was not abandoned on purpose was either pushed away
    unintentionally, or pulled away by something better, since both left with a need that was not
    met. Neither source maps the two; a shop may read them otherwise.

    :raises InvalidPolicy: if a class has no type, or a type has no class.

    >>> mapping = LostMapping.usual()
    >>> str(mapping.type_of(LostClass.BOUGHT_AWAY))
    'low-price-seeker'
    >>> [str(one) for one in mapping.classes_of(LostType.NON_DELIBERATELY_ABANDONED)]
    ['unintentionally-pushed', 'pulled-away']
    """

    types: Mapping[LostClass, LostType] = field(converter=_in_order, hash=False)

    @classmethod
    def usual(cls) -> Self:
        """The reading of this library; only non-deliberately abandoned stands for two classes."""
        return cls(_USUAL)

    @property
    def classes(self) -> Mapping[LostType, tuple[LostClass, ...]]:
        """The way back: every type with the classes it may stand for."""
        return MappingProxyType({one: self.classes_of(one) for one in LostType})

    def type_of(self, lost_class: LostClass) -> LostType:
        """The type that a class belongs to."""
        return self.types[lost_class]

    def classes_of(self, lost_type: LostType) -> tuple[LostClass, ...]:
        """The classes that a type may stand for: one or more."""
        return tuple(one for one, found in self.types.items() if found is lost_type)

    def class_of(self, lost_type: LostType) -> LostClass | None:
        """The class that a type stands for; None where several do, and more must be asked."""
        found = self.classes_of(lost_type)
        return found[0] if len(found) == 1 else None
