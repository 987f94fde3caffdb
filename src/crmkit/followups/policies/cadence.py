"""Cadences: how often a customer is followed up, from which day on, and for what, as data."""

import re
from collections.abc import Iterable, Iterator
from datetime import date
from functools import cached_property
from typing import Self

from attrs import field, frozen
from attrs.converters import optional

from crmkit.business_time import BusinessCalendar
from crmkit.errors import InvalidPolicy, InvalidValue
from crmkit.followups.facts import Anchor, as_names, as_periods, as_text
from crmkit.followups.policies.closed_days import ClosedDays
from crmkit.followups.policies.course import Course
from crmkit.followups.policies.steps import (
    Age,
    CadenceStep,
    ExactAge,
    Plan,
    before,
    plan_of,
    shifted,
    stretches,
)
from crmkit.followups.records.occurrence import Occurrence
from crmkit.identifiers import check_identifier
from crmkit.period import Period, Unit, check_date
from crmkit.recurrence import Every, MonthEnd

__all__ = ["Cadence"]

_LONGEST_WINDOW = 366
_LIKE_A_DATE = re.compile(r"[0-9]{4}-?[0-9]{2}-?[0-9]{2}", re.ASCII)
# From some days of a year a step may give none: from the 31st, in shorter months.
_TRIED = tuple(date(2000, month, 1) for month in range(1, 13))


def _anchor(anchor: str | date) -> str | date:
    if isinstance(anchor, date):
        return anchor
    if not isinstance(anchor, str) or _LIKE_A_DATE.fullmatch(anchor):
        raise InvalidPolicy(
            "a cadence counts from a day of the customer by its name, such as 'hand-over', or from "
            "a date, such as date(2026, 12, 1): in TOML a date has no quotes"
        )
    return str(anchor)


def _steps(steps: Iterable[CadenceStep]) -> tuple[CadenceStep, ...]:
    found = tuple(steps)
    if not found or not all(isinstance(step, CadenceStep) for step in found):
        raise InvalidPolicy("a cadence has steps, such as (CadenceStep(Every(1, Unit.MONTH)),)")
    return found


@frozen(kw_only=True)
class Cadence:
    """How often a customer is followed up, from a day on, for a purpose: a plan as data.

    ``anchor`` names the day of the customer that everything is counted from (:class:`Anchor`, or a
    word of the host). What happened on that day was no follow-up; the first one comes after it. Or
    else it is a date, the same for everybody, which is itself the first day.

    ``tiers`` and ``segments`` say for whom it is: somebody of one of the tiers who is in one of the
    segments; naming none means all. A follow-up may be done up to ``days_early`` before its day and
    ``days_late`` after it, or else on the day it is due. What falls into one of the ``pauses``, or
    is moved there, waits for the first working day after it if it may be done as late, and is left
    out otherwise. So is what falls after ``ends_on``, or is moved there.

    :raises InvalidPolicy: if a step never gives a day, or a term is none of its kind.

    >>> returns = Cadence.after_hand_over()
    >>> [str(step) for step in returns.steps]
    ['every month up to 1 year', 'every 3 months']
    >>> found = returns.due_within(Period.year(2026), anchor=date(2025, 3, 31))
    >>> [str(one.due_on) for one in found]
    ['2026-01-31', '2026-02-28', '2026-03-31', '2026-06-30', '2026-09-30', '2026-12-31']
    """

    name: str
    anchor: str | date = field(converter=_anchor)
    steps: tuple[CadenceStep, ...] = field(converter=_steps)
    purpose: str = field(converter=as_text)
    channel: str | None = field(default=None, converter=optional(as_text))
    exact_age: ExactAge = ExactAge.WITHIN
    closed_days: ClosedDays = ClosedDays.NEXT_OPEN
    days_early: int = 0
    days_late: int = 0
    tiers: tuple[str, ...] = field(default=(), converter=as_names)
    segments: tuple[str, ...] = field(default=(), converter=as_names)
    pauses: tuple[Period, ...] = field(default=(), converter=as_periods)
    ends_on: date | None = None

    def __attrs_post_init__(self) -> None:
        check_identifier(self.name, "the name of a cadence")
        check_identifier(self.purpose, "purpose")
        if self.channel is not None:
            check_identifier(self.channel, "channel")
        if isinstance(self.anchor, str):
            check_identifier(self.anchor, "anchor")
        else:
            check_date(self.anchor, "the anchor of a cadence")
        if self.ends_on is not None:
            check_date(self.ends_on, "ends_on")
        for term, kind in ((self.exact_age, ExactAge), (self.closed_days, ClosedDays)):
            if not isinstance(term, kind):
                raise InvalidPolicy(f"pass a member of {kind.__name__}: {', '.join(kind)}")
        for days in (self.days_early, self.days_late):
            if type(days) is not int or not 0 <= days <= _LONGEST_WINDOW:
                raise InvalidPolicy(
                    f"a follow-up may be done 0 to {_LONGEST_WINDOW} days early, and as many late"
                )
        self._check_steps()

    def _check_steps(self) -> None:
        for step in self.steps[:-1]:
            if step.until is None and step.times is None:
                raise InvalidPolicy(
                    f"'{step}' goes on for ever, and what comes after it never happens: say until "
                    f"when, such as until=Age(1, Unit.YEAR)"
                )
        missing = set(range(len(self.steps)))
        for anchor in _TRIED if isinstance(self.anchor, str) else (self.anchor,):
            begun = anchor if isinstance(self.anchor, str) else before(anchor)
            found = enumerate(stretches(self.steps, begun, anchor, self.exact_age))
            for number, (step, begins_after, last) in found:
                day = step.repeat.next_after(begins_after, since=anchor)
                if day is not None and day <= last:
                    missing.discard(number)
            if not missing:
                return
        raise InvalidPolicy(
            f"'{self.steps[min(missing)]}' never gives a day: let it happen more often, or end at "
            f"a later age than the step before"
        )

    # --- ready ones ---

    @classmethod
    def after_hand_over(
        cls,
        *,
        exact_age: ExactAge = ExactAge.WITHIN,
        month_end: MonthEnd = MonthEnd.CLAMP,
    ) -> Self:
        """Return visits by telephone: monthly within a year of the hand-over, then quarterly.

        Source: FUP-01 of the requirements. Whether the anniversary itself is still within the year
        is open there (N-11); ``exact_age`` says so. It has its call in either reading. The defaults
        count as the Civil Code of China does (articles 201, 202 and 1259).
        """
        return cls(
            name="after-hand-over",
            anchor=Anchor.HAND_OVER,
            steps=(
                CadenceStep(Every(1, Unit.MONTH, month_end), until=Age(1, Unit.YEAR)),
                CadenceStep(Every(3, Unit.MONTH, month_end)),
            ),
            purpose="return-visit",
            channel="telephone",
            exact_age=exact_age,
        )

    @classmethod
    def december_round(cls) -> Self:
        """Each December a gift for the new year, and the question what next year will need.

        It may be done on any day of December. Source: FUP-02 of the requirements.
        """
        return cls(
            name="december-round",
            anchor=date(1970, 12, 1),
            steps=(CadenceStep(Every(1, Unit.YEAR)),),
            purpose="new-year-gift-and-demand-plan",
            days_late=30,
        )

    # --- its follow-ups ---

    def next_due(
        self,
        day: date,
        *,
        anchor: date | None = None,
        calendar: BusinessCalendar | None = None,
        handled: date | None = None,
        pauses: Iterable[Period] = (),
        ends_on: date | None = None,
    ) -> Occurrence | None:
        """The first follow-up that is due on a day or later, or may still be done on that day.

        ``anchor`` is the day of the customer that everything is counted from; a cadence with a date
        of its own takes none. Those up to ``handled`` were done or given up. ``pauses`` and
        ``ends_on`` are those of the customer; those of the cadence hold as well. Without a
        ``calendar``, all days are open. Of several days that go to the same one, the last stands
        for all. None if there is none any more.

        :raises InvalidValue: if a day is no plain date, a pause no Period, the anchor is missing or
            one too many, or the calendar does not open any more.
        """
        # This is asked for every customer: what checks a day is called for what is none.
        if type(day) is not date:
            check_date(day, "the day asked about")
        course = self._course(anchor, calendar, pauses, ends_on)
        begun = course.settled_before(day)
        if handled is not None:
            check_date(handled, "handled")
            begun = max(begun, handled)
        while (found := course.next_after(begun)) is not None:
            occurrence = self._occurrence(course, *found)
            if occurrence.not_after >= day and (handled is None or occurrence.due_on > handled):
                return occurrence
            begun = occurrence.nominal_on
        return None

    def due_within(
        self,
        period: Period,
        *,
        anchor: date | None = None,
        calendar: BusinessCalendar | None = None,
        pauses: Iterable[Period] = (),
        ends_on: date | None = None,
    ) -> Iterator[Occurrence]:
        """The follow-ups that are due in a period, in order; all else is as for ``next_due``.

        :raises InvalidValue: if the period is no Period, and as ``next_due`` does.
        """
        if not isinstance(period, Period):
            raise InvalidValue("follow-ups are due within a Period, such as Period.year(2026)")
        course = self._course(anchor, calendar, pauses, ends_on)
        return self._due_within(period, course)

    def open_within(
        self,
        period: Period,
        *,
        anchor: date | None = None,
        calendar: BusinessCalendar | None = None,
        handled: date | None = None,
        pauses: Iterable[Period] = (),
        ends_on: date | None = None,
    ) -> Iterator[Occurrence]:
        """What there is to do in a period, in order: what is due in it, or before but open still.

        That is what ``next_due`` gives for the first day of the period, and then one after another
        as they are handled, up to the last that is due in the period.

        :raises InvalidValue: if the period is no Period, and as ``next_due`` does.
        """
        if not isinstance(period, Period):
            raise InvalidValue("follow-ups are open within a Period, such as Period.year(2026)")
        course = self._course(anchor, calendar, pauses, ends_on)
        if handled is not None:
            check_date(handled, "handled")
        return self._open_within(period, course, handled)

    def _open_within(
        self, period: Period, course: Course, handled: date | None
    ) -> Iterator[Occurrence]:
        day = course.settled_before(period.start)
        if handled is not None:
            day = max(day, handled)
        while (found := course.next_after(day)) is not None and found[1] < period.end:
            day, due, _ = found
            occurrence = self._occurrence(course, *found)
            if occurrence.not_after >= period.start and (handled is None or due > handled):
                yield occurrence

    def _due_within(self, period: Period, course: Course) -> Iterator[Occurrence]:
        day = course.settled_before(period.start)
        while (found := course.next_after(day)) is not None and found[1] < period.end:
            day, due, _ = found
            if due >= period.start:
                yield self._occurrence(course, *found)

    @cached_property
    def _plan(self) -> Plan:
        return plan_of(self.steps)

    def _course(
        self,
        anchor: date | None,
        calendar: BusinessCalendar | None,
        pauses: Iterable[Period],
        ends_on: date | None,
    ) -> Course:
        since, begun = self._counted_from(anchor)
        held = as_periods((*self.pauses, *pauses)) if pauses else self.pauses
        ends = self.ends_on
        if ends_on is not None:
            check_date(ends_on, "ends_on")
            ends = ends_on if ends is None else min(ends, ends_on)
        return Course(
            self._plan,
            self.exact_age,
            self.closed_days,
            self.days_late,
            since,
            begun,
            None if calendar is None or self.closed_days is ClosedDays.STAY else calendar,
            held,
            ends or date.max,
        )

    def _counted_from(self, anchor: date | None) -> tuple[date, date]:
        """The anchor, and the day before the first that may be given: itself or the one before."""
        if isinstance(self.anchor, str):
            if anchor is None:
                raise InvalidValue(f"{self.name} counts from a day of the customer: pass anchor=")
            if type(anchor) is not date:
                check_date(anchor, "the anchor")
            return anchor, anchor
        if anchor is not None:
            raise InvalidValue(f"{self.name} counts from a date of its own: leave anchor= out")
        return self.anchor, before(self.anchor)

    def _occurrence(self, course: Course, nominal: date, due: date, step: int) -> Occurrence:
        first = last = due
        if self.days_early:
            first = min(max(shifted(nominal, -self.days_early), shifted(course.begun, 1)), due)
        if self.days_late:
            last = max(min(shifted(nominal, self.days_late), course.ends_on), due)
        return Occurrence(self.name, step, self.purpose, self.channel, nominal, due, first, last)
