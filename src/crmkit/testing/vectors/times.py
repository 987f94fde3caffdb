"""Days and instants that calendars are known to get wrong, and what programs in use made of them.

8 May 2026 is a Friday. Instants are aware; a deadline is the instant at which so much working time
has passed.
"""

from datetime import UTC, date, datetime, timedelta

from crmkit.testing.vectors.vector import Vector

__all__ = ["BUSINESS_TIME", "DST", "MONTH_ENDS", "WALL_TIMES"]

_REPRODUCED = "reproduced with programs in use"
_BY_HAND = "counted by hand"


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _due(
    name: str,
    start: str,
    hours: float,
    due: str,
    *wrong: str,
    days: str = "mon-fri",
    windows: tuple[str, ...] = ("09:00-17:00",),
    closed: tuple[date, ...] = (),
) -> Vector:
    return Vector(
        name=name,
        asks="due",
        source=_REPRODUCED if wrong else _BY_HAND,
        inputs={
            "start": _at(start),
            "budget": timedelta(hours=hours),
            "days": days,
            "windows": windows,
            "closed": closed,
            "zone": "UTC",
        },
        expected=_at(due),
        wrong=tuple(map(_at, wrong)),
    )


_TO_SIX = ("09:00-18:00",)
_ALWAYS = ("00:00-24:00",)

BUSINESS_TIME = (
    _due("over a weekend", "2026-05-08 16:00", 4, "2026-05-11 12:00"),
    _due("from a Saturday", "2026-05-09 10:00", 2, "2026-05-11 11:00"),
    _due("three whole days", "2026-05-11 09:00", 24, "2026-05-13 17:00"),
    _due(
        "over a holiday", "2026-05-11 10:00", 4, "2026-05-12 13:00",
        closed=(date(2026, 5, 11),),
    ),
    _due(
        "from a Saturday morning", "2026-05-09 12:00", 1, "2026-05-11 10:00", "2026-05-11 13:00",
        windows=_TO_SIX,
    ),
    _due(
        "from a Saturday night", "2026-05-09 20:00", 1, "2026-05-11 10:00", "2026-05-12 10:00",
        windows=_TO_SIX,
    ),
    _due(
        "minutes are no hours", "2026-05-11 10:17", 1, "2026-05-11 11:17", "2026-05-11 11:00",
        windows=_TO_SIX,
    ),
    _due(
        "round the clock", "2026-05-08 13:37", 48, "2026-05-10 13:37", "2026-05-10 13:39",
        days="every day", windows=_ALWAYS,
    ),
    _due(
        "a night shift", "2026-05-11 23:00", 8, "2026-05-12 23:00", "2026-05-12 07:00",
        days="every day", windows=("22:00-06:00",),
    ),
    _due(
        "a lunch break", "2026-05-11 11:00", 2, "2026-05-11 14:00", "2026-05-11 13:00",
        windows=("09:00-12:00", "13:00-17:00"),
    ),
)  # fmt: skip
"""When a budget of working time is used up; ``windows`` are the hours of each open day."""

DST = tuple(
    Vector(
        name=f"midnight to six in {zone} on {day}",
        asks="elapsed",
        source="tz database" if not wrong else _REPRODUCED,
        inputs={"zone": zone, "day": date.fromisoformat(day), "windows": ("00:00-06:00",)},
        expected=timedelta(hours=hours),
        wrong=tuple(timedelta(hours=each) for each in wrong),
    )
    for zone, day, hours, wrong in (
        ("America/New_York", "2026-03-08", 5, (6,)),
        ("America/New_York", "2026-11-01", 7, (6,)),
        ("Europe/Berlin", "2026-03-29", 5, ()),
        ("Europe/Berlin", "2026-10-25", 7, ()),
        ("Europe/Berlin", "2026-05-11", 6, ()),
        ("Australia/Lord_Howe", "2026-10-04", 5.5, ()),
        ("UTC", "2026-03-29", 6, ()),
    )
)
"""How much time really passes between two times of the wall clock on the day it changes."""

WALL_TIMES = tuple(
    Vector(
        name=f"{at} in {zone} on {day}, {gap} of a gap, {fold} of two",
        asks="instant",
        source="tz database",
        inputs={"zone": zone, "day": date.fromisoformat(day), "at": at, "gap": gap, "fold": fold},
        expected=expected,
    )
    for zone, day, at, gap, fold, expected in (
        ("Europe/Berlin", "2026-03-29", "02:30", "later", "first", "2026-03-29T03:30:00+02:00"),
        ("Europe/Berlin", "2026-03-29", "02:30", "earlier", "first", "2026-03-29T01:30:00+01:00"),
        ("Europe/Berlin", "2026-10-25", "02:30", "later", "first", "2026-10-25T02:30:00+02:00"),
        ("Europe/Berlin", "2026-10-25", "02:30", "later", "second", "2026-10-25T02:30:00+01:00"),
        ("America/New_York", "2026-03-08", "02:30", "later", "first", "2026-03-08T03:30:00-04:00"),
        ("Europe/Berlin", "2050-07-01", "09:30", "later", "first", "2050-07-01T09:30:00+02:00"),
        ("Pacific/Apia", "2011-12-30", "09:30", "later", "first", "2011-12-31T09:30:00+14:00"),
        ("Pacific/Apia", "2011-12-30", "09:30", "earlier", "first", "2011-12-29T09:30:00-10:00"),
        ("America/Santiago", "2026-09-06", "00:00", "later", "first", "2026-09-06T01:00:00-03:00"),
    )
)
"""Which instant is meant by a time that the clock skips or shows twice, in ISO 8601."""


def _month_end(since: str, count: int, unit: str, expected: str, *wrong: str) -> Vector:
    return Vector(
        name=f"{since} and {count} {unit}",
        asks="add_units",
        source="a month has the days it has; wrong: counted on from the clamped day, or 30 days",
        inputs={"since": date.fromisoformat(since), "count": count, "unit": unit},
        expected=date.fromisoformat(expected),
        wrong=tuple(map(date.fromisoformat, wrong)),
    )


MONTH_ENDS = (
    _month_end("2026-01-31", 1, "month", "2026-02-28", "2026-03-03", "2026-03-02"),
    _month_end("2026-01-31", 2, "month", "2026-03-31", "2026-03-28", "2026-04-01"),
    _month_end("2026-01-31", 3, "month", "2026-04-30", "2026-04-28", "2026-05-01"),
    _month_end("2024-01-31", 1, "month", "2024-02-29", "2024-03-01"),
    _month_end("1900-01-31", 1, "month", "1900-02-28", "1900-03-01"),
    _month_end("2000-01-31", 1, "month", "2000-02-29", "2000-02-28"),
    _month_end("2026-03-31", -1, "month", "2026-02-28", "2026-03-03"),
    _month_end("2026-11-30", 1, "quarter", "2027-02-28", "2027-03-02"),
    _month_end("2024-02-29", 1, "year", "2025-02-28", "2025-03-01"),
    _month_end("2024-02-29", 4, "year", "2028-02-29", "2028-02-28"),
)
"""The same day so many months later, or the last of a month that has no such day."""
