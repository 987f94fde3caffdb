"""The reference is complete: whoever may be imported can be looked up."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.architecture import AROUND, ROOMS, SHARED, real_modules

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "docs" / "reference"
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
PUBLIC = sorted(real_modules() & {*SHARED, *ROOMS, *AROUND, "testing"})


def documented() -> list[str]:
    """Name every module that a page of the reference documents."""
    pages = (page.read_text(encoding="utf-8") for page in sorted(REFERENCE.glob("*.md")))
    return [name for page in pages for name in re.findall(r"automodule:: crmkit\.(\S+)", page)]


@pytest.mark.parametrize("module", PUBLIC)
def test_every_public_module_has_one_place_in_the_reference(module):
    """A room is documented at its front door, for the names in its ``__all__``."""
    assert documented().count(module) == 1


def unfenced_examples(text: str) -> list[int]:
    """The lines that look like an example and stand in no python block: nobody runs them."""
    found, fence = [], ""
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith("```"):
            fence = "" if fence else line.removeprefix("```").strip() or "plain"
        elif line.lstrip().startswith(">>>") and fence != "python":
            found.append(number)
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_example_of_a_page_stands_where_it_is_run(page):
    """Sybil runs python blocks; an example outside of one would pass unseen."""
    assert unfenced_examples(page.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (">>> 1 + 1\n3\n", [1]),
        ("```pycon\n>>> 1 + 1\n3\n```\n", [2]),
        ("```python\n>>> 1 + 1\n2\n```\n>>> 1\n", [5]),
        ("```python\n>>> 1 + 1\n2\n```\n", []),
    ],
)
def test_an_example_outside_of_a_python_block_is_noticed(text, lines):
    """The check itself can fail."""
    assert unfenced_examples(text) == lines
