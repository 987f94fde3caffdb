"""Times in a table, and what becomes of a date that the file does not have."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.cli.running import run

LAYOUT = """
kind = "complaint-table"
version = 1
[data]
name = "shop"
date_format = "%FORMAT"
columns = { id = "No", received = "In" }
[[data.steps]]
column = "Out"
action = "respond"
at = "Out"
[[data.steps]]
column = "Closed"
actions = { yes = "close", no = "leave-open" }
[data.rules.lifecycle]
name = "shop"
initial = "received"
final = ["closed", "open"]
moves = [
    ["received", "respond", "responded"],
    ["received", "close", "closed"],
    ["responded", "close", "closed"],
    ["responded", "leave-open", "open"],
]
[[data.rules.obligations]]
name = "answer"
met_by = ["respond", "close"]
within = { kind = "working-hours", time = "P0DT14400S" } # 4 hours
calendar = "desk"
"""
OFFICE = ("--zone", "Europe/Berlin", "--hours", "09:00-17:00")


@pytest.fixture
def table(here):
    """Write a table with times; gives what to call the command with."""

    def written(*rows: str, date_format: str = "iso"):
        (here / "shop.toml").write_text(LAYOUT.replace("%FORMAT", date_format), encoding="utf-8")
        text = "\n".join(["No;In;Out;Closed", *rows, ""])
        (here / "shop.csv").write_text(text, encoding="utf-8")
        return ("complaints", "shop.csv", "--layout", "shop.toml", *OFFICE, "--json")

    return written


def standing(found) -> dict[str, int]:
    """How the one deadline stands, without what is not there."""
    (kept,) = found["deadlines"]
    return {name: number for name, number in kept.items() if name != "obligation" and number}


class TestTimesOfATable:
    """Working hours are counted from the hour at which a complaint came in."""

    def test_four_hours_from_four_in_the_afternoon_end_at_noon(self, table):
        call = table("1;2026-05-04 16:00;2026-05-05 11:30;", "2;2026-05-04 16:00;2026-05-05 12:30;")
        assert standing(run(*call).json) == {"met": 1, "met-late": 1}
        (deadline,) = run(*call, "--case", "1").json["deadlines"]
        assert deadline["due_at"] == "2026-05-05T12:00:00+02:00"

    @pytest.mark.parametrize(
        ("date_format", "text"),
        [
            ("iso", "2026-05-04 16:05"),
            ("iso", "2026-05-04T16:05:00"),
            ("iso", "2026-05-04T14:05:00Z"),
            ("iso", "2026-05-05T00:05:00+10:00"),
            ("%d.%m.%Y %H:%M", "04.05.2026 16:05"),
            ("%m/%d/%Y %H:%M:%S", "5/4/2026 16:05:00"),
            ("%d %b %Y %H:%M %z", "04 May 2026 07:05 -0700"),
            ("%d %b %Y %H:%M %z", "05 May 2026 00:05 +10:00"),
        ],
    )
    def test_a_time_is_read_in_the_format_of_the_layout(self, table, date_format, text):
        case = run(*table(f"1;{text};;", date_format=date_format), "--case", "1").json
        assert datetime.fromisoformat(case["received_at"]) == datetime(
            2026, 5, 4, 14, 5, tzinfo=UTC
        )

    def test_a_day_without_a_time_stands_for_its_beginning(self, table):
        case = run(*table("1;2026-05-04;2026-05-04 09:30;"), "--case", "1").json
        assert case["received_at"] == "2026-05-04T00:00:00+02:00"
        assert case["deadlines"][0]["due_at"] == "2026-05-04T13:00:00+02:00"

    @pytest.mark.parametrize("text", ["2026-05-04 25:00", "2026-02-30 10:00", "2026-05-04 noon"])
    def test_what_is_no_time_is_rejected(self, table, text):
        found = run(*table("1;2026-05-04;;", f"2;{text};;")).json
        assert found["rejects_by_reason"] == {"bad-date": 1}

    def test_times_when_clocks_change_are_counted(self, table):
        found = run(*table("1;2026-10-25 02:30;;", "2;2026-03-29 02:30;;")).json
        assert (found["ambiguous_times"], found["skipped_times"]) == (1, 1)

    def test_a_date_before_the_receipt_is_left_as_it_is_and_counted(self, table):
        call = table(
            "1;2026-05-04 16:00;2026-05-03 09:00;",
            "2;2026-05-04 16:00;2026-05-04;",  # some time on the same day
            "3;2026-05-04 16:00;2026-05-04 17:00;",
        )
        assert run(*call).json["disordered"] == 1
        assert "before what was done before, left as they are: 1" in run(*call[:-1]).out


class TestUndated:
    """What a file does not date was so by the end of its last day, and nobody knows since when."""

    def test_an_answer_of_which_nobody_knows_when_has_not_missed_its_deadline(self, table):
        call = table("1;2026-05-04 16:00;;yes", "2;2026-05-29 10:00;;")
        found = run(*call).json
        assert standing(found) == {"unknown": 1, "undated": 1, "overdue": 1}
        assert found["cases_with_missed_deadline"] == 1
        assert [each["case"] for each in found["overdue"]] == ["2"]
        assert found["trouble"] == {"what": "deadline missed", "cases": 1}
        (deadline,) = run(*call, "--case", "1").json["deadlines"]
        assert deadline["standing"] == "unknown"
        text = run(*call[:-1], "--case", "1").out
        assert text.endswith("unknown: the file does not say when\n")
        assert "in time are those by 2026-05-29; others are unknown." in run(*call[:-1]).out

    def test_one_that_was_so_before_it_was_due_is_in_time(self, table):
        found = run(*table("1;2026-05-04 16:00;;yes")).json
        assert standing(found) == {"met": 1, "undated": 1}

    def test_one_that_came_too_late_by_its_date_is_late(self, table):
        found = run(*table("1;2026-05-04 09:00;2026-05-06 09:00;yes", "2;2026-05-29;;")).json
        assert (standing(found)["met-late"], found["cases_with_missed_deadline"]) == (1, 2)

    def test_a_later_day_says_that_the_file_ends_before(self, table):
        call = table("1;2026-05-04 16:00;;")
        assert "after 2026-05-04" not in run(*call[:-1]).out
        out = run(*call[:-1], "--as-of", "2026-05-20").out
        assert "as of the end of 2026-05-20" in out
        assert "what was done after 2026-05-04 the file does not say" in out


@pytest.mark.parametrize(
    ("within", "calendar", "said"),
    [
        ('kind = "working-hours", time = "P0DT3600S"', "desk", "1 working hour"),
        ('kind = "working-hours", time = "P0DT5400S"', "desk", "90 working minutes"),
        ('kind = "working-hours", time = "P1DT0S"', "round-the-clock", "24 hours"),
        ('kind = "business-days", count = 1', "desk", "1 business day"),
        ('kind = "weeks", count = 8', "round-the-clock", "8 weeks"),
        ('kind = "months", count = 2', "round-the-clock", "2 months"),
    ],
)
def test_what_a_deadline_allows_stands_beside_it(table, here, within, calendar, said):
    call = table("1;2026-05-04 16:00;;")
    usual = 'kind = "working-hours", time = "P0DT14400S"'
    text = (
        (here / "shop.toml").read_text().replace(usual, within).replace('"desk"', f'"{calendar}"')
    )
    (here / "shop.toml").write_text(text)
    assert f"answer  {said} " in run(*call[:-1]).out
