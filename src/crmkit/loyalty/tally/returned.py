"""What comes back: goods whose points are taken back, and redemptions that are cancelled."""

from collections.abc import Iterator
from datetime import date

from attrs import frozen

from crmkit.identifiers import CustomerId
from crmkit.loyalty.records.entries import Accrual, LedgerEntry, Reversal, Rollback
from crmkit.loyalty.records.lots import Lot, check_points, points_in, take
from crmkit.loyalty.records.qualification import Qualification
from crmkit.loyalty.records.shares import RuleShare
from crmkit.loyalty.records.terms import OverReturn
from crmkit.loyalty.tally.account import LedgerRefused, PointsAccount
from crmkit.loyalty.tally.trace import (
    expired_of,
    redeemed_by,
    reversals_of,
    rollbacks_of,
)
from crmkit.money import Money

__all__ = ["Step", "Trail", "prefixed", "renumbered", "reversal", "rolled_back"]


def prefixed(member: CustomerId, number: str) -> str:
    """The number that a lot of a member has with whoever the member was merged into."""
    return f"{member}:{number}"


def renumbered(lot: Lot, number: str) -> Lot:
    """The same points under another number."""
    return Lot(number, lot.points, lot.earned_on, lot.unlocks_on, lot.valid_through)


@frozen
class Step:
    """The entries of one ledger, and what the numbers of a member's lots begin with there."""

    entries: tuple[LedgerEntry, ...]
    prefix: str


@frozen
class Trail:
    """The ledgers in which to look for what a member did: their own first, that of today last.

    ``member`` is None if it is one and the same ledger.
    """

    steps: tuple[Step, ...]
    member: CustomerId | None = None

    def accrual(self, key: str) -> Accrual:
        """What was earned under a key.

        :raises LedgerRefused: if nothing was.
        """
        for entry in self.steps[0].entries:
            if entry.key == key and isinstance(entry.posting, Accrual):
                return entry.posting
        raise LedgerRefused(
            "nothing was accrued under that key: name the entry that brought the points, and whose "
            "it was if that member was merged into this one"
        )

    def _looked_at(self) -> Iterator[tuple[Step, CustomerId | None]]:
        """Each ledger, and by which name the member goes there."""
        return zip(self.steps, (None, *[self.member] * len(self.steps)), strict=False)

    def reversals(self, accrual: str) -> tuple[Reversal, ...]:
        """What earlier returns took back."""
        return tuple(
            each
            for step, member in self._looked_at()
            for each in reversals_of(accrual, step.entries, member)
        )

    def expired(self, lot: str, on: date) -> int:
        """How many points of a lot had expired by a day."""
        return sum(expired_of(step.prefix + lot, step.entries, on) for step in self.steps)

    def redeemed(self, key: str) -> tuple[Lot, ...]:
        """The lots that a redemption still holds spent, in the order in which it spent them.

        :raises LedgerRefused: if there is no such redemption.
        """
        spent = redeemed_by(key, self.steps[0].entries)
        if spent is None:
            raise LedgerRefused(
                "nothing was redeemed or captured under that key: name the entry that spent the "
                "points, and whose it was if that member was merged into this one"
            )
        left = {lot.id: lot.points for lot in spent}
        for step, member in self._looked_at():
            for back in rollbacks_of(key, step.entries, member):
                for lot in back.lots:
                    left[lot.id.removeprefix(step.prefix)] -= lot.points
        return tuple(lot.part(left[lot.id]) for lot in spent if left[lot.id])


def reversal(
    trail: Trail,
    account: PointsAccount,
    accrual: str,
    points: int | None,
    on: date,
    over_return: OverReturn,
    qualification: Qualification | None,
    breakdown: tuple[RuleShare, ...],
) -> Reversal:
    """What a return takes back, and from where.

    :raises LedgerRefused: if there is no such accrual, or less of it can still be taken back.
    """
    earned = trail.accrual(accrual)
    earlier = trail.reversals(accrual)
    before = sum(each.points for each in earlier)
    points = _still(points, earned.lot.points - before)
    own_number = trail.steps[-1].prefix + earned.lot.id
    lots = account.as_of(on).lots
    own = take((lot for lot in lots if lot.id == own_number), points)
    rest = points - points_in(own)
    had_expired = trail.expired(earned.lot.id, on) - sum(each.expired for each in earlier)
    expired = min(rest, had_expired)
    others = take((lot for lot in lots if lot.id != own_number), rest - expired)
    missing = rest - expired - points_in(others)
    owed = over_return is OverReturn.DEBT
    return Reversal(
        accrual=accrual,
        lots=own + others,
        expired=expired,
        deficit=missing if owed else 0,
        waived=0 if owed else missing,
        member=trail.member,
        qualification=qualification or _share_of(earned, before, points, on),
        breakdown=breakdown,
    )


def _still(points: int | None, left: int) -> int:
    if left == 0:
        raise LedgerRefused("all of these points were taken back before")
    if points is None:
        return left
    check_points(points)
    if points > left:
        raise LedgerRefused(f"{left} of these points can still be taken back, not {points}")
    return points


def _share_of(earned: Accrual, before: int, points: int, on: date) -> Qualification | None:
    """What no longer counts for the tier: as large a share as that of the points, so that all
    returns together take back exactly what was counted."""
    counted, total = earned.qualification, earned.lot.points
    if counted is None:
        return None

    def part(number: int) -> int:
        return number * (before + points) // total - number * before // total

    spend = counted.spend
    return Qualification(
        on,
        points=-part(counted.points),
        spend=None if spend is None else -Money.of_minor(part(spend.minor), spend.currency),
        visits=-part(counted.visits),
        earned_on=counted.counts_for,
        key=counted.key,
    )


def rolled_back(
    trail: Trail, account: PointsAccount, redemption: str, points: int | None, on: date
) -> Rollback:
    """What a cancelled redemption puts back, and where.

    :raises LedgerRefused: if there is no such redemption, or less of it is left.
    """
    spent = trail.redeemed(redemption)
    left = points_in(spent)
    if left == 0:
        raise LedgerRefused("all of this redemption was rolled back before")
    if points is not None:
        check_points(points)
    if points is not None and points > left:
        raise LedgerRefused(f"{left} points of this redemption can be rolled back, not {points}")
    # What was spent last comes back first, as if fewer points had been redeemed.
    back = take(reversed(spent), left if points is None else points)
    here = tuple(renumbered(lot, trail.steps[-1].prefix + lot.id) for lot in reversed(back))
    return Rollback(
        redemption=redemption,
        lots=here,
        member=trail.member,
        settled=account.as_of(on).settling(here, on),
    )
