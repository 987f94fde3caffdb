"""FUP-10: on Friday afternoon the week's service and what customers reported is looked at."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmkit.business_time import BusinessCalendar, Closure, Weekday
from crmkit.errors import InvalidPolicy, InvalidValue, NaiveDatetime
from crmkit.followups import (
    Assigned,
    Cancelled,
    ClosedDays,
    FollowUp,
    MeetingWeek,
    WeeklyMeeting,
)
from crmkit.identifiers import Actor, CustomerId, FollowUpId, InteractionId
from crmkit.records import Direction, Interaction
from crmkit.recurrence import WallTime

NAIVE = datetime(2026, 5, 5, tzinfo=UTC).replace(tzinfo=None)
BERLIN = ZoneInfo("Europe/Berlin")
MEETING = WeeklyMeeting(zone="Europe/Berlin")
# 1 May 2026 is a Friday.
HOLIDAYS = BusinessCalendar.on_weekdays(
    "09:00-18:00", zone="Europe/Berlin", closures=[Closure(date(2026, 5, 1), "Labour Day")]
)


def berlin(day, hour, minute=0, month=5):
    return datetime(2026, month, day, hour, minute, tzinfo=BERLIN)


def talk(number, at, purpose=None, direction=Direction.INBOUND):
    return Interaction(
        id=InteractionId(str(number)),
        customer=CustomerId("C-7"),
        at=at,
        channel="telephone",
        direction=direction,
        purpose=purpose,
        summary="something personal",
    )


def follow_up(name, due_on):
    return FollowUp.planned(
        id=FollowUpId(name),
        customer=CustomerId("C-7"),
        purpose="care",
        target="ask how things are",
        due_on=due_on,
        by=Actor("planner"),
        at=berlin(1, 9, month=4),
    )


WEEK = MEETING.week_of(berlin(5, 9))


def pack(interactions=(), follow_ups=(), **more):
    return MEETING.pack(WEEK, interactions=interactions, follow_ups=follow_ups, **more)


instants = st.builds(
    lambda minutes: datetime(2023, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes),
    st.integers(0, 5 * 366 * 24 * 60),
)
meetings = st.builds(
    WeeklyMeeting,
    zone=st.sampled_from(["Europe/Berlin", "America/New_York", "Pacific/Apia", "UTC"]),
    weekday=st.sampled_from(Weekday),
    at=st.sampled_from([WallTime("14:00"), WallTime("02:30"), WallTime("00:00")]),
    closed_days=st.sampled_from(ClosedDays),
)
offices = st.sampled_from([None, HOLIDAYS])


class TestWeek:
    """From one meeting to the next."""

    def test_friday_at_two(self):
        assert (WEEK.begins_at, WEEK.meets_at) == (berlin(1, 14), berlin(8, 14))

    @pytest.mark.parametrize(
        ("at", "meets"),
        [(berlin(8, 13, 59), berlin(8, 14)), (berlin(8, 14), berlin(15, 14))],
    )
    def test_what_happens_at_the_meeting_belongs_to_the_next(self, at, meets):
        assert MEETING.week_of(at).meets_at == meets

    def test_if_friday_is_closed_it_is_on_thursday(self):
        found = MEETING.week_of(berlin(5, 9), calendar=HOLIDAYS)
        assert found == MeetingWeek(berlin(30, 14, month=4), berlin(8, 14))

    def test_two_that_go_to_one_day_are_one(self):
        """Golden week and the Friday before: one meeting, of two weeks."""
        closures = [Closure(date(2026, 5, 1) + timedelta(days=days)) for days in range(10)]
        closed = evolve(HOLIDAYS, closures=closures)
        assert MEETING.week_of(berlin(5, 9), calendar=closed) == MeetingWeek(
            berlin(30, 14, month=4), berlin(15, 14)
        )

    def test_it_keeps_its_hour_when_clocks_change(self):
        """In 2026 clocks are put forward on 29 March."""
        week = MEETING.week_of(berlin(28, 9, month=3))
        assert week == MeetingWeek(berlin(27, 14, month=3), berlin(3, 14, month=4))
        assert week.meets_at.astimezone(UTC) - week.begins_at.astimezone(UTC) == timedelta(
            days=7, hours=-1
        )

    @given(meetings, instants, offices)
    def test_every_instant_is_in_the_week_of_one_meeting(self, meeting, at, calendar):
        week = meeting.week_of(at, calendar=calendar)
        assert at in week
        after = meeting.week_of(week.meets_at, calendar=calendar)
        assert after.begins_at == week.meets_at
        assert at not in after
        before = meeting.week_of(
            week.begins_at.astimezone(UTC) - timedelta(microseconds=1), calendar=calendar
        )
        assert before.meets_at == week.begins_at
        assert (before.days.end, week.days.end) == (week.days.start, after.days.start)

    @given(meetings, instants)
    def test_the_week_has_seven_days_where_none_is_closed(self, meeting, at):
        week = meeting.week_of(at)
        assert week.days.days == 7
        assert list(Weekday)[week.days.last.weekday()] is meeting.weekday

    def test_without_meetings_around_there_is_no_week(self):
        for at in (datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)):
            with pytest.raises(InvalidValue):
                MEETING.week_of(at)

    def test_an_instant_has_a_zone(self):
        with pytest.raises(NaiveDatetime):
            MEETING.week_of(NAIVE)
        with pytest.raises(NaiveDatetime):
            assert NAIVE in WEEK

    @pytest.mark.parametrize("ends", [berlin(1, 14), berlin(1, 13)])
    def test_a_meeting_comes_after_the_one_before(self, ends):
        with pytest.raises(InvalidValue):
            MeetingWeek(berlin(1, 14), ends)

    @pytest.mark.parametrize(
        "wrong", [{"weekday": "friday-ish"}, {"at": "14:00"}, {"closed_days": "previous"}]
    )
    def test_terms_that_mean_nothing_are_refused(self, wrong):
        with pytest.raises(InvalidPolicy):
            WeeklyMeeting(zone="UTC", **wrong)

    def test_the_zone_is_one(self):
        with pytest.raises(InvalidValue):
            WeeklyMeeting(zone="Europe/Nowhere")


class TestPack:
    """What lies on the table."""

    TOLD = (
        talk(1, berlin(1, 14), "delivery"),
        talk(2, berlin(8, 13, 59), "delivery"),
        talk(3, berlin(8, 14), "delivery"),
        talk(4, berlin(30, 9, month=4), "delivery"),
        talk(5, berlin(4, 9), "invoice"),
        talk(6, berlin(5, 9), "repair", Direction.OUTBOUND),
        talk(7, berlin(29, 9, month=4), "manual"),
        talk(8, berlin(6, 9)),
        talk(9, berlin(9, 9), "next week"),
        talk(10, berlin(24, 9, month=4), "long ago"),
    )

    def test_topics_of_the_week_against_the_week_before(self):
        assert [str(topic) for topic in pack(self.TOLD).topics] == [
            "inbound, delivery: 2 (+1)",
            "inbound, without a purpose: 1 (+1)",
            "inbound, invoice: 1 (+1)",
            "inbound, manual: 0 (-1)",
            "outbound, repair: 1 (+1)",
        ]

    def test_what_grew_most_stands_first(self):
        told = [talk(f"a{number}", berlin(4, 9), "often as ever") for number in range(3)]
        told += [talk(f"b{number}", berlin(28, 9, month=4), "often as ever") for number in range(3)]
        told += [talk("c", berlin(4, 9), "new")]
        assert [topic.purpose for topic in pack(told).topics] == ["new", "often as ever"]

    def test_what_was_said_of_this_week_in_the_order_of_time(self):
        for told in (self.TOLD, self.TOLD[::-1], self.TOLD * 2):
            found = pack(told)
            assert [each.id for each in found.interactions] == ["1", "5", "6", "8", "2"]
            assert found == pack(self.TOLD)

    @given(st.lists(instants, min_size=1, max_size=8))
    def test_every_interaction_is_on_the_table_of_one_meeting(self, told):
        talks = [talk(number, at) for number, at in enumerate(told)]
        weeks = {week.begins_at: week for week in map(MEETING.week_of, told)}
        found = [MEETING.pack(week, interactions=talks, follow_ups=()) for week in weeks.values()]
        seen = [each.id for one in found for each in one.interactions]
        assert sorted(seen) == sorted(each.id for each in talks)
        for one in found:
            assert sum(topic.count for topic in one.topics) == len(one.interactions)

    def test_what_is_owed_and_what_comes(self):
        calls = [follow_up(f"F-{day}", date(2026, 5, day)) for day in (16, 15, 9, 8, 1)]
        late = follow_up("F-0", date(2026, 4, 2))
        found = pack(follow_ups=[*calls, late])
        assert [each.id for each in found.owed] == ["F-0", "F-1", "F-8"]
        assert [each.id for each in found.coming] == ["F-9", "F-15"]

    def test_what_was_called_off_is_not_owed(self):
        call = follow_up("F-1", date(2026, 5, 6)).after(
            Assigned(Actor("anna")), by=Actor("ben"), at=berlin(1, 9), reason="hers"
        )
        assert pack(follow_ups=[call]).owed == (call,)
        off = call.after(Cancelled(), by=Actor("anna"), at=berlin(4, 9), reason="moved away")
        assert pack(follow_ups=[off]).owed == ()

    def test_who_has_not_handed_in_a_report_of_this_week(self):
        found = pack(
            owners=["dora", "ben", "anna", "carl", "ben"],
            handed_in={
                "anna": berlin(8, 13),
                "carl": berlin(30, 9, month=4),
                "dora": berlin(8, 15),
            },
        )
        assert found.reports_missing == ("ben", "carl", "dora")

    def test_as_a_page(self):
        text = pack(self.TOLD[4:6], [follow_up("F-1", date(2026, 5, 6))], owners=["anna"]).to_text()
        assert text.splitlines() == [
            "week from 2026-05-01 14:00:00+02:00 to 2026-05-08 14:00:00+02:00",
            "- inbound, invoice: 1 (+1)",
            "- outbound, repair: 1 (+1)",
            "- owed: 1; coming: 0",
            "- no report by anna",
        ]
        assert "personal" not in text
