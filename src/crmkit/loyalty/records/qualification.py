"""What one purchase, or one return, counts for a tier."""

from datetime import date

from attrs import frozen

from crmkit.errors import InvalidValue
from crmkit.identifiers import check_identifier
from crmkit.money import Money
from crmkit.period import check_date

__all__ = ["Qualification"]


@frozen
class Qualification:
    """What one purchase counts for a tier: points, spend and visits; a return counts below zero.

    What counts for a tier is not what can be spent: these points are never redeemed and never
    expire, they leave the window of a tier policy instead. ``on`` is the day from which it is
    known, ``earned_on`` the day that it counts for, where that is earlier: a return of goods bought
    in December, posted in January, has ``earned_on`` in December, so that both leave the window
    together. ``key`` names the entry of the ledger that it comes from.

    :raises InvalidValue: if points or visits are no whole numbers, a day is not a plain date, or it
        counts for a day after the one on which it is known.

    >>> bought = Qualification(date(2026, 3, 1), points=120, spend=Money("120.00", "EUR"), visits=1)
    >>> Qualification(date(2026, 3, 9), points=-20, spend=Money("-20.00", "EUR")).is_return
    True
    """

    on: date
    points: int = 0
    spend: Money | None = None
    visits: int = 0
    earned_on: date | None = None
    key: str | None = None

    def __attrs_post_init__(self) -> None:
        check_date(self.on, "the day of a qualification")
        if type(self.points) is not int or type(self.visits) is not int:
            raise InvalidValue("qualifying points and visits are whole numbers: pass an int")
        if self.spend is not None and not isinstance(self.spend, Money):
            raise InvalidValue("qualifying spend is money, such as Money('120.00', 'EUR')")
        if self.earned_on is not None:
            check_date(self.earned_on, "earned_on")
            if self.earned_on > self.on:
                raise InvalidValue("a qualification counts for the day it is known on, or before")
        if self.key is not None:
            check_identifier(self.key, "the key of a qualification")

    @property
    def counts_for(self) -> date:
        """The day by which a window takes it in and lets it go."""
        return self.earned_on or self.on

    def known_from(self, day: date) -> "Qualification":
        """The same as somebody knows it who did not hear of it before a day, as after a merge."""
        if self.on >= day:
            return self
        return Qualification(
            day, self.points, self.spend, self.visits, earned_on=self.counts_for, key=self.key
        )

    @property
    def is_return(self) -> bool:
        """Whether it takes something back."""
        spent_back = self.spend is not None and self.spend.minor < 0
        return self.points < 0 or self.visits < 0 or spent_back
