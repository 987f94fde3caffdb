"""Cadences, customers and working calendars drawn at random."""

from datetime import date, timedelta

from hypothesis import reject
from hypothesis import strategies as st

from crmkit.business_time import BusinessCalendar, Closure, Weekday
from crmkit.errors import InvalidPolicy
from crmkit.followups import (
    Age,
    Cadence,
    CadenceStep,
    ClosedDays,
    ExactAge,
    FollowUpFacts,
)
from crmkit.identifiers import CustomerId
from crmkit.period import Period, Unit
from crmkit.recurrence import Every, MonthEnd, RecurrenceRule

__all__ = [
    "CALENDARS",
    "anchors",
    "cadences",
    "calendars",
    "customers",
    "days",
]

DAY = timedelta(days=1)
RULES = (
    "FREQ=MONTHLY;BYDAY=2TU",
    "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
    "FREQ=MONTHLY;BYMONTHDAY=31",
    "FREQ=MONTHLY;INTERVAL=2;BYMONTHDAY=-1",
    "FREQ=WEEKLY;INTERVAL=3;BYDAY=MO,SU",
    "FREQ=YEARLY;BYMONTH=3,12;BYMONTHDAY=1,15",
    "FREQ=DAILY;INTERVAL=10;COUNT=12",
)


def run_of(first: date, length: int) -> tuple[Closure, ...]:
    return tuple(Closure(first + count * DAY) for count in range(length))


GOLDEN_WEEKS = tuple(
    closure for year in range(2019, 2032) for closure in run_of(date(year, 10, 1), 8)
)
CALENDARS: dict[str, BusinessCalendar | None] = {
    "no calendar": None,
    "office": BusinessCalendar.on_weekdays("09:00-18:00", zone="Europe/Berlin"),
    "golden weeks": BusinessCalendar.on_weekdays(
        "09:00-18:00", zone="Asia/Shanghai", closures=GOLDEN_WEEKS
    ),
    "tuesdays and fridays": BusinessCalendar(
        zone="UTC",
        hours={Weekday.TUESDAY: ("09:00-12:00",), Weekday.FRIDAY: ("09:00-12:00",)},
    ),
}

# Leap years and their neighbours, with month ends more often than chance would have them.
FIRST, LAST = date(2023, 1, 1), date(2026, 12, 31)
anchors = st.one_of(
    st.dates(FIRST, LAST),
    st.builds(
        lambda year, month: date(year, month, 1) - DAY, st.integers(2023, 2026), st.integers(1, 12)
    ),
    st.just(date(2024, 2, 29)),
)
days = st.dates(date(2022, 6, 1), date(2030, 12, 31))
pauses = st.builds(
    lambda first, length: Period(first, first + length * DAY),
    st.dates(date(2023, 1, 1), date(2030, 12, 31)),
    st.one_of(st.integers(1, 10), st.integers(1, 400)),
)


@st.composite
def calendars(draw):
    """One of the usual ones, or a week with a rest day and closures of some days in a row."""
    usual = draw(st.sampled_from([*CALENDARS.values(), *CALENDARS.values(), "drawn"]))
    if usual != "drawn":
        return usual
    week = draw(st.lists(st.sampled_from(Weekday), min_size=1, unique=True))
    runs = draw(
        st.lists(st.tuples(st.dates(date(2023, 1, 1), date(2028, 1, 1)), st.integers(1, 30)))
    )
    return BusinessCalendar(
        zone="UTC",
        hours=dict.fromkeys(week, ("09:00-17:00",)),
        closures={closure.on: closure for run in runs for closure in run_of(*run)}.values(),
    )


# No larger than that the slow look at it takes no time.
rhythms = st.one_of(
    st.builds(
        Every,
        st.integers(1, 14),
        st.sampled_from([Unit.DAY, Unit.WEEK, Unit.MONTH]),
        st.sampled_from(MonthEnd),
    ),
    st.builds(
        Every,
        st.integers(1, 2),
        st.sampled_from([Unit.QUARTER, Unit.YEAR]),
        st.sampled_from(MonthEnd),
    ),
    st.sampled_from(RULES).map(RecurrenceRule),
)
ages = st.one_of(
    st.builds(Age, st.integers(1, 24), st.just(Unit.MONTH)),
    st.builds(Age, st.integers(1, 200), st.just(Unit.DAY)),
    st.builds(Age, st.integers(1, 3), st.sampled_from([Unit.QUARTER, Unit.YEAR])),
)
passing_steps = st.one_of(
    st.builds(CadenceStep, rhythms, until=ages),
    st.builds(CadenceStep, rhythms, times=st.integers(1, 5)),
)
last_steps = st.one_of(st.builds(CadenceStep, rhythms), passing_steps)
windows = st.one_of(st.just(0), st.just(0), st.integers(1, 40))


@st.composite
def terms(draw):
    """The terms of a cadence that may never give a day."""
    return {
        "name": "drawn",
        "anchor": draw(st.one_of(st.just("hand-over"), anchors)),
        "steps": (*draw(st.lists(passing_steps, max_size=2)), draw(last_steps)),
        "purpose": "keeping in touch",
        "exact_age": draw(st.sampled_from(ExactAge)),
        "closed_days": draw(st.sampled_from(ClosedDays)),
        "days_early": draw(windows),
        "days_late": draw(windows),
        "pauses": draw(st.lists(pauses, max_size=1)),
        "ends_on": draw(st.one_of(st.none(), st.none(), days)),
    }


@st.composite
def cadences(draw):
    """A cadence that gives days."""
    try:
        return Cadence(**draw(terms()))
    except InvalidPolicy:
        reject()


@st.composite
def customers(draw):
    """A customer whose hand-over is known, with a pause or two."""
    return FollowUpFacts(
        customer=CustomerId("C-7"),
        as_of=draw(days),
        anchors={"hand-over": draw(anchors)},
        pauses=draw(st.lists(pauses, max_size=2)),
        ends_on=draw(st.one_of(st.none(), st.none(), days)),
        handled=draw(st.one_of(st.just({}), st.builds(lambda day: {"drawn": day}, days))),
    )
