"""Summaries of parts, in any order and of any day before, make the summary of the whole."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import (
    CurrencyMismatch,
    InvalidValue,
)
from crmkit.identifiers import CustomerId
from crmkit.segmentation import (
    Counting,
    MonetaryMeasure,
    Refunds,
    SummaryRules,
    summarize_rfm,
)
from tests.segmentation.builders import (
    LAST,
    all_rules,
    as_naive,
    day,
    days,
    histories,
    naive_rfm,
    purchases,
    summarize,
)

AS_OF = day("2024-12-31")
ANNA = CustomerId("anna")


class TestOrderOfRecords:
    """The order of the records does not matter, and they are read once."""

    @given(data=st.data(), records=histories(), as_of=days(), rules=all_rules())
    def test_any_order_gives_the_same(self, data, records, as_of, rules):
        shuffled = data.draw(st.permutations(records))
        one, other = summarize(records, as_of, rules), summarize(shuffled, as_of, rules)
        assert one == other
        assert dict(one) == dict(other)

    def test_a_generator_will_do(self):
        listed = purchases("2024-01-05 1.00 EUR", "2023-01-05 1.00 EUR")
        assert summarize_rfm(iter(listed), as_of=AS_OF) == summarize_rfm(listed, as_of=AS_OF)

    def test_customers_come_in_the_order_in_which_they_were_first_seen(self):
        listed = purchases(
            "bert 2024-01-05 1.00 EUR", "anna 2023-01-05 1.00 EUR", "bert 2023-01-04 1.00 EUR"
        )
        assert list(summarize_rfm(listed, as_of=AS_OF)) == ["bert", "anna"]


@st.composite
def splits(draw, records):
    """The records in one to four parts, in any order."""
    places = draw(st.lists(st.integers(0, 3), min_size=len(records), max_size=len(records)))
    parts = [[p for p, place in zip(records, places, strict=True) if place == n] for n in range(4)]
    return draw(st.permutations(parts))


class TestMerging:
    """Summaries of parts merge, in any order, to what one pass over all records gives."""

    @given(data=st.data(), records=histories(), as_of=days(), rules=all_rules())
    def test_any_split_in_any_order_equals_one_pass(self, data, records, as_of, rules):
        a, b, c, d = (summarize(part, as_of, rules) for part in data.draw(splits(records)))
        whole = summarize(records, as_of, rules)
        for merged in (a.merge(b).merge(c).merge(d), d.merge(c.merge(b.merge(a)))):
            assert merged == whole
            assert dict(merged) == dict(whole)
            assert as_naive(merged) == naive_rfm(records, as_of, rules)

    @given(records=histories(), as_of=days(), rules=all_rules())
    def test_merging_with_nothing_changes_nothing(self, records, as_of, rules):
        whole, nothing = summarize(records, as_of, rules), summarize([], as_of, rules)
        assert whole.merge(nothing) == whole == nothing.merge(whole)

    @given(records=histories(), other=histories(), as_of=days(), rules=all_rules())
    def test_merging_leaves_both_as_they_were(self, records, other, as_of, rules):
        one, two = summarize(records, as_of, rules), summarize(other, as_of, rules)
        before = dict(one), dict(two)
        one.merge(two)
        assert (dict(one), dict(two)) == before
        assert one == summarize(records, as_of, rules)
        assert two == summarize(other, as_of, rules)

    @pytest.mark.parametrize(
        "lines",
        [
            pytest.param(["anna 2024-01-05 1.00 EUR", "anna 2024-01-05 2.00 EUR"], id="same day"),
            pytest.param(["anna 2024-01-05 1.00 EUR", "anna 2023-01-05 2.00 EUR"], id="same name"),
            pytest.param(
                [
                    "anna 2024-01-05 1.00 EUR order A-1",
                    "anna 2024-01-06 2.00 EUR order A-1",
                    "anna 2024-01-07 -3.00 EUR refund-of A-1",
                    "anna 2024-01-08 1.00 EUR",
                ],
                id="an order split over parts",
            ),
            pytest.param(
                ["anna 2024-01-05 -1.00 EUR", "anna 2024-01-04 2.00 EUR"], id="refund first"
            ),
            pytest.param(
                ["anna 2024-01-05 -1.00 EUR", "bert 2024-01-04 2.00 EUR"], id="refund only"
            ),
        ],
    )
    @pytest.mark.parametrize("refunds", Refunds)
    @pytest.mark.parametrize("counting", Counting)
    def test_each_record_in_a_part_of_its_own(self, lines, counting, refunds):
        rules = SummaryRules(counting=counting, refunds=refunds)
        records = purchases(*lines)
        whole = summarize(records, AS_OF, rules)
        for order in permutations(records):
            merged = summarize([], AS_OF, rules)
            for record in order:
                merged = merged.merge(summarize([record], AS_OF, rules))
            assert merged == whole
            assert dict(merged) == dict(whole)

    def test_only_equal_rules_merge(self):
        days_, orders = (summarize_rfm([], as_of=AS_OF, counting=c) for c in Counting)
        with pytest.raises(InvalidValue, match="under equal rules"):
            days_.merge(orders)

    def test_only_summaries_of_one_day_merge(self):
        with pytest.raises(InvalidValue, match="rolled_to"):
            summarize_rfm([], as_of=AS_OF).merge(summarize_rfm([], as_of=day("2025-01-01")))

    def test_only_one_currency_merges(self):
        euros = summarize_rfm(purchases("2024-01-05 1.00 EUR"), as_of=AS_OF)
        dollars = summarize_rfm(purchases("2024-01-05 1.00 USD"), as_of=AS_OF)
        with pytest.raises(CurrencyMismatch):
            euros.merge(dollars)


class TestRollingForward:
    """Yesterday's summary, rolled to today and merged with today's records, is today's summary."""

    @given(data=st.data(), records=histories(), as_of=days(), rules=all_rules())
    def test_rolled_and_merged_equals_one_pass_as_of_the_later_day(
        self, data, records, as_of, rules
    ):
        later = as_of + timedelta(days=data.draw(st.integers(0, 400)))
        # What happened by then may have come in late, and be among the new records.
        in_time = data.draw(st.lists(st.booleans(), min_size=len(records), max_size=len(records)))
        old = [p for p, known in zip(records, in_time, strict=True) if known and p.on <= as_of]
        new = [
            p for p, known in zip(records, in_time, strict=True) if not (known and p.on <= as_of)
        ]
        rolled = summarize(old, as_of, rules).rolled_to(later).merge(summarize(new, later, rules))
        assert rolled == summarize(records, later, rules)
        assert as_naive(rolled) == naive_rfm(records, later, rules)

    @given(records=histories(), as_of=days(), later=st.integers(0, 400), rules=all_rules())
    def test_rolling_leaves_the_earlier_summary_as_it_was(self, records, as_of, later, rules):
        earlier = summarize(records, as_of, rules)
        before = dict(earlier)
        rolled = earlier.rolled_to(as_of + timedelta(days=later))
        assert dict(earlier) == before
        assert {c: f.recency_days for c, f in rolled.items()} == {
            c: f.recency_days + later for c, f in before.items()
        }

    def test_a_summary_is_not_rolled_back(self):
        with pytest.raises(InvalidValue, match="rolled back"):
            summarize_rfm([], as_of=AS_OF).rolled_to(AS_OF - timedelta(days=1))

    def test_a_summary_can_be_rolled_to_its_own_day(self):
        summary = summarize_rfm(purchases("2024-01-05 1.00 EUR"), as_of=AS_OF)
        assert summary.rolled_to(AS_OF) == summary


class TestEquality:
    """Two summaries are equal when they know the same, by the same rules, as of the same day."""

    @given(records=histories(), other=histories(), as_of=days(), rules=all_rules())
    def test_equal_summaries_have_equal_facts(self, records, other, as_of, rules):
        one, two = summarize(records, as_of, rules), summarize(other, as_of, rules)
        if one == two:
            assert dict(one) == dict(two)

    @pytest.mark.parametrize(
        "other",
        [
            summarize_rfm(purchases("2024-01-05 1.00 EUR"), as_of=LAST),
            summarize_rfm(purchases("2024-01-05 1.00 USD"), as_of=AS_OF),
            summarize_rfm(purchases("2024-01-05 2.00 EUR"), as_of=AS_OF),
            summarize_rfm(purchases("2024-01-06 1.00 EUR"), as_of=AS_OF),
            summarize_rfm(purchases("bert 2024-01-05 1.00 EUR"), as_of=AS_OF),
            summarize_rfm(
                purchases("2024-01-05 1.00 EUR"), as_of=AS_OF, monetary=MonetaryMeasure.MEAN
            ),
            {ANNA: "something else"},
        ],
    )
    def test_a_difference_is_seen(self, other):
        assert summarize_rfm(purchases("2024-01-05 1.00 EUR"), as_of=AS_OF) != other

    def test_an_order_more_is_seen(self):
        one, two = (
            summarize_rfm(
                purchases(f"2024-01-05 1.00 EUR order {number}"),
                as_of=AS_OF,
                counting=Counting.ORDERS,
            )
            for number in ("A-1", "A-2")
        )
        assert one != two

    def test_a_summary_is_no_key(self):
        with pytest.raises(TypeError):
            hash(summarize_rfm([], as_of=AS_OF))
