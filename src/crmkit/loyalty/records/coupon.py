"""Coupons: what they are worth, for how long, and what became of them.

>>> from crmkit.identifiers import OrderId
>>> coupon = Coupon.issue(
...     CouponId("K-1"), date(2026, 3, 1), Money("5.00", "EUR"), valid=Period.month(2026, 3)
... )
>>> used = coupon.redeem(OrderId("O-1"), date(2026, 3, 31))
>>> used.standing(date(2026, 4, 1)), used.restore(OrderId("O-1"), date(2026, 4, 1)).standing(
...     date(2026, 4, 1)
... )
(<CouponStanding.REDEEMED: 'redeemed'>, <CouponStanding.EXPIRED: 'expired'>)
"""

from datetime import date
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from typing import NewType, Self

import attrs
from attrs import field, frozen

from crmkit.errors import InvalidValue
from crmkit.identifiers import CustomerId, OrderId, check_identifier
from crmkit.loyalty.lifecycle import COUPON_LIFECYCLE, CouponAction, CouponStatus
from crmkit.money import Money, as_fraction
from crmkit.period import Period, check_date

__all__ = ["Coupon", "CouponEvent", "CouponId", "CouponStanding", "ShareOff"]

CouponId = NewType("CouponId", str)
"""A coupon: the code that the member shows."""


class CouponStanding(StrEnum):
    """Where a coupon stands at the end of a day."""

    ISSUED = "issued"
    ACTIVE = "active"
    REDEEMED = "redeemed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    """Its last day is over, and it was not used up."""


def _as_share(share: int | str | Fraction) -> Fraction:
    return as_fraction(share, "the share of a coupon")


@frozen
class ShareOff:
    """A part of the price: ``ShareOff("0.10")`` is ten percent off.

    :raises InvalidValue: if the share is not above 0 and at most 1, or not exact.
    """

    share: Fraction = field(converter=_as_share)

    def __attrs_post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise InvalidValue("a share is a part of one: ten percent off is '0.10'")


@frozen
class CouponEvent:
    """What was done with a coupon, on which day, and for which order.

    :raises InvalidValue: if the day is no plain date, or an order is named where none belongs, or
        missing where one does.
    """

    action: CouponAction
    on: date
    order: OrderId | None = None

    def __attrs_post_init__(self) -> None:
        check_date(self.on, "the day of a coupon")
        for_an_order = self.action not in (CouponAction.ACTIVATE, CouponAction.CANCEL)
        if for_an_order is (self.order is None):
            raise InvalidValue("a coupon is used and restored for an order, and only then")
        if self.order is not None:
            check_identifier(self.order, "order")


@frozen(kw_only=True)
class Coupon:
    """A coupon and the trail of what was done with it.

    ``member`` may use it; None stands for whoever shows it. ``value`` is an amount or a share off.
    ``valid`` is when it may be activated and used, its last day included, and nothing ever changes
    that: a coupon that comes back with a cancelled order expires when it always did. ``uses`` is
    how often it can be used, once for each order. ``source`` may name what it was issued for, such
    as the redemption of a reward.

    :raises InvalidValue: if the value, the minimum or the uses are not above zero, the trail runs
        backwards or out of the validity, or one order uses the coupon twice or gives back a use
        that it does not have.
    :raises IllegalTransition: if the trail leaves the table; it lists what would be allowed.
    """

    id: CouponId
    issued_on: date
    value: Money | ShareOff
    valid: Period
    member: CustomerId | None = None
    minimum: Money | None = None
    uses: int = 1
    source: str | None = None
    trail: tuple[CouponEvent, ...] = ()

    def __attrs_post_init__(self) -> None:
        check_identifier(self.id, "coupon")
        check_date(self.issued_on, "issued_on")
        for key, what in ((self.member, "member"), (self.source, "source")):
            if key is not None:
                check_identifier(key, what)
        for money in (self.value, self.minimum):
            if isinstance(money, Money) and money.minor <= 0:
                raise InvalidValue("the value and the minimum of a coupon are above zero")
        if type(self.uses) is not int or self.uses < 1:
            raise InvalidValue("a coupon can be used a whole number of times, once at least")
        if self.valid.last < self.issued_on:
            raise InvalidValue("a coupon is issued before its last day is over")
        self._check_days()
        self._check_trail()

    def _check_days(self) -> None:
        days = [self.issued_on, *(event.on for event in self.trail)]
        if any(later < earlier for earlier, later in pairwise(days)):
            raise InvalidValue("what is done with a coupon is noted in the order of the days")
        within = (CouponAction.ACTIVATE, CouponAction.USE, CouponAction.USE_UP)
        if any(event.action in within and event.on > self.valid.last for event in self.trail):
            raise InvalidValue("a coupon is activated and used before its last day is over")
        uses = (CouponAction.USE, CouponAction.USE_UP)
        if any(event.action in uses and event.on < self.valid.start for event in self.trail):
            raise InvalidValue("a coupon is used from the first day of its validity on")

    def _check_trail(self) -> None:
        status, orders = COUPON_LIFECYCLE.initial, set[OrderId | None]()
        for event in self.trail:
            status = COUPON_LIFECYCLE.after(status, event.action)
            if event.action is CouponAction.RESTORE:
                if event.order not in orders:
                    raise InvalidValue("this order has no use of the coupon to give back")
                orders.remove(event.order)
            elif event.order is not None:
                if event.order in orders:
                    raise InvalidValue("this order has used the coupon already")
                orders.add(event.order)
                if (len(orders) == self.uses) is not (event.action is CouponAction.USE_UP):
                    raise InvalidValue("a coupon is used up by the last of its uses")

    @classmethod
    def issue(
        cls,
        id: CouponId,
        on: date,
        value: Money | ShareOff,
        *,
        valid: Period,
        member: CustomerId | None = None,
        minimum: Money | None = None,
        uses: int = 1,
        source: str | None = None,
        needs_activation: bool = False,
    ) -> Self:
        """Issue a coupon; unless the member has to activate it, it is active at once."""
        active = () if needs_activation else (CouponEvent(CouponAction.ACTIVATE, on),)
        return cls(
            id=id,
            issued_on=on,
            value=value,
            valid=valid,
            member=member,
            minimum=minimum,
            uses=uses,
            source=source,
            trail=active,
        )

    # --- questions ---

    @property
    def status(self) -> CouponStatus:
        """Where the trail ends, whatever the day."""
        return self._status(self.trail)

    @staticmethod
    def _status(trail: tuple[CouponEvent, ...]) -> CouponStatus:
        status = COUPON_LIFECYCLE.initial
        for event in trail:
            status = COUPON_LIFECYCLE.after(status, event.action)
        return status

    def standing(self, as_of: date) -> CouponStanding:
        """Where the coupon stood at the end of a day; expiry follows from the day alone.

        :raises InvalidValue: if the day is no plain date, or before the coupon was issued.
        """
        check_date(as_of, "as_of")
        if as_of < self.issued_on:
            raise InvalidValue("the coupon was not issued yet: ask from its first day on")
        status = self._status(tuple(event for event in self.trail if event.on <= as_of))
        is_open = status in (CouponStatus.ISSUED, CouponStatus.ACTIVE)
        if is_open and as_of > self.valid.last:
            return CouponStanding.EXPIRED
        return CouponStanding(status.value)

    @property
    def orders(self) -> tuple[OrderId, ...]:
        """The orders that have a use of it, in the order in which they took it."""
        orders: dict[OrderId, None] = {}
        for event in self.trail:
            if event.order is not None and event.action is CouponAction.RESTORE:
                del orders[event.order]
            elif event.order is not None:
                orders[event.order] = None
        return tuple(orders)

    @property
    def uses_left(self) -> int:
        """How often it can still be used, if it is active and within its validity."""
        return self.uses - len(self.orders)

    # --- what is done with it ---

    def activate(self, on: date) -> Self:
        """The coupon once the member has activated it."""
        return self._after(CouponEvent(CouponAction.ACTIVATE, on))

    def redeem(self, order: OrderId, on: date) -> Self:
        """The coupon after one use; ask :class:`CouponPolicy` first whether it may be used."""
        last = self.uses_left == 1
        return self._after(
            CouponEvent(CouponAction.USE_UP if last else CouponAction.USE, on, order)
        )

    def restore(self, order: OrderId, on: date) -> Self:
        """The coupon once the order is cancelled: the use is back, the validity is what it was."""
        return self._after(CouponEvent(CouponAction.RESTORE, on, order))

    def cancel(self, on: date) -> Self:
        """The coupon once the shop has taken it back."""
        return self._after(CouponEvent(CouponAction.CANCEL, on))

    def _after(self, event: CouponEvent) -> Self:
        return attrs.evolve(self, trail=(*self.trail, event))
