"""Reading type annotations: what a field was declared to hold.

Only what can be written in exactly one form is accepted; a ``list`` or a free type variable is
refused when the converter is made, not when the first document comes in.
"""

import re
import types
from collections.abc import Mapping
from enum import StrEnum
from types import NoneType
from typing import Any, TypeVar, Union, get_args, get_origin

import attrs

from crmkit.errors import InvalidPolicy
from crmkit.money import Money
from crmkit.serialization.scalars import SCALARS

__all__ = [
    "field_types",
    "is_enum",
    "is_mapping",
    "is_open",
    "is_record",
    "is_sequence",
    "is_union",
    "kind_of",
    "members_of",
    "name_of",
    "optional",
    "origin_of",
    "plain",
]


def plain(annotation: Any) -> Any:
    """A ``NewType`` is what it is made of."""
    while hasattr(annotation, "__supertype__"):
        annotation = annotation.__supertype__
    return annotation


def origin_of(annotation: Any) -> Any:
    """The class of a value: ``Decision`` for ``Decision[Tier]``, ``tuple`` for a tuple of texts."""
    annotation = plain(annotation)
    return get_origin(annotation) or annotation


def name_of(annotation: Any) -> str:
    """The name of a type, for a message."""
    return getattr(origin_of(annotation), "__name__", "this type")


def kind_of(cls: Any) -> str:
    """The word by which documents name a type: ``RfmScale`` is ``rfm-scale``, ``str`` is ``text``.

    :raises InvalidPolicy: if it is no class.
    """
    for kind, scalar in SCALARS.items():
        if plain(cls) is scalar.type:
            return kind
    if is_union(cls) or not isinstance(origin_of(cls), type):
        raise InvalidPolicy("only a class has a kind: hand over the members of a union one by one")
    name = origin_of(cls).__name__
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", name).lower()


def is_record(annotation: Any) -> bool:
    """Whether a type is an attrs class that is written field by field, which Money is not."""
    cls = origin_of(annotation)
    return isinstance(cls, type) and attrs.has(cls) and cls is not Money


def is_enum(annotation: Any) -> bool:
    """Whether a type is an enumeration of texts, and has any."""
    if not (isinstance(annotation, type) and issubclass(annotation, StrEnum)):
        return False
    return len(annotation) > 0


def is_sequence(annotation: Any) -> bool:
    """Whether a type is a tuple or a frozenset of named types."""
    return get_origin(annotation) in (tuple, frozenset)


def is_mapping(annotation: Any) -> bool:
    """Whether a type is a read-only mapping of named types."""
    return get_origin(annotation) is Mapping


def is_open(annotation: Any) -> bool:
    """Whether it is left open what a value is."""
    return annotation in (Any, object) or isinstance(annotation, TypeVar)


def is_union(annotation: Any) -> bool:
    """Whether a value can be of several types."""
    return get_origin(annotation) in (Union, types.UnionType)


def members_of(annotation: Any) -> tuple[Any, ...]:
    """The types that can stand in a place: those of a union, or the one."""
    return get_args(annotation) if is_union(annotation) else (annotation,)


def optional(union: Any) -> Any:
    """The type ``X`` of an ``X | None``; None for any other union."""
    others = [member for member in get_args(union) if member is not NoneType]
    return others[0] if len(others) == 1 else None


def field_types(annotation: Any) -> dict[str, Any]:
    """What each field of a record holds, with the type variables filled in.

    A field that is left open, such as the outcome of a ``Decision`` or ``Decision[Any]``, has its
    TypeVar.

    :raises InvalidPolicy: if a name in an annotation cannot be resolved.
    """
    cls = origin_of(annotation)
    try:
        attrs.resolve_types(cls)
    except NameError:
        raise InvalidPolicy(
            f"{cls.__name__}: an annotation names a type that its module does not know"
        ) from None
    variables = getattr(cls, "__parameters__", ())
    arguments = get_args(annotation) or variables
    filled = {
        variable: variable if argument in (Any, object) else argument
        for variable, argument in zip(variables, arguments, strict=True)
    }
    return {a.name: _filled(a.type, filled) for a in attrs.fields(cls) if a.init}


def _filled(annotation: Any, types: Mapping[Any, Any]) -> Any:
    if isinstance(annotation, TypeVar):
        return types.get(annotation, annotation)
    open_ones = getattr(annotation, "__parameters__", ())
    if not open_ones or not get_args(annotation):
        return annotation
    return annotation[tuple(types.get(variable, variable) for variable in open_ones)]
