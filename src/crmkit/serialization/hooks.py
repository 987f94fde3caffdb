"""How types are taken apart and put together: every value in exactly one form.

cattrs writes the functions that walk over the fields of a class; what a field holds is read and
written by the functions of this package. Nothing is left to the defaults of cattrs, which make an
``int`` of ``1.9``, a tuple of a text, take the first of two classes that fit, and cut a subclass
down to the fields of its base.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from functools import partial
from typing import Any, get_args

import attrs
from cattrs import ClassValidationError, Converter
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

from crmkit.errors import InvalidPolicy
from crmkit.serialization.annotations import (
    field_types,
    is_enum,
    is_mapping,
    is_open,
    is_record,
    is_sequence,
    is_union,
    kind_of,
    members_of,
    name_of,
    optional,
    origin_of,
    plain,
)
from crmkit.serialization.containers import (
    Read,
    Write,
    is_key_type,
    read_mapping,
    read_sequence,
    write_mapping,
    write_sequence,
)
from crmkit.serialization.problems import FAILURES
from crmkit.serialization.scalars import SCALARS, Refused, found, read_enum, write_enum

__all__ = ["Hooks"]

# Where several types can stand, plain JSON values stand for themselves, and values that TOML has of
# its own are recognized; everything else is tagged with its kind.
_BARE = ("null", "bool", "int", "float", "text")
_RECOGNIZED = (*_BARE, "date", "instant", "decimal")

_Within = frozenset[Any]
_NOTHING: _Within = frozenset()


class Hooks:
    """The functions that read and write each type, and the kinds of all types that are known."""

    def __init__(self) -> None:
        self._cattrs = Converter(detailed_validation=True)
        self._members: dict[str, Any] = {name: scalar.type for name, scalar in SCALARS.items()}
        self._kinds: dict[Any, str] = {cls: kind for kind, cls in self._members.items()}
        self._learned: set[Any] = set(self._kinds)
        self._flat: set[str] = set()
        self._readers: dict[Any, Read] = {scalar.type: scalar.read for scalar in SCALARS.values()}
        self._writers: dict[Any, Write] = {scalar.type: scalar.write for scalar in SCALARS.values()}

    # --- learning types ---

    def claim(self, cls: Any, kind: str) -> None:
        """Give a type its kind, the word that tags it.

        :raises InvalidPolicy: if another type has claimed the kind, or the type another kind.
        """
        if self._members.get(kind, cls) is not cls or self._kinds.get(cls, kind) != kind:
            raise InvalidPolicy(f"two types claim the kind {kind}: give one of them a Schema")
        self._members[kind] = cls
        self._kinds[cls] = kind

    def learn(self, annotation: Any) -> None:
        """Learn a type and all it is made of, so that tags can name them.

        :raises InvalidPolicy: if two types claim one kind, or a type has no one form to write.
        """
        if annotation not in self._learned:
            learned: set[Any] = set()
            self._learn(annotation, "", learned)
            self._learned |= learned

    def _learn(self, annotation: Any, within: str, learned: set[Any]) -> None:
        annotation = plain(annotation)
        if annotation in self._learned or annotation in learned:
            return
        learned.add(annotation)
        if is_record(annotation) or is_enum(annotation):
            cls = origin_of(annotation)
            within = f"{cls.__name__}: "
            if cls not in self._kinds:
                self.claim(cls, kind_of(cls))
            if _is_flat(cls):
                self._flat.add(self._kinds[cls])
        for part in _parts(annotation, within):
            self._learn(part, within, learned)
        if is_union(annotation) and optional(annotation) is None:
            self._check_tags(annotation, within)

    def _check_tags(self, union: Any, within: str) -> None:
        tags = self._tags(union)
        if tags is None or len(tags) < len(set(map(plain, members_of(union)))):
            raise InvalidPolicy(
                f"{within}the types of a union are told apart by their kinds: name classes and "
                f"single values, each kind once"
            )

    def _tags(self, annotation: Any) -> Mapping[str, Any] | None:
        """What can stand in a place, by its kind; None if there is something without a kind."""
        members = map(plain, members_of(annotation))
        tags = {self._kinds.get(origin_of(member), ""): member for member in members}
        return None if "" in tags else tags

    # --- the functions of a type ---

    def reader(self, annotation: Any, within: _Within = _NOTHING) -> Read:
        """The function that reads a type; ``within`` are the types it is being made for."""
        annotation = plain(annotation)
        if annotation not in self._readers:
            if annotation in within:
                return lambda raw, _: self.reader(annotation)(raw, None)
            make = partial(self.reader, within=within | {annotation})
            self._readers[annotation] = self._make_reader(annotation, make)
        return self._readers[annotation]

    def writer(self, annotation: Any, within: _Within = _NOTHING) -> Write:
        """The function that writes a type; ``within`` are the types it is being made for."""
        annotation = plain(annotation)
        if annotation not in self._writers:
            if annotation in within:
                return lambda value: self.writer(annotation)(value)
            make = partial(self.writer, within=within | {annotation})
            self._writers[annotation] = self._make_writer(annotation, make)
        return self._writers[annotation]

    def _make_reader(self, annotation: Any, reader: Callable[[Any], Read]) -> Read:
        if is_record(annotation):
            return self._read_record(annotation, reader)
        if is_enum(annotation):
            return lambda raw, _: read_enum(raw, annotation)
        if is_union(annotation):
            return self._read_union(annotation, reader)
        make = read_mapping if is_mapping(annotation) else read_sequence
        return make(reader, annotation)

    def _make_writer(self, annotation: Any, writer: Callable[[Any], Write]) -> Write:
        if is_record(annotation):
            return self._write_record(annotation, writer)
        if is_enum(annotation):
            return lambda value: write_enum(value, annotation)
        if is_union(annotation):
            return self._write_union(annotation, writer)
        make = write_mapping if is_mapping(annotation) else write_sequence
        return make(writer, annotation)

    # --- records ---

    def _read_record(self, annotation: Any, reader: Callable[[Any], Read]) -> Read:
        cls = _every_variable_named(annotation)
        fields: Any = {
            name: override(struct_hook=self._read_open(declared, held, reader))
            for name, declared, held in _fields(annotation)
        }
        structure = make_dict_structure_fn(cls, self._cattrs, _cattrs_use_alias=True, **fields)
        known = {a.alias for a in attrs.fields(origin_of(annotation)) if a.init}

        def read(raw: Any, _: Any) -> Any:
            if not isinstance(raw, dict):
                raise Refused(f"expected an object, found {found(raw)}")
            unknown = len(raw.keys() - known)
            if not unknown:
                return structure(raw, cls)
            errors: list[Exception] = [_unknown_fields(unknown, known)]
            try:
                structure(raw, cls)
            except FAILURES as error:
                errors.insert(0, error)
            raise ClassValidationError("while reading a record", errors, origin_of(annotation))

        return read

    def _write_record(self, annotation: Any, writer: Callable[[Any], Write]) -> Write:
        cls = origin_of(annotation)
        fields: Any = {
            name: override(unstruct_hook=self._write_open(declared, held, writer))
            for name, declared, held in _fields(annotation)
        }
        unstructure = make_dict_unstructure_fn(
            _every_variable_named(annotation), self._cattrs, _cattrs_use_alias=True, **fields
        )

        def write(value: Any) -> Any:
            if type(value) is not cls:
                raise Refused(
                    f"{cls.__name__} is declared and {name_of(type(value))} found: declare a union "
                    f"to keep both"
                )
            return unstructure(value)

        return write

    def _read_open(self, declared: Any, held: Any, reader: Callable[[Any], Read]) -> Read:
        tags = self._open_tags(declared, held)
        return reader(held) if tags is None else self._read_tagged_of(tags)

    def _write_open(self, declared: Any, held: Any, writer: Callable[[Any], Write]) -> Write:
        tags = self._open_tags(declared, held)
        return writer(held) if tags is None else self._write_tagged_of(tags)

    def _open_tags(self, declared: Any, held: Any) -> Mapping[str, Any] | None:
        """A ``Decision`` and a ``Decision[Tier]`` are written alike, so both tag the outcome."""
        if is_open(held):
            return self._members
        return self._tags(held) if is_open(declared) else None

    # --- places that can hold several types ---

    def _read_union(self, annotation: Any, reader: Callable[[Any], Read]) -> Read:
        alone = optional(annotation)
        if alone is None:
            return self._read_tagged_of(self._tags(annotation) or {})
        read = reader(alone)
        return lambda raw, _: None if raw is None else read(raw, None)

    def _write_union(self, annotation: Any, writer: Callable[[Any], Write]) -> Write:
        alone = optional(annotation)
        if alone is None:
            return self._write_tagged_of(self._tags(annotation) or {})
        write = writer(alone)
        return lambda value: None if value is None else write(value)

    def _read_tagged_of(self, members: Mapping[str, Any]) -> Read:
        def read(raw: Any, _: Any) -> Any:
            if isinstance(raw, dict):
                return self._read_tagged(raw, members)
            for name in _RECOGNIZED:
                if name in members and type(raw) is SCALARS[name].type:
                    return SCALARS[name].read(raw)
            if type(raw) is Decimal and "float" in members:
                return SCALARS["float"].read(raw)  # As TOML hands numbers over.
            raise Refused(f"expected one of {', '.join(members)}, found {found(raw)}")

        return read

    def _read_tagged(self, raw: dict[str, Any], members: Mapping[str, Any]) -> Any:
        kind = raw.get("kind")
        if not isinstance(kind, str) or kind not in members:
            raise Refused(f"unknown kind; expected one of {', '.join(members)}")
        rest = {key: value for key, value in raw.items() if key != "kind"}
        read = self.reader(members[kind])
        if kind in self._flat:
            return read(rest, None)
        if rest.keys() != {"value"}:
            raise Refused(f"a tagged {kind} has exactly the keys kind and value")
        return read(rest["value"], None)

    def _write_tagged_of(self, members: Mapping[str, Any]) -> Write:
        def write(value: Any) -> Any:
            # A zone makes no other type of a datetime, and a StrEnum among texts is its text.
            cls = datetime if isinstance(value, datetime) else type(value)
            kind = self._kinds.get(cls)
            if kind not in members and isinstance(value, StrEnum) and "text" in members:
                kind = "text"
            if kind is None or kind not in members:
                raise InvalidPolicy(f"{cls.__name__} is not kept here: hand it to make_converter")
            raw = self.writer(members[kind])(value)
            if kind in _BARE:
                return raw
            return {"kind": kind} | (raw if kind in self._flat else {"value": raw})

        return write


def _parts(annotation: Any, within: str) -> list[Any]:
    """The types that a type is made of."""
    arguments = list(get_args(annotation))
    if is_record(annotation):
        parts = [*arguments, *field_types(annotation).values()]
        return [part for part in parts if not is_open(part)]
    if is_enum(annotation):
        return []
    if is_union(annotation) or (is_mapping(annotation) and is_key_type(arguments[0])):
        return arguments
    if is_sequence(annotation):
        return [part for part in arguments if part is not Ellipsis]
    raise InvalidPolicy(
        f"{within}{name_of(annotation)} has no one form to write: declare tuple[X, ...], "
        f"frozenset[X], Mapping[str, X], an attrs class, a StrEnum or a single value, and say "
        f"what a generic class is of"
    )


def _fields(annotation: Any) -> list[tuple[str, Any, Any]]:
    """The fields of a record: name, what its class declares, and what it holds here."""
    held = field_types(annotation)
    return [(a.name, a.type, held[a.name]) for a in attrs.fields(origin_of(annotation)) if a.init]


def _every_variable_named(annotation: Any) -> Any:
    """Name every type variable for cattrs, even though each field brings its own function."""
    cls = origin_of(annotation)
    variables = getattr(cls, "__parameters__", ())
    return cls[(Any,) * len(variables)] if variables else cls


def _is_flat(cls: Any) -> bool:
    """Whether the kind can stand among the fields: in a record without a field of that name."""
    return is_record(cls) and all(a.alias != "kind" for a in attrs.fields(cls))


def _unknown_fields(count: int, known: Iterable[str]) -> Refused:
    fields = "a field that is" if count == 1 else f"{count} fields that are"
    return Refused(f"has {fields} not known here; known are {', '.join(sorted(known))}")
