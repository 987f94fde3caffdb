"""Days that repeat, and times of day on a wall clock: the same answer on every machine."""

from crmkit.recurrence.every import Every, MonthEnd
from crmkit.recurrence.rule import RecurrenceRule

__all__ = ["Every", "MonthEnd", "RecurrenceRule"]
