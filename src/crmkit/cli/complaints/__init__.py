"""``crmkit complaints FILE``: what is overdue, why people complain, what became of a case."""

from argparse import _SubParsersAction
from collections.abc import Mapping
from typing import Any, TextIO

from crmkit.cli.complaints.options import ComplaintOptions, add_options

__all__ = ["add_to", "run"]


def add_to(commands: "_SubParsersAction[Any]") -> None:
    """Add the command and its options."""
    parser = commands.add_parser(
        "complaints",
        help="what is overdue, causes, hot spots and single cases, from a file of complaints",
        usage="crmkit complaints FILE --layout LAYOUT --zone ZONE [options],\n"
        "       or crmkit complaints --example",
        description="Read a table of complaints, or a log of what was done with them, replay it "
        "by a\nlifecycle, keep the cases, and show what is overdue, causes and hot spots.",
    )
    parser.set_defaults(run=run)
    add_options(parser)


def run(arguments: Mapping[str, Any], out: TextIO) -> None:
    """Read a file of complaints as the options say, and print what they ask for.

    :raises Refusal: if it cannot be done, with what would have worked.
    """
    # Imported when it is needed: ``crmkit --help`` should not wait for it.
    from crmkit.cli.complaints.command import complaints
    from crmkit.cli.complaints.layout import built_in

    wanted = dict(arguments)
    layout = wanted.pop("print_layout")
    if layout is not None:
        print(built_in(layout), end="", file=out)
    else:
        complaints(ComplaintOptions.of(wanted), out)
