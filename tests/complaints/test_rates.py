"""A rate says how sure it is, and the silent are estimated with their shares in the open."""

from __future__ import annotations

import math
from datetime import date, datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from fractions import Fraction

import mpmath
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.complaints.facts.counts import MAX_COUNT, MAX_EXPOSURE
from crmkit.complaints.policies.rates import (
    ONE_IN_26,
    ComplaintRate,
    RateFacts,
    SilentDissatisfied,
    decimal_of,
)
from crmkit.decision import explain
from crmkit.errors import InvalidMoney, InvalidPolicy, InvalidValue
from crmkit.serialization import make_converter

DAY = date(2026, 5, 31)
SURE = ComplaintRate(confidence="0.95")


def facts(count: int, exposure: int) -> RateFacts:
    """So many complaints of so many customers."""
    return RateFacts(as_of=DAY, count=count, exposure=exposure)


some_facts = st.builds(facts, st.integers(0, 500), st.integers(1, 10**7))


class TestComplaintRate:
    """Complaints per 10,000, with the exact interval of Garwood (1936)."""

    @given(some_facts)
    def test_the_rate_is_exact_and_lies_between_its_limits(self, some):
        estimate = SURE(some).outcome
        assert estimate.rate == Fraction(some.count * 10_000, some.exposure)
        assert estimate.low <= estimate.rate <= estimate.high

    @given(some_facts)
    def test_the_limits_are_chi_square_quantiles_rounded_outwards(self, some):
        estimate = SURE(some).outcome
        scale = Fraction(some.exposure, 10_000)
        with mpmath.workdps(40):
            # At or beyond the limits the tail has at most the chance left over.
            high = mpmath.mpf(str(float(Fraction(estimate.high) * scale)))
            tail = mpmath.gammainc(some.count + 1, high, mpmath.inf, regularized=True)
            assert float(tail) <= 0.025 * (1 + 1e-9)
            assert float(tail) >= 0.025 * (1 - 1e-2)
            if some.count:
                low = mpmath.mpf(str(float(Fraction(estimate.low) * scale)))
                tail = mpmath.gammainc(some.count, 0, low, regularized=True)
                assert 0.025 * (1 - 1e-2) <= float(tail) <= 0.025 * (1 + 1e-9)

    @pytest.mark.parametrize("mean", ["0.4", "3", "11.7"])
    def test_the_interval_covers_the_truth_at_least_as_often_as_it_says(self, mean):
        """Summed over every count there can be, not drawn."""
        truth = Fraction(mean)
        covered = 0.0
        for count in range(60):
            chance = math.exp(-float(truth)) * float(truth) ** count / math.factorial(count)
            estimate = SURE(facts(count, 10_000)).outcome
            covered += chance * (estimate.low <= truth <= estimate.high)
        assert 0.95 <= covered < 1

    def test_no_complaint_is_no_proof_that_nobody_is_unhappy(self):
        estimate = SURE(facts(0, 10_000)).outcome
        assert estimate.rate == estimate.low == 0
        assert estimate.high == Decimal("3.68888")

    def test_the_decision_can_be_explained(self):
        assert explain(SURE(facts(12, 820))) == (
            "146.341 per 10,000 customers, between 75.6167 and 255.630 with 95 % confidence, by "
            "complaint rate, as of 2026-05-31\n"
            "- noted: complaints is 12\n"
            "- noted: customers is 820\n"
            "- noted: complaints per 10000 is 146.341\n"
            "- noted: interval is garwood\n"
            "- noted: confidence is 0.95"
        )

    def test_per_order_and_per_hundred(self):
        rate = ComplaintRate(confidence="0.9", per=100)
        outcome = rate(RateFacts(as_of=DAY, count=1, exposure=50, of="orders")).outcome
        assert str(outcome).startswith("2 per 100 orders")

    @pytest.mark.parametrize("terms", [{"confidence": 1}, {"confidence": 0}])
    def test_a_confidence_lies_between_nothing_and_certainty(self, terms):
        with pytest.raises(InvalidPolicy, match="above 0 and below 1"):
            ComplaintRate(**terms)

    def test_a_rate_per_nothing_is_refused(self):
        with pytest.raises(InvalidPolicy, match="per 1 or more"):
            ComplaintRate(confidence="0.95", per=0)

    def test_a_float_is_refused(self):
        with pytest.raises(InvalidMoney, match="exact"):
            ComplaintRate(confidence=0.95)  # type: ignore[arg-type]


class TestRateFacts:
    """A rate needs somebody who could have complained."""

    @pytest.mark.parametrize("count", [-1, MAX_COUNT + 1, True, 1.0])
    def test_counts_out_of_range(self, count):
        with pytest.raises(InvalidValue, match="whole number"):
            facts(count, 1)

    @pytest.mark.parametrize("exposure", [0, -1, MAX_EXPOSURE + 1, True, 1.0])
    def test_exposures_out_of_range(self, exposure):
        with pytest.raises(InvalidValue, match="could have complained"):
            facts(1, exposure)

    def test_the_borders_of_the_range(self):
        assert SURE(facts(0, MAX_EXPOSURE)).outcome.low == 0

    def test_an_instant_is_no_day(self):
        with pytest.raises(InvalidValue):
            RateFacts(as_of=datetime(2026, 5, 31), count=1, exposure=1)  # noqa: DTZ001


class TestSilentDissatisfied:
    """The iceberg: those who complain are the part that can be seen."""

    def test_one_in_twenty_six(self):
        estimate = ONE_IN_26(facts(10, 10_000)).outcome
        assert (estimate.dissatisfied_low, estimate.dissatisfied_high) == (260, 260)
        assert (estimate.silent_low, estimate.silent_high) == (250, 250)

    @given(some_facts, st.integers(1, 60), st.integers(0, 60))
    def test_the_range_holds_what_each_share_gives(self, some, least, more):
        low, high = Fraction(least, 120), Fraction(least + more, 120)
        estimate = SilentDissatisfied(least=low, most=high)(some).outcome
        for share in (low, (low + high) / 2, high):
            dissatisfied = some.count / share
            assert estimate.dissatisfied_low <= dissatisfied <= estimate.dissatisfied_high
        assert estimate.silent_low == estimate.dissatisfied_low - some.count >= 0
        assert estimate.silent_high == estimate.dissatisfied_high - some.count

    def test_shares_that_cannot_be_true_of_so_few_customers_are_said_so(self):
        assert not ONE_IN_26(facts(10, 260)).unmet
        decision = ONE_IN_26(facts(10, 259))
        assert [item.criterion for item in decision.unmet] == ["dissatisfied-customers"]

    def test_a_range_is_said_with_both_its_ends(self):
        estimate = SilentDissatisfied(least="0.05", most="0.20")(facts(12, 10_000)).outcome
        assert str(estimate) == "between 48 and 228 silent dissatisfied"

    def test_if_everybody_complains_nobody_is_silent(self):
        estimate = SilentDissatisfied(least=1, most=1)(facts(7, 100)).outcome
        assert str(estimate) == "0 silent dissatisfied"

    @pytest.mark.parametrize(("least", "most"), [("0", "0.1"), ("0.2", "0.1"), ("0.5", "1.01")])
    def test_shares_out_of_range(self, least, most):
        with pytest.raises(InvalidPolicy, match="least before most"):
            SilentDissatisfied(least=least, most=most)


class TestSixDigits:
    """What people read has six digits, rounded as asked."""

    def test_rounding(self):
        third = Fraction(1, 3)
        assert decimal_of(third) == Decimal("0.333333")
        assert decimal_of(2 * third, ROUND_FLOOR) == Decimal("0.666666")
        assert decimal_of(third, ROUND_CEILING) == Decimal("0.333334")


class TestAsData:
    """Policies and what they found are data."""

    def test_written_and_read_again(self):
        some = facts(3, 10)
        items = [SURE, ONE_IN_26, some, SURE(some).outcome, ONE_IN_26(some).outcome]
        converter = make_converter(*(type(item) for item in items))
        for item in items:
            assert converter.loads(converter.dumps(item)) == item
