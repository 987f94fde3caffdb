"""The next day of what repeats: crmkit, and dateutil built and asked, about the same customers.

Sixty customers came on a day of the last ten years, and one asks for the next day after a day of
2026. dateutil needs a rule for each of them, because the day on which it begins is a part of it:
``rrulestr(text, dtstart=...)`` and ``.after(...)``. A rhythm or a rule of crmkit is made once and
asked about all of them; rules are also read anew for each customer ("read and asked"). Customers of
the last hundred days, for whom dateutil has next to nothing to walk over, are printed for
comparison.

All answers are compared first and have to be equal. Rounds of both sides take turns, and each asks
about a customer over and over for the same processor time. What a customer takes is the best turn
of all, because other programs only ever add to it; a ratio is that of the means over all customers.
What a customer of ten months, ten years and a hundred years costs is printed beside (age must not
matter), and so is the slowest refusal of a hostile rule. Exit status 1 if a limit is passed, 2 if
answers differ.

Run: ``make bench``, or ``python benchmarks/recurrence.py [ROUNDS]``.
"""

import sys
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from random import Random
from statistics import fmean
from time import process_time
from typing import NamedTuple

from dateutil.rrule import rrulestr

from crmkit.errors import InvalidValue
from crmkit.period import Unit
from crmkit.recurrence import Every, MonthEnd, RecurrenceRule

TURN = 0.002
"""Each side asks about a customer for so many processor seconds in each round."""
PLAIN, CHOSEN = (0.02, 0.01), (0.2, None)
"""The limit and the aim of what is plain, and of what has BYDAY or BYSETPOS."""
OLDER = 1.5
"""How much more a customer of a hundred years may cost than one of ten months."""
REFUSED = 0.05
"""The processor seconds within which a hostile rule is refused."""

SKIP = MonthEnd.SKIP
HOSTILE = (
    "FREQ=DAILY;INTERVAL=0",
    "FREQ=DAILY;INTERVAL=-1",
    "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=DAILY;COUNT=1000000000",
    "FREQ=YEARLY;BYMONTH=13",
    "FREQ=DAILY;COUNT=2;UNTIL=20270101",
    "FREQ=YEARLY;BYDAY=" + "MO," * 400_000,
    "FREQ=MONTHLY;BYDAY=5MO;BYSETPOS=300",
    "FREQ=YEARLY;BYDAY=53MO;BYSETPOS=300",
    "FREQ=WEEKLY;BYMONTH=2;BYDAY=MO;BYSETPOS=7",
    "FREQ=DAILY;INTERVAL=1000;BYMONTH=2;BYMONTHDAY=29;BYDAY=SU",
)


class Customer(NamedTuple):
    """Since when they have been one, and on which day one asks for the next."""

    since: date
    day: date


Ask = Callable[[Customer], date | None]


class Question(NamedTuple):
    """What is asked of both sides, and how long crmkit may take of what dateutil takes."""

    name: str
    ours: Ask
    theirs: Ask
    limit: float
    aim: float | None


def customers(days: int, count: int = 60) -> list[Customer]:
    """Customers who came in so many days before 2026, on a day that all months have."""
    random, new_year = Random(20260131), date(2026, 1, 1)
    found = []
    for _ in range(count):
        since = new_year - timedelta(days=random.randrange(days))
        day = new_year + timedelta(days=random.randrange(365))
        found.append(Customer(since.replace(day=min(since.day, 28)), day))
    return found


def dateutil_asked(text: str) -> Ask:
    """A rule of dateutil for each customer."""

    def ask(customer: Customer) -> date | None:
        begins, at = (datetime.combine(day, time()) for day in customer)
        found = rrulestr(text, dtstart=begins).after(at)
        return found and found.date()

    return ask


def asked(rhythm: Every | RecurrenceRule) -> Ask:
    """A rhythm or a rule for all customers."""
    return lambda customer: rhythm.next_after(customer.day, since=customer.since)


def read_and_asked(text: str) -> Ask:
    """A rule that is read anew for each customer."""
    return lambda customer: RecurrenceRule(text).next_after(customer.day, since=customer.since)


def questions() -> list[Question]:
    """Every question, the plain ones first."""
    plain = {
        "FREQ=MONTHLY": Every(1, Unit.MONTH),
        "FREQ=MONTHLY;INTERVAL=3": Every(1, Unit.QUARTER, SKIP),
        "FREQ=YEARLY": Every(1, Unit.YEAR),
        "FREQ=WEEKLY;INTERVAL=2": Every(2, Unit.WEEK),
        "FREQ=DAILY;INTERVAL=10": Every(10, Unit.DAY),
    }
    chosen = (
        "FREQ=MONTHLY;BYDAY=2TU",
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
        "FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1",
        "FREQ=MONTHLY;BYDAY=2TU;COUNT=240",
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,FR",
        "FREQ=YEARLY;BYMONTH=12;BYDAY=1MO",
    )
    found = [
        Question(str(every), asked(every), dateutil_asked(text), *PLAIN)
        for text, every in plain.items()
    ]
    for text in ("FREQ=MONTHLY", *chosen):
        terms = CHOSEN if text in chosen else PLAIN
        found.append(Question(text, asked(RecurrenceRule(text)), dateutil_asked(text), *terms))
    found += [
        Question(f"{text} read", read_and_asked(text), dateutil_asked(text), *CHOSEN)
        for text in chosen[:3]
    ]
    return found


def seconds(ask: Ask, customer: Customer) -> float:
    """What it takes to ask about a customer, so often that it can be timed."""
    begun = process_time()
    ask(customer)
    times = 1 + int(TURN / max(process_time() - begun, 1e-6))
    begun = process_time()
    for _ in range(times):
        ask(customer)
    return (process_time() - begun) / times


def best(rounds: Sequence[Sequence[float]]) -> float:
    """The mean over all customers of what each takes at best."""
    return fmean(map(min, zip(*rounds, strict=True)))


def agree(question: Question, about: list[Customer]) -> bool:
    """Whether both sides give the same day for every customer; print those that differ."""
    same = True
    for customer in about:
        ours, theirs = question.ours(customer), question.theirs(customer)
        if ours != theirs:
            print(f"{question.name}, {customer}: crmkit says {ours}, dateutil says {theirs}")
            same = False
    return same


def compare(question: Question, about: list[Customer], rounds: int) -> tuple[float, float]:
    """What both sides take, in turns."""
    ours, theirs = [], []
    for _ in range(rounds):
        ours.append([seconds(question.ours, customer) for customer in about])
        theirs.append([seconds(question.theirs, customer) for customer in about])
    return best(ours), best(theirs)


def report(question: Question, rounds: int) -> bool:
    """Print a line of the table; say whether it is within its limit."""
    our, their = compare(question, customers(3_652), rounds)
    young_our, young_their = compare(question, customers(100), rounds)
    aim = f", aim {question.aim:g}" if question.aim else ""
    print(
        f"{question.name:50} {1e6 * our:6.2f} us   dateutil {1e6 * their:8.2f} us"
        f"   ratio {our / their:.4f} (limit {question.limit:g}{aim};"
        f" customers of 100 days: {young_our / young_their:.4f})"
    )
    return our / their <= question.limit


def flat(rounds: int) -> bool:
    """Print what customers of several ages cost; say whether age does not matter."""
    day = date(2026, 5, 22)
    ages = {"ten months": date(2025, 7, 31), "10 years": date(2016, 5, 31)}
    ages |= {"100 years": date(1926, 5, 31)}
    ask = asked(Every(1, Unit.MONTH))
    costs = {
        name: best([[seconds(ask, Customer(since, day))] for _ in range(5 * rounds)])
        for name, since in ages.items()
    }
    print("every month since: " + ", ".join(f"{n} {1e6 * c:.2f} us" for n, c in costs.items()))
    return max(costs.values()) <= OLDER * costs["ten months"]


def refusal(text: str) -> float:
    """The processor seconds until a rule is refused, when it is read or when it is asked."""
    customer, begun = Customer(date(1, 1, 1), date(1, 1, 1)), process_time()
    try:
        found = read_and_asked(text)(customer)
    except InvalidValue:
        return process_time() - begun
    raise SystemExit(f"{text} gives {found}: it was to be refused")


def refused_soon(rounds: int) -> bool:
    """Print the slowest refusal; say whether it is quick."""
    costs = {text: min(refusal(text) for _ in range(rounds)) for text in HOSTILE}
    slowest = max(costs, key=lambda text: costs[text])
    print(f"slowest refusal: {1e3 * costs[slowest]:.2f} ms (limit 50) for {slowest[:60]}")
    return costs[slowest] <= REFUSED


def main(rounds: int = 3) -> int:
    """Compare the answers, ask both sides in turns and print the ratios."""
    everything = questions()
    about = [*customers(3_652), *customers(100)]
    differing = [question for question in everything if not agree(question, about)]
    if differing:
        return 2
    print("processor time of the next day after a day of 2026, by customer")
    kept = [report(question, rounds) for question in everything]
    kept += [flat(rounds), refused_soon(rounds)]
    return int(not all(kept))


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
