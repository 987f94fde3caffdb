"""Opening hours as a shop writes them on its door: windows of local wall time."""

import re
from collections.abc import Iterable

from crmkit.errors import InvalidValue

__all__ = ["DAY", "Span", "merged", "parse_hours"]

DAY = 86_400_000_000
"""A day of the wall clock, in microseconds; all times of day are whole microseconds."""

Span = tuple[int, int]
"""From the first microsecond to the one after the last."""

_HOURS = re.compile(
    r"([0-9]{2}):([0-9]{2})(?::([0-9]{2}))?-([0-9]{2}):([0-9]{2})(?::([0-9]{2}))?", re.ASCII
)


def parse_hours(text: str) -> Span:
    """Read a window such as ``09:00-18:00``; ``22:00-06:00`` runs past midnight.

    The end is not included: a shop open ``09:00-18:00`` is closed at 18:00. ``00:00-24:00`` is the
    whole day. The result may end after the end of the day.

    :raises InvalidValue: if the text is no window, or the window is empty.

    >>> start, end = parse_hours("22:00-06:00")
    >>> start / DAY * 24, end / DAY * 24
    (22.0, 30.0)
    """
    match = _HOURS.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise InvalidValue("hours are written like '09:00-18:00', or '22:00-06:00' past midnight")
    numbers = [int(part or 0) for part in match.groups()]
    start, end = _time_of_day(*numbers[:3]), _time_of_day(*numbers[3:])
    if start in (end, DAY):
        raise InvalidValue("hours that are empty: round the clock is written '00:00-24:00'")
    return start, end if end > start else end + DAY


def _time_of_day(hour: int, minute: int, second: int) -> int:
    seconds = (hour * 60 + minute) * 60 + second
    if minute > 59 or second > 59 or seconds > 86_400:
        raise InvalidValue("no such time of day: times run from 00:00 to 24:00")
    return seconds * 1_000_000


def merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The same time in as few spans as possible, in order."""
    result: list[Span] = []
    for start, end in sorted(spans):
        if result and start <= result[-1][1]:
            result[-1] = result[-1][0], max(end, result[-1][1])
        else:
            result.append((start, end))
    return tuple(result)


def without(spans: Iterable[Span], holes: Iterable[Span]) -> tuple[Span, ...]:
    """What is left of spans when others are cut out."""
    left = list(spans)
    for low, high in holes:
        cut: list[Span] = []
        for start, end in left:
            if start < low:
                cut.append((start, min(end, low)))
            if high < end:
                cut.append((max(start, high), end))
        left = cut
    return tuple(left)
