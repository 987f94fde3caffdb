"""How the obligations of one case stand at an instant, as far as its history was known by then."""

from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from attrs import frozen

from crmkit.business_time import BusinessCalendar, Pause
from crmkit.complaints.facts.history import RECEIVED_MARK, CaseHistory, Mark, Wait
from crmkit.complaints.policies.allowances import Allowance
from crmkit.complaints.policies.obligations import Excuse, Obligation, ObligationState, Standing
from crmkit.period import check_instant

__all__ = ["Known", "ObligationClock", "known_at"]


@frozen
class Known:
    """What was known of a case at an instant: nothing at all before its receipt."""

    at: datetime
    marks: tuple[Mark, ...]
    waits: tuple[Wait, ...]
    """A wait that went on at the instant has no end."""


def known_at(history: CaseHistory, at: datetime) -> Known:
    """The history without what came after an instant.

    :raises NaiveDatetime: if the instant has no time zone.
    """
    check_instant(at, "the instant asked about")
    if history.received_at.astimezone(UTC) > at.astimezone(UTC):
        return Known(at, (), ())
    marks = tuple(mark for mark in history.marks if not _is_after(mark.at, at))
    return Known(at, marks, _waits_at(history.waits, at))


def _waits_at(waits: tuple[Wait, ...], at: datetime) -> tuple[Wait, ...]:
    return tuple(
        Wait(wait.on, wait.start, None if _is_after(wait.end, at) else wait.end)
        for wait in waits
        if not _is_after(wait.start, at)
    )


@frozen
class ObligationClock:
    """One obligation held against what is known of a case, by the calendar it is counted by."""

    obligation: Obligation
    calendar: BusinessCalendar
    known: Known

    def states(self) -> Iterator[ObligationState]:
        """How each round of the obligation stands; one state if it has not begun."""
        place = self._start()
        if place is None:
            yield ObligationState(
                obligation=self.obligation.name,
                standing=Standing.NOT_STARTED,
                consequence=self.obligation.consequence,
            )
            return
        within, number = self.obligation.within, 1
        while place is not None:
            state, place = self._round(number, place, within)
            yield state
            within, number = self.obligation.repeats_every or within, number + 1

    def pauses(self, until: datetime) -> tuple[Pause, ...]:
        """The waits that stop the clock, as they were known at an instant."""
        return tuple(
            Pause(wait.start, wait.end)
            for wait in _waits_at(self.known.waits, until)
            if wait.on in self.obligation.suspended_by
        )

    def _start(self) -> int | None:
        """The place of the mark that starts it, among all marks."""
        places = (
            place
            for place, mark in enumerate(self.known.marks)
            if mark.name in self.obligation.starts_with
            and self._is_within(mark, self.obligation.starts_within)
        )
        return next(places, None)

    def _round(
        self, number: int, start: int, within: Allowance
    ) -> tuple[ObligationState, int | None]:
        """How one round stands, and the place of the mark that begins the next one."""
        obligation, began = self.obligation, self.known.marks[start]
        # Nothing is done about a complaint before it arrives: what seems so, another clock dated.
        early = obligation.early_counts or began.name == RECEIVED_MARK
        first = 0 if number == 1 and early else start + 1
        met, missing = self._met(first)
        answer = None if met is None else self.known.marks[met]
        excuse = self._excuse(began, within, answer)
        settled = excuse or answer
        decided_at = self.known.at if settled is None else settled.at
        due = within.due(began.at, self.calendar, self.pauses(decided_at))
        state = ObligationState(
            obligation=obligation.name,
            round=number,
            standing=_standing(due, decided_at, answer, excuse),
            started_at=self._local(began.at),
            due_at=due,
            met_at=None if answer is None or excuse else self._local(answer.at),
            met_by=None if answer is None or excuse else answer.name,
            excused_at=self._local(excuse.at) if excuse else None,
            missing=() if settled else missing,
            consequence=obligation.consequence,
        )
        if obligation.repeats_every is None or excuse or answer is None:
            return state, None
        return state, None if answer.name in obligation.repeats_until else met

    def _met(self, first: int) -> tuple[int | None, tuple[str, ...]]:
        """The place of the first mark that meets it, and what the last one lacked that did not."""
        missing: tuple[str, ...] = ()
        for place, mark in enumerate(self.known.marks):
            if place >= first and mark.name in self.obligation.met_by:
                missing = self.obligation.missing_in(mark)
                if not missing:
                    return place, ()
        return None, missing

    def _excuse(self, began: Mark, within: Allowance, answer: Mark | None) -> Mark | None:
        """The first mark that takes the round away before it was met or missed."""
        for mark in self.known.marks:
            if answer is not None and not _is_after(answer.at, mark.at):
                return None
            if any(self._excuses(mark, excuse) for excuse in self.obligation.excused_by):
                due = within.due(began.at, self.calendar, self.pauses(mark.at))
                return None if _is_after(mark.at, due) else mark
        return None

    def _excuses(self, mark: Mark, excuse: Excuse) -> bool:
        return mark.name in excuse.by and self._is_within(mark, excuse.within)

    def _is_within(self, mark: Mark, within: Allowance | None) -> bool:
        """Whether a mark came soon enough after the receipt."""
        if within is None:
            return True
        received = next(mark.at for mark in self.known.marks if mark.name == RECEIVED_MARK)
        limit = within.due(received, self.calendar, self.pauses(mark.at))
        return not _is_after(mark.at, limit)

    def _local(self, at: datetime) -> datetime:
        return at.astimezone(ZoneInfo(self.calendar.zone))


def _standing(
    due: datetime | None, decided_at: datetime, answer: Mark | None, excuse: Mark | None
) -> Standing:
    late = _is_after(decided_at, due)
    if excuse is not None:
        return Standing.EXCUSED
    if answer is not None:
        return Standing.MET_LATE if late else Standing.MET
    if due is None:
        return Standing.SUSPENDED
    return Standing.OVERDUE if late else Standing.PENDING


def _is_after(at: datetime | None, other: datetime | None) -> bool:
    """Whether one comes after the other; what has not come, or never will, is after everything."""
    return other is not None and (at is None or at.astimezone(UTC) > other.astimezone(UTC))
