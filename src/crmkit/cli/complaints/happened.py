"""What an entry of a trail says, and what a deadline allows, in a few words."""

from datetime import timedelta

from crmkit.cli.complaints.layout import ROUND_THE_CLOCK
from crmkit.cli.refusal import one_line
from crmkit.cli.review.words import counted
from crmkit.complaints.policies.allowances import WorkingHours
from crmkit.complaints.policies.obligations import Obligation
from crmkit.complaints.records.events import (
    CauseFound,
    Event,
    LifecycleAdopted,
    Noted,
    StatusChanged,
)
from crmkit.serialization import kind_of

__all__ = ["allowed", "told"]


def told(what: Event) -> str:
    """What happened; a kind of entry that no file brings is named by its kind alone."""
    match what:
        case LifecycleAdopted(status=status):
            return f"received, stands at {status}"
        case StatusChanged(action, source, to):
            return f"{action}: {source} to {to}"
        case CauseFound(cause=cause):
            return f"cause: {one_line(cause)}"
        case Noted(topic, text):
            return f"{topic}: {one_line(text or '')}"
        case _:
            return kind_of(type(what))


def allowed(obligation: Obligation) -> str:
    """How much time a deadline leaves: ``8 working hours``, ``10 business days``."""
    within = obligation.within
    if isinstance(within, WorkingHours):
        hours, rest = divmod(within.time, timedelta(hours=1))
        working = "" if obligation.calendar == ROUND_THE_CLOCK else "working "
        if rest:
            return counted(within.time // timedelta(minutes=1), f"{working}minute")
        return counted(hours, f"{working}hour")
    unit = kind_of(type(within)).replace("-", " ").removesuffix("s")
    return counted(within.count, unit)
