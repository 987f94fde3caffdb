"""Escalation rules and cases, and an oracle that steps through a case minute by minute."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from attrs import evolve, frozen
from hypothesis import strategies as st

from crmkit.business_time import BusinessCalendar, Closure, Weekday
from crmkit.complaints.facts.history import CaseHistory, Mark, Wait
from crmkit.complaints.policies.escalation import (
    Delay,
    DelayUnit,
    EscalationLevel,
    EscalationPolicy,
    EscalationRule,
)
from crmkit.complaints.policies.escalation_reach import unreachable
from crmkit.identifiers import ComplaintId

MINUTE = timedelta(minutes=1)
# The week in which the clocks of Berlin are put forward, on its Sunday.
BEGIN = datetime(2026, 3, 27, tzinfo=UTC)
MINUTES = 7 * 1440
HOLIDAY = date(2026, 3, 31)


@frozen
class Place:
    """A calendar of the library, and the same once more in plain words for the oracle."""

    calendar: BusinessCalendar
    zone: ZoneInfo
    weekend: bool
    opens: time
    closes: time | None

    def is_open(self, minute: int) -> bool:
        local = (BEGIN + minute * MINUTE).astimezone(self.zone)
        if not self.is_business_day(local.date()):
            return False
        return self.opens <= local.time() and (self.closes is None or local.time() < self.closes)

    def is_business_day(self, day: date) -> bool:
        return day != HOLIDAY and (self.weekend or day.weekday() < 5)

    def date_at(self, minute: int) -> date:
        return (BEGIN + minute * MINUTE).astimezone(self.zone).date()


def _place(zone: str, *, weekend: bool, opens: int, closes: int) -> Place:
    days = list(Weekday)[: 7 if weekend else 5]
    calendar = BusinessCalendar(
        zone=zone,
        hours=dict.fromkeys(days, (f"{opens:02}:00-{closes:02}:00",)),
        closures=[Closure(HOLIDAY)],
    )
    end = None if closes == 24 else time(closes)
    return Place(calendar, ZoneInfo(zone), weekend, time(opens), end)


PLACES = {
    "office": _place("UTC", weekend=False, opens=9, closes=18),
    "night": _place("Europe/Berlin", weekend=True, opens=0, closes=6),
    "evening": _place("America/New_York", weekend=False, opens=16, closes=24),
}
OPEN = {name: [place.is_open(m) for m in range(MINUTES)] for name, place in PLACES.items()}
DATES = {name: [place.date_at(m) for m in range(-1, MINUTES)] for name, place in PLACES.items()}
CALENDARS = {name: place.calendar for name, place in PLACES.items()}


def instant(minute: int) -> datetime:
    return BEGIN + minute * MINUTE


def case(*marks: tuple[str, int], **terms: Any) -> CaseHistory:
    """A case by the minutes at which things happened to it."""
    return CaseHistory(
        complaint=ComplaintId("K-1"),
        marks=tuple(Mark(name, instant(minute)) for name, minute in marks),
        **terms,
    )


def known_at(history: CaseHistory, at: datetime) -> CaseHistory:
    """What was on record of a case at an instant, but for what has fired."""
    return evolve(
        history,
        marks=tuple(m for m in history.marks if m.at <= at or m.name in ("receive", "deadline")),
        waits=tuple(
            wait if wait.end is None or wait.end <= at else Wait(wait.on, wait.start)
            for wait in history.waits
            if wait.start <= at
        ),
        ended_at=history.ended_at if history.ended_at and history.ended_at <= at else None,
    )


# --- strategies -----------------------------------------------------------------------------------

UNITS = {
    DelayUnit.MINUTES: 3000,
    DelayUnit.HOURS: 72,
    DelayUnit.WORKING_MINUTES: 1200,
    DelayUnit.WORKING_HOURS: 20,
    DelayUnit.BUSINESS_DAYS: 3,
    DelayUnit.CALENDAR_DAYS: 4,
}


def delays(*, least: int = 0) -> st.SearchStrategy[Delay]:
    return st.sampled_from(list(UNITS)).flatmap(
        lambda unit: st.integers(least, UNITS[unit]).map(lambda count: Delay(count, unit))
    )


@st.composite
def rules(draw: Callable[[st.SearchStrategy[Any]], Any], name: str = "unanswered") -> Any:
    """Rules with one to three levels, some of them repeated; each level can fire."""
    levels: list[EscalationLevel] = []
    for number in range(1, draw(st.integers(1, 3)) + 1):
        after = draw(delays())
        if not levels or not after.is_never_later_than(levels[-1].after):
            levels.append(EscalationLevel(level=number, after=after, role=f"{name}-{number}"))
    cool_down = draw(st.none() | delays(least=1))
    working = any(level.after.counts_working_time for level in levels)
    stops_after = draw(st.none() | delays(least=1))
    if stops_after and any(stops_after.is_never_later_than(level.after) for level in levels):
        stops_after = None
    rule = EscalationRule(
        name=name,
        calendar=draw(st.sampled_from(sorted(PLACES))),
        levels=levels,
        since=draw(st.sampled_from([{"receive"}, {"receive", "reopen"}, {"dispute", "reopen"}])),
        counted_from=draw(st.sampled_from([None, None, "deadline"])),
        stops_after=stops_after,
        paused_by=draw(st.sampled_from([(), {"complainant"}])) if working else (),
        cool_down=cool_down,
        cap=len(levels) + draw(st.integers(1, 6)) if cool_down else None,
    )
    if unreachable(rule, CALENDARS[rule.calendar or "office"]) is not None:
        rule = evolve(rule, stops_after=None)
    return rule


@st.composite
def policies(draw: Callable[[st.SearchStrategy[Any]], Any]) -> Any:
    return EscalationPolicy(
        rules=[draw(rules(f"rule-{number}")) for number in range(draw(st.integers(1, 2)))],
        calendars=CALENDARS,
    )


# On the hour as well, so that things happen at one instant, and at midnight.
WHENS = st.integers(0, MINUTES - 1) | st.integers(0, MINUTES // 60 - 1).map(lambda h: h * 60)


@st.composite
def cases(draw: Callable[[st.SearchStrategy[Any]], Any]) -> CaseHistory:
    """Cases that are answered, disputed, closed and reopened, and wait in between."""
    names = st.sampled_from(["respond", "reopen", "dispute", "close", "assess", "deadline"])
    received = draw(st.integers(0, 2 * 1440))
    later = st.integers(received, MINUTES - 1) | st.integers(received // 60 + 1, 100).map(
        lambda hour: hour * 60
    )
    marks = draw(st.lists(st.tuples(names, later), max_size=6))
    whom = st.sampled_from(["complainant", "supplier"])
    waits = [
        Wait(draw(whom), *map(instant, sorted(draw(st.tuples(WHENS, WHENS)))))
        for _ in range(draw(st.integers(0, 3)))
    ]
    waits += [Wait(draw(whom), instant(m)) for m in draw(st.lists(WHENS, max_size=1))]
    ended = draw(st.none() | st.none() | later)
    return case(
        ("receive", received),
        *marks,
        waits=tuple(waits),
        ended_at=None if ended is None else instant(ended),
    )


# --- the oracle -----------------------------------------------------------------------------------


class Counting:
    """A delay that is counted minute by minute from an instant on."""

    def __init__(self, rule: EscalationRule, delay: Delay, base: int, *, deadline: bool) -> None:
        assert rule.calendar is not None
        self.delay, self.base, self.counted = delay, base, 0
        self.open, self.dates = OPEN[rule.calendar], DATES[rule.calendar]
        self.place = PLACES[rule.calendar]
        # The list of dates begins one minute early.
        self.day = self.dates[base if deadline else base + 1]
        self.was_over = False

    def is_over(self, minute: int) -> bool:
        """Whether it is over at a minute; it is asked at every single one."""
        match self.delay.unit:
            case DelayUnit.MINUTES:
                return minute - self.base >= self.delay.count
            case DelayUnit.HOURS:
                return minute - self.base >= 60 * self.delay.count
            case DelayUnit.WORKING_MINUTES:
                return self.counted >= self.delay.count
            case DelayUnit.WORKING_HOURS:
                return self.counted >= 60 * self.delay.count
            case DelayUnit.CALENDAR_DAYS:
                return (self.dates[minute + 1] - self.day).days > self.delay.count
            case DelayUnit.BUSINESS_DAYS:
                return self._business_days(minute)

    def _business_days(self, minute: int) -> bool:
        over = (self.dates[minute + 1] - self.day).days
        if not self.delay.count:
            return any(self._is_business_day(number) for number in range(over))
        return sum(map(self._is_business_day, range(1, over))) >= self.delay.count

    def _is_business_day(self, number: int) -> bool:
        return self.place.is_business_day(self.day + timedelta(days=number))

    def pass_one(self, minute: int, waiting: bool) -> None:
        self.counted += self.open[minute] and not waiting


def stepped(rule: EscalationRule, history: CaseHistory) -> Iterator[tuple[str, int, datetime]]:
    """What fires, by doing at every minute of the case what there is to do."""
    happened: dict[datetime, list[str]] = {}
    for mark in history.marks:
        happened.setdefault(mark.at, []).append(mark.name)
    waits = [wait for wait in history.waits if wait.on in rule.paused_by]
    pending: dict[int, Counting] = {}
    again: Counting | None = None
    expiry: Counting | None = None
    running, based, left = False, False, 0
    for minute in range(MINUTES):
        at = instant(minute)
        for name in happened.get(at, []):
            if not running and name in rule.since:
                running, based = True, False
                pending, again, left = {}, None, rule.repeats
                if rule.stops_after is not None:
                    expiry = Counting(rule, rule.stops_after, minute, deadline=False)
            elif running and name in {*rule.until, "close", "withdraw", "merge"}:
                running = False
        if history.ended_at == at:
            return
        if running and not based:
            from_mark = rule.counted_from is not None
            if not from_mark or rule.counted_from in happened.get(at, []):
                based = True
                for level in rule.levels:
                    pending[level.level] = Counting(rule, level.after, minute, deadline=from_mark)
        if not running or (expiry is not None and expiry.is_over(minute)):
            running_still = False
        else:
            running_still = running
        if running_still:
            for level in rule.levels:
                counting = pending.get(level.level)
                if counting is not None and counting.is_over(minute):
                    yield rule.name, level.level, at
                    del pending[level.level]
                    if level is rule.highest and rule.cool_down is not None:
                        again = Counting(rule, rule.cool_down, minute, deadline=True)
            if again is not None and left and again.is_over(minute):
                assert rule.cool_down is not None
                yield rule.name, rule.highest.level, at
                left -= 1
                again = Counting(rule, rule.cool_down, minute, deadline=True)
        waiting = any(w.start <= at and (w.end is None or at < w.end) for w in waits)
        for counting in (*pending.values(), again, expiry):
            if counting is not None:
                counting.pass_one(minute, waiting)
