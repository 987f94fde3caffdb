"""Whether a level can fall due before its rule stops: by a calendar that is known, it is tried out.

Counted in the same way, two delays can be compared as they are. Working hours against days can not:
two business days of an office are over before 20 of its working hours, wherever one begins.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from crmkit.business_time import BusinessCalendar
from crmkit.complaints.policies.escalation_schedule import RuleClock
from crmkit.complaints.policies.escalation_terms import EscalationLevel, EscalationRule

__all__ = ["unreachable"]

_TICK, _FORTNIGHT = timedelta(microseconds=1), timedelta(days=14)
_MONDAY = date(2001, 1, 1)
# Delays are long, and calendars end with the year 9998.
_YEARS = range(1000, 5000)


def unreachable(rule: EscalationRule, calendar: BusinessCalendar) -> EscalationLevel | None:
    """The first level that the rule is always over before; None if each can fire."""
    stops = rule.stops_after
    if stops is None:
        return None
    for level in rule.levels:
        # A pause puts off when it stops for as long as it takes.
        outlasts = rule.paused_by and stops.counts_working_time
        if outlasts and not level.after.counts_working_time:
            continue
        if not any(_fires(rule, level, calendar, start) for start in _beginnings(calendar)):
            return level
    return None


def _fires(
    rule: EscalationRule, level: EscalationLevel, calendar: BusinessCalendar, start: datetime
) -> bool:
    """Whether a level falls due in time in a round that begins at an instant."""
    clock = RuleClock(calendar)
    due = clock.after(start, level.after, is_deadline=rule.counted_from is not None)
    over = None if rule.stops_after is None else clock.after(start, rule.stops_after)
    return due is not None and over is not None and due < over


def _beginnings(calendar: BusinessCalendar) -> Iterator[datetime]:
    """Where a delay can gain most on another: where doors open or close, and days begin or end.

    First those of two weeks like any other, then those around each exception of the calendar.
    """
    exceptions = sorted({day for day in _dates(calendar) if day.year in _YEARS})
    plain = max(exceptions, default=_MONDAY) + _FORTNIGHT
    yield from _turns(calendar, plain, plain + _FORTNIGHT)
    done = date.min
    for day in exceptions:
        yield from _turns(calendar, max(day - _FORTNIGHT, done), day + _FORTNIGHT)
        done = day + _FORTNIGHT


def _dates(calendar: BusinessCalendar) -> Iterator[date]:
    yield from (closure.on for closure in calendar.closures)
    yield from (opening.on for opening in calendar.openings)


def _turns(calendar: BusinessCalendar, first: date, last: date) -> Iterator[datetime]:
    """Each opening, closing and midnight between two dates, in UTC, and one tick to either side."""
    begin, end = (calendar.end_of_day(day).astimezone(UTC) for day in (first, last))
    for day in calendar.trace(begin, end).days:
        midnight = calendar.end_of_day(day.on).astimezone(UTC)
        for turn in (midnight, *(at.astimezone(UTC) for span in day.spans for at in span)):
            yield from (turn, turn - _TICK, turn + _TICK)
