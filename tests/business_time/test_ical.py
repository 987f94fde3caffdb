"""A calendar file closes the shop when its events say so, and nothing in it can do harm."""

import sys
from contextlib import suppress
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.business_time import BusinessCalendar, Closure
from crmkit.business_time.ical import CalendarFile, LeftOut, WhyLeftOut, closures_from_ical
from crmkit.errors import InvalidDocument, InvalidValue, MissingExtra, UnreadableSource
from crmkit.period import Period
from tests.patience import patience

YEAR = Period.year(2026)
BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
CHRISTMAS = "DTSTART;VALUE=DATE:20261224"


def calendar(*events):
    """A calendar file with these events, each a tuple of lines."""
    lines = [
        line
        for event in events
        for line in ("BEGIN:VEVENT", *((event,) if isinstance(event, str) else event), "END:VEVENT")
    ]
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *lines, "END:VCALENDAR", ""])


def read(*events, period=YEAR, zone="Europe/Berlin", **options):
    return closures_from_ical(calendar(*events), period=period, zone=zone, **options)


def closed(*events, **options):
    """Days and hours that are closed."""
    return [(closure.on, closure.hours) for closure in read(*events, **options).closures]


def closed_days(*events, **options):
    return [day for day, _ in closed(*events, **options)]


def problem(*events, **options):
    with pytest.raises(InvalidDocument) as caught:
        read(*events, **options)
    (only,) = caught.value.problems
    return only


class TestWholeDays:
    """An event of whole days closes each of its days."""

    def test_one_day_with_its_name(self):
        assert read((CHRISTMAS, "SUMMARY:Christmas\\, Eve\\nat home")) == CalendarFile(
            (Closure(date(2026, 12, 24), "Christmas, Eve at home"),), ()
        )

    @pytest.mark.parametrize(
        ("end", "days"),
        [
            ("DTEND;VALUE=DATE:20261225", [24]),
            ("DTEND;VALUE=DATE:20261227", [24, 25, 26]),
            ("DTEND;VALUE=DATE:20261224", [24]),
            ("DTEND:20261226", [24, 25]),
            ("DURATION:P2D", [24, 25]),
            ("DURATION:P1W", [24, 25, 26, 27, 28, 29, 30]),
            ("DURATION:+P1DT0S", [24]),
            ("X-NOTE:no end", [24]),
        ],
    )
    def test_several_days(self, end, days):
        assert closed_days((CHRISTMAS, end)) == [date(2026, 12, day) for day in days]

    def test_only_the_days_of_the_period_count(self):
        holiday = ("DTSTART;VALUE=DATE:20251229", "DTEND;VALUE=DATE:20260103")
        assert closed_days(holiday) == [date(2026, 1, 1), date(2026, 1, 2)]
        assert closed_days(holiday, period=Period.year(2025)) == [
            date(2025, 12, day) for day in (29, 30, 31)
        ]
        assert closed_days(holiday, period=Period.year(2027)) == []

    def test_an_event_longer_than_the_calendar_is_cut_to_the_period(self):
        event = ("DTSTART;VALUE=DATE:00010101", "DURATION:P999999W")
        assert len(closed_days(event)) == 365

    def test_closures_are_in_order_and_each_is_there_once(self):
        second = ("DTSTART;VALUE=DATE:20260501", "SUMMARY:Labour Day")
        first = ("DTSTART;VALUE=DATE:20260101", "SUMMARY:New Year")
        assert [c.name for c in read(second, first, second).closures] == ["New Year", "Labour Day"]

    def test_a_working_calendar_takes_them(self):
        office = BusinessCalendar.on_weekdays(
            "09:00-18:00", zone="Europe/Berlin", closures=read(CHRISTMAS).closures
        )
        received = datetime(2026, 12, 23, 17, tzinfo=BERLIN)
        assert office.due(received, timedelta(hours=2)) == datetime(2026, 12, 25, 10, tzinfo=BERLIN)


class TestTimes:
    """An event with times closes what the wall clock of the working calendar shows meanwhile."""

    @pytest.mark.parametrize(
        ("lines", "zone", "expected"),
        [
            # The same afternoon, told in four ways.
            (
                ("DTSTART;TZID=Europe/Berlin:20261223T120000", "DURATION:PT6H"),
                "Europe/Berlin",
                [(23, "12:00-18:00")],
            ),
            (
                ("DTSTART:20261223T110000Z", "DTEND:20261223T170000Z"),
                "Europe/Berlin",
                [(23, "12:00-18:00")],
            ),
            (
                ("DTSTART:20261223T120000", "DTEND:20261223T180000"),
                "Europe/Berlin",
                [(23, "12:00-18:00")],
            ),
            (
                ("DTSTART;TZID=W. Europe Standard Time:20261223T120000", "DURATION:PT6H"),
                "Europe/Berlin",
                [(23, "12:00-18:00")],
            ),
            (
                ("DTSTART;TZID=/example.org/Europe/Berlin:20261223T120000", "DURATION:PT6H"),
                "America/New_York",
                [(23, "06:00-12:00")],
            ),
            # Over midnight, in one zone or only in the other, and to the second.
            (
                ("DTSTART:20261223T220000", "DTEND:20261225T020000"),
                "Europe/Berlin",
                [(23, "22:00-24:00"), (24, "00:00-24:00"), (25, "00:00-02:00")],
            ),
            (
                ("DTSTART;TZID=Europe/Berlin:20261223T140000", "DURATION:PT4H"),
                "Asia/Tokyo",
                [(23, "22:00-24:00"), (24, "00:00-02:00")],
            ),
            (
                ("DTSTART:20261223T120030", "DURATION:PT1H1S"),
                "Europe/Berlin",
                [(23, "12:00:30-13:00:31")],
            ),
            # A leap second is the last one of its minute.
            (
                ("DTSTART:20261223T115960", "DTEND:20261223T130000"),
                "Europe/Berlin",
                [(23, "11:59:59-13:00")],
            ),
        ],
    )
    def test_hours_are_those_of_the_wall(self, lines, zone, expected):
        assert closed(lines, zone=zone) == [(date(2026, 12, day), hours) for day, hours in expected]

    @pytest.mark.parametrize(
        ("lines", "expected"),
        [
            # Two hours pass, but the wall clock shows three: from 01:00 to 04:00.
            (("DTSTART:20260329T010000", "DURATION:PT2H"), ["01:00-04:00"]),
            # The clock jumps over 02:30: it is read with the offset before, as 03:30.
            (("DTSTART:20260329T023000", "DURATION:PT1H"), ["03:30-04:30"]),
            # The hour from 02:00 to 03:00 is shown twice.
            (("DTSTART:20261025T013000", "DURATION:PT3H"), ["01:30-03:30"]),
            # From 02:45 of the first time to 02:15 of the second.
            (("DTSTART:20261025T004500Z", "DURATION:PT30M"), ["02:00-02:15", "02:45-03:00"]),
        ],
    )
    def test_nights_in_which_clocks_change(self, lines, expected):
        assert [hours for _, hours in closed(lines)] == expected

    def test_days_are_counted_on_the_calendar_and_hours_as_they_pass(self):
        """From noon before the change a day lasts until noon, and 24 hours until one o'clock."""
        for duration, end in [("P1D", "12:00"), ("PT24H", "13:00"), ("P1DT1H", "13:00")]:
            event = ("DTSTART:20260328T120000", f"DURATION:{duration}")
            assert closed(event)[-1] == (date(2026, 3, 29), f"00:00-{end}")

    def test_only_the_days_of_the_period_count(self):
        event = ("DTSTART:20251231T180000", "DTEND:20260101T060000")
        assert closed(event) == [(date(2026, 1, 1), "00:00-06:00")]
        assert closed(event, period=Period.year(2025)) == [(date(2025, 12, 31), "18:00-24:00")]
        assert closed(event, period=Period.year(2027)) == []

    @pytest.mark.parametrize("year", [1, 9999])
    def test_at_the_ends_of_the_calendar_nothing_breaks(self, year):
        event = (
            f"DTSTART;TZID=Asia/Tokyo:{year:04d}0101T000000",
            "DURATION:P999999D",
            "RDATE:00010101T000000Z,99991231T235959Z",
        )
        for period in (Period.year(1), YEAR, Period(date(9999, 1, 1), date.max)):
            assert isinstance(read(event, period=period, zone="Pacific/Kiritimati"), CalendarFile)

    @given(
        st.integers(0, 40 * 86_400),
        st.timedeltas(timedelta(minutes=1), timedelta(days=3)),
        st.sampled_from([BERLIN, NEW_YORK, ZoneInfo("UTC")]),
        st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
    )
    def test_round_the_clock_an_event_takes_as_long_as_it_lasts(self, after, length, own, zone):
        """Outside the hour that is shown twice, a closed wall clock is a closed stretch of time."""
        start = datetime(2026, 3, 1, tzinfo=own) + timedelta(seconds=after)
        seconds = length // timedelta(seconds=1)
        tzid = f";TZID={own.key}"
        duration = f"PT{seconds // 3600}H{seconds // 60 % 60}M{seconds % 60}S"
        event = (f"DTSTART{tzid}:{start:%Y%m%dT%H%M%S}", f"DURATION:{duration}")
        shop = BusinessCalendar.every_day(
            "00:00-24:00", zone=zone, closures=read(event, zone=zone).closures
        )
        begin = start.astimezone(ZoneInfo("UTC"))
        end = begin + timedelta(seconds=seconds)
        day = timedelta(days=2)
        assert not shop.is_open(begin)
        assert not shop.is_open(end - timedelta(seconds=1))
        lost = (end - begin + 2 * day) - shop.elapsed(begin - day, end + day)
        twice = timedelta(hours=1) if zone == "Australia/Lord_Howe" else timedelta()
        assert timedelta(seconds=seconds) <= lost <= timedelta(seconds=seconds) + twice


class TestRepetition:
    """Events repeat within the period, except where the file says otherwise."""

    def test_every_year(self):
        event = ("DTSTART;VALUE=DATE:19901224", "RRULE:FREQ=YEARLY")
        assert closed_days(event, period=Period(date(2026, 1, 1), date(2029, 1, 1))) == [
            date(year, 12, 24) for year in (2026, 2027, 2028)
        ]

    def test_several_days_every_year_also_if_they_begin_before_the_period(self):
        event = ("DTSTART;VALUE=DATE:20201230", "DURATION:P4D", "RRULE:FREQ=YEARLY")
        assert closed_days(event) == [
            *(date(2026, 1, 1), date(2026, 1, 2), date(2026, 12, 30), date(2026, 12, 31)),
        ]

    def test_times_repeat_by_the_clock_of_the_event(self):
        """New York changes its clocks three weeks before Berlin does."""
        event = (
            "DTSTART;TZID=America/New_York:20260301T090000",
            "DURATION:PT1H",
            "RRULE:FREQ=WEEKLY;COUNT=6",
        )
        hours = ["15:00-16:00", "14:00-15:00", "14:00-15:00", "14:00-15:00", *["15:00-16:00"] * 2]
        assert [hour for _, hour in closed(event)] == hours

    @pytest.mark.parametrize(
        ("until", "last"),
        [
            ("20260105", 5),
            ("20260105T120000", 5),
            ("20260105T115959", 4),
            ("20260105T110000Z", 5),
            ("20260105T105959Z", 4),
            ("99991231T235959Z", 31),
        ],
    )
    def test_a_rule_with_times_ends_with_its_last_moment(self, until, last):
        event = (
            "DTSTART;TZID=Europe/Berlin:20260101T120000",
            "DURATION:PT1H",
            f"RRULE:FREQ=DAILY;UNTIL={until}",
        )
        january = Period.month(2026, 1)
        assert closed_days(event, period=january, zone="Europe/Berlin")[-1].day == last

    @pytest.mark.parametrize("until", ["20260105", "20260105T000000Z", "20260105T235959"])
    def test_a_rule_of_whole_days_ends_with_its_last_day(self, until):
        event = ("DTSTART;VALUE=DATE:20260101", f"RRULE:FREQ=DAILY;UNTIL={until}")
        assert closed_days(event)[-1] == date(2026, 1, 5)

    def test_days_are_taken_out_and_added(self):
        event = (
            "DTSTART;VALUE=DATE:20260101",
            "RRULE:FREQ=DAILY;COUNT=4",
            "EXDATE;VALUE=DATE:20260102",
            "EXDATE:20260103T000000,20260110",
            "RDATE;VALUE=DATE:20260110,20260120",
        )
        assert [day.day for day in closed_days(event)] == [1, 4, 20]

    def test_times_are_taken_out_and_added(self):
        event = (
            "DTSTART;TZID=Europe/Berlin:20260101T120000",
            "DURATION:PT1H",
            "RRULE:FREQ=DAILY;COUNT=5",
            "EXDATE:20260102T110000Z",
            "EXDATE;TZID=Europe/Berlin:20260103T120000,20260104T130000",
            "EXDATE;VALUE=DATE:20260105",
            "RDATE:20260201T080000Z,20990101T080000Z",
        )
        assert closed(event) == [
            (date(2026, 1, 1), "12:00-13:00"),
            (date(2026, 1, 4), "12:00-13:00"),
            (date(2026, 2, 1), "09:00-10:00"),
        ]

    def test_an_occurrence_with_an_event_of_its_own_is_replaced(self):
        weekly = (
            *("UID:1", "SUMMARY:Training", "DTSTART:20260105T120000", "DURATION:PT1H"),
            "RRULE:FREQ=WEEKLY;COUNT=3",
        )
        moved = (
            *("UID:1", "SUMMARY:Training", "RECURRENCE-ID:20260112T120000"),
            *("DTSTART:20260113T150000", "DURATION:PT2H"),
        )
        cancelled = (
            *("UID:1", "RECURRENCE-ID:20260119T110000Z", "STATUS:CANCELLED"),
            "DTSTART:20260119T120000",
        )
        other = ("UID:2", "DTSTART:20260112T120000", "DURATION:PT1H")
        assert closed(weekly, moved, cancelled) == [
            (date(2026, 1, 5), "12:00-13:00"),
            (date(2026, 1, 13), "15:00-17:00"),
        ]
        assert (date(2026, 1, 12), "12:00-13:00") in closed(weekly, moved, other)

    def test_a_whole_day_with_an_event_of_its_own_is_replaced(self):
        yearly = ("UID:1", "DTSTART;VALUE=DATE:20200106", "RRULE:FREQ=YEARLY")
        moved = ("UID:1", "RECURRENCE-ID;VALUE=DATE:20260106", "DTSTART;VALUE=DATE:20260107")
        assert closed_days(moved, yearly) == [date(2026, 1, 7)]


class TestLeftOut:
    """What closes nothing is left out, and listed."""

    def test_why_and_where(self):
        file = read(
            (CHRISTMAS, "SUMMARY:Outing", "STATUS:cancelled"),
            (CHRISTMAS, "SUMMARY:Mother's Day", "TRANSP:TRANSPARENT"),
            ("DTSTART:20261224T120000", "SUMMARY:Reminder"),
            (CHRISTMAS, "SUMMARY:Christmas Eve", "STATUS:CONFIRMED", "TRANSP:OPAQUE"),
        )
        assert [closure.name for closure in file.closures] == ["Christmas Eve"]
        assert file.left_out == (
            LeftOut("Outing", 3, WhyLeftOut.CANCELLED),
            LeftOut("Mother's Day", 8, WhyLeftOut.TRANSPARENT),
            LeftOut("Reminder", 13, WhyLeftOut.TAKES_NO_TIME),
        )

    def test_feeds_of_holidays_that_are_transparent_can_be_read(self):
        file = read(
            (CHRISTMAS, "TRANSP:TRANSPARENT"), (CHRISTMAS, "STATUS:CANCELLED"), transparent=True
        )
        assert len(file.closures) == 1
        assert [left.why for left in file.left_out] == [WhyLeftOut.CANCELLED]


class TestTheFile:
    """A file is read as programs write them: folded, with alarms, from several calendars."""

    def test_folded_lines_are_put_together_even_within_a_letter(self):
        text = b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:M"
        text += b"\xc3\r\n \xbcnster\r\n  fair\r\nDTSTART:202612\n\t24\r\n"
        text += b"END:VEVENT\r\nEND:VCALENDAR"
        (closure,) = closures_from_ical(text, period=YEAR, zone="UTC").closures
        assert closure == Closure(date(2026, 12, 24), "Münster fair")

    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\n\n"])
    def test_any_end_of_line_will_do(self, end):
        text = calendar(CHRISTMAS).replace("\r\n", end)
        assert len(closures_from_ical(text, period=YEAR, zone="UTC").closures) == 1

    @pytest.mark.parametrize("mark", ["\ufeff", "\ufeff".encode()])
    def test_a_byte_order_mark_does_no_harm(self, mark):
        text = calendar(CHRISTMAS)
        whole = mark + (text if isinstance(mark, str) else text.encode())
        assert len(closures_from_ical(whole, period=YEAR, zone=BERLIN).closures) == 1

    def test_what_does_not_concern_closures_is_not_read(self):
        text = calendar(
            (
                *(CHRISTMAS, "BEGIN:VALARM", "DTSTART:nonsense", "END:VALARM", ":", "nonsense"),
                "DESCRIPTION;=:\x00",
            )
        )
        endless = (
            "BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nTZID:Europe/Berlin\nBEGIN:STANDARD\n"
            "DTSTART:19700101T000000\nRRULE:FREQ=SECONDLY\nEND:STANDARD\nEND:VTIMEZONE\n"
            "BEGIN:VTODO\nDTSTART:20260101\nEND:VTODO\nEND:VCALENDAR\n"
        )
        file = closures_from_ical(endless + text, period=YEAR, zone="UTC")
        assert len(file.closures) == 1

    def test_a_calendar_without_events_closes_nothing(self):
        assert read() == CalendarFile((), ())

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("", "empty or cut off"),
            ("\r\n  \r\n", "empty or cut off"),
            (calendar(CHRISTMAS)[:-15], "empty or cut off"),
            ("BEGIN:VCALENDAR\nBEGIN:VEVENT", "empty or cut off"),
            ("customer;day;amount", "line 1 is out of place"),
            ("BEGIN:VCARD\nEND:VCARD", "line 1 is out of place"),
            ("BEGIN:VCALENDAR\nEND:VCALENDAR\nVERSION:2.0", "line 3 is out of place"),
            ("BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VCALENDAR", "line 3 is out of place"),
            ("END:VCALENDAR", "line 1 is out of place"),
            (b"BEGIN:VCALENDAR\r\nNAME:" + b"\xfc\r\nEND:VCALENDAR", "line 2 is not UTF-8"),
            ("BEGIN:VCALENDAR\nNAME:\ud800\nEND:VCALENDAR", "line 2 is not UTF-8"),
            (b"PK\x03\x04", "line 1 is out of place"),
            (None, "as its text or its bytes"),
        ],
    )
    def test_what_is_no_calendar_is_refused(self, text, message):
        with pytest.raises(UnreadableSource, match=message):
            closures_from_ical(text, period=YEAR, zone="UTC")

    @pytest.mark.parametrize("zone", ["Nowhere/Land", "Europe", "", "../etc/passwd", 7, None])
    def test_the_zone_is_one_there_is(self, zone):
        with pytest.raises(InvalidValue, match="such as 'Europe/Berlin'"):
            closures_from_ical(calendar(), period=YEAR, zone=zone)

    def test_the_period_is_a_period(self):
        with pytest.raises(InvalidValue, match=r"Period\.year\(2026\)"):
            read(period=2026)

    def test_without_the_library_the_extra_is_named(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "icalendar.parser", None)
        with pytest.raises(MissingExtra, match=r"pip install 'crmkit\[ical\]'"):
            read(CHRISTMAS)


TIMED = "DTSTART:20261224T120000"


class TestBadEvents:
    """A bad event is named by its place and its line, never by its words."""

    @pytest.mark.parametrize(
        ("lines", "message"),
        [
            (("SUMMARY:Anna is on leave",), "no DTSTART"),
            ((CHRISTMAS, CHRISTMAS), "DTSTART stands twice"),
            (("DTSTART:20261324",), "DTSTART is no day and no time: write 20261224"),
            (("DTSTART:20261224T250000",), "DTSTART is no day and no time"),
            (("DTSTART:20261224T120000+0100",), "DTSTART is no day and no time"),
            (("DTSTART:Anna",), "DTSTART is no day and no time"),
            (("DTSTART:",), "DTSTART is no day and no time"),
            (("DTSTART",), "DTSTART is not written like DTSTART:"),
            (("DTSTART;=:20261224",), "DTSTART is not written like DTSTART:"),
            (("DTSTART;TZID=Nowhere:20261224T120000",), "the TZID of DTSTART is not known"),
            (("DTSTART;TZID=Europe:20261224T120000",), "the TZID of DTSTART is not known"),
            (('DTSTART;TZID="a","b":20261224T120000',), "the TZID of DTSTART is not known"),
            (("DTSTART;TZID=/etc/passwd:20261224T120000",), "the TZID of DTSTART is not known"),
            ((CHRISTMAS, "DTEND;VALUE=DATE:20261223"), "DTEND does not lie before DTSTART"),
            ((TIMED, "DTEND:20261224T115959"), "DTEND does not lie before DTSTART"),
            ((CHRISTMAS, "DTEND:20261224T120000"), "DTEND is a day where DTSTART is one"),
            ((TIMED, "DTEND:20261224"), "DTEND is a day where DTSTART is one"),
            ((TIMED, "DTEND:20261225T120000", "DURATION:P1D"), "DTEND or DURATION, not both"),
            ((TIMED, "DURATION:-PT1H"), "DURATION is written like P1D"),
            ((TIMED, "DURATION:P99999999999D"), "DURATION is written like P1D"),
            ((TIMED, "DURATION:one hour"), "DURATION is written like P1D"),
            ((CHRISTMAS, "DURATION:PT1H"), "a DURATION of whole days"),
            ((CHRISTMAS, "DURATION:P"), "a DURATION of whole days"),
            ((CHRISTMAS, "EXDATE:never"), "EXDATE is no day and no time"),
            ((TIMED, "RDATE;VALUE=PERIOD:20261224T120000Z/PT1H"), "RDATE is no day and no time"),
            ((TIMED, "RDATE;VALUE=DATE:20261225"), "RDATE names days where DTSTART is one"),
            ((CHRISTMAS, "RDATE:20261225T120000"), "RDATE names days where DTSTART is one"),
            ((CHRISTMAS, "EXRULE:FREQ=DAILY"), "EXRULE is not supported"),
            (
                (CHRISTMAS, "RECURRENCE-ID;RANGE=THISANDFUTURE:20261224"),
                "RECURRENCE-ID with RANGE is not supported",
            ),
            ((CHRISTMAS, "RRULE:FREQ=SECONDLY"), "FREQ is one of DAILY"),
            ((CHRISTMAS, "RRULE:FREQ=DAILY;COUNT=1000000000"), "COUNT is a whole number"),
            ((CHRISTMAS, "RRULE:FREQ=DAILY;INTERVAL=0"), "INTERVAL is a whole number"),
            ((CHRISTMAS, "RRULE:FREQ=DAILY;UNTIL=soon"), "UNTIL is no day and no time"),
            ((CHRISTMAS, "RRULE:FREQ=DAILY", "RRULE:FREQ=DAILY"), "RRULE stands twice"),
            ((CHRISTMAS, "RRULE:FREQ=WEEKLY;BYDAY=MO"), "the rule leaves out the first day"),
        ],
    )
    def test_what_is_wrong_and_where(self, lines, message):
        found = problem(CHRISTMAS, lines)
        assert found.path == "$.events[1]"
        assert message in found.message
        assert found.message.endswith("(the event begins in line 6)")
        assert "Anna" not in str(found)

    def test_all_bad_events_are_listed_at_once(self):
        with pytest.raises(InvalidDocument) as caught:
            read("DTSTART:x", CHRISTMAS, "SUMMARY:no start")
        assert [found.path for found in caught.value.problems] == ["$.events[0]", "$.events[2]"]


class TestBounds:
    """No file makes the host wait."""

    @pytest.mark.parametrize(
        ("events", "period"),
        [
            # Days that are counted from the beginning of the calendar, in many events.
            (
                [("DTSTART;VALUE=DATE:00010101", "RRULE:FREQ=DAILY;COUNT=10000;BYMONTH=1")] * 30,
                YEAR,
            ),
            # Hundreds of events of thousands of days.
            ([("DTSTART;VALUE=DATE:20000101", "DURATION:P9999D")] * 300, Period.year(2026)),
            # An event of hours in a period of ten thousand years.
            (
                [("DTSTART:00010102T000000", "DURATION:P999999W")],
                Period(date.min, date.max),
            ),
        ],
    )
    def test_too_much_work_is_refused(self, events, period):
        with patience():
            assert "too many steps" in problem(*events, period=period).message

    def test_too_many_closures_are_refused(self):
        event = ("DTSTART;VALUE=DATE:20000101", "DURATION:P10001D")
        found = problem(event, period=Period(date(2000, 1, 1), date(2100, 1, 1)))
        assert "more than 10,000 closures: ask for a shorter period" in found.message

    def test_ten_thousand_closures_are_not_too_many(self):
        event = ("DTSTART;VALUE=DATE:20000101", "DURATION:P10000D")
        assert (
            len(read(event, period=Period(date(2000, 1, 1), date(2100, 1, 1))).closures) == 10_000
        )

    def test_deep_nesting_does_no_harm(self):
        text = "BEGIN:VCALENDAR\n" + "BEGIN:VEVENT\n" * 50_000
        with pytest.raises(UnreadableSource, match="cut off"):
            closures_from_ical(text, period=YEAR, zone="UTC")

    @given(
        st.lists(
            st.sampled_from(["BEGIN:VEVENT", "END:VEVENT", CHRISTMAS, " x", "DTSTART", "RRULE:x"])
        )
    )
    def test_any_lines_are_read_or_refused(self, lines):
        text = "\n".join(["BEGIN:VCALENDAR", *lines, "END:VCALENDAR"])
        with suppress(UnreadableSource, InvalidDocument):
            closures_from_ical(text, period=YEAR, zone="UTC")

    @given(
        st.sampled_from(["RRULE:", "DTSTART;", "DURATION:", "SUMMARY;", "UID", "RDATE;TZID="]),
        st.binary(max_size=200),
    )
    def test_any_value_is_read_or_refused(self, name, value):
        text = f"BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTEND:20260101\n{name}".encode() + value
        with suppress(UnreadableSource, InvalidDocument):
            closures_from_ical(text + b"\nEND:VEVENT\nEND:VCALENDAR", period=YEAR, zone="UTC")
