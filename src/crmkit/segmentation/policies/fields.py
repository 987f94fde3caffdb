"""Facts by the names of their attributes: what there is, of what kind, and whether it compares.

A policy that is data cannot hold code that looks at facts; it holds their names. All such policies
read facts here, so that all refuse what is not there, or of another kind, in the same words.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from inspect import getattr_static
from types import MappingProxyType, MemberDescriptorType
from typing import Protocol, cast

import attrs

from crmkit.errors import CurrencyMismatch, InvalidPolicy
from crmkit.identifiers import CustomerId
from crmkit.money import Money, as_fraction
from crmkit.segmentation.policies.quantities import Quantity
from crmkit.tiering import Tier

__all__ = [
    "CustomerFacts",
    "DatedFacts",
    "FieldMismatch",
    "UnknownField",
    "check_field",
    "check_kind",
    "criterion_of",
    "kind_of_value",
    "known_fields",
    "read_field",
    "read_quantity",
    "read_word",
]


class DatedFacts(Protocol):
    """Any facts as of a day or an instant, with attributes that a policy can name."""

    @property
    def as_of(self) -> date | datetime:
        """The last day, or the instant, that they include."""


class CustomerFacts(DatedFacts, Protocol):
    """Any dated facts that say which customer they are about."""

    @property
    def customer(self) -> CustomerId:
        """Whom the facts are about."""


class UnknownField(InvalidPolicy):
    """A policy asks for something that the facts do not have."""

    code = "unknown-field"

    def __init__(self, field: str, known: tuple[str, ...]) -> None:
        """Keep the field that was asked for and those that would have worked."""
        super().__init__(f"the facts have no {field}; they have {', '.join(known)}")
        self.field = field
        self.known = known


class FieldMismatch(InvalidPolicy):
    """A policy holds a fact against a value of another kind, such as money against a number."""

    code = "field-mismatch"

    def __init__(self, field: str, found: str, expected: str) -> None:
        """Keep the field, what it was found to hold, and what the policy expects."""
        super().__init__(f"{field} holds {found}, and the policy compares it with {expected}")
        self.field = field
        self.found = found
        self.expected = expected


# --- names ----------------------------------------------------------------------------------------


def check_field(field: str) -> None:
    """Refuse what cannot be the name of a fact.

    :raises InvalidPolicy: if it is no public attribute.
    """
    if not field.isidentifier() or field.startswith("_"):
        raise InvalidPolicy("a policy names a public attribute of the facts: recency_days")


def criterion_of(field: str) -> str:
    """The key under which a fact stands in the evidence: ``relative-strength``."""
    return field.replace("_", "-")


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


# --- kinds ----------------------------------------------------------------------------------------

_KINDS: Mapping[type, str] = MappingProxyType(
    {
        bool: "yes or no",
        int: "a number",
        Decimal: "a number",
        str: "text",
        Tier: "text",
        # In this order: a datetime is a date to Python.
        datetime: "an instant",
        date: "a day",
        timedelta: "a duration",
        Money: "money",
    }
)
# A word of an enumeration is a text; a number of one could not stand in the evidence.
_INHERITED = tuple(cls for cls in _KINDS if cls not in (bool, int, Decimal))


def kind_of_value(value: object) -> str | None:
    """Say of what kind a value is, in words; None if no condition can be about it."""
    kind = _KINDS.get(type(value))
    if kind is None:
        return next((_KINDS[cls] for cls in _INHERITED if isinstance(value, cls)), None)
    return kind


def check_kind(field: str, observed: object, value: object) -> None:
    """Refuse to compare what cannot be compared.

    :raises FieldMismatch: if the two are of different kinds, or a number is not finite.
    :raises CurrencyMismatch: if both are money of different currencies.
    """
    # Terms are of a known kind, so that a fact of the very type of its term is of that kind, too.
    if type(observed) is not type(value):
        expected, found = kind_of_value(value), kind_of_value(observed)
        if found != expected:
            raise FieldMismatch(field, found or _in_words(observed), str(expected))
    if isinstance(observed, Money):
        currency = cast("Money", value).currency
        if currency != observed.currency:
            raise CurrencyMismatch(observed.currency, currency)
    elif isinstance(observed, Decimal) and not observed.is_finite():
        raise FieldMismatch(field, "a number that is not finite", "a number")


def _in_words(observed: object) -> str:
    return "nothing" if observed is None else f"a value of type {type(observed).__name__}"


# --- reading --------------------------------------------------------------------------------------

_ABSENT = object()


def read_field(facts: object, field: str) -> object:
    """The value of a fact, a tier by its name; None if it is missing.

    :raises UnknownField: if the facts have no such field.
    """
    value = getattr(facts, field, _ABSENT)
    if value is _ABSENT or callable(value):
        raise UnknownField(field, known_fields(facts))
    return str(value) if isinstance(value, Tier) else value


def read_quantity(facts: object, field: str, like: Quantity) -> Quantity:
    """A fact that can be held against a term of the policy.

    :raises UnknownField: if the facts have no such field.
    :raises FieldMismatch: if it is missing, or money where the term is not.
    :raises CurrencyMismatch: if it is money of another currency.
    :raises InvalidMoney: if it is a number of absurdly many digits.
    """
    value = cast("Quantity", read_field(facts, field))
    check_kind(field, value, like)
    if isinstance(value, Decimal):
        as_fraction(value, field)  # It refuses what would take minutes to compute with.
    return value


def read_word(facts: object, field: str) -> str:
    """A fact that is an answer in words.

    :raises UnknownField: if the facts have no such field.
    :raises FieldMismatch: if it is missing or no text.
    """
    value = read_field(facts, field)
    check_kind(field, value, "a word")
    return str(value)
