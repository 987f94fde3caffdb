"""The page on the lifecycle shows what the code does: it is printed from the table.

To print it anew: ``python -m tests.complaints.test_lifecycle_page``.
"""

from pathlib import Path

from crmkit.complaints.lifecycle import COMPLAINT_LIFECYCLE

PAGE = Path(__file__).resolve().parents[2] / "docs" / "complaint-lifecycle.md"


def printed(page: str) -> str:
    """The page with its table and its drawing put in."""
    drawing = f"```text\n{COMPLAINT_LIFECYCLE.to_mermaid()}\n```"
    for name, content in (("table", COMPLAINT_LIFECYCLE.to_table()), ("drawing", drawing)):
        begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
        head, _, rest = page.partition(begin)
        tail = rest.partition(end)[2]
        page = f"{head}{begin}\n{content}\n\n{end}{tail}"
    return page


def test_the_page_shows_the_table_of_the_code():
    page = PAGE.read_text(encoding="utf-8")
    assert page == printed(page)
    assert "| received | acknowledge | acknowledged |" in page


def test_another_table_would_show_up():
    page = PAGE.read_text(encoding="utf-8")
    changed = page.replace("| received | acknowledge | acknowledged |", "| received | x | y |")
    assert changed != printed(changed)


if __name__ == "__main__":
    PAGE.write_text(printed(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
