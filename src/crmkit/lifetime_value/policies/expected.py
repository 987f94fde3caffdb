"""What customers who may leave silently are expected to bring: purchases times spend times margin.

The purchases expected within each step of a horizon are those up to its end less those up to its
start, both from the model; they are discounted to the day of payment and added up. That sum is the
one float in the formula; it is multiplied exactly by the mean spend and the margin, and rounded to
money once.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Generic, Protocol, TypeVar

from attrs import field, frozen

from crmkit.decision import Decision, Evidence, noted
from crmkit.errors import CurrencyMismatch, InvalidPolicy, InvalidValue
from crmkit.identifiers import CustomerId
from crmkit.lifetime_value.facts import RepeatPurchaseFacts
from crmkit.lifetime_value.models.fitting import FitReport
from crmkit.lifetime_value.policies.exact import (
    as_ratio,
    check_rate,
    check_rounding,
    exact,
    note_factor,
    note_number,
    note_rate,
    split_to,
    to_money,
)
from crmkit.lifetime_value.policies.horizon import Horizon
from crmkit.lifetime_value.policies.model_evidence import exact_answer, note_model
from crmkit.money import Money, Rounding
from crmkit.period import Rate, Unit

__all__ = ["ExpectedValue", "PurchaseModel", "SpendModel"]

ManyFacts = Iterable[RepeatPurchaseFacts] | Mapping[CustomerId, RepeatPurchaseFacts]


Step = tuple[float, Fraction]
"""The purchases expected within a step, and its discount factor."""


class PurchaseModel(Protocol):
    """A model of repeat purchases: one of this room, or of a host."""

    @property
    def unit(self) -> Unit | None:
        """The unit of time in which it counts, if it knows."""

    @property
    def fitted(self) -> FitReport | None:
        """How it was fitted, if it was."""

    def probability_alive(self, facts: RepeatPurchaseFacts, /) -> float:
        """The probability that the customer has not left."""

    def expected_purchases_each(
        self, facts: Sequence[RepeatPurchaseFacts], t: float, /
    ) -> Sequence[float]:
        """The purchases expected of each of several customers in the next ``t`` units of time."""

    def residual_transactions(self, facts: RepeatPurchaseFacts, rate: Rate, /) -> float:
        """All purchases still expected of a customer, each discounted."""


class SpendModel(Protocol):
    """A model of what a repeat purchase brings, in major units of its currency."""

    @property
    def currency(self) -> str | None:
        """The currency of its amounts."""

    def expected_mean_spend_each(self, facts: Sequence[RepeatPurchaseFacts], /) -> Sequence[float]:
        """What a purchase of each of several customers is expected to bring."""


PurchaseModelT = TypeVar("PurchaseModelT", bound=PurchaseModel)
SpendT = TypeVar("SpendT", bound=SpendModel | Money)


@frozen(kw_only=True)
class ExpectedValue(Generic[PurchaseModelT, SpendT]):
    """What a customer is expected to bring from now on: purchases, times spend, times margin.

    ``purchases`` is a fitted model of how often customers come back, ``spend`` one of what a
    purchase brings, or an amount if all purchases bring about the same. ``margin`` is the share of
    it that is left after its cost. ``horizon`` says how far ahead one looks and in which steps the
    money is discounted; None is for ever, each purchase discounted to its own day. The unit of time
    is that of the model or of the facts; the horizon is converted exactly.

    The amounts of the steps in the evidence add up to the value, to the last minor unit.

    :raises InvalidPolicy: if the discount is a bare number, the margin is below 0, or the spend
        is a bare number or names no currency.

    >>> from crmkit.decision import explain
    >>> from datetime import date
    >>> from crmkit.lifetime_value.models.bg_nbd import BgNbd
    >>> from crmkit.lifetime_value.models.gamma_gamma import GammaGamma
    >>> value = ExpectedValue(
    ...     purchases=BgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426, unit=Unit.WEEK),
    ...     spend=GammaGamma(p=6.25, q=3.74, v=15.44, currency="USD"),
    ...     margin="0.25",
    ...     discount=Rate.annual("0.12"),
    ...     horizon=Horizon(1, Unit.YEAR, step=Unit.QUARTER),
    ... )
    >>> facts = RepeatPurchaseFacts(
    ...     2, 30.43, 38.86, Money("22.35", "USD"),
    ...     unit=Unit.WEEK, customer="C-7", as_of=date(1997, 9, 30),
    ... )
    >>> print(explain(value(facts)))
    9.15 USD for C-7, by expected value, as of 1997-09-30
    - noted: repeat purchases is 2
    - noted: age at last purchase is 30.43
    - noted: customer age is 38.86
    - noted: mean repeat spend is 22.35 USD
    - noted: purchase model is BgNbd
      - noted: r is 0.243
      - noted: alpha is 4.414
      - noted: a is 0.793
      - noted: b is 2.426
    - noted: probability alive is 0.726579
    - noted: spend model is GammaGamma
      - noted: p is 6.25
      - noted: q is 3.74
      - noted: v is 15.44
    - noted: mean spend is 24.6637
    - noted: margin is 0.25
    - noted: discount a year is 0.12
    - noted: horizon is 1 year
    - noted: quarter 1 is 2.79 USD
      - noted: expected purchases is 0.458671
      - noted: discount factor is 0.985933781198
    - noted: quarter 2 is 2.40 USD
      - noted: expected purchases is 0.40559
      - noted: discount factor is 0.958392136006
    - noted: quarter 3 is 2.09 USD
      - noted: expected purchases is 0.365323
      - noted: discount factor is 0.931619855081
    - noted: quarter 4 is 1.87 USD
      - noted: expected purchases is 0.333489
      - noted: discount factor is 0.905595446555
    - noted: discounted purchases is 1.48328
    """

    purchases: PurchaseModelT
    spend: SpendT
    margin: Fraction = field(converter=as_ratio)
    discount: Rate
    horizon: Horizon | None = None
    rounding: Rounding = Rounding.HALF_EVEN

    def __attrs_post_init__(self) -> None:
        check_rate(self.discount)
        check_rounding(self.rounding)
        if self.margin < 0:
            raise InvalidPolicy("a margin is the share that is left after cost, zero or more")
        if not hasattr(self.spend, "currency"):
            raise InvalidPolicy("a spend is Money, such as Money('12.30', 'EUR'), or a model of it")
        if self.spend.currency is None:
            raise InvalidPolicy(
                "the spend names no currency: fit its model to money, or pass currency='EUR'"
            )

    @property
    def currency(self) -> str:
        """The currency of the value."""
        return str(self.spend.currency)

    def __call__(self, facts: RepeatPurchaseFacts, /) -> Decision[Money]:
        """Value one customer, with what was observed, the models, and how the number arose.

        :raises InvalidValue: if the facts do not say as of which day they are, or nothing names the
            unit of time.
        :raises CurrencyMismatch: if the customer has paid in another currency than that of the
            spend.
        """
        if facts.as_of is None:
            raise InvalidValue("these facts name no day: summarize the purchases as of a day")
        (outcome,) = self._values([facts])
        evidence = (
            *_observed(facts),
            note_model("purchase-model", self.purchases),
            noted("probability-alive", self.purchases.probability_alive(facts)),
            *self._spend_evidence(facts),
            note_number("margin", self.margin),
            note_rate("discount", self.discount, Unit.YEAR),
            *self._steps_evidence(facts, outcome),
        )
        return Decision(outcome, "expected-value", facts.as_of, evidence, subject=facts.customer)

    def outcomes(self, facts: ManyFacts) -> list[Money]:
        """The values of many customers, as the call gives them one by one.

        Customers with equal facts are computed once. ``facts`` are one by one or by customer, as a
        summary has them.
        """
        each = list(facts.values() if isinstance(facts, Mapping) else facts)
        rows = {_row(item): item for item in each}
        values = dict(zip(rows, self._values(list(rows.values())), strict=True))
        return [values[_row(item)] for item in each]

    # --- how the number arises ---

    def amounts_by_step(self, facts: RepeatPurchaseFacts) -> tuple[Money, ...]:
        """What each step of the horizon adds to the value of one customer; they add up to it.

        :raises InvalidPolicy: if one looks ahead for ever, which has no steps.
        """
        if self.horizon is None:
            raise InvalidPolicy("for ever has no steps: name a horizon")
        (outcome,) = self._values([facts])
        return self._amounts(facts, self._steps(facts, self.horizon), outcome)

    def discounted_purchases(self, facts: Sequence[RepeatPurchaseFacts]) -> list[float]:
        """The purchases expected of each of several customers, discounted and added up."""
        if self.horizon is None:
            model, rate = self.purchases, self.discount
            return [model.residual_transactions(item, rate) for item in facts]
        totals = [0.0] * len(facts)
        for within, factor in self._within_steps(facts, self.horizon):
            weight = float(factor)
            totals = [total + n * weight for total, n in zip(totals, within, strict=True)]
        return totals

    def _within_steps(
        self, facts: Sequence[RepeatPurchaseFacts], horizon: Horizon
    ) -> Iterable[tuple[list[float], Fraction]]:
        """The purchases expected of each customer within each step, and its discount factor."""
        ends = horizon.ends_in(self._unit(facts)) if facts else ()
        before: Sequence[float] = [0.0] * len(facts)
        for end, factor in zip(ends, horizon.discount_factors(self.discount), strict=False):
            until = self.purchases.expected_purchases_each(facts, end)
            yield [b - a for a, b in zip(before, until, strict=True)], factor
            before = until

    def _unit(self, facts: Sequence[RepeatPurchaseFacts]) -> Unit:
        units = {self.purchases.unit or item.unit for item in facts}
        unit = units.pop()
        if units or unit is None:
            raise InvalidValue(
                "the unit of time is not known: name one in the model or in all of the facts, such "
                "as unit=Unit.WEEK"
            )
        return unit

    def _spends(self, facts: Sequence[RepeatPurchaseFacts]) -> list[Fraction]:
        if isinstance(self.spend, Money):
            paid = [item.mean_repeat_spend for item in facts]
            others = {each.currency for each in paid if isinstance(each, Money)} - {self.currency}
            if others:
                raise CurrencyMismatch(self.currency, min(others))
            return [exact(self.spend)] * len(facts)
        expected = self.spend.expected_mean_spend_each(facts)
        return [exact_answer(number, "the mean spend") for number in expected]

    def _values(self, facts: Sequence[RepeatPurchaseFacts]) -> list[Money]:
        return [
            to_money(
                exact_answer(purchases, "the expected purchases") * spend * self.margin,
                self.currency,
                self.rounding,
            )
            for purchases, spend in zip(
                self.discounted_purchases(facts), self._spends(facts), strict=True
            )
        ]

    def _steps(self, facts: RepeatPurchaseFacts, horizon: Horizon) -> list[Step]:
        return [(n, factor) for (n,), factor in self._within_steps([facts], horizon)]

    def _amounts(
        self, facts: RepeatPurchaseFacts, steps: list[Step], outcome: Money
    ) -> tuple[Money, ...]:
        (spend,) = self._spends([facts])
        pieces = [Fraction(n) * factor * spend * self.margin for n, factor in steps]
        return split_to(outcome, pieces, self.rounding)

    def _spend_evidence(self, facts: RepeatPurchaseFacts) -> tuple[Evidence, ...]:
        if isinstance(self.spend, Money):
            return (noted("mean-spend", self.spend),)
        (expected,) = self.spend.expected_mean_spend_each([facts])
        return (note_model("spend-model", self.spend), noted("mean-spend", expected))

    def _steps_evidence(self, facts: RepeatPurchaseFacts, outcome: Money) -> tuple[Evidence, ...]:
        (discounted,) = self.discounted_purchases([facts])
        total = noted("discounted-purchases", discounted)
        if self.horizon is None:
            return (noted("horizon", "for ever"), total)
        steps = self._steps(facts, self.horizon)
        amounts = self._amounts(facts, steps, outcome)
        return (
            noted("horizon", str(self.horizon)),
            *(
                Evidence(f"{self.horizon.step_unit} {at}", amount, parts=_step(*step))
                for at, (amount, step) in enumerate(zip(amounts, steps, strict=True), start=1)
            ),
            total,
        )


def _step(purchases: float, factor: Fraction) -> tuple[Evidence, ...]:
    return noted("expected-purchases", purchases), note_factor("discount-factor", factor)


def _observed(facts: RepeatPurchaseFacts) -> tuple[Evidence, ...]:
    spend = facts.mean_repeat_spend
    return (
        noted("repeat-purchases", facts.repeat_purchases),
        noted("age-at-last-purchase", facts.age_at_last_purchase),
        noted("customer-age", facts.customer_age),
        *(() if spend is None else (noted("mean-repeat-spend", spend),)),
    )


def _row(facts: RepeatPurchaseFacts) -> Hashable:
    """What the value of a customer hangs on: everything but their name and the day."""
    return (
        facts.repeat_purchases,
        facts.age_at_last_purchase,
        facts.customer_age,
        facts.mean_repeat_spend,
        facts.repeat_spend,
        facts.unit,
        facts.whole_units,
    )
