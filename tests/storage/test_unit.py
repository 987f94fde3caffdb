"""What the units of crmkit's own stores do beyond the contract."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from attrs import evolve, frozen

from crmkit.errors import (
    CorruptStore,
    InvalidDocument,
    InvalidValue,
    NaiveDatetime,
    UnitOfWorkClosed,
    VersionConflict,
)
from crmkit.serialization import make_converter
from crmkit.storage import Collection, Fold, Index, Stream
from crmkit.storage.memory import MemoryStore
from crmkit.storage.sqlite import SqliteStore
from crmkit.storage.unit.changes import Snapshot

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


@frozen
class Note:
    key: str
    text: str = ""


@frozen
class Point:
    count: int


NOTES = Collection("notes", Note, lambda note: note.key)
POINTS: Stream[Point] = Stream("points", (Point,))
TOTAL: Fold[Point, int] = Fold("total", int, 0, lambda total, point: total + point.count)


@pytest.fixture(params=["memory", "sqlite"])
def store(request, tmp_path):
    def in_a_file():
        return SqliteStore.open(tmp_path / "shop", create=True)

    with {"memory": MemoryStore, "sqlite": in_a_file}[request.param]() as store:
        yield store


@pytest.fixture
def unit(store):
    with store.unit_of_work() as unit:
        yield unit


class TestRecords:
    """A unit sees its own changes over what the store had when it began."""

    def test_a_record_of_another_type_is_refused_before_its_key_is_asked_for(self, unit):
        with pytest.raises(InvalidValue, match="notes keeps Note, not Point"):
            unit.repository(NOTES).add(Point(1))

    def test_a_text_that_not_every_store_can_keep_is_refused_in_a_record(self, unit):
        with pytest.raises(InvalidValue, match="lone surrogate"):
            unit.repository(NOTES).add(Note("a", "\ud800"))

    def test_an_escaped_nul_is_kept_as_it_is(self, unit):
        unit.repository(NOTES).add(Note("a", "\0"))
        assert unit.repository(NOTES).get("a").record.text == "\0"

    @pytest.mark.parametrize("values", [None, "red", [None], [["red"]], {"red"}])
    def test_an_index_lists_by_tuples(self, unit, values):
        notes = Collection("notes", Note, NOTES.key, (Index("by-color", lambda _: values),))
        with pytest.raises(InvalidValue, match="the index by-color lists a record at a tuple"):
            unit.repository(notes).add(Note("a"))

    @pytest.mark.parametrize(("longest", "fits"), [(243, True), (244, False)])
    def test_an_index_lists_by_no_more_than_every_server_keeps_in_order(self, unit, longest, fits):
        """Up to 1,400 bytes: each of six texts takes two more than it has."""
        texts = (*(["x" * 229] * 5), "y" * longest)  # 5 * 231 + 245 are 1,400.
        notes = Collection("notes", Note, NOTES.key, (Index("by-texts", lambda _: texts),))
        repository = unit.repository(notes)
        if fits:
            assert repository.add(Note("a")).version == 1
        else:
            with pytest.raises(InvalidValue, match="by more than 1400 bytes"):
                repository.add(Note("a"))

    def test_a_record_that_came_and_went_in_one_unit_leaves_nothing(self, store):
        with store.unit_of_work() as unit:
            stored = unit.repository(NOTES).add(Note("a"))
            unit.repository(NOTES).remove("a", stored.version)
            assert unit.repository(NOTES).find("a") is None
            again = unit.repository(NOTES).add(Note("a", "again"))
            assert again.version > stored.version
            unit.repository(NOTES).remove("a", again.version)
            unit.commit()
        with store.unit_of_work() as unit:
            assert unit.repository(NOTES).page().items == ()

    def test_a_version_is_not_used_again_by_a_unit_that_began_before_the_removal(self, store):
        with store.unit_of_work() as late, store.unit_of_work() as quick:
            late.repository(NOTES).add(Note("a", "late"))
            quick.repository(NOTES).add(Note("a", "quick"))
            quick.commit()
            with store.unit_of_work() as unit:
                unit.repository(NOTES).remove("a", 1)
                unit.commit()
            with pytest.raises(VersionConflict):
                late.commit()

    def test_a_unit_that_only_looked_is_never_refused(self, store):
        with store.unit_of_work() as reader, store.unit_of_work() as writer:
            assert reader.repository(NOTES).find("a") is None
            writer.repository(NOTES).add(Note("a"))
            writer.commit()
            reader.commit()

    def test_an_error_leaves_the_unit_as_it_was(self, store):
        with store.unit_of_work() as unit:
            unit.repository(NOTES).add(Note("a"))
            with pytest.raises(VersionConflict):
                unit.repository(NOTES).replace(Note("a", "new"), 7)
            unit.commit()
        with store.unit_of_work() as unit:
            assert unit.repository(NOTES).get("a").record == Note("a")

    def test_an_exception_in_the_block_rolls_back(self, store):
        def add_and_fail():
            with store.unit_of_work() as unit:
                unit.repository(NOTES).add(Note("a"))
                raise KeyError("the host's own")

        with pytest.raises(KeyError):
            add_and_fail()
        with store.unit_of_work() as unit:
            assert unit.repository(NOTES).find("a") is None

    def test_an_unknown_index_is_answered_with_those_there_are(self, unit):
        notes = Collection(
            "notes", Note, NOTES.key, (Index("by-text", lambda note: [(note.text,)]),)
        )
        with pytest.raises(InvalidValue, match="notes has no such index; it has: by-text"):
            unit.repository(notes).query("by-color")
        with pytest.raises(InvalidValue, match="notes has no such index; it has: none"):
            unit.repository(NOTES).query("by-color")


class TestPages:
    """A page shows the store as it was when the unit began, with the unit's own changes over it."""

    BY_TEXT: Collection[Note] = Collection(
        "notes", Note, NOTES.key, (Index("by-text", lambda note: (note.text,)),)
    )

    def keys(self, unit, **options):
        """The keys that a query lists, page by page."""
        notes = unit.repository(self.BY_TEXT)
        pages = [notes.query("by-text", **options)]
        while pages[-1].next is not None:
            pages.append(notes.query("by-text", after=pages[-1].next, **options))
        return ["".join(stored.record.key for stored in page.items) for page in pages]

    @pytest.fixture
    def unit(self, store):
        with store.unit_of_work() as unit:
            for key in "abcdefgh":
                unit.repository(self.BY_TEXT).add(Note(key, key * 2))
            unit.commit()
        with store.unit_of_work() as unit:
            yield unit

    @pytest.mark.parametrize(
        ("options", "pages"),
        [
            ({}, ["abcdefgh"]),
            ({"limit": 3}, ["abc", "def", "gh"]),
            ({"limit": 4}, ["abcd", "efgh"]),
            ({"limit": 3, "descending": True}, ["hgf", "edc", "ba"]),
            ({"limit": 2, "start": "cc", "end": "ff"}, ["cd", "e"]),
            ({"limit": 2, "start": "cc", "end": "ff", "descending": True}, ["ed", "c"]),
            ({"prefix": ("cc",)}, ["c"]),
            ({"start": "ff", "end": "cc"}, [""]),
        ],
    )
    def test_pages_follow_each_other(self, unit, options, pages):
        assert self.keys(unit, **options) == pages

    def test_what_was_removed_makes_room_for_what_follows(self, unit):
        notes = unit.repository(self.BY_TEXT)
        for key in "abcde":
            notes.remove(key, 1)
        assert self.keys(unit, limit=2) == ["fg", "h"]
        assert [stored.record.key for stored in notes.page(limit=2).items] == ["f", "g"]

    def test_what_was_replaced_stands_where_it_belongs_now(self, unit):
        unit.repository(self.BY_TEXT).replace(Note("a", "zz"), 1)
        unit.repository(self.BY_TEXT).add(Note("i", "ab"))
        assert self.keys(unit, limit=4) == ["ibcd", "efgh", "a"]
        assert self.keys(unit, limit=4, descending=True) == ["ahgf", "edcb", "i"]


class TestTexts:
    """A lone surrogate has no place in a record either, wherever it hides."""

    def test_it_is_refused_as_a_key_of_a_mapping(self, unit):
        @frozen
        class Tagged:
            key: str
            tags: Mapping[str, int]

        tagged = Collection("tagged", Tagged, lambda record: record.key)
        with pytest.raises(InvalidValue):
            unit.repository(tagged).add(Tagged("a", {"\ud800": 1}))


class TestStreams:
    """What only grows, and what it amounts to."""

    @pytest.mark.parametrize(("after", "until"), [(-1, None), (0, -1), (True, None), (0, 1.0)])
    def test_entries_are_numbered_from_one(self, unit, after, until):
        with pytest.raises(InvalidValue, match="numbered from 1"):
            unit.stream(POINTS).read("a", after, until)

    def test_an_entry_that_cannot_be_kept_leaves_the_others_out_too(self, unit):
        with pytest.raises(InvalidValue):
            unit.stream(POINTS).append("a", [Point(1), Note("a")], 0)
        assert unit.stream(POINTS).read("a") == ()

    def test_a_fold_may_have_a_record_as_its_state(self, store):
        longest: Fold[Point, Note] = Fold(
            "longest", Note, Note("none"), lambda state, point: evolve(state, text=str(point.count))
        )
        with store.unit_of_work() as unit:
            unit.stream(POINTS).append("a", [Point(7)], 0)
            assert unit.stream(POINTS).snapshot("a", longest) == Note("none", "7")
            unit.commit()
        with store.unit_of_work() as unit:
            assert unit.stream(POINTS).fold("a", longest) == Note("none", "7")

    def keep(self, snapshot):
        """Put a snapshot where only a damaged store could have it."""
        store = MemoryStore()
        with store.unit_of_work() as unit:
            unit.stream(POINTS).append("a", [Point(1), Point(2)], 0)
            unit.stream(POINTS).snapshot("a", TOTAL)
            unit.commit()
        store._state = evolve(store._state, snapshots={("points", "a", "total"): snapshot})
        return store.unit_of_work().stream(POINTS)

    def test_a_snapshot_that_says_something_else_than_the_entries_is_found(self):
        log = self.keep(Snapshot(2, 1, "4"))
        assert log.fold("a", TOTAL) == 4
        with pytest.raises(CorruptStore, match="raise its revision"):
            log.verify("a", TOTAL)

    def test_a_snapshot_of_more_entries_than_there_are_is_refused(self):
        log = self.keep(Snapshot(3, 1, "6"))
        with pytest.raises(CorruptStore, match="counts more entries"):
            log.fold("a", TOTAL)

    @pytest.mark.parametrize("document", ["", "null", '"3"', "3.5"])
    def test_a_snapshot_that_cannot_be_read_is_refused(self, document):
        log = self.keep(Snapshot(2, 1, document))
        with pytest.raises(CorruptStore, match="cannot be read: raise the revision of total"):
            log.fold("a", TOTAL)


class TestOnce:
    """A command that comes twice is carried out once."""

    def test_the_answer_of_an_action_is_text(self, unit):
        with pytest.raises(InvalidValue, match="the answer to a command is a int: pass a str"):
            unit.once("key", "{}", lambda: 7, at=AT)

    def test_a_command_comes_in_at_an_instant(self, unit):
        with pytest.raises(NaiveDatetime):
            unit.once("key", "{}", lambda: "", at=datetime(2026, 3, 1))  # noqa: DTZ001

    def test_what_an_action_wrote_is_kept_with_its_answer(self, store):
        with store.unit_of_work() as first:

            def act():
                first.repository(NOTES).add(Note("a"))
                return "added"

            first.once("key", "{}", act, at=AT)
            first.commit()
        with store.unit_of_work() as unit:
            assert unit.once("key", "{}", act, at=AT) == "added"
            assert unit.repository(NOTES).get("a").version == 1

    def test_two_at_once_carry_it_out_once(self, store):
        with store.unit_of_work() as first, store.unit_of_work() as second:
            for unit in (first, second):
                unit.once("key", "{}", lambda: "done", at=AT)
            first.commit()
            with pytest.raises(VersionConflict, match="idempotency-keys"):
                second.commit()


class TestTheEnd:
    """After its end a unit of work does nothing more."""

    def test_every_part_of_it_says_so(self, store):
        with store.unit_of_work() as unit:
            notes, log, outbox = unit.repository(NOTES), unit.stream(POINTS), unit.outbox
            notes.add(Note("a"))
            unit.rollback()
        for action in (
            lambda: notes.find("a"),
            lambda: notes.add(Note("a")),
            notes.page,
            lambda: log.read("a"),
            lambda: outbox.add("topic", ""),
            lambda: unit.once("key", "", str, at=AT),
            unit.commit,
        ):
            with pytest.raises(UnitOfWorkClosed, match="begin another one"):
                action()


class TestDocuments:
    """A record that no longer fits its type is refused by path, and not guessed at."""

    def test_a_document_of_another_shape_is_refused(self, store):
        @frozen
        class Slip:
            key: str

        slips = Collection("notes", Slip, lambda slip: slip.key)
        with store.unit_of_work() as unit:
            unit.repository(slips).add(Slip("a"))
            unit.commit()
        with store.unit_of_work() as unit, pytest.raises(InvalidDocument, match=r"\$\.kind"):
            unit.repository(NOTES).get("a")

    def test_a_policy_is_kept_as_any_record_is(self, store):
        @frozen
        class KeptTerms:
            name: str
            terms: Note | Point

        policies = Collection(
            "terms", KeptTerms, lambda kept: kept.name, converter=make_converter(KeptTerms)
        )
        with store.unit_of_work() as unit:
            unit.repository(policies).add(KeptTerms("current", Point(3)))
            assert unit.repository(policies).get("current").record.terms == Point(3)
