"""Rules of repetition as calendar files write them (RFC 5545, 3.3.10), as far as days go.

Known are the frequencies from daily to yearly with INTERVAL, COUNT or UNTIL, BYMONTH, BYMONTHDAY,
BYDAY, BYSETPOS and WKST. Anything else is refused by name, not passed over.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from attrs import frozen

from crmkit.errors import InvalidValue
from crmkit.recurrence.every import MOST_INTERVAL
from crmkit.recurrence.months import days_in_month

__all__ = ["FREQUENCIES", "WEEKDAYS", "Rule", "parse_rule", "text_of_rule"]

MOST_COUNT = 10_000
MOST_CHARACTERS = 2_000
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")

_WEEKDAY = re.compile(r"([+-]?[0-9]{1,2})?(MO|TU|WE|TH|FR|SA|SU)", re.ASCII)
_NUMBER = re.compile(r"[+-]?[0-9]{1,6}", re.ASCII)
_LEAP_YEAR = 2024


# The days of a rule are looked up by it.
@frozen(kw_only=True, cache_hash=True)
class Rule:
    """How a day repeats. Rules that say the same in another order are equal."""

    frequency: str
    interval: int = 1
    count: int | None = None
    until: str | None = None
    """As it is written: a day, or a moment, which only an event can read."""
    months: tuple[int, ...] = ()
    month_days: tuple[int, ...] = ()
    weekdays: tuple[tuple[int, int], ...] = ()
    """An ordinal and a weekday, Monday being 0. An ordinal of zero means every one of them."""
    positions: tuple[int, ...] = ()
    week_start: int = 0


def parse_rule(text: str) -> Rule:
    """Read a rule such as ``FREQ=YEARLY;BYMONTH=11;BYDAY=4TH``.

    :raises InvalidValue: if a part is unknown, stands twice, or has no such value.

    >>> parse_rule("FREQ=YEARLY;BYMONTH=11;BYDAY=4TH").weekdays
    ((4, 3),)
    """
    if not isinstance(text, str) or len(text) > MOST_CHARACTERS or not text.isascii():
        raise InvalidValue(
            f"a rule is a text such as FREQ=MONTHLY;BYDAY=2TU, of {MOST_CHARACTERS:,} ASCII "
            f"characters at most"
        )
    return _parsed(text)


@lru_cache(maxsize=256)
def _parsed(text: str) -> Rule:
    parts: dict[str, str] = {}
    for part in text.upper().removesuffix(";").split(";"):
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


def text_of_rule(rule: Rule) -> str:
    """The one text of a rule: its parts in order, and none that says what goes without saying.

    >>> text_of_rule(parse_rule("byday=fr,-1mo;interval=1;freq=monthly"))
    'FREQ=MONTHLY;BYDAY=-1MO,FR'
    """
    weekdays = (f"{ordinal or ''}{WEEKDAYS[weekday]}" for ordinal, weekday in rule.weekdays)
    parts = {
        "FREQ": rule.frequency,
        "INTERVAL": str(rule.interval) if rule.interval > 1 else "",
        "COUNT": str(rule.count or ""),
        "UNTIL": rule.until or "",
        "BYMONTH": ",".join(map(str, rule.months)),
        "BYMONTHDAY": ",".join(map(str, rule.month_days)),
        "BYDAY": ",".join(weekdays),
        "BYSETPOS": ",".join(map(str, rule.positions)),
        "WKST": WEEKDAYS[rule.week_start] if rule.week_start else "",
    }
    return ";".join(f"{name}={value}" for name, value in parts.items() if value)


def _fields(parts: Mapping[str, str]) -> dict[str, Any]:
    return {_PARTS[name][0]: _PARTS[name][1](name, value) for name, value in parts.items()}


def _check(rule: Rule) -> None:
    ordinals = [abs(ordinal) for ordinal, _ in rule.weekdays if ordinal]
    if ordinals and rule.frequency in ("DAILY", "WEEKLY"):
        raise InvalidValue("BYDAY has a number only in a rule that is MONTHLY or YEARLY")
    if max(ordinals, default=0) > 5 and (rule.frequency == "MONTHLY" or rule.months):
        raise InvalidValue("BYDAY is numbered from 1 to 5 within a month, as in 2TU or -1FR")
    if rule.month_days and rule.frequency == "WEEKLY":
        raise InvalidValue("BYMONTHDAY has no meaning in a WEEKLY rule: use BYDAY")
    if rule.positions and not (rule.months or rule.month_days or rule.weekdays):
        raise InvalidValue("BYSETPOS chooses among days: name them by BYDAY or BYMONTHDAY")
    longest = max((days_in_month(_LEAP_YEAR, month) for month in rule.months), default=31)
    if min(map(abs, rule.month_days), default=1) > longest:
        raise InvalidValue("there is no such day: no month of BYMONTH has a day of BYMONTHDAY")


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
        return _in_order(read_one(name, one) for one in value.split(","))

    return read


def _in_order(numbers: Iterable[int]) -> tuple[int, ...]:
    """Each once: those from the beginning on, then those from the end."""
    return tuple(sorted(set(numbers), key=lambda number: (number < 0, number)))


def _weekdays(name: str, value: str) -> tuple[tuple[int, int], ...]:
    matches = [_WEEKDAY.fullmatch(one) for one in value.split(",")]
    numbers = [int(match[1]) for match in matches if match and match[1]]
    if not all(matches) or not all(1 <= abs(number) <= 53 for number in numbers):
        raise InvalidValue("BYDAY is written like MO,WE or 4TH or -1MO")
    days = {(WEEKDAYS.index(match[2]), int(match[1] or 0)) for match in matches if match}
    return tuple((ordinal, weekday) for weekday, ordinal in sorted(days))


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
