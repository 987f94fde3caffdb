"""How often, how long and for how much customers came back, summed up as of a day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import (
    CurrencyMismatch,
    InvalidPolicy,
    InvalidValue,
    NaiveDatetime,
    UnknownCustomer,
)
from crmkit.lifetime_value.facts import age_of, counted, counted_spend, days_of
from crmkit.lifetime_value.summary import summarize_repeat_purchases
from crmkit.lifetime_value.tally import RefundRule, RepeatPurchaseRules
from crmkit.period import Unit
from tests.lifetime_value.builders import (
    ANNA,
    all_rules,
    as_naive,
    bought,
    cents,
    day,
    days,
    euro,
    histories,
    naive_repeats,
    noon,
    purchases,
    summarize,
    x_tx_age,
)

AS_OF = day("2024-12-31")
IN_DAYS = RepeatPurchaseRules(unit=Unit.DAY)


def in_days(records, as_of=AS_OF, **terms):
    return summarize_repeat_purchases(records, as_of=as_of, unit=Unit.DAY, **terms)


class TestPublishedSummaries:
    """As in ``lifetimes`` and BTYD: purchases of one day count once, the first day is no repeat."""

    def test_dates_alone(self):
        listed = bought(
            one="2015-02-01 2015-02-06", two="2015-01-01", three="2015-01-01 2015-01-02 2015-01-05"
        )
        summary = in_days(listed, day("2015-02-07"))
        assert [x_tx_age(facts) for facts in summary.values()] == [
            (1, 5, 6),
            (0, 0, 37),
            (2, 4, 37),
        ]

    def test_dates_with_spend(self):
        listed = purchases(
            *("a 2015-01-01 1 EUR", "a 2015-02-06 2 EUR", "b 2015-01-01 2 EUR"),
            *("c 2015-01-01 3 EUR", "c 2015-01-02 1 EUR", "c 2015-01-05 5 EUR"),
            *("d 2015-01-16 6 EUR", "d 2015-02-02 3 EUR", "d 2015-02-05 3 EUR"),
            *("e 2015-01-16 3 EUR", "e 2015-01-17 1 EUR", "e 2015-01-18 8 EUR"),
            "f 2015-02-02 5 EUR",
        )
        summary = in_days(listed, day("2015-02-07"))
        assert [(*x_tx_age(facts), facts.mean_repeat_spend) for facts in summary.values()] == [
            (1, 36, 37, euro(2)),
            (0, 0, 37, euro(0)),
            (2, 4, 37, euro(3)),
            (2, 20, 22, euro(3)),
            (2, 2, 22, euro("4.50")),
            (0, 0, 5, euro(0)),
        ]

    def test_purchases_of_one_day_are_no_repeat(self):
        listed = bought(anna="2015-01-01 2015-01-01 2015-01-01")
        assert in_days(listed)[ANNA].repeat_purchases == 0

    @pytest.mark.parametrize("order", list(permutations(range(3))))
    def test_the_mean_is_that_of_the_repeats_in_any_order(self, order):
        listed = purchases("2015-01-01 10 EUR", "2015-01-02 20 EUR", "2015-01-03 25 EUR")
        assert in_days(listed[n] for n in order)[ANNA].mean_repeat_spend == euro("22.50")


class TestLaws:
    """Facts are those of the rules spelled out one by one."""

    @given(records=histories(), as_of=days(), rules=all_rules())
    def test_facts_are_those_worked_out_by_hand(self, records, as_of, rules):
        assert as_naive(summarize(records, as_of, rules)) == naive_repeats(records, as_of, rules)

    @given(records=histories(), as_of=days(), rules=all_rules())
    def test_facts_say_whose_they_are_and_as_of_when(self, records, as_of, rules):
        for customer, facts in summarize(records, as_of, rules).items():
            assert (facts.customer, facts.as_of) == (customer, as_of)
            assert (facts.unit, facts.whole_units) == (rules.unit, rules.whole_units)

    @given(data=st.data(), records=histories(), as_of=days(), rules=all_rules())
    def test_the_order_of_the_records_does_not_matter(self, data, records, as_of, rules):
        shuffled = data.draw(st.permutations(records))
        one, other = summarize(records, as_of, rules), summarize(shuffled, as_of, rules)
        assert one == other
        assert dict(one) == dict(other)

    @given(records=histories(), as_of=days())
    def test_a_day_later_customers_are_a_day_older_and_nothing_else(self, records, as_of):
        today, tomorrow = in_days(records, as_of), in_days(records, as_of + timedelta(days=1))
        new = {p.customer for p in records if p.on == as_of + timedelta(days=1)}
        for customer in set(today) - new:
            x, t_x, age = x_tx_age(today[customer])
            assert x_tx_age(tomorrow[customer]) == (x, t_x, age + 1)

    @given(records=histories(), as_of=days(), rules=all_rules())
    def test_whole_units_are_the_others_rounded_down(self, records, as_of, rules):
        whole, exact = (
            summarize(records, as_of, RepeatPurchaseRules(unit=rules.unit, whole_units=rounded))
            for rounded in (True, False)
        )
        for customer, facts in exact.items():
            x, t_x, age = x_tx_age(facts)
            assert x_tx_age(whole[customer]) == (x, t_x // 1, age // 1)

    @given(records=histories(), as_of=days(), rules=all_rules())
    def test_counted_rows_are_the_facts_counted_one_by_one(self, records, as_of, rules):
        summary = summarize(records, as_of, rules)
        each = list(summary.values())
        assert dict(summary.counted().rows) == dict(counted(each).rows)
        assert (summary.counted().unit, summary.counted().whole_units) == (
            rules.unit,
            rules.whole_units,
        )
        assert counted(summary) == summary.counted() == summary.repeat_columns().counted()
        assert counted_spend(summary).rows == counted_spend(each).rows

    @given(records=histories(), as_of=days(), rules=all_rules())
    def test_columns_hold_what_the_facts_say(self, records, as_of, rules):
        summary = summarize(records, as_of, rules)
        columns, facts = summary.repeat_columns(), list(summary.values())
        assert summary.columns.customers == list(summary)
        assert columns.repeat_purchases == [f.repeat_purchases for f in facts]
        assert columns.ages_at_last_purchase == [f.age_at_last_purchase for f in facts]
        assert columns.customer_ages == [f.customer_age for f in facts]
        assert summary.columns.repeat_spend == [cents(f)[0] for f in facts]

    @given(records=histories(), as_of=days())
    def test_first_and_repeat_days_are_those_worked_out_by_hand(self, records, as_of):
        firsts: dict[date, int] = {}
        repeats: dict[date, int] = {}
        for customer in {p.customer for p in records}:
            own = {p.on for p in records if p.customer == customer and p.amount.minor >= 0}
            for number, on in enumerate(sorted(on for on in own if on <= as_of)):
                counts = repeats if number else firsts
                counts[on] = counts.get(on, 0) + 1
        summary = in_days(records, as_of)
        assert (summary.first_days, summary.repeat_days) == (firsts, repeats)
        assert list(summary.first_days) == sorted(firsts)
        assert list(summary.repeat_days) == sorted(repeats)


class TestAges:
    """Ages count from the first purchase day, in the unit that was named."""

    @pytest.mark.parametrize(
        ("unit", "length"),
        [
            (Unit.DAY, 1),
            (Unit.WEEK, 7),
            (Unit.MONTH, Fraction(146_097, 4_800)),
            (Unit.QUARTER, Fraction(146_097, 1_600)),
            (Unit.YEAR, Fraction(146_097, 400)),
        ],
    )
    def test_units_have_a_length(self, unit, length):
        assert days_of(unit) == length
        assert age_of(1000, unit) == float(1000 / Fraction(length))
        assert age_of(1000, unit, whole_units=True) == 1000 // length

    def test_the_length_of_the_year_can_be_named(self):
        assert days_of(Unit.MONTH, Decimal(360)) == 30
        listed = bought(anna="2024-01-01 2024-03-01")
        summary = summarize_repeat_purchases(
            listed, as_of=day("2024-03-31"), unit=Unit.MONTH, days_in_year=Decimal(360)
        )
        assert x_tx_age(summary[ANNA]) == (1, 2, 3)

    @pytest.mark.parametrize("year", [0, -1])
    def test_a_year_has_days(self, year):
        with pytest.raises(InvalidValue, match="days_in_year"):
            days_of(Unit.YEAR, Decimal(year))

    def test_a_unit_is_no_text(self):
        with pytest.raises(InvalidValue, match=r"Unit\.WEEK"):
            summarize_repeat_purchases([], as_of=AS_OF, unit="week")  # type: ignore[arg-type]

    def test_whole_weeks_are_begun_anew_by_each_customer(self):
        listed = bought(anna="2024-01-04 2024-01-10 2024-01-17")
        summary = summarize_repeat_purchases(
            listed, as_of=day("2024-01-24"), unit=Unit.WEEK, whole_units=True
        )
        assert x_tx_age(summary[ANNA]) == (2, 1, 2)

    def test_a_customer_may_come_back_in_the_first_week(self):
        listed = bought(anna="2024-01-04 2024-01-10")
        summary = summarize_repeat_purchases(
            listed, as_of=day("2024-01-24"), unit=Unit.WEEK, whole_units=True
        )
        assert x_tx_age(summary[ANNA]) == (1, 0, 2)


class TestMoney:
    """Spend is that of the repeat days, exact, and refunds follow the rule."""

    def test_the_first_day_is_left_out_of_the_spend(self):
        listed = purchases("2024-01-01 99 EUR", "2024-01-02 1.01 EUR", "2024-01-03 2.02 EUR")
        anna = in_days(listed)[ANNA]
        assert (anna.repeat_spend, anna.mean_repeat_spend) == (euro("3.03"), euro("1.52"))

    def test_a_day_of_free_articles_is_a_purchase(self):
        anna = in_days(purchases("2024-01-01 0 EUR", "2024-01-02 0 EUR"))[ANNA]
        assert (anna.repeat_purchases, anna.mean_repeat_spend) == (1, euro(0))

    @pytest.mark.parametrize(
        ("lines", "net", "charged"),
        [
            pytest.param(["2024-01-02 5 EUR", "2024-01-02 -2 EUR"], 3, 5, id="the same day"),
            pytest.param(["2024-01-02 5 EUR", "2024-01-09 -2 EUR"], 3, 5, id="later"),
            pytest.param(["2024-01-01 -2 EUR", "2024-01-02 5 EUR"], 5, 5, id="the first day"),
            pytest.param(["2024-01-04 -2 EUR", "2024-01-09 5 EUR"], 5, 5, id="before any repeat"),
            pytest.param(["2023-12-01 -2 EUR", "2024-01-09 5 EUR"], 5, 5, id="before all"),
            pytest.param(["2024-01-04 -2 EUR"], 0, 0, id="no repeat at all"),
            pytest.param(["2024-01-02 5 EUR", "2024-01-09 -9 EUR"], -4, 5, id="more than spent"),
        ],
    )
    def test_a_refund_belongs_to_the_purchase_day_before_it(self, lines, net, charged):
        listed = purchases("2024-01-01 10 EUR", *lines)
        assert in_days(listed)[ANNA].repeat_spend == euro(net)
        ignored = in_days(listed, refunds=RefundRule.IGNORE)
        assert ignored[ANNA].repeat_spend == euro(charged)

    def test_a_day_with_only_refunds_is_no_purchase(self):
        listed = purchases("2024-01-01 10 EUR", "2024-01-09 -9 EUR", "bert 2024-01-09 -9 EUR")
        summary = in_days(listed)
        assert list(summary) == [ANNA]
        assert summary[ANNA].repeat_purchases == 0
        assert summary.without_purchase == ("bert",)
        assert in_days(listed, refunds=RefundRule.IGNORE).without_purchase == ()

    def test_who_got_back_more_than_they_spent_is_left_out_of_the_spend(self):
        listed = purchases(
            *("2024-01-01 10 EUR", "2024-01-02 5 EUR", "2024-01-09 -9 EUR"),
            *("bert 2024-01-01 10 EUR", "bert 2024-01-02 5 EUR"),
            *("carl 2024-01-01 10 EUR",),
        )
        spend = in_days(listed).counted_spend()
        assert (dict(spend.rows), spend.left_out, spend.without_repeats) == ({(1, 5.0): 1}, 1, 1)

    def test_two_currencies_do_not_add_up(self):
        with pytest.raises(CurrencyMismatch):
            in_days(purchases("2024-01-01 1 EUR", "2024-01-02 1 USD"))

    def test_a_rule_is_no_text(self):
        with pytest.raises(InvalidPolicy, match="NET, IGNORE"):
            in_days([], refunds="net")

    def test_whole_units_are_wanted_or_not(self):
        with pytest.raises(InvalidPolicy, match="whole_units"):
            in_days([], whole_units="no")


class TestAsOf:
    """What happened, or was recorded, later is not known yet."""

    @given(records=histories(), as_of=days(), rules=all_rules())
    def test_later_records_change_nothing(self, records, as_of, rules):
        early = [p for p in records if p.on <= as_of]
        assert dict(summarize(records, as_of, rules)) == dict(summarize(early, as_of, rules))

    @given(records=histories(), as_of=days(), known_by=days())
    def test_what_was_recorded_later_is_left_out(self, records, as_of, known_by):
        limit = noon(known_by)
        known = [p for p in records if p.recorded_at is None or p.recorded_at <= limit]
        assert in_days(records, as_of, known_by=limit) == in_days(known, as_of)

    def test_an_instant_is_no_day(self):
        with pytest.raises(InvalidValue, match="as_of"):
            in_days([], datetime(2024, 1, 1, tzinfo=UTC))

    def test_known_by_is_an_instant(self):
        with pytest.raises(NaiveDatetime):
            in_days([], known_by=datetime(2024, 1, 1))  # noqa: DTZ001


class TestRecords:
    """What is summed up are purchases, and nothing that only looks like them."""

    @pytest.mark.parametrize("records", [None, 7, "row", [None], [("C-7", 1, 2)], [{"on": 1}]])
    def test_other_things_are_refused(self, records):
        with pytest.raises(InvalidValue, match="pass Purchase"):
            summarize_repeat_purchases(records, as_of=date(2026, 1, 1), unit=Unit.WEEK)


class TestMapping:
    """A summary is a read-only mapping of facts by customer."""

    def test_customers_come_in_the_order_in_which_they_were_first_seen(self):
        listed = bought(bert="2024-01-05", anna="2023-01-05")
        assert list(in_days(listed)) == ["bert", "anna"]

    def test_an_unknown_customer_is_a_key_error(self):
        with pytest.raises(UnknownCustomer):
            in_days([])[ANNA]
        assert in_days([]).get(ANNA) is None
        assert ANNA not in in_days([])

    def test_nothing_was_bought(self):
        nothing = in_days([])
        assert (len(nothing), nothing.currency) == (0, None)
        assert (nothing.first_days, nothing.repeat_days) == ({}, {})
        assert nothing.counted().customers == 0
        assert nothing.counted_spend().customers == 0

    def test_a_summary_shows_no_customer_in_its_repr(self):
        summary = in_days(bought(anna="2024-01-05"))
        assert repr(summary) == "<RepeatPurchaseSummary of 1 customers as of 2024-12-31>"
        assert "anna" not in repr(summary.columns)

    def test_the_rules_are_told(self):
        summary = summarize_repeat_purchases([], as_of=AS_OF, unit=Unit.WEEK, whole_units=True)
        assert (summary.unit, summary.whole_units) == (Unit.WEEK, True)


class TestOpportunities:
    """In how many whole weeks a customer came back: what a model of opportunities asks for."""

    @staticmethod
    def weeks(listed, as_of):
        summary = summarize_repeat_purchases(listed, as_of=as_of, unit=Unit.WEEK)
        return summary.opportunities()[ANNA]

    @pytest.mark.parametrize(
        ("came_back", "until", "expected"),
        [
            ("", "2024-01-01", (0, 0, 0)),
            ("", "2024-01-07", (0, 0, 0)),
            ("", "2024-01-08", (0, 0, 1)),
            ("2024-01-02", "2024-01-08", (1, 1, 1)),
            ("2024-01-08", "2024-01-08", (1, 1, 1)),
            ("2024-01-02 2024-01-08", "2024-01-08", (1, 1, 1)),
            ("2024-01-02 2024-01-08", "2024-01-07", (0, 0, 0)),
            ("2024-01-09", "2024-01-15", (1, 2, 2)),
            ("2024-01-09", "2024-01-14", (0, 0, 1)),
            ("2024-01-02 2024-01-21 2024-01-22", "2024-01-31", (2, 3, 4)),
        ],
    )
    def test_the_week_after_the_first_day_is_the_first(self, came_back, until, expected):
        listed = bought(anna=f"2024-01-01 {came_back}")
        assert x_tx_age(self.weeks(listed, day(until))) == expected

    @given(records=histories(), as_of=days(), rules=all_rules())
    def test_nobody_takes_more_than_there_were(self, records, as_of, rules):
        summary = summarize(records, as_of, rules)
        for customer, facts in summary.opportunities().items():
            assert facts.repeat_purchases <= facts.age_at_last_purchase <= facts.customer_age
            assert facts.repeat_purchases <= summary[customer].repeat_purchases
            assert facts.customer_age == int(summary[customer].customer_age)
            assert (facts.customer, facts.as_of) == (customer, as_of)
            assert (facts.unit, facts.whole_units) == (rules.unit, True)

    @given(records=histories(), as_of=days())
    def test_each_day_is_an_opportunity_to_come_back(self, records, as_of):
        summary = in_days(records, as_of)
        each = summary.opportunities()
        assert {c: x_tx_age(f) for c, f in each.items()} == {
            c: x_tx_age(f) for c, f in summary.items()
        }
