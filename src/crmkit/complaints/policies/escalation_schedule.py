"""When the levels of an escalation rule fall due in one case, from its history alone.

Nothing here depends on when it is asked: a round and its instants follow from what has happened.
So an escalation that nobody asked about in time is found later, at the same instant.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Self
from zoneinfo import ZoneInfo

from attrs import frozen

from crmkit.business_time import BusinessCalendar, CaseClock, ClockTerms, Pause
from crmkit.complaints.facts.history import RECEIVED_MARK, CaseHistory, FiredEscalation
from crmkit.complaints.policies.escalation_terms import (
    Delay,
    DelayUnit,
    EscalationLevel,
    EscalationRule,
)

__all__ = ["Occurrence", "RuleClock", "occurrences", "stops_of"]

_TICK = timedelta(microseconds=1)


@frozen
class Round:
    """One run of a rule, in UTC; without an end it is still going on."""

    start: datetime
    stop: datetime | None


@frozen
class Occurrence:
    """One escalation of a round: its level, which repeat of it, when, and whether it is on record.

    ``stop`` is when its round ended, if it has.
    """

    level: EscalationLevel
    repeat: int
    fell_due_at: datetime
    stop: datetime | None
    recorded: bool


@frozen
class RuleClock:
    """By whose hours a rule counts in one case, and when they stand still."""

    calendar: BusinessCalendar
    pauses: tuple[Pause, ...] = ()

    @classmethod
    def of(cls, rule: EscalationRule, calendar: BusinessCalendar, history: CaseHistory) -> Self:
        """The clock of a rule in a case; what follows a wait that never ended lies within it."""
        waits = [wait for wait in history.waits if wait.on in rule.paused_by]
        open_since = min((_utc(w.start) for w in waits if w.end is None), default=None)
        pauses = [Pause(wait.start, wait.end) for wait in waits if wait.end is not None]
        if open_since is not None:
            pauses = [pause for pause in pauses if _utc(pause.start) < open_since]
            pauses.append(Pause(open_since))
        return cls(calendar, tuple(pauses))

    def after(self, start: datetime, delay: Delay, *, is_deadline: bool = False) -> datetime | None:
        """When a delay is over, in UTC; None while an open wait keeps it from being over.

        A deadline at the end of a day belongs to that day, not to the one that begins then.
        """
        if delay.counts_days:
            day = self._day_of(start - _TICK if is_deadline else start)
            return self._end_of(self._day_after(day, delay))
        if not delay.counts_working_time or not delay.count:
            return start + delay.length
        if not self.pauses:
            return self.calendar.due(start, delay.length)
        terms = ClockTerms(since=start, calendar=self.calendar, target=delay.length)
        return CaseClock(terms=(terms,), pauses=self.pauses).due(start)

    def repeats(self, last: datetime, delay: Delay) -> Iterator[datetime]:
        """One cool-down after the other, from a deadline on; each is later than the one before."""
        day = self._day_of(last - _TICK)
        while True:
            if delay.counts_days:
                day = self._day_after(day, delay)
                over = self._end_of(day)
                # A date that the zone leaves out ends together with the date before it.
                if over == last:
                    continue
            else:
                found = self.after(last, delay)
                if found is None:
                    return
                over = found
            yield over
            last = over

    def _day_of(self, at: datetime) -> date:
        return at.astimezone(ZoneInfo(self.calendar.zone)).date()

    def _day_after(self, day: date, delay: Delay) -> date:
        if delay.unit is DelayUnit.BUSINESS_DAYS:
            return self.calendar.business_day_after(day, delay.count)
        return day + timedelta(days=delay.count)

    def _end_of(self, day: date) -> datetime:
        return _utc(self.calendar.end_of_day(day))


def stops_of(rule: EscalationRule, resting: frozenset[str]) -> frozenset[str]:
    """The marks that end a round; a rule that begins when a case comes to rest outlasts that."""
    return rule.until if rule.since & resting else rule.until | resting


def occurrences(
    rule: EscalationRule,
    clock: RuleClock,
    history: CaseHistory,
    resting: frozenset[str],
    at: datetime,
) -> Iterator[Occurrence]:
    """What falls due in all rounds of a rule; what ended one later than ``at`` is not known yet."""
    rounds = _rounds(rule, history, resting)
    recorded = [fired for fired in history.fired if fired.rule == rule.name]
    for number, each in enumerate(rounds):
        known = None if each.stop is None or each.stop > at else each.stop
        until = None if number + 1 == len(rounds) else rounds[number + 1].start
        own = [
            fired
            for fired in recorded
            if (number == 0 or _utc(fired.fell_due_at) >= each.start)
            and (until is None or _utc(fired.fell_due_at) < until)
        ]
        yield from _held_against(own, list(_instants(rule, clock, history, each, known)), known)


def _rounds(
    rule: EscalationRule, history: CaseHistory, resting: frozenset[str]
) -> tuple[Round, ...]:
    """From which mark to which a rule runs, in order of time."""
    received = _utc(history.received_at)
    stops = stops_of(rule, resting)
    # A rule that begins when a case comes to rest is not ended by that.
    at_rest = None if rule.since & resting or history.ended_at is None else _utc(history.ended_at)
    rounds: list[Round] = []
    start: datetime | None = None
    for name, at in _from_the_receipt(history, received):
        if start is None:
            start = at if name in rule.since else None
        elif name in stops:
            rounds.append(Round(start, _earliest(at, at_rest)))
            start = None
    if start is not None:
        rounds.append(Round(start, at_rest))
    return tuple(rounds)


def _earliest(*instants: datetime | None) -> datetime | None:
    return min((instant for instant in instants if instant is not None), default=None)


def _from_the_receipt(history: CaseHistory, received: datetime) -> Iterator[tuple[str, datetime]]:
    """The marks in order, the receipt first: a clock that ran back does not put them before it."""
    yield RECEIVED_MARK, received
    for mark in history.marks:
        if mark.name != RECEIVED_MARK:
            yield mark.name, max(_utc(mark.at), received)


def _instants(
    rule: EscalationRule,
    clock: RuleClock,
    history: CaseHistory,
    each: Round,
    stop: datetime | None,
) -> Iterator[tuple[EscalationLevel, int, datetime]]:
    """The levels of a round and the repeats of the highest one, up to where the round ends."""
    base: datetime | None = each.start
    if rule.counted_from is not None:
        marks = (_utc(mark.at) for mark in history.marks if mark.name == rule.counted_from)
        base = next((at for at in marks if at >= each.start), None)
    if base is None:
        return
    expiry = None if rule.stops_after is None else clock.after(each.start, rule.stops_after)
    end = _earliest(stop, expiry)
    last: datetime | None = None
    for level in rule.levels:
        last = clock.after(base, level.after, is_deadline=rule.counted_from is not None)
        if last is not None and (end is None or last < end):
            yield level, 0, last
    if rule.cool_down is None or last is None:
        return
    again = islice(clock.repeats(last, rule.cool_down), rule.repeats)
    for number, instant in enumerate(again, start=1):
        if end is not None and instant >= end:
            return
        yield rule.highest, number, instant


def _held_against(
    recorded: Iterable[FiredEscalation],
    found: list[tuple[EscalationLevel, int, datetime]],
    stop: datetime | None,
) -> Iterator[Occurrence]:
    """Which of a round are on record.

    A record whose instant has moved since, because an entry was back-dated or the terms changed, is
    still the same escalation: it stands for the earliest one of its level that is not on record.
    """
    instants = {(level.level, instant) for level, _, instant in found}
    told = {(fired.level, _utc(fired.fell_due_at)) for fired in recorded}
    moved = Counter(level for level, _ in told - instants)
    for level, repeat, instant in found:
        is_recorded = (level.level, instant) in told
        if not is_recorded and moved[level.level]:
            moved[level.level] -= 1
            is_recorded = True
        yield Occurrence(level, repeat, instant, stop, is_recorded)


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC)
