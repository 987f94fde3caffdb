"""Of the contract of a store: keys, texts and indexes, and what changes over the years.

:class:`crmkit.testing.contracts.StoreContract` takes its promises from here.
"""

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from typing import Any

from crmkit.errors import InvalidValue, NewerSchema, VersionConflict
from crmkit.serialization import Schema, make_converter
from crmkit.storage import Collection, Fold, Index, OutdatedIndex, Repository, UnitOfWork
from crmkit.testing.contract_parts import Promises, card_of, ignore, keep
from crmkit.testing.model import promise, refuses
from crmkit.testing.samples import BALANCE, CARDS, KEYS, LEDGER, Card, Credit, Debit

__all__ = ["KeyPromises", "YearsPromises"]

_AT = datetime(2026, 1, 1, 12, tzinfo=UTC)


class KeyPromises(Promises):
    """Keys, texts and places are the same in every store."""

    def test_a_record_is_found_where_it_is_listed_now(self) -> None:
        """Who is gold no longer is not among the gold customers."""
        with closing(self.new_store()) as store:
            keep(store, card_of("a", tag="x"), card_of("b", tag="x"))
            for change in (lambda cards: cards.replace(card_of("a", tag="y"), 1), _remove_b):
                with store.unit_of_work() as unit:
                    change(unit.repository(CARDS))
                    unit.commit()
            with store.unit_of_work() as unit:
                cards = unit.repository(CARDS)
                for tag, expected in (("x", []), ("y", ["a"])):
                    found = [each.record.key for each in cards.query("by-tag", prefix=(tag,)).items]
                    promise(found == expected, "a record is found where it is listed now, only")

    def test_keys_are_compared_by_code_point(self) -> None:
        """Keys that differ in case, accents or blanks are different keys, in a fixed order."""
        with closing(self.new_store()) as store:
            keep(store, *[card_of(key) for key in KEYS])
            with store.unit_of_work() as unit:
                cards = unit.repository(CARDS)
                promise(
                    all(cards.get(key).record == card_of(key) for key in KEYS),
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
                    partial(store.deliver, ignore, limit=limit),
                ):
                    refuses(InvalidValue, action, "a limit is a whole number from 1 to 10,000")
            for after in ("", "a", "a.b", "61.zz", ".ff"):
                for ask in (cards.page, partial(cards.query, "by-tag")):
                    refuses(InvalidValue, partial(ask, after=after), "a page begins at a place")
            refuses(InvalidValue, lambda: cards.query("by-color"), "an index has a name")


class YearsPromises(Promises):
    """Records, indexes and folds outlive the program that wrote them."""

    def test_a_version_that_was_once_there_never_comes_back(self) -> None:
        """What was removed and added anew is another record, even if it looks the same."""
        with closing(self.new_store()) as store:
            keep(store, card_of("a"))
            with store.unit_of_work() as late:
                seen = late.repository(CARDS).get("a").version
            with store.unit_of_work() as unit:
                unit.repository(CARDS).remove("a", seen)
                unit.commit()
            keep(store, card_of("a"))
            with store.unit_of_work() as late:
                cards = late.repository(CARDS)
                refuses(
                    VersionConflict,
                    lambda: cards.replace(card_of("a"), seen),
                    "a record that was added anew has a new version",
                )

    def test_indexes_that_changed_are_noticed_until_the_records_are_listed_anew(self) -> None:
        """A search by an index that the store does not hold yet would silently miss records."""
        changed = _with_indexes(Index("by-key", lambda card: (card.key,), revision=2))
        with closing(self.new_store()) as store:
            keep(store, card_of("b"), card_of("a"))
            with store.unit_of_work() as unit:
                cards = unit.repository(changed)
                promise(cards.get("a").record == card_of("a"), "a record is found by its key")
                for action in (
                    lambda: cards.query("by-key"),
                    lambda: cards.add(card_of("c")),
                    lambda: cards.replace(card_of("a"), 1),
                    lambda: cards.remove("a", 1),
                ):
                    refuses(OutdatedIndex, action, "outdated indexes are noticed")
            with store.unit_of_work() as slow:
                slow.repository(CARDS).add(card_of("c"))
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
            keep(store, card_of("a"))
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
                log.append("b", [Credit(5), Credit(5)], 0)
                log.snapshot("a", BALANCE)
                unit.commit()
            with store.unit_of_work() as unit:
                log = unit.stream(LEDGER)
                promise(log.fold("a", BALANCE) == 2, "a snapshot is used")
                promise(log.fold("b", BALANCE) == 10, "a snapshot speaks for its own stream")
                promise(log.fold("a", twice) == 4, "another revision begins anew")
                log.snapshot("a", twice)
                unit.commit()
            with store.unit_of_work() as unit:
                promise(unit.stream(LEDGER).verify("a", twice) == 4, "the new snapshot is kept")


# --- what the promises are tried with -------------------------------------------------------------


def _remove_b(cards: Repository[Card]) -> None:
    cards.remove("b", 1)


def _with_indexes(*indexes: Index[Card]) -> Collection[Card]:
    return Collection(CARDS.name, Card, CARDS.key, indexes)


def _in_capitals(data: dict[str, Any]) -> dict[str, Any]:
    return {**data, "owner": data["owner"].upper()}


def _ways_to_use_a_key(unit: UnitOfWork, key: str) -> list[Callable[[], object]]:
    cards = unit.repository(CARDS)
    log = unit.stream(LEDGER)
    return [
        lambda: cards.find(key),
        lambda: cards.get(key),
        lambda: cards.add(card_of(key)),
        lambda: cards.replace(card_of(key), 1),
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
