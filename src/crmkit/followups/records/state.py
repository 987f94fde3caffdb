"""Where a follow-up stands, read off its trail entry by entry."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, NamedTuple

from crmkit.business_time.zones import in_utc
from crmkit.errors import InvalidValue
from crmkit.followups.lifecycle import FOLLOW_UP_LIFECYCLE, FollowUpAction, FollowUpStatus
from crmkit.followups.records.entry import FollowUpEntry
from crmkit.followups.records.events import (
    Appointment,
    Assigned,
    Cancelled,
    Confirmed,
    Done,
    Escalated,
    Missed,
    Planned,
    Rescheduled,
    Unassigned,
)
from crmkit.followups.records.refusals import FollowUpRefused, PapersMissing
from crmkit.identifiers import Actor, CustomerId

__all__ = ["VISIT_REPORT", "State", "Terms", "begin", "step"]

VISIT_REPORT = "visit-report"
"""The paper that is in when the report of the visit is complete."""


class Terms(NamedTuple):
    """What a follow-up is held against: whose it is, and what it needs."""

    customer: CustomerId
    needs: tuple[str, ...]


class State(NamedTuple):
    """Where a follow-up stands after an entry. Worked out, and never kept."""

    status: FollowUpStatus
    due_on: date
    not_before: date
    not_after: date
    owner: Actor | None = None
    appointment: Appointment | None = None
    done: Done | None = None
    told: tuple[int, ...] = ()
    """The levels of the escalation that were told since it was missed."""


def begin(trail: tuple[FollowUpEntry, ...]) -> State:
    """Where a follow-up stands after the first entry of its trail.

    :raises InvalidValue: if that entry does not say when it is to be done.
    """
    first = trail[0].what if trail else None
    if not isinstance(first, Planned):
        raise InvalidValue(
            "a trail begins with Planned: make the follow-up with FollowUp.planned(...)"
        )
    return State(FOLLOW_UP_LIFECYCLE.initial, first.due_on, first.not_before, first.not_after)


def step(terms: Terms, state: State, entry: FollowUpEntry) -> State:
    """Where a follow-up stands after a further entry.

    :raises IllegalTransition: if the lifecycle does not have it from there.
    :raises FollowUpRefused: if it cannot be true of this follow-up.
    """
    what = entry.what
    if isinstance(what, Escalated):
        return _escalate(state, what)
    action = _ACTIONS.get(type(what))
    if action is None:
        raise InvalidValue("a follow-up is planned once: to move it, record Rescheduled(...)")
    target = FOLLOW_UP_LIFECYCLE.after(state.status, action)
    change = _CHANGES.get(action)
    changed = state if change is None else change(terms, state, what, entry.at)
    return changed._replace(status=target)


def _escalate(state: State, what: Escalated) -> State:
    if state.status is not FollowUpStatus.MISSED:
        raise FollowUpRefused("escalate", "it is not missed", "record Missed(...) first")
    if what.level in state.told:
        raise FollowUpRefused("escalate", "this level was told already", "go on to the next one")
    return state._replace(told=(*state.told, what.level))


def _assign(_terms: Terms, state: State, what: Assigned, _at: datetime) -> State:
    if what.to == state.owner and state.status is not FollowUpStatus.RESCHEDULED:
        raise FollowUpRefused("assign", "they have it already", "assign it to somebody else")
    return state._replace(owner=what.to)


def _unassign(_terms: Terms, state: State, _what: Unassigned, _at: datetime) -> State:
    if state.owner is None:
        raise FollowUpRefused("unassign", "nobody has it", "assign it to somebody")
    return state._replace(owner=None)


def _confirm(_terms: Terms, state: State, what: Confirmed, _at: datetime) -> State:
    appointment = what.appointment
    if not state.not_before <= appointment.on <= state.not_after:
        raise FollowUpRefused(
            "confirm",
            f"it is to be done from {state.not_before} to {state.not_after}",
            "agree on one of these days, or record Rescheduled(...) first",
        )
    return state._replace(appointment=appointment, due_on=appointment.on)


def _reschedule(_terms: Terms, state: State, what: Rescheduled, _at: datetime) -> State:
    return state._replace(
        due_on=what.due_on,
        not_before=what.not_before,
        not_after=what.not_after,
        appointment=None,
        told=(),
    )


def _do(terms: Terms, state: State, what: Done, at: datetime) -> State:
    if what.customer != terms.customer:
        raise FollowUpRefused(
            "do", "the contact was with another customer", "name one with the customer of this one"
        )
    if in_utc(what.at) > in_utc(at):
        raise FollowUpRefused(
            "do", "the contact lies after the entry", "record it once it has happened"
        )
    papers = set(what.papers)
    if what.report is not None and what.report.is_complete:
        papers.add(VISIT_REPORT)
    missing = [paper for paper in terms.needs if paper not in papers]
    if missing:
        raise PapersMissing(missing)
    return state._replace(done=what)


def _miss(_terms: Terms, state: State, what: Missed, _at: datetime) -> State:
    if what.found_on <= state.not_after:
        raise FollowUpRefused(
            "miss",
            f"it may be done until {state.not_after}",
            "wait until that day is over",
        )
    return state


_ACTIONS: Mapping[type, FollowUpAction] = {
    Assigned: FollowUpAction.ASSIGN,
    Unassigned: FollowUpAction.UNASSIGN,
    Confirmed: FollowUpAction.CONFIRM,
    Rescheduled: FollowUpAction.RESCHEDULE,
    Done: FollowUpAction.DO,
    Missed: FollowUpAction.MISS,
    Cancelled: FollowUpAction.CANCEL,
}
_CHANGES: Mapping[FollowUpAction, Callable[[Terms, State, Any, datetime], State]] = {
    FollowUpAction.ASSIGN: _assign,
    FollowUpAction.UNASSIGN: _unassign,
    FollowUpAction.CONFIRM: _confirm,
    FollowUpAction.RESCHEDULE: _reschedule,
    FollowUpAction.DO: _do,
    FollowUpAction.MISS: _miss,
}
