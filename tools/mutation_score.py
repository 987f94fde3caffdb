"""Say what share of the mutants was killed; exit status 1 if it is below 90 %.

A mutant that made the tests run into their time limit was noticed, so it counts as killed; one that
no test reaches counts as survived. Usage: ``python tools/mutation_score.py STATS.json``, with the
file that ``mutmut export-cicd-stats`` wrote.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path

LIMIT = 90


def killed(stats: Mapping[str, int]) -> tuple[int, int]:
    """Return how many mutants a test noticed, and how many were tried."""
    tried = stats["total"] - stats["skipped"]
    if tried <= 0:
        raise SystemExit("no mutant was tried: is there anything to mutate, and a test that runs?")
    return stats["killed"] + stats["timeout"] + stats["segfault"], tried


if __name__ == "__main__":
    noticed, tried = killed(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    print(f"{noticed} of {tried} mutants killed: {noticed / tried:.1%} (at least {LIMIT} %)")
    sys.exit(100 * noticed < LIMIT * tried)
