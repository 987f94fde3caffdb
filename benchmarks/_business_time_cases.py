"""What ``business_time.py`` asks of every side: the calendars, the cases, and how time is taken.

Plain Python, because the peers run it in an environment without crmkit.
"""

import json
import sys
from collections.abc import Callable
from datetime import date, datetime, timedelta
from random import Random
from time import process_time
from typing import Any, NamedTuple

BUDGET_HOURS = 48
WEEKS = {"a week": 1, "a year": 52, "50 years": 2600}
"""The spans whose cost is compared; the first fits on a page of crmkit's, the others do not."""
ROUND = 0.25
"""The processor seconds of a round, for every side: so the best round is as good a one for all."""

NEW_YEAR = datetime(2026, 1, 1)  # noqa: DTZ001 - some peers know no zones
# The federal holidays of the United States, on the days on which they are kept.
DAYS = {
    2026: ((1, 1, 19), (2, 16), (5, 25), (6, 19), (7, 3), (9, 7), (10, 12), (11, 11, 26), (12, 25)),
    2027: ((1, 1, 18), (2, 15), (5, 31), (6, 18), (7, 5), (9, 6), (10, 11), (11, 11, 25), (12, 24)),
}
HOLIDAYS = tuple(
    date(year, month, day)
    for year, months in DAYS.items()
    for month, *days in months
    for day in days
)


class Hours(NamedTuple):
    """Monday to Friday from nine to five, with or without a break from twelve to one."""

    zone: str
    lunch: bool
    holidays: tuple[date, ...]


CALENDARS = {
    "desk": Hours("America/New_York", lunch=True, holidays=HOLIDAYS),
    "desk in UTC": Hours("UTC", lunch=True, holidays=HOLIDAYS),
    "office": Hours("America/New_York", lunch=False, holidays=HOLIDAYS),
    "bare": Hours("UTC", lunch=False, holidays=()),
}


class Case(NamedTuple):
    """When a case came in, and when it was answered, on the wall clock."""

    received: datetime
    answered: datetime


def cases(count: int = 60) -> list[Case]:
    """Cases of the year 2026, which come in at any minute of any day, and take up to 30 days."""
    random = Random(20260522)
    found = []
    for _ in range(count):
        received = NEW_YEAR + timedelta(minutes=random.randrange(365 * 1440))
        answered = received + timedelta(minutes=random.randrange(1, 30 * 1440))
        found.append(Case(received, answered))
    return found


class Measured(NamedTuple):
    """The processor seconds that one case takes, and the answers to all."""

    seconds: float
    answers: list[Any]


def measured(ask: Callable[[Any], Any], about: list[Any], text: Callable[[Any], Any]) -> Measured:
    """Ask about every case, over and over until the round is over; the first time is not timed."""
    answers = [text(ask(case)) for case in about]
    times, taken = 1, 0.0
    while True:
        begun = process_time()
        for _ in range(times):
            for case in about:
                ask(case)
        taken = process_time() - begun
        if taken >= ROUND:
            return Measured(taken / times / len(about), answers)
        times = max(times + 1, int(times * 1.2 * ROUND / max(taken, ROUND / 10)))


def write(found: dict[str, Measured]) -> None:
    """Hand the figures to the benchmark."""
    json.dump(found, sys.stdout)
