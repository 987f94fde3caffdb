"""What a unit of work looks at, what it wants to have happened, and what adapters do with both."""

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Protocol, TypeVar

from attrs import Factory, define, evolve, field, frozen

from crmkit.errors import InvalidValue, UnitOfWorkClosed
from crmkit.identifiers import check_identifier
from crmkit.storage import Collection, Message
from crmkit.storage.ordering import Position, encode

__all__ = [
    "ANSWERS",
    "LONGEST_LISTING",
    "MAX_LIMIT",
    "Answer",
    "Change",
    "Changes",
    "Found",
    "Outcome",
    "Place",
    "Row",
    "Shelf",
    "Snapshot",
    "View",
    "Work",
    "check_after",
    "check_limit",
    "check_text",
    "hand_over",
    "listings",
]

T = TypeVar("T")

ANSWERS = "idempotency-keys"
"""What a conflict about an idempotency key names as its collection."""

LONGEST_LISTING = 1_400
"""The most bytes that the values take by which an index lists a record: servers keep no longer ones
in order, so that no store does."""

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


class Outcome(StrEnum):
    """What became of a command with an idempotency key."""

    ANSWERED = "answered"
    """It was carried out."""
    REFUSED = "refused"
    """It was refused for good; the document is the reason and the text, a line each."""
    ERASED = "erased"
    """It was carried out or refused, and its answer was erased with personal data."""


@frozen
class Answer:
    """What a command with an idempotency key was answered."""

    digest: str
    at: int
    document: str = field(repr=False)
    outcome: Outcome = field(default=Outcome.ANSWERED, converter=Outcome)


@define
class Changes:
    """All that one unit wants to have happened, and what it rests on.

    ``seen`` holds the version of each record that was looked at (0: none was kept), ``lengths``
    the number of the last entry of each stream, ``shelves`` what was known of each collection that
    is written to. A store applies the rest only while all of that still holds.

    Of the ``erased_streams`` all entries and snapshots go before ``entries`` and ``snapshots`` are
    written. New entries get the numbers after the last one, there too: so nobody who has seen the
    old entries takes the new ones for them, unless there was nothing in between.
    ``rewritten_answers`` take the place of answers that were kept before, or they go (None) before
    ``answers`` are written; ``dropped_messages`` are not handed over any more.
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
    erased_streams: set[Place] = Factory(set)
    rewritten_answers: dict[str, Answer | None] = Factory(dict)
    dropped_messages: set[int] = Factory(set)

    def __bool__(self) -> bool:
        """Whether there is anything to write; having looked is not."""
        return any(
            (
                *(self.records, self.entries, self.snapshots, self.answers, self.messages),
                *(self.erased_streams, self.rewritten_answers, self.dropped_messages),
            )
        )

    def first_number(self, place: Place) -> int:
        """The number that the first new entry of a stream gets."""
        return self.lengths[place] + 1

    def copy(self) -> "Changes":
        """The same, to go back to."""
        return evolve(
            self,
            shelves=dict(self.shelves),
            floors=dict(self.floors),
            seen=dict(self.seen),
            records=dict(self.records),
            lengths=dict(self.lengths),
            entries={place: list(entries) for place, entries in self.entries.items()},
            snapshots=dict(self.snapshots),
            answers=dict(self.answers),
            messages=list(self.messages),
            erased_streams=set(self.erased_streams),
            rewritten_answers=dict(self.rewritten_answers),
            dropped_messages=set(self.dropped_messages),
        )


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

    def numbers(self, stream: str, key: str) -> tuple[int, int]:
        """The number before the first entry of a stream, and that of the last.

        ``(0, 3)`` says that there are three entries, ``(0, 0)`` that there are none. The first
        number is above 1 after a stream was written anew.
        """
        ...

    def entries(self, stream: str, key: str, after: int, until: int) -> list[str]:
        """The entries after one number, up to and including another."""
        ...

    def snapshot(self, stream: str, key: str, fold: str) -> Snapshot | None:
        """The snapshot of a fold."""
        ...

    def keys(self, stream: str, above: str, limit: int) -> list[str]:
        """The first keys above one under which a stream has entries, by code point."""
        ...

    def answer(self, key: str) -> Answer | None:
        """The answer to a command."""
        ...

    def answers(self, above: str, limit: int) -> list[tuple[str, Answer]]:
        """The first answers whose keys lie above one, in the order of the keys."""
        ...

    def messages(self, above: int, limit: int) -> list[Message]:
        """The first messages with a number above one that were not handed over yet."""
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
        self._numbers: dict[Place, tuple[int, int]] = {}

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

    def numbers(self, place: Place) -> tuple[int, int]:
        """The numbers of the entries that the store had in a stream when the unit began."""
        if place not in self._numbers:
            self._numbers[place] = self.view.numbers(*place)
        return self._numbers[place]

    def back_to(self, before: Changes) -> None:
        """Take back what the unit has written since, but not what it has looked at."""
        changes = self.changes
        self._changes = evolve(
            before,
            seen={**changes.seen, **before.seen},
            lengths={**changes.lengths, **before.lengths},
        )

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


def check_after(after: str | None) -> None:
    """Refuse to go on after what is no key.

    :raises InvalidIdentifier: for anything else than a key or None.
    """
    if after is not None:
        check_identifier(after, "the key to go on after")


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
    found = []
    for index in collection.indexes:
        values = index.values(record)
        for at in values if isinstance(values, list) else (values,):
            if not isinstance(at, tuple):
                raise InvalidValue(
                    f"the index {index.name} lists a record at a tuple of values, or at a list of "
                    f"tuples"
                )
            entry = encode(at)
            if len(entry) > LONGEST_LISTING:
                raise InvalidValue(
                    f"the index {index.name} lists a record by more than {LONGEST_LISTING} bytes: "
                    f"list it by fewer or shorter values"
                )
            found.append((index.name, entry))
    return frozenset(found)


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
