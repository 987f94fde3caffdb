"""Which days repeat, found the slow way: every day of a span is asked whether it is one of them.

Nothing here knows how crmkit does it. A rule is read and followed as RFC 5545 tells it: the days of
each period of its frequency are gathered, BYSETPOS chooses among them, and COUNT counts them.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from functools import cache
from itertools import groupby, islice, takewhile

from crmkit.period import Unit
from crmkit.recurrence import Every, MonthEnd

DAY = timedelta(days=1)
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def each_day(first: date, last: date) -> Iterator[date]:
    return map(date.fromordinal, range(first.toordinal(), last.toordinal() + 1))


@cache
def is_last_of_month(day: date) -> bool:
    return (day + DAY).day == 1


def month_of(day: date) -> int:
    return 12 * day.year + day.month


# --- every so often -------------------------------------------------------------------------------


def is_the_day(day: date, since: date, month_end: MonthEnd) -> bool:
    """Whether a day stands for ``since`` in its month."""
    if month_end is MonthEnd.LAST_DAY and is_last_of_month(since):
        return is_last_of_month(day)
    if day.day >= since.day or month_end is MonthEnd.SKIP:
        return day.day == since.day
    return is_last_of_month(day)


def is_the_turn(day: date, since: date, every: Every) -> bool:
    """Whether it is time in the month of a day, or on the day itself."""
    months = {Unit.MONTH: 1, Unit.QUARTER: 3, Unit.YEAR: 12}
    if every.unit in months:
        return (month_of(day) - month_of(since)) % (months[every.unit] * every.interval) == 0
    days = 1 if every.unit is Unit.DAY else 7
    return (day - since).days % (days * every.interval) == 0


def days_of_every(every: Every, since: date, last: date) -> list[date]:
    in_months = every.unit not in (Unit.DAY, Unit.WEEK)
    return [
        day
        for day in each_day(since, last)
        if (not in_months or is_the_day(day, since, every.month_end))
        and is_the_turn(day, since, every)
    ]


# --- rules ----------------------------------------------------------------------------------------


def days_of_rule(text: str, since: date, last: date) -> list[date]:
    parts = dict(part.split("=") for part in text.split(";"))
    within = _period_of(parts, since)
    # Whole years, so that BYSETPOS sees whole weeks, months and years.
    span = each_day(date(since.year, 1, 1) - 7 * DAY, date(last.year, 12, 31) + 7 * DAY)
    found: list[date] = []
    for number, days in groupby(span, key=within):
        if number >= 0 and number % int(parts.get("INTERVAL", 1)) == 0:
            wanted = [day for day in days if _is_wanted(parts, day, since)]
            found += _chosen(parts, wanted)
    until = date.fromisoformat(parts.get("UNTIL", "99991231"))
    found = [day for day in found if since <= day <= until]
    return [day for day in islice(found, int(parts.get("COUNT", 10**6))) if day <= last]


def _period_of(parts: Mapping[str, str], since: date) -> Callable[[date], int]:
    """In which day, week, month or year after the first one a day lies."""
    week_start = WEEKDAYS.index(parts.get("WKST", "MO"))
    first_of_week = since - DAY * ((since.weekday() - week_start) % 7)
    periods: dict[str, Callable[[date], int]] = {
        "DAILY": lambda day: (day - since).days,
        "WEEKLY": lambda day: (day - first_of_week).days // 7,
        "MONTHLY": lambda day: month_of(day) - month_of(since),
        "YEARLY": lambda day: day.year - since.year,
    }
    return periods[parts["FREQ"]]


def _is_wanted(parts: Mapping[str, str], day: date, since: date) -> bool:
    if "BYMONTH" in parts and day.month not in map(int, parts["BYMONTH"].split(",")):
        return False
    if "BYMONTHDAY" in parts:
        from_the_end = day.day - 1 - monthrange(day.year, day.month)[1]
        if not {day.day, from_the_end} & set(map(int, parts["BYMONTHDAY"].split(","))):
            return False
    if "BYDAY" in parts:
        return any(_is_weekday(parts, one, day) for one in parts["BYDAY"].split(","))
    return "BYMONTHDAY" in parts or _is_like_the_first(parts, day, since)


def _is_like_the_first(parts: Mapping[str, str], day: date, since: date) -> bool:
    if parts["FREQ"] == "DAILY":
        return True
    if parts["FREQ"] == "WEEKLY":
        return day.weekday() == since.weekday()
    in_month = "BYMONTH" in parts or parts["FREQ"] == "MONTHLY" or day.month == since.month
    return in_month and day.day == since.day


def _is_weekday(parts: Mapping[str, str], one: str, day: date) -> bool:
    number, weekday = one[:-2], WEEKDAYS.index(one[-2:])
    if day.weekday() != weekday or not number:
        return day.weekday() == weekday

    def is_in_scope(other: date) -> bool:
        in_month = parts["FREQ"] == "MONTHLY" or "BYMONTH" in parts
        return other.year == day.year and (other.month == day.month or not in_month)

    week = 7 * DAY if int(number) < 0 else -7 * DAY
    others = takewhile(is_in_scope, (day + week * weeks for weeks in range(60)))
    return abs(int(number)) == len(list(others))


def _at(number: int, days: list[date]) -> date | None:
    """The so-manieth from the beginning, or from the end if below zero."""
    place = number - 1 if number > 0 else len(days) + number
    return days[place] if 0 <= place < len(days) else None


def _chosen(parts: Mapping[str, str], days: list[date]) -> list[date]:
    if "BYSETPOS" not in parts:
        return days
    places = {_at(int(number), days) for number in parts["BYSETPOS"].split(",")}
    return [day for day in days if day in places]
