"""Calendars and instants as people write them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from crmkit.business_time import BusinessCalendar, Closure, Opening, Weekday

OFFICE = BusinessCalendar.on_weekdays("09:00-18:00", zone="UTC")
DESK = BusinessCalendar.on_weekdays("09:00-17:00", zone="UTC")


def at(text: str, zone: str = "UTC", fold: int = 0) -> datetime:
    """An instant by the wall clock of a zone: ``at("2026-05-08 16:00", "Europe/Berlin")``."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)


def utc(text: str) -> datetime:
    """The same in UTC; results are compared by it, for wall times of one zone compare as clocks."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def hours(count: float) -> timedelta:
    return timedelta(hours=count)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def real(start: datetime, end: datetime) -> timedelta:
    """The time between two instants; two wall times of one zone would subtract as clocks do."""
    return end.astimezone(UTC) - start.astimezone(UTC)


def closures(*days: str) -> tuple[Closure, ...]:
    return tuple(Closure(date.fromisoformat(day)) for day in days)


def one_opening(day: str = "2026-05-09", windows: str = "10:00-12:00") -> BusinessCalendar:
    """A calendar that opens once, and never again."""
    return BusinessCalendar(
        zone="UTC", hours={}, openings=[Opening(date.fromisoformat(day), windows)]
    )


def weekly(zone: str = "UTC", **windows: str) -> BusinessCalendar:
    """A calendar by the day: ``weekly(monday="09:00-12:00 13:00-17:00")``."""
    return BusinessCalendar(
        zone=zone, hours={Weekday(day): text.split() for day, text in windows.items()}
    )
