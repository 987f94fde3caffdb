"""What is done to a store file as a whole: messages, reindexing, forgetting, verifying,
compacting."""

import sqlite3
from typing import Any

from attrs import evolve

from crmkit.errors import StoreBusy
from crmkit.storage import Collection
from crmkit.storage.sqlite.faults import check, damaged
from crmkit.storage.sqlite.rows import (
    check_entry,
    numbers_of,
    shelf_of,
    verified_answer,
    verified_row,
)
from crmkit.storage.sqlite.writing import write_listings, write_shelf
from crmkit.storage.unit.changes import listings

__all__ = [
    "compact",
    "forget_answers",
    "forget_messages",
    "reindex",
    "verify",
]


def forget_messages(connection: sqlite3.Connection, taken: list[int]) -> None:
    """Forget messages that were handed over."""
    connection.executemany("DELETE FROM message WHERE id = ?", [(number,) for number in taken])


def forget_answers(connection: sqlite3.Connection, moment: int) -> int:
    """Forget the answers to commands that came in before a moment, and count them."""
    return connection.execute("DELETE FROM answer WHERE at < ?", (moment,)).rowcount


def reindex(connection: sqlite3.Connection, collection: Collection[Any]) -> int:
    """List all records of a collection anew, and count them."""
    listed = {}
    for key, *row in connection.execute(
        "SELECT key, version, document, checksum FROM record WHERE collection = ?",
        (collection.name,),
    ):
        place = (collection.name, key)
        record = collection.loads(verified_row(place, *row).document)
        listed[place] = listings(collection, record)
    write_listings(connection, listed)
    shelf = evolve(shelf_of(connection, collection.name), signature=collection.signature)
    write_shelf(connection, collection.name, shelf)
    return len(listed)


_ROWS = (
    "SELECT collection, floor, signature, checksum FROM shelf",
    "SELECT collection, key, version, document, checksum FROM record",
    "SELECT collection, listed_by, lower(hex(entry)), key, checksum FROM listing",
    "SELECT stream, key, fold, length, revision, document, checksum FROM snapshot",
    "SELECT id, topic, payload, checksum FROM message",
)


def verify(connection: sqlite3.Connection) -> None:
    """Read every page and every row, and refuse the file if one is not as it was written."""
    if connection.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
        raise damaged()
    if connection.execute("PRAGMA foreign_key_check").fetchall():
        raise damaged()
    for statement in _ROWS:
        for *parts, total in connection.execute(statement):
            check(total, *parts)
    for entry in connection.execute("SELECT stream, key, number, document, checksum FROM entry"):
        check_entry(*entry)
    for place in connection.execute("SELECT DISTINCT stream, key FROM entry").fetchall():
        numbers_of(connection, place)
    for answer in connection.execute(
        "SELECT key, digest, at, document, outcome, checksum FROM answer"
    ):
        verified_answer(*answer)


def compact(connection: sqlite3.Connection) -> None:
    """Write the file anew without its gaps, and empty the log beside it."""
    connection.execute("VACUUM")
    busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if busy:
        raise StoreBusy("another unit of work is open on the store: compact it when there is none")
