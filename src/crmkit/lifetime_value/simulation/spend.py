"""What made-up customers spend on each purchase, under the Gamma-Gamma model."""

import math
from collections.abc import Sequence
from fractions import Fraction

from crmkit.errors import InvalidValue
from crmkit.lifetime_value.facts import MAX_REPEAT_PURCHASES
from crmkit.lifetime_value.models.gamma_gamma import GammaGamma
from crmkit.lifetime_value.simulation.draws import (
    RandomSource,
    check_random,
    draw_log_gamma,
    exp_within,
)
from crmkit.money import Money, Rounding, sum_money

__all__ = ["Spend", "simulate_spend", "total_and_mean"]

Spend = Money | float
"""Money where the model of spend names a currency, a bare number otherwise."""


def simulate_spend(
    model: GammaGamma, purchases: int, *, random: RandomSource
) -> tuple[Money, ...] | tuple[float, ...]:
    """Draw what one customer spends on each of so many purchases.

    The customer's own rate is drawn once, then each purchase; money is rounded to the nearest minor
    unit, half to even, and a purchase may round to nothing.

    :raises InvalidValue: if the model is no :class:`GammaGamma`, the number of purchases no whole
        number of zero or more and at most a million, or the source of randomness none.
    :raises InvalidMoney: if what is drawn is more than any amount of money.

    >>> from random import Random
    >>> shop = GammaGamma(p=6.25, q=3.74, v=15.44, currency="USD")
    >>> [amount.currency for amount in simulate_spend(shop, 2, random=Random(7))]
    ['USD', 'USD']
    """
    check_random(random)
    if not isinstance(model, GammaGamma):
        raise InvalidValue(f"a {type(model).__name__} says nothing of spend: pass a GammaGamma")
    if type(purchases) is not int or not 0 <= purchases <= MAX_REPEAT_PURCHASES:
        raise InvalidValue(
            f"a number of purchases is a whole number, zero or more, at most {MAX_REPEAT_PURCHASES}"
        )
    log_rate = draw_log_gamma(random, model.q) - math.log(model.v)
    amounts = tuple(
        exp_within(draw_log_gamma(random, model.p) - log_rate) for _ in range(purchases)
    )
    if model.currency is None:
        return amounts
    return tuple(
        Money.rounded(Fraction(amount), model.currency, rounding=Rounding.HALF_EVEN)
        for amount in amounts
    )


def total_and_mean(spends: Sequence[Spend]) -> tuple[Money | None, Spend | None]:
    """The exact total of the money spent, if it is money, and the mean; nothing of no purchase."""
    money = [spend for spend in spends if isinstance(spend, Money)]
    if money:
        total = sum_money(money, money[0].currency)
        return total, total.times(Fraction(1, len(money)), rounding=Rounding.HALF_EVEN)
    bare = [spend for spend in spends if not isinstance(spend, Money)]
    return None, math.fsum(bare) / len(bare) if bare else None
