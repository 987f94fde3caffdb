"""The rows of a CSV file, each with its line, and an account of every line."""

import csv
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from attrs import define, field, frozen

from crmkit.cli.refusal import Refusal
from crmkit.errors import CrmkitError
from crmkit.intake import Limits, OnError
from crmkit.intake.fields import Record, find_delimiter, records_of
from crmkit.intake.lines import Line, PhysicalLines, encoding_named
from crmkit.intake.rejects import Refused, Tally

__all__ = ["Account", "Rejected", "RejectedLine", "Row", "rows_of"]

_LINES_LOOKED_AT = 100
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

    def __str__(self) -> str:
        where = f"line {self.line}" + (f", {self.column}" if self.column else "")
        return f"{where}: {self.message}"


@frozen
class Row:
    """One row: the line it begins on, and its cells by the name of the column."""

    line: int
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        """The text of a cell without the blanks around it."""
        return self.cells[column].strip()


@define
class Account:
    """What became of every line: ``lines`` is the sum of all the others."""

    lines: int = 0
    header_lines: int = 0
    blank_lines: int = 0
    continued_lines: int = 0
    rows: int = 0
    rejects: list[RejectedLine] = field(factory=list)

    def reject(self, line: int, why: Rejected) -> None:
        """Account for a row that cannot be used, after it was counted as one."""
        self.rows -= 1
        self.rejects.append(RejectedLine(line, why.column, why.reason, why.message))

    @property
    def reasons(self) -> Mapping[str, int]:
        """How many rows were rejected for each reason, the most frequent first."""
        return dict(Counter(reject.reason for reject in self.rejects).most_common())

    @property
    def is_complete(self) -> bool:
        """Whether the counts add up to the lines of the file."""
        return self.lines == (
            self.header_lines
            + self.blank_lines
            + self.continued_lines
            + self.rows
            + len(self.rejects)
        )

    def write(self, path: Path) -> str:
        """Write all rejects as CSV, harmless to a spreadsheet, and say where.

        :raises Refusal: if that cannot be done.
        """
        try:
            with path.open("w", encoding="utf-8", newline="") as file:
                table = csv.writer(file)
                table.writerow(("line", "column", "reason", "message"))
                for each in self.rejects:
                    cells = (each.column or "", each.reason, each.message)
                    table.writerow((each.line, *map(_harmless, cells)))
        except OSError as error:
            why = (error.strerror or "not a usable path").lower()
            raise Refusal(f"cannot write {path}: {why}") from error
        return str(path)


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell


def rows_of(path: Path, header: tuple[str, ...], encoding: str, account: Account) -> Iterator[Row]:
    """Go through the rows of a file; what is no row is accounted for as a reject.

    :raises Refusal: if the file cannot be read, or lacks a column that the layout names.
    """
    try:
        with _open(path) as stream:
            yield from _rows(stream, header, encoding, account)
    except CrmkitError as error:
        raise Refusal(str(error).replace("encoding=", "--encoding ")) from error


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "not a usable path"
        raise Refusal(f"cannot read {path}: {why.lower()}") from error


def _rows(
    stream: BinaryIO, header: tuple[str, ...], encoding: str, account: Account
) -> Iterator[Row]:
    tally = Tally(keep=0, on_error=OnError.COLLECT)
    limits = Limits()
    lines = PhysicalLines(stream, encoding_named(encoding), limits, tally)
    delimiter = find_delimiter(_first_line(lines, account), without_comma=False)
    records = records_of(lines, delimiter, limits)
    names = _header(records, header, account)
    for line, count, _, cells in records:
        if not cells:
            account.blank_lines += count
            continue
        account.rows += 1
        account.continued_lines += count - 1
        if isinstance(cells, Refused):
            account.reject(line, Rejected(cells.reason.value, _in_options(cells.message)))
        elif len(cells) != len(names):
            reason = "too-few-columns" if len(cells) < len(names) else "too-many-columns"
            message = f"{len(cells)} columns, where the header has {len(names)}"
            account.reject(line, Rejected(reason, message))
        else:
            yield Row(line, dict(zip(names, cells, strict=True)))
    account.lines = tally.lines_read


def _in_options(message: str) -> str:
    return message.replace("encoding=", "--encoding ")


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
            f"the header has no column {', '.join(map(repr, missing))}, which the layout names; "
            f"it has {len(names)} columns"
        )
    twice = [name for name in wanted if names.count(name) > 1]
    if twice:
        raise Refusal(f"the header has several columns {', '.join(map(repr, twice))}: rename one")
    account.header_lines += count
    return names
