"""The batch kernel says of every customer what the embedded summaries say."""

from __future__ import annotations

from datetime import date, datetime
from itertools import count, islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import CurrencyMismatch, InvalidIdentifier, InvalidPolicy, InvalidValue
from crmkit.lifetime_value import RefundRule
from crmkit.warehouse import (
    AMOUNT_LIMIT,
    CustomerSummary,
    UnsortedLines,
    date_of,
    day_of,
    lines_of,
    summarize_lines,
    summarize_sorted,
)
from tests.segmentation.builders import purchases
from tests.warehouse.histories import (
    AS_OF,
    TODAY,
    embedded,
    histories,
    purchases_of,
    refund_rules,
)

WAYS = [
    pytest.param(lambda lines, **terms: list(summarize_sorted(lines, **terms)), id="sorted"),
    pytest.param(summarize_lines, id="in any order"),
]
each_way = pytest.mark.parametrize("way", WAYS)


class TestLaws:
    @given(histories(), refund_rules())
    def test_sorted_lines_give_what_the_embedded_summaries_say(self, lines, refunds):
        found = list(summarize_sorted(sorted(lines), as_of=AS_OF, refunds=refunds))
        assert found == embedded(lines, refunds)

    @given(histories(), refund_rules())
    def test_lines_in_any_order_give_what_the_embedded_summaries_say(self, lines, refunds):
        assert summarize_lines(lines, as_of=AS_OF, refunds=refunds) == embedded(lines, refunds)

    @given(histories().flatmap(lambda lines: st.tuples(st.just(lines), st.permutations(lines))))
    def test_the_days_of_a_customer_may_come_in_any_order(self, both):
        lines, shuffled = both
        by_customer = sorted(shuffled, key=lambda line: line[0])
        assert list(summarize_sorted(by_customer, as_of=AS_OF)) == list(
            summarize_sorted(sorted(lines), as_of=AS_OF)
        )

    @given(histories())
    def test_purchases_become_lines_and_back(self, lines):
        assert list(lines_of(purchases_of(lines))) == lines


@each_way
class TestRules:
    """One rule at a time; the last day is a day 100 after the epoch."""

    AS_OF = date_of(100)

    def summary(self, way, *lines, refunds=RefundRule.NET):
        (found,) = way([("anna", *line) for line in lines], as_of=self.AS_OF, refunds=refunds)
        return found

    def test_two_lines_of_one_day_are_one_purchase(self, way):
        assert self.summary(way, (10, 500), (10, 300)) == CustomerSummary(
            *("anna", 10, 10, 1, 90, 0, 0, 90, 800, 0)
        )

    def test_a_gift_is_a_purchase(self, way):
        assert self.summary(way, (10, 500), (30, 0)) == CustomerSummary(
            *("anna", 10, 30, 2, 70, 1, 20, 90, 500, 0)
        )

    def test_a_day_with_more_given_back_than_bought_stays_a_purchase_day(self, way):
        found = self.summary(way, (10, 500), (30, 100), (30, -400))
        assert (found.last_day, found.total_minor, found.repeat_minor) == (30, 200, -300)

    def test_a_day_with_refunds_only_is_no_purchase_day(self, way):
        found = self.summary(way, (10, 500), (30, -400))
        assert (found.last_day, found.purchase_days, found.total_minor) == (10, 1, 100)

    def test_a_refund_before_the_first_repeat_lowers_the_first_purchase(self, way):
        assert self.summary(way, (10, 500), (20, -100), (30, 300)).repeat_minor == 300

    def test_a_refund_on_the_first_repeat_day_lowers_the_repeat_spend(self, way):
        assert self.summary(way, (10, 500), (30, -100), (30, 300)).repeat_minor == 200

    def test_refunds_can_be_left_out(self, way):
        found = self.summary(way, (10, 500), (30, 300), (40, -800), refunds=RefundRule.IGNORE)
        assert (found.total_minor, found.repeat_minor) == (800, 300)

    def test_who_only_got_money_back_has_no_summary(self, way):
        assert way([("anna", 10, -500)], as_of=self.AS_OF) == []

    def test_the_last_day_counts_and_the_next_one_does_not(self, way):
        found = self.summary(way, (10, 500), (100, 1), (101, 9))
        assert (found.last_day, found.recency_days, found.total_minor) == (100, 0, 501)

    def test_nothing_bought_by_then_is_no_summary(self, way):
        assert way([("anna", 101, 500)], as_of=self.AS_OF) == []

    def test_nobody_is_no_summary(self, way):
        assert way([], as_of=self.AS_OF) == []

    def test_days_before_the_epoch_are_days(self, way):
        assert self.summary(way, (-20_000, 1), (-10, 1)).days_at_last_purchase == 19_990


@each_way
class TestRefusals:
    @pytest.mark.parametrize(
        "line",
        [
            ("anna", TODAY, 12.5),
            ("anna", TODAY, True),
            ("anna", TODAY, None),
            ("anna", TODAY, "1230"),
            ("anna", float(TODAY), 1),
            ("anna", None, 1),
            ("anna", AS_OF, 1),
            ("anna", TODAY),
            ("anna", TODAY, 1, 1),
            None,
        ],
    )
    def test_a_line_is_a_text_and_two_whole_numbers(self, way, line):
        with pytest.raises(InvalidValue, match="a line is a text and two whole numbers"):
            way([line], as_of=AS_OF)

    @pytest.mark.parametrize("customer", [None, 7, "", "a\0", " anna", "x" * 256])
    def test_a_customer_has_a_key(self, way, customer):
        with pytest.raises(InvalidIdentifier):
            way([(customer, TODAY, 1)], as_of=AS_OF)

    @pytest.mark.parametrize("minor", [AMOUNT_LIMIT, -AMOUNT_LIMIT])
    def test_an_amount_lies_within_what_every_engine_keeps_exactly(self, way, minor):
        with pytest.raises(InvalidValue, match="2\\^53"):
            way([("anna", TODAY, minor)], as_of=AS_OF)

    @pytest.mark.parametrize("day", [10**6 * 3, -719_163])
    def test_a_day_is_in_the_calendar(self, way, day):
        with pytest.raises(InvalidValue, match="a day counts from 1970-01-01"):
            way([("anna", day, 1)], as_of=AS_OF)

    def test_a_sum_is_no_more_than_money_can_be(self, way):
        largest = [("anna", TODAY, AMOUNT_LIMIT - 1)] * 112
        with pytest.raises(InvalidValue, match="the money of one customer"):
            way(largest, as_of=AS_OF)
        assert len(way(largest[1:], as_of=AS_OF)) == 1

    def test_a_text_is_no_rule_for_refunds(self, way):
        with pytest.raises(InvalidPolicy, match="NET, IGNORE"):
            way([], as_of=AS_OF, refunds="net")

    def test_an_instant_is_no_last_day(self, way):
        with pytest.raises(InvalidValue):
            way([], as_of=datetime(2026, 1, 1))  # noqa: DTZ001

    def test_what_breaks_while_reading_is_not_taken_for_a_bad_line(self, way):
        mixed = purchases("2024-01-01 1 EUR", "2024-01-02 1 USD")
        with pytest.raises(CurrencyMismatch):
            way(lines_of(mixed), as_of=AS_OF)


class TestStreaming:
    @pytest.mark.parametrize("customers", ["b a", "a b a", "a Z", "客 Ä"])
    def test_customers_that_do_not_ascend_by_code_point_are_refused(self, customers):
        lines = [(customer, TODAY, 1) for customer in customers.split()]
        with pytest.raises(UnsortedLines, match="ascend by code point"):
            list(summarize_sorted(lines, as_of=AS_OF))

    def test_a_summary_is_handed_out_when_the_next_customer_begins(self):
        """So an endless stream is summed up, and memory holds one customer."""
        endless = ((f"{number:09}", TODAY, number) for number in count())
        found = islice(summarize_sorted(endless, as_of=AS_OF), 3)
        assert [summary.total_minor for summary in found] == [0, 1, 2]

    def test_terms_are_looked_at_before_the_first_line(self):
        with pytest.raises(InvalidPolicy):
            summarize_sorted([], as_of=AS_OF, refunds="net")  # type: ignore[arg-type]


class TestDays:
    @given(st.dates())
    def test_days_become_dates_and_back(self, on):
        assert date_of(day_of(on)) == on

    def test_days_count_as_databases_count_them(self):
        assert [day_of(date(1970, 1, 1)), day_of(date(1969, 12, 31))] == [0, -1]

    @pytest.mark.parametrize("day", [True, 1.0, None, -719_163, 2_932_897])
    def test_no_calendar_has_such_a_day(self, day):
        with pytest.raises(InvalidValue):
            date_of(day)

    def test_an_amount_beyond_all_bounds_makes_no_line(self):
        with pytest.raises(InvalidValue, match="2\\^53"):
            list(lines_of(purchases(f"2024-01-01 {AMOUNT_LIMIT} JPY")))
