"""Purchases in several currencies become purchases in the one that the shop accounts in."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import CurrencyMismatch
from crmkit.identifiers import CustomerId, OrderId
from crmkit.intake import PurchaseColumns, convert_purchases
from crmkit.money import ExchangeRates, Money
from crmkit.records import Purchase

DAY = date(2026, 3, 1)
IN_EURO = ExchangeRates(to="EUR", rates={"USD": "0.92", "KRW": "0.0006"})


def bought(amount: str, currency: str, refund_of: str | None = None) -> Purchase:
    return Purchase(
        CustomerId("C-7"),
        DAY,
        Money(amount, currency),
        channel="web",
        refund_of=OrderId(refund_of) if refund_of else None,
    )


def columns_of(purchases: list[Purchase]) -> PurchaseColumns:
    return PurchaseColumns.of(
        (
            purchase.customer,
            purchase.on.toordinal(),
            purchase.amount.minor,
            purchase.amount.currency,
            purchase.order,
            purchase.product,
            purchase.channel,
            purchase.refund_of,
        )
        for purchase in purchases
    )


purchases_in_several = st.lists(
    st.builds(
        lambda minor, currency: Purchase(
            CustomerId("C-7"), DAY, Money.of_minor(minor, currency), channel="web"
        ),
        st.integers(-100_000, 100_000),
        st.sampled_from(["EUR", "USD", "KRW"]),
    ),
    min_size=1,
)


class TestConversion:
    """Each amount is converted by itself; everything else stays as it was."""

    def test_an_amount_is_converted_by_its_rate(self):
        (converted,) = convert_purchases([bought("10.00", "USD")], IN_EURO)
        assert converted == bought("9.20", "EUR")

    def test_an_amount_in_the_currency_of_account_stays_as_it_is(self):
        purchase = bought("10.00", "EUR")
        (converted,) = convert_purchases([purchase], IN_EURO)
        assert converted is purchase

    def test_a_currency_without_a_rate_is_refused(self):
        with pytest.raises(CurrencyMismatch):
            list(convert_purchases([bought("10", "JPY")], IN_EURO))

    @pytest.mark.parametrize("refund_of", [None, "A-1"])
    def test_a_refund_too_small_to_convert_stays_a_refund(self, refund_of):
        """Rounded to nothing it would count as a purchase of nothing, and as a visit."""
        (converted,) = convert_purchases([bought("-1", "KRW", refund_of)], IN_EURO)
        assert converted == bought("-0.01", "EUR", refund_of)

    @given(purchases=purchases_in_several)
    def test_refunds_stay_refunds_and_purchases_stay_purchases(self, purchases):
        for before, after in zip(purchases, convert_purchases(purchases, IN_EURO), strict=True):
            assert before.is_refund == after.is_refund
            assert after.amount.currency == "EUR"

    @given(purchases=purchases_in_several)
    def test_columns_convert_to_the_same(self, purchases):
        converted = columns_of(purchases).converted(IN_EURO)
        assert converted.currency == "EUR"
        assert list(converted.purchases()) == list(convert_purchases(purchases, IN_EURO))


class TestColumns:
    """Columns say their one currency, or that there are two."""

    def test_one(self):
        assert columns_of([bought("1", "EUR"), bought("2", "EUR")]).currency == "EUR"

    def test_two(self):
        columns = columns_of([bought("1", "USD"), bought("2", "EUR")])
        with pytest.raises(CurrencyMismatch, match="EUR with USD"):
            _ = columns.currency

    def test_nothing_personal_is_in_their_repr(self):
        assert repr(columns_of([bought("1", "EUR")])) == "PurchaseColumns()"
