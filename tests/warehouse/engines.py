"""Engines that run the portable SQL, each with a canonical table that a test fills."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from typing import Any, Protocol

import pytest

from crmkit.warehouse import Dialect, Line, table_sql
from tests.storage.postgres import fresh_schema, postgres_engine

__all__ = ["ENGINES", "Engine", "opened"]

Row = tuple[Any, ...]


class Engine(Protocol):
    """A database with a table of lines, ``purchases``."""

    dialect: Dialect

    def run(self, statement: str) -> None:
        """Carry out a statement."""

    def ask(self, query: str) -> list[Row]:
        """All rows that a query gives."""

    def insert(self, lines: Iterable[Line], table: str = "purchases") -> None:
        """Add lines to the table."""

    def fill(self, lines: Iterable[Line]) -> None:
        """Have these lines in the table, and no others."""
        self.run("DELETE FROM purchases")
        self.insert(lines)


class _Connected(Engine):
    """What the drivers have in common."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    def run(self, statement: str) -> None:
        self.connection.execute(statement)

    def ask(self, query: str) -> list[Row]:
        rows: list[Row] = self.connection.execute(query).fetchall()
        return rows


class Sqlite(_Connected):
    dialect = Dialect.SQLITE

    def insert(self, lines: Iterable[Line], table: str = "purchases") -> None:
        self.connection.executemany(f"INSERT INTO {table} VALUES (?, ?, ?)", lines)  # noqa: S608


class DuckDb(_Connected):
    dialect = Dialect.DUCKDB

    def insert(self, lines: Iterable[Line], table: str = "purchases") -> None:
        columns = [list(column) for column in zip(*lines, strict=True)] or [[], [], []]
        unnested = "unnest(?::VARCHAR[]), unnest(?::INTEGER[]), unnest(?::BIGINT[])"
        self.connection.execute(f"INSERT INTO {table} SELECT {unnested}", columns)


class Postgres(_Connected):
    dialect = Dialect.POSTGRESQL

    def insert(self, lines: Iterable[Line], table: str = "purchases") -> None:
        columns = [list(column) for column in zip(*lines, strict=True)] or [[], [], []]
        unnested = "unnest(%s::text[], %s::int[], %s::bigint[])"
        insert = f"INSERT INTO {table} SELECT * FROM {unnested}"  # noqa: S608
        self.connection.execute(insert, columns)


@contextmanager
def _sqlite() -> Iterator[Engine]:
    with closing(sqlite3.connect(":memory:")) as connection:
        yield Sqlite(connection)


@contextmanager
def _duckdb() -> Iterator[Engine]:
    try:
        import duckdb
    except ImportError:
        if os.environ.get("CI"):
            raise
        pytest.skip("duckdb is not installed")
    with closing(duckdb.connect()) as connection:
        yield DuckDb(connection)


@contextmanager
def _postgres() -> Iterator[Engine]:
    with fresh_schema() as schema:
        pooled = postgres_engine().raw_connection()
        try:
            connection: Any = pooled.driver_connection
            connection.autocommit = True
            connection.execute(f"SET search_path TO {schema}")
            yield Postgres(connection)
        finally:
            # A connection with another search path is not for others.
            pooled.invalidate()


ENGINES = {
    Dialect.SQLITE: _sqlite,
    Dialect.DUCKDB: _duckdb,
    Dialect.POSTGRESQL: _postgres,
}


@contextmanager
def opened(dialect: Dialect) -> Iterator[Engine]:
    """An engine with an empty table of lines."""
    with ENGINES[dialect]() as engine:
        engine.run(table_sql("purchases", dialect=dialect))
        yield engine
