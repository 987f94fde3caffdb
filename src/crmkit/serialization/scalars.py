"""How single values are written down: each in one exact form, read back strictly.

Numbers that must stay exact are texts (``"12.30"``, ``"3/4"``), money is ``"12.30 EUR"``, days and
instants are ISO 8601. An instant keeps its zone where it has a named one
(``2026-10-25T02:30:00+01:00[Europe/Berlin]``, RFC 9557), so that it comes back equal even in the
hour that a clock change repeats.
"""

import math
import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from attrs import frozen

from crmkit.errors import InvalidValue
from crmkit.money import Money

__all__ = ["SCALARS", "Refused", "Scalar", "found", "read_enum", "write_enum"]


class Refused(InvalidValue):
    """A value that is not written as it should be; the message never repeats the value."""

    code = "refused"


_FOUND = {
    type(None): "null",
    bool: "true or false",
    int: "a whole number",
    float: "a number with a fraction",
    Decimal: "a number with a fraction",
    str: "a text",
    list: "a list",
    dict: "an object",
}

_DECIMAL = re.compile(r"-?[0-9]{1,60}(?:\.[0-9]{1,60})?(?:E[+-]?[0-9]{1,3})?", re.ASCII)
_FRACTION = re.compile(r"(-?[0-9]{1,60})(?:/([0-9]{1,60}))?", re.ASCII)
_MONEY = re.compile(r"(-?[0-9]{1,18}(?:\.[0-9]{1,4})?) ([A-Z]{3})", re.ASCII)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_INSTANT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{6})?"
    r"[+-][0-9]{2}:[0-9]{2}(?::[0-9]{2})?)(?:\[([A-Za-z0-9_+/-]{1,60})\])?",
    re.ASCII,
)
_DURATION = re.compile(r"(-?)P([0-9]{1,9})DT([0-9]{1,5})(?:\.([0-9]{6}))?S", re.ASCII)


def found(raw: object) -> str:
    """Say what stands in a document without repeating it."""
    return _FOUND.get(type(raw), "a value of another type")


def _wants(what: str, raw: object) -> Refused:
    return Refused(f"expected {what}, found {found(raw)}")


def _reader(expected: type, what: str) -> Callable[[object], Any]:
    def read(raw: object) -> Any:
        if type(raw) is not expected:
            raise _wants(what, raw)
        return raw

    return read


def _read_text(raw: object) -> str:
    if type(raw) is not str:
        raise _wants("a text", raw)
    try:
        raw.encode()
    except UnicodeEncodeError:
        raise Refused("expected a text without lone surrogates") from None
    return raw


def _read_float(raw: object) -> float:
    if type(raw) not in (float, Decimal) or not math.isfinite(raw):  # type: ignore[arg-type]
        raise _wants("a finite number with a fraction, such as 1.0", raw)
    return float(raw)  # type: ignore[arg-type]


def _read_decimal(raw: object) -> Decimal:
    if type(raw) is Decimal and raw.is_finite():
        raw = str(raw)  # TOML hands over numbers with a fraction exactly.
    if type(raw) is not str or _DECIMAL.fullmatch(raw) is None:
        raise _wants('a decimal number in quotes, such as "12.30"', raw)
    return Decimal(raw)


def _write_decimal(value: Decimal) -> str:
    text = str(value)
    if _DECIMAL.fullmatch(text) is None:
        raise Refused(
            "a decimal number is finite, with at most 60 digits on each side of the point"
        )
    return text


def _read_fraction(raw: object) -> Fraction:
    if type(raw) is Decimal and raw.is_finite():
        return Fraction(_read_decimal(raw))
    parts = _FRACTION.fullmatch(raw) if type(raw) is str else None
    if parts is None or int(parts[2] or 1) == 0:
        raise _wants('a fraction in quotes, such as "3/4"', raw)
    return Fraction(int(parts[1]), int(parts[2] or 1))


def _read_money(raw: object) -> Money:
    parts = _MONEY.fullmatch(raw) if type(raw) is str else None
    if parts is None:
        raise _wants('money in quotes, such as "12.30 EUR"', raw)
    return Money(parts[1], parts[2])


def _read_date(raw: object) -> date:
    if type(raw) is date:
        return raw  # TOML has days of its own.
    if type(raw) is str and _DATE.fullmatch(raw):
        try:
            return date.fromisoformat(raw)
        except ValueError:
            raise Refused("expected a day of the calendar, this one does not exist") from None
    raise _wants("a day in quotes, such as 2026-03-01", raw)


def _read_instant(raw: object) -> datetime:
    if type(raw) is datetime and raw.utcoffset() is not None:
        return raw  # TOML has instants of its own.
    parts = _INSTANT.fullmatch(raw) if type(raw) is str else None
    if parts is None:
        raise _wants("an instant with its offset, such as 2026-03-01T09:30:00+01:00", raw)
    try:
        instant = datetime.fromisoformat(parts[1])
        return instant if parts[2] is None else _in_zone(instant, ZoneInfo(parts[2]))
    except (ValueError, OverflowError, ZoneInfoNotFoundError):
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
    return value.isoformat() + (f"[{key}]" if key else "")


def _read_duration(raw: object) -> timedelta:
    parts = _DURATION.fullmatch(raw) if type(raw) is str else None
    if parts is None:
        raise _wants("a duration in quotes, such as P1DT3600S", raw)
    sign = -1 if parts[1] else 1
    return sign * timedelta(
        days=int(parts[2]), seconds=int(parts[3]), microseconds=int(parts[4] or 0)
    )


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


def write_enum(value: StrEnum) -> str:
    """Write a member of an enumeration as its value."""
    return value.value


@frozen
class Scalar:
    """One type of single value: how it is written, and how it is read."""

    type: Any
    read: Callable[[object], Any]
    write: Callable[[Any], Any] = lambda value: value


SCALARS: dict[str, Scalar] = {
    "null": Scalar(type(None), _reader(type(None), "null")),
    "bool": Scalar(bool, _reader(bool, "true or false")),
    "int": Scalar(int, _reader(int, "a whole number")),
    "float": Scalar(float, _read_float),
    "text": Scalar(str, _read_text, str),
    "decimal": Scalar(Decimal, _read_decimal, _write_decimal),
    "fraction": Scalar(Fraction, _read_fraction, str),
    "date": Scalar(date, _read_date, date.isoformat),
    "instant": Scalar(datetime, _read_instant, _write_instant),
    "duration": Scalar(timedelta, _read_duration, _write_duration),
    "money": Scalar(Money, _read_money, str),
}
"""Every single value that documents can hold, by the word that tags it where several can stand."""
