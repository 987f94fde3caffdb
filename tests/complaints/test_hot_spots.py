"""An alarm is raised where complaints are more than chance explains, and seldom elsewhere."""

from __future__ import annotations

import math
import random
from datetime import date
from fractions import Fraction

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmkit.complaints.facts.counts import (
    MAX_COUNT,
    MAX_EXPOSURE,
    CountedCase,
    Dimension,
    Exposure,
    summarize_complaints,
)
from crmkit.complaints.policies.control_limits import Correction
from crmkit.complaints.policies.hot_spots import (
    HotSpotAlarm,
    Measure,
    Place,
    PlacesFacts,
    ProductVerdict,
    RedesignAlarm,
    SiblingFacts,
)
from crmkit.decision import explain
from crmkit.errors import InvalidPolicy, InvalidValue
from crmkit.period import Period
from crmkit.serialization import make_converter
from tests.complaints.test_numerics import brute_hypergeometric

DAY = date(2026, 5, 31)
MAY = Period.month(2026, 5)


def facts(*places: tuple[str, int, int], **fields) -> PlacesFacts:
    """Regions with their complaints and customers."""
    given_places = tuple(Place(*place) for place in places)
    return PlacesFacts(**{"as_of": DAY, "dimension": "region", "places": given_places, **fields})


def alarm(chance="0.05", correction=Correction.NONE, minimum_count=1, least_ratio=1):
    """An alarm of these terms."""
    return HotSpotAlarm(
        false_alarm=chance,
        correction=correction,
        minimum_count=minimum_count,
        least_ratio=least_ratio,
    )


def exact_chance(count: int, total: int, share: Fraction) -> Fraction:
    """The chance of so many or more, summed up exactly."""
    return sum(
        (math.comb(total, k) * share**k * (1 - share) ** (total - k))
        for k in range(count, total + 1)
    ) + Fraction(0)


some_places = st.lists(
    st.tuples(st.integers(0, 15), st.integers(1, 900)), min_size=2, max_size=6
).map(lambda rows: facts(*((f"r{i}", count, base) for i, (count, base) in enumerate(rows))))


class TestOnePlace:
    """Twelve complaints against four expected are an alarm; four against three are not."""

    @given(some_places)
    def test_an_alarm_is_a_count_whose_exact_chance_is_small(self, some):
        total = sum(place.count for place in some.places)
        base = sum(place.exposure for place in some.places)
        surprising = {
            place.name
            for place in some.places
            if exact_chance(place.count, total, Fraction(place.exposure, base)) <= Fraction(1, 20)
            and place.count > Fraction(total * place.exposure, base)
        }
        assert set(alarm()(some).outcome.names) == surprising

    @given(some_places, st.sampled_from(Correction))
    def test_the_outcome_can_be_read_off_the_evidence(self, some, correction):
        decision = alarm(correction=correction, minimum_count=3, least_ratio="1.2")(some)
        assert {item.criterion for item in decision.unmet} == {
            f"region-{name}" for name in decision.outcome.names
        }

    def test_a_limit_is_said_with_what_was_expected(self):
        some = facts(("north", 14, 820), ("south", 30, 8_000))
        hot = alarm("0.01", Correction.BONFERRONI, 5, "1.5")(some).outcome
        assert hot.is_alarm
        assert str(hot) == (
            "hot spots by region: north: 14 complaints against 4.1 expected in 820 customers; "
            "upper limit 10"
        )

    @pytest.mark.parametrize(("count", "is_alarm"), [(10, False), (11, True)])
    def test_the_upper_limit_is_the_last_count_without_alarm(self, count, is_alarm):
        some = facts(("north", count, 820), ("south", 44 - count, 8_000))
        assert alarm("0.01", Correction.BONFERRONI)(some).outcome.is_alarm is is_alarm

    @pytest.mark.parametrize(("minimum", "is_alarm"), [(4, True), (5, False)])
    def test_four_complaints_may_be_too_few_to_act_on(self, minimum, is_alarm):
        some = facts(("north", 4, 10), ("south", 4, 10_000))
        assert alarm(minimum_count=minimum)(some).outcome.is_alarm is is_alarm

    @pytest.mark.parametrize(("ratio", "is_alarm"), [("1.09", True), ("1.1", False)])
    def test_a_large_place_needs_a_difference_that_matters(self, ratio, is_alarm):
        """Eleven in a thousand here, ten elsewhere: more than 1.09 times as often, not than 1.1."""
        some = facts(("north", 11_000, 10**6), ("south", 20_000, 2 * 10**6))
        assert alarm(least_ratio=ratio)(some).outcome.is_alarm is is_alarm

    @given(some_places, st.fractions(1, 4, max_denominator=10))
    def test_a_ratio_is_held_against_the_other_places(self, some, ratio):
        total = sum(place.count for place in some.places)
        base = sum(place.exposure for place in some.places)
        named = alarm(least_ratio=ratio)(some).outcome.names
        for place in some.places:
            elsewhere = Fraction(total - place.count, base - place.exposure)
            matters = Fraction(place.count, place.exposure) > ratio * elsewhere
            assert (place.name in named) is (matters and place.name in alarm()(some).outcome.names)

    def test_a_place_that_is_most_of_the_shop_can_stand_out(self):
        """Six of ten customers are never twice the average, but may be a hundred times the rest."""
        some = facts(("north", 300, 6_000), ("south", 2, 4_000))
        assert alarm(least_ratio=2)(some).outcome.names == ("north",)

    @given(some_places, st.sampled_from(Correction), st.randoms(use_true_random=False))
    def test_the_order_of_the_places_does_not_matter(self, some, correction, random):
        mixed = list(some.places)
        random.shuffle(mixed)
        policy = alarm(correction=correction)
        assert policy(evolve(some, places=tuple(mixed))) == policy(some)

    def test_equally_unlikely_places_come_by_name(self):
        some = facts(("b", 30, 100), ("a", 30, 100), ("c", 5, 10_000))
        assert alarm()(some).outcome.names == ("a", "b")

    def test_the_least_likely_comes_first(self):
        some = facts(("a", 20, 100), ("b", 30, 100), ("c", 50, 10_000))
        assert alarm()(some).outcome.names == ("b", "a")

    def test_praise_has_bright_spots(self):
        some = facts(("Ann", 9, 100), ("Bob", 0, 100), dimension="employee", measure=Measure.PRAISE)
        hot = alarm()(some).outcome
        assert str(hot).startswith("hot spots by employee: Ann: 9 praise against 4.5 expected")


class TestEachAtMostOnce:
    """A case misses its deadline or not; it does not miss it twice."""

    MONTHS = (("february", 42, 55), ("other", 1_832, 3_749))

    def test_where_most_are_late_more_late_ones_are_found(self):
        """Were each case late any number of times, 42 where 27 are expected could be chance."""
        strict = alarm("0.001")
        assert strict(facts(*self.MONTHS)).outcome.names == ()
        (spot,) = strict(facts(*self.MONTHS, at_most_once=True)).outcome.spots
        assert (spot.place, spot.upper_limit) == ("february", 38)

    @given(some_places)
    def test_an_alarm_is_a_share_whose_exact_chance_is_small(self, some):
        places = tuple(
            Place(place.name, min(place.count, place.exposure), place.exposure)
            for place in some.places
        )
        once = evolve(some, places=places, at_most_once=True)
        marked = sum(place.count for place in places)
        whole = sum(place.exposure for place in places)
        surprising = {
            place.name
            for place in places
            if brute_hypergeometric(place.count, place.exposure, marked, whole) <= Fraction(1, 20)
            and place.count * whole > marked * place.exposure
        }
        assert set(alarm()(once).outcome.names) == surprising

    def test_where_all_are_late_nobody_stands_out(self):
        assert not alarm()(facts(("a", 9, 9), ("b", 90, 90), at_most_once=True)).outcome.spots

    def test_no_place_has_more_than_its_exposure(self):
        assert facts(("a", 9, 9), at_most_once=True).places
        with pytest.raises(InvalidValue, match="each at most once"):
            facts(("a", 10, 9), at_most_once=True)


class TestManyPlaces:
    """The rate of false alarms is what it says."""

    @pytest.mark.parametrize("correction", [Correction.BONFERRONI, Correction.BENJAMINI_HOCHBERG])
    def test_all_places_together_raise_a_false_alarm_as_seldom_as_stated(self, correction):
        """Where nothing is wrong anywhere, every alarm is false, so both corrections promise it."""
        assert 0.02 < self.share_with_alarm(correction) <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 250)

    def test_uncorrected_ten_places_cry_wolf_all_the_time(self):
        assert self.share_with_alarm(Correction.NONE) > 0.2

    def test_counts_of_one_place_alarm_as_seldom_as_stated(self):
        """Summed over every count there can be, not drawn."""
        for base in (1, 7, 50):
            share = Fraction(base, base + 100)
            false = sum(
                exact_chance(count, 40, share) - exact_chance(count + 1, 40, share)
                for count in range(41)
                if "a" in alarm()(facts(("a", count, base), ("b", 40 - count, 100))).outcome.names
            )
            assert Fraction(0) < false <= Fraction(1, 20)

    @staticmethod
    def share_with_alarm(correction: Correction, runs: int = 250) -> float:
        """How often ten places with the same rate raise an alarm, drawn with a fixed seed."""
        draw = random.Random(20_260_531)
        names = [f"r{i}" for i in range(10)]
        bases = [400 + 100 * i for i in range(10)]
        policy = alarm(correction=correction)
        alarms = 0
        for _ in range(runs):
            drawn = draw.choices(names, bases, k=400)
            some = facts(*((n, drawn.count(n), base) for n, base in zip(names, bases, strict=True)))
            alarms += policy(some).outcome.is_alarm
        return alarms / runs

    def test_the_number_of_comparisons_is_said(self):
        text = explain(
            alarm(correction=Correction.BENJAMINI_HOCHBERG)(facts(("a", 1, 5), ("b", 1, 5)))
        )
        assert "- noted: places compared is 2\n- noted: correction is benjamini-hochberg" in text


class TestFromCounts:
    """Counts of the shop and exposures of the host stand side by side."""

    def cases(self) -> list[CountedCase]:
        """Nine complaints and two praises."""
        day = date(2026, 5, 4)
        return [
            *(CountedCase(on=day, region="north") for _ in range(7)),
            CountedCase(on=day, region="moon"),
            CountedCase(on=day, region="closed"),
            *(CountedCase(on=day, region="south", praise=True) for _ in range(2)),
        ]

    def exposure(self) -> Exposure:
        """Three regions, one without customers, one without complaints."""
        by = {"region": {"north": 50, "south": 40, "closed": 0, "empty": 0}}
        return Exposure(of="orders", total=100, by=by)

    def test_places_without_exposure_are_named_and_not_judged(self):
        counts = summarize_complaints(self.cases(), MAY)
        some = PlacesFacts.of_counts(counts, self.exposure(), "region")
        assert some.places == (Place("empty", 0, 0), Place("north", 7, 50), Place("south", 0, 40))
        assert (some.unrated, some.as_of, some.of) == (("closed", "moon"), DAY, "orders")
        assert some.unplaced == 2
        evidence = alarm()(some).evidence
        named = [e.observed for e in evidence if e.criterion == "not-judged-for-want-of-exposure"]
        assert named == ["closed", "moon"]

    @pytest.mark.parametrize("measure", [Measure.COMPLAINTS, Measure.PRAISE])
    @given(st.lists(st.sampled_from(["north", "south", "moon", None]), max_size=12), st.data())
    def test_no_case_is_dropped_for_want_of_a_place(self, measure, regions, data):
        """By every dimension the judged and the others make up the total."""
        cases = [
            CountedCase(on=date(2026, 5, 4), region=region, praise=data.draw(st.booleans()))
            for region in regions
        ]
        counts = summarize_complaints(cases, MAY)
        total = counts.total.praise if measure is Measure.PRAISE else counts.total.complaints
        for dimension in ("region", "cause"):
            some = PlacesFacts.of_counts(counts, self.exposure(), dimension, measure)
            assert sum(place.count for place in some.places) + some.unplaced == total

    def test_cases_at_no_place_are_said(self):
        some = facts(("a", 3, 10), ("b", 3, 10), unplaced=4)
        assert "- noted: at no place is 4" in explain(alarm()(some))
        assert "at no place" not in explain(alarm()(facts(("a", 3, 10), ("b", 3, 10))))

    def test_praise(self):
        counts = summarize_complaints(self.cases(), MAY)
        some = PlacesFacts.of_counts(counts, self.exposure(), Dimension.REGION, Measure.PRAISE)
        assert Place("south", 2, 40) in some.places

    @pytest.mark.parametrize("places", [(), (("a", 3, 10),), (("a", 0, 0), ("b", 0, 0))])
    def test_with_nothing_to_compare_there_is_no_alarm(self, places):
        decision = alarm()(facts(*places))
        assert not decision.outcome.is_alarm
        assert str(decision.outcome) == "hot spots by region: none"
        assert [item.criterion for item in decision.evidence] == ["places-compared"]


class TestRedesign:
    """A product repaired more than its siblings is stopped or designed anew."""

    SIBLINGS = facts(
        ("sofa-a", 40, 1_000),
        ("sofa-b", 9, 1_100),
        ("sofa-c", 5, 800),
        dimension="product",
        of="units sold",
        measure=Measure.REPAIRS,
    )
    POLICY = RedesignAlarm(alarm("0.01", Correction.BONFERRONI, 5, 2))

    @pytest.mark.parametrize(
        ("product", "verdict"),
        [("sofa-a", ProductVerdict.STOP_OR_REDESIGN), ("sofa-b", ProductVerdict.KEEP)],
    )
    def test_each_is_judged_among_its_siblings(self, product, verdict):
        decision = self.POLICY(SiblingFacts(product=product, siblings=self.SIBLINGS))
        assert (decision.outcome, decision.subject) == (verdict, product)
        assert "product-sofa-a" in [item.criterion for item in decision.unmet]

    def test_a_product_is_compared_with_its_own_siblings(self):
        with pytest.raises(InvalidValue, match="one of the siblings"):
            SiblingFacts(product="chair", siblings=self.SIBLINGS)


class TestWhatIsRefused:
    """Terms and numbers that could not be meant."""

    @pytest.mark.parametrize(
        "terms", [{"chance": 0}, {"chance": 1}, {"minimum_count": 0}, {"least_ratio": "0.99"}]
    )
    def test_terms_out_of_range(self, terms):
        with pytest.raises(InvalidPolicy):
            alarm(**terms)

    @pytest.mark.parametrize(
        ("count", "exposure"),
        [
            (-1, 1),
            (MAX_COUNT + 1, MAX_EXPOSURE),
            (True, 1),
            (1, -1),
            (1, MAX_EXPOSURE + 1),
            (0, 1.0),
        ],
    )
    def test_numbers_out_of_range(self, count, exposure):
        with pytest.raises(InvalidValue, match="whole number"):
            Place("a", count, exposure)

    def test_more_in_all_than_statistics_are_made_of(self):
        most = (("a", MAX_COUNT // 2, 10), ("b", MAX_COUNT // 2, 10))
        assert len(facts(*most).places) == 2
        with pytest.raises(InvalidValue, match="at most 100,000,000 in all"):
            facts(*most, ("c", 1, 10))

    @pytest.mark.parametrize("unplaced", [-1, True, MAX_COUNT + 1])
    def test_cases_at_no_place_out_of_range(self, unplaced):
        with pytest.raises(InvalidValue, match="whole number"):
            facts(unplaced=unplaced)

    def test_something_among_nobody(self):
        with pytest.raises(InvalidValue, match="find out the exposure"):
            Place("a", 1, 0)

    def test_a_place_stands_once(self):
        for build in (
            lambda: facts(("a", 1, 1), ("a", 1, 1)),
            lambda: facts(("a", 1, 1), unrated=("a",)),
        ):
            with pytest.raises(InvalidValue, match="stands once"):
                build()


class TestAsData:
    """Policies, facts and findings are data."""

    @given(some_places)
    def test_written_and_read_again(self, some):
        policy = alarm("0.01", Correction.BONFERRONI, 5, "1.5")
        items = [policy, RedesignAlarm(policy), some, alarm()(some).outcome]
        for item in items:
            assert CONVERTER.loads(CONVERTER.dumps(item)) == item


CONVERTER = make_converter(
    HotSpotAlarm, RedesignAlarm, PlacesFacts, type(alarm()(facts()).outcome), SiblingFacts
)
