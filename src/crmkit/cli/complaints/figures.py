"""What a file of complaints amounts to: deadlines, what was done, causes, hot spots."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime

from attrs import Factory, define, field, frozen

from crmkit.cli.complaints.cases import REFUSED_TOPIC, CaseFile
from crmkit.complaints.facts.case import summarize_case
from crmkit.complaints.facts.counts import Dimension
from crmkit.complaints.policies.control_limits import Correction
from crmkit.complaints.policies.hot_spots import HotSpotAlarm, HotSpots, Place, PlacesFacts
from crmkit.complaints.policies.obligations import ObligationState, Standing
from crmkit.complaints.policies.profiles import ObligationProfile
from crmkit.complaints.records.complaint import Complaint
from crmkit.complaints.records.events import Noted, StatusChanged
from crmkit.decision import Decision

__all__ = ["ALARM", "Figures", "Kept", "Notes", "Overdue", "add_up", "is_unknown"]

ALARM = HotSpotAlarm(
    false_alarm="0.05", correction=Correction.BONFERRONI, minimum_count=5, least_ratio="1.5"
)
"""When a place is a hot spot: 5 cases or more, half again as often as elsewhere, and a false alarm
for one of all places of a dimension in no more than one look in twenty."""

_TEXTS_COUNTED = 50
"""So many different texts of one topic are told apart; with more, they are no words of a list."""


@frozen(kw_only=True)
class Kept:
    """How many cases kept one deadline, and how many did not.

    ``undated`` are those met by something that the file does not date: in time for certain, if they
    count as such, and otherwise ``unknown``.
    """

    obligation: str
    standings: Mapping[Standing, int]
    undated: int
    unknown: int


@frozen(kw_only=True)
class Overdue:
    """A case with a deadline that has passed and is still to be met; the first, if it has more."""

    due_at: datetime
    case: str
    obligation: str
    status: str


@define
class Notes:
    """The notes of one topic: how many there are, and what they say where they say the same."""

    topic: str
    number: int = 0
    _texts: Counter[str] | None = Factory(Counter)

    def add(self, text: str) -> None:
        """Count one more."""
        self.number += 1
        if self._texts is not None:
            self._texts[text] += 1
            if len(self._texts) > _TEXTS_COUNTED:
                self._texts = None

    @property
    def words(self) -> Mapping[str, int] | None:
        """How often each text is among them; None unless they are the words of a list.

        What somebody wrote freely is of one case, and no figure of all of them.
        """
        if self._texts is None:
            return None
        is_list = self.topic == REFUSED_TOPIC or self.number >= 2 * len(self._texts)
        return _most_first(self._texts) if is_list else None


@frozen(kw_only=True)
class Figures:
    """What is shown of all cases together."""

    cases: int
    undated: int
    statuses: Mapping[str, int]
    open_cases: int
    actions: Mapping[str, int]
    """How often each action was taken."""
    notes: Mapping[str, Notes]
    deadlines: tuple[Kept, ...]
    late_cases: int
    overdue: tuple[Overdue, ...]
    counts: Mapping[str, Mapping[str, int]]
    """For each dimension the cases of each place, the most first; cases without one under none."""
    trouble: str
    troubled_cases: int
    troubled: Mapping[str, Mapping[str, int]]
    """For each dimension the troubled cases of each place."""
    hot_spots: Mapping[str, Decision[HotSpots]]


def add_up(
    file: CaseFile, profile: ObligationProfile | None, cases: Iterable[Complaint]
) -> Figures:
    """Add all cases up, one by one: none of them is kept in memory."""
    sums = _Sums(file, profile)
    for case in cases:
        sums.add(case)
    return sums.figures()


def is_unknown(state: ObligationState, undated: frozenset[datetime]) -> bool:
    """Whether nobody can say if a deadline was kept: it was met some time up to a later day."""
    return (
        state.standing is Standing.MET_LATE
        and state.met_at is not None
        and state.met_at.astimezone(UTC) in undated
    )


@define
class _Standings:
    counted: Counter[Standing] = Factory(Counter)
    undated: int = 0
    unknown: int = 0

    def add(self, state: ObligationState, undated: frozenset[datetime]) -> None:
        self.undated += state.met_at is not None and state.met_at.astimezone(UTC) in undated
        if is_unknown(state, undated):
            self.unknown += 1
        else:
            self.counted[state.standing] += 1


@define
class _Sums:
    file: CaseFile
    profile: ObligationProfile | None
    cases: int = 0
    undated: int = 0
    late_cases: int = 0
    troubled_cases: int = 0
    statuses: Counter[str] = Factory(Counter)
    actions: Counter[str] = Factory(Counter)
    notes: dict[str, Notes] = Factory(dict)
    standings: dict[str, _Standings] = Factory(dict)
    overdue: list[Overdue] = Factory(list)
    places: dict[str, Counter[str]] = Factory(dict)
    troubled: dict[str, Counter[str]] = Factory(dict)
    _dimensions: Mapping[str, Callable[[Complaint], str | None]] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._dimensions = _dimensions(self.file)
        self.places = {name: Counter() for name in self._dimensions}
        self.troubled = {name: Counter() for name in self._dimensions}

    def add(self, case: Complaint) -> None:
        """Add one case."""
        self.cases += 1
        self.statuses[case.status] += 1
        taken = self._add_trail(case)
        late = self._add_deadlines(case)
        self.late_cases += late
        trouble = self.file.rules.trouble
        hit = not taken.isdisjoint(trouble) if trouble else late
        self.troubled_cases += hit
        for name, place_of in self._dimensions.items():
            place = place_of(case)
            if place is not None:
                self.places[name][place] += 1
                self.troubled[name][place] += hit

    def _add_trail(self, case: Complaint) -> set[str]:
        """Count what was done; gives the actions."""
        taken = set()
        for entry in case.trail:
            self.undated += self.file.is_undated(entry)
            match entry.what:
                case StatusChanged(action):
                    self.actions[action] += 1
                    taken.add(action)
                case Noted(topic, text):
                    self.notes.setdefault(topic, Notes(topic)).add(_gist(topic, text or ""))
                case _:
                    pass
        return taken

    def _add_deadlines(self, case: Complaint) -> bool:
        """Count how the deadlines stand; says whether one was missed."""
        if self.profile is None:
            return False
        undated = self.file.undated_instants(case)
        late, passed = False, []
        history = summarize_case(case, self.file.rules.lifecycle)
        for state in self.profile.agenda(history, self.file.as_of):
            self.standings.setdefault(state.obligation, _Standings()).add(state, undated)
            late = late or (state.standing.is_breached and not is_unknown(state, undated))
            if state.standing is Standing.OVERDUE and state.due_at is not None:
                passed.append((state.due_at, state.obligation))
        if passed and case.merged_into is None:
            due_at, obligation = min(passed, key=lambda each: each[0].astimezone(UTC))
            self.overdue.append(
                Overdue(due_at=due_at, case=case.id, obligation=obligation, status=case.status)
            )
        return late

    def figures(self) -> Figures:
        """What all of it comes to."""
        rules = self.file.rules
        return Figures(
            cases=self.cases,
            undated=self.undated,
            statuses={
                status: self.statuses[status]
                for status in rules.lifecycle.statuses
                if self.statuses[status]
            },
            open_cases=sum(
                number
                for status, number in self.statuses.items()
                if not rules.lifecycle.is_final(status)
            ),
            actions=_most_first(self.actions),
            notes=dict(sorted(self.notes.items())),
            deadlines=tuple(
                Kept(obligation=name, standings=s.counted, undated=s.undated, unknown=s.unknown)
                for name, s in self.standings.items()
            ),
            late_cases=self.late_cases,
            overdue=tuple(
                sorted(self.overdue, key=lambda each: (each.due_at.astimezone(UTC), each.case))
            ),
            counts={name: _most_first(places) for name, places in self.places.items()},
            trouble=" or ".join(rules.trouble) or "deadline missed",
            troubled_cases=self.troubled_cases,
            troubled=self.troubled,
            hot_spots={name: ALARM(self._facts(name)) for name in self.places},
        )

    def _facts(self, dimension: str) -> PlacesFacts:
        places, hit = self.places[dimension], self.troubled[dimension]
        return PlacesFacts(
            as_of=self.file.as_of.date(),
            dimension=dimension,
            places=tuple(Place(name, hit[name], places[name]) for name in sorted(places)),
            of="cases",
            at_most_once=True,
        )


def _gist(topic: str, text: str) -> str:
    """What a note says; of a refused event, not what would have been allowed."""
    return text.partition(";")[0] if topic == REFUSED_TOPIC else text


def _most_first(counted: Counter[str]) -> Mapping[str, int]:
    """Numbers by name, the greatest first, and by name where they are the same."""
    return dict(sorted(counted.items(), key=lambda each: (-each[1], each[0])))


def _dimensions(file: CaseFile) -> Mapping[str, Callable[[Complaint], str | None]]:
    """By what cases are compared: what they are about, or for a log when they began."""
    if not file.is_log:
        return {
            Dimension.PRODUCT.value: lambda case: case.receipt.about.product,
            Dimension.UNIT.value: lambda case: case.receipt.about.unit,
            Dimension.REGION.value: lambda case: case.receipt.about.region,
            Dimension.CHANNEL.value: lambda case: case.receipt.channel,
            Dimension.CAUSE.value: lambda case: case.receipt.about.category,
        }
    zone = file.zone
    return {
        "month": lambda case: f"{case.received_at.astimezone(zone):%Y-%m}",
        "weekday": lambda case: _WEEKDAYS[case.received_at.astimezone(zone).weekday()],
        "first-action": lambda case: next(
            (each.action for each in case.events(StatusChanged)), None
        ),
    }


_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
