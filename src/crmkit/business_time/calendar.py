"""A working calendar: when somebody is there, exactly, whatever the clocks of the zone do.

An instant is open when the wall clock of the zone shows a time within the opening hours of its
date. Everything follows from that one sentence: in the night when clocks are put forward, five of
the six hours from 00:00 to 06:00 happen; in the night when they are put back, seven do.

Inside, the wall clock is a line of microseconds, cut where it jumps. On an even stretch of it, the
open time before an instant is a sum of whole weeks, whole days and exceptions, which takes no loop
over the days between. What ends within some weeks is looked up on a page instead.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum
from functools import cached_property, lru_cache
from itertools import accumulate
from types import MappingProxyType
from typing import Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from attrs import field, frozen

from crmkit.business_time.checks import all_of
from crmkit.business_time.hours import DAY, Span, merged, parse_hours, without
from crmkit.business_time.page import PAGE, Page
from crmkit.business_time.trace import Trace, TraceDay
from crmkit.business_time.zones import EPOCH, FIRST, LAST, moment_of, pieces_of
from crmkit.errors import InvalidPolicy, InvalidValue
from crmkit.period import check_date

__all__ = ["BusinessCalendar", "Closure", "Opening", "Weekday"]

WHOLE_DAY = "00:00-24:00"
Stretch = tuple[int, int, int]
"""From when to when on the wall clock, while it is how far ahead of UTC; in microseconds."""

_NOTHING, _MICROSECOND = timedelta(), timedelta(microseconds=1)
_END = LAST + 1
_NEVER = "no further opening: the calendar has none until the end of the year 9998"


class Weekday(StrEnum):
    """A day of the week."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


WEEK = tuple(Weekday)


@frozen
class Closure:
    """A holiday, or a part of a day on which nobody is there.

    :raises InvalidValue: if the day is not a plain date or the hours are no window.

    >>> Closure(date(2026, 12, 24), "Christmas Eve", hours="12:00-24:00").name
    'Christmas Eve'
    """

    on: date
    name: str = ""
    hours: str = WHOLE_DAY

    def __attrs_post_init__(self) -> None:
        check_date(self.on, "the day of a closure")
        parse_hours(self.hours)


@frozen
class Opening:
    """An exception in the other direction: hours in which somebody is there after all.

    :raises InvalidValue: if the day is not a plain date or the hours are no window.
    """

    on: date
    hours: str
    name: str = ""

    def __attrs_post_init__(self) -> None:
        check_date(self.on, "the day of an opening")
        parse_hours(self.hours)


def _zone_key(zone: str | ZoneInfo) -> str:
    key = zone.key if isinstance(zone, ZoneInfo) else zone
    try:
        return ZoneInfo(key).key
    except (TypeError, ValueError, OSError, ZoneInfoNotFoundError):
        # An OSError comes from the name of a folder among the zones, such as Europe.
        raise InvalidPolicy(
            "a time zone is named as in the IANA database, such as 'Europe/Berlin' or 'UTC'"
        ) from None


def _week(hours: Mapping[Weekday, Iterable[str]]) -> Mapping[Weekday, tuple[str, ...]]:
    try:
        by_day = {Weekday(day): tuple(windows) for day, windows in hours.items()}
    except (AttributeError, TypeError, ValueError):
        raise InvalidPolicy(
            "hours map a weekday to its windows, such as {Weekday.MONDAY: ('09:00-18:00',)}"
        ) from None
    return MappingProxyType({day: by_day[day] for day in WEEK if by_day.get(day)})


def _closures(closures: Iterable[Closure]) -> tuple[Closure, ...]:
    return all_of(Closure, closures, "closures are Closure(date(2026, 12, 25), 'Christmas Day')")


def _openings(openings: Iterable[Opening]) -> tuple[Opening, ...]:
    return all_of(Opening, openings, "openings are Opening(date(2026, 12, 27), '10:00-16:00')")


@frozen(kw_only=True)
class BusinessCalendar:
    """When somebody is there: weekly hours in local time, holidays, and exceptional openings.

    ``zone`` is the IANA name of the time zone whose wall clock the hours are read on. ``hours`` map
    weekdays to windows such as ``"09:00-18:00"`` (several a day if need be; ``"22:00-06:00"`` runs
    into the next day, ``"00:00-24:00"`` is round the clock). A closure takes its hours of its date
    away, an opening puts its hours back; a window of the evening before does not escape a holiday.

    All durations are of elapsed time: in the night when clocks are put forward, 00:00-06:00 has
    five hours.

    :raises InvalidPolicy: if the zone is unknown, or the calendar is never open.
    :raises InvalidValue: if hours are no windows, or a date is no plain date.

    >>> office = BusinessCalendar.on_weekdays("09:00-18:00", zone="Europe/Berlin")
    >>> saturday = datetime(2026, 5, 9, 20, 0, tzinfo=ZoneInfo("Europe/Berlin"))
    >>> office.due(saturday, timedelta(hours=1)).isoformat(" ")
    '2026-05-11 10:00:00+02:00'
    """

    zone: str = field(converter=_zone_key)
    hours: Mapping[Weekday, tuple[str, ...]] = field(converter=_week, hash=False)
    closures: tuple[Closure, ...] = field(default=(), converter=_closures)
    openings: tuple[Opening, ...] = field(default=(), converter=_openings)
    name: str = ""

    def __attrs_post_init__(self) -> None:
        if not self._week_total and not any(total for total in self._exception_totals):
            raise InvalidPolicy(
                "the calendar is never open: name weekly hours, or an opening that no other "
                "rule takes away"
            )

    # --- the usual ones ---

    @classmethod
    def on_weekdays(
        cls,
        *windows: str,
        zone: str | ZoneInfo,
        closures: Iterable[Closure] = (),
        openings: Iterable[Opening] = (),
    ) -> Self:
        """The same windows from Monday to Friday."""
        return cls(
            zone=zone, hours=dict.fromkeys(WEEK[:5], windows), closures=closures, openings=openings
        )

    @classmethod
    def every_day(
        cls,
        *windows: str,
        zone: str | ZoneInfo,
        closures: Iterable[Closure] = (),
        openings: Iterable[Opening] = (),
    ) -> Self:
        """The same windows on all seven days."""
        return cls(
            zone=zone, hours=dict.fromkeys(WEEK, windows), closures=closures, openings=openings
        )

    @classmethod
    def round_the_clock(cls, zone: str | ZoneInfo = "UTC") -> Self:
        """Always open: 48 hours are 48 hours."""
        return cls.every_day(WHOLE_DAY, zone=zone)

    # --- working time ---

    def elapsed(self, start: datetime, end: datetime) -> timedelta:
        """The working time between two instants; below zero if the end lies before the start.

        :raises NaiveDatetime: if an instant has no time zone.
        """
        # Two wall times of one zone compare as clocks do, not as time does.
        low = moment_of(start, "the start of working time")
        high = moment_of(end, "the end of working time")
        return self._between(low, high) if low <= high else -self._between(high, low)

    def due(self, start: datetime, budget: timedelta) -> datetime:
        """The earliest instant by which a budget of working time has passed since a start.

        It is in the zone of ``start``. A budget of zero is due at once, open or not; a budget that
        is used up exactly at closing time is due then, not at the next opening.

        :raises NaiveDatetime: if the start has no time zone.
        :raises InvalidValue: if the budget is no duration or below zero, or the calendar does not
            open often enough before the year 9999.
        """
        at = moment_of(start, "the start of working time")
        if not isinstance(budget, timedelta) or budget < _NOTHING:
            raise InvalidValue("a budget of working time is a timedelta, zero or more")
        if not budget:
            return start
        return (EPOCH + self._after(at, budget)).astimezone(start.tzinfo)

    def is_open(self, at: datetime) -> bool:
        """Whether somebody is there at an instant.

        :raises NaiveDatetime: if the instant has no time zone.
        """
        moment = moment_of(at, "the instant asked about")
        return self._between(moment, moment + _MICROSECOND) > _NOTHING

    def next_opening(self, at: datetime) -> datetime:
        """The earliest instant from ``at`` on that is open; ``at`` itself if it is.

        :raises NaiveDatetime: if the instant has no time zone.
        :raises InvalidValue: if the calendar does not open any more before the year 9999.
        """
        after = self._after(moment_of(at, "the instant asked about"), _MICROSECOND)
        return (EPOCH + (after - _MICROSECOND)).astimezone(at.tzinfo)

    def trace(self, start: datetime, end: datetime) -> Trace:
        """The working time between two instants day by day, in the zone of the calendar.

        :raises NaiveDatetime: if an instant has no time zone.
        :raises InvalidValue: if the end lies before the start.
        """
        low = moment_of(start, "the start of working time")
        high = moment_of(end, "the end of working time")
        if high < low:
            raise InvalidValue("a trace runs forwards: its end does not lie before its start")
        days: dict[int, list[Span]] = {}
        for day, spans in self._by_day(low // _MICROSECOND, high // _MICROSECOND):
            days.setdefault(day, []).extend(spans)
        return Trace(start, end, tuple(self._trace_days(days)))

    def _trace_days(self, days: Mapping[int, list[Span]]) -> Iterator[TraceDay]:
        total = timedelta()
        named: list[Closure | Opening] = [*self.closures, *self.openings]
        for day, spans in sorted(days.items()):
            on = date.fromordinal(day + 1)
            counted = timedelta(0, 0, _length(spans))
            total += counted
            shown = tuple((_instant(a, self._zone), _instant(b, self._zone)) for a, b in spans)
            names = tuple(item.name for item in named if item.on == on and item.name)
            yield TraceDay(on, shown, counted, total, names)

    # --- business days ---

    def is_business_day(self, day: date) -> bool:
        """Whether the calendar opens at all on a date.

        :raises InvalidValue: if the day is not a plain date.
        """
        check_date(day, "the day asked about")
        return bool(self._spans_on(day.toordinal() - 1))

    def business_day_after(self, day: date, count: int) -> date:
        """The so-manieth business day following a day, which itself does not count.

        ``business_day_after(friday, 3)`` of a calendar open from Monday to Friday is Wednesday. A
        count of zero gives the day itself if it is a business day, otherwise the next one.

        :raises InvalidValue: if the day is not a plain date, the count is no whole number of zero
            or more, or the calendar does not open often enough before the year 9999.
        """
        check_date(day, "the day to count from")
        if type(count) is not int or count < 0:
            raise InvalidValue("a count of business days is a whole number, zero or more")
        number = day.toordinal() - 1 + (1 if count else 0)
        left = max(count, 1)
        while number < _END // DAY:
            weeks = self._plain_weeks(number, left)
            left -= weeks * self._days_a_week
            number += 7 * weeks
            if self._spans_on(number):
                left -= 1
                if left == 0:
                    return date.fromordinal(number + 1)
            number += 1
        raise InvalidValue(_NEVER)

    def _plain_weeks(self, number: int, left: int) -> int:
        """How many weeks from a day on hold no exception, and not yet the last day sought."""
        place = bisect_left(self._exception_days, number)
        until = self._exception_days[place] if place < len(self._exception_days) else _END // DAY
        weeks = (until - number) // 7
        return min(weeks, (left - 1) // self._days_a_week) if self._days_a_week else weeks

    def end_of_day(self, day: date) -> datetime:
        """The instant from which on the wall clock of the calendar no longer shows a date.

        That is the midnight after it; a midnight that the clock jumps over is the moment of the
        jump, and a date that the clock goes back to ends when it is over for good.

        :raises InvalidValue: if the day is not a plain date, or ends before year 2 or after 9998.
        """
        check_date(day, "the day that ends")
        midnight = day.toordinal() * DAY
        if not FIRST < midnight <= LAST:
            raise InvalidValue("working time is counted from the year 2 to the year 9998")
        around = self._stretches(max(midnight - 2 * DAY, FIRST), min(midnight + 2 * DAY, _END))
        ends = [min(high, midnight) - offset for low, high, offset in around if low < midnight]
        return _instant(ends[-1], self._zone)

    # --- between moments, on a page or far away ---

    def _between(self, low: timedelta, high: timedelta) -> timedelta:
        """The open time from one moment to another."""
        page = self._page(low.days // PAGE)
        if high <= page.end:
            return page.before(high) - page.before(low)
        stretches = self._stretches(low // _MICROSECOND, high // _MICROSECOND)
        return timedelta(0, 0, sum(self._before(b) - self._before(a) for a, b, _ in stretches))

    def _after(self, at: timedelta, budget: timedelta) -> timedelta:
        """The earliest moment by which so much open time, above zero, has passed since another."""
        page = self._page(at.days // PAGE)
        try:
            found = page.when(page.before(at) + budget)
        except OverflowError:
            raise InvalidValue(_NEVER) from None
        if found is None:
            found = timedelta(0, 0, self._far_after(at // _MICROSECOND, budget // _MICROSECOND))
        return found

    def _far_after(self, at: int, left: int) -> int:
        if left > self._horizon - at:
            raise InvalidValue(_NEVER)
        for low, high, offset in self._stretches(at, self._horizon):
            target = self._before(low) + left
            if target <= self._before(high):
                return self._when(target, low, high) - offset
            left = target - self._before(high)
        raise InvalidValue(_NEVER)

    @cached_property
    def _page(self) -> Callable[[int], Page]:
        """The pages by their numbers; they hold what is asked about most, and are written once."""
        return lru_cache(maxsize=64)(self._written)

    def _written(self, number: int) -> Page:
        end = min((number + 2) * PAGE * DAY, _END)
        days = self._by_day(max(number * PAGE * DAY, FIRST), end)
        return Page.of((span for _, spans in days for span in spans), end)

    def _by_day(self, low: int, high: int) -> Iterator[tuple[int, Iterable[Span]]]:
        """The open spans between two moments, by the dates of the wall clock, in order of time."""
        for first, last, offset in _joined(self._stretches(low, high)):
            for day in range(first // DAY, (last - 1) // DAY + 1):
                spans = []
                for opens, closes in self._spans_on(day):
                    since, until = max(day * DAY + opens, first), min(day * DAY + closes, last)
                    if since < until:
                        spans.append((since - offset, until - offset))
                yield day, spans

    # --- the line of the wall clock ---

    def _stretches(self, low: int, high: int) -> Iterator[Stretch]:
        """What an interval of UTC is on the wall clock: even stretches, with their offset."""
        zone = self._zone
        while low < high:
            year = (EPOCH + timedelta(microseconds=low)).year
            for _, end, offset in pieces_of(zone, year):
                if low < end:
                    until = min(end, high)
                    yield low + offset, until + offset, offset
                    low = until
                    if low == high:
                        return

    def _before(self, at: int) -> int:
        """The open time before a moment of the wall clock, were it even since the first day."""
        day, time = divmod(at, DAY)
        total = self._before_day(day)
        for start, end in self._spans_on(day):
            if time <= start:
                break
            total += min(time, end) - start
        return total

    def _before_day(self, day: int) -> int:
        weeks, weekday = divmod(day, 7)
        exceptions = self._exception_sums[bisect_left(self._exception_days, day)]
        return weeks * self._week_total + self._week_sums[weekday] + exceptions

    def _when(self, target: int, low: int, high: int) -> int:
        """The earliest moment of the wall clock by which so much open time has passed."""
        days = range(low // DAY + 1, high // DAY + 1)
        day = low // DAY + bisect_left(days, target, key=self._before_day)
        left, spans, place = target - self._before_day(day), self._spans_on(day), 0
        while left > (length := spans[place][1] - spans[place][0]):
            left -= length
            place += 1
        return day * DAY + spans[place][0] + left

    def _spans_on(self, day: int) -> tuple[Span, ...]:
        exceptional = self._exceptions.get(day)
        return self._weekly[day % 7] if exceptional is None else exceptional

    # --- the rules, worked out once ---

    @cached_property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    @cached_property
    def _weekly(self) -> tuple[tuple[Span, ...], ...]:
        """The open spans of each weekday, those that began the evening before included."""
        spans: list[list[Span]] = [[] for _ in WEEK]
        for day, windows in self.hours.items():
            for window in windows:
                for shift, span in _by_date(parse_hours(window)):
                    spans[(WEEK.index(day) + shift) % 7].append(span)
        return tuple(map(merged, spans))

    @cached_property
    def _week_sums(self) -> tuple[int, ...]:
        """The open time of a week before each of its days, and of all of it."""
        return tuple(accumulate(map(_length, self._weekly), initial=0))

    @cached_property
    def _days_a_week(self) -> int:
        return sum(map(bool, self._weekly))

    @cached_property
    def _week_total(self) -> int:
        return self._week_sums[7]

    @cached_property
    def _exceptions(self) -> Mapping[int, tuple[Span, ...]]:
        """The open spans of all dates that are not like any other week's."""
        closed = _spans_by_day(self.closures)
        opened = _spans_by_day(self.openings)
        return {
            day: merged(
                [*without(self._weekly[day % 7], closed.get(day, [])), *opened.get(day, [])]
            )
            for day in sorted({*closed, *opened})
        }

    @cached_property
    def _exception_days(self) -> tuple[int, ...]:
        return tuple(self._exceptions)

    @cached_property
    def _exception_totals(self) -> tuple[int, ...]:
        return tuple(map(_length, self._exceptions.values()))

    @cached_property
    def _horizon(self) -> int:
        """Nothing opens from here on: the search for an opening ends."""
        if self._week_total:
            return _END
        # The wall clock may be a day behind UTC.
        return min((self._exception_days[-1] + 2) * DAY, _END)

    @cached_property
    def _exception_sums(self) -> tuple[int, ...]:
        """How much open time the exceptions before each exceptional day have added, in all."""
        added = (
            total - _length(self._weekly[day % 7])
            for day, total in zip(self._exceptions, self._exception_totals, strict=True)
        )
        return tuple(accumulate(added, initial=0))


def _instant(at: int, zone: tzinfo | None) -> datetime:
    return (EPOCH + timedelta(0, 0, at)).astimezone(zone)


def _length(spans: Iterable[Span]) -> int:
    return sum(end - start for start, end in spans)


def _joined(stretches: Iterable[Stretch]) -> list[Stretch]:
    """In one piece what only the turn of a year cuts, and no jump of the clock."""
    joined: list[Stretch] = []
    for low, high, offset in stretches:
        if joined and joined[-1][1:] == (low, offset):
            low = joined.pop()[0]
        joined.append((low, high, offset))
    return joined


def _by_date(span: Span) -> Iterator[tuple[int, Span]]:
    """A window by the dates it lies on: its own, and perhaps the one after."""
    start, end = span
    yield 0, (start, min(end, DAY))
    if end > DAY:
        yield 1, (0, end - DAY)


def _spans_by_day(exceptions: Iterable[Closure | Opening]) -> dict[int, list[Span]]:
    spans: dict[int, list[Span]] = {}
    for exception in exceptions:
        # The first day of year 1 is a Monday, and has the number 0 here.
        day = exception.on.toordinal() - 1
        for shift, span in _by_date(parse_hours(exception.hours)):
            spans.setdefault(day + shift, []).append(span)
    return spans
