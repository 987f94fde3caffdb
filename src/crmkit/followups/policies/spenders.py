"""Who spends most: the customers whom senior managers call."""

from collections.abc import Iterable, Mapping
from datetime import date
from fractions import Fraction
from math import ceil

from attrs import field, frozen
from attrs.converters import optional

from crmkit.decision import Decision, above, all_of, at_most, noted
from crmkit.errors import CurrencyMismatch, InvalidPolicy, InvalidValue
from crmkit.identifiers import CustomerId, check_identifier
from crmkit.money import Money, as_fraction
from crmkit.period import check_date

__all__ = ["SpenderFacts", "TopSpenders", "rank_spenders"]


@frozen(kw_only=True)
class SpenderFacts:
    """What a customer spent, and which place that is among so many customers; the first is 1.

    :raises InvalidValue: if the place is none among so many.
    """

    customer: CustomerId
    as_of: date
    spent: Money
    place: int
    customers: int

    def __attrs_post_init__(self) -> None:
        check_identifier(self.customer, "customer")
        check_date(self.as_of, "as_of")
        if not isinstance(self.spent, Money):
            raise InvalidValue("what somebody spent is Money, such as Money('1200.00', 'EUR')")
        if any(type(count) is not int for count in (self.place, self.customers)):
            raise InvalidValue("places are whole numbers")
        if not 1 <= self.place <= self.customers:
            raise InvalidValue("a place is one of 1 to the number of customers")


def rank_spenders(spent: Mapping[CustomerId, Money], *, as_of: date) -> tuple[SpenderFacts, ...]:
    """Rank customers by what they spent, most first.

    Who spent the same shares the better place, so that no order of names decides anything.

    :raises CurrencyMismatch: if amounts are of two currencies.
    """
    if len({amount.currency for amount in spent.values()}) > 1:
        raise CurrencyMismatch(*sorted({amount.currency for amount in spent.values()})[:2])
    by_amount = sorted(spent.items(), key=lambda item: (-item[1].minor, item[0]))
    ranked = list[SpenderFacts]()
    for number, (customer, amount) in enumerate(by_amount, start=1):
        shares = bool(ranked) and ranked[-1].spent == amount
        ranked.append(
            SpenderFacts(
                customer=customer,
                as_of=as_of,
                spent=amount,
                place=ranked[-1].place if shares else number,
                customers=len(by_amount),
            )
        )
    return tuple(ranked)


def _as_share(share: "int | str | Fraction") -> Fraction:
    return as_fraction(share, "a share")


@frozen(kw_only=True)
class TopSpenders:
    """The customers who spend most: the first ``count``, or the first ``share`` of all of them.

    A share is rounded up, so that there is somebody in it. All who share the last place are in;
    who spent nothing never is. How many there are is for the shop to say: FUP-07 does not.

    :raises InvalidPolicy: unless it is one of the two, a count of 1 or more or a share above 0 and
        at most 1.

    >>> from crmkit.decision import explain
    >>> ranked = rank_spenders(
    ...     {"C-1": Money(900, "EUR"), "C-2": Money(4_000, "EUR"), "C-3": Money(120, "EUR")},
    ...     as_of=date(2026, 5, 31),
    ... )
    >>> print(explain(TopSpenders(count=1)(ranked[1])))
    no for C-1, by top spenders, as of 2026-05-31
    - not met: top spenders; all of these are needed
      - met: spent is 900.00 EUR; more than 0.00 EUR required
      - not met: place is 2; at most 1 allowed
    - noted: customers is 3
    """

    count: int | None = None
    share: Fraction | None = field(default=None, converter=optional(_as_share))

    def __attrs_post_init__(self) -> None:
        if (self.count is None) is (self.share is None):
            raise InvalidPolicy("say how many spend most: by count or by share, one of the two")
        if self.count is not None and not (type(self.count) is int and self.count > 0):
            raise InvalidPolicy("a count of customers is a whole number from 1 on")
        if self.share is not None and not 0 < self.share <= 1:
            raise InvalidPolicy("a share of customers is above 0 and at most 1, such as '0.01'")

    def __call__(self, facts: SpenderFacts, /) -> Decision[bool]:
        """Whether a customer is one of them."""
        last = ceil(self.share * facts.customers) if self.share is not None else self.count or 0
        evidence = all_of(
            "top-spenders",
            above("spent", facts.spent, Money.zero(facts.spent.currency)),
            at_most("place", facts.place, last),
        )
        return Decision(
            evidence.met is True,
            "top-spenders",
            facts.as_of,
            (evidence, noted("customers", facts.customers)),
            subject=facts.customer,
        )

    def among(self, ranked: Iterable[SpenderFacts]) -> tuple[CustomerId, ...]:
        """Those who are, in the order in which they stand."""
        return tuple(facts.customer for facts in ranked if self(facts).outcome)
