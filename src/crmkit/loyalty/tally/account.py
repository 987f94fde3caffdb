"""What the entries of a ledger amount to: the lots a member has left, and the sums of all the rest.

An account is small however long its ledger is, because it holds what is still open only. So it
serves as the snapshot of a ledger: a balance, an accrual, a redemption or a checkout needs no more.
Expiry follows from the date that is asked about: no job has to run, and none can run too late.
"""

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Any

from attrs import evolve, frozen

from crmkit.errors import CrmkitError, InvalidValue
from crmkit.identifiers import CustomerId
from crmkit.loyalty.records.entries import (
    Accrual,
    Capture,
    Credit,
    Debit,
    Hold,
    LedgerEntry,
    MergedFrom,
    MergedInto,
    Posting,
    Qualified,
    Redemption,
    Release,
    Reversal,
    Rollback,
    TransferIn,
    TransferOut,
)
from crmkit.loyalty.records.lots import (
    InsufficientPoints,
    Lot,
    check_points,
    in_order,
    points_in,
    take,
)
from crmkit.loyalty.tally.balance import Balance, Expiring
from crmkit.period import check_date

__all__ = ["ClosedLedger", "Held", "LedgerRefused", "Passed", "PointsAccount"]


_ONE_DAY = timedelta(days=1)


class LedgerRefused(CrmkitError):
    """An entry that cannot be true of this ledger; nothing was changed."""

    code = "ledger-refused"


class ClosedLedger(LedgerRefused):
    """The member was merged into another one: nothing can be posted here any more."""

    code = "closed-ledger"

    def __init__(self, survivor: CustomerId) -> None:
        """Keep who has everything now."""
        super().__init__("this member was merged into another one: post to the survivor instead")
        self.survivor = survivor


@frozen
class Held:
    """Points that a hold put aside, in the order in which they would be spent."""

    key: str
    lots: tuple[Lot, ...]
    lapses_on: date | None = None

    @property
    def points(self) -> int:
        """How many there are."""
        return points_in(self.lots)

    def first(self, points: int) -> tuple[Lot, ...]:
        """So many of them, those that expire first.

        :raises InsufficientPoints: if there are not so many.
        :raises InvalidValue: if the points are no whole number above 0.
        """
        check_points(points)
        return _exactly(points, self.lots)

    def without(self, lots: Iterable[Lot]) -> tuple[Lot, ...]:
        """What is left without some of them."""
        return _less(self.lots, lots)


@frozen
class Passed:
    """What happened by itself because days went by: points expired, or a hold lapsed.

    ``expired`` are lots whose last day was over, ``lapsed`` is the key of a hold whose points are
    back, and ``settled`` the part of those that paid for a deficit. ``on`` is the day of it: the
    first without the points. Points that came in, or came back, when their last day was over are
    gone on the day they came.
    """

    on: date
    expired: tuple[Lot, ...] = ()
    lapsed: str | None = None
    settled: tuple[Lot, ...] = ()


@frozen
class PointsAccount:
    """What a member has after the entries of a ledger, and what became of all the rest.

    ``on`` is the day of the last entry, ``entries`` how many there were. ``lots`` are in the order
    in which they are spent. :meth:`after` takes the next entry; :meth:`as_of` lets days pass.
    """

    entries: int = 0
    on: date | None = None
    lots: tuple[Lot, ...] = ()
    holds: tuple[Held, ...] = ()
    deficit: int = 0
    accrued: int = 0
    received: int = 0
    redeemed: int = 0
    expired: int = 0
    reversed: int = 0
    debited: int = 0
    transferred_out: int = 0
    returned: int = 0
    merged_into: CustomerId | None = None

    # --- asked about ---

    def as_of(self, day: date) -> "PointsAccount":
        """The account on a day: what has expired by then is gone, holds that lapsed are void.

        :raises InvalidValue: if the day is no plain date, or one before the last entry.
        """
        if type(day) is not date:
            check_date(day, "the day asked about")
        if self.on is not None and day < self.on:
            raise InvalidValue(
                f"the last entry is of {self.on}: ask about that day or a later one here, and the "
                f"whole ledger about earlier ones"
            )
        return self.passing(day)[0]

    def balance(self, day: date) -> Balance:
        """What there is on a day, and where everything went.

        :raises InvalidValue: if the day is no plain date, or one before the last entry.
        """
        then = self.as_of(day)
        pending = points_in(lot for lot in then.lots if lot.is_pending(day))
        return Balance(
            as_of=day,
            available=points_in(then.lots) - pending,
            pending=pending,
            held=sum(held.points for held in then.holds),
            deficit=then.deficit,
            accrued=then.accrued,
            received=then.received,
            redeemed=then.redeemed,
            expired=then.expired,
            reversed=then.reversed,
            debited=then.debited,
            transferred_out=then.transferred_out,
            returned=then.returned,
        )

    def expiring(self, day: date, through: date) -> tuple[Expiring, ...]:
        """What will be gone unless it is spent: by its last day, from ``day`` through another.

        Points that are held do not expire and are left out; pending ones are in.

        :raises InvalidValue: if a day is no plain date, or the first is before the last entry.
        """
        check_date(through, "through")
        soon = dict[date, int]()
        for lot in self.as_of(day).lots:
            if lot.valid_through is not None and lot.valid_through <= through:
                soon[lot.valid_through] = soon.get(lot.valid_through, 0) + lot.points
        return tuple(Expiring(last_day, points) for last_day, points in soon.items())

    def held(self, key: str, on: date) -> Held:
        """A hold that still stands on a day.

        :raises LedgerRefused: if there is none, it was settled, or it has lapsed.
        """
        for held in self.as_of(on).holds:
            if held.key == key:
                return held
        raise LedgerRefused(
            "no such hold stands: it was captured, released, or it lapsed; hold the points anew"
        )

    # --- what can be posted ---

    def settling(self, lots: Iterable[Lot], on: date) -> tuple[Lot, ...]:
        """The part of points that come in on a day which pays for the deficit.

        :raises InvalidValue: if the day is no plain date, or one before the last entry.
        """
        # A hold that has lapsed by then has paid first.
        return self.as_of(on)._paying(lots, on) if self.deficit else ()

    def _paying(self, lots: Iterable[Lot], on: date) -> tuple[Lot, ...]:
        if not self.deficit:
            return ()
        return take(in_order(lot for lot in lots if not lot.is_expired(on)), self.deficit)

    def to_spend(self, points: int, on: date) -> tuple[Lot, ...]:
        """The points that are spent next on a day: what expires first.

        :raises InsufficientPoints: if there are not so many.
        :raises InvalidValue: if the points are no whole number above 0.
        """
        check_points(points)
        return _exactly(points, [lot for lot in self.as_of(on).lots if not lot.is_pending(on)])

    def to_debit(self, points: int, on: date) -> tuple[Lot, ...]:
        """The points that a correction takes on a day, those that are pending among them.

        :raises InsufficientPoints: if there are not so many.
        :raises InvalidValue: if the points are no whole number above 0.
        """
        check_points(points)
        return _exactly(points, self.as_of(on).lots)

    def check_open(self, on: date) -> None:
        """Refuse a day that nothing can be posted on any more.

        :raises ClosedLedger: if the member was merged into another one.
        :raises LedgerRefused: if the day is before the last entry.
        :raises InvalidValue: if it is no plain date.
        """
        check_date(on, "the day of a ledger entry")
        if self.merged_into is not None:
            raise ClosedLedger(self.merged_into)
        if self.on is not None and on < self.on:
            raise LedgerRefused(
                f"the last entry is of {self.on}: post on that day or later; points can be earned "
                f"on an earlier day (earned_on)"
            )

    # --- what follows from an entry ---

    def after(self, entry: LedgerEntry) -> "PointsAccount":
        """The account after the next entry.

        :raises LedgerRefused: if it cannot be true: it is of a day before the last one, or moves
            points that are not there.
        """
        return self.step(entry)[0]

    def step(self, entry: LedgerEntry) -> tuple["PointsAccount", tuple["Passed", ...]]:
        """The account after the next entry, and what had happened by itself until then.

        :raises LedgerRefused: as :meth:`after` does.
        """
        self.check_open(entry.on)
        before, passed = self.passing(entry.on)
        posted = _STEPS[type(entry.posting)](before, entry, entry.posting)
        # A lot that comes in, or comes back, may have had its last day already.
        then, at_once = posted._expiring_on(entry.on)
        return then, passed + at_once

    def passing(self, day: date) -> tuple["PointsAccount", tuple["Passed", ...]]:
        """The account on a day, and what happened by itself until then, in the order of days."""
        then, passed = self, list[Passed]()
        lapsed = [each for each in self.holds if each.lapses_on and each.lapses_on <= day]
        for held in sorted(lapsed, key=_lapse):
            then, more = then._lapsing(held, held.lapses_on or day)
            passed += more
        then, gone = then._expiring_on(day)
        return then, (*passed, *gone)

    def _lapsing(self, held: Held, day: date) -> tuple["PointsAccount", tuple["Passed", ...]]:
        """A hold is void: its points are back on the day it lapsed, and expire as they always
        would."""
        then, before = self._expiring_on(day)
        settled = then._paying(held.lots, day)
        back = then._without(held)._restored(held.lots, settled)
        then, after = back._expiring_on(day, not_before=day)
        return then, (*before, Passed(day, lapsed=held.key, settled=settled), *after)

    def _expiring_on(
        self, day: date, *, not_before: date | None = None
    ) -> tuple["PointsAccount", tuple["Passed", ...]]:
        # Lots stand in the order of their last days: the first one tells whether any has expired.
        if not self.lots or not self.lots[0].is_expired(day):
            return self, ()
        gone = tuple(lot for lot in self.lots if lot.is_expired(day))
        then = evolve(self, lots=self.lots[len(gone) :], expired=self.expired + points_in(gone))
        floor = not_before or self.on or date.min
        days = dict[date, list[Lot]]()
        for lot in gone:
            days.setdefault(max(_first_without(lot), floor), []).append(lot)
        return then, tuple(Passed(on, expired=tuple(lots)) for on, lots in days.items())

    def _without(self, held: Held) -> "PointsAccount":
        return evolve(self, holds=tuple(each for each in self.holds if each is not held))

    def _restored(self, lots: Iterable[Lot], settled: tuple[Lot, ...]) -> "PointsAccount":
        """Lots are added, and some of their points pay for the deficit."""
        paid = points_in(settled)
        if paid > self.deficit:
            raise LedgerRefused("more was settled than was owed")
        return evolve(
            self, lots=_less(_more(self.lots, lots), settled), deficit=self.deficit - paid
        )


def _first_without(lot: Lot) -> date:
    """The day after the last day of a lot that has expired."""
    return (lot.valid_through or date.min) + _ONE_DAY


def _lapse(held: Held) -> tuple[date, str]:
    return held.lapses_on or date.max, held.key


def _exactly(points: int, lots: Iterable[Lot]) -> tuple[Lot, ...]:
    lots = tuple(lots)
    taken = take(lots, points)
    if points_in(taken) < points:
        raise InsufficientPoints(points, points_in(lots))
    return taken


def _more(lots: tuple[Lot, ...], further: Iterable[Lot]) -> tuple[Lot, ...]:
    """Put lots where they belong; points that are back join what is left of their lot."""
    by_id = {lot.id: lot for lot in lots}
    for lot in further:
        there = by_id.get(lot.id)
        if there is not None and there.part(lot.points) != lot:
            raise LedgerRefused("two lots of one ledger share their number")
        by_id[lot.id] = lot if there is None else lot.part(lot.points + there.points)
    return in_order(by_id.values())


def _with(lots: tuple[Lot, ...], lot: Lot) -> tuple[Lot, ...]:
    """Put a new lot where it belongs: as a rule it is the last to expire."""
    if not lots or lots[-1].order < lot.order:
        return (*lots, lot)
    return in_order((*lots, lot))


def _less(lots: tuple[Lot, ...], parts: Iterable[Lot]) -> tuple[Lot, ...]:
    """Take parts of lots away; what is left of the others stays in its order."""
    left = {lot.id: lot for lot in lots}
    for part in parts:
        lot = left.pop(part.id, None)
        if lot is None or lot.points < part.points or lot.part(part.points) != part:
            raise LedgerRefused("more points of a lot were moved than were left in it")
        if lot.points > part.points:
            left[part.id] = lot.part(lot.points - part.points)
    return tuple(left[lot.id] for lot in lots if lot.id in left)


# --- one function for each thing that can be posted -------------------------------------


def _booked(account: PointsAccount, entry: LedgerEntry, **changes: Any) -> PointsAccount:
    """The account with one entry more, and what the entry changed."""
    return evolve(account, entries=account.entries + 1, on=entry.on, **changes)


def _check_spendable(lots: Iterable[Lot], on: date) -> None:
    if not all(lot.is_spendable(on) for lot in lots):
        raise LedgerRefused("points were spent before their lock had ended")


def _check_new(account: PointsAccount, entry: LedgerEntry, lot: Lot) -> None:
    if lot.id != entry.key:
        raise LedgerRefused("a lot has the key of the entry that brings it")
    _check_numbers(account, (lot,))


def _check_numbers(account: PointsAccount, lots: Iterable[Lot]) -> None:
    known = {each.id for each in account.lots}
    known.update(each.id for held in account.holds for each in held.lots)
    if any(lot.id in known for lot in lots):
        raise LedgerRefused("another lot goes by that number: choose another key")


def _accrual(account: PointsAccount, entry: LedgerEntry, what: Accrual) -> PointsAccount:
    _check_new(account, entry, what.lot)
    if what.settled:
        account = account._restored((what.lot,), what.settled)
    # Most entries of a program are accruals, and evolve() takes five times as long.
    return PointsAccount(
        account.entries + 1,
        entry.on,
        account.lots if what.settled else _with(account.lots, what.lot),
        account.holds,
        account.deficit,
        account.accrued + what.lot.points,
        account.received,
        account.redeemed,
        account.expired,
        account.reversed,
        account.debited,
        account.transferred_out,
        account.returned,
    )


def _qualified(account: PointsAccount, entry: LedgerEntry, _: Qualified) -> PointsAccount:
    return _booked(account, entry)


def _credit(account: PointsAccount, entry: LedgerEntry, what: Credit) -> PointsAccount:
    _check_new(account, entry, what.lot)
    then = account._restored((what.lot,), what.settled)
    return _booked(then, entry, received=account.received + what.lot.points)


def _transfer_in(account: PointsAccount, entry: LedgerEntry, what: TransferIn) -> PointsAccount:
    _check_numbers(account, what.lots)
    then = account._restored(what.lots, what.settled)
    received = account.received + points_in(what.lots)
    return _booked(then, entry, received=received)


def _merged_from(account: PointsAccount, entry: LedgerEntry, what: MergedFrom) -> PointsAccount:
    _check_numbers(account, what.lots)
    owing = evolve(account, deficit=account.deficit + what.deficit)
    then = owing._restored(what.lots, what.settled)
    received = account.received + points_in(what.lots) - what.deficit
    return _booked(then, entry, received=received)


def _redemption(account: PointsAccount, entry: LedgerEntry, what: Redemption) -> PointsAccount:
    _check_spendable(what.lots, entry.on)
    return _booked(
        account,
        entry,
        lots=_less(account.lots, what.lots),
        redeemed=account.redeemed + points_in(what.lots),
    )


def _rollback(account: PointsAccount, entry: LedgerEntry, what: Rollback) -> PointsAccount:
    then = account._restored(what.lots, what.settled)
    points = points_in(what.lots)
    if what.member is not None:
        # Another member had redeemed them: here they come in for the first time.
        received = account.received + points
        return _booked(then, entry, received=received)
    if points > account.redeemed:
        raise LedgerRefused("more was rolled back than had been redeemed")
    redeemed = account.redeemed - points
    return _booked(then, entry, redeemed=redeemed)


def _reversal(account: PointsAccount, entry: LedgerEntry, what: Reversal) -> PointsAccount:
    return _booked(
        account,
        entry,
        lots=_less(account.lots, what.lots),
        deficit=account.deficit + what.deficit,
        reversed=account.reversed + points_in(what.lots) + what.deficit,
        # What a merged member had earned was never accrued here.
        returned=account.returned + (what.points if what.member is None else 0),
    )


def _debit(account: PointsAccount, entry: LedgerEntry, what: Debit) -> PointsAccount:
    return _booked(
        account,
        entry,
        lots=_less(account.lots, what.lots),
        debited=account.debited + points_in(what.lots),
    )


def _transfer_out(account: PointsAccount, entry: LedgerEntry, what: TransferOut) -> PointsAccount:
    _check_spendable(what.lots, entry.on)
    return _booked(
        account,
        entry,
        lots=_less(account.lots, what.lots),
        transferred_out=account.transferred_out + points_in(what.lots),
    )


def _merged_into(account: PointsAccount, entry: LedgerEntry, what: MergedInto) -> PointsAccount:
    if account.holds:
        raise LedgerRefused("a checkout is under way: capture or release it before the merge")
    if (what.lots, what.deficit) != (account.lots, account.deficit):
        raise LedgerRefused("a member who is merged takes everything along, and nothing else")
    return _booked(
        account,
        entry,
        lots=(),
        deficit=0,
        transferred_out=account.transferred_out + points_in(what.lots) - what.deficit,
        merged_into=what.survivor,
    )


def _hold(account: PointsAccount, entry: LedgerEntry, what: Hold) -> PointsAccount:
    _check_spendable(what.lots, entry.on)
    if what.lapses_on is not None and what.lapses_on <= entry.on:
        raise LedgerRefused("a hold lasts through the day it is made: let it lapse on a later day")
    held = Held(entry.key, what.lots, what.lapses_on)
    return _booked(
        account,
        entry,
        lots=_less(account.lots, what.lots),
        holds=(*account.holds, held),
    )


def _capture(account: PointsAccount, entry: LedgerEntry, what: Capture) -> PointsAccount:
    held = account.held(what.hold, entry.on)
    then = account._without(held)._restored(_less(held.lots, what.lots), what.settled)
    return _booked(
        then,
        entry,
        redeemed=account.redeemed + points_in(what.lots),
    )


def _release(account: PointsAccount, entry: LedgerEntry, what: Release) -> PointsAccount:
    held = account.held(what.hold, entry.on)
    then = account._without(held)._restored(held.lots, what.settled)
    return _booked(then, entry)


_STEPS: dict[type[Posting], Callable[[PointsAccount, LedgerEntry, Any], PointsAccount]] = {
    Accrual: _accrual,
    Qualified: _qualified,
    Credit: _credit,
    TransferIn: _transfer_in,
    MergedFrom: _merged_from,
    Redemption: _redemption,
    Rollback: _rollback,
    Reversal: _reversal,
    Debit: _debit,
    TransferOut: _transfer_out,
    MergedInto: _merged_into,
    Hold: _hold,
    Capture: _capture,
    Release: _release,
}
