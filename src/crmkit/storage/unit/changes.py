"""What a unit of work looks at, what it wants to have happened, and what adapters do with both."""

from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar

from attrs import Factory, define, field, frozen

from crmkit.errors import InvalidValue, UnitOfWorkClosed
from crmkit.storage import Collection, Index, Message
from crmkit.storage.ordering import IndexValue, Position, encode

__all__ = [
    "ANSWERS",
    "MAX_LIMIT",
    "Answer",
    "Change",
    "Changes",
    "Found",
    "Place",
    "Row",
    "Shelf",
    "Snapshot",
    "View",
    "Work",
    "check_limit",
    "check_text",
    "hand_over",
    "listings",
]

T = TypeVar("T")

ANSWERS = "idempotency-keys"
"""What a conflict about an idempotency key names as its collection."""

MAX_LIMIT = 10_000
"""The most records that one page holds, and the most messages handed over by one call."""

Place = tuple[str, str]
"""A collection or stream, and a key in it."""
Found = tuple[bytes, str, "Row"]
"""A record where an index lists it."""


# --- what an adapter is handed --------------------------------------------------------------------


@frozen
class Row:
    """A record as it lies in the store."""

    version: int
    document: str = field(repr=False)


@frozen
class Shelf:
    """What a store knows of a whole collection.

    ``floor`` is the highest version of any record that was removed: new records begin above it, so
    that a version once seen never comes back. ``signature`` names the indexes by which the records
    are listed, None while there were never any records.
    """

    floor: int = 0
    signature: str | None = None


@frozen
class Change:
    """What becomes of a record: its next row and where it is listed, or None, it goes."""

    row: Row | None
    listings: frozenset[tuple[str, bytes]] = frozenset()


@frozen
class Snapshot:
    """The state of a fold after so many entries."""

    length: int
    revision: int
    document: str = field(repr=False)


@frozen
class Answer:
    """What a command with an idempotency key was answered."""

    digest: str
    at: int
    document: str = field(repr=False)


@define
class Changes:
    """All that one unit wants to have happened, and what it rests on.

    ``seen`` holds the version of each record that was looked at (0: none was kept), ``lengths``
    that of each stream, ``shelves`` what was known of each collection that is written to. A store
    applies the rest only while all of that still holds.
    """

    shelves: dict[str, Shelf] = Factory(dict)
    floors: dict[str, int] = Factory(dict)
    seen: dict[Place, int] = Factory(dict)
    records: dict[Place, Change] = Factory(dict)
    lengths: dict[Place, int] = Factory(dict)
    entries: dict[Place, list[str]] = Factory(dict)
    snapshots: dict[tuple[str, str, str], Snapshot] = Factory(dict)
    answers: dict[str, Answer] = Factory(dict)
    messages: list[tuple[str, str]] = Factory(list)

    def __bool__(self) -> bool:
        """Whether there is anything to write; having looked is not."""
        return any((self.records, self.entries, self.snapshots, self.answers, self.messages))


class View(Protocol):
    """The store as it was when a unit began."""

    def shelf(self, collection: str) -> Shelf:
        """What is known of a collection."""
        ...

    def row(self, collection: str, key: str) -> Row | None:
        """The record under a key."""
        ...

    def rows(self, collection: str, above: str, limit: int) -> list[Found]:
        """The first records whose keys lie above one; each as ``(b"", key, row)``."""
        ...

    def listed(
        self,
        place: tuple[str, str],
        above: Position,
        below: Position,
        limit: int,
        *,
        descending: bool,
    ) -> list[Found]:
        """The first records that an index of a collection lists between two positions."""
        ...

    def length(self, stream: str, key: str) -> int:
        """How many entries a stream has."""
        ...

    def entries(self, stream: str, key: str, after: int, until: int) -> list[str]:
        """The entries after one number, up to and including another."""
        ...

    def snapshot(self, stream: str, key: str, fold: str) -> Snapshot | None:
        """The snapshot of a fold."""
        ...

    def answer(self, key: str) -> Answer | None:
        """The answer to a command."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class Work:
    """The view and the changes of one unit of work, until it ends."""

    def __init__(self, view: View) -> None:
        """Begin with nothing changed."""
        self._view: View | None = view
        self._changes = Changes()

    @property
    def view(self) -> View:
        """The store as it was when the unit began.

        :raises UnitOfWorkClosed: after the end of the unit.
        """
        if self._view is None:
            raise _ended()
        return self._view

    @property
    def changes(self) -> Changes:
        """What this unit wants to have happened so far.

        :raises UnitOfWorkClosed: after the end of the unit.
        """
        if self._view is None:
            raise _ended()
        return self._changes

    def row(self, place: Place) -> Row | None:
        """The record as the unit sees it, noting what the store had."""
        view = self.view
        change = self._changes.records.get(place)
        if change is not None:
            return change.row
        row = view.row(*place)
        self._changes.seen.setdefault(place, row.version if row else 0)
        return row

    def end(self) -> None:
        """Let go of the view; ending twice does no harm."""
        if self._view is not None:
            self._view.close()
            self._view = None


def _ended() -> UnitOfWorkClosed:
    return UnitOfWorkClosed("this unit of work has ended: begin another one")


# --- what adapters share --------------------------------------------------------------------------


def check_limit(limit: int) -> None:
    """Refuse a limit that is not a whole number from 1 to 10,000.

    :raises InvalidValue: for anything else.
    """
    if type(limit) is not int or not 1 <= limit <= MAX_LIMIT:
        raise InvalidValue(f"limit is a whole number from 1 to {MAX_LIMIT}")


def check_text(text: str, what: str) -> None:
    """Refuse what one store could keep as text and another could not."""
    if type(text) is not str:
        raise InvalidValue(f"{what} is a {type(text).__name__}: pass a str, such as JSON")
    if "\0" in text or not _is_encodable(text):
        raise InvalidValue(f"{what} holds a NUL or a lone surrogate: remove it first")


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def listings(collection: Collection[T], record: T) -> frozenset[tuple[str, bytes]]:
    """Where the indexes of a collection list a record: index names and encoded values."""
    return frozenset(
        (index.name, encode(values))
        for index in collection.indexes
        for values in _at(index, record)
    )


def _at(index: Index[T], record: T) -> list[tuple[IndexValue, ...]]:
    values = index.values(record)
    at = values if isinstance(values, list) else [values]
    if any(not isinstance(each, tuple) for each in at):
        raise InvalidValue(
            f"the index {index.name} lists a record at a tuple of values, or at a list of tuples"
        )
    return at


def hand_over(
    messages: Iterable[Message],
    handler: Callable[[Message], None],
    forget: Callable[[list[int]], None],
) -> int:
    """Hand messages over one after the other, and forget those that were taken."""
    taken: list[int] = []
    try:
        for message in messages:
            handler(message)
            taken.append(message.id)
    finally:
        if taken:
            forget(taken)
    return len(taken)
