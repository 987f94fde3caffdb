"""The course of a cadence for one customer: which of its days are left, and where each one goes."""

from datetime import date

from attrs import define

from crmkit.business_time import BusinessCalendar
from crmkit.followups.policies.closed_days import (
    GOES_BACK,
    ClosedDays,
    moved,
    settled_before,
)
from crmkit.followups.policies.steps import ExactAge, Plan, before, next_day, shifted
from crmkit.period import Period

__all__ = ["Course", "pause_on"]


def pause_on(day: date, pauses: tuple[Period, ...]) -> Period | None:
    """The pause that a day lies in; of several the one that ends last."""
    found = [pause for pause in pauses if pause.start <= day < pause.end]
    return max(found, key=lambda pause: pause.end, default=None)


@define
class Course:
    """What a cadence comes to for one customer, who is counted from a day and has pauses."""

    plan: Plan
    exact_age: ExactAge
    closed_days: ClosedDays
    days_late: int
    since: date
    begun: date
    """The day before the first that it may give."""
    calendar: BusinessCalendar | None
    """None as well if follow-ups stay on closed days."""
    pauses: tuple[Period, ...]
    ends_on: date

    def settled_before(self, day: date) -> date:
        """A day up to which nothing falls that may be done on the given day or later."""
        if self.calendar is None:
            settled = before(day)
        else:
            settled = settled_before(day, self.closed_days, self.calendar)
        return min(settled, shifted(day, -self.days_late - 1)) if self.days_late else settled

    def next_after(self, day: date) -> tuple[date, date, int] | None:
        """What falls on the first day after a day: the day itself, where it goes, its step.

        Of several days that go to the same one, the last stands for all: nobody is called twice.
        """
        found = self._next_after(day)
        while found is not None and self._takes_in_later(found[0], found[1]):
            following = self._next_after(found[0])
            if following is None or following[1] != found[1]:
                break
            found = following
        return found

    def _next_after(self, day: date) -> tuple[date, date, int] | None:
        """The first day after a day that is not left out."""
        while found := next_day(self.plan, day, self.begun, self.since, self.exact_age):
            day, step = found
            due = day if self.calendar is None else moved(day, self.closed_days, self.calendar)
            if self.pauses and (pause := pause_on(day, self.pauses) or pause_on(due, self.pauses)):
                resumed = self._resumed(day, pause)
                if resumed is None:
                    # What falls on the days until then could not wait so long either.
                    day = max(day, shifted(pause.end, -self.days_late - 1))
                    continue
                due = resumed
            return (day, due, step) if day <= self.ends_on and due <= self.ends_on else None
        return None

    def _takes_in_later(self, day: date, due: date) -> bool:
        """Whether what falls on later days may go to the same day as what falls on this one."""
        if due != day:
            return True
        if self.calendar is None or self.closed_days not in GOES_BACK:
            return False
        return not self.calendar.is_business_day(shifted(day, 1))

    def _resumed(self, day: date, pause: Period) -> date | None:
        """The first working day after a pause, if what falls on a day may be done as late."""
        last = shifted(day, self.days_late)
        following: Period | None = pause
        while following is not None and following.end <= last:
            due = following.end
            if self.calendar is not None:
                due = self.calendar.business_day_after(due, 0)
            following = pause_on(due, self.pauses)
            if following is None and due <= last:
                return due
        return None
