"""Calendars, and instants near the day on which their clocks change or their holidays lie."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

from attrs import frozen
from hypothesis import strategies as st

from crmkit.business_time import BusinessCalendar, CaseClock, ClockTerms, Pause
from crmkit.testing.strategies import business_calendars

# Clocks change by night, at midnight, by half an hour, by a whole day, and not at all.
CHANGES = [
    ("Europe/Berlin", date(2026, 3, 29)),
    ("Europe/Berlin", date(2026, 10, 25)),
    ("America/New_York", date(2026, 3, 8)),
    ("America/New_York", date(2026, 11, 1)),
    ("America/Havana", date(2026, 3, 8)),
    ("America/Havana", date(2026, 11, 1)),
    ("Asia/Beirut", date(2026, 3, 29)),
    ("Asia/Beirut", date(2026, 10, 25)),
    ("Africa/Cairo", date(2026, 4, 24)),
    ("Africa/Cairo", date(2026, 10, 30)),
    ("America/St_Johns", date(2006, 10, 29)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("Pacific/Apia", date(2011, 12, 30)),
    ("America/Toronto", date(1919, 3, 30)),
    ("Asia/Shanghai", date(2026, 5, 1)),
]
ZONES = [ZoneInfo("UTC"), ZoneInfo("America/New_York"), timezone(timedelta(hours=5, minutes=45))]
MONTH = 30 * 86_400_000_000
WHENS = st.one_of(
    st.integers(-MONTH, MONTH).map(lambda count: timedelta(microseconds=count)),
    st.integers(-720, 720).map(lambda count: timedelta(hours=count)),
)


@frozen
class Case:
    """A calendar, and the day around which things happen."""

    calendar: BusinessCalendar
    around: date

    def instants(self) -> st.SearchStrategy[datetime]:
        """To the microsecond and on the hour, in several zones, the calendar's own among them."""
        midday = datetime.combine(self.around, time(12), UTC)
        zones = st.sampled_from([*ZONES, ZoneInfo(self.calendar.zone)])
        return st.builds(lambda since, zone: (midday + since).astimezone(zone), WHENS, zones)

    def days(self) -> st.SearchStrategy[date]:
        return st.integers(-40, 40).map(lambda count: self.around + timedelta(days=count))


@st.composite
def cases(draw: Callable[[st.SearchStrategy[Any]], Any]) -> Case:
    zone, around = draw(st.sampled_from(CHANGES))
    return Case(draw(business_calendars(zone=zone, around=around)), around)


def budgets(max_hours: int = 200) -> st.SearchStrategy[timedelta]:
    """Working time: none, whole hours, and microseconds."""
    return st.one_of(
        st.integers(0, max_hours).map(lambda count: timedelta(hours=count)),
        st.integers(0, max_hours * 3_600_000_000).map(lambda count: timedelta(microseconds=count)),
    )


@st.composite
def spans(draw: Callable[[st.SearchStrategy[Any]], Any], case: Case) -> tuple[datetime, datetime]:
    """From an instant to one that is not before it."""
    first, last = sorted(
        [draw(case.instants()), draw(case.instants())], key=lambda instant: instant.astimezone(UTC)
    )
    return first, last


@st.composite
def clocks(
    draw: Callable[[st.SearchStrategy[Any]], Any], case: Case, *, may_wait: bool = True
) -> CaseClock:
    """The clock of a case: pauses that overlap, terms that change, perhaps still waiting."""
    starts = draw(
        st.lists(case.instants(), min_size=1, max_size=3, unique_by=lambda at: at.timestamp())
    )
    targets = budgets(60).map(lambda budget: budget or timedelta(hours=1))
    calendars = [case.calendar, draw(business_calendars(around=case.around))]
    terms = [
        ClockTerms(since=since, calendar=draw(st.sampled_from(calendars)), target=draw(targets))
        for since in sorted(starts, key=lambda instant: instant.astimezone(UTC))
    ]
    pauses = [Pause(*draw(spans(case))) for _ in range(draw(st.integers(0, 3)))]
    if may_wait and pauses and draw(st.booleans()):
        last = max(pauses, key=lambda pause: pause.start.astimezone(UTC))
        pauses.append(Pause(last.start))
    return CaseClock(terms=terms, pauses=pauses)
