"""A month for a million customers: processor time and memory of all plans, owner by owner.

1,000,000 customers of 1,000 owners are planned for May 2026: return visits by the month and later
by the quarter (FUP-01), a round with a gift that may be done on any day of the month, a contact
policy with quiet hours, a cap and a gap, priorities by tier. A fifth of the owners work by a
calendar of their own, a third of the customers was contacted lately, one in fifty does not want to
be called. Some owners have more to do than they have room for.

The facts of an owner's customers are made when it is the owner's turn, as a host would read them;
making them counts. Outcomes only: the evidence of a placement is given on demand. Printed are the
processor time and the highest memory of a process of its own, for each way of smoothing. Exit
status 1 if a limit is passed, 2 if a customer was lost.

Run: ``make bench``, or ``python benchmarks/planning.py [CUSTOMERS] [OWNERS]``.
"""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SECONDS, GIBIBYTES = 60, 1.5
"""What a million customers and a thousand owners may take."""


def main(customers: int = 1_000_000, owners: int = 1_000) -> int:
    """Plan the month once for each way of smoothing."""
    kept = True
    for smoothing in ("due-day", "even"):
        call = [sys.executable, "-m", "benchmarks._planning_crmkit"]
        call += [str(customers), str(owners), smoothing]
        done = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, check=True)
        found = json.loads(done.stdout)
        if found["asked"] != found["placed"] + found["unplaced"]:
            print(f"{smoothing}: {found}")
            return 2
        memory = found["peak_bytes"] / 2**30
        print(
            f"{smoothing:8} {found['seconds']:6.1f} s of processor time (limit {SECONDS})"
            f"   {memory:5.2f} GiB (limit {GIBIBYTES})   {found['placed']:,} placed,"
            f" {found['unplaced']:,} not placed; making the facts took {found['making']:.1f} s"
        )
        kept = kept and found["seconds"] <= SECONDS and memory <= GIBIBYTES
    return int(not kept)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
