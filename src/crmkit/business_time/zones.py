"""Where the wall clock of a zone jumps, from nothing but the offsets that the zone gives."""

from bisect import bisect_right
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from crmkit.business_time.hours import DAY
from crmkit.errors import InvalidValue, NaiveDatetime
from crmkit.period import check_instant

__all__ = ["EPOCH", "FIRST", "LAST", "Piece", "in_utc", "moment_of", "pieces_of"]

FIRST = date(2, 1, 1).toordinal() * DAY - DAY
"""The first instant that working time is counted from; a wall clock may be a day behind it."""
LAST = date(9999, 1, 1).toordinal() * DAY - DAY - 1
"""The last instant that working time is counted to."""
EPOCH = datetime(1, 1, 1, tzinfo=UTC)
_FIRST, _LAST = timedelta(0, 0, FIRST), timedelta(0, 0, LAST)
_MICROSECOND = timedelta(microseconds=1)
_STEP = timedelta(days=3)
"""No zone of the IANA database has two jumps so close to each other: the nearest are 95 h apart."""

Piece = tuple[int, int, int]
"""From when to when (microseconds since the epoch, UTC) the wall clock is how far ahead of UTC."""


def moment_of(at: datetime, what: str) -> timedelta:
    """How long after the first day of year 1, in UTC, an instant lies.

    :raises NaiveDatetime: if it has no time zone.
    :raises InvalidValue: if it is no datetime, or lies before year 2 or after year 9998.
    """
    if not isinstance(at, datetime):
        check_instant(at, what)
    try:
        # This asks the zone for its offset, which takes long enough to be done only once.
        moment = at - EPOCH
    except TypeError:
        raise NaiveDatetime(what) from None
    if _FIRST <= moment <= _LAST:
        return moment
    raise InvalidValue("working time is counted from the year 2 to the year 9998, by UTC")


def in_utc(at: datetime) -> datetime:
    """The same instant in UTC: two wall times of one zone compare as clocks do, not as time does.

    :raises NaiveDatetime: if it has no time zone.
    :raises InvalidValue: if it is no datetime, or lies before year 2 or after year 9998.
    """
    return EPOCH + moment_of(at, "an instant")


def _since_epoch(at: datetime) -> int:
    return (at - EPOCH) // _MICROSECOND


@lru_cache(maxsize=4096)
def pieces_of(zone: ZoneInfo, year: int) -> tuple[Piece, ...]:
    """The stretches of a year (of UTC) in which the wall clock runs evenly, in order.

    Offsets are looked up every three days; where two differ, the jump between them is found to the
    second by halving.
    """
    at = datetime(year, 1, 1, tzinfo=UTC)
    end = at.replace(year=year + 1)
    offset = _offset(zone, at)
    jumps = [(_since_epoch(at), offset)]
    while at < end:
        following = min(at + _STEP, end)
        if _offset(zone, following) != offset:
            following = _jump(zone, at, following)
            offset = _offset(zone, following)
            jumps.append((_since_epoch(following), offset))
        at = following
    bounds = [*(start for start, _ in jumps), _since_epoch(end)]
    return tuple(
        (low, high, o) for (low, high), (_, o) in zip(pairwise(bounds), jumps, strict=True)
    )


def _offset(zone: ZoneInfo, at: datetime) -> int:
    return (at.astimezone(zone).utcoffset() or timedelta()) // _MICROSECOND


def _jump(zone: ZoneInfo, low: datetime, high: datetime) -> datetime:
    """The first second at which the offset is another one than at ``low``."""
    before = _offset(zone, low)
    seconds = range((high - low) // timedelta(seconds=1) + 1)
    first = bisect_right(
        seconds, False, key=lambda s: _offset(zone, low + timedelta(seconds=s)) != before
    )
    return low + timedelta(seconds=first)
