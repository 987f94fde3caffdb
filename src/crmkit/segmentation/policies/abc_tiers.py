"""ABC classes by cumulative share: the few who bring most, the middle, and the many."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Self

from attrs import field, frozen

from crmkit.decision import Decision
from crmkit.errors import InvalidPolicy
from crmkit.money import Money
from crmkit.segmentation.facts import Histogram, ValuedFacts
from crmkit.segmentation.policies.ladder import (
    CutConvention,
    ExactNumber,
    as_names,
    as_shares,
    brought_by,
    check_names,
    check_rising_shares,
    check_thresholds,
    count_money,
    first_met,
    fit_thresholds,
    ladder_evidence,
    ladder_outcomes,
)
from crmkit.segmentation.summary import RfmSummary

__all__ = ["DEFAULT_ABC_CUTS", "DEFAULT_ABC_NAMES", "AbcTiers"]

DEFAULT_ABC_CUTS = (Fraction(80, 100), Fraction(95, 100))
"""A brings the first 80 %, B the next 15 %: the customary cuts of ABC analysis."""

DEFAULT_ABC_NAMES = ("A", "B", "C")


def _as_thresholds(thresholds: Iterable[Money | None]) -> tuple[Money | None, ...]:
    return tuple(thresholds)


@frozen(kw_only=True)
class AbcTiers:
    """Class A for the customers who bring the first 80 %, B up to 95 %, C for the rest.

    :meth:`fit` finds the threshold of each class in a population; deciding is then a matter of
    one customer. ``thresholds`` hold the smallest value of each class but the last, the best first;
    None says that the class had no member. ``cuts`` and ``convention`` tell how they were found;
    without cuts, they were set by hand. Any number of classes can be named.

    :raises InvalidPolicy: if there is not one more name than thresholds, a name repeats, the
        thresholds rise, or the cuts do not.
    :raises CurrencyMismatch: if the thresholds are of two currencies.

    >>> from datetime import date
    >>> from crmkit.decision import explain
    >>> from crmkit.segmentation.facts import CustomerValue
    >>> abc = AbcTiers.fit(Money(n, "EUR") for n in (500, 200, 100, 80, 50, 30, 20, 10, 6, 4))
    >>> who = CustomerValue(customer="C-4", as_of=date(2026, 6, 30), value=Money(80, "EUR"))
    >>> print(explain(abc(who)))
    B for C-4, by abc, as of 2026-06-30
    - not met: value for A is 80.00 EUR; at least 100.00 EUR required
    - met: value for B is 80.00 EUR; at least 30.00 EUR required
    """

    thresholds: tuple[Money | None, ...] = field(converter=_as_thresholds)
    names: tuple[str, ...] = field(default=DEFAULT_ABC_NAMES, converter=as_names)
    cuts: tuple[Fraction, ...] = field(default=(), converter=as_shares)
    convention: CutConvention = CutConvention.SHARE_BEFORE_BELOW

    def __attrs_post_init__(self) -> None:
        check_names(self.names)
        check_rising_shares(self.cuts)
        check_thresholds(self.thresholds)
        if not len(self.names) == len(self.thresholds) + 1 > 1:
            raise InvalidPolicy("each class but the last has a threshold: one name more than those")
        if self.cuts and len(self.cuts) != len(self.thresholds):
            raise InvalidPolicy(
                "each threshold comes from one cut: pass as many, or no cuts at all"
            )

    @classmethod
    def fit(
        cls,
        population: Histogram | Iterable[Money],
        *,
        cuts: Iterable[ExactNumber] = DEFAULT_ABC_CUTS,
        names: Sequence[str] = DEFAULT_ABC_NAMES,
        convention: CutConvention = CutConvention.SHARE_BEFORE_BELOW,
    ) -> Self:
        """Find the thresholds of a population.

        What is shared out is what customers brought: those at zero or below bring nothing, are in
        the last class, and take nothing from the sum. Equal values get equal classes: they count as
        one item, so where they cross a cut they all stand above it (share before the item) or all
        below it (share including the item). Where nobody brought anything, all are in the last
        class.

        :raises NothingToFit: if the population is empty.
        :raises CurrencyMismatch: if the amounts are of two currencies.
        """
        counted, currency = count_money(population)
        brought = ((value, value * heads) for value, heads in brought_by(counted))
        exact_cuts = as_shares(cuts)
        return cls(
            thresholds=fit_thresholds(brought, exact_cuts, currency, convention),
            names=names,
            cuts=exact_cuts,
            convention=convention,
        )

    def __call__(self, facts: ValuedFacts, /) -> Decision[str]:
        """Name the class of one customer, and what each class would have taken."""
        evidence = ladder_evidence(self.names, self.thresholds, facts.value)
        outcome = first_met(self.names, evidence)
        return Decision(outcome, "abc", facts.as_of, evidence, subject=facts.customer)

    def outcomes(self, facts: RfmSummary | Iterable[ValuedFacts]) -> list[str]:
        """The classes of many customers, as the call gives them one by one."""
        return ladder_outcomes(self.names, self.thresholds, facts)
