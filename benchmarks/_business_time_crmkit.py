"""One round of crmkit in ``business_time.py``; prints JSON."""

from datetime import UTC, datetime, timedelta
from time import process_time
from zoneinfo import ZoneInfo

from benchmarks._business_time_cases import (
    BUDGET_HOURS,
    CALENDARS,
    WEEKS,
    Hours,
    Measured,
    cases,
    measured,
    write,
)
from crmkit.business_time import BusinessCalendar, Closure

BUDGET = timedelta(hours=BUDGET_HOURS)


def calendar_of(hours: Hours) -> BusinessCalendar:
    """The calendar of crmkit."""
    windows = ("09:00-12:00", "13:00-17:00") if hours.lunch else ("09:00-17:00",)
    closures = map(Closure, hours.holidays)
    return BusinessCalendar.on_weekdays(*windows, zone=hours.zone, closures=closures)


def wall(at: datetime) -> str:
    """What all sides can say, those without zones too."""
    return at.replace(tzinfo=None).isoformat()


def first_answer(hours: Hours) -> float:
    """The seconds until a calendar that did not exist before has answered."""
    received = datetime(2026, 5, 8, 16, tzinfo=ZoneInfo(hours.zone))
    begun = process_time()
    calendar_of(hours).due(received, BUDGET)
    return process_time() - begun


def asked(name: str, hours: Hours) -> dict[str, Measured]:
    """Both questions about every case."""
    calendar, zone = calendar_of(hours), ZoneInfo(hours.zone)
    zoned = [tuple(at.replace(tzinfo=zone) for at in case) for case in cases()]
    return {
        f"due, {name}": measured(lambda case: calendar.due(case[0], BUDGET), zoned, wall),
        f"elapsed, {name}": measured(
            lambda case: calendar.elapsed(case[0], case[1]), zoned, timedelta.total_seconds
        ),
    }


def asked_about_spans() -> dict[str, Measured]:
    """Both questions about spans of several lengths; the answers are their weeks."""
    calendar = calendar_of(CALENDARS["desk"])
    start = datetime(2026, 3, 2, 15, 30, tzinfo=UTC)
    found = {}
    for name, weeks in WEEKS.items():
        end = start + timedelta(weeks=weeks)
        budget = calendar.elapsed(start, end)
        elapsed = measured(lambda end: calendar.elapsed(start, end), [end], str)
        due = measured(lambda budget: calendar.due(start, budget), [budget], str)
        found[f"elapsed over {name}"] = elapsed._replace(answers=[weeks])
        found[f"due after {name}"] = due._replace(answers=[weeks])
    return found


def main() -> None:
    """Measure everything."""
    found = {"first answer": Measured([first_answer(CALENDARS["desk"])], [])}
    for name, hours in CALENDARS.items():
        found |= asked(name, hours)
    write(found | asked_about_spans())


if __name__ == "__main__":
    main()
