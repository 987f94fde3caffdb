"""Going through purchases, line by line or column by column, with an account of every line."""

import os
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, closing
from typing import Any, Self

from attrs import frozen

from crmkit.errors import CrmkitError, InvalidValue
from crmkit.intake.cells import Parsed
from crmkit.intake.columns import PurchaseColumns
from crmkit.intake.fields import Record
from crmkit.intake.rejects import (
    IntakeReport,
    NoGoodLine,
    OnError,
    Refused,
    RejectReason,
    RejectsFile,
    Tally,
)
from crmkit.records import Purchase

__all__ = ["Opened", "PurchaseReader"]

_BATCH = 4096


@frozen(kw_only=True)
class Opened:
    """A source with its beginning read: what each line holds, and how it is to be understood."""

    records: Iterator[Record]
    parse: Callable[[Sequence[Any]], Parsed]
    width: int | None
    """How many cells a line has; None where the first one says so."""
    check_width: Callable[[int], None] = lambda width: None
    """Called with what the first one says."""
    show: Callable[[Any], str] = str
    """How a bad line is written out."""


class PurchaseReader:
    """The purchases of a file or of rows, and the account of every line.

    Iterate it for :class:`~crmkit.records.Purchase` objects, or :meth:`columns` for the same ones
    in columns, which is several times faster; the checks and the rejects are the same. Each goes
    through the source from its beginning (a path can be read again, a stream or a cursor only
    once), a few thousand lines at a time, so memory does not grow with the file. Afterwards
    :attr:`report` is the account. As a context manager it closes what an unfinished loop left open.
    """

    def __init__(
        self,
        open_source: Callable[[Tally, ExitStack], Opened],
        *,
        on_error: OnError | str,
        kept_rejects: int,
        write_rejects: str | os.PathLike[str] | None,
        source: object,
    ) -> None:
        if on_error not in list(OnError):
            raise InvalidValue(f"on_error is one of: {', '.join(OnError)}")
        self._open_source = open_source
        self._on_error = OnError(on_error)
        self._kept_rejects = kept_rejects
        self._write_rejects = write_rejects
        self._source = source
        self._tally = self._new_tally()
        self._running: Generator[PurchaseColumns] | None = None

    def __repr__(self) -> str:
        return f"<PurchaseReader: {self._tally.lines_read} lines read>"

    @property
    def report(self) -> IntakeReport:
        """The account of the reading that was begun last, finished or not.

        Purchases are taken in by the batch: when a loop is left early, the report may be some
        ahead.
        """
        return self._tally.report()

    def columns(self) -> Iterator[PurchaseColumns]:
        """Go through the purchases some thousands at a time, each time as columns.

        :raises UnreadableSource: if the source cannot be read as what the caller said it is.
        :raises MissingColumn: if a column that a purchase needs was not found.
        :raises AmbiguousColumn: if several columns could be one that a purchase needs.
        :raises BadLine: at the first bad line, with ``on_error="stop"``.
        :raises NoGoodLine: at the end, if there were lines and not one was a purchase.
        :raises RejectsNotWritten: if the file of rejects cannot be written.
        """
        self._running = self._run()
        return self._running

    def __iter__(self) -> Iterator[Purchase]:
        """Go through the purchases one by one; raises what :meth:`columns` raises."""
        with closing(self._run()) as batches:
            self._running = batches
            for batch in batches:
                yield from batch.purchases()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self._running is not None:
            self._running.close()

    def _new_tally(self) -> Tally:
        return Tally(keep=self._kept_rejects, on_error=self._on_error)

    def _run(self) -> Generator[PurchaseColumns]:
        tally = self._tally = self._new_tally()
        try:
            with ExitStack() as stack:
                opened = self._open_source(tally, stack)
                if self._write_rejects is not None:
                    rejects = RejectsFile(self._write_rejects, self._source)
                    tally.rejects_file = stack.enter_context(rejects)
                yield from _batches(opened, tally)
        except CrmkitError:
            tally.forget_unsettled_lines()
            raise
        tally.complete = True
        if tally.reasons and not tally.purchases:
            raise NoGoodLine(tally.report())


def _batches(opened: Opened, tally: Tally) -> Iterator[PurchaseColumns]:
    """Parse line by line; what was good before something went wrong is handed out first.

    It is one loop, and long, because it runs once for every line.
    """
    parse = opened.parse
    width = opened.width
    good: list[Parsed] = []
    stopped: CrmkitError | None = None
    try:
        for line, lines, raw, cells in opened.records:
            if not cells:
                tally.blank_lines += lines
                continue
            try:
                if isinstance(cells, Refused):
                    raise cells
                if len(cells) != width:
                    width = _check_width(opened, len(cells), width)
                good.append(parse(cells))
            except Refused as refused:
                tally.reject(line, lines, opened.show(raw), refused)
                continue
            if lines != 1:
                tally.continued_lines += lines - 1
            if len(good) == _BATCH:
                tally.purchases += len(good)
                yield PurchaseColumns.of(good)
                good = []
    except CrmkitError as error:
        stopped = error
    if good:
        tally.purchases += len(good)
        yield PurchaseColumns.of(good)
    if stopped is not None:
        raise stopped


def _check_width(opened: Opened, found: int, width: int | None) -> int:
    """Hold the number of cells against that of the first line, or take it as the first."""
    if width is None:
        opened.check_width(found)
        return found
    reason = RejectReason.TOO_FEW_COLUMNS if found < width else RejectReason.TOO_MANY_COLUMNS
    raise Refused(reason, f"{found} columns, where the first line has {width}")
