"""A page of text: columns, and lines that fit."""

from collections.abc import Iterable, Iterator, Sequence
from textwrap import wrap

from crmkit.cli.refusal import one_line

__all__ = ["page", "table"]

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
