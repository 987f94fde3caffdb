"""Parts of whole customers, one after the other or each in a process: the same summaries."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import InvalidPolicy, InvalidValue
from crmkit.lifetime_value import RefundRule
from crmkit.warehouse import (
    lay_out_lines,
    lines_of_file,
    part_of,
    summarize_lines,
    summarize_parts,
)
from tests.warehouse.histories import AS_OF, CUSTOMERS, TODAY, histories, refund_rules

MANY = [
    (f"{customer}{number}", TODAY - number * 7 % 90, minor)
    for customer in CUSTOMERS
    for number in range(40)
    for minor in (500, -200, 0)
]
HEADER = "customer_id,day,amount_minor\n"


class TestLaws:
    @given(histories(), refund_rules(), st.integers(1, 5))
    def test_parts_give_what_the_whole_gives(self, lines, refunds, parts):
        with TemporaryDirectory() as folder:
            paths = lay_out_lines(lines, folder, parts=parts)
            assert len(paths) == parts
            found = summarize_parts(paths, lines_of_file, as_of=AS_OF, refunds=refunds)
        assert found == summarize_lines(lines, as_of=AS_OF, refunds=refunds)

    @given(histories())
    def test_a_file_gives_back_the_lines_that_went_into_it(self, lines):
        with TemporaryDirectory() as folder:
            assert list(lines_of_file(*lay_out_lines(lines, folder, parts=1))) == lines

    @given(histories(), st.integers(1, 5))
    def test_all_lines_of_a_customer_are_in_the_part_of_the_customer(self, lines, parts):
        with TemporaryDirectory() as folder:
            for number, path in enumerate(lay_out_lines(lines, folder, parts=parts)):
                assert {part_of(line[0], parts) for line in lines_of_file(path)} <= {number}


class TestProcesses:
    @pytest.mark.parametrize("refunds", RefundRule)
    def test_two_processes_find_what_one_finds(self, tmp_path, refunds):
        paths = lay_out_lines(MANY, tmp_path, parts=3)
        found = summarize_parts(paths, lines_of_file, as_of=AS_OF, refunds=refunds, workers=2)
        assert found == summarize_lines(MANY, as_of=AS_OF, refunds=refunds)

    def test_what_a_process_refuses_is_refused_here(self, tmp_path):
        (tmp_path / "a.csv").write_text(HEADER + "anna,1,12.50\n", encoding="utf-8")
        with pytest.raises(InvalidValue, match="line 2 or what follows is no"):
            summarize_parts([tmp_path / "a.csv"], lines_of_file, as_of=AS_OF, workers=2)

    def test_the_part_of_a_customer_is_the_same_in_every_process(self):
        """Python's own hash of a text is another one in each; written files outlive a process."""
        assert [part_of(customer, 8) for customer in ("anna", "Ä", "客")] == [7, 3, 2]


class TestRefusals:
    def test_a_customer_in_two_parts_is_refused(self):
        parts = [[("anna", TODAY, 1)], [("bert", TODAY, 1)], [("anna", TODAY - 1, 1)]]
        with pytest.raises(InvalidValue, match="a customer is in two parts"):
            summarize_parts(parts, iter, as_of=AS_OF)

    @pytest.mark.parametrize("workers", [0, -1, True, 1.5, None])
    def test_somebody_does_the_work(self, workers):
        with pytest.raises(InvalidValue, match="workers"):
            summarize_parts([], iter, as_of=AS_OF, workers=workers)

    def test_a_text_is_no_rule_for_refunds(self):
        with pytest.raises(InvalidPolicy):
            summarize_parts([], iter, as_of=AS_OF, refunds="net")  # type: ignore[arg-type]

    def test_an_instant_is_no_last_day_even_of_nothing(self):
        with pytest.raises(InvalidValue):
            summarize_parts([], iter, as_of="2026-01-01")  # type: ignore[arg-type]

    @pytest.mark.parametrize("parts", [0, 501, True, 2.0])
    def test_lines_are_laid_out_in_some_parts(self, tmp_path, parts):
        with pytest.raises(InvalidValue, match="1 to 500 parts"):
            lay_out_lines([], tmp_path, parts=parts)

    def test_nothing_is_written_over(self, tmp_path):
        lay_out_lines(MANY, tmp_path, parts=1)
        with pytest.raises(FileExistsError):
            lay_out_lines([], tmp_path, parts=1)

    @pytest.mark.parametrize("first", ["", "\n", "anna,1,2\n", "customer,day,amount\n"])
    def test_a_file_names_its_columns(self, tmp_path, first):
        Path(tmp_path / "a.csv").write_text(first, encoding="utf-8")
        with pytest.raises(InvalidValue, match="customer_id,day,amount_minor"):
            list(lines_of_file(tmp_path / "a.csv"))

    @pytest.mark.parametrize(
        "row", ["anna,1,12.50", "anna,2024-01-01,1", "anna,1", "anna,1,2,3", "", 'anna,1,"2']
    )
    def test_a_row_is_a_customer_and_two_whole_numbers(self, tmp_path, row):
        (tmp_path / "a.csv").write_text(f"{HEADER}bert,1,1\n{row}\n", encoding="utf-8")
        with pytest.raises(InvalidValue, match="line 3"):
            list(lines_of_file(tmp_path / "a.csv"))

    def test_a_file_is_in_utf_8(self, tmp_path):
        (tmp_path / "a.csv").write_bytes(f"{HEADER}\xc4,1,1\n".encode("latin-1"))
        with pytest.raises(InvalidValue, match="in UTF-8"):
            list(lines_of_file(tmp_path / "a.csv"))

    def test_a_file_may_say_that_it_is_in_utf_8(self, tmp_path):
        (tmp_path / "a.csv").write_bytes(b"\xef\xbb\xbf" + f"{HEADER}Ä,1,1\n".encode())
        assert list(lines_of_file(tmp_path / "a.csv")) == [("Ä", 1, 1)]
