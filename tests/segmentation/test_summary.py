"""What counts as recency, as a purchase, as a refund and as money, as of a day."""

from __future__ import annotations

from datetime import datetime, timedelta
from fractions import Fraction
from itertools import permutations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from crmkit.errors import (
    CurrencyMismatch,
    InvalidPolicy,
    InvalidValue,
    NaiveDatetime,
    UnknownCustomer,
)
from crmkit.identifiers import CustomerId
from crmkit.money import Money
from crmkit.segmentation import (
    Counting,
    MonetaryMeasure,
    Refunds,
    summarize_rfm,
)
from tests.segmentation.builders import (
    FIRST,
    all_rules,
    as_naive,
    day,
    days,
    euro,
    histories,
    naive_rfm,
    noon,
    purchases,
    summarize,
)

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
