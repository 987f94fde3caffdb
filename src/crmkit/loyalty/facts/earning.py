"""What earning rules look at: a basket, who bought it, and what their caps have used up.

>>> from datetime import date
>>> facts = EarningFacts.single("M-7", date(2026, 3, 1), Money("12.30", "EUR"), tier="gold")
>>> facts.total
Money('12.30', 'EUR')
"""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import Self

from attrs import frozen

from crmkit.errors import CurrencyMismatch, InvalidValue
from crmkit.identifiers import CustomerId, ProductId, check_identifier
from crmkit.loyalty.records.shares import RuleShare, add_shares, check_points
from crmkit.money import Money, sum_money
from crmkit.period import Period, check_date
from crmkit.records import Purchase

__all__ = ["BasketLine", "CapPeriod", "Credited", "EarningFacts", "ReturnFacts"]


class CapPeriod(StrEnum):
    """For how long a cap counts points before it begins again."""

    PURCHASE = "purchase"
    DAY = "day"
    MONTH = "month"
    """A month of the calendar."""
    YEAR = "year"
    """A year of the calendar."""
    PROGRAM = "program"
    """As long as the member is in the program: the cap never begins again."""

    def shared_by(self, one: date, other: date) -> bool:
        """Whether two days lie in one such period; two purchases never share one.

        >>> CapPeriod.MONTH.shared_by(date(2026, 1, 31), date(2026, 2, 1))
        False
        """
        match self:
            case CapPeriod.PURCHASE:
                return False
            case CapPeriod.DAY:
                return one == other
            case CapPeriod.MONTH:
                return one in Period.month(other.year, other.month)
            case CapPeriod.YEAR:
                return one.year == other.year
            case _:
                return True


def _check_word(word: str | None, what: str) -> None:
    if word is not None:
        check_identifier(word, what)


@frozen
class BasketLine:
    """One line of an order: an article and what was paid for it, or what came back of it.

    Delivery is a line like any other, with a product of its own, which rules can leave out.

    :raises InvalidValue: if the amount is no money or below zero.
    :raises InvalidIdentifier: if the product could not serve as a key.
    """

    amount: Money
    product: ProductId | None = None

    def __attrs_post_init__(self) -> None:
        if not isinstance(self.amount, Money) or self.amount.minor < 0:
            raise InvalidValue("the amount of a line is Money of zero or more")
        _check_word(self.product, "product")


@frozen
class Credited:
    """How many points a cap has let through before in its period.

    ``rule`` is the rule whose cap it is; None stands for the whole set of rules.

    :raises InvalidValue: if the points are not whole.
    """

    per: CapPeriod
    points: int
    rule: str | None = None

    def __attrs_post_init__(self) -> None:
        check_points(self.points, "credited points")
        _check_word(self.rule, "the name of a rule")


def _check_lines(lines: tuple[BasketLine, ...]) -> None:
    currency = lines[0].amount.currency
    for line in lines:
        if line.amount.currency != currency:
            raise CurrencyMismatch(currency, line.amount.currency)


@frozen
class EarningFacts:
    """One purchase, as earning rules see it.

    ``is_first_purchase`` says that the member has bought nothing before. ``referred_by`` is the
    member who brought this one, and ``referral_settled`` says that both had their points for it.
    ``credited`` is what the caps of the member have let through so far in the periods that ``on``
    lies in (:meth:`EarningRules.credited <crmkit.loyalty.EarningRules.credited>` reads it off past
    shares), and ``referrer_credited`` the same for the referrer; whoever is not named has had
    nothing.

    :raises InvalidValue: if there is no line, the day is no plain date, or members refer
        themselves.
    :raises CurrencyMismatch: if the lines are of different currencies.
    :raises InvalidIdentifier: if an identifier could not serve as a key.
    """

    member: CustomerId
    on: date
    lines: tuple[BasketLine, ...]
    tier: str | None = None
    channel: str | None = None
    is_first_purchase: bool = False
    referred_by: CustomerId | None = None
    referral_settled: bool = False
    credited: tuple[Credited, ...] = ()
    referrer_credited: tuple[Credited, ...] = ()

    def __attrs_post_init__(self) -> None:
        check_identifier(self.member, "member")
        check_date(self.on, "the day of a purchase")
        if not self.lines:
            raise InvalidValue("a purchase has at least one line: a free article is one of zero")
        if len(self.lines) > 1:
            _check_lines(self.lines)
        _check_word(self.tier, "tier")
        _check_word(self.channel, "channel")
        _check_word(self.referred_by, "referred_by")
        if self.referred_by == self.member:
            raise InvalidValue("members do not refer themselves: leave referred_by out")

    @classmethod
    def single(
        cls,
        member: CustomerId,
        on: date,
        amount: Money,
        *,
        product: ProductId | None = None,
        tier: str | None = None,
        channel: str | None = None,
        is_first_purchase: bool = False,
        referred_by: CustomerId | None = None,
        referral_settled: bool = False,
        credited: tuple[Credited, ...] = (),
        referrer_credited: tuple[Credited, ...] = (),
    ) -> Self:
        """A purchase of one line, such as one read from a till that knows only totals."""
        return cls(
            member,
            on,
            (BasketLine(amount, product),),
            tier,
            channel,
            is_first_purchase,
            referred_by,
            referral_settled,
            credited,
            referrer_credited,
        )

    @classmethod
    def of(
        cls,
        purchases: Iterable[Purchase],
        *,
        tier: str | None = None,
        is_first_purchase: bool = False,
        referred_by: CustomerId | None = None,
        referral_settled: bool = False,
        credited: tuple[Credited, ...] = (),
        referrer_credited: tuple[Credited, ...] = (),
    ) -> Self:
        """The purchase whose lines are these: of one member, day, order and channel.

        :raises InvalidValue: if there is no line, one is a refund, or they belong to several
            purchases.
        """
        lines = tuple(purchases)
        if any(line.is_refund for line in lines):
            raise InvalidValue("a refund earns nothing: hand it to PointsReturn")
        if len({(line.customer, line.on, line.order, line.channel) for line in lines}) != 1:
            raise InvalidValue(
                "these are not the lines of one purchase: pass those of one member, day, order and "
                "channel"
            )
        return cls(
            lines[0].customer,
            lines[0].on,
            tuple(BasketLine(line.amount, line.product) for line in lines),
            tier,
            lines[0].channel,
            is_first_purchase,
            referred_by,
            referral_settled,
            credited,
            referrer_credited,
        )

    @property
    def currency(self) -> str:
        """The currency that was paid in."""
        return self.lines[0].amount.currency

    @property
    def total(self) -> Money:
        """What the purchase came to, delivery and all."""
        return sum_money((line.amount for line in self.lines), self.currency)


@frozen(kw_only=True)
class ReturnFacts:
    """A return: what was bought and earned, what comes back now, and what came back before.

    ``purchase`` are the facts by which the points were ``earned``. ``returned`` is what comes back
    now, on day ``on``, ``before`` what earlier returns of the order brought back, and ``taken`` the
    shares that these took back. An amount may be part of a line: of two pieces, one.

    :raises InvalidValue: if the return lies before the purchase, nothing comes back, or more of a
        product comes back than was bought.
    :raises CurrencyMismatch: if a line is of another currency than the purchase.
    """

    purchase: EarningFacts
    on: date
    earned: tuple[RuleShare, ...]
    returned: tuple[BasketLine, ...]
    before: tuple[BasketLine, ...] = ()
    taken: tuple[RuleShare, ...] = ()

    def __attrs_post_init__(self) -> None:
        check_date(self.on, "the day of a return")
        if self.on < self.purchase.on:
            raise InvalidValue("a return comes on the day of the purchase or later")
        if not self.returned:
            raise InvalidValue("nothing comes back: name the lines that do")
        _check_lines((*self.purchase.lines, *self.before, *self.returned))
        bought = _by_product(self.purchase.lines)
        back = _by_product((*self.before, *self.returned))
        if any(bought.get(product, -1) < minor for product, minor in back.items()):
            raise InvalidValue("more of a product comes back than was bought of it in this order")
        if min([0, *(share.points for share in self.earned), *self.left.values()]) < 0:
            raise InvalidValue(
                "a purchase earns no points below zero, and earlier returns took no more than that"
            )

    @property
    def left(self) -> dict[str, int]:
        """The points of each rule that earlier returns have left."""
        return add_shares((*self.earned, *self.taken))

    @property
    def is_everything(self) -> bool:
        """Whether nothing that was paid for stays with the customer."""
        return self.returned_minor == self.purchase.total.minor

    @property
    def kept(self) -> tuple[BasketLine, ...]:
        """The lines that stay with the customer, each with what is left of its amount.

        What comes back is taken from the lines of its product, the first line first.
        """
        back = _by_product((*self.before, *self.returned))
        kept = []
        for line in self.purchase.lines:
            gone = min(line.amount.minor, back.get(line.product, 0))
            if line.product in back:
                back[line.product] -= gone
            if gone < line.amount.minor or not gone:
                left = Money.of_minor(line.amount.minor - gone, line.amount.currency)
                kept.append(BasketLine(left, line.product))
        return tuple(kept)

    @property
    def returned_minor(self) -> int:
        """What came back so far, this return included, in minor units."""
        return sum(line.amount.minor for line in (*self.before, *self.returned))


def _by_product(lines: Iterable[BasketLine]) -> dict[ProductId | None, int]:
    totals: dict[ProductId | None, int] = {}
    for line in lines:
        totals[line.product] = totals.get(line.product, 0) + line.amount.minor
    return totals
