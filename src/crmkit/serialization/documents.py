"""Documents: text with a kind, a schema version and data."""

import hashlib
import json
import tomllib
from collections.abc import Callable, Sequence
from copy import deepcopy
from decimal import Decimal
from typing import Any, TypeVar, get_args, overload

from attrs import field, frozen

from crmkit.errors import InvalidDocument, InvalidPolicy, InvalidValue, NewerSchema, Problem
from crmkit.serialization.annotations import kind_of, name_of, origin_of
from crmkit.serialization.hooks import Hooks
from crmkit.serialization.problems import FAILURES, TOO_DEEP, problems
from crmkit.serialization.scalars import Refused, to_json

__all__ = ["DocumentConverter", "Schema", "make_converter"]

T = TypeVar("T")
Upcaster = Callable[[dict[str, Any]], dict[str, Any]]

_MAX_DEPTH = 100
_MAX_VERSION = 1_000_000


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
        if not 1 <= self.version <= _MAX_VERSION or len(self.upcasters) != self.version - 1:
            raise InvalidPolicy(
                f"{self.kind}: version {self.version} needs one upcaster for each step from "
                f"version 1, and there are {len(self.upcasters)}"
            )


def make_converter(*kept: Any) -> "DocumentConverter":
    """Make the strict converter for the types that are kept, and all that they are made of.

    Each argument is an attrs class, a ``StrEnum``, a single value such as ``Money``, or a
    :class:`Schema`; a plain type is kept at version 1 under its own kind. Rooms list theirs in the
    open: ``make_converter(*STORED_TYPES)``.

    :raises InvalidPolicy: if two types claim one kind, one type is kept in two ways, or a field is
        of a type that has no one form to write, such as a ``list``.
    """
    return DocumentConverter(kept)


class DocumentConverter:
    """One strict converter: typed values to text and back, with versions and full reports."""

    def __init__(self, kept: Sequence[Any]) -> None:
        self._hooks = Hooks()
        self._schemas: dict[Any, Schema] = {}
        for item in kept:
            schema = item if isinstance(item, Schema) else Schema(item)
            if self._schemas.setdefault(origin_of(schema.type), schema) != schema:
                raise InvalidPolicy(f"{name_of(schema.type)} is kept in two ways: name it once")
        # All kinds before any learning: what a type is made of may itself be kept under a kind.
        for cls, schema in self._schemas.items():
            self._hooks.claim(cls, schema.kind)
        for schema in self._schemas.values():
            self._hooks.learn(schema.type)
        self._by_kind = {schema.kind: schema for schema in self._schemas.values()}

    # --- writing ---

    def dumps(self, value: object) -> str:
        """Write one document as stable JSON: keys are sorted, and the order of a mapping is gone.

        Equal values of equal types give equal text; only a ``Decimal`` keeps its digits, so that
        ``0.10`` and ``0.1`` are two texts.

        :raises InvalidPolicy: if the type is not among those the converter was made for.
        :raises InvalidValue: if a value in it cannot be written, because it is not what its field
            was declared to hold, beyond 60 digits, or nested too deeply.
        """
        schema = self._schema(type(value))
        data = self._taken_apart(value, schema.type)
        document = {"kind": schema.kind, "version": schema.version, "data": data}
        text = to_json(document)
        if _may_be_deep(text) and _is_deep(document):
            raise InvalidValue(TOO_DEEP)
        return text

    def digest(self, value: object) -> str:
        """A short fingerprint of a value, to tell versions of a policy's terms apart."""
        return hashlib.sha256(self.dumps(value).encode()).hexdigest()[:16]

    def unstructure(self, value: object, declared: Any = None) -> Any:
        """Take a value apart into the lists, dicts, texts and numbers that JSON holds.

        ``declared`` is what :meth:`structure` is to expect, such as ``tuple[Money, ...]``; left
        out, it is the type of the value.

        :raises InvalidPolicy: if the type has no one form to write.
        :raises InvalidValue: if a value in it cannot be written.
        """
        if declared is None:
            kept = self._schemas.get(type(value))
            declared = kept.type if kept else type(value)
        self._hooks.learn(declared)
        raw = self._taken_apart(value, declared)
        if _is_deep(raw):
            raise InvalidValue(TOO_DEEP)
        return raw

    def _taken_apart(self, value: object, declared: Any) -> Any:
        try:
            return self._hooks.writer(declared)(value)
        except RecursionError:
            raise InvalidValue(TOO_DEEP) from None

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
        document = _parse_json(text)
        if _may_be_deep(text) and _is_deep(document):
            raise _refusal("$", TOO_DEEP)
        return self._loaded(document, expected)

    def loads_toml(self, text: str, expected: Any = None) -> Any:
        """Read one document from TOML: the same kind, version and data.

        TOML's own dates and numbers with a fraction are taken exactly as they stand.

        :raises InvalidDocument: with every problem by its path.
        :raises NewerSchema: if a newer release wrote it.
        """
        try:
            document = tomllib.loads(text, parse_float=Decimal)
        except (ValueError, ArithmeticError, TypeError, AttributeError, RecursionError):
            raise _refusal("$", "this is not TOML") from None
        return self.load(document, expected)

    def load(self, document: object, expected: Any = None) -> Any:
        """Read a document that was parsed already: ``{"kind": ..., "version": ..., "data": ...}``.

        :raises InvalidDocument: with every problem by its path.
        :raises NewerSchema: if a newer release wrote it.
        """
        if _is_deep(document):
            raise _refusal("$", TOO_DEEP)
        return self._loaded(document, expected)

    def _loaded(self, document: object, expected: Any) -> Any:
        if not isinstance(document, dict) or document.keys() != {"kind", "version", "data"}:
            raise _refusal("$", "a document has exactly the keys kind, version and data")
        schema = self._schema_of(document["kind"], expected)
        data = _upcast(document["data"], document["version"], schema)
        wanted = expected if expected is schema.type or get_args(expected) else schema.type
        self._hooks.learn(wanted)
        return self._put_together(data, wanted, "$.data")

    def structure(self, raw: object, expected: Any, *, path: str = "$") -> Any:
        """Put a value of the expected type together from plain lists, dicts, texts and numbers.

        :raises InvalidDocument: with every problem by its path below ``path``.
        :raises InvalidPolicy: if the type has no one form to read.
        """
        self._hooks.learn(expected)
        if _is_deep(raw):
            raise _refusal(path, TOO_DEEP)
        return self._put_together(raw, expected, path)

    def _put_together(self, raw: object, wanted: Any, path: str) -> Any:
        try:
            try:
                return self._hooks.reader(wanted)(raw, None)
            except FAILURES as error:
                raise InvalidDocument(problems(error, path)) from None
        except RecursionError:  # The host had used up the stack before, or an upcaster built high.
            raise _refusal(path, TOO_DEEP) from None

    def _schema(self, annotation: Any) -> Schema:
        schema = self._schemas.get(annotation) or self._schemas.get(origin_of(annotation))
        if schema is None:
            name = name_of(annotation)
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


def _may_be_deep(text: str) -> bool:
    """Whether it is worth a look: most documents have fewer brackets than they may have levels."""
    return text.count("{") + text.count("[") > _MAX_DEPTH


def _is_deep(raw: object) -> bool:
    """Whether lists and objects are nested too deeply, or within themselves."""
    level = [raw] if isinstance(raw, dict | list) else []
    depth = 0
    while level and depth < _MAX_DEPTH:
        inner = [
            item
            for outer in level
            for item in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(item, dict | list)
        ]
        # By identity, so that what stands in many places is looked into once.
        level = list({id(item): item for item in inner}.values())
        depth += 1
    return bool(level)


def _upcast(data: Any, version: object, schema: Schema) -> Any:
    if type(version) is not int or not 1 <= version <= _MAX_VERSION:
        raise _refusal("$.version", "expected a whole number from 1")
    if version > schema.version:
        raise NewerSchema(schema.kind, version, schema.version)
    steps = schema.upcasters[version - 1 :]
    try:
        # An upcaster may change what it is given; the caller's document is not.
        data = deepcopy(data) if steps else data
        for upcast in steps:
            data = upcast(data)
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError):
        raise _refusal(
            "$.data", f"does not describe a {schema.kind} of version {version}"
        ) from None
    return data


def _pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(items)
    if len(found) != len(items):
        raise Refused("a key stands twice in one object")
    return found


def _constant(_: str) -> object:
    raise Refused("NaN and Infinity are no JSON numbers")


_DECODER = json.JSONDecoder(object_pairs_hook=_pairs, parse_constant=_constant)


def _parse_json(text: str) -> object:
    """Read JSON without its loopholes: no repeated keys, no NaN, no endless digits."""
    if not isinstance(text, str):
        raise _refusal("$", "this is not JSON")
    try:
        return _DECODER.decode(text)
    except Refused as refused:
        raise _refusal("$", str(refused)) from None
    except (ValueError, RecursionError):
        raise _refusal("$", "this is not JSON") from None
