"""One round of crmkit in ``lifetime_value.py``: WORK, FOLDER, REPEATS; prints JSON."""

import json
import sys
from array import array
from pathlib import Path
from time import process_time
from typing import Any

from crmkit.lifetime_value.facts import CountedSpend, RepeatPurchaseColumns
from crmkit.lifetime_value.models.bg_nbd import BgNbd
from crmkit.lifetime_value.models.gamma_gamma import GammaGamma
from crmkit.lifetime_value.models.pareto_nbd import ParetoNbd

HORIZON = 39.0


def read(folder: Path, name: str, code: str) -> list[Any]:
    """A column as a plain list."""
    column = array(code)
    path = folder / name
    with path.open("rb") as file:
        column.fromfile(file, path.stat().st_size // column.itemsize)
    return column.tolist()


def peak_kb() -> int:
    """The most memory that this process ever held; getrusage would count its parent's, too."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


def main() -> None:
    """Fit (and predict), as often as told; the best time counts."""
    work, folder, repeats = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    x = read(folder, "repeats", "q")
    if work == "gamma-gamma":
        spend = read(folder, "spend", "q")
    else:
        last, ages = read(folder, "last", "d"), read(folder, "ages", "d")
    whole = folder.name == "weeks"
    seconds = []
    for _ in range(repeats):
        start = process_time()
        model: Any
        if work == "gamma-gamma":
            model = GammaGamma.fit(CountedSpend.of_totals(x, spend, "USD"))
        else:
            columns = RepeatPurchaseColumns(x, last, ages, whole_units=whole)
            model = (ParetoNbd if work == "pareto-nbd" else BgNbd).fit(columns)
            if work.endswith("+predict"):
                model.expected_purchases_each(columns, HORIZON)
        seconds.append(process_time() - start)
    print(
        json.dumps(
            {
                "seconds": min(seconds),
                "parameters": {name: getattr(model, name) for name in model.PARAMETERS},
                "peak_kb": peak_kb(),
            }
        )
    )


if __name__ == "__main__":
    main()
