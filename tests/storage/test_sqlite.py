"""The store in a file keeps the whole contract."""

from __future__ import annotations

from itertools import count

import pytest

from crmkit.errors import StoreBusy
from crmkit.storage.sqlite import SqliteStore
from crmkit.testing.contracts import StoreContract
from crmkit.testing.model import ContractBroken


class TestSqliteStore(StoreContract):
    """The embedded default."""

    max_examples = 40  # Each history makes a file; the store in memory tries more of them.

    @pytest.fixture(autouse=True)
    def _directory(self, tmp_path):
        self.paths = (tmp_path / f"{number}.crmkit" for number in count())

    def new_store(self):
        return SqliteStore.open(next(self.paths), create=True)


TWO_AT_ONCE = (
    "test_a_message_of_a_unit_that_commits_late_is_not_skipped",
    "test_a_unit_sees_the_store_as_it_was_when_it_began",
    "test_a_unit_that_was_refused_leaves_nothing_behind",
    "test_an_update_that_others_have_overtaken_is_refused",
    "test_indexes_that_changed_are_noticed_until_the_records_are_listed_anew",
    "test_nobody_writes_past_a_stream_that_is_written_anew",
    "test_of_two_units_with_one_command_one_commits",
    "test_random_histories_of_two_units_match_the_model",
    "test_units_that_have_nothing_in_common_all_commit",
    "test_what_a_decision_rests_on_is_guarded_too",
    "test_what_was_erased_does_not_come_back_by_a_unit_that_saw_it",
    "test_work_that_is_tried_again_has_happened_once",
)
"""The promises that are tried with two units which one thread has open at the same time."""


class TestSqliteStoreWithoutWal(TestSqliteStore):
    """On a network drive: the same, but nobody commits while another unit is open.

    ``test_sqlite_journal.py`` says what holds then.
    """

    max_examples = 10
    timeout = 5.0

    def new_store(self):
        path = next(self.paths)
        return SqliteStore.open(path, create=True, timeout=self.timeout, journal="delete")

    @pytest.mark.parametrize("name", TWO_AT_ONCE)
    def test_a_commit_beside_an_open_unit_gives_up_and_says_so(self, name):
        self.timeout = 0
        with pytest.raises((StoreBusy, ContractBroken)) as raised:
            getattr(super(), name)()
        assert "StoreBusy" in repr(raised.value)


for _name in TWO_AT_ONCE:
    setattr(TestSqliteStoreWithoutWal, _name, None)
