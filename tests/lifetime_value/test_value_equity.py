"""Customer equity: the sum of what customers are worth, by segment, and what drives it."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import CurrencyMismatch, InvalidPolicy, InvalidValue, NothingToFit
from crmkit.identifiers import CustomerId
from crmkit.lifetime_value.policies.drivers import EquityChange, EquityDriver, EquityDrivers
from crmkit.lifetime_value.policies.equity import CustomerEquity, SegmentedValue
from crmkit.money import Money, sum_money
from tests.lifetime_value.value_laws import (
    DAY,
    a_few,
    added_up,
    amounts,
    assert_value_laws,
    euros,
    noted_in,
    positive,
    written_and_read,
)

ANNA = CustomerId("anna")


def valued(worth: int, segment: str, as_of: date = DAY) -> SegmentedValue:
    return SegmentedValue(customer=ANNA, as_of=as_of, value=euros(worth), segment=segment)


bases = st.lists(
    st.builds(valued, st.integers(-99, 999), st.sampled_from(["gold", "iron", "lead"])), min_size=1
)


class TestCustomerEquity:
    """CLV-02: the sum of what all customers are worth, by segment."""

    @given(bases)
    def test_equity_is_the_sum_of_its_customers_and_of_its_segments(self, base):
        equity = CustomerEquity.of(base)
        assert equity.value == sum_money((item.value for item in base), "EUR")
        assert equity.value == sum_money((s.value for s in equity.segments.values()), "EUR")
        assert equity.customers == len(base)
        assert written_and_read(equity) == equity

    @given(bases, bases)
    def test_groups_merge_in_any_order(self, ones, others):
        whole = CustomerEquity.of([*ones, *others])
        assert CustomerEquity.of(ones).merge(CustomerEquity.of(others)) == whole
        assert CustomerEquity.of(others).merge(CustomerEquity.of(ones)) == whole

    @given(bases)
    def test_shares_add_up_to_one(self, base):
        equity = CustomerEquity.of(base)
        found = [equity.share(segment) for segment in equity.segments]
        assert sum(filter(None, found)) == 1 if equity.value.minor > 0 else set(found) == {None}

    def test_what_does_not_add_up_is_refused(self):
        tomorrow = valued(1, "gold", DAY + timedelta(days=1))
        with pytest.raises(InvalidValue, match="values of different days"):
            CustomerEquity.of([valued(1, "gold"), tomorrow])
        with pytest.raises(InvalidValue, match="values of different days"):
            CustomerEquity.of([valued(1, "gold")]).merge(CustomerEquity.of([tomorrow]))
        dollars = evolve(valued(1, "iron"), value=Money(1, "USD"))
        with pytest.raises(CurrencyMismatch):
            CustomerEquity.of([valued(1, "gold"), dollars])
        with pytest.raises(NothingToFit):
            CustomerEquity.of([])
        with pytest.raises(NothingToFit):
            CustomerEquity(as_of=DAY, segments={})
        with pytest.raises(InvalidValue, match="there are: gold"):
            CustomerEquity.of([valued(1, "gold")]).share("tin")


DRIVERS = EquityDrivers(value="0.5", brand="0.2", relationship="0.3")
all_drivers = st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(1, 9)).map(
    lambda w: EquityDrivers(
        value=Fraction(w[0], sum(w)),
        brand=Fraction(w[1], sum(w)),
        relationship=Fraction(w[2], sum(w)),
    )
)
some_changes = st.dictionaries(
    st.sampled_from(EquityDriver), st.fractions(-1, 1, max_denominator=50)
)
changes = st.builds(
    EquityChange,
    as_of=st.just(DAY),
    equity=amounts,
    changes=some_changes,
    investment=st.none() | positive,
)


class TestEquityDrivers:
    """CLV-03: equity hangs on value, brand and relationship."""

    @a_few
    @given(all_drivers, st.lists(changes, max_size=3))
    def test_they_keep_the_laws_of_policies(self, drivers, several):
        assert_value_laws(drivers, several)

    @given(all_drivers, changes)
    def test_the_drivers_in_the_evidence_add_up(self, drivers, change):
        decision = drivers(change)
        assert added_up(decision.evidence, of=list(EquityDriver)) == decision.outcome

    @given(all_drivers, positive)
    def test_a_split_loses_nothing(self, drivers, equity):
        assert sum_money(drivers.split(equity).values(), "EUR") == equity

    @given(all_drivers, amounts, st.fractions(-1, 1, max_denominator=50))
    def test_where_all_drivers_change_alike_so_does_the_equity(self, drivers, equity, part):
        change = EquityChange(as_of=DAY, equity=equity, changes=dict.fromkeys(EquityDriver, part))
        assert abs(drivers(change).outcome.minor - equity.minor * part) <= Fraction(1, 2)

    def test_a_change_of_one_segment_is_about_it(self):
        change = EquityChange(as_of=DAY, equity=euros(100), changes={}, segment="gold")
        assert DRIVERS(change).subject == "gold"
        assert DRIVERS(change).outcome == euros(0)

    def test_the_return_is_what_was_gained_beyond_the_investment(self):
        change = EquityChange(
            as_of=DAY,
            equity=euros(1000),
            changes={EquityDriver.VALUE: "0.1"},
            investment=euros(40),
        )
        assert noted_in(DRIVERS(change).evidence, "return") * 4 == 1

    def test_terms_that_mean_nothing_are_refused(self):
        with pytest.raises(InvalidPolicy, match="add up to 1"):
            EquityDrivers(value="0.5", brand="0.2", relationship="0.2")
        with pytest.raises(InvalidPolicy, match="the share of value lies between"):
            EquityDrivers(value="1.5", brand="-0.5", relationship=0)
        with pytest.raises(InvalidPolicy, match="one of EquityDriver: value, brand"):
            EquityChange(as_of=DAY, equity=euros(1), changes={"price": 1})  # type: ignore[dict-item]
        with pytest.raises(InvalidPolicy, match="an investment is above zero"):
            EquityChange(as_of=DAY, equity=euros(1), changes={}, investment=euros(0))
        with pytest.raises(CurrencyMismatch):
            EquityChange(as_of=DAY, equity=euros(1), changes={}, investment=Money(1, "USD"))
