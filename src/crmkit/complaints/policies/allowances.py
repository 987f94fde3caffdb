"""How much time an obligation leaves, and the one rule by which its days are counted.

The day on which something happens does not count, as in "the third business day following receipt",
unless an allowance says otherwise; and what is due on a day may be done until the day is over. Both
are read on the wall clock of a calendar.

>>> from zoneinfo import ZoneInfo
>>> bank = BusinessCalendar.on_weekdays("09:00-17:00", zone="Europe/London")
>>> saturday = datetime(2026, 5, 9, 12, 0, tzinfo=ZoneInfo("Europe/London"))
>>> BusinessDays(3).due(saturday, bank).isoformat(" ")
'2026-05-14 00:00:00+01:00'
>>> Weeks(8).due(saturday, bank).isoformat(" ")
'2026-07-05 00:00:00+01:00'
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import ClassVar
from zoneinfo import ZoneInfo

from attrs import field, frozen

from crmkit.business_time import BusinessCalendar, CaseClock, ClockTerms, Pause
from crmkit.errors import InvalidPolicy
from crmkit.period import Unit, add_units, check_instant

__all__ = [
    "Allowance",
    "BusinessDays",
    "CalendarDays",
    "DayCount",
    "DayEnd",
    "Months",
    "Weeks",
    "WorkingHours",
    "Years",
    "day_of",
    "merged",
]

_DAY = timedelta(days=1)


class DayCount(StrEnum):
    """Whether the day on which the time begins is counted."""

    FOLLOWING = "following"
    """The day after it is the first."""
    INCLUDING = "including"
    """It is the first itself, if it counts at all."""


class DayEnd(StrEnum):
    """Until when something may be done on the day on which it is due."""

    END_OF_DAY = "end-of-day"
    """Until the date is over."""
    CLOSE_OF_BUSINESS = "close-of-business"
    """Until the calendar closes for the last time on the date."""


def _as_time(time: timedelta | int) -> timedelta:
    return timedelta(hours=time) if type(time) is int else time  # type: ignore[return-value]


@frozen
class WorkingHours:
    """Opening hours of a calendar, such as 24; round the clock they are hours by the clock.

    A plain number is taken as hours. While the case waits, no time passes.

    :raises InvalidPolicy: if the time is no duration above zero.
    """

    time: timedelta = field(converter=_as_time)

    may_be_suspended: ClassVar[bool] = True

    def __attrs_post_init__(self) -> None:
        if not isinstance(self.time, timedelta) or self.time <= timedelta():
            raise InvalidPolicy("working hours are a timedelta, or a whole number, above zero")

    def due(
        self, start: datetime, calendar: BusinessCalendar, pauses: Iterable[Pause] = ()
    ) -> datetime | None:
        """When the hours are used up; None while an open pause keeps them from it."""
        apart = merged(pauses)
        used_up: datetime | None = None
        if apart:
            terms = ClockTerms(since=start, calendar=calendar, target=self.time)
            used_up = CaseClock(terms=(terms,), pauses=apart).due(start)
        else:
            used_up = calendar.due(start, self.time)
        return None if used_up is None else used_up.astimezone(ZoneInfo(calendar.zone))


@frozen
class BusinessDays:
    """Business days of a calendar: due at the end of the last one, or when it closes on it.

    :raises InvalidPolicy: if there is not at least one day.
    """

    count: int
    counting: DayCount = DayCount.FOLLOWING
    until: DayEnd = DayEnd.END_OF_DAY

    may_be_suspended: ClassVar[bool] = False

    def __attrs_post_init__(self) -> None:
        _check_count(self.count, "business days")

    def due(
        self, start: datetime, calendar: BusinessCalendar, pauses: Iterable[Pause] = ()
    ) -> datetime:
        """The end of the last business day; no pause moves it."""
        day = calendar.business_day_after(_base(start, calendar, self.counting), self.count)
        end = calendar.end_of_day(day)
        if self.until is DayEnd.END_OF_DAY:
            return end
        days = calendar.trace(calendar.end_of_day(day - _DAY), end).days
        # Hours that the clock jumps over leave nothing of the day but its end.
        return max((until for hours in days for _, until in hours.spans), default=end)


@frozen
class CalendarDays:
    """All days of the calendar, holidays or not, until the end of the last one.

    A day at whose end the case waits does not count: as many midnights as a wait spans, so many
    days later it is due.

    :raises InvalidPolicy: if there is not at least one day.
    """

    count: int
    counting: DayCount = DayCount.FOLLOWING

    may_be_suspended: ClassVar[bool] = True

    def __attrs_post_init__(self) -> None:
        _check_count(self.count, "calendar days")

    def due(
        self, start: datetime, calendar: BusinessCalendar, pauses: Iterable[Pause] = ()
    ) -> datetime | None:
        """The end of the last day that counts; None while an open pause keeps it from coming."""
        first = _base(start, calendar, self.counting) + _DAY
        last = add_units(first, self.count - 1, Unit.DAY)
        for lost_from, lost_until in _lost_days(merged(pauses), calendar):
            if last < lost_from:
                break
            if lost_until is None:
                return None
            last += max(lost_until - max(lost_from, first) + _DAY, timedelta())
        return calendar.end_of_day(last)


@frozen
class Weeks:
    """Whole weeks: due at the end of the same weekday, as in "by the end of eight weeks".

    :raises InvalidPolicy: if there is not at least one week.
    """

    count: int
    counting: DayCount = DayCount.FOLLOWING

    may_be_suspended: ClassVar[bool] = False

    def __attrs_post_init__(self) -> None:
        _check_count(self.count, "weeks")

    def due(
        self, start: datetime, calendar: BusinessCalendar, pauses: Iterable[Pause] = ()
    ) -> datetime:
        """The end of the last day; no pause moves it."""
        return _after(start, calendar, self.counting, self.count, Unit.WEEK)


@frozen
class Months:
    """Whole months: due at the end of the same day of the month, or of the last that it has.

    :raises InvalidPolicy: if there is not at least one month.
    """

    count: int
    counting: DayCount = DayCount.FOLLOWING

    may_be_suspended: ClassVar[bool] = False

    def __attrs_post_init__(self) -> None:
        _check_count(self.count, "months")

    def due(
        self, start: datetime, calendar: BusinessCalendar, pauses: Iterable[Pause] = ()
    ) -> datetime:
        """The end of the last day; no pause moves it."""
        return _after(start, calendar, self.counting, self.count, Unit.MONTH)


@frozen
class Years:
    """Whole years: due at the end of the anniversary.

    :raises InvalidPolicy: if there is not at least one year.
    """

    count: int
    counting: DayCount = DayCount.FOLLOWING

    may_be_suspended: ClassVar[bool] = False

    def __attrs_post_init__(self) -> None:
        _check_count(self.count, "years")

    def due(
        self, start: datetime, calendar: BusinessCalendar, pauses: Iterable[Pause] = ()
    ) -> datetime:
        """The end of the last day; no pause moves it."""
        return _after(start, calendar, self.counting, self.count, Unit.YEAR)


Allowance = WorkingHours | BusinessDays | CalendarDays | Weeks | Months | Years
"""How much time an obligation leaves; a closed union, so that it can be written down."""


def day_of(at: datetime, calendar: BusinessCalendar) -> date:
    """The date that the wall clock of a calendar shows at an instant.

    :raises NaiveDatetime: if the instant has no time zone.
    """
    check_instant(at, "the instant to count from")
    return at.astimezone(ZoneInfo(calendar.zone)).date()


def merged(pauses: Iterable[Pause]) -> tuple[Pause, ...]:
    """The same pauses in UTC and in order, none touching another, at most the last one open."""
    apart: list[Pause] = []
    for pause in sorted(pauses, key=lambda pause: pause.start.astimezone(UTC)):
        start = pause.start.astimezone(UTC)
        end = None if pause.end is None else pause.end.astimezone(UTC)
        if apart and (apart[-1].end is None or start <= apart[-1].end):
            before = apart.pop()
            start = before.start
            end = None if end is None or before.end is None else max(end, before.end)
        apart.append(Pause(start, end))
    return tuple(apart)


def _check_count(count: int, what: str) -> None:
    if type(count) is not int or count < 1:
        raise InvalidPolicy(f"a count of {what} is a whole number, one or more")


def _base(start: datetime, calendar: BusinessCalendar, counting: DayCount) -> date:
    """The day that itself does not count."""
    day = day_of(start, calendar)
    return day if counting is DayCount.FOLLOWING else day - _DAY


def _after(
    start: datetime, calendar: BusinessCalendar, counting: DayCount, count: int, unit: Unit
) -> datetime:
    last = add_units(day_of(start, calendar), count, unit)
    return calendar.end_of_day(last if counting is DayCount.FOLLOWING else last - _DAY)


def _lost_days(
    pauses: Iterable[Pause], calendar: BusinessCalendar
) -> Iterator[tuple[date, date | None]]:
    """The first and the last date at whose end each pause is going on."""
    for pause in pauses:
        first = _next_day_to_end(pause.start, calendar)
        if pause.end is None:
            yield first, None
        else:
            yield first, _next_day_to_end(pause.end, calendar) - _DAY


def _next_day_to_end(at: datetime, calendar: BusinessCalendar) -> date:
    """The first date that ends after an instant, even where the clock goes back over midnight."""
    day = day_of(at, calendar) - _DAY
    while calendar.end_of_day(day).astimezone(UTC) <= at:
        day += _DAY
    return day
