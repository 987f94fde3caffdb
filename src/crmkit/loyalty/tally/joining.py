"""Two ledgers at once: points are given to another member, or two members turn out to be one."""

from datetime import date
from typing import Unpack

from attrs import evolve

from crmkit.errors import IdempotencyMismatch, InvalidValue
from crmkit.loyalty.records.entries import (
    LedgerEntry,
    MergedFrom,
    MergedInto,
    TransferIn,
    TransferOut,
)
from crmkit.loyalty.records.lots import in_order, points_in, take
from crmkit.loyalty.tally.ledger import EntryNote, PointsLedger
from crmkit.loyalty.tally.returned import prefixed, renumbered

__all__ = ["merge_members", "transfer"]


def _check_two(one: PointsLedger, other: PointsLedger) -> None:
    if one.member == other.member:
        raise InvalidValue("two ledgers of one member: name another member")


def transfer(
    sender: PointsLedger,
    to: PointsLedger,
    points: int,
    *,
    on: date,
    key: str,
    **note: Unpack[EntryNote],
) -> tuple[PointsLedger, PointsLedger]:
    """Give points to another member: those that expire first, with the last days they have.

    Both ledgers come back as they are then, that of the sender first; keep both, or neither. Asked
    for again under the same key, nothing is transferred twice.

    :raises InvalidValue: if both are one member, or points are no whole number above 0.
    :raises InsufficientPoints: if the sender has not so many that can be spent on the day.
    :raises LedgerRefused: if the day is before the last entry of one of them.
    :raises IdempotencyMismatch: if the key was used for something else.
    """
    _check_two(sender, to)
    known = sender.entry(key)
    if known is None:
        sender.account.check_open(on)
        out = TransferOut(to=to.member, lots=sender.account.to_spend(points, on))
        known = LedgerEntry(key, on, out, **note)
        sender = sender.posted(known)
    sent = known.posting
    if not isinstance(sent, TransferOut) or (sent.to, points_in(sent.lots)) != (to.member, points):
        raise IdempotencyMismatch("the key was used for another command: give each its own")
    return sender, _received(sender, to, sent, on, key, note)


def _received(
    sender: PointsLedger, to: PointsLedger, sent: TransferOut, on: date, key: str, note: EntryNote
) -> PointsLedger:
    known = to.entry(key)
    if known is None:
        to.account.check_open(on)
        lots = tuple(
            renumbered(lot, f"{key}:{number}") for number, lot in enumerate(sent.lots, start=1)
        )
        settled = to.account.settling(lots, on)
        arrived = TransferIn(sender=sender.member, lots=lots, settled=settled)
        return to.posted(LedgerEntry(key, on, arrived, **note))
    got = known.posting
    if (
        not isinstance(got, TransferIn)
        or got.sender != sender.member
        or points_in(got.lots) != points_in(sent.lots)
    ):
        raise IdempotencyMismatch("the key was used for another command: give each its own")
    return to


def merge_members(
    survivor: PointsLedger,
    other: PointsLedger,
    *,
    on: date,
    key: str,
    **note: Unpack[EntryNote],
) -> tuple[PointsLedger, PointsLedger]:
    """Two members turn out to be one customer: the survivor has everything from now on.

    Points keep their lots and their last days, a deficit comes along and is paid by what there is.
    Nothing can be posted to the other ledger any more, and it stays for what looks back: goods that
    the other member had bought are given back to the survivor, by the name of that member. Both
    ledgers come back as they are then, that of the survivor first; keep both, or neither.

    :raises InvalidValue: if both are one member.
    :raises LedgerRefused: if the other has a hold that stands, or the day is before the last entry
        of one of them.
    :raises IdempotencyMismatch: if the key was used for something else.
    """
    _check_two(survivor, other)
    known = other.entry(key)
    if known is None:
        other.account.check_open(on)
        then = other.account.as_of(on)
        out = MergedInto(survivor=survivor.member, lots=then.lots, deficit=then.deficit)
        known = LedgerEntry(key, on, out, **note)
        other = other.posted(known)
    gone = known.posting
    if not isinstance(gone, MergedInto) or gone.survivor != survivor.member:
        raise IdempotencyMismatch("the key was used for another command: give each its own")
    return _taken_over(survivor, other, gone, on, key, note), other


def _taken_over(
    survivor: PointsLedger,
    other: PointsLedger,
    gone: MergedInto,
    on: date,
    key: str,
    note: EntryNote,
) -> PointsLedger:
    known = survivor.entry(key)
    if known is not None:
        if isinstance(known.posting, MergedFrom) and known.posting.member == other.member:
            return survivor
        raise IdempotencyMismatch("the key was used for another command: give each its own")
    survivor.account.check_open(on)
    lots = tuple(renumbered(lot, prefixed(other.member, lot.id)) for lot in gone.lots)
    there = survivor.account.as_of(on)
    # What one of them owed is paid by what the other has.
    paying = in_order(lot for lot in (*there.lots, *lots) if not lot.is_expired(on))
    settled = take(paying, there.deficit + gone.deficit)
    came = MergedFrom(member=other.member, lots=lots, deficit=gone.deficit, settled=settled)
    then = survivor.posted(LedgerEntry(key, on, came, **note))
    return evolve(then, merged=(*then.merged, other))
