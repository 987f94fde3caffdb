"""The types of a made-up shop: one of every way in which a field can be declared.

There is no ``from __future__ import annotations`` here: converters read the annotations.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType
from typing import Any, Generic, NewType, Optional, TypeVar, Union
from zoneinfo import ZoneInfo

from attrs import evolve, field, frozen
from hypothesis import strategies as st

from crmkit.decision import Decision
from crmkit.errors import InvalidValue
from crmkit.identifiers import CustomerId
from crmkit.money import Money
from crmkit.period import Period, Rate
from crmkit.testing.strategies import (
    decisions,
    identifiers,
    instants,
    money,
    periods,
    rates,
    texts,
)
from crmkit.tiering import Tier

T = TypeVar("T")
ShelfNumber = NewType("ShelfNumber", int)
Barcode = NewType("Barcode", CustomerId)


class Color(StrEnum):
    RED = "red"
    PALE_BLUE = "pale-blue"


class Size(StrEnum):
    SMALL = "s"
    LARGE = "l"


def read_only(mapping: Mapping[Any, Any]) -> Mapping[Any, Any]:
    return MappingProxyType(dict(mapping))


@frozen(kw_only=True)
class Everything:
    """A field of each single type, and of each kind of collection."""

    yes: bool
    count: int
    share: float
    name: str
    exact: Decimal
    part: Fraction
    on: date
    at: datetime
    took: timedelta
    price: Money
    rate: Rate
    span: Period
    tier: Tier
    color: Color
    shelf: ShelfNumber
    barcode: Barcode
    perhaps: int | None = None
    perhaps_written_otherwise: Optional[Money] = None  # noqa: UP045 - hosts write it so
    several: tuple[int, ...] = ()
    pair: tuple[str, Money] = ("", Money(0, "EUR"))
    colors: frozenset[Color] = frozenset()
    by_name: Mapping[str, Fraction] = field(factory=dict, converter=read_only, hash=False)
    by_number: Mapping[int, Money] = field(factory=dict, converter=read_only, hash=False)
    by_shelf: Mapping[ShelfNumber, str] = field(factory=dict, converter=read_only, hash=False)
    by_color: Mapping[Color, tuple[int, ...]] = field(factory=dict, converter=read_only, hash=False)


def everything() -> st.SearchStrategy[Everything]:
    whole = st.integers(-(10**59), 10**59)
    return st.builds(
        Everything,
        yes=st.booleans(),
        count=whole,
        share=st.floats(allow_nan=False, allow_infinity=False),
        name=st.text(st.characters(exclude_categories=["Cs"])),
        exact=st.decimals(allow_nan=False, allow_infinity=False).filter(
            lambda number: len(number.as_tuple().digits) <= 60 and abs(number.adjusted()) < 900
        ),
        part=st.fractions(),
        on=st.dates(),
        at=instants(),
        took=st.timedeltas(),
        price=money(),
        rate=rates(),
        span=periods(),
        tier=st.builds(Tier, identifiers(), st.integers(0, 9)),
        color=st.sampled_from(Color),
        shelf=whole.map(ShelfNumber),
        barcode=texts().map(CustomerId).map(Barcode),
        perhaps=st.none() | whole,
        perhaps_written_otherwise=st.none() | money(),
        several=st.lists(whole, max_size=4).map(tuple),
        pair=st.tuples(texts(), money()),
        colors=st.frozensets(st.sampled_from(Color)),
        by_name=st.dictionaries(texts(), st.fractions(), max_size=3),
        by_number=st.dictionaries(whole, money(), max_size=3),
        by_shelf=st.dictionaries(whole.map(ShelfNumber), texts(), max_size=3),
        by_color=st.dictionaries(
            st.sampled_from(Color), st.lists(whole, max_size=2).map(tuple), max_size=2
        ),
    )


# --- unions ---------------------------------------------------------------------------------------


@frozen
class Vase:
    height: int


@frozen
class Pot:
    """Looks like a vase from outside: only the kind tells them apart."""

    height: int


@frozen
class Labelled:
    """Has a field by the name of the tag."""

    kind: str


@frozen
class TallVase(Vase):
    """A vase with more to tell."""

    handles: int = 2


@frozen
class Shelf:
    item: Vase | Pot
    items: tuple[Vase | Pot | Labelled, ...] = ()
    note: str | int | bool | None = None
    mark: Union[Color, int, Money, None] = None  # noqa: UP007 - hosts write it so
    number: float | Money = 0.5


@frozen
class Label:
    text: str


@frozen
class Bundle:
    """A tree: what it holds may hold bundles."""

    parts: tuple["Label | Bundle", ...]


@frozen
class Wish:
    """A recursive union by a name of the module."""

    what: "AnyWish"


@frozen
class Either:
    wishes: tuple["AnyWish", ...]


AnyWish = Wish | Either | Label

WISHES: st.SearchStrategy[Any] = st.recursive(
    st.builds(Label, texts()),
    lambda inner: (
        st.builds(Wish, inner) | st.builds(Either, st.lists(inner, max_size=3).map(tuple))
    ),
    max_leaves=5,
)
BUNDLES: st.SearchStrategy[Any] = st.recursive(
    st.builds(Bundle, st.just(())),
    lambda inner: st.builds(
        Bundle, st.lists(inner | st.builds(Label, texts()), max_size=3).map(tuple)
    ),
    max_leaves=5,
)
SHELVES = st.builds(
    Shelf,
    st.builds(Vase, st.integers(0, 9)) | st.builds(Pot, st.integers(0, 9)),
    st.lists(
        st.builds(Vase, st.integers(0, 9))
        | st.builds(Pot, st.integers(0, 9))
        | st.builds(Labelled, texts()),
        max_size=3,
    ).map(tuple),
    note=texts() | st.integers(-9, 9) | st.booleans() | st.none(),
    mark=st.sampled_from(Color) | st.integers(-9, 9) | money() | st.none(),
    number=st.floats(-9, 9) | money(),
)


# --- generics, private fields, checks -------------------------------------------------------------


@frozen
class Box(Generic[T]):
    """Holds one thing of a type, and perhaps more of them."""

    thing: T
    more: tuple[T, ...] = ()
    perhaps: T | None = None


@frozen
class Crate:
    """Generic classes as fields, each told what it is of."""

    of_tiers: Box[Tier]
    of_texts: Box[str]
    of_pairs: Box[tuple[int, ...]]
    decided: Decision[Tier]
    decided_somehow: Decision[Tier | Color | None]
    decided_openly: Decision[Any] | None = None


@frozen
class Till:
    """Private fields, a field of another name, and one that is not handed in."""

    _cash: Money
    drawer: int = field(alias="number", default=1)
    opened: bool = field(init=False, default=False)


@frozen
class Ages:
    """Refuses what its parts do not refuse each for itself, not always with a word of its own."""

    youngest: int
    oldest: int

    def __attrs_post_init__(self) -> None:
        if self.oldest == 999:
            raise KeyError(self.oldest)
        if self.oldest == 998:
            raise ZeroDivisionError(str(self.youngest))
        if self.youngest > self.oldest:
            raise InvalidValue("the youngest is not older than the oldest")


TIERS = st.builds(Tier, identifiers(), st.integers(0, 9))
TILLS = st.builds(Till, money(), st.integers(0, 9))
AGES = st.builds(Ages, st.integers(0, 50), st.integers(50, 99))
CRATES = st.builds(
    Crate,
    st.builds(Box, TIERS, st.lists(TIERS, max_size=2).map(tuple), TIERS | st.none()),
    st.builds(Box, texts(), st.lists(texts(), max_size=2).map(tuple), texts() | st.none()),
    st.builds(Box, st.lists(st.integers(0, 9), max_size=2).map(tuple)),
    decisions(TIERS),
    decisions(TIERS | st.sampled_from(Color) | st.none()),
)

BERLIN = ZoneInfo("Europe/Berlin")

EXAMPLE = Everything(
    yes=True,
    count=5,
    share=0.5,
    name="Anna's flowers",
    exact=Decimal("0.10"),
    part=Fraction(3, 4),
    on=date(2026, 3, 1),
    at=datetime(2026, 3, 1, 9, 30, tzinfo=ZoneInfo("Europe/Berlin")),
    took=timedelta(minutes=5),
    price=Money("12.30", "EUR"),
    rate=Rate(Decimal("0.0003")),
    span=Period.month(2026, 3),
    tier=Tier("gold", 3),
    color=Color.RED,
    shelf=ShelfNumber(7),
    barcode=Barcode(CustomerId("4006381333931")),
    perhaps=1,
    perhaps_written_otherwise=Money(1, "EUR"),
    several=(1, 2),
    pair=("tulips", Money(2, "EUR")),
    colors=frozenset(Color),
    by_name={"first": Fraction(1, 3)},
    by_number={-3: Money(3, "EUR")},
    by_shelf={ShelfNumber(7): "left"},
    by_color={Color.RED: (1, 2)},
)


def with_fields(**fields: Any) -> Everything:
    """The example with some fields that hold something else, perhaps than was declared."""
    return evolve(EXAMPLE, **fields)
