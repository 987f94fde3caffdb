"""Rules of repetition of calendar files (RFC 5545, 3.3.10), as far as days go, and bounded.

Known are the frequencies from daily to yearly with INTERVAL, COUNT or UNTIL, BYMONTH, BYMONTHDAY,
BYDAY, BYSETPOS and WKST. Anything else is refused by name, not passed over.
"""

import re
from calendar import isleap, monthrange
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from attrs import define, frozen

from crmkit.errors import InvalidValue

__all__ = ["Patience", "Rule", "days_of_rule", "parse_rule"]

MOST_INTERVAL = 1_000
MOST_COUNT = 10_000
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")

_WEEKDAY = re.compile(r"([+-]?[0-9]{1,2})?(MO|TU|WE|TH|FR|SA|SU)", re.ASCII)
_NUMBER = re.compile(r"[+-]?[0-9]{1,6}", re.ASCII)


@frozen(kw_only=True)
class Rule:
    """How a day repeats. An ordinal of zero before a weekday means every one of them."""

    frequency: str
    interval: int = 1
    count: int | None = None
    until: str | None = None
    """As it is written: a day, or a moment, which only the event can read."""
    months: tuple[int, ...] = ()
    month_days: tuple[int, ...] = ()
    weekdays: tuple[tuple[int, int], ...] = ()
    positions: tuple[int, ...] = ()
    week_start: int = 0


@define
class Patience:
    """How many days may still be looked at, for all rules of a file together."""

    left: int

    def spend(self, days: int) -> None:
        """Count days that were looked at.

        :raises InvalidValue: if there were too many.
        """
        self.left -= days
        if self.left < 0:
            raise InvalidValue(
                "the rules of the file take too many steps to follow: ask for a shorter period, "
                "or let the event begin later"
            )


def parse_rule(text: str) -> Rule:
    """Read a rule such as ``FREQ=YEARLY;BYMONTH=11;BYDAY=4TH``.

    :raises InvalidValue: if a part is unknown, stands twice, or has no such value.

    >>> parse_rule("FREQ=YEARLY;BYMONTH=11;BYDAY=4TH").weekdays
    ((4, 3),)
    """
    parts: dict[str, str] = {}
    for part in text.upper().strip(";").split(";"):
        name, _, value = part.partition("=")
        if name not in _PARTS:
            raise InvalidValue(f"a part of the rule is not known: use {', '.join(_PARTS)}")
        if name in parts:
            raise InvalidValue(f"{name} stands twice in the rule: say it once")
        parts[name] = value
    if "FREQ" not in parts:
        raise InvalidValue(f"the rule has no FREQ: use one of {', '.join(FREQUENCIES)}")
    if "COUNT" in parts and "UNTIL" in parts:
        raise InvalidValue("the rule ends twice: use COUNT or UNTIL, not both")
    rule = Rule(**_fields(parts))
    _check(rule)
    return rule


def _fields(parts: Mapping[str, str]) -> dict[str, Any]:
    return {_PARTS[name][0]: _PARTS[name][1](name, value) for name, value in parts.items()}


def _check(rule: Rule) -> None:
    ordinals = [ordinal for ordinal, _ in rule.weekdays if ordinal]
    if ordinals and rule.frequency in ("DAILY", "WEEKLY"):
        raise InvalidValue("BYDAY has a number only in a rule that is MONTHLY or YEARLY")
    if rule.month_days and rule.frequency == "WEEKLY":
        raise InvalidValue("BYMONTHDAY has no meaning in a WEEKLY rule: use BYDAY")
    if rule.positions and not (rule.months or rule.month_days or rule.weekdays):
        raise InvalidValue("BYSETPOS chooses among days: name them by BYDAY or BYMONTHDAY")


def _frequency(name: str, value: str) -> str:
    if value not in FREQUENCIES:
        raise InvalidValue(f"days do not repeat like that: FREQ is one of {', '.join(FREQUENCIES)}")
    return value


def _text(name: str, value: str) -> str:
    return value


def _number(low: int, high: int, *, signed: bool = False) -> Callable[[str, str], int]:
    def read(name: str, value: str) -> int:
        number = int(value) if _NUMBER.fullmatch(value) else 0
        if not low <= (abs(number) if signed else number) <= high:
            also = f", or -{high} to -{low} from the end" if signed else ""
            raise InvalidValue(f"{name} is a whole number from {low} to {high}{also}")
        return number

    return read


def _numbers(low: int, high: int, *, signed: bool) -> Callable[[str, str], tuple[int, ...]]:
    read_one = _number(low, high, signed=signed)

    def read(name: str, value: str) -> tuple[int, ...]:
        return tuple(read_one(name, one) for one in value.split(","))

    return read


def _weekdays(name: str, value: str) -> tuple[tuple[int, int], ...]:
    matches = [_WEEKDAY.fullmatch(one) for one in value.split(",")]
    days = [(int(m[1] or 0), WEEKDAYS.index(m[2])) for m in matches if m]
    if len(days) < len(matches) or any(abs(ordinal) > 53 for ordinal, _ in days):
        raise InvalidValue("BYDAY is written like MO,WE or 4TH or -1MO")
    return tuple(days)


def _week_start(name: str, value: str) -> int:
    if value not in WEEKDAYS:
        raise InvalidValue(f"WKST is one of {', '.join(WEEKDAYS)}")
    return WEEKDAYS.index(value)


_PARTS: Mapping[str, tuple[str, Callable[[str, str], object]]] = {
    "FREQ": ("frequency", _frequency),
    "INTERVAL": ("interval", _number(1, MOST_INTERVAL)),
    "COUNT": ("count", _number(1, MOST_COUNT)),
    "UNTIL": ("until", _text),
    "BYMONTH": ("months", _numbers(1, 12, signed=False)),
    "BYMONTHDAY": ("month_days", _numbers(1, 31, signed=True)),
    "BYDAY": ("weekdays", _weekdays),
    "BYSETPOS": ("positions", _numbers(1, 366, signed=True)),
    "WKST": ("week_start", _week_start),
}


def days_of_rule(
    rule: Rule, first: date, low: date, high: date, patience: Patience
) -> Iterator[date]:
    """The days that a rule gives from its first day on, in order, from ``low`` to ``high``.

    A first day that does not obey the rule is none of them.

    :raises InvalidValue: if the patience is used up before the last day.
    """
    left = rule.count
    # Who counts must begin at the beginning; who does not may begin shortly before the period.
    turn = 0 if left else max(0, _turns(rule, first, low))
    cost = _cost(rule)
    while True:
        patience.spend(cost)
        start, days = _turn(rule, first, turn)
        if start is None or start > high:
            return
        for day in _chosen(rule, days):
            if day >= first:
                if low <= day <= high:
                    yield day
                if left is not None:
                    left -= 1
                    if left == 0:
                        return
        turn += 1


def _turns(rule: Rule, first: date, low: date) -> int:
    """In which turn of the rule a day lies, or a turn before."""
    if rule.frequency == "YEARLY":
        return (low.year - first.year) // rule.interval
    if rule.frequency == "MONTHLY":
        return (_month_number(low) - _month_number(first)) // rule.interval
    days = 7 if rule.frequency == "WEEKLY" else 1
    return (low - first).days // days // rule.interval


def _cost(rule: Rule) -> int:
    """How many days a turn of the rule looks at, and one for itself."""
    if rule.frequency in ("DAILY", "WEEKLY"):
        return 2 if rule.frequency == "DAILY" else 8
    days = len(rule.month_days) or (31 if rule.weekdays else 1)
    months = len(rule.months) or (12 if rule.month_days or rule.weekdays else 1)
    return 1 + days * (months if rule.frequency == "YEARLY" else 1)


def _turn(rule: Rule, first: date, turn: int) -> tuple[date | None, list[date]]:
    """The first day of a turn, none after the last year there is, and the days it may mean."""
    step = turn * rule.interval
    try:
        if rule.frequency == "YEARLY":
            return date(first.year + step, 1, 1), _days_of_year(rule, first, first.year + step)
        if rule.frequency == "MONTHLY":
            year, month = divmod(_month_number(first) + step, 12)
            return date(year, month + 1, 1), _days_of_months(rule, first, year, [month + 1])
        if rule.frequency == "WEEKLY":
            return _days_of_week(rule, first, step)
        day = first + timedelta(days=step)
    except (ValueError, OverflowError):
        return None, []
    return day, [day] if _fits(rule, day) else []


def _month_number(day: date) -> int:
    return day.year * 12 + day.month - 1


def _days_of_year(rule: Rule, first: date, year: int) -> list[date]:
    named = rule.month_days or rule.weekdays
    return _days_of_months(rule, first, year, list(range(1, 13)) if named else [first.month])


def _days_of_months(rule: Rule, first: date, year: int, months: list[int]) -> list[date]:
    if rule.months:
        chosen = set(rule.months)
        months = sorted(chosen if rule.frequency == "YEARLY" else chosen & set(months))
    return [day for month in months for day in _days_of_month(rule, first, year, month)]


def _days_of_month(rule: Rule, first: date, year: int, month: int) -> list[date]:
    length = monthrange(year, month)[1]
    if rule.month_days:
        wanted = {day if day > 0 else length + 1 + day for day in rule.month_days}
    elif rule.weekdays:
        wanted = set(range(1, length + 1))
    else:
        wanted = {first.day}
    days = [date(year, month, day) for day in sorted(wanted) if 1 <= day <= length]
    return [day for day in days if _is_wanted_weekday(rule, day)]


def _days_of_week(rule: Rule, first: date, step: int) -> tuple[date, list[date]]:
    since = (first.weekday() - rule.week_start) % 7
    start = first.toordinal() - since + 7 * step
    weekdays = {weekday for _, weekday in rule.weekdays} or {first.weekday()}
    numbers = [number for number in range(start, start + 7) if (number - 1) % 7 in weekdays]
    last = date.max.toordinal()
    days = [date.fromordinal(number) for number in numbers if 1 <= number <= last]
    return date.fromordinal(max(1, start)), [
        day for day in days if not rule.months or day.month in rule.months
    ]


def _fits(rule: Rule, day: date) -> bool:
    """Whether a day of a daily rule is one of those it is limited to."""
    from_end = day.day - 1 - monthrange(day.year, day.month)[1]
    return (
        (not rule.months or day.month in rule.months)
        and (not rule.month_days or day.day in rule.month_days or from_end in rule.month_days)
        and _is_wanted_weekday(rule, day)
    )


def _is_wanted_weekday(rule: Rule, day: date) -> bool:
    if not rule.weekdays:
        return True
    weekday = day.weekday()
    ordinals = [ordinal for ordinal, wanted in rule.weekdays if wanted == weekday]
    return 0 in ordinals or (bool(ordinals) and _is_wanted_ordinal(rule, day, ordinals))


def _is_wanted_ordinal(rule: Rule, day: date, ordinals: list[int]) -> bool:
    """Whether it is the first, second or last such weekday of its month, or of its year."""
    if rule.frequency == "YEARLY" and not rule.months:
        place, length = day.timetuple().tm_yday, 366 if isleap(day.year) else 365
    else:
        place, length = day.day, monthrange(day.year, day.month)[1]
    return (place - 1) // 7 + 1 in ordinals or -((length - place) // 7 + 1) in ordinals


def _chosen(rule: Rule, days: list[date]) -> list[date]:
    """The days in the places that BYSETPOS names."""
    if not rule.positions:
        return days
    places = {place - 1 if place > 0 else len(days) + place for place in rule.positions}
    return [days[place] for place in sorted(places) if 0 <= place < len(days)]
