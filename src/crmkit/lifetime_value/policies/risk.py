"""Value adjusted for risk, by a method that can be exchanged (CLV-08).

A risk method is any policy that turns facts into an amount to add to the value: a loss to expect is
negative, a right that is worth something is positive. A function that returns a decision is one.
"""

from collections.abc import Iterable
from datetime import date
from fractions import Fraction
from typing import Any, Generic, Protocol, TypeVar

from attrs import field, frozen

from crmkit.decision import Decision, Evidence, noted
from crmkit.errors import CurrencyMismatch, InvalidPolicy, InvalidValue
from crmkit.identifiers import CustomerId, check_identifier
from crmkit.lifetime_value.policies.exact import (
    ExactNumber,
    as_ratio,
    check_money,
    check_probability,
    check_rounding,
    exact,
    note_number,
    to_money,
)
from crmkit.money import Money, Rounding
from crmkit.period import check_date

__all__ = ["ExpectedLoss", "RiskAdjustedValue", "RiskFacts", "RiskMethod", "ValueAtRisk"]


class ValueAtRisk(Protocol):
    """Any facts with a value that a risk method may adjust."""

    @property
    def customer(self) -> CustomerId:
        """Whom the facts are about."""

    @property
    def as_of(self) -> date:
        """The last day that they include."""

    @property
    def value(self) -> Money:
        """What the customer would be worth without the risk."""


FactsT_contra = TypeVar("FactsT_contra", contravariant=True)


class RiskMethod(Protocol[FactsT_contra]):
    """What a risk is worth: a frozen value, or just a function. Exchange it for your own."""

    def __call__(self, facts: FactsT_contra, /) -> Decision[Money]:
        """The amount to add to the value, with the evidence for it; a loss is negative."""
        ...


MethodT = TypeVar("MethodT", bound=RiskMethod[Any])


def _as_optional_ratio(number: ExactNumber | None) -> Fraction | None:
    return None if number is None else as_ratio(number)


@frozen(kw_only=True)
class RiskFacts:
    """What is known of one customer who owes us, as of a day.

    ``exposure`` is what would be owed on the day of a default, ``default_probability`` how probable
    that is over the life of the debt, and ``loss_given_default`` the share of the exposure that
    would be lost, where that of the customer is known.

    :raises InvalidValue: if the day is not a plain date, or the exposure is negative.
    :raises InvalidPolicy: if a probability or a share is none.
    :raises CurrencyMismatch: if value and exposure are of different currencies.
    """

    customer: CustomerId
    as_of: date
    value: Money
    exposure: Money
    default_probability: Fraction = field(converter=as_ratio)
    loss_given_default: Fraction | None = field(default=None, converter=_as_optional_ratio)

    def __attrs_post_init__(self) -> None:
        check_identifier(self.customer, "customer")
        check_date(self.as_of, "as_of")
        check_money(self.value, "a value")
        check_money(self.exposure, "an exposure")
        check_probability(self.default_probability, "the probability of a default")
        if self.loss_given_default is not None:
            check_probability(self.loss_given_default, "the loss given default")
        if self.exposure.is_negative:
            raise InvalidValue("an exposure is what the customer would owe: zero or more")
        if self.exposure.currency != self.value.currency:
            raise CurrencyMismatch(self.value.currency, self.exposure.currency)


@frozen(kw_only=True)
class ExpectedLoss:
    """The loss to expect of a customer who may default: probability, times share lost, times debt.

    ``loss_given_default`` counts for customers of whom it is not known. The formula is that of the
    Basel framework (PD x LGD x EAD; Basel Committee on Banking Supervision, CRE31).

    :raises InvalidPolicy: if the share does not lie between 0 and 1.

    >>> facts = RiskFacts(
    ...     customer="C-7", as_of=date(2026, 6, 30), value=Money("900.00", "EUR"),
    ...     exposure=Money("20000.00", "EUR"), default_probability="0.02",
    ... )
    >>> ExpectedLoss(loss_given_default="0.45")(facts).outcome
    Money('-180.00', 'EUR')
    """

    loss_given_default: Fraction = field(converter=as_ratio)
    rounding: Rounding = Rounding.HALF_EVEN

    def __attrs_post_init__(self) -> None:
        check_probability(self.loss_given_default, "the loss given default")
        check_rounding(self.rounding)

    def __call__(self, facts: RiskFacts, /) -> Decision[Money]:
        """The loss to expect of one customer, as a negative amount."""
        evidence = (
            noted("exposure", facts.exposure),
            note_number("probability-of-default", facts.default_probability),
            note_number("loss-given-default", self._share(facts)),
        )
        return Decision(
            self._outcome(facts), "expected-loss", facts.as_of, evidence, subject=facts.customer
        )

    def outcomes(self, facts: Iterable[RiskFacts]) -> list[Money]:
        """The losses of many customers, as the call gives them one by one."""
        return [self._outcome(item) for item in facts]

    def _share(self, facts: RiskFacts) -> Fraction:
        known = facts.loss_given_default
        return self.loss_given_default if known is None else known

    def _outcome(self, facts: RiskFacts) -> Money:
        loss = facts.default_probability * self._share(facts) * exact(facts.exposure)
        return to_money(-loss, facts.exposure.currency, self.rounding)


@frozen
class RiskAdjustedValue(Generic[MethodT]):
    """A customer's value with what a risk is worth added to it; the method can be exchanged.

    A policy with a method of this room, or with a frozen one of the host's that its converter
    knows, can be kept; one with a plain function decides as well, but cannot be written down.

    >>> from crmkit.decision import explain
    >>> facts = RiskFacts(
    ...     customer="C-7", as_of=date(2026, 6, 30), value=Money("900.00", "EUR"),
    ...     exposure=Money("20000.00", "EUR"), default_probability="0.02",
    ... )
    >>> print(explain(RiskAdjustedValue(ExpectedLoss(loss_given_default="0.45"))(facts)))
    720.00 EUR for C-7, by risk adjusted value, as of 2026-06-30
    - noted: value is 900.00 EUR
    - noted: expected loss is -180.00 EUR
      - noted: exposure is 20,000.00 EUR
      - noted: probability of default is 0.02
      - noted: loss given default is 0.45
    """

    method: MethodT

    def __attrs_post_init__(self) -> None:
        if not callable(self.method):
            raise InvalidPolicy("a risk method is a policy or a function: facts in, decision out")

    def __call__(self, facts: ValueAtRisk, /) -> Decision[Money]:
        """Adjust the value of one customer.

        :raises CurrencyMismatch: if the method answers in another currency.
        """
        effect = self.method(facts)
        evidence = (
            noted("value", facts.value),
            Evidence(effect.policy, effect.outcome, parts=effect.evidence),
        )
        outcome = facts.value + effect.outcome
        return Decision(
            outcome, "risk-adjusted-value", facts.as_of, evidence, subject=facts.customer
        )

    def outcomes(self, facts: Iterable[ValueAtRisk]) -> list[Money]:
        """The adjusted values of many customers, as the call gives them one by one."""
        return [item.value + self.method(item).outcome for item in facts]
