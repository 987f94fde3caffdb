"""The points liability: what points that are still open will cost, for the accountant."""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import takewhile
from typing import Self

from attrs import field, frozen

from crmkit.decision import Decision, Evidence, noted
from crmkit.errors import CannotFit, InvalidPolicy, InvalidValue
from crmkit.loyalty.policies.point_value import PointValue
from crmkit.loyalty.records.lots import check_points
from crmkit.loyalty.tally.cohorts import PointsByMonth
from crmkit.money import Money, Rounding, as_fraction, round_fraction
from crmkit.period import check_date

__all__ = ["Breakage", "LiabilityFacts", "PointsLiability", "estimate_breakage"]


def _as_share(share: int | str | Decimal | Fraction) -> Fraction:
    found = as_fraction(share, "breakage")
    if not 0 <= found <= 1:
        raise InvalidPolicy("breakage is a share from 0 to 1, such as '0.20'")
    return found


@frozen
class Breakage:
    """The share of points that will never be redeemed, and how many points say so.

    ``points`` is the number the share was seen in, 0 if it was set by hand.

    :raises InvalidPolicy: if the share is not from 0 to 1.
    """

    share: Fraction = field(converter=_as_share)
    points: int = 0


def _in_decimals(share: Fraction) -> Decimal:
    """To four places, whatever the decimal context of the caller says."""
    places = f"{round_fraction(share * 10_000, Rounding.HALF_EVEN):05d}"
    return Decimal(f"{places[:-4]}.{places[-4:]}")


def estimate_breakage(points: PointsByMonth, *, at_least: int = 1_000) -> Breakage:
    """See from the past which share of points is never redeemed.

    Only the months before the first with open points count. As long as some are open, those that
    are redeemed early make breakage look smaller; and a young month whose few points happen to be
    redeemed already says nothing about the others. Points that were taken back with goods are left
    out: they could not be redeemed.

    :raises CannotFit: if the settled months have fewer points than ``at_least``; name a share
        yourself then.
    """
    check_points(at_least, "the points to see it in")
    settled = list(takewhile(lambda each: each.open == 0, points.months.values()))
    expired = sum(each.expired for each in settled)
    seen = expired + sum(each.redeemed for each in settled)
    if seen < at_least:
        raise CannotFit(
            f"the months that are settled have {seen} points, {at_least} are asked for",
            "wait until more have expired, ask for fewer, or name the share: Breakage('0.20')",
        )
    return Breakage(Fraction(expired, seen), seen)


@frozen
class LiabilityFacts:
    """The points of all members that are open on a day: available, pending and held.

    :raises InvalidValue: if they are no whole number from 0 on, or the day is no plain date.
    """

    as_of: date
    open: int

    def __attrs_post_init__(self) -> None:
        check_date(self.as_of, "as_of")
        if type(self.open) is not int or self.open < 0:
            raise InvalidValue("the points that are open are a whole number from 0 on")

    @classmethod
    def of(cls, points: PointsByMonth) -> Self:
        """From the points of all members, by month."""
        return cls(points.as_of, points.total.open)


@frozen
class PointsLiability:
    """What the points that are open will cost, less those that will never be redeemed.

    A deficit of one member does not lessen what is owed to another, and is not in it. Breakage
    lessens the liability only as far as it can be expected (IFRS 15, B44 to B47, on rights that
    customers do not exercise); without ``breakage`` every point counts in full.

    >>> from crmkit.decision import explain
    >>> liability = PointsLiability(PointValue(Money("1.00", "EUR"), per=100), Breakage("0.20"))
    >>> print(explain(liability(LiabilityFacts(date(2026, 12, 31), 1_000_000))))
    8,000.00 EUR, by points liability, as of 2026-12-31
    - noted: open points is 1,000,000
    - noted: cost of all points is 10,000.00 EUR
    - noted: breakage is 0.2000
    - noted: points it was seen in is 0
    """

    value: PointValue
    breakage: Breakage = field(factory=lambda: Breakage(0))
    rounding: Rounding = field(default=Rounding.HALF_EVEN, kw_only=True)

    def __call__(self, facts: LiabilityFacts, /) -> Decision[Money]:
        """Put a price on the points that are open."""
        share = 1 - self.breakage.share
        return Decision(
            self.value.part_of(facts.open, share, rounding=self.rounding),
            "points-liability",
            facts.as_of,
            self._evidence(facts),
        )

    def _evidence(self, facts: LiabilityFacts) -> tuple[Evidence, ...]:
        return (
            noted("open-points", facts.open),
            noted("cost-of-all-points", self.value.of(facts.open, rounding=self.rounding)),
            noted("breakage", _in_decimals(self.breakage.share)),
            noted("points-it-was-seen-in", self.breakage.points),
        )
