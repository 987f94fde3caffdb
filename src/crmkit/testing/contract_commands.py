"""Of the contract of a store: commands that come again, and what is erased from it.

:class:`crmkit.testing.contracts.StoreContract` takes its promises from here.
"""

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime

from crmkit.errors import (
    AnswerErased,
    CrmkitError,
    IdempotencyMismatch,
    InvalidValue,
    Refused,
    VersionConflict,
)
from crmkit.storage import Message, Store, UnitOfWork, retry_on_conflict, run_once
from crmkit.storage.inbox import Inbox
from crmkit.testing.contract_parts import Promises, ignore
from crmkit.testing.model import accepts, promise, refuses
from crmkit.testing.samples import BALANCE, KEYS, LEDGER, Credit, Debit

__all__ = ["CommandPromises", "ErasurePromises"]

_AT = datetime(2026, 1, 1, 12, tzinfo=UTC)
_DONE = "done"


class TooLittle(CrmkitError):
    """A business "no" of the contract."""

    code = "too-little"


class CommandPromises(Promises):
    """A command that comes again is carried out once, and answered the same."""

    def test_a_command_that_comes_again_is_answered_and_not_carried_out(self) -> None:
        """The answer to the first try was lost on its way, so the app sends the command again."""
        with closing(self.new_store()) as store:
            for _ in range(3):
                answer = run_once(store, "command", "{}", _credit, at=_AT)
                promise(answer == _DONE, "a command gets the answer that it got first")
            promise(_entries(store) == 1, "a command is carried out once")
            refuses(
                IdempotencyMismatch,
                lambda: run_once(store, "command", "[]", _credit, at=_AT),
                "a key stands for one command only",
            )
            promise(store.deliver(ignore) == 1, "a command leaves its message once")

    def test_of_two_units_with_one_command_one_commits(self) -> None:
        """The app sends a command twice at once; two servers take it up."""
        with closing(self.new_store()) as store:
            with store.unit_of_work() as first, store.unit_of_work() as second:
                for unit, answer in ((first, "first"), (second, "second")):
                    unit.outbox.add("answered", answer)
                    unit.once("command", "{}", _saying(answer), at=_AT)
                first.commit()
                refuses(VersionConflict, second.commit, "one command is answered once")
            answer = run_once(store, "command", "{}", _credit, at=_AT)
            promise(answer == "first", "a command gets the answer that it got first")
            promise(store.deliver(ignore) == 1, "nothing of the second try is kept")

    def test_a_refusal_is_kept_and_nothing_else_of_its_command(self) -> None:
        """Who had too few points yesterday is told so again today, under the same key."""
        with closing(self.new_store()) as store:
            for work in (_refuse, _refuse, _credit):
                try:
                    run_once(store, "command", "{}", work, at=_AT, refusals=(TooLittle,))
                except Refused as refused:
                    told = (refused.reason, refused.text)
                    promise(told == ("too-little", "no"), "a refusal is told in the same words")
                else:
                    promise(False, "a refused command stays refused")
            promise(_entries(store) == 0, "nothing else of a refused command is kept")
            promise(store.deliver(ignore) == 0, "nothing else of a refused command is kept")

    def test_what_is_wrong_with_a_command_or_in_its_way_is_not_kept(self) -> None:
        """A typing error can be mended, and a conflict passes; neither is an answer."""
        with closing(self.new_store()) as store:
            for error in (InvalidValue("wrong"), VersionConflict("cards", 1, 2)):
                refuses(
                    type(error),
                    lambda error=error: run_once(  # type: ignore[misc]
                        store, "command", "{}", _failing(error), at=_AT, attempts=1
                    ),
                    "an error comes through",
                )
            answer = accepts(
                lambda: run_once(store, "command", "{}", _credit, at=_AT), "an error is no answer"
            )
            promise(answer == _DONE, "an error is no answer")
            promise(_entries(store) == 1, "nothing of a command that failed is kept")

    def test_work_that_is_tried_again_has_happened_once(self) -> None:
        """Each try decides on what it reads, and only the last one has happened."""
        with closing(self.new_store()) as store:
            tries: list[int] = []

            def work(unit: UnitOfWork) -> None:
                seen = unit.stream(LEDGER).length("a")
                tries.append(seen)
                if len(tries) < 3:
                    retry_on_conflict(store, _credit)
                unit.stream(LEDGER).append("a", [Debit(1)], seen)
                unit.outbox.add("mine", "{}")

            retry_on_conflict(store, work)
            promise(tries == [0, 1, 2], "a try sees what others have committed before it")
            promise(_entries(store) == 3, "a try that met a conflict has not happened")
            promise(store.deliver(ignore) == 3, "a try that met a conflict leaves no message")

    def test_a_message_that_comes_twice_takes_effect_once(self) -> None:
        """An outbox hands over at least once; the inbox makes one effect of it."""
        with closing(self.new_store()) as store:
            heard = []
            for _ in range(2):
                with store.unit_of_work() as unit:
                    message = Message(7, "ordered", "{}")
                    take = _crediting(unit)
                    heard.append(Inbox("orders").receive(unit, message, take, at=_AT))
                    unit.commit()
            promise(heard == [True, False], "a message is new once")
            promise(_entries(store) == 1, "a message takes effect once")


class ErasurePromises(Promises):
    """What a store holds can be gone through, and taken out of it."""

    def test_answers_are_listed_in_the_order_of_their_keys_and_erased(self) -> None:
        """An answer may name somebody; the command stays carried out when it is erased."""
        with closing(self.new_store()) as store:
            with store.unit_of_work() as unit:
                for key in KEYS:
                    unit.once(key, "{}", _saying(f"{_DONE} {key}"), at=_AT)
                unit.commit()
            erased, removed, *_, last = sorted(KEYS)
            with store.unit_of_work() as unit:
                listed = list(unit.answers.page(limit=3))
                promise(len(listed) == 3, "all answers are listed by code point of their keys")
                while page := unit.answers.page(limit=3, after=listed[-1].key):
                    listed += page
                found = [(each.key, each.document) for each in listed]
                expected = [(key, f"{_DONE} {key}") for key in sorted(KEYS)]
                promise(found == expected, "all answers are listed by code point of their keys")
                unit.answers.erase(erased)
                unit.answers.remove(removed)
                unit.answers.remove(last)
                again = unit.once(last, "{}", _saying("again"), at=_AT)
                promise(again == "again", "a command whose answer was removed is carried out anew")
                unit.commit()
            answer = run_once(store, last, "{}", _credit, at=_AT)
            promise(answer == "again", "the answer that was given last is kept")
            refuses(
                AnswerErased,
                lambda: run_once(store, erased, "{}", _credit, at=_AT),
                "an answer that was erased is not given, and its command not carried out",
            )
            promise(
                run_once(store, removed, "{}", _credit, at=_AT) == _DONE,
                "a command whose answer was removed is carried out anew",
            )
            promise(_entries(store) == 1, "no other answer is lost")

    def test_messages_that_wait_are_listed_and_taken_back(self) -> None:
        """A message that names somebody does not leave after they were forgotten."""
        with closing(self.new_store()) as store:
            with store.unit_of_work() as unit:
                for payload in "abc":
                    unit.outbox.add("topic", payload)
                unit.commit()
            with store.unit_of_work() as unit:
                first = unit.outbox.waiting(limit=2)
                promise(len(first) == 2, "messages that wait are listed oldest first")
                rest = unit.outbox.waiting(after=first[-1].id)
                listed = [message.payload for message in (*first, *rest)]
                promise(listed == ["a", "b", "c"], "messages that wait are listed oldest first")
                unit.outbox.drop(first[1].id)
                unit.commit()
            told: list[str] = []
            store.deliver(lambda message: told.append(message.payload))
            promise(told == ["a", "c"], "what was taken back does not leave, and all else does")

    def test_streams_are_listed_in_the_order_of_their_keys(self) -> None:
        """To go through everything, one asks which streams there are."""
        with closing(self.new_store()) as store:
            with store.unit_of_work() as unit:
                for key in KEYS:
                    unit.stream(LEDGER).append(key, [Credit(1)], 0)
                unit.commit()
            with store.unit_of_work() as unit:
                log = unit.stream(LEDGER)
                listed = list(log.keys(limit=3))
                promise(len(listed) == 3, "all streams are listed by code point of their keys")
                while page := log.keys(limit=3, after=listed[-1]):
                    listed += page
                promise(
                    listed == sorted(KEYS), "all streams are listed by code point of their keys"
                )

    def test_a_stream_that_is_written_anew_holds_nothing_of_before(self) -> None:
        """Whoever must be forgotten is in no entry and in no snapshot any more."""
        with closing(self.new_store()) as store:
            with store.unit_of_work() as unit:
                log = unit.stream(LEDGER)
                log.append("a", [Credit(7), Credit(7), Credit(7)], 0)
                log.append("b", [Credit(5)], 0)
                log.snapshot("a", BALANCE)
                unit.commit()
            with store.unit_of_work() as unit:
                unit.stream(LEDGER).rewrite("a", [Credit(1), Credit(2)], 3)
                unit.commit()
            with store.unit_of_work() as unit:
                log = unit.stream(LEDGER)
                found = log.read("a")
                promise(found == (Credit(1), Credit(2)), "the new entries stand in their place")
                balance = accepts(
                    lambda: log.verify("a", BALANCE), "no snapshot of the old entries is kept"
                )
                promise(balance == 3, "no snapshot of the old entries is kept")
                promise(log.read("b") == (Credit(5),), "no other stream is touched")
                log.snapshot("a", BALANCE)
                unit.commit()
            with store.unit_of_work() as unit:
                unit.stream(LEDGER).rewrite("a", [], 2)
                unit.commit()
            with store.unit_of_work() as unit:
                log = unit.stream(LEDGER)
                promise(log.keys() == ("b",), "an empty stream is none")
                left = accepts(
                    lambda: log.fold("a", BALANCE), "no snapshot of the old entries is kept"
                )
                promise(left == 0, "no snapshot of the old entries is kept")

    def test_what_was_erased_does_not_come_back_by_a_unit_that_saw_it(self) -> None:
        """A stream may be as long after it was written anew: it is another all the same."""
        with closing(self.new_store()) as store:
            with store.unit_of_work() as unit:
                unit.stream(LEDGER).append("a", [Credit(7), Credit(7)], 0)
                unit.commit()
            with store.unit_of_work() as slow:
                slow.stream(LEDGER).snapshot("a", BALANCE)
                with store.unit_of_work() as unit:
                    unit.stream(LEDGER).rewrite("a", [Credit(1), Credit(2)], 2)
                    unit.commit()
                refuses(VersionConflict, slow.commit, "old entries are not counted any more")
            with store.unit_of_work() as unit:
                log = unit.stream(LEDGER)
                promise(log.length("a") == 2, "old entries are not counted any more")
                promise(log.read("a", 1) == (Credit(2),), "entries are read after a number")
                balance = accepts(
                    lambda: log.verify("a", BALANCE), "old entries are not counted any more"
                )
                promise(balance == 3, "old entries are not counted any more")
                promise(log.append("a", [Credit(3)], 2) == 3, "entries are appended behind them")
                unit.commit()
            with store.unit_of_work() as unit:
                balance = unit.stream(LEDGER).snapshot("a", BALANCE)
                promise(balance == 6, "entries are appended behind them")

    def test_nobody_writes_past_a_stream_that_is_written_anew(self) -> None:
        """What somebody else appended in the meantime is not erased unseen."""
        with closing(self.new_store()) as store:
            retry_on_conflict(store, _credit)
            with store.unit_of_work() as unit:
                unit.stream(LEDGER).rewrite("a", [], 1)
                retry_on_conflict(store, _credit)
                refuses(VersionConflict, unit.commit, "no entry is lost")
            promise(_entries(store) == 2, "no entry is lost")


# --- what the promises are tried with -------------------------------------------------------------


def _credit(unit: UnitOfWork) -> str:
    log = unit.stream(LEDGER)
    log.append("a", [Credit(1)], log.length("a"))
    unit.outbox.add("credited", "{}")
    return _DONE


def _crediting(unit: UnitOfWork) -> Callable[[], object]:
    return lambda: _credit(unit)


def _refuse(unit: UnitOfWork) -> str:
    _credit(unit)
    raise TooLittle("no")


def _failing(error: CrmkitError) -> Callable[[UnitOfWork], str]:
    def work(unit: UnitOfWork) -> str:
        _credit(unit)
        raise error

    return work


def _saying(what: str) -> Callable[[], str]:
    return lambda: what


def _entries(store: Store) -> int:
    with store.unit_of_work() as unit:
        return unit.stream(LEDGER).length("a")
