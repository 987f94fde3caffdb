"""Contribution and rank in a window of time, and who has the power to buy more."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.decision import explain
from crmkit.errors import (
    CurrencyMismatch,
    InvalidPolicy,
    InvalidValue,
    NothingToFit,
    UnknownCustomer,
)
from crmkit.identifiers import CustomerId
from crmkit.lifetime_value.policies.contribution import (
    ContributionFacts,
    ContributionReport,
    PowerAndContribution,
)
from crmkit.money import Money, sum_money
from crmkit.period import Period
from crmkit.records import Purchase
from tests.lifetime_value.value_laws import (
    DAY,
    a_few,
    assert_value_laws,
    euros,
    written_and_read,
)

ANNA = CustomerId("anna")
WINDOW = Period.quarter(2026, 2)

customers = st.integers(1, 6).map(lambda n: CustomerId(f"C-{n}"))
contributed = st.dictionaries(customers, st.integers(-3, 3).map(euros), min_size=1)


class TestContributionReport:
    """CLV-07: who contributed how much in a window, and in which rank."""

    @given(contributed)
    def test_a_rank_says_how_many_contributed_more(self, by_customer):
        report = ContributionReport.of(by_customer, WINDOW)
        for customer, amount in by_customer.items():
            more = sum(other > amount for other in by_customer.values())
            assert report.of_customer(customer).rank == 1 + more
        assert written_and_read(report) == report

    @given(contributed)
    def test_shares_add_up_to_one(self, by_customer):
        report = ContributionReport.of(by_customer, WINDOW)
        assert report.total == sum_money(by_customer.values(), "EUR")
        found = [report.share(customer) for customer in by_customer]
        assert sum(filter(None, found)) == 1 if report.total.minor > 0 else set(found) == {None}

    @given(contributed, st.integers(1, 7))
    def test_the_top_includes_all_who_share_its_last_rank(self, by_customer, rank):
        report = ContributionReport.of(by_customer, WINDOW)
        assert len(report.top(rank)) >= min(rank, len(by_customer))
        assert all(item.rank <= rank for item in report.top(rank))

    @given(contributed)
    def test_the_order_of_the_customers_does_not_matter(self, by_customer):
        backwards = dict(reversed(by_customer.items()))
        assert ContributionReport.of(backwards, WINDOW) == ContributionReport.of(
            by_customer, WINDOW
        )

    def test_purchases_and_refunds_of_the_window_count_by_their_margin(self):
        bert = CustomerId("bert")
        bought = [
            Purchase(ANNA, date(2026, 4, 1), euros(100)),
            Purchase(ANNA, date(2026, 6, 30), euros(-20)),
            Purchase(ANNA, date(2026, 7, 1), euros(999)),
            Purchase(bert, date(2026, 3, 31), euros(999)),
            Purchase(bert, date(2026, 5, 1), euros(81)),
        ]
        report = ContributionReport.of_purchases(bought, WINDOW, margin="0.25")
        assert [(c.customer, c.amount) for c in report.contributions] == [
            (bert, euros("20.25")),
            (ANNA, euros(20)),
        ]

    def test_nobody_is_no_report(self):
        with pytest.raises(NothingToFit):
            ContributionReport.of_purchases([], WINDOW)

    def test_who_did_not_contribute_is_unknown(self):
        with pytest.raises(UnknownCustomer):
            ContributionReport.of({ANNA: euros(1)}, WINDOW).share(CustomerId("bert"))

    def test_a_bare_number_is_no_contribution(self):
        with pytest.raises(InvalidPolicy, match="not a bare number"):
            ContributionReport.of({ANNA: 5}, WINDOW)  # type: ignore[dict-item]

    def test_currencies_do_not_mix(self):
        with pytest.raises(CurrencyMismatch):
            ContributionReport.of({ANNA: euros(1), CustomerId("b"): Money(1, "USD")}, WINDOW)


class TestPowerAndContribution:
    """Customers who have buying power *and* contribute most."""

    @a_few
    @given(
        contributed,
        st.dictionaries(customers, st.integers(0, 3).map(euros)),
        st.integers(0, 3).map(euros),
        st.integers(1, 4),
    )
    def test_it_finds_who_has_both(self, by_customer, power, power_from, rank):
        rule = PowerAndContribution(buying_power_from=power_from, rank_up_to=rank)
        report = ContributionReport.of(by_customer, WINDOW)
        facts = report.facts(power)
        assert_value_laws(rule, list(facts.values()))
        for customer, item in facts.items():
            has_power = customer in power and power[customer] >= power_from
            leads = by_customer[customer] > euros(0) and item.rank <= rank
            assert rule(item).outcome is (has_power and leads)
            assert item.as_of == date(2026, 6, 30)

    def test_the_explanation_says_what_is_not_known(self):
        facts = ContributionFacts(customer=ANNA, as_of=DAY, contribution=euros(9), rank=1)
        text = explain(PowerAndContribution(buying_power_from=euros(5))(facts))
        assert "not met: buying power is not known; at least 5.00 EUR required" in text

    def test_terms_that_mean_nothing_are_refused(self):
        with pytest.raises(InvalidPolicy, match="buying power is Money"):
            PowerAndContribution(buying_power_from=5)  # type: ignore[arg-type]
        with pytest.raises(InvalidPolicy, match="counted from 1"):
            PowerAndContribution(buying_power_from=euros(5), rank_up_to=0)
        with pytest.raises(InvalidValue, match="counted from 1"):
            ContributionFacts(customer=ANNA, as_of=DAY, contribution=euros(9), rank=0)
