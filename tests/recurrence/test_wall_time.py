"""Times on a wall clock: which instant is meant, in every zone and at every change of its clock."""

from __future__ import annotations

import os
import time as process
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, timezone
from itertools import product
from zoneinfo import ZoneInfo, available_timezones

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import InvalidValue
from crmkit.recurrence import InFold, InGap, WallTime

# CRMKIT_ALL_ZONES=1 goes through every zone of the IANA database.
ALL_ZONES = bool(os.environ.get("CRMKIT_ALL_ZONES"))
SAMPLE = [
    "Europe/Berlin",
    "America/New_York",
    "Africa/Casablanca",  # Its clocks change around Ramadan.
    "Asia/Gaza",  # The latest changes of the database are hers.
    "Australia/Lord_Howe",  # Half an hour.
    "America/Scoresbysund",  # At midnight, and from one base to another.
    "Antarctica/Troll",  # Two hours.
    "Asia/Tehran",
    "America/Santiago",
    "Europe/Dublin",  # Winter time is the exception there.
    "Asia/Kolkata",
    "UTC",
]
ZONES = sorted(available_timezones()) if ALL_ZONES else SAMPLE
YEARS = (2020, 2040)
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)

zones = st.sampled_from(SAMPLE).map(ZoneInfo)
times = st.times().map(lambda at: at.replace(microsecond=0))
days = st.dates(date(2018, 1, 1), date(2045, 12, 31))


def offset_at(instant: datetime, zone: ZoneInfo) -> timedelta:
    """How far ahead of UTC the clock is at an instant: never asked by wall time."""
    return instant.astimezone(zone).replace(tzinfo=UTC) - instant


def changes(zone: ZoneInfo) -> Iterator[datetime]:
    """The instants at which the clock is changed, found by halving."""
    at, end = (datetime(year, 1, 1, tzinfo=UTC) for year in YEARS)
    while at < end:
        following = at + 2 * DAY
        if offset_at(at, zone) != offset_at(following, zone):
            low, high = at, following
            while high - low > SECOND:
                middle = low + (high - low) // 2 // SECOND * SECOND
                same = offset_at(middle, zone) == offset_at(low, zone)
                low, high = (middle, high) if same else (low, middle)
            yield high
        at = following


def shown_at(wall: datetime, zone: ZoneInfo, offsets: set[timedelta]) -> list[datetime]:
    """The instants at which the clock shows a time, in order."""
    instants = (wall.replace(tzinfo=UTC) - offset for offset in offsets)
    return sorted(at for at in instants if at.astimezone(zone).replace(tzinfo=None) == wall)


def instant(wall: datetime, zone: ZoneInfo, gap=InGap.LATER, fold=InFold.FIRST) -> datetime:
    found = WallTime(wall.time(), gap, fold).on(wall.date(), zone)
    assert found.tzinfo is zone
    return found.astimezone(UTC)


class TestEveryChangeOfTheClock:
    """At each change of each clock, what happens once is itself, and the rest follows the policy.

    A second before the change, at it, a second after it and in the middle, at both ends of what is
    skipped or shown twice.
    """

    @pytest.mark.parametrize("key", ZONES)
    def test_the_policies_hold(self, key):
        zone = ZoneInfo(key)
        for change in changes(zone):
            before, after = offset_at(change - SECOND, zone), offset_at(change, zone)
            low, high = sorted((change + offset).replace(tzinfo=None) for offset in (before, after))
            middle = low + (high - low) // 2 // SECOND * SECOND
            for edge in (low, middle, high):
                for wall in (edge - SECOND, edge, edge + SECOND):
                    self.check(wall, zone, change, before, after)

    def check(self, wall, zone, change, before, after):
        shown = shown_at(wall, zone, {before, after})
        if len(shown) == 1:
            for gap in InGap:
                for fold in InFold:
                    assert instant(wall, zone, gap, fold) == shown[0]
        elif shown:
            assert before > after
            assert instant(wall, zone, fold=InFold.FIRST) == shown[0]
            assert instant(wall, zone, fold=InFold.SECOND) == shown[1]
            with pytest.raises(InvalidValue, match="shows twice"):
                instant(wall, zone, fold=InFold.REFUSE)
        else:
            begins, ends = (change + offset for offset in (before, after))
            assert begins <= wall.replace(tzinfo=UTC) < ends
            later = change + (wall.replace(tzinfo=UTC) - begins)
            earlier = change - (ends - wall.replace(tzinfo=UTC))
            assert instant(wall, zone, gap=InGap.LATER) == later
            assert instant(wall, zone, gap=InGap.EARLIER) == earlier
            with pytest.raises(InvalidValue, match="skips"):
                instant(wall, zone, gap=InGap.REFUSE)

    def test_the_clocks_of_the_sample_change(self):
        """The check would notice if there were no changes to check."""
        counts = {key: len(list(changes(ZoneInfo(key)))) for key in SAMPLE}
        assert counts["Europe/Berlin"] == 40
        assert counts["UTC"] == 0
        assert sum(counts.values()) > 300


class TestLaws:
    """What holds on every day in every zone."""

    @given(times, days, zones, st.sampled_from(InGap), st.sampled_from(InFold))
    def test_the_clock_shows_the_time_unless_it_skips_it(self, at, day, zone, gap, fold):
        try:
            found = WallTime(at, gap, fold).on(day, zone)
        except InvalidValue:
            assert InGap.REFUSE is gap or InFold.REFUSE is fold
            return
        shown = datetime.combine(day, at)
        there = found.astimezone(UTC).astimezone(zone)
        assert there == found
        assert there.fold == found.fold
        moved = found.replace(tzinfo=None) - shown
        assert abs(moved) <= timedelta(hours=2)
        assert not moved or (moved > timedelta()) == (gap is InGap.LATER)

    @given(times, times, days, zones)
    def test_later_policies_give_later_instants(self, one, other, day, zone):
        instants = [
            WallTime(one, gap, fold).on(day, zone).astimezone(UTC)
            for gap, fold in [(InGap.EARLIER, InFold.FIRST), (InGap.LATER, InFold.SECOND)]
        ]
        assert instants[0] <= instants[1]

    @given(times, days)
    def test_in_utc_nothing_is_moved(self, at, day):
        for gap in InGap:
            for fold in InFold:
                found = WallTime(at, gap, fold).on(day, "UTC")
                assert found == datetime.combine(day, at, UTC)


class TestWellKnownNights:
    """The nights that calendars get wrong."""

    @pytest.mark.parametrize(
        ("zone", "day", "at", "terms", "expected"),
        [
            ("Europe/Berlin", "2026-03-29", "02:30", {}, "2026-03-29T03:30:00+02:00"),
            (
                *("Europe/Berlin", "2026-03-29", "02:30", {"gap": InGap.EARLIER}),
                "2026-03-29T01:30:00+01:00",
            ),
            ("Europe/Berlin", "2026-03-29", "03:00", {}, "2026-03-29T03:00:00+02:00"),
            ("Europe/Berlin", "2026-03-29", "01:59:59", {}, "2026-03-29T01:59:59+01:00"),
            ("Europe/Berlin", "2026-10-25", "02:30", {}, "2026-10-25T02:30:00+02:00"),
            (
                *("Europe/Berlin", "2026-10-25", "02:30", {"fold": InFold.SECOND}),
                "2026-10-25T02:30:00+01:00",
            ),
            # The versions of one library differed by an hour here.
            ("America/New_York", "2026-03-08", "02:30", {}, "2026-03-08T03:30:00-04:00"),
            # There is summer time beyond 2037, too.
            ("Europe/Berlin", "2050-07-01", "09:30", {}, "2050-07-01T09:30:00+02:00"),
            # Samoa went without 30 December 2011.
            ("Pacific/Apia", "2011-12-30", "09:30", {}, "2011-12-31T09:30:00+14:00"),
            (
                *("Pacific/Apia", "2011-12-30", "09:30", {"gap": InGap.EARLIER}),
                "2011-12-29T09:30:00-10:00",
            ),
            # Midnight itself is skipped.
            ("America/Santiago", "2026-09-06", "00:00", {}, "2026-09-06T01:00:00-03:00"),
            ("Europe/Berlin", "1900-01-01", "00:00", {}, "1900-01-01T00:00:00+01:00"),
        ],
    )
    def test_which_instant_is_meant(self, zone, day, at, terms, expected):
        found = WallTime(at, **terms).on(date.fromisoformat(day), zone)
        assert found.isoformat() == expected

    def test_what_is_refused_names_the_clock_and_the_night(self):
        strict = WallTime("02:30", InGap.REFUSE, InFold.REFUSE)
        with pytest.raises(InvalidValue) as caught:
            strict.on(date(2026, 3, 29), "Europe/Berlin")
        assert str(caught.value) == (
            "the clock of Europe/Berlin skips 02:30 on 2026-03-29: choose another time, or "
            "another policy than refuse"
        )
        with pytest.raises(InvalidValue, match="Europe/Berlin shows twice 02:30 on 2026-10-25"):
            strict.on(date(2026, 10, 25), ZoneInfo("Europe/Berlin"))

    @pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Pacific/Kiritimati", "Etc/GMT+12"])
    def test_the_ends_of_the_calendar(self, zone):
        """Days that begin or end off the calendar somewhere are refused everywhere."""
        for at in ("00:00", "23:59:59"):
            for day in (date.min, date.max):
                with pytest.raises(InvalidValue, match="no first or last of the calendar"):
                    WallTime(at).on(day, zone)
            for day in (date.min + DAY, date.max - DAY):
                assert WallTime(at).on(day, zone).astimezone(UTC).year in (1, 9999)

    @pytest.mark.parametrize("home", ["UTC", "America/New_York", "Pacific/Apia", "Asia/Kolkata"])
    def test_the_zone_of_the_process_does_not_matter(self, home, monkeypatch):
        before = self.answers()
        monkeypatch.setenv("TZ", home)
        process.tzset()
        try:
            assert self.answers() == before
        finally:
            monkeypatch.undo()
            process.tzset()

    def answers(self):
        nights = [date(2026, 3, 8), date(2026, 3, 29), date(2026, 10, 25), date(2026, 11, 1)]
        policies = [WallTime("02:30"), WallTime("02:30", InGap.EARLIER, InFold.SECOND)]
        asked = product(policies, nights, SAMPLE)
        return [wall.on(night, key).isoformat() for wall, night, key in asked]


class TestValues:
    """A wall time is a value: a text, and what becomes of it when the clock jumps."""

    @given(times)
    def test_a_time_is_its_text(self, at):
        wall = WallTime(at)
        assert wall == WallTime(str(wall)) == WallTime(at.isoformat())
        assert time.fromisoformat(wall.at) == at
        assert len(wall.at) == (8 if at.second else 5)

    @pytest.mark.parametrize(
        "bad",
        [
            *("9:30", "24:00", "09:60", "09:30:60", "0930", "09:30:15.5", "09:30Z", " 09:30", ""),
            *("09:30\n", "\u0660\u0669:30", "09-30", "09:3", None, 930, datetime(2026, 1, 1, 9)),  # noqa: DTZ001
            *(time(9, 30, 0, 1), time(9, 30, tzinfo=UTC), b"09:30"),
        ],
    )
    def test_what_is_no_time_of_day(self, bad):
        with pytest.raises(InvalidValue, match="a wall time is written like '09:30'"):
            WallTime(bad)

    @pytest.mark.parametrize("terms", [{"gap": "later"}, {"fold": "first"}, {"gap": InFold.REFUSE}])
    def test_words_come_from_their_lists(self, terms):
        with pytest.raises(InvalidValue, match="gap is a member of InGap"):
            evolve(WallTime("09:30"), **terms)

    @pytest.mark.parametrize(
        "zone",
        [
            *("Mars/Olympus", "Europe", "", "../etc/localtime", "/etc/localtime", None, 1),
            *(UTC, timezone(timedelta(hours=1))),
        ],
    )
    def test_a_zone_is_known(self, zone):
        with pytest.raises(InvalidValue, match="named as in the IANA database"):
            WallTime("09:30").on(date(2026, 1, 1), zone)

    def test_a_day_is_a_plain_date(self):
        with pytest.raises(InvalidValue, match="the day of a wall time is a datetime"):
            WallTime("09:30").on(datetime(2026, 1, 1, tzinfo=UTC), "UTC")
