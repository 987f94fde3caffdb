"""Recency, frequency and money: one pass, in any order, in any parts, gives the same."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from fractions import Fraction
from itertools import permutations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from crmkit.errors import (
    CurrencyMismatch,
    InvalidIdentifier,
    InvalidPolicy,
    InvalidValue,
    NaiveDatetime,
    UnknownCustomer,
)
from crmkit.identifiers import CustomerId
from crmkit.money import Money
from crmkit.records import Purchase
from crmkit.segmentation import (
    AbcTiers,
    Counting,
    CustomerPyramid,
    MonetaryMeasure,
    Refunds,
    RfmSummary,
    SummaryRules,
    summarize_rfm,
)
from tests.segmentation.builders import (
    CDNOW_AS_OF,
    FIRST,
    LAST,
    all_rules,
    as_naive,
    cdnow_master,
    cdnow_sample,
    day,
    days,
    euro,
    histories,
    naive_rfm,
    noon,
    purchases,
    summarize,
)
from tests.shared_data import shared_file

AS_OF = day("2024-12-31")
ANNA = CustomerId("anna")


def of_anna(*lines, as_of=AS_OF, **terms):
    return summarize_rfm(purchases(*lines), as_of=as_of, **terms)[ANNA]


class TestRecencyFrequencyMoney:
    """Recency is days since the last purchase, frequency all purchases, money what was spent."""

    @given(records=histories(), as_of=days(), rules=all_rules())
    def test_the_naive_way_gives_the_same(self, records, as_of, rules):
        assert as_naive(summarize(records, as_of, rules)) == naive_rfm(records, as_of, rules)

    def test_a_history_in_plain_words(self):
        anna = of_anna("2023-12-30 40.00 EUR", "2024-03-01 12.50 EUR", "2024-12-01 7.50 EUR")
        assert (anna.recency_days, anna.frequency, anna.monetary) == (30, 3, euro("60.00"))
        assert (anna.first_purchase_on, anna.last_purchase_on) == (
            day("2023-12-30"),
            day("2024-12-01"),
        )
        assert anna.yearly_totals == {2023: euro("40.00"), 2024: euro("20.00")}
        assert anna.value == anna.total == euro("60.00")

    def test_a_purchase_on_the_day_itself_is_zero_days_ago(self):
        assert of_anna("2024-12-31 1.00 EUR").recency_days == 0

    @given(records=histories(), as_of=days(), later=st.integers(0, 800))
    def test_seen_from_a_later_day_the_same_purchases_are_less_recent(self, records, as_of, later):
        known = [p for p in records if p.on <= as_of]
        then = summarize_rfm(known, as_of=as_of)
        after = summarize_rfm(known, as_of=as_of + timedelta(days=later))
        assert {c: f.recency_days + later for c, f in then.items()} == {
            c: f.recency_days for c, f in after.items()
        }

    @given(records=histories(), as_of=days(), rules=all_rules())
    def test_yearly_totals_add_up_to_the_total(self, records, as_of, rules):
        for facts in summarize(records, as_of, rules).values():
            assert sum(m.minor for m in facts.yearly_totals.values()) == facts.total.minor

    @given(records=histories(), as_of=days())
    def test_every_year_since_the_first_purchase_has_a_total(self, records, as_of):
        for facts in summarize_rfm(records, as_of=as_of).values():
            years = range(facts.first_purchase_on.year, as_of.year + 1)
            assert set(years) <= facts.yearly_totals.keys()

    def test_a_year_without_a_purchase_had_sales_of_zero(self):
        anna = of_anna("2022-05-01 1.00 EUR", "2024-05-01 3.00 EUR")
        assert anna.yearly_totals == {2022: euro(1), 2023: euro(0), 2024: euro(3)}

    def test_money_paid_back_in_a_year_before_the_first_purchase_is_not_lost(self):
        anna = of_anna("2022-12-31 -5.00 EUR", "2024-05-01 3.00 EUR")
        assert anna.yearly_totals == {2022: euro(-5), 2024: euro(3)}
        assert anna.total == euro(-2)

    def test_a_customer_who_never_bought_is_not_in_the_summary(self):
        summary = summarize_rfm(purchases("anna 2024-05-01 1.00 EUR"), as_of=AS_OF)
        assert CustomerId("bert") not in summary
        with pytest.raises(KeyError):
            summary[CustomerId("bert")]


class TestWhatCountsAsAPurchase:
    """Zero-amount days count, days with only refunds do not, identical lines are kept."""

    def test_a_day_with_an_amount_of_zero_counts(self):
        anna = of_anna("2024-01-05 5.00 EUR", "2024-02-05 0.00 EUR")
        assert (anna.frequency, anna.last_purchase_on) == (2, day("2024-02-05"))

    def test_a_customer_of_free_articles_is_a_customer(self):
        anna = of_anna("2024-02-05 0.00 EUR")
        assert (anna.frequency, anna.monetary) == (1, euro(0))

    def test_a_day_with_only_refunds_does_not_count(self):
        anna = of_anna("2024-01-05 40.00 EUR", "2024-02-05 -40.00 EUR")
        assert (anna.frequency, anna.last_purchase_on) == (1, day("2024-01-05"))

    def test_a_day_with_a_purchase_and_a_refund_counts(self):
        assert of_anna("2024-01-05 -40.00 EUR", "2024-01-05 0.00 EUR").frequency == 1

    def test_identical_lines_are_all_counted_as_money(self):
        anna = of_anna("2024-01-05 4.00 EUR", "2024-01-05 4.00 EUR", "2024-01-05 4.00 EUR")
        assert (anna.frequency, anna.monetary) == (1, euro(12))

    def test_a_customer_who_only_got_money_back_has_no_facts(self):
        summary = summarize_rfm(
            purchases("anna 2024-01-05 -4.00 EUR", "bert 2024-01-05 4.00 EUR"), as_of=AS_OF
        )
        assert list(summary) == ["bert"]
        assert summary.without_purchase == (ANNA,)
        assert summary.revenue == euro(4)

    @given(records=histories(), as_of=days(), rules=all_rules())
    def test_everyone_with_a_record_is_with_or_without_a_purchase(self, records, as_of, rules):
        summary = summarize(records, as_of, rules)
        assert not set(summary) & set(summary.without_purchase)
        assert {*summary, *summary.without_purchase} == {
            p.customer
            for p in records
            if p.on <= as_of and not (rules.refunds is Refunds.IGNORE and p.is_refund)
        }


class TestAsOf:
    """``as_of`` includes that day; later records are ignored, and so is what was not yet known."""

    @pytest.mark.parametrize(("as_of", "frequency"), [("2024-03-01", 2), ("2024-02-29", 1)])
    def test_the_day_itself_is_included(self, as_of, frequency):
        lines = ("2024-01-05 1.00 EUR", "2024-03-01 1.00 EUR")
        assert of_anna(*lines, as_of=day(as_of)).frequency == frequency

    @given(records=histories(), as_of=days(), rules=all_rules())
    def test_later_records_are_ignored(self, records, as_of, rules):
        until = [p for p in records if p.on <= as_of]
        assert summarize(records, as_of, rules) == summarize(until, as_of, rules)

    def test_a_later_record_in_another_currency_is_ignored_as_well(self):
        anna = of_anna("2024-03-01 1.00 EUR", "2025-03-01 1.00 USD")
        assert anna.monetary == euro(1)

    @given(records=histories(), as_of=days(), known_by=days().map(noon), rules=all_rules())
    def test_what_was_recorded_later_is_ignored(self, records, as_of, known_by, rules):
        then = [p for p in records if p.recorded_at is None or p.recorded_at <= known_by]
        now = summarize_rfm(
            records,
            as_of=as_of,
            known_by=known_by,
            counting=rules.counting,
            monetary=rules.monetary,
            refunds=rules.refunds,
        )
        assert now == summarize(then, as_of, rules)

    @pytest.mark.parametrize(("late", "frequency"), [(0, 2), (-1, 1)])
    def test_what_was_recorded_at_that_very_instant_was_known(self, late, frequency):
        lines = ("2024-01-05 1.00 EUR", "2024-02-05 1.00 EUR recorded 2024-03-01")
        instant = noon(day("2024-03-01")) + timedelta(microseconds=late)
        assert of_anna(*lines, known_by=instant).frequency == frequency

    def test_an_instant_without_a_zone_is_refused(self):
        with pytest.raises(NaiveDatetime):
            summarize_rfm([], as_of=AS_OF, known_by=datetime(2024, 1, 1))  # noqa: DTZ001

    def test_an_instant_is_not_a_day(self):
        with pytest.raises(InvalidValue):
            summarize_rfm([], as_of=noon(AS_OF))


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


class TestCountingOrders:
    """Each order is a purchase; a line without an order number is an order of its own."""

    @pytest.mark.parametrize(("counting", "frequency"), [("days", 1), ("orders", 2)])
    def test_two_orders_on_one_day(self, counting, frequency):
        lines = ("2024-01-05 1.00 EUR order A-1", "2024-01-05 1.00 EUR order A-2")
        assert of_anna(*lines, counting=Counting(counting)).frequency == frequency

    @pytest.mark.parametrize(("counting", "frequency"), [("days", 2), ("orders", 1)])
    def test_one_order_on_two_days(self, counting, frequency):
        lines = ("2024-01-05 1.00 EUR order A-1", "2024-01-06 1.00 EUR order A-1")
        anna = of_anna(*lines, counting=Counting(counting))
        assert anna.frequency == frequency
        assert (anna.first_purchase_on, anna.last_purchase_on) == (
            day("2024-01-05"),
            day("2024-01-06"),
        )

    def test_each_line_without_a_number_is_an_order(self):
        lines = ("2024-01-05 1.00 EUR", "2024-01-05 1.00 EUR", "2024-01-05 1.00 EUR order A-1")
        assert of_anna(*lines, counting=Counting.ORDERS).frequency == 3

    def test_one_number_of_two_customers_is_two_orders(self):
        summary = summarize_rfm(
            purchases("anna 2024-01-05 1.00 EUR order A-1", "bert 2024-01-05 1.00 EUR order A-1"),
            as_of=AS_OF,
            counting=Counting.ORDERS,
        )
        assert [facts.frequency for facts in summary.values()] == [1, 1]

    def test_a_refund_is_no_order(self):
        lines = ("2024-01-05 9.00 EUR order A-1", "2024-01-06 -1.00 EUR order R-1")
        assert of_anna(*lines, counting=Counting.ORDERS).frequency == 1


class TestRefunds:
    """Refunds are netted by a named rule: net, cancel orders, or ignore."""

    @pytest.mark.parametrize(
        ("refunds", "total"), [("net", "30.00"), ("cancel-orders", "30.00"), ("ignore", "40.00")]
    )
    def test_a_refund_lowers_the_money_unless_it_is_ignored(self, refunds, total):
        lines = ("2024-01-05 40.00 EUR", "2024-02-05 -10.00 EUR")
        assert of_anna(*lines, refunds=Refunds(refunds)).total == euro(total)

    def test_money_goes_back_in_the_year_in_which_it_was_paid_back(self):
        anna = of_anna("2023-12-31 40.00 EUR order A-1", "2024-01-01 -40.00 EUR refund-of A-1")
        assert anna.yearly_totals == {2023: euro(40), 2024: euro(-40)}

    def test_an_ignored_refund_in_another_currency_does_no_harm(self):
        lines = ("2024-01-05 40.00 EUR", "2024-02-05 -10.00 USD")
        assert of_anna(*lines, refunds=Refunds.IGNORE).total == euro(40)

    @pytest.mark.parametrize(
        ("rule", "others", "frequency"),
        [
            ("net", ["2024-02-05 -40.00 EUR refund-of A-1"], 2),
            ("cancel-orders", ["2024-02-05 -40.00 EUR refund-of A-1"], 1),
            ("cancel-orders", ["2024-02-05 -40.00 EUR order A-1"], 1),
            ("cancel-orders", ["2024-02-05 -39.99 EUR refund-of A-1"], 2),
            ("cancel-orders", ["2024-02-05 -40.01 EUR refund-of A-1"], 1),
            ("cancel-orders", ["2024-02-05 -40.00 EUR"], 2),
            ("cancel-orders", ["2024-02-05 -40.00 EUR refund-of A-2"], 2),
            ("cancel-orders", ["2024-02-05 -40.00 EUR refund-of A-1 order A-2"], 1),
            (
                "cancel-orders",
                ["2024-02-05 -20.00 EUR refund-of A-1", "2024-02-06 -20.00 EUR refund-of A-1"],
                1,
            ),
            ("cancel-orders", ["2024-01-04 -40.00 EUR refund-of A-1"], 1),
            (
                "cancel-orders",
                ["2024-01-06 1.00 EUR order A-1", "2024-02-05 -40.00 EUR order A-1"],
                2,
            ),
            ("ignore", ["2024-02-05 -40.00 EUR refund-of A-1"], 2),
        ],
        ids=[
            "netted orders stay purchases",
            "paid back in full",
            "paid back under its own number",
            "a cent was kept",
            "more than was charged",
            "no order named",
            "another order named",
            "the order refunded goes before the order of the refund",
            "in two parts",
            "before the order",
            "one of its lines was kept",
            "ignored",
        ],
    )
    @pytest.mark.parametrize("counting", Counting)
    def test_what_a_refund_does_to_an_order(self, rule, others, frequency, counting):
        lines = ("2024-01-05 40.00 EUR order A-1", "2024-01-01 1.00 EUR order A-0", *others)
        anna = of_anna(*lines, refunds=Refunds(rule), counting=counting)
        # The order of two lines on two days counts as two purchase days.
        lines_kept = 1 if len(others) == 2 and not others[0].startswith("2024-02") else 0
        expected = frequency + (lines_kept if counting is Counting.DAYS else 0)
        assert anna.frequency == expected

    def test_a_canceled_order_takes_its_days_with_it(self):
        anna = of_anna(
            "2024-01-05 9.00 EUR",
            "2024-02-05 40.00 EUR order A-1",
            "2024-02-06 -40.00 EUR refund-of A-1",
            refunds=Refunds.CANCEL_ORDERS,
        )
        assert (anna.last_purchase_on, anna.frequency, anna.total) == (
            day("2024-01-05"),
            1,
            euro(9),
        )

    def test_a_free_order_is_kept_until_something_is_paid_back(self):
        free = "2024-01-05 0.00 EUR order A-1"
        assert of_anna(free, refunds=Refunds.CANCEL_ORDERS).frequency == 1
        summary = summarize_rfm(
            purchases(free, "2024-01-06 -0.01 EUR refund-of A-1"),
            as_of=AS_OF,
            refunds=Refunds.CANCEL_ORDERS,
        )
        assert not summary
        assert summary.without_purchase == (ANNA,)

    def test_who_gave_everything_back_is_without_a_purchase(self):
        summary = summarize_rfm(
            purchases(
                "anna 2024-01-05 40.00 EUR order A-1",
                "anna 2024-01-06 -40.00 EUR refund-of A-1",
                "bert 2024-01-05 5.00 EUR order A-1",
            ),
            as_of=AS_OF,
            refunds=Refunds.CANCEL_ORDERS,
        )
        assert (list(summary), summary.without_purchase) == (["bert"], (ANNA,))


class TestMeanMoney:
    """The mean is what was spent by purchase, rounded half to even to the minor unit."""

    @pytest.mark.parametrize(
        ("second", "mean"),
        [("0.03", "0.02"), ("0.02", "0.02"), ("0.00", "0.00"), ("0.04", "0.02"), ("0.05", "0.03")],
    )
    def test_halves_go_to_the_even_cent(self, second, mean):
        lines = ("2024-01-05 0.01 EUR", f"2024-01-06 {second} EUR")
        assert of_anna(*lines, monetary=MonetaryMeasure.MEAN).monetary == euro(mean)

    def test_the_total_stays_the_sum(self):
        lines = ("2024-01-05 10.00 EUR", "2024-01-06 20.00 EUR")
        anna = of_anna(*lines, monetary=MonetaryMeasure.MEAN)
        assert (anna.monetary, anna.total) == (euro(15), euro(30))

    @pytest.mark.parametrize(("counting", "mean"), [("days", "30.00"), ("orders", "15.00")])
    def test_the_mean_is_by_what_counts_as_a_purchase(self, counting, mean):
        lines = ("2024-01-05 10.00 EUR order A-1", "2024-01-05 20.00 EUR order A-2")
        anna = of_anna(*lines, monetary=MonetaryMeasure.MEAN, counting=Counting(counting))
        assert anna.monetary == euro(mean)

    @given(records=histories(), as_of=days(), rules=all_rules())
    def test_mean_times_purchases_is_the_total_to_half_a_unit_each(self, records, as_of, rules):
        assume(rules.monetary is MonetaryMeasure.MEAN)
        for facts in summarize(records, as_of, rules).values():
            exact = Fraction(facts.total.minor, facts.frequency)
            assert abs(facts.monetary.minor - exact) <= Fraction(1, 2)


class TestCurrencies:
    """Mixed currencies are refused unless converted."""

    @pytest.mark.parametrize("refunds", Refunds)
    @pytest.mark.parametrize("counting", Counting)
    def test_two_currencies_are_refused_in_any_order(self, counting, refunds):
        mixed = purchases("anna 2024-01-05 1.00 EUR", "bert 2024-01-05 1.00 USD")
        for records in permutations(mixed):
            with pytest.raises(CurrencyMismatch):
                summarize_rfm(records, as_of=AS_OF, counting=counting, refunds=refunds)

    def test_the_currency_is_kept(self):
        summary = summarize_rfm(purchases("2024-01-05 100 JPY"), as_of=AS_OF)
        assert summary.currency == "JPY"
        assert summary[ANNA].monetary == Money(100, "JPY")

    def test_a_summary_of_nothing_has_no_currency_and_no_revenue(self):
        nothing = summarize_rfm([], as_of=AS_OF)
        assert nothing.currency is None
        with pytest.raises(InvalidValue, match="no currency"):
            _ = nothing.revenue


def columns_of(records):
    return (
        [p.customer for p in records],
        [p.on.toordinal() for p in records],
        [p.amount.minor for p in records],
    )


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


class TestPoliciesByValue:
    """What a summary says of all customers at once is what its facts say one by one."""

    @given(records=histories(), as_of=days(), rules=all_rules(), other=histories())
    def test_a_summary_is_ranked_like_its_facts(self, records, as_of, rules, other):
        population = summarize(records, as_of, rules)
        assume(population)
        totals = population.total_histogram()
        ranked = summarize(other, as_of, rules)
        for policy in (
            AbcTiers.fit(totals),
            CustomerPyramid.fit(totals),
            AbcTiers(thresholds=(None, None)),
        ):
            for summary in (population, ranked):
                one_by_one = [policy(facts).outcome for facts in summary.values()]
                assert policy.outcomes(summary) == one_by_one
                assert policy.outcomes(summary.values()) == one_by_one

    def test_a_summary_in_another_currency_is_refused(self):
        abc = AbcTiers(thresholds=(euro(100), euro(10)))
        dollars = summarize_rfm(purchases("2024-01-05 1.00 USD"), as_of=AS_OF)
        with pytest.raises(CurrencyMismatch):
            abc.outcomes(dollars)
        nobody = RfmSummary.from_columns([], [], [], as_of=AS_OF, currency="USD")
        assert abc.outcomes(nobody) == []


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


@pytest.fixture(scope="module")
def summary():
    return summarize_rfm(cdnow_master(), as_of=CDNOW_AS_OF)


class TestCdnow:
    """69,659 purchases of 23,570 customers, as published by Fader and Hardie."""

    def test_the_published_totals(self, summary):
        assert len(summary) == 23_570
        assert summary.without_purchase == ()
        assert summary.revenue == Money("2500315.63", "USD")
        assert sum(summary.columns.frequency) == 67_591

    def test_a_day_of_free_discs_is_a_purchase(self, summary):
        """68 customers have nothing but lines of 0 dollars."""
        assert sum(total == 0 for total in summary.columns.totals) == 68

    def test_every_year_adds_up(self, summary):
        by_year: Counter[int] = Counter()
        for facts in summary.values():
            by_year.update({year: money.minor for year, money in facts.yearly_totals.items()})
        assert sorted(by_year) == [1997, 1998]
        assert by_year.total() == summary.revenue.minor

    def test_months_summed_up_apart_and_merged_are_the_same(self, summary):
        by_month: dict[tuple[int, int], list[Purchase]] = {}
        for purchase in cdnow_master():
            by_month.setdefault((purchase.on.year, purchase.on.month), []).append(purchase)
        merged = summarize_rfm([], as_of=FIRST.replace(1997, 1, 1))
        for month in sorted(by_month):
            records = by_month[month]
            as_of = max(purchase.on for purchase in records)
            merged = merged.rolled_to(as_of).merge(summarize_rfm(records, as_of=as_of))
        assert merged.rolled_to(CDNOW_AS_OF) == summary

    def test_columns_give_the_same(self, summary):
        columns = columns_of(list(cdnow_master()))
        assert RfmSummary.from_columns(*columns, as_of=CDNOW_AS_OF, currency="USD") == summary

    def test_the_published_summary_of_the_sample(self):
        """Repeat purchases, age at the last and customer age in weeks, to 1997-09-30."""
        summary = summarize_rfm(cdnow_sample(), as_of=day("1997-09-30"))
        rows = shared_file("cdnow_sample_summary.csv").read_text(encoding="ascii").splitlines()[1:]
        published = {
            number: tuple(map(float, rest)) for number, *rest in (r.split(",") for r in rows)
        }
        assert len(summary) == len(published) == 2_357
        for customer, facts in summary.items():
            between = (facts.last_purchase_on - facts.first_purchase_on).days
            age = (facts.as_of - facts.first_purchase_on).days
            repeats, age_at_last, customer_age = published[customer]
            assert facts.frequency - 1 == repeats
            assert between / 7 == pytest.approx(age_at_last, abs=0.0051)
            assert age / 7 == pytest.approx(customer_age, abs=0.0051)
        heads = Counter(min(facts.frequency - 1, 7) for facts in summary.values())
        assert [heads[n] for n in range(8)] == [1411, 439, 214, 100, 62, 38, 29, 64]


class TestRules:
    """A rule is named by its member: a text that equals it would silently stand for another."""

    @pytest.mark.parametrize(
        ("terms", "said"),
        [
            ({"counting": "orders"}, "a rule is a member of Counting: DAYS, ORDERS"),
            ({"monetary": "sum"}, "a rule is a member of MonetaryMeasure: SUM, MEAN"),
            ({"refunds": "ignore"}, "a rule is a member of Refunds: NET, CANCEL_ORDERS, IGNORE"),
        ],
    )
    def test_a_text_is_refused_and_the_members_named(self, terms, said):
        with pytest.raises(InvalidPolicy, match=said):
            summarize_rfm([], as_of=FIRST, **terms)


class TestStrangers:
    """Asking for a customer without a purchase is an error that names nobody."""

    def test_the_key_is_not_repeated(self):
        summary, jane = summarize_rfm([], as_of=FIRST), CustomerId("Jane Doe")
        with pytest.raises(UnknownCustomer) as caught:
            summary[jane]
        assert str(caught.value) == (
            "this customer has no purchase in the summary: ask with get() or in"
        )
        assert "Jane" not in repr(caught.value)
        assert summary.get(jane) is None
        assert jane not in summary
