"""Good and poor lists."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from attrs import evolve, frozen
from hypothesis import given
from hypothesis import strategies as st

from crmkit.decision import Comparison
from crmkit.errors import InvalidPolicy
from crmkit.identifiers import CustomerId
from crmkit.money import Money
from crmkit.segmentation.policies.conditions import Condition
from crmkit.segmentation.policies.lists import CustomerLists, ListGround, Listing
from crmkit.segmentation.policies.service_level import ServiceLevel
from tests.segmentation.policy_laws import DAY, assert_policy_laws

POOR, GOOD, UNLISTED = Listing


@frozen(kw_only=True)
class IntegratedFacts:
    """What the systems of a company know of a customer together."""

    customer: CustomerId
    as_of: date
    value: Money
    overdue: Money
    claims: int | None = None


def customer(value: int = 0, overdue: int = 0, claims: int | None = None) -> IntegratedFacts:
    """A customer worth so much, with so much overdue and so many claims."""
    return IntegratedFacts(
        customer=CustomerId("C-7"),
        as_of=DAY,
        value=Money(value, "EUR"),
        overdue=Money(overdue, "EUR"),
        claims=claims,
    )


BUYS = ListGround("buys much", Condition("value", Comparison.AT_LEAST, Money(5_000, "EUR")))
OWES = ListGround("does not pay", Condition("overdue", Comparison.ABOVE, Money(100, "EUR")))
CLAIMS = ListGround("claims often", Condition("claims", Comparison.AT_LEAST, 3))
SERVICE = {
    GOOD: ServiceLevel(priority=1, contacts_per_year=12, support=("a manager",)),
    UNLISTED: ServiceLevel(priority=2, contacts_per_year=4),
    POOR: ServiceLevel(priority=3, contacts_per_year=0, support=("prepaid only",)),
}
LISTS = CustomerLists(good=[BUYS], poor=[OWES, CLAIMS], service=SERVICE)

customers = st.builds(
    customer,
    st.sampled_from([0, 4_999, 5_000, 9_000]),
    st.sampled_from([0, 100, 101, 900]),
    st.none() | st.integers(0, 5),
)


class TestCustomerLists:
    """Lists make themselves from integrated data, and lead to differentiated service."""

    @given(st.lists(customers, min_size=1, max_size=8))
    def test_laws_of_a_policy(self, facts):
        assert_policy_laws(LISTS, facts)

    @given(customers)
    def test_the_list_can_be_read_off_the_evidence(self, facts):
        decision = LISTS(facts)
        met = [name for name, item in zip(Listing, decision.evidence, strict=False) if item.met]
        assert decision.outcome is [*met, UNLISTED][0]

    @pytest.mark.parametrize(
        ("facts", "listing", "grounds"),
        [
            (customer(5_000), GOOD, ["buys much"]),
            (customer(4_999), UNLISTED, []),
            (customer(0, 101), POOR, ["does not pay"]),
            (customer(0, 100), UNLISTED, []),
            (customer(0, 101, 3), POOR, ["does not pay", "claims often"]),
        ],
    )
    def test_each_list_with_its_grounds(self, facts, listing, grounds):
        decision = LISTS(facts)
        met = [
            ground.criterion for item in decision.evidence for ground in item.parts if ground.met
        ]
        assert (decision.outcome, met) == (listing, grounds)

    def test_a_ground_against_outweighs_any_in_favor(self):
        decision = LISTS(customer(9_000, 900))
        assert decision.outcome is POOR
        assert [item.met for item in decision.evidence] == [True, True]

    def test_what_is_not_known_is_no_ground(self):
        assert LISTS(customer(claims=None)).outcome is UNLISTED

    def test_each_list_gets_its_service(self):
        assert LISTS.service_for(LISTS(customer(9_000)).outcome).support == ("a manager",)
        assert LISTS.service_for(LISTS(customer(0, 900)).outcome).support == ("prepaid only",)

    @pytest.mark.parametrize(
        ("changes", "why"),
        [
            ({"good": []}, "each list has a ground"),
            ({"poor": []}, "each list has a ground"),
            ({"poor": [evolve(OWES, ground="buys much")]}, "grounds need names of their own"),
            ({"service": {GOOD: SERVICE[GOOD]}}, "missing: poor, unlisted"),
        ],
    )
    def test_terms_that_make_no_sense_are_refused(self, changes: dict[str, Any], why: str):
        with pytest.raises(InvalidPolicy, match=why):
            evolve(LISTS, **changes)
