"""CUS-12: the file of a customer holds the contact plan, the process and the result."""

from __future__ import annotations

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import InvalidValue
from crmkit.followups import (
    Assigned,
    Cancelled,
    ContactFile,
    Done,
    Missed,
    Rescheduled,
)
from crmkit.identifiers import CustomerId, InteractionId
from tests.followups.builders import (
    ANNA,
    BEN,
    BERLIN,
    C7,
    CLARA,
    DAY,
    FRIDAY,
    MONDAY,
    at,
    contact,
    done,
    go,
    planned,
)
from tests.followups.test_overdue import lists

SATURDAY = FRIDAY + DAY
days = st.integers(0, 30).map(lambda count: MONDAY + count * DAY)
contacts = st.lists(
    st.builds(
        lambda day, customer: contact(day, customer=CustomerId(customer)),
        days,
        st.sampled_from(["C-7", "C-8"]),
    ),
    max_size=5,
    unique_by=lambda each: each.id,
)


class TestContactFile:
    @given(lists, contacts, st.randoms())
    def test_nothing_of_the_customer_is_left_out_and_nothing_of_others_gets_in(
        self, every, interactions, chance
    ):
        file = ContactFile.of(C7, every, interactions)
        mine = [each for each in every if each.customer == C7]
        assert {each.id for each in file.plan} == {each.id for each in mine if each.is_owed}
        assert {r.follow_up.id for r in file.results} == {each.id for each in mine if each.done}
        through = {each.done.interaction for each in mine if each.done}
        assert [each.id for each in file.unplanned] == [
            each.id
            for each in sorted(interactions, key=lambda each: each.at)
            if each.customer == C7 and each.id not in through
        ]
        assert len(file.process) == sum(len(each.trail) for each in mine) + len(file.unplanned)
        mixed, others = [*every, *every], [*interactions, *interactions]
        chance.shuffle(mixed)
        chance.shuffle(others)
        assert ContactFile.of(C7, mixed, others) == file

    @given(lists, contacts)
    def test_everything_stands_in_the_order_in_which_it_happened(self, every, interactions):
        file = ContactFile.of(C7, every, interactions)
        for found in (
            [step.at for step in file.process],
            [result.done.at for result in file.results],
            [each.at for each in file.unplanned],
            [each.due_on for each in file.plan],
        ):
            assert found == sorted(found)

    def test_plan_process_and_result_of_one_customer(self):
        visited = go(planned(owner=ANNA), done(FRIDAY))
        moved = planned("F-2").after(
            Rescheduled(SATURDAY + 7 * DAY), by=BEN, at=at(MONDAY, 9), reason="they are away"
        )
        file = ContactFile.of(
            C7,
            [visited, moved, go(planned("F-3"), Cancelled())],
            [contact(FRIDAY), contact(MONDAY, 10, actor=CLARA)],
        )
        assert [each.id for each in file.plan] == ["F-2"]
        assert [(result.follow_up.id, result.days_off) for result in file.results] == [("F-1", 4)]
        assert [(each.at, each.actor) for each in file.unplanned] == [(at(MONDAY, 10), CLARA)]
        happened = [(step.what, step.by, step.follow_up, step.interaction) for step in file.process]
        assert happened[-4:] == [
            ("rescheduled", BEN, "F-2", None),
            ("contact", CLARA, None, contact(MONDAY, 10).id),
            ("done", BEN, "F-1", contact(FRIDAY).id),
            ("cancelled", BEN, "F-3", None),
        ]
        assert file.process[-2].at == at(FRIDAY)

    def test_what_was_missed_is_still_planned(self):
        file = ContactFile.of(C7, [go(planned(), Missed(SATURDAY))])
        assert [str(each.status) for each in file.plan] == ["missed"]

    def test_two_contacts_have_two_numbers(self):
        one = contact(MONDAY)
        with pytest.raises(InvalidValue, match="two contacts have one number"):
            ContactFile.of(C7, [], [one, evolve(one, channel="telephone")])
        with pytest.raises(InvalidValue):
            ContactFile.of(CustomerId(""), [])


class TestResult:
    """What was planned stands beside what happened."""

    def result(self, on=MONDAY, channel="visit", actor=ANNA, **terms):
        call = planned(**{"owner": ANNA, "not_before": MONDAY, **terms})
        found = contact(on, channel=channel, actor=actor, id=InteractionId("I-1"))
        after = go(call, Done.through(found, zone=BERLIN), on=SATURDAY)
        (result,) = ContactFile.of(C7, [after]).results
        return result

    @pytest.mark.parametrize(
        ("on", "planned_so", "off"),
        [
            (MONDAY - DAY, False, -1),
            (MONDAY, True, 0),
            (FRIDAY, True, 4),
            (SATURDAY, False, 5),
        ],
    )
    def test_in_time(self, on, planned_so, off):
        result = self.result(on)
        assert (result.is_as_planned, result.days_off) == (planned_so, off)

    def test_through_the_channel_that_was_planned(self):
        assert not self.result(channel="telephone").is_as_planned
        assert self.result(channel="telephone").is_by_owner
        call = go(planned(owner=ANNA, channel=None), done(MONDAY))
        assert ContactFile.of(C7, [call]).results[0].is_as_planned

    def test_by_its_owner(self):
        assert not self.result(actor=CLARA).is_as_planned
        assert not self.result(actor=None, owner=None).is_by_owner
        handed = go(planned(owner=BEN), Assigned(ANNA), done(MONDAY))
        assert ContactFile.of(C7, [handed]).results[0].is_by_owner
