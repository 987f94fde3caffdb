"""The entries of one stream, as one unit of work sees them."""

import json
from collections.abc import Iterable
from typing import Any, Generic, TypeVar

from attrs import frozen

from crmkit.errors import CorruptStore, InvalidValue, VersionConflict
from crmkit.identifiers import check_identifier
from crmkit.storage import Fold, Stream
from crmkit.storage.unit.changes import Place, Snapshot, Work, check_after, check_limit, check_text

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
        before, last = self._numbers(place)
        return last - before + len(self._work.changes.entries.get(place, ()))

    def _numbers(self, place: Place) -> tuple[int, int]:
        """Before and with which numbers the store's own entries that this unit sees begin and end.

        The last is noted, so that it is guarded. Of a stream that this unit writes anew none is
        left.
        """
        changes = self._work.changes
        before, last = self._work.numbers(place)
        changes.lengths.setdefault(place, last)
        return (last, last) if place in changes.erased_streams else (before, last)

    def append(self, key: str, entries: Iterable[EntryT], expected_length: int) -> int:
        """Write further entries, if nobody else has."""
        length = self.length(key)
        if length != expected_length:
            raise VersionConflict(self._stream.name, expected_length, length)
        documents = self._documents(entries)
        if documents:
            place = (self._stream.name, key)
            self._work.changes.entries.setdefault(place, []).extend(documents)
        return length + len(documents)

    def _documents(self, entries: Iterable[EntryT]) -> list[str]:
        documents = [self._stream.dumps(entry) for entry in entries]
        for document in documents:
            check_text(document, "an entry")
        return documents

    def read(self, key: str, after: int = 0, until: int | None = None) -> tuple[EntryT, ...]:
        """The entries after one number, up to and including another."""
        length = self.length(key)
        for number in (after, length if until is None else until):
            if type(number) is not int or number < 0:
                raise InvalidValue("entries are numbered from 1: read after 0 or a later one")
        until = length if until is None else min(until, length)
        place = (self._stream.name, key)
        before, last = self._numbers(place)
        kept = last - before
        end = min(until, kept)
        documents = (
            self._work.view.entries(*place, before + after, before + end) if after < end else []
        )
        pending = self._work.changes.entries.get(place, [])
        documents += pending[max(after - kept, 0) : max(until - kept, 0)]
        return tuple(self._stream.loads(document) for document in documents)

    # --- all of them ---

    def keys(self, *, limit: int = 100, after: str | None = None) -> tuple[str, ...]:
        """The keys under which there are entries, by code point."""
        check_limit(limit)
        check_after(after)
        name, above = self._stream.name, after or ""
        changes = self._work.changes
        gone = {key for stream, key in changes.erased_streams if stream == name}
        found = set(self._work.view.keys(name, above, limit + len(gone))) - gone
        mine = {key for stream, key in changes.entries if stream == name and key > above}
        return tuple(sorted(found | mine)[:limit])

    def rewrite(self, key: str, entries: Iterable[EntryT], expected_length: int) -> int:
        """Put other entries in the place of all there are."""
        length = self.length(key)
        if length != expected_length:
            raise VersionConflict(self._stream.name, expected_length, length)
        documents = self._documents(entries)
        place = (self._stream.name, key)
        changes = self._work.changes
        changes.erased_streams.add(place)
        changes.entries.pop(place, None)
        if documents:
            changes.entries[place] = documents
        for snapshot in [each for each in changes.snapshots if each[:2] == place]:
            del changes.snapshots[snapshot]
        return len(documents)

    # --- what they amount to ---

    def fold(self, key: str, fold: Fold[EntryT, StateT]) -> StateT:
        """What the entries amount to."""
        length = self.length(key)
        snapshot = self._snapshot(key, fold)
        if snapshot is None:
            return self._folded(fold.start, key, fold, after=0)
        counted = snapshot.length - self._numbers((self._stream.name, key))[0]
        if counted > length:
            raise CorruptStore(
                f"a snapshot of {self._stream.name} counts more entries than are kept"
            )
        state = self._state(snapshot, fold)
        return self._folded(state, key, fold, after=counted)

    def snapshot(self, key: str, fold: Fold[EntryT, StateT]) -> StateT:
        """What the entries amount to, kept so that the next fold begins there."""
        state = self.fold(key, fold)
        raw = self._stream.converter.unstructure(state)
        document = json.dumps(raw, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        check_text(document, "a snapshot")
        place = (self._stream.name, key, fold.name)
        before, _ = self._numbers(place[:2])
        snapshot = Snapshot(before + self.length(key), fold.revision, document)
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
        snapshot = self._work.changes.snapshots.get(place)
        if snapshot is None and place[:2] not in self._work.changes.erased_streams:
            snapshot = self._work.view.snapshot(*place)
        if snapshot is None or snapshot.revision != fold.revision:
            return None
        # One that counts entries from before the stream was written anew says nothing about these.
        before, _ = self._numbers(place[:2])
        return None if before and snapshot.length <= before else snapshot

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
