"""The stage of a relationship, and its central task."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import InvalidPolicy
from crmkit.segmentation.policies.decline import DeclineDetector, RelationshipTrend
from crmkit.segmentation.policies.lifecycle_stage import (
    CENTRAL_TASKS,
    LifecycleStage,
    LifecycleStages,
)
from tests.segmentation.policy_laws import DAY, assert_policy_laws
from tests.segmentation.test_decline import relationship, relationships

INVESTIGATION, DEVELOPMENT, STABILITY, DECLINE = ORDER = list(LifecycleStage)
STAGES = LifecycleStages(
    development_from_purchases=2,
    stability_from_purchases=12,
    stability_from_days=730,
    decline=DeclineDetector(shrinks_by="0.20"),
)

histories = st.builds(
    lambda facts, purchases, days: evolve(
        facts, purchases=purchases, since=DAY - timedelta(days=days)
    ),
    relationships,
    st.integers(0, 20),
    st.integers(0, 1_000),
)


class TestLifecycleStages:
    """Investigation, development, stability, decline."""

    @given(st.lists(histories, min_size=1, max_size=8))
    def test_laws_of_a_policy(self, facts):
        assert_policy_laws(STAGES, facts)

    @given(histories)
    def test_it_agrees_with_the_rule_read_aloud(self, facts):
        expected = INVESTIGATION
        if facts.purchases >= 2:
            expected = DEVELOPMENT
        if facts.purchases >= 12 and facts.days >= 730:
            expected = STABILITY
        if STAGES.decline(facts).outcome is RelationshipTrend.DECLINING:
            expected = DECLINE
        assert STAGES(facts).outcome is expected

    @given(histories)
    def test_the_stage_can_be_read_off_the_evidence(self, facts):
        decision = STAGES(facts)
        met = [item.criterion for item in decision.evidence if item.met]
        assert decision.outcome == [*met, "investigation"][0]

    @given(histories, st.integers(0, 20), st.integers(0, 500))
    def test_more_purchases_and_more_time_never_move_a_customer_back(self, facts, more, days):
        later = evolve(
            facts, purchases=facts.purchases + more, since=facts.since - timedelta(days=days)
        )
        assert ORDER.index(STAGES(later).outcome) >= ORDER.index(STAGES(facts).outcome)

    @pytest.mark.parametrize(
        ("purchases", "days", "stage"),
        [
            (0, 900, INVESTIGATION),
            (1, 900, INVESTIGATION),
            (2, 0, DEVELOPMENT),
            (11, 900, DEVELOPMENT),
            (12, 729, DEVELOPMENT),
            (12, 730, STABILITY),
        ],
    )
    def test_reaching_the_numbers_is_enough(self, purchases, days, stage):
        facts = evolve(relationship(), purchases=purchases, since=DAY - timedelta(days=days))
        assert STAGES(facts).outcome is stage

    def test_decline_can_happen_at_any_time(self):
        facts = evolve(relationship(500, 400, "late payment"), purchases=1, since=DAY)
        assert STAGES(facts).outcome is DECLINE


class TestCentralTasks:
    """Each stage has a task that is central in it."""

    @pytest.mark.parametrize(
        ("stage", "tasks"),
        [
            (INVESTIGATION, ("attract", "build the relationship")),
            (
                DEVELOPMENT,
                ("keep the customer", "raise its value", "strengthen ties", "raise retention"),
            ),
            (STABILITY, ("satisfy", "prolong the stage")),
            (DECLINE, ("spot the signs", "judge the worth", "restore or end")),
        ],
    )
    def test_the_tasks_of_the_catalog(self, stage, tasks):
        assert STAGES.tasks_for(stage) == tasks

    def test_tasks_of_ones_own(self):
        own = {**CENTRAL_TASKS, DECLINE: ["call"]}
        assert evolve(STAGES, tasks=own).tasks_for(DECLINE) == ("call",)

    @pytest.mark.parametrize(
        ("changes", "why"),
        [
            ({"tasks": {DECLINE: ["call"]}}, "missing: development, investigation, stability"),
            ({"development_from_purchases": 0}, "development begins with 1 purchase"),
            ({"development_from_purchases": 13}, "stability not before"),
            ({"stability_from_days": -1}, "count from 0"),
        ],
    )
    def test_terms_that_contradict_each_other_are_refused(self, changes: dict[str, Any], why: str):
        with pytest.raises(InvalidPolicy, match=why):
            evolve(STAGES, **changes)

    def test_terms_at_their_ends(self):
        at_once = evolve(
            STAGES,
            development_from_purchases=1,
            stability_from_purchases=1,
            stability_from_days=0,
        )
        assert at_once(evolve(relationship(), purchases=1, since=DAY)).outcome is STABILITY
