"""From lines to fields: delimiters, quotes, and records that go on over several lines.

Quoting follows RFC 4180, strictly: a quote that is not closed, or text after a closing quote, makes
the line it begins on a reject, and reading goes on with the line after that one, so that one stray
quote does not swallow the good lines behind it. So does a record over several lines whose number of
columns is not that of the first.
"""

import csv
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from crmkit.errors import InvalidValue
from crmkit.intake.limits import Limits
from crmkit.intake.lines import Line, PhysicalLines
from crmkit.intake.rejects import Refused, RejectReason

__all__ = ["WHITE_SPACE", "Record", "check_delimiter", "find_delimiter", "records_of"]

WHITE_SPACE: Final = " "
"""The delimiter that stands for any run of white space."""

_DELIMITERS = ("\t", ";", "|", ",")
_QUOTED = re.compile(r'"(?:[^"]|"")*"')
# One field of white-space separated text: all of it in quotes, or none of it.
_WORD = re.compile(r'"((?:[^"]|"")*)"(?!\S)|(\S+)')

Record = tuple[int, int, Any, Sequence[Any] | Refused]
"""First line, number of lines, what stood there, and cells or why there are none; blank is []."""


def check_delimiter(delimiter: str) -> None:
    """Refuse a delimiter that fields could not be told apart by.

    :raises InvalidValue: unless it is one character that is no letter, digit, quote or line end.
    """
    if (
        not isinstance(delimiter, str)
        or len(delimiter) != 1
        or delimiter.isalnum()
        or delimiter in '"\r\n\0'
    ):
        raise InvalidValue(
            "delimiter is one character such as ',', ';', '|' or a tab; ' ' stands for any run of "
            "white space"
        )


def find_delimiter(first_line: str, *, without_comma: bool) -> str:
    """Find what separates the fields: the first of tab, ; | , in the first line, else white space.

    Quoted parts are not looked at, and the comma is passed over where numbers have decimal commas.
    """
    text = _QUOTED.sub("", first_line)
    for delimiter in _DELIMITERS:
        if delimiter in text and not (delimiter == "," and without_comma):
            return delimiter
    return WHITE_SPACE


def records_of(lines: PhysicalLines, delimiter: str, limits: Limits) -> Iterator[Record]:
    """Split lines into records; each line ends up in exactly one."""
    if delimiter == WHITE_SPACE:
        return _words(lines)
    return _delimited(lines, delimiter, limits)


def _words(lines: PhysicalLines) -> Iterator[Record]:
    source = iter(lines)
    while True:
        number, text, problem = next(source)
        if text is None:
            return
        if problem is not None:
            yield number, 1, text, problem
        elif '"' not in text:
            yield number, 1, text, text.split()
        else:
            yield number, 1, text, _quoted_words(text)


def _quoted_words(text: str) -> list[str] | Refused:
    words = []
    for match in _WORD.finditer(text):
        quoted, plain = match.groups()
        if quoted is None and plain.startswith('"'):
            return _malformed()
        words.append(plain if quoted is None else quoted.replace('""', '"'))
    return words


def _delimited(lines: PhysicalLines, delimiter: str, limits: Limits) -> Iterator[Record]:
    quoted = _QuotedRecords(lines, delimiter, limits)
    width = 0  # Of the first record, as soon as there is one.
    source = iter(lines)
    while True:
        number, text, problem = line = next(source)
        if text is None:
            return
        if problem is not None:
            yield number, 1, text, problem
        elif not text or text.isspace():
            yield number, 1, text, []
        elif '"' in text:
            record = quoted.beginning_with(line, text, width)
            if not width and not isinstance(record[3], Refused):
                width = len(record[3])
            yield record
        else:
            cells = text.split(delimiter)
            width = width or len(cells)
            yield number, 1, text, cells


class _QuotedRecords:
    """Reads one record at a time with the csv module, which asks for further lines if need be."""

    def __init__(self, lines: PhysicalLines, delimiter: str, limits: Limits) -> None:
        self._lines = lines
        self._source = iter(lines)
        self._most = limits.record_lines
        self._taken: list[Line] = []
        self._next_text: str | None = None
        self._reader = csv.reader(self, delimiter=delimiter, strict=True, skipinitialspace=True)

    def beginning_with(self, line: Line, text: str, width: int) -> Record:
        """Read the record that begins on a line; if it makes no sense, only that line is lost."""
        self._taken = [line]
        self._next_text = text
        try:
            fields = next(self._reader)
        except csv.Error:
            fields = None
        if fields is None or (len(self._taken) > 1 and width and len(fields) != width):
            self._lines.push_back(self._taken[1:])
            return line[0], 1, text, _malformed()
        raw = "\n".join(str(text) for _, text, _ in self._taken)
        return line[0], len(self._taken), raw, fields

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        """Hand the csv module the next line of the record."""
        if (text := self._next_text) is not None:
            self._next_text = None
            return f"{text}\n"
        if len(self._taken) == self._most:
            raise StopIteration
        line = next(self._source)
        _, text, problem = line
        if text is None:
            raise StopIteration
        if problem is not None:
            self._lines.push_back([line])
            raise StopIteration
        self._taken.append(line)
        return f"{text}\n"


def _malformed() -> Refused:
    return Refused(
        RejectReason.MALFORMED,
        "a quote is not closed, or something stands right after it: a quote inside quotes is "
        "written twice",
    )
