"""The store on SQLAlchemy against SQLAlchemy Core by hand, with the same documents.

By hand, a save is what one unit of work has to do: read the row, write the next one if the version
is still the same, list it anew by its two indexes, commit. A load is a row by its key. A bulk add
writes 10,000 rows with their listings by ``executemany``. Both sides read and write documents with
the same converter, have a pool of their own, and take turns; the ratio is that of their median
turns by the clock on the wall, as the time of a server counts too.

The store does more: it checks its schema, sees one moment from the first read to the last, notices
whatever changed of what the unit has looked at, and holds up against two programs with different
indexes. What that takes is what a ratio below 1 shows.

SQLite runs as hosts are told to run it, with a write-ahead log. PostgreSQL is the one that the
wheel carries, with its own settings; both wait for the disk at each commit. Exit status 1 if a
ratio is below its limit.

Run: ``make bench``, or ``python benchmarks/sqlalchemy_store.py [ROUNDS]``.
"""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import TypeVar

from attrs import evolve, frozen
from sqlalchemy import Engine, and_, bindparam, create_engine, delete, insert, select, text, update

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from crmkit.money import Money
from crmkit.storage import Collection, Index
from crmkit.storage.ordering import encode
from crmkit.storage.sqlalchemy import SqlAlchemyStore, metadata
from tests.storage.postgres import fresh_schema, postgres_url

T = TypeVar("T")

LIMIT, LIMIT_FOR_BULK = 0.8, 0.5
SAVES, BULK = 200, 10_000


@frozen
class Visit:
    """One line of what happened."""

    at: datetime
    clerk: str
    note: str


@frozen
class Customer:
    """A record of the size that rooms keep: about 1,200 bytes as a document."""

    id: str
    owner: str
    next_contact: datetime
    spent: Money
    visits: tuple[Visit, ...]


CUSTOMERS = Collection(
    "customers",
    Customer,
    lambda customer: customer.id,
    (
        Index("by-owner", lambda customer: (customer.owner, customer.next_contact)),
        Index("by-spent", lambda customer: (customer.spent,)),
    ),
)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def customer(number: int) -> Customer:
    """Some customer."""
    visits = tuple(
        Visit(NOON - timedelta(days=day), f"clerk-{day % 3}", "asked about the bicycle in blue")
        for day in range(8)
    )
    owner, spent = f"clerk-{number % 7}", Money(f"{number % 900}.00", "EUR")
    return Customer(f"C-{number:06d}", owner, NOON + timedelta(hours=number % 90), spent, visits)


def next_state(old: Customer) -> Customer:
    """The same customer after another call: one index changes and one does not."""
    return evolve(old, next_contact=old.next_contact + timedelta(days=1))


def listings(record: Customer) -> list[dict[str, object]]:
    """Where the indexes list a customer."""
    return [
        {
            "collection": CUSTOMERS.name,
            "listed_by": index,
            "entry": encode(values),
            "key": record.id,
        }
        for index, values in (
            ("by-owner", (record.owner, record.next_contact)),
            ("by-spent", (record.spent,)),
        )
    ]


class ByHand:
    """What somebody would write who needs the same tables and no store."""

    def __init__(self, engine: Engine, schema: str | None) -> None:
        made = metadata(prefix="hand_", schema=schema)
        made.create_all(engine)
        named = {name.rpartition("hand_")[2]: table for name, table in made.tables.items()}
        self.engine = engine
        self.record, self.listing = named["record"], named["listing"]
        of = self.record.c
        here = and_(of.collection == bindparam("at"), of.key == bindparam("id"))
        self.find = select(of.version, of.document).where(here)
        self.write = (
            update(self.record)
            .where(here, of.version == bindparam("seen"))
            .values(version=bindparam("next"), document=bindparam("text"))
        )
        listed = self.listing.c
        self.unlist = delete(self.listing).where(
            listed.collection == bindparam("at"), listed.key == bindparam("id")
        )

    def load(self, key: str) -> Customer:
        """One row by its key."""
        with self.engine.connect() as connection:
            found = connection.execute(self.find, {"at": CUSTOMERS.name, "id": key}).one()
        return CUSTOMERS.loads(found.document)

    def save(self, key: str) -> None:
        """The next state of one record."""
        at = {"at": CUSTOMERS.name, "id": key}
        with self.engine.begin() as connection:
            found = connection.execute(self.find, at).one()
            record = next_state(CUSTOMERS.loads(found.document))
            new = {"seen": found.version, "next": found.version + 1}
            text = CUSTOMERS.dumps(record)
            if connection.execute(self.write, {**at, **new, "text": text}).rowcount != 1:
                raise RuntimeError("somebody else was quicker")
            connection.execute(self.unlist, at)
            connection.execute(insert(self.listing), listings(record))

    def add(self, records: list[Customer]) -> None:
        """Many new records."""
        with self.engine.begin() as connection:
            connection.execute(
                insert(self.record),
                [
                    {
                        "collection": CUSTOMERS.name,
                        "key": record.id,
                        "version": 1,
                        "document": CUSTOMERS.dumps(record),
                    }
                    for record in records
                ],
            )
            connection.execute(
                insert(self.listing), [row for record in records for row in listings(record)]
            )


class ByStore:
    """The same through the store."""

    def __init__(self, engine: Engine, schema: str | None) -> None:
        self.store = SqlAlchemyStore(engine, schema=schema)
        self.store.create_schema()

    def load(self, key: str) -> Customer:
        """One row by its key."""
        with self.store.unit_of_work() as unit:
            return unit.repository(CUSTOMERS).get(key).record

    def save(self, key: str) -> None:
        """The next state of one record."""
        with self.store.unit_of_work() as unit:
            customers = unit.repository(CUSTOMERS)
            stored = customers.get(key)
            customers.replace(next_state(stored.record), stored.version)
            unit.commit()

    def add(self, records: list[Customer]) -> None:
        """Many new records."""
        with self.store.unit_of_work() as unit:
            customers = unit.repository(CUSTOMERS)
            for record in records:
                customers.add(record)
            unit.commit()


def seconds(work: Callable[[T], object], given: T) -> float:
    """How long some work takes by the clock on the wall."""
    begun = time.perf_counter()
    work(given)
    return time.perf_counter() - begun


def compared(
    rounds: int, by_hand: Callable[[T], object], by_store: Callable[[T], object], given: list[T]
) -> float:
    """How fast the store is for each unit of speed by hand, the median of the rounds.

    Both sides take turns from one call to the next, so that whatever else the machine does meets
    both.
    """
    found = []
    for _ in range(rounds):
        turns = [(seconds(by_hand, each), seconds(by_store, each)) for each in given]
        found.append(median(hand for hand, _ in turns) / median(store for _, store in turns))
    return median(found)


def ratios(engines: tuple[Engine, Engine], schema: str | None, rounds: int) -> dict[str, float]:
    """Save, load and bulk add, each as a ratio."""
    hand, store = ByHand(engines[0], schema), ByStore(engines[1], schema)
    some = [customer(number) for number in range(SAVES)]
    keys = [record.id for record in some]
    numbers = iter(range(1_000, 10**9, BULK))

    def bulk() -> list[Customer]:
        first = next(numbers)
        return [customer(number) for number in range(first, first + BULK)]

    hand.add(some)
    store.add(some)
    return {
        "save": compared(rounds, hand.save, store.save, keys),
        "load": compared(rounds, hand.load, store.load, keys),
        f"bulk add of {BULK:,}": compared(1, hand.add, store.add, [bulk() for _ in range(3)]),
    }


@contextmanager
def two(url: str) -> Iterator[tuple[Engine, Engine]]:
    """Two engines on one database: connections of one pool remember what was asked of them."""
    engines = create_engine(url), create_engine(url)
    yield engines
    for engine in engines:
        engine.dispose()


@contextmanager
def sqlite() -> Iterator[tuple[tuple[Engine, Engine], str | None]]:
    """A file as hosts are told to open it."""
    with tempfile.TemporaryDirectory() as folder, two(f"sqlite:///{folder}/shop.db") as engines:
        with engines[0].connect() as connection:
            connection.execute(text("PRAGMA journal_mode = WAL"))
        yield engines, None


@contextmanager
def postgresql() -> Iterator[tuple[tuple[Engine, Engine], str | None]]:
    """A schema of its own on the server that the tests start."""
    with fresh_schema() as schema, two(postgres_url()) as engines:
        yield engines, schema


def main(rounds: int = 7) -> int:
    """Print one ratio a line."""
    too_slow = False
    for name, database in (("sqlite", sqlite), ("postgresql", postgresql)):
        with database() as (engines, schema):
            for work, ratio in ratios(engines, schema, rounds).items():
                limit = LIMIT_FOR_BULK if work.startswith("bulk") else LIMIT
                too_slow = too_slow or ratio < limit
                print(f"{name:10} {work:18} {ratio:.2f} of Core by hand (limit {limit})")
    return int(too_slow)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
