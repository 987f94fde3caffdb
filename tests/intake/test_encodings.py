"""Bytes become text in the encoding that was named, and what is no text in it is a reject."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import UnreadableSource
from crmkit.intake import RejectReason
from tests.intake.builders import HEADER, lines, read, rejects

CHINESE = "客户,日期,金额\n李白,2026-03-01,12.30\n杜甫,2026-03-02,5\n"
READ = ["李白 2026-03-01 12.30 EUR", "杜甫 2026-03-02 5.00 EUR"]


class TestEncodings:
    """UTF-8 is read if nothing is named; UTF-16, GB18030 and the Western ones are named."""

    @pytest.mark.parametrize(
        ("encoding", "data"),
        [
            ("utf-8", CHINESE.encode()),
            ("UTF8", CHINESE.encode("utf-8-sig")),
            ("utf-8-sig", CHINESE.encode("utf-8-sig")),
            ("utf-16", CHINESE.encode("utf-16")),
            ("utf-16", codecs.BOM_UTF16_BE + CHINESE.encode("utf-16-be")),
            ("utf-16-le", CHINESE.encode("utf-16-le")),
            ("utf-16-le", codecs.BOM_UTF16_LE + CHINESE.encode("utf-16-le")),
            ("utf-16-be", CHINESE.encode("utf-16-be")),
            ("gb18030", CHINESE.encode("gb18030")),
            ("GBK", CHINESE.encode("gbk")),
            ("gb2312", CHINESE.encode("gb2312")),
        ],
    )
    def test_the_same_purchases_come_out(self, encoding, data):
        assert lines(data, encoding=encoding) == READ

    @pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "iso8859-15"])
    def test_western_ones_can_be_named(self, encoding):
        text = "Kunde;Datum;Betrag\nMüller;2026-03-01;5\n"
        assert lines(text.encode(encoding), encoding=encoding) == ["Müller 2026-03-01 5.00 EUR"]

    @given(
        customer=st.text(st.characters(categories=["L", "N", "S"]), min_size=1, max_size=20),
        encoding=st.sampled_from(["utf-8", "utf-16", "utf-16-le", "utf-16-be", "gb18030"]),
    )
    def test_any_customer_comes_through(self, customer, encoding):
        text = f"customer,date,amount\n{customer},2026-03-01,1\n"
        (purchase,), _ = read(text.encode(encoding), encoding=encoding)
        assert purchase.customer == customer

    @pytest.mark.parametrize("pieces", [10, 5_000])
    def test_a_character_can_lie_across_two_pieces_of_the_file(self, pieces):
        text = "customer,date,amount\n" + "李白,2026-03-01,1\n" * pieces
        for encoding in ("utf-8", "utf-16", "gb18030"):
            purchases, _ = read(text.encode(encoding), encoding=encoding)
            assert len(purchases) == pieces


class TestByteOrderMarks:
    """A mark that contradicts the encoding that was named is an error that names the right one."""

    @pytest.mark.parametrize(
        ("encoding", "data", "right"),
        [
            ("utf-8", CHINESE.encode("utf-16"), "utf-16-le"),
            ("utf-8", codecs.BOM_UTF16_BE + CHINESE.encode("utf-16-be"), "utf-16-be"),
            ("gb18030", CHINESE.encode("utf-8-sig"), "utf-8"),
            ("utf-16", CHINESE.encode("utf-8-sig"), "utf-8"),
            ("utf-16-be", CHINESE.encode("utf-16"), "utf-16-le"),
            ("cp1252", CHINESE.encode("utf-8-sig"), "utf-8"),
        ],
    )
    def test_following_the_advice_works(self, encoding, data, right):
        with pytest.raises(UnreadableSource, match=f"pass encoding='{right}'"):
            read(data, encoding=encoding)
        assert lines(data, encoding=right) == READ

    def test_utf_16_without_a_mark_could_be_either(self):
        with pytest.raises(UnreadableSource, match="'utf-16-le' or 'utf-16-be'"):
            read(CHINESE.encode("utf-16-be"), encoding="utf-16")


class TestWhatIsNoText:
    """No byte is ever replaced silently: the line is a reject with its number, the others go on."""

    def test_a_bad_byte_costs_its_line_only(self):
        data = HEADER.encode() + b"C-7,2026-03-01,1\nM\xfcller,2026-03-01,1\nC-9,2026-03-01,1\n"
        purchases, report = read(data)
        assert [purchase.customer for purchase in purchases] == ["C-7", "C-9"]
        (reject,) = report.first_rejects
        assert (reject.line, reject.reason) == (3, RejectReason.UNDECODABLE)
        assert reject.message == (
            "not utf-8 from character 2 on: pass the encoding of the file, such as "
            "encoding='gb18030' or 'cp1252'"
        )

    @pytest.mark.parametrize(
        ("encoding", "bad"),
        [
            ("utf-8", b"\xff"),
            ("utf-8", b"\xc0\xaf"),  # an overlong slash
            ("utf-8", b"\xed\xa0\x80"),  # half of a surrogate pair
            ("utf-8", b"\xf4\x90\x80\x80"),  # beyond the last character
            ("utf-8", b"\xe5\xae"),  # cut off
            ("gb18030", b"\xff"),
            ("gb18030", b"\x81"),
            ("gb18030", b"\x84\x31\xff\x30"),
            ("cp1252", b"\x81"),
            ("ascii", b"\x80"),
            ("utf-16-le", b"\x00\xd8"),
            ("utf-16-be", b"\xdc\x00"),
        ],
    )
    def test_in_every_encoding(self, encoding, bad):
        good = f"{HEADER}C-1,2026-03-01,1\n".encode(encoding)
        end = ",2026-03-01,1\nC-3,2026-03-01,1\n".encode(encoding)
        purchases, report = read(good + bad + end, encoding=encoding)
        assert [purchase.customer for purchase in purchases] == ["C-1", "C-3"]
        assert report.reasons == {RejectReason.UNDECODABLE: 1}
        assert report.first_rejects[0].line == 3

    def test_half_a_character_at_the_end_of_a_file(self):
        data = f"{HEADER}C-1,2026-03-01,1\nC-2,2026-03-01,1".encode("utf-16-le") + b"1"
        _, report = read(data, encoding="utf-16-le")
        assert (report.purchases, report.reasons) == (1, {RejectReason.UNDECODABLE: 1})
        assert report.accounted_lines == report.lines_read == 3

    def test_a_bad_byte_far_into_a_long_line_is_seen(self):
        """The line is put together from several pieces of the file, and only one has the byte."""
        tail = b"x" * 80_000
        for bad in (b"\xff" + tail, tail + b"\xff"):
            data = b"customer,date,amount,note\nC-1,2026-03-01,1,\nC-2,2026-03-01,1," + bad + b"\n"
            _, report = read(data)
            assert report.reasons == {RejectReason.UNDECODABLE: 1}

    def test_utf_16_read_as_utf_8_says_what_to_pass(self):
        with pytest.raises(UnreadableSource, match="encoding='utf-16-le'"):
            read(f"{HEADER}C-7,2026-03-01,1\n".encode("utf-16-le"))

    def test_nul_costs_its_line(self):
        (reject,) = rejects(f"{HEADER}C-1,2026-03-01,1\nC\0-2,2026-03-01,1\n")
        assert (reject.line, reject.reason) == (3, RejectReason.NUL_CHARACTER)
        assert "character 2 is NUL" in reject.message
