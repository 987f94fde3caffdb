"""What a customer is worth today, and what they could be worth, side by side (CLV-06)."""

from collections.abc import Iterable
from datetime import date
from fractions import Fraction
from typing import Self

from attrs import frozen

from crmkit.errors import CurrencyMismatch, InvalidPolicy, InvalidValue, NothingToFit
from crmkit.identifiers import CustomerId, check_identifier
from crmkit.lifetime_value.policies.exact import (
    ExactNumber,
    as_ratio,
    check_money,
    exact,
    to_money,
)
from crmkit.money import Money, Rounding
from crmkit.period import check_date

__all__ = ["CompanyValue", "PresentAndPotentialValue"]


@frozen(kw_only=True)
class PresentAndPotentialValue:
    """Both values of one customer; they are kept apart and never added up.

    What ranks customers by their ``value`` takes the present one.

    :raises InvalidValue: if the day is not a plain date.
    :raises InvalidPolicy: if a bare number stands for a value.
    :raises CurrencyMismatch: if the two are of different currencies.

    >>> both = PresentAndPotentialValue.by_share_of_wallet(
    ...     customer="C-7", as_of=date(2026, 6, 30),
    ...     present=Money("300.00", "EUR"), share_of_wallet="0.40",
    ... )
    >>> both.potential, both.unrealized
    (Money('750.00', 'EUR'), Money('450.00', 'EUR'))
    """

    customer: CustomerId
    as_of: date
    present: Money
    potential: Money

    def __attrs_post_init__(self) -> None:
        check_identifier(self.customer, "customer")
        check_date(self.as_of, "as_of")
        check_money(self.present, "a present value")
        check_money(self.potential, "a potential value")
        if self.present.currency != self.potential.currency:
            raise CurrencyMismatch(self.present.currency, self.potential.currency)

    @classmethod
    def by_share_of_wallet(
        cls,
        *,
        customer: CustomerId,
        as_of: date,
        present: Money,
        share_of_wallet: ExactNumber,
        rounding: Rounding = Rounding.HALF_EVEN,
    ) -> Self:
        """Take for the potential what the customer would be worth who bought everything from us.

        :raises InvalidPolicy: if the share is not above 0 and at most 1.
        """
        check_money(present, "a present value")
        share = as_ratio(share_of_wallet)
        if not 0 < share <= 1:
            raise InvalidPolicy("a share of wallet is above 0 and at most 1, such as '0.40'")
        potential = to_money(exact(present) / share, present.currency, rounding)
        return cls(customer=customer, as_of=as_of, present=present, potential=potential)

    @property
    def value(self) -> Money:
        """The present value."""
        return self.present

    @property
    def unrealized(self) -> Money:
        """How much more the customer could be worth than today."""
        return self.potential - self.present


@frozen(kw_only=True)
class CompanyValue:
    """Both values of the whole company: the sums over its customers, as of one day.

    >>> day = date(2026, 6, 30)
    >>> nine, two = Money(9, "EUR"), Money(2, "EUR")
    >>> company = CompanyValue.of([
    ...     PresentAndPotentialValue(customer="C-1", as_of=day, present=two, potential=nine),
    ...     PresentAndPotentialValue(customer="C-2", as_of=day, present=nine, potential=nine),
    ... ])
    >>> company.present, company.potential, company.share_realized
    (Money('11.00', 'EUR'), Money('18.00', 'EUR'), Fraction(11, 18))
    """

    as_of: date
    customers: int
    present: Money
    potential: Money

    @classmethod
    def of(cls, values: Iterable[PresentAndPotentialValue]) -> Self:
        """Add up both values over customers.

        :raises NothingToFit: if there is no customer.
        :raises InvalidValue: if they are of different days.
        :raises CurrencyMismatch: if they are of different currencies.
        """
        company: Self | None = None
        for item in values:
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

    @property
    def share_realized(self) -> Fraction | None:
        """How much of the potential is there today; None without a potential above zero."""
        return self.present.ratio_to(self.potential) if self.potential.minor > 0 else None
