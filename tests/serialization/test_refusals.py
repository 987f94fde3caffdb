"""Extra keys, wrong types and unknown tags are refused with one error that lists every problem."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from decimal import Decimal
from fractions import Fraction
from typing import Any

import attrs
import pytest

from crmkit.decision import Decision, Evidence
from crmkit.errors import InvalidDocument
from crmkit.money import ExchangeRates, Money
from crmkit.period import Period, Rate
from crmkit.records import Interaction, Promise, Purchase
from crmkit.serialization import make_converter
from crmkit.tiering import Tier, TierHistory, TierLadder
from tests.patience import refused_soon
from tests.serialization import shop
from tests.serialization.shop import Color, Everything

CONVERTER = make_converter(
    *(Decision, Evidence, ExchangeRates, Interaction, Period, Promise, Purchase, Rate),
    *(TierHistory, TierLadder, Everything, shop.Ages, shop.Bundle, shop.Crate, shop.Shelf),
    *(shop.Till, shop.Wish),
)
NAIVE = datetime(2026, 3, 1, 9, 30)  # noqa: DTZ001 - a naive datetime, to be refused
GOOD: dict[str, Any] = CONVERTER.unstructure(shop.EXAMPLE)


def problems_of(raw: object, wanted: Any) -> list[str]:
    with pytest.raises(InvalidDocument) as caught:
        CONVERTER.structure(raw, wanted)
    assert str(caught.value) == "; ".join(map(str, caught.value.problems))
    return [str(problem) for problem in caught.value.problems]


def reading(name: str, raw: object) -> list[str]:
    """The problems of the example with one field changed."""
    return problems_of({**GOOD, name: raw}, Everything)


WHOLE = "expected a whole number, found"
FRACTION = "expected a finite number with a fraction, such as 1.0, found"
DECIMAL = 'expected a decimal number in quotes, such as "12.30", found'
PART = 'expected a fraction in quotes, such as "3/4" or "0.75", found'
MONEY = 'expected money in quotes, such as "12.30 EUR", found'
DAY = "expected a day in quotes, such as 2026-03-01, found"
INSTANT = "expected an instant with its offset, such as 2026-03-01T09:30:00+01:00, found"
EXISTS = "expected an instant that exists, in a zone that is known"
DURATION = "expected a duration in quotes, such as P2D, PT4H or PT1H30M, found"
YES_NO = "expected true or false, found"
COLOR = "expected one of red, pale-blue, found"
TEXT, NUMBER, WITH_FRACTION = "a text", "a whole number", "a number with a fraction"

# What stands in the field, and the whole message.
WRONG: list[tuple[str, object, str]] = [
    *(("yes", raw, f"{YES_NO} {found}") for raw, found in [
        (1, NUMBER), (0, NUMBER), ("true", TEXT), ("", TEXT), (None, "null"), (1.0, WITH_FRACTION)
    ]),
    *(("count", raw, f"{WHOLE} {found}") for raw, found in [
        (1.9, WITH_FRACTION), (1.0, WITH_FRACTION), (True, "true or false"), ("12", TEXT),
        ("١٢", TEXT), (None, "null"), ([1], "a list"), ({"a": 1}, "an object"),
        (Decimal(1), WITH_FRACTION), (b"1", "a value of another type"),
    ]),
    ("count", 10**60, "a whole number has at most 60 digits"),
    ("count", -(10**60), "a whole number has at most 60 digits"),
    ("count", 10**5000, "a whole number has at most 60 digits"),
    *(("share", raw, f"{FRACTION} {found}") for raw, found in [
        (1, NUMBER), (True, "true or false"), ("0.5", TEXT), (None, "null"),
        (float("nan"), WITH_FRACTION), (float("inf"), WITH_FRACTION),
        (float("-inf"), WITH_FRACTION), (Decimal("NaN"), WITH_FRACTION),
        (Decimal("sNaN"), WITH_FRACTION), (Decimal("1E+400"), WITH_FRACTION),
    ]),
    *(("name", raw, f"expected a text, found {found}") for raw, found in [
        (5, NUMBER), (["a"], "a list"), (None, "null"), (True, "true or false"),
        (b"a", "a value of another type"), (date(2026, 3, 1), "a day"),
        (NAIVE, "a date and time"), (time_of_day(9, 30), "a value of another type"),
    ]),
    ("name", "\ud800", "a text has no lone surrogates"),
    ("name", "a\udfffb", "a text has no lone surrogates"),
    *(("exact", raw, f"{DECIMAL} {TEXT}") for raw in [
        "", " 1", "1 ", "1_000", "1,5", ".5", "5.", "+5", "NaN", "sNaN", "Infinity", "1e5", "1E",
        "1E+1000", "1E999999999", "٣", "--1", "9" * 61, "0." + "9" * 67, "1.0\n",
    ]),
    *(("exact", raw, f"{DECIMAL} {found}") for raw, found in [
        (0.1, WITH_FRACTION), (5, NUMBER), (True, "true or false"), (None, "null"),
        (Decimal("NaN"), WITH_FRACTION), (Decimal("sNaN"), WITH_FRACTION),
        (Decimal("Infinity"), WITH_FRACTION), (Decimal("1E+1000"), WITH_FRACTION),
    ]),
    *(("part", raw, f"{PART} {TEXT}") for raw in [
        "", "3/0", "3/-4", "3 / 4", "3/4/5", "0.", ".5", "0.5/2", "1e3", "/4", "3/", "٣/4",
        "9" * 61, "1/" + "9" * 61,
    ]),
    *(("part", raw, f"{PART} {found}") for raw, found in [
        (0.5, WITH_FRACTION), (3, NUMBER), ([3, 4], "a list"),
    ]),
    ("part", Decimal("NaN"), f"{DECIMAL} {WITH_FRACTION}"),
    ("part", Decimal("1E+999999"), f"{DECIMAL} {WITH_FRACTION}"),
    *(("on", raw, f"{DAY} {TEXT}") for raw in [
        "", "2026-3-1", "20260301", "2026-W01-1", "2026-03-01T00:00:00", "01.03.2026", "٢٠٢٦-03-01",
        "2026-03-01 ", "+2026-03-01",
    ]),
    *(("on", raw, "expected a day of the calendar, this one does not exist") for raw in [
        "2026-02-29", "2026-13-01", "0000-01-01", "2026-00-10", "2026-04-31",
    ]),
    *(("on", raw, f"{DAY} {found}") for raw, found in [
        (20260301, NUMBER), (NAIVE, "a date and time"), (None, "null"),
    ]),
    *(("at", raw, f"{INSTANT} {TEXT}") for raw in [
        "", "2026-03-01", "2026-03-01T09:30:00", "2026-03-01T09:30:00Z", "2026-03-01T09:30+01:00",
        "2026-03-01 09:30:00+01:00", "2026-03-01T24:00:00+00:00", "2026-03-01T09:30:00.5+01:00",
        "2026-03-01T09:30:00,500000+01:00", "2026-03-01T09:30:00+0100",
        "2026-03-01T09:30:00+01:00[]", "2026-03-01T09:30:00+01:00[/etc/localtime]",
        "2026-03-01T09:30:00+01:00[../../etc/passwd]", "2026-03-01T09:30:00+01:00[C:/zones]",
        "2026-03-01T09:30:00+01:00[" + "a" * 61 + "]", "٢026-03-01T09:30:00+01:00",
        "2026-03-01T09:30:00+01:00:00.5",
        "2026-03-01T09:30:00+01:60", "2026-03-01T09:30:00+01:00[Europe/Berlin]\n",
    ]),
    *(("at", raw, EXISTS) for raw in [
        "2026-02-29T09:30:00+01:00", "2026-03-01T09:60:00+01:00", "2026-03-01T09:30:60+01:00",
        "0000-03-01T09:30:00+01:00", "2026-03-01T09:30:00+24:00",
        "2026-03-01T09:30:00+02:00[Europe/Berlin]", "2026-03-01T09:30:00+01:00[Europe/Nowhere]",
        "2026-03-01T09:30:00+01:00[Europe]", "2026-03-01T09:30:00+01:00[Europe/]",
        "2026-03-01T09:30:00+01:00[A//B]", "2026-10-25T02:30:00+00:00[Europe/Berlin]",
        "0001-01-01T00:00:00+14:00[Pacific/Kiritimati]",
    ]),
    *(("at", raw, f"{INSTANT} {found}") for raw, found in [
        (NAIVE, "a date and time"), (date(2026, 3, 1), "a day"), (0, NUMBER), (None, "null"),
    ]),
    *(("took", raw, f"{DURATION} {TEXT}") for raw in [
        "", "P", "-P", "PT", "P1DT", "P1Y", "P1M", "PT5H4D", "PT1S1M", "P1D1W", "PT1.S", "PT.5S",
        "PT1.0000001S", "PT1.5M", "P1000000000DT0S", "+P1DT0S", "P-1DT0S", "5", "P1DT0S ", "p1d",
        "PT1,5S", "P١D",
    ]),
    ("took", 300, f"{DURATION} {NUMBER}"),
    ("took", "-P999999999DT1S", "a duration has at most 999,999,999 days"),
    *(("price", raw, f"{MONEY} {TEXT}") for raw in [
        "", "12.30", "EUR", "12.30EUR", "12.30  EUR", "EUR 12.30", "12.30 eur", "12,30 EUR",
        "+12.30 EUR", "1e3 EUR", "12.34567 EUR", "1234567890123456789 JPY", "NaN EUR", "١ EUR",
        "12.30 EUR\n", "12.30 EURO",
    ]),
    *(("price", raw, f"{MONEY} {found}") for raw, found in [
        (12.3, WITH_FRACTION), (12, NUMBER), (None, "null"), (["12.30", "EUR"], "a list"),
        ({"amount": "12.30", "currency": "EUR"}, "an object"),
    ]),
    (
        "price", "12.30 XYZ",
        "unknown currency: pass an ISO 4217 code in capital letters, such as 'EUR'",
    ),
    (
        "price", "12.305 EUR",
        "EUR has 2 decimal digits and the amount has more: use Money.rounded(amount, 'EUR', "
        "rounding=...) and name the rule",
    ),
    (
        "price", "99999999999999999.99 EUR",
        "amount out of range: at most 999999999999999999 minor units, which is what a 64-bit "
        "column keeps",
    ),
    *(("color", raw, f"{COLOR} {found}") for raw, found in [
        ("RED", TEXT), ("blue", TEXT), ("", TEXT), (1, NUMBER), (None, "null"), (["red"], "a list"),
    ]),
    ("shelf", "7", f"{WHOLE} {TEXT}"),
    ("barcode", 4006381333931, f"expected a text, found {NUMBER}"),
    ("perhaps", "1", f"{WHOLE} {TEXT}"),
    ("perhaps", False, f"{WHOLE} true or false"),
    ("perhaps_written_otherwise", 1, f"{MONEY} {NUMBER}"),
    *(("several", raw, f"expected a list, found {found}") for raw, found in [
        ("123", TEXT), ("", TEXT), ({"0": 1}, "an object"), (5, NUMBER), (None, "null"),
        ((1, 2), "a value of another type"),
    ]),
    ("pair", ["tulips"], "expected a list of 2, found one of 1"),
    ("pair", ["tulips", "1.00 EUR", "x"], "expected a list of 2, found one of 3"),
    ("pair", "ab", f"expected a list, found {TEXT}"),
    ("pair", [], "expected a list of 2, found one of 0"),
    ("colors", ["red", "red"], "expected a list without repetitions"),
    ("colors", "red", f"expected a list, found {TEXT}"),
    ("by_name", [], "expected an object, found a list"),
    ("by_name", "abc", f"expected an object, found {TEXT}"),
    ("tier", [], "expected an object, found a list"),
    ("tier", "gold", f"expected an object, found {TEXT}"),
    ("tier", None, "expected an object, found null"),
]  # fmt: skip


def label(value: object) -> str:
    """Name a case; numbers of thousands of digits cannot even be printed."""
    try:
        return ascii(str(value)[:30])
    except ValueError:
        return "a huge number"


class TestWrongValues:
    """Every hook takes exactly one form, says what it expected, and does not repeat the value."""

    @pytest.mark.parametrize(("name", "raw", "message"), WRONG, ids=label)
    def test_the_table_of_refusals(self, name, raw, message):
        assert reading(name, raw) == [f"$.{name}: {message}"]
        changed = {**GOOD, name: raw}
        refused_soon(InvalidDocument, lambda: CONVERTER.structure(changed, Everything))

    @pytest.mark.parametrize("cls", [bool, int, float, str, Decimal, Fraction, date, datetime])
    @pytest.mark.parametrize("raw", [[], {}, object(), 1j, {1}, (), lambda: 0])
    def test_nothing_strange_is_taken_for_a_single_value(self, cls, raw):
        (problem,) = problems_of(raw, cls)
        assert problem.startswith("$: expected ")

    @pytest.mark.parametrize("name", [a.name for a in attrs.fields(Everything)])
    def test_what_has_no_default_is_needed(self, name):
        raw = {key: value for key, value in GOOD.items() if key != name}
        if attrs.fields_dict(Everything)[name].default is attrs.NOTHING:
            assert problems_of(raw, Everything) == [f"$.{name}: is missing"]
        else:
            assert CONVERTER.structure(raw, Everything) != shop.EXAMPLE


class TestPlaces:
    """``$.items[2].amount``: every problem is told by its path, all of them at once."""

    @pytest.mark.parametrize(
        ("name", "raw", "problems"),
        [
            ("several", [1, "2", 3, 4.0], [
                f"$.several[1]: {WHOLE} {TEXT}", f"$.several[3]: {WHOLE} {WITH_FRACTION}"
            ]),
            ("pair", [5, "1.00 XYZ"], [
                f"$.pair[0]: expected a text, found {NUMBER}",
                "$.pair[1]: unknown currency: pass an ISO 4217 code in capital letters, such as "
                "'EUR'",
            ]),
            ("colors", ["red", "green"], [f"$.colors[1]: {COLOR} {TEXT}"]),
            ("by_name", {"a": "1/2", "b": "x"}, [f"$.by_name[#1]: {PART} {TEXT}"]),
            ("by_name", {5: "1/2"}, [f"$.by_name[#0]: expected a text, found {NUMBER}"]),
            ("by_name", {"\ud800": "x"}, [
                "$.by_name[#0]: a text has no lone surrogates", f"$.by_name[#0]: {PART} {TEXT}"
            ]),
            ("by_number", {"-3": 5}, [f'$.by_number["-3"]: {MONEY} {NUMBER}']),
            ("by_number", {"x": "1.00 EUR", "3": "1"}, [
                f"$.by_number[#0]: {WHOLE} {TEXT}", f'$.by_number["3"]: {MONEY} {TEXT}'
            ]),
            *(("by_number", {key: "1.00 EUR"}, [f"$.by_number[#0]: {WHOLE} {TEXT}"]) for key in [
                "", "03", "-0", "+3", "1.0", "1e3", "٣", " 3", "3 ", "9" * 61, "true",
            ]),
            *(("by_number", {key: "1.00 EUR"}, [f"$.by_number[#0]: {WHOLE} null"]) for key in [
                3, True, None, 1.0, 10**5000
            ]),
            ("by_shelf", {"7": 5}, [f'$.by_shelf["7"]: expected a text, found {NUMBER}']),
            ("by_color", {"red": [1, "2"], "green": []}, [
                f"$.by_color[#1]: {COLOR} {TEXT}", f'$.by_color["red"][1]: {WHOLE} {TEXT}'
            ]),
            ("tier", {"name": "gold"}, ["$.tier.rank: is missing"]),
            ("tier", {"name": 1, "rank": "x"}, [
                f"$.tier.name: expected a text, found {NUMBER}", f"$.tier.rank: {WHOLE} {TEXT}"
            ]),
            ("tier", {"name": " ", "rank": 1}, [
                "$.tier: the name of a tier begins or ends with white space: strip it first"
            ]),
            ("rate", {"daily_force": 5}, [f"$.rate.daily_force: {DECIMAL} {NUMBER}"]),
            ("span", {"start": "2026-03-01", "end": "2026-03-01"}, [
                "$.span: a period ends after it starts: its end is the first day not in it"
            ]),
        ],
        ids=label,
    )  # fmt: skip
    def test_the_table_of_places(self, name, raw, problems):
        assert reading(name, raw) == problems

    def test_all_problems_are_told_together_in_the_order_of_the_fields(self):
        raw = {**GOOD, "color": "green", "count": 1.9, "tier": {"name": "a"}, "several": ["x"]}
        assert problems_of(raw, Everything) == [
            f"$.count: {WHOLE} {WITH_FRACTION}",
            "$.tier.rank: is missing",
            f"$.color: {COLOR} {TEXT}",
            f"$.several[0]: {WHOLE} {TEXT}",
        ]

    def test_a_place_deep_in_the_evidence_of_a_decision(self):
        item = {"criterion": "a", "parts": [{"criterion": "b", "met": "yes", "observed": [1]}]}
        text = (
            '{"kind":"decision","version":1,"data":{"outcome":"gold","policy":"p",'
            '"as_of":{"kind":"date","value":"2026-06-30"},"evidence":[{"criterion":"x"},'
            '{"criterion":"y"},%s]}}'
        )
        with pytest.raises(InvalidDocument) as caught:
            CONVERTER.loads(text % json.dumps(item))
        assert [problem.path for problem in caught.value.problems] == [
            "$.data.evidence[2].parts[0].observed",
            "$.data.evidence[2].parts[0].met",
        ]

    def test_a_path_can_begin_anywhere(self):
        with pytest.raises(InvalidDocument) as caught:
            CONVERTER.structure({"name": "a"}, Tier, path="policy.toml")
        assert str(caught.value) == "policy.toml.rank: is missing"

    def test_a_private_field_is_told_by_the_name_it_is_handed_in_under(self):
        assert problems_of({"cash": 5, "number": "x"}, shop.Till) == [
            f"$.cash: {MONEY} {NUMBER}",
            f"$.number: {WHOLE} {TEXT}",
        ]
        assert problems_of({"_cash": "1.00 EUR", "drawer": 1, "opened": True}, shop.Till) == [
            "$.cash: is missing",
            "$: has 3 fields that are not known here; known are cash, number",
        ]


class TestExtraFields:
    """A field that nobody knows is a mistake: a typing error would change a policy silently."""

    def test_one_and_several(self):
        good = {"name": "gold", "rank": 3}
        assert problems_of({**good, "rnak": 4}, Tier) == [
            "$: has a field that is not known here; known are name, rank"
        ]
        assert problems_of({**good, "a": 1, "b": 2}, Tier) == [
            "$: has 2 fields that are not known here; known are name, rank"
        ]

    def test_together_with_other_problems(self):
        assert problems_of({"name": 5, "x": 1}, Tier) == [
            f"$.name: expected a text, found {NUMBER}",
            "$.rank: is missing",
            "$: has a field that is not known here; known are name, rank",
        ]

    @pytest.mark.parametrize("key", [1, None, (), True, 1.5, b"name", date(2026, 3, 1)])
    def test_a_key_that_is_no_text(self, key):
        assert problems_of({"name": "gold", "rank": 3, key: 1}, Tier) == [
            "$: has a field that is not known here; known are name, rank"
        ]
        assert problems_of({key: 1}, Mapping[str, int])[0].startswith(
            ("$[#0]: expected a text", '$["1"]: expected a text')
        )

    def test_deep_inside(self):
        raw = {**GOOD, "tier": {"name": "gold", "rank": 3, "color": "red"}}
        assert problems_of(raw, Everything) == [
            "$.tier: has a field that is not known here; known are name, rank"
        ]


class TestTags:
    """Where several types can stand, a value is tagged with its kind."""

    @pytest.mark.parametrize(
        ("raw", "problem"),
        [
            ({"height": 3}, "$.item: unknown kind; expected one of vase, pot"),
            ({"kind": "jar", "height": 3}, "$.item: unknown kind; expected one of vase, pot"),
            ({"kind": "Vase", "height": 3}, "$.item: unknown kind; expected one of vase, pot"),
            ({"kind": 5, "height": 3}, "$.item: unknown kind; expected one of vase, pot"),
            ({"kind": ["vase"]}, "$.item: unknown kind; expected one of vase, pot"),
            ({"kind": "tier", "name": "a", "rank": 1}, "$.item: unknown kind; expected one of vase,"
             " pot"),
            ({"kind": "vase"}, "$.item.height: is missing"),
            ({"kind": "vase", "height": "x"}, f"$.item.height: {WHOLE} {TEXT}"),
            ({"kind": "vase", "value": {"height": 3}}, "$.item.height: is missing"),
            ("vase", f"$.item: expected one of vase, pot, found {TEXT}"),
            (None, "$.item: expected one of vase, pot, found null"),
            ([3], "$.item: expected one of vase, pot, found a list"),
        ],
    )  # fmt: skip
    def test_a_value_without_a_known_kind(self, raw, problem):
        assert problems_of({"item": raw}, shop.Shelf)[0] == problem

    @pytest.mark.parametrize(
        ("raw", "problem"),
        [
            ({"kind": "color"}, "$.mark: a tagged color has exactly the keys kind and value"),
            ({"kind": "color", "value": "red", "x": 1}, "$.mark: a tagged color has exactly the "
             "keys kind and value"),
            ({"kind": "color", "value": "green"}, f"$.mark: {COLOR} {TEXT}"),
            ({"kind": "money", "value": 5}, f"$.mark: {MONEY} {NUMBER}"),
            ({"kind": "text", "value": "red"}, "$.mark: unknown kind; expected one of color, int, "
             "money, null"),
            ("red", f"$.mark: expected one of color, int, money, null, found {TEXT}"),
            (True, "$.mark: expected one of color, int, money, null, found true or false"),
            (1.5, "$.mark: expected one of color, int, money, null, found a number with a "
             "fraction"),
        ],
    )  # fmt: skip
    def test_a_tagged_single_value(self, raw, problem):
        good = {"item": {"kind": "vase", "height": 3}}
        assert problems_of({**good, "mark": raw}, shop.Shelf) == [problem]

    def test_yes_is_no_number_where_both_can_stand(self):
        good = {"item": {"kind": "vase", "height": 3}}
        for raw in (True, False, 1, 0, "1", None):
            note = CONVERTER.structure({**good, "note": raw}, shop.Shelf).note
            assert (note, type(note)) == (raw, type(raw))

    def test_in_a_tree_the_place_is_that_of_the_branch(self):
        raw = {"parts": [{"kind": "bundle", "parts": [{"kind": "label", "text": 5}]}]}
        assert problems_of(raw, shop.Bundle) == [
            f"$.parts[0].parts[0].text: expected a text, found {NUMBER}"
        ]

    def test_an_open_field_knows_every_kind_that_is_kept(self):
        kept = make_converter(Decision, Tier)
        raw = {"outcome": {"kind": "crate"}, "policy": "p", "as_of": "2026-06-30"}
        with pytest.raises(InvalidDocument) as caught:
            kept.structure(raw, Decision)
        places = {problem.path: problem.message for problem in caught.value.problems}
        assert places["$.outcome"].startswith("unknown kind; expected one of ")
        assert "tier" in places["$.outcome"]
        assert "crate" not in places["$.outcome"]
        assert places["$.as_of"] == f"expected one of date, instant, found {TEXT}"


class TestConstructors:
    """Parts that are fine each for itself can contradict each other."""

    def test_the_word_of_the_constructor_is_told(self):
        assert problems_of({"youngest": 9, "oldest": 5}, shop.Ages) == [
            "$: the youngest is not older than the oldest"
        ]

    @pytest.mark.parametrize("oldest", [999, 998])
    def test_an_error_of_another_kind_is_told_without_its_words(self, oldest):
        assert problems_of({"youngest": 1, "oldest": oldest}, shop.Ages) == [
            "$: the values do not fit together"
        ]

    @pytest.mark.parametrize(
        ("cls", "raw", "message"),
        [
            (
                Purchase,
                {"customer": "C-7", "on": "2026-03-01", "amount": "5.00 EUR", "refund_of": "O-1"},
                "$: a refund has a negative amount: pass what was given back as -amount",
            ),
            (
                ExchangeRates,
                {"to": "EUR", "rates": {"USD": "0"}},
                "$: an exchange rate is above zero: how much one unit is worth",
            ),
            (
                Evidence,
                {"criterion": "x", "met": True, "comparison": "any-of"},
                "$: evidence any-of contradicts its parts: build it with all_of, any_of or "
                "none_of, which read the verdict off the parts",
            ),
            (
                Promise,
                {"id": "V", "customer": "C", "given_on": "2026-03-02", "due_on": "2026-03-01"},
                "$: a promise is due and kept on the day it was given, or later",
            ),
        ],
    )
    def test_a_record_that_contradicts_itself_is_not_read(self, cls, raw, message):
        assert problems_of(raw, cls) == [message]


class TestDepth:
    """Nothing is nested deeper than 100 levels, and deep nesting costs nothing."""

    @staticmethod
    def bundle(levels: int) -> dict[str, Any]:
        """Each bundle is two levels: the object, and the list of its parts."""
        raw: dict[str, Any] = {"parts": []}
        for _ in range(levels // 2 - 1):
            raw = {"parts": [{"kind": "bundle", **raw}]}
        return raw

    def test_a_hundred_levels_are_read_and_written(self):
        tree = CONVERTER.structure(self.bundle(100), shop.Bundle)
        assert CONVERTER.unstructure(tree) == self.bundle(100)

    def test_one_more_is_refused(self):
        assert problems_of(self.bundle(102), shop.Bundle) == ["$: nested too deeply"]

    @pytest.mark.parametrize("make", [lambda inner: [inner], lambda inner: {"parts": [inner]}])
    def test_ten_thousand_levels_are_refused_at_once(self, make):
        raw: Any = 1
        for _ in range(10_000):
            raw = make(raw)
        for wanted in (shop.Bundle, int, Decision):
            assert problems_of(raw, wanted) == ["$: nested too deeply"]
        refused_soon(InvalidDocument, lambda: CONVERTER.structure(raw, shop.Bundle))

    def test_what_stands_within_itself_is_refused(self):
        raw: dict[str, Any] = {"parts": []}
        raw["parts"] += [raw, raw]
        assert problems_of(raw, shop.Bundle) == ["$: nested too deeply"]

    def test_a_mapping_of_the_host_that_never_ends(self):
        class Bottomless(dict[str, Any]):
            def keys(self):
                raise RecursionError

        assert problems_of(Bottomless(), Tier) == ["$: nested too deeply"]

    def test_a_host_that_has_used_up_the_stack_gets_the_same_error(self):
        """However little room is left, it is told that the document is nested too deeply."""
        label = {"kind": "label", "text": 5}
        raw = {"parts": [{"kind": "bundle", "parts": [label]}]}
        told = {left: with_room_for(left, lambda: problems_of(raw, shop.Bundle)) for left in FRAMES}
        assert {message.partition(": ")[2] for (message,) in told.values()} == {
            "nested too deeply",
            f"expected a text, found {NUMBER}",
        }


FRAMES = range(20, 60)


def with_room_for(frames: int, call: Callable[[], list[str]]) -> list[str]:
    """Call when only so many further calls can be nested.

    Whoever traces the run, such as coverage, is told to look away: at the end of the stack a tracer
    fails as well, and Python then takes it out for good.
    """
    depth, frame = 0, sys._getframe()
    while frame.f_back is not None:
        depth, frame = depth + 1, frame.f_back

    def deeper(more: int) -> list[str]:
        return deeper(more - 1) if more else call()

    tracer = sys.gettrace()
    sys.settrace(None)
    try:
        return deeper(sys.getrecursionlimit() - depth - frames)
    finally:
        sys.settrace(tracer)


class TestInstantsOfTheDocument:
    """Some parsers hand over days, instants and exact numbers of their own."""

    def test_they_are_taken_as_they_are(self):
        at = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
        raw = {
            **GOOD, "on": date(2026, 3, 1), "at": at, "exact": Decimal("0.10"),
            "share": Decimal("0.5"), "part": Decimal("0.75"),
        }  # fmt: skip
        back = CONVERTER.structure(raw, Everything)
        assert back == attrs.evolve(shop.EXAMPLE, at=at)
        assert type(back.share) is float
        assert back.took == timedelta(minutes=5)
        assert back.color is Color.RED
        assert back.price == Money("12.30", "EUR")
