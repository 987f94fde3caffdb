"""ABC tiers of partners."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import CurrencyMismatch, InvalidPolicy, InvalidValue, NothingToFit
from crmkit.money import Money
from crmkit.segmentation.facts import Histogram
from crmkit.segmentation.policies.ordinal import LOW_MIDDLE_HIGH, OrdinalScale
from crmkit.segmentation.policies.partner_abc import (
    PartnerAbc,
    PartnerClass,
    PartnerFacts,
    PartnerRole,
)
from crmkit.segmentation.policies.service_level import ServiceLevel
from tests.segmentation.policy_laws import assert_policy_laws, cents, euros, populations

A, B, C = PartnerClass
SUPPORT = {
    A: ServiceLevel(priority=1, contacts_per_year=24, support=("shop fitting",)),
    B: ServiceLevel(priority=2, contacts_per_year=12),
    C: ServiceLevel(priority=3, contacts_per_year=4),
}
RULE = PartnerAbc(a_from=Money(10_000, "EUR"), support=SUPPORT)


def partner(sales: dict[int, Any] | None = None, **changes: Any) -> PartnerFacts:
    """A franchisee with high marks whose sales grew by exactly 10 % in 2024 and in 2025."""
    amounts = {2023: "100.00", 2024: "110.00", 2025: "121.00"} if sales is None else sales
    terms: dict[str, Any] = {
        "customer": "F-3",
        "as_of": date(2025, 12, 31),
        "role": PartnerRole.FRANCHISEE,
        "year": 2025,
        "sales": {year: Money(amount, "EUR") for year, amount in amounts.items()},
        "cooperation": "high",
        "loyalty": "high",
    }
    return PartnerFacts(**(terms | changes))


words = st.sampled_from(LOW_MIDDLE_HIGH.words)
partners = st.builds(
    partner,
    st.fixed_dictionaries(
        {2025: st.integers(-5, 200)},
        optional={2023: st.integers(-5, 200), 2024: st.integers(-5, 200)},
    ),
    role=st.sampled_from(PartnerRole),
    cooperation=words,
    loyalty=words,
)


class TestPartnerAbcLaws:
    """A: agents, distributors and the top franchisees. B: growing, co-operative, loyal. C: rest."""

    @given(st.lists(partners, min_size=1, max_size=8), st.integers(0, 200))
    def test_laws_of_a_policy(self, facts, a_from):
        assert_policy_laws(evolve(RULE, a_from=Money(a_from, "EUR")), facts)

    @given(partners)
    def test_it_agrees_with_the_rule_read_aloud(self, facts):
        first, second, third = (facts.sales_in(year).minor for year in (2023, 2024, 2025))
        grown = first > 0 and second > 0 and Fraction(second, first) >= Fraction(11, 10)
        grown = grown and Fraction(third, second) >= Fraction(11, 10)
        expected = C
        if grown and facts.cooperation == facts.loyalty == "high":
            expected = B
        if facts.role is not PartnerRole.FRANCHISEE or third >= 15_000:
            expected = A
        assert evolve(RULE, a_from=Money(150, "EUR"))(facts).outcome is expected

    @given(partners, st.integers(0, 500))
    def test_more_sales_in_the_last_year_never_lower_the_tier(self, facts, more):
        rule = evolve(RULE, a_from=Money(150, "EUR"))
        better = evolve(facts, sales={**facts.sales, 2025: facts.volume + Money(more, "EUR")})
        assert rule(better).outcome <= rule(facts).outcome

    @given(partners)
    def test_the_tier_can_be_read_off_the_evidence(self, facts):
        decision = RULE(facts)
        met = [tier for tier, item in zip("AB", decision.evidence, strict=True) if item.met]
        assert decision.outcome == [*met, "C"][0]

    @given(populations, populations)
    def test_merged_counts_give_what_one_pass_gives(self, ones, others):
        merged = Histogram.of_money(cents(ones)).merge(Histogram.of_money(cents(others)))
        together = cents([*ones, *others])
        assert PartnerAbc.fit(merged, support=SUPPORT) == PartnerAbc.fit(together, support=SUPPORT)

    @given(populations)
    def test_a_partner_is_at_the_top_when_less_than_a_fifth_sold_strictly_more(self, volumes):
        fitted = PartnerAbc.fit(cents(volumes), support=SUPPORT)
        assert fitted.a_from is not None
        for volume in volumes:
            more = len([other for other in volumes if other > volume])
            assert (fitted.a_from.minor <= volume) is (5 * more < len(volumes))


class TestPartnerAbcBorders:
    """10 % in each of the two years, the top 20 %, and high marks: reaching them is enough."""

    def test_exactly_ten_percent_in_each_of_two_years_is_b(self):
        assert RULE(partner()).outcome is B

    @pytest.mark.parametrize(
        "sales",
        [
            {2023: "100.00", 2024: "109.99", 2025: "121.00"},
            {2023: "100.00", 2024: "110.00", 2025: "120.99"},
            {2023: "100.00", 2024: "150.00", 2025: "150.00"},
            {2023: "0.00", 2024: "110.00", 2025: "121.00"},
            {2024: "110.00", 2025: "121.00"},
            {2023: "-5.00", 2024: "110.00", 2025: "121.00"},
            {2025: "121.00"},
        ],
    )
    def test_less_growth_in_either_year_is_c(self, sales):
        """A year after none has no growth, however much was sold."""
        assert RULE(partner(sales)).outcome is C

    def test_growth_is_exact_to_the_cent(self):
        """10 % more than 100.01 is 110.011: 110.01 falls short, 110.02 does not."""
        once = evolve(RULE, growth_years=1)
        assert once(partner({2024: "100.01", 2025: "110.01"})).outcome is C
        assert once(partner({2024: "100.01", 2025: "110.02"})).outcome is B

    def test_both_marks_have_to_be_high(self):
        assert RULE(partner(cooperation="middle")).outcome is C
        assert RULE(partner(loyalty="middle")).outcome is C

    def test_marks_by_a_scale_of_the_hosts_own(self):
        stars = OrdinalScale(["*", "**", "***", "****"])
        rule = evolve(RULE, loyalty_scale=stars, loyalty_from="***")
        assert rule(partner(loyalty="***")).outcome is B
        assert rule(partner(loyalty="**")).outcome is C

    def test_a_mark_off_the_scale_is_refused(self):
        with pytest.raises(InvalidValue, match="loyalty is not on its scale"):
            RULE(partner(loyalty="immense"))

    @pytest.mark.parametrize(("volume", "tier"), [("10000.00", A), ("9999.99", C)])
    def test_the_volume_of_the_top_is_enough(self, volume, tier):
        assert RULE(partner({2025: volume})).outcome is tier

    @pytest.mark.parametrize("role", [PartnerRole.AGENT, PartnerRole.DISTRIBUTOR])
    def test_agents_and_distributors_are_a(self, role):
        assert RULE(partner({2025: 0}, role=role)).outcome is A

    def test_a_shop_may_rank_all_partners_by_volume(self):
        rule = evolve(RULE, a_roles=frozenset())
        assert rule(partner({2025: 0}, role=PartnerRole.AGENT)).outcome is C

    def test_the_top_fifth_of_five_is_one(self):
        fitted = PartnerAbc.fit(euros(900, 400, 300, 200, 100), support=SUPPORT)
        assert fitted.a_from == Money(900, "EUR")
        assert fitted.top_share == Fraction(1, 5)

    def test_the_top_half_of_five_is_three(self):
        fitted = PartnerAbc.fit(euros(900, 400, 300, 200, 100), support=SUPPORT, top_share="0.5")
        assert (fitted.a_from, fitted.top_share) == (Money(300, "EUR"), Fraction(1, 2))

    def test_a_tier_names_its_support(self):
        assert RULE.support_for(A).support == ("shop fitting",)


class TestPartnerAbcTerms:
    """Terms that make no sense are refused."""

    @pytest.mark.parametrize(
        ("change", "why"),
        [
            ({"top_share": "0"}, "cuts are shares that rise"),
            ({"support": {A: SUPPORT[A], B: SUPPORT[B]}}, "missing: C"),
            ({"growth_years": 0}, "over 1 year or more"),
            ({"growth": -1}, "above -1"),
        ],
    )
    def test_terms_out_of_range(self, change, why):
        with pytest.raises(InvalidPolicy, match=why):
            evolve(RULE, **change)

    def test_a_required_word_off_the_scale(self):
        with pytest.raises(InvalidValue, match="cooperation_from is not on its scale"):
            evolve(RULE, cooperation_from="immense")
        with pytest.raises(InvalidValue, match="loyalty_from is not on its scale"):
            evolve(RULE, loyalty_from="immense")

    def test_a_fall_in_sales_may_be_allowed(self):
        assert evolve(RULE, growth="-0.5")(partner({2023: 8, 2024: 4, 2025: 2})).outcome is B

    def test_a_share_out_of_range(self):
        with pytest.raises(InvalidPolicy):
            PartnerAbc.fit(euros(5), support=SUPPORT, top_share="1.2")

    def test_nobody_is_no_population(self):
        with pytest.raises(NothingToFit):
            PartnerAbc.fit([], support=SUPPORT)


class TestPartnerFacts:
    """Sales by year, of which one counts."""

    def test_a_year_left_out_is_a_year_without_sales(self):
        assert partner({2025: 5}).sales_in(1999) == Money(0, "EUR")

    @pytest.mark.parametrize("change", [{"year": 2026}, {"year": 2022}])
    def test_the_year_that_counts_has_begun_and_has_its_sales(self, change):
        with pytest.raises(InvalidValue, match="the year that counts"):
            partner(**change)

    def test_sales_of_one_currency(self):
        with pytest.raises(CurrencyMismatch):
            evolve(partner(), sales={2024: Money(1, "USD"), 2025: Money(1, "EUR")})

    def test_the_years_are_in_order_whatever_the_order_they_came_in(self):
        assert list(partner({2025: 1, 2023: 1, 2024: 1}).sales) == [2023, 2024, 2025]

    def test_a_day_is_a_date(self):
        with pytest.raises(InvalidValue, match="as_of"):
            partner(as_of="2025-12-31")

    def test_a_customer_has_a_key(self):
        with pytest.raises(InvalidValue, match="customer is empty"):
            partner(customer="")
