"""The mutable tally behind a summary of purchases, used while records come in.

A tally keeps, for each customer, the set of purchase days and the money by calendar year: enough to
add up any two tallies to what one pass over all records would have given, however they were split.
The set of days is one whole number whose bit ``k`` stands for the day ``last - k``: exact,
immutable, and a few bytes for the many customers who bought once.
"""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from operator import add, index

from attrs import frozen

from crmkit.errors import InvalidPolicy, InvalidValue
from crmkit.records import Purchase

__all__ = ["Counting", "MonetaryMeasure", "Order", "Refunds", "SummaryRules", "Tally"]


class Counting(StrEnum):
    """What counts as one purchase."""

    DAYS = "days"
    """Each day with at least one purchase, however many receipts it had."""
    ORDERS = "orders"
    """Each order; a line without an order number is an order of its own."""


class MonetaryMeasure(StrEnum):
    """Which figure stands for a customer's money."""

    SUM = "sum"
    """All that was spent."""
    MEAN = "mean"
    """What was spent by purchase, rounded half to even to the minor unit."""


class Refunds(StrEnum):
    """What a refund does. In no case does a day with only refunds count as a purchase."""

    NET = "net"
    """It lowers the money, in the year in which it was paid back; purchases stay purchases."""
    CANCEL_ORDERS = "cancel-orders"
    """As ``net``, and an order that was paid back in full is no longer a purchase."""
    IGNORE = "ignore"
    """It is left out: money is what was charged."""


@frozen(kw_only=True)
class SummaryRules:
    """The rules by which purchases are summed up; summaries merge only under equal rules.

    :raises InvalidPolicy: if a rule is not a member of its enumeration.
    """

    counting: Counting = Counting.DAYS
    monetary: MonetaryMeasure = MonetaryMeasure.SUM
    refunds: Refunds = Refunds.NET

    def __attrs_post_init__(self) -> None:
        # A text that equals a rule is not it, and would silently stand for another one.
        for rule, kind in (
            (self.counting, Counting),
            (self.monetary, MonetaryMeasure),
            (self.refunds, Refunds),
        ):
            if not isinstance(rule, kind):
                raise InvalidPolicy(
                    f"a rule is a member of {kind.__name__}: {', '.join(m.name for m in kind)}"
                )

    @property
    def follows_orders(self) -> bool:
        """Whether order numbers matter, so that they have to be kept."""
        return self.counting is Counting.ORDERS or self.refunds is Refunds.CANCEL_ORDERS


@frozen
class Order:
    """What is known of one order: its days, what was charged, and what was paid back."""

    days: frozenset[int] = frozenset()
    charged: int = 0
    returned: int = 0

    @property
    def is_kept(self) -> bool:
        """Whether something was ordered and not all of it was paid back."""
        return bool(self.days) and not 0 < self.returned >= self.charged

    def merge(self, other: "Order") -> "Order":
        """Both parts of one order."""
        return Order(
            self.days | other.days, self.charged + other.charged, self.returned + other.returned
        )


class Tally:
    """What was bought by whom, one row a customer; a summary never changes its own again."""

    def __init__(self) -> None:
        self.index: dict[str, int] = {}
        self.last: list[int] = []
        """The ordinal of the last purchase day; 0 before the first purchase."""
        self.days: list[int] = []
        """The set of purchase days: bit ``k`` stands for the day ``last - k``."""
        self.loose: list[int] = []
        """How many purchase lines had no order number; kept only where orders are counted."""
        self.orders: dict[int, dict[str, Order]] = {}
        self.years: dict[int, list[int]] = {}
        """The money of each calendar year, in minor units."""

    def row(self, customer: str) -> int:
        """The row of a customer, a new one if the customer was not seen before."""
        row = self.index.get(customer)
        if row is None:
            row = self.index[customer] = len(self.last)
            for column in (self.last, self.days, self.loose, *self.years.values()):
                column.append(0)
        return row

    def mark(self, row: int, days: int, last: int) -> None:
        """Add a set of purchase days to a customer, whichever of the two ends later."""
        shift = last - self.last[row]
        if shift > 0:
            self.days[row] = self.days[row] << shift | days
            self.last[row] = last
        else:
            self.days[row] |= days << -shift

    def money_of(self, year: int) -> list[int]:
        """The money column of a calendar year, a new one if it had no money yet."""
        column = self.years.get(year)
        if column is None:
            column = self.years[year] = [0] * len(self.last)
        return column

    def add_rows(
        self, rows: Iterable[tuple[str, int, int]], *, limit: int, rules: SummaryRules
    ) -> None:
        """Take in rows without order numbers: customer, ordinal of the day, minor units.

        This is the loop that large files spend their time in, so it is written out: the rows of
        customers and days are looked up at most once each, and :meth:`mark` stands in it in full.
        """
        row_of, last, days, loose = self.index.get, self.last, self.days, self.loose
        ignores_refunds = rules.refunds is Refunds.IGNORE
        counts_lines = rules.counting is Counting.ORDERS
        known: dict[int, tuple[int, list[int] | None]] = {}
        for customer, at, minor in rows:
            try:
                day, money = known[at]
            except KeyError:
                day, money = known[at] = self._placed(at, limit)
            if money is None or (ignores_refunds and minor < 0):
                continue
            row = row_of(customer)
            if row is None:
                row = self.row(customer)
            money[row] += minor
            if minor >= 0:
                shift = day - last[row]
                if shift > 0:
                    days[row] = days[row] << shift | 1
                    last[row] = day
                else:
                    days[row] |= 1 << -shift
                if counts_lines:
                    loose[row] += 1

    def _placed(self, at: int, limit: int) -> tuple[int, list[int] | None]:
        """A day as a plain number, and its money column; None after the limit."""
        try:
            # Numbers out of arrays wrap around when they are shifted: from here on there are none.
            day = index(at)
            year = date.fromordinal(day).year
        except (ValueError, TypeError, OverflowError):
            raise InvalidValue("a day is an ordinal: pass date.toordinal()") from None
        return day, None if day > limit else self.money_of(year)

    def add_order(self, purchase: Purchase) -> None:
        """Take in a line whose order matters."""
        row = self.row(purchase.customer)
        day, minor = purchase.on.toordinal(), purchase.amount.minor
        self.money_of(purchase.on.year)[row] += minor
        number = purchase.order if minor >= 0 else purchase.refund_of or purchase.order
        if number is not None:
            orders = self.orders.setdefault(row, {})
            part = Order(frozenset((day,)), minor) if minor >= 0 else Order(returned=-minor)
            orders[number] = orders.get(number, Order()).merge(part)
        elif minor >= 0:
            self.loose[row] += 1
            self.mark(row, 1, day)

    def add_tally(self, other: "Tally") -> None:
        """Take in all that another tally knows."""
        rows = list(map(self.row, other.index))
        for row, days, last, loose in zip(rows, other.days, other.last, other.loose, strict=True):
            self.mark(row, days, last)
            self.loose[row] += loose
        for year, column in other.years.items():
            mine = self.money_of(year)
            for row, minor in zip(rows, column, strict=True):
                mine[row] += minor
        for theirs, orders in other.orders.items():
            known = self.orders.setdefault(rows[theirs], {})
            for number, order in orders.items():
                known[number] = known.get(number, Order()).merge(order)

    def totals(self) -> list[int]:
        """All money of each row."""
        columns = iter(self.years.values())
        total = next(columns, [])
        for column in columns:
            total = list(map(add, total, column))
        return total

    def copy(self) -> "Tally":
        """A copy that can grow; what it shares with this one is immutable."""
        new = Tally()
        new.index = self.index.copy()
        new.last = self.last.copy()
        new.days = self.days.copy()
        new.loose = self.loose.copy()
        new.orders = {row: dict(orders) for row, orders in self.orders.items()}
        new.years = {year: column.copy() for year, column in self.years.items()}
        return new
