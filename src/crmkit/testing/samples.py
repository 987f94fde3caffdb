"""What the contract of a store is tried with: records, entries, keys and questions."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise, product
from typing import Any

from attrs import frozen

from crmkit.money import Money
from crmkit.storage import Collection, Fold, Index, IndexValue, Page, Stream, UnitOfWork

__all__ = [
    "BALANCE",
    "CARDS",
    "CONFUSABLE",
    "KEYS",
    "LEDGER",
    "LISTINGS",
    "NOON",
    "QUESTIONS",
    "SOME_CARDS",
    "SOME_ENTRIES",
    "Card",
    "Credit",
    "Debit",
    "Question",
    "points_of",
    "rank",
]


@frozen
class Card:
    """A record with one of everything that an index can list by."""

    key: str
    owner: str
    due_on: date | None
    amount: Money
    tags: tuple[str, ...]
    value: bool | int | str | date | datetime | Money | None


@frozen
class Credit:
    """An entry of one kind."""

    points: int


@frozen
class Debit:
    """An entry of another kind."""

    points: int


Listing = tuple[IndexValue, ...]

LISTINGS: dict[str, Callable[[Card], list[Listing]]] = {
    "by-owner": lambda card: [(card.owner, card.due_on, card.amount)],
    "by-tag": lambda card: [(tag,) for tag in card.tags],
    "by-value": lambda card: [(card.value,)],
}

CARDS = Collection(
    "contract-cards",
    Card,
    key=lambda card: card.key,
    indexes=(
        Index("by-owner", lambda card: (card.owner, card.due_on, card.amount)),
        Index("by-tag", LISTINGS["by-tag"]),
        Index("by-value", lambda card: (card.value,)),
    ),
)
"""The records of the contract."""

LEDGER: Stream[Credit | Debit] = Stream("contract-ledger", (Credit, Debit))
"""The entries of the contract."""


def points_of(entry: Credit | Debit) -> int:
    """What an entry adds."""
    return entry.points if isinstance(entry, Credit) else -entry.points


def _add(balance: int, entry: Credit | Debit) -> int:
    return balance + points_of(entry)


BALANCE = Fold("balance", int, 0, _add)
"""What the entries of the contract amount to."""

CONFUSABLE = (
    # Each group holds keys that some store takes for one, or puts in another order.
    ("a", "A"),
    ("ä", "a\u0308", "Ä"),
    ("ss", "ß"),
    ("i", "İ", "ı"),
    # By code point U+FF21 comes before U+1D400, by UTF-16 units after it.
    ("\uff21", "\U0001d400", "客"),
    ("1", "01", "10"),
    ("%", "_", "\\"),
    ("a b", "a-b", "ab"),
    ("'; DROP TABLE record; --", '"'),
    ("k" * 254, "k" * 255),
)
KEYS = tuple(key for group in CONFUSABLE for key in group)
"""Keys that stores are known to confuse."""


# --- values to list by ----------------------------------------------------------------------------

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
"""When everything happens."""


def _at(minutes: int, hours: int) -> datetime:
    instant = NOON + timedelta(minutes=minutes)
    return instant.astimezone(timezone(timedelta(hours=hours)))


_DAYS = [date(2026, 1, day) for day in (1, 2, 10)]
_AMOUNTS = [
    Money.of_minor(minor, currency) for currency in ("EUR", "JPY") for minor in (-256, -1, 0, 255)
]
_INSTANTS = [_at(-1, 13), _at(0, 0), _at(0, -11), _at(1, -11)]
_NUMBERS = [-(2**63), -256, -1, 0, 1, 255, 256, 2**63 - 1]
_VALUES: list[Any] = [
    *(None, False, True),
    *(*_NUMBERS, *_AMOUNTS, *_DAYS, *_INSTANTS, *KEYS),
]
_OWNERS = ["anna", "Anna"]
_TAGS = [(), ("x",), ("y",), ("x", "y"), ("y", "x")]

SOME_CARDS = [
    Card(
        key="to be replaced",
        owner=_OWNERS[number % 2],
        due_on=[None, *_DAYS][number % 4],
        amount=_AMOUNTS[number % 8],
        tags=_TAGS[number % 5],
        value=value,
    )
    for number, value in enumerate(_VALUES)
]
"""Records that together show every kind of value."""

SOME_ENTRIES: list[list[Credit | Debit]] = [
    [Credit(1)],
    [Debit(2)],
    [Credit(3), Debit(3), Credit(5)],
    [],
]
"""Entries to append at once."""


def rank(value: IndexValue) -> tuple[Any, ...]:
    """The order of index values, said a second time and differently: not by encoding them."""
    match value:
        case None:
            return (0,)
        case bool():
            return (1, value)
        case int():
            return (2, value)
        case Money():
            return (3, value.currency, value.minor)
        case datetime():
            return (5, value)
        case date():
            return (4, value)
        case _:
            return (6, value)


@frozen
class Question:
    """What a query asks for."""

    index: str
    prefix: Listing
    start: IndexValue
    end: IndexValue
    descending: bool
    limit: int

    def reaches(self, value: IndexValue) -> bool:
        """Whether a value lies in the range."""
        return (self.start is None or rank(self.start) <= rank(value)) and (
            self.end is None or rank(value) < rank(self.end)
        )

    def ask(self, unit: UnitOfWork, after: str | None) -> Page[Card]:
        """Ask a store for one page."""
        return unit.repository(CARDS).query(
            self.index,
            prefix=self.prefix,
            start=self.start,
            end=self.end,
            descending=self.descending,
            limit=self.limit,
            after=after,
        )


def _questions() -> list[Question]:
    """Every way to ask: whole indexes, prefixes, ranges, both directions, small and large pages."""
    ranges: list[tuple[str, Listing, IndexValue, IndexValue]] = [
        *(("by-value", (), start, end) for start, end in product(_VALUES[::3], _VALUES[1::4])),
        *(("by-value", (), start, end) for start, end in pairwise(_VALUES)),
        *(("by-tag", (), start, end) for start, end in product([None, "x", "y"], repeat=2)),
        *(("by-tag", (tag,), None, None) for tag in ("x", "y")),
        *(("by-owner", (), start, end) for start, end in product([None, *_OWNERS], repeat=2)),
    ]
    days = [None, *_DAYS]
    for owner in _OWNERS:
        ranges += [("by-owner", (owner,), start, end) for start, end in product(days, repeat=2)]
        for day, start in product(days, [None, *_AMOUNTS]):
            ranges.append(("by-owner", (owner, day), start, None))
    return [
        Question(*asked, descending=bool(number % 2), limit=1 + number % 3)
        for number, asked in enumerate(ranges)
    ]


QUESTIONS = _questions()
"""Queries to ask."""
