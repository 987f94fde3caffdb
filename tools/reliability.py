"""Try every promise about crashes, faults, races and damage, and print one table.

``make reliability`` runs it at the size of a release, which takes the better part of an hour;
``--size ci`` is what every change goes through, within the tests. ``--only`` runs the checks whose
promise holds a word. The command ends with 1 if a promise did not hold, if a check broke down, or
if one did not run: what was not tried is never shown as passed.
"""

from __future__ import annotations

import argparse
import json
import platform
import sqlite3
import sys
import time
import traceback
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from attrs import asdict, frozen

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.reliability import Check, Outcome, Size  # noqa: E402

MODULES = (
    "tests.storage.crash",
    "tests.storage.fault_points",
    "tests.storage.damage",
    "tests.storage.crowds",
    "tests.storage.postgres_checks",
)
"""Where checks are; each names its own as ``CHECKS``."""

PACKAGES = ("crmkit", "attrs", "cattrs", "python-dateutil", "SQLAlchemy", "psycopg", "hypothesis")


@frozen
class Line:
    """What became of one check."""

    promise: str
    state: str
    cases: int
    failures: int
    figure: str
    seed: int | None
    seconds: float


def checks() -> list[Check]:
    """All checks, in the order of the table."""
    return [check for module in MODULES for check in import_module(module).CHECKS]


def tried(check: Check, size: Size) -> Line:
    """Run a check, whatever becomes of it."""
    began = time.perf_counter()
    name = getattr(check, "__name__", str(check)).replace("_", " ")
    try:
        outcome: Outcome = check(size)
    except Exception as error:
        traceback.print_exc()
        seconds = time.perf_counter() - began
        return Line(name, "not run", 0, 0, type(error).__name__, None, round(seconds, 1))
    return Line(
        promise=outcome.promise,
        state="pass" if outcome.held else "FAIL",
        cases=outcome.cases,
        failures=outcome.failures,
        figure=outcome.figure,
        seed=outcome.seed,
        seconds=round(time.perf_counter() - began, 1),
    )


def versions() -> dict[str, str]:
    """What the checks ran on."""
    found = {"Python": platform.python_version(), "SQLite": sqlite3.sqlite_version}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def main(arguments: list[str] | None = None) -> int:
    """Run the checks and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--size", choices=[size.value for size in Size], default="ci")
    parser.add_argument("--only", default="", help="run the checks whose promise holds this word")
    parser.add_argument("--json", type=Path, help="write the table to this file as well")
    options = parser.parse_args(arguments)
    size = Size(options.size)
    print(", ".join(f"{name} {number}" for name, number in versions().items()))
    print(f"size: {size.value}\n")
    print("| promise | state | cases | failures | figure | seed | seconds |")
    print("|---|---|---:|---:|---|---:|---:|")
    lines = []
    for check in checks():
        if options.only not in getattr(check, "__name__", ""):
            continue
        line = tried(check, size)
        lines.append(line)
        seed = "" if line.seed is None else line.seed
        print(
            f"| {line.promise} | {line.state} | {line.cases:,} | {line.failures:,} "
            f"| {line.figure} | {seed} | {line.seconds} |",
            flush=True,
        )
    if options.json:
        report = {"versions": versions(), "size": size.value, "lines": [asdict(e) for e in lines]}
        options.json.write_text(json.dumps(report, indent=2), encoding="utf-8")
    held = sum(line.state == "pass" for line in lines)
    print(f"\n{held} of {len(lines)} promises held")
    return 0 if lines and held == len(lines) else 1


if __name__ == "__main__":
    raise SystemExit(main())
