"""N-08: satisfaction is not loyalty; nothing in this room takes the one to make the other."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from enum import EnumType
from typing import Any, get_type_hints

import attrs
import pytest

import crmkit.loyalty
from crmkit.loyalty import (
    DevelopmentFacts,
    LoyaltyDriver,
    LoyaltyFacts,
    LoyaltyIndex,
    LoyaltyLevels,
    LoyaltyMeasure,
    LoyaltyReason,
    LoyaltyTypePolicy,
    MaintenanceFacts,
    MeasureProfile,
)
from tests.architecture import real_files

FILES = {path: source for path, source in real_files().items() if path.startswith("loyalty/")}


def speaks_of_it(name: str) -> bool:
    """Whether a name is about how content somebody is."""
    return any(word in name.lower() for word in ("satisf", "csat", "happy", "happiness"))


def names_in(source: str) -> Iterator[str]:
    """Every name that a module gives to something: arguments, fields, variables and functions.

    The members of an enumeration are words and take nothing, so they are left out.
    """
    tree = ast.parse(source)
    words = {
        id(node)
        for kind in ast.walk(tree)
        if isinstance(kind, ast.ClassDef) and any("Enum" in ast.unparse(b) for b in kind.bases)
        for assigned in kind.body
        for node in ast.walk(assigned)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.arg) or (isinstance(node, ast.keyword) and node.arg is not None):
            yield node.arg or ""
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Attribute) and ast.unparse(node) != "LoyaltyDriver.SATISFACTION":
            yield node.attr
        elif isinstance(node, ast.Name) and id(node) not in words:
            yield node.id


class TestNoNameTakesIt:
    """No field, no argument and no function of the room is about satisfaction."""

    @pytest.mark.parametrize("path", sorted(FILES))
    def test_no_module_names_it(self, path):
        assert [name for name in names_in(FILES[path]) if speaks_of_it(name)] == []

    @pytest.mark.parametrize(
        "source",
        [
            "def level_of(satisfaction): ...",
            "class LoyaltyFacts:\n    satisfaction: int",
            "LoyaltyFacts(is_satisfied=True)",
            "def from_satisfaction(x): ...",
            "score = facts.customer_satisfaction",
            "from x import y\ncsat = y()",
        ],
    )
    def test_the_check_can_fail(self, source):
        assert any(speaks_of_it(name) for name in names_in(source))

    def test_a_word_in_a_list_takes_nothing(self):
        source = 'class LoyaltyDriver(StrEnum):\n    SATISFACTION = "satisfaction"'
        assert not any(speaks_of_it(name) for name in names_in(source))

    @pytest.mark.parametrize("name", sorted(crmkit.loyalty.__all__))
    def test_no_public_record_has_such_a_field(self, name):
        found = getattr(crmkit.loyalty, name)
        fields = attrs.fields(found) if isinstance(found, type) and attrs.has(found) else ()
        assert not [field.name for field in fields if speaks_of_it(field.name)]


class TestWhatLoyaltyIsMadeOf:
    """What says how loyal somebody is, asks for these facts and no others."""

    @pytest.mark.parametrize(
        ("policy", "facts"),
        [
            (LoyaltyLevels, LoyaltyFacts),
            (LoyaltyTypePolicy, LoyaltyFacts),
            (LoyaltyIndex, MeasureProfile),
        ],
    )
    def test_each_policy_takes_facts_of_attitude_and_behaviour(self, policy, facts):
        hints: dict[str, Any] = get_type_hints(policy.__call__)
        taken = {name: kind for name, kind in hints.items() if name != "return"}
        assert list(taken.values()) == [facts]

    def test_the_facts_are_these(self):
        """Who adds one here has read N-08."""
        known = {"customer", "as_of"}
        assert fields_of(LoyaltyFacts) - known == {"attachment", "repeat", "reason", "signs"}
        assert fields_of(MeasureProfile) - known == {"measured"}
        assert fields_of(DevelopmentFacts) - known == {"type", "obstacles"}
        assert fields_of(MaintenanceFacts) - known == {"segment", "in_place"}

    def test_no_measure_and_no_reason_is_about_it(self):
        words = [*LoyaltyMeasure, *LoyaltyReason]
        assert not [word for word in words if speaks_of_it(word)]

    def test_the_driver_is_the_one_place_where_the_word_stands(self):
        """LOY-06: something to work on, from which nothing is concluded."""
        offered = vars(crmkit.loyalty).values()
        enumerations = [kind for kind in offered if isinstance(kind, EnumType)]
        told = {kind for kind in enumerations if any(map(speaks_of_it, kind.__members__))}
        assert told == {LoyaltyDriver}


def fields_of(kind: type) -> set[str]:
    return {field.name for field in attrs.fields(kind)}
