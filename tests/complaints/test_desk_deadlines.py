"""The queue and the escalations of a desk, held against asking every complaint one by one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.business_time import BusinessCalendar
from crmkit.complaints.desk import ComplaintDesk
from crmkit.complaints.kept import COMPLAINTS
from crmkit.complaints.policies.allowances import BusinessDays, CalendarDays, WorkingHours
from crmkit.complaints.policies.escalation import (
    Delay,
    DelayUnit,
    DueEscalation,
    EscalationLevel,
    EscalationPolicy,
    EscalationRule,
)
from crmkit.complaints.policies.obligations import Excuse, Obligation, ObligationState
from crmkit.complaints.policies.profiles import ObligationProfile
from crmkit.complaints.policies.rules import ComplaintRules
from crmkit.complaints.records.complaint import Complaint
from crmkit.complaints.records.events import MessageSent, WaitingEnded, WaitingStarted
from crmkit.complaints.records.receipt import Receipt
from crmkit.errors import CrmkitError
from crmkit.identifiers import Actor, ComplaintId, CustomerId
from crmkit.lifecycle import Lifecycle
from crmkit.ownership import OwnershipAct, OwnershipChange
from crmkit.storage import walk
from crmkit.storage.memory import MemoryStore

BERLIN = ZoneInfo("Europe/Berlin")
HOUR = timedelta(hours=1)
# The Friday before the clocks of Berlin are put back.
FRIDAY = datetime(2026, 10, 23, 8, 0, tzinfo=UTC)
OFFICE = BusinessCalendar.on_weekdays("09:00-18:00", zone="Europe/Berlin")
ANNA, BEN, JOB = Actor("anna"), Actor("ben"), Actor("nightly-job")
NUMBERS = [ComplaintId(f"K-{number}") for number in range(1, 6)]

# A short table of a host, so that a few steps lead to every corner.
COUNTER = Lifecycle(
    name="counter",
    initial="new",
    final=("closed", "withdrawn"),
    moves=[
        ("new", "respond", "answered"),
        ("new", "withdraw", "withdrawn"),
        ("answered", "close", "closed"),
        ("answered", "withdraw", "withdrawn"),
        ("closed", "reopen", "new"),
        ("withdrawn", "reopen", "new"),
    ],
)
HOUSE = ObligationProfile(
    name="house",
    obligations=[
        Obligation(
            name="answer",
            met_by=("respond",),
            within=WorkingHours(6),
            calendar="desk",
            suspended_by=frozenset({"complainant"}),
            excused_by=(Excuse(("withdraw",)),),
            anew_with=("reopen",),
        ),
        Obligation(
            name="news",
            met_by=("progress-update", "respond"),
            within=CalendarDays(2),
            calendar="desk",
            repeats_every=CalendarDays(1),
            repeats_until=("respond",),
        ),
    ],
    calendars={"desk": OFFICE},
)
LAW = ObligationProfile(
    name="law",
    obligations=[
        Obligation(
            name="letter",
            met_by=("final-response",),
            within=BusinessDays(2),
            calendar="state",
            excused_by=(Excuse(("withdraw",)),),
            anew_with=("reopen",),
        )
    ],
    calendars={"state": BusinessCalendar.on_weekdays("09:00-17:00", zone="Europe/London")},
)


def level(number: int, count: int, unit: DelayUnit, role: str = "lead") -> EscalationLevel:
    return EscalationLevel(level=number, after=Delay(count, unit), role=role)


UNANSWERED = EscalationRule(
    name="unanswered",
    calendar="desk",
    levels=[
        level(1, 4, DelayUnit.WORKING_HOURS),
        level(2, 1, DelayUnit.BUSINESS_DAYS, "head"),
    ],
    paused_by={"complainant"},
    cool_down=Delay(10, DelayUnit.HOURS),
    cap=5,
)
DISPUTED = EscalationRule(
    name="withdrawn",
    levels=[level(1, 0, DelayUnit.HOURS), level(2, 30, DelayUnit.HOURS)],
    since={"withdraw"},
    until={"reopen"},
)
# The same rules under other terms, as after a change of mind.
SOONER = EscalationRule(
    name="unanswered",
    calendar="desk",
    levels=[level(1, 90, DelayUnit.MINUTES), level(2, 5, DelayUnit.WORKING_HOURS, "head")],
    cool_down=Delay(1, DelayUnit.CALENDAR_DAYS),
    cap=4,
)
POLICY = EscalationPolicy(rules=[UNANSWERED, DISPUTED], calendars={"desk": OFFICE})
OTHER_POLICY = EscalationPolicy(rules=[SOONER, DISPUTED], calendars={"desk": OFFICE})


def desk_with(**more: Any) -> ComplaintDesk:
    terms: dict[str, Any] = {
        "store": MemoryStore(),
        "rules": ComplaintRules(lifecycle=COUNTER, guards=()),
        "profiles": (HOUSE, LAW),
        "escalation": POLICY,
    }
    return ComplaintDesk(**terms | more)


def receive(desk: ComplaintDesk, number: str, at: datetime, owner: Actor = ANNA) -> Complaint:
    return desk.receive(
        Receipt(
            id=ComplaintId(number),
            received_at=at,
            channel="phone",
            received_by=owner,
            complainant=CustomerId("C-7"),
        )
    )


# --- what a desk goes through ---------------------------------------------------------------------


class Step(NamedTuple):
    """What somebody does to one of the complaints, so many hours after the step before."""

    hours: int
    what: str
    number: ComplaintId
    other: ComplaintId


STEPS = st.builds(
    Step,
    # Many steps fall on one instant, and so do many deadlines.
    st.sampled_from([0, 0, 1, 3, 8, 24, 60]),
    st.sampled_from(
        [
            *("receive", "receive", "respond", "final-response", "progress-update", "close"),
            *("withdraw", "reopen", "wait", "go-on", "offer", "accept", "merge", "unmerge"),
            *("escalate", "poll-early"),
        ]
    ),
    st.sampled_from(NUMBERS),
    st.sampled_from(NUMBERS),
)


def take(desk: ComplaintDesk, step: Step, at: datetime) -> None:
    """Take a step, if it can be taken at all."""
    number, what = step.number, step.what
    terms: dict[str, Any] = {"by": ANNA, "at": at, "reason": "as agreed"}
    events: dict[str, Any] = {
        "final-response": MessageSent(kind="final-response"),
        "progress-update": MessageSent(kind="progress-update"),
        "wait": WaitingStarted("complainant"),
        "go-on": WaitingEnded(),
        "offer": OwnershipChange(OwnershipAct.OFFER, BEN),
        "accept": OwnershipChange(OwnershipAct.ACCEPT),
    }
    if what == "receive":
        receive(desk, number, at)
    elif what == "merge":
        desk.merge(number, step.other, **terms)
    elif what == "unmerge":
        desk.unmerge(number, **terms)
    elif what in events:
        by = BEN if what == "accept" else ANNA
        desk.record(number, events[what], **terms | {"by": by})
    else:
        desk.act(number, what, **terms)


def go_through(desk: ComplaintDesk, steps: list[Step]) -> tuple[datetime, list[DueEscalation]]:
    """What was escalated on the way, and when the last step was taken."""
    at = FRIDAY
    carried: list[DueEscalation] = []
    for step in steps:
        at += step.hours * HOUR
        if step.what in ("escalate", "poll-early"):
            asked = at if step.what == "escalate" else at - 20 * HOUR
            carried += desk.escalate(asked, by=JOB, limit=2)
            continue
        try:
            take(desk, step, at)
        except CrmkitError:
            continue
    return at, carried


def everything(desk: ComplaintDesk) -> list[Complaint]:
    with desk.store.unit_of_work() as unit:
        complaints = unit.repository(COMPLAINTS)
        return [stored.record for stored in walk(lambda after: complaints.page(after=after))]


def owed(desk: ComplaintDesk, complaint: Complaint, at: datetime) -> list[ObligationState]:
    """What is open in a complaint at an instant, the earliest first."""
    if complaint.merged_into is not None:
        return []
    states = [s for s in desk.agenda(complaint.id, at) if s.standing.is_open]
    return sorted(states, key=lambda state: (state.due_at or at).astimezone(UTC))


class TestQueue:
    """The queue, kept by an index, is what asking every complaint would find."""

    @given(st.lists(STEPS, max_size=25), st.integers(0, 200), st.sampled_from([None, ANNA, BEN]))
    def test_it_agrees_with_asking_every_complaint(self, steps, later, owner):
        desk = desk_with()
        last, _ = go_through(desk, steps)
        at = last + later * HOUR
        expected = {
            complaint.id: (states[0].obligation, states[0].due_at, complaint.owner)
            for complaint in everything(desk)
            if (states := owed(desk, complaint, at)) and owner in (None, complaint.owner)
        }
        pages = walk(lambda after: desk.due(owner=owner, limit=2, after=after))
        entries = [stored.record for stored in pages]
        found = {
            entry.complaint: (entry.obligation, entry.due_at, entry.owner) for entry in entries
        }
        assert len(found) == len(entries)
        assert found == expected
        instants = [entry.due_at for entry in entries if entry.due_at is not None]
        assert instants == sorted(instants)
        overdue = {entry.complaint for entry in entries if entry.due_at and entry.due_at < at}
        asked = walk(lambda after: desk.due(owner=owner, before=at, limit=2, after=after))
        assert {stored.record.complaint for stored in asked} == overdue

    def test_what_was_missed_before_a_merging_is_due_in_the_other_one_only(self):
        desk = desk_with()
        receive(desk, "K-1", FRIDAY)
        receive(desk, "K-2", FRIDAY + HOUR)
        late = FRIDAY + timedelta(days=20)
        desk.merge(NUMBERS[1], NUMBERS[0], by=ANNA, at=late, reason="one parcel")
        assert [stored.record.complaint for stored in desk.due().items] == ["K-1"]
        breached = [s.obligation for s in desk.agenda(NUMBERS[1], late) if s.standing.is_breached]
        assert breached == ["answer", "news", "letter"]

    def test_after_a_hand_over_it_is_in_the_queue_of_the_new_owner(self):
        desk = desk_with()
        receive(desk, "K-1", FRIDAY)
        for what, by in (("offer", ANNA), ("accept", BEN)):
            assert [s.record.owner for s in desk.due(owner=ANNA).items] == [ANNA]
            assert desk.due(owner=BEN).items == ()
            take(desk, Step(0, what, NUMBERS[0], NUMBERS[0]), FRIDAY + HOUR)
            assert by in (ANNA, BEN)
        assert desk.due(owner=ANNA).items == ()
        assert [s.record.owner for s in desk.due(owner=BEN).items] == [BEN]

    def test_many_that_are_due_at_one_instant_are_all_there_page_by_page(self):
        desk = desk_with()
        for number in range(57):
            receive(desk, f"K-{number:02}", FRIDAY)
        pages = walk(lambda after: desk.due(owner=ANNA, limit=10, after=after))
        assert [stored.record.complaint for stored in pages] == [f"K-{n:02}" for n in range(57)]


class TestEscalation:
    """Each escalation is carried out once, in due order, however late, often or out of order."""

    @given(st.lists(STEPS, max_size=25), st.integers(1, 5))
    def test_what_is_carried_out_is_what_every_trail_asks_for(self, steps, limit):
        desk = desk_with()
        last, carried = go_through(desk, steps)
        late = last + 900 * HOUR
        final: list[DueEscalation] = []
        while more := desk.escalate(late, by=JOB, limit=limit):
            final += more
        # Call by call, what comes later did not fall due earlier.
        assert [each.fell_due_at for each in final] == sorted(each.fell_due_at for each in final)
        carried += final
        identities = [(each.complaint, each.rule, each.level, each.fell_due_at) for each in carried]
        assert len(set(identities)) == len(identities)
        on_record = [
            (complaint.id, each.rule, each.level, each.fell_due_at)
            for complaint in everything(desk)
            for each in complaint.escalations
        ]
        assert sorted(on_record) == sorted(identities)
        for complaint in everything(desk):
            history = desk.history(complaint.id)
            assert POLICY.due(history, late) == ()

    @given(st.lists(STEPS, max_size=25), st.lists(STEPS, max_size=10))
    def test_other_rules_in_mid_case_tell_nobody_twice(self, before, after):
        """A level that was told under the old terms is not told again under the new ones."""
        desk = desk_with()
        last, carried = go_through(desk, before)
        carried += desk.escalate(last, by=JOB)
        swapped = desk_with(store=desk.store, escalation=OTHER_POLICY)
        swapped.refresh()
        first = Step(1, "escalate", NUMBERS[0], NUMBERS[0])
        steps = [first._replace(hours=int((last - FRIDAY) / HOUR)), *after, first]
        last, more = go_through(swapped, steps)
        carried += more
        carried += swapped.escalate(last + 900 * HOUR, by=JOB)
        for complaint in everything(swapped):
            # At most one round of the rule for the receipt and one for each reopening.
            names = [mark.name for mark in swapped.history(complaint.id).marks]
            rounds = 1 + names.count("reopen")
            told = [(e.rule, e.level) for e in carried if e.complaint == complaint.id]
            assert told.count(("unanswered", 1)) <= rounds
            assert told.count(("unanswered", 2)) <= 4 * rounds
            assert told.count(("withdrawn", 1)) <= names.count("withdraw")

    def test_pages_are_gone_through_in_due_order(self):
        """The second level of the first complaint fell due after the first of the last one."""
        desk = desk_with()
        for number in range(4):
            receive(desk, f"K-{number}", FRIDAY + number * HOUR)
        carried: list[DueEscalation] = []
        while more := desk.escalate(FRIDAY + 999 * HOUR, by=JOB, limit=1):
            carried += more
        assert len(carried) == 20
        assert [each.fell_due_at for each in carried] == sorted(e.fell_due_at for e in carried)

    def test_what_fell_due_before_a_merging_is_carried_out_after_it(self):
        """And it holds up nothing else that is due."""
        desk = desk_with()
        receive(desk, "K-1", FRIDAY + HOUR)
        receive(desk, "K-2", FRIDAY + 2 * HOUR)
        terms: dict[str, Any] = {"by": ANNA, "reason": "one parcel"}
        desk.merge(NUMBERS[1], NUMBERS[0], at=FRIDAY + 9 * HOUR, **terms)
        carried = desk.escalate(FRIDAY + 10 * HOUR, by=JOB)
        assert [(each.complaint, each.level) for each in carried] == [("K-1", 1), ("K-2", 1)]
        assert carried[1].handled_at == FRIDAY + 9 * HOUR
        apart = desk.unmerge(NUMBERS[1], at=FRIDAY + 11 * HOUR, **terms)
        assert len(apart.complaint.escalations) == 1

    @pytest.mark.parametrize(("fold", "levels"), [(0, []), (1, [1])])
    def test_in_the_hour_that_comes_twice_it_is_asked_at_the_one_that_is_meant(self, fold, levels):
        at_once = EscalationRule(name="at-once", levels=[level(1, 0, DelayUnit.HOURS)])
        desk = desk_with(escalation=EscalationPolicy(rules=[at_once]))
        receive(desk, "K-1", datetime(2026, 10, 25, 1, 10, tzinfo=UTC))
        asked = datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN, fold=fold)
        assert [each.level for each in desk.escalate(asked, by=JOB)] == levels

    def test_who_is_told_by_name_is_told_by_name(self):
        """A role beside it says in which capacity; the message goes to the target."""
        both = EscalationLevel(
            level=1, after=Delay(0, DelayUnit.HOURS), role="lead", target="team-4@shop.example"
        )
        rule = EscalationRule(name="at-once", levels=[both])
        desk = desk_with(escalation=EscalationPolicy(rules=[rule]))
        receive(desk, "K-1", FRIDAY)
        desk.escalate(FRIDAY, by=JOB)
        messages: list[str] = []
        desk.store.deliver(lambda message: messages.append(message.payload))
        assert messages == ["K-1\nat-once\n1\nteam-4@shop.example"]
        assert desk.get(NUMBERS[0]).escalations[0].to == "team-4@shop.example"
