"""How decisions and records are kept: the port, and what a store promises.

A room says how its records are kept in a :class:`Collection` (one current record for each key) or a
:class:`Stream` (entries that only grow); a :class:`Store` keeps them. Hosts choose the store once:
:class:`crmkit.storage.memory.MemoryStore`, :class:`crmkit.storage.sqlite.SqliteStore`, or one of
their own that passes :mod:`crmkit.testing.contracts`.

>>> from datetime import date
>>> from crmkit.identifiers import CustomerId
>>> from crmkit.storage.memory import MemoryStore
>>> from crmkit.tiering import Tier, TierHistory
>>> tier_histories = Collection(
...     "tier-histories", TierHistory, key=lambda history: history.customer,
...     indexes=(Index("by-tier", lambda history: (history.tier.name, history.since)),),
... )
>>> gold = TierHistory(CustomerId("C-7")).changed(
...     Tier("gold", 3), on=date(2026, 3, 1), reason="spent 5,000 EUR in a year"
... )
>>> store = MemoryStore()
>>> with store.unit_of_work() as unit:
...     kept = unit.repository(tier_histories).add(gold)
...     unit.outbox.add("tier-changed", tier_histories.dumps(gold))
...     unit.commit()
>>> with store.unit_of_work() as unit:
...     page = unit.repository(tier_histories).query("by-tier", prefix=("gold",))
>>> [(stored.record.customer, stored.version) for stored in page.items]
[('C-7', 1)]

**What every store promises.** A unit of work sees the store as it was when the unit began, and its
own changes; others see nothing of it before ``commit()``, and all of it after. Without a commit,
all is as it was. A commit is refused with :class:`~crmkit.errors.VersionConflict` if anything that
the unit looked at by key, or wrote, was changed by another unit in between: read again and decide
again, which :func:`retry_on_conflict` does, and :func:`crmkit.storage.retrying.retry` with pauses
and a deadline. What a *query* found is not guarded in this way; ``get`` by key what a decision
rests on. Messages of the outbox are handed over in the order of the commits, each at least once;
:class:`crmkit.storage.inbox.Inbox` makes their effect happen exactly once.

(The module is long because what each method promises stands here, once, for every store.)
"""

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from types import TracebackType
from typing import Any, Generic, Protocol, Self, TypeVar

from attrs import field, frozen

from crmkit.errors import (
    CrmkitError,
    InvalidPolicy,
    InvalidValue,
    Refused,
    StoreError,
    VersionConflict,
)
from crmkit.serialization import DocumentConverter, make_converter
from crmkit.storage.ordering import IndexValue

__all__ = [
    "Collection",
    "Fold",
    "Index",
    "IndexValue",
    "KeptAnswer",
    "KeptAnswers",
    "Message",
    "Outbox",
    "OutdatedIndex",
    "Page",
    "Repository",
    "Store",
    "StoreUnavailable",
    "Stored",
    "Stream",
    "StreamLog",
    "UnitOfWork",
    "retry_on_conflict",
    "run_once",
    "walk",
]

T = TypeVar("T")
EntryT = TypeVar("EntryT")
StateT = TypeVar("StateT")
ResultT = TypeVar("ResultT")

Listing = tuple[IndexValue, ...] | list[tuple[IndexValue, ...]]
"""Where an index lists a record: at one tuple of values, or at each tuple of a list, if any."""


# --- errors ---------------------------------------------------------------------------------------


class OutdatedIndex(StoreError):
    """A collection has other indexes than the store holds, so a search would miss records."""

    code = "outdated-index"

    def __init__(self, collection: str) -> None:
        """Name the collection whose indexes were added, dropped or given a new revision."""
        super().__init__(
            f"the indexes of {collection} have changed since its records were kept: "
            f"run store.reindex(...) once"
        )
        self.collection = collection


class StoreUnavailable(StoreError):
    """There is no store that could be opened, or the system refused to read or write it."""

    code = "store-unavailable"


# --- how records are kept -------------------------------------------------------------------------

_NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*", re.ASCII)


def _check_name(name: str, what: str) -> None:
    if type(name) is not str or len(name) > 60 or _NAME.fullmatch(name) is None:
        raise InvalidPolicy(
            f"the name of {what} is lower-case words with hyphens, such as 'tier-histories'"
        )


@frozen
class Index(Generic[T]):
    """A way to find the records of a collection: of this owner, by due day.

    ``values`` lists a record at a tuple of values; where it returns a list of tuples, the record is
    found at each of them, and at an empty list not at all. A query fixes the first values of the
    tuple and ranges over the next. Raise ``revision`` when ``values`` begins to answer differently,
    as when it depends on a policy that changed, and call ``store.reindex`` once.

    :raises InvalidPolicy: if the name is not lower-case words with hyphens, or the revision is
        below 1.
    """

    name: str
    values: Callable[[T], Listing]
    revision: int = 1

    def __attrs_post_init__(self) -> None:
        _check_name(self.name, "an index")
        if type(self.revision) is not int or self.revision < 1:
            raise InvalidPolicy("the revision of an index counts from 1")


@frozen
class Collection(Generic[T]):
    """How the records of one type are kept: under which key, and found by which indexes.

    ``converter`` says how a record becomes text; left out, it is ``make_converter(record_type)``.
    Pass one made with a :class:`~crmkit.serialization.Schema` once the record has changed its
    shape, and one that knows more types where a field is left open, such as the outcome of a
    decision.

    :raises InvalidPolicy: if a name is not lower-case words with hyphens, or two indexes share one.
    """

    name: str
    record_type: type[T]
    key: Callable[[T], str]
    indexes: tuple[Index[T], ...] = ()
    converter: DocumentConverter = field(kw_only=True, eq=False, repr=False)

    @converter.default
    def _converter_of_the_type(self) -> DocumentConverter:
        return make_converter(self.record_type)

    def __attrs_post_init__(self) -> None:
        _check_name(self.name, "a collection")
        if len({index.name for index in self.indexes}) != len(self.indexes):
            raise InvalidPolicy(f"two indexes of {self.name} share one name")

    @property
    def signature(self) -> str:
        """The names and revisions of the indexes, by which a store knows whether they changed."""
        return " ".join(sorted(f"{index.name}:{index.revision}" for index in self.indexes))

    def dumps(self, record: T) -> str:
        """Write a record as the document that is kept.

        :raises InvalidValue: if it is of another type; a subclass would lose its own fields.
        """
        if type(record) is not self.record_type:
            raise InvalidValue(
                f"{self.name} keeps {self.record_type.__name__}, not {type(record).__name__}"
            )
        return self.converter.dumps(record)

    def loads(self, document: str) -> T:
        """Read a record from its document.

        :raises InvalidDocument: if it does not describe such a record.
        :raises NewerSchema: if a newer release wrote it.
        """
        return self.converter.loads(document, self.record_type)


@frozen
class Fold(Generic[EntryT, StateT]):
    """What the entries of a stream amount to, such as a balance: begin with ``start``, take each
    step.

    ``state_type`` is anything a converter can write: an attrs class, ``int``, ``Money``. Raise
    ``revision`` when the steps begin to count differently; older snapshots are then left unused.

    :raises InvalidPolicy: if the name is not lower-case words with hyphens, or the revision is
        below 1.
    """

    name: str
    state_type: type[StateT]
    start: StateT
    step: Callable[[StateT, EntryT], StateT]
    revision: int = 1

    def __attrs_post_init__(self) -> None:
        _check_name(self.name, "a fold")
        if type(self.revision) is not int or self.revision < 1:
            raise InvalidPolicy("the revision of a fold counts from 1")


@frozen
class Stream(Generic[EntryT]):
    """How entries are kept that only grow, such as a trail or a ledger: one stream for each key.

    ``entry_types`` names every type an entry can have; each document says by its kind which it is.

    :raises InvalidPolicy: if the name is not lower-case words with hyphens, or there is no type.
    """

    name: str
    entry_types: tuple[type[EntryT], ...]
    converter: DocumentConverter = field(kw_only=True, eq=False, repr=False)

    @converter.default
    def _converter_of_the_types(self) -> DocumentConverter:
        return make_converter(*self.entry_types)

    def __attrs_post_init__(self) -> None:
        _check_name(self.name, "a stream")
        if not self.entry_types:
            raise InvalidPolicy(f"{self.name} keeps entries of at least one type: name it")

    def dumps(self, entry: EntryT) -> str:
        """Write an entry as the document that is kept.

        :raises InvalidValue: if it is of a type that the stream does not keep.
        """
        if type(entry) not in self.entry_types:
            names = ", ".join(kept.__name__ for kept in self.entry_types)
            raise InvalidValue(f"{self.name} keeps {names}, not {type(entry).__name__}")
        return self.converter.dumps(entry)

    def loads(self, document: str) -> EntryT:
        """Read an entry from its document.

        :raises InvalidDocument: if it does not describe an entry.
        :raises NewerSchema: if a newer release wrote it.
        """
        entry: EntryT = self.converter.loads(document)
        return entry


# --- what a store hands out -----------------------------------------------------------------------


@frozen
class Stored(Generic[T]):
    """A record as it is kept, and the version by which a change of it is recognized."""

    record: T
    version: int


@frozen
class Page(Generic[T]):
    """Some records in order, and where the next ones begin (None: there are no more)."""

    items: tuple[Stored[T], ...]
    next: str | None = field(default=None, repr=False)


@frozen
class Message:
    """Something that others must hear of, kept together with the change that it tells.

    The ``id`` is the same when a message is handed over again, so that a receiver can tell, and is
    never given to another message of the store. A commit that begins after another has ended gives
    higher numbers. It is a name and not a position: of two commits that overlap in time, the one
    with the lower numbers may be seen later, so "all above the last" is no way to ask for news.
    """

    id: int
    topic: str
    payload: str = field(repr=False, metadata={"personal": True})


class Repository(Protocol[T]):
    """The records of one collection, as one unit of work sees them."""

    def get(self, key: str) -> Stored[T]:
        """The record under a key.

        :raises NotKept: if there is none.
        """
        ...

    def find(self, key: str) -> Stored[T] | None:
        """The record under a key, None if there is none."""
        ...

    def add(self, record: T) -> Stored[T]:
        """Keep a new record.

        :raises AlreadyKept: if its key is taken.
        """
        ...

    def replace(self, record: T, version: int) -> Stored[T]:
        """Keep the next state of a record, if what is kept is still the version that was seen.

        :raises VersionConflict: if it is another version, or nothing is kept there.
        """
        ...

    def remove(self, key: str, version: int) -> None:
        """Keep a record no longer, if it is still the version that was seen.

        A record that is added under the key later gets a version that was never there before.

        :raises VersionConflict: if it is another version, or nothing is kept there.
        """
        ...

    def page(self, *, limit: int = 100, after: str | None = None) -> Page[T]:
        """The records in the order of their keys, by code point."""
        ...

    def query(
        self,
        index: str,
        *,
        prefix: tuple[IndexValue, ...] = (),
        start: IndexValue = None,
        end: IndexValue = None,
        descending: bool = False,
        limit: int = 100,
        after: str | None = None,
    ) -> Page[T]:
        """The records that an index lists under ``prefix``, in its order.

        The value after the prefix is at least ``start`` and before ``end``, where they are given.
        ``after`` is the ``next`` of the page before, of the same question.

        :raises InvalidValue: if the collection has no such index.
        :raises OutdatedIndex: if the store holds other indexes than the collection names.
        """
        ...


class StreamLog(Protocol[EntryT]):
    """The entries of one stream, as one unit of work sees them. The first entry is number 1."""

    def append(self, key: str, entries: Iterable[EntryT], expected_length: int) -> int:
        """Write further entries, if there are still as many as were seen; say how many there are.

        :raises VersionConflict: if there are more or fewer.
        """
        ...

    def read(self, key: str, after: int = 0, until: int | None = None) -> tuple[EntryT, ...]:
        """The entries after one number, up to and including another."""
        ...

    def length(self, key: str) -> int:
        """How many entries there are."""
        ...

    def fold(self, key: str, fold: Fold[EntryT, StateT]) -> StateT:
        """What the entries amount to, from the snapshot on if one is kept."""
        ...

    def snapshot(self, key: str, fold: Fold[EntryT, StateT]) -> StateT:
        """What the entries amount to, kept so that the next fold begins there."""
        ...

    def verify(self, key: str, fold: Fold[EntryT, StateT]) -> StateT:
        """What the entries amount to from the first on, held against the snapshot.

        :raises CorruptStore: if the snapshot says something else.
        """
        ...

    def keys(self, *, limit: int = 100, after: str | None = None) -> tuple[str, ...]:
        """The keys under which there are entries, by code point: the first ones above ``after``."""
        ...

    def rewrite(self, key: str, entries: Iterable[EntryT], expected_length: int) -> int:
        """Put other entries in the place of all there are, or none; snapshots go.

        Entries only grow, and this is the one exception: to erase personal data, or to move what is
        kept under one key to another. A unit that has seen the old entries is refused, whatever the
        new ones are. Only if there are none, and somebody writes as many as before under this key
        while that unit is still open, can it not tell: no store remembers a key that was erased.

        :raises VersionConflict: if there are more or fewer than were seen.
        """
        ...


class Outbox(Protocol):
    """Messages that leave if, and only if, the unit of work commits."""

    def add(self, topic: str, payload: str) -> None:
        """Leave a message; ``store.deliver`` hands it over after the commit."""
        ...

    def waiting(self, *, limit: int = 100, after: int = 0) -> tuple[Message, ...]:
        """The messages above a number that were not handed over when the unit began.

        Those that the unit itself leaves are not among them.
        """
        ...

    def drop(self, number: int) -> None:
        """Take a message back before it is handed over, as when it holds what must be erased."""
        ...


@frozen
class KeptAnswer:
    """What became of a command: its idempotency key, when it came in, and what was answered.

    The document of a command that was ``refused`` is the code and the text of the refusal, a line
    each; that of one whose answer was ``erased`` is empty.
    """

    key: str = field(repr=False)
    at: datetime
    document: str = field(repr=False, metadata={"personal": True})
    outcome: str = "answered"


class KeptAnswers(Protocol):
    """The answers to commands that were kept before this unit of work began."""

    def page(self, *, limit: int = 100, after: str | None = None) -> tuple[KeptAnswer, ...]:
        """The first answers whose keys lie above one, by code point, without this unit's own."""
        ...

    def erase(self, key: str) -> None:
        """Forget what was answered, but not that the command was carried out."""
        ...

    def remove(self, key: str) -> None:
        """Forget a command altogether: if it comes again, it is carried out again."""
        ...


class UnitOfWork(Protocol):
    """All of it happens, or none of it. Used as a context manager, it rolls back unless committed.

    Every method raises :class:`~crmkit.errors.UnitOfWorkClosed` after its end. A unit is used by
    one thread at a time.
    """

    def repository(self, collection: Collection[T]) -> Repository[T]:
        """The records of a collection."""
        ...

    def stream(self, stream: Stream[EntryT]) -> StreamLog[EntryT]:
        """The entries of a stream."""
        ...

    @property
    def outbox(self) -> Outbox:
        """The messages that go out with the commit."""
        ...

    @property
    def answers(self) -> KeptAnswers:
        """The answers to commands that were kept before."""
        ...

    def once(
        self,
        key: str,
        payload: str,
        action: Callable[[], str],
        *,
        at: datetime,
        refusals: tuple[type[CrmkitError], ...] = (),
    ) -> str:
        """Do something once, however often it is asked for under the same idempotency key.

        The first time ``action`` runs and its answer is kept with the commit; later the kept answer
        is returned. ``at`` is when the command came in.

        ``refusals`` names the errors that are a business "no", such as
        :class:`~crmkit.loyalty.InsufficientPoints`. If the action raises one of them, what it wrote
        is taken back, the refusal is kept in the place of an answer, and ``once`` raises
        :class:`~crmkit.errors.Refused`, this time and whenever the command comes again: commit to
        keep it, as :func:`run_once` does. Nothing is kept of an action that raises anything else.

        :raises Refused: if the action is refused now, or was before.
        :raises IdempotencyMismatch: if the key was used before with another payload.
        :raises AnswerErased: if the command was carried out, and its answer has been erased.
        :raises InvalidPolicy: if ``refusals`` names invalid values or trouble with the store, which
            are no answer: the same command may well succeed when it comes again.
        """
        ...

    def commit(self) -> None:
        """Keep everything, and end.

        :raises VersionConflict: if something this unit saw by key or wrote was changed in between.
        """
        ...

    def rollback(self) -> None:
        """Keep nothing, and end; ending twice does no harm."""
        ...

    def __enter__(self) -> Self:
        """Begin."""
        ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Roll back what was not committed."""
        ...


class Store(Protocol):
    """Where a host keeps what crmkit decided. It may be used by many threads at once."""

    def unit_of_work(self) -> UnitOfWork:
        """Begin a unit of work; one that only reads makes nobody wait."""
        ...

    def deliver(self, handler: Callable[[Message], None], *, limit: int = 100) -> int:
        """Hand the oldest messages over, in order, and count those that were taken.

        A message is forgotten after the handler has returned. If it raises, that message and those
        behind it stay; if the process dies, the messages of this call may be handed over again.
        Run one at a time: two at once skip nothing, but hand the same messages over.
        """
        ...

    def reindex(self, collection: Collection[Any]) -> int:
        """List all records of a collection anew, after its indexes changed, and count them."""
        ...

    def forget_answers(self, *, before: datetime) -> int:
        """Forget the answers to commands that came in before an instant, and count them."""
        ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...


# --- helpers that work with any store -------------------------------------------------------------


def retry_on_conflict(
    store: Store,
    work: Callable[[UnitOfWork], ResultT],
    *,
    attempts: int = 10,
    pause: Callable[[int], None] | None = None,
) -> ResultT:
    """Do some work in a unit and commit it; after a conflict do it again, in a fresh unit.

    The work reads and decides anew each time. ``pause`` is called with the number of conflicts so
    far, for a host that wants to wait a little longer each time.

    :raises VersionConflict: if the last attempt met a conflict too.
    :raises InvalidValue: if there is no attempt.
    """
    if type(attempts) is not int or attempts < 1:
        raise InvalidValue("attempts is how often the work is tried at most: 1 or more")
    for conflicts in range(1, attempts):
        try:
            return _attempt(store, work)
        except VersionConflict:
            if pause is not None:
                pause(conflicts)
    return _attempt(store, work)


def run_once(
    store: Store,
    key: str,
    payload: str,
    work: Callable[[UnitOfWork], str],
    *,
    at: datetime,
    refusals: tuple[type[CrmkitError], ...] = (),
    attempts: int = 10,
    pause: Callable[[int], None] | None = None,
) -> str:
    """Carry out a command once and commit it, or commit that it was refused.

    See :meth:`UnitOfWork.once` for the key, the payload and the refusals, and
    :func:`retry_on_conflict` for what happens after a conflict.

    :raises Refused: if the command is refused, or was before.
    :raises IdempotencyMismatch: if the key was used before with another payload.
    """

    def attempt(unit: UnitOfWork) -> str | Refused:
        try:
            return unit.once(key, payload, lambda: work(unit), at=at, refusals=refusals)
        except Refused as refused:
            return refused

    result = retry_on_conflict(store, attempt, attempts=attempts, pause=pause)
    if isinstance(result, Refused):
        raise result
    return result


def _attempt(store: Store, work: Callable[[UnitOfWork], ResultT]) -> ResultT:
    with store.unit_of_work() as unit:
        result = work(unit)
        unit.commit()
    return result


def walk(fetch: Callable[[str | None], Page[T]]) -> Iterator[Stored[T]]:
    """Go through all pages: ``walk(lambda after: tiers.query("by-tier", after=after))``."""
    page = fetch(None)
    yield from page.items
    while page.next is not None:
        page = fetch(page.next)
        yield from page.items
