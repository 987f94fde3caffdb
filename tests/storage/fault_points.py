"""A fault at every statement of every use case, one after the other."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from unittest import mock

from attrs import define

from crmkit.errors import StoreError
from crmkit.storage.sqlite import SqliteStore
from tests.reliability import Check, Outcome, Size, control
from tests.storage.sqlite_files import Connecting, everything_kept, folder_in_memory
from tests.storage.use_cases import HALF_DONE, USE_CASES, UseCase

WAYS = ("before", "after", "from then on")
"""A statement is not run; it is run, but the answer is lost; it and all that follow fail."""

CODES = (sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY)
"""What the fault says: the disk failed, it is full, somebody else is writing."""


@define
class Fault:
    """Lets the k-th statement fail, counted from the moment it is armed."""

    at: int = 0
    way: str = "before"
    count: int | None = None
    met: str | None = None

    def __call__(self, run: Callable[[], Any], statement: str) -> Any:
        if self.count is None:
            return run()
        self.count += 1
        is_it = self.count == self.at or (self.way == "from then on" and self.count > self.at)
        if not is_it:
            return run()
        if self.count == self.at:
            self.met = statement
        if self.way == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.way == "after":
            run()
        raise self.error()

    def arm(self) -> None:
        self.count = 0

    def disarm(self) -> None:
        self.count = None

    def error(self) -> sqlite3.OperationalError:
        error = sqlite3.OperationalError("a fault that the test has planted")
        error.sqlite_errorcode = CODES[self.at % len(CODES)]
        return error


class Shop:
    """The file before a use case and after it, and copies in which it goes wrong."""

    def __init__(self, case: UseCase, folder: Path) -> None:
        self.case = case
        self.before = folder / "before.crmkit"
        self.copy = folder / "copy.crmkit"
        with SqliteStore.open(self.before, create=True) as store:
            case.before(store)
        self.old = everything_kept(self.before)
        self.new = self._after()
        assert self.old != self.new, f"nothing happens when {case.name}"

    def begin(self) -> None:
        """Make the copy as it was before, whatever has become of it."""
        for old in self.copy.parent.glob(f"{self.copy.name}*"):
            old.unlink()
        shutil.copy(self.before, self.copy)

    def _after(self) -> object:
        self.begin()
        with SqliteStore.open(self.copy) as store:
            self.case.act(store)
        return everything_kept(self.copy)

    def goes_wrong(self, fault: Fault) -> str | None:
        """Let the use case meet a fault; what is not as promised then, if anything."""
        self.begin()
        with (
            mock.patch.object(sqlite3, "connect", Connecting(fault)),
            SqliteStore.open(self.copy) as it,
        ):
            fault.arm()
            failed = self._failed(it)
            fault.disarm()
            found = self.judged(failed=failed)
            if found is None:
                # Whoever does not know whether it was done does it again, with the same store.
                self.case.again(it)
        return found or self.judged(failed=False)

    def _failed(self, store: SqliteStore) -> bool:
        try:
            self.case.act(store)
        except StoreError:
            return True
        return False

    def judged(self, *, failed: bool) -> str | None:
        """What is not as promised in the copy after the use case, if anything."""
        kept = everything_kept(self.copy)
        if kept not in (self.old, self.new):
            return "half done"
        if kept != self.new and not failed:
            return "acknowledged, and not done"
        return None


def faults(
    cases: Iterable[UseCase] = USE_CASES, ways: Iterable[str] = WAYS, every: int = 1
) -> Outcome:
    """Let each statement of each use case fail in each way: state is old or new, never between.

    ``every`` takes only each so many-th point. In the figure stands what was not as promised.
    """
    points, wrong, names = 0, list[str](), list[str]()
    for case in cases:
        names.append(case.name)
        with folder_in_memory() as folder:
            shop = Shop(case, Path(folder))
            for way in ways:
                at = 1
                while True:
                    fault = Fault(at, way)
                    found = shop.goes_wrong(fault)
                    if fault.met is None:
                        break
                    points += 1
                    at += every
                    if found is not None:
                        wrong.append(f"{case.name}, {way} {fault.met!r}: {found}")
    return Outcome(
        promise="at whichever statement a disk fails, a use case has happened or it has not",
        cases=points,
        failures=len(wrong),
        figure=f"{len(names)} use cases; " + ("; ".join(wrong[:3]) or "each old or new, then new"),
    )


def every_fault(size: Size) -> Outcome:
    """All points of all use cases, or every third of them."""
    return faults(every=size.of(3, 1, 1))


def a_command_in_two_units(size: Size) -> Outcome:
    """The control: what is kept in two units is seen half done."""
    return control(faults([HALF_DONE]))


CHECKS: tuple[Check, ...] = (every_fault, a_command_in_two_units)
