"""A region with rising complaints signals a local fault."""

from __future__ import annotations

import math
from datetime import date
from fractions import Fraction

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmkit.complaints.facts.places import Measure
from crmkit.complaints.policies.control_limits import Correction
from crmkit.complaints.policies.rising import (
    Baseline,
    CountIn,
    KnownRate,
    RisingComplaints,
    SeriesFacts,
    Trend,
)
from crmkit.decision import explain
from crmkit.errors import InvalidPolicy, InvalidValue
from crmkit.period import Period
from crmkit.serialization import make_converter

DAY = date(2026, 12, 31)
references = st.one_of(
    st.builds(Baseline, st.integers(0, 60), st.integers(1, 50)),
    st.fractions(0, 5, max_denominator=20).map(KnownRate),
)


def months(*counts: int, exposure: int = 10) -> tuple[CountIn, ...]:
    """Complaints of the months of 2026, from January on."""
    return tuple(
        CountIn(Period.month(2026, month), count, exposure)
        for month, count in enumerate(counts, start=1)
    )


def series(reference: Baseline | KnownRate, *points: CountIn, **fields) -> SeriesFacts:
    """What a region has had, held against a reference."""
    return SeriesFacts(as_of=DAY, place="north", reference=reference, points=points, **fields)


def chart(chance="0.05", correction=Correction.NONE, minimum_count=1, places=1) -> RisingComplaints:
    """A chart of these terms."""
    return RisingComplaints(
        false_alarm=chance, correction=correction, minimum_count=minimum_count, places=places
    )


class TestTrend:
    """More than chance explains is rising, fewer is falling, the rest is steady."""

    @given(references, st.lists(st.integers(0, 80), max_size=6), st.sampled_from(Correction))
    def test_a_period_is_out_if_its_chance_is_small(self, reference, counts, correction):
        decision = chart(correction=correction)(series(reference, *months(*counts)))
        flagged = []
        for item in decision.evidence[2:]:
            flagged.append(not item.met or not item.parts[0].met)
        chances = [reference.chance(point) for point in months(*counts)]
        if correction is Correction.NONE:
            assert flagged == [chance <= 0.05 for chance in chances]
        elif correction is Correction.BONFERRONI:
            assert flagged == [chance <= 0.05 / len(counts) for chance in chances]
        else:
            assert all(chance <= 0.05 for chance, out in zip(chances, flagged, strict=True) if out)
        assert (decision.outcome is Trend.STEADY) is not any(flagged)

    @pytest.mark.parametrize(
        ("counts", "trend"),
        [
            ((40, 40), Trend.STEADY),
            ((40, 80), Trend.RISING),
            ((40, 10), Trend.FALLING),
            ((10, 80), Trend.RISING),
            ((), Trend.STEADY),
        ],
    )
    def test_against_forty_a_month(self, counts, trend):
        decision = chart()(series(KnownRate(4), *months(*counts)))
        assert (decision.outcome, decision.subject) == (trend, "north")

    @pytest.mark.parametrize(("minimum", "trend"), [(4, Trend.RISING), (5, Trend.STEADY)])
    def test_a_few_complaints_may_be_too_few_to_act_on(self, minimum, trend):
        some = series(KnownRate(Fraction(1, 100)), *months(4))
        assert chart(minimum_count=minimum)(some).outcome is trend

    def test_a_region_that_grows_may_have_more_complaints(self):
        grown = CountIn(Period.month(2026, 1), 80, 20)
        assert chart()(series(KnownRate(4), grown)).outcome is Trend.STEADY

    def test_the_same_counts_alarm_against_a_standard_and_not_against_a_short_baseline(self):
        """Three complaints in a baseline say little about the rate."""
        points = months(9, exposure=10)
        assert chart()(series(KnownRate("0.3"), *points)).outcome is Trend.RISING
        assert chart()(series(Baseline(3, 10), *points)).outcome is Trend.STEADY

    def test_a_region_that_loses_customers_signals_a_local_fault_too(self):
        lost = series(KnownRate("0.1"), *months(1, 9), measure=Measure.LOST_CUSTOMERS)
        decision = chart()(lost)
        assert decision.outcome is Trend.RISING
        assert "- not met: lost customers from 2026-02-01 to 2026-02-28 is 9" in explain(decision)

    def test_a_period_without_customers_has_no_complaints_and_is_steady(self):
        empty = CountIn(Period.month(2026, 1), 0, 0)
        for reference in (KnownRate(4), Baseline(40, 10)):
            assert chart()(series(reference, empty)).outcome is Trend.STEADY


class TestChance:
    """A count as far out as this, on either side: twice the smaller tail, and certainty at most."""

    @given(st.integers(0, 25), st.integers(1, 9), st.integers(0, 25), st.integers(1, 9))
    def test_against_a_baseline(self, before, base, count, exposure):
        share, total = Fraction(exposure, exposure + base), before + count
        points = [
            math.comb(total, k) * share**k * (1 - share) ** (total - k) for k in range(total + 1)
        ]
        tail = min(sum(points[count:]), sum(points[: count + 1]))
        found = Baseline(before, base).chance(CountIn(Period.month(2026, 1), count, exposure))
        assert found == pytest.approx(float(min(1, 2 * tail)), rel=1e-9)

    @given(st.integers(0, 25), st.fractions(0, 3, max_denominator=9), st.integers(1, 9))
    def test_against_a_rate(self, count, rate, exposure):
        mean = float(rate * exposure)
        points = [math.exp(-mean) * mean**k / math.factorial(k) for k in range(120)]
        tail = min(math.fsum(points[count:]), math.fsum(points[: count + 1]))
        found = KnownRate(rate).chance(CountIn(Period.month(2026, 1), count, exposure))
        assert found == pytest.approx(min(1.0, 2 * tail), rel=1e-9, abs=1e-12)


class TestFalseAlarms:
    """Where nothing changes, a chart of twelve months is quiet as often as it says."""

    @pytest.mark.parametrize(
        ("correction", "low", "high"),
        [(Correction.BONFERRONI, 0.035, 0.05), (Correction.NONE, 0.40, 1 - 0.95**12)],
    )
    def test_a_year_in_which_nothing_changes(self, correction, low, high):
        """Summed over every count that a month can have, not drawn."""
        some = series(KnownRate(20), *months(*[200] * 12))
        item = chart(correction=correction)(some).evidence[-1]
        points = [math.exp(-200 + k * math.log(200) - math.lgamma(k + 1)) for k in range(500)]
        lower, upper = item.parts[0].required, item.required
        assert isinstance(lower, int)
        assert isinstance(upper, int)
        quiet = math.fsum(points[lower : upper + 1])
        assert low < 1 - quiet**12 <= high

    @pytest.mark.parametrize(
        ("correction", "low", "high"),
        [(Correction.BONFERRONI, 0.03, 0.05), (Correction.NONE, 0.6, 1 - 0.95**30)],
    )
    def test_thirty_regions_in_which_nothing_changes(self, correction, low, high):
        """Each looked at once a month, side by side; summed over every count, not drawn."""
        some = series(KnownRate(20), *months(200))
        item = chart(correction=correction, places=30)(some).evidence[-1]
        points = [math.exp(-200 + k * math.log(200) - math.lgamma(k + 1)) for k in range(500)]
        lower, upper = item.parts[0].required, item.required
        assert isinstance(lower, int)
        assert isinstance(upper, int)
        assert low < 1 - math.fsum(points[lower : upper + 1]) ** 30 <= high

    @given(references, st.lists(st.integers(0, 80), max_size=4), st.integers(2, 40))
    def test_more_regions_side_by_side_never_add_an_alarm(self, reference, counts, places):
        one, many = (
            chart(correction=Correction.BENJAMINI_HOCHBERG, places=number)(
                series(reference, *months(*counts))
            )
            for number in (1, places)
        )
        assert len(many.unmet) <= len(one.unmet)
        assert many.evidence[2].observed == places


class TestWhatIsRefused:
    """Terms and numbers that could not be meant."""

    @pytest.mark.parametrize(
        "terms", [{"chance": 0}, {"chance": 1}, {"minimum_count": 0}, {"places": 0}]
    )
    def test_terms_out_of_range(self, terms):
        with pytest.raises(InvalidPolicy):
            chart(**terms)

    @pytest.mark.parametrize("numbers", [(-1, 1), (True, 1), (1.0, 1), (1, -1), (0, True)])
    def test_numbers_out_of_range(self, numbers):
        for build in (
            lambda: Baseline(*numbers),
            lambda: CountIn(Period.month(2026, 1), *numbers),
        ):
            with pytest.raises(InvalidValue, match="whole number"):
                build()

    def test_a_baseline_of_nobody(self):
        with pytest.raises(InvalidValue, match="exposure of 1 or more"):
            Baseline(0, 0)

    def test_complaints_of_nobody(self):
        with pytest.raises(InvalidValue, match="find out the exposure"):
            CountIn(Period.month(2026, 1), 1, 0)

    def test_a_rate_below_nothing(self):
        with pytest.raises(InvalidValue, match="0 or more"):
            KnownRate(-1)

    def test_more_expected_than_can_be_counted(self):
        for reference in (KnownRate(10**7), Baseline(10**7, 1)):
            assert chart()(series(reference, *months(5))).outcome is Trend.FALLING
            with pytest.raises(InvalidValue, match="unit of the exposure"):
                series(reference, *months(5, exposure=11))

    def test_periods_out_of_order(self):
        january, february = months(1, 2)
        for points in ((february, january), (january, january)):
            with pytest.raises(InvalidValue, match="share no day"):
                series(KnownRate(1), *points)

    def test_a_gap_between_periods_is_fine(self):
        january, _, march = months(1, 2, 3)
        assert chart()(series(KnownRate("0.2"), january, march)).outcome is Trend.STEADY


class TestAsData:
    """Charts and their facts are data."""

    @given(references, st.lists(st.integers(0, 80), max_size=3))
    def test_written_and_read_again(self, reference, counts):
        for item in (chart(), series(reference, *months(*counts))):
            assert CONVERTER.loads(CONVERTER.dumps(item)) == item

    def test_a_changed_term_is_another_policy(self):
        assert evolve(chart(), minimum_count=2) != chart()


CONVERTER = make_converter(RisingComplaints, SeriesFacts)
