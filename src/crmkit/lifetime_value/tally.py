"""The mutable tally behind a summary of repeat purchases, used while records come in.

A tally keeps, for each customer, the set of purchase days, the money of the first of them apart
from that of the others, and refunds by day: enough to add up any two tallies to what one pass over
all records would have given, even if a first purchase comes to light late. The set of days is one
whole number whose bit ``k`` stands for the day ``first + k``: exact, immutable, and one bit for the
many customers who bought once.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from operator import add, index

from attrs import frozen

from crmkit.errors import InvalidPolicy, InvalidValue
from crmkit.lifetime_value.facts.ages import days_of
from crmkit.period import MEAN_GREGORIAN_YEAR, Unit

__all__ = ["RefundRule", "RepeatPurchaseRules", "RepeatTally", "shifts_of", "units_of"]

NEVER = 4_000_000
"""Later than the last day of the calendar: the first purchase of those who have made none."""


class RefundRule(StrEnum):
    """What a refund does to the repeat spend. A day with only refunds is never a purchase."""

    NET = "net"
    """It lowers the spend of the purchase day on or before it: what is given back was bought last.
    So it lowers the repeat spend if it was paid back on the first repeat day, or later."""
    IGNORE = "ignore"
    """It is left out: spend is what was charged."""


@frozen(kw_only=True)
class RepeatPurchaseRules:
    """The rules by which purchases are summed up; summaries merge only under equal rules.

    :raises InvalidPolicy: if a rule is not a member of its enumeration.
    :raises InvalidValue: if the unit is no :class:`~crmkit.period.Unit` or the year has no days.
    """

    unit: Unit
    whole_units: bool = False
    refunds: RefundRule = RefundRule.NET
    days_in_year: Decimal = MEAN_GREGORIAN_YEAR

    def __attrs_post_init__(self) -> None:
        days_of(self.unit, self.days_in_year)
        # A text that equals a rule is not it, and would silently stand for another one.
        if not isinstance(self.whole_units, bool):
            raise InvalidPolicy("whole_units is True (ages are rounded down) or False")
        if not isinstance(self.refunds, RefundRule):
            raise InvalidPolicy(
                f"a rule is a member of RefundRule: {', '.join(m.name for m in RefundRule)}"
            )


class RepeatTally:
    """What was bought by whom, one row a customer; a summary never changes its own again."""

    def __init__(self) -> None:
        self.index: dict[str, int] = {}
        self.first: list[int] = []
        """The ordinal of the first purchase day."""
        self.days: list[int] = []
        """The set of purchase days: bit ``k`` stands for the day ``first + k``."""
        self.opening: list[int] = []
        """What was charged on the first purchase day, in minor units."""
        self.repeat: list[int] = []
        """What was charged on all later days."""
        self.refunds: dict[int, dict[int, int]] = {}
        """What was paid back on which day, below zero, for the few rows that have any."""

    def row(self, customer: str) -> int:
        """The row of a customer, a new one if the customer was not seen before."""
        row = self.index.get(customer)
        if row is None:
            row = self.index[customer] = len(self.first)
            self.first.append(NEVER)
            for column in (self.days, self.opening, self.repeat):
                column.append(0)
        return row

    def add_rows(
        self, rows: Iterable[tuple[str, int, int]], *, until: int, refunds: RefundRule
    ) -> None:
        """Take in rows up to a day: customer, ordinal of the day, minor units.

        This is the loop that large files spend their time in, so it is written out.
        """
        row_of, first, days = self.index.get, self.first, self.days
        opening, repeat = self.opening, self.repeat
        ignores_refunds = refunds is RefundRule.IGNORE
        known: dict[int, int] = {}
        for customer, at, minor in rows:
            try:
                day = known[at]
            except KeyError:
                day = known[at] = _placed(at, until)
            if not day:
                continue
            if minor < 0 and ignores_refunds:
                continue
            row = row_of(customer)
            if row is None:
                row = self.row(customer)
            shift = day - first[row]
            if minor < 0:
                self._pay_back(row, day, minor)
            elif shift > 0:
                days[row] |= 1 << shift
                repeat[row] += minor
            elif shift:
                days[row] = days[row] << -shift | 1
                first[row] = day
                repeat[row] += opening[row]
                opening[row] = minor
            else:
                opening[row] += minor

    def _pay_back(self, row: int, day: int, minor: int) -> None:
        by_day = self.refunds.setdefault(row, {})
        by_day[day] = by_day.get(day, 0) + minor

    def add_tally(self, other: "RepeatTally") -> None:
        """Take in all that another tally knows."""
        rows = list(map(self.row, other.index))
        theirs = zip(rows, other.first, other.days, other.opening, other.repeat, strict=True)
        for row, first, days, opening, repeat in theirs:
            shift = first - self.first[row]
            self.repeat[row] += repeat
            if shift > 0:
                self.repeat[row] += opening
                self.days[row] |= days << shift
            elif shift:
                self.repeat[row] += self.opening[row]
                self.opening[row] = opening
                self.days[row] = self.days[row] << -shift | days
                self.first[row] = first
            else:
                self.opening[row] += opening
                self.days[row] |= days
        for number, by_day in other.refunds.items():
            for day, minor in by_day.items():
                self._pay_back(rows[number], day, minor)

    def repeat_spend(self) -> list[int]:
        """What each row spent after the first purchase day, net of what was given back of it."""
        spent = self.repeat.copy()
        for row, by_day in self.refunds.items():
            since = self.first[row] + next(shifts_of(self.days[row] >> 1), NEVER)
            spent[row] += sum(minor for day, minor in by_day.items() if day >= since)
        return spent

    def money(self) -> list[int]:
        """All money of each row, net of all that was paid back."""
        spent = list(map(add, self.opening, self.repeat))
        for row, by_day in self.refunds.items():
            spent[row] += sum(by_day.values())
        return spent

    def repeat_days(self) -> Counter[int]:
        """How many customers came back on each day, by its ordinal."""
        counts: Counter[int] = Counter()
        for first, days in zip(self.first, self.days, strict=True):
            counts.update(first + shift for shift in shifts_of(days >> 1))
        return counts

    def copy(self) -> "RepeatTally":
        """A copy that can grow; what it shares with this one is immutable."""
        new = RepeatTally()
        new.index = self.index.copy()
        new.first = self.first.copy()
        new.days = self.days.copy()
        new.opening = self.opening.copy()
        new.repeat = self.repeat.copy()
        new.refunds = {row: by_day.copy() for row, by_day in self.refunds.items()}
        return new

    def known(self) -> dict[str, object]:
        """All that is known of each customer, in a form that does not depend on any order."""
        return {
            customer: (
                *(self.first[row], self.days[row], self.opening[row], self.repeat[row]),
                self.refunds.get(row, {}),
            )
            for customer, row in self.index.items()
        }


def shifts_of(days: int) -> Iterator[int]:
    """The places of the bits of a set of days, the lowest being 1."""
    while days:
        lowest = days & -days
        yield lowest.bit_length()
        days ^= lowest


def units_of(days: int, length: Fraction) -> set[int]:
    """In which units of time after the first purchase a set of days has another one.

    The first unit begins on the day after the first purchase and ends when its length has passed.
    """
    ratio, scale = length.numerator, length.denominator
    return {-(-shift * scale // ratio) for shift in shifts_of(days >> 1)}  # Rounded up.


def _placed(at: int, until: int) -> int:
    """A day as a plain number; 0 if it lies after the last day wanted."""
    try:
        # Numbers out of arrays wrap around when they are shifted: from here on there are none.
        day = date.fromordinal(index(at)).toordinal()
    except (ValueError, TypeError, OverflowError):
        raise InvalidValue("a day is an ordinal: pass date.toordinal()") from None
    return day if day <= until else 0
