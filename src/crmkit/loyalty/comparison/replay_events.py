"""What a member did, in the order in which a program looks at it: baskets, refunds, redemptions.

Nothing depends on the order of the lines of a file. On one day, purchases come first, then what was
given back, then what was redeemed.
"""

from collections.abc import Iterable, Sequence
from datetime import date

from attrs import frozen

from crmkit.identifiers import CustomerId, OrderId, check_identifier
from crmkit.loyalty.records.lots import check_points
from crmkit.money import Money, sum_money
from crmkit.period import check_date
from crmkit.records import Purchase

__all__ = [
    "Basket",
    "PointsRedeemed",
    "RefusedRedemption",
    "UnmatchedRefund",
    "baskets",
    "by_day",
    "in_order_of_days",
    "parted",
]


@frozen
class PointsRedeemed:
    """So many points that a member redeemed on a day, as a till or a list says.

    :raises InvalidValue: if the day is no plain date, or the points are no whole number above 0.
    :raises InvalidIdentifier: if the member could not serve as a key.
    """

    member: CustomerId
    on: date
    points: int

    def __attrs_post_init__(self) -> None:
        check_identifier(self.member, "member")
        check_date(self.on, "the day of a redemption")
        check_points(self.points, "points that are redeemed")


@frozen
class RefusedRedemption:
    """A redemption for which a member would not have had the points, and how many there were."""

    redemption: PointsRedeemed
    available: int


@frozen
class UnmatchedRefund:
    """Money that was given back, and no earlier purchase of the member that it can belong to.

    ``amount`` is the part of it that was not matched, above zero; ``order`` is the order named.
    """

    member: CustomerId
    on: date
    amount: Money
    order: OrderId | None = None

    @classmethod
    def all_of(cls, refund: Purchase) -> "UnmatchedRefund":
        """A refund of which nothing could be matched."""
        return cls(refund.customer, refund.on, -refund.amount, refund.refund_of or refund.order)


def by_day(redeemed: Iterable[PointsRedeemed]) -> list[PointsRedeemed]:
    """Put the redemptions of a member in an order that does not depend on the list."""
    return sorted(redeemed, key=lambda each: (each.on, each.points))


# --- what was bought ------------------------------------------------------------------------------


@frozen
class Basket:
    """What a member bought at once: the lines of one order; a line without an order is alone."""

    on: date
    lines: tuple[Purchase, ...]

    @property
    def order(self) -> OrderId | None:
        """The number of the order, if it has one."""
        return self.lines[0].order

    @property
    def spend(self) -> Money:
        """What was paid for all of it."""
        if len(self.lines) == 1:
            return self.lines[0].amount
        return sum_money((line.amount for line in self.lines), self.lines[0].amount.currency)


def parted(lines: Iterable[Purchase]) -> tuple[list[Purchase], list[Purchase]]:
    """What was bought, and what was given back."""
    bought, refunds = list[Purchase](), list[Purchase]()
    for line in lines:
        (refunds if line.amount.minor < 0 else bought).append(line)
    return bought, refunds


def _place(line: Purchase) -> tuple[date, str, str, str, str, int]:
    amount = line.amount
    words = line.order or "", line.channel or "", line.product or "", amount.currency
    return (line.on, *words, amount.minor)


def in_order_of_days(lines: Sequence[Purchase]) -> Sequence[Purchase]:
    """Put lines in an order that does not depend on the file."""
    return sorted(lines, key=_place) if len(lines) > 1 else lines


def _order(line: Purchase) -> tuple[date, str | None, str | None]:
    return line.on, line.order, line.channel


def baskets(purchases: Sequence[Purchase]) -> list[Basket]:
    """Put the purchases of a member into baskets, the earliest first.

    An order that goes over several days or channels is a basket on each.
    """
    found = list[list[Purchase]]()
    for line in in_order_of_days(purchases):
        if found and line.order is not None and _order(found[-1][0]) == _order(line):
            found[-1].append(line)
        else:
            found.append([line])
    return [Basket(lines[0].on, tuple(lines)) for lines in found]
