"""How long importing takes, as a ratio to importing the three dependencies alone.

Every repeat starts a fresh interpreter for each side, in turn, so that a busy machine slows both.
The median of each side is compared. Exit status 1 if ``import crmkit`` takes more than 1.5 times as
long as importing attrs, cattrs and dateutil.

Run: ``make bench``, or ``python benchmarks/import_time.py [REPEATS]``.
"""

import subprocess
import sys
from statistics import median

LIMIT = 1.5
DEPENDENCIES = "attrs, cattrs, dateutil"
PUBLIC = (
    "crmkit.money",
    "crmkit.records",
    "crmkit.decision",
    "crmkit.lifecycle",
    "crmkit.tiering",
    "crmkit.serialization",
    "crmkit.intake",
    "crmkit.segmentation",
    "crmkit.storage.memory",
    "crmkit.storage.sqlite",
)
TIMER = """
from time import perf_counter_ns
start = perf_counter_ns()
import {modules}
print(perf_counter_ns() - start)
"""


def milliseconds(modules: str) -> float:
    """Import the modules in a fresh interpreter and return how long that took."""
    command = [sys.executable, "-I", "-c", TIMER.format(modules=modules)]
    return int(subprocess.check_output(command, text=True)) / 1e6


def main(repeats: int = 25) -> int:
    """Measure, print one line a side, and say whether the bar was met."""
    sides = {
        DEPENDENCIES: DEPENDENCIES,
        "crmkit": "crmkit",
        "every public module of crmkit": ", ".join(PUBLIC),
    }
    for modules in sides.values():  # the first import writes the byte code
        milliseconds(modules)
    times: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(repeats):
        for name, modules in sides.items():
            times[name].append(milliseconds(modules))
    base = median(times[DEPENDENCIES])
    for name, values in times.items():
        print(f"import {name:40} {median(values):7.2f} ms   ratio {median(values) / base:5.2f}")
    ratio = median(times["crmkit"]) / base
    print(f"import crmkit: {ratio:.2f} of the dependencies' time (limit {LIMIT})")
    return int(ratio > LIMIT)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
