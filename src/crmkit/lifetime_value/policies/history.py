"""What a customer has brought so far, and brings over the whole of the relationship (CLV-01)."""

from collections.abc import Iterable, Mapping
from datetime import date
from fractions import Fraction

from attrs import field, frozen

from crmkit.decision import Decision, Evidence, noted
from crmkit.identifiers import CustomerId
from crmkit.lifetime_value.policies.cash_flows import CashFlowFacts, DatedCashFlow
from crmkit.lifetime_value.policies.exact import (
    as_ratio,
    check_rate,
    check_rounding,
    discount_factor,
    exact,
    note_factor,
    note_number,
    note_rate,
    split_money,
    to_money,
)
from crmkit.money import Money, Rounding
from crmkit.period import Rate, Unit

__all__ = ["HistoricValue", "LifetimeProfit", "ManyCashFlows"]

ManyCashFlows = Iterable[CashFlowFacts] | Mapping[CustomerId, CashFlowFacts]
"""The cash flows of many customers, one by one or by customer."""

Line = tuple[DatedCashFlow, Fraction]
"""A flow, and what one unit of its money counts for as of the day of the facts."""


@frozen(kw_only=True)
class HistoricValue:
    """What a customer has brought up to and including ``as_of``: the margins of past cash flows.

    ``margin`` is the share of each flow that is left after its cost. With ``compounding``, money
    that came in earlier counts for what it has grown to since; without, every day counts alike.
    What is planned for later days is no history and does not count.

    :raises InvalidPolicy: if the compounding is a bare number.

    >>> from crmkit.decision import explain
    >>> flows = [
    ...     DatedCashFlow(date(2025, 6, 30), Money("80.00", "EUR")),
    ...     DatedCashFlow(date(2026, 3, 1), Money("40.00", "EUR")),
    ... ]
    >>> facts = CashFlowFacts(customer="C-7", as_of=date(2026, 6, 30), flows=flows)
    >>> HistoricValue()(facts).outcome
    Money('120.00', 'EUR')
    >>> grown = HistoricValue(margin="0.25", compounding=Rate.annual("0.05"))
    >>> print(explain(grown(facts)))
    31.16 EUR for C-7, by historic value, as of 2026-06-30
    - noted: margin is 0.25
    - noted: growth a year is 0.05
    - noted: cash flow is 80.00 EUR
      - noted: on is 2025-06-30
      - noted: factor is 1.049965986997
      - noted: value is 21.00 EUR
    - noted: cash flow is 40.00 EUR
      - noted: on is 2026-03-01
      - noted: factor is 1.01629487141
      - noted: value is 10.16 EUR
    """

    margin: Fraction = field(default=Fraction(1), converter=as_ratio)
    compounding: Rate | None = None
    rounding: Rounding = Rounding.HALF_EVEN

    def __attrs_post_init__(self) -> None:
        check_rounding(self.rounding)
        if self.compounding is not None:
            check_rate(self.compounding, "compounding")

    def __call__(self, facts: CashFlowFacts, /) -> Decision[Money]:
        """Add up what one customer has brought, flow by flow."""
        terms = [note_number("margin", self.margin)]
        if self.compounding is not None:
            terms.append(note_rate("growth", self.compounding, Unit.YEAR))
        return _decision(self, "historic-value", facts, tuple(terms), self._lines(facts))

    def outcomes(self, facts: ManyCashFlows) -> list[Money]:
        """What many customers have brought, as the call gives it one by one."""
        return [_outcome(self, item, self._lines(item)) for item in _each(facts)]

    def _lines(self, facts: CashFlowFacts) -> list[Line]:
        past = [flow for flow in facts.flows if flow.on <= facts.as_of]
        if self.compounding is None:
            return [(flow, Fraction(1)) for flow in past]
        return _discounted(past, self.compounding, facts.as_of)


@frozen(kw_only=True)
class LifetimeProfit:
    """What a customer brings over the whole relationship, past and planned, as worth on ``as_of``.

    The net present value of all cash flows (CLV-01): what came in earlier is compounded, what is
    planned is discounted, each by its exact number of days; ``margin`` is the share of a flow that
    is left after its cost (1 where the flows are net already, as when costs stand among them).

    :raises InvalidPolicy: if the discount is a bare number.

    >>> flows = [
    ...     DatedCashFlow(date(2026, 6, 30), Money("-50.00", "EUR")),
    ...     DatedCashFlow(date(2027, 6, 30), Money("110.00", "EUR")),
    ... ]
    >>> facts = CashFlowFacts(customer="C-7", as_of=date(2026, 6, 30), flows=flows)
    >>> LifetimeProfit(discount=Rate.annual("0.10"))(facts).outcome
    Money('50.01', 'EUR')
    """

    discount: Rate
    margin: Fraction = field(default=Fraction(1), converter=as_ratio)
    rounding: Rounding = Rounding.HALF_EVEN

    def __attrs_post_init__(self) -> None:
        check_rounding(self.rounding)
        check_rate(self.discount)

    def __call__(self, facts: CashFlowFacts, /) -> Decision[Money]:
        """Add up what one customer brings, flow by flow."""
        terms = (
            note_number("margin", self.margin),
            note_rate("discount", self.discount, Unit.YEAR),
        )
        return _decision(self, "lifetime-profit", facts, terms, self._lines(facts))

    def outcomes(self, facts: ManyCashFlows) -> list[Money]:
        """What many customers bring, as the call gives it one by one."""
        return [_outcome(self, item, self._lines(item)) for item in _each(facts)]

    def _lines(self, facts: CashFlowFacts) -> list[Line]:
        return _discounted(facts.flows, self.discount, facts.as_of)


Terms = HistoricValue | LifetimeProfit


def _discounted(flows: Iterable[DatedCashFlow], rate: Rate, as_of: date) -> list[Line]:
    return [(flow, discount_factor(rate, (flow.on - as_of).days)) for flow in flows]


def _each(facts: ManyCashFlows) -> Iterable[CashFlowFacts]:
    return facts.values() if isinstance(facts, Mapping) else facts


def _exact(policy: Terms, lines: Iterable[Line]) -> list[Fraction]:
    return [policy.margin * factor * exact(flow.amount) for flow, factor in lines]


def _outcome(policy: Terms, facts: CashFlowFacts, lines: Iterable[Line]) -> Money:
    total = sum(_exact(policy, lines), Fraction(0))
    return to_money(total, facts.currency, policy.rounding)


def _decision(
    policy: Terms,
    name: str,
    facts: CashFlowFacts,
    terms: tuple[Evidence, ...],
    lines: list[Line],
) -> Decision[Money]:
    values = split_money(_exact(policy, lines), facts.currency, policy.rounding)
    noted_lines = tuple(
        Evidence(
            "cash-flow",
            flow.amount,
            parts=(noted("on", flow.on), note_factor("factor", factor), noted("value", value)),
        )
        for (flow, factor), value in zip(lines, values, strict=True)
    )
    outcome = _outcome(policy, facts, lines)
    return Decision(outcome, name, facts.as_of, (*terms, *noted_lines), subject=facts.customer)
