"""Which column of a file means what."""

import unicodedata
from collections.abc import Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType

from attrs import frozen

from crmkit.errors import InvalidValue, UnreadableSource

__all__ = [
    "REQUIRED",
    "USUAL_NAMES",
    "AmbiguousColumn",
    "Column",
    "ColumnChoice",
    "Layout",
    "MissingColumn",
    "check_columns",
    "find_layout",
]


class Column(StrEnum):
    """What a column of a purchase file can mean."""

    CUSTOMER = "customer"
    DATE = "date"
    AMOUNT = "amount"
    CURRENCY = "currency"
    ORDER = "order"
    PRODUCT = "product"
    CHANNEL = "channel"
    REFUND_OF = "refund_of"


REQUIRED = (Column.CUSTOMER, Column.DATE, Column.AMOUNT)

ColumnChoice = Mapping[str, str | int | None]
"""What a column is called, or at which position (from 0) it stands; None leaves it unread."""

USUAL_NAMES: Mapping[Column, tuple[str, ...]] = MappingProxyType(
    {
        Column.CUSTOMER: (
            *("customer", "customerid", "customerno", "customernumber", "customerkey"),
            *("client", "clientid", "cust", "custid", "custno", "masterid", "member", "memberid"),
            *("kunde", "kundenid", "kundennr", "kundennummer"),
            *("客户", "客户id", "客户号", "客户编号", "顾客", "会员", "会员号", "会员编号"),
        ),
        Column.DATE: (
            *("date", "day", "on", "yyyymmdd", "orderdate", "purchasedate", "saledate"),
            *("salesdate", "transactiondate", "invoicedate"),
            *("datum", "tag", "kaufdatum", "bestelldatum", "rechnungsdatum", "belegdatum"),
            *("日期", "交易日期", "购买日期", "订单日期", "消费日期"),
        ),
        Column.AMOUNT: (
            *("amount", "sales", "dollarvalue", "total", "totalamount", "revenue", "price"),
            *("betrag", "umsatz", "summe", "gesamtbetrag", "preis"),
            *("金额", "销售额", "消费金额", "订单金额", "总额", "总金额"),
        ),
        Column.CURRENCY: (*("currency", "currencycode", "währung", "waehrung", "币种", "货币"),),
        Column.ORDER: (
            *("order", "orderid", "orderno", "ordernumber", "invoice", "invoiceno", "receipt"),
            *("bestellung", "bestellnummer", "bestellnr", "auftrag", "auftragsnummer"),
            *("订单", "订单号", "订单编号"),
        ),
        Column.PRODUCT: (
            *("product", "productid", "article", "sku", "stockcode"),
            *("produkt", "artikel", "artikelnummer", "artikelnr"),
            *("产品", "产品编号", "商品", "商品编号"),
        ),
        Column.CHANNEL: ("channel", "saleschannel", "kanal", "vertriebskanal", "渠道", "销售渠道"),
        Column.REFUND_OF: (
            *("refundof", "refundoforder", "refundedorder", "returnof"),
            *("erstattungvon", "retourezu", "退款订单", "原订单号"),
        ),
    }
)
"""The names by which columns are found: case, blanks and punctuation in the file do not matter."""

# Beside one of these a price is that of one piece, and no amount of a purchase.
_PRICES = frozenset({"price", "preis"})
_QUANTITIES = frozenset({"quantity", "qty", "units", "menge", "anzahl", "数量"})


class MissingColumn(UnreadableSource):
    """A column that a purchase needs was not found.

    ``names`` are those that were found instead. They are no part of the message, because a file
    without a header has its first customer there.
    """

    code = "missing-column"

    def __init__(self, column: Column, message: str, names: Sequence[str] = ()) -> None:
        """Keep which column it is, and the names that were found."""
        super().__init__(message)
        self.column = column
        self.names = tuple(names)


class AmbiguousColumn(UnreadableSource):
    """Several columns could be the one that is needed, and nobody said which."""

    code = "ambiguous-column"

    def __init__(self, column: Column, candidates: Sequence[str], positions: Sequence[int]) -> None:
        """Keep the candidates by name and by position, counted from 0."""
        self.column = column
        self.candidates = tuple(candidates)
        self.positions = tuple(positions)
        listed = ", ".join(
            f"{name!r} (position {at})" for name, at in zip(candidates, positions, strict=True)
        )
        choice = candidates[0] if len(set(candidates)) == len(candidates) else positions[0]
        super().__init__(
            f"several columns could be the {column}: {listed}; choose one, for example with "
            f"columns={{{column.value!r}: {choice!r}}}"
        )


@frozen(kw_only=True)
class Layout:
    """At which position each column stands; None for what the file does not have."""

    customer: int
    date: int
    amount: int
    currency: int | None = None
    order: int | None = None
    product: int | None = None
    channel: int | None = None
    refund_of: int | None = None

    @property
    def others(self) -> tuple[tuple[Column, int | None], ...]:
        """The columns that a purchase can do without, in the order in which it has them."""
        return (
            (Column.ORDER, self.order),
            (Column.PRODUCT, self.product),
            (Column.CHANNEL, self.channel),
            (Column.REFUND_OF, self.refund_of),
        )

    def check_width(self, width: int) -> None:
        """Refuse positions that lines of so many columns do not have.

        :raises MissingColumn: for the first such position.
        """
        for column in Column:
            at: int | None = getattr(self, column.value)
            if at is not None and at >= width:
                raise MissingColumn(
                    column,
                    f"there is no position {at} for the {column}: the first line has {width} "
                    f"columns, counted from 0",
                )


def check_columns(columns: ColumnChoice) -> Mapping[Column, str | int | None]:
    """Read the caller's choice of columns.

    :raises InvalidValue: if a key is no column of a purchase, or a value neither name nor position.
    """
    chosen: dict[Column, str | int | None] = {}
    for key, choice in columns.items():
        if key not in list(Column):
            raise InvalidValue(
                f"columns are chosen for: {', '.join(Column)}; the values are names or positions"
            )
        if not (choice is None or type(choice) is str or (type(choice) is int and choice >= 0)):
            raise InvalidValue(
                f"the column for {key} is a name, or a position counted from 0 (or None: not read)"
            )
        chosen[Column(key)] = choice
    return MappingProxyType(chosen)


def find_layout(
    names: Sequence[str] | None,
    chosen: Mapping[Column, str | int | None],
    *,
    currency_given: bool,
    advice: str = "",
) -> Layout:
    """Find the columns: those that the caller chose, the others by their usual names.

    ``names`` is the header, None if there is none; then everything needed is chosen by position.
    ``advice`` is what else would help if a column is missing.

    :raises MissingColumn: if something that a purchase needs was not found.
    :raises AmbiguousColumn: if several columns fit something that a purchase needs.
    """
    header = None if names is None else [name.strip() for name in names]
    found = {
        column: _chosen(column, chosen[column], header)
        if column in chosen
        else _usual(column, header or [])
        for column in Column
    }
    layout = Layout(
        customer=_needed(Column.CUSTOMER, found, header, advice),
        date=_needed(Column.DATE, found, header, advice),
        amount=_needed(Column.AMOUNT, found, header, advice),
        currency=found[Column.CURRENCY],
        order=found[Column.ORDER],
        product=found[Column.PRODUCT],
        channel=found[Column.CHANNEL],
        refund_of=found[Column.REFUND_OF],
    )
    if layout.currency is None and not currency_given:
        raise MissingColumn(
            Column.CURRENCY,
            "there is no column for the currency: pass currency='EUR' or whatever it was sold in",
        )
    return layout


def _needed(
    column: Column,
    found: Mapping[Column, int | None],
    header: Sequence[str] | None,
    advice: str,
) -> int:
    if (at := found[column]) is not None:
        return at
    if header is None:
        raise MissingColumn(
            column,
            f"columns without names are found by position, counted from 0: pass for example "
            f"columns={{'customer': 0, 'date': 1, 'amount': 2}}; there is none for the {column}",
        )
    raise MissingColumn(
        column,
        f"no column has a usual name for the {column} (columns: {len(header)}): pass "
        f"columns={{{column.value!r}: name or position}}{advice}",
        header,
    )


def _chosen(column: Column, choice: str | int | None, header: Sequence[str] | None) -> int | None:
    if choice is None:
        return None
    if isinstance(choice, int):
        return choice
    if header is None:
        raise MissingColumn(
            column,
            f"there is no header to find {choice!r} in: pass the position of the {column}, "
            f"counted from 0",
        )
    exact = [at for at, name in enumerate(header) if name == choice.strip()]
    plain = _plain(choice)
    alike = exact or [at for at, name in enumerate(header) if plain and _plain(name) == plain]
    if not alike:
        raise MissingColumn(
            column, f"no column is named {choice!r}, as was said of the {column}", header
        )
    if len(alike) > 1:
        raise AmbiguousColumn(column, [header[at] for at in alike], alike)
    return alike[0]


def _usual(column: Column, header: Sequence[str]) -> int | None:
    usual = USUAL_NAMES[column]
    plain = [_plain(name) for name in header]
    fitting = [at for at, name in enumerate(plain) if name in usual]
    if not fitting:
        return None
    if column in REQUIRED or column is Column.CURRENCY:
        if all(plain[at] in _PRICES for at in fitting) and _QUANTITIES.intersection(plain):
            raise MissingColumn(
                column,
                f"beside a quantity the price may be that of one piece: name the column of the "
                f"{column} with columns={{{column.value!r}: name or position}}",
                header,
            )
        if len(fitting) > 1:
            raise AmbiguousColumn(column, [header[at] for at in fitting], fitting)
    # Of columns that a purchase can do without, the name that stands first in the table wins.
    return min(fitting, key=lambda at: usual.index(plain[at]))


def _plain(name: str) -> str:
    """Reduce a name to its letters and digits: ``Customer-ID`` and ``customer_id`` are one."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", name).casefold()))
