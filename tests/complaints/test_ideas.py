"""A complaint becomes a product: ideas are linked to where they came from."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import product

import pytest
from attrs import evolve

from crmkit.complaints.records.ideas import (
    IDEA_LIFECYCLE,
    Idea,
    IdeaAction,
    IdeaStatus,
    IdeaStep,
)
from crmkit.errors import IllegalTransition, InvalidValue
from crmkit.identifiers import Actor, ComplaintId
from crmkit.serialization import make_converter

DAY = date(2026, 5, 4)
IDEA = Idea(
    id="I-1",
    complaints=(ComplaintId("K-1"), ComplaintId("K-4")),
    text="a sofa that is taken apart for narrow stairs",
    by=Actor("ann"),
    on=DAY,
)
A, S = IdeaAction, IdeaStatus


def step(action: IdeaAction, on: date) -> IdeaStep:
    """Something done with an idea."""
    return IdeaStep(action=action, by=Actor("bob"), on=on, reason="as agreed")


def walked(*actions: IdeaAction) -> Idea:
    """The idea after these actions."""
    idea = IDEA
    for action in actions:
        idea = idea.after(step(action, DAY))
    return idea


class TestIdea:
    """Proposed, reviewed, accepted and realized; or rejected, for now."""

    @pytest.mark.parametrize(
        ("actions", "status"),
        [
            ((), S.PROPOSED),
            ((A.REVIEW,), S.UNDER_REVIEW),
            ((A.REVIEW, A.ACCEPT), S.ACCEPTED),
            ((A.REVIEW, A.ACCEPT, A.REALIZE), S.REALIZED),
            ((A.REVIEW, A.REJECT), S.REJECTED),
            ((A.REVIEW, A.ACCEPT, A.REJECT), S.REJECTED),
            ((A.REVIEW, A.REJECT, A.RECONSIDER), S.UNDER_REVIEW),
        ],
    )
    def test_the_ways_of_an_idea(self, actions, status):
        assert walked(*actions).status is status

    @pytest.mark.parametrize(("status", "action"), list(product(IdeaStatus, IdeaAction)))
    def test_whatever_is_not_in_the_table_is_refused(self, status, action):
        ways = {
            S.PROPOSED: (),
            S.UNDER_REVIEW: (A.REVIEW,),
            S.ACCEPTED: (A.REVIEW, A.ACCEPT),
            S.REJECTED: (A.REVIEW, A.REJECT),
            S.REALIZED: (A.REVIEW, A.ACCEPT, A.REALIZE),
        }
        allowed = {
            (S.PROPOSED, A.REVIEW),
            (S.UNDER_REVIEW, A.ACCEPT),
            (S.UNDER_REVIEW, A.REJECT),
            (S.ACCEPTED, A.REALIZE),
            (S.ACCEPTED, A.REJECT),
            (S.REJECTED, A.RECONSIDER),
        }
        if (status, action) in allowed:
            walked(*ways[status], action)
        else:
            with pytest.raises(IllegalTransition):
                walked(*ways[status], action)

    def test_every_word_stands_in_the_table(self):
        assert set(IDEA_LIFECYCLE.statuses) == set(IdeaStatus)
        assert set(IDEA_LIFECYCLE.actions) == set(IdeaAction)

    def test_a_trail_that_leaves_the_table_is_not_built(self):
        step = IdeaStep(action=A.REALIZE, by=Actor("bob"), on=DAY, reason="at once")
        with pytest.raises(IllegalTransition, match="cannot realize from proposed"):
            Idea(id="I-2", complaints=IDEA.complaints, text="x", by=IDEA.by, on=DAY, trail=(step,))

    def test_an_idea_comes_from_a_complaint(self):
        with pytest.raises(InvalidValue, match="one complaint or more"):
            Idea(id="I-2", complaints=(), text="x", by=IDEA.by, on=DAY)

    @pytest.mark.parametrize(
        "wrong", [{"id": ""}, {"text": " "}, {"by": ""}, {"on": datetime(2026, 5, 4, tzinfo=UTC)}]
    )
    def test_an_idea_says_what_whose_and_when(self, wrong):
        with pytest.raises(InvalidValue):
            evolve(IDEA, **wrong)

    @pytest.mark.parametrize("wrong", [{"by": ""}, {"on": datetime(2026, 5, 4, tzinfo=UTC)}])
    def test_a_step_says_who_and_when(self, wrong):
        step = IdeaStep(action=A.REVIEW, by=IDEA.by, on=DAY, reason="as agreed")
        with pytest.raises(InvalidValue):
            evolve(step, **wrong)

    def test_a_step_has_a_reason(self):
        with pytest.raises(InvalidValue, match="a reason is empty"):
            IdeaStep(action=A.REVIEW, by=IDEA.by, on=DAY, reason="")

    @pytest.mark.parametrize("day", [2, 3])
    def test_steps_are_taken_in_the_order_of_days(self, day):
        reviewed = IDEA.after(step(A.REVIEW, date(2026, 5, 6)))
        for idea, action in ((reviewed, A.ACCEPT), (IDEA, A.REVIEW)):
            with pytest.raises(InvalidValue, match="not before the one above"):
                idea.after(step(action, date(2026, 5, day)))

    def test_two_months_from_the_sofa_to_the_design(self):
        days = {A.REVIEW: date(2026, 5, 6), A.ACCEPT: date(2026, 5, 9), A.REALIZE: date(2026, 7, 4)}
        idea = IDEA
        for action, on in days.items():
            assert idea.days_to_realize is None
            idea = idea.after(step(action, on))
        assert idea.days_to_realize == 61

    def test_written_and_read_again(self):
        converter = make_converter(Idea)
        idea = walked(A.REVIEW, A.ACCEPT)
        assert converter.loads(converter.dumps(idea)) == idea
