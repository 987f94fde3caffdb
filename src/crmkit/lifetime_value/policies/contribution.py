"""Who contributes how much profit in a window of time, and in which rank (CLV-07)."""

from collections.abc import Iterable, Mapping
from datetime import date
from fractions import Fraction
from typing import Self

from attrs import field, frozen

from crmkit.decision import (
    Comparison,
    Decision,
    Evidence,
    above,
    all_of,
    at_least,
    at_most,
)
from crmkit.errors import (
    InvalidPolicy,
    InvalidValue,
    NothingToFit,
    UnknownCustomer,
)
from crmkit.identifiers import CustomerId, check_identifier
from crmkit.lifetime_value.policies.exact import (
    ExactNumber,
    as_ratio,
    check_money,
    exact,
    to_money,
)
from crmkit.money import Money, Rounding, sum_money
from crmkit.period import Period, check_date
from crmkit.records import Purchase

__all__ = [
    "Contribution",
    "ContributionFacts",
    "ContributionReport",
    "PowerAndContribution",
]


@frozen(kw_only=True)
class Contribution:
    """What one customer contributed in a window, and how many contributed more.

    ``rank`` is 1 for the largest contribution; customers who contributed alike share a rank, and
    the ranks they take up are skipped: 1, 2, 2, 4.
    """

    customer: CustomerId
    amount: Money
    rank: int


def _as_contributions(items: Iterable[Contribution]) -> tuple[Contribution, ...]:
    return tuple(items)


@frozen(kw_only=True)
class ContributionReport:
    """The profit contributions of all customers in a window of time, the largest first.

    Customers who contributed alike stand in the order of their identifiers.

    >>> window = Period.quarter(2026, 2)
    >>> report = ContributionReport.of(
    ...     {"C-1": Money(30, "EUR"), "C-2": Money(90, "EUR"), "C-3": Money(30, "EUR")}, window
    ... )
    >>> [(c.customer, c.rank) for c in report.contributions]
    [('C-2', 1), ('C-1', 2), ('C-3', 2)]
    >>> report.share("C-2")
    Fraction(3, 5)
    """

    window: Period
    contributions: tuple[Contribution, ...] = field(converter=_as_contributions)

    @classmethod
    def of(cls, amounts: Mapping[CustomerId, Money], window: Period) -> Self:
        """Rank what each customer contributed.

        :raises NothingToFit: if there is no customer.
        :raises InvalidPolicy: if a bare number stands for an amount.
        :raises CurrencyMismatch: if the amounts are of two currencies.
        """
        if not amounts:
            raise NothingToFit("nobody contributed in the window: pass at least one customer")
        for customer, amount in amounts.items():
            check_identifier(customer, "customer")
            check_money(amount, "a contribution")
        sum_money(amounts.values(), next(iter(amounts.values())).currency)
        ordered = sorted(amounts.items(), key=lambda item: (-item[1].minor, item[0]))
        first_place: dict[int, int] = {}
        for place, (_, amount) in enumerate(ordered, start=1):
            first_place.setdefault(amount.minor, place)
        return cls(
            window=window,
            contributions=[
                Contribution(customer=customer, amount=amount, rank=first_place[amount.minor])
                for customer, amount in ordered
            ],
        )

    @classmethod
    def of_purchases(
        cls,
        purchases: Iterable[Purchase],
        window: Period,
        *,
        margin: ExactNumber = 1,
        rounding: Rounding = Rounding.HALF_EVEN,
    ) -> Self:
        """Rank customers by the margin of what they bought and gave back in the window.

        :raises NothingToFit: if nobody bought anything in it.
        :raises CurrencyMismatch: if the amounts are of two currencies.
        """
        share = as_ratio(margin)
        sums: dict[CustomerId, Money] = {}
        for purchase in purchases:
            if purchase.on in window:
                known = sums.get(purchase.customer)
                sums[purchase.customer] = (
                    purchase.amount if known is None else known + purchase.amount
                )
        kept = {c: to_money(exact(m) * share, m.currency, rounding) for c, m in sums.items()}
        return cls.of(kept, window)

    @property
    def currency(self) -> str:
        """The currency of every contribution."""
        return self.contributions[0].amount.currency

    @property
    def total(self) -> Money:
        """What all customers contributed together."""
        return sum_money((item.amount for item in self.contributions), self.currency)

    def of_customer(self, customer: CustomerId) -> Contribution:
        """What one customer contributed.

        :raises UnknownCustomer: if they contributed nothing in the window.
        """
        for item in self.contributions:
            if item.customer == customer:
                return item
        raise UnknownCustomer

    def share(self, customer: CustomerId) -> Fraction | None:
        """What share of the total one customer contributed; None where it is not above zero.

        :raises UnknownCustomer: if they contributed nothing in the window.
        """
        amount, total = self.of_customer(customer).amount, self.total
        return amount.ratio_to(total) if total.minor > 0 else None

    def top(self, rank: int) -> tuple[Contribution, ...]:
        """The customers up to a rank, all of those who share it included."""
        return tuple(item for item in self.contributions if item.rank <= rank)

    def facts(
        self, buying_power: Mapping[CustomerId, Money]
    ) -> dict[CustomerId, "ContributionFacts"]:
        """What is known of each customer: contribution and rank, and the buying power, if known."""
        return {
            item.customer: ContributionFacts(
                customer=item.customer,
                as_of=self.window.last,
                contribution=item.amount,
                rank=item.rank,
                buying_power=buying_power.get(item.customer),
            )
            for item in self.contributions
        }


@frozen(kw_only=True)
class ContributionFacts:
    """The contribution of one customer in a window that ends on ``as_of``, and what they could buy.

    ``buying_power`` is what the host measures it by: income, budget, a limit; None: not known.

    :raises InvalidValue: if the rank is not counted from 1.
    """

    customer: CustomerId
    as_of: date
    contribution: Money
    rank: int
    buying_power: Money | None = None

    def __attrs_post_init__(self) -> None:
        check_identifier(self.customer, "customer")
        check_date(self.as_of, "as_of")
        if type(self.rank) is not int or self.rank < 1:
            raise InvalidValue("ranks are counted from 1, the largest contribution")


@frozen(kw_only=True)
class PowerAndContribution:
    """Find customers who have buying power *and* are among those who contribute most.

    Who contributed nothing, or cost money, is not among them, whatever the rank; of whom the buying
    power is not known, neither.

    :raises InvalidPolicy: if the buying power is a bare number or the rank is below 1.
    :raises CurrencyMismatch: if a customer's buying power is in another currency.

    >>> from crmkit.decision import explain
    >>> rule = PowerAndContribution(buying_power_from=Money(2000, "EUR"), rank_up_to=2)
    >>> facts = ContributionFacts(
    ...     customer="C-7", as_of=date(2026, 6, 30), contribution=Money(90, "EUR"), rank=3,
    ...     buying_power=Money(2500, "EUR"),
    ... )
    >>> print(explain(rule(facts)))
    no for C-7, by power and contribution, as of 2026-06-30
    - not met: power and contribution; all of these are needed
      - met: buying power is 2,500.00 EUR; at least 2,000.00 EUR required
      - met: contribution is 90.00 EUR; more than 0.00 EUR required
      - not met: rank of contribution is 3; at most 2 allowed
    """

    buying_power_from: Money
    rank_up_to: int = 1

    def __attrs_post_init__(self) -> None:
        check_money(self.buying_power_from, "buying power")
        if type(self.rank_up_to) is not int or self.rank_up_to < 1:
            raise InvalidPolicy("ranks are counted from 1, the largest contribution")

    def evidence(self, facts: ContributionFacts) -> Evidence:
        """Whether one customer has both, and what falls short."""
        power = facts.buying_power
        has_power = (
            Evidence("buying-power", None, self.buying_power_from, False, Comparison.AT_LEAST)
            if power is None
            else at_least("buying-power", power, self.buying_power_from)
        )
        return all_of(
            "power-and-contribution",
            has_power,
            above("contribution", facts.contribution, Money.zero(facts.contribution.currency)),
            at_most("rank-of-contribution", facts.rank, self.rank_up_to),
        )

    def __call__(self, facts: ContributionFacts, /) -> Decision[bool]:
        """Say whether one customer has both."""
        evidence = self.evidence(facts)
        return Decision(
            bool(evidence.met),
            "power-and-contribution",
            facts.as_of,
            (evidence,),
            subject=facts.customer,
        )

    def outcomes(self, facts: Iterable[ContributionFacts]) -> list[bool]:
        """The verdicts on many customers, as the call gives them one by one."""
        return [self(item).outcome for item in facts]
