"""Some weeks of a calendar as a list of its open spans, to look things up in.

A case is mostly due within days, and asking when is what a desk does all day. A page is written
once; from then on an answer is two binary searches, whatever holidays, breaks and clock changes
there are.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from itertools import accumulate
from typing import Self

from attrs import frozen

from crmkit.business_time.hours import DAY, Span

__all__ = ["PAGE", "Page"]

PAGE = 56 * DAY
"""How far apart pages begin. Each is two of these long: what begins on one mostly ends on it."""


@frozen
class Page:
    """The open spans between two moments (microseconds since the epoch, UTC), in order."""

    opens: tuple[int, ...]
    """When each span opens, and as one more the end of the page."""
    closes: tuple[int, ...]
    sums: tuple[int, ...]
    """The open time before each span, and that of the whole page."""
    end: int
    """Until when the page tells."""

    @classmethod
    def of(cls, spans: Iterable[Span], end: int) -> Self:
        """Write a page."""
        opens, closes = [], []
        for first, last in spans:
            opens.append(first)
            closes.append(last)
        lengths = (last - first for first, last in zip(opens, closes, strict=True))
        return cls((*opens, end), tuple(closes), (0, *accumulate(lengths)), end)

    def before(self, at: int) -> int:
        """The open time from the beginning of the page to a moment on it."""
        place = bisect_right(self.closes, at)
        opens, total = self.opens[place], self.sums[place]
        return total + at - opens if opens < at else total

    def when(self, total: int) -> int | None:
        """The earliest moment by which so much open time has passed, if it is on the page."""
        sums = self.sums
        if total > sums[-1]:
            return None
        place = bisect_left(sums, total)
        return self.closes[place - 1] - sums[place] + total
