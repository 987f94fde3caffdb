"""What a seal is computed over: one text for a record, without the personal texts in it."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, TypeVar

from attrs import Attribute, evolve, fields

from crmkit.complaints.records.said import ERASED
from crmkit.errors import InvalidPolicy
from crmkit.serialization import kind_of, make_converter
from crmkit.serialization.annotations import is_record

__all__ = [
    "ERASED",
    "canonical_text",
    "commitment_digest",
    "personal_texts",
    "sealed_form",
    "without_personal_texts",
]

T = TypeVar("T")

_VALUES = make_converter()
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def canonical_text(value: object) -> bytes:
    """Stable JSON in ASCII: keys are sorted, and nothing stands between the parts."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def commitment_digest(salt: str, path: str, text: str) -> str:
    """SHA-256 over a salt, the place of a personal text and the text itself."""
    return hashlib.sha256(canonical_text([salt, path, text])).hexdigest()


def sealed_form(value: object, digests: Mapping[str, str], path: str = "") -> object:
    """Take a record apart, with the digest of each personal text in its place.

    An instant is its number of microseconds since 1970 in UTC, so a store that keeps the instant
    and not the zone does not break the seal. ``digests`` goes by the path of a text.

    :raises InvalidPolicy: if there is a value with no one form to write.
    """
    if value is None or type(value) in (str, int, bool):
        return value
    if isinstance(value, datetime):
        return (value - _EPOCH) // _MICROSECOND
    if isinstance(value, tuple):
        return [sealed_form(item, digests, f"{path}[{n}]") for n, item in enumerate(value)]
    if isinstance(value, frozenset):
        return sorted((sealed_form(item, {}, path) for item in value), key=canonical_text)
    if _is_record(_class_of(value)):
        parts = {
            attribute.name: {"commitment": digests[inner]}
            if _is_personal(attribute, part)
            else sealed_form(part, digests, inner)
            for attribute, inner, part in _parts(value, path)
        }
        return {"kind": _kind(_class_of(value)), "data": parts}
    return _VALUES.unstructure(value)


def personal_texts(value: object, path: str = "") -> dict[str, str]:
    """Every personal text in a record, by where it stands: ``what.text``, ``lines[2].comment``.

    :raises InvalidPolicy: if something personal is no text, or stands in a set, which has no order.
    """
    found: dict[str, str] = {}
    for attribute, inner, part in _parts(value, path):
        if not _is_personal(attribute, part):
            found |= personal_texts(part, inner)
        elif type(part) is str:
            found[inner] = part
        else:
            raise InvalidPolicy(f"{inner} is personal and no text: only a text can be erased later")
    if found and isinstance(value, frozenset):
        raise InvalidPolicy(f"{path} holds personal texts in a set: keep them in a tuple")
    return found


def without_personal_texts(value: T) -> T:
    """The record with ``(erased)`` in the place of each personal text."""
    if isinstance(value, tuple):
        return type(value)(without_personal_texts(item) for item in value)
    if not _is_record(_class_of(value)):
        return value
    record: Any = value
    changes = {
        attribute.alias: ERASED if _is_personal(attribute, part) else without_personal_texts(part)
        for attribute, _, part in _parts(value, "")
    }
    erased: T = evolve(record, **changes)
    return erased


def _is_personal(attribute: "Attribute[Any] | None", part: object) -> bool:
    return attribute is not None and bool(attribute.metadata.get("personal")) and part is not None


def _parts(value: object, path: str) -> Iterator[tuple[Any, str, object]]:
    """What a record or a collection is made of: the field, the path, the value."""
    if _is_record(_class_of(value)):
        for attribute in _fields(_class_of(value)):
            inner = f"{path}.{attribute.name}" if path else attribute.name
            yield attribute, inner, getattr(value, attribute.name)
    elif isinstance(value, tuple | frozenset):
        yield from ((None, f"{path}[{n}]", item) for n, item in enumerate(value))


# What a class is made of never changes, and each record of a trail asks for it.


@cache
def _is_record(cls: type) -> bool:
    return is_record(cls)


@cache
def _kind(cls: type) -> str:
    return kind_of(cls)


@cache
def _fields(cls: Any) -> "tuple[Attribute[Any], ...]":
    return tuple(attribute for attribute in fields(cls) if attribute.init)


def _class_of(value: object) -> Any:
    return type(value)
