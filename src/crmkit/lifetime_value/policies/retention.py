"""Value by a constant margin, retention and discount a period, and when it pays back what it cost.

With margin m, retention r and discount i a period, the margins that follow are worth the sum over
t = 1, 2, ... of m (r / (1 + i))**t, which for ever is m r / (1 + i - r): the margin multiple of
S. Gupta and D. R. Lehmann, "Customers as Assets", Journal of Interactive Marketing 17 (2003).
"""

from bisect import bisect_left
from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from fractions import Fraction
from typing import Self

from attrs import evolve, field, frozen

from crmkit.decision import Decision, Evidence, at_least, noted
from crmkit.errors import CurrencyMismatch, InvalidPolicy
from crmkit.identifiers import CustomerId, check_identifier
from crmkit.lifetime_value.policies.exact import (
    MOST_PERIODS,
    ExactNumber,
    as_ratio,
    check_money,
    check_periods,
    check_probability,
    check_rate,
    check_rounding,
    check_unit,
    check_word,
    exact,
    note_factor,
    note_number,
    note_rate,
    per_unit,
    split_money,
    to_money,
)
from crmkit.money import Money, Rounding
from crmkit.period import Rate, Unit, check_date

__all__ = ["FirstMargin", "PaybackTime", "RetentionFacts", "RetentionValue"]


class FirstMargin(StrEnum):
    """When the first margin comes in."""

    AT_ONCE = "at-once"
    """Today and for sure, before anybody can leave; those of the periods ahead follow."""
    AT_PERIOD_END = "at-period-end"
    """At the end of the first period, from whoever is still there."""


def _as_optional_ratio(number: ExactNumber | None) -> Fraction | None:
    return None if number is None else as_ratio(number)


@frozen(kw_only=True)
class RetentionFacts:
    """What is known of one customer's margin and retention; None: what the policy says of all.

    :raises InvalidValue: if the day is not a plain date, or the retention no probability.
    """

    customer: CustomerId
    as_of: date
    margin: Money | None = None
    retention: Fraction | None = field(default=None, converter=_as_optional_ratio)

    def __attrs_post_init__(self) -> None:
        check_identifier(self.customer, "customer")
        check_date(self.as_of, "as_of")
        if self.margin is not None:
            check_money(self.margin, "a margin")
        if self.retention is not None:
            check_probability(self.retention, "retention")


@frozen(kw_only=True)
class RetentionValue:
    """What a customer is worth who brings the same margin every period and stays with one chance.

    ``periods`` counts the periods ahead, None is for ever. ``first_margin=FirstMargin.AT_ONCE``
    adds the margin of today to theirs. Nothing is rounded on the way: :attr:`exact` is the value
    as a fraction of major units, :attr:`value` the same as money.

    :raises InvalidPolicy: if a bare number stands for the margin or the discount, the retention is
        no probability, there are more than 1,200 periods, or the value for ever has no bound, as
        when everybody stays and nothing is discounted.

    >>> from crmkit.decision import explain
    >>> terms = RetentionValue(
    ...     margin=Money("100.00", "EUR"), retention="0.8", discount=Rate.annual("0.1"), periods=2
    ... )
    >>> terms.exact, terms.value
    (Fraction(15200, 121), Money('125.62', 'EUR'))
    >>> RetentionValue(
    ...     margin=Money("100.00", "EUR"), retention="0.8", discount=Rate.annual("0.1"),
    ...     first_margin=FirstMargin.AT_ONCE,
    ... ).value
    Money('366.67', 'EUR')
    >>> print(explain(terms(RetentionFacts(customer="C-7", as_of=date(2026, 6, 30)))))
    125.62 EUR for C-7, by retention value, as of 2026-06-30
    - noted: margin a year is 100.00 EUR
    - noted: retention a year is 0.8
    - noted: discount a year is 0.1
    - noted: periods is 2
    - noted: margin at once is 0.00 EUR
    - noted: margins at period ends is 125.62 EUR
      - noted: multiple is 1.256198347107
    """

    margin: Money
    retention: Fraction = field(converter=as_ratio)
    discount: Rate
    unit: Unit = Unit.YEAR
    first_margin: FirstMargin = FirstMargin.AT_PERIOD_END
    periods: int | None = None
    rounding: Rounding = Rounding.HALF_EVEN

    def __attrs_post_init__(self) -> None:
        check_money(self.margin, "a margin")
        check_probability(self.retention, "retention")
        check_rate(self.discount)
        check_unit(self.unit)
        check_periods(self.periods)
        check_rounding(self.rounding)
        check_word(self.first_margin, FirstMargin, "the first margin")
        self._ahead(self.periods)

    @property
    def exact(self) -> Fraction:
        """The value in major units of the currency, before any rounding."""
        return self.exact_over(self.periods)

    @property
    def value(self) -> Money:
        """The value, rounded once."""
        return to_money(self.exact, self.margin.currency, self.rounding)

    @property
    def multiple(self) -> Fraction:
        """How many of its margins the value is: for ever, at period end, r / (1 + i - r)."""
        return self._at_once + self._ahead(self.periods)

    def exact_over(self, periods: int | None) -> Fraction:
        """The value over another number of periods, in major units; None is for ever.

        :raises InvalidPolicy: if there are more than 1,200, or the value for ever has no bound.
        """
        check_periods(periods)
        return exact(self.margin) * (self._at_once + self._ahead(periods))

    def terms_of(self, facts: RetentionFacts) -> Self:
        """These terms with the margin and the retention of one customer, where they are known.

        :raises CurrencyMismatch: if the margin is of another currency.
        """
        margin = self.margin if facts.margin is None else facts.margin
        retention = self.retention if facts.retention is None else facts.retention
        if margin.currency != self.margin.currency:
            raise CurrencyMismatch(self.margin.currency, margin.currency)
        return evolve(self, margin=margin, retention=retention)

    @property
    def _at_once(self) -> int:
        return int(self.first_margin is FirstMargin.AT_ONCE)

    def _ahead(self, periods: int | None) -> Fraction:
        """How many of today's margins those of the periods ahead are worth."""
        return _annuity(self.retention / (1 + per_unit(self.discount, self.unit)), periods)

    def evidence(self) -> tuple[Evidence, ...]:
        """The terms, and the value of the first margin and of those that follow."""
        ahead = self._ahead(self.periods)
        pieces = (exact(self.margin) * self._at_once, exact(self.margin) * ahead)
        first, later = split_money(pieces, self.margin.currency, self.rounding)
        return (
            *self.noted_terms(),
            noted("periods", "for ever" if self.periods is None else self.periods),
            noted("margin-at-once", first),
            Evidence("margins-at-period-ends", later, parts=(note_factor("multiple", ahead),)),
        )

    def noted_terms(self) -> tuple[Evidence, ...]:
        """The margin, the retention and the discount, a period."""
        return (
            noted(f"margin a {self.unit}", self.margin),
            note_number(f"retention a {self.unit}", self.retention),
            note_rate("discount", self.discount, self.unit),
        )

    def __call__(self, facts: RetentionFacts, /) -> Decision[Money]:
        """Value one customer by their own margin and retention where they are known."""
        own = self.terms_of(facts)
        return Decision(
            own.value, "retention-value", facts.as_of, own.evidence(), subject=facts.customer
        )

    def outcomes(self, facts: Iterable[RetentionFacts]) -> list[Money]:
        """The values of many customers, as the call gives them one by one."""
        return [self.terms_of(item).value for item in facts]


def _annuity(q: Fraction, periods: int | None) -> Fraction:
    """The sum of q**t over t = 1, 2, ... up to so many periods, or for ever.

    :raises InvalidPolicy: if the sum for ever has no bound.
    """
    if periods is None:
        if q >= 1:
            raise InvalidPolicy(
                "a value for ever needs a discount that outweighs the retention: 1 + discount is "
                "above retention; or name the periods"
            )
        return q / (1 - q)
    return Fraction(periods) if q == 1 else q * (1 - q**periods) / (1 - q)


@frozen(kw_only=True)
class PaybackTime:
    """After how many periods a customer's margins, discounted, have covered what winning them cost.

    ``within`` is how many periods ahead one looks. A customer who pays back later, or never, gets
    None, and the evidence says by how much the cost is missed.

    :raises InvalidPolicy: if the cost is negative or no Money, or one looks ahead further than
        1,200 periods.
    :raises CurrencyMismatch: if the cost is of another currency than the margin.

    >>> terms = RetentionValue(
    ...     margin=Money("100.00", "EUR"), retention="0.8", discount=Rate.annual("0.1")
    ... )
    >>> payback = PaybackTime(acquisition_cost=Money("150.00", "EUR"), value=terms)
    >>> payback(RetentionFacts(customer="C-7", as_of=date(2026, 6, 30))).outcome
    3
    >>> payback.net_value
    Money('116.67', 'EUR')
    """

    acquisition_cost: Money
    value: RetentionValue
    within: int = 120

    def __attrs_post_init__(self) -> None:
        check_money(self.acquisition_cost, "an acquisition cost")
        if self.acquisition_cost.is_negative:
            raise InvalidPolicy("an acquisition cost is zero or more")
        if self.acquisition_cost.currency != self.value.margin.currency:
            raise CurrencyMismatch(self.value.margin.currency, self.acquisition_cost.currency)
        if type(self.within) is not int or not 1 <= self.within <= MOST_PERIODS:
            raise InvalidPolicy(f"look ahead from 1 to {MOST_PERIODS:,} periods")

    @property
    def net_value(self) -> Money:
        """What a customer is worth beyond what winning them cost; negative if they never pay back.

        It is the value by all of the periods of the terms, for ever if they name none.
        """
        return self.value.value - self.acquisition_cost

    def __call__(self, facts: RetentionFacts, /) -> Decision[int | None]:
        """Say after how many periods one customer has paid back, 0 if today's margin does."""
        own = self.value.terms_of(facts)
        after = self._after(own)
        looked = self._horizon(own) if after is None else after
        # Rounded down to the minor unit: whole units cannot tell it from the exact sum.
        covered = to_money(own.exact_over(looked), own.margin.currency, Rounding.FLOOR)
        evidence = (
            *own.noted_terms(),
            noted("periods", looked),
            at_least("margins-discounted", covered, self.acquisition_cost),
        )
        return Decision(after, "payback-time", facts.as_of, evidence, subject=facts.customer)

    def outcomes(self, facts: Iterable[RetentionFacts]) -> list[int | None]:
        """The payback times of many customers, as the call gives them one by one."""
        return [self._after(self.value.terms_of(item)) for item in facts]

    def _horizon(self, own: RetentionValue) -> int:
        return self.within if own.periods is None else min(self.within, own.periods)

    def _after(self, own: RetentionValue) -> int | None:
        cost, looked = exact(self.acquisition_cost), range(self._horizon(own) + 1)
        if own.exact_over(0) >= cost:
            return 0
        # Each period adds a margin of one sign, so the first that covers the cost is found by
        # halving; losses never do.
        after = bisect_left(looked, True, key=lambda periods: own.exact_over(periods) >= cost)
        return after if after < len(looked) else None
