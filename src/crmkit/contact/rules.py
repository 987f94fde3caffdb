"""What presses on a customer: too many contacts, too close together, or at night.

Each rule knows two things: what speaks for or against a contact at an instant, and the earliest
instant from there on to which it has no objection.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Protocol
from zoneinfo import ZoneInfo

from attrs import field, frozen

from crmkit.business_time import BusinessCalendar, Weekday
from crmkit.business_time.hours import DAY, Span, merged, parse_hours, without
from crmkit.business_time.zones import in_utc
from crmkit.contact.records import ContactFacts, DoNotContact, Scoped, as_words, covers
from crmkit.decision import Comparison, Evidence, at_most
from crmkit.errors import InvalidPolicy
from crmkit.period import Unit, add_units

__all__ = ["ContactCap", "ContactRule", "MinimumGap", "QuietHours", "Silence", "Stops"]

_WEEK = tuple(Weekday)
_LONGEST = 3_660


class ContactRule(Protocol):
    """What may stand against a contact."""

    def evidence(self, facts: ContactFacts, at: datetime, /) -> Evidence | None:
        """What speaks for or against the proposed contact at an instant; None: nothing to say."""
        ...

    def free_from(self, facts: ContactFacts, at: datetime, /) -> datetime | None:
        """The earliest instant from there on to which the rule has no objection; None: never."""
        ...


# --- not too many ---------------------------------------------------------------------------------


@frozen(kw_only=True)
class ContactCap:
    """At most so many contacts in so many days, or in a week or month of the calendar.

    ``days=7`` are any seven days in a row, whole days in the zone of the customer: with two
    allowed, no seven days ever hold a third. ``per=Unit.MONTH`` are the months of the calendar.
    ``channels`` and ``purposes`` say which contacts are counted and held; leaving them out means
    all of them.

    :raises InvalidPolicy: if it allows nothing, or has no span of days, or two.
    """

    most: int
    days: int | None = None
    per: Unit | None = None
    channels: tuple[str, ...] = field(default=(), converter=as_words)
    purposes: tuple[str, ...] = field(default=(), converter=as_words)

    def __attrs_post_init__(self) -> None:
        if type(self.most) is not int or self.most < 1:
            raise InvalidPolicy("a cap allows one contact or more: use DoNotContact for none")
        if (self.days is None) == (self.per is None):
            raise InvalidPolicy("a cap counts within days=7, or per=Unit.MONTH: pass one of them")
        if self.days is not None and not (type(self.days) is int and 1 <= self.days <= _LONGEST):
            raise InvalidPolicy(f"a cap counts within 1 to {_LONGEST} days")
        if self.per is not None and not isinstance(self.per, Unit):
            raise InvalidPolicy("a cap counts per member of Unit, such as Unit.MONTH")

    def evidence(self, facts: ContactFacts, at: datetime, /) -> Evidence | None:
        """How many contacts there would be, with this one, in the span that has most of them."""
        if not covers(self, facts.proposed):
            return None
        taken = self._days_taken(facts)
        there_would_be = 1 + self._most_beside(taken, _day_in(at, facts.zone))
        return at_most(f"{self._what()} in {self._span()}", there_would_be, self.most)

    def free_from(self, facts: ContactFacts, at: datetime, /) -> datetime | None:
        """The first instant at which one more contact keeps every span within the cap."""
        if not covers(self, facts.proposed):
            return at
        taken = self._days_taken(facts)
        today = _day_in(at, facts.zone)
        tried = self._days_to_try(taken, today)
        day = next(day for day in tried if self._most_beside(taken, day) < self.most)
        return at if day == today else _start_of(day, facts.zone)

    def _days_taken(self, facts: ContactFacts) -> list[int]:
        counted = (contact for contact in facts.contacts if covers(self, contact))
        return [_day_in(contact.at, facts.zone) for contact in counted]

    def _most_beside(self, taken: Sequence[int], day: int) -> int:
        """How many contacts lie in the fullest span that holds a day."""
        if self.per is not None:
            low, high = _unit_of(day, self.per)
            return bisect_left(taken, high) - bisect_left(taken, low)
        # The fullest span begins with a contact, or with the day itself.
        span = self.days or 0
        near = taken[bisect_left(taken, day - span + 1) : bisect_left(taken, day + span)]
        starts = {day, *(other for other in near if other < day)}
        return max(bisect_left(near, start + span) - bisect_left(near, start) for start in starts)

    def _days_to_try(self, taken: Sequence[int], first: int) -> Iterator[int]:
        """The days on which there can be fewer contacts than on the day before, and the first."""
        yield first
        if self.per is not None:
            ends = (_unit_of(max(day, first), self.per)[1] for day in taken)
        else:
            ends = (day + (self.days or 0) for day in taken)
        yield from sorted({end for end in ends if end > first})

    def _what(self) -> str:
        return " ".join(filter(None, ("contacts", _scope_text(self))))

    def _span(self) -> str:
        return f"a {self.per}" if self.per else "a day" if self.days == 1 else f"{self.days} days"


# --- not too close together -----------------------------------------------------------------------


@frozen(kw_only=True)
class MinimumGap:
    """At least so much time between two contacts, whichever of them comes first.

    :raises InvalidPolicy: if the gap is no time.
    """

    gap: timedelta
    channels: tuple[str, ...] = field(default=(), converter=as_words)
    purposes: tuple[str, ...] = field(default=(), converter=as_words)

    def __attrs_post_init__(self) -> None:
        if not isinstance(self.gap, timedelta) or not timedelta(0) < self.gap:
            raise InvalidPolicy("a gap is a timedelta above zero, such as timedelta(hours=48)")
        if self.gap > timedelta(days=_LONGEST):
            raise InvalidPolicy(f"a gap has at most {_LONGEST} days")

    def evidence(self, facts: ContactFacts, at: datetime, /) -> Evidence | None:
        """How far the nearest other contact is away."""
        if not covers(self, facts.proposed):
            return None
        moment = in_utc(at)
        nearest = min((abs(moment - other) for other in self._others(facts)), default=None)
        criterion = " ".join(filter(None, ("time between contacts", _scope_text(self))))
        met = nearest is None or nearest >= self.gap
        return Evidence(criterion, nearest, self.gap, met, Comparison.AT_LEAST)

    def free_from(self, facts: ContactFacts, at: datetime, /) -> datetime | None:
        """The first instant that is far enough from every other contact."""
        if not covers(self, facts.proposed):
            return at
        moment = begun = in_utc(at)
        for other in self._others(facts):
            if abs(moment - other) < self.gap:
                moment = other + self.gap
        return at if moment == begun else _in_zone(moment, facts.zone)

    def _others(self, facts: ContactFacts) -> list[datetime]:
        return [in_utc(contact.at) for contact in facts.contacts if covers(self, contact)]


# --- not by night ---------------------------------------------------------------------------------


def _windows(windows: str | Iterable[str]) -> tuple[str, ...]:
    found = (windows,) if isinstance(windows, str) else tuple(windows)
    for window in found:
        parse_hours(window)
    return found


def _days(days: Iterable[Weekday]) -> tuple[Weekday, ...]:
    try:
        wanted = {Weekday(day) for day in days}
    except ValueError:
        raise InvalidPolicy("quiet days are weekdays, such as (Weekday.SUNDAY,)") from None
    return tuple(day for day in _WEEK if day in wanted)


@frozen
class QuietHours:
    """When customers are left alone, by the clock on their own wall.

    ``windows`` such as ``"20:00-08:00"`` begin on each of ``days`` (every day, if left out) and may
    run into the next one; ``"00:00-24:00"`` is the whole day.

    :raises InvalidPolicy: if no window or no day is named.
    :raises InvalidValue: if a window cannot be read.
    """

    windows: tuple[str, ...] = field(converter=_windows)
    days: tuple[Weekday, ...] = field(default=_WEEK, converter=_days, kw_only=True)
    channels: tuple[str, ...] = field(default=(), converter=as_words, kw_only=True)
    purposes: tuple[str, ...] = field(default=(), converter=as_words, kw_only=True)

    def __attrs_post_init__(self) -> None:
        if not self.windows or not self.days:
            raise InvalidPolicy("quiet hours name a window and a day: leave the rule out for none")

    def spans(self) -> Iterator[Span]:
        """The quiet time of a week, in microseconds from Monday on; it may run into the next."""
        for window in self.windows:
            start, end = parse_hours(window)
            for day in self.days:
                yield start + _WEEK.index(day) * DAY, end + _WEEK.index(day) * DAY


@frozen
class Silence:
    """All quiet hours that concern a contact, taken together."""

    hours: tuple[QuietHours, ...]

    def evidence(self, facts: ContactFacts, at: datetime, /) -> Evidence | None:
        """Whether the clock of the customer shows a quiet hour."""
        concerned = self._concerned(facts)
        if not concerned:
            return None
        calendar = calls_allowed(concerned, facts.zone)
        local = in_utc(at).astimezone(ZoneInfo(facts.zone))
        met = calendar is not None and calendar.is_open(at)
        quiet = ", ".join(map(_quiet_text, concerned))
        return Evidence("time of the customer", f"{local:%a %H:%M}", quiet, met, Comparison.DIFFERS)

    def free_from(self, facts: ContactFacts, at: datetime, /) -> datetime | None:
        """The end of the quiet hours, if it is one."""
        concerned = self._concerned(facts)
        if not concerned:
            return at
        calendar = calls_allowed(concerned, facts.zone)
        if calendar is None:
            return None
        if calendar.is_open(at):
            return at
        return _in_zone(calendar.next_opening(at), facts.zone)

    def _concerned(self, facts: ContactFacts) -> tuple[QuietHours, ...]:
        return tuple(hours for hours in self.hours if covers(hours, facts.proposed))


@lru_cache(maxsize=1024)
def calls_allowed(hours: tuple[QuietHours, ...], zone: str) -> BusinessCalendar | None:
    """When customers of a zone are not left alone; None if they always are."""
    week = 7 * DAY
    quiet = [
        part
        for rule in hours
        for low, high in rule.spans()
        # What runs past Sunday is quiet on Monday morning.
        for part in ((low, min(high, week)), (0, high - week))
        if part[0] < part[1]
    ]
    free: dict[Weekday, list[str]] = {}
    for number, day in enumerate(_WEEK):
        whole = (number * DAY, (number + 1) * DAY)
        for low, high in without([whole], merged(quiet)):
            window = f"{_clock(low - whole[0])}-{_clock(high - whole[0])}"
            free.setdefault(day, []).append(window)
    return BusinessCalendar(zone=zone, hours=free) if free else None


def _clock(microseconds: int) -> str:
    minutes, seconds = divmod(microseconds // 1_000_000, 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"


# --- not against their will -----------------------------------------------------------------------


@frozen
class Stops:
    """What the customer has asked for; it holds for every policy."""

    def evidence(self, facts: ContactFacts, at: datetime, /) -> Evidence | None:
        """Whether the customer wants no such contact then."""
        stopped = any(stop.holds_at(at) for stop in self._concerned(facts))
        return Evidence("asked not to be contacted", stopped, False, not stopped, Comparison.EQUALS)

    def free_from(self, facts: ContactFacts, at: datetime, /) -> datetime | None:
        """When the last of these wishes ends."""
        moment = begun = in_utc(at)
        # In the order in which they end, one that begins later can hold at the end of another.
        for stop in sorted(self._concerned(facts), key=_begin):
            if stop.holds_at(moment):
                if stop.until is None:
                    return None
                moment = in_utc(stop.until)
        return at if moment == begun else _in_zone(moment, facts.zone)

    def _concerned(self, facts: ContactFacts) -> list[DoNotContact]:
        return [stop for stop in facts.do_not_contact if covers(stop, facts.proposed)]


# --- instants and days of the customer ------------------------------------------------------------


def _day_in(at: datetime, zone: str) -> int:
    """On which day of the customer an instant lies, as an ordinal."""
    return in_utc(at).astimezone(ZoneInfo(zone)).toordinal()


def _start_of(day: int, zone: str) -> datetime:
    """The first instant of a day of the customer; midnight, unless the clock jumps over it."""
    before = _round_the_clock(zone).end_of_day(date.fromordinal(day - 1))
    return _in_zone(before, zone)


@lru_cache(maxsize=1024)
def _round_the_clock(zone: str) -> BusinessCalendar:
    return BusinessCalendar.round_the_clock(zone)


def _in_zone(at: datetime, zone: str) -> datetime:
    return at.astimezone(ZoneInfo(zone))


def _first_of_unit(day: date, unit: Unit) -> date:
    match unit:
        case Unit.DAY:
            return day
        case Unit.WEEK:
            return day - timedelta(days=day.weekday())
        case Unit.MONTH:
            return day.replace(day=1)
        case Unit.QUARTER:
            return day.replace(month=day.month - (day.month - 1) % 3, day=1)
        case _:
            return day.replace(month=1, day=1)


def _unit_of(day: int, unit: Unit) -> tuple[int, int]:
    start = _first_of_unit(date.fromordinal(day), unit)
    return start.toordinal(), add_units(start, 1, unit).toordinal()


_ALWAYS = datetime(1, 1, 1, tzinfo=UTC)


def _begin(stop: DoNotContact) -> datetime:
    return _ALWAYS if stop.since is None else in_utc(stop.since)


def _scope_text(rule: Scoped) -> str:
    by = f"by {' or '.join(rule.channels)}" if rule.channels else ""
    about = f"for {' or '.join(rule.purposes)}" if rule.purposes else ""
    return " ".join(filter(None, (by, about)))


def _quiet_text(hours: QuietHours) -> str:
    windows = " and ".join(hours.windows)
    if hours.days == _WEEK:
        return windows
    return f"{windows} on {' and '.join(day.title() for day in hours.days)}"
