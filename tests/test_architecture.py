"""The house plan holds: imports point downwards, and the core never asks for time or chance."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from pathlib import PurePosixPath

import pytest

from tests.architecture import (
    AROUND,
    FLOOR_PLAN,
    LATE,
    LIBRARIES,
    ON_TOP,
    RANKS,
    ROOMS,
    SHARED,
    WHERE_TO_GO,
    asks_the_world,
    cell_of,
    foreign_library,
    has_floats,
    module_of,
    real_files,
    real_modules,
    runs_data,
    targets_of,
    too_early,
    wrong_direction,
)

FILES = real_files()
MODULES = real_modules()
every_file = pytest.mark.parametrize("path", list(FILES))

Checker = Callable[[str, str], Iterable[str]]


def imports_graph(files: dict[str, str], modules: frozenset[str]) -> dict[str, set[str]]:
    """Draw which module imports which, a module's own package left aside."""
    return {
        module_of(path): {target for _, target in targets_of(path, source, modules)} - {""}
        for path, source in files.items()
    }


class TestThePackageAsItIs:
    """Who may import whom: downwards only, and a room never imports another room."""

    @every_file
    def test_imports_point_downwards(self, path):
        assert "\n".join(wrong_direction(path, FILES[path], MODULES)) == ""

    @every_file
    def test_libraries_are_imported_where_they_belong(self, path):
        assert "\n".join(foreign_library(path, FILES[path])) == ""

    @every_file
    def test_the_libraries_of_extras_are_imported_late(self, path):
        assert "\n".join(too_early(path, FILES[path])) == ""

    @every_file
    def test_no_data_is_run_as_code(self, path):
        assert "\n".join(runs_data(path, FILES[path])) == ""

    @every_file
    def test_the_same_question_gets_the_same_answer(self, path):
        assert "\n".join(asks_the_world(path, FILES[path])) == ""

    @every_file
    def test_no_float_comes_near_money_or_cut_points(self, path):
        assert "\n".join(has_floats(path, FILES[path])) == ""

    def test_no_modules_import_each_other_in_a_circle(self):
        TopologicalSorter(imports_graph(FILES, MODULES)).prepare()

    def test_every_folder_is_a_package(self):
        """Without its ``__init__.py`` a folder would be shipped, but its docstrings not be run."""
        folders = {PurePosixPath(path).parent for path in FILES}
        assert [str(f) for f in folders if (f / "__init__.py").as_posix() not in FILES] == []

    def test_the_front_of_the_package_imports_nothing(self):
        assert list(targets_of("__init__.py", FILES["__init__.py"], MODULES)) == []

    def test_the_checks_saw_the_shared_modules(self):
        assert {"errors", "identifiers", "money", "period", "decision", "lifecycle"} <= MODULES


class TestTheDrawing:
    """The table says the order of the architecture page."""

    @pytest.mark.parametrize(("lower", "higher"), list(pairwise(SHARED)))
    def test_shared_modules_are_in_one_order(self, lower, higher):
        assert RANKS[lower] < RANKS[higher]

    @pytest.mark.parametrize(("lower", "higher"), list(pairwise(FLOOR_PLAN)))
    @pytest.mark.parametrize("room", ROOMS)
    def test_every_room_has_the_same_floor_plan(self, room, lower, higher):
        assert RANKS[f"{room}.{lower}"] < RANKS[f"{room}.{higher}"]

    def test_rooms_stand_above_the_port_and_below_what_is_around_them(self):
        rooms = [rank for row, rank in RANKS.items() if row.partition(".")[0] in ROOMS]
        assert RANKS["storage"] < min(rooms)
        assert max(rooms) < min(RANKS[row] for row in AROUND)
        assert max(RANKS[row] for row in AROUND) < min(RANKS[row] for row in ON_TOP)

    @pytest.mark.parametrize(
        ("module", "row"),
        [
            ("money", "money"),
            ("segmentation", "segmentation.__init__"),
            ("segmentation.facts", "segmentation.facts"),
            ("segmentation.policies.abc", "segmentation.policies"),
            ("storage", "storage"),
            ("storage.memory", "storage.memory"),
            ("cli.review", "cli"),
            ("serialization.hooks", "serialization"),
            ("utils", None),
            ("segmentation.utils", None),
            ("storage.ordering", "storage"),
        ],
    )
    def test_a_module_stands_in_one_row(self, module, row):
        assert cell_of(module) == row

    def test_only_the_three_dependencies_serve_the_core(self):
        outside = {*ON_TOP, *AROUND, "warehouse.spark"}
        core = {name for name, places in LIBRARIES.items() if not set(places) <= outside}
        assert core - set(LATE) == {"attr", "attrs", "cattrs", "dateutil"}


MISDIRECTED = [
    ("money.py", "from crmkit.decision import Decision"),
    ("money.py", "import crmkit.decision"),
    ("money.py", "from crmkit import decision"),
    ("money.py", "from . import decision"),
    ("money.py", "from .decision import Decision"),
    ("money.py", "def f():\n    from crmkit.decision import Decision"),
    ("money.py", "if TYPE_CHECKING:\n    from crmkit.decision import Decision"),
    ("tiering.py", "from crmkit.serialization.hooks import install"),
    ("storage/__init__.py", "from crmkit.storage.memory import MemoryStore"),
    ("storage/ordering.py", "from crmkit.storage.memory import MemoryStore"),
    ("storage/memory.py", "from crmkit.storage.sqlite import SqliteStore"),
    ("storage/memory.py", "from crmkit.intake import read_purchases"),
    ("decision.py", "from crmkit.segmentation import RfmScale"),
    ("segmentation/facts.py", "from crmkit.segmentation.policies.rfm import RfmScale"),
    ("segmentation/facts.py", "from crmkit.segmentation import RfmScale"),
    ("segmentation/policies/rfm.py", "from ..desk import SegmentationDesk"),
    ("segmentation/policies/rfm.py", "from crmkit.loyalty.facts import QualificationFacts"),
    ("segmentation/__init__.py", "from crmkit.intake import read_purchases"),
    ("segmentation/desk.py", "from crmkit.storage.sqlite import SqliteStore"),
    ("intake.py", "from crmkit.cli import main"),
    ("playbooks/gold.py", "from crmkit.testing import purchases"),
    ("__init__.py", "from crmkit.money import Money"),
    ("__init__.py", "from crmkit import segmentation"),
    ("money.py", "from crmkit.utils import helper"),
    ("utils.py", "import re"),
    ("segmentation/utils.py", "import re"),
]

MISPLACED = [
    ("records.py", "import dateutil.relativedelta"),
    ("records.py", "from cattrs import Converter"),
    ("segmentation/facts.py", "from dateutil.relativedelta import relativedelta"),
    ("intake.py", "import rich"),
    ("money.py", "def f():\n    import matplotlib.pyplot as plt"),
    ("cli/review.py", "import hypothesis"),
    ("testing/strategies.py", "import rich"),
    ("cli/review.py", "import pandas"),
    ("decision.py", "import requests"),
]

RUNS_DATA = [
    ("cli/review.py", "import pickle"),
    ("intake.py", "from pickle import loads"),
    ("storage/sqlite.py", "import marshal"),
    ("money.py", "eval('1')"),
    ("cli/review.py", "exec(text)"),
    ("period.py", "from dateutil import parser"),
    ("period.py", "from dateutil.parser import isoparse"),
    ("period.py", "import dateutil.parser"),
    ("period.py", "import dateutil\nwhen = dateutil.parser.parse(text)"),
    ("cli/review.py", "when = parser.parse(text)"),
]

ASKS = [
    ("period.py", "today = date.today()"),
    ("decision.py", "at = datetime.now(UTC)"),
    ("decision.py", "import datetime as dt\nat = dt.datetime.utcnow()"),
    ("decision.py", "clock = datetime.now"),
    ("decision.py", "import time"),
    ("decision.py", "from time import monotonic"),
    ("segmentation/facts.py", "import random"),
    ("identifiers.py", "from uuid import uuid4"),
    ("identifiers.py", "import uuid\nid = uuid.uuid4()"),
    ("records.py", "import os"),
    ("intake.py", "import os\nzone = os.environ['TZ']"),
    ("intake.py", "from os import environ"),
    ("intake.py", "from os import getenv"),
    ("storage/sqlite.py", "at = datetime.now(UTC)"),
    ("warehouse/kernel.py", "import random"),
    ("money.py", "context = decimal.getcontext()"),
    ("money.py", "from decimal import localcontext"),
    ("money.py", "def f():\n    global cache\n    cache = 1"),
    ("intake.py", "warnings.simplefilter('ignore')"),
    ("serialization.py", "text = open(path).read()"),
    ("serialization.py", "text = path.read_text()"),
    ("segmentation/desk.py", "from pathlib import Path"),
    ("storage/__init__.py", "import sqlite3"),
    ("storage/ordering.py", "import threading"),
    ("loyalty/desk.py", "import logging"),
    ("contact.py", "import urllib.request"),
    ("decision.py", "print(1)"),
]

FLOATS = [
    ("money.py", "half = 0.5"),
    ("money.py", "amount = float(text)"),
    ("tiering.py", "share: float = 1e-9"),
    ("segmentation/policies/abc.py", "cut = -0.8"),
    ("loyalty/facts.py", "points = float('1')"),
]


class TestPlantedDefects:
    """A check that cannot fail is no check: each of these would be a defect, and is seen."""

    @pytest.mark.parametrize(("path", "source"), MISDIRECTED)
    def test_an_import_upwards_is_seen(self, path, source):
        modules = MODULES | {"decision", "segmentation"}
        assert len(list(wrong_direction(path, source, modules))) == 1

    @pytest.mark.parametrize(("path", "source"), MISPLACED)
    def test_a_library_out_of_place_is_seen(self, path, source):
        assert len(list(foreign_library(path, source))) == 1

    @pytest.mark.parametrize(
        "source",
        [
            "import holidays",
            "from icalendar.parser import Contentline\ndef f(): pass",
            "def f(): pass\nif True:\n    import holidays.utils",
            "class Reader:\n    import icalendar",
        ],
    )
    def test_a_library_of_an_extra_imported_too_early_is_seen(self, source):
        assert len(list(too_early("business_time/national.py", source))) == 1

    def test_a_library_of_an_extra_imported_where_it_is_used_is_fine(self):
        source = "def f():\n    import holidays\n    return holidays"
        assert list(too_early("business_time/national.py", source)) == []

    @pytest.mark.parametrize(("path", "source"), RUNS_DATA)
    def test_data_run_as_code_is_seen(self, path, source):
        assert list(runs_data(path, source)) != []

    @pytest.mark.parametrize(("path", "source"), ASKS)
    def test_asking_the_world_is_seen(self, path, source):
        assert list(asks_the_world(path, source)) != []

    @pytest.mark.parametrize(("path", "source"), FLOATS)
    def test_a_float_is_seen(self, path, source):
        assert len(list(has_floats(path, source))) == 1

    def test_a_circle_is_seen(self):
        files = {
            "cli/one.py": "from crmkit.cli.two import x",
            "cli/two.py": "from crmkit.cli import one",
        }
        graph = imports_graph(files, frozenset({"cli", "cli.one", "cli.two"}))
        with pytest.raises(CycleError):
            TopologicalSorter(graph).prepare()

    def test_a_module_that_is_in_no_table_is_told_where_to_go(self):
        (problem,) = wrong_direction("utils.py", "import re")
        assert WHERE_TO_GO in problem


class TestWhatIsAllowed:
    """The checks let pass what the architecture allows."""

    @pytest.mark.parametrize(
        ("path", "source"),
        [
            ("decision.py", "from crmkit.money import Money"),
            (
                "money.py",
                "import re\nfrom attrs import frozen\nfrom typing import Self",
            ),
            ("period.py", "from dateutil.relativedelta import relativedelta"),
            ("serialization.py", "from cattrs import Converter\nimport json\nimport tomllib"),
            (
                "segmentation/policies/rfm.py",
                "from crmkit.segmentation.policies.bins import Bins",
            ),
            ("segmentation/policies/rfm.py", "from crmkit.segmentation.facts import RfmFacts"),
            ("segmentation/__init__.py", "from crmkit.segmentation.policies.rfm import RfmScale"),
            ("storage/memory.py", "from crmkit.storage.ordering import key\nimport threading"),
            ("serialization/hooks.py", "from crmkit.serialization.scalars import SCALARS"),
            ("storage/sqlite.py", "import sqlite3\nfrom crmkit.storage import Store"),
            ("intake.py", "from pathlib import Path\nlines = open(Path('x'))"),
            ("cli/review.py", "import rich\nfrom datetime import date\nas_of = date.today()"),
            ("cli/review.py", "from crmkit.intake import read_purchases"),
            ("testing/strategies.py", "from hypothesis import strategies as st"),
            (
                "playbooks/gold.py",
                "from crmkit.loyalty import Member\nimport crmkit.sales",
            ),
            ("decision.py", "limit = 0.5\nmath.isfinite(limit)"),
            ("money.py", "if isinstance(amount, float):\n    raise TypeError"),
            ("period.py", "pattern = re.compile('x')"),
            ("intake/rows.py", "from uuid import UUID\nisinstance(value, UUID)"),
        ],
    )
    def test_good_neighbors(self, path, source):
        checks: list[Checker] = [
            wrong_direction,
            foreign_library,
            runs_data,
            asks_the_world,
            has_floats,
        ]
        assert [problem for check in checks for problem in check(path, source)] == []
