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

__all__ = ["State", "begin", "step"]

# An escalation that fell due before the merging may be carried out, and recorded, after it; and a
# promise that was made before it is still to be kept.
_WHILE_MERGED = frozenset({Unmerged, Noted, Contacted, Escalated, PromiseKept})


class State(NamedTuple):
    """Where a complaint stands after an entry.

    Worked out and never stored; a tuple, because one is made for every entry.
    """

    status: str
    lifecycle: str
    version: int
    ownership: Ownership
    waiting_on: str | None = None
    merged_into: ComplaintId | None = None
    promises: frozenset[PromiseId] = frozenset()
    kept: frozenset[PromiseId] = frozenset()


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
    return State(what.status, what.name, what.version, ownership)


def step(state: State, entry: Entry) -> State:
    """Where a complaint stands after a further entry.

    :raises InvalidValue: if the entry does not go on from there.
    """
    what = entry.what
    kind = type(what)
    if state.merged_into is not None and kind not in _WHILE_MERGED:
        raise InvalidValue(
            "the complaint is merged into another: act on that one, or unmerge it first"
        )
    change = _CHANGES.get(kind)
    return state if change is None else change(state, what, entry.by)


def _move(state: State, what: StatusChanged, _by: Actor) -> State:
    if what.source != state.status:
        raise InvalidValue(f"the complaint stands at {state.status}, not at {what.source}")
    # What _make does, without counting the parts once more.
    return tuple.__new__(State, (what.to, *state[1:]))


def _adopt(state: State, what: LifecycleAdopted, _by: Actor) -> State:
    return state._replace(lifecycle=what.name, version=what.version, status=what.status)


def _hand_over(state: State, what: OwnershipChange, by: Actor) -> State:
    return state._replace(ownership=state.ownership.after(what, by=by))


def _wait(state: State, what: WaitingStarted, _by: Actor) -> State:
    if state.waiting_on is not None:
        raise InvalidValue("the case is waiting already: record WaitingEnded() first")
    return state._replace(waiting_on=what.on)


def _go_on(state: State, _what: WaitingEnded, _by: Actor) -> State:
    if state.waiting_on is None:
        raise InvalidValue("the case is not waiting: record WaitingStarted(on) first")
    return state._replace(waiting_on=None)


def _merge(state: State, what: Merged, _by: Actor) -> State:
    return state._replace(merged_into=what.into)


def _unmerge(state: State, _what: Unmerged, _by: Actor) -> State:
    if state.merged_into is None:
        raise InvalidValue("the complaint is not merged: merge it first")
    return state._replace(merged_into=None)


def _promise(state: State, what: PromiseMade, _by: Actor) -> State:
    if what.id in state.promises:
        raise InvalidValue("this promise was made before: each has a number of its own")
    return state._replace(promises=state.promises | {what.id})


def _keep(state: State, what: PromiseKept, _by: Actor) -> State:
    if what.id not in state.promises:
        raise InvalidValue("no such promise was made: record PromiseMade(...) first")
    if what.id in state.kept:
        raise InvalidValue("this promise is on record as kept: the day stands")
    return state._replace(kept=state.kept | {what.id})


# Every other event leaves the complaint where it stands. Looked up by kind, so that an entry costs
# the same whatever it holds.
_CHANGES: Mapping[type, Callable[[State, Any, Actor], State]] = {
    StatusChanged: _move,
    LifecycleAdopted: _adopt,
    OwnershipChange: _hand_over,
    WaitingStarted: _wait,
    WaitingEnded: _go_on,
    Merged: _merge,
    Unmerged: _unmerge,
    PromiseMade: _promise,
    PromiseKept: _keep,
}
