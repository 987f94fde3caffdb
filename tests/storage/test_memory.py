"""The store in memory keeps the whole contract."""

from __future__ import annotations

from crmkit.storage.memory import MemoryStore
from crmkit.testing.contracts import StoreContract


class TestMemoryStore(StoreContract):
    """The reference for all other stores."""

    def new_store(self):
        return MemoryStore()
