"""A wrong argument is told as one, before anything has happened."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from attrs import frozen

from crmkit.errors import InvalidPolicy, InvalidValue
from crmkit.storage import Stream, retry_on_conflict, run_once
from crmkit.storage.memory import MemoryStore
from crmkit.storage.sqlalchemy import SqlAlchemyStore
from crmkit.storage.sqlite import SqliteStore

AT = datetime(2026, 3, 1, tzinfo=UTC)


@frozen
class Word:
    """An entry."""

    text: str


WORDS: Stream[Word] = Stream("words", (Word,))


@pytest.fixture
def unit(store):
    with store.unit_of_work() as unit:
        unit.once("key", "{}", lambda: "", at=AT)
        unit.outbox.add("topic", "payload")
        unit.commit()
    with store.unit_of_work() as unit:
        yield unit


@pytest.mark.parametrize("bind", ["sqlite:///shop.db", None, MemoryStore()])
def test_a_store_takes_an_engine_or_a_connection(bind):
    with pytest.raises(InvalidValue, match="takes an Engine or a Connection, not a"):
        SqlAlchemyStore(bind)


def test_a_journal_is_one_of_two_and_no_file_is_made_for_a_third(tmp_path):
    with pytest.raises(InvalidValue, match="journal is 'wal' or 'delete'"):
        SqliteStore.open(tmp_path / "shop", create=True, journal="off")  # type: ignore[arg-type]
    assert not (tmp_path / "shop").exists()


@pytest.mark.parametrize("refusals", [KeyError, ("too-little",), [InvalidValue]])
def test_refusals_are_a_tuple_of_errors(store, refusals):
    with pytest.raises(InvalidPolicy, match="refusals is a tuple of errors"):
        run_once(store, "key", "{}", lambda _: "done", at=AT, refusals=refusals)


@pytest.mark.parametrize("attempts", [0, -1, True, "2"])
def test_there_is_at_least_one_attempt(store, attempts):
    with pytest.raises(InvalidValue, match="1 or more"):
        retry_on_conflict(store, lambda _: "done", attempts=attempts)


@pytest.mark.parametrize("number", ["1", -1, None, True])
def test_a_message_has_a_number(unit, number):
    with pytest.raises(InvalidValue, match=r"pass message\.id"):
        unit.outbox.waiting(after=number)
    with pytest.raises(InvalidValue, match=r"pass message\.id"):
        unit.outbox.drop(number)


@pytest.mark.parametrize("key", ["", 3, "a\0"])
def test_an_answer_and_a_stream_have_a_key(unit, key):
    for action in (
        lambda: unit.answers.page(after=key),
        lambda: unit.answers.erase(key),
        lambda: unit.answers.remove(key),
        lambda: unit.stream(WORDS).keys(after=key),
    ):
        with pytest.raises(InvalidValue, match="key"):
            action()
