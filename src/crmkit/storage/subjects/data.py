"""What a room says about the personal data that it keeps: whose it is, and what may remain."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from attrs import field, frozen

from crmkit.errors import InvalidPolicy
from crmkit.storage import Collection, Stream
from crmkit.storage.subjects.walking import without_personal

__all__ = ["SubjectData", "check_data"]

Whose = Callable[[Any], Iterable[str | None]]
Alias = Callable[[Any], str]


@frozen
class SubjectData:
    """What one collection or stream keeps of people, and what becomes of it when one is erased.

    ``whose`` gives the numbers of those whose record it is, of a record; of a stream it is asked
    about the key. Without it nobody owns what is kept, and it only *names* people, wherever a field
    holds a :data:`~crmkit.identifiers.CustomerId`. With ``through`` the numbers are keys of another
    collection, such as those of complaints: a record is somebody's if that one is.

    What is somebody's goes, unless ``stays`` says for which reason it has to remain: then
    ``erased`` takes the personal texts out of it, and a pseudonym takes the place of the number.
    Where that gives None, this one record goes all the same. Records that are also about others
    always remain in this way.

    Where a seal covers the records, ``is_sealed`` says so: nothing but ``erased`` touches them.

    ``aliases`` make texts out of a number, such as a digest of it, by which it could be told.

    :raises InvalidPolicy: if the reason is blank.
    """

    kept: Collection[Any] | Stream[Any]
    whose: Whose | None = field(default=None, kw_only=True)
    through: Collection[Any] | None = field(default=None, kw_only=True)
    stays: str | None = field(default=None, kw_only=True)
    erased: Callable[[Any], Any] = field(default=without_personal, kw_only=True)
    is_sealed: bool = field(default=False, kw_only=True)
    aliases: tuple[Alias, ...] = field(default=(), kw_only=True)

    def __attrs_post_init__(self) -> None:
        if self.stays is not None and not self.stays.strip():
            raise InvalidPolicy("what stays of a person stays for a reason: say which")
        if self.through is not None and self.whose is None:
            raise InvalidPolicy("say with whose= which keys of the other collection a record names")

    @property
    def name(self) -> str:
        """The name of the collection or stream."""
        return self.kept.name

    def owners(self, record: Any) -> frozenset[str]:
        """The numbers of those whose a record is, or the key of a stream."""
        if self.whose is None:
            return frozenset()
        return frozenset(number for number in self.whose(record) if number is not None)


def check_data(data: Sequence[SubjectData]) -> None:
    """Refuse a list that would miss something.

    :raises InvalidPolicy: if a collection or stream stands twice, or a record belongs to people
        through a collection that does not stand before it.
    """
    names: list[str] = []
    for each in data:
        if each.name in names:
            raise InvalidPolicy(f"{each.name} stands twice: name each collection and stream once")
        if each.through is not None and each.through.name not in names:
            raise InvalidPolicy(
                f"{each.name} is somebody's through {each.through.name}: name that one before it"
            )
        names.append(each.name)
