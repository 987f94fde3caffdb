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
TURN, TURNS = 0.002, 3
"""Each case is asked about for about so many processor seconds, so many times in a round, on every
side: so the best turn is as good a one for what is quick as for what is slow."""

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
    """The processor seconds that each case takes, and the answers."""

    seconds: list[float]
    answers: list[Any]


def measured(ask: Callable[[Any], Any], about: list[Any], text: Callable[[Any], Any]) -> Measured:
    """Ask about every case, so often that it can be timed; what is asked first is not timed."""
    answers = [text(ask(case)) for case in about]
    return Measured([_seconds(ask, case) for case in about], answers)


def _seconds(ask: Callable[[Any], Any], case: Any) -> float:
    begun = process_time()
    ask(case)
    times = 1 + int(TURN / (process_time() - begun))
    best = float("inf")
    for _ in range(TURNS):
        begun = process_time()
        for _ in range(times):
            ask(case)
        best = min(best, process_time() - begun)
    return best / times


def write(found: dict[str, Measured]) -> None:
    """Hand the figures to the benchmark."""
    json.dump(found, sys.stdout)
