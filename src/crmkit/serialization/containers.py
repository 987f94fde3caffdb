"""How tuples, frozensets and mappings are written and read, every item strictly."""

import re
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, get_args

from cattrs import Converter
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
Write = Callable[[Any], Any]

_WHOLE_KEY = re.compile(r"0|-?[1-9][0-9]{0,59}", re.ASCII)


def read_sequence(converter: Converter, annotation: Any) -> Read:
    """Read a tuple or a frozenset from a list."""
    container, arguments = origin_of(annotation), get_args(annotation)
    repeated = _is_repeated(annotation)

    def read(raw: Any, _: Any) -> Any:
        if not isinstance(raw, list):
            raise Refused(f"expected a list, found {found(raw)}")
        if not repeated and len(raw) != len(arguments):
            raise Refused(f"expected a list of {len(arguments)}, found one of {len(raw)}")
        wanted = arguments[:1] * len(raw) if repeated else arguments
        places = [f"[{position}]" for position in range(len(raw))]
        items = container(_each(converter, places, raw, wanted, annotation))
        if len(items) != len(raw):
            raise Refused("expected a list without repetitions")
        return items

    return read


def write_sequence(converter: Converter, annotation: Any) -> Write:
    """Write a tuple or a frozenset as a list; a frozenset in one order."""
    container, arguments = origin_of(annotation), get_args(annotation)
    repeated = _is_repeated(annotation)

    def write(value: Any) -> list[Any]:
        if not isinstance(value, container):
            raise Refused(
                f"a {name_of(type(value))} stands where a {container.__name__} is declared"
            )
        wanted = arguments[:1] * len(value) if repeated else arguments
        if len(value) != len(wanted):
            raise Refused(f"a tuple of {len(value)} stands where one of {len(wanted)} is")
        items = [
            converter.unstructure(item, each) for item, each in zip(value, wanted, strict=True)
        ]
        return sorted(items, key=to_json) if container is frozenset else items

    return write


def read_mapping(converter: Converter, annotation: Any) -> Read:
    """Read a read-only mapping from an object."""
    key_type, value_type = map(plain, get_args(annotation))

    def read(raw: Any, _: Any) -> Any:
        if not isinstance(raw, dict):
            raise Refused(f"expected an object, found {found(raw)}")
        size = len(raw)
        keys = [_key(key, key_type) for key in raw]
        places = [step(key, key_type, position) for position, key in enumerate(keys)]
        both = _each(
            converter,
            places * 2,
            [*keys, *raw.values()],
            [key_type] * size + [value_type] * size,
            annotation,
        )
        return MappingProxyType(dict(zip(both[:size], both[size:], strict=True)))

    return read


def write_mapping(converter: Converter, annotation: Any) -> Write:
    """Write a mapping as an object."""
    key_type, value_type = get_args(annotation)

    def write(value: Any) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise Refused(f"a {name_of(type(value))} stands where a Mapping is declared")
        return {
            str(converter.unstructure(key, key_type)): converter.unstructure(item, value_type)
            for key, item in value.items()
        }

    return write


def _each(
    converter: Converter,
    places: Iterable[str],
    raws: Iterable[Any],
    wanted: Iterable[Any],
    annotation: Any,
) -> list[Any]:
    """Read every item, and report all that fail together, each with its place."""
    results: list[Any] = []
    errors: list[Exception] = []
    for place, raw, each in zip(places, raws, wanted, strict=True):
        try:
            results.append(converter.structure(raw, each))
        except FAILURES as error:
            error.add_note(IterableValidationNote(f"at {place}", place, each))
            errors.append(error)
    if errors:
        raise IterableValidationError("while reading a collection", errors, annotation)
    return results


def _is_repeated(annotation: Any) -> bool:
    """Whether a collection has any number of items of one type, unlike a tuple of so many."""
    return get_args(annotation)[1:] == (Ellipsis,) or origin_of(annotation) is frozenset


def is_key_type(annotation: Any) -> bool:
    """Whether a mapping by such keys can be an object, whose keys are texts."""
    return plain(annotation) in (str, int) or is_enum(plain(annotation))


def _key(key: object, key_type: Any) -> object:
    """JSON keys are texts; a mapping by whole numbers has them in their one decimal form."""
    if key_type is int and type(key) is str and _WHOLE_KEY.fullmatch(key):
        return int(key)
    return key
