"""The places of one dimension, side by side: how often it happened at each, among how many."""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum

from attrs import field, frozen

from crmkit.complaints.facts.counts import (
    MAX_COUNT,
    MAX_EXPOSURE,
    ComplaintCounts,
    Exposure,
    as_word,
)
from crmkit.errors import InvalidValue
from crmkit.identifiers import check_identifier
from crmkit.period import check_date

__all__ = ["Measure", "Place", "PlacesFacts"]


class Measure(StrEnum):
    """What is counted at each place, or in each period."""

    COMPLAINTS = "complaints"
    PRAISE = "praise"
    REPAIRS = "repairs"
    LOST_CUSTOMERS = "lost-customers"


@frozen
class Place:
    """A region, product, employee or channel: how often it happened there, among how many.

    :raises InvalidValue: if a number is not whole or out of range, or something happened among
        nobody.
    """

    name: str
    count: int
    exposure: int

    def __attrs_post_init__(self) -> None:
        check_identifier(self.name, "the name of a place")
        if type(self.count) is not int or not 0 <= self.count <= MAX_COUNT:
            raise InvalidValue(f"a count is a whole number from 0 to {MAX_COUNT:,}")
        if type(self.exposure) is not int or not 0 <= self.exposure <= MAX_EXPOSURE:
            raise InvalidValue(f"an exposure is a whole number from 0 to {MAX_EXPOSURE:,}")
        if self.count and not self.exposure:
            raise InvalidValue("something happened among nobody: find out the exposure first")


def _by_name(places: Iterable[Place]) -> tuple[Place, ...]:
    return tuple(sorted(places, key=lambda place: place.name))


def _in_order(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(names))


@frozen(kw_only=True)
class PlacesFacts:
    """The places of one dimension, side by side, over the same time; the order makes no difference.

    ``unrated`` names the places that cannot be judged, because nobody knows the exposure.
    ``unplaced`` is how many cases are at none of ``places``: they are at one that is unrated, or
    nobody knows where. So no case is dropped unseen. ``at_most_once`` says that it happens to each
    of the exposure at most once, as a deadline is missed by a case or not; a customer can complain
    any number of times.

    :raises InvalidValue: if a place stands twice, more happened in all than statistics are made
        of, or more often than once each where that cannot be.
    """

    as_of: date
    dimension: str = field(converter=as_word)
    places: tuple[Place, ...] = field(converter=_by_name)
    of: str = "customers"
    measure: Measure = Measure.COMPLAINTS
    unrated: tuple[str, ...] = field(default=(), converter=_in_order)
    unplaced: int = 0
    at_most_once: bool = False

    def __attrs_post_init__(self) -> None:
        check_date(self.as_of, "as_of")
        check_identifier(self.dimension, "a dimension")
        check_identifier(self.of, "what an exposure counts")
        names = [*(place.name for place in self.places), *self.unrated]
        if len(set(names)) < len(names):
            raise InvalidValue("each place stands once: add up what belongs to one")
        if type(self.unplaced) is not int or not 0 <= self.unplaced <= MAX_COUNT:
            raise InvalidValue(f"cases at no place are a whole number from 0 to {MAX_COUNT:,}")
        if self.at_most_once and any(place.count > place.exposure for place in self.places):
            raise InvalidValue("a place has no more cases than its exposure: each at most once")
        if sum(place.count for place in self.places) > MAX_COUNT:
            raise InvalidValue(f"the places have at most {MAX_COUNT:,} in all: take a shorter time")

    @classmethod
    def of_counts(
        cls,
        counts: ComplaintCounts,
        exposure: Exposure,
        dimension: str,
        measure: Measure = Measure.COMPLAINTS,
    ) -> "PlacesFacts":
        """Put the counts of a period and the exposures of the host side by side.

        Places where nothing happened count too. Praise is compared with praise; for any other
        measure, what was counted as complaints is taken to be that. To compare causes, or channels,
        between regions, take the complaints of the one cause as counts and all complaints as the
        exposure.
        """
        counted = counts.by.get(dimension, {})
        places, unrated = [], []
        for name in sorted({*counted, *exposure.by.get(dimension, {})}):
            pair = counts.of(dimension, name)
            number = pair.praise if measure is Measure.PRAISE else pair.complaints
            exposed = exposure.at(dimension, name)
            if exposed is None or (number and not exposed):
                unrated.append(name)
            else:
                places.append(Place(name, number, exposed))
        total = counts.total.praise if measure is Measure.PRAISE else counts.total.complaints
        return cls(
            as_of=counts.period.last,
            dimension=dimension,
            places=tuple(places),
            of=exposure.of,
            measure=measure,
            unrated=tuple(unrated),
            unplaced=total - sum(place.count for place in places),
        )
