"""What ``complaints.py`` asks of both sides: the steps of a case, and how time is taken.

Plain Python, because the peer runs it in an environment without crmkit.
"""

import gc
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from time import process_time
from typing import NamedTuple, TypeVar

CaseT = TypeVar("CaseT")
AnyT = TypeVar("AnyT")

MONDAY = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
CASES, TURNS = 100, 12
"""So many cases take each step together, so many times in a round: a turn is then long enough to be
timed, and no case has to be put back to where it stood."""


class Step(NamedTuple):
    """A step of a case: an action by its name, or what is put on record before one."""

    name: str
    by: str
    reason: str
    is_action: bool = True
    refused: bool = False
    at: datetime = MONDAY


_TOLD = (
    Step("acknowledge", "anna", "wrote that we have it"),
    Step("assess", "anna", "looked at it", refused=True),  # Nobody has said how severe it is.
    Step("severity", "anna", "the door gets hot", is_action=False),
    Step("assess", "anna", "looked at it"),
    Step("investigate", "anna", "asked the workshop"),
    Step("facts", "ben", "the seal was left out", is_action=False),
    Step("respond", "anna", "offered a repair"),
    Step("dispute", "anna", "a repair is not enough"),
    Step("investigate", "anna", "asked the workshop again"),
    Step("facts", "ben", "the door is bent as well", is_action=False),
    Step("respond", "anna", "offered a new oven"),
    Step("accept", "anna", "agreed on the phone"),
    Step("satisfaction", "anna", "asked two days later", is_action=False),
    Step("close", "ben", "nothing is left to do"),
)
STEPS = tuple(step._replace(at=MONDAY + timedelta(hours=n)) for n, step in enumerate(_TOLD, 1))

Line = tuple[str, str, str, str, str]
"""What the audit says of a change of status: by whom, when, why, from where, to where."""


Seconds = dict[str, dict[str, float]]
"""By kind (actions, refused, records, created), the processor seconds of each part of it."""


def walk(
    begin: Callable[[], CaseT],
    go: Callable[[CaseT, Step], CaseT],
    read: Callable[[CaseT], list[Line]],
) -> tuple[Seconds, list[Line]]:
    """Take many cases through all steps together: the seconds of each step, and the audit.

    ``go`` gives the case as it is after a step, and raises if it was refused or allowed wrongly.
    """
    found: Seconds = {"actions": {}, "refused": {}, "records": {}}
    for _ in range(TURNS):
        cases = [begin() for _ in range(CASES)]
        for place, step in enumerate(STEPS, 1):
            seconds = found[_kind(step)]
            name = f"{place} {step.name}"
            taken, cases = _timed(partial(_all, go, cases, step))
            seconds[name] = min(seconds.get(name, taken), taken)
    return found, read(cases[0])


def _kind(step: Step) -> str:
    if step.refused:
        return "refused"
    return "actions" if step.is_action else "records"


def _all(go: Callable[[CaseT, Step], CaseT], cases: list[CaseT], step: Step) -> list[CaseT]:
    return [go(case, step) for case in cases]


def made(make: Callable[[], object]) -> dict[str, float]:
    """The seconds of making a case and taking the first step with it."""
    taken = (_timed(lambda: [make() for _ in range(CASES)])[0] for _ in range(TURNS))
    return {"created": min(taken)}


def _timed(work: Callable[[], list[AnyT]]) -> tuple[float, list[AnyT]]:
    """The seconds of a turn; what it leaves behind is collected while the clock stands."""
    gc.collect()
    gc.disable()
    begun = process_time()
    done = work()
    taken = process_time() - begun
    gc.enable()
    return taken / CASES, done


def write(seconds: Seconds, audit: list[Line]) -> None:
    """Hand the figures to the benchmark."""
    json.dump((seconds, audit), sys.stdout)
