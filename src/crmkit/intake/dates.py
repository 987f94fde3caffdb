"""From the text of a date to a day of the shop, by a named format and never by a guess.

Days come out as ordinals (``date.toordinal``), which is what columns hold.
"""

import re
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from functools import cache
from typing import Final, Self
from zoneinfo import ZoneInfo

from attrs import frozen

from crmkit.errors import InvalidValue
from crmkit.intake.rejects import Refused, RejectReason

__all__ = ["ISO", "DateFormat", "zone_named"]

ISO: Final = "iso"
"""ISO 8601 calendar dates, ``2026-03-01`` or ``20260301``: neither can mean another day."""

_ISO_DAY = r"(?:(?P<Y>\d{4})-(?P<m>\d\d)-(?P<d>\d\d)|(?P<Y2>\d{4})(?P<m2>\d\d)(?P<d2>\d\d))"
_ISO_TIME = (
    r"(?:[T ](?P<H>\d\d):(?P<M>\d\d)(?::(?P<S>\d\d)(?:[.,]\d{1,9})?)?"
    r" ?(?P<z>Z|[+-]\d\d(?::?\d\d)?)?)?"
)
_ISO = re.compile(_ISO_DAY + _ISO_TIME, re.ASCII)

_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
_MONTH_OF = {name: number for number, name in enumerate(_MONTHS, 1)} | {
    name[:3]: number for number, name in enumerate(_MONTHS, 1)
}
# How each directive is written where nothing but a separator stands beside it.
_DIRECTIVES: Mapping[str, str] = {
    "Y": r"(?P<Y>\d{4})",
    "y": r"(?P<y>\d\d)",
    "m": r"(?P<m>\d\d?)",
    "d": r"(?P<d>\d\d?)",
    "b": r"(?P<b>[A-Za-z]{3})",
    "B": r"(?P<b>[A-Za-z]{3,9})",
    "H": r"(?P<H>\d\d?)",
    "M": r"(?P<M>\d\d)",
    "S": r"(?P<S>\d\d)",
    "f": r"(?P<f>\d{1,9})",
    "z": r"(?P<z>Z|[+-]\d\d:?\d\d)",
}
_NUMBERS = frozenset("YymdHMSf")
_PIECE = re.compile("%.|[^%]+|%", re.DOTALL)

# What a refusal tries, so that it can say which format would have worked.
_FAMILIAR_DAYS = (
    *("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%Y.%m.%d", "%d-%m-%Y", "%m-%d-%Y"),
    *("%d.%m.%y", "%d/%m/%y", "%m/%d/%y", "%d %b %Y", "%d-%b-%Y", "%d %B %Y", "%b %d, %Y"),
    *("%B %d, %Y", "%Y年%m月%d日", "%d%m%Y"),
)
_FAMILIAR = (
    ISO,
    *(day + time for time in ("", " %H:%M", " %H:%M:%S") for day in _FAMILIAR_DAYS),
)


def zone_named(zone: tzinfo | str | None) -> tzinfo | None:
    """Find a time zone by its IANA key; one that was found already stays as it is.

    :raises InvalidValue: if there is no zone of that name.
    """
    if zone is None or isinstance(zone, tzinfo):
        return zone
    try:
        return ZoneInfo(zone)
    except (KeyError, OSError, TypeError, ValueError):
        raise InvalidValue(
            "there is no such time zone: pass an IANA key such as 'Europe/Berlin', or a tzinfo"
        ) from None


@frozen
class DateFormat:
    """A format of dates together with the zone in which instants become days."""

    text: str
    zone: tzinfo | None
    pattern: "re.Pattern[str]"

    @classmethod
    def named(cls, text: str, zone: tzinfo | None) -> Self:
        """Understand a format such as ``%d.%m.%Y``, or ``iso``.

        :raises InvalidValue: if it does not say exactly one day, or says a time without a zone.
        """
        if text == ISO:
            return cls(text, zone, _ISO)
        pattern = _pattern_of(text)
        if "H" in pattern.groupindex and zone is None:
            raise InvalidValue(
                "date_format says a time of day, and the day depends on where that is: pass "
                "zone='Europe/Berlin' or wherever the shop is"
            )
        return cls(text, zone, pattern)

    def __call__(self, text: str, /) -> int:
        """Say which day a text means, as an ordinal.

        :raises Refused: if it means none, with the formats that would have read it.
        """
        day = self.read(text)
        if day is None:
            raise self._refusal(text)
        return day

    def read(self, text: str) -> int | None:
        """Say which day a text means; None if it means none."""
        match = self.pattern.fullmatch(text)
        if match is None:
            return None
        parts = {name: value for name, value in match.groupdict().items() if value is not None}
        try:
            return self._day(parts)
        except (ValueError, OverflowError):
            return None  # 30 February, 25 o'clock, or a zone that leaves the calendar.

    def _day(self, parts: Mapping[str, str]) -> int | None:
        day = date(_year(parts), _month(parts), int(parts.get("d") or parts["d2"]))
        if "H" not in parts:
            return day.toordinal()
        if self.zone is None:
            return None
        hour, minute, second = (int(parts.get(name, "0")) for name in "HMS")
        # A time without an offset is what the clock on the wall of the shop showed.
        zone = _offset(parts["z"]) if "z" in parts else self.zone
        at = datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=zone)
        return at.astimezone(self.zone).toordinal()

    def _refusal(self, text: str) -> Refused:
        if not text:
            return Refused(RejectReason.MISSING, "there is no date", "date")
        shown = "YYYY-MM-DD or YYYYMMDD" if self.text == ISO else self.text
        fitting = [name for name in _FAMILIAR if _familiar(name).read(text) is not None]
        if self.text in fitting:  # Then only the zone was missing.
            return Refused(
                RejectReason.NO_ZONE,
                "a time of day, and the day depends on where that is: pass zone='Europe/Berlin' or "
                "wherever the shop is",
                "date",
            )
        advice = " or ".join(f"date_format={name!r}" for name in fitting)
        return Refused(
            RejectReason.BAD_DATE,
            f"not a day written as {shown}" + (f": {advice} would have read it" if advice else ""),
            "date",
        )


@cache
def _familiar(name: str) -> DateFormat:
    return DateFormat.named(name, UTC)


def _pattern_of(text: str) -> "re.Pattern[str]":
    """Turn a format into a pattern; one digit alone is read only where separators enclose it."""
    pieces: list[str] = _PIECE.findall(text) if type(text) is str else []
    names = Counter(piece[1:] for piece in pieces if piece[0] == "%" and piece != "%%")
    if (
        names.keys() - _DIRECTIVES.keys()
        or max(names.values(), default=0) > 1
        or names["Y"] + names["y"] != 1
        or names["m"] + names["b"] + names["B"] != 1
        or names["d"] != 1
        or (names.keys() & set("MSfz") and not names["H"])
    ):
        raise InvalidValue(
            "date_format is 'iso', or says the day, the month and the year once each with "
            "%d, %m (or %b, %B) and %Y (or %y), and perhaps the time with %H, %M, %S, %f, %z"
        )
    patterns = []
    for at, piece in enumerate(pieces):
        if piece[0] != "%" or piece == "%%":
            patterns.append(re.escape(piece.replace("%%", "%")))
            continue
        pattern = _DIRECTIVES[piece[1:]]
        beside = pieces[at - 1 : at] + pieces[at + 1 : at + 2]
        if any(_ends_in_digits(neighbor) for neighbor in beside):
            pattern = pattern.replace(r"\d\d?", r"\d\d")
        patterns.append(pattern)
    return re.compile("".join(patterns), re.ASCII)


def _ends_in_digits(piece: str) -> bool:
    """Whether a piece beside a number could be mistaken for more of its digits."""
    if piece[0] == "%":
        return piece[1:] in _NUMBERS
    return piece[0].isdigit() or piece[-1].isdigit()


def _year(parts: Mapping[str, str]) -> int:
    if "y" not in parts:
        return int(parts.get("Y") or parts["Y2"])
    year = int(parts["y"])
    return year + (1900 if year >= 69 else 2000)  # POSIX: 69 to 99 are of the last century.


def _month(parts: Mapping[str, str]) -> int:
    if "b" in parts:
        return _MONTH_OF.get(parts["b"].lower(), 0)
    return int(parts.get("m") or parts["m2"])


def _offset(text: str) -> timezone:
    if text == "Z":
        return UTC
    digits = text[1:].replace(":", "")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:] or "0"))
    return timezone(-offset if text[0] == "-" else offset)
