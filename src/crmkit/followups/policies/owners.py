"""Owners of follow-ups: who does them, on which days, and how many a day."""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

from attrs import field, frozen

from crmkit.business_time import BusinessCalendar, Weekday
from crmkit.errors import InvalidPolicy
from crmkit.identifiers import Actor, check_identifier
from crmkit.period import check_date

__all__ = ["Capacity", "FollowUpOwner"]

_MOST = 10_000
_WEEK = tuple(Weekday)


def _check_count(count: int) -> None:
    if type(count) is not int or not 0 <= count <= _MOST:
        raise InvalidPolicy(f"somebody can do 0 to {_MOST:,} follow-ups a day: pass a whole number")


def _weekdays(counts: Mapping[Weekday, int]) -> Mapping[Weekday, int]:
    try:
        found = {Weekday(day): count for day, count in counts.items()}
    except (AttributeError, ValueError):
        raise InvalidPolicy("capacity by weekday is such as {Weekday.FRIDAY: 4}") from None
    return MappingProxyType({day: found[day] for day in _WEEK if day in found})


def _dates(counts: Mapping[date, int]) -> Mapping[date, int]:
    if not isinstance(counts, Mapping):
        raise InvalidPolicy("capacity by date is such as {date(2026, 5, 4): 0}")
    for day in counts:
        check_date(day, "a date of a capacity")
    return MappingProxyType(dict(sorted(counts.items())))


@frozen
class Capacity:
    """How many follow-ups somebody can do: ``a_day``, or else on some weekdays, or on some dates.

    A date comes before its weekday, and that before ``a_day``. Zero is a day for other work.

    :raises InvalidPolicy: if a count is no whole number from 0 to 10,000.
    :raises InvalidValue: if a date is no plain date.

    >>> capacity = Capacity(12, weekdays={Weekday.FRIDAY: 6}, dates={date(2026, 5, 29): 0})
    >>> [capacity.on(date(2026, 5, day)) for day in (21, 22, 29)]
    [12, 6, 0]
    """

    a_day: int
    weekdays: Mapping[Weekday, int] = field(
        factory=dict, converter=_weekdays, hash=False, kw_only=True
    )
    dates: Mapping[date, int] = field(factory=dict, converter=_dates, hash=False, kw_only=True)

    def __attrs_post_init__(self) -> None:
        for count in (self.a_day, *self.weekdays.values(), *self.dates.values()):
            _check_count(count)

    def on(self, day: date) -> int:
        """How many follow-ups on a day."""
        count = self.dates.get(day)
        if count is None:
            count = self.weekdays.get(_WEEK[day.weekday()])
        return self.a_day if count is None else count


@frozen(kw_only=True)
class FollowUpOwner:
    """Somebody who follows customers up: working days, how many a day, and until when.

    ``leaves_on`` is the last day on which the owner is there.

    :raises InvalidPolicy: if the capacity or the calendar is none.
    :raises InvalidIdentifier: if the actor could not serve as a key.
    """

    actor: Actor
    calendar: BusinessCalendar
    capacity: Capacity
    leaves_on: date | None = None

    def __attrs_post_init__(self) -> None:
        check_identifier(self.actor, "actor")
        if not isinstance(self.calendar, BusinessCalendar):
            raise InvalidPolicy("the days of an owner are a BusinessCalendar")
        if not isinstance(self.capacity, Capacity):
            raise InvalidPolicy("what an owner can do is a Capacity, such as Capacity(12)")
        if self.leaves_on is not None:
            check_date(self.leaves_on, "leaves_on")

    def is_there_on(self, day: date) -> bool:
        """Whether the owner has not left before a day; it may be a day off."""
        return self.leaves_on is None or day <= self.leaves_on
