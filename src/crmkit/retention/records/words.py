"""Words of the host, as the records and policies of retention keep them."""

from collections.abc import Iterable

from crmkit.errors import InvalidValue
from crmkit.identifiers import check_identifier

__all__ = ["as_text", "as_words", "check_said"]

MAX_SAID = 10_000


def as_text(word: str) -> str:
    """A word as plain text, should it be a member of an enumeration."""
    return str(word) if isinstance(word, str) else word


def as_words(words: Iterable[str]) -> tuple[str, ...]:
    """Words, each once and in order; a single text is not cut into letters.

    :raises InvalidValue: if it is a single text.
    :raises InvalidIdentifier: if one of them could not serve as a key.
    """
    if isinstance(words, str):
        raise InvalidValue("pass a tuple of words, such as ('weak-service',)")
    found = sorted({as_text(word) for word in words})
    for word in found:
        check_identifier(word, "a word")
    return tuple(found)


def check_said(text: str, what: str) -> None:
    """Refuse what says nothing, or far too much.

    :raises InvalidValue: if the text is blank or longer than 10,000 characters.
    """
    if not isinstance(text, str) or not text.strip() or len(text) > MAX_SAID:
        raise InvalidValue(f"{what} is a text of 1 to {MAX_SAID:,} characters that says something")
