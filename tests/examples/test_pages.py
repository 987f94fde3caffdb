"""Each example app is a page and a test, and a page shows only what stands in the files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
APPS = sorted(
    folder.name
    for folder in (ROOT / "examples").iterdir()
    if folder.is_dir() and folder.name[0] != "_"
)
PAGES = sorted((ROOT / "docs" / "howto").glob("embed-in-*.md"))
INCLUDE = re.compile(r"^```\{literalinclude\} (\S+)\n(.*?)^```$", re.M | re.S)


def includes(page: Path) -> list[tuple[Path, dict[str, str]]]:
    """The files that a page includes from, and which part of each."""
    found = INCLUDE.findall(page.read_text(encoding="utf-8"))
    options = [dict(re.findall(r"^:([a-z-]+): '?(.+?)'?$", below, re.M)) for _, below in found]
    return [
        ((page.parent / name).resolve(), part)
        for (name, _), part in zip(found, options, strict=True)
    ]


@pytest.mark.parametrize("app", APPS)
def test_every_app_has_a_page_and_a_test(app):
    shown = {file for page in PAGES for file, _ in includes(page)}
    assert any(ROOT / "examples" / app in file.parents for file in shown)
    assert (ROOT / "tests" / "examples" / f"test_{app}.py").exists()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_includes_is_there(page):
    for file, part in includes(page):
        text = file.read_text(encoding="utf-8")
        for option, words in part.items():
            named = rf"^\s*(?:class|def) {words}\b" if option == "pyobject" else re.escape(words)
            assert len(re.findall(named, text, re.M)) >= 1, (file.name, option, words)
