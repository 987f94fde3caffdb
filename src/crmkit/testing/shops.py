"""Purchase histories that look like those of a shop: customers differ, tire, and have seasons.

>>> from hypothesis import given, settings
>>> @settings(max_examples=20, deadline=None)
... @given(shop_histories())
... def a_shop_takes_one_currency(lines):
...     assert len({line.amount.currency for line in lines}) <= 1
>>> a_shop_takes_one_currency()
"""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from attrs import field, frozen

from crmkit.errors import MissingExtra
from crmkit.identifiers import CustomerId, OrderId
from crmkit.money import Money
from crmkit.records import Purchase

try:
    from hypothesis import strategies as st
except ImportError:
    raise MissingExtra("hypothesis", "testing") from None

__all__ = ["shop_histories"]

Strategy = st.SearchStrategy
Draw = Callable[[Strategy[Any]], Any]

# Stores and screens disagree about some of these: case, accents, order, and what is a letter.
_NAMES = ("C-1", "c-1", "C-10", "C-2", "Ä", "A\u0308x", "ä", "客", "客户 7", "ß", "ss", "𝔸")
_EVERY = (2, 7, 30, 30, 91, 365)
_MOST_ORDERS = 8


@frozen(kw_only=True)
class _Shop:
    """What the customers of one history have in common."""

    currency: str
    first_day: date
    last_day: date
    prices: list[int]
    high_months: frozenset[int]
    refunds: bool
    lines: list[Purchase] = field(factory=list)

    def sell(self, customer: str, on: date, minor: int, order: str | None, **others: Any) -> None:
        if on <= self.last_day:
            self.lines.append(
                Purchase(
                    CustomerId(customer),
                    on,
                    Money.of_minor(minor, self.currency),
                    order=None if order is None else OrderId(order),
                    **others,
                )
            )


@st.composite
def shop_histories(
    draw: Draw,
    *,
    currency: str | None = None,
    first_day: date = date(2024, 1, 1),
    last_day: date = date(2026, 6, 30),
    max_customers: int = 5,
    refunds: bool = True,
) -> list[Purchase]:
    """What a shop took in, in one currency, in the order in which it happens to lie in the file.

    Customers buy at rates of their own, from every other day to once a year, at uneven intervals,
    and sooner or later most of them stop without a word. In the months of a season they buy twice.
    Some articles are free, orders have several lines or no number, some are given back in whole or
    in part, and keys are such as ``Ä`` and ``客``, which not every store tells apart.
    """
    shop = _Shop(
        currency=currency or draw(st.sampled_from(["EUR", "CNY", "JPY", "KWD"])),
        first_day=first_day,
        last_day=last_day,
        prices=draw(st.lists(st.integers(0, 20_000), min_size=1, max_size=4)),
        high_months=draw(st.sampled_from([frozenset(), frozenset({11, 12}), frozenset({6})])),
        refunds=refunds,
    )
    names = st.lists(st.sampled_from(_NAMES), min_size=1, max_size=max_customers, unique=True)
    for customer in draw(names):
        _buy(draw, shop, customer)
    return list(draw(st.permutations(shop.lines)))


def _buy(draw: Draw, shop: _Shop, customer: str) -> None:
    """One customer, from the first purchase until they stop or the history ends."""
    every = draw(st.sampled_from(_EVERY))
    on = shop.first_day + timedelta(draw(st.integers(0, (shop.last_day - shop.first_day).days)))
    for number in range(draw(st.integers(1, _MOST_ORDERS))):
        order = draw(st.none() | st.just(f"{customer}/{number}"))
        for _ in range(2 if on.month in shop.high_months else 1):
            _order(draw, shop, customer, on, order)
        on += timedelta(days=draw(st.integers(0, 2 * every)))
        if on > shop.last_day:
            return


def _order(draw: Draw, shop: _Shop, customer: str, on: date, order: str | None) -> None:
    minor = draw(st.sampled_from(shop.prices))
    shop.sell(customer, on, minor, order)
    if shop.refunds and minor and draw(st.integers(0, 5)) == 5:
        later = on + timedelta(days=draw(st.integers(0, 60)))
        back = -draw(st.integers(1, minor))
        shop.sell(customer, later, back, None, refund_of=None if order is None else OrderId(order))
