"""What a purchase earned, and what a return takes back, each with its breakdown by rule."""

from attrs import frozen

from crmkit.errors import InvalidValue
from crmkit.identifiers import CustomerId, check_identifier
from crmkit.loyalty.records.shares import RuleShare, check_points, check_shares

__all__ = ["Accrued", "ReferralCredit", "TakenBack"]


def _check_not_negative(points: int, what: str) -> None:
    check_points(points, what)
    if points < 0:
        raise InvalidValue(f"{what} are zero or more: what is taken back is a return")


@frozen
class ReferralCredit:
    """The points of the member who brought the customer: they belong to *their* account.

    :raises InvalidValue: if there are no points, or the shares do not sum to them.
    :raises InvalidIdentifier: if the referrer could not serve as a key.
    """

    referrer: CustomerId
    points: int
    shares: tuple[RuleShare, ...]

    def __attrs_post_init__(self) -> None:
        check_identifier(self.referrer, "the referrer")
        _check_not_negative(self.points, "the points of a referral")
        if self.points == 0:
            raise InvalidValue("a referral without points is no credit: leave it out")
        check_shares(self.shares, self.points)


@frozen
class Accrued:
    """What a purchase earned: the points, which rule gave how many, and what counts for the tier.

    :raises InvalidValue: if points are below zero or not whole, or the shares do not sum to them.
    """

    points: int
    shares: tuple[RuleShare, ...] = ()
    qualifying_points: int = 0
    referral: ReferralCredit | None = None

    def __attrs_post_init__(self) -> None:
        _check_not_negative(self.points, "the points of a purchase")
        _check_not_negative(self.qualifying_points, "qualifying points")
        check_shares(self.shares, self.points)

    def __str__(self) -> str:
        return f"{self.points:,} points"


@frozen
class TakenBack:
    """What a return takes back: so many points, and as shares below zero, from which rules.

    A share can be above zero, where a rule gives more once other goods are gone. Qualifying points
    are those of the tier that are taken back.

    :raises InvalidValue: if points are below zero or not whole, or the shares are not their
        opposite.
    """

    points: int
    shares: tuple[RuleShare, ...] = ()
    qualifying_points: int = 0

    def __attrs_post_init__(self) -> None:
        _check_not_negative(self.points, "the points taken back")
        check_points(self.qualifying_points, "qualifying points")
        check_shares(self.shares, -self.points)

    def __str__(self) -> str:
        return f"{self.points:,} points back"
