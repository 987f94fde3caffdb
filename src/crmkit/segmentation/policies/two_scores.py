"""Two values of a customer side by side: what it is worth today, and what it could be worth."""

from collections.abc import Iterable
from datetime import date
from typing import Self

from attrs import frozen

from crmkit.errors import CurrencyMismatch, InvalidValue, NothingToFit
from crmkit.identifiers import CustomerId, check_identifier
from crmkit.money import Money
from crmkit.period import check_date

__all__ = ["CompanyScores", "TwoScores"]


@frozen(kw_only=True)
class TwoScores:
    """Present and potential value of one customer, kept side by side and never added up.

    By its ``value``, which is the present one, it can be ranked by any policy that ranks by value;
    :meth:`~crmkit.segmentation.policies.matrix.CustomerMatrix.value_by_potential` looks at both.

    :raises CurrencyMismatch: if the two are of different currencies.
    """

    customer: CustomerId
    as_of: date
    present: Money
    potential: Money

    def __attrs_post_init__(self) -> None:
        check_identifier(self.customer, "customer")
        check_date(self.as_of, "as_of")
        if self.present.currency != self.potential.currency:
            raise CurrencyMismatch(self.present.currency, self.potential.currency)

    @property
    def value(self) -> Money:
        """The present value."""
        return self.present


@frozen(kw_only=True)
class CompanyScores:
    """The two values of the whole company: the sums over its customers, as of one day.

    >>> day, nine, two = date(2026, 6, 30), Money(9, "EUR"), Money(2, "EUR")
    >>> CompanyScores.of([
    ...     TwoScores(customer="C-1", as_of=day, present=nine, potential=two),
    ...     TwoScores(customer="C-2", as_of=day, present=two, potential=nine),
    ... ]).present
    Money('11.00', 'EUR')
    """

    as_of: date
    customers: int
    present: Money
    potential: Money

    @classmethod
    def of(cls, scores: Iterable[TwoScores]) -> Self:
        """Add up both values over customers.

        :raises NothingToFit: if there is no customer.
        :raises InvalidValue: if they are of different days.
        :raises CurrencyMismatch: if they are of different currencies.
        """
        company: Self | None = None
        for item in scores:
            one = cls(as_of=item.as_of, customers=1, present=item.present, potential=item.potential)
            company = one if company is None else company.merge(one)
        if company is None:
            raise NothingToFit("no customers to add up: pass at least one")
        return company

    def merge(self, other: Self) -> Self:
        """Add up the values of two groups of customers without a customer in common.

        :raises InvalidValue: if they are of different days.
        :raises CurrencyMismatch: if they are of different currencies.
        """
        if self.as_of != other.as_of:
            raise InvalidValue("values of different days do not add up: take both as of one day")
        return type(self)(
            as_of=self.as_of,
            customers=self.customers + other.customers,
            present=self.present + other.present,
            potential=self.potential + other.potential,
        )
