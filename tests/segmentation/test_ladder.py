"""Cuts of a population and thresholds: what the policies that rank by value share."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import assume, given

from crmkit.errors import (
    CurrencyMismatch,
    InvalidIdentifier,
    InvalidMoney,
    InvalidPolicy,
    InvalidValue,
    NothingToFit,
)
from crmkit.money import Money
from crmkit.segmentation import AbcTiers, CustomerPyramid, RfmSummary, summarize_rfm
from crmkit.segmentation.facts import Histogram
from crmkit.segmentation.policies.ladder import (
    CutConvention,
    as_share,
    check_names,
    check_rising_shares,
    check_thresholds,
    count_money,
    cut_points,
    first_met,
    ladder_evidence,
    ladder_outcomes,
)
from tests.segmentation.builders import all_rules, days, histories, purchases, summarize
from tests.segmentation.policy_laws import DAY, euros, worth

BEFORE = CutConvention.SHARE_BEFORE_BELOW
INCLUDING = CutConvention.SHARE_INCLUDING_AT_MOST


class TestShares:
    """A share is exact, and cuts rise from above 0 to at most 1."""

    def test_a_share_is_read_from_a_text_exactly(self):
        assert as_share("0.80") == Fraction(4, 5)

    def test_a_float_is_no_share(self):
        with pytest.raises(InvalidMoney, match="a share is a float"):
            as_share(0.8)  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        "cuts", [["0"], ["-0.1"], ["1.01"], ["0.8", "0.8"], ["0.9", "0.8"], ["0.5", "1.1"]]
    )
    def test_cuts_that_do_not_rise_within_0_and_1_are_refused(self, cuts):
        with pytest.raises(InvalidPolicy, match="cuts are shares that rise"):
            check_rising_shares([as_share(cut) for cut in cuts])

    @pytest.mark.parametrize("cuts", [[], ["1"], ["0.01", "0.05", "1"]])
    def test_cuts_may_reach_everything(self, cuts):
        check_rising_shares([as_share(cut) for cut in cuts])


class TestCutPoints:
    """Each cut becomes the last value that stands above it."""

    @pytest.mark.parametrize(
        ("convention", "points"), [(BEFORE, [7, 5, 1]), (INCLUDING, [None, 7, 1])]
    )
    def test_whoever_crosses_a_cut_stands_above_or_below_it(self, convention, points):
        """Weights 5, 3 and 2 of 10 end at 50 %, 80 % and 100 %."""
        cuts = [as_share(cut) for cut in ("0.49", "0.79", "1")]
        assert cut_points([(7, 5), (5, 3), (1, 2)], cuts, convention) == points

    @pytest.mark.parametrize(("convention", "point"), [(BEFORE, 7), (INCLUDING, 7)])
    def test_a_share_of_exactly_the_cut(self, convention, point):
        """After 7 exactly half is reached: 5 has no share below it, and 7 no more than it."""
        assert cut_points([(7, 5), (5, 5)], [as_share("0.5")], convention) == [point]

    @pytest.mark.parametrize("convention", [BEFORE.value, "some", None])
    def test_what_only_looks_like_a_convention_is_refused(self, convention):
        with pytest.raises(InvalidPolicy, match="a convention is a CutConvention"):
            cut_points([(7, 5), (5, 5)], [as_share("0.5")], convention)

    @pytest.mark.parametrize("convention", CutConvention)
    def test_nobody_stands_above_a_cut_of_nothing(self, convention):
        nothing: list[tuple[int, int]] = []
        assert cut_points(nothing, [as_share("0.5")], convention) == [None]


class TestCountingMoney:
    """A population is amounts of money, counted or not."""

    def test_amounts_are_counted(self):
        counted, currency = count_money(euros(3, 3, 1))
        assert (dict(counted.counts), currency) == ({300: 2, 100: 1}, "EUR")

    def test_a_histogram_is_taken_as_it_is(self):
        histogram = Histogram.of_money(euros(3))
        assert count_money(histogram)[0] is histogram

    def test_a_histogram_of_days_is_no_money(self):
        with pytest.raises(InvalidValue, match="has no currency"):
            count_money(Histogram.of([3, 4]))

    @pytest.mark.parametrize("nobody", [[], Histogram({}, "EUR")])
    def test_nobody_is_no_population(self, nobody):
        with pytest.raises(NothingToFit):
            count_money(nobody)


class TestThresholds:
    """The best class asks for the most, and only the best classes can be empty."""

    @pytest.mark.parametrize(
        "thresholds",
        [[], [None], [None, None], euros(5, 5), euros(5, 3), [None, *euros(3)]],
    )
    def test_falling_thresholds_make_sense(self, thresholds):
        check_thresholds(thresholds)

    def test_rising_thresholds_are_refused(self):
        with pytest.raises(InvalidPolicy, match="thresholds fall"):
            check_thresholds(euros(9, 3, 5))

    def test_an_empty_class_below_one_with_members_is_refused(self):
        with pytest.raises(InvalidPolicy, match="only the best classes can be empty"):
            check_thresholds([*euros(3), None])

    def test_two_currencies_are_refused(self):
        with pytest.raises(CurrencyMismatch):
            check_thresholds([Money(3, "EUR"), Money(3, "USD")])

    def test_a_name_stands_for_one_class(self):
        with pytest.raises(InvalidPolicy, match="grades need names of their own"):
            check_names(["1", "2", "1"], "grades")

    def test_a_name_is_visible(self):
        with pytest.raises(InvalidIdentifier, match="a name is empty"):
            check_names(["A", ""])


class TestLadder:
    """A customer is in the best class whose threshold the value reaches."""

    @pytest.mark.parametrize(("value", "name"), [(10, "A"), (9, "B"), (5, "B"), (4, "C")])
    def test_reaching_the_threshold_is_enough(self, value, name):
        (amount,) = euros(value)
        evidence = ladder_evidence("ABC", euros(10, 5), amount)
        assert first_met("ABC", evidence) == name
        assert ladder_outcomes("ABC", euros(10, 5), [worth(amount)]) == [name]

    def test_a_class_without_members_takes_nobody_and_says_so(self):
        thresholds = [None, *euros(5)]
        evidence = ladder_evidence("ABC", thresholds, euros(99)[0])
        assert [(item.criterion, item.observed, item.required) for item in evidence] == [
            ("customers-in-A", 0, 1),
            ("value-for-B", *euros(99, 5)),
        ]
        assert first_met("ABC", evidence) == "B"
        assert ladder_outcomes("ABC", thresholds, [worth(m) for m in euros(99, 4)]) == ["B", "C"]

    def test_without_any_threshold_all_are_in_the_last_class(self):
        assert ladder_outcomes("ABC", [None, None], [worth(m) for m in euros(9, 1)]) == ["C", "C"]

    def test_another_currency_is_refused_one_by_one_and_in_a_batch(self):
        dollars = Money(7, "USD")
        for decide in (
            lambda: ladder_evidence("AB", euros(5), dollars),
            lambda: ladder_outcomes("AB", euros(5), [worth(dollars)]),
        ):
            with pytest.raises(CurrencyMismatch) as caught:
                decide()
            assert (caught.value.left, caught.value.right) == ("USD", "EUR")


class TestSummaries:
    """What a summary says of all customers at once is what its facts say one by one."""

    @given(records=histories(), as_of=days(), rules=all_rules(), other=histories())
    def test_a_summary_is_ranked_like_its_facts(self, records, as_of, rules, other):
        population = summarize(records, as_of, rules)
        assume(population)
        totals = population.total_histogram()
        ranked = summarize(other, as_of, rules)
        for policy in (
            AbcTiers.fit(totals),
            CustomerPyramid.fit(totals),
            AbcTiers(thresholds=(None, None)),
        ):
            for summary in (population, ranked):
                one_by_one = [policy(facts).outcome for facts in summary.values()]
                assert policy.outcomes(summary) == one_by_one
                assert policy.outcomes(summary.values()) == one_by_one

    def test_a_summary_in_another_currency_is_refused(self):
        abc = AbcTiers(thresholds=euros(100, 10))
        dollars = summarize_rfm(purchases("2024-01-05 1.00 USD"), as_of=DAY)
        with pytest.raises(CurrencyMismatch) as caught:
            abc.outcomes(dollars)
        assert (caught.value.left, caught.value.right) == ("USD", "EUR")
        nobody = RfmSummary.from_columns([], [], [], as_of=DAY, currency="USD")
        assert abc.outcomes(nobody) == []
