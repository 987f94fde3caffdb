"""The rows of a CSV file, each with its line, and an account of every line."""

import csv
import os
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from attrs import define, field, frozen

from crmkit.cli.complaints.options import STANDARD_INPUT
from crmkit.cli.refusal import Refusal
from crmkit.errors import CrmkitError
from crmkit.intake import Limits, OnError
from crmkit.intake.fields import Record, find_delimiter, records_of
from crmkit.intake.lines import Line, PhysicalLines, encoding_named
from crmkit.intake.rejects import Refused, Tally

__all__ = ["Account", "Rejected", "RejectedLine", "Row", "name_of", "rows_of"]

_EXAMPLE = "example.csv"
_LINES_LOOKED_AT = 100
_NAMES_SHOWN = 6
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "'")


class Rejected(Exception):
    """Why a row cannot be used: a stable word, and what would have worked."""

    def __init__(self, reason: str, message: str, column: str | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.column = column


@frozen
class RejectedLine:
    """A row that is not used, with where it begins and why."""

    line: int
    column: str | None
    reason: str
    message: str
    raw: str = field(default="", repr=False, metadata={"personal": True})
    """What stood there, where somebody wants it."""

    def __str__(self) -> str:
        where = f"line {self.line}" + (f", {self.column}" if self.column else "")
        return f"{where}: {self.message}"


@frozen
class Row:
    """One row: the line it begins on, and the cells that are read, by the name of the column."""

    line: int
    cells: Mapping[str, str]
    raw: str = field(repr=False, metadata={"personal": True})

    def __getitem__(self, column: str) -> str:
        """The text of a cell without the blanks around it."""
        return self.cells[column].strip()


@define
class Account:
    """What became of every line: ``lines`` is the sum of all the others.

    ``unread`` are the columns that the layout does not read. Rejects keep what stood there only
    with ``keeps_raw``, for a file of rejects.
    """

    keeps_raw: bool = False
    unread: tuple[str, ...] = ()
    lines: int = 0
    header_lines: int = 0
    blank_lines: int = 0
    continued_lines: int = 0
    rows: int = 0
    rejects: list[RejectedLine] = field(factory=list)

    def reject(self, line: int, why: Rejected, raw: str) -> None:
        """Account for a row that cannot be used, after it was counted as one."""
        self.rows -= 1
        kept = raw if self.keeps_raw else ""
        self.rejects.append(RejectedLine(line, why.column, why.reason, why.message, kept))

    @property
    def reasons(self) -> Mapping[str, int]:
        """How many rows were rejected for each reason, the most frequent first."""
        return dict(Counter(reject.reason for reject in self.rejects).most_common())

    def write(self, path: Path) -> str:
        """Write all rejects as CSV, harmless to a spreadsheet, and say where.

        :raises Refusal: if that cannot be done.
        """
        try:
            with path.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
                table = csv.writer(file)
                table.writerow(("line", "column", "reason", "message", "raw"))
                for each in self.rejects:
                    cells = (each.column or "", each.reason, each.message, each.raw)
                    table.writerow((each.line, *map(_harmless, cells)))
        except OSError as error:
            why = (error.strerror or "not a usable path").lower()
            raise Refusal(f"cannot write {path}: {why}") from error
        return str(path)


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell


# --- reading --------------------------------------------------------------------------------------


def name_of(file: str | None) -> str:
    """What the screens call a file."""
    if file is None:
        return "the example"
    if file == STANDARD_INPUT:
        return "standard input"
    # A name need not be text; what is none is shown as an escape.
    return os.fsencode(Path(file).name).decode("utf-8", "backslashreplace")


def rows_of(
    file: str | None, header: tuple[str, ...], encoding: str, account: Account
) -> Iterator[Row]:
    """Go through the rows of a file; what is no row is accounted for as a reject.

    :raises Refusal: if the file cannot be read, or lacks a column that the layout names.
    """
    try:
        with _open(file) as stream:
            yield from _rows(stream, header, encoding, account)
    except CrmkitError as error:
        raise Refusal(_in_options(str(error))) from error


def _open(file: str | None) -> AbstractContextManager[BinaryIO]:
    if file is None:
        return BytesIO(files(__package__).joinpath(_EXAMPLE).read_bytes())
    if file == STANDARD_INPUT:
        if sys.stdin is None:
            raise Refusal("standard input is closed: name a file of complaints")
        return nullcontext(sys.stdin.buffer)
    try:
        return Path(file).open("rb")
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "not a usable path"
        raise Refusal(f"cannot read {file}: {why.lower()}") from error


def _rows(
    stream: BinaryIO, header: tuple[str, ...], encoding: str, account: Account
) -> Iterator[Row]:
    tally = Tally(keep=0, on_error=OnError.COLLECT)
    limits = Limits()
    lines = PhysicalLines(stream, encoding_named(encoding), limits, tally)
    delimiter = find_delimiter(_first_line(lines, account), without_comma=False)
    records = records_of(lines, delimiter, limits)
    names = _header(records, header, account)
    wanted = [(name, names.index(name)) for name in header]
    for line, count, raw, cells in records:
        if not cells:
            account.blank_lines += count
            continue
        account.rows += 1
        account.continued_lines += count - 1
        if isinstance(cells, Refused):
            why = Rejected(cells.reason.value, _in_options(cells.message))
            account.reject(line, why, raw)
        elif len(cells) != len(names):
            reason = "too-few-columns" if len(cells) < len(names) else "too-many-columns"
            message = f"{len(cells)} columns, where the header has {len(names)}"
            account.reject(line, Rejected(reason, message), raw)
        else:
            yield Row(line, {name: cells[place] for name, place in wanted}, raw)
    account.lines = tally.lines_read


def _in_options(message: str) -> str:
    """What the library says to programmers, in the words of the command line."""
    for ours, theirs in (
        ("encoding=", "--encoding "),
        ("encoding is not one", "--encoding is not one"),
        ("purchase files", "files"),
        (": limits=Limits(line_characters=...) allows more", ": shorten what stands there"),
    ):
        message = message.replace(ours, theirs)
    return message


def _first_line(lines: PhysicalLines, account: Account) -> str:
    """Look at the first line that says something and leave it to be read; count blank ones."""
    seen: list[Line] = []
    source = iter(lines)
    while len(seen) < _LINES_LOOKED_AT:
        _, text, problem = line = next(source)
        if text is None:
            break
        if not text or text.isspace():
            account.blank_lines += 1
            continue
        seen.append(line)
        if problem is None:
            break
    if not seen:
        raise Refusal("the file is empty: name a file with a header and one row or more")
    lines.push_back(seen)
    return seen[-1][1] or ""


def _header(
    records: Iterator[Record], wanted: tuple[str, ...], account: Account
) -> tuple[str, ...]:
    line, count, _, cells = next(records)
    if isinstance(cells, Refused):
        raise Refusal(f"line {line} should be the header, and is not: {cells.message}")
    names = tuple(cell.strip() for cell in cells)
    missing = [name for name in wanted if name not in names]
    if missing:
        raise Refusal(
            f"the header has no column {_few(missing)}, which the layout names; it has "
            f"{len(names)} columns"
        )
    twice = [name for name in wanted if names.count(name) > 1]
    if twice:
        raise Refusal(f"the header has several columns {', '.join(map(repr, twice))}: rename one")
    account.header_lines += count
    account.unread = tuple(name for name in names if name and name not in wanted)
    return names


def _few(names: list[str]) -> str:
    """The first of some names; a newcomer with the wrong file need not read all of them."""
    more = len(names) - _NAMES_SHOWN
    shown = ", ".join(map(repr, names[:_NAMES_SHOWN]))
    return f"{shown} and {more} more" if more > 0 else shown
