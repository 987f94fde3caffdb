"""Why customers leave, what is done against it, and the behaviour that loses them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import InvalidIdentifier, InvalidPolicy
from crmkit.retention import ChurnCause, LosingBehaviour, Prevention, PreventionPlan

preventions = st.lists(st.sampled_from(Prevention), min_size=1, unique=True)
plans = st.fixed_dictionaries(dict.fromkeys(ChurnCause, preventions)).map(
    lambda by_cause: PreventionPlan({str(cause): words for cause, words in by_cause.items()})
)


class TestWords:
    """CHU-01 names six causes; CHU-06 names seven preventions and five losing behaviours."""

    def test_there_are_six_causes(self):
        assert [str(cause) for cause in ChurnCause] == [
            "no-innovation",
            "weak-service",
            "blocked-channels",
            "agent-left",
            "new-temptation",
            "short-term-behaviour",
        ]

    def test_there_are_seven_preventions(self):
        assert [str(prevention) for prevention in Prevention] == [
            "quality",
            "service",
            "lower-customer-cost",
            "cost-of-the-lost",
            "market-watch",
            "complaint-system",
            "linked-relations",
        ]

    def test_there_are_five_losing_behaviours(self):
        assert [str(behaviour) for behaviour in LosingBehaviour] == [
            "self-excuse",
            "ignoring-feedback",
            "slackness",
            "harming-rivals-name",
            "assuming",
        ]


class TestPreventionPlan:
    """Which prevention is good against which cause is data that a shop changes."""

    def test_the_usual_plan_uses_every_prevention(self):
        plan = PreventionPlan.usual()
        assert {word for cause in ChurnCause for word in plan.against(cause)} == set(Prevention)

    @given(plans)
    def test_a_prevention_is_against_a_cause_just_when_the_cause_is_met_by_it(self, plan):
        for cause in ChurnCause:
            for prevention in Prevention:
                there = prevention in plan.against(cause)
                assert there == (cause in plan.causes_met_by(prevention))

    @given(plans, st.sampled_from(ChurnCause), preventions)
    def test_a_change_is_about_one_cause_alone(self, plan, changed, words):
        after = plan.with_cause(changed, words)
        assert after.against(changed) == tuple(words)
        assert all(after.against(c) == plan.against(c) for c in ChurnCause if c is not changed)

    def test_the_first_thing_of_the_first_cause_comes_first_and_nothing_twice(self):
        plan = PreventionPlan.usual()
        assert plan.against(ChurnCause.BLOCKED_CHANNELS, ChurnCause.WEAK_SERVICE) == (
            "market-watch",
            "complaint-system",
            "service",
        )
        assert plan.against() == ()

    def test_the_order_in_which_causes_are_written_does_not_matter(self):
        usual = PreventionPlan.usual()
        assert PreventionPlan(dict(reversed(list(usual.by_cause.items())))) == usual

    @pytest.mark.parametrize("cause", ChurnCause)
    def test_none_of_the_six_may_be_left_out(self, cause):
        rest = {c: words for c, words in PreventionPlan.usual().by_cause.items() if c != cause}
        with pytest.raises(InvalidPolicy, match=f"all six causes: add {cause}"):
            PreventionPlan(rest)

    def test_against_every_cause_something_is_done(self):
        with pytest.raises(InvalidPolicy, match="one prevention or more"):
            PreventionPlan.usual().with_cause("late-parcels", [])

    def test_a_single_text_is_not_cut_into_letters(self):
        with pytest.raises(InvalidPolicy, match="pass a tuple of preventions"):
            PreventionPlan.usual().with_cause("late-parcels", "service")

    def test_a_cause_that_the_plan_does_not_know_is_told_apart_from_one_without_an_answer(self):
        with pytest.raises(InvalidPolicy, match="the plan knows agent-left, "):
            PreventionPlan.usual().against("no-such-cause")

    @pytest.mark.parametrize(("cause", "words"), [(" ", ["service"]), ("late", [""])])
    def test_words_can_serve_as_keys(self, cause, words):
        with pytest.raises(InvalidIdentifier):
            PreventionPlan.usual().with_cause(cause, words)
