"""The desk keeps complaints, and nothing that is owed gets out of sight."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmkit.business_time import BusinessCalendar
from crmkit.complaints.desk import ESCALATED_TOPIC, ComplaintDesk
from crmkit.complaints.facts.case import summarize_case
from crmkit.complaints.kept import (
    CASE_STUDIES,
    COMPLAINT_AGENDAS,
    COMPLAINTS,
    CORRECTIVE_ACTIONS,
    IDEAS,
    STORED_TYPES,
    TRAIL_SEALS,
    AgendaEntry,
)
from crmkit.complaints.lifecycle import COMPLAINT_LIFECYCLE, Action, Status
from crmkit.complaints.policies.allowances import BusinessDays, WorkingHours
from crmkit.complaints.policies.escalation import (
    Delay,
    DelayUnit,
    EscalationLevel,
    EscalationPolicy,
    EscalationRule,
)
from crmkit.complaints.policies.merging import merge_complaints
from crmkit.complaints.policies.obligations import Obligation
from crmkit.complaints.policies.profiles import ObligationProfile
from crmkit.complaints.policies.rules import ActionRefused, ComplaintRules
from crmkit.complaints.records.complaint import Complaint
from crmkit.complaints.records.entry import Entry
from crmkit.complaints.records.events import (
    Assessed,
    Escalated,
    FactsRecorded,
    LifecycleAdopted,
    Merged,
    ParentNamed,
    Satisfaction,
    SatisfactionChecked,
    Severity,
    StatusChanged,
    WaitingStarted,
)
from crmkit.complaints.records.ideas import Idea
from crmkit.complaints.records.prevention import (
    ActionKind,
    CaseStudy,
    CorrectiveAction,
    EffectivenessCheck,
)
from crmkit.complaints.records.receipt import Receipt
from crmkit.complaints.records.seal import ERASED, erase_complaint, seal_complaint
from crmkit.errors import (
    AlreadyKept,
    IllegalTransition,
    InvalidPolicy,
    InvalidValue,
    NaiveDatetime,
    NotKept,
    StoreFull,
    VersionConflict,
)
from crmkit.identifiers import Actor, ComplaintId, CustomerId
from crmkit.lifecycle import Lifecycle
from crmkit.serialization import make_converter
from crmkit.storage.memory import MemoryStore
from crmkit.storage.sqlite import SqliteStore

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = BusinessCalendar.on_weekdays("09:00-18:00", zone="Europe/Berlin")
MONDAY = datetime(2026, 5, 4, 10, 0, tzinfo=BERLIN)
ANNA, BEN, CARA = Actor("anna"), Actor("ben"), Actor("cara")
HOUR = timedelta(hours=1)

DESK_HOURS = ObligationProfile(
    name="desk-hours",
    obligations=(
        Obligation(
            name="acknowledge",
            met_by=("acknowledge",),
            within=WorkingHours(4),
            calendar="desk",
            suspended_by=frozenset({"complainant"}),
        ),
        Obligation(name="answer", met_by=("respond",), within=WorkingHours(24), calendar="desk"),
    ),
).with_calendars(desk=OFFICE)
STATUTE = ObligationProfile(
    name="statute",
    obligations=(
        Obligation(name="letter", met_by=("respond",), within=BusinessDays(2), calendar="state"),
    ),
).with_calendars(state=OFFICE)
ESCALATION = EscalationPolicy(
    calendars={"desk": OFFICE},
    rules=[
        EscalationRule(
            name="unanswered",
            calendar="desk",
            levels=[
                EscalationLevel(level=1, after=Delay(6, DelayUnit.WORKING_HOURS), role="lead"),
                EscalationLevel(level=2, after=Delay(12, DelayUnit.WORKING_HOURS), target="board"),
            ],
        )
    ],
)


def receipt(number="K-1", at=MONDAY, **more):
    return Receipt(
        id=ComplaintId(number),
        received_at=at,
        channel="phone",
        received_by=more.pop("received_by", ANNA),
        complainant=CustomerId("C-7"),
        **more,
    )


def desk_with(store=None, **more):
    terms: dict[str, Any] = {"profiles": (DESK_HOURS, STATUTE), "escalation": ESCALATION} | more
    return ComplaintDesk(store=store or MemoryStore(), **terms)


def sealed(complaint):
    salts = iter(f"{number:032x}" for number in range(99))
    return complaint, seal_complaint(complaint, lambda: next(salts))


def act(desk, action, number="K-1", by=ANNA, at=MONDAY, **more):
    return desk.act(ComplaintId(number), action, by=by, at=at, reason="as agreed", **more)


def record(desk, what, number="K-1", by=ANNA, at=MONDAY, **more):
    return desk.record(ComplaintId(number), what, by=by, at=at, reason="as agreed", **more)


def respond_to(desk, number="K-1", at=MONDAY):
    act(desk, Action.ACKNOWLEDGE, number, at=at)
    record(desk, Assessed(Severity()), number, at=at)
    act(desk, Action.ASSESS, number, at=at)
    act(desk, Action.INVESTIGATE, number, at=at)
    record(desk, FactsRecorded("the parcel was wet"), number, at=at)
    act(desk, Action.RESPOND, number, at=at)


def close(desk, number="K-1", at=MONDAY):
    respond_to(desk, number, at)
    checked = SatisfactionChecked(outcome=Satisfaction.SATISFIED, process=Satisfaction.NEITHER)
    record(desk, checked, number, at=at)
    return act(desk, Action.CLOSE, number, by=BEN, at=at)


def queue(desk, **more):
    return [stored.record for stored in desk.due(**more).items]


class FailingStore(MemoryStore):
    """A store that is full, once it is told to be."""

    fails = False

    def _apply(self, changes):
        if self.fails:
            raise StoreFull("no room left")
        super()._apply(changes)


class TestHandling:
    """Whatever is done is done by the rules, and kept at once."""

    def test_a_complaint_goes_from_receipt_to_closing(self, store):
        desk = desk_with(store)
        desk.receive(receipt())
        closed = close(desk)
        assert closed.status == Status.CLOSED
        assert desk.get(ComplaintId("K-1")) == closed
        assert len(closed.trail) == 9

    def test_a_number_is_given_once(self, store):
        desk = desk_with(store)
        desk.receive(receipt())
        with pytest.raises(AlreadyKept):
            desk.receive(receipt())

    def test_an_unknown_number_is_told(self, store):
        with pytest.raises(NotKept):
            act(desk_with(store), Action.ACKNOWLEDGE)

    @pytest.mark.parametrize(
        ("action", "refusal"),
        [(Action.CLOSE, IllegalTransition), (Action.ASSESS, ActionRefused)],
    )
    def test_a_refused_action_changes_nothing_that_is_kept(self, store, action, refusal):
        desk = desk_with(store)
        desk.receive(receipt())
        before = act(desk, Action.ACKNOWLEDGE)
        due = queue(desk)
        with pytest.raises(refusal):
            act(desk, action)
        assert desk.get(ComplaintId("K-1")) == before
        assert queue(desk) == due

    def test_a_unit_of_the_host_is_joined_and_not_committed(self, store):
        desk = desk_with(store)
        with store.unit_of_work() as unit:
            desk.receive(receipt(), unit=unit)
            assert act(desk, Action.ACKNOWLEDGE, unit=unit).status == Status.ACKNOWLEDGED
        with pytest.raises(NotKept):
            desk.get(ComplaintId("K-1"))

    def test_of_two_who_act_at_the_same_time_one_looks_again(self, store):
        desk = desk_with(store)
        desk.receive(receipt())
        with store.unit_of_work() as late:
            act(desk, Action.ACKNOWLEDGE, unit=late)
            act(desk, Action.WITHDRAW)
            with pytest.raises(VersionConflict):
                late.commit()
        assert desk.get(ComplaintId("K-1")).status == Status.WITHDRAWN

    def test_a_complaint_handled_elsewhere_is_kept_with_its_trail(self, store):
        rules = ComplaintRules()
        complaint = rules.act(
            rules.receive(receipt()), Action.ACKNOWLEDGE, by=ANNA, at=MONDAY, reason="wrote"
        )
        desk = desk_with(store)
        assert desk.keep(complaint) == complaint
        assert desk.get(complaint.id) == complaint

    def test_a_trail_that_left_its_table_is_refused(self, store):
        complaint = Complaint.received(receipt())
        forged = Entry(
            what=StatusChanged("close", "received", "closed"), by=ANNA, at=MONDAY, reason="gone"
        )
        with pytest.raises(IllegalTransition):
            desk_with(store).keep(complaint.after(forged))
        with store.unit_of_work() as unit:
            unit.repository(COMPLAINTS).add(complaint.after(forged))
            unit.commit()
        with pytest.raises(IllegalTransition):
            desk_with(store).get(complaint.id)

    @pytest.mark.parametrize("status", [each for each in Status if each != Status.RECEIVED])
    def test_no_complaint_is_kept_that_was_born_half_way(self, store, status):
        first = Entry(
            what=LifecycleAdopted("complaint", 1, status.value), by=ANNA, at=MONDAY, reason="made"
        )
        with pytest.raises(IllegalTransition, match=f"cannot begin at {status} from received"):
            desk_with(store).keep(Complaint(receipt(), (first,)))

    def test_a_refusal_in_a_unit_of_the_host_leaves_nothing_half_done(self, store):
        """The host catches it and commits what else it has done."""
        desk = desk_with(store)
        desk.receive(receipt("K-1"))
        desk.receive(receipt("K-2", MONDAY + HOUR))
        before = desk.get(ComplaintId("K-1")), desk.get(ComplaintId("K-2"))
        broken = desk_with(store, profiles=(evolve(DESK_HOURS, calendars={}),))
        later = {"by": ANNA, "at": MONDAY + 9 * HOUR}
        attempts: list[Callable[[Any], object]] = [
            lambda unit: broken.merge(
                ComplaintId("K-2"), ComplaintId("K-1"), reason="one", unit=unit, **later
            ),
            lambda unit: broken.act(
                ComplaintId("K-1"), Action.ACKNOWLEDGE, reason="wrote", unit=unit, **later
            ),
            lambda unit: broken.escalate(MONDAY + 99 * HOUR, by=BEN, unit=unit),
            lambda unit: broken.receive(receipt("K-3"), unit=unit),
        ]
        for attempt in attempts:
            with store.unit_of_work() as unit:
                with pytest.raises(InvalidPolicy, match="which is not bound"):
                    attempt(unit)
                unit.commit()
        assert (desk.get(ComplaintId("K-1")), desk.get(ComplaintId("K-2"))) == before
        assert store.deliver(lambda message: None) == 0
        with pytest.raises(NotKept):
            desk.get(ComplaintId("K-3"))

    def test_a_store_that_fails_between_two_writes_has_written_neither(self):
        store = FailingStore()
        desk = desk_with(store)
        desk.receive(receipt("K-1"))
        desk.receive(receipt("K-2", MONDAY + HOUR))
        store.fails = True
        with pytest.raises(StoreFull):
            desk.merge(ComplaintId("K-2"), ComplaintId("K-1"), by=ANNA, at=MONDAY, reason="one")
        with pytest.raises(StoreFull):
            desk.escalate(MONDAY + 99 * HOUR, by=BEN)
        store.fails = False
        assert desk.get(ComplaintId("K-2")).merged_into is None
        assert desk.get(ComplaintId("K-1")).absorbed == ()
        assert store.deliver(lambda message: None) == 0
        assert len(desk.escalate(MONDAY + 99 * HOUR, by=BEN)) == 4

    def test_two_who_merge_and_close_at_the_same_time_do_not_lose_one(self, store):
        desk = desk_with(store)
        desk.receive(receipt("K-1"))
        desk.receive(receipt("K-2", MONDAY + HOUR))
        with store.unit_of_work() as late:
            desk.merge(
                ComplaintId("K-2"), ComplaintId("K-1"), by=BEN, at=MONDAY, reason="one", unit=late
            )
            act(desk, Action.WITHDRAW, "K-1")
            with pytest.raises(VersionConflict):
                late.commit()
        assert desk.get(ComplaintId("K-2")).merged_into is None
        with pytest.raises(ActionRefused, match="the-other-is-closed"):
            desk.merge(ComplaintId("K-2"), ComplaintId("K-1"), by=BEN, at=MONDAY, reason="one")

    def test_a_complaint_of_another_lifecycle_needs_its_table(self, store):
        other = Lifecycle(name="walk-in", initial="new", moves=[("new", "settle", "settled")])
        theirs = ComplaintDesk(store=store, rules=ComplaintRules(lifecycle=other, guards=()))
        theirs.receive(receipt())
        with pytest.raises(InvalidPolicy, match="walk-in"):
            desk_with(store).get(ComplaintId("K-1"))
        both = desk_with(store, rules=ComplaintRules(former=(other,)))
        assert act(both, "settle").status == "settled"


class TestDue:
    """The queue says what is due next, the earliest first, from the store by index."""

    def test_the_earliest_deadline_of_all_profiles_is_the_next(self, store):
        desk = desk_with(store)
        desk.receive(receipt())
        (entry,) = queue(desk)
        assert (entry.profile, entry.obligation) == ("desk-hours", "acknowledge")
        assert entry.due_at == MONDAY + 4 * HOUR
        act(desk, Action.ACKNOWLEDGE, at=MONDAY + HOUR)
        (entry,) = queue(desk)
        # Business days end at midnight after Wednesday, 24 working hours on Wednesday at four.
        assert (entry.profile, entry.obligation) == ("desk-hours", "answer")
        assert entry.due_at == datetime(2026, 5, 6, 16, 0, tzinfo=BERLIN)

    def test_what_is_answered_is_due_no_more(self, store):
        desk = desk_with(store)
        desk.receive(receipt())
        respond_to(desk)
        assert queue(desk) == []

    def test_what_is_owed_stays_due_after_a_withdrawal_that_nothing_excuses(self):
        desk = desk_with()
        desk.receive(receipt())
        act(desk, Action.WITHDRAW)
        assert [entry.obligation for entry in queue(desk)] == ["acknowledge"]

    def test_a_case_that_waits_is_not_due_for_what_waits(self):
        desk = desk_with(profiles=(DESK_HOURS,))
        desk.receive(receipt())
        record(desk, WaitingStarted("complainant"), at=MONDAY + HOUR)
        assert [entry.obligation for entry in queue(desk)] == ["answer"]

    def test_queues_are_sorted_and_filtered_by_owner_and_time(self, store):
        desk = desk_with(store)
        for number, hours, owner in [("K-1", 3, ANNA), ("K-2", 1, BEN), ("K-3", 2, ANNA)]:
            desk.receive(receipt(number, MONDAY + hours * HOUR, received_by=owner))
        assert [entry.complaint for entry in queue(desk)] == ["K-2", "K-3", "K-1"]
        assert [entry.complaint for entry in queue(desk, owner=ANNA)] == ["K-3", "K-1"]
        assert queue(desk, owner=CARA) == []
        # At the very instant at which it is due there is still time.
        assert queue(desk, before=MONDAY + 5 * HOUR) == []
        overdue = queue(desk, before=MONDAY + 5 * HOUR + timedelta(microseconds=1))
        assert [entry.complaint for entry in overdue] == ["K-2"]
        page = desk.due(limit=2)
        assert [stored.record.complaint for stored in page.items] == ["K-2", "K-3"]
        rest = desk.due(limit=2, after=page.next)
        assert [stored.record.complaint for stored in rest.items] == ["K-1"]

    def test_a_complaint_without_an_owner_is_in_the_queue_of_all(self):
        desk = desk_with()
        desk.receive(receipt(received_by=None), by=Actor("mail-robot"))
        assert [entry.owner for entry in queue(desk)] == [None]

    def test_the_agenda_of_one_complaint_shows_every_obligation(self):
        desk = desk_with()
        desk.receive(receipt())
        names = [state.obligation for state in desk.agenda(ComplaintId("K-1"), MONDAY)]
        assert names == ["acknowledge", "answer", "letter"]

    def test_the_history_of_one_complaint_is_what_deadlines_are_read_off(self):
        desk = desk_with()
        complaint = desk.receive(receipt())
        history = desk.history(complaint.id)
        assert history == summarize_case(complaint, desk.rules.lifecycle)
        states = [each for profile in desk.profiles for each in profile.agenda(history, MONDAY)]
        assert tuple(states) == desk.agenda(complaint.id, MONDAY)

    def test_other_policies_make_another_queue_once_it_is_refreshed(self, store):
        desk_with(store, profiles=(), escalation=None).receive(receipt())
        desk = desk_with(store)
        assert queue(desk) == []
        assert desk.refresh() == 1
        assert [entry.obligation for entry in queue(desk)] == ["acknowledge"]
        assert desk.refresh() == 0

    def test_what_was_kept_without_a_desk_comes_into_the_queue(self, store):
        with store.unit_of_work() as unit:
            unit.repository(COMPLAINTS).add(Complaint.received(receipt()))
            unit.commit()
        desk = desk_with(store)
        assert queue(desk) == []
        assert desk.refresh() == 1
        assert [entry.obligation for entry in queue(desk)] == ["acknowledge"]
        assert desk.refresh() == 0

    def test_and_is_acted_on_at_once(self, store):
        with store.unit_of_work() as unit:
            unit.repository(COMPLAINTS).add(Complaint.received(receipt()))
            unit.commit()
        desk = desk_with(store)
        assert act(desk, Action.ACKNOWLEDGE).status == Status.ACKNOWLEDGED
        assert [entry.obligation for entry in queue(desk)] == ["answer"]

    @given(st.lists(st.integers(0, 200), min_size=1, max_size=6), st.integers(0, 300))
    def test_the_queue_agrees_with_asking_each_complaint(self, hours, later):
        desk = desk_with()
        for number, hour in enumerate(hours):
            desk.receive(receipt(f"K-{number}", MONDAY + hour * HOUR))
        at = MONDAY + later * HOUR
        asked = {
            f"K-{number}"
            for number in range(len(hours))
            if any(
                state.due_at is not None and state.standing.is_open and state.due_at < at
                for state in desk.agenda(ComplaintId(f"K-{number}"), max(at, MONDAY + 999 * HOUR))
            )
        }
        assert {entry.complaint for entry in queue(desk, before=at)} == asked


class TestEscalation:
    """Each escalation is carried out once, in the order of falling due, however late."""

    def test_each_is_carried_out_once(self, store):
        desk = desk_with(store)
        desk.receive(receipt())
        assert desk.escalate(MONDAY + 5 * HOUR, by=BEN) == ()
        (first,) = desk.escalate(MONDAY + 6 * HOUR, by=BEN)
        assert (first.rule, first.level, first.role) == ("unanswered", 1, "lead")
        assert desk.escalate(MONDAY + 6 * HOUR, by=BEN) == ()
        (second,) = desk.escalate(MONDAY + timedelta(days=30), by=BEN)
        assert (second.level, second.target) == (2, "board")
        assert desk.escalate(MONDAY + timedelta(days=60), by=BEN) == ()
        trail = desk.get(ComplaintId("K-1")).escalations
        assert [(each.level, each.to) for each in trail] == [(1, "lead"), (2, "board")]

    def test_they_come_in_the_order_of_falling_due_and_leave_messages(self, store):
        desk = desk_with(store)
        desk.receive(receipt("K-1", MONDAY + 2 * HOUR))
        desk.receive(receipt("K-2", MONDAY))
        carried = desk.escalate(MONDAY + timedelta(days=30), by=BEN)
        assert [(each.complaint, each.level) for each in carried] == [
            ("K-2", 1),
            ("K-1", 1),
            ("K-2", 2),
            ("K-1", 2),
        ]
        handed = []
        store.deliver(lambda message: handed.append((message.topic, message.payload)))
        assert handed[0] == (ESCALATED_TOPIC, "K-2\nunanswered\n1\nlead")
        assert handed[3] == (ESCALATED_TOPIC, "K-1\nunanswered\n2\nboard")

    def test_a_limit_takes_some_complaints_at_a_time(self):
        desk = desk_with()
        for number in ("K-1", "K-2", "K-3"):
            desk.receive(receipt(number))
        late = MONDAY + timedelta(days=30)
        # The second levels wait until the last complaint has had its first.
        assert [len(desk.escalate(late, by=BEN, limit=2)) for _ in range(4)] == [2, 3, 1, 0]

    def test_one_that_nobody_asked_about_in_time_is_found_after_the_closing(self):
        desk = desk_with()
        desk.receive(receipt())
        close(desk, at=MONDAY + 8 * HOUR)
        (late,) = desk.escalate(MONDAY + timedelta(days=30), by=BEN)
        assert late.level == 1
        assert late.handled_at == MONDAY + 8 * HOUR

    def test_nobody_silences_one_by_writing_that_it_was_carried_out(self, store):
        desk = desk_with(store)
        desk.receive(receipt())
        told = Escalated(rule="unanswered", level=1, fell_due_at=MONDAY + 6 * HOUR, to="lead")
        with pytest.raises(InvalidValue, match="carried out by escalate"):
            record(desk, told)
        assert [each.level for each in desk.escalate(MONDAY + 7 * HOUR, by=BEN)] == [1]
        assert store.deliver(lambda message: None) == 1

    def test_an_escalation_of_other_rules_can_be_put_on_record(self):
        told = Escalated(rule="by-phone", level=1, fell_due_at=MONDAY, to="lead")
        for desk in (desk_with(), desk_with(escalation=None)):
            desk.receive(receipt())
            assert record(desk, told).escalations == (told,)

    def test_a_desk_without_rules_says_so(self):
        with pytest.raises(InvalidValue, match="no escalation"):
            desk_with(escalation=None).escalate(MONDAY, by=BEN)
        with pytest.raises(NaiveDatetime):
            desk_with().escalate(datetime(2026, 5, 4), by=BEN)  # noqa: DTZ001


class TestMerging:
    """A merged complaint rests, and its deadlines go with the one that goes on."""

    def test_what_is_merged_is_due_no_more_until_it_is_its_own_again(self, store):
        desk = desk_with(store)
        desk.receive(receipt("K-1"))
        desk.receive(receipt("K-2", MONDAY + HOUR))
        one, two = ComplaintId("K-1"), ComplaintId("K-2")
        before = desk.get(two)
        desk.merge(two, one, by=ANNA, at=MONDAY + 2 * HOUR, reason="same parcel")
        assert [entry.complaint for entry in queue(desk)] == ["K-1"]
        assert desk.get(one).absorbed == ("K-2",)
        with pytest.raises(ActionRefused, match="merged"):
            act(desk, Action.ACKNOWLEDGE, "K-2")
        desk.unmerge(two, by=ANNA, at=MONDAY + 3 * HOUR, reason="another parcel")
        assert [entry.complaint for entry in queue(desk)] == ["K-1", "K-2"]
        assert desk.get(two).status == before.status
        assert desk.get(one).absorbed == ()

    def test_no_complaint_is_kept_that_goes_on_nowhere(self, store):
        """Nobody could act on it, and nobody could take it out."""
        desk = desk_with(store)
        rules, ours = desk.rules, Complaint.received(receipt("K-1"))
        theirs = Complaint.received(receipt("K-2", MONDAY + HOUR))
        both = merge_complaints(rules, theirs, ours, by=ANNA, at=MONDAY, reason="one parcel")
        with pytest.raises(InvalidValue, match="does not hold it: keep that first"):
            desk.keep(both.complaint)
        desk.keep(both.into)
        desk.keep(both.complaint)
        assert desk.unmerge(both.complaint.id, by=ANNA, at=MONDAY, reason="two").into == desk.get(
            ours.id
        )
        desk.keep(Complaint.received(receipt("K-8")))
        stranger = Entry(what=Merged(ComplaintId("K-8")), by=ANNA, at=MONDAY, reason="gone")
        with pytest.raises(InvalidValue, match="does not hold it"):
            desk.keep(Complaint.received(receipt("K-9")).after(stranger))

    def test_what_is_not_merged_cannot_be_taken_apart(self):
        desk = desk_with()
        desk.receive(receipt())
        with pytest.raises(InvalidValue, match="not merged"):
            desk.unmerge(ComplaintId("K-1"), by=ANNA, at=MONDAY, reason="a slip")


class TestParents:
    """A complaint with parts is closed after its parts are."""

    def test_open_parts_hold_the_whole_open(self, store):
        desk = desk_with(store)
        desk.receive(receipt("K-1"))
        desk.receive(receipt("K-2"))
        record(desk, ParentNamed(ComplaintId("K-1")), "K-2")
        with pytest.raises(ActionRefused, match="open-children"):
            close(desk, "K-1")
        close(desk, "K-2")
        assert act(desk, Action.CLOSE, "K-1", by=BEN).status == Status.CLOSED

    def test_a_merged_part_is_no_open_part(self):
        desk = desk_with()
        for number in ("K-1", "K-2", "K-3"):
            desk.receive(receipt(number))
        record(desk, ParentNamed(ComplaintId("K-1")), "K-2")
        desk.merge(ComplaintId("K-2"), ComplaintId("K-3"), by=ANNA, at=MONDAY, reason="same")
        assert close(desk, "K-1").status == Status.CLOSED


class TestKept:
    """How complaints are found again."""

    def test_complaints_are_found_by_status_owner_and_complainant(self, store):
        desk = desk_with(store)
        desk.receive(receipt("K-1"))
        desk.receive(receipt("K-2", received_by=BEN))
        act(desk, Action.ACKNOWLEDGE, "K-2")
        with store.unit_of_work() as unit:
            complaints = unit.repository(COMPLAINTS)

            def found(index, *prefix):
                page = complaints.query(index, prefix=prefix)
                return [stored.record.id for stored in page.items]

            assert found("by-status", "received") == ["K-1"]
            assert found("by-owner", "ben") == ["K-2"]
            assert found("by-complainant", "C-7") == ["K-1", "K-2"]
            assert found("by-parent", "K-1") == []

    def test_nobody_s_complaint_is_found_by_no_person(self, store):
        desk = desk_with(store)
        unknown = Receipt(id=ComplaintId("K-9"), received_at=MONDAY, channel="letter")
        desk.receive(unknown, by=ANNA)
        with store.unit_of_work() as unit:
            complaints = unit.repository(COMPLAINTS)
            assert complaints.query("by-owner").items == ()
            assert complaints.query("by-complainant").items == ()

    def test_erased_complainants_are_not_found_as_one(self, store):
        desk = desk_with(store)
        erased = erase_complaint(*sealed(desk.rules.receive(receipt())))[0]
        assert erased.receipt.complainant == ERASED
        desk.keep(erased)
        with store.unit_of_work() as unit:
            assert unit.repository(COMPLAINTS).query("by-complainant").items == ()

    def test_of_what_was_erased_no_byte_is_kept_anywhere(self, tmp_path):
        """Neither in the documents nor in the agenda, the outbox, or the file after compacting."""
        store = SqliteStore.open(tmp_path / "erased.db", create=True)
        desk, number = desk_with(store), ComplaintId("K-1")
        desk.receive(evolve(receipt(content="canary wants it back"), complainant="canary-7"))
        record(desk, FactsRecorded("canary was right"))
        desk.act(number, Action.ACKNOWLEDGE, by=ANNA, at=MONDAY, reason="told canary")
        desk.escalate(MONDAY + 99 * HOUR, by=BEN)
        kept, seal = sealed(desk.get(number))
        with store.unit_of_work() as unit:
            unit.repository(TRAIL_SEALS).add(seal)
            erased, seal_after = erase_complaint(kept, seal)
            complaints, seals = unit.repository(COMPLAINTS), unit.repository(TRAIL_SEALS)
            complaints.replace(erased, complaints.get(number).version)
            seals.replace(seal_after, seals.get(number).version)
            unit.commit()
        shown = [str(desk.get(number)), str(queue(desk)), str(desk.agenda(number, MONDAY))]
        assert store.deliver(lambda message: shown.append(message.payload)) == 2
        with pytest.raises(IllegalTransition) as refused:
            act(desk, Action.ACKNOWLEDGE)
        shown.append(str(refused.value))
        assert [text for text in shown if "canary" in text or "wrote" in text] == []
        store.compact()
        store.close()
        files = b"".join(each.read_bytes() for each in tmp_path.iterdir())
        assert ERASED.encode() in files
        assert b"canary" not in files

    def test_an_agenda_names_instants(self):
        with pytest.raises(NaiveDatetime):
            AgendaEntry(complaint=ComplaintId("K-1"), due_at=datetime(2026, 5, 4))  # noqa: DTZ001

    def test_open_actions_are_found_by_what_is_due_for_them(self, store):
        action = CorrectiveAction(
            id="A-1",
            complaints=(ComplaintId("K-1"), ComplaintId("K-2")),
            kind=ActionKind.CORRECTIVE,
            what="pad the corners",
            owner=BEN,
            due_on=date(2026, 6, 15),
            check=EffectivenessCheck(due_on=date(2026, 9, 1), judged_by_what="no more blemishes"),
        )
        with store.unit_of_work() as unit:
            actions = unit.repository(CORRECTIVE_ACTIONS)

            def found(index, *prefix):
                return [each.record.id for each in actions.query(index, prefix=prefix).items]

            stored = actions.add(action)
            assert found("by-due") == found("by-owner", "ben") == ["A-1"]
            assert found("by-complaint", "K-2") == ["A-1"]
            assert found("by-check") == []
            stored = actions.replace(action.done(date(2026, 6, 10)), stored.version)
            assert found("by-due") == found("by-owner", "ben") == []
            assert found("by-check") == ["A-1"]
            checked = stored.record.checked(date(2026, 9, 1), ANNA, effective=True)
            actions.replace(checked, stored.version)
            assert found("by-check") == []

    def test_the_library_and_ideas_are_found_by_area_and_status(self, store):
        study = CaseStudy(
            id="S-1",
            complaints=(ComplaintId("K-1"),),
            area="packaging",
            problem="corners are crushed",
            evidence=("photo-17",),
            responsible_unit="dispatch",
            lesson="pad them",
            written_on=date(2026, 6, 1),
        )
        idea = Idea(
            id="I-1",
            complaints=(ComplaintId("K-1"),),
            text="a knock-down sofa",
            by=ANNA,
            on=date(2026, 6, 1),
        )
        with store.unit_of_work() as unit:
            unit.repository(CASE_STUDIES).add(study)
            unit.repository(IDEAS).add(idea)
            page = unit.repository(CASE_STUDIES).query("by-area", prefix=("packaging",))
            assert [each.record for each in page.items] == [study]
            ideas = unit.repository(IDEAS).query("by-status", prefix=("proposed",))
            assert [each.record for each in ideas.items] == [idea]

    def test_every_kept_type_is_known_to_one_converter(self):
        converter = make_converter(*STORED_TYPES)
        profile, complaint = DESK_HOURS, desk_with().receive(receipt())
        for kept in (profile, ESCALATION, complaint):
            assert converter.loads(converter.dumps(kept)) == kept

    def test_a_seal_is_kept_beside_its_trail(self, store):
        complaint, seal = sealed(desk_with().receive(receipt()))
        with store.unit_of_work() as unit:
            unit.repository(TRAIL_SEALS).add(seal)
            assert unit.repository(TRAIL_SEALS).get(complaint.id).record == seal

    def test_agendas_and_complaints_are_documents(self):
        desk = desk_with()
        complaint = desk.receive(receipt(content="it was wet"))
        assert COMPLAINTS.loads(COMPLAINTS.dumps(complaint)) == complaint
        entry = AgendaEntry(complaint=complaint.id, due_at=MONDAY.astimezone(UTC))
        assert COMPLAINT_AGENDAS.loads(COMPLAINT_AGENDAS.dumps(entry)) == entry
        assert complaint.lifecycle == (COMPLAINT_LIFECYCLE.name, COMPLAINT_LIFECYCLE.version)
