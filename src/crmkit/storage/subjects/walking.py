"""Going through a record: which texts it holds, which of them are numbers of customers, and the
same record with other texts."""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, get_args, get_origin

from attrs import Attribute, evolve, fields

from crmkit.identifiers import Actor, ComplaintId, CustomerId
from crmkit.serialization.annotations import field_types, is_record

__all__ = ["ERASED", "Change", "customers_in", "is_customer", "rewritten", "without_personal"]

ERASED = "(erased)"
"""What stands where a personal text was erased."""

Change = Callable[[str, bool], str]
"""What becomes of a text; whether it is the number of a customer is said beside it. Keys of staff
and numbers of complaints, which seals cover, are no such texts."""


def customers_in(value: object) -> frozenset[str]:
    """Every number of a customer in a record, as its fields declare them."""
    return frozenset(text for text, is_number in _texts(value, None) if is_number)


def _texts(value: Any, declared: Any) -> Iterator[tuple[str, bool]]:
    if type(value) is str:
        yield value, is_customer(declared)
    elif isinstance(value, tuple | frozenset):
        for item in value:
            yield from _texts(item, declared)
    elif isinstance(value, Mapping):
        of_key, of_value = _halves(declared)
        for key, item in value.items():
            yield from _texts(key, of_key)
            yield from _texts(item, of_value)
    elif _is_record(_class_of(value)):
        for attribute, inner in _parts(_class_of(value)):
            yield from _texts(getattr(value, attribute.name), inner)


def rewritten(value: Any, change: Change, declared: Any = None) -> Any:
    """The same value with other texts in it; the very same one if no text is another.

    A record class whose own rules depend on the order of numbers has a method ``with_renamed``,
    which takes the fields that change, and gives the record with them.
    """
    new: Any
    if type(value) is str:
        new = value if _is_fixed(declared) else change(value, is_customer(declared))
        return value if new == value else new
    if isinstance(value, tuple | frozenset):
        items = [rewritten(item, change, declared) for item in value]
        is_same = all(item is old for item, old in zip(items, value, strict=True))
        new = value if is_same else type(value)(items)
        return new
    if isinstance(value, Mapping):
        of_key, of_value = _halves(declared)
        new = {
            rewritten(key, change, of_key): rewritten(item, change, of_value)
            for key, item in value.items()
        }
        return value if new == value else new
    return _record(value, change) if _is_record(_class_of(value)) else value


def _record(value: Any, change: Change) -> Any:
    changes: dict[str, Any] = {}
    for attribute, inner in _parts(_class_of(value)):
        before = getattr(value, attribute.name)
        after = rewritten(before, change, inner)
        if after is not before:
            changes[str(attribute.alias)] = after
    if not changes:
        return value
    # A record that has numbers in order says itself how it takes another one.
    renamed = getattr(value, "with_renamed", None)
    return evolve(value, **changes) if renamed is None else renamed(changes)


def without_personal(value: Any) -> Any:
    """A record without what its fields declare as personal.

    ``(erased)`` takes the place of a text, nothing that of a list, and None that of a number.
    """
    new = value
    if isinstance(value, tuple):
        new = tuple(without_personal(item) for item in value)
    elif _is_record(_class_of(value)):
        blanks: dict[str, Any] = {
            str(attribute.alias): _without(attribute, getattr(value, attribute.name))
            for attribute, _ in _parts(_class_of(value))
        }
        new = evolve(value, **blanks)
    return value if new == value else new


def _without(attribute: "Attribute[Any]", part: Any) -> Any:
    return _blank(part) if attribute.metadata.get("personal") else without_personal(part)


def _blank(part: object) -> object:
    if isinstance(part, str):
        return ERASED
    if isinstance(part, Mapping):
        return {}
    return () if isinstance(part, tuple) else None


@cache
def is_customer(declared: Any) -> bool:
    """Whether a field that is declared so holds numbers of customers, alone or in a tuple."""
    return declared is CustomerId or any(is_customer(each) for each in get_args(declared))


@cache
def _is_fixed(declared: Any) -> bool:
    return declared in (Actor, ComplaintId) or any(map(_is_fixed, get_args(declared)))


def _halves(declared: Any) -> tuple[Any, Any]:
    """What the keys and the values of a mapping are declared to be."""
    if get_origin(declared) is Mapping:
        of_key, of_value = get_args(declared)
        return of_key, of_value
    return None, None


# What a class is made of never changes, and each record asks for it.


@cache
def _is_record(cls: Any) -> bool:
    return is_record(cls)


@cache
def _parts(cls: Any) -> "tuple[tuple[Attribute[Any], Any], ...]":
    types = field_types(cls)
    return tuple((each, types[each.name]) for each in fields(cls) if each.init)


def _class_of(value: Any) -> Any:
    return type(value)
