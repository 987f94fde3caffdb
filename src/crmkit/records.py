"""Records that several rooms read: what was bought, what was said, what was promised.

A record is what happened, frozen. It says which day it belongs to (``on``) or at which instant it
happened (``at``), and, where it can arrive late, when it was recorded (``recorded_at``), so that
what was known on an earlier day can be had again.
"""

from datetime import date, datetime, tzinfo
from enum import StrEnum
from typing import Self

from attrs import field, frozen

from crmkit.errors import InvalidValue
from crmkit.identifiers import (
    Actor,
    CustomerId,
    InteractionId,
    OrderId,
    ProductId,
    PromiseId,
    check_identifier,
)
from crmkit.money import Money
from crmkit.period import check_date, check_instant

__all__ = ["Direction", "Interaction", "Promise", "PromiseState", "Purchase"]


def _check_optional_identifier(value: str | None, what: str) -> None:
    if value is not None:
        check_identifier(value, what)


def _check_optional_instant(value: datetime | None, what: str) -> None:
    if value is not None:
        check_instant(value, what)


@frozen
class Purchase:
    """One line of what a customer bought or gave back, on a day of the shop.

    A purchase has an amount of zero or more (a free article is a purchase). A refund has a negative
    amount; ``refund_of`` may name the order that it gives back.

    :raises InvalidValue: if the day is not a plain date, a refund of an order is not negative, or
        an identifier could not serve as a key.
    :raises NaiveDatetime: if ``recorded_at`` has no time zone.

    >>> from datetime import date
    >>> Purchase(CustomerId("C-7"), date(2026, 3, 1), Money("12.30", "EUR")).is_refund
    False
    """

    customer: CustomerId
    on: date
    amount: Money
    order: OrderId | None = field(default=None, kw_only=True)
    product: ProductId | None = field(default=None, kw_only=True)
    channel: str | None = field(default=None, kw_only=True)
    refund_of: OrderId | None = field(default=None, kw_only=True)
    recorded_at: datetime | None = field(default=None, kw_only=True)

    def __attrs_post_init__(self) -> None:
        check_identifier(self.customer, "customer")
        check_date(self.on, "the day of a purchase")
        if not isinstance(self.amount, Money):
            raise InvalidValue("the amount of a purchase is Money, such as Money('12.30', 'EUR')")
        _check_optional_identifier(self.order, "order")
        _check_optional_identifier(self.product, "product")
        _check_optional_identifier(self.channel, "channel")
        _check_optional_identifier(self.refund_of, "refund_of")
        _check_optional_instant(self.recorded_at, "recorded_at")
        if self.refund_of is not None and not self.amount.is_negative:
            raise InvalidValue(
                "a refund has a negative amount: pass what was given back as -amount"
            )

    @classmethod
    def at(
        cls,
        customer: CustomerId,
        at: datetime,
        amount: Money,
        *,
        zone: tzinfo,
        order: OrderId | None = None,
        product: ProductId | None = None,
        channel: str | None = None,
        refund_of: OrderId | None = None,
        recorded_at: datetime | None = None,
    ) -> Self:
        """Make a purchase from an instant: it belongs to the day that it was in the named zone.

        :raises InvalidValue: if the zone is no tzinfo, or the day is outside the calendar.
        :raises NaiveDatetime: if an instant has no time zone.

        >>> from datetime import datetime, timezone
        >>> from zoneinfo import ZoneInfo
        >>> late = datetime(2026, 3, 1, 23, 30, tzinfo=timezone.utc)
        >>> Purchase.at(
        ...     CustomerId("C-7"), late, Money(5, "EUR"), zone=ZoneInfo("Europe/Berlin")
        ... ).on
        datetime.date(2026, 3, 2)
        """
        check_instant(at, "the instant of a purchase")
        return cls(
            customer,
            _day_in(at, zone),
            amount,
            order=order,
            product=product,
            channel=channel,
            refund_of=refund_of,
            recorded_at=recorded_at,
        )

    @property
    def is_refund(self) -> bool:
        """Whether money went back to the customer."""
        return self.amount.is_negative


def _day_in(at: datetime, zone: tzinfo) -> date:
    # None would stand for the zone of this machine, and the same instant for another day elsewhere.
    if not isinstance(zone, tzinfo):
        raise InvalidValue("the zone of a shop is a tzinfo: pass ZoneInfo('Europe/Berlin')")
    try:
        return at.astimezone(zone).date()
    except OverflowError:
        raise InvalidValue(
            "the day of a purchase is outside the calendar: stay within the years 1 to 9999"
        ) from None


class Direction(StrEnum):
    """Who turned to whom."""

    INBOUND = "inbound"
    """The customer turned to the company."""
    OUTBOUND = "outbound"
    """The company turned to the customer."""


@frozen(kw_only=True)
class Interaction:
    """A contact with a customer that has happened: a call, a visit, a letter, a chat.

    ``channel`` and ``purpose`` are the host's words. ``summary`` may hold what was said; it can be
    personal and stays out of the ``repr``.

    :raises InvalidValue: if an identifier could not serve as a key.
    :raises NaiveDatetime: if an instant has no time zone.
    """

    id: InteractionId
    customer: CustomerId
    at: datetime
    channel: str
    direction: Direction
    purpose: str | None = None
    actor: Actor | None = None
    summary: str | None = field(default=None, repr=False, metadata={"personal": True})
    recorded_at: datetime | None = None

    def __attrs_post_init__(self) -> None:
        check_identifier(self.id, "interaction")
        check_identifier(self.customer, "customer")
        check_identifier(self.channel, "channel")
        check_instant(self.at, "the instant of an interaction")
        _check_optional_identifier(self.purpose, "purpose")
        _check_optional_identifier(self.actor, "actor")
        _check_optional_instant(self.recorded_at, "recorded_at")


class PromiseState(StrEnum):
    """Where a promise stands, as of a day."""

    OPEN = "open"
    KEPT = "kept"
    BROKEN = "broken"


@frozen(kw_only=True)
class Promise:
    """What was promised to a customer, by when, and when it was kept.

    :raises InvalidValue: if an identifier could not serve as a key, or the promise was kept or due
        before it was given.
    """

    id: PromiseId
    customer: CustomerId
    given_on: date
    due_on: date
    kept_on: date | None = None
    content: str | None = field(default=None, repr=False, metadata={"personal": True})
    actor: Actor | None = None

    def __attrs_post_init__(self) -> None:
        check_identifier(self.id, "promise")
        check_identifier(self.customer, "customer")
        check_date(self.given_on, "given_on")
        check_date(self.due_on, "due_on")
        _check_optional_identifier(self.actor, "actor")
        if self.kept_on is not None:
            check_date(self.kept_on, "kept_on")
        if min(self.due_on, self.kept_on or self.due_on) < self.given_on:
            raise InvalidValue("a promise is due and kept on the day it was given, or later")

    def state(self, as_of: date) -> PromiseState:
        """Where the promise stands at the end of a day: open until the due day has passed.

        :raises InvalidValue: if the day is not a plain date.
        """
        check_date(as_of, "as_of")
        if self.kept_on is not None and self.kept_on <= as_of:
            return PromiseState.KEPT if self.kept_on <= self.due_on else PromiseState.BROKEN
        return PromiseState.OPEN if as_of <= self.due_on else PromiseState.BROKEN
