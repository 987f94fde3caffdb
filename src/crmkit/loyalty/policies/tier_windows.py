"""The windows of time in which a member qualifies for a tier.

Each says on which day it opens, and when it lets go of what was counted. ``anchor`` is the day from
which spans are counted: the one on which a member joined or, for a window that restarts at each
change of tier, that of the last change.
"""

from datetime import date, timedelta
from functools import lru_cache

from attrs import frozen

from crmkit.errors import InvalidPolicy, InvalidValue
from crmkit.period import Period, Unit, add_units
from crmkit.tiering import ReviewCycle

__all__ = [
    "AnniversaryWindow",
    "CalendarWindow",
    "RollingWindow",
    "SinceJoining",
    "SinceLastChange",
    "TierWindow",
]

_ONE_DAY = timedelta(days=1)
_LONGEST_DAYS = {Unit.DAY: 1, Unit.WEEK: 7, Unit.MONTH: 31, Unit.QUARTER: 92, Unit.YEAR: 366}
_MONTHS = {Unit.MONTH: 1, Unit.QUARTER: 3, Unit.YEAR: 12}


@frozen
class RollingWindow:
    """The last so many units up to the day itself, such as the last twelve months.

    It moves on every day: what was earned on the first day in it is gone the next day. Windows of
    months are those of :meth:`crmkit.period.Period.trailing`.

    :raises InvalidPolicy: if it is shorter than one unit.

    >>> RollingWindow(12, Unit.MONTH).start(date(2026, 3, 31), date(2020, 1, 1))
    datetime.date(2025, 4, 1)
    """

    count: int
    unit: Unit

    def __attrs_post_init__(self) -> None:
        _check_length(self.count, self.unit)

    def start(self, day: date, anchor: date) -> date:
        """The first day that counts on a day."""
        return max(_trailing_start(self.count, self.unit, day), anchor)

    def lets_go_on(self, counted: date, anchor: date) -> date | None:
        """The day on which what counted on a day is in the window no more."""
        return _leaves_on(self.count, self.unit, counted)

    def cycle(self, anchor: date) -> ReviewCycle | None:
        """The days on which it begins anew: none."""
        return None


@frozen
class CalendarWindow:
    """The calendar year, quarter or month of the day; all that counted is gone when it ends.

    ``first_month`` begins a program year elsewhere: 4 for years from April to March.

    :raises InvalidPolicy: if the unit is shorter than a month, or there is no such month.

    >>> CalendarWindow(first_month=4).start(date(2026, 3, 31), date(2020, 1, 1))
    datetime.date(2025, 4, 1)
    """

    unit: Unit = Unit.YEAR
    first_month: int = 1

    def __attrs_post_init__(self) -> None:
        if self.unit not in _MONTHS:
            raise InvalidPolicy("a calendar window is a month, a quarter or a year")
        if type(self.first_month) is not int or not 1 <= self.first_month <= 12:
            raise InvalidPolicy("the first month of a program year is 1 to 12")

    def start(self, day: date, anchor: date) -> date:
        """The first day that counts on a day."""
        return max(_first_of(self._opened(day)) or date.min, anchor)

    def lets_go_on(self, counted: date, anchor: date) -> date | None:
        """The day on which what counted on a day is in the window no more."""
        return _first_of(self._opened(counted) + _MONTHS[self.unit])

    def cycle(self, anchor: date) -> ReviewCycle:
        """The days on which it begins anew."""
        return ReviewCycle(_first_of(self._opened(anchor)) or date.min, 1, self.unit)

    def _opened(self, day: date) -> int:
        """The month in which the window of a day opens, counted from the year 0."""
        months = 12 * day.year + day.month - 1
        return months - (months - self.first_month + 1) % _MONTHS[self.unit]


@frozen
class AnniversaryWindow:
    """Years, or other spans, counted from the day on which the member joined, one after the other.

    Each is counted from that day, so that one on the 31st is not worn down by shorter months.

    :raises InvalidPolicy: if it is shorter than one unit.

    >>> AnniversaryWindow().start(date(2026, 3, 1), date(2024, 2, 29))
    datetime.date(2026, 2, 28)
    """

    count: int = 1
    unit: Unit = Unit.YEAR

    def __attrs_post_init__(self) -> None:
        _check_length(self.count, self.unit)

    def start(self, day: date, anchor: date) -> date:
        """The first day that counts on a day."""
        return _span(anchor, self.count, self.unit, day)[0]

    def lets_go_on(self, counted: date, anchor: date) -> date | None:
        """The day on which what counted on a day is in the window no more."""
        return _span(anchor, self.count, self.unit, counted)[1]

    def cycle(self, anchor: date) -> ReviewCycle:
        """The days on which it begins anew."""
        return ReviewCycle(anchor, self.count, self.unit)


@frozen
class SinceLastChange:
    """All since the day after the last change of tier, up or down; before the first, since joining.

    What led to the change is used up by it. With a length, such as 12 months, it also begins anew
    on the day so long after the change, and so on. Coming in at the entry tier is no change.

    :raises InvalidPolicy: if a length has no unit, or is shorter than one.
    """

    count: int | None = None
    unit: Unit | None = None

    def __attrs_post_init__(self) -> None:
        if (self.count is None) != (self.unit is None):
            raise InvalidPolicy("a window begins anew after so many units: name both, or neither")
        if self.count is not None and self.unit is not None:
            _check_length(self.count, self.unit)

    def start(self, day: date, anchor: date) -> date:
        """The first day of the span that a day lies in; that of the change itself is used up."""
        if self.count is None or self.unit is None:
            return anchor
        return _span(anchor, self.count, self.unit, day)[0]

    def lets_go_on(self, counted: date, anchor: date) -> date | None:
        """The day on which what counted on a day is in the window no more."""
        if self.count is None or self.unit is None:
            return None
        return _span(anchor, self.count, self.unit, counted)[1]

    def cycle(self, anchor: date) -> ReviewCycle | None:
        """The days on which it begins anew: none without a length."""
        if self.count is None or self.unit is None:
            return None
        return ReviewCycle(anchor, self.count, self.unit)


@frozen
class SinceJoining:
    """All since the member joined: a tier for life, but for returns."""

    def start(self, day: date, anchor: date) -> date:
        """The first day that counts on a day."""
        return anchor

    def lets_go_on(self, counted: date, anchor: date) -> date | None:
        """Never: what counted once counts on."""
        return None

    def cycle(self, anchor: date) -> ReviewCycle | None:
        """The days on which it begins anew: none."""
        return None


TierWindow = RollingWindow | CalendarWindow | AnniversaryWindow | SinceLastChange | SinceJoining
"""The time in which what a member does counts for their tier."""


def _check_length(count: int, unit: Unit) -> None:
    if type(count) is not int or count < 1 or not isinstance(unit, Unit):
        raise InvalidPolicy("a window has at least one whole unit, such as 12 of Unit.MONTH")


def _first_of(months: int) -> date | None:
    """The first day of a month, None outside the years 1 to 9999."""
    return date(months // 12, months % 12 + 1, 1) if 12 <= months < 120_000 else None


def _moved(day: date, count: int, unit: Unit) -> date | None:
    """So many units later, None beyond the last day of the calendar."""
    try:
        return add_units(day, count, unit)
    except InvalidValue:
        return None


# Calendar arithmetic is slow, and a batch of members asks about few different days.
@lru_cache(maxsize=65536)
def _trailing_start(count: int, unit: Unit, day: date) -> date:
    try:
        return Period.trailing(day, count, unit).start
    except InvalidValue:
        return date.min  # The window opens before the first day of the calendar.


@lru_cache(maxsize=65536)
def _leaves_on(count: int, unit: Unit, counted: date) -> date | None:
    """The first day whose trailing window begins after a day: the inverse of its start."""
    day = _moved(counted, count, unit)
    if day is None or day.year == date.max.year:
        return None  # The calendar ends before it could be seen to leave.
    # It is never too late, but too early where months are shorter.
    while _trailing_start(count, unit, day) <= counted:
        day += _ONE_DAY
    return day


@lru_cache(maxsize=65536)
def _span(anchor: date, count: int, unit: Unit, day: date) -> tuple[date, date | None]:
    """The first day of the span that a day lies in, and of the one after it."""
    number = max(0, (day - anchor).days // (_LONGEST_DAYS[unit] * count))
    start = add_units(anchor, number * count, unit)
    while (end := _moved(anchor, (number + 1) * count, unit)) is not None and end <= day:
        number, start = number + 1, end
    return start, end
