"""Points expire and tiers fall on the same days everywhere: whatever the zone of the machine, the
order in which sets are walked through, and the release of dateutil.

``make test-lowest`` runs this with dateutil 2.9, ``make test`` and ``make test-newest`` with 4.0.
"""

import os
import subprocess
import sys
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.loyalty.calendar_of_points import calendar_of_points, last_days, policies, tiers

ROOT = Path(__file__).resolve().parent.parent.parent
DIGEST = "b996b9c6c558b40dc7083997cf3fb25166c0ee9f6cd9bc820e57dbaa32a56b73"
"""What came out when this was written; whoever changes it says in the changelog what changed."""


def test_it_is_what_it_was():
    found = sha256(calendar_of_points().encode()).hexdigest()
    assert found == DIGEST, f"with dateutil {version('python-dateutil')}"


def test_it_looks_at_much():
    """Each expiry is looked at on each day, and tiers rise and fall under every policy."""
    assert all(line.count("/") == 600 for line in last_days())
    told = list(tiers())
    assert len(told) == len(list(policies())) > 100
    assert all("gold" in line for line in told)
    assert sum(":gold" in line and line.count(":bronze") > 1 for line in told) > 50


@pytest.mark.parametrize(
    ("zone", "seed", "language"),
    [
        ("Pacific/Apia", "0", "C"),
        ("America/New_York", "1", "de_DE.UTF-8"),
    ],
)
def test_the_machine_makes_no_difference(zone, seed, language):
    done = subprocess.run(
        [sys.executable, "-m", "tests.loyalty.calendar_of_points"],
        cwd=ROOT,
        env={**os.environ, "TZ": zone, "PYTHONHASHSEED": seed, "LC_ALL": language},
        capture_output=True,
        check=True,
        timeout=600,
    )
    assert sha256(done.stdout).hexdigest() == DIGEST
