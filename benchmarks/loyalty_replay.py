"""A loyalty program over all of CDNOW: processor time of the whole command.

69,659 purchases of 23,570 customers are read and replayed by ``crmkit loyalty``: a point a dollar,
more of them in higher tiers, points that expire after twelve months and wait for fourteen days,
tiers by a rolling year, for which the points of higher tiers count as well. So a purchase depends
on every earlier one of its member.

Each round is a process of its own, from the start of the interpreter to its end; the best round
counts, because other programs only ever add to it. Beside it stands the time of a round that
replays a second program as well (``--simulate``). Exit status 1 if the limit is passed, 2 if a
purchase or a point was lost.

Run: ``make bench``, or ``python benchmarks/loyalty_replay.py [ROUNDS]``.
"""

import json
import resource
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT.parent / "shared" / "data" / "cdnow_master.txt"
PURCHASES, CUSTOMERS = 69_659, 23_570
SECONDS = 5
"""What reading and replaying all of it may take."""

PROGRAM = """
kind = "program"
version = 1

[data]
name = "records club"

[data.terms]
lock = {{ count = 14, unit = "day" }}
expiry = {{ kind = "expires-after", count = 12, unit = "month" }}

[[data.earning.rules]]
name = "one a dollar"
priority = 1
gives = {{ kind = "base-rate", points = 1, per = "1.00 USD" }}

[[data.earning.rules]]
name = "silver"
priority = 2
gives = {{ kind = "multiplier", factor = "{silver}" }}
when = {{ tiers = ["silver"] }}

[[data.earning.rules]]
name = "gold"
priority = 2
gives = {{ kind = "multiplier", factor = "2" }}
when = {{ tiers = ["gold"] }}

[data.tiers]
entry = {{ name = "blue", rank = 1 }}
window = {{ kind = "rolling-window", count = 12, unit = "month" }}

[[data.tiers.thresholds]]
tier = {{ name = "silver", rank = 2 }}
points = 100

[[data.tiers.thresholds]]
tier = {{ name = "gold", rank = 3 }}
points = 500

[data.point_value]
cost = "1.00 USD"
per = 100
"""


def round_of(*options: str) -> tuple[float, Any]:
    """The processor seconds of one run, and what it said."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    call = [sys.executable, "-m", "crmkit", "loyalty", str(DATA), "--currency", "USD", "--json"]
    done = subprocess.run([*call, *options], cwd=ROOT, capture_output=True, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, json.loads(done.stdout)


def is_whole(found: Any) -> bool:
    """Whether every purchase, customer and point is accounted for."""
    points = found["points"]
    gone = points["redeemed"] + points["expired"] + points["taken_back"]
    kept = points["available"] + points["pending"] - points["deficit"]
    counted = (found["purchases"], found["members"])
    return counted == (PURCHASES, CUSTOMERS) and points["issued"] == kept + gone


def main(rounds: int = 3) -> int:
    """Replay the file a few times, and once with a second program."""
    if not DATA.is_file():
        print(f"{DATA} is not there: nothing to replay")
        return 0
    with TemporaryDirectory() as folder:
        program, other = Path(folder, "program.toml"), Path(folder, "other.toml")
        program.write_text(PROGRAM.format(silver="1.5"), encoding="utf-8")
        other.write_text(PROGRAM.format(silver="1.2"), encoding="utf-8")
        timed = [round_of("--program", str(program)) for _ in range(rounds)]
        both, _ = round_of("--program", str(program), "--simulate", str(other))
    if not all(is_whole(found) for _, found in timed):
        print("something was lost")
        return 2
    seconds, found = min(timed, key=lambda each: each[0])
    issued = found["points"]["issued"]
    print(
        f"one program {seconds:5.2f} s of processor time (limit {SECONDS}): {PURCHASES:,} "
        f"purchases, {issued:,} points\ntwo programs {both:4.2f} s"
    )
    return int(seconds > SECONDS)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
