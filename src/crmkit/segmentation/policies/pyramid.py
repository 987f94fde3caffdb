"""The customer pyramid: platinum, gold, iron and lead, by what customers earn the company."""

from collections.abc import Iterable
from enum import StrEnum
from fractions import Fraction
from itertools import accumulate
from typing import Self

from attrs import field, frozen

from crmkit.decision import Decision
from crmkit.errors import InvalidPolicy
from crmkit.money import Money
from crmkit.segmentation.facts import Histogram, ValuedFacts
from crmkit.segmentation.policies.ladder import (
    CutConvention,
    ExactNumber,
    as_shares,
    check_rising_shares,
    check_thresholds,
    count_money,
    first_met,
    fit_thresholds,
    ladder_evidence,
    ladder_outcomes,
)
from crmkit.segmentation.summary import RfmSummary

__all__ = ["CustomerPyramid", "PyramidLayer"]


class PyramidLayer(StrEnum):
    """The layers, the most profitable first (Zeithaml, Rust & Lemon 2001)."""

    PLATINUM = "platinum"
    """The most profitable: heavy users, not price sensitive, ready to try what is new."""
    GOLD = "gold"
    """Profitable, but after discounts, and with more than one supplier."""
    IRON = "iron"
    """They fill the capacity; too little profit for special treatment."""
    LEAD = "lead"
    """They cost the company more than they bring."""


_LAYERS = tuple(PyramidLayer)


@frozen(kw_only=True)
class CustomerPyramid:
    """Platinum, gold, iron or lead: the layer of a customer by profitability.

    The value of the facts should be a profit; revenue is a poor stand-in. :meth:`fit` finds the
    smallest value of each layer by head count; None says that the layer had no member. ``shares``
    are the parts of all heads that platinum, gold and iron were fitted to, and empty when the
    thresholds were set by hand. Layers: Zeithaml, Rust & Lemon, California Management Review 43(4),
    2001.

    :raises InvalidPolicy: if a layer asks for less than the one below it, or the shares are not
        three, above 0, and 1 or less together.
    :raises CurrencyMismatch: if the thresholds are of two currencies.

    >>> from datetime import date
    >>> from crmkit.segmentation.facts import CustomerValue
    >>> pyramid = CustomerPyramid.fit(Money(n, "EUR") for n in range(-10, 90))
    >>> [str(money) for money in pyramid.thresholds]
    ['89.00 EUR', '85.00 EUR', '70.00 EUR']
    >>> who = CustomerValue(customer="C-4", as_of=date(2026, 6, 30), value=Money(86, "EUR"))
    >>> pyramid(who).outcome
    <PyramidLayer.GOLD: 'gold'>
    """

    platinum_from: Money | None = None
    gold_from: Money | None = None
    iron_from: Money | None = None
    shares: tuple[Fraction, ...] = field(default=(), converter=as_shares)
    convention: CutConvention = CutConvention.SHARE_BEFORE_BELOW

    def __attrs_post_init__(self) -> None:
        check_thresholds(self.thresholds)
        check_rising_shares(tuple(accumulate(self.shares)))
        if len(self.shares) not in (0, 3):
            raise InvalidPolicy("three layers have a share of the heads: platinum, gold and iron")

    @property
    def thresholds(self) -> tuple[Money | None, ...]:
        """What platinum, gold and iron ask for."""
        return (self.platinum_from, self.gold_from, self.iron_from)

    @classmethod
    def fit(
        cls,
        population: Histogram | Iterable[Money],
        *,
        platinum: ExactNumber = Fraction(1, 100),
        gold: ExactNumber = Fraction(4, 100),
        iron: ExactNumber = Fraction(15, 100),
        convention: CutConvention = CutConvention.SHARE_BEFORE_BELOW,
        losses_are_lead: bool = True,
    ) -> Self:
        """Find the thresholds of a population by shares of its heads, lead taking the rest.

        The default shares are those of J. Curry's customer pyramid (The Customer Marketing Method,
        2000); the paper that named the layers gives none. Equal values get the equal layer, above
        the cut or below it as the convention says. Customers who cost more than they bring are
        lead, however few they are, unless ``losses_are_lead`` is switched off.

        :raises NothingToFit: if the population is empty.
        :raises CurrencyMismatch: if the amounts are of two currencies.
        """
        counted, currency = count_money(population)
        shares = as_shares((platinum, gold, iron))
        cuts = tuple(accumulate(shares))
        found = fit_thresholds(counted.descending(), cuts, currency, convention)
        if losses_are_lead:
            nothing = Money.zero(currency)
            found = tuple(None if amount is None else max(amount, nothing) for amount in found)
        platinum_from, gold_from, iron_from = found
        return cls(
            platinum_from=platinum_from,
            gold_from=gold_from,
            iron_from=iron_from,
            shares=shares,
            convention=convention,
        )

    def __call__(self, facts: ValuedFacts, /) -> Decision[PyramidLayer]:
        """Name the layer of one customer, and what each layer would have taken."""
        evidence = ladder_evidence(_LAYERS, self.thresholds, facts.value)
        outcome = first_met(_LAYERS, evidence)
        return Decision(outcome, "customer-pyramid", facts.as_of, evidence, subject=facts.customer)

    def outcomes(self, facts: RfmSummary | Iterable[ValuedFacts]) -> list[PyramidLayer]:
        """The layers of many customers, as the call gives them one by one."""
        return ladder_outcomes(_LAYERS, self.thresholds, facts)
