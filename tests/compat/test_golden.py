"""A file that an earlier release has written opens, and says what it said."""

from __future__ import annotations

import json
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from crmkit.complaints.kept import COMPLAINT_AGENDAS, COMPLAINTS
from crmkit.followups import FOLLOW_UPS
from crmkit.identifiers import ComplaintId, CustomerId, FollowUpId
from crmkit.loyalty import MEMBERSHIPS, POINTS_ACCOUNT, POINTS_LEDGERS, POSTED_KEYS
from crmkit.segmentation.kept import TIER_HISTORIES
from crmkit.storage import Collection
from crmkit.storage.sqlite import SqliteStore, schema
from tests.compat.make_v0_1 import STEPS, rows_of
from tests.loyalty.shop import ANNA, JANUARY
from tests.storage.sqlite_files import ACCOUNTS, BALANCE, LEDGER, everything_kept, select
from tests.storage.use_cases import USE_CASES, complaints, follow_ups, loyalty, tier

V0_1 = Path(__file__).with_name("v0.1") / "shop.crmkit"
COLLECTIONS: tuple[Collection[Any], ...] = (
    *(ACCOUNTS, COMPLAINTS, COMPLAINT_AGENDAS, FOLLOW_UPS),
    *(MEMBERSHIPS, POSTED_KEYS, TIER_HISTORIES),
)
SETTLED = {case.act: case.settled for case in USE_CASES}


@pytest.fixture
def path(tmp_path):
    return Path(shutil.copy(V0_1, tmp_path))


class TestVersion01:
    """A shop with complaints, visits, points and tiers, as version 0.1 left it."""

    def test_it_is_of_the_first_schema(self):
        assert V0_1.read_bytes()[60:64] == (1).to_bytes(4, "big")

    def test_it_is_brought_up_to_date_and_every_row_says_what_it_said(self, path):
        said = json.loads(V0_1.with_suffix(".json").read_text(encoding="utf-8"))
        with SqliteStore.open(path) as store:
            store.verify()
        assert select(path, "PRAGMA user_version") == [(schema.SCHEMA_VERSION,)]
        says = rows_of(path)
        assert sum(map(len, said.values())) > 40
        for table, rows in said.items():
            columns = set(rows[0]) if rows else set()
            kept = [{name: row[name] for name in columns} for row in says[table]]
            assert kept == rows, table

    def test_every_record_and_every_entry_is_still_understood(self, path):
        found = dict[str, int]()
        with SqliteStore.open(path) as store, store.unit_of_work() as unit:
            for collection in COLLECTIONS:
                found[collection.name] = len(unit.repository(collection).page().items)
            ledgers = unit.stream(POINTS_LEDGERS)
            assert len(ledgers.read(ANNA)) == ledgers.length(ANNA) == 6
            assert ledgers.verify(ANNA, POINTS_ACCOUNT).balance(JANUARY).available == 1_140
            assert unit.stream(LEDGER).verify("a", BALANCE) == 1
        rows = select(path, "SELECT collection, count(*) FROM record GROUP BY 1 ORDER BY 1")
        assert [each for each in sorted(found.items()) if each[1]] == rows

    def test_the_desks_go_on(self, path):
        with SqliteStore.open(path) as store:
            assert complaints(store).get(ComplaintId("K-1")).status == "acknowledged"
            assert follow_ups(store).get(FollowUpId("F-1")).done is not None
            assert str(loyalty(store).membership(ANNA).tiers.tier) == "silver"
            loyalty(store).redeem(ANNA, 100, on=JANUARY, key="another")
            assert loyalty(store).balance(ANNA, JANUARY).available == 1_040
            told = list[str]()
            store.deliver(lambda message: told.append(message.topic))
            assert "complaint-escalated" in told
            assert store.reindex(ACCOUNTS) == 2
            store.compact()
            store.verify()

    def test_what_was_done_then_is_not_done_again(self, path):
        """Commands of the old release are still known by their keys."""
        with SqliteStore.open(path) as store:
            before = everything_kept(path)
            for step in STEPS:
                if step is not tier:  # A decision of a day before the last one is no repetition.
                    with suppress(*SETTLED.get(step, ())):
                        step(store)
            assert everything_kept(path) == before

    def test_a_customer_who_was_moved_has_the_whole_history(self, path):
        with SqliteStore.open(path) as store, store.unit_of_work() as unit:
            history = unit.repository(TIER_HISTORIES).get(CustomerId("C-0")).record
        assert [str(change.to_tier) for change in history.changes] == ["silver", "gold"]
