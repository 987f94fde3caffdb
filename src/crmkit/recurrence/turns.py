"""The days of a rule, turn by turn: a month, a year or a week at a time.

Which days of a month a rule means depends on nothing but the weekday it begins on and its length,
and those of a year on its first weekday and whether it is a leap year. So the days of a turn are
worked out for each of these shapes once, and looked up from then on.
"""

from calendar import isleap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache
from itertools import chain

from attrs import define, evolve

from crmkit.errors import InvalidValue
from crmkit.recurrence.grammar import Rule
from crmkit.recurrence.months import days_in_month

__all__ = ["Patience", "days_of_rule", "days_of_rule_backwards"]

Offsets = tuple[int, ...]
"""The days of a turn, its first day being 0."""

_MOST_SHAPES = 4_096
_CYCLE = 146_097
"""The days of 400 years, after which the calendar repeats: they are whole weeks."""


@define
class Patience:
    """How many steps may still be taken: the turns of a rule, and the days of long events."""

    left: int

    def spend(self, steps: int) -> None:
        """Count steps that are taken.

        :raises InvalidValue: if they are too many.
        """
        self.left -= steps
        if self.left < 0:
            raise InvalidValue(
                "too many steps until there is a day: let it repeat more often or begin later, or "
                "ask for a shorter period"
            )


def days_of_rule(
    rule: Rule, since: date, low: date, high: date, patience: Patience
) -> Iterator[date]:
    """The days that a rule gives from the day it begins on, in order, from ``low`` to ``high``.

    A first day that does not obey the rule is none of them.

    :raises InvalidValue: if the patience is used up before the last day.
    """
    rule = _completed(rule, since)
    least, most = max(low, since).toordinal(), high.toordinal()
    # It begins shortly before the span; what COUNT had given by then is only counted.
    turns = _turns(rule, since, low, high)
    left = _left(rule, since, turns, patience)
    if left == 0:
        return
    for days in _followed(rule, since, turns, patience):
        if left is not None:
            days = days[:left]
            left -= len(days)
        yield from (date.fromordinal(day) for day in days if least <= day <= most)
        if left == 0:
            return


def days_of_rule_backwards(
    rule: Rule, since: date, high: date, patience: Patience
) -> Iterator[date]:
    """The days that a rule gives up to ``high``, the latest first.

    :raises InvalidValue: if the patience is used up before the first day.
    """
    if rule.count:
        yield from reversed(list(days_of_rule(rule, since, since, high, patience)))
        return
    rule = _completed(rule, since)
    most = high.toordinal()
    turns = reversed(_turns(rule, since, since, high))
    for days in _followed(rule, since, turns, patience):
        yield from (date.fromordinal(day) for day in reversed(days) if day <= most)


# --- which turns ----------------------------------------------------------------------------------


def _completed(rule: Rule, since: date) -> Rule:
    """What a rule leaves open is taken from the day it begins on."""
    if rule.month_days or rule.weekdays or rule.frequency == "DAILY":
        return rule
    if rule.frequency == "WEEKLY":
        return evolve(rule, weekdays=((0, since.weekday()),))
    months = rule.months
    if rule.frequency == "YEARLY":
        months = months or (since.month,)
    return evolve(rule, months=months, month_days=(since.day,))


def _turns(rule: Rule, since: date, low: date, high: date) -> range:
    """The turns of a rule that touch a span, by their numbers on the calendar."""
    first, step = _turn_of(rule, since), 1 if rule.frequency == "DAILY" else rule.interval
    passed = max(0, _turn_of(rule, low) - first) // step
    return range(first + passed * step, _turn_of(rule, high) + 1, step)


def _turn_of(rule: Rule, day: date) -> int:
    if rule.frequency == "YEARLY":
        return day.year
    if rule.frequency == "WEEKLY":
        # Day 1 of the calendar is a Monday.
        return (day.toordinal() - 1 - rule.week_start) // 7
    return day.year * 12 + day.month - 1


def _followed(
    rule: Rule, since: date, turns: Iterable[int], patience: Patience
) -> Iterator[Sequence[int]]:
    """The days of turns from the day on which the rule begins."""
    begins = since.toordinal()
    days_of_turn = _DAYS_OF[rule.frequency]
    for turn in turns:
        patience.spend(1)
        first, offsets = days_of_turn(rule, turn)
        if not offsets:
            continue
        days = [first + offset for offset in offsets]
        if rule.frequency == "DAILY" and rule.interval > 1:
            days = [day for day in days if (day - begins) % rule.interval == 0]
        yield [day for day in days if day >= begins] if first < begins else days


def _left(rule: Rule, since: date, turns: range, patience: Patience) -> int | None:
    """How many days COUNT leaves for turns and those after them."""
    if rule.count is None:
        return None
    earlier = range(_turn_of(rule, since), turns.start, turns.step)
    # Not all days of the first turn are among the days, and every so-manieth of DAILY only.
    some = len(earlier) if rule.frequency == "DAILY" and rule.interval > 1 else 1
    followed = map(len, _followed(rule, since, earlier[:some], patience))
    left = rule.count
    for given in chain(followed, _lengths(rule, earlier[some:], patience)):
        left -= given
        if left <= 0:
            return 0
    return left


def _lengths(rule: Rule, turns: Iterable[int], patience: Patience) -> Iterator[int]:
    """How many days turns have."""
    days_of_turn = _DAYS_OF[rule.frequency]
    for turn in turns:
        patience.spend(1)
        yield len(days_of_turn(rule, turn)[1])


# --- which days of a turn -------------------------------------------------------------------------


def _in_week(rule: Rule, turn: int) -> tuple[int, Offsets]:
    """The first day of a week, and the days that the rule gives in it, counted from there."""
    first = 7 * turn + 1 + rule.week_start
    if not rule.months:
        return first, _days_of_week(rule, (True,) * 7)
    # A week has days of two months at most.
    if not any(_month_of(first + offset) in rule.months for offset in (0, 6)):
        return first, ()
    named = tuple(_month_of(first + offset) in rule.months for offset in range(7))
    return first, _days_of_week(rule, named)


def _month_of(day: int) -> int:
    # The week at either end of the calendar has days in a year that it does not know.
    return date.fromordinal((day - 1) % _CYCLE + 1).month


def _in_month(rule: Rule, turn: int) -> tuple[int, Offsets]:
    year, month = divmod(turn, 12)
    month += 1
    if rule.months and month not in rule.months:
        return 0, ()
    first = date(year, month, 1).toordinal()
    return first, _days_of_month(rule, (first - 1) % 7, days_in_month(year, month))


def _in_year(rule: Rule, year: int) -> tuple[int, Offsets]:
    first = date(year, 1, 1).toordinal()
    return first, _days_of_year(rule, (first - 1) % 7, isleap(year))


_DAYS_OF: Mapping[str, Callable[[Rule, int], tuple[int, Offsets]]] = {
    "DAILY": _in_month,
    "WEEKLY": _in_week,
    "MONTHLY": _in_month,
    "YEARLY": _in_year,
}


@lru_cache(maxsize=_MOST_SHAPES)
def _days_of_week(rule: Rule, named: tuple[bool, ...]) -> Offsets:
    """The days of a week of which some lie in a month that is named."""
    offsets = sorted({(weekday - rule.week_start) % 7 for _, weekday in rule.weekdays})
    return _chosen(rule, [offset for offset in offsets if named[offset]])


@lru_cache(maxsize=_MOST_SHAPES)
def _days_of_month(rule: Rule, weekday: int, length: int) -> Offsets:
    """The days of a month that begins on a weekday."""
    days = _month_days(rule, length)
    wanted = [day for day in days if _is_wanted(rule, (weekday + day) % 7, day, length)]
    if rule.frequency == "DAILY":
        # Each day is a turn of its own, in which it is the first and the last.
        return tuple(wanted) if not rule.positions or {1, -1} & {*rule.positions} else ()
    return _chosen(rule, wanted)


@lru_cache(maxsize=_MOST_SHAPES)
def _days_of_year(rule: Rule, weekday: int, leap: bool) -> Offsets:
    """The days of a year that begins on a weekday."""
    year, wanted, start = 2024 if leap else 2025, list[int](), 0
    for month in range(1, 13):
        length = days_in_month(year, month)
        if not rule.months or month in rule.months:
            for day in _month_days(rule, length):
                # A weekday is counted within the months that are named, or else within the year.
                place, whole = (day, length) if rule.months else (start + day, 366 if leap else 365)
                if _is_wanted(rule, (weekday + start + day) % 7, place, whole):
                    wanted.append(start + day)
        start += length
    return _chosen(rule, wanted)


def _month_days(rule: Rule, length: int) -> Sequence[int]:
    """The days of a month that BYMONTHDAY names, or all; the first one is 0."""
    if not rule.month_days:
        return range(length)
    days = {day - 1 if day > 0 else length + day for day in rule.month_days}
    return sorted(day for day in days if 0 <= day < length)


def _is_wanted(rule: Rule, weekday: int, place: int, length: int) -> bool:
    """Whether BYDAY names it, as each such weekday or as the n-th from the beginning or the end."""
    if not rule.weekdays:
        return True
    meant = (0, place // 7 + 1, -((length - 1 - place) // 7 + 1))
    return any((ordinal, weekday) in rule.weekdays for ordinal in meant)


def _chosen(rule: Rule, days: Sequence[int]) -> Offsets:
    """The days in the places that BYSETPOS names."""
    if not rule.positions:
        return tuple(days)
    places = {place - 1 if place > 0 else len(days) + place for place in rule.positions}
    return tuple(days[place] for place in sorted(places) if 0 <= place < len(days))
