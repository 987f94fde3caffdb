"""One round of lifetimes in ``lifetime_value.py``: WORK, FOLDER, REPEATS; prints JSON."""

# mypy: ignore-errors

import json
import sys
import warnings
from pathlib import Path
from time import process_time

import numpy as np
from lifetimes import BetaGeoFitter, GammaGammaFitter, ParetoNBDFitter

HORIZON = 39.0


def peak_kb() -> int:
    """The most memory that this process ever held; getrusage would count its parent's, too."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


def main() -> None:
    """Fit (and predict), as often as told; the best time counts."""
    warnings.simplefilter("ignore")
    work, folder, repeats = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    x = np.fromfile(folder / "repeats", dtype=np.int64)
    if work == "gamma-gamma":
        spend = np.fromfile(folder / "spend", dtype=np.int64)
        usable = (x > 0) & (spend > 0)
        x = x[usable]
        mean = spend[usable] / 100 / x
    else:
        last = np.fromfile(folder / "last", dtype=np.float64)
        ages = np.fromfile(folder / "ages", dtype=np.float64)
    seconds = []
    for _ in range(repeats):
        start = process_time()
        if work == "gamma-gamma":
            fitter = GammaGammaFitter().fit(x, mean)
        elif work == "pareto-nbd":
            fitter = ParetoNBDFitter().fit(x, last, ages)
        else:
            fitter = BetaGeoFitter().fit(x, last, ages)
            if work.endswith("+predict"):
                fitter.conditional_expected_number_of_purchases_up_to_time(HORIZON, x, last, ages)
        seconds.append(process_time() - start)
    print(
        json.dumps(
            {
                "seconds": min(seconds),
                "parameters": {name: float(value) for name, value in fitter.params_.items()},
                "peak_kb": peak_kb(),
            }
        )
    )


if __name__ == "__main__":
    main()
