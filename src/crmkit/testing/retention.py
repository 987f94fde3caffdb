"""Hypothesis strategies for retention: customers who were lost, and what was done about it.

A case is walked through its lifecycle, so its trail is one that could have come about.

>>> from hypothesis import given
>>> @given(win_backs(status="recovered"))
... def who_came_back_came_back_on_a_day(case):
...     assert case.recovered_on >= case.lost_on and not case.is_open
>>> who_came_back_came_back_on_a_day()
"""

from collections.abc import Callable, Container
from datetime import UTC, date, datetime, timedelta
from typing import Any

from crmkit.errors import InvalidValue, MissingExtra
from crmkit.identifiers import Actor, CustomerId
from crmkit.retention import (
    WIN_BACK_LIFECYCLE,
    Analysed,
    Contacted,
    Declined,
    Failed,
    LostClass,
    Recovered,
    Targeted,
    WinBackAction,
    WinBackCase,
    WinBackEvent,
    WinBackStatus,
)
from crmkit.testing.shared import days, identifiers, money, texts

try:
    from hypothesis import strategies as st
except ImportError:
    raise MissingExtra("hypothesis", "testing") from None

__all__ = ["win_backs"]

Strategy = st.SearchStrategy
Draw = Callable[[Strategy[Any]], Any]

_DAY = timedelta(days=1)
_CLERKS = [Actor("anna"), Actor("ben")]
_FIRST, _LAST = date(2020, 1, 1), date(2040, 12, 31)
_FINAL = (WinBackAction.DECLINE, WinBackAction.RECOVER, WinBackAction.FAIL)


def _analysed(draw: Draw, on: date) -> Analysed:
    values = st.none() | money("EUR", min_minor=-(10**6), max_minor=10**8)
    return Analysed(
        on=on,
        causes=draw(st.lists(identifiers(), max_size=3)),
        lost_class=draw(st.none() | st.sampled_from(LostClass)),
        present_value=draw(values),
        future_value=draw(values),
    )


def _targeted(draw: Draw, case: WinBackCase, on: date, may_hold_out: bool) -> Targeted:
    held_out = case.held_out
    if case.target is None:
        held_out = may_hold_out and not draw(st.integers(0, 3))
    if held_out:
        return Targeted(on=on, held_out=True)
    later = st.none() | st.integers(0, 60).map(lambda n: on + n * _DAY)
    measures = draw(st.lists(identifiers(), min_size=1, max_size=3))
    return Targeted(on=on, measures=measures, contact_from=draw(later))


def _contacted(draw: Draw, on: date) -> Contacted:
    return Contacted(
        on=on,
        channel=draw(st.sampled_from(["telephone", "visit", "letter"])),
        measure=draw(st.none() | identifiers()),
        # As a rule it is not the last time.
        again_from=on + draw(st.integers(1, 60)) * _DAY if draw(st.integers(0, 3)) else None,
    )


def _event(
    draw: Draw, case: WinBackCase, action: WinBackAction, today: date, may_hold_out: bool
) -> WinBackEvent:
    """Something by which an action is taken, on a day on which it can be."""
    match action:
        case WinBackAction.ANALYSE:
            return _analysed(draw, today)
        case WinBackAction.DECLINE:
            return Declined(today)
        case WinBackAction.TARGET:
            return _targeted(draw, case, today, may_hold_out)
        case WinBackAction.CONTACT:
            return _contacted(draw, today)
        case WinBackAction.RECOVER:
            # A return may come to light late.
            return Recovered(draw(st.just(today) | st.dates(case.lost_on, today)))
        case WinBackAction.FAIL:
            return Failed(today)


def _possible(case: WinBackCase, within: Container[WinBackStatus]) -> list[WinBackAction]:
    """What may be done next on the way: nobody turns to who is held out, or after the last time."""
    return [
        action
        for action in case.allowed
        if WIN_BACK_LIFECYCLE.after(case.status, action) in within
        and not (action is WinBackAction.CONTACT and case.contact_from is None)
    ]


def _act(
    draw: Draw, case: WinBackCase, action: WinBackAction, today: date, may_hold_out: bool
) -> tuple[date, WinBackCase]:
    if action is WinBackAction.CONTACT:
        today = max(today, case.contact_from or today)
    event = _event(draw, case, action, today, may_hold_out)
    at = datetime(today.year, today.month, today.day, draw(st.integers(0, 23)), tzinfo=UTC)
    by = draw(st.sampled_from(_CLERKS))
    return today, case.after(event, by=by, at=at, reason=f"it was {draw(texts(8))}")


def win_backs(*, status: str | None = None, max_steps: int = 8) -> Strategy[WinBackCase]:
    """Cases as they may stand after some steps; with ``status`` only those that stand there.

    ``max_steps`` makes trails longer or shorter. What it takes to come to the status in the end is
    not counted.

    :raises InvalidValue: if there is no such status.
    """
    if status is not None and status not in set(WinBackStatus):
        raise InvalidValue(f"a win-back is one of {', '.join(WinBackStatus)}")
    return _walked(None if status is None else WinBackStatus(status), max_steps)


def _ways_to(status: WinBackStatus) -> dict[WinBackStatus, WinBackAction]:
    """From where a status can be reached, and the first action on the shortest way from there."""
    ways: dict[WinBackStatus, WinBackAction] = {}
    for _ in WinBackStatus:
        moves = WIN_BACK_LIFECYCLE.moves
        found = {source: action for source, action, to in moves if to is status or to in ways}
        ways = {source: ways.get(source, action) for source, action in found.items()}
    ways.pop(status, None)
    return ways


@st.composite
def _walked(draw: Draw, wanted: WinBackStatus | None, max_steps: int) -> WinBackCase:
    ways = {} if wanted is None else _ways_to(wanted)
    within = set(WinBackStatus) if wanted is None else {wanted, *ways}
    today = draw(days(_FIRST, _LAST))
    case = WinBackCase.opened(
        id=draw(identifiers("W-")),
        customer=CustomerId(draw(identifiers("C-"))),
        lost_on=today,
        by=draw(st.sampled_from(_CLERKS)),
        at=datetime(today.year, today.month, today.day, 9, tzinfo=UTC),
        reason=f"it was {draw(texts(8))}",
    )
    # Whoever is held out is never contacted, so on that way nobody is.
    may_hold_out = wanted is not WinBackStatus.CONTACTED
    for _ in range(draw(st.integers(0, max_steps))):
        possible = _possible(case, within)
        # Most steps lead on, or else trails would be short.
        leading_on = [action for action in possible if action not in _FINAL]
        if leading_on and draw(st.integers(0, 4)):
            possible = leading_on
        if possible:
            today += draw(st.integers(0, 2) | st.integers(0, 90)) * _DAY
            today, case = _act(draw, case, draw(st.sampled_from(possible)), today, may_hold_out)
    while wanted is not None and case.status is not wanted:
        today, case = _act(draw, case, ways[case.status], today, may_hold_out)
    return case
