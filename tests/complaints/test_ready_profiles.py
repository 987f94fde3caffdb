"""The ready profiles: each deadline held against counting by hand, and the borders of each rule."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmkit.business_time import BusinessCalendar
from crmkit.complaints.facts.history import CaseHistory, Mark
from crmkit.complaints.lifecycle import Action
from crmkit.complaints.policies.obligations import ObligationState, Standing
from crmkit.complaints.policies.profiles import ObligationProfile
from crmkit.complaints.policies.ready_profiles import (
    FCA_DISP,
    IRELAND_CPC,
    ISO_10002,
    READY_PROFILES,
    RG_271,
    RG_271_SUPERANNUATION,
    SERVICE_DESK,
    service_desk,
)
from crmkit.identifiers import ComplaintId
from crmkit.serialization import make_converter
from tests.complaints.deadline_builders import (
    DAY,
    EASTER_2026,
    at,
    case,
    midnight_after,
    same,
    slow_business_day,
    slow_months,
    weekdays,
)
from tests.segmentation.documents import in_toml

ENCLOSED = "ombudsman-leaflet,ombudsman-website,waiver-wording"
HOLDING = f"reason-for-delay,expected-date,ombudsman-right,{ENCLOSED}"
FINAL = f"{ENCLOSED},six-month-window,rejects-with-reasons"

receipts = st.integers(0, 700 * 1440).map(
    lambda minutes: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
holidays = st.frozensets(
    st.integers(0, 900).map(lambda count: date(2025, 1, 1) + count * DAY), max_size=20
)


def received(when: datetime, *marks: Mark) -> CaseHistory:
    return CaseHistory(complaint=ComplaintId("K-1"), marks=(Mark("receive", when), *marks))


def bound(
    profile: ObligationProfile, zone: str, closed: frozenset[date] | tuple[date, ...] = ()
) -> ObligationProfile:
    return profile.with_calendars(jurisdiction=weekdays(zone, holidays=tuple(closed)))


def named(
    profile: ObligationProfile, history: CaseHistory, when: datetime
) -> dict[str, ObligationState]:
    """The last round of each obligation."""
    return {state.obligation: state for state in profile.agenda(history, when)}


def standings(profile: ObligationProfile, history: CaseHistory, when: str) -> dict[str, str]:
    agenda = named(profile, history, at(when, "Europe/London"))
    return {name: str(state.standing) for name, state in agenda.items()}


class TestServiceDesk:
    """A reply within 24 hours of the message."""

    @given(when=receipts)
    def test_they_are_hours_by_the_clock(self, when):
        (reply,) = SERVICE_DESK.agenda(received(when), when)
        assert same(reply.due_at, when + timedelta(hours=24))

    def test_across_a_change_of_clocks_they_are_still_24(self):
        always = BusinessCalendar.round_the_clock("Europe/Rome")
        (reply,) = service_desk(always).agenda(
            received(at("2026-03-28 12:00", "Europe/Rome")), at("2026-03-28 12:00", "Europe/Rome")
        )
        assert reply.due_at is not None
        assert reply.due_at.isoformat() == "2026-03-29T13:00:00+02:00"

    def test_with_the_hours_of_a_desk_they_are_working_hours(self):
        desk = service_desk(weekdays("UTC", "09:00-17:00"), within=timedelta(hours=8))
        (reply,) = desk.agenda(case("receive 2026-05-08 13:00"), at("2026-05-08 13:00"))
        assert same(reply.due_at, at("2026-05-11 13:00"))

    @pytest.mark.parametrize("answer", ["acknowledge", "acknowledgement", "respond", "reply"])
    def test_any_answer_is_a_reply(self, answer):
        history = case("receive 2026-05-08 13:00", f"{answer} 2026-05-09 13:00")
        (reply,) = SERVICE_DESK.agenda(history, at("2026-05-20 13:00"))
        assert reply.standing is Standing.MET

    @pytest.mark.parametrize("back", ["dispute", "reopen"])
    def test_who_comes_back_is_answered_within_24_hours_again(self, back):
        marks = ("receive 2026-05-08 13:00", "respond 2026-05-08 14:00", f"{back} 2026-05-10 09:00")
        due = SERVICE_DESK.next_due(case(*marks), at("2026-05-20 13:00"))
        assert due is not None
        assert same(due.due_at, at("2026-05-11 09:00"))

    def test_asking_back_stops_the_clock(self):
        history = case(
            "receive 2026-05-08 13:00", waits=("complainant 2026-05-08 14:00/2026-05-10 14:00",)
        )
        (reply,) = SERVICE_DESK.agenda(history, at("2026-05-10 15:00"))
        assert same(reply.due_at, at("2026-05-11 13:00"))


class TestIso10002:
    """Acknowledged immediately, then assessed, answered and closed, one after the other."""

    @given(when=receipts, closed=holidays)
    def test_each_stage_has_its_days(self, when, closed):
        day = when.date()
        profile = bound(ISO_10002, "UTC", closed)
        later = [Mark("assess", when + DAY), Mark("respond", when + 2 * DAY)]
        agenda = named(profile, received(when, *later), when + 2 * DAY)
        for name, last in [
            ("acknowledge", slow_business_day(day - DAY, 1, closed)),
            ("assess", slow_business_day(day, 1, closed)),
            ("respond", slow_business_day(day + DAY, 10, closed)),
            ("close", slow_business_day(day + 2 * DAY, 10, closed)),
        ]:
            assert same(agenda[name].due_at, midnight_after(last, "UTC")), name

    def test_a_later_stage_waits_for_the_one_before(self):
        agenda = named(
            bound(ISO_10002, "UTC"), case("receive 2026-05-08 13:00"), at("2026-05-08 13:00")
        )
        assert [str(agenda[name].standing) for name in ("assess", "respond", "close")] == [
            "pending",
            "not-started",
            "not-started",
        ]

    def test_what_is_disputed_stays_open_and_is_answered_anew(self):
        marks = (
            "receive 2026-05-04 10:00",
            "assess 2026-05-05 10:00",
            "respond 2026-05-06 10:00",
            "dispute 2026-05-07 10:00",
        )
        found = standings(bound(ISO_10002, "UTC"), case(*marks), "2026-05-08 10:00")
        assert (found["respond"], found["close"]) == ("pending", "excused")
        again = standings(
            bound(ISO_10002, "UTC"), case(*marks, "respond 2026-05-08 09:00"), "2026-05-08 10:00"
        )
        assert (again["respond"], again["close"]) == ("met", "pending")

    def test_what_is_reopened_is_assessed_and_answered_anew(self):
        marks = (
            "receive 2026-05-04 10:00",
            "acknowledge 2026-05-04 11:00",
            "assess 2026-05-05 10:00",
            "respond 2026-05-06 10:00",
            "close 2026-05-07 10:00",
            "reopen 2026-06-01 10:00",
        )
        profile = bound(ISO_10002, "UTC")
        due = profile.next_due(case(*marks), at("2026-06-01 10:00"))
        assert due is not None
        assert (due.obligation, due.due_at) == ("assess", at("2026-06-03 00:00"))
        assessed = case(*marks, "assess 2026-06-02 10:00")
        due = profile.next_due(assessed, at("2026-06-02 10:00"))
        assert due is not None
        assert (due.obligation, due.due_at) == ("respond", at("2026-06-17 00:00"))


class TestFcaDisp:
    """By the end of eight weeks, unless resolved by close of the third business day."""

    @given(when=receipts, closed=holidays)
    def test_deadlines_agree_with_counting_by_hand(self, when, closed):
        zone = "Europe/London"
        day = when.astimezone(ZoneInfo(zone)).date()
        profile = bound(FCA_DISP, zone, closed)
        agenda = named(profile, received(when), when)
        first = midnight_after(slow_business_day(day, 1, closed), zone)
        assert same(agenda["acknowledge"].due_at, first)
        assert same(agenda["final-response"].due_at, midnight_after(day + 56 * DAY, zone))
        kept = midnight_after(slow_months(day, 36), zone)
        assert same(profile.kept_until(received(when)), kept)

    @given(when=receipts, closed=holidays, minutes=st.integers(-2, 2))
    def test_the_third_business_day_closes_with_business(self, when, closed, minutes):
        zone = "Europe/London"
        day = when.astimezone(ZoneInfo(zone)).date()
        closes = datetime.combine(slow_business_day(day, 3, closed), time(17), ZoneInfo(zone))
        accepted = closes + timedelta(minutes=minutes)
        history = received(when, Mark("accept", accepted))
        agenda = named(bound(FCA_DISP, zone, closed), history, accepted)
        in_time = minutes <= 0
        assert (agenda["final-response"].standing is Standing.EXCUSED) == in_time
        assert (agenda["summary-resolution"].standing is Standing.PENDING) == in_time

    def test_over_easter_the_third_business_day_is_a_week_later(self):
        """Received on Maundy Thursday, accepted on Thursday after Easter at five and after it."""
        profile = bound(FCA_DISP, "Europe/London", EASTER_2026)
        opening = ("receive 2026-04-02 10:00", "acknowledge 2026-04-02 11:00")
        in_time = case(*opening, "accept 2026-04-09 17:00", zone="Europe/London")
        assert standings(profile, in_time, "2026-04-09 18:00") == {
            "acknowledge": "met",
            "summary-resolution": "pending",
            "final-response": "excused",
        }
        late = case(*opening, "accept 2026-04-09 17:01", zone="Europe/London")
        assert standings(profile, late, "2026-04-09 18:00") == {
            "acknowledge": "met",
            "summary-resolution": "not-started",
            "final-response": "pending",
        }

    def test_eight_weeks_across_a_change_of_clocks_end_with_the_day(self):
        history = case("receive 2026-02-10 15:00", zone="Europe/London")
        profile = bound(FCA_DISP, "Europe/London", EASTER_2026)
        assert standings(profile, history, "2026-04-08 00:00")["final-response"] == "pending"
        assert standings(profile, history, "2026-04-08 00:01")["final-response"] == "overdue"

    @pytest.mark.parametrize(
        ("letter", "standing"),
        [
            (f"final-response 2026-05-04 10:00 {FINAL}", "met"),
            (f"final-response 2026-05-04 10:00 {ENCLOSED},six-month-window", "overdue"),
            (f"final-response 2026-05-04 10:00 {ENCLOSED},accepts", "overdue"),
            (f"holding-response 2026-05-04 10:00 {HOLDING}", "met"),
            (
                f"holding-response 2026-05-04 10:00 {HOLDING.replace(',expected-date', '')}",
                "overdue",
            ),
            (
                f"holding-response 2026-05-04 10:00 {HOLDING.replace(ENCLOSED, 'leaflet')}",
                "overdue",
            ),
            ("respond 2026-05-04 10:00", "overdue"),
        ],
    )
    def test_the_letter_has_to_say_what_the_rule_asks_for(self, letter, standing):
        history = case("receive 2026-04-07 10:00", letter, zone="Europe/London")
        profile = bound(FCA_DISP, "Europe/London")
        assert standings(profile, history, "2026-07-01 10:00")["final-response"] == standing

    @pytest.mark.parametrize(
        ("told", "standing"),
        [
            ("acknowledge 2026-04-07 11:00", "met"),
            ("acknowledgement 2026-04-07 11:00 answer-within-eight-weeks", "met"),
            ("acknowledgement 2026-04-07 11:00 thanks", "overdue"),
        ],
    )
    def test_an_acknowledgement_in_writing_tells_of_the_eight_weeks(self, told, standing):
        history = case("receive 2026-04-07 10:00", told, zone="Europe/London")
        profile = bound(FCA_DISP, "Europe/London")
        assert standings(profile, history, "2026-07-01 10:00")["acknowledge"] == standing

    @pytest.mark.parametrize(
        ("left_out", "standing"),
        [
            (None, "met"),
            ("ombudsman-further-information", "overdue"),
            ("waiver-wording", "overdue"),
        ],
    )
    def test_a_summary_resolution_needs_no_leaflet(self, left_out, standing):
        items = {"complaint-made", "considered-resolved", "ombudsman-right", "waiver-wording"}
        items |= {"ombudsman-website", "ombudsman-further-information"}
        told = f"summary-resolution 2026-04-08 12:00 {','.join(sorted(items - {left_out}))}"
        opening = ("receive 2026-04-07 10:00", "accept 2026-04-08 11:00")
        history = case(*opening, told, zone="Europe/London")
        profile = bound(FCA_DISP, "Europe/London")
        found = standings(profile, history, "2026-07-01 10:00")
        assert found["summary-resolution"] == standing
        windows = profile.open_windows(history, at("2026-07-01 10:00"))
        assert len(windows) == (standing == "met")

    @pytest.mark.parametrize(
        ("received", "closes"),
        [
            # A Tuesday at noon; just before midnight in London; the same in New York, a day later.
            (at("2026-05-05 12:00", "Europe/London"), "2026-05-08"),
            (at("2026-05-05 23:59:59", "Europe/London"), "2026-05-08"),
            (at("2026-05-05 23:59:59", "America/New_York"), "2026-05-11"),
            # In the evening before a weekend, at the weekend, and on a holiday.
            (at("2026-05-08 20:00", "Europe/London"), "2026-05-13"),
            (at("2026-05-09 09:00", "Europe/London"), "2026-05-13"),
            (at("2026-05-10 23:59", "Europe/London"), "2026-05-13"),
            (at("2026-04-06 10:00", "Europe/London"), "2026-04-09"),
            # In the night in which clocks go forward, in an hour that New York still has.
            (at("2026-03-28 21:30", "America/New_York"), "2026-04-01"),
        ],
    )
    def test_the_third_business_day_following_receipt(self, received, closes):
        """The day of the receipt does not count, whatever the hour; the date is that of London."""
        end = at(f"{closes} 17:00", "Europe/London")
        profile = bound(FCA_DISP, "Europe/London", EASTER_2026)
        for accepted, standing in ((end, "excused"), (end + timedelta(seconds=1), "pending")):
            marks = (Mark("receive", received), Mark("accept", accepted))
            history = CaseHistory(complaint=ComplaintId("K-1"), marks=marks)
            found = named(profile, history, accepted)
            assert str(found["final-response"].standing) == standing

    def test_the_ombudsman_can_be_turned_to_for_six_months(self):
        history = case(
            "receive 2026-04-07 10:00",
            f"final-response 2026-04-30 10:00 {FINAL}",
            zone="Europe/London",
        )
        profile = bound(FCA_DISP, "Europe/London")
        (referral,) = profile.open_windows(history, at("2026-05-01 10:00"))
        assert referral.closes_at.isoformat() == "2026-10-31T00:00:00+00:00"

    def test_waiting_for_the_complainant_does_not_stop_the_law(self):
        waits = ("complainant 2026-04-08 10:00/2026-05-20 10:00",)
        waiting = case("receive 2026-04-07 10:00", waits=waits)
        profile = bound(FCA_DISP, "Europe/London")
        asked = at("2026-05-25 10:00")
        without = evolve(waiting, waits=())
        assert profile.agenda(waiting, asked) == profile.agenda(without, asked)


class TestIrelandCpc:
    """Acknowledged in 5 business days, told every 20, answered in 40."""

    @given(when=receipts, closed=holidays)
    def test_deadlines_agree_with_counting_by_hand(self, when, closed):
        zone = "Europe/Dublin"
        day = when.astimezone(ZoneInfo(zone)).date()
        profile = bound(IRELAND_CPC, zone, closed)
        agenda = named(profile, received(when, Mark("respond", when + DAY)), when + DAY)
        told = [("acknowledge", 0, 5), ("progress-update", 0, 20), ("final-response", 0, 40)]
        for name, began, count in [*told, ("result-letter", 1, 5)]:
            last = slow_business_day(day + began * DAY, count, closed)
            assert same(agenda[name].due_at, midnight_after(last, zone)), name

    @given(when=receipts, closed=holidays, gaps=st.lists(st.integers(1, 40), max_size=5))
    def test_updates_go_on_until_the_final_response(self, when, closed, gaps):
        zone = "Europe/Dublin"
        day = when.astimezone(ZoneInfo(zone)).date()
        days: list[date] = []
        for gap in gaps:
            days.append((days[-1] if days else day) + gap * DAY)
        marks = [
            Mark("progress-update", datetime.combine(d, time(12), ZoneInfo(zone))) for d in days
        ]
        profile = bound(IRELAND_CPC, zone, closed)
        end = datetime.combine((days or [day])[-1] + 2 * DAY, time(12), ZoneInfo(zone))
        found = profile.agenda(received(when, *marks), end)
        rounds = [state for state in found if state.obligation == "progress-update"]
        assert len(rounds) == len(gaps) + 1
        for state, begins in zip(rounds, [day, *days], strict=True):
            last = slow_business_day(begins, 20, closed)
            assert same(state.due_at, midnight_after(last, zone))
        final = received(when, *marks, Mark("final-response", end))
        ended = profile.agenda(final, end + 100 * DAY)
        assert sum(state.obligation == "progress-update" for state in ended) == len(rounds)

    def test_what_is_resolved_in_five_business_days_needs_a_short_record_only(self):
        history = case("receive 2026-04-02 10:00", "accept 2026-04-09 10:00", zone="Europe/Dublin")
        profile = bound(IRELAND_CPC, "Europe/Dublin", EASTER_2026)
        assert standings(profile, history, "2026-04-09 11:00") == {
            "acknowledge": "excused",
            "progress-update": "excused",
            "final-response": "excused",
            "result-letter": "not-started",
            "short-record": "pending",
        }

    def test_a_delay_is_told_with_a_date_and_the_ombudsman(self):
        opening = "receive 2026-04-02 10:00"
        told = "holding-response 2026-05-20 10:00 expected-date,ombudsman-right"
        profile = bound(IRELAND_CPC, "Europe/Dublin", EASTER_2026)
        found = standings(profile, case(opening, told), "2026-09-01 10:00")
        assert found["final-response"] == "met"
        mute = case(opening, "holding-response 2026-05-20 10:00 expected-date")
        assert standings(profile, mute, "2026-09-01 10:00")["final-response"] == "overdue"

    def test_the_result_may_have_been_sent_before_the_case_was_moved_on(self):
        history = case(
            "receive 2026-04-02 10:00", "result-letter 2026-05-04 10:00", "respond 2026-05-04 10:05"
        )
        profile = bound(IRELAND_CPC, "Europe/Dublin")
        assert standings(profile, history, "2026-06-01 10:00")["result-letter"] == "met"


class TestRg271:
    """Acknowledged in one business day, answered in 30 calendar days, 45 for superannuation."""

    @pytest.mark.parametrize(("profile", "days"), [(RG_271, 30), (RG_271_SUPERANNUATION, 45)])
    @given(when=receipts, closed=holidays)
    def test_deadlines_agree_with_counting_by_hand(self, profile, days, when, closed):
        zone = "Australia/Sydney"
        day = when.astimezone(ZoneInfo(zone)).date()
        agenda = named(bound(profile, zone, closed), received(when), when)
        first = midnight_after(slow_business_day(day, 1, closed), zone)
        assert same(agenda["acknowledge"].due_at, first)
        assert same(agenda["idr-response"].due_at, midnight_after(day + days * DAY, zone))

    @pytest.mark.parametrize(
        ("accepted", "standing"),
        [("2026-05-12 00:00", "excused"), ("2026-05-12 00:01", "overdue")],
    )
    def test_what_is_resolved_in_five_business_days_needs_no_answer_in_writing(
        self, accepted, standing
    ):
        """Received on a Monday. Decisions of superannuation trustees always need one."""
        zone = "Australia/Sydney"
        opening = ("receive 2026-05-04 10:00", f"accept {accepted}")
        history = case(*opening, zone=zone)
        found = standings(bound(RG_271, zone), history, "2026-07-01 10:00")
        assert found["idr-response"] == standing
        super_found = standings(bound(RG_271_SUPERANNUATION, zone), history, "2026-07-01 10:00")
        assert super_found["idr-response"] == "overdue"

    @pytest.mark.parametrize(
        ("letter", "standing"),
        [
            ("final-response 2026-05-06 10:00 afca-right,afca-contact,accepts", "met"),
            ("final-response 2026-05-06 10:00 afca-right,accepts", "overdue"),
            ("delay-notice 2026-05-06 10:00 afca-right,afca-contact,reason-for-delay", "met"),
            ("delay-notice 2026-05-06 10:00 afca-right,afca-contact", "overdue"),
            ("delay-notice 2026-05-06 10:00 reason-for-delay", "overdue"),
        ],
    )
    def test_the_letter_names_the_right_to_turn_to_afca(self, letter, standing):
        history = case("receive 2026-05-04 10:00", letter, zone="Australia/Sydney")
        found = standings(bound(RG_271, "Australia/Sydney"), history, "2026-07-01 10:00")
        assert found["idr-response"] == standing


class TestAllOfThem:
    @pytest.mark.parametrize("profile", READY_PROFILES, ids=lambda profile: profile.name)
    def test_they_are_data(self, profile):
        converter = make_converter(ObligationProfile)
        text = converter.dumps(profile)
        assert converter.loads(text) == converter.loads_toml(in_toml(text)) == profile

    @pytest.mark.parametrize("profile", READY_PROFILES, ids=lambda profile: profile.name)
    def test_each_says_where_and_of_which_day_it_comes_from(self, profile):
        assert profile.source
        assert all(obligation.source for obligation in profile.obligations)
        assert profile.source_date is not None

    @pytest.mark.parametrize("profile", READY_PROFILES, ids=lambda profile: profile.name)
    def test_a_complaint_that_is_withdrawn_is_due_no_more(self, profile):
        history = case("receive 2026-05-04 10:00", "withdraw 2026-05-04 10:00")
        calendars = dict.fromkeys(profile.missing_calendars, weekdays())
        asked = profile.with_calendars(**calendars).next_due(history, at("2026-09-01 10:00"))
        assert asked is None

    @pytest.mark.parametrize("profile", READY_PROFILES, ids=lambda profile: profile.name)
    def test_one_that_is_reopened_is_due_again(self, profile):
        """Else a complaint that comes back would be in nobody's queue."""
        marks = ("receive 2026-05-04 10:00", "withdraw 2026-05-04 10:00", "reopen 2026-06-01 10:00")
        calendars = dict.fromkeys(profile.missing_calendars, weekdays())
        due = profile.with_calendars(**calendars).next_due(case(*marks), at("2026-06-01 10:00"))
        assert due is not None
        assert due.started_at == at("2026-06-01 10:00")

    @pytest.mark.parametrize("profile", READY_PROFILES, ids=lambda profile: profile.name)
    def test_one_that_is_merged_is_due_no_more(self, profile):
        marks = ("receive 2026-05-04 10:00", "merge 2026-05-04 10:00")
        calendars = dict.fromkeys(profile.missing_calendars, weekdays())
        asked = profile.with_calendars(**calendars).next_due(case(*marks), at("2026-09-01 10:00"))
        assert asked is None

    @pytest.mark.parametrize("profile", READY_PROFILES, ids=lambda profile: profile.name)
    def test_what_is_done_is_an_action_or_a_message(self, profile):
        """A misspelled action would never start, meet or excuse anything."""
        messages = {
            *("receive", "reply", "acknowledgement", "final-response", "holding-response"),
            *("summary-resolution", "progress-update", "result-letter", "short-record"),
            "delay-notice",
        }
        for obligation in profile.obligations:
            excuses = [name for excuse in obligation.excused_by for name in excuse.by]
            names = {
                *(*obligation.starts_with, *obligation.met_by, *obligation.anew_with, *excuses)
            }
            assert names <= messages | set(Action)
