"""What the tests of the store in a host's database share: databases of each kind, and openers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from attrs import frozen
from sqlalchemy import Engine, Executable, TableClause, column, create_engine, table

from crmkit.storage.sqlalchemy import SqlAlchemyStore, metadata
from tests.storage.postgres import fresh_schema, postgres_engine
from tests.storage.sqlite_files import ACCOUNTS, BALANCE, LEDGER


@frozen
class Database:
    """A host's database with nothing in it."""

    engine: Engine
    schema: str | None = None

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    def store(self, bind: Any = None) -> SqlAlchemyStore:
        return SqlAlchemyStore(self.engine if bind is None else bind, schema=self.schema)

    def made(self) -> SqlAlchemyStore:
        """A store whose tables are there."""
        store = self.store()
        store.create_schema()
        return store

    def named(self, table: str) -> str:
        """How statements of a host name a table."""
        return table if self.schema is None else f"{self.schema}.{table}"

    def table(self, name: str, *columns: str) -> TableClause:
        """A table as statements of a host name it."""
        return table(name, *(column(each) for each in columns), schema=self.schema)

    def rows(self, statement: Executable) -> list[Any]:
        """Look past the store."""
        with self.engine.connect() as connection:
            return list(connection.execute(statement).fetchall())

    def everything(self) -> dict[str, list[Any]]:
        """Every row of every table, without the numbers of messages, which may leave gaps."""
        found = {}
        for name, kept in metadata(schema=self.schema).tables.items():
            columns = [each for each in kept.c if each.name != "id"]
            rows = self.rows(kept.select().with_only_columns(*columns))
            found[name.rpartition(".")[2]] = sorted(map(tuple, rows), key=repr)
        return found


@contextmanager
def sqlite_in(folder: Path, **arguments: Any) -> Iterator[Database]:
    """A file in the mode in which readers and a writer do not wait for each other."""
    engine = create_engine(f"sqlite:///{folder}/shop.db", connect_args=arguments)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA journal_mode = WAL")
    try:
        yield Database(engine)
    finally:
        engine.dispose()


@contextmanager
def on_postgres() -> Iterator[Database]:
    """A schema of its own."""
    with fresh_schema() as schema:
        yield Database(postgres_engine(), schema)


@contextmanager
def open_postgres(address: str) -> Iterator[SqlAlchemyStore]:
    """Open the store of another process: ``address`` is its schema and the URL."""
    schema, url = address.split(" ", 1)
    engine = create_engine(url)
    try:
        yield SqlAlchemyStore(engine, schema=schema)
    finally:
        engine.dispose()


def points_in(database: Database) -> int:
    """How many points were earned, if record, index, entries, snapshot and messages agree."""
    with database.store().unit_of_work() as unit:
        stored = unit.repository(ACCOUNTS).get("a")
        points = stored.record.points
        assert stored.version == points + 1
        listed = unit.repository(ACCOUNTS).query("by-points").items
        assert [each.record.points for each in listed] == [points]
        assert unit.stream(LEDGER).length("a") == points
        assert unit.stream(LEDGER).verify("a", BALANCE) == points
    kept = database.everything()
    assert len(kept["crmkit_message"]) == len(kept["crmkit_answer"]) == points
    return points
