"""Hypothesis strategies for follow-ups: whatever may become of one, and the reports of visits.

A follow-up is walked through the lifecycle, so its trail is one that could have come about. It may
be handed over, left without an owner, agreed on, put off, missed, told to others and made up for.

>>> from hypothesis import given
>>> @given(follow_ups(status="missed"))
... def what_was_missed_can_be_made_up_for(follow_up):
...     assert "do" in follow_up.allowed and follow_up.is_owed
>>> what_was_missed_can_be_made_up_for()
"""

from collections import deque
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from crmkit.errors import InvalidValue, MissingExtra
from crmkit.followups import (
    FOLLOW_UP_LIFECYCLE,
    VISIT_REPORT,
    Appointment,
    Assigned,
    Cancelled,
    Confirmed,
    Done,
    Escalated,
    FollowUp,
    FollowUpAction,
    FollowUpEvent,
    FollowUpStatus,
    Missed,
    Rescheduled,
    Unassigned,
    VisitPoint,
    VisitReport,
    follow_up_id,
)
from crmkit.identifiers import Actor, CustomerId, FollowUpId, InteractionId
from crmkit.testing.shared import days, identifiers, texts

try:
    from hypothesis import strategies as st
except ImportError:
    raise MissingExtra("hypothesis", "testing") from None

__all__ = ["appointments", "follow_ups", "visit_reports"]

Strategy = st.SearchStrategy
Draw = Callable[[Strategy[Any]], Any]

_DAY = timedelta(days=1)
_CLERKS = [Actor("anna"), Actor("ben"), Actor("clara")]
_ZONES = ["Europe/Berlin", "Asia/Shanghai", "America/St_Johns", "Pacific/Apia", "UTC"]
_CHANNELS = ["telephone", "visit", "letter"]
_PAPERS = ["field-service-report", "satisfaction-form", VISIT_REPORT]
_ENDING = (FollowUpAction.DO, FollowUpAction.CANCEL)
_FIRST, _LAST = date(2020, 1, 1), date(2040, 12, 31)


def _said() -> Strategy[str]:
    return texts(12).map(lambda text: f"it was {text}")


def _instant(on: date, hour: int, zone: str) -> datetime:
    return datetime(on.year, on.month, on.day, hour, tzinfo=ZoneInfo(zone))


# --- what stands in a trail -----------------------------------------------------------------------


def appointments(min_day: date = _FIRST, max_day: date = _LAST) -> Strategy[Appointment]:
    """Appointments of some minutes to some hours, in zones all over the world."""
    return st.builds(
        lambda on, hour, zone, minutes: Appointment(
            _instant(on, hour, zone), timedelta(minutes=minutes), zone
        ),
        days(min_day, max_day),
        st.integers(0, 23),
        st.sampled_from(_ZONES),
        st.integers(1, 600),
    )


@st.composite
def visit_reports(draw: Draw, *, complete: bool = False) -> VisitReport:
    """Reports of visits: complete ones only, or those that were broken off as well."""
    settled = st.one_of(
        st.builds(VisitPoint, text=_said(), solution=_said()),
        st.builds(VisitPoint, text=_said(), next_step=_said()),
    )
    left = st.builds(VisitPoint, text=_said())
    if complete or draw(st.booleans()):
        points = st.lists(settled, max_size=3)
        told = st.lists(_said(), max_size=2)
        return VisitReport(
            heard=draw(points),
            found=draw(points),
            told=draw(told if complete else told | st.none()),
        )
    heard = draw(st.lists(left, max_size=3) | st.none())
    if heard is None or draw(st.booleans()):
        return VisitReport(heard=heard)
    return VisitReport(heard=heard, found=draw(st.lists(settled | left, max_size=3)))


# --- follow-ups -----------------------------------------------------------------------------------


@st.composite
def _new(draw: Draw) -> FollowUp:
    """A follow-up that was planned, by a cadence or by somebody."""
    first = draw(days(_FIRST, _LAST))
    length = draw(st.integers(0, 40))
    due = first + draw(st.integers(0, length)) * _DAY
    customer = CustomerId(draw(identifiers("C-")))
    cadence = draw(st.none() | identifiers())
    number = FollowUpId(draw(identifiers("F-")))
    return FollowUp.planned(
        id=number if cadence is None else follow_up_id(customer, cadence, due),
        customer=customer,
        purpose=draw(identifiers()),
        target=draw(_said()),
        due_on=due,
        not_before=first,
        not_after=first + length * _DAY,
        channel=draw(st.none() | st.sampled_from(_CHANNELS)),
        cadence=cadence,
        nominal_on=None if cadence is None else due,
        proposed_by=None if cadence is not None else draw(st.none() | identifiers()),
        owner=draw(st.none() | st.sampled_from(_CLERKS)),
        importance=draw(st.none() | identifiers()),
        needs=draw(st.lists(st.sampled_from(_PAPERS), max_size=2)),
        by=draw(st.sampled_from(_CLERKS)),
        at=_instant(first - draw(st.integers(0, 30)) * _DAY, 9, draw(st.sampled_from(_ZONES))),
        reason=draw(_said()),
    )


def _done(draw: Draw, follow_up: FollowUp, on: date) -> Done:
    needs_report = VISIT_REPORT in follow_up.needs
    reports = visit_reports(complete=needs_report)
    more = draw(st.lists(st.sampled_from(_PAPERS[:2]), max_size=1))
    return Done(
        interaction=InteractionId(draw(identifiers("I-"))),
        customer=follow_up.customer,
        at=_instant(on, draw(st.integers(0, 18)), "UTC"),
        on=on,
        channel=draw(st.sampled_from(_CHANNELS)),
        actor=draw(st.none() | st.sampled_from(_CLERKS)),
        outcome=draw(st.none() | _said()),
        report=draw(reports if needs_report else st.none() | reports),
        papers=[*more, *(paper for paper in follow_up.needs if paper != VISIT_REPORT)],
    )


def _event(draw: Draw, follow_up: FollowUp, action: FollowUpAction, today: date) -> FollowUpEvent:
    """Something by which an action is taken, on a day on which it can be."""
    match action:
        case FollowUpAction.ASSIGN:
            others = [clerk for clerk in _CLERKS if clerk != follow_up.owner]
            return Assigned(draw(st.sampled_from(others)))
        case FollowUpAction.UNASSIGN:
            return Unassigned()
        case FollowUpAction.CONFIRM:
            return Confirmed(draw(appointments(follow_up.not_before, follow_up.not_after)))
        case FollowUpAction.RESCHEDULE:
            due = today + draw(st.integers(0, 30)) * _DAY
            early, late = draw(st.integers(0, 5)), draw(st.integers(0, 20))
            return Rescheduled(due, not_before=due - early * _DAY, not_after=due + late * _DAY)
        case FollowUpAction.DO:
            return _done(draw, follow_up, today)
        case FollowUpAction.MISS:
            return Missed(today)
        case FollowUpAction.CANCEL:
            return Cancelled()


def _statuses_before(status: FollowUpStatus | None) -> set[FollowUpStatus]:
    """From where a status can be reached; from everywhere, if it does not matter which."""
    if status is None:
        return set(FollowUpStatus)
    found = {status}
    for _ in FollowUpStatus:
        found |= {source for source, _, target in FOLLOW_UP_LIFECYCLE.moves if target in found}
    return found


def _possible(follow_up: FollowUp, within: set[FollowUpStatus]) -> list[FollowUpAction]:
    return [
        action
        for action in follow_up.allowed
        if FOLLOW_UP_LIFECYCLE.after(follow_up.status, action) in within
        and not (action is FollowUpAction.UNASSIGN and follow_up.owner is None)
    ]


def _act(draw: Draw, follow_up: FollowUp, action: FollowUpAction, today: date) -> FollowUp:
    if action is FollowUpAction.MISS:
        today = max(today, follow_up.not_after + _DAY)
    event = _event(draw, follow_up, action, today)
    by, at = draw(st.sampled_from(_CLERKS)), _instant(today, 20, "UTC")
    return follow_up.after(event, by=by, at=at, reason=draw(_said()))


# Where a follow-up stands, and whether somebody has it.
_Place = tuple[FollowUpStatus, bool]


def _next_to(follow_up: FollowUp, wanted: FollowUpStatus) -> FollowUpAction:
    """The first action on the shortest way to a status: nobody gives up what nobody has."""
    start = (follow_up.status, follow_up.owner is not None)
    first: dict[_Place, FollowUpAction | None] = {start: None}
    waiting = deque([start])
    while True:
        status, is_owned = place = waiting.popleft()
        for action in FOLLOW_UP_LIFECYCLE.allowed(status):
            if action is FollowUpAction.UNASSIGN and not is_owned:
                continue
            target = FOLLOW_UP_LIFECYCLE.after(status, action)
            owned = {FollowUpAction.ASSIGN: True, FollowUpAction.UNASSIGN: False}
            following = target, owned.get(action, is_owned)
            step = first[place] or action
            if target is wanted:
                return step
            if following not in first:
                first[following] = step
                waiting.append(following)


def follow_ups(*, status: str | None = None, max_steps: int = 8) -> Strategy[FollowUp]:
    """Follow-ups as they may stand after some steps; with ``status`` only those that stand there.

    ``max_steps`` makes trails longer or shorter. What it takes to come to the status in the end is
    not counted.

    :raises InvalidValue: if there is no such status.
    """
    if status is not None and status not in set(FollowUpStatus):
        raise InvalidValue(f"a follow-up is one of {', '.join(FollowUpStatus)}")
    return _walked(None if status is None else FollowUpStatus(status), max_steps)


@st.composite
def _walked(draw: Draw, wanted: FollowUpStatus | None, max_steps: int) -> FollowUp:
    within = _statuses_before(wanted)
    follow_up: FollowUp = draw(_new())
    today = follow_up.not_before
    for _ in range(draw(st.integers(0, max_steps))):
        possible = _possible(follow_up, within)
        # Most steps lead on, or else trails would be short.
        leading_on = [action for action in possible if action not in _ENDING]
        if leading_on and draw(st.integers(0, 5)):
            possible = leading_on
        if follow_up.status is FollowUpStatus.MISSED and draw(st.booleans()):
            told = Escalated(level=len(follow_up.told) + 1, to="team lead", fell_due_on=today)
            at = _instant(today, 20, "UTC")
            follow_up = follow_up.after(told, by=_CLERKS[0], at=at, reason="fell due")
        elif possible:
            today += draw(st.integers(0, 2) | st.integers(0, 60)) * _DAY
            follow_up = _act(draw, follow_up, draw(st.sampled_from(possible)), today)
            if follow_up.status is FollowUpStatus.MISSED:
                today = max(today, follow_up.not_after + _DAY)
    while wanted is not None and follow_up.status is not wanted:
        follow_up = _act(draw, follow_up, _next_to(follow_up, wanted), today)
    return follow_up
