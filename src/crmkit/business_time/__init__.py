"""Working time: due and elapsed by a calendar, exact across clock changes, and explained by day.

>>> from datetime import datetime, timedelta
>>> from zoneinfo import ZoneInfo
>>> office = BusinessCalendar.on_weekdays("09:00-18:00", zone="Europe/Berlin")
>>> received = datetime(2026, 5, 8, 16, 0, tzinfo=ZoneInfo("Europe/Berlin"))
>>> due = office.due(received, timedelta(hours=4))
>>> due.isoformat(" ")
'2026-05-11 11:00:00+02:00'
>>> office.elapsed(received, due)
datetime.timedelta(seconds=14400)
>>> print(office.trace(received, due))
Fri 2026-05-08  16:00-18:00  2 h 00 min, 2 h 00 min in all
Sat 2026-05-09  closed
Sun 2026-05-10  closed
Mon 2026-05-11  09:00-11:00  2 h 00 min, 4 h 00 min in all
"""

from crmkit.business_time.calendar import BusinessCalendar, Closure, Opening, Weekday
from crmkit.business_time.clock import CaseClock, ClockTerms, Pause
from crmkit.business_time.ical import (
    CalendarFile,
    LeftOut,
    WhyLeftOut,
    closures_from_ical,
)
from crmkit.business_time.national import national_holidays, national_workdays
from crmkit.business_time.trace import Trace, TraceDay

__all__ = [
    "BusinessCalendar",
    "CalendarFile",
    "CaseClock",
    "ClockTerms",
    "Closure",
    "LeftOut",
    "Opening",
    "Pause",
    "Trace",
    "TraceDay",
    "Weekday",
    "WhyLeftOut",
    "closures_from_ical",
    "national_holidays",
    "national_workdays",
]
