"""A unit of work that gathers its changes and hands them over in one piece.

The adapters of crmkit share it, and a host's own may. An adapter brings a :class:`View` (the store
as it was when the unit began) and a function that applies :class:`Changes` all at once or not at
all. Because nothing is written before the commit, units never wait for each other, a rollback has
nothing to undo, and a commit needs the store's lock for as long as its own writes take.
"""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Self, TypeVar

from attrs import evolve, frozen

from crmkit.errors import (
    AnswerErased,
    CrmkitError,
    IdempotencyMismatch,
    InvalidPolicy,
    InvalidValue,
    Refused,
    StoreError,
)
from crmkit.identifiers import check_identifier
from crmkit.storage import Collection, KeptAnswer, Message, Stream
from crmkit.storage.ordering import microseconds
from crmkit.storage.unit.changes import (
    Answer,
    Changes,
    Outcome,
    View,
    Work,
    check_after,
    check_limit,
    check_text,
)
from crmkit.storage.unit.records import UnitRepository
from crmkit.storage.unit.streams import UnitStreamLog

__all__ = ["Unit", "UnitAnswers", "UnitOutbox", "UnitRepository", "UnitStreamLog"]

T = TypeVar("T")
EntryT = TypeVar("EntryT")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@frozen
class UnitOutbox:
    """The messages that go out with the commit."""

    _work: Work

    def add(self, topic: str, payload: str) -> None:
        """Leave a message."""
        check_identifier(topic, "the topic of a message")
        check_text(payload, "the payload of a message")
        self._work.changes.messages.append((topic, payload))

    def waiting(self, *, limit: int = 100, after: int = 0) -> tuple[Message, ...]:
        """The messages above a number that were not handed over when the unit began."""
        check_limit(limit)
        _check_number(after)
        dropped = self._work.changes.dropped_messages
        found = self._work.view.messages(after, limit + len(dropped))
        return tuple(message for message in found if message.id not in dropped)[:limit]

    def drop(self, number: int) -> None:
        """Take a message back before it is handed over."""
        _check_number(number)
        self._work.changes.dropped_messages.add(number)


@frozen
class UnitAnswers:
    """The answers to commands that were kept before."""

    _work: Work

    def page(self, *, limit: int = 100, after: str | None = None) -> tuple[KeptAnswer, ...]:
        """The first answers whose keys lie above one, by code point."""
        check_limit(limit)
        check_after(after)
        rewritten = self._work.changes.rewritten_answers
        found = [
            (key, rewritten.get(key, answer))
            for key, answer in self._work.view.answers(after or "", limit + len(rewritten))
        ]
        return tuple(
            KeptAnswer(
                key,
                _EPOCH + timedelta(microseconds=answer.at),
                answer.document,
                answer.outcome.value,
            )
            for key, answer in found
            if answer is not None
        )[:limit]

    def erase(self, key: str) -> None:
        """Forget what was answered, but not that the command was carried out."""
        check_identifier(key, "an idempotency key")
        answer = self._work.view.answer(key)
        if answer is not None:
            erased = evolve(answer, document="", outcome=Outcome.ERASED)
            self._work.changes.rewritten_answers[key] = erased

    def remove(self, key: str) -> None:
        """Forget a command altogether."""
        check_identifier(key, "an idempotency key")
        self._work.changes.rewritten_answers[key] = None


class Unit:
    """One unit of work over a view; see :class:`crmkit.storage.UnitOfWork`."""

    def __init__(self, view: View, apply: Callable[[Changes], None]) -> None:
        """Begin with a view of the store, and the function that will apply the changes."""
        self._work = Work(view)
        self._apply = apply

    def repository(self, collection: Collection[T]) -> UnitRepository[T]:
        """The records of a collection."""
        return UnitRepository(self._work, collection)

    def stream(self, stream: Stream[EntryT]) -> UnitStreamLog[EntryT]:
        """The entries of a stream."""
        return UnitStreamLog(self._work, stream)

    @property
    def outbox(self) -> UnitOutbox:
        """The messages that go out with the commit."""
        return UnitOutbox(self._work)

    @property
    def answers(self) -> UnitAnswers:
        """The answers to commands that were kept before."""
        return UnitAnswers(self._work)

    def once(
        self,
        key: str,
        payload: str,
        action: Callable[[], str],
        *,
        at: datetime,
        refusals: tuple[type[CrmkitError], ...] = (),
    ) -> str:
        """Do something once; see :meth:`crmkit.storage.UnitOfWork.once`."""
        view = self._work.view
        check_identifier(key, "an idempotency key")
        check_text(payload, "the payload of a command")
        _check_refusals(refusals)
        digest = hashlib.sha256(payload.encode()).hexdigest()
        moment = microseconds(at)
        known = self._known(key, view)
        if known is None:
            document, outcome = self._outcome(action, refusals)
            known = Answer(digest, moment, document, outcome)
            self._work.changes.answers[key] = known
        elif known.digest != digest:
            raise IdempotencyMismatch(
                "this idempotency key was used with another payload: take a new key for each "
                "command"
            )
        return _answer_of(known)

    def _known(self, key: str, view: View) -> Answer | None:
        changes = self._work.changes
        if key in changes.answers:
            return changes.answers[key]
        if key in changes.rewritten_answers:
            return changes.rewritten_answers[key]
        return view.answer(key)

    def _outcome(
        self, action: Callable[[], str], refusals: tuple[type[CrmkitError], ...]
    ) -> tuple[str, Outcome]:
        before = self._work.changes.copy()
        try:
            document, outcome = action(), Outcome.ANSWERED
        except Refused as refused:
            self._work.back_to(before)
            document, outcome = f"{refused.reason}\n{refused.text}", Outcome.REFUSED
        except refusals as error:
            self._work.back_to(before)
            document, outcome = f"{error.code}\n{error}", Outcome.REFUSED
        check_text(document, "the answer to a command")
        return document, outcome

    def commit(self) -> None:
        """Keep everything, and end."""
        changes = self._work.changes
        self._work.end()
        if changes:
            self._apply(changes)

    def rollback(self) -> None:
        """Keep nothing, and end."""
        self._work.end()

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Roll back what was not committed."""
        self.rollback()


def _check_number(number: int) -> None:
    if type(number) is not int or number < 0:
        raise InvalidValue("a message has a whole number: pass message.id")


def _check_refusals(refusals: tuple[type[CrmkitError], ...]) -> None:
    """Only a business "no" is an answer; what was wrong with a command may be mended."""
    if not isinstance(refusals, tuple) or not all(isinstance(kind, type) for kind in refusals):
        raise InvalidPolicy("refusals is a tuple of errors, such as (InsufficientPoints,)")
    for kind in refusals:
        is_refusal = issubclass(kind, CrmkitError) and kind is not CrmkitError
        if not is_refusal or issubclass(kind, InvalidValue | StoreError):
            raise InvalidPolicy(
                f"{kind.__name__} is no refusal of a command: name errors such as "
                f"InsufficientPoints, which are neither invalid values nor trouble with the store"
            )


def _answer_of(known: Answer) -> str:
    if known.outcome is Outcome.REFUSED:
        reason, _, text = known.document.partition("\n")
        raise Refused(reason, text)
    if known.outcome is Outcome.ERASED:
        raise AnswerErased(
            "this command was carried out before, and its answer was erased: do not send it again"
        )
    return known.document
