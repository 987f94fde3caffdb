"""What was wrong with a document, told by path and without repeating its values."""

import re
from collections.abc import Iterator

from cattrs import ClassValidationError, ForbiddenExtraKeysError
from cattrs.errors import IterableValidationError

from crmkit.errors import CrmkitError, Problem

__all__ = ["problems", "shown"]

# A field name is shown in a path; a key that does not look like one could be anybody's name.
_SHOWABLE_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}|-?[0-9]{1,9}", re.ASCII)


def shown(key: object, position: int) -> str:
    """A key of a mapping as a step of a path; by its position where it could be personal."""
    return f'["{key}"]' if _is_showable(key) else f"[#{position}]"


def _is_showable(key: object) -> bool:
    return isinstance(key, str) and _SHOWABLE_KEY.fullmatch(key) is not None


def problems(error: BaseException, path: str) -> Iterator[Problem]:
    """Everything that went wrong, in the order of the document."""
    match error:
        case ClassValidationError():
            by_field, others = error.group_exceptions()
            for inner, field in by_field:
                yield from problems(inner, f"{path}.{field.name}")
            for inner in others:
                yield from problems(inner, path)
        case IterableValidationError():
            for inner, place in error.group_exceptions()[0]:
                yield from problems(inner, f"{path}{place.index}")
        case ForbiddenExtraKeysError():
            yield Problem(path, f"unknown fields: {_names(error.extra_fields)}")
        case KeyError():
            yield Problem(path, "is missing")
        case CrmkitError():
            yield Problem(path, str(error))
        case _:
            # A constructor tripped over parts that are fine each for itself.
            yield Problem(path, "the values do not fit together")


def _names(keys: set[str]) -> str:
    named = sorted(key for key in keys if _is_showable(key))
    return ", ".join([*named, *(["others"] if len(named) < len(keys) else [])])
