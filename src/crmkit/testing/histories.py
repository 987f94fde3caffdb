"""Random histories of a store, held against a model that is too simple to be wrong.

Two units of work are open side by side. Hypothesis interleaves what they do, shrinks a history that
breaks a promise to its shortest form, and prints it as the calls that lead there.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

from attrs import evolve

from crmkit.errors import (
    AlreadyKept,
    CrmkitError,
    IdempotencyMismatch,
    MissingExtra,
    NotKept,
    Refused,
    UnitOfWorkClosed,
    VersionConflict,
)
from crmkit.storage import Message, Store, Stored, UnitOfWork, walk
from crmkit.testing.model import Answer, Side, World, check_answer, promise, refuses, version_of
from crmkit.testing.samples import (
    BALANCE,
    CARDS,
    CONFUSABLE,
    KEYS,
    LEDGER,
    LISTINGS,
    NOON,
    QUESTIONS,
    SOME_CARDS,
    SOME_ENTRIES,
    Card,
    Credit,
    Debit,
    Question,
    points_of,
)

try:
    from hypothesis import strategies as st
    from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
except ImportError:
    raise MissingExtra("hypothesis", "testing") from None

__all__ = ["Histories"]

_STALE = "what was decided on an older state is refused"
_MANY = 10_000
"""More than any history leaves behind."""
_EVERYTHING = [Question(index, (), None, None, False, 1) for index in LISTINGS]

# Everything is drawn from few values, so that the two units get into each other's way, and drawn at
# once, so that Hypothesis spends its time on histories.
_NAMES = st.sampled_from(["left", "right"])
_SLOTS = st.integers(0, 1)
_FEW = st.integers(0, 4)
_SEEN = st.sampled_from([0, 0, 0, 1, 2])
_PAYLOADS = st.sampled_from(["", "{}"])


class _Stopped(Exception):
    """Raised by a handler or an action of the contract, to see what the store makes of it."""


class Refusal(CrmkitError):
    """A business "no" of the contract."""

    code = "refusal"


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
        self.deliver(limit=_MANY, fails_at=_MANY)
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
                check_answer(question, unit, self.world)
            self._look_at_lists(unit)
            for key in self.keys:
                found, read = cards.find(key), list(unit.stream(LEDGER).read(key))
                promise(found == self.world.cards.get(key), "a record is found by its own key only")
                promise(
                    read == self.world.entries.get(key, []), "a stream has its own entries only"
                )

    def _look_at_lists(self, unit: UnitOfWork) -> None:
        streams = sorted(key for key, entries in self.world.entries.items() if entries)
        promise(
            list(unit.stream(LEDGER).keys()) == streams, "streams are listed if they have entries"
        )
        answers = [(each.key, each.outcome, each.at) for each in unit.answers.page()]
        expected = [
            (key, "refused" if answer.is_refusal else "answered", answer.at)
            for key, answer in sorted(self.world.answers.items())
        ]
        promise(answers == expected, "the answers of committed commands are kept and no others")
        waiting = [(message.topic, message.payload) for message in unit.outbox.waiting()]
        promise(
            waiting == self.waiting, "the messages of committed units wait until they are taken"
        )

    # --- units ---

    def _side(self, name: str) -> Side:
        """The unit of that name, begun if it is not open."""
        if name not in self.sides:
            unit = self.store.unit_of_work()
            self.sides[name] = Side(unit, self.world.copy(), self.world.copy(), self.commits)
        return self.sides[name]

    @rule(name=_NAMES, commits=st.sampled_from([True, True, True, False]))
    def end(self, name: str, commits: bool) -> None:
        """End a unit of work."""
        side = self._side(name)
        del self.sides[name]
        if commits:
            self._commit(side)
        else:
            side.unit.rollback()
        side.unit.rollback()
        for action in (lambda: side.unit.repository(CARDS).find("a"), side.unit.commit):
            refuses(UnitOfWorkClosed, action, "a unit of work that has ended does nothing more")
        self._look_at_everything()

    def _commit(self, side: Side) -> None:
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

    def _commit_if(self, wanted: bool, name: str) -> None:
        if wanted:
            self.end(name, commits=True)

    def _note_versions(self, side: Side) -> None:
        for key in side.written & side.sees.cards.keys():
            known = self.versions.setdefault(key, set())
            version = side.sees.cards[key].version
            promise(version not in known, "a version that was once there never comes back")
            known.add(version)

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

    @rule(name=_NAMES, slot=_SLOTS, card=st.sampled_from(SOME_CARDS), commits=st.booleans())
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

    @rule(
        name=_NAMES,
        slot=_SLOTS,
        card=st.sampled_from(SOME_CARDS),
        seen=_SEEN,
        commits=st.booleans(),
    )
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
        current = version_of(side.sees.cards.get(key))
        known = sorted({1, *self.versions.get(key, ())} - {current})
        if current is not None:
            known.insert(0, current)
        version = known[seen % len(known)]
        return version, version == current

    def _wrote(self, side: Side, stored: Stored[Card], card: Card) -> None:
        promise(stored.record == card, "what is kept is what was handed over")
        side.written.add(card.key)
        side.sees.cards[card.key] = stored

    @rule(name=_NAMES, question=st.sampled_from(QUESTIONS))
    def query(self, name: str, question: Question) -> None:
        """Go through the pages of a query."""
        side = self._side(name)
        check_answer(question, side.unit, side.sees)

    # --- streams ---

    @rule(
        name=_NAMES,
        slot=_SLOTS,
        entries=st.sampled_from(SOME_ENTRIES),
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

    @rule(name=_NAMES, slot=_SLOTS, after=_FEW, until=st.none() | _FEW, keeps=st.booleans())
    def read(self, name: str, slot: int, after: int, until: int | None, keeps: bool) -> None:
        """Read some entries and fold all of them, with the snapshot and without it."""
        key = self._key(slot)
        side = self._side(name)
        log = side.unit.stream(LEDGER)
        side.read_streams.add(key)
        side.snapshots = side.snapshots or keeps
        entries = side.sees.entries.get(key, [])
        promise(log.length(key) == len(entries), "length counts the entries that the unit sees")
        read = list(log.read(key, after, until))
        promise(read == entries[after:until], "entries are numbered from 1 and read in order")
        balance = sum(points_of(entry) for entry in entries)
        for fold in (log.fold, log.verify, *([log.snapshot, log.fold] if keeps else [])):
            promise(fold(key, BALANCE) == balance, "a fold is the same from any snapshot on")

    # --- commands and messages ---

    @rule(
        name=_NAMES,
        slot=_SLOTS,
        payload=_PAYLOADS,
        hour=_FEW,
        ends=st.sampled_from(["answered", "answered", "stopped", "refused"]),
        commits=st.booleans(),
    )
    def command(
        self, name: str, slot: int, payload: str, hour: int, ends: str, commits: bool
    ) -> None:
        """Do something once."""
        key = self._key(slot)
        side = self._side(name)
        self.commands += 1
        answer = Answer(payload, f"answer {self.commands}", NOON + timedelta(hours=hour))
        calls = []

        def action() -> str:
            calls.append(answer)
            if ends != "answered":
                side.unit.outbox.add(key, "of a command that is not carried out")
            if ends == "stopped":
                raise _Stopped
            if ends == "refused":
                raise Refusal(answer.text)
            return answer.text

        def ask() -> str:
            return side.unit.once(key, payload, action, at=answer.at, refusals=(Refusal,))

        known = side.sees.answers.get(key)
        if known is None and ends == "stopped":
            # What it did before it failed is up to the caller, who rolls back.
            with suppress(_Stopped):
                ask()
            side.messages.append((key, "of a command that is not carried out"))
        elif known is None:
            side.sees.answers[key] = answer = evolve(answer, is_refusal=ends == "refused")
            side.answered.add(key)
            self._answers(ask, answer, "the first time, a command is carried out")
        elif known.payload == payload:
            self._answers(ask, known, "the next time, a command gets the kept answer")
        else:
            refuses(IdempotencyMismatch, ask, "a key stands for one command only")
        promise(bool(calls) == (known is None), "a command is carried out once")
        self._commit_if(commits, name)

    def _answers(self, ask: Callable[[], str], expected: Answer, what: str) -> None:
        try:
            found = (ask(), False)
        except Refused as refused:
            found = (refused.text, True)
        promise(found == (expected.text, expected.is_refusal), what)

    @rule(hour=_FEW)
    def forget(self, hour: int) -> None:
        """Forget the answers to old commands."""
        before = NOON + timedelta(hours=hour)
        old = [key for key, answer in self.world.answers.items() if answer.at < before]
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

    @rule(limit=st.sampled_from([1, 2, _MANY]), fails_at=st.sampled_from([0, 1, _MANY]))
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
