"""FUP-09: how many appointments were followed by the visit that had been agreed on."""

from __future__ import annotations

from datetime import datetime, timedelta
from fractions import Fraction
from itertools import combinations, permutations
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import InvalidIdentifier, InvalidPolicy, InvalidValue
from crmkit.followups import (
    Appointment,
    AppointmentMatch,
    Assigned,
    BookedAppointment,
    Cancelled,
    Confirmed,
    MatchFacts,
    Missed,
    Rescheduled,
    Unassigned,
    booked_appointments,
)
from crmkit.identifiers import CustomerId, FollowUpId, InteractionId
from crmkit.period import Period
from tests.followups.builders import (
    ANNA,
    BEN,
    BERLIN,
    C7,
    CLARA,
    DAY,
    FRIDAY,
    HOUR,
    MONDAY,
    NOON,
    at,
    contact,
    done,
    go,
    planned,
    visit,
)

MINUTE = timedelta(minutes=1)
JUNE = MONDAY + 30 * DAY
CONFIRMED = go(planned(owner=ANNA), Confirmed(visit(FRIDAY, 10)), on=MONDAY)


def booked(number: int, start: datetime, owner: Any = ANNA, customer: str = "C-7") -> Any:
    return BookedAppointment(
        FollowUpId(f"F-{number}"), CustomerId(customer), owner, Appointment(start, HOUR, "UTC")
    )


def visited(number: int, start: datetime, customer: str = "C-7", actor: Any = ANNA) -> Any:
    return contact(
        id=InteractionId(f"I-{number}"), at=start, customer=CustomerId(customer), actor=actor
    )


def facts(appointments: Any, visits: Any, **terms: Any) -> MatchFacts:
    return MatchFacts(**{"as_of": JUNE, "appointments": appointments, "visits": visits, **terms})


def match(appointments: Any, visits: Any, within: Any = None, **terms: Any) -> Any:
    return AppointmentMatch(within=within)(facts(appointments, visits, **terms)).outcome


class TestBooked:
    """An appointment counts unless somebody called it off before it began."""

    @pytest.mark.parametrize("event", [Rescheduled(FRIDAY + DAY), Cancelled()])
    def test_called_off_in_time_it_does_not_count(self, event):
        start = at(FRIDAY, 10)
        in_time = CONFIRMED.after(
            event, by=BEN, at=start - timedelta(microseconds=1), reason="they are ill"
        )
        late = CONFIRMED.after(event, by=BEN, at=start, reason="nobody was there")
        assert booked_appointments([in_time]) == ()
        assert [each.appointment for each in booked_appointments([late])] == [visit(FRIDAY, 10)]

    @pytest.mark.parametrize("event", [Missed(FRIDAY + DAY), done(FRIDAY), done(MONDAY)])
    def test_missed_or_done_it_counts(self, event):
        assert len(booked_appointments([CONFIRMED])) == 1
        assert len(booked_appointments([go(CONFIRMED, event)])) == 1

    def test_without_an_appointment_there_is_nothing_to_count(self):
        calls = [planned(), go(planned("F-2"), Cancelled()), go(planned("F-3"), done())]
        assert booked_appointments(calls) == ()

    def test_a_follow_up_may_have_had_several(self):
        again = go(CONFIRMED, Rescheduled(JUNE), Confirmed(visit(JUNE, 9)), on=FRIDAY)
        found = booked_appointments([again, again])
        assert [each.appointment.on for each in found] == [FRIDAY, JUNE]
        assert {(each.follow_up, each.customer) for each in found} == {("F-1", C7)}

    @pytest.mark.parametrize(("event", "owner"), [(Assigned(CLARA), CLARA), (Unassigned(), None)])
    def test_it_is_of_whom_it_was_when_it_began(self, event, owner):
        before = CONFIRMED.after(event, by=BEN, at=at(FRIDAY, 9), reason="Anna left")
        after = CONFIRMED.after(event, by=BEN, at=at(FRIDAY, 11), reason="Anna left")
        assert [each.owner for each in booked_appointments([before])] == [owner]
        assert [each.owner for each in booked_appointments([after])] == [ANNA]

    def test_a_later_appointment_is_of_the_later_owner(self):
        again = go(CONFIRMED, Assigned(CLARA), Rescheduled(JUNE), Confirmed(visit(JUNE)))
        assert [each.owner for each in booked_appointments([again])] == [ANNA, CLARA]

    def test_the_first_comes_first(self):
        calls = [
            go(planned("F-1", owner=ANNA), Confirmed(visit(FRIDAY))),
            go(planned("F-2", owner=ANNA), Confirmed(visit(MONDAY))),
        ]
        for order in permutations(calls):
            assert [each.follow_up for each in booked_appointments(order)] == ["F-2", "F-1"]

    @pytest.mark.parametrize(
        "terms", [{"follow_up": ""}, {"customer": ""}, {"owner": ""}, {"appointment": NOON}]
    )
    def test_what_is_wrong_is_said(self, terms):
        with pytest.raises(InvalidValue):
            evolve(booked(1, NOON), **terms)
        assert evolve(booked(1, NOON), owner=None).owner is None


minutes = st.integers(0, 12).map(lambda count: NOON + count * 10 * MINUTE)
sides = st.lists(minutes, max_size=4)


def best(starts: list[datetime], visits: list[datetime], fits: Any) -> tuple[int, timedelta]:
    """Every way to match them is tried: how many can be kept, and with how little time between."""
    for size in range(min(len(starts), len(visits)), 0, -1):
        found = [
            sum((abs(a - b) for a, b in zip(some, order, strict=True)), timedelta(0))
            for some in combinations(starts, size)
            for order in permutations(visits, size)
            if all(fits(a, b) for a, b in zip(some, order, strict=True))
        ]
        if found:
            return size, min(found)
    return 0, timedelta(0)


class TestMatch:
    """As many appointments as can be have a visit of their own, in time."""

    @given(sides, sides, st.integers(0, 6).map(lambda count: count * 10 * MINUTE))
    def test_no_other_way_to_match_is_better(self, starts, visits, within):
        found = match(
            [booked(n, start) for n, start in enumerate(starts)],
            [visited(n, start) for n, start in enumerate(visits)],
            within,
        )
        gaps = [abs(each.booked.appointment.start - each.visit.at) for each in found.kept]
        wanted = best(starts, visits, lambda a, b: abs(a - b) <= within)
        assert (len(gaps), sum(gaps, timedelta(0))) == wanted
        assert all(gap <= within for gap in gaps)
        assert len({each.visit.id for each in found.kept}) == len(gaps)
        assert len(found.kept) + len(found.not_kept) == len(starts) == found.appointments
        assert len(found.kept) + len(found.without_appointment) == len(visits)

    @given(
        st.lists(
            st.tuples(st.integers(0, 60), st.sampled_from(["Asia/Shanghai", "UTC"])), max_size=4
        ),
        st.lists(st.integers(0, 60), max_size=4),
    )
    def test_by_the_day_as_well_in_whatever_zones(self, starts, visits):
        appointments = [
            evolve(booked(n, NOON), appointment=Appointment(NOON + count * HOUR, HOUR, zone))
            for n, (count, zone) in enumerate(starts)
        ]
        zones = {each.appointment.start: each.appointment.zone for each in appointments}
        if len(zones) == len(starts):
            found = match(appointments, [visited(n, NOON + c * HOUR) for n, c in enumerate(visits)])
            gaps = [abs(each.booked.appointment.start - each.visit.at) for each in found.kept]
            size_and_gap = best(
                list(zones),
                [NOON + count * HOUR for count in visits],
                lambda a, b: (
                    a.astimezone(ZoneInfo(zones[a])).date()
                    == b.astimezone(ZoneInfo(zones[a])).date()
                ),
            )
            assert (len(gaps), sum(gaps, timedelta(0))) == size_and_gap

    @given(sides, sides, st.randoms())
    def test_order_and_duplicates_make_no_difference(self, starts, visits, chance):
        appointments = [booked(n, start, [ANNA, BEN][n % 2]) for n, start in enumerate(starts)]
        contacts = [visited(n, start) for n, start in enumerate(visits)]
        mixed, others = [*appointments, *appointments], [*contacts, *contacts]
        chance.shuffle(mixed)
        chance.shuffle(others)
        assert match(mixed, others, 30 * MINUTE) == match(appointments, contacts, 30 * MINUTE)

    def test_taking_the_nearest_first_would_leave_one_without(self):
        """A visit at 9:25 is nearer to 9:30, but keeps the one at 9:00; that at 10:00 the other."""
        nine = at(MONDAY, 9)
        found = match(
            [booked(1, nine), booked(2, nine + 30 * MINUTE)],
            [visited(1, nine + 25 * MINUTE), visited(2, nine + 60 * MINUTE)],
            30 * MINUTE,
        )
        assert [(each.booked.follow_up, each.visit.id) for each in found.kept] == [
            ("F-1", "I-1"),
            ("F-2", "I-2"),
        ]

    def test_one_visit_keeps_the_appointment_that_is_nearest(self):
        found = match(
            [booked(1, at(MONDAY, 9), ANNA), booked(2, at(MONDAY, 15), BEN)],
            [visited(1, at(MONDAY, 15))],
        )
        assert [each.booked.owner for each in found.kept] == [BEN]
        assert [each.owner for each in found.not_kept] == [ANNA]

    @pytest.mark.parametrize(("late", "kept"), [(29, 1), (30, 1), (31, 0), (-30, 1), (-31, 0)])
    def test_the_tolerance_is_enough_either_way(self, late, kept):
        found = match([booked(1, NOON)], [visited(1, NOON + late * MINUTE)], 30 * MINUTE)
        assert len(found.kept) == kept

    def test_the_day_is_the_one_in_the_zone_of_the_appointment(self):
        evening = at(MONDAY, 23)
        there = evolve(booked(1, NOON), appointment=Appointment(evening, HOUR, "Asia/Shanghai"))
        next_day = visited(1, at(MONDAY + DAY, 9))
        same_day = visited(1, at(MONDAY, 9))
        assert len(match([there], [next_day]).kept) == 1
        assert len(match([there], [same_day]).kept) == 0
        assert there.appointment.on == MONDAY + DAY
        assert evening.astimezone(BERLIN).date() == MONDAY

    def test_the_visit_of_another_customer_keeps_nothing(self):
        found = match([booked(1, NOON)], [visited(1, NOON, "C-8")])
        assert (len(found.kept), len(found.without_appointment)) == (0, 1)

    def test_a_call_is_no_visit_if_the_shop_says_so(self):
        call = evolve(visited(1, NOON), channel="telephone")
        policy = AppointmentMatch(channels=["visit"])
        assert len(policy(facts([booked(1, NOON)], [call])).outcome.kept) == 0
        assert policy(facts([], [call])).outcome.without_appointment == ()
        assert len(match([booked(1, NOON)], [call]).kept) == 1

    def test_what_has_not_come_yet_does_not_count(self):
        appointments = [booked(1, at(MONDAY)), booked(2, at(FRIDAY))]
        assert match(appointments, [], as_of=MONDAY).appointments == 1
        assert match(appointments, [], as_of=FRIDAY).appointments == 2
        assert match(appointments, [], as_of=MONDAY - DAY).appointments == 0

    def test_at_most_once_for_each(self):
        found = match([booked(n, NOON) for n in range(3)], [visited(1, NOON)])
        assert (len(found.kept), len(found.not_kept)) == (1, 2)


class TestShare:
    def test_without_appointments_there_is_no_share(self):
        found = match([], [visited(1, NOON)])
        assert (found.share, str(found), dict(found.by_owner)) == (None, "no appointments", {})

    def test_by_owner(self):
        found = match(
            [
                booked(1, NOON, ANNA),
                booked(2, NOON + 3 * DAY, ANNA),
                booked(3, NOON + 9 * DAY, None),
            ],
            [visited(1, NOON), visited(2, NOON + DAY), visited(3, NOON + DAY, actor=BEN)],
        )
        assert found.share == Fraction(1, 3)
        assert dict(found.by_owner) == {None: 0, ANNA: Fraction(1, 2)}
        assert list(found.by_owner) == [None, ANNA]
        assert [each.id for each in found.of(ANNA).without_appointment] == ["I-2"]
        assert found.of(BEN).share is None
        assert str(found) == "1 of 3 appointments kept"

    def test_of_a_period(self):
        """The visit of the evening before belongs to the appointment of the evening before."""
        end_of_may = datetime(2026, 5, 31, 23, 50, tzinfo=ZoneInfo("UTC"))
        appointments = [booked(1, end_of_may), booked(2, end_of_may + 20 * MINUTE)]
        seen = match(appointments, [visited(1, end_of_may)], HOUR, period=Period.month(2026, 6))
        assert (seen.appointments, seen.share) == (1, 0)
        may = match(appointments, [visited(1, end_of_may)], HOUR, period=Period.month(2026, 5))
        assert (may.appointments, may.share) == (1, 1)

    def test_the_evidence_counts_both_sides(self):
        decision = AppointmentMatch()(
            facts([booked(1, NOON)], [visited(1, NOON), visited(2, NOON)])
        )
        assert [(item.criterion, item.observed) for item in decision.evidence] == [
            ("appointments", 1),
            ("appointments with a visit", 1),
            ("visits without an appointment", 1),
        ]
        assert decision.as_of == JUNE


class TestTerms:
    @pytest.mark.parametrize("within", [timedelta(days=32), -MINUTE, 30])
    def test_a_tolerance_is_a_time(self, within):
        with pytest.raises(InvalidPolicy):
            AppointmentMatch(within=within)

    def test_it_may_be_none_at_all_or_a_month(self):
        assert len(match([booked(1, NOON)], [visited(1, NOON)], timedelta(0)).kept) == 1
        assert len(match([booked(1, NOON)], [visited(1, NOON)], timedelta(days=31)).kept) == 1

    def test_a_channel_is_a_word(self):
        with pytest.raises(InvalidIdentifier):
            AppointmentMatch(channels=[""])

    @pytest.mark.parametrize("terms", [{"as_of": NOON}, {"period": MONDAY}])
    def test_what_is_wrong_is_said(self, terms):
        with pytest.raises(InvalidValue):
            facts([], [], **terms)

    def test_a_visit_has_a_number_of_its_own(self):
        with pytest.raises(InvalidValue, match="two visits have one number"):
            facts([], [visited(1, NOON), visited(1, NOON + HOUR)])
