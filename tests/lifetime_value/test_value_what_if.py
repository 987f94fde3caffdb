"""The retention what-if: rules of thumb with their parameters in the open."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmkit.decision import explain
from crmkit.errors import CurrencyMismatch, InvalidPolicy, InvalidValue
from crmkit.lifetime_value.policies.what_if import (
    ILLUSTRATIVE_COST_RATIOS,
    ILLUSTRATIVE_RULES,
    IllustrativeRule,
    RetentionScenario,
    RetentionWhatIf,
    SourceClass,
)
from crmkit.money import Money
from tests.lifetime_value.value_laws import DAY, a_few, assert_value_laws, euros, noted_in


def scenario(**terms: Any) -> RetentionScenario:
    usual: dict[str, Any] = {
        "as_of": DAY,
        "customers": 1000,
        "churn": "0.10",
        "cost": euros(500_000),
        "profit": euros(80_000),
        "retention_cost": euros(25),
    }
    return RetentionScenario(**usual | terms)


churns = st.fractions("1/10", "1/2", max_denominator=100)
scenarios = st.builds(
    lambda **terms: scenario(**terms),
    churn=churns,
    churn_change=st.fractions("-1/10", "1/10", max_denominator=100),
    loyalty_change=st.fractions("-1/10", "1/10", max_denominator=100),
    customers=st.integers(1, 10_000),
)
WHAT_IF = RetentionWhatIf.illustrative(acquisition_to_retention=8)


class TestRetentionWhatIf:
    """CLV-09: rules of thumb whose parameters are in the open, and which only illustrate."""

    @a_few
    @given(st.lists(scenarios, max_size=3), st.integers(1, 12))
    def test_it_keeps_the_laws_of_policies(self, several, ratio):
        assert_value_laws(RetentionWhatIf.illustrative(acquisition_to_retention=ratio), several)

    @given(scenarios)
    def test_every_result_says_that_it_only_illustrates(self, one):
        decision = WHAT_IF(one)
        assert decision.outcome.illustrative
        assert decision.evidence[0].criterion == "illustrative-only"
        assert explain(decision).startswith("illustrative only: ")

    def test_the_figures_of_the_sources(self):
        """2 % fewer leave: costs fall by 10 %. 5 % more loyal: profit doubles in five years."""
        result = WHAT_IF(scenario(churn_change="-0.02", loyalty_change="0.05")).outcome
        assert result.cost_change == euros(-50_000)
        assert result.profit_after == euros(160_000)
        assert result.customers_kept == 20
        assert result.cost_of_keeping == euros(500)
        assert result.cost_of_winning == euros(4000)

    def test_the_sources_disagree_about_the_cost_ratio_so_it_has_no_default(self):
        """N-01: 4 to 6 in one source, 8 in another."""
        assert dict(ILLUSTRATIVE_COST_RATIOS) == {
            SourceClass.TEXTBOOK: (4, 6),
            SourceClass.CASE_STUDY: (8,),
        }
        with pytest.raises(TypeError):
            RetentionWhatIf(**ILLUSTRATIVE_RULES)  # type: ignore[arg-type]

    @given(scenarios)
    def test_nothing_changes_where_nothing_changes(self, one):
        result = WHAT_IF(evolve(one, churn_change=0, loyalty_change=0)).outcome
        assert result.cost_change == euros(0)
        assert result.profit_after == one.profit
        assert result.customers_kept == 0

    @given(scenarios)
    def test_who_stays_longer_stays_the_inverse_of_churn(self, one):
        evidence = WHAT_IF(one).evidence
        before = noted_in(evidence, "mean-years-of-stay")
        if one.churn_after:
            assert abs(Fraction(before) * one.churn - 1) < Fraction(1, 10**11)
        else:
            assert before is None

    def test_who_never_leaves_stays_for_ever(self):
        """No mean stay is named where the churn, before or after, is nothing."""
        for churn, change in [("0", "0.1"), ("0.1", "-0.1")]:
            evidence = WHAT_IF(scenario(churn=churn, churn_change=change)).evidence
            assert noted_in(evidence, "mean-years-of-stay") is None

    def test_a_host_puts_its_own_figures_in_place_of_the_rules(self):
        own = IllustrativeRule(
            cause="-0.01", effect="-0.02", source=SourceClass.OWN_DATA, says="measured in 2025"
        )
        policy = evolve(WHAT_IF, churn_and_cost=own, loyalty_and_profit=own)
        decision = policy(scenario(churn_change="-0.02"))
        assert decision.outcome.cost_change == euros(-20_000)
        assert noted_in(decision.evidence, "source") == "own-data"
        assert noted_in(decision.evidence, "after-years") is None

    @pytest.mark.parametrize(
        ("terms", "error"),
        [
            ({"churn": "1.1"}, InvalidPolicy),
            ({"churn_change": "-0.2"}, InvalidPolicy),
            ({"customers": 0}, InvalidValue),
            ({"cost": euros(-1)}, InvalidValue),
            ({"retention_cost": euros(-1)}, InvalidValue),
            ({"profit": 80_000}, InvalidPolicy),
            ({"profit": Money(1, "USD")}, CurrencyMismatch),
        ],
    )
    def test_scenarios_that_mean_nothing_are_refused(self, terms, error):
        with pytest.raises(error):
            scenario(**terms)

    def test_terms_that_mean_nothing_are_refused(self):
        with pytest.raises(InvalidPolicy, match="a ratio above zero"):
            RetentionWhatIf.illustrative(acquisition_to_retention=0)
        rule = ILLUSTRATIVE_RULES["churn-and-cost"]
        with pytest.raises(InvalidPolicy, match="not zero"):
            evolve(rule, cause=0)
        with pytest.raises(InvalidPolicy, match="one of SourceClass: textbook"):
            evolve(rule, source="hearsay")  # type: ignore[arg-type]
