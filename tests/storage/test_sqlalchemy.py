"""The store in a host's database keeps the whole contract, on every database it is made for."""

from __future__ import annotations

import os
from contextlib import ExitStack
from itertools import count

import pytest
from sqlalchemy import create_engine

from crmkit.storage.sqlalchemy import SqlAlchemyStore, metadata
from crmkit.testing.contracts import StoreContract
from tests.storage.postgres import fresh_schema, postgres_engine

NUMBERS = count(1)


class TestOnSqlite(StoreContract):
    """A file of the host's, in the mode in which readers and a writer do not wait."""

    max_examples = 10

    @pytest.fixture(autouse=True)
    def _directory(self, tmp_path):
        self.directory = tmp_path
        with ExitStack() as self.engines:
            yield

    def new_store(self):
        engine = create_engine(f"sqlite:///{self.directory}/{next(NUMBERS)}.db")
        self.engines.callback(engine.dispose)
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode = WAL")
            connection.exec_driver_sql("PRAGMA synchronous = OFF")
        store = SqlAlchemyStore(engine)
        store.create_schema()
        return store


class TestOnPostgresql(StoreContract):
    """The database of most hosts; each store has a schema of its own in it."""

    max_examples = 10

    @pytest.fixture(autouse=True)
    def _schemas(self):
        with ExitStack() as self.schemas:
            yield

    def new_store(self):
        schema = self.schemas.enter_context(fresh_schema())
        store = SqlAlchemyStore(postgres_engine(), schema=schema)
        store.create_schema()
        return store


if "CRMKIT_TEST_MYSQL" in os.environ:  # There is none that comes without any step by hand.

    class TestOnMysql(StoreContract):
        """MySQL or MariaDB, in a database that the tests may fill; each store has a prefix."""

        max_examples = 10

        @pytest.fixture(autouse=True)
        def _tables(self):
            self.engine = create_engine(os.environ["CRMKIT_TEST_MYSQL"], pool_size=10)
            with ExitStack() as self.stores:
                yield
            self.engine.dispose()

        def new_store(self):
            prefix = f"t{os.getpid()}_{next(NUMBERS)}_"
            store = SqlAlchemyStore(self.engine, prefix=prefix)
            store.create_schema()
            self.stores.callback(metadata(prefix=prefix).drop_all, self.engine)
            return store
