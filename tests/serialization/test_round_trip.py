"""``structure(unstructure(x)) == x`` for every public type; what is written reads back the same."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Context, Decimal, localcontext
from fractions import Fraction
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import attrs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crmkit import decision, errors, lifecycle, money, period, records
from crmkit.decision import Comparison, Decision, Evidence, noted
from crmkit.lifecycle import Lifecycle
from crmkit.money import ExchangeRates, Money, Rounding
from crmkit.period import Period, Rate, Unit
from crmkit.records import Direction, Interaction, Promise, PromiseState, Purchase
from crmkit.serialization import make_converter
from crmkit.serialization.scalars import SCALARS
from crmkit.testing import strategies
from tests.serialization import shop
from tests.serialization.shop import Box, Color, Crate, Size

TODAY = date(2026, 6, 30)

# Every type of the shared modules that can be kept, and how its values come about.
PUBLIC: dict[type, st.SearchStrategy[Any]] = {
    Comparison: st.sampled_from(Comparison),
    Decision: strategies.decisions(strategies.evidence_values() | st.none()),
    Direction: st.sampled_from(Direction),
    Evidence: strategies.evidence(),
    ExchangeRates: strategies.exchange_rates(),
    Interaction: strategies.interactions(),
    Money: strategies.money(),
    Period: strategies.periods(),
    Promise: strategies.promises(),
    PromiseState: st.sampled_from(PromiseState),
    Purchase: strategies.purchases(),
    Rate: strategies.rates(),
    Rounding: st.sampled_from(Rounding),
    Unit: st.sampled_from(Unit),
}
HOST: dict[type, st.SearchStrategy[Any]] = {
    shop.Everything: shop.everything(),
    shop.Shelf: shop.SHELVES,
    shop.Bundle: shop.BUNDLES,
    shop.Either: st.builds(shop.Either, st.lists(shop.WISHES, max_size=2).map(tuple)),
    shop.Till: shop.TILLS,
    shop.Ages: shop.AGES,
    shop.Crate: shop.CRATES,
}
SINGLE: dict[type, st.SearchStrategy[Any]] = {
    bool: st.booleans(),
    int: st.integers(-(10**60) + 1, 10**60 - 1),
    float: st.floats(allow_nan=False, allow_infinity=False),
    str: st.text(st.characters(exclude_categories=["Cs"])),
    date: st.dates(),
    datetime: strategies.instants(),
    timedelta: st.timedeltas(),
    Fraction: st.fractions(),
    Decimal: st.decimals(-(10**9), 10**9, places=5),
    type(None): st.none(),
}
ALL = PUBLIC | HOST | SINGLE
CONVERTER = make_converter(*ALL)
REVERSED = make_converter(*reversed(ALL))

each_type = pytest.mark.parametrize("cls", ALL, ids=lambda cls: cls.__name__)


def assert_same(one: object, other: object) -> None:
    """Equal to the type: ``1 == True == 1.0``, but they are written in three ways."""
    assert one == other
    assert type(one) is type(other)
    assert CONVERTER.dumps(one) == CONVERTER.dumps(other)


class TestRoundTrip:
    """Whatever is written down comes back equal."""

    @each_type
    @given(data=st.data())
    def test_it_comes_back_equal(self, cls, data):
        value = data.draw(ALL[cls])
        assert_same(CONVERTER.structure(CONVERTER.unstructure(value), cls), value)
        text = CONVERTER.dumps(value)
        assert_same(CONVERTER.loads(text), value)
        assert_same(CONVERTER.loads(text, cls), value)

    def test_every_public_type_of_the_shared_modules_is_tried(self):
        not_kept = {lifecycle.Lifecycle, errors.Problem}
        found = {
            cls
            for module in (decision, errors, lifecycle, money, period, records)
            for name in module.__all__
            if isinstance(cls := getattr(module, name), type)
            and (attrs.has(cls) or hasattr(cls, "__members__"))
        }
        assert found - not_kept == PUBLIC.keys()

    def test_every_single_value_is_tried(self):
        assert {scalar.type for scalar in SCALARS.values()} == {*SINGLE, Money}

    @given(strategies.lifecycles())
    def test_a_table_can_be_written_down_as_well(self, table):
        kept = make_converter(Lifecycle[str, str])
        assert kept.loads(kept.dumps(table)) == table

    def test_a_decision_and_a_decision_of_tiers_are_written_alike(self):
        """So that a document does not depend on how the field was declared that it came from."""
        kept = make_converter(Crate, Decision)
        value = Decision(Color.RED, "p", TODAY)
        assert kept.loads(kept.dumps(value), Decision[Color]) == value
        assert kept.structure(kept.unstructure(value), Decision[Color | None]) == value

    @pytest.mark.parametrize(
        ("wanted", "value"),
        [
            (Box[str], Box("tulip", ("rose",), None)),
            (Box[int], Box(5, (6,), 7)),
            (Box[tuple[int, ...]], Box((1, 2), ((3,),), ())),
            (Box[Color | None], Box(Color.RED, (None, Color.RED), None)),
            (Box[Money], Box(Money(1, "EUR"), (Money(2, "JPY"),), None)),
            (Box[Box[str]], Box(Box("in"), (Box("between"),), Box("out"))),
        ],
        ids=str,
    )
    def test_a_generic_class_is_kept_by_what_it_is_of(self, wanted, value):
        kept = make_converter(wanted)
        assert kept.loads(kept.dumps(value)) == value
        assert kept.loads(kept.dumps(value), wanted) == value

    def test_mappings_come_back_read_only(self):
        back = CONVERTER.loads(CONVERTER.dumps(ExchangeRates(to="EUR", rates={"USD": "0.9"})))
        assert isinstance(back.rates, MappingProxyType)


BERLIN = ZoneInfo("Europe/Berlin")
INSTANTS = {
    "the first time 2:30": (
        datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN),
        "2026-10-25T02:30:00+02:00[Europe/Berlin]",
    ),
    "the second time 2:30": (
        datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN, fold=1),
        "2026-10-25T02:30:00+01:00[Europe/Berlin]",
    ),
    "a time that was left out": (
        datetime(2026, 3, 29, 2, 30, tzinfo=BERLIN),
        "2026-03-29T02:30:00+01:00[Europe/Berlin]",
    ),
    "left out, seen from after": (
        datetime(2026, 3, 29, 2, 30, tzinfo=BERLIN, fold=1),
        "2026-03-29T02:30:00+02:00[Europe/Berlin]",
    ),
    "a day that was left out": (
        datetime(2011, 12, 30, 12, tzinfo=ZoneInfo("Pacific/Apia")),
        "2011-12-30T12:00:00-10:00[Pacific/Apia]",
    ),
    "local mean time": (
        datetime(1880, 1, 1, tzinfo=BERLIN),
        "1880-01-01T00:00:00+00:53:28[Europe/Berlin]",
    ),
    "a fixed offset": (
        datetime(2026, 3, 1, 9, 30, 15, 7, tzinfo=timezone(timedelta(hours=-3, minutes=-30))),
        "2026-03-01T09:30:15.000007-03:30",
    ),
    "UTC": (datetime(2026, 3, 1, tzinfo=UTC), "2026-03-01T00:00:00+00:00"),
    "UTC by name": (datetime(2026, 3, 1, tzinfo=ZoneInfo("UTC")), "2026-03-01T00:00:00+00:00[UTC]"),
    "a zone by a sign": (
        datetime(2026, 3, 1, tzinfo=ZoneInfo("Etc/GMT+5")),
        "2026-03-01T00:00:00-05:00[Etc/GMT+5]",
    ),
    "the first instant": (datetime.min.replace(tzinfo=UTC), "0001-01-01T00:00:00+00:00"),
    "the last instant": (
        datetime.max.replace(tzinfo=UTC),
        "9999-12-31T23:59:59.999999+00:00",
    ),
}


class TestInstants:
    """An instant keeps its zone and comes back equal, even in the hour that is there twice."""

    @pytest.mark.parametrize(("at", "text"), INSTANTS.values(), ids=list(INSTANTS))
    def test_the_written_form(self, at, text):
        assert CONVERTER.unstructure(at) == text
        back = CONVERTER.structure(text, datetime)
        assert back == at
        assert back.utcoffset() == at.utcoffset()
        assert back.tzinfo == at.tzinfo

    @pytest.mark.parametrize(("at", "text"), INSTANTS.values(), ids=list(INSTANTS))
    def test_as_evidence(self, at, text):
        seen = noted("seen", at)
        assert_same(CONVERTER.loads(CONVERTER.dumps(seen)), seen)
        assert CONVERTER.unstructure(seen)["observed"] == {"kind": "instant", "value": text}

    def test_every_zone_there_is_can_be_written(self):
        for key in sorted(available_timezones()):
            at = datetime(2026, 3, 29, 2, 30, tzinfo=ZoneInfo(key))
            assert CONVERTER.structure(CONVERTER.unstructure(at), datetime) == at


FORMS = [
    (True, True),
    (5, 5),
    (0.1, 0.1),
    ("text", "text"),
    (None, None),
    (Decimal("12.30"), "12.30"),
    (Decimal("-0.0"), "-0.0"),
    (Decimal("1E+20"), "1E+20"),
    (Decimal("1.50E-30"), "1.50E-30"),
    (Decimal("0E-10"), "0E-10"),
    (Decimal("9" * 60), "9" * 60),
    (Decimal("0.000001" + "1" * 59), "0.000001" + "1" * 59),
    (Decimal("1E+999"), "1E+999"),
    (Fraction(3, 4), "3/4"),
    (Fraction(-3), "-3"),
    (Fraction(0), "0"),
    (Fraction(10**60 - 1, 10**60 - 2), f"{10**60 - 1}/{10**60 - 2}"),
    (Money("12.30", "EUR"), "12.30 EUR"),
    (Money("-0.05", "EUR"), "-0.05 EUR"),
    (Money(5000, "JPY"), "5000 JPY"),
    (Money("1.2345", "CLF"), "1.2345 CLF"),
    (Money.of_minor(10**18 - 1, "JPY"), "9" * 18 + " JPY"),
    (TODAY, "2026-06-30"),
    (date.min, "0001-01-01"),
    (timedelta(0), "P0DT0S"),
    (timedelta(days=1, seconds=3600), "P1DT3600S"),
    (timedelta(seconds=-1), "-P0DT1S"),
    (timedelta(days=-1, microseconds=5), "-P0DT86399.999995S"),
    (timedelta.max, "P999999999DT86399.999999S"),
    (timedelta.min, "-P999999999DT0S"),
    (Color.PALE_BLUE, "pale-blue"),
    (Size.SMALL, "s"),
    (Rate(Decimal("0.0003")), {"daily_force": "0.0003"}),
    (Period.month(2026, 3), {"start": "2026-03-01", "end": "2026-04-01"}),
    (shop.Till(Money(5, "EUR"), number=3), {"cash": "5.00 EUR", "number": 3}),
    (shop.Bundle((shop.Label("a"),)), {"parts": [{"kind": "label", "text": "a"}]}),
    (
        shop.Shelf(shop.Pot(3), (shop.Labelled("round"),), note=True, mark=Color.RED, number=0.5),
        {
            "item": {"kind": "pot", "height": 3},
            "items": [{"kind": "labelled", "value": {"kind": "round"}}],
            "note": True,
            "mark": {"kind": "color", "value": "red"},
            "number": 0.5,
        },
    ),
]


READ_AS_WELL = [
    (timedelta(days=2), "P2D"),
    (timedelta(weeks=8), "P8W"),
    (timedelta(weeks=1, days=1), "P1W1D"),
    (timedelta(hours=4), "PT4H"),
    (timedelta(hours=1, minutes=30), "PT1H30M"),
    (timedelta(minutes=90), "PT90M"),
    (timedelta(seconds=14_400), "PT14400S"),
    (timedelta(milliseconds=500), "PT0.5S"),
    (timedelta(days=1, hours=2, minutes=3, seconds=4, microseconds=5), "P1DT2H3M4.000005S"),
    (timedelta(days=-1, hours=-12), "-P1DT12H"),
    (Fraction(1, 20), "0.05"),
    (Fraction(-5, 2), "-2.50"),
    (Fraction(3, 4), "6/8"),
]


class TestForms:
    """Numbers that must stay exact are texts, and each value has one exact form."""

    @pytest.mark.parametrize(("value", "form"), FORMS, ids=lambda value: repr(value)[:30])
    def test_the_table_of_forms(self, value, form):
        assert CONVERTER.unstructure(value) == form
        assert type(CONVERTER.unstructure(value)) is type(form)
        back = CONVERTER.structure(form, type(value))
        assert back == value
        assert CONVERTER.unstructure(back) == form

    @pytest.mark.parametrize(("value", "form"), READ_AS_WELL, ids=repr)
    def test_what_people_write_is_read_and_then_written_in_the_one_form(self, value, form):
        assert CONVERTER.structure(form, type(value)) == value
        assert CONVERTER.unstructure(value) != form

    @pytest.mark.parametrize(("value", "form"), FORMS, ids=lambda value: repr(value)[:30])
    def test_the_caller_s_decimal_context_changes_nothing(self, value, form):
        with localcontext(Context(prec=2, capitals=0, traps=[], Emax=5, Emin=-5, clamp=1)):
            assert CONVERTER.unstructure(value) == form
            assert CONVERTER.unstructure(CONVERTER.structure(form, type(value))) == form

    def test_what_the_type_checker_lets_pass_is_written_as_what_was_declared(self):
        """To the type checker a bool is an int, and an int is a float."""
        everything = attrs.evolve(shop.EXAMPLE, count=True, share=1, several=(True, False))
        raw = CONVERTER.unstructure(everything)
        assert (raw["count"], type(raw["count"])) == (1, int)
        assert (raw["share"], type(raw["share"])) == (1.0, float)
        assert [type(item) for item in raw["several"]] == [int, int]
        assert CONVERTER.structure(raw, shop.Everything) == everything

    def test_a_word_of_an_enumeration_among_texts_is_a_text(self):
        @attrs.frozen
        class Note:
            text: str

        kept = make_converter(Note)
        assert kept.unstructure(Note(Color.RED)) == {"text": "red"}
        assert kept.loads(kept.dumps(Note(Color.RED))) == Note("red")


class TestStableText:
    """JSON text is stable: sorted keys, equal values equal text, the order of a dict is gone."""

    def test_a_known_text(self):
        bought = Purchase(
            "C-7",  # type: ignore[arg-type]
            date(2026, 3, 1),
            Money("12.30", "EUR"),
            product="Käse",  # type: ignore[arg-type]
        )
        assert make_converter(Purchase).dumps(bought) == (
            '{"data":{"amount":"12.30 EUR","channel":null,"customer":"C-7","on":"2026-03-01",'
            '"order":null,"product":"Käse","recorded_at":null,"refund_of":null},'
            '"kind":"purchase","version":1}'
        )

    @given(st.dictionaries(strategies.texts(), st.fractions(), max_size=5), st.randoms())
    def test_the_order_of_a_mapping_is_gone(self, mapping, random):
        items = list(mapping.items())
        random.shuffle(items)
        one, other = (
            attrs.evolve(shop.EXAMPLE, by_name=dict(each)) for each in (mapping.items(), items)
        )
        assert CONVERTER.dumps(one) == CONVERTER.dumps(other)
        assert CONVERTER.digest(one) == CONVERTER.digest(other)

    @given(st.frozensets(st.text("abcdef", min_size=1, max_size=3), max_size=6))
    def test_the_order_of_a_frozenset_is_gone(self, words):
        @attrs.frozen
        class Words:
            words: frozenset[str]

        kept = make_converter(Words)
        assert kept.unstructure(Words(words)) == {"words": sorted(words)}

    @each_type
    @given(data=st.data())
    def test_there_is_one_text_for_a_value(self, cls, data):
        """Written again, by a converter made in another order, with all its keys sorted."""
        value = data.draw(ALL[cls])
        text = CONVERTER.dumps(value)
        assert CONVERTER.dumps(CONVERTER.loads(text)) == text
        assert REVERSED.dumps(value) == text
        document = json.loads(text)
        assert document["data"] == CONVERTER.unstructure(value)
        assert json.dumps(document, sort_keys=True, ensure_ascii=False) == json.dumps(
            document, ensure_ascii=False
        )

    @given(st.decimals(-999, 999, places=2))
    @example(Decimal("0.10"))
    def test_only_a_decimal_keeps_the_digits_it_was_written_with(self, number):
        finer = number.quantize(Decimal("0.0001"))
        assert finer == number
        assert CONVERTER.dumps(finer) != CONVERTER.dumps(number)
        assert CONVERTER.loads(CONVERTER.dumps(finer)).as_tuple() == finer.as_tuple()

    def test_the_fingerprint_is_short_and_changes_with_the_terms(self):
        one = ExchangeRates(to="EUR", rates={"USD": "0.92"})
        other = ExchangeRates(to="EUR", rates={"USD": "0.93"})
        assert CONVERTER.digest(one) == "17439d521158b219"
        assert CONVERTER.digest(one) != CONVERTER.digest(other)
