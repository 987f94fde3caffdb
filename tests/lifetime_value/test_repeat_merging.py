"""Summaries of parts, in any order and of any day before, make the summary of the whole."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import permutations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from crmkit.errors import (
    CurrencyMismatch,
    InvalidIdentifier,
    InvalidMoney,
    InvalidValue,
)
from crmkit.lifetime_value.summary import RepeatPurchaseSummary, summarize_repeat_purchases
from crmkit.lifetime_value.tally import RefundRule
from crmkit.period import Unit
from tests.lifetime_value.builders import (
    ANNA,
    all_rules,
    as_naive,
    bought,
    columns_of,
    day,
    days,
    euro,
    histories,
    naive_repeats,
    purchases,
    splits,
    summarize,
)

AS_OF = day("2024-12-31")


def in_days(records, as_of=AS_OF, **terms):
    return summarize_repeat_purchases(records, as_of=as_of, **({"unit": Unit.DAY} | terms))


class TestMerging:
    """Summaries of parts merge, in any order, to what one pass over all records gives."""

    @given(data=st.data(), records=histories(), as_of=days(), rules=all_rules())
    def test_any_split_in_any_order_equals_one_pass(self, data, records, as_of, rules):
        a, b, c, d = (summarize(part, as_of, rules) for part in data.draw(splits(records)))
        whole = summarize(records, as_of, rules)
        for merged in (a.merge(b).merge(c).merge(d), d.merge(c.merge(b.merge(a)))):
            assert merged == whole
            assert dict(merged) == dict(whole)
            assert as_naive(merged) == naive_repeats(records, as_of, rules)
            assert merged.repeat_days == whole.repeat_days

    @given(records=histories(), as_of=days(), rules=all_rules())
    def test_merging_with_nothing_changes_nothing(self, records, as_of, rules):
        whole, nothing = summarize(records, as_of, rules), summarize([], as_of, rules)
        assert whole.merge(nothing) == whole == nothing.merge(whole)

    @given(records=histories(), other=histories(), as_of=days(), rules=all_rules())
    def test_merging_leaves_both_as_they_were(self, records, other, as_of, rules):
        one, two = summarize(records, as_of, rules), summarize(other, as_of, rules)
        one.merge(two)
        assert one == summarize(records, as_of, rules)
        assert two == summarize(other, as_of, rules)

    @pytest.mark.parametrize("order", list(permutations(range(4))))
    def test_a_first_purchase_that_comes_to_light_late(self, order):
        """What was taken for the first purchase has become a repeat, with its money."""
        records = purchases(
            *("2024-03-01 1 EUR", "2024-02-01 2 EUR", "2024-01-01 4 EUR", "2024-02-02 -1 EUR")
        )
        merged = in_days([])
        for number in order:
            merged = merged.merge(in_days([records[number]]))
        anna = merged[ANNA]
        assert (anna.repeat_purchases, anna.age_at_last_purchase) == (2, 60)
        assert anna.repeat_spend == euro(2)

    @given(data=st.data(), records=histories(), as_of=days(), rules=all_rules())
    def test_rolled_and_merged_equals_one_pass_as_of_the_later_day(
        self, data, records, as_of, rules
    ):
        later = as_of + timedelta(days=data.draw(st.integers(0, 400)))
        # What happened by then may have come in late, and be among the new records.
        in_time = data.draw(st.lists(st.booleans(), min_size=len(records), max_size=len(records)))
        told = [known and p.on <= as_of for p, known in zip(records, in_time, strict=True)]
        old = [p for p, known in zip(records, told, strict=True) if known]
        new = [p for p, known in zip(records, told, strict=True) if not known]
        rolled = summarize(old, as_of, rules).rolled_to(later).merge(summarize(new, later, rules))
        assert rolled == summarize(records, later, rules)
        assert as_naive(rolled) == naive_repeats(records, later, rules)

    def test_a_summary_is_not_rolled_back(self):
        with pytest.raises(InvalidValue, match="rolled back"):
            in_days([]).rolled_to(AS_OF - timedelta(days=1))

    @pytest.mark.parametrize(
        "terms",
        [
            {"unit": Unit.WEEK},
            {"whole_units": True},
            {"refunds": RefundRule.IGNORE},
            {"days_in_year": Decimal(360)},
            {"as_of": day("2024-12-30")},
        ],
        ids=lambda terms: next(iter(terms)),
    )
    def test_only_summaries_of_one_day_under_equal_rules_merge(self, terms):
        usual = {"as_of": AS_OF, "unit": Unit.DAY}
        other = summarize_repeat_purchases([], **(usual | terms))
        with pytest.raises(InvalidValue, match="rolled_to"):
            in_days([]).merge(other)

    def test_only_one_currency_merges(self):
        with pytest.raises(CurrencyMismatch):
            in_days(purchases("2024-01-05 1 EUR")).merge(in_days(purchases("2024-01-05 1 USD")))

    @pytest.mark.parametrize(
        "other",
        [
            in_days(purchases("2024-01-05 1.00 EUR"), day("2025-01-01")),
            in_days(purchases("2024-01-05 1.00 USD")),
            in_days(purchases("2024-01-05 2.00 EUR")),
            in_days(purchases("2024-01-06 1.00 EUR")),
            in_days(purchases("bert 2024-01-05 1.00 EUR")),
            in_days(purchases("2024-01-05 1.00 EUR"), whole_units=True),
            in_days(purchases("2024-01-05 1.00 EUR", "2024-01-05 -1.00 EUR")),
            {ANNA: "something else"},
        ],
    )
    def test_a_difference_is_seen(self, other):
        assert in_days(purchases("2024-01-05 1.00 EUR")) != other

    def test_a_summary_is_no_key(self):
        with pytest.raises(TypeError):
            hash(in_days([]))


class Array:
    """Numbers as numpy has them: Python's own only out of ``tolist``."""

    def __init__(self, values):
        self.values = values

    def tolist(self):
        return list(self.values)


class TestFromColumns:
    """Columns of customers, days and minor units give what purchases give."""

    @staticmethod
    def of(*columns, as_of=AS_OF, currency="EUR", **terms):
        return RepeatPurchaseSummary.from_columns(
            *columns, as_of=as_of, currency=currency, **({"unit": Unit.DAY} | terms)
        )

    @given(records=histories(), as_of=days(), rules=all_rules())
    def test_columns_equal_purchases(self, records, as_of, rules):
        expected = summarize(records, as_of, rules)
        assume(expected.currency)
        summary = self.of(
            *columns_of(records),
            as_of=as_of,
            unit=rules.unit,
            whole_units=rules.whole_units,
            refunds=rules.refunds,
            days_in_year=rules.days_in_year,
        )
        assert summary == expected
        assert dict(summary) == dict(expected)
        assert list(summary) == list(expected)

    def test_iterators_and_arrays_will_do(self):
        columns = columns_of(bought(anna="2024-01-05 2024-01-06"))
        for form in (iter, Array, tuple):
            assert self.of(*map(form, columns))[ANNA].repeat_purchases == 1

    @pytest.mark.parametrize("place", [0, 1])
    @pytest.mark.parametrize("amount", [1.5, 2.0, "100", None, Fraction(1, 2)])
    def test_amounts_are_whole_minor_units(self, amount, place):
        amounts = [100, 100]
        amounts[place] = amount
        with pytest.raises(InvalidValue, match="whole"):
            self.of(["anna"] * 2, [738_000] * 2, amounts)

    @pytest.mark.parametrize("number", [0, -5, 10**9, 738_001.5, "738000", None, date(2024, 1, 5)])
    def test_days_are_ordinals(self, number):
        with pytest.raises(InvalidValue, match="ordinal"):
            self.of(["anna"] * 2, [738_000, number], [100, 100])

    @pytest.mark.parametrize("customer", ["", " anna", "an\x00na", 7, None])
    def test_customers_are_identifiers(self, customer):
        with pytest.raises(InvalidIdentifier):
            self.of(["bert", customer], [738_000] * 2, [100] * 2)

    def test_a_customer_can_be_looked_up(self):
        with pytest.raises(InvalidValue, match="customers are texts"):
            self.of([["anna"]], [738_000], [100])

    @pytest.mark.parametrize("longer", [0, 1, 2])
    def test_columns_are_equally_long(self, longer):
        columns = columns_of(bought(anna="2024-01-05 2024-01-06"))
        columns[longer].append(columns[longer][0])
        with pytest.raises(InvalidValue, match="differ in length"):
            self.of(*columns)

    def test_the_currency_is_known(self):
        with pytest.raises(InvalidMoney):
            self.of([], [], [], currency="euro")
