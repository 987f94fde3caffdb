"""Hypothesis strategies for the terms of deadlines and escalations."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from crmkit.business_time import BusinessCalendar
from crmkit.complaints import (
    Allowance,
    BusinessDays,
    CalendarDays,
    Content,
    DayCount,
    DayEnd,
    Delay,
    DelayUnit,
    EscalationLevel,
    EscalationPolicy,
    EscalationRule,
    Excuse,
    Level,
    Months,
    Obligation,
    ObligationProfile,
    Weeks,
    Window,
    WorkingHours,
    Years,
)
from crmkit.errors import MissingExtra
from crmkit.testing.shared import business_calendars, days, texts

try:
    from hypothesis import strategies as st
except ImportError:
    raise MissingExtra("hypothesis", "testing") from None

__all__ = [
    "CATEGORIES",
    "ITEMS",
    "MESSAGES",
    "WAITS",
    "allowances",
    "escalation_policies",
    "obligation_profiles",
]

Strategy = st.SearchStrategy
Draw = Callable[[Strategy[Any]], Any]

CATEGORIES = ("delivery", "billing")
"""The kinds of matter of complaints, and of the rules for them."""

MESSAGES = ("acknowledgement", "holding-response", "final-response")
"""The kinds of messages that meet an obligation."""

ITEMS = ("reason-for-delay", "expected-date", "ombudsman-right", "accepts", "rejects")
"""What messages say."""

WAITS = ("complainant", "supplier")
"""Whom a case waits for."""


def _some(words: tuple[str, ...], least: int = 1) -> Strategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(words), min_size=least, unique=True).map(tuple)


# These are made once: making a strategy takes longer than drawing from it.
_COUNT, _COUNTING = st.integers(1, 60), st.sampled_from(DayCount)
_STOPPABLE: Strategy[Allowance] = st.one_of(
    st.integers(1, 500).map(WorkingHours),
    st.timedeltas(timedelta(minutes=1), timedelta(days=5)).map(WorkingHours),
    st.builds(CalendarDays, _COUNT, _COUNTING),
)
_ALLOWANCE: Strategy[Allowance] = st.one_of(
    _STOPPABLE,
    st.builds(BusinessDays, _COUNT, _COUNTING, st.sampled_from(DayEnd)),
    st.builds(Weeks, st.integers(1, 12), _COUNTING),
    st.builds(Months, st.integers(1, 12), _COUNTING),
    st.builds(Years, st.integers(1, 10), _COUNTING),
)
_PERHAPS = st.none() | _ALLOWANCE
_YES = st.booleans()
_TEXT = st.just("") | texts()
_CALENDAR = business_calendars()
_WAITS = _some(WAITS, 0)
_SOMEBODY = _some(WAITS).map(frozenset)

# --- deadlines ------------------------------------------------------------------------------------

_BEGIN = st.just(("receive",)) | _some(("receive", "acknowledge", "respond", "reopen"))
_MET_BY = _some(("acknowledge", "assess", "respond", *MESSAGES))
_EXCUSES = st.lists(st.builds(Excuse, _some(("withdraw", "accept")), within=_PERHAPS), max_size=2)
_BY = st.sampled_from(["desk", "state"])
_ITEMS = _some(ITEMS, 0).map(frozenset)
_CHOICE = st.just(frozenset[str]()) | _some(ITEMS, 2).map(frozenset)
_COUNTED = {"starts_with": _BEGIN, "within": _ALLOWANCE, "calendar": _BY, "source": _TEXT}
_APPEAL = st.just(()) | st.tuples(st.builds(Window, name=st.just("appeal"), **_COUNTED))
_RETENTION = st.none() | st.builds(Window, name=st.just("retention"), **_COUNTED)


def allowances() -> Strategy[Allowance]:
    """Times that obligations leave: working hours, days of both kinds, weeks, months, years."""
    return _ALLOWANCE


@st.composite
def _obligations(draw: Draw, name: str) -> Obligation:
    met_by, stops = draw(_MET_BY), draw(_YES)
    time = _STOPPABLE if stops else _ALLOWANCE
    again = draw(time) if draw(_YES) else None
    return Obligation(
        name=name,
        starts_with=draw(_BEGIN),
        starts_within=draw(_PERHAPS),
        met_by=met_by,
        early_counts=draw(_YES),
        within=draw(time),
        calendar=draw(_BY),
        content=_contents(draw, [mark for mark in met_by if mark in MESSAGES]),
        suspended_by=draw(_SOMEBODY) if stops else frozenset(),
        excused_by=draw(_EXCUSES),
        repeats_every=again,
        repeats_until=() if again is None else met_by[: draw(_COUNT)],
        consequence=draw(_TEXT),
        source=draw(_TEXT),
    )


def _contents(draw: Draw, messages: list[str]) -> list[Content]:
    """What some of these messages have to say."""
    contents = []
    for message in messages:
        items, choice = draw(_ITEMS), draw(_CHOICE)
        if items or choice:
            contents.append(Content(message=message, items=items, one_of=choice))
    return contents


@st.composite
def obligation_profiles(
    draw: Draw, calendars: Strategy[BusinessCalendar] | None = None, *, max_obligations: int = 3
) -> ObligationProfile:
    """Profiles with their calendars bound: rounds, suspension, excuses, content, windows.

    They go by the actions of crmkit's lifecycle and by the few kinds of messages that the trails of
    :func:`complaints` hold.
    """
    size = draw(st.integers(1, max_obligations))
    profile = ObligationProfile(
        name="profile",
        jurisdiction=draw(_TEXT),
        obligations=[draw(_obligations(f"obligation-{number}")) for number in range(size)],
        windows=draw(_APPEAL),
        retention=draw(_RETENTION),
        source=draw(_TEXT),
        source_date=draw(st.none() | days()),
    )
    hours = _CALENDAR if calendars is None else calendars
    return profile.with_calendars(**{name: draw(hours) for name in profile.missing_calendars})


# --- escalation -----------------------------------------------------------------------------------

_UNIT = st.sampled_from(DelayUnit)
_COUNTS = st.lists(st.integers(0, 60), min_size=1, max_size=3, unique=True).map(sorted)
_FEW = st.none() | st.integers(1, 9)
_TOLD_AS = st.sampled_from(["role", "target"])
_KINDS = _some(CATEGORIES, 0)
_LEVELS = _some(tuple(level.value for level in Level), 0)
_SINCE = _some(("receive", "reopen"))
_COUNTED_FROM = st.none() | st.just("acknowledge")
_UNTIL = _some(("respond", "accept", "final-response"))
_VOCABULARY = st.sampled_from([frozenset[str](), frozenset(CATEGORIES)])


@st.composite
def _rules(draw: Draw, number: int) -> EscalationRule:
    unit = draw(_UNIT)
    delays = [Delay(count, unit) for count in draw(_COUNTS)]
    # Each rule tells somebody of its own, so that none hides another.
    told = {draw(_TOLD_AS): f"team-{number}"}
    repeats, lasts = draw(_FEW), draw(_FEW)
    working = delays[0].counts_working_time
    return EscalationRule(
        name=f"rule-{number}",
        levels=[
            EscalationLevel(level=place, after=delay, **told)
            for place, delay in enumerate(delays, start=1)
        ],
        calendar="desk" if delays[0].needs_calendar else None,
        categories=draw(_KINDS),
        severities=draw(_LEVELS),
        since=draw(_SINCE),
        counted_from=draw(_COUNTED_FROM),
        until=draw(_UNTIL),
        stops_after=None if lasts is None else Delay(delays[-1].count + lasts, unit),
        paused_by=draw(_WAITS) if working else (),
        cool_down=None if repeats is None else Delay(repeats, unit),
        cap=None if repeats is None else len(delays) + repeats,
    )


@st.composite
def escalation_policies(
    draw: Draw, calendars: Strategy[BusinessCalendar] | None = None, *, max_rules: int = 3
) -> EscalationPolicy:
    """Policies of rules that can all fire: several levels, repeats, caps, categories, pauses."""
    size = draw(st.integers(1, max_rules))
    return EscalationPolicy(
        rules=[draw(_rules(number)) for number in range(1, size + 1)],
        calendars={"desk": draw(_CALENDAR if calendars is None else calendars)},
        categories=draw(_VOCABULARY),
    )
