"""Complaints are counted once, by every dimension, and counts add up in any order."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.complaints.facts.counts import (
    MAX_COUNT,
    MAX_EXPOSURE,
    ComplaintCounts,
    Counted,
    CountedCase,
    Dimension,
    Exposure,
    summarize_complaints,
)
from crmkit.errors import InvalidIdentifier, InvalidValue
from crmkit.period import Period
from crmkit.serialization import make_converter

MAY = Period.month(2026, 5)
JUNE = Period.month(2026, 6)

some = st.none() | st.sampled_from(["a", "b", "c"])
cases = st.builds(
    CountedCase,
    on=st.dates(date(2026, 4, 28), date(2026, 6, 3)),
    region=some,
    product=some,
    unit=some,
    employee=some,
    channel=some,
    cause=some,
    praise=st.booleans(),
    others=st.dictionaries(st.sampled_from(["store", "shift"]), st.sampled_from("xy"), max_size=2),
)
many = st.lists(cases, max_size=20)


def case(**fields) -> CountedCase:
    """A complaint on a day in May of which only so much is known."""
    return CountedCase(**{"on": date(2026, 5, 4), **fields})


class TestMerging:
    """However cases are split and in whatever order, the counts are those of one pass."""

    @given(st.lists(many, min_size=1, max_size=4), st.randoms(use_true_random=False))
    def test_merging_counts_is_counting_once(self, parts, random):
        whole = [item for part in parts for item in part]
        counts = [summarize_complaints(part, MAY) for part in parts]
        random.shuffle(counts)
        random.shuffle(whole)
        assert reduce(ComplaintCounts.merge, counts) == summarize_complaints(whole, MAY)

    @given(many)
    def test_nothing_is_neutral(self, some_cases):
        counts = summarize_complaints(some_cases, MAY)
        assert counts.merge(ComplaintCounts(period=MAY)) == counts

    def test_two_periods_are_not_one(self):
        with pytest.raises(InvalidValue, match="merge those of one"):
            ComplaintCounts(period=MAY).merge(ComplaintCounts(period=JUNE))


class TestCounting:
    """Every case is accounted for."""

    @given(many)
    def test_every_case_is_inside_or_outside(self, some_cases):
        counts = summarize_complaints(some_cases, MAY)
        assert counts.total.complaints + counts.total.praise + counts.outside == len(some_cases)

    @given(many)
    def test_counts_are_those_of_a_counter(self, some_cases):
        counts = summarize_complaints(some_cases, MAY)
        inside = [item for item in some_cases if item.on in MAY]
        for dimension in Dimension:
            for praise in (False, True):
                naive = Counter(
                    getattr(item, dimension) for item in inside if item.praise is praise
                )
                unknown = counts.unknown(dimension)
                assert naive.pop(None, 0) == (unknown.praise if praise else unknown.complaints)
                found = {
                    value: number
                    for value, pair in counts.by.get(dimension, {}).items()
                    if (number := pair.praise if praise else pair.complaints)
                }
                assert found == dict(naive)

    def test_the_first_and_the_last_day_count_and_their_neighbours_do_not(self):
        days = [date(2026, 4, 30), date(2026, 5, 1), date(2026, 5, 31), date(2026, 6, 1)]
        counts = summarize_complaints([case(on=day) for day in days], MAY)
        assert (counts.total.complaints, counts.outside) == (2, 2)

    def test_dimensions_of_the_host(self):
        counts = summarize_complaints([case(others={"store": "S-12"})], MAY)
        assert counts.of("store", "S-12") == Counted(1, 0)

    def test_members_of_enumerations_are_words(self):
        some = case(cause=Dimension.REGION, others={Dimension.CAUSE.name: Dimension.UNIT})
        assert [type(word) for pair in some.places() for word in pair] == [str] * 4

    def test_a_place_that_did_not_occur_counts_nothing(self):
        assert ComplaintCounts(period=MAY).of("region", "north") == Counted()


class TestExposure:
    """How many could have complained is the host's to say."""

    def test_exposures_with_nobody_in_common_add_up(self):
        north = Exposure(of="orders", total=10, by={"region": {"north": 10}})
        south = Exposure(of="orders", total=7, by={"region": {"south": 5, "north": 2}})
        assert north.merge(south) == south.merge(north)
        assert north.merge(south).by["region"] == {"north": 12, "south": 5}
        assert north.merge(south).total == 17

    def test_orders_and_customers_do_not_add_up(self):
        with pytest.raises(InvalidValue, match="one exposure counts orders, the other customers"):
            Exposure(of="orders", total=1).merge(Exposure(of="customers", total=1))

    def test_a_place_without_exposure_is_not_known(self):
        assert Exposure(of="orders", total=1).at("region", "north") is None

    def test_a_part_may_be_all_of_it(self):
        assert Exposure(of="orders", total=1, by={"region": {"a": 1}}).at("region", "a") == 1


class TestWhatIsRefused:
    """Numbers that could not have been counted."""

    @pytest.mark.parametrize("number", [-1, MAX_COUNT + 1, True, 1.0])
    def test_counts(self, number):
        for build in (lambda: Counted(number), lambda: Counted(0, number)):
            with pytest.raises(InvalidValue, match="whole number from 0 to 100,000,000"):
                build()
        with pytest.raises(InvalidValue):
            ComplaintCounts(period=MAY, outside=number)

    def test_the_largest_count_is_fine(self):
        assert Counted(MAX_COUNT, MAX_COUNT).praise == MAX_COUNT

    @pytest.mark.parametrize("number", [-1, MAX_EXPOSURE + 1, True, 1.0])
    def test_exposures(self, number):
        with pytest.raises(InvalidValue):
            Exposure(of="orders", total=number)

    def test_a_part_larger_than_the_total(self):
        with pytest.raises(InvalidValue, match="at most the total"):
            Exposure(of="orders", total=1, by={"region": {"a": 2}})

    @pytest.mark.parametrize("more", [Counted(2, 0), Counted(0, 2)])
    def test_a_dimension_that_counts_more_than_there_are(self, more):
        with pytest.raises(InvalidValue, match="more are counted"):
            ComplaintCounts(period=MAY, total=Counted(1, 1), by={"region": {"a": more}})

    def test_an_instant_is_no_day(self):
        with pytest.raises(InvalidValue, match="on is a datetime"):
            case(on=datetime(2026, 5, 4))  # noqa: DTZ001

    @pytest.mark.parametrize("fields", [{"region": ""}, {"others": {"": "x"}}])
    def test_words_that_are_no_keys(self, fields):
        with pytest.raises(InvalidIdentifier):
            case(**fields)

    def test_a_dimension_with_a_field_of_its_own(self):
        with pytest.raises(InvalidValue, match="pass them there"):
            case(others={"region": "north"})


class TestAsData:
    """Counts can be kept and handed from one process to another."""

    @given(many)
    def test_written_and_read_again(self, some_cases):
        converter = make_converter(CountedCase, ComplaintCounts, Exposure)
        counts = summarize_complaints(some_cases, MAY)
        exposure = Exposure(of="orders", total=3, by={"region": {"a": 2}})
        for item in (*some_cases[:2], counts, exposure):
            assert converter.loads(converter.dumps(item)) == item
