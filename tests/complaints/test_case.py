"""A case as its deadlines see it: marks, waits, and since when it has been at rest."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.complaints.facts.case import MERGED_MARK, summarize_case
from crmkit.complaints.facts.history import CaseHistory, FiredEscalation, Mark, Wait
from crmkit.complaints.lifecycle import COMPLAINT_LIFECYCLE, Status
from crmkit.complaints.policies.merging import merge_complaints, unmerge_complaint
from crmkit.complaints.policies.rules import ComplaintRules
from crmkit.complaints.records.complaint import Complaint
from crmkit.complaints.records.events import (
    Assessed,
    Contacted,
    Escalated,
    FactsRecorded,
    Level,
    LifecycleAdopted,
    MessageSent,
    Noted,
    Severity,
    WaitingEnded,
    WaitingStarted,
)
from crmkit.complaints.records.receipt import Subject
from crmkit.lifecycle import Lifecycle
from crmkit.ownership import OwnershipAct, OwnershipChange
from crmkit.records import Direction
from tests.complaints.builders import (
    ANNA,
    BEN,
    DAY,
    HOUR,
    MONDAY,
    RULES,
    act,
    go,
    note,
    received,
    standing,
)


def seen(complaint: Complaint) -> CaseHistory:
    return summarize_case(complaint, COMPLAINT_LIFECYCLE)


def names(complaint: Complaint) -> list[str]:
    return [mark.name for mark in seen(complaint).marks]


class TestMarks:
    """Each action and each message is a mark at the instant at which it happened."""

    def test_a_case_begins_with_its_receipt(self):
        history = seen(received())
        assert history == CaseHistory(
            complaint=received().id, marks=(Mark("receive", MONDAY),), owner=ANNA
        )
        assert history.is_open

    def test_every_action_is_one(self):
        walked = names(standing(Status.REOPENED))
        assert walked == [
            "receive",
            "acknowledge",
            "assess",
            "investigate",
            "respond",
            "accept",
            "close",
            "reopen",
        ]

    def test_a_message_is_one_with_what_it_said(self):
        leaflet = frozenset({"ombudsman-leaflet"})
        told = note(
            received(), MessageSent(kind="final-response", contains=leaflet), at=MONDAY + DAY
        )
        assert seen(told).marks[-1] == Mark("final-response", MONDAY + DAY, leaflet)

    def test_what_is_neither_is_none(self):
        called = Contacted(channel="phone", direction=Direction.INBOUND)
        assert names(note(received(), FactsRecorded(), called, Noted("weather"))) == ["receive"]

    def test_what_was_recorded_late_stands_where_it_happened(self):
        complaint = go(received(), "acknowledge", at=MONDAY + DAY)
        complaint = note(
            complaint,
            MessageSent(kind="holding-response"),
            at=MONDAY + HOUR,
            recorded_at=MONDAY + 2 * DAY,
        )
        assert names(complaint) == ["receive", "holding-response", "acknowledge"]

    def test_a_merging_is_one_as_long_as_it_lasts(self):
        one = received(complainant="C-1")
        other = received("K-0", complainant="C-1")
        both = merge_complaints(RULES, one, other, by=ANNA, at=MONDAY + DAY, reason="one matter")
        assert seen(both.complaint).marks[-1] == Mark(MERGED_MARK, MONDAY + DAY)
        assert names(both.into) == ["receive"]
        apart = unmerge_complaint(
            both.complaint, both.into, by=ANNA, at=MONDAY + DAY, reason="two matters"
        )
        assert names(apart.complaint) == ["receive"]


class TestWaits:
    """The times in which a case waits for somebody."""

    def test_from_the_beginning_to_the_end(self):
        waiting = note(received(), WaitingStarted("supplier"), at=MONDAY + HOUR)
        assert seen(waiting).waits == (Wait("supplier", MONDAY + HOUR),)
        over = note(waiting, WaitingEnded(), at=MONDAY + DAY)
        assert seen(over).waits == (Wait("supplier", MONDAY + HOUR, MONDAY + DAY),)
        again = note(over, WaitingStarted("complainant"), at=MONDAY + 2 * DAY)
        assert seen(again).waits == (
            Wait("supplier", MONDAY + HOUR, MONDAY + DAY),
            Wait("complainant", MONDAY + 2 * DAY),
        )

    def test_a_reopening_ends_it(self):
        """Else the deadlines of who came back would stand still for ever, and nobody see it."""
        waiting = note(received(), WaitingStarted("complainant"), at=MONDAY + HOUR)
        withdrawn = go(waiting, "withdraw", at=MONDAY + DAY)
        assert seen(withdrawn).waits == (Wait("complainant", MONDAY + HOUR),)
        reopened = act(withdrawn, "reopen", at=MONDAY + 2 * DAY)
        over = (Wait("complainant", MONDAY + HOUR, MONDAY + 2 * DAY),)
        assert seen(reopened).waits == over
        assert seen(act(reopened, "withdraw", at=MONDAY + 3 * DAY)).waits == over
        told = note(reopened, WaitingEnded(), at=MONDAY + 4 * DAY)
        assert seen(told).waits == over
        again = note(told, WaitingStarted("supplier"), at=MONDAY + 5 * DAY)
        assert seen(again).waits == (*over, Wait("supplier", MONDAY + 5 * DAY))

    def test_other_steps_do_not_end_it(self):
        waiting = note(received(), WaitingStarted("supplier"), at=MONDAY + HOUR)
        assert seen(go(waiting, "acknowledge", at=MONDAY + DAY)).waits[0].end is None

    def test_a_reopening_ends_none_that_was_over(self):
        waiting = note(received(), WaitingStarted("supplier"), at=MONDAY + HOUR)
        over = go(note(waiting, WaitingEnded(), at=MONDAY + 2 * HOUR), "withdraw", at=MONDAY + DAY)
        reopened = act(over, "reopen", at=MONDAY + 2 * DAY)
        assert seen(reopened).waits == (Wait("supplier", MONDAY + HOUR, MONDAY + 2 * HOUR),)

    def test_a_clock_that_was_put_back_ends_it_as_it_began(self):
        waiting = note(received(), WaitingStarted("supplier"), at=MONDAY + HOUR)
        over = note(waiting, WaitingEnded(), at=MONDAY)
        assert seen(over).waits == (Wait("supplier", MONDAY + HOUR, MONDAY + HOUR),)

    @given(st.lists(st.integers(-90, 90), max_size=6))
    def test_none_ends_before_it_begins(self, minutes):
        zone = ZoneInfo("Europe/Berlin")
        middle = datetime(2026, 10, 25, 1, tzinfo=UTC)
        complaint = received()
        for minute in minutes:
            what = WaitingEnded() if complaint.waiting_on else WaitingStarted("supplier")
            at = (middle + timedelta(minutes=minute)).astimezone(zone)
            complaint = note(complaint, what, at=at)
        waits = seen(complaint).waits
        assert len(waits) == (len(minutes) + 1) // 2
        assert [wait.start.astimezone(UTC) for wait in waits] == [
            middle + timedelta(minutes=minute) for minute in minutes[::2]
        ]
        ends = [
            middle + timedelta(minutes=max(pair))
            for pair in zip(minutes[::2], minutes[1::2], strict=False)
        ]
        assert [wait.end.astimezone(UTC) for wait in waits if wait.end] == ends


class TestEnd:
    """Since when a case has been at rest: in a final status, or in another complaint."""

    def together(self, one: Complaint) -> tuple[Complaint, Complaint]:
        other = received("K-0", complainant="C-1", received_at=MONDAY - HOUR)
        both = merge_complaints(
            RULES, one, other, by=ANNA, at=MONDAY + 2 * DAY, reason="one matter"
        )
        apart = unmerge_complaint(
            both.complaint, both.into, by=ANNA, at=MONDAY + 3 * DAY, reason="two"
        )
        return both.complaint, apart.complaint

    @pytest.mark.parametrize("status", Status)
    def test_it_rests_in_a_final_status(self, status):
        rests = status in (Status.CLOSED, Status.WITHDRAWN)
        assert seen(standing(status)).ended_at == (MONDAY if rests else None)
        assert seen(standing(status)).is_open is not rests

    def test_what_is_noted_afterwards_changes_nothing(self):
        closed = note(standing(Status.CLOSED), Noted("weather"), at=MONDAY + DAY)
        assert seen(closed).ended_at == MONDAY

    def test_reopened_it_is_open_until_it_rests_again(self):
        withdrawn = go(received(), "withdraw", at=MONDAY + DAY)
        reopened = act(withdrawn, "reopen", at=MONDAY + 2 * DAY)
        assert seen(reopened).ended_at is None
        again = act(reopened, "withdraw", at=MONDAY + 3 * DAY)
        assert seen(again).ended_at == MONDAY + 3 * DAY

    def test_in_another_it_rests_until_it_is_taken_out(self):
        merged, apart = self.together(received(complainant="C-1"))
        assert seen(merged).ended_at == MONDAY + 2 * DAY
        assert seen(apart).ended_at is None

    def test_what_was_closed_before_has_ended_then(self):
        merged, apart = self.together(standing(Status.CLOSED, complainant="C-1"))
        assert seen(merged).ended_at == MONDAY
        assert seen(apart).ended_at == MONDAY

    def test_another_name_for_the_same_status_changes_nothing(self):
        table = Lifecycle(name="tickets", initial="new", moves=[("new", "finish", "finished")])
        rules = ComplaintRules(lifecycle=table, guards=(), former=(COMPLAINT_LIFECYCLE,))
        adopted = note(
            standing(Status.CLOSED),
            LifecycleAdopted("tickets", 1, "finished"),
            at=MONDAY + DAY,
            rules=rules,
        )
        assert summarize_case(adopted, rules.table_of(adopted)).ended_at == MONDAY

    def test_a_status_to_begin_with_can_be_final(self):
        table = Lifecycle(
            name="tacit",
            initial="settled",
            final=("settled",),
            moves=[("settled", "reopen", "open"), ("open", "settle", "settled")],
        )
        settled = received(rules=ComplaintRules(lifecycle=table, guards=()))
        assert summarize_case(settled, table).ended_at == MONDAY


class TestOthers:
    """What rules and queues go by."""

    def test_category_severity_and_owner_are_the_latest(self):
        complaint = received(about=Subject(category="delivery"))
        assert (seen(complaint).category, seen(complaint).severity) == ("delivery", None)
        complaint = note(complaint, Assessed(Severity(safety=Level.HIGH)))
        complaint = note(complaint, Assessed(Severity(urgency=Level.CRITICAL)))
        complaint = note(complaint, OwnershipChange(OwnershipAct.OFFER, BEN))
        assert (seen(complaint).severity, seen(complaint).owner) == ("critical", ANNA)
        complaint = note(complaint, OwnershipChange(OwnershipAct.ACCEPT), by=BEN)
        assert seen(complaint).owner == BEN

    def test_escalations_that_were_carried_out(self):
        complaint = received()
        for level in (1, 2):
            what = Escalated(rule="late", level=level, fell_due_at=MONDAY + level * DAY, to="head")
            complaint = note(complaint, what, at=MONDAY + 9 * DAY)
        assert seen(complaint).fired == (
            FiredEscalation("late", 1, MONDAY + DAY),
            FiredEscalation("late", 2, MONDAY + 2 * DAY),
        )
