"""Documents: text with a kind, a schema version and data."""

import hashlib
import json
import tomllib
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, TypeVar, get_origin, overload

from attrs import field, frozen

from crmkit.errors import InvalidDocument, InvalidPolicy, NewerSchema, Problem
from crmkit.serialization.hooks import FAILURES, Hooks, kind_of, to_json
from crmkit.serialization.problems import problems
from crmkit.serialization.scalars import Refused

__all__ = ["DocumentConverter", "Schema", "make_converter"]

T = TypeVar("T")
Upcaster = Callable[[dict[str, Any]], dict[str, Any]]


@frozen
class Schema:
    """How one type is written: its kind, its version, and how older versions become this one.

    ``upcasters`` holds one function for each step, from version 1 to 2, from 2 to 3 and so on; each
    takes the ``data`` of a document and returns that of the next version.

    :raises InvalidPolicy: if there is not exactly one upcaster for each step.
    """

    type: Any
    kind: str = field()
    version: int = 1
    upcasters: tuple[Upcaster, ...] = ()

    @kind.default
    def _kind_of_type(self) -> str:
        return kind_of(self.type)

    def __attrs_post_init__(self) -> None:
        if self.version < 1 or len(self.upcasters) != self.version - 1:
            raise InvalidPolicy(
                f"{self.kind}: version {self.version} needs one upcaster for each step from "
                f"version 1, and there are {len(self.upcasters)}"
            )


def make_converter(*kept: Any) -> "DocumentConverter":
    """Make the strict converter for the types that are kept, and all that they are made of.

    Each argument is an attrs class, a ``StrEnum`` or a :class:`Schema`; a plain type is kept at
    version 1 under its own kind. Rooms list theirs in the open: ``make_converter(*STORED_TYPES)``.

    :raises InvalidPolicy: if two types claim one kind.
    """
    return DocumentConverter(kept)


class DocumentConverter:
    """One strict converter: typed values to text and back, with versions and full reports."""

    def __init__(self, kept: Sequence[Any]) -> None:
        self._hooks = Hooks()
        self._schemas: dict[Any, Schema] = {}
        schemas = [item if isinstance(item, Schema) else Schema(item) for item in kept]
        for schema in schemas:
            cls = get_origin(schema.type) or schema.type
            if self._schemas.setdefault(cls, schema).kind != schema.kind:
                raise InvalidPolicy(f"{cls.__name__} is kept under two kinds: name it once")
            self._hooks.learn(cls, schema.kind)
        self._by_kind = {schema.kind: schema for schema in self._schemas.values()}

    # --- writing ---

    def dumps(self, value: object) -> str:
        """Write one document as stable JSON: equal values give equal text, keys are sorted.

        :raises InvalidPolicy: if the type is not among those the converter was made for.
        """
        schema = self._schema(type(value))
        data = self._hooks.converter.unstructure(value, type(value))
        return to_json({"kind": schema.kind, "version": schema.version, "data": data})

    def digest(self, value: object) -> str:
        """A short fingerprint of a value, to tell versions of a policy's terms apart."""
        return hashlib.sha256(self.dumps(value).encode()).hexdigest()[:16]

    def unstructure(self, value: object) -> Any:
        """Take a value apart into the lists, dicts, texts and numbers that JSON holds."""
        return self._hooks.converter.unstructure(value, type(value))

    # --- reading ---

    @overload
    def loads(self, text: str) -> Any: ...
    @overload
    def loads(self, text: str, expected: type[T]) -> T: ...
    def loads(self, text: str, expected: Any = None) -> Any:
        """Read one JSON document, of the expected type or of any type that is kept.

        :raises InvalidDocument: with every problem by its path.
        :raises NewerSchema: if a newer release wrote it.
        """
        return self.load(_parse_json(text), expected)

    def loads_toml(self, text: str, expected: Any = None) -> Any:
        """Read one document from TOML: the same kind, version and data.

        TOML's own dates and numbers with a fraction are taken exactly as they stand.

        :raises InvalidDocument: with every problem by its path.
        :raises NewerSchema: if a newer release wrote it.
        """
        try:
            document = tomllib.loads(text, parse_float=Decimal)
        except (ValueError, ArithmeticError, TypeError, RecursionError):
            raise InvalidDocument([Problem("$", "this is not TOML")]) from None
        return self.load(document, expected)

    def load(self, document: object, expected: Any = None) -> Any:
        """Read a document that was parsed already: ``{"kind": ..., "version": ..., "data": ...}``.

        :raises InvalidDocument: with every problem by its path.
        :raises NewerSchema: if a newer release wrote it.
        """
        if not isinstance(document, dict) or document.keys() != {"kind", "version", "data"}:
            raise _refusal("$", "a document has exactly the keys kind, version and data")
        schema = self._schema_of(document["kind"], expected)
        data = _upcast(document["data"], document["version"], schema)
        return self.structure(data, expected or schema.type, path="$.data")

    def structure(self, raw: object, expected: Any, *, path: str = "$") -> Any:
        """Put a value of the expected type together from plain lists, dicts, texts and numbers.

        :raises InvalidDocument: with every problem by its path below ``path``.
        """
        try:
            return self._hooks.converter.structure(raw, expected)
        except RecursionError:
            raise _refusal(path, "nested too deeply") from None
        except FAILURES as error:
            raise InvalidDocument(problems(error, path)) from None

    def _schema(self, cls: Any) -> Schema:
        schema = self._schemas.get(get_origin(cls) or cls)
        if schema is None:
            name = getattr(cls, "__name__", "this type")
            raise InvalidPolicy(f"{name} is not kept here: make_converter(..., {name})")
        return schema

    def _schema_of(self, kind: object, expected: Any) -> Schema:
        known = self._by_kind.get(kind) if isinstance(kind, str) else None
        if expected is not None and known is not self._schema(expected):
            raise _refusal("$.kind", f"expected {self._schema(expected).kind}")
        if known is None:
            raise _refusal("$.kind", f"expected one of {', '.join(sorted(self._by_kind))}")
        return known


def _refusal(path: str, message: str) -> InvalidDocument:
    return InvalidDocument([Problem(path, message)])


def _upcast(data: Any, version: object, schema: Schema) -> Any:
    if type(version) is not int or version < 1:
        raise _refusal("$.version", "expected a whole number from 1")
    if version > schema.version:
        raise NewerSchema(schema.kind, version, schema.version)
    for step, upcast in enumerate(schema.upcasters[version - 1 :], start=version):
        try:
            data = upcast(data)
        except (LookupError, TypeError, ValueError, AttributeError):
            raise _refusal(
                "$.data", f"does not describe a {schema.kind} of version {step}"
            ) from None
    return data


def _parse_json(text: str) -> object:
    """Read JSON without its loopholes: no repeated keys, no NaN, no endless digits."""

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({key for key, _ in items}) != len(items):
            raise Refused("a key stands twice in one object")
        return dict(items)

    def constant(_: str) -> object:
        raise Refused("NaN and Infinity are no JSON numbers")

    try:
        return json.loads(text, object_pairs_hook=pairs, parse_constant=constant)
    except Refused as refused:
        raise _refusal("$", str(refused)) from None
    except (ValueError, TypeError, RecursionError):
        raise _refusal("$", "this is not JSON") from None
