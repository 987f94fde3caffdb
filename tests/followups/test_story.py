"""A shop follows its customers up for half a year, with all that goes wrong on the way."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmkit.business_time import BusinessCalendar
from crmkit.contact import Contact, ContactCap, ContactFacts, ContactPolicy, MinimumGap, QuietHours
from crmkit.errors import InvalidValue
from crmkit.followups import (
    VISIT_REPORT,
    Anchor,
    Appointment,
    AppointmentMatch,
    AssignmentFacts,
    AssignmentPolicy,
    Cadence,
    Cancelled,
    Capacity,
    CareEvent,
    Confirmed,
    ContactFile,
    Done,
    FollowUp,
    FollowUpDesk,
    FollowUpFacts,
    FollowUpOwner,
    FollowUpPlanner,
    FollowUpStatus,
    KeptPlan,
    MatchFacts,
    MissedEscalation,
    MissedLevel,
    NeglectFacts,
    NeglectPolicy,
    OwnerPlan,
    PapersMissing,
    Placement,
    PlanCase,
    PortfolioOwner,
    Priority,
    Rescheduled,
    WeeklyMeeting,
    booked_appointments,
    next_follow_up,
    to_icalendar,
)
from crmkit.identifiers import Actor, CustomerId, FollowUpId, InteractionId
from crmkit.period import Period
from crmkit.records import Direction, Interaction
from crmkit.storage.memory import MemoryStore
from tests.followups.builders import ANNA, BEN, BERLIN, COMPLETE, DAY, at
from tests.followups.planning_cases import plannings

OFFICE = BusinessCalendar.on_weekdays("09:00-18:00", zone="Europe/Berlin")
PLANNER = Actor("planner")
MONTHS = [Period.month(2026, month) for month in range(2, 8)]
POLICY = ContactPolicy(
    caps=(ContactCap(most=2, days=7),),
    gaps=(MinimumGap(gap=timedelta(hours=48)),),
    quiet_hours=(QuietHours("20:00-08:00"),),
)
CADENCES = (evolve(Cadence.after_hand_over(), days_early=2, days_late=4),)
HANDED_OVER = {
    CustomerId(f"C-{number}"): date(2026, 1, 1) + 2 * number * DAY for number in range(1, 9)
}
ESCALATION = MissedEscalation(levels=[MissedLevel(1, after_days=1, to="team lead")])


@pytest.fixture
def shop(store):
    return Shop(store)


class Shop:
    """A shop with two who follow up, and what it keeps."""

    def __init__(self, store: Any) -> None:
        self.desk = FollowUpDesk(store=store, escalation=ESCALATION)
        self.planner = FollowUpPlanner(
            cadences=CADENCES, priority=Priority(importance={"gold": 3}), contact=POLICY
        )
        self.owners = {
            actor: FollowUpOwner(actor=actor, calendar=OFFICE, capacity=Capacity(2))
            for actor in (ANNA, BEN)
        }
        customers = list(HANDED_OVER)
        self.owner_of = {
            **dict.fromkeys(customers[:5], ANNA),
            **dict.fromkeys(customers[5:], BEN),
        }
        self.interactions: list[Interaction] = []

    # --- what it knows, and plans ---

    def case(self, customer: CustomerId, as_of: date) -> PlanCase:
        facts = FollowUpFacts(
            customer=customer, as_of=as_of, anchors={Anchor.HAND_OVER: HANDED_OVER[customer]}
        )
        return PlanCase.of(facts, self.desk.of_customer(customer), interactions=self.interactions)

    def cases(self, owner: Actor, as_of: date) -> list[PlanCase]:
        theirs = [customer for customer, whose in self.owner_of.items() if whose == owner]
        return [self.case(customer, as_of) for customer in theirs]

    def plans(self, month: Period, as_of: date) -> list[OwnerPlan]:
        portfolios = [(owner, self.cases(actor, as_of)) for actor, owner in self.owners.items()]
        return list(self.planner.plans(portfolios, month))

    def place(self, plan: OwnerPlan, on: date) -> KeptPlan:
        def record(one: Placement) -> FollowUp:
            return one.follow_up(target="hear how it runs", by=PLANNER, at=at(on))

        return self.desk.place(plan.placements, record, by=PLANNER, at=at(on))

    def plan_month(self, month: Period, on: date | None = None) -> list[KeptPlan]:
        day = on or month.start
        return [self.place(plan, day) for plan in self.plans(month, day)]

    # --- what happens ---

    def contact(self, follow_up: FollowUp, when: datetime) -> Interaction:
        made = Interaction(
            id=InteractionId(f"I-{len(self.interactions) + 1}"),
            customer=follow_up.customer,
            at=when,
            channel=follow_up.channel or "telephone",
            direction=Direction.OUTBOUND,
            purpose=follow_up.purpose,
            actor=follow_up.owner,
        )
        self.interactions.append(made)
        return made

    def do(self, follow_up: FollowUp, hour: int = 9) -> FollowUp:
        """Done on the day it is due, at an hour."""
        made = self.contact(follow_up, at(follow_up.due_on, hour))
        done = Done.through(made, zone=BERLIN, outcome="runs well", report=COMPLETE)
        return self.act(follow_up, done, on=follow_up.due_on)

    def act(self, follow_up: FollowUp, event: Any, *, on: date) -> FollowUp:
        return self.desk.act(follow_up.id, event, by=PLANNER, at=at(on, 19), reason="so it was")

    # --- what it has ---

    def due(self, owner: Actor | None = None) -> list[FollowUp]:
        return [stored.record for stored in self.desk.due(owner=owner).items]

    def all(self) -> list[FollowUp]:
        return [one for customer in HANDED_OVER for one in self.desk.of_customer(customer)]

    def work_off(self, period: Period) -> None:
        """As usual: everything is done on its day."""
        for one in self.due():
            if one.due_on in period:
                self.do(one)


def nothing_new(found: list[KeptPlan]) -> bool:
    return not any(one.added or one.moved for one in found)


def asked_in_all(months: list[Period]) -> Counter[tuple[CustomerId, date]]:
    """What the cadence asks for in some months, reckoned from itself alone."""
    days = Period(months[0].start, months[-1].end)
    return Counter(
        (customer, one.nominal_on)
        for customer, day in HANDED_OVER.items()
        for one in CADENCES[0].due_within(days, anchor=day, calendar=OFFICE)
    )


def next_day(facts: FollowUpFacts) -> date:
    """The day that the cadence gives for what comes next."""
    found = next_follow_up(facts, CADENCES).outcome
    assert found is not None
    return found.nominal_on


class TestMonths:
    """Month after month: nothing twice, nothing lost."""

    def test_half_a_year_is_planned_and_worked_off(self, shop):
        for month in MONTHS:
            shop.plan_month(month)
            assert nothing_new(shop.plan_month(month))
            tenth = month.start + 9 * DAY
            shop.work_off(Period(month.start, tenth))
            assert nothing_new(shop.plan_month(month, tenth))
            shop.work_off(month)
            assert nothing_new(shop.plan_month(month, month.last))
        every = shop.all()
        assert Counter((one.customer, one.nominal_on) for one in every) == asked_in_all(MONTHS)
        assert all(one.status is FollowUpStatus.DONE and not one.is_late for one in every)

    def test_caps_gaps_and_quiet_hours_hold_over_the_history(self, shop):
        """Each contact would have been allowed by the policy, given those before it."""
        fifth = CustomerId("C-5")
        call = Interaction(
            id=InteractionId("I-first"),
            customer=fifth,
            at=at(date(2026, 2, 10), 17),
            channel="telephone",
            direction=Direction.OUTBOUND,
        )
        question = evolve(
            call, id=InteractionId("I-question"), at=call.at + DAY, direction=Direction.INBOUND
        )
        shop.interactions += [call, question]
        shop.plan_month(MONTHS[0])
        [visit] = shop.desk.of_customer(fifth)
        assert visit.due_on == date(2026, 2, 12), "not on the 11th, which is within 48 hours"
        shop.do(visit, hour=17)
        for month in MONTHS:
            shop.plan_month(month)
            shop.work_off(month)
        by_customer: dict[CustomerId, list[Contact]] = {}
        ours = [each for each in shop.interactions if each.direction is Direction.OUTBOUND]
        for each in sorted(ours, key=lambda each: each.at):
            before = by_customer.setdefault(each.customer, [])
            proposed = Contact.of(each)
            facts = ContactFacts(proposed=proposed, contacts=before, zone="Europe/Berlin")
            assert POLICY(facts).outcome.allowed
            before.append(proposed)

    def test_what_was_done_is_handled_and_the_next_one_is_asked_for(self, shop):
        shop.plan_month(MONTHS[0])
        first = CustomerId("C-1")
        facts = shop.case(first, MONTHS[0].start).facts
        [visit] = shop.desk.of_customer(first)
        open_one = facts.with_handled([visit])
        assert open_one == facts
        assert next_day(open_one) == visit.nominal_on
        done = facts.with_handled([shop.do(visit)])
        assert done.handled == {"after-hand-over": visit.nominal_on}
        assert next_day(done) == date(2026, 3, 3)
        later = evolve(facts, handled={"after-hand-over": date(2026, 5, 3)})
        assert later.with_handled([shop.desk.get(visit.id)]) == later
        with pytest.raises(InvalidValue, match="another customer"):
            facts.with_handled(shop.all())


class TestWhatGoesWrong:
    """Missed, put off, called off: each has its place, and none comes back as something new."""

    def test_what_was_missed_is_told_and_made_up_for_and_never_planned_anew(self, shop):
        february = MONTHS[0]
        shop.plan_month(february)
        forgotten = shop.due(ANNA)[0]
        for one in shop.due():
            if one.id != forgotten.id:
                shop.do(one)
        morning = forgotten.not_after + DAY
        [missed] = shop.desk.miss(morning, by=PLANNER, at=at(morning))
        assert missed.id == forgotten.id
        assert nothing_new(shop.plan_month(february, morning))
        [told] = shop.desk.escalate(morning, by=PLANNER, at=at(morning))
        assert (told.follow_up, told.level.to) == (forgotten.id, "team lead")
        assert shop.desk.escalate(morning, by=PLANNER, at=at(morning)) == ()
        assert shop.desk.owed() == (shop.desk.get(forgotten.id),)
        moved = shop.act(missed, Rescheduled(morning + DAY), on=morning)
        [plan, _] = shop.plans(february, morning)
        assert [one.key[0] for one in plan.kept if one.on >= morning] == [moved.customer]
        done = shop.do(moved)
        assert done.status is FollowUpStatus.DONE
        assert shop.desk.owed() == ()
        assert not list(shop.desk.overdue(february.end))
        assert nothing_new(shop.plan_month(february, morning + DAY))

    def test_a_day_that_went_by_gives_way_to_another_one(self, shop):
        """It may still be done, so it has another day, with the same number."""
        february = MONTHS[0]
        shop.plan_month(february)
        late = shop.due(ANNA)[0]
        next_day = late.due_on + DAY
        [moved] = [one for plan in shop.plan_month(february, next_day) for one in plan.moved]
        assert moved.id == late.id
        assert late.due_on < moved.due_on <= late.not_after
        assert (moved.not_before, moved.not_after) == (late.not_before, late.not_after)
        assert nothing_new(shop.plan_month(february, next_day))
        [over, _] = shop.plans(february, late.not_after + DAY)
        assert late.customer in [one.customer for one in over.unplaced]

    def test_what_was_called_off_or_put_elsewhere_stays_so(self, shop):
        february = MONTHS[0]
        plans = shop.plans(february, february.start)
        for plan in plans:
            shop.place(plan, february.start)
        off, elsewhere, given = shop.due(ANNA)[:3]
        shop.act(off, Cancelled(), on=february.start)
        shop.act(elsewhere, Rescheduled(date(2026, 2, 26)), on=february.start)
        shop.desk.hand_over(BEN, ANNA, by=PLANNER, at=at(february.start), reason="a training")
        before = shop.all()
        assert nothing_new([shop.place(plan, february.start) for plan in plans])
        assert nothing_new(shop.plan_month(february))
        assert shop.all() == before
        assert shop.desk.get(off.id).status is FollowUpStatus.CANCELLED
        assert shop.desk.get(elsewhere.id).due_on == date(2026, 2, 26)
        assert shop.desk.get(given.id).owner == ANNA
        assert shop.due(BEN) == []

    def test_a_visit_is_done_with_its_report(self, shop):
        february = MONTHS[0]
        [plan, _] = shop.plans(february, february.start)

        def record(one: Placement) -> FollowUp:
            return one.follow_up(
                target="look at the pump", by=PLANNER, at=at(february.start), needs=[VISIT_REPORT]
            )

        kept = shop.desk.place(plan.placements, record, by=PLANNER, at=at(february.start))
        visit = kept.added[0]
        made = shop.contact(visit, at(visit.due_on, 10))
        with pytest.raises(PapersMissing):
            shop.act(visit, Done.through(made, zone=BERLIN), on=visit.due_on)
        done = shop.act(
            visit, Done.through(made, zone=BERLIN, report=COMPLETE), on=visit.due_on
        ).done
        assert done is not None
        assert done.report == COMPLETE
        file = ContactFile.of(visit.customer, shop.desk.of_customer(visit.customer), [made])
        assert [result.done for result in file.results] == [done]

    def test_the_record_of_something_else_is_refused(self, shop):
        plan, other = shop.plans(MONTHS[0], MONTHS[0].start)
        wrong = other.placements[0].follow_up(target="hear", by=PLANNER, at=at(MONTHS[0].start))
        with pytest.raises(InvalidValue, match="another follow-up"):
            shop.desk.place(plan.placements, lambda _: wrong, by=PLANNER, at=at(MONTHS[0].start))
        elsewhere = evolve(plan.placements[0], owner=BEN)
        with pytest.raises(InvalidValue, match="its day and its owner"):
            shop.desk.place(
                plan.placements[:1],
                lambda _: elsewhere.follow_up(target="hear", by=PLANNER, at=at(MONTHS[0].start)),
                by=PLANNER,
                at=at(MONTHS[0].start),
            )
        assert shop.all() == []


class TestSomebodyLeaves:
    """The planner and the desk hand over to the same people, and nothing is lost."""

    def test_the_planner_and_the_desk_agree(self, shop):
        march, last_day = MONTHS[1], date(2026, 3, 6)
        shop.plan_month(march)
        for one in shop.due(ANNA):
            if one.due_on <= last_day:
                shop.do(one)
        agreed = shop.due(ANNA)[-1]
        hour = at(agreed.due_on, 15)
        appointment = Appointment(hour, timedelta(hours=1), "Europe/Berlin")
        shop.act(agreed, Confirmed(appointment), on=last_day)
        owed = {one.id for one in shop.due(ANNA)}
        monday = date(2026, 3, 9)
        theirs = [customer for customer, whose in shop.owner_of.items() if whose == ANNA]
        assignment = AssignmentPolicy(
            owners=[
                PortfolioOwner(actor=ANNA, most=9, leaves_on=last_day),
                PortfolioOwner(actor=BEN, most=9, has=3),
            ]
        ).assign(AssignmentFacts(customer=each, as_of=monday, owner=ANNA) for each in theirs)
        leaver = evolve(shop.owners[ANNA], leaves_on=last_day)
        planned = shop.planner.hand_over(
            leaver,
            shop.cases(ANNA, monday),
            [(shop.owners[BEN], shop.cases(BEN, monday))],
            assignment.owner_of,
            march,
        )
        hers, his = planned
        given = shop.desk.hand_over(
            ANNA,
            lambda one: assignment.owner_of(one.customer),
            by=PLANNER,
            at=at(last_day, 20),
            reason="anna leaves",
        )
        assert given.waiting == ()
        assert {one.id for one in given.given} == owed
        placed = shop.place(his, monday)
        assert placed.added == ()
        assert hers.placements == ()
        assert hers.unplaced == ()
        scheduled = {(one.customer, one.occurrence.nominal_on): one.on for one in his.schedule}
        assert {(one.customer, one.nominal_on): one.due_on for one in shop.due(BEN)} == scheduled
        assert shop.desk.get(agreed.id).appointment == appointment
        shop.owner_of.update(dict.fromkeys(theirs, BEN))
        del shop.owners[ANNA]
        assert nothing_new(shop.plan_month(march, monday))
        assert shop.due(ANNA) == []
        for month in MONTHS[2:]:
            shop.plan_month(month)
        assert Counter((one.customer, one.nominal_on) for one in shop.all()) == asked_in_all(
            MONTHS[1:]
        )

    def test_an_appointment_that_nobody_has_stays_on_its_day(self, shop):
        march = MONTHS[1]
        shop.plan_month(march)
        agreed = shop.due(ANNA)[-1]
        appointment = Appointment(at(agreed.due_on, 15), timedelta(hours=1), "Europe/Berlin")
        shop.act(agreed, Confirmed(appointment), on=march.start)
        shop.desk.hand_over(ANNA, None, by=PLANNER, at=at(march.start), reason="she is ill")
        pinned = [
            one
            for one in shop.case(agreed.customer, march.start).more
            if one.nominal_on == agreed.nominal_on
        ]
        assert [(one.not_before, one.not_after) for one in pinned] == [(agreed.due_on,) * 2]
        taken = [one for plan in shop.plan_month(march) for one in plan.moved]
        assert len(taken) == len(shop.due(ANNA))
        kept = shop.desk.get(agreed.id)
        assert (kept.owner, kept.appointment) == (ANNA, appointment)


class TestNeglect:
    """What facts propose is planned like all else, once."""

    def test_a_complaint_that_nobody_answered_gets_a_call(self, shop):
        february, monday = MONTHS[0], date(2026, 2, 16)
        shop.plan_month(february)
        customer = CustomerId("C-1")
        for one in shop.due():
            if one.due_on < monday:
                shop.do(one)

        def proposals(as_of: date) -> Any:
            facts = NeglectFacts.of(
                customer,
                as_of=as_of,
                since=HANDED_OVER[customer],
                zone=BERLIN,
                interactions=shop.interactions,
                events={CareEvent.COMPLAINT: date(2026, 2, 15)},
                follow_ups=shop.desk.of_customer(customer),
            )
            return NeglectPolicy.usual()(facts, calendar=OFFICE).outcome

        [proposal] = proposals(monday)
        kept = shop.desk.plan([proposal.follow_up(by=PLANNER, at=at(monday))])
        assert [one.owner for one in kept.added] == [None]
        [call] = [one for plan in shop.plan_month(february, monday) for one in plan.moved]
        assert (call.id, call.owner) == (proposal.id, ANNA)
        assert proposal.not_before <= call.due_on <= proposal.not_after
        assert list(proposals(monday)) == []
        assert nothing_new(shop.plan_month(february, monday))
        assert shop.desk.without_owner().items == ()
        shop.do(call)
        assert list(proposals(call.due_on + DAY)) == []
        assert nothing_new(shop.plan_month(february, call.due_on))

    def test_what_was_called_off_before_it_was_placed_is_not_given_to_anybody(self, shop):
        february = MONTHS[0]
        waits = FollowUp.planned(
            id=FollowUpId("F-1"),
            customer=CustomerId("C-1"),
            purpose="care",
            target="hear what is wrong",
            due_on=date(2026, 2, 16),
            by=PLANNER,
            at=at(february.start),
        )
        shop.desk.plan([waits])
        plan, _ = shop.plans(february, february.start)
        shop.act(waits, Cancelled(), on=february.start)
        off = shop.desk.get(waits.id)
        assert off in shop.place(plan, february.start).known
        assert shop.desk.get(waits.id) == off


class TestLookingOnIt:
    """Calendars, the meeting, and how many appointments were kept."""

    def test_the_calendar_of_an_owner_follows(self, shop):
        february = MONTHS[0]
        shop.plan_month(february)
        moved, off, given = shop.due(ANNA)[:3]
        before = events(shop, ANNA)
        assert len(before) == len(shop.due(ANNA))
        shop.act(moved, Rescheduled(moved.due_on + DAY), on=february.start)
        shop.act(off, Cancelled(), on=february.start)
        shop.desk.hand_over(
            ANNA,
            lambda one: BEN if one.id == given.id else None,
            by=PLANNER,
            at=at(february.start, 20),
            reason="so it was",
        )
        after = events(shop, ANNA)
        assert set(after) == set(before), "each number stays, so each is moved or struck out"
        for one in (moved, off, given):
            uid = f"{one.id}@crmkit"
            assert after[uid][0] > before[uid][0]
        assert [after[f"{one.id}@crmkit"][1] for one in (off, given)] == ["CANCELLED"] * 2
        assert events(shop, BEN)[f"{given.id}@crmkit"][1] == "TENTATIVE"
        assert shop.desk.of_owner(ANNA, since=off.due_on, before=off.due_on + DAY) == (
            shop.desk.get(off.id),
        )

    def test_the_meeting_of_the_week_counts_what_is_owed(self, shop):
        february = MONTHS[0]
        shop.plan_month(february)
        meeting = WeeklyMeeting(zone="Europe/Berlin")
        week = meeting.week_of(at(date(2026, 2, 11)), calendar=OFFICE)
        for one in shop.due(BEN):
            shop.do(one)
        missed = shop.desk.miss(date(2026, 2, 13), by=PLANNER, at=at(date(2026, 2, 13)))
        assert missed
        pack = meeting.pack(
            week,
            interactions=shop.interactions,
            follow_ups=shop.desk.owed(before=week.days.end + 7 * DAY),
            calendar=OFFICE,
        )
        everything = meeting.pack(
            week, interactions=shop.interactions, follow_ups=shop.all(), calendar=OFFICE
        )
        assert pack == everything
        owed = [one for one in shop.all() if one.done is None]
        assert list(pack.owed) == [one for one in owed if one.due_on <= date(2026, 2, 13)]
        assert list(pack.coming) == [
            one for one in owed if date(2026, 2, 14) <= one.due_on <= date(2026, 2, 20)
        ]
        assert set(missed) <= set(pack.owed)
        assert sum(topic.count for topic in pack.topics) == len(pack.interactions)
        for count in range(february.days):
            day = february.start + count * DAY
            assert set(shop.desk.owed(before=day)) == {one for one in owed if one.due_on < day}
        assert set(shop.desk.owed()) == set(owed)
        assert any(one.due_on < one.not_after for one in missed)

    def test_appointments_are_matched_with_visits(self, shop):
        february = MONTHS[0]
        shop.plan_month(february)
        booked = shop.due(ANNA)[:3]
        for one in booked:
            appointment = Appointment(at(one.due_on, 15), timedelta(hours=1), "Europe/Berlin")
            shop.act(one, Confirmed(appointment), on=february.start)
        shop.do(shop.desk.get(booked[0].id), hour=15)
        shop.do(shop.desk.get(booked[1].id), hour=15)
        decision = AppointmentMatch(within=timedelta(minutes=30))(
            MatchFacts(
                as_of=february.last,
                appointments=booked_appointments(shop.all()),
                visits=shop.interactions,
                period=february,
            )
        )
        assert decision.outcome.share == Fraction(2, 3)
        assert [one.follow_up for one in decision.outcome.not_kept] == [booked[2].id]


def events(shop: Shop, owner: Actor) -> dict[str, tuple[int, str]]:
    """By UID, sequence and status of what the calendar file of an owner has."""
    icalendar = pytest.importorskip("icalendar")
    feed = to_icalendar(shop.desk.of_owner(owner), at=at(date(2026, 2, 28)), owner=owner)
    found = icalendar.Calendar.from_ical(feed).walk("VEVENT")
    assert len({str(event["UID"]) for event in found}) == len(found)
    return {str(each["UID"]): (int(each["SEQUENCE"]), str(each["STATUS"])) for each in found}


def test_a_follow_up_is_found_by_its_own_number_only(shop):
    """A cadence may have a name that is the number of another follow-up."""
    [plan, _] = shop.plans(MONTHS[0], MONTHS[0].start)
    one = plan.placements[0]
    namesake = FollowUp.planned(
        id=FollowUpId("after-hand-over"),
        customer=one.customer,
        purpose="return-visit",
        target="hear how it runs",
        due_on=MONTHS[0].start,
        by=PLANNER,
        at=at(MONTHS[0].start),
    )
    shop.desk.plan([namesake])
    kept = shop.place(evolve(plan, placements=[one]), MONTHS[0].start)
    assert [each.cadence for each in kept.added] == ["after-hand-over"]


class TestOnRecord:
    """Whoever is planned for: what is on record is planned as what was kept in mind."""

    @given(plannings())
    def test_what_was_placed_on_the_desk_keeps_its_day(self, planning):
        planner, owner, cases, period = planning
        plan = planner.plan(owner, cases, period)
        desk = FollowUpDesk(store=MemoryStore())

        def record(one: Placement) -> FollowUp:
            return one.follow_up(target="hear how it runs", by=PLANNER, at=at(period.start))

        kept = desk.place(plan.placements, record, by=PLANNER, at=at(period.start))
        assert len(kept.added) == len(plan.placements)
        on_record = [
            evolve(
                PlanCase.of(
                    case.facts,
                    desk.of_customer(case.facts.customer),
                    contacts=case.contacts,
                    do_not_contact=case.do_not_contact,
                    zone=case.zone,
                ),
                more=case.more,
            )
            for case in cases
        ]
        again = planner.plan(owner, on_record, period)
        assert again.placements == ()
        assert again.unplaced == plan.unplaced
        assert {one.key: one.on for one in again.kept} == {
            one.key: one.on for one in plan.placements
        }

    @given(plannings(), st.integers(1, 9))
    def test_each_has_a_day_a_reason_or_was_done_as_time_goes_by(self, planning, days):
        """Some are done on their day and others are not; none gets out of sight."""
        planner, owner, cases, period = planning
        desk = FollowUpDesk(store=MemoryStore())

        def record(one: Placement) -> FollowUp:
            return one.follow_up(target="hear how it runs", by=PLANNER, at=at(period.start))

        plan = planner.plan(owner, cases, period)
        desk.place(plan.placements, record, by=PLANNER, at=at(period.start))
        today = period.start + days * DAY
        left = {one.key for one in plan.placements}
        for number, one in enumerate(plan.placements):
            if number % 2 and one.on < today:
                [follow_up] = [each for each in desk.of_customer(one.customer) if one.is_of(each)]
                desk.act(follow_up.id, Cancelled(), by=PLANNER, at=at(today), reason="not needed")
                left.discard(one.key)
        on_record = [
            PlanCase.of(
                evolve(case.facts, as_of=max(case.facts.as_of, today)),
                desk.of_customer(case.facts.customer),
                do_not_contact=case.do_not_contact,
                zone=case.zone,
            )
            for case in cases
        ]
        again = planner.plan(owner, on_record, period)
        desk.place(again.placements, record, by=PLANNER, at=at(today))
        lists = (again.placements, again.unplaced, again.kept)
        found = Counter(one.key for each in lists for one in each)
        assert left <= set(found)
        assert max(found.values(), default=1) == 1
        gone = {one.key for one in plan.placements} - left
        assert not gone & set(found)
        due = {stored.record.id: stored.record for stored in desk.due().items}
        assert all(
            any(one.is_of(each) and one.on == each.due_on for each in due.values())
            for one in again.placements
        )
