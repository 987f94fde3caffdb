"""Personal data: hand out all that is kept of a person, or erase it, and say what was done.

Each room says what it keeps of people in a table of :class:`SubjectData`; the host puts the tables
of its rooms together in the open, and those of its own collections behind them.

>>> from datetime import UTC, date, datetime
>>> from crmkit.identifiers import CustomerId
>>> from crmkit.storage import Collection
>>> from crmkit.storage.memory import MemoryStore
>>> from crmkit.tiering import Tier, TierHistory
>>> tiers = Collection("tiers", TierHistory, key=lambda history: history.customer)
>>> data = (SubjectData(tiers, whose=lambda history: [history.customer]),)
>>> ida, now = CustomerId("C-7"), datetime(2026, 5, 4, 9, tzinfo=UTC)
>>> gold = TierHistory(ida).changed(Tier("gold", 3), on=date(2026, 3, 1), reason="a good year")
>>> store = MemoryStore()
>>> with store.unit_of_work() as unit:
...     kept = unit.repository(tiers).add(gold)
...     unit.outbox.add("tier-changed", "C-7 is gold")
...     unit.commit()
>>> export = export_subject(store, ida, data, at=now)
>>> list(export.as_json()["records"]), len(export.messages)
(['tiers'], 1)
>>> print(erase_subject(store, ida, data, pseudonym=CustomerId("X-1"), at=now).in_words())
erased at 2026-05-04T09:00:00+00:00
- tiers: 1 removed
- messages taken back: 1
>>> erase_subject(store, ida, data, pseudonym=CustomerId("X-1"), at=now).is_empty
True
"""

from crmkit.storage.subjects.data import SubjectData
from crmkit.storage.subjects.erasing import erase_subject
from crmkit.storage.subjects.exporting import (
    SOMEBODY_ELSE,
    ExportedPart,
    SubjectExport,
    export_subject,
)
from crmkit.storage.subjects.mentions import Mention, find_mentions
from crmkit.storage.subjects.report import ErasedPart, ErasureReport
from crmkit.storage.subjects.walking import ERASED, customers_in, rewritten, without_personal

__all__ = [
    "ERASED",
    "SOMEBODY_ELSE",
    "ErasedPart",
    "ErasureReport",
    "ExportedPart",
    "Mention",
    "SubjectData",
    "SubjectExport",
    "customers_in",
    "erase_subject",
    "export_subject",
    "find_mentions",
    "rewritten",
    "without_personal",
]
