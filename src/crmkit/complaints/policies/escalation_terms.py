"""The terms of an escalation: after how long, to whom, and how often."""

from collections.abc import Iterable
from datetime import timedelta
from enum import StrEnum
from itertools import pairwise

from attrs import field, frozen

from crmkit.complaints.facts.history import RECEIVED_MARK
from crmkit.errors import InvalidIdentifier, InvalidPolicy
from crmkit.identifiers import check_identifier

__all__ = ["MOST_ESCALATIONS", "Delay", "DelayUnit", "EscalationLevel", "EscalationRule"]

MOST_ESCALATIONS = 100
"""The highest cap: nobody heeds the hundred-and-first reminder."""

_MOST_COUNTED = 100_000
_DAY = timedelta(days=1)


class DelayUnit(StrEnum):
    """What is counted until an escalation falls due."""

    MINUTES = "minutes"
    """By the clock, day and night."""
    HOURS = "hours"
    """By the clock, day and night."""
    WORKING_MINUTES = "working-minutes"
    """Those in which the calendar is open."""
    WORKING_HOURS = "working-hours"
    """Those in which the calendar is open."""
    BUSINESS_DAYS = "business-days"
    """The days following on which the calendar opens; due when the last one is over."""
    CALENDAR_DAYS = "calendar-days"
    """All days following, by the wall clock of the calendar; due when the last one is over."""


_LENGTHS = {
    DelayUnit.MINUTES: timedelta(minutes=1),
    DelayUnit.HOURS: timedelta(hours=1),
    DelayUnit.WORKING_MINUTES: timedelta(minutes=1),
    DelayUnit.WORKING_HOURS: timedelta(hours=1),
    DelayUnit.BUSINESS_DAYS: _DAY,
    DelayUnit.CALENDAR_DAYS: _DAY,
}
_BY_THE_CLOCK = {DelayUnit.MINUTES, DelayUnit.HOURS}
_WORKING = {DelayUnit.WORKING_MINUTES, DelayUnit.WORKING_HOURS}
_DAYS = {DelayUnit.BUSINESS_DAYS, DelayUnit.CALENDAR_DAYS}
_FAMILIES = (_BY_THE_CLOCK, _WORKING, {DelayUnit.BUSINESS_DAYS}, {DelayUnit.CALENDAR_DAYS})


@frozen
class Delay:
    """How long after something an escalation falls due, such as 4 working hours; zero is at once.

    Zero days is the end of the same day; zero business days is the end of the same day if it is
    one, otherwise of the next business day.

    :raises InvalidPolicy: if the count is no whole number from 0 to 100,000.

    >>> str(Delay(4, DelayUnit.WORKING_HOURS))
    '4 working hours'
    """

    count: int
    unit: DelayUnit

    def __attrs_post_init__(self) -> None:
        if type(self.count) is not int or not 0 <= self.count <= _MOST_COUNTED:
            raise InvalidPolicy(f"a delay counts from 0 to {_MOST_COUNTED:,}, in whole numbers")

    def __str__(self) -> str:
        return f"{self.count:,} {self.unit.replace('-', ' ')}"

    @property
    def length(self) -> timedelta:
        """The time that is counted, a day as 24 hours."""
        return self.count * _LENGTHS[self.unit]

    @property
    def needs_calendar(self) -> bool:
        """Whether it cannot be counted by the clock alone."""
        return self.unit not in _BY_THE_CLOCK

    @property
    def counts_working_time(self) -> bool:
        """Whether it stands still while nobody is there, and while the case waits."""
        return self.unit in _WORKING

    @property
    def counts_days(self) -> bool:
        """Whether it is over at the end of a day."""
        return self.unit in _DAYS

    def is_never_later_than(self, other: "Delay") -> bool:
        """Whether it is over no later than another, by the same calendar and from any instant on.

        A false answer proves nothing where units differ: three business days and 20 working hours
        can come in either order.
        """
        if any(self.unit in family and other.unit in family for family in _FAMILIES):
            return self.length <= other.length
        if self.counts_days and other.unit is DelayUnit.BUSINESS_DAYS:
            return self.count <= other.count
        latest = self._latest
        return latest is not None and latest <= other._earliest

    @property
    def _earliest(self) -> timedelta:
        """It is never over before. A day that has begun may be all but over, a date be skipped."""
        return max(self.length - _DAY, timedelta()) if self.counts_days else self.length

    @property
    def _latest(self) -> timedelta | None:
        """By then it is always over; None if closed doors can put it off for any length of time."""
        if self.unit is DelayUnit.CALENDAR_DAYS:
            return self.length + 2 * _DAY
        if self.counts_working_time and self.count:
            return None
        return None if self.counts_days else self.length


@frozen(kw_only=True)
class EscalationLevel:
    """One step of an escalation: when it falls due, and whom it goes to.

    ``target`` is who or what is told: a person, a team, a mailbox. ``role`` is in which capacity,
    and enough alone where the host knows who has the role for the case at hand. ``level`` is the
    number that is recorded; the rule that holds it checks all terms.
    """

    level: int
    after: Delay
    role: str | None = None
    target: str | None = None

    @property
    def addressee(self) -> tuple[str | None, str | None]:
        """Whom it goes to."""
        return self.role, self.target


def _names(names: Iterable[str]) -> frozenset[str]:
    if isinstance(names, str):
        raise InvalidPolicy("names are a set of texts: write {'respond'}, not 'respond'")
    return frozenset(names)


def _levels(levels: Iterable[EscalationLevel]) -> tuple[EscalationLevel, ...]:
    return tuple(levels)


@frozen(kw_only=True)
class EscalationRule:
    """Who is told, step by step, while a case of some kind stays without what it needs.

    A round of the rule begins with a mark of ``since`` and ends with the first one of ``until``
    after it, or when the case comes to rest; a mark of ``since`` in between begins nothing anew. A
    later one begins another round, with all levels. ``categories`` and ``severities`` say which
    cases it is for; empty, for all of them.

    Levels are counted from the beginning of the round, or from the first mark ``counted_from`` in
    it: an instant that the host passes in, such as when an obligation is due. The highest level is
    repeated after each ``cool_down``; ``cap`` is the most escalations of one round, levels and
    repeats together. After ``stops_after``, counted from the beginning of the round, nothing falls
    due any more. Working time stands still while the case waits on one of ``paused_by``.

    :raises InvalidPolicy: naming the rule, if a level can never fire or goes to nobody, or if terms
        say nothing or contradict each other.
    :raises InvalidIdentifier: if a name could not serve as a key.

    >>> unanswered = EscalationRule(
    ...     name="unanswered",
    ...     calendar="desk",
    ...     paused_by={"complainant"},
    ...     levels=[
    ...         EscalationLevel(level=1, after=Delay(4, DelayUnit.WORKING_HOURS), role="team lead"),
    ...         EscalationLevel(level=2, after=Delay(8, DelayUnit.WORKING_HOURS), target="quality"),
    ...     ],
    ...     cool_down=Delay(1, DelayUnit.BUSINESS_DAYS),
    ...     cap=5,
    ... )
    >>> unanswered.highest.target
    'quality'
    """

    name: str
    levels: tuple[EscalationLevel, ...] = field(converter=_levels)
    calendar: str | None = None
    categories: frozenset[str] = field(default=frozenset(), converter=_names)
    severities: frozenset[str] = field(default=frozenset(), converter=_names)
    since: frozenset[str] = field(default=frozenset({RECEIVED_MARK, "reopen"}), converter=_names)
    counted_from: str | None = None
    until: frozenset[str] = field(default=frozenset({"respond"}), converter=_names)
    stops_after: Delay | None = None
    paused_by: frozenset[str] = field(default=frozenset(), converter=_names)
    cool_down: Delay | None = None
    cap: int | None = None

    def __attrs_post_init__(self) -> None:
        check_identifier(self.name, "the name of an escalation rule")
        self._check_names()
        self._check_levels()
        self._check_repeats()
        self._check_clocks()

    @property
    def highest(self) -> EscalationLevel:
        """The last level, which is the one that is repeated."""
        return self.levels[-1]

    @property
    def repeats(self) -> int:
        """How often the highest level is repeated at most."""
        return 0 if self.cool_down is None else (self.cap or 0) - len(self.levels)

    @property
    def delays(self) -> tuple[Delay, ...]:
        """Everything that the rule counts."""
        counted = (*(level.after for level in self.levels), self.stops_after, self.cool_down)
        return tuple(delay for delay in counted if delay is not None)

    def applies_to(self, category: str | None, severity: str | None) -> bool:
        """Whether the rule is for such cases."""
        return (not self.categories or category in self.categories) and (
            not self.severities or severity in self.severities
        )

    # --- checks ---

    def _refused(self, message: str) -> InvalidPolicy:
        return InvalidPolicy(f"escalation rule {self.name!r}: {message}")

    def _check_names(self) -> None:
        for names in (self.categories, self.severities, self.since, self.until, self.paused_by):
            for name in sorted(names):
                check_identifier(name, f"a name in escalation rule {self.name!r}")
        if self.calendar is not None:
            check_identifier(self.calendar, f"the calendar of escalation rule {self.name!r}")
        if not self.since:
            raise self._refused("it never begins: name marks in since, such as 'receive'")

    def _check_levels(self) -> None:
        if not self.levels:
            raise self._refused("there is no level: name one, and whom it goes to")
        numbers = [level.level for level in self.levels]
        if any(type(number) is not int for number in numbers) or numbers[0] < 1:
            raise self._refused("levels are whole numbers from 1")
        for level in self.levels:
            self._check_addressee(level)
            if self.stops_after is not None and self.stops_after.is_never_later_than(level.after):
                raise self._refused(
                    f"level {level.level} can never fire: it falls due after {level.after}, and "
                    f"the rule stops after {self.stops_after}"
                )
        for below, above in pairwise(self.levels):
            if below.level >= above.level:
                raise self._refused("levels ascend: each has a higher number than the one before")
            if above.after.is_never_later_than(below.after):
                raise self._refused(
                    f"level {above.level} ({above.after}) is never later than level "
                    f"{below.level} ({below.after}): give it more time, or join the two"
                )

    def _check_addressee(self, level: EscalationLevel) -> None:
        if level.role is None and level.target is None:
            raise self._refused(f"level {level.level} goes to nobody: name a role or a target")
        for what, text in (("role", level.role), ("target", level.target)):
            if text is not None:
                try:
                    check_identifier(text, f"the {what} of level {level.level}")
                except InvalidIdentifier as error:
                    raise self._refused(str(error)) from None

    def _check_repeats(self) -> None:
        cap = self.cap
        if cap is not None:
            if type(cap) is not int or not 1 <= cap <= MOST_ESCALATIONS:
                raise self._refused(f"a cap is a whole number from 1 to {MOST_ESCALATIONS}")
            if cap < len(self.levels):
                raise self._refused(
                    f"level {self.levels[cap].level} can never fire: the cap of {cap} is used up "
                    f"by the levels below it"
                )
        if self.cool_down is not None:
            if not self.cool_down.count:
                raise self._refused("a cool-down lasts at least 1")
            if cap is None or cap == len(self.levels):
                raise self._refused("a cool-down needs a cap that is higher than there are levels")

    def _check_clocks(self) -> None:
        for delay in self.delays:
            if delay.needs_calendar and self.calendar is None:
                raise self._refused(f"name the calendar by which {delay} are counted")
        if self.paused_by and not any(delay.counts_working_time for delay in self.delays):
            raise self._refused(
                "only working time stands still while a case waits: count working hours, if need "
                "be of a calendar that is open round the clock"
            )
