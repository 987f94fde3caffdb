"""A small host: a flower shop with a tiering rule and an order lifecycle of its own.

It uses crmkit the way an app would, and ``make lint`` checks it with ``mypy --strict`` and nothing
of crmkit's configuration: if a public type were lost on the way, this file would say so.
"""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum

from attrs import frozen

from crmkit.decision import Decision, Evidence, Policy, at_least, explain
from crmkit.errors import CrmkitError, IllegalTransition
from crmkit.identifiers import CustomerId
from crmkit.lifecycle import Lifecycle
from crmkit.lifetime_value import (
    BgNbd,
    ExpectedValue,
    FitReport,
    Horizon,
    RepeatPurchaseFacts,
    RepeatPurchaseSummary,
    summarize_repeat_purchases,
)
from crmkit.money import Money, Rounding
from crmkit.period import Rate, Unit
from crmkit.records import Purchase


@frozen(kw_only=True)
class Spend:
    """What one customer spent, as of a day."""

    customer: CustomerId
    as_of: date
    total: Money


@frozen
class BouquetClub:
    """Customers who spent enough belong to the club."""

    threshold: Money

    def __call__(self, facts: Spend, /) -> Decision[str]:
        """Decide for one customer."""
        spend: Evidence = at_least("total spend", facts.total, self.threshold)
        return Decision(
            outcome="member" if spend.met else "guest",
            policy="bouquet-club",
            as_of=facts.as_of,
            evidence=(spend,),
            subject=facts.customer,
        )


class Status(StrEnum):
    """Where a bouquet is."""

    ORDERED = "ordered"
    DELIVERED = "delivered"


class Action(StrEnum):
    """What can be done with a bouquet."""

    DELIVER = "deliver"


BOUQUET: Lifecycle[Status, Action] = Lifecycle(
    initial=Status.ORDERED, moves=[(Status.ORDERED, Action.DELIVER, Status.DELIVERED)]
)


def total_spend(customer: CustomerId, purchases: Iterable[Purchase], as_of: date) -> Spend:
    """Sum up what the customer bought until that day."""
    amounts = (p.amount for p in purchases if p.customer == customer and p.on <= as_of)
    return Spend(customer=customer, as_of=as_of, total=sum(amounts, start=Money.zero("EUR")))


def decide_all(policy: Policy[Spend, str], facts: Iterable[Spend]) -> dict[str, int]:
    """Count the outcomes of any policy over spend, this one or another."""
    counts: dict[str, int] = {}
    for one in facts:
        outcome: str = policy(one).outcome
        counts[outcome] = counts.get(outcome, 0) + 1
    return counts


def worth_next_year(purchases: Iterable[Purchase], as_of: date) -> dict[CustomerId, Money]:
    """What each customer is expected to bring in a year, by a model that was fitted elsewhere."""
    summary: RepeatPurchaseSummary = summarize_repeat_purchases(
        purchases, as_of=as_of, unit=Unit.WEEK
    )
    value: ExpectedValue[BgNbd, Money] = ExpectedValue(
        purchases=BgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426, unit=Unit.WEEK),
        spend=Money("25.00", "EUR"),
        margin="0.4",
        discount=Rate.annual("0.12"),
        horizon=Horizon(1, Unit.YEAR),
    )
    facts: RepeatPurchaseFacts
    worth = {}
    for customer, facts in summary.items():
        decision: Decision[Money] = value(facts)
        worth[customer] = decision.outcome
    return worth


def fits_alike(one: Iterable[RepeatPurchaseFacts], other: Iterable[RepeatPurchaseFacts]) -> bool:
    """Whether two parts of the base lead to fits that can both be trusted."""
    reports: list[FitReport | None] = [BgNbd.fit(one).fitted, BgNbd.fit(other).fitted]
    return all(report is not None and report.is_trustworthy for report in reports)


def second_delivery_is_refused() -> str:
    """Return the code of the error that a second delivery raises."""
    try:
        BOUQUET.after(Status.DELIVERED, Action.DELIVER)
    except IllegalTransition as error:
        refusal: CrmkitError = error
        return refusal.code
    return "accepted"


def main() -> str:
    """Decide for one customer, and return the explanation."""
    ada = CustomerId("ada")
    purchases = [
        Purchase(customer=ada, on=date(2026, 5, 9), amount=Money("24.90", "EUR")),
        Purchase(customer=ada, on=date(2026, 6, 1), amount=Money("19.95", "EUR") * 2),
    ]
    half_off: Money = purchases[0].amount.times("0.5", rounding=Rounding.HALF_EVEN)
    facts = total_spend(ada, purchases, date(2026, 6, 30))
    club = BouquetClub(threshold=Money("50.00", "EUR"))
    decided = decide_all(club, [facts])
    worth: Money = worth_next_year(purchases, date(2026, 6, 30))[ada]
    return (
        f"{explain(club(facts))}\n{decided}, half off: {half_off}, {second_delivery_is_refused()}\n"
        f"worth {worth} next year"
    )
