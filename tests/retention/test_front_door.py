"""Whoever imports retention finds all of it in one place, and each thing once."""

from __future__ import annotations

import inspect
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

import crmkit.retention as room

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "retention.md"


def parts_of(annotation: Any) -> Iterator[Any]:
    """Everything that an annotation is made of."""
    yield annotation
    for part in get_args(annotation):
        for each in part if isinstance(part, list) else [part]:
            yield from parts_of(each)


def signatures(thing: Any) -> Iterator[Any]:
    """The annotations that a caller of a class or function meets."""
    held = [thing]
    if isinstance(thing, type):
        held += [
            member.fget if isinstance(member, property) else getattr(member, "__func__", member)
            for name, member in vars(thing).items()
            if not name.startswith("_") or name == "__call__"
        ]
    for one in held:
        if inspect.isfunction(one) or inspect.isclass(one):
            known = vars(sys.modules[one.__module__])
            for name, annotation in get_type_hints(one, globalns=known).items():
                if not name.startswith("_"):
                    yield annotation


def missing(names: list[str]) -> set[str]:
    """The types of the room that stand in a signature and not at the door."""
    return {
        part.__name__
        for name in names
        for annotation in signatures(getattr(room, name))
        for part in parts_of(annotation)
        if isinstance(part, type) and part.__module__.startswith("crmkit.retention")
    } - set(names)


class TestNames:
    @pytest.mark.parametrize("name", ["ChurnWarning", "LostClass", "WinBackPolicy"])
    def test_what_is_promised_is_there(self, name):
        assert name in room.__all__
        assert isinstance(getattr(room, name), type)

    def test_every_type_that_a_caller_meets_can_be_imported(self):
        assert missing(room.__all__) == set()

    def test_a_type_that_is_left_out_is_noticed(self):
        names = [name for name in room.__all__ if name not in ("HoldOut", "Level")]
        assert missing(names) == {"HoldOut", "Level"}

    def test_each_thing_has_one_name(self):
        things = [getattr(room, name) for name in room.__all__]
        made = [thing for thing in things if isinstance(thing, type) or inspect.isfunction(thing)]
        assert len(set(made)) == len(made)
        assert len(set(room.__all__)) == len(room.__all__)


class TestReference:
    """The reference says of every name what it is for."""

    rows = re.findall(r"^\| [^|]+ \| (`.+`) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)

    def test_every_name_stands_in_one_row_of_the_overview(self):
        listed = [name for row in self.rows for name in re.findall(r"`(\w+)`", row)]
        assert Counter(listed) == Counter(room.__all__)
