"""Trying again after a conflict: a few times, with pauses, and not for ever.

Pauses grow from one attempt to the next, and each is drawn at random from nothing up to that ("full
jitter"), because those who were in each other's way once would otherwise meet again and again.
Source: M. Brooker, Exponential Backoff and Jitter, AWS Architecture Blog, 2015.

>>> from crmkit.storage.memory import MemoryStore
>>> store = MemoryStore()
>>> def greet(unit):
...     unit.outbox.add("greeting", "hello")
...     return "done"
>>> retry(store, greet, attempts=5, deadline=timedelta(seconds=2))
'done'
"""

import random
import time
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from crmkit.errors import CrmkitError, InvalidValue, StoreBusy, VersionConflict
from crmkit.storage import Store, UnitOfWork, retry_on_conflict

__all__ = ["retry", "retry_action"]

ResultT = TypeVar("ResultT")

_NOTHING = timedelta()


def retry(
    store: Store,
    work: Callable[[UnitOfWork], ResultT],
    *,
    attempts: int = 10,
    deadline: timedelta = timedelta(seconds=10),
    first_pause: timedelta = timedelta(milliseconds=5),
    longest_pause: timedelta = timedelta(seconds=1),
    errors: tuple[type[CrmkitError], ...] = (VersionConflict, StoreBusy),
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], object] = time.sleep,
    draw: Callable[[float, float], float] = random.uniform,
) -> ResultT:
    """Do some work in a unit and commit it; after a conflict do it again, in a fresh unit.

    The work reads and decides anew each time, so what it decided on the way is never kept when
    somebody else was quicker. It ends after so many ``attempts``, or when the next one would begin
    after the ``deadline``, counted from the call; an attempt that runs is never cut short.

    The pause after the first attempt is drawn from up to ``first_pause``, after each further one
    from twice as much, and at most from ``longest_pause``. ``errors`` are those that another
    attempt can mend. Add :class:`~crmkit.storage.StoreUnavailable` only for work under an
    idempotency key: a server that went away while it committed may have kept everything.

    ``clock`` and ``sleep`` count seconds; they and ``draw`` are there to be replaced in tests.

    The store must own its transactions. On a store that joined the transaction of a host, another
    attempt would be made inside of it, after whatever the host has written: try the whole
    transaction again with :func:`retry_action`.

    :raises CrmkitError: what the last attempt met.
    :raises InvalidValue: if there is no attempt, or a time is negative.
    """
    return retry_action(
        lambda: retry_on_conflict(store, work, attempts=1),
        attempts=attempts,
        deadline=deadline,
        first_pause=first_pause,
        longest_pause=longest_pause,
        errors=errors,
        clock=clock,
        sleep=sleep,
        draw=draw,
    )


def retry_action(
    action: Callable[[], ResultT],
    *,
    attempts: int = 10,
    deadline: timedelta = timedelta(seconds=10),
    first_pause: timedelta = timedelta(milliseconds=5),
    longest_pause: timedelta = timedelta(seconds=1),
    errors: tuple[type[Exception], ...] = (VersionConflict, StoreBusy),
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], object] = time.sleep,
    draw: Callable[[float, float], float] = random.uniform,
) -> ResultT:
    """Do anything that begins and ends by itself, such as a whole transaction of a host, again.

    It is :func:`retry` for those who open the transaction themselves; ``errors`` may then name
    those of the host's own driver, such as a serialization failure.

    :raises Exception: what the last attempt met.
    :raises InvalidValue: if there is no attempt, or a time is negative.
    """
    if type(attempts) is not int or attempts < 1:
        raise InvalidValue("attempts is how often the work is tried at most: 1 or more")
    if min(deadline, first_pause, longest_pause) < _NOTHING:
        raise InvalidValue("a deadline and a pause are not negative: pass timedelta(seconds=1)")
    ends_at = clock() + deadline.total_seconds()
    bound, longest = first_pause.total_seconds(), longest_pause.total_seconds()
    for _ in range(attempts - 1):
        try:
            return action()
        except errors:
            pause = draw(0.0, min(bound, longest))
            if clock() + pause > ends_at:
                raise
            sleep(pause)
            bound = min(2 * bound, longest)
    return action()
