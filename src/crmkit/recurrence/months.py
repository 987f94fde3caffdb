"""How long the months are."""

from calendar import isleap

__all__ = ["days_in_month"]

_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def days_in_month(year: int, month: int) -> int:
    """How many days a month has.

    >>> days_in_month(2024, 2)
    29
    """
    return 29 if month == 2 and isleap(year) else _DAYS[month - 1]
