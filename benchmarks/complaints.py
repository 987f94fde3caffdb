"""Complaints: crmkit and transitions take the same cases through the same table.

Both follow the lifecycle of crmkit, which is handed to the peer, with the same conditions, and
write down for every change of status by whom, when, why, from where and to where. A case goes
through fourteen steps: one action is refused, one answer is disputed, and what the conditions ask
for is put on record in between. What a transition takes is the mean over the nine actions that
take place. The refused one is printed beside: transitions says no more than False, crmkit gives the
evidence, what would have worked and what else is allowed. So is the whole case, with its records:
to the peer they are a line appended to a list, while crmkit asks its conditions about them too.

transitions is used as its documentation shows it: every case makes a machine of its own, whose
conditions and callbacks are methods of the case, called by name. Against that both limits are held.
Cases can also share one machine, of which the documentation says less; that is printed beside.
transitions writes into the case, while crmkit gives a new one and leaves the old one as it was.

The peer gets an environment of its own, made on the first run in ``.venv-transitions``. What both
have audited is compared first and has to be equal. Each round of each side is a process of its own,
rounds take turns, and processor time counts. What a step takes is its best turn of all, because
other programs only ever add to it. Exit status 1 if a limit is passed, 2 if the audits differ.

Run: ``make bench``, or ``python benchmarks/complaints.py [ROUNDS]``.
"""

import json
import subprocess
import sys
from pathlib import Path
from statistics import fmean, median
from typing import NamedTuple

from crmkit.complaints.lifecycle import COMPLAINT_LIFECYCLE

ROOT = Path(__file__).resolve().parent.parent
PEER = ROOT / ".venv-transitions"
PEER_PACKAGE = "transitions==0.9.3"
TABLE = {
    "statuses": COMPLAINT_LIFECYCLE.statuses,
    "moves": COMPLAINT_LIFECYCLE.moves,
    "initial": COMPLAINT_LIFECYCLE.initial,
}

Seconds = dict[str, dict[str, float]]
"""By kind (actions, refused, records, created), what each part of it takes."""


class Found(NamedTuple):
    """What a round found: processor seconds, and the audit of one case."""

    seconds: Seconds
    audit: list[list[str]]


class Comparison(NamedTuple):
    """A question to both sides: the kinds it is about, the ratio allowed and the one aimed at."""

    name: str
    ours: tuple[str, ...]
    theirs: tuple[str, ...]
    limit: float | None = None
    aim: float | None = None


EVERY_STEP = ("actions", "refused", "records")
COMPARISONS = (
    Comparison("a transition", ("actions",), ("actions",), 0.4, 0.2),
    Comparison("the same, one machine for all", ("actions",), ("actions, shared",)),
    Comparison("creation and first action", ("created",), ("created",), 0.06, 0.03),
    Comparison("the same, one machine for all", ("created",), ("created, shared",)),
    Comparison("a refused action", ("refused",), ("refused",)),
    Comparison("a step of the whole case", EVERY_STEP, EVERY_STEP),
)


def one_round(python: str, side: str) -> Found:
    """Ask one side once, in a process of its own."""
    call = [python, "-m", f"benchmarks._complaints_{side}"]
    table = json.dumps(TABLE)
    done = subprocess.run(call, cwd=ROOT, input=table, capture_output=True, text=True, check=True)
    return Found(*json.loads(done.stdout))


def agree(ours: Found, theirs: Found) -> bool:
    """Whether both audited the same; print what differs."""
    for our, their in zip(ours.audit, theirs.audit, strict=False):
        if our != their:
            print(f"crmkit audited {our}, transitions {their}")
    return ours.audit == theirs.audit


def best(rounds: list[Found]) -> Seconds:
    """What each part takes at best."""
    return {
        kind: {part: min(found.seconds[kind][part] for found in rounds) for part in parts}
        for kind, parts in rounds[0].seconds.items()
    }


def mean(seconds: Seconds, kinds: tuple[str, ...]) -> float:
    """What a part of these kinds takes on average."""
    return fmean(each for kind in kinds for each in seconds[kind].values())


def report(comparison: Comparison, ours: list[Found], theirs: list[Found]) -> bool:
    """Print a line of the table; say whether it is within its limit."""
    name, our_kinds, their_kinds, limit, aim = comparison
    our, their = mean(best(ours), our_kinds), mean(best(theirs), their_kinds)
    middle = median(
        mean(one.seconds, our_kinds) / mean(other.seconds, their_kinds)
        for one, other in zip(ours, theirs, strict=True)
    )
    judged = "for comparison" if limit is None else f"limit {limit:g}, aim {aim:g}"
    print(
        f"{name:30} {1e6 * our:7.2f} us   transitions {1e6 * their:7.2f} us"
        f"   ratio {our / their:.3f} (rounds: median {middle:.3f}; {judged})"
    )
    return limit is None or our / their <= limit


def report_parts(ours: list[Found], theirs: list[Found], kind: str) -> None:
    """Print what each part of a kind takes on both sides."""
    our, their = best(ours)[kind], best(theirs)[kind]
    texts = (f"{part} {1e6 * our[part]:.2f}/{1e6 * their[part]:.2f}" for part in our)
    print(f"{kind}, us: {', '.join(texts)}")


def set_up_peer() -> str:
    """Make the environment of the peer, if it is not there; give its interpreter."""
    python = PEER / "bin" / "python"
    if not (PEER / ".made").exists():
        print(f"making {PEER.name} with {PEER_PACKAGE} (once)", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(PEER)], check=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, PEER_PACKAGE], check=True)
        (PEER / ".made").touch()
    return str(python)


def main(count: int = 5) -> int:
    """Ask both sides in turns, compare what they audited and print the ratios."""
    peer = set_up_peer()
    ours: list[Found] = []
    theirs: list[Found] = []
    for _ in range(count):
        ours.append(one_round(sys.executable, "crmkit"))
        theirs.append(one_round(peer, "peer"))
        if len(ours) == 1 and not agree(ours[0], theirs[0]):
            return 2
    print("processor time")
    kept = [report(comparison, ours, theirs) for comparison in COMPARISONS]
    for kind in EVERY_STEP:
        report_parts(ours, theirs, kind)
    return int(not all(kept))


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
