"""A contract that cannot be broken is no contract: each planted defect is found and named."""

from __future__ import annotations

import pytest

from crmkit.testing.contracts import ContractBroken, StoreContract, check_store
from crmkit.testing.promises import promises_of
from tests.testing.broken_stores import BROKEN
from tests.testing.plain_store import PlainStore

EXAMPLES = [method for _, method in promises_of(StoreContract) if "random" not in method]


def broken_promises(new_store):
    """What each example says of a store that breaks it, None if a store keeps that promise."""

    class Contract(StoreContract):
        pass

    Contract.new_store = lambda self: new_store()  # type: ignore[method-assign]
    found = {}
    for method in EXAMPLES:
        try:
            getattr(Contract(), method)()
        except ContractBroken as broken:
            found[method] = str(broken)
        except Exception as error:
            # The store has fallen over; hosts see that as well.
            found[method] = repr(error)
    return found


class TestBrokenStores:
    """One defect each, of those that adapters have had."""

    @pytest.mark.parametrize("store", BROKEN, ids=lambda store: store.__name__)
    def test_the_contract_names_the_promise(self, store):
        found = broken_promises(store)
        assert any(told.startswith(BROKEN[store]) for told in found.values()), found

    def test_the_store_that_they_are_made_of_is_a_good_one(self):
        check_store(PlainStore, max_examples=20)

    def test_every_example_finds_something(self):
        """No promise stands there for show, but those that the shared unit of work keeps."""
        kept_by_the_unit = {
            "test_entries_are_appended_to_what_was_seen",
            "test_texts_that_not_every_store_can_keep_are_refused",
            "test_limits_and_pages_that_make_no_sense_are_refused",
            "test_older_documents_are_read_and_newer_ones_refused",
        }
        found = {method for store in BROKEN for method in broken_promises(store)}
        assert set(EXAMPLES) - found <= kept_by_the_unit
