"""What could not be read, and the account of everything that was.

Every line of a file is a purchase, a reject, a header, a blank, or goes on with a record that began
on an earlier line; :class:`IntakeReport` counts them, and the counts add up to the lines that were
read.
"""

import csv
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from enum import StrEnum
from types import MappingProxyType
from typing import Self, TextIO

from attrs import Factory, define, field, frozen

from crmkit.errors import CrmkitError, InvalidValue, UnreadableSource

__all__ = [
    "BadLine",
    "IntakeReport",
    "NoGoodLine",
    "OnError",
    "Refused",
    "Reject",
    "RejectReason",
    "RejectsFile",
    "RejectsNotWritten",
    "Tally",
]


class OnError(StrEnum):
    """What a bad line does."""

    COLLECT = "collect"
    """It is reported, and the good lines go on."""
    STOP = "stop"
    """The first bad line stops everything with :class:`BadLine`."""


class RejectReason(StrEnum):
    """Why a line is not a purchase; stable words to count and to match on."""

    UNDECODABLE = "undecodable"
    """Bytes that are no text in the encoding that was named."""
    NUL_CHARACTER = "nul-character"
    LINE_TOO_LONG = "line-too-long"
    MALFORMED = "malformed"
    """A quote that is not closed, or text after a closing quote."""
    TOO_FEW_COLUMNS = "too-few-columns"
    TOO_MANY_COLUMNS = "too-many-columns"
    MISSING = "missing"
    """Nothing where the customer, the date, the amount or the currency should be."""
    WRONG_TYPE = "wrong-type"
    """A value of a row that is of no use here, such as a float for an amount."""
    BAD_IDENTIFIER = "bad-identifier"
    BAD_DATE = "bad-date"
    NO_ZONE = "no-zone"
    """A time of day whose day depends on a time zone that nobody named."""
    BAD_AMOUNT = "bad-amount"
    TOO_FINE = "too-fine"
    """More decimal digits than the currency has."""
    UNKNOWN_CURRENCY = "unknown-currency"
    REFUND_NOT_NEGATIVE = "refund-not-negative"
    """It names the order that it gives back, and takes money all the same."""


class Refused(Exception):
    """Inside the intake only: why this one line is turned away. It always becomes a Reject."""

    def __init__(self, reason: RejectReason, message: str, column: str | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.column = column


@frozen(kw_only=True)
class Reject:
    """A line that is not a purchase, with where, why, and what would have worked.

    ``line`` is the line it begins on (the row, for rows), both counted from 1, and ``lines`` how
    many it takes up; ``column`` is what could not be read (``customer``, ``date``, ...), if it was
    one column. ``raw`` is what stood there, for a file of rejects; it may be personal and stays out
    of the ``repr`` and of the message.
    """

    line: int
    lines: int = 1
    column: str | None = None
    reason: RejectReason
    message: str
    raw: str = field(repr=False, metadata={"personal": True})

    def __str__(self) -> str:
        where = f"line {self.line}" + (f", {self.column}" if self.column else "")
        return f"{where}: {self.message}"


@frozen(kw_only=True)
class IntakeReport:
    """The account of what was read: nothing vanishes, the counts add up to the lines.

    ``lines_read`` are physical lines, ended by LF, CRLF or CR (rows, for rows). ``continued_lines``
    are those that go on with a record begun on an earlier line, inside a quoted field. A line that
    was only looked at when an error broke off the reading is not among them.
    ``first_rejects`` are the first of ``rejects``; ``reasons`` counts all of them. ``complete``
    says whether everything was read to the end.
    """

    lines_read: int = 0
    header_lines: int = 0
    blank_lines: int = 0
    continued_lines: int = 0
    purchases: int = 0
    rejects: int = 0
    reasons: Mapping[RejectReason, int] = field(factory=lambda: MappingProxyType({}), hash=False)
    first_rejects: tuple[Reject, ...] = ()
    bytes_read: int = 0
    complete: bool = False

    @property
    def accounted_lines(self) -> int:
        """The lines whose fate is known; by law the same number as ``lines_read``."""
        return (
            self.header_lines
            + self.blank_lines
            + self.continued_lines
            + self.purchases
            + self.rejects
        )


class BadLine(UnreadableSource):
    """A line that could not be read, where the caller wanted to stop at the first."""

    code = "bad-line"

    def __init__(self, reject: Reject) -> None:
        """Keep the reject; the message carries nothing of what stood on the line."""
        super().__init__(f"{reject}; on_error='collect' would go on with the other lines")
        self.reject = reject


class NoGoodLine(UnreadableSource):
    """There are lines, and not one of them is a purchase."""

    code = "no-good-line"

    def __init__(self, report: IntakeReport) -> None:
        """Keep the report and show what was wrong most often."""
        reason, count = max(report.reasons.items(), key=lambda item: item[1])
        example = next((reject for reject in report.first_rejects if reject.reason is reason), None)
        super().__init__(
            f"not one line is a purchase: {report.rejects:,} rejected, {count:,} of them as "
            f"{reason}" + (f", such as {example}" if example else "")
        )
        self.report = report


class RejectsNotWritten(CrmkitError):
    """The file of rejects could not be written."""

    code = "rejects-not-written"


@define
class Tally:
    """What has been counted so far in one reading."""

    keep: int
    on_error: OnError
    rejects_file: "RejectsFile | None" = None
    lines_read: int = 0
    bytes_read: int = 0
    header_lines: int = 0
    blank_lines: int = 0
    continued_lines: int = 0
    purchases: int = 0
    reasons: Counter[RejectReason] = Factory(Counter)
    kept: list[Reject] = Factory(list)
    complete: bool = False

    def reject(self, line: int, lines: int, raw: str, refused: Refused) -> None:
        """Account for a bad line.

        :raises BadLine: if the caller wants to stop at the first.
        """
        reject = Reject(
            line=line,
            lines=lines,
            column=refused.column,
            reason=refused.reason,
            message=refused.message,
            raw=raw,
        )
        self.reasons[reject.reason] += 1
        self.continued_lines += lines - 1
        if len(self.kept) < self.keep:
            self.kept.append(reject)
        if self.rejects_file is not None:
            self.rejects_file.write(reject)
        if self.on_error is OnError.STOP:
            raise BadLine(reject)

    def forget_unsettled_lines(self) -> None:
        """Count no line that was only looked at when something broke off the reading."""
        self.lines_read = self.report().accounted_lines

    def report(self) -> IntakeReport:
        """Take stock."""
        return IntakeReport(
            lines_read=self.lines_read,
            header_lines=self.header_lines,
            blank_lines=self.blank_lines,
            continued_lines=self.continued_lines,
            purchases=self.purchases,
            rejects=self.reasons.total(),
            reasons=MappingProxyType(dict(self.reasons)),
            first_rejects=tuple(self.kept),
            bytes_read=self.bytes_read,
            complete=self.complete,
        )


# --- the file of rejects --------------------------------------------------------------------------

# A spreadsheet runs a cell that begins like this as a formula. The apostrophe is among them so that
# taking one leading apostrophe away always gives back what stood in the line.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "'")


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell


class RejectsFile(AbstractContextManager["RejectsFile"]):
    """A CSV file with all rejects: line, column, reason, message, raw.

    It is UTF-8. A cell that a spreadsheet would run as a formula gets a leading apostrophe; what
    was no text is written as ``\\udcff`` and the like.
    """

    def __init__(self, path: str | os.PathLike[str], source: object = None) -> None:
        """Open the file for writing, unless it is the one that is read."""
        try:
            if _is_same_file(path, source):
                raise InvalidValue("write_rejects is the file that is read: name another one")
            self._file: TextIO = open(  # noqa: SIM115 - it closes itself as a context manager
                path, "w", encoding="utf-8", errors="backslashreplace", newline=""
            )
        except (OSError, ValueError) as error:
            if isinstance(error, CrmkitError):
                raise
            raise _not_written(error) from error
        self._rows = csv.writer(self._file)
        self._write([("line", "column", "reason", "message", "raw")])

    def write(self, reject: Reject) -> None:
        """Add one reject."""
        cells = (reject.column or "", reject.reason.value, reject.message, reject.raw)
        self._write([(reject.line, *map(_harmless, cells))])

    def _write(self, rows: Iterable[Iterable[object]]) -> None:
        try:
            self._rows.writerows(rows)
        except OSError as error:
            raise _not_written(error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        try:
            self._file.close()
        except OSError as error:
            raise _not_written(error) from error


def _is_same_file(path: str | os.PathLike[str], source: object) -> bool:
    if not isinstance(source, str | os.PathLike):
        return False
    return os.path.exists(path) and os.path.samefile(path, source)


def _not_written(error: Exception) -> RejectsNotWritten:
    why = getattr(error, "strerror", None) or "no usable path"
    return RejectsNotWritten(
        f"the rejects cannot be written ({why.lower()}): name a file in a folder that exists, on a "
        f"disk with room"
    )
