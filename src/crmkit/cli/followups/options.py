"""The options of ``crmkit followups``, and what they amount to."""

import argparse
import re
from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from attrs import field, frozen

from crmkit.cli.arguments import Help, day, number_up_to, windows
from crmkit.cli.refusal import Refusal
from crmkit.cli.review.options import ReadingOptions, add_reading
from crmkit.errors import InvalidIdentifier, InvalidValue
from crmkit.followups import Smoothing
from crmkit.identifiers import check_identifier
from crmkit.period import Period
from crmkit.segmentation import Counting, Refunds

__all__ = ["FollowUpOptions", "Span", "add_options"]

LONGEST_LIST = 1000
_MOST_A_DAY = 10_000
_FIRST_YEAR, _LAST_YEAR = 1900, 2100

_SPAN = re.compile(r"(?P<year>\d{4})(?:-(?P<month>\d\d)|-?[Qq](?P<quarter>[1-4]))?", re.ASCII)

_ALONE = "shop"
"""Whose the follow-ups are if nobody is named."""

_EXAMPLE = {"zone": "Europe/Berlin"}
"""What holds for the example, unless an option says otherwise."""

_EPILOG = """\
examples:
  crmkit followups --example --owner anna --owner ben=4 --report plan.html
  crmkit followups purchases.csv --currency EUR --zone Europe/Berlin --holidays DE --for 2026-03
  crmkit followups purchases.csv --currency EUR --zone Europe/Berlin --cadence calls.toml --ics out
  crmkit followups purchases.csv --currency EUR --zone Europe/Berlin --json | jq .owners

Without --cadence it is the return visits after what was bought (by telephone: monthly within a
year, then quarterly) and the round of December. Nothing is written but what is named.
"""


@frozen
class Span:
    """What a plan is for: a month, a quarter or a year, and how people say it."""

    name: str
    period: Period


@frozen(kw_only=True)
class FollowUpOptions:
    """What one run of ``crmkit followups`` was asked for, each as its option says.

    :raises Refusal: if something that is needed was not said.
    """

    reading: ReadingOptions
    zone: str
    """Where the owners are."""
    span: Span | None
    """None for the month that comes after the day that is planned on."""
    hand_over: str
    cadences: tuple[Path, ...] = field(converter=tuple)
    owners: tuple[tuple[str, int], ...]
    owners_of: Path | None
    hours: tuple[str, ...]
    holidays: str | None
    smoothing: Smoothing
    report: Path | None
    ics: Path | None
    explain: str | None
    top: int
    json: bool
    quiet: bool

    @classmethod
    def of(cls, arguments: Mapping[str, Any]) -> "FollowUpOptions":
        """Take what the parser found."""
        said = dict(arguments)
        if said["example"]:
            said["zone"] = said["zone"] or _EXAMPLE["zone"]
        if said["zone"] is None:
            raise Refusal(
                "add --zone, which says where the clocks of the owners are, such as "
                "--zone Europe/Rome"
            )
        zone, capacity = said["zone"], said.pop("capacity")
        own = {name: said.pop(name) for name in _own_names() if name in said}
        own["owners"] = _named(own["owners"], capacity)
        own["smoothing"] = Smoothing(own["smoothing"])
        taken = ReadingOptions.taken({**said, "count": Counting.DAYS, "refunds": Refunds.NET})
        return cls(reading=ReadingOptions(**taken), zone=zone, **own)

    @property
    def paths_read(self) -> tuple[Path, ...]:
        """The files that are read."""
        source = self.reading.file
        named = () if source in (None, "-") else (Path(str(source)),)
        others = () if self.owners_of is None else (self.owners_of,)
        return (*named, *self.cadences, *others)


def _own_names() -> set[str]:
    names = {each.name for each in FollowUpOptions.__attrs_attrs__}
    return names - {"reading", "zone"}


def _named(owners: list[tuple[str, int | None]], capacity: int) -> tuple[tuple[str, int], ...]:
    """Each owner with so many follow-ups a day; somebody does them, even if nobody is named."""
    named = [(name, capacity if own is None else own) for name, own in owners]
    if len({name for name, _ in named}) < len(named):
        raise Refusal("an owner is named twice: leave one of them out")
    return tuple(named) or ((_ALONE, capacity),)


# --- for argparse ---------------------------------------------------------------------------------


def _span(text: str) -> Span:
    found = _SPAN.fullmatch(text)
    if found is None:
        _no_span()
    year, month, quarter = int(found["year"]), found["month"], found["quarter"]
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        _no_span()
    if month is not None:
        try:
            return Span(found[0], Period.month(year, int(month)))
        except InvalidValue:
            _no_span()
    if quarter is not None:
        return Span(f"{year}-Q{quarter}", Period.quarter(year, int(quarter)))
    return Span(found[0], Period.year(year))


def _no_span() -> NoReturn:
    raise argparse.ArgumentTypeError(
        f"not a month such as 2026-03, a quarter 2026-Q1 or a year 2026, from {_FIRST_YEAR} to "
        f"{_LAST_YEAR}"
    )


_capacity = number_up_to(_MOST_A_DAY)


def _owner(text: str) -> tuple[str, int | None]:
    # A name may have an equals sign itself: then it is written with its number, as a=b=8.
    name, equals, own = text.rpartition("=") if "=" in text else (text, "", "")
    name = name.strip()
    if not name:
        raise argparse.ArgumentTypeError("not an owner such as anna, or anna=8")
    try:
        check_identifier(name, "it")
    except InvalidIdentifier as error:
        raise argparse.ArgumentTypeError(f"not the name of an owner: {error}") from None
    return name, _capacity(own) if equals else None


def add_options(parser: ArgumentParser) -> None:
    """Add the options of the command, in the groups in which ``--help`` shows them."""
    parser.formatter_class = Help
    parser.epilog = _EPILOG
    parser.add_argument(
        "file", metavar="FILE", nargs="?", help="the purchases: CSV or text; - is standard input"
    )
    parser.add_argument(
        "--example", action="store_true", help="plan for the example shop instead of a file"
    )
    _add_asking(parser)
    _add_owners(parser)
    add_reading(parser)
    _add_writing(parser)
    _add_showing(parser)


def _add_asking(parser: ArgumentParser) -> None:
    group = parser.add_argument_group("what is planned (no clock is asked)")
    group.add_argument(
        "--for",
        dest="span",
        metavar="MONTH",
        type=_span,
        help="a month such as 2026-03, a quarter 2026-Q1 or a year 2026 (default: the month after "
        "the day that is planned on)",
    )
    group.add_argument(
        "--as-of",
        metavar="DAY",
        type=day,
        help="the day that is planned on, as 2026-03-31 (default: the last in the file)",
    )
    group.add_argument(
        "--cadence",
        dest="cadences",
        metavar="FILE",
        action="append",
        default=[],
        type=Path,
        help="a cadence to follow up by (.json, .toml); once for each",
    )
    group.add_argument(
        "--hand-over",
        choices=["last", "first"],
        default="last",
        help="which purchase stands for the hand-over: the last (default), or the first",
    )


def _add_owners(parser: ArgumentParser) -> None:
    group = parser.add_argument_group("who does it, and when")
    group.add_argument(
        "--owner",
        dest="owners",
        metavar="NAME[=N]",
        action="append",
        default=[],
        type=_owner,
        help="somebody who follows customers up, N a day; once for each",
    )
    group.add_argument(
        "--owners-of",
        metavar="FILE",
        type=Path,
        help="whose customers they are: CSV with the columns customer and owner; others are shared "
        "out by the room that owners have",
    )
    group.add_argument(
        "--capacity",
        metavar="N",
        type=_capacity,
        default=12,
        help="how many a day, for owners who have no N of their own (default: 12)",
    )
    group.add_argument(
        "--hours",
        metavar="WINDOWS",
        type=windows,
        default=("09:00-17:00",),
        help="when they work from Monday to Friday (default: 09:00-17:00)",
    )
    group.add_argument(
        "--holidays",
        metavar="COUNTRY",
        help="not on national holidays, such as IT, or those of a region, such as DE-BE",
    )
    group.add_argument(
        "--smoothing",
        choices=[each.value for each in Smoothing],
        default=Smoothing.DUE_DAY.value,
        help="as near to its day as there is room (default), or as evenly as windows allow",
    )


def _add_writing(parser: ArgumentParser) -> None:
    group = parser.add_argument_group("what is written")
    group.add_argument("--report", metavar="FILE", type=Path, help="a page with calendars (.html)")
    group.add_argument(
        "--ics", metavar="DIR", type=Path, help="a calendar file for each owner, NAME.ics, in DIR"
    )


def _add_showing(parser: ArgumentParser) -> None:
    group = parser.add_argument_group("what is shown")
    group.add_argument(
        "--explain", metavar="CUSTOMER", help="only what comes next for this customer, and why"
    )
    group.add_argument(
        "--top",
        metavar="N",
        type=number_up_to(LONGEST_LIST),
        default=20,
        help="rows of each list (default: 20)",
    )
    shown = group.add_mutually_exclusive_group()
    shown.add_argument("--json", action="store_true", help="the whole plan as JSON")
    shown.add_argument("--quiet", action="store_true", help="nothing but errors")
