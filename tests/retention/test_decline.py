"""A customer who falls silent, or buys less often, by their own measure."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import InvalidPolicy, InvalidValue
from crmkit.identifiers import CustomerId
from crmkit.money import Money
from crmkit.records import Purchase
from crmkit.retention import ActivityDecline, ActivityFacts, ActivityTrend

TODAY = date(2026, 5, 31)
C7 = CustomerId("C-7")
ago = st.integers(0, 400)


def bought(*days_ago, as_of=TODAY):
    days = [as_of - timedelta(days=count) for count in days_ago]
    return ActivityFacts(customer=C7, as_of=as_of, bought_on=days)


customers = st.lists(ago, max_size=20).map(lambda days: bought(*days))
policies = st.builds(
    ActivityDecline,
    factor=st.fractions(1, 4, max_denominator=4),
    gaps_from=st.integers(1, 4),
    span=st.integers(5, 100),
    falls_by=st.fractions(Fraction(1, 10), 1, max_denominator=10),
    visits_from=st.integers(1, 4),
)


class TestLaws:
    """CHU-04: falling activity is a signal, measured by the customer's own past."""

    @given(st.lists(ago, max_size=20), st.randoms(use_true_random=False), policies)
    def test_the_order_of_purchases_does_not_matter_nor_two_on_a_day(self, days, chance, policy):
        mixed = days * 2
        chance.shuffle(mixed)
        assert policy(bought(*mixed)) == policy(bought(*days))

    @given(customers, policies)
    def test_who_buys_today_is_not_silent(self, facts, policy):
        today = evolve(facts, bought_on=[*facts.bought_on, facts.as_of])
        assert policy(today).outcome is not ActivityTrend.SILENT

    @given(customers, policies, st.integers(0, 500))
    def test_who_is_silent_stays_silent_until_they_buy(self, facts, policy, later):
        if policy(facts).outcome is ActivityTrend.SILENT:
            after = evolve(facts, as_of=facts.as_of + timedelta(days=later))
            assert policy(after).outcome is ActivityTrend.SILENT

    @given(customers, policies)
    def test_the_outcome_can_be_worked_out_from_the_evidence(self, facts, policy):
        decision = policy(facts)
        silent, falling = decision.evidence
        known = silent.parts[0].met or all(part.met for part in falling.parts[:2])
        expected = "silent" if silent.met else "falling" if falling.met else "holding"
        judged = silent.met or falling.met or known
        assert decision.outcome == (expected if judged else "unknown")

    @given(st.lists(customers, max_size=4), policies)
    def test_many_are_decided_as_one_by_one(self, facts, policy):
        assert policy.outcomes(facts) == [policy(each).outcome for each in facts]

    @given(customers, policies)
    def test_what_is_not_known_is_no_signal(self, facts, policy):
        trend = policy(facts).outcome
        assert policy.signal(facts) == (None if trend is ActivityTrend.UNKNOWN else trend)


class TestSilence:
    """Longer than their own usual gap, times a factor."""

    policy = ActivityDecline(factor="2", gaps_from=3)

    @pytest.mark.parametrize(
        ("silence", "trend"), [(20, "holding"), (21, "silent"), (0, "holding")]
    )
    def test_twice_the_usual_gap_is_still_usual(self, silence, trend):
        facts = bought(*(silence + gap for gap in (0, 10, 20, 30)))
        assert self.policy(facts).outcome == trend

    @pytest.mark.parametrize(("gaps", "trend"), [(2, "unknown"), (3, "silent")])
    def test_so_many_gaps_are_needed(self, gaps, trend):
        facts = bought(*(100 + 10 * count for count in range(gaps + 1)))
        assert self.policy(facts).outcome == trend

    def test_one_long_holiday_does_not_change_what_is_usual(self):
        assert bought(0, 10, 20, 120).usual_gap == 10

    def test_between_two_gaps_in_the_middle_lies_the_half(self):
        assert bought(0, 3, 13).usual_gap == Fraction(13, 2)
        policy = ActivityDecline(factor=1, gaps_from=2)
        assert policy(bought(6, 9, 19)).outcome is ActivityTrend.HOLDING
        assert policy(bought(7, 10, 20)).outcome is ActivityTrend.SILENT

    @pytest.mark.parametrize("days", [(), (5,)])
    def test_of_whom_no_gap_is_known_nothing_is_said(self, days):
        decision = self.policy(bought(*days))
        assert decision.outcome is ActivityTrend.UNKNOWN
        assert decision.evidence[0].parts[0].observed == 0


class TestFalling:
    """Two spans of equal length, held against each other."""

    policy = ActivityDecline(span=30, falls_by="0.5", visits_from=4, gaps_from=99)

    def test_half_as_many_visits_is_falling(self):
        assert self.policy(bought(1, 29, 30, 40, 50, 59)).outcome is ActivityTrend.FALLING

    def test_one_more_than_half_is_holding(self):
        assert self.policy(bought(1, 2, 29, 30, 40, 50, 59)).outcome is ActivityTrend.HOLDING

    def test_the_customer_was_there_through_both_spans(self):
        assert self.policy(bought(1, 30, 40, 50, 58)).outcome is ActivityTrend.UNKNOWN
        assert self.policy(bought(1, 30, 40, 50, 59)).outcome is ActivityTrend.FALLING

    def test_a_few_visits_before_are_too_few(self):
        assert self.policy(bought(30, 40, 59)).outcome is ActivityTrend.UNKNOWN

    def test_what_lies_before_both_spans_does_not_count(self):
        decision = self.policy(bought(1, 30, 40, 50, 59, 60, 61))
        assert decision.evidence[1].parts[1].observed == 4


class TestFacts:
    def test_refunds_other_customers_and_later_days_do_not_count(self):
        def purchase(day, amount="10.00", customer="C-7"):
            return Purchase(CustomerId(customer), day, Money(amount, "EUR"))

        purchases = [
            purchase(TODAY),
            purchase(TODAY - timedelta(days=1), "-10.00"),
            purchase(TODAY + timedelta(days=1)),
            purchase(TODAY - timedelta(days=2), customer="C-8"),
            purchase(TODAY - timedelta(days=9)),
        ]
        facts = ActivityFacts.of(C7, purchases, TODAY)
        assert facts == bought(0, 9)
        assert (facts.gaps, facts.silence) == ((9,), 0)

    def test_nothing_lies_after_the_day(self):
        with pytest.raises(InvalidValue, match="after as_of"):
            bought(-1)

    @pytest.mark.parametrize(
        "terms",
        [
            {"factor": "0.99"},
            {"falls_by": 0},
            {"falls_by": "1.01"},
            {"span": 0},
            {"gaps_from": 0},
            {"visits_from": True},
        ],
    )
    def test_terms_that_make_no_sense_are_refused(self, terms):
        with pytest.raises(InvalidPolicy):
            ActivityDecline(**terms)
        assert ActivityDecline(factor=1, falls_by=1, span=1, gaps_from=1, visits_from=1).span == 1
