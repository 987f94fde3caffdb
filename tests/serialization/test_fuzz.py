"""Whatever comes in: a value of the type, or an error of crmkit; never another one."""

from __future__ import annotations

import copy
import json
import random
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crmkit.decision import Decision
from crmkit.errors import CrmkitError, InvalidDocument, NewerSchema
from crmkit.serialization import make_converter
from crmkit.testing import strategies
from tests.serialization import shop
from tests.serialization.shop import Everything
from tests.serialization.test_round_trip import ALL, CONVERTER

NAMES = sorted(
    {"kind", "version", "data", "value"}
    | {name for cls in ALL if hasattr(cls, "__attrs_attrs__") for name in cls.__annotations__}
)
WORDS = [
    *("decision", "evidence", "purchase", "money", "text", "int", "decimal", "instant", "date"),
    *("2026-03-01", "2026-03-01T09:30:00+01:00[Europe/Berlin]", "12.30 EUR", "3/4", "P1DT5S"),
    *("1E+999999", "all-of", "at-least", "any-of", "gold", "\ud800", "NaN", "\x00", ""),
]
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(10**80), 10**80)
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(WORDS)
)
JSON: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=3), inner, max_size=5)
    ),
    max_leaves=12,
)
# What parsers other than those of JSON hand over.
ANYTHING = st.recursive(
    scalars
    | st.binary(max_size=3)
    | st.dates()
    | st.datetimes()
    | st.times()
    | st.timedeltas()
    | st.decimals()
    | st.fractions()
    | strategies.instants()
    | st.uuids(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner)
        | st.dictionaries(scalars.filter(lambda key: key == key), inner, max_size=4)
    ),
    max_leaves=8,
)
kinds = st.sampled_from(sorted(CONVERTER._by_kind)) | st.text(max_size=3)
wanted = st.sampled_from([*ALL, tuple[int, ...], Decision[str]])


def assert_read_or_refused(raw: Any, cls: Any) -> None:
    """Refused with problems, each in its place; or accepted, and then it reads back the same."""
    try:
        value = CONVERTER.structure(raw, cls)
    except InvalidDocument as error:
        problems = error.problems
    else:
        assert CONVERTER.structure(CONVERTER.unstructure(value, cls), cls) == value
        return
    assert problems
    assert all(problem.path.startswith("$") and problem.message for problem in problems)


class TestAnything:
    """Only errors of crmkit come out, and what is accepted reads back the same."""

    @given(JSON, wanted)
    def test_any_json_for_any_type(self, raw, cls):
        assert_read_or_refused(raw, cls)

    @given(ANYTHING, wanted)
    def test_anything_at_all_for_any_type(self, raw, cls):
        assert_read_or_refused(raw, cls)

    @given(kinds, st.integers(0, 3) | scalars, JSON)
    def test_any_document(self, kind, version, data):
        document = {"kind": kind, "version": version, "data": data}
        for read in (
            lambda: CONVERTER.load(document),
            lambda: CONVERTER.loads(json.dumps(document)),
        ):
            with suppress(InvalidDocument, NewerSchema):
                read()

    @given(st.text() | st.text('{}[]":,0123456789eE+-.truefalsn \\u', max_size=40))
    @example('{"kind":"int","version":1,"data":1e5}')
    @example('{"kind":"int","version":1,"data":' + "9" * 5000 + "}")
    @example("[" * 2000 + "]" * 2000)
    def test_any_text(self, text):
        for read in (CONVERTER.loads, CONVERTER.loads_toml):
            with pytest.raises(InvalidDocument):
                read(text)


def mutated(rng: random.Random, raw: Any) -> Any:
    """A document with one thing wrong: lost, doubled, moved, or replaced."""
    raw = copy.deepcopy(raw)
    spots: list[tuple[Any, Any]] = []

    def walk(inner: Any) -> None:
        steps = list(inner.items()) if isinstance(inner, dict) else list(enumerate(inner))
        for step, item in steps:
            spots.append((inner, step))
            if isinstance(item, dict | list):
                walk(item)

    walk(raw)
    inner, step = rng.choice(spots)
    other, far = rng.choice(spots)
    match rng.randrange(6):
        case 0:
            del inner[step]
        case 1:
            inner[step] = copy.deepcopy(other[far])
        case 2:
            inner[step] = rng.choice([None, True, 0, -1, 1.5, "", "x", [], {}, 10**70, *WORDS])
        case 3:
            inner[step] = [inner[step]]
        case 4:
            inner[step] = {"kind": "text", "value": inner[step]}
        case _:
            if isinstance(inner, dict):
                inner[rng.choice(NAMES)] = inner.pop(step)
            else:
                inner.append(copy.deepcopy(inner[step]))
    return raw


class TestNearMisses:
    """Good documents with one or a few things wrong: the kind that really comes in."""

    @pytest.mark.parametrize("cls", [cls for cls in ALL if hasattr(cls, "__attrs_attrs__")])
    @given(data=st.data(), seed=st.integers(0, 2**32), changes=st.integers(1, 4))
    def test_only_errors_of_crmkit_come_out(self, cls, data, seed, changes):
        rng = random.Random(seed)
        raw = {"document": CONVERTER.unstructure(data.draw(ALL[cls]))}
        for _ in range(changes):
            raw = mutated(rng, raw)
            if not isinstance(raw.get("document"), dict | list):
                raw = {"document": raw}
        assert_read_or_refused(raw["document"], cls)


class TestWriting:
    """What cannot be written is refused by an error of crmkit, too."""

    @given(name=st.sampled_from(sorted(Everything.__annotations__)), value=ANYTHING)
    def test_anything_in_any_field(self, name, value):
        mapping = name.startswith("by_")
        try:
            fields = {name: {"a": value} if mapping else value}
            broken = shop.with_fields(**fields)
            text = CONVERTER.dumps(broken)
        except CrmkitError:
            return
        back = CONVERTER.loads(text)
        assert CONVERTER.dumps(back) == text
        assert getattr(back, name) == getattr(broken, name)

    @given(ANYTHING)
    def test_anything_as_an_outcome(self, value):
        kept = make_converter(Decision)
        decided: Decision[Any] = Decision(value, "p", shop.EXAMPLE.on)
        try:
            text = kept.dumps(decided)
        except CrmkitError:
            return
        assert kept.loads(text) == decided
