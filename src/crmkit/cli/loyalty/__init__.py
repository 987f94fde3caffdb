"""``crmkit loyalty FILE``: what a loyalty program would have meant for the purchases of a shop."""

from argparse import _SubParsersAction
from collections.abc import Mapping
from typing import Any, TextIO

from crmkit.cli.loyalty.options import LoyaltyOptions, add_options

__all__ = ["add_to", "run"]


def add_to(commands: "_SubParsersAction[Any]") -> None:
    """Add the command and its options."""
    parser = commands.add_parser(
        "loyalty",
        help="points, tiers and liability of a loyalty program, from a file of purchases",
        usage="crmkit loyalty FILE --program FILE [options], or crmkit loyalty --example",
        description="Read a file of purchases and replay it through a loyalty program: who would "
        "hold which tier,\nhow many points were earned and expired, and what the open ones cost.",
    )
    parser.set_defaults(run=run)
    add_options(parser)


def run(arguments: Mapping[str, Any], out: TextIO) -> None:
    """Replay a file through a program as the options say, and print what they ask for.

    :raises Refusal: if it cannot be done, with what would have worked.
    """
    # Imported when it is needed: ``crmkit --help`` should not wait for it.
    from crmkit.cli.loyalty.command import loyalty

    loyalty(LoyaltyOptions.of(arguments), out)
