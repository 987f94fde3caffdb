"""A command with an idempotency key is carried out once, refused once, and never half."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from attrs import frozen

from crmkit.errors import (
    AnswerErased,
    CrmkitError,
    IdempotencyMismatch,
    InvalidIdentifier,
    InvalidPolicy,
    InvalidValue,
    NotKept,
    Refused,
    StoreBusy,
    StoreError,
    VersionConflict,
)
from crmkit.loyalty import InsufficientPoints
from crmkit.storage import Collection, Fold, Message, Stream, run_once
from crmkit.storage.inbox import Inbox

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


@frozen
class Note:
    """A record."""

    key: str


@frozen
class Line:
    """An entry."""

    text: str


NOTES: Collection[Note] = Collection("notes", Note, lambda note: note.key)
LINES: Stream[Line] = Stream("lines", (Line,))
COUNT: Fold[Line, int] = Fold("count", int, 0, lambda lines, _: lines + 1)


class TooLittle(CrmkitError):
    """A business "no"."""

    code = "too-little"


def lines_of(store):
    with store.unit_of_work() as unit:
        return [line.text for line in unit.stream(LINES).read("a")]


def written(unit, text):
    """Write a bit of everything."""
    unit.repository(NOTES).add(Note(text))
    log = unit.stream(LINES)
    log.append("a", [Line(text)], log.length("a"))
    log.snapshot("a", COUNT)
    unit.outbox.add("noted", text)


class TestRefusals:
    """A refusal is an answer: it is kept, and nothing else of the command is."""

    def refuse(self, store, key="key", payload="{}"):
        def work(unit):
            written(unit, "one")
            raise TooLittle("there is too little left")

        return run_once(store, key, payload, work, at=AT, refusals=(TooLittle,))

    def test_it_is_told_again_when_the_command_comes_again(self, store):
        for _ in range(2):
            with pytest.raises(Refused, match="there is too little left") as raised:
                self.refuse(store)
            assert (raised.value.reason, raised.value.text) == (
                "too-little",
                "there is too little left",
            )

    def test_it_stays_even_if_the_command_would_succeed_now(self, store):
        with pytest.raises(Refused):
            self.refuse(store)
        with pytest.raises(Refused, match="too little"):
            run_once(store, "key", "{}", lambda unit: "done", at=AT)

    def test_nothing_of_what_the_command_wrote_is_kept(self, store):
        with pytest.raises(Refused):
            self.refuse(store)
        with store.unit_of_work() as unit:
            assert unit.repository(NOTES).page().items == ()
            assert unit.stream(LINES).length("a") == 0
        assert store.deliver(lambda message: None) == 0

    def test_what_the_unit_wrote_before_is_kept_with_it(self, store):
        with store.unit_of_work() as unit:
            written(unit, "before")

            def work():
                written(unit, "one")
                raise TooLittle("no")

            with pytest.raises(Refused):
                unit.once("key", "{}", work, at=AT, refusals=(TooLittle,))
            assert unit.stream(LINES).verify("a", COUNT) == 1
            unit.commit()
        assert lines_of(store) == ["before"]

    def test_what_the_refusal_rests_on_is_guarded(self, store):
        """Points that arrive while a redemption is refused make it decide again."""
        with store.unit_of_work() as unit:

            def work():
                unit.stream(LINES).length("a")
                raise TooLittle("no")

            with pytest.raises(Refused):
                unit.once("key", "{}", work, at=AT, refusals=(TooLittle,))
            with store.unit_of_work() as other:
                other.stream(LINES).append("a", [Line("more")], 0)
                other.commit()
            with pytest.raises(VersionConflict):
                unit.commit()
        assert run_once(store, "key", "{}", lambda _: "done", at=AT) == "done"

    def test_another_payload_under_its_key_is_a_mistake(self, store):
        with pytest.raises(Refused):
            self.refuse(store)
        with pytest.raises(IdempotencyMismatch):
            self.refuse(store, payload="[]")

    def test_a_command_that_consists_of_a_refused_one_is_refused_with_it(self, store):
        def outer(unit):
            written(unit, "outer")

            def inner():
                raise TooLittle("no")

            return unit.once("inner", "{}", inner, at=AT, refusals=(TooLittle,))

        for _ in range(2):
            with pytest.raises(Refused, match=r"^no$") as raised:
                run_once(store, "outer", "{}", outer, at=AT)
            assert raised.value.reason == "too-little"
        assert lines_of(store) == []
        assert run_once(store, "inner", "{}", lambda _: "done", at=AT) == "done"

    @pytest.mark.parametrize("error", [InvalidValue("no"), VersionConflict("notes", 1, 2)])
    def test_what_is_wrong_with_a_command_or_in_its_way_is_not_kept(self, store, error):
        def work(unit):
            written(unit, "one")
            raise error

        with pytest.raises(type(error)):
            run_once(store, "key", "{}", work, at=AT, refusals=(TooLittle,), attempts=1)
        assert run_once(store, "key", "{}", lambda _: "done", at=AT) == "done"
        assert lines_of(store) == []

    @pytest.mark.parametrize(
        "kind", [CrmkitError, InvalidValue, InvalidIdentifier, StoreError, StoreBusy, ValueError]
    )
    def test_only_a_business_no_is_an_answer(self, store, kind):
        with pytest.raises(InvalidPolicy, match=f"{kind.__name__} is no refusal"):
            run_once(store, "key", "{}", lambda _: "done", at=AT, refusals=(kind,))

    def test_the_refusals_of_the_rooms_are_answers(self, store):
        refusals = (InsufficientPoints, TooLittle)
        assert run_once(store, "key", "{}", lambda _: "done", at=AT, refusals=refusals) == "done"


class TestRunOnce:
    """One call for the whole of it: begin, decide, commit, and again after a conflict."""

    def test_the_kept_answer_comes_back(self, store):
        def work(unit):
            written(unit, "one")
            return "done"

        assert [run_once(store, "key", "{}", work, at=AT) for _ in range(3)] == ["done"] * 3
        assert lines_of(store) == ["one"]

    def test_it_decides_again_after_a_conflict(self, store):
        pauses: list[int] = []

        def work(unit):
            log = unit.stream(LINES)
            seen = log.length("a")
            if not pauses and not seen:
                with store.unit_of_work() as other:
                    other.stream(LINES).append("a", [Line("other")], 0)
                    other.commit()
            log.append("a", [Line("mine")], seen)
            return "done"

        assert run_once(store, "key", "{}", work, at=AT, pause=pauses.append) == "done"
        assert pauses == [1]
        assert lines_of(store) == ["other", "mine"]


class TestKeptAnswers:
    """The answers can be looked through, for the sake of those they are about."""

    def keep(self, store, *keys):
        for key in keys:
            run_once(store, key, "{}", self.answering(key), at=AT)

    def answering(self, key):
        return lambda unit: f"answer {key}"

    def test_they_come_in_the_order_of_their_keys_page_by_page(self, store):
        self.keep(store, "b", "a", "C", "ä")
        with store.unit_of_work() as unit:
            first = unit.answers.page(limit=2)
            rest = unit.answers.page(after=first[-1].key)
        assert [answer.key for answer in (*first, *rest)] == ["C", "a", "b", "ä"]
        assert {(answer.document, answer.at, answer.outcome) for answer in first} == {
            ("answer C", AT, "answered"),
            ("answer a", AT, "answered"),
        }

    def test_an_answer_that_was_erased_is_not_given_and_the_command_not_carried_out(self, store):
        self.keep(store, "a", "b")
        with store.unit_of_work() as unit:
            unit.answers.erase("a")
            unit.answers.erase("unknown")
            assert [each.document for each in unit.answers.page()] == ["", "answer b"]
            unit.commit()
        with pytest.raises(AnswerErased, match="carried out before"):
            run_once(store, "a", "{}", lambda _: "again", at=AT)
        with store.unit_of_work() as unit:
            assert [(each.key, each.outcome) for each in unit.answers.page()] == [
                ("a", "erased"),
                ("b", "answered"),
            ]

    def test_an_answer_that_was_removed_leaves_room_for_another(self, store):
        self.keep(store, "a", "b", "c")
        with store.unit_of_work() as unit:
            unit.answers.remove("a")
            unit.answers.remove("unknown")
            assert [each.key for each in unit.answers.page(limit=1)] == ["b"]
            unit.commit()
        assert run_once(store, "a", "{}", lambda _: "again", at=AT) == "again"

    def test_an_answer_that_was_forgotten_meanwhile_stays_forgotten(self, store):
        self.keep(store, "a")
        with store.unit_of_work() as unit:
            unit.answers.erase("a")
            store.forget_answers(before=datetime(2027, 1, 1, tzinfo=UTC))
            unit.commit()
        assert run_once(store, "a", "{}", lambda _: "again", at=AT) == "again"


class TestWaitingMessages:
    """What has not left yet can be looked at, and taken back."""

    def leave(self, store, *payloads):
        with store.unit_of_work() as unit:
            for payload in payloads:
                unit.outbox.add("topic", payload)
            unit.commit()

    def test_they_come_oldest_first_page_by_page(self, store):
        self.leave(store, "a", "b", "c")
        with store.unit_of_work() as unit:
            first = unit.outbox.waiting(limit=2)
            rest = unit.outbox.waiting(after=first[-1].id)
        assert [message.payload for message in (*first, *rest)] == ["a", "b", "c"]

    def test_a_message_that_was_taken_back_does_not_leave(self, store):
        self.leave(store, "a", "b", "c")
        with store.unit_of_work() as unit:
            unit.outbox.drop(unit.outbox.waiting()[1].id)
            assert [each.payload for each in unit.outbox.waiting(limit=2)] == ["a", "c"]
            unit.commit()
        told: list[str] = []
        assert store.deliver(lambda message: told.append(message.payload)) == 2
        assert told == ["a", "c"]

    def test_one_that_left_meanwhile_is_gone_anyway(self, store):
        self.leave(store, "a")
        with store.unit_of_work() as unit:
            unit.outbox.drop(unit.outbox.waiting()[0].id)
            assert store.deliver(lambda message: None) == 1
            unit.commit()


class TestRewriting:
    """A stream can be written anew, for one reason: to erase what is personal in it."""

    def keep(self, store, key, *texts):
        with store.unit_of_work() as unit:
            unit.stream(LINES).append(key, map(Line, texts), 0)
            unit.stream(LINES).snapshot(key, COUNT)
            unit.commit()

    def test_other_entries_stand_in_the_place_of_those_there_were(self, store):
        self.keep(store, "a", "x", "y", "z")
        with store.unit_of_work() as unit:
            log = unit.stream(LINES)
            assert log.rewrite("a", [Line("1"), Line("2")], 3) == 2
            assert log.fold("a", COUNT) == 2
            assert log.append("a", [Line("3")], 2) == 3
            assert log.read("a", 1, 3) == (Line("2"), Line("3"))
            unit.commit()
        assert lines_of(store) == ["1", "2", "3"]
        with store.unit_of_work() as unit:
            assert unit.stream(LINES).verify("a", COUNT) == 3

    def test_a_snapshot_of_the_new_entries_is_kept(self, store):
        self.keep(store, "a", "x", "y", "z")
        with store.unit_of_work() as unit:
            log = unit.stream(LINES)
            log.snapshot("a", COUNT)
            log.rewrite("a", [Line("1")], 3)
            log.snapshot("a", COUNT)
            unit.commit()
        with store.unit_of_work() as unit:
            assert unit.stream(LINES).verify("a", COUNT) == 1

    def test_a_stream_can_be_moved_to_another_key(self, store):
        self.keep(store, "a", "x", "y")
        self.keep(store, "b", "z")
        with store.unit_of_work() as unit:
            log = unit.stream(LINES)
            entries = log.read("a")
            log.rewrite("a", [], 2)
            log.append("c", entries, 0)
            assert log.keys() == ("b", "c")
            unit.commit()
        with store.unit_of_work() as unit:
            log = unit.stream(LINES)
            assert log.keys() == ("b", "c")
            assert log.keys(limit=1) == ("b",)
            assert log.keys(after="b") == ("c",)
            assert log.read("c") == (Line("x"), Line("y"))

    def test_nobody_writes_past_it(self, store):
        self.keep(store, "a", "x")
        with store.unit_of_work() as unit:
            unit.stream(LINES).rewrite("a", [Line("1")], 1)
            with store.unit_of_work() as other:
                other.stream(LINES).append("a", [Line("y")], 1)
                other.commit()
            with pytest.raises(VersionConflict):
                unit.commit()
        assert lines_of(store) == ["x", "y"]

    def test_it_takes_the_number_of_entries_that_was_seen(self, store):
        self.keep(store, "a", "x")
        with store.unit_of_work() as unit, pytest.raises(VersionConflict):
            unit.stream(LINES).rewrite("a", [], 2)


class TestInbox:
    """A message that comes more than once takes effect once."""

    MESSAGE = Message(7, "order-placed", "3 chairs")

    def hear(self, store, message=MESSAGE, sender="orders"):
        with store.unit_of_work() as unit:

            def book():
                log = unit.stream(LINES)
                log.append("a", [Line(message.payload)], log.length("a"))

            is_new = Inbox(sender).receive(unit, message, book, at=AT)
            unit.commit()
        return is_new

    def test_it_says_which_time_it_was(self, store):
        assert [self.hear(store) for _ in range(3)] == [True, False, False]
        assert lines_of(store) == ["3 chairs"]

    def test_senders_are_told_apart(self, store):
        assert self.hear(store)
        assert self.hear(store, sender="returns")

    def test_a_number_that_comes_with_another_message_is_a_mistake(self, store):
        self.hear(store)
        with pytest.raises(IdempotencyMismatch):
            self.hear(store, Message(7, "order-placed", "4 chairs"))

    def test_work_that_raises_is_done_when_the_message_comes_again(self, store):
        with store.unit_of_work() as unit, pytest.raises(NotKept):
            Inbox("orders").receive(
                unit, self.MESSAGE, lambda: unit.repository(NOTES).get("a"), at=AT
            )
        assert self.hear(store)

    def test_a_sender_has_a_name(self):
        with pytest.raises(InvalidIdentifier):
            Inbox("")

    def test_two_who_hear_it_at_once_let_it_take_effect_once(self, store):
        with store.unit_of_work() as first, store.unit_of_work() as second:
            for unit in (first, second):
                assert Inbox("orders").receive(unit, self.MESSAGE, lambda: None, at=AT)
            first.commit()
            with pytest.raises(VersionConflict):
                second.commit()
