"""Purchases from the rows of a database or a data frame."""

import csv
import io
import operator
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import date, datetime, tzinfo
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from attrs import frozen

from crmkit.errors import InvalidMoney
from crmkit.intake.cells import Cells, Parsed, TextCells, missing, parser_of, text_cells
from crmkit.intake.dates import ISO
from crmkit.intake.fields import Record
from crmkit.intake.layout import Column, ColumnChoice, check_columns, find_layout
from crmkit.intake.limits import Limits
from crmkit.intake.reader import Opened, PurchaseReader
from crmkit.intake.rejects import OnError, Refused, RejectReason, Tally
from crmkit.money import Rounding, as_fraction, digits_of

__all__ = ["purchases_from_rows"]


def purchases_from_rows(
    rows: Iterable[Any],
    *,
    currency: str | None = None,
    columns: ColumnChoice | None = None,
    names: Sequence[str] | None = None,
    date_format: str = ISO,
    zone: tzinfo | str | None = None,
    decimal: str = ".",
    thousands: str | None = None,
    rounding: Rounding | None = None,
    on_error: OnError | str = OnError.COLLECT,
    write_rejects: str | os.PathLike[str] | None = None,
    limits: Limits | None = None,
) -> PurchaseReader:
    """Take in what customers bought from rows: of a database, a data frame, or another reader.

    A row is a mapping (cells by name), a named tuple, or a sequence (cells by position, or by
    ``names``, such as those in ``cursor.description``). A cell holds text, which is read as a cell
    of a file is, or a value: a customer, order, product or channel can be an ``int`` or a ``UUID``;
    a day a ``date``, or a ``datetime``, whose day is that in ``zone`` (one without a zone is the
    time on the clock there); an amount an ``int`` or a ``Decimal``, of major units. ``None``, NaN
    and NaT mean that there is nothing. A float is refused as an amount: it does not say which exact
    amount was meant. Rejects, counts and options are those of
    :func:`~crmkit.intake.read_purchases`; lines are rows, counted from 1.

    :param names: what the cells of a sequence are called.
    :raises InvalidValue: if an option is none of those above.
    :raises InvalidMoney: if the currency is unknown.

    >>> rows = [(17, date(2026, 3, 1), Decimal("12.30")), (17, date(2026, 3, 1), 12.3)]
    >>> reader = purchases_from_rows(rows, names=["customer", "date", "amount"], currency="EUR")
    >>> [(purchase.customer, str(purchase.amount)) for purchase in reader]
    [('17', '12.30 EUR')]
    >>> print(reader.report.first_rejects[0])
    line 2, amount: a float, which does not say ...: pass a Decimal, or text such as f'{x:.2f}'
    """
    if currency is not None:
        digits_of(currency)
    chosen = check_columns(columns or {})
    limits = limits or Limits()
    cells = RowCells(text_cells(date_format, zone, decimal, thousands, rounding))

    def open_source(tally: Tally, stack: ExitStack) -> Opened:
        return _RowSource(rows, names, chosen, cells, currency, limits).opened(tally)

    return PurchaseReader(
        open_source,
        on_error=on_error,
        kept_rejects=limits.kept_rejects,
        write_rejects=write_rejects,
        source=None,
    )


class _RowSource:
    """Rows with their names, which the first of them tells if nobody else did."""

    def __init__(
        self,
        rows: Iterable[Any],
        names: Sequence[str] | None,
        chosen: Mapping[Column, str | int | None],
        cells: Cells,
        currency: str | None,
        limits: Limits,
    ) -> None:
        self._rows = rows
        self._names = None if names is None else list(names)
        self._keys: list[Any] | None = None
        self._chosen = chosen
        self._cells = cells
        self._currency = currency
        self._limits = limits
        self._parse: Callable[[Sequence[Any]], Parsed] | None = None

    def opened(self, tally: Tally) -> Opened:
        width = None if self._names is None else len(self._names)
        return Opened(
            records=self._records(tally), parse=self._parse_row, width=width, show=self._shown
        )

    def _records(self, tally: Tally) -> Iterator[Record]:
        for number, row in enumerate(self._rows, 1):
            tally.lines_read += 1
            yield number, 1, row, self._cells_of(row)

    def _cells_of(self, row: Any) -> Sequence[Any] | Refused:
        if hasattr(row, "_fields") or not hasattr(row, "keys"):
            return self._sequence(row)
        if self._keys is None:
            self._keys = list(row.keys())
            self._names = [str(key) for key in self._keys]
        try:
            return [row[key] for key in self._keys] if len(row) else []
        except LookupError:
            return Refused(
                RejectReason.TOO_FEW_COLUMNS, "the row lacks a column that the first row has"
            )

    def _sequence(self, row: Any) -> Sequence[Any] | Refused:
        if isinstance(row, str | bytes) or not (
            hasattr(row, "__len__") and hasattr(row, "__getitem__")
        ):
            return Refused(
                RejectReason.WRONG_TYPE,
                f"the row is a {type(row).__name__}: pass a mapping, a named tuple or a sequence",
            )
        if self._names is None and hasattr(row, "_fields"):
            self._names = list(row._fields)
        return list(row)

    def _parse_row(self, row: Sequence[Any]) -> Parsed:
        if self._parse is None:
            layout = find_layout(
                self._names, self._chosen, currency_given=self._currency is not None
            )
            layout.check_width(len(row))
            self._parse = parser_of(layout, self._cells, self._currency)
        return self._parse(row)

    def _shown(self, row: Any) -> str:
        """Write a row as a line of CSV, for the rejects."""
        cells = self._cells_of(row)
        line = io.StringIO()
        shown = [row] if isinstance(cells, Refused) else cells
        csv.writer(line, lineterminator="").writerow([_text(cell) for cell in shown])
        return line.getvalue()[: self._limits.line_characters]


def _text(value: object) -> str:
    try:
        return "" if value is None else str(value)
    except ValueError:
        return f"<{type(value).__name__}>"  # Python refuses to write a number of 4,300 digits.


@frozen
class RowCells:
    """Reads cells that are values already; text is read as in a file."""

    text: TextCells

    def customer(self) -> Callable[[Any], str]:
        """Give the reader of the customer."""
        read = self.text.customer()
        return lambda value: read(_identifier_text(value, Column.CUSTOMER))

    def identifier(self, column: Column) -> Callable[[Any], str | None]:
        """Give the reader of a column that a purchase can do without."""
        read = self.text.identifier(column)
        return lambda value: read(_identifier_text(value, column))

    def currency(self) -> Callable[[Any], str | None]:
        """Give the reader of the currency."""
        read = self.text.currency()

        def currency_of(value: Any) -> str | None:
            if isinstance(value, str):
                return read(value)
            if is_missing(value):
                return None
            raise _wrong_type(value, Column.CURRENCY, "text such as 'EUR'")

        return currency_of

    def day(self) -> Callable[[Any], int]:
        """Give the reader of the day."""
        read = self.text.day()
        zone = self.text.dates.zone

        def day_of(value: Any) -> int:
            if isinstance(value, str):
                return read(value)
            if is_missing(value):
                raise missing(Column.DATE)
            if isinstance(value, datetime):
                return _day_of_instant(value, zone)
            if isinstance(value, date):
                return value.toordinal()
            if (number := _whole_number(value)) is not None:
                return read(number)
            raise _wrong_type(value, Column.DATE, "a date, a datetime or text")

        return day_of

    def amount(self, currency: str) -> Callable[[Any], int]:
        """Give the reader of amounts of a currency."""
        read = self.text.amount(currency)
        amounts = self.text.amounts

        def amount_of(value: Any) -> int:
            if isinstance(value, str):
                return read(value)
            if is_missing(value):
                raise missing(Column.AMOUNT)
            if isinstance(value, Decimal):
                return amounts.minor_of(_exact(value), currency)
            if (number := _whole_number(value)) is not None:
                return amounts.minor_of(Fraction(number), currency)
            if isinstance(value, float):
                raise Refused(
                    RejectReason.WRONG_TYPE,
                    "a float, which does not say which exact amount was meant: pass a Decimal, or "
                    "text such as f'{x:.2f}'",
                    Column.AMOUNT.value,
                )
            raise _wrong_type(value, Column.AMOUNT, "a Decimal, an int or text")

        return amount_of


def is_missing(value: object) -> bool:
    """Whether there is nothing: None, or what does not even equal itself, such as NaN and NaT."""
    if value is None:
        return True
    if isinstance(value, Decimal):
        return value.is_nan()  # A signaling NaN does not let itself be compared.
    try:
        return bool(value != value)
    except TypeError:
        return True  # pandas.NA will not say.
    except ValueError:
        return False  # An array will not say either, and is a wrong type.


def _whole_number(value: Any) -> str | None:
    """Write any kind of int as text; None for what is none, or longer than any amount or key."""
    if isinstance(value, bool):
        return None
    try:
        number = operator.index(value)
    except TypeError:
        return None
    return str(number) if number.bit_length() < 1_000 else None


def _identifier_text(value: Any, column: Column) -> str:
    if isinstance(value, str):
        return value
    if is_missing(value):
        return ""
    if isinstance(value, UUID):
        return str(value)
    if (number := _whole_number(value)) is not None:
        return number
    raise _wrong_type(value, column, "text, an int or a UUID")


def _day_of_instant(value: datetime, zone: tzinfo | None) -> int:
    if zone is None:
        raise Refused(
            RejectReason.NO_ZONE,
            "a time of day, and the day depends on where that is: pass zone='Europe/Berlin' or "
            "wherever the shop is, or a date",
            Column.DATE.value,
        )
    if value.utcoffset() is None:
        return value.toordinal()  # The time on the clock on the wall of the shop.
    try:
        return value.astimezone(zone).toordinal()
    except (OverflowError, ValueError):
        raise Refused(
            RejectReason.BAD_DATE, "outside the years 1 to 9999", Column.DATE.value
        ) from None


def _exact(value: Decimal) -> Fraction:
    try:
        return as_fraction(value, "the amount")
    except InvalidMoney as error:
        raise Refused(RejectReason.BAD_AMOUNT, str(error), Column.AMOUNT.value) from None


def _wrong_type(value: object, column: Column, wanted: str) -> Refused:
    return Refused(
        RejectReason.WRONG_TYPE, f"a {type(value).__name__}: pass {wanted}", column.value
    )
