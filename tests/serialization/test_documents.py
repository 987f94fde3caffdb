"""Each stored document carries its schema version; older ones are read, newer ones refused."""

import copy
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Context, Decimal, InvalidOperation, localcontext
from fractions import Fraction
from typing import Any

import attrs
import pytest
from attrs import frozen

from crmkit.decision import Decision, Evidence, at_least, noted
from crmkit.errors import InvalidDocument, InvalidPolicy, InvalidValue, NewerSchema
from crmkit.money import ExchangeRates, Money
from crmkit.records import Promise, Purchase
from crmkit.serialization import DocumentConverter, Schema, make_converter
from crmkit.tiering import Tier
from tests.patience import refused_soon
from tests.serialization import shop
from tests.serialization.shop import Everything

TODAY = date(2026, 6, 30)
TIERS = make_converter(Tier)


def problem(converter: DocumentConverter, text: str, expected: Any = None) -> str:
    with pytest.raises(InvalidDocument) as caught:
        converter.loads(text, expected)
    return str(caught.value)


def document(**changes: Any) -> str:
    whole = {"kind": "tier", "version": 1, "data": {"name": "gold", "rank": 3}}
    return json.dumps({**whole, **changes})


class TestEnvelope:
    """A document has a kind, a schema version and data."""

    def test_a_document_says_what_it_is(self):
        assert TIERS.loads(document()) == Tier("gold", 3)
        assert TIERS.loads(document(), Tier) == Tier("gold", 3)
        assert TIERS.load(json.loads(document())) == Tier("gold", 3)

    @pytest.mark.parametrize(
        "text",
        [
            "{}", "[]", "1", "null", '"tier"', '{"kind":"tier"}', '{"kind":"tier","version":1}',
            '{"kind":"tier","version":1,"data":{},"more":1}',
            '{"Kind":"tier","version":1,"data":{}}',
        ],
    )  # fmt: skip
    def test_it_has_exactly_three_keys(self, text):
        assert problem(TIERS, text) == "$: a document has exactly the keys kind, version and data"

    @pytest.mark.parametrize("raw", [None, 5, "x", [], {1: 2}, {"kind": "tier"}, Tier("gold", 3)])
    def test_so_it_is_when_it_was_parsed_already(self, raw):
        with pytest.raises(InvalidDocument, match="exactly the keys kind, version and data"):
            TIERS.load(raw)

    @pytest.mark.parametrize("kind", ["Tier", "", "purchase", "money", 5, None, ["tier"], {}])
    def test_the_kind_is_one_of_those_that_are_kept(self, kind):
        assert problem(TIERS, document(kind=kind)) == "$.kind: expected one of tier"
        assert problem(TIERS, document(kind=kind), Tier) == "$.kind: expected tier"

    def test_the_kind_is_the_expected_one(self):
        kept = make_converter(Tier, shop.Vase, shop.Pot)
        assert problem(kept, '{"kind":"pot","version":1,"data":{"height":3}}', shop.Vase) == (
            "$.kind: expected vase"
        )
        assert problem(kept, document(kind="jar")) == "$.kind: expected one of pot, tier, vase"

    @pytest.mark.parametrize("version", [0, -1, 1.0, "1", True, None, [1], 1_000_001, 10**40])
    def test_the_version_is_a_whole_number_from_1(self, version):
        assert problem(TIERS, document(version=version)) == (
            "$.version: expected a whole number from 1"
        )

    def test_even_one_of_thousands_of_digits(self):
        with pytest.raises(InvalidDocument, match=r"^\$\.version: expected a whole number from 1$"):
            TIERS.load({"kind": "tier", "version": 10**5000, "data": {}})
        toml = "kind = 'tier'\nversion = 0x" + "f" * 50_000 + "\ndata = {}"
        with pytest.raises(InvalidDocument, match=r"^\$\.version: expected a whole number from 1$"):
            TIERS.loads_toml(toml)

    def test_single_values_can_be_documents(self):
        kept = make_converter(int, str, Money, date, tuple[int, ...])
        for value in (5, "text", Money(5, "EUR"), TODAY, (1, 2)):
            assert kept.loads(kept.dumps(value)) == value
        assert kept.dumps(5) == '{"data":5,"kind":"int","version":1}'

    def test_problems_of_the_data_are_told_below_data(self):
        assert problem(TIERS, document(data={"name": "gold"})) == "$.data.rank: is missing"
        assert problem(TIERS, document(data=None)) == "$.data: expected an object, found null"

    def test_a_type_that_is_not_kept_is_the_mistake_of_the_caller(self):
        with pytest.raises(InvalidPolicy) as caught:
            TIERS.dumps(Money(1, "EUR"))
        assert str(caught.value) == "Money is not kept here: make_converter(..., Money)"
        with pytest.raises(InvalidPolicy, match="Money is not kept here"):
            TIERS.loads(document(), Money)
        with pytest.raises(InvalidPolicy, match="this type is not kept here"):
            TIERS.loads(document(), 5)  # type: ignore[call-overload]


# --- versions -------------------------------------------------------------------------------------


@frozen
class Card:
    """The third shape of a loyalty card."""

    number: str
    points: int
    tier: Tier | None = None


def points_instead_of_stamps(data: dict[str, Any]) -> dict[str, Any]:
    """Version 1 counted stamps, ten points each."""
    data["points"] = 10 * data.pop("stamps")
    return data


def number_instead_of_id(data: dict[str, Any]) -> dict[str, Any]:
    """Version 2 called the number an id."""
    return {"number": data["id"], "points": data["points"]}


CARDS = make_converter(
    Schema(Card, version=3, upcasters=(points_instead_of_stamps, number_instead_of_id))
)


def card(version: int, data: Any) -> str:
    return json.dumps({"kind": "card", "version": version, "data": data})


class TestVersions:
    """Older documents become the newest version, step by step; a newer one is refused."""

    @pytest.mark.parametrize(
        ("version", "data"),
        [
            (1, {"id": "A-1", "stamps": 4}),
            (2, {"id": "A-1", "points": 40}),
            (3, {"number": "A-1", "points": 40}),
        ],
    )
    def test_each_version_is_read_as_the_newest(self, version, data):
        assert CARDS.loads(card(version, data)) == Card("A-1", 40)

    def test_the_newest_is_written(self):
        assert json.loads(CARDS.dumps(Card("A-1", 40)))["version"] == 3

    def test_a_newer_one_is_refused(self):
        with pytest.raises(NewerSchema) as caught:
            CARDS.loads(card(4, {"anything": "else"}))
        assert (caught.value.what, caught.value.found, caught.value.known) == ("card", 4, 3)
        assert str(caught.value) == (
            "card has schema version 4, this release reads up to 3: upgrade crmkit to open it"
        )

    @pytest.mark.parametrize(
        "data", [{}, None, [], "x", 5, {"id": "A-1"}, {"id": 5, "stamps": "x"}]
    )
    def test_data_that_an_upcaster_cannot_read(self, data):
        with pytest.raises(InvalidDocument) as caught:
            CARDS.loads(card(1, data))
        assert caught.value.problems[0].path.startswith("$.data")

    def test_the_message_says_which_version(self):
        assert problem(CARDS, card(1, {})) == "$.data: does not describe a card of version 1"
        assert problem(CARDS, card(2, {})) == "$.data: does not describe a card of version 2"
        assert problem(CARDS, card(3, {})) == "$.data.number: is missing; $.data.points: is missing"

    @pytest.mark.parametrize(
        "error",
        [KeyError("x"), IndexError(), TypeError(), ValueError(), AttributeError(), OverflowError(),
         ZeroDivisionError(), InvalidOperation(), RecursionError(),
         UnicodeEncodeError("u", "", 0, 1, ""),
         InvalidValue("secret")],
    )  # fmt: skip
    def test_whatever_an_upcaster_stumbles_over(self, error):
        def stumble(_: dict[str, Any]) -> dict[str, Any]:
            raise error

        kept = make_converter(Schema(Card, version=2, upcasters=(stumble,)))
        assert problem(kept, card(1, {})) == "$.data: does not describe a card of version 1"

    def test_what_an_upcaster_makes_is_read_strictly(self):
        kept = make_converter(Schema(Card, version=2, upcasters=(lambda data: [data],)))  # type: ignore[arg-type,return-value]
        assert problem(kept, card(1, {})) == "$.data: expected an object, found a list"

    def test_the_document_of_the_caller_stays_as_it_was(self):
        """An upcaster may change what it is given."""
        parsed = {"kind": "card", "version": 1, "data": {"id": "A-1", "stamps": 4, "more": [1]}}
        before = copy.deepcopy(parsed)
        for _ in range(2):
            assert CARDS.load(parsed) == Card("A-1", 40)
            assert parsed == before

    def test_an_upcaster_that_builds_high_is_stopped(self):
        def deeper(data: dict[str, Any]) -> dict[str, Any]:
            for _ in range(5000):
                data = {"parts": [{"kind": "bundle", **data}]}
            return data

        kept = make_converter(Schema(shop.Bundle, version=2, upcasters=(deeper,)))
        text = '{"kind":"bundle","version":1,"data":{"parts":[]}}'
        assert "nested too deeply" in problem(kept, text)

    @pytest.mark.parametrize(
        ("version", "upcasters"),
        [(0, ()), (-1, ()), (2, ()), (3, (copy.copy,)), (1, (copy.copy,)), (1_000_001, ())],
    )
    def test_there_is_one_upcaster_for_each_step(self, version, upcasters):
        with pytest.raises(InvalidPolicy) as caught:
            Schema(Card, version=version, upcasters=upcasters)
        assert str(caught.value) == (
            f"card: version {version} needs one upcaster for each step from version 1, and there "
            f"are {len(upcasters)}"
        )

    def test_a_type_is_kept_in_one_way(self):
        schema = Schema(Card, version=2, upcasters=(copy.copy,))
        for other in (Card, Schema(Card, kind="loyalty-card")):
            for pair in ((schema, other), (other, schema)):
                with pytest.raises(InvalidPolicy) as caught:
                    make_converter(*pair)
                assert str(caught.value) == "Card is kept in two ways: name it once"
        with pytest.raises(InvalidPolicy, match="Decision is kept in two ways"):
            make_converter(Decision, Decision[Tier])

    def test_naming_a_type_twice_alike_is_no_mistake(self):
        """Rooms list what they keep, and their lists overlap."""
        schema = Schema(Card, version=2, upcasters=(copy.copy,))
        kept = make_converter(Tier, schema, Tier, schema, Schema(Tier))
        assert kept.loads(kept.dumps(Tier("gold", 3))) == Tier("gold", 3)

    def test_a_kind_can_be_named(self):
        kept = make_converter(Schema(Card, kind="loyalty-card"))
        assert json.loads(kept.dumps(Card("A-1", 40)))["kind"] == "loyalty-card"
        assert kept.loads(kept.dumps(Card("A-1", 40))) == Card("A-1", 40)
        assert problem(kept, card(1, {})) == "$.kind: expected one of loyalty-card"


# --- JSON -----------------------------------------------------------------------------------------


class TestJson:
    """JSON without its loopholes."""

    @pytest.mark.parametrize(
        "text",
        [
            "", " ", "{", "}", "nul", "{'kind': 'tier'}", '{"kind":"tier",}', "// x\n{}",
            "\ufeff{}",
            '{"kind":"tier","version":1,"data":{}} x', "01", "+1", ".5", "1.", "0x10",
            '"\n"', "[1,]",
            '"\\x"', '"\\ud8"', "tru",
            "[" * 100_000, '{"a":' * 100_000, "1" * 5000, "-" + "1" * 5000,
        ],
        ids=lambda text: ascii(text[:20]),
    )  # fmt: skip
    def test_what_is_no_json(self, text):
        assert problem(TIERS, text) == "$: this is not JSON"

    @pytest.mark.parametrize("text", [None, 5, ["{}"], b"{}", b"\xff\xfe\x00"])
    def test_what_is_no_text(self, text):
        assert problem(TIERS, text) == "$: this is not JSON"

    @pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
    def test_there_is_no_nan(self, constant):
        message = "$: NaN and Infinity are no JSON numbers"
        assert problem(TIERS, constant) == message
        assert problem(TIERS, document().replace("3", constant)) == message

    @pytest.mark.parametrize(
        "text",
        [
            '{"kind":"tier","kind":"tier","version":1,"data":{"name":"gold","rank":3}}',
            '{"kind":"tier","version":1,"data":{"name":"gold","name":"gold","rank":3}}',
            '{"kind":"tier","version":1,"data":{"name":"gold","rank":3,"x":{"a":1,"a":2}}}',
            '{"kind":"tier","version":1,"data":{"name":"gold","rank":3,"\\u006eame":"silver"}}',
        ],
    )
    def test_a_key_stands_once(self, text):
        assert problem(TIERS, text) == "$: a key stands twice in one object"

    def test_whole_numbers_are_exact_to_sixty_digits(self):
        number = 123456789012345678901234567890123456789012345678901234567890
        assert TIERS.loads(document().replace("3", str(number))).rank == number
        assert problem(TIERS, document().replace("3", f"{number}1")) == (
            "$.data.rank: a whole number has at most 60 digits"
        )

    def test_lone_surrogates_are_refused_and_pairs_are_not(self):
        assert problem(TIERS, document().replace("gold", "\\ud83d")) == (
            "$.data.name: a text has no lone surrogates"
        )
        assert TIERS.loads(document().replace("gold", "\\ud83d\\ude00")).name == "😀"

    def test_a_number_that_overflows_is_refused(self):
        kept = make_converter(Everything)
        text = kept.dumps(shop.EXAMPLE).replace('"share":0.5', '"share":1e999')
        assert problem(kept, text) == (
            "$.data.share: expected a finite number with a fraction, such as 1.0, found a number "
            "with a fraction"
        )

    @pytest.mark.parametrize("levels", [99, 500, 900])
    def test_nesting_that_json_allows_is_refused_by_its_depth(self, levels):
        text = document(data=0).replace(": 0", ": " + "[" * levels + "]" * levels)
        if levels == 99:
            assert problem(TIERS, text) == "$.data: expected an object, found a list"
        else:
            assert problem(TIERS, text) == "$: nested too deeply"
            refused_soon(InvalidDocument, lambda: TIERS.loads(text))

    def test_a_parsed_document_is_held_to_the_same_depth(self):
        data: Any = []
        for _ in range(98):
            data = [data]
        whole = {"kind": "tier", "version": 1, "data": data}
        with pytest.raises(InvalidDocument, match=r"^\$\.data: expected an object, found a list$"):
            TIERS.load(whole)
        with pytest.raises(InvalidDocument, match=r"^\$: nested too deeply$"):
            TIERS.load({**whole, "data": [data]})

    def test_many_brackets_are_no_depth(self):
        kept = make_converter(shop.Bundle)
        wide = shop.Bundle(tuple(shop.Bundle((shop.Label("x"),)) for _ in range(200)))
        assert kept.loads(kept.dumps(wide)) == wide


# --- TOML -----------------------------------------------------------------------------------------

TOML = """
kind = "everything"
version = 1

[data]
yes = true
count = 5
share = 0.5
name = "Anna's flowers"
exact = 0.10
part = 0.75
on = 2026-03-01
at = 2026-03-01T09:30:00.5+01:00
took = "P0DT300S"
price = "12.30 EUR"
rate = { daily_force = 0.0003 }
span = { start = 2026-03-01, end = 2026-04-01 }
tier = { name = "gold", rank = 3 }
color = "pale-blue"
shelf = 7
barcode = "4006381333931"
several = [1, 2]
pair = ["tulips", "2.00 EUR"]
colors = ["red"]

[data.by_name]
first = "1/3"
second = 0.25

[data.by_number]
-3 = "3.00 EUR"
"""


class TestToml:
    """A policy is read from TOML as well: its own dates and numbers with a fraction stay exact."""

    KEPT = make_converter(Everything, Decision, Evidence, ExchangeRates, Promise, shop.Shelf)

    def test_native_dates_and_numbers(self):
        back = self.KEPT.loads_toml(TOML, Everything)
        assert back == attrs.evolve(
            shop.EXAMPLE,
            at=datetime(2026, 3, 1, 9, 30, 0, 500_000, tzinfo=timezone(timedelta(hours=1))),
            color=shop.Color.PALE_BLUE,
            perhaps=None,
            perhaps_written_otherwise=None,
            colors=frozenset({shop.Color.RED}),
            by_name={"first": Fraction(1, 3), "second": Fraction(1, 4)},
            by_shelf={},
            by_color={},
        )
        assert str(back.exact) == "0.10"
        assert type(back.share) is float

    def test_the_same_document_in_json_is_the_same_value(self):
        value = self.KEPT.loads_toml(TOML)
        assert self.KEPT.loads(self.KEPT.dumps(value)) == value

    def test_values_of_its_own_need_no_tag_where_several_types_can_stand(self):
        text = """
            kind = "decision"
            version = 1
            [data]
            outcome = 0.50
            policy = "p"
            as_of = 2026-06-30
            evidence = [
                { criterion = "day", observed = 2026-03-01 },
                { criterion = "instant", observed = 2026-03-01T09:30:00Z },
                { criterion = "number", observed = 0.10 },
            ]
        """
        back = self.KEPT.loads_toml(text)
        at = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
        assert back == Decision(
            Decimal("0.50"),
            "p",
            TODAY,
            (
                noted("day", date(2026, 3, 1)),
                noted("instant", at),
                noted("number", Decimal("0.10")),
            ),
        )
        assert [str(item.observed) for item in back.evidence][2] == "0.10"

    def test_a_number_where_only_a_float_can_stand_is_one(self):
        data = '{ item = { kind = "pot", height = 3 }, number = 0.25 }'
        text = f'kind = "shelf"\nversion = 1\ndata = {data}'
        number = self.KEPT.loads_toml(text).number
        assert (number, type(number)) == (0.25, float)

    @pytest.mark.parametrize(
        ("line", "message"),
        [
            ("on = 2026-03-01T09:30:00", "$.data.on: expected a day in quotes, such as 2026-03-01, "
             "found a date and time"),
            ("on = 2026-03-01T09:30:00Z", "$.data.on: expected a day in quotes, such as "
             "2026-03-01, found a date and time"),
            ("at = 2026-03-01T09:30:00", "$.data.at: expected an instant with its offset, such as "
             "2026-03-01T09:30:00+01:00, found a date and time"),
            ("at = 2026-03-01", "$.data.at: expected an instant with its offset, such as "
             "2026-03-01T09:30:00+01:00, found a day"),
            ("at = 09:30:00", "$.data.at: expected an instant with its offset, such as "
             "2026-03-01T09:30:00+01:00, found a value of another type"),
            ("count = 1.0", "$.data.count: expected a whole number, found a number with a "
             "fraction"),
            ("count = 0x" + "f" * 60, "$.data.count: a whole number has at most 60 digits"),
            ("price = 12.30", '$.data.price: expected money in quotes, such as "12.30 EUR", found '
             "a number with a fraction"),
            ("exact = nan", '$.data.exact: expected a decimal number in quotes, such as "12.30", '
             "found a number with a fraction"),
            ("share = inf", "$.data.share: expected a finite number with a fraction, such as 1.0, "
             "found a number with a fraction"),
            ("exact = 1e400000", '$.data.exact: expected a decimal number in quotes, such as '
             '"12.30", found a number with a fraction'),
        ],
        ids=lambda value: value[:25],
    )  # fmt: skip
    def test_wrong_values(self, line, message):
        name = line.partition(" =")[0]
        lines = [line if each.startswith(f"{name} =") else each for each in TOML.splitlines()]
        with pytest.raises(InvalidDocument) as caught:
            self.KEPT.loads_toml("\n".join(lines))
        assert str(caught.value) == message

    @pytest.mark.parametrize(
        "text",
        [
            "kind", "kind = ", "= 1", "[data", "a = 1\na = 2", "a = 2026-02-30",
            "a = 1e" + "9" * 30,
            "a = " + "[" * 5000, "a = " + "1" * 5000, "a = '\\ud800", "a.b = 1\na = 2",
        ],
        ids=lambda text: text[:12],
    )  # fmt: skip
    def test_what_is_no_toml(self, text):
        with pytest.raises(InvalidDocument) as caught:
            self.KEPT.loads_toml(text)
        assert str(caught.value) == "$: this is not TOML"

    @pytest.mark.parametrize("text", [None, 5, b"a = 1"])
    def test_what_is_no_text(self, text):
        with pytest.raises(InvalidDocument, match="this is not TOML"):
            self.KEPT.loads_toml(text)

    def test_a_toml_without_the_envelope(self):
        with pytest.raises(InvalidDocument, match="exactly the keys kind, version and data"):
            self.KEPT.loads_toml("a = 1")

    def test_the_caller_s_decimal_context_changes_nothing(self):
        expected = self.KEPT.loads_toml(TOML)
        for context in (Context(prec=1), Context(prec=1, traps=[], Emax=2, Emin=-2, capitals=0)):
            with localcontext(context):
                assert self.KEPT.loads_toml(TOML) == expected
                with pytest.raises(InvalidDocument):
                    self.KEPT.loads_toml(TOML.replace("0.10", "1e" + "9" * 30))


class TestGoldenDocuments:
    """Documents as they were written by the first release: they must stay readable for ever."""

    KEPT = make_converter(Purchase, Decision, Evidence, ExchangeRates, Tier)
    GOLDEN: Mapping[str, Any] = {
        '{"data":{"amount":"-12.30 EUR","channel":"web","customer":"C-7","on":"2026-03-01",'
        '"order":null,"product":"P-1","recorded_at":"2026-10-25T02:30:00+01:00[Europe/Berlin]",'
        '"refund_of":"O-1"},"kind":"purchase","version":1}': Purchase(
            *("C-7", date(2026, 3, 1), Money("-12.30", "EUR")),  # type: ignore[arg-type]
            product="P-1",  # type: ignore[arg-type]
            channel="web",
            refund_of="O-1",  # type: ignore[arg-type]
            recorded_at=datetime.fromisoformat("2026-10-25T01:30:00+00:00").astimezone(shop.BERLIN),
        ),
        '{"data":{"as_of":{"kind":"date","value":"2026-06-30"},"evidence":[{"comparison":"at-least",'
        '"criterion":"spend","met":false,"observed":{"kind":"money","value":"4200.00 EUR"},'
        '"parts":[],"required":{"kind":"money","value":"5000.00 EUR"}}],"outcome":{"kind":"tier",'
        '"name":"silver","rank":2},"policy":"yearly-spend","policy_digest":null,"subject":"C-7"},'
        '"kind":"decision","version":1}': Decision(
            Tier("silver", 2),
            "yearly-spend",
            TODAY,
            (at_least("spend", Money(4200, "EUR"), Money(5000, "EUR")),),
            subject="C-7",
        ),
        '{"data":{"rates":{"JPY":"1/160","USD":"23/25"},"rounding":"half-even","to":"EUR"},'
        '"kind":"exchange-rates","version":1}': ExchangeRates(
            to="EUR", rates={"USD": "0.92", "JPY": Fraction(1, 160)}
        ),
    }

    @pytest.mark.parametrize(
        ("text", "value"), GOLDEN.items(), ids=["purchase", "decision", "rates"]
    )
    def test_it_is_read_and_written_as_it_stands(self, text, value):
        assert self.KEPT.loads(text) == value
        assert self.KEPT.dumps(value) == text
