"""How often a promise was put to the test, and how often it did not hold.

What crmkit promises when machines fail is tried many times over, not once. Each such check is a
function from a :class:`Size` to an :class:`Outcome`: the tests call it with the size of their run
and assert that it failed nowhere, and one command prints the outcomes of all checks as a table. A
module of checks names its own in the open, as ``CHECKS: tuple[Check, ...]``.

How much is tried is chosen by ``CRMKIT_RELIABILITY``: ``quick`` for a run at one's desk, ``ci`` for
every change (the default where ``CI`` is set), ``release`` before a release.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from enum import Enum
from typing import TypeVar

from attrs import field, frozen

T = TypeVar("T")


class Size(Enum):
    """How much a run tries."""

    QUICK = "quick"
    CI = "ci"
    RELEASE = "release"

    def of(self, quick: T, ci: T, release: T) -> T:
        """What this run takes of three, such as how many processes are killed."""
        return {Size.QUICK: quick, Size.CI: ci, Size.RELEASE: release}[self]


def chosen_size() -> Size:
    """The size that the environment asks for."""
    default = Size.CI if os.environ.get("CI") else Size.QUICK
    return Size(os.environ.get("CRMKIT_RELIABILITY") or default.value)


@frozen
class Outcome:
    """One line of the table.

    ``figure`` says in words what was measured, ``seed`` what the dice began with where there are
    any. An outcome without cases shows nothing, and is no success.
    """

    promise: str
    cases: int = field()
    failures: int
    figure: str
    seed: int | None = None

    @cases.validator
    def _something_was_tried(self, _: object, cases: int) -> None:
        if cases < 1:
            raise ValueError(f"nothing was tried of: {self.promise}")

    @property
    def held(self) -> bool:
        """Whether the promise held in every case."""
        return self.failures == 0


Check = Callable[[Size], Outcome]


def control(broken: Outcome) -> Outcome:
    """The line of a check that was run on something broken on purpose: it must have noticed."""
    return Outcome(
        promise=f"control: {broken.promise}",
        cases=1,
        failures=int(broken.held),
        figure=f"noticed {broken.failures} times in {broken.cases}: {broken.figure}",
        seed=broken.seed,
    )
