"""What a day of visits is made of: stops that are asked for, and what became of each."""

from datetime import datetime, timedelta
from enum import StrEnum

from attrs import Factory, field, frozen

from crmkit.business_time.zones import in_utc
from crmkit.errors import InvalidValue
from crmkit.identifiers import check_identifier
from crmkit.period import check_instant

__all__ = ["PlannedVisit", "Route", "Stop", "Unvisited", "WhyUnvisited"]

_LONGEST_STAY = timedelta(days=1)
_MOST_IMPORTANT = 1_000


@frozen
class Stop:
    """Somebody to be visited: where, for how long, and when that is possible.

    ``key`` tells stops apart, as the key of a customer or a follow-up does; the ``place`` is the
    same unless another one is named, which several stops may share. An ``appointment`` is kept to
    the second, or not at all. Without one, the visit begins from ``not_before`` to ``not_after``,
    both included. If not all can be visited, it is those of less ``importance`` that are left out.

    :raises InvalidValue: if the stay is not from 0 to 24 hours, the importance no whole number from
        1 to 1,000, the times contradict each other, or one of them has no zone.
    """

    key: str
    stay: timedelta
    place: str = Factory(lambda stop: stop.key, takes_self=True)
    appointment: datetime | None = field(default=None, kw_only=True)
    not_before: datetime | None = field(default=None, kw_only=True)
    not_after: datetime | None = field(default=None, kw_only=True)
    importance: int = field(default=1, kw_only=True)

    def __attrs_post_init__(self) -> None:
        check_identifier(self.key, "the key of a stop")
        check_identifier(self.place, "place")
        if not isinstance(self.stay, timedelta) or not timedelta() <= self.stay <= _LONGEST_STAY:
            raise InvalidValue("a visit takes 0 to 24 hours: stay=timedelta(minutes=30)")
        if type(self.importance) is not int or not 1 <= self.importance <= _MOST_IMPORTANT:
            raise InvalidValue(f"importance is a whole number from 1 to {_MOST_IMPORTANT:,}")
        for what in ("appointment", "not_before", "not_after"):
            at = getattr(self, what)
            if at is not None:
                check_instant(at, what)
        if self.appointment is not None and (self.not_before or self.not_after):
            raise InvalidValue("a stop with an appointment begins then: leave the other times out")
        if self.not_before and self.not_after and in_utc(self.not_after) < in_utc(self.not_before):
            raise InvalidValue("a visit begins from not_before on, and not_after lies later")

    @property
    def earliest(self) -> datetime | None:
        """When the visit may begin; None if that does not matter."""
        return self.appointment or self.not_before

    @property
    def latest(self) -> datetime | None:
        """When the visit has to begin; None if that does not matter."""
        return self.appointment or self.not_after


class WhyUnvisited(StrEnum):
    """Why a stop is not on the route."""

    TOO_LATE = "too-late"
    """Even as the first stop, it would begin too late."""
    BACK_TOO_LATE = "back-too-late"
    """Even as the only stop, the day would end too late."""
    APPOINTMENTS_CLASH = "appointments-clash"
    """Its appointment does not go together with the other appointments."""
    NO_ROOM = "no-room"
    """It fits nowhere between the others."""


@frozen
class PlannedVisit:
    """A stop on the route: how long the way to it takes, and when it is reached, begun and left."""

    stop: Stop
    travel: timedelta
    arrives_at: datetime
    starts_at: datetime
    leaves_at: datetime

    @property
    def waiting(self) -> timedelta:
        """How long one waits there before it begins."""
        return in_utc(self.starts_at) - in_utc(self.arrives_at)


@frozen
class Unvisited:
    """A stop that is not on the route, and why."""

    stop: Stop
    why: WhyUnvisited


@frozen(kw_only=True)
class Route:
    """The visits of a day in their order, and the stops that are left out, by their keys."""

    start: str
    leaves_at: datetime
    visits: tuple[PlannedVisit, ...]
    end: str
    last_travel: timedelta
    ends_at: datetime
    unvisited: tuple[Unvisited, ...] = ()

    def __str__(self) -> str:
        """How many of the stops are visited."""
        asked = len(self.visits) + len(self.unvisited)
        return f"{len(self.visits)} of {asked} stops visited"

    @property
    def order(self) -> tuple[str, ...]:
        """The keys of the stops, in the order in which they are visited."""
        return tuple(visit.stop.key for visit in self.visits)

    @property
    def travel(self) -> timedelta:
        """How long one is on the way in all."""
        return sum((visit.travel for visit in self.visits), self.last_travel)

    @property
    def waiting(self) -> timedelta:
        """How long one waits in all."""
        return sum((visit.waiting for visit in self.visits), timedelta())
