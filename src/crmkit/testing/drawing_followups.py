"""What follow-ups need beyond the annotations of their classes, to draw values of them."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

from attrs import evolve

from crmkit.errors import MissingExtra
from crmkit.followups import (
    Age,
    AnswerRateFacts,
    Appointment,
    Cadence,
    CadenceStep,
    CallsIn,
    ContactResult,
    Done,
    FollowUp,
    FollowUpEntry,
    FollowUpFacts,
    FollowUpPlanner,
    FollowUpStatus,
    InstallationFacts,
    MeetingWeek,
    MissedEscalation,
    MissedLevel,
    NeglectFacts,
    Occurrence,
    OwnerChange,
    OwnerHistory,
    Placement,
    PlanCase,
    Planned,
    Priority,
    Proposal,
    Rescheduled,
    SalesIn,
    TopSpenders,
    UrgencyBand,
    VisitReport,
    WorkedOff,
)
from crmkit.identifiers import Actor, CustomerId
from crmkit.money import Money
from crmkit.period import Period, Unit
from crmkit.recurrence import Every
from crmkit.testing.drawing import Maker, by_fields, drawn_from, values_in, with_fields
from crmkit.testing.follow_ups import appointments, follow_ups, visit_reports

try:
    from hypothesis import strategies as st
except ImportError:
    raise MissingExtra("hypothesis", "testing") from None

__all__ = ["MAKERS"]

Strategy = st.SearchStrategy
Draw = Callable[[Strategy[Any]], Any]

_DAYS = drawn_from(date, "EUR")
_KEYS = drawn_from(str, "EUR")


@st.composite
def _answer_rates(draw: Draw, currency: str) -> AnswerRateFacts:
    """Calls of months that follow one another, all of them over by the day of the facts."""
    year, first = draw(st.integers(2023, 2026)), draw(st.integers(1, 9))
    points = tuple(
        draw(_calls_in(Period.month(year, month)))
        for month in range(first, first + draw(st.integers(1, 4)))
    )
    as_of = points[-1].period.end + timedelta(days=draw(st.integers(0, 60)))
    return AnswerRateFacts(as_of=as_of, points=points)


@st.composite
def _calls_in(draw: Draw, period: Period) -> CallsIn:
    offered = draw(st.integers(0, 5_000))
    return CallsIn(period, offered=offered, answered=draw(st.integers(0, offered)))


@st.composite
def _cadences(draw: Draw, currency: str) -> Cadence:
    """One step or two; each but the last ends, and the next begins where it ended."""
    unit = draw(st.sampled_from([Unit.WEEK, Unit.MONTH]))
    steps = [CadenceStep(Every(draw(st.integers(1, 6)), unit), times=draw(st.integers(1, 9)))]
    if draw(st.booleans()):
        age = draw(st.none() | st.integers(6, 10).map(lambda years: Age(years, Unit.YEAR)))
        steps.append(CadenceStep(Every(1, Unit.QUARTER), until=age))
    table = with_fields(
        Cadence,
        steps=st.just(tuple(steps)),
        anchor=st.just("purchase") | _DAYS,
        pauses=_PAUSES,
        days_early=st.integers(0, 3),
        days_late=st.integers(0, 14),
        ends_on=st.none(),
    )
    return draw(table(currency))  # type: ignore[no-any-return]


_PAUSES = st.just(()) | st.builds(Period.month, st.just(2025), st.integers(1, 12)).map(
    lambda month: (month,)
)


def _planners(currency: str) -> Strategy[FollowUpPlanner]:
    cadences = st.lists(
        _cadences(currency), min_size=1, max_size=2, unique_by=lambda each: each.name
    )
    return with_fields(FollowUpPlanner, cadences=cadences.map(tuple), priority=st.just(Priority()))(
        currency
    )


def _steps(currency: str) -> Strategy[CadenceStep]:
    repeat = st.builds(Every, st.integers(1, 12), st.sampled_from(Unit))
    ages = st.none() | values_in(Age, currency)
    return st.builds(CadenceStep, repeat, until=ages) | st.builds(
        CadenceStep, repeat, times=st.integers(1, 24)
    )


_WORKED_OFF = with_fields(
    WorkedOff,
    counts=st.fixed_dictionaries(dict.fromkeys(FollowUpStatus, st.integers(0, 50))),
    waited=st.dictionaries(st.sampled_from(FollowUpStatus), drawn_from(timedelta, "EUR")),
)


# --- days that belong together --------------------------------------------------------------------


@st.composite
def _window(draw: Draw) -> dict[str, date]:
    """When something is due, and from when until when it may be done."""
    first = draw(_DAYS)
    due = first + timedelta(days=draw(st.integers(0, 30)))
    return {"not_before": first, "due_on": due, "not_after": due + timedelta(draw(_A_MONTH))}


_A_MONTH = st.integers(0, 30)


def _due(cls: type[Any], **others: Strategy[Any]) -> Maker:
    """What is due within the days on which it may be done."""

    def make(currency: str) -> Strategy[Any]:
        return _window().flatmap(
            lambda days: by_fields(
                cls, currency, **{name: st.just(day) for name, day in days.items()}, **others
            )
        )

    return make


@st.composite
def _placements(draw: Draw, currency: str) -> Placement:
    occurrence = draw(values_in(Occurrence, currency))
    span = (occurrence.not_after - occurrence.not_before).days
    on = occurrence.not_before + timedelta(days=draw(st.integers(0, span)))
    table = with_fields(
        Placement,
        occurrence=st.just(occurrence),
        on=st.just(on),
        at=st.none(),
        is_agreed=st.just(value=False),
    )
    return draw(table(currency))  # type: ignore[no-any-return]


@st.composite
def _plan_cases(draw: Draw, currency: str) -> PlanCase:
    """What is kept belongs to the customer whose case it is."""
    facts = draw(values_in(FollowUpFacts, currency))
    kept = draw(st.lists(_placements(currency), max_size=2))
    table = with_fields(
        PlanCase,
        facts=st.just(facts),
        kept=st.just(tuple(evolve(each, customer=facts.customer) for each in kept)),
    )
    return draw(table(currency))  # type: ignore[no-any-return]


def _weeks(currency: str) -> Strategy[MeetingWeek]:
    return st.builds(
        lambda at, days: MeetingWeek(at, at + timedelta(days=days)),
        drawn_from(datetime, currency),
        st.integers(1, 14),
    )


@st.composite
def _neglect(draw: Draw, currency: str) -> NeglectFacts:
    """Nothing has happened after the day of the facts; months of sales follow one another."""
    as_of = draw(_DAYS)
    ago = st.integers(0, 400).map(lambda days: as_of - timedelta(days=days))
    months = [Period.month(as_of.year - 1, month) for month in range(1, draw(st.integers(1, 4)))]
    table = with_fields(
        NeglectFacts,
        as_of=st.just(as_of),
        since=st.just(as_of - timedelta(days=400)),
        last_inbound_on=st.none() | ago,
        last_outbound_on=st.none() | ago,
        events=st.dictionaries(_KEYS, ago, max_size=2),
        taken_up=st.dictionaries(_KEYS, ago, max_size=2),
        sales=st.just(tuple(SalesIn(each, draw(values_in(Money, currency))) for each in months)),
        open_follow_ups=st.just(()),
    )
    return draw(table(currency))  # type: ignore[no-any-return]


@st.composite
def _owners(draw: Draw, currency: str) -> OwnerHistory:
    """Owners who follow one another, each for another one or for another reason."""
    history, on = OwnerHistory(customer=CustomerId(draw(_KEYS))), draw(_DAYS)
    for to in draw(st.lists(_ACTORS, max_size=4)):
        on += timedelta(days=draw(st.integers(0, 200)))
        if not history.changes or history.owner != to:
            change = by_fields(OwnerChange, currency, on=st.just(on), to=st.just(to))
            history = history.after(draw(change))
    return history


_ACTORS = st.none() | st.sampled_from([Actor("anna"), Actor("ben"), Actor("客")])


# --- policies -------------------------------------------------------------------------------------


def _top(currency: str) -> Strategy[TopSpenders]:
    shares = st.fractions(Fraction(1, 100), 1, max_denominator=100)
    return st.builds(TopSpenders, count=st.integers(1, 500)) | st.builds(TopSpenders, share=shares)


def _escalations(currency: str) -> Strategy[MissedEscalation]:
    """Each level comes later than the one before it."""
    days = st.lists(st.integers(1, 60), min_size=1, max_size=3, unique=True).map(sorted)
    return st.builds(
        lambda after, to: MissedEscalation(
            levels=tuple(
                MissedLevel(level, after_days=count, to=to) for level, count in enumerate(after, 1)
            )
        ),
        days,
        _KEYS,
    )


def _priorities(currency: str) -> Strategy[Priority]:
    """Bands go from few days left to many, and never more urgent."""
    lefts = st.lists(st.integers(-1, 60), min_size=2, max_size=2, unique=True).map(sorted)
    bands = lefts.map(lambda left: (UrgencyBand(left[0], 3), UrgencyBand(left[1], 2)))
    return st.builds(
        Priority,
        importance=st.dictionaries(_KEYS, st.integers(1, 9), max_size=3),
        bands=bands,
        name=_KEYS,
    )


_DONE = follow_ups(status=FollowUpStatus.DONE)


def _results(currency: str) -> Strategy[ContactResult]:
    def result_of(follow_up: FollowUp) -> ContactResult:
        done = next(entry.what for entry in follow_up.trail if isinstance(entry.what, Done))
        return ContactResult(follow_up, done)

    return _DONE.map(result_of)


MAKERS: Mapping[type, Maker] = {
    Appointment: lambda currency: appointments(),
    VisitReport: lambda currency: visit_reports(),
    FollowUp: lambda currency: follow_ups(),
    FollowUpEntry: lambda currency: follow_ups().flatmap(
        lambda follow_up: st.sampled_from(follow_up.trail)
    ),
    ContactResult: _results,
    CallsIn: lambda currency: values_in(Period, currency).flatmap(_calls_in),
    AnswerRateFacts: _answer_rates,
    CadenceStep: _steps,
    Cadence: _cadences,
    FollowUpPlanner: _planners,
    WorkedOff: _WORKED_OFF,
    OwnerHistory: _owners,
    Occurrence: _due(Occurrence),
    Proposal: _due(Proposal),
    Planned: _due(Planned),
    Rescheduled: _due(Rescheduled),
    Placement: _placements,
    PlanCase: _plan_cases,
    MeetingWeek: _weeks,
    NeglectFacts: _neglect,
    TopSpenders: _top,
    MissedEscalation: _escalations,
    Priority: _priorities,
    InstallationFacts: with_fields(InstallationFacts, complete_by=_DAYS),
}
