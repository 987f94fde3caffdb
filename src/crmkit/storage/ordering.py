"""One order for index values, the same in every store.

An index lists records by tuples of values. Each tuple is encoded as bytes whose plain byte order is
the order of the tuples, so that a dict in memory, SQLite and any database server agree on it to the
last code point, whatever their collations are.

Nothing sorts before no, no before yes, then whole numbers, money (by currency, then by amount),
days, instants (as they follow each other in time, whatever their zones) and texts (by code point).
A shorter tuple comes before a longer one that begins with it.

>>> encode(("gold", 3)) < encode(("gold", 20)) < encode(("silver", 1))
True
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from crmkit.errors import InvalidValue
from crmkit.identifiers import check_identifier
from crmkit.money import Money
from crmkit.period import check_instant

__all__ = [
    "FIRST",
    "LAST",
    "IndexValue",
    "Position",
    "encode",
    "microseconds",
    "read_token",
    "span",
    "write_token",
]

IndexValue = None | bool | int | str | date | datetime | Money
"""What an index can list records by."""

Position = tuple[bytes, str]
"""A place in an index: the encoded values, and among equal ones the key of the record."""

FIRST: Position = (b"", "")
"""Before everything: no key is empty."""
LAST: Position = (b"\xff", "")
"""After everything: no value is encoded with this first byte."""

# Each value begins with the byte of its type and says where it ends, so no encoding is the
# beginning of another, and what follows cannot change the order of what came before.
_NOTHING, _NO, _YES, _INT, _MONEY, _DATE, _INSTANT, _TEXT = (bytes([tag]) for tag in range(1, 9))
_ZERO = 2**63  # Moves signed 64-bit numbers to where their bytes sort as they do.
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def encode(values: Iterable[IndexValue]) -> bytes:
    """Encode a tuple of index values so that bytes sort as the values do.

    :raises InvalidValue: for a value of another type, or a number that 64 bits cannot hold.
    :raises InvalidIdentifier: for a text that could not serve as a key.
    :raises NaiveDatetime: for a datetime without a time zone.
    """
    return b"".join([_encode_value(value) for value in values])


def _encode_value(value: IndexValue) -> bytes:
    match value:
        case None:
            return _NOTHING
        case bool():
            return _YES if value else _NO
        case int():
            return _INT + _encode_number(value)
        case Money():
            return _MONEY + value.currency.encode("ascii") + _encode_number(value.minor)
        case datetime():
            return _INSTANT + _encode_number(microseconds(value))
        case date():
            return _DATE + _encode_number(value.toordinal())
        case str():
            return _TEXT + _plain_text(value).encode() + b"\0"
    raise InvalidValue(
        f"an index value is a {type(value).__name__}: list by None, bool, int, str, date, aware "
        f"datetime or Money"
    )


def _plain_text(value: str) -> str:
    text = value.value if isinstance(value, StrEnum) else value
    check_identifier(text, "a text in an index")
    return text


def _encode_number(number: int) -> bytes:
    if not -_ZERO <= number < _ZERO:
        raise InvalidValue("a whole number in an index is out of range: 64 bits hold it")
    return (number + _ZERO).to_bytes(8, "big")


def microseconds(at: datetime) -> int:
    """An instant as whole microseconds since 1970, which any zone agrees on.

    :raises NaiveDatetime: if it has no time zone.
    """
    check_instant(at, "an instant")
    # Subtracting never leaves the calendar, which astimezone(UTC) can in its first and last hours.
    return (at - _EPOCH) // timedelta(microseconds=1)


def span(
    prefix: tuple[IndexValue, ...], start: IndexValue, end: IndexValue
) -> tuple[Position, Position]:
    """The two positions between which the entries lie that begin with ``prefix``.

    The value after the prefix is at least ``start`` and before ``end``, where they are given.
    """
    fixed = encode(prefix)
    low = fixed if start is None else fixed + encode((start,))
    high = fixed + LAST[0] if end is None else fixed + encode((end,))
    return (low, ""), (high, "")


def write_token(position: Position) -> str:
    """Write a position as the text by which a host asks for the next page."""
    entry, key = position
    return f"{entry.hex()}.{key.encode().hex()}"


def read_token(token: str) -> Position:
    """Read a position back.

    :raises InvalidValue: if the text is not the ``next`` of a page.
    """
    entry, dot, key = token.partition(".")
    try:
        if dot:
            return bytes.fromhex(entry), bytes.fromhex(key).decode()
    except ValueError:
        pass
    raise InvalidValue("after is not the next of a page: pass page.next as it is")
