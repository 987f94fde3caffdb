"""Cadences: how often a customer is followed up, from which day on, and for what.

A cadence is data. The days that it gives are counted from its anchor, never from one another, so
that nothing drifts and nothing has to be walked through.
"""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Self

from attrs import field, frozen

from crmkit.business_time import BusinessCalendar
from crmkit.contact.records import as_words
from crmkit.errors import InvalidPolicy, InvalidValue
from crmkit.followups.facts import Anchor
from crmkit.identifiers import check_identifier
from crmkit.period import Period, Unit, check_date
from crmkit.recurrence import Every, RecurrenceRule

__all__ = ["Cadence", "CadenceStep", "ClosedDays", "ExactAge", "Occurrence"]

_DAY = timedelta(days=1)
_MOST_TIMES = 1_000
_LONGEST_WINDOW = 366
# A calendar that is closed for longer than this has no next open day worth the name.
_LONGEST_CLOSURE = 366


class ExactAge(StrEnum):
    """To which step the day belongs on which the age between two steps is reached.

    "Within a year monthly, after more than a year quarterly" leaves the anniversary open.
    """

    WITHIN = "within"
    """To the step that ends then: the anniversary is within the first year."""
    BEYOND = "beyond"
    """To the step that begins then."""


class ClosedDays(StrEnum):
    """Where a follow-up goes that falls on a day on which nobody works."""

    NEXT_OPEN = "next-open"
    """To the next working day."""
    PREVIOUS_OPEN = "previous-open"
    """To the working day before."""
    NEAREST_OPEN = "nearest-open"
    """To the nearer of the two; to the later one if both are as near."""
    STAY = "stay"
    """Nowhere."""


@frozen
class CadenceStep:
    """How often, until which age: ``CadenceStep(Every(1, Unit.MONTH), until=Every(1, Unit.YEAR))``.

    ``until`` is the age at which the step ends, counted from the anchor as everything else; the
    last step may go on without an end. ``times=1`` ends it after so many days instead: a call a
    week after the purchase is ``CadenceStep(Every(1, Unit.WEEK), times=1)``.

    :raises InvalidPolicy: if it does not say how often, or ends twice.
    """

    repeat: Every | RecurrenceRule
    until: Every | None = field(default=None, kw_only=True)
    times: int | None = field(default=None, kw_only=True)

    def __attrs_post_init__(self) -> None:
        if not isinstance(self.repeat, Every | RecurrenceRule):
            raise InvalidPolicy("a step says how often: Every(1, Unit.MONTH), or a RecurrenceRule")
        if self.until is not None and not isinstance(self.until, Every):
            raise InvalidPolicy("a step ends at an age such as Every(1, Unit.YEAR)")
        if self.until is not None and self.times is not None:
            raise InvalidPolicy("a step ends at an age or after so many times, not both")
        if self.times is not None and not (
            type(self.times) is int and 1 <= self.times <= _MOST_TIMES
        ):
            raise InvalidPolicy(f"a step happens 1 to {_MOST_TIMES:,} times")

    def __str__(self) -> str:
        if self.times == 1:
            return f"once, {self.repeat}".replace("every", "after a", 1)
        if self.times is not None:
            return f"{self.repeat}, {self.times} times"
        return f"{self.repeat}" + ("" if self.until is None else f" until {_age(self.until)}")


def _age(age: Every) -> str:
    return f"{age.interval} {age.unit}" + ("" if age.interval == 1 else "s")


@frozen
class Occurrence:
    """One follow-up that a cadence asks for.

    ``nominal_on`` is the day that the cadence gives and the name of the occurrence within it;
    ``due_on`` is where it was moved because the nominal day is closed. It may be done from
    ``not_before`` to ``not_after``, both included.
    """

    cadence: str
    step: int
    nominal_on: date
    due_on: date
    not_before: date
    not_after: date

    def __str__(self) -> str:
        """The day it is due."""
        return f"due {self.due_on}"

    @property
    def is_moved(self) -> bool:
        """Whether its own day is closed."""
        return self.due_on != self.nominal_on


def _steps(steps: Iterable[CadenceStep]) -> tuple[CadenceStep, ...]:
    found = tuple(steps)
    if not found or not all(isinstance(step, CadenceStep) for step in found):
        raise InvalidPolicy("a cadence has steps, such as (CadenceStep(Every(1, Unit.MONTH)),)")
    return found


def _anchor(anchor: str | date) -> str | date:
    return anchor if isinstance(anchor, date) else str(anchor)


@frozen(kw_only=True)
class Cadence:
    """How often a customer is followed up, from a day on: the steps of a plan, as data.

    ``anchor`` is the name of the day that it counts from (:class:`Anchor`, or a word of the host),
    or a fixed date that is the same for everybody. The anchor itself is no follow-up. ``tiers`` and
    ``segments`` say for whom it is; leaving both out means everybody. A follow-up may be done
    ``days_early`` before its day and ``days_late`` after it.

    :raises InvalidPolicy: if a step can never happen, or something is of another kind.

    >>> returns = Cadence.after_hand_over()
    >>> [str(step) for step in returns.steps]
    ['every month until 1 year', 'every 3 months']
    >>> [str(day) for day in returns.days(Period.year(2026), anchor=date(2025, 3, 31))]
    ['2026-01-31', '2026-02-28', '2026-03-31', '2026-06-30', '2026-09-30', '2026-12-31']
    """

    name: str
    anchor: str | date = field(converter=_anchor)
    steps: tuple[CadenceStep, ...] = field(converter=_steps)
    purpose: str
    channel: str | None = None
    exact_age: ExactAge = ExactAge.WITHIN
    closed_days: ClosedDays = ClosedDays.NEXT_OPEN
    days_early: int = 0
    days_late: int = 0
    tiers: tuple[str, ...] = field(default=(), converter=as_words)
    segments: tuple[str, ...] = field(default=(), converter=as_words)

    def __attrs_post_init__(self) -> None:
        check_identifier(self.name, "the name of a cadence")
        check_identifier(self.purpose, "purpose")
        if self.channel is not None:
            check_identifier(self.channel, "channel")
        if isinstance(self.anchor, str):
            check_identifier(self.anchor, "anchor")
        else:
            check_date(self.anchor, "the anchor of a cadence")
        for term, kind in ((self.exact_age, ExactAge), (self.closed_days, ClosedDays)):
            if not isinstance(term, kind):
                raise InvalidPolicy(f"pass a member of {kind.__name__}: {', '.join(kind)}")
        for days in (self.days_early, self.days_late):
            if type(days) is not int or not 0 <= days <= _LONGEST_WINDOW:
                raise InvalidPolicy(f"a window opens and closes 0 to {_LONGEST_WINDOW} days off")
        self._check_order()

    def _check_order(self) -> None:
        for step in self.steps[:-1]:
            if step.until is None and step.times is None:
                raise InvalidPolicy(
                    f"what comes after '{step}' can never happen: say until when that goes on"
                )
        ages = [step.until.nth(1, since=_SOME_DAY) for step in self.steps if step.until]
        if any(
            later is None or earlier is None or later <= earlier
            for earlier, later in pairwise(ages)
        ):
            raise InvalidPolicy("a step ends at a later age than the one before it")

    # --- ready ones ---

    @classmethod
    def after_hand_over(cls, *, exact_age: ExactAge = ExactAge.WITHIN) -> Self:
        """Return visits by telephone: monthly within a year of the hand-over, then quarterly.

        Source: FUP-01 of the requirements. Whether the anniversary itself is still within the year
        is open there (N-11): ``exact_age`` says so. Its day is the same either way.
        """
        return cls(
            name="after-hand-over",
            anchor=Anchor.HAND_OVER,
            steps=(
                CadenceStep(Every(1, Unit.MONTH), until=Every(1, Unit.YEAR)),
                CadenceStep(Every(3, Unit.MONTH)),
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

    # --- its days ---

    def days(self, period: Period, *, anchor: date) -> Iterator[date]:
        """The days that it gives in a period, in order; closed days are not considered.

        :raises InvalidValue: if the anchor is no plain date, or the period no Period.
        """
        check_date(anchor, "the anchor of a cadence")
        if not isinstance(period, Period):
            raise InvalidValue("days are asked for within a Period, such as Period.year(2026)")
        day = period.start - _DAY
        while (found := self._next_day(day, anchor)) is not None and found[0] in period:
            day = found[0]
            yield day

    def next_due(
        self,
        day: date,
        *,
        anchor: date,
        calendar: BusinessCalendar | None = None,
        after: date | None = None,
        pauses: Iterable[Period] = (),
        ends_on: date | None = None,
    ) -> Occurrence | None:
        """The first follow-up that is due on a day or later; None if there is none any more.

        ``after`` leaves out what is nominally on that day or before, because it was handled. A day
        within one of the ``pauses`` is left out; after ``ends_on`` there is none. Without a
        ``calendar``, all days are open.

        :raises InvalidValue: if a day is no plain date, or the calendar never opens any more.
        """
        check_date(day, "the day asked about")
        check_date(anchor, "the anchor of a cadence")
        # What falls on closed days just before may have been moved to this one or later.
        begun = self._last_open_before(day, calendar)
        if after is not None and after > begun:
            begun = after
        pauses = tuple(pauses)
        while (found := self._next_day(begun, anchor)) is not None:
            nominal, step = found
            if ends_on is not None and nominal > ends_on:
                return None
            begun = nominal
            paused = [pause.last for pause in pauses if nominal in pause]
            if paused:
                begun = max(paused)
                continue
            due = self._moved(nominal, calendar)
            if due >= day:
                return self._occurrence(step, nominal, due)
        return None

    def _occurrence(self, step: int, nominal: date, due: date) -> Occurrence:
        early = max(nominal.toordinal() - self.days_early, 1)
        late = min(nominal.toordinal() + self.days_late, date.max.toordinal())
        return Occurrence(
            self.name,
            step,
            nominal,
            due,
            min(date.fromordinal(early), due),
            max(date.fromordinal(late), due),
        )

    def _next_day(self, day: date, anchor: date) -> tuple[date, int] | None:
        """The first day after a day, and the number of the step that gives it."""
        for number, (step, first, last) in enumerate(self._stretches(anchor)):
            if last > day:
                found = step.repeat.next_after(max(day, first - _DAY), since=anchor)
                if found is not None and found <= last:
                    return found, number
        return None

    def _stretches(self, anchor: date) -> Iterator[tuple[CadenceStep, date, date]]:
        """From when to when each step lasts."""
        first = anchor
        for step in self.steps:
            if first == date.max:
                return
            first += _DAY
            last = self._last_of(step, first, anchor)
            yield step, first, last
            first = max(last, first - _DAY)

    def _last_of(self, step: CadenceStep, first: date, anchor: date) -> date:
        if step.until is not None:
            reached = step.until.nth(1, since=anchor) or date.max
            return reached if self.exact_age is ExactAge.WITHIN else reached - _DAY
        last = first - _DAY
        for _ in range(step.times or 0):
            following = step.repeat.next_after(last, since=anchor)
            if following is None:
                return date.max
            last = following
        return last if step.times else date.max

    # --- closed days ---

    def _last_open_before(self, day: date, calendar: BusinessCalendar | None) -> date:
        previous = day - _DAY
        if calendar is None or self.closed_days in (ClosedDays.STAY, ClosedDays.PREVIOUS_OPEN):
            return previous
        return _open_before(previous, calendar)

    def _moved(self, day: date, calendar: BusinessCalendar | None) -> date:
        if calendar is None or self.closed_days is ClosedDays.STAY or calendar.is_business_day(day):
            return day
        if self.closed_days is ClosedDays.PREVIOUS_OPEN:
            return _open_before(day, calendar)
        later = calendar.business_day_after(day, 0)
        if self.closed_days is ClosedDays.NEXT_OPEN:
            return later
        earlier = _open_before(day, calendar)
        return earlier if day - earlier < later - day else later


def _open_before(day: date, calendar: BusinessCalendar) -> date:
    """The last working day up to and including a day; the first day there is, if there is none."""
    for _ in range(_LONGEST_CLOSURE):
        if day == date.min or calendar.is_business_day(day):
            return day
        day -= _DAY
    raise InvalidValue(
        f"the calendar is closed for more than {_LONGEST_CLOSURE} days before a follow-up: give "
        f"it openings, or let follow-ups stay on closed days"
    )


_SOME_DAY = date(2000, 1, 1)
