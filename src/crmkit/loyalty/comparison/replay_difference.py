"""Two programs on the same purchases: who is in another tier, and what the other one costs more."""

from collections import Counter
from datetime import date

from attrs import frozen

from crmkit.errors import InvalidValue
from crmkit.loyalty.comparison.replay import ProgramReplay, matrix_of
from crmkit.loyalty.comparison.tier_simulation import TierMover
from crmkit.loyalty.policies.liability import Breakage
from crmkit.money import Money
from crmkit.tiering import MigrationMatrix

__all__ = ["ReplayDifference", "compare_replays"]


@frozen(kw_only=True)
class ReplayDifference:
    """What another program would have made different, as of a day.

    ``tiers`` says how many members went from which tier of the current program to which of the
    other, ``movers`` who they are whose tier has another name. ``issued``, ``withdrawn``,
    ``redeemed``, ``expired`` and ``open`` are points that the other has more, below zero fewer.
    ``cost`` is what the points that were issued, less those withdrawn, cost more if all are
    redeemed, ``liability`` what is owed more; both are None unless both programs say what points
    cost.
    """

    as_of: date
    tiers: MigrationMatrix
    movers: tuple[TierMover, ...]
    issued: int
    withdrawn: int
    redeemed: int
    expired: int
    open: int
    cost: Money | None
    liability: Money | None


def compare_replays(
    current: ProgramReplay, other: ProgramReplay, *, breakage: Breakage | None = None
) -> ReplayDifference:
    """Hold the replay of another program against that of the current one.

    :raises InvalidValue: if they are of different days or members.
    :raises CurrencyMismatch: if their points cost different currencies.
    """
    if current.as_of != other.as_of or current.members.keys() != other.members.keys():
        raise InvalidValue("compare replays of the same purchases, as of the same day")
    movers = list[TierMover]()
    pairs = [(each.tier, other.members[member].tier) for member, each in current.members.items()]
    for member, (before, after) in zip(current.members, pairs, strict=True):
        if str(before) != str(after):
            movers.append(TierMover(member, before, after))
    was, now = current.total, other.total
    return ReplayDifference(
        as_of=current.as_of,
        tiers=matrix_of(Counter(pairs), current.as_of, current.as_of),
        movers=tuple(movers),
        issued=now.accrued - was.accrued,
        withdrawn=now.reversed - was.reversed,
        redeemed=now.redeemed - was.redeemed,
        expired=now.expired - was.expired,
        open=other.points.total.open - current.points.total.open,
        cost=_cost(current, other),
        liability=_liability(current, other, breakage),
    )


def _cost(current: ProgramReplay, other: ProgramReplay) -> Money | None:
    was, now = current.program.point_value, other.program.point_value
    if was is None or now is None:
        return None
    return now.of(other.total.lifetime_earned) - was.of(current.total.lifetime_earned)


def _liability(
    current: ProgramReplay, other: ProgramReplay, breakage: Breakage | None
) -> Money | None:
    if current.program.point_value is None or other.program.point_value is None:
        return None
    return other.liability(breakage).outcome - current.liability(breakage).outcome
