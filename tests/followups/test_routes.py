"""The visits of a day are put into the best order, and who cannot be visited is named (FUP-03)."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from math import radians
from random import Random
from statistics import fmean
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmkit.decision import explain
from crmkit.errors import InvalidIdentifier, InvalidValue, NaiveDatetime
from crmkit.followups import Route, Stop, TravelTimes, Unvisited, WhyUnvisited, plan_route
from crmkit.followups.policies.route_order import NEVER, Day, best_order
from crmkit.followups.policies.route_search import (
    good_order,
    kept_appointments,
    mended,
    nearest_neighbour,
)
from crmkit.serialization import make_converter
from tests.followups.routes import (
    MINUTE,
    NINE,
    Question,
    all_orders,
    driven,
    merit,
    nearest_first,
    questions,
)

BERLIN = ZoneInfo("Europe/Berlin")
HOUR = timedelta(hours=1)
CONVERTER = make_converter(Route)
few = st.integers(0, 4)
some = st.integers(5, 7)
# More than are looked at in every order.
many = st.integers(10, 13)


def planned(question):
    return plan_route(
        question.stops,
        question.travel,
        start="depot",
        leaves_at=NINE,
        end=question.end,
        ends_by=question.ends_by,
    )


def order_of(route):
    return [visit.stop for visit in route.visits]


def merit_of(question, order):
    result = driven(question, order)
    assert result is not None
    return merit(order, result)


def at(hour, minute=0):
    return datetime(2026, 5, 4, hour, minute, tzinfo=BERLIN)


def on_a_line(**minutes_from_depot):
    """Places along one road, so many minutes from the depot."""
    places = {"depot": 0, **minutes_from_depot}
    names = list(places)
    return TravelTimes(
        {
            (one, other): abs(places[one] - places[other]) * MINUTE
            for number, one in enumerate(names)
            for other in names[number + 1 :]
        }
    )


class TestEveryRoute:
    """Whatever is asked, the answer is a day that can be driven, and nobody is forgotten."""

    @given(questions(size=st.one_of(few, some, many)))
    def test_every_stop_is_visited_once_or_listed_with_a_reason(self, question):
        route = planned(question).outcome
        keys = [*route.order, *(one.stop.key for one in route.unvisited)]
        assert sorted(keys) == sorted(stop.key for stop in question.stops)
        assert all(isinstance(one.why, WhyUnvisited) for one in route.unvisited)

    @given(questions(size=st.one_of(few, some, many)))
    def test_it_can_be_driven_as_it_says(self, question):
        route = planned(question).outcome
        result = driven(question, order_of(route))
        assert result is not None
        assert {visit.stop.key: visit.starts_at for visit in route.visits} == result.begins
        assert (route.travel, route.ends_at) == (result.travel, result.ends_at)

    @given(questions(size=st.one_of(few, some, many)))
    def test_one_visit_follows_the_other_without_a_gap(self, question):
        route = planned(question).outcome
        left_at = route.leaves_at
        for visit in route.visits:
            assert visit.arrives_at == left_at + visit.travel
            assert visit.starts_at == visit.arrives_at + visit.waiting
            assert visit.leaves_at == visit.starts_at + visit.stop.stay
            assert visit.waiting >= timedelta()
            left_at = visit.leaves_at
        assert route.ends_at == left_at + route.last_travel
        stays = sum((visit.stop.stay for visit in route.visits), timedelta())
        assert route.ends_at - route.leaves_at == route.travel + route.waiting + stays

    @given(questions(size=st.one_of(few, some, many)))
    def test_appointments_are_kept_to_the_second(self, question):
        for visit in planned(question).outcome.visits:
            if visit.stop.appointment is not None:
                assert visit.starts_at == visit.stop.appointment

    @given(questions(size=st.one_of(few, some, many)), st.randoms(use_true_random=False))
    def test_the_order_and_duplicates_of_the_stops_do_not_matter(self, question, random):
        shuffled = [*question.stops, *question.stops[:3]]
        random.shuffle(shuffled)
        assert planned(question._replace(stops=shuffled)) == planned(question)

    @given(questions(size=st.one_of(few, some, many)))
    def test_what_is_left_out_fits_in_nowhere(self, question):
        route = planned(question).outcome
        order = order_of(route)
        for left_out in route.unvisited:
            for place in range(len(order) + 1):
                assert driven(question, [*order[:place], left_out.stop, *order[place:]]) is None

    @given(questions(size=st.one_of(some, many), appointments=False))
    def test_it_is_never_worse_than_going_to_the_nearest_stop(self, question):
        nearest = merit_of(question, nearest_first(question))
        assert merit_of(question, order_of(planned(question).outcome)) <= nearest

    @given(questions(size=some, everything_fits=True))
    def test_without_hours_everybody_is_visited(self, question):
        assert planned(question).outcome.unvisited == ()

    @given(questions(size=few))
    def test_it_can_be_written_down_and_read_back(self, question):
        route = planned(question).outcome
        assert CONVERTER.loads(CONVERTER.dumps(route)) == route

    @given(questions(size=st.one_of(few, many)))
    def test_the_evidence_tells_of_every_stop(self, question):
        decision = planned(question)
        route = decision.outcome
        told = [(e.observed, e.met) for e in decision.evidence if e.criterion == "visit"]
        left_out = [(one.stop.key, False) for one in route.unvisited]
        assert told == [*((key, True) for key in route.order), *left_out]
        for item in decision.evidence:
            if item.met is True:
                assert all(part.met is not False for part in item.parts)


class TestAFewStops:
    """Up to nine stops there is no better order, of all orders of all selections."""

    @given(questions(size=few))
    def test_no_order_is_better(self, question):
        best = min(merit(*one) for one in all_orders(question))
        assert merit_of(question, order_of(planned(question).outcome)) == best

    @given(questions(size=st.just(5)))
    def test_no_order_of_five_is_better(self, question):
        best = min(merit(*one) for one in all_orders(question))
        assert merit_of(question, order_of(planned(question).outcome)) == best

    def test_a_longer_way_that_is_there_earlier_may_be_the_better_one(self):
        """By whoever waits on the shorter one, a later stop is reached too late."""

        def window(first, last):
            return {"not_before": NINE + first * MINUTE, "not_after": NINE + last * MINUTE}

        stops = [
            Stop("A", 20 * MINUTE, **window(40, 130)),
            Stop("B", 30 * MINUTE),
            Stop("C", 10 * MINUTE, **window(110, 200)),
            Stop("D", 30 * MINUTE, **window(110, 140)),
            Stop("E", 20 * MINUTE, "depot", **window(80, 140)),
        ]
        question = Question(stops, on_a_line(A=10, B=50, C=20, D=30), None, None)
        route = planned(question).outcome
        assert route.travel == 120 * MINUTE
        assert merit_of(question, order_of(route)) == min(merit(*o) for o in all_orders(question))

    def test_nine_stops_are_still_looked_at_in_every_order(self):
        for seed in range(6):
            day = a_day(9, Random(seed))
            assert order_by_plan(day) == best_order(day)


# --- made-up towns --------------------------------------------------------------------------------


def a_day(size, random):
    """Stops and a depot anywhere in a square."""
    points = [(random.randrange(10_000), random.randrange(10_000)) for _ in range(size + 1)]
    return a_town(*points)


def a_town(depot, *stops):
    """Stops and a depot, as far apart as the crow flies."""
    places, size = [*stops, depot, depot], len(stops)
    return Day(
        ways=[[round(((a - c) ** 2 + (b - d) ** 2) ** 0.5) for c, d in places] for a, b in places],
        earliest=[0] * size,
        latest=[NEVER] * size,
        stays=[0] * size,
        fixed=[False] * size,
        importance=[1] * size,
        limit=NEVER,
    )


def order_by_plan(day):
    """The same day as stops and travel times."""
    names = [f"S{number:02}" for number in range(day.size)]
    places = [*names, "depot"]
    times = TravelTimes(
        {
            (one, other): timedelta(microseconds=day.ways[i][j])
            for i, one in enumerate(places)
            for j, other in enumerate(places)
            if i != j
        }
    )
    stops = [Stop(name, timedelta()) for name in names]
    route = plan_route(stops, times, start="depot", leaves_at=NINE).outcome
    return tuple(names.index(key) for key in route.order)


def travel_of(day, order):
    return day.walk(order)[0]


class TestManyStops:
    """With more stops it is good, and how good is held here; the towns are the same each time."""

    def test_of_ten_stops_it_is_within_two_percent_of_the_best_on_average(self):
        days = [a_day(10, Random(seed)) for seed in range(8)]
        ratios = [travel_of(d, good_order(d)) / travel_of(d, best_order(d)) for d in days]
        assert min(ratios) >= 1
        assert fmean(ratios) <= 1.02

    def test_of_thirty_stops_it_saves_a_tenth_of_what_the_nearest_stop_first_takes(self):
        days = [a_day(30, Random(seed)) for seed in range(8)]
        pairs = [(travel_of(d, good_order(d)), travel_of(d, nearest_neighbour(d))) for d in days]
        assert all(good <= nearest for good, nearest in pairs)
        assert fmean(good / nearest for good, nearest in pairs) <= 0.9

    def test_of_ten_stops_that_do_not_all_fit_nearly_as_many_are_visited_as_can_be(self):
        days = [evolve(a_day(10, Random(seed)), limit=20_000) for seed in range(12)]
        visited = [(len(good_order(day)), len(best_order(day))) for day in days]
        assert all(good <= best < 10 for good, best in visited)
        assert sum(good for good, _ in visited) >= sum(best for _, best in visited) - 1

    def test_a_stop_gives_way_to_one_that_is_nearer_to_the_way_elsewhere(self):
        first, detour, last, on_the_way = (20, 0), (0, 5), (-20, 0), (12, -18)
        stops = [(1_000 * x, 1_000 * y) for x, y in (first, detour, last, on_the_way)]
        day = evolve(
            a_town((0, -30_000), *stops),
            stays=[10_000] * 4,
            importance=[2, 1, 2, 1],
            limit=150_000,
        )
        assert mended(day, (0, 1, 2)) == (3, 0, 2)

    @pytest.mark.parametrize("seed", range(12))
    def test_no_stretch_is_better_turned_around_or_moved(self, seed):
        """Whatever it began with, and whether or not the ways back take as long."""
        day = a_day(9, Random(seed))
        if seed % 2:
            hills = Random(seed)
            ways = [[way + hills.randrange(3_000) * (way > 0) for way in row] for row in day.ways]
            day = evolve(day, ways=ways)
        order = mended(day, tuple(range(day.size)))
        for i in range(day.size):
            for j in range(i + 1, day.size + 1):
                rest, stretch = order[:i] + order[j:], order[i:j]
                turned = order[:i] + stretch[::-1] + order[j:]
                assert travel_of(day, order) <= travel_of(day, turned)
                for k in range(len(rest) + 1 if len(stretch) <= 3 else 0):
                    for moved in (stretch, stretch[::-1]):
                        other = rest[:k] + moved + rest[k:]
                        assert travel_of(day, order) <= travel_of(day, other)

    @given(questions(size=few))
    def test_what_is_looked_for_is_never_better_than_what_is_known_of_all(self, question):
        """The search is tried on days for which it is not used, so that it can be checked."""
        day = as_day(question)
        assert day.score(best_order(day)) <= day.score(good_order(day))
        assert day.score(good_order(day)) <= day.score(nearest_neighbour(day))

    @given(questions(size=st.integers(2, 6)))
    def test_whoever_goes_to_the_nearest_stop_keeps_all_appointments_that_can_be_kept(self, asked):
        day = as_day(asked)
        kept = [stop for stop in nearest_neighbour(day) if day.fixed[stop]]
        assert kept == list(kept_appointments(day))


def as_day(question):
    places = [*(stop.place for stop in question.stops), "depot", question.goal]

    def since(instant, otherwise):
        return otherwise if instant is None else (instant - NINE) // MINUTE

    return Day(
        ways=[[question.travel.between(a, b) // MINUTE for b in places] for a in places],
        earliest=[since(stop.appointment or stop.not_before, 0) for stop in question.stops],
        latest=[since(stop.appointment or stop.not_after, NEVER) for stop in question.stops],
        stays=[stop.stay // MINUTE for stop in question.stops],
        fixed=[stop.appointment is not None for stop in question.stops],
        importance=[stop.importance for stop in question.stops],
        limit=since(question.ends_by, NEVER),
    )


# --- examples -------------------------------------------------------------------------------------

ROAD = on_a_line(near=10, middle=30, far=60)


def visits(*stops, **terms):
    terms = {"start": "depot", "leaves_at": at(9), **terms}
    return plan_route(stops, ROAD, **terms)


class TestAppointments:
    """A fixed appointment is kept exactly; what cannot be kept is said, never silently late."""

    def test_one_waits_for_an_appointment(self):
        route = visits(Stop("near", HOUR, appointment=at(10))).outcome
        (visit,) = route.visits
        assert (visit.arrives_at, visit.starts_at, visit.leaves_at) == (at(9, 10), at(10), at(11))
        assert visit.waiting == route.waiting == 50 * MINUTE

    def test_others_are_visited_around_it(self):
        route = visits(
            Stop("near", HOUR, appointment=at(12)), Stop("middle", HOUR), Stop("far", HOUR)
        ).outcome
        assert sorted(route.order) == ["far", "middle", "near"]
        assert at(12) in [visit.starts_at for visit in route.visits]

    def test_to_arrive_on_the_second_is_early_enough(self):
        assert visits(Stop("near", HOUR, appointment=at(9, 10))).outcome.order == ("near",)

    def test_a_second_too_late_is_too_late(self):
        moment = at(9, 10) - timedelta(seconds=1)
        route = visits(Stop("near", HOUR, appointment=moment)).outcome
        assert [one.why for one in route.unvisited] == [WhyUnvisited.TOO_LATE]

    def test_of_two_that_clash_the_more_important_one_is_kept(self):
        big = Stop("near", HOUR, appointment=at(10), importance=2)
        small = Stop("far", HOUR, appointment=at(10))
        route = visits(big, small).outcome
        assert route.order == ("near",)
        assert route.unvisited == (Unvisited(small, WhyUnvisited.APPOINTMENTS_CLASH),)

    def test_two_appointments_come_before_any_importance(self):
        route = visits(
            Stop("near", HOUR, appointment=at(10)),
            Stop("middle", HOUR, appointment=at(12)),
            Stop("far", 3 * HOUR, importance=1_000),
            ends_by=at(14),
        ).outcome
        assert route.order == ("near", "middle")
        alone = visits(Stop("far", 3 * HOUR, importance=1_000), ends_by=at(14)).outcome
        assert alone.order == ("far",)

    @pytest.mark.parametrize("more", [0, 9])
    def test_they_are_kept_on_a_day_of_many_stops_as_well(self, more):
        stops = [Stop(f"S{number}", HOUR / 4, "middle") for number in range(more)]
        kept = [Stop("near", HOUR, appointment=at(10)), Stop("far", HOUR, appointment=at(13))]
        late = Stop("late", HOUR, "far", appointment=at(13, 30))
        route = visits(*kept, late, *stops, ends_by=at(16)).outcome
        assert {"near", "far"} <= set(route.order)
        assert Unvisited(late, WhyUnvisited.APPOINTMENTS_CLASH) in route.unvisited

    def test_two_customers_in_one_house_have_one_appointment(self):
        both = [Stop(key, timedelta(), "near", appointment=at(10)) for key in ("C-1", "C-2")]
        assert visits(*both).outcome.order == ("C-1", "C-2")


class TestWhatIsLeftOut:
    """Who cannot be visited is listed with the reason."""

    def test_the_less_important_one_is_left_out(self):
        route = visits(
            Stop("C-1", HOUR, "near", importance=3),
            Stop("C-2", HOUR, "near"),
            Stop("C-3", HOUR, "near", importance=2),
            ends_by=at(11, 20),
        ).outcome
        assert route.order == ("C-1", "C-3")
        assert [(one.stop.key, one.why) for one in route.unvisited] == [
            ("C-2", WhyUnvisited.NO_ROOM)
        ]

    @pytest.mark.parametrize("others", [2, 11])
    def test_a_more_important_one_takes_the_place_of_another(self, others):
        stops = [Stop(f"S{number:02}", HOUR, "near") for number in range(others)]
        route = visits(*stops, Stop("VIP", HOUR, "far", importance=3), ends_by=at(12)).outcome
        assert route.order == ("VIP",)

    def test_more_visits_come_before_less_travel(self):
        route = visits(Stop("near", HOUR), Stop("far", HOUR), ends_by=at(13)).outcome
        assert sorted(route.order) == ["far", "near"]

    def test_who_receives_nobody_any_more_is_too_late(self):
        stop = Stop("far", HOUR, not_after=at(9, 59))
        assert visits(stop).outcome.unvisited == (Unvisited(stop, WhyUnvisited.TOO_LATE),)

    def test_the_last_minute_of_a_window_is_early_enough(self):
        assert visits(Stop("far", HOUR, not_after=at(10))).outcome.order == ("far",)

    def test_a_visit_that_ends_too_late_is_not_begun(self):
        stop = Stop("far", HOUR)
        decision = visits(stop, ends_by=at(11, 59))
        assert decision.outcome.unvisited == (Unvisited(stop, WhyUnvisited.BACK_TOO_LATE),)
        assert visits(stop, ends_by=at(12)).outcome.order == ("far",)

    def test_the_reason_is_told_with_its_figures(self):
        decision = visits(
            Stop("near", HOUR, not_before=at(9, 30)),
            Stop("middle", HOUR, appointment=at(9, 20)),
            Stop("far", 3 * HOUR),
            ends_by=at(13),
        )
        assert (
            explain(decision)
            == """\
1 of 3 stops visited, by route, as of 2026-05-04 09:00:00+02:00
- met: visit is near
  - noted: travel is 10 minutes
  - met: begins is 2026-05-04 09:30:00+02:00; 2026-05-04 09:30:00+02:00 or later required
- not met: visit is far
  - noted: why is back-too-late
  - not met: would end is 2026-05-04 14:00:00+02:00; 2026-05-04 13:00:00+02:00 or earlier required
- not met: visit is middle
  - noted: why is too-late
  - not met: would begin is 2026-05-04 09:30:00+02:00; 2026-05-04 09:20:00+02:00 required
- met: ends is 2026-05-04 10:40:00+02:00; 2026-05-04 13:00:00+02:00 or earlier required
- noted: travel in all is 20 minutes
- noted: visits if the nearest stop came next is 1
- noted: travel if the nearest stop came next is 20 minutes"""
        )


class TestTheDay:
    """A day begins and ends somewhere, by the clock of its zone."""

    def test_without_stops_one_stays(self):
        route = visits().outcome
        assert (route.order, route.ends_at, route.travel) == ((), at(9), timedelta())
        assert str(route) == "0 of 0 stops visited"

    def test_it_may_end_elsewhere(self):
        route = visits(Stop("near", HOUR), Stop("middle", HOUR), end="far").outcome
        assert (route.order, route.end, route.ends_at) == (("near", "middle"), "far", at(12))

    def test_the_evidence_says_when_it_ends(self):
        (ends,) = (item for item in visits().evidence if item.criterion == "ends")
        assert (ends.observed, ends.met) == (at(9), None)

    def test_time_goes_on_evenly_when_the_clocks_are_changed(self):
        leaves = datetime(2026, 3, 29, 1, 30, tzinfo=BERLIN)
        route = plan_route([Stop("far", HOUR)], ROAD, start="depot", leaves_at=leaves).outcome
        assert route.visits[0].starts_at.isoformat() == "2026-03-29T03:30:00+02:00"

    def test_an_hour_that_comes_twice_is_told_apart(self):
        first = datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN)
        second = first.replace(fold=1)
        leaves = datetime(2026, 10, 25, 1, 35, tzinfo=BERLIN)
        for appointment, waiting in ((first, 45 * MINUTE), (second, 105 * MINUTE)):
            stop = Stop("near", HOUR, appointment=appointment)
            route = plan_route([stop], ROAD, start="depot", leaves_at=leaves).outcome
            (visit,) = route.visits
            assert visit.starts_at.astimezone(UTC) == appointment.astimezone(UTC)
            assert visit.waiting == waiting

    def test_a_stop_may_be_timed_in_another_zone(self):
        stop = Stop("near", HOUR, appointment=datetime(2026, 5, 4, 8, 0, tzinfo=UTC))
        assert visits(stop).outcome.visits[0].starts_at.isoformat() == "2026-05-04T10:00:00+02:00"

    def test_a_one_way_street_is_minded(self):
        ways = {("depot", "A"): 10, ("A", "B"): 10, ("B", "depot"): 10}
        back = {("A", "depot"): 50, ("B", "A"): 50, ("depot", "B"): 50}
        times = TravelTimes({way: number * MINUTE for way, number in (ways | back).items()})
        stops = [Stop("B", HOUR), Stop("A", HOUR)]
        route = plan_route(stops, times, start="depot", leaves_at=at(9)).outcome
        assert (route.order, route.travel) == (("A", "B"), 30 * MINUTE)


class TestTravelTimes:
    def test_the_way_back_takes_as_long_unless_it_is_given(self):
        times = TravelTimes({("A", "B"): HOUR, ("B", "C"): HOUR, ("C", "B"): 2 * HOUR})
        assert times.between("B", "A") == times.between("B", "C") == HOUR
        assert times.between("C", "B") == 2 * HOUR

    def test_who_stays_does_not_travel(self):
        assert TravelTimes({}).between("A", "A") == timedelta()
        assert TravelTimes({("A", "A"): 5 * MINUTE}).between("A", "A") == 5 * MINUTE

    def test_a_way_that_is_not_given_is_refused(self):
        with pytest.raises(InvalidValue, match=r"ask missing\(places\) for all such"):
            TravelTimes({}).between("A", "B")

    def test_it_says_which_ways_are_missing(self):
        times = TravelTimes({("B", "A"): HOUR})
        assert times.missing(["C", "B", "A", "A"]) == (("A", "C"), ("B", "C"))

    @given(
        st.lists(st.tuples(st.floats(-90, 90), st.floats(-180, 180)), min_size=2, max_size=4),
        st.integers(1, 300),
    )
    def test_the_straight_line_is_never_longer_than_around_the_half_of_the_world(self, at, speed):
        places = {f"P{number}": place for number, place in enumerate(at)}
        try:
            times = TravelTimes.straight_lines(places, km_per_hour=speed, detour=1)
        except InvalidValue:
            assert speed < 150  # More than a week around the world.
            return
        assert all(times.between("P0", p).total_seconds() <= 20_016 / speed * 3_600 for p in places)

    @pytest.mark.parametrize(
        ("one", "other", "km"),
        [
            ((0.0, 0.0), (0.0, 1.0), radians(1) * 6371.0088),
            ((0, 179.5), (0, -179.5), radians(1) * 6371.0088),
            ((89.5, 0), (89.5, 180), radians(1) * 6371.0088),
            ((Decimal("48.8567"), Decimal("2.3508")), (40.7127, -74.0059), 5837),
        ],
    )
    def test_the_straight_line_is_the_great_circle(self, one, other, km):
        times = TravelTimes.straight_lines({"A": one, "B": other}, km_per_hour=100, detour=1)
        assert times.between("A", "B").total_seconds() == pytest.approx(km * 36, rel=1e-4, abs=1)

    def test_a_detour_makes_it_longer(self):
        places = {"A": (52.0, 13.0), "B": (52.5, 13.0)}
        straight = TravelTimes.straight_lines(places, km_per_hour=60, detour=1)
        usual = TravelTimes.straight_lines(places, km_per_hour=60)
        ratio = usual.between("A", "B") / straight.between("A", "B")
        assert ratio == pytest.approx(1.3, rel=1e-3)

    @pytest.mark.parametrize(
        ("place", "terms", "problem"),
        [
            ((91, 0), {}, "latitude from -90 to 90"),
            ((0, 181), {}, "longitude is from -180 to 180"),
            ((float("nan"), 0), {}, "latitude"),
            ((0, float("inf")), {}, "longitude"),
            ((True, 0), {}, "latitude"),
            (("52", "13"), {}, "latitude"),
            ((52,), {}, "latitude"),
            ("52,13", {}, "latitude"),
            ((52, 13), {"km_per_hour": 0}, "speed"),
            ((52, 13), {"km_per_hour": 1_001}, "speed"),
            ((52, 13), {"km_per_hour": "fast"}, "speed"),
            ((52, 13), {"detour": Decimal("0.9")}, "straight line"),
            ((52, 13), {"detour": 11}, "straight line"),
        ],
    )
    def test_what_is_no_place_speed_or_detour_is_refused(self, place, terms, problem):
        with pytest.raises(InvalidValue, match=problem):
            TravelTimes.straight_lines({"A": place}, **{"km_per_hour": 50, **terms})

    @pytest.mark.parametrize(
        ("times", "problem"),
        [
            ([("A", "B")], "given by way"),
            ({"AB": HOUR}, "from one place to another"),
            ({("A", "B", "C"): HOUR}, "from one place to another"),
            ({("A", "B"): 60}, "0 to 7 days"),
            ({("A", "B"): -MINUTE}, "0 to 7 days"),
            ({("A", "B"): timedelta(days=7, seconds=1)}, "0 to 7 days"),
        ],
    )
    def test_what_is_no_travel_time_is_refused(self, times, problem):
        with pytest.raises(InvalidValue, match=problem):
            TravelTimes(times)

    def test_a_place_has_a_name(self):
        with pytest.raises(InvalidIdentifier):
            TravelTimes({("A", ""): HOUR})

    def test_a_map_is_not_written_into_a_log(self):
        assert "near" not in repr(ROAD)


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        ("terms", "problem"),
        [
            ({"stay": -MINUTE}, "0 to 24 hours"),
            ({"stay": timedelta(hours=24, seconds=1)}, "0 to 24 hours"),
            ({"stay": 30}, "0 to 24 hours"),
            ({"importance": 0}, "1 to 1,000"),
            ({"importance": 1_001}, "1 to 1,000"),
            ({"importance": True}, "1 to 1,000"),
            ({"appointment": at(9), "not_before": at(9)}, "leave the other times out"),
            ({"appointment": at(9), "not_after": at(9)}, "leave the other times out"),
            ({"not_before": at(10), "not_after": at(9)}, "not_after lies later"),
        ],
    )
    def test_a_stop_that_contradicts_itself(self, terms, problem):
        with pytest.raises(InvalidValue, match=problem):
            Stop("C-1", **{"stay": HOUR, **terms})

    @pytest.mark.parametrize("what", ["appointment", "not_before", "not_after"])
    def test_a_time_without_a_zone(self, what):
        terms: dict[str, Any] = {what: at(9).replace(tzinfo=None)}
        with pytest.raises(NaiveDatetime, match=what):
            Stop("C-1", HOUR, **terms)

    def test_a_window_of_one_instant_is_fine(self):
        assert Stop("C-1", HOUR, not_before=at(9), not_after=at(9)).latest == at(9)

    @pytest.mark.parametrize("terms", [{"leaves_at": at(9).replace(tzinfo=None)}])
    def test_a_day_without_a_zone(self, terms):
        with pytest.raises(NaiveDatetime):
            visits(**terms)
        with pytest.raises(NaiveDatetime):
            visits(ends_by=terms["leaves_at"])

    @pytest.mark.parametrize("what", ["start", "end"])
    def test_a_place_without_a_name(self, what):
        with pytest.raises(InvalidIdentifier, match=what):
            visits(**{what: ""})

    def test_two_stops_of_one_key(self):
        with pytest.raises(InvalidValue, match="two stops have the same key"):
            visits(Stop("near", HOUR), Stop("near", 2 * HOUR))

    def test_what_is_no_stop(self):
        with pytest.raises(InvalidValue, match="pass stops"):
            visits("near")

    def test_a_way_that_nobody_knows(self):
        with pytest.raises(InvalidValue, match="travel times lack 1 of the ways"):
            plan_route([Stop("A", HOUR)], TravelTimes({}), start="depot", leaves_at=at(9))

    def test_more_stops_than_a_day_has(self):
        with pytest.raises(InvalidValue, match="at most 100 stops"):
            visits(*(Stop(f"S{number}", HOUR, "near") for number in range(101)))

    def test_a_day_that_cannot_end_in_time(self):
        with pytest.raises(InvalidValue, match="even without a visit"):
            visits(Stop("near", HOUR), ends_by=at(8))
        with pytest.raises(InvalidValue, match="even without a visit"):
            visits(Stop("near", HOUR), end="far", ends_by=at(9, 59))

    def test_a_route_that_goes_on_beyond_the_calendar(self):
        """Sixty places, each a week from every other, from the last day that time is counted on."""
        places = [f"P{number}" for number in range(60)]
        ways = {(a, b): timedelta(days=7) for a in places for b in places if a != b}
        with pytest.raises(InvalidValue, match="the calendar ends before the route does"):
            plan_route(
                [Stop(place, HOUR) for place in places],
                TravelTimes(ways),
                start="P0",
                leaves_at=datetime(9998, 12, 31, tzinfo=UTC),
            )


def test_a_route_is_made_of_visits_that_follow_each_other():
    route = visits(Stop("far", HOUR), Stop("near", HOUR), Stop("middle", HOUR)).outcome
    assert all(one.leaves_at < other.arrives_at for one, other in pairwise(route.visits))
    assert route.travel == 2 * HOUR
