"""How a deadline was counted, day by day, for people to read."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from attrs import evolve, frozen

from crmkit.business_time import BusinessCalendar, ClockTerms, Pause
from crmkit.complaints.policies.agenda import ObligationClock
from crmkit.complaints.policies.allowances import (
    Allowance,
    BusinessDays,
    CalendarDays,
    WorkingHours,
    day_of,
    merged,
)
from crmkit.complaints.policies.obligations import ObligationState

__all__ = ["DeadlineTrace", "trace_of"]

_DAY = timedelta(days=1)


@frozen
class DeadlineTrace:
    """How one obligation stands, and the lines that its deadline adds up from.

    ``str(trace)`` is all of it, one line each.
    """

    state: ObligationState
    days: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join((*self._head(), *self.days, *self._tail()))

    def _head(self) -> Iterator[str]:
        started = self.state.started_at
        yield self.state.obligation + (
            f": {self.state.standing}" if started is None else f", from {_text(started)}"
        )

    def _tail(self) -> Iterator[str]:
        if self.state.due_at is not None:
            yield f"due {_text(self.state.due_at)}"
        if self.state.met_at is not None:
            yield f"{self.state.met_by} {_text(self.state.met_at)}"
        if self.state.excused_at is not None:
            yield f"excused {_text(self.state.excused_at)}"
        if self.state.missing:
            yield f"missing: {', '.join(self.state.missing)}"
        if self.state.started_at is not None:
            yield str(self.state.standing)


def trace_of(clock: ObligationClock) -> DeadlineTrace:
    """The trace of the last round of an obligation."""
    state, within = list(clock.rounds())[-1]
    if state.started_at is None:
        return DeadlineTrace(state, ())
    decided_at = state.excused_at or state.met_at or clock.known.at
    end = state.due_at or decided_at
    pauses = merged(clock.pauses(decided_at))
    return DeadlineTrace(state, tuple(_days(within, clock, state.started_at, end, pauses)))


def _days(
    within: Allowance,
    clock: ObligationClock,
    start: datetime,
    end: datetime,
    pauses: tuple[Pause, ...],
) -> Iterator[str]:
    match within:
        case WorkingHours():
            terms = tuple(clock.terms(start.astimezone(UTC), within))
            yield from _hours(terms, end.astimezone(UTC), pauses)
        case BusinessDays() | CalendarDays():
            yield from _counted_days(within, clock.calendar, start, end, pauses)
        case _:
            yield f"{within.count} {type(within).__name__.lower()}, {within.counting} the first day"


def _hours(
    terms: tuple[ClockTerms, ...], end: datetime, pauses: tuple[Pause, ...]
) -> Iterator[str]:
    """The working time between the pauses, with its sum carried on, and the pauses themselves."""
    total, told = timedelta(), 0
    ends = [*(each.since for each in terms[1:]), end]
    for number, (each, until) in enumerate(zip(terms, ends, strict=True)):
        low, high = each.since, min(until, end)
        if number and low < end:
            yield f"other terms since {_text(_local(low, each.calendar))}"
        for pause in pauses:
            if pause.start >= high or (pause.end is not None and pause.end <= low):
                continue
            yield from _working(each.calendar, low, max(pause.start, low), total)
            total += each.calendar.elapsed(low, max(pause.start, low))
            low = high if pause.end is None else min(pause.end, high)
            if told < (told := pauses.index(pause) + 1):
                yield _waiting(pause, each.calendar)
        if low < high:
            yield from _working(each.calendar, low, high, total)
            total += each.calendar.elapsed(low, high)


def _working(
    calendar: BusinessCalendar, low: datetime, high: datetime, total: timedelta
) -> Iterator[str]:
    for day in calendar.trace(low, high).days:
        yield str(evolve(day, total=day.total + total))


def _waiting(pause: Pause, calendar: BusinessCalendar) -> str:
    until = "" if pause.end is None else f" until {_text(_local(pause.end, calendar))}"
    return f"waiting since {_text(_local(pause.start, calendar))}{until}"


def _counted_days(
    within: BusinessDays | CalendarDays,
    calendar: BusinessCalendar,
    start: datetime,
    end: datetime,
    pauses: tuple[Pause, ...],
) -> Iterator[str]:
    """One line a date: the number it has in the count, or why it does not count."""
    first, count = day_of(start, calendar), 0
    # What is due at midnight was due on the day before.
    last = day_of(end.astimezone(UTC) - timedelta(microseconds=1), calendar)
    dates = [first + _DAY * n for n in range((last - first).days + 1)]
    for day in dates:
        why = _why_not(day, within, calendar, pauses)
        if day == first and within.counting == "following":
            why = "the day it begins"
        count += not why
        yield f"{day:%a} {day.isoformat()}  {why or f'day {count}'}"


def _why_not(
    day: date,
    within: BusinessDays | CalendarDays,
    calendar: BusinessCalendar,
    pauses: tuple[Pause, ...],
) -> str:
    if isinstance(within, CalendarDays):
        end = calendar.end_of_day(day).astimezone(UTC)
        waits = any(p.start < end and (p.end is None or end <= p.end) for p in pauses)
        return "waiting" if waits else ""
    if calendar.is_business_day(day):
        return ""
    names = [closure.name for closure in calendar.closures if closure.on == day and closure.name]
    return f"closed  ({', '.join(names)})" if names else "closed"


def _local(at: datetime, calendar: BusinessCalendar) -> datetime:
    return at.astimezone(ZoneInfo(calendar.zone))


def _text(at: datetime) -> str:
    return f"{at:%a} {at.isoformat(' ', 'minutes')}"
