"""Hypothesis profiles: how hard the laws are searched for a counterexample.

``HYPOTHESIS_PROFILE`` chooses; a machine that sets ``CI`` gets ``ci``, everybody else ``dev``.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, settings

# A machine under load must not fail a law for being slow: no profile has a deadline.
settings.register_profile("dev", max_examples=50, deadline=None)
settings.register_profile(
    "ci", max_examples=100, derandomize=True, deadline=None, database=None, print_blob=True
)
# The libraries beneath are others, the laws are the same: a few examples of each tell.
settings.register_profile(
    "brief", max_examples=20, derandomize=True, deadline=None, database=None, print_blob=True
)
settings.register_profile(
    "mutate",
    max_examples=60,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    # The mutation run calls the tests of one process again and again.
    suppress_health_check=[HealthCheck.differing_executors, HealthCheck.too_slow],
)
settings.register_profile(
    "soak", max_examples=20_000, deadline=None, print_blob=True, stateful_step_count=100
)
settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "dev")
)


@pytest.fixture(params=["memory", "sqlite"])
def store(request, tmp_path):
    """A store with nothing in it, of each kind that comes with crmkit."""
    # Imported when it is asked for: most tests need no store.
    from crmkit.storage.memory import MemoryStore
    from crmkit.storage.sqlite import SqliteStore

    if request.param == "memory":
        yield MemoryStore()
    else:
        with SqliteStore.open(tmp_path / "kept.crmkit", create=True) as opened:
            yield opened
