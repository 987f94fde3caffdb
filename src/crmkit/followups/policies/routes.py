"""The best way around the visits of a day (FUP-03)."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from crmkit.business_time.zones import in_utc
from crmkit.decision import Decision, Evidence, at_least, at_most, equals, noted
from crmkit.errors import InvalidValue
from crmkit.followups.policies.route_order import NEVER, Day, Order, best_order
from crmkit.followups.policies.route_search import good_order, nearest_neighbour
from crmkit.followups.policies.stops import PlannedVisit, Route, Stop, Unvisited, WhyUnvisited
from crmkit.followups.policies.travel import TravelTimes
from crmkit.identifiers import check_identifier
from crmkit.period import check_instant

__all__ = ["plan_route"]

_ALL_LOOKED_AT = 9
"""Up to so many stops, every order is looked at."""
_MOST_STOPS = 100
_MICROSECOND = timedelta(microseconds=1)


def plan_route(
    stops: Iterable[Stop],
    travel: TravelTimes,
    *,
    start: str,
    leaves_at: datetime,
    end: str | None = None,
    ends_by: datetime | None = None,
) -> Decision[Route]:
    """In which order to visit the stops of a day, when one is where, and who cannot be visited.

    One leaves ``start`` at ``leaves_at`` and goes on to the ``end``, or else back, where one is at
    ``ends_by`` at the latest. As many appointments as can be are kept, then as much importance as
    can be is visited, with as little travel as can be, and of two such orders the one that ends
    first wins. Up to 9 stops nothing is better, by this measure, than what is found. With more, up
    to 100, it is good but may not be the best; it is never worse than going to the nearest stop
    each time that one can still go to, and no stop that is left out fits in anywhere.

    All times are shown in the zone of ``leaves_at``. The order of the stops does not matter, and
    one that is handed in twice counts once.

    :raises InvalidValue: if two stops have the same key, a way has no travel time, there are more
        than 100 stops, or the day would end too late even without a visit.
    """
    check_identifier(start, "start")
    goal = start if end is None else end
    check_identifier(goal, "end")
    check_instant(leaves_at, "leaves_at")
    if ends_by is not None:
        check_instant(ends_by, "ends_by")
    known = _told_apart(stops)
    day = _day(known, travel, start, goal, leaves_at, ends_by)
    if day.walk(()) is None:
        raise InvalidValue("the day ends too late even without a visit: let ends_by be later")
    order = best_order(day) if day.size <= _ALL_LOOKED_AT else good_order(day)
    route = _route(known, day, order, start, goal, leaves_at)
    return Decision(route, "route", leaves_at, tuple(_evidence(known, day, route, ends_by)))


def _told_apart(stops: Iterable[Stop]) -> tuple[Stop, ...]:
    """The stops by their keys, so that nothing depends on the order in which they came."""
    found: dict[str, Stop] = {}
    for stop in stops:
        if not isinstance(stop, Stop):
            raise InvalidValue("pass stops, such as Stop('C-1', timedelta(minutes=30))")
        if found.setdefault(stop.key, stop) != stop:
            raise InvalidValue("two stops have the same key: give each its own, and name the place")
    if len(found) > _MOST_STOPS:
        raise InvalidValue(f"a day has at most {_MOST_STOPS} stops: plan one day at a time")
    return tuple(found[key] for key in sorted(found))


# --- in whole numbers, and back -------------------------------------------------------------------


def _day(
    stops: tuple[Stop, ...],
    travel: TravelTimes,
    start: str,
    goal: str,
    leaves_at: datetime,
    ends_by: datetime | None,
) -> Day:
    places = [*(stop.place for stop in stops), start, goal]
    if missing := travel.missing(places):
        raise InvalidValue(
            f"travel times lack {len(missing)} of the ways between these places: "
            f"ask TravelTimes.missing(places) which"
        )

    def since(at: datetime | None, otherwise: int) -> int:
        return otherwise if at is None else (in_utc(at) - in_utc(leaves_at)) // _MICROSECOND

    return Day(
        ways=[[travel.between(a, b) // _MICROSECOND for b in places] for a in places],
        earliest=[since(stop.earliest, 0) for stop in stops],
        latest=[since(stop.latest, NEVER) for stop in stops],
        stays=[stop.stay // _MICROSECOND for stop in stops],
        fixed=[stop.appointment is not None for stop in stops],
        importance=[stop.importance for stop in stops],
        limit=since(ends_by, NEVER),
    )


def _route(
    stops: tuple[Stop, ...], day: Day, order: Order, start: str, goal: str, leaves_at: datetime
) -> Route:
    here, at, visits = day.start, 0, list[PlannedVisit]()
    for stop in order:
        way = day.ways[here][stop]
        begins = day.begins(here, at, stop)
        leaves = begins + day.stays[stop]
        times = (_clock(leaves_at, moment) for moment in (at + way, begins, leaves))
        visits.append(PlannedVisit(stops[stop], way * _MICROSECOND, *times))
        here, at = stop, leaves
    last = day.ways[here][day.end]
    return Route(
        start=start,
        leaves_at=leaves_at,
        visits=tuple(visits),
        end=goal,
        last_travel=last * _MICROSECOND,
        ends_at=_clock(leaves_at, at + last),
        unvisited=tuple(
            Unvisited(stops[stop], _why(day, order, stop))
            for stop in range(day.size)
            if stop not in order
        ),
    )


def _clock(leaves_at: datetime, moment: int) -> datetime:
    try:
        return (in_utc(leaves_at) + moment * _MICROSECOND).astimezone(leaves_at.tzinfo)
    except OverflowError:
        raise InvalidValue("the calendar ends before the route does: begin it earlier") from None


def _why(day: Day, order: Order, stop: int) -> WhyUnvisited:
    if day.begins(day.start, 0, stop) > day.latest[stop]:
        return WhyUnvisited.TOO_LATE
    if day.walk((stop,)) is None:
        return WhyUnvisited.BACK_TOO_LATE
    return WhyUnvisited.APPOINTMENTS_CLASH if day.fixed[stop] else WhyUnvisited.NO_ROOM


# --- why ------------------------------------------------------------------------------------------


def _evidence(
    stops: tuple[Stop, ...], day: Day, route: Route, ends_by: datetime | None
) -> Iterator[Evidence]:
    for visit in route.visits:
        parts = (noted("travel", visit.travel), *_begins("begins", visit.starts_at, visit.stop))
        yield Evidence("visit", visit.stop.key, None, True, parts=parts)
    for left_out in route.unvisited:
        number = stops.index(left_out.stop)
        parts = (noted("why", str(left_out.why)), *_alone(day, number, left_out, route, ends_by))
        yield Evidence("visit", left_out.stop.key, None, False, parts=parts)
    yield from _ends("ends", route.ends_at, ends_by)
    yield noted("travel in all", route.travel)
    nearest = nearest_neighbour(day)
    travel, _ = day.walk(nearest) or (0, 0)
    yield noted("visits if the nearest stop came next", len(nearest))
    yield noted("travel if the nearest stop came next", travel * _MICROSECOND)


def _begins(criterion: str, at: datetime, stop: Stop) -> Iterator[Evidence]:
    if stop.appointment is not None:
        yield equals(criterion, at, stop.appointment)
        return
    if stop.not_before is not None:
        yield at_least(criterion, at, stop.not_before)
    if stop.not_after is not None:
        yield at_most(criterion, at, stop.not_after)
    if stop.not_before is None and stop.not_after is None:
        yield noted(criterion, at)


def _ends(criterion: str, at: datetime, ends_by: datetime | None) -> Iterator[Evidence]:
    yield noted(criterion, at) if ends_by is None else at_most(criterion, at, ends_by)


def _alone(
    day: Day, number: int, left_out: Unvisited, route: Route, ends_by: datetime | None
) -> Iterator[Evidence]:
    """What would become of a stop if nothing came before it, where that already says why."""
    begins = day.begins(day.start, 0, number)
    if left_out.why is WhyUnvisited.TOO_LATE:
        at = _clock(route.leaves_at, begins)
        yield from _begins("would begin", at, left_out.stop)
    elif left_out.why is WhyUnvisited.BACK_TOO_LATE:
        at = _clock(route.leaves_at, begins + day.stays[number] + day.ways[number][day.end])
        yield from _ends("would end", at, ends_by)
