"""From the cells of a line to what a purchase is made of.

One parser does all the checking, for the lines of a file and the rows of a database alike, and what
it makes is ready for columns and for :class:`~crmkit.records.Purchase`. Texts repeat, so what a
text was read as is remembered, up to a bound.
"""

from collections.abc import Callable, Sequence
from datetime import tzinfo
from functools import partial
from typing import Any, Protocol, TypeVar

from attrs import frozen

from crmkit.errors import InvalidIdentifier
from crmkit.identifiers import check_identifier
from crmkit.intake.amounts import AmountFormat
from crmkit.intake.dates import DateFormat, zone_named
from crmkit.intake.layout import Column, Layout
from crmkit.intake.rejects import Refused, RejectReason
from crmkit.money import CURRENCIES, Rounding

__all__ = ["Cells", "Parsed", "TextCells", "missing", "parser_of", "text_cells"]

ValueT = TypeVar("ValueT")

Parsed = tuple[str, int, int, str, str | None, str | None, str | None, str | None]
"""Customer, day, minor units, currency, order, product, channel, and the order that is refunded."""

_REMEMBERED_TEXTS = 1 << 14
_REMEMBERED_CHARACTERS = 255


class Cells(Protocol):
    """What knows how to read the cells of each column; each reader raises ``Refused``."""

    def customer(self) -> Callable[[Any], str]:
        """Give the reader of the customer."""

    def day(self) -> Callable[[Any], int]:
        """Give the reader of the day."""

    def currency(self) -> Callable[[Any], str | None]:
        """Give the reader of the currency; None where the cell is empty."""

    def amount(self, currency: str) -> Callable[[Any], int]:
        """Give the reader of amounts of a currency, in minor units."""

    def identifier(self, column: Column) -> Callable[[Any], str | None]:
        """Give the reader of a column that a purchase can do without; None where it is empty."""


class Memo(dict[str, ValueT]):
    """Remembers what each text was read as; it forgets everything when it is full."""

    def __init__(self, read: Callable[[str], ValueT]) -> None:
        super().__init__()
        self._read = read
        self._refused: dict[str, tuple[RejectReason, str, str | None]] = {}

    def __missing__(self, text: str) -> ValueT:
        """Read a text that was not read before."""
        if (known := self._refused.get(text)) is not None:
            raise Refused(*known)
        try:
            value = self._read(text.strip())
        except Refused as refused:
            # Not the exception itself: it would keep the frames that it went through.
            known = (refused.reason, refused.message, refused.column)
            self._remember(self._refused, text, known)
            raise
        self._remember(self, text, value)
        return value

    @staticmethod
    def _remember(memory: dict[str, Any], text: str, value: object) -> None:
        if len(text) > _REMEMBERED_CHARACTERS:
            return
        if len(memory) >= _REMEMBERED_TEXTS:
            memory.clear()
        memory[text] = value


@frozen
class TextCells:
    """Reads cells that are text; blanks around a value do not belong to it."""

    dates: DateFormat
    amounts: AmountFormat

    def customer(self) -> Callable[[str], str]:
        """Give the reader of the customer."""
        return Memo(read_customer).__getitem__

    def day(self) -> Callable[[str], int]:
        """Give the reader of the day."""
        return Memo(self.dates).__getitem__

    def currency(self) -> Callable[[str], str | None]:
        """Give the reader of the currency."""
        return Memo(read_currency).__getitem__

    def amount(self, currency: str) -> Callable[[str], int]:
        """Give the reader of amounts of a currency."""
        return Memo(partial(self.amounts.minor, currency=currency)).__getitem__

    def identifier(self, column: Column) -> Callable[[str], str | None]:
        """Give the reader of a column that a purchase can do without."""
        return Memo(partial(read_identifier, column=column)).__getitem__


def text_cells(
    date_format: str,
    zone: tzinfo | str | None,
    decimal: str,
    thousands: str | None,
    rounding: Rounding | None,
) -> TextCells:
    """Understand how dates and amounts are written.

    :raises InvalidValue: if that makes no sense.
    """
    return TextCells(
        DateFormat.named(date_format, zone_named(zone)),
        AmountFormat.named(decimal, thousands, rounding),
    )


def read_customer(text: str) -> str:
    """Take a text as the identifier of a customer."""
    customer = read_identifier(text, Column.CUSTOMER)
    if customer is None:
        raise missing(Column.CUSTOMER)
    return customer


def read_identifier(text: str, column: Column) -> str | None:
    """Take a text as an identifier that could serve as a key everywhere."""
    if not text:
        return None
    try:
        check_identifier(text, column.value)
    except InvalidIdentifier as error:
        raise Refused(RejectReason.BAD_IDENTIFIER, str(error), column.value) from None
    return text


def read_currency(text: str) -> str | None:
    """Take a text as the code of a currency."""
    if text and text not in CURRENCIES:
        raise Refused(
            RejectReason.UNKNOWN_CURRENCY,
            "not an ISO 4217 code in capital letters, such as EUR",
            Column.CURRENCY.value,
        )
    return text or None


def parser_of(
    layout: Layout, cells: Cells, currency: str | None
) -> Callable[[Sequence[Any]], Parsed]:
    """Make the function that reads one line, all of it or none of it.

    It is a closure because it runs once for every line. ``currency`` is that of lines that name
    none.
    """
    customer_at, day_at, amount_at = layout.customer, layout.date, layout.amount
    customer_of, day_of = cells.customer(), cells.day()
    currency_at, currency_of = layout.currency, cells.currency()
    amounts_of = _AmountReaders(cells)
    others = [(at, cells.identifier(column)) for column, at in layout.others]
    has_others = any(at is not None for at, _ in others)

    def parse(line: Sequence[Any]) -> Parsed:
        customer = customer_of(line[customer_at])
        day = day_of(line[day_at])
        code = currency
        if currency_at is not None:
            code = currency_of(line[currency_at]) or currency
        if code is None:
            raise missing(Column.CURRENCY)
        minor = amounts_of[code](line[amount_at])
        if not has_others:
            return customer, day, minor, code, None, None, None, None
        order, product, channel, refund_of = [
            None if at is None else read(line[at]) for at, read in others
        ]
        if refund_of is not None and minor >= 0:
            raise Refused(
                RejectReason.REFUND_NOT_NEGATIVE,
                "it gives an order back and its amount is not negative: what was given back is "
                "written with a minus",
                Column.AMOUNT.value,
            )
        return customer, day, minor, code, order, product, channel, refund_of

    return parse


class _AmountReaders(dict[str, Callable[[Any], int]]):
    """The reader of amounts of each currency, made when the currency is first met."""

    def __init__(self, cells: Cells) -> None:
        super().__init__()
        self._cells = cells

    def __missing__(self, currency: str) -> Callable[[Any], int]:
        reader = self[currency] = self._cells.amount(currency)
        return reader


def missing(column: Column) -> Refused:
    """Say that there is nothing where something should be."""
    return Refused(RejectReason.MISSING, f"there is no {column}", column.value)
