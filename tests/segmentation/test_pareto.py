"""The Pareto report, its picture, and the focus that follows from it."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from crmkit.errors import CurrencyMismatch, InvalidPolicy, InvalidValue, NothingToFit
from crmkit.money import Money
from crmkit.segmentation.facts import Histogram
from crmkit.segmentation.policies.pareto import (
    CurvePoint,
    Focus,
    ParetoFocus,
    ParetoReport,
    concentration_curve,
    gini,
)
from crmkit.segmentation.policies.service_level import ServiceLevel
from tests.segmentation.policy_laws import (
    assert_policy_laws,
    cents,
    euros,
    populations,
    shares,
    worth,
    written_and_read,
)

one_share = shares(1).map(lambda found: found[0])
SERVICE = {
    Focus.KEY: ServiceLevel(priority=1, contacts_per_year=12, support=("a manager",)),
    Focus.OTHER: ServiceLevel(priority=2, contacts_per_year=2),
}


class TestParetoReport:
    """The smallest number of customers who bring a given share."""

    @given(populations, one_share)
    def test_it_agrees_with_counting_down_the_list(self, values, share):
        wanted = share * sum(value for value in values if value > 0)
        few = brought = 0
        for value in sorted(values, reverse=True):
            if brought >= wanted:
                break
            few, brought = few + 1, brought + value
        report = ParetoReport.of(cents(values), share=share)
        assert (report.customers, report.value.minor) == (few, brought)

    @given(populations, one_share)
    def test_one_customer_fewer_would_not_bring_it(self, values, share):
        report = ParetoReport.of(cents(values), share=share)
        assume(report.of_value.minor)
        fewer = sorted(values, reverse=True)[: report.customers - 1]
        assert report.share_of_value >= share > Fraction(sum(fewer), report.of_value.minor)

    @given(populations, populations, one_share)
    def test_merged_counts_give_what_one_pass_gives(self, ones, others, share):
        merged = Histogram.of_money(cents(ones)).merge(Histogram.of_money(cents(others)))
        together = ParetoReport.of(cents([*ones, *others]), share=share)
        assert ParetoReport.of(merged, share=share) == together

    def test_twenty_percent_bring_eighty(self):
        report = ParetoReport.of(euros(400, 400, *[25] * 8))
        assert str(report) == (
            "2 of 10 customers (20.0 %) bring 800.00 EUR of 1000.00 EUR (80.0 %)"
        )

    def test_of_equal_customers_only_as_many_as_are_needed(self):
        report = ParetoReport.of(euros(*[10] * 10), share="0.25")
        assert (report.customers, report.share_of_value) == (3, Fraction(3, 10))

    def test_all_of_it_needs_everybody_who_brings_anything(self):
        report = ParetoReport.of(euros(9, 1, 0, -5), share=1)
        assert (report.customers, report.of_customers) == (2, 4)
        assert report.of_value == Money(10, "EUR")

    def test_nothing_needs_nobody(self):
        report = ParetoReport.of(euros(0, -5))
        assert report.customers == report.share_of_customers == report.share_of_value == 0

    def test_shares_are_rounded_half_to_even_only_for_the_eye(self):
        report = ParetoReport.of(euros(*[1] * 16), share="0.05")
        assert "(6.2 %)" in str(report)

    @pytest.mark.parametrize("share", ["0", "1.01"])
    def test_a_share_lies_above_0_and_at_most_at_1(self, share):
        with pytest.raises(InvalidPolicy):
            ParetoReport.of(euros(5), share=share)

    def test_nobody_is_no_population(self):
        with pytest.raises(NothingToFit):
            ParetoReport.of([])

    def test_it_can_be_written_down(self):
        report = ParetoReport.of(euros(9, 1), share=Fraction(1, 3))
        assert written_and_read(report) == report


class TestConcentrationCurve:
    """From (0, 0) to (1, 1), the best customers first."""

    @given(populations)
    def test_it_rises_and_bends_one_way(self, values):
        curve = concentration_curve(cents(values))
        assert (curve[0], curve[-1]) == (CurvePoint(0, 0), CurvePoint(1, 1))  # type: ignore[arg-type]
        steps = [(b.customers - a.customers, b.value - a.value) for a, b in pairwise(curve)]
        assert all(heads > 0 and value >= 0 for heads, value in steps)
        slopes = [value / heads for heads, value in steps]
        assert slopes == sorted(slopes, reverse=True)

    @given(populations, one_share)
    def test_the_report_lies_on_or_above_the_curve(self, values, share):
        """Between two points the curve is a line: the report stands on it, at whole customers."""
        report = ParetoReport.of(cents(values), share=share)
        assume(report.of_value.minor)
        curve = concentration_curve(cents(values))
        left, right = next(
            pair for pair in pairwise(curve) if pair[1].customers >= report.share_of_customers
        )
        part = (report.share_of_customers - left.customers) / (right.customers - left.customers)
        assert left.value + part * (right.value - left.value) == report.share_of_value

    @given(populations, st.integers(2, 12))
    def test_thinned_out_it_keeps_its_ends_and_no_more_points_than_asked(self, values, points):
        whole, thin = (concentration_curve(cents(values), points=n) for n in (None, points))
        assert (thin[0], thin[-1]) == (whole[0], whole[-1])
        assert len(thin) == min(points, len(whole))
        assert [point for point in whole if point in thin] == list(thin)

    def test_a_point_for_each_value(self):
        curve = concentration_curve(euros(6, 2, 2, 0, -7))
        assert curve == (
            CurvePoint(Fraction(0), Fraction(0)),
            CurvePoint(Fraction(1, 5), Fraction(3, 5)),
            CurvePoint(Fraction(3, 5), Fraction(1)),
            CurvePoint(Fraction(1), Fraction(1)),
        )

    def test_where_nobody_brings_anything_it_is_the_diagonal(self):
        assert len(concentration_curve(euros(0, -3))) == 2

    def test_a_curve_has_two_ends(self):
        with pytest.raises(InvalidValue, match="at least 2 points"):
            concentration_curve(euros(5), points=1)


class TestGini:
    """0 when all bring alike, close to 1 when one brings everything."""

    @given(populations)
    def test_it_agrees_with_the_mean_difference(self, values):
        """Half the relative mean absolute difference, the textbook's other formula."""
        brought = [max(value, 0) for value in values]
        differences = sum(abs(a - b) for a in brought for b in brought)
        expected = Fraction(differences, 2 * len(brought) * sum(brought)) if any(brought) else 0
        assert gini(cents(values)) == expected

    @given(populations)
    def test_it_lies_between_equality_and_one_who_brings_everything(self, values):
        assert 0 <= gini(cents(values)) <= 1 - Fraction(1, len(values))

    def test_one_of_four_brings_everything(self):
        assert gini(euros(8, 0, 0, 0)) == Fraction(3, 4)


class TestParetoFocus:
    """Key customers get priority; the others stay served at lower frequency and extent."""

    @given(populations, one_share)
    def test_the_key_customers_are_those_of_the_report_and_their_equals(self, values, share):
        report = ParetoReport.of(cents(values), share=share)
        focus = ParetoFocus.fit(cents(values), share=share, service=SERVICE)
        few = sorted(values, reverse=True)[: report.customers]
        assert focus.outcomes(worth(value) for value in cents(values)) == [
            Focus.KEY if value in few else Focus.OTHER for value in values
        ]

    @given(populations)
    def test_laws_of_a_policy(self, values):
        focus = ParetoFocus.fit(cents(values), service=SERVICE)
        assert_policy_laws(focus, [worth(value) for value in cents(values)])

    def test_reaching_the_threshold_is_enough(self):
        focus = ParetoFocus(key_from=Money(100, "EUR"), service=SERVICE)
        key, other = (focus(worth(value)) for value in euros(100, "99.99"))
        assert (key.outcome, other.outcome) == (Focus.KEY, Focus.OTHER)
        assert [item.required for item in other.unmet] == [Money(100, "EUR")]

    def test_it_tells_how_it_was_fitted(self):
        assert ParetoFocus.fit(euros(9), share="0.7", service=SERVICE).share == Fraction(7, 10)

    def test_what_each_gets(self):
        focus = ParetoFocus(key_from=None, service=SERVICE)
        assert focus.service_for(Focus.KEY).support == ("a manager",)

    @pytest.mark.parametrize(
        ("other", "why"),
        [
            (ServiceLevel(priority=2, contacts_per_year=11), None),
            (ServiceLevel(priority=2, contacts_per_year=12), "contacted more than the others"),
            (ServiceLevel(priority=1, contacts_per_year=2), "key customers come first"),
            (ServiceLevel(priority=2, contacts_per_year=1), None),
            (ServiceLevel(priority=2, contacts_per_year=0), "served less, not dropped"),
        ],
    )
    def test_the_others_are_served_less_but_served(self, other, why):
        service = {**SERVICE, Focus.OTHER: other}
        if why is None:
            assert ParetoFocus(key_from=None, service=service).service_for(Focus.OTHER) == other
        else:
            with pytest.raises(InvalidPolicy, match=why):
                ParetoFocus(key_from=None, service=service)

    def test_the_others_never_come_first(self):
        service = {
            Focus.KEY: ServiceLevel(priority=2, contacts_per_year=12),
            Focus.OTHER: ServiceLevel(priority=1, contacts_per_year=2),
        }
        with pytest.raises(InvalidPolicy, match="key customers come first"):
            ParetoFocus(key_from=None, service=service)

    def test_both_have_a_service(self):
        with pytest.raises(InvalidPolicy, match="missing: other"):
            ParetoFocus(key_from=None, service={Focus.KEY: SERVICE[Focus.KEY]})

    def test_a_share_lies_above_0_and_at_most_at_1(self):
        with pytest.raises(InvalidPolicy):
            ParetoFocus.fit(euros(5), share="0", service=SERVICE)
        with pytest.raises(InvalidPolicy):
            ParetoFocus(key_from=None, share="2", service=SERVICE)

    def test_two_currencies_do_not_mix(self):
        with pytest.raises(CurrencyMismatch):
            ParetoFocus.fit([Money(1, "EUR"), Money(1, "USD")], service=SERVICE)
