"""Scoring the value of a customer by many factors."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import InvalidMoney, InvalidPolicy, InvalidValue
from crmkit.money import Money
from crmkit.segmentation.policies.normalization import (
    FixedBounds,
    RankCuts,
    ScoreStep,
    StepTable,
    WordParts,
)
from crmkit.segmentation.policies.value_score import (
    MissingFactor,
    ValueFactor,
    ValueScale,
    ValueScore,
)
from tests.segmentation.policy_laws import DAY, assert_policy_laws

ZERO_TO_TEN = FixedBounds(worst=0, best=10)
INTENTION = WordParts(parts={"no": 0, "perhaps": "0.5", "surely": 1})
# What an airline looks at beside miles: KLM's factors.
FLYERS = ValueScale(
    factors=[
        ValueFactor("recent_flights", 3, FixedBounds(worst=0, best=20)),
        ValueFactor("revenue", 5, RankCuts(cuts=[Money(n, "EUR") for n in (500, 2000, 8000)])),
        ValueFactor("years_known", 1, StepTable(steps=[ScoreStep(1, "0.5"), ScoreStep(5, 1)])),
        ValueFactor("share_of_wallet", "1.5", FixedBounds(worst=0, best=1)),
        ValueFactor("would_fly_again", "0.5", INTENTION),
    ]
)


def flyer(**values: Any) -> Any:
    """A frequent flyer of whom only some things are known."""
    known = dict.fromkeys(factor.fact for factor in FLYERS.factors)
    return SimpleNamespace(**{"customer": "M-1", "as_of": DAY, **known, **values})


def maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


flyers = st.builds(
    flyer,
    recent_flights=maybe(st.integers(0, 30)),
    revenue=maybe(st.integers(0, 9_000).map(lambda amount: Money(amount, "EUR"))),
    years_known=maybe(st.integers(0, 9)),
    share_of_wallet=maybe(st.decimals(0, 1, places=2)),
    would_fly_again=maybe(st.sampled_from(["no", "perhaps", "surely"])),
)
rules = st.sampled_from(MissingFactor)


def scale(*weights: int | str, **terms: Any) -> ValueScale:
    """A scale of factors a, b, c, ... from 0 to 10."""
    factors = (ValueFactor(n, w, ZERO_TO_TEN) for n, w in zip("abcdefgh", weights, strict=False))
    return ValueScale(factors=factors, **terms)


def points(policy: ValueScale, **values: Any) -> Decimal:
    """What a customer with these facts scores."""
    return policy(SimpleNamespace(customer="C-1", as_of=DAY, **values)).outcome.points


class TestValueScaleLaws:
    """A factor earns its part of its points, and the score is the sum of what was earned."""

    @given(st.lists(flyers, min_size=1, max_size=5), rules)
    def test_laws_of_a_policy(self, facts, missing):
        assert_policy_laws(evolve(FLYERS, missing=missing), facts)

    @given(flyers, rules, st.integers(0, 4))
    def test_the_list_in_the_evidence_adds_up(self, facts, missing, digits):
        policy = evolve(FLYERS, missing=missing, digits=digits)
        decision = policy(facts)
        earned: list[Any] = [item.parts[0].observed for item in decision.evidence]
        most: list[Any] = [item.parts[1].observed for item in decision.evidence]
        assert sum(earned) == decision.outcome.points
        assert sum(most) in (0, 100)
        assert all(0 <= a <= b for a, b in zip(earned, most, strict=True))
        assert policy.score_of(decision.evidence) == decision.outcome

    @given(flyers)
    def test_it_agrees_with_the_exact_weighted_mean_to_the_rounding(self, facts):
        weights = [factor.weight for factor in FLYERS.factors]
        parts = [factor.observe(facts)[1] for factor in FLYERS.factors]
        earned = sum(w * p for w, p in zip(weights, parts, strict=True))
        exact = 100 * earned / sum(weights, Fraction(0))
        # Two roundings to a hundredth for each of five factors, each by half a hundredth at most.
        assert abs(Fraction(FLYERS(facts).outcome.points) - exact) <= Fraction(5, 100)

    @given(flyers, st.integers(0, 20))
    def test_more_of_a_factor_never_lowers_the_score(self, facts, more):
        flights = facts.recent_flights or 0
        better = SimpleNamespace(**{**vars(facts), "recent_flights": flights + more})
        assert FLYERS(better).outcome.points >= FLYERS(facts).outcome.points

    @given(
        st.lists(st.integers(1, 9), min_size=1, max_size=8),
        st.integers(1, 1000),
        st.integers(0, 6),
    )
    def test_the_best_customer_has_all_points_and_the_worst_none(self, weights, out_of, digits):
        policy = scale(*weights, out_of=out_of, digits=digits)
        assert points(policy, **dict.fromkeys("abcdefgh", 10)) == out_of
        assert points(policy, **dict.fromkeys("abcdefgh", 0)) == 0

    @given(st.integers(1, 9), st.integers(0, 10), st.integers(0, 10))
    def test_only_the_ratio_of_the_weights_matters(self, factor, a, b):
        assert points(scale(1, 3), a=a, b=b) == points(scale(factor, 3 * factor), a=a, b=b)


class TestFactorsOfAnAirline:
    """Flights alone are a poor indicator: what else is known of a member counts as well."""

    FACTORS: Mapping[str, tuple[Any, Any]] = {
        "miles": (FixedBounds(worst=0, best=40_000), 40_000),
        "recent_flights": (FixedBounds(worst=0, best=20), 20),
        "revenue": (
            FixedBounds(worst=Money(0, "EUR"), best=Money(8000, "EUR")),
            Money(8000, "EUR"),
        ),
        "days_known": (StepTable(steps=[ScoreStep(1825, 1)]), 1825),
        "bookings": (ZERO_TO_TEN, 10),
        "partner_stays": (ZERO_TO_TEN, 10),
        "calls_to_the_center": (FixedBounds(worst=10, best=0), 0),
        "preferences_known": (ZERO_TO_TEN, 10),
        "share_of_wallet": (FixedBounds(worst=0, best=1), Decimal("1.0")),
        "would_fly_again": (INTENTION, "surely"),
        "attitude": (WordParts(parts={"cold": 0, "warm": 1}), "warm"),
    }
    SCALE = ValueScale(
        factors=[ValueFactor(fact, 1, by) for fact, (by, _) in FACTORS.items()],
        out_of=len(FACTORS),
        digits=0,
    )

    def test_the_best_of_everything_has_all_points(self):
        best = {fact: value for fact, (_, value) in self.FACTORS.items()}
        assert points(self.SCALE, **best) == len(self.FACTORS)

    @pytest.mark.parametrize("known", FACTORS)
    def test_each_counts_where_miles_and_flights_are_equal(self, known):
        nothing = dict.fromkeys(self.FACTORS)
        _, best = self.FACTORS[known]
        assert points(self.SCALE, **nothing) == 0
        assert points(self.SCALE, **{**nothing, known: best}) == 1


class TestValueScaleBorders:
    """Exact numbers, told by name."""

    def test_three_equal_factors_share_a_hundred_to_the_cent(self):
        decision = scale(1, 1, 1)(SimpleNamespace(customer="C-1", as_of=DAY, a=10, b=10, c=10))
        assert [str(item.parts[1].observed) for item in decision.evidence] == [
            "33.33",
            "33.34",
            "33.33",
        ]
        assert str(decision.outcome) == "100.00 of 100"

    def test_what_is_earned_is_rounded_half_to_even(self):
        assert points(scale(1, out_of=5, digits=0), a=5) == 2
        assert points(scale(1, out_of=7, digits=0), a=5) == 4

    def test_a_factor_nothing_is_known_of_earns_nothing(self):
        assert points(scale(1, 3), a=10, b=None) == 25

    def test_or_leaves_its_points_to_the_others(self):
        policy = scale(1, 3, missing=MissingFactor.LEFT_OUT)
        assert points(policy, a=10, b=None) == 100
        assert points(policy, a=5, b=None) == 50

    def test_of_whom_nothing_is_known_nothing_is_earned(self):
        policy = scale(1, 3, missing=MissingFactor.LEFT_OUT)
        assert points(policy, a=None, b=None) == 0

    def test_what_is_unknown_says_so(self):
        decision = FLYERS(flyer(recent_flights=4))
        assert [item.observed for item in decision.evidence] == [4, *["unknown"] * 4]
        assert decision.evidence[0].criterion == "recent-flights"

    def test_a_fact_that_the_facts_do_not_have_is_no_unknown(self):
        with pytest.raises(InvalidValue, match="the facts have no b"):
            points(scale(1, 1), a=5)

    @pytest.mark.parametrize(
        ("terms", "why"),
        [
            ({"factors": []}, "at least one factor"),
            ({"factors": [ValueFactor("a", 1, INTENTION)] * 2}, "factors need names of their own"),
            ({"out_of": 0}, "1 to 1,000,000 points"),
            ({"out_of": 1_000_001}, "1 to 1,000,000 points"),
            ({"digits": -1}, "0 to 6 digits"),
            ({"digits": 7}, "0 to 6 digits"),
        ],
    )
    def test_terms_out_of_range(self, terms, why):
        with pytest.raises(InvalidPolicy, match=why):
            evolve(FLYERS, **terms)

    def test_terms_at_their_ends(self):
        assert points(scale(1, out_of=1_000_000, digits=6), a=10) == 1_000_000
        assert points(scale(1, out_of=1, digits=0), a=10) == 1

    @pytest.mark.parametrize("weight", [0, "-1"])
    def test_a_weight_is_above_zero(self, weight):
        with pytest.raises(InvalidPolicy, match="the weight of a is above zero"):
            ValueFactor("a", weight, INTENTION)

    def test_a_weight_is_no_float(self):
        with pytest.raises(InvalidMoney, match="a weight is a float"):
            ValueFactor("a", 0.5, INTENTION)  # type: ignore[arg-type]


class TestValueScore:
    """A score carries its scale."""

    def test_it_says_out_of_how_many(self):
        assert str(ValueScore(points=Decimal("72.5"), out_of=100)) == "72.5 of 100"

    @pytest.mark.parametrize("amount", ["-0.01", "5.01"])
    def test_it_lies_on_its_scale(self, amount):
        with pytest.raises(InvalidValue, match="lies between 0"):
            ValueScore(points=Decimal(amount), out_of=5)

    @pytest.mark.parametrize("amount", ["0", "5"])
    def test_both_ends_are_on_the_scale(self, amount):
        assert ValueScore(points=Decimal(amount), out_of=5).points == int(amount)
