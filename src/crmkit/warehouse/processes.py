"""Lines in files, in parts of whole customers: one part in memory at a time, or one a process.

Lines in no order are first laid out in parts, all of a customer in one. Each part is then summed up
by itself, so memory holds the customers of a part and not all; and parts know nothing of each
other, so each may have a process of its own. The result is the same however many there are.
"""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from datetime import date
from functools import partial
from heapq import merge
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar
from zlib import crc32

from crmkit.errors import InvalidValue
from crmkit.lifetime_value import RefundRule
from crmkit.warehouse.kernel import (
    CustomerSummary,
    Line,
    check_refunds,
    day_of,
    summarize_lines,
)

__all__ = ["lay_out_lines", "lines_of_file", "part_of", "summarize_parts"]

PartT = TypeVar("PartT")

Columns = list[tuple[Any, ...]]

_COLUMNS = ("customer_id", "day", "amount_minor")


def part_of(customer: str, parts: int) -> int:
    """In which of so many parts a customer is: the same in every process and every release.

    It is the CRC-32 of the key in UTF-8, modulo the number of parts.

    >>> part_of("anna", 8), part_of("客", 8)
    (7, 2)
    """
    return crc32(customer.encode()) % parts


# --- files ----------------------------------------------------------------------------------------


def lines_of_file(path: Path | str) -> Iterator[Line]:
    """The lines of a canonical table kept as CSV: UTF-8, with ``customer_id,day,amount_minor``.

    Days are whole days since 1970-01-01, amounts whole minor units. To read purchases as people
    write them (dates, decimal amounts, other columns), use :func:`~crmkit.intake.read_purchases`
    and :func:`lines_of`.

    :raises InvalidValue: if the first row is not that of the columns, or a row has other than a
        text and two whole numbers; it names the row by its number.
    """
    with Path(path).open(encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file, strict=True)
        try:
            if tuple(next(rows, ())) == _COLUMNS:
                for customer, day, minor in rows:
                    yield customer, int(day), int(minor)
                return
        except (ValueError, csv.Error) as error:
            raise InvalidValue(
                f"line {rows.line_num} or what follows is no customer, whole day and whole amount "
                f"in minor units, in UTF-8"
            ) from error
    raise InvalidValue(f"the first row of a canonical table is {','.join(_COLUMNS)}")


def lay_out_lines(lines: Iterable[Line], folder: Path | str, *, parts: int) -> list[Path]:
    """Write lines into so many files of a folder, all lines of a customer into the same one.

    The lines are read once, in any order, and none is kept in memory. The files are read by
    :func:`lines_of_file`.

    :raises InvalidValue: if there is to be less than one part, or more than 500 (each is an open
        file).
    :raises FileExistsError: if such a file is there already: nothing is written over.
    """
    if type(parts) is not int or not 1 <= parts <= 500:
        raise InvalidValue("lines are laid out in 1 to 500 parts: each is an open file")
    paths = [Path(folder) / f"part-{number:03}.csv" for number in range(parts)]
    with ExitStack() as stack:
        writers = [
            csv.writer(stack.enter_context(path.open("x", encoding="utf-8", newline="")))
            for path in paths
        ]
        for writer in writers:
            writer.writerow(_COLUMNS)
        writes = [writer.writerow for writer in writers]
        for line in lines:
            writes[part_of(line[0], parts)](line)
    return paths


# --- parts ----------------------------------------------------------------------------------------


def summarize_parts(
    parts: Sequence[PartT],
    read: Callable[[PartT], Iterable[Line]],
    *,
    as_of: date,
    refunds: RefundRule = RefundRule.NET,
    workers: int = 1,
) -> list[CustomerSummary]:
    """Sum up parts of whole customers, each as :func:`summarize_lines` does; sorted by customer.

    ``read`` gives the lines of a part, in any order: :func:`lines_of_file` for files, or a function
    of yours that asks a database for a range of customers. With more than one of ``workers`` it is
    called in other processes, which import it, and this program, anew: it is a function of a
    module, and the program starts its work under ``if __name__ == "__main__"``.

    Other processes pay where reading a part is work in itself, and each reads only its own part.

    :raises InvalidValue: if a customer is in two parts, there is less than one worker, or a line is
        none (see :func:`summarize_lines`).
    :raises InvalidPolicy: if ``refunds`` is no :class:`~crmkit.lifetime_value.RefundRule`.
    """
    day_of(as_of)
    if type(workers) is not int or workers < 1:
        raise InvalidValue("the work is done by a whole number of workers, one or more")
    work = partial(_summarized, read, as_of, check_refunds(refunds))
    if workers == 1:
        return _merged(map(work, parts))
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        return _merged(pool.map(work, parts))


def _summarized(
    read: Callable[[PartT], Iterable[Line]], as_of: date, refunds: RefundRule, part: PartT
) -> Columns:
    """The summaries of a part as columns, which go from process to process much faster."""
    return list(zip(*summarize_lines(read(part), as_of=as_of, refunds=refunds), strict=True))


def _merged(parts: Iterable[Columns]) -> list[CustomerSummary]:
    rows = [map(CustomerSummary._make, zip(*columns, strict=True)) for columns in parts]
    summaries = list(merge(*rows))
    if any(one.customer_id == other.customer_id for one, other in pairwise(summaries)):
        raise InvalidValue(
            "a customer is in two parts: all lines of a customer go into one, as lay_out_lines "
            "does it"
        )
    return summaries
