"""How many customers are expected to have come back so and so often, against how many did."""

from __future__ import annotations

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import InvalidValue, UnitMismatch
from crmkit.lifetime_value.comparison import FrequencyFit, FrequencyRow, frequency_fit
from crmkit.lifetime_value.facts import CountedFacts
from crmkit.lifetime_value.models.bg_bb import BgBb
from crmkit.lifetime_value.models.bg_nbd import BgNbd
from crmkit.period import Unit
from tests.lifetime_value.judging import Nbd, cdnow_split, published_sample

rows = st.builds(
    lambda repeats, age, part: (repeats, age * part if repeats else 0.0, age),
    st.integers(0, 12),
    st.floats(0.5, 500.0),
    st.floats(0.1, 1.0),
)
bases = st.dictionaries(rows, st.integers(1, 1_000), min_size=1, max_size=12).map(CountedFacts)
shapes = st.floats(0.05, 20.0)
models = st.builds(Nbd, r=shapes, alpha=shapes, stays=st.floats(0.1, 1.0))


class TestLaws:
    """Whatever the model and the customers."""

    @given(model=models, base=bases, top=st.integers(1, 15))
    def test_every_customer_is_counted_once_and_expected_once(self, model, base, top):
        fit = frequency_fit(model, base, top=top)
        assert fit.customers == base.customers
        assert math.fsum(row.expected for row in fit.rows) == pytest.approx(base.customers)
        assert min(row.expected for row in fit.rows) >= 0.0

    @given(model=models, base=bases, top=st.integers(1, 15))
    def test_the_last_row_takes_all_that_the_rows_beyond_it_would(self, model, base, top):
        short = frequency_fit(model, base, top=top).rows
        long = frequency_fit(model, base, top=top + 3).rows
        assert [row.repeat_purchases for row in short] == list(range(top + 1))
        assert [row.or_more for row in short] == [False] * top + [True]
        assert short[:top] == long[:top]
        assert short[top].actual == sum(row.actual for row in long[top:])
        expected = math.fsum(row.expected for row in long[top:])
        assert short[top].expected == pytest.approx(expected, abs=1e-9 * base.customers)

    @given(model=models, one=bases, other=bases)
    def test_two_bases_together_are_expected_to_do_what_each_does(self, model, one, other):
        together = frequency_fit(model, one.merge(other)).rows
        for row, a, b in zip(
            together, frequency_fit(model, one).rows, frequency_fit(model, other).rows, strict=True
        ):
            assert row.actual == a.actual + b.actual
            assert row.expected == pytest.approx(
                a.expected + b.expected, abs=1e-9 * (one.customers + other.customers)
            )

    @given(base=bases)
    def test_what_customers_did_does_not_change_what_was_expected_of_them(self, base):
        """New customers are asked of, not those who are known."""
        model = Nbd(r=0.5, alpha=3.0)
        blank: Counter[tuple[int, float, float]] = Counter()
        for (_, _, age), customers in base.rows.items():
            blank[0, 0.0, age] += customers
        quiet = frequency_fit(model, CountedFacts(blank)).rows
        assert [row.expected for row in quiet] == pytest.approx(
            [row.expected for row in frequency_fit(model, base).rows]
        )


class TestDistances:
    """One number for how far the rows are off."""

    FIT = FrequencyFit(
        (
            FrequencyRow(repeat_purchases=0, or_more=False, actual=60, expected=50.0),
            FrequencyRow(repeat_purchases=1, or_more=True, actual=30, expected=40.0),
        )
    )

    def test_chi_square_weighs_each_miss_by_what_is_expected(self):
        assert self.FIT.chi_square == pytest.approx(100 / 50 + 100 / 40)

    def test_as_many_are_misplaced_as_would_have_to_move(self):
        assert self.FIT.misplaced == 10.0

    def test_what_should_never_happen_and_did_is_infinitely_far_off(self):
        never = FrequencyRow(repeat_purchases=0, or_more=False, actual=1, expected=0.0)
        assert FrequencyFit((never,)).chi_square == math.inf

    def test_what_should_never_happen_and_did_not_is_no_miss(self):
        """On their first day nobody can have come back."""
        fit = frequency_fit(Nbd(r=1.0, alpha=1.0), CountedFacts({(0, 0.0, 0.0): 5}))
        assert (fit.chi_square, fit.misplaced) == (0.0, 0.0)


class TestCdnow:
    """The published sample of 2,357 customers, calibrated to 30 September 1997."""

    def test_the_chi_squares_of_fader_hardie_lee_2005(self):
        """Section 4.2, Figure 2: 4.82 for the BG/NBD model, in the rows 0, 1 and so on to 7+."""
        base = published_sample()
        fit = frequency_fit(BgNbd.fit(base), base)
        assert fit.chi_square == pytest.approx(4.82, abs=0.005)
        assert [row.actual for row in fit.rows] == [1411, 439, 214, 100, 62, 38, 29, 64]

    def test_a_model_in_which_nobody_leaves_describes_them_worse(self):
        """The NBD benchmark of Fader and Hardie (2004, note 005): r .385, alpha 12.072."""
        base = published_sample()
        nbd = Nbd(r=0.385, alpha=12.072)
        assert nbd.log_likelihood(base) == pytest.approx(-9763.66, abs=0.005)
        assert (
            frequency_fit(nbd, base).chi_square
            > 2 * frequency_fit(BgNbd.fit(base), base).chi_square
        )


class TestOpportunities:
    """CDNOW's sample by the week: customers by the opportunities they took, for BG/BB."""

    def test_opportunities_taken_are_counted_and_expected(self):
        opportunities = cdnow_split().calibration.opportunities()
        fit = frequency_fit(BgBb.fit(opportunities), opportunities)
        taken = Counter(min(facts.repeat_purchases, 7) for facts in opportunities.values())
        assert [row.actual for row in fit.rows] == [taken[repeats] for repeats in range(8)]
        for row in fit.rows:
            assert row.expected == pytest.approx(row.actual, rel=0.35)
        assert fit.misplaced < 0.03 * fit.customers

    @pytest.mark.parametrize(
        ("row", "reason"),
        [((1, 2.5, 5.0), "ages are whole"), ((3, 2.0, 5.0), "more repeat purchases than")],
    )
    def test_days_of_purchase_are_no_opportunities(self, row, reason):
        """Not even in whole weeks, where several may lie in one."""
        model = BgBb(alpha=1.0, beta=1.0, gamma=1.0, delta=1.0)
        with pytest.raises(InvalidValue, match=rf"{reason}.*: call opportunities\(\)"):
            frequency_fit(model, CountedFacts({row: 1}))


class TestRefusals:
    """Bad input says what would have worked."""

    @pytest.mark.parametrize("top", [0, -1, 2.0, True, "7", None, 1_001, 10**400])
    def test_a_last_row_is_a_whole_number_of_at_least_one(self, top):
        with pytest.raises(InvalidValue, match="from 1 to 1,000"):
            frequency_fit(Nbd(r=1.0, alpha=1.0), CountedFacts({}), top=top)

    def test_a_model_in_days_does_not_judge_weeks(self):
        weeks = CountedFacts({(0, 0.0, 5.0): 1}, Unit.WEEK)
        with pytest.raises(UnitMismatch):
            frequency_fit(Nbd(r=1.0, alpha=1.0, unit=Unit.DAY), weeks)

    def test_nobody_is_expected_where_there_is_nobody(self):
        fit = frequency_fit(Nbd(r=1.0, alpha=1.0), CountedFacts({}))
        assert (fit.customers, fit.misplaced, len(fit.rows)) == (0, 0.0, 8)
