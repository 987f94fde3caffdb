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
from typing import Any

from crmkit.errors import InvalidValue, MissingExtra, NewerSchema, VersionConflict
from crmkit.money import Money
from crmkit.serialization import Schema, make_converter
from crmkit.storage import (
    Collection,
    Fold,
    Index,
    Message,
    OutdatedIndex,
    Store,
    UnitOfWork,
    retry_on_conflict,
)
from crmkit.testing.histories import Histories
from crmkit.testing.model import ContractBroken, promise, refuses
from crmkit.testing.samples import BALANCE, CARDS, KEYS, LEDGER, Card, Credit, Debit

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


class StoreContract:
    """The promises of a store as tests: derive a class and say how a new, empty store is made."""

    max_examples: int | None = None
    """How many random histories are tried; None leaves it to the Hypothesis profile."""

    def new_store(self) -> Store:
        """Make a new, empty store."""
        raise NotImplementedError("derive from StoreContract and make a new, empty store here")

    # --- units of work ---

    def test_random_histories_of_two_units_match_the_model(self) -> None:
        """Whatever two units do side by side, they see and leave behind what the model says."""
        effort = settings(deadline=None, stateful_step_count=30)
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
            promise(store.deliver(_ignore) == 0, "no message is kept")

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
            promise(store.deliver(_ignore) == 1, "the message is kept")

    def test_an_update_that_others_have_overtaken_is_refused(self) -> None:
        """Two read, both decide, both write: the second must decide again."""
        with closing(self.new_store()) as store:
            _keep(store, _card("a"))
            with store.unit_of_work() as first, store.unit_of_work() as second:
                for unit in (first, second):
                    cards = unit.repository(CARDS)
                    cards.replace(_card("a"), cards.get("a").version)
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
            promise(store.deliver(_ignore) == 0, "no message is kept")

    def test_what_a_decision_rests_on_is_guarded_too(self) -> None:
        """Two wallets are not both emptied because each looked at the other while it was full."""
        with closing(self.new_store()) as store:
            _keep(store, _card("a"), _card("b"))
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
                    unit.repository(CARDS).add(_card(key))
                    unit.stream(LEDGER).append(key, [Credit(1)], 0)
                    unit.outbox.add("added", key)
                second.commit()
                first.commit()
            told: list[str] = []
            store.deliver(lambda message: told.append(message.payload))
            promise(told == ["b", "a"], "messages leave in the order of the commits")

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
            _keep(store, _card("a"))

            def count(_: int) -> None:
                retry_on_conflict(store, _one_more, attempts=1_000)

            with ThreadPoolExecutor(4) as threads:
                list(threads.map(count, range(40)))
            with store.unit_of_work() as unit:
                counted = unit.repository(CARDS).get("a").record.value
                promise(counted == 40, "no update is lost")
                promise(unit.stream(LEDGER).length("a") == 40, "no entry is lost")
            promise(store.deliver(_ignore) == 40, "no message is lost")

    # --- keys and texts ---

    def test_keys_are_compared_by_code_point(self) -> None:
        """Keys that differ in case, accents or blanks are different keys, in a fixed order."""
        with closing(self.new_store()) as store:
            _keep(store, *[_card(key) for key in KEYS])
            with store.unit_of_work() as unit:
                cards = unit.repository(CARDS)
                promise(
                    all(cards.get(key).record == _card(key) for key in KEYS),
                    "every key has a record of its own",
                )
                keys = [stored.record.key for stored in cards.page().items]
                promise(keys == sorted(KEYS), "keys are in the order of their code points")

    def test_texts_that_not_every_store_can_keep_are_refused(self) -> None:
        """NUL and lone surrogates are refused before one store keeps them and another fails."""
        with closing(self.new_store()) as store, store.unit_of_work() as unit:
            for bad in ("", " a", "a\0", "\ud800", "k" * 256):
                for action in _ways_to_use_a_key(unit, bad):
                    refuses(InvalidValue, action, "a text that is no identifier is refused")
            for bad in ("a\0", "\ud800"):
                for action in _ways_to_use_a_text(unit, bad):
                    refuses(InvalidValue, action, "a text that not every store keeps is refused")

    def test_limits_and_pages_that_make_no_sense_are_refused(self) -> None:
        """A page has 1 to 10,000 records and begins where another one ended."""
        with closing(self.new_store()) as store, store.unit_of_work() as unit:
            cards = unit.repository(CARDS)
            for limit in (0, -1, 10_001, True):
                for action in (
                    partial(cards.page, limit=limit),
                    partial(cards.query, "by-tag", limit=limit),
                    partial(store.deliver, _ignore, limit=limit),
                ):
                    refuses(InvalidValue, action, "a limit is a whole number from 1 to 10,000")
            for after in ("", "a", "a.b", "61.zz", ".ff"):
                for ask in (cards.page, partial(cards.query, "by-tag")):
                    refuses(InvalidValue, partial(ask, after=after), "a page begins at a place")
            refuses(InvalidValue, lambda: cards.query("by-color"), "an index has a name")

    # --- what changes over the years ---

    def test_a_version_that_was_once_there_never_comes_back(self) -> None:
        """What was removed and added anew is another record, even if it looks the same."""
        with closing(self.new_store()) as store:
            _keep(store, _card("a"))
            with store.unit_of_work() as late:
                seen = late.repository(CARDS).get("a").version
            with store.unit_of_work() as unit:
                unit.repository(CARDS).remove("a", seen)
                unit.commit()
            _keep(store, _card("a"))
            with store.unit_of_work() as late:
                cards = late.repository(CARDS)
                refuses(
                    VersionConflict,
                    lambda: cards.replace(_card("a"), seen),
                    "a record that was added anew has a new version",
                )

    def test_indexes_that_changed_are_noticed_until_the_records_are_listed_anew(self) -> None:
        """A search by an index that the store does not hold yet would silently miss records."""
        changed = _with_indexes(Index("by-key", lambda card: (card.key,), revision=2))
        with closing(self.new_store()) as store:
            _keep(store, _card("b"), _card("a"))
            with store.unit_of_work() as unit:
                cards = unit.repository(changed)
                promise(cards.get("a").record == _card("a"), "a record is found by its key")
                for action in (
                    lambda: cards.query("by-key"),
                    lambda: cards.add(_card("c")),
                    lambda: cards.replace(_card("a"), 1),
                    lambda: cards.remove("a", 1),
                ):
                    refuses(OutdatedIndex, action, "outdated indexes are noticed")
            with store.unit_of_work() as slow:
                slow.repository(CARDS).add(_card("c"))
                promise(store.reindex(changed) == 2, "reindex counts the records")
                refuses(OutdatedIndex, slow.commit, "outdated indexes are noticed at the commit")
            with store.unit_of_work() as unit:
                page = unit.repository(changed).query("by-key", prefix=("b",))
                promise(
                    [each.record.key for each in page.items] == ["b"], "records are listed anew"
                )
                refuses(
                    OutdatedIndex,
                    lambda: unit.repository(CARDS).query("by-tag"),
                    "an older program notices too",
                )

    def test_older_documents_are_read_and_newer_ones_refused(self) -> None:
        """A record of an earlier release is brought up to date; a later one is not guessed at."""
        newer = Collection(
            CARDS.name,
            Card,
            CARDS.key,
            CARDS.indexes,
            converter=make_converter(Schema(Card, version=2, upcasters=(_in_capitals,))),
        )
        with closing(self.new_store()) as store:
            _keep(store, _card("a"))
            with store.unit_of_work() as unit:
                cards = unit.repository(newer)
                promise(cards.get("a").record.owner == "ANNA", "an older document is brought up")
                cards.replace(cards.get("a").record, cards.get("a").version)
                unit.commit()
            with store.unit_of_work() as unit:
                cards = unit.repository(CARDS)
                refuses(NewerSchema, lambda: cards.get("a"), "a newer document is refused")
                refuses(NewerSchema, cards.page, "a newer document is refused")

    def test_snapshots_of_a_fold_that_changed_are_left_unused(self) -> None:
        """A snapshot speaks for the revision of the fold that made it, and for no other."""
        twice: Fold[Credit | Debit, int] = Fold(
            "balance", int, 0, lambda balance, _: balance + 2, revision=2
        )
        with closing(self.new_store()) as store:
            with store.unit_of_work() as unit:
                log = unit.stream(LEDGER)
                log.append("a", [Credit(1), Credit(1)], 0)
                log.snapshot("a", BALANCE)
                unit.commit()
            with store.unit_of_work() as unit:
                log = unit.stream(LEDGER)
                promise(log.fold("a", BALANCE) == 2, "a snapshot is used")
                promise(log.fold("a", twice) == 4, "another revision begins anew")
                log.snapshot("a", twice)
                unit.commit()
            with store.unit_of_work() as unit:
                promise(unit.stream(LEDGER).verify("a", twice) == 4, "the new snapshot is kept")

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


# --- what the promises are tried with
# --------------------------------------------------------------


def _card(key: str, value: int = 0) -> Card:
    return Card(key, "anna", None, Money("1.00", "EUR"), ("x",), value)


def _with_indexes(*indexes: Index[Card]) -> Collection[Card]:
    return Collection(CARDS.name, Card, CARDS.key, indexes)


def _in_capitals(data: dict[str, Any]) -> dict[str, Any]:
    return {**data, "owner": data["owner"].upper()}


def _keep(store: Store, *cards: Card) -> None:
    with store.unit_of_work() as unit:
        for card in cards:
            unit.repository(CARDS).add(card)
        unit.commit()


def _one_more(unit: UnitOfWork) -> None:
    cards = unit.repository(CARDS)
    stored = cards.get("a")
    count = unit.stream(LEDGER).length("a")
    cards.replace(_card("a", count + 1), stored.version)
    unit.stream(LEDGER).append("a", [Credit(1)], count)
    unit.outbox.add("counted", str(count))


def _do_some_of_everything(unit: UnitOfWork) -> None:
    unit.repository(CARDS).add(_card("a"))
    unit.stream(LEDGER).append("a", [Credit(1)], 0)
    unit.stream(LEDGER).snapshot("a", BALANCE)
    unit.once("command", "{}", lambda: "first", at=_AT)
    unit.outbox.add("done", "{}")


def _ways_to_use_a_key(unit: UnitOfWork, key: str) -> list[Callable[[], object]]:
    cards = unit.repository(CARDS)
    log = unit.stream(LEDGER)
    return [
        lambda: cards.find(key),
        lambda: cards.get(key),
        lambda: cards.add(_card(key)),
        lambda: cards.replace(_card(key), 1),
        lambda: cards.remove(key, 1),
        lambda: cards.query("by-owner", prefix=(key,)),
        lambda: log.length(key),
        lambda: log.read(key),
        lambda: log.append(key, [], 0),
        lambda: log.fold(key, BALANCE),
        lambda: unit.once(key, "{}", str, at=_AT),
        lambda: unit.outbox.add(key, "{}"),
    ]


def _ways_to_use_a_text(unit: UnitOfWork, text: str) -> list[Callable[[], object]]:
    return [
        lambda: unit.once("command", text, str, at=_AT),
        lambda: unit.once("command", "{}", lambda: text, at=_AT),
        lambda: unit.outbox.add("topic", text),
    ]


def _ignore(_: Message) -> None:
    """Take a message and do nothing about it."""
