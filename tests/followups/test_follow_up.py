"""A follow-up, from its planning to what came of it."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import (
    IllegalTransition,
    InvalidIdentifier,
    InvalidValue,
    NaiveDatetime,
)
from crmkit.followups import (
    VISIT_REPORT,
    Appointment,
    Assigned,
    Cadence,
    Cancelled,
    Confirmed,
    Done,
    Escalated,
    FollowUp,
    FollowUpEntry,
    FollowUpEvent,
    FollowUpRefused,
    FollowUpStatus,
    Missed,
    Occurrence,
    PapersMissing,
    Planned,
    Rescheduled,
    Unassigned,
    VisitPoint,
    VisitReport,
    follow_up_id,
)
from crmkit.identifiers import Actor, CustomerId
from crmkit.testing.strategies import identifiers
from tests.followups.builders import (
    ANNA,
    BEN,
    BERLIN,
    C7,
    CLARA,
    COMPLETE,
    DAY,
    FRIDAY,
    HOUR,
    MONDAY,
    NAIVE,
    NOON,
    at,
    contact,
    done,
    go,
    planned,
    visit,
)
from tests.followups.strategies import anchors, cadences, days

SATURDAY = FRIDAY + DAY
OCCURRENCE = Occurrence(
    "after-hand-over", 0, "return-visit", "telephone", MONDAY - DAY, MONDAY, MONDAY - DAY, FRIDAY
)


class TestPlanning:
    """FUP-03: the target and the purpose of every visit are stated."""

    def test_what_a_cadence_asks_for_becomes_a_follow_up(self):
        call = FollowUp.of(OCCURRENCE, C7, target="hear how it runs", by=BEN, at=NOON)
        assert call.customer == C7
        assert (call.purpose, call.target) == ("return-visit", "hear how it runs")
        assert call.channel == "telephone"
        assert (call.cadence, call.nominal_on) == ("after-hand-over", MONDAY - DAY)
        assert (call.not_before, call.due_on, call.not_after) == (MONDAY - DAY, MONDAY, FRIDAY)
        assert (call.status, call.owner, call.appointment) == ("planned", None, None)
        assert (call.importance, call.needs, call.proposed_by) == (None, (), None)

    def test_a_planner_puts_it_on_another_of_its_days_and_gives_it_to_somebody(self):
        call = FollowUp.of(
            OCCURRENCE,
            C7,
            target="hear how it runs",
            due_on=FRIDAY,
            owner=ANNA,
            importance="platinum",
            needs=["satisfaction-form", "field-service-report", "satisfaction-form"],
            by=BEN,
            at=NOON,
            reason="plan of May",
        )
        assert (call.due_on, call.not_after) == (FRIDAY, FRIDAY)
        assert (call.status, call.owner, call.importance) == ("assigned", ANNA, "platinum")
        assert call.needs == ("field-service-report", "satisfaction-form")
        assert [entry.reason for entry in call.trail] == ["plan of May"] * 2

    def test_but_on_no_other_day(self):
        for day in (MONDAY - 2 * DAY, SATURDAY):
            with pytest.raises(InvalidValue, match="within the days in which it may be done"):
                FollowUp.of(OCCURRENCE, C7, target="hear", due_on=day, by=BEN, at=NOON)

    def test_one_that_no_cadence_asked_for_is_due_on_its_day_and_no_other(self):
        call = planned(not_after=None, proposed_by="falling-sales")
        assert call.not_before == call.due_on == call.not_after == MONDAY
        assert call.cadence is None
        assert call.nominal_on is None
        assert call.proposed_by == "falling-sales"

    @pytest.mark.parametrize("target", ["", "  ", None])
    def test_without_a_target_nothing_is_planned(self, target):
        with pytest.raises(InvalidValue, match="the target of a follow-up is said in words"):
            planned(target=target)

    @pytest.mark.parametrize(
        "terms",
        [
            {"id": ""},
            {"customer": " C-7"},
            {"purpose": ""},
            {"channel": ""},
            {"proposed_by": ""},
            {"importance": ""},
            {"needs": ("",)},
            {"cadence": "", "nominal_on": MONDAY},
            {"owner": ""},
            {"by": ""},
        ],
    )
    def test_every_name_could_be_a_key(self, terms):
        with pytest.raises(InvalidIdentifier):
            planned(**terms)

    @pytest.mark.parametrize(
        ("terms", "problem"),
        [
            ({"cadence": "after-hand-over"}, "pass cadence and nominal_on"),
            ({"nominal_on": MONDAY}, "pass cadence and nominal_on"),
            ({"cadence": "after-hand-over", "nominal_on": NOON}, "not a date"),
            ({"due_on": NOON}, "not a date"),
            ({"not_before": "2026-05-04"}, "not a date"),
            ({"not_after": NOON}, "not a date"),
            ({"needs": "satisfaction-form"}, "pass a tuple of papers"),
            ({"reason": " "}, "a reason is said in words"),
            ({"at": NAIVE}, "needs a time zone"),
        ],
    )
    def test_what_is_wrong_is_said(self, terms, problem):
        with pytest.raises(InvalidValue, match=problem):
            planned(**terms)

    def test_what_a_person_may_have_said_stays_out_of_the_log(self):
        text = repr(go(planned(reason="secret"), done(outcome="secret", report=COMPLETE)))
        assert "secret" not in text
        assert "pump" not in text


class TestNumbers:
    """Planned twice, a follow-up has one number."""

    @given(cadences(), anchors, days)
    def test_planning_again_gives_the_same_number(self, cadence, anchor, day):
        since = anchor if isinstance(cadence.anchor, str) else None
        one = cadence.next_due(day, anchor=since)
        if one is not None:
            calls = [
                FollowUp.of(again, C7, target=target, by=by, at=when)
                for again, target, by, when in (
                    (one, "hear", ANNA, NOON),
                    (evolve(one, purpose="other words"), "see", BEN, NOON + DAY),
                )
            ]
            assert calls[0].id == calls[1].id == follow_up_id(C7, cadence.name, one.nominal_on)

    @given(
        st.lists(st.tuples(identifiers(), identifiers(), days), min_size=2, max_size=6, unique=True)
    )
    def test_no_two_follow_ups_share_a_number(self, wanted):
        assert len({follow_up_id(*each) for each in wanted}) == len(wanted)

    def test_not_even_if_the_names_run_into_each_other(self):
        numbers = {
            follow_up_id(CustomerId(customer), cadence, MONDAY)
            for customer, cadence in (("b:c", "a"), ("c", "a:b"), ("1:ab", "c"), ("c", "1:ab"))
        }
        assert len(numbers) == 4

    def test_a_number_tells_the_day_and_not_the_customer(self):
        number = follow_up_id(C7, "after-hand-over", MONDAY)
        assert re.fullmatch("2026-05-04-[0-9a-f]{32}", number)

    def test_a_number_once_given_stays_for_ever(self):
        """It is kept in stores and in calendars of owners."""
        number = follow_up_id(CustomerId("客户-17"), "december-round", date(2026, 12, 1))
        assert number == "2026-12-01-55787d44bd7af45726e850c8157697df"

    @pytest.mark.parametrize(
        ("customer", "cadence", "day"),
        [("", "a", MONDAY), ("C-7", "", MONDAY), ("C-7", "a", NOON)],
    )
    def test_it_is_made_of_keys_and_a_day(self, customer, cadence, day):
        with pytest.raises(InvalidValue):
            follow_up_id(customer, cadence, day)


class TestOwner:
    def test_it_is_handed_over(self):
        call = go(planned(), Assigned(ANNA), Assigned(CLARA))
        assert (call.status, call.owner) == ("assigned", CLARA)

    def test_without_an_owner_it_waits_again(self):
        call = go(planned(owner=ANNA), Unassigned())
        assert (call.status, call.owner) == ("planned", None)

    def test_nobody_gets_what_they_have(self):
        with pytest.raises(FollowUpRefused, match="cannot assign: they have it already") as refused:
            go(planned(owner=ANNA), Assigned(ANNA))
        assert (refused.value.action, refused.value.instead) == (
            "assign",
            "assign it to somebody else",
        )

    def test_but_they_may_take_it_up_again_on_other_days(self):
        call = go(planned(owner=ANNA), Rescheduled(FRIDAY), Assigned(ANNA))
        assert (call.status, call.owner, call.due_on) == ("assigned", ANNA, FRIDAY)

    def test_what_was_missed_is_handed_over_and_stays_missed(self):
        call = go(planned(owner=ANNA), Missed(SATURDAY), Assigned(CLARA))
        assert (call.status, call.owner) == ("missed", CLARA)
        assert go(call, Unassigned()).owner is None


class TestAppointment:
    def test_the_day_of_the_appointment_is_the_day_it_is_due(self):
        call = go(planned(owner=ANNA), Confirmed(visit(FRIDAY - DAY)))
        assert (call.status, call.due_on) == ("confirmed", FRIDAY - DAY)
        assert call.appointment == visit(FRIDAY - DAY)
        assert (call.not_before, call.not_after) == (MONDAY, FRIDAY)

    @pytest.mark.parametrize("day", [MONDAY, FRIDAY])
    def test_on_its_first_and_its_last_day_it_may_be(self, day):
        assert go(planned(owner=ANNA), Confirmed(visit(day))).due_on == day

    @pytest.mark.parametrize("day", [MONDAY - DAY, SATURDAY])
    def test_on_other_days_it_has_to_be_rescheduled_first(self, day):
        call = planned(owner=ANNA)
        with pytest.raises(FollowUpRefused, match="from 2026-05-04 to 2026-05-08; agree on one"):
            go(call, Confirmed(visit(day)))
        assert go(call, Rescheduled(day), Confirmed(visit(day))).due_on == day

    def test_the_day_is_the_one_where_the_customer_is(self):
        """An evening in Europe is the next morning in Shanghai."""
        evening = at(MONDAY - DAY, 22)
        there = Appointment(evening, HOUR, "Asia/Shanghai")
        assert go(planned(owner=ANNA), Confirmed(there)).due_on == MONDAY
        with pytest.raises(FollowUpRefused):
            go(planned(owner=ANNA), Confirmed(Appointment(evening, HOUR, "Europe/Berlin")))

    def test_whoever_leaves_the_appointment_stands(self):
        call = go(planned(owner=ANNA), Confirmed(visit(FRIDAY)), Unassigned())
        assert (call.status, call.owner, call.appointment) == ("confirmed", None, visit(FRIDAY))
        assert go(call, Assigned(CLARA)).appointment == visit(FRIDAY)

    def test_on_other_days_nothing_is_agreed_any_more(self):
        call = go(planned(owner=ANNA), Confirmed(visit(MONDAY)))
        call = go(call, Rescheduled(SATURDAY, not_after=SATURDAY + DAY))
        assert (call.status, call.owner, call.appointment) == ("rescheduled", ANNA, None)
        assert (call.not_before, call.due_on, call.not_after) == (
            SATURDAY,
            SATURDAY,
            SATURDAY + DAY,
        )

    @pytest.mark.parametrize(
        ("start", "length", "zone"),
        [
            (NAIVE, HOUR, "UTC"),
            (NOON, timedelta(0), "UTC"),
            (NOON, timedelta(days=7, microseconds=1), "UTC"),
            (NOON, 60, "UTC"),
            (NOON, HOUR, "Europe/Nowhere"),
            (datetime(9999, 12, 31, 23, tzinfo=ZoneInfo("UTC")), HOUR, "Asia/Shanghai"),
            (MONDAY, HOUR, "UTC"),
        ],
    )
    def test_an_appointment_is_a_time_that_lasts_somewhere(self, start, length, zone):
        with pytest.raises(InvalidValue):
            Appointment(start, length, zone)

    def test_a_day_that_a_zone_left_out_is_the_one_after_it(self):
        """Samoa went from the 29th to the 31st of December 2011, however the hour is written."""
        samoa = ZoneInfo("Pacific/Apia")
        left_out = datetime(2011, 12, 30, 12, tzinfo=samoa)
        for start in (left_out, left_out.astimezone(ZoneInfo("UTC"))):
            assert Appointment(start, HOUR, "Pacific/Apia").on == date(2011, 12, 31)

    def test_it_may_last_for_a_week(self):
        assert Appointment(NOON, timedelta(days=7), BERLIN).zone == "Europe/Berlin"

    def test_an_appointment_is_no_instant(self):
        with pytest.raises(InvalidValue, match=r"Appointment\(...\)"):
            Confirmed(NOON)  # type: ignore[arg-type]


class TestDone:
    """A follow-up is done by a contact that has happened, so plan and fact can be compared."""

    def test_what_happened_stands_beside_what_was_planned(self):
        call = go(planned(owner=BEN), done(FRIDAY, outcome="all is well", papers=["form"]))
        assert call.done is not None
        assert call.status == "done"
        assert (call.owner, call.done.actor) == (BEN, ANNA)
        assert (call.due_on, call.done.on) == (MONDAY, FRIDAY)
        assert call.done.interaction == contact(FRIDAY).id
        assert call.done.at == at(FRIDAY)
        assert (call.done.channel, call.done.outcome) == ("visit", "all is well")
        assert call.done.papers == ("form",)

    def test_who_was_there_need_not_be_known(self):
        assert Done.through(contact(actor=None), zone=BERLIN).actor is None

    @pytest.mark.parametrize(
        ("on", "late"), [(MONDAY - DAY, 0), (MONDAY, 0), (FRIDAY, 0), (SATURDAY, 1)]
    )
    def test_after_its_last_day_it_is_late(self, on, late):
        call = go(planned(), done(on), on=SATURDAY)
        assert (call.days_late, call.is_late) == (late, late > 0)

    def test_what_is_not_done_is_not_done_late(self):
        assert planned().days_late is None
        assert not planned().is_late

    def test_a_missed_one_is_made_up_for_late(self):
        call = go(planned(), Missed(SATURDAY), done(SATURDAY + DAY), on=SATURDAY + DAY)
        assert (call.status, call.days_late) == ("done", 2)

    def test_a_contact_with_somebody_else_does_not_count(self):
        other = contact(customer=CustomerId("C-8"))
        with pytest.raises(FollowUpRefused, match="with another customer") as refused:
            go(planned(), Done.through(other, zone=BERLIN))
        assert "C-" not in str(refused.value)

    def test_nor_does_one_that_has_not_happened(self):
        what = Done.through(contact(FRIDAY, 12), zone=BERLIN)
        just = at(FRIDAY, 12)
        early = just - timedelta(microseconds=1)
        with pytest.raises(FollowUpRefused, match="once it has happened"):
            planned().after(what, by=BEN, at=early, reason="done")
        assert planned().after(what, by=BEN, at=just, reason="done").done == what

    def test_of_the_two_hours_with_one_name_the_second_is_later(self):
        """When summer time ends, 2:30 comes twice."""
        first = datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN)
        second = first.replace(fold=1)
        what = Done.through(contact(at=second), zone=BERLIN)
        with pytest.raises(FollowUpRefused, match="once it has happened"):
            planned().after(what, by=BEN, at=first, reason="done")

    def test_the_day_is_the_one_in_the_named_zone(self):
        late = contact(MONDAY, 23)
        assert Done.through(late, zone=ZoneInfo("Asia/Shanghai")).on == MONDAY + DAY
        assert Done.through(late, zone=BERLIN).on == MONDAY
        with pytest.raises(InvalidValue, match="the zone is a tzinfo"):
            Done.through(late, zone=None)  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        "terms",
        [
            {"interaction": ""},
            {"customer": ""},
            {"channel": ""},
            {"actor": ""},
            {"at": NAIVE},
            {"on": NOON},
            {"outcome": " "},
            {"papers": "form"},
        ],
    )
    def test_it_says_which_contact_it_was(self, terms):
        with pytest.raises(InvalidValue):
            evolve(done(), **terms)


class TestPapers:
    """SVC-04: no job is closed without the service report and the customer's own form."""

    NEEDED = ("field-service-report", "satisfaction-form")

    def test_it_counts_as_done_when_all_papers_are_in(self):
        job = planned(needs=self.NEEDED)
        assert go(job, done(papers=("more", *self.NEEDED))).status == "done"

    @pytest.mark.parametrize(
        ("papers", "missing"),
        [
            ((), NEEDED),
            (("field-service-report",), ("satisfaction-form",)),
            (("satisfaction-form", "other"), ("field-service-report",)),
        ],
    )
    def test_what_is_not_in_is_named(self, papers, missing):
        job = planned(needs=self.NEEDED)
        with pytest.raises(PapersMissing, match=f"hand in {', '.join(missing)}") as refused:
            go(job, done(papers=papers))
        assert refused.value.missing == missing
        assert job.is_open

    def test_a_report_of_the_visit_is_in_when_it_is_complete(self):
        job = planned(needs=[VISIT_REPORT])
        half = VisitReport(heard=[VisitPoint(text="the pump drips")])
        for report in (None, half):
            with pytest.raises(PapersMissing, match="hand in visit-report"):
                go(job, done(report=report))
        assert go(job, done(report=COMPLETE)).status == "done"

    def test_what_needs_no_papers_is_done_without(self):
        assert go(planned(), done()).status == "done"


class TestMissed:
    """FUP-11: nobody is forgotten."""

    def test_it_is_missed_when_its_last_day_is_over(self):
        call = go(planned(), Missed(SATURDAY))
        assert (call.status, call.is_open, call.is_owed) == ("missed", False, True)

    @pytest.mark.parametrize("day", [MONDAY, FRIDAY])
    def test_and_not_before(self, day):
        with pytest.raises(FollowUpRefused, match="until 2026-05-08; wait until"):
            go(planned(), Missed(day))

    def test_each_level_is_told_once(self):
        first = Escalated(level=1, to="team-lead", fell_due_on=SATURDAY)
        second = Escalated(level=2, to="manager", fell_due_on=SATURDAY + DAY)
        call = go(planned(), Missed(SATURDAY), first, second)
        assert (call.status, call.told) == ("missed", (1, 2))
        with pytest.raises(FollowUpRefused, match="this level was told already"):
            go(call, first)

    def test_missed_again_it_is_told_again(self):
        first = Escalated(level=1, to="team-lead", fell_due_on=SATURDAY)
        call = go(planned(), Missed(SATURDAY), first, Rescheduled(SATURDAY))
        assert call.told == ()
        assert go(call, Missed(SATURDAY + DAY), first).told == (1,)

    def test_only_what_was_missed_is_escalated(self):
        with pytest.raises(FollowUpRefused, match="it is not missed"):
            go(planned(), Escalated(level=1, to="team-lead", fell_due_on=SATURDAY))

    @pytest.mark.parametrize(
        "terms", [{"level": 0}, {"level": True}, {"to": ""}, {"fell_due_on": NOON}]
    )
    def test_an_escalation_says_whom_and_when(self, terms):
        with pytest.raises(InvalidValue):
            Escalated(**{"level": 1, "to": "team-lead", "fell_due_on": MONDAY, **terms})

    def test_a_miss_has_a_day(self):
        with pytest.raises(InvalidValue, match="not a date"):
            Missed(NOON)


class TestTrail:
    """Where a follow-up stands is read off its trail."""

    def test_it_begins_with_the_plan(self):
        entry = FollowUpEntry(what=Cancelled(), by=BEN, at=NOON, reason="moved away")
        for trail in ((), (entry,)):
            with pytest.raises(InvalidValue, match="a trail begins with Planned"):
                evolve(planned(), trail=trail)

    def test_there_is_one_plan(self):
        with pytest.raises(InvalidValue, match="planned once: to move it, record Rescheduled"):
            go(planned(), Planned(FRIDAY))

    def test_a_trail_from_outside_is_held_against_the_table(self):
        call = go(planned(), Cancelled())
        wrong = FollowUpEntry(what=Assigned(ANNA), by=BEN, at=NOON, reason="hers")
        with pytest.raises(IllegalTransition, match="nothing, this status is final"):
            evolve(call, trail=[*call.trail, wrong])

    def test_nobody_changes_it_from_outside(self):
        call = planned()
        entries = list(call.trail)
        again = evolve(call, trail=entries)
        entries.clear()
        assert again == call

    def test_what_is_planned_is_planned_for_a_day_within_its_days(self):
        for kind in (Planned, Rescheduled):
            with pytest.raises(InvalidValue, match="within the days"):
                kind(FRIDAY, not_before=SATURDAY)
        one: FollowUpEvent = Planned(FRIDAY)
        assert one != Rescheduled(FRIDAY)

    def test_every_entry_says_who_when_and_why(self):
        call = planned()
        with pytest.raises(InvalidIdentifier):
            call.after(Cancelled(), by=Actor(""), at=NOON, reason="moved away")
        with pytest.raises(NaiveDatetime):
            call.after(Cancelled(), by=BEN, at=NAIVE, reason="moved away")
        with pytest.raises(InvalidValue, match="a reason is said in words"):
            call.after(Cancelled(), by=BEN, at=NOON, reason="")
        after = call.after(Cancelled(), by=BEN, at=NOON, reason="moved away")
        assert after.trail[-1] == FollowUpEntry(
            what=Cancelled(), by=BEN, at=NOON, reason="moved away"
        )
        assert (call.status, after.status) == (FollowUpStatus.PLANNED, FollowUpStatus.CANCELLED)
        assert call.trail == after.trail[:-1]


class TestReadyCadences:
    def test_the_return_visits_of_a_year_are_twelve_follow_ups(self):
        """FUP-01: within the year by the month."""
        first = date(2025, 5, 31)
        cadence = Cadence.after_hand_over()
        day, numbers = first, set()
        for _ in range(12):
            one = cadence.next_due(day + DAY, anchor=first)
            assert one is not None
            numbers.add(FollowUp.of(one, C7, target="hear", by=BEN, at=NOON).id)
            day = one.due_on
        assert (day, len(numbers)) == (date(2026, 5, 31), 12)
