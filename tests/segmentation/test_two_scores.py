"""Present and potential value side by side."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import CurrencyMismatch, InvalidValue, NothingToFit
from crmkit.identifiers import CustomerId
from crmkit.money import Money
from crmkit.segmentation.policies.pyramid import CustomerPyramid, PyramidLayer
from crmkit.segmentation.policies.two_scores import CompanyScores, TwoScores
from tests.segmentation.policy_laws import DAY, written_and_read


def two(present: int, potential: int, currency: str = "EUR") -> TwoScores:
    """One customer with both values."""
    return TwoScores(
        customer=CustomerId("C-1"),
        as_of=DAY,
        present=Money(present, currency),
        potential=Money(potential, currency),
    )


groups = st.lists(st.builds(two, st.integers(-99, 999), st.integers(-99, 999)), min_size=1)


class TestTwoScores:
    """Both values are kept at the level of the customer and of the company."""

    @given(groups, groups)
    def test_groups_merge_to_the_company_in_any_order(self, ones, others):
        company = CompanyScores.of([*ones, *others])
        assert CompanyScores.of(ones).merge(CompanyScores.of(others)) == company
        assert CompanyScores.of(others).merge(CompanyScores.of(ones)) == company

    @given(groups)
    def test_the_company_is_the_sum_of_its_customers(self, scores):
        company = CompanyScores.of(iter(scores))
        assert company.customers == len(scores)
        assert company.present.minor == sum(item.present.minor for item in scores)
        assert company.potential.minor == sum(item.potential.minor for item in scores)
        assert written_and_read(company) == company

    def test_a_customer_ranks_by_its_present_value(self):
        ten = Money(10, "EUR")
        pyramid = CustomerPyramid(platinum_from=ten, gold_from=ten, iron_from=ten)
        assert pyramid(two(10, 0)).outcome is PyramidLayer.PLATINUM
        assert pyramid(two(0, 10)).outcome is PyramidLayer.LEAD

    def test_values_of_different_days_do_not_add_up(self):
        with pytest.raises(InvalidValue, match="values of different days"):
            CompanyScores.of([two(1, 1), evolve(two(1, 1), as_of=date(2026, 7, 1))])

    def test_nobody_adds_up_to_no_company(self):
        with pytest.raises(NothingToFit):
            CompanyScores.of([])

    def test_currencies_do_not_mix(self):
        with pytest.raises(CurrencyMismatch):
            CompanyScores.of([two(1, 1), two(1, 1, "USD")])
        with pytest.raises(CurrencyMismatch):
            evolve(two(1, 1), potential=Money(1, "USD"))

    def test_facts_name_a_customer_and_a_day(self):
        with pytest.raises(InvalidValue, match="customer is empty"):
            evolve(two(1, 1), customer=CustomerId(""))
        with pytest.raises(InvalidValue, match="as_of"):
            evolve(two(1, 1), as_of=datetime(2026, 7, 1, tzinfo=UTC))
