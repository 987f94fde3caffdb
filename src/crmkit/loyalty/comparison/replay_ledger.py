"""The points of one member in a replay: as a whole ledger, or by the shortest way to its sums."""

from collections.abc import Iterable
from datetime import date
from itertools import chain

from attrs import frozen

from crmkit.errors import InvalidValue
from crmkit.loyalty.comparison.replay_earning import Earner, Reckoned
from crmkit.loyalty.comparison.replay_events import (
    PointsRedeemed,
    RefusedRedemption,
    UnmatchedRefund,
    by_day,
    parted,
)
from crmkit.loyalty.comparison.replay_returns import Back, Earned
from crmkit.loyalty.policies.program import Program
from crmkit.loyalty.records.lots import InsufficientPoints
from crmkit.loyalty.records.terms import LedgerTerms
from crmkit.loyalty.tally.balance import Balance
from crmkit.loyalty.tally.ledger import PointsLedger
from crmkit.period import check_date
from crmkit.records import Purchase
from crmkit.tiering import TierHistory

__all__ = ["MemberLedger", "Months", "SimpleBalances", "ledger_of", "replay_member"]

Months = dict[tuple[int, int], list[int]]
"""By year and month of earning: points earned, redeemed, expired, withdrawn."""


@frozen(kw_only=True)
class MemberLedger:
    """The whole ledger that a member would have, entry by entry, and their tiers.

    ``unmatched`` is money that was given back for nothing known, ``refused`` what was redeemed
    without the points for it.
    """

    joined_on: date
    ledger: PointsLedger
    tiers: TierHistory | None
    unmatched: tuple[UnmatchedRefund, ...] = ()
    refused: tuple[RefusedRedemption, ...] = ()


def replay_member(
    program: Program,
    purchases: Iterable[Purchase],
    *,
    as_of: date,
    redeemed: Iterable[PointsRedeemed] = (),
) -> MemberLedger:
    """Replay the purchases of one member through a program, and keep every entry.

    :func:`replay_program` does the same for many members and keeps the sums.

    :raises InvalidValue: if the lines are of several members, or nobody bought anything by the day.
    """
    check_date(as_of, "as_of")
    lines = [line for line in purchases if line.on <= as_of]
    asked = [each for each in redeemed if each.on <= as_of]
    if len({*(line.customer for line in lines), *(each.member for each in asked)}) > 1:
        raise InvalidValue(
            "these are lines of several members: pass those of one, or use replay_program"
        )
    bought, refunds = parted(lines)
    reckoned = Earner(program).reckon(bought, refunds, as_of)
    if reckoned is None:
        raise InvalidValue(f"there is no purchase up to {as_of}: a member begins with one")
    ledger, refused = ledger_of(program.terms, reckoned, asked)
    return MemberLedger(
        joined_on=reckoned.joined_on,
        ledger=ledger,
        tiers=reckoned.tiers,
        unmatched=reckoned.unmatched,
        refused=refused,
    )


def ledger_of(
    terms: LedgerTerms, reckoned: Reckoned, redeemed: Iterable[PointsRedeemed]
) -> tuple[PointsLedger, tuple[RefusedRedemption, ...]]:
    """Post everything, day by day; of one day what was redeemed last."""
    ledger, refused = PointsLedger(reckoned.member, terms), list[RefusedRedemption]()
    waiting = by_day(redeemed)[::-1]
    number = 0
    for posting in chain(reckoned.postings, [None]):
        while waiting and (posting is None or waiting[-1].on < posting.on):
            number += 1
            try:
                ledger = _redeemed(ledger, waiting[-1], number)
            except InsufficientPoints as error:
                refused.append(RefusedRedemption(waiting[-1], error.available))
            waiting.pop()
        if posting is not None:
            ledger = _posted(ledger, posting)
    return ledger, tuple(refused)


def _redeemed(ledger: PointsLedger, each: PointsRedeemed, number: int) -> PointsLedger:
    return ledger.redeem(each.points, on=each.on, key=f"redemption-{number}")


def _posted(ledger: PointsLedger, posting: Earned | Back) -> PointsLedger:
    if isinstance(posting, Back):
        return _taken_back(ledger, posting)
    on, accrued = posting.on, posting.accrued
    counted, order = posting.qualification(), posting.basket.order
    if not accrued.points:
        return ledger.qualify(counted, on=on, key=posting.key, source=order)
    return ledger.accrue(
        accrued.points,
        on=on,
        key=posting.key,
        breakdown=accrued.shares,
        qualification=counted,
        source=order,
    )


def _taken_back(ledger: PointsLedger, back: Back) -> PointsLedger:
    points, counted = back.taken.points, back.counted
    if not points:
        return ledger.qualify(counted, on=back.on, key=back.key)
    return ledger.reverse(
        back.of.key,
        points,
        on=back.on,
        key=back.key,
        breakdown=back.taken.shares,
        qualification=counted,
    )


class SimpleBalances:
    """What ledgers come to of members who never gave anything back and redeemed nothing.

    That is most members of most files. What was earned when, and what of it has expired, is counted
    in ``months``. Purchases fall on few days: each is looked up once.
    """

    def __init__(self, terms: LedgerTerms, as_of: date, months: Months) -> None:
        self._terms, self._as_of, self._months = terms, as_of, months
        self._days = dict[date, tuple[list[int], bool, bool]]()

    def of(self, earned: Iterable[Earned]) -> Balance:
        """The balance of a member."""
        accrued = expired = pending = 0
        for each in earned:
            points = each.accrued.points
            if points:
                month, is_expired, is_pending = self._days.get(each.on) or self._day(each.on)
                month[0] += points
                accrued += points
                if is_expired:
                    month[2] += points
                    expired += points
                elif is_pending:
                    pending += points
        return Balance(
            as_of=self._as_of,
            available=accrued - expired - pending,
            pending=pending,
            accrued=accrued,
            expired=expired,
        )

    def _day(self, on: date) -> tuple[list[int], bool, bool]:
        unlocks_on, last_day = self._terms.lasts(on)
        month = self._months.setdefault((on.year, on.month), [0, 0, 0, 0])
        is_expired = last_day is not None and last_day < self._as_of
        self._days[on] = month, is_expired, self._as_of < unlocks_on
        return self._days[on]
