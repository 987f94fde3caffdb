"""Facts by the names of their attributes: what there is, of what kind, and whether it compares."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from inspect import getattr_static
from types import MemberDescriptorType
from typing import cast

import attrs

from crmkit.errors import CurrencyMismatch, InvalidPolicy
from crmkit.money import Money
from crmkit.tiering import Tier

__all__ = [
    "FieldMismatch",
    "UnknownField",
    "check_field",
    "check_kind",
    "kind_of_value",
    "known_fields",
    "read_field",
]


class UnknownField(InvalidPolicy):
    """A condition asks for something that the facts do not have."""

    code = "unknown-field"

    def __init__(self, field: str, known: tuple[str, ...]) -> None:
        """Keep the field that was asked for and those that would have worked."""
        super().__init__(f"the facts have no {field}; they have {', '.join(known)}")
        self.field = field
        self.known = known


class FieldMismatch(InvalidPolicy):
    """A condition holds a fact against a value of another kind, such as money against a number."""

    code = "field-mismatch"

    def __init__(self, field: str, found: str, expected: str) -> None:
        """Keep the field, what it was found to hold, and what the condition expects."""
        super().__init__(f"{field} holds {found}, and the condition compares it with {expected}")
        self.field = field
        self.found = found
        self.expected = expected


# --- reading facts --------------------------------------------------------------------------------

# In this order: a bool is an int to Python, and a datetime a date.
_KINDS: tuple[tuple[type, str], ...] = (
    (bool, "yes or no"),
    (int, "a number"),
    (Decimal, "a number"),
    (str, "text"),
    (Tier, "text"),
    (datetime, "an instant"),
    (date, "a day"),
    (timedelta, "a duration"),
    (Money, "money"),
)


def kind_of_value(value: object) -> str | None:
    """Say of what kind a value is, in words; None if no condition can be about it."""
    return next((kind for cls, kind in _KINDS if isinstance(value, cls)), None)


def known_fields(facts: object) -> tuple[str, ...]:
    """Name the public attributes of facts, or of a class of facts, that hold values."""
    cls = facts if isinstance(facts, type) else type(facts)
    described = (property, cached_property, MemberDescriptorType)
    names = {name for name in dir(cls) if isinstance(getattr_static(cls, name), described)}
    names.update(getattr(cls, "_fields", ()), getattr(cls, "__dataclass_fields__", ()))
    if attrs.has(cls):
        names.update(attribute.name for attribute in attrs.fields(cls))
    if cls is not facts:
        names.update(getattr(facts, "__dict__", ()))
    return tuple(sorted(name for name in names if not name.startswith("_")))


_ABSENT = object()


def read_field(facts: object, field: str) -> object:
    """The value of a fact, a tier by its name; None if it is missing.

    :raises UnknownField: if the facts have no such field.
    """
    value = getattr(facts, field, _ABSENT)
    if value is _ABSENT or callable(value):
        raise UnknownField(field, known_fields(facts))
    return str(value) if isinstance(value, Tier) else value


def check_field(field: str) -> None:
    """Refuse what cannot be the name of a fact.

    :raises InvalidPolicy: if it is no public attribute.
    """
    if not field.isidentifier() or field.startswith("_"):
        raise InvalidPolicy("a condition names a public attribute of the facts: recency_days")


def check_kind(field: str, observed: object, value: object) -> None:
    """Refuse to compare what cannot be compared.

    :raises FieldMismatch: if the two are of different kinds.
    :raises CurrencyMismatch: if both are money of different currencies.
    """
    expected = kind_of_value(value)
    found = kind_of_value(observed)
    if found != expected:
        what = found or f"a value of type {type(observed).__name__}"
        raise FieldMismatch(field, what, str(expected))
    if isinstance(value, Money):
        currency = cast("Money", observed).currency
        if currency != value.currency:
            raise CurrencyMismatch(currency, value.currency)
