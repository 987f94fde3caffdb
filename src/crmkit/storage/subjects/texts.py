"""Texts of the host that name somebody: messages, idempotency keys, answers."""

import json
import re
from collections.abc import Callable, Iterator, Set

from attrs import field, frozen

from crmkit.errors import InvalidValue
from crmkit.storage import KeptAnswer, Message, UnitOfWork

__all__ = ["Naming", "kept_answers", "waiting_messages", "word_of"]

_PAGE = 500

_TOKEN = re.compile(r"[^\s\"',;:/|=()\[\]{}<>]+")


def word_of(numbers: Set[str]) -> "re.Pattern[str]":
    """One of some numbers, standing in a text as a word of its own; the longest that fits."""
    either = "|".join(re.escape(each) for each in sorted(numbers, key=len, reverse=True))
    return re.compile(rf"(?<![\w@+.-])(?:{either})(?![\w@+-]|\.\w)")


@frozen
class Naming:
    """How a text names a subject: by the number, standing in it as a word of its own.

    "C-7" is a word of "moved to C-7." and of "order:C-7:1", but not of "C-70", "C-7-2" or
    "C-7.2". ``names`` decides instead, where a host knows better.
    """

    subject: str = field(repr=False)
    names: Callable[[str], bool] | None = None
    _word: "re.Pattern[str]" = field(init=False, repr=False, eq=False)

    @_word.default
    def _as_word(self) -> "re.Pattern[str]":
        return word_of({self.subject})

    @property
    def is_plain(self) -> bool:
        """Whether the number is made of digits only, so that it could just as well count things."""
        return self.subject.isdecimal()

    def is_about(self, text: str, others: Set[str] = frozenset()) -> bool:
        """Whether a text of the host names the subject, or one of other keys that were theirs.

        :raises InvalidValue: if nobody can tell, because the number is made of digits only.
        """
        if self.names is not None:
            return self.names(text)
        parts = tuple(_parts(text))
        if any(self._word.search(part) for part in parts):
            if self.is_plain:
                raise InvalidValue(
                    "a message or an answer holds this number, which is made of digits only and "
                    "may stand for something else: pass names= to tell which texts are theirs"
                )
            return True
        return any(part in others or not others.isdisjoint(_TOKEN.findall(part)) for part in parts)

    def renamed(self, text: str, pseudonym: str) -> str:
        """A text of the subject's own records with the pseudonym in the place of the number."""
        return text if self.is_plain else self._word.sub(lambda _: pseudonym, text)


def _parts(text: str) -> Iterator[str]:
    """The texts in a text: those of a JSON document, or itself."""
    try:
        yield from _leaves(json.loads(text))
    except (ValueError, RecursionError):
        yield text


def _leaves(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from _leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    else:
        yield str(value)


# --- what of it is kept ---------------------------------------------------------------------------


def waiting_messages(unit: UnitOfWork) -> Iterator[Message]:
    """Every message that was not handed over when the unit began."""
    after = 0
    while page := unit.outbox.waiting(limit=_PAGE, after=after):
        yield from page
        after = page[-1].id


def kept_answers(unit: UnitOfWork) -> Iterator[KeptAnswer]:
    """Every answer to a command that was kept before the unit began."""
    after: str | None = None
    while page := unit.answers.page(limit=_PAGE, after=after):
        yield from page
        after = page[-1].key
