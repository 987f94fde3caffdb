"""What a basket earned, and which basket it is that comes back."""

from collections.abc import Sequence
from datetime import date

from attrs import define, frozen

from crmkit.identifiers import OrderId, ProductId
from crmkit.loyalty.comparison.replay_events import Basket, UnmatchedRefund
from crmkit.loyalty.facts.earning import BasketLine, Credited, EarningFacts
from crmkit.loyalty.records.accrued import Accrued, TakenBack
from crmkit.loyalty.records.qualification import Qualification
from crmkit.loyalty.records.shares import RuleShare
from crmkit.money import Money
from crmkit.records import Purchase

__all__ = ["Back", "Bought", "Earned", "come_back", "facts_of", "return_key"]


def facts_of(
    basket: Basket, tier: str | None, number: int, credited: tuple[Credited, ...]
) -> EarningFacts:
    """What the rules look at; the first basket of a member is number 1."""
    return EarningFacts.of(
        basket.lines, tier=tier, is_first_purchase=number == 1, credited=credited
    )


@frozen
class Earned:
    """What a basket earned, by which tier, and what caps had let through before."""

    number: int
    basket: Basket
    tier: str | None
    credited: tuple[Credited, ...]
    accrued: Accrued

    @property
    def on(self) -> date:
        """The day."""
        return self.basket.on

    @property
    def key(self) -> str:
        """The key of its entry: purchases of a member are counted from 1."""
        return f"purchase-{self.number}"

    @property
    def facts(self) -> EarningFacts:
        """What the rules looked at."""
        return facts_of(self.basket, self.tier, self.number, self.credited)

    def qualification(self) -> Qualification:
        """What it counts for the tier: a visit, whatever it earned."""
        basket, points = self.basket, self.accrued.qualifying_points
        return Qualification(basket.on, points, basket.spend, 1, key=self.key)


def return_key(number: int) -> str:
    """The key of the entry of a return: those of a member are counted from 1."""
    return f"return-{number}"


@frozen
class Back:
    """What a return takes back of a basket, and what no longer counts for the tier."""

    number: int
    of: Earned
    on: date
    taken: TakenBack
    counted: Qualification

    @property
    def key(self) -> str:
        """The key of its entry."""
        return return_key(self.number)

    def qualification(self) -> Qualification:
        """What no longer counts for the tier."""
        return self.counted


@define(eq=False)
class Bought:
    """A basket while refunds come in: what it earned, and what is left of each of its lines."""

    earned: Earned
    facts: EarningFacts
    left: list[int]
    before: tuple[BasketLine, ...] = ()
    taken: tuple[RuleShare, ...] = ()

    @classmethod
    def of(cls, earned: Earned) -> "Bought":
        """A basket of which nothing has come back."""
        facts = earned.facts
        return cls(earned, facts, [line.amount.minor for line in facts.lines])

    def has(self, product: ProductId | None) -> bool:
        """Whether there is something left of a product."""
        rows = zip(self.facts.lines, self.left, strict=True)
        return any(left and line.product == product for line, left in rows)

    def take(self, minor: int, product: ProductId | None) -> tuple[BasketLine, ...]:
        """Take back what is left, up to an amount: of the product first, then of all else."""
        lines = self.facts.lines
        back = []
        for place in sorted(range(len(lines)), key=lambda at: lines[at].product != product):
            part = min(minor, self.left[place])
            if part:
                self.left[place] -= part
                minor -= part
                amount = Money.of_minor(part, self.facts.currency)
                back.append(BasketLine(amount, lines[place].product))
        return tuple(back)


def come_back(
    refund: Purchase, bought: Sequence[Bought]
) -> tuple[list[tuple[Bought, tuple[BasketLine, ...]]], UnmatchedRefund | None]:
    """What comes back of which baskets by a refund, and what is left of it.

    A refund that names an order gives that back and no other. One that names none gives back the
    latest earlier purchase that has its product, then the latest others, as far as they go.
    """
    rest, found = -refund.amount.minor, []
    named, candidates = _candidates(refund, bought)
    for one in candidates:
        back = one.take(rest, refund.product)
        if back:
            rest -= sum(line.amount.minor for line in back)
            found.append((one, back))
    if not rest:
        return found, None
    amount = Money.of_minor(rest, refund.amount.currency)
    return found, UnmatchedRefund(refund.customer, refund.on, amount, named)


def _candidates(refund: Purchase, bought: Sequence[Bought]) -> tuple[OrderId | None, list[Bought]]:
    """The order that is named, and the baskets it can be, the likeliest first."""
    currency, named = refund.amount.currency, refund.refund_of or refund.order
    latest = [one for one in reversed(bought) if one.facts.currency == currency]
    of_order = [one for one in latest if named is not None and one.earned.basket.order == named]
    if refund.refund_of is None and not of_order:
        # The number is that of the refund itself.
        return named, sorted(latest, key=lambda one: not one.has(refund.product))
    return named, of_order
