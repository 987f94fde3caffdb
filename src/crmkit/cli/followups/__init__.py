"""``crmkit followups FILE``: who is to be contacted in a month, by whom, on which day."""

from argparse import _SubParsersAction
from collections.abc import Mapping
from typing import Any, TextIO

from crmkit.cli.followups.options import FollowUpOptions, add_options

__all__ = ["add_to", "run"]


def add_to(commands: "_SubParsersAction[Any]") -> None:
    """Add the command and its options."""
    parser = commands.add_parser(
        "followups",
        help="the follow-ups of a month, by owner and day, from a file of purchases",
        usage="crmkit followups FILE --zone ZONE [options], or crmkit followups --example",
        description="Read a file of purchases and plan who is to be contacted: every follow-up of "
        "the month\ngets an owner and a day, or the reason why it has none.",
    )
    parser.set_defaults(run=run)
    add_options(parser)


def run(arguments: Mapping[str, Any], out: TextIO) -> None:
    """Plan the follow-ups of a file as the options say, and print what they ask for.

    :raises Refusal: if it cannot be done, with what would have worked.
    """
    # Imported when it is needed: ``crmkit --help`` should not wait for it.
    from crmkit.cli.followups.command import followups

    followups(FollowUpOptions.of(arguments), out)
