"""What has to be done about a complaint, by when, and how it stands."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmkit.business_time import BusinessCalendar
from crmkit.complaints.facts.history import CaseHistory, Mark, Wait
from crmkit.complaints.policies.allowances import (
    BusinessDays,
    CalendarDays,
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
    ObligationState,
    Standing,
    Window,
)
from crmkit.complaints.policies.profiles import ObligationProfile
from crmkit.errors import InvalidIdentifier, InvalidPolicy, NaiveDatetime
from crmkit.identifiers import ComplaintId
from tests.complaints.deadline_builders import at, case, same, walk_through, weekdays

ANSWER = Obligation(
    name="answer",
    met_by=("respond", "final-response"),
    within=WorkingHours(6),
    calendar="desk",
    suspended_by=frozenset({"complainant"}),
    excused_by=(Excuse(("withdraw",)),),
    anew_with=("reopen",),
    consequence="an apology",
)
UPDATES = Obligation(
    name="update",
    met_by=("progress-update", "final-response"),
    within=BusinessDays(2),
    calendar="desk",
    repeats_every=BusinessDays(3),
    repeats_until=("final-response",),
    excused_by=(Excuse(("withdraw",)),),
    anew_with=("reopen",),
)
LETTER = Obligation(
    name="letter",
    met_by=("final-response", "holding-response"),
    within=CalendarDays(10),
    calendar="desk",
    content=(
        Content(
            message="final-response",
            items=frozenset({"leaflet", "website"}),
            one_of=frozenset({"accepts", "rejects"}),
        ),
    ),
    suspended_by=frozenset({"complainant", "supplier"}),
    excused_by=(Excuse(("accept",), within=BusinessDays(3)), Excuse(("withdraw",))),
)
RESULT = Obligation(
    name="result",
    starts_with=("respond",),
    met_by=("final-response",),
    early_counts=True,
    within=BusinessDays(5),
    calendar="desk",
    excused_by=(Excuse(("withdraw",)),),
    anew_with=("respond",),
)
SUMMARY = Obligation(
    name="summary",
    starts_with=("accept",),
    starts_within=BusinessDays(3),
    met_by=("summary",),
    within=WorkingHours(8),
    calendar="desk",
)
# Until Tuesday the twelfth at noon the desk opened at seven, and had more time.
RESTATED = evolve(
    ANSWER,
    name="restated",
    former=[FormerTerms(until=at("2026-05-12 12:00"), within=WorkingHours(9), calendar="early")],
)
EARLY = weekdays(hours="07:00-16:00")
PROFILE = ObligationProfile(
    name="all-sorts",
    obligations=(ANSWER, UPDATES, LETTER, RESULT, SUMMARY, RESTATED),
    calendars={"desk": weekdays(hours="09:00-18:00"), "early": EARLY},
)


def states(
    obligation: Obligation,
    history: CaseHistory,
    when: str,
    calendar: BusinessCalendar | None = None,
) -> tuple[ObligationState, ...]:
    """How one obligation stands; the desk is open from nine to six unless a calendar is given."""
    calendars = {"desk": calendar or weekdays(hours="09:00-18:00"), "early": EARLY}
    named = {name: calendars[name] for name in obligation.calendar_names}
    profile = ObligationProfile(name="one", obligations=(obligation,), calendars=named)
    return profile.agenda(history, at(when))


def state(obligation: Obligation, history: CaseHistory, when: str) -> ObligationState:
    (only,) = states(obligation, history, when)
    return only


NAMES = [
    *("receive", "respond", "final-response", "holding-response", "progress-update"),
    *("accept", "withdraw", "summary", "reopen", "merge"),
]
CONTENTS = st.sampled_from(
    [frozenset({"leaflet", "website", "accepts"}), frozenset({"leaflet"}), frozenset[str]()]
)
MINUTES = st.one_of(
    st.integers(0, 40 * 1440), st.integers(0, 40 * 24).map(lambda count: count * 60)
)


def instant(minutes: int) -> datetime:
    """Minutes after Monday, the fourth of May, at midnight."""
    return at("2026-05-04 00:00") + timedelta(minutes=minutes)


@st.composite
def histories(draw: Any) -> CaseHistory:
    """A complaint, what was done about it in some weeks, and for whom it waited."""
    received = draw(st.integers(0, 7 * 1440))
    marks = [Mark("receive", instant(received))]
    for _ in range(draw(st.integers(0, 7))):
        name = draw(st.sampled_from(NAMES[1:]))
        marks.append(Mark(name, instant(received + draw(MINUTES)), draw(CONTENTS)))
    waits = []
    for _ in range(draw(st.integers(0, 3))):
        low, high = sorted([draw(MINUTES), draw(MINUTES)])
        end = None if draw(st.integers(0, 4)) == 0 else instant(high)
        on = draw(st.sampled_from(["complainant", "supplier", "nobody"]))
        waits.append(Wait(on, instant(low), end))
    return CaseHistory(complaint=ComplaintId("K-1"), marks=tuple(marks), waits=tuple(waits))


def by_round(agenda: tuple[ObligationState, ...]) -> dict[tuple[str, int], ObligationState]:
    return {(item.obligation, item.round): item for item in agenda}


class TestOneTruth:
    """Whether a deadline was kept depends on the history alone, and never changes afterwards."""

    @given(history=histories(), first=MINUTES, second=MINUTES)
    def test_what_has_been_decided_stays_decided(self, history, first, second):
        earlier, later = sorted([instant(first), instant(second)])
        after = by_round(PROFILE.agenda(history, later))
        for key, then in by_round(PROFILE.agenda(history, earlier)).items():
            if then.standing in (Standing.MET, Standing.MET_LATE, Standing.EXCUSED):
                assert after[key] == then
            elif then.standing is Standing.OVERDUE:
                assert after[key].breached_at == then.breached_at

    @given(history=histories(), when=MINUTES)
    def test_only_what_had_happened_by_then_is_seen(self, history, when):
        """A wait that ended later had no end yet."""
        asked = instant(when)
        known = evolve(
            history,
            marks=tuple(m for m in history.marks if m.at <= asked or m.name == "receive"),
            waits=tuple(
                Wait(w.on, w.start, None if w.end is None or w.end > asked else w.end)
                for w in history.waits
                if w.start <= asked
            ),
        )
        assert PROFILE.agenda(history, asked) == PROFILE.agenda(known, asked)

    @given(data=st.data(), history=histories(), when=MINUTES)
    def test_the_order_of_recording_does_not_matter(self, data, history, when):
        if len({mark.at for mark in history.marks}) == len(history.marks):
            marks = tuple(data.draw(st.permutations(history.marks)))
            waits = tuple(data.draw(st.permutations(history.waits)))
            shuffled = evolve(history, marks=marks, waits=waits)
            assert PROFILE.agenda(shuffled, instant(when)) == PROFILE.agenda(history, instant(when))

    @given(history=histories(), first=MINUTES, second=MINUTES)
    def test_a_deadline_does_not_move_while_nothing_happens(self, history, first, second):
        earlier, later = sorted([instant(first), instant(second)])
        happened = [m.at for m in history.marks] + [
            end for w in history.waits for end in (w.start, w.end) if end is not None
        ]
        if not any(earlier < then <= later for then in happened):
            before, after = PROFILE.agenda(history, earlier), PROFILE.agenda(history, later)
            assert [item.due_at for item in before] == [item.due_at for item in after]

    @given(history=histories(), when=MINUTES)
    def test_each_standing_means_what_it_says(self, history, when):
        asked = instant(when)
        for item in PROFILE.agenda(history, asked):
            if item.standing is Standing.NOT_STARTED:
                assert (item.started_at, item.due_at, item.met_at) == (None, None, None)
            elif item.standing in (Standing.PENDING, Standing.OVERDUE):
                assert item.due_at is not None
                assert (asked > item.due_at) == (item.standing is Standing.OVERDUE)
            elif item.standing in (Standing.MET, Standing.MET_LATE):
                assert item.met_at is not None
                assert item.met_at <= asked
                late = item.due_at is not None and item.met_at > item.due_at
                assert late == (item.standing is Standing.MET_LATE)
            elif item.standing is Standing.SUSPENDED:
                assert any(w.start <= asked for w in history.waits)
            assert item.standing.is_breached == (item.breached_at is not None)

    @given(history=histories(), when=MINUTES)
    def test_waiting_for_somebody_else_changes_nothing(self, history, when):
        without = evolve(history, waits=tuple(w for w in history.waits if w.on != "nobody"))
        assert PROFILE.agenda(history, instant(when)) == PROFILE.agenda(without, instant(when))


class TestMeeting:
    def test_at_the_very_instant_it_is_due_there_is_still_time(self):
        """Received on Monday at nine, six working hours: due at three."""
        history = case("receive 2026-05-04 09:00")
        due = state(ANSWER, history, "2026-05-04 15:00")
        assert (due.standing, due.due_at) == (Standing.PENDING, at("2026-05-04 15:00"))
        over = state(ANSWER, history, "2026-05-04 15:00:00.000001")
        assert (over.standing, over.breached_at) == (Standing.OVERDUE, at("2026-05-04 15:00"))
        assert over.consequence == "an apology"

    @pytest.mark.parametrize(
        ("answered", "standing"),
        [("15:00", Standing.MET), ("15:00:01", Standing.MET_LATE)],
    )
    def test_an_answer_at_the_deadline_is_in_time(self, answered, standing):
        history = case("receive 2026-05-04 09:00", f"respond 2026-05-04 {answered}")
        found = state(ANSWER, history, "2026-06-01 09:00")
        assert found.standing is standing
        assert (found.met_by, found.met_at) == ("respond", at(f"2026-05-04 {answered}"))

    def test_a_late_answer_does_not_undo_the_breach(self):
        """The incumbent showed no breach any more as soon as the answer had arrived."""
        history = case("receive 2026-05-04 09:00", "respond 2026-05-05 09:00")
        before = state(ANSWER, history, "2026-05-05 08:59")
        after = state(ANSWER, history, "2026-05-05 09:00")
        assert (before.standing, after.standing) == (Standing.OVERDUE, Standing.MET_LATE)
        assert before.breached_at == after.breached_at == at("2026-05-04 15:00")

    def test_before_the_receipt_nothing_has_begun(self):
        history = case("withdraw 2026-05-03 09:00", "receive 2026-05-04 09:00")
        found = states(LETTER, history, "2026-05-03 10:00")
        assert [item.standing for item in found] == [Standing.NOT_STARTED]

    @pytest.mark.parametrize("answered", ["2026-05-04 08:59:58", "2026-05-04 09:00"])
    def test_an_answer_dated_before_the_receipt_by_another_clock_counts(self, answered):
        history = case(f"respond {answered}", "receive 2026-05-04 09:00")
        found = state(ANSWER, history, "2026-06-01 09:00")
        assert (found.standing, found.met_at) == (Standing.MET, at(answered))

    def test_the_clock_of_two_wall_times_is_real_time(self):
        """Clocks go back at three: half past two comes twice, and the second is the later."""
        zone = "Europe/Berlin"
        always = BusinessCalendar.round_the_clock(zone)
        received = at("2026-10-25 00:30", zone)
        late = at("2026-10-25 02:30", zone, fold=1)
        history = CaseHistory(
            complaint=ComplaintId("K-1"), marks=(Mark("receive", received), Mark("respond", late))
        )
        two_hours = evolve(ANSWER, within=WorkingHours(2))
        (found,) = states(two_hours, history, "2026-10-26 09:00", always)
        assert found.standing is Standing.MET_LATE
        assert same(found.due_at, at("2026-10-25 02:30", zone))

    def test_what_starts_later_waits_for_its_mark(self):
        history = case("receive 2026-05-04 09:00", "respond 2026-05-06 10:00")
        assert state(RESULT, history, "2026-05-06 09:59").standing is Standing.NOT_STARTED
        found = state(RESULT, history, "2026-05-06 10:00")
        assert (found.started_at, found.due_at) == (at("2026-05-06 10:00"), at("2026-05-14 00:00"))

    def test_what_came_before_the_start_counts_only_where_it_may(self):
        history = case(
            "receive 2026-05-04 09:00",
            "final-response 2026-05-05 09:00",
            "respond 2026-05-06 10:00",
        )
        assert state(RESULT, history, "2026-05-06 10:00").standing is Standing.MET
        strict = evolve(RESULT, early_counts=False)
        assert state(strict, history, "2026-05-06 10:00").standing is Standing.PENDING

    def test_what_starts_too_late_does_not_start(self):
        """Three business days after Monday the fourth are over at the end of Thursday."""
        in_time = case("receive 2026-05-04 09:00", "accept 2026-05-08 00:00")
        too_late = case("receive 2026-05-04 09:00", "accept 2026-05-08 00:01")
        assert state(SUMMARY, in_time, "2026-05-08 09:00").standing is Standing.PENDING
        assert state(SUMMARY, too_late, "2026-05-08 09:00").standing is Standing.NOT_STARTED


class TestWaiting:
    def test_a_pause_over_the_weekend_does_not_move_a_deadline(self):
        """The incumbent added 63 hours of the wall clock to a deadline of Monday at noon."""
        history = case(
            "receive 2026-05-08 15:00", waits=("complainant 2026-05-08 18:00/2026-05-11 09:00",)
        )
        found = state(ANSWER, history, "2026-05-11 10:00")
        assert (found.standing, found.due_at) == (Standing.PENDING, at("2026-05-11 12:00"))

    def test_while_the_case_waits_nothing_is_due_and_then_the_rest_of_the_time(self):
        history = case(
            "receive 2026-05-04 09:00", waits=("complainant 2026-05-04 11:00/2026-05-05 17:00",)
        )
        waiting = state(ANSWER, history, "2026-05-05 16:59")
        assert (waiting.standing, waiting.due_at) == (Standing.SUSPENDED, None)
        again = state(ANSWER, history, "2026-05-05 17:00")
        assert (again.standing, again.due_at) == (Standing.PENDING, at("2026-05-06 12:00"))

    def test_a_wait_that_began_after_the_deadline_saves_nothing(self):
        history = case("receive 2026-05-04 09:00", waits=("complainant 2026-05-04 15:01/",))
        assert state(ANSWER, history, "2026-05-04 16:00").standing is Standing.OVERDUE

    def test_an_answer_given_while_the_case_waits_is_in_time(self):
        history = case(
            "receive 2026-05-04 09:00",
            "respond 2026-05-20 09:00",
            waits=("complainant 2026-05-04 11:00/2026-05-21 09:00",),
        )
        found = state(ANSWER, history, "2026-06-01 09:00")
        assert (found.standing, found.due_at) == (Standing.MET, None)

    def test_calendar_days_wait_as_well(self):
        history = case(
            "receive 2026-05-04 09:00",
            waits=(
                "supplier 2026-05-06 09:00/2026-05-08 09:00",
                "complainant 2026-05-07 09:00/2026-05-09 09:00",
            ),
        )
        found = state(LETTER, history, "2026-05-10 09:00")
        assert found.due_at == at("2026-05-18 00:00")


class TestContent:
    """A message that leaves out what it has to say does not count."""

    def test_an_incomplete_letter_leaves_the_obligation_open_and_says_why(self):
        history = case(
            "receive 2026-05-04 09:00", "final-response 2026-05-06 09:00 leaflet,greetings"
        )
        found = state(LETTER, history, "2026-05-06 10:00")
        assert found.standing is Standing.PENDING
        assert found.missing == ("website", "accepts or rejects")

    def test_a_complete_one_meets_it(self):
        history = case(
            "receive 2026-05-04 09:00",
            "final-response 2026-05-06 09:00 leaflet",
            "final-response 2026-05-07 09:00 leaflet,website,rejects",
        )
        found = state(LETTER, history, "2026-05-08 10:00")
        assert (found.standing, found.missing) == (Standing.MET, ())
        assert found.met_at == at("2026-05-07 09:00")

    def test_once_excused_it_lacks_nothing(self):
        history = case(
            "receive 2026-05-04 09:00",
            "final-response 2026-05-06 09:00 leaflet",
            "withdraw 2026-05-07 09:00",
        )
        found = state(LETTER, history, "2026-05-08 10:00")
        assert (found.standing, found.missing) == (Standing.EXCUSED, ())

    def test_messages_of_other_kinds_need_not_say_it(self):
        history = case("receive 2026-05-04 09:00", "holding-response 2026-05-06 09:00")
        assert state(LETTER, history, "2026-05-08 10:00").met_by == "holding-response"


class TestExcuses:
    def test_an_excuse_takes_the_obligation_away(self):
        history = case("receive 2026-05-04 09:00", "withdraw 2026-05-04 10:00")
        assert state(ANSWER, history, "2026-05-04 09:59").standing is Standing.PENDING
        found = state(ANSWER, history, "2026-05-10 09:00")
        assert (found.standing, found.excused_at) == (Standing.EXCUSED, at("2026-05-04 10:00"))
        assert found.met_at is None

    @pytest.mark.parametrize(
        ("withdrawn", "standing"), [("15:00", Standing.EXCUSED), ("15:01", Standing.OVERDUE)]
    )
    def test_it_comes_too_late_once_the_deadline_was_missed(self, withdrawn, standing):
        history = case("receive 2026-05-04 09:00", f"withdraw 2026-05-04 {withdrawn}")
        assert state(ANSWER, history, "2026-05-10 09:00").standing is standing

    @pytest.mark.parametrize(
        ("accepted", "standing"),
        [("2026-05-08 00:00", Standing.EXCUSED), ("2026-05-08 00:01", Standing.PENDING)],
    )
    def test_some_excuses_hold_only_so_long_after_the_receipt(self, accepted, standing):
        history = case("receive 2026-05-04 09:00", f"accept {accepted}")
        assert state(LETTER, history, "2026-05-08 09:00").standing is standing

    def test_how_long_after_the_receipt_is_counted_from_the_receipt(self):
        """And not from something that another clock dated before it."""
        history = case(
            "respond 2026-05-01 09:00", "receive 2026-05-04 09:00", "accept 2026-05-07 09:00"
        )
        assert state(LETTER, history, "2026-05-08 09:00").standing is Standing.EXCUSED

    def test_what_was_met_first_needs_no_excuse(self):
        history = case(
            "receive 2026-05-04 09:00", "respond 2026-05-04 10:00", "withdraw 2026-05-04 10:00"
        )
        found = state(ANSWER, history, "2026-05-10 09:00")
        assert (found.standing, found.excused_at) == (Standing.MET, None)

    def test_an_answer_after_the_excuse_changes_nothing(self):
        history = case(
            "receive 2026-05-04 09:00", "withdraw 2026-05-04 10:00", "respond 2026-05-04 11:00"
        )
        found = state(ANSWER, history, "2026-05-10 09:00")
        assert (found.standing, found.met_by) == (Standing.EXCUSED, None)


class TestRounds:
    """An update every so often, until the final response."""

    HISTORY = case(
        "receive 2026-05-04 09:00",
        "progress-update 2026-05-06 09:00",
        "progress-update 2026-05-12 09:00",
        "final-response 2026-05-13 09:00",
        "progress-update 2026-05-14 09:00",
    )

    def test_each_round_begins_when_the_one_before_was_met(self):
        found = states(UPDATES, self.HISTORY, "2026-06-01 09:00")
        assert [(item.round, str(item.standing), item.due_at) for item in found] == [
            (1, "met", at("2026-05-07 00:00")),
            (2, "met-late", at("2026-05-12 00:00")),
            (3, "met", at("2026-05-16 00:00")),
        ]

    def test_the_round_that_runs_is_the_last(self):
        found = states(UPDATES, self.HISTORY, "2026-05-06 10:00")
        assert [str(item.standing) for item in found] == ["met", "pending"]

    def test_a_round_that_was_missed_stays_missed_until_it_is_met(self):
        found = states(UPDATES, self.HISTORY, "2026-05-12 08:00")
        assert [str(item.standing) for item in found] == ["met", "overdue"]

    def test_only_the_first_round_can_be_met_before_it_begins(self):
        early = evolve(UPDATES, starts_with=("investigate",), early_counts=True)
        history = case(
            "receive 2026-05-04 09:00",
            "progress-update 2026-05-05 09:00",
            "investigate 2026-05-05 10:00",
        )
        found = states(early, history, "2026-05-06 09:00")
        assert [str(item.standing) for item in found] == ["met", "pending"]
        assert found[1].started_at == at("2026-05-05 09:00")

    def test_an_excuse_ends_the_rounds(self):
        history = case(
            "receive 2026-05-04 09:00",
            "progress-update 2026-05-06 09:00",
            "withdraw 2026-05-07 09:00",
            "progress-update 2026-05-08 09:00",
        )
        found = states(UPDATES, history, "2026-06-01 09:00")
        assert [str(item.standing) for item in found] == ["met", "excused"]


class TestTakenUpAgain:
    """A complaint that is reopened has deadlines again: none is lost because it once came to rest.

    What was met or excused begins anew; what is still owed goes on as it was.
    """

    def brief(self, obligation: Obligation, *marks: str) -> list[tuple[int, str, datetime | None]]:
        found = states(obligation, case(*marks), "2026-06-01 09:00")
        return [(item.round, str(item.standing), item.due_at) for item in found]

    def test_what_was_withdrawn_and_reopened_is_owed_again(self):
        marks = ("receive 2026-05-04 09:00", "withdraw 2026-05-04 10:00", "reopen 2026-05-18 12:00")
        assert self.brief(ANSWER, *marks) == [
            (1, "excused", at("2026-05-04 15:00")),
            (2, "overdue", at("2026-05-18 18:00")),
        ]

    def test_what_was_answered_and_reopened_is_answered_once_more(self):
        marks = ("receive 2026-05-04 09:00", "respond 2026-05-04 10:00", "reopen 2026-05-18 12:00")
        assert self.brief(ANSWER, *marks, "respond 2026-05-18 18:00") == [
            (1, "met", at("2026-05-04 15:00")),
            (2, "met", at("2026-05-18 18:00")),
        ]

    def test_each_reopening_begins_a_round(self):
        days = range(5, 20)
        reopened = [f"reopen 2026-05-{day:02} 09:00" for day in days]
        answered = [f"respond 2026-05-{day:02} 08:00" for day in days]
        found = self.brief(ANSWER, "receive 2026-05-04 09:00", *reopened, *answered)
        assert [number for number, _, _ in found] == list(range(1, 17))

    def test_what_is_still_owed_goes_on_as_it_was(self):
        """Closing took nothing back, so reopening gives no new time."""
        marks = ("receive 2026-05-04 09:00", "close 2026-05-04 10:00", "reopen 2026-05-18 12:00")
        assert self.brief(ANSWER, *marks) == [(1, "overdue", at("2026-05-04 15:00"))]
        late = self.brief(ANSWER, *marks, "respond 2026-05-18 13:00")
        assert late == [(1, "met-late", at("2026-05-04 15:00"))]

    def test_an_answer_from_before_does_not_count_for_it(self):
        marks = (
            "receive 2026-05-04 09:00",
            "respond 2026-05-04 10:00",
            "respond 2026-05-05 10:00",
            "reopen 2026-05-18 12:00",
        )
        assert [standing for _, standing, _ in self.brief(ANSWER, *marks)] == ["met", "overdue"]

    def test_where_an_early_answer_counts_one_since_the_last_round_does(self):
        marks = ("receive 2026-05-04 09:00", "respond 2026-05-05 09:00")
        told = "final-response 2026-05-06 09:00"
        again = ("final-response 2026-05-07 09:00", "respond 2026-05-08 09:00")
        assert [s for _, s, _ in self.brief(RESULT, *marks, told, *again)] == ["met", "met"]
        assert [s for _, s, _ in self.brief(RESULT, *marks, told, again[1])] == ["met", "overdue"]

    def test_what_met_the_first_round_early_is_no_round_of_its_own(self):
        marks = ("receive 2026-05-04 09:00", "final-response 2026-05-05 09:00")
        assert self.brief(RESULT, *marks, "respond 2026-05-06 09:00") == [
            (1, "met", at("2026-05-14 00:00"))
        ]

    def test_an_excuse_from_before_holds_no_more(self):
        """Nor for an obligation that begins only afterwards."""
        marks = ("receive 2026-05-04 09:00", "withdraw 2026-05-05 09:00")
        result = evolve(RESULT, anew_with=("reopen",))
        answered = "respond 2026-05-18 13:00"
        assert [s for _, s, _ in self.brief(result, *marks, answered)] == ["excused"]
        reopened = self.brief(result, *marks, "reopen 2026-05-18 12:00", answered)
        assert [s for _, s, _ in reopened] == ["overdue"]

    def test_a_second_withdrawal_excuses_again(self):
        marks = ("receive 2026-05-04 09:00", "withdraw 2026-05-04 10:00", "reopen 2026-05-18 12:00")
        found = self.brief(ANSWER, *marks, "withdraw 2026-05-18 13:00")
        assert [standing for _, standing, _ in found] == ["excused", "excused"]

    def test_updates_begin_with_the_first_interval_again(self):
        marks = (
            "receive 2026-05-04 09:00",
            "progress-update 2026-05-05 09:00",
            "final-response 2026-05-06 09:00",
            "reopen 2026-05-18 09:00",
            "progress-update 2026-05-19 09:00",
        )
        assert self.brief(UPDATES, *marks) == [
            (1, "met", at("2026-05-07 00:00")),
            (2, "met", at("2026-05-09 00:00")),
            (3, "met", at("2026-05-21 00:00")),
            (4, "overdue", at("2026-05-23 00:00")),
        ]

    def test_where_nothing_is_said_a_reopening_begins_nothing(self):
        once = evolve(ANSWER, anew_with=())
        marks = ("receive 2026-05-04 09:00", "respond 2026-05-04 10:00", "reopen 2026-05-18 12:00")
        assert [number for number, _, _ in self.brief(once, *marks)] == [1]

    def test_what_settles_it_does_not_take_it_up_again(self):
        for name in ("respond", "withdraw"):
            with pytest.raises(InvalidPolicy, match=f"taken up again by {name}, which settles it"):
                evolve(ANSWER, anew_with=("reopen", name))


class TestOtherTerms:
    """A desk gets other hours, or promises more: what was taken is kept, and what was missed.

    The change is on Tuesday the twelfth at noon: nine hours from seven to four before, six hours
    from nine to six after.
    """

    @pytest.mark.parametrize(
        ("received", "due"),
        [
            # Missed under the former terms, whatever holds now.
            ("2026-05-08 10:00", "2026-05-11 10:00"),
            # Taken by Tuesday noon: 4 h on Monday, 5 on Tuesday. Used up just then, six hours hold.
            ("2026-05-11 12:00", "2026-05-12 12:00"),
            # 4 hours on Tuesday; two are left.
            ("2026-05-12 08:00", "2026-05-12 14:00"),
            # 8 hours: used up when six hours take over.
            ("2026-05-11 13:00", "2026-05-12 12:00"),
            ("2026-05-12 12:00", "2026-05-12 18:00"),
            ("2026-05-13 12:00", "2026-05-13 18:00"),
        ],
    )
    def test_what_was_taken_by_then_is_kept(self, received, due):
        found = state(RESTATED, case(f"receive {received}"), "2026-06-01 09:00")
        assert (found.standing, found.due_at) == (Standing.OVERDUE, at(due))

    def test_the_pauses_are_kept_as_well(self):
        """Elsewhere a new agreement forgot for how long the customer had been waited for."""
        history = case(
            "receive 2026-05-11 09:00", waits=("complainant 2026-05-11 10:00/2026-05-12 11:00",)
        )
        found = state(RESTATED, history, "2026-05-12 13:00")
        # An hour on Monday, another before noon on Tuesday: four are left.
        assert (found.standing, found.due_at) == (Standing.PENDING, at("2026-05-12 16:00"))
        waiting = evolve(history, waits=(Wait("complainant", at("2026-05-11 10:00")),))
        assert state(RESTATED, waiting, "2026-05-20 13:00").standing is Standing.SUSPENDED

    def test_an_answer_is_late_by_the_terms_under_which_it_was_due(self):
        late = case("receive 2026-05-08 10:00", "respond 2026-05-11 10:01")
        assert state(RESTATED, late, "2026-06-01 09:00").standing is Standing.MET_LATE
        withdrawn = case("receive 2026-05-08 10:00", "withdraw 2026-05-11 10:00")
        assert state(RESTATED, withdrawn, "2026-06-01 09:00").standing is Standing.EXCUSED

    @given(history=histories(), when=MINUTES)
    def test_terms_that_change_nothing_change_nothing(self, history, when):
        same_terms = FormerTerms(until=instant(8 * 1440), within=WorkingHours(6), calendar="desk")
        found = states(evolve(ANSWER, former=[same_terms]), history, "2026-06-30 09:00")
        assert found == states(ANSWER, history, "2026-06-30 09:00")

    @given(data=st.data())
    def test_they_agree_with_steps_of_five_minutes(self, data):
        minutes = st.integers(0, 10 * 288).map(lambda count: count * 5)
        changes = sorted(data.draw(st.sets(minutes, min_size=2, max_size=2)))
        terms = [
            (
                instant(until),
                data.draw(st.integers(1, 20)),
                data.draw(st.sampled_from(["desk", "early"])),
            )
            for until in changes
        ]
        last = data.draw(st.integers(1, 20))
        received = instant(data.draw(minutes))
        pauses = [sorted([data.draw(minutes), data.draw(minutes)]) for _ in range(2)]
        obligation = evolve(
            ANSWER,
            within=WorkingHours(last),
            former=[
                FormerTerms(until=until, within=WorkingHours(hours), calendar=name)
                for until, hours, name in terms
            ],
        )
        history = CaseHistory(
            complaint=ComplaintId("K-1"),
            marks=(Mark("receive", received),),
            waits=tuple(Wait("complainant", instant(a), instant(b)) for a, b in pauses),
        )
        minute, taken = received, 0
        while True:
            hours, name = next(((h, n) for u, h, n in terms if minute < u), (last, "desk"))
            if taken >= hours * 60:
                break
            opens, closes = (9, 18) if name == "desk" else (7, 16)
            is_open = minute.weekday() < 5 and opens <= minute.hour < closes
            waits = any(instant(a) <= minute < instant(b) for a, b in pauses)
            taken += 5 * (is_open and not waits)
            minute += timedelta(minutes=5)
        found = state(obligation, history, "2026-08-01 09:00")
        assert found.due_at == minute

    def test_they_are_those_of_one_count_of_hours(self):
        former = RESTATED.former
        for terms in ({"within": BusinessDays(1), "suspended_by": ()}, {"within": CalendarDays(1)}):
            with pytest.raises(InvalidPolicy, match="answer cannot have former terms"):
                evolve(ANSWER, former=former, **terms)
        with pytest.raises(InvalidPolicy, match="cannot have former terms"):
            evolve(
                ANSWER,
                former=former,
                repeats_every=WorkingHours(2),
                repeats_until=("final-response",),
            )
        with pytest.raises(InvalidPolicy, match="end one after the other"):
            evolve(ANSWER, former=[*former, *former])
        with pytest.raises(NaiveDatetime):
            evolve(former[0], until=at("2026-05-12 12:00").replace(tzinfo=None))
        with pytest.raises(InvalidIdentifier):
            evolve(former[0], calendar="")


class TestTriggers:
    """It begins with the first mark that starts it, and never before the receipt."""

    def test_a_second_one_moves_nothing(self):
        once = ("receive 2026-05-04 09:00", "respond 2026-05-06 10:00")
        first = state(RESULT, case(*once), "2026-05-12 09:00")
        twice = state(RESULT, case(*once, "respond 2026-05-11 10:00"), "2026-05-12 09:00")
        assert first == twice

    def test_one_that_another_clock_dated_before_the_receipt_counts_from_the_receipt(self):
        history = case("respond 2026-05-04 08:00", "receive 2026-05-06 09:00")
        found = state(RESULT, history, "2026-05-06 09:00")
        assert (found.started_at, found.due_at) == (at("2026-05-06 09:00"), at("2026-05-14 00:00"))

    def test_one_that_comes_after_the_answer_is_owed_an_answer_of_its_own(self):
        strict = evolve(RESULT, early_counts=False)
        marks = ("receive 2026-05-04 09:00", "final-response 2026-05-05 09:00")
        found = state(strict, case(*marks, "respond 2026-05-06 10:00"), "2026-06-01 09:00")
        assert found.standing is Standing.OVERDUE


class TestMerged:
    """What is merged into another complaint goes on in that one, whatever the profile says.

    An agenda, a decision and the queue of a desk tell the same.
    """

    MERGED = ("receive 2026-05-04 09:00", "merge 2026-05-04 12:00")

    @pytest.mark.parametrize("obligation", [ANSWER, UPDATES, LETTER])
    def test_it_owes_nothing_more_of_its_own(self, obligation):
        found = state(obligation, case(*self.MERGED), "2026-09-01 09:00")
        assert (found.standing, found.excused_at) == (Standing.EXCUSED, at("2026-05-04 12:00"))

    def test_what_it_had_missed_by_then_stays_missed(self):
        late = case("receive 2026-05-04 09:00", "merge 2026-05-04 15:01")
        found = state(ANSWER, late, "2026-09-01 09:00")
        assert (found.standing, found.breached_at) == (Standing.OVERDUE, at("2026-05-04 15:00"))


class TestStepByStep:
    """Going through what happened mark by mark, as a person would, gives the same rounds."""

    def test_whoever_withdraws_after_a_miss_is_owed_no_further_update(self):
        """The update that was missed and came late stands; the next round is not begun for them."""
        late = case(
            *("receive 2026-05-04 09:00", "withdraw 2026-05-07 00:01"),
            "progress-update 2026-05-07 00:02",
        )
        profile = evolve(
            PROFILE, obligations=[UPDATES], calendars={"desk": PROFILE.calendars["desk"]}
        )
        found = profile.agenda(late, at("2026-06-01 09:00"))
        assert [item.standing for item in found] == [Standing.MET_LATE, Standing.EXCUSED]

    @given(history=histories(), when=MINUTES)
    @pytest.mark.parametrize(
        "obligation", [ANSWER, UPDATES, LETTER, evolve(LETTER, anew_with=("reopen",))]
    )
    def test_the_rounds_are_those_that_a_walk_through_the_marks_finds(
        self, obligation, history, when
    ):
        if len({mark.at for mark in history.marks}) == len(history.marks):
            desk = {"desk": PROFILE.calendars["desk"]}
            profile = evolve(PROFILE, obligations=[obligation], calendars=desk)
            found = profile.agenda(history, instant(when))
            walked = walk_through(obligation, history, instant(when), weekdays(hours="09:00-18:00"))
            assert [(item.standing, item.started_at, item.met_by) for item in found] == walked


class TestWhatIsRefused:
    """Terms that contradict each other are refused when they are written, not when they bite."""

    @pytest.mark.parametrize(
        "within", [BusinessDays(1), Weeks(1), Months(1), Years(1)], ids=lambda w: type(w).__name__
    )
    def test_only_hours_and_calendar_days_can_be_suspended(self, within):
        with pytest.raises(InvalidPolicy, match="only WorkingHours and CalendarDays can"):
            evolve(ANSWER, within=within)
        with pytest.raises(InvalidPolicy, match="cannot be suspended"):
            evolve(ANSWER, repeats_every=within, repeats_until=("respond",))

    def test_a_mark_starts_it_and_one_meets_it(self):
        with pytest.raises(InvalidPolicy, match="needs a mark that starts it and one that meets"):
            evolve(ANSWER, starts_with=())
        with pytest.raises(InvalidPolicy, match="needs a mark that starts it and one that meets"):
            evolve(ANSWER, met_by=())

    def test_one_name_is_not_taken_for_its_letters(self):
        with pytest.raises(InvalidPolicy, match="a tuple of texts"):
            evolve(ANSWER, met_by="respond")

    def test_content_is_asked_of_what_can_meet_it(self):
        with pytest.raises(InvalidPolicy, match="asks for content of letter"):
            evolve(ANSWER, content=[Content(message="letter", items=frozenset({"leaflet"}))])

    def test_content_is_asked_once(self):
        content = Content(message="respond", items=frozenset({"leaflet"}))
        with pytest.raises(InvalidPolicy, match="says twice"):
            evolve(ANSWER, content=[content, content])

    def test_rounds_have_an_interval_and_an_end(self):
        with pytest.raises(InvalidPolicy, match="or neither"):
            evolve(UPDATES, repeats_until=())
        with pytest.raises(InvalidPolicy, match="or neither"):
            evolve(UPDATES, repeats_every=None)
        with pytest.raises(InvalidPolicy, match="add to met_by"):
            evolve(UPDATES, repeats_until=("close",))

    def test_content_asks_for_something(self):
        with pytest.raises(InvalidPolicy, match="asks for nothing"):
            Content(message="letter")
        with pytest.raises(InvalidPolicy, match="no choice"):
            Content(message="letter", one_of=frozenset({"accepts"}))

    def test_an_excuse_and_a_window_name_their_marks(self):
        with pytest.raises(InvalidPolicy, match="names the marks"):
            Excuse(())
        with pytest.raises(InvalidPolicy, match="a mark that opens it"):
            Window(name="referral", starts_with=(), within=Months(6), calendar="desk")

    def test_names_can_serve_as_keys(self):
        with pytest.raises(InvalidIdentifier):
            evolve(ANSWER, name="")
        with pytest.raises(InvalidIdentifier):
            evolve(ANSWER, suspended_by=frozenset({" "}))
        with pytest.raises(InvalidIdentifier):
            Content(message="letter", items=frozenset({""}))

    def test_instants_have_a_time_zone(self):
        naive = at("2026-05-04 09:00").replace(tzinfo=None)
        with pytest.raises(NaiveDatetime):
            ObligationState(obligation="answer", standing=Standing.PENDING, due_at=naive)
        with pytest.raises(NaiveDatetime):
            PROFILE.agenda(case("receive 2026-05-04 09:00"), naive)


def test_every_kind_of_name_is_tried() -> None:
    """The histories of the laws hold every mark that the profile knows."""
    known = {name for o in PROFILE.obligations for name in (*o.starts_with, *o.met_by)}
    assert known <= set(NAMES)
    assert instant(0).astimezone(UTC).weekday() == 0
