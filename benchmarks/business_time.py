"""Working time: crmkit, businesstimedelta, timegrid and business-duration on the same cases.

The calendar is that of a service desk in New York: Monday to Friday from nine to five, a break from
twelve to one, and the federal holidays. Cases come in at any minute of 2026, at night and on
Sundays too, and are due after 48 working hours. business-duration knows no breaks, so it is asked
for the working time of the same cases at an office without one. timegrid and business-duration know
no zones: they get the wall clock, which gives the same answers as long as the clocks change on
Sunday nights. The bare office (nine to five in UTC, no breaks, no holidays, no clock changes) is
what is least work for the peers; it is printed for comparison.

The peers get an environment of their own, made on the first run in ``.venv-worktime``. All answers
are compared first and have to be equal. Each round of each side is a process of its own, rounds
take turns, and each asks about a case over and over for the same processor time. What a case takes
is its best turn of all, because other programs only ever add to it; a ratio is that of the means
over all cases. What a calendar takes until its first answer is printed beside, and so is the cost
of spans from a week to 50 years: per week, it must not rise. Exit status 1 if a limit is passed, 2
if answers differ.

Run: ``make bench``, or ``python benchmarks/business_time.py [ROUNDS]``.
"""

import json
import subprocess
import sys
from pathlib import Path
from statistics import fmean, median
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
PEERS = ROOT / ".venv-worktime"
PEER_PACKAGES = (
    "businesstimedelta==1.0.1",
    "timegrid==0.1.6",
    "business-duration==0.68",
    "pytz",
    "numpy",
    "pandas",
)
Round = dict[str, tuple[list[float], list[Any]]]


class Comparison(NamedTuple):
    """A question to crmkit and to a peer, with the ratio allowed and the one aimed at."""

    peer: str
    question: str
    limit: float | None = None
    aim: float | None = None


COMPARISONS = (
    Comparison("businesstimedelta", "due, desk", 0.02, 0.01),
    Comparison("businesstimedelta", "due, desk in UTC", 0.02, 0.01),
    Comparison("timegrid", "due, desk", 0.4, 0.2),
    Comparison("business-duration", "elapsed, office", 0.06),
    Comparison("businesstimedelta", "due, bare"),
    Comparison("timegrid", "due, bare"),
    Comparison("business-duration", "elapsed, bare"),
)


def one_round(python: str, side: str) -> Round:
    """Ask one side once, in a process of its own."""
    call = [python, "-m", f"benchmarks._business_time_{side}"]
    done = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, check=True)
    found: Round = json.loads(done.stdout)
    return found


def agree(ours: Round, theirs: Round) -> bool:
    """Whether every answer is the same; print those that are not."""
    same = True
    for peer, question, *_ in COMPARISONS:
        pairs = zip(ours[question][1], theirs[f"{peer}: {question}"][1], strict=True)
        for place, (our, their) in enumerate(pairs):
            if our != their:
                print(f"case {place} of {question}: crmkit says {our}, {peer} says {their}")
                same = False
    return same


def best(rounds: list[Round], question: str) -> float:
    """The mean over all cases of what each takes at best."""
    return fmean(map(min, zip(*(found[question][0] for found in rounds), strict=True)))


def report(comparison: Comparison, ours: list[Round], theirs: list[Round]) -> bool:
    """Print a line of the table; say whether it is within its limit."""
    peer, question, limit, aim = comparison
    asked = f"{peer}: {question}"
    our, their = best(ours, question), best(theirs, asked)
    rounds = zip(ours, theirs, strict=True)
    middle = median(best([one], question) / best([other], asked) for one, other in rounds)
    judged = "for comparison" if limit is None else f"limit {limit:g}"
    judged += f", aim {aim:g}" if aim else ""
    print(
        f"{question:18} {1e6 * our:7.2f} us   {peer:18} {1e6 * their:8.2f} us"
        f"   ratio {our / their:.4f} (rounds: median {middle:.4f}; {judged})"
    )
    return limit is None or our / their <= limit


def flat(what: str, rounds: list[Round]) -> bool:
    """Print what spans of several lengths cost; say whether a week never costs more in a longer."""
    names = [name for name in rounds[0] if name.startswith(what)]
    per_week = [best(rounds, name) / rounds[0][name][1][0] for name in names]
    texts = (
        f"{name.removeprefix(what)} {1e6 * best(rounds, name):.2f} us ({1e6 * each:.3f} a week)"
        for name, each in zip(names, per_week, strict=True)
    )
    print(f"{what}{','.join(texts)}")
    return per_week == sorted(per_week, reverse=True)


def set_up_peers() -> str:
    """Make the environment of the peers, if it is not there; give its interpreter."""
    python = PEERS / "bin" / "python"
    if not (PEERS / ".made").exists():
        print(f"making {PEERS.name} with {', '.join(PEER_PACKAGES)} (once)", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(PEERS)], check=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *PEER_PACKAGES], check=True)
        (PEERS / ".made").touch()
    return str(python)


def main(count: int = 5) -> int:
    """Ask both sides in turns, compare their answers and print the ratios."""
    peers = set_up_peers()
    ours: list[Round] = []
    theirs: list[Round] = []
    for _ in range(count):
        ours.append(one_round(sys.executable, "crmkit"))
        theirs.append(one_round(peers, "peers"))
        if len(ours) == 1 and not agree(ours[0], theirs[0]):
            return 2
    print("processor time of a case")
    kept = [report(comparison, ours, theirs) for comparison in COMPARISONS]
    kept += [flat(what, ours) for what in ("elapsed over", "due after")]
    first = 1e3 * best(ours, "first answer")
    print(f"a new calendar until its first answer: {first:.2f} ms, its zone included")
    return int(not all(kept))


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
