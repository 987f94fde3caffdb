"""What an entry of a trail says, in a few words."""

from crmkit.cli.refusal import one_line
from crmkit.complaints.records.events import (
    CauseFound,
    Event,
    LifecycleAdopted,
    Noted,
    StatusChanged,
)
from crmkit.serialization import kind_of

__all__ = ["told"]


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
