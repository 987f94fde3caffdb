"""Closures from the files that calendars are exchanged in: iCalendar (RFC 5545), ``.ics``.

Needs ``pip install 'crmkit[ical]'``. The file itself is read by the host, which hands in its text.

>>> from crmkit.period import Period
>>> text = '''BEGIN:VCALENDAR
... BEGIN:VEVENT
... SUMMARY:Works outing
... DTSTART;VALUE=DATE:20240612
... RRULE:FREQ=YEARLY;BYMONTH=6;BYDAY=2WE
... END:VEVENT
... END:VCALENDAR
... '''
>>> file = closures_from_ical(text, period=Period.year(2026), zone="Europe/Berlin")
>>> file.closures
(Closure(on=datetime.date(2026, 6, 10), name='Works outing', hours='00:00-24:00'),)
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from attrs import frozen

from crmkit.business_time.calendar import Closure
from crmkit.business_time.events import (
    CalendarEvent,
    Key,
    microseconds_of,
    problem_of,
    read_events,
    zone_named,
)
from crmkit.business_time.hours import DAY, Span, merged
from crmkit.business_time.zones import EPOCH, pieces_of
from crmkit.errors import InvalidDocument, InvalidValue
from crmkit.period import Period
from crmkit.recurrence.grammar import Rule
from crmkit.recurrence.turns import Patience, days_of_rule

__all__ = ["CalendarFile", "LeftOut", "WhyLeftOut", "closures_from_ical"]

MOST_CLOSURES = 10_000
MOST_STEPS = 100_000

_LAST = date(9998, 12, 31)
_MINUTE = 60_000_000


class WhyLeftOut(StrEnum):
    """Why an event closes nothing."""

    CANCELLED = "cancelled"
    TRANSPARENT = "transparent"
    TAKES_NO_TIME = "takes no time"


@frozen
class LeftOut:
    """An event of a calendar file that closes nothing, and why."""

    name: str
    line: int
    """Where the event begins in the file; the first line is 1."""
    why: WhyLeftOut


@frozen
class CalendarFile:
    """What a calendar file says about when nobody is there, and what it says beside that."""

    closures: tuple[Closure, ...]
    """In the order of their days."""
    left_out: tuple[LeftOut, ...]
    """In the order of the file."""


def closures_from_ical(
    text: str | bytes, *, period: Period, zone: str | ZoneInfo, transparent: bool = False
) -> CalendarFile:
    """The closures that a calendar file holds for a period.

    An event of whole days closes each of its days; one with times closes these hours on the wall
    clock of ``zone``, which is the zone of the working calendar. Times without a zone are read on
    that clock too. Events that repeat (RRULE, RDATE) do so within the period, except on the days of
    EXDATE and where a RECURRENCE-ID replaces them. An event of whole days that ends on the day on
    which it begins takes that day.

    Left out, and listed, are cancelled events and transparent ones, during which somebody is there
    after all. Many feeds of public holidays mark all their days as transparent: read those with
    ``transparent=True``.

    :raises MissingExtra: if icalendar is not installed.
    :raises UnreadableSource: if the text is no calendar, or is cut off.
    :raises InvalidDocument: if events cannot be read or followed; each problem names the event by
        its place, the first being 0, and its line. Also for more than 10,000 closures.
    :raises InvalidValue: if the period is no Period or the zone is unknown.
    """
    if not isinstance(period, Period):
        raise InvalidValue("closures are read for a Period, such as Period.year(2026)")
    home = zone_named(zone)
    if home is None:
        raise InvalidValue("the zone is named as in the IANA database, such as 'Europe/Berlin'")
    events = read_events(text, home)
    reasons = [(event, _why_left_out(event, transparent)) for event in events]
    kept = [event for event, why in reasons if why is None]
    return CalendarFile(
        _closures(kept, _replaced(events), period, home),
        tuple(LeftOut(event.name, event.line, why) for event, why in reasons if why),
    )


def _why_left_out(event: CalendarEvent, transparent: bool) -> WhyLeftOut | None:
    if event.cancelled:
        return WhyLeftOut.CANCELLED
    if event.transparent and not transparent:
        return WhyLeftOut.TRANSPARENT
    return None if event.days or event.rest else WhyLeftOut.TAKES_NO_TIME


def _replaced(events: Iterable[CalendarEvent]) -> Mapping[str, set[Key]]:
    """Which occurrences of which repeating event have an event of their own."""
    replaced: dict[str, set[Key]] = {}
    for event in events:
        if event.replaces is not None:
            replaced.setdefault(event.uid, set()).add(event.replaces)
    return replaced


def _closures(
    events: Iterable[CalendarEvent],
    replaced: Mapping[str, set[Key]],
    period: Period,
    home: ZoneInfo,
) -> tuple[Closure, ...]:
    patience = Patience(MOST_STEPS)
    found: set[Closure] = set()
    for event in events:
        without = set(event.without)
        if event.replaces is None:
            without |= replaced.get(event.uid, set())
        try:
            for day, at in _occurrences(event, period, patience):
                if day not in without and at not in without:
                    found.update(_closures_of(event, day, at, period, home, patience))
                    _check_number(found)
        except InvalidValue as error:
            raise InvalidDocument([problem_of(event.index, event.line, error)]) from None
    return tuple(sorted(found, key=lambda closure: (closure.on, closure.hours, closure.name)))


def _check_number(found: set[Closure]) -> None:
    if len(found) > MOST_CLOSURES:
        raise InvalidValue(f"more than {MOST_CLOSURES:,} closures: ask for a shorter period")


# --- which days -----------------------------------------------------------------------------------


def _occurrences(
    event: CalendarEvent, period: Period, patience: Patience
) -> Iterator[tuple[date, int | None]]:
    """On which days, and when if it has times, an event begins that may touch a period."""
    with_times = isinstance(event.start, datetime)
    reach = event.days + event.rest // DAY + 2
    # The clocks of other zones need a day more at both ends of the calendar.
    low = date.fromordinal(max(2 if with_times else 1, period.start.toordinal() - reach))
    high = min(period.end, _LAST) if with_times else period.end
    days = [_day_of(event.start)] if event.rule is None else []
    if event.rule:
        days = list(_repeated(event, event.rule, low, high, patience))
    for day in days:
        if low <= day <= high:
            at = _moment(event, day)
            if not _is_late(event, day, at):
                yield day, at
    for more in event.more:
        if low <= _day_of(more) <= high:
            yield _on_clock_of(event, more)


def _repeated(
    event: CalendarEvent, rule: Rule, low: date, high: date, patience: Patience
) -> Iterator[date]:
    first = _day_of(event.start)
    if not any(days_of_rule(rule, first, first, first, patience)):
        raise InvalidValue("the rule leaves out the first day: let DTSTART be a day of RRULE")
    return days_of_rule(rule, first, low, high, patience)


def _day_of(stamp: date | datetime) -> date:
    return stamp.date() if isinstance(stamp, datetime) else stamp


def _moment(event: CalendarEvent, day: date) -> int | None:
    """When an event with times begins on a day of its own clock."""
    if not isinstance(event.start, datetime):
        return None
    return microseconds_of(datetime.combine(day, event.start.timetz()))


def _is_late(event: CalendarEvent, day: date, at: int | None) -> bool:
    """Whether the rule has ended by then."""
    if isinstance(event.until, date):
        return day > event.until
    return event.until is not None and at is not None and at > event.until


def _on_clock_of(event: CalendarEvent, more: date | datetime) -> tuple[date, int | None]:
    if isinstance(more, datetime):
        own = event.start.tzinfo if isinstance(event.start, datetime) else None
        return more.astimezone(own).date(), microseconds_of(more)
    return more, None


# --- which hours ----------------------------------------------------------------------------------


def _closures_of(
    event: CalendarEvent,
    day: date,
    at: int | None,
    period: Period,
    home: ZoneInfo,
    patience: Patience,
) -> Iterator[Closure]:
    first, last = period.start.toordinal(), period.end.toordinal()
    if at is None:
        start, end = max(day.toordinal(), first), min(day.toordinal() + event.days, last)
        spans: tuple[Span, ...] = (((start - 1) * DAY, (end - 1) * DAY),)
    else:
        low = max(at, (first - 2) * DAY)
        high = min(_end(event, day, at), last * DAY, _LAST.toordinal() * DAY)
        patience.spend(max(0, high - low) // DAY)
        spans = _on_the_wall(home, low, high)
    for start, end in spans:
        for number in range(start // DAY, -(-end // DAY)):
            if first <= number + 1 < last:
                patience.spend(1)
                midnight = number * DAY
                hours = _hours(max(start, midnight) - midnight, min(end - midnight, DAY))
                yield Closure(date.fromordinal(number + 1), event.name, hours)


def _end(event: CalendarEvent, day: date, at: int) -> int:
    """When an occurrence ends: so many days later by its own clock, and the rest as time goes."""
    if event.days:
        last = date.fromordinal(min(day.toordinal() + event.days, _LAST.toordinal()))
        at = _moment(event, last) or at
    return at + event.rest


def _on_the_wall(zone: ZoneInfo, low: int, high: int) -> tuple[Span, ...]:
    """The times that the wall clock shows in an interval; one over which it jumps ahead is one."""
    spans: list[Span] = []
    begins, ends = (EPOCH + timedelta(microseconds=at) for at in (low, high))
    for year in range(begins.year, ends.year + 1):
        for start, end, offset in pieces_of(zone, year):
            first, last = max(start, low) + offset, min(end, high) + offset
            if first < last:
                ahead = bool(spans) and first >= spans[-1][1]
                spans.append((spans.pop()[0], last) if ahead else (first, last))
    return merged(spans)


def _hours(start: int, end: int) -> str:
    return f"{_clock(start)}-{_clock(end)}"


def _clock(time: int) -> str:
    minutes, rest = divmod(time, _MINUTE)
    seconds = f":{rest // 1_000_000:02d}" if rest else ""
    return f"{minutes // 60:02d}:{minutes % 60:02d}{seconds}"
