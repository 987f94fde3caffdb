"""A file of purchases becomes purchases, and every line is accounted for."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path

import pytest

from crmkit.errors import InvalidMoney, InvalidValue, UnreadableSource
from crmkit.identifiers import CustomerId, OrderId, ProductId
from crmkit.intake import (
    BadLine,
    Limits,
    NoGoodLine,
    PurchaseReader,
    RejectReason,
    read_purchases,
)
from crmkit.money import Money
from crmkit.records import Purchase
from tests.intake.builders import HEADER, lines, read

GOOD = f"{HEADER}C-7,2026-03-01,12.30\nC-8,2026-03-02,5\n"


class TestWhatIsRead:
    """A line says who bought on which day for how much, and may say more."""

    def test_a_line_becomes_a_purchase(self):
        purchases, _ = read(f"{HEADER}C-7,2026-03-01,12.30\n")
        assert purchases == [
            Purchase(CustomerId("C-7"), date(2026, 3, 1), Money("12.30", "EUR")),
        ]

    def test_a_line_can_say_order_product_channel_currency_and_what_it_refunds(self):
        purchases, _ = read(
            "customer,date,amount,order,product,channel,currency,refund_of\n"
            "C-7,2026-03-01,12.30,A-1,tea,web,CHF,\n"
            "C-7,2026-03-05,-12.30,,tea,web,CHF,A-1\n",
            currency=None,
        )
        tea = ProductId("tea")
        assert purchases == [
            Purchase(
                CustomerId("C-7"),
                date(2026, 3, 1),
                Money("12.30", "CHF"),
                order=OrderId("A-1"),
                product=tea,
                channel="web",
            ),
            Purchase(
                CustomerId("C-7"),
                date(2026, 3, 5),
                Money("-12.30", "CHF"),
                product=tea,
                channel="web",
                refund_of=OrderId("A-1"),
            ),
        ]

    def test_the_named_currency_is_that_of_lines_that_name_none(self):
        text = "customer,date,amount,currency\nC-7,2026-03-01,1,USD\nC-7,2026-03-01,1,\n"
        assert lines(text) == ["C-7 2026-03-01 1.00 USD", "C-7 2026-03-01 1.00 EUR"]

    def test_the_currency_decides_about_the_minor_unit(self):
        text = "customer,date,amount,currency\nC,2026-03-01,1500,JPY\nC,2026-03-01,1.5,KWD\n"
        assert lines(text) == ["C 2026-03-01 1500 JPY", "C 2026-03-01 1.500 KWD"]

    def test_an_amount_of_zero_is_a_purchase(self):
        assert lines(f"{HEADER}C-7,2026-03-01,0.00\n") == ["C-7 2026-03-01 0.00 EUR"]

    def test_a_negative_amount_is_a_refund(self):
        (refund,), _ = read(f"{HEADER}C-7,2026-03-01,-3\n")
        assert refund.is_refund

    def test_identical_lines_are_all_kept(self):
        assert len(lines(HEADER + 3 * "C-7,2026-03-01,12.30\n")) == 3

    def test_blanks_around_a_value_do_not_belong_to_it(self):
        assert lines(" customer , date , amount \n C-7 , 2026-03-01 , 12.30 \n") == [
            "C-7 2026-03-01 12.30 EUR"
        ]

    def test_leading_zeros_of_a_customer_are_kept(self):
        assert lines(f"{HEADER}00007,2026-03-01,1\n") == ["00007 2026-03-01 1.00 EUR"]


class TestSources:
    """A path can be read again and again, a stream once."""

    def test_a_path_is_read_from_its_beginning_each_time(self, tmp_path):
        path = tmp_path / "shop.csv"
        path.write_text(GOOD)
        reader = read_purchases(path, currency="EUR")
        assert list(reader) == list(reader)
        assert reader.report.lines_read == 3

    def test_a_path_can_be_text(self, tmp_path):
        path = tmp_path / "shop.csv"
        path.write_text(GOOD)
        assert len(list(read_purchases(str(path), currency="EUR"))) == 2

    def test_nothing_is_opened_before_somebody_reads(self):
        assert read_purchases("nowhere.csv", currency="EUR").report.lines_read == 0

    @pytest.mark.parametrize("path", ["nowhere.csv", ".", "\0.csv", "no/such/folder/x.csv"])
    def test_what_cannot_be_opened_is_a_typed_error(self, path):
        with pytest.raises(UnreadableSource, match="pass the path of a file of purchases"):
            list(read_purchases(path, currency="EUR"))

    def test_something_that_is_neither_path_nor_stream_is_refused_at_once(self):
        with pytest.raises(InvalidValue, match="path is a str, a path, or a stream"):
            read_purchases(3, currency="EUR")  # type: ignore[arg-type]

    def test_a_stream_of_text_is_refused(self):
        reader = read_purchases(io.StringIO(GOOD), currency="EUR")  # type: ignore[arg-type]
        with pytest.raises(InvalidValue, match="open it with mode 'rb'"):
            list(reader)

    def test_a_stream_that_was_closed_is_a_typed_error(self):
        stream = io.BytesIO(GOOD.encode())
        stream.close()
        with pytest.raises(UnreadableSource, match="open for reading"):
            list(read_purchases(stream, currency="EUR"))

    def test_a_stream_may_come_in_small_pieces(self):
        class Trickle(io.RawIOBase):
            def __init__(self) -> None:
                self._rest = b"\xef\xbb\xbf" + GOOD.encode()

            def read(self, size: int = -1) -> bytes:
                piece, self._rest = self._rest[:1], self._rest[1:]
                return piece

        stream: io.RawIOBase = Trickle()
        assert len(list(read_purchases(stream, currency="EUR"))) == 2  # type: ignore[arg-type]

    def test_a_stream_that_breaks_hands_out_what_was_read_before(self):
        class Broken(io.RawIOBase):
            def __init__(self) -> None:
                self._pieces = [GOOD.encode(), None]

            def read(self, size: int = -1) -> bytes:
                if (piece := self._pieces.pop(0)) is None:
                    raise OSError("the disk is gone")
                return piece

        stream: io.RawIOBase = Broken()
        reader = read_purchases(stream, currency="EUR")  # type: ignore[arg-type]
        purchases = iter(reader)
        assert [next(purchases).customer, next(purchases).customer] == ["C-7", "C-8"]
        with pytest.raises(UnreadableSource, match="OSError"):
            next(purchases)
        assert reader.report.purchases == 2
        assert not reader.report.complete

    def test_a_folder_of_the_host_is_no_file(self, tmp_path):
        with pytest.raises(UnreadableSource):
            list(read_purchases(tmp_path, currency="EUR"))


class TestTheReader:
    """One parser, two outputs: purchases one by one, or in columns."""

    def test_columns_hold_the_same_purchases(self):
        reader = read_purchases(_file(GOOD), currency="EUR")
        (columns,) = reader.columns()
        assert columns.customers == ("C-7", "C-8")
        assert columns.days == (date(2026, 3, 1).toordinal(), date(2026, 3, 2).toordinal())
        assert columns.minor == (1230, 500)
        assert columns.currencies == ("EUR", "EUR")
        assert columns.orders == columns.refunds_of == (None, None)
        assert len(columns) == 2
        assert list(columns.purchases()) == list(read_purchases(_file(GOOD), currency="EUR"))

    def test_many_lines_come_in_several_batches(self):
        text = HEADER + "".join(f"C-{n},2026-03-01,{n}\n" for n in range(10_000))
        reader = read_purchases(_file(text), currency="EUR")
        batches = list(reader.columns())
        assert len(batches) > 1
        assert sum(len(batch) for batch in batches) == reader.report.purchases == 10_000

    def test_leaving_a_loop_early_closes_the_file(self, tmp_path):
        path = tmp_path / "shop.csv"
        path.write_text(GOOD)
        with read_purchases(path, currency="EUR") as reader:
            first = next(iter(reader))
        assert first.customer == "C-7"
        assert not reader.report.complete
        path.unlink()  # Windows would refuse if it were still open.

    def test_a_reader_that_never_read_closes_too(self):
        with read_purchases("nowhere.csv", currency="EUR") as reader:
            pass
        assert reader.report.lines_read == 0

    def test_it_shows_how_far_it_is_and_nothing_personal(self):
        reader = read_purchases(_file(GOOD), currency="EUR")
        list(reader)
        assert repr(reader) == "<PurchaseReader: 3 lines read>"
        assert isinstance(reader, PurchaseReader)

    def test_the_report_knows_how_many_bytes_were_read(self):
        _, report = read(GOOD)
        assert report.bytes_read == len(GOOD)


class TestStopping:
    """The first bad line stops everything, by choice; what was good before it is handed out."""

    TEXT = f"{HEADER}C-7,2026-03-01,1\nC-8,yesterday,1\nC-9,2026-03-01,1\n"

    def test_the_good_lines_before_it_are_handed_out(self):
        reader = read_purchases(_file(self.TEXT), currency="EUR", on_error="stop")
        purchases = iter(reader)
        assert next(purchases).customer == "C-7"
        with pytest.raises(BadLine, match="line 3, date: not a day") as caught:
            next(purchases)
        assert caught.value.reject.line == 3
        assert caught.value.code == "bad-line"

    def test_the_counts_add_up_all_the_same(self):
        reader = read_purchases(_file(self.TEXT), currency="EUR", on_error="stop")
        with pytest.raises(BadLine):
            list(reader)
        report = reader.report
        assert report.accounted_lines == report.lines_read == 3
        assert not report.complete

    def test_a_file_without_a_bad_line_is_read_to_the_end(self):
        assert len(lines(GOOD, on_error="stop")) == 2

    def test_another_word_is_refused(self):
        with pytest.raises(InvalidValue, match="on_error is one of: collect, stop"):
            read_purchases("x.csv", on_error="ignore")


class TestFilesWithoutPurchases:
    """An empty file is a mistake; a day without sales is not."""

    @pytest.mark.parametrize("text", ["", "\n", "  \n\n\t\n", "\ufeff"])
    @pytest.mark.parametrize("header", [True, False])
    def test_an_empty_file_is_refused(self, text, header):
        with pytest.raises(UnreadableSource, match="the file is empty"):
            read(text, header=header)

    def test_a_header_alone_is_a_day_without_sales(self):
        purchases, report = read(HEADER)
        assert purchases == []
        assert report.complete
        assert (report.lines_read, report.header_lines) == (1, 1)

    def test_a_file_of_bad_lines_only_is_refused_and_says_what_was_wrong_most_often(self):
        with pytest.raises(NoGoodLine) as caught:
            read(f"{HEADER}C-7,01.02.2026,1\nC-7,02.02.2026,1\n,2026-01-01,1\n")
        assert caught.value.report.rejects == 3
        assert str(caught.value) == (
            "not one line is a purchase: 3 rejected, 2 of them as bad-date, such as line 2, date: "
            "not a day written as YYYY-MM-DD or YYYYMMDD: date_format='%d.%m.%Y' would have read "
            "it"
        )

    def test_it_is_refused_even_if_no_reject_is_kept(self):
        with pytest.raises(NoGoodLine, match=r"1 of them as bad-date$"):
            read(f"{HEADER}C-7,never,1\n", limits=Limits(kept_rejects=0))


class TestHeaders:
    """The first line that is not blank names the columns, unless there is no header."""

    def test_blank_lines_before_the_header_are_counted(self):
        _, report = read(f"\n  \n{GOOD}")
        assert (report.blank_lines, report.header_lines, report.purchases) == (2, 1, 2)

    def test_a_file_without_a_header_is_read_by_position(self):
        columns = {"customer": 2, "date": 0, "amount": 1}
        text = "2026-03-01,12.30,C-7\n2026-03-02,5,C-8\n"
        assert lines(text, header=False, columns=columns) == [
            "C-7 2026-03-01 12.30 EUR",
            "C-8 2026-03-02 5.00 EUR",
        ]

    @pytest.mark.parametrize(
        "columns", [{"customer": 0, "date": 1, "amount": 2}, {"customer": 0, "date": 1}]
    )
    def test_a_purchase_is_never_taken_for_a_header(self, columns):
        """Otherwise the first purchase of a file without a header would vanish."""
        with pytest.raises(UnreadableSource, match=r"header=False|no column has a usual name"):
            read("C-7,2026-03-01,12.30\nC-8,2026-03-02,5\n", columns=columns)

    def test_a_bad_first_line_without_a_header_is_a_reject(self):
        purchases, report = read(
            "C-7;2026-03-01;1\0\nC-8;2026-03-01;1\n",
            header=False,
            columns={"customer": 0, "date": 1, "amount": 2},
        )
        assert [purchase.customer for purchase in purchases] == ["C-8"]
        assert report.reasons == {RejectReason.NUL_CHARACTER: 1}

    @pytest.mark.parametrize("count", [99, 100, 101])
    def test_so_are_many_bad_first_lines(self, count):
        text = "\0\n\n" * count + "C-8 2026-03-01 1\n"
        columns = {"customer": 0, "date": 1, "amount": 2}
        purchases, report = read(text, header=False, columns=columns)
        assert (len(purchases), report.rejects, report.blank_lines) == (1, count, count)
        assert report.accounted_lines == report.lines_read

    def test_a_header_can_be_quoted_and_go_on_over_lines(self):
        text = '"customer","date of\nthe day","amount"\nC-7,2026-03-01,1\n'
        purchases, report = read(text, columns={"date": 1})
        assert len(purchases) == 1
        assert report.header_lines == 2
        assert report.accounted_lines == report.lines_read == 3

    def test_a_header_that_is_no_text_says_so(self):
        with pytest.raises(UnreadableSource, match=r"line 2 should be the header.*not utf-8"):
            read("\n客户,日期,金额\n".encode("gb18030"))


class TestOptions:
    """An option that is wrong in itself is refused at once, before any file is looked at."""

    @pytest.mark.parametrize(
        ("option", "message"),
        [
            ({"encoding": "klingon"}, "encoding is not one"),
            ({"encoding": "utf-7"}, "encoding is not one"),
            ({"encoding": "hex"}, "encoding is not one"),
            ({"encoding": "u\0"}, "encoding is not one"),
            ({"encoding": None}, "encoding is not one"),
            ({"delimiter": ""}, "delimiter is one character"),
            ({"delimiter": ",,"}, "delimiter is one character"),
            ({"delimiter": '"'}, "delimiter is one character"),
            ({"delimiter": "x"}, "delimiter is one character"),
            ({"delimiter": 7}, "delimiter is one character"),
            ({"decimal": ";"}, "decimal is"),
            ({"thousands": "."}, "thousands is"),
            ({"thousands": "_"}, "thousands is"),
            ({"decimal": ",", "thousands": ","}, "thousands is"),
            ({"rounding": "up-ish"}, "rounding is None or one of: half-even"),
            ({"zone": "Mars/Olympus"}, "no such time zone"),
            ({"zone": "../etc/passwd"}, "no such time zone"),
            ({"zone": 3}, "no such time zone"),
            ({"columns": {"client": 0}}, "columns are chosen for: customer, date"),
            ({"columns": {"customer": -1}}, "a name, or a position"),
            ({"columns": {"customer": True}}, "a name, or a position"),
            ({"columns": {"customer": 1.0}}, "a name, or a position"),
        ],
    )
    def test_it_says_what_would_have_worked(self, option, message):
        with pytest.raises(InvalidValue, match=message):
            read_purchases("nowhere.csv", **option)

    def test_an_unknown_currency_is_refused(self):
        with pytest.raises(InvalidMoney, match="unknown currency"):
            read_purchases("nowhere.csv", currency="EURO")

    @pytest.mark.parametrize("limit", ["line_characters", "record_lines"])
    def test_a_limit_that_leaves_no_room_is_refused(self, limit):
        with pytest.raises(InvalidValue, match=f"{limit} is a whole number of at least 1"):
            Limits(**{limit: 0})

    @pytest.mark.parametrize("value", [-1, 1.5, True, "9"])
    def test_a_limit_is_a_whole_number(self, value):
        with pytest.raises(InvalidValue, match="kept_rejects is a whole number of at least 0"):
            Limits(kept_rejects=value)


def _file(text: str) -> io.BytesIO:
    return io.BytesIO(text.encode())


def test_a_path_object_of_the_standard_library_is_a_path(tmp_path):
    path = Path(tmp_path, "shop.csv")
    path.write_bytes(GOOD.encode())
    assert len(list(read_purchases(path, currency="EUR"))) == 2
