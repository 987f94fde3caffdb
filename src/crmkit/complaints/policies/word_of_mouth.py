"""What customers tell others after a complaint: a calculator with its parameters in the open."""

from datetime import date
from fractions import Fraction

from attrs import field, frozen

from crmkit.complaints.policies.rates import decimal_of
from crmkit.decision import Decision, noted
from crmkit.errors import InvalidPolicy, InvalidValue
from crmkit.money import as_fraction
from crmkit.period import check_date

__all__ = ["COCA_COLA_1981", "Listeners", "WordOfMouth", "WordOfMouthEstimate", "WordOfMouthFacts"]


def _as_exact(number: "int | str | Fraction") -> Fraction:
    return as_fraction(number, "a term of word of mouth")


@frozen
class Listeners:
    """To how many people one customer tells it: a range, such as 9 to 10.

    :raises InvalidPolicy: if the range is upside down or below 0.
    """

    least: int
    most: int

    def __attrs_post_init__(self) -> None:
        if not 0 <= self.least <= self.most:
            raise InvalidPolicy("listeners are a range from 0 on, the least before the most")

    def of(self, customers: int) -> "Listeners":
        """How many are told by so many customers."""
        return Listeners(self.least * customers, self.most * customers)

    def __str__(self) -> str:
        return f"{self.least:,} to {self.most:,}"


@frozen(kw_only=True)
class WordOfMouthFacts:
    """How complaints ended: settled to full satisfaction, not resolved, or something between.

    :raises InvalidValue: if a number is not whole, or below 0.
    """

    as_of: date
    satisfied: int
    unresolved: int
    between: int = 0

    def __attrs_post_init__(self) -> None:
        check_date(self.as_of, "as_of")
        for number in (self.satisfied, self.unresolved, self.between):
            if type(number) is not int or number < 0:
                raise InvalidValue("numbers of customers are whole, and 0 or more")


@frozen(kw_only=True)
class WordOfMouthEstimate:
    """People told, and customers who buy more, less or not again; shares of customers are exact.

    ``undescribed`` are the unresolved of whom the study says nothing, ``between`` the customers of
    whom it says nothing at all. ``tell_many`` of the unresolved, or more, tell ``many`` or more.
    """

    told_good: Listeners
    told_bad: Listeners
    buy_more: Fraction
    boycott: Fraction
    buy_less: Fraction
    undescribed: Fraction
    tell_many: Fraction
    many: int
    between: int

    def __str__(self) -> str:
        """Write the estimate as a person reads it."""
        return f"{self.told_good} people hear good things, {self.told_bad} hear bad things"


@frozen(kw_only=True)
class WordOfMouth:
    """What satisfied and disappointed complainants tell and buy, by the shares of one study.

    The shares of the unresolved who boycott and who buy less need not add up to one: what is left
    is undescribed, and kept as that.

    :raises InvalidPolicy: if a share is out of range, or more boycott and buy less than there are.

    >>> facts = WordOfMouthFacts(as_of=date(2026, 5, 31), satisfied=100, unresolved=60)
    >>> estimate = COCA_COLA_1981(facts).outcome
    >>> print(estimate)
    400 to 500 people hear good things, 540 to 600 hear bad things
    >>> estimate.boycott, estimate.buy_less, estimate.undescribed
    (Fraction(20, 1), Fraction(27, 1), Fraction(13, 1))
    """

    satisfied_tell: Listeners
    satisfied_buy_more: Fraction = field(converter=_as_exact)
    unresolved_tell: Listeners
    unresolved_boycott: Fraction = field(converter=_as_exact)
    unresolved_buy_less: Fraction = field(converter=_as_exact)
    tell_many_share: Fraction = field(converter=_as_exact)
    many: int

    def __attrs_post_init__(self) -> None:
        shares = (
            self.satisfied_buy_more,
            self.unresolved_boycott,
            self.unresolved_buy_less,
            self.tell_many_share,
        )
        if not all(0 <= share <= 1 for share in shares) or self.undescribed_share < 0:
            raise InvalidPolicy("shares lie between 0 and 1, and no more leave than there are")
        if self.many < 0:
            raise InvalidPolicy("many are 0 listeners or more")

    @property
    def undescribed_share(self) -> Fraction:
        """The share of the unresolved of whom nothing is said."""
        return 1 - self.unresolved_boycott - self.unresolved_buy_less

    def __call__(self, facts: WordOfMouthFacts, /) -> Decision[WordOfMouthEstimate]:
        """Reckon what the customers of these facts tell and buy."""
        estimate = WordOfMouthEstimate(
            told_good=self.satisfied_tell.of(facts.satisfied),
            told_bad=self.unresolved_tell.of(facts.unresolved),
            buy_more=self.satisfied_buy_more * facts.satisfied,
            boycott=self.unresolved_boycott * facts.unresolved,
            buy_less=self.unresolved_buy_less * facts.unresolved,
            undescribed=self.undescribed_share * facts.unresolved,
            tell_many=self.tell_many_share * facts.unresolved,
            many=self.many,
            between=facts.between,
        )
        evidence = (
            noted("satisfied", facts.satisfied),
            noted("unresolved", facts.unresolved),
            noted("between", facts.between),
            noted("satisfied-tell", str(self.satisfied_tell)),
            noted("satisfied-buy-more", decimal_of(self.satisfied_buy_more)),
            noted("unresolved-tell", str(self.unresolved_tell)),
            noted("unresolved-boycott", decimal_of(self.unresolved_boycott)),
            noted("unresolved-buy-less", decimal_of(self.unresolved_buy_less)),
            noted("unresolved-undescribed", decimal_of(self.undescribed_share)),
            noted(f"tell-{self.many}-or-more", decimal_of(self.tell_many_share)),
        )
        return Decision(estimate, "word-of-mouth", facts.as_of, evidence)


COCA_COLA_1981 = WordOfMouth(
    satisfied_tell=Listeners(4, 5),
    satisfied_buy_more="0.10",
    unresolved_tell=Listeners(9, 10),
    unresolved_boycott=Fraction(1, 3),
    unresolved_buy_less="0.45",
    tell_many_share="0.12",
    many=20,
)
"""The study that Coca-Cola commissioned in 1981, as it is commonly quoted (a secondary source).

Fully satisfied complainants told 4 to 5 people and 10 % bought more; those not fully resolved told
9 to 10, a third would not buy again, 45 % bought less; over 12 % told 20 or more. A third and 45 %
are about 78 %: of the other 22 % it says nothing.
"""
