"""The clock of one case: working time that runs, pauses, and can be held against a target."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from attrs import field, frozen

from crmkit.business_time.calendar import BusinessCalendar
from crmkit.business_time.checks import all_of
from crmkit.business_time.zones import in_utc
from crmkit.errors import InvalidValue
from crmkit.period import check_instant

__all__ = ["CaseClock", "ClockTerms", "Pause"]

_FOREVER = datetime.max.replace(tzinfo=UTC)


@frozen
class Pause:
    """A time in which the clock of a case stands still, such as waiting for the customer.

    Without an ``end`` it is still going on.

    :raises NaiveDatetime: if an instant has no time zone.
    :raises InvalidValue: if it ends before it starts, or outside the years 2 to 9998.
    """

    start: datetime
    end: datetime | None = None

    def __attrs_post_init__(self) -> None:
        check_instant(self.start, "the start of a pause")
        started = in_utc(self.start)
        if self.end is not None:
            check_instant(self.end, "the end of a pause")
            if in_utc(self.end) < started:
                raise InvalidValue("a pause does not end before it starts")


@frozen(kw_only=True)
class ClockTerms:
    """Whose hours count from an instant on, and how much working time is allowed in all.

    :raises NaiveDatetime: if the instant has no time zone.
    :raises InvalidValue: if the calendar is none, the target is no duration above zero, or the
        instant lies outside the years 2 to 9998.
    """

    since: datetime
    calendar: BusinessCalendar
    target: timedelta

    def __attrs_post_init__(self) -> None:
        check_instant(self.since, "the start of the terms")
        in_utc(self.since)
        if not isinstance(self.calendar, BusinessCalendar):
            raise InvalidValue("the calendar of the terms is a BusinessCalendar")
        if not isinstance(self.target, timedelta) or self.target <= timedelta():
            raise InvalidValue("a target of working time is a timedelta above zero")


def _pauses(pauses: Iterable[Pause]) -> tuple[Pause, ...]:
    kept = all_of(Pause, pauses, "the pauses of a clock are a tuple of Pause")
    return tuple(sorted(kept, key=lambda pause: (in_utc(pause.start), pause.end is None)))


def _terms(terms: Iterable[ClockTerms]) -> tuple[ClockTerms, ...]:
    return all_of(ClockTerms, terms, "the terms of a clock are a tuple of ClockTerms")


@frozen(kw_only=True)
class CaseClock:
    """How much working time a case has taken, and by when it is due, as its history tells it.

    ``terms`` say by whose calendar and against which target it runs; further ones take over at
    their instant, and what was consumed until then is kept. ``pauses`` may overlap; only the last
    one may be open. ``stopped_at`` is when the case was answered: nothing counts after it, and a
    deadline missed by then stays missed. What lies ahead, such as an agreed standstill or terms
    from next month on, may be told in advance.

    :raises InvalidValue: if there are no terms, they do not ascend in time, a pause begins after
        one that never ended, or the clock stops before it starts.
    :raises NaiveDatetime: if an instant has no time zone.

    >>> from datetime import UTC
    >>> from crmkit.business_time.calendar import BusinessCalendar
    >>> office = BusinessCalendar.on_weekdays("09:00-18:00", zone="UTC")
    >>> received = datetime(2026, 5, 8, 15, 0, tzinfo=UTC)
    >>> terms = [ClockTerms(since=received, calendar=office, target=timedelta(hours=6))]
    >>> print(CaseClock(terms=terms).due(received))
    2026-05-11 12:00:00+00:00
    >>> asked = datetime(2026, 5, 8, 17, 0, tzinfo=UTC)
    >>> waiting = Pause(asked, datetime(2026, 5, 11, 10, 0, tzinfo=UTC))
    >>> print(CaseClock(terms=terms, pauses=[waiting]).due(received))
    2026-05-11 14:00:00+00:00
    """

    terms: tuple[ClockTerms, ...] = field(converter=_terms)
    pauses: tuple[Pause, ...] = field(default=(), converter=_pauses)
    stopped_at: datetime | None = None

    def __attrs_post_init__(self) -> None:
        if not self.terms:
            raise InvalidValue("a clock runs under terms: pass at least one ClockTerms")
        if any(in_utc(b.since) <= in_utc(a.since) for a, b in pairwise(self.terms)):
            raise InvalidValue("terms take over one after the other: each begins after the last")
        if any(pause.end is None for pause in self.pauses[:-1]):
            raise InvalidValue("only the last pause may be open: end it before the next begins")
        if self.stopped_at is not None:
            check_instant(self.stopped_at, "the instant at which a clock stops")
            if in_utc(self.stopped_at) < in_utc(self.started_at):
                raise InvalidValue("a clock does not stop before it starts")

    @property
    def started_at(self) -> datetime:
        """When the clock began to run."""
        return self.terms[0].since

    def terms_at(self, at: datetime) -> ClockTerms:
        """The terms in force at an instant; before the start, the first ones.

        :raises NaiveDatetime: if the instant has no time zone.
        """
        now = _instant(at)
        return next((t for t in reversed(self.terms) if in_utc(t.since) <= now), self.terms[0])

    def is_paused(self, at: datetime) -> bool:
        """Whether the clock stands still at an instant because of a pause.

        :raises NaiveDatetime: if the instant has no time zone.
        """
        now = _instant(at)
        return any(
            in_utc(pause.start) <= now and (pause.end is None or now < in_utc(pause.end))
            for pause in self.pauses
        )

    def consumed(self, at: datetime) -> timedelta:
        """The working time taken by an instant.

        :raises NaiveDatetime: if the instant has no time zone.
        """
        until = self._until(at)
        return sum(
            (
                terms.calendar.elapsed(low, high)
                for terms, start, end in self._stints(until)
                for low, high in self._running(start, end)
            ),
            timedelta(),
        )

    def due(self, at: datetime) -> datetime | None:
        """By when the target is used up, as things stand at an instant; in the zone of ``at``.

        It does not depend on when it is asked: pauses and terms that lie ahead are heeded. None
        while an open pause keeps the target from being used up, and once the clock has stopped
        within its target.

        :raises NaiveDatetime: if the instant has no time zone.
        :raises InvalidValue: if the calendar does not open often enough before the year 9999.
        """
        now = _instant(at)
        if self.stopped_at is not None and in_utc(self.stopped_at) <= now:
            return self.breached_at(at)
        used_up = self._used_up(_FOREVER)
        return None if used_up is None else used_up.astimezone(at.tzinfo)

    def breached_at(self, at: datetime) -> datetime | None:
        """When the target was used up, if that had happened before an instant; in its zone.

        At the very instant at which a case is due there is still time to answer it. An answer that
        comes later changes nothing, nor do other terms.

        :raises NaiveDatetime: if the instant has no time zone.
        """
        until = self._until(at)
        used_up = self._used_up(until)
        return None if used_up is None or used_up >= until else used_up.astimezone(at.tzinfo)

    def is_breached(self, at: datetime) -> bool:
        """Whether the target had been used up before an instant.

        :raises NaiveDatetime: if the instant has no time zone.
        """
        return self.breached_at(at) is not None

    def _until(self, at: datetime) -> datetime:
        """The instant itself, or when the clock stopped before it."""
        now = _instant(at)
        return now if self.stopped_at is None else min(now, in_utc(self.stopped_at))

    def _used_up(self, until: datetime) -> datetime | None:
        """When the target in force was first used up, by all that is known until an instant."""
        taken = timedelta()
        for terms, start, end in self._stints(until):
            if taken >= terms.target:
                return start  # A smaller target took over.
            for low, high in self._running(start, end):
                left = terms.target - taken
                if high == _FOREVER:
                    return terms.calendar.due(low, left)
                elapsed = terms.calendar.elapsed(low, high)
                # Used up just when other terms take over: theirs count.
                if elapsed >= left and (used_up := terms.calendar.due(low, left)) < end:
                    return used_up
                taken += elapsed
        return None

    def _stints(self, until: datetime) -> Iterator[tuple[ClockTerms, datetime, datetime]]:
        """From when to when which terms were in force, until an instant."""
        starts = [in_utc(terms.since) for terms in self.terms]
        for terms, start, end in zip(self.terms, starts, [*starts[1:], until], strict=True):
            yield terms, start, min(end, until)

    def _running(self, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
        """What is left of a span of time without the pauses."""
        for pause in self.pauses:
            until = min(in_utc(pause.start), end)
            if start < until:
                yield start, until
            start = max(start, _FOREVER if pause.end is None else in_utc(pause.end))
        if start < end:
            yield start, end


def _instant(at: datetime) -> datetime:
    check_instant(at, "the instant asked about")
    return in_utc(at)
