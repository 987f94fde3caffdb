"""One round of dateutil in ``followups.py``; prints JSON."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta

from dateutil.rrule import FR, MO, MONTHLY, TH, TU, WE, rrule, rrulebase, rruleset

from benchmarks._business_time_cases import measured, write
from benchmarks._followups_cases import AGES, AS_OF, hand_overs, of_age

# dateutil knows instants only: what follows the evening before is due on the day or later.
EVENING_BEFORE = datetime.combine(AS_OF, time()) - timedelta(hours=1)


def next_by(rule: Callable[[datetime], rrulebase]) -> Callable[[datetime], datetime | None]:
    """The question about a customer: the rule is built and asked."""
    return lambda since: rule(since).after(EVENING_BEFORE)


def monthly(since: datetime) -> rrule:
    """Each month."""
    return rrule(MONTHLY, dtstart=since, interval=1)


def return_visits(since: datetime) -> rruleset:
    """Each month within a year, and each third one: which band it is, is a part of the question."""
    both = rruleset()
    both.rrule(rrule(MONTHLY, dtstart=since, interval=1, until=since.replace(year=since.year + 1)))
    both.rrule(rrule(MONTHLY, dtstart=since, interval=3))
    return both


def band_known(since: datetime) -> rrule:
    """The one rule of the band, which somebody else has found out."""
    within = since.date().replace(year=since.year + 1) >= AS_OF
    return rrule(MONTHLY, dtstart=since, interval=1 if within else 3)


def second_tuesdays(since: datetime) -> rrule:
    """Each second Tuesday of a month."""
    return rrule(MONTHLY, dtstart=since, byweekday=TU(2))


def last_working_days(since: datetime) -> rrule:
    """Each last day of a month from Monday to Friday."""
    return rrule(MONTHLY, dtstart=since, byweekday=(MO, TU, WE, TH, FR), bysetpos=-1)


def at_midnight(day: date) -> datetime:
    """A day as dateutil takes it."""
    return datetime.combine(day, time())


def text(found: datetime | None) -> str:
    """What both sides can say."""
    return "" if found is None else found.date().isoformat()


def main() -> None:
    """Measure everything."""
    since = list(map(at_midnight, hand_overs()))
    questions = {
        "monthly": monthly,
        "return visits": return_visits,
        "return visits, band known": band_known,
        "second Tuesdays": second_tuesdays,
        "last working days": last_working_days,
    }
    found = {name: measured(next_by(rule), since, text) for name, rule in questions.items()}
    for years in AGES:
        one = [at_midnight(of_age(years))]
        found[f"monthly, aged {years}"] = measured(next_by(monthly), one, text)
    write(found)


if __name__ == "__main__":
    main()
