"""Days that repeat, and times of day on a wall clock: the same answer on every machine.

:class:`Every` is so often from a day on, :class:`RecurrenceRule` a rule as calendar files write it;
both answer the same questions. Neither drifts at month ends, and neither walks over the past.

>>> from datetime import date
>>> from crmkit.period import Period, Unit
>>> monthly = Every(1, Unit.MONTH)
>>> [str(day) for day in monthly.within(Period.quarter(2026, 2), since=date(2025, 8, 31))]
['2026-04-30', '2026-05-31', '2026-06-30']
>>> fridays = RecurrenceRule("FREQ=MONTHLY;BYDAY=-1FR")
>>> fridays.next_after(date(2026, 5, 29), since=date(2025, 8, 31))
datetime.date(2026, 6, 26)

:class:`WallTime` is a time of day that a clock on the wall shows, and says what happens to it in
the nights in which clocks are changed.

>>> WallTime("09:30").on(date(2026, 6, 26), "Europe/Berlin").isoformat()
'2026-06-26T09:30:00+02:00'
"""

from crmkit.recurrence.every import Every, MonthEnd
from crmkit.recurrence.rule import RecurrenceRule
from crmkit.recurrence.wall_time import InFold, InGap, WallTime

__all__ = ["Every", "InFold", "InGap", "MonthEnd", "RecurrenceRule", "WallTime"]
