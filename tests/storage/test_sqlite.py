"""The store in a file keeps the whole contract."""

from __future__ import annotations

from itertools import count

import pytest

from crmkit.storage.sqlite import SqliteStore
from crmkit.testing.contracts import StoreContract


class TestSqliteStore(StoreContract):
    """The embedded default."""

    max_examples = 40  # Each history makes a file; the store in memory tries more of them.

    @pytest.fixture(autouse=True)
    def _directory(self, tmp_path):
        self.paths = (tmp_path / f"{number}.crmkit" for number in count())

    def new_store(self):
        return SqliteStore.open(next(self.paths), create=True)
