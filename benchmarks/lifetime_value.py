"""Lifetime value: crmkit and lifetimes 0.11.3 fit the same models to the same columns.

``lifetimes`` needs the numeric stack of its day, so it gets an environment of its own (Python 3.11,
numpy below 1.24, pandas below 1.6, scipy below 1.10, autograd below 1.6), made on the first run in
``.venv-lifetimes``. Each round of each side is a process of its own; rounds take turns, start from
columns in memory, and count processor time. Compression into counted rows is part of crmkit's time.
A ratio is that of the best rounds, because other programs only ever add to them.

The parameters that lifetimes finds are judged by crmkit's log-likelihood: crmkit's own have to be
as likely to one part in 10^9, or more likely. Memory is the peak of a whole process, columns
included, on the million customers in days. Exit status 1 if a limit is passed, 2 if a likelihood is
lower, 3 if the data or the interpreter for the peer is missing.

Run: ``make bench``, or ``python benchmarks/lifetime_value.py [ROUNDS [CUSTOMERS]]``. The files of
CDNOW are looked for beside the project, in ``../shared/data``.
"""

import csv
import json
import shutil
import subprocess
import sys
import tempfile
from array import array
from datetime import date
from pathlib import Path
from random import Random
from statistics import median
from typing import Any, NamedTuple

from crmkit.lifetime_value.facts import CountedFacts, CountedSpend
from crmkit.lifetime_value.models.bg_nbd import BgNbd
from crmkit.lifetime_value.models.gamma_gamma import GammaGamma
from crmkit.lifetime_value.models.pareto_nbd import ParetoNbd

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
DATA = ROOT.parent / "shared" / "data"
PEER = ROOT / ".venv-lifetimes"
PEER_PACKAGES = ("lifetimes==0.11.3", "numpy<1.24", "pandas<1.6", "scipy<1.10", "autograd<1.6")
END_OF_CALIBRATION = date(1997, 9, 30)
CUSTOMERS = 1_000_000
MEMORY_LIMIT = 0.3
MODELS: dict[str, Any] = {"bg-nbd": BgNbd, "pareto-nbd": ParetoNbd, "gamma-gamma": GammaGamma}


class Case(NamedTuple):
    """One thing that both sides do, with the ratio allowed and the one aimed at."""

    name: str
    work: str
    columns: str
    limit: float
    aim: float
    repeats: int = 1


CASES = (
    Case("BG/NBD fit, CDNOW sample", "bg-nbd", "sample", 0.10, 0.05, repeats=10),
    Case("BG/NBD fit, all of CDNOW", "bg-nbd", "all", 0.20, 0.10, repeats=5),
    Case("BG/NBD fit and predict, all of CDNOW", "bg-nbd+predict", "all", 0.4, 0.25, repeats=5),
    Case("BG/NBD fit, a million in days", "bg-nbd", "days", 0.16, 0.08),
    Case("BG/NBD fit, a million in whole weeks", "bg-nbd", "weeks", 0.04, 0.02),
    Case("Pareto/NBD fit, CDNOW sample", "pareto-nbd", "sample", 0.5, 0.3),
    Case("Pareto/NBD fit, all of CDNOW", "pareto-nbd", "all", 0.15, 0.08),
    Case("Gamma-Gamma fit, CDNOW sample", "gamma-gamma", "sample", 0.5, 0.25, repeats=10),
    Case("Gamma-Gamma fit, all of CDNOW", "gamma-gamma", "all", 1.0, 0.5, repeats=5),
)


# --- the columns ----------------------------------------------------------------------------------


class Columns(NamedTuple):
    """Repeat purchases, ages at the last one and of the customer, and repeat spend in cents."""

    repeats: list[int]
    last: list[float]
    ages: list[float]
    spend: list[int]

    def write(self, folder: Path) -> None:
        """Lay the columns down for both sides: 64-bit numbers, one file each."""
        folder.mkdir()
        for name, code, column in zip(self._fields, "qddq", self, strict=True):
            with (folder / name).open("wb") as file:
                values: Any = column
                array(code, values).tofile(file)


def cdnow(sample: bool) -> Columns:
    """CDNOW's customers up to the end of the calibration, in fractional weeks."""
    days: dict[str, dict[int, int]] = {}
    for customer, day, cents in _sample_lines() if sample else _master_lines():
        if day <= END_OF_CALIBRATION.toordinal():
            of_customer = days.setdefault(customer, {})
            of_customer[day] = of_customer.get(day, 0) + cents
    columns = Columns([], [], [], [])
    for bought in days.values():
        first = min(bought)
        columns.repeats.append(len(bought) - 1)
        columns.last.append((max(bought) - first) / 7)
        columns.ages.append((END_OF_CALIBRATION.toordinal() - first) / 7)
        columns.spend.append(sum(bought.values()) - bought[first])
    return columns


def _sample_lines() -> Any:
    with (DATA / "cdnow_sample.csv").open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            yield line["masterid"], _ordinal(line["date"]), round(100 * float(line["sales"]))


def _master_lines() -> Any:
    with (DATA / "cdnow_master.txt").open(encoding="utf-8") as file:
        next(file)
        for line in file:
            customer, day, _, dollars = line.split()
            yield customer, _ordinal(day), round(100 * float(dollars))


def _ordinal(day: str) -> int:
    return date(int(day[:4]), int(day[4:6]), int(day[6:8])).toordinal()


def million(customers: int, *, whole_weeks: bool) -> Columns:
    """Customers drawn from a BG/NBD much like that of CDNOW, whose ages are whole days or weeks."""
    random = Random(7)
    columns = Columns([], [], [], [])
    unit = 7 if whole_weeks else 1
    for _ in range(customers):
        age = random.randint(27 * 7, 39 * 7)
        rate = random.gammavariate(0.243, 1.0 / (4.414 * 7))
        leaving = random.betavariate(0.793, 2.426)
        days: set[int] = set()
        at = random.expovariate(rate) if rate > 1e-9 else age
        while at < age:
            days.add(int(at) + 1)
            if random.random() < leaving:
                break
            at += random.expovariate(rate)
        columns.repeats.append(len(days))
        columns.last.append(float(max(days, default=0) // unit))
        columns.ages.append(float(age // unit))
        columns.spend.append(0)
    return columns


# --- both sides -----------------------------------------------------------------------------------


def one_round(side: str, case: Case, folder: Path) -> dict[str, Any]:
    """Do the work once, in a process of its own."""
    python = sys.executable if side == "crmkit" else str(PEER / "bin" / "python")
    script = str(HERE / f"_{side}_side.py")
    done = subprocess.run(
        [python, script, case.work, str(folder / case.columns), str(case.repeats)],
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def log_likelihood(case: Case, columns: Columns, parameters: dict[str, float]) -> float:
    """The log-likelihood of some parameters, by the accurate route."""
    model = MODELS[case.work.removesuffix("+predict")](**parameters)
    if case.work == "gamma-gamma":
        spend = CountedSpend.of_totals(columns.repeats, columns.spend, "USD")
        return float(model.log_likelihood(spend))
    rows: dict[Any, int] = {}
    for row in zip(columns.repeats, columns.last, columns.ages, strict=True):
        rows[row] = rows.get(row, 0) + 1
    whole = case.columns == "weeks"
    return float(model.log_likelihood(CountedFacts(rows, whole_units=whole)))


def measure(case: Case, columns: Columns, folder: Path, rounds: int) -> tuple[bool, bool, float]:
    """Print a line of the table; say whether it is within its limit, as likely, and the memory."""
    sides: dict[str, list[dict[str, Any]]] = {"crmkit": [], "lifetimes": []}
    for _ in range(rounds):
        for side, done in sides.items():
            done.append(one_round(side, case, folder))
    best = {side: min(d["seconds"] for d in done) for side, done in sides.items()}
    ratios = [
        ours["seconds"] / theirs["seconds"]
        for ours, theirs in zip(sides["crmkit"], sides["lifetimes"], strict=True)
    ]
    ratio = best["crmkit"] / best["lifetimes"]
    ours, theirs = (log_likelihood(case, columns, sides[side][0]["parameters"]) for side in sides)
    as_likely = ours >= theirs - 1e-9 * abs(theirs)
    peak = {side: min(d["peak_kb"] for d in done) for side, done in sides.items()}
    memory = peak["crmkit"] / peak["lifetimes"]
    print(
        f"{case.name:38} {best['crmkit']:8.4f} s {best['lifetimes']:8.4f} s"
        f"  ratio {ratio:.3f} (rounds: median {median(ratios):.3f}; limit {case.limit},"
        f" aim {case.aim})  log-likelihood {ours:.4f} and {theirs:.4f}"
        f"{'' if as_likely else '  LOWER'}  peak {peak['crmkit'] / 1024:.0f} and"
        f" {peak['lifetimes'] / 1024:.0f} MB: {memory:.2f}",
        flush=True,
    )
    return ratio <= case.limit, as_likely, memory


# --- the peer's environment -----------------------------------------------------------------------


def set_up_peer() -> bool:
    """Make the environment of lifetimes, if it is not there; say whether it is."""
    python = PEER / "bin" / "python"
    if python.exists() and (PEER / ".made").exists():
        return True
    interpreter = shutil.which("python3.11")
    if interpreter is None:
        print("lifetimes 0.11.3 needs Python 3.11: python3.11 is not on the path")
        return False
    print(f"making {PEER.name} with {', '.join(PEER_PACKAGES)} (once)", flush=True)
    subprocess.run([interpreter, "-m", "venv", "--clear", str(PEER)], check=True)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, *PEER_PACKAGES], check=True)
    (PEER / ".made").touch()
    return True


def main() -> int:
    """Measure every case and print the table."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    customers = int(sys.argv[2]) if len(sys.argv) > 2 else CUSTOMERS
    if not (DATA / "cdnow_master.txt").exists():
        print(f"the files of CDNOW are not in {DATA}")
        return 3
    if not set_up_peer():
        return 3
    print("processor time of the best round: crmkit, lifetimes")
    within = likely = True
    made = {
        "sample": cdnow(sample=True),
        "all": cdnow(sample=False),
        "days": million(customers, whole_weeks=False),
        "weeks": million(customers, whole_weeks=True),
    }
    with tempfile.TemporaryDirectory() as directory:
        for name, columns in made.items():
            columns.write(Path(directory) / name)
        for case in CASES:
            fast, as_likely, memory = measure(case, made[case.columns], Path(directory), rounds)
            lean = case.columns != "days" or memory <= MEMORY_LIMIT
            within, likely = within and fast and lean, likely and as_likely
    print(f"every ratio within its limit: {'yes' if within else 'NO'}")
    return 2 if not likely else int(not within)


if __name__ == "__main__":
    sys.exit(main())
