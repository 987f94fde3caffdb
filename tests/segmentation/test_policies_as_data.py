"""A policy is data: written down and read back it is the same, and decides the same."""

from __future__ import annotations

import json
import os
import pkgutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from types import NoneType
from typing import Any, get_args

import attrs
import pytest
from attrs.exceptions import FrozenInstanceError

import crmkit.segmentation
import crmkit.segmentation.policies
from crmkit.decision import Decision
from crmkit.segmentation import STORED_TYPES
from crmkit.serialization import DocumentConverter, kind_of, make_converter
from crmkit.serialization.annotations import field_types, is_record, is_union, origin_of, plain
from tests.segmentation.policy_samples import SAMPLES, Sample

ROOT = Path(__file__).resolve().parents[2]
CONVERTER = make_converter(*STORED_TYPES)
POLICIES = [sample for sample in SAMPLES if sample.facts]


def name_of(sample: Sample) -> str:
    return type(sample.value).__name__


each_sample = pytest.mark.parametrize("sample", SAMPLES, ids=name_of)
each_policy = pytest.mark.parametrize("sample", POLICIES, ids=name_of)


def is_policy(cls: object) -> bool:
    """Whether a class is one of frozen values that can be called with facts."""
    if not (isinstance(cls, type) and attrs.has(cls)):
        return False
    return any("__call__" in vars(base) for base in cls.__mro__)


def decisions(policy: Any, sample: Sample) -> list[Decision[Any]]:
    return [policy(facts) for facts in sample.facts]


def assert_same(policy: Any, sample: Sample) -> None:
    """It is equal, and what it decides is equal to the type: 1 is not ``Decimal(1)``."""
    assert policy == sample.value
    assert CONVERTER.dumps(policy) == CONVERTER.dumps(sample.value)
    assert CONVERTER.digest(policy) == CONVERTER.digest(sample.value)
    assert decisions(policy, sample) == decisions(sample.value, sample)
    assert repr(decisions(policy, sample)) == repr(decisions(sample.value, sample))


# --- TOML, as a person would write it -------------------------------------------------------------


def to_toml(document: Mapping[str, Any]) -> str:
    """Write a document as TOML, which has no null: what is None is left out."""
    return "\n".join(
        f"{json.dumps(key)} = {_toml(value)}"
        for key, value in document.items()
        if value is not None
    )


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        items = [
            f"{json.dumps(key)} = {_toml(item)}" for key, item in value.items() if item is not None
        ]
        return f"{{ {', '.join(items)} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    assert isinstance(value, str | bool | int), "a list in TOML cannot hold None"
    return json.dumps(value, ensure_ascii=False)


# --- what the kept types are made of --------------------------------------------------------------


def records_in(annotation: Any) -> Iterator[type]:
    """Every record that a type is made of, itself included, once."""
    seen: set[Any] = set()
    waiting = [plain(annotation)]
    while waiting:
        one = plain(waiting.pop())
        if one in seen:
            continue
        seen.add(one)
        waiting += get_args(one)
        if is_record(one):
            yield origin_of(one)
            waiting += field_types(one).values()


RECORDS = sorted({cls for kept in STORED_TYPES for cls in records_in(kept)}, key=kind_of)


def may_be_none(annotation: Any) -> bool:
    return is_union(annotation) and NoneType in get_args(annotation)


def values_in(value: Any) -> Iterator[Any]:
    """Every record that a value is made of, itself included."""
    if attrs.has(type(value)):
        yield value
        parts = [getattr(value, a.name) for a in attrs.fields(type(value)) if a.init]
    elif isinstance(value, Mapping):
        parts = list(value.values())
    else:
        parts = list(value) if isinstance(value, tuple | frozenset) else []
    for part in parts:
        yield from values_in(part)


class TestNothingIsForgotten:
    """Any shipped policy can be kept, and each that is kept is tried."""

    def test_every_type_that_is_kept_has_a_sample(self):
        missing = {cls.__name__ for cls in STORED_TYPES} - {name_of(sample) for sample in SAMPLES}
        assert not missing, f"add a sample to policy_samples.py: {', '.join(sorted(missing))}"

    def test_every_policy_has_facts_on_which_it_decides_differently(self):
        for sample in SAMPLES:
            if is_policy(type(sample.value)):
                outcomes = {decision.outcome for decision in decisions(sample.value, sample)}
                assert len(outcomes) > 1, f"add facts to the sample of {name_of(sample)}"

    def test_every_term_has_a_sample_that_is_not_the_default(self):
        tried: dict[tuple[type, str], set[bool]] = defaultdict(set)
        for value in (value for sample in SAMPLES for value in values_in(sample.value)):
            for term in attrs.fields(type(value)):
                if term.init and term.default is not attrs.NOTHING:
                    default = term.default
                    if isinstance(default, attrs.Factory):  # type: ignore[arg-type]
                        default = default.factory()
                    tried[type(value), term.name].add(getattr(value, term.name) != default)
        left = sorted(
            f"{cls.__name__}.{term}" for (cls, term), seen in tried.items() if True not in seen
        )
        assert not left, f"these are at their default in every sample: {', '.join(left)}"

    @pytest.mark.parametrize("name", sorted(crmkit.segmentation.__all__))
    def test_every_policy_at_the_front_door_is_kept(self, name):
        found = getattr(crmkit.segmentation, name)
        assert not is_policy(found) or found in STORED_TYPES, f"add {name} to STORED_TYPES"

    def test_every_policy_of_the_room_stands_at_its_front_door(self):
        places = crmkit.segmentation.policies
        modules = [
            import_module(f"{places.__name__}.{module.name}")
            for module in pkgutil.iter_modules(places.__path__)
        ]
        made = {cls for module in modules for cls in vars(module).values() if is_policy(cls)}
        hidden = {cls.__name__ for cls in made} - set(crmkit.segmentation.__all__)
        assert made
        assert not hidden

    def test_each_has_a_kind_of_its_own(self):
        kinds = [kind_of(cls) for cls in STORED_TYPES]
        assert sorted(set(kinds)) == sorted(kinds)

    @each_sample
    def test_what_is_kept_cannot_be_changed(self, sample):
        first = attrs.fields(type(sample.value))[0].name
        with pytest.raises(FrozenInstanceError):
            setattr(sample.value, first, getattr(sample.value, first))


class TestJson:
    """A policy can be written to and read from JSON, and gives the same decisions after."""

    @each_sample
    def test_it_reads_back_and_decides_the_same(self, sample):
        assert_same(CONVERTER.loads(CONVERTER.dumps(sample.value)), sample)

    def test_no_two_samples_share_a_digest(self):
        assert len({CONVERTER.digest(sample.value) for sample in SAMPLES}) == len(SAMPLES)

    def test_another_process_writes_the_same_text(self):
        """The order of a frozenset differs from process to process; that of its text does not."""
        script = (
            "from tests.segmentation import test_policies_as_data as here\n"
            "print(*(here.CONVERTER.dumps(s.value) for s in here.SAMPLES), sep='\\n')"
        )
        seed = "7" if os.environ.get("PYTHONHASHSEED") != "7" else "8"
        ran = subprocess.run(
            [sys.executable, "-c", script],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            encoding="utf-8",
        )
        assert ran.stdout.splitlines() == [CONVERTER.dumps(s.value) for s in SAMPLES]


class TestToml:
    """A policy can be read from TOML, in which None is what is left out."""

    @each_sample
    def test_it_reads_back_and_decides_the_same(self, sample):
        text = to_toml(json.loads(CONVERTER.dumps(sample.value)))
        assert_same(CONVERTER.loads_toml(text), sample)

    @pytest.mark.parametrize("record", RECORDS, ids=kind_of)
    def test_what_may_be_none_may_be_left_out(self, record):
        types = field_types(record)
        required = [
            term.name
            for term in attrs.fields(record)
            if term.init and may_be_none(types[term.name]) and term.default is attrs.NOTHING
        ]
        assert not required, f"TOML cannot say that these are None: {', '.join(required)}"

    def test_only_thresholds_of_empty_classes_have_no_place_in_toml(self):
        """None among others in a row cannot be left out; one such term is known, and no more."""
        rows = [
            f"{record.__name__}.{name}"
            for record in RECORDS
            for name, held in field_types(record).items()
            if any(may_be_none(part) for part in get_args(held))
        ]
        assert rows == ["AbcTiers.thresholds"]


@cache
def converter_of_decisions() -> DocumentConverter:
    """What a host makes that keeps decisions: it names the policies and their outcomes."""
    decided = (item for sample in POLICIES for item in decisions(sample.value, sample))
    outcomes = {type(decision.outcome) for decision in decided}
    return make_converter(Decision, *STORED_TYPES, *(outcomes - {str}))


class TestDecisions:
    """What a policy decided can be kept as well."""

    @each_policy
    def test_a_decision_reads_back(self, sample):
        converter = converter_of_decisions()
        digest = CONVERTER.digest(sample.value)
        for decided in decisions(sample.value, sample):
            decision = attrs.evolve(decided, policy_digest=digest)
            text = converter.dumps(decision)
            again = converter.loads(text)
            assert again == decision
            assert type(again.outcome) is type(decision.outcome)
            assert converter.dumps(again) == text
