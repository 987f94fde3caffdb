"""A store in memory: the reference for all others, for tests, examples and trying things out.

It keeps the same documents as the others do, so nothing that a host holds is shared with it, and
what works here works there. Nothing outlives the process.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import cached_property
from itertools import islice
from threading import Lock
from types import MappingProxyType, TracebackType
from typing import Any, Self, TypeVar

from attrs import Factory, define, evolve, frozen

from crmkit.errors import VersionConflict
from crmkit.storage import Collection, Message, OutdatedIndex
from crmkit.storage.ordering import Position, microseconds
from crmkit.storage.unit import Unit
from crmkit.storage.unit.changes import (
    ANSWERS,
    Answer,
    Changes,
    Found,
    Place,
    Row,
    Shelf,
    Snapshot,
    check_limit,
    hand_over,
    listings,
)

__all__ = ["MemoryStore"]

KeyT = TypeVar("KeyT")
T = TypeVar("T")


@frozen
class _Kept:
    row: Row
    listings: frozenset[tuple[str, bytes]]


@define(slots=False)
class _Records:
    """All records of one collection. It is never changed, so its orders are sorted only once."""

    shelf: Shelf = Factory(Shelf)
    kept: Mapping[str, _Kept] = MappingProxyType({})

    @cached_property
    def keys(self) -> list[str]:
        return sorted(self.kept)

    @cached_property
    def orders(self) -> Mapping[str, list[Position]]:
        orders: dict[str, list[Position]] = {}
        for key, kept in self.kept.items():
            for index, entry in kept.listings:
                orders.setdefault(index, []).append((entry, key))
        for order in orders.values():
            order.sort()
        return orders


_NO_RECORDS = _Records()


@frozen
class _State:
    """Everything that units see, as of one commit. A commit makes the next one and changes none."""

    records: Mapping[str, _Records] = MappingProxyType({})
    streams: Mapping[Place, tuple[str, ...]] = MappingProxyType({})
    befores: Mapping[Place, int] = MappingProxyType({})
    """The number before the first entry, of streams that were written anew."""
    snapshots: Mapping[tuple[str, str, str], Snapshot] = MappingProxyType({})
    answers_kept: Mapping[str, Answer] = MappingProxyType({})
    waiting: Mapping[int, Message] = MappingProxyType({})
    last_message: int = 0

    # --- what a unit of work looks at ---

    def shelf(self, collection: str) -> Shelf:
        return self.records.get(collection, _NO_RECORDS).shelf

    def row(self, collection: str, key: str) -> Row | None:
        kept = self.records.get(collection, _NO_RECORDS).kept.get(key)
        return None if kept is None else kept.row

    def rows(self, collection: str, above: str, limit: int) -> list[Found]:
        records = self.records.get(collection, _NO_RECORDS)
        first = bisect_right(records.keys, above)
        return [(b"", key, records.kept[key].row) for key in records.keys[first : first + limit]]

    def listed(
        self,
        place: tuple[str, str],
        above: Position,
        below: Position,
        limit: int,
        *,
        descending: bool,
    ) -> list[Found]:
        collection, index = place
        records = self.records.get(collection, _NO_RECORDS)
        order = records.orders.get(index, [])
        first, last = bisect_right(order, above), bisect_left(order, below)
        if descending:
            positions = order[max(first, last - limit) : last][::-1]
        else:
            positions = order[first : min(last, first + limit)]
        return [(entry, key, records.kept[key].row) for entry, key in positions]

    def numbers(self, stream: str, key: str) -> tuple[int, int]:
        before = self.befores.get((stream, key), 0)
        return before, before + len(self.streams.get((stream, key), ()))

    def entries(self, stream: str, key: str, after: int, until: int) -> list[str]:
        before = self.befores.get((stream, key), 0)
        return list(self.streams[stream, key][after - before : until - before])

    def snapshot(self, stream: str, key: str, fold: str) -> Snapshot | None:
        return self.snapshots.get((stream, key, fold))

    def keys(self, stream: str, above: str, limit: int) -> list[str]:
        return sorted(key for name, key in self.streams if name == stream and key > above)[:limit]

    def answer(self, key: str) -> Answer | None:
        return self.answers_kept.get(key)

    def answers(self, above: str, limit: int) -> list[tuple[str, Answer]]:
        return sorted(each for each in self.answers_kept.items() if each[0] > above)[:limit]

    def messages(self, above: int, limit: int) -> list[Message]:
        # They are kept in the order of their numbers.
        return list(islice((each for each in self.waiting.values() if each.id > above), limit))

    def close(self) -> None:
        """There is nothing to let go of."""


class MemoryStore:
    """A store in memory, for one process: any number of threads may use it at once.

    >>> with MemoryStore() as store, store.unit_of_work() as unit:
    ...     unit.outbox.add("greeting", "hello")
    ...     unit.commit()
    """

    def __init__(self) -> None:
        """Begin empty."""
        self._lock = Lock()
        self._state = _State()

    def unit_of_work(self) -> Unit:
        """Begin a unit of work."""
        return Unit(self._state, self._apply)

    def deliver(self, handler: Callable[[Message], None], *, limit: int = 100) -> int:
        """Hand the oldest messages over; see :meth:`crmkit.storage.Store.deliver`."""
        check_limit(limit)
        return hand_over(self._state.messages(0, limit), handler, self._forget_messages)

    def reindex(self, collection: Collection[Any]) -> int:
        """List all records of a collection anew; see :meth:`crmkit.storage.Store.reindex`."""
        with self._lock:
            records = self._state.records.get(collection.name, _NO_RECORDS)
            kept = {
                key: _Kept(old.row, listings(collection, collection.loads(old.row.document)))
                for key, old in records.kept.items()
            }
            shelf = evolve(records.shelf, signature=collection.signature)
            new = {**self._state.records, collection.name: _Records(shelf, kept)}
            self._state = evolve(self._state, records=new)
        return len(kept)

    def forget_answers(self, *, before: datetime) -> int:
        """Forget old answers to commands; see :meth:`crmkit.storage.Store.forget_answers`."""
        moment = microseconds(before)
        with self._lock:
            old = self._state.answers_kept
            answers = {key: answer for key, answer in old.items() if answer.at >= moment}
            self._state = evolve(self._state, answers_kept=answers)
        return len(old) - len(answers)

    def close(self) -> None:
        """There is nothing to let go of; what was kept stays until the store itself goes."""

    def __enter__(self) -> Self:
        """Use the store, and close it."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the store."""
        self.close()

    # --- the commit ---

    def _apply(self, changes: Changes) -> None:
        with self._lock:
            _check(self._state, changes)
            self._state = _next(self._state, changes)

    def _forget_messages(self, taken: Iterable[int]) -> None:
        with self._lock:
            self._state = evolve(self._state, waiting=_without(self._state.waiting, taken))


def _check(state: _State, changes: Changes) -> None:
    """Refuse changes that rest on something that is no longer so."""
    for name, seen in changes.shelves.items():
        if state.shelf(name).signature not in (None, seen.signature):
            raise OutdatedIndex(name)
    for place, version in changes.seen.items():
        row = state.row(*place)
        actual = row.version if row else None
        if (actual or 0) != version:
            raise VersionConflict(place[0], version, actual)
        _check_new_version(state, place, changes)
    for place, length in changes.lengths.items():
        _, last = state.numbers(*place)
        if last != length:
            raise VersionConflict(place[0], length, last)
    for key in changes.answers:
        if key in state.answers_kept and key not in changes.rewritten_answers:
            raise VersionConflict(ANSWERS, 0, 1)


def _check_new_version(state: _State, place: Place, changes: Changes) -> None:
    """A new record must not get a version that a record removed in between may have had."""
    change = changes.records.get(place)
    if change is not None and change.row is not None and not changes.seen[place]:
        floor = state.shelf(place[0]).floor
        if change.row.version <= floor:
            raise VersionConflict(place[0], 0, None)


def _next(state: _State, changes: Changes) -> _State:
    streams = _without(state.streams, changes.erased_streams)
    for place, documents in changes.entries.items():
        streams[place] = (*streams.get(place, ()), *documents)
    outdated = [each for each in state.snapshots if each[:2] in changes.erased_streams]
    moved = {
        place: state.numbers(*place)[1] for place in changes.erased_streams if place in streams
    }
    return _State(
        records=_next_records(state, changes),
        streams=streams,
        befores={**_without(state.befores, changes.erased_streams), **moved},
        snapshots={**_without(state.snapshots, outdated), **changes.snapshots},
        answers_kept=_next_answers(state, changes),
        waiting=_next_messages(state, changes),
        last_message=state.last_message + len(changes.messages),
    )


def _next_answers(state: _State, changes: Changes) -> Mapping[str, Answer]:
    answers = dict(state.answers_kept)
    for key, answer in changes.rewritten_answers.items():
        if answer is None:
            answers.pop(key, None)
        elif key in answers:
            answers[key] = answer
    return {**answers, **changes.answers}


def _next_messages(state: _State, changes: Changes) -> Mapping[int, Message]:
    waiting = _without(state.waiting, changes.dropped_messages)
    for number, (topic, payload) in enumerate(changes.messages, start=state.last_message + 1):
        waiting[number] = Message(number, topic, payload)
    return waiting


def _without(kept: Mapping[KeyT, T], gone: Iterable[KeyT]) -> dict[KeyT, T]:
    rest = dict(kept)
    for key in gone:
        rest.pop(key, None)
    return rest


def _next_records(state: _State, changes: Changes) -> Mapping[str, _Records]:
    kept = {name: dict(state.records.get(name, _NO_RECORDS).kept) for name in changes.shelves}
    for (name, key), change in changes.records.items():
        if change.row is None:
            kept[name].pop(key, None)
        else:
            kept[name][key] = _Kept(change.row, change.listings)
    new = dict(state.records)
    for name, rows in kept.items():
        floor = max(state.shelf(name).floor, changes.floors.get(name, 0))
        new[name] = _Records(Shelf(floor, changes.shelves[name].signature), rows)
    return new
