"""Run the command in this process, in a folder of its own, and look at what it did."""

from __future__ import annotations

import json
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

from attrs import frozen

from crmkit.cli import main


@frozen
class Run:
    """How a command ended, and what it said."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it said, for programs; it has to have ended well."""
        assert (self.status, self.err) == (0, "")
        return json.loads(self.out)


def run(*arguments: object) -> Run:
    """Run ``crmkit`` with these arguments."""
    with redirect_stdout(StringIO()) as out, redirect_stderr(StringIO()) as err:
        status = main([str(argument) for argument in arguments])
    return Run(status, out.getvalue(), err.getvalue())


def review(*arguments: object) -> Run:
    """Run ``crmkit review``."""
    return run("review", *arguments)


def refused(*arguments: object) -> str:
    """Run ``crmkit review`` where it has to refuse: the one line that says why."""
    result = review(*arguments)
    assert (result.status, result.out) == (2, "")
    (line,) = result.err.splitlines()
    assert line.startswith("crmkit")
    return line


def purchases(path: Path, *lines: str) -> Path:
    """Write a file of purchases in euro: ``"C-7 2026-03-01 12.30"``."""
    rows = [",".join(line.split()) for line in lines]
    path.write_text("\n".join(["customer,date,amount", *rows, ""]), encoding="utf-8")
    return path
