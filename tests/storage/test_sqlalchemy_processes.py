"""Processes share a PostgreSQL, and one that is stopped in the middle loses nothing it promised."""

from __future__ import annotations

import pytest

from tests.reliability import chosen_size
from tests.storage import postgres_checks


@pytest.mark.parametrize("check", postgres_checks.CHECKS, ids=lambda check: check.__name__)
def test_nothing_is_lost_doubled_or_overspent(check):
    outcome = check(chosen_size())
    assert outcome.held, outcome.figure
