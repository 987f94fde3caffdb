"""Where a complaint stands, read off its trail entry by entry."""

from attrs import evolve, frozen

from crmkit.complaints.records.entry import Entry
from crmkit.complaints.records.events import (
    Contacted,
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

_WHILE_MERGED = frozenset({Unmerged, Noted, Contacted})


@frozen
class State:
    """Where a complaint stands after an entry."""

    status: str
    lifecycle: str
    version: int
    ownership: Ownership
    waiting_on: str | None = None
    merged_into: ComplaintId | None = None
    promises: frozenset[PromiseId] = frozenset()


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
    if state.merged_into is not None and type(what) not in _WHILE_MERGED:
        raise InvalidValue(
            "the complaint is merged into another: act on that one, or unmerge it first"
        )
    match what:
        case StatusChanged(_, source, to):
            if source != state.status:
                raise InvalidValue(f"the complaint stands at {state.status}, not at {source}")
            return State(
                to,
                state.lifecycle,
                state.version,
                state.ownership,
                state.waiting_on,
                None,
                state.promises,
            )
        case LifecycleAdopted(name, version, status):
            return evolve(state, lifecycle=name, version=version, status=status)
        case OwnershipChange():
            return evolve(state, ownership=state.ownership.after(what, by=entry.by))
        case WaitingStarted(on):
            if state.waiting_on is not None:
                raise InvalidValue("the case is waiting already: record WaitingEnded() first")
            return evolve(state, waiting_on=on)
        case WaitingEnded():
            if state.waiting_on is None:
                raise InvalidValue("the case is not waiting: record WaitingStarted(on) first")
            return evolve(state, waiting_on=None)
        case Merged(into):
            return evolve(state, merged_into=into)
        case Unmerged():
            if state.merged_into is None:
                raise InvalidValue("the complaint is not merged: merge it first")
            return evolve(state, merged_into=None)
        case PromiseMade(id=promise):
            if promise in state.promises:
                raise InvalidValue("this promise was made before: each has a number of its own")
            return evolve(state, promises=state.promises | {promise})
        case PromiseKept(promise):
            if promise not in state.promises:
                raise InvalidValue("no such promise was made: record PromiseMade(...) first")
            return state
        case _:
            return state
