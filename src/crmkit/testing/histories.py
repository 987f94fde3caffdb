"""Random histories of a store, held against a model that is too simple to be wrong.

Two units of work are open side by side. Hypothesis interleaves what they do, shrinks a history that
breaks a promise to its shortest form, and prints it as the calls that lead there.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

from attrs import Factory, define, evolve, frozen

from crmkit.errors import (
    AlreadyKept,
    CrmkitError,
    IdempotencyMismatch,
    MissingExtra,
    NotKept,
    UnitOfWorkClosed,
    VersionConflict,
)
from crmkit.money import Money
from crmkit.storage import (
    Collection,
    Fold,
    Index,
    IndexValue,
    Message,
    Page,
    Store,
    Stored,
    Stream,
    UnitOfWork,
    walk,
)

try:
    from hypothesis import strategies as st
    from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
except ImportError:
    raise MissingExtra("hypothesis", "testing") from None

__all__ = [
    "BALANCE",
    "CARDS",
    "CONFUSABLE",
    "KEYS",
    "LEDGER",
    "Card",
    "ContractBroken",
    "Credit",
    "Debit",
    "Histories",
    "promise",
    "refuses",
]


class ContractBroken(AssertionError):
    """A store did not keep a promise; the message is the promise."""


def promise(kept: bool, what: str) -> None:
    """Hold a store to what it promised."""
    if not kept:
        raise ContractBroken(what)


def refuses(error: type[CrmkitError], action: Callable[[], object], what: str) -> None:
    """Hold a store to refusing something, with this error and no other."""
    try:
        action()
    except error:
        return
    raise ContractBroken(f"{what}: {error.__name__} was expected")


# --- what is kept ---------------------------------------------------------------------------------


@frozen
class Card:
    """A record with one of everything that an index can list by."""

    key: str
    owner: str
    due_on: date | None
    amount: Money
    tags: tuple[str, ...]
    value: bool | int | str | date | datetime | Money | None


@frozen
class Credit:
    """An entry of one kind."""

    points: int


@frozen
class Debit:
    """An entry of another kind."""

    points: int


Listing = tuple[IndexValue, ...]

LISTINGS: dict[str, Callable[[Card], list[Listing]]] = {
    "by-owner": lambda card: [(card.owner, card.due_on, card.amount)],
    "by-tag": lambda card: [(tag,) for tag in card.tags],
    "by-value": lambda card: [(card.value,)],
}

CARDS = Collection(
    "contract-cards",
    Card,
    key=lambda card: card.key,
    indexes=(
        Index("by-owner", lambda card: (card.owner, card.due_on, card.amount)),
        Index("by-tag", LISTINGS["by-tag"]),
        Index("by-value", lambda card: (card.value,)),
    ),
)
"""The records of the contract."""

LEDGER: Stream[Credit | Debit] = Stream("contract-ledger", (Credit, Debit))
"""The entries of the contract."""


def _points(entry: Credit | Debit) -> int:
    return entry.points if isinstance(entry, Credit) else -entry.points


def _add(balance: int, entry: Credit | Debit) -> int:
    return balance + _points(entry)


BALANCE = Fold("balance", int, 0, _add)
"""What the entries of the contract amount to."""

CONFUSABLE = (
    # Each group holds keys that some store takes for one, or puts in another order.
    ("a", "A"),
    ("ä", "a\u0308", "Ä"),
    ("ss", "ß"),
    ("i", "İ", "ı"),
    # By code point U+FF21 comes before U+1D400, by UTF-16 units after it.
    ("\uff21", "\U0001d400", "客"),
    ("1", "01", "10"),
    ("%", "_", "\\"),
    ("a b", "a-b", "ab"),
    ("'; DROP TABLE record; --", '"'),
    ("k" * 254, "k" * 255),
)
KEYS = tuple(key for group in CONFUSABLE for key in group)
"""Keys that stores are known to confuse."""

MANY = 10_000
"""More than any history leaves behind."""

_NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
_STALE = "what was decided on an older state is refused"

# Everything is drawn from few values, so that the two units get into each other's way.
_NAMES = st.sampled_from(["left", "right"])
_SLOTS = st.integers(0, 1)
_PAYLOADS = st.sampled_from(["", "{}"])
_OWNERS = st.sampled_from(["anna", "Anna"])
_TAGS = st.sampled_from(["x", "y"])
_FEW = st.integers(0, 4)
_SEEN = st.sampled_from([0, 0, 0, 1, 2])
_DAYS = st.dates(date(2026, 1, 1), date(2026, 1, 4))
_MONEY = st.builds(Money.of_minor, st.integers(-3, 3), st.sampled_from(["EUR", "JPY", "KWD"]))
_INSTANTS = st.builds(
    lambda minutes, offset: (_NOON + timedelta(minutes=minutes)).astimezone(
        timezone(timedelta(hours=offset))
    ),
    st.integers(-2, 2),
    st.sampled_from([0, 13, -11]),
)
_NUMBERS = st.sampled_from([-(2**63), -256, -1, 0, 1, 255, 256, 2**63 - 1])
_TEXTS = st.sampled_from(KEYS)
_VALUES = st.one_of(st.none(), st.booleans(), _NUMBERS, _MONEY, _DAYS, _INSTANTS, _TEXTS)
_CARDS = st.builds(
    Card,
    key=st.just("to be replaced"),
    owner=_OWNERS,
    due_on=st.none() | _DAYS,
    amount=_MONEY,
    tags=st.lists(_TAGS, max_size=2, unique=True).map(tuple),
    value=_VALUES,
)
_ENTRIES = st.lists(
    st.builds(Credit, st.integers(0, 9)) | st.builds(Debit, st.integers(0, 9)), max_size=3
)


def _rank(value: IndexValue) -> tuple[Any, ...]:
    """The order of index values, said a second time and differently."""
    match value:
        case None:
            return (0,)
        case bool():
            return (1, value)
        case int():
            return (2, value)
        case Money():
            return (3, value.currency, value.minor)
        case datetime():
            return (5, value)
        case date():
            return (4, value)
        case _:
            return (6, value)


# --- the model ------------------------------------------------------------------------------------


@define
class World:
    """All that is kept: as committed, or as one unit sees it."""

    cards: dict[str, Stored[Card]] = Factory(dict)
    entries: dict[str, list[Credit | Debit]] = Factory(dict)
    answers: dict[str, tuple[str, str, datetime]] = Factory(dict)

    def copy(self) -> "World":
        """The same, to go on from there."""
        entries = {key: list(each) for key, each in self.entries.items()}
        return World(dict(self.cards), entries, dict(self.answers))

    def find(self, question: "Question") -> list[str]:
        """The keys that a query must find, in order, once for each time a record is listed."""
        prefix = [_rank(value) for value in question.prefix]
        found = [
            (ranks, key)
            for key, stored in self.cards.items()
            for values in LISTINGS[question.index](stored.record)
            if (ranks := [_rank(value) for value in values])[: len(prefix)] == prefix
            and question.reaches(next(iter(values[len(prefix) :]), None))
        ]
        return [key for _, key in sorted(found, reverse=question.descending)]


@frozen
class Question:
    """What a query asks for."""

    index: str
    prefix: Listing
    start: IndexValue
    end: IndexValue
    descending: bool
    limit: int

    def reaches(self, value: IndexValue) -> bool:
        """Whether a value lies in the range."""
        return (self.start is None or _rank(self.start) <= _rank(value)) and (
            self.end is None or _rank(value) < _rank(self.end)
        )

    def ask(self, unit: UnitOfWork, after: str | None) -> Page[Card]:
        """Ask a store for one page."""
        return unit.repository(CARDS).query(
            self.index,
            prefix=self.prefix,
            start=self.start,
            end=self.end,
            descending=self.descending,
            limit=self.limit,
            after=after,
        )


def _questions(
    index: str, prefix: st.SearchStrategy[Listing], bound: st.SearchStrategy[Any]
) -> st.SearchStrategy[Question]:
    bounds = st.none() | bound
    return st.builds(
        Question, st.just(index), prefix, bounds, bounds, st.booleans(), st.integers(1, 4)
    )


_QUESTIONS = st.one_of(
    _questions("by-value", st.just(()), _VALUES),
    _questions("by-tag", st.just(()), _TAGS),
    _questions("by-tag", st.tuples(_TAGS), st.none()),
    _questions("by-owner", st.just(()), _OWNERS),
    _questions("by-owner", st.tuples(_OWNERS), _DAYS),
    _questions("by-owner", st.tuples(_OWNERS, st.none() | _DAYS), _MONEY),
)


_EVERYTHING = [Question(index, (), None, None, False, 1) for index in LISTINGS]


def _check_answer(question: Question, unit: UnitOfWork, world: World) -> None:
    """Hold all pages of a query against what a world says it finds."""
    pages = [question.ask(unit, None)]
    while pages[-1].next is not None:
        promise(len(pages[-1].items) == question.limit, "only the last page is not full")
        pages.append(question.ask(unit, pages[-1].next))
    found = [stored for page in pages for stored in page.items]
    expected = [world.cards[key] for key in world.find(question)]
    promise(found == expected, "a query finds what its index lists there, all of it, in order")


@define
class Side:
    """One unit of work, the world it began in, and the world as it sees it."""

    unit: UnitOfWork
    began: World
    sees: World
    commits_before: int
    looked_at: set[str] = Factory(set)
    read_streams: set[str] = Factory(set)
    written: set[str] = Factory(set)
    appended: dict[str, list[Credit | Debit]] = Factory(dict)
    answered: set[str] = Factory(set)
    messages: list[tuple[str, str]] = Factory(list)
    snapshots: bool = False

    @property
    def writes(self) -> bool:
        """Whether a commit has anything to keep."""
        return any((self.written, self.appended, self.answered, self.messages, self.snapshots))

    def must_be_refused(self, now: World) -> bool:
        """Whether something that this unit saw by key or wrote has changed since it began."""
        return self.writes and (
            any(
                _version(now.cards.get(key)) != _version(self.began.cards.get(key))
                for key in self.looked_at
            )
            or any(
                len(now.entries.get(key, ())) != len(self.began.entries.get(key, ()))
                for key in self.read_streams
            )
            or any(key in now.answers for key in self.answered)
        )

    def commit_to(self, now: World) -> None:
        """Do to the world what the unit did."""
        for key in self.written:
            now.cards.pop(key, None)
            if key in self.sees.cards:
                now.cards[key] = self.sees.cards[key]
        for key, entries in self.appended.items():
            now.entries.setdefault(key, []).extend(entries)
        for key in self.answered:
            now.answers[key] = self.sees.answers[key]


def _version(stored: Stored[Card] | None) -> int | None:
    return None if stored is None else stored.version


class _Stopped(Exception):
    """Raised by a handler or an action of the contract, to see what the store makes of it."""


# --- the histories --------------------------------------------------------------------------------


class Histories(RuleBasedStateMachine):
    """Two units of work on one store, and the model of what they must see and leave behind."""

    def __init__(self, new_store: Callable[[], Store]) -> None:
        """Begin with a new, empty store."""
        super().__init__()
        self.store = new_store()
        self.world = World()
        self.sides: dict[str, Side] = {}
        self.commits = 0
        self.versions: dict[str, set[int]] = {}
        self.waiting: list[tuple[str, str]] = []
        self.last_message = 0
        self.refused_message: int | None = None
        self.commands = 0
        self.keys = KEYS[:2]

    @initialize(keys=st.sampled_from(CONFUSABLE))
    def choose_keys(self, keys: tuple[str, ...]) -> None:
        """Choose a few keys; what is written under one must not be found under another."""
        self.keys = keys

    def _key(self, slot: int) -> str:
        return self.keys[slot % len(self.keys)]

    def teardown(self) -> None:
        """Look at all that was kept, once more, and close the store."""
        for side in self.sides.values():
            side.unit.rollback()
        self._look_at_everything()
        self.deliver(limit=MANY, fails_at=MANY)
        self.store.close()

    def _look_at_everything(self) -> None:
        with self.store.unit_of_work() as unit:
            cards = unit.repository(CARDS)
            kept = list(walk(lambda after: cards.page(limit=2, after=after)))
            expected = sorted(self.world.cards.items())
            promise(
                kept == [stored for _, stored in expected],
                "what was committed is kept and nothing else, in the order of the keys",
            )
            for question in _EVERYTHING:
                _check_answer(question, unit, self.world)
            for key, entries in self.world.entries.items():
                read = list(unit.stream(LEDGER).read(key))
                promise(read == entries, "the entries of a stream are kept in their order")

    # --- units ---

    def _side(self, name: str) -> Side:
        """The unit of that name, begun if it is not open."""
        if name not in self.sides:
            unit = self.store.unit_of_work()
            self.sides[name] = Side(unit, self.world.copy(), self.world.copy(), self.commits)
        return self.sides[name]

    @rule(name=_NAMES)
    def commit(self, name: str) -> None:
        """Commit a unit of work."""
        side = self._side(name)
        del self.sides[name]
        try:
            side.unit.commit()
        except VersionConflict:
            alone = self.commits == side.commits_before
            promise(not alone, "a commit is not refused while nobody else has changed anything")
        else:
            lost = side.must_be_refused(self.world)
            promise(not lost, "a commit is refused if something that it rests on was changed")
            self._note_versions(side)
            side.commit_to(self.world)
            self.waiting += side.messages
            self.commits += side.writes
        self._check_ended(side.unit)

    def _commit_if(self, wanted: bool, name: str) -> None:
        if wanted:
            self.commit(name)

    def _note_versions(self, side: Side) -> None:
        for key in side.written & side.sees.cards.keys():
            known = self.versions.setdefault(key, set())
            version = side.sees.cards[key].version
            promise(version not in known, "a version that was once there never comes back")
            known.add(version)

    @rule(name=_NAMES)
    def roll_back(self, name: str) -> None:
        """Roll a unit of work back."""
        side = self._side(name)
        del self.sides[name]
        side.unit.rollback()
        self._check_ended(side.unit)

    def _check_ended(self, unit: UnitOfWork) -> None:
        unit.rollback()
        for action in (lambda: unit.repository(CARDS).find("a"), unit.commit):
            refuses(UnitOfWorkClosed, action, "a unit of work that has ended does nothing more")
        self._look_at_everything()

    # --- records ---

    @rule(name=_NAMES, slot=_SLOTS)
    def look(self, name: str, slot: int) -> None:
        """Look at one record."""
        key = self._key(slot)
        side = self._side(name)
        cards = side.unit.repository(CARDS)
        side.looked_at.add(key)
        expected = side.sees.cards.get(key)
        promise(
            cards.find(key) == expected,
            "a unit sees the store as it was when the unit began, and its own changes",
        )
        if expected is None:
            refuses(NotKept, lambda: cards.get(key), "get refuses where find gives None")
        else:
            promise(cards.get(key) == expected, "get and find agree")

    @rule(name=_NAMES, slot=_SLOTS, card=_CARDS, commits=st.booleans())
    def add(self, name: str, slot: int, card: Card, commits: bool) -> None:
        """Add a record."""
        card = evolve(card, key=self._key(slot))
        side = self._side(name)
        cards = side.unit.repository(CARDS)
        side.looked_at.add(card.key)
        if card.key in side.sees.cards:
            refuses(AlreadyKept, lambda: cards.add(card), "no key is kept twice")
        else:
            self._wrote(side, cards.add(card), card)
        self._commit_if(commits, name)

    @rule(name=_NAMES, slot=_SLOTS, card=_CARDS, seen=_SEEN, commits=st.booleans())
    def replace(self, name: str, slot: int, card: Card, seen: int, commits: bool) -> None:
        """Replace a record, now and then by a version that is not the last one."""
        card = evolve(card, key=self._key(slot))
        side = self._side(name)
        cards = side.unit.repository(CARDS)
        version, is_current = self._some_version(side, card.key, seen)
        if is_current:
            self._wrote(side, cards.replace(card, version), card)
        else:
            refuses(VersionConflict, lambda: cards.replace(card, version), _STALE)
        self._commit_if(commits, name)

    @rule(name=_NAMES, slot=_SLOTS, seen=_SEEN, commits=st.booleans())
    def remove(self, name: str, slot: int, seen: int, commits: bool) -> None:
        """Remove a record, now and then by a version that is not the last one."""
        key = self._key(slot)
        side = self._side(name)
        cards = side.unit.repository(CARDS)
        version, is_current = self._some_version(side, key, seen)
        if is_current:
            cards.remove(key, version)
            side.written.add(key)
            del side.sees.cards[key]
        else:
            refuses(VersionConflict, lambda: cards.remove(key, version), _STALE)
        self._commit_if(commits, name)

    def _some_version(self, side: Side, key: str, seen: int) -> tuple[int, bool]:
        """The current version of a record or an older one, and which it is."""
        side.looked_at.add(key)
        current = _version(side.sees.cards.get(key))
        known = sorted({1, *self.versions.get(key, ())} - {current})
        if current is not None:
            known.insert(0, current)
        version = known[seen % len(known)]
        return version, version == current

    def _wrote(self, side: Side, stored: Stored[Card], card: Card) -> None:
        promise(stored.record == card, "what is kept is what was handed over")
        side.written.add(card.key)
        side.sees.cards[card.key] = stored

    @rule(name=_NAMES, question=_QUESTIONS)
    def query(self, name: str, question: Question) -> None:
        """Go through the pages of a query."""
        side = self._side(name)
        _check_answer(question, side.unit, side.sees)

    # --- streams ---

    @rule(
        name=_NAMES,
        slot=_SLOTS,
        entries=_ENTRIES,
        off=st.sampled_from([0, 0, 0, -1, 1]),
        commits=st.booleans(),
    )
    def append(
        self, name: str, slot: int, entries: list[Credit | Debit], off: int, commits: bool
    ) -> None:
        """Write entries, now and then with a wrong idea of how many there are."""
        key = self._key(slot)
        side = self._side(name)
        log = side.unit.stream(LEDGER)
        side.read_streams.add(key)
        there = len(side.sees.entries.get(key, ()))
        if off:
            refuses(VersionConflict, lambda: log.append(key, entries, there + off), _STALE)
            return
        length = log.append(key, entries, there)
        promise(length == there + len(entries), "append says how many entries there are")
        if entries:
            side.sees.entries.setdefault(key, []).extend(entries)
            side.appended.setdefault(key, []).extend(entries)
        self._commit_if(commits, name)

    @rule(name=_NAMES, slot=_SLOTS, after=_FEW, until=st.none() | _FEW)
    def read(self, name: str, slot: int, after: int, until: int | None) -> None:
        """Read some entries."""
        key = self._key(slot)
        side = self._side(name)
        log = side.unit.stream(LEDGER)
        side.read_streams.add(key)
        entries = side.sees.entries.get(key, [])
        promise(log.length(key) == len(entries), "length counts the entries that the unit sees")
        read = list(log.read(key, after, until))
        promise(read == entries[after:until], "entries are numbered from 1 and read in order")

    @rule(name=_NAMES, slot=_SLOTS, keep=st.booleans())
    def fold(self, name: str, slot: int, keep: bool) -> None:
        """Fold a stream, with the snapshot and without it, and keep a new one."""
        key = self._key(slot)
        side = self._side(name)
        log = side.unit.stream(LEDGER)
        side.read_streams.add(key)
        side.snapshots = side.snapshots or keep
        balance = sum(_points(entry) for entry in side.sees.entries.get(key, []))
        folds = [log.fold, log.verify, *([log.snapshot, log.fold] if keep else [])]
        for fold in folds:
            promise(fold(key, BALANCE) == balance, "a fold is the same from any snapshot on")

    # --- commands and messages ---

    @rule(
        name=_NAMES,
        slot=_SLOTS,
        payload=_PAYLOADS,
        hour=_FEW,
        fails=st.sampled_from([False, False, True]),
        commits=st.booleans(),
    )
    def command(
        self, name: str, slot: int, payload: str, hour: int, fails: bool, commits: bool
    ) -> None:
        """Do something once."""
        key = self._key(slot)
        side = self._side(name)
        at = _NOON + timedelta(hours=hour)
        self.commands += 1
        answer = f"answer {self.commands}"
        calls = []

        def action() -> str:
            calls.append(answer)
            if fails and known is None:
                raise _Stopped
            return answer

        def ask() -> str:
            return side.unit.once(key, payload, action, at=at)

        known = side.sees.answers.get(key)
        if known is None and fails:
            with suppress(_Stopped):
                ask()
        elif known is None:
            promise(ask() == answer, "the first time, a command is carried out")
            side.sees.answers[key] = (payload, answer, at)
            side.answered.add(key)
        elif known[0] == payload:
            promise(ask() == known[1], "the next time, a command gets the kept answer")
        else:
            refuses(IdempotencyMismatch, ask, "a key stands for one command only")
        promise(bool(calls) == (known is None), "a command is carried out once")
        self._commit_if(commits, name)

    @rule(hour=_FEW)
    def forget(self, hour: int) -> None:
        """Forget the answers to old commands."""
        before = _NOON + timedelta(hours=hour)
        old = [key for key, (_, _, at) in self.world.answers.items() if at < before]
        for key in old:
            del self.world.answers[key]
        self.commits += 1
        forgotten = self.store.forget_answers(before=before)
        promise(forgotten == len(old), "answers are kept until they are old")

    @rule(name=_NAMES, slot=_SLOTS, payload=_PAYLOADS, commits=st.booleans())
    def leave(self, name: str, slot: int, payload: str, commits: bool) -> None:
        """Leave a message."""
        topic = self._key(slot)
        side = self._side(name)
        side.unit.outbox.add(topic, payload)
        side.messages.append((topic, payload))
        self._commit_if(commits, name)

    @rule(limit=st.sampled_from([1, 2, MANY]), fails_at=st.sampled_from([0, 1, MANY]))
    def deliver(self, limit: int, fails_at: int) -> None:
        """Hand messages over to a handler that may fail."""
        handed: list[Message] = []

        def handler(message: Message) -> None:
            if self.refused_message is not None:
                again = message.id == self.refused_message
                promise(again, "a message that was not taken comes again, before all others")
            self.refused_message = message.id
            if len(handed) == fails_at:
                raise _Stopped
            self.refused_message = None
            handed.append(message)

        with suppress(_Stopped):
            count = self.store.deliver(handler, limit=limit)
            promise(count == len(handed), "deliver counts the messages that were taken")
        expected = self.waiting[: min(limit, fails_at)]
        told = [(message.topic, message.payload) for message in handed]
        promise(told == expected, "messages are handed over oldest first, and none is skipped")
        for message in handed:
            promise(message.id > self.last_message, "messages are numbered in their order")
            self.last_message = message.id
        self.waiting = self.waiting[len(handed) :]
