"""A bad line never vanishes: where, what and why are reported, and what stood there is kept."""

from __future__ import annotations

import csv
import io
import os

import pytest

from crmkit.errors import CrmkitError, InvalidValue
from crmkit.intake import (
    BadLine,
    IntakeReport,
    Limits,
    RejectReason,
    RejectsNotWritten,
    purchases_from_rows,
    read_purchases,
)
from tests.intake.builders import HEADER, read, rejects, the_reject

FULL = "customer,date,amount,currency,order,product,channel,refund_of\n"
GOOD = "C-0,2026-03-01,1,EUR,,,,\n"
CANARY = "Lovelace"


class TestWhatIsTurnedAway:
    """Each reject says the line, the column and a stable reason."""

    @pytest.mark.parametrize(
        ("line", "column", "reason"),
        [
            (",2026-03-01,1,EUR,,,,", "customer", RejectReason.MISSING),
            ("C-7,,1,EUR,,,,", "date", RejectReason.MISSING),
            ("C-7,2026-03-01,,EUR,,,,", "amount", RejectReason.MISSING),
            ("C-7,2026-03-01,1,,,,,", "currency", RejectReason.MISSING),
            ("C-7,2026-02-30,1,EUR,,,,", "date", RejectReason.BAD_DATE),
            ("C-7,2026-03-01,1.001,EUR,,,,", "amount", RejectReason.TOO_FINE),
            ("C-7,2026-03-01,1 €,EUR,,,,", "amount", RejectReason.BAD_AMOUNT),
            ("C-7,2026-03-01,1,EURO,,,,", "currency", RejectReason.UNKNOWN_CURRENCY),
            ("C-7,2026-03-01,1,eur,,,,", "currency", RejectReason.UNKNOWN_CURRENCY),
            ("C\u200b7,2026-03-01,1,EUR,,,,", "customer", RejectReason.BAD_IDENTIFIER),
            ("C-7,2026-03-01,1,EUR,A\u202e1,,,", "order", RejectReason.BAD_IDENTIFIER),
            ("C-7,2026-03-01,1,EUR,,\ufeff.,,", "product", RejectReason.BAD_IDENTIFIER),
            ("C-7,2026-03-01,1,EUR,,,\x07,", "channel", RejectReason.BAD_IDENTIFIER),
            ("C-7,2026-03-01,-1,EUR,,,,A\x071", "refund_of", RejectReason.BAD_IDENTIFIER),
            ("C-7,2026-03-01,1,EUR,,,,A-1", "amount", RejectReason.REFUND_NOT_NEGATIVE),
            ("C-7,2026-03-01,0,EUR,,,,A-1", "amount", RejectReason.REFUND_NOT_NEGATIVE),
            ("C-7,2026-03-01,1,EUR,,,", None, RejectReason.TOO_FEW_COLUMNS),
            ("C-7,2026-03-01,1,EUR,,,,,", None, RejectReason.TOO_MANY_COLUMNS),
        ],
    )
    def test_line_column_and_reason(self, line, column, reason):
        (reject,) = rejects(f"{FULL}{GOOD}{line}\n{GOOD}", currency=None)
        assert (reject.line, reject.lines) == (3, 1)
        assert (reject.column, reject.reason) == (column, reason)
        assert reject.raw == line

    def test_a_line_of_delimiters_only_is_no_blank_line(self):
        (reject,) = rejects(f"{FULL}{GOOD},,,,,,,\n")
        assert reject.reason is RejectReason.MISSING

    def test_a_reject_reads_as_a_sentence(self):
        assert str(the_reject(",2026-03-01,1")) == "line 3, customer: there is no customer"
        assert str(the_reject("C-7")) == "line 3: 1 columns, where the first line has 3"

    @pytest.mark.parametrize(
        "line",
        [
            f"{CANARY}\u200b,2026-03-01,1",
            f"C-7,{CANARY},1",
            f"C-7,2026-03-01,{CANARY}",
            f"{CANARY},2026-03-01",
            f'"{CANARY}',
            f"{CANARY}\0,2026-03-01,1",
            f"{CANARY}\udcff,2026-03-01,1",
        ],
    )
    def test_nothing_of_what_stood_there_is_in_a_message_or_a_repr(self, line):
        text = f"{HEADER}C-0,2026-03-01,1\n{line}\n"
        _, report = read(text)
        (reject,) = report.first_rejects
        assert CANARY in reject.raw
        assert CANARY not in str(reject) + repr(reject) + repr(report)
        reader = read_purchases(
            io.BytesIO(text.encode(errors="surrogateescape")), currency="EUR", on_error="stop"
        )
        with pytest.raises(BadLine) as caught:
            list(reader)
        assert CANARY not in str(caught.value) + repr(caught.value)


class TestTheReport:
    """The counts always add up to the lines that were read."""

    TEXT = (
        "\n"
        "customer,date,amount,note\n"
        "C-1,2026-03-01,1,\n"
        ",2026-03-01,1,\n"
        '"C-2",2026-03-01,1,"two\nlines"\n'
        "   \n"
        "C-3,never,1,\n"
        'C-4,never,1,"two\nlines"\n'
        '"C-5\n'
    )

    def test_each_line_is_counted_once(self):
        _, report = read(self.TEXT)
        assert report == IntakeReport(
            lines_read=11,
            header_lines=1,
            blank_lines=2,
            continued_lines=2,
            purchases=2,
            rejects=4,
            reasons={
                RejectReason.MISSING: 1,
                RejectReason.BAD_DATE: 2,
                RejectReason.MALFORMED: 1,
            },
            first_rejects=report.first_rejects,
            bytes_read=len(self.TEXT),
            complete=True,
        )
        assert report.accounted_lines == report.lines_read

    def test_only_the_first_rejects_are_kept_and_all_are_counted(self):
        text = f"{HEADER}C-1,2026-03-01,1\n" + "C-1,never,1\n" * 1_000
        _, report = read(text, limits=Limits(kept_rejects=3))
        assert report.rejects == report.reasons[RejectReason.BAD_DATE] == 1_000
        assert [reject.line for reject in report.first_rejects] == [3, 4, 5]
        _, report = read(text)
        assert len(report.first_rejects) == 100

    def test_nobody_can_change_it(self):
        _, report = read(self.TEXT)
        with pytest.raises(TypeError):
            report.reasons[RejectReason.MISSING] = 7  # type: ignore[index]


class TestTheFileOfRejects:
    """All rejects can be written to a file, and nothing in it runs as a formula."""

    def write(self, tmp_path, text, **options):
        path = tmp_path / "rejects.csv"
        data = text.encode(errors="surrogateescape")
        reader = read_purchases(io.BytesIO(data), currency="EUR", write_rejects=path, **options)
        list(reader)
        with path.open(newline="", encoding="utf-8") as file:
            return list(csv.reader(file))

    def test_it_has_line_column_reason_message_and_what_stood_there(self, tmp_path):
        rows = self.write(tmp_path, f'{HEADER}C-1,2026-03-01,1\n"C-2",soon,1\n')
        assert rows == [
            ["line", "column", "reason", "message", "raw"],
            [
                "3",
                "date",
                "bad-date",
                "not a day written as YYYY-MM-DD or YYYYMMDD",
                '"C-2",soon,1',
            ],
        ]

    def test_it_has_all_of_them(self, tmp_path):
        text = f"{HEADER}C-1,2026-03-01,1\n" + "C-1,never,1\n" * 500
        assert len(self.write(tmp_path, text, limits=Limits(kept_rejects=2))) == 501

    def test_it_is_there_even_if_nothing_was_rejected(self, tmp_path):
        (tmp_path / "rejects.csv").write_text("what was wrong the last time")
        assert len(self.write(tmp_path, f"{HEADER}C-1,2026-03-01,1\n")) == 1

    @pytest.mark.parametrize("start", ["=", "+", "-", "@", "'"])
    def test_no_cell_runs_as_a_formula(self, tmp_path, start):
        line = f'{start}HYPERLINK("http://x"),never,1'
        rows = self.write(tmp_path, f"{HEADER}C-1,2026-03-01,1\n{line}\n")
        assert rows[1][4] == f"'{line}"

    def test_a_tab_at_the_start_is_harmless_too(self, tmp_path):
        text = "a\tcustomer\tdate\tamount\n\tC-1\t2026-03-01\t1\n\tC-2\tnever\t1\n"
        assert self.write(tmp_path, text)[1][4] == "'\tC-2\tnever\t1"

    def test_what_is_no_text_can_be_written(self, tmp_path):
        rows = self.write(tmp_path, f"{HEADER}C-1,2026-03-01,1\nM\udcfcller\0,2026-03-01,1\n")
        assert rows[1][4] == "M\\udcfcller\0,2026-03-01,1"

    def test_the_line_that_stopped_everything_is_in_it(self, tmp_path):
        path = tmp_path / "rejects.csv"
        text = f"{HEADER}C-1,never,1\n"
        reader = read_purchases(
            io.BytesIO(text.encode()), currency="EUR", write_rejects=path, on_error="stop"
        )
        with pytest.raises(BadLine):
            list(reader)
        assert "never" in path.read_text()

    def test_rows_have_one_too(self, tmp_path):
        path = tmp_path / "rejects.csv"
        rows = [("C-1", "2026-03-01", "1"), ("C-2", None, "1,5")]
        names = ["customer", "date", "amount"]
        list(purchases_from_rows(rows, names=names, currency="EUR", write_rejects=path))
        assert path.read_text().splitlines()[1] == (
            '2,date,missing,there is no date,"C-2,,""1,5"""'
        )

    def test_it_is_never_the_file_that_is_read(self, tmp_path):
        path = tmp_path / "shop.csv"
        path.write_text(f"{HEADER}C-1,2026-03-01,1\n")
        link = tmp_path / "link.csv"
        link.symlink_to(path)
        for same in (path, str(path), link):
            with pytest.raises(InvalidValue, match="the file that is read"):
                list(read_purchases(path, currency="EUR", write_rejects=same))
        assert path.read_text() == f"{HEADER}C-1,2026-03-01,1\n"

    def test_a_file_that_cannot_be_read_leaves_it_alone(self, tmp_path):
        path = tmp_path / "rejects.csv"
        path.write_text("of the last time")
        with pytest.raises(CrmkitError):
            list(read_purchases(tmp_path / "nowhere.csv", currency="EUR", write_rejects=path))
        assert path.read_text() == "of the last time"

    @pytest.mark.parametrize("name", ["no/such/folder/rejects.csv", ".", "\0"])
    def test_a_place_where_nothing_can_be_written_is_a_typed_error(self, tmp_path, name):
        with pytest.raises(RejectsNotWritten, match="name a file in a folder that exists"):
            list(
                read_purchases(
                    io.BytesIO(HEADER.encode()), currency="EUR", write_rejects=f"{tmp_path}/{name}"
                )
            )

    @pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a disk that is always full")
    @pytest.mark.parametrize("count", [1, 1_000])
    def test_a_full_disk_is_a_typed_error(self, count):
        text = f"{HEADER}C-1,2026-03-01,1\n" + "C-1,never,1\n" * count
        reader = read_purchases(
            io.BytesIO(text.encode()), currency="EUR", write_rejects="/dev/full"
        )
        with pytest.raises(RejectsNotWritten, match="no space left on device"):
            list(reader)
