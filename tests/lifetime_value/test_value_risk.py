"""Value adjusted for risk: expected loss, the right to stop, and methods of the host's own."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmkit.decision import Decision, noted
from crmkit.errors import CurrencyMismatch, InvalidPolicy, InvalidValue
from crmkit.identifiers import CustomerId
from crmkit.lifetime_value.policies.abandonment import AbandonmentOption, ServedFacts
from crmkit.lifetime_value.policies.risk import ExpectedLoss, RiskAdjustedValue, RiskFacts
from crmkit.money import Money
from crmkit.period import Rate, Unit
from tests.lifetime_value.value_laws import (
    CONVERTER,
    DAY,
    a_few,
    added_up,
    amounts,
    annual_rates,
    assert_value_laws,
    euros,
    noted_in,
    positive,
    shares,
)

ANNA = CustomerId("anna")

debts = st.builds(
    RiskFacts,
    customer=st.just(ANNA),
    as_of=st.just(DAY),
    value=amounts,
    exposure=positive,
    default_probability=shares,
    loss_given_default=st.none() | shares,
)


def owing(**terms: Any) -> RiskFacts:
    known: dict[str, Any] = {
        "customer": ANNA,
        "as_of": DAY,
        "value": euros(900),
        "exposure": euros(20_000),
        "default_probability": "0.02",
    }
    return RiskFacts(**known | terms)


class TestExpectedLoss:
    """The loss to expect: probability of default, times the share lost, times what is owed."""

    @a_few
    @given(shares, st.lists(debts, max_size=3))
    def test_it_keeps_the_laws_of_policies(self, lost, facts):
        assert_value_laws(ExpectedLoss(loss_given_default=lost), facts)
        assert_value_laws(RiskAdjustedValue(ExpectedLoss(loss_given_default=lost)), facts)

    @given(shares, debts)
    def test_nobody_costs_more_than_they_owe(self, lost, facts):
        loss = -ExpectedLoss(loss_given_default=lost)(facts).outcome
        assert euros(0) <= loss <= facts.exposure

    @given(shares, debts, shares)
    def test_a_more_probable_default_never_costs_less(self, lost, facts, probability):
        method = ExpectedLoss(loss_given_default=lost)
        if probability >= facts.default_probability:
            riskier = evolve(facts, default_probability=probability)
            assert method(riskier).outcome <= method(facts).outcome

    def test_what_is_known_of_a_customer_comes_first(self):
        method = ExpectedLoss(loss_given_default="0.45")
        assert method(owing()).outcome == euros(-180)
        assert method(owing(loss_given_default="0.10")).outcome == euros(-40)

    @pytest.mark.parametrize(
        ("terms", "error"),
        [
            ({"exposure": euros(-1)}, InvalidValue),
            ({"exposure": 20_000}, InvalidPolicy),
            ({"value": 900}, InvalidPolicy),
            ({"exposure": Money(1, "USD")}, CurrencyMismatch),
            ({"default_probability": "1.1"}, InvalidPolicy),
            ({"loss_given_default": "-0.1"}, InvalidPolicy),
        ],
    )
    def test_facts_that_mean_nothing_are_refused(self, terms, error):
        with pytest.raises(error):
            owing(**terms)


def half_of_it(facts: RiskFacts, /) -> Decision[Money]:
    """A host's own method: half of what is owed counts as lost."""
    lost = -facts.exposure.times(Fraction(1, 2), rounding="down")  # type: ignore[arg-type]
    return Decision(lost, "half-of-it", facts.as_of, (noted("rule", "half"),))


class TestRiskAdjustedValue:
    """The method can be exchanged: a policy of this room, or any function that decides."""

    @given(debts)
    def test_the_value_and_the_risk_add_up(self, facts):
        for method in (ExpectedLoss(loss_given_default="0.45"), half_of_it):
            decision = RiskAdjustedValue(method)(facts)
            assert added_up(decision.evidence, of=[""]) == decision.outcome
            effect = decision.outcome - facts.value
            assert noted_in(decision.evidence, method(facts).policy) == effect

    def test_a_function_decides_but_cannot_be_written_down(self):
        policy = RiskAdjustedValue(half_of_it)
        assert policy.outcomes([owing()]) == [euros(-9100)]
        with pytest.raises(InvalidPolicy, match="function is not kept here"):
            CONVERTER.dumps(policy)

    def test_what_cannot_be_called_is_no_method(self):
        with pytest.raises(InvalidPolicy, match="a policy or a function"):
            RiskAdjustedValue("expected loss")  # type: ignore[type-var]

    def test_currencies_do_not_mix(self):
        def in_dollars(facts: RiskFacts, /) -> Decision[Money]:
            return Decision(Money(-1, "USD"), "in-dollars", facts.as_of)

        with pytest.raises(CurrencyMismatch):
            RiskAdjustedValue(in_dollars)(owing())


def served(margin: int | str) -> ServedFacts:
    return ServedFacts(customer=ANNA, as_of=DAY, value=euros(0), margin=euros(margin))


def option(**terms: Any) -> AbandonmentOption:
    usual: dict[str, Any] = {
        "rise": "1.5",
        "fall": "0.5",
        "rise_probability": "0.5",
        "service_cost": euros(80),
        "discount": Rate.annual("0.1"),
        "periods": 2,
    }
    return AbandonmentOption(**usual | terms)


factors = st.fractions(0, 2, max_denominator=20)
options = st.builds(
    lambda one, other, **terms: option(rise=max(one, other), fall=min(one, other), **terms),
    factors,
    factors,
    rise_probability=shares,
    service_cost=st.integers(0, 200).map(euros),
    discount=annual_rates,
    unit=st.sampled_from([Unit.YEAR, Unit.MONTH]),
    periods=st.integers(1, 4),
)
margins = st.integers(-100, 300).map(served)


class TestAbandonmentOption:
    """The right to stop serving a customer is worth what it saves where going on would lose."""

    @a_few
    @given(options, st.lists(margins, max_size=3))
    def test_it_keeps_the_laws_of_policies(self, policy, facts):
        assert_value_laws(policy, facts)
        assert_value_laws(RiskAdjustedValue(policy), facts)

    @given(options, margins)
    def test_a_right_is_never_worth_less_than_nothing(self, policy, facts):
        bound, free = policy.exact_values(facts.margin)
        assert free >= max(bound, 0)
        assert policy(facts).outcome >= euros(0)

    @given(options, margins)
    def test_serving_to_the_end_is_the_mean_over_all_paths(self, policy, facts):
        """Every path of rises and falls, each with its probability: the oracle of the tree."""
        rate = Fraction(round(policy.discount.per(policy.unit), 28))
        cost, total = Fraction(policy.service_cost.minor, 100), Fraction(0)
        for n in range(policy.periods + 1):
            for path in product([True, False], repeat=n):
                weight, margin = Fraction(1), Fraction(facts.margin.minor, 100)
                for rises in path:
                    weight *= policy.rise_probability if rises else 1 - policy.rise_probability
                    margin *= policy.rise if rises else policy.fall
                total += weight * (margin - cost) / (1 + rate) ** n
        assert policy.exact_values(facts.margin)[0] == total

    @given(options, margins)
    def test_the_right_to_stop_is_the_better_choice_at_every_step(self, policy, facts):
        """Recursion on the margin, without a tree: stop, or go on with whatever comes."""
        rate = Fraction(round(policy.discount.per(policy.unit), 28))
        cost, p = Fraction(policy.service_cost.minor, 100), policy.rise_probability

        def best(margin: Fraction, left: int) -> Fraction:
            ahead = Fraction(0)
            if left:
                up, down = (
                    best(margin * policy.rise, left - 1),
                    best(margin * policy.fall, left - 1),
                )
                ahead = (p * up + (1 - p) * down) / (1 + rate)
            return max(margin - cost + ahead, Fraction(0))

        exact = best(Fraction(facts.margin.minor, 100), policy.periods)
        assert policy.exact_values(facts.margin)[1] == exact

    def test_who_always_brings_more_than_they_cost_is_never_dropped(self):
        assert option(fall=1, service_cost=euros(10))(served(100)).outcome == euros(0)

    def test_a_worked_example(self):
        """Two periods by hand: after a fall it is better to stop, after a rise to go on."""
        bound, free = option().exact_values(euros(100))
        step = Fraction(1, 2) / Fraction(11, 10)
        assert free == 20 + step * (70 + step * 145)
        assert bound == 20 + step * (70 + step * (145 - 5)) + step * (-30 + step * (-5 - 55))

    def test_ten_years_of_months_are_computed(self):
        policy = option(
            rise="1.05", fall="0.96", periods=120, unit=Unit.MONTH, discount=Rate.annual("0.08")
        )
        assert policy(served(81)).outcome > euros(0)

    @pytest.mark.parametrize(
        ("terms", "message"),
        [
            ({"fall": "1.6"}, "a rise one of at least the fall"),
            ({"fall": "-0.1"}, "a fall is a factor of 0 or more"),
            ({"rise_probability": 2}, "the probability of a rise"),
            ({"service_cost": 80}, "is Money"),
            ({"service_cost": euros(-1)}, "zero or more"),
            ({"discount": 0.1}, "not a bare number"),
            ({"periods": 0}, "a tree has 1 to 120 periods"),
            ({"periods": 121}, "a tree has 1 to 120 periods"),
            ({"unit": "year"}, "a unit of time is one of Unit"),
        ],
    )
    def test_terms_that_mean_nothing_are_refused(self, terms, message):
        with pytest.raises(InvalidPolicy, match=message):
            option(**terms)

    def test_currencies_do_not_mix(self):
        with pytest.raises(CurrencyMismatch):
            option(service_cost=Money(80, "USD"))(served(100))
        with pytest.raises(CurrencyMismatch):
            evolve(served(1), value=Money(1, "USD"))
