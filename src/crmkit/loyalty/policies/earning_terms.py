"""The terms of earning, as data: what a rule gives, when, and how it stands beside other rules.

>>> EarningRule(
...     "double on Sundays",
...     Multiplier("2"),
...     priority=2,
...     when=EarningCondition(weekdays=frozenset({Weekday.SUNDAY})),
... ).gives.factor
Fraction(2, 1)
"""

from collections.abc import Iterable
from enum import StrEnum
from fractions import Fraction

from attrs import field, frozen

from crmkit.business_time import Weekday
from crmkit.errors import InvalidPolicy
from crmkit.identifiers import ProductId, check_identifier
from crmkit.loyalty.facts.earning import CapPeriod
from crmkit.money import Money, as_fraction
from crmkit.period import Period

__all__ = [
    "BaseRate",
    "EarningCap",
    "EarningCondition",
    "EarningEffect",
    "EarningRule",
    "FixedBonus",
    "Multiplier",
    "Multiplying",
    "ReferralBonus",
    "Stacking",
]

MOST_POINTS = 10**9
"""The most points that one term can name: more is a slip of the pen."""

MOST_TIMES = 1_000
"""The largest factor of one multiplier."""


def _check_count(points: int, what: str, least: int) -> None:
    if type(points) is not int or not least <= points <= MOST_POINTS:
        raise InvalidPolicy(f"{what}: a whole number of points from {least} to {MOST_POINTS:,}")


# --- what a rule gives ----------------------------------------------------------------------------


@frozen
class BaseRate:
    """So many points for so much money: ``BaseRate(1, per=Money("1.00", "EUR"))``.

    It applies to purchases in the currency of the amount, exactly and in proportion: half the
    amount is half the points, until the rounding of the set. Points come line by line.

    :raises InvalidPolicy: if there are no points, or the amount is not above zero.
    """

    points: int
    per: Money

    def __attrs_post_init__(self) -> None:
        _check_count(self.points, "a base rate", least=1)
        if not isinstance(self.per, Money) or self.per.minor <= 0:
            raise InvalidPolicy("a base rate is per an amount above zero, such as 1.00 EUR")


def _as_factor(factor: "int | str | Fraction") -> Fraction:
    return as_fraction(factor, "the factor of a multiplier")


@frozen
class Multiplier:
    """The base points of the lines it covers, so many times: ``Multiplier("1.5")``.

    Its share of the points is what it adds to the base. To give less for some goods, write a base
    rate for them.

    :raises InvalidPolicy: if the factor is 1 or below, or above 1,000.
    :raises InvalidMoney: if the factor is a float or otherwise not exact.
    """

    factor: Fraction = field(converter=_as_factor)

    def __attrs_post_init__(self) -> None:
        if not 1 < self.factor <= MOST_TIMES:
            raise InvalidPolicy(f"a multiplier is above 1, at most {MOST_TIMES:,}")


@frozen
class FixedBonus:
    """So many points once a purchase, however large: a welcome, a double receipt, a birthday.

    :raises InvalidPolicy: if there are no points.
    """

    points: int

    def __attrs_post_init__(self) -> None:
        _check_count(self.points, "a bonus", least=1)


@frozen(kw_only=True)
class ReferralBonus:
    """Points for the member who brought a customer, and for the customer, once.

    Both have them at the first purchase of the one who was brought that meets the condition of the
    rule, such as its minimum, and never again: the host keeps that the referral is settled.

    :raises InvalidPolicy: if neither side has points.
    """

    referrer: int = 0
    referred: int = 0

    def __attrs_post_init__(self) -> None:
        _check_count(self.referrer, "a referral, for the referrer", least=0)
        _check_count(self.referred, "a referral, for the referred", least=0)
        if not self.referrer + self.referred:
            raise InvalidPolicy("a referral gives points to one side at least")


EarningEffect = BaseRate | Multiplier | FixedBonus | ReferralBonus
"""What a rule can give."""


# --- when -----------------------------------------------------------------------------------------


def _words(words: Iterable[str]) -> frozenset[str]:
    if isinstance(words, str):
        raise InvalidPolicy("a condition takes several words: pass a set, such as {'gold'}")
    return frozenset(words)


def _products(products: Iterable[ProductId]) -> frozenset[ProductId]:
    return frozenset(map(ProductId, _words(products)))


def _weekdays(weekdays: Iterable[Weekday]) -> frozenset[Weekday]:
    return frozenset(weekdays)


@frozen(kw_only=True)
class EarningCondition:
    """For whom, for what and when a rule is: all that is named has to hold; empty means any.

    ``products`` and ``except_products`` choose the lines that the rule covers; a line without a
    product is none of either. ``minimum`` is what the lines covered come to, at least, in this
    currency. ``days`` has its last day in it, as every period. A tier or channel that is not known
    meets no condition that asks for one.

    :raises InvalidPolicy: if a text stands where a set of them belongs, a weekday is none, or the
        minimum is not above zero.
    :raises InvalidIdentifier: if a word could not serve as a key.
    """

    tiers: frozenset[str] = field(default=frozenset(), converter=_words)
    products: frozenset[ProductId] = field(default=frozenset(), converter=_products)
    except_products: frozenset[ProductId] = field(default=frozenset(), converter=_products)
    channels: frozenset[str] = field(default=frozenset(), converter=_words)
    weekdays: frozenset[Weekday] = field(default=frozenset(), converter=_weekdays)
    days: Period | None = None
    minimum: Money | None = None
    first_purchase: bool = False

    def __attrs_post_init__(self) -> None:
        for words in (self.tiers, self.products, self.except_products, self.channels):
            for word in words:
                check_identifier(word, "a word of a condition")
        if not all(isinstance(day, Weekday) for day in self.weekdays):
            raise InvalidPolicy("a weekday is a member of Weekday, such as Weekday.SUNDAY")
        if self.minimum is not None and self.minimum.minor <= 0:
            raise InvalidPolicy("a minimum is above zero: leave it out where there is none")

    def is_for(self, product: ProductId | None) -> bool:
        """Whether a rule with this condition covers lines of the product."""
        named = not self.products or product in self.products
        return named and product not in self.except_products


# --- beside other rules ---------------------------------------------------------------------------


class Stacking(StrEnum):
    """How a rule stands beside the others that apply to the same purchase."""

    ADDS = "adds"
    """What it gives comes on top."""
    BEST_OF_GROUP = "best-of-group"
    """Of its group only the best gives anything: on each line the highest rate or factor, on a
    purchase the largest bonus; of equal ones that of the earlier priority."""
    EXCLUSIVE = "exclusive"
    """The rules after it have nothing from the lines it covers."""


class Multiplying(StrEnum):
    """What two multipliers on one line make: twice and three times the base."""

    ADD = "add"
    """Each adds its own times the base: 1 + (2 - 1) + (3 - 1) = 4 times."""
    COMPOUND = "compound"
    """Each multiplies what is there: 2 x 3 = 6 times."""


@frozen
class EarningCap:
    """At most so many points in a period, per member; what is above is not given at all.

    :raises InvalidPolicy: if the points are not a whole number of zero or more.
    """

    points: int
    per: CapPeriod

    def __attrs_post_init__(self) -> None:
        _check_count(self.points, "a cap", least=0)


@frozen
class EarningRule:
    """One rule by which purchases earn points.

    ``name`` is what the breakdown of every accrual shows. Rules are asked by ``priority``, 1 before
    2, rules of one priority by name: never by when they were written or edited, and never by their
    place in a list. ``caps`` are those of this rule alone. ``qualifies`` says whether its points
    also count for the tier.

    :raises InvalidPolicy: if the priority is not a whole number, or a group is named for a rule
        that is not the best of one, or the other way round.
    :raises InvalidIdentifier: if a name could not serve as a key.
    """

    name: str
    gives: EarningEffect
    priority: int = field(kw_only=True)
    when: EarningCondition = field(default=EarningCondition(), kw_only=True)
    stacking: Stacking = field(default=Stacking.ADDS, kw_only=True)
    group: str | None = field(default=None, kw_only=True)
    caps: tuple[EarningCap, ...] = field(default=(), kw_only=True)
    qualifies: bool = field(default=True, kw_only=True)

    def __attrs_post_init__(self) -> None:
        check_identifier(self.name, "the name of a rule")
        if type(self.priority) is not int:
            raise InvalidPolicy("the priority of a rule is a whole number: 1 is asked before 2")
        if (self.group is None) == (self.stacking is Stacking.BEST_OF_GROUP):
            raise InvalidPolicy("a rule names its group if, and only if, it is the best of one")
        if self.group is not None:
            check_identifier(self.group, "the group of a rule")

    @property
    def place(self) -> tuple[int, str]:
        """Where it stands among the rules: by its priority, then by its name."""
        return self.priority, self.name

    @property
    def is_by_line(self) -> bool:
        """Whether it gives points line by line, unlike a bonus for the whole purchase."""
        return isinstance(self.gives, BaseRate | Multiplier)

    @property
    def worth(self) -> Fraction:
        """What it promises: points for a minor unit of money, times the base, or points."""
        match self.gives:
            case BaseRate(points, per):
                return Fraction(points, per.minor)
            case Multiplier(factor):
                return factor
            case FixedBonus(points):
                return Fraction(points)
            case _:
                return Fraction(self.gives.referred)

    @property
    def preference(self) -> tuple[Fraction, int, str]:
        """What a group sorts its rules by, the best first: the most worth, then the place."""
        return -self.worth, self.priority, self.name

    @property
    def currencies(self) -> frozenset[str]:
        """The currencies that it asks for: none, one, or two that no purchase can both be in."""
        named = [self.when.minimum, self.gives.per if isinstance(self.gives, BaseRate) else None]
        return frozenset(money.currency for money in named if money is not None)
