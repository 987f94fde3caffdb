"""Every example is executed: of the pages and of the docstrings, plain blocks as well."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
# What a block may be written in. Python has one name, because Sybil knows one.
LANGUAGES = {"python", "console", "csv", "html", "ini", "json", "mermaid", "sql", "text", "toml"}


PLANTED = {
    "README.md": "```python\nassert 1 == 2\n```\n",
    "CONTRIBUTING.md": "```python\n>>> 1 + 1\n3\n\n```\n",
    "docs/index.md": "```python\nassert 1 == 2\n```\n",
    "docs/howto/deep/down/page.md": "```python\nassert 1 == 2\n```\n",
    "docs/directive.md": "```{code-block} python\nassert 1 == 2\n```\n",
    "src/shop/policies/deep/rule.py": '"""A rule.\n\n>>> 1 + 1\n3\n"""\n',
    "src/shop/block.py": '"""A rule.\n\n.. code-block:: python\n\n    assert 1 == 2\n"""\n',
    "src/shop/function.py": 'def f():\n    """A rule.\n\n    >>> f()\n    3\n    """\n',
}
GOOD = (
    "```python\nfrom pathlib import Path\n\n_ = Path('kept.txt').write_text('gold')\n```\n"
    "```python\n>>> Path('kept.txt').read_text()\n'gold'\n\n```\n"
)


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> set[tuple[str, str]]:
    """Run our conftest over the planted documents: ``{("FAILED", "README.md"), ...}``."""
    top = tmp_path_factory.mktemp("documents")
    for name, text in {**PLANTED, "docs/good.md": GOOD}.items():
        document = top / name
        document.parent.mkdir(parents=True, exist_ok=True)
        document.write_text(text)
    for package in ("shop", "shop/policies", "shop/policies/deep"):
        (top / "src" / package / "__init__.py").touch()
    shutil.copy(ROOT / "conftest.py", top)
    command = [sys.executable, "-m", "pytest", "-rA", "-p", "no:cacheprovider", "-c", "/dev/null"]
    done = subprocess.run(
        [*command, "--rootdir=.", "--import-mode=importlib"],
        cwd=top,
        env={**os.environ, "PYTHONPATH": str(top / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout
    assert not (top / "kept.txt").exists()
    return set(re.findall(r"^(PASSED|FAILED|ERROR) ([^:\n]+)::", done.stdout, re.M))


def blocks(text: str) -> list[tuple[str, str]]:
    """Split a page into its fenced blocks: what stands after the fence, and the content."""
    found = re.findall(r"^[ \t>]*(`{3,}|~{3,})([^\n]*)\n(.*?)^[ \t>]*\1\s*$", text, re.M | re.S)
    return [(info.strip(), content) for _, info, content in found]


def unseen(text: str) -> list[str]:
    """Say what looks like an example on a page, but would not be executed as one."""
    problems = []
    for info, content in blocks(text):
        language = info or "text"
        if not (language in LANGUAGES or re.fullmatch(r"\{[a-z-]+\}.*", language)):
            problems.append(f"a block in {language}: Python is written ```python")
        if info != "python" and re.search(r"^[ \t]*>>> ", content, re.M):
            problems.append(f"a >>> example in a block of {info or 'no language'}")
        if info == "python" and content.lstrip().startswith(">>>"):
            paragraphs = re.split(r"\n\s*\n", content.strip())
            problems += [
                "a paragraph of plain code after >>> examples: give it a block of its own"
                for paragraph in paragraphs
                if not paragraph.lstrip().startswith(">>>")
            ]
    outside = re.sub(r"^[ \t>]*(`{3,}|~{3,}).*?^[ \t>]*\1\s*$", "", text, flags=re.M | re.S)
    if re.search(r"^[ \t]*>>> ", outside, re.M):
        problems.append("a >>> example outside of a python block")
    return problems


class TestExamplesAreExecuted:
    """A failing example fails the run, whether it is a ``>>>`` example or a plain block."""

    @pytest.mark.parametrize("document", list(PLANTED))
    def test_a_planted_defect_fails_the_run(self, outcomes, document):
        assert ("FAILED", document) in outcomes

    def test_the_examples_of_a_page_run_from_top_to_bottom_and_may_write_files(self, outcomes):
        assert {outcome for outcome, document in outcomes if document == "docs/good.md"} == {
            "PASSED"
        }


class TestNoExampleIsUnseen:
    """Whatever looks like an example is one."""

    @pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
    def test_every_page_shows_python_in_a_way_that_is_executed(self, page):
        assert unseen(page.read_text(encoding="utf-8")) == []

    @pytest.mark.parametrize(
        "text",
        [
            "```py\nassert 1 == 2\n```\n",
            "```pycon\n>>> 1 + 1\n3\n```\n",
            "```Python\nassert 1 == 2\n```\n",
            "```python title=x\nassert 1 == 2\n```\n",
            "```\n>>> 1 + 1\n3\n```\n",
            "```console\n>>> 1 + 1\n3\n```\n",
            "Like this:\n\n    >>> 1 + 1\n    3\n",
            "```python\n>>> 1 + 1\n2\n\nassert 1 == 2\n```\n",
        ],
    )
    def test_an_example_that_would_be_passed_over_is_reported(self, text):
        assert len(unseen(text)) >= 1
