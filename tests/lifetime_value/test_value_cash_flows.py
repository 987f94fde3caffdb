"""Dated cash flows, what they are worth on a day, and what a customer has brought."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp, mpf

from crmkit.errors import CurrencyMismatch, InvalidMoney, InvalidPolicy, InvalidValue, NothingToFit
from crmkit.identifiers import CustomerId
from crmkit.lifetime_value.policies.cash_flows import (
    CashFlowFacts,
    DatedCashFlow,
    discounted_payback,
    exact_present_value,
    net_present_value,
    summarize_cash_flows,
)
from crmkit.lifetime_value.policies.history import HistoricValue, LifetimeProfit
from crmkit.money import Money, Rounding
from crmkit.period import MEAN_GREGORIAN_YEAR, Rate, Unit
from crmkit.records import Purchase
from tests.lifetime_value.value_laws import (
    DAY,
    a_few,
    added_up,
    amounts,
    annual_rates,
    assert_value_laws,
    euros,
)

ANNA = CustomerId("anna")
days = st.integers(-2000, 2000).map(lambda n: DAY + timedelta(days=n))
flows = st.builds(DatedCashFlow, days, amounts)
some_flows = st.lists(flows, min_size=1, max_size=4)


def flow(on: str, amount: int | str) -> DatedCashFlow:
    return DatedCashFlow(date.fromisoformat(on), euros(amount))


def facts_of(some: list[DatedCashFlow], as_of: date = DAY) -> CashFlowFacts:
    return CashFlowFacts(customer=ANNA, as_of=as_of, flows=some)


class TestNetPresentValue:
    """What money of other days is worth today, each flow by its exact number of days."""

    def test_spreadsheets_call_it_xnpv(self):
        """The example of the manual of Microsoft Excel, function XNPV: 2,086.65."""
        invested = [
            flow("2008-01-01", -10000),
            flow("2008-03-01", 2750),
            flow("2008-10-30", 4250),
            flow("2009-02-15", 3250),
            flow("2009-04-01", 2750),
        ]
        rate = Rate.annual("0.09", days_in_year=Decimal(365))
        value = exact_present_value(invested, rate, date(2008, 1, 1))
        assert float(value) == pytest.approx(2086.647602, abs=5e-7)
        assert net_present_value(invested, rate, date(2008, 1, 1)) == euros("2086.65")

    @given(some_flows, annual_rates, days)
    def test_it_is_what_high_precision_arithmetic_gives(self, some, rate, as_of):
        with mp.workdps(60):
            growth = mp.exp(mpf(str(rate.daily_force)))
            oracle = mp.fsum(
                mpf(f.amount.minor) / 100 * growth ** ((as_of - f.on).days) for f in some
            )
            found = exact_present_value(some, rate, as_of)
            value = mpf(found.numerator) / found.denominator
            assert abs(value - oracle) <= mpf(10) ** -20 * (1 + abs(oracle))

    @given(some_flows, some_flows, annual_rates, days)
    def test_two_lists_are_worth_the_sum_of_both(self, ones, others, rate, as_of):
        both = exact_present_value([*ones, *others], rate, as_of)
        apart = [exact_present_value(some, rate, as_of) for some in (ones, others)]
        assert both == sum(apart)

    @given(some_flows)
    def test_without_interest_money_only_adds_up(self, some):
        total = sum(f.amount.minor for f in some)
        assert net_present_value(some, Rate.annual(0), DAY) == Money.of_minor(total, "EUR")

    @given(flows, annual_rates)
    def test_money_of_today_is_worth_itself(self, one, rate):
        assert net_present_value([one], rate, one.on) == one.amount

    @given(st.lists(days, min_size=1, max_size=5), annual_rates, annual_rates)
    def test_a_higher_discount_never_makes_later_money_worth_more(self, later, one, other):
        low, high = sorted((one, other), key=lambda rate: rate.daily_force)
        some = [DatedCashFlow(max(on, DAY), euros(10)) for on in later]
        assert exact_present_value(some, high, DAY) <= exact_present_value(some, low, DAY)

    def test_a_leap_year_counts_its_days(self):
        """366 days from 1 March 2023, 365 from the year before: no hidden month or year."""
        rate = Rate.annual("0.10")
        leap = exact_present_value([flow("2024-03-01", 100)], rate, date(2023, 3, 1))
        usual = exact_present_value([flow("2023-03-01", 100)], rate, date(2022, 3, 1))
        assert leap < usual
        assert float(leap) == pytest.approx(100 * 1.1 ** (-366 / float(MEAN_GREGORIAN_YEAR)))

    def test_a_rounding_is_named(self):
        later, rate = [flow("2026-07-30", "0.05")], Rate.annual("0.1")
        assert net_present_value(later, rate, DAY, rounding=Rounding.DOWN) == euros("0.04")
        assert net_present_value(later, rate, DAY, rounding=Rounding.UP) == euros("0.05")

    def test_so_far_ahead_that_nothing_is_left(self):
        huge = Rate.of("0.1", Unit.DAY)
        assert exact_present_value([flow("2226-06-30", 10)], huge, DAY) == 0

    def test_a_bare_number_is_no_rate(self):
        with pytest.raises(InvalidPolicy, match="a discount is a Rate"):
            net_present_value([flow("2026-06-30", 1)], 0.1, DAY)  # type: ignore[arg-type]

    def test_nothing_has_no_currency(self):
        with pytest.raises(NothingToFit):
            net_present_value([], Rate.annual("0.1"), DAY)

    def test_currencies_do_not_mix(self):
        mixed = [flow("2026-06-30", 1), DatedCashFlow(DAY, Money(1, "USD"))]
        with pytest.raises(CurrencyMismatch):
            exact_present_value(mixed, Rate.annual("0.1"), DAY)

    def test_a_flow_has_a_day_and_money(self):
        with pytest.raises(InvalidValue, match="the day of a cash flow"):
            DatedCashFlow(datetime(2026, 6, 30), euros(1))  # noqa: DTZ001
        with pytest.raises(InvalidValue, match="a cash flow is Money"):
            DatedCashFlow(DAY, 12)  # type: ignore[arg-type]


class TestPayback:
    """The first day on which what came in, discounted, covers what was spent."""

    @given(some_flows, annual_rates)
    def test_it_is_the_first_day_whose_running_total_is_not_below_zero(self, some, rate):
        found = discounted_payback(some, rate, DAY)
        for on in sorted({f.on for f in some}):
            so_far = exact_present_value([f for f in some if f.on <= on], rate, DAY)
            if so_far >= 0:
                assert found == on
                return
        assert found is None

    def test_what_is_never_covered_never_pays_back(self):
        lost = [flow("2026-01-01", -100), flow("2026-02-01", 100)]
        assert discounted_payback(lost, Rate.annual("0.1"), DAY) is None


class TestCashFlowFacts:
    """Facts of one customer; the order of the records does not matter."""

    @given(some_flows, some_flows)
    def test_merging_is_taking_all_at_once_in_any_order(self, ones, others):
        merged = facts_of(ones).merge(facts_of(others))
        assert merged == facts_of([*ones, *others])
        assert merged == facts_of(others).merge(facts_of(ones))

    @given(some_flows)
    def test_one_flow_a_day_in_the_order_of_days(self, some):
        kept = [f.on for f in facts_of(some).flows]
        assert kept == sorted(set(kept))

    def test_two_customers_do_not_merge(self):
        other = CashFlowFacts(customer=CustomerId("bert"), as_of=DAY, flows=[flow("2026-01-01", 1)])
        with pytest.raises(InvalidValue, match="one customer as of one day"):
            facts_of([flow("2026-01-01", 1)]).merge(other)

    def test_purchases_and_refunds_become_flows_up_to_the_day(self):
        bought = [
            Purchase(ANNA, date(2026, 3, 1), euros(30)),
            Purchase(ANNA, date(2026, 3, 1), euros(12)),
            Purchase(ANNA, DAY, euros(-5)),
            Purchase(ANNA, DAY + timedelta(days=1), euros(99)),
            Purchase(CustomerId("bert"), DAY, euros(7)),
        ]
        summary = summarize_cash_flows(bought, as_of=DAY)
        assert summary[ANNA].flows == (flow("2026-03-01", 42), flow("2026-06-30", -5))
        assert HistoricValue().outcomes(summary) == [euros(37), euros(7)]


class TestHistoricValue:
    """What a customer has brought so far: the margins of past purchases, compounded if wanted."""

    @a_few
    @given(st.lists(some_flows.map(facts_of), max_size=2), st.fractions(0, 1, max_denominator=99))
    def test_it_keeps_the_laws_of_policies(self, facts, margin):
        assert_value_laws(HistoricValue(margin=margin), facts)
        assert_value_laws(HistoricValue(margin=margin, compounding=Rate.annual("0.05")), facts)

    @given(some_flows, annual_rates, st.fractions(0, 1, max_denominator=99))
    def test_the_flows_in_the_evidence_add_up_to_the_value(self, some, rate, margin):
        decision = HistoricValue(margin=margin, compounding=rate)(facts_of(some))
        values = [item.parts for item in decision.evidence if item.criterion == "cash-flow"]
        assert added_up([p for parts in values for p in parts], of=["value"]) == decision.outcome

    @given(some_flows)
    def test_what_is_planned_is_no_history(self, some):
        past = sum(f.amount.minor for f in some if f.on <= DAY)
        assert HistoricValue()(facts_of(some)).outcome == Money.of_minor(past, "EUR")

    @given(some_flows, annual_rates)
    def test_compounding_is_the_value_of_the_past_today(self, some, rate):
        past = [f for f in some if f.on <= DAY]
        expected = net_present_value(past, rate, DAY) if past else euros(0)
        assert HistoricValue(compounding=rate)(facts_of(some)).outcome == expected

    def test_terms_are_exact_and_rates_know_their_unit(self):
        with pytest.raises(InvalidMoney, match="a ratio is a float"):
            HistoricValue(margin=0.25)  # type: ignore[arg-type]
        with pytest.raises(InvalidPolicy, match="compounding is a Rate"):
            HistoricValue(compounding="0.05")  # type: ignore[arg-type]
        with pytest.raises(InvalidMoney, match="a rounding is one of"):
            HistoricValue(rounding="nearest")  # type: ignore[arg-type]


class TestLifetimeProfit:
    """CLV-01: the net present value of the cash flows over the whole lifecycle."""

    @a_few
    @given(st.lists(some_flows.map(facts_of), max_size=2), annual_rates)
    def test_it_keeps_the_laws_of_policies(self, facts, rate):
        assert_value_laws(LifetimeProfit(discount=rate, margin="0.5"), facts)

    @given(some_flows, annual_rates)
    def test_it_is_the_net_present_value(self, some, rate):
        facts = facts_of(some)
        assert LifetimeProfit(discount=rate)(facts).outcome == net_present_value(some, rate, DAY)

    @given(some_flows, annual_rates)
    def test_the_evidence_adds_up(self, some, rate):
        decision = LifetimeProfit(discount=rate)(facts_of(some))
        parts = [p for item in decision.evidence for p in item.parts]
        assert added_up(parts, of=["value"]) == decision.outcome

    def test_a_value_beyond_any_money_is_refused(self):
        long_ago = facts_of([flow("0001-01-01", 10**9)])
        with pytest.raises(InvalidMoney, match="out of range"):
            LifetimeProfit(discount=Rate.annual("0.03"))(long_ago)
        with pytest.raises(InvalidValue, match="grows beyond any amount"):
            LifetimeProfit(discount=Rate.annual("1"))(long_ago)

    def test_margins_may_be_a_third(self):
        third = LifetimeProfit(discount=Rate.annual(0), margin=Fraction(1, 3))
        assert third(facts_of([flow("2026-06-30", 100)])).outcome == euros("33.33")
