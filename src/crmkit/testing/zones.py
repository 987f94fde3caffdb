"""The instants at which clocks are put forward or back, and what lies next to them.

>>> from datetime import datetime
>>> change = clock_changes("Europe/Berlin")[0]
>>> print(change.at, change.before, change.after)
2020-03-29 01:00:00+00:00 1:00:00 2:00:00
>>> for edge in edges_of(change):
...     print(edge, edge.fold)
2020-03-29 01:59:59+01:00 0
2020-03-29 03:00:00+02:00 0
2020-03-29 03:00:01+02:00 0
2020-03-29 02:30:00+01:00 0
2020-03-29 02:30:00+02:00 1
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

from attrs import frozen

from crmkit.errors import MissingExtra

try:
    from hypothesis import strategies as st
except ImportError:
    raise MissingExtra("hypothesis", "testing") from None

__all__ = ["ClockChange", "clock_changes", "dst_edges", "edges_of"]

Strategy = st.SearchStrategy

_FIRST = int(datetime(2020, 1, 1, tzinfo=UTC).timestamp())
_END = int(datetime(2041, 1, 1, tzinfo=UTC).timestamp())
# No zone goes there and back within so short a time, which a test holds against the raw data.
_STEP = 5 * 86_400


@frozen(kw_only=True)
class ClockChange:
    """The offset from UTC of a zone changes at an instant: by daylight saving time, or by law.

    ``at`` is the first instant under the new offset, in UTC.
    """

    zone: str
    at: datetime
    before: timedelta
    after: timedelta


def _offset(zone: ZoneInfo, instant: int) -> timedelta:
    return datetime.fromtimestamp(instant, zone).utcoffset() or timedelta(0)


def _first_under(zone: ZoneInfo, low: int, high: int) -> int:
    """The second at which the offset of ``low`` has ended; ``high`` has another one."""
    old = _offset(zone, low)
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(zone, middle) == old:
            low = middle
        else:
            high = middle
    return high


@cache
def clock_changes(zone: str) -> tuple[ClockChange, ...]:
    """The changes of the clock in a zone from 2020 to 2040, in order."""
    info = ZoneInfo(zone)
    seen = [(instant, _offset(info, instant)) for instant in range(_FIRST, _END + _STEP, _STEP)]
    return tuple(
        _change(zone, info, _first_under(info, low, high))
        for (low, old), (high, new) in pairwise(seen)
        if old != new and _first_under(info, low, high) < _END
    )


def _change(zone: str, info: ZoneInfo, at: int) -> ClockChange:
    return ClockChange(
        zone=zone,
        at=datetime.fromtimestamp(at, UTC),
        before=_offset(info, at - 1),
        after=_offset(info, at),
    )


def edges_of(change: ClockChange) -> tuple[datetime, ...]:
    """What lies next to a change, on the clock of the zone.

    A second before it, at it, and a second after it; then the middle of the hour that the clock
    leaves out or strikes twice, with ``fold`` 0 and 1. ``edge.replace(tzinfo=None)`` is what the
    clock on the wall shows, with its ``fold``.
    """
    return tuple(_edges(change))


def _edges(change: ClockChange) -> Iterator[datetime]:
    zone, second = ZoneInfo(change.zone), timedelta(seconds=1)
    for at in (change.at - second, change.at, change.at + second):
        yield at.astimezone(zone)
    middle = change.at.replace(tzinfo=None) + (change.before + change.after) / 2
    for fold in (0, 1):
        yield middle.replace(microsecond=0, tzinfo=zone, fold=fold)


@cache
def _zones() -> list[str]:
    """The zones whose clocks change, the everyday ones first."""
    found = [zone for zone in sorted(available_timezones()) if clock_changes(zone)]
    first = [zone for zone in ("Europe/Berlin", "America/New_York") if zone in found]
    return [*first, *(zone for zone in found if zone not in first)]


def dst_edges(zone: str | None = None) -> Strategy[datetime]:
    """Aware datetimes at, next to and within each change of the clock, in a zone or in any.

    Every zone of the time zone database that changes its clock from 2020 to 2040 has a part: by an
    hour, by half an hour, in the other direction, or by a whole day. A zone that never does has no
    edges. Times that the clock leaves out are among them: they are what a form may send.
    """
    if zone is not None:
        return _in(zone)
    return st.deferred(lambda: st.sampled_from(_zones()).flatmap(_in))


@cache
def _in(zone: str) -> Strategy[datetime]:
    changes = clock_changes(zone)
    return st.sampled_from(changes).flatmap(lambda change: st.sampled_from(edges_of(change)))
