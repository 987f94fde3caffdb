"""A model of a store that is too simple to be wrong, and promises to hold a real one to."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from attrs import Factory, define, frozen

from crmkit.errors import CrmkitError
from crmkit.storage import Stored, UnitOfWork
from crmkit.testing.samples import LISTINGS, Card, Credit, Debit, Question, rank

__all__ = [
    "Answer",
    "ContractBroken",
    "Side",
    "World",
    "accepts",
    "check_answer",
    "promise",
    "refuses",
    "version_of",
]


ResultT = TypeVar("ResultT")


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
    except CrmkitError as other:
        found = type(other).__name__
        raise ContractBroken(f"{what}: {error.__name__} was expected, not {found}") from other
    raise ContractBroken(f"{what}: {error.__name__} was expected")


def accepts(action: Callable[[], ResultT], what: str) -> ResultT:
    """Hold a store to doing something without an error."""
    try:
        return action()
    except CrmkitError as error:
        raise ContractBroken(f"{what}: {type(error).__name__} was raised") from error


@frozen
class Answer:
    """What a command was answered, or told when it was refused."""

    payload: str
    text: str
    at: datetime
    is_refusal: bool = False


@define
class World:
    """All that is kept: as committed, or as one unit sees it."""

    cards: dict[str, Stored[Card]] = Factory(dict)
    entries: dict[str, list[Credit | Debit]] = Factory(dict)
    answers: dict[str, Answer] = Factory(dict)

    def copy(self) -> "World":
        """The same, to go on from there."""
        entries = {key: list(each) for key, each in self.entries.items()}
        return World(dict(self.cards), entries, dict(self.answers))

    def find(self, question: Question) -> list[str]:
        """The keys that a query must find, in order, once for each time a record is listed."""
        prefix = [rank(value) for value in question.prefix]
        found = [
            (ranks, key)
            for key, stored in self.cards.items()
            for values in LISTINGS[question.index](stored.record)
            if (ranks := [rank(value) for value in values])[: len(prefix)] == prefix
            and question.reaches(next(iter(values[len(prefix) :]), None))
        ]
        return [key for _, key in sorted(found, reverse=question.descending)]


def check_answer(question: Question, unit: UnitOfWork, world: World) -> None:
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
                version_of(now.cards.get(key)) != version_of(self.began.cards.get(key))
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


def version_of(stored: Stored[Card] | None) -> int | None:
    """The version of a record, None if there is none."""
    return None if stored is None else stored.version
