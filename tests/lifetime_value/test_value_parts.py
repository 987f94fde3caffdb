"""Parts of a value, growth from cross-selling, and present beside potential value."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import CurrencyMismatch, InvalidPolicy, InvalidValue, NothingToFit
from crmkit.identifiers import CustomerId, ProductId
from crmkit.lifetime_value.policies.cash_flows import DatedCashFlow, net_present_value
from crmkit.lifetime_value.policies.parts import (
    GROWTH,
    TRANSACTIONS,
    CrossSellChance,
    CrossSellFacts,
    CrossSellValue,
    SumOfParts,
    ValueParts,
)
from crmkit.lifetime_value.policies.present_potential import (
    CompanyValue,
    PresentAndPotentialValue,
)
from crmkit.money import Money, sum_money
from crmkit.period import Rate
from tests.lifetime_value.value_laws import (
    DAY,
    a_few,
    added_up,
    amounts,
    annual_rates,
    assert_value_laws,
    euros,
    positive,
    shares,
    written_and_read,
)

ANNA = CustomerId("anna")
names = st.sampled_from(["referral-value", "learning-value", "option-value"])


@st.composite
def parts(draw: st.DrawFn) -> ValueParts:
    return ValueParts.of(
        customer=ANNA,
        as_of=DAY,
        transactions=draw(amounts),
        growth=draw(amounts),
        further=draw(st.dictionaries(names, amounts, max_size=3)),
    )


class TestValueParts:
    """CLV-04: transaction value is the core, growth is added, and further parts have names."""

    @given(parts())
    def test_the_parts_add_up_exactly(self, value):
        assert value.value == sum_money(value.parts.values(), "EUR")
        assert written_and_read(value) == value
        if value.value.minor > 0:
            assert sum(value.share(name) for name in value.parts) == 1

    @a_few
    @given(st.lists(parts(), max_size=3), st.sets(names))
    def test_the_sum_keeps_the_laws_of_policies(self, several, without):
        assert_value_laws(SumOfParts(leaving_out=without), several)

    @given(parts())
    def test_what_is_left_out_does_not_count(self, value):
        decision = SumOfParts(leaving_out=[GROWTH])(value)
        assert decision.outcome == value.value - value.parts[GROWTH]
        assert added_up(decision.evidence, of=[""]) == decision.outcome

    def test_one_name_is_no_set_of_names(self):
        """Its letters would name no part, and nothing would be left out."""
        with pytest.raises(InvalidPolicy, match="in a set"):
            SumOfParts(leaving_out=GROWTH)

    def test_where_there_is_no_value_there_are_no_shares(self):
        nothing = ValueParts.of(customer=ANNA, as_of=DAY, transactions=euros(5), growth=euros(-5))
        assert nothing.share(TRANSACTIONS) is None
        with pytest.raises(InvalidValue, match="there are: transaction-value, growth-value"):
            nothing.share("brand")

    def test_parts_that_mean_nothing_are_refused(self):
        with pytest.raises(NothingToFit):
            ValueParts(customer=ANNA, as_of=DAY, parts={})
        with pytest.raises(InvalidPolicy, match="a part of a value is Money"):
            ValueParts(customer=ANNA, as_of=DAY, parts={"core": 5})  # type: ignore[dict-item]
        with pytest.raises(CurrencyMismatch):
            ValueParts.of(customer=ANNA, as_of=DAY, transactions=euros(5), growth=Money(1, "USD"))
        with pytest.raises(InvalidValue, match="arguments of their own"):
            ValueParts.of(
                customer=ANNA,
                as_of=DAY,
                transactions=euros(5),
                growth=euros(1),
                further={GROWTH: euros(2)},
            )


def chance(probability: str | Fraction, margin: Money, days: int) -> CrossSellChance:
    return CrossSellChance(ProductId("home cover"), probability, margin, DAY + timedelta(days=days))


def selling(*chances: CrossSellChance) -> CrossSellFacts:
    return CrossSellFacts(customer=ANNA, as_of=DAY, currency="EUR", chances=chances)


offers = st.lists(st.builds(chance, shares, amounts, st.integers(0, 900)), max_size=3).map(
    lambda several: selling(*several)
)


class TestCrossSellValue:
    """Growth value: how probably a customer buys what else, times margin, discounted."""

    @a_few
    @given(st.lists(offers, max_size=2), annual_rates)
    def test_it_keeps_the_laws_of_policies(self, facts, rate):
        assert_value_laws(CrossSellValue(discount=rate), facts)

    @given(offers, annual_rates)
    def test_the_chances_in_the_evidence_add_up(self, facts, rate):
        decision = CrossSellValue(discount=rate)(facts)
        assert added_up(decision.evidence, of=["chance "]) == decision.outcome

    @given(positive, st.integers(0, 900), annual_rates)
    def test_what_is_certain_is_worth_its_present_value(self, margin, days, rate):
        sure = selling(chance("1", margin, days))
        flow = DatedCashFlow(DAY + timedelta(days=days), margin)
        assert CrossSellValue(discount=rate)(sure).outcome == net_present_value([flow], rate, DAY)

    def test_without_a_chance_there_is_no_growth(self):
        assert CrossSellValue(discount=Rate.annual("0.1"))(selling()).outcome == euros(0)

    def test_chances_that_mean_nothing_are_refused(self):
        with pytest.raises(InvalidPolicy, match="the probability of a sale"):
            chance("1.5", euros(1), 0)
        with pytest.raises(InvalidPolicy, match="a margin is Money"):
            chance("0.5", 10, 0)  # type: ignore[arg-type]
        with pytest.raises(InvalidValue, match="on as_of or later"):
            selling(chance("0.5", euros(1), -1))
        with pytest.raises(CurrencyMismatch):
            selling(chance("0.5", Money(1, "USD"), 0))
        with pytest.raises(InvalidPolicy, match="not a bare number"):
            CrossSellValue(discount=0.1)  # type: ignore[arg-type]


def both(present: int, potential: int, currency: str = "EUR") -> PresentAndPotentialValue:
    return PresentAndPotentialValue(
        customer=ANNA,
        as_of=DAY,
        present=Money(present, currency),
        potential=Money(potential, currency),
    )


groups = st.lists(st.builds(both, st.integers(-99, 999), st.integers(-99, 999)), min_size=1)


class TestPresentAndPotentialValue:
    """CLV-06: two values side by side, for each customer and for the whole company."""

    @given(groups, groups)
    def test_groups_merge_to_the_company_in_any_order(self, ones, others):
        company = CompanyValue.of([*ones, *others])
        assert CompanyValue.of(ones).merge(CompanyValue.of(others)) == company
        assert CompanyValue.of(others).merge(CompanyValue.of(ones)) == company
        assert written_and_read(company) == company

    @given(groups)
    def test_the_company_is_the_sum_of_its_customers(self, values):
        company = CompanyValue.of(values)
        assert company.customers == len(values)
        assert company.present.minor == sum(v.present.minor for v in values)
        assert company.potential.minor == sum(v.potential.minor for v in values)

    @given(positive, shares.filter(bool))
    def test_the_potential_is_the_whole_wallet(self, present, share):
        value = PresentAndPotentialValue.by_share_of_wallet(
            customer=ANNA, as_of=DAY, present=present, share_of_wallet=share
        )
        assert abs(value.potential.minor - present.minor / share) <= Fraction(1, 2)
        assert value.value == present
        assert value.unrealized == value.potential - present

    def test_how_much_of_the_potential_is_there(self):
        assert CompanyValue.of([both(1, 4)]).share_realized == Fraction(1, 4)
        assert CompanyValue.of([both(1, 0)]).share_realized is None

    def test_values_of_different_days_do_not_add_up(self):
        later = evolve(both(1, 1), as_of=DAY + timedelta(days=1))
        with pytest.raises(InvalidValue, match="values of different days"):
            CompanyValue.of([both(1, 1), later])

    def test_what_means_nothing_is_refused(self):
        with pytest.raises(NothingToFit):
            CompanyValue.of([])
        with pytest.raises(CurrencyMismatch):
            evolve(both(1, 1), potential=Money(1, "USD"))
        with pytest.raises(InvalidPolicy, match="a present value is Money"):
            evolve(both(1, 1), present=1)  # type: ignore[arg-type]
        with pytest.raises(InvalidPolicy, match="a potential value is Money"):
            evolve(both(1, 1), potential=1)  # type: ignore[arg-type]
        with pytest.raises(InvalidPolicy, match="above 0 and at most 1"):
            PresentAndPotentialValue.by_share_of_wallet(
                customer=ANNA, as_of=DAY, present=euros(1), share_of_wallet=0
            )
