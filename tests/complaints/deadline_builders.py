"""Cases and calendars as people write them down, and deadlines counted the slow way."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from crmkit.business_time import BusinessCalendar, Closure, Pause
from crmkit.complaints.facts.history import CaseHistory, Mark, Wait
from crmkit.complaints.policies.obligations import Obligation, Standing
from crmkit.identifiers import ComplaintId

DAY = timedelta(days=1)
EASTER_2026 = (date(2026, 4, 3), date(2026, 4, 6))
"""Good Friday and Easter Monday."""


def at(text: str, zone: str = "UTC", fold: int = 0) -> datetime:
    """An instant by the wall clock of a zone."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)


def weekdays(
    zone: str = "UTC", hours: str = "09:00-17:00", holidays: tuple[date, ...] = ()
) -> BusinessCalendar:
    """Open from Monday to Friday, but for the holidays."""
    return BusinessCalendar.on_weekdays(
        hours, zone=zone, closures=[Closure(day, "holiday") for day in holidays]
    )


def case(*marks: str, zone: str = "UTC", waits: tuple[str, ...] = ()) -> CaseHistory:
    """A history by marks and waits, the receipt the first of all.

    ``case("receive 2026-05-08 10:00", "final-response 2026-05-09 10:00 leaflet,website")``; a wait
    is ``"complainant 2026-05-08 10:00/2026-05-09 10:00"``, open without what follows the stroke.
    """
    return CaseHistory(
        complaint=ComplaintId("K-1"),
        marks=tuple(_mark(text, zone) for text in marks),
        waits=tuple(_wait(text, zone) for text in waits),
    )


def _mark(text: str, zone: str) -> Mark:
    name, day, time, *contains = text.split(" ")
    items = frozenset(item for part in contains for item in part.split(","))
    return Mark(name, at(f"{day} {time}", zone), items)


def _wait(text: str, zone: str) -> Wait:
    on, span = text.split(" ", 1)
    start, _, end = span.partition("/")
    return Wait(on, at(start, zone), at(end, zone) if end else None)


# --- counting the slow way ------------------------------------------------------------------------


def midnight_after(day: date, zone: str) -> datetime:
    """The end of a date, in a zone whose clock does not jump at midnight."""
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)) + DAY


def slow_business_day(start: date, count: int, holidays: frozenset[date]) -> date:
    """The so-manieth business day following a day: one step a day, five days a week."""
    day = start
    while count:
        day += DAY
        if day.weekday() < 5 and day not in holidays:
            count -= 1
    return day


def slow_months(start: date, count: int) -> date:
    """The same day so many months later, or the last day that the month has."""
    month = start.month - 1 + count
    year, month, day = start.year + month // 12, month % 12 + 1, start.day
    while True:
        try:
            return date(year, month, day)
        except ValueError:
            day -= 1


def walk_through(
    obligation: Obligation, history: CaseHistory, when: datetime, calendar: BusinessCalendar
) -> list[tuple[Standing, datetime | None, str | None]]:
    """The rounds of an obligation that the receipt starts: standing, beginning, what met it.

    One mark after the other is handled, as by somebody who knows nothing of what comes later.
    """
    done: list[tuple[Standing, datetime | None, str | None]] = []
    began: datetime | None = None
    within = obligation.within
    let_off = False

    def due(known_at: datetime) -> datetime | None:
        assert began is not None
        pauses = [
            Pause(wait.start, wait.end if wait.end and wait.end <= known_at else None)
            for wait in history.waits
            if wait.on in obligation.suspended_by and wait.start <= known_at
        ]
        return within.due(began, calendar, pauses)

    def excuses(mark: Mark) -> bool:
        received = history.received_at
        return mark.name == "merge" or any(
            mark.name in excuse.by
            and (
                excuse.within is None
                or mark.at <= (excuse.within.due(received, calendar) or mark.at)
            )
            for excuse in obligation.excused_by
        )

    for mark in history.marks:
        if mark.at > when:
            break
        if began is None:
            if mark.name == "receive" or mark.name in obligation.anew_with:
                began, within, let_off = mark.at, obligation.within, False
            continue
        limit = due(mark.at)
        in_time = limit is None or mark.at <= limit
        if mark.name in obligation.met_by and not obligation.missing_in(mark):
            done.append((Standing.MET if in_time else Standing.MET_LATE, began, mark.name))
            again = obligation.repeats_every
            if again is None or mark.name in obligation.repeats_until:
                began = None
            else:
                began, within = mark.at, again
                if let_off:
                    done.append((Standing.EXCUSED, began, None))
                    began = None
        elif excuses(mark):
            # Too late for what was missed; no further round is owed until the case is taken up.
            let_off = True
            if in_time:
                done.append((Standing.EXCUSED, began, None))
                began = None
    if began is not None:
        limit = due(when)
        standing = Standing.PENDING if limit is not None else Standing.SUSPENDED
        is_late = limit is not None and when > limit
        done.append((Standing.OVERDUE if is_late else standing, began, None))
    return done or [(Standing.NOT_STARTED, None, None)]


def same(left: datetime | None, right: datetime | None) -> bool:
    """Whether two instants are the same; wall times of one zone would compare as clocks do."""
    if left is None or right is None:
        return left is right
    return left.astimezone(UTC) == right.astimezone(UTC)
