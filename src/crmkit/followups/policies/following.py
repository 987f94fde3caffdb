"""Who is to be followed up next, and why."""

from collections.abc import Iterable, Iterator

from attrs import evolve

from crmkit.business_time import BusinessCalendar
from crmkit.decision import Comparison, Decision, Evidence, at_most, noted
from crmkit.errors import InvalidPolicy
from crmkit.followups.facts import FollowUpFacts
from crmkit.followups.policies.cadence import Cadence
from crmkit.followups.policies.closed_days import ClosedDays
from crmkit.followups.policies.course import pause_on
from crmkit.followups.records.occurrence import Occurrence

__all__ = ["is_for", "next_follow_up", "next_occurrence", "told_apart"]

_OWN_DAY = "day of the cadence"
_WANTED = {
    ClosedDays.NEXT_OPEN: "an open day or else the next one",
    ClosedDays.PREVIOUS_OPEN: "an open day or else the one before",
    ClosedDays.NEAREST_OPEN: "an open day or else the nearest one",
}


def next_occurrence(
    facts: FollowUpFacts, cadences: Iterable[Cadence], *, calendar: BusinessCalendar | None = None
) -> Occurrence | None:
    """What :func:`next_follow_up` comes to, without the evidence: for many customers at once."""
    first = None
    for cadence in told_apart(cadences):
        found = _next(facts, cadence, calendar)
        if found is not None and (first is None or found.due_on < first.due_on):
            first = found
    return first


def next_follow_up(
    facts: FollowUpFacts, cadences: Iterable[Cadence], *, calendar: BusinessCalendar | None = None
) -> Decision[Occurrence | None]:
    """The next follow-up of a customer as of a day, and why: which cadence, which step, what moved.

    Of all cadences that are for the customer, the one that is due first; of two that are due on the
    same day, the one handed in first. What was due before and may still be done is due first, until
    it is handled. It costs the same however long somebody has been a customer. Without a
    ``calendar``, all days are open. None if no follow-up is due any more.

    :raises InvalidPolicy: if two cadences have the same name.
    :raises InvalidValue: if the calendar does not open any more.
    """
    cadences = told_apart(cadences)
    found = {cadence.name: _next(facts, cadence, calendar) for cadence in cadences}
    first = next_occurrence(facts, cadences, calendar=calendar)
    evidence: list[Evidence] = []
    for cadence in cadences:
        one = found[cadence.name]
        if one is None:
            evidence.extend(_why_none(facts, cadence, calendar))
        elif one != first:
            evidence.append(noted(_next_by(cadence), one.due_on))
        else:
            evidence[:0] = _why(facts, cadence, one, calendar)
    return Decision(first, "next-follow-up", facts.as_of, tuple(evidence), subject=facts.customer)


def told_apart(cadences: Iterable[Cadence]) -> tuple[Cadence, ...]:
    """Cadences, each with a name of its own.

    :raises InvalidPolicy: if two have the same name.
    """
    cadences = tuple(cadences)
    if len(cadences) > 1 and len({cadence.name for cadence in cadences}) < len(cadences):
        raise InvalidPolicy(
            "two cadences have the same name: follow-ups are told apart by it, so give each its own"
        )
    return cadences


def _next(
    facts: FollowUpFacts, cadence: Cadence, calendar: BusinessCalendar | None
) -> Occurrence | None:
    anchor = None
    if isinstance(cadence.anchor, str):
        anchor = facts.anchors.get(cadence.anchor)
        if anchor is None:
            return None
    if cadence.tiers and not _has_tier(facts, cadence):
        return None
    if cadence.segments and not _has_segment(facts, cadence):
        return None
    return cadence.next_due(
        facts.as_of,
        anchor=anchor,
        calendar=calendar,
        handled=facts.handled.get(cadence.name),
        pauses=facts.pauses,
        ends_on=facts.ends_on,
    )


def is_for(facts: FollowUpFacts, cadence: Cadence) -> bool:
    """Whether a cadence is for a customer, and the day it counts from is known."""
    if isinstance(cadence.anchor, str) and cadence.anchor not in facts.anchors:
        return False
    return _has_tier(facts, cadence) and _has_segment(facts, cadence)


def _has_tier(facts: FollowUpFacts, cadence: Cadence) -> bool:
    return not cadence.tiers or facts.tier in cadence.tiers


def _has_segment(facts: FollowUpFacts, cadence: Cadence) -> bool:
    return not cadence.segments or not facts.segments.isdisjoint(cadence.segments)


# --- why ------------------------------------------------------------------------------------------


def _next_by(cadence: Cadence) -> str:
    return f"next by {cadence.name}"


def _why(
    facts: FollowUpFacts, cadence: Cadence, found: Occurrence, calendar: BusinessCalendar | None
) -> Iterator[Evidence]:
    yield noted("cadence", cadence.name)
    yield noted("step", str(cadence.steps[found.step]))
    if isinstance(cadence.anchor, str):
        yield noted(cadence.anchor, facts.anchors[cadence.anchor])
    else:
        yield noted("first day for everybody", cadence.anchor)
    if cadence.name in facts.handled:
        yield noted("last one handled", facts.handled[cadence.name])
    yield from _paused(facts, cadence, found, calendar, _OWN_DAY)
    if calendar is None or cadence.closed_days is ClosedDays.STAY:
        yield noted(_OWN_DAY, found.nominal_on)
    else:
        is_open = calendar.is_business_day(found.nominal_on)
        yield Evidence(_OWN_DAY, found.nominal_on, _WANTED[cadence.closed_days], is_open)
    if found.not_before != found.not_after:
        yield noted("first day to do it", found.not_before)
        yield noted("last day to do it", found.not_after)


def _why_none(
    facts: FollowUpFacts, cadence: Cadence, calendar: BusinessCalendar | None
) -> Iterator[Evidence]:
    name = cadence.name
    has_tier, has_segment = _has_tier(facts, cadence), _has_segment(facts, cadence)
    if not has_tier:
        yield _one_of(f"tier (for {name})", facts.tier, cadence.tiers)
    if not has_segment:
        segments = ", ".join(sorted(facts.segments)) or None
        yield _one_of(f"segment (for {name})", segments, cadence.segments)
    if has_tier and has_segment:
        if isinstance(cadence.anchor, str) and cadence.anchor not in facts.anchors:
            yield Evidence(f"{cadence.anchor} (for {name})", None, "a day", False)
        else:
            yield from _why_over(facts, cadence, calendar)


def _one_of(criterion: str, observed: str | None, wanted: tuple[str, ...]) -> Evidence:
    return Evidence(criterion, observed, ", ".join(wanted), False, Comparison.ONE_OF)


def _why_over(
    facts: FollowUpFacts, cadence: Cadence, calendar: BusinessCalendar | None
) -> Iterator[Evidence]:
    paused = tuple(_paused(facts, cadence, None, calendar, _next_by(cadence)))
    ends = [day for day in (facts.ends_on, cadence.ends_on) if day is not None]
    endless = _next(evolve(facts, ends_on=None), evolve(cadence, ends_on=None), calendar)
    if paused:
        yield from paused
    elif endless is not None:
        # Both days have to lie before the end, the one it falls on and the one it is moved to.
        day = max(endless.nominal_on, endless.due_on)
        yield at_most(_next_by(cadence), day, min(ends))
    else:
        yield noted(cadence.name, "at its end")


def _paused(
    facts: FollowUpFacts,
    cadence: Cadence,
    found: Occurrence | None,
    calendar: BusinessCalendar | None,
    criterion: str,
) -> Iterator[Evidence]:
    """What would have been due before, without the pauses."""
    pauses = (*cadence.pauses, *facts.pauses)
    if not pauses:
        return
    free = _next(evolve(facts, pauses=()), evolve(cadence, pauses=()), calendar)
    if free is not None and (found is None or free.due_on < found.due_on):
        pause = pause_on(free.nominal_on, pauses) or pause_on(free.due_on, pauses)
        outside = f"a day outside {pause.start} to {pause.last}" if pause else "no pause"
        yield Evidence(criterion, free.nominal_on, outside, False)
