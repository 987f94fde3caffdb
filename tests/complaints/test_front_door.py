"""Whoever imports complaints finds all of it in one place, and each thing once."""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any, get_args, get_type_hints

import pytest

import crmkit.complaints as room
from crmkit.lifecycle import Lifecycle

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "complaints.md"

PROMISED = [
    "COMPLAINT_LIFECYCLE",
    "Action",
    "Complaint",
    "ComplaintDesk",
    "EscalationPolicy",
    "ObligationProfile",
    "Status",
]

# Each exists once for all records and once for complaints; a host needs the latter.
GENERAL = ["erase", "merge", "seal", "unmerge", "verify"]


def parts_of(annotation: Any) -> Iterator[Any]:
    """Everything that an annotation is made of."""
    yield annotation
    for part in get_args(annotation):
        for each in part if isinstance(part, list) else [part]:
            yield from parts_of(each)


def signatures(thing: Any) -> Iterator[Any]:
    """The annotations that a caller of a class or function meets."""
    if not callable(thing):
        return
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


def missing_at(door: ModuleType, names: list[str]) -> set[str]:
    """The types of the room that stand in a signature and not at the door."""
    return {
        part.__name__
        for name in names
        for annotation in signatures(getattr(door, name))
        for part in parts_of(annotation)
        if isinstance(part, type) and part.__module__.startswith("crmkit.complaints")
    } - set(names)


class TestNames:
    """Everything a host needs, and no inner machinery."""

    @pytest.mark.parametrize("name", PROMISED)
    def test_what_is_promised_is_there(self, name):
        assert name in room.__all__
        assert isinstance(getattr(room, name), type | Lifecycle)

    def test_every_type_that_a_caller_meets_can_be_imported(self):
        assert missing_at(room, room.__all__) == set()

    def test_a_type_that_is_left_out_is_noticed(self):
        names = [name for name in room.__all__ if name not in ("MergeProposal", "Standing")]
        assert missing_at(room, names) == {"MergeProposal", "Standing"}

    def test_each_thing_has_one_name(self):
        assert set(GENERAL).isdisjoint(room.__all__)
        things = [getattr(room, name) for name in room.__all__]
        made = [thing for thing in things if isinstance(thing, type) or inspect.isfunction(thing)]
        assert len(set(made)) == len(made)
        assert len(set(room.__all__)) == len(room.__all__)


def texts_below(module: str) -> Iterator[str]:
    """The values of a module below which a text says what they are."""
    body = ast.parse(inspect.getsource(sys.modules[module])).body
    for one, below in pairwise(body):
        is_text = isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant)
        if is_text and isinstance(one, ast.Assign | ast.AnnAssign):
            targets = one.targets if isinstance(one, ast.Assign) else [one.target]
            yield from (target.id for target in targets if isinstance(target, ast.Name))


class TestReference:
    """The reference says of every name what it is, and what it is for."""

    door = ast.parse(inspect.getsource(room)).body

    text = PAGE.read_text(encoding="utf-8")
    rows = re.findall(r"^\| [^|]+ \| (`.+`) \|$", text, re.MULTILINE)
    listed = [name for row in rows for name in re.findall(r"`(\w+)`", row)]

    def test_every_name_stands_in_one_row_of_the_overview(self):
        assert Counter(self.listed) == Counter(room.__all__)

    def test_below_every_value_stands_what_it_is(self):
        imports = [node for node in self.door if isinstance(node, ast.ImportFrom)]
        bare = {
            alias.name
            for node in imports
            for alias in node.names
            if not inspect.isclass(getattr(room, alias.name))
            and not inspect.isfunction(getattr(room, alias.name))
        }
        said = {name for node in imports for name in texts_below(f"{node.module}")}
        assert len(bare) > 30
        assert bare <= said
