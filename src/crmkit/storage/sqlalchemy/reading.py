"""What a unit of work reads from the tables."""

from contextlib import suppress
from typing import Any

from attrs import define
from sqlalchemy import Executable

from crmkit.storage import Message
from crmkit.storage.ordering import Position
from crmkit.storage.sqlalchemy.binds import Reading
from crmkit.storage.sqlalchemy.faults import TypedErrors, damaged
from crmkit.storage.sqlalchemy.statements import Statements
from crmkit.storage.unit.changes import Answer, Found, Outcome, Place, Row, Shelf, Snapshot

__all__ = ["TableView"]

_MISSES = 4
"""After so many keys in a row that were free, it pays to ask how far it stays free."""
_REMEMBERED = 1_000
"""So many records are not asked for again, because what was read is often replaced next."""


@define
class _Free:
    """Where a collection is known to hold no record: between two keys."""

    misses: int = 0
    low: str = ""
    high: str | None = ""

    def holds(self, key: str) -> bool:
        return self.low < key and (self.high is None or key < self.high)


class TableView:
    """The store as it was when a unit began, or as the transaction of the host sees it."""

    is_ours = True
    """Whether it is for the view to let go of what it reads from: not after that, nor after a
    commit has taken it over."""

    def __init__(self, reading: Reading, statements: Statements) -> None:
        """Take a connection in a transaction, and how to let go of it."""
        self._reading = reading
        self._ask = statements
        self._shelves: dict[str, Shelf] = {}
        self._rows: dict[Place, Row] = {}
        self._free: dict[str, _Free] = {}

    def _all(self, statement: Executable, **parameters: object) -> list[Any]:
        with TypedErrors():
            return list(self._reading.connection.execute(statement, parameters).fetchall())

    # --- records ---

    def shelf(self, collection: str) -> Shelf:
        """What is known of a collection."""
        if collection not in self._shelves:
            found = self._all(self._ask.shelf, at_collection=collection)
            self._shelves[collection] = Shelf(*found[0]) if found else Shelf()
        return self._shelves[collection]

    def row(self, collection: str, key: str) -> Row | None:
        """The record under a key."""
        row = self._rows.get((collection, key))
        if row is not None:
            return row
        free = self._free.setdefault(collection, _Free())
        if free.holds(key):
            return None
        if free.misses >= _MISSES:
            ((free.low, free.high),) = [
                (low or "", high)
                for low, high in self._all(self._ask.around, at_collection=collection, at_key=key)
            ]
        row = self._row(collection, key)
        free.misses = free.misses + 1 if row is None else 0
        if row is not None:
            free.high = ""
            if len(self._rows) >= _REMEMBERED:
                self._rows.clear()
            self._rows[collection, key] = row
        return row

    def _row(self, collection: str, key: str) -> Row | None:
        if collection in self._shelves:
            found = self._all(self._ask.row, at_collection=collection, at_key=key)
            return Row(*found[0]) if found else None
        found = self._all(self._ask.row_and_shelf, at_collection=collection, at_key=key)
        if not found:
            self._shelves[collection] = Shelf()
            self._free[collection] = _Free(high=None)
            return None
        floor, signature, version, document = found[0]
        self._shelves[collection] = Shelf(floor, signature)
        return None if version is None else Row(version, document)

    def rows(self, collection: str, above: str, limit: int) -> list[Found]:
        """The first records whose keys lie above one."""
        found = self._all(self._ask.rows, at_collection=collection, above=above, count=limit)
        return [(b"", key, Row(version, document)) for key, version, document in found]

    def listed(
        self,
        place: tuple[str, str],
        above: Position,
        below: Position,
        limit: int,
        *,
        descending: bool,
    ) -> list[Found]:
        """The first records that an index of a collection lists between two positions."""
        found = self._all(
            self._ask.descending if descending else self._ask.ascending,
            at_collection=place[0],
            at_listed_by=place[1],
            low_entry=above[0],
            low_key=above[1],
            high_entry=below[0],
            high_key=below[1],
            count=limit,
        )
        return [(bytes(entry), key, Row(*row)) for entry, key, *row in found]

    # --- streams ---

    def numbers(self, stream: str, key: str) -> tuple[int, int]:
        """The number before the first entry of a stream, and that of the last."""
        ((first, last),) = self._all(self._ask.numbers, at_stream=stream, at_key=key)
        return (0, 0) if last is None else (first - 1, last)

    def entries(self, stream: str, key: str, after: int, until: int) -> list[str]:
        """The entries after one number, up to and including another."""
        found = self._all(self._ask.entries, at_stream=stream, at_key=key, after=after, until=until)
        if [number for number, _ in found] != list(range(after + 1, until + 1)):
            raise damaged()
        return [document for _, document in found]

    def keys(self, stream: str, above: str, limit: int) -> list[str]:
        """The first keys above one under which a stream has entries."""
        found = self._all(self._ask.keys, at_stream=stream, above=above, count=limit)
        return [key for (key,) in found]

    def snapshot(self, stream: str, key: str, fold: str) -> Snapshot | None:
        """The snapshot of a fold."""
        found = self._all(self._ask.snapshot, at_stream=stream, at_key=key, at_fold=fold)
        return Snapshot(*found[0]) if found else None

    # --- commands and messages ---

    def answer(self, key: str) -> Answer | None:
        """The answer to a command."""
        found = self._all(self._ask.answer, at_key=key)
        return _answer(*found[0])[1] if found else None

    def answers(self, above: str, limit: int) -> list[tuple[str, Answer]]:
        """The first answers whose keys lie above one."""
        return [_answer(*each) for each in self._all(self._ask.answers, above=above, count=limit)]

    def messages(self, above: int, limit: int) -> list[Message]:
        """The first messages with a number above one that were not handed over yet."""
        return [Message(*each) for each in self._all(self._ask.messages, above=above, count=limit)]

    def close(self) -> None:
        """End the transaction, if it is ours."""
        if self.is_ours:
            self.is_ours = False
            with TypedErrors():
                self._reading.release()

    def __del__(self) -> None:
        """Give back what somebody has borrowed and forgotten, as it was when they got it."""
        if self.is_ours:
            with suppress(Exception):
                self.close()


def _answer(key: str, digest: str, at: int, document: str, outcome: str) -> tuple[str, Answer]:
    return key, Answer(digest, at, document, Outcome(outcome))
