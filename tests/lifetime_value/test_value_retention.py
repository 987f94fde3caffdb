"""Value by margin, retention and discount, and when a customer has paid back what winning cost."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import CurrencyMismatch, InvalidPolicy, InvalidValue
from crmkit.identifiers import CustomerId
from crmkit.lifetime_value.policies.exact import (
    MOST_PERIODS,
    per_unit,
    split_money,
    split_to,
    to_money,
)
from crmkit.lifetime_value.policies.retention import (
    FirstMargin,
    PaybackTime,
    RetentionFacts,
    RetentionValue,
)
from crmkit.money import Money, Rounding, sum_money
from crmkit.period import Rate, Unit
from tests.lifetime_value.value_laws import (
    DAY,
    a_few,
    added_up,
    annual_rates,
    assert_value_laws,
    euros,
    positive,
    shares,
)

TENTH = Rate.annual("0.1")
ANNA = RetentionFacts(customer=CustomerId("anna"), as_of=DAY)
runs = st.none() | st.integers(0, 40)


def hundred(**terms: Any) -> RetentionValue:
    """Margin 100, retention 80 %, discount 10 %."""
    usual: dict[str, Any] = {"margin": euros(100), "retention": "0.8", "discount": TENTH}
    return RetentionValue(**usual | terms)


values = st.builds(
    RetentionValue,
    margin=positive,
    retention=shares,
    discount=annual_rates,
    unit=st.sampled_from(Unit),
    first_margin=st.sampled_from(FirstMargin),
    periods=runs,
    rounding=st.sampled_from(Rounding),
)
facts = st.builds(
    RetentionFacts,
    customer=st.just(CustomerId("anna")),
    as_of=st.just(DAY),
    margin=st.none() | positive,
    retention=st.none() | shares,
)


class TestPublishedFigures:
    """Margin 100, retention .8, discount .1, as the field's introductions compute it."""

    @pytest.mark.parametrize(
        ("periods", "value"),
        [
            (1, 72.727273),
            (2, 125.619835),
            (3, 164.087153),
            (5, 212.409734),
            (None, 266.666667),
        ],
    )
    def test_paid_at_period_end(self, periods, value):
        assert float(hundred(periods=periods).exact) == pytest.approx(value, abs=5e-7)

    def test_with_an_immediate_first_margin(self):
        value = hundred(first_margin=FirstMargin.AT_ONCE)
        assert float(value.exact) == pytest.approx(366.666667, abs=5e-7)

    def test_the_margin_multiple_of_gupta_and_lehmann(self):
        """Discount 10 %, retention 90 %: 4.50."""
        assert hundred(retention="0.9").multiple == Fraction(9, 2)

    def test_the_value_is_an_exact_number_beside_the_money(self):
        """The rate of a Rate is kept to 34 digits; in its own unit it is what was stated."""
        assert hundred().exact == Fraction(800, 3)
        assert hundred().value == euros("266.67")
        assert hundred(rounding=Rounding.DOWN).value == euros("266.66")


class TestExactTerms:
    """What stands in a formula is what was stated, and what is rounded is rounded once."""

    @given(st.integers(-900, 100_000), st.sampled_from([Unit.MONTH, Unit.QUARTER, Unit.YEAR]))
    def test_a_rate_is_in_its_own_unit_exactly_what_was_stated(self, thousandths, unit):
        stated = Fraction(thousandths, 1000)
        assert per_unit(Rate.of(stated, unit), unit) == stated

    @pytest.mark.parametrize("rate", ["0.106", "-0.0953"])
    def test_more_than_ten_percent_a_day_is_taken_for_a_mistake(self, rate):
        """A yearly rate that was handed over as a daily one."""
        with pytest.raises(InvalidPolicy, match="check the unit of time"):
            hundred(discount=Rate.of(rate, Unit.DAY), periods=3)

    @given(st.lists(st.fractions(-99, 99, max_denominator=999)), st.sampled_from(Rounding))
    def test_parts_add_up_and_each_is_within_a_minor_unit(self, parts, rounding):
        amounts = split_money(parts, "EUR", rounding)
        total = to_money(sum(parts, Fraction(0)), "EUR", rounding)
        assert sum_money(amounts, "EUR") == total
        assert all(abs(a.minor - 100 * p) < 2 for a, p in zip(amounts, parts, strict=True))

    def test_what_floats_make_of_a_sum_is_in_the_last_part(self):
        """The parts make 0.66, the sum in floats rounds to 0.67."""
        parts = [Fraction(33, 100), Fraction(33, 100)]
        amounts = split_to(euros("0.67"), parts, Rounding.HALF_EVEN)
        assert amounts == (euros("0.33"), euros("0.34"))
        assert split_to(euros(0), [], Rounding.HALF_EVEN) == ()


class TestRetentionValue:
    """What a customer is worth who brings the same margin and stays with the same probability."""

    @a_few
    @given(values, st.lists(facts, max_size=3))
    def test_it_keeps_the_laws_of_policies(self, policy, several):
        assert_value_laws(policy, several)

    @given(values)
    def test_it_is_the_sum_of_its_discounted_margins(self, policy):
        periods = policy.periods or 0
        factor = policy.retention / (1 + per_unit(policy.discount, policy.unit))
        first = 1 if policy.first_margin is FirstMargin.AT_ONCE else 0
        total = sum((factor**t for t in range(1, periods + 1)), Fraction(first))
        assert policy.exact_over(periods) == total * Fraction(policy.margin.minor, 100)

    @given(values)
    def test_the_margins_in_the_evidence_add_up(self, policy):
        decision = policy(ANNA)
        assert added_up(decision.evidence, of=["margin-at-once", "margins-"]) == decision.outcome
        assert decision.outcome == policy.value

    @given(values, st.integers(0, 60))
    def test_more_periods_are_never_worth_less_and_never_more_than_for_ever(self, policy, n):
        assert policy.exact_over(n) <= policy.exact_over(n + 1) <= policy.exact_over(None)

    @given(values)
    def test_the_finite_value_comes_close_to_that_for_ever(self, policy):
        """What is missing after n periods is the n-th power of the factor of what there is."""
        factor = policy.retention / (1 + per_unit(policy.discount, policy.unit))
        ahead = policy.exact_over(None) - policy.exact_over(0)
        assert policy.exact_over(None) - policy.exact_over(300) == ahead * factor**300

    @given(values, shares, shares)
    def test_who_stays_more_surely_is_never_worth_less(self, policy, one, other):
        low, high = sorted((one, other))
        assert evolve(policy, retention=low).exact <= evolve(policy, retention=high).exact

    @given(values, annual_rates, annual_rates)
    def test_a_higher_discount_is_never_worth_more(self, policy, one, other):
        low, high = sorted((one, other), key=lambda rate: rate.daily_force)
        assert evolve(policy, discount=high).exact <= evolve(policy, discount=low).exact

    @given(values)
    def test_at_once_is_one_margin_more(self, policy):
        later = evolve(policy, first_margin=FirstMargin.AT_PERIOD_END).exact
        sooner = evolve(policy, first_margin=FirstMargin.AT_ONCE).exact
        assert sooner - later == Fraction(policy.margin.minor, 100)

    def test_what_is_known_of_a_customer_comes_first(self):
        own = evolve(ANNA, margin=euros(200), retention="0.5")
        assert hundred()(own).outcome == hundred(margin=euros(200), retention="0.5").value

    def test_nothing_discounted_and_everybody_staying_only_adds_up(self):
        value = hundred(retention=1, discount=Rate.annual(0), periods=7)
        assert value.value == euros(700)
        with pytest.raises(InvalidPolicy, match="outweighs the retention"):
            value.exact_over(None)

    def test_a_value_without_bound_is_refused_at_once(self):
        with pytest.raises(InvalidPolicy, match="1 \\+ discount is above retention"):
            hundred(retention=1, discount=Rate.annual(0))

    def test_a_monthly_retention_takes_a_yearly_rate(self):
        """The discount is asked for its unit: (1 + 12 %) to the power of 1/12."""
        value = hundred(discount=Rate.annual("0.12"), unit=Unit.MONTH, periods=1)
        assert float(value.exact) == pytest.approx(80 / 1.12 ** (1 / 12), rel=1e-14)

    @pytest.mark.parametrize(
        ("terms", "message"),
        [
            ({"discount": 0.1}, "not a bare number"),
            ({"discount": Decimal("0.1")}, "not a bare number"),
            ({"margin": 100}, "a margin is Money"),
            ({"retention": "1.2"}, "retention lies between 0 and 1"),
            ({"unit": "year"}, "a unit of time is one of Unit"),
            ({"first_margin": "at-once"}, "one of FirstMargin: at-once, at-period-end"),
            ({"periods": -1}, "periods are counted from 0"),
            ({"periods": MOST_PERIODS + 1}, "periods are counted from 0"),
            ({"periods": True}, "periods are counted from 0"),
        ],
    )
    def test_terms_that_mean_nothing_are_refused(self, terms, message):
        with pytest.raises(InvalidPolicy, match=message):
            hundred(**terms)

    def test_facts_that_mean_nothing_are_refused(self):
        with pytest.raises(InvalidPolicy, match="retention lies between"):
            evolve(ANNA, retention="1.01")
        with pytest.raises(InvalidPolicy, match="a margin is Money"):
            evolve(ANNA, margin=100)  # type: ignore[arg-type]
        with pytest.raises(InvalidValue, match="as_of"):
            evolve(ANNA, as_of="2026-06-30")  # type: ignore[arg-type]
        with pytest.raises(CurrencyMismatch):
            hundred()(evolve(ANNA, margin=Money(1, "USD")))


class TestPaybackTime:
    """After how many periods the discounted margins have covered what winning the customer cost."""

    @given(values, positive, st.integers(1, 60), facts)
    def test_it_is_the_first_period_that_covers_the_cost(self, value, cost, within, one):
        payback = PaybackTime(acquisition_cost=cost, value=value, within=within)
        own = value.terms_of(one)
        limit = min(within, within if own.periods is None else own.periods)
        covers = [own.exact_over(n) * 100 >= cost.minor for n in range(limit + 1)]
        assert payback(one).outcome == (covers.index(True) if True in covers else None)

    @a_few
    @given(values, positive, st.lists(facts, max_size=2))
    def test_it_keeps_the_laws_of_policies(self, value, cost, several):
        assert_value_laws(PaybackTime(acquisition_cost=cost, value=value), several)

    @given(values, positive, facts)
    def test_the_evidence_is_met_exactly_if_the_customer_pays_back(self, value, cost, one):
        decision = PaybackTime(acquisition_cost=cost, value=value)(one)
        assert decision.evidence[-1].met == (decision.outcome is not None)

    def test_the_published_margins_cover_at_their_border(self):
        """72.73 after one period, 125.62 after two."""
        payback = PaybackTime(acquisition_cost=euros("72.73"), value=hundred())
        assert payback(ANNA).outcome == 2
        assert evolve(payback, acquisition_cost=euros("72.72"))(ANNA).outcome == 1
        assert evolve(payback, acquisition_cost=euros("266.66"))(ANNA).outcome is not None
        assert evolve(payback, acquisition_cost=euros("266.67"))(ANNA).outcome is None

    def test_what_costs_nothing_is_paid_back_at_once(self):
        assert PaybackTime(acquisition_cost=euros(0), value=hundred())(ANNA).outcome == 0

    def test_losses_never_pay_back(self):
        losing = hundred(margin=euros(-5))
        assert PaybackTime(acquisition_cost=euros(1), value=losing)(ANNA).outcome is None
        assert PaybackTime(acquisition_cost=euros(0), value=losing)(ANNA).outcome == 0

    def test_margins_end_where_the_terms_end(self):
        payback = PaybackTime(acquisition_cost=euros(150), value=hundred(periods=2))
        assert payback(ANNA).outcome is None

    def test_the_net_value_is_what_is_left_of_the_value(self):
        payback = PaybackTime(acquisition_cost=euros(300), value=hundred())
        assert payback.net_value == euros("-33.33")

    @pytest.mark.parametrize(
        ("terms", "error"),
        [
            ({"acquisition_cost": 100}, InvalidPolicy),
            ({"acquisition_cost": euros(-1)}, InvalidPolicy),
            ({"acquisition_cost": Money(1, "USD")}, CurrencyMismatch),
            ({"within": 0}, InvalidPolicy),
            ({"within": MOST_PERIODS + 1}, InvalidPolicy),
        ],
    )
    def test_terms_that_mean_nothing_are_refused(self, terms, error):
        with pytest.raises(error):
            PaybackTime(**dict[str, Any](acquisition_cost=euros(1), value=hundred()) | terms)
