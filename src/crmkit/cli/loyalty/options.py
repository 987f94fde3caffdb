"""The options of ``crmkit loyalty``, and what they amount to."""

from argparse import ArgumentParser
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from attrs import frozen

from crmkit.cli.arguments import Help, day, number_up_to, share
from crmkit.cli.refusal import Refusal
from crmkit.cli.review.options import ReadingOptions, add_reading
from crmkit.intake import Column
from crmkit.segmentation import Counting, Refunds

__all__ = ["LoyaltyOptions", "add_options"]

LONGEST_LIST = 1000

_EPILOG = """\
examples:
  crmkit loyalty --example
  crmkit loyalty --example --save-program club.toml
  crmkit loyalty purchases.csv --currency EUR --program club.toml --report club.html
  crmkit loyalty purchases.csv --currency EUR --program club.toml --simulate easier.toml
  crmkit loyalty purchases.csv --currency EUR --program club.toml --json | jq .points

The example has a program of its own, which is for euros. Nothing is written but what is named.
"""


@frozen(kw_only=True)
class LoyaltyOptions:
    """What one run of ``crmkit loyalty`` was asked for, each as its option says.

    :raises Refusal: if something that is needed was not said.
    """

    reading: ReadingOptions
    program: Path | None
    simulate: Path | None
    redemptions: Path | None
    breakage: Decimal | None
    report: Path | None
    members: Path | None
    save_program: Path | None
    explain: str | None
    top: int
    json: bool
    quiet: bool

    @classmethod
    def of(cls, arguments: Mapping[str, Any]) -> "LoyaltyOptions":
        """Take what the parser found."""
        said = dict(arguments)
        own = {name: said.pop(name) for name in _own_names()}
        taken = ReadingOptions.taken({**said, "count": Counting.DAYS, "refunds": Refunds.NET})
        if own["program"] is None and not said["example"]:
            raise Refusal(
                "name a --program; crmkit loyalty --example --save-program club.toml writes one to "
                "begin with"
            )
        if own["explain"] is not None and own["simulate"] is not None:
            raise Refusal("--explain shows one member, --simulate all of them: leave one out")
        return cls(reading=ReadingOptions(**taken), **own)

    @property
    def paths_read(self) -> tuple[Path, ...]:
        """The files that are read, besides the purchases."""
        named = (self.program, self.simulate, self.redemptions)
        return tuple(path for path in named if path is not None)

    @property
    def paths_written(self) -> tuple[Path, ...]:
        """The files that are written."""
        named = (self.report, self.members, self.save_program, self.reading.rejects)
        return tuple(path for path in named if path is not None)


def _own_names() -> set[str]:
    return {each.name for each in LoyaltyOptions.__attrs_attrs__} - {"reading"}


# --- for argparse ---------------------------------------------------------------------------------


def add_options(parser: ArgumentParser) -> None:
    """Add the options of the command, in the groups in which ``--help`` shows them."""
    parser.formatter_class = Help
    parser.epilog = _EPILOG
    parser.add_argument(
        "file", metavar="FILE", nargs="?", help="the purchases: CSV or text; - is standard input"
    )
    parser.add_argument(
        "--example", action="store_true", help="replay the example shop instead of a file"
    )
    _add_asking(parser)
    add_reading(parser, (Column.PRODUCT, Column.CHANNEL))
    _add_writing(parser)
    _add_showing(parser)


def _add_asking(parser: ArgumentParser) -> None:
    group = parser.add_argument_group("what is replayed (no clock is asked)")
    group.add_argument(
        "--program",
        metavar="FILE",
        type=Path,
        help="the program (.toml, .json; default for the example: its own)",
    )
    group.add_argument(
        "--simulate",
        metavar="OTHER",
        type=Path,
        help="another program: who would be in another tier, and what it would cost",
    )
    group.add_argument(
        "--redemptions",
        metavar="FILE",
        type=Path,
        help="what was redeemed: CSV with the columns customer, date and points",
    )
    group.add_argument(
        "--as-of",
        metavar="DAY",
        type=day,
        help="the last day that counts, as 2026-03-31 (default: the last in the file)",
    )
    group.add_argument(
        "--breakage",
        metavar="SHARE",
        type=share,
        help="the share of points that is never redeemed, for the liability (default: 0)",
    )


def _add_writing(parser: ArgumentParser) -> None:
    group = parser.add_argument_group("what is written")
    group.add_argument("--report", metavar="FILE", type=Path, help="a page with pictures (.html)")
    group.add_argument("--members", metavar="FILE", type=Path, help="a line for each member (.csv)")
    group.add_argument(
        "--save-program",
        metavar="FILE",
        type=Path,
        help="the program that was replayed (.toml, .json)",
    )


def _add_showing(parser: ArgumentParser) -> None:
    group = parser.add_argument_group("what is shown")
    group.add_argument(
        "--explain", metavar="CUSTOMER", help="only this member: points, tiers and the reasons"
    )
    group.add_argument(
        "--top",
        metavar="N",
        type=number_up_to(LONGEST_LIST),
        default=20,
        help="rows of each list (default: 20)",
    )
    shown = group.add_mutually_exclusive_group()
    shown.add_argument("--json", action="store_true", help="all of it as JSON")
    shown.add_argument("--quiet", action="store_true", help="nothing but errors")
