"""Cases of winning back, and ways through the table."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from crmkit.identifiers import Actor, CustomerId
from crmkit.retention import (
    Analysed,
    Contacted,
    Declined,
    Failed,
    Recovered,
    Targeted,
    WinBackAction,
    WinBackCase,
    WinBackEvent,
)

LOST_ON = date(2026, 5, 1)
DAY = timedelta(days=1)
C7 = CustomerId("C-7")
CENTRE = Actor("centre")
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def opened(customer: CustomerId = C7, *, id: str = "W-1", on: date = LOST_ON) -> WinBackCase:
    return WinBackCase.opened(
        id=id, customer=customer, lost_on=on, by=CENTRE, at=NOON, reason="contract ended"
    )


def go(case: WinBackCase, *events: WinBackEvent) -> WinBackCase:
    for event in events:
        case = case.after(event, by=CENTRE, at=NOON, reason="a reason")
    return case


def event_for(action: WinBackAction, on: date, **parts: Any) -> WinBackEvent:
    """Something that is recorded by an action, on a day."""
    match action:
        case WinBackAction.ANALYSE:
            return Analysed(on=on, **parts)
        case WinBackAction.DECLINE:
            return Declined(on)
        case WinBackAction.TARGET:
            return Targeted(**{"on": on, "measures": ["explain"], **parts})
        case WinBackAction.CONTACT:
            return Contacted(**{"on": on, "channel": "telephone", "again_from": on + DAY, **parts})
        case WinBackAction.RECOVER:
            return Recovered(on)
        case _:
            return Failed(on)


def held_out(on: date) -> Targeted:
    return Targeted(on=on, held_out=True)
