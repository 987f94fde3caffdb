"""How types are taken apart and put together: cattrs, with every lenient default replaced.

Left to its defaults, cattrs makes an ``int`` of ``1.9``, a tuple of a text, and takes the first of
two classes that fit. Every hook here takes exactly one form, says what it expected, and lets all
the problems of a document be told together.
"""

import json
import re
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType, NoneType
from typing import Any, TypeVar, Union, get_args, get_origin

import attrs
from cattrs import ClassValidationError, Converter
from cattrs.errors import IterableValidationError, IterableValidationNote
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

from crmkit.errors import CrmkitError, InvalidPolicy
from crmkit.money import Money
from crmkit.serialization.problems import shown
from crmkit.serialization.scalars import SCALARS, Refused, found, read_enum, write_enum

__all__ = ["FAILURES", "Hooks", "kind_of", "to_json"]

FAILURES = (ClassValidationError, IterableValidationError, CrmkitError)
"""What reading raises for a value that is not as it should be."""

_Read = Callable[[Any, Any], Any]
_Write = Callable[[Any], Any]
# Where several types can stand, plain JSON values stand for themselves, and values that TOML has of
# its own are recognized; everything else is tagged with its kind.
_BARE = ("null", "bool", "int", "float", "text")
_RECOGNIZED = (*_BARE, "date", "instant", "decimal")


def kind_of(cls: Any) -> str:
    """The word by which documents name a type: ``RfmScale`` is ``rfm-scale``."""
    name: str = (get_origin(cls) or cls).__name__
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", name).lower()


def to_json(value: object) -> str:
    """Stable JSON: equal values give equal text."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def _plain(annotation: Any) -> Any:
    """A ``NewType`` is what it is made of."""
    while hasattr(annotation, "__supertype__"):
        annotation = annotation.__supertype__
    return annotation


def _is_record(cls: Any) -> bool:
    """Whether a type is an attrs class that is written field by field, which Money is not."""
    origin = get_origin(cls) or cls
    return isinstance(origin, type) and attrs.has(origin) and origin is not Money


def _is_sequence(cls: Any) -> bool:
    return get_origin(cls) in (tuple, frozenset)


def _is_mapping(cls: Any) -> bool:
    return get_origin(cls) is Mapping


def _is_union(cls: Any) -> bool:
    return get_origin(cls) in (Union, types.UnionType)


class Hooks:
    """A cattrs converter with strict hooks, and the kinds of all types that it has learned."""

    def __init__(self) -> None:
        self.converter = Converter(forbid_extra_keys=True, detailed_validation=True)
        self.members: dict[str, Any] = {name: scalar.type for name, scalar in SCALARS.items()}
        self._kinds: dict[Any, str] = {cls: kind for kind, cls in self.members.items()}
        for scalar in SCALARS.values():
            self.converter.register_structure_hook(scalar.type, _ignoring_type(scalar.read))
            self.converter.register_unstructure_hook(scalar.type, scalar.write)
        for fits, reader, writer in (
            (_is_record, self._read_record, self._write_record),
            (_is_sequence, self._read_sequence, self._write_sequence),
            (_is_mapping, self._read_mapping, self._write_mapping),
            (_is_union, self._read_union, self._write_union),
        ):
            self.converter.register_structure_hook_factory(fits, reader)
            self.converter.register_unstructure_hook_factory(fits, writer)

    def learn(self, annotation: Any, kind: str | None = None) -> None:
        """Learn the kinds of a type and of all it is made of, so that a tag can name them.

        :raises InvalidPolicy: if two types claim one kind.
        """
        for argument in get_args(annotation):
            self.learn(argument)
        cls = get_origin(annotation) or annotation
        is_enum = isinstance(cls, type) and issubclass(cls, StrEnum) and cls is not StrEnum
        if cls in self._kinds or not (is_enum or _is_record(cls)):
            return
        kind = kind or kind_of(cls)
        if self.members.setdefault(kind, cls) is not cls:
            raise InvalidPolicy(f"two types claim the kind {kind}: give one of them a Schema")
        self._kinds[cls] = kind
        if is_enum:
            self.converter.register_structure_hook(cls, read_enum)
            self.converter.register_unstructure_hook(cls, write_enum)
        else:
            for attribute in attrs.fields(attrs.resolve_types(cls)):
                self.learn(attribute.type)

    # --- records ---

    def _read_record(self, cls: Any) -> _Read:
        self.learn(cls)
        overrides: Any = {
            name: override(struct_hook=self._read_tagged_of(self.members))
            for name in _open_fields(cls)
        }
        # cattrs wants every type variable named, even where a field brings its own hook.
        named = cls[(Any,) * len(cls.__parameters__)] if overrides else cls
        structure = make_dict_structure_fn(named, self.converter, **overrides)

        def read(raw: Any, _: Any) -> Any:
            if not isinstance(raw, dict):
                raise Refused(f"expected an object, found {found(raw)}")
            return structure(raw, named)

        return read

    def _write_record(self, cls: Any) -> _Write:
        self.learn(cls)
        overrides: Any = {
            name: override(unstruct_hook=self._write_tagged_of(self.members))
            for name in _open_fields(cls)
        }
        return make_dict_unstructure_fn(cls, self.converter, **overrides)

    # --- collections ---

    def _read_sequence(self, cls: Any) -> _Read:
        container: Any = get_origin(cls)
        arguments = get_args(cls)
        repeated = container is frozenset or arguments[1:] == (Ellipsis,)

        def read(raw: Any, _: Any) -> Any:
            if not isinstance(raw, list):
                raise Refused(f"expected a list, found {found(raw)}")
            if not repeated and len(raw) != len(arguments):
                raise Refused(f"expected a list of {len(arguments)}, found one of {len(raw)}")
            wanted = arguments[:1] * len(raw) if repeated else arguments
            places = [f"[{position}]" for position in range(len(raw))]
            items = container(self._each(zip(places, raw, wanted, strict=True), cls))
            if len(items) != len(raw):
                raise Refused("expected a list without repetitions")
            return items

        return read

    def _write_sequence(self, cls: Any) -> _Write:
        container: Any = get_origin(cls)
        arguments = get_args(cls)
        if container is tuple and arguments[1:] != (Ellipsis,):
            return lambda value: [
                self.converter.unstructure(item, wanted)
                for item, wanted in zip(value, arguments, strict=True)
            ]

        def write(value: Any) -> list[Any]:
            items = [self.converter.unstructure(item, arguments[0]) for item in value]
            return sorted(items, key=to_json) if container is frozenset else items

        return write

    def _read_mapping(self, cls: Any) -> _Read:
        key_type, value_type = get_args(cls)

        def read(raw: Any, _: Any) -> Any:
            if not isinstance(raw, dict):
                raise Refused(f"expected an object, found {found(raw)}")
            places = [shown(key, position) for position, key in enumerate(raw)]
            keys = [_key(key, key_type) for key in raw]
            wanted = [key_type] * len(raw)
            keys = self._each(zip(places, keys, wanted, strict=True), cls)
            wanted = [value_type] * len(raw)
            values = self._each(zip(places, raw.values(), wanted, strict=True), cls)
            return MappingProxyType(dict(zip(keys, values, strict=True)))

        return read

    def _write_mapping(self, cls: Any) -> _Write:
        key_type, value_type = get_args(cls)
        return lambda value: {
            str(self.converter.unstructure(key, key_type)): self.converter.unstructure(
                item, value_type
            )
            for key, item in value.items()
        }

    def _each(self, items: Iterable[tuple[str, Any, Any]], cls: Any) -> list[Any]:
        """Read every item, and report all that fail together, each with its place."""
        results: list[Any] = []
        errors: list[Exception] = []
        for place, raw, wanted in items:
            try:
                results.append(self.converter.structure(raw, wanted))
            except FAILURES as error:
                error.add_note(IterableValidationNote(f"at {place}", place, wanted))
                errors.append(error)
        if errors:
            raise IterableValidationError("while reading a collection", errors, cls)
        return results

    # --- fields that can hold several types ---

    def _read_union(self, declared: Any) -> _Read:
        optional = _optional(declared)
        if optional is None:
            return self._read_tagged_of(self._named(declared))
        return lambda raw, _: None if raw is None else self.converter.structure(raw, optional)

    def _write_union(self, declared: Any) -> _Write:
        optional = _optional(declared)
        if optional is None:
            return self._write_tagged_of(self._named(declared))
        return lambda value: None if value is None else self.converter.unstructure(value, optional)

    def _named(self, declared: Any) -> Mapping[str, Any]:
        self.learn(declared)
        return {self._kinds[_plain(member)]: _plain(member) for member in get_args(declared)}

    def _read_tagged_of(self, members: Mapping[str, Any]) -> _Read:
        def read(raw: Any, _: Any) -> Any:
            if isinstance(raw, dict):
                return self._read_tagged(raw, members)
            for name in _RECOGNIZED:
                if name in members and type(raw) is SCALARS[name].type:
                    return SCALARS[name].read(raw)
            raise Refused(f"expected one of {', '.join(members)}, found {found(raw)}")

        return read

    def _read_tagged(self, raw: dict[str, Any], members: Mapping[str, Any]) -> Any:
        kind = raw.get("kind")
        if not isinstance(kind, str) or kind not in members:
            raise Refused(f"unknown kind; expected one of {', '.join(members)}")
        rest = {key: value for key, value in raw.items() if key != "kind"}
        if _is_record(members[kind]):
            return self.converter.structure(rest, members[kind])
        if rest.keys() != {"value"}:
            raise Refused(f"a tagged {kind} has exactly the keys kind and value")
        return self.converter.structure(rest["value"], members[kind])

    def _write_tagged_of(self, members: Mapping[str, Any]) -> _Write:
        def write(value: Any) -> Any:
            # A zone makes no other type of a datetime, and a StrEnum among texts is its text.
            cls = datetime if isinstance(value, datetime) else type(value)
            kind = self._kinds.get(cls)
            if kind not in members and isinstance(value, StrEnum):
                return str(value)
            if kind is None or kind not in members:
                raise InvalidPolicy(f"{cls.__name__} is not kept here: hand it to make_converter")
            raw = self.converter.unstructure(value, members[kind])
            if kind in _BARE:
                return raw
            return {"kind": kind} | (raw if _is_record(cls) else {"value": raw})

        return write


def _ignoring_type(read: Callable[[object], Any]) -> _Read:
    return lambda raw, _: read(raw)


def _open_fields(cls: Any) -> list[str]:
    """The fields whose type is left open, such as the outcome of a Decision."""
    if get_args(cls):
        return []
    return [field.name for field in attrs.fields(cls) if isinstance(field.type, TypeVar)]


def _optional(declared: Any) -> Any:
    """The type ``X`` of an ``X | None``; None for any other union."""
    others: Sequence[Any] = [member for member in get_args(declared) if member is not NoneType]
    return others[0] if len(others) == 1 else None


def _key(key: object, key_type: Any) -> object:
    """JSON keys are texts; a mapping by whole numbers has them in their plain decimal form."""
    if key_type is int and isinstance(key, str) and re.fullmatch(r"-?[0-9]{1,9}", key, re.ASCII):
        return int(key)
    return key
