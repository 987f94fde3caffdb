"""How tuples, frozensets and mappings are written and read, every item strictly."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from types import MappingProxyType
from typing import Any, get_args

from cattrs.errors import IterableValidationError, IterableValidationNote

from crmkit.serialization.annotations import is_enum, name_of, origin_of, plain
from crmkit.serialization.problems import FAILURES, step
from crmkit.serialization.scalars import Refused, found, to_json

__all__ = [
    "Read",
    "Write",
    "is_key_type",
    "read_mapping",
    "read_sequence",
    "write_mapping",
    "write_sequence",
]

Read = Callable[[Any, Any], Any]
"""Reads a value; the second argument is the type as cattrs hands it over, which nobody needs."""

Write = Callable[[Any], Any]
"""Writes a value."""

_WHOLE_KEY = re.compile(r"0|-?[1-9][0-9]{0,59}", re.ASCII)


def read_sequence(reader: Callable[[Any], Read], annotation: Any) -> Read:
    """Read a tuple or a frozenset from a list."""
    container, repeated = origin_of(annotation), _is_repeated(annotation)
    readers = [reader(item) for item in _items(annotation)]

    def read(raw: Any, _: Any) -> Any:
        if not isinstance(raw, list):
            raise Refused(f"expected a list, found {found(raw)}")
        if not repeated and len(raw) != len(readers):
            raise Refused(f"expected a list of {len(readers)}, found one of {len(raw)}")
        wanted = readers * len(raw) if repeated else readers
        values = container(_each("[{}]".format, raw, wanted, annotation))
        if len(values) != len(raw):
            raise Refused("expected a list without repetitions")
        return values

    return read


def write_sequence(writer: Callable[[Any], Write], annotation: Any) -> Write:
    """Write a tuple or a frozenset as a list; a frozenset in one order."""
    container, repeated = origin_of(annotation), _is_repeated(annotation)
    writers = [writer(item) for item in _items(annotation)]

    def write(value: Any) -> list[Any]:
        if not isinstance(value, container):
            raise Refused(f"{container.__name__} is declared and {name_of(type(value))} found")
        if not repeated and len(value) != len(writers):
            raise Refused(f"a tuple of {len(writers)} is declared and one of {len(value)} found")
        wanted = writers * len(value) if repeated else writers
        raws = [write_item(item) for item, write_item in zip(value, wanted, strict=True)]
        return sorted(raws, key=to_json) if container is frozenset else raws

    return write


def read_mapping(reader: Callable[[Any], Read], annotation: Any) -> Read:
    """Read a read-only mapping from an object."""
    key_type, value_type = map(plain, get_args(annotation))
    read_key, read_value = reader(key_type), reader(value_type)

    def read(raw: Any, _: Any) -> Any:
        if not isinstance(raw, dict):
            raise Refused(f"expected an object, found {found(raw)}")
        keys = [_key(key, key_type) for key in raw]
        size = len(raw)

        def place(number: int) -> str:
            position = number % size
            return step(keys[position], key_type, position)

        # Keys and values in one go, so that the problems of both are told.
        readers = [read_key] * size + [read_value] * size
        both = _each(place, [*keys, *raw.values()], readers, annotation)
        return MappingProxyType(dict(zip(both[:size], both[size:], strict=True)))

    return read


def write_mapping(writer: Callable[[Any], Write], annotation: Any) -> Write:
    """Write a mapping as an object."""
    write_key, write_value = map(writer, get_args(annotation))

    def write(value: Any) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise Refused(f"Mapping is declared and {name_of(type(value))} found")
        return {str(write_key(key)): write_value(item) for key, item in value.items()}

    return write


def _each(
    place: Callable[[int], str], raws: Iterable[Any], readers: Iterable[Read], annotation: Any
) -> list[Any]:
    """Read every item, and report all that fail together, each with its place.

    Where an item stands is worked out for those that fail.
    """
    results: list[Any] = []
    errors: list[Exception] = []
    for number, (raw, read) in enumerate(zip(raws, readers, strict=True)):
        try:
            results.append(read(raw, None))
        except FAILURES as error:
            at = place(number)
            error.add_note(IterableValidationNote(f"at {at}", at, annotation))
            errors.append(error)
    if errors:
        raise IterableValidationError("while reading a collection", errors, annotation)
    return results


def _is_repeated(annotation: Any) -> bool:
    """Whether a collection has any number of items of one type, unlike a tuple of so many."""
    return Ellipsis in get_args(annotation) or origin_of(annotation) is frozenset


def _items(annotation: Any) -> list[Any]:
    return [item for item in get_args(annotation) if item is not Ellipsis]


def is_key_type(annotation: Any) -> bool:
    """Whether a mapping by such keys can be an object, whose keys are texts."""
    return plain(annotation) in (str, int, date) or is_enum(plain(annotation))


def _key(key: object, key_type: Any) -> object:
    """JSON keys are texts; a mapping by whole numbers has them in their one decimal form."""
    if key_type is not int:
        return key
    if type(key) is str:
        return int(key) if _WHOLE_KEY.fullmatch(key) else key
    return None
