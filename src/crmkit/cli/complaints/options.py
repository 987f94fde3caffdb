"""The options of ``crmkit complaints``, and what they amount to."""

from argparse import ArgumentParser
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from attrs import frozen

from crmkit.cli.arguments import Help, day, number_up_to, windows
from crmkit.cli.refusal import Refusal

__all__ = [
    "LAYOUTS",
    "LIFECYCLES",
    "LONGEST_LIST",
    "STANDARD_INPUT",
    "ComplaintOptions",
    "add_options",
]

LAYOUTS = ("cfpb", "events", "example")
"""The layouts of files that come with the command."""

LIFECYCLES = ("helpdesk",)
"""The lifecycles that come with the command."""

STANDARD_INPUT = "-"

_EXAMPLE = {"layout": "example", "zone": "Europe/Berlin", "hours": ("09:00-17:00",)}
"""What holds for the example, unless an option says otherwise."""

LONGEST_LIST = 1000

_EPILOG = """\
examples:
  crmkit complaints --example
  crmkit complaints complaints.csv --layout cfpb --zone America/New_York
  crmkit complaints cases.csv --layout mine.toml --zone Europe/Berlin --store cases.sqlite
  crmkit complaints log.csv --layout events --lifecycle helpdesk --zone Europe/Rome \\
      --hours 09:00-18:00 --holidays IT --case 4
  crmkit complaints --print-layout example > mine.toml

Nothing is written but what is named. Keep a later file in the same store, and only what is new in
it is added; the same file twice changes nothing.
"""


@frozen(kw_only=True)
class ComplaintOptions:
    """What one run of ``crmkit complaints`` was asked for, each as its option says.

    :raises Refusal: if something that is needed was not said.
    """

    file: str | None
    """None for the example."""
    layout: str
    lifecycle: str | None
    encoding: str
    strict: bool
    rejects: Path | None
    zone: str
    hours: tuple[str, ...]
    holidays: str | None
    as_of: date | None
    store: Path | None
    case: str | None
    top: int
    json: bool
    quiet: bool

    @classmethod
    def of(cls, arguments: Mapping[str, Any]) -> "ComplaintOptions":
        """Take what the parser found."""
        said = dict(arguments)
        if said.pop("example") == (said["file"] is not None):
            raise Refusal("name one file of complaints, or add --example for the example")
        if said["file"] is None:
            said |= {name: said[name] or usual for name, usual in _EXAMPLE.items()}
        for name, what in (
            ("layout", "a layout says which column is what: add --layout NAME or --layout FILE"),
            ("zone", "add --zone, which says where the clocks are, such as --zone Europe/Rome"),
        ):
            if said[name] is None:
                raise Refusal(what)
        return cls(**said)

    @property
    def paths_read(self) -> tuple[Path, ...]:
        """The files that are read, as far as they are the host's."""
        named = [name for name in (self.file,) if name not in (None, STANDARD_INPUT)]
        named += [name for name in (self.layout,) if name not in LAYOUTS]
        named += [name for name in (self.lifecycle,) if name not in (None, *LIFECYCLES)]
        return tuple(Path(name) for name in named if name is not None)


# --- for argparse ---------------------------------------------------------------------------------


def add_options(parser: ArgumentParser) -> None:
    """Add the options of the command, in the groups in which ``--help`` shows them."""
    parser.formatter_class = Help
    parser.epilog = _EPILOG
    parser.add_argument(
        "file", metavar="FILE", nargs="?", help="CSV with a header; - is standard input"
    )
    parser.add_argument(
        "--example",
        action="store_true",
        help="read the complaints of a shop that does not exist instead of a file",
    )
    _add_reading(parser)
    _add_time(parser)
    _add_writing(parser)
    _add_showing(parser)


def _add_reading(parser: ArgumentParser) -> None:
    group = parser.add_argument_group("how the file is read (nothing is guessed)")
    group.add_argument(
        "--layout",
        metavar="NAME|FILE",
        help=f"which column is what: {', '.join(LAYOUTS)} come with the command; or a file of your "
        f"own, in TOML",
    )
    group.add_argument(
        "--lifecycle",
        metavar="NAME|FILE",
        help="for a log, by which it is replayed: helpdesk comes with the command; or a file of "
        "your own, in TOML",
    )
    group.add_argument(
        "--encoding",
        metavar="NAME",
        default="utf-8",
        help="such as gb18030 or cp1252 (default: utf-8)",
    )
    group.add_argument("--strict", action="store_true", help="refuse a file with a bad line")
    group.add_argument("--rejects", metavar="FILE", type=Path, help="write the bad lines here")


def _add_time(parser: ArgumentParser) -> None:
    group = parser.add_argument_group("when (no clock is asked)")
    group.add_argument(
        "--zone", metavar="ZONE", help="where the clocks of the file are, such as Europe/Rome"
    )
    group.add_argument(
        "--hours",
        metavar="WINDOWS",
        type=windows,
        default=(),
        help="when somebody works from Monday to Friday: 09:00-13:00,14:00-18:00",
    )
    group.add_argument(
        "--holidays",
        metavar="COUNTRY",
        help="national holidays, such as IT, or of a region, such as DE-BE",
    )
    group.add_argument(
        "--as-of",
        metavar="DAY",
        type=day,
        help="the last day that counts, as 2026-03-31 (default: the last in the file)",
    )


def _add_writing(parser: ArgumentParser) -> None:
    group = parser.add_argument_group("what is written")
    group.add_argument("--store", metavar="FILE", type=Path, help="keep the cases here (SQLite)")


def _add_showing(parser: ArgumentParser) -> None:
    group = parser.add_argument_group("what is shown")
    group.add_argument("--case", metavar="ID", help="only this case, with its whole trail")
    group.add_argument(
        "--top",
        metavar="N",
        type=number_up_to(LONGEST_LIST),
        default=10,
        help="rows of each list (default: 10)",
    )
    shown = group.add_mutually_exclusive_group()
    shown.add_argument("--json", action="store_true", help="the same as JSON instead of tables")
    shown.add_argument("--quiet", action="store_true", help="nothing but errors")
    group.add_argument(
        "--print-layout",
        metavar="NAME",
        choices=(*LAYOUTS, *LIFECYCLES),
        help="nothing but a layout or lifecycle that comes with the command, to make one's own of",
    )
