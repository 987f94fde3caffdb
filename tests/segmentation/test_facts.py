"""What segmentation knows of a customer, and of a population, cannot contradict itself."""

from __future__ import annotations

from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import CurrencyMismatch, InvalidIdentifier, InvalidValue, NothingToFit
from crmkit.identifiers import CustomerId
from crmkit.money import Money
from crmkit.segmentation import CustomerValue, Histogram, RfmFacts
from crmkit.serialization import make_converter
from tests.segmentation.builders import day, euro, facts

CONVERTER = make_converter(RfmFacts, CustomerValue, Histogram)


def rfm_facts(**changes):
    terms: dict[str, Any] = {
        "customer": CustomerId("anna"),
        "as_of": day("2026-06-30"),
        "first_purchase_on": day("2025-01-05"),
        "last_purchase_on": day("2026-06-10"),
        "frequency": 4,
        "monetary": euro("620.00"),
        "total": euro("620.00"),
        "yearly_totals": {2026: euro("20.00"), 2025: euro("600.00")},
    }
    return RfmFacts(**(terms | changes))


class TestRfmFacts:
    """Days since the last purchase, all purchases, and money, as of a day."""

    def test_recency_is_the_days_since_the_last_purchase(self):
        assert rfm_facts().recency_days == 20
        assert rfm_facts(as_of=day("2026-06-10")).recency_days == 0

    def test_the_value_of_a_customer_is_the_total_whatever_the_measure(self):
        assert rfm_facts(monetary=euro("155.00")).value == euro("620.00")

    def test_years_come_in_order_and_cannot_be_changed(self):
        given_by_host = {2026: euro(20), 2025: euro(600)}
        anna = rfm_facts(yearly_totals=given_by_host)
        given_by_host.clear()
        assert list(anna.yearly_totals) == [2025, 2026]
        with pytest.raises(TypeError):
            anna.yearly_totals[2025] = euro(0)

    def test_equal_facts_are_one_key(self):
        assert hash(rfm_facts()) == hash(rfm_facts())
        assert rfm_facts() != rfm_facts(yearly_totals={})

    @pytest.mark.parametrize(
        "changes",
        [
            {"first_purchase_on": day("2026-06-10"), "last_purchase_on": day("2026-06-09")},
            {"as_of": day("2026-06-09")},
            {"frequency": 0},
            {"as_of": datetime(2026, 6, 30, tzinfo=UTC)},
            {"first_purchase_on": datetime(2025, 1, 5, tzinfo=UTC)},
            {"last_purchase_on": datetime(2026, 6, 10, tzinfo=UTC)},
        ],
        ids=[
            "backwards",
            "from the future",
            "never bought",
            "an instant",
            "an instant",
            "an instant",
        ],
    )
    def test_what_contradicts_itself_is_refused(self, changes):
        with pytest.raises(InvalidValue):
            rfm_facts(**changes)

    def test_facts_are_about_a_customer(self):
        with pytest.raises(InvalidIdentifier):
            rfm_facts(customer=CustomerId(""))

    @pytest.mark.parametrize(
        "changes",
        [
            {"total": Money(620, "USD")},
            {"monetary": Money(620, "USD")},
            {"yearly_totals": {2025: euro(600), 2026: Money(20, "USD")}},
        ],
    )
    def test_all_amounts_are_in_one_currency(self, changes):
        with pytest.raises(CurrencyMismatch):
            rfm_facts(**changes)

    def test_facts_can_be_kept(self):
        assert CONVERTER.loads(CONVERTER.dumps(rfm_facts())) == rfm_facts()


class TestCustomerValue:
    """What one customer is worth as of a day, by whatever measure the host chose."""

    def test_a_value_can_be_kept(self):
        value = CustomerValue(customer=CustomerId("anna"), as_of=date(2026, 6, 30), value=euro(5))
        assert CONVERTER.loads(CONVERTER.dumps(value)) == value

    def test_an_instant_is_not_a_day(self):
        with pytest.raises(InvalidValue):
            CustomerValue(
                customer=CustomerId("anna"),
                as_of=datetime(2026, 6, 30, tzinfo=UTC),
                value=euro(5),
            )

    def test_a_value_is_about_a_customer(self):
        with pytest.raises(InvalidIdentifier):
            CustomerValue(customer=CustomerId(" anna"), as_of=date(2026, 6, 30), value=euro(5))


whole = st.integers(-5, 5) | st.integers(-(10**20), 10**20)


class TestHistogram:
    """Value -> how many customers: it merges, so parts of a population can be counted apart."""

    @given(values=st.lists(whole))
    def test_it_counts_every_customer_once(self, values):
        histogram = Histogram.of(values)
        assert dict(histogram.counts) == {value: values.count(value) for value in values}
        assert (histogram.customers, histogram.total) == (len(values), sum(values))

    @given(values=st.lists(whole), others=st.lists(whole))
    def test_parts_merge_to_the_whole_in_any_order(self, values, others):
        one, other = Histogram.of(values, "EUR"), Histogram.of(others, "EUR")
        assert one.merge(other) == other.merge(one) == Histogram.of(values + others, "EUR")

    @given(values=st.lists(whole))
    def test_values_come_in_order_from_either_end(self, values):
        histogram = Histogram.of(values)
        expected = [(value, values.count(value)) for value in sorted(set(values))]
        assert list(histogram.ascending()) == expected
        assert list(histogram.descending()) == expected[::-1]

    @given(values=st.lists(whole, min_size=1), currency=st.sampled_from([None, "EUR"]))
    def test_it_can_be_kept(self, values, currency):
        small = [value % 10**9 for value in values]
        histogram = Histogram.of(small, currency)
        assert CONVERTER.loads(CONVERTER.dumps(histogram)) == histogram

    def test_money_is_counted_in_minor_units_of_its_currency(self):
        histogram = Histogram.of_money([euro("1.50"), euro(2), euro("1.50")])
        assert (dict(histogram.counts), histogram.currency) == ({150: 2, 200: 1}, "EUR")

    def test_money_of_two_currencies_is_not_counted_together(self):
        with pytest.raises(CurrencyMismatch):
            Histogram.of_money([euro(1), Money(1, "USD")])
        with pytest.raises(CurrencyMismatch):
            Histogram.of([1], "EUR").merge(Histogram.of([1], "USD"))
        with pytest.raises(CurrencyMismatch):
            Histogram.of([1], "EUR").merge(Histogram.of([1]))

    def test_no_amount_has_no_currency(self):
        with pytest.raises(NothingToFit):
            Histogram.of_money([])

    @pytest.mark.parametrize(
        "counts", [{1: 0}, {1: -1}, {1.0: 1}, {True: 1}, {1: 1.0}, {1: True}, {"1": 1}, {1: None}]
    )
    def test_values_and_counts_are_whole_numbers(self, counts):
        with pytest.raises(InvalidValue):
            Histogram(counts)

    def test_it_cannot_be_changed(self):
        given_by_host = {3: 1}
        histogram = Histogram(given_by_host)
        given_by_host.clear()
        assert dict(histogram.counts) == {3: 1}
        with pytest.raises(TypeError):
            histogram.counts[3] = 2  # type: ignore[index]

    def test_a_share_of_customers_is_exact(self):
        assert Histogram.of([1, 1, 7]).share_of_customers(1) == Fraction(1, 3)

    def test_nobody_has_no_share(self):
        with pytest.raises(NothingToFit):
            Histogram.of([]).share_of_customers(0)

    def test_equal_counts_are_one_key(self):
        assert hash(Histogram.of([1, 2])) == hash(Histogram.of([2, 1]))


class TestBuilders:
    """The words that the tests of this room are written in mean what they say."""

    def test_facts_in_short(self):
        anna = facts(days_ago=3, times=2, spent=euro("1.50"))
        assert (anna.recency_days, anna.frequency, anna.monetary) == (3, 2, euro("1.50"))
