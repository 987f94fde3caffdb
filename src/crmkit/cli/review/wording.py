"""What the library says to programmers, in the words of the command line."""

import re

from crmkit.cli.refusal import Refusal
from crmkit.errors import CrmkitError, CurrencyMismatch
from crmkit.intake import AmbiguousColumn, Column, MissingColumn

__all__ = ["in_options", "refusal_of"]

# Advice such as columns={'date': 2} becomes --date-column 2, and currency='EUR' --currency EUR.
_COLUMNS = re.compile(r"columns=\{([^}]*)\}")
_COLUMN = re.compile(r"'(\w+)': (?:'([^']*)'|(\w[\w ]*))")
_KEYWORD = re.compile(
    r"\b(currency|date_format|delimiter|encoding|rounding|thousands|zone)=(?:'([^']*)'|(\S+))"
)
_PHRASES = (
    ("NAME-OR-POSITION", "NAME"),
    ("decimal=','", "--decimal-comma"),
    ("header=False", "--no-header"),
    ("on_error='collect' would go on", "without --strict it would go on"),
    ("write_rejects is", "--rejects is"),
    ("date_format ", "--date-format "),
    ("delimiter is", "--delimiter is"),
)


def refusal_of(error: CrmkitError) -> Refusal:
    """Say what was wrong with the file or with how it should be read, and which option helps."""
    if isinstance(error, CurrencyMismatch):
        return Refusal(
            f"the amounts are in {error.left} and {error.right}: say what one is worth in the "
            f"other, such as --currency {error.left} --rate {error.right}=0.92"
        )
    if isinstance(error, AmbiguousColumn):
        return Refusal(_which(error))
    if isinstance(error, MissingColumn) and error.column is Column.CURRENCY:
        return Refusal(
            "the file has no column for the currency: add --currency USD, or what it was sold in"
        )
    if isinstance(error, MissingColumn) and error.names:
        return Refusal(_missing(error))
    return Refusal(in_options(str(error)))


def _missing(error: MissingColumn) -> str:
    """The message, and how wide the first line is; its cells may be a customer's, not names."""
    return f"{in_options(str(error))}; the first line has {len(error.names)} columns"


def _which(error: AmbiguousColumn) -> str:
    names = ", ".join(
        f"{name!r} ({at})" for name, at in zip(error.candidates, error.positions, strict=True)
    )
    option = _option(error.column)
    return f"several columns could be the {error.column}: {names}; add {option} and one of them"


def _option(column: str) -> str:
    return f"--{column.replace('_', '-')}-column"


def in_options(message: str) -> str:
    """Put advice on arguments of Python into the options that do the same."""
    message = _COLUMNS.sub(lambda found: _chosen(found[1]), message)
    message = _KEYWORD.sub(
        lambda found: f"--{found[1].replace('_', '-')} {found[2] or found[3]}", message
    )
    for ours, theirs in _PHRASES:
        message = message.replace(ours, theirs)
    return message


def _chosen(pairs: str) -> str:
    return " ".join(
        f"{_option(column)} {name or other.upper().replace(' ', '-')}"
        for column, name, other in _COLUMN.findall(pairs)
    )
