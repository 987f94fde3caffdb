"""Amounts are read exactly, with the signs that somebody named."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.intake import RejectReason
from crmkit.intake.amounts import AmountFormat
from crmkit.intake.rejects import Refused
from crmkit.money import MAX_MINOR, Money, Rounding
from tests.intake.builders import HEADER, lines, read, the_reject

PLAIN = AmountFormat.named(".", None, None)


def grouped(money: Money, decimal: str, thousands: str) -> str:
    """Write an amount with grouped thousands."""
    return f"{money.amount:,}".translate({ord(","): thousands, ord("."): decimal})


class TestPlainAmounts:
    """ASCII digits, perhaps a sign and one decimal sign: what Money itself reads."""

    @given(
        minor=st.integers(-MAX_MINOR, MAX_MINOR), currency=st.sampled_from(["EUR", "JPY", "KWD"])
    )
    def test_every_amount_is_read_as_it_is_written(self, minor, currency):
        money = Money.of_minor(minor, currency)
        assert PLAIN.minor(str(money.amount), currency) == minor

    @pytest.mark.parametrize(
        ("text", "minor"),
        [("12.30", 1230), ("12.3", 1230), ("12", 1200), ("+5", 500), ("-0.01", -1), ("-0", 0)],
    )
    def test_digits_after_the_point_can_be_left_out(self, text, minor):
        assert PLAIN.minor(text, "EUR") == minor

    @given(text=st.text(alphabet="0123456789+-.,e _'٣", max_size=12))
    def test_a_text_is_read_as_money_reads_it_or_not_at_all(self, text):
        try:
            expected = Money(text, "EUR").minor
        except ValueError:
            with pytest.raises(Refused):
                PLAIN.minor(text, "EUR")
        else:
            assert PLAIN.minor(text, "EUR") == expected

    @pytest.mark.parametrize(
        "text",
        [
            *("twelve", "12,30", "1,234.56", "1e3", "nan", "inf", "-", ".5", "5.", "1_000", "0x10"),
            *("12.30 EUR", "€12.30", "(12.30)", "12.30-", "--1", "１２", "12 30", "1" * 19),
            *("1e999999", "9" * 100_000, "0." + "0" * 19),
        ],
    )
    def test_nothing_else_is_an_amount(self, text):
        with pytest.raises(Refused) as caught:
            PLAIN.minor(text, "EUR")
        assert caught.value.reason is RejectReason.BAD_AMOUNT

    @pytest.mark.parametrize("sign", ["", "-"])
    def test_the_largest_amount_is_that_of_money(self, sign):
        largest = f"{sign}{MAX_MINOR // 100}.{MAX_MINOR % 100}"
        assert abs(PLAIN.minor(largest, "EUR")) == MAX_MINOR
        with pytest.raises(Refused, match="more than 999999999999999999 minor units"):
            PLAIN.minor(f"{sign}{MAX_MINOR // 100 + 1}", "EUR")


class TestSigns:
    """A decimal comma and grouped thousands are read where they were named."""

    def test_a_decimal_comma(self):
        assert lines("Kunde;Datum;Betrag\nC-7;2026-03-01;12,30\n", decimal=",") == [
            "C-7 2026-03-01 12.30 EUR"
        ]

    @given(minor=st.integers(-MAX_MINOR, MAX_MINOR))
    @pytest.mark.parametrize(
        ("decimal", "thousands", "written"),
        [
            (".", ",", ","),
            (",", ".", "."),
            (".", "'", "'"),
            (".", "'", "’"),
            (",", " ", " "),
            (",", " ", "\u00a0"),
            (",", " ", "\u202f"),
        ],
    )
    def test_grouped_thousands(self, decimal, thousands, written, minor):
        text = grouped(Money.of_minor(minor, "EUR"), decimal, written)
        assert AmountFormat.named(decimal, thousands, None).minor(text, "EUR") == minor

    def test_grouping_can_be_left_out(self):
        assert AmountFormat.named(",", ".", None).minor("1234567,89", "EUR") == 123456789

    @pytest.mark.parametrize("text", ["1,23", "1,2345", ",123", "1,,234", "12,34,567", "1,234,5"])
    def test_groups_are_of_three(self, text):
        with pytest.raises(Refused):
            AmountFormat.named(".", ",", None).minor(text, "EUR")

    @pytest.mark.parametrize(
        ("text", "advice"),
        [
            ("12,30", "decimal=',' would have read it"),
            ("1.234,56", "decimal=',' with thousands='.' would have read it"),
            ("1,234.56", "decimal='.' with thousands=',' would have read it"),
            ("1'234.56", "decimal='.' with thousands=\"'\" would have read it"),
            (
                "1,234",
                "decimal=',' or decimal='.' with thousands=',' would have read it",
            ),
            ("€ 5", "write it like 12.30, with ASCII digits and nothing else"),
        ],
    )
    def test_the_signs_that_fit_are_named_all_of_them(self, text, advice):
        reject = the_reject(f'C-7,2026-03-01,"{text}"')
        assert (reject.column, reject.reason) == ("amount", RejectReason.BAD_AMOUNT)
        assert reject.message == f"not an amount: {advice}"

    def test_a_missing_amount_is_missing(self):
        reject = the_reject("C-7,2026-03-01,")
        assert (reject.column, reject.reason) == ("amount", RejectReason.MISSING)


class TestDigitsBeyondTheMinorUnit:
    """Digits beyond the minor unit are a reject, or rounded by the rule that was named."""

    def test_the_noise_of_a_float_is_a_reject(self):
        reject = the_reject("C-7,2026-03-01,12.300000000000001")
        assert (reject.column, reject.reason) == ("amount", RejectReason.TOO_FINE)
        assert "EUR has 2 decimal digits" in reject.message

    def test_zeros_are_no_noise(self):
        assert lines(f"{HEADER}C-7,2026-03-01,12.300000\n") == ["C-7 2026-03-01 12.30 EUR"]

    def test_yen_have_no_digits_after_the_point(self):
        _, report = read(f"{HEADER}C,2026-03-01,1\nC,2026-03-01,1.5\n", currency="JPY")
        assert report.reasons == {RejectReason.TOO_FINE: 1}

    @pytest.mark.parametrize(
        ("rounding", "text"),
        [(Rounding.HALF_EVEN, "0.12"), (Rounding.HALF_UP, "0.13"), ("down", "0.12")],
    )
    def test_a_named_rule_rounds(self, rounding, text):
        assert lines(f"{HEADER}C-7,2026-03-01,0.125\n", rounding=rounding) == [
            f"C-7 2026-03-01 {text} EUR"
        ]

    def test_rounding_does_not_make_an_amount_larger_than_any(self):
        nearly = f"{MAX_MINOR // 100}.995"
        with pytest.raises(Refused, match="more than"):
            AmountFormat.named(".", None, Rounding.UP).minor(nearly, "EUR")

    @given(amount=st.decimals(-10_000, 10_000, places=6), rounding=st.sampled_from(list(Rounding)))
    def test_it_rounds_as_money_does(self, amount, rounding):
        expected = Money.rounded(Decimal(amount), "EUR", rounding=rounding)
        found = AmountFormat.named(".", None, rounding).minor(f"{amount:f}", "EUR")
        assert found == expected.minor
