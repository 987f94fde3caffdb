"""Small lists that options name beside the purchases: CSV with a few columns that have names."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from crmkit.cli.refusal import Refusal

__all__ = ["rows_of"]


def rows_of(path: Path, columns: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """Each row that is not blank: the line it ends on, and its cells in the order of the columns.

    Other columns are nobody's business here; a cell that is missing is empty.

    :raises Refusal: if it cannot be read, or has not these columns.
    """
    *first, last = columns
    named = f"{', '.join(first)} and {last}"
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.reader(lines)
            header = [name.strip() for name in next(reader, [])]
            if not set(columns) <= set(header):
                raise Refusal(
                    f"{path} has no columns {named}: write {','.join(columns)} in its first line, "
                    f"with a comma between columns"
                )
            places = [header.index(column) for column in columns]
            for row in filter(None, reader):
                yield reader.line_num, [_cell(row, place) for place in places]
    except OSError as error:
        why = (error.strerror or "not a usable path").lower()
        raise Refusal(f"cannot read {path}: {why}") from error
    except (csv.Error, UnicodeError) as error:
        raise Refusal(f"{path} is no CSV in UTF-8: write the columns {named}") from error


def _cell(row: Sequence[str], place: int) -> str:
    return row[place].strip() if place < len(row) else ""
