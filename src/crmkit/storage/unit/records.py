"""The records of one collection, as one unit of work sees them."""

import heapq
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Generic, TypeVar

from attrs import frozen

from crmkit.errors import AlreadyKept, InvalidValue, NotKept, VersionConflict
from crmkit.identifiers import check_identifier
from crmkit.storage import Collection, OutdatedIndex, Page, Stored
from crmkit.storage.ordering import (
    FIRST,
    IndexValue,
    Position,
    read_token,
    span,
    write_token,
)
from crmkit.storage.unit.changes import (
    Change,
    Found,
    Place,
    Row,
    Shelf,
    Work,
    check_limit,
    check_text,
    listings,
)

__all__ = ["UnitRepository"]

T = TypeVar("T")


@frozen
class UnitRepository(Generic[T]):
    """See :class:`crmkit.storage.Repository`, which says what each method promises."""

    _work: Work
    _collection: Collection[T]

    # --- one record ---

    def get(self, key: str) -> Stored[T]:
        """The record under a key."""
        stored = self.find(key)
        if stored is None:
            raise NotKept(self._collection.name)
        return stored

    def find(self, key: str) -> Stored[T] | None:
        """The record under a key, None if there is none."""
        check_identifier(key, "a key")
        row = self._work.row((self._collection.name, key))
        return None if row is None else self._stored(row)

    def add(self, record: T) -> Stored[T]:
        """Keep a new record."""
        place, document = self._written(record)
        if self._work.row(place) is not None:
            raise AlreadyKept(self._collection.name)
        floor = max(self._shelf().floor, self._work.changes.floors.get(place[0], 0))
        return self._keep(place, record, Row(floor + 1, document))

    def replace(self, record: T, version: int) -> Stored[T]:
        """Keep the next state of a record, if nobody else has."""
        place, document = self._written(record)
        self._check_version(place, version)
        return self._keep(place, record, Row(version + 1, document))

    def remove(self, key: str, version: int) -> None:
        """Keep a record no longer, if nobody has changed it."""
        check_identifier(key, "a key")
        place = (self._collection.name, key)
        self._check_version(place, version)
        self._shelf()
        changes = self._work.changes
        changes.records[place] = Change(None)
        changes.floors[place[0]] = max(version, changes.floors.get(place[0], 0))

    def _stored(self, row: Row) -> Stored[T]:
        return Stored(self._collection.loads(row.document), row.version)

    def _written(self, record: T) -> tuple[Place, str]:
        document = self._collection.dumps(record)
        check_text(document, "a document")
        key = self._collection.key(record)
        check_identifier(key, "a key")
        return (self._collection.name, key), document

    def _keep(self, place: Place, record: T, row: Row) -> Stored[T]:
        self._shelf()
        change = Change(row, listings(self._collection, record))
        self._work.changes.records[place] = change
        return Stored(record, row.version)

    def _check_version(self, place: Place, version: int) -> None:
        row = self._work.row(place)
        if row is None or row.version != version:
            actual = None if row is None else row.version
            raise VersionConflict(self._collection.name, version, actual)

    def _shelf(self) -> Shelf:
        """What is known of the collection, noted as something to write to."""
        shelves = self._work.changes.shelves
        name = self._collection.name
        if name not in shelves:
            shelves[name] = Shelf(self._checked_shelf().floor, self._collection.signature)
        return shelves[name]

    def _checked_shelf(self) -> Shelf:
        """What is known of the collection, if the store lists it as this program does."""
        shelf = self._work.view.shelf(self._collection.name)
        if shelf.signature not in (None, self._collection.signature):
            raise OutdatedIndex(self._collection.name)
        return shelf

    # --- many records ---

    def page(self, *, limit: int = 100, after: str | None = None) -> Page[T]:
        """The records in the order of their keys."""
        view = self._work.view
        name = self._collection.name

        def fetch(above: Position, count: int) -> list[Found]:
            return view.rows(name, above[1], count)

        above = FIRST if after is None else read_token(after)
        pending = [
            (b"", key, change.row)
            for (collection, key), change in self._work.changes.records.items()
            if collection == name and change.row is not None and (b"", key) > above
        ]
        return self._page(fetch, above, pending, limit, descending=False)

    def query(
        self,
        index: str,
        *,
        prefix: tuple[IndexValue, ...] = (),
        start: IndexValue = None,
        end: IndexValue = None,
        descending: bool = False,
        limit: int = 100,
        after: str | None = None,
    ) -> Page[T]:
        """The records that an index lists under a prefix, in its order."""
        view = self._work.view
        name = self._collection.name
        known = [each.name for each in self._collection.indexes]
        if index not in known:
            raise InvalidValue(f"{name} has no such index; it has: {', '.join(known) or 'none'}")
        self._checked_shelf()
        above, below = span(prefix, start, end)
        if after is not None and descending:
            below = min(below, read_token(after))
        elif after is not None:
            above = max(above, read_token(after))

        def fetch(last: Position, count: int) -> list[Found]:
            low, high = (above, last) if descending else (last, below)
            return view.listed((name, index), low, high, count, descending=descending)

        pending = [
            (entry, key, change.row)
            for (collection, key), change in self._work.changes.records.items()
            if collection == name and change.row is not None
            for listed_by, entry in change.listings
            if listed_by == index and above < (entry, key) < below
        ]
        first = below if descending else above
        return self._page(fetch, first, pending, limit, descending=descending)

    def _page(
        self,
        fetch: Callable[[Position, int], list[Found]],
        first: Position,
        pending: list[Found],
        limit: int,
        *,
        descending: bool,
    ) -> Page[T]:
        """One page of what the store has, with what this unit has changed laid over it."""
        check_limit(limit)
        pending.sort(key=_position, reverse=descending)
        untouched = self._untouched(fetch, first, limit + 1)
        merged = heapq.merge(untouched, pending, key=_position, reverse=descending)
        found = list(islice(merged, limit + 1))
        items = tuple(self._stored(row) for _, _, row in found[:limit])
        return Page(items, write_token(_position(found[limit - 1])) if found[limit:] else None)

    def _untouched(
        self, fetch: Callable[[Position, int], list[Found]], last: Position, count: int
    ) -> Iterator[Found]:
        """What the store has, as far as it is asked for, without what this unit has changed."""
        changed = self._work.changes.records
        while True:
            found = fetch(last, count)
            yield from (each for each in found if (self._collection.name, each[1]) not in changed)
            if len(found) < count:
                return
            last = _position(found[-1])


def _position(found: Found) -> Position:
    return found[:2]
