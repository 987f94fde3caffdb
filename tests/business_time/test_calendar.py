"""Working time: due and elapsed are each other's inverse, whatever clocks and holidays do."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.business_time import BusinessCalendar, Closure, Opening, Weekday
from crmkit.errors import InvalidDocument, InvalidPolicy, InvalidValue, NaiveDatetime
from crmkit.serialization import make_converter
from crmkit.testing.strategies import business_calendars
from tests.business_time.builders import (
    DESK,
    OFFICE,
    at,
    closures,
    hours,
    minutes,
    one_opening,
    real,
    utc,
    weekly,
)
from tests.business_time.strategies import budgets, cases, spans
from tests.segmentation.documents import in_toml

TICK = timedelta(microseconds=1)
LAST = datetime(9998, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)


class TestDueAndElapsed:
    """Due is the earliest instant at which elapsed equals the budget."""

    @given(st.data())
    def test_what_is_due_has_taken_its_budget(self, data):
        case = data.draw(cases())
        start, budget = data.draw(case.instants()), data.draw(budgets())
        assert case.calendar.elapsed(start, case.calendar.due(start, budget)) == budget

    @given(st.data())
    def test_a_microsecond_before_it_has_not(self, data):
        case = data.draw(cases())
        start, budget = data.draw(case.instants()), data.draw(budgets().filter(bool))
        due = case.calendar.due(start, budget).astimezone(UTC)
        assert case.calendar.elapsed(start, due - TICK) == budget - TICK

    @given(st.data())
    def test_of_what_has_elapsed_nothing_is_due_later(self, data):
        case = data.draw(cases())
        start, end = data.draw(spans(case))
        elapsed = case.calendar.elapsed(start, end)
        assert real(case.calendar.due(start, elapsed), end) >= timedelta()

    @given(st.data())
    def test_working_time_adds_up_in_any_order(self, data):
        """Signed: what runs backwards is below zero."""
        case = data.draw(cases())
        a, b, c = (data.draw(case.instants()) for _ in range(3))
        elapsed = case.calendar.elapsed
        assert elapsed(a, b) + elapsed(b, c) == elapsed(a, c)
        assert elapsed(a, b) == -elapsed(b, a)

    @given(st.data())
    def test_no_more_than_real_time_passes(self, data):
        case = data.draw(cases())
        start, end = data.draw(spans(case))
        assert timedelta() <= case.calendar.elapsed(start, end) <= real(start, end)

    @given(st.data())
    def test_a_part_of_the_budget_first_and_the_rest_then_is_all_of_it(self, data):
        case = data.draw(cases())
        start, first, rest = data.draw(case.instants()), data.draw(budgets()), data.draw(budgets())
        between = case.calendar.due(start, first)
        assert real(case.calendar.due(between, rest), case.calendar.due(start, first + rest)) == (
            timedelta()
        )

    @given(st.data())
    def test_it_does_not_matter_in_which_zone_an_instant_is_told(self, data):
        case = data.draw(cases())
        start, end = data.draw(spans(case))
        budget = data.draw(budgets())
        there = start.astimezone(UTC)
        assert case.calendar.elapsed(there, end) == case.calendar.elapsed(start, end)
        assert real(case.calendar.due(there, budget), case.calendar.due(start, budget)) == (
            timedelta()
        )

    @given(st.data())
    def test_the_clock_strikes_in_the_zone_of_the_question(self, data):
        case = data.draw(cases())
        start, budget = data.draw(case.instants()), data.draw(budgets())
        assert case.calendar.due(start, budget).tzinfo is start.tzinfo

    @given(st.data(), st.integers(1, 60))
    def test_over_years_it_is_the_sum_of_its_months(self, data, months):
        """Long spans are counted by sums of weeks, short ones by lists of their hours."""
        case = data.draw(cases())
        start = data.draw(case.instants()).astimezone(UTC)
        cuts = [start + timedelta(days=30 * n) for n in range(months + 1)]
        parts = (case.calendar.elapsed(a, b) for a, b in pairwise(cuts))
        whole = case.calendar.elapsed(start, cuts[-1])
        assert whole == sum(parts, timedelta())
        assert case.calendar.elapsed(start, case.calendar.due(start, whole)) == whole

    @pytest.mark.parametrize(
        ("start", "budget", "due"),
        [
            ("2026-05-08 16:00", 4, "2026-05-11 12:00"),
            ("2026-05-09 10:00", 2, "2026-05-11 11:00"),
            ("2026-05-11 09:00", 24, "2026-05-13 17:00"),
        ],
    )
    def test_published_vectors_of_a_desk_from_nine_to_five(self, start, budget, due):
        assert DESK.due(at(start), hours(budget)) == at(due)
        assert DESK.elapsed(at(start), at(due)) == hours(budget)

    def test_published_vector_of_a_holiday(self):
        desk = BusinessCalendar.on_weekdays(
            "09:00-17:00", zone="UTC", closures=closures("2026-05-11")
        )
        assert desk.due(at("2026-05-11 10:00"), hours(4)) == at("2026-05-12 13:00")


class TestOpenings:
    """Open, until when, and from when on: the three answers agree."""

    @given(st.data())
    def test_while_it_is_open_time_passes(self, data):
        case = data.draw(cases())
        instant = data.draw(case.instants()).astimezone(UTC)
        passes = case.calendar.elapsed(instant, instant + TICK) == TICK
        assert case.calendar.is_open(instant) is passes

    @given(st.data())
    def test_until_the_next_opening_nothing_passes(self, data):
        case = data.draw(cases())
        instant = data.draw(case.instants())
        opening = case.calendar.next_opening(instant)
        assert case.calendar.is_open(opening)
        assert case.calendar.elapsed(instant, opening) == timedelta()
        assert real(instant, opening) >= timedelta()
        assert (opening == instant) is case.calendar.is_open(instant)

    @pytest.mark.parametrize(
        ("instant", "is_open"),
        [
            ("2026-05-08 08:59:59.999999", False),
            ("2026-05-08 09:00", True),
            ("2026-05-08 17:59:59.999999", True),
            ("2026-05-08 18:00", False),
        ],
    )
    def test_it_opens_at_the_first_instant_and_is_closed_at_the_last(self, instant, is_open):
        assert OFFICE.is_open(at(instant)) is is_open


class TestBoundaries:
    """A random search misses the borders."""

    def test_a_budget_used_up_at_closing_time_is_due_then(self):
        assert OFFICE.due(at("2026-05-08 17:00"), hours(1)) == at("2026-05-08 18:00")
        assert OFFICE.due(at("2026-05-08 17:00"), hours(1) + TICK) == at(
            "2026-05-11 09:00:00.000001"
        )

    @pytest.mark.parametrize(
        "instant", ["2026-05-08 16:00", "2026-05-08 18:00", "2026-05-09 20:00"]
    )
    def test_a_budget_of_nothing_is_due_at_once(self, instant):
        """Open or not."""
        assert OFFICE.due(at(instant), timedelta()) == at(instant)

    def test_no_time_passes_between_an_instant_and_itself(self):
        assert OFFICE.elapsed(at("2026-05-08 16:00"), at("2026-05-08 16:00")) == timedelta()

    def test_microseconds_count(self):
        start = at("2026-05-08 17:59:59.999999")
        assert OFFICE.elapsed(start, at("2026-05-11 09:00:00.000001")) == 2 * TICK

    def test_hours_to_the_second(self):
        calendar = BusinessCalendar.every_day("09:00:30-09:00:45", zone="UTC")
        start = at("2026-05-08 00:00")
        assert calendar.elapsed(start, start + timedelta(days=2)) == timedelta(seconds=30)

    def test_windows_that_overlap_or_touch_count_once(self):
        calendar = weekly(monday="09:00-12:00 11:00-13:00 13:00-14:00 22:00-24:00 22:30-02:00")
        monday = at("2026-05-11 00:00")
        assert calendar.elapsed(monday, monday + timedelta(days=2)) == hours(9)

    def test_a_window_past_sunday_s_midnight_runs_into_monday(self):
        calendar = weekly(sunday="22:00-02:00")
        assert calendar.due(at("2026-05-10 23:00"), hours(2)) == at("2026-05-11 01:00")
        assert calendar.next_opening(at("2026-05-11 02:00")) == at("2026-05-17 22:00")

    def test_a_holiday_takes_the_rest_of_the_evening_before(self):
        """What lies on its date is closed, wherever it began."""
        nights = BusinessCalendar.every_day(
            "22:00-06:00", zone="UTC", closures=closures("2026-05-12")
        )
        assert nights.due(at("2026-05-11 22:00"), hours(3)) == at("2026-05-13 01:00")

    def test_a_holiday_may_run_past_midnight(self):
        closed = Closure(date(2026, 12, 31), "New Year", hours="18:00-06:00")
        calendar = BusinessCalendar.every_day("00:00-24:00", zone="UTC", closures=[closed])
        start = at("2026-12-31 17:00")
        assert calendar.elapsed(start, at("2027-01-01 07:00")) == hours(2)

    def test_half_a_holiday_leaves_the_other_half(self):
        afternoon = Closure(date(2026, 12, 24), "Christmas Eve", hours="12:00-24:00")
        office = BusinessCalendar.on_weekdays("09:00-18:00", zone="UTC", closures=[afternoon])
        assert office.due(at("2026-12-24 10:00"), hours(3)) == at("2026-12-25 10:00")

    def test_an_opening_puts_back_what_a_holiday_takes_away(self):
        sunday = Opening(date(2026, 5, 10), "10:00-14:00", "open Sunday")
        office = BusinessCalendar.on_weekdays(
            "09:00-18:00", zone="UTC", closures=closures("2026-05-10"), openings=[sunday]
        )
        assert office.due(at("2026-05-08 17:00"), hours(2)) == at("2026-05-10 11:00")

    def test_an_opening_past_midnight(self):
        calendar = one_opening(windows="22:00-02:00")
        assert calendar.due(at("2026-05-01 00:00"), hours(4)) == at("2026-05-10 02:00")

    def test_two_clocks_of_one_wall_compare_as_time_does(self):
        """02:30 of the first pass lies before 02:15 of the second."""
        always = BusinessCalendar.round_the_clock("Europe/Berlin")
        first = at("2026-10-25 02:30", "Europe/Berlin")
        second = at("2026-10-25 02:15", "Europe/Berlin", fold=1)
        assert always.elapsed(first, second) == minutes(45)
        assert always.elapsed(second, first) == -minutes(45)
        assert always.trace(first, second).counted == minutes(45)

    @pytest.mark.parametrize(
        ("zone", "window", "day", "counted"),
        [
            ("America/New_York", "00:00-06:00", "2026-03-08", 5),
            ("America/New_York", "00:00-06:00", "2026-11-01", 7),
            ("America/New_York", "02:00-03:00", "2026-03-08", 0),
            ("America/New_York", "02:15-03:15", "2026-03-08", 0.25),
            ("America/New_York", "01:15-01:45", "2026-11-01", 1),
            ("Europe/Berlin", "00:00-24:00", "2026-03-29", 23),
            ("Europe/Berlin", "00:00-24:00", "2026-10-25", 25),
            ("Australia/Lord_Howe", "00:00-24:00", "2026-10-04", 23.5),
            ("America/Havana", "00:00-01:00", "2026-03-08", 0),
            ("America/Havana", "00:00-01:00", "2026-11-01", 2),
            ("Asia/Beirut", "23:00-24:00", "2026-10-24", 2),
            ("Asia/Beirut", "00:00-01:00", "2026-03-29", 0),
            ("Africa/Cairo", "00:00-24:00", "2026-04-24", 23),
            ("Africa/Cairo", "23:00-24:00", "2026-10-29", 2),
        ],
    )
    def test_what_a_day_has_when_clocks_change(self, zone, window, day, counted):
        """By the published times of the change; the hours are those of one date."""
        calendar = BusinessCalendar(
            zone=zone, hours={}, openings=[Opening(date.fromisoformat(day), window)]
        )
        start = utc(f"{day} 00:00") - hours(24)
        assert calendar.elapsed(start, start + hours(72)) == hours(counted)

    def test_a_date_that_a_zone_skips_has_no_hours(self):
        """Samoa went from 29 December 2011 straight to the 31st, a Saturday."""
        samoa = BusinessCalendar.every_day("09:00-17:00", zone="Pacific/Apia")
        thursday = at("2011-12-29 16:00", "Pacific/Apia")
        assert samoa.due(thursday, hours(2)) == at("2011-12-31 10:00", "Pacific/Apia")
        assert [day.on for day in samoa.trace(thursday, thursday + hours(24)).days] == [
            date(2011, 12, 29),
            date(2011, 12, 31),
        ]

    @pytest.mark.parametrize("fold", [0, 1])
    def test_an_hour_that_is_there_twice_is_two_hours(self, fold):
        calendar = BusinessCalendar.every_day("02:00-03:00", zone="Europe/Berlin")
        start = at("2026-10-25 02:00", "Europe/Berlin", fold)
        due = calendar.due(start, hours(1))
        assert due.astimezone(UTC) == utc("2026-10-25 01:00") + hours(fold)

    @pytest.mark.parametrize("fold", [0, 1])
    def test_a_wall_time_that_the_clock_leaves_out_is_an_instant_as_python_has_it(self, fold):
        """02:30 lies half an hour after the jump by the old clock, half before it by the new."""
        always = BusinessCalendar.round_the_clock("Europe/Berlin")
        start = at("2026-03-29 02:30", "Europe/Berlin", fold)
        jump = utc("2026-03-29 01:00")
        assert always.elapsed(jump, start) == minutes(-30 if fold else 30)
        assert real(start, always.due(start, minutes(30))) == minutes(30)


class TestTheEndsOfTime:
    """Working time is counted from the year 2 to the year 9998, by UTC; beyond, it says so."""

    @pytest.mark.parametrize(
        "zone", ["UTC", "Asia/Tokyo", "America/New_York", "Pacific/Kiritimati"]
    )
    def test_it_counts_from_the_first_instant_to_the_last(self, zone):
        always = BusinessCalendar.round_the_clock(zone)
        first = datetime(2, 1, 1, tzinfo=UTC)
        year = timedelta(days=365)
        assert always.elapsed(first, first + year) == year
        assert always.elapsed(LAST - year, LAST) == year
        assert always.due(LAST - year, year) == LAST
        assert always.is_open(first)
        assert always.is_open(LAST)
        assert always.next_opening(LAST) == LAST

    @pytest.mark.parametrize(
        "instant",
        [
            datetime(1, 1, 1, tzinfo=UTC),
            datetime(1, 12, 31, 23, 59, tzinfo=UTC),
            datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))),
            datetime(9999, 1, 1, tzinfo=UTC),
            datetime.max.replace(tzinfo=timezone(timedelta(hours=-12))),
            datetime.max.replace(tzinfo=ZoneInfo("America/New_York")),
        ],
    )
    def test_what_lies_beyond_is_refused(self, instant):
        good = at("2026-05-08 16:00")
        for ask in (
            lambda: OFFICE.elapsed(instant, good),
            lambda: OFFICE.elapsed(good, instant),
            lambda: OFFICE.due(instant, hours(1)),
            lambda: OFFICE.is_open(instant),
            lambda: OFFICE.next_opening(instant),
            lambda: OFFICE.trace(instant, instant),
        ):
            with pytest.raises(InvalidValue, match="from the year 2 to the year 9998"):
                ask()

    @pytest.mark.parametrize("budget", [timedelta.max, timedelta(days=3_652_425)])
    def test_a_budget_that_no_calendar_has_is_refused(self, budget):
        with pytest.raises(InvalidValue, match="no further opening"):
            BusinessCalendar.round_the_clock().due(at("2026-05-08 16:00"), budget)

    def test_a_budget_of_centuries_is_counted(self):
        start = at("2026-05-08 16:00")
        due = OFFICE.due(start, hours(9 * 5 * 52 * 300))
        assert OFFICE.elapsed(start, due) == hours(9 * 5 * 52 * 300)

    @pytest.mark.parametrize("budget", [hours(3), hours(2) + TICK])
    def test_openings_that_run_out_end_the_search(self, budget):
        calendar = one_opening()
        assert calendar.due(at("2026-05-01 00:00"), hours(2)) == at("2026-05-09 12:00")
        with pytest.raises(InvalidValue, match="no further opening"):
            calendar.due(at("2026-05-01 00:00"), budget)

    def test_after_the_last_opening_there_is_none(self):
        calendar = one_opening()
        with pytest.raises(InvalidValue, match="no further opening"):
            calendar.next_opening(at("2026-05-09 12:00"))
        assert not calendar.is_open(at("2026-05-09 12:00"))
        assert calendar.elapsed(at("2026-05-09 12:00"), at("2126-05-09 12:00")) == timedelta()

    def test_openings_far_apart_are_found(self):
        calendar = BusinessCalendar(
            zone="America/New_York",
            hours={},
            openings=[Opening(date(y, 1, 1), "23:00-01:00") for y in (1990, 2026, 2190)],
        )
        assert calendar.due(utc("1980-01-01 00:00"), hours(6)) == at(
            "2190-01-02 01:00", "America/New_York"
        )

    def test_an_opening_at_the_very_end_of_the_calendar(self):
        """Nobody gets there: the last day is beyond what is counted."""
        calendar = one_opening("9999-12-31", "22:00-02:00")
        with pytest.raises(InvalidValue, match="no further opening"):
            calendar.next_opening(at("9900-05-09 12:00"))


class TestBuilding:
    """A calendar that could not answer is refused when it is built."""

    @pytest.mark.parametrize(
        "rules",
        [
            {"hours": {}},
            {"hours": {Weekday.MONDAY: ()}},
            {"hours": {}, "closures": closures("2026-05-11")},
        ],
    )
    def test_a_calendar_that_is_never_open_is_refused(self, rules):
        with pytest.raises(InvalidPolicy, match="never open"):
            BusinessCalendar(zone="UTC", **rules)

    def test_one_opening_is_enough(self):
        assert one_opening().next_opening(at("2026-05-01 00:00")) == at("2026-05-09 10:00")

    @pytest.mark.parametrize(
        "text",
        [
            "9:00-18:00",
            "09:00",
            "09:00-18:00-20:00",
            "09:00 - 18:00",
            "09:60-18:00",
            "09:00:60-18:00",
            "25:00-26:00",
            "09:00-24:01",
            "24:00-06:00",
            "24:00-24:00",
            "09:00-09:00",
            "00:00-00:00",
            "٠٩:٠٠-١٨:٠٠",
            "09:00-18:00\n",
            "",
            None,
            9,
            ("09:00", "18:00"),
        ],
    )
    def test_hours_that_are_no_window_are_refused(self, text):
        for build in (
            lambda: BusinessCalendar.every_day(text, zone="UTC"),
            lambda: Closure(date(2026, 5, 11), hours=text),
            lambda: Opening(date(2026, 5, 11), text),
        ):
            with pytest.raises(InvalidValue, match=r"hours|no such time"):
                build()

    @pytest.mark.parametrize(
        "zone",
        [
            "",
            "Europe",
            "Atlantis",
            "../UTC",
            "a\0b",
            "x" * 5_000,
            "\ud800",
            None,
            1,
            UTC,
            b"UTC",
            [],
        ],
    )
    def test_a_zone_that_there_is_not_is_refused(self, zone):
        with pytest.raises(InvalidPolicy, match="IANA"):
            BusinessCalendar.every_day("09:00-18:00", zone=zone)

    def test_a_zone_may_be_named_or_handed_over(self):
        named = BusinessCalendar.every_day("09:00-18:00", zone="Europe/Berlin")
        assert BusinessCalendar.every_day("09:00-18:00", zone=ZoneInfo("Europe/Berlin")) == named

    @pytest.mark.parametrize(
        "week", [None, 5, [], {"someday": ("09:00-18:00",)}, {Weekday.MONDAY: None}, {0: ()}]
    )
    def test_hours_by_anything_but_weekdays_are_refused(self, week):
        with pytest.raises(InvalidPolicy, match="hours map a weekday"):
            BusinessCalendar(zone="UTC", hours=week)

    def test_a_text_is_not_taken_for_a_list_of_windows(self):
        with pytest.raises(InvalidValue, match="hours are written like"):
            BusinessCalendar(zone="UTC", hours={Weekday.MONDAY: "09:00-18:00"})

    @pytest.mark.parametrize("items", [5, None, [date(2026, 5, 11)], ["2026-05-11"]])
    def test_plain_dates_are_not_taken_for_closures_or_openings(self, items):
        with pytest.raises(InvalidPolicy, match=r"closures are Closure\("):
            BusinessCalendar.on_weekdays("09:00-18:00", zone="UTC", closures=items)
        with pytest.raises(InvalidPolicy, match=r"openings are Opening\("):
            BusinessCalendar.on_weekdays("09:00-18:00", zone="UTC", openings=items)

    @pytest.mark.parametrize("day", [at("2026-05-11 00:00"), "2026-05-11", None])
    def test_a_holiday_is_on_a_plain_date(self, day):
        with pytest.raises(InvalidValue, match="not a date"):
            Closure(day)
        with pytest.raises(InvalidValue, match="not a date"):
            Opening(day, "09:00-18:00")

    def test_equal_calendars_are_equal_and_hash_alike(self):
        again = BusinessCalendar.on_weekdays("09:00-18:00", zone="UTC")
        assert again == OFFICE
        assert hash(again) == hash(OFFICE)
        assert DESK != OFFICE


class TestBadInput:
    """No raw TypeError, and no instant without a zone."""

    @pytest.mark.parametrize(
        "ask",
        [
            lambda naive: OFFICE.elapsed(naive, at("2026-05-08 16:00")),
            lambda naive: OFFICE.elapsed(at("2026-05-08 16:00"), naive),
            lambda naive: OFFICE.due(naive, hours(1)),
            lambda naive: OFFICE.is_open(naive),
            lambda naive: OFFICE.next_opening(naive),
            lambda naive: OFFICE.trace(naive, at("2026-05-08 16:00")),
            lambda naive: OFFICE.trace(at("2026-05-08 16:00"), naive),
        ],
    )
    def test_naive_datetimes_are_refused(self, ask):
        with pytest.raises(NaiveDatetime):
            ask(at("2026-05-08 16:00").replace(tzinfo=None))
        for other in (date(2026, 5, 8), "2026-05-08", None, 0):
            with pytest.raises(InvalidValue, match="pass an aware datetime"):
                ask(other)

    @pytest.mark.parametrize("budget", [-TICK, 4, 4.0, "4 h", None])
    def test_a_budget_is_a_duration_of_zero_or_more(self, budget):
        with pytest.raises(InvalidValue, match="timedelta, zero or more"):
            OFFICE.due(at("2026-05-08 16:00"), budget)


class TestCalendarsAsData:
    """A calendar can be written down by the shop, and decides the same afterwards."""

    CONVERTER = make_converter(BusinessCalendar)

    @given(business_calendars())
    def test_json_and_toml_give_the_calendar_back(self, calendar):
        text = self.CONVERTER.dumps(calendar)
        assert self.CONVERTER.loads(text) == calendar
        assert self.CONVERTER.loads_toml(in_toml(text)) == calendar
        assert self.CONVERTER.dumps(self.CONVERTER.loads(text)) == text

    @pytest.mark.parametrize("place", [("data",), ("data", "closures", 0)])
    def test_a_key_that_is_not_known_is_refused(self, place):
        calendar = BusinessCalendar.on_weekdays(
            "09:00-18:00", zone="UTC", closures=closures("2026-05-11")
        )
        document = json.loads(self.CONVERTER.dumps(calendar))
        inner = document
        for step in place:
            inner = inner[step]
        inner["lunch"] = "12:00-13:00"
        with pytest.raises(InvalidDocument, match="not known"):
            self.CONVERTER.loads(json.dumps(document))

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ('"monday"', '"montag"'),
            ('"09:00-18:00"', '"nine to six"'),
            ('"UTC"', '"Atlantis"'),
            ('"2026-05-11"', '"2026-05-32"'),
        ],
    )
    def test_what_could_not_be_built_cannot_be_read(self, old, new):
        calendar = BusinessCalendar.on_weekdays(
            "09:00-18:00", zone="UTC", closures=closures("2026-05-11")
        )
        text = self.CONVERTER.dumps(calendar)
        assert old in text
        with pytest.raises(InvalidDocument):
            self.CONVERTER.loads(text.replace(old, new))


@given(st.data())
def test_a_calendar_asked_often_answers_as_a_fresh_one(data):
    """What a calendar remembers of its hours does not show."""
    case = data.draw(cases())
    questions = data.draw(st.lists(spans(case), min_size=1, max_size=6))
    fresh = [
        BusinessCalendar(
            zone=case.calendar.zone,
            hours=case.calendar.hours,
            closures=case.calendar.closures,
            openings=case.calendar.openings,
        ).elapsed(*question)
        for question in questions
    ]
    assert [case.calendar.elapsed(*question) for question in questions] == fresh
