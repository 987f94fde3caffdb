"""The options of ``crmkit review``, and what they amount to."""

import argparse
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from attrs import field, frozen

from crmkit.cli.arguments import Help, day, share
from crmkit.cli.refusal import Refusal
from crmkit.cli.review.terms import MODELS, LifetimeTerms
from crmkit.intake import Column
from crmkit.money import Rounding
from crmkit.segmentation import Counting, Refunds

__all__ = ["ReadingOptions", "ReviewOptions", "add_options", "add_reading"]

_COLUMNS = (
    Column.CUSTOMER,
    Column.DATE,
    Column.AMOUNT,
    Column.CURRENCY,
    Column.ORDER,
    Column.REFUND_OF,
)
"""The columns that make a difference to a review."""

_DELIMITERS = {"tab": "\t", "\\t": "\t", "space": " ", "comma": ",", "semicolon": ";"}

_LONGEST = 36_525
"""A hundred years of days."""

_EPILOG = """\
examples:
  crmkit review --example
  crmkit review purchases.csv --currency EUR
  crmkit review verkauf.csv --currency EUR --date-format %d.%m.%Y --decimal-comma --thousands .
  crmkit review purchases.csv --as-of 2026-06-30 --output-dir reviews
  crmkit review purchases.csv --currency EUR --margin 0.30 --discount-rate 0.12
  crmkit review purchases.csv --json | jq .pareto

A review writes report.html and review.sqlite into a folder NAME-review. Run it again with a later
file or a later day, and the report shows who moved.
"""


@frozen(kw_only=True)
class ReadingOptions:
    """How a file of purchases is read, each as its option says."""

    file: str | None
    example: bool
    as_of: date | None
    currency: str | None
    rates: tuple[tuple[str, str], ...] = field(converter=tuple)
    columns: Mapping[str, str | int]
    header: bool
    delimiter: str | None
    encoding: str
    date_format: str
    decimal: str
    thousands: str | None
    rounding: Rounding | None
    zone: str | None
    count: Counting
    refunds: Refunds
    strict: bool
    rejects: Path | None

    def __attrs_post_init__(self) -> None:
        if self.example == (self.file is not None):
            raise Refusal("name one file of purchases, or add --example for the example shop")

    @staticmethod
    def taken(arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The options as argparse gives them, in the types that they are of."""
        plain = dict(arguments)
        columns = {column.value: plain.pop(f"{column.value}_column", None) for column in Column}
        plain["columns"] = {column: name for column, name in columns.items() if name is not None}
        plain["rounding"] = plain["rounding"] and Rounding(plain["rounding"])
        plain["count"] = Counting(plain["count"])
        plain["refunds"] = Refunds(plain["refunds"])
        return plain


@frozen(kw_only=True)
class ReviewOptions(ReadingOptions):
    """What one run of ``crmkit review`` was asked for, each as its option says."""

    policies: tuple[Path, ...] = field(converter=tuple)
    keep_policy: bool
    save_policy: Path | None
    output_dir: Path | None
    report: Path | None
    has_report: bool
    store: Path | None
    has_store: bool
    values: Path | None
    has_lifetime_value: bool
    model: str
    margin: Decimal
    discount_rate: Decimal
    horizon: int
    explain: str | None
    json: bool
    quiet: bool

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        if self.policies and self.keep_policy:
            raise Refusal("--policy and --keep-policy name two policies: leave one of them out")
        for wanted, option in ((self.has_report, "report"), (self.has_store, "store")):
            if not wanted and getattr(self, option) is not None:
                raise Refusal(f"--{option} and --no-{option} contradict each other")
        if self.values is not None and not self.has_lifetime_value:
            raise Refusal("--values writes what --no-lifetime-value leaves out: drop one of them")

    @classmethod
    def of(cls, arguments: Mapping[str, Any]) -> "ReviewOptions":
        """Take the options as argparse gives them."""
        return cls(**cls.taken(arguments))

    @property
    def is_plain(self) -> bool:
        """Whether the run shows its table; others only write the files that they were told to."""
        return not self.json and self.explain is None

    @property
    def terms(self) -> LifetimeTerms:
        """What the value of a customer is."""
        return LifetimeTerms(
            model=self.model, margin=self.margin, discount=self.discount_rate, days=self.horizon
        )

    @property
    def folder(self) -> Path | None:
        """Where files go that have no place of their own; None: nowhere."""
        if self.output_dir is not None:
            return self.output_dir
        return Path(f"{self._stem}-review") if self.is_plain else None

    @property
    def _stem(self) -> str:
        if self.file is None:
            return "example"
        return "crmkit" if self.file == "-" else Path(self.file).stem or "crmkit"

    @property
    def report_path(self) -> Path | None:
        """Where the report goes, None for nowhere."""
        return self._place(self.report, self.has_report, "report.html")

    @property
    def store_path(self) -> Path | None:
        """Where the result is kept, None for nowhere."""
        return self._place(self.store, self.has_store, "review.sqlite")

    def _place(self, named: Path | None, wanted: bool, usual: str) -> Path | None:
        if named is not None or not wanted or self.folder is None:
            return named
        return self.folder / usual


# --- for argparse ---------------------------------------------------------------------------------


def _column(text: str) -> str | int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 5 else text


def _delimiter(text: str) -> str:
    return _DELIMITERS.get(text, text)


def _rate(text: str) -> tuple[str, str]:
    currency, equals, rate = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError("not a rate written as USD=0.92")
    return currency, rate


def _horizon(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 6 and 0 < int(text) <= _LONGEST):
        raise argparse.ArgumentTypeError(f"not a number of days from 1 to {_LONGEST}, such as 365")
    return int(text)


def add_options(parser: ArgumentParser) -> None:
    """Name every option, in the groups in which ``--help`` shows them."""
    parser.formatter_class = Help
    parser.epilog = _EPILOG
    parser.add_argument(
        "file", metavar="FILE", nargs="?", help="the purchases: CSV or text; - is standard input"
    )
    parser.add_argument(
        "--example", action="store_true", help="review the example shop instead of a file"
    )
    add_reading(parser)
    _add_deciding(parser)
    _add_lifetime_value(parser)
    _add_writing(parser)
    _add_showing(parser)


def add_reading(parser: ArgumentParser, further: Sequence[Column] = ()) -> None:
    """Name the options that say how a file of purchases is read, and of which columns."""
    group = parser.add_argument_group("how the file is read (nothing is guessed)")
    group.add_argument("--currency", metavar="EUR", help="the currency, where no column names it")
    group.add_argument(
        "--rate",
        metavar="USD=0.92",
        dest="rates",
        action="append",
        default=[],
        type=_rate,
        help="what one unit of another currency is worth in --currency; once for each",
    )
    group.add_argument(
        "--date-format",
        metavar="FORMAT",
        default="iso",
        help="such as %%d.%%m.%%Y (default: iso, 2026-03-31 or 20260331)",
    )
    group.add_argument("--zone", metavar="ZONE", help="where the shop is, such as Europe/Berlin")
    group.add_argument(
        "--decimal-comma",
        dest="decimal",
        action="store_const",
        const=",",
        default=".",
        help="amounts are written 12,30",
    )
    group.add_argument(
        "--thousands", metavar="SIGN", help="between thousands, such as . (default: nothing)"
    )
    group.add_argument(
        "--rounding",
        metavar="RULE",
        choices=[rule.value for rule in Rounding],
        help="round amounts finer than the currency, such as half-even (default: reject)",
    )
    group.add_argument(
        "--delimiter",
        metavar="SIGN",
        type=_delimiter,
        help="between columns: a character, tab or space (default: see the first line)",
    )
    group.add_argument(
        "--encoding",
        metavar="NAME",
        default="utf-8",
        help="such as gb18030 or cp1252 (default: utf-8)",
    )
    group.add_argument(
        "--no-header",
        dest="header",
        action="store_false",
        help="the first line is a purchase: name the columns by position",
    )
    group.add_argument("--strict", action="store_true", help="stop at the first bad line")
    group.add_argument("--rejects", metavar="FILE", type=Path, help="write the bad lines here")
    _add_columns(parser, further)


_COLUMN_HELP = {
    Column.ORDER: "matters to --count orders and --refunds cancel-orders",
    Column.REFUND_OF: "the order that a negative amount gives back",
}


def _add_columns(parser: ArgumentParser, further: Sequence[Column]) -> None:
    group = parser.add_argument_group(
        "which column is which",
        "A name, or a position counted from 0. What is not said is found by its usual names.",
    )
    for column in (*_COLUMNS, *further):
        option = column.value.replace("_", "-")
        group.add_argument(
            f"--{option}-column",
            dest=f"{column.value}_column",
            metavar="COLUMN",
            type=_column,
            help=_COLUMN_HELP.get(column),
        )


def _add_deciding(parser: ArgumentParser) -> None:
    group = parser.add_argument_group("how it is decided")
    group.add_argument(
        "--as-of",
        metavar="DAY",
        type=day,
        help="the last day that counts, as 2026-03-31 (default: the last in the file)",
    )
    group.add_argument(
        "--count",
        choices=[counting.value for counting in Counting],
        default=Counting.DAYS,
        help="what is one purchase: a day with purchases (default), or an order",
    )
    group.add_argument(
        "--refunds",
        choices=[refunds.value for refunds in Refunds],
        default=Refunds.NET,
        help="money given back lowers revenue (default), cancels its order too, or does nothing",
    )
    group.add_argument(
        "--policy",
        metavar="FILE",
        dest="policies",
        action="append",
        default=[],
        type=Path,
        help="decide by these terms (.json, .toml); what they leave open is fitted to the file",
    )
    group.add_argument(
        "--keep-policy",
        action="store_true",
        help="decide by the terms of the last review in the store",
    )
    group.add_argument(
        "--save-policy", metavar="FILE", type=Path, help="write the terms that were used (.json)"
    )


def _add_lifetime_value(parser: ArgumentParser) -> None:
    group = parser.add_argument_group(
        "what customers will bring",
        "Models of repeat purchases and of spend, fitted to the file, say who is still there, how\n"
        "often they will buy, and what that is worth.",
    )
    group.add_argument(
        "--no-lifetime-value",
        dest="has_lifetime_value",
        action="store_false",
        help="leave it out",
    )
    group.add_argument(
        "--model",
        choices=list(MODELS),
        default=next(iter(MODELS)),
        help="of repeat purchases: with mbg-nbd (default) customers may leave from the first "
        "purchase on, with bg-nbd from the second",
    )
    group.add_argument(
        "--margin",
        metavar="SHARE",
        type=share,
        default=Decimal(1),
        help="what is left of revenue after its cost, such as 0.30 (default: 1, all of it)",
    )
    group.add_argument(
        "--discount-rate",
        metavar="SHARE",
        type=share,
        default=Decimal("0.10"),
        help="by how much a year later money counts less (default: 0.10)",
    )
    group.add_argument(
        "--horizon",
        metavar="DAYS",
        type=_horizon,
        default=365,
        help="how many days ahead (default: 365)",
    )


def _add_writing(parser: ArgumentParser) -> None:
    group = parser.add_argument_group(
        "what is written", "With --json or --explain, only what is named here."
    )
    group.add_argument(
        "--output-dir",
        metavar="DIR",
        type=Path,
        help="where report.html and review.sqlite go (default: NAME-review)",
    )
    group.add_argument("--report", metavar="FILE", type=Path, help="write the report here")
    group.add_argument("--no-report", dest="has_report", action="store_false", help="no report")
    group.add_argument("--store", metavar="FILE", type=Path, help="keep the result here")
    group.add_argument("--no-store", dest="has_store", action="store_false", help="keep nothing")
    group.add_argument(
        "--values",
        metavar="FILE",
        type=Path,
        help="write what each customer will bring (.csv)",
    )


def _add_showing(parser: ArgumentParser) -> None:
    group = parser.add_argument_group("what is shown")
    shown = group.add_mutually_exclusive_group()
    shown.add_argument("--json", action="store_true", help="the figures as JSON instead of tables")
    shown.add_argument("--quiet", action="store_true", help="nothing but errors")
    group.add_argument(
        "--explain", metavar="CUSTOMER", help="only this customer's decisions, with evidence"
    )
