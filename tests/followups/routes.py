"""Days of visits drawn at random, and the slow look at them: every order of every selection.

Nothing here knows how crmkit does it; times are those of the clock in UTC, not numbers.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import NamedTuple

from hypothesis import strategies as st

from crmkit.followups import Stop, TravelTimes

MINUTE = timedelta(minutes=1)
NINE = datetime(2026, 5, 4, 9, tzinfo=UTC)


class Question(NamedTuple):
    """What plan_route is asked."""

    stops: Sequence[Stop]
    travel: TravelTimes
    end: str | None
    ends_by: datetime | None

    @property
    def goal(self) -> str:
        return self.end or "depot"


class Driven(NamedTuple):
    """An order as it was driven: when each visit begins, and when one is back."""

    begins: Mapping[str, datetime]
    travel: timedelta
    ends_at: datetime


def driven(question: Question, order: Iterable[Stop]) -> Driven | None:
    """None if something is too late."""
    here, at, travel, begins = "depot", NINE, timedelta(), dict[str, datetime]()
    for stop in order:
        way = question.travel.between(here, stop.place)
        travel, at, here = travel + way, at + way, stop.place
        if stop.appointment is not None:
            if at > stop.appointment:
                return None
            at = stop.appointment
        if stop.not_before is not None and at < stop.not_before:
            at = stop.not_before
        if stop.not_after is not None and at > stop.not_after:
            return None
        begins[stop.key] = at
        at += stop.stay
    way = question.travel.between(here, question.goal)
    if question.ends_by is not None and at + way > question.ends_by:
        return None
    return Driven(begins, travel + way, at + way)


Merit = tuple[int, int, timedelta, datetime]


def merit(order: Sequence[Stop], result: Driven) -> Merit:
    """What is better comes first: appointments, importance, travel, the end of the day."""
    kept = sum(stop.appointment is not None for stop in order)
    return -kept, -sum(stop.importance for stop in order), result.travel, result.ends_at


def all_orders(question: Question) -> Iterator[tuple[Sequence[Stop], Driven]]:
    """Each order of each selection that is on time."""
    for size in range(len(question.stops) + 1):
        for order in permutations(question.stops, size):
            result = driven(question, order)
            if result is not None:
                yield order, result


def nearest_first(question: Question) -> list[Stop]:
    """The nearest stop each time that is still on time, for a day without appointments."""
    order = list[Stop]()
    while True:
        here = order[-1].place if order else "depot"
        left = [stop for stop in question.stops if stop not in order]
        left = [stop for stop in left if driven(question, [*order, stop]) is not None]
        if not left:
            return order
        order.append(min(left, key=lambda s: (question.travel.between(here, s.place), s.key)))


# --- drawn at random ------------------------------------------------------------------------------

minutes = st.integers(0, 240).map(lambda number: number * MINUTE)
instants = minutes.map(NINE.__add__)


@st.composite
def stops(draw, key, *, appointments=True):
    """A stop at a place of its own or at one that is shared, free or at a time."""
    place = draw(st.sampled_from([key, key, key, "depot", "tower"]))
    kind = draw(st.sampled_from(["free", "free", "window", "appointment"]))
    times = {}
    if kind == "appointment" and appointments:
        times = {"appointment": draw(instants)}
    elif kind == "window":
        first, last = draw(st.one_of(st.none(), instants)), draw(st.one_of(st.none(), instants))
        if first is not None and last is not None:
            first, last = min(first, last), max(first, last)
        times = {"not_before": first, "not_after": last}
    stay = draw(st.integers(0, 60)) * MINUTE
    return Stop(key, stay, place, importance=draw(st.sampled_from([1, 1, 1, 2, 3, 9])), **times)


@st.composite
def questions(draw, *, size, appointments=True, everything_fits=False):
    """A day of visits; most ways take as long in both directions, and a detour may be quicker."""
    keys = [f"C-{number}" for number in range(draw(size))]
    places = ["depot", "tower", *keys]
    ways = {}
    for number, one in enumerate(places):
        for other in places[number + 1 :]:
            ways[one, other] = draw(st.integers(0, 60)) * MINUTE
            if draw(st.booleans()):
                ways[other, one] = draw(st.integers(0, 60)) * MINUTE
    asked = [draw(stops(key, appointments=appointments)) for key in keys]
    if everything_fits:
        asked = [Stop(stop.key, stop.stay, stop.place) for stop in asked]
    end = draw(st.sampled_from([None, "tower"]))
    ends_by = None
    if not everything_fits and draw(st.booleans()):
        ends_by = NINE + 60 * MINUTE + draw(minutes)
    return Question(asked, TravelTimes(ways), end, ends_by)
