"""When what a customer is expected to bring has covered what winning them cost."""

from collections.abc import Iterable
from datetime import date
from itertools import accumulate
from typing import Any, Generic, Protocol, TypeVar

from attrs import frozen

from crmkit.decision import Decision, at_least, noted
from crmkit.errors import CurrencyMismatch, InvalidPolicy, InvalidValue
from crmkit.identifiers import CustomerId
from crmkit.lifetime_value.policies.exact import check_money
from crmkit.money import Money, sum_money

__all__ = ["ExpectedPayback", "SteppedValue"]

FactsT_contra = TypeVar("FactsT_contra", contravariant=True)


class SteppedValue(Protocol[FactsT_contra]):
    """A value that arises step by step, such as an expected value or that of a contract."""

    @property
    def currency(self) -> str:
        """The currency of the value."""

    def amounts_by_step(self, facts: FactsT_contra, /) -> tuple[Money, ...]:
        """What each step adds to the value."""


class _Known(Protocol):
    @property
    def customer(self) -> CustomerId | None: ...

    @property
    def as_of(self) -> date | None: ...


ValueT = TypeVar("ValueT", bound=SteppedValue[Any])


@frozen(kw_only=True)
class ExpectedPayback(Generic[ValueT]):
    """After how many steps of a horizon a customer is expected to have covered the cost of winning.

    ``value`` is an :class:`ExpectedValue` with a horizon or a :class:`RenewalValue` with periods:
    the expected margins of their steps, discounted, are added up until they reach the cost. None
    says that they do not within the horizon.

    :raises InvalidPolicy: if the cost is negative or no Money.
    :raises CurrencyMismatch: if cost and value are of different currencies.

    >>> from crmkit.decision import explain
    >>> from crmkit.lifetime_value.models.renewal import RenewalFacts
    >>> from crmkit.lifetime_value.models.shifted_beta_geometric import ShiftedBetaGeometric
    >>> from crmkit.lifetime_value.policies.renewals import RenewalValue
    >>> from crmkit.period import Rate, Unit
    >>> payback = ExpectedPayback(
    ...     acquisition_cost=Money("100.00", "EUR"),
    ...     value=RenewalValue(
    ...         renewals=ShiftedBetaGeometric(alpha=0.668, beta=3.806, unit=Unit.YEAR),
    ...         margin=Money("60.00", "EUR"), discount=Rate.annual("0.10"), periods=10,
    ...     ),
    ... )
    >>> facts = RenewalFacts(0, active=True, customer="C-7", as_of=date(2026, 6, 30))
    >>> print(explain(payback(facts)))
    3 for C-7, by expected payback, as of 2026-06-30
    - noted: steps looked ahead is 10
    - met: margins discounted is 113.63 EUR; at least 100.00 EUR required
    """

    acquisition_cost: Money
    value: ValueT

    def __attrs_post_init__(self) -> None:
        check_money(self.acquisition_cost, "an acquisition cost")
        if self.acquisition_cost.is_negative:
            raise InvalidPolicy("an acquisition cost is zero or more")
        if self.acquisition_cost.currency != self.value.currency:
            raise CurrencyMismatch(self.value.currency, self.acquisition_cost.currency)

    def __call__(self, facts: _Known, /) -> Decision[int | None]:
        """Say after how many steps one customer has paid back.

        :raises InvalidValue: if the facts do not say as of which day they are.
        :raises InvalidPolicy: if the value looks ahead for ever.
        """
        if facts.as_of is None:
            raise InvalidValue("these facts name no day: pass as_of with them")
        amounts = self.value.amounts_by_step(facts)
        after = self._after(amounts)
        covered = sum_money(amounts[:after], self.value.currency)
        evidence = (
            noted("steps-looked-ahead", len(amounts)),
            at_least("margins-discounted", covered, self.acquisition_cost),
        )
        return Decision(after, "expected-payback", facts.as_of, evidence, subject=facts.customer)

    def outcomes(self, facts: Iterable[_Known]) -> list[int | None]:
        """The payback times of many customers, as the call gives them one by one."""
        return [self._after(self.value.amounts_by_step(item)) for item in facts]

    def _after(self, amounts: tuple[Money, ...]) -> int | None:
        totals = accumulate(amounts, initial=Money.zero(self.value.currency))
        covered = (n for n, total in enumerate(totals) if total >= self.acquisition_cost)
        return next(covered, None)
