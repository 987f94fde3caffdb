"""What can be kept is known when the converter is made, not when the first document comes in."""

import abc
import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, NamedTuple, TypedDict, TypeVar, Union
from uuid import UUID

import attrs
import pytest
from attrs import field, frozen

from crmkit.decision import Decision, Evidence, all_of, noted
from crmkit.errors import CrmkitError, InvalidDocument, InvalidPolicy, InvalidValue
from crmkit.lifecycle import Lifecycle
from crmkit.money import Money
from crmkit.records import Purchase
from crmkit.serialization import Schema, kind_of, make_converter
from crmkit.tiering import Tier
from tests.serialization import shop
from tests.serialization.shop import Box, Color, Everything, Label, Pot, Shelf, TallVase, Vase

T = TypeVar("T")
TODAY = date(2026, 6, 30)
NAIVE = datetime(2026, 3, 1)  # noqa: DTZ001 - a naive datetime, to be refused
AN_OFFSET = "an instant has an offset of whole seconds, and microseconds at most"


class Level(IntEnum):
    LOW = 1


class Shade(Enum):
    DARK = "dark"


class Wordless(StrEnum):
    """An enumeration without members."""


class Point(NamedTuple):
    x: int


class Options(TypedDict):
    x: int


@dataclasses.dataclass(frozen=True)
class Data:
    x: int


class Plain:
    pass


def holder(of: Any) -> Any:
    """A class with one field of the type."""
    return attrs.make_class("Holder", {"held": attrs.field(type=of)}, frozen=True)


UNKEEPABLE: list[Any] = [
    *(list, list[int], dict, dict[str, int], set, set[int], tuple, frozenset, Mapping),
    *(Sequence[int], Iterable[int], Callable[[], int], type, bytes, bytearray, complex, range),
    *(
        time,
        UUID,
        Path,
        Level,
        Shade,
        Wordless,
        StrEnum,
        Enum,
        Plain,
        Data,
        Point,
        Options,
        abc.ABC,
    ),
    *(Literal["a"], Annotated[list[int], "x"], "Nowhere"),
    *(
        tuple[list[int], ...],
        tuple[int, bytes],
        frozenset[bytes],
        tuple.__class_getitem__((T, ...)),
    ),
    *(Mapping[str, bytes], Mapping[datetime, int], Mapping[bool, int], Mapping[Money, int]),
    *(Mapping[str | int, int], Mapping[Level, int], bytes | None, bytes | int),
    *(tuple[int, ...] | int, Mapping[str, int] | Money, Color | tuple[str, ...]),
    *(Box, Lifecycle, Box[list[int]], Decision[bytes], tuple[Decision[bytes], ...]),
    *(Box[int] | Box[str], Decision[Tier] | Decision[str] | None),
]


class TestWhatCanBeKept:
    """A field of a type that has no one form to write is refused when the converter is made."""

    @pytest.mark.parametrize("of", UNKEEPABLE, ids=str)
    def test_a_field_of_another_type_is_refused(self, of):
        with pytest.raises(InvalidPolicy):
            make_converter(holder(of))

    @pytest.mark.parametrize(
        "of",
        [
            *(bool, int, float, str, Decimal, Fraction, date, datetime, timedelta, Money),
            *(type(None), Color, Tier, Purchase, Evidence, Decision, Decision[Tier]),
            *(tuple[int, ...], tuple[int, str], tuple[()], frozenset[Color], Mapping[str, int]),
            *(Mapping[int, Tier], Mapping[Color, int], Mapping[shop.Barcode, int], int | None),
            Mapping[date, int],
            *(Vase | Pot, Vase | int | None, tuple[Vase | Pot, ...], Box[int], Box[Box[Tier]]),
            *(Lifecycle[Color, shop.Size], Decision[Any], Decision[object], Any, object),
            *(Mapping[str, tuple[tuple[int, ...] | None, ...]], Box[tuple[int, ...] | None]),
        ],
        ids=str,
    )
    def test_these_can_be_kept(self, of):
        make_converter(holder(of))

    def test_the_message_names_the_class_and_the_type(self):
        with pytest.raises(InvalidPolicy) as caught:
            make_converter(holder(list[int]))
        assert str(caught.value) == (
            "Holder: list has no one form to write: declare tuple[X, ...], frozenset[X], "
            "Mapping[str, X], an attrs class, a StrEnum or a single value, and say what a generic "
            "class is of"
        )
        with pytest.raises(InvalidPolicy, match=r"^bytes has no one form to write"):
            make_converter(bytes)
        with pytest.raises(
            InvalidPolicy, match=r"^Holder: an annotation names a type that its mod"
        ):
            make_converter(holder("Nowhere"))
        with pytest.raises(InvalidPolicy) as caught:
            make_converter(holder(tuple[int, ...] | int))
        assert str(caught.value) == (
            "Holder: the types of a union are told apart by their kinds: name classes and single "
            "values, each kind once"
        )

    def test_a_type_deep_inside_is_found(self):
        with pytest.raises(InvalidPolicy, match=r"^Holder: set has no one form"):
            make_converter(holder(tuple[Mapping[str, set[int]] | None, ...]))
        inner = holder(bytes)
        outer = attrs.make_class("Outer", {"inner": attrs.field(type=inner)}, frozen=True)
        with pytest.raises(InvalidPolicy, match=r"^Holder: bytes has no one form"):
            make_converter(outer)

    def test_a_type_that_was_not_kept_is_checked_when_it_is_read(self):
        kept = make_converter(Tier)
        assert kept.structure([1, 2], tuple[int, ...]) == (1, 2)
        assert kept.structure({"height": 3}, Vase) == Vase(3)
        assert kept.unstructure(Vase(3)) == {"height": 3}
        for _ in range(2):
            with pytest.raises(InvalidPolicy):
                kept.structure([1], list[int])
            with pytest.raises(InvalidPolicy):
                kept.unstructure([1])
        with pytest.raises(InvalidPolicy) as caught:
            kept.dumps(Vase(3))
        assert str(caught.value) == "Vase is not kept here: make_converter(..., Vase)"
        with pytest.raises(InvalidPolicy, match="Vase is not kept here"):
            kept.loads('{"kind":"tier","version":1,"data":{}}', Vase)

    def test_a_converter_can_keep_nothing(self):
        with pytest.raises(InvalidDocument):
            make_converter().loads('{"kind":"tier","version":1,"data":{}}')


class TestKinds:
    """The word by which documents name a type."""

    @pytest.mark.parametrize(
        ("cls", "kind"),
        [
            (Purchase, "purchase"),
            (Decision, "decision"),
            (Decision[Tier], "decision"),
            (shop.TallVase, "tall-vase"),
            (type("RFMScale", (), {}), "rfm-scale"),
            (type("RfmScale", (), {}), "rfm-scale"),
            (type("ABCTiers", (), {}), "abc-tiers"),
            (type("Top20Rule", (), {}), "top20-rule"),
            (type("A", (), {}), "a"),
            (str, "text"),
            (datetime, "instant"),
            (timedelta, "duration"),
            (Money, "money"),
            (type(None), "null"),
            (shop.Barcode, "text"),
        ],
    )
    def test_the_table_of_kinds(self, cls, kind):
        assert kind_of(cls) == kind

    @pytest.mark.parametrize("cls", [int | str, 5, "Tier", None | int, T])
    def test_only_a_class_has_a_kind(self, cls):
        with pytest.raises(InvalidPolicy) as caught:
            make_converter(cls)
        assert str(caught.value) == (
            "only a class has a kind: hand over the members of a union one by one"
        )

    def test_two_types_do_not_share_a_kind(self):
        other = attrs.make_class("Tier", {"x": attrs.field(type=int)}, frozen=True)
        with pytest.raises(InvalidPolicy) as caught:
            make_converter(Tier, other)
        assert str(caught.value) == "two types claim the kind tier: give one of them a Schema"
        with pytest.raises(InvalidPolicy, match="two types claim the kind tier"):
            make_converter(holder(Union[Tier, other]))  # noqa: UP007 - mypy
        kept = make_converter(Tier, Schema(other, kind="host-tier"))
        assert kept.loads(kept.dumps(other(1))) == other(1)
        assert kept.loads(kept.dumps(Tier("a", 1))) == Tier("a", 1)

    @pytest.mark.parametrize("kind", ["money", "text", "int", "null"])
    def test_the_kinds_of_single_values_are_taken(self, kind):
        with pytest.raises(InvalidPolicy, match=f"two types claim the kind {kind}"):
            make_converter(Schema(Tier, kind=kind))
        with pytest.raises(InvalidPolicy, match="two types claim the kind moment"):
            make_converter(Schema(datetime, kind="moment"))

    def test_a_kind_of_its_own_is_used_wherever_the_type_stands(self):
        """In whatever order the types are handed over."""
        for types in ([Schema(Vase, kind="jar"), Shelf], [Shelf, Schema(Vase, kind="jar")]):
            kept = make_converter(*types)
            assert kept.unstructure(Shelf(Vase(3)))["item"] == {"kind": "jar", "height": 3}
            assert kept.loads(kept.dumps(Vase(3))) == Vase(3)


class TestDeclaredAndFound:
    """What stands in a field is what the field was declared to hold, or is refused when written."""

    def written(self, **fields: Any) -> str:
        broken = shop.with_fields(**fields)
        with pytest.raises(InvalidValue) as caught:
            make_converter(Everything).dumps(broken)
        return str(caught.value)

    def test_a_subclass_is_not_cut_down_to_its_base(self):
        cls = holder(Vase)
        kept = make_converter(cls, TallVase)
        assert kept.unstructure(cls(Vase(3))) == {"held": {"height": 3}}
        with pytest.raises(InvalidValue) as caught:
            kept.dumps(cls(TallVase(3)))
        assert (
            str(caught.value) == "Vase is declared and TallVase found: declare a union to keep both"
        )

    def test_a_union_keeps_base_and_subclass(self):
        cls = holder(Vase | TallVase)
        kept = make_converter(cls)
        for vase in (Vase(3), TallVase(3, handles=1)):
            back = kept.loads(kept.dumps(cls(vase)))
            assert back == cls(vase)
            assert type(back.held) is type(vase)

    def test_an_open_field_keeps_what_is_known_and_refuses_the_rest(self):
        kept = make_converter(Decision, Vase)
        outcome: Any
        for outcome in (Vase(3), 5, "gold", None, True, Money(1, "EUR"), Decimal("1.0"), TODAY):
            decided = Decision(outcome, "p", TODAY)
            assert kept.loads(kept.dumps(decided)) == decided
        for outcome in (Pot(3), TallVase(3), [1], (1,), b"x", object(), Vase):
            with pytest.raises(InvalidPolicy, match="is not kept here: hand it to make_converter"):
                kept.dumps(Decision(outcome, "p", TODAY))

    def test_a_field_of_any_type_is_an_open_one(self):
        cls = holder(Any)
        kept = make_converter(cls, Vase)
        assert kept.unstructure(cls(Vase(3))) == {"held": {"kind": "vase", "height": 3}}
        assert kept.loads(kept.dumps(cls(Decimal("1.0")))) == cls(Decimal("1.0"))

    def test_a_word_among_texts_is_a_text_and_among_other_things_is_not(self):
        texts, numbers = holder(str | int), holder(int | None | Money)
        assert make_converter(texts).unstructure(texts(Color.RED)) == {"held": "red"}
        with pytest.raises(InvalidPolicy, match="Color is not kept here"):
            make_converter(numbers).unstructure(numbers(Color.RED))

    @pytest.mark.parametrize(
        ("name", "value", "declared"),
        [
            *(("yes", 1, "true or false"), ("yes", None, "true or false")),
            *(("count", value, "a whole number") for value in (1.0, "1", None, Decimal(1))),
            *(("share", value, "a finite float") for value in (True, "1", float("nan"), None)),
            *(("share", value, "a finite float") for value in (float("inf"), float("-inf"))),
            *(("name", None, "a text"), ("name", 5, "a text"), ("barcode", 4006, "a text")),
            *(("exact", 1, "a Decimal"), ("exact", "1", "a Decimal"), ("exact", 0.5, "a Decimal")),
            *(("part", 1, "a Fraction"), ("part", Decimal(1), "a Fraction")),
            *(("on", NAIVE, "a day"), ("on", "2026-03-01", "a day"), ("at", TODAY, "an instant")),
            *(("took", 5, "a duration"), ("price", "5.00 EUR", "Money"), ("price", 5, "Money")),
            *(("color", "red", "a word of Color"), ("color", shop.Size.SMALL, "a word of Color")),
            *(("perhaps", "1", "a whole number"),),
            *(("by_name", {1: Fraction(1)}, "a text"), ("by_name", {"a": 1}, "a Fraction")),
            *(("by_number", {"1": Money(1, "EUR")}, "a whole number"),),
        ],
    )
    def test_a_single_value_of_another_type_is_refused(self, name, value, declared):
        found = next(iter(value.items())) if isinstance(value, dict) else (value,)
        messages = [
            f"{declared} is declared here, and a {type(item).__name__} cannot be written as it"
            for item in found
        ]
        assert self.written(**{name: value}) in messages

    @pytest.mark.parametrize(
        ("name", "value", "message"),
        [
            ("count", 10**60, "a whole number has at most 60 digits"),
            ("count", -(10**60), "a whole number has at most 60 digits"),
            ("share", 10**400, "a whole number has at most 60 digits"),
            ("name", "\ud800", "a text has no lone surrogates"),
            ("exact", Decimal("NaN"), "a decimal number is finite and has at most 60 digits"),
            ("exact", Decimal("sNaN"), "a decimal number is finite and has at most 60 digits"),
            ("exact", Decimal("1E+1000"), "a decimal number is finite and has at most 60 digits"),
            ("exact", Decimal("9" * 61), "a decimal number is finite and has at most 60 digits"),
            ("part", Fraction(1, 10**60), "a whole number has at most 60 digits"),
            ("part", Fraction(10**60), "a whole number has at most 60 digits"),
            ("at", NAIVE, AN_OFFSET),
            ("at", datetime(2026, 3, 1, tzinfo=timezone(timedelta(microseconds=5))), AN_OFFSET),
            ("tier", "gold", "Tier is declared and str found: declare a union to keep both"),
            ("several", [1], "tuple is declared and list found"),
            ("several", "12", "tuple is declared and str found"),
            ("pair", ("a",), "a tuple of 2 is declared and one of 1 found"),
            ("pair", ("a", Money(1, "EUR"), 1), "a tuple of 2 is declared and one of 3 found"),
            ("colors", {Color.RED}, "frozenset is declared and set found"),
            ("by_name", {"\ud800": Fraction(1)}, "a text has no lone surrogates"),
            ("by_number", {10**60: Money(1, "EUR")}, "a whole number has at most 60 digits"),
        ],
        ids=lambda value: value if isinstance(value, str) and value.isascii() else "",
    )
    def test_a_field_that_holds_something_else(self, name, value, message):
        assert self.written(**{name: value}) == message

    def test_a_mapping_is_a_mapping(self):
        cls = holder(Mapping[str, int])
        with pytest.raises(InvalidValue) as caught:
            make_converter(cls).dumps(cls([("a", 1)]))
        assert str(caught.value) == "Mapping is declared and list found"

    def test_evidence_nested_too_deeply_is_not_written(self):
        kept = make_converter(Evidence)
        item = noted("a", 1)
        for _ in range(48):
            item = all_of("a", item)
        assert kept.loads(kept.dumps(item)) == item
        assert kept.structure(kept.unstructure(all_of("a", item)), Evidence) == all_of("a", item)
        for levels in (1, 300):
            for _ in range(levels):
                item = all_of("a", item)
            with pytest.raises(InvalidValue) as caught:
                kept.dumps(item)
            assert str(caught.value) == "nested too deeply"
        for levels in (60, 400):
            item = noted("a", 1)
            for _ in range(levels):
                item = all_of("a", item)
            with pytest.raises(InvalidValue, match="nested too deeply"):
                kept.unstructure(item)

    def test_what_is_refused_is_refused_in_the_words_of_crmkit(self):
        kept = make_converter(Everything)
        names = [name for name in attrs.fields_dict(Everything) if not name.startswith("by_")]
        for name in names:
            for value in (object(), b"x", [object()], Plain):
                with pytest.raises(CrmkitError):
                    kept.dumps(shop.with_fields(**{name: value}))


class TestPrivateFields:
    """A field is named in documents as in the constructor."""

    def test_private_renamed_and_left_out(self):
        kept = make_converter(shop.Till)
        till = shop.Till(Money(5, "EUR"), number=3)
        assert kept.unstructure(till) == {"cash": "5.00 EUR", "number": 3}
        assert kept.loads(kept.dumps(till)) == till


class TestGenericBases:
    """A class that derives from a generic one is kept if what it is of leaves nothing open."""

    def test_a_field_of_the_base_is_an_open_one(self):
        @frozen
        class Base(Generic[T]):
            thing: T

        @frozen
        class Derived(Base[int]):
            more: int = 0

        kept = make_converter(Derived)
        assert kept.loads(kept.dumps(Derived(5))) == Derived(5)
        assert kept.unstructure(Derived(5)) == {"thing": 5, "more": 0}


class TestRecursion:
    """Classes may contain themselves, by name, and each other."""

    def test_a_class_of_its_own_kind(self):
        kept = make_converter(shop.Bundle)
        tree = shop.Bundle((Label("a"), shop.Bundle((Label("b"), shop.Bundle(())))))
        assert kept.loads(kept.dumps(tree)) == tree

    def test_a_recursive_union(self):
        kept = make_converter(shop.Wish)
        wish = shop.Wish(shop.Either((Label("a"), shop.Wish(Label("b")))))
        assert kept.loads(kept.dumps(wish)) == wish

    def test_a_class_in_a_tuple_in_a_mapping_of_itself(self):
        kept = make_converter(Shelf_of_shelves)
        shelf = Shelf_of_shelves({"left": (Shelf_of_shelves(), None)}, Shelf_of_shelves())
        assert kept.loads(kept.dumps(shelf)) == shelf


@frozen
class Shelf_of_shelves:  # noqa: N801 - it stands out as a class of these tests alone
    inner: Mapping[str, tuple["Shelf_of_shelves | None", ...]] = field(
        factory=dict, converter=shop.read_only, hash=False
    )
    beside: "Shelf_of_shelves | None" = None
