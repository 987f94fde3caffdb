"""Purchases as columns: the shape in which millions of them are handed on."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, Self

from attrs import evolve, field, frozen

from crmkit.errors import CurrencyMismatch
from crmkit.identifiers import CustomerId, OrderId, ProductId
from crmkit.intake.cells import Parsed
from crmkit.money import ExchangeRates, Money
from crmkit.records import Purchase

__all__ = ["PurchaseColumns", "convert_purchases"]


@frozen(kw_only=True)
class PurchaseColumns:
    """Some purchases, column by column; all columns have the same length.

    ``days`` are ordinals (``date.toordinal``) and ``minor`` whole minor units of the currency
    beside them. What has been through here is checked as a :class:`~crmkit.records.Purchase` is.
    """

    customers: tuple[CustomerId, ...] = field(repr=False)
    days: tuple[int, ...] = field(repr=False)
    minor: tuple[int, ...] = field(repr=False)
    currencies: tuple[str, ...] = field(repr=False)
    orders: tuple[OrderId | None, ...] = field(repr=False)
    products: tuple[ProductId | None, ...] = field(repr=False)
    channels: tuple[str | None, ...] = field(repr=False)
    refunds_of: tuple[OrderId | None, ...] = field(repr=False)

    @classmethod
    def of(cls, parsed: Iterable[Parsed]) -> Self:
        """Turn at least one line into columns."""
        columns: tuple[tuple[Any, ...], ...] = tuple(zip(*parsed, strict=True))
        customers, days, minor, currencies, orders, products, channels, refunds_of = columns
        return cls(
            customers=customers,
            days=days,
            minor=minor,
            currencies=currencies,
            orders=orders,
            products=products,
            channels=channels,
            refunds_of=refunds_of,
        )

    def __len__(self) -> int:
        return len(self.customers)

    @property
    def currency(self) -> str:
        """The one currency of all amounts.

        :raises CurrencyMismatch: if there are two; convert them first.
        """
        first, *others = sorted(set(self.currencies))
        if others:
            raise CurrencyMismatch(first, others[0])
        return first

    def purchases(self) -> Iterator[Purchase]:
        """Make the purchases, one by one."""
        days = {day: date.fromordinal(day) for day in set(self.days)}
        amounts = self._amounts()
        for customer, day, minor, currency, order, product, channel, refund_of in zip(
            self.customers,
            self.days,
            self.minor,
            self.currencies,
            self.orders,
            self.products,
            self.channels,
            self.refunds_of,
            strict=True,
        ):
            yield Purchase(
                customer,
                days[day],
                amounts[minor, currency],
                order=order,
                product=product,
                channel=channel,
                refund_of=refund_of,
            )

    def converted(self, rates: ExchangeRates) -> Self:
        """Convert every amount into the one currency of account, as :func:`convert_purchases` does.

        :raises CurrencyMismatch: if there is no rate for a currency.
        """
        converted = {key: _convert(money, rates) for key, money in self._amounts().items()}
        minor = [converted[key].minor for key in zip(self.minor, self.currencies, strict=True)]
        return evolve(self, minor=tuple(minor), currencies=(rates.to,) * len(self))

    def _amounts(self) -> dict[tuple[int, str], Money]:
        pairs = set(zip(self.minor, self.currencies, strict=True))
        return {(minor, currency): Money.of_minor(minor, currency) for minor, currency in pairs}


def convert_purchases(purchases: Iterable[Purchase], rates: ExchangeRates) -> Iterator[Purchase]:
    """Convert what was bought in several currencies into the one that the shop accounts in.

    Each amount is converted and rounded by itself, as the rates say. A refund stays a refund: one
    too small for the currency of account becomes one minor unit of it, not a purchase of nothing.

    :raises CurrencyMismatch: if there is no rate for a currency.

    >>> from crmkit.money import ExchangeRates, Money
    >>> in_euro = ExchangeRates(to="EUR", rates={"USD": "0.92"})
    >>> abroad = Purchase(CustomerId("C-7"), date(2026, 3, 1), Money("10.00", "USD"))
    >>> [str(purchase.amount) for purchase in convert_purchases([abroad], in_euro)]
    ['9.20 EUR']
    """
    for purchase in purchases:
        amount = _convert(purchase.amount, rates)
        yield purchase if amount is purchase.amount else evolve(purchase, amount=amount)


def _convert(amount: Money, rates: ExchangeRates) -> Money:
    converted = rates(amount)
    if amount.is_negative and not converted.is_negative:
        return Money.of_minor(-1, rates.to)
    return converted
