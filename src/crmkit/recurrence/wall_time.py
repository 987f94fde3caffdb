"""Times of day as a clock on the wall shows them, and which instant is meant when it jumps."""

import re
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cached_property
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from attrs import field, frozen

from crmkit.errors import InvalidValue
from crmkit.period import check_date

__all__ = ["InFold", "InGap", "WallTime"]

_CLOCK = re.compile(r"((?:[01][0-9]|2[0-3]):[0-5][0-9])(:[0-5][0-9])?", re.ASCII)


class InGap(StrEnum):
    """What becomes of a time that a clock jumps over when it is put forward."""

    LATER = "later"
    """As far after the jump as the time lies behind its beginning: 02:30 becomes 03:30."""
    EARLIER = "earlier"
    """As far before the jump as the time lies before its end: 02:30 becomes 01:30."""
    REFUSE = "refuse"
    """An error: somebody has to choose another time."""


class InFold(StrEnum):
    """Which one is meant of a time that a clock shows twice when it is put back."""

    FIRST = "first"
    """The first, before the clock is put back."""
    SECOND = "second"
    """The second, after it was put back."""
    REFUSE = "refuse"
    """An error: somebody has to choose another time."""


def _clock(value: str | time) -> str:
    text = value
    if isinstance(value, time) and not value.microsecond and value.tzinfo is None:
        text = value.isoformat()
    match = _CLOCK.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise InvalidValue("a wall time is written like '09:30' or '09:30:15', up to '23:59:59'")
    short, seconds = match.groups()
    return short if seconds == ":00" else match[0]


@frozen
class WallTime:
    """A time of day such as that of an appointment, which stays the same whatever the clocks do.

    It is a text or a plain ``time`` of whole seconds, and becomes an instant on a day in a zone. In
    the night when clocks are put forward some times do not happen, and when they are put back some
    happen twice; ``gap`` and ``fold`` say which instant is meant then.

    :raises InvalidValue: if it is no time of day, or has parts of a second or a zone of its own.

    >>> call = WallTime("09:30")
    >>> call.on(date(2026, 3, 28), "Europe/Berlin").isoformat()
    '2026-03-28T09:30:00+01:00'
    >>> call.on(date(2026, 3, 29), "Europe/Berlin").isoformat()
    '2026-03-29T09:30:00+02:00'
    >>> WallTime("02:30").on(date(2026, 3, 29), "Europe/Berlin").isoformat()
    '2026-03-29T03:30:00+02:00'
    """

    at: str = field(converter=_clock)
    gap: InGap = InGap.LATER
    fold: InFold = InFold.FIRST

    def __attrs_post_init__(self) -> None:
        if not isinstance(self.gap, InGap) or not isinstance(self.fold, InFold):
            raise InvalidValue(
                "gap is a member of InGap, such as InGap.LATER; fold one of InFold, such as "
                "InFold.FIRST"
            )

    def __str__(self) -> str:
        return self.at

    def on(self, day: date, zone: str | ZoneInfo) -> datetime:
        """The instant at which the clock of a zone shows this time on a day, in that zone.

        :raises InvalidValue: if the day is no plain date or at either end of the calendar, the zone
            is unknown, or the clock skips or repeats the time and that is to be refused.
        """
        check_date(day, "the day of a wall time")
        if day in (date.min, date.max):
            raise InvalidValue("a wall time has days around it: no first or last of the calendar")
        first = datetime.combine(day, self._time, _zone(zone))
        second = first.replace(fold=1)
        # Of a time that is skipped, these are the offsets before and after the jump.
        before, after = _offset(first), _offset(second)
        if before == after:
            return first
        if before > after:
            self._refuse_if(self.fold is InFold.REFUSE, first, "shows twice")
            return second if self.fold is InFold.SECOND else first
        self._refuse_if(self.gap is InGap.REFUSE, first, "skips")
        offset = after if self.gap is InGap.EARLIER else before
        return (first.replace(tzinfo=UTC) - offset).astimezone(first.tzinfo)

    def _refuse_if(self, refused: bool, at: datetime, does: str) -> None:
        if refused:
            raise InvalidValue(
                f"the clock of {at.tzinfo} {does} {self.at} on {at.date()}: choose another time, "
                f"or another policy than refuse"
            )

    @cached_property
    def _time(self) -> time:
        return time.fromisoformat(self.at)


def _offset(at: datetime) -> timedelta:
    return at.utcoffset() or timedelta()


def _zone(zone: str | ZoneInfo) -> ZoneInfo:
    try:
        return zone if isinstance(zone, ZoneInfo) else ZoneInfo(zone)
    except (TypeError, ValueError, OSError, ZoneInfoNotFoundError):
        # An OSError comes from the name of a folder among the zones, such as Europe.
        raise InvalidValue(
            "a time zone is named as in the IANA database, such as 'Europe/Berlin'"
        ) from None
