"""The obligations that come with a complaint, held together as one policy: a profile.

A profile is data, but for the calendars: whose hours and whose holidays count is the host's to say.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Self
from zoneinfo import ZoneInfo

from attrs import evolve, field, frozen

from crmkit.business_time import BusinessCalendar
from crmkit.complaints.facts.history import CaseHistory, Mark
from crmkit.complaints.policies.agenda import Known, ObligationClock, known_at
from crmkit.complaints.policies.deadline_trace import DeadlineTrace, trace_of
from crmkit.complaints.policies.obligations import Obligation, ObligationState, Standing, Window
from crmkit.decision import Comparison, Decision, Evidence, noted
from crmkit.errors import InvalidPolicy, InvalidValue
from crmkit.identifiers import check_identifier
from crmkit.period import check_date

__all__ = ["ObligationProfile", "OpenWindow", "Punctuality"]


class Punctuality(StrEnum):
    """Whether a case has kept its deadlines."""

    IN_TIME = "in-time"
    BREACHED = "breached"
    """At least one deadline was missed, be it made up for or not."""


@frozen(kw_only=True)
class OpenWindow:
    """A span of time of one case that has begun: from when to when, and whether it is over."""

    window: str
    opened_at: datetime
    closes_at: datetime
    is_over: bool


def _obligations(obligations: Iterable[Obligation]) -> tuple[Obligation, ...]:
    return tuple(obligations)


def _windows(windows: Iterable[Window]) -> tuple[Window, ...]:
    return tuple(windows)


def _calendars(calendars: Mapping[str, BusinessCalendar]) -> Mapping[str, BusinessCalendar]:
    return MappingProxyType(dict(calendars))


@frozen(kw_only=True)
class ObligationProfile:
    """What has to be done about a complaint, by when, under which rules, and how long it is kept.

    The obligations name the calendars that they are counted by; ``with_calendars`` binds them. Two
    can run on one case: the hours of a support desk, and the business days of a jurisdiction. What
    is due is a pure function of the profile, the history and the instant asked about; of the
    history, only what had happened by then is seen.

    ``windows`` are spans that nobody has to meet, such as the months in which a complainant may
    turn to an ombudsman; ``retention`` is how long the record has to be kept. A message that lacks
    what an obligation asks of its kind opens no window.

    :raises InvalidPolicy: if there is no obligation, two have one name, or a calendar is bound that
        nothing is counted by or that has no weekly hours.

    >>> from datetime import timedelta
    >>> from crmkit.complaints.facts.history import Mark
    >>> from crmkit.complaints.policies.allowances import BusinessDays
    >>> from crmkit.identifiers import ComplaintId
    >>> profile = ObligationProfile(
    ...     name="house-rules",
    ...     obligations=[
    ...         Obligation(
    ...             name="answer", met_by=("respond",), within=BusinessDays(2), calendar="office"
    ...         )
    ...     ],
    ... ).with_calendars(office=BusinessCalendar.on_weekdays("09:00-18:00", zone="UTC"))
    >>> friday = datetime(2026, 5, 8, 15, 0, tzinfo=UTC)
    >>> history = CaseHistory(complaint=ComplaintId("K-1"), marks=(Mark("receive", friday),))
    >>> (state,) = profile.agenda(history, friday + timedelta(days=5))
    >>> print(state.standing, state.due_at)
    overdue 2026-05-13 00:00:00+00:00
    """

    name: str
    jurisdiction: str = ""
    obligations: tuple[Obligation, ...] = field(converter=_obligations)
    windows: tuple[Window, ...] = field(default=(), converter=_windows)
    retention: Window | None = None
    calendars: Mapping[str, BusinessCalendar] = field(
        factory=dict, converter=_calendars, hash=False
    )
    source: str = ""
    source_date: date | None = None
    """The day whose text of the rules the profile follows."""

    def __attrs_post_init__(self) -> None:
        check_identifier(self.name, "the name of a profile")
        if self.source_date is not None:
            check_date(self.source_date, "the date of a source")
        if not self.obligations:
            raise InvalidPolicy("a profile without an obligation asks for nothing: add one")
        names = Counter(item.name for item in self._counted)
        if twice := sorted(name for name, count in names.items() if count > 1):
            raise InvalidPolicy(f"each name stands once in a profile; twice: {', '.join(twice)}")
        if unused := sorted(self.calendars.keys() - self.calendar_names):
            raise InvalidPolicy(
                f"nothing is counted by {', '.join(unused)}; the calendars of {self.name} are "
                f"{', '.join(sorted(self.calendar_names))}"
            )
        if bare := sorted(name for name, each in self.calendars.items() if not each.hours):
            raise InvalidPolicy(
                f"the calendar {', '.join(bare)} has no weekly hours: what is counted by it would "
                f"never be due after its last opening"
            )

    @property
    def _counted(self) -> tuple[Obligation | Window, ...]:
        """All that is counted by a calendar."""
        kept = () if self.retention is None else (self.retention,)
        return (*self.obligations, *self.windows, *kept)

    @property
    def calendar_names(self) -> frozenset[str]:
        """The names of the calendars that something is counted by."""
        others = (*self.windows, *(() if self.retention is None else (self.retention,)))
        names = (name for obligation in self.obligations for name in obligation.calendar_names)
        return frozenset({*names, *(window.calendar for window in others)})

    @property
    def missing_calendars(self) -> tuple[str, ...]:
        """The names of those that have not been bound yet."""
        return tuple(sorted(self.calendar_names - self.calendars.keys()))

    def with_calendars(self, **calendars: BusinessCalendar) -> Self:
        """The same profile, counted by these calendars; those bound before are kept.

        :raises InvalidPolicy: if nothing is counted by one of these names.
        """
        return evolve(self, calendars={**self.calendars, **calendars})

    # --- what is due ---

    def agenda(self, history: CaseHistory, at: datetime) -> tuple[ObligationState, ...]:
        """How every obligation stands at an instant, each round of those that repeat.

        :raises InvalidPolicy: if a calendar has not been bound; it is named.
        :raises NaiveDatetime: if the instant has no time zone.
        """
        known = known_at(history, at)
        return tuple(
            state
            for obligation in self.obligations
            for state in self._clock(obligation, known).states()
        )

    def next_due(self, history: CaseHistory, at: datetime) -> ObligationState | None:
        """The earliest deadline that is still open, be it missed already or ahead; None without.

        :raises InvalidPolicy: if a calendar has not been bound.
        :raises NaiveDatetime: if the instant has no time zone.
        """
        ahead = self.open_deadlines(history, at)
        return ahead[0] if ahead else None

    def open_deadlines(self, history: CaseHistory, at: datetime) -> tuple[ObligationState, ...]:
        """All deadlines that are still open, the earliest first; what is suspended has none.

        :raises InvalidPolicy: if a calendar has not been bound.
        :raises NaiveDatetime: if the instant has no time zone.
        """
        known = known_at(history, at)
        clocks = (self._clock(each, known) for each in self.obligations)
        found = [
            (state.due_at.astimezone(UTC), place, state)
            for place, clock in enumerate(clocks)
            if (state := clock.open_state()) is not None and state.due_at is not None
        ]
        return tuple(state for _, _, state in sorted(found, key=lambda item: item[:2]))

    def __call__(self, history: CaseHistory, /, *, at: datetime) -> Decision[Punctuality]:
        """Whether the case has kept its deadlines so far, with one piece of evidence for each.

        :raises InvalidPolicy: if a calendar has not been bound.
        :raises NaiveDatetime: if the instant has no time zone.
        """
        evidence = tuple(
            item for state in self.agenda(history, at) for item in _evidence(state, at)
        )
        breached = any(item.met is False for item in evidence)
        outcome = Punctuality.BREACHED if breached else Punctuality.IN_TIME
        return Decision(outcome, self.name, at, evidence, subject=history.complaint)

    def trace(self, history: CaseHistory, name: str, at: datetime) -> DeadlineTrace:
        """How the deadline of one obligation was counted, day by day; of its last round.

        :raises InvalidValue: if the profile has no obligation of that name.
        :raises InvalidPolicy: if its calendar has not been bound.
        :raises NaiveDatetime: if the instant has no time zone.
        """
        for obligation in self.obligations:
            if obligation.name == name:
                return trace_of(self._clock(obligation, known_at(history, at)))
        known_names = ", ".join(obligation.name for obligation in self.obligations)
        raise InvalidValue(f"{self.name} has no such obligation; it has {known_names}")

    # --- spans that nobody has to meet ---

    def open_windows(self, history: CaseHistory, at: datetime) -> tuple[OpenWindow, ...]:
        """The windows that have opened by an instant, and until when they are.

        :raises InvalidPolicy: if a calendar has not been bound.
        :raises NaiveDatetime: if the instant has no time zone.
        """
        return tuple(self._opened(self.windows, history, at))

    def kept_until(self, history: CaseHistory) -> datetime | None:
        """Until when the record has to be kept; None if the profile does not say, or not yet.

        :raises InvalidPolicy: if the calendar has not been bound.
        """
        if self.retention is None:
            return None
        last = history.marks[-1].at
        return next((w.closes_at for w in self._opened((self.retention,), history, last)), None)

    def _opened(
        self, windows: tuple[Window, ...], history: CaseHistory, at: datetime
    ) -> Iterator[OpenWindow]:
        known = known_at(history, at)
        for window in windows:
            calendar = self._calendar(window)
            opened = next((m.at for m in known.moments if self._opens(window, m.mark)), None)
            closes_at = None if opened is None else window.within.due(opened, calendar)
            if opened is not None and closes_at is not None:
                yield OpenWindow(
                    window=window.name,
                    opened_at=opened.astimezone(ZoneInfo(calendar.zone)),
                    closes_at=closes_at,
                    is_over=known.at > closes_at.astimezone(UTC),
                )

    def _opens(self, window: Window, mark: Mark) -> bool:
        """Whether a mark opens a window: one that lacks what an obligation asks for does not."""
        return mark.name in window.starts_with and not any(
            obligation.missing_in(mark) for obligation in self.obligations
        )

    def _clock(self, obligation: Obligation, known: Known) -> ObligationClock:
        former = tuple(self._bound(terms.calendar, obligation.name) for terms in obligation.former)
        return ObligationClock(obligation, self._calendar(obligation), known, former)

    def _calendar(self, item: Obligation | Window) -> BusinessCalendar:
        return self._bound(item.calendar, item.name)

    def _bound(self, calendar: str, counted: str) -> BusinessCalendar:
        if calendar not in self.calendars:
            raise InvalidPolicy(
                f"{counted} is counted by the calendar {calendar}, which is not bound: use "
                f"with_calendars({', '.join(f'{name}=...' for name in self.missing_calendars)})"
            )
        return self.calendars[calendar]


def _evidence(state: ObligationState, at: datetime) -> Iterator[Evidence]:
    """One piece for each deadline that has begun, and one for what the last answer lacked."""
    name = state.obligation if state.round == 1 else f"{state.obligation} {state.round}"
    if state.due_at is None or state.standing is Standing.EXCUSED:
        yield noted(name, state.standing)
    else:
        yield Evidence(
            name,
            state.met_at or at.astimezone(state.due_at.tzinfo),
            state.due_at,
            None if state.standing is Standing.PENDING else not state.standing.is_breached,
            Comparison.AT_MOST,
        )
    if state.missing:
        yield noted(f"{name}, missing", ", ".join(state.missing))
