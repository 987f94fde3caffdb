"""Follow-ups go out to calendar programs, and are read there as they were meant."""

import sys
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import available_timezones

import icalendar
import pytest
import vobject
from hypothesis import example, given
from hypothesis import strategies as st

from crmkit.business_time.events import read_events
from crmkit.errors import InvalidIdentifier, InvalidValue, MissingExtra, NaiveDatetime
from crmkit.followups import (
    Appointment,
    Assigned,
    Cancelled,
    Confirmed,
    Escalated,
    FollowUpAction,
    Missed,
    Rescheduled,
    Unassigned,
    to_icalendar,
)
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
    NAIVE,
    NOON,
    done,
    event_for,
    go,
    planned,
    visit,
)

# "Factory" stands for a machine that was never told where it is.
FOREIGN = ("posix", "right", "Factory", "localtime")
ZONES = sorted(zone for zone in available_timezones() if not zone.startswith(FOREIGN))
SECOND = timedelta(seconds=1)


def feed(*follow_ups, **terms):
    return to_icalendar(follow_ups, **{"at": NOON, **terms})


def opened(text):
    """The file as vobject reads it, which knows no zone but those that stand in it."""
    vobject.icalendar.__dict__["__tzidMap"].clear()
    calendar = vobject.readOne(text.decode("utf-8"))
    assert calendar.validate(raiseException=True)
    return calendar


def events_of(text):
    calendar = opened(text)
    return {event.uid.value: event for event in calendar.contents.get("vevent", [])}


def event_of(follow_up, **terms):
    (event,) = events_of(feed(follow_up, **terms)).values()
    return event


def meeting(start, length=HOUR, zone="Europe/Berlin"):
    """A follow-up with an appointment."""
    appointment = Appointment(start, length, zone)
    asked = planned(due_on=appointment.on, not_after=appointment.on, owner=ANNA)
    return go(asked, Confirmed(appointment))


# --- follow-ups drawn at random -------------------------------------------------------------------

texts = st.text(min_size=1, max_size=200).filter(str.strip)
keys = st.text('abcÄ客;,:\\ "-_/@%^', min_size=1, max_size=30).filter(lambda s: s == s.strip())
days = st.dates(date(1990, 1, 1), date(2060, 1, 1))
moments = st.builds(
    lambda day, second: datetime(day.year, day.month, day.day, tzinfo=UTC) + second * SECOND,
    days,
    st.integers(0, 86_399),
)
lengths = st.integers(1, 60 * 24 * 3).map(lambda minutes: timedelta(minutes=minutes))
appointments = st.builds(Appointment, moments, lengths, st.sampled_from(ZONES))


@st.composite
def follow_ups(draw):
    """One with a trail of some length, as a walk through the table gives it."""
    terms: dict[str, Any] = {"target": draw(texts), "owner": draw(st.sampled_from([None, ANNA]))}
    found = planned(draw(st.sampled_from(["F-1", "F-2", "F-3"])), **terms)
    for _ in range(draw(st.integers(0, 4))):
        actions = [action for action in found.allowed if allows(found, action)]
        if actions:
            found = go(
                found, event_for(draw(st.sampled_from(actions)), found), on=FRIDAY + 90 * DAY
            )
    return found


def allows(follow_up, action):
    return action is not FollowUpAction.UNASSIGN or follow_up.owner is not None


class TestAnotherReader:
    """A reader that is none of ours opens the file and finds what was meant."""

    @given(st.lists(follow_ups(), unique_by=lambda one: one.id), st.sampled_from([None, ANNA]))
    def test_every_file_is_opened_without_complaint(self, found, owner):
        text = feed(*found, owner=owner, name="Anna's visits; Berlin, Mitte")
        kept = [one for one in found if owner is None or was_of(one, owner)]
        assert set(events_of(text)) == {f"{one.id}@crmkit" for one in kept}

    def test_the_name_of_a_calendar_may_hold_any_sign(self):
        (calendar,) = vobject.readComponents(feed(name="Anna's visits; Berlin, Mitte").decode())
        assert calendar.contents["name"][0].value == "Anna's visits; Berlin, Mitte"
        assert calendar.contents["x-wr-calname"][0].value == "Anna's visits; Berlin, Mitte"

    @given(follow_ups())
    def test_the_times_are_those_of_the_appointment(self, found):
        event = event_of(found)
        if found.done is not None and found.done.on != getattr(found.appointment, "on", None):
            assert event.dtstart.value == found.done.on
        elif found.appointment is not None:
            start, end = event.dtstart.value, event.dtend.value
            assert start == found.appointment.start
            assert end - start == found.appointment.length
        else:
            assert event.dtstart.value == found.due_on

    @given(appointments)
    @example(Appointment(datetime(2026, 3, 29, 1, 30, tzinfo=UTC), HOUR, "Europe/Berlin"))
    @example(Appointment(datetime(2026, 10, 25, 0, 30, tzinfo=UTC), HOUR, "Europe/Berlin"))
    @example(Appointment(datetime(2026, 10, 25, 1, 30, tzinfo=UTC), HOUR, "Europe/Berlin"))
    @example(Appointment(datetime(2026, 4, 4, 15, 15, tzinfo=UTC), HOUR, "Australia/Lord_Howe"))
    @example(Appointment(datetime(2026, 1, 1, 10, tzinfo=UTC), HOUR, "Africa/Casablanca"))
    @example(Appointment(datetime(2025, 12, 31, 23, 30, tzinfo=UTC), HOUR, "Asia/Shanghai"))
    @example(Appointment(datetime(2026, 1, 1, 1, tzinfo=UTC), HOUR, "America/New_York"))
    @example(Appointment(datetime(2011, 12, 30, 9, 30, tzinfo=UTC), HOUR, "Pacific/Apia"))
    def test_an_appointment_is_at_its_instant_by_nothing_but_the_file(self, appointment):
        """In any zone of the world, across every change of its clock."""
        found = meeting(appointment.start, appointment.length, appointment.zone)
        text = feed(found)
        event = event_of(found)
        assert event.dtstart.value.astimezone(UTC) == appointment.start
        assert event.dtend.value.astimezone(UTC) == appointment.start + appointment.length
        assert by_the_letter(text, "DTSTART") == appointment.start
        assert by_the_letter(text, "DTEND") == appointment.start + appointment.length

    @pytest.mark.parametrize(
        ("zone", "jump"),
        [
            ("Europe/Berlin", "2026-03-29T01:00:00Z"),
            ("Europe/Berlin", "2026-10-25T01:00:00Z"),
            ("America/New_York", "2026-03-08T07:00:00Z"),
            ("America/New_York", "2026-11-01T06:00:00Z"),
            ("Australia/Lord_Howe", "2026-04-04T15:00:00Z"),
            ("Australia/Lord_Howe", "2026-10-03T15:30:00Z"),
            ("Africa/Casablanca", "2026-02-15T02:00:00Z"),
            ("Africa/Casablanca", "2026-03-22T02:00:00Z"),
            ("America/Santiago", "2026-04-05T03:00:00Z"),
            ("Pacific/Apia", "2011-12-30T10:00:00Z"),
        ],
    )
    def test_every_moment_around_the_change_of_a_clock_is_told_apart(self, zone, jump):
        for minutes in (-120, -60, -31, -30, 0, 29, 30, 59, 60, 120):
            for second in (-SECOND, 0 * SECOND, SECOND):
                start = datetime.fromisoformat(jump) + minutes * HOUR / 60 + second
                text = feed(meeting(start, zone=zone))
                (event,) = events_of(text).values()
                assert event.dtstart.value.astimezone(UTC) == start
                assert by_the_letter(text, "DTSTART") == start

    @given(texts, keys)
    def test_every_text_comes_back(self, text, key):
        found = planned(purpose=key, target=text)
        event = event_of(found, details=lambda one: one.target, place=lambda _: key)
        printable = "\n".join(text.replace("\r\n", "\n").replace("\r", "\n").splitlines())
        if text.isprintable():
            assert event.description.value == text
        assert len(event.description.value.splitlines()) <= len(printable.splitlines()) + 1
        assert event.location.value == " ".join(key.split())
        assert event.summary.value == " ".join(f"{key}: C-7".split())

    def test_it_is_a_list_of_events_for_the_library_as_well(self):
        found = planned(owner=ANNA)
        calendar = icalendar.Calendar.from_ical(feed(found, meeting_of_ben(), name="Visits"))
        assert [str(event["UID"]) for event in calendar.walk("VEVENT")] == [
            "F-1@crmkit",
            "B@crmkit",
        ]
        assert (calendar["METHOD"], calendar["X-WR-CALNAME"]) == ("PUBLISH", "Visits")

    def test_crmkit_reads_it_as_well(self):
        (event,) = read_events(feed(meeting_of_ben()), BERLIN)
        assert event.start == datetime(2026, 5, 8, 10, tzinfo=BERLIN)
        assert (event.uid, event.rest, event.cancelled) == ("B@crmkit", 3_600_000_000, False)

    def test_no_line_is_longer_than_75_bytes(self):
        text = feed(planned(target="客户" * 200, purpose="x" * 200))
        assert max(len(line) for line in text.split(b"\r\n")) <= 75

    def test_a_calendar_without_follow_ups_is_a_calendar(self):
        assert events_of(feed()) == {}


def meeting_of_ben():
    return go(planned("B", owner=BEN), Confirmed(visit(FRIDAY)))


def was_of(follow_up, owner):
    return any(getattr(entry.what, "to", None) == owner for entry in follow_up.trail)


def by_the_letter(text, name):
    """The instant of a property, by what RFC 5545 says about the observances of a zone."""
    calendar: Any = icalendar.Calendar.from_ical(text)
    (event,) = calendar.walk("VEVENT")
    stamp = event[name]
    if "TZID" not in stamp.params:
        return stamp.dt
    (zone,) = [one for one in calendar.walk("VTIMEZONE") if one["TZID"] == stamp.params["TZID"]]
    local = stamp.dt.replace(tzinfo=UTC)
    onsets = sorted(
        (part["DTSTART"].dt.replace(tzinfo=UTC) - part["TZOFFSETFROM"].td, part["TZOFFSETTO"].td)
        for part in zone.subcomponents
    )

    def offset_at(moment):
        return [offset for onset, offset in onsets if onset <= moment][-1]

    # A time that the clock shows twice is the first of the two.
    moments = sorted({local - offset for _, offset in onsets if local - offset >= onsets[0][0]})
    return next(moment for moment in moments if moment + offset_at(moment) == local)


# --- what stands in it ----------------------------------------------------------------------------


class TestUpdates:
    """A newer file changes what an older one put into a calendar."""

    @given(follow_ups(), st.integers(0, 10))
    def test_the_uid_stays_and_the_sequence_grows_with_the_trail(self, found, more):
        versions = [found]
        for _ in range(more):
            actions = [a for a in versions[-1].allowed if allows(versions[-1], a)]
            if actions:
                happened = event_for(actions[0], versions[-1])
                versions.append(go(versions[-1], happened, on=FRIDAY + 200 * DAY))
        events = [event_of(version) for version in versions]
        assert {event.uid.value for event in events} == {f"{found.id}@crmkit"}
        numbers = [int(event.sequence.value) for event in events]
        assert numbers == sorted(set(numbers))

    def test_what_was_never_changed_is_the_first_version(self):
        assert event_of(planned()).sequence.value == "0"

    def test_the_uid_carries_the_domain_of_the_shop(self):
        assert event_of(planned(), domain="shop.example").uid.value == "F-1@shop.example"

    def test_what_is_rescheduled_moves(self):
        moved = go(planned(owner=ANNA), Confirmed(visit()), Rescheduled(FRIDAY))
        event = event_of(moved)
        assert (event.dtstart.value, event.status.value) == (FRIDAY, "TENTATIVE")

    def test_what_is_cancelled_is_struck_out(self):
        event = event_of(go(planned(owner=ANNA), Confirmed(visit()), Cancelled()))
        assert (event.status.value, event.sequence.value) == ("CANCELLED", "3")
        assert event.dtstart.value == datetime(2026, 5, 4, 10, tzinfo=BERLIN)

    @pytest.mark.parametrize(
        ("events", "status"),
        [
            ((), "TENTATIVE"),
            ((Assigned(ANNA),), "TENTATIVE"),
            ((Rescheduled(FRIDAY),), "TENTATIVE"),
            ((Assigned(ANNA), Confirmed(visit())), "CONFIRMED"),
            ((done(),), "CONFIRMED"),
            ((Missed(FRIDAY + DAY),), "TENTATIVE"),
            ((Cancelled(),), "CANCELLED"),
        ],
    )
    def test_each_status_has_one_in_the_calendar(self, events, status):
        found = go(planned(), *events, on=FRIDAY + DAY)
        event = event_of(found)
        assert event.status.value == status
        assert event.categories.value == ["return-visit", str(found.status)]

    def test_what_was_done_on_another_day_stands_there(self):
        found = go(planned(owner=ANNA), Confirmed(visit()), done(FRIDAY), on=FRIDAY)
        assert event_of(found).dtstart.value == FRIDAY

    def test_what_was_done_by_appointment_stands_at_its_time(self):
        found = go(planned(owner=ANNA), Confirmed(visit()), done())
        assert event_of(found).dtstart.value == datetime(2026, 5, 4, 10, tzinfo=BERLIN)

    def test_the_instants_of_its_making_are_told(self):
        event = event_of(go(planned(), Assigned(ANNA), on=FRIDAY))
        assert event.created.value == NOON - 7 * DAY
        assert event.last_modified.value == datetime(2026, 5, 8, 20, tzinfo=BERLIN)
        assert event.dtstamp.value == NOON

    def test_only_an_appointment_takes_time(self):
        assert event_of(planned()).transp.value == "TRANSPARENT"
        assert event_of(meeting_of_ben()).transp.value == "OPAQUE"

    def test_an_escalation_changes_no_day(self):
        missed = go(planned(), Missed(FRIDAY + DAY), on=FRIDAY + DAY)
        told = go(missed, Escalated(level=1, to="head of sales", fell_due_on=FRIDAY + DAY))
        assert event_of(told).dtstart.value == event_of(missed).dtstart.value == MONDAY


class TestTheFeedOfAnOwner:
    """A feed has what is theirs, and takes back what is not theirs any more."""

    def test_what_others_have_is_not_in_it(self):
        found = [planned("F-1", owner=ANNA), planned("F-2", owner=BEN), planned("F-3")]
        assert set(events_of(feed(*found, owner=ANNA))) == {"F-1@crmkit"}
        assert len(events_of(feed(*found))) == 3

    def test_what_was_handed_over_leaves_one_calendar_and_enters_the_other(self):
        found = go(planned(owner=ANNA), Confirmed(visit()), Assigned(BEN))
        assert event_of(found, owner=ANNA).status.value == "CANCELLED"
        assert event_of(found, owner=BEN).status.value == "CONFIRMED"
        assert event_of(found).status.value == "CONFIRMED"
        assert events_of(feed(found, owner=CLARA)) == {}

    def test_what_waits_for_somebody_leaves_the_calendar(self):
        found = go(planned(owner=ANNA), Unassigned())
        assert event_of(found, owner=ANNA).status.value == "CANCELLED"

    def test_what_comes_back_is_theirs_again(self):
        found = go(planned(owner=ANNA), Assigned(BEN), Assigned(ANNA))
        event = event_of(found, owner=ANNA)
        assert (event.status.value, event.sequence.value) == ("TENTATIVE", "3")


class TestTheFile:
    """The same follow-ups give the same bytes."""

    @given(st.lists(follow_ups(), unique_by=lambda one: one.id), st.randoms(use_true_random=False))
    def test_the_order_and_duplicates_do_not_matter(self, found, random):
        shuffled = [*found, *found]
        random.shuffle(shuffled)
        assert feed(*shuffled) == feed(*found)

    def test_of_two_copies_the_newer_one_counts(self):
        older = planned(owner=ANNA)
        newer = go(older, Confirmed(visit()))
        assert feed(older, newer) == feed(newer, older) == feed(newer)

    def test_two_follow_ups_of_one_number_are_refused(self):
        for other in (planned(due_on=FRIDAY), planned(customer="C-8")):
            with pytest.raises(InvalidValue, match="two follow-ups have the same number"):
                feed(planned(), other)

    def test_the_instant_of_its_making_may_be_told_in_any_zone(self):
        assert feed(planned(), at=NOON.astimezone(BERLIN)) == feed(planned())

    def test_a_zone_is_written_once_and_for_all_years(self):
        late = Appointment(datetime(2028, 5, 8, 10, tzinfo=BERLIN), HOUR, "Europe/Berlin")
        asked = planned("F-2", due_on=late.on, not_after=late.on, owner=ANNA)
        text = feed(meeting_of_ben(), go(asked, Confirmed(late)))
        calendar: Any = icalendar.Calendar.from_ical(text)
        (zone,) = calendar.walk("VTIMEZONE")
        onsets = [part["DTSTART"].dt.year for part in zone.subcomponents]
        assert onsets == [2026, 2026, 2026, 2027, 2027, 2028, 2028]

    def test_a_zone_is_written_only_if_it_is_named(self):
        utc = meeting(datetime(2026, 5, 4, 10, tzinfo=UTC), zone="UTC")
        assert b"VTIMEZONE" not in feed(utc)
        assert b"DTSTART:20260504T100000Z" in feed(utc)

    def test_a_jump_is_timed_by_the_clock_before_it(self):
        """RFC 5545, 3.6.5: the onset is DTSTART less TZOFFSETFROM."""
        text = feed(meeting_of_ben()).decode()
        assert "DTSTART:20260329T020000\r\nTZNAME:CEST\r\nTZOFFSETFROM:+0100" in text
        assert "DTSTART:20261025T030000\r\nTZNAME:CET\r\nTZOFFSETFROM:+0200" in text

    def test_the_file_in_full(self):
        found = go(planned(owner=ANNA, needs=["visit-report"]), Confirmed(visit(FRIDAY)))
        text = feed(found, name="Anna", place=lambda _: "Hauptstr. 1, Berlin")
        assert text.decode().splitlines() == IN_FULL.strip().splitlines()

    def test_what_the_customer_said_is_not_in_it(self):
        found = go(planned(), done(outcome="she is ill"))
        text = feed(found).decode()
        assert "ill" not in text
        assert "so it was" not in text

    def test_without_a_name_the_calendar_has_none(self):
        assert b"NAME:" not in feed(planned()).replace(b"TZNAME:", b"")

    def test_what_would_break_a_line_does_not(self):
        event = event_of(
            planned(),
            title=lambda _: "one\r\ntwo\x0bthree\x85four\u2028five",
            details=lambda _: "bell\x07 and half a pair \ud800\r\nnew line\rand another",
            place=lambda _: None,
        )
        assert event.summary.value == "one two three four five"
        assert event.description.value == "bell  and half a pair  \nnew line\nand another"
        assert "location" not in event.contents


IN_FULL = r"""
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//crmkit//follow-ups//EN
METHOD:PUBLISH
NAME:Anna
X-WR-CALNAME:Anna
BEGIN:VTIMEZONE
TZID:Europe/Berlin
BEGIN:STANDARD
DTSTART:20260101T010000
TZNAME:CET
TZOFFSETFROM:+0100
TZOFFSETTO:+0100
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:20260329T020000
TZNAME:CEST
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
END:DAYLIGHT
BEGIN:STANDARD
DTSTART:20261025T030000
TZNAME:CET
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
SUMMARY:return-visit: C-7
DTSTART;TZID=Europe/Berlin:20260508T100000
DTEND;TZID=Europe/Berlin:20260508T110000
DTSTAMP:20260504T120000Z
UID:F-1@crmkit
SEQUENCE:2
CATEGORIES:return-visit,confirmed
CREATED:20260427T120000Z
DESCRIPTION:hear how the machine runs\nBy visit\nNeeds: visit-report
LAST-MODIFIED:20260508T180000Z
LOCATION:Hauptstr. 1\, Berlin
STATUS:CONFIRMED
TRANSP:OPAQUE
END:VEVENT
END:VCALENDAR
"""


class TestWhatIsRefused:
    def test_without_the_library_the_extra_is_named(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "icalendar", None)
        with pytest.raises(MissingExtra, match=r"pip install 'crmkit\[ical\]'"):
            feed(planned())

    def test_an_instant_without_a_zone(self):
        with pytest.raises(NaiveDatetime, match="at"):
            feed(planned(), at=NAIVE)

    def test_what_is_no_follow_up(self):
        with pytest.raises(InvalidValue, match="made of FollowUp records"):
            feed(C7)

    def test_a_domain_without_a_letter(self):
        with pytest.raises(InvalidIdentifier, match="domain"):
            feed(planned(), domain="")
