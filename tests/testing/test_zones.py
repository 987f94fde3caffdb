"""The edges of summer time are all there: held against the raw data of the time zone database."""

from __future__ import annotations

import importlib.resources
import re
import struct
import zoneinfo
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given

from crmkit.testing.zones import ClockChange, clock_changes, dst_edges, edges_of

ZONES = sorted(zoneinfo.available_timezones())
FIRST = int(datetime(2020, 1, 1, tzinfo=UTC).timestamp())
END = int(datetime(2041, 1, 1, tzinfo=UTC).timestamp())


# --- another way to find the changes: the file of the zone, read as RFC 9636 describes it ---------


def bytes_of(zone: str) -> bytes:
    for root in zoneinfo.TZPATH:
        if (path := Path(root, zone)).is_file():
            return path.read_bytes()
    return importlib.resources.files("tzdata").joinpath("zoneinfo", zone).read_bytes()


def block(data: bytes, start: int, width: int) -> tuple[list[tuple[int, int]], int, int]:
    """Transitions with their offsets, the offset before all of them, and where the block ends."""
    isut, isstd, leaps, times, types, chars = struct.unpack_from(">6l", data, start + 20)
    at = start + 44
    instants = struct.unpack_from(f">{times}{'q' if width == 8 else 'l'}", data, at)
    at += times * width
    kinds = data[at : at + times]
    at += times
    offsets = [struct.unpack_from(">lBB", data, at + 6 * each)[0] for each in range(types)]
    at += 6 * types + chars + leaps * (width + 4) + isstd + isut
    return list(zip(instants, (offsets[kind] for kind in kinds), strict=True)), offsets[0], at


NUMBER = r"[-+]?\d+(?::\d+){0,2}"
NAME = r"(?:<[^>]+>|[A-Za-z]+)"
FOOTER = re.compile(
    rf"{NAME}({NUMBER})(?:{NAME}({NUMBER})?,M(\d+)\.(\d)\.(\d)(?:/({NUMBER}))?"
    rf",M(\d+)\.(\d)\.(\d)(?:/({NUMBER}))?)?"
)


def seconds(text: str | None, otherwise: int):
    if text is None:
        return otherwise
    sign = -1 if text.startswith("-") else 1
    parts = [int(part) for part in text.lstrip("+-").split(":")]
    return sign * sum(part * 60 ** (2 - place) for place, part in enumerate(parts))


def day_of(year: int, month: int, week: int, weekday: int) -> date:
    """The so manieth weekday of a month, Sunday being 0 and the fifth the last."""
    first = date(year, month, 1)
    days = [first + timedelta(days=count) for count in range(31)]
    found = [day for day in days if day.month == month and day.isoweekday() % 7 == weekday]
    return found[min(week, len(found)) - 1]


def by_footer(text: str, after: int) -> list[tuple[int, int]]:
    """What the rule at the end of a file says for the years after its table."""
    match = FOOTER.fullmatch(text)
    assert match, text
    standard, summer, *rules = match.groups()
    if rules[0] is None:
        return []
    winter = -seconds(standard, 0)
    offsets = (-seconds(summer, 0) if summer else winter + 3600, winter)
    found = []
    for year in range(2019, 2042):
        for rule, before, now in ((rules[:4], winter, offsets[0]), (rules[4:], offsets[0], winter)):
            month, week, weekday = (int(each) for each in rule[:3])
            day = day_of(year, month, week, weekday)
            midnight = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
            found.append((midnight + seconds(rule[3], 7200) - before, now))
    return sorted(each for each in found if each[0] > after)


def raw_changes(zone: str) -> list[tuple[int, int, int]]:
    """Instant, offset before and offset after of each change of the offset in the years asked."""
    data = bytes_of(zone)
    assert data[:4] == b"TZif"
    table, first, end = block(data, 0, 4)
    footer = ""
    if data[4:5] >= b"2":
        table, first, end = block(data, end, 8)
        footer = data[end:].strip(b"\n").decode()
    if footer:
        table += by_footer(footer, table[-1][0] if table else -(2**60))
    rows = [(-(2**62), first), *table]
    return [
        (at, before, after)
        for (_, before), (at, after) in pairwise(rows)
        if before != after and FIRST < at < END
    ]


def found_changes(zone: str) -> list[tuple[int, int, int]]:
    return [
        (
            int(change.at.timestamp()),
            int(change.before.total_seconds()),
            int(change.after.total_seconds()),
        )
        for change in clock_changes(zone)
    ]


# --- the tests ------------------------------------------------------------------------------------


class TestEveryZone:
    """No change of the clock from 2020 to 2040 is missed, in no zone of the database."""

    def test_the_changes_are_those_of_the_raw_data(self):
        assert len(ZONES) > 400
        different = [zone for zone in ZONES if found_changes(zone) != raw_changes(zone)]
        assert different == []
        assert sum(len(clock_changes(zone)) for zone in ZONES) > 5_000

    def test_summer_time_begins_and_ends_once_a_year(self):
        assert len(clock_changes("Europe/Berlin")) == 42
        assert clock_changes("Asia/Kathmandu") == ()

    @pytest.mark.parametrize("zone", ["Africa/Casablanca", "Australia/Lord_Howe", "Europe/Dublin"])
    def test_odd_ones_are_there(self, zone):
        """Ramadan, half an hour, and a winter that is the exception."""
        assert len(clock_changes(zone)) > 40

    @pytest.mark.parametrize("change", [clock_changes("Europe/Berlin")[at] for at in (0, 1)])
    def test_edges_lie_around_the_change(self, change: ClockChange):
        before, at, after, first, second = edges_of(change)
        # Across zones a time that the clock strikes twice equals nothing: so all of it in UTC.
        instants = [edge.astimezone(UTC) - change.at for edge in (before, at, after)]
        assert instants == [timedelta(seconds=count) for count in (-1, 0, 1)]
        assert (first.fold, second.fold) == (0, 1)
        assert first.replace(fold=0, tzinfo=None) == second.replace(fold=0, tzinfo=None)
        assert {first.utcoffset(), second.utcoffset()} == {change.before, change.after}


@given(dst_edges())
def test_edges_are_aware_and_next_to_a_change(edge):
    assert edge.tzinfo is not None
    nearest = min(
        abs(edge.astimezone(UTC) - change.at) for change in clock_changes(str(edge.tzinfo))
    )
    assert nearest <= timedelta(days=1)


@given(dst_edges("Pacific/Apia"))
def test_one_zone_may_be_asked_for(edge):
    assert str(edge.tzinfo) == "Pacific/Apia"
