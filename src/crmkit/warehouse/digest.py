"""One short text for a whole result, equal wherever the result is."""

from collections.abc import Iterable
from hashlib import sha256

from crmkit.errors import InvalidValue

__all__ = ["digest_of"]


def digest_of(rows: Iterable[tuple[str | int, ...]]) -> str:
    """The SHA-256 of rows of texts and whole numbers, in whatever order they come.

    Each row is one line: its values with a tab between them and a newline at the end, numbers in
    decimal. The lines are sorted by code point and encoded in UTF-8. So two engines that found the
    same have the same digest. An identifier holds no control character, so rows cannot be confused.

    :raises InvalidValue: if a value is neither text nor a whole number, such as the decimal of a
        database, or a text holds a tab or a newline.

    >>> digest_of([("bert", 1), ("anna", 2)])[:16]
    'aa18c2fae49a8b02'
    """
    digest = sha256()
    for line in sorted(map(_line, rows)):
        digest.update(line.encode())
    return digest.hexdigest()


def _line(row: tuple[str | int, ...]) -> str:
    if not {*map(type, row)} <= {str, int}:
        raise InvalidValue("a digest is of texts and whole numbers: CAST what is something else")
    line = "\t".join(map(str, row))
    if line.count("\t") != len(row) - 1 or "\n" in line:
        raise InvalidValue("a text in a digest holds no tab and no newline")
    return f"{line}\n"
