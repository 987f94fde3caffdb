"""The contract of a store: what crmkit relies on, whoever wrote the adapter.

Hand :func:`check_store` a function that makes a new, empty store, or derive a test class from
:class:`StoreContract`, which pytest then runs promise by promise.

>>> from crmkit.storage.memory import MemoryStore
>>> check_store(MemoryStore, max_examples=5)
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial

from crmkit.errors import InvalidValue, MissingExtra, VersionConflict
from crmkit.storage import (
    Message,
    Store,
    UnitOfWork,
    retry_on_conflict,
)
from crmkit.testing.contract_commands import CommandPromises, ErasurePromises
from crmkit.testing.contract_parts import card_of, ignore, keep
from crmkit.testing.contract_records import KeyPromises, YearsPromises
from crmkit.testing.histories import Histories
from crmkit.testing.model import ContractBroken, accepts, promise, refuses
from crmkit.testing.samples import BALANCE, CARDS, LEDGER, Credit, Debit

try:
    from hypothesis import settings
    from hypothesis.stateful import run_state_machine_as_test
except ImportError:
    raise MissingExtra("hypothesis", "testing") from None

__all__ = ["ContractBroken", "StoreContract", "check_store"]

_AT = datetime(2026, 1, 1, 12, tzinfo=UTC)


def check_store(new_store: Callable[[], Store], *, max_examples: int | None = None) -> None:
    """Hold a store to its whole contract; ``new_store`` makes a new, empty one each time.

    ``max_examples`` says how many random histories are tried; left out, the Hypothesis profile
    does.

    :raises ContractBroken: with the promise that was not kept.
    """

    class Contract(StoreContract):
        def new_store(self) -> Store:
            return new_store()

    Contract.max_examples = max_examples
    contract = Contract()
    for name in dir(contract):
        if name.startswith("test_"):
            getattr(contract, name)()


class StoreContract(YearsPromises, KeyPromises, ErasurePromises, CommandPromises):
    """The promises of a store as tests: derive a class and say how a new, empty store is made."""

    # --- units of work ---

    def test_each_new_store_is_an_empty_one(self) -> None:
        """What one test has kept must not lie around in the next."""
        for _ in range(2):
            with closing(self.new_store()) as store:
                with store.unit_of_work() as unit:
                    promise(unit.repository(CARDS).page().items == (), "there is no record in it")
                    promise(unit.stream(LEDGER).keys() == (), "there is no stream in it")
                    promise(unit.answers.page() == (), "there is no answer in it")
                    _do_some_of_everything(unit)
                    unit.commit()
                with store.unit_of_work() as unit:
                    waiting = unit.outbox.waiting()
                    promise(len(waiting) == 1, "there is no message in it but the own one")

    def test_random_histories_of_two_units_match_the_model(self) -> None:
        """Whatever two units do side by side, they see and leave behind what the model says."""
        effort = settings(deadline=None, stateful_step_count=30, report_multiple_bugs=False)
        if self.max_examples is not None:
            effort = settings(effort, max_examples=self.max_examples)
        new_store = self.new_store

        class HistoriesOfThisStore(Histories):
            def __init__(self) -> None:
                super().__init__(new_store)

        run_state_machine_as_test(HistoriesOfThisStore, settings=effort)

    def test_nothing_of_a_unit_that_was_rolled_back_is_kept(self) -> None:
        """Records, entries, answers and messages: all of it commits, or none of it."""
        with closing(self.new_store()) as store:
            with store.unit_of_work() as unit:
                _do_some_of_everything(unit)
            with store.unit_of_work() as unit:
                promise(unit.repository(CARDS).page().items == (), "no record is kept")
                promise(unit.stream(LEDGER).length("a") == 0, "no entry is kept")
                answer = unit.once("command", "{}", lambda: "second", at=_AT)
                promise(answer == "second", "no answer is kept")
            promise(store.deliver(ignore) == 0, "no message is kept")

    def test_all_of_a_unit_that_was_committed_is_kept(self) -> None:
        """Records, entries, answers and messages: all of it commits, or none of it."""
        with closing(self.new_store()) as store:
            with store.unit_of_work() as unit:
                _do_some_of_everything(unit)
                unit.commit()
            with store.unit_of_work() as unit:
                promise(unit.repository(CARDS).find("a") is not None, "the record is kept")
                promise(unit.stream(LEDGER).read("a") == (Credit(1),), "the entry is kept")
                answer = unit.once("command", "{}", lambda: "second", at=_AT)
                promise(answer == "first", "the answer is kept")
            promise(store.deliver(ignore) == 1, "the message is kept")

    def test_an_update_that_others_have_overtaken_is_refused(self) -> None:
        """Two read, both decide, both write: the second must decide again."""
        with closing(self.new_store()) as store:
            keep(store, card_of("a"))
            with store.unit_of_work() as first, store.unit_of_work() as second:
                for unit in (first, second):
                    cards = unit.repository(CARDS)
                    cards.replace(card_of("a"), cards.get("a").version)
                first.commit()
                refuses(VersionConflict, second.commit, "no update is lost")

    def test_a_unit_that_was_refused_leaves_nothing_behind(self) -> None:
        """One line of a ledger came too late, so nothing of that command has happened."""
        with closing(self.new_store()) as store:
            with store.unit_of_work() as first, store.unit_of_work() as second:
                first.stream(LEDGER).append("a", [Credit(1)], 0)
                _do_some_of_everything(second)
                first.commit()
                refuses(VersionConflict, second.commit, "no entry is lost")
            with store.unit_of_work() as unit:
                promise(unit.repository(CARDS).page().items == (), "no record is kept")
                promise(unit.repository(CARDS).query("by-tag").items == (), "nothing is listed")
                promise(unit.stream(LEDGER).read("a") == (Credit(1),), "no entry is kept")
                promise(unit.stream(LEDGER).verify("a", BALANCE) == 1, "no snapshot is kept")
                answer = unit.once("command", "{}", lambda: "second", at=_AT)
                promise(answer == "second", "no answer is kept")
            promise(store.deliver(ignore) == 0, "no message is kept")

    def test_what_a_decision_rests_on_is_guarded_too(self) -> None:
        """Two wallets are not both emptied because each looked at the other while it was full."""
        with closing(self.new_store()) as store:
            keep(store, card_of("a"), card_of("b"))
            with store.unit_of_work() as first, store.unit_of_work() as second:
                for unit, mine in ((first, "a"), (second, "b")):
                    cards = unit.repository(CARDS)
                    versions = {key: cards.get(key).version for key in ("a", "b")}
                    cards.remove(mine, versions[mine])
                first.commit()
                refuses(VersionConflict, second.commit, "what was read by key is as it was")

    def test_units_that_have_nothing_in_common_all_commit(self) -> None:
        """Two clerks with two customers do not disturb each other."""
        with closing(self.new_store()) as store:
            with store.unit_of_work() as first, store.unit_of_work() as second:
                for unit, key in ((first, "a"), (second, "b")):
                    unit.repository(CARDS).add(card_of(key))
                    unit.stream(LEDGER).append(key, [Credit(1)], 0)
                    unit.outbox.add("added", key)
                for unit in (second, first):
                    accepts(unit.commit, "units that have nothing in common all commit")
            told: list[str] = []
            store.deliver(lambda message: told.append(message.payload))
            promise(told == ["b", "a"], "messages leave in the order of the commits")

    def test_a_unit_sees_the_store_as_it_was_when_it_began(self) -> None:
        """A report that is being made does not mix yesterday's figures with today's."""
        with closing(self.new_store()) as store:
            keep(store, card_of("a"))
            with store.unit_of_work() as report, store.unit_of_work() as other:
                _do_some_of_everything(other, "b")
                promise(_seen(report) == (("a",), ("a",), 0, ()), "others see nothing of a unit")
                other.commit()
                promise(_seen(report) == (("a",), ("a",), 0, ()), "a unit sees what there was")
            with store.unit_of_work() as unit:
                expected = (("a", "b"), ("a", "b"), 1, ("b",))
                promise(_seen(unit) == expected, "others see all of a unit that was committed")

    def test_entries_are_appended_to_what_was_seen(self) -> None:
        """Who writes into a ledger says how many lines were in it; a page in between is noticed."""
        with closing(self.new_store()) as store, store.unit_of_work() as unit:
            log = unit.stream(LEDGER)
            promise(log.append("a", [Credit(1), Debit(1)], 0) == 2, "there are two entries")
            promise(log.append("a", [], 2) == 2, "nothing is added")
            for wrong in (0, 1, 3):
                too_late = partial(log.append, "a", [Credit(1)], wrong)
                refuses(VersionConflict, too_late, "there are two entries")
            promise(log.read("a", 1) == (Debit(1),), "entries are read after a number")
            promise(log.read("a", 0, 1) == (Credit(1),), "entries are read up to a number")

    def test_entries_are_read_in_the_order_in_which_they_were_appended(self) -> None:
        """A ledger that is read in another order amounts to something else on the way."""
        entries: tuple[Credit | Debit, ...] = (Debit(2), Credit(9), Credit(1), Credit(10))
        with closing(self.new_store()) as store:
            for number, entry in enumerate(entries):
                with store.unit_of_work() as unit:
                    unit.stream(LEDGER).append("a", [entry], number)
                    unit.stream(LEDGER).append("b", [entry, entry], 2 * number)
                    unit.commit()
            with store.unit_of_work() as unit:
                log = unit.stream(LEDGER)
                promise(log.read("a") == entries, "entries are read in their order")
                promise(log.read("a", 1, 3) == entries[1:3], "entries are read in their order")
                twice = tuple(entry for entry in entries for _ in range(2))
                promise(log.read("b") == twice, "a stream has its own entries only")

    def test_answers_are_forgotten_when_they_are_old(self) -> None:
        """An idempotency key may be used anew once its answer was forgotten, and not before."""
        with closing(self.new_store()) as store:
            for hours in (0, 1, 2):
                with store.unit_of_work() as unit:
                    at = _AT + timedelta(hours=hours)
                    unit.once(f"command-{hours}", "{}", lambda: "first", at=at)
                    unit.commit()
            forgotten = store.forget_answers(before=_AT + timedelta(hours=1))
            promise(forgotten == 1, "one answer is older than an hour")
            with store.unit_of_work() as unit:
                answers = [
                    unit.once(f"command-{hours}", "{}", lambda: "second", at=_AT)
                    for hours in (0, 1, 2)
                ]
            promise(answers == ["second", "first", "first"], "the younger answers are kept")

    def test_threads_lose_nothing(self) -> None:
        """Clerks who count on one card, each trying again after a conflict, count right."""
        with closing(self.new_store()) as store:
            keep(store, card_of("a"))

            def count(_: int) -> None:
                retry_on_conflict(store, _one_more, attempts=1_000)

            with ThreadPoolExecutor(4) as threads:
                list(threads.map(count, range(40)))
            with store.unit_of_work() as unit:
                counted = unit.repository(CARDS).get("a").record.value
                promise(counted == 40, "no update is lost")
                promise(unit.stream(LEDGER).length("a") == 40, "no entry is lost")
            promise(store.deliver(ignore) == 40, "no message is lost")

    # --- messages ---

    def test_a_message_that_was_not_taken_comes_again_before_all_others(self) -> None:
        """A receiver that fails in the middle misses nothing and gets nothing out of order."""
        with closing(self.new_store()) as store:
            with store.unit_of_work() as unit:
                for number in range(5):
                    unit.outbox.add("counted", str(number))
                unit.commit()
            told: list[str] = []

            def fail_once_at_two(message: Message) -> None:
                told.append(message.payload)
                if told.count("2") == 1 and message.payload == "2":
                    raise InvalidValue("this handler fails once")

            refuses(
                InvalidValue, lambda: store.deliver(fail_once_at_two), "its error comes through"
            )
            promise(store.deliver(fail_once_at_two) == 3, "what was not taken comes again")
            promise(told == ["0", "1", "2", "2", "3", "4"], "no message is skipped")
            promise(store.deliver(fail_once_at_two) == 0, "what was taken does not come again")

    def test_a_message_of_a_unit_that_commits_late_is_not_skipped(self) -> None:
        """A unit that was held open for long leaves its messages behind those that have left."""
        with closing(self.new_store()) as store:
            told: list[str] = []
            with store.unit_of_work() as slow:
                slow.outbox.add("counted", "slow")
                for payload in ("first", "second"):
                    with store.unit_of_work() as quick:
                        quick.outbox.add("counted", payload)
                        quick.commit()
                    store.deliver(lambda message: told.append(message.payload))
                slow.commit()
            store.deliver(lambda message: told.append(message.payload))
            promise(told == ["first", "second", "slow"], "no message is skipped, and none repeated")


# --- what the promises are tried with -------------------------------------------------------------


def _seen(unit: UnitOfWork) -> tuple[tuple[str, ...], tuple[str, ...], int, tuple[str, ...]]:
    """What a unit sees of some of everything: records, listings, entries, streams."""
    cards = unit.repository(CARDS)
    keys = [each.record.key for each in cards.page().items if cards.find(each.record.key)]
    listed = [each.record.key for each in cards.query("by-tag").items]
    return tuple(keys), tuple(listed), unit.stream(LEDGER).length("b"), unit.stream(LEDGER).keys()


def _one_more(unit: UnitOfWork) -> None:
    cards = unit.repository(CARDS)
    stored = cards.get("a")
    count = unit.stream(LEDGER).length("a")
    cards.replace(card_of("a", count + 1), stored.version)
    unit.stream(LEDGER).append("a", [Credit(1)], count)
    unit.outbox.add("counted", str(count))


def _do_some_of_everything(unit: UnitOfWork, key: str = "a") -> None:
    unit.repository(CARDS).add(card_of(key))
    unit.stream(LEDGER).append(key, [Credit(1)], 0)
    unit.stream(LEDGER).snapshot(key, BALANCE)
    unit.once("command", "{}", lambda: "first", at=_AT)
    unit.outbox.add("done", "{}")
