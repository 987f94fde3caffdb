"""The clock of one case: working time that runs, pauses, and can be held against a target."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise

from attrs import field, frozen

from crmkit.business_time.calendar import BusinessCalendar
from crmkit.errors import InvalidValue
from crmkit.period import check_instant

__all__ = ["CaseClock", "ClockTerms", "Pause"]


@frozen
class Pause:
    """A time in which the clock of a case stands still, such as waiting for the customer.

    Without an ``end`` it is still going on.

    :raises NaiveDatetime: if an instant has no time zone.
    :raises InvalidValue: if it ends before it starts.
    """

    start: datetime
    end: datetime | None = None

    def __attrs_post_init__(self) -> None:
        check_instant(self.start, "the start of a pause")
        if self.end is not None:
            check_instant(self.end, "the end of a pause")
            if self.end < self.start:
                raise InvalidValue("a pause ends after it starts")


@frozen(kw_only=True)
class ClockTerms:
    """Whose hours count from an instant on, and how much working time is allowed in all.

    :raises NaiveDatetime: if the instant has no time zone.
    :raises InvalidValue: if the target is no duration above zero.
    """

    since: datetime
    calendar: BusinessCalendar
    target: timedelta

    def __attrs_post_init__(self) -> None:
        check_instant(self.since, "the start of the terms")
        if not isinstance(self.target, timedelta) or self.target <= timedelta():
            raise InvalidValue("a target of working time is a timedelta above zero")


def _pauses(pauses: Iterable[Pause]) -> tuple[Pause, ...]:
    return tuple(sorted(pauses, key=lambda pause: pause.start))


def _terms(terms: Iterable[ClockTerms]) -> tuple[ClockTerms, ...]:
    return tuple(terms)


@frozen(kw_only=True)
class CaseClock:
    """How much working time a case has taken, and by when it is due, as its history tells it.

    ``terms`` say by whose calendar and against which target it runs; further ones take over at
    their instant, and what was consumed until then is kept. ``pauses`` may overlap; only the last
    one may be open. ``stopped_at`` is when the case was answered: nothing counts after it, and a
    deadline missed by then stays missed.

    :raises InvalidValue: if there are no terms, they do not ascend in time, or the clock stops
        before it starts.
    :raises NaiveDatetime: if an instant has no time zone.
    """

    terms: tuple[ClockTerms, ...] = field(converter=_terms)
    pauses: tuple[Pause, ...] = field(default=(), converter=_pauses)
    stopped_at: datetime | None = None

    def __attrs_post_init__(self) -> None:
        if not self.terms:
            raise InvalidValue("a clock runs under terms: pass at least one ClockTerms")
        if any(later.since <= earlier.since for earlier, later in pairwise(self.terms)):
            raise InvalidValue("terms take over one after the other: each begins after the last")
        if self.stopped_at is not None:
            check_instant(self.stopped_at, "the instant at which a clock stops")
            if self.stopped_at < self.started_at:
                raise InvalidValue("a clock stops after it starts")

    @property
    def started_at(self) -> datetime:
        """When the clock began to run."""
        return self.terms[0].since

    def terms_at(self, at: datetime) -> ClockTerms:
        """The terms in force at an instant; before the start, the first ones."""
        check_instant(at, "at")
        return next((t for t in reversed(self.terms) if t.since <= at), self.terms[0])

    def is_paused(self, at: datetime) -> bool:
        """Whether the clock stands still at an instant because of a pause."""
        check_instant(at, "at")
        return any(p.start <= at and (p.end is None or at < p.end) for p in self.pauses)

    def consumed(self, at: datetime) -> timedelta:
        """The working time taken by an instant.

        :raises NaiveDatetime: if the instant has no time zone.
        """
        check_instant(at, "at")
        return sum(
            (terms.calendar.elapsed(start, end) for terms, start, end in self._running(at)),
            timedelta(),
        )

    def due(self, at: datetime) -> datetime | None:
        """By when the target will be used up, as things stand at an instant.

        None while a pause is open, and after the clock has stopped within its target. Once the
        target is used up, the instant at which that happened, for good.

        :raises NaiveDatetime: if the instant has no time zone.
        """
        breached_at = self.breached_at(at)
        if breached_at is not None:
            return breached_at
        if self._is_stopped(at) or any(p.end is None and p.start <= at for p in self.pauses):
            return None
        terms = self.terms_at(at)
        left = terms.target - self.consumed(at)
        start = max(at, self.started_at)
        # Pauses already known to lie ahead (an agreed standstill) are gone around.
        for pause in self.pauses:
            if pause.end is not None and pause.end > start:
                before = terms.calendar.elapsed(start, max(start, pause.start))
                if before >= left:
                    break
                left -= before
                start = pause.end
        return terms.calendar.due(start, left)

    def breached_at(self, at: datetime) -> datetime | None:
        """When the target was used up, if that had happened by an instant.

        An answer that comes after it changes nothing.

        :raises NaiveDatetime: if the instant has no time zone.
        """
        check_instant(at, "at")
        taken = timedelta()
        for terms, start, end in self._running(at):
            left = terms.target - taken
            if left <= timedelta():
                return start
            elapsed = terms.calendar.elapsed(start, end)
            if elapsed >= left:
                due = terms.calendar.due(start, left)
                # Used up exactly when the answer came: in time.
                if due < end or not (self._is_stopped(at) and due == self.stopped_at):
                    return due
            taken += elapsed
        return None

    def is_breached(self, at: datetime) -> bool:
        """Whether the target had been used up by an instant.

        :raises NaiveDatetime: if the instant has no time zone.
        """
        return self.breached_at(at) is not None

    def _is_stopped(self, at: datetime) -> bool:
        return self.stopped_at is not None and self.stopped_at <= at

    def _running(self, at: datetime) -> Iterator[tuple[ClockTerms, datetime, datetime]]:
        """The spans of time in which the clock ran until an instant, under their terms."""
        until = at if self.stopped_at is None else min(at, self.stopped_at)
        ends = [*(terms.since for terms in self.terms[1:]), until]
        for terms, end in zip(self.terms, ends, strict=True):
            start, last = terms.since, min(end, until)
            for pause in self.pauses:
                if start < min(pause.start, last):
                    yield terms, start, min(pause.start, last)
                start = max(start, last if pause.end is None else pause.end)
            if start < last:
                yield terms, start, last
