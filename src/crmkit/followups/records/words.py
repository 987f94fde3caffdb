"""Words of the host, as records and policies keep them."""

from collections.abc import Iterable

from crmkit.errors import InvalidValue
from crmkit.identifiers import check_identifier

__all__ = ["as_names", "as_text"]


def as_text(text: str) -> str:
    """A word of the host as plain text, should it be a member of an enumeration."""
    return str(text) if isinstance(text, str) else text


def as_names(names: Iterable[str]) -> tuple[str, ...]:
    """Names of tiers or segments, each once and in order; a single text is not cut into letters.

    :raises InvalidValue: if it is a single text, or one of them could not serve as a key.
    """
    if isinstance(names, str):
        raise InvalidValue(f"pass a tuple of names, such as ({names!r},)")
    found = sorted({str(name) for name in names})
    for name in found:
        check_identifier(name, "the name of a tier or segment")
    return tuple(found)
