"""How the obligations of one case stand at an instant, as far as its history was known by then."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from attrs import frozen

from crmkit.business_time import BusinessCalendar, CaseClock, ClockTerms, Pause
from crmkit.complaints.facts.history import MERGED_MARK, RECEIVED_MARK, CaseHistory, Mark, Wait
from crmkit.complaints.policies.allowances import Allowance, WorkingHours, merged
from crmkit.complaints.policies.obligations import Excuse, Obligation, ObligationState, Standing
from crmkit.period import check_instant

__all__ = ["Known", "Moment", "ObligationClock", "Round", "known_at"]


class Moment(NamedTuple):
    """A mark, and when it was set in UTC: so compared, two instants are compared as time runs."""

    at: datetime
    mark: Mark


@frozen
class Known:
    """What was known of a case at an instant: nothing at all before its receipt."""

    at: datetime
    received_at: datetime
    moments: tuple[Moment, ...]
    waits: tuple[Wait, ...]


def known_at(history: CaseHistory, at: datetime) -> Known:
    """The history without what came after an instant; instants are in UTC.

    :raises NaiveDatetime: if the instant has no time zone.
    """
    check_instant(at, "the instant asked about")
    asked, received = at.astimezone(UTC), history.received_at.astimezone(UTC)
    if received > asked:
        return Known(asked, received, (), ())
    # Marks are in order of time.
    moments = []
    for mark in history.marks:
        moment = mark.at.astimezone(UTC)
        if moment > asked:
            break
        moments.append(Moment(moment, mark))
    return Known(asked, received, tuple(moments), history.waits)


class Round(NamedTuple):
    """One round of an obligation: how it stands, and how much time it leaves."""

    state: ObligationState
    within: Allowance


class _Place(NamedTuple):
    """Where a round begins among the moments, and from where on others count for it."""

    start: int
    met_from: int
    excused_from: int


class _Run(NamedTuple):
    """What happened in one round: from where to where, before anybody asks whether it was late."""

    number: int
    within: Allowance
    began: datetime
    met: int | None
    excused: int | None
    missing: tuple[str, ...]
    """What the last answer lacked, as long as none counts."""

    @property
    def settled(self) -> int | None:
        """The place of the mark that met or excused it."""
        return self.met if self.excused is None else self.excused


@frozen
class ObligationClock:
    """One obligation held against what is known of a case, by the calendar it is counted by.

    ``former`` are the calendars of its former terms, one each.
    """

    obligation: Obligation
    calendar: BusinessCalendar
    known: Known
    former: tuple[BusinessCalendar, ...] = ()

    def states(self) -> Iterator[ObligationState]:
        """How each round of the obligation stands; one state if it has not begun."""
        return (each.state for each in self.rounds())

    def rounds(self) -> Iterator[Round]:
        """Each round of the obligation; one if it has not begun."""
        runs = tuple(self._runs())
        if not runs:
            yield Round(self._not_started(), self.obligation.within)
        for run in runs:
            yield Round(self._state(run), run.within)

    def open_state(self) -> ObligationState | None:
        """How the round stands that has not been met or excused; None without.

        It costs less than all rounds: when those that are over were due, nobody asks here.
        """
        runs = tuple(self._runs())
        return self._state(runs[-1]) if runs and runs[-1].settled is None else None

    def pauses(self, until: datetime) -> tuple[Pause, ...]:
        """The waits that stop the clock, as they were known at an instant."""
        stopping = self.obligation.suspended_by
        return tuple(
            Pause(wait.start, None if _is_after(wait.end, until) else wait.end)
            for wait in self.known.waits
            if wait.on in stopping and not _is_after(wait.start, until)
        )

    def terms(self, began: datetime, within: WorkingHours) -> Iterator[ClockTerms]:
        """Under which terms working time was counted from an instant on, one after the other."""
        since = began
        for former, calendar in zip(self.obligation.former, self.former, strict=True):
            until = former.until.astimezone(UTC)
            if since < until:
                yield ClockTerms(since=since, calendar=calendar, target=former.within.time)
                since = until
        yield ClockTerms(since=since, calendar=self.calendar, target=within.time)

    def _due(self, began: datetime, within: Allowance, known_at: datetime) -> datetime | None:
        """By when a round is due, by the waits that were known at an instant."""
        pauses = self.pauses(known_at)
        if not self.former or not isinstance(within, WorkingHours):
            return within.due(began, self.calendar, pauses)
        clock = CaseClock(terms=self.terms(began, within), pauses=merged(pauses))
        used_up = clock.due(began)
        return None if used_up is None else self._local(used_up)

    # --- what happened in each round ---

    def _runs(self) -> Iterator[_Run]:
        obligation = self.obligation
        place, within, number = self._first_place(), obligation.within, 1
        while place is not None:
            run = self._run(number, place, within)
            yield run
            if run.settled is None:
                return
            number += 1
            if self._goes_on(run):
                within = obligation.repeats_every or within
                place = _Place(run.settled, run.settled + 1, place.excused_from)
            else:
                within, place = obligation.within, self._place_anew(place, run.settled)

    def _run(self, number: int, place: _Place, within: Allowance) -> _Run:
        began = max(self.known.moments[place.start].at, self.known.received_at)
        met, missing = self._met(place.met_from)
        excused = self._excuse(place.excused_from, began, within, met)
        return _Run(number, within, began, met, excused, missing)

    def _goes_on(self, run: _Run) -> bool:
        """Whether the next round begins as this one was met."""
        if self.obligation.repeats_every is None or run.met is None or run.excused is not None:
            return False
        return self.known.moments[run.met].mark.name not in self.obligation.repeats_until

    # --- where rounds begin ---

    def _first_place(self) -> _Place | None:
        obligation = self.obligation
        start = next(
            (
                place
                for place, moment in enumerate(self.known.moments)
                if moment.mark.name in obligation.starts_with
                and self._is_within(moment, obligation.starts_within)
            ),
            None,
        )
        if start is None:
            return None
        since = self._taken_up_before(start)
        name = self.known.moments[start].mark.name
        # Nothing is done about a complaint before it arrives: what seems so, another clock dated.
        early = obligation.early_counts or name == RECEIVED_MARK
        return _Place(start, since if early else start + 1, since)

    def _taken_up_before(self, start: int) -> int:
        """The place from which on the case has not been taken up again until a round begins."""
        before = range(start - 1, -1, -1)
        return next((place for place in before if self._is_taken_up(place)), 0)

    def _place_anew(self, last: _Place, settled: int) -> _Place | None:
        """Where the case is taken up again, after a round was settled."""
        after = range(max(last.start, settled) + 1, len(self.known.moments))
        start = next((place for place in after if self._is_taken_up(place)), None)
        if start is None:
            return None
        early = self.obligation.early_counts
        return _Place(start, settled + 1 if early else start + 1, start)

    def _is_taken_up(self, place: int) -> bool:
        return self.known.moments[place].mark.name in self.obligation.anew_with

    # --- how a round stands ---

    def _not_started(self) -> ObligationState:
        return ObligationState(
            obligation=self.obligation.name,
            standing=Standing.NOT_STARTED,
            consequence=self.obligation.consequence,
        )

    def _state(self, run: _Run) -> ObligationState:
        moments, settled = self.known.moments, run.settled
        answer = None if run.met is None or run.excused is not None else moments[run.met]
        decided_at = self.known.at if settled is None else moments[settled].at
        due = self._due(run.began, run.within, decided_at)
        return ObligationState(
            obligation=self.obligation.name,
            round=run.number,
            standing=_standing(due, decided_at, answer is not None, run.excused is not None),
            started_at=self._local(run.began),
            due_at=due,
            met_at=None if answer is None else self._local(answer.at),
            met_by=None if answer is None else answer.mark.name,
            excused_at=None if run.excused is None else self._local(moments[run.excused].at),
            missing=() if settled is not None else run.missing,
            consequence=self.obligation.consequence,
        )

    def _met(self, first: int) -> tuple[int | None, tuple[str, ...]]:
        """The place of the first mark that meets it, and what the last one lacked that did not."""
        missing: tuple[str, ...] = ()
        for place in range(first, len(self.known.moments)):
            mark = self.known.moments[place].mark
            if mark.name in self.obligation.met_by:
                missing = self.obligation.missing_in(mark)
                if not missing:
                    return place, ()
        return None, missing

    def _excuse(
        self, first: int, began: datetime, within: Allowance, met: int | None
    ) -> int | None:
        """The place of the first mark that takes a round away before it was met or missed."""
        moments = self.known.moments
        for place in range(first, len(moments)):
            moment = moments[place]
            if met is not None and moments[met].at <= moment.at:
                return None
            if self._is_excuse(moment):
                due = self._due(began, within, moment.at)
                return None if _is_after(moment.at, due) else place
        return None

    def _is_excuse(self, moment: Moment) -> bool:
        """Whether a mark is an excuse; what is merged into another goes on in that one."""
        return moment.mark.name == MERGED_MARK or any(
            self._excuses(moment, excuse) for excuse in self.obligation.excused_by
        )

    def _excuses(self, moment: Moment, excuse: Excuse) -> bool:
        return moment.mark.name in excuse.by and self._is_within(moment, excuse.within)

    def _is_within(self, moment: Moment, within: Allowance | None) -> bool:
        """Whether a mark came soon enough after the receipt."""
        if within is None:
            return True
        limit = within.due(self.known.received_at, self.calendar, self.pauses(moment.at))
        return not _is_after(moment.at, limit)

    def _local(self, at: datetime) -> datetime:
        return at.astimezone(ZoneInfo(self.calendar.zone))


def _standing(
    due: datetime | None, decided_at: datetime, is_met: bool, is_excused: bool
) -> Standing:
    late = _is_after(decided_at, due)
    if is_excused:
        return Standing.EXCUSED
    if is_met:
        return Standing.MET_LATE if late else Standing.MET
    if due is None:
        return Standing.SUSPENDED
    return Standing.OVERDUE if late else Standing.PENDING


def _is_after(at: datetime | None, other: datetime | None) -> bool:
    """Whether one comes after the other; what has not come, or never will, is after everything."""
    return other is not None and (at is None or at.astimezone(UTC) > other.astimezone(UTC))
