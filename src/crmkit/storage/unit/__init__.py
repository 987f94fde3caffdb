"""A unit of work that gathers its changes and hands them over in one piece.

The adapters of crmkit share it, and a host's own may. An adapter brings a :class:`View` (the store
as it was when the unit began) and a function that applies :class:`Changes` all at once or not at
all. Because nothing is written before the commit, units never wait for each other, a rollback has
nothing to undo, and a commit needs the store's lock for as long as its own writes take.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime
from types import TracebackType
from typing import Self, TypeVar

from attrs import frozen

from crmkit.errors import IdempotencyMismatch
from crmkit.identifiers import check_identifier
from crmkit.storage import Collection, Stream
from crmkit.storage.ordering import microseconds
from crmkit.storage.unit.changes import Answer, Changes, View, Work, check_text
from crmkit.storage.unit.records import UnitRepository
from crmkit.storage.unit.streams import UnitStreamLog

__all__ = ["Unit", "UnitOutbox", "UnitRepository", "UnitStreamLog"]

T = TypeVar("T")
EntryT = TypeVar("EntryT")


@frozen
class UnitOutbox:
    """The messages that go out with the commit."""

    _work: Work

    def add(self, topic: str, payload: str) -> None:
        """Leave a message."""
        check_identifier(topic, "the topic of a message")
        check_text(payload, "the payload of a message")
        self._work.changes.messages.append((topic, payload))


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

    def once(self, key: str, payload: str, action: Callable[[], str], *, at: datetime) -> str:
        """Do something once; see :meth:`crmkit.storage.UnitOfWork.once`."""
        view = self._work.view
        check_identifier(key, "an idempotency key")
        check_text(payload, "the payload of a command")
        digest = hashlib.sha256(payload.encode()).hexdigest()
        moment = microseconds(at)
        changes = self._work.changes
        known = changes.answers.get(key) or view.answer(key)
        if known is None:
            document = action()
            check_text(document, "the answer to a command")
            known = changes.answers[key] = Answer(digest, moment, document)
        elif known.digest != digest:
            raise IdempotencyMismatch(
                "this idempotency key was used with another payload: take a new key for each "
                "command"
            )
        return known.document

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
