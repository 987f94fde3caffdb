"""The terms of a points program: how long points are locked, how long they can be spent."""

from calendar import monthrange
from datetime import date
from enum import StrEnum
from functools import lru_cache

from attrs import field, frozen

from crmkit.errors import InvalidPolicy, InvalidValue
from crmkit.period import Unit, add_units, check_date

__all__ = [
    "ExpiresAfter",
    "ExpiresAtMonthEnd",
    "ExpiresAtYearEnd",
    "Expiry",
    "LedgerTerms",
    "Lock",
    "NeverExpires",
    "OverReturn",
]


def _check_count(count: int, least: int, what: str) -> None:
    if type(count) is not int or count < least:
        raise InvalidPolicy(f"{what} is a whole number from {least} on")


def _check_unit(unit: Unit) -> None:
    if not isinstance(unit, Unit):
        raise InvalidPolicy("a unit of time is a member of Unit, such as Unit.MONTH")


def _end_of_month(year: int, month: int) -> date:
    if year > date.max.year:
        raise InvalidValue("points would be valid beyond the year 9999: shorten the expiry")
    return date(year, month, monthrange(year, month)[1])


@frozen
class ExpiresAfter:
    """Points can be spent for so long after the day they were earned, that last day included.

    Earned on 1 March 2026 with a year to go, they are good through 1 March 2027 and gone on the
    2nd. A last day that its month lacks becomes the last of that month.

    :raises InvalidPolicy: if it is shorter than one unit.

    >>> ExpiresAfter(30, Unit.DAY).last_day(date(2026, 1, 1))
    datetime.date(2026, 1, 31)
    """

    count: int
    unit: Unit = Unit.DAY

    def __attrs_post_init__(self) -> None:
        _check_count(self.count, 1, "the time that points are valid")
        _check_unit(self.unit)

    def last_day(self, earned_on: date) -> date | None:
        """The last day on which points can be spent."""
        return add_units(earned_on, self.count, self.unit)


@frozen
class ExpiresAtMonthEnd:
    """Points can be spent through the last day of a month: of the one they were earned in, or of
    the one so many ``months`` later.

    :raises InvalidPolicy: if the months are below 0.

    >>> ExpiresAtMonthEnd(1).last_day(date(2026, 1, 31))
    datetime.date(2026, 2, 28)
    """

    months: int = 0

    def __attrs_post_init__(self) -> None:
        _check_count(self.months, 0, "the months that points are valid")

    def last_day(self, earned_on: date) -> date | None:
        """The last day on which points can be spent."""
        years, month = divmod(earned_on.month - 1 + self.months, 12)
        return _end_of_month(earned_on.year + years, month + 1)


@frozen
class ExpiresAtYearEnd:
    """Points can be spent through the last day of a year: of the one they were earned in, or of
    the one so many ``years`` later.

    ``last_month`` is the month that the year of the program ends with, 12 for a calendar year.

    :raises InvalidPolicy: if the years are below 0, or there is no such month.

    >>> ExpiresAtYearEnd(1).last_day(date(2026, 3, 1))
    datetime.date(2027, 12, 31)
    >>> ExpiresAtYearEnd(last_month=3).last_day(date(2026, 4, 1))
    datetime.date(2027, 3, 31)
    """

    years: int = 0
    last_month: int = 12

    def __attrs_post_init__(self) -> None:
        _check_count(self.years, 0, "the years that points are valid")
        if type(self.last_month) is not int or not 1 <= self.last_month <= 12:
            raise InvalidPolicy("the last month of a program's year is a month from 1 to 12")

    def last_day(self, earned_on: date) -> date | None:
        """The last day on which points can be spent."""
        year = earned_on.year + self.years + (earned_on.month > self.last_month)
        return _end_of_month(year, self.last_month)


@frozen
class NeverExpires:
    """Points can be spent for ever; they are spent last."""

    def last_day(self, earned_on: date) -> date | None:
        """There is no last day."""
        return None


Expiry = ExpiresAfter | ExpiresAtMonthEnd | ExpiresAtYearEnd | NeverExpires
"""How long points can be spent, counted from the day they were earned."""


@frozen
class Lock:
    """How long points wait before they can be spent, such as the 14 days of the right to return.

    Counted from the day they were earned: earned on the 1st with 14 days to wait, they can be spent
    from the 15th on.

    :raises InvalidPolicy: if it is shorter than one unit.
    """

    count: int
    unit: Unit = Unit.DAY

    def __attrs_post_init__(self) -> None:
        _check_count(self.count, 1, "the time that points are locked")
        _check_unit(self.unit)


class OverReturn(StrEnum):
    """What happens when a purchase is given back whose points were spent already."""

    DEBT = "debt"
    """What is missing is a deficit, and the next points pay for it."""
    CLAMP = "clamp"
    """What is missing is waived: the balance stops at zero."""


@frozen
class LedgerTerms:
    """How the points of a program behave: expiry, lock, and what an over-return does.

    Expiry and lock both count from the day the points were earned, and neither moves the other: a
    lock of 14 days leaves points of 22 January that expire at the end of the month where they are,
    which is to say that nobody can ever spend them; :meth:`never_spendable` tells.

    :raises InvalidPolicy: if one of the terms is not of crmkit's kinds.

    >>> terms = LedgerTerms(ExpiresAtMonthEnd(), lock=Lock(14))
    >>> terms.lasts(date(2026, 1, 10)) == (date(2026, 1, 24), date(2026, 1, 31))
    True
    >>> terms.never_spendable(date(2026, 1, 17)), terms.never_spendable(date(2026, 1, 18))
    (False, True)
    """

    expiry: Expiry = field(factory=NeverExpires)
    lock: Lock | None = field(default=None, kw_only=True)
    over_return: OverReturn = field(default=OverReturn.DEBT, kw_only=True)

    def __attrs_post_init__(self) -> None:
        if not isinstance(self.expiry, Expiry):
            raise InvalidPolicy("an expiry is one of crmkit's, such as NeverExpires()")
        if not isinstance(self.lock, Lock | None):
            raise InvalidPolicy("a lock is a Lock, such as Lock(14), or None")
        if not isinstance(self.over_return, OverReturn):
            raise InvalidPolicy("an over-return is an OverReturn, such as OverReturn.DEBT")

    def lasts(self, earned_on: date) -> tuple[date, date | None]:
        """The first day on which points can be spent, and the last (None: there is no last day).

        :raises InvalidValue: if the day is no plain date, or one of them is beyond the calendar.
        """
        check_date(earned_on, "the day points were earned")
        return _lasts(self, earned_on)

    def never_spendable(self, earned_on: date) -> bool:
        """Whether points earned on a day would expire before their lock ends."""
        unlocks_on, valid_through = self.lasts(earned_on)
        return valid_through is not None and valid_through < unlocks_on


# The purchases of a shop fall on few different days, and calendar arithmetic is slow.
@lru_cache(maxsize=4096)
def _lasts(terms: LedgerTerms, earned_on: date) -> tuple[date, date | None]:
    lock = terms.lock
    unlocks_on = earned_on if lock is None else add_units(earned_on, lock.count, lock.unit)
    return unlocks_on, terms.expiry.last_day(earned_on)
