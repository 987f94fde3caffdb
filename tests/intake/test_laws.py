"""Whatever a file holds: nothing vanishes, and nothing but a typed error comes out."""

from __future__ import annotations

import io
import re
import tracemalloc
from typing import Any

import pytest
from attrs import evolve
from hypothesis import example, given
from hypothesis import strategies as st

from crmkit.errors import CrmkitError
from crmkit.intake import (
    IntakeReport,
    Limits,
    NoGoodLine,
    PurchaseReader,
    purchases_from_rows,
    read_purchases,
)
from crmkit.intake.cells import Memo
from crmkit.intake.dates import DateFormat
from crmkit.intake.fields import find_delimiter
from crmkit.records import Purchase
from tests.intake.builders import HEADER
from tests.patience import patience

ENCODINGS = ["utf-8", "utf-16", "utf-16-le", "utf-16-be", "gb18030", "cp1252", "ascii"]
SMALL = Limits(line_characters=60, record_lines=3, kept_rejects=5)

# Cells and signs that files are made of, good and bad, so that random files come near real ones.
bits = st.sampled_from(
    [
        *(
            "C-7",
            "00001",
            "李白",
            "",
            " ",
            "x" * 70,
            "C\u200b7",
            "C\x007",
            '"',
            '""',
            "'",
            "\ufeff",
        ),
        *("2026-03-01", "20260301", "2026-02-30", "01.03.2026", "2026-03-01T12:00:00Z", "never"),
        *("12.30", "0", "-5", "1,234.56", "12,30", "1e999", "٣", "9" * 30, "0.001", "EUR", "euro"),
        *('"C-7"', '"two\nlines"', '"open', '"a"b', "customer", "date", "amount", "currency"),
    ]
)
signs = st.sampled_from([",", ",", ",", ";", "\t", "|", " ", "\n", "\n", "\r\n", "\r", "\0", '"'])
near_files = st.lists(st.one_of(bits, signs)).map("".join)
with_headers = st.tuples(
    st.sampled_from([HEADER, "customer;date;amount\n", "", "\ufeff" + HEADER, "a b c\n"]),
    near_files,
).map("".join)
columns = st.sampled_from(
    [None, {"customer": 0, "date": 1, "amount": 2}, {"customer": "date", "date": 0, "amount": 0}]
)
options = st.fixed_dictionaries(
    {"encoding": st.sampled_from(ENCODINGS)},
    optional={
        "columns": columns,
        "header": st.booleans(),
        "delimiter": st.sampled_from([",", ";", " ", "\t"]),
        "decimal": st.sampled_from([".", ","]),
        "zone": st.sampled_from(["Europe/Berlin"]),
        "currency": st.sampled_from(["EUR", "JPY"]),
        "on_error": st.sampled_from(["collect", "stop"]),
        "limits": st.just(SMALL),
        "rounding": st.sampled_from(["half-even"]),
    },
)


WITHOUT_HEADER = {
    "encoding": "utf-8",
    "header": False,
    "columns": {"customer": 0, "date": 1, "amount": 2},
    "currency": "EUR",
    "delimiter": ",",
}


class Pieces(io.RawIOBase):
    """A stream that hands out a few bytes at a time."""

    def __init__(self, data: bytes, size: int) -> None:
        self._pieces = [data[at : at + size] for at in range(0, len(data), size)]

    def read(self, size: int = -1) -> bytes:
        return self._pieces.pop(0) if self._pieces else b""


def go_through(reader: PurchaseReader) -> tuple[list[Purchase], IntakeReport]:
    """Read until the end or until a typed error; anything else is a failure of the test."""
    good = []
    stopped: CrmkitError | None = None
    try:
        for purchase in reader:
            good.append(purchase)
    except CrmkitError as error:
        stopped = error
    assert reader.report.complete == (stopped is None or isinstance(stopped, NoGoodLine))
    return good, reader.report


def physical_lines(text: str) -> int:
    """Count lines the way a person would: what ends with LF, CRLF or CR, and a rest."""
    return len(re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+$", text))


class TestEveryFile:
    """Of any file each line is accounted for, whatever it holds."""

    @given(text=with_headers, options=options)
    @example(text=f'{HEADER}"open\n', options={"encoding": "utf-8", "on_error": "stop"})
    @example(text="\n\n", options={"encoding": "utf-8"})
    def test_the_counts_add_up_and_only_typed_errors_come_out(self, text, options):
        data = text.encode(options["encoding"], errors="replace")
        good, report = go_through(read_purchases(io.BytesIO(data), **options))
        assert report.accounted_lines == report.lines_read
        assert report.purchases == len(good)
        assert report.rejects == sum(report.reasons.values())
        assert len(report.first_rejects) == min(report.rejects, len(report.first_rejects))
        if report.complete:
            decoded = data.decode(options["encoding"], errors="ignore").removeprefix("\ufeff")
            assert report.lines_read == physical_lines(decoded)
            assert report.bytes_read == len(data)

    @given(data=st.binary(), options=options)
    def test_of_bytes_as_well(self, data, options):
        _, report = go_through(read_purchases(io.BytesIO(data), **options))
        assert report.accounted_lines == report.lines_read

    @given(text=with_headers, options=options, size=st.integers(1, 40))
    @example(text="\ufeffC-7,2026-03-01,1", options=WITHOUT_HEADER, size=1)
    @example(
        text="C\x00-7,2026-03-01,1\n" + 40 * "C-7,2026-03-01,1\n", options=WITHOUT_HEADER, size=3
    )
    def test_it_does_not_matter_in_which_pieces_it_comes(self, text, options, size):
        data = text.encode(options["encoding"], errors="replace")
        whole, account = go_through(read_purchases(io.BytesIO(data), **options))
        stream: Any = Pieces(data, size)
        pieces, of_pieces = go_through(read_purchases(stream, **options))
        assert pieces == whole
        # Where reading broke off, more or less may have been looked at.
        assert evolve(of_pieces, bytes_read=0) == evolve(account, bytes_read=0)

    @given(text=st.text(), options=options)
    def test_of_any_text_as_well(self, text, options):
        data = text.encode(options["encoding"], errors="ignore")
        _, report = go_through(read_purchases(io.BytesIO(data), **options))
        assert report.accounted_lines == report.lines_read

    @given(text=with_headers, options=options)
    def test_columns_and_purchases_are_the_same(self, text, options):
        data = text.encode(options["encoding"], errors="replace")
        good, report = go_through(read_purchases(io.BytesIO(data), **options))
        reader = read_purchases(io.BytesIO(data), **options)
        from_columns: list[Purchase] = []
        try:
            for batch in reader.columns():
                from_columns.extend(batch.purchases())
        except CrmkitError:
            pass
        assert from_columns == good
        assert reader.report == report

    @given(text=with_headers)
    def test_what_stood_on_a_rejected_line_is_kept_as_it_was(self, text):
        reader = read_purchases(io.BytesIO(text.encode()), currency="EUR", header=True)
        _, report = go_through(reader)
        lines = io.StringIO(text.removeprefix("\ufeff"), newline=None).read().split("\n")
        for reject in report.first_rejects:
            stood_there = lines[reject.line - 1 : reject.line - 1 + reject.lines]
            assert reject.raw == "\n".join(stood_there)

    @given(
        good=st.lists(st.just("C-7,2026-03-01,1\n")),
        bad=st.lists(st.sampled_from([",,\n", "C-7\n", '"\n', "\0\n", "C-7,never,1\n", "\n"])),
        dice=st.randoms(use_true_random=False),
    )
    def test_bad_lines_never_cost_a_good_one(self, good, bad, dice):
        lines = good + bad
        dice.shuffle(lines)
        reader = read_purchases(io.BytesIO((HEADER + "".join(lines)).encode()), currency="EUR")
        found, report = go_through(reader)
        assert len(found) == len(good)
        assert report.rejects + report.blank_lines == len(bad)


class TestEveryRow:
    """Of any rows each is accounted for, whatever they hold."""

    values = st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.decimals(),
        st.text(),
        st.binary(),
        st.dates(),
        st.datetimes(),
        st.datetimes(timezones=st.timezones()),
        st.timedeltas(),
        st.uuids(),
        st.complex_numbers(),
        bits,
    )
    rows = st.one_of(
        st.lists(values, max_size=4),
        st.tuples(values, values, values),
        st.fixed_dictionaries({"customer": values, "date": values, "amount": values}),
        st.dictionaries(st.text(max_size=3), values, max_size=3),
        values,
    )

    @given(
        rows=st.lists(rows),
        zone=st.sampled_from([None, "Asia/Shanghai"]),
        names=st.sampled_from([None, ["customer", "date", "amount"]]),
    )
    def test_the_counts_add_up_and_only_typed_errors_come_out(self, rows, zone, names):
        reader = purchases_from_rows(rows, currency="EUR", zone=zone, names=names)
        good, report = go_through(reader)
        assert report.purchases == len(good)
        assert report.accounted_lines == report.lines_read


class ManyLines(io.RawIOBase):
    """A file that is made up while it is read, so that only the reader needs memory."""

    def __init__(self, lines: int, bad_every: int) -> None:
        self._number = 0
        self._lines = lines
        self._bad_every = bad_every

    def read(self, size: int = -1) -> Any:
        pieces = [] if self._number else [HEADER]
        last = min(self._number + 1_000, self._lines)
        for number in range(self._number, last):
            bad = self._bad_every and number % self._bad_every == 0
            pieces.append(f"C-{number},2026-03-01,{'x' if bad else ''}{number}.25\n")
        self._number = last
        return "".join(pieces).encode()


class TestMemory:
    """A longer file needs no more memory: what is remembered and what is kept has a bound."""

    @staticmethod
    def peak(lines: int, bad_every: int) -> int:
        tracemalloc.start()
        try:
            stream: Any = ManyLines(lines, bad_every)
            reader = read_purchases(stream, currency="EUR")
            assert sum(len(batch) for batch in reader.columns()) > 0
            assert reader.report.lines_read == lines + 1
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    @pytest.mark.parametrize("bad_every", [0, 2])
    def test_a_longer_file_needs_no_more(self, bad_every, monkeypatch):
        """All customers and amounts differ, which is the worst case for what is remembered."""
        monkeypatch.setattr("crmkit.intake.cells._REMEMBERED_TEXTS", 200)
        monkeypatch.setattr("crmkit.intake.reader._BATCH", 200)
        assert self.peak(9_000, bad_every) < self.peak(3_000, bad_every) + 150_000

    def test_long_cells_are_not_remembered(self):
        lengths = Memo(len)
        assert [lengths["x" * 255], lengths["x" * 256]] == [255, 256]
        assert list(lengths.values()) == [255]

    def test_many_bad_first_lines_are_not_kept(self):
        """They are looked at to find the delimiter, and only so many of them."""

        def peak(lines: int) -> int:
            stream: Any = io.BytesIO(b"\0\n" * lines + b"C-7 2026-03-01 1\n")
            tracemalloc.start()
            try:
                columns = {"customer": 0, "date": 1, "amount": 2}
                reader = read_purchases(stream, currency="EUR", header=False, columns=columns)
                assert sum(len(batch) for batch in reader.columns()) == 1
                assert reader.report.rejects == lines
                return tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()

        assert peak(9_000) < peak(3_000) + 150_000


class TestPatience:
    """No pattern takes long over a text that was made to keep it busy."""

    @pytest.mark.parametrize(
        "line",
        [
            '"' * 99_999,
            '""' * 49_999,
            '"a' * 49_999,
            '" ' * 49_999,
            '"" ' * 33_333 + '"',
            "1," * 49_999,
            "1.234" * 19_999,
            "2026-03-01T" * 9_000,
            "-" * 99_999,
            "a" * 99_999,
        ],
    )
    def test_a_line_is_done_with(self, line):
        with patience():
            for delimiter, decimal in ((",", "."), (" ", ","), (";", ".")):
                data = f"{HEADER}{line}\nC-7,{line},1\nC-7,2026-03-01,{line}\n".encode()
                go_through(
                    read_purchases(
                        io.BytesIO(data.replace(b",", delimiter.encode())),
                        currency="EUR",
                        delimiter=delimiter,
                        decimal=decimal,
                        thousands=" ",
                    )
                )
            find_delimiter(line, without_comma=False)

    @pytest.mark.parametrize("date_format", ["iso", "%d.%m.%Y", "%B %d, %Y"])
    def test_so_is_a_date(self, date_format):
        with patience():
            for text in ("1" * 100_000, "2026-03-01T" * 10_000, "a" * 100_000):
                assert DateFormat.named(date_format, None).read(text) is None
