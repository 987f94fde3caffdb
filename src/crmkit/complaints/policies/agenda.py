"""How the obligations of one case stand at an instant, as far as its history was known by then."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from attrs import frozen

from crmkit.business_time import BusinessCalendar, Pause
from crmkit.complaints.facts.history import MERGED_MARK, RECEIVED_MARK, CaseHistory, Mark, Wait
from crmkit.complaints.policies.allowances import Allowance
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


@frozen
class ObligationClock:
    """One obligation held against what is known of a case, by the calendar it is counted by."""

    obligation: Obligation
    calendar: BusinessCalendar
    known: Known

    def states(self) -> Iterator[ObligationState]:
        """How each round of the obligation stands; one state if it has not begun."""
        return (each.state for each in self.rounds())

    def rounds(self) -> Iterator[Round]:
        """Each round of the obligation; one if it has not begun."""
        obligation = self.obligation
        place, within, number = self._first_place(), obligation.within, 1
        if place is None:
            yield Round(self._not_started(), within)
        while place is not None:
            state, settled = self._round(number, place, within)
            yield Round(state, within)
            if settled is None:
                return
            number += 1
            if self._goes_on(state):
                within = obligation.repeats_every or within
                place = _Place(settled, settled + 1, place.excused_from)
            else:
                within, place = obligation.within, self._place_anew(place, settled)

    def pauses(self, until: datetime) -> tuple[Pause, ...]:
        """The waits that stop the clock, as they were known at an instant."""
        stopping = self.obligation.suspended_by
        return tuple(
            Pause(wait.start, None if _is_after(wait.end, until) else wait.end)
            for wait in self.known.waits
            if wait.on in stopping and not _is_after(wait.start, until)
        )

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

    def _goes_on(self, state: ObligationState) -> bool:
        """Whether the next round begins as this one was met."""
        obligation = self.obligation
        repeats = obligation.repeats_every is not None and state.met_by is not None
        return repeats and state.met_by not in obligation.repeats_until

    # --- how a round stands ---

    def _not_started(self) -> ObligationState:
        return ObligationState(
            obligation=self.obligation.name,
            standing=Standing.NOT_STARTED,
            consequence=self.obligation.consequence,
        )

    def _round(
        self, number: int, place: _Place, within: Allowance
    ) -> tuple[ObligationState, int | None]:
        """How one round stands, and the place of the mark that met or excused it."""
        moments = self.known.moments
        began = max(moments[place.start].at, self.known.received_at)
        met, missing = self._met(place.met_from)
        excused = self._excuse(place.excused_from, began, within, met)
        settled = met if excused is None else excused
        answer = None if met is None or excused is not None else moments[met]
        decided_at = self.known.at if settled is None else moments[settled].at
        due = within.due(began, self.calendar, self.pauses(decided_at))
        state = ObligationState(
            obligation=self.obligation.name,
            round=number,
            standing=_standing(due, decided_at, answer is not None, excused is not None),
            started_at=self._local(began),
            due_at=due,
            met_at=None if answer is None else self._local(answer.at),
            met_by=None if answer is None else answer.mark.name,
            excused_at=None if excused is None else self._local(moments[excused].at),
            missing=() if settled is not None else missing,
            consequence=self.obligation.consequence,
        )
        return state, settled

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
                due = within.due(began, self.calendar, self.pauses(moment.at))
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
