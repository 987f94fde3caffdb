"""Free texts that mention somebody: no rule finds them, so they are listed for a human."""

from collections.abc import Iterator, Sequence

from attrs import field, frozen

from crmkit.storage import Store, Stream
from crmkit.storage.subjects.data import SubjectData, check_data
from crmkit.storage.subjects.finding import Matcher, records_with, streams_with
from crmkit.storage.subjects.texts import kept_answers, waiting_messages

__all__ = ["Mention", "find_mentions"]


@frozen
class Mention:
    """A place where one of some texts stands: the collection or stream, and the key in it.

    Messages stand under ``outbox`` and their number, answers under ``answers`` and the key.
    """

    name: str
    key: str = field(repr=False, metadata={"personal": True})


def find_mentions(
    store: Store, texts: Sequence[str], data: Sequence[SubjectData]
) -> tuple[Mention, ...]:
    """Where some texts stand, such as the name of a person, in capitals or not; nothing is changed.

    A text is found in whatever else it stands, so short ones find too much.

    :raises InvalidPolicy: if ``data`` names a collection twice, or in the wrong order.
    """
    check_data(data)
    wanted = tuple(text.casefold() for text in texts)

    def matches(document: str) -> bool:
        folded = document.casefold()
        return any(text in folded for text in wanted)

    kept = (each for datum in data for each in _kept(store, datum, matches))
    return (*kept, *_of_the_host(store, matches))


def _kept(store: Store, datum: SubjectData, matches: Matcher) -> Iterator[Mention]:
    kept = datum.kept
    if isinstance(kept, Stream):
        keys = streams_with(store, kept, matches, matches)
    else:
        keys = (kept.key(record) for record in records_with(store, kept, matches))
    yield from (Mention(datum.name, key) for key in keys)


def _of_the_host(store: Store, matches: Matcher) -> Iterator[Mention]:
    with store.unit_of_work() as unit:
        for message in waiting_messages(unit):
            if matches(message.topic) or matches(message.payload):
                yield Mention("outbox", str(message.id))
        for answer in kept_answers(unit):
            if matches(answer.key) or matches(answer.document):
                yield Mention("answers", answer.key)
