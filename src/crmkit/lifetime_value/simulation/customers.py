"""Customers made up by a model: of them, unlike of real ones, it is known whether they left."""

import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator

from attrs import frozen

from crmkit.errors import InvalidValue
from crmkit.lifetime_value.facts import RepeatPurchaseFacts
from crmkit.lifetime_value.models.base import check_horizon
from crmkit.lifetime_value.models.bg_bb import BgBb, check_opportunities
from crmkit.lifetime_value.models.bg_nbd import BgNbd
from crmkit.lifetime_value.models.gamma_gamma import GammaGamma
from crmkit.lifetime_value.models.mbg_nbd import MbgNbd
from crmkit.lifetime_value.models.pareto_nbd import ParetoNbd
from crmkit.lifetime_value.simulation.draws import (
    RandomSource,
    check_random,
    check_series,
    draw_hazard,
    draw_probability,
    draw_rate,
    draw_wait,
)
from crmkit.lifetime_value.simulation.spend import Spend, simulate_spend, total_and_mean
from crmkit.period import Unit

__all__ = ["MOST_PURCHASES", "PurchaseModel", "SimulatedCustomer", "simulate_customers"]

MOST_PURCHASES = 100_000
"""How many repeat purchases a simulated customer makes at most, unless more are allowed."""

PurchaseModel = BgNbd | MbgNbd | ParetoNbd | BgBb
"""The models of customers who leave silently."""


@frozen(kw_only=True)
class SimulatedCustomer:
    """The whole story of a made-up customer up to an age, with what no shop can see.

    ``purchase_ages`` are the ages at the repeat purchases, ascending; the first purchase was at age
    0. ``left_at`` is the age at which the customer left, or None if they were still there at the
    end (``observed_for``). ``spends`` has what was spent on the first purchase and on each repeat,
    if spend was simulated. Where the model counts opportunities (``whole_units``), ages are numbers
    of them, and who left at 3 did so after the third and before the fourth.
    """

    purchase_ages: tuple[float, ...]
    observed_for: float
    left_at: float | None = None
    spends: tuple[Spend, ...] | None = None
    unit: Unit | None = None
    whole_units: bool = False

    def is_alive(self, at: float | None = None) -> bool:
        """Whether the customer is still there at an age, by default at the end.

        :raises InvalidValue: if the age is below zero or lies after the end.
        """
        age = self._age(at)
        return self.left_at is None or self.left_at > age

    def repeat_purchases(self, after: float = 0.0, until: float | None = None) -> int:
        """How many repeat purchases came after one age and up to another, by default the end.

        :raises InvalidValue: if an age is below zero or lies after the end.
        """
        before, end = self._bought_by(self._age(after)), self._bought_by(self._age(until))
        return max(0, end - before)

    def facts(self, at: float | None = None) -> RepeatPurchaseFacts:
        """What a shop would know of the customer at an age, by default at the end.

        :raises InvalidValue: if the age is below zero or lies after the end.
        """
        age = self._age(at)
        x = self._bought_by(age)
        total, mean = total_and_mean((self.spends or ())[1 : x + 1])
        return RepeatPurchaseFacts(
            x,
            self.purchase_ages[x - 1] if x else 0.0,
            age,
            mean,
            unit=self.unit,
            whole_units=self.whole_units,
            repeat_spend=total,
        )

    def _bought_by(self, age: float) -> int:
        return bisect_right(self.purchase_ages, age)

    def _age(self, at: float | None) -> float:
        age = self.observed_for if at is None else check_horizon(at)
        if age > self.observed_for:
            raise InvalidValue("the customer was simulated up to observed_for: ask up to that age")
        return age


def simulate_customers(
    model: PurchaseModel,
    ages: Iterable[float],
    *,
    random: RandomSource,
    spend: GammaGamma | None = None,
    most_purchases: int = MOST_PURCHASES,
) -> tuple[SimulatedCustomer, ...]:
    """Make up customers who behave as a model says, one of each age.

    The stories are drawn event by event, from what the model assumes and not from its formulas: to
    test those, or a pipeline of your own. With a model of spend, each purchase has an amount.

    :raises InvalidValue: if the model is none that makes purchases, an age is no finite number of
        zero or more (for BG/BB: a whole number), the source of randomness is none, or a customer
        would make more than ``most_purchases`` (a whole number above zero) repeat purchases.
    :raises InvalidMoney: if what is drawn is more than any amount of money.

    >>> from random import Random
    >>> model = BgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426)
    >>> shop = simulate_customers(model, [39.0] * 1000, random=Random(7))
    >>> sum(customer.is_alive() for customer in shop) > 500
    True
    """
    check_random(random)
    if not isinstance(model, PurchaseModel):
        raise InvalidValue(
            f"a {type(model).__name__} makes no repeat purchases: pass a BgNbd, MbgNbd, ParetoNbd "
            f"or BgBb"
        )
    if type(most_purchases) is not int or most_purchases < 1:
        raise InvalidValue("most_purchases is a whole number above zero")
    each = check_series(ages, "ages are those of all customers: pass [39.0] * 1000 for a thousand")
    return tuple(_customer(model, age, random, spend, most_purchases) for age in each)


def _customer(
    model: PurchaseModel,
    age: float,
    random: RandomSource,
    spend: GammaGamma | None,
    most_purchases: int,
) -> SimulatedCustomer:
    end = check_horizon(age)
    purchase_ages: list[float] = []
    left_at = None
    for at, leaves in _events(model, end, random):
        if leaves:
            left_at = at
        elif len(purchase_ages) < most_purchases:
            purchase_ages.append(at)
        else:
            raise InvalidValue(
                f"a simulated customer makes more than {most_purchases} repeat purchases: shorten "
                f"the ages, lower the rate of buying, or raise most_purchases"
            )
    spends = None
    if spend is not None:
        spends = simulate_spend(spend, len(purchase_ages) + 1, random=random)
    return SimulatedCustomer(
        purchase_ages=tuple(purchase_ages),
        observed_for=end,
        left_at=left_at,
        spends=spends,
        unit=model.unit,
        whole_units=isinstance(model, BgBb),
    )


# --- what each model assumes: the repeat purchases up to an age, and the leaving, if before it ----

_Event = tuple[float, bool]


def _events(model: PurchaseModel, end: float, random: RandomSource) -> Iterator[_Event]:
    match model:
        case BgNbd():
            return _leaving_after_purchases(model, end, random, may_leave=False)
        case MbgNbd():
            return _leaving_after_purchases(model, end, random, may_leave=True)
        case ParetoNbd():
            return _leaving_at_any_moment(model, end, random)
        case _:  # BgBb
            return _leaving_before_opportunities(model, end, random)


def _leaving_after_purchases(
    model: BgNbd | MbgNbd, end: float, random: RandomSource, *, may_leave: bool
) -> Iterator[_Event]:
    """A coin is tossed after each repeat purchase; in MBG/NBD, after the first purchase as well."""
    rate = draw_rate(random, model.r, model.alpha)
    leaving = draw_probability(random, model.a, model.b)
    at = 0.0
    while not (may_leave and random.random() < leaving):
        at = _later(at, draw_wait(random, rate))
        if at > end:
            return
        yield at, False
        may_leave = True
    yield at, True


def _leaving_at_any_moment(model: ParetoNbd, end: float, random: RandomSource) -> Iterator[_Event]:
    rate = draw_rate(random, model.r, model.alpha)
    left_at = draw_wait(random, draw_rate(random, model.s, model.beta))
    at = _later(0.0, draw_wait(random, rate))
    while at <= min(left_at, end):
        yield at, False
        at = _later(at, draw_wait(random, rate))
    if left_at <= end:
        yield left_at, True


def _leaving_before_opportunities(
    model: BgBb, end: float, random: RandomSource
) -> Iterator[_Event]:
    """Both coins are tossed until heads at once: the number of tails before it is geometric."""
    opportunities = check_opportunities(end)
    buying = draw_hazard(random, model.alpha, model.beta)
    leaving = draw_hazard(random, model.gamma, model.delta)
    met = _tails(random, leaving, opportunities)
    at = _tails(random, buying, opportunities) + 1
    while at <= min(met, opportunities):
        yield float(at), False
        at += _tails(random, buying, opportunities) + 1
    if met <= opportunities:
        yield float(met), True


def _tails(random: RandomSource, hazard: float, opportunities: int) -> int:
    """How often in a row a coin shows tails; more often than there are opportunities is enough."""
    return math.floor(min(draw_wait(random, hazard), opportunities + 1))


def _later(at: float, wait: float) -> float:
    """An age after another: no two purchases are made at the very same moment."""
    return max(at + wait, math.nextafter(at, math.inf))
