"""``crmkit review FILE``: who the customers are, which of them matter, and why."""

from argparse import _SubParsersAction
from collections.abc import Mapping
from typing import Any, TextIO

from crmkit.cli.review.options import ReviewOptions, add_options

__all__ = ["add_to", "run"]


def add_to(commands: "_SubParsersAction[Any]") -> None:
    """Add the command and its options."""
    parser = commands.add_parser(
        "review",
        help="segments, tiers and the best customers, from a file of purchases",
        usage="crmkit review FILE [options], or crmkit review --example",
        description="Read a file of purchases and show who the customers are: segments, ABC tiers "
        "and\nthe customer pyramid, the few who bring most, and why each of them is one.",
    )
    parser.set_defaults(run=run)
    add_options(parser)


def run(arguments: Mapping[str, Any], out: TextIO) -> None:
    """Review a file as the options say, and print what they ask for.

    :raises Refusal: if it cannot be done, with what would have worked.
    """
    # Imported when it is needed: ``crmkit --help`` should not wait for it.
    from crmkit.cli.review.command import review

    review(ReviewOptions.of(arguments), out)
