"""Cases in which systems in use let a complaint lie, slip away or forget, each as it was reported.

Monday is 4 May 2026; the office is open from Monday to Friday, 9 to 18.
"""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from crmkit.business_time import BusinessCalendar
from crmkit.complaints.desk import ComplaintDesk
from crmkit.complaints.facts.case import summarize_case
from crmkit.complaints.lifecycle import COMPLAINT_LIFECYCLE, Action, Status
from crmkit.complaints.policies.allowances import WorkingHours
from crmkit.complaints.policies.obligations import Obligation, ObligationState
from crmkit.complaints.policies.profiles import ObligationProfile
from crmkit.complaints.policies.rules import ActionRefused, ComplaintRules
from crmkit.complaints.records.complaint import Complaint
from crmkit.complaints.records.events import (
    Assessed,
    Contacted,
    Event,
    FactsRecorded,
    MessageSent,
    Noted,
    RecourseExhausted,
    Severity,
    StatusChanged,
    WaitingEnded,
    WaitingStarted,
)
from crmkit.errors import CrmkitError, IllegalTransition, VersionConflict
from crmkit.identifiers import Actor, ComplaintId
from crmkit.lifecycle import Lifecycle
from crmkit.ownership import HandOverRefused, OwnershipAct, OwnershipChange
from crmkit.records import Direction
from crmkit.serialization import make_converter
from crmkit.storage.memory import MemoryStore
from crmkit.storage.sqlite import SqliteStore
from tests.complaints.builders import (
    ANNA,
    ASKED,
    BEN,
    CARLA,
    DAY,
    HOUR,
    MONDAY,
    RULES,
    WAYS,
    act,
    go,
    note,
    receipt,
    received,
    standing,
)
from tests.complaints.test_complaint import ANY_TIME

CONVERTER = make_converter(Complaint)
K1, K2 = ComplaintId("K-1"), ComplaintId("K-2")
CALLED = Contacted(channel="phone", direction=Direction.INBOUND)

OFFICE = BusinessCalendar.on_weekdays("09:00-18:00", zone="UTC")
ANSWER = Obligation(
    name="answer",
    met_by=("respond", "reply"),
    within=WorkingHours(8),
    calendar="desk",
    suspended_by=frozenset({"complainant"}),
)


def promising(*obligations: Obligation, name: str = "house") -> ObligationProfile:
    return ObligationProfile(name=name, obligations=obligations).with_calendars(desk=OFFICE)


def desk_with(profile: ObligationProfile | None = None, **terms: Any) -> ComplaintDesk:
    profiles = (promising(ANSWER) if profile is None else profile,)
    given: dict[str, Any] = {"store": MemoryStore(), "profiles": profiles} | terms
    return ComplaintDesk(**given)


def record(desk: ComplaintDesk, what: Event, number: ComplaintId = K1, **terms: Any) -> Complaint:
    given: dict[str, Any] = {"by": ANNA, "at": MONDAY, "reason": "as it is"}
    return desk.record(number, what, **(given | terms))


def do(desk: ComplaintDesk, action: str, number: ComplaintId = K1, **terms: Any) -> Complaint:
    given: dict[str, Any] = {"by": ANNA, "at": MONDAY, "reason": "as it is"}
    return desk.act(number, action, **(given | terms))


def answer(desk: ComplaintDesk, at: Any) -> ObligationState:
    (state,) = desk.agenda(K1, at)
    return state


class TestTheStatusMovesByItself:
    """In one system the first edit of a new case made it an active one."""

    @pytest.mark.parametrize("status", Status)
    def test_nothing_that_is_put_on_record_changes_it(self, status):
        noted = 0
        complaint = standing(status)
        for what in ANY_TIME[1:-1]:
            try:
                complaint = note(complaint, what)
            except CrmkitError:  # Whatever is refused changes nothing either.
                continue
            noted += 1
            assert complaint.status == status
        assert noted > 10


class TestOnlyTheNextStatus:
    """In the same system a case could only go on: nothing led back, and closed was closed."""

    @pytest.mark.parametrize("status", [Status.CLOSED, Status.WITHDRAWN])
    def test_what_came_to_rest_can_come_back_and_is_assessed_anew(self, status):
        again = act(standing(status), Action.REOPEN, at=MONDAY + DAY)
        with pytest.raises(ActionRefused, match="severity-assessed"):
            act(again, Action.ASSESS)
        assert go(again, Action.ASSESS, Action.INVESTIGATE, Action.RESPOND).status == "responded"

    def test_who_is_not_content_with_the_answer_gets_another_one(self):
        disputed = standing(Status.DISPUTED)
        assert go(disputed, Action.INVESTIGATE, Action.RESPOND).status == "responded"

    def test_what_an_outside_body_had_can_come_back(self):
        referred = note(standing(Status.REFERRED), Assessed(Severity()))
        assert go(referred, Action.INVESTIGATE, Action.RESPOND).status == "responded"


class TestTheNextStatusWasPutTogetherFromText:
    """It was looked up by a statement that was glued together from what came in."""

    @pytest.mark.parametrize("word", ["close'; DROP TABLE complaints; --", 'x" OR "1"="1', "%"])
    def test_an_action_is_a_word_and_nothing_else(self, word, tmp_path):
        store = SqliteStore.open(tmp_path / "desk.db", create=True)
        desk = desk_with(store=store)
        kept = desk.receive(receipt(word))
        with pytest.raises(IllegalTransition) as caught:
            do(desk, word, kept.id)
        assert caught.value.allowed == ("acknowledge", "refer", "withdraw")
        assert desk.get(ComplaintId(word)) == kept
        store.close()


class TestClosedWithoutAnyCheck:
    """It asked nobody whether they were satisfied, and who had done a thing could close it."""

    def test_nobody_closes_before_the_complainant_was_asked(self):
        with pytest.raises(ActionRefused, match="satisfaction-checked"):
            act(standing(Status.ACCEPTED), Action.CLOSE, by=BEN)

    def test_nobody_closes_their_own_work(self):
        with pytest.raises(ActionRefused, match="checker"):
            act(note(standing(Status.ACCEPTED), ASKED), Action.CLOSE, by=ANNA)

    def test_a_rejected_complaint_stays_open_until_every_way_is_exhausted(self):
        """ISO 10002: within reason, inside and outside, and it is watched until then."""
        disputed = note(standing(Status.DISPUTED), ASKED)
        for open_one in (disputed, act(disputed, Action.REFER)):
            with pytest.raises(ActionRefused, match="recourse-exhausted"):
                act(open_one, Action.CLOSE, by=BEN)
            assert act(note(open_one, RecourseExhausted()), Action.CLOSE, by=BEN).status == "closed"


class TestFieldsThatNobodyWrote:
    """First answer and solution had fields of their own, which nothing ever filled."""

    def test_every_instant_is_read_off_the_trail(self):
        complaint = go(received(), Action.ACKNOWLEDGE, at=MONDAY + HOUR)
        complaint = go(complaint, *WAYS[Status.RESPONDED][1:], at=MONDAY + 2 * HOUR)
        again = CONVERTER.loads(CONVERTER.dumps(complaint), Complaint)
        for each in (complaint, again):
            marks = {m.name: m.at for m in summarize_case(each, COMPLAINT_LIFECYCLE).marks}
            assert marks["receive"] == MONDAY
            assert marks["acknowledge"] == MONDAY + HOUR
            assert marks["respond"] == MONDAY + 2 * HOUR

    def test_every_change_says_who_when_and_why(self):
        complaint = standing(Status.REOPENED)
        moves = [each for each in complaint.trail if isinstance(each.what, StatusChanged)]
        assert len(moves) == len(WAYS[Status.REOPENED])
        assert {each.by for each in moves} == {ANNA, BEN}
        assert {(each.at, each.reason) for each in moves} == {(MONDAY, "because")}


class TestAnswersThatDidNotCount:
    """An answer that was kept as a note did not stop the clock."""

    def test_whatever_answers_by_its_kind_counts(self):
        desk = desk_with()
        desk.receive(receipt())
        record(desk, MessageSent(kind="reply", channel="phone"), at=MONDAY + HOUR)
        assert answer(desk, MONDAY + DAY).met_by == "reply"
        assert desk.due().items == ()


class TestLateAnswersUndidTheBreach:
    """As soon as the late answer came, the case had never been late."""

    def test_not_when_it_is_answered_nor_closed_nor_reopened(self):
        desk = desk_with()
        desk.receive(receipt())
        late = MONDAY + 3 * DAY
        breached = answer(desk, late).breached_at
        assert breached is not None
        for action in WAYS[Status.RESPONDED]:
            if action == Action.ASSESS:
                record(desk, Assessed(Severity()), at=late)
            if action == Action.RESPOND:
                record(desk, FactsRecorded("it was lost"), at=late)
            do(desk, action, at=late)
            assert answer(desk, late).breached_at == breached
        record(desk, ASKED, at=late)
        do(desk, Action.CLOSE, by=BEN, at=late)
        assert answer(desk, late + DAY).breached_at == breached
        do(desk, Action.REOPEN, at=late + DAY)
        assert desk.agenda(K1, late + DAY)[0].breached_at == breached


class TestDeadlinesOfClosedCasesMoved:
    """What was done with a closed case moved the deadline that it had kept or missed."""

    def test_they_stay_where_they_are(self):
        desk = desk_with()
        desk.receive(receipt())
        do(desk, Action.WITHDRAW, at=MONDAY + 9 * HOUR)
        before = answer(desk, MONDAY + DAY)
        record(desk, WaitingStarted("complainant"), at=MONDAY + 10 * HOUR)
        record(desk, WaitingEnded(), at=MONDAY + 20 * HOUR)
        record(desk, Noted("weather"), at=MONDAY + DAY)
        after = answer(desk, MONDAY + DAY)
        assert (after.due_at, after.standing) == (before.due_at, before.standing)


class TestAnotherTargetForgotThePause:
    """A case that changed to another agreement lost the time that it had waited."""

    def test_what_has_been_waited_still_counts(self):
        desk = desk_with()
        desk.receive(receipt())
        record(desk, WaitingStarted("complainant"), at=MONDAY + HOUR)
        record(desk, WaitingEnded(), at=MONDAY + 3 * HOUR)
        assert answer(desk, MONDAY + 4 * HOUR).due_at == MONDAY + DAY + HOUR
        stricter = evolve(desk, profiles=(promising(evolve(ANSWER, within=WorkingHours(4))),))
        assert stricter.refresh() == 1
        (entry,) = (stored.record for stored in stricter.due().items)
        assert entry.due_at == MONDAY + 6 * HOUR


class TestReorderedStages:
    """A target was reached by standing at a later place of the list, until somebody sorted it."""

    def test_the_order_of_a_table_says_nothing(self):
        turned = Lifecycle(
            name="complaint",
            version=1,
            initial=Status.RECEIVED,
            final=COMPLAINT_LIFECYCLE.final,
            moves=COMPLAINT_LIFECYCLE.moves[::-1],
        )
        rules, profile = ComplaintRules(lifecycle=turned), promising(ANSWER)
        for status in Status:
            complaint = standing(status)
            rules.verify(complaint)
            assert set(rules.allowed(complaint)) == set(RULES.allowed(complaint))
            states = [
                profile.agenda(summarize_case(complaint, table), MONDAY + 9 * DAY)
                for table in (COMPLAINT_LIFECYCLE, turned)
            ]
            assert states[0] == states[1]


class TestMergingDestroyedHistory:
    """Of two records one was thrown away, and nothing brought it back."""

    def test_nothing_of_either_is_lost_and_both_can_be_had_again(self):
        desk = desk_with()
        desk.receive(receipt("K-1", complainant="C-1"))
        desk.receive(receipt("K-2", complainant="C-1", received_at=MONDAY + HOUR))
        record(desk, CALLED, K2, at=MONDAY + HOUR)
        record(desk, Noted("weather", "it rained"), K1)
        before = desk.get(K1), desk.get(K2)
        desk.merge(K2, K1, by=ANNA, at=MONDAY + 2 * HOUR, reason="one parcel")
        merged = desk.get(K1), desk.get(K2)
        do(desk, Action.ACKNOWLEDGE, K1, at=MONDAY + 3 * HOUR)
        desk.unmerge(K2, by=BEN, at=MONDAY + 4 * HOUR, reason="two parcels")
        apart = desk.get(K1), desk.get(K2)
        for one, with_merging, after in zip(before, merged, apart, strict=True):
            assert with_merging.trail[: len(one.trail)] == one.trail
            assert after.trail[: len(with_merging.trail)] == with_merging.trail
        two = apart[1]
        assert (two.status, two.owner, two.repeat_contacts) == ("received", ANNA, 1)
        assert two.receipt == before[1].receipt
        assert [stored.record.complaint for stored in desk.due().items] == [K1, K2]

    def test_the_deadline_that_comes_first_is_kept(self):
        desk = desk_with()
        desk.receive(receipt("K-1", complainant="C-1"))
        desk.receive(receipt("K-2", complainant="C-1", received_at=MONDAY + HOUR))
        with pytest.raises(ActionRefused, match="not met: received"):
            desk.merge(K1, K2, by=ANNA, at=MONDAY + DAY, reason="one parcel")
        desk.merge(K2, K1, by=ANNA, at=MONDAY + DAY, reason="one parcel")
        (entry,) = (stored.record for stored in desk.due().items)
        assert (entry.complaint, entry.due_at) == (K1, MONDAY + 8 * HOUR)


class TestPassedOn:
    """Cases went to whoever had the last one, or to somebody who was not there."""

    def test_it_stays_with_whoever_was_asked_until_somebody_says_yes(self):
        desk = desk_with()
        desk.receive(receipt("K-1"))
        desk.receive(receipt("K-2", received_by=CARLA))
        offer = OwnershipChange(OwnershipAct.OFFER, BEN)
        assert record(desk, offer, K1).owner == ANNA
        assert [each.record.complaint for each in desk.due(owner=ANNA).items] == [K1]
        with pytest.raises(HandOverRefused):
            record(desk, OwnershipChange(OwnershipAct.ACCEPT), K1, by=CARLA)
        record(desk, OwnershipChange(OwnershipAct.ACCEPT), K1, by=BEN)
        owners = {n: [e.record.complaint for e in desk.due(owner=n).items] for n in (ANNA, BEN)}
        assert owners == {ANNA: [], BEN: [K1]}

    def test_handing_over_does_not_begin_the_clock_anew(self):
        desk = desk_with()
        desk.receive(receipt())
        due = answer(desk, MONDAY + HOUR).due_at
        record(desk, OwnershipChange(OwnershipAct.REASSIGN, BEN), by=CARLA, at=MONDAY + 7 * HOUR)
        assert answer(desk, MONDAY + 7 * HOUR).due_at == due


class TestTwoAtOnce:
    """Of two who saved at the same time the first one's work was gone."""

    def test_the_second_is_told_and_both_are_on_record_in_the_end(self):
        store = MemoryStore()
        desk = desk_with(store=store)
        desk.receive(receipt())
        with store.unit_of_work() as late:
            record(desk, Noted("weather", "by ben"), by=BEN, unit=late)
            do(desk, Action.ACKNOWLEDGE)
            with pytest.raises(VersionConflict):
                late.commit()
        record(desk, Noted("weather", "by ben"), by=BEN)
        assert [each.by for each in desk.get(K1).trail] == [ANNA, ANNA, Actor("ben")]
