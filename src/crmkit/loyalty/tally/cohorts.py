"""Points by the month they were earned in: how many were redeemed, how many expired."""

from collections.abc import Iterable, Mapping
from datetime import date
from types import MappingProxyType

from attrs import field, frozen

from crmkit.errors import InvalidValue
from crmkit.loyalty.records.entries import (
    Accrual,
    Capture,
    Credit,
    Debit,
    LedgerEntry,
    Redemption,
    Reversal,
    Rollback,
)
from crmkit.loyalty.records.lots import Lot
from crmkit.loyalty.tally.account import Passed
from crmkit.loyalty.tally.ledger import PointsLedger
from crmkit.period import check_date

__all__ = ["PointsByMonth", "PointsCohort", "points_by_month"]


@frozen
class PointsCohort:
    """The points that were earned in one month, and what became of them.

    ``withdrawn`` were taken back with goods, corrected away, or paid for a deficit. What is none
    of this is ``open``.
    """

    earned: int = 0
    redeemed: int = 0
    expired: int = 0
    withdrawn: int = 0

    @property
    def open(self) -> int:
        """How many can still be redeemed or expire, pending and held ones among them."""
        return self.earned - self.redeemed - self.expired - self.withdrawn

    def __add__(self, other: "PointsCohort") -> "PointsCohort":
        return PointsCohort(
            self.earned + other.earned,
            self.redeemed + other.redeemed,
            self.expired + other.expired,
            self.withdrawn + other.withdrawn,
        )


def _read_only(months: Mapping[date, PointsCohort]) -> Mapping[date, PointsCohort]:
    return MappingProxyType(dict(sorted(months.items())))


@frozen
class PointsByMonth:
    """The points of many members by the month they were earned in, as of a day.

    ``months`` has the first day of each month. Tallies of different members merge: ``a.merge(b)``
    in any order is what one pass over all members gives.

    :raises InvalidValue: if the day is no plain date.
    """

    as_of: date
    months: Mapping[date, PointsCohort] = field(factory=dict, converter=_read_only)

    def __attrs_post_init__(self) -> None:
        check_date(self.as_of, "as_of")

    def merge(self, other: "PointsByMonth") -> "PointsByMonth":
        """The points of both.

        :raises InvalidValue: if the other is as of another day.
        """
        if other.as_of != self.as_of:
            raise InvalidValue("points by month merge if they are as of one day: tally them anew")
        months = dict(self.months)
        for month, cohort in other.months.items():
            months[month] = months.get(month, PointsCohort()) + cohort
        return PointsByMonth(self.as_of, months)

    @property
    def total(self) -> PointsCohort:
        """All months together."""
        return sum(self.months.values(), start=PointsCohort())


def points_by_month(ledgers: Iterable[PointsLedger], as_of: date) -> PointsByMonth:
    """Sum up by the month of earning what the ledgers of members say, as of a day.

    Points that were transferred or merged count in the month they were earned in, wherever they
    are: tally the ledgers of all members, those that were merged into others too.

    :raises LedgerRefused: if a ledger goes on from a snapshot and has not all its entries.

    >>> from crmkit.identifiers import CustomerId
    >>> from crmkit.loyalty.records.terms import ExpiresAfter, LedgerTerms
    >>> ledger = PointsLedger(CustomerId("C-7"), LedgerTerms(ExpiresAfter(30)))
    >>> ledger = ledger.accrue(100, on=date(2026, 1, 5), key="order-1")
    >>> ledger = ledger.redeem(40, on=date(2026, 1, 20), key="coffee")
    >>> points_by_month([ledger], date(2026, 3, 1)).months[date(2026, 1, 1)]
    PointsCohort(earned=100, redeemed=40, expired=60, withdrawn=0)
    """
    months = dict[date, list[int]]()
    for ledger in ledgers:
        for line in ledger.statement(as_of):
            _count(months, line)
    return PointsByMonth(as_of, {month: PointsCohort(*found) for month, found in months.items()})


_EARNED, _REDEEMED, _EXPIRED, _WITHDRAWN = range(4)


def _count(months: dict[date, list[int]], line: LedgerEntry | Passed) -> None:
    what = line if isinstance(line, Passed) else line.posting
    match what:
        case Accrual() | Credit():
            _add(months, _EARNED, (what.lot,))
        case Redemption() | Capture():
            _add(months, _REDEEMED, what.lots)
        case Rollback():
            _add(months, _REDEEMED, what.lots, sign=-1)
        case Passed():
            _add(months, _EXPIRED, what.expired)
        case Reversal() | Debit():
            _add(months, _WITHDRAWN, what.lots)
    _add(months, _WITHDRAWN, getattr(what, "settled", ()))


def _add(months: dict[date, list[int]], column: int, lots: Iterable[Lot], *, sign: int = 1) -> None:
    for lot in lots:
        month = lot.earned_on.replace(day=1)
        if month not in months:
            months[month] = [0, 0, 0, 0]
        months[month][column] += sign * lot.points
