"""Reading a file of purchases."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import tzinfo
from typing import BinaryIO

from crmkit.errors import InvalidValue, UnreadableSource
from crmkit.intake.cells import Parsed, parser_of, text_cells
from crmkit.intake.dates import ISO
from crmkit.intake.fields import Record, check_delimiter, find_delimiter, records_of
from crmkit.intake.layout import ColumnChoice, check_columns, find_layout
from crmkit.intake.limits import Limits
from crmkit.intake.lines import Line, PhysicalLines, encoding_named
from crmkit.intake.reader import Opened, PurchaseReader
from crmkit.intake.rejects import OnError, Refused, Tally
from crmkit.money import Rounding, digits_of

__all__ = ["read_purchases"]

_LINES_LOOKED_AT = 100


def read_purchases(
    path: str | os.PathLike[str] | BinaryIO,
    *,
    currency: str | None = None,
    columns: ColumnChoice | None = None,
    header: bool = True,
    delimiter: str | None = None,
    encoding: str = "utf-8",
    date_format: str = ISO,
    zone: tzinfo | str | None = None,
    decimal: str = ".",
    thousands: str | None = None,
    rounding: Rounding | None = None,
    on_error: OnError | str = OnError.COLLECT,
    write_rejects: str | os.PathLike[str] | None = None,
    limits: Limits | None = None,
) -> PurchaseReader:
    """Read what customers bought from a file: CSV, or text separated by white space.

    Nothing is guessed that could be read in two ways, and no line vanishes: what is not a purchase
    is a reject with its line, column and reason, and the counts of ``reader.report`` add up.
    Identical lines are all kept, an amount of zero is a purchase, a negative one a refund. The
    options that can be wrong in themselves are checked at once, the file when the reader is
    iterated.

    :param path: a path, or a stream of bytes, which can be read once.
    :param currency: the ISO 4217 code of the amounts of lines that name none.
    :param columns: the name or position (from 0) of any of customer, date, amount, currency, order,
        product, channel and refund_of; the others are found by their usual names (``USUAL_NAMES``).
        ``None`` leaves a column unread.
    :param header: whether the first line that is not blank names the columns.
    :param delimiter: what separates the columns, ``" "`` for any run of white space; not given, it
        is the first of tab, ``;``, ``|`` and ``,`` that the first line has outside quotes, or else
        white space. (A comma in a first line of data is passed over where ``decimal`` is a comma.)
    :param encoding: utf-8, utf-16, gb18030, cp1252, iso8859-1, iso8859-15 or ascii. A byte order
        mark that says otherwise is an error; what is no text in it is a reject.
    :param date_format: ``"iso"`` for ``2026-03-01`` and ``20260301``, and, with a zone, for
        instants such as ``2026-03-01T23:30:00+01:00``; or directives as in ``"%d.%m.%Y"``: %Y %y %m
        %b %B %d and %H %M %S %f %z, where %b and %B are English names.
    :param zone: where the shop is: the day of an instant is the day there, and a time without an
        offset is the time on the clock there.
    :param decimal: the decimal sign, ``"."`` or ``","``.
    :param thousands: what groups thousands: ``","``, ``"."``, ``"'"`` or ``" "``; not given,
        nothing.
    :param rounding: what becomes of digits beyond the minor unit; not given, they are a reject.
    :param on_error: ``"collect"`` rejects and goes on, ``"stop"`` raises at the first bad line.
    :param write_rejects: a CSV file that all rejects are written to, with what stood on the line.
    :param limits: the sizes beyond which a line is refused.
    :raises InvalidValue: if an option is none of those above.
    :raises InvalidMoney: if the currency is unknown.

    >>> import io
    >>> shop = io.BytesIO(b"customer,date,amount\\nC-7,2026-03-01,12.30\\nC-7,2026-02-30,1.00\\n")
    >>> reader = read_purchases(shop, currency="EUR")
    >>> [(purchase.customer, str(purchase.amount)) for purchase in reader]
    [('C-7', '12.30 EUR')]
    >>> print(reader.report.first_rejects[0])
    line 3, date: not a day written as YYYY-MM-DD or YYYYMMDD
    """
    if not (isinstance(path, str | os.PathLike) or hasattr(path, "read")):
        raise InvalidValue("path is a str, a path, or a stream of bytes that is open for reading")
    if currency is not None:
        digits_of(currency)
    if delimiter is not None:
        check_delimiter(delimiter)
    chosen = check_columns(columns or {})
    limits = limits or Limits()
    encoding = encoding_named(encoding)
    cells = text_cells(date_format, zone, decimal, thousands, rounding)

    def open_source(tally: Tally, stack: ExitStack) -> Opened:
        stream = stack.enter_context(_open(path)) if isinstance(path, str | os.PathLike) else path
        lines = PhysicalLines(stream, encoding, limits, tally)
        first = _first_line(lines, tally)
        numbers_with_commas = not header and decimal == ","
        found = delimiter or find_delimiter(first, without_comma=numbers_with_commas)
        records = records_of(lines, found, limits)
        names = _read_header(records, tally) if header else None
        layout = find_layout(
            names, chosen, currency_given=currency is not None, advice=_advice(names)
        )
        parse = parser_of(layout, cells, currency)
        if names is not None:
            layout.check_width(len(names))
            if _is_purchase(parse, names):
                raise UnreadableSource(
                    "the first line is a purchase, not a header: pass header=False, and the "
                    "columns by position"
                )
        width = None if names is None else len(names)
        return Opened(records=records, parse=parse, width=width, check_width=layout.check_width)

    return PurchaseReader(
        open_source,
        on_error=on_error,
        kept_rejects=limits.kept_rejects,
        write_rejects=write_rejects,
        source=path,
    )


def _open(path: str | os.PathLike[str]) -> BinaryIO:
    try:
        return open(path, "rb")
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "not a usable path"
        raise UnreadableSource(
            f"cannot read {os.fspath(path)}: {why.lower()}; pass the path of a file of purchases"
        ) from error


def _first_line(lines: PhysicalLines, tally: Tally) -> str:
    """Look at the first line that says something and leave it to be read; count blank ones."""
    seen: list[Line] = []
    source = iter(lines)
    while True:
        _, text, problem = line = next(source)
        if text is None:
            break
        if not text or text.isspace():
            tally.blank_lines += 1
            continue
        seen.append(line)
        if problem is None or len(seen) == _LINES_LOOKED_AT:
            break
    if not seen:
        raise UnreadableSource("the file is empty: pass a file with at least one line")
    lines.push_back(seen)
    return text or ""


def _read_header(records: Iterator[Record], tally: Tally) -> list[str]:
    line, lines, _, cells = next(records)
    if isinstance(cells, Refused):
        raise UnreadableSource(f"line {line} should be the header, and is not: {cells.message}")
    tally.header_lines += lines
    return list(cells)


def _advice(names: Sequence[str] | None) -> str:
    advice = ", or header=False if the first line is no header"
    return f"{advice}, or the delimiter" if names and len(names) == 1 else advice


def _is_purchase(parse: Callable[[Sequence[str]], Parsed], names: Sequence[str]) -> bool:
    try:
        parse(names)
    except Refused:
        return False
    return True
