"""Columns in, columns out: summaries of many customers at once."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import assume, given

from crmkit.errors import (
    InvalidIdentifier,
    InvalidValue,
)
from crmkit.identifiers import CustomerId
from crmkit.segmentation import (
    Refunds,
    RfmSummary,
    SummaryRules,
    summarize_rfm,
)
from tests.segmentation.builders import (
    all_rules,
    columns_of,
    day,
    days,
    euro,
    histories,
    purchases,
    summarize,
)

AS_OF = day("2024-12-31")
ANNA = CustomerId("anna")


class Int64(int):
    """A number of 64 bits, as arrays have them: its arithmetic stays among its kind."""

    def _wrap(self, number):
        return Int64((number + 2**63) % 2**64 - 2**63)

    def __add__(self, other):
        return self._wrap(int(self) + int(other))

    __radd__ = __add__

    def __sub__(self, other):
        return self._wrap(int(self) - int(other))

    def __rsub__(self, other):
        return self._wrap(int(other) - int(self))

    def __neg__(self):
        return self._wrap(-int(self))

    def __lshift__(self, other):
        return self._wrap(int(self) << int(other))

    def __rlshift__(self, other):
        return self._wrap(int(other) << int(self))


class Array:
    """Numbers as numpy has them: one by one of 64 bits, and Python's own out of ``tolist``."""

    def __init__(self, values):
        self.values = values

    def __iter__(self):
        return map(Int64, self.values)

    def tolist(self):
        return list(self.values)


LONG_AGO = purchases("1997-01-01 1.00 EUR", "2024-09-06 1.00 EUR", "2010-05-05 1.00 EUR")


class TestFromColumns:
    """Columns of customers, days and minor units give what purchases give."""

    @given(records=histories(), as_of=days(), rules=all_rules())
    def test_columns_equal_purchases(self, records, as_of, rules):
        assume(rules.refunds is not Refunds.CANCEL_ORDERS)
        assume(any(p.on <= as_of for p in records))
        without_orders = [type(p)(p.customer, p.on, p.amount) for p in records]
        expected = summarize(without_orders, as_of, rules)
        assume(expected.currency)
        columns = columns_of(records)
        summary = RfmSummary.from_columns(*columns, as_of=as_of, currency="EUR", rules=rules)
        assert summary == expected
        assert dict(summary) == dict(expected)
        assert list(summary) == list(expected)

    @given(records=histories(), other=histories(), as_of=days(), rules=all_rules())
    def test_columns_merge_with_purchases(self, records, other, as_of, rules):
        assume(rules.refunds is not Refunds.CANCEL_ORDERS)
        bare = [type(p)(p.customer, p.on, p.amount) for p in [*records, *other]]
        columns = columns_of(bare[: len(records)])
        one = RfmSummary.from_columns(*columns, as_of=as_of, currency="EUR", rules=rules)
        merged = one.merge(summarize(bare[len(records) :], as_of, rules))
        assert dict(merged) == dict(summarize(bare, as_of, rules))

    def test_iterators_will_do(self):
        columns = columns_of(purchases("2024-01-05 1.00 EUR", "2024-01-06 1.00 EUR"))
        summary = RfmSummary.from_columns(*map(iter, columns), as_of=AS_OF, currency="EUR")
        assert summary[ANNA].monetary == euro(2)

    def test_nothing_has_a_currency_here(self):
        nothing = RfmSummary.from_columns([], [], [], as_of=AS_OF, currency="EUR")
        assert (len(nothing), nothing.revenue) == (0, euro(0))

    def test_arrays_count_like_lists(self):
        """Left to themselves, numbers of 64 bits lose the days that are 64 and more apart."""
        names, numbers, minors = columns_of(LONG_AGO)
        summary = RfmSummary.from_columns(
            names, Array(numbers), Array(minors), as_of=AS_OF, currency="EUR"
        )
        assert dict(summary) == dict(summarize_rfm(LONG_AGO, as_of=AS_OF))
        assert {
            type(number) for number in (*summary.columns.totals, *summary.columns.last_days)
        } == {int}

    def test_days_of_64_bits_one_by_one_count_like_whole_numbers(self):
        names, numbers, minors = columns_of(LONG_AGO)
        summary = RfmSummary.from_columns(
            names, map(Int64, numbers), minors, as_of=AS_OF, currency="EUR"
        )
        assert dict(summary) == dict(summarize_rfm(LONG_AGO, as_of=AS_OF))

    @pytest.mark.parametrize("place", [0, 1])
    @pytest.mark.parametrize("amount", [1.5, 2.0, "100", None, Fraction(1, 2), Int64(5)])
    def test_amounts_are_whole_minor_units(self, amount, place):
        amounts = [100, 100]
        amounts[place] = amount
        with pytest.raises(InvalidValue, match="whole"):
            RfmSummary.from_columns(
                ["anna"] * 2, [738_000] * 2, amounts, as_of=AS_OF, currency="EUR"
            )

    @pytest.mark.parametrize("place", [0, 1])
    @pytest.mark.parametrize("number", [0, -5, 10**9, 738_001.5, "738000", None, date(2024, 1, 5)])
    def test_days_are_ordinals(self, number, place):
        numbers = [738_000, 738_000]
        numbers[place] = number
        with pytest.raises(InvalidValue, match="ordinal"):
            RfmSummary.from_columns(["anna"] * 2, numbers, [100, 100], as_of=AS_OF, currency="EUR")

    @pytest.mark.parametrize("customer", ["", " anna", "an\x00na", 7, None, float("nan")])
    def test_customers_are_identifiers(self, customer):
        with pytest.raises(InvalidIdentifier):
            RfmSummary.from_columns(
                ["bert", customer], [738_000] * 2, [100] * 2, as_of=AS_OF, currency="EUR"
            )

    @pytest.mark.parametrize("longer", [0, 1, 2])
    def test_columns_are_equally_long(self, longer):
        columns = columns_of(purchases("2024-01-05 1.00 EUR", "2024-01-06 1.00 EUR"))
        columns[longer].append(columns[longer][0])
        with pytest.raises(InvalidValue, match="differ in length"):
            RfmSummary.from_columns(*columns, as_of=AS_OF, currency="EUR")

    def test_columns_have_no_orders_to_cancel(self):
        rules = SummaryRules(refunds=Refunds.CANCEL_ORDERS)
        with pytest.raises(InvalidValue, match="no order numbers"):
            RfmSummary.from_columns([], [], [], as_of=AS_OF, currency="EUR", rules=rules)

    def test_the_currency_is_known(self):
        with pytest.raises(InvalidValue, match="ISO 4217"):
            RfmSummary.from_columns([], [], [], as_of=AS_OF, currency="euro")


class TestColumnsAndHistograms:
    """A population can be read as equally long columns, or as counts of values."""

    @given(records=histories(), as_of=days(), rules=all_rules())
    def test_columns_hold_what_the_facts_say(self, records, as_of, rules):
        summary = summarize(records, as_of, rules)
        columns = summary.columns
        assert columns.customers == list(summary)
        assert [columns.rows[c] for c in summary] == list(range(len(summary)))
        facts = list(summary.values())
        assert columns.first_days == [f.first_purchase_on.toordinal() for f in facts]
        assert columns.last_days == [f.last_purchase_on.toordinal() for f in facts]
        assert columns.frequency == [f.frequency for f in facts]
        assert columns.monetary == [f.monetary.minor for f in facts]
        assert columns.totals == [f.total.minor for f in facts]

    @given(records=histories(), as_of=days(), rules=all_rules())
    def test_histograms_count_the_facts(self, records, as_of, rules):
        summary = summarize(records, as_of, rules)
        facts = list(summary.values())
        for histogram, values in (
            (summary.recency_histogram(), [f.recency_days for f in facts]),
            (summary.frequency_histogram(), [f.frequency for f in facts]),
            (summary.monetary_histogram(), [f.monetary.minor for f in facts]),
            (summary.total_histogram(), [f.total.minor for f in facts]),
        ):
            assert dict(histogram.counts) == {v: values.count(v) for v in sorted(set(values))}
        assert summary.monetary_histogram().currency == summary.currency
        assert summary.total_histogram().currency == summary.currency

    @given(records=histories(), as_of=days())
    def test_revenue_is_the_money_of_all_customers(self, records, as_of):
        summary = summarize_rfm(records, as_of=as_of)
        assume(summary.currency)
        assert summary.revenue.minor == sum(f.total.minor for f in summary.values())

    def test_a_summary_shows_no_customer_in_its_repr(self):
        summary = summarize_rfm(purchases("2024-01-05 1.00 EUR"), as_of=AS_OF)
        assert repr(summary) == "<RfmSummary of 1 customers as of 2024-12-31>"
        assert "anna" not in repr(summary.columns)
