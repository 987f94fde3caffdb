"""A case that is kept already, and what a later file says of it that is new.

What is kept is never changed. An entry of the file that stands on the kept trail already is passed
over, whatever line it stood on then; a dated entry is the same if it happened at the same instant.
One that no file dates is known from the first file that told of it, and stays where it stands. What
is left goes on from where the case stands now, be it that a file or that the host took it there.
"""

from collections import Counter
from datetime import UTC, datetime

from crmkit.cli.complaints.cases import IMPORTER
from crmkit.complaints.policies.rules import ActionRefused, ComplaintRules
from crmkit.complaints.records.complaint import Complaint
from crmkit.complaints.records.entry import Entry
from crmkit.complaints.records.events import CauseFound, LifecycleAdopted, Noted, StatusChanged
from crmkit.complaints.records.seal import ERASED
from crmkit.errors import IllegalTransition

__all__ = ["Contradicts", "entries_to_add"]

_Key = tuple[str, str | None, datetime | None]


class Contradicts(Exception):
    """What a file says of a case does not go on from what is kept of it."""


def entries_to_add(
    kept: Complaint, case: Complaint, rules: ComplaintRules, *, is_log: bool
) -> tuple[Entry, ...]:
    """What a file says of a case that is not kept yet, in the order of its trail.

    :raises Contradicts: if the two follow different lifecycles or begin at different instants, or
        what is new cannot have come after what is kept.
    """
    if kept.lifecycle != case.lifecycle or _utc(kept.received_at) != _utc(case.received_at):
        raise Contradicts
    known = Counter(_key(entry, is_log=is_log) for entry in kept.trail)
    new = tuple(entry for entry in case.trail if not _is_known(entry, known, is_log=is_log))
    if is_log and new:
        last = max(_utc(entry.at) for entry in kept.trail if entry.by == IMPORTER)
        if _utc(new[0].at) < last:
            raise Contradicts  # Replayed from the beginning, it would have come out otherwise.
    after = kept
    try:
        for entry in new:
            after = _after(after, entry, rules)
    except (ActionRefused, IllegalTransition):
        raise Contradicts from None
    return new


def _is_known(entry: Entry, known: Counter[_Key], *, is_log: bool) -> bool:
    """Whether an entry stands on the kept trail; each there accounts for one of the file."""
    kind, _, at = key = _key(entry, is_log=is_log)
    # A note whose text was erased at the wish of the complainant does not come back.
    for candidate in (key, (kind, ERASED, at)):
        if known[candidate]:
            known[candidate] -= 1
            return True
    return False


def _key(entry: Entry, *, is_log: bool) -> _Key:
    """By what two entries are the same: what happened and, if the file dates it, when."""
    is_dated = is_log or entry.recorded_at is not None or isinstance(entry.what, LifecycleAdopted)
    at = _utc(entry.at) if is_dated else None
    match entry.what:
        case LifecycleAdopted(name):
            return "lifecycle", name, at
        case StatusChanged(action):
            return "action", action, at
        case Noted(topic, text):
            return f"note {topic}", text, at
        case CauseFound(cause=cause):
            return "cause", cause, at
        case _:
            return "other", None, at


def _after(kept: Complaint, entry: Entry, rules: ComplaintRules) -> Complaint:
    """What the case would be with one more entry."""
    what, by, at = entry.what, entry.by, entry.at
    if isinstance(what, StatusChanged):
        return rules.act(kept, what.action, by=by, at=at, reason=entry.reason)
    return rules.record(kept, what, by=by, at=at, reason=entry.reason)


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC)
