"""How the changes of a unit are written to the tables.

Locks are taken in one order everywhere (collections, records, free places, streams, commands, each
by code point), so that two units wait for each other instead of locking each other out. A place
that was seen free and is not written to is held by a row that is put there and taken away again in
the same transaction: whoever wants to write there waits, or is refused.

Whatever is no longer as it was seen raises :class:`~crmkit.storage.sqlalchemy.faults.Taken`, unless
it can be named on the spot; :func:`check` names it in a fresh transaction.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Executable, Select

from crmkit.errors import VersionConflict
from crmkit.storage import OutdatedIndex
from crmkit.storage.sqlalchemy.binds import Writing
from crmkit.storage.sqlalchemy.faults import taken
from crmkit.storage.sqlalchemy.statements import Statements
from crmkit.storage.unit.changes import ANSWERS, Answer, Changes, Place, Row, Shelf

__all__ = ["check", "in_chunks", "list_records", "write"]

_CHUNK = 500
"""How many keys one question names."""
_FEW = 20
"""How many pairs of a key and a number one question spells out."""

Listings = frozenset[tuple[str, bytes]]


def write(writing: Writing, ask: Statements, changes: Changes) -> None:
    """Write the changes of a unit, inside a transaction that is rolled back if this raises.

    :raises VersionConflict: if something they rest on is no longer so.
    :raises OutdatedIndex: if a collection was given other indexes in between.
    """
    connection = writing.connection
    _write_shelves(connection, ask, changes, writing.shelves)
    listed = _write_records(connection, ask, changes)
    _write_listings(connection, ask, changes, listed)
    _write_streams(connection, ask, changes)
    _write_snapshots(connection, ask, changes)
    _write_answers(connection, ask, changes)
    _write_messages(connection, ask, changes)


def check(connection: Connection, ask: Statements, changes: Changes) -> None:
    """Name what is no longer as the unit saw it, if anything is.

    :raises VersionConflict: naming it.
    :raises OutdatedIndex: if a collection was given other indexes in between.
    """
    names = sorted(changes.shelves)
    found = connection.execute(ask.shelves, {"names": names}).fetchall() if names else []
    shelves = {name: Shelf(floor, signature) for name, floor, signature in found}
    for name in names:
        _check_shelf(name, shelves.get(name, Shelf()), changes)
    _check_versions(connection, ask.versions, changes.seen)
    for (stream, key), expected in sorted(changes.lengths.items()):
        parameters = {"at_stream": stream, "at_key": key}
        _, last = connection.execute(ask.numbers, parameters).one()
        if (last or 0) != expected:
            raise VersionConflict(stream, expected, last or 0)
    for keys in in_chunks(sorted(changes.answers.keys() - changes.rewritten_answers.keys())):
        if connection.execute(ask.known_answers, {"keys": keys}).first():
            raise VersionConflict(ANSWERS, 0, 1)


# --- collections ----------------------------------------------------------------------------------


def _write_shelves(
    connection: Connection, ask: Statements, changes: Changes, held: Mapping[str, Shelf]
) -> None:
    for name, seen in sorted(changes.shelves.items(), key=itemgetter(0)):
        shelf = held.get(name, Shelf())
        _check_shelf(name, shelf, changes)
        floor = max(shelf.floor, changes.floors.get(name, 0))
        if name not in held:
            new = {"collection": name, "floor": floor, "signature": seen.signature}
            connection.execute(ask.add_shelf, new)
        elif floor != shelf.floor:
            connection.execute(
                ask.set_shelf,
                {"at_collection": name, "new_floor": floor, "new_signature": seen.signature},
            )


def _check_shelf(name: str, shelf: Shelf, changes: Changes) -> None:
    if shelf.signature not in (None, changes.shelves[name].signature):
        raise OutdatedIndex(name)
    # A new record must not get a version that a record removed in between may have had.
    for place, change in changes.records.items() if shelf.floor else ():
        is_new = place[0] == name and not changes.seen[place]
        if is_new and change.row is not None and change.row.version <= shelf.floor:
            raise VersionConflict(name, 0, None)


# --- records --------------------------------------------------------------------------------------


def _write_records(connection: Connection, ask: Statements, changes: Changes) -> Place | None:
    """Write the records; which of them was listed anew in passing, if one was."""
    listed = None
    next_rows = {place: change.row for place, change in changes.records.items()}
    kept = {place: version for place, version in sorted(changes.seen.items()) if version}
    replaced = [(place, row) for place in kept if (row := next_rows.get(place)) is not None]
    if len(kept) > 1 or len(replaced) != len(kept):
        alone = any(place in next_rows for place in kept)
        _check_versions(connection, ask.hold_versions[alone], kept)
        # These are locked now, so that nothing can come between.
        rows = [_next(place, kept[place], row) for place, row in replaced]
        _many(connection, ask.set_record, rows)
    elif replaced:
        ((place, row),) = replaced
        if connection.dialect.driver == "psycopg" and changes.shelves[place[0]].signature:
            listed = place
        _replace(connection, ask, changes, place, row, lists=listed is not None)
    removed = [place for place in kept if place in next_rows and next_rows[place] is None]
    _some(connection, ask.remove_records, "at_collection", removed)
    free = {place: next_rows.get(place) for place in changes.seen if place not in kept}
    _fill(connection, ask, free)
    return listed


def _check_versions(
    connection: Connection, statement: Select[Any], seen: Mapping[Place, int]
) -> None:
    found = {
        (name, key): version
        for name, keys in _by_name(seen)
        for key, version in connection.execute(statement, {"at_collection": name, "keys": keys})
    }
    for place, version in sorted(seen.items()):
        actual = found.get(place)
        if (actual or 0) != version:
            raise VersionConflict(place[0], version, actual)


def _next(place: Place, version: int, row: Row) -> dict[str, Any]:
    return {
        "at_collection": place[0],
        "at_key": place[1],
        "at_version": version,
        "new_version": row.version,
        "new_document": row.document,
    }


def _replace(
    connection: Connection,
    ask: Statements,
    changes: Changes,
    place: Place,
    row: Row,
    *,
    lists: bool,
) -> None:
    """Write the next row of a record in the place of the version that was seen, and list it."""
    (name, key), version = place, changes.seen[place]
    changed = _next(place, version, row)
    if lists:
        listings = sorted(changes.records[place].listings)
        changed["new_listed_by"] = [index for index, _ in listings]
        changed["new_entries"] = [entry for _, entry in listings]
        count = connection.execute(ask.replace_and_list, changed).scalar()
    else:
        count = connection.execute(ask.set_record, changed).rowcount
    if count != 1:
        now = connection.execute(ask.versions, {"at_collection": name, "keys": [key]}).first()
        raise VersionConflict(name, version, None if now is None else now[1])


def _fill(connection: Connection, ask: Statements, free: Mapping[Place, Row | None]) -> None:
    """Write new records, and hold the places that were seen free and stay so."""
    rows = [(place, row or Row(0, "")) for place, row in sorted(free.items(), key=itemgetter(0))]
    _many(
        connection,
        ask.add_record,
        [
            {"collection": name, "key": key, "version": row.version, "document": row.document}
            for (name, key), row in rows
        ],
    )
    held = [place for place, row in free.items() if row is None]
    _some(connection, ask.remove_records, "at_collection", held)


# --- listings -------------------------------------------------------------------------------------


def _write_listings(
    connection: Connection, ask: Statements, changes: Changes, done: Place | None
) -> None:
    """List the records that changed where they belong now, and nowhere else."""
    listed = {
        place: change
        for place, change in changes.records.items()
        if changes.shelves[place[0]].signature  # Otherwise there is no index.
        and place != done
    }
    gone = [place for place, change in listed.items() if change.row is None and changes.seen[place]]
    _some(connection, ask.remove_listings, "at_collection", gone)
    before = _listings(connection, ask, [
        place for place, change in listed.items() if change.row is not None and changes.seen[place]
    ])  # fmt: skip
    fresh = {place: change.listings for place, change in listed.items() if change.row is not None}
    _relist(connection, ask, before, fresh)


def _relist(
    connection: Connection,
    ask: Statements,
    before: Mapping[Place, Listings],
    after: Mapping[Place, Listings],
) -> None:
    """Take records from one place of an index to another, off an index, and onto one."""
    moved, left, new = list[dict[str, Any]](), list[dict[str, Any]](), dict[Place, Listings]()
    for place, listings in sorted(after.items(), key=itemgetter(0)):
        old = before.get(place, frozenset())
        entered = _by_index(listings - old)
        for index, entries in _by_index(old - listings).items():
            for entry in entries:
                at = {
                    "at_collection": place[0],
                    "at_key": place[1],
                    "at_listed_by": index,
                    "at_entry": entry,
                }
                # Elsewhere somebody may have listed the record anew since this transaction began.
                if connection.dialect.name == "sqlite" and entered.get(index):
                    moved.append({**at, "new_entry": entered[index].pop()})
                else:
                    left.append(at)
        new[place] = frozenset((index, entry) for index in entered for entry in entered[index])
    _many(connection, ask.move_listing, moved)
    _many(connection, ask.remove_listing, left)
    list_records(connection, ask, new)


def _by_index(listings: Listings) -> dict[str, list[bytes]]:
    found: dict[str, list[bytes]] = {}
    for index, entry in sorted(listings):
        found.setdefault(index, []).append(entry)
    return found


def _listings(
    connection: Connection, ask: Statements, places: list[Place]
) -> dict[Place, Listings]:
    if len(places) == 1:
        (place,) = places
        parameters: dict[str, Any] = {"at_collection": place[0], "at_key": place[1]}
        of_one = connection.execute(ask.listings_of_one, parameters)
        return {place: frozenset((index, bytes(entry)) for index, entry, _ in of_one)}
    found: dict[Place, set[tuple[str, bytes]]] = {}
    for name, keys in _by_name(places):
        parameters = {"at_collection": name, "keys": keys}
        for index, entry, key in connection.execute(ask.listings, parameters):
            found.setdefault((name, key), set()).add((index, bytes(entry)))
    return {place: frozenset(listings) for place, listings in found.items()}


def list_records(connection: Connection, ask: Statements, listed: Mapping[Place, Listings]) -> None:
    """List records where they are not listed yet."""
    rows = [
        {"collection": name, "listed_by": index, "entry": entry, "key": key}
        for (name, key), listings in sorted(listed.items(), key=itemgetter(0))
        for index, entry in sorted(listings)
    ]
    _many(connection, ask.add_listing, rows)


# --- streams --------------------------------------------------------------------------------------


def _write_streams(connection: Connection, ask: Statements, changes: Changes) -> None:
    _hold_last_entries(connection, ask, changes)
    behind = {place: length + 1 for place, length in changes.lengths.items()}
    _many(
        connection,
        ask.add_entry,
        [
            _entry(place, number, document)
            for place, number in sorted(behind.items())
            for number, document in enumerate(changes.entries.get(place, [""]), number)
        ],
    )
    held = [
        {**_of_stream(place), "at_number": number}
        for place, number in sorted(behind.items())
        if place not in changes.entries
    ]
    _many(connection, ask.remove_entry, held)
    erased = [
        {**_of_stream(place), "until": changes.lengths[place]}
        for place in sorted(changes.erased_streams)
    ]
    _many(connection, ask.remove_entries, erased)
    _many(connection, ask.remove_snapshots, [_of_stream(p) for p in sorted(changes.erased_streams)])


def _hold_last_entries(connection: Connection, ask: Statements, changes: Changes) -> None:
    lengths = {place: length for place, length in changes.lengths.items() if length}
    for name, keys in _by_name(lengths, _FEW):
        lock = ask.last_entries(len(keys)).with_for_update(read=not changes.erased_streams)
        pairs: dict[str, Any] = {"at_stream": name}
        for each, key in enumerate(keys):
            pairs |= {f"key_{each}": key, f"number_{each}": lengths[name, key]}
        if len(connection.execute(lock, pairs).fetchall()) != len(keys):
            raise taken()


def _of_stream(place: Place) -> dict[str, Any]:
    return {"at_stream": place[0], "at_key": place[1]}


def _entry(place: Place, number: int, document: str) -> dict[str, Any]:
    return {"stream": place[0], "key": place[1], "number": number, "document": document}


def _write_snapshots(connection: Connection, ask: Statements, changes: Changes) -> None:
    """Write snapshots; nobody else does, because the place behind the last entry is held."""
    for (stream, key, fold), snapshot in sorted(changes.snapshots.items(), key=itemgetter(0)):
        new = {
            "length": snapshot.length,
            "revision": snapshot.revision,
            "document": snapshot.document,
        }
        at = {"at_stream": stream, "at_key": key, "at_fold": fold}
        changed = {**at, **{f"new_{name}": value for name, value in new.items()}}
        if connection.execute(ask.set_snapshot, changed).rowcount == 0:
            connection.execute(
                ask.add_snapshot, {"stream": stream, "key": key, "fold": fold, **new}
            )


# --- commands and messages ------------------------------------------------------------------------


def _write_answers(connection: Connection, ask: Statements, changes: Changes) -> None:
    for key, answer in sorted(changes.rewritten_answers.items(), key=itemgetter(0)):
        if answer is None:
            connection.execute(ask.remove_answer, {"at_key": key})
        else:
            next_answer = {f"new_{name}": value for name, value in _answer(answer).items()}
            connection.execute(ask.set_answer, {"at_key": key, **next_answer})
    new = sorted(changes.answers.items(), key=itemgetter(0))
    _many(connection, ask.add_answer, [{"key": key, **_answer(answer)} for key, answer in new])


def _answer(answer: Answer) -> dict[str, Any]:
    return {
        "digest": answer.digest,
        "at": answer.at,
        "document": answer.document,
        "outcome": answer.outcome.value,
    }


def _write_messages(connection: Connection, ask: Statements, changes: Changes) -> None:
    for numbers in in_chunks(sorted(changes.dropped_messages)):
        connection.execute(ask.remove_messages, {"numbers": numbers})
    _many(
        connection,
        ask.add_message,
        [{"topic": topic, "payload": payload} for topic, payload in changes.messages],
    )


# --- many at once ---------------------------------------------------------------------------------


def _many(connection: Connection, statement: Executable, rows: list[dict[str, Any]]) -> None:
    """Run a statement for each row, in their order; for no row, not at all."""
    if len(rows) == 1:  # PostgreSQL's driver takes longer for a list.
        connection.execute(statement, rows[0])
    elif rows:
        connection.execute(statement, rows)


def _some(
    connection: Connection, statement: Executable, first: str, places: Iterable[Place]
) -> None:
    """Run a statement for many places, with few questions."""
    for name, keys in _by_name(places):
        connection.execute(statement, {first: name, "keys": keys})


def _by_name(places: Iterable[Place], size: int = _CHUNK) -> Iterator[tuple[str, list[str]]]:
    for name, group in groupby(sorted(places), key=itemgetter(0)):
        for keys in in_chunks([key for _, key in group], size):
            yield name, keys


def in_chunks(items: list[Any], size: int = _CHUNK) -> Iterator[list[Any]]:
    """Pieces that one question can name."""
    for first in range(0, len(items), size):
        yield items[first : first + size]
