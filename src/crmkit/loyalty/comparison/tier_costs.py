"""What the tiers of a program cost in a year."""

from decimal import Decimal
from fractions import Fraction

from attrs import frozen

from crmkit.errors import InvalidPolicy
from crmkit.identifiers import check_identifier
from crmkit.money import Money, Rounding, as_fraction, digits_of, sum_money

__all__ = ["TierBenefits", "TierCost", "TierCostTable", "TierCosts"]


@frozen
class TierBenefits:
    """What a member of a tier gets: benefits that cost so much a year, and more points.

    ``multiplier`` is how many points they earn for each qualifying one.

    :raises InvalidPolicy: if the multiplier is below zero.
    """

    tier: str
    a_year: Money
    multiplier: Decimal = Decimal(1)

    def __attrs_post_init__(self) -> None:
        check_identifier(self.tier, "the name of a tier")
        if as_fraction(self.multiplier, "the multiplier of a tier") < 0:
            raise InvalidPolicy("the multiplier of a tier is zero or more")


@frozen(kw_only=True)
class TierCosts:
    """What the tiers of a program cost: benefits by member and year, and points.

    A tier that is not named costs no benefits and earns single points. ``point_value`` is what one
    point costs in major units of the currency, such as ``Decimal("0.005")`` for half a cent; left
    out, points are not counted. Amounts are rounded once for each tier.

    :raises InvalidPolicy: if a tier is named twice, a currency differs, a year has no days, or a
        multiplier is named and the value of a point is not.

    >>> gold = TierBenefits("gold", Money("36.50", "EUR"))
    >>> TierCosts(currency="EUR", benefits=(gold,)).of_tier("gold", days=100, points=0)
    Money('10.00', 'EUR')
    """

    currency: str
    benefits: tuple[TierBenefits, ...]
    point_value: Decimal | None = None
    days_in_year: int = 365
    rounding: Rounding = Rounding.HALF_EVEN

    def __attrs_post_init__(self) -> None:
        digits_of(self.currency)
        if len({each.tier for each in self.benefits}) < len(self.benefits):
            raise InvalidPolicy("each tier is named once among the benefits")
        if any(each.a_year.currency != self.currency for each in self.benefits):
            raise InvalidPolicy("the benefits of all tiers are in one currency, that of the costs")
        if type(self.days_in_year) is not int or self.days_in_year < 1:
            raise InvalidPolicy("a year has days: days_in_year is a whole number above zero")
        if self.point_value is not None:
            as_fraction(self.point_value, "point_value")
        elif any(each.multiplier != 1 for each in self.benefits):
            raise InvalidPolicy("more points cost something: say with point_value how much")

    def of_tier(self, tier: str, *, days: int, points: int) -> Money:
        """What a tier costs for so many days of membership and so many qualifying points."""
        exact, multiplier = Fraction(0), Fraction(1)
        for each in self.benefits:
            if each.tier == tier:
                multiplier = as_fraction(each.multiplier)
                exact = as_fraction(each.a_year.amount) * Fraction(days, self.days_in_year)
        if self.point_value is not None:
            exact += points * multiplier * as_fraction(self.point_value)
        return Money.rounded(exact, self.currency, rounding=self.rounding)


@frozen
class TierCost:
    """What one tier costs under the current policy, and under the other one."""

    tier: str
    current: Money
    other: Money

    @property
    def difference(self) -> Money:
        """What the other policy costs more; below zero where it saves."""
        return self.other - self.current


@frozen
class TierCostTable:
    """What each tier costs under two policies, the highest first."""

    rows: tuple[TierCost, ...]
    currency: str

    @property
    def total(self) -> TierCost:
        """The sum of all tiers."""
        return TierCost(
            "total",
            sum_money((row.current for row in self.rows), self.currency),
            sum_money((row.other for row in self.rows), self.currency),
        )

    def to_table(self) -> str:
        """The costs as a Markdown table."""
        lines = ["| tier | current | other | difference |", "| --- | ---: | ---: | ---: |"]
        lines += [
            f"| {row.tier} | {row.current} | {row.other} | {row.difference} |"
            for row in (*self.rows, self.total)
        ]
        return "\n".join(lines)
