"""The points ledger of a member: append-only, whole points, every command idempotent by its key.

(The module is long because each command says here, once, what it does to the points of a member.)
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from itertools import takewhile
from typing import Self, TypedDict, Unpack

from attrs import field, frozen

from crmkit.errors import IdempotencyMismatch, InvalidValue
from crmkit.identifiers import Actor, CustomerId, check_identifier
from crmkit.loyalty.records.entries import (
    Accrual,
    Capture,
    Credit,
    Debit,
    Hold,
    LedgerEntry,
    MergedFrom,
    Posting,
    Qualified,
    Redemption,
    Release,
    Reversal,
    Rollback,
)
from crmkit.loyalty.records.lots import Lot, points_in
from crmkit.loyalty.records.qualification import Qualification
from crmkit.loyalty.records.shares import RuleShare
from crmkit.loyalty.records.terms import LedgerTerms
from crmkit.loyalty.tally.account import LedgerRefused, Passed, PointsAccount
from crmkit.loyalty.tally.balance import Balance, Expiring
from crmkit.loyalty.tally.returned import Step, Trail, prefixed, reversal, rolled_back
from crmkit.loyalty.tally.trace import statement
from crmkit.period import check_date, check_instant

__all__ = ["EntryNote", "EntryStamp", "PointsLedger", "entry_counts"]


class EntryStamp(TypedDict, total=False):
    """When an entry was written down, and by whom."""

    recorded_at: datetime
    by: Actor


class EntryNote(EntryStamp, total=False):
    """What every command may say beside what it does."""

    reason: str


def _as_entries(entries: Iterable[LedgerEntry]) -> tuple[LedgerEntry, ...]:
    return tuple(entries)


@frozen
class PointsLedger:
    """The points of a member: every entry, and what they amount to.

    It only grows: each command gives the next ledger. A command that comes again under the same
    ``key`` changes nothing; another command under a key that was used is an error. The day is no
    part of the command, so that one that is delivered again after midnight is still the same.

    ``on`` is the day of posting and never goes back; a purchase that is heard of late is posted
    today and ``earned_on`` its own day, from which lock and expiry count. What expires, and which
    holds lapse, follows from the day asked about, not from a job that has run.

    :raises InvalidIdentifier: if the member could not serve as a key.
    :raises LedgerRefused: if the entries contradict each other.

    >>> from crmkit.loyalty.records.terms import ExpiresAfter, Lock
    >>> from crmkit.period import Unit
    >>> terms = LedgerTerms(ExpiresAfter(1, Unit.YEAR), lock=Lock(14))
    >>> ledger = PointsLedger(CustomerId("C-7"), terms)
    >>> ledger = ledger.accrue(100, on=date(2026, 1, 5), key="order-1")
    >>> ledger.balance(date(2026, 1, 18)).pending, ledger.balance(date(2026, 1, 19)).available
    (100, 100)
    >>> ledger = ledger.redeem(30, on=date(2026, 2, 1), key="coffee")
    >>> ledger.redeem(30, on=date(2026, 2, 2), key="coffee") == ledger
    True
    >>> ledger.balance(date(2027, 1, 5)).available, ledger.balance(date(2027, 1, 6)).expired
    (70, 70)
    """

    member: CustomerId
    terms: LedgerTerms
    entries: tuple[LedgerEntry, ...] = field(default=(), converter=_as_entries, kw_only=True)
    merged: tuple["PointsLedger", ...] = field(default=(), kw_only=True, repr=False)
    account: PointsAccount = field(kw_only=True, repr=False)

    @account.default
    def _fold_of_the_entries(self) -> PointsAccount:
        account = PointsAccount()
        for entry in self.entries:
            account = account.after(entry)
        if len({entry.key for entry in self.entries}) < len(self.entries):
            raise LedgerRefused("two entries of one ledger share their key")
        return account

    def __attrs_post_init__(self) -> None:
        check_identifier(self.member, "member")

    @classmethod
    def continued(cls, member: CustomerId, terms: LedgerTerms, account: PointsAccount) -> Self:
        """A ledger that goes on from a snapshot, without the entries before it.

        It takes every command but those that look back: a reversal and a rollback need the whole
        ledger. Which keys were used before, it does not know.
        """
        return cls(member, terms, account=account)

    # --- asked about ---

    @property
    def is_whole(self) -> bool:
        """Whether all entries are here, and not only those since a snapshot; those of members who
        were merged into this one as well."""
        return self.account.entries == len(self.entries) and all(
            ledger.is_whole for ledger in self.merged
        )

    def as_of(self, day: date) -> Self:
        """The ledger as it was at the end of a day: without what was posted later.

        :raises InvalidValue: if it is no plain date.
        :raises LedgerRefused: if it is a day before a snapshot.
        """
        check_date(day, "the day asked about")
        if self.account.on is None or self.account.on <= day:
            return self
        return self._first(entry for entry in self.entries if entry.on <= day)

    def known_by(self, at: datetime) -> Self:
        """The ledger as it was known at an instant: up to the first entry recorded after it.

        :raises NaiveDatetime: if the instant has no time zone.
        :raises LedgerRefused: if the ledger goes on from a snapshot.
        """
        check_instant(at, "at")
        return self._first(
            takewhile(lambda each: each.recorded_at is None or each.recorded_at <= at, self.entries)
        )

    def _first(self, entries: Iterable[LedgerEntry]) -> Self:
        self._check_whole("the past")
        first = tuple(entries)
        came = {each.posting.member for each in first if isinstance(each.posting, MergedFrom)}
        merged = tuple(ledger for ledger in self.merged if ledger.member in came)
        return type(self)(self.member, self.terms, entries=first, merged=merged)

    def balance(self, day: date) -> Balance:
        """What there is on a day, past or future, and where every point went.

        :raises InvalidValue: if it is no plain date.
        :raises LedgerRefused: if it is a day before a snapshot.
        """
        return self.as_of(day).account.balance(day)

    def expiring(self, day: date, through: date) -> tuple[Expiring, ...]:
        """What is gone unless it is spent, by its last day: from ``day`` through another.

        :raises InvalidValue: if a day is no plain date.
        :raises LedgerRefused: if the first is a day before a snapshot.
        """
        return self.as_of(day).account.expiring(day, through)

    def statement(self, until: date) -> Iterator[LedgerEntry | Passed]:
        """Every line in order, and between them what happened by itself until a day: points that
        expired, holds that lapsed."""
        self._check_whole("a statement")
        return statement(self.as_of(until).entries, until)

    def qualifications(self) -> tuple[Qualification, ...]:
        """What counts for the tier: of each accrual, and less of each reversal, with those of
        members who were merged into this one."""
        self._check_whole("what counts for the tier")
        own = (entry_counts(each) for each in self.entries)
        merged_on = {
            each.posting.member: each.on
            for each in self.entries
            if isinstance(each.posting, MergedFrom)
        }
        before = (
            each.known_from(merged_on[ledger.member])
            for ledger in self.merged
            for each in ledger.qualifications()
        )
        return (*before, *(each for each in own if each is not None))

    # --- points come in ---

    def accrue(
        self,
        points: int,
        *,
        on: date,
        key: str,
        earned_on: date | None = None,
        breakdown: Iterable[RuleShare] = (),
        qualification: Qualification | None = None,
        source: str | None = None,
        **note: Unpack[EntryNote],
    ) -> Self:
        """Points are earned; a deficit is paid first.

        ``earned_on`` is the day from which lock and expiry count, the day of posting if left out.

        :raises InvalidValue: if points are no whole number above 0, or earned after the posting.
        :raises LedgerRefused: if the day is before the last entry.
        :raises IdempotencyMismatch: if the key was used for something else.
        """
        shares = tuple(breakdown)

        def posting() -> Posting:
            lot = self._lot(points, on, key, earned_on)
            return Accrual(
                lot=lot,
                settled=self.account.settling((lot,), on),
                breakdown=shares,
                qualification=qualification,
                source=source,
            )

        def again(found: Posting) -> bool:
            return (
                isinstance(found, Accrual)
                and (found.lot.points, found.breakdown) == (points, shares)
                and (found.qualification, found.source) == (qualification, source)
                and earned_on in (None, found.lot.earned_on)
            )

        return self._posted(key, on, posting, again, note)

    def credit(
        self,
        points: int,
        *,
        on: date,
        key: str,
        reason: str,
        earned_on: date | None = None,
        **note: Unpack[EntryStamp],
    ) -> Self:
        """Points are given by hand, for a reason; they expire like earned ones.

        :raises InvalidValue: if points are no whole number above 0, or the reason is blank.
        :raises LedgerRefused: if the day is before the last entry.
        :raises IdempotencyMismatch: if the key was used for something else.
        """

        def posting() -> Posting:
            lot = self._lot(points, on, key, earned_on)
            return Credit(lot=lot, settled=self.account.settling((lot,), on))

        def again(found: Posting) -> bool:
            return (
                isinstance(found, Credit)
                and found.lot.points == points
                and earned_on in (None, found.lot.earned_on)
            )

        return self._posted(key, on, posting, again, _signed(note, reason))

    def qualify(
        self,
        qualification: Qualification,
        *,
        on: date,
        key: str,
        source: str | None = None,
        **note: Unpack[EntryNote],
    ) -> Self:
        """Something counts for the tier that earned no points, or no longer does.

        :raises LedgerRefused: if the day is before the last entry.
        :raises IdempotencyMismatch: if the key was used for something else.
        """
        what = Qualified(qualification=qualification, source=source)
        return self._posted(key, on, lambda: what, lambda found: found == what, note)

    # --- points go out ---

    def redeem(
        self,
        points: int,
        *,
        on: date,
        key: str,
        reward: str | None = None,
        **note: Unpack[EntryNote],
    ) -> Self:
        """Points are spent: those that expire first.

        :raises InsufficientPoints: if there are not so many that can be spent on the day.
        :raises InvalidValue: if points are no whole number above 0.
        :raises LedgerRefused: if the day is before the last entry.
        :raises IdempotencyMismatch: if the key was used for something else.
        """

        def posting() -> Posting:
            return Redemption(lots=self.account.to_spend(points, on), reward=reward)

        def again(found: Posting) -> bool:
            same = isinstance(found, Redemption) and points_in(found.lots) == points
            return same and found.reward == reward  # type: ignore[union-attr]

        return self._posted(key, on, posting, again, note)

    def roll_back(
        self,
        redemption: str,
        points: int | None = None,
        *,
        on: date,
        key: str,
        member: CustomerId | None = None,
        **note: Unpack[EntryNote],
    ) -> Self:
        """A redemption or a capture is cancelled, all of it or some points: they are back in their
        lots, with the last days that those always had.

        Of a part, the points spent last come back, as if fewer had been redeemed. ``member`` names
        whose redemption it was, if that member was merged into this one.

        :raises LedgerRefused: if there is no such redemption, or less of it is left.
        :raises IdempotencyMismatch: if the key was used for something else.
        """
        member = self._other(member)

        def posting() -> Posting:
            self._check_whole("a rollback")
            return rolled_back(self._trail(member), self.account, redemption, points, on)

        def again(found: Posting) -> bool:
            return (
                isinstance(found, Rollback)
                and (found.redemption, found.member) == (redemption, member)
                and points in (None, points_in(found.lots))
            )

        return self._posted(key, on, posting, again, note)

    def reverse(
        self,
        accrual: str,
        points: int | None = None,
        *,
        on: date,
        key: str,
        member: CustomerId | None = None,
        qualification: Qualification | None = None,
        breakdown: Iterable[RuleShare] = (),
        **note: Unpack[EntryNote],
    ) -> Self:
        """A purchase is given back, and with it what it had earned: all of it or some points.

        Taken back is what is left of its lot; what had expired of it is gone already; what was
        spent comes out of other lots, and the rest is a deficit or waived, as the terms say.
        ``qualification`` is what no longer counts for the tier; left out, it is the same share of
        what the accrual counted. ``breakdown`` says from which rules the points are taken.

        :raises LedgerRefused: if there is no such accrual, or less of it can still be taken back.
        :raises IdempotencyMismatch: if the key was used for something else.
        """

        shares = tuple(breakdown)
        member = self._other(member)

        def posting() -> Posting:
            self._check_whole("a reversal")
            trail = self._trail(member)
            return reversal(
                trail,
                self.account,
                accrual,
                points,
                on,
                self.terms.over_return,
                qualification,
                shares,
            )

        def again(found: Posting) -> bool:
            return (
                isinstance(found, Reversal)
                and (found.accrual, found.member) == (accrual, member)
                and points in (None, found.points)
                and found.breakdown == shares
                and qualification in (None, found.qualification)
            )

        return self._posted(key, on, posting, again, note)

    def debit(
        self, points: int, *, on: date, key: str, reason: str, **note: Unpack[EntryStamp]
    ) -> Self:
        """Points are taken by hand, for a reason, pending ones if need be.

        :raises InsufficientPoints: if there are not so many.
        :raises InvalidValue: if points are no whole number above 0, or the reason is blank.
        :raises IdempotencyMismatch: if the key was used for something else.
        """

        def posting() -> Posting:
            return Debit(lots=self.account.to_debit(points, on))

        def again(found: Posting) -> bool:
            return isinstance(found, Debit) and points_in(found.lots) == points

        return self._posted(key, on, posting, again, _signed(note, reason))

    # --- points are put aside ---

    def hold(
        self,
        points: int,
        *,
        on: date,
        key: str,
        lapses_on: date | None = None,
        **note: Unpack[EntryNote],
    ) -> Self:
        """Points are put aside for a checkout: nobody can spend them, and they do not expire.

        From ``lapses_on`` on the hold is void by itself. Without it, capture or release it.

        :raises InsufficientPoints: if there are not so many that can be spent on the day.
        :raises LedgerRefused: if it would lapse on the day it is made.
        :raises IdempotencyMismatch: if the key was used for something else.
        """

        def posting() -> Posting:
            return Hold(lots=self.account.to_spend(points, on), lapses_on=lapses_on)

        def again(found: Posting) -> bool:
            same = isinstance(found, Hold) and points_in(found.lots) == points
            return same and found.lapses_on == lapses_on  # type: ignore[union-attr]

        return self._posted(key, on, posting, again, note)

    def capture(
        self,
        hold: str,
        points: int | None = None,
        *,
        on: date,
        key: str,
        reward: str | None = None,
        **note: Unpack[EntryNote],
    ) -> Self:
        """The checkout went through: held points are spent, the rest of the hold is released.

        :raises InsufficientPoints: if the hold has not so many.
        :raises LedgerRefused: if no such hold stands any more.
        :raises IdempotencyMismatch: if the key was used for something else.
        """

        def posting() -> Posting:
            then = self.account.as_of(on)
            held = then.held(hold, on)
            spent = held.first(held.points if points is None else points)
            back = held.without(spent)
            return Capture(hold=hold, lots=spent, reward=reward, settled=then.settling(back, on))

        def again(found: Posting) -> bool:
            return (
                isinstance(found, Capture)
                and (found.hold, found.reward) == (hold, reward)
                and points in (None, points_in(found.lots))
            )

        return self._posted(key, on, posting, again, note)

    def release(self, hold: str, *, on: date, key: str, **note: Unpack[EntryNote]) -> Self:
        """The checkout came to nothing: held points are back in their lots.

        :raises LedgerRefused: if no such hold stands any more.
        :raises IdempotencyMismatch: if the key was used for something else.
        """

        def posting() -> Posting:
            then = self.account.as_of(on)
            return Release(hold=hold, settled=then.settling(then.held(hold, on).lots, on))

        def again(found: Posting) -> bool:
            return isinstance(found, Release) and found.hold == hold

        return self._posted(key, on, posting, again, note)

    # --- how an entry comes about ---

    def posted(self, entry: LedgerEntry) -> Self:
        """The ledger with a further entry, whose key is new.

        :raises LedgerRefused: if it cannot be true of this ledger.
        """
        if self.entry(entry.key) is not None:
            raise LedgerRefused("an entry of that key was posted before: give each its own")
        return self._grown(entry)

    def _grown(self, entry: LedgerEntry) -> Self:
        return type(self)(
            self.member,
            self.terms,
            entries=(*self.entries, entry),
            merged=self.merged,
            account=self.account.after(entry),
        )

    def entry(self, key: str) -> LedgerEntry | None:
        """The entry of a key, None if there is none."""
        return next((each for each in self.entries if each.key == key), None)

    def _posted(
        self,
        key: str,
        on: date,
        posting: Callable[[], Posting],
        again: Callable[[Posting], bool],
        note: EntryNote,
    ) -> Self:
        found = self.entry(key)
        if found is None:
            self.account.check_open(on)
            return self._grown(LedgerEntry(key, on, posting(), **note))
        if again(found.posting):
            return self
        raise IdempotencyMismatch(
            "the key was used for another command of this ledger: give each command its own"
        )

    def _lot(self, points: int, on: date, key: str, earned_on: date | None) -> Lot:
        earned_on = on if earned_on is None else earned_on
        unlocks_on, valid_through = self.terms.lasts(earned_on)
        if earned_on > on:
            raise InvalidValue("points are earned on the day they are posted, or before it")
        return Lot(key, points, earned_on, unlocks_on, valid_through)

    def _check_whole(self, what: str) -> None:
        if not self.is_whole:
            raise LedgerRefused(
                f"{what} needs the whole ledger, not one that goes on from a snapshot"
            )

    def _trail(self, member: CustomerId | None) -> Trail:
        """Where to look for what a member did who is, or was merged into, this one."""
        path = _path(self, self.member if member is None else member)
        if path is None:
            raise LedgerRefused("nobody of that name was merged into this member")
        return Trail(tuple(path), member)

    def _other(self, member: CustomerId | None) -> CustomerId | None:
        """Who was merged into this member; None if it is the very same."""
        return None if member == self.member else member


def entry_counts(entry: LedgerEntry) -> Qualification | None:
    """What an entry counts for the tier, None if it counts nothing."""
    what = entry.posting
    return what.qualification if isinstance(what, Accrual | Qualified | Reversal) else None


def _signed(stamp: EntryStamp, reason: str) -> EntryNote:
    note: EntryNote = {"reason": reason}
    note.update(stamp)  # type: ignore[typeddict-item]
    return note


def _path(ledger: PointsLedger, member: CustomerId) -> list[Step] | None:
    """From the ledger of a member to this one, each with what its lots are numbered by there."""
    if ledger.member == member:
        return [Step(ledger.entries, "")]
    for merged in ledger.merged:
        path = _path(merged, member)
        if path is not None:
            return [*path, Step(ledger.entries, prefixed(merged.member, path[-1].prefix))]
    return None
