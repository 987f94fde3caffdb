"""What a host gets by installing and importing the package, before it calls anything."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from importlib import metadata, resources
from pathlib import Path

import pytest

from tests.architecture import RANKS, cell_of, real_modules
from tools.check_dist import sdist_problems, wheel_problems
from tools.lowest_constraints import lowest
from tools.mutation_score import killed

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CONSTRAINTS = (ROOT / "constraints.txt").read_text(encoding="utf-8")

# Runs in a fresh interpreter: what did these imports touch, and what did they leave changed?
PROBE = """
import decimal, gc, json, locale, logging, os, random, signal
import socket, sys, threading, warnings

def state():
    handlers = [(int(s), repr(signal.getsignal(s))) for s in signal.valid_signals()]
    root = logging.getLogger()
    return {
        "decimal context": repr(decimal.getcontext()) + repr(decimal.DefaultContext),
        "warning filters": repr(warnings.filters),
        "locale": locale.setlocale(locale.LC_ALL),
        "sys.path": list(sys.path),
        "import hooks": repr(sys.meta_path) + repr(sys.path_hooks),
        "environment": dict(os.environ),
        "working directory": os.getcwd(),
        "signal handlers": handlers,
        "garbage collector": [gc.isenabled(), gc.get_threshold(), gc.get_freeze_count()],
        "limits": [sys.getrecursionlimit(), sys.get_int_max_str_digits(), sys.getswitchinterval()],
        "hooks": [repr(sys.excepthook), repr(sys.displayhook), repr(threading.excepthook)],
        "logging": [root.level, repr(root.handlers), logging.root.manager.disable],
        "random": hash(random.getstate()),
        "threads": threading.active_count(),
        "socket timeout": socket.getdefaulttimeout(),
    }

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
HARMLESS = {"os.listdir", "os.scandir"}
read, touched = [], []

def watch(event, args):
    if event == "open":
        path, mode, flags = args
        writes = (flags or 0) & WRITING or set(mode or "r") & set("wax+")
        (touched if writes else read).append(str(path))
    elif event.partition(".")[0] in ("os", "socket", "subprocess", "sqlite3", "shutil", "tempfile"):
        if event not in HARMLESS:
            touched.append(event)

first, modules = json.loads(sys.argv[1])
sys.path[:0] = sys.argv[2:]
for module in first:
    __import__(module)
loaded, before = set(sys.modules), state()
sys.addaudithook(watch)
for module in modules:
    __import__(module)
after = state()
json.dump({
    "read": read,
    "touched": touched,
    "changed": [name for name in before if before[name] != after[name]],
    "loaded": sorted(set(sys.modules) - loaded),
}, sys.stdout)
"""


def probe(
    *modules: str, first: tuple[str, ...] = (), path: Path | None = None
) -> dict[str, list[str]]:
    """Import the modules in a fresh interpreter and say what that did to the process.

    Those to be imported ``first`` are not watched: what a dependency does is its own affair.
    """
    command = [sys.executable, "-I", "-B", "-c", PROBE, json.dumps([first, modules])]
    done = subprocess.run(
        command + ([str(path)] if path else []), capture_output=True, text=True, check=True
    )
    result: dict[str, list[str]] = json.loads(done.stdout)
    return result


class TestImport:
    """``import crmkit`` opens no file or socket, changes no global state, and imports no room."""

    def test_it_reads_its_own_file_and_nothing_else(self):
        opened = probe("crmkit")["read"]
        assert opened != []
        assert all(Path(file).stem.partition(".")[0] == "__init__" for file in opened)
        assert all("crmkit" in Path(file).parts for file in opened)

    def test_it_loads_no_other_module(self):
        assert probe("crmkit")["loaded"] == ["crmkit"]

    @pytest.mark.parametrize("what", ["touched", "changed"])
    def test_it_leaves_the_process_as_it_was(self, what):
        assert probe("crmkit")[what] == []

    @pytest.mark.parametrize("what", ["touched", "changed"])
    def test_so_does_importing_the_whole_library(self, what):
        modules = sorted(name for name in real_modules() if RANKS[cell_of(name) or ""] < 300)
        dependencies = ("attrs", "cattrs", "dateutil.relativedelta", "dateutil.rrule")
        names = [f"crmkit.{name}".rstrip(".") for name in modules]
        assert probe(*names, first=dependencies)[what] == []

    @pytest.mark.parametrize(
        ("source", "what", "seen"),
        [
            ("open('written', 'w').close()", "touched", "written"),
            ("import os; os.mkdir('made')", "touched", "os.mkdir"),
            ("import socket; socket.socket().close()", "touched", "socket.__new__"),
            ("import subprocess; subprocess.run(['true'])", "touched", "subprocess.Popen"),
            ("import sqlite3; sqlite3.connect(':memory:').close()", "touched", "sqlite3.connect"),
            ("import decimal; decimal.getcontext().prec = 9", "changed", "decimal context"),
            ("import warnings; warnings.simplefilter('error')", "changed", "warning filters"),
            ("import sys; sys.path.append('here')", "changed", "sys.path"),
            ("import os; os.environ['CRMKIT'] = '1'", "changed", "environment"),
            ("import signal; signal.signal(15, signal.SIG_IGN)", "changed", "signal handlers"),
            ("import gc; gc.disable()", "changed", "garbage collector"),
            ("import random; random.seed(1)", "changed", "random"),
            ("import logging; logging.basicConfig()", "changed", "logging"),
        ],
    )
    def test_a_module_that_would_not_is_found_out(self, tmp_path, monkeypatch, source, what, seen):
        """The probe itself can fail."""
        monkeypatch.chdir(tmp_path)
        (tmp_path / "rude.py").write_text(source)
        assert seen in probe("rude", path=tmp_path)[what]


class TestInstallation:
    """Python 3.11 or newer, typed, and exactly three dependencies; everything else is an extra."""

    def test_the_types_are_shipped(self):
        assert resources.files("crmkit").joinpath("py.typed").is_file()

    def test_the_runtime_dependencies_are_exactly_three(self):
        required = metadata.requires("crmkit") or []
        runtime = [line for line in required if "extra ==" not in line]
        assert sorted(runtime) == ["attrs>=24.3", "cattrs>=25.1", "python-dateutil>=2.9"]

    def test_the_installed_metadata_is_that_of_the_project(self):
        project = PYPROJECT["project"]
        assert metadata.version("crmkit") == project["version"]
        assert metadata.metadata("crmkit")["Requires-Python"] == ">=3.11"
        extras = set(metadata.metadata("crmkit").get_all("Provides-Extra") or [])
        assert extras == set(project["optional-dependencies"])


class TestConstraints:
    """constraints.txt pins the development set by name and version, and no place to get it."""

    pins = [line for line in CONSTRAINTS.splitlines() if not line.startswith("#")]

    @pytest.mark.parametrize("line", pins)
    def test_a_line_is_a_name_and_a_version(self, line):
        assert re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+]+", line)

    def test_whatever_an_extra_asks_for_is_pinned(self):
        project = PYPROJECT["project"]
        extras = project["optional-dependencies"].values()
        asked = [line for group in [project["dependencies"], *extras] for line in group]
        names = {re.split(r"[\[>=]", line)[0].lower() for line in asked} - {"crmkit"}
        assert names <= {pin.partition("==")[0].lower() for pin in self.pins}

    def test_the_lowest_set_holds_the_lower_bounds_and_keeps_the_other_pins(self):
        pyproject = '[project]\ndependencies = ["attrs>=24.2", "python-dateutil>=2.9"]'
        lines = lowest(pyproject, "# why\nattrs==26.1.0\nPython-DateUtil==4.0.0\nrich==15.0.0\n")
        assert lines == ["attrs==24.2", "python-dateutil==2.9", "rich==15.0.0"]

    def test_the_extras_that_the_core_uses_are_held_at_their_lower_bounds_too(self):
        pyproject = (
            '[project]\ndependencies = ["attrs>=24.2"]\n'
            '[project.optional-dependencies]\nholidays = ["holidays>=0.80"]\nreview = ["rich>=13"]'
        )
        lines = lowest(pyproject, "holidays==0.86\nrich==15.0.0\n")
        assert lines == ["attrs==24.2", "holidays==0.80", "rich==15.0.0"]

    def test_a_dependency_without_a_lower_bound_is_refused(self):
        with pytest.raises(SystemExit, match="expected NAME>=VERSION"):
            lowest('[project]\ndependencies = ["attrs"]', "")


class TestDistributions:
    """The wheel holds only the package, typed, with its licence: what ``make build`` checks."""

    wheel = (
        "crmkit/__init__.py",
        "crmkit/py.typed",
        "crmkit-1.dist-info/METADATA",
        "crmkit-1.dist-info/licenses/LICENSE",
    )
    requires = (
        "Requires-Dist: attrs>=24.2\nRequires-Dist: cattrs>=25.1\n"
        "Requires-Dist: python-dateutil>=2.9\nRequires-Dist: rich>=13.7; extra == 'review'\n"
    )
    sdist = (
        "crmkit-1/LICENSE",
        "crmkit-1/README.md",
        "crmkit-1/constraints.txt",
        "crmkit-1/src/crmkit/__init__.py",
    )

    def test_a_good_pair_has_no_problems(self):
        assert wheel_problems(self.wheel, self.requires) == []
        assert sdist_problems(self.sdist) == []

    @pytest.mark.parametrize("stray", ["tests/test_money.py", "conftest.py", "crmkit/money.pyc"])
    def test_a_stray_file_in_the_wheel_is_seen(self, stray):
        assert len(wheel_problems([*self.wheel, stray], self.requires)) == 1

    @pytest.mark.parametrize("missing", ["crmkit/py.typed", "crmkit-1.dist-info/licenses/LICENSE"])
    def test_a_missing_file_in_the_wheel_is_seen(self, missing):
        files = [name for name in self.wheel if name != missing]
        assert len(wheel_problems(files, self.requires)) == 1

    def test_a_fourth_dependency_is_seen(self):
        requires = self.requires + "Requires-Dist: numpy>=2\n"
        assert len(wheel_problems(self.wheel, requires)) == 1

    @pytest.mark.parametrize("stray", ["crmkit-1/.venv/pyvenv.cfg", "crmkit-1/.coverage"])
    def test_build_output_in_the_sdist_is_seen(self, stray):
        assert len(sdist_problems([*self.sdist, stray])) == 1

    @pytest.mark.parametrize("missing", sdist)
    def test_a_missing_file_in_the_sdist_is_seen(self, missing):
        assert len(sdist_problems([name for name in self.sdist if name != missing])) == 1


class TestMutationScore:
    """A mutant counts as killed when a test noticed it, and one that no test reaches does not."""

    stats = dict.fromkeys(("killed", "survived", "no_tests", "skipped", "timeout", "segfault"), 1)

    def test_unreached_mutants_count_against_the_score(self):
        assert killed({**self.stats, "total": 6}) == (3, 5)

    def test_a_run_that_tried_nothing_is_no_success(self):
        with pytest.raises(SystemExit, match="no mutant was tried"):
            killed({**self.stats, "total": 1})


class TestChangelog:
    """Each idea leaves one fragment, ``<slug>.<type>.md``, that the next release can read."""

    types = {entry["directory"] for entry in PYPROJECT["tool"]["towncrier"]["type"]}
    fragments = sorted(
        path
        for path in (ROOT / "changelog.d").iterdir()
        if path.name not in PYPROJECT["tool"]["towncrier"]["ignore"]
    )

    def test_the_types_are_the_six_of_keep_a_changelog(self):
        assert self.types == {"added", "changed", "deprecated", "removed", "fixed", "security"}

    def test_every_fragment_is_named_so_that_it_is_found(self):
        pattern = rf"[a-z0-9]+(-[a-z0-9]+)*\.({'|'.join(sorted(self.types))})\.md"
        assert [f.name for f in self.fragments if not re.fullmatch(pattern, f.name)] == []

    def test_every_fragment_says_something(self):
        assert [f.name for f in self.fragments if not f.read_text(encoding="utf-8").strip()] == []
