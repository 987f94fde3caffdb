"""Working time counted minute by minute, from nothing but what "open" means.

A minute is open when the wall clock of the zone shows a time within the hours of its date. The
oracle asks the standard library for the wall time of every single minute; it knows no weeks, no
sums, and no clock changes.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import accumulate
from random import Random
from zoneinfo import ZoneInfo

from attrs import frozen

from crmkit.business_time import BusinessCalendar, Closure, Opening, Weekday

MINUTE = timedelta(minutes=1)
DAY = 1440
Window = tuple[int, int]
"""In minutes of the day on which it begins; a window past midnight ends after 1440."""


def _within(minute: int, today: Iterable[Window], before: Iterable[Window]) -> bool:
    here = any(start <= minute < end for start, end in today)
    return here or any(start <= minute + DAY < end for start, end in before)


@frozen
class Rules:
    """What a calendar is made of, in numbers."""

    zone: ZoneInfo
    week: tuple[tuple[Window, ...], ...]
    closed: Mapping[date, tuple[Window, ...]]
    opened: Mapping[date, tuple[Window, ...]]

    def calendar(self) -> BusinessCalendar:
        days = zip(Weekday, self.week, strict=True)
        return BusinessCalendar(
            zone=self.zone.key,
            hours={day: tuple(map(written, windows)) for day, windows in days},
            closures=[
                Closure(d, hours=written(w)) for d, windows in self.closed.items() for w in windows
            ],
            openings=[
                Opening(d, written(w)) for d, windows in self.opened.items() for w in windows
            ],
        )

    def minutes_of(self, day: date) -> list[bool]:
        """For each minute of the wall clock of a date, whether it is open."""
        before = day - timedelta(days=1)
        week, rest = self.week[day.weekday()], self.week[before.weekday()]
        closed, closed_before = self.closed.get(day, ()), self.closed.get(before, ())
        opened, opened_before = self.opened.get(day, ()), self.opened.get(before, ())
        return [
            _within(minute, opened, opened_before)
            or (_within(minute, week, rest) and not _within(minute, closed, closed_before))
            for minute in range(DAY)
        ]


class Minutes:
    """So many minutes from an instant on, each open or not."""

    def __init__(self, rules: Rules, start: datetime, count: int) -> None:
        table = lru_cache(maxsize=None)(rules.minutes_of)
        self.start = start
        self.count = count
        walls = [(start + n * MINUTE).astimezone(rules.zone) for n in range(count)]
        self.dates = [wall.date() for wall in walls]
        self.open = [table(wall.date())[wall.hour * 60 + wall.minute] for wall in walls]
        self.passed = [0, *accumulate(self.open)]

    def at(self, number: int) -> datetime:
        return self.start + number * MINUTE

    def elapsed(self, low: int, high: int) -> timedelta:
        return (self.passed[high] - self.passed[low]) * MINUTE

    def left(self, low: int) -> int:
        return self.passed[-1] - self.passed[low]

    def due(self, low: int, budget: int) -> datetime:
        return self.at(bisect_left(self.passed, self.passed[low] + budget))

    def next_opening(self, low: int) -> datetime:
        return self.at(self.open.index(True, low))

    def by_date(self, low: int, high: int) -> dict[date, timedelta]:
        """How much each date gave."""
        days: dict[date, timedelta] = {}
        for number in range(low, high):
            day = self.dates[number]
            days[day] = days.get(day, timedelta()) + self.open[number] * MINUTE
        return days


def written(window: Window) -> str:
    start, end = window
    end = end if end <= DAY else end - DAY
    return f"{start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02}"


def window(random: Random) -> Window:
    """Any window: on the hour or not, past midnight or not, up to 24:00."""
    while True:
        start = random.randrange(0, DAY, random.choice([1, 15, 30, 60]))
        end = random.choice([DAY, random.randrange(0, DAY + 1, random.choice([1, 15, 30, 60]))])
        if start != end:
            return start, end if end > start else end + DAY


def rules(random: Random, zone: ZoneInfo, around: date) -> Rules:
    """Any rules, with exceptions in the days after a date."""
    week = [tuple(window(random) for _ in range(random.choice([0, 1, 1, 2, 3]))) for _ in range(7)]
    if not any(week):
        week[around.weekday()] = ((540, 1080),)

    def exceptions(most: int, *also: Window) -> dict[date, tuple[Window, ...]]:
        return {
            around + timedelta(days=random.randrange(-1, 7)): tuple(
                random.choice([window(random), *also]) for _ in range(random.choice([1, 1, 2]))
            )
            for _ in range(random.randint(0, most))
        }

    return Rules(zone, tuple(week), exceptions(3, (0, DAY)), exceptions(2))


def clock_changes(zone: ZoneInfo, year: int) -> list[datetime]:
    """The days of a year, by UTC, in which the wall clock of a zone jumps."""
    first = datetime(year, 1, 1, tzinfo=UTC)
    days = [first + timedelta(days=n) for n in range(366)]
    offsets = [day.astimezone(zone).utcoffset() for day in days]
    return [day for day, old, new in zip(days, offsets, offsets[1:], strict=False) if old != new]
