"""The requirements page tells the truth: what it says is done can be imported and looked up."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGE = (DOCS / "requirements.md").read_text(encoding="utf-8")
DONE = [
    *(f"SEG-{number:02}" for number in range(1, 14)),
    *(f"CLV-{number:02}" for number in range(1, 10)),
    *(f"CMP-{number:02}" for number in range(1, 17)),
    *(f"SVC-{number:02}" for number in (1, 2, 3, 4, 8, 9, 10, 11, 13)),
    *(f"FUP-{number:02}" for number in range(1, 12)),
    *(f"CHU-{number:02}" for number in range(1, 11)),
    "CUS-12",
    *(f"LOY-{number:02}" for number in range(1, 9)),
    "KPI-01",
    "KPI-05",
    "ORG-02",
    "RSK-01",
]
PARTLY = ["FUP-03", "KPI-01", "SVC-01", "SVC-02"]

Row = tuple[str, str, str, str]


def rows_of(page: str) -> list[Row]:
    """The rows of the tables: the ID, what it asks, the names, and the how-to pages."""
    cells = re.findall(
        r"^\| ([A-Z]{3}-\d\d) \| (.+?) \| (.+?) \| (.+?) \|$", page, flags=re.MULTILINE
    )
    return [(number, asks, names, pages) for number, asks, names, pages in cells]


def names_in(text: str) -> list[str]:
    """The dotted names of the library that stand in a text."""
    return re.findall(r"`(crmkit\.[\w.]+)`", text)


def links_in(text: str) -> list[str]:
    return re.findall(r"\]\(([^)]+)\)", text)


def imported(name: str) -> Any:
    """What a user gets for a dotted name; its second part is a module that offers the third."""
    package, module, offered, *attributes = name.split(".")
    found = import_module(f"{package}.{module}")
    assert offered in found.__all__, f"{name} is not public"
    for attribute in (offered, *attributes):
        found = getattr(found, attribute)
    return found


def anchors_of(page: Path) -> set[str]:
    """The headings of a page as links name them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


ROWS = rows_of(PAGE)
each_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])


class TestRequirementsPage:
    """An item is done when the page points from its ID to the public name that does it."""

    def test_every_requirement_that_is_done_stands_once(self):
        assert sorted(number for number, *_ in ROWS) == sorted(DONE)

    def test_a_row_says_what_is_not_done_yet(self):
        """Nobody relies on an item of which only a part is there."""
        assert sorted(number for number, asks, *_ in ROWS if "*Not yet: " in asks) == PARTLY

    @each_row
    def test_every_row_names_what_does_it_and_how(self, row):
        _, _, names, pages = row
        assert names_in(names)
        assert links_in(pages)

    @pytest.mark.parametrize("name", sorted({*names_in(PAGE)}))
    def test_every_name_can_be_imported(self, name):
        assert imported(name) is not None

    @pytest.mark.parametrize("link", sorted({*links_in(PAGE)}))
    def test_every_link_leads_to_a_heading(self, link):
        path, _, anchor = link.partition("#")
        page = DOCS / (path or "requirements.md")
        assert page.is_file()
        assert not anchor or anchor in anchors_of(page)

    @each_row
    def test_the_page_that_is_named_shows_the_name(self, row):
        """Of several names at least one; the others are in the reference."""
        _, _, names, pages = row
        shown = "".join(
            (DOCS / link.partition("#")[0]).read_text("utf-8") for link in links_in(pages)
        )
        assert any(name.rpartition(".")[2] in shown for name in names_in(names))


class TestTheCheckItself:
    """A row that is wrong is noticed."""

    @pytest.mark.parametrize(
        "name",
        [
            "crmkit.segmentation.NoSuchPolicy",
            "crmkit.segmentation.CustomerMatrix.no_such_method",
            "crmkit.segmentation.kept",
            "crmkit.no_such_module.Name",
        ],
    )
    def test_a_name_that_is_not_there(self, name):
        with pytest.raises((AssertionError, AttributeError, ModuleNotFoundError)):
            imported(name)

    def test_a_row_is_read_with_its_names(self):
        page = "| ID | x |\n|---|---|\n| SEG-99 | Asks. | `crmkit.money.Money` | [how](a.md) |\n"
        assert rows_of(page) == [("SEG-99", "Asks.", "`crmkit.money.Money`", "[how](a.md)")]
        assert names_in(rows_of(page)[0][2]) == ["crmkit.money.Money"]
