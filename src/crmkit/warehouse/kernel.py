"""The batch kernel: lines of purchases in, one summary of whole numbers for each customer out.

A line is a row of the canonical table: ``customer_id`` (text), ``day`` (whole days since
1970-01-01, as databases and Spark count them), ``amount`` (minor units of one currency, a refund
below zero). Whole numbers are all that goes in and comes out: no engine divides, rounds or
converts, so every engine finds the same.

The rules are those of :func:`~crmkit.segmentation.summarize_rfm` and
:func:`~crmkit.lifetime_value.summarize_repeat_purchases`: a day with a line of zero or more is a
purchase day, a day with refunds only is none. A refund lowers the total; it lowers the repeat spend
if it was paid back on the first repeat day or later. Who only got money back has no summary.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import compress, groupby
from operator import itemgetter
from typing import NamedTuple

from crmkit.errors import CurrencyMismatch, InvalidPolicy, InvalidValue
from crmkit.identifiers import check_identifier
from crmkit.lifetime_value import RefundRule, SummaryColumns
from crmkit.lifetime_value.summary.rows import tally_of
from crmkit.money import MAX_MINOR
from crmkit.period import check_date
from crmkit.records import Purchase

__all__ = [
    "AMOUNT_LIMIT",
    "CustomerSummary",
    "Line",
    "UnsortedLines",
    "date_of",
    "day_of",
    "lines_of",
    "summarize_lines",
    "summarize_sorted",
]

Line = tuple[str, int, int]
"""One row of the canonical table: customer, day, and amount in minor units."""

AMOUNT_LIMIT = 2**53
"""The amount of a line lies between minus this and this, in minor units, neither included.

Beyond it a spreadsheet or a float column has rounded already; below it, a sum of a thousand lines
at the limit still fits the 64 bits of every engine.
"""

_EPOCH = date(1970, 1, 1).toordinal()
EARLIEST_DAY, LATEST_DAY = date.min.toordinal() - _EPOCH, date.max.toordinal() - _EPOCH
_NOT_WHOLE = (
    "a line is a text and two whole numbers: the customer, the days since 1970-01-01, and the "
    "amount in minor units (1230 for 12.30 EUR); none of them is missing"
)
_NO_DAY = f"a day counts from 1970-01-01: from {EARLIEST_DAY} to {LATEST_DAY}"
_TOO_MUCH = "an amount is 2^53 minor units or more: no line of a shop is that large"


class UnsortedLines(InvalidValue):
    """Lines that were to come customer by customer, and did not."""

    code = "unsorted-lines"


class CustomerSummary(NamedTuple):
    """What one customer bought up to a day: whole numbers, a row as every engine gives it.

    Days are days since 1970-01-01, or numbers of days; amounts are minor units. A summary is a
    plain tuple, so ``zip(*summaries)`` gives columns.
    """

    customer_id: str
    first_day: int
    """The first purchase day."""
    last_day: int
    """The last purchase day."""
    purchase_days: int
    """On how many days the customer bought: *frequency* in segmentation."""
    recency_days: int
    """Days from the last purchase to ``as_of``: *recency* in segmentation."""
    repeat_purchases: int
    """Purchase days after the first: x in the literature of lifetime value."""
    days_at_last_purchase: int
    """Days from the first purchase to the last: t_x there."""
    customer_age_days: int
    """Days from the first purchase to ``as_of``: T there."""
    total_minor: int
    """All money, net of refunds: what RFM and ABC rank by."""
    repeat_minor: int
    """The money of all repeat days, net of refunds since the first of them."""


# --- days -----------------------------------------------------------------------------------------


def day_of(on: date) -> int:
    """The days since 1970-01-01.

    :raises InvalidValue: if it is not a plain date.

    >>> day_of(date(1998, 6, 30))
    10407
    """
    check_date(on, "a day")
    return on.toordinal() - _EPOCH


def date_of(day: int) -> date:
    """The date so many days after 1970-01-01.

    :raises InvalidValue: if no calendar has it.

    >>> date_of(10407)
    datetime.date(1998, 6, 30)
    """
    if type(day) is not int or not EARLIEST_DAY <= day <= LATEST_DAY:
        raise InvalidValue(_NO_DAY)
    return date.fromordinal(day + _EPOCH)


# --- lines ----------------------------------------------------------------------------------------


def lines_of(purchases: Iterable[Purchase]) -> Iterator[Line]:
    """Purchases as lines of the canonical table.

    Order numbers do not go along: where an order that was paid back in full is no purchase, use
    :func:`~crmkit.segmentation.summarize_rfm`.

    :raises CurrencyMismatch: if they are in different currencies: convert them first.
    :raises InvalidValue: if an amount is beyond :data:`AMOUNT_LIMIT`.
    """
    currency: str | None = None
    for purchase in purchases:
        amount = purchase.amount
        if currency is None:
            currency = amount.currency
        elif amount.currency != currency:
            raise CurrencyMismatch(currency, amount.currency)
        if not -AMOUNT_LIMIT < amount.minor < AMOUNT_LIMIT:
            raise InvalidValue(_TOO_MUCH)
        yield purchase.customer, purchase.on.toordinal() - _EPOCH, amount.minor


# --- summaries ------------------------------------------------------------------------------------


def summarize_sorted(
    lines: Iterable[Line], *, as_of: date, refunds: RefundRule = RefundRule.NET
) -> Iterator[CustomerSummary]:
    """Sum up lines that come customer by customer, and hand out each summary as it is done.

    Customers ascend by code point, as Python compares texts, and sqlite, Spark and PostgreSQL with
    ``COLLATE "C"`` sort them; the days of a customer may come in any order. Memory holds the lines
    of one customer. Lines after ``as_of`` are left out.

    :raises UnsortedLines: if a customer comes after one of a higher name, or a second time.
    :raises InvalidValue: if a line is no text with two whole numbers, a day is in no calendar, an
        amount is beyond :data:`AMOUNT_LIMIT`, or a sum is more than money can be.
    :raises InvalidIdentifier: if a customer could not serve as a key.
    :raises InvalidPolicy: if ``refunds`` is no :class:`~crmkit.lifetime_value.RefundRule`.

    >>> lines = [("anna", 0, 500), ("anna", 7, 300), ("bert", 3, 900), ("bert", 4, -900)]
    >>> for summary in summarize_sorted(lines, as_of=date(1970, 1, 11)):
    ...     print(summary.customer_id, summary.purchase_days, summary.total_minor)
    anna 2 800
    bert 1 0
    """
    ignores_refunds = check_refunds(refunds) is RefundRule.IGNORE
    return _summaries(lines, day_of(as_of), ignores_refunds=ignores_refunds)


def _summaries(
    lines: Iterable[Line], until: int, *, ignores_refunds: bool
) -> Iterator[CustomerSummary]:
    before = ""
    for customer, lines_of_one in _grouped(lines):
        check_identifier(customer, "customer")
        if customer <= before:
            raise UnsortedLines(
                "the lines of a customer stand together, and customers ascend by code point: sort "
                "the lines, or let summarize_lines take them in any order"
            )
        before = customer
        days, minors = _columns(lines_of_one)
        has_refunds = min(minors) < 0
        if max(days) > until or (has_refunds and ignores_refunds):
            least = 0 if ignores_refunds else -AMOUNT_LIMIT
            kept = [
                day <= until and minor >= least for day, minor in zip(days, minors, strict=True)
            ]
            days, minors = tuple(compress(days, kept)), tuple(compress(minors, kept))
        bought = set(compress(days, map((0).__le__, minors)) if has_refunds else days)
        if bought:
            yield _summary(customer, until, bought, days, minors)


def _grouped(lines: Iterable[Line]) -> Iterator[tuple[str, list[Line]]]:
    """Each customer with the lines that stand together; none of them looked at."""
    try:
        for customer, group in groupby(lines, itemgetter(0)):
            yield customer, list(group)
    except (TypeError, LookupError) as error:
        raise InvalidValue(_NOT_WHOLE) from error


def _columns(lines: list[Line]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The days and amounts of a customer, looked at."""
    try:
        _, days, minors = zip(*lines, strict=True)
    except ValueError:
        raise InvalidValue(_NOT_WHOLE) from None
    _check(days, minors)
    return days, minors


def _check(days: Sequence[int], minors: Sequence[int]) -> None:
    """Refuse days and amounts that are not whole numbers, or out of all bounds."""
    if {*map(type, days), *map(type, minors)} != {int}:
        raise InvalidValue(_NOT_WHOLE)
    if not EARLIEST_DAY <= min(days) <= max(days) <= LATEST_DAY:
        raise InvalidValue(_NO_DAY)
    if not -AMOUNT_LIMIT < min(minors) <= max(minors) < AMOUNT_LIMIT:
        raise InvalidValue(_TOO_MUCH)


def _summary(
    customer: str, until: int, bought: set[int], days: Sequence[int], minors: Sequence[int]
) -> CustomerSummary:
    first, last, count = min(bought), max(bought), len(bought)
    repeat = 0
    if count > 1:
        bought.remove(first)
        repeat = sum(compress(minors, map(min(bought).__le__, days)))
    return _row(customer, until, first, last, count, sum(minors), repeat)


def _row(
    customer: str, until: int, first: int, last: int, count: int, total: int, repeat: int
) -> CustomerSummary:
    if not (-MAX_MINOR <= total <= MAX_MINOR and -MAX_MINOR <= repeat <= MAX_MINOR):
        raise InvalidValue(f"the money of one customer is at most {MAX_MINOR} minor units")
    return CustomerSummary(
        customer,
        first,
        last,
        count,
        until - last,
        count - 1,
        last - first,
        until - first,
        total,
        repeat,
    )


def check_refunds(refunds: RefundRule) -> RefundRule:
    """Refuse a rule that is only the name of one: it would silently stand for the other.

    :raises InvalidPolicy: with the names of the rules.
    """
    if not isinstance(refunds, RefundRule):
        raise InvalidPolicy(
            f"a rule is a member of RefundRule: {', '.join(m.name for m in RefundRule)}"
        )
    return refunds


def summarize_lines(
    lines: Iterable[Line], *, as_of: date, refunds: RefundRule = RefundRule.NET
) -> list[CustomerSummary]:
    """Sum up lines in any order; the summaries come sorted by customer.

    The lines are read once and not kept: memory holds one row for each customer.

    :raises InvalidValue: if a line is no text with two whole numbers, a day is in no calendar, an
        amount is beyond :data:`AMOUNT_LIMIT`, or a sum is more than money can be.
    :raises InvalidIdentifier: if a customer could not serve as a key.
    :raises InvalidPolicy: if ``refunds`` is no :class:`~crmkit.lifetime_value.RefundRule`.

    >>> lines = [("bert", 3, 900), ("anna", 7, 300), ("anna", 0, 500)]
    >>> [summary.repeat_minor for summary in summarize_lines(lines, as_of=date(1970, 1, 11))]
    [300, 0]
    """
    until = day_of(as_of)
    tally = tally_of(_by_ordinal(lines), until=as_of, refunds=check_refunds(refunds))
    columns = SummaryColumns.of(tally)
    totals = tally.money()
    rows = (
        _row(customer, until, first - _EPOCH, first - _EPOCH + span, repeats + 1, total, repeat)
        for customer, first, span, repeats, total, repeat in zip(
            columns.customers,
            columns.first_days,
            columns.days_at_last_purchase,
            columns.repeat_purchases,
            [totals[tally.index[customer]] for customer in columns.customers],
            columns.repeat_spend,
            strict=True,
        )
    )
    return sorted(rows)


def _by_ordinal(lines: Iterable[Line]) -> Iterator[Line]:
    """The same lines with the days as ordinals of dates, each of them looked at."""
    for line in lines:
        try:
            customer, day, minor = line
        except (TypeError, ValueError):
            raise InvalidValue(_NOT_WHOLE) from None
        if (
            type(day) is not int
            or type(minor) is not int
            or not -AMOUNT_LIMIT < minor < AMOUNT_LIMIT
            or not EARLIEST_DAY <= day <= LATEST_DAY
        ):
            _check([day], [minor])
        yield customer, day + _EPOCH, minor
