"""What is done to the tables as a whole: messages, reindexing, forgetting."""

from typing import Any

from sqlalchemy import Connection

from crmkit.storage import Collection
from crmkit.storage.sqlalchemy.binds import Writing
from crmkit.storage.sqlalchemy.statements import Statements
from crmkit.storage.sqlalchemy.writing import in_chunks, list_records
from crmkit.storage.unit.changes import listings

__all__ = ["forget_answers", "forget_messages", "reindex"]

_PAGE = 1_000
"""How many records are held in memory at a time."""


def forget_messages(connection: Connection, ask: Statements, taken: list[int]) -> None:
    """Forget messages that were handed over."""
    for numbers in in_chunks(taken):
        connection.execute(ask.remove_messages, {"numbers": numbers})


def forget_answers(connection: Connection, ask: Statements, moment: int) -> int:
    """Forget the answers to commands that came in before a moment, and count them."""
    return connection.execute(ask.remove_answers, {"before": moment}).rowcount


def reindex(writing: Writing, ask: Statements, collection: Collection[Any]) -> int:
    """List all records of a collection anew, which nobody else may write to, and count them."""
    connection = writing.connection
    _note_signature(writing, ask, collection)
    of_collection = {"at_collection": collection.name}
    connection.execute(ask.remove_all_listings, of_collection)
    count, above = 0, ""
    while True:
        page = {**of_collection, "above": above, "count": _PAGE}
        found = connection.execute(ask.rows, page).fetchall()
        listed = {
            (collection.name, key): listings(collection, collection.loads(document))
            for key, _, document in found
        }
        list_records(connection, ask, listed)
        count += len(found)
        if len(found) < _PAGE:
            return count
        above = found[-1][0]


def _note_signature(writing: Writing, ask: Statements, collection: Collection[Any]) -> None:
    """Say how the records are listed from now on."""
    connection, held = writing.connection, writing.shelves
    name, signature = collection.name, collection.signature
    if name in held:
        new = {"new_floor": held[name].floor, "new_signature": signature}
        connection.execute(ask.set_shelf, {"at_collection": name, **new})
    else:
        new_shelf = {"collection": name, "floor": 0, "signature": signature}
        connection.execute(ask.add_shelf, new_shelf)
