"""The events of a calendar file as they are written (RFC 5545), each with what is wrong with it.

Needs ``pip install 'crmkit[ical]'``, which brings the grammar of a line, the texts and the names
that Windows gives to time zones. What does not concern closures is not read: no alarm, no
description, and no VTIMEZONE, whose rules may be endless; zones are those of the IANA database.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from attrs import frozen

from crmkit.business_time.zones import EPOCH
from crmkit.errors import InvalidDocument, InvalidValue, MissingExtra, Problem, UnreadableSource
from crmkit.recurrence.grammar import Rule, parse_rule

__all__ = ["CalendarEvent", "Key", "microseconds_of", "problem_of", "read_events", "zone_named"]

Key = date | int
"""What an occurrence is known by: its day, or its moment in microseconds."""

_LINE_END = re.compile(rb"\r\n|\n|\r")
_NAME = re.compile(r"[A-Za-z0-9-]*", re.ASCII)
_DATE = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})", re.ASCII)
_MOMENT = re.compile(rf"{_DATE.pattern}T([0-9]{{2}})([0-9]{{2}})([0-9]{{2}})(Z?)", re.ASCII)
_DURATION = re.compile(
    r"\+?P(?:([0-9]{1,6})W)?(?:([0-9]{1,6})D)?"
    r"(?:T(?:([0-9]{1,6})H)?(?:([0-9]{1,6})M)?(?:([0-9]{1,6})S)?)?",
    re.ASCII,
)
_OFTEN = ("RDATE", "EXDATE")
_READ = (
    *("UID", "SUMMARY", "DTSTART", "DTEND", "DURATION", "RRULE", "EXRULE", "RECURRENCE-ID"),
    *("STATUS", "TRANSP", *_OFTEN),
)
_SECOND = 1_000_000


@frozen(kw_only=True)
class CalendarEvent:
    """An event of a calendar file: of whole days if its start is a day, otherwise with times."""

    index: int
    line: int
    name: str
    uid: str
    start: date | datetime
    days: int
    """How many days of the calendar it takes, ..."""
    rest: int
    """... and how many microseconds more."""
    rule: Rule | None
    until: Key | None
    more: tuple[date | datetime, ...]
    without: frozenset[Key]
    replaces: Key | None
    cancelled: bool
    transparent: bool


def read_events(text: str | bytes, home: ZoneInfo) -> list[CalendarEvent]:
    """Read all events; what floats floats in the zone ``home``.

    :raises MissingExtra: if icalendar is not installed.
    :raises UnreadableSource: if the text is no calendar, or is cut off.
    :raises InvalidDocument: if events cannot be read.
    """
    grammar = _grammar(home)
    events: list[CalendarEvent] = []
    problems: list[Problem] = []
    for index, (line, lines) in enumerate(_events(_as_bytes(text))):
        try:
            events.append(_event(grammar, index, line, lines))
        except InvalidValue as error:
            problems.append(problem_of(index, line, error))
    if problems:
        raise InvalidDocument(problems)
    return events


def microseconds_of(at: datetime) -> int:
    """The microseconds of an aware datetime since the first day of year 1, in UTC."""
    return (at - EPOCH) // timedelta(microseconds=1)


def problem_of(index: int, line: int, error: InvalidValue) -> Problem:
    """Say which event has a problem, without its text, which may name a person."""
    return Problem(f"$.events[{index}]", f"{error} (the event begins in line {line})")


def zone_named(key: str | ZoneInfo) -> ZoneInfo | None:
    """The zone of this name; nothing if there is none."""
    try:
        return key if isinstance(key, ZoneInfo) else ZoneInfo(key)
    except (TypeError, ValueError, OSError, ZoneInfoNotFoundError):
        return None  # An OSError comes from the name of a folder among the zones.


# --- the file: lines, and which of them belong to an event ----------------------------------------


def _as_bytes(text: str | bytes) -> bytes:
    if isinstance(text, bytes):
        return text.removeprefix(b"\xef\xbb\xbf")
    if not isinstance(text, str):
        raise UnreadableSource("a calendar file is handed in as its text or its bytes")
    return text.removeprefix("\ufeff").encode("utf-8", "surrogatepass")


def _lines(data: bytes) -> Iterator[tuple[int, str]]:
    """The lines with their numbers; what was folded is put together before it is decoded."""
    folded: list[bytes] = []
    first = 1
    for number, line in enumerate([*_LINE_END.split(data), b"END"], 1):
        if line[:1] in (b" ", b"\t"):
            folded.append(line[1:])
            continue
        logical = b"".join(folded)
        if logical.strip():
            yield first, _decoded(logical, first)
        folded, first = [line], number


def _decoded(line: bytes, number: int) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        raise UnreadableSource(f"line {number} is not UTF-8, as calendar files are") from None


def _events(data: bytes) -> Iterator[tuple[int, list[str]]]:
    """Each event: where it begins, and its own lines without those of the alarms in it."""
    inside: list[str] = []
    begins, lines, seen = 0, list[str](), False
    for number, line in _lines(data):
        name, _, value = (part.strip().upper() for part in line.partition(":"))
        if name == "BEGIN" and (inside or value == "VCALENDAR"):
            inside.append(value)
            seen = True
            if inside == ["VCALENDAR", "VEVENT"]:
                begins, lines = number, []
        elif name == "END" and inside and inside[-1] == value:
            if inside == ["VCALENDAR", "VEVENT"]:
                yield begins, lines
            inside.pop()
        elif name in ("BEGIN", "END") or not inside:
            raise UnreadableSource(
                f"line {number} is out of place: a calendar file is what stands between "
                f"BEGIN:VCALENDAR and END:VCALENDAR, and within it each BEGIN has its END"
            )
        elif inside == ["VCALENDAR", "VEVENT"]:
            lines.append(line)
    if inside or not seen:
        raise UnreadableSource("the calendar is empty or cut off: it ends with END:VCALENDAR")


# --- the library ----------------------------------------------------------------------------------


class _Property(NamedTuple):
    name: str
    parameters: Mapping[str, object]
    value: str


@frozen
class _Grammar:
    """What the library knows of the format, and the zone of what names none."""

    home: tzinfo
    split: Callable[[str], tuple[str, Mapping[str, object], str]]
    unescape: Callable[[str], str]
    windows_zones: Mapping[str, str]


def _grammar(home: ZoneInfo) -> _Grammar:
    try:
        from icalendar.parser import Contentline
        from icalendar.prop import vText
        from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON
    except ImportError:
        raise MissingExtra("icalendar", "ical") from None
    # The library annotates its content lines, but not how one is made.
    made: Callable[[str], Any] = Contentline
    return _Grammar(home, lambda line: made(line).parts(), vText.from_ical, WINDOWS_TO_OLSON)


# --- the event: its properties --------------------------------------------------------------------


def _event(grammar: _Grammar, index: int, line: int, lines: list[str]) -> CalendarEvent:
    properties = _properties(grammar, lines)
    if "EXRULE" in properties:
        raise InvalidValue("EXRULE is not supported: name the days that are left out in EXDATE")
    if "DTSTART" not in properties:
        raise InvalidValue("the event has no DTSTART: say when it begins")
    start = _stamp(grammar, properties["DTSTART"][0])
    days, rest = _length(grammar, properties, start)
    rule = parse_rule(properties["RRULE"][0].value) if "RRULE" in properties else None
    return CalendarEvent(
        index=index,
        line=line,
        name=" ".join(grammar.unescape(_word(properties, "SUMMARY")).split()),
        uid=_word(properties, "UID"),
        start=start,
        days=days,
        rest=rest,
        rule=rule,
        until=_until(grammar, rule, start),
        more=tuple(_more(grammar, properties, start)),
        without=frozenset(
            _key(stamp, start) for stamp in _stamps(grammar, properties.get("EXDATE", []))
        ),
        replaces=_replaces(grammar, properties),
        cancelled=_word(properties, "STATUS").upper() == "CANCELLED",
        transparent=_word(properties, "TRANSP").upper() == "TRANSPARENT",
    )


def _properties(grammar: _Grammar, lines: list[str]) -> dict[str, list[_Property]]:
    properties: dict[str, list[_Property]] = {}
    for line in lines:
        match = _NAME.match(line)
        name = match[0].upper() if match else ""
        if name not in _READ:
            continue
        if name in properties and name not in _OFTEN:
            raise InvalidValue(f"{name} stands twice in the event: say it once")
        try:
            _, parameters, value = grammar.split(line)
        except ValueError:
            raise InvalidValue(f"{name} is not written like {name}:... or {name};A=B:...") from None
        properties.setdefault(name, []).append(_Property(name, parameters, value.strip()))
    return properties


def _word(properties: Mapping[str, list[_Property]], name: str) -> str:
    return properties[name][0].value if name in properties else ""


def _length(
    grammar: _Grammar, properties: Mapping[str, list[_Property]], start: date | datetime
) -> tuple[int, int]:
    if "DTEND" in properties and "DURATION" in properties:
        raise InvalidValue("the event ends twice: use DTEND or DURATION, not both")
    if "DURATION" in properties:
        return _duration(properties["DURATION"][0].value, isinstance(start, datetime))
    if "DTEND" in properties:
        return _until_end(start, _stamp(grammar, properties["DTEND"][0]))
    return (0, 0) if isinstance(start, datetime) else (1, 0)


def _until_end(start: date | datetime, end: date | datetime) -> tuple[int, int]:
    if isinstance(start, datetime) and isinstance(end, datetime):
        days, rest = 0, microseconds_of(end) - microseconds_of(start)
    elif isinstance(start, datetime) or isinstance(end, datetime):
        raise InvalidValue("DTEND is a day where DTSTART is one, and a time where DTSTART is one")
    else:
        days, rest = (end - start).days, 0
        # A day that ends on itself is a common way to write one day.
        days = days or 1
    if days < 0 or rest < 0:
        raise InvalidValue("DTEND does not lie before DTSTART: it is the first moment after it")
    return days, rest


def _duration(text: str, with_times: bool) -> tuple[int, int]:
    match = _DURATION.fullmatch(text)
    if match is None:
        raise InvalidValue("DURATION is written like P1D, P2W or PT1H30M, and is not below zero")
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    rest = ((hours * 60 + minutes) * 60 + seconds) * _SECOND
    if not with_times and (rest or not weeks + days):
        raise InvalidValue("an event of whole days has a DURATION of whole days, such as P1D")
    return 7 * weeks + days, rest


def _until(grammar: _Grammar, rule: Rule | None, start: date | datetime) -> Key | None:
    if rule is None or rule.until is None:
        return None
    # Without a zone of its own it is read on the clock of the event.
    default = start.tzinfo if isinstance(start, datetime) else None
    return _key(_parsed("UNTIL", rule.until, default or grammar.home), start)


def _more(
    grammar: _Grammar, properties: Mapping[str, list[_Property]], start: date | datetime
) -> Iterator[date | datetime]:
    for stamp in _stamps(grammar, properties.get("RDATE", [])):
        if isinstance(stamp, datetime) != isinstance(start, datetime):
            raise InvalidValue("RDATE names days where DTSTART is one, and times otherwise")
        yield stamp


def _replaces(grammar: _Grammar, properties: Mapping[str, list[_Property]]) -> Key | None:
    if "RECURRENCE-ID" not in properties:
        return None
    (replaced,) = properties["RECURRENCE-ID"]
    if "RANGE" in replaced.parameters:
        raise InvalidValue("RECURRENCE-ID with RANGE is not supported: end the rule by UNTIL")
    stamp = _stamp(grammar, replaced)
    return _key(stamp, stamp)


# --- values ---------------------------------------------------------------------------------------


def _key(stamp: date | datetime, start: date | datetime) -> Key:
    """What the stamp means for an event with this start: its moment, or the day as written."""
    if not isinstance(stamp, datetime):
        return stamp
    return microseconds_of(stamp) if isinstance(start, datetime) else stamp.date()


def _stamps(grammar: _Grammar, properties: list[_Property]) -> Iterator[date | datetime]:
    for one in properties:
        zone = _zone_of(grammar, one)
        for value in one.value.split(","):
            yield _parsed(one.name, value.strip(), zone)


def _stamp(grammar: _Grammar, one: _Property) -> date | datetime:
    return _parsed(one.name, one.value, _zone_of(grammar, one))


def _parsed(name: str, value: str, zone: tzinfo) -> date | datetime:
    try:
        if match := _DATE.fullmatch(value):
            return date(*map(int, match.groups()))
        if match := _MOMENT.fullmatch(value):
            year, month, day, hour, minute, second = map(int, match.groups()[:6])
            in_zone = UTC if match[7] else zone
            # A leap second is the last one of its minute.
            return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=in_zone)
    except ValueError:
        pass
    raise InvalidValue(f"{name} is no day and no time: write 20261224 or 20261224T180000")


def _zone_of(grammar: _Grammar, one: _Property) -> tzinfo:
    if "TZID" not in one.parameters:
        return grammar.home
    name = str(one.parameters["TZID"])
    # Some write /example.org/Europe/Berlin: the slash says that the name is known everywhere.
    name = "/".join(name.split("/")[-2:]) if name.startswith("/") else name
    zone = zone_named(grammar.windows_zones.get(name, name))
    if zone is None:
        raise InvalidValue(
            f"the TZID of {one.name} is not known: use a name of the IANA database, such as "
            f"Europe/Berlin, or one of Windows"
        )
    return zone
