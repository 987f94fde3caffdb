"""Follow-ups written down and read back."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from attrs import evolve
from hypothesis import given

from crmkit.business_time import BusinessCalendar
from crmkit.errors import IllegalTransition, InvalidDocument
from crmkit.followups import (
    FOLLOW_UPS,
    STORED_TYPES,
    AppointmentMatch,
    Assigned,
    Confirmed,
    Escalated,
    FollowUp,
    Missed,
    MissedAgenda,
    MissedEscalation,
    MissedLevel,
    Rescheduled,
    Unassigned,
)
from crmkit.identifiers import FollowUpId
from crmkit.serialization import make_converter
from crmkit.storage.memory import MemoryStore
from tests.followups.builders import (
    ANNA,
    BEN,
    COMPLETE,
    DAY,
    FRIDAY,
    MONDAY,
    done,
    go,
    planned,
    visit,
)
from tests.followups.test_overdue import follow_ups, lists

CONVERTER = make_converter(*STORED_TYPES)
SATURDAY = FRIDAY + DAY
EVERYTHING = go(
    planned(
        cadence="after-hand-over",
        nominal_on=MONDAY,
        importance="platinum",
        needs=["visit-report", "satisfaction-form"],
    ),
    Assigned(ANNA),
    Confirmed(visit()),
    Unassigned(),
    Rescheduled(FRIDAY, not_before=MONDAY),
    Missed(SATURDAY),
    Escalated(level=1, to="team lead", fell_due_on=SATURDAY),
    done(SATURDAY, outcome="all is well", report=COMPLETE, papers=["satisfaction-form"]),
    on=SATURDAY,
)
ESCALATION = MissedEscalation(
    levels=[MissedLevel(1, after_days=2, to="team lead", importance=["gold", "platinum"])],
    calendar=BusinessCalendar.on_weekdays("09:00-18:00", zone="Europe/Berlin"),
)
SAMPLES = [
    EVERYTHING,
    planned(proposed_by="falling-sales", owner=BEN),
    MissedAgenda(FollowUpId("F-1"), MONDAY),
    ESCALATION,
    evolve(ESCALATION, calendar=None),
    AppointmentMatch(within=timedelta(minutes=30), channels=["visit"]),
]

SHOP_RULES = """
kind = "missed-escalation"
version = 1

[[data.levels]]
level = 1
after_days = 1
to = "team lead"

[[data.levels]]
level = 2
after_days = 3
to = "head of sales"
importance = ["platinum"]
"""


class TestDocuments:
    @pytest.mark.parametrize("value", SAMPLES, ids=lambda value: type(value).__name__)
    def test_what_is_written_is_read_back_the_same(self, value):
        text = CONVERTER.dumps(value)
        assert CONVERTER.loads(text) == value
        assert CONVERTER.dumps(CONVERTER.loads(text)) == text

    @given(follow_ups())
    def test_wherever_a_follow_up_stands(self, follow_up):
        again = FOLLOW_UPS.loads(FOLLOW_UPS.dumps(follow_up))
        assert again == follow_up
        assert again.status == follow_up.status

    def test_a_shop_writes_toml(self):
        assert CONVERTER.loads_toml(SHOP_RULES, MissedEscalation) == MissedEscalation(
            levels=[
                MissedLevel(1, after_days=1, to="team lead"),
                MissedLevel(2, after_days=3, to="head of sales", importance=["platinum"]),
            ]
        )
        with pytest.raises(InvalidDocument, match="1 to 366 days"):
            CONVERTER.loads_toml(SHOP_RULES.replace("after_days = 3", "after_days = 0"))

    def test_nobody_writes_himself_a_follow_up_that_is_done(self):
        """Where it stands is read off the trail, which is held against the table."""
        text = CONVERTER.dumps(go(planned(), done()))
        assert '"status"' not in text
        with pytest.raises((InvalidDocument, IllegalTransition)):
            CONVERTER.loads(text.replace('"kind":"done"', '"kind":"missed"'))
        with pytest.raises(InvalidDocument, match="another customer"):
            CONVERTER.loads(text.replace('"customer":"C-7"', '"customer":"C-8"', 1))


def owners_of(follow_up: FollowUp) -> set[str]:
    """Everybody who has it or had it."""
    return {entry.what.to for entry in follow_up.trail if isinstance(entry.what, Assigned)}


class TestIndexes:
    """A store finds what the follow-ups say of themselves."""

    @given(lists)
    def test_every_index_finds_what_it_should_in_order(self, every):
        with MemoryStore().unit_of_work() as unit:
            kept = unit.repository(FOLLOW_UPS)
            for each in every:
                kept.add(each)

            def found(index: str, *prefix: str | None) -> list[FollowUp]:
                return [one.record for one in kept.query(index, prefix=prefix).items]

            def told_of(these: list[FollowUp]) -> set[str]:
                return {each.id for each in these}

            assert told_of(found("by-due")) == {each.id for each in every if each.is_open}
            assert told_of(found("by-last-day")) == told_of(found("by-due"))
            missed = {each.id for each in every if each.is_owed and not each.is_open}
            assert told_of(found("by-missed")) == missed
            for owner in (None, ANNA, BEN):
                theirs = {each.id for each in every if each.owner == owner}
                assert told_of(found("by-owner", owner)) == theirs & told_of(found("by-due"))
                assert told_of(found("by-owner-missed", owner)) == theirs & missed
            for owner in (ANNA, BEN):
                had = {each.id for each in every if owner in owners_of(each)}
                assert told_of(found("by-owner-ever", owner)) == had
            for customer in ("C-7", "C-8"):
                theirs = {each.id for each in every if each.customer == customer}
                assert told_of(found("by-customer", customer)) == theirs
            for index, day in (
                ("by-due", lambda each: each.due_on),
                ("by-last-day", lambda each: each.not_after),
                ("by-missed", lambda each: each.not_after),
            ):
                assert all(day(one) <= day(other) for one, other in pairwise(found(index)))
