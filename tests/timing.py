"""How long something takes, as far as a busy machine can tell."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest


def refused_within(seconds: float, error: type[Exception], call: Callable[[], object]) -> None:
    """The call raises the error, and needs no more CPU time; the shortest of three runs counts."""

    def once() -> float:
        started = time.process_time()
        with pytest.raises(error):
            call()
        return time.process_time() - started

    assert min(once() for _ in range(3)) < seconds
