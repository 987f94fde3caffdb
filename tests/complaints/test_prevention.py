"""What happened once does not happen again: causes, actions, and the proof that they help."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmkit.complaints.records.prevention import (
    ActionKind,
    ActionState,
    CaseStudy,
    CorrectiveAction,
    EffectivenessCheck,
    InternalNotice,
    RootCause,
)
from crmkit.errors import InvalidIdentifier, InvalidValue
from crmkit.identifiers import Actor, ComplaintId
from crmkit.serialization import make_converter

K1, K2, K9 = ComplaintId("K-1"), ComplaintId("K-2"), ComplaintId("K-9")
ANN, BOB = Actor("ann"), Actor("bob")
DUE, CHECK = date(2026, 6, 15), date(2026, 9, 1)
DAY = timedelta(days=1)

ACTION = CorrectiveAction(
    id="A-1",
    complaints=(K1, K2),
    kind=ActionKind.CORRECTIVE,
    what="pad the corners of the box",
    owner=ANN,
    due_on=DUE,
    check=EffectivenessCheck(due_on=CHECK, judged_by_what="no blemish in 500 deliveries"),
)
CAUSE = RootCause(
    id="R-1",
    complaints=(K1, K2),
    cause="packaging",
    unit="dispatch",
    person=ANN,
    head=BOB,
    found_on=date(2026, 5, 20),
    explanation="Ann ran out of padding and sent it anyway",
)
NOTICE = InternalNotice(
    id="N-1",
    complaints=(K1,),
    to_units=("dispatch", "sales"),
    by=BOB,
    on=date(2026, 5, 21),
    text="no box leaves without padding",
)
STUDY = CaseStudy(
    id="S-1",
    complaints=(K1,),
    area="engineering-quality",
    problem="corners break in transport",
    evidence=("photo-17", "carrier-report-3"),
    responsible_unit="dispatch",
    lesson="test every new box by dropping it",
    written_on=date(2026, 10, 1),
)


class TestAccountability:
    """The direct person and the head of the department both answer for it."""

    def test_both_are_named(self):
        assert CAUSE.accountable == (ANN, BOB)

    @pytest.mark.parametrize("name", ["bob", "Bob"])
    def test_a_head_who_was_at_work_answers_once(self, name):
        assert evolve(CAUSE, person=Actor(name)).accountable == (Actor(name),)

    @pytest.mark.parametrize("name", ["id", "person", "head", "unit", "cause"])
    def test_nobody_is_left_out(self, name):
        nobody: dict[str, Any] = {name: ""}
        with pytest.raises(InvalidIdentifier):
            evolve(CAUSE, **nobody)

    def test_what_is_said_of_a_person_stays_out_of_the_repr(self):
        assert "padding" not in repr(CAUSE)
        assert "padding" not in repr(NOTICE)


class TestStateOfAnAction:
    """Open, overdue, done, and then proven or not."""

    @pytest.mark.parametrize(
        ("action", "as_of", "state"),
        [
            (ACTION, DUE, ActionState.OPEN),
            (ACTION, DUE + DAY, ActionState.OVERDUE),
            (ACTION.done(DUE), DUE - DAY, ActionState.OPEN),
            (ACTION.done(DUE + 3 * DAY), DUE + DAY, ActionState.OVERDUE),
            (ACTION.done(DUE + 3 * DAY), DUE + 3 * DAY, ActionState.DONE),
            (ACTION.done(DUE), CHECK, ActionState.DONE),
            (ACTION.done(DUE), CHECK + DAY, ActionState.CHECK_OVERDUE),
        ],
    )
    def test_by_its_days(self, action, as_of, state):
        assert action.state(as_of) is state

    @pytest.mark.parametrize(
        ("effective", "state"), [(True, ActionState.EFFECTIVE), (False, ActionState.INEFFECTIVE)]
    )
    def test_by_its_check(self, effective, state):
        checked = ACTION.done(DUE).checked(CHECK, BOB, effective=effective)
        assert checked.state(CHECK) is state
        assert checked.state(CHECK - DAY) is ActionState.DONE

    def test_the_same_again_after_it_was_done_proves_it_of_no_use(self):
        action = ACTION.done(DUE).checked(CHECK, BOB, effective=True).recurred(K9, CHECK + DAY)
        assert action.state(CHECK) is ActionState.EFFECTIVE
        assert action.state(CHECK + DAY) is ActionState.INEFFECTIVE

    @pytest.mark.parametrize("on", [DUE - DAY, DUE])
    def test_what_came_before_it_was_done_proves_nothing(self, on):
        assert ACTION.done(DUE).recurred(K9, on).state(CHECK) is ActionState.DONE

    def test_a_recurrence_is_linked_once(self):
        again = ACTION.done(DUE).recurred(K9, CHECK)
        assert again.recurred(K9, CHECK) == again
        with pytest.raises(InvalidValue, match="once"):
            evolve(again, recurrences=again.recurrences * 2)

    def test_a_complaint_that_is_reopened_comes_again(self):
        assert ACTION.done(DUE).recurred(K1, CHECK).state(CHECK) is ActionState.INEFFECTIVE

    @given(st.lists(st.tuples(st.sampled_from("XYZ"), st.integers(-9, 9)), max_size=5))
    def test_in_whatever_order_recurrences_are_linked(self, found):
        days = [(ComplaintId(number), DUE + days * DAY) for number, days in found]
        one = two = ACTION.done(DUE)
        for number, day in days:
            one = one.recurred(number, day)
        for number, day in reversed(days):
            two = two.recurred(number, day)
        assert one == two
        vain = any(day > DUE for _, day in days)
        assert (one.state(CHECK) is ActionState.INEFFECTIVE) is vain

    @given(st.integers(0, 200), st.integers(0, 200))
    def test_an_action_on_time_is_never_overdue(self, done_after, asked_after):
        start = date(2026, 1, 1)
        action = ACTION.done(start + done_after * DAY)
        state = action.state(start + asked_after * DAY)
        late = start + max(0, asked_after) * DAY > DUE and asked_after < done_after
        assert (state is ActionState.OVERDUE) is late


class TestChecks:
    """Whether it helped is judged by somebody else, after it was done."""

    @pytest.mark.parametrize("name", ["ann", "Ann", "ＡＮＮ"])
    def test_the_owner_does_not_check_under_whatever_spelling(self, name):
        with pytest.raises(InvalidValue, match="not its owner"):
            ACTION.done(DUE).checked(CHECK, Actor(name), effective=True)

    def test_what_is_not_done_is_not_checked(self):
        with pytest.raises(InvalidValue, match="after it is done"):
            ACTION.checked(CHECK, BOB, effective=True)

    def test_a_check_before_the_work(self):
        with pytest.raises(InvalidValue, match="after it is done"):
            ACTION.done(DUE).checked(DUE - DAY, BOB, effective=True)

    def test_on_the_very_day_is_fine(self):
        assert ACTION.done(DUE).checked(DUE, BOB, effective=True).state(DUE) == "effective"

    @pytest.mark.parametrize(
        "result",
        [{"checked_on": CHECK}, {"checked_by": BOB}, {"effective": True}],
    )
    def test_half_a_result(self, result):
        with pytest.raises(InvalidValue, match="name all three"):
            evolve(ACTION.check, **result)


class TestWhatIsRefused:
    """Entries that nobody could use."""

    @pytest.mark.parametrize("record", [ACTION, CAUSE, NOTICE, STUDY])
    @pytest.mark.parametrize("complaints", [(), (K1, K1)])
    def test_no_complaint_or_one_twice(self, record, complaints):
        with pytest.raises(InvalidValue, match="each once"):
            evolve(record, complaints=complaints)

    @pytest.mark.parametrize(
        ("record", "name"),
        [
            (ACTION, "what"),
            (ACTION.check, "judged_by_what"),
            (CAUSE, "explanation"),
            (NOTICE, "text"),
            (STUDY, "problem"),
            (STUDY, "lesson"),
        ],
    )
    def test_texts_that_say_nothing(self, record, name):
        with pytest.raises(InvalidValue, match="is empty"):
            evolve(record, **{name: " "})

    @pytest.mark.parametrize(("record", "name"), [(STUDY, "evidence"), (NOTICE, "to_units")])
    def test_lists_of_nothing(self, record, name):
        with pytest.raises(InvalidValue, match=r"unit or more|names its evidence"):
            evolve(record, **{name: ()})

    @pytest.mark.parametrize(
        ("record", "name"),
        [(ACTION, "due_on"), (ACTION, "done_on"), (CAUSE, "found_on"), (STUDY, "written_on")],
    )
    def test_instants_are_no_days(self, record, name):
        with pytest.raises(InvalidValue, match=name):
            evolve(record, **{name: datetime(2026, 5, 5)})  # noqa: DTZ001


class TestAsData:
    """All of it can be kept."""

    def test_written_and_read_again(self):
        done = ACTION.done(DUE).checked(CHECK, BOB, effective=True).recurred(K9, CHECK)
        converter = make_converter(CorrectiveAction, RootCause, InternalNotice, CaseStudy)
        for item in (ACTION, done, CAUSE, NOTICE, STUDY):
            assert converter.loads(converter.dumps(item)) == item
