"""Lines become fields: delimiters, quotes, and records that go on over several lines."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.intake import Limits, RejectReason
from tests.intake.builders import HEADER, lines, read, rejects

READ = ["C-7 2026-03-01 12.30 EUR"]


class TestDelimiters:
    """What separates the columns is named, or the first of tab ; | , in the first line."""

    @pytest.mark.parametrize("delimiter", ["\t", ";", "|", ","])
    def test_the_usual_ones_are_found(self, delimiter):
        text = "customer,date,amount\nC-7,2026-03-01,12.30\n".replace(",", delimiter)
        assert lines(text) == READ

    def test_else_it_is_white_space_of_any_width(self):
        assert lines("  customer   date\u3000amount \n  C-7  2026-03-01 12.30\n") == READ

    def test_the_first_of_the_row_wins(self):
        text = "customer;date;amount;a,b|c\nC-7;2026-03-01;12.30;\n"
        assert lines(text) == READ

    def test_quoted_parts_of_the_first_line_are_not_looked_at(self):
        text = '"a;b",customer,date,amount\n1,C-7,2026-03-01,12.30\n'
        assert lines(text) == READ

    @pytest.mark.parametrize("delimiter", [",", ";", "|", "\t", ":", "^", "~", "\x1f", "§"])
    def test_it_can_be_named(self, delimiter):
        text = HEADER.replace(",", delimiter) + delimiter.join(["C-7", "20260301", "12.30\n"])
        assert lines(text, delimiter=delimiter) == READ

    def test_white_space_can_be_named(self):
        text = "customer date amount a,b\nC-7 2026-03-01 12.30 -\n"
        assert lines(text, delimiter=" ") == READ

    def test_a_decimal_comma_in_a_first_line_of_data_is_no_delimiter(self):
        columns = {"customer": 0, "date": 1, "amount": 2}
        text = "C-7 2026-03-01 12,30\n"
        assert lines(text, header=False, columns=columns, decimal=",") == READ

    def test_a_comma_in_a_header_is_one_even_with_decimal_commas(self):
        assert lines(f'{HEADER}C-7,2026-03-01,"12,30"\n', decimal=",") == READ


class TestLineEnds:
    """A line ends with LF, CRLF or CR; the last one need not end."""

    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    @pytest.mark.parametrize("last", [True, False])
    def test_each_is_an_end(self, end, last):
        text = end.join(["customer,date,amount", "C-7,2026-03-01,12.30", "C-8,2026-03-01,1"])
        _, report = read(text + (end if last else ""))
        assert (report.lines_read, report.purchases) == (3, 2)

    def test_other_signs_that_python_takes_for_line_ends_are_none(self):
        customer = "C\u20287"
        (reject,) = rejects(f"{HEADER}C-7,2026-03-01,1\n{customer},2026-03-01,1\n")
        assert (reject.line, reject.reason) == (3, RejectReason.BAD_IDENTIFIER)

    def test_lines_can_end_differently(self):
        _, report = read("customer,date,amount\r\nC-7,2026-03-01,1\rC-8,2026-03-01,1\n\r\n")
        assert (report.lines_read, report.purchases, report.blank_lines) == (4, 2, 1)


class TestQuotes:
    """Quotes are those of RFC 4180, read strictly."""

    def test_a_quoted_field_can_hold_the_delimiter_and_quotes(self):
        text = 'customer,date,amount,product\nC-7,2026-03-01,12.30,"5"" pan, red"\n'
        (purchase,), _ = read(text)
        assert purchase.product == '5" pan, red'

    def test_blanks_before_a_quote_do_not_matter(self):
        assert lines(f'{HEADER} "C-7", "2026-03-01", "12.30"\n') == READ

    def test_a_quote_inside_a_field_without_quotes_is_a_character(self):
        text = 'customer,date,amount,product\nC-7,2026-03-01,12.30,5" pan\n'
        (purchase,), _ = read(text)
        assert purchase.product == '5" pan'

    @given(fields=st.lists(st.text(st.characters(categories=["L", "P", "Zs"])), max_size=3))
    def test_what_the_csv_module_writes_is_read(self, fields):
        notes = io.StringIO()
        csv.writer(notes, lineterminator="").writerow(["C-7", "2026-03-01", "12.30", *fields])
        header = "customer,date,amount" + "".join(f",x{n}" for n in range(len(fields)))
        assert lines(f"{header}\n{notes.getvalue()}\n") == READ

    @pytest.mark.parametrize(
        "line", ['C-1,"2026-03-01,1', 'C-1,"2026-03-01"x,1', '"C-1"" ,2026-03-01,1', '"']
    )
    def test_a_quote_that_is_not_closed_costs_its_line_only(self, line):
        purchases, report = read(f"{HEADER}{line}\nC-7,2026-03-01,1\nC-8,2026-03-01,1\n")
        assert [purchase.customer for purchase in purchases] == ["C-7", "C-8"]
        (reject,) = report.first_rejects
        assert (reject.line, reject.reason, reject.raw) == (2, RejectReason.MALFORMED, line)

    def test_it_costs_its_line_only_even_if_a_quote_follows_far_behind(self):
        text = (
            f'{HEADER}C-1,"2026-03-01,1\nC-7,2026-03-01,1\nC-8,2026-03-01,1\n"C-9",2026-03-01,1\n'
        )
        purchases, report = read(text)
        assert [purchase.customer for purchase in purchases] == ["C-7", "C-8", "C-9"]
        assert report.accounted_lines == report.lines_read == 5

    def test_stray_quotes_that_would_make_a_pair_cost_their_lines_only(self):
        """Together they would be one field over three lines, which is no line of this file."""
        text = '"customer","date","amount"\n"\n"C-7",2026-03-01,1\n"\n'
        purchases, report = read(text)
        assert [purchase.customer for purchase in purchases] == ["C-7"]
        assert report.reasons == {RejectReason.MALFORMED: 2}

    def test_white_space_text_can_be_quoted_too(self):
        text = '"customer" "date" "amount" "note"\n"C 7" 2026-03-01 "12.30" "so ""called"""\n'
        assert lines(text) == ["C 7 2026-03-01 12.30 EUR"]

    @pytest.mark.parametrize("line", ['"C-8 2026-03-01 1', '"C-8"x 2026-03-01 1'])
    def test_in_white_space_text_a_quote_is_closed_on_its_line(self, line):
        text = f"customer date amount\nC-7 2026-03-01 12.30\n{line}\nC-9 2026-03-01 1\n"
        purchases, report = read(text)
        assert len(purchases) == 2
        assert report.reasons == {RejectReason.MALFORMED: 1}


class TestRecordsOverSeveralLines:
    """A quoted field can go on over lines: one purchase, and lines that continue it."""

    TEXT = (
        'customer,date,amount,note\nC-7,2026-03-01,12.30,"one\ntwo\n\nthree"\nC-8,2026-03-01,1,\n'
    )

    def test_the_lines_are_counted_as_continued(self):
        purchases, report = read(self.TEXT)
        assert [purchase.customer for purchase in purchases] == ["C-7", "C-8"]
        assert (report.lines_read, report.purchases, report.continued_lines) == (6, 2, 3)
        assert report.accounted_lines == report.lines_read

    def test_a_reject_knows_how_many_lines_it_takes_up_and_keeps_them(self):
        (reject,) = rejects(self.TEXT.replace("12.30", "twelve"))
        assert (reject.line, reject.lines) == (2, 4)
        assert reject.raw == 'C-7,2026-03-01,twelve,"one\ntwo\n\nthree"'

    def test_a_line_end_is_no_part_of_a_key(self):
        (reject,) = rejects(f'{HEADER}C-1,2026-03-01,1\n"C-\n7",2026-03-01,1\n')
        assert (reject.reason, reject.column) == (RejectReason.BAD_IDENTIFIER, "customer")

    def test_a_record_goes_on_over_so_many_lines_and_no_more(self):
        limits = Limits(record_lines=4)
        assert read(self.TEXT, limits=limits)[1].rejects == 0
        _, report = read(self.TEXT, limits=Limits(record_lines=3))
        # The line with the open quote; "two" has too few columns, and so has the end of the record.
        assert (report.purchases, report.rejects, report.blank_lines) == (1, 3, 1)
        assert report.accounted_lines == report.lines_read == 6

    def test_a_line_that_is_no_text_ends_the_record_it_stands_in(self):
        data = b'customer,date,amount,note\nC-7,2026-03-01,1,"one\n\xff\nC-8,2026-03-01,1,\n'
        purchases, report = read(data)
        assert [purchase.customer for purchase in purchases] == ["C-8"]
        assert report.reasons == {RejectReason.MALFORMED: 1, RejectReason.UNDECODABLE: 1}
        assert report.accounted_lines == report.lines_read == 4


class TestRaggedLines:
    """A line has as many columns as the first one, or it is a reject."""

    def test_too_few_and_too_many(self):
        text = f"{HEADER}C-7,2026-03-01,1\nC-8,2026-03-01\nC-9,2026-03-01,1,\n"
        few, many = rejects(text)
        assert (few.reason, few.message) == (
            RejectReason.TOO_FEW_COLUMNS,
            "2 columns, where the first line has 3",
        )
        assert (many.reason, many.column) == (RejectReason.TOO_MANY_COLUMNS, None)

    def test_without_a_header_the_first_line_says_how_many(self):
        columns = {"customer": 0, "date": 1, "amount": 2}
        text = "C-7,2026-03-01,1,x\nC-8,2026-03-01,1\n"
        purchases, report = read(text, header=False, columns=columns)
        assert len(purchases) == report.rejects == 1


class TestLongLines:
    """A line longer than the limit is a reject, and is not kept in full."""

    def test_the_limit_itself_is_no_longer_than_the_limit(self):
        line = "C-7,2026-03-01,1"
        limit = Limits(line_characters=len(HEADER))
        assert lines(f"{HEADER}{line}{' ' * (len(HEADER) - len(line))}\n", limits=limit)
        text = f"{HEADER}{line}\n{line}{' ' * (len(HEADER) - len(line) + 1)}\n"
        (reject,) = rejects(text, limits=limit)
        assert (reject.line, reject.reason) == (3, RejectReason.LINE_TOO_LONG)
        assert len(reject.raw) == len(HEADER)

    @pytest.mark.parametrize("size", [100_001, 1_000_000])
    @pytest.mark.parametrize("end", ["", "\nC-9,2026-03-01,1\n"])
    def test_a_line_without_an_end_does_not_fill_the_memory(self, size, end):
        text = f"{HEADER}C-7,2026-03-01,1\n{'x' * size}{end}"
        purchases, report = read(text)
        assert len(purchases) == (2 if end else 1)
        (reject,) = report.first_rejects
        assert reject.reason is RejectReason.LINE_TOO_LONG
        assert len(reject.raw) == 100_000
        assert report.accounted_lines == report.lines_read

    def test_a_field_longer_than_any_key_is_a_reject(self):
        (reject,) = rejects(f"{HEADER}C-7,2026-03-01,1\n{'x' * 256},2026-03-01,1\n")
        assert (reject.column, reject.reason) == ("customer", RejectReason.BAD_IDENTIFIER)

    def test_a_long_quoted_field_is_a_reject_as_well(self):
        """The csv module refuses fields of more than 131,072 characters."""
        note = "\n".join(["x" * 90_000] * 2)
        text = f'customer,date,amount,note\nC-7,2026-03-01,1,\nC-8,2026-03-01,1,"{note}"\n'
        _, report = read(text)
        assert report.purchases == 1
        assert report.accounted_lines == report.lines_read == 4
