"""Nothing that is kept of people is forgotten: a new field that nobody thought of is noticed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import ModuleType
from typing import Any, get_args

import attrs
import pytest

from crmkit import complaints, followups, lifetime_value, loyalty, retention, segmentation
from crmkit.cli.review import kept as review
from crmkit.complaints.records import said
from crmkit.identifiers import Actor, CustomerId
from crmkit.serialization.annotations import field_types, is_record
from crmkit.storage import Collection, Stream
from crmkit.storage.memory import MemoryStore
from crmkit.storage.subjects import (
    ERASED,
    SubjectData,
    customers_in,
    erase_subject,
    export_subject,
)
from crmkit.tiering import Tier, TierChange
from tests.storage.subject_town import (
    BEN,
    CANARY,
    DATA,
    DAY,
    IDA,
    NOW,
    PSEUDONYM,
    fill,
    in_a_unit,
)

ROOMS = (segmentation, lifetime_value, loyalty, retention, complaints, followups)

# Rooms whose open collections keep any of their stored types.
OPEN = {"segmentation-policies", "fitted-models"}

# What a room can write, and no collection of crmkit's keeps: a host that keeps it says whose it is.
KEPT_BY_HOSTS = {
    *("CallFeedback", "CallMeasure", "OpinionSheet", "OwnerHistory", "Placement", "Proposal"),
    *("Unplaced", "CustomerGivenUp", "CustomerLeft", "IntentionAnswer", "LoyaltyFacts"),
    *("MeasureProfile", "PointsAccount", "ProfitEntry", "ProgramMember"),
}


def kept_in(room: ModuleType) -> list[Collection[Any] | Stream[Any]]:
    return [each for each in vars(room).values() if isinstance(each, Collection | Stream)]


def types_of(kept: Collection[Any] | Stream[Any]) -> tuple[Any, ...]:
    return (kept.record_type,) if isinstance(kept, Collection) else kept.entry_types


def within(*roots: Any) -> set[Any]:
    """The record classes that some are made of."""
    found: set[Any] = set()
    waiting = [each for root in roots for each in _classes(root)]
    while waiting:
        cls = waiting.pop()
        if cls not in found:
            found.add(cls)
            waiting += [each for held in field_types(cls).values() for each in _classes(held)]
    return found


def _classes(declared: Any) -> Iterator[Any]:
    if is_record(declared):
        yield getattr(declared, "__origin__", declared)
    for each in get_args(declared):
        yield from _classes(each)


def reached(room: ModuleType) -> set[Any]:
    """What the collections of a room keep."""
    found = within(*(cls for each in kept_in(room) for cls in types_of(each)))
    is_open = OPEN & {each.name for each in kept_in(room)}
    return found | within(*room.STORED_TYPES) if is_open else found


def personal_fields(cls: Any) -> set[str]:
    return {each.name for each in attrs.fields(cls) if each.init and each.metadata.get("personal")}


def customer_fields(cls: Any) -> set[str]:
    return {name for name, held in field_types(cls).items() if _holds(held, CustomerId)}


def _holds(declared: Any, what: Any) -> bool:
    return declared is what or any(_holds(each, what) for each in get_args(declared))


class TestRooms:
    """Each room's table names all that it keeps."""

    @pytest.mark.parametrize("room", [*ROOMS, review], ids=lambda room: room.__name__)
    def test_every_collection_and_stream_stands_in_it(self, room):
        kept = {each.name for each in kept_in(room)}
        assert {datum.name for datum in room.SUBJECT_DATA} == kept

    def test_whatever_else_holds_something_of_people_is_kept_by_hosts(self):
        of_people = {
            cls.__name__
            for room in ROOMS
            for cls in within(*room.STORED_TYPES) - reached(room)
            if personal_fields(cls) or customer_fields(cls)
        }
        assert of_people == KEPT_BY_HOSTS

    @pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.__name__)
    def test_a_customer_is_declared_as_one(self, room):
        """A field that calls a customer a text would be overlooked."""
        people = ("customer", "member", "complainant", "referrer", "sender", "survivor", "person")
        found = {
            f"{cls.__name__}.{name}"
            for cls in within(*room.STORED_TYPES)
            for name, held in field_types(cls).items()
            if name.rstrip("s") in people
            and _holds(held, str)
            and not (_holds(held, CustomerId) or _holds(held, Actor))
        }
        assert found == set()


class TestTaggedFields:
    """Each field that is personal is filled in the town, handed out, and erased."""

    def places(self) -> set[tuple[str, str]]:
        roots = [cls for datum in DATA for cls in types_of(datum.kept)]
        return {(cls.__name__, name) for cls in within(*roots) for name in personal_fields(cls)}

    def filled(self, records: Iterator[Any]) -> set[tuple[str, str]]:
        return {place for record in records for place in _told(record)}

    def records(self, store: MemoryStore) -> Iterator[Any]:
        with store.unit_of_work() as unit:
            for datum in DATA:
                kept = datum.kept
                if isinstance(kept, Collection):
                    yield from (each.record for each in unit.repository(kept).page().items)
                else:
                    log = unit.stream(kept)
                    keys = log.keys()
                    yield from (entry for key in keys for entry in log.read(key))

    def test_there_are_some(self):
        assert len(self.places()) > 20

    def test_each_is_filled_before_and_empty_afterwards(self):
        store = MemoryStore()
        fill(store)
        assert self.filled(self.records(store)) == self.places()
        erase_subject(store, IDA, DATA, pseudonym=PSEUDONYM, at=NOW)
        assert self.filled(self.records(store)) == set()

    def test_each_is_handed_out(self):
        store = MemoryStore()
        fill(store)
        documents = export_subject(store, IDA, DATA, at=NOW).as_json()["records"]
        kinds = {datum.name: datum.kept for datum in DATA}
        records = (
            kinds[name].loads(json.dumps(document))
            for name, found in documents.items()
            for document in found
        )
        assert self.filled(records) == self.places()


def _told(value: Any) -> Iterator[tuple[str, str]]:
    """The personal fields of a record that hold the word by which Ida is told."""
    if isinstance(value, tuple):
        for item in value:
            yield from _told(item)
    elif is_record(type(value)):
        for name in personal_fields(type(value)):
            if CANARY in str(getattr(value, name)):
                yield type(value).__name__, name
        for each in attrs.fields(type(value)):
            if each.init:
                yield from _told(getattr(value, each.name))


class TestControls:
    """The checks above can fail."""

    def test_a_table_without_a_collection_is_noticed(self):
        kept = {each.name for each in kept_in(loyalty)}
        assert {datum.name for datum in loyalty.SUBJECT_DATA[1:]} != kept

    def test_a_new_field_is_noticed(self):
        @attrs.frozen
        class Grown:
            """A record with one field more."""

            customer: CustomerId
            whim: str = attrs.field(default="", metadata={"personal": True})

        grown = Collection("grown", Grown, key=lambda each: each.customer)
        assert personal_fields(Grown) == {"whim"}
        assert customer_fields(Grown) == {"customer"}
        assert customers_in(Grown(IDA)) == {IDA}
        assert set(_told(Grown(IDA, CANARY))) == {("Grown", "whim")}
        assert SubjectData(grown).owners(Grown(IDA)) == frozenset()


class TestReviews:
    """What ``crmkit review`` keeps names customers, and nobody owns it."""

    def test_those_who_moved_are_told_by_the_pseudonym(self):
        store = MemoryStore()
        change = TierChange(on=DAY, to_tier=Tier("gold", 3), reason="in at gold")
        moves = [review.TierMove(change=change, customers=(IDA, BEN))]
        in_a_unit(store, lambda unit: unit.stream(review.TIER_MOVES).append("abc", moves, 0))
        report = erase_subject(store, IDA, review.SUBJECT_DATA, pseudonym=PSEUDONYM, at=NOW)
        assert [(part.name, part.renamed) for part in report.parts] == [("tier-moves", 1)]
        with store.unit_of_work() as unit:
            assert len(review.tier_history(unit, "abc", PSEUDONYM).changes) == 1
            assert review.tier_history(unit, "abc", BEN).changes == (change,)
        assert export_subject(store, PSEUDONYM, review.SUBJECT_DATA, at=NOW).is_empty


def test_one_word_stands_for_what_was_erased():
    assert said.ERASED == ERASED
