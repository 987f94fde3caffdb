"""The CDNOW purchases, as published by Fader and Hardie, come in whole."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest

from crmkit.intake import MissingColumn, NoGoodLine, purchases_from_rows, read_purchases
from tests.shared_data import shared_file


class TestCdnowMaster:
    """69,659 purchases of 23,570 customers, 80 of them of 0 dollars, 255 lines twice."""

    def test_every_line_comes_in_without_an_option_but_the_currency(self):
        reader = read_purchases(shared_file("cdnow_master.txt"), currency="USD")
        customers: Counter[str] = Counter()
        days: set[int] = set()
        minor: list[int] = []
        for columns in reader.columns():
            customers.update(columns.customers)
            days.update(columns.days)
            minor.extend(columns.minor)
            assert columns.currency == "USD"
        report = reader.report
        assert (report.lines_read, report.header_lines, report.purchases) == (69_660, 1, 69_659)
        assert (report.rejects, report.blank_lines, report.complete) == (0, 0, True)
        assert len(customers) == 23_570
        assert sum(minor) == 2_500_315_63
        assert minor.count(0) == 80
        assert date.fromordinal(min(days)) == date(1997, 1, 1)
        assert date.fromordinal(max(days)) == date(1998, 6, 30)

    def test_identical_lines_are_kept(self):
        path = shared_file("cdnow_master.txt")
        repeated = Counter(path.read_text().splitlines())
        assert sum(count - 1 for count in repeated.values()) == 255
        reader = read_purchases(path, currency="USD")
        assert sum(len(columns) for columns in reader.columns()) == 69_659

    def test_naming_the_format_and_the_columns_changes_nothing(self):
        path = shared_file("cdnow_master.txt")
        named = read_purchases(
            path,
            currency="USD",
            date_format="%Y%m%d",
            delimiter=" ",
            columns={"customer": "customer_id", "date": 1, "amount": "Dollar value"},
        )
        found = read_purchases(path, currency="USD")
        assert [batch.minor for batch in named.columns()] == [
            batch.minor for batch in found.columns()
        ]


class TestCdnowSample:
    """The 1/10 systematic sample: 6,919 purchases of 2,357 customers."""

    def test_every_line_comes_in(self):
        reader = read_purchases(shared_file("cdnow_sample.csv"), currency="USD")
        purchases = list(reader)
        assert len(purchases) == reader.report.purchases == 6_919
        assert len({purchase.customer for purchase in purchases}) == 2_357

    def test_purchases_and_columns_say_the_same(self):
        reader = read_purchases(shared_file("cdnow_sample.csv"), currency="USD")
        from_columns = [
            (columns.customers[i], columns.days[i], columns.minor[i])
            for columns in reader.columns()
            for i in range(len(columns))
        ]
        one_by_one = [
            (purchase.customer, purchase.on.toordinal(), purchase.amount.minor)
            for purchase in reader
        ]
        assert one_by_one == from_columns

    def test_the_number_in_the_sample_can_be_the_customer(self):
        path = shared_file("cdnow_sample.csv")
        by_sample = read_purchases(path, currency="USD", columns={"customer": "sampleid"})
        by_master = read_purchases(path, currency="USD")
        pairs = {(a.customer, b.customer) for a, b in zip(by_sample, by_master, strict=True)}
        assert len(pairs) == 2_357

    def test_rows_of_its_lines_are_the_same_purchases(self):
        path = shared_file("cdnow_sample.csv")
        header, *lines = path.read_text().splitlines()
        rows = [line.split(",") for line in lines]
        from_rows = purchases_from_rows(rows, names=header.split(","), currency="USD")
        assert list(from_rows) == list(read_purchases(path, currency="USD"))


class TestOtherFiles:
    """A file of something else is refused, and nothing that stands in it is shown."""

    @pytest.mark.parametrize(
        ("name", "first"),
        [("groceries.csv", "citrus"), ("cfpb_complaints.csv", "narrative"), ("README.md", "Data")],
    )
    def test_it_has_no_column_for_the_customer(self, name, first):
        with pytest.raises(MissingColumn, match="usual name for the customer") as caught:
            list(read_purchases(shared_file(name), currency="USD"))
        assert first not in str(caught.value)
        assert any(first in found for found in caught.value.names)

    def test_quoted_text_over_many_lines_is_gone_through_whole(self):
        """The narratives of complaints hold quotes, commas and line ends; none is a purchase."""
        path = shared_file("cfpb_narratives.csv")
        columns = {"customer": 0, "date": 0, "amount": 0}
        reader = read_purchases(path, currency="USD", columns=columns, delimiter=",")
        with pytest.raises(NoGoodLine):
            list(reader)
        report = reader.report
        assert report.lines_read == report.accounted_lines == len(path.read_bytes().splitlines())
        assert report.rejects == 2_960
