"""Run every example of README, docs/, CONTRIBUTING and the docstrings under src/ as a test.

Sybil finds both kinds: ``>>>`` examples, whose output is compared, and plain python blocks, which
must run through. pytest's own ``--doctest-glob`` would let a failing plain block pass unseen.
There is no skip comment: an example that cannot run is not an example. Each document runs in an
empty directory of its own, so examples may write files.
"""

from __future__ import annotations

from contextlib import ExitStack, chdir
from doctest import ELLIPSIS, NORMALIZE_WHITESPACE
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from sybil import Sybil
from sybil.document import PythonDocStringDocument
from sybil.integration.pytest import SybilItem
from sybil.parsers.myst import PythonCodeBlockParser as MarkdownParser
from sybil.parsers.rest import DocTestParser, PythonCodeBlockParser
from sybil.sybil import SybilCollection

OPTIONS = ELLIPSIS | NORMALIZE_WHITESPACE

_scratch = ExitStack()


def _enter_scratch(namespace: dict[str, Any]) -> None:
    directory = _scratch.enter_context(TemporaryDirectory())
    _scratch.enter_context(chdir(directory))


def _leave_scratch(namespace: dict[str, Any]) -> None:
    _scratch.close()


_markdown = MarkdownParser(doctest_optionflags=OPTIONS)
# A pattern matches the end of a path, so "*.md" means: at any depth below ``path``.
SYBILS = SybilCollection(
    [
        Sybil(
            parsers=[_markdown],
            filenames=["README.md", "CONTRIBUTING.md"],
            setup=_enter_scratch,
            teardown=_leave_scratch,
        ),
        Sybil(
            parsers=[_markdown],
            path="docs",
            pattern="*.md",
            excludes=["README.md", "CONTRIBUTING.md"],
            setup=_enter_scratch,
            teardown=_leave_scratch,
        ),
        Sybil(
            parsers=[DocTestParser(OPTIONS), PythonCodeBlockParser()],
            path="src",
            pattern="*.py",
            document_types={".py": PythonDocStringDocument},
            setup=_enter_scratch,
            teardown=_leave_scratch,
        ),
    ]
)

pytest_collect_file = SYBILS.pytest()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests run in random order; the examples of one document read from top to bottom."""
    examples = [item for item in items if isinstance(item, SybilItem)]
    examples.sort(key=lambda item: (str(item.path), item.example.start))
    tests = [item for item in items if not isinstance(item, SybilItem)]
    items[:] = [*tests, *examples]
