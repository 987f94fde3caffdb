"""A made-up shop: the purchases that its customers would leave in its books."""

import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from fractions import Fraction
from types import MappingProxyType

from attrs import field, frozen

from crmkit.errors import InvalidValue
from crmkit.identifiers import CustomerId
from crmkit.lifetime_value.facts.ages import age_of, days_of
from crmkit.lifetime_value.models.bg_bb import BgBb
from crmkit.lifetime_value.models.gamma_gamma import GammaGamma
from crmkit.lifetime_value.simulation.customers import (
    MOST_PURCHASES,
    PurchaseModel,
    SimulatedCustomer,
    simulate_customers,
)
from crmkit.lifetime_value.simulation.draws import RandomSource, check_series
from crmkit.money import Money
from crmkit.period import Unit, check_date
from crmkit.records import Purchase

__all__ = ["SimulatedShop", "simulate_purchases"]


def _read_only(
    customers: Mapping[CustomerId, SimulatedCustomer],
) -> Mapping[CustomerId, SimulatedCustomer]:
    return MappingProxyType(dict(customers))


@frozen(kw_only=True)
class SimulatedShop:
    """The purchases of made-up customers up to a day, and the truth about each of them."""

    purchases: tuple[Purchase, ...]
    """Customer by customer, each from the first purchase on."""
    customers: Mapping[CustomerId, SimulatedCustomer] = field(converter=_read_only, hash=False)
    as_of: date


def simulate_purchases(
    model: PurchaseModel,
    spend: GammaGamma,
    first_purchases: Iterable[date],
    *,
    as_of: date,
    random: RandomSource,
    most_purchases: int = MOST_PURCHASES,
) -> SimulatedShop:
    """Make up the books of a shop whose customers behave as two models say.

    There is a customer for each day of ``first_purchases``, called C-1, C-2 and so on. A repeat
    purchase belongs to the day that is over when the customer reaches its age, so none falls on
    the first day, and the customer's age is that of the end of ``as_of``. Several purchases of one
    customer can fall on one day; what sums them up counts that day once. An opportunity is taken
    on the last day that is wholly in its unit of time.

    :raises InvalidValue: if the model names no unit of time, the model of spend no currency, a day
        is not a plain date, a first purchase lies after ``as_of``, or as in
        :func:`simulate_customers`.
    :raises InvalidMoney: if what is drawn is more than any amount of money.

    >>> from random import Random
    >>> from crmkit.lifetime_value.models.bg_nbd import BgNbd
    >>> shop = simulate_purchases(
    ...     BgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426, unit=Unit.WEEK),
    ...     GammaGamma(p=6.25, q=3.74, v=15.44, currency="USD"),
    ...     [date(2026, 1, 5)] * 100,
    ...     as_of=date(2026, 9, 30),
    ...     random=Random(7),
    ... )
    >>> len(shop.customers)
    100
    """
    unit = getattr(model, "unit", None)
    if unit is None:
        raise InvalidValue("the model names no unit of time: build it with unit=Unit.WEEK")
    if getattr(spend, "currency", None) is None:
        raise InvalidValue("the model of spend names no currency: build it with currency='EUR'")
    firsts = check_series(
        first_purchases, "first_purchases has a day for each customer: pass a list"
    )
    ages = [_age(first, as_of, unit, model) for first in firsts]
    made = simulate_customers(
        model, ages, random=random, spend=spend, most_purchases=most_purchases
    )
    customers = {CustomerId(f"C-{number}"): each for number, each in enumerate(made, 1)}
    purchases = tuple(
        purchase
        for (name, customer), first in zip(customers.items(), firsts, strict=True)
        for purchase in _purchases(name, customer, first, as_of, days_of(unit))
    )
    return SimulatedShop(purchases=purchases, customers=customers, as_of=as_of)


def _age(first: date, as_of: date, unit: Unit, model: PurchaseModel) -> float:
    check_date(first, "the day of a first purchase")
    check_date(as_of, "as_of")
    if first > as_of:
        raise InvalidValue("a first purchase lies after as_of: pass days up to it")
    return age_of((as_of - first).days, unit, whole_units=isinstance(model, BgBb))


def _purchases(
    name: CustomerId, customer: SimulatedCustomer, first: date, as_of: date, length: Fraction
) -> Iterator[Purchase]:
    # A month as long as a twelfth of a year ends within a day, which belongs to the next month.
    day_of = math.floor if customer.whole_units else math.ceil
    amounts = [spend for spend in customer.spends or () if isinstance(spend, Money)]
    for age, amount in zip((0.0, *customer.purchase_ages), amounts, strict=True):
        # The end of as_of, turned into units of time and back, may come out a little later.
        days = min(day_of(Fraction(age) * length), (as_of - first).days)
        yield Purchase(name, first + timedelta(days), amount)
