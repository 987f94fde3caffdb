"""Which rule gave how many of the points: the breakdown that every accrual keeps.

>>> [share.points for share in split({"base": 37, "gold": 37}, unit=2, points=37)]
[19, 18]
"""

from collections.abc import Iterable, Mapping

from attrs import frozen

from crmkit.errors import InvalidValue
from crmkit.identifiers import check_identifier

__all__ = ["RuleShare", "add_shares", "check_points", "check_shares", "split"]


def check_points(points: int, what: str) -> None:
    """Refuse points that are not whole: a bool, a float or a text.

    :raises InvalidValue: for anything but an int.
    """
    if type(points) is not int:
        raise InvalidValue(f"{what} are a {type(points).__name__}: points are whole, pass an int")


@frozen
class RuleShare:
    """How many points came from one rule; below zero, how many a return took back again.

    :raises InvalidIdentifier: if the name of the rule could not serve as a key.
    :raises InvalidValue: if the points are not a whole number.

    >>> RuleShare("one a euro", 12).points
    12
    """

    rule: str
    points: int

    def __attrs_post_init__(self) -> None:
        check_identifier(self.rule, "the name of a rule")
        check_points(self.points, "the points of a share")


def check_shares(shares: tuple[RuleShare, ...], points: int) -> None:
    """Refuse a breakdown that names a rule twice or does not add up.

    :raises InvalidValue: if the shares do not sum to the points, or two are of one rule.
    """
    if sum(share.points for share in shares) != points:
        raise InvalidValue("the shares of the rules add up to the points, not one more or less")
    if len(shares) > 1 and len({share.rule for share in shares}) != len(shares):
        raise InvalidValue("each rule has one share: add up the points that one rule gave")


def add_shares(shares: Iterable[RuleShare]) -> dict[str, int]:
    """How many points each rule gave in all, in the order in which the rules first appear."""
    totals: dict[str, int] = {}
    for share in shares:
        totals[share.rule] = totals.get(share.rule, 0) + share.points
    return totals


def split(parts: Mapping[str, int], *, unit: int, points: int) -> tuple[RuleShare, ...]:
    """Split whole points so that each rule has its exact part, or that rounded down or up.

    ``parts`` are zero or more and counted in ``unit``-ths of a point; ``points`` is their sum,
    rounded in some way. The points left over go to the largest remainders, among equal ones to the
    earlier rule, as in :meth:`Money.allocate <crmkit.money.Money.allocate>`. Rules left without
    points are not named.
    """
    whole = {rule: part // unit for rule, part in parts.items()}
    over = points - sum(whole.values())
    if over:
        by_remainder = sorted(parts, key=lambda rule: whole[rule] * unit - parts[rule])
        for rule in by_remainder[:over]:
            whole[rule] += 1
    return tuple(RuleShare(rule, part) for rule, part in whole.items() if part)
