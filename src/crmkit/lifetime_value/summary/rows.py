"""The rows of a tally, out of purchases or out of columns."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any

from crmkit.errors import CurrencyMismatch, InvalidValue
from crmkit.identifiers import check_identifier
from crmkit.lifetime_value.tally import RefundRule, RepeatTally
from crmkit.records import Purchase

Row = tuple[str, int, int]
"""Customer, ordinal of the day, and minor units."""


def rows_of_columns(
    customers: Iterable[str], days: Iterable[int], minors: Iterable[int]
) -> Iterator[Row]:
    """The rows of equally long columns; of arrays the numbers as Python's own."""
    columns = map(_plain, (customers, days, minors))
    try:
        yield from zip(*columns, strict=True)
    except ValueError:
        raise InvalidValue("the columns differ in length: pass one value for each row") from None


def _plain(column: Iterable[Any]) -> Iterable[Any]:
    """The values of an array as Python's own; the numbers of arrays wrap around at 64 bits."""
    return column.tolist() if hasattr(column, "tolist") else column


def rows_of_purchases(
    purchases: Iterable[Purchase],
    as_of: date,
    known_by: datetime | None,
    currencies: set[str],
) -> Iterator[Row]:
    """The rows of the purchases that count as of a day; their one currency is noted on the way.

    :raises InvalidValue: if one of them is no purchase.
    :raises CurrencyMismatch: if there are two currencies.
    """
    try:
        for purchase in purchases:
            recorded_at = purchase.recorded_at
            if purchase.on > as_of or (
                known_by is not None and recorded_at is not None and recorded_at > known_by
            ):
                continue
            currency = purchase.amount.currency
            if currency not in currencies:
                if currencies:
                    raise CurrencyMismatch(min(currencies), currency)
                currencies.add(currency)
            yield purchase.customer, purchase.on.toordinal(), purchase.amount.minor
    except (AttributeError, TypeError) as error:
        raise InvalidValue("purchases are records: pass Purchase(customer, on, amount)") from error


def tally_of(rows: Iterable[Row], *, until: date, refunds: RefundRule) -> RepeatTally:
    """Tally the rows up to a day.

    :raises InvalidValue: if a day is no ordinal, or an amount no whole number.
    :raises InvalidIdentifier: if a customer could not serve as a key.
    """
    tally = RepeatTally()
    try:
        tally.add_rows(rows, until=until.toordinal(), refunds=refunds)
    except TypeError as error:
        raise InvalidValue("customers are texts, amounts whole minor units") from error
    for customer in tally.index:
        check_identifier(customer, "customer")
    # Whatever was added to whole numbers, and was none, has left none.
    if {*map(type, tally.money())} - {int}:
        raise InvalidValue("amounts are whole minor units: pass 1230 for 12.30 EUR")
    return tally
