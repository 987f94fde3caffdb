"""The page on winning back shows what the code does: its table is printed from the lifecycle.

To print it anew: ``python -m tests.retention.test_lifecycle_page``.
"""

from pathlib import Path

from crmkit.retention import WIN_BACK_LIFECYCLE

PAGE = Path(__file__).resolve().parents[2] / "docs" / "howto" / "win-back-customers.md"
BEGIN, END = "<!-- table -->\n", "<!-- end of table -->"


def printed(page: str) -> str:
    """The page with its table put in."""
    head, _, rest = page.partition(BEGIN)
    return f"{head}{BEGIN}\n{WIN_BACK_LIFECYCLE.to_table()}\n\n{END}{rest.partition(END)[2]}"


def test_the_page_shows_the_table_of_the_code():
    page = PAGE.read_text(encoding="utf-8")
    assert page == printed(page)
    assert "| failed | recover | recovered |" in page


def test_another_table_would_show_up():
    page = PAGE.read_text(encoding="utf-8")
    changed = page.replace("| lost | analyse | analysed |", "| lost | x | y |")
    assert changed != page
    assert changed != printed(changed)


if __name__ == "__main__":
    PAGE.write_text(printed(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
