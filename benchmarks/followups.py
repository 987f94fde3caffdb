"""Next follow-up: crmkit and dateutil say when the same customers are to be followed up.

Customers were handed over on any day of the last twenty years. crmkit is asked for the outcome
(``next_occurrence`` of the facts of a customer), dateutil for ``rrule(...).after(...)``, built and
asked anew for each customer, because each has a first day of their own. The questions: a cadence of
one month; the return visits of FUP-01, which are a set of two rules to dateutil, or one if somebody
has told it in which of the two bands a customer is; second Tuesdays (BYDAY) and last working days
(BYSETPOS). All answers are compared first and have to be equal.

Printed for comparison: a cadence of one month for a customer of so many years, because dateutil
walks over all that has been, and crmkit does not; and what dateutil cannot be asked, two cadences
with days moved off weekends, without and with the evidence.

Each round of each side is a process of its own, rounds take turns, and each asks about a customer
over and over for the same processor time. What a customer takes is the best turn of all, because
other programs only ever add to it; a ratio is that of the means over all customers. Exit status 1
if a limit is passed, 2 if answers differ.

Run: ``make bench``, or ``python benchmarks/followups.py [ROUNDS]``.
"""

import json
import subprocess
import sys
from pathlib import Path
from statistics import fmean, median
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
Round = dict[str, tuple[list[float], list[Any]]]


class Comparison(NamedTuple):
    """A question to both sides, with the ratio allowed and the one aimed at."""

    ours: str
    theirs: str
    limit: float | None = None
    aim: float | None = None


COMPARISONS = (
    Comparison("monthly", "monthly", 0.02, 0.01),
    Comparison("return visits", "return visits", 0.02, 0.01),
    Comparison("return visits", "return visits, band known", 0.02, 0.01),
    Comparison("second Tuesdays", "second Tuesdays", 0.2),
    Comparison("last working days", "last working days", 0.2),
    *(Comparison(f"monthly, aged {years}", f"monthly, aged {years}") for years in (1, 5, 10, 20)),
)
ALONE = ("two cadences, closed days", "the same, with its evidence")


def one_round(side: str) -> Round:
    """Ask one side once, in a process of its own."""
    call = [sys.executable, "-m", f"benchmarks._followups_{side}"]
    done = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, check=True)
    found: Round = json.loads(done.stdout)
    return found


def agree(ours: Round, theirs: Round) -> bool:
    """Whether every answer is the same; print those that are not."""
    same = True
    for our_name, their_name, *_ in COMPARISONS:
        pairs = zip(ours[our_name][1], theirs[their_name][1], strict=True)
        for place, (our, their) in enumerate(pairs):
            if our != their:
                print(f"customer {place} of {their_name}: crmkit says {our}, dateutil {their}")
                same = False
    return same


def best(rounds: list[Round], question: str) -> float:
    """The mean over all customers of what each takes at best."""
    return fmean(map(min, zip(*(found[question][0] for found in rounds), strict=True)))


def report(comparison: Comparison, ours: list[Round], theirs: list[Round]) -> bool:
    """Print a line of the table; say whether it is within its limit."""
    our_name, their_name, limit, aim = comparison
    our, their = best(ours, our_name), best(theirs, their_name)
    rounds = zip(ours, theirs, strict=True)
    middle = median(best([one], our_name) / best([other], their_name) for one, other in rounds)
    judged = "for comparison" if limit is None else f"limit {limit:g}"
    judged += f", aim {aim:g}" if aim else ""
    print(
        f"{their_name:26} {1e6 * our:7.2f} us   dateutil {1e6 * their:8.2f} us"
        f"   ratio {our / their:.4f} (rounds: median {middle:.4f}; {judged})"
    )
    return limit is None or our / their <= limit


def main(count: int = 5) -> int:
    """Ask both sides in turns, compare their answers and print the ratios."""
    ours: list[Round] = []
    theirs: list[Round] = []
    for _ in range(count):
        ours.append(one_round("crmkit"))
        theirs.append(one_round("dateutil"))
        if len(ours) == 1 and not agree(ours[0], theirs[0]):
            return 2
    print("processor time of a customer")
    kept = [report(comparison, ours, theirs) for comparison in COMPARISONS]
    for name in ALONE:
        print(f"{name:26} {1e6 * best(ours, name):7.2f} us")
    return int(not all(kept))


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
