"""LOY-07: four steps to keep customers, each built on the one below."""

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmkit.decision import explain
from crmkit.errors import InvalidIdentifier, InvalidPolicy, InvalidValue
from crmkit.loyalty import (
    MAINTENANCE_LADDER,
    MaintenanceFacts,
    MaintenancePlan,
    MaintenanceStep,
    MaintenanceTerm,
)
from crmkit.serialization import make_converter
from tests.loyalty.loyal import ANNA, DAY

REWARD, BOND, SERVICE, LINK = MaintenanceStep
PLAN = MaintenancePlan(
    terms=[
        MaintenanceTerm(segments=["gold", "partner"], up_to=LINK),
        MaintenanceTerm(segments=["silver"], up_to=BOND),
        MaintenanceTerm(segments=["staff"], up_to=None),
    ],
    rest=REWARD,
)


def member(segment, *in_place):
    return MaintenanceFacts(customer=ANNA, as_of=DAY, segment=segment, in_place=in_place)


members = st.builds(
    lambda segment, steps: member(segment, *steps),
    st.sampled_from(["gold", "partner", "silver", "staff", "new"]),
    st.sets(st.sampled_from(MaintenanceStep)),
)


class TestTheLadder:
    """What is to be expected of each step is data."""

    def test_there_are_four_steps_in_order(self):
        assert [str(note.step) for note in MAINTENANCE_LADDER] == [
            "financial-reward",
            "social-bond",
            "personal-service",
            "structural-link",
        ]
        assert [step.note.step for step in MaintenanceStep] == list(MaintenanceStep)
        assert all(note.means for note in MAINTENANCE_LADDER)

    def test_the_first_is_easily_copied_and_draws_few_and_the_last_works_best(self):
        assert [note.easily_copied for note in MAINTENANCE_LADDER] == [True, False, False, False]
        assert [note.draws_few for note in MAINTENANCE_LADDER] == [True, False, False, False]
        assert [note.effectiveness for note in MAINTENANCE_LADDER] == [1, 2, 3, 4]

    def test_each_is_built_on_all_below(self):
        assert REWARD.builds_on == ()
        assert LINK.builds_on == (REWARD, BOND, SERVICE)


class TestMaintenancePlan:
    """Which steps a segment or tier gets, and which comes next."""

    @pytest.mark.parametrize(
        ("segment", "steps"),
        [
            ("gold", (REWARD, BOND, SERVICE, LINK)),
            ("partner", (REWARD, BOND, SERVICE, LINK)),
            ("silver", (REWARD, BOND)),
            ("staff", ()),
            ("new", (REWARD,)),
        ],
    )
    def test_a_segment_gets_all_steps_up_to_the_one_named(self, segment, steps):
        assert PLAN.steps_for(segment) == steps
        assert PLAN(member(segment)).outcome.steps == steps

    @given(members)
    def test_the_steps_are_the_ladder_from_its_foot(self, facts):
        steps = PLAN(facts).outcome.steps
        assert steps == tuple(MaintenanceStep)[: len(steps)]

    @given(members)
    def test_the_next_step_is_the_lowest_that_is_missing(self, facts):
        found = PLAN(facts).outcome
        missing = [step for step in found.steps if step not in facts.in_place]
        assert found.next_step == (missing[0] if missing else None)
        if found.next_step:
            assert set(found.next_step.builds_on) <= facts.in_place

    def test_a_link_without_a_bond_has_the_bond_made_first(self):
        assert PLAN(member("gold", REWARD, LINK)).outcome.next_step is BOND

    @given(st.lists(members, max_size=6))
    def test_a_batch_gives_what_one_by_one_gives(self, many):
        assert PLAN.outcomes(iter(many)) == [PLAN(item).outcome for item in many]

    def test_whom_no_term_names_gets_nothing_unless_it_is_said(self):
        assert evolve(PLAN, rest=None).steps_for("new") == ()
        assert str(evolve(PLAN, rest=None)(member("new")).outcome) == "no steps"

    def test_it_says_which_term_and_what_is_in_place(self):
        assert explain(PLAN(member("silver", REWARD, SERVICE))).splitlines() == [
            "financial reward, social bond for anna, by maintenance plan, as of 2026-06-30",
            "- not met: segment is silver; one of gold, partner required",
            "- met: segment is silver; one of silver required",
            "- not met: segment is silver; one of staff required",
            "- noted: up to is social-bond",
            "- noted: in place is financial-reward",
            "- noted: in place is personal-service",
        ]
        assert explain(PLAN(member("staff"))).splitlines()[-1] == "- noted: up to is no step"

    def test_it_is_kept_as_a_document(self):
        converter = make_converter(MaintenancePlan)
        assert converter.loads(converter.dumps(PLAN)) == PLAN

    @pytest.mark.parametrize(
        "terms",
        [
            [MaintenanceTerm(segments=["gold"], up_to=BOND)] * 2,
            [MaintenanceTerm(segments=["gold", "gold"], up_to=BOND)],
        ],
    )
    def test_a_segment_stands_in_one_term(self, terms):
        with pytest.raises(InvalidPolicy, match="stands twice"):
            MaintenancePlan(terms=terms)

    @pytest.mark.parametrize("step", ["social-bond", 2])
    def test_a_step_is_a_step(self, step):
        with pytest.raises(InvalidPolicy, match="MaintenanceStep"):
            MaintenanceTerm(segments=["gold"], up_to=step)
        with pytest.raises(InvalidPolicy, match="MaintenanceStep"):
            evolve(PLAN, rest=step)
        with pytest.raises(InvalidValue, match="MaintenanceStep"):
            member("gold", step)

    @pytest.mark.parametrize("segments", [[], "gold"])
    def test_a_term_is_for_segments(self, segments):
        with pytest.raises(InvalidPolicy):
            MaintenanceTerm(segments=segments, up_to=BOND)

    def test_segments_are_words(self):
        with pytest.raises(InvalidIdentifier):
            MaintenanceTerm(segments=[""], up_to=BOND)
        with pytest.raises(InvalidIdentifier):
            member("")
