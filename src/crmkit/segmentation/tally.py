"""The mutable tally behind a summary of purchases, used while records come in.

A tally keeps, for each customer, the set of purchase days and the money by calendar year: enough to
add up any two tallies to what one pass over all records would have given, however they were split.
The set of days is one whole number whose bit ``k`` stands for the day ``base + k``: exact,
immutable, and a few bytes for the many customers who bought once.
"""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum

from attrs import frozen

from crmkit.errors import InvalidValue
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
    """The rules by which purchases are summed up; summaries merge only under equal rules."""

    counting: Counting = Counting.DAYS
    monetary: MonetaryMeasure = MonetaryMeasure.SUM
    refunds: Refunds = Refunds.NET

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


class _YearColumns(dict[int, list[int]]):
    """The money column of each calendar year, found by the ordinal of a day."""

    def __init__(self, rows: list[int], years: dict[int, list[int]]) -> None:
        super().__init__()
        self.years = years
        self._rows = rows

    def __missing__(self, day: int) -> list[int]:
        try:
            year = date.fromordinal(day).year
        except (ValueError, TypeError, OverflowError):
            raise InvalidValue("a day is an ordinal: pass date.toordinal()") from None
        column = self.years.get(year)
        if column is None:
            column = self.years[year] = [0] * len(self._rows)
        self[day] = column
        return column


class Tally:
    """What was bought by whom, one row a customer; a summary never changes its own again."""

    def __init__(self) -> None:
        self.index: dict[str, int] = {}
        self.base: list[int] = []
        self.bits: list[int] = []
        self.loose: list[int] = []
        self.orders: dict[int, dict[str, Order]] = {}
        self.years: dict[int, list[int]] = {}

    def row(self, customer: str, day: int) -> int:
        """The row of a customer, a new one if the customer was not seen before."""
        row = self.index.get(customer)
        if row is None:
            row = self.index[customer] = len(self.base)
            self.base.append(day)
            self.bits.append(0)
            self.loose.append(0)
            for column in self.years.values():
                column.append(0)
        return row

    def mark(self, row: int, bits: int, base: int) -> None:
        """Add purchase days to a customer, whichever of the two bases is the earlier."""
        shift = base - self.base[row]
        if shift >= 0:
            self.bits[row] |= bits << shift
        else:
            self.bits[row] = self.bits[row] << -shift | bits
            self.base[row] = base

    def add_rows(
        self, rows: Iterable[tuple[str, int, int]], *, limit: int, refunds: Refunds
    ) -> None:
        """Take in rows without order numbers: the loop that large files spend their time in."""
        index, base, bits, loose = self.index, self.base, self.bits, self.loose
        column_of = _YearColumns(base, self.years)
        for customer, day, minor in rows:
            if day > limit or (minor < 0 and refunds is Refunds.IGNORE):
                continue
            row = index.get(customer)
            if row is None:
                row = self.row(customer, day)
            column_of[day][row] += minor
            if minor >= 0:
                loose[row] += 1
                shift = day - base[row]
                if shift >= 0:
                    bits[row] |= 1 << shift
                else:
                    bits[row] = bits[row] << -shift | 1
                    base[row] = day

    def add_order(self, purchase: Purchase, day: int) -> None:
        """Take in a line whose order matters."""
        row = self.row(purchase.customer, day)
        minor = purchase.amount.minor
        _YearColumns(self.base, self.years)[day][row] += minor
        number = purchase.order if minor >= 0 else purchase.refund_of or purchase.order
        if number is not None:
            orders = self.orders.setdefault(row, {})
            part = Order(frozenset((day,)), minor) if minor >= 0 else Order(returned=-minor)
            orders[number] = orders.get(number, Order()).merge(part)
        elif minor >= 0:
            self.loose[row] += 1
            self.mark(row, 1, day)

    def add_tally(self, state: "Tally") -> None:
        """Take in all that another tally knows."""
        rows = [
            self.row(customer, base) for customer, base in zip(state.index, state.base, strict=True)
        ]
        for theirs, row in enumerate(rows):
            self.mark(row, state.bits[theirs], state.base[theirs])
            self.loose[row] += state.loose[theirs]
        for year, column in state.years.items():
            mine = self.years.setdefault(year, [0] * len(self.base))
            for theirs, row in enumerate(rows):
                mine[row] += column[theirs]
        for theirs, orders in state.orders.items():
            known = self.orders.setdefault(rows[theirs], {})
            for number, order in orders.items():
                known[number] = known.get(number, Order()).merge(order)

    def totals(self) -> list[int]:
        """All money of each row."""
        columns = list(self.years.values())
        return columns[0] if len(columns) == 1 else list(map(sum, zip(*columns, strict=True)))

    def copy(self) -> "Tally":
        """A copy that can grow; what it shares with this one is immutable."""
        new = Tally()
        new.index = self.index.copy()
        new.base = self.base.copy()
        new.bits = self.bits.copy()
        new.loose = self.loose.copy()
        new.orders = {row: dict(orders) for row, orders in self.orders.items()}
        new.years = {year: column.copy() for year, column in self.years.items()}
        return new
