"""What stands on the screens: all that decides the figures, in lines that fit."""

from __future__ import annotations

import csv
import io
import sys
from collections import Counter

import pytest

from crmkit.cli.complaints.layout import ComplaintTable, EventLog, read_layout
from crmkit.cli.complaints.options import LAYOUTS, LIFECYCLES
from tests.cli.running import run
from tests.cli.test_complaints_tables import HEADER, LAYOUT, OFFICE
from tests.shared_data import shared_file

EXAMPLE = ("complaints", "--example")


@pytest.fixture
def table(here):
    """Write a table of complaints and its layout; gives what to call the command with."""

    def written(*rows: str):
        (here / "shop.toml").write_text(LAYOUT, encoding="utf-8")
        (here / "shop.csv").write_text("\n".join([HEADER, *rows, ""]), encoding="utf-8")
        return ("complaints", "shop.csv", "--layout", "shop.toml", *OFFICE)

    return written


class TestExample:
    """Complaints of a shop that does not exist, to try the command on."""

    def test_it_has_what_real_files_have(self):
        found = run(*EXAMPLE, "--json").json
        assert (
            found["lines"]
            == 176
            == (
                found["header_lines"]
                + found["blank_lines"]
                + found["continued_lines"]
                + found["rows"]
                + found["rejects"]
            )
        )
        assert (found["cases"], found["blank_lines"], found["continued_lines"]) == (164, 1, 5)
        assert found["rejects_by_reason"] == dict.fromkeys(
            ("bad-date", "repeated", "refused-by-lifecycle", "too-few-columns", "unknown-value"), 1
        )
        assert [spot["place"] for spot in found["hot_spots"]["product"]] == ["grinder"]
        assert len(found["overdue"]) == 14

    def test_its_deadlines_can_be_counted_by_other_hours(self):
        usual = run(*EXAMPLE, "--json").json["deadlines"]
        shorter = run(*EXAMPLE, "--hours", "09:00-13:00", "--json").json["deadlines"]
        assert shorter[0]["met-late"] < usual[0]["met-late"]

    def test_it_is_the_same_as_a_file_with_its_layout(self, here):
        (here / "mine.toml").write_text(run("complaints", "--print-layout", "example").out)
        assert run(*EXAMPLE, "--layout", "mine.toml").out == run(*EXAMPLE).out


class TestPrintedLayouts:
    """What comes with the command can be printed, to make one's own of."""

    @pytest.mark.parametrize("name", [*LAYOUTS, *LIFECYCLES])
    def test_what_is_printed_can_be_read(self, here, name):
        text = run("complaints", "--print-layout", name).out
        (here / "mine.toml").write_text(text, encoding="utf-8")
        if name in LIFECYCLES:
            assert 'kind = "case-lifecycle"' in text
        else:
            layout = read_layout("mine.toml")
            assert isinstance(layout, ComplaintTable | EventLog)
            assert layout == read_layout(name)


class TestScreens:
    """A newcomer reads them on a terminal."""

    def test_no_line_is_wider_than_a_hundred_columns(self):
        cfpb = shared_file("cfpb_complaints.csv")
        call = ("complaints", cfpb, "--layout", "cfpb", "--zone", "America/New_York")
        pages = [
            run(*EXAMPLE).out,
            run(*EXAMPLE, "--case", "K-1003").out,
            run(*call).out,
            run(*call, "--case", "2105601").out,
            run("complaints", "--help").out,
        ]
        assert max(len(line) for page in pages for line in page.splitlines()) <= 100

    def test_a_long_word_is_not_broken(self, table):
        word = "x" * 120
        out = run(*table(f"7;04.05.2026;n;late;;;;{word}"), "--case", "7").out
        assert word in out

    def test_the_same_call_says_the_same(self, monkeypatch):
        before = run(*EXAMPLE).out
        monkeypatch.setenv("TZ", "Asia/Tokyo")
        monkeypatch.setenv("COLUMNS", "40")
        assert run(*EXAMPLE).out == before

    def test_everything_that_decides_is_on_the_screen(self, table):
        call = table("7;04.05.2026;n;late;;;;")
        out = run(*call, "--holidays", "DE").out
        assert "as of the end of 2026-05-04, the last in the file" in out
        assert (
            "clocks of Europe/Berlin, Monday to Friday 09:00-17:00, closed on holidays of DE" in out
        )
        assert "answer  2 business days" in out
        assert "as of the end of 2026-05-08\n" in run(*call, "--as-of", "2026-05-08").out
        found = run(*call, "--holidays", "DE", "--json").json
        assert (found["zone"], found["hours"], found["holidays"], found["last_day"]) == (
            *("Europe/Berlin", ["09:00-17:00"], "DE"),
            "2026-05-04",
        )

    def test_columns_that_nobody_reads_are_named(self, here, table):
        call = table("7;04.05.2026;n;late;;;;")
        text = (here / "shop.csv").read_text().replace("Remark", "Remark;Mood", 1)
        (here / "shop.csv").write_text(text.replace(";;;;", ";;;;;angry"))
        assert "columns not read: Mood" in run(*call).out
        assert run(*call, "--json").json["columns_not_read"] == ["Mood"]

    def test_what_somebody_wrote_freely_is_counted_and_not_shown(self, table):
        rows = [f"{n};04.05.2026;n;late;;05.05.2026;;I am number {n}" for n in range(3)]
        rows += [f"{n};04.05.2026;n;late;;05.05.2026;;" for n in range(3, 6)]
        call = table(*rows)
        assert "  3  remark\n" in run(*call).out
        assert run(*call, "--json").json["notes"] == {"remark": {"number": 3, "words": None}}

    def test_words_of_a_list_are_counted_one_by_one(self, table):
        rows = [f"{n};04.05.2026;n;late;;05.05.2026;;{'yes' if n else 'no'}" for n in range(4)]
        call = table(*rows)
        assert "  3  remark: yes\n" in run(*call).out
        words = run(*call, "--json").json["notes"]["remark"]["words"]
        assert words == {"yes": 3, "no": 1}

    def test_very_many_different_words_are_no_list(self, table):
        rows = [f"{n};04.05.2026;n;late;;;;{n % 51}" for n in range(102)]
        found = run(*table(*rows), "--json").json
        assert found["notes"] == {"remark": {"number": 102, "words": None}}

    def test_where_most_of_the_trouble_is_stands_there_even_if_it_is_no_hot_spot(self, table):
        rows = [
            f"{n};04.05.2026;r{n % 3};late;;04.05.2026;{'no' if n % 2 else 'yes'};"
            for n in range(9)
        ]
        out = run(*table(*rows)).out
        assert "  by region (Where): none of 3; most: r0, 1 of 3 cases\n" not in out
        assert "  by region (Where): none of 3; most: r1, 2 of 3 cases\n" in out

    def test_the_text_of_a_complaint_is_part_of_its_story(self, table):
        call = (*table('7;04.05.2026;n;late;"Where is\nmy parcel?";;;'), "--case", "7")
        assert "  content: Where is my parcel?\n" in run(*call).out
        assert run(*call, "--json").json["content"] == "Where is\nmy parcel?"

    def test_quiet_keeps_and_says_nothing(self, table, here):
        result = run(*table("7;04.05.2026;n;late;;;;"), "--quiet", "--store", "new/cases.sqlite")
        assert (result.status, result.out, result.err) == (0, "", "")
        assert (here / "new" / "cases.sqlite").exists()


class TestStandardInput:
    """A file can come from another program."""

    def test_a_minus_reads_it(self, table, here, monkeypatch):
        call = table("7;04.05.2026;n;late;;;;")
        stdin = io.TextIOWrapper(io.BytesIO((here / "shop.csv").read_bytes()))
        monkeypatch.setattr(sys, "stdin", stdin)
        found = run("complaints", "-", *call[2:], "--json").json
        assert (found["file"], found["cases"]) == ("standard input", 1)

    def test_there_may_be_none(self, table, monkeypatch):
        call = table("7;04.05.2026;n;late;;;;")
        monkeypatch.setattr(sys, "stdin", None)
        result = run("complaints", "-", *call[2:])
        assert (result.status, result.out) == (2, "")
        assert "standard input is closed" in result.err


class TestRejects:
    """Rejects are written so that they can be put right."""

    def test_a_row_over_several_lines_is_written_as_it_stood(self, table, here):
        row = '8;04.05.2026;n;late;"one\ntwo";;yes;'
        assert run(*table("7;04.05.2026;n;late;;;;", row), "--rejects", "new/bad.csv").status == 0
        with (here / "new" / "bad.csv").open(encoding="utf-8", newline="") as file:
            (bad,) = csv.DictReader(file)
        assert bad == {
            "line": "3",
            "column": "Happy?",
            "reason": "refused-by-lifecycle",
            "message": "cannot accept from received; allowed: respond",
            "raw": row,
        }

    def test_those_that_are_not_shown_are_counted_and_can_be_had(self, table):
        call = table("7;04.05.2026;n;late;;;;", *(f"{n};soon;n;late;;;;" for n in range(8, 14)))
        out = run(*call).out
        assert "  and 1 more; --rejects FILE writes all of them with what stood there\n" in out
        out = run(*call, "--rejects", "bad.csv").out
        assert "  and 1 more; bad.csv has all of them with what stood there\n" in out

    def test_no_spreadsheet_runs_what_stood_there(self, table, here):
        run(*table("7;04.05.2026;n;late;;;;", "=1+1;soon;n;late;;;;"), "--rejects", "bad.csv")
        with (here / "bad.csv").open(encoding="utf-8", newline="") as file:
            (bad,) = csv.DictReader(file)
        assert bad["raw"] == "'=1+1;soon;n;late;;;;"


class TestCfpb:
    """What the Consumer Financial Protection Bureau says, and what it does not."""

    CALL = ("--layout", "cfpb", "--zone", "America/New_York", "--json")

    @pytest.fixture
    def rows(self):
        with shared_file("cfpb_complaints.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    @pytest.fixture
    def written(self, here):
        """Write some rows as a file of their own."""

        def write(rows):
            with (here / "cfpb.csv").open("w", encoding="utf-8", newline="") as file:
                table = csv.DictWriter(file, rows[0])
                table.writeheader()
                table.writerows(rows)
            return ("complaints", "cfpb.csv", *self.CALL)

        return write

    def test_what_was_done_and_noted_is_what_the_columns_say(self, rows):
        found = run("complaints", shared_file("cfpb_complaints.csv"), *self.CALL).json
        said = Counter(row["Company response to consumer"] for row in rows)
        actions = found["actions"]
        assert actions["close-with-explanation"] == said["Closed with explanation"] == 239
        assert actions["report-progress"] == said["In progress"] == 69
        assert actions["dispute"] == sum(row["Consumer disputed?"] == "Yes" for row in rows) == 41
        assert actions["send-to-company"] == len(rows)
        assert found["notes"]["timely-response"] == {"number": 349, "words": {"Yes": 349}}
        for topic, column in (
            ("public-response", "Company public response"),
            ("sub-product", "Sub-product"),
            ("sub-issue", "Sub-issue"),
            ("tags", "Tags"),
        ):
            counted = Counter(row[column] for row in rows if row[column])
            notes = found["notes"][topic]
            assert notes == {"number": counted.total(), "words": counted}
        assert found["columns_not_read"] == ["ZIP code", "Consumer consent provided?"]

    def test_a_file_of_a_year_accuses_nobody_of_what_it_does_not_say(self, rows, written):
        """Every response stands at the end of the file; that is no proof that it was late."""
        last = dict(rows[-1], **{"Complaint ID": "1", "Date received": "09/12/2017"})
        found = run(*written([*rows, {**last, "Date sent to company": "09/12/2017"}])).json
        first, final = found["deadlines"]
        assert (first["unknown"], first.get("met-late", 0)) == (349, 0)
        assert (final["unknown"], final["overdue"]) == (280, 69)
        assert found["cases_with_missed_deadline"] == 69

    def test_an_untimely_response_keeps_no_deadline(self, rows, written):
        row = {**rows[0], "Company response to consumer": "Untimely response"}
        found = run(*written([row]), "--as-of", "2016-12-31").json
        assert found["statuses"] == {"untimely": 1}
        assert [each["overdue"] for each in found["deadlines"]] == [1, 1]
        assert [each["obligation"] for each in found["overdue"]] == ["first-response"]

    def test_where_nobody_was_asked_nobody_disputes(self, rows, written):
        found = run(*written([{**rows[0], "Consumer disputed?": "N/A"}])).json
        assert (found["rejects"], found["statuses"]) == (0, {"in-progress": 1})
