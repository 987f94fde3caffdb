"""Where the wall clock of a zone jumps, from nothing but the offsets that the zone gives."""

from bisect import bisect_right
from datetime import MAXYEAR, UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from crmkit.business_time.hours import DAY

__all__ = ["EPOCH", "Piece", "microseconds_of", "pieces_of"]

EPOCH = datetime(1, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_STEP = timedelta(hours=12)

Piece = tuple[int, int, int]
"""From when to when (microseconds since the epoch, UTC) the wall clock is how far ahead of UTC."""


def microseconds_of(at: datetime) -> int:
    """The microseconds of an aware datetime since the first day of year 1, in UTC."""
    since = at - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


@lru_cache(maxsize=4096)
def pieces_of(zone: ZoneInfo, year: int) -> tuple[Piece, ...]:
    """The stretches of a year (of UTC) in which the wall clock runs evenly, in order.

    Offsets are looked up twice a day; where two differ, the jump between them is found to the
    second by halving.
    """
    at = datetime(year, 1, 1, tzinfo=UTC)
    end = datetime.max.replace(tzinfo=UTC) if year == MAXYEAR else at.replace(year=year + 1)
    offset = _offset(zone, at)
    jumps = [(microseconds_of(at), offset)]
    while at < end:
        following = min(at + _STEP, end) if end - at > _STEP else end
        if _offset(zone, following) != offset:
            following = _jump(zone, at, following)
            offset = _offset(zone, following)
            jumps.append((microseconds_of(following), offset))
        at = following
    starts = [start for start, _ in jumps] + [date(year, 12, 31).toordinal() * DAY]
    return tuple(
        (low, high, o) for (low, high), (_, o) in zip(pairwise(starts), jumps, strict=True)
    )


def _offset(zone: ZoneInfo, at: datetime) -> int:
    try:
        ahead = at.astimezone(zone).utcoffset()
    except OverflowError:
        return 0  # The wall clock would show a year before 1 or after 9999.
    return (ahead or timedelta()) // _MICROSECOND


def _jump(zone: ZoneInfo, low: datetime, high: datetime) -> datetime:
    """The first second at which the offset is another one than at ``low``."""
    before = _offset(zone, low)
    seconds = range((high - low) // timedelta(seconds=1) + 1)
    first = bisect_right(
        seconds, False, key=lambda s: _offset(zone, low + timedelta(seconds=s)) != before
    )
    return low + timedelta(seconds=first)
