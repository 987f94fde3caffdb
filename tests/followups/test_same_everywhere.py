"""A schedule is the same everywhere: whatever the zone of the machine, the order in which sets are
walked through, and the release of dateutil.

``make test-lowest`` runs this with dateutil 2.9, ``make test`` and ``make test-newest`` with 4.0.
"""

import os
import subprocess
import sys
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.followups.schedule import schedule

ROOT = Path(__file__).resolve().parent.parent.parent
DIGEST = "05e4c09e61878afada1a90b0d57f03a47607de15875e138a5540b44476ba4b7f"
"""What was planned when this was written; whoever changes it says in the changelog what changed."""


def test_it_is_what_it_was():
    found = sha256(schedule().encode()).hexdigest()
    assert found == DIGEST, f"with dateutil {version('python-dateutil')}"


@pytest.mark.parametrize(
    ("zone", "seed", "language"),
    [
        ("Pacific/Apia", "1", "C"),
        ("America/New_York", "2", "C.UTF-8"),
        ("Asia/Kathmandu", "3", "de_DE.UTF-8"),
    ],
)
def test_the_machine_makes_no_difference(zone, seed, language):
    done = subprocess.run(
        [sys.executable, "-m", "tests.followups.schedule"],
        cwd=ROOT,
        env={**os.environ, "TZ": zone, "PYTHONHASHSEED": seed, "LC_ALL": language},
        capture_output=True,
        check=True,
        timeout=600,
    )
    assert sha256(done.stdout).hexdigest() == DIGEST
