"""What customers with a contract are expected to bring: renewals, times the margin of a period."""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Generic, Protocol, TypeVar

from attrs import field, frozen

from crmkit.decision import Decision, Evidence, noted
from crmkit.errors import InvalidPolicy, InvalidValue
from crmkit.identifiers import CustomerId
from crmkit.lifetime_value.facts import days_of
from crmkit.lifetime_value.models.fitting import FitReport
from crmkit.lifetime_value.models.renewal import RenewalFacts
from crmkit.lifetime_value.policies.exact import (
    as_ratio,
    check_money,
    check_periods,
    check_rate,
    check_rounding,
    discount_factor,
    exact,
    note_factor,
    note_number,
    note_rate,
    split_to,
    to_money,
)
from crmkit.lifetime_value.policies.model_evidence import exact_answer, note_model
from crmkit.money import Money, Rounding
from crmkit.period import Rate, Unit

__all__ = ["RenewalForecast", "RenewalValue"]


class RenewalForecast(Protocol):
    """A model of renewals: one of this room, or of a host."""

    @property
    def unit(self) -> Unit | None:
        """The time between two renewals, if it knows."""

    @property
    def fitted(self) -> FitReport | None:
        """How it was fitted, if it was."""

    def conditional_survival(self, facts: RenewalFacts, t: int, /) -> float:
        """The probability that a customer makes so many more renewals."""

    def discounted_residual_lifetime(
        self, facts: RenewalFacts, rate: Rate, /, *, periods_until_renewal: float
    ) -> float:
        """All renewals to come of a customer, each discounted."""


ModelT = TypeVar("ModelT", bound=RenewalForecast)


@frozen(kw_only=True)
class RenewalValue(Generic[ModelT]):
    """What a customer with a contract is expected to bring: the margins of the renewals to come.

    Each renewal brings ``margin``, paid on its day. ``until_renewal`` says how many periods off the
    next one is: 1 for who has just renewed, 0 for who is about to. ``periods`` is how many renewals
    ahead one looks, None is for ever. The margin of the period now running has been paid and does
    not count; a customer who has left is worth nothing.

    The amounts of the renewals in the evidence add up to the value, to the last minor unit.

    :raises InvalidPolicy: if a bare number stands for the margin or the discount, the next renewal
        lies behind, or one looks ahead further than 1,200 periods.

    >>> from datetime import date
    >>> from crmkit.decision import explain
    >>> from crmkit.lifetime_value.models.shifted_beta_geometric import ShiftedBetaGeometric
    >>> value = RenewalValue(
    ...     renewals=ShiftedBetaGeometric(alpha=0.668, beta=3.806, unit=Unit.YEAR),
    ...     margin=Money("60.00", "EUR"), discount=Rate.annual("0.10"), periods=3,
    ... )
    >>> facts = RenewalFacts(
    ...     2, active=True, unit=Unit.YEAR, customer="C-7", as_of=date(2026, 6, 30)
    ... )
    >>> print(explain(value(facts)))
    123.33 EUR for C-7, by renewal value, as of 2026-06-30
    - noted: renewals is 2
    - noted: active is yes
    - noted: renewal model is ShiftedBetaGeometric
      - noted: alpha is 0.668
      - noted: beta is 3.806
    - noted: margin is 60.00 EUR
    - noted: discount a year is 0.1
    - noted: periods until renewal is 1
    - noted: periods is 3
    - noted: renewal 1 is 48.92 EUR
      - noted: probability is 0.896818
      - noted: discount factor is 0.909090909091
    - noted: renewal 2 is 40.49 EUR
      - noted: probability is 0.816664
      - noted: discount factor is 0.826446280992
    - noted: renewal 3 is 33.92 EUR
      - noted: probability is 0.752287
      - noted: discount factor is 0.751314800902
    - noted: discounted renewals is 2.05542
    """

    renewals: ModelT
    margin: Money
    discount: Rate
    periods: int | None = None
    until_renewal: Fraction = field(default=Fraction(1), converter=as_ratio)
    rounding: Rounding = Rounding.HALF_EVEN

    def __attrs_post_init__(self) -> None:
        check_money(self.margin, "a margin")
        check_rate(self.discount)
        check_periods(self.periods)
        check_rounding(self.rounding)
        if self.until_renewal < 0:
            raise InvalidPolicy("the next renewal lies ahead: zero or more periods")

    @property
    def currency(self) -> str:
        """The currency of the value."""
        return self.margin.currency

    def __call__(self, facts: RenewalFacts, /) -> Decision[Money]:
        """Value one customer, with what was observed, the model, and how the number arose.

        :raises InvalidValue: if the facts do not say as of which day they are, or nothing names the
            time between two renewals.
        """
        if facts.as_of is None:
            raise InvalidValue("these facts name no day: pass as_of with them")
        outcome = self._outcome(facts)
        evidence = (
            noted("renewals", facts.renewals),
            noted("active", facts.active),
            note_model("renewal-model", self.renewals),
            noted("margin", self.margin),
            note_rate("discount", self.discount, Unit.YEAR),
            note_number("periods-until-renewal", self.until_renewal),
            *self._renewals_evidence(facts, outcome),
        )
        return Decision(outcome, "renewal-value", facts.as_of, evidence, subject=facts.customer)

    def outcomes(
        self, facts: Iterable[RenewalFacts] | Mapping[CustomerId, RenewalFacts]
    ) -> list[Money]:
        """The values of many customers, as the call gives them one by one.

        Customers with equal facts are computed once.
        """
        each = list(facts.values() if isinstance(facts, Mapping) else facts)
        rows = {(item.renewals, item.active, item.unit): item for item in each}
        values = {row: self._outcome(item) for row, item in rows.items()}
        return [values[item.renewals, item.active, item.unit] for item in each]

    def discounted_renewals(self, facts: RenewalFacts) -> float:
        """The renewals expected of a customer, each discounted, added up."""
        if self.periods is None:
            return self.renewals.discounted_residual_lifetime(
                facts, self.discount, periods_until_renewal=float(self.until_renewal)
            )
        return sum(chance * float(factor) for chance, factor in self._ahead(facts, self.periods))

    def amounts_by_step(self, facts: RenewalFacts) -> tuple[Money, ...]:
        """What each renewal to come adds to the value of one customer; they add up to it.

        :raises InvalidPolicy: if one looks ahead for ever.
        """
        if self.periods is None:
            raise InvalidPolicy("for ever has no steps: name the periods")
        return self._amounts(self._ahead(facts, self.periods), self._outcome(facts))

    def _amounts(self, ahead: list[tuple[float, Fraction]], outcome: Money) -> tuple[Money, ...]:
        pieces = [Fraction(chance) * factor * exact(self.margin) for chance, factor in ahead]
        return split_to(outcome, pieces, self.rounding)

    def _ahead(self, facts: RenewalFacts, periods: int) -> list[tuple[float, Fraction]]:
        """The probability of each renewal, and what its money is worth now."""
        unit = self.renewals.unit or facts.unit
        if unit is None:
            raise InvalidValue(
                "the time between two renewals is not known: name it in the model or in the facts, "
                "such as unit=Unit.YEAR"
            )
        days = days_of(unit)
        return [
            (
                self.renewals.conditional_survival(facts, n),
                discount_factor(self.discount, (n - 1 + self.until_renewal) * days),
            )
            for n in range(1, periods + 1)
        ]

    def _outcome(self, facts: RenewalFacts) -> Money:
        expected = exact_answer(self.discounted_renewals(facts), "the expected renewals")
        return to_money(expected * exact(self.margin), self.margin.currency, self.rounding)

    def _renewals_evidence(self, facts: RenewalFacts, outcome: Money) -> tuple[Evidence, ...]:
        total = noted("discounted-renewals", self.discounted_renewals(facts))
        if self.periods is None:
            return (noted("periods", "for ever"), total)
        ahead = self._ahead(facts, self.periods)
        amounts = self._amounts(ahead, outcome)
        return (
            noted("periods", self.periods),
            *(
                Evidence(
                    f"renewal {n}",
                    amount,
                    parts=(noted("probability", chance), note_factor("discount-factor", factor)),
                )
                for n, (amount, (chance, factor)) in enumerate(
                    zip(amounts, ahead, strict=True), start=1
                )
            ),
            total,
        )
