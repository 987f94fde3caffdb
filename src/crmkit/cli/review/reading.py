"""From a file of purchases to a summary of every customer, with an account of each line."""

import os
import sys
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import BinaryIO

from attrs import Factory, define, evolve, frozen

from crmkit.cli.refusal import Refusal
from crmkit.cli.review.options import ReadingOptions
from crmkit.cli.review.wording import refusal_of
from crmkit.errors import CrmkitError, CurrencyMismatch
from crmkit.examples import shop_path
from crmkit.intake import (
    Column,
    IntakeReport,
    MissingColumn,
    OnError,
    PurchaseColumns,
    PurchaseReader,
    convert_purchases,
    read_purchases,
)
from crmkit.lifetime_value import RefundRule, RepeatPurchaseSummary
from crmkit.money import NO_CURRENCY, ExchangeRates
from crmkit.period import Unit
from crmkit.records import Purchase
from crmkit.segmentation import Refunds, RfmSummary, SummaryRules, summarize_rfm

__all__ = ["PurchaseFile", "read_file", "read_purchase_lines", "source_path"]

_ROWS = 500_000
"""So many rows are held in memory at a time; to merge a summary of that many costs little."""

_NEVER = date.max.toordinal() + 1


@frozen(kw_only=True)
class PurchaseFile:
    """What stood in a file of purchases, as of a day.

    ``repeats`` is None where nobody asks who will come back. ``later`` are purchases after that
    day, which are left out of everything else. ``refunds`` and ``free`` are how many of the others
    have an amount below zero, and of zero.
    """

    name: str
    report: IntakeReport
    summary: RfmSummary
    repeats: RepeatPurchaseSummary | None
    first_on: date
    last_on: date
    later: int
    refunds: int
    free: int


def read_file(
    options: ReadingOptions, on_bytes: Callable[[int], None], *, repeats: bool
) -> PurchaseFile:
    """Read the purchases, and tell from time to time how many bytes were read.

    ``repeats`` asks for the sums from which it is told who will come back.

    :raises Refusal: if the file cannot be read as the options say, or nobody has bought by then.
    """
    if _follows_orders(options) and options.file == "-":
        raise Refusal("orders are followed by reading twice: name a file instead of the input")
    try:
        return _read(options, on_bytes, repeats)
    except MissingColumn as error:
        if error.column is not Column.CURRENCY or options.file == "-":
            raise refusal_of(error) from error
    except CrmkitError as error:
        raise refusal_of(error) from error
    # Nothing is guessed, and nobody is turned away: the amounts are in a currency without a name.
    return read_file(evolve(options, currency=NO_CURRENCY), on_bytes, repeats=repeats)


def _read(options: ReadingOptions, on_bytes: Callable[[int], None], repeats: bool) -> PurchaseFile:
    rates = _rates(options)
    reader = _reader(options, options.rejects)
    intake = _Intake(
        as_of=options.as_of,
        rules=_rules_of_columns(options),
        refund_rule=_refund_rule(options) if repeats else None,
    )
    for columns in reader.columns():
        intake.add(columns if rates is None else columns.converted(rates))
        on_bytes(reader.report.bytes_read)
    summary = intake.sum_up()
    if summary and _follows_orders(options):
        summary = _follow_orders(options, rates, summary.as_of)
    if not summary:
        raise Refusal(_nothing(intake))
    return PurchaseFile(
        name=_name(options),
        report=reader.report,
        summary=summary,
        repeats=intake.repeats,
        first_on=date.fromordinal(intake.first_day),
        last_on=date.fromordinal(intake.last_day),
        later=intake.later,
        refunds=intake.refunds,
        free=intake.free,
    )


def _nothing(intake: "_Intake") -> str:
    """Why there is no customer to review."""
    if intake.earliest == _NEVER:
        return "there is not one purchase in the file: name a file with at least one"
    if intake.last_day == 0:
        first = date.fromordinal(intake.earliest)
        return f"there is no purchase up to {intake.as_of}: the first one is on {first}"
    return "nobody bought anything: every amount is below zero, or was given back"


def read_purchase_lines(options: ReadingOptions) -> tuple[str, IntakeReport, list[Purchase]]:
    """Every purchase of a file as a record, with what the file is called and an account of it.

    :raises Refusal: if the file cannot be read as the options say.
    """
    try:
        rates = _rates(options)
        reader = _reader(options, options.rejects)
        found = list(reader if rates is None else convert_purchases(iter(reader), rates))
    except CrmkitError as error:
        raise refusal_of(error) from error
    return _name(options), reader.report, found


# --- the file, as the options describe it ---------------------------------------------------------


def _reader(options: ReadingOptions, rejects: Path | None = None) -> PurchaseReader:
    return read_purchases(
        _source(options),
        currency=options.currency,
        columns=options.columns,
        header=options.header,
        delimiter=options.delimiter,
        encoding=options.encoding,
        date_format=options.date_format,
        zone=options.zone,
        decimal=options.decimal,
        thousands=options.thousands,
        rounding=options.rounding,
        on_error=OnError.STOP if options.strict else OnError.COLLECT,
        write_rejects=rejects,
    )


def source_path(options: ReadingOptions) -> Path | None:
    """The file that is read; None for standard input."""
    if options.file is None:
        return shop_path()
    return None if options.file == "-" else Path(options.file)


def _source(options: ReadingOptions) -> Path | BinaryIO:
    path = source_path(options)
    if path is not None:
        return path
    if sys.stdin is None:
        raise Refusal("standard input is closed: name a file of purchases")
    return sys.stdin.buffer


def _name(options: ReadingOptions) -> str:
    """What a report calls the file."""
    if options.file is None:
        return "the example shop"
    if options.file == "-":
        return "standard input"
    # A name need not be text; what is none is shown as an escape.
    return os.fsencode(Path(options.file).name).decode("utf-8", "backslashreplace")


def _rates(options: ReadingOptions) -> ExchangeRates | None:
    if not options.rates:
        return None
    if options.currency is None:
        raise Refusal("--rate converts into --currency: name that as well")
    return ExchangeRates(to=options.currency, rates=dict(options.rates))


# --- orders ---------------------------------------------------------------------------------------


def _follows_orders(options: ReadingOptions) -> bool:
    return SummaryRules(counting=options.count, refunds=options.refunds).follows_orders


def _rules_of_columns(options: ReadingOptions) -> SummaryRules:
    """Columns know no orders; where those are followed, the file is summed up a second time."""
    return SummaryRules() if _follows_orders(options) else SummaryRules(refunds=options.refunds)


def _refund_rule(options: ReadingOptions) -> RefundRule:
    """A model of repeat purchases counts days; an order that is canceled lowers the spend alone."""
    return RefundRule.IGNORE if options.refunds is Refunds.IGNORE else RefundRule.NET


def _follow_orders(options: ReadingOptions, rates: ExchangeRates | None, as_of: date) -> RfmSummary:
    """Read once more, order by order: now the last day is known."""
    purchases = iter(_reader(options))
    if rates is not None:
        purchases = convert_purchases(purchases, rates)
    return summarize_rfm(purchases, as_of=as_of, counting=options.count, refunds=options.refunds)


# --- columns --------------------------------------------------------------------------------------


@define
class _Intake:
    """Sums up columns as they come, a large block of rows at a time."""

    as_of: date | None
    rules: SummaryRules
    refund_rule: RefundRule | None
    currency: str = ""
    earliest: int = _NEVER
    first_day: int = _NEVER
    last_day: int = 0
    later: int = 0
    refunds: int = 0
    free: int = 0
    repeats: RepeatPurchaseSummary | None = None
    _summary: RfmSummary | None = None
    _customers: list[str] = Factory(list)
    _days: list[int] = Factory(list)
    _minors: list[int] = Factory(list)

    def add(self, columns: PurchaseColumns) -> None:
        """Take in some rows.

        :raises CurrencyMismatch: if they are not all in one currency.
        """
        if columns.currency != (self.currency or columns.currency):
            raise CurrencyMismatch(self.currency, columns.currency)
        self.currency = columns.currency
        self.earliest = min(self.earliest, *columns.days)
        if self.as_of is None or max(columns.days) <= self.as_of.toordinal():
            self._add(columns.customers, columns.days, columns.minor)
        else:
            self._add_until(self.as_of.toordinal(), columns)
        if len(self._days) >= _ROWS:
            self.sum_up()

    def _add_until(self, limit: int, columns: PurchaseColumns) -> None:
        """Take in the rows up to a day, and count the others."""
        rows = zip(columns.customers, columns.days, columns.minor, strict=True)
        kept = [row for row in rows if row[1] <= limit]
        self.later += len(columns) - len(kept)
        if kept:
            self._add([c for c, _, _ in kept], [d for _, d, _ in kept], [m for _, _, m in kept])

    def _add(self, customers: Sequence[str], days: Sequence[int], minors: Sequence[int]) -> None:
        self.first_day = min(self.first_day, *days)
        self.last_day = max(self.last_day, *days)
        self.refunds += sum(minor < 0 for minor in minors)
        self.free += minors.count(0)
        self._customers += customers
        self._days += days
        self._minors += minors

    def sum_up(self) -> RfmSummary | None:
        """The summary of all rows so far; None if there were none."""
        if self._days:
            block = RfmSummary.from_columns(
                self._customers,
                self._days,
                self._minors,
                as_of=self.as_of or date.fromordinal(self.last_day),
                currency=self.currency,
                rules=self.rules,
            )
            before = self._summary
            self._summary = block if before is None else before.rolled_to(block.as_of).merge(block)
            if self.refund_rule is not None:
                self._sum_up_repeats(block.as_of, self.refund_rule)
            self._customers, self._days, self._minors = [], [], []
        return self._summary

    def _sum_up_repeats(self, as_of: date, refunds: RefundRule) -> None:
        block = RepeatPurchaseSummary.from_columns(
            self._customers,
            self._days,
            self._minors,
            as_of=as_of,
            currency=self.currency,
            unit=Unit.WEEK,
            refunds=refunds,
        )
        before = self.repeats
        self.repeats = block if before is None else before.rolled_to(as_of).merge(block)
