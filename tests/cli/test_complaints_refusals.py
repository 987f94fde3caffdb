"""Whatever a user can put right ends with one clear line and exit status 2."""

from __future__ import annotations

import sys

import pytest

from tests.cli.running import run
from tests.cli.test_complaints_logs import HEADER, LIFECYCLE
from tests.cli.test_complaints_tables import HEADER as TABLE
from tests.cli.test_complaints_tables import LAYOUT

ROME = ("--zone", "Europe/Rome")
TABLE_CALL = ("complaints", "shop.csv", "--layout", "shop.toml", *ROME)
LOG_CALL = ("complaints", "log.csv", "--layout", "events", *ROME)


@pytest.fixture(autouse=True)
def files(here):
    """A table and a log that can be read, with their layout and lifecycle."""
    (here / "shop.csv").write_text(f"{TABLE}\n7;04.05.2026;n;late;;;;\n")
    (here / "shop.toml").write_text(LAYOUT)
    (here / "log.csv").write_text(f"{HEADER}\na,take,2026-05-04 10:00:00\n")
    (here / "desk.toml").write_text(LIFECYCLE)


def refused(*arguments: object) -> str:
    """The one line that says why."""
    result = run(*arguments)
    assert (result.status, result.out) == (2, "")
    (line,) = result.err.splitlines()
    return line


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("complaints",), "name one file of complaints, or add --example"),
        (("complaints", "shop.csv", "--example"), "name one file of complaints, or add --example"),
        (("complaints", "shop.csv", *ROME), "add --layout NAME or --layout FILE"),
        (("complaints", "shop.csv", "--layout", "cfpb"), "add --zone"),
        (("complaints", "shop.csv", "--layout", "cfbp", *ROME), "cfpb, events, example"),
        (("complaints", ".", "--layout", "cfpb", *ROME), "cannot read .: is a directory"),
        (("complaints", "nope.csv", "--layout", "cfpb", *ROME), "cannot read nope.csv"),
        (("complaints", "shop.csv", "--layout", "cfpb", *ROME), "no column 'Complaint ID'"),
        ((*TABLE_CALL[:-1], "Rome"), "no such time zone"),
        (TABLE_CALL, "counted in working time: add --hours"),
        ((*TABLE_CALL, "--hours", "late"), "--hours cannot be used"),
        ((*TABLE_CALL, "--hours", "09:00-18:00", "--holidays", "XX"), "no such country"),
        ((*TABLE_CALL, "--hours", "09:00-18:00", "--holidays", "DE-XX"), "BB, BE, BW"),
        ((*TABLE_CALL, "--lifecycle", "helpdesk"), "leave --lifecycle out"),
        ((*TABLE_CALL, "--as-of", "2026-05-03"), "before the last day of the file"),
        ((*TABLE_CALL, "--as-of", "May"), "not a day written as"),
        ((*TABLE_CALL, "--as-of", "9999-12-31"), "a day from 1900 to 2100"),
        ((*TABLE_CALL, "--top", "0"), "not a whole number from 1 to 1,000"),
        ((*TABLE_CALL, "--hours", "09:00-18:00", "--case", "8"), "no such case"),
        ((*TABLE_CALL, "--store", "shop.csv"), "the store would overwrite"),
        ((*TABLE_CALL, "--encoding", "klingon"), "encoding"),
        ((*TABLE_CALL, "--hours", "09:00-18:00", "--store", "desk.toml"), "the store desk.toml"),
        ((*TABLE_CALL, "--hours", "09:00-18:00", "--store", "."), "the store ."),
        ((*TABLE_CALL, "--hours", "09:00-18:00", "--store", "shop.csv/x"), "cannot write"),
        ((*TABLE_CALL, "--hours", "09:00-18:00", "--rejects", "shop.csv/x"), "cannot write"),
        ((*TABLE_CALL, "--hours", "09:00-18:00", "--rejects", "."), "cannot write .: is a dir"),
        ((*TABLE_CALL, "--json", "--quiet"), "not allowed with argument"),
        (LOG_CALL, "add --lifecycle FILE"),
        ((*LOG_CALL, "--lifecycle", "nope.toml"), "cannot read the lifecycle nope.toml"),
        ((*LOG_CALL, "--lifecycle", "shop.toml"), "is a layout, not a lifecycle"),
        ((*LOG_CALL, "--lifecycle", "log.csv"), "cannot be used: $: this is not TOML"),
        ((*LOG_CALL, "--lifecycle", "desk.toml", "--as-of", "2026-05-03"), "not one case"),
        (
            (*LOG_CALL, "--lifecycle", "desk.toml", "--as-of", "9999-12-31"),
            "a day from 1900 to 2100",
        ),
        ((*LOG_CALL, "--lifecycle", "helpdesk"), "not one event"),
        (
            ("complaints", "log.csv", "--layout", "desk.toml", *ROME),
            "is a lifecycle, not a layout",
        ),
    ],
)
def test_the_line_says_what_would_have_worked(arguments, said):
    assert said in refused(*arguments)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the file is empty"),
        ("\n \n", "the file is empty"),
        (f"{TABLE}\n", "not one complaint"),
        (f'"{TABLE}\n', "line 1 should be the header"),
        (f"{TABLE};No\n", "several columns 'No'"),
        ("\0\n", "line 1 should be the header"),
    ],
)
def test_a_file_that_is_none_says_so(here, text, said):
    (here / "shop.csv").write_text(text)
    assert said in refused(*TABLE_CALL)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('calendar = "desk"', 'calendar = "lunar"', "counted by the calendar lunar"),
        ('met_by = ["respond"]', 'met_by = ["sing"]', "no action sing"),
        ('action = "respond"', 'action = "sing"', "no action sing"),
        ('note = "remark"', "", "one of action, actions and note"),
        ("date_format = ", "dated = ", "$.data"),
        ('"%d.%m.%Y"', '"%d.%m."', "date_format is"),
        ('note = "remark"', 'note = " "', "topic"),
    ],
)
def test_a_layout_that_cannot_be_says_why(here, before, after, said):
    (here / "shop.csv").write_text(f"{TABLE}\n7;04.05.2026;n;late;;;;hm\n")
    (here / "shop.toml").write_text(LAYOUT.replace(before, after, 1))
    assert said in refused(*TABLE_CALL)


def test_nothing_is_written_when_a_case_cannot_be_shown(here):
    before = sorted(path.name for path in here.iterdir())
    files = ("--rejects", "bad.csv", "--store", "cases.sqlite")
    refused(*TABLE_CALL, "--hours", "09:00-18:00", "--case", "8", *files)
    assert sorted(path.name for path in here.iterdir()) == before


def test_holidays_need_their_library_and_say_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "holidays", None)
    said = refused(*TABLE_CALL, "--hours", "09:00-18:00", "--holidays", "IT")
    assert "crmkit[holidays]" in said


def test_a_store_that_cannot_be_opened_is_not_explained_to_programmers(here):
    said = refused(*TABLE_CALL, "--hours", "09:00-18:00", "--store", ".")
    assert "create=True" not in said


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("x" * 200_000, "more than 100000 characters: shorten what stands there"),
        ("a\0b", "is NUL: remove it, or pass the encoding of the file, perhaps --encoding"),
    ],
)
def test_a_line_that_cannot_be_read_is_explained_in_options(here, cell, said):
    (here / "shop.csv").write_text(f"{TABLE}\n7;04.05.2026;n;late;{cell};;;\n8;04.05.2026;n;;;;;\n")
    out = run(*TABLE_CALL, "--hours", "09:00-18:00").out
    assert said in " ".join(out.split())
    assert "1 rejected" in out


def test_a_file_in_another_encoding_says_which_option_helps(here):
    text = f"{TABLE}\n7;04.05.2026;Süd;late;;;;\n8;04.05.2026;n;late;;;;\n"
    (here / "shop.csv").write_text(text, encoding="cp1252")
    call = (*TABLE_CALL, "--hours", "09:00-18:00")
    assert "such as --encoding 'gb18030' or 'cp1252'" in " ".join(run(*call).out.split())
    assert run(*call, "--encoding", "cp1252", "--json").json["counts"]["region"] == {
        "Süd": 1,
        "n": 1,
    }


def test_with_strict_a_bad_line_refuses_the_file_and_nothing_is_written(here):
    (here / "shop.csv").write_text(f"{TABLE}\n7;04.05.2026;n;late;;;;\n8;soon;n;late;;;;\n")
    before = sorted(path.name for path in here.iterdir())
    said = refused(*TABLE_CALL, "--hours", "09:00-18:00", "--strict", "--store", "cases.sqlite")
    assert "line 3, Came in: not a day" in said
    assert sorted(path.name for path in here.iterdir()) == before


def test_a_wrong_file_is_told_by_a_few_of_the_columns_that_it_lacks(here):
    said = refused("complaints", "log.csv", "--layout", "cfpb", *ROME)
    assert "'Complaint ID'" in said
    assert "more, which the layout names; it has 3 columns" in said
