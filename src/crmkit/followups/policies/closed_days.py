"""Where follow-ups go that fall on days on which nobody works."""

from datetime import date
from enum import StrEnum

from crmkit.business_time import BusinessCalendar
from crmkit.errors import InvalidValue
from crmkit.followups.policies.steps import before

__all__ = ["GOES_BACK", "ClosedDays", "moved", "settled_before"]

# Who is closed for longer than this has no working day before worth the name.
_LONGEST_CLOSURE = 366


class ClosedDays(StrEnum):
    """Where a follow-up goes that falls on a day on which nobody works."""

    NEXT_OPEN = "next-open"
    """To the next working day."""
    PREVIOUS_OPEN = "previous-open"
    """To the working day before."""
    NEAREST_OPEN = "nearest-open"
    """To the nearer of the two; to the later one if both are as near."""
    STAY = "stay"
    """Nowhere."""


GOES_BACK = (ClosedDays.PREVIOUS_OPEN, ClosedDays.NEAREST_OPEN)
"""With these, a follow-up may go to an earlier day than its own."""


def moved(day: date, closed_days: ClosedDays, calendar: BusinessCalendar) -> date:
    """Where a follow-up goes that falls on a day, if it does not stay on closed days.

    A later day never goes to an earlier one.

    :raises InvalidValue: if the calendar does not open any more, or has not for a year.
    """
    if calendar.is_business_day(day):
        return day
    if closed_days is ClosedDays.PREVIOUS_OPEN:
        return _open_before(day, calendar)
    later = calendar.business_day_after(day, 0)
    if closed_days is ClosedDays.NEXT_OPEN:
        return later
    earlier = _open_before(day, calendar)
    return earlier if day - earlier < later - day else later


def settled_before(day: date, closed_days: ClosedDays, calendar: BusinessCalendar) -> date:
    """A day up to which no follow-up is moved to the given day or beyond it."""
    yesterday = before(day)
    if closed_days is ClosedDays.PREVIOUS_OPEN:
        return yesterday
    return _open_before(yesterday, calendar)


def _open_before(day: date, calendar: BusinessCalendar) -> date:
    """The last working day up to and including a day; the first day there is, if there is none."""
    for _ in range(_LONGEST_CLOSURE):
        if day == date.min or calendar.is_business_day(day):
            return day
        day = before(day)
    raise InvalidValue(
        f"nobody works in the {_LONGEST_CLOSURE} days before a follow-up: give the calendar "
        f"openings, or let follow-ups stay on closed days"
    )
