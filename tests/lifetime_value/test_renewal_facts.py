"""Facts of customers with a contract, one by one and counted."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import InvalidIdentifier, InvalidValue, UnitMismatch
from crmkit.identifiers import CustomerId
from crmkit.lifetime_value.models.renewal import (
    MAX_RENEWALS,
    CountedRenewals,
    RenewalFacts,
    counted_renewals,
)
from crmkit.period import Unit

customers = st.builds(RenewalFacts, st.integers(0, 5), active=st.booleans(), unit=st.just(None))
bases = st.lists(customers, max_size=20)
cohorts = st.lists(st.integers(0, 50), min_size=1, max_size=8).map(
    lambda sizes: sorted([*sizes, 60], reverse=True)
)


class TestRenewalFacts:
    """A number of renewals, and whether somebody is still a customer."""

    def test_they_know_whose_they_are_and_as_of_when(self):
        facts = RenewalFacts(
            2,
            active=True,
            customer=CustomerId("anna"),
            as_of=date(2026, 3, 1),
            unit=Unit.MONTH,
        )
        assert (facts.renewals, facts.active, facts.unit) == (2, True, Unit.MONTH)

    @pytest.mark.parametrize("renewals", [-1, 1.0, True, "3", None, MAX_RENEWALS + 1])
    def test_renewals_are_counted_in_whole_numbers(self, renewals):
        with pytest.raises(InvalidValue, match="a number of renewals is a whole number"):
            RenewalFacts(renewals, active=True)

    @pytest.mark.parametrize("active", [1, "yes", None])
    def test_somebody_is_a_customer_or_is_not(self, active):
        with pytest.raises(InvalidValue, match="True or False"):
            RenewalFacts(1, active=active)

    def test_the_customer_could_serve_as_a_key(self):
        with pytest.raises(InvalidIdentifier):
            RenewalFacts(1, active=True, customer=CustomerId(""))

    def test_the_day_is_a_plain_date(self):
        with pytest.raises(InvalidValue, match="as_of"):
            RenewalFacts(1, active=True, as_of=datetime(2026, 3, 1))  # noqa: DTZ001


class TestCounting:
    """Counts say what the customers say, in whatever parts and order they come."""

    @given(base=bases)
    def test_counts_are_those_of_the_customers(self, base):
        counts = counted_renewals(base)
        assert counts.churned == Counter(f.renewals for f in base if not f.active)
        assert counts.active == Counter(f.renewals for f in base if f.active)
        assert counts.customers == len(base)

    @given(base=bases, others=bases)
    def test_merging_parts_equals_counting_all(self, base, others):
        merged = counted_renewals(base).merge(counted_renewals(others))
        assert merged == counted_renewals(base + others)
        assert merged == counted_renewals(others).merge(counted_renewals(base))

    @given(base=bases)
    def test_counting_counts_again_changes_nothing(self, base):
        counts = counted_renewals(base)
        assert counted_renewals(counts) is counts

    @given(base=bases)
    def test_facts_by_customer_count_like_facts_one_by_one(self, base):
        by_customer = {CustomerId(f"c{n}"): facts for n, facts in enumerate(base)}
        assert counted_renewals(by_customer) == counted_renewals(base)

    @given(survivors=cohorts)
    def test_survivors_can_be_read_back_off_the_counts(self, survivors):
        counts = CountedRenewals.of_survivors(survivors)
        assert counts == counted_renewals(survivors)
        gone = [
            sum(count for k, count in counts.churned.items() if k < t)
            for t in range(len(survivors))
        ]
        assert [survivors[0] - lost for lost in gone] == survivors
        assert sum(counts.active.values()) == survivors[-1]

    def test_one_customer_may_come_alone(self):
        alone = counted_renewals(RenewalFacts(3, active=False, unit=Unit.YEAR))
        assert alone == CountedRenewals({3: 1}, {}, Unit.YEAR)

    def test_counts_keep_the_unit_of_the_facts(self):
        yearly = RenewalFacts(3, active=True, unit=Unit.YEAR)
        assert counted_renewals([yearly, yearly]).unit is Unit.YEAR
        assert CountedRenewals.of_survivors([10, 9], Unit.MONTH).unit is Unit.MONTH

    def test_counts_cannot_be_changed(self):
        counts = CountedRenewals({0: 1}, {1: 2})
        with pytest.raises(TypeError):
            counts.churned[0] = 5  # type: ignore[index]


class TestRefused:
    """What cannot be counted is refused with what would have worked."""

    @pytest.mark.parametrize("counts", [{0: 0}, {0: -1}, {0: 1.5}, {0: True}, None, [(0, 1)]])
    def test_numbers_of_customers_are_whole_and_above_zero(self, counts):
        with pytest.raises(InvalidValue, match="a whole number above zero"):
            CountedRenewals(counts, {})

    def test_there_are_no_more_customers_than_people(self):
        with pytest.raises(InvalidValue, match="at most 1,000,000,000,000 in all"):
            CountedRenewals({0: 10**400}, {})
        with pytest.raises(InvalidValue, match="at most 1,000,000,000,000 in all"):
            CountedRenewals.of_survivors([10**400, 5])

    @pytest.mark.parametrize("counts", [{-1: 1}, {0.5: 1}, {None: 1}])
    def test_numbers_of_renewals_are_whole(self, counts):
        with pytest.raises(InvalidValue, match="a number of renewals"):
            CountedRenewals({}, counts)

    @pytest.mark.parametrize(
        "survivors", [[], [0, 0], [10, 11], [10, -1], [10, 9.5], [10, True], [5, 3, 4]]
    )
    def test_survivors_never_rise(self, survivors):
        with pytest.raises(InvalidValue, match="never rise"):
            CountedRenewals.of_survivors(survivors)

    @pytest.mark.parametrize("facts", [5, None, ["anna"], [RenewalFacts(1, active=True), 3]])
    def test_other_things_are_no_facts_of_renewals(self, facts):
        with pytest.raises(InvalidValue, match="facts of renewals come as"):
            counted_renewals(facts)

    def test_units_of_time_are_not_mixed(self):
        monthly = RenewalFacts(1, active=True, unit=Unit.MONTH)
        yearly = RenewalFacts(1, active=True, unit=Unit.YEAR)
        with pytest.raises(UnitMismatch):
            counted_renewals([monthly, yearly])
        with pytest.raises(UnitMismatch):
            counted_renewals(monthly).merge(counted_renewals(yearly))
        with pytest.raises(UnitMismatch, match="in months, the other in unnamed units"):
            counted_renewals(monthly).merge(CountedRenewals({0: 1}, {}))
