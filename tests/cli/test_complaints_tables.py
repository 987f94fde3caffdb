"""A table of complaints: every row is a case with its trail, or a reject with its reason."""

from __future__ import annotations

import csv
from collections import Counter

import pytest

from crmkit.cli.complaints.cases import rules_of
from crmkit.cli.complaints.layout import ComplaintTable, read_layout
from crmkit.complaints.desk import ComplaintDesk
from crmkit.complaints.policies.rules import ComplaintRules
from crmkit.complaints.records.events import Noted, StatusChanged
from crmkit.storage.sqlite import SqliteStore
from tests.cli.running import run
from tests.shared_data import shared_file

LAYOUT = """
kind = "complaint-table"
version = 1

[data]
name = "shop"
date_format = "%d.%m.%Y"
columns = { id = "No", received = "Came in", region = "Where", cause = "Why", content = "Text" }

[[data.steps]]
column = "Answered"
action = "respond"
at = "Answered"
role = "clerk"

[[data.steps]]
column = "Happy?"
actions = { yes = "accept", no = "dispute" }

[[data.steps]]
column = "Remark"
note = "remark"

[data.rules]
trouble = ["dispute"]

[data.rules.lifecycle]
name = "shop"
version = 3
initial = "received"
final = ["accepted", "disputed"]
moves = [
    ["received", "respond", "responded"],
    ["responded", "accept", "accepted"],
    ["responded", "dispute", "disputed"],
]

[[data.rules.obligations]]
name = "answer"
met_by = ["respond"]
within = { kind = "business-days", count = 2 }
calendar = "desk"
"""
HEADER = "No;Came in;Where;Why;Text;Answered;Happy?;Remark"
OFFICE = ("--zone", "Europe/Berlin", "--hours", "09:00-17:00")


@pytest.fixture
def table(here):
    """Write a table of complaints and its layout; gives what to call the command with."""

    def written(*rows: str):
        (here / "shop.toml").write_text(LAYOUT, encoding="utf-8")
        text = "\n".join([HEADER, *rows, ""])
        (here / "shop.csv").write_text(text, encoding="utf-8")
        return ("complaints", "shop.csv", "--layout", "shop.toml", *OFFICE)

    return written


def shown(*arguments: object):
    """What the command says for programs."""
    return run(*arguments, "--json").json


def rules_in(layout: object) -> ComplaintRules:
    """The rules of a table."""
    assert isinstance(layout, ComplaintTable)
    return rules_of(layout.rules)


class TestRows:
    """Every line is accounted for."""

    def test_a_row_becomes_a_case_with_its_trail(self, table):
        call = table("7;04.05.2026;north;late;Wo bleibt es?;05.05.2026;no;called, angry")
        case = shown(*call, "--case", "7")
        assert (case["status"], case["region"], case["cause"]) == ("disputed", "north", "late")
        said = [(entry["what"], entry["dated"], entry["role"]) for entry in case["trail"]]
        assert said == [
            ("received, stands at received", True, None),
            ("cause: late", True, None),
            ("respond: received to responded", True, "clerk"),
            ("dispute: responded to disputed", False, None),
            ("remark: called, angry", False, None),
        ]

    def test_what_has_no_date_stands_at_the_end_of_the_last_day_and_is_marked(self, table):
        call = table("7;04.05.2026;n;late;;05.05.2026;yes;", "8;06.05.2026;n;late;;;;")
        trail = shown(*call, "--case", "7")["trail"]
        assert trail[-1]["at"] == "2026-05-07T00:00:00+02:00"
        out = run(*call, "--case", "7").out
        assert "  by 2026-05-06  accept: responded to accepted; line 2: Happy? is 'yes'" in out
        assert "by a day: not dated in the file" in out
        assert "not dated in the file: 1 entry; they stand at the end of its last" in run(*call).out

    def test_quoted_line_breaks_and_blank_lines_are_counted(self, table):
        call = table('7;04.05.2026;n;late;"one\ntwo\nthree";;;', "", "8;04.05.2026;n;late;;;;")
        account = shown(*call)
        assert account["cases"] == 2
        counted = ("header_lines", "blank_lines", "continued_lines", "rows", "rejects")
        assert [account[name] for name in counted] == [1, 1, 2, 2, 0]
        assert account["lines"] == 6

    @pytest.mark.parametrize(
        ("row", "reason", "where"),
        [
            ("8;05/04/2026;n;late;;;;", "bad-date", "Came in"),
            ("8;;n;late;;;;", "missing", "Came in"),
            ("8;04.05.2026;n;late;;soon;;", "bad-date", "Answered"),
            (";04.05.2026;n;late;;;;", "missing", "No"),
            ("7;04.05.2026;n;late;;;;", "repeated", "No"),
            ("8;04.05.2026;n;late;;;maybe;", "unknown-value", "Happy?"),
            ("8;04.05.2026;n;late;;;yes;", "refused-by-lifecycle", "Happy?"),
            ("8\u200b;04.05.2026;n;late;;;;", "bad-identifier", "No"),
            (f"8;04.05.2026;{'n' * 256};late;;;;", "bad-identifier", "Where"),
            ("8;04.05.1826;n;late;;;;", "bad-date", "Came in"),
            ("8;04.05.2026;n;late;;04.05.2206;;", "bad-date", "Answered"),
            ("8;04.05.2026;n;late", "too-few-columns", None),
            ("8;04.05.2026;n;late;;;;;9", "too-many-columns", None),
            ('8;04.05.2026;"n;late;;;;', "malformed", None),
        ],
    )
    def test_a_row_that_is_no_complaint_is_rejected_with_line_and_reason(
        self, table, here, row, reason, where
    ):
        call = table("7;04.05.2026;n;late;;;;", row)
        account = shown(*call, "--rejects", "bad.csv")
        assert (account["cases"], account["rejects_by_reason"]) == (1, {reason: 1})
        assert account["lines"] == account["header_lines"] + account["rows"] + account["rejects"]
        with (here / "bad.csv").open(encoding="utf-8", newline="") as file:
            (bad,) = csv.DictReader(file)
        assert (bad["line"], bad["column"] or None, bad["reason"]) == ("3", where, reason)
        assert bad["raw"] == row
        assert f"line 3{', ' + where if where else ''}: " in run(*call).out

    def test_an_absent_cell_is_nothing_and_an_absent_cause_is_counted_nowhere(self, table):
        counts = shown(*table("7;04.05.2026;;;;;;", "8;04.05.2026;n;late;;;;"))["counts"]
        assert counts["region"] == {"n": 1}
        assert counts["cause"] == {"late": 1}
        assert counts["channel"] == {"unknown": 2}


class TestDeadlines:
    """What is overdue, by the calendar of the desk."""

    def test_what_is_overdue_comes_first_by_its_deadline(self, table):
        call = table(
            "7;06.05.2026;n;late;;;;",  # Wednesday: due by the end of Friday
            "8;04.05.2026;n;late;;;;",  # Monday: due by the end of Wednesday
            "9;04.05.2026;n;late;;05.05.2026;;",
        )
        listed = shown(*call, "--as-of", "2026-05-10")["overdue"]
        assert [(each["case"], each["due_at"][:10]) for each in listed] == [
            ("8", "2026-05-07"),
            ("7", "2026-05-09"),
        ]

    def test_nothing_is_overdue_up_to_the_end_of_the_day_on_which_it_is_due(self, table):
        call = table("8;04.05.2026;n;late;;;;")
        assert shown(*call, "--as-of", "2026-05-06")["overdue"] == []
        (one,) = shown(*call, "--as-of", "2026-05-07")["overdue"]
        assert one["due_at"] == "2026-05-07T00:00:00+02:00"
        out = run(*call, "--as-of", "2026-05-07").out
        assert "8  answer  due by the end of 2026-05-06  received" in out

    def test_the_trace_of_a_case_counts_the_days(self, table):
        out = run(*table("8;08.05.2026;n;late;;;;"), "--case", "8", "--as-of", "2026-05-20").out
        lines = out.splitlines()
        assert "answer, from Fri 2026-05-08 00:00+02:00" in lines
        assert "Mon 2026-05-11  day 1" in lines
        assert "due Wed 2026-05-13 00:00+02:00" in lines
        assert lines[-1] == "overdue"

    def test_a_national_holiday_gives_another_day(self, table):
        pytest.importorskip("holidays")
        call = (*table("8;30.04.2026;n;late;;;;"), "--as-of", "2026-05-05")
        assert len(shown(*call)["overdue"]) == 1  # Friday and Monday
        assert shown(*call, "--holidays", "DE")["overdue"] == []  # Friday is the first of May

    def test_the_holidays_of_the_next_year_are_known_at_the_end_of_this(self, table):
        pytest.importorskip("holidays")
        call = (*table("8;30.12.2025;n;late;;;;"), "--holidays", "DE", "--case", "8")
        (deadline,) = shown(*call)["deadlines"]
        assert deadline["due_at"] == "2026-01-03T00:00:00+01:00"  # New Year is no business day.

    def test_long_lists_say_how_to_see_the_rest(self, table):
        call = table(*(f"{n};04.05.2026;n;cause-{n};;;;" for n in range(4)))
        out = run(*call, "--as-of", "2026-06-01", "--top", 3).out
        assert out.count("and 1 more; --top 4 shows them") == 2

    def test_lists_too_long_for_a_screen_are_had_for_programs(self, table):
        call = table(*(f"{n};04.05.2026;n;late;;;;" for n in range(1001)))
        assert "and 991 more; --json shows them" in run(*call, "--as-of", "2026-06-01").out
        assert len(shown(*call, "--as-of", "2026-06-01")["overdue"]) == 1001


class TestHotSpots:
    """Where there is more trouble than chance explains."""

    def test_a_region_that_stands_out_is_named(self, table):
        rows = [f"n{n};04.05.2026;north;late;;04.05.2026;no;" for n in range(12)]
        rows += [f"s{n};04.05.2026;south;late;;04.05.2026;yes;" for n in range(40)]
        found = shown(*table(*rows))
        assert found["trouble"] == {"what": "dispute", "cases": 12}
        (spot,) = found["hot_spots"]["region"]
        assert (spot["place"], spot["troubled"], spot["cases"]) == ("north", 12, 12)
        assert "north: 12 of 12 cases, 2.8 expected" in run(*table(*rows)).out

    def test_five_in_five_of_a_kind_are_no_hot_spot(self, table):
        rows = [f"n{n};04.05.2026;r{n % 4};late;;04.05.2026;no;" for n in range(20)]
        assert shown(*table(*rows))["hot_spots"]["region"] == []


class TestCfpb:
    """349 complaints to the US Consumer Financial Protection Bureau."""

    @pytest.fixture
    def call(self):
        path = shared_file("cfpb_complaints.csv")
        return ("complaints", path, "--layout", "cfpb", "--zone", "America/New_York")

    @pytest.fixture
    def rows(self):
        with shared_file("cfpb_complaints.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def test_every_row_is_a_case_with_its_response_and_its_dispute(self, call, rows, here):
        account = shown(*call, "--store", "cfpb.sqlite")
        assert (account["rows"], account["rejects"], account["cases"]) == (349, 0, 349)
        rules = rules_in(read_layout("cfpb"))
        with SqliteStore.open(here / "cfpb.sqlite") as store:
            desk = ComplaintDesk(store=store, rules=rules)
            for row in rows:
                case = desk.get(row["Complaint ID"])
                actions = [each.action for each in case.events(StatusChanged)]
                response = row["Company response to consumer"].lower().replace(" ", "-")
                expected = response.replace("closed", "close").replace("in-pr", "report-pr")
                disputed = ["dispute"] if row["Consumer disputed?"] == "Yes" else []
                assert actions == ["send-to-company", expected, *disputed]
                notes = {each.topic: each.text for each in case.events(Noted)}
                assert notes["timely-response"] == row["Timely response?"]
                assert notes.get("public-response", "") == row["Company public response"]

    def test_the_counts_are_those_of_the_file(self, call, rows):
        account = shown(*call)
        assert account["statuses"] == {"in-progress": 69, "closed": 239, "disputed": 41}
        for dimension, column in (
            ("cause", "Issue"),
            ("unit", "Company"),
            ("product", "Product"),
            ("channel", "Submitted via"),
        ):
            assert account["counts"][dimension] == Counter(row[column] for row in rows)
        assert sum(account["counts"]["region"].values()) == sum(bool(r["State"]) for r in rows)

    def test_what_is_in_progress_is_overdue_after_sixty_days(self, call):
        assert shown(*call)["overdue"] == []
        assert len(shown(*call, "--as-of", "2016-12-01")["overdue"]) == 69
