"""The entries of one stream, as one unit of work sees them."""

import json
from collections.abc import Iterable
from typing import Any, Generic, TypeVar

from attrs import frozen

from crmkit.errors import CorruptStore, InvalidValue, VersionConflict
from crmkit.identifiers import check_identifier
from crmkit.storage import Fold, Stream
from crmkit.storage.unit.changes import Snapshot, Work, check_text

__all__ = ["UnitStreamLog"]

EntryT = TypeVar("EntryT")
StateT = TypeVar("StateT")


@frozen
class UnitStreamLog(Generic[EntryT]):
    """See :class:`crmkit.storage.StreamLog`, which says what each method promises."""

    _work: Work
    _stream: Stream[EntryT]

    def length(self, key: str) -> int:
        """How many entries there are."""
        check_identifier(key, "a key")
        place = (self._stream.name, key)
        view = self._work.view
        changes = self._work.changes
        if place not in changes.lengths:
            changes.lengths[place] = view.length(*place)
        return changes.lengths[place] + len(changes.entries.get(place, ()))

    def append(self, key: str, entries: Iterable[EntryT], expected_length: int) -> int:
        """Write further entries, if nobody else has."""
        length = self.length(key)
        if length != expected_length:
            raise VersionConflict(self._stream.name, expected_length, length)
        documents = [self._stream.dumps(entry) for entry in entries]
        for document in documents:
            check_text(document, "an entry")
        if documents:
            place = (self._stream.name, key)
            self._work.changes.entries.setdefault(place, []).extend(documents)
        return length + len(documents)

    def read(self, key: str, after: int = 0, until: int | None = None) -> tuple[EntryT, ...]:
        """The entries after one number, up to and including another."""
        length = self.length(key)
        for number in (after, length if until is None else until):
            if type(number) is not int or number < 0:
                raise InvalidValue("entries are numbered from 1: read after 0 or a later one")
        until = length if until is None else min(until, length)
        place = (self._stream.name, key)
        kept = self._work.changes.lengths[place]
        last = min(until, kept)
        documents = self._work.view.entries(*place, after, last) if after < last else []
        pending = self._work.changes.entries.get(place, [])
        documents += pending[max(after - kept, 0) : max(until - kept, 0)]
        return tuple(self._stream.loads(document) for document in documents)

    # --- what they amount to ---

    def fold(self, key: str, fold: Fold[EntryT, StateT]) -> StateT:
        """What the entries amount to."""
        length = self.length(key)
        snapshot = self._snapshot(key, fold)
        if snapshot is None:
            return self._folded(fold.start, key, fold, after=0)
        if snapshot.length > length:
            raise CorruptStore(
                f"a snapshot of {self._stream.name} counts more entries than are kept"
            )
        state = self._state(snapshot, fold)
        return self._folded(state, key, fold, after=snapshot.length)

    def snapshot(self, key: str, fold: Fold[EntryT, StateT]) -> StateT:
        """What the entries amount to, kept so that the next fold begins there."""
        state = self.fold(key, fold)
        raw = self._stream.converter.unstructure(state)
        document = json.dumps(raw, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        check_text(document, "a snapshot")
        place = (self._stream.name, key, fold.name)
        snapshot = Snapshot(self.length(key), fold.revision, document)
        self._work.changes.snapshots[place] = snapshot
        return state

    def verify(self, key: str, fold: Fold[EntryT, StateT]) -> StateT:
        """What the entries amount to from the first on, held against the snapshot."""
        state = self._folded(fold.start, key, fold, after=0)
        if self.fold(key, fold) != state:
            raise CorruptStore(
                f"a snapshot of {self._stream.name} says something else than its entries: if the "
                f"steps of {fold.name} have changed, raise its revision"
            )
        return state

    def _folded(self, state: StateT, key: str, fold: Fold[EntryT, StateT], *, after: int) -> StateT:
        for entry in self.read(key, after):
            state = fold.step(state, entry)
        return state

    def _snapshot(self, key: str, fold: Fold[Any, Any]) -> Snapshot | None:
        place = (self._stream.name, key, fold.name)
        snapshot = self._work.changes.snapshots.get(place) or self._work.view.snapshot(*place)
        return snapshot if snapshot is not None and snapshot.revision == fold.revision else None

    def _state(self, snapshot: Snapshot, fold: Fold[EntryT, StateT]) -> StateT:
        try:
            raw = json.loads(snapshot.document)
            state: StateT = self._stream.converter.structure(raw, fold.state_type)
        except ValueError:
            raise CorruptStore(
                f"a snapshot of {self._stream.name} cannot be read: raise the revision of "
                f"{fold.name} if its state has changed its shape"
            ) from None
        return state
