"""A store without a thought for speed, written from the port alone: what defects are planted in."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from threading import Lock
from typing import Any

from attrs import Factory, define, evolve

from crmkit.errors import VersionConflict
from crmkit.storage import Message, OutdatedIndex
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


@define
class Kept:
    """All that is kept, in plain dictionaries, and how a unit looks at it."""

    shelves: dict[str, Shelf] = Factory(dict)
    records: dict[Place, Row] = Factory(dict)
    listed_at: dict[Place, frozenset[tuple[str, bytes]]] = Factory(dict)
    streams: dict[Place, dict[int, str]] = Factory(dict)
    """The entries by their numbers."""
    snapshots: dict[tuple[str, str, str], Snapshot] = Factory(dict)
    kept_answers: dict[str, Answer] = Factory(dict)
    waiting: list[Message] = Factory(list)
    last_message: int = 0

    def shelf(self, collection: str) -> Shelf:
        return self.shelves.get(collection, Shelf())

    def row(self, collection: str, key: str) -> Row | None:
        return self.records.get((collection, key))

    def rows(self, collection: str, above: str, limit: int) -> list[Found]:
        found = [(b"", key, row) for (name, key), row in self.records.items() if name == collection]
        return sorted((each for each in found if each[1] > above), key=_place)[:limit]

    def listed(
        self,
        place: tuple[str, str],
        above: Position,
        below: Position,
        limit: int,
        *,
        descending: bool,
    ) -> list[Found]:
        found = [
            (entry, key, self.records[collection, key])
            for (collection, key), entries in self.listed_at.items()
            for index, entry in entries
            if (collection, index) == place and above < (entry, key) < below
        ]
        return sorted(found, key=_place, reverse=descending)[:limit]

    def numbers(self, stream: str, key: str) -> tuple[int, int]:
        numbers = self.streams.get((stream, key))
        return (min(numbers) - 1, max(numbers)) if numbers else (0, 0)

    def entries(self, stream: str, key: str, after: int, until: int) -> list[str]:
        return [self.streams[stream, key][number] for number in range(after + 1, until + 1)]

    def snapshot(self, stream: str, key: str, fold: str) -> Snapshot | None:
        return self.snapshots.get((stream, key, fold))

    def keys(self, stream: str, above: str, limit: int) -> list[str]:
        found = [key for (name, key), entries in self.streams.items() if name == stream and entries]
        return sorted(key for key in found if key > above)[:limit]

    def answer(self, key: str) -> Answer | None:
        return self.kept_answers.get(key)

    def answers(self, above: str, limit: int) -> list[tuple[str, Answer]]:
        found = [each for each in self.kept_answers.items() if each[0] > above]
        return sorted(found, key=lambda each: each[0])[:limit]

    def messages(self, above: int, limit: int) -> list[Message]:
        return [message for message in self.waiting if message.id > above][:limit]

    def close(self) -> None:
        """Nothing is held."""


def _place(found: Found) -> Position:
    return found[:2]


class PlainStore:
    """Good in every way but speed: each unit copies everything."""

    def __init__(self) -> None:
        self.kept = Kept()
        self.lock = Lock()

    def view(self) -> Any:
        with self.lock:
            return deepcopy(self.kept)

    def unit_of_work(self) -> Unit:
        return Unit(self.view(), self.apply)

    def apply(self, changes: Changes) -> None:
        with self.lock:
            self.check(changes)
            self.write(changes)

    def check(self, changes: Changes) -> None:
        kept = self.kept
        for name, shelf in changes.shelves.items():
            if kept.shelf(name).signature not in (None, shelf.signature):
                raise OutdatedIndex(name)
        for place, version in changes.seen.items():
            row, change = kept.records.get(place), changes.records.get(place)
            is_new = change is not None and change.row is not None and not version
            if (row.version if row else 0) != version:
                raise VersionConflict(place[0], version, row.version if row else None)
            if is_new and change.row.version <= kept.shelf(place[0]).floor:  # type: ignore[union-attr]
                raise VersionConflict(place[0], 0, None)
        for place, length in changes.lengths.items():
            _, last = kept.numbers(*place)
            if last != length:
                raise VersionConflict(place[0], length, last)
        if changes.answers.keys() & kept.kept_answers.keys() - changes.rewritten_answers.keys():
            raise VersionConflict(ANSWERS, 0, 1)

    def write(self, changes: Changes) -> None:
        self.write_records(changes)
        self.write_streams(changes)
        self.write_answers(changes)
        self.write_messages(changes)

    def write_records(self, changes: Changes) -> None:
        kept = self.kept
        for name, shelf in changes.shelves.items():
            floor = max(kept.shelf(name).floor, changes.floors.get(name, 0))
            kept.shelves[name] = Shelf(floor, shelf.signature)
        for place, change in changes.records.items():
            kept.records.pop(place, None)
            kept.listed_at.pop(place, None)
            if change.row is not None:
                kept.records[place] = change.row
                kept.listed_at[place] = change.listings

    def write_streams(self, changes: Changes) -> None:
        kept = self.kept
        for place in changes.erased_streams:
            kept.streams.pop(place, None)
        for name in [name for name in kept.snapshots if name[:2] in changes.erased_streams]:
            del kept.snapshots[name]
        for place, documents in changes.entries.items():
            numbered = dict(enumerate(documents, changes.first_number(place)))
            kept.streams.setdefault(place, {}).update(numbered)
        kept.snapshots |= changes.snapshots

    def write_answers(self, changes: Changes) -> None:
        answers = self.kept.kept_answers
        for key, answer in changes.rewritten_answers.items():
            if answer is None:
                answers.pop(key, None)
            elif key in answers:
                answers[key] = answer
        answers |= changes.answers

    def write_messages(self, changes: Changes) -> None:
        kept = self.kept
        kept.waiting = [each for each in kept.waiting if each.id not in changes.dropped_messages]
        for topic, payload in changes.messages:
            kept.last_message += 1
            kept.waiting.append(Message(kept.last_message, topic, payload))

    def deliver(self, handler: Callable[[Message], None], *, limit: int = 100) -> int:
        check_limit(limit)
        return hand_over(self.view().messages(0, limit), handler, self.forget_messages)

    def forget_messages(self, taken: list[int]) -> None:
        with self.lock:
            self.kept.waiting = [each for each in self.kept.waiting if each.id not in taken]

    def reindex(self, collection: Any) -> int:
        with self.lock:
            kept = self.kept
            places = [place for place in kept.records if place[0] == collection.name]
            for place in places:
                record = collection.loads(kept.records[place].document)
                kept.listed_at[place] = listings(collection, record)
            shelf = kept.shelf(collection.name)
            kept.shelves[collection.name] = evolve(shelf, signature=collection.signature)
        return len(places)

    def forget_answers(self, *, before: Any) -> int:
        with self.lock:
            answers = self.kept.kept_answers
            old = [key for key, answer in answers.items() if answer.at < microseconds(before)]
            for key in old:
                del answers[key]
        return len(old)

    def close(self) -> None:
        """Nothing is held."""
