"""The options of ``crmkit complaints``, and what they amount to."""

import argparse
from argparse import ArgumentParser
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from attrs import frozen

__all__ = ["LAYOUTS", "ComplaintOptions", "add_options"]

LAYOUTS = ("cfpb", "events")
"""The layouts of files that come with the command."""

_EPILOG = """\
examples:
  crmkit complaints complaints.csv --layout cfpb --zone America/New_York
  crmkit complaints cases.csv --columns columns.toml --zone Europe/Berlin --store cases.sqlite
  crmkit complaints log.csv --layout events --lifecycle helpdesk --zone Europe/Rome \\
      --hours 09:00-18:00 --holidays IT --case 4
"""


@frozen(kw_only=True)
class ComplaintOptions:
    """What one run of ``crmkit complaints`` was asked for, each as its option says."""

    file: Path
    layout: str | None
    columns: Path | None
    lifecycle: str | None
    encoding: str
    zone: str
    hours: tuple[str, ...]
    holidays: str | None
    as_of: date | None
    store: Path | None
    rejects: Path | None
    case: str | None
    top: int
    format: str

    @classmethod
    def of(cls, arguments: Mapping[str, Any]) -> "ComplaintOptions":
        """Take what the parser found."""
        return cls(**arguments)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError("not a day written as 2026-03-31") from None


def _windows(text: str) -> tuple[str, ...]:
    return tuple(window.strip() for window in text.split(","))


def _number(text: str) -> int:
    if not (text.isdecimal() and text.isascii() and 1 <= int(text[:6]) <= 1000 and len(text) < 6):
        raise argparse.ArgumentTypeError("not a whole number from 1 to 1000")
    return int(text)


def add_options(parser: ArgumentParser) -> None:
    """Add the options of the command."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _EPILOG
    parser.add_argument("file", metavar="FILE", type=Path, help="CSV with a header")
    _add_reading(parser)
    _add_time(parser)
    _add_results(parser)


def _add_reading(parser: ArgumentParser) -> None:
    group = parser.add_argument_group("how the file is read")
    which = group.add_mutually_exclusive_group(required=True)
    which.add_argument("--layout", choices=LAYOUTS, help="a layout that comes with the command")
    which.add_argument("--columns", metavar="FILE", type=Path, help="a layout of your own, in TOML")
    group.add_argument(
        "--lifecycle",
        metavar="NAME|FILE",
        help="for a log: the lifecycle by which it is replayed, in TOML; helpdesk comes with it",
    )
    group.add_argument("--encoding", default="utf-8", help="of the file (default: utf-8)")


def _add_time(parser: ArgumentParser) -> None:
    group = parser.add_argument_group("when")
    group.add_argument(
        "--zone", required=True, help="where the clocks of the file are, such as Europe/Rome"
    )
    group.add_argument(
        "--hours",
        metavar="WINDOWS",
        type=_windows,
        default=(),
        help="when the desk works from Monday to Friday: 09:00-13:00,14:00-18:00",
    )
    group.add_argument(
        "--holidays", metavar="COUNTRY", help="national holidays of a country, such as IT"
    )
    group.add_argument(
        "--as-of", metavar="DAY", type=_day, help="that day included (default: the last one)"
    )


def _add_results(parser: ArgumentParser) -> None:
    group = parser.add_argument_group("what comes out")
    group.add_argument("--store", metavar="FILE", type=Path, help="keep the cases here (SQLite)")
    group.add_argument(
        "--rejects", metavar="FILE", type=Path, help="write all lines that were rejected (.csv)"
    )
    group.add_argument("--case", metavar="ID", help="only this case, with its whole trail")
    group.add_argument(
        "--top", metavar="N", type=_number, default=10, help="rows of each list (default: 10)"
    )
    group.add_argument("--format", choices=("text", "json"), default="text")
