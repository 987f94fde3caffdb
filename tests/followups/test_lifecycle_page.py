"""The page on follow-ups shows what the code does: its table is printed from the lifecycle.

To print it anew: ``python -m tests.followups.test_lifecycle_page``.
"""

from pathlib import Path

from crmkit.followups import FOLLOW_UP_LIFECYCLE

PAGE = Path(__file__).resolve().parents[2] / "docs" / "howto" / "keep-follow-ups.md"
BEGIN, END = "<!-- table -->\n", "<!-- end of table -->"


def printed(page: str) -> str:
    """The page with its table put in."""
    head, _, rest = page.partition(BEGIN)
    return f"{head}{BEGIN}\n{FOLLOW_UP_LIFECYCLE.to_table()}\n\n{END}{rest.partition(END)[2]}"


def test_the_page_shows_the_table_of_the_code():
    page = PAGE.read_text(encoding="utf-8")
    assert page == printed(page)
    assert "| confirmed | unassign | confirmed |" in page


def test_another_table_would_show_up():
    page = PAGE.read_text(encoding="utf-8")
    changed = page.replace("| planned | assign | assigned |", "| planned | x | y |")
    assert changed != page
    assert changed != printed(changed)


if __name__ == "__main__":
    PAGE.write_text(printed(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
