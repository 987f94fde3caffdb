"""What a store keeps of a person, handed out as one document."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from attrs import field, frozen

from crmkit.identifiers import CustomerId, check_identifier
from crmkit.period import check_instant
from crmkit.storage import KeptAnswer, Message, Store, Stream, UnitOfWork
from crmkit.storage.subjects.data import SubjectData, check_data
from crmkit.storage.subjects.taking import Finder, Place
from crmkit.storage.subjects.texts import Naming, kept_answers, waiting_messages, word_of
from crmkit.storage.subjects.walking import Change, customers_in, rewritten

__all__ = ["SOMEBODY_ELSE", "ExportedPart", "SubjectExport", "export_subject"]

SOMEBODY_ELSE = "(somebody else)"
"""What stands in an export for the number of another customer."""


@frozen(kw_only=True)
class ExportedPart:
    """What one collection or stream keeps of a person.

    ``documents`` are theirs alone, by key, or in the order of the stream. ``shared`` records are
    about others as well, and left out: somebody has to read them first.
    """

    name: str
    documents: tuple[str, ...] = field(default=(), repr=False, metadata={"personal": True})
    shared: int = 0


@frozen(kw_only=True)
class SubjectExport:
    """All that a store keeps of a person, as of an instant.

    ``messages`` wait to be handed over, ``answers`` are those to commands. They are texts of the
    host and stand here as they are, so look through them before you hand them out: a message about
    two customers names both.
    """

    subject: CustomerId = field(repr=False, metadata={"personal": True})
    at: datetime
    parts: tuple[ExportedPart, ...] = ()
    messages: tuple[Message, ...] = ()
    answers: tuple[KeptAnswer, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is kept of them."""
        return not (self.parts or self.messages or self.answers)

    def as_json(self) -> dict[str, Any]:
        """The export as one value that ``json.dumps`` can write; equal exports give equal ones."""
        return {
            "subject": self.subject,
            "at": self.at.isoformat(),
            "records": {
                part.name: [json.loads(document) for document in part.documents]
                for part in self.parts
                if part.documents
            },
            "shared": {part.name: part.shared for part in self.parts if part.shared},
            "messages": [
                {"id": each.id, "topic": each.topic, "payload": each.payload}
                for each in self.messages
            ],
            "answers": [
                {
                    "key": each.key,
                    "at": each.at.isoformat(),
                    "outcome": each.outcome,
                    "document": each.document,
                }
                for each in self.answers
            ],
        }


def export_subject(
    store: Store,
    subject: CustomerId,
    data: Sequence[SubjectData],
    *,
    at: datetime,
    names: Callable[[str], bool] | None = None,
) -> SubjectExport:
    """Hand out all that is kept of a person, and nothing of anybody else.

    ``data`` is what the rooms say of what they keep. Where a record of theirs names another
    customer, ``(somebody else)`` stands in the place of the number. Somebody of whom nothing is
    kept has an empty export. ``names`` tells which texts of the host are theirs, as for
    :func:`erase_subject`.

    :raises InvalidValue: if the number is made of digits only, and a message or an answer may or
        may not be about them.
    :raises InvalidPolicy: if ``data`` names a collection twice, or in the wrong order.
    """
    check_identifier(subject, "subject")
    check_instant(at, "at")
    check_data(data)
    finder, naming = Finder(store, data, subject), Naming(subject, names)
    finder.look_for({subject})
    # Of a message about a follow-up, say, the host may have written no more than its number.
    keys = {place.key for place in finder.own if not place.key.isdecimal() and not place.is_shared}

    def is_theirs(*texts: str) -> bool:
        return any(naming.is_about(text, keys) for text in texts)

    with store.unit_of_work() as unit:
        return SubjectExport(
            subject=subject,
            at=at,
            parts=_parts(unit, finder),
            messages=tuple(
                each for each in waiting_messages(unit) if is_theirs(each.topic, each.payload)
            ),
            answers=tuple(
                each for each in kept_answers(unit) if is_theirs(each.key, each.document)
            ),
        )


def _parts(unit: UnitOfWork, finder: Finder) -> tuple[ExportedPart, ...]:
    alone = {place: _read(unit, place) for place in finder.own if not place.is_shared}
    everybody = (customers_in(each) for records in alone.values() for each in records)
    masked = _mask(finder.subject, frozenset[str]().union(*everybody) - {finder.subject})
    parts = []
    for datum in finder.data:
        here = [place for place in finder.own if place.datum is datum]
        documents = tuple(
            datum.kept.dumps(rewritten(record, masked))
            for place in here
            for record in alone.get(place, ())
        )
        shared = sum(place.is_shared for place in here)
        if documents or shared:
            parts.append(ExportedPart(name=datum.name, documents=documents, shared=shared))
    return tuple(parts)


def _read(unit: UnitOfWork, place: Place) -> tuple[Any, ...]:
    kept = place.datum.kept
    if isinstance(kept, Stream):
        return unit.stream(kept).read(place.key)
    stored = unit.repository(kept).find(place.key)
    return () if stored is None else (stored.record,)


def _mask(subject: str, others: frozenset[str]) -> Change:
    """Leave the numbers of other customers out, also where they stand in the key of a command."""
    # Digits alone could just as well count something.
    telling = {number for number in others if not number.isdecimal()}
    word = word_of(telling) if telling else None

    def masked(text: str, is_customer: bool) -> str:
        if is_customer:
            return text if text == subject else SOMEBODY_ELSE
        return text if word is None else word.sub(SOMEBODY_ELSE, text)

    return masked
