"""Profiles: obligations held together, bound to calendars, asked about, traced and written down."""

from __future__ import annotations

from datetime import UTC, date, timedelta

import pytest
from attrs import evolve
from hypothesis import given

from crmkit.business_time import BusinessCalendar, Opening
from crmkit.complaints.policies.allowances import (
    BusinessDays,
    CalendarDays,
    DayCount,
    Months,
    Weeks,
    WorkingHours,
    Years,
)
from crmkit.complaints.policies.obligations import (
    Content,
    Excuse,
    FormerTerms,
    Obligation,
    Standing,
    Window,
)
from crmkit.complaints.policies.profiles import ObligationProfile, Punctuality
from crmkit.decision import explain
from crmkit.errors import InvalidPolicy, InvalidValue, NaiveDatetime
from crmkit.serialization import make_converter
from tests.complaints.deadline_builders import EASTER_2026, at, case, same, weekdays
from tests.complaints.test_obligations import MINUTES, PROFILE, histories, instant
from tests.segmentation.documents import in_toml

REPLY = Obligation(
    name="reply",
    met_by=("reply",),
    within=WorkingHours(6),
    calendar="desk",
    suspended_by=frozenset({"complainant"}),
    excused_by=[Excuse(("withdraw",))],
)
ANSWER = Obligation(
    name="answer", met_by=("respond",), within=BusinessDays(3), calendar="jurisdiction"
)
REFERRAL = Window(
    name="referral", starts_with=("respond",), within=Months(6), calendar="jurisdiction"
)
KEPT = Window(name="records", within=Years(3), calendar="jurisdiction")
UNBOUND = ObligationProfile(
    name="two-clocks", obligations=[REPLY, ANSWER], windows=[REFERRAL], retention=KEPT
)
DESK = BusinessCalendar.on_weekdays("09:00-18:00", zone="Europe/Berlin")
LONDON = weekdays("Europe/London", holidays=EASTER_2026)
BOUND = UNBOUND.with_calendars(desk=DESK, jurisdiction=LONDON)
RECEIVED = "receive 2026-04-02 10:00"


class TestCalendars:
    """Two calendars can run on one case: the hours of a desk, and the days of a jurisdiction."""

    def test_each_obligation_is_counted_by_its_own(self):
        reply, answer = BOUND.agenda(case(RECEIVED), at("2026-04-02 10:00"))
        assert reply.due_at is not None
        assert answer.due_at is not None
        assert reply.due_at.isoformat() == "2026-04-02T18:00:00+02:00"
        assert answer.due_at.isoformat() == "2026-04-10T00:00:00+01:00"

    def test_one_that_is_missing_is_named(self):
        assert UNBOUND.missing_calendars == ("desk", "jurisdiction")
        half = UNBOUND.with_calendars(desk=DESK)
        assert half.missing_calendars == ("jurisdiction",)
        message = r"calendar jurisdiction, .* use with_calendars\(jurisdiction=...\)"
        with pytest.raises(InvalidPolicy, match=message):
            half.agenda(case(RECEIVED), at("2026-04-02 10:00"))
        with pytest.raises(InvalidPolicy, match=message):
            half.kept_until(case(RECEIVED))

    def test_what_was_bound_before_is_kept(self):
        assert UNBOUND.with_calendars(desk=DESK).with_calendars(jurisdiction=LONDON) == BOUND

    def test_one_of_former_terms_is_bound_like_any_other(self):
        former = FormerTerms(
            until=at("2026-01-01 00:00"), within=WorkingHours(8), calendar="old-desk"
        )
        profile = evolve(UNBOUND, obligations=[evolve(REPLY, former=[former]), ANSWER])
        assert profile.missing_calendars == ("desk", "jurisdiction", "old-desk")
        half = profile.with_calendars(desk=DESK, jurisdiction=LONDON)
        with pytest.raises(InvalidPolicy, match="reply is counted by the calendar old-desk, which"):
            half.agenda(case(RECEIVED), at("2026-04-02 10:00"))
        assert half.with_calendars(**{"old-desk": DESK}).missing_calendars == ()

    def test_one_without_weekly_hours_is_refused(self):
        """Else a complaint that comes in after its last opening could not even be received."""
        once = BusinessCalendar(
            zone="UTC", hours={}, openings=[Opening(date(2026, 5, 4), "09:00-17:00")]
        )
        with pytest.raises(InvalidPolicy, match="the calendar desk has no weekly hours"):
            UNBOUND.with_calendars(desk=once)

    def test_one_that_nothing_is_counted_by_is_refused(self):
        with pytest.raises(InvalidPolicy, match=r"by office; .* two-clocks are desk, jurisdiction"):
            UNBOUND.with_calendars(office=DESK)

    def test_calendars_cannot_be_exchanged_behind_its_back(self):
        calendars = {"desk": DESK}
        profile = evolve(UNBOUND, calendars=calendars)
        calendars["jurisdiction"] = LONDON
        assert profile.missing_calendars == ("jurisdiction",)
        assert hash(profile) == hash(UNBOUND.with_calendars(desk=DESK))


class TestWhatIsRefused:
    def test_a_profile_asks_for_something(self):
        with pytest.raises(InvalidPolicy, match="asks for nothing"):
            ObligationProfile(name="empty", obligations=())

    @pytest.mark.parametrize(
        "twice",
        [
            {"obligations": [REPLY, ANSWER, REPLY]},
            {"windows": [evolve(REFERRAL, name="reply")]},
            {"retention": evolve(KEPT, name="reply")},
        ],
    )
    def test_each_name_stands_once(self, twice):
        with pytest.raises(InvalidPolicy, match="twice: reply"):
            evolve(UNBOUND, **twice)

    def test_the_date_of_a_source_is_a_date(self):
        with pytest.raises(InvalidValue):
            evolve(UNBOUND, source_date=at("2026-04-02 10:00"))
        assert evolve(UNBOUND, source_date=date(2026, 4, 2)).source_date == date(2026, 4, 2)

    def test_an_obligation_that_is_not_there_cannot_be_traced(self):
        with pytest.raises(InvalidValue, match="two-clocks has no such obligation; it has reply"):
            BOUND.trace(case(RECEIVED), "respond", at("2026-04-02 10:00"))

    @pytest.mark.parametrize("ask", [BOUND.agenda, BOUND.next_due, BOUND.open_windows])
    def test_an_instant_has_a_time_zone(self, ask):
        with pytest.raises(NaiveDatetime):
            ask(case(RECEIVED), at("2026-04-02 10:00").replace(tzinfo=None))


class TestNextDue:
    """What is due next: the earliest deadline that is still open, missed or ahead."""

    @pytest.mark.parametrize(
        ("marks", "when", "due"),
        [
            ((), "2026-04-01 10:00", None),
            ((), "2026-04-02 10:00", "reply"),
            ((), "2026-04-08 10:00", "reply"),
            (("reply 2026-04-02 11:00",), "2026-04-02 12:00", "answer"),
            (("withdraw 2026-04-02 11:00",), "2026-04-02 12:00", "answer"),
            (("reply 2026-04-07 11:00",), "2026-05-08 10:00", "answer"),
            (("reply 2026-04-02 11:00", "respond 2026-04-03 11:00"), "2026-04-08 10:00", None),
        ],
    )
    def test_it_is_the_earliest_that_is_open(self, marks, when, due):
        found = BOUND.next_due(case(RECEIVED, *marks), at(when))
        assert (None if found is None else found.obligation) == due

    def test_what_waits_is_not_due(self):
        history = case(RECEIVED, waits=("complainant 2026-04-02 11:00/",))
        found = BOUND.next_due(history, at("2026-04-03 10:00"))
        assert found is not None
        assert found.obligation == "answer"

    @given(history=histories(), when=MINUTES)
    def test_it_is_the_first_of_all_that_are_open(self, history, when):
        open_ones = PROFILE.open_deadlines(history, instant(when))
        due = [item.due_at.astimezone(UTC) for item in open_ones if item.due_at is not None]
        assert due == sorted(due)
        assert PROFILE.next_due(history, instant(when)) == (open_ones[0] if open_ones else None)
        assert {item.standing for item in open_ones} <= {Standing.PENDING, Standing.OVERDUE}
        agenda = PROFILE.agenda(history, instant(when))
        assert set(open_ones) == {item for item in agenda if item.standing.is_open}


class TestDecision:
    """Whether a case has kept its deadlines, with the evidence."""

    @given(history=histories(), when=MINUTES)
    def test_the_outcome_follows_from_the_evidence(self, history, when):
        decision = PROFILE(history, at=instant(when))
        breached = any(item.met is False for item in decision.evidence)
        assert breached == (decision.outcome is Punctuality.BREACHED)
        agenda = PROFILE.agenda(history, instant(when))
        assert breached == any(item.breached_at for item in agenda)

    def test_it_can_be_explained(self):
        history = case(RECEIVED, "reply 2026-04-07 08:00", waits=("complainant 2026-04-08 10:00/",))
        decision = BOUND(history, at=at("2026-04-08 11:00"))
        assert decision.subject == "K-1"
        assert explain(decision).splitlines() == [
            "breached for K-1, by two clocks, as of 2026-04-08 11:00:00+00:00",
            "- not met: reply is 2026-04-07 10:00:00+02:00; 2026-04-02 18:00:00+02:00 or earlier "
            "required",
            "- noted: answer is 2026-04-08 12:00:00+01:00; 2026-04-10 00:00:00+01:00 or earlier "
            "required",
        ]

    def test_what_is_not_due_is_noted(self):
        history = case(RECEIVED, waits=("complainant 2026-04-02 11:00/",))
        decision = BOUND(history, at=at("2026-04-02 12:00"))
        assert [(item.criterion, item.met) for item in decision.evidence] == [
            ("reply", None),
            ("answer", None),
        ]
        assert decision.evidence[0].observed == "suspended"
        assert decision.outcome is Punctuality.IN_TIME

    def test_rounds_and_what_a_letter_lacked_are_told(self):
        history = case(
            "receive 2026-05-04 09:00",
            "progress-update 2026-05-05 09:00",
            "final-response 2026-05-06 09:00 leaflet,accepts",
        )
        evidence = PROFILE(history, at=at("2026-05-06 10:00")).evidence
        told = {item.criterion: item.observed for item in evidence}
        assert told["update 2"] == at("2026-05-06 09:00")
        assert told["letter, missing"] == "website"


class TestWindows:
    """Spans that nobody has to meet: to refer a complaint, to keep its record."""

    def test_they_open_with_their_mark(self):
        history = case(RECEIVED, "respond 2026-04-09 10:00")
        assert BOUND.open_windows(history, at("2026-04-09 09:59")) == ()
        (referral,) = BOUND.open_windows(history, at("2026-04-09 10:00"))
        assert (referral.window, referral.is_over) == ("referral", False)
        assert referral.opened_at.isoformat() == "2026-04-09T11:00:00+01:00"
        assert referral.closes_at.isoformat() == "2026-10-10T00:00:00+01:00"

    def test_a_letter_that_does_not_say_what_it_has_to_opens_none(self):
        """Nobody loses the way to the ombudsman to a letter that did not tell of it."""
        letter = Obligation(
            name="letter",
            met_by=("respond",),
            within=Weeks(8),
            calendar="jurisdiction",
            content=[Content(message="respond", items=frozenset({"leaflet"}))],
        )
        profile = evolve(BOUND, obligations=[REPLY, letter])
        history = case(RECEIVED, "respond 2026-04-09 10:00", "respond 2026-05-11 10:00 leaflet")
        assert profile.open_windows(history, at("2026-05-11 09:59")) == ()
        (referral,) = profile.open_windows(history, at("2026-05-11 10:00"))
        assert referral.closes_at.isoformat() == "2026-11-12T00:00:00+00:00"

    @pytest.mark.parametrize(("when", "over"), [("00:00", False), ("00:00:01", True)])
    def test_they_close_when_the_last_day_is_over(self, when, over):
        history = case(RECEIVED, "respond 2026-04-09 10:00")
        (referral,) = BOUND.open_windows(history, at(f"2026-10-10 {when}", "Europe/London"))
        assert referral.is_over is over

    def test_records_are_kept_from_the_receipt_on(self):
        kept = BOUND.kept_until(case(RECEIVED, "respond 2026-04-09 10:00"))
        assert same(kept, at("2029-04-03 00:00", "Europe/London"))

    def test_a_profile_need_not_say_how_long(self):
        assert evolve(BOUND, retention=None).kept_until(case(RECEIVED)) is None
        from_the_answer = evolve(BOUND, retention=evolve(KEPT, starts_with=("respond",)))
        assert from_the_answer.kept_until(case(RECEIVED)) is None


class TestTrace:
    """A deadline that cannot be added up is not believed."""

    def test_working_hours_day_by_day_and_the_wait_between(self):
        history = case(
            "receive 2026-05-07 13:00",
            "reply 2026-05-12 12:00",
            waits=(
                "complainant 2026-05-06 08:00/2026-05-06 09:00",
                "complainant 2026-05-07 15:00/2026-05-08 08:00",
                "complainant 2026-05-09 15:00/2026-05-12 08:00",
            ),
        )
        assert str(BOUND.trace(history, "reply", at("2026-05-15 10:00"))).splitlines() == [
            "reply, from Thu 2026-05-07 15:00+02:00",
            "Thu 2026-05-07  15:00-17:00  2 h 00 min, 2 h 00 min in all",
            "waiting since Thu 2026-05-07 17:00+02:00 until Fri 2026-05-08 10:00+02:00",
            "Fri 2026-05-08  10:00-14:00  4 h 00 min, 6 h 00 min in all",
            "due Fri 2026-05-08 14:00+02:00",
            "reply Tue 2026-05-12 14:00+02:00",
            "met-late",
        ]

    def test_other_terms_in_mid_case(self):
        """Nine hours from seven to four until Tuesday noon, then six from nine to six."""
        history = case(
            "receive 2026-05-11 13:00",
            waits=("complainant 2026-05-11 15:00/2026-05-12 12:30",),
        )
        assert str(PROFILE.trace(history, "restated", at("2026-05-12 15:00"))).splitlines() == [
            "restated, from Mon 2026-05-11 13:00+00:00",
            "Mon 2026-05-11  13:00-15:00  2 h 00 min, 2 h 00 min in all",
            "waiting since Mon 2026-05-11 15:00+00:00 until Tue 2026-05-12 12:30+00:00",
            "other terms since Tue 2026-05-12 12:00+00:00",
            "Tue 2026-05-12  12:30-16:30  4 h 00 min, 6 h 00 min in all",
            "due Tue 2026-05-12 16:30+00:00",
            "pending",
        ]
        missed = case("receive 2026-05-08 10:00")
        lines = PROFILE.trace(missed, "restated", at("2026-05-20 15:00")).days
        assert lines[-1] == "Mon 2026-05-11  07:00-10:00  3 h 00 min, 9 h 00 min in all"

    def test_while_the_case_waits(self):
        history = case("receive 2026-05-07 13:00", waits=("complainant 2026-05-07 15:00/",))
        assert str(BOUND.trace(history, "reply", at("2026-05-08 10:00"))).splitlines() == [
            "reply, from Thu 2026-05-07 15:00+02:00",
            "Thu 2026-05-07  15:00-17:00  2 h 00 min, 2 h 00 min in all",
            "waiting since Thu 2026-05-07 17:00+02:00",
            "suspended",
        ]

    def test_business_days_with_the_holidays_by_name(self):
        assert str(BOUND.trace(case(RECEIVED), "answer", at("2026-04-02 10:00"))).splitlines() == [
            "answer, from Thu 2026-04-02 11:00+01:00",
            "Thu 2026-04-02  the day it begins",
            "Fri 2026-04-03  closed  (holiday)",
            "Sat 2026-04-04  closed",
            "Sun 2026-04-05  closed",
            "Mon 2026-04-06  closed  (holiday)",
            "Tue 2026-04-07  day 1",
            "Wed 2026-04-08  day 2",
            "Thu 2026-04-09  day 3",
            "due Fri 2026-04-10 00:00+01:00",
            "pending",
        ]

    def test_calendar_days_but_for_those_on_which_the_case_waits(self):
        days = evolve(REPLY, within=CalendarDays(2, DayCount.INCLUDING), calendar="jurisdiction")
        profile = evolve(BOUND, obligations=[days, ANSWER], calendars={"jurisdiction": LONDON})
        history = case(
            "receive 2026-05-07 13:00", waits=("complainant 2026-05-08 13:00/2026-05-09 13:00",)
        )
        assert profile.trace(history, "reply", at("2026-05-09 14:00")).days == (
            "Thu 2026-05-07  day 1",
            "Fri 2026-05-08  waiting",
            "Sat 2026-05-09  day 2",
        )
        waiting = profile.trace(history, "reply", at("2026-05-09 12:00"))
        assert waiting.days[1:] == ("Fri 2026-05-08  waiting", "Sat 2026-05-09  waiting")

    def test_weeks_are_said_in_one_line(self):
        weeks = evolve(ANSWER, within=Weeks(8))
        profile = evolve(BOUND, obligations=[REPLY, weeks])
        history = case(RECEIVED, "respond 2026-05-02 10:00")
        assert str(profile.trace(history, "answer", at("2026-06-01 10:00"))).splitlines() == [
            "answer, from Thu 2026-04-02 11:00+01:00",
            "8 weeks, following the first day",
            "due Fri 2026-05-29 00:00+01:00",
            "respond Sat 2026-05-02 11:00+01:00",
            "met",
        ]

    def test_what_has_not_begun_was_excused_or_lacked_something(self):
        early = case(RECEIVED, "withdraw 2026-04-02 10:30")
        assert str(BOUND.trace(early, "reply", at("2026-04-01 10:00"))) == "reply: not-started"
        excused = str(BOUND.trace(early, "reply", at("2026-04-03 10:00"))).splitlines()
        assert excused[-2:] == ["excused Thu 2026-04-02 12:30+02:00", "excused"]
        letter = case("receive 2026-05-04 09:00", "final-response 2026-05-06 09:00 leaflet,accepts")
        lacking = str(PROFILE.trace(letter, "letter", at("2026-05-06 10:00"))).splitlines()
        assert lacking[-2:] == ["missing: website", "pending"]

    def test_an_answer_before_the_start_leaves_nothing_to_count(self):
        history = case(
            "receive 2026-05-04 09:00",
            "final-response 2026-05-05 09:00",
            "respond 2026-05-06 10:00",
        )
        trace = PROFILE.trace(history, "result", at("2026-05-06 10:00"))
        assert trace.state.standing is Standing.MET

    @pytest.mark.parametrize("within", [WorkingHours(6), CalendarDays(2)])
    def test_nor_while_the_case_waits(self, within):
        early = Obligation(
            name="result",
            starts_with=("respond",),
            met_by=("final-response",),
            early_counts=True,
            within=within,
            calendar="jurisdiction",
            suspended_by={"complainant"},
        )
        profile = evolve(BOUND, obligations=[REPLY, early])
        history = case(
            "receive 2026-05-04 09:00",
            "final-response 2026-05-06 09:00",
            "respond 2026-05-08 10:00",
            waits=("complainant 2026-05-05 10:00/",),
        )
        trace = profile.trace(history, "result", at("2026-05-08 12:00"))
        assert (trace.state.standing, trace.state.due_at) == (Standing.MET, None)
        assert [line for line in trace.days if "waiting" not in line] == []

    def test_of_rounds_it_is_the_last(self):
        history = case("receive 2026-05-04 09:00", "progress-update 2026-05-05 09:00")
        trace = PROFILE.trace(history, "update", at("2026-05-06 10:00"))
        assert trace.days[0] == "Tue 2026-05-05  the day it begins"
        assert (trace.state.round, trace.days[-1]) == (2, "Fri 2026-05-08  day 3")

    def test_a_round_after_a_reopening_is_counted_by_the_first_interval(self):
        history = case(
            "receive 2026-05-04 09:00", "final-response 2026-05-05 09:00", "reopen 2026-05-11 09:00"
        )
        trace = PROFILE.trace(history, "update", at("2026-05-11 10:00"))
        assert (trace.state.round, trace.days[-1]) == (2, "Wed 2026-05-13  day 2")

    def test_a_later_round_is_counted_by_its_own_interval(self):
        mixed = Obligation(
            name="update",
            met_by=("progress-update", "respond"),
            within=CalendarDays(5),
            calendar="jurisdiction",
            repeats_every=Weeks(2),
            repeats_until=("respond",),
        )
        profile = evolve(BOUND, obligations=[REPLY, mixed])
        history = case("receive 2026-05-04 09:00", "progress-update 2026-05-05 09:00")
        trace = profile.trace(history, "update", at("2026-05-06 10:00"))
        assert trace.days == ("2 weeks, following the first day",)

    @given(history=histories(), when=MINUTES)
    def test_the_days_add_up_to_what_is_allowed(self, history, when):
        asked = instant(when)
        for obligation in PROFILE.obligations:
            trace = PROFILE.trace(history, obligation.name, asked)
            if trace.state.due_at is None or not trace.days:
                continue
            if obligation.former:
                continue  # Which terms it adds up to, an example tells.
            if isinstance(obligation.within, WorkingHours):
                total = next(line for line in reversed(trace.days) if "in all" in line)
                assert f"{obligation.within.time // timedelta(hours=1)} h 00 min in all" in total
            else:
                assert isinstance(obligation.within, BusinessDays | CalendarDays)
                counts = {obligation.within.count}
                if trace.state.round > 1 and isinstance(obligation.repeats_every, BusinessDays):
                    # The first interval is that of a round that a reopening began.
                    reopened = {mark.at for mark in history.marks if mark.name == "reopen"}
                    if trace.state.started_at not in reopened:
                        counts.clear()
                    counts.add(obligation.repeats_every.count)
                assert any(trace.days[-1].endswith(f"day {count}") for count in counts)


class TestProfilesAsData:
    """A profile can be written by whoever knows the rules."""

    @pytest.mark.parametrize("profile", [UNBOUND, BOUND, PROFILE])
    def test_what_is_written_is_read_back(self, profile):
        converter = make_converter(ObligationProfile)
        text = converter.dumps(profile)
        for again in (converter.loads(text), converter.loads_toml(in_toml(text))):
            assert again == profile
            assert converter.dumps(again) == text

    @given(history=histories(), when=MINUTES)
    def test_what_is_read_back_decides_the_same(self, history, when):
        converter = make_converter(ObligationProfile)
        again = converter.loads_toml(in_toml(converter.dumps(PROFILE)))
        assert again.agenda(history, instant(when)) == PROFILE.agenda(history, instant(when))

    def test_a_profile_in_toml(self):
        profile = make_converter(ObligationProfile).loads_toml(
            """
            kind = "obligation-profile"
            version = 1

            [data]
            name = "two-clocks"

            [[data.obligations]]
            name = "reply"
            met_by = ["reply"]
            within = {kind = "working-hours", time = "P0DT21600S"}
            calendar = "desk"
            suspended_by = ["complainant"]
            excused_by = [{by = ["withdraw"]}]

            [[data.obligations]]
            name = "answer"
            met_by = ["respond"]
            within = {kind = "business-days", count = 3}
            calendar = "jurisdiction"

            [[data.windows]]
            name = "referral"
            starts_with = ["respond"]
            within = {kind = "months", count = 6}
            calendar = "jurisdiction"

            [data.retention]
            name = "records"
            within = {kind = "years", count = 3}
            calendar = "jurisdiction"
            """
        )
        assert profile == UNBOUND

    def test_a_state_and_a_decision_can_be_kept(self):
        history = case(RECEIVED, "reply 2026-04-07 08:00")
        (state, _) = BOUND.agenda(history, at("2026-04-08 11:00"))
        converter = make_converter(type(state))
        assert converter.loads(converter.dumps(state)) == state
