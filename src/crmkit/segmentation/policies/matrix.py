"""Matrices of two axes with named cells: whom to invest in, to keep, to serve cheaply."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from typing import Self

from attrs import field, frozen

from crmkit.decision import Decision, Evidence, at_least
from crmkit.errors import InvalidPolicy, InvalidSegmentMap
from crmkit.segmentation.policies.fields import (
    CustomerFacts,
    check_field,
    criterion_of,
    read_quantity,
    read_word,
)
from crmkit.segmentation.policies.ladder import as_names, check_names
from crmkit.segmentation.policies.ordinal import OrdinalScale
from crmkit.segmentation.policies.quantities import (
    Quantity,
    as_quantities,
    check_one_kind,
    magnitude,
)

__all__ = ["CustomerMatrix", "MatrixAxis", "MatrixCell", "MatrixWordAxis"]


def _check_bands(bands: tuple[str, ...], cuts: int) -> None:
    check_names(bands, "the bands of an axis")
    if not len(bands) == cuts + 1 > 1:
        raise InvalidPolicy("cuts separate the bands of an axis: one band more than cuts")


@frozen
class MatrixAxis:
    """One axis of a matrix: a measured fact, and where its bands begin.

    ``fact`` names a field of the facts; ``cuts`` rise, plain numbers or money; whoever reaches a
    cut is above it. There is one band more than cuts, the lowest first.

    :raises InvalidPolicy: if the fact is no public attribute, the cuts do not rise or the bands do
        not fit them.
    :raises InvalidMoney: if a cut is a float.
    """

    fact: str
    cuts: tuple[Quantity, ...] = field(converter=as_quantities)
    bands: tuple[str, ...] = field(default=("low", "high"), converter=as_names)

    def __attrs_post_init__(self) -> None:
        check_field(self.fact)
        _check_bands(self.bands, len(self.cuts))
        check_one_kind(self.cuts, f"the cuts of {self.fact}")
        if any(magnitude(low) >= magnitude(high) for low, high in pairwise(self.cuts)):
            raise InvalidPolicy(f"the cuts of {self.fact} rise from band to band")

    def evidence(self, facts: CustomerFacts) -> tuple[Evidence, ...]:
        """The fact, held against every cut of the axis."""
        observed = read_quantity(facts, self.fact, self.cuts[0])
        return tuple(at_least(criterion_of(self.fact), observed, cut) for cut in self.cuts)

    def reached(self, facts: CustomerFacts) -> int:
        """How many cuts the fact reaches: the number of its band, the lowest being 0."""
        observed = read_quantity(facts, self.fact, self.cuts[0])
        return bisect_right(self.cuts, observed)


@frozen
class MatrixWordAxis:
    """One axis of a matrix: a fact that is a word of a scale, and the words at which bands begin.

    :raises InvalidPolicy: if the fact is no public attribute, the words do not rise or the bands do
        not fit them.
    :raises InvalidValue: if a word is not on the scale.
    """

    fact: str
    scale: OrdinalScale
    cuts: tuple[str, ...] = field(converter=as_names)
    bands: tuple[str, ...] = field(default=("low", "high"), converter=as_names)

    def __attrs_post_init__(self) -> None:
        check_field(self.fact)
        _check_bands(self.bands, len(self.cuts))
        steps = [self.scale.position(cut, f"a cut of {self.fact}") for cut in self.cuts]
        if any(low >= high for low, high in pairwise([0, *steps])):
            raise InvalidPolicy(f"the cuts of {self.fact} rise, above the least word of the scale")

    def evidence(self, facts: CustomerFacts) -> tuple[Evidence, ...]:
        """The word, held against every cut of the axis."""
        word = read_word(facts, self.fact)
        return tuple(self.scale.at_least(criterion_of(self.fact), word, c) for c in self.cuts)

    def reached(self, facts: CustomerFacts) -> int:
        """How many cuts the word reaches: the number of its band, the lowest being 0."""
        return _met(self.evidence(facts))


@frozen
class MatrixCell:
    """The name of the customers in one band of each axis."""

    row: str
    column: str
    name: str


def _as_cells(cells: Iterable[MatrixCell]) -> tuple[MatrixCell, ...]:
    return tuple(cells)


@frozen(kw_only=True)
class CustomerMatrix:
    """The cell of a customer, by two facts: one that runs down the rows, one along the columns.

    Every pair of bands has exactly one name, checked when the matrix is built; two pairs may share
    a name. The constructors :meth:`key_accounts`, :meth:`loyalty_by_profit` and
    :meth:`value_by_potential` hold the matrices of the literature.

    :raises InvalidSegmentMap: listing every pair without a name, with two names, or off the axes.

    >>> from datetime import date
    >>> from attrs import frozen
    >>> from crmkit.decision import explain
    >>> @frozen
    ... class AccountFacts:
    ...     customer: str
    ...     as_of: date
    ...     attractiveness: int
    ...     relative_strength: int
    >>> accounts = CustomerMatrix.key_accounts(attractive_from=60, strong_from=50)
    >>> print(explain(accounts(AccountFacts("K-1", date(2026, 6, 30), 75, 30))))
    key development for K-1, by key accounts, as of 2026-06-30
    - met: attractiveness is 75; at least 60 required
    - not met: relative strength is 30; at least 50 required
    """

    name: str
    rows: MatrixAxis | MatrixWordAxis
    columns: MatrixAxis | MatrixWordAxis
    cells: tuple[MatrixCell, ...] = field(converter=_as_cells)

    def __attrs_post_init__(self) -> None:
        check_names([self.name])
        on_axes = [(row, column) for row in self.rows.bands for column in self.columns.bands]
        named = Counter((cell.row, cell.column) for cell in self.cells)
        gaps = [pair for pair in on_axes if pair not in named]
        overlaps = [pair for pair, names in named.items() if names > 1]
        strays = [pair for pair in named if pair not in on_axes]
        if gaps or overlaps or strays:
            raise InvalidSegmentMap(
                f"a matrix names each pair of bands once; without a name: {_listed(gaps)}; "
                f"with several: {_listed(overlaps)}; off the axes: {_listed(strays)}",
                gaps=gaps,
                overlaps=overlaps,
            )
        check_names(sorted({cell.name for cell in self.cells}))

    # --- the matrices of the literature ---

    @classmethod
    def of_two_by_two(
        cls,
        name: str,
        rows: MatrixAxis | MatrixWordAxis,
        columns: MatrixAxis | MatrixWordAxis,
        *,
        high_high: str,
        high_low: str,
        low_high: str,
        low_low: str,
    ) -> Self:
        """Name the four cells of two axes with two bands each; the row stands first.

        :raises InvalidSegmentMap: if an axis has more than two bands.
        """
        names = (low_low, low_high, high_low, high_high)
        pairs = [(row, column) for row in rows.bands[:2] for column in columns.bands[:2]]
        cells = (MatrixCell(*pair, cell) for pair, cell in zip(pairs, names, strict=True))
        return cls(name=name, rows=rows, columns=columns, cells=tuple(cells))

    @classmethod
    def key_accounts(
        cls,
        *,
        attractive_from: str | Quantity,
        strong_from: str | Quantity,
        attractiveness: str = "attractiveness",
        relative_strength: str = "relative_strength",
    ) -> Self:
        """Which accounts are key: how attractive they are to us, and how strong we are with them.

        The classes are those of P. Cheverton, Key Account Management (1999): key where both are
        high, key development where the customer is attractive and rates a rival higher, maintenance
        where it rates us and is not attractive, opportunistic where neither is.
        """
        return cls.of_two_by_two(
            "key-accounts",
            MatrixAxis(attractiveness, (attractive_from,)),
            MatrixAxis(relative_strength, (strong_from,)),
            high_high="key",
            high_low="key development",
            low_high="maintenance",
            low_low="opportunistic",
        )

    @classmethod
    def loyalty_by_profit(
        cls,
        *,
        loyal: MatrixAxis | MatrixWordAxis,
        profitable: MatrixAxis | MatrixWordAxis,
        loyal_and_profitable: str = "true friends",
        neither: str = "strangers",
    ) -> Self:
        """Loyal customers need not be profitable, nor profitable ones loyal.

        High loyalty with low profit is the problem class, low loyalty with high profit the fashion
        class; the source leaves the other two unnamed. Their default names are those of W. Reinartz
        & V. Kumar, The Mismanagement of Customer Loyalty (2002).
        """
        return cls.of_two_by_two(
            "loyalty-by-profit",
            loyal,
            profitable,
            high_high=loyal_and_profitable,
            high_low="problem",
            low_high="fashion",
            low_low=neither,
        )

    @classmethod
    def value_by_potential(
        cls,
        *,
        present_from: str | Quantity,
        potential_from: str | Quantity,
        present: str = "present",
        potential: str = "potential",
        names: tuple[str, str, str, str] = ("star", "mainstay", "promising", "minor"),
    ) -> Self:
        """What a customer is worth today against what it could be worth.

        ``names`` are those of high present value with high and with low potential, then of low
        present value with high and with low potential.
        """
        high_high, high_low, low_high, low_low = names
        return cls.of_two_by_two(
            "value-by-potential",
            MatrixAxis(present, (present_from,)),
            MatrixAxis(potential, (potential_from,)),
            high_high=high_high,
            high_low=high_low,
            low_high=low_high,
            low_low=low_low,
        )

    # --- deciding ---

    def __call__(self, facts: CustomerFacts, /) -> Decision[str]:
        """Name the cell of one customer, with where it stands on both axes."""
        rows, columns = self.rows.evidence(facts), self.columns.evidence(facts)
        cell = self._cell(_met(rows), _met(columns))
        return Decision(cell, self.name, facts.as_of, rows + columns, subject=facts.customer)

    def outcomes(self, facts: Iterable[CustomerFacts]) -> list[str]:
        """The cells of many customers, as the call gives them one by one."""
        table = [
            [self._cell(row, column) for column in range(len(self.columns.bands))]
            for row in range(len(self.rows.bands))
        ]
        return [table[self.rows.reached(item)][self.columns.reached(item)] for item in facts]

    def _cell(self, row: int, column: int) -> str:
        place = (self.rows.bands[row], self.columns.bands[column])
        return next(cell.name for cell in self.cells if (cell.row, cell.column) == place)


def _met(evidence: tuple[Evidence, ...]) -> int:
    return sum(item.met is True for item in evidence)


def _listed(pairs: list[tuple[str, str]]) -> str:
    return ", ".join(f"{row} x {column}" for row, column in pairs) or "none"
