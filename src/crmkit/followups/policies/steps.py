"""Steps of a cadence: how often, and until when.

All days and all ages are counted from one day, the anchor, so that nothing drifts and nothing has
to be walked through.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from enum import StrEnum
from functools import cached_property

from attrs import frozen

from crmkit.errors import InvalidPolicy, InvalidValue
from crmkit.period import Unit
from crmkit.recurrence import Every, MonthEnd, RecurrenceRule

__all__ = [
    "Age",
    "CadenceStep",
    "ExactAge",
    "before",
    "next_day",
    "plan_of",
    "shifted",
    "stretches",
]

_MOST_UNITS = 1_000
_MOST_TIMES = 100


def shifted(day: date, days: int) -> date:
    """The day so many days later; at the end of the calendar, its last day, or its first."""
    try:
        return day + timedelta(days)
    except OverflowError:
        return date.max if days > 0 else date.min


def before(day: date) -> date:
    """The day before; the first one of the calendar has none, and stands for itself."""
    return day if day == date.min else day - _DAY


_DAY = timedelta(days=1)
_NEVER = date.max.toordinal()
# A unit is never longer than this.
_MOST_DAYS = {Unit.DAY: 1, Unit.WEEK: 7, Unit.MONTH: 31, Unit.QUARTER: 92, Unit.YEAR: 366}


class ExactAge(StrEnum):
    """To which step the day belongs on which the age between two steps is reached.

    "Monthly within a year, quarterly after more than a year" can be read either way (N-11 of the
    requirements).
    """

    WITHIN = "within"
    """To the step that ends: the anniversary still is within the first year."""
    BEYOND = "beyond"
    """To the step that begins: on the anniversary, the second year has begun."""


@frozen
class Age:
    """How long it is since the anchor: ``Age(1, Unit.YEAR)``.

    :raises InvalidValue: if the count is no whole number from 1 to 1,000, or the unit no Unit.
    """

    count: int
    unit: Unit

    def __attrs_post_init__(self) -> None:
        if type(self.count) is not int or not 1 <= self.count <= _MOST_UNITS:
            raise InvalidValue(f"an age is a whole number of units, from 1 to {_MOST_UNITS:,}")
        if not isinstance(self.unit, Unit):
            raise InvalidValue("an age has a unit of time, such as Age(1, Unit.YEAR)")

    def __str__(self) -> str:
        return f"{self.count:,} {self.unit}" + ("" if self.count == 1 else "s")


@frozen
class CadenceStep:
    """How often, and until when: ``CadenceStep(Every(1, Unit.MONTH), until=Age(1, Unit.YEAR))``.

    ``repeat`` may be a :class:`RecurrenceRule` as well: every second Tuesday. A step ends at the
    age ``until``, or after so many ``times``, sooner if its rule gives out; the last one of a
    cadence may go on. A single call a week after the purchase is
    ``CadenceStep(Every(1, Unit.WEEK), times=1)``.

    Everything is counted from the anchor, not from where the step before ended: of a step that
    begins after 14 months, ``Every(3, Unit.MONTH)`` falls on month 15, 18 and so on. An age is
    reached where ``Every`` puts that day, by the same month end; with one that skips months, on the
    last day of the month.

    :raises InvalidPolicy: if it does not say how often, or ends in two ways.
    """

    repeat: Every | RecurrenceRule
    until: Age | None = None
    times: int | None = None

    def __attrs_post_init__(self) -> None:
        if not isinstance(self.repeat, Every | RecurrenceRule):
            raise InvalidPolicy("a step says how often: Every(1, Unit.MONTH), or a RecurrenceRule")
        if self.until is not None and not isinstance(self.until, Age):
            raise InvalidPolicy("a step ends at an age such as Age(1, Unit.YEAR)")
        if self.until is not None and self.times is not None:
            raise InvalidPolicy("a step ends at an age or after so many times: say one of the two")
        if self.times is not None and not (
            type(self.times) is int and 1 <= self.times <= _MOST_TIMES
        ):
            raise InvalidPolicy(
                f"a step happens 1 to {_MOST_TIMES} times: for more, say until when"
            )

    def __str__(self) -> str:
        if self.times is not None:
            return f"{self.repeat}, {'once' if self.times == 1 else f'{self.times} times'}"
        return f"{self.repeat}" + ("" if self.until is None else f" up to {self.until}")

    @cached_property
    def _age(self) -> Every | None:
        """The age at which it ends, as the first turn of a rhythm: that knows about month ends."""
        if self.until is None:
            return None
        month_end = self.repeat.month_end if isinstance(self.repeat, Every) else MonthEnd.SKIP
        if month_end is MonthEnd.SKIP:
            month_end = MonthEnd.CLAMP  # Everybody gets as old as that.
        return Every(self.until.count, self.until.unit, month_end)

    def _last_day(self, begun: date, anchor: date, exact_age: ExactAge) -> date:
        """The last day that can be one of the step's, which begins after another."""
        if self._age is not None:
            reached = self._age.nth(1, since=anchor) or date.max
            return reached if exact_age is ExactAge.WITHIN else before(reached)
        last = begun
        for _ in range(self.times or 0):
            last = self.repeat.next_after(last, since=anchor) or last
        return last if self.times else date.max


def stretches(
    steps: tuple[CadenceStep, ...], begun: date, anchor: date, exact_age: ExactAge
) -> Iterator[tuple[CadenceStep, date, date]]:
    """Each step, the last day on which it has not begun yet, and the last one that can be its."""
    for step in steps:
        last = step._last_day(begun, anchor, exact_age)
        yield step, begun, last
        begun = max(begun, last)


Plan = tuple[tuple[CadenceStep, int], ...]


def plan_of(steps: tuple[CadenceStep, ...]) -> Plan:
    """Each step, and how many days after the anchor there is no need to look at it any more."""
    plan, counted = list[tuple[CadenceStep, int]](), False
    for step in reversed(steps):
        over = _NEVER
        if step.until is not None and not counted:
            over = step.until.count * _MOST_DAYS[step.until.unit]
        plan.append((step, over))
        # What is counted begins where the steps before it end: then they are always looked at.
        counted = counted or step.times is not None
    return tuple(reversed(plan))


def next_day(
    plan: Plan, day: date, begun: date, anchor: date, exact_age: ExactAge
) -> tuple[date, int] | None:
    """The first day after a day that the steps give, and the number of the step that gives it."""
    passed = day.toordinal() - anchor.toordinal()
    for number, (step, over) in enumerate(plan):
        if passed < over:
            endless = step.until is None and step.times is None
            last = date.max if endless else step._last_day(begun, anchor, exact_age)
            if day < last:
                found = step.repeat.next_after(day if day > begun else begun, since=anchor)
                if found is not None and found <= last:
                    return found, number
            begun = max(begun, last)
    return None
