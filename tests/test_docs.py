"""The reference is complete: whoever may be imported can be looked up."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.architecture import AROUND, ROOMS, SHARED, real_modules

REFERENCE = Path(__file__).resolve().parent.parent / "docs" / "reference"
PUBLIC = sorted(real_modules() & {*SHARED, *ROOMS, *AROUND, "testing"})


def documented() -> list[str]:
    """Name every module that a page of the reference documents."""
    pages = (page.read_text(encoding="utf-8") for page in sorted(REFERENCE.glob("*.md")))
    return [name for page in pages for name in re.findall(r"automodule:: crmkit\.(\S+)", page)]


@pytest.mark.parametrize("module", PUBLIC)
def test_every_public_module_has_one_place_in_the_reference(module):
    """A room is documented at its front door, for the names in its ``__all__``."""
    assert documented().count(module) == 1
