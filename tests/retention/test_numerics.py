"""How sure a share is, held against printed tables and against fifty digits."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from mpmath import mp

from crmkit.errors import InvalidValue
from crmkit.retention.numerics import (
    difference_bounds,
    log_odds,
    probability_of,
    share_bounds,
)
from crmkit.testing.vectors import SHARES

counts = st.integers(0, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
confidences = st.sampled_from([0.5, 0.8, 0.9, 0.95, 0.99])


def roots(count, total, confidence):
    """Wilson's bounds as the roots of a quadratic: (p - x/n)^2 = z^2 p (1 - p) / n."""
    with mp.workdps(50):
        z = mp.sqrt(2) * mp.erfinv(mp.mpf(confidence))
        n = mp.mpf(total)
        share = count / n
        a, b, c = 1 + z**2 / n, -(2 * share + z**2 / n), share**2
        root = mp.sqrt(b**2 - 4 * a * c)
        return float((-b - root) / (2 * a)), float((-b + root) / (2 * a))


class TestShare:
    """Wilson (1927)."""

    @pytest.mark.parametrize("vector", SHARES, ids=str)
    def test_published_bounds(self, vector):
        """Newcombe (1998), table I, and another."""
        assert vector.agrees(share_bounds(**vector.inputs))

    @given(counts.filter(lambda pair: pair[1] > 0), confidences)
    def test_the_bounds_are_the_roots_of_wilsons_equation(self, counted, confidence):
        count, total = counted
        expected = roots(count, total, confidence)
        assert share_bounds(count, total, confidence) == pytest.approx(expected, abs=1e-12)

    @given(counts, confidences)
    @example((0, 20), 0.95)
    @example((20, 20), 0.95)
    def test_what_was_counted_lies_inside(self, counted, confidence):
        count, total = counted
        low, high = share_bounds(count, total, confidence)
        assert 0 <= low <= high <= 1
        assert low * total <= count <= high * total or total == 0

    def test_of_nobody_nothing_is_known(self):
        assert share_bounds(0, 0, 0.95) == (0, 1)

    @pytest.mark.parametrize(("count", "total"), [(-1, 5), (6, 5)])
    def test_no_more_are_counted_than_there_are(self, count, total):
        with pytest.raises(InvalidValue, match="no more are counted"):
            share_bounds(count, total, 0.95)

    @pytest.mark.parametrize("confidence", [0, 1, 95])
    def test_a_confidence_is_inside_0_and_1(self, confidence):
        with pytest.raises(InvalidValue, match=r"such as 0\.95"):
            share_bounds(1, 5, confidence)


class TestDifference:
    """Newcombe (1998), method 10."""

    @pytest.mark.parametrize(
        ("counted", "low", "high"),
        [
            ((56, 70, 48, 80), 0.0524, 0.3339),
            ((9, 10, 3, 10), 0.1705, 0.8090),
            ((6, 7, 2, 7), 0.0582, 0.8062),
            ((5, 56, 0, 29), -0.0381, 0.1926),
            ((0, 10, 0, 20), -0.1611, 0.2775),
            ((0, 10, 0, 10), -0.2775, 0.2775),
            ((10, 10, 0, 20), 0.6791, 1.0000),
            ((10, 10, 0, 10), 0.6075, 1.0000),
        ],
    )
    def test_newcombe_1998_table_ii(self, counted, low, high):
        a, m, b, n = counted
        assert difference_bounds(a, m, b, n, 0.95) == pytest.approx((low, high), abs=5e-5)

    @given(counts, counts, confidences)
    def test_turned_around_the_bounds_turn_around(self, one, other, confidence):
        (a, m), (b, n) = one, other
        low, high = difference_bounds(a, m, b, n, confidence)
        assert difference_bounds(b, n, a, m, confidence) == pytest.approx((-high, -low))
        assert -1 <= low <= high <= 1

    def test_of_nobody_nothing_is_known(self):
        assert difference_bounds(0, 0, 0, 0, 0.95) == (-1, 1)
        low, high = difference_bounds(10, 10, 0, 0, 0.95)
        assert low < 0
        assert high == 1


class TestOdds:
    @given(st.floats(1e-12, 1 - 1e-12))
    def test_there_and_back(self, probability):
        assert probability_of(log_odds(probability)) == pytest.approx(probability)

    @given(st.floats(-800, 800))
    def test_in_fifty_digits(self, number):
        with mp.workdps(50):
            expected = float(1 / (1 + mp.exp(-mp.mpf(number))))
        assert probability_of(number) == pytest.approx(expected, rel=1e-14, abs=1e-300)
