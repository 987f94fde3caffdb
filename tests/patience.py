"""That something ends: it would keep a host busy for minutes or for ever if it were done wrongly.

How long it takes is for the benchmarks to say; no machine is so slow or so busy that the limit
here matters to what is done rightly.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

SECONDS = 60


@contextmanager
def patience() -> Iterator[None]:
    """What is done within ends by itself; after a minute of processor time the test fails."""

    def give_up(*_: object) -> None:
        pytest.fail(f"still busy after {SECONDS} seconds of processor time")

    before = signal.signal(signal.SIGPROF, give_up)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def refused_soon(error: type[Exception], call: Callable[[], object]) -> None:
    """The call ends, and with this error."""
    with patience(), pytest.raises(error):
        call()
