"""Whatever a user can put right ends with one clear line and exit status 2."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.cli.running import purchases, refused, review, run

IN_EURO = ("--currency", "EUR")


@pytest.fixture
def shop(here):
    """A small file that can be read."""
    return purchases(here / "shop.csv", "a 2026-01-05 7.00", "b 2026-01-06 3.00")


class TestArguments:
    """Wrong arguments."""

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            ((), "required: COMMAND"),
            (("revue",), "invalid choice: 'revue'"),
            (("review",), "name one file of purchases, or add --example"),
            (("review", "shop.csv", "--example"), "name one file of purchases"),
            (("review", "shop.csv", "--frobnicate"), "--frobnicate"),
            (("review", "--example", "--as-of", "yesterday"), "not a day written as 2026-03-31"),
            (("review", "--example", "--rate", "0.92"), "not a rate written as USD=0.92"),
            (("review", "--example", "--rate", "USD=0.92"), "name that as well"),
            (("review", "--example", "--json", "--quiet"), "not allowed with"),
            (("review", "--example", "--report", "r", "--no-report"), "--no-report contradict"),
            (("review", "--example", "--store", "s", "--no-store"), "--no-store contradict"),
            (("review", "--example", "--policy", "p", "--keep-policy"), "name two policies"),
            (("review", "--example", "--count", "sheep"), "invalid choice: 'sheep'"),
        ],
    )
    def test_the_line_says_what_there_is(self, arguments, said):
        result = run(*arguments)
        assert (result.status, result.out) == (2, "")
        (line,) = result.err.splitlines()
        assert said in line


class TestFiles:
    """Missing files, unreadable files, and files with no good line."""

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (b"", "the file is empty"),
            (b"\n\n \n", "the file is empty"),
            (b"customer,date,amount\n", "there is not one purchase in the file"),
            (b"customer,date,amount\na,nope,1\n", "not one line is a purchase: 1 rejected"),
            (b"customer,date,amount\na,2026-01-05,-1\n", "nobody bought anything"),
            (b"\x00\xff\xfe\x80" * 50, "line 1"),
            (b"who,date,amount\na,2026-01-05,1\n", "--customer-column NAME"),
            (b"who,date,amount\na,2026-01-05,1\n", "the first line has 3 columns"),
            (b"date,day,customer,amount\n", "'date' (0), 'day' (1); add --date-column"),
            (b"a,2026-01-05,1\n", "--no-header if the first line is no header"),
        ],
    )
    def test_what_is_wrong_with_the_file(self, here, content, said):
        path = here / "shop.csv"
        path.write_bytes(content)
        assert said in refused(path, *IN_EURO)
        assert [p.name for p in here.iterdir()] == ["shop.csv"]

    def test_nothing_of_a_customer_is_repeated(self, here):
        """A file without a header begins with somebody's purchase."""
        path = here / "shop.csv"
        path.write_text("Jane Doe,2024-01-01,note,12\n", encoding="utf-8")
        assert "Jane" not in refused(path, *IN_EURO)

    def test_a_missing_file(self):
        line = refused("nope.csv", *IN_EURO)
        assert line.startswith("crmkit review: cannot read nope.csv: no such file")

    def test_a_folder(self, here):
        assert "is a directory" in refused(here, *IN_EURO)

    def test_standard_input_without_a_currency_says_exactly_what_to_add(self, shop, monkeypatch):
        """It cannot be read a second time."""
        with shop.open("rb") as stream:
            monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=stream))
            assert "add --currency USD" in refused("-")

    def test_a_file_without_a_currency_is_reviewed_in_none(self, shop):
        shown = review(shop)
        assert "the file names none (XXX): add --currency USD" in shown.out
        assert review(shop, "--json").json["currency"] == "XXX"

    def test_an_unknown_currency(self, shop):
        assert "unknown currency" in refused(shop, "--currency", "EURO")

    def test_mixed_currencies_say_how_to_convert(self, here):
        path = here / "shop.csv"
        path.write_text("customer,date,amount,currency\na,2026-01-05,1,EUR\nb,2026-01-05,1,USD\n")
        assert "--currency EUR --rate USD=0.92" in refused(path)
        shown = review(path, *IN_EURO, "--rate", "USD=0.5", "--json").json
        assert shown["revenue"] == "1.50"

    @pytest.mark.parametrize("euros", [4_096, 5_000])
    def test_mixed_currencies_thousands_of_lines_apart(self, here, euros):
        path = here / "shop.csv"
        rows = [f"c{n},2026-01-05,1,{'EUR' if n < euros else 'USD'}" for n in range(9_000)]
        path.write_text("\n".join(["customer,date,amount,currency", *rows]))
        assert "in EUR and USD" in refused(path)

    def test_strict_stops_at_the_first_bad_line(self, here):
        path = purchases(here / "shop.csv", "a 2026-01-05 7.00", "b 2026-01-06 x")
        assert review(path, *IN_EURO, "--json").json["rejects"] == 1
        line = refused(path, *IN_EURO, "--strict")
        assert "line 3, amount" in line
        assert "without --strict it would go on" in line

    @pytest.mark.skipif(os.name != "posix", reason="names are bytes where POSIX has them")
    def test_a_name_that_is_no_text_is_shown_as_an_escape(self, here):
        path = here / os.fsdecode(b"\xff.csv")
        purchases(path, "a 2026-01-05 7.00")
        run = review(path, *IN_EURO, "--report", "r.html", "--no-store")
        assert r"Review of \xff.csv, as of" in run.out
        assert r"<h1>\xff.csv</h1>" in (here / "r.html").read_text()

    def test_a_name_with_a_line_break_stays_on_one_line(self):
        assert r"new line\x1b[31m.csv" in refused("new\nline\x1b[31m.csv", *IN_EURO)


class TestOptionsOfReading:
    """Advice names the option, and the option does what it says."""

    @pytest.mark.parametrize(
        ("text", "options"),
        [
            ("Kunde;Datum;Betrag\nC-7;01.03.2026;1.012,30\n", ("--thousands", ".")),
            ("Kunde\tDatum\tBetrag\nC-7\t01.03.2026\t1012,30\n", ("--delimiter", "tab")),
            ("Kunde Datum Betrag\nC-7 01.03.2026 1012,30\n", ("--delimiter", "space")),
            ("Kunde|Datum|Betrag\nC-7|01.03.2026|1012,30\n", ("--delimiter", "|")),
            (
                "x;C-7;01.03.2026;1012,30\n",
                (
                    *("--no-header", "--customer-column", "1", "--date-column", "2"),
                    *("--amount-column", "3"),
                ),
            ),
            (
                "Wer;Wann;Was\nC-7;01.03.2026;1012,30\n",
                ("--customer-column", "Wer", "--date-column", "Wann", "--amount-column", "Was"),
            ),
            ("Kunde;Datum;Betrag\nC-7;01.03.2026;1012,301\n", ("--rounding", "half-even")),
        ],
    )
    def test_a_german_file(self, here, text, options):
        path = here / "shop.csv"
        path.write_text(text)
        german = ("--date-format", "%d.%m.%Y", "--decimal-comma")
        shown = review(path, *IN_EURO, *german, *options, "--json").json
        assert (shown["revenue"], shown["as_of"]) == ("1012.30", "2026-03-01")

    def test_a_file_in_another_encoding(self, here):
        path = here / "shop.csv"
        path.write_bytes("客户,日期,金额\n王,2026-03-01,5\n".encode("gb18030"))
        shown = review(path, "--currency", "CNY", "--encoding", "gb18030", "--json").json
        assert shown["best"][0]["customer"] == "王"

    def test_a_zone_says_on_which_day_something_was_bought(self, here):
        path = here / "shop.csv"
        path.write_text("customer,date,amount\na,2026-03-01T23:30:00Z,5\n")
        shown = review(path, *IN_EURO, "--zone", "Europe/Berlin", "--json").json
        assert shown["as_of"] == "2026-03-02"

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            (("--date-format", "%Q"), "--date-format is 'iso'"),
            (("--date-format", "%d.%m.%Y %H:%M"), "--zone Europe/Berlin"),
            (("--delimiter", "xx"), "--delimiter is one character"),
            (("--encoding", "klingon"), "encoding is not one"),
            (("--encoding", "utf-16"), "--encoding utf-16-le"),
            (("--zone", "Mars"), "no such time zone"),
            (("--thousands", "x"), "thousands is"),
            (("--no-header",), "--customer-column 0 --date-column 1 --amount-column 2"),
            (("--customer-column", "9"), "no position 9"),
            (("--customer-column", "whom"), "no column is named 'whom'"),
            (("--rate", "USD=x"), "not a plain decimal number"),
            (("--rejects", "shop.csv/rejects.csv"), "cannot write shop.csv/rejects.csv"),
            (("--rejects", "."), "the rejects cannot be written"),
            (("--explain", "c"), "nobody of that name bought anything"),
        ],
    )
    def test_an_option_that_cannot_be_right(self, shop, options, said):
        assert said in refused(shop, *IN_EURO, *options)

    def test_a_customer_who_only_got_money_back(self, here):
        path = purchases(here / "shop.csv", "a 2026-01-05 7.00", "b 2026-01-06 -3.00")
        assert "only got money back" in refused(path, *IN_EURO, "--explain", "b")


class TestPlacesThatCannotBeWritten:
    """A place that cannot be written, and a file that is no store."""

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            (("--report", "folder"), "cannot write folder"),
            (("--output-dir", "shop.csv"), "cannot write shop.csv/review.sqlite"),
            (("--store", "folder"), "the store folder: "),
            (("--store", "text"), "the store text: the file is not a crmkit store"),
            (("--store", "empty"), "the store empty: the store file is damaged"),
            (("--save-policy", "folder"), "cannot write folder"),
        ],
    )
    def test_the_place_is_named(self, here, shop, options, said):
        (here / "folder").mkdir()
        (here / "text").write_text(
            "a shopping list, and no store of ours, of a hundred letters " * 9
        )
        (here / "empty").touch()
        assert said in refused(shop, *IN_EURO, "--json", *options)

    def test_a_disk_without_room_for_the_report(self, shop, monkeypatch):
        def full(*arguments: object, **options: object) -> Path:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("crmkit.cli.review.writing.NamedTemporaryFile", full)
        line = refused(shop, *IN_EURO, "--report", "r.html")
        assert line.endswith("cannot write r.html: no space left on device")
