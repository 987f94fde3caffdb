"""How the changes of a unit of work are written to the tables."""

import sqlite3
from collections.abc import Collection, Iterator

from crmkit.errors import VersionConflict
from crmkit.storage import OutdatedIndex
from crmkit.storage.sqlite.faults import checksum
from crmkit.storage.sqlite.rows import (
    answer_checksum,
    entry_checksum,
    numbers_of,
    shelf_of,
    version_of,
)
from crmkit.storage.unit.changes import ANSWERS, Answer, Changes, Place, Row, Shelf

__all__ = ["write", "write_listings", "write_shelf"]


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


def _many(
    connection: sqlite3.Connection, statement: str, rows: Collection[tuple[object, ...]]
) -> int:
    """Run a statement for each of some rows, and count what it changed.

    Most units have no rows of most kinds, and a statement takes its time even then.
    """
    return connection.executemany(statement, rows).rowcount if rows else 0


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
        after = Shelf(max(shelf.floor, changes.floors.get(name, 0)), seen.signature)
        if after != shelf:
            write_shelf(connection, name, after)


def _check_new_versions(name: str, floor: int, changes: Changes) -> None:
    """A new record must not get a version that a record removed in between may have had."""
    for place, change in changes.records.items():
        is_new = place[0] == name and not changes.seen[place]
        if is_new and change.row is not None and change.row.version <= floor:
            raise VersionConflict(name, 0, None)


def _check_seen(connection: sqlite3.Connection, changes: Changes) -> None:
    """What was looked at and not written; writing a record checks its version on the way."""
    for place, version in changes.seen.items():
        if place not in changes.records and version_of(connection, place) != version:
            raise _conflict(connection, place, version)
    for place, length in changes.lengths.items():
        _, actual = numbers_of(connection, place)
        if actual != length:
            raise VersionConflict(place[0], length, actual)


def _conflict(connection: sqlite3.Connection, place: Place, seen: int) -> VersionConflict:
    return VersionConflict(place[0], seen, version_of(connection, place) or None)


def _write_records(connection: sqlite3.Connection, changes: Changes) -> None:
    for place, change in changes.records.items():
        seen = changes.seen[place]
        if not _write_record(connection, place, change.row, seen):
            raise _conflict(connection, place, seen)
    written = changes.records.items()
    _unlist(connection, [place for place, _ in written if changes.seen[place]])
    _list(connection, {place: change.listings for place, change in written})


def _write_record(connection: sqlite3.Connection, place: Place, row: Row | None, seen: int) -> bool:
    """Write a record, or let it go, if it still has the version that was seen; say whether."""
    if row is None and not seen:  # It came and went within the unit.
        return not version_of(connection, place)
    if row is None:
        cursor = connection.execute(
            "DELETE FROM record WHERE collection = ? AND key = ? AND version = ?", (*place, seen)
        )
        return cursor.rowcount == 1
    total = checksum(*place, row.version, row.document)
    if seen:
        cursor = connection.execute(
            "UPDATE record SET version = ?, document = ?, checksum = ?"
            " WHERE collection = ? AND key = ? AND version = ?",
            (row.version, row.document, total, *place, seen),
        )
    else:
        cursor = connection.execute(
            "INSERT INTO record (collection, key, version, document, checksum)"
            " VALUES (?, ?, ?, ?, ?) ON CONFLICT (collection, key) DO NOTHING",
            (*place, row.version, row.document, total),
        )
    return cursor.rowcount == 1


def write_listings(
    connection: sqlite3.Connection, listed: dict[Place, frozenset[tuple[str, bytes]]]
) -> None:
    """List records where they belong now, and nowhere else."""
    _unlist(connection, listed)
    _list(connection, listed)


def _unlist(connection: sqlite3.Connection, places: Collection[Place]) -> None:
    _many(connection, "DELETE FROM listing WHERE collection = ? AND key = ?", places)


def _list(
    connection: sqlite3.Connection, listed: dict[Place, frozenset[tuple[str, bytes]]]
) -> None:
    _many(
        connection,
        "INSERT INTO listing (collection, listed_by, entry, key, checksum) VALUES (?, ?, ?, ?, ?)",
        [
            (name, index, entry, key, checksum(name, index, entry.hex(), key))
            for (name, key), listings in listed.items()
            for index, entry in sorted(listings)
        ],
    )


def _write_streams(connection: sqlite3.Connection, changes: Changes) -> None:
    erased = sorted(changes.erased_streams)
    _many(connection, "DELETE FROM entry WHERE stream = ? AND key = ?", erased)
    _many(connection, "DELETE FROM snapshot WHERE stream = ? AND key = ?", erased)
    _many(
        connection,
        "INSERT INTO entry (stream, key, number, document, checksum) VALUES (?, ?, ?, ?, ?)",
        [(*parts, entry_checksum(*parts, begins=begins)) for parts, begins in _entries(changes)],
    )
    snapshots = [
        (*place, snapshot.length, snapshot.revision, snapshot.document)
        for place, snapshot in changes.snapshots.items()
    ]
    _many(
        connection,
        "INSERT INTO snapshot (stream, key, fold, length, revision, document, checksum)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (stream, key, fold) DO UPDATE SET"
        " length = excluded.length, revision = excluded.revision,"
        " document = excluded.document, checksum = excluded.checksum",
        [(*parts, checksum(*parts)) for parts in snapshots],
    )


def _entries(changes: Changes) -> Iterator[tuple[tuple[str, str, int, str], bool]]:
    """What is written to streams, and whether a stream that is written anew begins with it."""
    for place, documents in changes.entries.items():
        first = changes.first_number(place)
        for number, document in enumerate(documents, start=first):
            begins = number == first and place in changes.erased_streams
            yield (*place, number, document), begins


def _write_answers(connection: sqlite3.Connection, changes: Changes) -> None:
    rewritten = changes.rewritten_answers.items()
    _many(
        connection,
        "DELETE FROM answer WHERE key = ?",
        [(key,) for key, answer in rewritten if answer is None],
    )
    _many(
        connection,
        "UPDATE answer SET digest = ?, at = ?, document = ?, outcome = ?, checksum = ?"
        " WHERE key = ?",
        [(*_answer_row(key, answer)[1:], key) for key, answer in rewritten if answer is not None],
    )
    written = _many(
        connection,
        "INSERT INTO answer (key, digest, at, document, outcome, checksum)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING",
        [_answer_row(key, answer) for key, answer in changes.answers.items()],
    )
    if written != len(changes.answers):
        raise VersionConflict(ANSWERS, 0, 1)


def _answer_row(key: str, answer: Answer) -> tuple[str, str, int, str, str, int]:
    outcome = answer.outcome.value
    parts = (key, answer.digest, answer.at, answer.document)
    return *parts, outcome, answer_checksum(*parts, outcome)


def _write_messages(connection: sqlite3.Connection, changes: Changes) -> None:
    _many(
        connection,
        "DELETE FROM message WHERE id = ?",
        [(number,) for number in changes.dropped_messages],
    )
    if not changes.messages:
        return
    (last,) = connection.execute(
        "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'message'"
    ).fetchone()
    messages = [(number, *each) for number, each in enumerate(changes.messages, start=last + 1)]
    _many(
        connection,
        "INSERT INTO message (id, topic, payload, checksum) VALUES (?, ?, ?, ?)",
        [(*parts, checksum(*parts)) for parts in messages],
    )
