"""What ``followups.py`` asks of both sides: when each customer is followed up next."""

from datetime import date, timedelta
from random import Random

AS_OF = date(2026, 5, 4)
YEARS = 20
AGES = (1, 5, 10, 20)
"""The years after which the cost of one customer is shown."""

RULES = {
    "second Tuesdays": "FREQ=MONTHLY;BYDAY=2TU",
    "last working days": "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
}


def hand_overs(count: int = 60) -> list[date]:
    """The days from which customers of the last twenty years are counted.

    None is later in its month than the 28th, because the two sides do not mean the same by a month
    that lacks the day.
    """
    random = Random(20260504)
    days = (AS_OF - timedelta(days=random.randrange(1, 365 * YEARS)) for _ in range(count))
    return [day.replace(day=min(day.day, 28)) for day in days]


def of_age(years: int) -> date:
    """A hand-over so many years and a few days ago."""
    return AS_OF.replace(year=AS_OF.year - years) - timedelta(days=10)
