"""Columns are found by name, by position, or by their usual names; nothing is guessed."""

from __future__ import annotations

import pytest

from crmkit.errors import UnreadableSource
from crmkit.intake import USUAL_NAMES, AmbiguousColumn, Column, MissingColumn
from crmkit.intake.layout import REQUIRED, Layout, check_columns, find_layout
from tests.intake.builders import lines, read


def layout_of(header: str, **chosen: str | int | None) -> Layout:
    """Find the columns of a header written with commas."""
    names = header.split(",") if header else None
    return find_layout(names, check_columns(chosen), currency_given=True)


class TestUsualNames:
    """Columns are found by their usual names in English, German and Chinese, in any order."""

    @pytest.mark.parametrize(
        "header",
        [
            "customer,date,amount",
            "Customer ID,Order Date,Total",
            "CUST_ID,yyyymmdd,dollar_value",
            "Client,Day,Sales",
            "masterid,date,sales",
            "Kunden-Nr.,Datum,Betrag",
            "Kunde,Kaufdatum,Umsatz",
            "客户,日期,金额",
            "客户编号,交易日期,消费金额",
            "\uff23ustomer,date,amount",  # a full-width C, as East Asian keyboards write it
        ],
    )
    def test_customer_date_and_amount_are_found(self, header):
        assert layout_of(header) == Layout(customer=0, date=1, amount=2)

    def test_the_order_of_columns_does_not_matter(self):
        assert lines("amount,customer,note,date\n1,C-7,hello,2026-03-01\n") == [
            "C-7 2026-03-01 1.00 EUR"
        ]

    @pytest.mark.parametrize(
        "header",
        [
            "customer,date,amount,currency,order,product,channel,refund_of",
            "Kunde,Datum,Betrag,Währung,Bestellnummer,Artikel,Kanal,Erstattung von",
            "客户,日期,金额,币种,订单号,商品,渠道,原订单号",
        ],
    )
    def test_what_a_purchase_can_do_without_is_found_too(self, header):
        assert layout_of(header) == Layout(
            customer=0, date=1, amount=2, currency=3, order=4, product=5, channel=6, refund_of=7
        )

    def test_no_name_means_two_things(self):
        names = [name for usual in USUAL_NAMES.values() for name in usual]
        assert len(set(names)) == len(names)

    def test_every_column_has_usual_names_each_in_its_plain_form(self):
        assert set(USUAL_NAMES) == set(Column)
        for usual in USUAL_NAMES.values():
            assert all(name == "".join(filter(str.isalnum, name.casefold())) for name in usual)


class TestSeveralCandidates:
    """If several columns fit something that a purchase needs, nobody guesses."""

    def test_the_error_names_the_candidates_and_what_would_settle_it(self):
        with pytest.raises(AmbiguousColumn) as caught:
            layout_of("customer,date,price,total")
        assert caught.value.column is Column.AMOUNT
        assert caught.value.candidates == ("price", "total")
        assert caught.value.positions == (2, 3)
        assert str(caught.value) == (
            "several columns could be the amount: 'price' (position 2), 'total' (position 3); "
            "choose one, for example with columns={'amount': 'price'}"
        )

    def test_following_the_advice_settles_it(self):
        assert layout_of("customer,date,price,total", amount="total").amount == 3

    def test_of_two_columns_of_the_same_name_the_position_settles_it(self):
        with pytest.raises(AmbiguousColumn, match=r"columns=\{'date': 1\}"):
            layout_of("customer,date,date,amount")
        assert layout_of("customer,date,date,amount", date=2).date == 2

    def test_a_chosen_name_that_stands_there_twice_is_ambiguous(self):
        with pytest.raises(AmbiguousColumn, match="position 3"):
            layout_of("customer,date,pay,pay", amount="pay")

    def test_two_columns_of_currencies_are_ambiguous(self):
        with pytest.raises(AmbiguousColumn, match="could be the currency"):
            layout_of("customer,date,amount,currency,currency code")

    def test_of_columns_that_a_purchase_can_do_without_the_more_usual_name_wins(self):
        assert layout_of("customer,date,amount,invoice,sku,order,product").order == 5
        assert layout_of("customer,date,amount,invoice,sku,order,product").product == 6

    def test_the_sample_of_cdnow_has_two_numbers_and_one_of_them_is_the_customer(self):
        """``sampleid`` is no usual name, so that ``masterid`` is found alone."""
        assert layout_of("masterid,sampleid,date,cds,sales") == Layout(customer=0, date=2, amount=4)

    @pytest.mark.parametrize("quantity", ["quantity", "Qty", "Menge", "数量"])
    def test_the_price_beside_a_quantity_may_be_that_of_one_piece(self, quantity):
        with pytest.raises(MissingColumn, match="price may be that of one piece"):
            layout_of(f"customer,date,price,{quantity}")
        assert layout_of(f"customer,date,price,{quantity}", amount="price").amount == 2

    def test_a_price_without_a_quantity_is_the_amount(self):
        assert layout_of("customer,date,price").amount == 2

    def test_an_amount_beside_a_quantity_is_the_amount(self):
        assert layout_of("customer,date,amount,quantity").amount == 2


class TestChosenColumns:
    """A column can be chosen by its name or its position; the others are found."""

    def test_by_name(self):
        assert layout_of("who,date,amount", customer="who").customer == 0

    def test_case_blanks_and_punctuation_do_not_matter(self):
        assert layout_of("Who Bought?,date,amount", customer="who_bought").customer == 0

    def test_but_the_very_name_comes_first(self):
        assert layout_of("WHO,who,date,amount", customer="who").customer == 1

    def test_a_name_of_signs_only_is_found_as_it_is(self):
        assert layout_of("#,*,date,amount", customer="*").customer == 1

    def test_by_position(self):
        assert layout_of("a,b,c", customer=2, date=0, amount=1) == Layout(
            customer=2, date=0, amount=1
        )

    def test_none_leaves_a_column_unread(self):
        assert layout_of("customer,date,amount,channel", channel=None).channel is None

    def test_a_usual_name_is_passed_over_where_another_column_was_chosen(self):
        assert layout_of("customer,buyer,date,amount", customer="buyer").customer == 1

    def test_a_name_that_is_not_there_is_missing(self):
        with pytest.raises(MissingColumn, match="no column is named 'buyer'") as caught:
            layout_of("customer,date,amount", customer="buyer")
        assert caught.value.names == ("customer", "date", "amount")

    def test_signs_are_not_all_alike(self):
        with pytest.raises(MissingColumn, match="no column is named"):
            layout_of("#,date,amount", customer="*")

    def test_a_name_needs_a_header(self):
        with pytest.raises(MissingColumn, match="no header to find 'who' in"):
            layout_of("", customer="who", date=1, amount=2)

    @pytest.mark.parametrize("position", [3, 7])
    @pytest.mark.parametrize("header", [True, False])
    def test_a_position_that_is_not_there_is_missing(self, header, position):
        columns = {"customer": 0, "date": 1, "amount": position}
        text = ("customer,date,amount\n" if header else "") + "C-7,2026-03-01,1\n"
        with pytest.raises(MissingColumn, match=f"no position {position} for the amount") as caught:
            read(text, header=header, columns=columns)
        assert caught.value.column is Column.AMOUNT


class TestWhatIsMissing:
    """What a purchase needs and nobody finds is named, with what would have worked."""

    @pytest.mark.parametrize("column", REQUIRED)
    def test_a_needed_column_without_a_usual_name(self, column):
        header = ",".join("x" if name is column else name for name in REQUIRED)
        with pytest.raises(MissingColumn) as caught:
            read(f"{header}\n")
        assert caught.value.column is column
        assert f"no column has a usual name for the {column} (columns: 3)" in str(caught.value)
        assert f"columns={{'{column}': name or position}}" in str(caught.value)
        assert "header=False" in str(caught.value)

    def test_a_file_of_one_column_may_have_another_delimiter(self):
        with pytest.raises(MissingColumn, match="or the delimiter"):
            read("customer:date:amount\n")

    def test_a_needed_column_cannot_be_left_unread(self):
        with pytest.raises(MissingColumn):
            layout_of("customer,date,amount", amount=None)

    def test_without_a_header_positions_are_needed(self):
        with pytest.raises(MissingColumn, match="found by position, counted from 0"):
            read("C-7,2026-03-01,1\n", header=False)

    def test_without_a_currency_nobody_knows_what_was_paid(self):
        with pytest.raises(MissingColumn, match="pass currency='EUR'") as caught:
            read("customer,date,amount\n", currency=None)
        assert caught.value.column is Column.CURRENCY
        assert isinstance(caught.value, UnreadableSource)

    def test_the_message_shows_nothing_of_a_first_line_that_may_be_a_customer(self):
        with pytest.raises(MissingColumn) as caught:
            read("Ada Lovelace,2026-03-01,twelve\n")
        assert "Lovelace" not in str(caught.value) + repr(caught.value)
