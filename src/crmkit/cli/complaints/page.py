"""A page of text: instants as people say them, columns, and lines that fit."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from textwrap import wrap

from crmkit.cli.complaints.cases import CaseFile
from crmkit.cli.refusal import one_line

__all__ = ["as_of", "day_ended", "due", "end_of_day", "page", "table", "when"]

_WIDTH = 100
_WIDEST = 60


def page(*sections: Iterable[str]) -> str:
    """Put sections below each other with a blank line between; long lines go on below."""
    written = ("\n".join(_fitting(lines)) for lines in sections)
    return "\n\n".join(section for section in written if section)


def _fitting(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        if len(line) <= _WIDTH:
            yield line
            continue
        indent = " " * (len(line) - len(line.lstrip()))
        yield from wrap(
            line.strip(),
            _WIDTH,
            initial_indent=indent,
            subsequent_indent=f"{indent}    ",
            break_long_words=False,
            break_on_hyphens=False,
        )


def table(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Columns side by side; numbers to the right."""
    cells = [tuple(_short(one_line(cell)) for cell in row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        placed = (
            cell.rjust(width) if _is_number(cell) else cell.ljust(width)
            for cell, width in zip(row, widths, strict=True)
        )
        yield f"  {'  '.join(placed)}".rstrip()


def _is_number(cell: str) -> bool:
    return cell.replace(",", "").isdecimal()


def _short(text: str) -> str:
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 3]}..."


# --- instants -------------------------------------------------------------------------------------


def when(at: datetime, file: CaseFile) -> str:
    """An instant on the clock on the wall; a table of days knows no other."""
    local = at.astimezone(file.zone)
    if not file.is_log and local.time() == time():
        return f"{local:%Y-%m-%d}"
    return f"{local:%Y-%m-%d %H:%M:%S}" if local.second else f"{local:%Y-%m-%d %H:%M}"


def day_ended(at: datetime, file: CaseFile) -> date:
    """The day that ends at an instant."""
    return at.astimezone(file.zone).date() - timedelta(days=1)


def end_of_day(at: datetime, file: CaseFile) -> str:
    """The end of a day, said by its day and not by the one that begins then."""
    return f"the end of {day_ended(at, file)}"


def due(at: datetime, file: CaseFile) -> str:
    """Until when something may be done."""
    local = at.astimezone(file.zone)
    return f"by {end_of_day(at, file)}" if local.time() == time() else when(at, file)


def as_of(file: CaseFile) -> str:
    """As of when all is shown, and who says so."""
    day = end_of_day(file.as_of, file)
    return f"as of {day}, the last in the file" if file.as_of == file.taken_at else f"as of {day}"
