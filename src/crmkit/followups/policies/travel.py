"""How long it takes from place to place: from a table of the host, or as the crow flies."""

import math
from collections.abc import Iterable, Mapping
from datetime import timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Self

from attrs import field, frozen

from crmkit.errors import InvalidValue
from crmkit.identifiers import check_identifier

__all__ = ["TravelTimes"]

_EARTH_RADIUS_KM = 6371.0088
"""The mean radius of the International Union of Geodesy and Geophysics."""

_FASTEST_KMH = 1_000
_NO_TIME = timedelta()
_A_WEEK = timedelta(days=7)

Way = tuple[str, str]
Coordinates = tuple[float | Decimal, float | Decimal]


def _times(times: Mapping[Way, timedelta]) -> Mapping[Way, timedelta]:
    if not isinstance(times, Mapping):
        raise InvalidValue("travel times are given by way, such as {('depot', 'C-1'): ...}")
    found = {}
    for way, time in times.items():
        if not isinstance(way, tuple) or len(way) != 2:
            raise InvalidValue("a way goes from one place to another: ('depot', 'C-1')")
        for place in way:
            check_identifier(place, "place")
        if not isinstance(time, timedelta) or not _NO_TIME <= time <= _A_WEEK:
            raise InvalidValue("a travel time is a timedelta of 0 to 7 days")
        found[way] = time
    return MappingProxyType(dict(sorted(found.items())))


@frozen
class TravelTimes:
    """How long it takes from one place to another, as the host's map says, or by a rule of thumb.

    A way that is given in one direction only takes as long in the other. Who stays where they are
    does not travel, unless that is given as well. A detour may be quicker than the direct way:
    nothing is made of that, the way from one place to the next is the one that is given.

    :raises InvalidValue: if a way is no pair of places, or a time is below 0 or above 7 days.

    >>> from datetime import timedelta
    >>> times = TravelTimes({("depot", "C-1"): timedelta(minutes=20)})
    >>> print(times.between("C-1", "depot"))
    0:20:00
    """

    times: Mapping[Way, timedelta] = field(converter=_times, repr=False, hash=False)

    @classmethod
    def straight_lines(
        cls,
        places: Mapping[str, Coordinates],
        *,
        km_per_hour: int | Decimal,
        detour: int | Decimal = Decimal("1.3"),
    ) -> Self:
        """Travel times by latitude and longitude, in degrees, for who has no map at hand.

        They are those of the great circle on a ball, ``detour`` times as long, at an even speed,
        rounded up to the second. There is no river, no mountain and no rush hour in that: times of
        a map are better. A detour of 1.3 is a rule of thumb for roads, and yours to replace.

        :raises InvalidValue: if coordinates are none, the speed is not above 0 and up to 1,000
            km/h, or the detour is not from 1 to 10.

        >>> places = {"Berlin": (52.517, 13.389), "Potsdam": (52.401, 13.059)}
        >>> times = TravelTimes.straight_lines(places, km_per_hour=50)
        >>> print(times.between("Berlin", "Potsdam"))
        0:40:17
        """
        if not _is_within(km_per_hour, 0, _FASTEST_KMH) or not km_per_hour:
            raise InvalidValue(f"a speed is above 0 and up to {_FASTEST_KMH:,} km/h")
        if not _is_within(detour, 1, 10):
            raise InvalidValue("the way by road is 1 to 10 times the straight line")
        points = [(place, _radians(places[place])) for place in sorted(places)]
        seconds_a_km = float(detour) * 3_600 / float(km_per_hour)
        return cls(
            {
                (one, other): timedelta(seconds=math.ceil(_km(here, there) * seconds_a_km))
                for number, (one, here) in enumerate(points)
                for other, there in points[number + 1 :]
            }
        )

    def between(self, origin: str, destination: str) -> timedelta:
        """How long it takes from one place to another.

        :raises InvalidValue: if the way is given in neither direction.
        """
        for way in ((origin, destination), (destination, origin)):
            if way in self.times:
                return self.times[way]
        if origin == destination:
            return _NO_TIME
        raise InvalidValue("no travel time is given for this way: ask missing(places) for all such")

    def missing(self, places: Iterable[str]) -> tuple[Way, ...]:
        """The ways between these places that are given in neither direction."""
        known = sorted(set(places))
        return tuple(
            (one, other)
            for number, one in enumerate(known)
            for other in known[number + 1 :]
            if (one, other) not in self.times and (other, one) not in self.times
        )


def _is_within(number: float | Decimal, low: int, high: int) -> bool:
    if isinstance(number, bool) or not isinstance(number, int | float | Decimal):
        return False
    return math.isfinite(number) and low <= number <= high


def _radians(place: Coordinates) -> tuple[float, float]:
    latitude, longitude = place if isinstance(place, tuple) and len(place) == 2 else (None, None)
    if latitude is None or longitude is None or not _is_within(latitude, -90, 90):
        raise InvalidValue("a place has a latitude from -90 to 90 and a longitude: (52.5, 13.4)")
    if not _is_within(longitude, -180, 180):
        raise InvalidValue("a longitude is from -180 to 180 degrees, the latitude comes before it")
    return math.radians(latitude), math.radians(longitude)


def _km(here: tuple[float, float], there: tuple[float, float]) -> float:
    """The great circle by the formula of haversines, which is exact for near places as well."""
    half = [math.sin((b - a) / 2) ** 2 for a, b in zip(here, there, strict=True)]
    share = half[0] + math.cos(here[0]) * math.cos(there[0]) * half[1]
    return 2 * _EARTH_RADIUS_KM * math.asin(math.sqrt(min(1.0, share)))
