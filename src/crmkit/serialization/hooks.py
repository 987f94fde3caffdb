"""How types are taken apart and put together: cattrs, with every lenient default replaced.

Left to its defaults, cattrs makes an ``int`` of ``1.9``, a tuple of a text, takes the first of two
classes that fit, and cuts a subclass down to the fields of its base. Every hook here takes exactly
one form, says what it expected, and lets all the problems of a document be told together.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
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


class Hooks:
    """A cattrs converter with strict hooks, and the kinds of all types that it has learned."""

    def __init__(self) -> None:
        self.converter = Converter(detailed_validation=True)
        self.members: dict[str, Any] = {name: scalar.type for name, scalar in SCALARS.items()}
        self._kinds: dict[Any, str] = {cls: kind for kind, cls in self.members.items()}
        self._learned: set[Any] = set(self._kinds)
        self._flat: set[str] = set()
        for scalar in SCALARS.values():
            self.converter.register_structure_hook(scalar.type, _ignoring_type(scalar.read))
            self.converter.register_unstructure_hook(scalar.type, scalar.write)
        for fits, reader, writer in (
            (is_record, self._read_record, self._write_record),
            (is_sequence, self._with(read_sequence), self._with(write_sequence)),
            (is_mapping, self._with(read_mapping), self._with(write_mapping)),
            (is_union, self._read_union, self._write_union),
        ):
            self.converter.register_structure_hook_factory(fits, reader)
            self.converter.register_unstructure_hook_factory(fits, writer)

    def _with(self, factory: Callable[..., Any]) -> Callable[[Any], Any]:
        # Not a partial object: cattrs looks at the signature of a factory.
        return lambda annotation: factory(self.converter, annotation)

    # --- learning types ---

    def claim(self, cls: Any, kind: str) -> None:
        """Give a type its kind, the word that tags it.

        :raises InvalidPolicy: if another type has claimed the kind, or the type another kind.
        """
        if self.members.get(kind, cls) is not cls or self._kinds.get(cls, kind) != kind:
            raise InvalidPolicy(f"two types claim the kind {kind}: give one of them a Schema")
        self.members[kind] = cls
        self._kinds[cls] = kind

    def learn(self, annotation: Any, within: str = "") -> None:
        """Learn a type and all it is made of, so that tags can name them.

        :raises InvalidPolicy: if two types claim one kind, or a type has no one form to write.
        """
        annotation = plain(annotation)
        if annotation in self._learned:
            return
        self._learned.add(annotation)
        if is_record(annotation) or is_enum(annotation):
            cls = origin_of(annotation)
            within = f"{cls.__name__}: "
            if cls not in self._kinds:
                self.claim(cls, kind_of(cls))
            if _is_flat(cls):
                self._flat.add(self._kinds[cls])
        for part in self._parts(annotation, within):
            self.learn(part, within)
        if is_union(annotation) and optional(annotation) is None:
            self._check_tags(annotation, within)

    def _parts(self, annotation: Any, within: str) -> list[Any]:
        arguments = list(get_args(annotation))
        if is_record(annotation):
            parts = [*arguments, *field_types(annotation).values()]
            return [part for part in parts if not is_open(part)]
        if is_enum(annotation):
            self.converter.register_structure_hook(annotation, read_enum)
            self.converter.register_unstructure_hook(annotation, write_enum)
            return arguments
        if is_union(annotation) or (is_mapping(annotation) and is_key_type(arguments[0])):
            return arguments
        if is_sequence(annotation):
            return [part for part in arguments if part is not Ellipsis]
        raise InvalidPolicy(
            f"{within}{name_of(annotation)} has no one form to write: declare tuple[X, ...], "
            f"frozenset[X], Mapping[str, X], an attrs class, a StrEnum or a single value, and say "
            f"what a generic class is of"
        )

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

    # --- records ---

    def _read_record(self, annotation: Any) -> Read:
        cls = _every_variable_named(annotation)
        structure = make_dict_structure_fn(
            cls,
            self.converter,
            _cattrs_use_alias=True,
            **self._overrides(annotation, self._read_open, "struct_hook"),
        )
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

    def _write_record(self, annotation: Any) -> Write:
        cls = origin_of(annotation)
        unstructure = make_dict_unstructure_fn(
            _every_variable_named(annotation),
            self.converter,
            _cattrs_use_alias=True,
            **self._overrides(annotation, self._write_open, "unstruct_hook"),
        )

        def write(value: Any) -> Any:
            if type(value) is not cls:
                raise Refused(
                    f"{cls.__name__} is declared and {name_of(type(value))} found: declare a union "
                    f"to keep both"
                )
            return unstructure(value)

        return write

    def _overrides(self, annotation: Any, hook: Callable[[Any, Any], Any], which: str) -> Any:
        """Hooks of crmkit's own for the fields that are left open, wholly or in part."""
        held = field_types(annotation)
        return {
            a.name: override(**{which: hook(a.type, held[a.name])})
            for a in attrs.fields(origin_of(annotation))
            if a.init and _has_variable(a.type)
        }

    def _read_open(self, declared: Any, held: Any) -> Read:
        tags = self._open_tags(declared, held)
        if tags is None:
            return lambda raw, _: self.converter.structure(raw, held)
        return self._read_tagged_of(tags)

    def _write_open(self, declared: Any, held: Any) -> Write:
        tags = self._open_tags(declared, held)
        if tags is None:
            return lambda value: self.converter.unstructure(value, held)
        return self._write_tagged_of(tags)

    def _open_tags(self, declared: Any, held: Any) -> Mapping[str, Any] | None:
        """A ``Decision`` and a ``Decision[Tier]`` are written alike, so both tag the outcome."""
        if is_open(held):
            return self.members
        return self._tags(held) if is_open(declared) else None

    # --- places that can hold several types ---

    def _read_union(self, annotation: Any) -> Read:
        alone = optional(annotation)
        if alone is None:
            return self._read_tagged_of(self._tags(annotation) or {})
        return lambda raw, _: None if raw is None else self.converter.structure(raw, alone)

    def _write_union(self, annotation: Any) -> Write:
        alone = optional(annotation)
        if alone is None:
            return self._write_tagged_of(self._tags(annotation) or {})
        return lambda value: None if value is None else self.converter.unstructure(value, alone)

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
        if kind in self._flat:
            return self.converter.structure(rest, members[kind])
        if rest.keys() != {"value"}:
            raise Refused(f"a tagged {kind} has exactly the keys kind and value")
        return self.converter.structure(rest["value"], members[kind])

    def _write_tagged_of(self, members: Mapping[str, Any]) -> Write:
        def write(value: Any) -> Any:
            # A zone makes no other type of a datetime, and a StrEnum among texts is its text.
            cls = datetime if isinstance(value, datetime) else type(value)
            kind = self._kinds.get(cls)
            if kind not in members and isinstance(value, StrEnum) and "text" in members:
                kind = "text"
            if kind is None or kind not in members:
                raise InvalidPolicy(f"{cls.__name__} is not kept here: hand it to make_converter")
            raw = self.converter.unstructure(value, members[kind])
            if kind in _BARE:
                return raw
            return {"kind": kind} | (raw if kind in self._flat else {"value": raw})

        return write


def _ignoring_type(read: Callable[[object], Any]) -> Read:
    return lambda raw, _: read(raw)


def _every_variable_named(annotation: Any) -> Any:
    """Name every type variable for cattrs, even where a field brings its own hook."""
    cls = origin_of(annotation)
    variables = getattr(cls, "__parameters__", ())
    return cls[(Any,) * len(variables)] if variables else cls


def _has_variable(declared: Any) -> bool:
    """Whether a field is left open, wholly or in part, by the class that declares it."""
    return is_open(declared) or bool(get_args(declared) and getattr(declared, "__parameters__", ()))


def _is_flat(annotation: Any) -> bool:
    """Whether the kind can stand among the fields: in a record without a field of that name."""
    return is_record(annotation) and all(a.alias != "kind" for a in attrs.fields(annotation))


def _unknown_fields(count: int, known: Iterable[str]) -> Refused:
    fields = "a field that is" if count == 1 else f"{count} fields that are"
    return Refused(f"has {fields} not known here; known are {', '.join(sorted(known))}")
