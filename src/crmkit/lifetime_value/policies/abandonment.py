"""The right to stop serving a customer, as an option (CLV-08).

Each period the margin of a customer goes up or down by a factor; each period the firm may stop for
good. A customer who may be dropped is worth at least as much as one who must be served to the end:
the difference is what the right is worth. The tree is that of J. C. Cox, S. A. Ross and
M. Rubinstein, "Option pricing: a simplified approach", Journal of Financial Economics 7 (1979),
with the host's own probability of a rise, not one implied by a market. Nothing is rounded on the
way.
"""

from collections.abc import Iterable
from datetime import date
from fractions import Fraction
from itertools import pairwise
from math import lcm

from attrs import field, frozen

from crmkit.decision import Decision, noted
from crmkit.errors import CurrencyMismatch, InvalidPolicy
from crmkit.identifiers import CustomerId, check_identifier
from crmkit.lifetime_value.policies.exact import (
    as_ratio,
    check_money,
    check_probability,
    check_rate,
    check_rounding,
    check_unit,
    exact,
    note_number,
    note_rate,
    per_unit,
    to_money,
)
from crmkit.money import Money, Rounding
from crmkit.period import Rate, Unit, check_date

__all__ = ["AbandonmentOption", "ServedFacts"]

MOST_STEPS = 120
"""The most periods of a tree: ten years of months."""


@frozen(kw_only=True)
class ServedFacts:
    """The margin of one customer this period before the cost of serving them, and their value.

    ``value`` is what the customer is worth without the right to stop, by whatever measure the host
    chose; only :class:`RiskAdjustedValue` looks at it.

    :raises InvalidValue: if the day is not a plain date.
    :raises CurrencyMismatch: if value and margin are of different currencies.
    """

    customer: CustomerId
    as_of: date
    value: Money
    margin: Money

    def __attrs_post_init__(self) -> None:
        check_identifier(self.customer, "customer")
        check_date(self.as_of, "as_of")
        check_money(self.value, "a value")
        check_money(self.margin, "a margin")
        if self.margin.currency != self.value.currency:
            raise CurrencyMismatch(self.value.currency, self.margin.currency)


@frozen(kw_only=True)
class AbandonmentOption:
    """What the right to stop serving a customer is worth, over a tree of rising or falling margins.

    ``rise`` and ``fall`` are the factors by which the margin of a period becomes that of the next,
    ``rise_probability`` how probable the rise is. Serving costs ``service_cost`` each period, for
    now and ``periods`` periods ahead. At the start of each, the firm may stop for good.

    :raises InvalidPolicy: if a bare number stands for the cost or the discount, the cost or a
        factor is negative, the rise is below the fall, the probability is none, or there are no
        periods or more than 120.

    >>> from crmkit.decision import explain
    >>> option = AbandonmentOption(
    ...     rise="1.5", fall="0.5", rise_probability="0.5", service_cost=Money("80.00", "EUR"),
    ...     discount=Rate.annual("0.10"), periods=2,
    ... )
    >>> facts = ServedFacts(
    ...     customer="C-7", as_of=date(2026, 6, 30),
    ...     value=Money("54.71", "EUR"), margin=Money("100.00", "EUR"),
    ... )
    >>> print(explain(option(facts)))
    27.07 EUR for C-7, by abandonment option, as of 2026-06-30
    - noted: margin this year is 100.00 EUR
    - noted: service cost a year is 80.00 EUR
    - noted: rise is 1.5
    - noted: fall is 0.5
    - noted: probability of a rise is 0.5
    - noted: discount a year is 0.1
    - noted: periods is 2
    - noted: value served to the end is 54.71 EUR
    - noted: value with the right to stop is 81.78 EUR
    """

    rise: Fraction = field(converter=as_ratio)
    fall: Fraction = field(converter=as_ratio)
    rise_probability: Fraction = field(converter=as_ratio)
    service_cost: Money
    discount: Rate
    periods: int
    unit: Unit = Unit.YEAR
    rounding: Rounding = Rounding.HALF_EVEN

    def __attrs_post_init__(self) -> None:
        check_probability(self.rise_probability, "the probability of a rise")
        check_money(self.service_cost, "the cost of serving a customer")
        check_rate(self.discount)
        check_unit(self.unit)
        check_rounding(self.rounding)
        if self.service_cost.is_negative:
            raise InvalidPolicy("the cost of serving a customer is zero or more")
        if not 0 <= self.fall <= self.rise:
            raise InvalidPolicy("a fall is a factor of 0 or more, a rise one of at least the fall")
        if type(self.periods) is not int or not 1 <= self.periods <= MOST_STEPS:
            raise InvalidPolicy(f"a tree has 1 to {MOST_STEPS} periods")

    def exact_values(self, margin: Money) -> tuple[Fraction, Fraction]:
        """The value of a customer with this margin, served to the end and with the right to stop.

        :raises CurrencyMismatch: if margin and cost are of different currencies.
        """
        if margin.currency != self.service_cost.currency:
            raise CurrencyMismatch(self.service_cost.currency, margin.currency)
        return self._value(exact(margin), may_stop=False), self._value(exact(margin), may_stop=True)

    def __call__(self, facts: ServedFacts, /) -> Decision[Money]:
        """What the right to stop serving one customer is worth: never less than nothing."""
        bound, _ = self.exact_values(facts.margin)
        without = to_money(bound, facts.margin.currency, self.rounding)
        outcome = self._outcome(facts)
        evidence = (
            noted(f"margin this {self.unit}", facts.margin),
            noted(f"service cost a {self.unit}", self.service_cost),
            note_number("rise", self.rise),
            note_number("fall", self.fall),
            note_number("probability-of-a-rise", self.rise_probability),
            note_rate("discount", self.discount, self.unit),
            noted("periods", self.periods),
            noted("value-served-to-the-end", without),
            noted("value-with-the-right-to-stop", without + outcome),
        )
        return Decision(
            outcome, "abandonment-option", facts.as_of, evidence, subject=facts.customer
        )

    def outcomes(self, facts: Iterable[ServedFacts]) -> list[Money]:
        """What the right is worth for many customers, as the call gives it one by one."""
        return [self._outcome(item) for item in facts]

    def _outcome(self, facts: ServedFacts) -> Money:
        bound, free = self.exact_values(facts.margin)
        return to_money(free - bound, facts.margin.currency, self.rounding)

    def _value(self, margin: Fraction, *, may_stop: bool) -> Fraction:
        """From the last period back: what a node brings, and what the two after it are worth.

        Computed in whole numbers, whose denominators are known: ``money`` of the amounts, ``moves``
        of one rise or fall, ``steps`` of one discounted step back.
        """
        factor = 1 / (1 + per_unit(self.discount, self.unit))
        (up, down), steps = _whole(
            factor * self.rise_probability, factor * (1 - self.rise_probability)
        )
        (rise, fall), moves = _whole(self.rise, self.fall)
        (first, cost), money = _whole(margin, exact(self.service_cost))
        last = self.periods
        later = [0] * (last + 2)
        for period in range(last, -1, -1):
            common, back = moves ** (last - period), steps ** (last - period)
            nodes = [
                (first * rise**n * fall ** (period - n) * common - cost * moves**last) * back
                + up * high
                + down * low
                for n, (low, high) in enumerate(pairwise(later))
            ]
            later = [max(node, 0) for node in nodes] if may_stop else nodes
        return Fraction(later[0], money * moves**last * steps**last)


def _whole(one: Fraction, other: Fraction) -> tuple[tuple[int, int], int]:
    """Two fractions as whole numbers over their common denominator."""
    scale = lcm(one.denominator, other.denominator)
    return (int(one * scale), int(other * scale)), scale
