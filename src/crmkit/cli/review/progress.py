"""A bar for long work, on standard error, where a person is watching."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["Progress", "progress"]


class Progress:
    """Where the work stands; this one tells nobody."""

    def read(self, position: int) -> None:
        """So many bytes are read."""

    def step(self, name: str) -> None:
        """Another step of the work begins."""


@contextmanager
def progress(source: Path | None, *, wanted: bool) -> Iterator[Progress]:
    """Show how far the work is, if it is wanted and standard error is a terminal."""
    if not wanted or sys.stderr is None or not sys.stderr.isatty():
        yield Progress()
        return
    try:
        from rich.console import Console
        from rich.progress import BarColumn, TaskProgressColumn, TextColumn
        from rich.progress import Progress as Bars
    except ImportError:
        yield Progress()  # The figures as JSON do without the extra, and so without a bar.
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("reading", total=_size(source))
        yield _Shown(
            lambda position: bars.update(task, completed=position),
            lambda name: bars.update(task, description=name),
        )


class _Shown(Progress):
    def __init__(self, read: Callable[[int], None], step: Callable[[str], None]) -> None:
        self._read = read
        self._step = step

    def read(self, position: int) -> None:
        self._read(position)

    def step(self, name: str) -> None:
        self._step(name)


def _size(source: Path | None) -> int | None:
    """How many bytes there are to read, None where nobody knows."""
    try:
        return source.stat().st_size or None if source is not None else None
    except OSError:
        return None
