"""Follow-ups the slow way: every day of a span is asked whether it is one of them.

Nothing here knows how crmkit does it: no day is computed from another, no step is jumped over. A
rule of calendar files is given to dateutil.
"""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import NamedTuple

from dateutil.rrule import rrulestr

from crmkit.business_time import BusinessCalendar
from crmkit.followups import Age, Cadence, CadenceStep, ClosedDays, ExactAge
from crmkit.period import Period, Unit
from crmkit.recurrence import Every, MonthEnd, RecurrenceRule

DAY = timedelta(days=1)
MONTHS = {Unit.MONTH: 1, Unit.QUARTER: 3, Unit.YEAR: 12}
DAYS = {Unit.DAY: 1, Unit.WEEK: 7}


class Slow(NamedTuple):
    """A follow-up, as far as days go."""

    nominal_on: date
    due_on: date
    step: int
    not_before: date
    not_after: date


def each_day(first: date, last: date) -> Iterator[date]:
    return map(date.fromordinal, range(first.toordinal(), last.toordinal() + 1))


def is_month_end(day: date) -> bool:
    return (day + DAY).month != day.month


# --- which days -----------------------------------------------------------------------------------


def stands_for(day: date, anchor: date, month_end: MonthEnd) -> bool:
    """Whether a day is the one of its month that stands for the anchor."""
    if month_end is MonthEnd.LAST_DAY and is_month_end(anchor):
        return is_month_end(day)
    if day.day == anchor.day:
        return True
    return month_end is not MonthEnd.SKIP and is_month_end(day) and day.day < anchor.day


def months_between(anchor: date, day: date) -> int:
    return (day.year - anchor.year) * 12 + day.month - anchor.month


def is_turn(every: Every, day: date, anchor: date) -> bool:
    if every.unit in DAYS:
        return (day - anchor).days % (every.interval * DAYS[every.unit]) == 0
    months = every.interval * MONTHS[every.unit]
    return months_between(anchor, day) % months == 0 and stands_for(day, anchor, every.month_end)


def is_so_old(age: Age, day: date, anchor: date, month_end: MonthEnd) -> bool:
    """Whether it is the day on which an age is reached."""
    if age.unit in DAYS:
        return (day - anchor).days == age.count * DAYS[age.unit]
    if months_between(anchor, day) != age.count * MONTHS[age.unit]:
        return False
    return stands_for(day, anchor, MonthEnd.CLAMP if month_end is MonthEnd.SKIP else month_end)


def asks(step: CadenceStep, anchor: date, last: date) -> Callable[[date], bool]:
    if isinstance(step.repeat, RecurrenceRule):
        begin, end = datetime.combine(anchor, datetime.min.time()), last + 30 * DAY
        until = datetime.combine(end, datetime.min.time())
        rule = rrulestr(str(step.repeat), dtstart=begin)
        days = {at.date() for at in rule.between(begin, until, inc=True)}
        return days.__contains__
    every = step.repeat
    return lambda day: is_turn(every, day, anchor)


def gives_out(step: CadenceStep, anchor: date) -> date:
    """The day after which a rule gives none any more."""
    if not isinstance(step.repeat, RecurrenceRule):
        return date.max
    if not {"COUNT", "UNTIL"} & {part.partition("=")[0] for part in str(step.repeat).split(";")}:
        return date.max
    begin = datetime.combine(anchor, datetime.min.time())
    return max((at.date() for at in rrulestr(str(step.repeat), dtstart=begin)), default=date.min)


def given_days(cadence: Cadence, anchor: date, last: date) -> Iterator[tuple[date, int]]:
    """Each day that the steps give, and the number of the step."""
    rhythms = [asks(step, anchor, last) for step in cadence.steps]
    ends = [date.max if step.times is None else gives_out(step, anchor) for step in cadence.steps]
    reached: set[int] = set()
    current = happened = 0
    for day in each_day(anchor, last):
        begins = {
            number
            for number, step in enumerate(cadence.steps)
            if step.until is not None
            and is_so_old(
                step.until,
                day,
                anchor,
                step.repeat.month_end if isinstance(step.repeat, Every) else MonthEnd.CLAMP,
            )
        }
        if cadence.exact_age is ExactAge.BEYOND:
            reached |= begins
        while current < len(cadence.steps) and (
            current in reached or happened == cadence.steps[current].times or ends[current] < day
        ):
            current, happened = current + 1, 0
        is_anchor = day == anchor and isinstance(cadence.anchor, str)
        if current < len(cadence.steps) and not is_anchor and rhythms[current](day):
            happened += 1
            yield day, current
        reached |= begins


# --- where they go --------------------------------------------------------------------------------


def is_open(day: date, cadence: Cadence, calendar: BusinessCalendar | None) -> bool:
    if calendar is None or cadence.closed_days is ClosedDays.STAY:
        return True
    return calendar.is_business_day(day)


def destination(day: date, cadence: Cadence, calendar: BusinessCalendar | None) -> date:
    earlier = later = day
    while not is_open(earlier, cadence, calendar):
        earlier -= DAY
    while not is_open(later, cadence, calendar):
        later += DAY
    if cadence.closed_days is ClosedDays.PREVIOUS_OPEN:
        return earlier
    if cadence.closed_days is ClosedDays.NEAREST_OPEN and day - earlier < later - day:
        return earlier
    return later


def after_pauses(
    day: date, cadence: Cadence, calendar: BusinessCalendar | None, pauses: tuple[Period, ...]
) -> date | None:
    """Where it goes if there are pauses; None if it cannot wait so long."""
    due = destination(day, cadence, calendar)
    if not any(day in pause or due in pause for pause in pauses):
        return due
    waiting = each_day(day, day + cadence.days_late * DAY)
    free = (
        other
        for other in waiting
        if cadence.days_late
        and is_open(other, cadence, calendar)
        and not any(other in pause for pause in pauses)
    )
    return next(free, None)


def follow_ups(
    cadence: Cadence,
    anchor: date,
    last: date,
    *,
    calendar: BusinessCalendar | None = None,
    pauses: tuple[Period, ...] = (),
    ends_on: date | None = None,
) -> list[Slow]:
    """All follow-ups until about a day; the very last ones may be missing."""
    pauses = (*cadence.pauses, *pauses)
    end = min(ends_on or date.max, cadence.ends_on or date.max)
    found = []
    for day, step in given_days(cadence, anchor, last):
        due = after_pauses(day, cadence, calendar, pauses)
        if due is not None and day <= end and due <= end:
            found.append((due, day, step))
    first = anchor + DAY if isinstance(cadence.anchor, str) else anchor
    slow = []
    for due, together in groupby(found, key=lambda one: one[0]):
        _, day, step = list(together)[-1]
        early, late = cadence.days_early, cadence.days_late
        days = {due}
        days |= {other for other in each_day(day - early * DAY, day) if early and other >= first}
        days |= {other for other in each_day(day, day + late * DAY) if late and other <= end}
        earliest = min(days) if early else due
        slow.append(Slow(day, due, step, earliest, max(days) if late else due))
    return slow
