"""Contact pressure the slow way: what a policy says, asked minute by minute of the wall clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from crmkit.business_time import Weekday
from crmkit.contact import Contact, ContactCap, ContactFacts, ContactPolicy, QuietHours
from crmkit.contact.records import Scoped
from crmkit.period import Unit

WEEK = list(Weekday)


def concerns(rule: Scoped, contact: Contact) -> bool:
    by_channel = contact.channel in rule.channels or rule.channels == ()
    by_purpose = contact.purpose in rule.purposes or rule.purposes == ()
    return by_channel and by_purpose


def local(at: datetime, zone: str) -> datetime:
    """What the clock of the customer shows, as a bare wall time."""
    return at.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def is_quiet(rule: QuietHours, wall: datetime) -> bool:
    minute = wall.hour * 60 + wall.minute
    for window in rule.windows:
        (from_hour, from_minute), (to_hour, to_minute) = (
            map(int, end.split(":")) for end in window.split("-")
        )
        start, end = from_hour * 60 + from_minute, to_hour * 60 + to_minute
        today, yesterday = WEEK[wall.weekday()], WEEK[wall.weekday() - 1]
        if start < end:
            if today in rule.days and start <= minute < end:
                return True
        elif (today in rule.days and minute >= start) or (yesterday in rule.days and minute < end):
            return True
    return False


def unit_key(wall: datetime, unit: Unit) -> object:
    return {
        Unit.DAY: wall.date(),
        Unit.WEEK: wall.isocalendar()[:2],
        Unit.MONTH: (wall.year, wall.month),
        Unit.QUARTER: (wall.year, (wall.month + 2) // 3),
        Unit.YEAR: wall.year,
    }[unit]


def breaks_cap(cap: ContactCap, days: list[datetime], wall: datetime) -> bool:
    together = [*days, wall]
    if cap.per is not None:
        key = unit_key(wall, cap.per)
        return sum(unit_key(day, cap.per) == key for day in together) > cap.most
    dates = [day.date() for day in together]
    length = cap.days or 0
    spans = (
        sum(0 <= (day - (wall.date() - timedelta(back))).days < length for day in dates)
        for back in range(length)
    )
    return any(held > cap.most for held in spans)


def allows(policy: ContactPolicy, facts: ContactFacts, at: datetime) -> bool:
    """Whether nothing stands against the proposed contact, were it at this instant."""
    wall, zone, proposed = local(at, facts.zone), facts.zone, facts.proposed
    for stop in facts.do_not_contact:
        begun = stop.since is None or at >= stop.since
        over = stop.until is not None and at >= stop.until
        if concerns(stop, proposed) and begun and not over:
            return False
    if any(concerns(rule, proposed) and is_quiet(rule, wall) for rule in policy.quiet_hours):
        return False
    if proposed.purpose in policy.exempt_purposes:
        return True
    for gap in policy.gaps:
        near = (one for one in facts.contacts if abs(one.at - at) < gap.gap)
        if concerns(gap, proposed) and any(concerns(gap, one) for one in near):
            return False
    for cap in policy.caps:
        days = [local(one.at, zone) for one in facts.contacts if concerns(cap, one)]
        if concerns(cap, proposed) and breaks_cap(cap, days, wall):
            return False
    return True


def first_allowed(
    policy: ContactPolicy, facts: ContactFacts, step: timedelta, limit: timedelta
) -> datetime | None:
    """The first instant that is allowed, looked for in steps; None if there is none soon."""
    begun = facts.proposed.at.astimezone(UTC)
    for number in count():
        at = begun + number * step
        if at - begun > limit:
            return None
        if allows(policy, facts, at):
            return at
    raise AssertionError
