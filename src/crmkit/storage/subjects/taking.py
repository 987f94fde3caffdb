"""What of a store is somebody's: the records and streams, and where else they are named."""

from collections.abc import Sequence, Set

from attrs import define, field, frozen

from crmkit.storage import Collection, Store, Stream
from crmkit.storage.subjects.data import SubjectData
from crmkit.storage.subjects.finding import holds_quoted, records_with, streams_with

__all__ = ["Finder", "Place"]


@frozen
class Place:
    """A record or a stream that is about somebody: where it stands, and whose it is.

    ``is_own`` says whether it is theirs, ``is_shared`` whether it is others' as well.
    """

    datum: SubjectData
    key: str = field(repr=False)
    is_own: bool
    is_shared: bool = False


@define
class Finder:
    """Looks for somebody through all that a store keeps, again with each text that turns up."""

    store: Store
    data: Sequence[SubjectData]
    subject: str = field(repr=False)
    places: dict[tuple[str, str], Place] = field(factory=dict, repr=False)
    theirs: dict[str, set[str]] = field(factory=dict, repr=False)

    def look_for(self, texts: Set[str]) -> None:
        """Add the places where one of the texts stands."""
        for datum in self.data:
            wanted = {*texts, *self._keys_through(datum)}
            matches = holds_quoted(wanted)
            if isinstance(datum.kept, Stream):
                for key in streams_with(self.store, datum.kept, matches, wanted.__contains__):
                    self._add(datum, key, datum.owners(key))
            else:
                for record in records_with(self.store, datum.kept, matches):
                    self._add(datum, datum.kept.key(record), datum.owners(record))

    @property
    def own(self) -> tuple[Place, ...]:
        """The places that are theirs, in the order of the data, and then of the keys."""
        order = {datum.name: number for number, datum in enumerate(self.data)}
        own = (place for place in self.places.values() if place.is_own)
        return tuple(sorted(own, key=lambda place: (order[place.datum.name], place.key)))

    def _keys_through(self, datum: SubjectData) -> Set[str]:
        through = datum.through
        return set() if through is None else self.theirs.get(through.name, set())

    def _add(self, datum: SubjectData, key: str, owners: Set[str]) -> None:
        ours = {self.subject} if datum.through is None else self._keys_through(datum)
        is_own = not owners.isdisjoint(ours)
        place = Place(datum, key, is_own, is_own and not owners <= ours)
        self.places.setdefault((datum.name, key), place)
        if is_own and isinstance(datum.kept, Collection):
            self.theirs.setdefault(datum.name, set()).add(key)
