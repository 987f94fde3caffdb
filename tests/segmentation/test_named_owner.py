"""Special customers have a named person."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import InvalidPolicy, InvalidValue
from crmkit.identifiers import Actor, CustomerId
from crmkit.segmentation.policies.named_owner import (
    LATER_PREFERENCES,
    CareFacts,
    LaterStage,
    NamedOwner,
    OwnerNeed,
)
from crmkit.segmentation.policies.pyramid import PyramidLayer
from tests.segmentation.policy_laws import DAY, assert_policy_laws

POLICY = NamedOwner(special=[PyramidLayer.PLATINUM, PyramidLayer.GOLD])


def cared_for(customer_class: str = "gold", owner: str | None = None) -> CareFacts:
    """A customer of a class, and who looks after it."""
    return CareFacts(
        customer=CustomerId("C-7"),
        as_of=DAY,
        customer_class=customer_class,
        owner=None if owner is None else Actor(owner),
    )


customers = st.builds(cared_for, st.sampled_from(PyramidLayer), st.none() | st.just("Ms Li"))


class TestNamedOwner:
    """Special customers get a named person."""

    @given(st.lists(customers, min_size=1, max_size=8))
    def test_laws_of_a_policy(self, facts):
        assert_policy_laws(POLICY, facts)

    @pytest.mark.parametrize(
        ("facts", "need"),
        [
            (cared_for("gold"), OwnerNeed.MISSING),
            (cared_for("gold", "Ms Li"), OwnerNeed.IN_PLACE),
            (cared_for("iron"), OwnerNeed.NOT_NEEDED),
            (cared_for("iron", "Ms Li"), OwnerNeed.NOT_NEEDED),
        ],
    )
    def test_who_needs_one_and_who_has_one(self, facts, need):
        decision = POLICY(facts)
        assert decision.outcome is need
        special, named = (item.met for item in decision.evidence)
        assert (special, named) == (facts.customer_class == "gold", facts.owner is not None)

    def test_the_name_of_the_person_stays_out_of_the_evidence(self):
        assert "Li" not in repr(POLICY(cared_for("gold", "Ms Li")).evidence)

    def test_what_customers_look_for_in_later_stages(self):
        """Consolidation: brand range, staff service, value consistency. Distancing: indirect."""
        assert POLICY.preferences_in(LaterStage.CONSOLIDATION) == (
            "brand range",
            "staff service",
            "value consistency",
        )
        assert POLICY.preferences_in(LaterStage.DISTANCING) == ("indirect contact",)

    def test_preferences_of_ones_own(self):
        own = {**LATER_PREFERENCES, LaterStage.DISTANCING: ["letters"]}
        assert evolve(POLICY, preferences=own).preferences_in(LaterStage.DISTANCING) == ("letters",)

    @pytest.mark.parametrize(
        ("changes", "why"),
        [
            ({"special": []}, "name at least one class"),
            ({"special": ["gold", "gold"]}, "names of their own"),
            ({"preferences": {}}, "missing: consolidation, distancing"),
        ],
    )
    def test_terms_that_make_no_sense_are_refused(self, changes: dict[str, Any], why: str):
        with pytest.raises(InvalidPolicy, match=why):
            evolve(POLICY, **changes)

    @pytest.mark.parametrize(
        "changes",
        [
            {"customer": ""},
            {"as_of": None},
            {"customer_class": ""},
            {"customer_class": None},
            {"owner": ""},
        ],
    )
    def test_facts_that_could_not_be_kept_are_refused(self, changes: dict[str, Any]):
        with pytest.raises(InvalidValue):
            evolve(cared_for(), **changes)
