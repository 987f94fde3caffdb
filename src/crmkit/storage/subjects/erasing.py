"""Erasing a person: what is theirs goes, or stays under a pseudonym."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence, Set
from datetime import datetime
from typing import Any

from attrs import define, field, fields, frozen

from crmkit.errors import InvalidValue
from crmkit.identifiers import CustomerId, check_identifier
from crmkit.period import check_instant
from crmkit.storage import KeptAnswer, Message, Store, Stream, UnitOfWork
from crmkit.storage.subjects.data import SubjectData, check_data
from crmkit.storage.subjects.report import ErasedPart, ErasureReport
from crmkit.storage.subjects.taking import Finder, Place
from crmkit.storage.subjects.texts import Naming, kept_answers, waiting_messages
from crmkit.storage.subjects.walking import customers_in, rewritten, without_personal

__all__ = ["erase_subject"]


def erase_subject(
    store: Store,
    subject: CustomerId,
    data: Sequence[SubjectData],
    *,
    pseudonym: CustomerId,
    at: datetime,
    names: Callable[[str], bool] | None = None,
) -> ErasureReport:
    """Erase a person from a store: all of it happens, or none of it.

    ``data`` is what the rooms say of what they keep. What is the person's goes, or stays without
    personal texts under the ``pseudonym``, a fresh number that says nothing; in records of others
    the pseudonym takes the place of the number. Messages that name the person are taken back, and
    answers to commands forgotten; ``names`` tells which texts of the host these are, and left out,
    those in which the number stands as a word.

    Erasing again finds nothing. What others write meanwhile is found by erasing once more, so let
    the host close the account first.

    :raises InvalidValue: if the pseudonym is a number that the store knows, or holds the number of
        the person; or if the number is made of digits only, and a message or an answer may or may
        not be about them.
    :raises InvalidPolicy: if ``data`` names a collection twice, or in the wrong order.
    :raises VersionConflict: if somebody changed what is to be erased meanwhile: erase once more.
    """
    check_identifier(subject, "subject")
    check_identifier(pseudonym, "pseudonym")
    check_instant(at, "at")
    check_data(data)
    if subject in pseudonym:
        raise InvalidValue("this pseudonym holds the number that is to go: take a random one")
    with store.unit_of_work() as unit:
        naming = Naming(subject, names)
        erasure = _Erasure(unit, Finder(store, data, subject), naming, pseudonym)
        erasure.find()
        report = erasure.carried_out(at)
        unit.commit()
    return report


@frozen
class _Next:
    """What stands in a place, and what is to stand there, under which key; or nothing."""

    place: Place
    version: int
    before: tuple[Any, ...] = field(repr=False)
    after: tuple[Any, ...] = field(repr=False)
    key: str = field(repr=False)

    @property
    def is_other(self) -> bool:
        return self.key != self.place.key or self.after != self.before

    @property
    def is_removed(self) -> bool:
        return bool(self.before) and not self.after


@define
class _Erasure:
    """One erasure, in the unit of work that will keep it.

    ``words`` are texts by which the person could be told, each with what takes its place: the
    number, and whatever of their own is made with it, such as the key of a command. ``gone`` are
    keys of what is no longer there.
    """

    unit: UnitOfWork
    finder: Finder
    naming: Naming
    pseudonym: str = field(repr=False)
    words: dict[str, str] = field(factory=dict, repr=False)
    gone: set[str] = field(factory=set, repr=False)
    read: dict[tuple[str, str], tuple[int, tuple[Any, ...]]] = field(factory=dict, repr=False)

    # --- finding ---

    def find(self) -> None:
        """Find every place, also those that only hold a text which another place gave away."""
        subject = self.naming.subject
        aliases = [alias for datum in self.finder.data for alias in datum.aliases]
        self.words.update({alias(subject): alias(self.pseudonym) for alias in aliases})
        self.finder.look_for({subject, self.pseudonym, *self.words})
        self._check_pseudonym()
        known = {subject, *self.words}
        while new := self._next_words() - known:
            self.finder.look_for(new)
            known |= new

    def _next_words(self) -> Set[str]:
        for place in tuple(self.finder.places.values()):
            self._next(place)
        return self.words.keys()

    def _check_pseudonym(self) -> None:
        """Refuse one that is known, unless there is nothing that would get it."""
        names = set[str]()
        for place in self.finder.places.values():
            names |= {place.key} if place.datum.whose is not None else set()
            names = names.union(*(customers_in(record) for record in self._kept(place)[1]))
        if {self.naming.subject, self.pseudonym} <= names:
            raise InvalidValue("this pseudonym is a number that the store knows: take a fresh one")

    def _kept(self, place: Place) -> tuple[int, tuple[Any, ...]]:
        """What is kept in a place now, with its version or its length; it is read once."""
        at = (place.datum.name, place.key)
        if at not in self.read:
            self.read[at] = self._read(place)
        return self.read[at]

    def _read(self, place: Place) -> tuple[int, tuple[Any, ...]]:
        kept = place.datum.kept
        if isinstance(kept, Stream):
            entries = self.unit.stream(kept).read(place.key)
            return len(entries), entries
        stored = self.unit.repository(kept).find(place.key)
        return (0, ()) if stored is None else (stored.version, (stored.record,))

    # --- what is to stand there ---

    def _next(self, place: Place) -> _Next:
        version, before = self._kept(place)
        after = tuple(self._after(place, before))
        key = self._key_of(place, after)
        if key != place.key:
            self._learn(place.key, key)
        if before and not after and not place.key.isdecimal():
            self.gone.add(place.key)
        return _Next(place, version, before, after, key)

    def _after(self, place: Place, before: tuple[Any, ...]) -> Iterator[Any]:
        datum = place.datum
        if not place.is_own:
            yield from (self._of_others(datum, record) for record in before)
        elif datum.stays is not None or place.is_shared:
            left = (datum.erased(record) for record in before)
            yield from (self._renamed(datum, each) for each in left if each is not None)

    def _renamed(self, datum: SubjectData, record: Any) -> Any:
        return record if datum.is_sealed else rewritten(record, self._own_text)

    def _of_others(self, datum: SubjectData, record: Any) -> Any:
        """A record of somebody else; an entry about both of them loses its personal texts too."""
        if isinstance(datum.kept, Stream) and self._is_about_both(record):
            return rewritten(without_personal(record), self._own_text)
        return record if datum.is_sealed else rewritten(record, self._text)

    def _is_about_both(self, entry: Any) -> bool:
        return self.naming.subject in customers_in(entry) or self._has_such_a_key(entry)

    def _has_such_a_key(self, entry: Any) -> bool:
        # What it says of itself, such as the key of the command, and not what it refers to.
        return any(
            type(part) is str and part in self.words
            for each in fields(type(entry))
            for part in (getattr(entry, each.name),)
        )

    def _text(self, text: str, is_customer: bool) -> str:
        if is_customer:
            return self.pseudonym if text == self.naming.subject else text
        return self.words.get(text, text)

    def _own_text(self, text: str, is_customer: bool) -> str:
        after = self._text(text, is_customer)
        if after == text and not is_customer:
            after = self.naming.renamed(text, self.pseudonym)
            if after != text:
                self._learn(text, after)
        return after

    def _learn(self, before: str, after: str) -> None:
        if before != self.naming.subject:
            self.words[before] = after

    def _key_of(self, place: Place, after: tuple[Any, ...]) -> str:
        kept = place.datum.kept
        if isinstance(kept, Stream):
            is_theirs = place.is_own and place.key == self.naming.subject
            return self.pseudonym if is_theirs and after else place.key
        return kept.key(after[0]) if after else place.key

    # --- carrying it out ---

    def carried_out(self, at: datetime) -> ErasureReport:
        """Write all of it into the unit, and say what was done."""
        every = [self._next(place) for place in self.finder.places.values()]
        others = [each for each in every if each.is_other]
        for each in others:
            self._write(each)
        answers, commands = self._erase_answers()
        return ErasureReport(
            at=at,
            parts=tuple(_parts(self.finder.data, others)),
            messages=self._take_back_messages(),
            answers=answers,
            commands=commands,
        )

    def _write(self, each: _Next) -> None:
        kept = each.place.datum.kept
        if isinstance(kept, Stream):
            self._write_entries(kept, each)
            return
        records = self.unit.repository(kept)
        if each.is_removed or each.key != each.place.key:
            records.remove(each.place.key, each.version)
            if each.after:
                records.add(each.after[0])
        else:
            records.replace(each.after[0], each.version)

    def _write_entries(self, stream: Stream[Any], each: _Next) -> None:
        log = self.unit.stream(stream)
        if each.key == each.place.key:
            log.rewrite(each.key, each.after, each.version)
        else:
            log.rewrite(each.place.key, (), each.version)
            log.append(each.key, each.after, 0)

    # --- texts of the host ---

    def _is_about(self, *texts: str) -> bool:
        others = self.gone | self.words.keys()
        return any(self.naming.is_about(text, others) for text in texts)

    def _take_back_messages(self) -> int:
        theirs = [each.id for each in waiting_messages(self.unit) if self._is_about_message(each)]
        for number in theirs:
            self.unit.outbox.drop(number)
        return len(theirs)

    def _is_about_message(self, message: Message) -> bool:
        return self._is_about(message.topic, message.payload)

    def _erase_answers(self) -> tuple[int, int]:
        """How many answers were erased, and how many commands forgotten."""
        done = Counter(map(self._erase_answer, kept_answers(self.unit)))
        return done["answers"], done["commands"]

    def _erase_answer(self, answer: KeptAnswer) -> str | None:
        if self._is_about(answer.key):
            self.unit.answers.remove(answer.key)
            return "commands"
        if answer.document and self._is_about(answer.document):
            self.unit.answers.erase(answer.key)
            return "answers"
        return None


def _parts(data: Sequence[SubjectData], done: Sequence[_Next]) -> Iterator[ErasedPart]:
    for datum in data:
        here = [each for each in done if each.place.datum is datum]
        kept = [each for each in here if each.place.is_own and not each.is_removed]
        if here:
            yield ErasedPart(
                name=datum.name,
                removed=sum(each.is_removed for each in here),
                kept=len(kept),
                renamed=sum(not each.place.is_own for each in here),
                why=datum.stays if kept else None,
            )
