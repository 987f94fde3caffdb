"""What a unit of work reads from the tables."""

import sqlite3
from collections.abc import Callable
from typing import Any

from crmkit.storage import Message
from crmkit.storage.ordering import Position
from crmkit.storage.sqlite.faults import check, checksum, damaged, typed_errors
from crmkit.storage.unit.changes import (
    Answer,
    Found,
    Outcome,
    Place,
    Row,
    Shelf,
    Snapshot,
)

__all__ = [
    "SqliteView",
    "answer_checksum",
    "check_entry",
    "entry_checksum",
    "numbers_of",
    "shelf_of",
    "verified_answer",
    "verified_row",
    "version_of",
    "waiting_messages",
]


class SqliteView:
    """The store as it was when a unit began: a read transaction on a connection of its own."""

    def __init__(self, connection: sqlite3.Connection, give_back: Callable[[], None]) -> None:
        """Take a connection on which a transaction has begun, and how to hand it back."""
        self._connection = connection
        self._give_back = give_back

    def _all(self, statement: str, parameters: tuple[object, ...]) -> list[Any]:
        with typed_errors():
            return self._connection.execute(statement, parameters).fetchall()

    def shelf(self, collection: str) -> Shelf:
        """What is known of a collection."""
        with typed_errors():
            return shelf_of(self._connection, collection)

    def row(self, collection: str, key: str) -> Row | None:
        """The record under a key."""
        for version, document, total in self._all(
            "SELECT version, document, checksum FROM record WHERE collection = ? AND key = ?",
            (collection, key),
        ):
            check(total, collection, key, version, document)
            return Row(version, document)
        return None

    def rows(self, collection: str, above: str, limit: int) -> list[Found]:
        """The first records whose keys lie above one."""
        found = self._all(
            "SELECT key, version, document, checksum FROM record"
            " WHERE collection = ? AND key > ? ORDER BY key LIMIT ?",
            (collection, above, limit),
        )
        return [(b"", key, verified_row((collection, key), *rest)) for key, *rest in found]

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
            _DESCENDING if descending else _ASCENDING, (*place, *above, *below, limit)
        )
        return [_found(place, *each) for each in found]

    def numbers(self, stream: str, key: str) -> tuple[int, int]:
        """The number before the first entry of a stream, and that of the last."""
        with typed_errors():
            return numbers_of(self._connection, (stream, key))

    def entries(self, stream: str, key: str, after: int, until: int) -> list[str]:
        """The entries after one number, up to and including another."""
        found = self._all(
            "SELECT number, document, checksum FROM entry"
            " WHERE stream = ? AND key = ? AND number > ? AND number <= ? ORDER BY number",
            (stream, key, after, until),
        )
        if [number for number, *_ in found] != list(range(after + 1, until + 1)):
            raise damaged()
        for row in found:
            check_entry(stream, key, *row)
        return [document for _, document, _ in found]

    def snapshot(self, stream: str, key: str, fold: str) -> Snapshot | None:
        """The snapshot of a fold."""
        place = (stream, key, fold)
        for length, revision, document, total in self._all(
            "SELECT length, revision, document, checksum FROM snapshot"
            " WHERE stream = ? AND key = ? AND fold = ?",
            place,
        ):
            check(total, *place, length, revision, document)
            return Snapshot(length, revision, document)
        return None

    def answer(self, key: str) -> Answer | None:
        """The answer to a command."""
        for found in self._all(
            "SELECT key, digest, at, document, outcome, checksum FROM answer WHERE key = ?", (key,)
        ):
            return verified_answer(*found)[1]
        return None

    def answers(self, above: str, limit: int) -> list[tuple[str, Answer]]:
        """The first answers whose keys lie above one."""
        found = self._all(
            "SELECT key, digest, at, document, outcome, checksum FROM answer"
            " WHERE key > ? ORDER BY key LIMIT ?",
            (above, limit),
        )
        return [verified_answer(*each) for each in found]

    def messages(self, above: int, limit: int) -> list[Message]:
        """The first messages with a number above one that were not handed over yet."""
        with typed_errors():
            return waiting_messages(self._connection, above, limit)

    def keys(self, stream: str, above: str, limit: int) -> list[str]:
        """The first keys above one under which a stream has entries."""
        found = self._all(
            "SELECT DISTINCT key FROM entry WHERE stream = ? AND key > ? ORDER BY key LIMIT ?",
            (stream, above, limit),
        )
        return [key for (key,) in found]

    def close(self) -> None:
        """End the transaction and hand the connection back."""
        self._give_back()


_ASCENDING = (
    "SELECT l.entry, l.key, l.checksum, r.version, r.document, r.checksum"
    " FROM listing l JOIN record r ON r.collection = l.collection AND r.key = l.key"
    " WHERE l.collection = ? AND l.listed_by = ?"
    " AND (l.entry, l.key) > (?, ?) AND (l.entry, l.key) < (?, ?)"
    " ORDER BY l.entry, l.key LIMIT ?"
)
_DESCENDING = (
    "SELECT l.entry, l.key, l.checksum, r.version, r.document, r.checksum"
    " FROM listing l JOIN record r ON r.collection = l.collection AND r.key = l.key"
    " WHERE l.collection = ? AND l.listed_by = ?"
    " AND (l.entry, l.key) > (?, ?) AND (l.entry, l.key) < (?, ?)"
    " ORDER BY l.entry DESC, l.key DESC LIMIT ?"
)


def verified_row(place: Place, version: int, document: str, total: int) -> Row:
    """A record whose checksum tells that it is what was written.

    :raises CorruptStore: if it is not.
    """
    check(total, *place, version, document)
    return Row(version, document)


def _found(place: tuple[str, str], entry: bytes, key: str, listing_total: int, *row: Any) -> Found:
    check(listing_total, *place, entry.hex(), key)
    return entry, key, verified_row((place[0], key), *row)


def shelf_of(connection: sqlite3.Connection, collection: str) -> Shelf:
    """What is known of a collection."""
    for floor, signature, total in connection.execute(
        "SELECT floor, signature, checksum FROM shelf WHERE collection = ?", (collection,)
    ).fetchall():
        check(total, collection, floor, signature)
        return Shelf(floor, signature)
    return Shelf()


def numbers_of(connection: sqlite3.Connection, place: Place) -> tuple[int, int]:
    """The number before the first entry of a stream, and that of the last."""
    # Two questions, because SQLite looks one end up in the index, and for both it reads all.
    first, last = connection.execute(
        "SELECT (SELECT min(number) FROM entry WHERE stream = ? AND key = ?),"
        " (SELECT max(number) FROM entry WHERE stream = ? AND key = ?)",
        (*place, *place),
    ).fetchone()
    if last is None:
        return 0, 0
    if first > 1:
        _check_beginning(connection, place, first)
    return first - 1, last


def _check_beginning(connection: sqlite3.Connection, place: Place, first: int) -> None:
    """Refuse a stream that begins where none was ever begun: those before are missing.

    :raises CorruptStore: if so.
    """
    for document, total in connection.execute(
        "SELECT document, checksum FROM entry WHERE stream = ? AND key = ? AND number = ?",
        (*place, first),
    ).fetchall():
        if total != entry_checksum(*place, first, document, begins=True):
            raise damaged()


def entry_checksum(stream: str, key: str, number: int, document: str, *, begins: bool) -> int:
    """The checksum of an entry; that of the first one of a stream that was written anew says so."""
    more = ("begins",) if begins and number > 1 else ()
    return checksum(stream, key, number, document, *more)


def check_entry(stream: str, key: str, number: int, document: str, total: int) -> None:
    """Refuse an entry that is not what was written.

    :raises CorruptStore: if the checksum tells.
    """
    sums = (
        entry_checksum(stream, key, number, document, begins=begins) for begins in (False, True)
    )
    if total not in sums:
        raise damaged()


def version_of(connection: sqlite3.Connection, place: Place) -> int:
    """The version of a record, 0 if there is none."""
    found = connection.execute(
        "SELECT version FROM record WHERE collection = ? AND key = ?", place
    ).fetchone()
    return found[0] if found else 0


def answer_checksum(key: str, digest: str, at: int, document: str, outcome: str) -> int:
    """The checksum of an answer."""
    # Those of the first schema were all answered, and the sum does not say so.
    more = () if outcome == Outcome.ANSWERED else (outcome,)
    return checksum(key, digest, at, document, *more)


def verified_answer(
    key: str, digest: str, at: int, document: str, outcome: str, total: int
) -> tuple[str, Answer]:
    """An answer whose checksum tells that it is what was written.

    :raises CorruptStore: if it is not.
    """
    if total != answer_checksum(key, digest, at, document, outcome):
        raise damaged()
    return key, Answer(digest, at, document, Outcome(outcome))


def waiting_messages(connection: sqlite3.Connection, above: int, limit: int) -> list[Message]:
    """The messages that have waited longest, in the order of their commits."""
    found = connection.execute(
        "SELECT id, topic, payload, checksum FROM message WHERE id > ? ORDER BY id LIMIT ?",
        (above, limit),
    ).fetchall()
    for *parts, total in found:
        check(total, *parts)
    return [Message(*message) for *message, _ in found]
