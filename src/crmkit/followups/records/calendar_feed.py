"""Follow-ups as a calendar file (RFC 5545), for the calendar program of whoever has them.

Needs ``pip install 'crmkit[ical]'``, which folds and escapes the lines. The time zones are written
here, from the IANA database: each with the jumps of its clock in the years that the file is about,
so that a reader needs no database of its own, and none of them is read an hour off.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from crmkit.business_time.zones import EPOCH, in_utc, pieces_of
from crmkit.errors import InvalidValue, MissingExtra
from crmkit.followups.lifecycle import FollowUpStatus
from crmkit.followups.records.events import Appointment, Assigned
from crmkit.followups.records.follow_up import FollowUp
from crmkit.identifiers import Actor, check_identifier
from crmkit.period import check_instant

__all__ = ["to_icalendar"]

_MAKER = "-//crmkit//follow-ups//EN"
_LINE_END = re.compile(r"\r\n?|[\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_UNWRITABLE = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_STATUS = {FollowUpStatus.CONFIRMED: "CONFIRMED", FollowUpStatus.DONE: "CONFIRMED"}


def _title(follow_up: FollowUp) -> str:
    return f"{follow_up.purpose}: {follow_up.customer}"


def _details(follow_up: FollowUp) -> str:
    needs = f"Needs: {', '.join(follow_up.needs)}" if follow_up.needs else ""
    channel = f"By {follow_up.channel}" if follow_up.channel else ""
    return "\n".join(line for line in (follow_up.target, channel, needs) if line)


def to_icalendar(
    follow_ups: Iterable[FollowUp],
    *,
    at: datetime,
    owner: Actor | None = None,
    name: str | None = None,
    domain: str = "crmkit",
    title: Callable[[FollowUp], str] | None = None,
    details: Callable[[FollowUp], str] | None = None,
    place: Callable[[FollowUp], str | None] | None = None,
) -> bytes:
    r"""A calendar file of follow-ups: to be sent, or to be fetched by a calendar program as a feed.

    An appointment has its time, to the second, and its zone. Everything else fills no time and
    stands on the day it is due, or on which it was done. Each follow-up has one UID for good, made
    of its number and the ``domain``, and a SEQUENCE that grows with its trail, so that a program
    that reads a newer file moves what was moved and strikes out what was cancelled.

    With an ``owner``, the file has what is theirs; what they handed over is in it as cancelled, as
    it is to vanish from their calendar. ``at`` is when the file was made. ``title``, ``details``
    and ``place`` say what is written about a follow-up; without them, nothing that the customer
    said is. Of two copies of a follow-up, the one with the longer trail counts.

    :raises MissingExtra: if icalendar is not installed.
    :raises NaiveDatetime: if ``at`` has no time zone.
    :raises InvalidValue: if two follow-ups have the same number, or one lies before year 2.

    >>> from datetime import UTC, date
    >>> from crmkit.identifiers import CustomerId, FollowUpId
    >>> call = FollowUp.planned(
    ...     id=FollowUpId("F-1"), customer=CustomerId("C-7"), purpose="post-sale call",
    ...     target="hear whether all is well", owner=Actor("anna"), due_on=date(2026, 5, 11),
    ...     by=Actor("planner"), at=datetime(2026, 5, 4, 9, 30, tzinfo=UTC),
    ... )
    >>> feed = to_icalendar([call], at=datetime(2026, 5, 5, tzinfo=UTC), owner=Actor("anna"))
    >>> [line for line in feed.decode().splitlines() if line.startswith(("DTSTART", "SUMMARY"))]
    ['SUMMARY:post-sale call: C-7', 'DTSTART;VALUE=DATE:20260511']
    """
    check_instant(at, "at")
    check_identifier(domain, "domain")
    library = _library()
    calendar = _calendar(library, name)
    write = _Writer(library, in_utc(at), owner, domain, title or _title, details or _details, place)
    found = [one for one in _newest(follow_ups) if owner is None or _concerns(one, owner)]
    events = [write.event(one) for one in found]
    for zone, (first, last) in sorted(_years(events).items()):
        calendar.add_component(_time_zone(library, zone, range(first, last + 1)))
    for event in events:
        calendar.add_component(event)
    return bytes(calendar.to_ical())


def _newest(follow_ups: Iterable[FollowUp]) -> list[FollowUp]:
    """Each follow-up once, in the order of their days."""
    found: dict[str, FollowUp] = {}
    for one in follow_ups:
        if not isinstance(one, FollowUp):
            raise InvalidValue("pass follow-ups: a calendar file is made of FollowUp records")
        other = found.setdefault(one.id, one)
        shorter, longer = sorted((other, one), key=lambda copy: len(copy.trail))
        if longer.trail[: len(shorter.trail)] != shorter.trail or one.customer != other.customer:
            raise InvalidValue("two follow-ups have the same number: give each its own")
        found[one.id] = longer
    return sorted(found.values(), key=lambda one: (one.due_on, one.id))


def _is_theirs(follow_up: FollowUp, owner: Actor | None) -> bool:
    return owner is None or follow_up.owner == owner


def _concerns(follow_up: FollowUp, owner: Actor) -> bool:
    """Whether it is theirs, or was."""
    events = (entry.what for entry in follow_up.trail)
    return any(isinstance(what, Assigned) and what.to == owner for what in events)


def _stands_at(follow_up: FollowUp) -> Appointment | date:
    """Where it stands in a calendar: at an appointment, or on a day."""
    appointment, done = follow_up.appointment, follow_up.done
    if done is not None and (appointment is None or appointment.on != done.on):
        return done.on
    return appointment or follow_up.due_on


def _text(text: str) -> str:
    """The text without what would break a line or could not be written."""
    return _UNWRITABLE.sub(" ", _LINE_END.sub("\n", text))


def _line(text: str) -> str:
    return " ".join(_text(text).split())


# --- events ---------------------------------------------------------------------------------------


class _Writer(NamedTuple):
    """How follow-ups become events."""

    library: Any
    at: datetime
    owner: Actor | None
    domain: str
    title: Callable[[FollowUp], str]
    details: Callable[[FollowUp], str]
    place: Callable[[FollowUp], str | None] | None

    def event(self, follow_up: FollowUp) -> Any:
        """The event of a follow-up."""
        status = follow_up.status
        gone = status is FollowUpStatus.CANCELLED or not _is_theirs(follow_up, self.owner)
        where = None if self.place is None else self.place(follow_up)
        event = self.library.Event()
        event.add("uid", f"{follow_up.id}@{self.domain}")
        event.add("sequence", len(follow_up.trail) - 1)
        event.add("dtstamp", self.at)
        event.add("created", in_utc(follow_up.trail[0].at))
        event.add("last-modified", in_utc(follow_up.trail[-1].at))
        event.add("status", "CANCELLED" if gone else _STATUS.get(status, "TENTATIVE"))
        event.add("summary", _line(self.title(follow_up)))
        event.add("description", _text(self.details(follow_up)))
        event.add("categories", [follow_up.purpose, str(status)])
        if where is not None:
            event.add("location", _line(where))
        stands = _stands_at(follow_up)
        if isinstance(stands, Appointment):
            start, end = _times(stands)
            event.add("dtstart", start)
            event.add("dtend", end)
        else:
            event.add("dtstart", stands)
        event.add("transp", "OPAQUE" if isinstance(stands, Appointment) else "TRANSPARENT")
        return event


def _times(appointment: Appointment) -> Iterator[datetime]:
    """When it begins and ends, by its clock; in UTC what the clock shows for the second time."""
    start = in_utc(appointment.start)
    for at in (start, start + appointment.length):
        local = at.astimezone(ZoneInfo(appointment.zone))
        yield at if local.fold else local


# --- the calendar and its time zones --------------------------------------------------------------


def _library() -> Any:
    """The library, which is not installed with the core."""
    try:
        import icalendar
    except ImportError:
        raise MissingExtra("icalendar", "ical") from None
    return icalendar


def _calendar(library: Any, name: str | None) -> Any:
    calendar = library.Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", _MAKER)
    calendar.add("method", "PUBLISH")
    if name is not None:
        # Of these the library does not know that they are texts, in which some signs are escaped.
        calendar.add("name", library.vText(_line(name)))
        calendar.add("x-wr-calname", library.vText(_line(name)))
    return calendar


def _years(events: Iterable[Any]) -> Mapping[str, tuple[int, int]]:
    """The zones that are named, each with the first and the last year of it, by UTC."""
    found: dict[str, tuple[int, int]] = {}
    ends = ("DTSTART", "DTEND")
    stamps = (event[end] for event in events for end in ends if end in event)
    for stamp in stamps:
        if zone := stamp.params.get("TZID"):
            year = in_utc(stamp.dt).year
            first, last = found.get(zone, (year, year))
            found[zone] = min(first, year), max(last, year)
    return found


def _time_zone(library: Any, name: str, years: range) -> Any:
    """The jumps of a clock. A jump is timed by the clock before it, as RFC 5545 (3.6.5) asks."""
    zone, written = ZoneInfo(name), library.Timezone()
    written.add("tzid", name)
    before = None
    for low, _, offset in (piece for year in years for piece in pieces_of(zone, year)):
        if offset == before:
            continue
        onset = EPOCH + timedelta(microseconds=low)
        shown = onset.astimezone(zone)
        ahead = timedelta(microseconds=offset if before is None else before)
        part = library.TimezoneDaylight() if shown.dst() else library.TimezoneStandard()
        part.add("dtstart", (onset + ahead).replace(tzinfo=None))
        part.add("tzoffsetfrom", ahead)
        part.add("tzoffsetto", timedelta(microseconds=offset))
        part.add("tzname", shown.tzname())
        written.add_component(part)
        before = offset
    return written
