"""The command line: ``crmkit review purchases.csv`` and what comes after it.

Each command is a file or a folder of its own with two functions: ``add_to`` names its options, and
``run`` does the work and prints to the stream that it is handed. Whatever a user can put right ends
here, as one line on standard error and exit status 2.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib.metadata import version
from io import StringIO
from typing import Any, NoReturn, TextIO

from crmkit.cli import complaints, followups, loyalty, review
from crmkit.cli.refusal import Refusal, one_line
from crmkit.errors import CrmkitError

__all__ = ["main"]

COMMANDS = (review, complaints, followups, loyalty)

_REFUSED = 2
_INTERRUPTED = 130


class _Parser(argparse.ArgumentParser):
    """Says what is wrong with the arguments in one line, without the usage before it."""

    def error(self, message: str) -> NoReturn:
        raise Refusal(f"{message}; {self.prog} --help shows what there is")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="crmkit",
        description="Who the customers are, which of them matter, and why.",
    )
    parser.add_argument("--version", action="version", version=f"crmkit {version('crmkit')}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for command in COMMANDS:
        command.add_to(commands)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and say how it ended: 0 done, 2 refused with one line that says why.

    A reader that stops reading early, as ``head`` does, is no error.
    """
    out = sys.stdout or StringIO()  # None where standard output was closed.
    _never_fail_on_a_letter(out)
    doing = "crmkit"
    try:
        arguments = vars(_parser().parse_args(argv))
        doing = f"crmkit {arguments.pop('command')}"
        arguments.pop("run")(arguments, out)
        out.flush()
    except SystemExit as end:  # argparse has shown the help or the version.
        return int(end.code or 0)
    except BrokenPipeError:
        _forget(out)
    except KeyboardInterrupt:
        return _refuse(doing, "interrupted", _INTERRUPTED)
    except OSError as error:
        _forget(out)
        return _refuse(doing, f"cannot write: {(error.strerror or str(error)).lower()}")
    except (Refusal, CrmkitError) as error:
        return _refuse(doing, str(error))
    return 0


def _refuse(doing: str, why: str, status: int = _REFUSED) -> int:
    with suppress(OSError):
        print(f"{doing}: {one_line(why)}", file=sys.stderr)
    return status


def _never_fail_on_a_letter(out: Any) -> None:
    """A terminal that lacks a letter gets an escape for it, as standard error always does."""
    with suppress(AttributeError, OSError, ValueError):
        out.reconfigure(errors="backslashreplace")


def _forget(out: TextIO) -> None:
    """Let what is still unwritten go nowhere, or the interpreter fails on it when it ends."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), out.fileno())
