"""Deadlines of complaints where systems in use get them wrong, as it was reported or reproduced.

Working time by itself is held against the same cases in tests/business_time/test_incumbents.py;
here they are obligations and escalations of a complaint. Monday is 11 May 2026. Unless told
otherwise the desk is open from Monday to Friday, 9 to 18.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmkit.business_time import BusinessCalendar, Closure
from crmkit.complaints.facts.history import CaseHistory
from crmkit.complaints.policies.allowances import WorkingHours
from crmkit.complaints.policies.escalation import (
    Delay,
    DelayUnit,
    EscalationLevel,
    EscalationPolicy,
    EscalationRule,
)
from crmkit.complaints.policies.obligations import FormerTerms, Obligation, Standing
from crmkit.complaints.policies.profiles import ObligationProfile, Punctuality
from crmkit.complaints.policies.ready_profiles import SERVICE_DESK, service_desk
from crmkit.complaints.policies.rules import ComplaintRules
from crmkit.errors import InvalidPolicy
from crmkit.lifecycle import Lifecycle
from tests.business_time.builders import one_opening, weekly
from tests.complaints.deadline_builders import at, case, same
from tests.complaints.test_desk_deadlines import ANNA, COUNTER, FRIDAY, desk_with, receive

OFFICE = BusinessCalendar.on_weekdays("09:00-18:00", zone="UTC")
LATER = at("2027-06-01 00:00")


def answer(minutes: int) -> Obligation:
    return Obligation(
        name="answer",
        met_by=("respond",),
        within=WorkingHours(timedelta(minutes=minutes)),
        calendar="desk",
        suspended_by=frozenset({"complainant"}),
    )


def house(minutes: int, calendar: BusinessCalendar = OFFICE) -> ObligationProfile:
    calendars = {"desk": calendar}
    return ObligationProfile(name="house", obligations=[answer(minutes)], calendars=calendars)


def by_obligation(
    history: CaseHistory, minutes: int, calendar: BusinessCalendar
) -> datetime | None:
    """When an answer is due after so many minutes of working time."""
    due = house(minutes, calendar).next_due(history, LATER)
    return None if due is None else due.due_at


def by_escalation(
    history: CaseHistory, minutes: int, calendar: BusinessCalendar
) -> datetime | None:
    """When somebody is told that there is no answer after so many minutes of working time."""
    after = Delay(minutes, DelayUnit.WORKING_MINUTES)
    rule = EscalationRule(
        name="unanswered",
        calendar="desk",
        levels=[EscalationLevel(level=1, after=after, role="lead")],
        paused_by={"complainant"},
    )
    policy = EscalationPolicy(rules=[rule], calendars={"desk": calendar})
    return policy.next_due(history, LATER)


BOTH_WAYS = pytest.mark.parametrize("way", [by_obligation, by_escalation])


class TestHours:
    """Whatever counts it, an hour of working time is an hour in which somebody is there."""

    @BOTH_WAYS
    @pytest.mark.parametrize(
        "received", ["2026-05-09 07:00", "2026-05-09 12:00", "2026-05-09 20:00"]
    )
    def test_an_hour_from_saturday_is_monday_at_ten(self, way, received):
        """Elsewhere Monday at one, or Tuesday at ten: the time of day was kept."""
        assert way(case(f"receive {received}"), 60, OFFICE) == at("2026-05-11 10:00")

    @BOTH_WAYS
    @pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/New_York"])
    @pytest.mark.parametrize(
        "received", ["2026-05-08 13:37", "2026-03-07 20:00", "2026-10-24 20:00"]
    )
    def test_round_the_clock_48_hours_are_48_hours(self, way, zone, received):
        """Elsewhere two minutes late, for the last minute of each day was closed."""
        always = BusinessCalendar.round_the_clock(zone)
        assert same(
            way(case(f"receive {received}"), 48 * 60, always), at(received) + timedelta(hours=48)
        )

    @BOTH_WAYS
    def test_a_night_shift_is_not_taken_for_round_the_clock(self, way):
        nights = BusinessCalendar.every_day("22:00-06:00", zone="UTC")
        assert way(case("receive 2026-05-11 23:00"), 480, nights) == at("2026-05-12 23:00")

    @BOTH_WAYS
    def test_in_the_night_in_which_clocks_go_forward_an_hour_is_missing(self, way):
        """Elsewhere five business hours were over after four real ones."""
        nights = BusinessCalendar.every_day("00:00-06:00", zone="America/New_York")
        history = case("receive 2026-03-08 00:00", zone="America/New_York")
        assert same(way(history, 300, nights), at("2026-03-08 06:00", "America/New_York"))

    @BOTH_WAYS
    def test_minutes_are_counted(self, way):
        """Elsewhere whole hours were stepped over."""
        assert way(case("receive 2026-05-11 10:17"), 61, OFFICE) == at("2026-05-11 11:18")

    @BOTH_WAYS
    def test_a_lunch_break_is_a_break(self, way):
        lunch = BusinessCalendar.on_weekdays("09:00-12:00", "13:00-18:00", zone="UTC")
        assert way(case("receive 2026-05-11 11:00"), 120, lunch) == at("2026-05-11 14:00")
        once = Closure(date(2026, 5, 11), "lunch", "12:00-13:00")
        assert way(case("receive 2026-05-11 11:00"), 120, evolve(OFFICE, closures=[once])) == at(
            "2026-05-11 14:00"
        )

    @BOTH_WAYS
    def test_any_day_may_be_the_only_one(self, way):
        """Elsewhere wrong unless Monday and Thursday were set."""
        tuesdays = weekly(tuesday="09:00-17:00")
        assert way(case("receive 2026-05-13 12:00"), 9 * 60, tuesdays) == at("2026-05-26 10:00")

    @BOTH_WAYS
    def test_the_hours_are_those_of_the_desk_and_not_of_the_server(self, way):
        berlin = BusinessCalendar.on_weekdays("09:00-18:00", zone="Europe/Berlin")
        history = case("receive 2026-05-09 00:30", zone="Asia/Tokyo")
        assert same(way(history, 60, berlin), at("2026-05-11 07:30"))

    @BOTH_WAYS
    def test_doors_that_never_open_are_refused_and_not_searched_for_ever(self, way):
        with pytest.raises(InvalidPolicy, match="no weekly hours"):
            way(case("receive 2026-05-11 09:00"), 60, one_opening())
        with pytest.raises(InvalidPolicy, match="never open"):
            BusinessCalendar(zone="UTC", hours={})

    @given(st.integers(0, 14 * 1440), st.integers(1, 3000))
    def test_counted_in_working_time_nobody_is_told_at_midnight(self, minute, after):
        """Elsewhere reminders went out at midnight, to nobody."""
        received = at("2026-05-11 00:00") + timedelta(minutes=minute)
        told = by_escalation(case(f"receive {received:%Y-%m-%d %H:%M}"), after, OFFICE)
        assert told is not None
        assert OFFICE.is_open(told - timedelta(microseconds=1))


class TestWaiting:
    """While the customer is waited for the clock stands still, and only then."""

    @BOTH_WAYS
    @pytest.mark.parametrize(
        ("wait", "due"),
        [
            (None, "2026-05-11 12:00"),
            ("2026-05-08 18:00/2026-05-11 09:00", "2026-05-11 12:00"),
            ("2026-05-08 17:00/2026-05-11 09:00", "2026-05-11 13:00"),
            ("2026-05-11 12:00/2026-05-20 09:00", "2026-05-11 12:00"),
            ("2026-05-11 11:59/2026-05-20 09:00", "2026-05-20 09:01"),
        ],
    )
    def test_a_pause_takes_out_its_working_time_and_no_wall_clock(self, way, wait, due):
        """Elsewhere a weekend of waiting put off a deadline to Thursday at four in the morning."""
        waits = () if wait is None else (f"complainant {wait}",)
        history = case("receive 2026-05-08 15:00", waits=waits)
        assert way(history, 360, OFFICE) == at(due)

    @BOTH_WAYS
    def test_what_was_taken_before_a_pause_is_kept(self, way):
        """Elsewhere the time on hold was added to the time of creation."""
        waits = ("complainant 2026-05-11 11:00/2026-05-12 11:00",)
        history = case("receive 2026-05-11 09:00", waits=waits)
        assert way(history, 240, OFFICE) == at("2026-05-12 13:00")

    def test_another_agreement_does_not_forget_the_pause(self):
        waits = ("complainant 2026-05-11 11:00/2026-05-12 11:00",)
        history = case("receive 2026-05-11 09:00", waits=waits)
        former = FormerTerms(until=at("2026-05-12 12:00"), within=WorkingHours(4), calendar="desk")
        longer = evolve(answer(480), former=[former])
        (state,) = evolve(house(480), obligations=[longer]).agenda(history, at("2026-05-12 12:30"))
        assert (state.standing, state.due_at) == (Standing.PENDING, at("2026-05-12 17:00"))

    def test_a_pause_after_the_answer_moves_no_deadline(self):
        """Elsewhere the deadlines of closed tickets moved."""
        answered = ("receive 2026-05-11 09:00", "respond 2026-05-11 10:00")
        waits = ("complainant 2026-05-11 11:00/2026-05-12 11:00",)
        profile = house(240)
        before = profile.agenda(case(*answered), at("2026-05-11 10:30"))
        assert profile.agenda(case(*answered, waits=waits), LATER) == before


class TestBreach:
    """There is one truth about a missed deadline, and it stays."""

    LATE = case("receive 2026-05-11 09:00", "respond 2026-05-11 15:00")

    def test_a_late_answer_does_not_heal_it(self):
        """Elsewhere is_breached became false as soon as the answer had come."""
        profile = house(240)
        for asked in ("2026-05-11 14:00", "2026-05-11 15:00", "2026-06-11 15:00"):
            (state,) = profile.agenda(self.LATE, at(asked))
            assert state.breached_at == at("2026-05-11 13:00")
            assert profile(self.LATE, at=at(asked)).outcome is Punctuality.BREACHED

    def test_agenda_decision_queue_and_trace_tell_the_same(self):
        """Elsewhere the list, the flag and the dashboard were worked out by three clocks."""
        desk = desk_with(profiles=(house(240),))
        receive(desk, "K-1", FRIDAY)
        (number,) = [stored.record.complaint for stored in desk.due().items]
        asked = FRIDAY + timedelta(days=5)
        history = desk.history(number)
        (state,) = desk.agenda(number, asked)
        (entry,) = (stored.record for stored in desk.due(before=asked).items)
        (evidence,) = house(240)(history, at=asked).evidence
        assert entry.due_at == state.due_at == state.breached_at == evidence.required
        assert f"due {state.due_at:%a %Y-%m-%d %H:%M}" in str(
            house(240).trace(history, "answer", asked)
        )

    def test_each_deadline_stands_for_itself(self):
        """Elsewhere the target for updates overruled a longer one for the first answer."""
        update = evolve(answer(120), name="update", met_by=("progress-update",))
        both = evolve(house(960), obligations=[answer(960), update])
        history = case("receive 2026-05-11 09:00", "progress-update 2026-05-11 10:00")
        states = {each.obligation: each for each in both.agenda(history, at("2026-05-11 12:00"))}
        assert states["answer"].due_at == at("2026-05-12 16:00")
        assert states["update"].standing is Standing.MET

    def test_what_is_set_is_what_counts_even_if_it_is_the_usual(self):
        """Elsewhere a target that was the default by chance was overwritten by another one."""
        (usual,), (chosen,) = SERVICE_DESK.obligations, service_desk(OFFICE).obligations
        assert chosen == usual
        (state,) = service_desk(OFFICE).agenda(case("receive 2026-05-11 09:00"), LATER)
        assert state.due_at == at("2026-05-13 15:00")

    def test_what_counts_as_an_answer_is_said_by_name(self):
        """Elsewhere a note was no answer, and every stage behind another one was."""
        history = case("receive 2026-05-11 09:00", "note 2026-05-11 10:00")
        (state,) = house(240).agenda(history, LATER)
        assert state.standing is Standing.OVERDUE
        noted = evolve(house(240), obligations=[evolve(answer(240), met_by=("respond", "note"))])
        (state,) = noted.agenda(history, LATER)
        assert state.standing is Standing.MET

    def test_the_order_of_a_table_does_not_matter(self):
        """Elsewhere a stage was reached as soon as one that stood below it was."""
        turned = Lifecycle(
            name=COUNTER.name,
            initial=COUNTER.initial,
            final=COUNTER.final,
            moves=[*reversed(COUNTER.moves)],
        )
        told = []
        for table in (COUNTER, turned):
            desk = desk_with(rules=ComplaintRules(lifecycle=table, guards=()))
            number = receive(desk, "K-1", FRIDAY).id
            for action in ("respond", "close"):
                desk.act(number, action, by=ANNA, at=FRIDAY, reason="as agreed")
            told.append(desk.agenda(number, FRIDAY.astimezone(UTC) + timedelta(days=30)))
        assert told[0] == told[1]
