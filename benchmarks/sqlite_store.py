"""The store in a file against sqlite3 by hand: saves, loads, and many records at once.

All sides keep the same records in files with the same tables, in WAL mode with ``synchronous =
FULL``. A **save** reads a record by its key in a transaction of its own, and writes the next state
of it, with its index row, where the version is still the one that was seen. A **load** reads a
record by its key. **Bulk** adds new records in one transaction, by ``executemany`` on the other
sides.

*By hand* means statements written for this one record, as a careful developer would write them
without crmkit. They compare and set the version and keep the index row in ``BEGIN IMMEDIATE``. They
have no checksums, no view that stands still for a unit, no guard over what was only read, and no
errors with names; what all of that costs is in the ratio. Three sides differ in their codec:

- **same codec**: documents of the collection, as the store keeps them. This is what the store costs
  beyond sqlite3, and what the limit on bulk is held against.
- **own codec**: ``json`` and a function that makes a record of what was read, without a look at
  kinds and versions, repeated keys or wrong types. This is the store *with its codec* against
  sqlite3; the limits on saves and loads are held against it.
- **no records**: dictionaries go in and come out. There is no limit for it.

All sides take short turns. Saves are timed by the clock on the wall, all turns together, because
waiting for the disk is part of a save on every side; and once more by processor time alone. Loads,
bulk and that second line count processor time, the best turn of each. Exit status 1 if a ratio is
below its limit, 2 if the sides did not do the same.

Run: ``make bench``, or ``python benchmarks/sqlite_store.py [TURNS]``.
"""

import json
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from attrs import evolve, frozen

from crmkit.identifiers import CustomerId
from crmkit.money import Money
from crmkit.storage import Collection, Index
from crmkit.storage.ordering import encode
from crmkit.storage.sqlite import SqliteStore

LIMITS = {("save", "own codec"): 0.4, ("load", "own codec"): 0.4, ("bulk", "same codec"): 0.5}
"""What the store must reach of sqlite3 by hand, in records a second."""

RECORDS = 50
"""How many records each step of a turn takes."""

FIRST = date(2026, 1, 1)


@frozen
class Customer:
    """A record as an application keeps many of."""

    id: CustomerId
    name: str
    since: date
    spent: Money
    visits: int
    tags: tuple[str, ...] = ()


CUSTOMERS: Collection[Customer] = Collection(
    "customers",
    Customer,
    lambda customer: customer.id,
    (Index("by-visits", lambda customer: (customer.visits,)),),
)


def customer(number: int, visits: int = 0) -> Customer:
    """One of many customers."""
    return Customer(
        CustomerId(f"C-{number:06}"),
        f"Customer number {number}",
        FIRST + timedelta(days=number % 365),
        Money(f"{number}.50", "EUR"),
        visits,
        ("regular", "newsletter"),
    )


class Kept:
    """The store of crmkit."""

    name = "store"

    def given(self, customers: list[Customer]) -> list[Any]:
        """What goes in."""
        return customers

    def __init__(self, path: Path) -> None:
        """Make a file."""
        self.store = SqliteStore.open(path, create=True)

    def bulk(self, customers: list[Customer]) -> None:
        """Add all of them in one transaction."""
        with self.store.unit_of_work() as unit:
            repository = unit.repository(CUSTOMERS)
            for each in customers:
                repository.add(each)
            unit.commit()

    def save(self, numbers: list[int]) -> None:
        """Count a visit of each, one transaction a visit."""
        for number in numbers:
            with self.store.unit_of_work() as unit:
                repository = unit.repository(CUSTOMERS)
                stored = repository.get(f"C-{number:06}")
                repository.replace(
                    evolve(stored.record, visits=stored.record.visits + 1), stored.version
                )
                unit.commit()

    def load(self, numbers: list[int]) -> int:
        """Read each by its key, all in one unit; the visits that were counted."""
        visits = 0
        with self.store.unit_of_work() as unit:
            repository = unit.repository(CUSTOMERS)
            for number in numbers:
                visits += repository.get(f"C-{number:06}").record.visits
        return visits

    def close(self) -> None:
        """Close the file."""
        self.store.close()


class NoRecords:
    """The same with sqlite3, and dictionaries for records."""

    name = "no records"

    def __init__(self, path: Path) -> None:
        """Make a file with the tables that this needs."""
        self.connection = connection = sqlite3.connect(path, isolation_level=None)
        for statement in SET_UP:
            connection.execute(statement)

    # --- the codec ---

    def given(self, customers: list[Customer]) -> list[Any]:
        """What goes in."""
        return [taken_apart(each) for each in customers]

    def dumps(self, record: Any) -> str:
        """Write what is kept."""
        return json.dumps(record)

    def loads(self, document: str) -> Any:
        """Read what was kept."""
        return json.loads(document)

    def key_and_visits(self, record: Any) -> tuple[str, int]:
        """What the tables need to know."""
        return record["id"], record["visits"]

    def visited(self, record: Any) -> Any:
        """The next state."""
        return record | {"visits": record["visits"] + 1}

    # --- the work ---

    def bulk(self, records: list[Any]) -> None:
        """Add all of them in one transaction."""
        known = [(each, *self.key_and_visits(each)) for each in records]
        connection = self.connection
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(ADD, [(key, self.dumps(each)) for each, key, _ in known])
        connection.executemany(LIST, [(encode((visits,)), key) for _, key, visits in known])
        connection.execute("COMMIT")

    def save(self, numbers: list[int]) -> None:
        """Count a visit of each, one transaction a visit."""
        for number in numbers:
            version, before = self.read(f"C-{number:06}")
            self.write(before, self.visited(before), version)

    def read(self, key: str) -> tuple[int, Any]:
        """The version and the record under a key."""
        version, document = self.connection.execute(SELECT, (key,)).fetchone()
        return version, self.loads(document)

    def write(self, before: Any, after: Any, version: int) -> None:
        """Write the next state of a record that still has a version."""
        connection = self.connection
        key, visits = self.key_and_visits(after)
        connection.execute("BEGIN IMMEDIATE")
        written = connection.execute(UPDATE, (version + 1, self.dumps(after), key, version))
        assert written.rowcount == 1
        connection.execute(UNLIST, (encode(self.key_and_visits(before)[1:]), key))
        connection.execute(LIST, (encode((visits,)), key))
        connection.execute("COMMIT")

    def load(self, numbers: list[int]) -> int:
        """Read each by its key, all in one transaction; the visits that were counted."""
        visits = 0
        self.connection.execute("BEGIN")
        for number in numbers:
            visits += self.key_and_visits(self.read(f"C-{number:06}")[1])[1]
        self.connection.execute("ROLLBACK")
        return visits

    def close(self) -> None:
        """Close the file."""
        self.connection.close()


class OwnCodec(NoRecords):
    """The same with records, made by functions for this record alone."""

    name = "own codec"

    def given(self, customers: list[Customer]) -> list[Any]:
        """What goes in."""
        return customers

    def dumps(self, record: Any) -> str:
        """Write what is kept."""
        return json.dumps(taken_apart(record))

    def loads(self, document: str) -> Any:
        """Read what was kept."""
        return put_together(json.loads(document))

    def key_and_visits(self, record: Any) -> tuple[str, int]:
        """What the tables need to know."""
        return record.id, record.visits

    def visited(self, record: Any) -> Any:
        """The next state."""
        return evolve(record, visits=record.visits + 1)


class SameCodec(OwnCodec):
    """The same with the documents of the collection."""

    name = "same codec"
    dumps = staticmethod(CUSTOMERS.dumps)
    loads = staticmethod(CUSTOMERS.loads)


SET_UP = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",
    "CREATE TABLE record (collection TEXT NOT NULL, key TEXT NOT NULL,"
    " version INTEGER NOT NULL, document TEXT NOT NULL, PRIMARY KEY (collection, key))",
    "CREATE TABLE listing (collection TEXT NOT NULL, listed_by TEXT NOT NULL,"
    " entry BLOB NOT NULL, key TEXT NOT NULL,"
    " PRIMARY KEY (collection, listed_by, entry, key),"
    " FOREIGN KEY (collection, key) REFERENCES record ON DELETE CASCADE) WITHOUT ROWID",
    "CREATE INDEX listing_of_record ON listing (collection, key)",
)
ADD = "INSERT INTO record (collection, key, version, document) VALUES ('customers', ?, 1, ?)"
SELECT = "SELECT version, document FROM record WHERE collection = 'customers' AND key = ?"
UPDATE = (
    "UPDATE record SET version = ?, document = ?"
    " WHERE collection = 'customers' AND key = ? AND version = ?"
)
UNLIST = (
    "DELETE FROM listing"
    " WHERE collection = 'customers' AND listed_by = 'by-visits' AND entry = ? AND key = ?"
)
LIST = (
    "INSERT INTO listing (collection, listed_by, entry, key)"
    " VALUES ('customers', 'by-visits', ?, ?)"
)


def taken_apart(customer: Customer) -> dict[str, Any]:
    """A customer as a plain dictionary."""
    return {
        "id": customer.id,
        "name": customer.name,
        "since": customer.since.isoformat(),
        "spent": [str(customer.spent.amount), customer.spent.currency],
        "visits": customer.visits,
        "tags": customer.tags,
    }


def put_together(row: dict[str, Any]) -> Customer:
    """A customer from a plain dictionary."""
    return Customer(
        CustomerId(row["id"]),
        row["name"],
        date.fromisoformat(row["since"]),
        Money(*row["spent"]),
        row["visits"],
        tuple(row["tags"]),
    )


# --- all sides in turns ---------------------------------------------------------------------------

SIDES: tuple[type[Kept | NoRecords], ...] = (Kept, SameCodec, OwnCodec, NoRecords)
Best = dict[tuple[str, str], float]


def measured(turns: int) -> Best:
    """The seconds that each step of a turn takes on each side: at best, and for saves on average.

    :raises AssertionError: if one side counted other visits than the others.
    """
    best: Best = {}
    with tempfile.TemporaryDirectory() as folder:
        sides = [side(Path(folder) / side.__name__) for side in SIDES]
        for turn in range(turns):
            numbers = list(range(turn * RECORDS, (turn + 1) * RECORDS))
            for side in sides:
                for step, took in steps(side, numbers):
                    known = best.get((step, side.name))
                    if step == "save":
                        best[step, side.name] = (known or 0) + took / turns
                    else:
                        best[step, side.name] = min(took, known or took)
        for side in sides:
            side.close()
    return best


def steps(side: Kept | NoRecords, numbers: list[int]) -> Iterator[tuple[str, float]]:
    """Do everything once with some new records, and say how long each step took."""
    given = side.given([customer(number) for number in numbers])
    begun = time.process_time()
    side.bulk(given)
    yield "bulk", time.process_time() - begun
    begun, on_the_wall = time.process_time(), time.perf_counter()
    side.save(numbers)
    yield "save", time.perf_counter() - on_the_wall
    yield "save, without the disk", time.process_time() - begun
    begun = time.process_time()
    visits = side.load(numbers)
    yield "load", time.process_time() - begun
    assert visits == len(numbers)


def main(turns: int = 60) -> int:
    """Print what the store takes, and sqlite3 by hand."""
    try:
        best = measured(turns)
    except AssertionError:
        print("the sides did not do the same")
        return 2
    missed = 0
    for step in ("save", "save, without the disk", "load", "bulk"):
        store = best[step, Kept.name]
        print(f"{step}: {RECORDS / store:,.0f} a second")
        for side in SIDES[1:]:
            ratio, limit = best[step, side.name] / store, LIMITS.get((step, side.name), 0)
            missed += ratio < limit
            print(
                f"    of sqlite3, {side.name:10}  {ratio:.2f}" + f" (limit {limit})" * bool(limit)
            )
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
