"""What a point costs the shop when it is redeemed."""

from fractions import Fraction

from attrs import field, frozen

from crmkit.errors import InvalidPolicy
from crmkit.money import Money, Rounding

__all__ = ["PointValue"]


@frozen
class PointValue:
    """What points cost the shop when they are redeemed: ``cost`` for every ``per`` of them.

    It is the cost of the rewards, not the price that members see on them.

    :raises InvalidPolicy: if it costs nothing or less, or ``per`` is no whole number above 0.

    >>> PointValue(Money("1.00", "EUR"), per=100).of(250)
    Money('2.50', 'EUR')
    """

    cost: Money
    per: int = field(default=1, kw_only=True)

    def __attrs_post_init__(self) -> None:
        if not isinstance(self.cost, Money) or self.cost.minor <= 0:
            raise InvalidPolicy("points cost money above zero, such as Money('1.00', 'EUR')")
        if type(self.per) is not int or self.per < 1:
            raise InvalidPolicy("the cost is for a whole number of points, such as per=100")

    def of(self, points: int, *, rounding: Rounding = Rounding.HALF_EVEN) -> Money:
        """What so many points cost."""
        return self.cost.times(Fraction(points, self.per), rounding=rounding)

    def part_of(self, points: int, share: Fraction, *, rounding: Rounding) -> Money:
        """What a share of so many points costs, rounded once."""
        return self.cost.times(share * Fraction(points, self.per), rounding=rounding)
