"""What a unit of work reads from the tables, and how its changes are written to them."""

import sqlite3
from collections.abc import Callable
from typing import Any

from crmkit.errors import VersionConflict
from crmkit.storage import OutdatedIndex
from crmkit.storage.ordering import Position
from crmkit.storage.sqlite.faults import check, checksum, damaged, typed_errors
from crmkit.storage.unit.changes import ANSWERS, Answer, Changes, Found, Place, Row, Shelf, Snapshot

__all__ = [
    "SqliteView",
    "shelf_of",
    "verified_row",
    "write",
    "write_listings",
    "write_shelf",
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
        found = self._all(
            "SELECT version, document, checksum FROM record WHERE collection = ? AND key = ?",
            (collection, key),
        )
        return verified_row((collection, key), *found[0]) if found else None

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

    def length(self, stream: str, key: str) -> int:
        """How many entries a stream has."""
        with typed_errors():
            return _length(self._connection, (stream, key))

    def entries(self, stream: str, key: str, after: int, until: int) -> list[str]:
        """The entries after one number, up to and including another."""
        found = self._all(
            "SELECT number, document, checksum FROM entry"
            " WHERE stream = ? AND key = ? AND number > ? AND number <= ? ORDER BY number",
            (stream, key, after, until),
        )
        if [number for number, *_ in found] != list(range(after + 1, until + 1)):
            raise damaged()
        for number, document, total in found:
            check(total, stream, key, number, document)
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
        for digest, at, document, total in self._all(
            "SELECT digest, at, document, checksum FROM answer WHERE key = ?", (key,)
        ):
            check(total, key, digest, at, document)
            return Answer(digest, at, document)
        return None

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


def _length(connection: sqlite3.Connection, place: Place) -> int:
    (length,) = connection.execute(
        "SELECT coalesce(max(number), 0) FROM entry WHERE stream = ? AND key = ?", place
    ).fetchone()
    return int(length)


def _version_of(connection: sqlite3.Connection, place: Place) -> int:
    """The version of a record, 0 if there is none."""
    found = connection.execute(
        "SELECT version FROM record WHERE collection = ? AND key = ?", place
    ).fetchone()
    return found[0] if found else 0


# --- writing --------------------------------------------------------------------------------------


def write(connection: sqlite3.Connection, changes: Changes) -> None:
    """Write the changes of a unit, inside a transaction that is rolled back if this raises.

    :raises VersionConflict: if something they rest on is no longer so.
    :raises OutdatedIndex: if a collection was given other indexes in between.
    """
    _write_shelves(connection, changes)
    _check_seen(connection, changes)
    _write_records(connection, changes)
    _write_streams(connection, changes)
    _write_answers(connection, changes)
    _write_messages(connection, changes)


def write_shelf(connection: sqlite3.Connection, collection: str, shelf: Shelf) -> None:
    """Note what is known of a collection."""
    parts = (collection, shelf.floor, shelf.signature)
    connection.execute(
        "INSERT INTO shelf (collection, floor, signature, checksum) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (collection) DO UPDATE"
        " SET floor = excluded.floor, signature = excluded.signature, checksum = excluded.checksum",
        (*parts, checksum(*parts)),
    )


def _write_shelves(connection: sqlite3.Connection, changes: Changes) -> None:
    for name, seen in changes.shelves.items():
        shelf = shelf_of(connection, name)
        if shelf.signature not in (None, seen.signature):
            raise OutdatedIndex(name)
        _check_new_versions(name, shelf.floor, changes)
        floor = max(shelf.floor, changes.floors.get(name, 0))
        write_shelf(connection, name, Shelf(floor, seen.signature))


def _check_new_versions(name: str, floor: int, changes: Changes) -> None:
    """A new record must not get a version that a record removed in between may have had."""
    for place, change in changes.records.items():
        is_new = place[0] == name and not changes.seen[place]
        if is_new and change.row is not None and change.row.version <= floor:
            raise VersionConflict(name, 0, None)


def _check_seen(connection: sqlite3.Connection, changes: Changes) -> None:
    for place, version in changes.seen.items():
        actual = _version_of(connection, place)
        if actual != version:
            raise VersionConflict(place[0], version, actual or None)
    for place, length in changes.lengths.items():
        actual = _length(connection, place)
        if actual != length:
            raise VersionConflict(place[0], length, actual)


def _write_records(connection: sqlite3.Connection, changes: Changes) -> None:
    gone = [place for place, change in changes.records.items() if change.row is None]
    kept = [
        (*place, change.row.version, change.row.document)
        for place, change in changes.records.items()
        if change.row is not None
    ]
    connection.executemany("DELETE FROM record WHERE collection = ? AND key = ?", gone)
    connection.executemany(
        "INSERT INTO record (collection, key, version, document, checksum) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (collection, key) DO UPDATE SET"
        " version = excluded.version, document = excluded.document, checksum = excluded.checksum",
        [(*parts, checksum(*parts)) for parts in kept],
    )
    listed = {place: change.listings for place, change in changes.records.items()}
    write_listings(connection, listed)


def write_listings(
    connection: sqlite3.Connection, listed: dict[Place, frozenset[tuple[str, bytes]]]
) -> None:
    """List records where they belong now, and nowhere else."""
    connection.executemany("DELETE FROM listing WHERE collection = ? AND key = ?", listed)
    connection.executemany(
        "INSERT INTO listing (collection, listed_by, entry, key, checksum) VALUES (?, ?, ?, ?, ?)",
        [
            (name, index, entry, key, checksum(name, index, entry.hex(), key))
            for (name, key), listings in listed.items()
            for index, entry in sorted(listings)
        ],
    )


def _write_streams(connection: sqlite3.Connection, changes: Changes) -> None:
    entries = [
        (*place, number, document)
        for place, documents in changes.entries.items()
        for number, document in enumerate(documents, start=changes.lengths[place] + 1)
    ]
    connection.executemany(
        "INSERT INTO entry (stream, key, number, document, checksum) VALUES (?, ?, ?, ?, ?)",
        [(*parts, checksum(*parts)) for parts in entries],
    )
    snapshots = [
        (*place, snapshot.length, snapshot.revision, snapshot.document)
        for place, snapshot in changes.snapshots.items()
    ]
    connection.executemany(
        "INSERT INTO snapshot (stream, key, fold, length, revision, document, checksum)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (stream, key, fold) DO UPDATE SET"
        " length = excluded.length, revision = excluded.revision,"
        " document = excluded.document, checksum = excluded.checksum",
        [(*parts, checksum(*parts)) for parts in snapshots],
    )


def _write_answers(connection: sqlite3.Connection, changes: Changes) -> None:
    answers = [
        (key, answer.digest, answer.at, answer.document) for key, answer in changes.answers.items()
    ]
    written = connection.executemany(
        "INSERT INTO answer (key, digest, at, document, checksum) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (key) DO NOTHING",
        [(*parts, checksum(*parts)) for parts in answers],
    )
    if answers and written.rowcount != len(answers):
        raise VersionConflict(ANSWERS, 0, 1)


def _write_messages(connection: sqlite3.Connection, changes: Changes) -> None:
    (last,) = connection.execute(
        "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'message'"
    ).fetchone()
    messages = [(number, *each) for number, each in enumerate(changes.messages, start=last + 1)]
    connection.executemany(
        "INSERT INTO message (id, topic, payload, checksum) VALUES (?, ?, ?, ?)",
        [(*parts, checksum(*parts)) for parts in messages],
    )
