"""How a room says what it keeps, and the helpers that work with any store."""

from __future__ import annotations

import pytest
from attrs import frozen

from crmkit.errors import InvalidDocument, InvalidPolicy, InvalidValue, VersionConflict
from crmkit.serialization import Schema, make_converter
from crmkit.storage import (
    Collection,
    Fold,
    Index,
    Message,
    Page,
    Stored,
    Stream,
    retry_on_conflict,
    walk,
)
from crmkit.storage.memory import MemoryStore

BAD_NAMES = ["", "Tiers", "tier histories", "tier_histories", "-tiers", "tiers-", "ä", "t" * 61]


@frozen
class Note:
    key: str
    text: str = ""


@frozen
class LongNote(Note):
    more: str = ""


NOTES = Collection("notes", Note, lambda note: note.key)
TRAIL = Stream("trail", (Note,))


class TestCollection:
    """A room says how its record is kept: under which key, found by which indexes."""

    @pytest.mark.parametrize("name", BAD_NAMES)
    def test_names_are_words_with_hyphens(self, name):
        with pytest.raises(InvalidPolicy, match="the name of a collection"):
            Collection(name, Note, lambda note: note.key)

    def test_two_indexes_do_not_share_a_name(self):
        by_text: Index[Note] = Index("by-text", lambda note: (note.text,))
        with pytest.raises(InvalidPolicy, match="two indexes of notes"):
            Collection("notes", Note, lambda note: note.key, (by_text, by_text))

    def test_a_record_of_a_subclass_would_lose_its_own_fields(self):
        with pytest.raises(InvalidValue, match="notes keeps Note, not LongNote"):
            NOTES.dumps(LongNote("a"))

    def test_documents_say_what_they_are(self):
        assert NOTES.dumps(Note("a")) == '{"data":{"key":"a","text":""},"kind":"note","version":1}'
        assert NOTES.loads(NOTES.dumps(Note("a", "b"))) == Note("a", "b")

    def test_a_converter_of_the_host_carries_versions(self):
        second = make_converter(Schema(Note, version=2, upcasters=(lambda data: data,)))
        notes = Collection("notes", Note, lambda note: note.key, converter=second)
        assert notes.dumps(Note("a")).endswith('"version":2}')
        assert notes.loads(NOTES.dumps(Note("a"))) == Note("a")

    def test_the_signature_names_indexes_and_revisions_in_one_order(self):
        one: Index[Note] = Index("one", lambda _: [])
        two: Index[Note] = Index("two", lambda _: [], revision=2)
        for indexes in ((one, two), (two, one)):
            assert Collection("notes", Note, NOTES.key, indexes).signature == "one:1 two:2"


class TestIndex:
    """An index lists records by tuples of values."""

    @pytest.mark.parametrize("name", BAD_NAMES)
    def test_names_are_words_with_hyphens(self, name):
        with pytest.raises(InvalidPolicy, match="the name of an index"):
            Index(name, lambda note: (note.key,))

    @pytest.mark.parametrize("revision", [0, -1, True, 1.0])
    def test_revisions_count_from_one(self, revision):
        with pytest.raises(InvalidPolicy, match="counts from 1"):
            Index("by-key", lambda note: (note.key,), revision)


class TestStream:
    """Entries that only grow, each of a type that the stream names."""

    @pytest.mark.parametrize("name", BAD_NAMES)
    def test_names_are_words_with_hyphens(self, name):
        with pytest.raises(InvalidPolicy, match="the name of a stream"):
            Stream(name, (Note,))

    def test_there_is_at_least_one_type(self):
        with pytest.raises(InvalidPolicy, match="at least one type"):
            Stream("trail", ())

    def test_entries_are_of_one_of_the_types(self):
        with pytest.raises(InvalidValue, match="trail keeps Note, not LongNote"):
            TRAIL.dumps(LongNote("a"))
        with pytest.raises(InvalidDocument):
            TRAIL.loads(TRAIL.dumps(Note("a")).replace('"note"', '"order"'))


class TestFold:
    """What the entries of a stream amount to."""

    @pytest.mark.parametrize("name", BAD_NAMES)
    def test_names_are_words_with_hyphens(self, name):
        with pytest.raises(InvalidPolicy, match="the name of a fold"):
            Fold(name, int, 0, lambda count, _: count + 1)

    @pytest.mark.parametrize("revision", [0, -1, True, 1.0])
    def test_revisions_count_from_one(self, revision):
        with pytest.raises(InvalidPolicy, match="counts from 1"):
            Fold("count", int, 0, lambda count, _: count + 1, revision)


class TestWhatIsHandedOut:
    """What may be personal stays out of logs."""

    def test_the_payload_of_a_message_stays_out_of_its_repr(self):
        assert repr(Message(7, "tier-changed", "Anna")) == "Message(id=7, topic='tier-changed')"

    def test_the_place_of_the_next_page_stays_out_of_the_repr(self):
        assert repr(Page((), next="41")) == "Page(items=())"


class TestWalk:
    """Going through all pages of a question."""

    def test_it_asks_until_there_is_no_next_page(self):
        pages = {
            None: Page((Stored("a", 1), Stored("b", 1)), next="b"),
            "b": Page((Stored("c", 1),), next="c"),
            "c": Page(()),
        }
        assert [stored.record for stored in walk(pages.__getitem__)] == ["a", "b", "c"]

    def test_it_asks_for_no_more_than_is_used(self):
        asked = []

        def fetch(after):
            asked.append(after)
            return Page((Stored("a", 1),), next="a")

        assert next(walk(fetch)).record == "a"
        assert asked == [None]


class TestRetryOnConflict:
    """After a conflict, read again and decide again, as often as the host is ready to."""

    def conflicts(self, count):
        """Work that meets so many conflicts before it succeeds."""
        left = iter(range(count))

        def work(unit):
            if next(left, None) is not None:
                raise VersionConflict("notes", 1, 2)
            unit.outbox.add("done", "")
            return "done"

        return work

    def test_work_without_conflicts_is_done_once_and_committed(self):
        store = MemoryStore()
        assert retry_on_conflict(store, self.conflicts(0)) == "done"
        assert store.deliver(lambda _: None) == 1

    def test_it_is_done_again_after_each_conflict(self):
        store = MemoryStore()
        pauses: list[int] = []
        work = self.conflicts(3)
        assert retry_on_conflict(store, work, attempts=4, pause=pauses.append) == "done"
        assert pauses == [1, 2, 3]
        assert store.deliver(lambda _: None) == 1

    def test_it_ends_with_the_conflict_when_the_attempts_are_used_up(self):
        store = MemoryStore()
        pauses: list[int] = []
        with pytest.raises(VersionConflict):
            retry_on_conflict(store, self.conflicts(4), attempts=4, pause=pauses.append)
        assert pauses == [1, 2, 3]
        assert store.deliver(lambda _: None) == 0

    def test_other_errors_come_through_at_once(self):
        calls = []

        def fails(_):
            calls.append(1)
            raise InvalidValue("no")

        with pytest.raises(InvalidValue):
            retry_on_conflict(MemoryStore(), fails)
        assert calls == [1]
