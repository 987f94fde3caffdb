"""One transaction for the rows of the shop and for what crmkit keeps: all of it, or nothing."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import transaction

from club.faults import typed_errors
from club.program import DESK
from crmkit.errors import StoreBusy, VersionConflict
from crmkit.storage import UnitOfWork

__all__ = ["together"]

ResultT = TypeVar("ResultT")

_FIRST_PAUSE = 0.005
"""Seconds."""


def together(work: Callable[[UnitOfWork], ResultT], *, attempts: int = 8) -> ResultT:
    """Do some work in one transaction; after a conflict do all of it again, in a fresh one.

    To try again inside of ``atomic()`` would write the rows of the shop twice.
    """
    for attempt in range(attempts - 1):
        try:
            return _once(work)
        except (VersionConflict, StoreBusy):
            time.sleep(random.uniform(0, _FIRST_PAUSE * 2**attempt))  # noqa: S311
    return _once(work)


def _once(work: Callable[[UnitOfWork], ResultT]) -> ResultT:
    # What the database says about a row of the shop may quote it, so it is translated here too.
    with typed_errors(), transaction.atomic(), DESK.store.unit_of_work() as unit:
        result = work(unit)
        unit.commit()
    return result
