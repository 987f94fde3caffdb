"""Counting minute by minute gives the same, whatever the calendar and wherever clocks change.

A normal run takes ``CRMKIT_ORACLE_CALENDARS`` random calendars, 300 unless told; set it to 2400 for
a run that visits every time zone four times, in spring and in autumn.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo, available_timezones

import pytest

from tests.business_time.oracle import Minutes, clock_changes, rules

CALENDARS = int(os.environ.get("CRMKIT_ORACLE_CALENDARS", "300"))
BATCHES = 12
SPAN = 6 * 1440
QUESTIONS = 12
ZONES = sorted(available_timezones())


def zone_of(number: int) -> ZoneInfo:
    """Zone after zone, in an order in which neighbours are far apart."""
    return ZoneInfo(ZONES[number * 211 % len(ZONES)])


def window_start(random: Random, zone: ZoneInfo, number: int) -> datetime:
    """A minute up to four days before a change of the clock, or anywhere if there is none."""
    year = random.randint(1975, 2037)
    changes = clock_changes(zone, year)
    if changes:
        return changes[(number + number // len(ZONES)) % len(changes)] - timedelta(
            minutes=random.randrange(4 * 1440)
        )
    return datetime(year, 1, 1, tzinfo=UTC) + timedelta(minutes=random.randrange(500_000))


@pytest.mark.parametrize("batch", range(BATCHES))
def test_counting_every_minute_gives_the_same(batch):
    """Elapsed, due, openings and the trace of each day; the oracle asks for every wall time."""
    for number in range(batch, CALENDARS, BATCHES):
        random = Random(number)
        zone = zone_of(number)
        start = window_start(random, zone, number)
        made = rules(random, zone, start.astimezone(zone).date())
        calendar, minutes = made.calendar(), Minutes(made, start, SPAN)
        for _ in range(QUESTIONS):
            low, high = sorted(random.sample(range(SPAN), 2))
            case = (number, zone.key, minutes.at(low).isoformat(), minutes.at(high).isoformat())
            first, last = minutes.at(low), minutes.at(high)
            assert calendar.elapsed(first, last) == minutes.elapsed(low, high), case
            assert calendar.is_open(first) == minutes.open[low], case
            if minutes.left(low):
                assert calendar.next_opening(first) == minutes.next_opening(low), case
                budget = random.randint(1, minutes.left(low))
                due = calendar.due(first, timedelta(minutes=budget))
                assert due == minutes.due(low, budget), (*case, budget)
        trace = calendar.trace(first, last)
        assert {day.on: day.counted for day in trace.days} == minutes.by_date(low, high), case


def test_both_changes_of_the_clock_are_among_them():
    """The check itself can fail: where clocks change, most calendars are looked at as they do."""
    forward = back = 0
    for number in range(CALENDARS):
        zone = zone_of(number)
        start = window_start(Random(number), zone, number)
        before = start.astimezone(zone).utcoffset()
        after = (start + timedelta(minutes=SPAN)).astimezone(zone).utcoffset()
        assert before is not None
        assert after is not None
        forward, back = forward + (after > before), back + (after < before)
    assert forward > CALENDARS / 6
    assert back > CALENDARS / 6
