"""How single values are written down: each in one exact form, read back strictly.

Numbers that must stay exact are texts (``"12.30"``, ``"3/4"``), money is ``"12.30 EUR"``, days and
instants are ISO 8601. An instant keeps its zone where it has a named one
(``2026-10-25T02:30:00+01:00[Europe/Berlin]``, RFC 9557), so that it comes back equal even in the
hour that a clock change repeats.
"""

import json
import math
import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Context, Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from attrs import frozen

from crmkit.errors import InvalidValue
from crmkit.money import Money

__all__ = ["SCALARS", "Refused", "Scalar", "found", "read_enum", "to_json", "write_enum"]

_Read = Callable[..., Any]


class Refused(InvalidValue):
    """A value that is not written as it should be; the message never repeats the value."""


_FOUND = {
    type(None): "null",
    bool: "true or false",
    int: "a whole number",
    float: "a number with a fraction",
    Decimal: "a number with a fraction",
    str: "a text",
    date: "a day",
    datetime: "a date and time",
    list: "a list",
    dict: "an object",
}
# Longer numbers are refused before anything is computed with them.
_TOO_LARGE = 10**60
_TOO_MANY_DIGITS = "a whole number has at most 60 digits"
_CONTEXT = Context(capitals=1)

_DECIMAL = re.compile(r"-?[0-9]{1,60}(?:\.[0-9]{1,66})?(?:E[+-]?[0-9]{1,3})?", re.ASCII)
_FRACTION = re.compile(r"(-?[0-9]{1,60})(?:\.([0-9]{1,60})|/([0-9]{1,60}))?", re.ASCII)
_MONEY = re.compile(r"(-?[0-9]{1,18}(?:\.[0-9]{1,4})?) ([A-Z]{3})", re.ASCII)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_INSTANT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}(?:\.[0-9]{6})?"
    r"[+-][0-9]{2}:[0-5][0-9](?::[0-5][0-9])?)(?:\[([A-Za-z][A-Za-z0-9_+/-]{0,59})\])?",
    re.ASCII,
)
# ISO 8601 without years and months, which have no length of their own.
_DURATION = re.compile(
    r"(-?)P(?!$)(?:([0-9]{1,9})W)?(?:([0-9]{1,9})D)?"
    r"(?:T(?!$)(?:([0-9]{1,9})H)?(?:([0-9]{1,9})M)?(?:([0-9]{1,9})(?:\.([0-9]{1,6}))?S)?)?",
    re.ASCII,
)


_ENCODER = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
)


def to_json(value: object) -> str:
    """Stable JSON: keys are sorted, and there is one way to write each value."""
    return _ENCODER.encode(value)


def found(raw: object) -> str:
    """Say what stands in a document without repeating it."""
    return _FOUND.get(type(raw), "a value of another type")


def _wants(what: str, raw: object) -> Refused:
    return Refused(f"expected {what}, found {found(raw)}")


def _misplaced(what: str, value: object) -> Refused:
    return Refused(f"{what} is declared here, and a {type(value).__name__} cannot be written as it")


def _reader(expected: type, what: str) -> _Read:
    def read(raw: object, _: object = None) -> Any:
        if type(raw) is not expected:
            raise _wants(what, raw)
        return raw

    return read


def _writer(expected: type, what: str, write: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Write what is of the type; whatever else got into the place is refused, not bent."""

    def checked(value: Any) -> Any:
        if not isinstance(value, expected):
            raise _misplaced(what, value)
        return write(value)

    return checked


def _read_int(raw: object, _: object = None) -> int:
    if type(raw) is not int:
        raise _wants("a whole number", raw)
    if not -_TOO_LARGE < raw < _TOO_LARGE:
        raise Refused(_TOO_MANY_DIGITS)
    return raw


def _write_int(value: int) -> int:
    if not -_TOO_LARGE < value < _TOO_LARGE:
        raise Refused(_TOO_MANY_DIGITS)
    return int(value)


def _read_text(raw: object, _: object = None) -> str:
    if type(raw) is not str:
        raise _wants("a text", raw)
    return raw if raw.isascii() else _write_text(raw)


def _write_text(value: str) -> str:
    try:
        value.isascii() or value.encode()
    except UnicodeEncodeError:
        raise Refused("a text has no lone surrogates") from None
    return str(value)


def _read_float(raw: object, _: object = None) -> float:
    # TOML hands over numbers with a fraction exactly.
    number = float(raw) if type(raw) is Decimal and not raw.is_snan() else raw
    if type(number) is not float or not math.isfinite(number):
        raise _wants("a finite number with a fraction, such as 1.0", raw)
    return number


def _write_float(value: float) -> float:
    # The type checker lets an int stand for a float.
    if type(value) is int:
        value = float(_write_int(value))
    if type(value) is not float or not math.isfinite(value):
        raise _misplaced("a finite float", value)
    return value


def _read_decimal(raw: object, _: object = None) -> Decimal:
    # TOML hands over numbers with a fraction exactly.
    text = _CONTEXT.to_sci_string(raw) if type(raw) is Decimal else raw
    if type(text) is not str or _DECIMAL.fullmatch(text) is None:
        raise _wants('a decimal number in quotes, such as "12.30"', raw)
    return Decimal(text)


def _write_decimal(value: Decimal) -> str:
    # Not str(value): the caller's context could change it.
    text = _CONTEXT.to_sci_string(value)
    if _DECIMAL.fullmatch(text) is None:
        raise Refused("a decimal number is finite and has at most 60 digits")
    return text


def _read_fraction(raw: object, _: object = None) -> Fraction:
    if type(raw) is Decimal:
        return Fraction(_read_decimal(raw))
    parts = _FRACTION.fullmatch(raw) if type(raw) is str else None
    if parts is None or int(parts[3] or 1) == 0:
        raise _wants('a fraction in quotes, such as "3/4" or "0.75"', raw)
    whole, after_point, divisor = parts.groups()
    if after_point:
        return Fraction(Decimal(f"{whole}.{after_point}"))
    return Fraction(int(whole), int(divisor or 1))


def _write_fraction(value: Fraction) -> str:
    return f"{_write_int(value.numerator)}" + (
        f"/{_write_int(value.denominator)}" if value.denominator != 1 else ""
    )


def _read_money(raw: object, _: object = None) -> Money:
    parts = _MONEY.fullmatch(raw) if type(raw) is str else None
    if parts is None:
        raise _wants('money in quotes, such as "12.30 EUR"', raw)
    return Money(parts[1], parts[2])


def _read_date(raw: object, _: object = None) -> date:
    if type(raw) is date:
        return raw  # TOML has days of its own.
    if type(raw) is str and _DATE.fullmatch(raw):
        try:
            return date.fromisoformat(raw)
        except ValueError:
            raise Refused("expected a day of the calendar, this one does not exist") from None
    raise _wants("a day in quotes, such as 2026-03-01", raw)


def _read_instant(raw: object, _: object = None) -> datetime:
    if type(raw) is datetime and raw.utcoffset() is not None:
        return raw  # TOML has instants of its own.
    parts = _INSTANT.fullmatch(raw) if type(raw) is str else None
    if parts is None:
        raise _wants("an instant with its offset, such as 2026-03-01T09:30:00+01:00", raw)
    try:
        instant = datetime.fromisoformat(parts[1])
        return instant if parts[2] is None else _in_zone(instant, ZoneInfo(parts[2]))
    except (ValueError, OverflowError, OSError, ZoneInfoNotFoundError):
        # An OSError comes from the name of a folder among the zones, such as Europe.
        raise Refused("expected an instant that exists, in a zone that is known") from None


def _in_zone(instant: datetime, zone: ZoneInfo) -> datetime:
    """The wall time in the zone; the offset says which of two equal wall times is meant."""
    for fold in (0, 1):
        local = instant.replace(tzinfo=zone, fold=fold)
        if local.utcoffset() == instant.utcoffset():
            return local
    raise ValueError("the offset is not one of the zone")


def _write_instant(value: datetime) -> str:
    key = value.tzinfo.key if isinstance(value.tzinfo, ZoneInfo) else None
    text = value.isoformat() + (f"[{key}]" if key else "")
    if _INSTANT.fullmatch(text) is None:
        raise Refused("an instant has an offset of whole seconds, and microseconds at most")
    return text


def _write_date(value: date) -> str:
    if isinstance(value, datetime):
        raise _misplaced("a day", value)
    return value.isoformat()


def _read_duration(raw: object, _: object = None) -> timedelta:
    parts = _DURATION.fullmatch(raw) if type(raw) is str else None
    if parts is None:
        raise _wants("a duration in quotes, such as P2D, PT4H or PT1H30M", raw)
    sign, *counts, after_point = parts.groups()
    weeks, days, hours, minutes, seconds = (int(count or 0) for count in counts)
    try:
        size = timedelta(
            weeks=weeks,
            days=days,
            hours=hours,
            minutes=minutes,
            seconds=seconds,
            microseconds=int((after_point or "").ljust(6, "0")),
        )
        return -size if sign else size
    except OverflowError:
        raise Refused("a duration has at most 999,999,999 days") from None


def _write_duration(value: timedelta) -> str:
    sign, size = ("-", -value) if value < timedelta(0) else ("", value)
    rest = f".{size.microseconds:06d}" if size.microseconds else ""
    return f"{sign}P{size.days}DT{size.seconds}{rest}S"


def read_enum(raw: object, cls: type[StrEnum]) -> StrEnum:
    """Read a member of an enumeration by its value."""
    if type(raw) is str:
        for member in cls:
            if member.value == raw:
                return member
    options = ", ".join(member.value for member in cls)
    raise Refused(f"expected one of {options}, found {found(raw)}")


def write_enum(value: StrEnum, cls: type[StrEnum]) -> str:
    """Write a member of an enumeration as its value."""
    if not isinstance(value, cls):
        raise _misplaced(f"a word of {cls.__name__}", value)
    return value.value


@frozen
class Scalar:
    """One type of single value: how it is written, and how it is read.

    A reader is handed the declared type too, as cattrs does, and has no use for it.
    """

    type: Any
    read: _Read
    write: Callable[[Any], Any]


def _scalar(cls: type, what: str, read: _Read, write: Callable[[Any], Any]) -> Scalar:
    return Scalar(cls, read, _writer(cls, what, write))


def _as_it_is(value: Any) -> Any:
    return value


SCALARS: dict[str, Scalar] = {
    "null": _scalar(type(None), "nothing", _reader(type(None), "null"), _as_it_is),
    "bool": _scalar(bool, "true or false", _reader(bool, "true or false"), _as_it_is),
    "int": _scalar(int, "a whole number", _read_int, _write_int),
    "float": Scalar(float, _read_float, _write_float),
    "text": _scalar(str, "a text", _read_text, _write_text),
    "decimal": _scalar(Decimal, "a Decimal", _read_decimal, _write_decimal),
    "fraction": _scalar(Fraction, "a Fraction", _read_fraction, _write_fraction),
    "date": _scalar(date, "a day", _read_date, _write_date),
    "instant": _scalar(datetime, "an instant", _read_instant, _write_instant),
    "duration": _scalar(timedelta, "a duration", _read_duration, _write_duration),
    "money": _scalar(Money, "Money", _read_money, str),
}
"""Every single value that documents can hold, by the word that tags it where several can stand."""
