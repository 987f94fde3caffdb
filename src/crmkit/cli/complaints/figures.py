"""What a file of complaints amounts to: deadlines, causes, hot spots."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from zoneinfo import ZoneInfo

from attrs import frozen

from crmkit.cli.complaints.cases import CaseFile
from crmkit.complaints.facts.case import summarize_case
from crmkit.complaints.facts.counts import Dimension
from crmkit.complaints.kept import AgendaEntry
from crmkit.complaints.policies.control_limits import Correction
from crmkit.complaints.policies.hot_spots import HotSpotAlarm, HotSpots, Place, PlacesFacts
from crmkit.complaints.policies.obligations import Standing
from crmkit.complaints.policies.profiles import ObligationProfile
from crmkit.complaints.records.complaint import Complaint
from crmkit.complaints.records.events import StatusChanged
from crmkit.decision import Decision

__all__ = ["ALARM", "Figures", "Kept", "figures_of"]

ALARM = HotSpotAlarm(
    false_alarm="0.05", correction=Correction.BONFERRONI, minimum_count=5, least_ratio="1.5"
)
"""When a place is a hot spot: 5 cases or more, half again as many as expected, and a false alarm
for one of all places of a dimension in no more than one look in twenty."""


@frozen(kw_only=True)
class Kept:
    """How many cases kept one deadline, and how many did not.

    ``undated`` are those of them that were met at an instant of which the file says nothing.
    """

    obligation: str
    standings: Mapping[Standing, int]
    undated: int


@frozen(kw_only=True)
class Figures:
    """What is shown of all cases together."""

    statuses: Mapping[str, int]
    open_cases: int
    deadlines: tuple[Kept, ...]
    late_cases: int
    overdue: tuple[AgendaEntry, ...]
    counts: Mapping[str, Mapping[str, int]]
    """For each dimension the cases of each place, the most first; cases without one under none."""
    trouble: str
    troubled_cases: int
    hot_spots: Mapping[str, Decision[HotSpots]]


def figures_of(
    file: CaseFile, profile: ObligationProfile | None, overdue: tuple[AgendaEntry, ...]
) -> Figures:
    """Add all cases up."""
    lifecycle = file.rules.lifecycle
    late: set[str] = set()
    standings: dict[str, Counter[Standing]] = {}
    undated: Counter[str] = Counter()
    if profile is not None:
        for case in file.cases:
            for state in profile.agenda(summarize_case(case, lifecycle), file.as_of):
                standings.setdefault(state.obligation, Counter())[state.standing] += 1
                if state.standing.is_breached:
                    late.add(case.id)
                if state.met_at is not None and state.met_at == file.undated_at:
                    undated[state.obligation] += 1
    statuses = Counter(case.status for case in file.cases)
    troubled = _troubled(file, late)
    return Figures(
        statuses={status: statuses[status] for status in lifecycle.statuses if statuses[status]},
        open_cases=sum(not lifecycle.is_final(case.status) for case in file.cases),
        deadlines=tuple(
            Kept(obligation=name, standings=counted, undated=undated[name])
            for name, counted in standings.items()
        ),
        late_cases=len(late),
        overdue=overdue,
        counts=_counts(file),
        trouble=" or ".join(file.rules.trouble) or "deadline missed",
        troubled_cases=len(troubled),
        hot_spots=_hot_spots(file, troubled),
    )


def _troubled(file: CaseFile, late: set[str]) -> set[str]:
    """The cases that count for hot spots: those with one of some actions, or a missed deadline."""
    if not file.rules.trouble:
        return late
    return {
        case.id
        for case in file.cases
        if any(each.action in file.rules.trouble for each in case.events(StatusChanged))
    }


# --- dimensions -----------------------------------------------------------------------------------


def _dimensions(file: CaseFile) -> Mapping[str, Callable[[Complaint], str | None]]:
    """By what cases are compared: what they are about, or for a log when they began."""
    if file.replay is None:
        return {
            Dimension.PRODUCT.value: lambda case: case.receipt.about.product,
            Dimension.UNIT.value: lambda case: case.receipt.about.unit,
            Dimension.REGION.value: lambda case: case.receipt.about.region,
            Dimension.CHANNEL.value: lambda case: case.receipt.channel,
            Dimension.CAUSE.value: lambda case: case.receipt.about.category,
        }
    zone = file.as_of.tzinfo or ZoneInfo("UTC")
    return {
        "month": lambda case: f"{case.received_at.astimezone(zone):%Y-%m}",
        "weekday": lambda case: _WEEKDAYS[case.received_at.astimezone(zone).weekday()],
        "first-action": lambda case: next(case.events(StatusChanged)).action,
    }


_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def _counts(file: CaseFile) -> Mapping[str, Mapping[str, int]]:
    return {
        name: dict(_counted(map(place_of, file.cases)).most_common())
        for name, place_of in _dimensions(file).items()
    }


def _counted(places: Iterable[str | None]) -> Counter[str]:
    return Counter(sorted(place for place in places if place is not None))


def _hot_spots(file: CaseFile, troubled: set[str]) -> Mapping[str, Decision[HotSpots]]:
    """For each dimension the places with more troubled cases than chance explains."""
    found = {}
    for name, place_of in _dimensions(file).items():
        cases = _counted(map(place_of, file.cases))
        hit = _counted(place_of(case) for case in file.cases if case.id in troubled)
        facts = PlacesFacts(
            as_of=file.as_of.date(),
            dimension=name,
            places=tuple(Place(place, hit[place], number) for place, number in cases.items()),
            of="cases",
        )
        found[name] = ALARM(facts)
    return found
