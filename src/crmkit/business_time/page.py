"""Some weeks of a calendar as a list of its open spans, to look things up in.

A case is mostly due within days, and asking when is what a desk does all day. A page is written
once; from then on an answer is two binary searches, whatever holidays, breaks and clock changes
there are.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from datetime import timedelta
from itertools import accumulate
from operator import sub
from typing import Self

from attrs import frozen

from crmkit.business_time.hours import Span

__all__ = ["PAGE", "Page"]

PAGE = 56
"""How many days apart pages begin. Each has twice as many: what begins on one mostly ends on it."""


@frozen
class Page:
    """The open spans between two moments, in order; a moment is the time since the epoch in UTC.

    It is kept as ``timedelta``, which counts whole microseconds as well as a number does, because
    that is what instants are subtracted to and what is added to them.
    """

    opens: tuple[timedelta, ...]
    """When each span opens, and as one more the end of the page."""
    closes: tuple[timedelta, ...]
    sums: tuple[timedelta, ...]
    """The open time before each span, and that of the whole page."""
    end: timedelta
    """Until when the page tells."""

    @classmethod
    def of(cls, spans: Iterable[Span], end: int) -> Self:
        """Write a page, from microseconds."""
        opens, closes = [], []
        for first, last in spans:
            opens.append(timedelta(0, 0, first))
            closes.append(timedelta(0, 0, last))
        sums = accumulate(map(sub, closes, opens), initial=timedelta())
        opens.append(timedelta(0, 0, end))
        return cls(tuple(opens), tuple(closes), tuple(sums), opens[-1])

    def before(self, at: timedelta) -> timedelta:
        """The open time from the beginning of the page to a moment on it."""
        place = bisect_right(self.closes, at)
        opens, total = self.opens[place], self.sums[place]
        return total + at - opens if opens < at else total

    def when(self, total: timedelta) -> timedelta | None:
        """The earliest moment by which so much open time has passed, if it is on the page."""
        sums = self.sums
        if total > sums[-1]:
            return None
        place = bisect_left(sums, total)
        return self.closes[place - 1] - sums[place] + total
