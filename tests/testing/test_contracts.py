"""The store contract is alive: each defect planted here is found."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import pytest
from attrs import evolve, frozen
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from crmkit.errors import CrmkitError, MissingExtra
from crmkit.storage import Message
from crmkit.storage.memory import MemoryStore
from crmkit.storage.unit import Unit
from crmkit.testing.contracts import ContractBroken, StoreContract, check_store
from crmkit.testing.histories import Histories
from crmkit.testing.model import promise, refuses


class LosesUpdates(MemoryStore):
    """Writes whatever it is told, whoever wrote in between."""

    def _apply(self, changes):
        changes.seen = {}
        changes.lengths = {}
        super()._apply(changes)


class KeepsWhatIsRolledBack(MemoryStore):
    """Commits where it should roll back."""

    def unit_of_work(self):
        class Stubborn(Unit):
            def __exit__(self, *_):
                self.rollback()

            def rollback(self):
                try:
                    self.commit()
                except CrmkitError:
                    super().rollback()

        return Stubborn(self._state, self._apply)


@frozen
class _Delegate:
    _view: Any

    def __getattr__(self, name):
        return getattr(self._view, name)


class FoldsKeys(MemoryStore):
    """Takes ``a`` and ``A`` for one key, as the default of many databases does."""

    class View(_Delegate):
        def row(self, collection, key):
            return self._view.row(collection, key.casefold())

    def unit_of_work(self):
        return Unit(self.View(self._state), self._apply)

    def _apply(self, changes):
        for name in ("seen", "records"):
            folded = {(c, key.casefold()): it for (c, key), it in getattr(changes, name).items()}
            setattr(changes, name, folded)
        super()._apply(changes)


class SkipsMessages(MemoryStore):
    """Takes a message for handed over although its handler failed."""

    def deliver(self, handler, *, limit=100):
        waiting = list(self._state.waiting.values())[:limit]
        try:
            return super().deliver(handler, limit=limit)
        finally:
            self._forget_messages(message.id for message in waiting)


class DeliversTheNewestFirst(MemoryStore):
    """Hands messages over in the wrong order."""

    def _apply(self, changes):
        super()._apply(changes)
        newest_first = dict(sorted(self._state.waiting.items(), reverse=True))
        self._state = evolve(self._state, waiting=newest_first)


class LosesMessages(MemoryStore):
    """Commits the records and forgets the messages."""

    def _apply(self, changes):
        super()._apply(evolve(changes, messages=[]))


class LetsOldListingsStand(MemoryStore):
    """Lists a record where it was, too."""

    def _apply(self, changes):
        for place, change in changes.records.items():
            old = self._state.records.get(place[0])
            if change.row and old and place[1] in old.kept:
                listings = change.listings | old.kept[place[1]].listings
                changes.records[place] = evolve(change, listings=listings)
        super()._apply(changes)


class UsesVersionsTwice(MemoryStore):
    """Begins at version 1 again when a record was removed and added anew."""

    def _apply(self, changes):
        changes.floors = {}
        super()._apply(changes)


class ReadsWhatOthersCommit(MemoryStore):
    """Looks at the newest state each time, and not at the one in which the unit began."""

    def unit_of_work(self):
        store = self

        class Live:
            def __getattr__(self, name):
                return getattr(store._state, name)

        return Unit(Live(), self._apply)


class OrdersAsDatabasesDo(MemoryStore):
    """Compares keys by their UTF-16 units."""

    class View(_Delegate):
        def rows(self, collection, above, limit):
            rows = self._view.rows(collection, "", 10_000)
            rows.sort(key=lambda found: found[1].encode("utf-16-be"))
            wanted = above.encode("utf-16-be")
            return [each for each in rows if each[1].encode("utf-16-be") > wanted][:limit]

    def unit_of_work(self):
        return Unit(self.View(self._state), self._apply)


class SkipsAtThePageBreak(MemoryStore):
    """Begins a page one record too late."""

    class View(_Delegate):
        def listed(self, place, above, below, limit, *, descending):
            found = self._view.listed(place, above, below, limit + 1, descending=descending)
            return found[1:] if above[1] else found[:limit]

    def unit_of_work(self):
        return Unit(self.View(self._state), self._apply)


class AnswersAnything(MemoryStore):
    """Gives the kept answer to a command that is another one."""

    def unit_of_work(self):
        class Careless(Unit):
            def once(self, key, payload, action, **more):
                return super().once(key, "", action, **more)

        return Careless(self._state, self._apply)


class ActsTwice(MemoryStore):
    """Forgets the answers, and so does everything again."""

    def _apply(self, changes):
        super()._apply(evolve(changes, answers={}))


class CommitsHalf(MemoryStore):
    """Keeps the records of a unit that is then refused for its streams."""

    def _apply(self, changes):
        super()._apply(evolve(changes, entries={}, lengths={}, snapshots={}))
        super()._apply(evolve(changes, records={}, seen={}, answers={}, messages=[], shelves={}))


class MissesIndexChanges(MemoryStore):
    """Searches by indexes that it does not hold."""

    class View(_Delegate):
        def shelf(self, collection):
            return evolve(self._view.shelf(collection), signature=None)

    def unit_of_work(self):
        return Unit(self.View(self._state), self._apply)


class ForgetsTooMuch(MemoryStore):
    """Forgets answers that are not old yet."""

    def forget_answers(self, *, before):
        forgotten = len(self._state.answers_kept)
        self._state = evolve(self._state, answers_kept={})
        return forgotten


class SendsTooEarly(MemoryStore):
    """Sends a message of a unit that never commits."""

    def unit_of_work(self):
        unit = super().unit_of_work()
        number = self._state.last_message + 1
        waiting = {**self._state.waiting, number: Message(number, "stray", "")}
        self._state = evolve(self._state, waiting=waiting, last_message=number)
        return unit


# The others need longer histories than a quick run has time for; examples find them.
FOUND_BY_HISTORIES = [
    LosesUpdates,
    KeepsWhatIsRolledBack,
    FoldsKeys,
    SkipsMessages,
    DeliversTheNewestFirst,
    LosesMessages,
    LetsOldListingsStand,
    ReadsWhatOthersCommit,
    SkipsAtThePageBreak,
    AnswersAnything,
    ActsTwice,
    ForgetsTooMuch,
    SendsTooEarly,
]
FOUND_BY_EXAMPLE = [
    LosesUpdates,
    KeepsWhatIsRolledBack,
    FoldsKeys,
    SkipsMessages,
    DeliversTheNewestFirst,
    LosesMessages,
    UsesVersionsTwice,
    OrdersAsDatabasesDo,
    ActsTwice,
    CommitsHalf,
    ForgetsTooMuch,
    MissesIndexChanges,
    SendsTooEarly,
]


class TestPlantedDefects:
    """A contract that cannot be broken is no contract: each of these stores breaks it."""

    @pytest.mark.parametrize("store", FOUND_BY_HISTORIES)
    def test_random_histories_find_it(self, store):
        class TheseHistories(Histories):
            def __init__(self):
                super().__init__(store)

        effort = settings(
            max_examples=1_000,
            stateful_step_count=30,
            phases=[Phase.generate],
            database=None,
            derandomize=True,
            deadline=None,
            report_multiple_bugs=False,
        )
        with pytest.raises((ContractBroken, CrmkitError)):
            run_state_machine_as_test(TheseHistories, settings=effort)

    @pytest.mark.parametrize("store", FOUND_BY_EXAMPLE)
    def test_an_example_finds_it(self, store):
        class ThisContract(StoreContract):
            def new_store(self):
                return store()

        examples = [
            name for name in dir(ThisContract) if name.startswith("test_") and "random" not in name
        ]
        found = []
        for name in examples:
            try:
                getattr(ThisContract(), name)()
            except (ContractBroken, CrmkitError):
                found.append(name)
        assert found != []
        assert found != examples


class TestCheckStore:
    """A host checks its own adapter with one call."""

    def test_a_good_store_passes(self):
        check_store(MemoryStore, max_examples=5)

    def test_a_bad_one_is_told_which_promise_it_broke(self):
        with pytest.raises(ContractBroken, match="leaves its message once"):
            check_store(SendsTooEarly, max_examples=5)

    def test_the_contract_needs_a_store(self):
        with pytest.raises(NotImplementedError, match="make a new, empty store"):
            StoreContract().new_store()


class TestPromises:
    """The contract speaks in promises."""

    def test_a_promise_that_is_kept_says_nothing(self):
        promise(True, "all is well")

    def test_a_refusal_that_does_not_come_breaks_a_promise(self):
        with pytest.raises(ContractBroken, match="doors are locked: CrmkitError was expected"):
            refuses(CrmkitError, lambda: None, "doors are locked")


class TestMissingExtra:
    """Hosts that do not test with Hypothesis are told what to install."""

    @pytest.mark.parametrize("module", ["histories", "contracts"])
    def test_the_extra_is_named(self, module, monkeypatch):
        name = f"crmkit.testing.{module}"
        kept = importlib.import_module("crmkit.testing.histories")
        monkeypatch.delitem(sys.modules, name)
        monkeypatch.setitem(sys.modules, "hypothesis", None)
        with pytest.raises(MissingExtra, match=r"crmkit\[testing\]"):
            importlib.import_module(name)
        assert kept is not None
