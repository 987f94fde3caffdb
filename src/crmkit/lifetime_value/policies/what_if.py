"""What if fewer customers left? Rules of thumb with their parameters in the open (CLV-09).

The rules come from textbooks and case studies, which give figures without the data behind them:
costs fall by a tenth where 2 % fewer leave, profit nearly doubles in five years where loyalty rises
by 5 % a year, winning a customer costs 4 to 6 or 8 times as much as keeping one. None of them is a
constant here: each is a parameter with its source, and every result says that it only illustrates.
For figures of a shop's own there are :class:`RetentionValue` and the fitted models.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType
from typing import Self

from attrs import field, frozen

from crmkit.decision import Decision, Evidence, noted
from crmkit.errors import CurrencyMismatch, InvalidPolicy, InvalidValue
from crmkit.lifetime_value.policies.exact import (
    ExactNumber,
    as_ratio,
    check_money,
    check_probability,
    check_rounding,
    check_word,
    exact,
    note_factor,
    note_number,
    to_money,
)
from crmkit.money import Money, Rounding
from crmkit.period import check_date

__all__ = [
    "ILLUSTRATIVE_COST_RATIOS",
    "ILLUSTRATIVE_RULES",
    "IllustrativeRule",
    "RetentionScenario",
    "RetentionWhatIf",
    "SourceClass",
    "WhatIfResult",
]


class SourceClass(StrEnum):
    """What kind of source a figure comes from."""

    TEXTBOOK = "textbook"
    """A course or a textbook, which states the figure without its data."""
    CASE_STUDY = "case-study"
    """The account of one company, which may hold for no other."""
    OWN_DATA = "own-data"
    """Measured by the host."""


@frozen(kw_only=True)
class IllustrativeRule:
    """A rule of thumb: where one thing changes by ``cause``, another changes by ``effect``.

    ``source`` says what kind of source states it, ``says`` what it states, ``after_years`` when the
    effect is there, if that is said.

    :raises InvalidPolicy: if the cause is zero, or the source none of the classes.
    """

    cause: Fraction = field(converter=as_ratio)
    effect: Fraction = field(converter=as_ratio)
    source: SourceClass
    says: str
    after_years: int | None = None

    def __attrs_post_init__(self) -> None:
        check_word(self.source, SourceClass, "a source")
        if not self.cause:
            raise InvalidPolicy("a rule takes a change that is not zero as its cause")

    def effect_of(self, change: Fraction) -> Fraction:
        """The effect of another change, in proportion: no source says more."""
        return self.effect * change / self.cause


CHURN_AND_COST = IllustrativeRule(
    cause="-0.02",
    effect="-0.10",
    source=SourceClass.TEXTBOOK,
    says="where 2 % fewer of the customers leave, costs are 10 % lower",
)
LOYALTY_AND_PROFIT = IllustrativeRule(
    cause="0.05",
    effect=1,
    source=SourceClass.TEXTBOOK,
    says="where loyalty rises by 5 % a year, profit is nearly twice as high after five years",
    after_years=5,
)
ILLUSTRATIVE_RULES: Mapping[str, IllustrativeRule] = MappingProxyType(
    {"churn-and-cost": CHURN_AND_COST, "loyalty-and-profit": LOYALTY_AND_PROFIT}
)
"""The rules as the sources print them; "nearly twice" is read as twice, which is its upper end."""

ILLUSTRATIVE_COST_RATIOS: Mapping[SourceClass, tuple[int, ...]] = MappingProxyType(
    {SourceClass.TEXTBOOK: (4, 6), SourceClass.CASE_STUDY: (8,)}
)
"""How many times the cost of keeping a customer winning one costs: the sources disagree."""


@frozen(kw_only=True)
class RetentionScenario:
    """A base of customers for a year, and what is supposed to change in it.

    ``churn`` is the share of customers who leave in a year and ``churn_change`` how many points of
    it are added (``"-0.02"``: 2 % of all customers fewer leave); ``loyalty_change`` is by how much
    loyalty rises each year. ``cost`` and ``profit`` are those of a year, ``retention_cost`` is what
    keeping one customer for a year costs.

    :raises InvalidValue: if the day is not a plain date, there is no customer, or a cost is
        negative.
    :raises InvalidPolicy: if the churn is no share, before or after the change.
    :raises CurrencyMismatch: if the amounts are of two currencies.
    """

    as_of: date
    customers: int
    churn: Fraction = field(converter=as_ratio)
    churn_change: Fraction = field(default=Fraction(0), converter=as_ratio)
    loyalty_change: Fraction = field(default=Fraction(0), converter=as_ratio)
    cost: Money
    profit: Money
    retention_cost: Money

    def __attrs_post_init__(self) -> None:
        check_date(self.as_of, "as_of")
        check_probability(self.churn, "churn")
        check_probability(self.churn_after, "churn after the change")
        for amount in (self.cost, self.profit, self.retention_cost):
            check_money(amount, "an amount")
            if amount.currency != self.cost.currency:
                raise CurrencyMismatch(self.cost.currency, amount.currency)
        if self.cost.is_negative or self.retention_cost.is_negative:
            raise InvalidValue("costs are zero or more")
        if type(self.customers) is not int or self.customers < 1:
            raise InvalidValue("a base has at least one customer")

    @property
    def churn_after(self) -> Fraction:
        """The churn after the change."""
        return self.churn + self.churn_change


@frozen(kw_only=True)
class WhatIfResult:
    """What rules of thumb make of a scenario. It illustrates; it is no forecast.

    ``customers_kept`` are those who stay because of the change (negative: who leave because of it),
    ``cost_of_keeping`` is what keeping them costs, ``cost_of_winning`` what winning as many anew
    would.
    """

    cost_change: Money
    profit_after: Money
    customers_kept: Fraction
    cost_of_keeping: Money
    cost_of_winning: Money
    illustrative: bool = field(default=True, init=False)

    def __str__(self) -> str:
        return (
            f"illustrative only: costs change by {self.cost_change}, profit becomes "
            f"{self.profit_after}"
        )


@frozen(kw_only=True)
class RetentionWhatIf:
    """What would follow if fewer customers left, by rules of thumb that are all parameters.

    ``acquisition_to_retention`` says how many times the cost of keeping a customer winning one
    costs; it has no default, because the sources disagree (4 to 6, or 8). A change other than that
    of a rule counts in proportion.

    The formulas: cost change = cost x effect x churn change / cause; profit after = profit x (1 +
    effect x loyalty change / cause), both of the rule; customers kept = - customers x churn change;
    cost of keeping = customers kept x retention cost; cost of winning = that x the ratio.

    :raises InvalidPolicy: if the ratio is not above zero.

    >>> what_if = RetentionWhatIf.illustrative(acquisition_to_retention=8)
    >>> scenario = RetentionScenario(
    ...     as_of=date(2026, 6, 30), customers=1000, churn="0.10", churn_change="-0.02",
    ...     loyalty_change="0.05", cost=Money(500_000, "EUR"), profit=Money(80_000, "EUR"),
    ...     retention_cost=Money(25, "EUR"),
    ... )
    >>> print(what_if(scenario).outcome)
    illustrative only: costs change by -50000.00 EUR, profit becomes 160000.00 EUR
    """

    churn_and_cost: IllustrativeRule
    loyalty_and_profit: IllustrativeRule
    acquisition_to_retention: Fraction = field(converter=as_ratio)
    rounding: Rounding = Rounding.HALF_EVEN

    def __attrs_post_init__(self) -> None:
        check_rounding(self.rounding)
        if self.acquisition_to_retention <= 0:
            raise InvalidPolicy("winning a customer costs something: a ratio above zero")

    @classmethod
    def illustrative(cls, *, acquisition_to_retention: ExactNumber) -> Self:
        """Take both rules as the sources print them; the ratio is for the host to choose."""
        return cls(
            churn_and_cost=CHURN_AND_COST,
            loyalty_and_profit=LOYALTY_AND_PROFIT,
            acquisition_to_retention=acquisition_to_retention,
        )

    def __call__(self, facts: RetentionScenario, /) -> Decision[WhatIfResult]:
        """Compute what would follow, with every parameter that was used."""
        result = self._outcome(facts)
        evidence = (
            noted("illustrative-only", True),
            noted("customers", facts.customers),
            note_number("churn", facts.churn),
            note_number("churn-after", facts.churn_after),
            *_lifetimes(facts),
            _rule("churn-and-cost", self.churn_and_cost, facts.cost, result.cost_change),
            _rule("loyalty-and-profit", self.loyalty_and_profit, facts.profit, result.profit_after),
            note_number("loyalty-change", facts.loyalty_change),
            note_number("acquisition-to-retention", self.acquisition_to_retention),
            note_number("customers-kept", result.customers_kept),
            noted("cost-of-keeping", result.cost_of_keeping),
            noted("cost-of-winning", result.cost_of_winning),
        )
        return Decision(result, "retention-what-if", facts.as_of, evidence)

    def outcomes(self, facts: Iterable[RetentionScenario]) -> list[WhatIfResult]:
        """What would follow from many scenarios, as the call gives it one by one."""
        return [self._outcome(item) for item in facts]

    def _outcome(self, facts: RetentionScenario) -> WhatIfResult:
        saved = self.churn_and_cost.effect_of(facts.churn_change)
        gained = self.loyalty_and_profit.effect_of(facts.loyalty_change)
        kept = -facts.customers * facts.churn_change
        keeping = kept * exact(facts.retention_cost)
        return WhatIfResult(
            cost_change=self._money(exact(facts.cost) * saved, facts),
            profit_after=self._money(exact(facts.profit) * (1 + gained), facts),
            customers_kept=kept,
            cost_of_keeping=self._money(keeping, facts),
            cost_of_winning=self._money(keeping * self.acquisition_to_retention, facts),
        )

    def _money(self, amount: Fraction, facts: RetentionScenario) -> Money:
        return to_money(amount, facts.cost.currency, self.rounding)


def _lifetimes(facts: RetentionScenario) -> tuple[Evidence, ...]:
    """How long a customer stays on average, if churn is constant: its inverse, in years."""
    if not facts.churn or not facts.churn_after:
        return ()
    return (
        note_factor("mean-years-of-stay", 1 / facts.churn),
        note_factor("mean-years-of-stay-after", 1 / facts.churn_after),
    )


def _rule(criterion: str, rule: IllustrativeRule, before: Money, effect: Money) -> Evidence:
    parts = [
        noted("of", before),
        note_number("cause", rule.cause),
        note_number("effect", rule.effect),
        noted("source", rule.source),
        noted("says", rule.says),
    ]
    if rule.after_years is not None:
        parts.append(noted("after-years", rule.after_years))
    return Evidence(criterion, effect, parts=tuple(parts))
