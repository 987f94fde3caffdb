"""What was wrong with a document, told by path and without repeating anything that stood in it."""

from collections.abc import Iterator
from enum import StrEnum

import attrs
from cattrs import ClassValidationError
from cattrs.errors import IterableValidationError

from crmkit.errors import CrmkitError, Problem
from crmkit.serialization.annotations import origin_of

__all__ = ["FAILURES", "TOO_DEEP", "problems", "step"]

FAILURES = (ClassValidationError, IterableValidationError, CrmkitError)
"""What reading raises for a value that is not as it should be."""

TOO_DEEP = "nested too deeply"


def step(key: object, key_type: type, position: int) -> str:
    """A key of a mapping as a step of a path; a text is told by its position, it may be a name."""
    words = [word.value for word in key_type] if issubclass(key_type, StrEnum) else []
    is_number = key_type is int and type(key) is int
    return f'["{key}"]' if is_number or key in words else f"[#{position}]"


def problems(error: BaseException, path: str) -> Iterator[Problem]:
    """Everything that went wrong, in the order of the fields."""
    match error:
        case ClassValidationError():
            by_field, others = error.group_exceptions()
            for inner, note in by_field:
                place = f"{path}.{getattr(attrs.fields(origin_of(error.cl)), note.name).alias}"
                if isinstance(inner, KeyError):
                    yield Problem(place, "is missing")
                else:
                    yield from problems(inner, place)
            for inner in others:
                yield from problems(inner, path)
        case IterableValidationError():
            for inner, place in error.group_exceptions()[0]:
                yield from problems(inner, f"{path}{place.index}")
        case CrmkitError():
            yield Problem(path, str(error))
        case RecursionError():
            yield Problem(path, TOO_DEEP)
        case _:
            # A constructor tripped over parts that are fine each for itself.
            yield Problem(path, "the values do not fit together")
