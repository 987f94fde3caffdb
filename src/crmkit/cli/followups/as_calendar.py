"""The plan of an owner as a calendar file."""

from datetime import UTC, datetime, time

from crmkit.cli.followups.planning import ShopPlan
from crmkit.followups import OwnerPlan, to_icalendar
from crmkit.identifiers import Actor

__all__ = ["calendar_of"]

_PLANNER = Actor("crmkit")


def calendar_of(plan: ShopPlan, each: OwnerPlan) -> str:
    """The follow-ups of an owner; planned again on another day, they keep their UIDs."""
    # No clock is asked: the file is as old as what it was planned from.
    at = datetime.combine(plan.as_of, time(), UTC)
    follow_ups = [
        one.follow_up(
            target=f"{one.occurrence.purpose} ({one.occurrence.cadence})", by=_PLANNER, at=at
        )
        for one in each.placements
    ]
    name = f"{each.owner} {plan.span.name}"
    return to_icalendar(follow_ups, at=at, owner=each.owner, name=name).decode()
