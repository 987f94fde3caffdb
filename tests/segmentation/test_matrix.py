"""Matrices of two axes with named cells."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve, frozen
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import (
    CurrencyMismatch,
    InvalidMoney,
    InvalidPolicy,
    InvalidSegmentMap,
    InvalidValue,
)
from crmkit.identifiers import CustomerId
from crmkit.money import Money
from crmkit.segmentation.policies.matrix import (
    CustomerMatrix,
    MatrixAxis,
    MatrixCell,
    MatrixWordAxis,
)
from crmkit.segmentation.policies.ordinal import LOW_MIDDLE_HIGH
from crmkit.segmentation.policies.two_scores import TwoScores
from tests.segmentation.policy_laws import DAY, assert_policy_laws

ACCOUNT = CustomerId("K-1")
NOTHING = Money(0, "EUR")


@frozen(kw_only=True)
class AccountFacts:
    """What a host may know of an account."""

    customer: CustomerId = ACCOUNT
    as_of: date = DAY
    attractiveness: int = 0
    relative_strength: Decimal = Decimal(0)
    loyalty: str = "low"
    profit: Money = NOTHING


VISITS = MatrixAxis("attractiveness", [10, 20], ["few", "some", "many"])
LOYALTY = MatrixWordAxis("loyalty", LOW_MIDDLE_HIGH, ["high"])
PROFIT = MatrixAxis("profit", [Money(100, "EUR")])
SIX = [
    MatrixCell(row, column, f"{row}-{column}")
    for row in ("few", "some", "many")
    for column in ("low", "high")
]
THREE_BY_TWO = CustomerMatrix(name="visits-by-profit", rows=VISITS, columns=PROFIT, cells=SIX)

accounts = st.builds(
    AccountFacts,
    attractiveness=st.integers(0, 30),
    relative_strength=st.decimals(0, 10, places=1),
    loyalty=st.sampled_from(LOW_MIDDLE_HIGH.words),
    profit=st.integers(0, 200).map(lambda amount: Money(amount, "EUR")),
)
matrices = st.sampled_from(
    [
        THREE_BY_TWO,
        CustomerMatrix.key_accounts(attractive_from=15, strong_from="5.5"),
        CustomerMatrix.loyalty_by_profit(loyal=LOYALTY, profitable=PROFIT),
    ]
)


class TestCustomerMatrixLaws:
    """Every customer stands in exactly one cell, by where it stands on two axes."""

    @given(matrices, st.lists(accounts, min_size=1, max_size=8))
    def test_laws_of_a_policy(self, matrix, facts):
        assert_policy_laws(matrix, facts)

    @given(matrices, accounts)
    def test_the_cell_can_be_read_off_the_evidence(self, matrix, facts):
        decision = matrix(facts)
        rows = len(matrix.rows.cuts)
        row = sum(item.met for item in decision.evidence[:rows])
        column = sum(item.met for item in decision.evidence[rows:])
        place = (matrix.rows.bands[row], matrix.columns.bands[column])
        assert MatrixCell(*place, decision.outcome) in matrix.cells

    @given(accounts, st.integers(0, 30))
    def test_more_of_a_fact_never_lowers_its_band(self, facts, more):
        better = evolve(facts, attractiveness=facts.attractiveness + more)
        assert VISITS.reached(better) >= VISITS.reached(facts)

    @given(matrices, st.permutations(range(4)))
    def test_the_order_of_the_cells_does_not_matter(self, matrix, order):
        shuffled = evolve(matrix, cells=[matrix.cells[i] for i in order] + list(matrix.cells[4:]))
        facts = AccountFacts(attractiveness=15, loyalty="high")
        assert shuffled(facts) == matrix(facts)


class TestCustomerMatrixBuilding:
    """A matrix names each pair of bands once; all that is wrong is listed."""

    def test_what_has_no_name_or_several_is_listed(self):
        cells = [
            *SIX[1:],
            MatrixCell("many", "high", "again"),
            MatrixCell("plenty", "high", "off the axis"),
        ]
        with pytest.raises(InvalidSegmentMap) as caught:
            evolve(THREE_BY_TWO, cells=cells)
        assert caught.value.gaps == (("few", "low"),)
        assert caught.value.overlaps == (("many", "high"),)
        assert str(caught.value) == (
            "a matrix names each pair of bands once; without a name: few x low; "
            "with several: many x high; off the axes: plenty x high"
        )

    @pytest.mark.parametrize(
        "cells", [SIX[:-1], [*SIX, SIX[0]], [*SIX, MatrixCell("few", "huge", "x")]]
    )
    def test_one_fault_is_enough(self, cells):
        with pytest.raises(InvalidSegmentMap):
            evolve(THREE_BY_TWO, cells=cells)

    def test_two_cells_may_share_a_name(self):
        cells = [evolve(cell, name="all") for cell in SIX]
        assert evolve(THREE_BY_TWO, cells=cells)(AccountFacts()).outcome == "all"

    def test_a_cell_has_a_visible_name(self):
        with pytest.raises(InvalidValue, match="a name is empty"):
            evolve(THREE_BY_TWO, cells=[evolve(cell, name="") for cell in SIX])

    def test_so_has_the_matrix(self):
        with pytest.raises(InvalidValue, match="a name is empty"):
            evolve(THREE_BY_TWO, name="")

    def test_two_by_two_takes_two_bands_on_each_axis(self):
        with pytest.raises(InvalidSegmentMap, match="many x low, many x high"):
            CustomerMatrix.of_two_by_two(
                "visits", VISITS, PROFIT, high_high="a", high_low="b", low_high="c", low_low="d"
            )


class TestMatrixAxis:
    """Whoever reaches a cut is above it; the facts are named, the cuts rise."""

    @pytest.mark.parametrize(("visits", "band"), [(9, 0), (10, 1), (19, 1), (20, 2), (99, 2)])
    def test_reaching_a_cut_is_enough(self, visits, band):
        facts = AccountFacts(attractiveness=visits)
        assert VISITS.reached(facts) == band
        assert [item.met for item in VISITS.evidence(facts)].count(True) == band

    def test_evidence_says_what_each_cut_takes(self):
        evidence = VISITS.evidence(AccountFacts(attractiveness=15))
        assert [(item.criterion, item.observed, item.required) for item in evidence] == [
            ("attractiveness", 15, 10),
            ("attractiveness", 15, 20),
        ]

    @pytest.mark.parametrize(
        ("cuts", "bands", "why"),
        [
            ([20, 10], ["a", "b", "c"], "rise from band to band"),
            ([10, 10], ["a", "b", "c"], "rise from band to band"),
            ([10], ["a", "b", "c"], "one band more than cuts"),
            ([], ["all"], "one band more than cuts"),
            ([10], ["a", "a"], "names of their own"),
            ([10, Money(20, "EUR")], ["a", "b", "c"], "the cuts of visits are all plain numbers"),
        ],
    )
    def test_cuts_and_bands_fit_together(self, cuts, bands, why):
        with pytest.raises(InvalidPolicy, match=why):
            MatrixAxis("visits", cuts, bands)

    def test_a_cut_is_no_float(self):
        with pytest.raises(InvalidMoney):
            MatrixAxis("visits", [0.5])  # type: ignore[list-item]

    @pytest.mark.parametrize("how", [lambda m, f: m(f), lambda m, f: m.outcomes([f])])
    def test_a_fact_that_cannot_be_measured_is_refused(self, how):
        facts = AccountFacts(profit=Money(5, "USD"))
        with pytest.raises(CurrencyMismatch):
            how(THREE_BY_TWO, facts)
        with pytest.raises(InvalidValue, match="the facts have no visits"):
            how(evolve(THREE_BY_TWO, columns=MatrixAxis("visits", [5])), facts)


class TestMatrixWordAxis:
    """A word of a scale, and the words at which bands begin."""

    @pytest.mark.parametrize(("word", "band"), [("low", 0), ("middle", 1), ("high", 2)])
    def test_reaching_a_word_is_enough(self, word, band):
        axis = MatrixWordAxis("loyalty", LOW_MIDDLE_HIGH, ["middle", "high"], ["a", "b", "c"])
        facts = AccountFacts(loyalty=word)
        assert axis.reached(facts) == band
        assert [item.met for item in axis.evidence(facts)].count(True) == band

    @pytest.mark.parametrize(
        ("cuts", "bands"),
        [
            (["high", "middle"], ["a", "b", "c"]),
            (["low"], ["a", "b"]),
            (["middle"], ["a", "b", "c"]),
        ],
    )
    def test_cuts_and_bands_fit_together(self, cuts, bands):
        with pytest.raises(InvalidPolicy):
            MatrixWordAxis("loyalty", LOW_MIDDLE_HIGH, cuts, bands)

    def test_a_cut_is_a_word_of_the_scale(self):
        with pytest.raises(InvalidValue, match="a cut of loyalty is not on its scale"):
            MatrixWordAxis("loyalty", LOW_MIDDLE_HIGH, ["immense"])

    def test_so_is_the_fact(self):
        with pytest.raises(InvalidValue, match="loyalty is not on its scale"):
            LOYALTY.reached(AccountFacts(loyalty="immense"))


def cells(matrix: CustomerMatrix, *facts: Any) -> list[str]:
    """The cells of customers who are high on both axes, the first, the second, and neither."""
    return matrix.outcomes(facts)


class TestMatricesOfTheLiterature:
    """The four classes of each, and which corner they stand in."""

    def test_key_accounts(self):
        """Cheverton: attractiveness by relative strength."""
        matrix = CustomerMatrix.key_accounts(attractive_from=60, strong_from="5.5")
        strong, weak = Decimal("5.5"), Decimal("5.4")
        assert cells(
            matrix,
            AccountFacts(attractiveness=60, relative_strength=strong),
            AccountFacts(attractiveness=60, relative_strength=weak),
            AccountFacts(attractiveness=59, relative_strength=strong),
            AccountFacts(attractiveness=59, relative_strength=weak),
        ) == ["key", "key development", "maintenance", "opportunistic"]

    def test_key_accounts_by_facts_of_another_name(self):
        matrix = CustomerMatrix.key_accounts(
            attractive_from=Money(50, "EUR"),
            strong_from=5,
            attractiveness="profit",
            relative_strength="attractiveness",
        )
        facts = AccountFacts(profit=Money(50, "EUR"), attractiveness=4)
        assert cells(matrix, facts) == ["key development"]

    def test_loyalty_by_profit(self):
        """High loyalty and low profit is the problem class, the reverse the fashion class."""
        matrix = CustomerMatrix.loyalty_by_profit(loyal=LOYALTY, profitable=PROFIT)
        much, little = Money(100, "EUR"), Money("99.99", "EUR")
        assert cells(
            matrix,
            AccountFacts(loyalty="high", profit=much),
            AccountFacts(loyalty="high", profit=little),
            AccountFacts(loyalty="middle", profit=much),
            AccountFacts(loyalty="middle", profit=little),
        ) == ["true friends", "problem", "fashion", "strangers"]

    def test_the_unnamed_cells_take_names_of_ones_own(self):
        matrix = CustomerMatrix.loyalty_by_profit(
            loyal=LOYALTY, profitable=PROFIT, loyal_and_profitable="core", neither="passers-by"
        )
        best = AccountFacts(loyalty="high", profit=Money(100, "EUR"))
        assert cells(matrix, best, AccountFacts()) == ["core", "passers-by"]

    def test_value_by_potential(self):
        matrix = CustomerMatrix.value_by_potential(
            present_from=Money(100, "EUR"), potential_from=Money(50, "EUR")
        )
        found = [
            TwoScores(
                customer=CustomerId("C-1"),
                as_of=DAY,
                present=Money(present, "EUR"),
                potential=Money(potential, "EUR"),
            )
            for present, potential in [(100, 50), (100, 49), (99, 50), (99, 49)]
        ]
        assert cells(matrix, *found) == ["star", "mainstay", "promising", "minor"]
        named = CustomerMatrix.value_by_potential(
            present_from=Money(100, "EUR"),
            potential_from=Money(50, "EUR"),
            names=("1", "2", "3", "4"),
        )
        assert cells(named, *found) == ["1", "2", "3", "4"]
