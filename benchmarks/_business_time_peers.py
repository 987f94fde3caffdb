"""One round of the peers in ``business_time.py``; prints JSON."""

# mypy: ignore-errors

import warnings
from datetime import time

import businesstimedelta
import pytz
import timegrid
from business_duration import businessDuration

from benchmarks._business_time_cases import BUDGET_HOURS, CALENDARS, cases, measured, write

NINE, NOON, ONE, FIVE = time(9), time(12), time(13), time(17)


def wall(at):
    """What all sides can say, those without zones too."""
    return at.replace(tzinfo=None).isoformat()


def businesstimedelta_due(hours):
    """Its documented way: rules in a zone of pytz, and 48 business hours added to an instant."""
    zone, weekdays = pytz.timezone(hours.zone), [0, 1, 2, 3, 4]
    rules = [businesstimedelta.WorkDayRule(NINE, FIVE, weekdays, tz=zone)]
    if hours.lunch:
        rules.append(businesstimedelta.LunchTimeRule(NOON, ONE, weekdays, tz=zone))
    if hours.holidays:
        # A set, in which a day is found at once.
        rules.append(businesstimedelta.HolidayRule(set(hours.holidays), tz=zone))
    budget = businesstimedelta.BusinessTimeDelta(businesstimedelta.Rules(rules), hours=BUDGET_HOURS)
    received = [zone.localize(case.received) for case in cases()]
    return measured(lambda at: at + budget, received, wall)


def timegrid_due(hours):
    """Its traced call, as compiled from Rust; it knows no zones and gets the wall clock."""
    calendar = timegrid.TimeGridCalendar.weekdays(NINE, FIVE)
    if hours.lunch:
        calendar = calendar.break_weekdays(NOON, ONE)
    for day in hours.holidays:
        calendar = calendar.close(day)
    budget = timegrid.hours(BUDGET_HOURS)
    received = [case.received for case in cases()]
    return measured(lambda at: calendar.at(at).trace_work_duration(budget).result, received, wall)


def business_duration_elapsed(hours):
    """Its one function; it knows no zones and no breaks, and gets the wall clock."""
    holidays = set(hours.holidays) or None

    def ask(case):
        return businessDuration(
            case.received, case.answered, NINE, FIVE, holidaylist=holidays, unit="sec"
        )

    return measured(ask, cases(), float)


def main():
    """Measure each peer on the calendars that it can express."""
    warnings.simplefilter("ignore")
    found = {}
    for name in ("desk", "desk in UTC", "bare"):
        found[f"businesstimedelta: due, {name}"] = businesstimedelta_due(CALENDARS[name])
    for name in ("desk", "bare"):
        found[f"timegrid: due, {name}"] = timegrid_due(CALENDARS[name])
    for name in ("office", "bare"):
        found[f"business-duration: elapsed, {name}"] = business_duration_elapsed(CALENDARS[name])
    write(found)


if __name__ == "__main__":
    main()
