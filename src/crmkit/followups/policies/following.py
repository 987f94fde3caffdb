"""Who is to be followed up next, and why."""

from collections.abc import Iterable
from datetime import date

from crmkit.business_time import BusinessCalendar
from crmkit.decision import Decision, Evidence, noted
from crmkit.errors import InvalidPolicy
from crmkit.followups.facts import FollowUpFacts
from crmkit.followups.policies.cadence import Cadence, Occurrence

__all__ = ["next_follow_up", "next_occurrence"]


def next_occurrence(
    facts: FollowUpFacts, cadences: Iterable[Cadence], *, calendar: BusinessCalendar | None = None
) -> Occurrence | None:
    """What :func:`next_follow_up` comes to, without the evidence: for many customers at once."""
    found = [one for one in (_next(facts, each, calendar) for each in cadences) if one is not None]
    return min(found, key=_by_due_day, default=None)


def next_follow_up(
    facts: FollowUpFacts, cadences: Iterable[Cadence], *, calendar: BusinessCalendar | None = None
) -> Decision[Occurrence | None]:
    """The next follow-up of a customer as of a day, and why then: by which cadence and which step.

    Of all cadences that are for the customer, the one that is due first; of two that are due on the
    same day, the one named first. It costs the same however long somebody has been a customer.
    Without a ``calendar``, all days are open. None if no follow-up is due any more.

    :raises InvalidPolicy: if two cadences have the same name.
    :raises InvalidValue: if the calendar never opens any more.
    """
    cadences = tuple(cadences)
    by_name = {cadence.name: cadence for cadence in cadences}
    if len(by_name) < len(cadences):
        raise InvalidPolicy("two cadences have the same name: follow-ups are told apart by it")
    found = {each.name: _next(facts, each, calendar) for each in cadences}
    due = [one for one in found.values() if one is not None]
    first = min(due, key=_by_due_day, default=None)
    evidence: list[Evidence] = []
    if first is not None:
        evidence.extend(_why(facts, by_name[first.cadence], first))
    for cadence in cadences:
        other = found[cadence.name]
        if other is not None and other is not first:
            evidence.append(noted(f"next by {cadence.name}", other.due_on))
        elif other is None:
            evidence.append(noted(f"none by {cadence.name}", _why_none(facts, cadence)))
    return Decision(first, "next-follow-up", facts.as_of, tuple(evidence), subject=facts.customer)


def _next(
    facts: FollowUpFacts, cadence: Cadence, calendar: BusinessCalendar | None
) -> Occurrence | None:
    anchor = _anchor_of(facts, cadence)
    if anchor is None or not _is_for(cadence, facts):
        return None
    return cadence.next_due(
        facts.as_of,
        anchor=anchor,
        calendar=calendar,
        after=facts.handled.get(cadence.name),
        pauses=facts.pauses,
        ends_on=facts.ends_on,
    )


def _anchor_of(facts: FollowUpFacts, cadence: Cadence) -> date | None:
    if isinstance(cadence.anchor, date):
        return cadence.anchor
    return facts.anchors.get(cadence.anchor)


def _is_for(cadence: Cadence, facts: FollowUpFacts) -> bool:
    return (not cadence.tiers or facts.tier in cadence.tiers) and (
        not cadence.segments or not facts.segments.isdisjoint(cadence.segments)
    )


def _by_due_day(occurrence: Occurrence) -> date:
    return occurrence.due_on


def _why(facts: FollowUpFacts, cadence: Cadence, found: Occurrence) -> Iterable[Evidence]:
    yield noted("cadence", cadence.name)
    yield noted("step", str(cadence.steps[found.step]))
    if isinstance(cadence.anchor, str):
        yield noted(cadence.anchor, facts.anchors[cadence.anchor])
    if found.is_moved:
        yield noted("moved from a closed day", found.nominal_on)
    if cadence.name in facts.handled:
        yield noted("handled up to", facts.handled[cadence.name])
    for pause in facts.pauses:
        if pause.end > facts.as_of and pause.start <= found.nominal_on:
            yield noted("paused until", pause.last)


def _why_none(facts: FollowUpFacts, cadence: Cadence) -> str:
    if not _is_for(cadence, facts):
        return "it is not for this customer"
    if _anchor_of(facts, cadence) is None:
        return f"no {cadence.anchor} is known"
    return "it has come to its end"
