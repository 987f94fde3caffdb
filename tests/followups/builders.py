"""Follow-ups in the words of a shop."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from crmkit.followups import (
    Appointment,
    Assigned,
    Cancelled,
    Confirmed,
    Done,
    FollowUp,
    FollowUpAction,
    FollowUpEvent,
    Missed,
    Rescheduled,
    Unassigned,
    VisitPoint,
    VisitReport,
)
from crmkit.identifiers import Actor, CustomerId, FollowUpId, InteractionId
from crmkit.records import Direction, Interaction

ANNA, BEN, CLARA = Actor("anna"), Actor("ben"), Actor("clara")
C7 = CustomerId("C-7")
BERLIN = ZoneInfo("Europe/Berlin")
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
MONDAY = date(2026, 5, 4)
FRIDAY = date(2026, 5, 8)
NAIVE = datetime(2026, 5, 4)  # noqa: DTZ001
NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def at(day: date, hour: int = 12) -> datetime:
    """An hour of a day in Berlin."""
    return datetime(day.year, day.month, day.day, hour, tzinfo=BERLIN)


def planned(number: str = "F-1", **terms: Any) -> FollowUp:
    """A visit that is due on Monday and may be done until Friday."""
    return FollowUp.planned(
        **{
            "id": FollowUpId(number),
            "customer": C7,
            "purpose": "return-visit",
            "target": "hear how the machine runs",
            "channel": "visit",
            "due_on": MONDAY,
            "not_after": FRIDAY,
            "by": BEN,
            "at": NOON - 7 * DAY,
            **terms,
        }
    )


def go(follow_up: FollowUp, *events: FollowUpEvent, on: date = FRIDAY) -> FollowUp:
    """The follow-up after some events, all recorded in the evening of a day."""
    for event in events:
        follow_up = follow_up.after(event, by=BEN, at=at(on, 20), reason="so it was")
    return follow_up


def contact(on: date = MONDAY, hour: int = 12, **terms: Any) -> Interaction:
    """A visit to the customer at an hour of a day."""
    return Interaction(
        **{
            "id": InteractionId(f"I-{on}-{hour}"),
            "customer": C7,
            "at": at(on, hour),
            "channel": "visit",
            "direction": Direction.OUTBOUND,
            "actor": ANNA,
            **terms,
        }
    )


def done(on: date = MONDAY, **terms: Any) -> Done:
    """Done by a visit on a day."""
    return Done.through(contact(on), zone=BERLIN, **terms)


def visit(on: date = MONDAY, hour: int = 10) -> Appointment:
    """An appointment for an hour."""
    return Appointment(at(on, hour), HOUR, "Europe/Berlin")


def event_for(action: FollowUpAction, follow_up: FollowUp) -> FollowUpEvent:
    """An event by which an action can be taken, if the table has it from there."""
    last = follow_up.not_after
    match action:
        case FollowUpAction.ASSIGN:
            return Assigned(ANNA if follow_up.owner != ANNA else BEN)
        case FollowUpAction.UNASSIGN:
            return Unassigned()
        case FollowUpAction.CONFIRM:
            return Confirmed(visit(last))
        case FollowUpAction.RESCHEDULE:
            return Rescheduled(last + DAY)
        case FollowUpAction.DO:
            return done(last)
        case FollowUpAction.MISS:
            return Missed(last + DAY)
        case FollowUpAction.CANCEL:
            return Cancelled()


COMPLETE = VisitReport(
    heard=[VisitPoint(text="the pump drips", solution="new seal")],
    found=[VisitPoint(text="the filter is full", next_step="bring one on Friday")],
    told=["spring prices"],
)
