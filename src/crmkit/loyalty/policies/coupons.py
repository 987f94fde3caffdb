"""Whether a coupon may be used for an order, and what comes off the price."""

from collections.abc import Iterator
from datetime import date

from attrs import frozen

from crmkit.decision import Decision, Evidence, at_least, at_most, equals, noted, one_of
from crmkit.identifiers import CustomerId, OrderId, check_identifier
from crmkit.loyalty.records.coupon import Coupon, CouponStanding, ShareOff
from crmkit.money import Money, Rounding
from crmkit.period import check_date

__all__ = ["CouponFacts", "CouponPolicy", "CouponVerdict"]


@frozen(kw_only=True)
class CouponFacts:
    """A coupon that is shown: by whom, when, and for which order of what amount.

    ``amount`` is what the goods come to before the coupon.

    :raises InvalidValue: if the day is no plain date.
    :raises InvalidIdentifier: if an identifier could not serve as a key.
    """

    coupon: Coupon
    member: CustomerId
    on: date
    order: OrderId
    amount: Money

    def __attrs_post_init__(self) -> None:
        check_identifier(self.member, "member")
        check_identifier(self.order, "order")
        check_date(self.on, "the day of a coupon")


@frozen
class CouponVerdict:
    """Whether the coupon may be used, and how much it takes off; nothing if it may not."""

    allowed: bool
    discount: Money

    def __str__(self) -> str:
        return f"{self.discount} off" if self.allowed else "coupon refused"


@frozen
class CouponPolicy:
    """Accept a coupon that is active, valid, for this member, and for an order large enough.

    Nothing more than the price comes off. A share of the price is rounded by ``rounding``. A
    refusal names everything that is in the way; an accepted coupon can be redeemed
    (:meth:`Coupon.redeem <crmkit.loyalty.Coupon.redeem>`).

    >>> from crmkit.loyalty.records.coupon import CouponId
    >>> from crmkit.period import Period
    >>> ten_percent = Coupon.issue(
    ...     CouponId("K-1"), date(2026, 3, 1), ShareOff("0.10"), valid=Period.month(2026, 3)
    ... )
    >>> shown = CouponFacts(
    ...     coupon=ten_percent, member=CustomerId("M-7"), on=date(2026, 3, 31),
    ...     order=OrderId("O-1"), amount=Money("19.99", "EUR"),
    ... )
    >>> print(CouponPolicy()(shown).outcome)
    2.00 EUR off
    """

    rounding: Rounding = Rounding.HALF_UP

    def __call__(self, facts: CouponFacts, /) -> Decision[CouponVerdict]:
        """Whether the coupon may be used for this order, and everything that is in the way."""
        evidence = tuple(_evidence(facts))
        allowed = all(each.met for each in evidence)
        nothing = Money.zero(facts.amount.currency)
        discount = self.discount(facts) if allowed else nothing
        verdict = CouponVerdict(allowed, discount)
        found = (*evidence, noted("discount", discount))
        return Decision(verdict, "coupon-policy", facts.on, found, subject=facts.member)

    def discount(self, facts: CouponFacts) -> Money:
        """What the coupon would take off the amount, at most all of it.

        :raises CurrencyMismatch: if the coupon is worth another currency.
        """
        value = facts.coupon.value
        if isinstance(value, ShareOff):
            return facts.amount.times(value.share, rounding=self.rounding)
        return min(value, facts.amount)


def _evidence(facts: CouponFacts) -> Iterator[Evidence]:
    coupon = facts.coupon
    yield at_least("day", facts.on, max(coupon.issued_on, coupon.valid.start))
    yield at_most("day", facts.on, coupon.valid.last)
    # Before it was issued a coupon stands nowhere; the day says so already.
    standing = coupon.standing(max(facts.on, coupon.issued_on))
    yield equals("coupon", standing, CouponStanding.ACTIVE)
    if coupon.trail:
        yield at_least("day-of-last-event", facts.on, coupon.trail[-1].on)
    if coupon.member is not None:
        yield equals("for-this-member", facts.member == coupon.member, True)
    yield equals("used-for-this-order", facts.order in coupon.orders, False)
    for money in (coupon.value, coupon.minimum):
        if isinstance(money, Money):
            yield one_of("currency", facts.amount.currency, (money.currency,))
    minimum = coupon.minimum
    if minimum is not None and minimum.currency == facts.amount.currency:
        yield at_least("amount", facts.amount, minimum)
    yield equals("amount-above-zero", facts.amount.minor > 0, True)
