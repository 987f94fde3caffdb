"""Real data that no one on this project made; it lies beside the project, in ../shared/data.

A machine without it skips the tests that need it; a machine that sets ``CI`` has to have it.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

SHARED_DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data"


def shared_file(name: str) -> Path:
    """Find a file of the shared data, or skip the test; fail where the data must be there."""
    path = SHARED_DATA / name
    if not path.is_file():
        if os.environ.get("CI"):
            pytest.fail(f"{name} is not in {SHARED_DATA}, and CI has to have it")
        pytest.skip(f"{name} is not in {SHARED_DATA}")
    return path
