"""Where a complaint stands, read off its trail entry by entry."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from crmkit.complaints.records.entry import Entry
from crmkit.complaints.records.events import (
    Contacted,
    Escalated,
    LifecycleAdopted,
    Merged,
    Noted,
    PromiseKept,
    PromiseMade,
    StatusChanged,
    Unmerged,
    WaitingEnded,
    WaitingStarted,
)
from crmkit.errors import InvalidValue
from crmkit.identifiers import Actor, ComplaintId, PromiseId
from crmkit.ownership import Ownership, OwnershipChange

__all__ = ["Matter", "State", "begin", "step"]

# An escalation that fell due before the merging may be carried out, and recorded, after it; and a
# promise that was made before it is still to be kept.
_WHILE_MERGED = frozenset({Unmerged, Noted, Contacted, Escalated, PromiseKept})


class Matter(NamedTuple):
    """What is true of a complaint whatever its status: a move leaves it as it is."""

    lifecycle: tuple[str, int]
    """The name and the version."""
    ownership: Ownership
    waiting_on: str | None = None
    merged_into: ComplaintId | None = None
    promises: frozenset[PromiseId] = frozenset()
    kept: frozenset[PromiseId] = frozenset()


State = tuple[str, Matter]
"""Where a complaint stands after an entry: its status and the rest. Worked out, and never kept."""


def begin(entry: Entry, owner: Actor | None) -> State:
    """Where a complaint stands after the first entry of its trail.

    :raises InvalidValue: if that entry does not say which lifecycle the complaint follows.
    """
    what = entry.what
    if not isinstance(what, LifecycleAdopted):
        raise InvalidValue(
            "a trail begins with LifecycleAdopted: make the complaint with Complaint.received(...)"
        )
    ownership = Ownership() if owner is None else Ownership.first_asked(owner)
    return what.status, Matter((what.name, what.version), ownership)


def step(status: str, matter: Matter, entry: Entry) -> State:
    """Where a complaint stands after a further entry.

    :raises InvalidValue: if the entry does not go on from there.
    """
    what = entry.what
    kind = type(what)
    if matter.merged_into is not None and kind not in _WHILE_MERGED:
        raise InvalidValue(
            "the complaint is merged into another: act on that one, or unmerge it first"
        )
    if isinstance(what, StatusChanged):
        if what.source != status:
            raise InvalidValue(f"the complaint stands at {status}, not at {what.source}")
        return what.to, matter
    if isinstance(what, LifecycleAdopted):
        return what.status, matter._replace(lifecycle=(what.name, what.version))
    change = _CHANGES.get(kind)
    return status, matter if change is None else change(matter, what, entry.by)


def _hand_over(matter: Matter, what: OwnershipChange, by: Actor) -> Matter:
    return matter._replace(ownership=matter.ownership.after(what, by=by))


def _wait(matter: Matter, what: WaitingStarted, _by: Actor) -> Matter:
    if matter.waiting_on is not None:
        raise InvalidValue("the case is waiting already: record WaitingEnded() first")
    return matter._replace(waiting_on=what.on)


def _go_on(matter: Matter, _what: WaitingEnded, _by: Actor) -> Matter:
    if matter.waiting_on is None:
        raise InvalidValue("the case is not waiting: record WaitingStarted(on) first")
    return matter._replace(waiting_on=None)


def _merge(matter: Matter, what: Merged, _by: Actor) -> Matter:
    return matter._replace(merged_into=what.into)


def _unmerge(matter: Matter, _what: Unmerged, _by: Actor) -> Matter:
    if matter.merged_into is None:
        raise InvalidValue("the complaint is not merged: merge it first")
    return matter._replace(merged_into=None)


def _promise(matter: Matter, what: PromiseMade, _by: Actor) -> Matter:
    if what.id in matter.promises:
        raise InvalidValue("this promise was made before: each has a number of its own")
    return matter._replace(promises=matter.promises | {what.id})


def _keep(matter: Matter, what: PromiseKept, _by: Actor) -> Matter:
    if what.id not in matter.promises:
        raise InvalidValue("no such promise was made: record PromiseMade(...) first")
    if what.id in matter.kept:
        raise InvalidValue("this promise is on record as kept: the day stands")
    return matter._replace(kept=matter.kept | {what.id})


# What else changes the matter; every other event leaves it as it is. Looked up by kind, so that an
# entry costs the same whatever it holds.
_CHANGES: Mapping[type, Callable[[Matter, Any, Actor], Matter]] = {
    OwnershipChange: _hand_over,
    WaitingStarted: _wait,
    WaitingEnded: _go_on,
    Merged: _merge,
    Unmerged: _unmerge,
    PromiseMade: _promise,
    PromiseKept: _keep,
}
